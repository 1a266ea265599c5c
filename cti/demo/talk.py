"""How two people talk: one after the other, each when the other has finished."""

from collections.abc import Callable
from random import Random
from typing import Final

from cti.demo.call import PhoneCall
from cti.demo.lines import Lines

SPEAKS_WITHIN: Final = 5.0
"""Seconds that somebody waits for the other side before saying something more."""


async def converse(
    call: PhoneCall, lines: Lines, chance: Random, enough: Callable[[int], bool], *, begins: bool, speed: float = 1.0
) -> None:
    """Takes turns until `enough`, which is told how often we spoke. Raises CallOver.

    What was begun is said to its end. `speed` shortens the pauses, for tests.
    """
    said = 0
    while not enough(said):
        if said or not begins:
            await _their_turn(call, chance.uniform(0.4, 0.9) / speed, lambda: enough(said), SPEAKS_WITHIN / speed)  # noqa: B023
        if enough(said):
            return
        await call.say(lines.line(said, chance))
        said += 1
        call.ear.forget()


async def _their_turn(call: PhoneCall, pause: float, enough: Callable[[], bool], seconds: float) -> None:
    await call.until(lambda: enough() or finished(call, pause), seconds)


def finished(call: PhoneCall, pause: float) -> bool:
    """Whether the other side has made itself heard, and then been silent for so many seconds."""
    return call.ear.stretch > 0.2 and call.ear.quiet >= pause
