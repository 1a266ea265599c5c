"""What espeak-ng really says: listened to in its own process, as the server does."""

import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import espeakng_loader
import pytest

from cti.ivr.prompts import Speech
from cti.ivr.say import vocabulary
from cti.ivr.values import LANGUAGES, Language
from cti.voice.errors import EngineError, Unspeakable
from cti.voice.sound import ACTIVE_LEVEL
from cti.voice.voice import Voice
from tests.voice.conftest import Make
from tests.voice.sounds import active_level, mean, pitch, read_wav, seconds, share


@pytest.fixture
async def voice(options: Make) -> AsyncIterator[Voice]:
    async with Voice(options()) as opened:
        yield opened


async def heard(voice: Voice, text: str, language: str = "zh-CN") -> list[int]:
    return list(read_wav(await voice.path(Speech(text, language))))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "language", "least", "most"),
    [
        ("您好，这里是售后服务热线。", "zh-CN", 2.5, 4.5),
        ("维修请按1，订单请按2，人工服务请按0。", "zh-CN", 4, 8),
        ("Thank you for calling. Please hold the line.", "en", 2, 4.5),
        ("您好，这里是售后服务热线。", "yue", 2.5, 4.5),
        ("一", "zh-CN", 0.15, 0.6),
    ],
)
async def test_a_prompt_is_speech_of_plausible_length(
    voice: Voice, text: str, language: str, least: float, most: float
) -> None:
    samples = await heard(voice, text, language)
    assert least < seconds(samples) < most
    assert active_level(samples) == pytest.approx(ACTIVE_LEVEL, abs=1)
    assert share(samples, 60, 3400) > 0.95
    assert share(samples, 500, 3400) > 0.1


async def test_more_words_take_longer_and_other_words_sound_otherwise(voice: Voice) -> None:
    short, long = await heard(voice, "请稍候。"), await heard(voice, "请稍候，正在为您转接人工服务。")
    assert seconds(long) > 2 * seconds(short)
    assert await heard(voice, "四") != await heard(voice, "十")


async def test_the_four_tones_of_mandarin(voice: Voice) -> None:
    level, rising, low, falling = [pitch(await heard(voice, syllable)) for syllable in "妈麻马骂"]
    assert min(level) > 0.85 * max(level)
    assert mean(rising[-3:]) > 1.12 * mean(rising[:3])
    assert mean(falling[-3:]) < 0.95 * max(falling)
    assert mean(low) < 0.9 * mean(level)


async def test_figures_are_said_as_words(voice: Voice) -> None:
    figures, words = await heard(voice, "2026年有2个"), await heard(voice, "二零二六年有两个")
    assert abs(seconds(figures) - seconds(words)) < 0.02


async def test_a_chinese_name_in_an_english_prompt_is_said(voice: Voice) -> None:
    with_name, without = await heard(voice, "Welcome to 售后服务热线.", "en"), await heard(voice, "Welcome to.", "en")
    assert seconds(with_name) > seconds(without) + 0.8


@pytest.mark.parametrize("markup", ["[[ni hao]]", "<speak>", "\x01 400S"])
async def test_markup_does_not_steer_it(voice: Voice, markup: str) -> None:
    plain, marked = await heard(voice, "请稍候"), await heard(voice, markup + "请稍候")
    assert seconds(marked) > seconds(plain) - 0.02


async def test_what_was_said_before_changes_nothing_but_a_breath(voice: Voice) -> None:
    first = await heard(voice, "您好，欢迎致电。")
    for number in range(20):
        await voice.path(Speech(f"第{number}位", "zh-CN"))
    await voice.path(Speech("Hello", "en"))
    for file in voice._cache.folder.glob("*.wav"):
        file.unlink()
    again = await heard(voice, "您好，欢迎致电。")
    assert abs(seconds(first) - seconds(again)) < 0.05
    assert mean(pitch(again)) == pytest.approx(mean(pitch(first)), rel=0.03)


@pytest.mark.parametrize("text", ["", "  ", "。。。", "😀", "\x01", "こ", "乄", "\ue000", "《》"])
async def test_a_text_with_nothing_to_say_cannot_be_spoken(voice: Voice, text: str) -> None:
    with pytest.raises(Unspeakable, match="nothing in it can be spoken"):
        await voice.path(Speech(text, "zh-CN"))


async def test_a_character_that_cantonese_does_not_know_is_no_word(voice: Voice) -> None:
    await voice.path(Speech("你", "yue"))  # type: ignore[arg-type]
    with pytest.raises(Unspeakable):
        await voice.path(Speech("乄", "yue"))  # type: ignore[arg-type]


async def test_every_common_chinese_character_is_known(voice: Voice) -> None:
    """GB 2312 has 6,763; five of them are parts of characters and no words."""
    pairs = (bytes([high, low]) for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF))
    characters = "".join(pair.decode("gb2312", "ignore") for pair in pairs)
    assert len(characters) == 6763
    texts = [Speech(characters[at : at + 1000], "zh-CN") for at in range(0, len(characters), 1000)]
    why = ", ".join(failure.why for failure in await voice.unrenderable(texts))
    assert sorted(char for char in why if "\u2e80" < char < "\ufb00") == sorted("扌犭忄氵衤")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_word_that_values_are_composed_of_can_be_said(voice: Voice, language: Language) -> None:
    words = vocabulary(language)
    assert len(words) > 250
    assert await voice.unrenderable([Speech(word, language) for word in words]) == []


async def test_a_voice_that_there_is_not_is_told(options: Make) -> None:
    async with Voice(options(voices={"zh-CN": "mandarin"})) as voice:
        with pytest.raises(EngineError, match="espeak-ng has no voice 'mandarin'"):
            await voice.path(Speech("您好", "zh-CN"))


async def test_a_language_without_a_voice_is_told(options: Make) -> None:
    async with Voice(options(voices={"zh-CN": "cmn"})) as voice:
        with pytest.raises(EngineError) as raised:
            await voice.path(Speech("Hello", "en"))
        assert str(raised.value) == "no voice for the language 'en'. Add it to voice.voices; there are zh-CN"


async def test_a_text_without_end_is_refused(voice: Voice) -> None:
    with pytest.raises(Unspeakable, match="a text of 5001 characters. Cut it into several"):
        await voice.path(Speech("你" * 5001, "zh-CN"))
    with pytest.raises(EngineError, match="a text of more than 180 s"):
        await voice.path(Speech("你好" * 1000, "zh-CN"))


def test_the_library_finds_its_voices_under_a_long_path_too(tmp_path: Path) -> None:
    """It keeps the path in 160 bytes; a virtual environment may lie deeper."""
    deep = tmp_path / ("d" * 120) / ("e" * 60)
    deep.mkdir(parents=True)
    source = Path(espeakng_loader.get_data_path())
    for name in ("phontab", "phonindex", "phondata", "intonations", "cmn_dict"):
        shutil.copy(source / name, deep)
    shutil.copytree(source / "lang", deep / "lang")
    code = (
        "import espeakng_loader\n"
        f"espeakng_loader.get_data_path = lambda: {str(deep)!r}\n"
        "from cti.voice.espeak import Espeak, Manner\n"
        "print(len(Espeak().speak('您好', 'cmn', Manner())) > 5000)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
