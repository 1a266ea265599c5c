"""Every recording of a real FreeSWITCH is read and answered as recorded: whole, in pieces, over both drivers."""

import asyncio
from contextlib import suppress

import pytest

from cti.esl.commands import Auth, Exit
from cti.esl.driver import EventQueue
from cti.esl.errors import Disconnected
from cti.esl.events import Event, JsonEvent
from cti.esl.protocol import EslProtocol, SignedIn, Slot
from tests.esl import transcripts
from tests.esl.fake import DRIVERS, Peer, fake_switch

WHOLE = 1 << 30


def signed_in_names(name: str) -> bool:
    return name != "auth_rejected"


@pytest.mark.parametrize("name", transcripts.NAMES)
def test_our_commands_are_the_bytes_that_were_sent(name: str) -> None:
    for part in transcripts.read(name):
        if part.sent:
            assert transcripts.command(part.data).render() == part.data


def converse(name: str, piece: int) -> list[object]:
    """Plays a recording to the protocol in pieces of `piece` bytes; gives what it made of it, in comparable form."""
    protocol: EslProtocol | None = None
    said: list[object] = []
    for part in transcripts.read(name):
        if part.sent:
            command = transcripts.command(part.data)
            if isinstance(command, Auth):
                assert protocol is not None
                assert protocol.data_to_send() == part.data
            else:
                protocol.submit(command)
                assert protocol.data_to_send() == part.data
            continue
        if protocol is None:
            credentials = next(p.data for p in transcripts.read(name) if p.sent)
            protocol = EslProtocol(transcripts.command(credentials))
        for at in range(0, len(part.data), piece):
            protocol.feed(part.data[at : at + piece])
            for output in protocol.outputs():
                if isinstance(output, Slot):
                    said.append((str(output.command), output.reply.text))
                elif isinstance(output, Event):
                    said.append((list(output.headers()), output.body))
                else:
                    said.append(output)
    protocol.end()
    return [*said, type(protocol.error).__name__, str(protocol.error)]


@pytest.mark.parametrize("piece", [1, 7, 100, 1448, 65536])
@pytest.mark.parametrize("name", transcripts.NAMES)
def test_a_recording_reads_the_same_in_pieces_of_any_size(name: str, piece: int) -> None:
    assert converse(name, piece) == converse(name, WHOLE)


def test_what_a_call_says() -> None:
    said = converse("call_plain", WHOLE)
    events = [(dict(item[0]), item[1]) for item in said if isinstance(item, tuple) and isinstance(item[0], list)]
    names = [headers["Event-Name"] for headers, _ in events]
    assert said[0] == SignedIn()
    assert len(names) == 85
    assert names.index("CHANNEL_PARK") < names.index("CHANNEL_ANSWER") < names.index("CHANNEL_BRIDGE")
    jobs = [body for headers, body in events if headers["Event-Name"] == "BACKGROUND_JOB"]
    assert jobs == ["+OK 11111111-2222-3333-4444-555555555555\n"]
    assert "goodbye" in str(said[-1])


def test_plain_and_json_say_the_same() -> None:
    """The same call recorded in both formats: same events, same readings of what does not change between calls."""
    stable = (
        "Event-Name",
        "Channel-State",
        "Answer-State",
        "Caller-Caller-ID-Number",
        "Application",
        "variable_direction",
    )

    def story(name: str) -> list[tuple[str | None, ...]]:
        events = []
        for part in transcripts.read(name):
            if not part.sent:
                head, _, payload = part.data.partition(b"\n\n")
                if b"text/event-" in head:
                    make = JsonEvent if b"json" in head else Event
                    events.append(make(b"\n" + payload))
        return [tuple(event.get(header) for header in stable) for event in events if event.name != "HEARTBEAT"]

    assert sorted(map(str, story("call_plain"))) == sorted(map(str, story("call_json")))


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("name", [name for name in transcripts.NAMES if signed_in_names(name)])
async def test_a_recording_over_a_socket(name: str, driver: str) -> None:
    """The driver sends what was sent, gets each reply for its own command, and hands on every event as it came."""
    parts = transcripts.read(name)
    commands = [transcripts.command(part.data) for part in parts if part.sent]
    payloads = [
        b"\n" + part.data.partition(b"\n\n")[2]
        for part in parts
        if not part.sent and b"Content-Type: text/event-" in part.data[:80]
    ]

    async def script(peer: Peer) -> None:
        for part in parts:
            if part.sent:
                assert await peer.reader.readexactly(len(part.data)) == part.data
            else:
                peer.say(part.data)
        await peer.hang_up()

    async with asyncio.timeout(20), fake_switch(script) as switch:
        connection = await DRIVERS[driver](switch.address, commands[0], None, 5.0)
        seen = asyncio.create_task(collect(connection.events))
        replies = []
        for command in commands[1:]:
            if isinstance(command, Exit):
                break  # close() says it
            replies.append((await connection.send(command)).text)
        await connection.close()
        events = await seen
    assert [event.raw for event in events] == payloads
    recorded = [item[1] for item in converse(name, WHOLE) if isinstance(item, tuple) and isinstance(item[0], str)]
    assert replies == (recorded[:-1] if commands[-1] == Exit() else recorded)


async def collect(events: EventQueue) -> list[Event]:
    seen = []
    with suppress(Disconnected):  # the end of a recording that does not say exit
        async for event in events:
            seen.append(event)
    return seen
