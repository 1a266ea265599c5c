"""Small values that steps are made of, and how a value that cannot be one is refused."""

import difflib
import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

Language = Literal["zh-CN", "en"]
"""What can be spoken."""

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)

KEYS: Final = "0123456789*#"
"""What a telephone can send."""

HANGUP: Final = "hangup"
"""The target that ends the call; no step may bear its name."""

MAX_DIGITS: Final = 32
"""No caller keys more than this in one go, and no variable is read out digit by digit further."""

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DIGITS = re.compile(r"(\d{1,2})(?:\s*-\s*(\d{1,2}))?")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


class Refused(ValueError):
    """A value that cannot be what it should be. pydantic carries it as `ctx["error"]`."""

    def __init__(self, what: str, *, hint: str = "", allowed: Iterable[str] = (), part: str = "") -> None:
        super().__init__(what)
        self.hint = hint
        self.allowed = tuple(allowed)
        self.part = part
        """The part of a text that is wrong, where it is not the whole."""


class Strict(BaseModel):
    """A model that refuses keys it does not know: a misspelt key is an error, never a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def nearest(word: str, known: Iterable[str]) -> str:
    """The hint with the known word that `word` was probably meant to be, or nothing."""
    words = list(known)
    longer = [one for one in words if word and one.startswith(word)]
    matches = longer or difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    return f"did you mean {matches[0]}?" if matches else ""


def quoted(value: object) -> str:
    """A value as it would stand in a file, short."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


_DECIMAL = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")


def decimal(text: str) -> Decimal | None:
    """The number that a text is: 3, -12.50; None when it is none."""
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def read_language(word: Any) -> Language:
    """The language that a word is. Raises Refused."""
    for language in LANGUAGES:
        if word == language:
            return language
    raise Refused(f"{quoted(word)} is not a language", hint=nearest(str(word), LANGUAGES), allowed=LANGUAGES)


def _seconds(value: Any) -> float:
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is not None:
        return float(match[1]) * _SECONDS[match[2]]
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise Refused(f"a duration needs its unit: {value}s?")
    raise Refused("a duration is written as 300ms, 15s, 2m or 1h")


def _wait(value: float) -> float:
    if not 0.5 <= value <= 60:
        raise Refused("a caller is waited for between 500ms and 60s")
    return value


def _within(value: float) -> float:
    if not 0.1 <= value <= 10:
        raise Refused("a caller waits for a web server between 100ms and 10s")
    return value


Seconds = Annotated[float, BeforeValidator(_seconds)]
"""A duration in seconds, written with its unit: ``5s``."""

Wait = Annotated[Seconds, AfterValidator(_wait)]
"""How long a key is waited for."""

Within = Annotated[Seconds, AfterValidator(_within)]
"""How long a web server may take."""

Retries = Annotated[int, Field(strict=True, ge=0, le=9)]
"""How often a question is asked again."""

Truth = Annotated[bool, Field(strict=True)]


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _step_name(value: str) -> str:
    if value == HANGUP:
        raise Refused('"hangup" cannot be the name of a step: it is the word that ends a call')
    if not value or len(value) > 64 or re.search(r"\s", value):
        raise Refused(f"{quoted(value)} is not a step's name", hint="1 to 64 characters without spaces")
    return value


def _flow_name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise Refused(f"{quoted(value)} is not a name", hint="small letters, digits and _, a letter first")
    return value


def _key(value: str) -> str:
    if len(value) != 1 or value not in KEYS:
        raise Refused(f"{quoted(value)} is not a key of a telephone", allowed=tuple(KEYS))
    return value


def _target(value: str) -> str:
    if not value:
        raise Refused("where to go on is missing", hint="write a step's name, or hangup")
    return value


StepName = Annotated[str, BeforeValidator(_text), AfterValidator(_step_name)]
"""A step, as it is called in its flow."""

Target = Annotated[str, BeforeValidator(_text), AfterValidator(_target)]
"""Where a flow goes on: a step of it, or `hangup`."""

FlowName = Annotated[str, AfterValidator(_flow_name)]
"""A flow; its file bears the same name."""

Reference = Annotated[str, Field(min_length=1)]
"""Something that another file defines: a queue, a calendar, a list, a flow, a notice."""

Key = Annotated[str, BeforeValidator(_text), AfterValidator(_key)]
"""One key of a telephone."""


class Count(tuple[int, int]):
    """How many digits: the fewest and the most."""

    __slots__ = ()

    @property
    def least(self) -> int:
        """The fewest that are enough."""
        return self[0]

    @property
    def most(self) -> int:
        """So many end the entry by themselves."""
        return self[1]


def _count(value: Any) -> Count:
    match = _DIGITS.fullmatch(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None
    if match is None:
        raise Refused(f"{quoted(value)} is not a number of digits", hint="write 11, or 4-8 for four to eight")
    least, most = int(match[1]), int(match[2] or match[1])
    if not 1 <= least <= most <= MAX_DIGITS:
        raise Refused(f"{quoted(value)} is not a number of digits", hint=f"1 to {MAX_DIGITS}, the smaller number first")
    return Count((least, most))


Digits = Annotated[Count, PlainValidator(_count)]
"""How many digits a caller keys: ``11``, or ``4-8``."""


def _key_range(value: Any) -> str:
    match = re.fullmatch(r"([0-9])\s*-\s*([0-9])", value) if isinstance(value, str) else None
    if match is None or match[1] >= match[2]:
        raise Refused(f"{quoted(value)} is not a range of keys", hint="write 1-5")
    return KEYS[int(match[1]) : int(match[2]) + 1]


KeyRange = Annotated[str, PlainValidator(_key_range)]
"""Keys in a row, ``1-5``; the value is all of them."""


def _number(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        what = "a telephone number stands in quotes, or it loses its + or 0"
        raise Refused(what, hint="put it in quotes, with every digit")
    plain = re.sub(r"[\s().-]", "", value) if isinstance(value, str) else ""
    if not re.fullmatch(r"\+?[0-9]{2,20}", plain):
        raise Refused(f"{quoted(value)} is not a telephone number", hint="digits as they are dialled, in quotes")
    return plain


Number = Annotated[str, PlainValidator(_number)]
"""A number outside, as it is dialled."""
