"""FreeSWITCH for the acceptance tests; without FREESWITCH_PREFIX they are skipped."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.acceptance.freeswitch import FreeSwitch
from tests.acceptance.programs import freeswitch_prefix

AGENTS = {"1001": "pw-of-1001", "1002": "pw-of-1002"}


def _running(factory: pytest.TempPathFactory) -> Iterator[FreeSwitch]:
    switch = FreeSwitch(freeswitch_prefix(), factory.mktemp("freeswitch"), AGENTS)
    switch.launch()
    try:
        asyncio.run(switch.ready())
        yield switch
    finally:
        switch.kill()


@pytest.fixture(scope="session")
def freeswitch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FreeSwitch]:
    """One FreeSWITCH for all tests that leave it as it was."""
    yield from _running(tmp_path_factory)


@pytest.fixture(scope="module")
def frail_freeswitch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FreeSwitch]:
    """Another one, for tests that stop it."""
    yield from _running(tmp_path_factory)
