"""What can go wrong in SIP; all of it stays inside this room or is told to the switch core."""

from typing import ClassVar

from cti.errors import Blame, CtiError


class SipError(CtiError):
    """Root of the errors of the SIP room."""


class BadMessage(SipError):
    """Bytes or text that are no SIP, no SDP, or not what their grammar allows. The datagram is dropped and counted."""

    blame: ClassVar[Blame] = Blame.CALLER
    remedy = "Look at the sender: the message was not used"


class BadAddress(SipError):
    """A call cannot go out because nobody knows which IPv4 address and port to send it to."""

    remedy = "Give sip:user@IPv4-address[:port] or a destination"


class NotNow(SipError):
    """The call is in a state that does not allow what was asked."""

    remedy = "Look at the state of the call first"
