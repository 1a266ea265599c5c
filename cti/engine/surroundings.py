"""What one call's flows ask: the calendars of its routing, the notices that are up, the lists its number is on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cti.config.routing import Routing
from cti.ivr.prompts import Prompt
from cti.ivr.say import Interval

NoticeOf = Callable[[str, datetime], Prompt | None]
"""The notice of a name that is up at a moment."""


@dataclass(frozen=True, slots=True)
class CallSurroundings:
    """The Surroundings of one call (cti.ivr.surroundings), which keeps the routing that it began with."""

    routing: Routing
    ani: str
    notices: NoticeOf

    def is_open(self, hours: str, at: datetime) -> bool:
        """Whether the calendar is open."""
        return self.routing.calendars.is_open(hours, at)

    def hours_of_day(self, hours: str, at: datetime) -> tuple[Interval, ...]:
        """The intervals that begin on that day."""
        return self.routing.calendars.hours_of_day(hours, at)

    def next_opening(self, hours: str, at: datetime) -> datetime | None:
        """When the calendar next turns from closed to open."""
        return self.routing.calendars.next_opening(hours, at)

    def notice(self, name: str, at: datetime) -> Prompt | None:
        """What supervisors have put up."""
        return self.notices(name, at)

    def in_list(self, name: str) -> bool:
        """Whether the caller's number is on the list."""
        return self.routing.callers.contains(name, self.ani)


def no_notices(_name: str, _at: datetime) -> None:
    """Nothing is up."""
