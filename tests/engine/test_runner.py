"""The engine on an event loop."""

import asyncio
from typing import Any

import pytest
import structlog

from cti.engine.inputs import FromSwitch
from cti.engine.runner import Parts, Runner
from cti.ids import CallId, LegId, NodeName
from cti.records.store import Earlier
from cti.switch import port
from tests.engine.examples import example

MAIN = NodeName("main")


class Switch:
    """Answers every verb; the one that is named breaks."""

    def __init__(self, broken: str) -> None:
        self.verbs: list[str] = []
        self.broken = broken

    def __getattr__(self, verb: str) -> Any:
        async def told(*_: object) -> bool:
            self.verbs.append(verb)
            if verb == self.broken:
                raise ZeroDivisionError(verb)
            return True

        return told


class Book:
    """Knows nobody, keeps nothing."""

    def write(self, *entries: object) -> None: ...

    async def arrived(self, *_: object) -> Earlier:
        return Earlier()


async def calls(switch: Switch, *legs: str, until: str) -> None:
    """Callers are parked; comes back when the verb `until` was told for each."""
    parts = Parts({MAIN: switch}, None, None, Book(), "beep.wav")  # type: ignore[arg-type, dict-item]
    runner = Runner(example(), parts)
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(runner.run())
        for leg in legs:
            told = (0, LegId(leg), CallId(leg))
            runner.put(FromSwitch(MAIN, port.LegCreated(*told, True, "13922112211", "", "4008008008")))
            runner.put(FromSwitch(MAIN, port.LegParked(*told)))
        while switch.verbs.count(until) < len(legs):  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        running.cancel()


@pytest.mark.parametrize("broken", ["claim", "guard"])
async def test_a_mistake_of_ours_in_a_verb_ends_neither_the_engine_nor_other_calls(broken: str) -> None:
    switch = Switch(broken)
    with structlog.testing.capture_logs() as lines:
        await calls(switch, "c1", "c2", until="claim" if broken == "claim" else "answer")
    assert [line["doing"] for line in lines if line["event"] == "a mistake of ours"] == [broken, broken]
