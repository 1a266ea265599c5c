"""Tones measured, music shared, names resolved."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.softswitch.rtp import tones
from cti.softswitch.rtp.codec import PCMA, PCMU
from cti.softswitch.rtp.errors import SoundError
from cti.softswitch.rtp.sources import Following, Library, Playing, Silence, Source, Station
from tests.softswitch.rtp.ear import hears, level, loudness, tone
from tests.softswitch.rtp.test_audio import samples_of, write


def sound(text: str) -> list[int]:
    return samples_of(tones.parse(text).sound)


def frames(source: Source, most: int = 1000) -> list[bytes]:
    found: list[bytes] = []
    while len(found) < most and (frame := source.next(PCMA)) is not None:
        found.append(frame)
    return found


def test_tones_last_and_pause_as_written() -> None:
    samples = sound("%(300,100,440), %(200,40,350,1000)")
    assert len(samples) == 640 * 8
    assert hears(samples[:2400], 440)
    assert loudness(samples[2400:3200]) < 10
    assert hears(samples[3200:4800], 350, 1000)
    assert loudness(samples[4800:]) < 10


def test_the_volume_is_that_of_libteletone() -> None:
    assert level(sound("%(400,0,440)"), 440) == pytest.approx(10185, rel=0.02)  # -7 dBm0
    assert level(sound("v=-27;%(400,0,440)"), 440) == pytest.approx(1018.5, rel=0.03)
    assert level(sound("%(400,0,350,1000)"), 350) == pytest.approx(10185 / 2, rel=0.02)


def test_loops_repeat_all_of_it() -> None:
    assert tones.parse("%(20,20,440)").times == 1
    assert tones.parse("%(20,20,440);loops=3").times == 3
    assert tones.parse("L=2;%(20,20,440)").times == 2
    assert tones.parse("%(2000,4000,440,480);loops=-1").times is None
    assert len(sound("l=3;%(20,20,440)")) == 3 * 320


def test_keys_stand_for_themselves() -> None:
    samples = sound("d=100;w=100;1#")
    assert len(samples) == 3200
    assert hears(samples[:800], 697, 1209, among=(697, 941, 1209, 1477))
    assert hears(samples[1600:2400], 941, 1477, among=(697, 941, 1209, 1477))


@pytest.mark.parametrize("text", ["", "%(100,100)", "%(1,2,9000)", "%(999999999,0,440)", "hello", "%(100,100,440"])
def test_what_is_no_tone_is_a_clear_error(text: str) -> None:
    with pytest.raises(SoundError):
        tones.parse(text)


@given(st.text("%(),;=lLvdw-0123456789. >+#A", max_size=40))
def test_fuzz_tones_are_frames_or_one_error(text: str) -> None:
    try:
        found = tones.parse.__wrapped__(text)
    except SoundError:
        return
    assert found.sound.frames > 0
    assert len(found.sound.frame(0, PCMU)) == 160


def test_a_playing_sound_ends_after_its_times() -> None:
    tones_ = tones.parse("%(40,0,440)")
    assert len(frames(Playing(tones_.sound))) == 2
    assert len(frames(Playing(tones_.sound, 3))) == 6
    assert len(frames(Playing(tones_.sound, None), 99)) == 99


def test_silence_lasts_as_long_as_it_says() -> None:
    assert len(frames(Silence(100))) == 5
    assert len(frames(Silence(-1), 77)) == 77
    assert Silence(20).next(PCMU) == PCMU.frame_of_silence


def test_sources_follow_each_other_without_a_gap() -> None:
    ring = Playing(tones.parse("%(40,0,440)").sound)
    assert len(frames(Following([Silence(40), ring, Silence(20)]))) == 5


def test_everybody_hears_the_same_music(tmp_path: Path) -> None:
    for name, hertz in (("a", 440), ("b", 1000)):
        write(tmp_path / f"{name}.wav", tone(hertz, 8000))
    slot = 0
    library = Library(lambda: slot, tmp_path, {"moh": tmp_path})
    first, second = library.source("local_stream://moh"), library.source("local_stream://moh")
    heard = []
    for slot in range(120):  # noqa: B007 (the library asks for it)
        heard.append(first.next(PCMA))
        assert second.next(PCMA) is heard[-1]
    samples = [sample for frame in heard if frame for sample in PCMA.decode(frame)]
    assert hears(samples[:8000], 440)
    assert hears(samples[8000:16000], 1000)
    assert hears(samples[16000:], 440)  # and from the beginning
    assert isinstance(first, Station)


def test_names_are_those_of_freeswitch(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", tone(440, 800))
    library = Library(lambda: 0, tmp_path, {"moh": "%(1000,0,350);loops=-1"})
    assert len(frames(library.source("a.wav"))) == 5
    assert len(frames(library.source(str(tmp_path / "a.wav")))) == 5
    assert len(frames(library.source("tone_stream://%(40,0,440);loops=2"))) == 4
    assert len(frames(library.source("silence_stream://60,1400"))) == 3
    assert len(frames(library.source("file_string://a.wav!silence_stream://40!a.wav"))) == 12
    assert len(frames(library.source("local_stream://moh"), 10)) == 10


@pytest.mark.parametrize(
    "name", ["none.wav", "local_stream://none", "shout://x", "silence_stream://x", "tone_stream://"]
)
def test_a_name_that_is_not_known_is_a_clear_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(SoundError):
        Library(lambda: 0, tmp_path).source(name)
