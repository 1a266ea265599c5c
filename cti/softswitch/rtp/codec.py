"""G.711: A-law and mu-law, each a handful of tables (ITU-T G.711; RTP types in RFC 3551, section 6).

Everything is 8,000 samples a second and one byte a sample, so that one byte is also one unit of RTP time.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

RATE: Final = 8000
"""Samples a second."""
FRAME: Final = 160
"""Samples in 20 ms."""


class Codec:
    """One of the two laws. `codes` is indexed by a linear value from -65536 to 65535 (negative from the end).

    Values beyond 16 bits are clipped, so that the sum of two samples needs no look before it is encoded.
    """

    __slots__ = ("_codes", "_high", "_low", "frame_of_silence", "linear", "name", "payload_type", "silence", "tables")

    def __init__(self, name: str, payload_type: int, decode: Callable[[int], int], positive: bytes, negative: bytes):
        self.name: Final = name
        self.payload_type: Final = payload_type
        self.linear: Final = tuple(decode(code) for code in range(256))
        self._low: Final = bytes(value & 0xFF for value in self.linear)
        self._high: Final = bytes(value >> 8 & 0xFF for value in self.linear)
        self._codes: Final = positive + positive[-1:] * 32768 + negative[:1] * 32768 + negative
        self.silence: Final = positive[:1]
        self.frame_of_silence: Final = self.silence * FRAME
        self.tables: Final[dict[Codec, bytes]] = {}
        """For `bytes.translate`, by the codec wanted. The codec itself is not in it: nothing is to be done."""

    def decode(self, payload: bytes | bytearray | memoryview) -> list[int]:
        """The 16-bit samples of a payload."""
        return list(map(self.linear.__getitem__, payload))

    def encode(self, samples: Iterable[int]) -> bytes:
        """A payload of samples between -65536 and 65535; clipped to 16 bits."""
        return bytes(map(self._codes.__getitem__, samples))

    def pcm(self, payload: bytes | bytearray) -> bytearray:
        """A payload as 16-bit little-endian PCM, at the speed of two `translate`."""
        wide = bytearray(2 * len(payload))
        wide[0::2] = payload.translate(self._low)
        wide[1::2] = payload.translate(self._high)
        return wide

    def interleave(self, left: bytes | bytearray, right: bytes | bytearray) -> bytearray:
        """Two payloads of one length as stereo 16-bit little-endian PCM."""
        wide = bytearray(4 * len(left))
        wide[0::4] = left.translate(self._low)
        wide[1::4] = left.translate(self._high)
        wide[2::4] = right.translate(self._low)
        wide[3::4] = right.translate(self._high)
        return wide

    def mix(self, voices: Sequence[Sequence[int]]) -> bytes:
        """A payload in which all voices (linear, of one length) are heard together."""
        if len(voices) == 1:
            return self.encode(voices[0])
        if len(voices) == 2:
            return self.encode(map(int.__add__, voices[0], voices[1]))
        return self.encode(max(-32768, min(32767, sum(samples))) for samples in zip(*voices, strict=True))

    def __repr__(self) -> str:
        return self.name


def _decode_a(code: int) -> int:
    code ^= 0x55
    value = ((code & 0x0F) << 4) + 8
    segment = code >> 4 & 7
    if segment:
        value = (value + 0x100) << (segment - 1)
    return value if code & 0x80 else -value


def _decode_mu(code: int) -> int:
    code ^= 0xFF
    value = (((code & 0x0F) << 3) + 0x84 << (code >> 4 & 7)) - 0x84
    return -value if code & 0x80 else value


def _encode_a(magnitude: int) -> int:
    """The code of a positive 12-bit magnitude, less its sign."""
    segment = max(0, magnitude.bit_length() - 5)
    return (segment << 4 | (magnitude >> max(1, segment) & 0x0F)) ^ 0x55


def _encode_mu(magnitude: int) -> int:
    """The code of a positive 13-bit magnitude, less its sign."""
    biased = min(magnitude, 8158) + 33
    segment = biased.bit_length() - 6
    return (segment << 4 | (biased >> segment + 1 & 0x0F)) ^ 0x7F


def _runs(codes: Iterable[int], length: int) -> bytes:
    return b"".join(bytes((code,)) * length for code in codes)


def _a_law() -> Codec:
    codes = [_encode_a(magnitude) for magnitude in range(4096)]
    positive = _runs((code | 0x80 for code in codes), 8)
    return Codec("PCMA", 8, _decode_a, positive, _runs(reversed(codes), 8))


def _mu_law() -> Codec:
    codes = [_encode_mu(magnitude) for magnitude in range(8193)]
    positive = _runs((code | 0x80 for code in codes[:8192]), 4)
    return Codec("PCMU", 0, _decode_mu, positive, _runs(reversed(codes[1:]), 4))


PCMA: Final = _a_law()
PCMU: Final = _mu_law()
PCMA.tables[PCMU] = PCMU.encode(PCMA.linear)
PCMU.tables[PCMA] = PCMA.encode(PCMU.linear)

CODECS: Final = {codec.payload_type: codec for codec in (PCMU, PCMA)}
"""By static RTP payload type (RFC 3551, table 4)."""
