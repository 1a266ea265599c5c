"""`cti console`, over a real socket: what it sends, what it shows, and what a caller cannot do to the terminal."""

import json

import pytest
from prompt_toolkit.formatted_text import FormattedText, fragment_list_to_text

from cti.console import Console, as_json, commands_for, run, summary, table
from cti.errors import CtiError
from cti.esl.commands import Api, BgApi, Events, Filter, FilterDelete, Log, NoEvents
from cti.esl.events import Event
from cti.esl.link import NARROW
from cti.esl.wire import Limits
from tests.esl import transcripts
from tests.esl.fake import DRIVERS, PASSWORD, Peer, answer, event, fake_switch, reply


def a_summary(name: str, event_name: str) -> str:
    for part in transcripts.read(name):
        if b"Event-Name: %b\n" % event_name.encode() in part.data:
            return fragment_list_to_text(summary(Event(b"\n" + part.data.partition(b"\n\n")[2])))
    raise AssertionError(event_name)


@pytest.mark.parametrize(
    ("line", "commands"),
    [
        ("status", [Api("status")]),
        ("uuid_kill x NORMAL_CLEARING", [Api("uuid_kill", rest="x NORMAL_CLEARING")]),
        ("show channels", [Api("show", ["channels", "as", "json"])]),
        ("show channels as xml", [Api("show", rest="channels as xml")]),
        ("/events", [NARROW]),
        ("/events DTMF sofia::register", [Events(["DTMF"], ["sofia::register"])]),
        ("/call abc", [FilterDelete("all"), Filter("Unique-ID", "abc")]),
        ("/call", [FilterDelete("all")]),
        ("/noevents", [NoEvents()]),
        ("/log 4", [Log(4)]),
        ("/log", [Log(7)]),
    ],
)
def test_what_a_line_means(line: str, commands: list[object]) -> None:
    assert commands_for(line) == commands


def test_a_background_command() -> None:
    (command,) = commands_for("/bg originate user/1001 &park()")
    assert isinstance(command, BgApi)
    assert command.api == Api("originate", rest="user/1001 &park()")


def test_what_is_not_understood_says_where_help_is() -> None:
    with pytest.raises(CtiError, match="/help"):
        commands_for("/evnts")


def test_an_event_is_one_line_with_what_matters() -> None:
    created = a_summary("call_plain", "CHANNEL_CREATE")
    assert "CHANNEL_CREATE" in created
    assert "957764c2  13800138000 → 4001234567" in created
    assert "key 1" in a_summary("call_plain", "DTMF")
    assert "NORMAL_CLEARING" in a_summary("call_plain", "CHANNEL_HANGUP_COMPLETE")
    assert "+OK 11111111-2222-3333-4444-555555555555" in a_summary("call_plain", "BACKGROUND_JOB")


def test_a_caller_cannot_write_to_the_terminal() -> None:
    hostile = Event(
        b"\nEvent-Name: CHANNEL_CREATE\nUnique-ID: 1\nCaller-Caller-ID-Number: %1B[2J%0A%E2%80%AEx\n"
        b"Caller-Destination-Number: 1\n\n"
    )
    shown = fragment_list_to_text(summary(hostile))
    assert r"\x1b[2J\n\u202ex" in shown
    assert "\x1b" not in shown
    assert "\n" not in as_json(hostile)


def test_a_list_is_a_table_of_what_people_look_for() -> None:
    rows = [
        {"uuid": "1", "direction": "inbound", "cid_num": "138", "dest": "400", "callstate": "ACTIVE", "hostname": "h"}
    ]
    assert table(json.dumps({"row_count": 1, "rows": rows})).splitlines() == [
        "uuid  direction  cid_num  dest  callstate",
        "1     inbound    138      400   ACTIVE",
        "1 in all",
    ]
    assert table('{"row_count": 0}') == "0 in all"
    assert table("-ERR nothing") == "-ERR nothing"


async def test_lines_in_sequence_and_the_events_they_asked_for() -> None:
    async def script(peer: Peer) -> None:
        await peer.let_in()
        assert await peer.hear() == b"api status"
        peer.say(answer("UP 1 day\x07\n"))
        assert await peer.hear() == b"api nosuch"
        peer.say(answer("-ERR nosuch Command not found!\n"))
        assert await peer.hear() == b"event plain DTMF"
        peer.say(reply("+OK event listener enabled plain"))
        peer.say(event(("Event-Name", "DTMF"), ("DTMF-Digit", "5")))

    shown: list[str | FormattedText] = []
    async with fake_switch(script) as switch:
        connection = await DRIVERS["asyncio"](switch.address, PASSWORD, Limits(), 5.0)
        console = Console(connection, "main", write=shown.append)
        with pytest.raises(CtiError):  # the switch hangs up while we follow
            await run(console, ["status", "nosuch", "/events DTMF"])
    text = [line if isinstance(line, str) else fragment_list_to_text(line) for line in shown]
    assert text[:3] == [r"UP 1 day\x07", "-ERR nosuch Command not found!", "+OK event listener enabled plain"]
    assert "key 5" in text[3]


async def test_the_exit_code_says_whether_the_switch_refused() -> None:
    async def script(peer: Peer) -> None:
        await peer.let_in()
        while (command := await peer.hear()) != b"exit":
            peer.say(answer("-ERR no" if command == b"api bad" else "+OK"))

    async with fake_switch(script) as switch:
        for lines, code in ((["good"], 0), (["bad", "good"], 1), (["bad\nworse"], 1)):
            connection = await DRIVERS["asyncio"](switch.address, PASSWORD, Limits(), 5.0)
            assert await run(Console(connection, "main", as_json=True, write=lambda _: None), lines) == code
