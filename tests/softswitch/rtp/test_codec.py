"""G.711 against the standard's own values, and against audioop while Python has it."""

import struct
import warnings
from typing import Any

import pytest

from cti.softswitch.rtp.codec import CODECS, PCMA, PCMU, Codec

EVERY = range(-32768, 32768)


def audioop() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return pytest.importorskip("audioop")


def test_known_values_of_the_standard() -> None:
    assert PCMA.encode([0, 8, -1, -8, 32767, -32768]) == bytes([0xD5, 0xD5, 0x55, 0x55, 0xAA, 0x2A])
    assert PCMU.encode([0, -1, 32767, -32768, 132]) == bytes([0xFF, 0x7E, 0x80, 0x00, 0xEF])
    assert (PCMA.decode(b"\xd5\x55\xaa"), PCMU.decode(b"\xff\x80\x00")) == ([8, -8, 32256], [0, 32124, -32124])
    assert (PCMA.silence, PCMU.silence) == (b"\xd5", b"\xff")
    assert CODECS == {0: PCMU, 8: PCMA}


def test_a_milliwatt_has_the_octets_of_the_standard() -> None:
    milliwatt = bytes.fromhex("34212134b4a1a1b4")  # G.711, table 5
    assert PCMA.encode(PCMA.decode(milliwatt)) == milliwatt


@pytest.mark.parametrize("codec", [PCMA, PCMU])
def test_decoding_and_encoding_gives_the_octet_back(codec: Codec) -> None:
    octets = bytes(octet for octet in range(256) if codec is PCMA or octet != 0x7F)  # mu-law has two zeros
    assert codec.encode(codec.decode(octets)) == octets


@pytest.mark.parametrize("codec", [PCMA, PCMU])
def test_every_value_is_as_in_audioop(codec: Codec) -> None:
    reference, law = audioop(), "lin2alaw" if codec is PCMA else "lin2ulaw"
    assert codec.encode(EVERY) == getattr(reference, law)(struct.pack("<65536h", *EVERY), 2)
    decoded = getattr(reference, law.replace("lin2", "") + "2lin")(bytes(range(256)), 2)
    assert bytes(codec.pcm(bytes(range(256)))) == decoded
    assert codec.decode(bytes(range(256))) == list(struct.unpack("<256h", decoded))


def test_transcoding_is_decoding_and_encoding() -> None:
    octets = bytes(range(256))
    assert octets.translate(PCMA.tables[PCMU]) == PCMU.encode(PCMA.decode(octets))
    assert octets.translate(PCMU.tables[PCMA]) == PCMA.encode(PCMU.decode(octets))
    assert PCMA not in PCMA.tables


def test_mixing_clips_and_does_not_wrap() -> None:
    loud = [32000] * 160
    for voices in ([loud, loud], [loud, loud, loud]):
        assert PCMA.mix(voices) == PCMA.encode([32767] * 160)
    assert PCMU.mix([[-32768], [-32768]]) == PCMU.encode([-32768])
    assert PCMU.mix([[1000, -500], [-1000, 500]]) == PCMU.encode([0, 0])


def test_interleaving_puts_left_first() -> None:
    wide = PCMA.interleave(PCMA.encode([1000, 1000]), PCMA.encode([-50, -50]))
    left, right, *again = struct.unpack("<4h", wide)
    assert left > 900
    assert -60 < right < -40
    assert again == [left, right]
