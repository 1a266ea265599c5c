"""One call: what we do with it, and what comes for it. Made by `UserAgent`; told about through `Handler`."""

import asyncio
import logging
import random
import re
import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Final

from cti.softswitch.sip import sdp
from cti.softswitch.sip.address import Address, NameAddr
from cti.softswitch.sip.causes import cause_of, reason_header, status_of
from cti.softswitch.sip.dialog import ALLOW, NEXT, CallState, Dialog, Move
from cti.softswitch.sip.digest import Secret, respond
from cti.softswitch.sip.errors import BadMessage, NotNow
from cti.softswitch.sip.facts import Facts
from cti.softswitch.sip.handler import Ending
from cti.softswitch.sip.line import Line
from cti.softswitch.sip.message import REASONS, Headers, Request, Response
from cti.softswitch.sip.sdp import Description
from cti.softswitch.sip.transaction import ClientTransaction, ServerTransaction

log = logging.getLogger(__name__)

Fields = Iterable[tuple[str, str]]
OVER: Final = frozenset(
    {CallState.CLEARING, CallState.UNHEARD, CallState.CANCELLING, CallState.LEAVING, CallState.ENDED}
)
"""The user of the call is done with it; what is left is good manners."""
_MAX_UNACKED: Final = 4
_MAX_GLARES: Final = 3
_SIGNAL: Final = re.compile(r"^\s*Signal\s*=\s*([0-9A-D*#])\s*$", re.IGNORECASE | re.MULTILINE)
_DURATION: Final = re.compile(r"^\s*Duration\s*=\s*([0-9]{1,5})\s*$", re.IGNORECASE | re.MULTILINE)


class Call(Facts):
    """A call in either direction. `id` is a new UUID and no SIP Call-ID; that is `sip_call_id`."""

    def __init__(
        self, line: Line, dialog: Dialog, request: Request, *, inbound: bool, account: tuple[str, Secret] | None = None
    ) -> None:
        self.id = str(uuid.uuid4())
        self.inbound = inbound
        self.state = CallState.INCOMING if inbound else CallState.CALLING
        self.request = request
        self.remote_sdp: Description | None = None
        """What the other side last said about its media."""
        self.auth_user = ""
        """Who the caller proved to be; empty on an open port."""
        self.ending: Ending | None = None
        self.dialog = dialog
        self._line = line
        self._account = account
        self._invite: ServerTransaction | ClientTransaction | None = None
        self._unacked: dict[int, ServerTransaction] = {}  # our 2xx to INVITEs that wait for an ACK, by CSeq
        self._offered: set[int] = set()  # those of them that carry an offer of ours
        self._reinvite: Request | None = None  # ours, under way
        self._glare: asyncio.TimerHandle | None = None  # ours, to be tried again
        self._referral: str | None = None  # the event of the REFER that is under way
        self._user_agent = request.headers.get("User-Agent") or "" if inbound else ""
        line.calls[(dialog.call_id, dialog.local_tag)] = self
        line.empty.clear()

    def __repr__(self) -> str:
        return (
            f"<Call {self.id} {'from' if self.inbound else 'to'} {self.network_addr}:{self.network_port} {self.state}>"
        )

    # What we do with an inbound call

    def ring(self, description: bytes | None = None, headers: Fields = ()) -> bool:
        """180, or 183 with early media. False when the call is over already."""
        if not self._before(Move.ANSWER):
            return False
        self._respond(183 if description else 180, headers, description or b"")
        return True

    def answer(self, description: bytes, headers: Fields = ()) -> bool:
        """200, sent again until the ACK comes. False when the call is over already.

        `description` answers `remote_sdp`; it is an offer when that is None, and the ACK brings the answer.
        """
        if not self._before(Move.ANSWER):
            return False
        checked = Headers(headers)  # before anything is changed
        self._move(Move.ANSWER)
        self._accept(self.request, self._server_invite(), description, offers=self.remote_sdp is None, headers=checked)
        return True

    def reject(self, status: int, reason: str | None = None, headers: Fields = (), *, cause: str | None = None) -> bool:
        """A final answer of 300 or more. `cause` is what `ended` tells instead of the one that fits the status."""
        if not self._before(Move.REFUSE):
            return False
        if not 300 <= status < 700:
            raise NotNow(f"{status} refuses nothing", remedy="Give a status of 300 to 699")
        checked = Headers(headers)  # before anything is changed
        phrase = REASONS.get(status, "Unknown") if reason is None else _one_line(reason)
        self._move(Move.REFUSE)
        self._respond(status, checked, reason=phrase)
        self._over(Ending(status, phrase, cause or cause_of(status), by_remote=False, disposition="send_refuse"))
        return True

    # What we do with any call

    def hangup(self, cause: str = "NORMAL_CLEARING") -> None:
        """Ends the call in the way that its state asks for; does nothing when it is over already."""
        if self.state is CallState.INCOMING:
            self.reject(status_of(cause), headers=[("Reason", reason_header(cause))], cause=cause)
        elif self.state not in OVER:
            self._hangup(cause, by_remote=False)

    def reinvite(self, description: bytes, headers: Fields = ()) -> bool:
        """Offers anew; `Handler.reinvited` tells the end. False when the call is over, or an offer is under way."""
        if self.state in OVER or self._reinvite is not None or self._glare is not None:
            return False
        if self.state is not CallState.UP:
            raise NotNow(f"A call that is {self.state} cannot be offered anew")
        self._send_reinvite(description, tuple(Headers(headers)), 1)
        return True

    def notify(self, event: str, body: bytes = b"", content_type: str = "", headers: Fields = ()) -> bool:
        """A NOTIFY without a subscription, such as ``talk``. False when there is no dialog (any more)."""
        if self.state in OVER or not self.dialog.remote_tag:
            return False
        typed = [("Content-Type", content_type)] if body else []
        fields = [("Event", event), ("Subscription-State", "active"), ("Contact", self._line.contact), *typed, *headers]
        self._ask("NOTIFY", fields, _ignore, body)
        return True

    def transferred(self, status: int, reason: str | None = None) -> bool:
        """Tells the one who sent a REFER how it went (RFC 3515, 2.4.4); 200 and more is the end of it."""
        event = self._referral
        if event is None or self.state in OVER:
            return False
        if status >= 200:
            self._referral = None
        life = "terminated;reason=noresource" if status >= 200 else "active;expires=60"
        phrase = REASONS.get(status, "Unknown") if reason is None else _one_line(reason)
        fields = [
            ("Event", event),
            ("Subscription-State", life),
            ("Contact", self._line.contact),
            ("Content-Type", "message/sipfrag;version=2.0"),
        ]
        self._ask("NOTIFY", fields, _ignore, f"SIP/2.0 {status} {phrase}\r\n".encode("utf-8", "surrogateescape"))
        return True

    # What comes for it: called by UserAgent

    def begin_inbound(self, transaction: ServerTransaction, offer: Description | None) -> None:
        self._invite = transaction
        self.remote_sdp = offer
        transaction.on_cancel = self._cancelled
        self._respond(100)
        if not self._line.tell(self._line.handler.incoming, self) and self.state is CallState.INCOMING:
            self.reject(500)

    def begin_outbound(self) -> None:
        self._invite = self._line.transactions.request(
            self.request, self.dialog.peer, partial(self._invite_answered, self.request)
        )

    def belongs(self, request: Request) -> bool:
        """Whether a request with our tag comes from the other side of this very dialog."""
        return not self.dialog.remote_tag or request.from_.tag == self.dialog.remote_tag

    def received(self, request: Request, transaction: ServerTransaction, source: Address) -> None:
        """A request inside the dialog, any but ACK and CANCEL."""
        if request.cseq.number < self.dialog.remote_cseq:  # overtaken (RFC 3261, 12.2.2)
            self._refuse(request, transaction, 500)
            return
        self.dialog.remote_cseq = request.cseq.number
        self.dialog.peer = source
        take = {
            "BYE": self._bye_came,
            "INVITE": self._reinvite_came,
            "UPDATE": self._reinvite_came,
            "INFO": self._info_came,
            "REFER": self._refer_came,
        }.get(request.method)
        if take is not None:
            take(request, transaction)
        else:  # OPTIONS is asked about us; a NOTIFY belongs to no subscription, we never make one
            self._refuse(request, transaction, 200 if request.method == "OPTIONS" else 481)

    def acknowledged(self, request: Request, source: Address) -> None:
        """The ACK of a 2xx of ours."""
        transaction = self._unacked.pop(request.cseq.number, None)
        if transaction is None:
            self._line.transactions.counts.absorbed += 1  # a copy
            return
        transaction.acknowledged()
        self.dialog.peer = source
        first, offered = self.state in (CallState.ANSWERED, CallState.CLEARING), request.cseq.number in self._offered
        self._offered.discard(request.cseq.number)
        if not self._move(Move.ACK):
            return
        if self.state is CallState.LEAVING:
            if first:
                self._send_bye(self.ending.cause if self.ending else "NORMAL_CLEARING")
            return
        if offered and not self._take_description(request):
            return
        if first:
            self._line.tell(self._line.handler.confirmed, self)
        elif offered:
            self._line.tell(self._line.handler.reinvited, self, 200, self.remote_sdp)

    def drop(self) -> None:
        """Forgets the call without a word: the socket closes."""
        self._over(Ending(503, "", "SYSTEM_SHUTDOWN", by_remote=False, disposition="send_bye"))
        self.state = CallState.ENDED
        self._gone()

    # The other side's requests

    def _cancelled(self, request: Request) -> None:
        waits = self.state is CallState.INCOMING
        if self._move(Move.CANCEL) and waits:
            self._respond(487)
            self._over(Ending(487, REASONS[487], "ORIGINATOR_CANCEL", by_remote=True, disposition="recv_cancel"))

    def _bye_came(self, request: Request, transaction: ServerTransaction) -> None:
        waits = self.state is CallState.INCOMING
        if not self._move(Move.BYE):
            self._refuse(request, transaction, 481)
            return
        transaction.respond(request.response(200))
        if waits:
            self._respond(487)
        if self.state is CallState.ENDED:
            cause = cause_of(200, request.headers.get("Reason"))
            self._over(Ending(200, "OK", cause, by_remote=True, disposition="recv_bye"))

    def _reinvite_came(self, request: Request, transaction: ServerTransaction) -> None:
        """A re-INVITE (RFC 3261, 14.2) or an UPDATE (RFC 3311, 5.2)."""
        if self.state not in (CallState.UP, CallState.ANSWERED):
            self._refuse(request, transaction, 481 if self.state in OVER else 491)
        elif self._reinvite is not None:
            self._refuse(request, transaction, 491)  # glare
        elif len(self._unacked) >= _MAX_UNACKED:
            self._refuse(request, transaction, 500, [("Retry-After", "1")])
        elif request.body and request.content_type != "application/sdp":
            self._refuse(request, transaction, 415, [("Accept", "application/sdp")])
        elif request.method == "UPDATE" and not request.body:
            self.dialog.retarget(request)
            transaction.respond(request.response(200, headers=self._ours()))
        else:
            self._negotiate(request, transaction)

    def _negotiate(self, request: Request, transaction: ServerTransaction) -> None:
        try:
            offer = sdp.parse(request.body) if request.body else None
        except BadMessage:
            self._refuse(request, transaction, 488)
            return
        answer = self._line.ask(self._line.handler.reinvite, self, offer)
        if self.state in OVER:  # the core hung up while asked
            self._refuse(request, transaction, 487)
        elif answer is None:
            self._refuse(request, transaction, 488)
        else:
            self.remote_sdp = offer or self.remote_sdp
            self.dialog.retarget(request)
            if request.method == "INVITE":
                self._accept(request, transaction, answer, offers=offer is None)
            else:
                transaction.respond(request.response(200, headers=self._ours(), body=answer))

    def _info_came(self, request: Request, transaction: ServerTransaction) -> None:
        """Keys as application/dtmf-relay or application/dtmf; anything else is taken and ignored."""
        transaction.respond(request.response(200))
        text, milliseconds = request.body[:256].decode("latin-1"), 0
        if request.content_type == "application/dtmf-relay":
            signal, duration = _SIGNAL.search(text), _DURATION.search(text)
            digit, milliseconds = signal[1].upper() if signal else "", int(duration[1]) if duration else 0
        elif request.content_type == "application/dtmf":
            digit = text.strip().upper()
        else:
            return
        if len(digit) == 1 and digit in "0123456789*#ABCD" and self.state not in OVER:
            self._line.tell(self._line.handler.key, self, digit, milliseconds)

    def _refer_came(self, request: Request, transaction: ServerTransaction) -> None:
        """RFC 3515, 2.4.2: exactly one Refer-To."""
        values = request.headers.all("Refer-To")
        try:
            refer_to = NameAddr.parse(values[0]) if len(values) == 1 else None
        except BadMessage:
            refer_to = None
        if refer_to is None:
            self._refuse(request, transaction, 400)
            return
        if self.state is not CallState.UP:
            self._refuse(request, transaction, 481)
            return
        self._referral = f"refer;id={request.cseq.number}"
        by = request.headers.get("Referred-By")
        status = self._line.ask(self._line.handler.referred, self, refer_to, by) or 500
        if status != 202:
            self._referral = None
            self._refuse(request, transaction, status)
            return
        transaction.respond(request.response(202, headers=[("Contact", self._line.contact)]))
        self.transferred(100)

    # The answers to our INVITEs

    def _invite_answered(self, request: Request, response: Response | None) -> None:
        if response is None:
            self._refused(408, REASONS[408], None)
        elif response.status < 200:
            self._provisional(response)
        elif response.status < 300:
            self._accepted(request, response)
        elif not self._challenged(request, response):
            self._refused(response.status, response.reason, response.headers.get("Reason"))

    def _provisional(self, response: Response) -> None:
        waited = self.state is CallState.UNHEARD
        if not self._move(Move.PROVISIONAL):
            return
        self._user_agent = response.headers.get("User-Agent") or self._user_agent
        if waited:
            self._send_cancel()
        elif self.state is CallState.RINGING and response.status > 100:
            self.dialog.learn(response)
            early = None
            if response.body and response.content_type == "application/sdp":
                try:
                    early = self.remote_sdp = sdp.parse(response.body)
                except BadMessage:
                    log.info("%s: the early description of %s cannot be read", self._line.name, self.id)
            self._line.tell(self._line.handler.progress, self, response.status, early)

    def _accepted(self, request: Request, response: Response) -> None:
        known = self.state in (CallState.UP, CallState.LEAVING, CallState.ENDED)
        if known and response.to.tag != self.dialog.remote_tag:
            self._send_away(request, response)
            return
        if not known:
            self.dialog.learn(response)
        self._send_ack(request)
        if known or not self._move(Move.ACCEPTED):
            return
        self._user_agent = response.headers.get("User-Agent") or self._user_agent
        if self.state is CallState.LEAVING:
            self._send_bye(self.ending.cause if self.ending else "NORMAL_CLEARING")
        elif not response.body or self._take_description(response):
            self._line.tell(self._line.handler.answered, self)

    def _send_away(self, request: Request, response: Response) -> None:
        """A second phone behind a forking proxy answered, too (RFC 3261, 13.2.2.4)."""
        other = Dialog(
            self.dialog.call_id, self.dialog.local, self.dialog.local_tag, self.dialog.remote, self.dialog.target,
            self.dialog.peer, local_cseq=request.cseq.number,
        )  # fmt: skip
        other.learn(response)
        self._send_ack(request, other)
        bye = other.request("BYE", self._line.local, [("Reason", reason_header("LOSE_RACE"))])
        self._line.transactions.request(bye, other.peer, _ignore)

    def _challenged(self, request: Request, response: Response) -> bool:
        again = self._authorized(request, response)
        if again is None or not self._move(Move.CHALLENGED):
            return False
        self.request = again
        self.begin_outbound()
        return True

    def _refused(self, status: int, phrase: str, reason: str | None) -> None:
        if self._move(Move.REFUSED):
            cause = cause_of(status, reason if status >= 400 else None)
            self._over(Ending(status, phrase, cause, by_remote=True, disposition="recv_refuse"))

    def _reinvite_answered(
        self, request: Request, description: bytes, headers: tuple[tuple[str, str], ...], tries: int,
        response: Response | None,
    ) -> None:  # fmt: skip
        status = 408 if response is None else response.status
        if status < 200:
            return
        if status < 300:
            self._send_ack(request)
        if self._reinvite is not request:  # a 2xx that came again
            return
        self._reinvite = None
        if response is not None and self._reauthorized(request, response, description, headers, tries):
            return
        if self.state is not CallState.UP:
            return
        if response is not None and status < 300:
            self.dialog.retarget(response)
            if self._take_description(response):
                self._line.tell(self._line.handler.reinvited, self, status, self.remote_sdp)
        elif status in (408, 481):  # the dialog is dead (RFC 3261, 12.2.1.2)
            self._hangup(cause_of(status), by_remote=True)
        elif status == 491 and tries < _MAX_GLARES:
            self._again_after_glare(description, headers, tries)
        else:
            self._line.tell(self._line.handler.reinvited, self, status, None)

    def _again_after_glare(self, description: bytes, headers: tuple[tuple[str, str], ...], tries: int) -> None:
        """RFC 3261, 14.1: the one who made the Call-ID waits longer, so that the two do not meet again."""

        def again() -> None:
            self._glare = None
            self._send_reinvite(description, headers, tries + 1)

        wait = random.uniform(0, 2.0) if self.inbound else random.uniform(2.1, 4.0)  # noqa: S311 (no secret)
        self._glare = self._line.transactions.loop.call_later(wait, again)

    def _reauthorized(
        self, request: Request, response: Response, description: bytes, headers: tuple[tuple[str, str], ...], tries: int
    ) -> bool:
        again = self._authorized(request, response)
        if again is None or self.state is not CallState.UP:
            return False
        self._reinvite = again
        then = partial(self._reinvite_answered, again, description, headers, tries)
        self._line.transactions.request(again, self.dialog.peer, then)
        return True

    # How things are sent

    def _hangup(self, cause: str, *, by_remote: bool) -> None:
        state = self.state
        self._move(Move.HANG_UP)
        if state in (CallState.CALLING, CallState.RINGING):
            self._over(Ending(487, REASONS[487], cause, by_remote=by_remote, disposition="send_cancel"))
            if state is CallState.RINGING:
                self._send_cancel()
        else:
            self._over(Ending(200, "OK", cause, by_remote=by_remote, disposition="send_bye"))
            if state is CallState.UP:
                self._send_bye(cause)

    def _respond(self, status: int, headers: Fields = (), body: bytes = b"", reason: str | None = None) -> None:
        tag = self.dialog.local_tag if status > 100 else ""
        fields = [*(self._ours() if 100 < status < 300 else [("User-Agent", self._line.product)]), *headers]
        answer = self.request.response(status, reason, to_tag=tag, headers=fields, body=body)
        self._server_invite().respond(answer)

    def _accept(
        self, request: Request, transaction: ServerTransaction, body: bytes, *, offers: bool, headers: Fields = ()
    ) -> None:
        number = request.cseq.number
        self._unacked[number] = transaction
        if offers:
            self._offered.add(number)
        transaction.on_unacknowledged = partial(self._unacknowledged, number)
        fields = [*self._ours(), *headers]
        transaction.respond(request.response(200, to_tag=self.dialog.local_tag, headers=fields, body=body))

    def _unacknowledged(self, number: int) -> None:
        """RFC 3261, 13.3.1.4: without an ACK the session ends with a BYE."""
        self._unacked.pop(number, None)
        if self._move(Move.NO_ACK):
            cause = "RECOVERY_ON_TIMER_EXPIRE"
            self._over(Ending(408, "ACK Timeout", cause, by_remote=True, disposition="send_bye"))
            self._send_bye(cause)

    def _refuse(self, request: Request, transaction: ServerTransaction, status: int, headers: Fields = ()) -> None:
        fields = [("Allow", ALLOW), ("User-Agent", self._line.product), *headers]
        transaction.respond(request.response(status, headers=fields))

    def _ours(self) -> list[tuple[str, str]]:
        return [("Contact", self._line.contact), ("User-Agent", self._line.product), ("Allow", ALLOW)]

    def _send_ack(self, request: Request, dialog: Dialog | None = None) -> None:
        """The ACK of a 2xx goes outside of all transactions, with the credentials of its INVITE (RFC 3261, 22.1)."""
        dialog = dialog or self.dialog
        proofs = [(name, value) for name, value in request.headers if name in ("Authorization", "Proxy-Authorization")]
        ack = dialog.request("ACK", self._line.local, proofs, cseq=request.cseq.number)
        self._line.transactions.send(ack.render(), dialog.peer)

    def _send_cancel(self) -> None:
        cause = self.ending.cause if self.ending else "NORMAL_CLEARING"
        if isinstance(self._invite, ClientTransaction):
            self._invite.cancel([("Reason", reason_header(cause))])

    def _send_bye(self, cause: str) -> None:
        self._ask("BYE", [("Reason", reason_header(cause))], self._left)

    def _left(self, response: Response | None) -> None:
        if self._move(Move.LEFT):
            self._gone()

    def _send_reinvite(self, description: bytes, headers: tuple[tuple[str, str], ...], tries: int) -> None:
        fields = [*self._ours(), ("Content-Type", "application/sdp"), *headers]
        request = self.dialog.request("INVITE", self._line.local, fields, body=description)
        self._reinvite = request
        then = partial(self._reinvite_answered, request, description, headers, tries)
        self._line.transactions.request(request, self.dialog.peer, then)

    def _ask(self, method: str, headers: Fields, then: Callable[[Response | None], None], body: bytes = b"") -> None:
        """A request in the dialog, other than INVITE; `then` gets the final answer, or None for none."""

        def answered(response: Response | None) -> None:
            if response is not None and response.status < 200:
                return
            again = None if response is None else self._authorized(request, response)
            if again is None:
                then(response)
            else:
                self._line.transactions.request(again, self.dialog.peer, then)

        request = self.dialog.request(
            method, self._line.local, [("User-Agent", self._line.product), *headers], body=body
        )
        self._line.transactions.request(request, self.dialog.peer, answered)

    def _authorized(self, request: Request, response: Response) -> Request | None:
        """The request again with an answer to its challenge (RFC 3261, 22.2), or None: no challenge, or no use."""
        asked, answer = {
            401: ("WWW-Authenticate", "Authorization"),
            407: ("Proxy-Authenticate", "Proxy-Authorization"),
        }.get(response.status, ("", ""))
        challenge = response.headers.get(asked) if asked else None
        if self._account is None or challenge is None or request.headers.get(answer):
            return None
        try:
            proof = respond(challenge, request.method, request.uri, *self._account)
        except BadMessage:
            return None
        changed = {"via", "max-forwards", "route", "from", "to", "call-id", "cseq"}
        kept = [(name, value) for name, value in request.headers if name.lower() not in changed]
        as_sent = replace(  # an INVITE that opens the dialog knows nothing of it yet, and goes where it went
            self.dialog, remote_tag=request.to.tag, target=request.uri, routes=request.headers.all("Route")
        )
        again = as_sent.request(request.method, self._line.local, [*kept, (answer, str(proof))], body=request.body)
        self.dialog.local_cseq = as_sent.local_cseq
        return again

    # State

    def _before(self, move: Move) -> bool:
        """False when the call is over: late is normal. Raises NotNow when the move never fits this state."""
        if self.state in OVER:
            return False
        if (self.state, move) not in NEXT:
            raise NotNow(f"A call that is {self.state} cannot {move}")
        return True

    def _move(self, move: Move) -> bool:
        """Makes a move; False when it is not legal, and nothing happened."""
        after = NEXT.get((self.state, move))
        if after is None:
            return False
        if after is not self.state:
            log.debug("%s: %s: %s, %s -> %s", self._line.name, self.id, move, self.state, after)
        self.state = after
        if after is CallState.ENDED and move is not Move.LEFT:
            self._gone()
        return True

    def _take_description(self, message: Request | Response) -> bool:
        """The media of an answer. One that cannot be used ends the call (RFC 3261, 13.2.2.4)."""
        try:
            self.remote_sdp = sdp.parse(message.body)
        except BadMessage:
            self.hangup("INCOMPATIBLE_DESTINATION")
            return False
        return True

    def _over(self, ending: Ending) -> None:
        if self.ending is None:
            self.ending = ending
            loop = self._line.transactions.loop
            loop.call_soon(self._line.tell, self._line.handler.ended, self, ending)

    def _gone(self) -> None:
        self._line.calls.pop((self.dialog.call_id, self.dialog.local_tag), None)
        if not self._line.calls:
            self._line.empty.set()
        for transaction in self._unacked.values():
            transaction.acknowledged()  # nobody needs that 2xx any more
        self._unacked.clear()
        if self._glare is not None:
            self._glare.cancel()
            self._glare = None

    def _server_invite(self) -> ServerTransaction:
        assert isinstance(self._invite, ServerTransaction)  # noqa: S101 (an inbound call has one from the start)
        return self._invite


def _one_line(text: str) -> str:
    return re.sub(r"[\r\n\0]", " ", text)


def _ignore(response: Response | None) -> None:
    pass
