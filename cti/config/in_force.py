"""The routing in force, and how it is replaced: as a whole, and only by files without an error."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Lock

from cti.config.check import Checked, check
from cti.config.routing import Routing

Look = Callable[[Path, Path, date], Checked]
"""Reads and checks the two folders."""


@dataclass(frozen=True, slots=True)
class Version:
    """One routing that was put in force."""

    number: int
    """1 for the first; grows by one each time that files with another content come into force."""
    content_hash: str
    routing: Routing


class InForce:
    """Holds the routing in force. May be asked and reloaded from any thread.

    Whoever takes a call reads `current` once and keeps what it got: the files may change while the call goes on.
    """

    def __init__(self, routing: Path, flows: Path, today: date, look: Look = check) -> None:
        """Puts the files in the two folders in force. Raises ConfigError when they cannot be.

        `look` is what decides: `check`, or that and more (whether prompts can be spoken).
        """
        self._routing = routing
        self._flows = flows
        self._look = look
        self._lock = Lock()
        self.checked = look(routing, flows, today)
        """What the last look at the files found, whether they came into force or not."""
        first = self.checked.accepted()
        self._current = Version(1, first.content_hash, first)

    @property
    def current(self) -> Version:
        """What is in force now."""
        return self._current

    def reload(self, today: date) -> Checked:
        """Checks the files again and puts them in force when there is no error; what is in force stays otherwise."""
        with self._lock:
            checked = self._look(self._routing, self._flows, today)
            self.checked = checked
            routing = checked.routing
            if routing is not None and routing.content_hash != self._current.content_hash:
                self._current = Version(self._current.number + 1, routing.content_hash, routing)
            return checked
