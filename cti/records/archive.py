"""Questions about what is kept: which calls there were, and all that is known of one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, RowMapping, Select, Table, select

from cti.ids import AgentId, CallId
from cti.records.database import Database
from cti.records.entries import (
    AgentState,
    CallOpened,
    CallOutcome,
    CallRecord,
    FollowUp,
    Leg,
    LegKind,
    OfferRecord,
    RecordingMade,
    Segment,
    SegmentKind,
    StoryLine,
    Termination,
    VoicemailLeft,
)
from cti.records.tables import agent_states, calls, follow_ups, legs, offers, recordings, segments, voicemails

_MOST: Final = 1_000
_Kept = TypeVar("_Kept", AgentState, CallOpened, FollowUp, Leg, OfferRecord, RecordingMade, Segment, VoicemailLeft)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which calls; what is None or empty does not matter."""

    since: datetime | None = None
    until: datetime | None = None
    """Calls that began before."""
    customer: str | None = None
    """E.164."""
    agent: AgentId | None = None
    """Who talked with the customer."""
    queue: str | None = None
    """The last one of the call."""
    outcome: CallOutcome | None = None
    repeat: int | None = None
    """At least so many earlier calls on the same day."""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class KeptRecording:
    """A recording, and whether its file is still there."""

    made: RecordingMade
    deleted_at: datetime | None
    deleted_why: str


@dataclass(frozen=True, slots=True)
class KeptFollowUp:
    """What was promised, and whether it is done."""

    promised: FollowUp
    done_at: datetime | None
    done_by: AgentId | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class KeptVoicemail:
    """A message, and whether somebody took care of it."""

    left: VoicemailLeft
    heard_at: datetime | None
    heard_by: AgentId | None


@dataclass(frozen=True, slots=True)
class KeptCall:
    """All that is kept of a call. While it is open, `call` has what was known at its beginning."""

    call: CallRecord | CallOpened
    recordings: list[KeptRecording] = field(default_factory=list)
    voicemails: list[KeptVoicemail] = field(default_factory=list)
    follow_ups: list[KeptFollowUp] = field(default_factory=list)


class Archive:
    """Reads. Every method raises DatabaseAway when the database does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, which: Filter) -> list[CallRecord | CallOpened]:
        """Calls without their legs, segments, offers and story; the newest first."""
        query = _narrowed(select(calls), which).order_by(calls.c.started_at.desc()).limit(min(which.limit, _MOST))
        return [_call(row) for row in await self._rows(query)]

    async def call(self, call_id: CallId) -> KeptCall | None:
        """One call with everything; None: there is none."""
        rows = await self._rows(select(calls).where(calls.c.id == call_id))
        if not rows:
            return None
        parts = {
            "legs": tuple(_leg(row) for row in await self._of(legs, call_id, legs.c.created_at)),
            "segments": tuple(_segment(row) for row in await self._of(segments, call_id, segments.c.number)),
            "offers": tuple(_offer(row) for row in await self._of(offers, call_id, offers.c.number)),
        }
        return KeptCall(
            _call(rows[0], parts),
            [recording(row) for row in await self._of(recordings, call_id, recordings.c.began_at)],
            [_voicemail(row) for row in await self._of(voicemails, call_id, voicemails.c.at)],
            [_follow_up(row) for row in await self._of(follow_ups, call_id, follow_ups.c.created_at)],
        )

    async def ids_like(self, beginning: str, most: int = 10) -> list[CallId]:
        """Ids of calls that begin so, for people who do not like to type."""
        matching = select(calls.c.id).where(calls.c.id.startswith(beginning, autoescape=True)).limit(most)
        return [CallId(row["id"]) for row in await self._rows(matching)]

    async def open_calls(self, node: str | None = None) -> list[CallOpened]:
        """Calls that were never closed, oldest first."""
        query = select(calls).where(calls.c.ended_at.is_(None)).order_by(calls.c.started_at)
        if node is not None:
            query = query.where(calls.c.node == node)
        return [_opened(row) for row in await self._rows(query)]

    async def follow_ups_to_do(self, before: datetime) -> list[FollowUp]:
        """What is due before then and not done, the most pressing first."""
        due = select(follow_ups).where(follow_ups.c.done_at.is_(None), follow_ups.c.due_at < before)
        return [_follow_up(row).promised for row in await self._rows(due.order_by(follow_ups.c.due_at))]

    async def agent_history(self, agent: AgentId, since: datetime, until: datetime) -> list[AgentState]:
        """The agent's states that began in that time, in order."""
        at = agent_states.c.at
        query = select(agent_states).where(agent_states.c.agent == agent, at >= since, at < until).order_by(at)
        return [_as(AgentState, row) for row in await self._rows(query)]

    async def _of(self, table: Table, call_id: CallId, order: Any) -> Sequence[RowMapping]:
        return await self._rows(select(table).where(table.c.call == call_id).order_by(order))

    async def _rows(self, query: Select[Any]) -> Sequence[RowMapping]:
        return await self._database.fetch(query)


def _narrowed(query: Select[Any], which: Filter) -> Select[Any]:
    conditions: dict[str, Callable[[Any], ColumnElement[bool]]] = {
        "since": lambda since: calls.c.started_at >= since,
        "until": lambda until: calls.c.started_at < until,
        "customer": lambda customer: calls.c.customer == customer,
        "queue": lambda queue: calls.c.queue == queue,
        "outcome": lambda outcome: calls.c.outcome == outcome.value,
        "repeat": lambda repeat: calls.c.repeat_count >= repeat,
    }
    for name, condition in conditions.items():
        value = getattr(which, name)
        if value is not None:
            query = query.where(condition(value))
    if which.agent is not None:
        talks = select(segments.c.call).where(
            segments.c.agent == which.agent, segments.c.kind == SegmentKind.TALK.value
        )
        if which.since is not None:
            talks = talks.where(segments.c.began_at >= which.since)
        query = query.where(calls.c.id.in_(talks))
    return query


def _call(row: RowMapping, parts: Mapping[str, Any] | None = None) -> CallRecord | CallOpened:
    if row["ended_at"] is None:
        return _opened(row)
    story = tuple(StoryLine(datetime.fromisoformat(at), text, where) for at, text, where in row["story"])
    outcome, termination = CallOutcome(row["outcome"]), Termination(row["termination"])
    values = dict(row) | {"agents": tuple(row["agents"]), "outcome": outcome, "termination": termination}
    return CallRecord(**values | {"story": story} | dict(parts or {}))


def _opened(row: RowMapping) -> CallOpened:
    return _as(CallOpened, row)


def _leg(row: RowMapping) -> Leg:
    return _as(Leg, row, kind=LegKind(row["kind"]))


def _segment(row: RowMapping) -> Segment:
    return _as(Segment, row, kind=SegmentKind(row["kind"]))


def _offer(row: RowMapping) -> OfferRecord:
    return _as(OfferRecord, row, explanation=tuple(row["explanation"]))


def recording(row: RowMapping) -> KeptRecording:
    """A row of the table recordings."""
    masked = tuple((began, ended) for began, ended in row["masked"])
    made = _as(RecordingMade, row, agents=tuple(row["agents"]), masked=masked)
    return KeptRecording(made, row["deleted_at"], row["deleted_why"])


def _voicemail(row: RowMapping) -> KeptVoicemail:
    return KeptVoicemail(_as(VoicemailLeft, row), row["heard_at"], row["heard_by"])


def _follow_up(row: RowMapping) -> KeptFollowUp:
    return KeptFollowUp(_as(FollowUp, row), row["done_at"], row["done_by"], row["outcome"])


def _as(made: type[_Kept], row: RowMapping, **other: Any) -> _Kept:
    return made(**{one.name: row[one.name] for one in fields(made)} | other)
