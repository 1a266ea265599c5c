"""WAV files: what is in those of a switch, and what becomes of them."""

import hashlib
import io
import json
import struct
import subprocess
import wave
from pathlib import Path

import pytest

from cti.records.recordings import wav
from cti.records.recordings.tags import fields, from_json, to_json
from cti.records.recordings.wav import NotWav, Wav, measure, write_tagged
from cti.softswitch.rtp.audio import read_wav
from tests.acceptance.programs import needed
from tests.records.recordings import RATE, chunks, header, info, stereo, tags

SOUND = stereo(1.0)


def measured(content: bytes) -> Wav:
    return measure(io.BytesIO(content))


def test_a_whole_file_is_as_it_says() -> None:
    found = measured(header(len(SOUND)) + SOUND)
    assert (found.channels, found.rate, found.begins, found.size, found.repaired) == (2, RATE, 44, len(SOUND), False)
    assert found.seconds == 1.0


@pytest.mark.parametrize(
    ("said", "what"),
    [
        (0, "FreeSWITCH was killed: it writes sizes at the end only"),
        (len(SOUND) // 2, "the embedded softswitch was killed: its header is a second old"),
        (0xFFFFFFFF, "a program that writes to a pipe"),
        (len(SOUND) * 2, "the disk was full"),
    ],
)
def test_a_header_that_was_not_finished_is_corrected_from_the_length(said: int, what: str) -> None:
    head = header(0)[:40] + struct.pack("<I", said)
    found = measured(head + SOUND)
    assert (found.size, found.repaired) == (len(SOUND), True), what


def test_half_a_sample_at_the_end_is_left_out() -> None:
    assert measured(header(0)[:40] + b"\xff\xff\xff\xff" + SOUND + b"abc").size == len(SOUND)


def test_chunks_behind_the_sound_are_no_sound() -> None:
    comment = b"LIST" + struct.pack("<I", 12) + b"INFOICMT\0\0\0\0"
    found = measured(header(len(SOUND)) + SOUND + comment)
    assert (found.size, found.repaired) == (len(SOUND), False)


def test_chunks_before_the_sound_are_skipped() -> None:
    head = header(len(SOUND))
    content = head[:36] + b"LIST" + struct.pack("<I", 5) + b"INFOx\0" + head[36:] + SOUND
    assert (measured(content).begins, measured(content).size) == (58, len(SOUND))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        b"OggS" + bytes(100),
        header(0)[:36],
        header(0)[:12] + b"data" + bytes(4) + SOUND,
        header(0)[:12] + b"fmt " + struct.pack("<I", 16) + bytes(16) + b"data" + bytes(4),
        header(0)[:12] + b"data" + struct.pack("<I", 0xFFFFFFF0) * 4,
    ],
)
def test_what_is_no_wav_is_refused(content: bytes) -> None:
    with pytest.raises(NotWav):
        measured(content)


def test_no_sound_is_no_error() -> None:
    assert measured(header(0)).size == 0


def tagged(path: Path, content: bytes, texts: dict[str, str] | None = None) -> tuple[int, str]:
    source = io.BytesIO(content)
    with path.open("wb") as target:
        return write_tagged(source, measure(source), fields(tags()) if texts is None else texts, target)


def test_sound_and_tags_are_read_by_others(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    size, sha256 = tagged(path, header(0) + SOUND)

    assert path.stat().st_size == size
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    with wave.open(str(path)) as opened:
        assert (opened.getnchannels(), opened.getframerate(), opened.getsampwidth()) == (2, RATE, 2)
        assert opened.readframes(2 * RATE) == SOUND
    assert [name for name, _ in chunks(path)] == ["fmt ", "data", "CSET", "LIST"]
    texts = info(path)
    assert json.loads(texts.pop("ICMT")) == to_json(tags())
    assert texts == {
        "INAM": "call-1 +8613800138000",
        "IART": "1001, 1009",
        "IPRD": "售后服务热线",
        "IGNR": "service",
        "ICRD": "2026-11-20T17:30:00Z",
    }


def test_the_embedded_softswitch_plays_what_was_tagged(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    tagged(path, header(len(SOUND)) + SOUND)
    plain = tmp_path / "b.wav"
    plain.write_bytes(header(len(SOUND)) + SOUND)
    assert read_wav(path)._data == read_wav(plain)._data


def test_a_tagged_file_can_be_tagged_again(tmp_path: Path) -> None:
    tagged(tmp_path / "a.wav", header(0) + SOUND)
    tagged(tmp_path / "b.wav", (tmp_path / "a.wav").read_bytes())
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_sound_of_an_odd_length_is_padded(tmp_path: Path) -> None:
    layout = struct.pack("<HHIIHH", 7, 1, RATE, RATE, 1, 8)  # mu-law
    head = struct.pack("<4sI4s4sI16s4sI", b"RIFF", 0, b"WAVE", b"fmt ", 16, layout, b"data", 0)
    tagged(tmp_path / "a.wav", head + b"123")
    found = dict(chunks(tmp_path / "a.wav"))
    assert (found["data"], found["fact"]) == (b"123", struct.pack("<I", 3))


@pytest.mark.parametrize(
    "hostile",
    [
        "\r\nX: 1",
        "a\0b",
        "\ud800",
        "\u202eevil",
        "'; DROP TABLE calls; --",
        "%n%s",
        "x" * 10_000,
        "张三" * 300,
        "\U0001f4de",
    ],
)
def test_hostile_text_is_text(tmp_path: Path, hostile: str) -> None:
    known = tags(hotline=hostile)
    tagged(tmp_path / "a.wav", header(0) + SOUND, fields(known))
    texts = info(tmp_path / "a.wav")
    assert set(texts) == {"INAM", "IART", "IPRD", "IGNR", "ICRD", "ICMT"}
    assert len(texts["IPRD"]) <= 200
    assert not any(ord(character) < 32 for text in texts.values() for character in text)
    assert from_json(json.loads(texts["ICMT"])) == known


def test_the_comment_is_ascii_because_some_readers_take_utf_8_for_latin() -> None:
    assert fields(tags())["comment"].isascii()


def test_very_many_masked_stretches_are_cut_in_the_file_and_counted() -> None:
    comment = json.loads(fields(tags(masked=((1.0, 2.0),) * 2000))["comment"])
    assert (len(comment["masked"]), comment["masked_in_all"]) == (500, 2000)


def test_more_than_a_wav_can_hold_is_refused_before_anything_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is 4 GiB, which is 37 hours; here it is one second."""
    monkeypatch.setattr(wav, "MOST", len(SOUND))
    source, target = io.BytesIO(header(0) + SOUND), io.BytesIO()
    with pytest.raises(NotWav, match="larger than the 4 GiB"):
        write_tagged(source, measure(source), {}, target)
    assert target.getvalue() == b""


def test_a_file_of_4_gib_is_measured_from_its_length(tmp_path: Path) -> None:
    """Sparse: it takes no room. The 32 bits of its header cannot say how long it is."""
    path = tmp_path / "long.wav"
    size = (1 << 32) + 4 * RATE
    with path.open("wb") as file:
        file.write(header(0)[:40] + b"\xff\xff\xff\xff")
        file.truncate(44 + size)
    with path.open("rb") as file:
        assert measure(file).size == size


@pytest.mark.parametrize(
    ("words", "package", "said"),
    [
        (["ffprobe", "-hide_banner"], "ffmpeg", ["album           : 售后服务热线", "artist          : 1001, 1009"]),
        (["exiftool"], "libimage-exiftool-perl", ["Product                         : 售后服务热线", "1001, 1009"]),
        (["sndfile-info"], "sndfile-programs", ["IPRD : 售后服务热线", "IART : 1001, 1009"]),
        (["soxi"], "sox", ["Channels       : 2", "= 8000 samples"]),
    ],
)
def test_other_programs_read_it(tmp_path: Path, words: list[str], package: str, said: list[str]) -> None:
    program = needed(words[0], package)
    tagged(tmp_path / "a.wav", header(0) + SOUND)
    done = subprocess.run([program, *words[1:], tmp_path / "a.wav"], capture_output=True, check=True)
    text = (done.stdout + done.stderr).decode()
    for line in said:
        assert line in text
