"""A simulated phone: one SIP port that registers, calls, and is called. A trunk is one that does not register."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Final

from cti.demo.call import PhoneCall
from cti.errors import CtiError
from cti.softswitch.rtp.engine import MediaEngine
from cti.softswitch.rtp.errors import NoPortLeft
from cti.softswitch.sip.address import Address
from cti.softswitch.sip.agent import Options, UserAgent
from cti.softswitch.sip.call import Call
from cti.softswitch.sip.dialog import Dialog
from cti.softswitch.sip.digest import Secret, respond
from cti.softswitch.sip.errors import BadMessage
from cti.softswitch.sip.handler import Ending, Handler
from cti.softswitch.sip.message import Request, Response
from cti.softswitch.sip.sdp import Description

PRODUCT: Final = "cti demo phone"
REGISTERED_FOR: Final = 600
"""Seconds; asked for again at half of it."""


class NotRegistered(CtiError):
    """The switch did not register a phone."""

    remedy = "Look whether the softswitch is there, and at the agent's password in secrets/"


class Phone(Handler):
    """One port. `on_call` gets every call that comes, ringing; without it they are refused as busy."""

    def __init__(self, name: str, media: MediaEngine, on_call: Callable[[PhoneCall], None] | None = None) -> None:
        self.name = name
        self._media = media
        self._on_call = on_call
        self._port = _Port(name, media.host, 0, None, self, Options(product=PRODUCT))
        self._calls: dict[str, PhoneCall] = {}

    async def open(self) -> None:
        """Takes a free port. Raises OSError."""
        await self._port.open()

    async def close(self, seconds: float = 1.0) -> None:
        """Hangs up what is left, waits so long for the other sides to agree, and is gone."""
        await self._port.leave(seconds, "NORMAL_CLEARING")

    @property
    def address(self) -> Address:
        """Where it is reached."""
        return self._port.local

    @property
    def calls(self) -> int:
        """How many go on."""
        return len(self._calls)

    async def register(self, user: str, secret: Secret, registrar: Address) -> None:
        """Registers for REGISTERED_FOR seconds. Raises NotRegistered."""
        await self._port.register(user, secret, registrar)

    def dial(
        self, number: str, to: Address, caller: str, name: str = "", account: tuple[str, Secret] | None = None
    ) -> PhoneCall:
        """Calls a number at `to`, showing `caller` ("" for nobody). Raises NoPortLeft."""
        made = PhoneCall(self._media)
        uri = f"sip:{number}@{to[0]}:{to[1]}"
        made.call = self._port.invite(uri, caller, name, made.offer(), account=account)
        self._calls[made.call.id] = made
        return made

    # sip.handler.Handler

    def incoming(self, call: Call) -> None:
        if self._on_call is None:
            call.reject(486)
            return
        try:
            made = PhoneCall(self._media)
        except NoPortLeft:
            call.reject(503)
            return
        made.call = call
        self._calls[call.id] = made
        call.ring()
        self._on_call(made)

    def confirmed(self, call: Call) -> None:
        made = self._calls.get(call.id)
        if made is not None:
            made.up = True

    def answered(self, call: Call) -> None:
        made = self._calls.get(call.id)
        if made is not None:
            made.accepted()

    def reinvite(self, call: Call, offer: Description | None) -> bytes | None:
        made = self._calls.get(call.id)
        return None if made is None else made.offered_anew(offer)

    def ended(self, call: Call, ending: Ending) -> None:
        made = self._calls.pop(call.id, None)
        if made is not None:
            made.ended(ending)


class _Port(UserAgent):
    """A user agent that registers somewhere, as phones do (RFC 3261, 10.2)."""

    _registration: Dialog | None = None
    """Every REGISTER of a phone has one Call-ID and growing numbers."""

    async def register(self, user: str, secret: Secret, registrar: Address) -> None:
        host, port = self.local
        if self._registration is None:
            self._registration = Dialog(
                f"{secrets.token_hex(16)}@{host}",
                f"<sip:{user}@{registrar[0]}>",
                secrets.token_hex(7),
                f"<sip:{user}@{registrar[0]}>",
                f"sip:{registrar[0]}:{registrar[1]}",
                registrar,
            )
        fields = [("Contact", f"<sip:{user}@{host}:{port}>"), ("Expires", str(REGISTERED_FOR)), ("User-Agent", PRODUCT)]
        answer = await self._ask(self._registration.request("REGISTER", self.local, fields), registrar)
        challenge = answer and answer.headers.get("WWW-Authenticate")
        if answer is not None and answer.status == 401 and challenge:
            try:
                proof = respond(challenge, "REGISTER", self._registration.target, user, secret)
            except BadMessage as error:
                raise NotRegistered(f"{user}: {error.what}") from error
            fields.append(("Authorization", str(proof)))
            answer = await self._ask(self._registration.request("REGISTER", self.local, fields), registrar)
        if answer is None or answer.status != 200:
            said = "no answer" if answer is None else f"{answer.status} {answer.reason}"
            raise NotRegistered(f"the phone of {user} is not registered: {said}")

    async def _ask(self, request: Request, peer: Address) -> Response | None:
        """The final answer to a request outside of calls; None when none comes."""
        final: asyncio.Future[Response | None] = asyncio.get_running_loop().create_future()

        def answered(response: Response | None) -> None:
            if (response is None or response.status >= 200) and not final.done():
                final.set_result(response)

        self._opened.transactions.request(request, peer, answered)
        return await final
