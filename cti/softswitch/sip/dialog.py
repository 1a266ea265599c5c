"""What a call is at any moment, which moves are legal, and the requests of its dialog (RFC 3261, 12 and 13). No I/O."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from cti.softswitch.sip.address import Address, NameAddr, Via
from cti.softswitch.sip.message import Headers, Request, Response
from cti.softswitch.sip.transaction import new_branch

ALLOW: Final = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, REFER, NOTIFY"
MAX_ROUTES: Final = 20


class CallState(StrEnum):
    INCOMING = "incoming"
    """Inbound: the INVITE came and has no final answer."""
    ANSWERED = "answered"
    """Inbound: our 200 waits for its ACK."""
    CLEARING = "clearing"
    """Inbound: hung up by us before the ACK; only after it may the BYE go (15)."""
    CALLING = "calling"
    """Outbound: nothing has come yet."""
    RINGING = "ringing"
    """Outbound: a provisional answer came, 100 counts."""
    UNHEARD = "unheard"
    """Outbound: hung up by us before anything came; only after a provisional answer may the CANCEL go (9.1)."""
    CANCELLING = "cancelling"
    """Outbound: the CANCEL is out, the INVITE has no final answer."""
    UP = "up"
    LEAVING = "leaving"
    """Our BYE is out."""
    ENDED = "ended"


class Move(StrEnum):
    """What the other side does: PROVISIONAL to LEFT. What we do: ANSWER, REFUSE, HANG_UP."""

    PROVISIONAL = "provisional answer"
    CHALLENGED = "challenge that we can answer"
    ACCEPTED = "2xx"
    REFUSED = "refusal or silence"
    ACK = "ACK"
    NO_ACK = "no ACK in time"
    BYE = "BYE"
    CANCEL = "CANCEL"
    LEFT = "end of our BYE"
    ANSWER = "answer"
    REFUSE = "refuse"
    HANG_UP = "hang up"


S, M = CallState, Move
NEXT: Final[dict[tuple[CallState, Move], CallState]] = {
    (S.INCOMING, M.ANSWER): S.ANSWERED,
    (S.INCOMING, M.REFUSE): S.ENDED,
    (S.INCOMING, M.HANG_UP): S.ENDED,
    (S.INCOMING, M.CANCEL): S.ENDED,
    (S.INCOMING, M.BYE): S.ENDED,  # legal for a caller in an early dialog (15)
    (S.ANSWERED, M.ACK): S.UP,
    (S.ANSWERED, M.NO_ACK): S.LEAVING,
    (S.ANSWERED, M.BYE): S.ENDED,
    (S.ANSWERED, M.HANG_UP): S.CLEARING,
    (S.ANSWERED, M.CANCEL): S.ANSWERED,  # late: it crossed our 200; the caller will ACK and BYE
    (S.CLEARING, M.ACK): S.LEAVING,
    (S.CLEARING, M.NO_ACK): S.LEAVING,
    (S.CLEARING, M.BYE): S.ENDED,  # both hang up at once
    (S.CLEARING, M.CANCEL): S.CLEARING,  # late: it crossed our 200
    (S.CALLING, M.PROVISIONAL): S.RINGING,
    (S.CALLING, M.CHALLENGED): S.CALLING,
    (S.CALLING, M.ACCEPTED): S.UP,
    (S.CALLING, M.REFUSED): S.ENDED,
    (S.CALLING, M.HANG_UP): S.UNHEARD,
    (S.RINGING, M.PROVISIONAL): S.RINGING,
    (S.RINGING, M.CHALLENGED): S.CALLING,
    (S.RINGING, M.ACCEPTED): S.UP,
    (S.RINGING, M.REFUSED): S.ENDED,
    (S.RINGING, M.HANG_UP): S.CANCELLING,
    (S.UNHEARD, M.PROVISIONAL): S.CANCELLING,
    (S.UNHEARD, M.ACCEPTED): S.LEAVING,  # answered before we could cancel: ACK, BYE
    (S.UNHEARD, M.REFUSED): S.ENDED,
    (S.CANCELLING, M.PROVISIONAL): S.CANCELLING,  # late: it crossed our CANCEL
    (S.CANCELLING, M.ACCEPTED): S.LEAVING,  # a 200 that crossed our CANCEL: ACK, BYE
    (S.CANCELLING, M.REFUSED): S.ENDED,
    (S.UP, M.ACCEPTED): S.UP,  # our ACK was lost, the 200 came again
    (S.UP, M.ACK): S.UP,  # that of a re-INVITE, or a copy
    (S.UP, M.NO_ACK): S.LEAVING,  # nobody acknowledged our answer to a re-INVITE
    (S.UP, M.BYE): S.ENDED,
    (S.UP, M.CANCEL): S.UP,  # late: it crossed our 200
    (S.UP, M.HANG_UP): S.LEAVING,
    (S.LEAVING, M.ACCEPTED): S.LEAVING,  # the ACK before our BYE was lost
    (S.LEAVING, M.ACK): S.LEAVING,  # late, or a copy
    (S.LEAVING, M.BYE): S.LEAVING,  # both hung up at once; ours is still to be answered
    (S.LEAVING, M.CANCEL): S.LEAVING,  # late
    (S.LEAVING, M.LEFT): S.ENDED,
    (S.ENDED, M.ACCEPTED): S.ENDED,  # the 200 of a second phone behind a forking proxy: ACK, BYE
}
"""Where each legal move leads. What is not here does not happen: a peer's move gets 481 or silence, ours NotNow."""


@dataclass(slots=True)
class Dialog:
    """The dialog's own data (RFC 3261, 12.1). `local` and `remote` are From and To values without their tags."""

    call_id: str
    local: str
    local_tag: str
    remote: str
    target: str
    """The Contact of the other side, or the Request-URI before there is one."""
    peer: Address
    """Where our requests go: the last source of a message, whatever the Contact says."""
    remote_tag: str = ""
    local_cseq: int = 0
    remote_cseq: int = -1
    routes: list[str] = field(default_factory=list)

    @classmethod
    def of_caller(cls, request: Request, source: Address) -> "Dialog":
        """The server's side, from an INVITE (12.1.1)."""
        target = str(request.contact.uri) if request.contact else str(request.from_.uri)
        dialog = cls(
            request.call_id,
            untagged(request.headers.get("To")),
            secrets.token_hex(7),
            untagged(request.headers.get("From")),
            target,
            source,
            remote_tag=request.from_.tag,
            remote_cseq=request.cseq.number,
        )
        dialog.routes = request.headers.all("Record-Route")[:MAX_ROUTES]
        return dialog

    def learn(self, response: Response) -> None:
        """The client's side, from an answer to the INVITE (12.1.2). The last one counts."""
        if not response.to.tag:
            return
        self.remote_tag = response.to.tag
        self.remote = untagged(response.headers.get("To"))
        self.routes = response.headers.all("Record-Route")[:MAX_ROUTES][::-1]
        self.retarget(response)

    def retarget(self, message: Request | Response) -> None:
        """The other side may move with each INVITE and UPDATE (12.2)."""
        if message.contact is not None and message.contact.uri.scheme == "sip":
            self.target = str(message.contact.uri)

    def request(
        self, method: str, local: Address, headers: Iterable[tuple[str, str]] = (), *, cseq: int | None = None,
        body: bytes = b"",
    ) -> Request:  # fmt: skip
        """The next request (12.2.1.1). An ACK of a 2xx has the `cseq` of its INVITE (13.2.2.4)."""
        if cseq is None:
            self.local_cseq += 1
            cseq = self.local_cseq
        via = Via("UDP", local[0], local[1], {"rport": None, "branch": new_branch()})
        fields = Headers([("Via", str(via)), ("Max-Forwards", "70")])
        for route in self.routes:
            fields.add("Route", route)
        fields.add("From", f"{self.local};tag={self.local_tag}")
        fields.add("To", f"{self.remote};tag={self.remote_tag}" if self.remote_tag else self.remote)
        fields.add("Call-ID", self.call_id)
        fields.add("CSeq", f"{cseq} {method}")
        for name, value in headers:
            fields.add(name, value)
        return Request(fields, body, method, self.target)


def untagged(value: str | None) -> str:
    """A From or To value without its tag, otherwise as it came."""
    address = NameAddr.parse(value or "")
    address.params.pop("tag", None)
    return str(address)
