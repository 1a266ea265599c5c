"""Every verb as the bytes that FreeSWITCH is sent, and what its answers become."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from cti.esl.connection import connect
from cti.ids import CallId, LegId
from cti.switch.freeswitch import FreeSwitch
from cti.switch.port import (
    Endpoint,
    LegGone,
    LegState,
    Number,
    Phone,
    ShownCaller,
    SipUri,
    Stage,
    Switch,
    SwitchAway,
    SwitchFailed,
)
from tests.esl.fake import PASSWORD, Peer, answer, fake_switch, reply

A = LegId("aaaaaaaa-0000-4000-8000-000000000000")
B = LegId("bbbbbbbb-0000-4000-8000-000000000000")
RUN = "cccccccc-0000-4000-8000-000000000000"
CALL = CallId("01J8ZC")

Verb = Callable[[Switch], Awaitable[object]]
NO_CHANNEL = "-ERR No such channel!\n"


def api(line: str) -> bytes:
    return f"api {line}".encode()


def execute(leg: str, application: str, argument: str, execution: str) -> bytes:
    return (
        f"sendmsg {leg}\ncall-command: execute\nexecute-app-name: {application}\nEvent-UUID: {execution}\n"
        f"execute-app-arg: {argument}\nevent-lock: true"
    ).encode()


class Said:
    """What the switch was told, and what it answers in turn."""

    def __init__(self, *answers: str) -> None:
        self.commands: list[bytes] = []
        self.answers = list(answers)

    async def script(self, peer: Peer) -> None:
        await peer.let_in()
        while True:
            command = await peer.hear()
            if command == b"exit":
                return
            self.commands.append(command)
            text = self.answers.pop(0) if self.answers else "+OK\n"
            peer.say(answer(text) if command.startswith(b"api ") else reply(text.strip()))


@asynccontextmanager
async def told(*answers: str, gateway: str | None = "carrier") -> AsyncIterator[tuple[Switch, Said]]:
    """A switch that gives these answers, and ``+OK`` afterwards."""
    said = Said(*answers)
    async with fake_switch(said.script) as switch, await connect(switch.address, PASSWORD) as connection:
        yield FreeSwitch(connection, gateway=gateway), said


# --- the bytes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "commands"),
    [
        (
            lambda s: s.guard(A, 30),
            [api(f"sched_del {A}"), api(f"sched_transfer +30 {A} fallback XML trunk")],
        ),
        (lambda s: s.unguard(A), [api(f"sched_del {A}")]),
        (lambda s: s.answer(A), [api(f"uuid_answer {A}")]),
        (lambda s: s.play(A, ["/p/a.wav"], RUN), [execute(A, "playback", "/p/a.wav", RUN)]),
        (
            lambda s: s.play(A, ["/p/您好.wav", "/p/b c.wav"], RUN),
            [execute(A, "playback", "file_string:///p/您好.wav!/p/b c.wav", RUN)],
        ),
        (lambda s: s.music(A, "moh", RUN), [execute(A, "playback", "local_stream://moh", RUN)]),
        (lambda s: s.stop(A), [api(f"uuid_break {A} all")]),
        (
            lambda s: s.bridge(A, B),
            [
                api(f"uuid_break {A} all"),
                api(f"uuid_break {B} all"),
                api(f"uuid_setvar_multi {A} park_after_bridge=true"),
                api(f"uuid_setvar_multi {B} park_after_bridge=false"),
                api(f"uuid_bridge {A} {B}"),
            ],
        ),
        (lambda s: s.hang_up(A), [api(f"uuid_kill {A} NORMAL_CLEARING")]),
        (lambda s: s.hang_up(A, "USER_BUSY"), [api(f"uuid_kill {A} USER_BUSY")]),
        (
            lambda s: s.record(A, "/r/a.wav"),
            [api(f"uuid_setvar_multi {A} RECORD_STEREO=true"), api(f"uuid_record {A} start /r/a.wav")],
        ),
        (lambda s: s.stop_record(A, "/r/a.wav"), [api(f"uuid_record {A} stop /r/a.wav")]),
        (lambda s: s.mask(A, "/r/a.wav", True), [api(f"uuid_record {A} mask /r/a.wav")]),
        (lambda s: s.mask(A, "/r/a.wav", False), [api(f"uuid_record {A} unmask /r/a.wav")]),
        (lambda s: s.hold(A, False), [api(f"uuid_break {A} all")]),
        (
            lambda s: s.set_variables(A, {"queue": "售;后", "vip": "", "n": "3"}),
            [api(f"uuid_setvar_multi {A} cti_queue=~E5~94~AE~3B~E5~90~8E;cti_vip=;cti_n=3")],
        ),
        (lambda s: s.notify(A, "talk"), [api(f"uuid_phone_event {A} talk")]),
    ],
)
async def test_a_verb_is_these_bytes(verb: Verb, commands: list[bytes]) -> None:
    async with told() as (switch, said):
        await verb(switch)
    assert said.commands == commands


async def test_hold_plays_music() -> None:
    async with told() as (switch, said):
        await switch.hold(A, True)
    (command,) = said.commands
    execution = command.decode().split("Event-UUID: ")[1][:36]
    assert command == execute(A, "playback", "local_stream://moh", execution)


@pytest.mark.parametrize(("deleted", "claimed"), [("+OK Deleted: 1\n", True), ("+OK Deleted: 0\n", False)])
async def test_a_call_is_ours_when_its_timer_was_there_to_be_deleted(deleted: str, claimed: bool) -> None:
    async with told(deleted) as (switch, said):
        assert await switch.claim(A) is claimed
    assert said.commands == [api(f"sched_del {A}"), api(f"uuid_setvar_multi {A} playback_terminators=none")]


@pytest.mark.parametrize(
    ("endpoint", "rung", "dialled"),
    [
        (Phone("1001"), "user/1001@cti.local", "1001"),
        (SipUri("sip:1001@10.0.0.7:5062"), "sofia/external/1001@10.0.0.7:5062", "1001"),
        (Number("+8613800138000"), "sofia/gateway/carrier/+8613800138000", "+8613800138000"),
        (Number("10086", "other"), "sofia/gateway/other/10086", "10086"),
    ],
    ids=str,
)
async def test_to_ring_is_a_job_with_the_id_of_the_leg(endpoint: Endpoint, rung: str, dialled: str) -> None:
    async with told() as (switch, said):
        await switch.ring(endpoint, B, CALL, ShownCaller("13800138000", "张三"), 20, {"agent": "1001"})
    (command,) = said.commands
    assert command.decode() == (
        f"bgapi originate {{origination_uuid={B},originate_timeout=20,origination_caller_id_number=13800138000,"
        f"origination_caller_id_name=张三,playback_terminators=none,cti_agent=1001,cti_call_id={CALL},"
        f"cti_dnis={dialled}}}{rung} &park()\nJob-UUID: {B}"
    )


async def test_whoever_is_rung_is_shown_what_is_harmless() -> None:
    async with told() as (switch, said):
        await switch.ring(Phone("1001"), B, CALL, ShownCaller("1,2", "a,b}[c]=${d}\n'^^~"), 20)
    assert b"origination_caller_id_number=anonymous,origination_caller_id_name=" in said.commands[0]
    assert "name=a，b｝［c］＝＄｛d｝ ＇＾＾～,playback" in said.commands[0].decode()


# --- the answers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "answers"),
    [
        (lambda s: s.claim(A), ["+OK Deleted: 0\n", NO_CHANNEL]),
        (lambda s: s.guard(A, 5), ["+OK Deleted: 0\n", NO_CHANNEL]),
        (lambda s: s.answer(A), ["-ERROR\n"]),
        (lambda s: s.play(A, ["/a.wav"], RUN), [f"-ERR invalid session id [{A}]"]),
        (lambda s: s.stop(A), [NO_CHANNEL]),
        (lambda s: s.bridge(A, B), [NO_CHANNEL, "+OK\n", NO_CHANNEL, "+OK\n", "-ERR Invalid uuid\n"]),
        (lambda s: s.bridge(A, B), ["+OK\n", "+OK\n", "+OK\n", "+OK\n", "-ERR Invalid uuid\n"]),
        (lambda s: s.record(A, "/a.wav"), ["+OK\n", "-ERR Cannot locate session!\n"]),
        (lambda s: s.stop_record(A, "/a.wav"), ["-ERR Cannot locate session!\n"]),
        (lambda s: s.set_variables(A, {"a": "b"}), [NO_CHANNEL]),
    ],
)
async def test_a_leg_that_is_gone_is_gone(verb: Verb, answers: list[str]) -> None:
    async with told(*answers) as (switch, _):
        with pytest.raises(LegGone) as raised:
            await verb(switch)
    assert raised.value.leg == A


async def test_it_is_told_which_of_two_legs_is_gone() -> None:
    async with told("+OK\n", NO_CHANNEL, "+OK\n", NO_CHANNEL, "-ERR Invalid uuid\n") as (switch, _):
        with pytest.raises(LegGone) as raised:
            await switch.bridge(A, B)
    assert raised.value.leg == B


async def test_what_was_to_be_ended_may_have_ended() -> None:
    async with told(NO_CHANNEL, "+OK Deleted: 0\n", "-ERR Cannot stop record session!\n") as (switch, _):
        await switch.hang_up(A)
        await switch.unguard(A)
        await switch.stop_record(A, "/a.wav")


@pytest.mark.parametrize(
    ("verb", "answers"),
    [
        (lambda s: s.record(A, "/a.wav"), ["+OK\n", "-ERR Cannot record session!\n"]),
        (lambda s: s.mask(A, "/a.wav", True), ["-ERR Cannot mask recording session!\n"]),
        (lambda s: s.stop(A), ["-USAGE: <uuid> [all]\n"]),
        (lambda s: s.legs(), ["-ERR no\n"]),
        (lambda s: s.clock(), ["-ERR strmicroepoch Command not found!\n"]),
    ],
)
async def test_what_the_switch_refuses_has_failed(verb: Verb, answers: list[str]) -> None:
    async with told(*answers) as (switch, _):
        with pytest.raises(SwitchFailed, match="answer"):
            await verb(switch)


@pytest.mark.parametrize(
    "verb",
    [
        lambda s: s.stop(LegId("a b")),
        lambda s: s.stop(LegId("a\n\napi hupall")),
        lambda s: s.play(A, [], RUN),
        lambda s: s.play(A, ["/a.wav\n\napi hupall"], RUN),
        lambda s: s.play(A, ["/a!b.wav"], RUN),
        lambda s: s.play(A, ["/${system(x)}.wav"], RUN),
        lambda s: s.music(A, "moh\nx: y", RUN),
        lambda s: s.music(A, "a/b", RUN),
        lambda s: s.hang_up(A, "A B"),
        lambda s: s.mask(A, "/a b.wav", True),
        lambda s: s.record(A, "/a b.wav"),
        lambda s: s.bridge(A, LegId("b\n\n")),
        lambda s: s.set_variables(A, {"a=b;c": "d"}),
        lambda s: s.set_variables(A, {}),
        lambda s: s.ring(Phone("1001@x"), B, CALL, ShownCaller("1"), 20),
        lambda s: s.ring(SipUri("sip:a@b?c=d"), B, CALL, ShownCaller("1"), 20),
        lambda s: s.ring(Number("10086,user/1001"), B, CALL, ShownCaller("1"), 20),
        lambda s: s.ring(Phone("1001"), LegId("x y"), CALL, ShownCaller("1"), 20),
    ],
)
async def test_what_cannot_be_said_safely_is_not_said(verb: Verb) -> None:
    async with told() as (switch, said):
        with pytest.raises(SwitchFailed):
            await verb(switch)
    assert said.commands == []


async def test_without_a_carrier_no_number_is_called() -> None:
    async with told(gateway=None) as (switch, _):
        with pytest.raises(SwitchFailed, match="carrier"):
            await switch.ring(Number("10086"), B, CALL, ShownCaller("1"), 20)


@pytest.mark.parametrize("verb", [lambda s: s.stop(A), lambda s: s.bridge(A, B), lambda s: s.legs()])
async def test_a_switch_that_hangs_up_is_away(verb: Verb) -> None:
    async def script(peer: Peer) -> None:
        await peer.let_in()
        await peer.hear()
        await peer.hang_up()

    async with fake_switch(script) as fake, await connect(fake.address, PASSWORD) as connection:
        switch = FreeSwitch(connection)
        with pytest.raises(SwitchAway):
            await verb(switch)
        with pytest.raises(SwitchAway):
            await verb(switch)
        with pytest.raises(SwitchAway):
            await switch.ring(Phone("1001"), B, CALL, ShownCaller("1"), 20)


# --- when they are said ---------------------------------------------------------------------------


async def test_nothing_waits_for_an_answer_to_what_was_said_before() -> None:
    """Verbs that are begun one after the other are written at once and in their order."""
    heard: list[bytes] = []

    async def script(peer: Peer) -> None:
        await peer.let_in()
        heard.extend([await peer.hear() for _ in range(9)])  # none of which is answered yet
        peer.say(*[answer("+OK\n") if command.startswith(b"api") else reply("+OK") for command in heard])
        await peer.wait_closed()

    async with fake_switch(script) as fake, await connect(fake.address, PASSWORD) as connection:
        switch = FreeSwitch(connection)
        await asyncio.gather(
            switch.stop(A),
            switch.play(A, ["/a.wav"], RUN),
            switch.guard(A, 9),
            switch.ring(Phone("1001"), B, CALL, ShownCaller("1"), 20),
            switch.set_variables(A, {"a": "b"}),
            switch.record(A, "/a.wav"),
            switch.unguard(A),
        )
    words = [command.split()[1 if command.startswith((b"api", b"bgapi")) else 0].decode() for command in heard]
    assert words == [
        "uuid_break",
        "sendmsg",
        "sched_del",
        "sched_transfer",
        "originate",
        "uuid_setvar_multi",
        "uuid_setvar_multi",
        "uuid_record",
        "sched_del",
    ]


async def test_to_ring_waits_for_nothing() -> None:
    async def script(peer: Peer) -> None:
        await peer.let_in()
        await peer.wait_closed()

    async with fake_switch(script) as fake, await connect(fake.address, PASSWORD) as connection:
        async with asyncio.timeout(1):
            await FreeSwitch(connection).ring(Phone("1001"), B, CALL, ShownCaller("1"), 20)


# --- how things are -------------------------------------------------------------------------------


DUMP = (
    '{"Unique-ID":"%s","Channel-State":"CS_EXECUTE","Answer-State":"answered","Call-Direction":"inbound",'
    '"Caller-Context":"trunk","Caller-Caller-ID-Number":"13800138000","Caller-Caller-ID-Name":"Zhang",'
    '"Caller-Destination-Number":"4008008008","Caller-Channel-Created-Time":"1795535211128751",'
    '"Caller-Channel-Answered-Time":"1795535211176088","variable_current_application":"park",'
    '"variable_cti_call_id":"01J8ZC","variable_cti_queue":"~E5~94~AE"}'
)


async def test_a_leg_that_vanishes_meanwhile_is_left_out() -> None:
    rows = f'{{"row_count":2,"rows":[{{"uuid":"{A}"}},{{"uuid":"{B}"}}]}}\n'
    async with told(rows, NO_CHANNEL, DUMP % B) as (switch, said):
        assert await switch.legs() == [
            LegState(
                B,
                CALL,
                inbound=True,
                stage=Stage.PARKED,
                created_at=1795535211128751,
                answered_at=1795535211176088,
                other=None,
                ani="13800138000",
                caller_name="Zhang",
                dnis="4008008008",
                variables={"call_id": "01J8ZC", "queue": "售"},
            )
        ]
    assert said.commands == [api("show channels as json"), api(f"uuid_dump {A} json"), api(f"uuid_dump {B} json")]


async def test_a_leg_that_is_known_is_asked_for_even_when_it_is_not_listed() -> None:
    async with told('{"row_count":0}\n', DUMP % A) as (switch, said):
        assert [state.leg for state in await switch.legs([A])] == [A]
    assert said.commands == [api("show channels as json"), api(f"uuid_dump {A} json")]


@pytest.mark.parametrize("dump", ["", "{}", "[1]", "nonsense", '{"Unique-ID":"x","Answer-State":"hangup"}', "-ERR\n"])
async def test_what_cannot_be_understood_is_no_leg(dump: str) -> None:
    async with told('{"row_count":0}\n', dump) as (switch, _):
        assert await switch.legs([A]) == []


async def test_users_are_registered_once_however_many_phones_they_have() -> None:
    rows = '{"row_count":3,"rows":[{"reg_user":"1001"},{"reg_user":"1001"},{"reg_user":"1002"}]}\n'
    async with told(rows) as (switch, said):
        assert await switch.registrations() == {"1001", "1002"}
    assert said.commands == [api("show registrations as json")]


async def test_the_clock_is_that_of_the_switch() -> None:
    async with told(*["4102444800000000"] * 5) as (switch, said):
        clock = await switch.clock()
    assert 0 < clock.error < 1
    assert clock.offset > 0
    assert said.commands == [api("strmicroepoch")] * 5
