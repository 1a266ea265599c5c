"""Entries as rows of the tables, and back."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import singledispatchmethod
from typing import Any, Final

from cti.records.entries import (
    AgentState,
    CallClosed,
    CallOpened,
    CallRecord,
    Entry,
    FollowUp,
    FollowUpDone,
    RecordingConverted,
    RecordingDeleted,
    RecordingMade,
    VoicemailHeard,
    VoicemailLeft,
)

Row = dict[str, Any]

_LONGEST: Final = 64
"""Characters that are kept of what a caller or a carrier chose."""

_STILL_OPEN: Final[Row] = {
    "answered_at": None,
    "ended_at": None,
    "queue": None,
    "agents": [],
    "last_agent": None,
    "outcome": None,
    "termination": None,
    "hangup_cause": "",
    "waited": 0.0,
    "talked": 0.0,
    "held": 0.0,
    "moved": 0,
    "complaint": False,
    "survey_score": None,
    "disposition": "",
    "notes": "",
    "story": [],
}


@dataclass(slots=True)
class Rows:
    """What a batch of entries comes to, by the statements that write it."""

    customers: dict[str, Row] = field(default_factory=dict)
    opened: list[Row] = field(default_factory=list)
    closed: dict[str, CallRecord] = field(default_factory=dict)
    """By call; the first of a call counts."""
    agent_states: list[Row] = field(default_factory=list)
    recordings: list[Row] = field(default_factory=list)
    converted: list[Row] = field(default_factory=list)
    deleted: list[Row] = field(default_factory=list)
    voicemails: list[Row] = field(default_factory=list)
    heard: list[Row] = field(default_factory=list)
    follow_ups: list[Row] = field(default_factory=list)
    done: list[Row] = field(default_factory=list)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "Rows":
        """The rows of a batch."""
        rows = cls()
        for entry in entries:
            rows.add(entry)
        return rows

    @singledispatchmethod
    def add(self, entry: Any) -> None:
        """Takes an entry in. Raises TypeError for what is none."""
        raise TypeError(f"{entry!r} is not an entry")

    @add.register
    def _(self, entry: CallOpened) -> None:
        row = {
            **_STILL_OPEN,
            "id": entry.id,
            "started_at": entry.started_at,
            "hotline": entry.hotline,
            "zone": entry.zone,
            "dnis": entry.dnis[:_LONGEST],
            "ani": entry.ani[:_LONGEST],
            "customer": entry.customer,
            "direction": entry.direction,
            "place": entry.place,
            "carrier": entry.carrier,
            "repeat_count": entry.repeat_count,
            "repeat_count_7d": entry.repeat_count_7d,
            "vip": entry.vip,
            "node": entry.node,
            "routing_hash": entry.routing_hash,
        }
        self.opened.append(row)
        self._see(entry)

    @add.register
    def _(self, entry: CallClosed) -> None:
        self.closed.setdefault(entry.call.id, entry.call)
        self._see(entry.call)

    def _see(self, call: CallOpened | CallRecord) -> None:
        if call.customer is not None:
            row = {"place": call.place, "carrier": call.carrier, "first_seen_at": call.started_at}
            self.customers.setdefault(call.customer, {"number": call.customer, **row})

    @add.register
    def _(self, entry: AgentState) -> None:
        self.agent_states.append(_plain(entry))

    @add.register
    def _(self, entry: RecordingMade) -> None:
        more = {"agents": list(entry.agents), "masked": [list(stretch) for stretch in entry.masked]}
        self.recordings.append(_plain(entry) | more | {"deleted_at": None, "deleted_why": ""})

    @add.register
    def _(self, entry: RecordingConverted) -> None:
        self.converted.append(_keyed(entry))

    @add.register
    def _(self, entry: RecordingDeleted) -> None:
        self.deleted.append({"key": entry.id, "deleted_at": entry.at, "deleted_why": entry.why})

    @add.register
    def _(self, entry: VoicemailLeft) -> None:
        self.voicemails.append(_plain(entry) | {"heard_at": None, "heard_by": None})

    @add.register
    def _(self, entry: VoicemailHeard) -> None:
        self.heard.append({"key": entry.id, "heard_at": entry.at, "heard_by": entry.agent})

    @add.register
    def _(self, entry: FollowUp) -> None:
        to_do: Row = {"done_at": None, "done_by": None, "outcome": None, "done_call": None}
        self.follow_ups.append(_plain(entry) | to_do)

    @add.register
    def _(self, entry: FollowUpDone) -> None:
        done = {"done_at": entry.at, "done_by": entry.agent, "outcome": entry.outcome, "done_call": entry.call}
        self.done.append({"key": entry.id, **done})


def closed_row(call: CallRecord) -> Row:
    """The call's own row."""
    return {
        "id": call.id,
        "direction": call.direction,
        "hotline": call.hotline,
        "zone": call.zone,
        "dnis": call.dnis[:_LONGEST],
        "ani": call.ani[:_LONGEST],
        "customer": call.customer,
        "place": call.place,
        "carrier": call.carrier,
        "started_at": call.started_at,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "queue": call.queue,
        "agents": list(call.agents),
        "last_agent": call.last_agent,
        "repeat_count": call.repeat_count,
        "repeat_count_7d": call.repeat_count_7d,
        "outcome": call.outcome.value,
        "termination": call.termination.value,
        "hangup_cause": call.hangup_cause,
        "waited": call.waited,
        "talked": call.talked,
        "held": call.held,
        "moved": call.moved,
        "vip": call.vip,
        "complaint": call.complaint,
        "survey_score": call.survey_score,
        "disposition": call.disposition,
        "notes": call.notes,
        "node": call.node,
        "routing_hash": call.routing_hash,
        "story": [[line.at.isoformat(), line.text, line.where] for line in call.story],
    }


def leg_rows(call: CallRecord) -> list[Row]:
    """One row a leg."""
    return [
        _plain(leg) | {"call": call.id, "kind": leg.kind.value, "number": leg.number[:_LONGEST]} for leg in call.legs
    ]


def segment_rows(call: CallRecord) -> list[Row]:
    """One row a segment, numbered in their order."""
    return [
        _plain(segment) | {"call": call.id, "number": number, "kind": segment.kind.value}
        for number, segment in enumerate(call.segments)
    ]


def offer_rows(call: CallRecord) -> list[Row]:
    """One row an offer, numbered in their order: the distributor's own numbers begin anew when the server does."""
    return [
        _plain(offer) | {"call": call.id, "number": number, "explanation": list(offer.explanation)}
        for number, offer in enumerate(call.offers)
    ]


def _plain(entry: Any) -> Row:
    return {name: getattr(entry, name) for name in entry.__slots__}


def _keyed(entry: Any) -> Row:
    row = _plain(entry)
    return {"key": row.pop("id"), **row}
