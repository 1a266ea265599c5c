"""Recordings as switches write them, finished: the embedded softswitch, and FreeSWITCH where there is one."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cti.records.entries import RecordingMade
from cti.records.recordings.alarms import Alarm
from cti.records.recordings.finisher import Finisher
from cti.records.recordings.options import Options
from tests.acceptance.conftest import KINDS, _running
from tests.acceptance.freeswitch import FreeSwitch
from tests.acceptance.phones import sound
from tests.acceptance.phones.sound import AGENT_HERTZ, CALLER_HERTZ, RATE
from tests.acceptance.scene import Scene, scene
from tests.records.recordings import SHANGHAI, chunks, info, tags

SECOND = RATE * 2 * 2
"""Bytes."""


@pytest.fixture(scope="module", params=KINDS)
def switch(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FreeSwitch]:
    yield from _running(request.param, tmp_path_factory)


async def record(stage: Scene, leg: str, path: Path) -> None:
    await stage.ask("uuid_setvar", f"{leg} RECORD_STEREO true")
    await stage.ask("uuid_record", f"{leg} start {path}")
    await stage.story.until("RECORD_START", Unique_ID=leg)


async def test_a_finished_recording_has_both_voices_and_its_tags_and_can_be_played(
    switch: FreeSwitch, tmp_path: Path
) -> None:
    made: list[RecordingMade] = []
    alarms: list[Alarm] = []
    async with (
        Finisher(Options(folder=switch.recordings), made.append, alarms.append) as finisher,
        scene(switch, tmp_path) as stage,
    ):
        talk = await stage.talk()
        known = tags("talk", began_at=datetime.now(UTC))
        path = await finisher.begin(known, SHANGHAI)
        assert path is not None
        await record(stage, talk.a, path)
        await talk.agent.hears(CALLER_HERTZ, seconds=2)
        await stage.ask("uuid_record", f"{talk.a} stop {path}")
        await stage.story.until("RECORD_STOP", Unique_ID=talk.a)
        finisher.finish(path, replace(known, ended_at=datetime.now(UTC)))
        async with asyncio.timeout(10):
            await finisher.idle()

        assert alarms == []
        assert [(one.id, one.failure, one.channels) for one in made] == [("talk-1", "", 2)]
        left, right = sound.channels(path)[1]
        assert set(sound.voices(left[RATE:])) == {CALLER_HERTZ}
        assert set(sound.voices(right[RATE:])) == {AGENT_HERTZ}
        assert json.loads(info(path)["ICMT"])["agents"] == ["1001", "1009"]

        done = await stage.run(talk.a, "playback", str(path))
        assert done["Application-Response"] == "FILE PLAYED"


async def test_what_a_switch_has_written_when_it_dies_is_mended(switch: FreeSwitch, tmp_path: Path) -> None:
    """What is on the disk while it still records is what a killed one leaves."""
    made: list[RecordingMade] = []
    options = Options(folder=tmp_path / "recordings")
    async with Finisher(options, made.append) as finisher:
        left = await finisher.begin(tags("killed", ended_at=None), SHANGHAI)
        assert left is not None
        async with scene(switch, tmp_path) as stage:
            talk = await stage.talk()
            path = switch.recordings / "runs.wav"
            await record(stage, talk.a, path)
            async with asyncio.timeout(20):
                while not path.exists() or path.stat().st_size < 4 * SECOND:  # noqa: ASYNC110 (no event)
                    await asyncio.sleep(0.02)
            shutil.copy(path, left)
            await stage.ask("uuid_record", f"{talk.a} stop {path}")
            await stage.story.until("RECORD_STOP", Unique_ID=talk.a)
        finisher.finish(left, tags("killed", ended_at=None))
        async with asyncio.timeout(10):
            await finisher.idle()
    assert [one.failure for one in made] == [""]
    sound_left = dict(chunks(left))["data"]
    assert len(sound_left) >= 3 * SECOND
    assert sound_left == path.read_bytes()[44:][: len(sound_left)]
    assert info(left)["IART"] == "1001, 1009"
