"""Reads WAVs as others would, and writes some."""

import os
import struct
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from cti.ids import AgentId, CallId, QueueId
from cti.records.recordings.tags import Tags

RATE: Final = 8000
SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
BEGAN: Final = datetime(2026, 11, 20, 17, 30, 0, 250_000, tzinfo=UTC)
"""Half past one at night in Shanghai, on the 21st."""
PATH: Final = "2026/11/21/call-1.wav"
"""Of the recording that `tags` are of."""


def chunks(path: Path) -> list[tuple[str, bytes]]:
    """The chunks of a WAV, each wholly in the file, to its very end."""
    content = path.read_bytes()
    assert content[:4] == b"RIFF"
    assert content[8:12] == b"WAVE"
    assert int.from_bytes(content[4:8], "little") == len(content) - 8
    found, at = [], 12
    while at < len(content):
        name, size = struct.unpack_from("<4sI", content, at)
        assert at + 8 + size <= len(content)
        found.append((name.decode(), content[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    assert at == len(content)
    return found


def info(path: Path) -> dict[str, str]:
    """The texts of a WAV's chunk LIST INFO."""
    (content,) = [content for name, content in chunks(path) if name == "LIST"]
    assert content[:4] == b"INFO"
    texts, at = {}, 4
    while at < len(content):
        name, size = struct.unpack_from("<4sI", content, at)
        text = content[at + 8 : at + 8 + size]
        assert text[-1:] == b"\0"
        texts[name.decode()] = text[:-1].decode()
        at += 8 + size + size % 2
    return texts


def stereo(seconds: float) -> bytes:
    """Sound: a different number in every sample, left counting up, right counting down."""
    return b"".join(struct.pack("<hh", i % 30_000, -(i % 30_000)) for i in range(round(seconds * RATE)))


def header(size: int, channels: int = 2) -> bytes:
    """The head of a WAV of 8 kHz that says to have so many bytes of sound."""
    wide = 2 * channels
    layout = struct.pack("<HHIIHH", 1, channels, RATE, RATE * wide, wide, 16)
    return struct.pack("<4sI4s4sI16s4sI", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, layout, b"data", size)


def write_wav(path: Path, seconds: float) -> bytes:
    """A recording as a switch leaves it, some time ago; gives its sound."""
    sound = stereo(seconds)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header(len(sound)) + sound)
    make_old(path)
    return sound


def make_old(path: Path, seconds: float = 60.0) -> None:
    """As if it had been written then."""
    then = time.time() - seconds
    os.utime(path, (then, then))


def tags(call: str = "call", **other: Any) -> Tags:
    """What is known of a call's first recording."""
    known = Tags(
        call=CallId(call),
        number=1,
        began_at=BEGAN,
        ended_at=BEGAN + timedelta(seconds=2),
        hotline="售后服务热线",
        queue=QueueId("service"),
        agents=(AgentId("1001"), AgentId("1009")),
        customer="+8613800138000",
        repeat_count=2,
        repeat_count_7d=4,
        masked=((0.5, 1.25),),
    )
    return replace(known, **other)
