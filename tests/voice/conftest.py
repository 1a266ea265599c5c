"""Options with folders of their own."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cti.voice.options import Options

Make = Callable[..., Options]


async def until(holds: Callable[[], bool]) -> None:
    """Waits until something holds that another process brings about; at most 10 s."""
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come about in 10 s")


@pytest.fixture
def options(tmp_path: Path) -> Make:
    """Makes options; one worker is enough for most tests."""

    def make(**changes: Any) -> Options:
        folders = {
            "cache": tmp_path / "cache",
            "recordings": tmp_path / "recordings",
            "replacements": tmp_path / "recordings" / "recorded.csv",
        }
        return Options(**({"workers": 1} | folders | changes))

    (tmp_path / "recordings").mkdir()
    return make
