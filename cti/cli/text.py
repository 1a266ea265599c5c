"""Text for terminals: columns that stand under one another whatever script is in them, and nothing that a caller wrote
acts on the terminal."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from typing import Final

from cti.log import escape_controls

_STYLES: Final = re.compile(r"\x1b\[[0-9;]*m")


def safe(text: str) -> str:
    """What somebody outside chose, on one line, without power over the terminal."""
    return escape_controls(text)


def width(text: str) -> int:
    """Columns that a terminal gives it: two for a Chinese character, none for a mark on another or for a colour."""
    plain = _STYLES.sub("", text)
    return len(plain) if plain.isascii() else sum(map(_columns, plain))


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, most: int) -> str:
    """The text, or its beginning and an ellipsis, in at most so many columns."""
    if width(text) <= most:
        return text
    kept, room = "", most - 1
    for character in text:
        room -= _columns(character)
        if room < 0:
            break
        kept += character
    return kept + "…"


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """The text in at least so many columns."""
    space = " " * (columns - width(text))
    return space + text if right else text + space


def table(rows: Sequence[Sequence[str]], right: Collection[int] = (), gap: str = "  ") -> list[str]:
    """Lines in which each column is as wide as it must be; the columns in `right` end together."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return [gap.join(pad(cell, widths[at], right=at in right) for at, cell in enumerate(row)).rstrip() for row in rows]


def clock(seconds: float) -> str:
    """0:05, 12:30, 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
