"""What is wrong in a file that a person wrote: where, what, and what is allowed instead.

Errors stop a configuration from being used, warnings do not. `ConfigError` is raised when there is at least one
error, and holds the warnings that were found on the way too. Where there are only warnings nothing is raised: what
was loaded is given back with them (`refuse` does both).
"""

import difflib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, ClassVar, Final, Literal

from cti.config.excerpt import cells, excerpt, printable
from cti.errors import Blame, CtiError

Severity = Literal["error", "warning"]

SHOWN: Final = 50
"""Findings in the message of a ConfigError; all are in its `findings`."""

_WIDEST: Final = 140
"""Cells of an underline with its hint; what is longer goes into a line of its own."""

_WORDS_SHOWN: Final = 20
"""Allowed words in a rendered finding; a list of 10,000 agents helps nobody."""


class SourceText:
    """The text of a file and its lines, shared by all places in it."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        """Lines end with one newline, however they end in the file."""

    @cached_property
    def lines(self) -> list[str]:
        """The lines, without their ends."""
        return self.text.split("\n")

    def place(self, index: int) -> "Place":
        """Where the character at `index` stands."""
        line = self.text.count("\n", 0, index) + 1
        return Place(self.name, line, index - self.text.rfind("\n", 0, index), self)

    def at(self, line: int, column: int) -> "Place":
        """The place of a line and column, both from 0 as libyaml counts them."""
        return Place(self.name, line + 1, column + 1, self)


_QUOTED: Final = re.compile(r""" "(?:[^"\\]|\\.)*" | '(?:[^']|'')*' """, re.VERBOSE)
_WORD: Final = re.compile(r"[^\s,\[\]{}:#]+")


@dataclass(frozen=True, slots=True)
class Place:
    """A spot in a file (lines and columns count from 1, columns in characters), or a source that has no lines."""

    source: str
    line: int = 0
    column: int = 0
    text: SourceText | None = field(default=None, repr=False, compare=False)
    """Where the line can be read that an error shows; without it none is shown."""

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source

    @property
    def shown_line(self) -> str | None:
        """The whole line, where it is known."""
        if self.text is None or not 0 < self.line <= len(self.text.lines):
            return None
        return self.text.lines[self.line - 1]

    @property
    def written(self) -> str:
        """What begins there, as it stands in the file: something in quotes or a word, within one line."""
        rest = (self.shown_line or "")[max(self.column - 1, 0) :]
        found = _QUOTED.match(rest) or _WORD.match(rest)
        return found[0] if found else ""

    def moved(self, characters: int) -> "Place":
        """The place so many characters to the right."""
        return Place(self.source, self.line, self.column + characters, self.text)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or looks wrong."""

    place: Place
    what: str
    value: str = ""
    """The offending text; it is underlined, with the quotes that it stands in."""
    hint: str = ""
    allowed: tuple[str, ...] = ()
    severity: Severity = "error"

    def render(self) -> str:
        """For people: the place, the line with the value underlined, what is allowed."""
        lines = [f"{self.place}  {'warning: ' if self.severity == 'warning' else ''}{printable(self.what)}"]
        line = self.place.shown_line
        hint = printable(self.hint)
        if line is not None:
            shown, marks = excerpt(line, self.place.column, self._length(line))
            lines.append(f"{self.place.line:>6} | {shown}".rstrip())
            if len(marks) + cells(hint) < _WIDEST:
                marks, hint = f"{marks} {hint}", ""
            lines.append(f"{'':>6} | {marks}".rstrip())
        if hint:
            lines.append(f"    {hint}")
        if self.allowed:
            words = ", ".join(map(printable, self.allowed[:_WORDS_SHOWN]))
            more = len(self.allowed) - _WORDS_SHOWN
            lines.append(f"    allowed: {words}{f' and {more:,} more' if more > 0 else ''}")
        return "\n".join(lines)

    def _length(self, line: str) -> int:
        """How much of the line is underlined."""
        value = self.value.partition("\n")[0]
        if not value or line.startswith(value, self.place.column - 1):
            return len(value)
        return len(self.place.written) or len(value)

    def as_json(self) -> dict[str, Any]:
        """For programs; line and column are 0 where the source has none."""
        return {
            "file": self.place.source,
            "line": self.place.line,
            "column": self.place.column,
            "severity": self.severity,
            "what": self.what,
            "value": self.value,
            "hint": self.hint,
            "allowed": list(self.allowed),
        }


class ConfigError(CtiError):
    """Files that cannot be used, with everything that is wrong in them."""

    blame: ClassVar[Blame] = Blame.ADMIN

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        """Errors, at least one, and the warnings that were found on the way."""
        super().__init__(report(self.findings, SHOWN))


def refuse(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Raises ConfigError with all findings when one of them is an error; gives the warnings back otherwise."""
    found = tuple(findings)
    if any(finding.severity == "error" for finding in found):
        raise ConfigError(found)
    return found


def report(findings: Iterable[Finding], most: int | None = None) -> str:
    """Findings for people, one under the other; no more than `most`."""
    found = list(findings)
    shown = [finding.render() for finding in found[:most]]
    hidden = len(found) - len(shown)
    return "\n".join([*shown, *([f"and {hidden:,} more"] if hidden else [])])


_ENOUGH: Final = 200
"""Words that are compared closely: some milliseconds. Of more, those that begin and end alike."""


def nearest(word: str, allowed: Iterable[str]) -> str:
    """A hint with the allowed word that `word` was probably meant to be, or nothing."""
    return _nearest(word, tuple(allowed))


@lru_cache(maxsize=256)  # one misspelt word may stand in thousands of places
def _nearest(word: str, allowed: tuple[str, ...]) -> str:
    size = len(word)
    if not 0 < size <= 100:
        return ""
    words = [other for other in allowed if size <= 3 * len(other) and len(other) <= 3 * size]
    if len(words) > _ENOUGH:
        close = [other for other in words if abs(len(other) - size) <= 2]
        words = sorted(close, key=lambda other: -_alike(word, other) - _alike(word[::-1], other[::-1]))[:_ENOUGH]
    folded = {other.casefold(): other for other in reversed(words)}
    matches = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return f"did you mean {folded[matches[0]]}?" if matches else ""


def _alike(one: str, other: str) -> int:
    """How many characters they begin with alike."""
    for at, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return at
    return min(len(one), len(other))


_QUOTED_LENGTH: Final = 60
_JSON: Final = json.JSONEncoder(ensure_ascii=False, default=str)


def quoted(value: object) -> str:
    """A value as it would stand in a file, short."""
    text = ""
    for part in _JSON.iterencode(value[:_QUOTED_LENGTH] if isinstance(value, str) else value):
        text += part
        if len(text) > _QUOTED_LENGTH:
            return printable(text[: _QUOTED_LENGTH - 3]) + "..."
    return printable(text)
