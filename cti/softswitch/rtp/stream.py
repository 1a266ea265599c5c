"""One leg's RTP: what comes from the phone, and what it is sent (RFC 3550, 3551, 4733).

All streams of an engine share one packet buffer: a packet is received into it, looked at, given its new header in
place and sent on. What is kept (recordings, supervision) is copied out of it at once.
"""

import asyncio
import ipaddress
import random
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cti.softswitch.rtp import keys
from cti.softswitch.rtp.codec import FRAME, PCMA, RATE, Codec
from cti.softswitch.rtp.errors import BadAddress, BadKeys, MediaError
from cti.softswitch.rtp.packet import HEADER, LARGEST, MARKER, PLAIN, payload_bounds
from cti.softswitch.rtp.recorder import Layout, Recorded, Recording
from cti.softswitch.rtp.sources import Source
from cti.softswitch.rtp.supervision import Blend, Eavesdrop, Listener

if TYPE_CHECKING:
    from cti.softswitch.rtp.engine import MediaEngine

Address = tuple[str, int]

PAUSE: Final = 0.06
"""Seconds without a packet after which the next one opens a talkspurt: its timestamp follows the clock and it carries
the marker (RFC 3551, 4.1). Before that, sources follow each other without a jump."""

_DROPOUT, _MISORDER = 3000, 100  # RFC 3550, A.1
_FRESH = -1


@dataclass(slots=True)
class Counters:
    """Packets of a stream since it was opened."""

    received: int = 0
    sent: int = 0
    lost: int = 0
    """Expected by their sequence numbers, and not come."""
    late: int = 0
    """Came after a later one, and were not used."""
    duplicate: int = 0
    malformed: int = 0
    """Not RTP of version 2, or too short or too long."""
    foreign: int = 0
    """Of a payload type that was not agreed."""
    stranger: int = 0
    """From another address than the phone's."""
    refused: int = 0
    """Came while nothing was to be received: before connect, or on hold."""
    unsent: int = 0
    """The kernel did not take them."""


class Playback:
    """A source that is played to a leg, or was."""

    __slots__ = ("ahead", "finished", "frames", "on_end", "source")

    def __init__(self, source: Source, on_end: Callable[[], None] | None, codec: Codec) -> None:
        self.source = source
        self.on_end = on_end
        self.frames = 0
        self.finished = False
        """Whether the source came to its end, rather than being stopped."""
        self.ahead = source.next(codec)

    @property
    def milliseconds(self) -> int:
        """How much was played."""
        return self.frames * 20

    @property
    def samples(self) -> int:
        """How much was played."""
        return self.frames * FRAME


class Stream:
    """One leg. Made by `MediaEngine.open`; all methods are for the event loop's thread."""

    def __init__(self, engine: "MediaEngine", udp: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        self.port: Final[int] = udp.getsockname()[1]
        self.socket: Final = udp
        self.counters: Final = Counters()
        self.codec: Codec = PCMA
        self.on_key: Callable[[str, int], None] | None = None
        """Called with the digit and its duration in samples."""
        self.muted = False
        """Whether what the phone says is replaced by silence for everybody. Keys still pass."""
        self.heard_at = loop.time()
        """When the last packet came, or the stream was opened (the loop's clock)."""
        self.closed = False
        self.peer: Stream | None = None
        self.ears: Final[list[Listener]] = []
        self.mouths: Final[list[Eavesdrop]] = []
        self.blend: Blend | None = None
        self._engine = engine
        self._loop = loop
        self._packet = engine.packet
        self._view = memoryview(engine.packet)
        self._frame_packet = self._view[: 12 + FRAME]
        self._frame = self._view[12 : 12 + FRAME]
        self._recordings: list[Recording] = []
        self._playback: Playback | None = None
        self._typing: Iterator[tuple[bool, bytes] | None] | None = None
        # The phone's side.
        self._signalled: Address | None = None
        self._source: Address | None = None  # the address that packets come from, once learned
        self._receiving = False
        self._key_payload: int | None = None
        self._in_ssrc = self._in_sequence = self._in_timestamp = _FRESH
        self._reader = keys.KeyReader()
        # Our side. The numbers are those of the last packet.
        self._remote: Address | None = None
        self._sending = False
        self._ssrc = random.getrandbits(32)  # no secret
        self._sequence = random.getrandbits(15)
        self._timestamp = random.getrandbits(31)
        self._sent_at = 0.0  # the time that `_timestamp` stands for
        self._feeder: Stream | None = None  # whose packets are being relayed
        self._relayed_key = (_FRESH, _FRESH)

    # --- what the switch does with a leg ------------------------------------------------------------

    @property
    def remote(self) -> Address | None:
        """Where packets are sent to: the address of the SDP, then the one that the phone's packets come from."""
        return self._remote

    def connect(
        self,
        host: str,
        port: int,
        codec: Codec,
        key_payload: int | None = None,
        *,
        sending: bool = True,
        receiving: bool = True,
    ) -> None:
        """Sets what the SDP says; again after each re-INVITE. Raises BadAddress.

        `key_payload` is the type of telephone-event, None when the phone has none. `sending` and `receiving` are
        ours: a phone's sendonly is sending=False. An address of 0.0.0.0 or port 0 is hold, too (RFC 3264, 8.4, 5.1).
        """
        address = (_ipv4(host), port)
        if not 0 <= port <= 65535:
            raise BadAddress(f"{port} is not a port")
        if address != self._signalled:
            self._signalled = address
            self._source = None
            self._remote = address
        if codec is not self.codec:
            self._retune(codec)
        self._key_payload = key_payload
        self._receiving = receiving
        self._sending = sending and port > 0 and address[0] != "0.0.0.0"  # noqa: S104 (compared, not bound)
        self._feeder = None

    def play(self, source: Source, on_end: Callable[[], None] | None = None) -> Playback:
        """Plays to the phone; meanwhile it does not hear its peer. `on_end` is called at the end or when stopped.

        Another play ends the one before. The end of a source is told with its last frame, so that what is played
        next follows without a gap.
        """
        self.stop_play()
        playback = Playback(source, on_end, self.codec)
        if playback.ahead is None:
            self._end_play(playback, finished=True)
        else:
            self._playback = playback
            self._feeder = None
            self._engine.wake(self)
        return playback

    @property
    def playing(self) -> Playback | None:
        """What is played now."""
        return self._playback

    def stop_play(self, source: Source | None = None) -> bool:
        """Stops what is played (if it is `source`, when one is named); says whether something was."""
        playback = self._playback
        if playback is None or source not in (None, playback.source):
            return False
        self._playback = None
        self._end_play(playback, finished=False)
        return True

    def send_keys(self, digits: str, duration: int = 2000, on_end: Callable[[], None] | None = None) -> None:
        """Sends keys one after the other, each `duration` samples long (FreeSWITCH's default), 100 ms apart.

        Raises BadKeys when one is none, or the phone did not offer telephone-event.
        """
        wanted = keys.check(digits)
        if self._key_payload is None:
            raise BadKeys("the phone takes no keys", remedy="It did not offer telephone-event in its SDP")
        more = keys.packets(wanted, duration, RATE // 10)
        if on_end is not None:
            more = chain(more, self._told(on_end))
        self._typing = more if self._typing is None else chain(self._typing, more)
        self._engine.wake(self)

    def record(
        self,
        path: Path,
        layout: Layout = Layout.STEREO,
        on_done: Callable[[Recorded], None] | None = None,
        on_start: Callable[[Path], None] | None = None,
    ) -> Recording:
        """Records until `Recording.stop` or the stream is closed. `on_start`: the file is open; `on_done`: complete."""
        if self.closed:
            raise MediaError(f"{path}: the leg is gone", remedy="Record while the call lasts")
        recording = self._engine.writer.start(path, layout, self.codec, on_done, on_start)
        recording.on_end = lambda: self._recordings.remove(recording)
        self._recordings.append(recording)
        return recording

    def close(self) -> None:
        """Ends all that the leg has a part in, and frees its port. What was under way is told its end."""
        if self.closed:
            return
        self.closed = True
        for eavesdrop in (*self.ears, *self.mouths):
            eavesdrop.stop()
        for recording in tuple(self._recordings):
            recording.stop()
        self._engine.unbridge(self)
        self.stop_play()
        self._typing = None
        self._engine.release(self)

    # --- for the engine and for supervision ----------------------------------------------------------

    def join(self, peer: "Stream | None") -> None:
        """Its peer is another from now on."""
        self.peer = peer
        self._feeder = None
        for ear in tuple(self.ears):
            ear.refresh()

    def blend_in(self, eavesdrop: Eavesdrop) -> None:
        """A supervisor speaks to this leg."""
        if self.blend is None:
            self.blend = Blend()
        self.blend.add(eavesdrop)
        self._engine.wake(self)

    def blend_out(self, eavesdrop: Eavesdrop) -> None:
        """A supervisor does not speak to this leg any more."""
        if self.blend is not None and not self.blend.remove(eavesdrop):
            self.blend = None
            self._feeder = None

    def call(self, callback: Callable[..., None], *arguments: object) -> None:
        """Calls back from the event loop, after what is being done now."""
        self._loop.call_soon(callback, *arguments)

    def receive(self, size: int, source: Address, now: float) -> None:
        """Takes the packet in the first `size` bytes of the shared buffer."""
        counters = self.counters
        if not 12 < size <= LARGEST:
            counters.malformed += 1
            return
        first, kind, sequence, timestamp, ssrc = HEADER.unpack_from(self._packet)
        start, end = 12, size
        if first != PLAIN:
            bounds = payload_bounds(self._packet, size)
            if bounds is None:
                counters.malformed += 1
                return
            start, end = bounds
        kind &= 0x7F
        if (kind != self.codec.payload_type or source != self._source or not self._receiving) and (
            not self._admits(kind, end - start, source)
        ):
            return
        counters.received += 1
        self.heard_at = now
        step = (sequence - self._in_sequence) & 0xFFFF
        if step != 1 or ssrc != self._in_ssrc:
            step = self._disorder(step, ssrc)
            if not step:
                return
        self._in_sequence = sequence
        if kind != self.codec.payload_type:
            self._receive_key(ssrc, timestamp, start, now)
            return
        ahead = (timestamp - self._in_timestamp) & 0xFFFFFFFF
        self._in_timestamp = timestamp
        payload = self._frame if end == 172 and start == 12 else self._view[start:end]
        if self.muted:
            payload[:] = self.codec.silence * (end - start)
        for recording in self._recordings:
            recording.received(payload, step, now)
        if self.ears or self.mouths:
            self._overhear(payload)
        if self.peer is not None:
            self.peer.relay(self, payload, start, step, ahead, now)

    def relay(self, peer: "Stream", payload: memoryview, start: int, step: int, ahead: int, now: float) -> None:
        """Sends what the peer said on: `step` packets and `ahead` samples after the one before."""
        if self._playback is not None:
            return
        size = len(payload)
        if peer.codec is not self.codec or start != 12:
            table = peer.codec.tables.get(self.codec)
            self._packet[12 : 12 + size] = bytes(payload) if table is None else bytes(payload).translate(table)
            payload = self._view[12 : 12 + size]
        for ear in self.ears:
            ear.target_sent(payload)
        if self.blend is not None:
            self.blend.peer.put(payload, self.codec)
            return
        if not self._sending or self._typing is not None:
            self._feeder = None
            return
        if self._feeder is peer and 0 < ahead <= 4 * FRAME * step:
            self._sequence = (self._sequence + step) & 0xFFFF
            self._timestamp = (self._timestamp + ahead) & 0xFFFFFFFF
            self._sent_at = now
            self._send(self.codec.payload_type, 12 + size)
        else:
            marker = self._advance(now)
            self._feeder = peer
            self._send(self.codec.payload_type | marker, 12 + size)
        for recording in self._recordings:
            recording.sent(payload, now)

    def relay_key(self, ssrc: int, timestamp: int, event: bytes, now: float) -> None:
        """Sends an event of the peer on, all packets of one key with one timestamp."""
        if self._key_payload is None or not self._sending or self._playback or self._typing:
            return
        marker = 0
        if self._relayed_key == (ssrc, timestamp):
            self._sequence = (self._sequence + 1) & 0xFFFF
        else:
            self._relayed_key = (ssrc, timestamp)
            self._advance(now)
            marker = MARKER
        self._feeder = None
        self._packet[12:16] = event
        self._send(self._key_payload | marker, 16)

    def beat(self, due: float) -> bool:
        """Sends what is due now, 20 ms after the last beat; says whether there will be more."""
        if self._typing is not None and self._type(due):
            return True
        frame: bytes | None = None
        playback = self._playback
        if playback is not None:
            frame = playback.ahead
            playback.frames += 1
            playback.ahead = playback.source.next(self.codec)
            if playback.ahead is None:
                self._playback = None
                self._end_play(playback, finished=True)
            if frame is not None:
                for ear in self.ears:
                    ear.target_sent(frame)
        if self.blend is not None:
            frame = self.blend.next(frame, self.codec)
        if frame is None:
            return False
        if self._sending:
            marker = self._advance(due)
            self._feeder = None
            self._frame[:] = frame
            self._send(self.codec.payload_type | marker, 12 + FRAME)
            for recording in self._recordings:
                recording.sent(frame, due)
        return True

    def settle_key(self, now: float) -> bool:
        """Reports a key whose end was lost; says whether one is still under way."""
        key = self._reader.lost(now)
        if key is not None:
            self._report(key)
        return self._reader.pending

    # --- in --------------------------------------------------------------------------------------

    def _admits(self, kind: int, length: int, source: Address) -> bool:
        """Whether a packet is RTP of this call; learns the phone's address from the first that is.

        Keys come with types that were never agreed (SIPp: always 96), so four bytes of a dynamic type are one.
        The address of the SDP may always take over from another that was learned.
        """
        is_key = length == keys.SIZE and (kind == self._key_payload or kind >= 96)
        if not self._receiving:
            self.counters.refused += 1
        elif kind != self.codec.payload_type and not is_key:
            self.counters.foreign += 1
        elif source == self._source:
            return True
        elif self._source is None or source == self._signalled:
            self._source = self._remote = source
            return True
        else:
            self.counters.stranger += 1
        return False

    def _disorder(self, step: int, ssrc: int) -> int:
        """Packets since the last one, when that is not 1; 0 for one that is not used (RFC 3550, A.1)."""
        if ssrc != self._in_ssrc:
            self._in_ssrc = ssrc
            return 1
        if step == 0:
            self.counters.duplicate += 1
            return 0
        if step < _DROPOUT:
            self.counters.lost += step - 1
            return step
        if step > 0xFFFF - _MISORDER:
            self.counters.late += 1
            self.counters.lost = max(0, self.counters.lost - 1)
            return 0
        return 1  # the phone started again

    def _receive_key(self, ssrc: int, timestamp: int, start: int, now: float) -> None:
        event = bytes(self._packet[start : start + keys.SIZE])
        for key in self._reader.feed(ssrc, timestamp, event, now):
            self._report(key)
        if self._reader.pending:
            self._engine.keying.add(self)
        if self.peer is not None and any(event):
            self.peer.relay_key(ssrc, timestamp, event, now)

    def _report(self, key: keys.Key) -> None:
        if self.on_key is not None:
            self.call(self.on_key, *key)

    def _overhear(self, payload: memoryview) -> None:
        for ear in self.ears:
            ear.target_received(payload)
        for mouth in self.mouths:
            mouth.supervisor_received(payload)

    # --- out -------------------------------------------------------------------------------------

    def _advance(self, at: float) -> int:
        """Numbers the next packet when it does not simply follow its feeder's last; gives its marker."""
        self._sequence = (self._sequence + 1) & 0xFFFF
        elapsed = at - self._sent_at
        marker, frames = 0, 1
        if elapsed >= PAUSE:
            marker = MARKER
            frames = round(elapsed * 50) if self._sent_at else 1
        self._timestamp = (self._timestamp + frames * FRAME) & 0xFFFFFFFF
        self._sent_at = at
        return marker

    def _send(self, kind: int, size: int) -> None:
        HEADER.pack_into(self._packet, 0, PLAIN, kind, self._sequence, self._timestamp, self._ssrc)
        try:
            self.socket.sendto(self._frame_packet if size == 172 else self._view[:size], self._remote)  # type: ignore[arg-type]
        except OSError:
            self.counters.unsent += 1
        else:
            self.counters.sent += 1

    def _type(self, due: float) -> bool:
        """Sends the next packet of the keys; says whether they go on."""
        typing, payload = self._typing, self._key_payload
        try:
            item = next(typing) if typing is not None and payload is not None else None
        except StopIteration:
            payload = None
        if payload is None:
            self._typing = None
            return False
        if item is not None and self._sending:
            first, event = item
            if first:
                self._advance(due)  # the timestamp of a key is that of its beginning
            else:
                self._sequence = (self._sequence + 1) & 0xFFFF
            self._feeder = None
            self._packet[12:16] = event
            self._send(payload | (MARKER if first else 0), 16)
        return True

    def _told(self, on_end: Callable[[], None]) -> Iterator[None]:
        self.call(on_end)
        yield None

    def _end_play(self, playback: Playback, *, finished: bool) -> None:
        playback.finished = finished
        if playback.on_end is not None:
            self.call(playback.on_end)

    def _retune(self, codec: Codec) -> None:
        table = self.codec.tables.get(codec)
        if table is not None and self._playback is not None and self._playback.ahead is not None:
            self._playback.ahead = self._playback.ahead.translate(table)
        for recording in self._recordings:
            recording.retune(codec)
        self.codec = codec


def _ipv4(host: str) -> str:
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError:
        raise BadAddress(f"{host!r} is not an IPv4 address") from None
