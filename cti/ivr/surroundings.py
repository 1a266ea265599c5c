"""What a flow asks while it runs: calendars, notices, lists. The engine answers."""

from datetime import datetime
from typing import Protocol

from cti.ivr.prompts import Prompt
from cti.ivr.say import Interval


class Surroundings(Protocol):
    """Answers for the moment `at`, which has a time zone."""

    def is_open(self, hours: str, at: datetime) -> bool:
        """Whether the calendar is open."""

    def hours_of_day(self, hours: str, at: datetime) -> tuple[Interval, ...]:
        """The intervals that begin on the day of `at`, in order; () when that day is closed."""

    def next_opening(self, hours: str, at: datetime) -> datetime | None:
        """When the calendar next turns from closed to open after `at`; None when it never does."""

    def notice(self, name: str, at: datetime) -> Prompt | None:
        """What supervisors have put up; None when there is nothing, or it has run out."""

    def in_list(self, name: str) -> bool:
        """Whether the caller's number is on the list."""
