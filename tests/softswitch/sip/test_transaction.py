"""Timers and copies, on a wire that is a list. T1 is 10 ms; the end of all time is 64 of them."""

import asyncio

import pytest

from cti.softswitch.sip.address import Address
from cti.softswitch.sip.message import Request, Response, parse
from cti.softswitch.sip.transaction import ServerTransaction, Timers, Transactions, ack_of_refusal, cancel_of

T1 = 0.01
PEER: Address = ("127.0.0.1", 6070)


class Wire:
    """What was sent, as first lines, with the time of each."""

    def __init__(self, **more: int) -> None:
        self.loop = asyncio.get_running_loop()
        self.sent: list[tuple[float, bytes]] = []
        self.answers: list[int | None] = []
        self.table = Transactions(self._send, self.loop, timers=Timers(t1=T1, t2=4 * T1, t4=5 * T1, ring=0.2), **more)

    def _send(self, data: bytes, peer: Address) -> None:
        assert peer == PEER
        self.sent.append((self.loop.time(), data))

    def heard(self, response: Response | None) -> None:
        self.answers.append(None if response is None else response.status)

    def lines(self) -> list[str]:
        return [data.split(b" SIP/2.0")[0].split(b"\r\n")[0].decode() for _, data in self.sent]

    async def until(self, seconds: float = 3) -> None:
        """Until nothing is left in the table."""
        async with asyncio.timeout(seconds):
            while len(self.table):  # noqa: ASYNC110 (nothing tells of it)
                await asyncio.sleep(T1 / 4)

    async def sends(self, count: int) -> None:
        async with asyncio.timeout(3):
            while len(self.sent) < count:  # noqa: ASYNC110 (nothing tells of it)
                await asyncio.sleep(T1 / 4)

    def serve(self, message: Request) -> ServerTransaction:
        assert not self.table.absorb(message, PEER)
        found = self.table.serve(message, PEER)
        assert found is not None
        return found


def request(method: str = "INVITE", branch: str = "z9hG4bK-1", cseq: int = 1, to: str = "") -> Request:
    message = parse(
        (
            f"{method} sip:9001@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:6070;branch={branch}\r\n"
            f"From: <sip:1@127.0.0.1>;tag=f\r\nTo: <sip:9001@127.0.0.1>{to}\r\nCall-ID: c\r\n"
            f"CSeq: {cseq} {method}\r\n\r\n"
        ).encode()
    )
    assert isinstance(message, Request)
    return message


async def test_an_invite_that_nobody_hears_is_sent_at_growing_intervals_and_times_out() -> None:
    wire = Wire()
    begin = wire.loop.time()
    wire.table.request(request(), PEER, wire.heard)
    await wire.until()
    assert wire.answers == [None]
    assert wire.loop.time() - begin >= 64 * T1 * 0.99
    assert set(wire.lines()) == {"INVITE sip:9001@127.0.0.1"}
    assert 5 <= len(wire.sent) <= 7  # at 0, 1, 3, 7, 15, 31, 63 T1; a busy machine may be late for the last
    gaps = [later - earlier for (earlier, _), (later, _) in zip(wire.sent, wire.sent[1:], strict=False)]
    assert all(gap >= T1 * 2**at * 0.95 for at, gap in enumerate(gaps))


async def test_another_request_is_sent_every_t2_at_last() -> None:
    wire = Wire()
    wire.table.request(request("BYE"), PEER, wire.heard)
    await wire.until()
    assert wire.answers == [None]
    assert wire.table.counts.resent == len(wire.sent) - 1
    assert 8 <= len(wire.sent) <= 18  # at 0, 1, 3, 7, 11, ... 63 T1; fewer on a busy machine


async def test_a_provisional_answer_stops_the_invite_and_a_refusal_is_acknowledged() -> None:
    wire = Wire()
    invite = request()
    wire.table.request(invite, PEER, wire.heard)
    wire.table.received(invite.response(180, to_tag="t"))
    busy = invite.response(486, to_tag="t")
    wire.table.received(busy)
    wire.table.received(busy)  # our ACK was lost
    assert wire.answers == [180, 486]
    assert wire.lines() == ["INVITE sip:9001@127.0.0.1", "ACK sip:9001@127.0.0.1", "ACK sip:9001@127.0.0.1"]
    ack = parse(wire.sent[-1][1])
    assert (ack.via.branch, ack.to.tag, ack.cseq) == ("z9hG4bK-1", "t", (1, "ACK"))
    await wire.until()
    assert len(wire.sent) == 3


async def test_every_copy_of_a_200_reaches_the_caller() -> None:
    wire = Wire()
    invite = request()
    wire.table.request(invite, PEER, wire.heard)
    for status in (200, 200, 180, 486):
        wire.table.received(invite.response(status, to_tag="t"))
    assert wire.answers == [200, 200]  # what comes after a final answer is dropped
    await wire.until()


async def test_a_phone_that_rings_for_ever_is_cancelled() -> None:
    wire = Wire()
    invite = request()
    wire.table.request(invite, PEER, wire.heard)
    wire.table.received(invite.response(180, to_tag="t"))
    await wire.sends(2)
    assert wire.lines()[1] == "CANCEL sip:9001@127.0.0.1"
    await wire.until()
    assert wire.answers == [180, None]


async def test_an_answered_request_is_forgotten_after_t4() -> None:
    wire = Wire()
    bye = request("BYE")
    begin = wire.loop.time()
    wire.table.request(bye, PEER, wire.heard)
    wire.table.received(bye.response(200))
    wire.table.received(bye.response(200))
    await wire.until()
    assert wire.answers == [200]
    assert 5 * T1 * 0.99 <= wire.loop.time() - begin < 60 * T1


async def test_copies_of_a_request_get_the_last_answer() -> None:
    wire = Wire()
    options = request("OPTIONS")
    transaction = wire.serve(options)
    assert wire.table.absorb(request("OPTIONS"), PEER)  # nothing to say yet
    assert wire.sent == []
    transaction.respond(options.response(200, to_tag="t"))
    transaction.respond(options.response(500, to_tag="t"))  # the first final answer stands
    assert wire.table.absorb(request("OPTIONS"), PEER)
    assert wire.lines() == ["SIP/2.0 200 OK"] * 2
    assert wire.table.counts.absorbed == 2
    await wire.until()


async def test_a_refusal_is_repeated_until_it_is_acknowledged() -> None:
    wire = Wire()
    invite = request()
    refusal = invite.response(486, to_tag="t")
    wire.serve(invite).respond(refusal)
    await wire.sends(3)
    assert wire.table.absorb(ack_of_refusal(invite, refusal), PEER)
    sent = len(wire.sent)
    assert wire.table.absorb(request(), PEER)  # a late copy of the INVITE makes no new call
    await wire.until()
    assert len(wire.sent) == sent


async def test_a_refusal_that_nobody_acknowledges_ends() -> None:
    wire = Wire()
    invite = request()
    wire.serve(invite).respond(invite.response(603, to_tag="t"))
    await wire.until()
    assert len(wire.sent) > 10


async def test_a_200_is_repeated_until_the_dialog_acknowledges_it() -> None:
    wire = Wire()
    invite = request()
    transaction = wire.serve(invite)
    transaction.respond(invite.response(200, to_tag="t"))
    await wire.sends(3)
    assert not wire.table.absorb(request("ACK", "z9hG4bK-2"), PEER)
    transaction.acknowledged()
    sent = len(wire.sent)
    assert wire.table.absorb(request(), PEER)
    await wire.until()
    assert len(wire.sent) == sent


async def test_a_200_that_nobody_acknowledges_is_told() -> None:
    wire = Wire()
    invite = request()
    transaction = wire.serve(invite)
    told = asyncio.Event()
    transaction.on_unacknowledged = told.set
    transaction.respond(invite.response(200, to_tag="t"))
    await wire.until()
    assert told.is_set()


async def test_a_cancel_finds_its_invite() -> None:
    wire = Wire()
    transaction = wire.serve(request())
    assert wire.table.cancelled(cancel_of(request())) is transaction
    assert wire.table.cancelled(cancel_of(request(branch="z9hG4bK-2"))) is None
    wire.table.close()
    assert len(wire.table) == 0


@pytest.mark.parametrize("branch", ["1", "z9hG4bK"])
async def test_senders_of_before_rfc_3261_are_told_apart_by_more_than_the_branch(branch: str) -> None:
    wire = Wire()
    wire.serve(request(branch=branch))
    assert wire.table.absorb(request(branch=branch), PEER)
    assert not wire.table.absorb(request(branch=branch, cseq=2), PEER)
    wire.table.close()


async def test_the_table_has_a_cap() -> None:
    wire = Wire(capacity=3)
    for number in range(3):
        wire.serve(request(branch=f"z9hG4bK-{number}"))
    assert wire.table.serve(request(branch="z9hG4bK-x"), PEER) is None
    assert wire.table.counts.overflow == 1
    wire.table.close()


async def test_an_answer_to_nothing_is_counted() -> None:
    wire = Wire()
    wire.table.received(request().response(200))
    assert wire.table.counts.stray == 1
