"""URIs, name-addrs and Via values: the parts of headers that a switch reads (RFC 3261, 19.1, 20.10, 20.42, 25.1).

Text is kept as it came: nothing is percent-decoded, so an encoded newline stays encoded.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from cti.softswitch.sip.errors import BadMessage

Params = dict[str, str | None]
"""Names in lower case, in their order. None is a parameter without a value, such as ``lr``."""

Address = tuple[str, int]
"""IPv4 address and UDP port."""

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,31}")
_HOST_PORT: Final = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,255})(?:[ \t]*:[ \t]*([0-9]{1,5}))?")
_VIA: Final = re.compile(r"SIP[ \t]*/[ \t]*2\.0[ \t]*/[ \t]*([A-Za-z0-9-]{1,16})[ \t]+([^;]{1,300})")
_DISPLAY_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f]")
_URI_BREAKS: Final = re.compile(r"[\x00-\x20\x7f<>\"]")


def split_outside_quotes(text: str, separator: str) -> list[str]:
    """Splits at `separator` where it stands neither in a quoted string nor in angle brackets; parts are stripped."""
    if '"' not in text and "<" not in text:
        return [part.strip(" \t") for part in text.split(separator)]
    parts, start, quoted, angle, skip = [], 0, False, False, False
    for at, char in enumerate(text):
        if skip:
            skip = False
        elif quoted:
            skip, quoted = char == "\\", char != '"'
        elif char == '"':
            quoted = True
        elif char in "<>":
            angle = char == "<"
        elif char == separator and not angle:
            parts.append(text[start:at].strip(" \t"))
            start = at + 1
    parts.append(text[start:].strip(" \t"))
    return parts


def unquote(text: str) -> str:
    """A quoted string without its quotes and backslashes (RFC 3261, 25.1); other text as it is."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def quote(text: str) -> str:
    """A quoted string; control characters, which it cannot hold, become spaces."""
    return '"' + re.sub(r'(["\\])', r"\\\1", _DISPLAY_BREAKS.sub(" ", text)) + '"'


def parse_params(text: str) -> Params:
    """``;a=b;c`` or ``a=b;c``. The first of two equal names counts."""
    found: Params = {}
    for part in split_outside_quotes(text, ";"):
        name, equals, value = part.partition("=")
        if name.strip(" \t"):
            found.setdefault(name.strip(" \t").lower(), value.strip(" \t") if equals else None)
    return found


def render_params(params: Params) -> str:
    return "".join(f";{name}" if value is None else f";{name}={value}" for name, value in params.items())


def _host_port(text: str) -> tuple[str, int | None]:
    match = _HOST_PORT.fullmatch(text.strip(" \t"))
    if match is None or (match[2] is not None and not 0 < int(match[2]) < 65536):
        raise BadMessage(f"{text[:80]!r} is no host and port")
    return match[1], None if match[2] is None else int(match[2])


@dataclass(frozen=True, slots=True)
class Uri:
    """A SIP URI (RFC 3261, 19.1.1). Of other schemes only `scheme` and `user` (all the rest) are filled."""

    scheme: str
    user: str
    host: str
    port: int | None = None
    params: Params = field(default_factory=dict)
    password: str | None = None
    headers: str = ""
    """What stands behind the question mark, as it came."""

    @classmethod
    def parse(cls, text: str) -> "Uri":
        scheme, colon, rest = text.partition(":")
        scheme = scheme.lower()
        if not colon or not rest or _SCHEME.fullmatch(scheme) is None or any(char in text for char in '<>"'):
            raise BadMessage(f"{text[:80]!r} is no URI")
        if scheme not in ("sip", "sips"):
            return cls(scheme, rest, "")
        userinfo, at, place = rest.rpartition("@")
        user, colon, password = userinfo.partition(":")
        if at and not user:
            raise BadMessage(f"{text[:80]!r} has no user before @")
        place, _, headers = place.partition("?")
        hostport, _, params = place.partition(";")
        host, port = _host_port(hostport)
        return cls(scheme, user, host, port, parse_params(params), password if colon else None, headers)

    @property
    def address(self) -> str:
        """``user@host:port`` without scheme and parameters, as FreeSWITCH's sip_from_uri and the like have it."""
        place = self.host if self.port is None else f"{self.host}:{self.port}"
        return f"{self.user}@{place}" if self.user else place

    def __str__(self) -> str:
        if self.scheme not in ("sip", "sips"):
            return f"{self.scheme}:{self.user}"
        user = self.user if self.password is None else f"{self.user}:{self.password}"
        place = self.host if self.port is None else f"{self.host}:{self.port}"
        place = f"{user}@{place}" if user else place
        return f"{self.scheme}:{place}{render_params(self.params)}" + (f"?{self.headers}" if self.headers else "")


@dataclass(frozen=True, slots=True)
class NameAddr:
    """The value of From, To, Contact, Refer-To and the like: display name, URI, header parameters."""

    uri: Uri
    display: str = ""
    params: Params = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "NameAddr":
        """Also takes a bare URI; its parameters then belong to the header (RFC 3261, 20)."""
        text = text.strip(" \t")
        at = text.find("<", _quoted_end(text))
        if at >= 0:
            display, (uri, closed, rest) = text[:at].strip(" \t"), text[at + 1 :].partition(">")
            if not closed or rest.strip(" \t")[:1] not in ("", ";"):
                raise BadMessage(f"{text[:80]!r} is no address")
            return cls(Uri.parse(uri.strip(" \t")), unquote(display), parse_params(rest))
        cut = text.find(";", text.rfind("@") + 1)
        uri, rest = (text, "") if cut < 0 else (text[:cut], text[cut:])
        return cls(Uri.parse(uri.strip(" \t")), "", parse_params(rest))

    @property
    def tag(self) -> str:
        return self.params.get("tag") or ""

    def __str__(self) -> str:
        display = f"{quote(self.display)} " if self.display else ""
        return f"{display}<{self.uri}>{render_params(self.params)}"


def _quoted_end(text: str) -> int:
    """Where the quoted string at the start of `text` ends; 0 without one."""
    if not text.startswith('"'):
        return 0
    match = re.match(r'"(?:[^"\\]|\\.)*"', text)
    if match is None:
        raise BadMessage(f"{text[:80]!r}: the quote does not end")
    return match.end()


def safe_uri(text: str) -> Uri:
    """A URI from our own side; refuses what would break out of its place in a message."""
    if _URI_BREAKS.search(text):
        raise BadMessage(f"{text[:80]!r} holds characters that a URI cannot")
    return Uri.parse(text)


@dataclass(frozen=True, slots=True)
class Via:
    """One Via value (RFC 3261, 20.42)."""

    transport: str
    host: str
    port: int | None
    params: Params

    @classmethod
    def parse(cls, text: str) -> "Via":
        match = _VIA.match(text)
        if match is None or text[match.end() :][:1] not in ("", ";"):
            raise BadMessage(f"{text[:80]!r} is no Via")
        host, port = _host_port(match[2])
        return cls(match[1], host, port, parse_params(text[match.end() :]))

    @property
    def branch(self) -> str:
        return self.params.get("branch") or ""

    @property
    def sent_by(self) -> str:
        return f"{self.host.lower()}:{self.port or 5060}"

    def came_from(self, source: Address) -> "Via":
        """With ``received`` and ``rport`` filled in as RFC 3261, 18.2.1 and RFC 3581, 4 say."""
        params = dict(self.params)
        if "rport" in params:
            params["rport"] = str(source[1])
        if self.host != source[0] or "rport" in params:
            params["received"] = source[0]
        return self if params == self.params else Via(self.transport, self.host, self.port, params)

    def __str__(self) -> str:
        place = self.host if self.port is None else f"{self.host}:{self.port}"
        return f"SIP/2.0/{self.transport} {place}{render_params(self.params)}"
