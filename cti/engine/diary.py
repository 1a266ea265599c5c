"""What a call's record is made of, noted down while it goes on."""

from dataclasses import dataclass, field
from datetime import datetime

from cti.acd.effects import Offered
from cti.ids import AgentId, LegId, OfferId, QueueId
from cti.records.entries import Leg, LegKind, OfferRecord, Segment, SegmentKind, StoryLine

_ORDER = {kind: place for place, kind in enumerate(SegmentKind)}
"""Of what begins at the same time: an offer lies within its queue."""


@dataclass(slots=True)
class _OpenLeg:
    kind: LegKind
    created_at: datetime
    agent: AgentId | None
    number: str
    answered_at: datetime | None = None


@dataclass(slots=True)
class _OpenSegment:
    kind: SegmentKind
    began_at: datetime
    what: str
    agent: AgentId | None


@dataclass(slots=True)
class _OpenOffer:
    effect: Offered
    offered_at: datetime


@dataclass(slots=True)
class Diary:
    """One call's. Times are those of the switch where it told them."""

    story: list[StoryLine] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    offers: list[OfferRecord] = field(default_factory=list)
    answered_at: datetime | None = None
    """When an agent was first connected."""
    agents: list[AgentId] = field(default_factory=list)
    _legs: dict[LegId, _OpenLeg] = field(default_factory=dict)
    _segments: list[_OpenSegment] = field(default_factory=list)
    _offers: dict[OfferId, _OpenOffer] = field(default_factory=dict)

    def note(self, at: datetime, text: str, where: str = "") -> None:
        """A line of the story."""
        self.story.append(StoryLine(at, text, where))

    def leg_made(
        self, id_: LegId, kind: LegKind, at: datetime, *, agent: AgentId | None = None, number: str = ""
    ) -> None:
        """A leg of the call is there, or is being rung."""
        self._legs[id_] = _OpenLeg(kind, at, agent, number)

    def leg_answered(self, id_: LegId, at: datetime) -> None:
        """It was answered."""
        if id_ in self._legs:
            self._legs[id_].answered_at = at

    def leg_ended(self, id_: LegId, at: datetime, cause: str) -> None:
        """It is gone."""
        leg = self._legs.pop(id_, None)
        if leg is not None:
            self.legs.append(Leg(id_, leg.kind, leg.created_at, at, leg.agent, leg.number, leg.answered_at, cause))

    @property
    def has_legs(self) -> bool:
        """Whether a leg is there, or is being rung."""
        return bool(self._legs)

    def begin(self, kind: SegmentKind, at: datetime, what: str = "", agent: AgentId | None = None) -> None:
        """A stretch begins."""
        self._segments.append(_OpenSegment(kind, at, what, agent))
        if kind is SegmentKind.TALK and agent is not None:
            self.agents.append(agent)
            self.answered_at = self.answered_at or at

    def end(self, kind: SegmentKind, at: datetime, outcome: str = "", detail: str = "") -> None:
        """The latest stretch of this kind ends; nothing happens where none is open."""
        for place in range(len(self._segments) - 1, -1, -1):
            if self._segments[place].kind is kind:
                self._close(place, at, outcome, detail)
                return

    def _close(self, place: int, at: datetime, outcome: str, detail: str) -> None:
        open_ = self._segments.pop(place)
        self.segments.append(
            Segment(open_.kind, open_.began_at, max(at, open_.began_at), open_.what, outcome, open_.agent, detail)
        )

    def is_open(self, kind: SegmentKind) -> bool:
        """Whether such a stretch goes on."""
        return any(segment.kind is kind for segment in self._segments)

    def offer_made(self, effect: Offered, at: datetime) -> None:
        """An agent is rung."""
        self._offers[effect.offer] = _OpenOffer(effect, at)

    def offer_ended(self, id_: OfferId, at: datetime, how: str) -> None:
        """The offer is over."""
        made = self._offers.pop(id_, None)
        if made is None:
            return
        effect = made.effect
        self.offers.append(
            OfferRecord(id_, QueueId(effect.queue), effect.agent, made.offered_at, at, how, tuple(effect.why.lines()))
        )
        self.segments.append(Segment(SegmentKind.OFFER, made.offered_at, at, effect.queue, how, effect.agent))

    def finish(self, at: datetime) -> None:
        """Ends whatever is open."""
        while self._segments:
            self._close(len(self._segments) - 1, at, "", "")
        for leg in list(self._legs):
            self.leg_ended(leg, at, "")
        self.legs.sort(key=lambda leg: leg.created_at)
        self.segments.sort(key=lambda segment: (segment.began_at, _ORDER[segment.kind]))

    def seconds(self, kind: SegmentKind) -> float:
        """How long all stretches of a kind were."""
        return sum((s.ended_at - s.began_at).total_seconds() for s in self.segments if s.kind is kind)
