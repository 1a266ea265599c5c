"""Who is where: the registrar's table (RFC 3261, 10.3). Pure: authentication is done, the time is an argument."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from cti.softswitch.sip.address import Address, NameAddr
from cti.softswitch.sip.errors import BadMessage
from cti.softswitch.sip.message import Request

DEFAULT_EXPIRES: Final = 3600


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, and sizes of the table."""

    min_expires: int = 10
    max_expires: int = 3600
    contacts: int = 5
    """For one user; past it the one that expires first makes room."""
    users: int = 5_000


@dataclass(frozen=True, slots=True)
class Binding:
    """One phone of a user. With `profile` and the status it is all that sofia::register tells."""

    user: str
    host: str
    contact: NameAddr
    source: Address
    """Where the REGISTER came from, and calls go to."""
    call_id: str
    cseq: int
    user_agent: str
    expires: int
    """Seconds that were granted; 0 in the news of an unregistration."""
    until: float
    auth_user: str

    @property
    def uri(self) -> str:
        """What a call to this phone has as its Request-URI."""
        return str(self.contact.uri)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to answer, and what changed."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    registered: tuple[Binding, ...] = ()
    unregistered: tuple[Binding, ...] = ()


@dataclass(slots=True)
class _Wish:
    contact: NameAddr
    expires: int
    key: str = field(init=False)

    def __post_init__(self) -> None:
        uri = self.contact.uri
        self.key = f"{uri.scheme}:{uri.address}"


class Registrar:
    """Bindings of all users."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._users: dict[str, dict[str, Binding]] = {}

    def __len__(self) -> int:
        return sum(len(bindings) for bindings in self._users.values())

    def __iter__(self) -> Iterator[Binding]:
        return (binding for bindings in self._users.values() for binding in bindings.values())

    def lookup(self, user: str) -> list[Binding]:
        """The phones of a user, the latest first."""
        return list(reversed(self._users.get(user, {}).values()))

    def register(self, request: Request, source: Address, auth_user: str, now: float) -> Outcome:
        """Carries out a REGISTER that `auth_user` proved to have sent."""
        user = request.to.uri.user
        if user != auth_user:
            return Outcome(403)
        values = request.headers.all("Contact")
        try:
            default = _seconds(request.headers.get("Expires"), DEFAULT_EXPIRES)
            if "*" in values:
                if len(values) != 1 or request.headers.get("Expires") is None or default != 0:
                    return Outcome(400)
                return self._unregister_all(request, user)
            wishes = [self._wish(value, default) for value in values[: self._limits.contacts + 1]]
        except BadMessage:
            return Outcome(400)
        if len(wishes) > self._limits.contacts or (user not in self._users and len(self._users) >= self._limits.users):
            return Outcome(503, (("Retry-After", "60"),))
        if any(0 < wish.expires < self._limits.min_expires for wish in wishes):
            return Outcome(423, (("Min-Expires", str(self._limits.min_expires)),))
        if any(self._out_of_order(request, user, wish.key) for wish in wishes):
            return Outcome(500)
        return self._apply(request, user, source, auth_user, wishes, now)

    def expire(self, now: float) -> list[Binding]:
        """Drops the bindings whose time is over and tells which."""
        gone = [binding for binding in self if binding.until <= now]
        for binding in gone:
            self._drop(binding.user, _Wish(binding.contact, 0).key)
        return gone

    def _wish(self, value: str, default: int) -> _Wish:
        contact = NameAddr.parse(value)
        if contact.uri.scheme != "sip":
            raise BadMessage(f"Contact {value[:80]!r} is no SIP URI")
        return _Wish(contact, min(_seconds(contact.params.get("expires"), default), self._limits.max_expires))

    def _out_of_order(self, request: Request, user: str, key: str) -> bool:
        """A REGISTER that a later one of the same phone has overtaken (RFC 3261, 10.3, step 7)."""
        old = self._users.get(user, {}).get(key)
        return old is not None and old.call_id == request.call_id and old.cseq >= request.cseq.number

    def _apply(
        self, request: Request, user: str, source: Address, auth_user: str, wishes: list[_Wish], now: float
    ) -> Outcome:
        registered, unregistered = [], []
        for wish in wishes:
            old = self._drop(user, wish.key)
            if wish.expires == 0:
                if old is not None:
                    unregistered.append(_ended(old, request))
                continue
            binding = Binding(
                user,
                request.to.uri.host,
                NameAddr(wish.contact.uri, wish.contact.display),
                source,
                request.call_id,
                request.cseq.number,
                request.headers.get("User-Agent") or "",
                wish.expires,
                now + wish.expires,
                auth_user,
            )
            bindings = self._users.setdefault(user, {})
            bindings[wish.key] = binding
            registered.append(binding)
            if len(bindings) > self._limits.contacts:
                first = min(bindings, key=lambda key: bindings[key].until)
                unregistered.append(_ended(bindings.pop(first), request))
        left = [
            ("Contact", f"{binding.contact};expires={max(0, round(binding.until - now))}")
            for binding in self.lookup(user)
        ]
        return Outcome(200, tuple(left), tuple(registered), tuple(unregistered))

    def _unregister_all(self, request: Request, user: str) -> Outcome:
        bindings = self._users.get(user, {})
        if any(self._out_of_order(request, user, key) for key in bindings):
            return Outcome(500)
        self._users.pop(user, None)
        return Outcome(200, (), (), tuple(_ended(binding, request) for binding in bindings.values()))

    def _drop(self, user: str, key: str) -> Binding | None:
        bindings = self._users.get(user, {})
        old = bindings.pop(key, None)
        if old is not None and not bindings:
            del self._users[user]
        return old


def _ended(binding: Binding, request: Request) -> Binding:
    return replace(binding, call_id=request.call_id, cseq=request.cseq.number, expires=0)


def _seconds(text: str | None, default: int) -> int:
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()):
        raise BadMessage(f"{text[:20]!r} are no seconds")
    return min(int(text[:10]), 2**31) if len(text) <= 10 else 2**31
