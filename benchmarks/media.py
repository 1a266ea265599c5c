"""``python -m benchmarks.media``: the media engine of the embedded softswitch under load.

Two runs: pairs of phones that are bridged and recorded, and phones that hear music on hold. The engine is a process of
its own, and so are the phones, so that the CPU time of each is its own (user and system, of the run without the time
to start). A gap is the time between two packets that a phone gets, one after the other.
"""

import argparse
import asyncio
import gc
import multiprocessing
import os
import select
import socket
import struct
import sys
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from cti.softswitch.rtp.codec import PCMA, RATE
from cti.softswitch.rtp.engine import MediaEngine
from cti.softswitch.rtp.recorder import Recorded
from cti.softswitch.rtp.sources import Library
from cti.softswitch.rtp.stream import Stream

HOST = "127.0.0.1"
PORTS = range(12000, 16000)
TARGET_GAP = 40
"""Milliseconds: the most that a phone may wait for the next packet."""
HEADER = struct.Struct(">BBHII")


@dataclass(frozen=True, slots=True)
class Run:
    """What is measured."""

    name: str
    legs: int
    seconds: float
    warm: float
    """Seconds at the beginning in which nothing is measured."""
    bridged: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured."""

    run: Run
    engine_cpu: float
    """Per cent of a core."""
    waited: float
    """Milliseconds that the engine was ready to run while another program had its core."""
    phones_cpu: float
    sent: int
    """Packets from the engine to the phones."""
    lost: int
    """Packets that a phone sent or the engine numbered, and that did not come."""
    largest_gap: float
    """Milliseconds."""
    p99_gap: float
    busy_phones: float
    """Milliseconds of the longest time that the phones themselves took between two looks at their sockets: what a gap
    may be their own doing."""
    unfit: int
    """Recordings that failed, or are too short or too long by more than a second."""

    @property
    def met(self) -> bool:
        return self.lost == 0 and self.largest_gap <= TARGET_GAP and self.unfit == 0


def engine_process(run: Run, pipe: Connection, core: int | None) -> None:
    """The engine: opens its streams, tells their ports, and runs until told to stop."""
    pin(core)
    asyncio.run(serve(run, pipe))


async def serve(run: Run, pipe: Connection) -> None:
    loop = asyncio.get_running_loop()
    engine = MediaEngine(HOST, PORTS)
    engine.start()
    with tempfile.TemporaryDirectory() as folder:
        library = Library(engine.slot, Path(folder), {"moh": "%(1000,0,440);%(1000,0,523);%(1000,0,659)"})
        streams = [engine.open() for _ in range(run.legs)]
        pipe.send([stream.port for stream in streams])
        for stream, port in zip(streams, pipe.recv(), strict=True):
            stream.connect(HOST, port, PCMA, 101)
        unfit: list[int] = []
        if run.bridged:
            record(engine, streams, Path(folder), unfit)
        else:
            for stream in streams:
                stream.play(library.source("local_stream://moh"))
        gc.collect()
        gc.freeze()
        pipe.send("ready")
        await asyncio.to_thread(pipe.poll, None)
        pipe.recv()
        started, cpu, waited = loop.time(), time.process_time(), waiting()
        await asyncio.to_thread(pipe.poll, None)
        pipe.recv()
        used, waited = (time.process_time() - cpu) / (loop.time() - started), waiting() - waited
        lost = sum(stream.counters.lost + stream.counters.unsent for stream in streams)
        await engine.close()
        pipe.send((100 * used, waited, lost, len(unfit)))


def record(engine: MediaEngine, streams: list[Stream], folder: Path, unfit: list[int]) -> None:
    clock = asyncio.get_running_loop().time
    for number in range(0, len(streams), 2):
        engine.bridge(streams[number], streams[number + 1])
        started = clock()

        def done(recorded: Recorded, started: float = started) -> None:
            if recorded.error or abs(recorded.samples - (clock() - started) * RATE) > RATE:
                unfit.append(recorded.samples)

        streams[number].record(folder / f"{number}.wav", on_done=done)


def phones_process(run: Run, pipe: Connection, core: int | None) -> None:
    """The phones: each says a packet every 20 ms if they are bridged; all time what they get."""
    pin(core)
    gc.disable()
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) for _ in range(run.legs)]
    poll = select.epoll()
    for phone in sockets:
        phone.bind((HOST, 0))
        poll.register(phone.fileno(), select.EPOLLIN)
    pipe.send([phone.getsockname()[1] for phone in sockets])
    for phone, port in zip(sockets, pipe.recv(), strict=True):
        phone.connect((HOST, port))
    by_descriptor = {phone.fileno(): number for number, phone in enumerate(sockets)}
    pipe.send(drive(run, sockets, by_descriptor, poll, pipe))
    pipe.recv()


def drive(
    run: Run, sockets: list[socket.socket], by_descriptor: dict[int, int], poll: select.epoll, pipe: Connection
) -> dict[str, float]:
    """Ten slices of 2 ms, so that the phones are spread over 20 ms as real ones are."""
    clock, count, slices = time.monotonic, len(sockets), 10
    last = [0.0] * count
    expected = [-1] * count
    gaps: list[float] = []
    packet = bytearray(172)
    packet[12:] = PCMA.encode(range(160))
    buffer = bytearray(2048)
    sent = got = lost = 0
    busiest, looked = 0.0, clock()
    due, beat = clock(), 0
    measuring, cpu, started = False, 0.0, due
    end = due + run.warm + run.seconds
    while due < end:
        if not measuring and due > started + run.warm:
            measuring, cpu, sent, got, lost, busiest = True, time.process_time(), 0, 0, 0, 0.0
            gaps.clear()
            pipe.send("go")
        if run.bridged:
            slot = beat // slices
            for number in range(beat % slices, count, slices):
                HEADER.pack_into(packet, 0, 0x80, 8, slot & 0xFFFF, slot * 160 & 0xFFFFFFFF, number)
                sockets[number].send(packet)
                sent += 1
        beat += 1
        due += 0.02 / slices
        while True:
            left = due - clock()
            ready = poll.poll(max(0.0, left), count)
            now = clock()
            busiest, looked = max(busiest, now - looked - max(0.0, left)), now
            for descriptor, _ in ready:
                number = by_descriptor[descriptor]
                size = sockets[number].recv_into(buffer)
                if size != 172:
                    continue
                got += 1
                sequence = buffer[2] << 8 | buffer[3]
                if expected[number] >= 0:
                    lost += (sequence - expected[number]) & 0xFFFF
                    gaps.append(now - last[number])
                expected[number] = (sequence + 1) & 0xFFFF
                last[number] = now
            if clock() >= due:
                break
    gaps.sort()
    return {
        "cpu": 100 * (time.process_time() - cpu) / (clock() - started - run.warm),
        "sent": sent,
        "got": got,
        "lost": lost,
        "largest": 1000 * gaps[-1],
        "p99": 1000 * gaps[len(gaps) * 99 // 100],
        "busiest": 1000 * busiest,
    }


def waiting() -> float:
    """Milliseconds that this process's main thread has waited for a core so far (Linux; else 0)."""
    try:
        return int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e6
    except OSError:
        return 0.0


def pin(core: int | None) -> None:
    if core is not None:
        os.sched_setaffinity(0, {core})


def measure(run: Run, pinned: bool) -> Result:
    """One run, each side on a core of its own if there are two."""
    cores = sorted(os.sched_getaffinity(0))
    engine_core, phones_core = (cores[0], cores[-1]) if pinned and len(cores) > 1 else (None, None)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    engine = context.Process(target=engine_process, args=(run, theirs, engine_core), daemon=True)
    engine.start()
    phones_pipe, their_phones = context.Pipe()
    phones = context.Process(target=phones_process, args=(run, their_phones, phones_core), daemon=True)
    phones.start()
    for end in (theirs, their_phones):
        end.close()  # so that the death of a process ends our wait
    ports = ours.recv()
    ours.send(phones_pipe.recv())
    ours.recv()
    phones_pipe.send(ports)
    phones_pipe.recv()  # warm
    ours.send("measure")
    heard = phones_pipe.recv()
    ours.send("stop")
    cpu, waited, lost, unfit = ours.recv()
    phones_pipe.send("bye")
    engine.join()
    phones.join()
    return Result(
        run,
        cpu,
        waited,
        heard["cpu"],
        int(heard["got"]),
        int(heard["lost"]) + lost,
        heard["largest"],
        heard["p99"],
        heard["busiest"],
        unfit,
    )


def show(results: list[Result]) -> None:
    row = "{:<28} {:>9} {:>9} {:>10} {:>6} {:>9} {:>9} {:>9} {:>9}"
    print(row.format("run", "engine %", "phones %", "packets/s", "lost", "p99 ms", "gap ms", "waited ms", "target"))
    for result in results:
        print(
            row.format(
                result.run.name,
                f"{result.engine_cpu:.0f}",
                f"{result.phones_cpu:.0f}",
                f"{result.sent / result.run.seconds:,.0f}",
                result.lost,
                f"{result.p99_gap:.1f}",
                f"{result.largest_gap:.1f}",
                f"{result.waited:.0f}",
                "met" if result.met else "NOT MET",
            )
        )
    print(f"longest time between two looks of the phones themselves: {max(r.busy_phones for r in results):.1f} ms")


def main(arguments: list[str] | None = None) -> int:
    """Measures and prints; the exit code is 1 when a target is not met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.media", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="of each run (default 20)")
    parser.add_argument("--warm", type=float, default=2.0, help="seconds before it that do not count (default 2)")
    parser.add_argument("--bridges", type=int, default=200, help="recorded bridges (default 200; 0 for none)")
    parser.add_argument("--music", type=int, default=1000, help="callers on music (default 1000; 0 for none)")
    parser.add_argument("--no-pin", action="store_true", help="let both processes use every core")
    options = parser.parse_args(arguments)
    runs = [
        Run(f"{options.bridges} recorded bridges", 2 * options.bridges, options.seconds, options.warm, bridged=True),
        Run(f"{options.music} callers on music", options.music, options.seconds, options.warm, bridged=False),
    ]
    results = [measure(run, not options.no_pin) for run in runs if run.legs]
    show(results)
    return 0 if all(result.met for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
