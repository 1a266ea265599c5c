"""What is wrong in a file that a person wrote: where, what, and what is allowed instead."""

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from cti.errors import Blame, CtiError


@dataclass(frozen=True, slots=True)
class Place:
    """A spot in a file (lines and columns count from 1), or a source that has no lines."""

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    place: Place
    what: str
    value: str = ""
    """The offending text as it stands in the file; it is underlined."""
    hint: str = ""
    allowed: tuple[str, ...] = ()

    def render(self) -> str:
        """For people: the place, the line with the value underlined, what is allowed."""
        lines = [f"{self.place}  {self.what}"]
        shown = self._line()
        if shown is not None:
            margin = f"{self.place.line:>6} | "
            underline = "^" * max(1, len(self.value)) if self.place.column else ""
            lines.append(margin + shown)
            hint = f" {self.hint}" if self.hint else ""
            lines.append(" " * 6 + " | " + " " * (self.place.column - 1) + underline + hint)
        elif self.hint:
            lines.append(f"    {self.hint}")
        if self.allowed:
            lines.append(f"    allowed: {', '.join(self.allowed)}")
        return "\n".join(lines)

    def _line(self) -> str | None:
        if not self.place.line:
            return None
        try:
            return Path(self.place.source).read_text("utf-8").splitlines()[self.place.line - 1]
        except (OSError, IndexError, UnicodeDecodeError):
            return None


class ConfigError(CtiError):
    """Files that cannot be used, with everything that is wrong in them."""

    blame: ClassVar[Blame] = Blame.ADMIN

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(finding.render() for finding in self.findings))


def nearest(word: str, allowed: Iterable[str]) -> str:
    """A hint with the allowed word that `word` was probably meant to be, or nothing."""
    matches = difflib.get_close_matches(word, list(allowed), n=1, cutoff=0.6)
    return f"did you mean {matches[0]}?" if matches else ""


def quoted(value: object) -> str:
    """A value as it would stand in a file, short."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
