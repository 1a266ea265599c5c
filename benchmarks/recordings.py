"""``cti bench recordings``: what it takes to finish recordings while calls go on.

As in the server: one event loop, the workers' threads beside it. Every recording lasts one minute, stereo at 8 kHz, and
is mended, tagged, hashed, forced to the disk and given its sidecar. "loop held up" is the longest time for which the
event loop did not turn meanwhile; the peer is `cp`, `sync` and `sha256sum`, which do the least of it.
"""

import argparse
import asyncio
import json
import os
import platform
import resource
import shutil
import struct
import subprocess
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from cti.ids import AgentId, CallId
from cti.records.entries import RecordingMade
from cti.records.recordings.encoding import Encoder
from cti.records.recordings.finisher import Finisher
from cti.records.recordings.finishing import finish
from cti.records.recordings.names import within
from cti.records.recordings.options import Options
from cti.records.recordings.tags import Tags

MINUTE = os.urandom(1 << 16) * (60 * 32_000 // (1 << 16) + 1)
HEADER = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 0, b"WAVE", b"fmt ", 16, 1, 2, 8000, 32_000, 4, 16, b"data", 0)
"""As FreeSWITCH leaves it when it is killed: there is something to mend."""
BEGAN = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def tags(call: str, minutes: float) -> Tags:
    return Tags(
        call=CallId(call),
        number=1,
        began_at=BEGAN,
        ended_at=BEGAN + timedelta(minutes=minutes),
        hotline="售后服务热线",
        agents=(AgentId("1001"),),
        customer="+8613800138000",
    )


def write(folder: Path, call: str, minutes: int = 1) -> Path:
    path = folder / f"2026/11/21/{call}-1.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(HEADER)
        for _ in range(minutes):
            file.write(MINUTE[: 60 * 32_000])
    os.utime(path, (0, 0))
    return path


def alone(folder: Path, form: str, repeat: int) -> float:
    """Milliseconds for a recorded minute, one after the other (median)."""
    options = Options(folder=folder, convert=form)  # type: ignore[arg-type]
    encoder, times = Encoder(options), []
    for number in range(repeat):
        path = write(folder, f"{form}{number}")
        began = time.perf_counter()
        finished = finish(options, encoder, within(folder, path), tags(f"{form}{number}", 1))
        times.append(time.perf_counter() - began)
        assert finished.entry.format == ("wav" if form == "none" else form), finished.alarms
    return 1000 * median(times)


async def together(folder: Path, count: int) -> dict[str, float]:
    """So many recordings end at the same time."""
    made: list[RecordingMade] = []
    longest = [0.0]
    async with Finisher(Options(folder=folder), made.append) as finisher:
        await asyncio.sleep(0.1)  # it has looked for what an earlier run left
        paths = [write(folder, f"t{number}") for number in range(count)]
        watch = asyncio.create_task(_watch(longest))
        processor, began = time.process_time(), time.perf_counter()
        for number, path in enumerate(paths):
            finisher.finish(path, tags(f"t{number}", 1))
        handed_in = time.perf_counter() - began
        await finisher.idle()
        took, processor = time.perf_counter() - began, time.process_time() - processor
        watch.cancel()
    assert len(made) == count
    return {
        "minutes finished/s": count / took,
        "processor, ms a minute": 1000 * processor / count,
        "handing one in, us": 1e6 * handed_in / count,
        "loop held up, ms": 1000 * longest[0],
    }


async def beginning(folder: Path, count: int) -> dict[str, float]:
    """What a call waits for before its recording begins."""
    times = []
    async with Finisher(Options(folder=folder), lambda made: None) as finisher:
        for number in range(count):
            began = time.perf_counter()
            await finisher.begin(replace(tags(f"b{number}", 1), ended_at=None), ZoneInfo("Asia/Shanghai"))
            times.append(time.perf_counter() - began)
    times.sort()
    return {"median, ms": 1000 * times[count // 2], "p99, ms": 1000 * times[count * 99 // 100]}


def memory(folder: Path) -> float:
    """Megabytes by which finishing an hour takes more than finishing a minute, at most."""
    options = Options(folder=folder)
    peaks = []
    for call, minutes in (("short", 1), ("long", 60)):
        path = write(folder, call, minutes)
        finish(options, Encoder(options), within(folder, path), tags(call, minutes))
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)
    return peaks[1] - peaks[0]


def peer(folder: Path, repeat: int) -> float:
    """Milliseconds in which `cp`, `sync` and `sha256sum` deal with a minute."""
    times = []
    for number in range(repeat):
        path = write(folder, f"p{number}")
        began = time.perf_counter()
        subprocess.run(["cp", path, path.with_suffix(".new")], check=True)
        subprocess.run(["sync", path.with_suffix(".new")], check=True)
        subprocess.run(["sha256sum", path.with_suffix(".new")], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - began)
    return 1000 * median(times)


async def _watch(longest: list[float]) -> None:
    last = time.perf_counter()
    while True:
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        longest[0], last = max(longest[0], now - last), now


def measure(folder: Path, repeat: int, count: int) -> dict[str, Any]:
    results: dict[str, Any] = {"memory, MB more for an hour": memory(folder / "memory")}
    results["cp, sync and sha256sum, ms a minute"] = peer(folder / "peer", repeat)
    results["one after the other, ms a minute"] = {
        form: alone(folder / "alone", form, repeat)
        for form, program in (("none", "true"), ("opus", "opusenc"), ("mp3", "lame"))
        if shutil.which(program)
    }
    results[f"{count} at once"] = asyncio.run(together(folder / "together", count))
    results["beginning"] = asyncio.run(beginning(folder / "beginning", 10 * count))
    return results


def main(arguments: list[str]) -> int:
    """Prints the table, or JSON."""
    parser = argparse.ArgumentParser(prog="cti bench recordings", description=__doc__)
    parser.add_argument("--repeat", type=int, default=30)
    parser.add_argument("--count", type=int, default=200, help="recordings that end at the same time")
    parser.add_argument("--folder", type=Path, help="on the disk to be measured (default: the one for temporary files)")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        results = measure(Path(folder), chosen.repeat, chosen.count)
    machine = {"cores": os.cpu_count(), "python": platform.python_version()}
    if chosen.json:
        print(json.dumps({"machine": machine, "results": results}, indent=2))
        return 0
    print(f"{machine['cores']} cores, Python {machine['python']}")
    for name, value in results.items():
        rows = value.items() if isinstance(value, dict) else [("", value)]
        for label, number in rows:
            print(f"{name:<40} {label:<28} {number:>10.2f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main([]))
