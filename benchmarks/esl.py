"""``cti bench esl``: our Event Socket client beside its peers, on the same recorded traffic.

Every run of a client is a process of its own, the peers take turns, and the median is given with the least and the
most. CPU time is user and system time of the client's process only, from just before its first command to the end.
Environment: LIBESL_PATH, the folder of ESL.py; BENCH_PYTHON, the interpreter that has Genesis.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from benchmarks.esl_clients import CLIENTS, Missing
from benchmarks.esl_server import Switch, recorded_events, serving

ROOT = Path(__file__).parent.parent

MEMORY_MARKS = 100
"""How often memory is looked at in a blast; a tenth of the blast is the start that growth is counted from."""


@dataclass(frozen=True, slots=True)
class Span:
    """What several runs gave."""

    median: float
    min: float
    max: float

    @classmethod
    def of(cls, values: list[float]) -> "Span":
        """The span of at least one value."""
        return cls(median(values), min(values), max(values))

    def __str__(self) -> str:
        return f"{_number(self.median)} ({_number(self.min)}..{_number(self.max)})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 20 else f"{value:.1f}"


@dataclass(frozen=True, slots=True)
class Work:
    """One measurement: what the switch sends, what the client is told, and what is made of its answer."""

    key: str
    title: str
    step: int
    marks: int
    order: tuple[str, str, str]
    columns: dict[str, Callable[[dict], float]]


@dataclass(frozen=True, slots=True)
class Target:
    """What we promise: a number of ours, as a share of a peer's, or as it is."""

    work: str
    column: str
    most: float
    peer: str | None = None

    def value(self, results: dict) -> float | None:
        """The number, or None when one of the two was not measured."""
        ours = results[self.work].get("ours", {}).get(self.column)
        peer = results[self.work].get(self.peer, {}).get(self.column) if self.peer else Span(1, 1, 1)
        return ours.median / peer.median if ours and peer else None

    def __str__(self) -> str:
        if self.peer:
            return f"{self.work}: {self.column} at most 1/{1 / self.most:.0f} of {self.peer}'s"
        return f"{self.work}: {self.column} below {self.most:.0f}"


TARGETS = [
    Target("events", "CPU ms", 1 / 10, "greenswitch"),
    Target("events", "CPU ms", 1 / 6, "libesl"),
    Target("commands", "CPU ms", 1 / 3, "greenswitch"),
    Target("memory", "growth MB", 10),
]


def works(events: int, commands: int, memory: int) -> list[Work]:
    """The measurements; `events`, `commands` and `memory` (events of the blast) say how large."""
    single = max(commands // 10, 1)
    window = max(commands // 100, 1)
    step = max(memory // MEMORY_MARKS, 1)
    of_commands = {
        "CPU ms": lambda run: run["cpu"] * 1e3 * 10_000 / run["count"],
        "commands/s": lambda run: run["count"] / run["wall"],
    }
    return [
        Work(
            "events",
            f"Events: CPU time for 10,000, five headers read of each ({events:,} a run)",
            events,
            1,
            ("events", "1", "0"),
            {"CPU ms": lambda run: run["cpu"] * 1e3 * 10_000 / events, "events/s": lambda run: events / run["wall"]},
        ),
        Work(
            "commands",
            f"Commands, {window:,} under way: CPU time for 10,000 ({commands:,} a run)",
            1,
            1,
            ("commands", str(commands), str(window)),
            of_commands,
        ),
        Work(
            "one at a time",
            f"Commands, one at a time: CPU time for 10,000 ({single:,} a run)",
            1,
            1,
            ("commands", str(single), "1"),
            of_commands,
        ),
        Work(
            "memory",
            f"Memory through a blast of {memory:,} events: the start is after {step * (MEMORY_MARKS // 10):,}",
            step,
            MEMORY_MARKS,
            ("events", str(MEMORY_MARKS), "0"),
            {
                "start MB": lambda run: run["rss"][MEMORY_MARKS // 10 - 1] / 1024,
                "peak MB": lambda run: run["peak"] / 1024,
                "growth MB": lambda run: (run["peak"] - run["rss"][MEMORY_MARKS // 10 - 1]) / 1024,
                "most events waiting": lambda run: run["waited"],
            },
        ),
    ]


class Failed(Exception):
    """A run of a client that broke or took too long; says how."""


class Bench:
    """Runs clients and keeps what came of it."""

    def __init__(self, clients: list[str], repeat: int, limit: float) -> None:
        self.notes: dict[str, str] = {}
        """Client (and measurement) -> why it is missing from a table."""
        self.versions: dict[str, str] = {}
        self._frames = recorded_events()
        self._clients = clients
        self._repeat = repeat
        self._limit = limit

    def measure(self, work: Work) -> dict[str, dict[str, Span]]:
        """Client -> column -> span. Clients take turns; one that fails is left out from then on."""
        runs: dict[str, list[dict]] = {client: [] for client in self._clients}
        for turn in range(self._repeat):
            print(f"{work.key}: turn {turn + 1} of {self._repeat}", file=sys.stderr)
            for client in list(runs):
                try:
                    runs[client].append(self._run(client, work))
                except Missing as missing:
                    self.notes[client] = str(missing)
                    del runs[client]
                except Failed as failed:
                    self.notes[f"{client}, {work.key}"] = str(failed)
                    del runs[client]
        return {
            client: {column: Span.of([value(run) for run in done]) for column, value in work.columns.items()}
            for client, done in runs.items()
        }

    def _run(self, client: str, work: Work) -> dict:
        """What the client reported. Raises Missing or Failed."""
        python = os.environ.get("BENCH_PYTHON", sys.executable) if client == "genesis" else sys.executable
        with serving(Switch(self._frames, work.step, work.marks)) as port:
            command = [python, "-m", "benchmarks.esl_clients", client, str(port), *work.order]
            try:
                done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=self._limit)
            except subprocess.TimeoutExpired:
                raise Failed(f"stopped after {self._limit:.0f} s") from None
        if done.returncode:
            words = done.stderr.strip().splitlines() or ["no word"]
            raise Failed(f"failed with {done.returncode}: {words[-1][:200]}")
        run = json.loads(done.stdout.splitlines()[-1])
        if "missing" in run:
            raise Missing(run["missing"])
        self.versions[client] = run["version"]
        return run | {"count": int(work.order[1])}


def table(work: Work, results: dict[str, dict[str, Span]]) -> str:
    """A table that is plain text and Markdown at once."""
    rows = [["client", *work.columns]]
    rows += [[client, *(str(spans[column]) for column in work.columns)] for client, spans in results.items()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [f"| {' | '.join(_aligned(row, widths))} |" for row in rows]
    rule = "|".join("-" * (width + 1) + (":" if at else "-") for at, width in enumerate(widths))
    return "\n".join([f"**{work.title}**", "", lines[0], f"|{rule}|", *lines[1:]])


def _aligned(row: list[str], widths: list[int]) -> list[str]:
    """The name to the left, numbers to the right."""
    return [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]


def _verdicts(results: dict) -> list[dict]:
    verdicts = []
    for target in TARGETS:
        value = target.value(results)
        verdicts.append({"target": str(target), "value": value, "met": None if value is None else value <= target.most})
    return verdicts


def _sentence(verdict: dict) -> str:
    value, met = verdict["value"], verdict["met"]
    if value is None:
        return f"- {verdict['target']}: not measured"
    share = f"{value:.1f}" if "below" in verdict["target"] else f"1/{1 / value:.1f}"
    return f"- {verdict['target']}: {share}, {'met' if met else 'NOT met'}"


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="cti bench esl", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--events", type=int, default=20_000, help="events of a run (%(default)s)")
    parser.add_argument("--commands", type=int, default=100_000, help="commands of a run (%(default)s)")
    parser.add_argument("--memory", type=int, default=100_000, help="events of the blast (%(default)s)")
    parser.add_argument("--repeat", type=int, default=5, help="runs of each client (%(default)s)")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for one run (%(default)s)")
    parser.add_argument("--client", action="append", choices=list(CLIENTS), help="only this one; may be repeated")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Measures and prints. A missed target is a result, not a failure; 1 when a client of ours failed."""
    arguments = _arguments(argv)
    bench = Bench(arguments.client or list(CLIENTS), arguments.repeat, arguments.limit)
    plan = works(arguments.events, arguments.commands, arguments.memory)
    results = {work.key: bench.measure(work) for work in plan}
    verdicts = _verdicts(results)
    if arguments.json:
        print(
            json.dumps(
                {
                    "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
                    "versions": bench.versions,
                    "notes": bench.notes,
                    "targets": verdicts,
                    "results": results,
                },
                default=asdict,
                indent=2,
            )
        )
    else:
        print(
            f"{os.cpu_count()} cores, Python {platform.python_version()}; median (least..most) of {arguments.repeat}."
        )
        print(", ".join(f"{client} {version}" for client, version in bench.versions.items() if version), end="\n\n")
        for work in plan:
            print(table(work, results[work.key]), end="\n\n")
        print(
            *(f"{client}: {note}" for client, note in bench.notes.items()), sep="\n", end="\n\n" if bench.notes else ""
        )
        print(*map(_sentence, verdicts), sep="\n")
    return int(any(note.startswith("ours") for note in bench.notes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
