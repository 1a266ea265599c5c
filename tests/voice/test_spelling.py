"""What of a text is given to espeak-ng, and to which voice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.voice.spelling import Run, spelt, voice_of

VOICES = {"zh-CN": "cmn", "yue": "yue", "en": "en-us"}


@pytest.mark.parametrize(
    ("language", "voice"),
    [
        ("zh-CN", "cmn"),
        ("zh-cn", "cmn"),
        ("zh-TW", "cmn"),
        ("zh", "cmn"),
        ("en-GB", "en-us"),
        ("yue", "yue"),
        ("fr", None),
    ],
)
def test_a_language_finds_its_voice_or_that_of_its_sister(language: str, voice: str | None) -> None:
    assert voice_of(language, VOICES) == voice


def test_a_language_without_a_voice_is_refused() -> None:
    with pytest.raises(ValueError, match="no voice for 'fr'"):
        spelt("Bonjour", "fr", VOICES)


def test_figures_in_chinese_are_written_out() -> None:
    assert spelt("请按1", "zh-CN", VOICES).runs == (Run("请按一", "cmn"),)


def test_chinese_names_in_an_english_text_have_the_chinese_voice() -> None:
    runs = spelt("Welcome to 售后服务热线. Press 1.", "en", VOICES).runs
    assert runs == (Run("Welcome to ", "en-us"), Run("售后服务热线", "cmn"), Run(". Press 1.", "en-us"))


def test_a_telephone_number_in_english_is_read_figure_by_figure() -> None:
    assert spelt("Call 400-800-8008.", "en", VOICES).runs == (Run("Call 4 0 0, 8 0 0, 8 0 0 8.", "en-us"),)


def test_full_width_letters_and_figures_are_plain_ones() -> None:
    assert spelt("Ａ座１２楼", "zh-CN", VOICES).runs == (Run("A座十二楼", "cmn"),)


@pytest.mark.parametrize(
    ("text", "language", "left_out"),
    [
        ("你😀好😀", "zh-CN", "😀"),
        ("你\ue000好", "zh-CN", "\ue000"),
        ("こんにちは", "zh-CN", "こんにちは"),
        ("Привет", "en", "Привет"),
        ("好\ud800", "zh-CN", "\ud800"),
        ("你好，é。", "zh-CN", ""),
        ("你\u200b好\ufe0f", "zh-CN", ""),
    ],
)
def test_what_has_no_sound_is_left_out_and_told(text: str, language: str, left_out: str) -> None:
    assert spelt(text, language, VOICES).left_out == left_out


def test_a_character_that_the_voice_does_not_know_is_left_out() -> None:
    given = spelt("乄你好", "zh-CN", VOICES, lambda char, voice: (char, voice) != ("乄", "cmn"))
    assert (given.runs, given.left_out) == ((Run("你好", "cmn"),), "乄")


@pytest.mark.parametrize("text", ["", "   ", "。。。", "😀", "\x00\x01", "《》", "\u200b"])
def test_a_text_without_anything_to_say_has_no_runs(text: str) -> None:
    assert spelt(text, "zh-CN", VOICES).runs == ()


@settings(max_examples=300)
@given(text=st.text(max_size=30), language=st.sampled_from(["zh-CN", "yue", "en"]))
def test_no_text_can_steer_the_engine(text: str, language: str) -> None:
    for run in spelt(text, language, VOICES).runs:
        assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in run.text)
        run.text.encode("utf-8")
