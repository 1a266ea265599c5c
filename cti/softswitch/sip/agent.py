"""A SIP user agent on one UDP port: a FreeSWITCH profile in small.

    datagram -> parse -> transaction -> dialog: Call        -> Handler (the switch core)
                                     -> REGISTER: Registrar ->

An open port ("trunk") takes every INVITE and no REGISTER. With `credentials` ("internal") each INVITE and REGISTER has
to prove who sent it. Answers go to the source of the packet, requests of a call to the source of its last one.
IPv4 only; names are not resolved.
"""

import asyncio
import hashlib
import hmac
import ipaddress
import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from cti.softswitch.sip import auth, registrar, sdp
from cti.softswitch.sip.address import Address, NameAddr, Uri, safe_uri
from cti.softswitch.sip.call import Call
from cti.softswitch.sip.dialog import ALLOW, Dialog
from cti.softswitch.sip.digest import Secret
from cti.softswitch.sip.errors import BadAddress, BadMessage, NotNow
from cti.softswitch.sip.handler import Handler
from cti.softswitch.sip.line import Line
from cti.softswitch.sip.message import Request, Response, parse
from cti.softswitch.sip.registrar import Binding
from cti.softswitch.sip.transaction import Counts, ServerTransaction, Timers, Transactions

log = logging.getLogger(__name__)

KNOWN: Final = frozenset(ALLOW.split(", ")) | {"REGISTER", "PRACK", "SUBSCRIBE", "PUBLISH", "MESSAGE"}
"""Methods that exist (405); any other gets 501."""
IN_DIALOG: Final = frozenset({"BYE", "INFO", "UPDATE", "REFER", "NOTIFY", "PRACK"})
"""Methods that belong to a call: 481 without one."""
EXPIRY_TICK: Final = 1.0
"""Seconds between looks at the expiry of registrations."""


@dataclass(frozen=True, slots=True)
class Options:
    """What can be set for a user agent and seldom needs to be."""

    realm: str | None = None
    """None: the host that a request is addressed to. An a1-hash needs the realm it was made for."""
    advertise: str | None = None
    """The IPv4 address that others reach us at, when it is not the one we listen on."""
    product: str = "FreeSWITCH-mod_sofia/1.10.12 (embedded softswitch)"
    max_calls: int = 200
    """Inbound calls past it get 503."""
    timers: Timers = field(default_factory=Timers)
    auth_limits: auth.Limits = field(default_factory=auth.Limits)
    nonce_lifetime: float = 300.0
    registrar_limits: registrar.Limits = field(default_factory=registrar.Limits)


class UserAgent(asyncio.DatagramProtocol):
    """One SIP port. `open` it, make calls with `invite`, hear about the rest through the handler, `close` it."""

    def __init__(
        self, name: str, host: str, port: int, credentials: auth.SecretOf | None, handler: Handler,
        options: Options | None = None,
    ) -> None:  # fmt: skip
        self.name = name
        self.counts = Counts()
        self.registrar = registrar.Registrar((options or Options()).registrar_limits)
        self._options = options or Options()
        self._bind = (host, port)
        self._handler = handler
        self._gate = credentials and auth.Gate(
            credentials,
            self._options.realm,
            limits=self._options.auth_limits,
            nonce_lifetime=self._options.nonce_lifetime,
        )
        self._transport: asyncio.DatagramTransport | None = None
        self._line: Line | None = None
        self._tag_key = secrets.token_bytes(16)
        self._tick: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Binds the port; 0 takes a free one, see `local`. Raises OSError when it is taken."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=self._bind)
        host, port = self._transport.get_extra_info("sockname")[:2]
        transactions = Transactions(self._send, loop, timers=self._options.timers, counts=self.counts)
        local = (self._options.advertise or host, port)
        self._line = Line(self.name, transactions, self._handler, local, self._options.product)

    def close(self) -> None:
        """Closes the port at once; each call that was left is told to the handler as ended. See `leave`."""
        if self._line is None or self._transport is None:
            return
        for call in self.calls:
            call.drop()
        self._line.transactions.close()
        if self._tick is not None:
            self._tick.cancel()
        self._transport.close()
        self._transport = None

    async def leave(self, seconds: float = 1.0, cause: str = "SYSTEM_SHUTDOWN") -> None:
        """Hangs up all calls, waits up to `seconds` for the other sides to agree, and closes."""
        for call in self.calls:
            call.hangup(cause)
        try:
            async with asyncio.timeout(seconds):
                while self.calls:
                    await self._opened.empty.wait()
        except TimeoutError:
            log.info("%s: %d calls did not end in time", self.name, len(self.calls))
        self.close()

    @property
    def local(self) -> Address:
        """Where others reach us."""
        return self._opened.local

    @property
    def calls(self) -> list[Call]:
        """Those that are not gone yet, also when they are over for their user."""
        return [] if self._line is None else list(self._line.calls.values())

    def __len__(self) -> int:
        """Calls and transactions: 0 when nothing is left to remember, some 64 * T1 after the last message."""
        return 0 if self._line is None else len(self._line.calls) + len(self._line.transactions)

    def invite(
        self, uri: str, from_number: str, from_name: str, description: bytes, headers: Iterable[tuple[str, str]] = (),
        destination: Address | None = None, account: tuple[str, Secret] | None = None,
    ) -> Call:  # fmt: skip
        """Calls `uri` with an offer.

        `destination` is where to send it when the URI's host is not: a registered phone's `Binding.source`.
        `account`, user and secret, answers a challenge. Raises BadAddress without an IPv4 address to send it to, and
        BadMessage for text that no SIP message can hold.
        """
        target = safe_uri(uri)
        number = safe_uri(f"sip:{from_number or 'anonymous'}@{self.local[0]}")
        sender = NameAddr(replace(number, user=from_number or "anonymous", password=None), from_name)
        dialog = Dialog(
            f"{secrets.token_hex(16)}@{self.local[0]}",
            str(sender),
            secrets.token_hex(7),
            f"<{Uri(target.scheme, target.user, target.host, target.port)}>",
            str(target),
            destination or _address(target),
            local_cseq=secrets.randbelow(2**20),
        )
        fields = [
            ("Contact", self._opened.contact),
            ("User-Agent", self._options.product),
            ("Allow", ALLOW),
            ("Content-Type", "application/sdp"),
            *headers,
        ]
        request = dialog.request("INVITE", self.local, fields, body=description)
        call = Call(self._opened, dialog, request, inbound=False, account=account)
        call.begin_outbound()
        return call

    def lookup(self, user: str) -> list[Binding]:
        """The phones of a user, the latest first: ``invite(b.uri, ..., destination=b.source)``."""
        return self.registrar.lookup(user)

    # Datagrams

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        """asyncio's call for each datagram. Nothing that a stranger sends gets past this with an exception."""
        self.counts.received += 1
        if not data.strip(b"\r\n\0"):
            return  # a keep-alive
        source = (str(addr[0]), int(addr[1]))
        try:
            message = parse(data)
        except BadMessage as error:
            self.counts.malformed += 1
            log.debug("%s: dropped %d bytes from %s:%d: %s", self.name, len(data), *source, error)
            return
        try:
            if isinstance(message, Response):
                self._opened.transactions.received(message)
            else:
                self._request(message, source)
        except Exception:
            self.counts.failed += 1
            log.exception("%s: a message from %s:%d was too much", self.name, *source)

    def error_received(self, exc: Exception) -> None:
        """asyncio's call for an ICMP error: the timers find out by themselves."""
        log.debug("%s: %s", self.name, exc)

    def _send(self, data: bytes, peer: Address) -> None:
        if self._transport is not None:
            self._transport.sendto(data, peer)

    @property
    def _opened(self) -> Line:
        if self._line is None or self._transport is None:
            raise NotNow(f"The user agent {self.name} is not open", remedy="Call open first")
        return self._line

    # Requests

    def _request(self, request: Request, source: Address) -> None:
        via = request.via
        if via != (seen := via.came_from(source)):
            request.headers.replace_first("Via", str(seen))
        if self._opened.transactions.absorb(request, source):
            return
        if request.method == "ACK":
            self._ack(request, source)
        elif request.method == "CANCEL":
            self._cancel(request, source)
        elif request.to.tag:
            self._in_dialog(request, source)
        else:
            self._fresh(request, source)

    def _ack(self, request: Request, source: Address) -> None:
        call = self._call_of(request)
        if call is not None:
            call.acknowledged(request, source)
        elif request.to.tag != self._tag(request):  # else it acknowledges a refusal that was sent without state
            self.counts.stray += 1

    def _cancel(self, request: Request, source: Address) -> None:
        invite = self._opened.transactions.cancelled(request)
        self._answer(request, source, 481 if invite is None else 200)
        if invite is not None and invite.on_cancel is not None:
            invite.on_cancel(request)

    def _in_dialog(self, request: Request, source: Address) -> None:
        call = self._call_of(request)
        if call is None:
            self._answer(request, source, 481)
        elif request.method not in KNOWN:
            self._answer(request, source, 501)
        elif request.method not in ALLOW.split(", "):
            self._answer(request, source, 405)
        elif (transaction := self._opened.transactions.serve(request, source)) is None:
            self._answer(request, source, 503, [("Retry-After", "10")])
        else:
            call.received(request, transaction, source)

    def _fresh(self, request: Request, source: Address) -> None:
        """A request outside of any dialog (RFC 3261, 8.2)."""
        unsupported = request.headers.tokens("Require")
        if request.headers.get("Max-Forwards") == "0":
            self._answer(request, source, 483)
        elif unsupported and request.method != "OPTIONS":
            self._answer(request, source, 420, [("Unsupported", ", ".join(unsupported[:20]))])
        elif request.method == "OPTIONS":
            self._answer(request, source, 200, [("Accept", "application/sdp"), ("Contact", self._opened.contact)])
        elif request.method == "REGISTER" and self._gate is not None:
            self._register(request, source, self._gate)
        elif request.method == "INVITE":
            self._invite(request, source)
        elif request.method in IN_DIALOG:
            self._answer(request, source, 481)
        else:
            self._answer(request, source, 405 if request.method in KNOWN else 501)

    def _invite(self, request: Request, source: Address) -> None:
        status = self._unfit(request)
        if status is not None:
            self._answer(request, source, status, [("Accept", "application/sdp")] if status == 415 else ())
            return
        user = ""
        if self._gate is not None:
            passed = self._authenticate(self._gate, request, source)
            if passed is None:
                return
            user = passed.user
        if sum(call.inbound for call in self.calls) >= self._options.max_calls:
            self.counts.overflow += 1
            self._answer(request, source, 503, [("Retry-After", "10")])
            return
        try:
            offer = sdp.parse(request.body) if request.body else None
        except BadMessage:
            self._answer(request, source, 488)
            return
        transaction = self._opened.transactions.serve(request, source)
        if transaction is None:
            self._answer(request, source, 503, [("Retry-After", "10")])
            return
        call = Call(self._opened, Dialog.of_caller(request, source), request, inbound=True)
        call.auth_user = user
        call.begin_inbound(transaction, offer)

    def _unfit(self, request: Request) -> int | None:
        """What is wrong with an INVITE, before anybody is asked for a password."""
        try:
            scheme = Uri.parse(request.uri).scheme
        except BadMessage:
            return 400
        if scheme not in ("sip", "tel"):
            return 416
        if request.body and request.content_type != "application/sdp":
            return 415
        here = (request.call_id, request.from_.tag, request.cseq)
        if any(here == (c.sip_call_id, c.from_tag, c.request.cseq) for c in self.calls if c.inbound):
            return 482  # the same request by another way (RFC 3261, 8.2.2.2)
        return None

    def _authenticate(self, gate: auth.Gate, request: Request, source: Address) -> auth.Passed | None:
        """Whoever sent it; None when it was answered already. Challenges leave no state here (RFC 3261, 8.2.7)."""
        verdict = gate.judge(request, source, self._now())
        if isinstance(verdict, auth.Passed):
            return verdict
        if isinstance(verdict, auth.Challenged):
            self._answer(request, source, verdict.status, verdict.headers)
            return None
        self.counts.unauthorized += 1
        tell, told = self._opened.tell, self._handler.unauthorized
        tell(told, self, verdict.user, source, request.method)
        transaction = None
        if verdict.retry_after is None:  # so that a copy of a wrong answer is not a second wrong answer
            transaction = self._opened.transactions.serve(request, source)
        self._answer(request, source, 403, verdict.headers, transaction)
        return None

    def _register(self, request: Request, source: Address, gate: auth.Gate) -> None:
        passed = self._authenticate(gate, request, source)
        if passed is None:
            return
        outcome = self.registrar.register(request, source, passed.user, self._now())
        transaction = self._opened.transactions.serve(request, source)  # without one a copy just gets a challenge
        self._answer(request, source, outcome.status, outcome.headers, transaction)
        for binding in outcome.unregistered:
            self._opened.tell(self._handler.unregistered, self, binding)
        for binding in outcome.registered:
            self._opened.tell(self._handler.registered, self, binding)
        if self._tick is None and len(self.registrar):
            self._look_at_expiry()

    def _look_at_expiry(self) -> None:
        for binding in self.registrar.expire(self._now()):
            self._opened.tell(self._handler.expired, self, binding)
        more = len(self.registrar) and self._transport is not None
        loop = self._opened.transactions.loop
        self._tick = loop.call_later(EXPIRY_TICK, self._look_at_expiry) if more else None

    def _call_of(self, request: Request) -> Call | None:
        call = self._opened.calls.get((request.call_id, request.to.tag))
        return call if call is not None and call.belongs(request) else None

    def _answer(
        self, request: Request, source: Address, status: int, headers: Iterable[tuple[str, str]] = (),
        transaction: ServerTransaction | None = None,
    ) -> None:  # fmt: skip
        """An answer outside of calls; the same one to each copy of the request, so no state is needed."""
        fields = [("Allow", ALLOW), ("User-Agent", self._options.product), *headers]
        response = request.response(status, to_tag=self._tag(request), headers=fields)
        if transaction is not None:
            transaction.respond(response)
        else:
            self._send(response.render(), source)

    def _tag(self, request: Request) -> str:
        """The To tag of an answer without state: the same for each copy, and for the ACK (RFC 3261, 8.2.7)."""
        seed = f"{request.call_id}\n{request.via.branch}\n{request.cseq.number}".encode("utf-8", "surrogateescape")
        return hmac.new(self._tag_key, seed, hashlib.sha256).hexdigest()[:14]

    def _now(self) -> float:
        return self._opened.transactions.loop.time()


def _address(uri: Uri) -> Address:
    try:
        return str(ipaddress.IPv4Address(uri.host)), uri.port or 5060
    except ValueError:
        raise BadAddress(f"{uri} has no IPv4 address to send to") from None
