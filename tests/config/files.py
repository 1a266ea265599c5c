"""Folders of routing/ and ivr_flows/ for tests: a small good set, and what is changed in it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from cti.config.check import Checked, check

DATA = Path(__file__).parents[1] / "data"
SMALL = DATA / "good" / "small"
"""One hotline, two queues, two agents, three flows; nothing to complain of."""

TODAY = date(2026, 11, 24)
"""A Tuesday."""


def small(folder: Path, changes: dict[str, tuple[str, str]] | None = None) -> Path:
    """The small set in a folder; of each file named, one text is replaced by another."""
    shutil.copytree(SMALL, folder, dirs_exist_ok=True)
    for name, (old, new) in (changes or {}).items():
        text = (folder / name).read_text("utf-8")
        assert old in text, f"{name} has no {old!r}"
        (folder / name).write_text(text.replace(old, new, 1), "utf-8")
    return folder


def overlay(folder: Path, case: Path) -> None:
    """Lays a case of tests/data/bad/routing over the files in a folder."""
    absent = case / "absent.txt"
    for name in absent.read_text().split() if absent.exists() else ():
        (folder / name).unlink()
    for part in ("routing", "ivr_flows"):
        if (case / part).is_dir():
            shutil.copytree(case / part, folder / part, dirs_exist_ok=True)


def checked(folder: Path, today: date = TODAY) -> Checked:
    """What `cti check` finds in a folder; places are relative to it."""
    with standing_in(folder):
        return check(Path("routing"), Path("ivr_flows"), today)


@contextmanager
def standing_in(folder: Path) -> Iterator[None]:
    """Within, paths are relative to the folder."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
