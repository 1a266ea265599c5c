"""How keys are read: one of a menu's keys, or a row of digits; and keys pressed ahead."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from cti.ivr.values import MAX_DIGITS


class Verdict(StrEnum):
    """What keys amount to so far."""

    MORE = "more"
    """More keys may follow."""
    DONE = "done"
    WRONG = "wrong"
    SILENT = "silent"
    """Nothing was pressed."""


class Reader(Protocol):
    """Reads what has been keyed since the question was asked."""

    def read(self, typed: str) -> Verdict:
        """After a key; `typed` is everything, the key included."""

    def wait_over(self, typed: str) -> Verdict:
        """After no key came for as long as is waited; never MORE."""

    def value(self, typed: str) -> str:
        """What was keyed, when it is done."""

    def tail(self, typed: str) -> str:
        """A key that may still follow out of habit, and means nothing."""


@dataclass(frozen=True, slots=True)
class OneKey:
    """One of these keys."""

    keys: str

    def read(self, typed: str) -> Verdict:
        """A key that is not among them is wrong."""
        return Verdict.DONE if typed in self.keys else Verdict.WRONG

    def wait_over(self, typed: str) -> Verdict:
        """Nobody waits longer for one key."""
        return Verdict.SILENT

    def value(self, typed: str) -> str:
        """The key."""
        return typed

    def tail(self, typed: str) -> str:
        """None."""
        return ""


@dataclass(frozen=True, slots=True)
class Row:
    """So many digits; fewer where the end key or a pause follows."""

    least: int
    most: int
    end: str

    def read(self, typed: str) -> Verdict:
        """Done at `most` digits or at the end key; another key than a digit is wrong."""
        digits = self.value(typed)
        if digits != typed:
            return Verdict.DONE if len(digits) >= self.least else Verdict.WRONG
        if not digits.isdecimal():
            return Verdict.WRONG
        return Verdict.DONE if len(digits) >= self.most else Verdict.MORE

    def wait_over(self, typed: str) -> Verdict:
        """A pause ends a row that is long enough."""
        if not typed:
            return Verdict.SILENT
        return Verdict.DONE if len(typed) >= self.least else Verdict.WRONG

    def value(self, typed: str) -> str:
        """The digits."""
        return typed.removesuffix(self.end)

    def tail(self, typed: str) -> str:
        """The end key, where the row was complete without it: people press it all the same."""
        return "" if typed.endswith(self.end) else self.end


class Ahead:
    """Keys pressed before their question was asked; so many and no more."""

    LIMIT: Final = MAX_DIGITS

    def __init__(self) -> None:
        self._keys = ""

    def keep(self, key: str) -> bool:
        """Keeps a key; False when there are too many already, and it is lost."""
        if len(self._keys) >= self.LIMIT:
            return False
        self._keys += key
        return True

    def take(self) -> str:
        """The oldest key, or nothing."""
        key, self._keys = self._keys[:1], self._keys[1:]
        return key

    def skip(self, key: str) -> bool:
        """Drops the oldest key when it is this one."""
        found = bool(key) and self._keys.startswith(key)
        self._keys = self._keys[len(key) :] if found else self._keys
        return found

    def forget(self) -> None:
        """Drops them all."""
        self._keys = ""
