"""What is known of a recording: the tags in its file, its sidecar and its row in the database."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from cti.ids import AgentId, CallId, QueueId

_T = TypeVar("_T")
_MOST_TEXT: Final = 200
_MOST_STRETCHES: Final = 500
"""So many masked stretches are written into the file; the sidecar has all."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """Who spoke with whom, when, and how often this customer has called."""

    call: CallId
    number: int
    """From 1: the how-many-eth recording of the call."""
    began_at: datetime
    """Aware."""
    ended_at: datetime | None = None
    """None: it runs, or nobody saw its end."""
    hotline: str = ""
    queue: QueueId | None = None
    agents: tuple[AgentId, ...] = ()
    customer: str | None = None
    """E.164; None: withheld."""
    repeat_count: int = 0
    repeat_count_7d: int = 0
    masked: tuple[tuple[float, float], ...] = ()
    """Silenced stretches: from, to, in seconds of the file."""

    @property
    def id(self) -> str:
        """``CALL-N``."""
        return f"{self.call}-{self.number}"


def to_json(tags: Tags) -> dict[str, Any]:
    """The tags as JSON has them; times are UTC."""
    return {
        "id": tags.id,
        "call": tags.call,
        "number": tags.number,
        "began_at": _time(tags.began_at),
        "ended_at": None if tags.ended_at is None else _time(tags.ended_at),
        "hotline": tags.hotline,
        "queue": tags.queue,
        "agents": list(tags.agents),
        "customer": tags.customer,
        "repeat_count": tags.repeat_count,
        "repeat_count_7d": tags.repeat_count_7d,
        "masked": [list(stretch) for stretch in tags.masked],
    }


def from_json(data: Mapping[str, Any]) -> Tags:
    """The tags that `to_json` wrote. Raises ValueError when it did not."""
    try:
        ended = data["ended_at"]
        return Tags(
            call=CallId(_is(str, data["call"])),
            number=_is(int, data["number"]),
            began_at=_when(data["began_at"]),
            ended_at=None if ended is None else _when(ended),
            hotline=_is(str, data["hotline"]),
            queue=None if data["queue"] is None else QueueId(_is(str, data["queue"])),
            agents=tuple(AgentId(_is(str, agent)) for agent in _is(list, data["agents"])),
            customer=None if data["customer"] is None else _is(str, data["customer"]),
            repeat_count=_is(int, data["repeat_count"]),
            repeat_count_7d=_is(int, data["repeat_count_7d"]),
            masked=tuple((float(start), float(end)) for start, end in data["masked"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not the tags of a recording: {error}") from error


def fields(tags: Tags) -> dict[str, str]:
    """The tags in the words that every player has; `comment` is all of them as JSON in ASCII, which nobody misreads."""
    whole = to_json(tags)
    if len(tags.masked) > _MOST_STRETCHES:
        whole["masked"] = whole["masked"][:_MOST_STRETCHES]
        whole["masked_in_all"] = len(tags.masked)
    named = {
        "title": f"{tags.id} {tags.customer or ''}",
        "artist": ", ".join(tags.agents),
        "album": tags.hotline,
        "genre": tags.queue or "",
        "date": f"{tags.began_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
    shown = {key: text for key, value in named.items() if (text := _line(value))}
    return {**shown, "comment": json.dumps(whole)}


def _line(text: str) -> str:
    """One line of text that can be written in UTF-8."""
    clean = _CONTROL.sub(" ", text).strip()[:_MOST_TEXT]
    return clean.encode("utf-8", "replace").decode()


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _when(value: Any) -> datetime:
    at = datetime.fromisoformat(_is(str, value))
    if at.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return at


def _is(kind: type[_T], value: Any) -> _T:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value
