"""Believable entries, with little to say in a test."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cti.ids import AgentId, CallId, LegId, OfferId, QueueId
from cti.records.entries import (
    AgentState,
    CallClosed,
    CallOpened,
    CallOutcome,
    CallRecord,
    Leg,
    LegKind,
    OfferRecord,
    RecordingMade,
    Segment,
    SegmentKind,
    StoryLine,
    Termination,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=SHANGHAI).astimezone(UTC)
"""A Wednesday."""
LI = "+8613800138000"
WANG = "+8613900139000"


def opened(call: str, customer: str | None = LI, at: datetime = NOON, **more: Any) -> CallOpened:
    """A call that has begun."""
    return CallOpened(
        CallId(call), at, "售后服务热线", "Asia/Shanghai", "4008008008", customer or "anonymous", customer, **more
    )


def record(
    call: str, customer: str | None = LI, at: datetime = NOON, agent: str | None = "1001", **more: Any
) -> CallRecord:
    """A call of four minutes: a menu, a minute in the queue, two offers, a talk. Without agent: the caller gave up."""
    begun = opened(call, customer, at)
    after = lambda seconds: at + timedelta(seconds=seconds)  # noqa: E731
    queued, end = after(10), after(240)
    service, declined = QueueId("service"), AgentId("1002")
    offers: tuple[OfferRecord, ...] = (
        OfferRecord(OfferId(1), service, declined, after(20), after(40), "no_answer", ("rule: longest_idle",)),
    )
    segments: tuple[Segment, ...] = (
        Segment(SegmentKind.IVR, at, queued, "service", "queue"),
        Segment(SegmentKind.QUEUE, queued, after(70), "service", "answered" if agent else "abandoned"),
        Segment(SegmentKind.OFFER, after(20), after(40), "service", "no_answer", declined),
    )
    legs: tuple[Leg, ...] = (Leg(LegId(f"{call}-caller"), LegKind.CALLER, at, end, number=customer or "anonymous"),)
    if agent:
        who = AgentId(agent)
        offers += (
            OfferRecord(OfferId(2), service, who, after(60), after(70), "accepted", ("rule: next", "chosen: 1001")),
        )
        segments += (Segment(SegmentKind.TALK, after(70), end, "service", "caller", who),)
        legs += (Leg(LegId(f"{call}-agent"), LegKind.AGENT, after(60), end, who, "1001", after(70), "NORMAL_CLEARING"),)
    values: dict[str, Any] = {name: getattr(begun, name) for name in CallOpened.__slots__}
    whole = CallRecord(
        **values,
        ended_at=end if agent else after(70),
        outcome=CallOutcome.ANSWERED if agent else CallOutcome.ABANDONED,
        termination=Termination.CALLER,
        answered_at=after(70) if agent else None,
        queue=service,
        agents=(AgentId(agent),) if agent else (),
        last_agent=AgentId(agent) if agent else None,
        hangup_cause="NORMAL_CLEARING",
        waited=60.0,
        talked=170.0 if agent else 0.0,
        legs=legs,
        segments=segments,
        offers=offers,
        story=(
            StoryLine(at, "您好，这里是售后服务热线", "ivr_flows/service.yaml:4:5"),
            StoryLine(queued, "waits in service"),
        ),
    )
    return replace(whole, **more)


def closed(call: str, *who: Any, **more: Any) -> CallClosed:
    """A call that is over."""
    return CallClosed(record(call, *who, **more))


def on_break(agent: str = "1001", at: datetime = NOON) -> AgentState:
    """A change of an agent's state."""
    return AgentState(AgentId(agent), at, "on_break", "午休", "idle", True, None, 35.5)


def recorded(call: str) -> RecordingMade:
    """A recording of the call."""
    path = f"2026/03/04/{call}.wav"
    end = NOON + timedelta(seconds=170)
    return RecordingMade(
        id=f"{call}-1",
        call=CallId(call),
        path=path,
        began_at=NOON,
        ended_at=end,
        masked=((12.5, 20.0),),
        agents=(AgentId("1001"),),
    )
