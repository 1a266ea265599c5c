"""Transactions over UDP: what is sent again, what is absorbed, and when it is over (RFC 3261, 17; RFC 6026).

`Transactions` holds them all. Each one runs on at most two timers of the loop and removes itself at the end of its
time; `len(transactions)` is 0 some 64 * T1 after the last message.

2xx answers to INVITE are sent again here, too, until `ServerTransaction.acknowledged` (RFC 3261, 13.3.1.4 leaves that
to the user agent; the timers are the same).
"""

import asyncio
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cti.softswitch.sip.address import Address
from cti.softswitch.sip.message import Headers, Request, Response

COOKIE: Final = "z9hG4bK"
Key = tuple[str, ...]
Send = Callable[[bytes, Address], None]


@dataclass(frozen=True, slots=True)
class Timers:
    """RFC 3261, table 4. Seconds."""

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0
    ring: float = 180.0
    """How long an INVITE of ours may ring without a further provisional answer (timer C, 16.6)."""

    @property
    def end(self) -> float:
        """Timers B, D, F, H, J, L, M: after that nobody answers any more."""
        return 64 * self.t1


@dataclass(slots=True)
class Counts:
    """What happened since the start."""

    received: int = 0
    """Datagrams."""
    malformed: int = 0
    """Datagrams dropped because they are no SIP."""
    absorbed: int = 0
    """Requests and responses that came again."""
    resent: int = 0
    """Messages that we sent again because a timer said so."""
    stray: int = 0
    """Responses and ACKs that belong to nothing, any more or ever."""
    overflow: int = 0
    """Requests refused because a table was full."""
    unauthorized: int = 0
    """Requests refused for a wrong password."""
    failed: int = 0
    """Errors of ours, each with a line in the log."""


class State(StrEnum):
    """RFC 3261, figures 5-8, and Accepted of RFC 6026. A server transaction begins in PROCEEDING."""

    CALLING = "calling"
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    ACCEPTED = "accepted"
    TERMINATED = "terminated"


def new_branch() -> str:
    return COOKIE + secrets.token_hex(8)


class _Transaction:
    """What both sides share: a state, a message that is sent again at growing intervals, an end."""

    def __init__(self, owner: "Transactions", key: Key, request: Request, peer: Address, state: State) -> None:
        self.request = request
        self.peer = peer
        self.state = state
        self._owner = owner
        self._key = key
        self._invite = request.method == "INVITE"
        self._again: asyncio.TimerHandle | None = None
        self._end: asyncio.TimerHandle | None = None

    def _resend(self, message: bytes, interval: float, most: float) -> None:
        """Sends `message` again after `interval` seconds, and again, each time doubling it up to `most`."""

        def again() -> None:
            self._owner.counts.resent += 1
            self._owner.send(message, self.peer)
            self._resend(message, min(2 * interval, most), most)

        self._again = self._owner.loop.call_later(interval, again)

    def _quiet(self) -> None:
        if self._again is not None:
            self._again.cancel()
            self._again = None

    def _end_after(self, seconds: float, then: Callable[[], None]) -> None:
        if self._end is not None:
            self._end.cancel()
        self._end = self._owner.loop.call_later(seconds, then)

    def terminate(self) -> None:
        """Takes it out of the table, now."""
        self._quiet()
        if self._end is not None:
            self._end.cancel()
            self._end = None
        self.state = State.TERMINATED
        self._owner.forget(self._key, self)


class ServerTransaction(_Transaction):
    """A request that came (RFC 3261, 17.2)."""

    def __init__(self, owner: "Transactions", key: Key, request: Request, peer: Address) -> None:
        super().__init__(owner, key, request, peer, State.PROCEEDING)
        self.on_unacknowledged: Callable[[], None] = _nothing
        """Nobody acknowledged our 2xx to an INVITE (RFC 3261, 13.3.1.4)."""
        self.on_cancel: Callable[[Request], None] | None = None
        """A CANCEL came for this INVITE."""
        self._last = b""

    def respond(self, response: Response) -> None:
        """Sends an answer. A second final one is not sent: the first stands."""
        if self.state is not State.PROCEEDING:
            return
        self._last = response.render()
        self._owner.send(self._last, self.peer)
        if response.status < 200:
            return
        timers = self._owner.timers
        if not self._invite:
            self.state = State.COMPLETED
            self._end_after(timers.end, self.terminate)  # J
        else:
            self.state = State.ACCEPTED if response.status < 300 else State.COMPLETED
            self._resend(self._last, timers.t1, timers.t2)  # G
            self._end_after(timers.end, self._unacknowledged)  # H, L

    def acknowledged(self) -> None:
        """The ACK came: by `Transactions` for a refusal, by the dialog for a 2xx, whose branch is another."""
        self._quiet()
        if self.state is State.COMPLETED:
            self.state = State.CONFIRMED
            self._end_after(self._owner.timers.t4, self.terminate)  # I
        elif self.state is State.ACCEPTED:
            self._end_after(self._owner.timers.end, self.terminate)  # L: late copies of the INVITE make no new call

    def came_again(self) -> None:
        """A retransmission: the last answer goes out again, but a 2xx has its own timer (RFC 6026, 7.1)."""
        self._owner.counts.absorbed += 1
        if self._last and self.state in (State.PROCEEDING, State.COMPLETED):
            self._owner.send(self._last, self.peer)

    def _unacknowledged(self) -> None:
        accepted = self.state is State.ACCEPTED
        self.terminate()
        if accepted:
            self.on_unacknowledged()


class ClientTransaction(_Transaction):
    """A request of ours (RFC 3261, 17.1). `on_response` gets each provisional answer and every 2xx; a refusal once.

    `on_response(None)`: nobody answered in time, as good as 408 (8.1.3.1). Nothing comes after a final answer but
    further 2xx to an INVITE.
    """

    def __init__(
        self, owner: "Transactions", key: Key, request: Request, peer: Address,
        on_response: Callable[[Response | None], None],
    ) -> None:  # fmt: skip
        super().__init__(owner, key, request, peer, State.CALLING)
        self._on_response = on_response
        self._ack = b""
        self._cancelled = False
        timers = owner.timers
        message = request.render()
        owner.send(message, peer)
        self._message = message
        self._resend(message, timers.t1, timers.end if self._invite else timers.t2)  # A, E
        self._end_after(timers.end, self._timed_out)  # B, F

    def received(self, response: Response) -> None:
        if response.status < 200:
            self._provisional(response)
        elif self.state in (State.CALLING, State.PROCEEDING):
            self._final(response)
        elif self._invite and self.state is State.ACCEPTED and response.status < 300:
            self._on_response(response)  # came again, or from another phone behind a forking proxy
        else:
            self._owner.counts.absorbed += 1
            if self._ack:
                self._owner.send(self._ack, self.peer)  # our ACK was lost

    def cancel(self, headers: Iterable[tuple[str, str]] = ()) -> None:
        """Cancels an INVITE that has had a provisional answer; the final one must come soon (RFC 3261, 9.1)."""
        if self.state is State.PROCEEDING and not self._cancelled:
            self._cancelled = True
            self._owner.request(cancel_of(self.request, headers), self.peer, _ignore)
            self._end_after(self._owner.timers.end, self._timed_out)

    def _provisional(self, response: Response) -> None:
        if self.state not in (State.CALLING, State.PROCEEDING):
            self._owner.counts.stray += 1  # overtaken by the final answer
            return
        first, self.state = self.state is State.CALLING, State.PROCEEDING
        timers = self._owner.timers
        if self._invite:
            self._quiet()
            if not self._cancelled:
                self._end_after(timers.ring, self.cancel)  # C
        elif first:
            self._quiet()
            self._resend(self._message, timers.t2, timers.t2)
        self._on_response(response)

    def _final(self, response: Response) -> None:
        self._quiet()
        timers = self._owner.timers
        if not self._invite:
            self.state = State.COMPLETED
            self._end_after(timers.t4, self.terminate)  # K
        elif response.status < 300:
            self.state = State.ACCEPTED
            self._end_after(timers.end, self.terminate)  # M
        else:
            self.state = State.COMPLETED
            self._ack = ack_of_refusal(self.request, response).render()
            self._owner.send(self._ack, self.peer)
            self._end_after(timers.end, self.terminate)  # D
        self._on_response(response)

    def _timed_out(self) -> None:
        self.terminate()
        self._on_response(None)


def ack_of_refusal(request: Request, response: Response) -> Request:
    """The ACK for a final answer that is no 2xx; it has the branch of the INVITE (RFC 3261, 17.1.1.3)."""
    headers = Headers([("Via", str(request.via)), ("Max-Forwards", "70")])
    for route in request.headers.all("Route"):
        headers.add("Route", route)
    headers.add("From", request.headers.get("From") or "")
    headers.add("To", response.headers.get("To") or "")
    headers.add("Call-ID", request.call_id)
    headers.add("CSeq", f"{request.cseq.number} ACK")
    return Request(headers, b"", "ACK", request.uri)


def cancel_of(request: Request, more: Iterable[tuple[str, str]] = ()) -> Request:
    """The CANCEL of an INVITE; it has the branch of the INVITE (RFC 3261, 9.1)."""
    headers = Headers([("Via", str(request.via)), ("Max-Forwards", "70")])
    for route in request.headers.all("Route"):
        headers.add("Route", route)
    for name in ("From", "To", "Call-ID"):
        headers.add(name, request.headers.get(name) or "")
    headers.add("CSeq", f"{request.cseq.number} CANCEL")
    for name, value in more:
        headers.add(name, value)
    return Request(headers, b"", "CANCEL", request.uri)


def _nothing() -> None:
    pass


def _ignore(response: Response | None) -> None:
    pass


def _server_key(request: Request, method: str) -> Key:
    """RFC 3261, 17.2.3. Senders without the magic cookie are told apart by more than the branch."""
    via = request.via
    if via.branch.startswith(COOKIE) and len(via.branch) > len(COOKIE):
        return ("server", method, via.branch, via.sent_by)
    cseq = str(request.cseq.number)
    return ("server", method, via.branch, via.sent_by, request.call_id, request.from_.tag, cseq)


class Transactions:
    """All transactions of one socket, keyed as RFC 3261, 17.1.3 and 17.2.3 say."""

    def __init__(
        self,
        send: Send,
        loop: asyncio.AbstractEventLoop,
        *,
        timers: Timers | None = None,
        counts: Counts | None = None,
        capacity: int = 20_000,
    ) -> None:
        self.send = send
        self.loop = loop
        self.timers = timers or Timers()
        self.counts = counts or Counts()
        self._capacity = capacity
        self._table: dict[Key, _Transaction] = {}

    def __len__(self) -> int:
        return len(self._table)

    def absorb(self, request: Request, source: Address) -> bool:
        """Whether a request belongs to a transaction that there is: it came again, or acknowledges a refusal."""
        method = "INVITE" if request.method == "ACK" else request.method
        found = self._table.get(_server_key(request, method))
        if not isinstance(found, ServerTransaction):
            return False
        if request.method != "ACK":
            found.came_again()
            return True
        if found.state is State.ACCEPTED:
            return False  # an ACK of a 2xx with the branch of the INVITE, as old phones do: for the dialog
        found.acknowledged()
        return True

    def serve(self, request: Request, source: Address) -> ServerTransaction | None:
        """A transaction for a new request; None when the table is full."""
        if len(self._table) >= self._capacity:
            self.counts.overflow += 1
            return None
        key = _server_key(request, request.method)
        transaction = ServerTransaction(self, key, request, source)
        self._table[key] = transaction
        return transaction

    def cancelled(self, cancel: Request) -> ServerTransaction | None:
        """The INVITE that a CANCEL is for (RFC 3261, 9.2)."""
        found = self._table.get(_server_key(cancel, "INVITE"))
        return found if isinstance(found, ServerTransaction) else None

    def request(
        self, request: Request, peer: Address, on_response: Callable[[Response | None], None]
    ) -> ClientTransaction:
        """Sends a request, which must have a Via with a new branch, until it is answered."""
        key = ("client", request.via.branch, request.method)
        transaction = ClientTransaction(self, key, request, peer, on_response)
        self._table[key] = transaction
        return transaction

    def received(self, response: Response) -> None:
        """Gives a response to the request that it answers; others are counted and dropped."""
        found = self._table.get(("client", response.via.branch, response.cseq.method))
        if isinstance(found, ClientTransaction):
            found.received(response)
        else:
            self.counts.stray += 1

    def forget(self, key: Key, transaction: _Transaction) -> None:
        if self._table.get(key) is transaction:
            del self._table[key]

    def close(self) -> None:
        """Ends all of them without a word."""
        for transaction in list(self._table.values()):
            transaction.terminate()
