"""One call from its arrival to its record: what the switch tells of it, what the flow wants, what the queue decides.

A call is always in one phase. Whatever comes too late for it finds another phase, and is ignored there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from cti.acd import commands as do
from cti.acd import effects as out
from cti.acd.commands import Exit
from cti.acd.model import Caller, Elsewhere, Leave
from cti.config.hotlines import Hotline
from cti.config.places import FLOWS
from cti.config.routing import Routing
from cti.engine import dialogues
from cti.engine.diary import Diary
from cti.engine.hands import Hands, Leg
from cti.engine.plan import is_vip
from cti.engine.surroundings import CallSurroundings
from cti.ids import AgentId, CallId, LegId, OfferId, QueueId
from cti.ivr import actions as ivr
from cti.ivr import inputs
from cti.ivr.compose import compose
from cti.ivr.facts import Facts
from cti.ivr.interpreter import Interpreter
from cti.ivr.prompts import Piece, Prompt
from cti.ivr.steps import Flow
from cti.ivr.values import Language
from cti.records.entries import (
    CallClosed,
    CallOpened,
    CallOutcome,
    CallRecord,
    FollowUp,
    LegKind,
    SegmentKind,
    Termination,
)
from cti.records.recordings.tags import Tags
from cti.records.store import Earlier
from cti.switch.port import Number, ShownCaller

if TYPE_CHECKING:
    from cti.engine.engine import Engine

GUARD: Final = 30
"""Seconds after which the switch takes a caller to the fallback, unless we have said meanwhile that we are there."""
GUARD_EVERY: Final = 10.0
OUTSIDE_RINGS: Final = 30
"""Seconds that a number outside is rung."""
MESSAGE_MOST: Final = 180.0
"""Seconds of a message."""
FROM_THE_SWITCH: Final = 2
"""Seconds that a phone may ring longer than the offer stands: it is we who end it."""


class Phase(StrEnum):
    """What a call is doing."""

    ARRIVING = "arriving"
    """Parked by the dialplan: it is being claimed, and the customer looked up."""
    FLOW = "flow"
    """In a flow, or in a queue that a flow has led to."""
    TALKING = "talking"
    OVER = "over"
    """The caller has gone; an agent may still wrap up."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is known of a call when it comes."""

    leg: Leg
    at: datetime
    hotline: str
    ani: str
    """As the network gives it; anything."""
    customer: str | None
    dnis: str
    place: str
    carrier: str


@dataclass(slots=True)
class AgentLeg:
    """An agent's phone that is rung, or talks."""

    leg: Leg
    agent: AgentId
    offer: OfferId
    answered: bool = False


@dataclass(slots=True)
class Recording:
    """One recording of the call."""

    number: int
    began_at: datetime
    mailbox: str = ""
    """A message, not a conversation."""
    masked: list[tuple[float, float]] = field(default_factory=list)
    masked_since: float | None = None


class LiveCall:
    """A call that is up, or whose agent wraps up."""

    def __init__(self, engine: "Engine", id_: CallId, arrival: Arrival) -> None:
        self.engine = engine
        self.id = id_
        self.arrival = arrival
        self.leg = arrival.leg
        self.routing: Routing = engine.routing
        """The call keeps the one that it began with."""
        self.hotline: Hotline = self.routing.hotlines[arrival.hotline]
        self.zone = ZoneInfo(self.hotline.timezone)
        self.phase = Phase.ARRIVING
        self.diary = Diary()
        self.earlier: Earlier | None = None
        self.ours = False
        self.vip = is_vip(self.routing.callers, arrival.ani)
        self.interpreter: Interpreter | None = None
        self.flow = ""
        self.dialogue: Interpreter | None = None
        """A dialogue of ours within a flow's step: it gets the keys."""
        self.dialogue_ends: Callable[[Interpreter], None] = _nothing
        self.language: Language = self.hotline.language
        self.variables: dict[str, str] = {}
        self.executions: dict[str, Callable[[], None]] = {}
        """What to do when something that we had played is over, by its id."""
        self.queued: ivr.EnterQueue | None = None
        """The flow's step that waits for an agent."""
        self.queue: QueueId | None = None
        self.callback_offered = False
        self.rung: dict[OfferId, AgentLeg] = {}
        self.talk: AgentLeg | None = None
        self.bridged = False
        self.outside: tuple[Leg, inputs.WaitId] | None = None
        """A number outside that is rung, or talks, and the flow's wait for it."""
        self.recording: Recording | None = None
        self.recordings = 0
        self.survey: str | None = None
        self.in_survey = False
        self.score: int | None = None
        self.moved = 0
        self.complaint = False
        self.outcome = CallOutcome.IVR_ONLY
        self.termination = Termination.CALLER
        self.cause = ""
        self.ended_at: datetime | None = None
        self.wrapping: set[AgentId] = set()
        self.diary.leg_made(self.leg.id, LegKind.CALLER, arrival.at, number=arrival.ani[:64])

    # Short ways

    @property
    def hands(self) -> Hands:
        return self.engine.hands

    @property
    def now(self) -> datetime:
        """The time of what is being handled: the switch's, where it told it."""
        return self.engine.at

    def say(self, text: str, where: str = "") -> None:
        """A line of the call's story, and of the log."""
        self.diary.note(self.now, text, where)
        self.engine.log.info(text, call_id=self.id, **({"where": where} if where else {}))

    # Arriving

    def arrive(self) -> None:
        """Claims the call and looks the customer up, both at once."""
        self.say(f"{self.arrival.hotline} is called", str(self.routing.where("hotlines", self.arrival.hotline)))
        self.hands.claim(self.leg, self.id)
        self.hands.look_up(self.id, self.arrival.customer, self.arrival.at, self.zone)

    def claimed(self, ours: bool) -> None:
        """Whether the switch has let us have it."""
        if self.phase is not Phase.ARRIVING:
            return
        if not ours:
            self.say("the switch had led the call to the fallback already")
            self.outcome, self.termination = CallOutcome.FAILED, Termination.SWITCH
            self.phase = Phase.OVER
            return
        self.ours = True
        self._begin_if_ready()

    def looked_up(self, earlier: Earlier | None) -> None:
        """Who the customer is."""
        if self.phase is not Phase.ARRIVING:
            return
        if earlier is None or not earlier.complete:
            self.engine.log.warning("earlier calls not counted: the records do not answer", call_id=self.id)
        self.earlier = earlier or Earlier(complete=False)
        self._begin_if_ready()

    def _begin_if_ready(self) -> None:
        if not self.ours or self.earlier is None:
            return
        arrival, earlier = self.arrival, self.earlier
        self.phase = Phase.FLOW
        self.hands.write(
            CallOpened(
                self.id,
                arrival.at,
                arrival.hotline,
                self.hotline.timezone,
                arrival.dnis,
                arrival.ani[:64],
                arrival.customer,
                place=arrival.place,
                carrier=arrival.carrier,
                repeat_count=earlier.calls_today,
                repeat_count_7d=earlier.calls_in_7_days,
                vip=self.vip,
                node=self.leg.node,
                routing_hash=self.routing.content_hash,
            )
        )
        if "blacklist" in self.routing.callers.of(arrival.ani):
            self.say("the call is not taken: blacklist", str(self.routing.where("lists", "blacklist")))
            self.outcome = CallOutcome.REFUSED
            self.end("CALL_REJECTED")
            return
        self.hands.set_variables(
            self.leg,
            {"cti_call_id": self.id, "cti_hotline": arrival.hotline, "cti_repeat": str(earlier.calls_today)},
        )
        self.hands.guard(self.leg, GUARD)
        self.hands.answer(self.leg)
        self.engine.after(GUARD_EVERY, self._guard)

    def _guard(self) -> None:
        """We are there, and the caller is not in a conversation: the switch need not take over."""
        if self.phase is Phase.FLOW and self.outside is None:
            self.hands.guard(self.leg, GUARD)
        if self.phase in (Phase.FLOW, Phase.TALKING):
            self.engine.after(GUARD_EVERY, self._guard)

    def answered(self) -> None:
        """The caller's leg is answered: the flow begins."""
        self.diary.leg_answered(self.leg.id, self.now)
        if self.phase is Phase.FLOW and self.interpreter is None:
            self.run(self.hotline.flow)

    # Flows

    def facts(self, **more: object) -> Facts:
        """What flows know of the call."""
        earlier = self.earlier or Earlier()
        known: dict[str, object] = {
            "hotline": self.arrival.hotline,
            "zone": self.zone,
            "language": self.language,
            "ani": self.arrival.ani if self.arrival.customer else "",
            "dnis": self.arrival.dnis,
            "place": self.arrival.place,
            "hours": self.hotline.hours,
            "calls_today": earlier.calls_today + 1,
            "calls_in_7_days": earlier.calls_in_7_days + 1,
            "variables": dict(self.variables),
        }
        if self.queue is not None:
            known["queue"] = self.routing.queues[self.queue].name
        if self.diary.agents:
            last = self.diary.agents[-1]
            known |= {"agent_id": last, "agent_name": self.routing.agents.agents[last].name}
        return Facts(**{**known, **more})  # type: ignore[arg-type]

    def run(self, flow: str, *, survey: bool = False) -> None:
        """Leads the caller into a flow, from whatever was before."""
        self.phase, self.in_survey, self.flow = Phase.FLOW, survey, flow
        self.interpreter = self._interpreter(self.routing.flows, self.interpreter)
        self._act(self.interpreter.start(flow, self.engine.wall))

    def _interpreter(self, flows: "dict[str, Flow] | object", before: Interpreter | None) -> Interpreter:
        surroundings = CallSurroundings(self.routing, self.arrival.ani, self.engine.notices)
        first = before.next_wait if before is not None else 1
        return Interpreter(flows, self.facts(), surroundings, first_wait=first)  # type: ignore[arg-type]

    def tell_flow(self, event: inputs.Input) -> None:
        """Something that the flow waits for, or not, has happened."""
        if self.interpreter is not None and not self.interpreter.ended:
            self._act(self.interpreter.handle(event, self.engine.wall))

    def _act(self, actions: Sequence[ivr.Action]) -> None:
        for action in actions:
            _ACTS[type(action)](self, action)
        interpreter = self.interpreter
        if interpreter is None:
            return
        self.language, self.variables = interpreter.language, dict(interpreter.variables)
        kind = SegmentKind.SURVEY if self.in_survey else SegmentKind.IVR
        if interpreter.ended or self.queued is not None:
            self.diary.end(kind, self.now)
        elif not self.diary.is_open(kind):
            self.diary.begin(kind, self.now, self.flow)
        if interpreter.deadline is not None:
            self._expect(interpreter)

    def _expect(self, interpreter: Interpreter) -> None:
        """Tells a flow, or a dialogue, when the time of what it waits for is over, if it still waits for that."""
        wait, deadline = interpreter.wait, interpreter.deadline

        def over() -> None:
            if (interpreter.wait, interpreter.deadline) == (wait, deadline):
                tell = self._tell_dialogue if interpreter is self.dialogue else self.tell_flow
                tell(inputs.TimedOut(wait))

        if deadline is not None:
            self.engine.at_wall(deadline, over)

    def _note(self, note: ivr.Note) -> None:
        text = f"{note.step}: {note.why}" if note.step else note.why
        where = str(self.routing.where(FLOWS, note.flow, *note.path)) if note.flow in self.routing.flows else ""
        self.say(f"{text} → {note.target}" if note.target else text, where)

    def _play(self, play: ivr.Play) -> None:
        self.speak(play.pieces, lambda: self.tell_flow(inputs.PlayDone(play.wait)))

    def speak(self, pieces: Sequence[Piece], then: Callable[[], None]) -> None:
        """Plays pieces to the caller; `then` when they have been played, or are broken off by the switch."""
        execution = self.hands.new_id()
        self.executions[execution] = then
        self.hands.speak(self.leg, pieces, execution)

    def executed(self, execution: str) -> None:
        """Something that was played is over."""
        self.executions.pop(execution, _nothing_at_all)()

    def hush(self) -> None:
        """Stops what plays; nobody waits for its end any more."""
        self.executions.clear()
        self.hands.stop(self.leg)

    def _stop_play(self, stop: ivr.StopPlay) -> None:
        self.hush()

    def _fetch(self, request: ivr.RequestHttp) -> None:
        self.hands.fetch(self.id, request)

    def _abandon(self, abandon: ivr.Abandon) -> None:
        if self.outside is not None and self.outside[1] == abandon.wait:
            self._drop_outside()

    def _set_language(self, action: ivr.SetLanguage) -> None:
        self.language = action.language

    def _score(self, action: ivr.RecordScore) -> None:
        self.score = action.score

    def _hang_up(self, action: ivr.Hangup) -> None:
        self.end(CAUSES[action.cause])

    def _nothing_to_do(self, action: ivr.Action) -> None:
        """Listening is done by waiting."""

    # Keys

    def key(self, key: str) -> None:
        """The caller pressed a key."""
        if self.recording is not None and self.recording.mailbox:
            if key == "#":
                self._message_over()
        elif self.dialogue is not None and not self.dialogue.ended:
            self._act_in_dialogue(self.dialogue.handle(inputs.Key(key), self.engine.wall))
        elif self.queued is not None and self.callback_offered and key == dialogues.CALLBACK_KEY:
            self._callback_instead_of_waiting()
        else:
            self.tell_flow(inputs.Key(key))

    # Dialogues of ours

    def converse(self, name: str, then: Callable[[Interpreter], None]) -> None:
        """A dialogue of ours; `then` gets it when it is over and the caller is still there."""
        before = self.dialogue or self.interpreter
        self.dialogue = self._interpreter(dialogues.flows(), before)
        self.dialogue_ends = then
        self._act_in_dialogue(self.dialogue.start(name, self.engine.wall))

    def _tell_dialogue(self, event: inputs.Input) -> None:
        if self.dialogue is not None and not self.dialogue.ended:
            self._act_in_dialogue(self.dialogue.handle(event, self.engine.wall))

    def _act_in_dialogue(self, actions: Sequence[ivr.Action]) -> None:
        dialogue = self.dialogue
        if dialogue is None:
            return
        for action in actions:
            match action:
                case ivr.Play(wait=wait, pieces=pieces):
                    self.speak(pieces, lambda wait=wait: self._tell_dialogue(inputs.PlayDone(wait)))  # type: ignore[misc]
                case ivr.StopPlay():
                    self.hush()
        if dialogue.ended:
            self.dialogue = None
            self.dialogue_ends(dialogue)
        else:
            self._expect(dialogue)

    # Queues

    def _enter_queue(self, action: ivr.EnterQueue) -> None:
        self.queued, self.survey = action, action.survey
        self._music(action.queue)
        earlier = self.earlier or Earlier()
        caller = Caller(
            self.vip, earlier.calls_today + 1, earlier.calls_in_7_days + 1, _agent(self.routing, earlier.last_agent)
        )
        self.engine.decide(do.Enqueue(self.id, action.queue, caller))

    def _music(self, queue: QueueId) -> None:
        execution = self.hands.new_id()
        self.hands.music(self.leg, self.routing.queues[queue].music, execution)

    def _leave_queue(self, action: ivr.LeaveQueue) -> None:
        self.queued = None
        if action.key:
            self.engine.decide(do.Left(self.id, Exit.KEY))
            self.hush()

    def _callback_instead_of_waiting(self) -> None:
        queued, self.callback_offered = self.queued, False
        self.engine.decide(do.Left(self.id, Exit.CALLBACK))
        self.hush()
        if queued is not None:
            self.queued = None
            self._ask_callback(queued.queue, lambda agreed: self._called_back(queued, agreed))

    def _called_back(self, queued: ivr.EnterQueue, agreed: bool) -> None:
        left = inputs.Left.CALLBACK if agreed else inputs.Left.GIVEN_BACK
        self.tell_flow(inputs.QueueLeft(queued.wait, left))

    def entered(self, effect: out.EntryOpened) -> None:
        """The call waits in a queue."""
        self.queue = effect.queue
        self.diary.begin(SegmentKind.QUEUE, self.now, effect.queue)
        self.hands.set_variables(self.leg, {"cti_queue": effect.queue, "cti_since": self.now.isoformat()})
        self.say(f"waits in {effect.queue} at position {effect.position}", effect.rule)

    def left(self, effect: out.EntryClosed) -> None:
        """It does not any longer."""
        estimates = effect.estimates
        guess = f"{estimates.by_length:.0f}" if estimates.by_length is not None else "none"
        detail = f"estimated {guess} s by length, {estimates.by_head:.0f} s by head"
        self.diary.end(SegmentKind.QUEUE, self.now, effect.outcome, detail)
        self.say(f"left {effect.queue} after {effect.waited:.1f} s: {effect.outcome}", effect.rule)
        self.moved += effect.outcome in (out.Outcome.MOVED, out.Outcome.ESCALATED)
        self.outcome = _OUTCOMES.get(effect.outcome, self.outcome)

    def announce(self, effect: out.Announced) -> None:
        """Between the music: the place, the wait, the offer of a call back."""
        queued = self.queued
        if queued is None or self.rung:
            return  # it rings already: an agent may answer any moment
        minutes = None if effect.estimated_wait is None else max(1, round(effect.estimated_wait / 60))
        self.callback_offered = self.callback_offered or effect.callback
        prompts = dialogues.announcement(self.language, wait=minutes is not None, callback=effect.callback)
        facts = self.facts(position=effect.position, wait_minutes=minutes)
        pieces = [piece for prompt in prompts for piece in self._composed(prompt, facts)]
        self.hands.stop(self.leg)
        self.speak(pieces, self._music_again)
        self.say(f"hears {'the offer of a call back' if effect.callback else f'position {effect.position}'}")

    def _composed(self, prompt: Prompt, facts: Facts) -> tuple[Piece, ...]:
        surroundings = CallSurroundings(self.routing, self.arrival.ani, self.engine.notices)
        return compose(prompt, facts, self.language, self.engine.wall, surroundings)

    def _music_again(self) -> None:
        if self.queued is not None and self.talk is None and self.queue is not None:
            self._music(self.queue)

    def widened(self, effect: out.Widened) -> None:
        """More agents may have it."""
        self.say(f"{effect.queue} is opened to more agents", effect.rule)

    def sent(self, effect: out.Sent) -> None:
        """A rule leads the call out of the queues."""
        queued, self.queued = self.queued, None
        self.hush()
        if queued is not None:
            self.tell_flow(inputs.QueueLeft(queued.wait, inputs.Left.MOVED))
        self.say(f"goes to {effect.to.kind} {effect.to.name}".rstrip(), effect.rule)
        self._go(effect.to)

    def _go(self, to: Leave) -> None:
        match to.kind:
            case Elsewhere.FLOW:
                self.run(to.name)
            case Elsewhere.VOICEMAIL:
                self._take_message(QueueId(to.name), lambda _left: self.end())
            case Elsewhere.NUMBER:
                self._ring_outside(to.name, inputs.WaitId(0))
            case Elsewhere.HANGUP:
                self.termination = Termination.SERVER
                self.end()

    # Agents

    def ring(self, effect: out.Offered) -> None:
        """An agent's phone rings."""
        leg = Leg(self.leg.node, LegId(self.hands.new_id()))
        self.rung[effect.offer] = AgentLeg(leg, effect.agent, effect.offer)
        self.engine.legs[leg.id] = self
        self.diary.offer_made(effect, self.now)
        self.diary.leg_made(leg.id, LegKind.AGENT, self.now, agent=effect.agent)
        shown = ShownCaller(self.arrival.ani, f"{self.arrival.hotline} {self.routing.queues[effect.queue].name}")
        seconds = max(1, round(effect.until - self.engine.steady)) + FROM_THE_SWITCH
        self.hands.ring(leg, self.engine.endpoint(effect.agent), self.id, shown, seconds)
        self.say(f"offered to {effect.agent}: {effect.why.rule}", effect.why.where)

    def offer_ended(self, effect: out.OfferEnded) -> None:
        """The agent's phone must not ring any longer, unless it was answered in time."""
        self.diary.offer_ended(effect.offer, self.now, effect.end)
        if effect.end is out.OfferEnd.ACCEPTED:
            return
        rung = self.rung.pop(effect.offer, None)
        if rung is not None:
            self.hands.hang_up(rung.leg, "ORIGINATOR_CANCEL")
        self.say(f"{effect.agent}: {effect.end}{f', {effect.why}' if effect.why else ''}")

    def connect(self, effect: out.Connected) -> None:
        """The agent has answered: the two are bridged."""
        queued, self.queued = self.queued, None
        self.talk = self.rung.pop(effect.offer)
        self.phase, self.outcome = Phase.TALKING, CallOutcome.ANSWERED
        self.bridged = False
        self.executions.clear()
        self.hands.unguard(self.leg)
        self.hands.bridge(self.leg, self.talk.leg)
        if queued is not None:
            self.tell_flow(inputs.QueueLeft(queued.wait, inputs.Left.ANSWERED))
        self.hands.set_variables(self.leg, {"cti_agent": effect.agent, "cti_queue": ""})
        self.say(f"connected to {effect.agent}")

    def legs_bridged(self, other: LegId) -> None:
        """They hear each other."""
        talk = self.talk
        if self.phase is Phase.TALKING and talk is not None and other == talk.leg.id and not self.bridged:
            self.bridged = True
            self.diary.begin(SegmentKind.TALK, self.now, self.queue or "", talk.agent)
            if self.hotline.record and "do_not_record" not in self.routing.callers.of(self.arrival.ani):
                self._record()
        elif self.outside is not None and other == self.outside[0].id:
            self.diary.begin(SegmentKind.TALK, self.now, "outside")

    def held(self, held: bool) -> None:
        """The agent's phone, or we, put the caller on hold, or took them back."""
        if held and not self.diary.is_open(SegmentKind.HOLD):
            self.diary.begin(SegmentKind.HOLD, self.now)
        elif not held:
            self.diary.end(SegmentKind.HOLD, self.now)

    def agent_leg_answered(self, leg: LegId) -> None:
        """The agent, or a number outside, picks up."""
        self.diary.leg_answered(leg, self.now)
        if self.outside is not None and self.outside[0].id == leg:
            self.hands.unguard(self.leg)
            self.hands.bridge(self.leg, self.outside[0])
            self.tell_flow(inputs.Transferred(self.outside[1]))
            self.outcome = CallOutcome.TRANSFERRED
            self.say("the number outside has answered")
            return
        for offer, rung in self.rung.items():
            if rung.leg.id == leg:
                rung.answered = True
                self.engine.decide(do.Accept(offer))
                return
        if self.talk is None or self.talk.leg.id != leg:
            self.hands.hang_up(Leg(self.leg.node, leg))  # answered when the offer was over: nobody is there for them

    def other_leg_ended(self, leg: LegId, cause: str) -> None:
        """An agent's leg, or that of a number outside, is gone."""
        self.diary.leg_ended(leg, self.now, cause)
        self.ring_failed(leg, cause)
        if self.talk is not None and self.talk.leg.id == leg:
            self._agent_gone(self.talk, cause)

    def ring_failed(self, leg: LegId, cause: str) -> None:
        """Somebody who was rung does not talk to us."""
        if self.outside is not None and self.outside[0].id == leg:
            self._outside_gone(cause)
            return
        for offer, rung in list(self.rung.items()):
            if rung.leg.id == leg:
                del self.rung[offer]
                self.engine.decide(do.Refuse(offer, _REFUSALS.get(cause, do.Refusal.DECLINED)))
                return

    def _agent_gone(self, talk: AgentLeg, cause: str) -> None:
        self.diary.end(SegmentKind.HOLD, self.now)
        self.diary.end(SegmentKind.TALK, self.now, cause)
        self.talk = None
        self.wrapping.add(talk.agent)
        self.diary.begin(SegmentKind.WRAP_UP, self.now, agent=talk.agent)
        self.engine.decide(do.Release(self.id))
        self._stop_recording()
        if self.phase is not Phase.TALKING:
            return
        if not self.bridged:
            # The agent's phone was lost before the two heard each other: the caller waits again, for the next agent.
            self.say(f"{talk.agent} was lost before the bridge")
            self._wait_again()
            return
        self.termination = Termination.AGENT
        self.say(f"{talk.agent} has hung up")
        self.engine.after(2.0, self._if_not_parked)

    def _wait_again(self) -> None:
        queue = self.queue
        if queue is None:
            self.end()
            return
        self.phase = Phase.FLOW
        self.moved += 1
        self.hands.guard(self.leg, GUARD)
        self.queued = ivr.EnterQueue(inputs.WaitId(0), queue, self.survey)
        self._music(queue)
        self.engine.decide(do.Enqueue(self.id, queue, Caller(self.vip), escalate=False))

    def parked(self) -> None:
        """The caller's leg is alone again."""
        if self.phase is Phase.TALKING and self.talk is None and self.bridged:
            self._after_talk()

    def _if_not_parked(self) -> None:
        if self.phase is Phase.TALKING and self.talk is None:
            self._after_talk()

    def _after_talk(self) -> None:
        if self.survey is None:
            self.end()
            return
        survey, self.survey = self.survey, None
        self.hands.guard(self.leg, GUARD)
        self.run(survey, survey=True)

    # Numbers outside

    def _transfer(self, action: ivr.TransferTo) -> None:
        self._ring_outside(action.number, action.wait)

    def _ring_outside(self, number: str, wait: inputs.WaitId) -> None:
        leg = Leg(self.leg.node, LegId(self.hands.new_id()))
        self.outside = (leg, wait)
        self.engine.legs[leg.id] = self
        self.diary.leg_made(leg.id, LegKind.OUTSIDE, self.now, number=number)
        self.hands.unguard(self.leg)
        self.hands.ring(leg, Number(number), self.id, ShownCaller(self.arrival.dnis), OUTSIDE_RINGS)
        self.say(f"rings {number}")

    def _outside_gone(self, cause: str) -> None:
        outside, self.outside = self.outside, None
        if outside is None:
            return
        if self.diary.is_open(SegmentKind.TALK):
            self.diary.end(SegmentKind.TALK, self.now, cause)
            self.termination = Termination.AGENT
            self.end()
            return
        self.say(f"the number outside did not answer: {cause}")
        if outside[1]:
            self.hands.guard(self.leg, GUARD)
            self.tell_flow(inputs.TransferFailed(outside[1], cause))
        else:
            self.end()

    def _drop_outside(self) -> None:
        if self.outside is not None:
            self.hands.hang_up(self.outside[0], "ORIGINATOR_CANCEL")
            self.outside = None

    # Messages and calls back

    def _voicemail(self, action: ivr.RecordVoicemail) -> None:
        self._take_message(action.queue, lambda left: self.tell_flow(inputs.VoicemailDone(action.wait, left)))

    def _take_message(self, queue: QueueId, then: Callable[[bool], None]) -> None:
        def record(_: Interpreter) -> None:
            self.speak([self.engine.beep], begin)

        def begin() -> None:
            self._record(queue)
            self.diary.begin(SegmentKind.VOICEMAIL, self.now, queue)
            self.say(f"leaves a message for {queue}")
            recording = self.recording
            self.engine.after(MESSAGE_MOST, lambda: self._message_over() if self.recording is recording else None)

        self.message_then = then
        self.converse(dialogues.MESSAGE, record)

    message_then: Callable[[bool], None] = staticmethod(lambda _: None)

    def _message_over(self) -> None:
        left = self.recording is not None
        self._stop_recording()
        self.diary.end(SegmentKind.VOICEMAIL, self.now)
        self.outcome = CallOutcome.VOICEMAIL
        if self.phase is not Phase.OVER:
            self.message_then(left)

    def _callback(self, action: ivr.AskCallback) -> None:
        self._ask_callback(action.queue, lambda agreed: self.tell_flow(inputs.CallbackDone(action.wait, agreed)))

    def _ask_callback(self, queue: QueueId, then: Callable[[bool], None]) -> None:
        def asked(dialogue: Interpreter) -> None:
            number = dialogue.variables.get(dialogues.NUMBER, "")
            if number:
                self.outcome = CallOutcome.CALLBACK
                self.hands.write(
                    FollowUp(
                        created_at=self.now,
                        due_at=self.now,
                        customer=self.engine.customer(number) or number,
                        call=self.id,
                        kind="callback",
                        queue=queue,
                        reason="asked for in the call",
                    )
                )
                self.say(f"is promised a call back by {queue}")
            then(bool(number))

        known = self.arrival.customer is not None
        self.converse(dialogues.CALLBACK if known else dialogues.CALLBACK_WITHHELD, asked)

    # Recordings

    def _record(self, mailbox: str = "") -> None:
        self.recordings += 1
        self.recording = Recording(self.recordings, self.now, mailbox)
        self.hands.record(self.leg, self._tags(self.recording), self.zone)

    def _tags(self, recording: Recording, ended_at: datetime | None = None) -> Tags:
        earlier = self.earlier or Earlier()
        return Tags(
            call=self.id,
            number=recording.number,
            began_at=recording.began_at,
            ended_at=ended_at,
            hotline=self.arrival.hotline,
            queue=self.queue,
            agents=tuple(self.diary.agents),
            customer=self.arrival.customer,
            repeat_count=earlier.calls_today,
            repeat_count_7d=earlier.calls_in_7_days,
            masked=tuple(recording.masked),
        )

    def mask(self, masked: bool) -> None:
        """A stretch that is not to be heard begins or ends."""
        recording = self.recording
        if recording is None:
            return
        at = (self.now - recording.began_at).total_seconds()
        if masked and recording.masked_since is None:
            recording.masked_since = at
        elif not masked and recording.masked_since is not None:
            recording.masked.append((recording.masked_since, at))
            recording.masked_since = None
        self.hands.mask(self.leg, self._tags(recording), masked)

    def _stop_recording(self) -> None:
        recording, self.recording = self.recording, None
        if recording is None:
            return
        if recording.masked_since is not None:
            recording.masked.append((recording.masked_since, (self.now - recording.began_at).total_seconds()))
        tags = self._tags(recording, self.now)
        if self.phase is not Phase.OVER:
            self.hands.stop_record(self.leg, tags)
        self.hands.keep_recording(tags, recording.mailbox)

    # The end

    def end(self, cause: str = "NORMAL_CLEARING") -> None:
        """Hangs up on the caller; the record is closed when the leg is gone."""
        if self.phase is not Phase.OVER:
            self.hands.hang_up(self.leg, cause)

    def gone(self, cause: str) -> None:
        """The caller's leg has ended."""
        if self.ended_at is not None:
            return
        waiting = self.phase is Phase.FLOW and self.queued is not None
        self.phase, self.cause, self.ended_at = Phase.OVER, cause, self.now
        self.diary.leg_ended(self.leg.id, self.now, cause)
        self._stop_recording()
        self.tell_flow(inputs.HungUp())
        if self.diary.is_open(SegmentKind.VOICEMAIL):
            self.diary.end(SegmentKind.VOICEMAIL, self.now)
            self.outcome = CallOutcome.VOICEMAIL
        if self.outside is not None:
            self._drop_outside()
        talk = self.talk
        if talk is not None:
            self.diary.end(SegmentKind.HOLD, self.now)
            self.diary.end(SegmentKind.TALK, self.now, "the caller hung up")
            self.wrapping.add(talk.agent)
            self.diary.begin(SegmentKind.WRAP_UP, self.now, agent=talk.agent)
            self.talk = None
            self.hands.hang_up(talk.leg)
        if talk is not None or waiting:
            self.engine.decide(do.HungUp(self.id))
        self.say(f"the call is over: {cause}")

    def agent_done(self, agent: AgentId) -> None:
        """The agent's wrap-up is over."""
        if agent in self.wrapping:
            self.wrapping.discard(agent)
            self.diary.end(SegmentKind.WRAP_UP, self.now)

    @property
    def finished(self) -> bool:
        """Nothing more will happen to it."""
        return self.ended_at is not None and not self.wrapping and not self.rung

    def close(self) -> None:
        """Hands the record over. The call is forgotten after this."""
        ended_at = self.ended_at or self.now
        diary, arrival, earlier = self.diary, self.arrival, self.earlier or Earlier()
        diary.finish(ended_at if not diary.segments else self.now)
        if not self.ours:
            return
        record = CallRecord(
            id=self.id,
            started_at=arrival.at,
            ended_at=ended_at,
            hotline=arrival.hotline,
            zone=self.hotline.timezone,
            dnis=arrival.dnis,
            ani=arrival.ani[:64],
            customer=arrival.customer,
            outcome=self.outcome,
            termination=self.termination,
            place=arrival.place,
            carrier=arrival.carrier,
            answered_at=diary.answered_at,
            queue=self.queue,
            agents=tuple(diary.agents),
            last_agent=diary.agents[-1] if diary.agents else None,
            repeat_count=earlier.calls_today,
            repeat_count_7d=earlier.calls_in_7_days,
            hangup_cause=self.cause,
            waited=diary.seconds(SegmentKind.QUEUE),
            talked=diary.seconds(SegmentKind.TALK),
            held=diary.seconds(SegmentKind.HOLD),
            moved=self.moved,
            vip=self.vip,
            complaint=self.complaint,
            survey_score=self.score,
            node=self.leg.node,
            routing_hash=self.routing.content_hash,
            legs=tuple(diary.legs),
            segments=tuple(diary.segments),
            offers=tuple(diary.offers),
            story=tuple(diary.story),
        )
        self.hands.write(CallClosed(record))


def _agent(routing: Routing, agent: AgentId | None) -> AgentId | None:
    return agent if agent is not None and agent in routing.agents.agents else None


def _nothing(_: Interpreter) -> None:
    """No dialogue goes on."""


def _nothing_at_all() -> None:
    """Nobody waits for it."""


CAUSES: Final = {
    "normal": "NORMAL_CLEARING",
    "busy": "USER_BUSY",
    "rejected": "CALL_REJECTED",
    "congestion": "NORMAL_CIRCUIT_CONGESTION",
    "unavailable": "NORMAL_TEMPORARY_FAILURE",
}
"""The network's words for a flow's."""

_REFUSALS: Final = {
    "NO_ANSWER": do.Refusal.NO_ANSWER,
    "NO_USER_RESPONSE": do.Refusal.UNREACHABLE,
    "USER_BUSY": do.Refusal.BUSY,
    "USER_NOT_REGISTERED": do.Refusal.UNREACHABLE,
    "SUBSCRIBER_ABSENT": do.Refusal.UNREACHABLE,
    "RECOVERY_ON_TIMER_EXPIRE": do.Refusal.UNREACHABLE,
    "DESTINATION_OUT_OF_ORDER": do.Refusal.UNREACHABLE,
}
"""What a hangup cause says of the agent; any other is a declined call."""

_OUTCOMES: Final = {
    out.Outcome.ABANDONED: CallOutcome.ABANDONED,
    out.Outcome.NO_AGENTS: CallOutcome.NO_AGENTS,
    out.Outcome.QUEUE_FULL: CallOutcome.QUEUE_FULL,
    out.Outcome.TIMED_OUT: CallOutcome.TIMED_OUT,
    out.Outcome.TOO_LONG: CallOutcome.TIMED_OUT,
}

_ACTS: Final[dict[type, Callable[[LiveCall, Any], None]]] = {
    ivr.Note: LiveCall._note,
    ivr.Play: LiveCall._play,
    ivr.StopPlay: LiveCall._stop_play,
    ivr.ListenUntil: LiveCall._nothing_to_do,
    ivr.RequestHttp: LiveCall._fetch,
    ivr.EnterQueue: LiveCall._enter_queue,
    ivr.LeaveQueue: LiveCall._leave_queue,
    ivr.RecordVoicemail: LiveCall._voicemail,
    ivr.AskCallback: LiveCall._callback,
    ivr.TransferTo: LiveCall._transfer,
    ivr.Abandon: LiveCall._abandon,
    ivr.SetLanguage: LiveCall._set_language,
    ivr.RecordScore: LiveCall._score,
    ivr.Hangup: LiveCall._hang_up,
}
