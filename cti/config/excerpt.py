"""A line of a file as a terminal shows it, with what is wrong underlined.

Chinese characters take two cells of a terminal, tabs are shown as spaces, and whatever a terminal would obey instead
of showing (control characters, direction marks) is spelled out.
"""

import unicodedata
from typing import Final

WIDTH: Final = 100
"""Cells of a line that are shown; a longer one is cut around the value."""

_BEFORE: Final = 40
"""Cells of a long line that are shown left of the value."""

_TAB: Final = "    "
_CUT: Final = "..."
_SPACES: Final = "\u3000\u00a0"  # not printable for Python, but quite harmless


def printable(text: str) -> str:
    """The text with everything spelled out that a terminal would obey instead of showing."""
    return text if text.isprintable() else "".join(map(_spelled, text))


def cells(text: str) -> int:
    """How many cells of a terminal the text takes."""
    return sum(map(_width, text))


def excerpt(line: str, column: int, length: int) -> tuple[str, str]:
    """The line, cut where it is long, and the marks under `length` characters from `column` (from 1)."""
    start = column - 1
    end = start + length
    # nobody sees more than WIDTH of any part, so that a line of a megabyte costs no more than another
    parts = line[max(0, start - 2 * WIDTH) : start], line[start:end][: 2 * WIDTH], line[end:][: 2 * WIDTH]
    before, value, after = (printable(part.replace("\t", _TAB)) for part in parts)
    if cells(before + value + after) > WIDTH:
        before = _beginning(before[::-1], _BEFORE)[::-1]
        value = _beginning(value, WIDTH - cells(before))
        after = _beginning(after, WIDTH - cells(before + value))
    return before + value + after, " " * cells(before) + "^" * max(1, cells(value))


def _spelled(character: str) -> str:
    if character.isprintable() or character in _SPACES:
        return character
    return character.encode("unicode_escape").decode("ascii")


def _width(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _beginning(text: str, room: int) -> str:
    """As much of the text as fits."""
    if cells(text) <= room:
        return text
    kept, left = "", room - len(_CUT)
    for character in text:
        left -= _width(character)
        if left < 0:
            break
        kept += character
    return kept + _CUT
