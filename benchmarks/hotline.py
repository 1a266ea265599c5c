"""``cti bench hotline``: from a caller in the queue to an agent's phone, beside FreeSWITCH's own queue.

Rates: callers of SIPp, so many a second, go straight into a queue with 50 agents (SIPp, registered, short talks, no
wrap-up). "queue to agent" is the time from the caller's entering the queue (the 200 that answers the call, in each) to
the INVITE to an agent's phone, "INVITE to agent" from the caller's INVITE. Freed: more callers than agents at all
times; "freed to next" is the time from when the switch tells that an agent's leg has hung up to the next INVITE to the
same agent, "BYE to next" from the agent's BYE, which FreeSWITCH looks at with its next frame of 20 ms. These are the
times of packets on the loopback, as the kernel saw them: FreeSWITCH's own times come in steps of 20 ms.

Ours is `cti run` beside a FreeSWITCH, or with the embedded switch in its own process; mod_callcenter runs in the same
FreeSWITCH with the same configuration. Every run is on fresh processes, after some calls to warm up. "load" is the
machine's load average when a run began: it counts whatever else was going on. "waited %" is the share of time in which
the server was ready to run while another program had its core.

Engine: so many calls a second through engine and records, with the database on PostgreSQL; no switch. The process has
one core, and the share that it uses of it is told. Memory: growth of the process by live calls, in the queue and in
talk, divided by their number.

Needs SIPp (apt-get install sip-tester); FreeSWITCH 1.10 with mod_callcenter where FREESWITCH_PREFIX says; PostgreSQL.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from statistics import median, quantiles

import uvloop

from benchmarks import hotline_engine
from benchmarks.esl import Span
from benchmarks.hotline_switches import (
    Running,
    Setting,
    embedded,
    freeswitch_prefix,
    mod_callcenter,
    on_freeswitch,
)  # fmt: skip
from benchmarks.hotline_traffic import Traffic, agents_at_work, call, observing
from benchmarks.hotline_wire import NotAllowed, Wire, listening
from benchmarks.softswitch_calls import has_sipp
from benchmarks.softswitch_process import Usage, usage_of

Numbers = dict[str, float]

OURS, THEIRS, EMBEDDED = "ours, FreeSWITCH", "mod_callcenter", "ours, embedded"
HOTLINES: dict[str, Running] = {OURS: on_freeswitch, THEIRS: mod_callcenter, EMBEDDED: embedded}
PARTS = ("rates", "freed", "engine", "memory")
WARM_UP = 10
"""Calls."""
TALK = 0.8
"""Seconds of a talk at most: 50 agents must carry 40 calls a second."""
FREED_TALK = 4.0
"""Seconds of a talk where agents are never free."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is promised: a number of ours is at most so much."""

    part: str
    row: str
    column: str
    most: float


@dataclass(slots=True)
class Report:
    """Part -> row -> column -> what the runs gave."""

    results: dict[str, dict[str, dict[str, Span]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


# --- beside a switch -----------------------------------------------------------------------------


async def rates(running: Running, setting: Setting, rate: int, seconds: int) -> Numbers:
    """Callers at a rate that the agents carry."""
    traffic = Traffic(rate, rate * seconds, min(TALK, 0.5 * setting.agents / rate))
    wire, costs = await _calls(running, setting, traffic)
    numbers = _times("queue to agent", wire.first_rings(from_answer=True), "p99")
    numbers |= _times("INVITE to agent", wire.first_rings(from_answer=False), "p99")
    return numbers | costs


async def freed(running: Running, setting: Setting, seconds: int) -> Numbers:
    """More callers than agents."""
    agents, talk = setting.agents, min(FREED_TALK, seconds / 4)
    count = agents + round(seconds * agents / talk)
    traffic = Traffic(max(2, round(1.4 * agents / talk)), count, talk, agents + max(2, agents * 3 // 5))
    wire, costs = await _calls(running, setting, traffic)
    times = wire.next_rings(from_bye=False)
    numbers: Numbers = {"offers": len(times)} | _times("freed to next", times, "p95")
    return numbers | _times("BYE to next", wire.next_rings(from_bye=True), "p95") | costs


async def _calls(running: Running, setting: Setting, traffic: Traffic) -> tuple[Wire, Numbers]:
    with tempfile.TemporaryDirectory(prefix="cti-hotline-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        async with running(folder, setting) as hotline, agents_at_work(hotline, setting, folder, traffic.talk):
            with listening(hotline.trunk, hotline.phones) as warm:
                few = Traffic(5, min(WARM_UP, setting.agents), traffic.talk)
                await call(hotline, few, folder / "warm", warm)
            load = os.getloadavg()[0]
            with listening(hotline.trunk, hotline.phones) as wire:
                before = {process: usage_of(pid) for process, pid in hotline.processes.items()}
                async with observing(hotline, wire):
                    callers = await call(hotline, traffic, folder / "callers", wire)
                after = {process: usage_of(pid) for process, pid in hotline.processes.items()}
            lost = traffic.count - wire.served()
            if lost:
                print(hotline.log(), file=sys.stderr)
            numbers: Numbers = {"calls": len(wire.callers), "not served": lost, "INVITEs repeated": wire.repeated}
            return wire, numbers | {"stalls of SIPp": callers.heard().stalls, **_costs(before, after), "load": load}


def _times(what: str, milliseconds: list[float], quantile: str) -> Numbers:
    if len(milliseconds) < 2:
        return {}
    at = quantiles(milliseconds, n=100, method="inclusive")[int(quantile[1:]) - 1]
    return {f"{what}, median ms": median(milliseconds), f"{what}, {quantile} ms": at}


def _costs(before: dict[str, Usage], after: dict[str, Usage]) -> Numbers:
    costs = {f"{process} CPU %": after[process].cpu_since(before[process]) for process in before}
    first = next(iter(before))
    return costs | {"waited %": after[first].waited_since(before[first])}


# --- the whole -----------------------------------------------------------------------------------


def targets(arguments: argparse.Namespace) -> list[Target]:
    """What is promised of what is measured."""
    parts, promised = arguments.part or PARTS, []
    if "rates" in parts:
        limits = {"queue to agent, median ms": 5, "queue to agent, p99 ms": 30, "not served": 0}
        promised += [
            Target(_rate(rate), OURS, column, most) for rate in arguments.rates for column, most in limits.items()
        ]
    if "freed" in parts:
        promised.append(Target("freed", OURS, "freed to next, median ms", 5))
        promised.append(Target("freed", OURS, "freed to next, p95 ms", 25))
    return promised + [Target(*target) for target in hotline_engine.TARGETS if target[0] in parts]


def _rate(rate: int) -> str:
    return f"{rate} calls/s"


def measure(arguments: argparse.Namespace, prompts: Path) -> Report:
    """Everything that was asked for; `prompts` keeps what is spoken from one server to the next."""
    report = Report()
    parts = arguments.part or PARTS
    chosen = [name for name in HOTLINES if name in (arguments.hotline or HOTLINES)]
    if freeswitch_prefix() is None and set(chosen) - {EMBEDDED} and {"rates", "freed"} & set(parts):
        report.notes.append("no FreeSWITCH: set FREESWITCH_PREFIX to the folder that holds bin/freeswitch")
        chosen = [EMBEDDED] if EMBEDDED in chosen else []
    setting = Setting(arguments.agents, prompts, arguments.record, arguments.database, arguments.level, arguments.nice)
    seconds = arguments.seconds
    if "rates" in parts:
        for rate in arguments.rates:
            for name in chosen:
                if name != EMBEDDED or rate <= arguments.embedded_most:
                    _repeat(
                        report, arguments, _rate(rate), name, partial(rates, HOTLINES[name], setting, rate, seconds)
                    )
    if "freed" in parts:
        for name in chosen:
            _repeat(report, arguments, "freed", name, partial(freed, HOTLINES[name], setting, seconds))
    for part, row, run in hotline_engine.works(arguments, parts):
        _repeat(report, arguments, part, row, run)
    return report


def _repeat(
    report: Report, arguments: argparse.Namespace, part: str, row: str, run: Callable[[], Awaitable[Numbers]]
) -> None:
    runs = []
    for turn in range(arguments.repeat):
        print(f"{part}, {row}: {turn + 1} of {arguments.repeat}", file=sys.stderr)
        try:
            runs.append(uvloop.run(run()))
        except hotline_engine.Missing as missing:
            report.notes.append(str(missing))
            return
    columns = {column: Span.of([run[column] for run in runs if column in run]) for column in runs[0]}
    report.results.setdefault(part, {})[row] = columns


def table(title: str, rows: dict[str, dict[str, Span]]) -> str:
    """A table that is plain text and Markdown at once; a line for each column of the results."""
    labels = dict.fromkeys(label for columns in rows.values() for label in columns)
    lines = [[title, *rows], *([label, *(_cell(columns.get(label)) for columns in rows.values())] for label in labels)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = ["| " + " | ".join([a.ljust(widths[0]), *map(str.rjust, rest, widths[1:])]) + " |" for a, *rest in lines]
    rule = "|" + "|".join("-" * (width + 1) + (":" if at else "-") for at, width in enumerate(widths)) + "|"
    return "\n".join([text[0], rule, *text[1:], ""])


def _cell(span: Span | None) -> str:
    if span is None:
        return ""
    text = f"{span.median:,.1f}".removesuffix(".0")
    return text if span.min == span.max else f"{text} ({span.min:,.1f}..{span.max:,.1f})"


def _verdicts(report: Report, promised: list[Target]) -> list[dict[str, object]]:
    verdicts: list[dict[str, object]] = []
    for target in promised:
        span = report.results.get(target.part, {}).get(target.row, {}).get(target.column)
        value = None if span is None else span.median
        met = None if value is None else value <= target.most
        text = f"{target.part}, {target.row}: {target.column} at most {target.most:g}"
        verdicts.append({"target": text, "value": value, "met": met})
    return verdicts


def _sentence(verdict: dict) -> str:
    if verdict["value"] is None:
        return f"- {verdict['target']}: not measured"
    return f"- {verdict['target']}: {verdict['value']:,.1f}, {'met' if verdict['met'] else 'NOT met'}"


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="cti bench hotline",
        description=(__doc__ or "").partition("\n\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--json", action="store_true", help="print JSON instead of tables")
    add("--part", action="append", choices=PARTS, help="only this one; may be repeated")
    add("--hotline", action="append", choices=list(HOTLINES), help="only this one; may be repeated")
    add("--rates", type=int, nargs="+", default=[5, 20, 40], help="calls a second (5 20 40)")
    add("--embedded-most", type=int, default=40, help="the highest rate for the embedded switch (%(default)s)")
    add("--agents", type=int, default=50, help="(%(default)s)")
    add("--seconds", type=int, default=30, help="of each measurement (%(default)s)")
    add("--record", action="store_true", help="record every conversation (not in mod_callcenter)")
    add("--database", default="", help="URL of the records beside a switch (SQLite in a temporary folder)")
    add("--level", default="info", help="of the server's log (%(default)s)")
    add("--nice", type=int, default=0, help="of the server; FreeSWITCH gives itself -10 and real time (%(default)s)")
    add("--engine-rate", type=int, default=100, help="calls a second through the engine (%(default)s)")
    add("--live", type=int, default=1000, help="live calls whose memory is measured (%(default)s)")
    add("--repeat", type=int, default=1, help="runs of each; the median decides (%(default)s)")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Measures and prints. A missed target is a result, not a failure; 1 when SIPp is needed and missing."""
    arguments = _arguments(argv)
    if not has_sipp() and {"rates", "freed"} & set(arguments.part or PARTS):
        print("needs SIPp: apt-get install sip-tester", file=sys.stderr)
        return 1
    try:
        with tempfile.TemporaryDirectory(prefix="cti-prompts-") as prompts:
            report = measure(arguments, Path(prompts))
    except NotAllowed as error:
        print(error, file=sys.stderr)
        return 1
    verdicts = _verdicts(report, targets(arguments))
    if arguments.json:
        machine = {"cores": os.cpu_count(), "python": platform.python_version()}
        whole = {"machine": machine, "notes": report.notes, "targets": verdicts, "results": report.results}
        print(json.dumps(whole, default=asdict, indent=2))
        return 0
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}; median of {arguments.repeat}.\n")
    for part, rows in report.results.items():
        print(table(part, rows))
    print(*report.notes, sep="\n", end="\n\n" if report.notes else "")
    print(*map(_sentence, verdicts), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
