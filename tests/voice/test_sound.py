"""Sound as a switch wants it: the low-pass, the silence at both ends, one loudness."""

import math
import random
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.voice import sound
from cti.voice.sound import Silent, levelled, pause_after, prepared, resampled, trimmed
from tests.voice.sounds import active_level, decibels, silence, sine


@pytest.mark.parametrize("rate", [6000, 11025, 16000, 22050, 22051, 44100, 48000])
@pytest.mark.parametrize("hertz", [300, 1000, 2500])
def test_what_a_telephone_carries_passes_unchanged(rate: int, hertz: int) -> None:
    out = resampled(sine(hertz, rate, 0.5), rate)
    assert len(out) in (3999, 4000)
    wanted = sine(hertz, 8000, len(out) / 8000)
    difference = [a - b for a, b in zip(out[200:-200], wanted[200:-200], strict=True)]
    assert decibels(difference) < decibels(wanted) - 55


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
@pytest.mark.parametrize("hertz", [4600, 5000, 7000, 10000])
def test_what_8_khz_cannot_carry_is_gone_and_not_folded_back(rate: int, hertz: int) -> None:
    out = resampled(sine(hertz, rate, 0.5), rate)
    assert decibels(out[200:-200]) < decibels(sine(hertz, rate, 0.5)) - 60


def test_8_khz_stays_as_it_is() -> None:
    assert list(resampled([1.0, -2.0, 3.0], 8000)) == [1.0, -2.0, 3.0]


def test_nothing_becomes_nothing() -> None:
    assert len(resampled([], 22050)) == 0


def test_the_silence_at_both_ends_has_the_length_that_is_asked_for() -> None:
    tone = sine(500, 8000, 0.4)
    for before, behind in ((0.0, 0.0), (0.3, 0.9), (0.0, 0.02)):
        out = trimmed(array("f", silence(before) + tone + silence(behind)), 0.1)
        loud = [at for at, sample in enumerate(out) if abs(sample) > 1000]
        assert abs(loud[0] / 8000 - sound.LEAD) < 0.006
        assert abs((len(out) - loud[-1]) / 8000 - 0.1) < 0.006


def test_noise_of_a_room_is_trimmed_and_a_weak_consonant_is_not() -> None:
    draw = random.Random(7)
    room = [draw.uniform(-20, 20) for _ in range(4000)]
    consonant = [draw.uniform(-400, 400) for _ in range(800)]
    out = trimmed(array("f", room + consonant + sine(500, 8000, 0.3) + room), 0.05)
    assert abs(len(out) / 8000 - (sound.LEAD + 0.1 + 0.3 + 0.05)) < 0.012


@pytest.mark.parametrize("samples", [[], silence(1), sine(500, 8000, 1, 60)])
def test_silence_is_no_sound(samples: list[float]) -> None:
    with pytest.raises(Silent):
        trimmed(array("f", samples), 0.05)


@pytest.mark.parametrize("amplitude", [500, 3000, 20_000, 32_000])
def test_loud_and_soft_become_equally_loud(amplitude: float) -> None:
    out = levelled(array("f", sine(700, 8000, 0.5, amplitude) + silence(0.5)))
    assert active_level(out) == pytest.approx(sound.ACTIVE_LEVEL, abs=0.1)


def test_a_sound_with_high_peaks_stays_softer_and_is_not_clipped() -> None:
    out = levelled(array("f", [30_000.0 if at % 800 == 0 else 20.0 for at in range(8000)]))
    assert max(map(abs, out)) == round(32768 * sound.PEAK)


@settings(max_examples=60)
@given(
    rate=st.sampled_from([8000, 11025, 16000, 22050, 44100]),
    amplitude=st.floats(200, 32_767),
    length=st.floats(0.03, 0.4),
    after=st.floats(0, 0.4),
    seed=st.integers(0, 1000),
)
def test_whatever_comes_in_the_wav_has_its_length_and_is_not_clipped(
    rate: int, amplitude: float, length: float, after: float, seed: int
) -> None:
    draw = random.Random(seed)
    noise = [draw.uniform(-amplitude, amplitude) for _ in range(round(rate * length))]
    made = prepared([0.0] * (rate // 10) + noise + [0.0] * (rate // 10), rate, after)
    assert made[:4] == b"RIFF"
    assert int.from_bytes(made[4:8], "little") == len(made) - 8
    assert int.from_bytes(made[40:44], "little") == len(made) - 44
    samples = array("h", made[44:])
    assert max(map(abs, samples)) <= math.ceil(32768 * sound.PEAK)
    assert len(samples) / 8000 == pytest.approx(sound.LEAD + length + after, abs=0.013)


@pytest.mark.parametrize(
    ("text", "pause"),
    [
        ("请按", 0.04),
        ("您好，", 0.16),
        ("再见。", 0.35),
        ("“再见。”", 0.35),
        ("Goodbye. ", 0.35),
        ("one, ", 0.16),
        ("", 0.04),
    ],
)
def test_the_pause_behind_a_text_is_that_of_its_punctuation(text: str, pause: float) -> None:
    assert pause_after(text) == pause
