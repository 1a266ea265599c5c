"""One call for people: who, how it ended, and what happened when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from cti.cli.text import clock, pad, safe
from cti.ids import AgentId, QueueId
from cti.log import mask_numbers
from cti.records.archive import KeptCall, KeptFollowUp, KeptRecording, KeptVoicemail
from cti.records.entries import CallOpened, CallOutcome, CallRecord, LegKind, OfferRecord, Segment, SegmentKind

_COLOURS: Final = {
    SegmentKind.IVR: "blue",
    SegmentKind.QUEUE: "yellow",
    SegmentKind.OFFER: "magenta",
    SegmentKind.TALK: "green",
    SegmentKind.HOLD: "cyan",
    SegmentKind.SURVEY: "blue",
    SegmentKind.VOICEMAIL: "blue",
}
_KIND: Final = max(map(len, SegmentKind))
_LENGTH: Final = 7
_INDENT: Final = " " * (10 + _KIND + 2 + _LENGTH + 2)


@dataclass(frozen=True, slots=True)
class Names:
    """What agents and queues are called now."""

    agents: dict[AgentId, str]
    queues: dict[QueueId, str]
    region: str

    def agent(self, agent: AgentId) -> str:
        """王芳 1001; the id alone where nobody has it any more."""
        name = self.agents.get(agent)
        return safe(f"{name} {agent}" if name else agent)

    def queue(self, queue: QueueId) -> str:
        """The name, or the id where no queue has it any more."""
        return safe(self.queues.get(queue) or queue)


def local(at: datetime, zone: str) -> datetime:
    """By the hotline's clocks."""
    try:
        return at.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return at.astimezone(UTC)


def caller(call: CallRecord | CallOpened, full: bool) -> str:
    """The customer's number, or what the network gave."""
    if call.customer is None and not call.ani:
        return "withheld"
    number = call.customer or call.ani
    number = number.removeprefix("+86")  # as it is written here
    return safe(number if full else mask_numbers(number))


def lines(kept: KeptCall, names: Names, full: bool) -> Iterator[str]:
    """The whole of it."""
    call = kept.call
    yield from _head(call, names, full)
    if isinstance(call, CallRecord):
        yield ""
        yield from _timeline(call, names, full)
    for title, rows in (
        ("recordings", [_recording(one, call.zone) for one in kept.recordings]),
        ("messages", [_voicemail(one, names) for one in kept.voicemails]),
        ("promises", [_follow_up(one, call.zone, names) for one in kept.follow_ups]),
        ("legs", _legs(call, names, full) if isinstance(call, CallRecord) else []),
    ):
        if rows:
            yield ""
            yield click.style(title, bold=True)
            yield from (f"  {row}" for row in rows)


def _head(call: CallRecord | CallOpened, names: Names, full: bool) -> Iterator[str]:
    yield f"{click.style('call ' + safe(call.id), bold=True)}  {safe(call.hotline)} {safe(call.dnis)}"
    who = [caller(call, full), safe(call.place), safe(call.carrier)]
    marks = [
        f"call {call.repeat_count + 1} today, {call.repeat_count_7d + 1} in 7 days",
        *(["VIP"] if call.vip else []),
    ]
    if call.direction == "outbound":
        marks = ["called by us", *marks[1:]]
    yield f"  {' '.join(filter(None, who))} · {' · '.join(marks)}"
    began = local(call.started_at, call.zone)
    if isinstance(call, CallOpened):
        yield f"  {began:%Y-%m-%d %A %H:%M:%S}, {safe(call.zone)} · {click.style('goes on', fg='cyan')}"
        return
    lasted = (call.ended_at - call.started_at).total_seconds()
    yield f"  {began:%Y-%m-%d %A %H:%M:%S}, {safe(call.zone)} · lasted {clock(lasted)}"
    yield f"  {' · '.join(_verdict(call, names))}"
    if call.notes:
        yield f"  notes: {safe(call.notes)}"


def _verdict(call: CallRecord, names: Names) -> Iterator[str]:
    outcome = str(call.outcome).replace("_", " ")
    good = call.outcome in (CallOutcome.ANSWERED, CallOutcome.TRANSFERRED)
    if call.agents:
        outcome += " by " + ", ".join(map(names.agent, call.agents))
    yield click.style(outcome, fg="green" if good else "yellow", bold=True)
    if call.queue:
        yield f"waited {clock(call.waited)} for {names.queue(call.queue)}"
    if call.agents:
        yield f"talked {clock(call.talked)}" + (f", held {clock(call.held)}" if call.held else "")
    if call.moved:
        yield f"moved {call.moved} {'time' if call.moved == 1 else 'times'}"
    if call.complaint:
        yield click.style("complaint", fg="red")
    if call.survey_score is not None:
        yield f"survey {call.survey_score}"
    if call.disposition:
        yield safe(call.disposition)
    cause = f" ({safe(call.hangup_cause)})" if call.hangup_cause else ""
    yield f"ended by {call.termination}{cause}"


def _timeline(call: CallRecord, names: Names, full: bool) -> Iterator[str]:
    happened = [(segment.began_at, 0, _segment(segment, call, names)) for segment in call.segments]
    happened += [(offer.offered_at, 1, _offer(offer, call, names)) for offer in call.offers]
    for line in call.story:
        where = click.style(f"  ({safe(line.where)})", dim=True) if line.where else ""
        text = safe(line.text if full else mask_numbers(line.text))
        happened.append((line.at, 2, [_told(line.at, call, "", None, text + where)]))
    end = [_told(call.ended_at, call, click.style("end", bold=True), None, "")]
    for _, _, told in sorted([*happened, (call.ended_at, 3, end)], key=lambda one: one[:2]):
        yield from told


def _segment(segment: Segment, call: CallRecord, names: Names) -> list[str]:
    if segment.kind is SegmentKind.OFFER and any(_is_of(offer, segment) for offer in call.offers):
        return []  # is told with its reasons
    what = safe(segment.what)
    if segment.kind is SegmentKind.QUEUE:
        what = names.queue(QueueId(segment.what))
    elif segment.agent is not None:
        what = names.agent(segment.agent)
    detail = click.style(f"  {safe(segment.detail)}", dim=True) if segment.detail else ""
    kind = click.style(str(segment.kind), fg=_COLOURS.get(segment.kind), bold=segment.kind is SegmentKind.TALK)
    length = (segment.ended_at - segment.began_at).total_seconds()
    return [_told(segment.began_at, call, kind, length, f"{what}{_arrow(segment.outcome)}{detail}")]


def _is_of(offer: OfferRecord, segment: Segment) -> bool:
    return (offer.agent, offer.offered_at) == (segment.agent, segment.began_at)


def _offer(offer: OfferRecord, call: CallRecord, names: Names) -> list[str]:
    kind = click.style(str(SegmentKind.OFFER), fg=_COLOURS[SegmentKind.OFFER])
    length = (offer.ended_at - offer.offered_at).total_seconds()
    told = [_told(offer.offered_at, call, kind, length, f"{names.agent(offer.agent)}{_arrow(offer.how)}")]
    return told + [click.style(f"{_INDENT}  {safe(why)}", dim=True) for why in offer.explanation]


def _arrow(outcome: str) -> str:
    return f" → {safe(outcome).replace('_', ' ')}" if outcome else ""


def _told(at: datetime, call: CallRecord, kind: str, length: float | None, text: str) -> str:
    span = "" if length is None else clock(length)
    return f"{_time(at, call.zone)}  {pad(kind, _KIND)}  {pad(span, _LENGTH, right=True)}  {text}".rstrip()


def _time(at: datetime, zone: str) -> str:
    return f"{local(at, zone):%H:%M:%S}"


def _recording(kept: KeptRecording, zone: str) -> str:
    made = kept.made
    length = clock((made.ended_at - made.began_at).total_seconds())
    told = [f"{_time(made.began_at, zone)}  {safe(made.path)}", length, f"{made.size / 1e6:.1f} MB"]
    if made.masked:
        told.append("masked " + ", ".join(f"{clock(begun)}-{clock(ended)}" for begun, ended in made.masked))
    if made.sha256:
        told.append(f"sha256 {safe(made.sha256[:12])}…")
    if made.failure:
        told.append(click.style(f"failed: {safe(made.failure)}", fg="red"))
    if kept.deleted_at is not None:
        told.append(
            click.style(f"deleted {local(kept.deleted_at, zone):%Y-%m-%d}: {safe(kept.deleted_why)}", fg="yellow")
        )
    return " · ".join(told)


def _voicemail(kept: KeptVoicemail, names: Names) -> str:
    heard = f"heard by {names.agent(kept.heard_by)}" if kept.heard_by else click.style("not heard yet", fg="yellow")
    return f"{safe(kept.left.path)} · {clock(kept.left.seconds)} · for {safe(kept.left.mailbox)} · {heard}"


def _follow_up(kept: KeptFollowUp, zone: str, names: Names) -> str:
    promised = kept.promised
    told = [promised.kind.replace("_", " "), f"due {local(promised.due_at, zone):%Y-%m-%d %H:%M}"]
    told += [safe(text) for text in (promised.reason, promised.promised) if text]
    if promised.agent is not None:
        told.append(names.agent(promised.agent))
    if kept.done_at is None:
        told.append(click.style("to do", fg="yellow"))
    else:
        told.append(f"{safe(kept.outcome or 'done')} {local(kept.done_at, zone):%Y-%m-%d %H:%M}")
    return " · ".join(told)


def _legs(call: CallRecord, names: Names, full: bool) -> list[str]:
    told = []
    for leg in call.legs:
        number = leg.number if full else mask_numbers(leg.number)
        who = names.agent(leg.agent) if leg.agent is not None else safe(number) or "withheld"
        if leg.kind is LegKind.CALLER:
            who = caller(call, full)
        talked = f"answered {_time(leg.answered_at, call.zone)}" if leg.answered_at else "not answered"
        span = f"{_time(leg.created_at, call.zone)}-{_time(leg.ended_at, call.zone)}"
        told.append(
            f"{pad(str(leg.kind), 7)}  {span}  {who} · {talked}" + (f" · {safe(leg.cause)}" if leg.cause else "")
        )
    return told
