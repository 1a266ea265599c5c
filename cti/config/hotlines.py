"""routing/hotlines.yaml: the numbers that people call, and what answers there."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator

from cti.config.fields import Name, ShownName, TimeZone, Truth
from cti.config.model import Refused, Strict

Language = Literal["zh-CN", "en"]


def _dialled(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        what = "a telephone number stands in quotes, or it loses its + or 0"
        raise Refused(what, hint="put it in quotes, with every digit")
    return value


Dialled = Annotated[str, BeforeValidator(_dialled)]
"""A telephone number as somebody dials or writes it; whether it is one is looked at when its region is known."""


def _some(numbers: tuple[str, ...]) -> tuple[str, ...]:
    if not numbers:
        raise Refused("a hotline needs a number")
    return numbers


class Hotline(Strict):
    """Numbers of ours, and what a call to them meets."""

    numbers: Annotated[tuple[Dialled, ...], AfterValidator(_some)]
    flow: Name
    """The flow that answers: ivr_flows/NAME.yaml."""
    hours: Name
    """The calendar in hours.yaml that it keeps."""
    language: Language = "zh-CN"
    """What is spoken until the flow sets another."""
    timezone: TimeZone = "Asia/Shanghai"
    """Where a day begins and ends for "calls today"."""
    record: Truth = True


class Hotlines(Strict):
    """The whole file."""

    hotlines: dict[ShownName, Hotline]
