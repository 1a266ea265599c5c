"""The whole of it, fast: customers and agents around the server and its embedded switch; calls end in the records."""

import asyncio
import contextlib
import gc
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from cti import app
from cti.cli.demo import run
from cti.config.settings import Settings, load_settings
from cti.demo.agents import Habits
from cti.demo.demo import Options
from tests.acceptance.phones.sound import write_tone
from tests.acceptance.programs import free_port, rtp_ports

MUSIC = Path(__file__).parents[2] / "config/freeswitch/sounds/moh"
SECONDS = 20.0
EXPECTED = (
    "calls WHERE outcome = 'answered' AND talked > 1 AND ended_at IS NOT NULL LIMIT 1 OFFSET 4",
    "calls WHERE outcome = 'answered' AND termination = 'agent'",
    "calls WHERE survey_score BETWEEN 1 AND 5",
    "calls WHERE repeat_count > 0",
    "offers WHERE how = 'declined'",
    "agent_states WHERE presence = 'on_break'",
    "voicemails WHERE seconds > 1",
    "recordings LIMIT 1 OFFSET 5",
)
"""Rows that the records must come to have."""
ROUTING = {
    "routing/hotlines.yaml": """
hotlines:
  服务热线: {numbers: ["4008008008"], flow: service, hours: desk}
  投诉热线: {numbers: ["4008008009"], flow: complaints, hours: complaints}
""",
    "routing/hours.yaml": """
hours:
  desk: {weekly: {mon: ["09:00-09:01"]}}
  complaints: {weekly: {mon-sun: ["00:00-24:00"]}}
""",
    "routing/skills.yaml": "skills: [repair]\ngroups: {service: 售后组}\n",
    "routing/agents.yaml": """
defaults: {wrap_up: 500ms, ring: 5s}
agents:
  "1001": {name: 王芳, groups: [service], skills: {repair: 4}}
  "1002": {name: 刘洋, groups: [service], skills: {repair: 3}}
  "1003": {name: 周婷, groups: [service], skills: {repair: 3}}
  "1004": {name: 黄家豪, groups: [service], skills: {repair: 3}}
""",
    "routing/queues.yaml": """
rules: {rest: 1s}
queues:
  service: {name: 售后服务, groups: [service], needs: {repair: 3}}
""",
    "ivr_flows/service.yaml": """
flow: service
start: open
steps:
  open: {hours: desk, open: menu, closed: bye}
  menu: {menu: {file: tone.wav}, keys: {1: repair, 0: repair}, wait: 2s, otherwise: repair}
  repair: {queue: service, survey: score}
  bye: {hangup: true}
""",
    "ivr_flows/complaints.yaml": """
flow: complaints
start: open
steps:
  open: {hours: complaints, open: bye, closed: menu}
  menu: {menu: {file: tone.wav}, keys: {1: message}, wait: 2s, otherwise: bye}
  message: {voicemail: service, then: bye}
  bye: {hangup: true}
""",
    "ivr_flows/score.yaml": """
flow: score
start: ask
steps:
  ask: {survey: {file: tone.wav}, keys: 1-5, wait: 1s, retries: 0, then: hangup}
""",
}


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """Of a server that keeps everything below a folder of the test's own, and renders nothing ahead."""
    for name, text in ROUTING.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    write_tone(tmp_path / "ivr_flows" / "tone.wav", 440, 1)
    (tmp_path / "secrets").mkdir()
    first, last = rtp_ports()
    variables = {
        "CTI_SECRETS_DIR": str(tmp_path / "secrets"),
        "CTI_AGENTS__PASSWORDS": json.dumps({str(agent): f"pw-{agent}" for agent in range(1001, 1005)}),
        "CTI_ESL__NODES__MAIN__PORT": str(free_port()),
        "CTI_SOFTSWITCH__INTERNAL_PORT": "0",
        "CTI_SOFTSWITCH__EXTERNAL_PORT": "0",
        "CTI_SOFTSWITCH__RTP_FIRST": str(first),
        "CTI_SOFTSWITCH__RTP_LAST": str(last),
        "CTI_SOFTSWITCH__MUSIC": str(MUSIC),
        "CTI_ROUTING": str(tmp_path / "routing"),
        "CTI_FLOWS": str(tmp_path / "ivr_flows"),
        "CTI_VOICE__CACHE": str(tmp_path / "prompts"),
        "CTI_VOICE__RECORDINGS": str(tmp_path / "ivr_flows"),
        "CTI_VOICE__RATE": "450",
        "CTI_RECORDS__URL": f"sqlite+aiosqlite:///{tmp_path}/cti.db",
        "CTI_RECORDS__SPOOL": str(tmp_path / "spool"),
        "CTI_RECORDINGS__FOLDER": str(tmp_path / "recordings"),
    }

    async def nothing(*_: Any) -> None:
        """Callers wait for the few words that they hear, and people hum."""

    with patch.object(app, "render_ahead", nothing), patch("cti.cli.demo.give_voices", nothing):
        yield load_settings(None, variables).settings
    gc.unfreeze()  # the server froze what there was


def found(database: Path, what: str) -> bool:
    """Whether there is such a row."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        try:
            return connection.execute(f"SELECT 1 FROM {what}").fetchone() is not None
        except sqlite3.OperationalError:
            return False  # the tables are being made


async def test_calls_are_served_and_recorded_and_nothing_is_left(settings: Settings, tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    habits = Habits(declines=0.2, misses=0.0, breaks=0.2, talks=(2.0, 5.0))
    demo = asyncio.create_task(run(settings, Options(seed=5, every=0.4, most=12, speed=4.0, habits=habits)))
    database = tmp_path / "cti.db"
    missing = list(EXPECTED)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SECONDS):
            while missing and not demo.done():
                await asyncio.sleep(0.5)
                missing = [what for what in missing if not found(database, what)]
    demo.cancel()
    with pytest.raises(asyncio.CancelledError):
        await demo
    assert missing == []
    assert asyncio.all_tasks() == before
    lasted = "(julianday(ended_at) - julianday(began_at)) * 86400"  # one may have begun just when all ended
    assert not found(database, f"recordings WHERE failure <> '' AND {lasted} > 0.5")
    assert not found(
        database, "calls WHERE outcome = 'answered' AND (talked <= 0 OR last_agent NOT IN ('1002', '1003', '1004'))"
    )
