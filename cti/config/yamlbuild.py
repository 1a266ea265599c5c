"""libyaml's events as plain data by the core schema of YAML 1.2, with the place of every key and value.

Only true and false are truth values, only null, ~ and nothing are null; ints (also 0o17, 0x1F) and floats are
numbers; everything else is text: yes, no, on, 12:30, 2026-12-31. Keys are text as they are written.
"""

import re
from collections.abc import Callable
from math import inf
from typing import Any, Final, NamedTuple, NoReturn

from yaml.cyaml import CLoader
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from cti.config.findings import ConfigError, Finding, SourceText, quoted
from cti.config.slips import WIDE_SPACES, slip
from cti.config.yamlerrors import DEEPEST, TOO_DEEP, Trouble, explained

MOST_NODES: Final = 1_000_000
"""Values in a document. What aliases repeat counts each time: a small file may be huge in memory."""

_MOST_FINDINGS: Final = 100
_SHIFT: Final = 25  # a file has fewer columns than 2**25: files are limited
_COLUMN: Final = (1 << _SHIFT) - 1

Marks = dict[str, tuple[int, int, Any]] | list[tuple[int, Any]] | None
"""The places under a value: key -> (place of key, place of value, Marks), or of each item (place, Marks)."""


class Built(NamedTuple):
    """A document: its data, and where things in it stand."""

    data: Any
    marks: Marks
    begin: int


_TAG: Final = "tags (!) are not read here"
_NUMERIC: Final = frozenset("+-.0123456789")
_NULLS: Final = ("", "~", "null", "Null", "NULL")
_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(_NULLS),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT: Final = re.compile(r"[-+]?[0-9]+")
_OTHER_INT: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NO_NUMBER: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LARGEST: Final = 2**63 - 1
_LONGEST_NUMBER: Final = 100


def unpacked(at: int) -> tuple[int, int]:
    """Line and column, both from 0, of a place in Marks."""
    return at >> _SHIFT, at & _COLUMN


def _packed(mark: Any) -> int:
    at: int = mark.line << _SHIFT | mark.column
    return at


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}..."


class _Anchored(NamedTuple):
    """A value that aliases may repeat."""

    value: Any
    marks: Marks
    nodes: int
    levels: int


class Builder:
    """Builds the data of one document. All that is wrong in it is found, as far as it can be read at all."""

    def __init__(self, text: SourceText) -> None:
        self._text = text
        self._parser = CLoader(text.text)
        self._next: Callable[[], Any] = self._parser.get_event
        self._findings: list[Finding] = []
        self._anchors: dict[str, _Anchored | None] = {}
        """None for one whose value is still being read."""
        self._nodes = 0
        self._deepest = 0
        self._opened: list[CollectionStartEvent] = []
        self._last: ScalarEvent | None = None

    def build(self) -> Built:
        """The document. Raises ConfigError."""
        built = Built(None, None, 0)
        try:
            built = self._document()
        except MarkedYAMLError as error:
            self._findings.append(explained(Trouble(error, self._text, self._opened, self._last)))
        except YAMLError as error:
            self._findings.append(Finding(self._text.at(0, 0), f"is not YAML: {error}"))
        finally:
            self._parser.dispose()
        if self._findings:
            raise ConfigError(self._findings)
        return built

    def _document(self) -> Built:
        self._next()  # the stream begins
        event = self._next()
        if isinstance(event, StreamEndEvent):
            return Built(None, None, 0)
        if event.version not in (None, (1, 2)):
            self._complain(event, "only YAML 1.2 is read here", "%YAML", "take this line away")
        event = self._next()
        at = _packed(event.start_mark)
        data, marks = self._value(event, 1)
        self._next()  # the document ends
        event = self._next()
        if not isinstance(event, StreamEndEvent):
            self._stop(event, "a second document begins here", "---", "one file holds one document")
        return Built(data, marks, at)

    def _value(self, event: Any, depth: int) -> tuple[Any, Marks]:
        """The value that begins with the event."""
        if isinstance(event, AliasEvent):
            return self._alias(event, depth)
        self._count(1, event)
        if event.anchor is not None:
            return self._anchored(event, depth)
        return self._plain(event, depth)

    def _anchored(self, event: Any, depth: int) -> tuple[Any, Marks]:
        self._anchors[event.anchor] = None
        before, deepest, self._deepest = self._nodes, self._deepest, depth - 1
        value, marks = self._plain(event, depth)
        self._anchors[event.anchor] = _Anchored(value, marks, self._nodes - before + 1, self._deepest - depth)
        self._deepest = max(deepest, self._deepest)
        return value, marks

    def _plain(self, event: Any, depth: int) -> tuple[Any, Marks]:
        """A value, whether or not it has an anchor."""
        if event.tag is not None:
            self._complain(event, _TAG, "!", "put a text that begins with ! in quotes")
        return (self._scalar(event), None) if isinstance(event, ScalarEvent) else self._collection(event, depth)

    def _collection(self, event: CollectionStartEvent, depth: int) -> tuple[Any, Marks]:
        self._go_down(depth, event)
        self._opened.append(event)
        built = self._mapping(depth) if isinstance(event, MappingStartEvent) else self._list(depth)
        self._opened.pop()
        return built

    def _mapping(self, depth: int) -> tuple[dict[str, Any], Marks]:
        data: dict[str, Any] = {}
        marks: dict[str, tuple[int, int, Any]] = {}
        while not isinstance(event := self._next(), MappingEndEvent):
            key, key_at = self._key(event), _packed(event.start_mark)
            if key in data:
                first = unpacked(marks[key][0])[0] + 1
                self._complain(event, f"{quoted(key)} stands here twice", key, f"the first is in line {first}")
            event = self._next()
            at = _packed(event.start_mark)
            value, inner = self._value(event, depth + 1)
            if key not in data:
                data[key] = value
                marks[key] = (key_at, at, inner)
        return data, marks

    def _list(self, depth: int) -> tuple[list[Any], Marks]:
        data: list[Any] = []
        marks: list[tuple[int, Any]] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            at = _packed(event.start_mark)
            value, inner = self._value(event, depth + 1)
            data.append(value)
            marks.append((at, inner))
        return data, marks

    def _alias(self, event: AliasEvent, depth: int) -> tuple[Any, Marks]:
        name = f"*{_short(event.anchor or '')}"
        anchor = event.anchor or ""
        if anchor not in self._anchors:
            hint = f"write &{name[1:]} before the value that is meant, or put a text that begins with * in quotes"
            self._complain(event, f"{name} repeats nothing", name, hint)
            return None, None
        known = self._anchors[anchor]
        if known is None:
            self._stop(event, f"{name} stands within what it repeats", name)
        self._count(known.nodes, event)
        self._go_down(depth + known.levels, event)
        return known.value, known.marks

    def _key(self, event: Any) -> str:
        if isinstance(event, AliasEvent):
            value, _ = self._alias(event, 0)
            if isinstance(value, dict | list):
                self._stop(event, "a key is a word or a number, nothing else", f"*{event.anchor}")
            return value if isinstance(value, str) else quoted(value)
        if not isinstance(event, ScalarEvent):
            hint = "put a text that begins with [ or { in quotes"
            self._stop(event, "a key is a word or a number, nothing else", hint=hint)
        self._last = event
        if event.tag is not None:
            self._complain(event, _TAG, "!", "put a text that begins with ! in quotes")
        key: str = event.value
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(key, None, 1, -1)
        if event.implicit[0]:
            if key == "<<":
                self._complain(event, "merge keys (<<) are not read here", key, "write out the keys that are meant")
            elif key[:1] in WIDE_SPACES and key:
                self._complain(event, "a space is missing", key[0], slip(key))
            elif key in _NULLS:
                what = f"{key} cannot be a key" if key else "the key before the colon is missing"
                self._complain(event, what, key, "put it in quotes" if key else "write key: value")
        return key

    def _scalar(self, event: ScalarEvent) -> str | int | float | bool | None:
        self._last = event
        text = event.value
        if not event.implicit[0]:  # it stands in quotes
            return text
        if text in _WORDS:
            return _WORDS[text]
        return self._number(text, event) if text[0] in _NUMERIC else text

    def _number(self, text: str, event: ScalarEvent) -> str | int | float:
        """A number, or the text as it is."""
        if len(text) > _LONGEST_NUMBER:
            number: int | float | None = _LARGEST + 1 if text.strip("+-.0123456789") == "" else None
        elif _INT.fullmatch(text):
            number = int(text)
        elif _OTHER_INT.fullmatch(text):
            number = int(text, 0)
        elif _FLOAT.fullmatch(text):
            number = float(text)
        elif _NO_NUMBER.fullmatch(text):
            self._complain(event, f"{text} is not a number to work with", text, "put it in quotes if it is text")
            return 0
        else:
            number = None
        if number is None:
            return text
        if not -_LARGEST <= number <= _LARGEST and (isinstance(number, int) or abs(number) == inf):
            hint = "put it in quotes if it is a number to dial, an id or text"
            self._complain(event, f"{_short(text)} is too large a number", text, hint)
        return number

    def _go_down(self, depth: int, event: Event) -> None:
        self._deepest = max(self._deepest, depth)
        if depth > DEEPEST:
            self._stop(event, TOO_DEEP)

    def _count(self, nodes: int, event: Event) -> None:
        self._nodes += nodes
        if self._nodes > MOST_NODES:
            what = f"more than {MOST_NODES:,} values, those that * repeats counted each time"
            self._stop(event, what, hint="split the file, or repeat less")

    def _complain(self, event: Event, what: str, value: str = "", hint: str = "") -> None:
        place = self._text.at(*unpacked(_packed(event.start_mark)))
        self._findings.append(Finding(place, what, value=value, hint=hint))
        if len(self._findings) >= _MOST_FINDINGS:
            raise ConfigError(self._findings)

    def _stop(self, event: Event, what: str, value: str = "", hint: str = "") -> NoReturn:
        self._complain(event, what, value, hint)
        raise ConfigError(self._findings)
