"""An entry as a line of JSON and back: what lies in the spool. Text that no database would take is mended first."""

import json
import re
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, Final, get_args

from pydantic import TypeAdapter, ValidationError

from cti.records.entries import Entry
from cti.records.errors import RecordsError

_ADAPTERS: Final[dict[str, TypeAdapter[Any]]] = {kind.__name__: TypeAdapter(kind) for kind in get_args(Entry)}
_UNFIT: Final = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL takes no NUL; a lone surrogate is no text in UTF-8


class BadLine(RecordsError):
    """A line of the spool that is no entry."""


def to_line(entry: Entry) -> bytes:
    """One line, its newline included. Raises BadLine when a value is not what its field says."""
    kind = type(entry).__name__
    try:
        return b'{"kind":"%s","entry":%s}\n' % (kind.encode(), _ADAPTERS[kind].dump_json(entry, warnings="error"))
    except (ValueError, KeyError) as error:  # pydantic's errors are ValueErrors
        raise BadLine(f"{kind} cannot be written as JSON: {_first(error)}") from error


def from_line(line: bytes) -> Entry:
    """Raises BadLine."""
    try:
        data = json.loads(line)
        entry: Entry = _ADAPTERS[data["kind"]].validate_python(data["entry"])
    except (ValueError, KeyError, TypeError) as error:
        raise BadLine(f"not an entry: {_first(error)}") from error
    return entry


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return " ".join(str(error).split())[:300]


def mended(entry: Entry) -> Entry:
    """The entry with U+FFFD for every NUL and every lone surrogate. Most have none, and are given back as they are."""
    mended_entry: Entry = _mended(entry)
    return mended_entry


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() and "\0" not in value else _UNFIT.sub("�", value)
    if isinstance(value, tuple):
        items = tuple([_mended(item) for item in value])
        return value if all(map(_same, items, value)) else items
    if is_dataclass(value) and not isinstance(value, type):
        changed = {}
        for name in _names(type(value)):
            before = getattr(value, name)
            after = _mended(before)
            if after is not before:
                changed[name] = after
        return replace(value, **changed) if changed else value
    return value


def _same(one: object, other: object) -> bool:
    return one is other


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
