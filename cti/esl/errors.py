"""What can go wrong on the Event Socket, each with what to do about it."""

from typing import ClassVar

from cti.errors import Blame, CtiError


class EslError(CtiError):
    """Root of the Event Socket's errors."""

    blame: ClassVar[Blame] = Blame.SWITCH


# --- bytes that cannot be read -------------------------------------------------------------------


class WireError(EslError):
    """The peer sent something that is not the Event Socket's protocol; the connection is over."""

    remedy = "Check that host and port are those of FreeSWITCH's mod_event_socket"


class HeaderTooLarge(WireError):
    """A block of headers went past its cap without ending."""


class BodyTooLarge(WireError):
    """A frame announces a body past the cap."""

    remedy = "Raise the cap (Limits.max_body) if FreeSWITCH really has that much to say"


# --- commands that are not sent ------------------------------------------------------------------


class UnsafeValue(EslError):
    """A value would change the meaning of the command that carries it; nothing was sent."""

    blame: ClassVar[Blame] = Blame.CALLER
    remedy = "Leave the value out, or pass it through display_text() or encode_variable()"


class TooManyPending(EslError):
    """More commands wait for a reply than the cap allows; this one was not sent."""

    blame: ClassVar[Blame] = Blame.OURS
    remedy = "Wait for replies before sending more; the switch is slower than we ask"


# --- the connection ------------------------------------------------------------------------------


class ConnectFailed(EslError):
    """No connection could be made."""

    remedy = "Check that FreeSWITCH runs and that event_socket.conf.xml listens on this host and port"


class NoGreeting(ConnectFailed):
    """The peer took the connection and then did not speak the Event Socket's first line in time."""

    remedy = "Check that host and port are those of FreeSWITCH's mod_event_socket"


class AccessDenied(ConnectFailed):
    """FreeSWITCH refuses our address (``text/rude-rejection``)."""

    blame: ClassVar[Blame] = Blame.ADMIN
    remedy = "Add this server's address to the list named by apply-inbound-acl in event_socket.conf.xml"


class AuthRejected(ConnectFailed):
    """FreeSWITCH refuses the password."""

    blame: ClassVar[Blame] = Blame.ADMIN
    remedy = "Make the node's password the one in event_socket.conf.xml"


class Disconnected(EslError):
    """The connection is gone. A command that was pending may or may not have been carried out."""

    remedy = "Nothing to do: the link reconnects by itself and the state is reconciled"


class SilentPeer(Disconnected):
    """Nothing was heard for longer than the silence limit, not even a HEARTBEAT."""

    remedy = "Check whether FreeSWITCH hangs (fs_cli -x status) and the network between"


class EventOverflow(Disconnected):
    """Events came faster than they were handled until the queue's cap; the connection was given up."""

    blame: ClassVar[Blame] = Blame.OURS
    remedy = "Subscribe to fewer events or handle them faster; the link reconnects and reconciles"


# --- replies -------------------------------------------------------------------------------------


class CommandTimeout(EslError, TimeoutError):
    """No reply in time. The command was sent and may still be carried out; its reply is thrown away."""

    remedy = "Ask the switch for the state before trying again; never send the command blindly twice"


class CommandFailed(EslError):
    """The switch answered ``-ERR`` or ``-USAGE``."""

    remedy = ""

    def __init__(self, what: str, reply: str) -> None:
        super().__init__(what)
        self.reply = reply
