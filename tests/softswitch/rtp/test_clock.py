"""The clock of the media: every 5 ms, and asleep in between, on whichever loop."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import uvloop

from cti.softswitch.rtp.engine import MediaEngine

SECONDS = 0.5


class Counting(MediaEngine):
    """Counts how often it looks at its sockets."""

    looks = 0

    def _take(self, now: float) -> None:
        self.looks += 1
        super()._take(now)


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_it_does_not_spin_until_the_next_beat(run: Callable[[Any], int]) -> None:
    async def beat() -> int:
        engine = Counting("127.0.0.1", range(23000, 23100))
        engine.start()
        engine.open()
        await asyncio.sleep(SECONDS)
        await engine.close()
        return engine.looks

    assert 20 < run(beat()) < 3 * 200 * SECONDS
