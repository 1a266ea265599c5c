"""What the switch core is told: the interface between SIP and the rest of the softswitch.

Calls come in the order of the messages, from the socket's own loop, and must not block. An error in one is logged and
counted; the other side gets a 500 or 488 where it waits for an answer.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cti.softswitch.sip.address import Address, NameAddr
from cti.softswitch.sip.registrar import Binding
from cti.softswitch.sip.sdp import Description

if TYPE_CHECKING:
    from cti.softswitch.sip.agent import UserAgent
    from cti.softswitch.sip.call import Call


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a call is over."""

    status: int
    """The SIP status: of the refusal, 487 for a cancelled call, 200 for a BYE, 408 when nobody answered."""
    phrase: str
    cause: str
    """FreeSWITCH's hangup cause."""
    by_remote: bool
    """The other side ended it, or fell silent."""
    disposition: str
    """FreeSWITCH's sip_hangup_disposition: send_bye, recv_bye, send_cancel, recv_cancel, send_refuse, recv_refuse."""


class Handler:
    """Override what matters; the defaults refuse what needs a decision and ignore the rest."""

    def incoming(self, call: "Call") -> None:
        """A new call; 100 is out. Then `call.ring`, `call.answer`, `call.reject`, now or later."""
        call.reject(480)

    def confirmed(self, call: "Call") -> None:
        """The caller acknowledged our answer. With a call that came without SDP, `call.remote_sdp` is known now."""

    def progress(self, call: "Call", status: int, description: Description | None) -> None:
        """Outbound: 180, 183 and the like, and what it says about early media; 100 is not told."""

    def answered(self, call: "Call") -> None:
        """Outbound: 200, already acknowledged. `call.remote_sdp` is the answer to our offer, early or now."""

    def reinvite(self, call: "Call", offer: Description | None) -> bytes | None:
        """The other side offers anew (hold, resume); gives our answer, or None to refuse with 488.

        Without an offer ours is wanted; their answer comes with `reinvited`.
        """
        return None

    def reinvited(self, call: "Call", status: int, answer: Description | None) -> None:
        """The end of our own `call.reinvite`, or the answer to an offer that `reinvite` had to make."""

    def ended(self, call: "Call", ending: Ending) -> None:
        """The call is over. Exactly once for each call, also for `reject` and `hangup`, never from inside them."""

    def referred(self, call: "Call", refer_to: NameAddr, referred_by: str | None) -> int:
        """Transfer this call to `refer_to`; gives 202, or the status that refuses. Later `call.transferred(status)`."""
        return 603

    def key(self, call: "Call", digit: str, milliseconds: int) -> None:
        """A key by SIP INFO."""

    def registered(self, agent: "UserAgent", binding: Binding) -> None:
        """A phone registered or refreshed."""

    def unregistered(self, agent: "UserAgent", binding: Binding) -> None:
        """A phone signed off, or made room for another one of its user."""

    def expired(self, agent: "UserAgent", binding: Binding) -> None:
        """A phone did not refresh in time."""

    def unauthorized(self, agent: "UserAgent", user: str, source: Address, method: str) -> None:
        """Somebody did not know the password, or has tried too often."""
