"""Who may in: the challenge, the verdict on an answer, and patience that ends (RFC 3261, 22.2; RFC 2617, 4.6).

After a few wrong answers a user is not let in from that address for a while, however right the next answer is; after
many, the whole address is not. Pure decisions: the time is an argument.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cti.softswitch.sip.address import Address, quote
from cti.softswitch.sip.digest import Credentials, Freshness, Nonces, Secret, proves
from cti.softswitch.sip.errors import BadMessage
from cti.softswitch.sip.message import Request

SecretOf = Callable[[str], Secret | None]
"""The secret of a user, or None for a user that does not exist."""

_NOBODY: Final = Secret(password="")


@dataclass(frozen=True, slots=True)
class Limits:
    """How many wrong answers are taken in `window` seconds."""

    per_user: int = 5
    """For one user name from one address."""
    per_address: int = 50
    """For all user names from one address: less and one misconfigured phone would lock out its neighbours."""
    window: float = 60
    sources: int = 10_000
    """Sources that are remembered; past it the oldest is forgotten."""


@dataclass(frozen=True, slots=True)
class Passed:
    user: str


@dataclass(frozen=True, slots=True)
class Challenged:
    """Answer with `status` and these headers. `first`: there was no answer yet to be right or wrong."""

    status: int
    headers: tuple[tuple[str, str], ...]
    first: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Answer 403. `retry_after` in seconds when it is for too many wrong answers, else None."""

    user: str
    retry_after: int | None = None

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        return () if self.retry_after is None else (("Retry-After", str(self.retry_after)),)


Verdict = Passed | Challenged | Refused


class Gate:
    """Authenticates requests. `realm` None: the host that the request is addressed to, as FreeSWITCH does."""

    def __init__(
        self,
        secret_of: SecretOf,
        realm: str | None = None,
        *,
        limits: Limits | None = None,
        nonce_lifetime: float = 300,
    ) -> None:
        self._secret_of = secret_of
        self._realm = realm
        self._limits = limits or Limits()
        self._nonces = Nonces(nonce_lifetime)
        self._failures: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()  # -> how many, since when

    def __len__(self) -> int:
        """Items remembered: used nonces and sources of wrong answers."""
        return len(self._nonces) + len(self._failures)

    def judge(self, request: Request, source: Address, now: float) -> Verdict:
        """REGISTER is challenged as by a server with 401, others as by a proxy with 407, as FreeSWITCH does."""
        header = "Authorization" if request.method == "REGISTER" else "Proxy-Authorization"
        realm = self._realm or request.to.uri.host or "softswitch"  # a tel: URI has no host
        given = self._given(request.headers.all(header), realm)
        user = given.username if given else request.from_.uri.user
        wait = self._locked(source[0], user, now)
        if wait is not None:
            return Refused(user, wait)
        if given is None:
            return self._challenge(request, realm, now, first=True)
        freshness = self._nonces.check(given.nonce, now)
        if freshness is Freshness.FORGED:  # another server's, or ours of before a restart: worth a new try
            return self._challenge(request, realm, now, first=False)
        secret = self._secret_of(given.username)
        right = proves(given, request.method, secret or _NOBODY) and given.qop == "auth"
        if secret is None or not right:
            self._failed(source[0], user, now)
            return Refused(user)
        if freshness is Freshness.FRESH and self._nonces.use(given.nonce, given.nc, now) is Freshness.FRESH:
            return Passed(given.username)
        return self._challenge(request, realm, now, first=False, stale=True)

    def _given(self, values: list[str], realm: str) -> Credentials | None:
        for value in values[:4]:
            try:
                given = Credentials.parse(value)
            except BadMessage:
                continue
            if given.realm == realm:
                return given
        return None

    def _challenge(self, request: Request, realm: str, now: float, *, first: bool, stale: bool = False) -> Challenged:
        value = f'Digest realm={quote(realm)}, nonce="{self._nonces.issue(now)}", algorithm=MD5, qop="auth"'
        value += ", stale=true" if stale else ""
        if request.method == "REGISTER":
            return Challenged(401, (("WWW-Authenticate", value),), first)
        return Challenged(407, (("Proxy-Authenticate", value),), first)

    def _locked(self, ip: str, user: str, now: float) -> int | None:
        for key, most in (((ip, user), self._limits.per_user), ((ip, ""), self._limits.per_address)):
            count, since = self._failures.get(key, (0, now))
            left = since + self._limits.window - now
            if count >= most and left > 0:
                return int(left) + 1
        return None

    def _failed(self, ip: str, user: str, now: float) -> None:
        for key in ((ip, user), (ip, "")):
            count, since = self._failures.pop(key, (0, now))
            fresh = now - since > self._limits.window
            self._failures[key] = (1, now) if fresh else (count + 1, since)
        while len(self._failures) > self._limits.sources:
            self._failures.popitem(last=False)
