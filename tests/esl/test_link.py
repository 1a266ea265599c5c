"""A link comes back by itself, tells its owner to reconcile, and notices a peer that has gone silent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cti.esl.commands import Api
from cti.esl.driver import Address
from cti.esl.errors import AuthRejected, Disconnected, EslError, SilentPeer
from cti.esl.events import Event
from cti.esl.link import NARROW, Link, LinkState, Timing
from tests.esl.fake import DRIVERS, GREETING, PASSWORD, Peer, answer, event, fake_switch, reply

QUICK = Timing(connect=1.0, silence=5.0, retry_first=0.001, retry_most=0.002)


class Diary:
    """An owner that writes down what it is told."""

    def __init__(self) -> None:
        self.lines: asyncio.Queue[object] = asyncio.Queue()

    async def link_up(self, link: Link) -> None:
        await self.lines.put(("up", link.name))

    async def link_event(self, link: Link, event: Event) -> None:
        await self.lines.put(("event", event.name))

    async def link_down(self, link: Link, error: EslError) -> None:
        await self.lines.put(("down", type(error)))


async def subscribed(peer: Peer) -> None:
    await peer.let_in()
    assert await peer.hear() + b"\n\n" == NARROW.render()
    peer.say(reply("+OK event listener enabled plain"))


@asynccontextmanager
async def running(link: Link, owner: object) -> AsyncIterator[None]:
    task = asyncio.create_task(link.run(owner))
    try:
        async with asyncio.timeout(10):
            yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()


@pytest.mark.parametrize("driver", DRIVERS)
async def test_it_comes_back_and_asks_to_reconcile_each_time(driver: str) -> None:
    async def once(peer: Peer) -> None:
        await subscribed(peer)
        peer.say(event(("Event-Name", "CHANNEL_PARK")), event(("Event-Name", "DTMF")))

    async def again(peer: Peer) -> None:
        await subscribed(peer)
        peer.say(event(("Event-Name", "HEARTBEAT")))
        await peer.wait_closed()

    diary = Diary()
    async with fake_switch(once, again) as switch:
        link = Link("main", switch.address, PASSWORD, connect=DRIVERS[driver], timing=QUICK)
        async with running(link, diary):
            assert [await diary.lines.get() for _ in range(6)] == [
                ("up", "main"),
                ("event", "CHANNEL_PARK"),
                ("event", "DTMF"),
                ("down", Disconnected),
                ("up", "main"),
                ("event", "HEARTBEAT"),
            ]
            assert link.health.state is LinkState.UP
            assert link.health.connects == 2
            assert link.health.events == 3
    assert link.health.state is LinkState.CLOSED
    assert link.connection is None


async def test_the_owner_can_ask_the_switch_while_it_reconciles() -> None:
    """Events that come meanwhile wait their turn: first the reply, then they."""

    async def script(peer: Peer) -> None:
        await subscribed(peer)
        assert await peer.hear() == b"api show channels as json"
        peer.say(event(("Event-Name", "CHANNEL_HANGUP_COMPLETE")), answer('{"row_count": 0}'))
        await peer.wait_closed()

    class Reconciler(Diary):
        async def link_up(self, link: Link) -> None:
            answered = await link.send(Api("show", ["channels", "as", "json"]))
            await self.lines.put(("channels", answered.text))

    diary = Reconciler()
    async with fake_switch(script) as switch, running(Link("main", switch.address, PASSWORD, timing=QUICK), diary):
        assert await diary.lines.get() == ("channels", '{"row_count": 0}')
        assert await diary.lines.get() == ("event", "CHANNEL_HANGUP_COMPLETE")


async def test_a_silent_peer_is_given_up() -> None:
    async def silent(peer: Peer) -> None:
        await subscribed(peer)
        await peer.wait_closed()

    diary = Diary()
    timing = Timing(silence=0.05, retry_first=0.001, retry_most=0.002)
    async with fake_switch(silent) as switch, running(Link("main", switch.address, PASSWORD, timing=timing), diary):
        assert await diary.lines.get() == ("up", "main")
        assert await diary.lines.get() == ("down", SilentPeer)
        assert await diary.lines.get() == ("up", "main")


async def test_a_heartbeat_keeps_it_up() -> None:
    beat = asyncio.Event()

    async def beating(peer: Peer) -> None:
        await subscribed(peer)
        for _ in range(8):
            peer.say(event(("Event-Name", "HEARTBEAT")))
            try:
                await asyncio.wait_for(beat.wait(), 0.05)
            except TimeoutError:
                continue
        await peer.wait_closed()

    diary = Diary()
    timing = Timing(silence=0.2, retry_first=0.001, retry_most=0.002)
    async with fake_switch(beating) as switch, running(Link("main", switch.address, PASSWORD, timing=timing), diary):
        assert [await diary.lines.get() for _ in range(9)] == [("up", "main")] + [("event", "HEARTBEAT")] * 8


async def test_it_nudges_the_switch_between_commands_when_told_to() -> None:
    """A newline between two commands means nothing to FreeSWITCH, but makes it look for events to send."""

    async def nudged(peer: Peer) -> None:
        await subscribed(peer)
        assert await peer.reader.readexactly(3) == b"\n\n\n"
        peer.say(event(("Event-Name", "HEARTBEAT")))
        heard = await peer.reader.readuntil(b"as json\n\n")
        assert heard.lstrip(b"\n") == b"api show channels as json\n\n"
        peer.say(answer("{}"))
        await peer.wait_closed()

    diary = Diary()
    timing = Timing(nudge=0.002)
    async with fake_switch(nudged) as switch:
        link = Link("main", switch.address, PASSWORD, timing=timing)
        async with running(link, diary):
            assert [await diary.lines.get() for _ in range(2)] == [("up", "main"), ("event", "HEARTBEAT")]
            assert (await link.send(Api("show", ["channels", "as", "json"]))).text == "{}"


async def test_a_wrong_password_is_told_and_not_tried_in_a_hurry() -> None:
    async def refuse(peer: Peer) -> None:
        peer.say(GREETING)
        await peer.hear()
        peer.say(reply("-ERR invalid"))

    diary = Diary()
    timing = Timing(retry_first=0.001, retry_most=60.0)
    async with fake_switch(refuse) as switch:
        link = Link("main", switch.address, PASSWORD, timing=timing, random_unit=lambda: 0.0)
        async with running(link, diary):
            assert await diary.lines.get() == ("down", AuthRejected)
            assert link.health.state is LinkState.WAITING
            assert isinstance(link.health.error, AuthRejected)
            with pytest.raises(Disconnected, match="waiting, nothing was sent"):
                await link.send(Api("status"))
    assert switch.visits == 1


def test_the_back_off_doubles_to_its_cap_with_jitter() -> None:
    timing = Timing(retry_first=0.5, retry_most=15.0)
    assert [timing.pause(attempt, 1.0) for attempt in range(7)] == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0]
    assert timing.pause(3, 0.0) == 2.0
    assert timing.pause(10_000, 1.0) == 15.0


async def test_several_nodes_are_several_links() -> None:
    async def script(peer: Peer) -> None:
        await subscribed(peer)
        await peer.wait_closed()

    diary = Diary()
    async with fake_switch(script) as one, fake_switch(script) as two:
        links = [Link("one", one.address, PASSWORD, timing=QUICK), Link("two", two.address, PASSWORD, timing=QUICK)]
        down = Link("three", Address("127.0.0.1", 1), PASSWORD, timing=QUICK)
        async with running(links[0], diary), running(links[1], diary), running(down, Diary()):
            assert {await diary.lines.get(), await diary.lines.get()} == {("up", "one"), ("up", "two")}


async def test_an_error_of_the_owners_ends_the_link_and_is_not_swallowed() -> None:
    async def script(peer: Peer) -> None:
        await subscribed(peer)
        await peer.wait_closed()

    class Broken(Diary):
        async def link_up(self, link: Link) -> None:
            raise ZeroDivisionError

    async with fake_switch(script) as switch:
        with pytest.raises(ZeroDivisionError):
            await Link("main", switch.address, PASSWORD, timing=QUICK).run(Broken())
