"""Connecting, signing in, and peers that misbehave: each a clear error, on both drivers."""

import asyncio
import socket

import pytest
import uvloop

from cti.esl.commands import Api, Auth, Exit, Log, UserAuth
from cti.esl.driver import Address, Connect
from cti.esl.errors import (
    AccessDenied,
    AuthRejected,
    ConnectFailed,
    Disconnected,
    EslError,
    NoGreeting,
    TooManyPending,
    WireError,
)
from cti.esl.protocol import LogLine
from cti.esl.wire import Limits, render_frame
from tests.esl import transcripts
from tests.esl.fake import DRIVERS, GREETING, PASSWORD, Peer, answer, fake_switch, reply
from tests.esl.test_transcripts import collect

LIMITS = Limits()


@pytest.fixture(params=DRIVERS)
def connect(request: pytest.FixtureRequest) -> Connect:
    return DRIVERS[request.param]


async def test_a_wrong_password_says_so(connect: Connect) -> None:
    first, _, *rest = transcripts.read("auth_rejected")

    async def script(peer: Peer) -> None:
        peer.say(first.data)
        await peer.hear()
        peer.say(*(part.data for part in rest))

    async with fake_switch(script) as switch:
        with pytest.raises(AuthRejected, match=r"refused.*-ERR invalid.*event_socket\.conf\.xml"):
            await connect(switch.address, PASSWORD, LIMITS, 5.0)


async def test_a_wrong_port_says_so(connect: Connect) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = Address("127.0.0.1", unused.getsockname()[1])
        with pytest.raises(ConnectFailed, match=f"{address.port}.*Check that FreeSWITCH runs"):
            await connect(address, PASSWORD, LIMITS, 5.0)


async def test_a_host_without_an_address_says_so(connect: Connect) -> None:
    with pytest.raises(ConnectFailed, match="no-such-host.invalid"):
        await connect(Address("no-such-host.invalid"), PASSWORD, LIMITS, 5.0)


async def test_an_address_that_is_not_on_the_list_says_so(connect: Connect) -> None:
    async def script(peer: Peer) -> None:
        peer.say(render_frame([("Content-Type", "text/rude-rejection")], b"Access Denied, go away.\n"))

    async with fake_switch(script) as switch:
        with pytest.raises(AccessDenied, match="apply-inbound-acl"):
            await connect(switch.address, PASSWORD, LIMITS, 5.0)


@pytest.mark.parametrize(
    "banner",
    [
        b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n",
        b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
        b"* OK IMAP4 ready\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"hello\n\n",
        b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n",
        b"Content-Type: auth/req",
        b"",
    ],
)
@pytest.mark.parametrize("closes", [True, False])
async def test_a_peer_that_is_no_event_socket_says_so(connect: Connect, banner: bytes, closes: bool) -> None:
    async def script(peer: Peer) -> None:
        peer.say(banner)
        if not closes:
            await peer.wait_closed()

    async with asyncio.timeout(10), fake_switch(script) as switch:
        with pytest.raises((NoGreeting, WireError), match="mod_event_socket"):
            await connect(switch.address, PASSWORD, LIMITS, 0.2)


async def test_the_error_shows_what_the_peer_said() -> None:
    async def script(peer: Peer) -> None:
        peer.say(b"SSH-2.0-OpenSSH_9.2p1\r\n")
        await peer.wait_closed()

    async with fake_switch(script) as switch:
        with pytest.raises(NoGreeting, match="it said 'SSH-2.0-OpenSSH_9.2p1"):
            await DRIVERS["asyncio"](switch.address, PASSWORD, LIMITS, 0.2)


async def test_no_answer_to_the_password_is_given_up(connect: Connect) -> None:
    async def script(peer: Peer) -> None:
        peer.say(GREETING)
        await peer.hear()
        await peer.wait_closed()

    async with fake_switch(script) as switch:
        with pytest.raises(ConnectFailed):
            await connect(switch.address, PASSWORD, LIMITS, 0.2)


async def test_a_user_of_the_directory_signs_in(connect: Connect) -> None:
    """The reply to userauth has more headers than Reply-Text (mod_event_socket.c, parse_command)."""
    heard = []

    async def script(peer: Peer) -> None:
        peer.say(GREETING)
        heard.append(await peer.hear())
        peer.say(b"Content-Type: command/reply\nReply-Text: +OK accepted\nAllowed-Events: all\nAllowed-API: show\n\n\n")
        await peer.hear()
        peer.say(answer("here"))
        await peer.wait_closed()

    async with fake_switch(script) as switch:
        connection = await connect(switch.address, UserAuth("cti", "cti.local", "pw"), LIMITS, 5.0)
        assert (await connection.send(Api("status"))).text == "here"
        await connection.close()
    assert heard == [b"userauth cti@cti.local:pw"]


async def test_log_lines_come_among_the_events(connect: Connect) -> None:
    async def script(peer: Peer) -> None:
        await peer.let_in()
        assert await peer.hear() == b"log 4"
        peer.say(reply("+OK log level 4 [4]"))
        body = "2026-11-21 [WARNING] 张\n".encode()
        head = b"Content-Type: log/data\nContent-Length: %d\nLog-Level: 4\nText-Channel: 0\nUser-Data: leg-1\n\n"
        peer.say(head % len(body) + body)
        await peer.wait_closed()

    async with fake_switch(script) as switch:
        connection = await connect(switch.address, PASSWORD, LIMITS, 5.0)
        await connection.send(Log(4))
        assert await anext(connection.events) == LogLine(4, "2026-11-21 [WARNING] 张\n", "leg-1")
        await connection.close()


async def test_a_command_too_many_is_refused_and_not_sent(connect: Connect) -> None:
    heard = []

    async def script(peer: Peer) -> None:
        await peer.let_in()
        heard.extend([await peer.hear(), await peer.hear()])
        peer.say(answer("1"), answer("2"))
        heard.append(await peer.hear())

    async with fake_switch(script) as switch:
        connection = await connect(switch.address, PASSWORD, Limits(max_pending=2), 5.0)
        waiting = [connection.send(Api("a")), connection.send(Api("b"))]
        with pytest.raises(TooManyPending, match="slower than we ask"):
            await connection.send(Api("c"))
        assert [(await one).text for one in waiting] == ["1", "2"]
        await connection.close()
    assert heard == [b"api a", b"api b", b"exit"]


async def test_exit_is_answered_and_ends_in_order(connect: Connect) -> None:
    async def script(peer: Peer) -> None:
        await peer.let_in()
        assert await peer.hear() == b"exit"
        peer.say(reply("+OK bye"), render_frame([("Content-Type", "text/disconnect-notice")], b"Disconnected.\n"))

    async with fake_switch(script) as switch:
        connection = await connect(switch.address, PASSWORD, LIMITS, 5.0)
        seen = asyncio.create_task(collect(connection.events))
        assert (await connection.send(Exit())).text == "+OK bye"
        assert await seen == []
        with pytest.raises(Disconnected):
            await connection.send(Api("status"))
        await connection.close()


CUTS = list(range(0, 600, 23)) + list(range(600, 60_000, 4_999))


@pytest.mark.parametrize("cut", CUTS)
async def test_a_connection_cut_at_any_byte_ends_in_a_clear_error(connect: Connect, cut: int) -> None:
    stream = transcripts.received("race")

    async def script(peer: Peer) -> None:
        peer.say(stream[:cut])
        if cut > 28:
            await peer.hear()

    async with asyncio.timeout(10), fake_switch(script) as switch:
        try:
            connection = await connect(switch.address, Auth("ClueCon"), LIMITS, 1.0)
        except EslError:
            return
        with pytest.raises(EslError):
            async for event in connection.events:
                assert event.name
        with pytest.raises(EslError):
            await connection.send(Api("status"))
        await connection.close()


def test_the_asyncio_driver_runs_on_uvloop() -> None:
    """The server runs on uvloop, the tests on asyncio's own loop; this one does as the server does."""
    parts = transcripts.read("race")

    async def script(peer: Peer) -> None:
        for part in parts:
            if part.sent:
                assert await peer.reader.readexactly(len(part.data)) == part.data
            else:
                peer.say(part.data)

    async def scenario() -> int:
        async with asyncio.timeout(10), fake_switch(script) as switch:
            connection = await DRIVERS["asyncio"](switch.address, Auth("ClueCon"), LIMITS, 5.0)
            seen = asyncio.create_task(collect(connection.events))
            for part in parts[3:]:
                if part.sent and b"exit" not in part.data:
                    await connection.send(transcripts.command(part.data))
            await connection.close()
            return len(await seen)

    assert uvloop.run(scenario()) == 44
