"""The verbs that decide where the flow goes, unheard: hours, check, set, http, goto."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainValidator

from cti.ivr.conditions import CallerIn, ConditionText, VariableIs
from cti.ivr.placeholders import Variable, check_variable
from cti.ivr.prompts import Template, WrittenText, parse
from cti.ivr.steps.base import Edge, EdgeKind, Mention, Read, Step, Thing, edge, template_reads
from cti.ivr.values import Reference, Refused, Strict, Target, Within, quoted, read_language

LANGUAGE = "language"
"""What `set` sets to choose the language; not a variable."""


class Hours(Step):
    """Goes one way while a calendar is open, another while it is closed."""

    verb = "hours"
    hours: Reference
    open: Target
    closed: Target

    def edges(self) -> tuple[Edge, ...]:
        return (*edge(EdgeKind.OPEN, self.open, "open"), *edge(EdgeKind.CLOSED, self.closed, "closed"))

    def mentions(self) -> tuple[Mention, ...]:
        return (Mention(Thing.HOURS, self.hours, ("hours",)),)


class Check(Step):
    """Goes one way when a condition holds, another when it does not."""

    verb = "check"
    check: ConditionText
    then: Target
    else_: Annotated[Target, Field(alias="else")]

    def edges(self) -> tuple[Edge, ...]:
        return (*edge(EdgeKind.THEN, self.then, "then"), *edge(EdgeKind.ELSE, self.else_, "else"))

    def mentions(self) -> tuple[Mention, ...]:
        return (Mention(Thing.LIST, self.check.name, ("check",)),) if isinstance(self.check, CallerIn) else ()

    def _reads_besides(self) -> Iterable[Read]:
        return (Read(self.check.name, ("check",)),) if isinstance(self.check, VariableIs) else ()


def _settable(name: str) -> str:
    return name if name == LANGUAGE else check_variable(name)


def _languages(values: dict[str, Template]) -> dict[str, Template]:
    chosen = values.get(LANGUAGE)
    if chosen is not None:
        read_language(chosen.source)
    return values


class Set(Step):
    """Fills variables; `language` chooses what the caller hears from here on."""

    verb = "set"
    set: Annotated[
        dict[Annotated[str, AfterValidator(_settable)], WrittenText],
        Field(min_length=1),
        AfterValidator(_languages),
    ]
    then: Target

    def edges(self) -> tuple[Edge, ...]:
        return edge(EdgeKind.ALWAYS, self.then, "then")

    def writes(self) -> tuple[str, ...]:
        return tuple(name for name in self.set if name != LANGUAGE)

    def _reads_besides(self) -> Iterable[Read]:
        return (read for name, template in self.set.items() for read in template_reads(template, "set", name))


_HOST = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")


def _url(value: Any) -> Template:
    template = parse(value)
    if not re.match("https?://", template.source):
        raise Refused(f"{quoted(value)} is not a URL", hint="it starts with http:// or https://")
    if re.search(r"[\s\"<>\\^`|]", template.source):
        raise Refused(f"{quoted(value)} is not a URL", hint="spaces, quotes and < > \\ ^ ` | cannot stand in one")
    host = _HOST.match(template.source)
    after = template.source[host.end() :] if host else "{"
    if after and after[0] not in "/?":  # a caller must not choose whom we ask
        raise Refused(
            f"{quoted(value)} is not a URL", hint="placeholders may stand after host and port, behind a / or ?"
        )
    return template


_PATH = re.compile(r"[^.\s]+(\.[^.\s]+)*")


def _json_path(value: Any) -> tuple[str, ...]:
    if not isinstance(value, str) or len(value) > 200 or not _PATH.fullmatch(value):
        raise Refused(
            f"{quoted(value)} is not a path into JSON", hint="keys and list indices with dots: orders.0.state"
        )
    return tuple(value.split("."))


class Request(Strict):
    """What is asked of a web server, and what is taken from its answer."""

    url: Annotated[Template, PlainValidator(_url)]
    """Values that are filled in are percent-encoded."""
    method: Literal["GET", "POST"] = "GET"
    send: Annotated[dict[str, WrittenText], Field(default_factory=dict)]
    """Added to the query of a GET; the JSON body of a POST."""
    take: Annotated[dict[Variable, Annotated[tuple[str, ...], PlainValidator(_json_path)]], Field(default_factory=dict)]
    """Variables, and where in the JSON answer they stand: `orders.0.state`."""
    within: Within = 2.0


class Http(Step):
    """Asks a web server for JSON and takes variables from the answer; `otherwise` when there is none in time."""

    verb = "http"
    http: Request
    then: Target
    otherwise: Target

    def edges(self) -> tuple[Edge, ...]:
        return (*edge(EdgeKind.THEN, self.then, "then"), *edge(EdgeKind.OTHERWISE, self.otherwise, "otherwise"))

    def mentions(self) -> tuple[Mention, ...]:
        return (Mention(Thing.URL, self.http.url.source, ("http", "url")),)

    def writes(self) -> tuple[str, ...]:
        return tuple(self.http.take)

    def _reads_besides(self) -> Iterable[Read]:
        yield from template_reads(self.http.url, "http", "url")
        for name, template in self.http.send.items():
            yield from template_reads(template, "http", "send", name)


class Goto(Step):
    """Goes to another step of the flow."""

    verb = "goto"
    goto: Target

    def edges(self) -> tuple[Edge, ...]:
        return edge(EdgeKind.ALWAYS, self.goto, "goto")
