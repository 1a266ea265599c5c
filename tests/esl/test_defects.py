"""Defects that other clients have, line by line, on both drivers. Ours must have none of them.

greenswitch by itself has several; its driver (cti/esl/greenswitch.py) mends each of them.
"""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cti.esl.commands import Api, Execute, new_uuid
from cti.esl.driver import Connect, Connection
from cti.esl.errors import CommandTimeout, Disconnected, EventOverflow, HeaderTooLarge, NoGreeting, UnsafeValue
from cti.esl.events import Event
from cti.esl.wire import Limits
from tests.esl.fake import DRIVERS, PASSWORD, Peer, Script, answer, event, fake_switch, reply

pytestmark = pytest.mark.parametrize("driver", DRIVERS)


@pytest.fixture
def connect(driver: str) -> Connect:
    return DRIVERS[driver]


@asynccontextmanager
async def to_switch(
    connect: Connect, script: Script, limits: Limits | None = None, timeout: float = 5.0
) -> AsyncIterator[Connection]:
    """Signed in to a switch that lets us in and then follows `script`."""

    async def whole(peer: Peer) -> None:
        await peer.let_in()
        await script(peer)

    async with asyncio.timeout(30), fake_switch(whole) as switch:
        connection = await connect(switch.address, PASSWORD, limits or Limits(), timeout)
        try:
            yield connection
        finally:
            await connection.close()


async def take(connection: Connection, count: int) -> list[Event]:
    return [await anext(connection.events) for _ in range(count)]


async def test_an_encoded_newline_in_a_name_forges_no_header(connect: Connect) -> None:
    """greenswitch and switchio decode before they split."""

    async def script(peer: Peer) -> None:
        peer.say(event(("Event-Name", "CHANNEL_PARK"), ("Caller-Caller-ID-Name", "x%0AAnswer-State%3A%20answered")))
        await peer.wait_closed()

    async with to_switch(connect, script) as connection:
        (parked,) = await take(connection, 1)
    assert parked.get("Answer-State") is None
    assert parked["Caller-Caller-ID-Name"] == "x\nAnswer-State: answered"


async def test_a_job_body_forges_no_hangup(connect: Connect) -> None:
    """greenswitch and switchio read the body of a job as more headers."""

    async def script(peer: Peer) -> None:
        body = b"Event-Name: CHANNEL_HANGUP\nUnique-ID: victim\n\n"
        peer.say(event(("Event-Name", "BACKGROUND_JOB"), ("Job-UUID", "1"), body=body))
        peer.say(event(("Event-Name", "HEARTBEAT")))
        await peer.wait_closed()

    async with to_switch(connect, script) as connection:
        job, beat = await take(connection, 2)
    assert (job.name, job.leg, beat.name) == ("BACKGROUND_JOB", None, "HEARTBEAT")


async def test_a_byte_that_is_not_utf8_does_not_stop_reading(connect: Connect) -> None:
    """greenswitch, switchio and Genesis stop reading for good."""

    async def script(peer: Peer) -> None:
        peer.say(event(("Event-Name", "CHANNEL_PARK"), ("name", "x")).replace(b"name: x", b"name: \xff"))
        peer.say(event(("Event-Name", "HEARTBEAT")))
        assert await peer.hear() == b"api status"
        peer.say(answer("x").replace(b"\n\nx", b"\n\n\xfe"))
        await peer.wait_closed()

    async with to_switch(connect, script) as connection:
        parked, beat = await take(connection, 2)
        status = await connection.send(Api("status"))
    assert (parked.get("name"), beat.name, status.text) == ("\ufffd", "HEARTBEAT", "\ufffd")


async def test_a_disconnect_fails_the_commands_that_wait(connect: Connect) -> None:
    """greenswitch, switchio and Genesis leave them waiting for ever."""

    async def script(peer: Peer) -> None:
        await peer.hear()
        await peer.hang_up()

    async with to_switch(connect, script) as connection:
        waiting = [connection.send(Api("status")) for _ in range(3)]
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [Disconnected] * 3
        assert "api status" in str(outcomes[0])
        with pytest.raises(Disconnected):
            await connection.send(Api("status"))
        with pytest.raises(Disconnected):
            await take(connection, 1)


async def test_a_late_reply_is_thrown_away_and_the_next_is_right(connect: Connect) -> None:
    """Genesis gives every later reply to the command before."""
    late = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.hear()
        await late.wait()
        peer.say(answer("first"))
        for text in ("second", "third"):
            await peer.hear()
            peer.say(answer(text))
        await peer.wait_closed()

    async with to_switch(connect, script) as connection:
        with pytest.raises(CommandTimeout, match="api first"):
            await connection.send(Api("first"), timeout=0.01)
        second = connection.send(Api("second"))
        third = connection.send(Api("third"))
        late.set()
        assert [(await second).text, (await third).text] == ["second", "third"]
        assert connection.late_replies == 1


async def test_a_cancelled_command_keeps_its_place_too(connect: Connect) -> None:
    go = asyncio.Event()

    async def script(peer: Peer) -> None:
        commands = [await peer.hear(), await peer.hear()]
        await go.wait()
        peer.say(*(answer(command.decode()) for command in commands))
        await peer.wait_closed()

    async with to_switch(connect, script) as connection:
        first = asyncio.ensure_future(connection.send(Api("first")))
        second = connection.send(Api("second"))
        first.cancel()
        go.set()
        assert (await second).text == "api second"


@pytest.mark.parametrize("argument", ["x\n\napi system id", "x\r\n\r\napi system id", "x\nEvent-UUID: 1"])
async def test_a_newline_in_an_argument_lets_no_second_command_through(connect: Connect, argument: str) -> None:
    """All others send it, libesl too."""
    heard = []

    async def script(peer: Peer) -> None:
        heard.append(await peer.hear())
        peer.say(answer("ok"))
        await peer.wait_closed()

    async with to_switch(connect, script) as connection:
        for command in (Api("echo", rest=argument), Api("echo", [argument]), Execute(new_uuid(), "playback", argument)):
            with pytest.raises(UnsafeValue):
                await connection.send(command)
        await connection.send(Api("status"))
    assert heard == [b"api status"]


async def test_a_header_of_100_kb(connect: Connect) -> None:
    """Genesis and libesl break on it."""

    async def script(peer: Peer) -> None:
        peer.say(event(("Event-Name", "X"), ("long", "y" * 100_000)), reply("+OK"), event(("Event-Name", "Z")))
        await peer.wait_closed()

    async def long_reply(peer: Peer) -> None:
        await peer.hear()
        peer.say(reply("z" * 100_000))
        await peer.wait_closed()

    async with to_switch(connect, script) as connection:
        (long,) = await take(connection, 1)
        assert long["long"] == "y" * 100_000
    async with to_switch(connect, long_reply) as connection:
        assert (await connection.send(Api("x"))).text == "z" * 100_000


async def test_headers_of_10_mb_are_a_clear_error(connect: Connect) -> None:
    """greenswitch reads on into one str until an empty line."""

    async def script(peer: Peer) -> None:
        for _ in range(10 * 1024):
            peer.say(b"x" * 1024)
            await peer.writer.drain()
        await peer.wait_closed()

    async with to_switch(connect, script) as connection:
        with pytest.raises(HeaderTooLarge, match="cap"):
            await take(connection, 1)


async def test_a_server_that_never_greets_is_given_up(connect: Connect) -> None:
    """All others hang."""
    async with asyncio.timeout(10), fake_switch(Peer.wait_closed) as switch:
        with pytest.raises(NoGreeting):
            await connect(switch.address, PASSWORD, Limits(), 0.2)


async def test_3000_small_events_in_one_burst_all_arrive(connect: Connect) -> None:
    """switchio loses 359."""

    async def script(peer: Peer) -> None:
        peer.say(b"".join(event(("Event-Name", "DTMF"), ("n", str(n))) for n in range(3000)))
        await peer.wait_closed()

    async with to_switch(connect, script) as connection:
        assert [event["n"] for event in await take(connection, 3000)] == [str(n) for n in range(3000)]


async def test_the_reader_does_not_starve_the_handler(connect: Connect) -> None:
    """greenswitch reads on while handlers wait, until memory is full: it was seen to reach 1.6 GB."""
    total = 30_000
    batch = b"".join(event(("Event-Name", "DTMF"), ("x", "y" * 400)) for _ in range(100))

    async def script(peer: Peer) -> None:
        for _ in range(total // 100):
            peer.say(batch)
            await peer.writer.drain()
        await peer.wait_closed()

    limits = Limits(pause_events=500)
    async with to_switch(connect, script, limits) as connection:
        for count in range(total):
            await anext(connection.events)
            if count % 1000 == 0:
                await asyncio.sleep(0)  # a handler that lets others run
        assert connection.events.high_water < 5_000


async def test_events_that_nobody_takes_are_a_clear_error_at_the_cap(connect: Connect) -> None:
    """While a reply is awaited reading goes on, so the cap is what bounds the queue."""

    async def script(peer: Peer) -> None:
        await peer.hear()
        peer.say(b"".join(event(("Event-Name", "DTMF")) for _ in range(3_000)))
        await peer.wait_closed()

    limits = Limits(max_events=2_000, pause_events=100)
    async with to_switch(connect, script, limits) as connection:
        with pytest.raises(Disconnected, match="2[0-9]+ events|3000 events"):
            await connection.send(Api("status"))
        with pytest.raises(EventOverflow, match="cap is 2000"):
            async for _ in connection.events:
                pass


async def test_a_waiting_handler_gets_its_reply_through_a_flood(connect: Connect) -> None:
    """Reading pauses when events pile up, but never while their only reader waits for a reply."""

    async def script(peer: Peer) -> None:
        peer.say(b"".join(event(("Event-Name", "DTMF")) for _ in range(2_000)))
        await peer.hear()
        peer.say(b"".join(event(("Event-Name", "DTMF")) for _ in range(2_000)), answer("here"))
        await peer.wait_closed()

    async with to_switch(connect, script, Limits(pause_events=50)) as connection:
        await anext(connection.events)
        assert (await connection.send(Api("status"))).text == "here"
        await take(connection, 3_999)


async def test_nothing_is_left_behind(connect: Connect) -> None:
    """A closed connection leaves no task, no timer that keeps it, no unraisable exception."""

    async def script(peer: Peer) -> None:
        await peer.hear()
        peer.say(answer("here"))
        await peer.wait_closed()

    async with to_switch(connect, script) as connection:
        await connection.send(Api("status"))
    await connection.close()
    gc.collect()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert others == []
