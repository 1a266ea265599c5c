"""Now, by two clocks: one that never jumps, for how long things take, and the one on the wall, for what people read."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant."""

    steady: float
    """Seconds of a clock that never jumps."""
    wall: datetime
    """Aware."""


class Agenda:
    """What is to be done at a time. A thing that is no longer wanted finds that out itself when its time comes."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0

    def at(self, steady: float, do: Callable[[], None]) -> None:
        """Adds something."""
        self._number += 1
        heapq.heappush(self._heap, (steady, self._number, do))

    @property
    def next(self) -> float | None:
        """When the next thing is due."""
        return self._heap[0][0] if self._heap else None

    def take(self, now: float) -> Callable[[], None] | None:
        """The next thing that is due by now."""
        return heapq.heappop(self._heap)[2] if self._heap and self._heap[0][0] <= now else None
