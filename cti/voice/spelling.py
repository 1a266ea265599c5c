"""From the text of a prompt to runs of text that one of espeak-ng's voices can say. Pure.

Nothing in a text may steer the engine: control characters are commands to espeak-ng and go; its markup ([[phonemes]],
SSML) is off. What has no sound in the language (an emoji, another script) is left out and told.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from cti.voice import mandarin

EDITION: Final = 1 + mandarin.EDITION

_PHONE = re.compile(r"(?<![\w.-])(?!\d{4}-\d\d-\d\d\b)\+?\d[\d-]{6,}(?![\w.]\w)")
_KEPT_PUNCTUATION = "，。！？；：、…—·《》“”‘’（）【】"
_CHINESE = frozenset({"zh", "yue", "cmn"})
_OWN_HAN = frozenset({"ja", "ko"})
_LATIN_ONLY = frozenset({"zh", "yue", "cmn", "en"})
"""Languages of which we know that, beside Chinese characters, they are written in Latin letters only."""


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text for one voice."""

    text: str
    voice: str


@dataclass(frozen=True, slots=True)
class Spelt:
    """A text as it is given to the engine."""

    runs: tuple[Run, ...]
    left_out: str
    """The characters, each once, that have no sound."""


def voice_of(language: str, voices: Mapping[str, str]) -> str | None:
    """The voice for a language tag: its own entry, or that of the same language elsewhere (zh-TW: zh-CN's)."""
    folded = {tag.lower(): voice for tag, voice in voices.items()}
    tag = language.lower()
    base = tag.partition("-")[0]
    for wanted in (tag, base):
        if wanted in folded:
            return folded[wanted]
    return next((voice for other, voice in folded.items() if other.partition("-")[0] == base), None)


def spelt(
    text: str, language: str, voices: Mapping[str, str], knows: Callable[[str, str], bool] = lambda *_: True
) -> Spelt:
    """The text, cut by voices. `voices` must have one for `language`.

    `knows` tells of a Chinese character and a voice whether the voice can read it.
    """
    voice = voice_of(language, voices)
    if voice is None:
        raise ValueError(f"no voice for {language!r}")
    base = language.lower().partition("-")[0]
    chinese = voice if base in _CHINESE or base in _OWN_HAN else voice_of("zh", voices)
    kept: list[str] = []
    left_out: dict[str, None] = {}
    for char in _folded(text):
        if base in _OWN_HAN or _sounds(char, base, chinese, knows):
            kept.append(char)
        else:
            left_out[char] = None
            kept.append(" ")
    plain = re.sub(r"\s+", " ", "".join(kept)).strip()
    if base in _CHINESE:
        runs = [Run(mandarin.written_out(plain), voice)]
    else:
        runs = _by_script(_PHONE.sub(lambda match: _one_by_one(match[0]), plain), voice, chinese or voice)
    return Spelt(tuple(run for run in runs if any(map(_is_spoken, run.text))), "".join(left_out))


def _folded(text: str) -> str:
    """Full-width letters and figures as plain ones, without what cannot be seen; Chinese punctuation stays."""
    folded = "".join(
        char if char in _KEPT_PUNCTUATION else unicodedata.normalize("NFKC", char)
        for char in unicodedata.normalize("NFC", text)
    )
    return "".join(" " if unicodedata.category(char) == "Cc" else char for char in folded if not _unseen(char))


def _unseen(char: str) -> bool:
    """Marks of direction, joiners, variation selectors."""
    return unicodedata.category(char) == "Cf" or "\ufe00" <= char <= "\ufe0f"


def _sounds(char: str, language: str, chinese: str | None, knows: Callable[[str, str], bool]) -> bool:
    category = unicodedata.category(char)
    if category in ("So", "Sk", "Co", "Cn", "Cs") and char not in "℃`^":
        return False
    if category[0] != "L":
        return True
    script = unicodedata.name(char, "").partition(" ")[0]
    if script == "CJK":
        return chinese is not None and knows(char, chinese)
    return script == "LATIN" or language not in _LATIN_ONLY


def _is_spoken(char: str) -> bool:
    return unicodedata.category(char)[0] in "LN" or char in "%&@#*+=$£€¥/"


def _is_chinese(char: str) -> bool:
    return unicodedata.name(char, "").startswith("CJK")


def _by_script(text: str, voice: str, chinese: str) -> list[Run]:
    """The Chinese words in an English text (names, mostly) are said by the Chinese voice."""
    parts = re.split(r"([\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+)", text)
    return [Run(part, chinese if _is_chinese(part[0]) else voice) for part in parts if part.strip()]


def _one_by_one(number: str) -> str:
    """A telephone number, figure by figure, with a pause between its groups."""
    plus = "plus " if number.startswith("+") else ""
    return plus + ", ".join(" ".join(group) for group in number.lstrip("+").split("-") if group)
