"""The whole server beside a switch: routing of the test's own, open at any hour unless a test closes it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from cti import app
from cti.config.settings import load_settings
from tests.acceptance.freeswitch import FreeSwitch

ROUTING: Mapping[str, str] = {
    "routing/hotlines.yaml": """
hotlines:
  服务热线: {numbers: ["4008008008"], flow: service, hours: always}
  已下班热线: {numbers: ["4008008009"], flow: service_closed, hours: never}
""",
    "routing/hours.yaml": """
hours:
  always: {weekly: {mon-sun: ["00:00-24:00"]}}
  never: {weekly: {mon-sun: ["00:00-24:00"]}, exceptions: {2026-01-01..2026-12-31: closed, 2027-01-01..2027-12-31: closed}}
""",
    "routing/skills.yaml": """
skills: [repair, complaint]
groups: {service: 售后组, specialists: 专席组}
""",
    "routing/agents.yaml": """
defaults: {wrap_up: 1s, ring: 5s}
agents:
  "1001": {name: 王芳, groups: [service], skills: {repair: 4}}
  "1002": {name: 刘洋, groups: [service], skills: {repair: 3}}
  "1003": {name: 李强, groups: [specialists], skills: {complaint: 5}}
""",
    "routing/queues.yaml": """
rules: {rest: 2s}
queues:
  service:
    name: 售后服务
    groups: [service]
    needs: {repair: 3}
    announce: {position: every 10s}
    overflow:
      - when: no agents signed in
        to: voicemail service
      - when: waited > 20s
        to: voicemail service
  complaints:
    name: 投诉专席
    groups: [specialists]
    needs: {complaint: 3}
    overflow:
      - when: waited > 20s
        to: voicemail complaints
""",
    "routing/escalation.yaml": """
escalation:
  - when: calls today >= 3
    queues: [service]
    to: queue complaints
""",
    "ivr_flows/service.yaml": """
flow: service
start: open
steps:
  open: {hours: always, open: menu, closed: closed}
  menu:
    menu: "一。"
    keys: {1: repair, 2: complaint, 0: repair}
    wait: 3s
    retries: 1
    otherwise: repair
  repair: {queue: service, survey: score}
  complaint: {queue: complaints}
  closed: {play: "二。", then: hangup}
""",
    "ivr_flows/service_closed.yaml": """
flow: service_closed
start: open
steps:
  open: {hours: never, open: person, closed: closed}
  person: {queue: service}
  closed: {say_hours: never, then: after}
  after:
    menu: "三。"
    keys: {1: message}
    retries: 0
    otherwise: bye
  message: {voicemail: service, then: bye}
  bye: {play: "四。", then: hangup}
""",
    "ivr_flows/score.yaml": """
flow: score
start: ask
steps:
  ask: {survey: "五。", keys: 1-5, then: hangup}
""",
}


def write(folder: Path, changes: Mapping[str, str] | None = None) -> None:
    """The files, some of them another way."""
    for name, text in {**ROUTING, **(changes or {})}.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")


@asynccontextmanager
async def hotline(
    freeswitch: FreeSwitch, folder: Path, changes: Mapping[str, str] | None = None
) -> AsyncIterator[app.Hotline]:
    """The server, attached to the switch; what it keeps is below `folder`."""
    write(folder, changes)
    secrets = folder / "no secrets"
    secrets.mkdir()
    variables = {
        "CTI_SECRETS_DIR": str(secrets),
        "CTI_ESL__NODES__MAIN__PORT": str(freeswitch.address.port),
        "CTI_SOFTSWITCH__ENABLED": "false",
        "CTI_ROUTING": str(folder / "routing"),
        "CTI_FLOWS": str(folder / "ivr_flows"),
        "CTI_VOICE__CACHE": str(folder / "prompts"),
        "CTI_RECORDINGS__FOLDER": str(folder / "recordings"),
    }
    async with app.hotline(load_settings(None, variables).settings) as running:
        yield running
