"""Digest authentication, both sides (RFC 3261, 22; RFC 2617, MD5 with qop=auth).

A nonce carries its time and our signature, so that challenges cost no memory; only nonces that a right answer used
are remembered, for their nonce counts.
"""

import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from cti.softswitch.sip.address import quote, split_outside_quotes, unquote
from cti.softswitch.sip.errors import BadMessage

_MAX_FIELDS: Final = 32


@dataclass(frozen=True, slots=True)
class Secret:
    """What proves a user: a password, or its a1-hash, the MD5 of ``user:realm:password`` in hex."""

    password: str | None = None
    a1: str | None = None

    def hash(self, user: str, realm: str) -> str:
        """RFC 2617, 3.2.2.2."""
        if self.a1 is not None:
            return self.a1.lower()
        return _md5(f"{user}:{realm}:{self.password or ''}")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an Authorization header says, or what goes into one."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    nc: str = ""
    cnonce: str = ""
    qop: str = ""
    opaque: str = ""

    @classmethod
    def parse(cls, value: str) -> "Credentials":
        """Raises BadMessage for another scheme, another algorithm than MD5, or missing fields."""
        fields = parse_fields(value)
        if fields.get("algorithm", "MD5").upper() != "MD5":
            raise BadMessage(f"Digest algorithm {fields['algorithm'][:20]!r} is not MD5")
        needed = [fields.get(name, "") for name in ("username", "realm", "nonce", "uri", "response")]
        if not all(needed):
            raise BadMessage("The digest credentials are not complete")
        return cls(*needed, *(fields.get(name, "") for name in ("nc", "cnonce", "qop", "opaque")))

    def __str__(self) -> str:
        text = (
            f"Digest username={quote(self.username)}, realm={quote(self.realm)}, nonce={quote(self.nonce)}, "
            f"uri={quote(self.uri)}, response={quote(self.response)}, algorithm=MD5"
        )
        if self.qop:
            text += f", cnonce={quote(self.cnonce)}, qop={self.qop}, nc={self.nc}"
        return text + (f", opaque={quote(self.opaque)}" if self.opaque else "")


def parse_fields(value: str) -> dict[str, str]:
    """The fields of a Digest header, names in lower case, values without quotes."""
    scheme, _, rest = value.strip(" \t").partition(" ")
    if scheme.lower() != "digest":
        raise BadMessage(f"{scheme[:20]!r} is not Digest")
    parts = split_outside_quotes(rest, ",")
    if len(parts) > _MAX_FIELDS:
        raise BadMessage("The digest header has too many fields")
    found: dict[str, str] = {}
    for part in parts:
        name, equals, text = part.partition("=")
        if equals:
            found.setdefault(name.strip(" \t").lower(), unquote(text.strip(" \t")))
    return found


def _md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()


def digest(a1: str, method: str, uri: str, nonce: str, *, nc: str = "", cnonce: str = "", qop: str = "") -> str:
    """The response to a challenge (RFC 2617, 3.2.2.1). `a1` is the hash."""
    a2 = _md5(f"{method}:{uri}")
    return _md5(f"{a1}:{nonce}:{nc}:{cnonce}:{qop}:{a2}" if qop else f"{a1}:{nonce}:{a2}")


def proves(given: Credentials, method: str, secret: Secret) -> bool:
    """Whether the response is right for the secret."""
    a1 = secret.hash(given.username, given.realm)
    right = digest(a1, method, given.uri, given.nonce, nc=given.nc, cnonce=given.cnonce, qop=given.qop)
    return hmac.compare_digest(right.encode(), given.response.lower().encode("utf-8", "surrogateescape"))


def respond(challenge: str, method: str, uri: str, user: str, secret: Secret) -> Credentials:
    """Our answer to a WWW-Authenticate or Proxy-Authenticate header. Raises BadMessage for one we cannot answer."""
    fields = parse_fields(challenge)
    if fields.get("algorithm", "MD5").upper() != "MD5" or not fields.get("nonce"):
        raise BadMessage("The challenge cannot be answered")
    offered = [word.strip(" \t").lower() for word in fields.get("qop", "").split(",")]
    if fields.get("qop") and "auth" not in offered:
        raise BadMessage(f"The challenge wants qop {fields['qop'][:20]!r}")
    qop, nc, cnonce = ("auth", "00000001", secrets.token_hex(8)) if fields.get("qop") else ("", "", "")
    realm, nonce = fields.get("realm", ""), fields["nonce"]
    proof = digest(secret.hash(user, realm), method, uri, nonce, nc=nc, cnonce=cnonce, qop=qop)
    return Credentials(user, realm, nonce, uri, proof, nc, cnonce, qop, fields.get("opaque", ""))


class Freshness(Enum):
    """What a nonce and its count are worth."""

    FRESH = auto()
    STALE = auto()
    """Ours, but too old or used up: challenge anew with stale=true, the phone need not ask for the password."""
    REPLAYED = auto()
    """The count has been used."""
    FORGED = auto()


class Nonces:
    """Issues nonces and says what they are worth. Times are seconds of a clock that never goes back.

    At most `capacity` used nonces are remembered; when one is forgotten early, everything as old as it turns stale.
    """

    def __init__(self, lifetime: float = 300, capacity: int = 10_000) -> None:
        self._key = secrets.token_bytes(32)
        self._lifetime = lifetime
        self._capacity = capacity
        self._used: OrderedDict[str, int] = OrderedDict()  # nonce -> highest count
        self._not_before = float("-inf")  # issued at or before this: stale

    def __len__(self) -> int:
        return len(self._used)

    def issue(self, now: float) -> str:
        plain = f"{int(now * 1000):012x}{secrets.token_hex(6)}"
        return plain + self._signature(plain)

    def check(self, nonce: str, now: float) -> Freshness:
        """Without its count, which only a right answer may use up: see `use`."""
        plain, signature = nonce[:24], nonce[24:]
        if not hmac.compare_digest(self._signature(plain).encode(), signature.encode("utf-8", "surrogateescape")):
            return Freshness.FORGED
        issued = self._issued(nonce)
        return Freshness.STALE if now - issued > self._lifetime or issued <= self._not_before else Freshness.FRESH

    def use(self, nonce: str, count: str, now: float) -> Freshness:
        """Uses up a count of a nonce that `check` found fresh; each must be higher than the last (RFC 2617, 3.2.2)."""
        if len(count) != 8 or any(digit not in "0123456789abcdefABCDEF" for digit in count):
            return Freshness.FORGED
        if int(count, 16) <= self._used.get(nonce, 0):
            return Freshness.REPLAYED
        self._used[nonce] = int(count, 16)
        while self._used and (
            len(self._used) > self._capacity or now - self._issued(next(iter(self._used))) > self._lifetime
        ):
            self._not_before = max(self._not_before, self._issued(self._used.popitem(last=False)[0]))
        return Freshness.FRESH

    def _issued(self, nonce: str) -> float:
        return int(nonce[:12], 16) / 1000

    def _signature(self, plain: str) -> str:
        return hmac.new(self._key, plain.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()[:32]
