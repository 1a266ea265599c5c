"""Writes what config/freeswitch includes: its variables, the agents' phones, the carriers' gateways.

FreeSWITCH puts variables into its configuration as text, before it reads XML, so a value that means something in XML or
to its preprocessor cannot be escaped and is refused.
"""

import difflib
import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final
from xml.sax.saxutils import quoteattr

from cti.errors import Blame, CtiError
from cti.ids import AgentId

_SET: Final = re.compile(r'cmd="(?:env-)?set" data="([A-Za-z0-9_]+)=')
_VALUE: Final = re.compile(r"[A-Za-z0-9_.,:;/+@%()*~= \-\[\]]*")
_DOMAIN: Final = re.compile(r'cmd="set" data="domain=([^"]+)"')


class CannotRender(CtiError):
    """FreeSWITCH's files cannot be written as asked."""

    blame: ClassVar[Blame] = Blame.ADMIN


@dataclass(frozen=True, slots=True)
class Phone:
    """An agent's SIP account."""

    agent: AgentId
    name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Carrier:
    """A gateway of the external profile."""

    name: str
    proxy: str
    username: str
    password: str = field(repr=False)
    register: bool
    number: str


def render(
    folder: Path, values: Mapping[str, object], phones: Iterable[Phone], carriers: Iterable[Carrier]
) -> list[Path]:
    """Writes FOLDER/rendered anew and gives the files written. Raises CannotRender; then nothing is changed."""
    defaults = _defaults(folder)
    domain = str(values.get("domain") or _domain(folder))
    files = {"vars.xml": _variables(values, defaults)}
    files["directory/agents.xml"] = _include(_user(phone, domain) for phone in phones)
    for carrier in carriers:
        files[f"gateways/{carrier.name}.xml"] = _include([_gateway(carrier)])
    rendered = folder / "rendered"
    written = []
    for name, content in files.items():
        path = rendered / name
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        _replace(path, content)
        written.append(path)
    for old in rendered.rglob("*.xml"):
        if old not in written:
            old.unlink()  # a carrier or file of an earlier rendering must not live on
    return written


def _replace(path: Path, content: str) -> None:
    """Writes as a whole or not at all, readable by owner and group only: there are secrets in it."""
    new = path.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640), "w", encoding="utf-8") as file:
        file.write(content)
    new.replace(path)


def _defaults(folder: Path) -> set[str]:
    try:
        return set(_SET.findall((folder / "vars.xml").read_text("utf-8")))
    except OSError as error:
        raise CannotRender(
            f"{folder / 'vars.xml'} cannot be read: {error.strerror}",
            remedy="Point freeswitch.folder at the folder with FreeSWITCH's configuration",
        ) from error


def _domain(folder: Path) -> str:
    match = _DOMAIN.search((folder / "vars.xml").read_text("utf-8"))
    return match[1] if match else "localhost"


def _include(elements: Iterable[str]) -> str:
    # FreeSWITCH drops a whole line that holds an include tag, so each stands on a line of its own
    return "\n".join(["<include>", *elements, "</include>", ""])


def _variables(values: Mapping[str, object], known: set[str]) -> str:
    lines = []
    for name, value in values.items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else "Its names are in vars.xml"
            raise CannotRender(f"freeswitch.vars.{name} is not a variable of vars.xml", remedy=hint)
        if not _VALUE.fullmatch(text):
            shown = "the password" if "password" in name else repr(text)
            raise CannotRender(
                f"{name}: {shown} has a character that FreeSWITCH's configuration cannot carry",
                remedy="Use letters, digits and _ . , : ; / + @ % ( ) * ~ = - [ ]",
            )
        lines.append(f'  <X-PRE-PROCESS cmd="set" data="{name}={text}"/>')
    return _include(lines)


def _user(phone: Phone, domain: str) -> str:
    # RFC 2617's A1, hashed, so that no password of a phone lies on the switch
    digest = hashlib.md5(f"{phone.agent}:{domain}:{phone.password}".encode(), usedforsecurity=False).hexdigest()
    return "\n".join(
        [
            f"  <user id={quoteattr(phone.agent)}>",
            f'    <params><param name="a1-hash" value="{digest}"/></params>',
            "    <variables>",
            f'      <variable name="effective_caller_id_number" value={_attribute(phone.agent)}/>',
            f'      <variable name="effective_caller_id_name" value={_attribute(phone.name)}/>',
            "    </variables>",
            "  </user>",
        ]
    )


def _gateway(carrier: Carrier) -> str:
    parameters = {
        "proxy": carrier.proxy,
        "realm": carrier.proxy,
        "username": carrier.username or carrier.name,
        "password": carrier.password or "none",
        "register": str(carrier.register).lower(),
        "ping": "25",
    }
    if carrier.number:
        parameters["extension"] = carrier.number
    lines = [f'    <param name="{name}" value={_attribute(value)}/>' for name, value in parameters.items()]
    return "\n".join([f"  <gateway name={quoteattr(carrier.name)}>", *lines, "  </gateway>"])


def _attribute(value: str) -> str:
    if "$" in value or any(ord(character) < 32 for character in value):
        raise CannotRender("a name or password with $ or a control character cannot be written for FreeSWITCH")
    return quoteattr(value)
