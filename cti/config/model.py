"""What all models of files share."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

LONGEST: Final = 7 * 24 * 3600.0
"""Seconds of the longest Duration, 7 days: what is longer is a slip."""

_STEP: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)\s*")
_SECONDS: Final = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_MOST_TEXT: Final = 200


class Strict(BaseModel):
    """A model that refuses keys it does not know: a misspelt key is an error, never a default."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Noun:
    """What a value should be, as metadata of its type: ``Annotated[Literal["a", "b"], Noun("strategy")]``.

    Errors then say ``"x" is not a strategy``; without it the key gives its name. A package that may not import this
    module says the same with ``pydantic.Field(title="strategy")``.
    """

    name: str
    form: str = ""
    """How it is written; a hint."""


class Refused(ValueError):
    """For validators: why a value will not do, with what helps to mend it.

    What begins with "is " or "has " follows the value, anything else the key: both ``Refused("is not a colour")`` and
    ``Refused('"x" is not a colour')`` become ``paint: "x" is not a colour``. Where the text in quotes is a part of the
    value, only that part is underlined.
    """

    def __init__(self, what: str, *, hint: str = "", allowed: Iterable[str] = (), part: str = "") -> None:
        super().__init__(what)
        self.hint = hint
        self.allowed = tuple(allowed)
        self.part = part
        """The part of a text that is wrong, where neither the whole nor what stands in quotes is to be underlined."""


_DURATION_FORM: Final = "a duration is written as 300ms, 15s, 2m or 1h"


def seconds(value: Any) -> float:
    """The seconds of a duration as it is written in a file. Raises Refused."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Refused("is not a duration", hint=_DURATION_FORM)
    if not isinstance(value, str):
        raise Refused("has no unit", hint=f"a duration needs its unit: {value}s?")
    text = value.strip()
    steps = [(float(amount), unit) for amount, unit in _STEP.findall(text[:100])]
    units = [list(_SECONDS).index(unit) for _, unit in steps]
    if text.startswith("-") and _STEP.fullmatch(text, 1):
        raise Refused("is below zero", hint=_DURATION_FORM)
    if not steps or _STEP.sub("", text) or units != sorted(set(units)):
        raise Refused("is not a duration", hint=_DURATION_FORM)
    length = sum(amount * _SECONDS[unit] for amount, unit in steps)
    if length > LONGEST:
        raise Refused("is too long", hint="7 days are the most")
    return length


Duration = Annotated[float, BeforeValidator(seconds)]
"""Seconds, written with a unit: ``15s``, ``1m30s``; 7 days at most."""


def _text(value: str) -> str:
    if not value.strip():
        raise Refused("is empty")
    if len(value) > _MOST_TEXT:
        raise Refused("is too long", hint=f"at most {_MOST_TEXT} characters, these are {len(value):,}")
    if _CONTROL.search(value):
        raise Refused("has a line break or another character that nobody sees", hint="write it in one line")
    return value


Text = Annotated[str, AfterValidator(_text)]
"""A name or a word for people: not empty, one line, 200 characters at most, no control characters."""


def _whole(value: Any) -> Any:
    if isinstance(value, bool):
        raise Refused("is not a whole number")
    return value


Whole = Annotated[int, BeforeValidator(_whole)]
"""A whole number; unlike int it does not take true for 1."""
