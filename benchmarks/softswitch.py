"""``python -m benchmarks.softswitch``: the embedded softswitch as a whole, as a process of its own.

Three parts: calls set up and torn down (SIPp calls and is called), bridged and recorded calls, and callers on music
(phones of ours, whose media is a process of its own: benchmarks/media.py). A client of ours decides over the Event
Socket. The switch has one core, all the others share another; CPU is the switch's only.

"waited" is the share of time in which the switch was ready to run while another program had its core, "phones busy" the
longest time between two looks of the phones at their sockets: both say how much a gap may be the doing of others. After
"stalls of SIPp" (half a second each) calls fail and are repeated as SIP wants it: measure again when it is quiet.
Needs Linux, and SIPp (apt-get install sip-tester).
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import platform
import sys
import tempfile
import time
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median, quantiles

import uvloop

from benchmarks import media
from benchmarks.esl import Span
from benchmarks.softswitch_calls import (
    CALLEE,
    CALLER,
    NUMBER,
    Controller,
    Heard,
    Phones,
    controlled,
    hang_up_all,
    has_sipp,
    nothing_left,
    sipp,
)  # fmt: skip
from benchmarks.softswitch_process import HOST, SwitchProcess, Usage, running
from cti.esl.commands import Api, Execute

TALK = 1.5
"""Seconds from the bridge to the end of a call that is set up only to be torn down."""
SETUP_RATE = 50
"""Calls a second while the bridged calls and the callers on music come."""
WARM = 5.0
"""Seconds of media before the measuring."""
TRANSACTIONS = 40.0
"""Seconds after which SIP has forgotten a call (64 * T1, and some): memory is compared between two busy moments."""

Numbers = dict[str, float]


@dataclass(frozen=True, slots=True)
class Load:
    """How much, and on which cores."""

    rate: int
    seconds: int
    calls: int
    music: int
    switch_core: int | None
    other_core: int | None


@dataclass(frozen=True, slots=True)
class Part:
    """One measurement; `limits` are label -> the most (or with a minus, the least) that is promised."""

    title: str
    measure: Callable[[SwitchProcess, Load], Awaitable[Numbers]]
    limits: dict[str, float] = field(default_factory=dict)


# --- calls that come and go ----------------------------------------------------------------------


async def come_and_go(switch: SwitchProcess, load: Load) -> Numbers:
    """`rate` calls a second: answered, an agent rung, bridged, hung up."""
    await _talks(switch, load, "warm", int(min(TRANSACTIONS, load.seconds)))
    before = switch.usage()
    pairs, controller, caller, callee, left = await _talks(switch, load, "calls", load.seconds)
    after = switch.usage()
    numbers: Numbers = {
        "calls": load.rate * load.seconds,
        "calls done": len(controller.legs),
        "calls failed": load.rate * load.seconds - min(len(controller.legs), caller.succeeded, callee.succeeded),
        "repeated by the switch": caller.repeated_by_switch + callee.repeated_by_switch,
        "repeated by SIPp": caller.repeated_by_sipp + callee.repeated_by_sipp,
        "stalls of SIPp": caller.stalls + callee.stalls,
    }
    callers = [(leg, leg) for leg, _ in pairs]
    numbers |= _times("INVITE to agent rung", controller.between(pairs, "CHANNEL_CREATE", "CHANNEL_CREATE"))
    numbers |= _times("INVITE to bridge", controller.between(callers, "CHANNEL_CREATE", "CHANNEL_BRIDGE"))
    numbers |= _times("INVITE to 200 at SIPp", caller.answer_times)
    return numbers | _costs(before, after) | {
        "legs left": left,
        "descriptors left": after.descriptors - before.descriptors,
        "threads left": after.threads - before.threads,
        "memory MB": after.memory,
        "memory grown MB": after.memory - before.memory,
    }  # fmt: skip


async def _talks(
    switch: SwitchProcess, load: Load, name: str, seconds: int
) -> tuple[list[tuple[str, str]], Controller, Heard, Heard, int]:
    pairs: list[tuple[str, str]] = []
    count = ["-m", str(load.rate * seconds)]
    folder = switch.folder / name
    folder.mkdir()
    async with sipp(folder / "callee", CALLEE, load.other_core) as callee:

        async def talk(controller: Controller, leg: str) -> None:
            await controller.answer(leg)
            agent = await controller.connect(leg, callee.port)
            pairs.append((leg, agent))
            await asyncio.sleep(TALK)
            await controller.hang_up(leg, agent)

        async with controlled(switch, talk) as controller:
            words = ["-s", NUMBER, "-r", str(load.rate), "-l", "10000", *count, f"{HOST}:{switch.trunk}"]
            async with sipp(folder / "caller", CALLER, load.other_core, *words) as caller:
                await caller.wait(seconds + 30)
                await caller.stop()
            left = await nothing_left(controller)
            await callee.stop()
            _complain(controller)
    return pairs, controller, caller.heard(), callee.heard(), left


def _times(what: str, milliseconds: list[float]) -> Numbers:
    if len(milliseconds) < 2:
        return {}
    return {f"{what}, median ms": median(milliseconds), f"{what}, p99 ms": quantiles(milliseconds, n=100)[98]}


def _costs(before: Usage, after: Usage) -> Numbers:
    return {"CPU %": after.cpu_since(before), "waited %": after.waited_since(before)}


def _complain(controller: Controller) -> None:
    for failure in sorted(set(controller.failures)):
        print(f"{controller.failures.count(failure)} x {failure}", file=sys.stderr)


# --- calls that stay -----------------------------------------------------------------------------


async def bridged(switch: SwitchProcess, load: Load) -> Numbers:
    """Callers and agents in pairs, both speak, each call recorded in stereo."""
    folder = switch.folder / "recordings"
    folder.mkdir()
    async with _media(load, 2 * load.calls, speaking=True) as (phones, listen):

        async def record(controller: Controller, leg: str) -> None:
            await controller.answer(leg)
            await controller.connect(leg, phones.port)
            await controller.send(Api("uuid_setvar", [leg, "RECORD_STEREO", "true"]))
            await controller.send(Api("uuid_record", [leg, "start", str(folder / f"{leg}.wav")]))

        async with controlled(switch, record) as controller:
            legs = await _set_up(controller, phones, switch.trunk, load.calls)
            numbers = await listen(switch, None)
            left = await hang_up_all(controller)
            lengths = controller.between([(leg, leg) for leg in legs], "RECORD_START", "RECORD_STOP")
            files = dict(zip([folder / f"{leg}.wav" for leg in legs], lengths, strict=False))
            for _ in range(50):
                if not (unfit := _unfit(files)):
                    break
                await asyncio.sleep(0.1)  # they are on their way to the disk
            _complain(controller)
    recorded = {"recordings": len(files), "recordings unfit": load.calls - len(files) + unfit}
    return {"calls": load.calls, "calls failed": load.calls - len(legs), **numbers, **recorded, "legs left": left}


async def music(switch: SwitchProcess, load: Load) -> Numbers:
    """Callers who are answered and hear music on hold."""
    async with (
        _media(load, load.music, speaking=False) as (phones, listen),
        controlled(switch, Controller.answer) as controller,
    ):
        legs = await _set_up(controller, phones, switch.trunk, load.music)

        async def play() -> None:
            plays = [Execute(leg, "endless_playback", "local_stream://moh") for leg in legs]
            await asyncio.gather(*map(controller.send, plays))

        numbers = await listen(switch, play)
        left = await hang_up_all(controller)
        _complain(controller)
    return {"calls": load.music, "calls failed": load.music - len(legs), **numbers, "legs left": left}


Listen = Callable[[SwitchProcess, Callable[[], Awaitable[None]] | None], Awaitable[Numbers]]


@asynccontextmanager
async def _media(load: Load, count: int, *, speaking: bool) -> AsyncIterator[tuple[Phones, Listen]]:
    """Phones, and what they hear once all calls are up."""
    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    run = media.Run("", count, load.seconds, WARM, bridged=speaking)
    process = context.Process(target=media.phones_process, args=(run, theirs, load.other_core), daemon=True)
    process.start()
    theirs.close()  # so that its death ends our wait
    ports = await asyncio.to_thread(pipe.recv)
    phones = Phones(ports)
    await phones.open()

    async def listen(switch: SwitchProcess, begin: Callable[[], Awaitable[None]] | None) -> Numbers:
        pipe.send([phones.remote.get(port, 9) for port in ports])  # 9: discard, for a phone whose call failed
        started = time.monotonic()
        if begin is not None:
            await begin()
        begun = time.monotonic() - started
        await asyncio.to_thread(pipe.recv)  # warm
        before = switch.usage()
        heard = await asyncio.to_thread(pipe.recv)
        return {
            "begun after s": begun,
            "packets/s": heard["got"] / load.seconds,
            "packets expected/s": 50 * count,
            "packets missing %": max(0.0, 100 - 100 * heard["got"] / load.seconds / (50 * count)),
            "packets lost": heard["lost"],
            "gap p99 ms": heard["p99"],
            "gap largest ms": heard["largest"],
            "phones busy ms": heard["busiest"],
            **_costs(before, switch.usage()),
        }

    try:
        yield phones, listen
    finally:
        phones.close()
        process.kill()
        process.join()


async def _set_up(controller: Controller, phones: Phones, trunk: int, count: int) -> list[str]:
    """Lets `count` callers call; gives their legs when all has been done for them that is to be done."""
    for _ in range(count):
        phones.call(trunk)
        await asyncio.sleep(1 / SETUP_RATE)
    for _ in range(200):
        if len(controller.legs) + len(controller.failures) >= count:
            break
        await asyncio.sleep(0.1)
    return list(controller.legs)


def _unfit(files: dict[Path, float]) -> int:
    """Recordings that do not have the length (milliseconds) that their events say, or not both voices."""
    return sum(not (path.exists() and _is_fit(path, milliseconds)) for path, milliseconds in files.items())


def _is_fit(path: Path, milliseconds: float) -> bool:
    with wave.open(str(path)) as file:
        length = 1000 * file.getnframes() / file.getframerate()
        if file.getnchannels() != 2 or abs(length - milliseconds) > 500:
            return False
        file.setpos(file.getnframes() // 2)
        sound = file.readframes(160)
        return any(sound[0::4]) and any(sound[2::4])


# --- the whole -----------------------------------------------------------------------------------


def parts(load: Load) -> dict[str, Part]:
    """What is measured."""
    heard = {"calls failed": 0, "packets missing %": 0.1, "packets lost": 0, "gap largest ms": media.TARGET_GAP}
    ends = {"legs left": 0}
    goes = {"repeated by the switch": 0, "descriptors left": 0, "threads left": 0, "memory grown MB": 5}
    return {
        "calls": Part(f"{load.rate} calls/s for {load.seconds} s", come_and_go, {"calls failed": 0, **goes, **ends}),
        "bridged": Part(
            f"{load.calls} calls, bridged and recorded, {load.seconds} s",
            bridged,
            {**heard, "recordings unfit": 0, "CPU %": 100, **ends},
        ),
        "music": Part(f"{load.music:,} callers on music, {load.seconds} s", music, {**heard, "CPU %": 100, **ends}),
    }


async def measure(part: Part, load: Load) -> Numbers:
    """One run, on a fresh switch."""
    with tempfile.TemporaryDirectory() as folder:
        async with running(Path(folder), load.switch_core) as switch:
            return await part.measure(switch, load)


def spans(runs: list[Numbers]) -> dict[str, Span]:
    """Label -> what the runs gave."""
    return {label: Span.of([run[label] for run in runs if label in run]) for label in runs[0]}


def table(part: Part, results: dict[str, Span], *, repeated: bool) -> str:
    """A table that is plain text and Markdown at once."""
    rows = [["", "measured", "target"]]
    for label, span in results.items():
        most = part.limits.get(label)
        target = "" if most is None else f"at most {most:g}: {'met' if span.median <= most else 'NOT met'}"
        value = f"{span.median:,.1f}".removesuffix(".0")
        rows.append([label, f"{value} ({span.min:,.1f}..{span.max:,.1f})" if repeated else value, target])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * widths[0], "-" * (widths[1] - 1) + ":", "-" * widths[2]])
    lines = [f"| {a:<{widths[0]}} | {b:>{widths[1]}} | {c:<{widths[2]}} |" for a, b, c in rows]
    return "\n".join([f"**{part.title}**", "", *lines, ""])


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.softswitch", description=(__doc__ or "").partition("\n\n")[2]
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--rate", type=int, default=20, help="calls a second that come and go (%(default)s)")
    parser.add_argument("--calls", type=int, default=200, help="calls that are bridged and recorded (%(default)s)")
    parser.add_argument("--music", type=int, default=1000, help="callers on music (%(default)s)")
    parser.add_argument("--seconds", type=int, default=60, help="of each measurement (%(default)s)")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each; the median decides (%(default)s)")
    parser.add_argument(
        "--part", action="append", choices=["calls", "bridged", "music"], help="only this one; may be repeated"
    )
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Measures and prints. A missed target is a result, not a failure; 1 when SIPp is missing."""
    arguments = _arguments(argv)
    if not has_sipp():
        print("needs SIPp: apt-get install sip-tester", file=sys.stderr)
        return 1
    cores = sorted(os.sched_getaffinity(0))
    pair = (cores[0], cores[-1]) if len(cores) > 1 else (None, None)
    load = Load(arguments.rate, arguments.seconds, arguments.calls, arguments.music, *pair)
    chosen = {key: part for key, part in parts(load).items() if key in (arguments.part or parts(load))}
    results: dict[str, dict[str, Span]] = {}
    try:
        if load.other_core is not None:
            os.sched_setaffinity(0, {load.other_core})
        for key, part in chosen.items():
            runs = []
            for turn in range(arguments.repeat):
                print(f"{part.title}: {turn + 1} of {arguments.repeat}", file=sys.stderr)
                runs.append(uvloop.run(measure(part, load)))
            results[key] = spans(runs)
    finally:
        os.sched_setaffinity(0, cores)
    if arguments.json:
        print(json.dumps(_report(chosen, results), default=asdict, indent=2))
    else:
        print(f"{os.cpu_count()} cores, Python {platform.python_version()}; median of {arguments.repeat}.\n")
        print(*(table(part, results[key], repeated=arguments.repeat > 1) for key, part in chosen.items()), sep="\n")
    return 0


def _report(chosen: dict[str, Part], results: dict[str, dict[str, Span]]) -> dict[str, object]:
    verdicts = [
        {"part": key, "target": f"{label} at most {most:g}", "value": results[key][label].median}
        | {"met": results[key][label].median <= most}
        for key, part in chosen.items()
        for label, most in part.limits.items()
    ]
    machine = {"cores": os.cpu_count(), "python": platform.python_version()}
    return {"machine": machine, "targets": verdicts, "results": results}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
