"""The one place that builds dial strings and lists of channel variables.

Both are little languages (switch_event.c, switch_event_create_brackets; switch_utils.c, switch_separate_string):
``, ; | = ' \\ { } [ ] < > ^^ ~ $`` have meanings in them, and an open trunk lets a caller choose name and number. So
nothing but the typed values below gets in, and each either is of a safe alphabet or is refused.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cti.esl.commands import Api, BgApi, leg_id, name, new_uuid
from cti.esl.errors import UnsafeValue

_NUMBER: Final = re.compile(r"\+?[0-9*#]{1,32}")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]{0,63}")
_VALUE: Final = re.compile(r"[A-Za-z0-9_.:+*#@/~ \-\u00a1-\u2027\u2030-\ud7ff\uf900-\U0010ffff]*")
_ARGUMENT: Final = re.compile(r"[A-Za-z0-9_.:+*#@/~\-]*")
_HOST: Final = re.compile(r"[A-Za-z0-9.\-]{1,253}(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::[0-9]{1,5})?")
_USER: Final = re.compile(r"[A-Za-z0-9_.+*#\-]{1,64}")
_ENCODED: Final = re.compile(r"~([0-9A-F]{2})")

# What stays as it is in a name that people read; other ASCII becomes its full-width twin.
_PLAIN: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 ._-+*")
# What stays as it is in a variable of our own; everything else becomes ~XX, byte by byte.
_KEPT: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-+*#@/")
_ENCODE: Final = {byte: f"~{byte:02X}" for byte in range(256) if byte not in _KEPT}


def phone_number(value: str) -> str:
    """`value`, when it is a number to dial: an optional +, then 1 to 32 of 0-9, * and #. Raises UnsafeValue."""
    if not _NUMBER.fullmatch(value):
        raise UnsafeValue(f"not a phone number: {value[:60]!r}", remedy="Treat the caller as withheld")
    return value


def display_text(value: str, limit: int = 64) -> str:
    """A name fit to be shown on a phone, whatever a caller put into it.

    Punctuation that means something to the switch becomes its full-width twin (``,`` ``，``), which reads the same
    and means nothing; control and formatting characters become spaces.
    """
    shown = []
    for character in value:
        if character in _PLAIN or (character > "\u00a0" and character.isprintable()):
            shown.append(character)
        elif "!" <= character <= "~":
            shown.append(chr(ord(character) + 0xFEE0))
        else:
            shown.append(" ")
    return " ".join("".join(shown).split())[:limit]


def encode_variable(value: str) -> str:
    """Any text as a value that every list of variables carries unchanged; `decode_variable` undoes it.

    Not percent-encoding: the switch leaves ``%0A`` alone when it writes a plain event, so the reader of the event
    would decode it once and the reader of ``uuid_getvar`` would not.
    """
    return value.encode("utf-8", "replace").decode("latin-1").translate(_ENCODE)


def decode_variable(value: str) -> str:
    """The text that `encode_variable` was given."""
    data = _ENCODED.sub(lambda match: chr(int(match[1], 16)), value)
    return data.encode("latin-1", "replace").decode("utf-8", "replace")


def variables(values: Mapping[str, str | int | bool]) -> list[str]:
    """``name=value`` items for a list of variables. Raises UnsafeValue for what would mean something there."""
    items = []
    for key, value in values.items():
        if not _VARIABLE.fullmatch(key):
            raise UnsafeValue(f"not the name of a channel variable: {key[:60]!r}")
        items.append(f"{key}={variable_value(value)}")
    return items


def variable_value(value: str | int | bool) -> str:
    """A value for a list of variables, when it is safe there. Raises UnsafeValue."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if not _VALUE.fullmatch(value) or value != value.strip() or ":_:" in value:
        raise UnsafeValue(f"not safe as the value of a channel variable: {value[:60]!r}")
    return value


# --- endpoints -----------------------------------------------------------------------------------


class Endpoint:
    """Something that can be rung."""

    __slots__ = ()

    def render(self) -> str:
        """As FreeSWITCH writes it. Raises UnsafeValue."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class User(Endpoint):
    """``user/USER@DOMAIN``: a user of the directory, at every phone registered for them."""

    user: str
    domain: str

    def render(self) -> str:
        return f"user/{_part(_USER, self.user, 'user')}@{_part(_HOST, self.domain, 'domain')}"


@dataclass(frozen=True, slots=True)
class SipUri(Endpoint):
    """``sofia/PROFILE/USER@HOST``: a SIP address, through one of our profiles."""

    profile: str
    user: str
    host: str

    def render(self) -> str:
        user, host = _part(_USER, self.user, "user"), _part(_HOST, self.host, "host")
        return f"sofia/{_part(_USER, self.profile, 'profile')}/{user}@{host}"


@dataclass(frozen=True, slots=True)
class Gateway(Endpoint):
    """``sofia/gateway/GATEWAY/NUMBER``: a number, through a carrier."""

    gateway: str
    number: str

    def render(self) -> str:
        return f"sofia/gateway/{_part(_USER, self.gateway, 'gateway')}/{phone_number(self.number)}"


def _part(pattern: re.Pattern[str], value: str, what: str) -> str:
    if not pattern.fullmatch(value):
        raise UnsafeValue(f"not a {what}: {value[:60]!r}")
    return value


# --- commands made of them -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Originate:
    """``originate {VARIABLES}ENDPOINT &APPLICATION(ARGUMENT)`` (mod_commands): rings an endpoint.

    With several endpoints all ring and the first to answer is taken. `leg` becomes the new leg's Unique-ID (only
    of the first endpoint). `timeout` is in seconds.
    """

    endpoints: Sequence[Endpoint]
    leg: str = field(default_factory=new_uuid)
    caller_number: str = ""
    caller_name: str = ""
    timeout: int = 60
    variables: Mapping[str, str | int | bool] = field(default_factory=dict)
    application: str = "park"
    argument: str = ""

    def api(self) -> Api:
        """The API command; wrap it in BgApi, it runs until the phone is answered. Raises UnsafeValue."""
        if not self.endpoints:
            raise UnsafeValue("nothing to ring", remedy="Give at least one endpoint")
        leg = {"origination_uuid": leg_id(self.leg)}  # of all legs it would be refused as taken but for the first
        values: dict[str, str | int | bool] = dict(leg) if len(self.endpoints) == 1 else {}
        if self.caller_number:
            values["origination_caller_id_number"] = phone_number(self.caller_number)
        if self.caller_name:
            values["origination_caller_id_name"] = display_text(self.caller_name)
        values["originate_timeout"] = self.timeout
        for key in self.variables:
            if key in values or key in leg:
                raise UnsafeValue(f"{key} has an argument of its own")
        items = variables({**values, **self.variables})
        first = "" if len(self.endpoints) == 1 else f"[{variables(leg)[0]}]"
        dial = f"{{{','.join(items)}}}{first}{','.join(endpoint.render() for endpoint in self.endpoints)}"
        if " " in dial:  # one argument of originate: its own quotes keep it so
            dial = f"'{dial}'"
        return Api("originate", rest=f"{dial} &{self._then()}")

    def _then(self) -> str:
        argument = _part(_ARGUMENT, self.argument, "safe argument in a dial string")
        return f"{name(self.application, 'an application')}({argument})"

    def job(self, job: str | None = None) -> BgApi:
        """The same as a background job."""
        return BgApi(self.api(), job or new_uuid())


def set_variables(leg: str, values: Mapping[str, str | int | bool]) -> Api:
    """``uuid_setvar_multi``: sets variables of a leg in one command. Raises UnsafeValue."""
    if not values:
        raise UnsafeValue("no variable to set")
    return Api("uuid_setvar_multi", [leg_id(leg)], rest=";".join(variables(values)))
