"""Phones for the tests of the media room, and ears: plain sockets and Fourier sums, no code of the room but G.711."""

import asyncio
import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from cti.softswitch.rtp.codec import PCMA, RATE, Codec
from cti.softswitch.rtp.engine import MediaEngine
from cti.softswitch.rtp.stream import Stream
from tests.acceptance.phones.sound import channels

PATIENCE = 10.0
"""Seconds after which a test gives up."""


async def until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Waits until something holds, and fails when it does not."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (nobody sets an event: the view from outside)
            await asyncio.sleep(0.002)


def tone(hertz: float, samples: int = RATE, peak: float = 8000) -> list[int]:
    return [round(peak * math.sin(2 * math.pi * hertz * at / RATE)) for at in range(samples)]


def level(samples: Sequence[int], hertz: float) -> float:
    """The peak of a tone in what is heard (one term of a Fourier sum)."""
    turn = 2 * math.pi * hertz / RATE
    real = sum(sample * math.cos(turn * at) for at, sample in enumerate(samples))
    imaginary = sum(sample * math.sin(turn * at) for at, sample in enumerate(samples))
    return 2 * math.hypot(real, imaginary) / max(1, len(samples))


def hears(samples: Sequence[int], *hertz: int, among: Sequence[int] = (350, 440, 600, 1000, 1500)) -> bool:
    """Whether these tones are there and the others are not."""
    return all((level(samples, each) > 1500) == (each in hertz) for each in among)


def loudness(samples: Sequence[int]) -> float:
    return math.sqrt(sum(sample * sample for sample in samples) / max(1, len(samples)))


def wav(path: Path) -> list[Sequence[int]]:
    rate, found = channels(path)
    assert rate == RATE
    return found


@dataclass(slots=True)
class Packet:
    """One that a phone got, and when (the loop's clock)."""

    at: float
    marker: bool
    kind: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes

    @classmethod
    def read(cls, at: float, data: bytes) -> "Packet":
        first, kind, sequence, timestamp, ssrc = struct.unpack_from(">BBHII", data)
        assert first == 0x80
        return cls(at, kind >= 128, kind & 127, sequence, timestamp, ssrc, data[12:])


@dataclass(slots=True)
class Phone(asyncio.DatagramProtocol):
    """A phone: says a tone when told to, and keeps what it gets."""

    codec: Codec = PCMA
    hertz: int = 440
    heard: list[Packet] = field(default_factory=list)
    sequence: int = 65500  # wraps soon
    timestamp: int = 2**32 - 2000
    ssrc: int = 77
    transport: asyncio.DatagramTransport | None = None
    target: tuple[str, int] = ("127.0.0.1", 9)
    said: int = 0
    talk: "asyncio.Task[None] | None" = None

    async def up(self) -> "Phone":
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        return self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)  # 3.11's is one without saying so

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard.append(Packet.read(asyncio.get_running_loop().time(), data))

    @property
    def port(self) -> int:
        assert self.transport is not None
        port: int = self.transport.get_extra_info("sockname")[1]
        return port

    def down(self) -> None:
        if self.talk is not None:
            self.talk.cancel()
        if self.transport is not None:
            self.transport.close()

    def call(self, stream: Stream, key_payload: int | None = 101, **flags: bool) -> None:
        """As after the SDP of both sides."""
        self.target = ("127.0.0.1", stream.port)
        stream.connect("127.0.0.1", self.port, self.codec, key_payload, **flags)

    def send(
        self, payload: bytes, kind: int | None = None, *, timestamp: int | None = None, marker: bool = False
    ) -> None:
        """One packet, numbered after the one before."""
        assert self.transport is not None
        kind = self.codec.payload_type if kind is None else kind
        stamp = self.timestamp if timestamp is None else timestamp
        header = struct.pack(">BBHII", 0x80, kind | 128 * marker, self.sequence, stamp, self.ssrc)
        self.transport.sendto(header + payload, self.target)
        self.sequence = (self.sequence + 1) & 0xFFFF
        if timestamp is None:
            self.timestamp = (self.timestamp + len(payload)) & 0xFFFFFFFF

    def say(self) -> None:
        """20 ms of its tone."""
        samples = [round(8000 * math.sin(2 * math.pi * self.hertz * (self.said + at) / RATE)) for at in range(160)]
        self.said += 160
        self.send(self.codec.encode(samples))

    def speak(self) -> None:
        """Says its tone from now on, in real time."""

        async def talk() -> None:
            due = asyncio.get_running_loop().time()
            while True:
                self.say()
                due += 0.02
                await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))

        self.talk = asyncio.get_running_loop().create_task(talk())

    def hush(self) -> None:
        if self.talk is not None:
            self.talk.cancel()
            self.talk = None

    async def hear(self, count: int) -> list[Packet]:
        """The next `count` packets."""
        start = len(self.heard)
        try:
            await until(lambda: len(self.heard) >= start + count, PATIENCE + max(0, count) * 0.02)
        except TimeoutError:
            raise AssertionError(f"{len(self.heard) - start} packets came, not {count}") from None
        return self.heard[start : start + count]

    async def listen(self, count: int = 12) -> list[int]:
        """The samples of the next packets of sound."""
        return self.sound(await self.hear(count))

    def sound(self, packets: Sequence[Packet]) -> list[int]:
        own = self.codec.payload_type
        return [sample for each in packets if each.kind == own for sample in self.codec.decode(each.payload)]


class House:
    """An engine and its phones, for one test."""

    def __init__(self) -> None:
        self.engine = MediaEngine("127.0.0.1", range(10000, 12000))  # below what FreeSWITCH and the kernel give out
        self.phones: list[Phone] = []

    async def __aenter__(self) -> "House":
        self.engine.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for phone in self.phones:
            phone.down()
        await self.engine.close()

    async def phone(self, hertz: int = 440, codec: Codec = PCMA) -> Phone:
        phone = await Phone(codec, hertz).up()
        self.phones.append(phone)
        return phone

    async def leg(
        self, hertz: int = 440, codec: Codec = PCMA, key_payload: int | None = 101, *, speaking: bool = False
    ) -> tuple[Stream, Phone]:
        """A leg that is up."""
        phone, stream = await self.phone(hertz, codec), self.engine.open()
        phone.call(stream, key_payload)
        if speaking:
            phone.speak()
        return stream, phone
