"""The records of a test, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.typing import EventDict

from cti.records.store import Options, Records
from tests.records.postgres import Cluster, NoPostgres

_NUMBERS = count(1)
QUICK: dict[str, Any] = {"pause": 0.01, "retry_first": 0.02, "retry_most": 0.05, "limit": 5.0}
"""Nobody waits for long in a test."""


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """PostgreSQL for all tests."""
    try:
        started = Cluster()
    except NoPostgres as why:
        pytest.skip(str(why))
    yield started
    started.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """An empty database."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/cti.db?timeout=0.3"
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    name = f"test{next(_NUMBERS)}"
    await cluster.create(name)
    yield cluster.url(name)
    await cluster.drop(name)


@pytest.fixture
def log() -> Iterator[list[EventDict]]:
    """What the records say while the test runs."""
    with structlog.testing.capture_logs() as lines:
        yield lines


Open = Callable[..., Any]


@pytest.fixture
async def open_at(tmp_path: Path, log: list[EventDict]) -> AsyncIterator[Open]:
    """Opens records on a database that the test names, and the test's spool; they are closed behind the test."""
    async with AsyncExitStack() as stack:

        async def opened(url: str, **options: Any) -> Records:
            records = Records(Options(**{"url": url, "spool": tmp_path / "spool", **QUICK} | options))
            return await stack.enter_async_context(records)

        yield opened


@pytest.fixture
def open_records(url: str, open_at: Open) -> Open:
    """Opens records on the test's database."""
    return partial(open_at, url)


@pytest.fixture
async def records(open_records: Open) -> Records:
    """Records that are open."""
    opened: Records = await open_records()
    return opened


async def settled(records: Records, within: float = 10.0) -> None:
    """Until everything that was handed in is in the database."""
    async with asyncio.timeout(within):
        while (health := records.health()).waiting or health.spooled or health.away_since:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def until(holds: Callable[[], bool], within: float = 10.0) -> None:
    """Until something holds."""
    async with asyncio.timeout(within):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
