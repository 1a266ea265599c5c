"""Recordings as Opus and MP3: by the programs that are there, and by one that fails in every way."""

import asyncio
import hashlib
import json
import math
import struct
import subprocess
import sys
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cti.records.entries import RecordingMade
from cti.records.recordings import containers, encoding
from cti.records.recordings.alarms import Alarm, AlarmKind
from cti.records.recordings.finisher import Finisher
from cti.records.recordings.options import Options
from cti.records.recordings.tags import fields, to_json
from tests.acceptance.programs import needed
from tests.records.recordings import PATH, RATE, header, info, make_old, tags, write_wav

FFMPEG_OPUS = (
    "ffmpeg",
    "-v",
    "error",
    "-y",
    "-i",
    "{source}",
    "-c:a",
    "libopus",
    "-b:a",
    "{bitrate}k",
    "-f",
    "opus",
    "{target}",
)
FFMPEG_MP3 = (
    "ffmpeg",
    "-v",
    "error",
    "-y",
    "-i",
    "{source}",
    "-c:a",
    "libmp3lame",
    "-b:a",
    "{bitrate}k",
    "-f",
    "mp3",
    "{target}",
)


class Converted:
    """One recording of two seconds, finished and converted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / PATH
        self.made: list[RecordingMade] = []
        self.alarms: list[Alarm] = []

    async def convert(self, form: str, *command: str) -> Path:
        write_tones(self.path)
        async with self.finisher(form, *command) as finisher:
            finisher.finish(self.path, tags())
            await finisher.idle()
        return self.folder / self.made[0].path

    @asynccontextmanager
    async def finisher(self, form: str, *command: str) -> AsyncIterator[Finisher]:
        options = Options(folder=self.folder, convert=form, command=command)  # type: ignore[arg-type]
        async with Finisher(options, self.made.append, self.alarms.append) as finisher:
            yield finisher

    def files(self) -> list[str]:
        return sorted(path.name for path in self.path.parent.iterdir())


@pytest.fixture
def converted(tmp_path: Path) -> Converted:
    return Converted(tmp_path / "recordings")


def write_tones(path: Path) -> None:
    """The caller says 400 Hz for a second, then the agent 700 Hz."""
    tone = [[round(9000 * math.sin(2 * math.pi * hertz * i / RATE)) for i in range(RATE)] for hertz in (400, 700)]
    samples = array("h")
    for value in tone[0]:
        samples.extend((value, 0))
    for value in tone[1]:
        samples.extend((0, value))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header(2 * len(samples)) + samples.tobytes())
    make_old(path)


def loudness(path: Path) -> list[list[float]]:
    """For each second, how loud left and right are (root mean square), as ffmpeg decodes the file."""
    words = [needed("ffmpeg", "ffmpeg"), "-v", "error", "-i", path, "-f", "s16le", "-ar", "8000", "-"]
    samples = array("h", subprocess.run(words, capture_output=True, check=True).stdout)
    return [
        [
            math.sqrt(sum(x * x for x in part) / len(part))
            for part in (samples[at : at + 14_000 : 2], samples[at + 1 : at + 14_000 : 2])
        ]
        for at in (1000, 17_000)
    ]


@pytest.mark.parametrize("command", [(), FFMPEG_OPUS], ids=["opusenc", "ffmpeg"])
async def test_opus_has_tags_and_both_voices_and_takes_the_place_of_the_wav(
    converted: Converted, command: tuple[str, ...]
) -> None:
    needed("ffmpeg", "ffmpeg")
    needed("opusenc", "opus-tools")
    path = await converted.convert("opus", *command)

    assert (converted.alarms, converted.files()) == ([], ["call-1.json", "call-1.opus"])
    (made,) = converted.made
    content = path.read_bytes()
    assert (made.format, made.size, made.sha256) == ("opus", len(content), hashlib.sha256(content).hexdigest())
    texts = dict(text.split("=", 1) for text in opus_comments(content))
    assert json.loads(texts["COMMENT"]) == to_json(tags())
    assert (texts["ARTIST"], texts["ALBUM"]) == ("1001, 1009", "售后服务热线")
    assert sides(path) == ["left", "right"]


@pytest.mark.parametrize("command", [(), FFMPEG_MP3], ids=["lame", "ffmpeg"])
async def test_mp3_has_tags_and_both_voices(converted: Converted, command: tuple[str, ...]) -> None:
    needed("ffmpeg", "ffmpeg")
    needed("lame", "lame")
    path = await converted.convert("mp3", *command)

    assert (converted.alarms, converted.files()) == ([], ["call-1.json", "call-1.mp3"])
    frames = id3_frames(path.read_bytes())
    assert json.loads(frames["COMM"].removeprefix("eng\0")) == to_json(tags())
    assert (frames["TPE1"], frames["TALB"]) == ("1001, 1009", "售后服务热线")
    assert sides(path) == ["left", "right"]


def sides(path: Path) -> list[str]:
    """Who is heard in each second; the other side must be 20 dB lower."""
    heard = []
    for left, right in loudness(path):
        assert max(left, right) > 10 * min(left, right)
        heard.append("left" if left > right else "right")
    return heard


def opus_comments(content: bytes) -> list[str]:
    """The comments of an Ogg Opus file, its pages checked (RFC 3533, RFC 7845)."""
    at, sequence, packets, packet = 0, 0, [], b""
    while at < len(content) and len(packets) < 2:
        assert content[at : at + 4] == b"OggS"
        assert int.from_bytes(content[at + 18 : at + 22], "little") == sequence
        lacing = content[at + 27 : at + 27 + content[at + 26]]
        end = at + 27 + len(lacing) + sum(lacing)
        page = bytearray(content[at:end])
        said, page[22:26] = int.from_bytes(page[22:26], "little"), bytes(4)
        assert said == crc(page)
        body = at + 27 + len(lacing)
        for size in lacing:
            packet += content[body : body + size]
            body += size
            if size < 255:
                packets.append(packet)
                packet = b""
        at, sequence = end, sequence + 1
    comments = packets[1]
    assert comments[:8] == b"OpusTags"
    at = 12 + int.from_bytes(comments[8:12], "little")
    (count,) = struct.unpack_from("<I", comments, at)
    at += 4
    found = []
    for _ in range(count):
        (size,) = struct.unpack_from("<I", comments, at)
        found.append(comments[at + 4 : at + 4 + size].decode())
        at += 4 + size
    assert at == len(comments)
    return found


def crc(data: bytes | bytearray) -> int:
    """Bit by bit, as RFC 3533 has it."""
    value = 0
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)
            value &= 0xFFFFFFFF
    return value


def id3_frames(content: bytes) -> dict[str, str]:
    """The frames of an ID3v2.4 tag, and an MP3 frame behind it."""
    assert content[:5] == b"ID3\x04\x00"

    def size(at: int) -> int:
        assert not any(byte & 0x80 for byte in content[at : at + 4])
        return int("".join(f"{byte:07b}" for byte in content[at : at + 4]), 2)

    end, at, found = 10 + size(6), 10, {}
    while content[at] and at < end:
        assert content[at + 10] == 3  # UTF-8
        found[content[at : at + 4].decode()] = content[at + 11 : at + 10 + size(at + 4)].decode()
        at += 10 + size(at + 4)
    assert content[end] == 0xFF
    assert content[end + 1] & 0xE0 == 0xE0
    return found


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["no-such-program-of-ours", "{source}", "{target}"], "no-such-program-of-ours ended with 127"),
        (
            [sys.executable, "-c", "import sys; sys.exit('it is broken')", "{source}", "{target}"],
            "ended with 1: it is broken",
        ),
        ([sys.executable, "-c", "", "{source}", "{target}"], "ended well but has written no file"),
        (
            [sys.executable, "-c", "import sys; open(sys.argv[1], 'w').write('x' * 999)", "{target}"],
            "the encoder has made no Ogg",
        ),
        ([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)", "{source}", "{target}"], "ended with -9"),
    ],
)
async def test_when_it_cannot_be_converted_the_wav_is_kept_and_an_alarm_raised(
    converted: Converted, words: list[str], said: str
) -> None:
    path = await converted.convert("opus", *words)
    assert [alarm.kind for alarm in converted.alarms] == [AlarmKind.NOT_CONVERTED]
    assert said in converted.alarms[0].what
    assert converted.files() == ["call-1.json", "call-1.wav"]
    (made,) = converted.made
    assert (made.format, made.sha256, made.failure) == ("wav", hashlib.sha256(path.read_bytes()).hexdigest(), "")
    assert info(path)["IART"] == "1001, 1009"


async def test_a_program_that_hangs_is_ended(converted: Converted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "_LEAST", 0.3)
    await converted.convert("mp3", sys.executable, "-c", "import time; time.sleep(99)", "{source}", "{target}")
    assert "took longer than 0 s" in converted.alarms[0].what
    assert converted.files() == ["call-1.json", "call-1.wav"]


async def test_stopping_while_a_program_runs_leaves_it_for_the_next_start(converted: Converted) -> None:
    write_tones(converted.path)
    started = converted.folder / "started"
    code = "import sys, time; open(sys.argv[1], 'w'); time.sleep(99)"
    finisher = Finisher(
        Options(
            folder=converted.folder,
            convert="mp3",
            command=(sys.executable, "-c", code, str(started), "{source}{target}"),
        ),
        converted.made.append,
        converted.alarms.append,
    )
    await finisher.open()
    finisher.finish(converted.path, tags())
    async with asyncio.timeout(5):
        while not started.exists():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    async with asyncio.timeout(5):
        await finisher.close(limit=0.1)
    assert (converted.made, converted.files()) == ([], ["call-1.wav"])
    assert (converted.folder / ".open/call-1.json").exists()


async def test_without_any_program_it_says_which_to_install(
    converted: Converted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding.shutil, "which", lambda name: None)
    await converted.convert("opus")
    (alarm,) = converted.alarms
    assert alarm.what.endswith("there is no opusenc or ffmpeg")
    assert alarm.remedy == "Install opusenc or ffmpeg, or name a program in recordings.command"


async def test_killed_between_the_sidecar_and_the_deletion_of_the_wav(converted: Converted) -> None:
    needed("opusenc", "opus-tools")
    path = await converted.convert("opus")
    write_wav(converted.path, 2)
    make_old(converted.folder / ".open/call-1.json")
    content = path.read_bytes()
    async with converted.finisher("opus"):
        async with asyncio.timeout(5):
            while len(converted.made) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert converted.made[0] == converted.made[1]
    assert (path.read_bytes(), converted.files()) == (content, ["call-1.json", "call-1.opus"])


@pytest.mark.parametrize("form", ["opus", "mp3"])
@pytest.mark.parametrize(
    "content", [b"", b"OggS", b"OggS" + bytes(23), b"ID3", b"ID3\x04\0\0\0\0\0\x0a" + bytes(10), bytes(100)]
)
def test_what_an_encoder_should_never_write_is_no_crash(tmp_path: Path, form: str, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(containers.NotTagged):
        containers.tag(form, tmp_path / "a", tmp_path / "b", fields(tags()))
