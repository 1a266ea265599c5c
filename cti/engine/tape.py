"""What of a call is recorded: conversations, and messages."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from cti.records.recordings.tags import Tags
from cti.records.store import Earlier

if TYPE_CHECKING:
    from cti.engine.call import LiveCall


@dataclass(slots=True)
class _Recording:
    number: int
    began_at: datetime
    mailbox: str
    """Of a message; empty for a conversation."""
    masked: list[tuple[float, float]] = field(default_factory=list)
    masked_since: float | None = None


class Tape:
    """One call's. At most one recording runs at a time."""

    def __init__(self, call: "LiveCall") -> None:
        self._call = call
        self._running: _Recording | None = None
        self._count = 0

    @property
    def mailbox(self) -> str:
        """Whose message is being recorded; empty when none is."""
        return self._running.mailbox if self._running is not None else ""

    def begin(self, mailbox: str = "") -> Callable[[], bool]:
        """Begins a recording; the answer tells later whether it still runs."""
        self.stop()
        self._count += 1
        running = self._running = _Recording(self._count, self._call.now, mailbox)
        self._call.hands.record(self._call.leg, self._tags(running), self._call.zone)
        return lambda: self._running is running

    def mask(self, masked: bool) -> None:
        """A stretch that is not to be heard begins or ends."""
        running = self._running
        if running is None or masked == (running.masked_since is not None):
            return
        self._mark(running, masked)
        self._call.hands.mask(self._call.leg, self._tags(running), masked)

    def _mark(self, running: _Recording, masked: bool) -> None:
        at = (self._call.now - running.began_at).total_seconds()
        if running.masked_since is not None:
            running.masked.append((running.masked_since, at))
        running.masked_since = at if masked else None

    def stop(self, *, leg_is_there: bool = True) -> None:
        """Ends what runs, and hands it over to be kept."""
        running, self._running = self._running, None
        if running is None:
            return
        self._mark(running, False)
        tags = self._tags(running, self._call.now)
        if leg_is_there:
            self._call.hands.stop_record(self._call.leg, tags)
        self._call.hands.keep_recording(tags, running.mailbox)

    def _tags(self, running: _Recording, ended_at: datetime | None = None) -> Tags:
        call = self._call
        earlier = call.earlier or Earlier()
        return Tags(
            call=call.id,
            number=running.number,
            began_at=running.began_at,
            ended_at=ended_at,
            hotline=call.arrival.hotline,
            queue=call.queue,
            agents=tuple(call.diary.agents),
            customer=call.arrival.customer,
            repeat_count=earlier.calls_today,
            repeat_count_7d=earlier.calls_in_7_days,
            masked=tuple(running.masked),
        )
