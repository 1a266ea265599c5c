"""What is due when. A timer whose subject has moved on is stale: it is dropped when it comes up, never searched for."""

import heapq
from enum import Enum
from typing import Protocol


class Due(Enum):
    """What has to be done."""

    OFFER = "offer"
    """Nobody answered."""
    WRAP_UP = "wrap_up"
    REST = "rest"
    RELAX = "relax"
    STICKY = "sticky"
    LOOK = "look"
    """An overflow rule may hold now."""
    LOOK_AGAIN = "look_again"
    ANNOUNCE = "announce"
    CALLBACK = "callback"
    TALK = "talk"


class Subject(Protocol):
    """Whom a timer is about; it is stale once `stamp` is another number."""

    stamp: int


Timer = tuple[float, int, Due, Subject, int, object]
"""When, order of setting, what, whom, the stamp of then, what the one who acts wants to know."""


class Timers:
    """All deadlines, the next one first."""

    def __init__(self) -> None:
        self._heap: list[Timer] = []
        self._set = 0

    def set(self, when: float, due: Due, subject: Subject, detail: object = None) -> None:
        """Sets a timer; it cannot be taken back, but the subject's stamp can be changed."""
        self._set += 1
        heapq.heappush(self._heap, (when, self._set, due, subject, subject.stamp, detail))

    def next(self) -> float | None:
        """When the next live timer is due."""
        heap = self._heap
        while heap and heap[0][3].stamp != heap[0][4]:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def take(self, now: float) -> Timer | None:
        """The next live timer that is due by now, if there is one."""
        when = self.next()
        return heapq.heappop(self._heap) if when is not None and when <= now else None

    def __len__(self) -> int:
        return len(self._heap)
