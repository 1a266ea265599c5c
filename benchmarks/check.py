"""``cti bench check``: how long a very large centre's files take to be read and checked.

Every run is a process of its own, the candidates take turns, and the median is given with the least and the most.
"s" is the time for the work alone, "process s" with Python's start and imports, as an admin waits for it; memory is
the process's largest. Reading gives data with the place of every key and value; PyYAML gives data alone.
"""

import argparse
import importlib
import importlib.util
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from benchmarks.check_files import write_files
from benchmarks.esl import Span

ROOT = Path(__file__).parent.parent

TODAY = date(2026, 11, 24)
"""The day that the check begins to look ahead from: the same in every run."""

TARGET = 5.0
"""Seconds that the whole check may take."""

Counts = dict[str, int]


class Failed(Exception):
    """A run that broke, took too long or found the files wrong; says how."""


# --- what a process does ---------------------------------------------------------------------------


def _files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.yaml"))


def _read_ours(folder: Path) -> Counts:
    from cti.config.yamlfile import load

    return {"documents": len([load(path) for path in _files(folder)])}


def _read_pyyaml(folder: Path) -> Counts:
    import yaml

    texts = [path.read_text("utf-8") for path in _files(folder)]
    return {"documents": len([yaml.load(text, yaml.CSafeLoader) for text in texts])}


def _read_ruamel(folder: Path) -> Counts:
    from ruamel.yaml import YAML

    texts = [path.read_text("utf-8") for path in _files(folder)]
    return {"documents": len([YAML(typ="rt", pure=True).load(text) for text in texts])}


def _check(folder: Path) -> Counts:
    from cti.config.check import check

    checked = check(folder / "routing", folder / "ivr_flows", TODAY)
    if checked.errors:
        raise SystemExit(checked.errors[0].render())
    return {**dict(checked.counts), "warnings": len(checked.warnings)}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that is measured."""

    part: str
    title: str
    work: Callable[[Path], Counts]
    needs: str


CANDIDATES = {
    "ours": Candidate("reading", "ours, with places", _read_ours, "cti.config.yamlfile"),
    "pyyaml": Candidate("reading", "PyYAML, CSafeLoader, no places", _read_pyyaml, "yaml"),
    "ruamel": Candidate("reading", "ruamel.yaml, with places", _read_ruamel, "ruamel.yaml"),
    "check": Candidate("check", "the whole check", _check, "cti.config.check"),
}


def _is_installed(module: str) -> bool:
    package = module.partition(".")[0]
    return importlib.util.find_spec(package) is not None and importlib.util.find_spec(module) is not None


def _run_once(key: str, folder: Path) -> None:
    """In a process of its own: does the work and prints what it took."""
    candidate = CANDIDATES[key]
    importlib.import_module(candidate.needs)  # so that the work does not wait for it
    began = time.perf_counter()
    counts = candidate.work(folder)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak": peak, "counts": counts}))


# --- what is made of it ----------------------------------------------------------------------------


def measure(keys: list[str], folder: Path, repeat: int, limit: float) -> tuple[dict[str, dict[str, Span]], Counts]:
    """Candidate -> column -> span; and what the check counted. Raises Failed."""
    runs: dict[str, list[dict[str, float]]] = {key: [] for key in keys}
    counts: Counts = {}
    for turn in range(repeat):
        print(f"turn {turn + 1} of {repeat}", file=sys.stderr)
        for key in keys:
            began = time.perf_counter()
            command = [sys.executable, "-m", "benchmarks.check", "--run", key, str(folder)]
            try:
                done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=limit)
            except subprocess.TimeoutExpired:
                raise Failed(f"{key}: stopped after {limit:.0f} s") from None
            if done.returncode:
                raise Failed(f"{key}: {done.stderr.strip()[-1000:]}")
            run = json.loads(done.stdout)
            counts |= run["counts"]
            times = {"s": run["seconds"], "process s": time.perf_counter() - began, "peak MB": run["peak"]}
            runs[key].append(times)
    return {
        key: {column: Span.of([run[column] for run in done]) for column in done[0]} for key, done in runs.items()
    }, counts


def table(results: dict[str, dict[str, Span]]) -> str:
    """A table that is plain text and Markdown at once."""
    rows = [["", "s", "process s", "peak MB"]]
    for key, spans in results.items():
        seconds = [f"{span.median:.2f} ({span.min:.2f}..{span.max:.2f})" for span in (spans["s"], spans["process s"])]
        rows.append([CANDIDATES[key].title, *seconds, f"{spans['peak MB'].median:.0f}"])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])])
    return "\n".join(
        f"| {' | '.join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])])} |" for row in rows
    )


def _verdicts(results: dict[str, dict[str, Span]]) -> list[dict[str, object]]:
    value = results["check"]["process s"].median if "check" in results else None
    target = f"the whole check, with Python's start, under {TARGET:g} s"
    return [{"target": target, "value": value, "met": None if value is None else value < TARGET}]


def _sentence(verdict: dict[str, object]) -> str:
    value = verdict["value"]
    if value is None:
        return f"- {verdict['target']}: not measured"
    return f"- {verdict['target']}: {value:.2f} s, {'met' if verdict['met'] else 'NOT met'}"


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="cti bench check", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--hotlines", type=int, default=1_000, help="(%(default)s)")
    parser.add_argument("--queues", type=int, default=500, help="(%(default)s)")
    parser.add_argument("--agents", type=int, default=10_000, help="(%(default)s)")
    parser.add_argument("--repeat", type=int, default=5, help="runs of each (%(default)s)")
    parser.add_argument("--limit", type=float, default=120.0, help="seconds for one run (%(default)s)")
    parser.add_argument("--only", action="append", choices=list(CANDIDATES), help="only this one; may be repeated")
    parser.add_argument("--keep", type=Path, help="write the files into this new folder and leave them there")
    parser.add_argument("--run", nargs=2, metavar=("WHAT", "FOLDER"), help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Measures and prints. A missed target is a result, not a failure; 1 when a run failed."""
    arguments = _arguments(argv)
    if arguments.run:
        _run_once(arguments.run[0], Path(arguments.run[1]))
        return 0
    chosen = [key for key in CANDIDATES if not arguments.only or key in arguments.only]
    missing = [key for key in chosen if not _is_installed(CANDIDATES[key].needs)]
    notes = {CANDIDATES[key].title: "is not installed" for key in missing}
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary) / "centre"
        folder.mkdir(parents=True)
        write_files(folder, arguments.hotlines, arguments.queues, arguments.agents)
        files = _files(folder)
        size = sum(path.stat().st_size for path in files)
        present = [key for key in chosen if key not in missing]
        try:
            results, counts = measure(present, folder, arguments.repeat, arguments.limit)
        except Failed as failed:
            print(failed, file=sys.stderr)
            return 1
    machine = {"cores": os.cpu_count(), "python": platform.python_version()}
    verdicts = _verdicts(results)
    if arguments.json:
        about = {"files": len(files), "bytes": size, **counts}
        report = {"machine": machine, "input": about, "notes": notes, "targets": verdicts, "results": results}
        print(json.dumps(report, default=asdict, indent=2))
        return 0
    print(f"{machine['cores']} cores, Python {machine['python']}; median (least..most) of {arguments.repeat}.")
    counted = ", ".join(f"{number:,} {noun}" for noun, number in counts.items() if noun != "documents")
    print(f"{len(files)} files, {size:,} bytes{': ' + counted if counted else ''}.", end="\n\n")
    print(table(results), end="\n\n")
    print(*(f"{title}: {note}" for title, note in notes.items()), sep="\n", end="\n\n" if notes else "")
    print(*map(_sentence, verdicts), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
