"""WAVs as people bring them, and the cache."""

import math
import os
import struct
import wave
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.softswitch.rtp.audio import Sound, SoundCache, parse_wav, read_wav
from cti.softswitch.rtp.codec import PCMA, PCMU
from cti.softswitch.rtp.errors import SoundError
from tests.softswitch.rtp.ear import hears, level, loudness, tone


def write(path: Path, samples: list[int], rate: int = 8000, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return path


def samples_of(sound: Sound) -> list[int]:
    return [sample for number in range(sound.frames) for sample in PCMA.decode(sound.frame(number, PCMA))]


def test_a_wav_becomes_frames_of_160_octets(tmp_path: Path) -> None:
    sound = read_wav(write(tmp_path / "a.wav", tone(440, 1000)))
    assert (sound.samples, sound.frames, sound.milliseconds) == (1000, 7, 125)
    assert {len(sound.frame(number, codec)) for number in range(7) for codec in (PCMA, PCMU)} == {160}
    assert sound.frame(0, PCMU) == PCMU.encode(tone(440, 160))
    assert sound.frame(6, PCMA)[40:] == PCMA.silence * 120


@pytest.mark.parametrize("rate", [8000, 16000, 24000, 48000])
@pytest.mark.parametrize("channels", [1, 2])
def test_other_rates_and_stereo_keep_pitch_and_loudness(tmp_path: Path, rate: int, channels: int) -> None:
    factor = rate // 8000
    fast = [round(8000 * math.sin(2 * math.pi * 440 * at / rate)) for at in range(4000 * factor)]
    both = [sample for sample in fast for _ in range(channels)]
    sound = read_wav(write(tmp_path / "a.wav", both, rate, channels))
    assert sound.samples == 4000
    found = samples_of(sound)
    assert hears(found, 440)
    assert level(found, 440) == pytest.approx(8000, rel=0.05)


def test_a_wav_that_is_still_written_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(440, 800))
    for size in (0, 0xFFFFFFFF):
        content = bytearray(path.read_bytes())
        content[40:44] = struct.pack("<I", size)
        assert parse_wav(bytes(content)).samples == (0 if size == 0 else 800)


def test_chunks_before_the_sound_are_skipped(tmp_path: Path) -> None:
    content = write(tmp_path / "a.wav", tone(440, 800)).read_bytes()
    odd = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    assert parse_wav(content[:12] + odd + content[12:]).samples == 800


def test_what_cannot_be_played_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SoundError, match=r"44100 Hz.*sox"):
        read_wav(write(tmp_path / "cd.wav", [0] * 100, 44100))
    with pytest.raises(SoundError, match="not a WAV"):
        parse_wav(b"ID3" + bytes(100))
    with pytest.raises(SoundError, match="No such file"):
        read_wav(tmp_path / "none.wav")
    with pytest.raises(SoundError, match="8 bits"):
        parse_wav(b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8) + b"data\0\0\0\0")


@given(st.binary(max_size=200), st.booleans())
def test_fuzz_bytes_are_a_sound_or_one_error(data: bytes, headed: bool) -> None:
    try:
        sound = parse_wav(b"RIFF\0\0\0\0WAVE" + data if headed else data)
    except SoundError:
        return
    assert all(len(sound.frame(number, PCMA)) == 160 for number in range(sound.frames))


def test_the_cache_reads_a_file_once_and_again_when_it_changes(tmp_path: Path) -> None:
    cache, path = SoundCache(), write(tmp_path / "a.wav", tone(440, 800))
    first = cache.get(path)
    assert cache.get(path) is first
    write(path, tone(440, 1600))
    os.utime(path, ns=(1, 1))
    assert cache.get(path).samples == 1600


def test_the_cache_forgets_what_was_not_played_for_longest(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{number}.wav", [0] * 8000) for number in range(3)]
    cache = SoundCache(limit=60_000)
    first, second = cache.get(paths[0]), cache.get(paths[1])
    assert cache.get(paths[0]) is first
    cache.get(paths[2])
    assert len(cache) == 2
    assert cache.get(paths[1]) is not second


def test_silence_is_silent() -> None:
    assert loudness(PCMA.decode(PCMA.frame_of_silence)) < 10
