"""What the models of routing/ share: names, whole numbers, shares, time zones, and how a value is refused."""

import re
from functools import lru_cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field

from cti.config.findings import nearest, quoted
from cti.config.model import Duration, Noun, Text, Whole, seconds
from cti.config.model import Refused as Refused

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?) ?%")
_MEANT_ZONES = dict.fromkeys(("beijing", "asia/beijing", "北京", "utc+8", "gmt+8"), "Asia/Shanghai")
_EVERY = re.compile(r"every (.*)")


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise Refused(
            f"{quoted(value)} is not a name",
            hint="small letters, digits and _, a letter first; what people see may be any text",
        )
    return value


Name = Annotated[str, AfterValidator(_name)]
"""What a queue, skill, group, flow, calendar or list is referred to by."""

ShownName = Annotated[Text, Noun("name")]
"""What people see, in any script."""

Level = Annotated[Whole, Field(strict=True, ge=1, le=5), Noun("proficiency", "1 to 5")]
"""Proficiency, 1 to 5."""

Needs = dict[Name, Level]
"""Skills and the least proficiency in each."""

Count = Annotated[int, Field(strict=True, ge=1)]


def _lasting(value: float) -> float:
    if value < 1:
        raise Refused("is too short", hint="at least 1s")
    return value


Lasting = Annotated[Duration, AfterValidator(_lasting)]
"""A duration in seconds that cannot be nothing."""

Truth = Annotated[bool, Field(strict=True)]


def shown_seconds(value: float) -> str:
    """A duration as it is written in the files: 90s, 5m, 2h."""
    for size, unit in ((3600, "h"), (60, "m")):
        if value >= size and value % size == 0:
            return f"{value / size:g}{unit}"
    return f"{value:g}s"


def _share(value: Any) -> Any:
    match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    if match is None or not 0 < float(match[1]) <= 100:
        raise Refused(f"{quoted(value)} is not a share", hint="write it as 80%")
    return float(match[1]) / 100


Share = Annotated[float, BeforeValidator(_share)]
"""A part of the whole, 0 to 1; written as 80%."""


def _every(value: Any) -> Any:
    match = _EVERY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Refused(f"{quoted(value)} is not a rhythm", hint="write it as: every 45s")
    rhythm = seconds(match[1])
    if rhythm < 10:
        raise Refused(f"{quoted(value)} is too often", hint="every 10s at most")
    return rhythm


Every = Annotated[float, BeforeValidator(_every)]
"""A rhythm in seconds; written as: every 45s."""


@lru_cache(maxsize=512)
def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, OSError, ValueError) as error:  # not known; a folder of the database; not a name at all
        meant = _MEANT_ZONES.get(value.casefold(), "")
        hint = f"did you mean {meant}?" if meant else nearest(value, available_timezones())
        raise Refused(f"{quoted(value)} is not a time zone", hint=hint) from error
    return value


TimeZone = Annotated[str, AfterValidator(_timezone)]
"""A name of the time zone database: Asia/Shanghai."""
