"""``cti bench voice``: how long prompts take to render, and what the cache costs.

Everything runs as in the server: one event loop, two worker processes beside it. "loop held up" is the longest time for
which the event loop did not turn meanwhile.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from cti.ivr.prompts import Piece, Speech
from cti.ivr.say import vocabulary
from cti.ivr.values import LANGUAGES
from cti.voice.options import Options
from cti.voice.voice import Voice

PROMPT = "您好，欢迎致电。维修请按{}，其他业务请按零。"
"""About twenty characters, and a number so that each is new."""

Row = tuple[str, str]


async def one_by_one(options: Options, repeat: int) -> list[Row]:
    """Prompts that somebody waits for."""
    async with Voice(options) as voice:
        first = await _seconds(voice, Speech("一", "zh-CN"))
        prompts = [Speech(PROMPT.format(number), "zh-CN") for number in range(repeat)]
        times = [await _seconds(voice, prompt) for prompt in prompts]
        size = (await voice.path(prompts[0])).stat().st_size
        began = time.perf_counter()
        for prompt in prompts * 100:
            await voice.path(prompt)
        found = (time.perf_counter() - began) / (100 * repeat)
    return [
        ("the first piece, with the start of a worker", f"{1000 * first:.0f} ms"),
        ("a prompt of 20 characters (median, most)", f"{1000 * median(times):.0f} ms, {1000 * max(times):.0f} ms"),
        ("  how long it is, in the cache", f"{size / 16000:.1f} s, {size / 1000:.0f} kB"),
        ("found in the cache", f"{1e6 * found:.1f} us"),
    ]


async def _seconds(voice: Voice, piece: Piece) -> float:
    began = time.perf_counter()
    await voice.path(piece)
    return time.perf_counter() - began


async def ahead(options: Options) -> list[Row]:
    """Every word that numbers, dates and times are composed of."""
    rows = []
    for language in LANGUAGES:
        pieces = [Speech(word, language) for word in vocabulary(language)]
        async with Voice(options) as voice:
            before = voice.cached()[1]
            held_up = [0.0]
            watch = asyncio.create_task(_watch(held_up))
            began = time.perf_counter()
            done = await voice.ready(pieces)
            took = time.perf_counter() - began
            watch.cancel()
            size = voice.cached()[1] - before
        rows += [
            (f"the vocabulary of {language}, {done.made} pieces", f"{took:.1f} s, {size / 1e6:.1f} MB"),
            ("  loop held up", f"{1000 * held_up[0]:.0f} ms"),
        ]
    return rows


async def _watch(longest: list[float]) -> None:
    last = time.perf_counter()
    while True:
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        longest[0], last = max(longest[0], now - last), now


async def check(options: Options) -> list[Row]:
    """What `cti check` does with prompts."""
    pieces = [Speech(PROMPT.format(number), "zh-CN") for number in range(1000, 3000)]
    async with Voice(options) as voice:
        began = time.perf_counter()
        failures = await voice.unrenderable(pieces)
        took = time.perf_counter() - began
    return [(f"{len(pieces)} prompts looked at, {len(failures)} failures", f"{took:.2f} s")]


async def measure(repeat: int) -> list[Row]:
    """All of it, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        options = Options(cache=Path(folder, "prompts"), replacements=Path(folder, "none.csv"))
        return await one_by_one(options, repeat) + await ahead(options) + await check(options)


def main(argv: list[str]) -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="cti bench voice", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--repeat", type=int, default=200, help="prompts that are rendered one by one (%(default)s)")
    options = parser.parse_args(argv)
    rows = asyncio.run(measure(options.repeat))
    machine = {"cores": os.cpu_count(), "python": platform.python_version()}
    if options.json:
        print(json.dumps({"machine": machine, "results": dict(rows)}, indent=2, ensure_ascii=False))
        return 0
    print(f"{machine['cores']} cores, Python {machine['python']}.\n")
    for what, measured in rows:
        print(f"{what:<60} {measured}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
