"""A leg that is over goes at once, without the collector: its pauses would be heard by all others."""

import asyncio
import gc
import weakref
from collections.abc import Callable, Iterator

import pytest

from cti.softswitch import api
from cti.softswitch.channel import Channel
from cti.softswitch.sip import sdp
from cti.softswitch.sip.agent import UserAgent
from cti.softswitch.sip.handler import Handler
from cti.softswitch.switch import Options, Switch


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def test_two_bridged_legs_leave_nothing_that_only_the_collector_frees(no_collector: None) -> None:
    switch = Switch(Options(internal_port=0, external_port=0, esl_port=0))
    phones = UserAgent("phones", "127.0.0.1", 0, None, Handler())
    await switch.start()
    await phones.open()
    legs = []
    for port in (61000, 61002):
        offer = sdp.offer(("127.0.0.1", port), session=1)
        phones.invite(f"sip:4001@127.0.0.1:{switch.external_port}", "100", "", offer)
    await until(lambda: len(switch.channels) == 2)
    for channel in switch.channels.values():
        switch.answer(channel)
        legs.append(channel.uuid)
    watched = [weakref.ref(channel) for channel in switch.channels.values()]
    del channel
    await api.run(switch, "uuid_bridge", " ".join(legs))
    await until(lambda: bridged(switch))
    await api.run(switch, "uuid_kill", legs[0])
    await until(lambda: not switch.channels)
    await until(lambda: [leg() for leg in watched] == [None, None])
    phones.close()
    await switch.close()


def bridged(switch: Switch) -> bool:
    return all(isinstance(channel.other, Channel) for channel in switch.channels.values())


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(3):
        while not happened():  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.01)
