"""What a call says of itself: all that FreeSWITCH's sip_* variables are made of."""

from cti.softswitch.sip.address import NameAddr, Uri
from cti.softswitch.sip.dialog import Dialog
from cti.softswitch.sip.message import Request


class Facts:
    """Read from the INVITE and the dialog; `from_` and `to` are those of the INVITE, in both directions."""

    inbound: bool
    request: Request
    """The INVITE, the latest one where a challenge made us send two."""
    dialog: Dialog
    _user_agent: str

    @property
    def sip_call_id(self) -> str:
        return self.dialog.call_id

    @property
    def from_(self) -> NameAddr:
        return self.request.from_

    @property
    def to(self) -> NameAddr:
        return self.request.to

    @property
    def from_user(self) -> str:
        return self.from_.uri.user

    @property
    def from_display(self) -> str:
        return self.from_.display

    @property
    def to_user(self) -> str:
        return self.to.uri.user

    @property
    def req_uri(self) -> Uri:
        """The Request-URI: whom the caller dialled."""
        return Uri.parse(self.request.uri)

    @property
    def from_tag(self) -> str:
        return self.from_.tag

    @property
    def to_tag(self) -> str:
        """Ours for an inbound call, theirs for an outbound one; empty until there is one."""
        return self.dialog.local_tag if self.inbound else self.dialog.remote_tag

    @property
    def full_from(self) -> str:
        return self.request.headers.get("From") or ""

    @property
    def full_to(self) -> str:
        return self.request.headers.get("To") or ""

    @property
    def full_via(self) -> str:
        return ",".join(self.request.headers.all("Via"))

    @property
    def contact(self) -> NameAddr | None:
        """The other side's; None while an outbound call has had no answer with one."""
        if self.inbound:
            return self.request.contact
        return NameAddr(Uri.parse(self.dialog.target)) if self.dialog.remote_tag else None

    @property
    def user_agent(self) -> str:
        """The other side's User-Agent."""
        return self._user_agent

    @property
    def network_addr(self) -> str:
        return self.dialog.peer[0]

    @property
    def network_port(self) -> int:
        return self.dialog.peer[1]
