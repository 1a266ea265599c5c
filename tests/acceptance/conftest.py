"""The switches of the acceptance tests: the embedded one, and FreeSWITCH where FREESWITCH_PREFIX says where it is."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.acceptance.embedded import Embedded
from tests.acceptance.freeswitch import FreeSwitch
from tests.acceptance.hotline import Service, render_all, service
from tests.acceptance.programs import freeswitch_prefix
from tests.acceptance.scene import AGENTS

KINDS = ["embedded", pytest.param("freeswitch", marks=pytest.mark.freeswitch)]


def _running(kind: str, factory: pytest.TempPathFactory) -> Iterator[FreeSwitch]:
    folder = factory.mktemp(kind)
    switch = Embedded(folder, AGENTS) if kind == "embedded" else FreeSwitch(freeswitch_prefix(), folder, AGENTS)
    switch.launch()
    try:
        asyncio.run(switch.ready())
        yield switch
    finally:
        switch.kill()


@pytest.fixture(scope="session", params=KINDS)
def freeswitch(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FreeSwitch]:
    """One switch for all tests that leave it as it was."""
    yield from _running(request.param, tmp_path_factory)


@pytest.fixture(scope="module", params=KINDS)
def frail_freeswitch(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FreeSwitch]:
    """Another one, for tests that stop it."""
    yield from _running(request.param, tmp_path_factory)


@pytest.fixture(scope="session")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the server says in words, rendered once for all tests."""
    folder = tmp_path_factory.mktemp("voice")
    render_all(folder / "prompts", folder)
    return folder / "prompts"


Open = Callable[..., AbstractAsyncContextManager[Service]]


@pytest.fixture
def open_hotline(freeswitch: FreeSwitch, tmp_path: Path, prompts: Path) -> Open:
    """Opens the whole server beside the switch."""
    return partial(service, freeswitch, tmp_path, prompts)
