"""Pieces become files: cached, shared, replaced by recordings, checked."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cti.config.settings import Voice as Section
from cti.ivr.prompts import Piece, Recording, Speech
from cti.softswitch.rtp.audio import read_wav as read_as_the_softswitch
from cti.softswitch.rtp.codec import PCMA
from cti.softswitch.rtp.sources import Library
from cti.voice.cache import Pruned
from cti.voice.errors import CacheError, EngineError, RecordingError
from cti.voice.options import Options
from cti.voice.voice import Progress, Voice, unrenderable
from tests.voice.conftest import Make, until
from tests.voice.sounds import DATA, active_level, mean, pitch, read_wav, seconds, sine, write_wav
from tests.voice.test_engines import program

HELLO = Speech("您好。", "zh-CN")
BYE = Speech("再见。", "zh-CN")


@pytest.fixture
async def voice(options: Make) -> AsyncIterator[Voice]:
    async with Voice(options()) as opened:
        yield opened


def counting(tmp_path: Path, code: str = "tone(sys.argv[1], 0.3)") -> list[str]:
    """A command that writes a line for each text that it is asked for."""
    line = f"open({str(tmp_path / 'asked')!r}, 'a').write(sys.stdin.read() + chr(10))\n"
    return [program(tmp_path, line + code), "{file}"]


def asked(tmp_path: Path) -> list[str]:
    return (tmp_path / "asked").read_text().splitlines()


def test_the_settings_have_the_voices_options_field_for_field() -> None:
    assert Options(**Section().model_dump()) == Options(
        **{name: getattr(Section(), name) for name in Section.model_fields}
    )
    assert {
        name: getattr(Options(), name) for name in Section.model_fields if name != "command"
    } == Section().model_dump(exclude={"command"})


# the cache


async def test_the_same_text_is_rendered_once_and_another_anew(options: Make, tmp_path: Path) -> None:
    async with Voice(options(engine="command", command=counting(tmp_path))) as voice:
        first = await voice.path(Speech("您好", "zh-CN"))
        assert await voice.path(Speech("您好", "zh-CN")) == first
        assert await voice.path(Speech("  您好\n", "zh-CN")) == first
        assert await voice.path(Speech("您好！", "zh-CN")) != first
    async with Voice(options(engine="command", command=counting(tmp_path))) as voice:
        assert await voice.path(Speech("您好", "zh-CN")) == first
    assert asked(tmp_path) == ["您好", "您好！"]


async def test_many_callers_who_want_the_same_at_once_wait_for_one_rendering(options: Make, tmp_path: Path) -> None:
    async with Voice(options(engine="command", command=counting(tmp_path), workers=4)) as voice:
        paths = await asyncio.gather(*(voice.path(HELLO) for _ in range(20)))
    assert len(set(paths)) == 1
    assert asked(tmp_path) == ["您好。"]


async def test_a_caller_who_hangs_up_while_all_wait_does_not_take_it_from_the_others(
    options: Make, tmp_path: Path
) -> None:
    command = counting(tmp_path, "import time; time.sleep(0.3); tone(sys.argv[1], 0.3)")
    async with Voice(options(engine="command", command=command)) as voice:
        first, second = (asyncio.create_task(voice.path(HELLO)) for _ in range(2))
        await until((tmp_path / "asked").exists)
        first.cancel()
        assert (await second).exists()
        assert first.cancelled()


async def test_a_text_that_failed_is_not_tried_for_every_caller(options: Make, tmp_path: Path) -> None:
    command = counting(tmp_path, "sys.exit('no model')")
    async with Voice(options(engine="command", command=command)) as voice:
        for _ in range(3):
            with pytest.raises(EngineError, match="no model"):
                await voice.path(HELLO)
        assert asked(tmp_path) == ["您好。"]
        voice.reload()
        with pytest.raises(EngineError, match="no model"):
            await voice.path(HELLO)
        assert asked(tmp_path) == ["您好。", "您好。"]


async def test_a_file_that_somebody_deleted_is_rendered_again(voice: Voice) -> None:
    path = await voice.path(HELLO)
    path.unlink()
    assert await voice.path(HELLO) == path
    assert path.exists()


async def test_two_servers_may_render_the_same_at_the_same_time(options: Make) -> None:
    pieces: list[Piece] = [Speech(f"第{number}位", "zh-CN") for number in range(8)]
    async with Voice(options()) as one, Voice(options()) as other:
        await asyncio.gather(one.ready(pieces), other.ready(pieces))
    files = sorted(path.name for path in options().cache.iterdir())
    assert len(files) == 8
    assert all(name.endswith(".wav") for name in files)


async def test_a_cache_that_cannot_be_written_is_told_to_the_server_and_does_not_trouble_the_check(
    options: Make, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    async with Voice(options(cache=tmp_path / "file" / "cache")) as voice:
        with pytest.raises(CacheError, match="cannot be written: Not a directory"):
            await voice.path(HELLO)
        assert await voice.unrenderable([HELLO, BYE]) == []


async def test_pruning_keeps_what_was_made_ready(voice: Voice) -> None:
    await voice.ready([HELLO])
    unused = await voice.path(BYE)
    for file in unused.parent.iterdir():
        os.utime(file, (1e9, 1e9))
    size = unused.stat().st_size
    assert await asyncio.to_thread(voice.prune, 86400) == Pruned(1, size)
    assert [path.stem for path in unused.parent.iterdir()] == [voice.key(HELLO)]


# rendering ahead


async def test_all_pieces_are_made_ready_with_progress_and_a_failure_does_not_stop_the_others(voice: Voice) -> None:
    seen: list[Progress] = []
    pieces: list[Piece] = [HELLO, Speech("😀", "zh-CN"), BYE, HELLO, Recording("missing.wav")]
    result = await voice.ready(pieces, seen.append)
    assert (result.done, result.total, result.made) == (4, 4, 2)
    assert [failure.piece for failure in result.failures] == [Speech("😀", "zh-CN"), Recording("missing.wav")]
    assert [progress.done for progress in seen] == [1, 2, 3, 4]
    again = await voice.ready(pieces)
    assert (again.made, len(again.failures)) == (0, 2)
    assert [voice.is_ready(piece) for piece in (HELLO, Speech("😀", "zh-CN"), BYE)] == [True, False, True]


# what a switch plays


async def test_a_playlist_has_a_file_a_piece_and_tells_what_is_left_out(voice: Voice) -> None:
    one = Speech("一", "zh-CN")
    playlist = await voice.playlist([Speech("请按", "zh-CN"), one, Speech("😀", "zh-CN"), one])
    assert playlist.files == (await voice.path(Speech("请按", "zh-CN")), await voice.path(one), await voice.path(one))
    assert [(failure.piece, failure.why) for failure in playlist.left_out] == [
        (Speech("😀", "zh-CN"), "nothing in it can be spoken: '😀'")
    ]


async def test_the_embedded_softswitch_plays_the_files_one_after_the_other(voice: Voice) -> None:
    playlist = await voice.playlist([Speech("请按", "zh-CN"), Speech("一", "zh-CN")])
    sounds = [read_as_the_softswitch(path) for path in playlist.files]
    assert all(sound.samples > 1000 for sound in sounds)
    source = Library(lambda: 0, Path("/")).source("file_string://" + "!".join(map(str, playlist.files)))
    frames = 0
    while source.next(PCMA) is not None:
        frames += 1
    assert frames == sum(sound.frames for sound in sounds)


async def test_composed_pieces_flow_without_gaps_that_are_heard_as_pauses(voice: Voice) -> None:
    playlist = await voice.playlist([Speech(text, "zh-CN") for text in "二零二六"])
    samples = [sample for path in playlist.files for sample in read_wav(path)]
    quiet = longest = 0
    for at in range(400, len(samples) - 400, 40):
        quiet = quiet + 40 if max(map(abs, samples[at : at + 40])) < 300 else 0
        longest = max(longest, quiet)
    assert longest / 8000 < 0.15
    levels = [active_level(read_wav(path)) for path in playlist.files]
    assert max(levels) - min(levels) < 1


# recordings


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (11025, 1), (16000, 2), (44100, 2), (48000, 1)])
async def test_recordings_of_any_rate_become_what_the_switch_plays(
    voice: Voice, tmp_path: Path, rate: int, channels: int
) -> None:
    recorded = [0.0] * rate + sine(440, rate, 0.5, 3000) + [0.0] * rate
    write_wav(tmp_path / "recordings" / "welcome.wav", recorded, rate, channels)
    samples = read_wav(await voice.path(Recording("welcome.wav")))
    assert seconds(samples) == pytest.approx(0.02 + 0.5 + 0.08, abs=0.012)
    assert active_level(samples) == pytest.approx(-20, abs=0.3)
    crossings = sum(a < 0 <= b for a, b in zip(samples[400:3600], samples[401:3601], strict=True))
    assert crossings == pytest.approx(440 * 0.4, abs=1)


@pytest.mark.parametrize("name", ["ma.mp3", "ma.flac", "ma.ogg"])
async def test_compressed_recordings_are_read(options: Make, name: str) -> None:
    async with Voice(options(recordings=DATA)) as voice:
        samples = read_wav(await voice.path(Recording(name)))
    assert 0.25 < seconds(samples) < 0.45
    assert 80 < mean(pitch(samples)) < 110


async def test_a_recording_that_was_recorded_anew_is_converted_anew(voice: Voice, tmp_path: Path) -> None:
    file = write_wav(tmp_path / "recordings" / "a.wav", sine(440, 8000, 0.5), 8000)
    first = await voice.path(Recording("a.wav"))
    assert await voice.path(Recording("a.wav")) == first
    write_wav(file, sine(440, 8000, 0.7), 8000)
    second = await voice.path(Recording("a.wav"))
    assert seconds(read_wav(second)) > seconds(read_wav(first))
    write_wav(tmp_path / "recordings" / "copy.wav", sine(440, 8000, 0.7), 8000)
    assert await voice.path(Recording("copy.wav")) == second


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, "cannot be read: No such file or directory. Put a WAV, MP3, FLAC or OGG Vorbis there"),
        (b"", "not a WAV, MP3, FLAC or OGG Vorbis. Put a WAV, MP3, FLAC or OGG Vorbis there"),
        (b"#!/bin/sh", "not a WAV, MP3, FLAC or OGG Vorbis. Put a WAV, MP3, FLAC or OGG Vorbis there"),
        (b"RIFF....WAVEfmt ", "cannot be decoded. Put a WAV, MP3, FLAC or OGG Vorbis there"),
        (b"OggS" + bytes(24) + b"OpusHead", "cannot be decoded. Put a WAV, MP3, FLAC or OGG Vorbis there"),
        (b"\xff\xfb" + bytes(100), "cannot be decoded. Put a WAV, MP3, FLAC or OGG Vorbis there"),
    ],
)
async def test_a_recording_that_is_none_is_told(
    voice: Voice, tmp_path: Path, content: bytes | None, error: str
) -> None:
    file = tmp_path / "recordings" / "a.wav"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(RecordingError) as raised:
        await voice.path(Recording("a.wav"))
    assert str(raised.value) == f"{file}: {error}"


async def test_a_silent_recording_is_told(voice: Voice, tmp_path: Path) -> None:
    write_wav(tmp_path / "recordings" / "a.wav", [0.0] * 8000, 8000)
    with pytest.raises(RecordingError, match="no sound in it. Record it again, louder"):
        await voice.path(Recording("a.wav"))


async def test_a_recording_replaces_the_text_that_the_table_gives_it_for(options: Make, tmp_path: Path) -> None:
    write_wav(tmp_path / "recordings" / "bye.wav", sine(440, 8000, 0.9), 8000)
    (tmp_path / "recordings" / "recorded.csv").write_text("zh-CN,再见。,bye.wav\nzh-CN,改过的,old.wav\n", "utf-8")
    async with Voice(options()) as voice:
        assert (voice.is_recorded(BYE), voice.is_recorded(HELLO)) == (True, False)
        assert seconds(read_wav(await voice.path(BYE))) == pytest.approx(1.0, abs=0.01)
        assert await voice.path(BYE) == await voice.path(Recording("bye.wav"))
        assert [unused.text for unused in voice.unused_replacements([HELLO, BYE])] == ["改过的"]
        assert voice.script([HELLO, BYE, HELLO]) == "language,text,file\nzh-CN,您好。,\nzh-CN,再见。,bye.wav\n"
        (tmp_path / "recordings" / "recorded.csv").unlink()
        voice.reload()
        assert not voice.is_recorded(BYE)


async def test_a_replacement_without_its_file_is_found_by_the_check(options: Make, tmp_path: Path) -> None:
    (tmp_path / "recordings" / "recorded.csv").write_text("zh-CN,再见。,bye.wav\n", "utf-8")
    async with Voice(options()) as voice:
        [failure] = await voice.unrenderable([BYE])
    assert (failure.piece, failure.why) == (
        BYE,
        f"{tmp_path}/recordings/bye.wav: cannot be read: No such file or directory",
    )


# the check


def test_the_check_finds_what_cannot_be_said_and_writes_nothing(options: Make, tmp_path: Path) -> None:
    pieces: list[Piece] = [
        HELLO,
        Speech("😀", "zh-CN"),
        Speech("好😀こ", "zh-CN"),
        Speech("Welcome to 售后服务热线", "en"),
        Recording("a.wav"),
    ]
    failures = unrenderable(options(), pieces)
    assert [(failure.piece, str(failure)) for failure in failures] == [
        (pieces[1], "nothing in it can be spoken: '😀'. Change the text, or record it (voice.replacements)"),
        (pieces[2], "cannot be spoken: 😀 (U+1F600), こ (U+3053). Take it out of the text"),
        (
            pieces[4],
            f"{tmp_path}/recordings/a.wav: cannot be read: No such file or directory. "
            "Put a WAV, MP3, FLAC or OGG Vorbis there",
        ),
    ]
    assert not (tmp_path / "cache").exists()


def test_the_check_lets_a_command_say_everything(options: Make, tmp_path: Path) -> None:
    command = counting(tmp_path)
    assert unrenderable(options(engine="command", command=command), [HELLO, BYE]) == []
    assert sorted(asked(tmp_path)) == ["再见。", "您好。"]
