"""The command line as people run it: in a process of its own."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from cti.config.agents import load_agents
from tests.acceptance.programs import free_port
from tests.config.files import small
from tests.esl.fake import Peer, answer, event, fake_switch, reply

CTI = Path(sys.executable).with_name("cti")
ROOT = Path(__file__).parent.parent
CONFIG = ("--config", str(ROOT / "config" / "cti.yaml"))
NO_SECRETS = tempfile.mkdtemp()


def cti(*arguments: str, cwd: Path = ROOT, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "CTI_SECRETS_DIR": NO_SECRETS, **variables}
    return subprocess.run([CTI, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=30)


def test_config_show_says_where_each_value_came_from_and_masks_secrets() -> None:
    shown = cti("config", "show", CTI_ESL__NODES__MAIN__PASSWORD="a-secret-word")
    assert shown.returncode == 0, shown.stderr
    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for line in shown.stdout.splitlines()}
    assert rows["esl.nodes.main.port"] == ["8021", "config/cti.yaml:12:13"]
    assert rows["esl.nodes.main.password"] == [
        "********",
        "environment variable CTI_ESL__NODES__MAIN__PASSWORD",
    ]
    assert "a-secret-word" not in shown.stdout + cti("config", "show", "--json").stdout


def test_an_error_is_a_message_and_no_traceback() -> None:
    wrong = cti("run", CTI_ESL__DRIVER="greenswich")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("error: environment variable CTI_ESL__DRIVER")
    assert "did you mean greenswitch?" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_the_well_known_password_is_refused_off_loopback() -> None:
    wrong = cti("run", CTI_ESL__NODES__MAIN__HOST="192.0.2.1")
    assert wrong.returncode == 2
    assert "ClueCon is known to everybody" in wrong.stderr


def test_a_wrong_command_shows_the_usage() -> None:
    assert "No such command" in cti("rnu").stderr
    assert "Run the server" in cti("--help").stdout


def test_check_passes_the_files_of_the_repository() -> None:
    found = cti("check", "--at", "2026-11-24")
    assert found.returncode == 0, found.stdout
    assert found.stdout.splitlines()[-1] == (
        "routing: 3 hotlines, 5 queues, 11 agents, 5 flows; "
        "every flow ends on every path, 2026-11-24..2027-12-29 (8 combinations of hours)"
    )


def test_check_points_at_what_is_wrong_and_fails(tmp_path: Path) -> None:
    small(tmp_path, {"routing/queues.yaml": ("longest_idle", "longest_idel")})
    wrong = cti("check", *CONFIG, cwd=tmp_path)
    assert wrong.returncode == 1
    assert wrong.stdout == (
        """\
routing/queues.yaml:9:15  strategy: "longest_idel" is not a strategy
     9 |     strategy: longest_idel
       |               ^^^^^^^^^^^^ did you mean longest_idle?
    allowed: longest_idle, round_robin, fewest_calls, least_occupied, most_skilled, sequential, ring_all
routing: 1 error in 1 hotline, 1 queue, 2 agents, 3 flows
"""
    )


def test_check_points_at_what_cannot_be_spoken(tmp_path: Path) -> None:
    small(tmp_path, {"ivr_flows/service.yaml": ("再见。", "再见😀。")})
    wrong = cti("check", *CONFIG, cwd=tmp_path)
    assert wrong.returncode == 1
    assert wrong.stdout.startswith("""\
ivr_flows/service.yaml:24:16  the prompt “再见😀。” cannot be spoken: 😀 (U+1F600)
    24 |   bye: {play: "再见😀。", then: hangup}
       |                ^^^^^^^^ Take it out of the text
""")


def test_check_tells_programs_too(tmp_path: Path) -> None:
    small(tmp_path, {"routing/hotlines.yaml": ("hours: desk", "hours: dsk")})
    wrong = cti("check", "--json", *CONFIG, cwd=tmp_path)
    assert wrong.returncode == 1
    told = json.loads(wrong.stdout)
    assert told["errors"] == 1
    assert (told["findings"][0]["file"], told["findings"][0]["line"]) == ("routing/hotlines.yaml", 5)
    assert told["proof"]["flows"] == 3


def test_bench_runs_from_any_folder(tmp_path: Path) -> None:
    small = ["--events", "100", "--commands", "100", "--memory", "100", "--repeat", "1", "--client", "ours"]
    ran = cti("bench", "esl", *small, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "| ours" in ran.stdout


def test_console_says_why_it_cannot_connect() -> None:
    wrong = cti("console", "-x", "status", CTI_ESL__NODES__MAIN__PORT="1")
    assert wrong.returncode == 2
    assert "cannot connect to 127.0.0.1:1" in wrong.stderr
    assert "Check that FreeSWITCH runs" in wrong.stderr


def test_render_makes_passwords_once_and_keeps_them(tmp_path: Path) -> None:
    folder = tmp_path / "freeswitch"
    folder.mkdir()
    (folder / "vars.xml").write_bytes((ROOT / "config" / "freeswitch" / "vars.xml").read_bytes())
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    variables = {"CTI_FREESWITCH__FOLDER": str(folder), "CTI_SECRETS_DIR": str(secrets)}
    missing = cti("freeswitch", "render", **variables)
    assert missing.returncode == 2
    assert "no SIP password for 1001" in missing.stderr
    file = secrets / "CTI_AGENTS__PASSWORDS"
    made = cti("freeswitch", "render", "--new-passwords", **variables)
    assert made.returncode == 0, made.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    passwords = json.loads(file.read_text())
    assert list(passwords) == load_agents(ROOT / "routing").ids()
    first = (folder / "rendered" / "directory" / "agents.xml").read_text()
    again = cti("freeswitch", "render", "--new-passwords", **variables)
    assert again.returncode == 0, again.stderr
    assert (folder / "rendered" / "directory" / "agents.xml").read_text() == first
    assert json.loads(file.read_text()) == passwords


def places(folder: Path) -> dict[str, str]:
    """What the server keeps, below a folder of the test's own."""
    return {
        "CTI_SECRETS_DIR": str(folder),
        "CTI_VOICE__CACHE": str(folder / "prompts"),
        "CTI_RECORDINGS__FOLDER": str(folder / "recordings"),
        "CTI_RECORDS__URL": f"sqlite+aiosqlite:///{folder / 'cti.db'}",
        "CTI_RECORDS__SPOOL": str(folder / "spool"),
    }


@pytest.mark.parametrize("driver", ["asyncio", "greenswitch"])
async def test_the_server_attaches_claims_a_call_and_stops_in_order(driver: str, tmp_path: Path) -> None:
    claimed, stopped = asyncio.Event(), asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.let_in()
        assert (await peer.hear()).startswith(b"event plain ")
        peer.say(reply("+OK event listener enabled plain"))
        assert await peer.hear() == b"api show channels as json"
        peer.say(answer('{"row_count": 0}'))
        assert await peer.hear() == b"api show registrations as json"
        peer.say(answer('{"row_count": 0}'))
        created = [("Event-Name", "CHANNEL_CREATE"), ("Unique-ID", "leg-1"), ("Caller-Context", "trunk")]
        numbers = [("Caller-Caller-ID-Number", "13800138000"), ("Caller-Destination-Number", "4008008008")]
        peer.say(event(*created, ("Call-Direction", "inbound"), *numbers))
        peer.say(event(("Event-Name", "CHANNEL_PARK"), ("Unique-ID", "leg-1")))
        while (heard := await peer.hear()) == b"api strmicroepoch":
            peer.say(answer(str(time.time_ns() // 1000)))
        assert heard == b"api sched_del leg-1"
        claimed.set()
        while await peer.hear() != b"exit":
            pass
        stopped.set()

    environment = {**os.environ, **places(tmp_path), "CTI_ESL__NODES__MAIN__PASSWORD": "secret"}
    async with asyncio.timeout(20), fake_switch(script) as switch:
        environment |= {"CTI_ESL__NODES__MAIN__PORT": str(switch.address.port), "CTI_ESL__DRIVER": driver}
        environment |= {"CTI_SOFTSWITCH__ENABLED": "false", "CTI_ESL__NUDGE": "0s"}
        server = await asyncio.create_subprocess_exec(
            CTI, "run", cwd=ROOT, env=environment, stderr=asyncio.subprocess.PIPE
        )
        await claimed.wait()
        server.send_signal(signal.SIGTERM)
        await stopped.wait()
        said, code = await server.stderr.read(), await server.wait()
    lines = [json.loads(line) for line in said.splitlines()]
    assert code == 0
    told = ["server started", "clock of the switch", "switch attached", "售后服务热线 is called"]
    assert [line["event"] for line in lines[:4]] == told
    assert lines[3]["call_id"] == "leg-1"
    assert lines[-1]["event"] == "server stopped"


async def test_the_server_brings_its_own_softswitch(tmp_path: Path) -> None:
    ports = {"CTI_ESL__NODES__MAIN__PORT", "CTI_SOFTSWITCH__INTERNAL_PORT", "CTI_SOFTSWITCH__EXTERNAL_PORT"}
    environment = {**os.environ, **places(tmp_path)} | {name: str(free_port()) for name in ports}
    async with asyncio.timeout(20):
        server = await asyncio.create_subprocess_exec(
            CTI, "run", cwd=ROOT, env=environment, stderr=asyncio.subprocess.PIPE
        )
        made = (await server.stderr.readline()).decode()
        lines = []
        while not lines or lines[-1]["event"] != "switch attached":
            lines.append(json.loads(await server.stderr.readline()))
        server.send_signal(signal.SIGTERM)
        rest, code = await server.stderr.read(), await server.wait()
    assert made.startswith("made SIP passwords for 1001")
    assert (tmp_path / "CTI_AGENTS__PASSWORDS").stat().st_mode & 0o777 == 0o600
    assert lines[0]["event"] == "embedded softswitch: for trials and tests, not for production"
    assert lines[0]["level"] == "warning"
    assert json.loads(rest.splitlines()[-1])["event"] == "server stopped"
    assert code == 0


def test_a_port_that_is_taken_says_what_to_do(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        wrong = cti("run", CTI_SECRETS_DIR=str(tmp_path), CTI_SOFTSWITCH__INTERNAL_PORT=port)
    assert wrong.returncode == 2
    assert "the softswitch cannot listen" in wrong.stderr
    assert "set softswitch.enabled to false" in wrong.stderr


async def test_a_hang_up_signal_puts_other_files_in_force_and_a_wrong_one_never_does(tmp_path: Path) -> None:
    for name in ("routing", "ivr_flows"):
        shutil.copytree(ROOT / name, tmp_path / name)
    ports = {"CTI_ESL__NODES__MAIN__PORT", "CTI_SOFTSWITCH__INTERNAL_PORT", "CTI_SOFTSWITCH__EXTERNAL_PORT"}
    environment = {**os.environ, **places(tmp_path)} | {name: str(free_port()) for name in ports}
    environment |= {"CTI_ROUTING": str(tmp_path / "routing"), "CTI_FLOWS": str(tmp_path / "ivr_flows")}
    queues = tmp_path / "routing" / "queues.yaml"
    right = queues.read_text("utf-8")

    async def told(server: asyncio.subprocess.Process, event: str) -> dict[str, object]:
        while True:
            line = await server.stderr.readline()
            if line.startswith(b"{") and (said := json.loads(line))["event"] == event:
                return said

    async with asyncio.timeout(40):
        server = await asyncio.create_subprocess_exec(
            CTI, "run", cwd=ROOT, env=environment, stderr=asyncio.subprocess.PIPE
        )
        try:
            await told(server, "switch attached")
            queues.write_text(right.replace("strategy: longest_idle", "strategy: longest_idel", 1), "utf-8")
            server.send_signal(signal.SIGHUP)
            finding = await told(server, "routing")
            while "longest_idel" not in str(finding["what"]):
                finding = await told(server, "routing")
            assert (await told(server, "the routing in force stays"))["version"] == 1
            queues.write_text(right.replace("strategy: longest_idle", "strategy: round_robin", 1), "utf-8")
            server.send_signal(signal.SIGHUP)
            assert (await told(server, "another routing is in force"))["version"] == 2
        finally:
            server.send_signal(signal.SIGTERM)
            await server.communicate()
    assert server.returncode == 0
