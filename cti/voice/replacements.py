"""Texts that somebody has recorded: a table of language, text, file that people fill in a spreadsheet.

``cti prompts list --csv`` writes one with every text of the flows and an empty last column: the studio's script. A row
without a file is a text that is not recorded yet.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cti.voice.errors import ReplacementsError

COLUMNS: Final = ("language", "text", "file")


@dataclass(frozen=True, slots=True)
class Replacement:
    """A recorded text; `file` is relative to the folder of recordings."""

    language: str
    text: str
    file: str
    place: str
    """FILE:LINE."""


def read(path: Path) -> dict[tuple[str, str], Replacement]:
    """The recorded texts by language and plain text; none when there is no such file. Raises ReplacementsError."""
    try:
        content = path.read_text("utf-8-sig")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        raise ReplacementsError(f"{path}: not UTF-8", remedy='Save it as "CSV UTF-8"') from None
    except OSError as error:
        raise ReplacementsError(f"{path}: cannot be read: {error.strerror}") from error
    rows = csv.reader(io.StringIO(content, newline=""), strict=True)
    found: dict[tuple[str, str], Replacement] = {}
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            place = f"{path}:{rows.line_num}"
            if len(row) != len(COLUMNS):
                raise ReplacementsError(f"{place}: {len(row)} columns", remedy=f"There are {', '.join(COLUMNS)}")
            language, text, file = (cell.strip() for cell in row)
            if (language, text, file) == COLUMNS or not file:
                continue
            key = (language, plain(text))
            if key in found:
                raise ReplacementsError(f"{place}: the text of {found[key].place} again", remedy="Leave one of them")
            found[key] = Replacement(language, text, file, place)
    except csv.Error as error:
        raise ReplacementsError(f"{path}:{rows.line_num}: {error}", remedy="Save it as CSV, with commas") from error
    return found


def written(texts: Iterable[tuple[str, str]], known: dict[tuple[str, str], Replacement]) -> str:
    """The table for these texts (language, text), with the files that are known already."""
    out = io.StringIO(newline="")
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    for language, text in texts:
        recorded = known.get((language, plain(text)))
        rows.writerow((language, text, recorded.file if recorded else ""))
    return out.getvalue()


def plain(text: str) -> str:
    """A text without the accidents of its line breaks and blanks."""
    return " ".join(text.split())
