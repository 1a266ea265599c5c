"""The media engine: every leg's socket, one poll and one clock.

One timer wakes every 5 ms. It takes all packets that have come from one private epoll, sends them on, and then plays
to a quarter of the legs: each leg has one of four phases, and so its next frame every 20 ms. Linux only (epoll).
"""

import asyncio
import select
import socket
from collections.abc import Callable, Iterable
from itertools import cycle, islice
from typing import Final

from cti.softswitch.rtp.errors import MediaError, NoPortLeft
from cti.softswitch.rtp.packet import LARGEST
from cti.softswitch.rtp.recorder import Writer
from cti.softswitch.rtp.stream import Stream
from cti.softswitch.rtp.supervision import Eavesdrop, Mode

BEAT: Final = 0.005
"""Seconds between two looks at the sockets; a phase is four of them."""

REST: Final = 0.001
"""Seconds between two looks at least: uvloop's timers have whole milliseconds, and one that is early would spin."""

PHASES: Final = 4

STALL: Final = 0.5
"""Seconds of delay after which playback starts afresh, rather than sending all that it has missed."""

ROUNDS: Final = 16
"""Packets that a leg is taken off in one beat, at most: 64 times what a phone sends. A flood waits in its socket."""

EXPEDITED: Final = 0xB8
"""The TOS byte of voice: DSCP EF (RFC 3246)."""


class MediaEngine:
    """All media of a switch. Methods are for the event loop's thread, and callbacks come from it."""

    def __init__(self, host: str = "127.0.0.1", ports: Iterable[int] = range(30000, 31000)) -> None:
        """RTP takes the even ports of `ports` (RFC 3550, section 11), on the local IPv4 address `host`."""
        self.host: Final = host
        self.packet: Final = bytearray(LARGEST + 1)
        """What every packet is received into and sent from; one that fills it is too long."""
        self.keying: Final[set[Stream]] = set()
        """Streams with a key under way."""
        self.writer: Writer
        self.stalls = 0
        """How often playback had to start afresh."""
        self._ports: Final = [port for port in ports if port % 2 == 0]
        self._next_ports = cycle(self._ports)
        self._streams: dict[int, Stream] = {}
        self._phases: Final[list[dict[Stream, None]]] = [{} for _ in range(PHASES)]
        self._phase_of: dict[Stream, int] = {}
        self._counts: Final = [0] * PHASES
        self._epoll: select.epoll | None = None
        self._loop: asyncio.AbstractEventLoop
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._beat = 0

    def start(self) -> None:
        """Starts in the running loop. It costs nothing until a stream is opened."""
        self._loop = asyncio.get_running_loop()
        self._epoll = select.epoll()
        self.writer = Writer(self._loop)

    async def close(self) -> None:
        """Closes every stream and waits until every recording is on disk."""
        if self._epoll is None:
            return
        for stream in tuple(self._streams.values()):
            stream.close()
        await self.writer.close()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._epoll.close()
        self._epoll = None

    def slot(self) -> int:
        """The number of the current 20 ms: the clock of music on hold."""
        return self._beat // PHASES

    def __len__(self) -> int:
        """Streams that are open."""
        return len(self._streams)

    def open(self) -> Stream:
        """A new stream on a port of its own; ports are taken in turn, so that one rests after a call.

        Raises NoPortLeft.
        """
        if self._epoll is None:
            raise MediaError("the media engine does not run", remedy="Call start first")
        udp = self._bind()
        stream = Stream(self, udp, self._loop)
        self._streams[udp.fileno()] = stream
        self._epoll.register(udp.fileno(), select.EPOLLIN)
        phase = self._counts.index(min(self._counts))
        self._phase_of[stream] = phase
        self._counts[phase] += 1
        if self._timer is None:
            self._due = self._loop.time()
            self._tick()
        return stream

    def bridge(self, a: Stream, b: Stream) -> None:
        """Two legs hear each other. A leg that is bridged already leaves its peer."""
        if a is b:
            raise MediaError(f"the leg on port {a.port} with itself", remedy="Bridge two legs")
        if a.peer is b:
            return
        self.unbridge(a)
        self.unbridge(b)
        a.join(b)
        b.join(a)

    def unbridge(self, a: Stream) -> None:
        """The leg and its peer do not hear each other any more."""
        b = a.peer
        if b is not None:
            a.join(None)
            b.join(None)

    def eavesdrop(
        self,
        supervisor: Stream,
        target: Stream,
        mode: Mode = Mode.LISTEN,
        on_end: Callable[[], None] | None = None,
    ) -> Eavesdrop:
        """The supervisor hears what the target says and hears, until `stop`, another play, or one of them goes."""
        if supervisor is target:
            raise MediaError(f"the leg on port {target.port} on itself", remedy="Listen to another leg")
        return Eavesdrop(supervisor, target, mode, on_end)

    # --- for streams -------------------------------------------------------------------------------

    def wake(self, stream: Stream) -> None:
        """The stream has something to play."""
        if not stream.closed:
            self._phases[self._phase_of[stream]][stream] = None

    def release(self, stream: Stream) -> None:
        """The stream is closed."""
        phase = self._phase_of.pop(stream)
        self._counts[phase] -= 1
        self._phases[phase].pop(stream, None)
        self.keying.discard(stream)
        descriptor = stream.socket.fileno()
        del self._streams[descriptor]
        if self._epoll is not None:
            self._epoll.unregister(descriptor)
        stream.socket.close()

    # --- the clock -----------------------------------------------------------------------------------

    def _tick(self) -> None:
        now = self._loop.time()
        try:
            self._take(now)
            if now - self._due > STALL:
                self._due = now
                self.stalls += 1
            while self._due <= now:
                self._play(self._due)
                self._beat += 1
                self._due += BEAT
            if self.keying:
                self.keying.intersection_update([stream for stream in self.keying if stream.settle_key(now)])
            self.writer.flush(now)
        finally:
            idle = not self._streams and not len(self.writer)
            self._timer = None if idle else self._loop.call_at(max(self._due, now + REST), self._tick)

    def _take(self, now: float) -> None:
        """Takes what has come. Each round takes one packet of every leg that has one."""
        if self._epoll is None:
            return
        streams, packet, poll = self._streams, self.packet, self._epoll.poll
        most = len(streams) + 1
        for _ in range(ROUNDS):
            ready = poll(0, most)
            if not ready:
                return
            for descriptor, _ in ready:
                stream = streams[descriptor]
                try:
                    size, source = stream.socket.recvfrom_into(packet)
                except OSError:  # an ICMP error, or a bad checksum
                    continue
                stream.receive(size, source, now)

    def _play(self, due: float) -> None:
        phase = self._phases[self._beat % PHASES]
        for stream in tuple(phase):
            try:
                more = stream.beat(due)
            except Exception as error:  # noqa: BLE001 (one leg's source must not stop the others)
                self._loop.call_exception_handler({"message": f"playing on port {stream.port}", "exception": error})
                stream.stop_play()
                more = False
            if not more:
                phase.pop(stream, None)

    def _bind(self) -> socket.socket:
        for port in islice(self._next_ports, len(self._ports)):
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
            try:
                udp.bind((self.host, port))
            except OSError:
                udp.close()
                continue
            udp.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, EXPEDITED)
            return udp
        raise NoPortLeft(f"no RTP port left on {self.host}: {len(self._streams)} streams are open")
