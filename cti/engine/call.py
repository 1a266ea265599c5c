"""One call from its arrival to its record: what the switch tells of it, and the flows that it goes through.

A call is always in one phase. Whatever comes too late for it finds another phase, and is ignored there. Its parts lie
in rooms of their own: `queueing`, `partners` (agents), `outside`, `talks` (messages, calls back), `tape`, `diary`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from cti.acd import commands as do
from cti.config.callers import BLACKLIST, DO_NOT_RECORD
from cti.config.hotlines import Hotline
from cti.config.places import FLOWS
from cti.config.routing import Routing
from cti.engine.diary import Diary
from cti.engine.hands import Hands, Leg
from cti.engine.outside import Outside
from cti.engine.partners import Partners
from cti.engine.plan import is_vip
from cti.engine.queueing import Queueing
from cti.engine.surroundings import CallSurroundings
from cti.engine.talks import Talks
from cti.engine.tape import Tape
from cti.engine.transfers import Transfers
from cti.ids import CallId, LegId, QueueId
from cti.ivr import actions as ivr
from cti.ivr import inputs
from cti.ivr.facts import Facts
from cti.ivr.interpreter import Interpreter
from cti.ivr.prompts import Piece, spoken
from cti.ivr.steps import Flow
from cti.ivr.values import Language
from cti.records.entries import CallClosed, CallOpened, CallOutcome, CallRecord, LegKind, SegmentKind, Termination
from cti.records.store import Earlier

if TYPE_CHECKING:
    from cti.engine.engine import Engine

GUARD: Final = 30
"""Seconds after which the switch takes a caller to the fallback, unless we have said meanwhile that we are there."""
GUARD_EVERY: Final = 10.0


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


class LiveCall:
    """A call that is up, or whose agent wraps up."""

    def __init__(self, engine: "Engine", id_: CallId, arrival: Arrival) -> None:
        self.engine = engine
        self.hands: Hands = engine.hands
        self.id: CallId = id_
        self.arrival = arrival
        self.leg = arrival.leg
        self.routing: Routing = engine.routing
        """The call keeps the one that it began with."""
        self.hotline: Hotline = self.routing.hotlines[arrival.hotline]
        self.zone = ZoneInfo(self.hotline.timezone)
        self.legs = {self.leg.id}
        """Every leg that it has or had."""
        self.phase = Phase.ARRIVING
        self.ours = False
        self.earlier: Earlier | None = None
        self.vip = is_vip(self.routing.callers, arrival.ani)
        self.complaint = False
        self.interpreter: Interpreter | None = None
        self.language: Language = self.hotline.language
        self.queue: QueueId | None = None
        """The last one."""
        self.survey: str | None = None
        """The flow after the talk."""
        self.moved = 0
        self.outcome = CallOutcome.IVR_ONLY
        self.termination = Termination.CALLER
        self.diary = Diary()
        self.queueing: Queueing = Queueing(self)
        self.agents: Partners = Partners(self)
        self.outside: Outside = Outside(self)
        self.transfers: Transfers = Transfers(self)
        self.talks: Talks = Talks(self)
        self.tape: Tape = Tape(self)
        self._flow = ""
        self._in_survey = False
        self._variables: Mapping[str, str] = {}
        self._executions: dict[str, Callable[[], None]] = {}
        """What to do when something that we had played is over, by its id."""
        self._score: int | None = None
        self._cause = ""
        self._ended_at: datetime | None = None
        self.diary.leg_made(self.leg.id, LegKind.CALLER, arrival.at, number=arrival.ani[:64])

    # Short ways

    @property
    def now(self) -> datetime:
        """The time of what is being handled: the switch's, where it told it."""
        return self.engine.at

    @property
    def is_up(self) -> bool:
        """The caller is there."""
        return self.phase is not Phase.OVER

    @property
    def is_recorded(self) -> bool:
        """Whether its conversations are."""
        return self.hotline.record and DO_NOT_RECORD not in self.routing.callers.of(self.arrival.ani)

    def say(self, text: str, where: str = "", **more: str | int) -> None:
        """A line of the call's story, and of the log, which has `more`."""
        self.diary.note(self.now, text, where)
        self.engine.log.info(text, call_id=self.id, **more, **({"where": where} if where else {}))

    def new_leg(self) -> Leg:
        """A leg of this call that is to be rung."""
        leg = Leg(self.leg.node, LegId(self.hands.new_id()))
        self.engine.legs[leg.id] = self
        self.legs.add(leg.id)
        return leg

    # Arriving

    def arrive(self) -> None:
        """Claims the call and looks the customer up, both at once."""
        arrival = self.arrival
        where = str(self.routing.where("hotlines", arrival.hotline, of_key=True))
        self.say(f"{arrival.hotline} is called", where, ani=arrival.ani[:32] or "withheld", place=arrival.place)
        self.hands.claim(self.leg, self.id)
        self.hands.look_up(self.id, arrival.customer, arrival.at, self.zone)

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
        if earlier.calls_today:
            self.say(f"call {earlier.calls_today + 1} of this customer today")
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
        if BLACKLIST in self.routing.callers.of(arrival.ani):
            self.say(f"the call is not taken: {BLACKLIST}", str(self.routing.where("lists", BLACKLIST)))
            self.outcome, self.termination = CallOutcome.REFUSED, Termination.SERVER
            self.end("CALL_REJECTED")
            return
        variables = {"hotline": arrival.hotline, "repeat": str(earlier.calls_today)}
        self.hands.set_variables(self.leg, {"call_id": self.id, **variables})
        self.guard()
        self.hands.answer(self.leg)
        self.engine.after(GUARD_EVERY, self._guard_again)

    def guard(self) -> None:
        """We are there: the switch need not take over for a while."""
        self.hands.guard(self.leg, GUARD)

    def _guard_again(self) -> None:
        if self.phase is Phase.FLOW and not self.outside.is_up:
            self.guard()
        if self.is_up:
            self.engine.after(GUARD_EVERY, self._guard_again)

    def answered(self) -> None:
        """The caller's leg is answered: the flow begins."""
        self.diary.leg_answered(self.leg.id, self.now)
        if self.phase is Phase.FLOW and self.interpreter is None:
            self.run(self.hotline.flow)

    # Flows

    def facts(self, **more: Any) -> Facts:
        """What flows know of the call."""
        earlier, agents = self.earlier or Earlier(), self.diary.agents
        known: dict[str, Any] = {
            "hotline": self.arrival.hotline,
            "zone": self.zone,
            "language": self.language,
            "ani": self.arrival.ani if self.arrival.customer else "",
            "dnis": self.arrival.dnis,
            "place": self.arrival.place,
            "hours": self.hotline.hours,
            "calls_today": earlier.calls_today + 1,
            "calls_in_7_days": earlier.calls_in_7_days + 1,
            "variables": dict(self._variables),
        }
        if self.queue is not None:
            known["queue"] = self.routing.queues[self.queue].name
        if agents:
            known |= {"agent_id": agents[-1], "agent_name": self.routing.agents.agents[agents[-1]].name}
        return Facts(**{**known, **more})

    def interpret(self, flows: Mapping[str, Flow], before: Interpreter | None) -> Interpreter:
        """An interpreter for flows of this call, whose waits have other numbers than those of the one before."""
        surroundings = CallSurroundings(self.routing, self.arrival.ani, self.engine.notices)
        return Interpreter(flows, self.facts(), surroundings, first_wait=before.next_wait if before else 1)

    def run(self, flow: str, *, survey: bool = False) -> None:
        """Leads the caller into a flow, from whatever was before."""
        self.phase, self._in_survey, self._flow = Phase.FLOW, survey, flow
        self.interpreter = self.interpret(self.routing.flows, self.interpreter)
        self._act(self.interpreter.start(flow, self.engine.wall))

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
        self.language, self._variables = interpreter.language, interpreter.variables
        kind = SegmentKind.SURVEY if self._in_survey else SegmentKind.IVR
        if interpreter.ended or self.queueing.waits:
            self.diary.end(kind, self.now)
        elif not self.diary.is_open(kind):
            self.diary.begin(kind, self.now, self._flow)
        self.expect(interpreter, self.tell_flow)

    def expect(self, interpreter: Interpreter, tell: Callable[[inputs.Input], None]) -> None:
        """Tells a flow when the time of what it waits for is over, if it still waits for that then."""
        wait, deadline = interpreter.wait, interpreter.deadline

        def over() -> None:
            if not interpreter.ended and (interpreter.wait, interpreter.deadline) == (wait, deadline):
                tell(inputs.TimedOut(wait))

        if deadline is not None:
            self.engine.at_wall(deadline, over)

    def _note(self, note: ivr.Note) -> None:
        text = f"{note.step}: {note.why}" if note.step else note.why
        where = str(self.routing.where(FLOWS, note.flow, *note.path)) if note.flow in self.routing.flows else ""
        self.say(f"{text} → {note.target}" if note.target else text, where)

    def _play(self, play: ivr.Play) -> None:
        self.diary.note(self.now, f"hears {spoken(play.pieces)}")
        self.speak(play.pieces, lambda: self.tell_flow(inputs.PlayDone(play.wait)))

    def speak(self, pieces: Sequence[Piece], then: Callable[[], None]) -> None:
        """Plays pieces to the caller; `then` when they have been played, or are broken off by the switch."""
        execution = self.hands.new_id()
        self._executions[execution] = then
        self.hands.speak(self.leg, pieces, execution)

    def executed(self, execution: str) -> None:
        """Something that was played is over."""
        then = self._executions.pop(execution, None)
        if then is not None:
            then()

    def hush(self, _: ivr.StopPlay | None = None) -> None:
        """Stops what plays; nobody waits for its end any more."""
        self._executions.clear()
        self.hands.stop(self.leg)

    def _voicemail(self, step: ivr.RecordVoicemail) -> None:
        self.talks.take_message(step.queue, lambda left: self.tell_flow(inputs.VoicemailDone(step.wait, left)))

    def _callback(self, step: ivr.AskCallback) -> None:
        self.talks.ask_callback(step.queue, lambda agreed: self.tell_flow(inputs.CallbackDone(step.wait, agreed)))

    def _keep_score(self, action: ivr.RecordScore) -> None:
        self._score = action.score

    def _hang_up(self, action: ivr.Hangup) -> None:
        self.end(CAUSES[action.cause])

    def key(self, key: str) -> None:
        """The caller pressed a key."""
        if not self.talks.key(key) and not self.queueing.key(key):
            self.tell_flow(inputs.Key(key))

    # Between flows and people

    def talking(self) -> None:
        """An agent has the caller: nothing that was to be played matters any more."""
        self.phase = Phase.TALKING
        self._executions.clear()

    def waiting(self) -> None:
        """The caller is nobody's at the moment: in a queue again, or listening to music."""
        self.phase = Phase.FLOW

    def parked(self) -> None:
        """The caller's leg is alone again."""
        if self.transfers.is_up:
            self.transfers.caller_waits()
        elif self.agents.talk is None:
            self.talk_is_over()

    def talk_is_over(self) -> None:
        """The agent has gone, the caller is there: the survey, or the end."""
        if self.phase is not Phase.TALKING or self.agents.talk is not None:
            return
        survey, self.survey = self.survey, None
        if survey is None:
            self.end()
            return
        self.guard()
        self.run(survey, survey=True)

    def wait_again(self) -> None:
        """Back into the queue that the caller comes from."""
        if not self.is_up:
            return
        if self.queue is None:
            self.end()
            return
        self.queueing.enter_again(self.queue)

    # Legs that we rang

    def other_answered(self, leg: LegId) -> None:
        """An agent, or a number outside, picks up; they can be bridged when they are parked, a moment later."""
        self.diary.leg_answered(leg, self.now)

    def other_parked(self, leg: LegId) -> None:
        """Somebody whom we rang has picked up and waits for us."""
        if self.outside.has(leg):
            self.outside.answered()
        elif self.transfers.has(leg):
            self.transfers.answered()
        else:
            self.agents.answered(leg)

    def other_ended(self, leg: LegId, cause: str) -> None:
        """An agent's leg, or that of a number outside, is gone."""
        self.ring_failed(leg, cause)
        self.agents.ended(leg, cause)

    def ring_failed(self, leg: LegId, cause: str) -> None:
        """Somebody who was rung does not talk to us."""
        self.diary.leg_ended(leg, self.now, cause)
        if self.outside.has(leg):
            self.outside.gone(cause)
        elif self.transfers.has(leg):
            self.transfers.gone(cause)
        else:
            self.agents.failed(leg, cause)

    # The end

    def end(self, cause: str = "NORMAL_CLEARING") -> None:
        """Hangs up on the caller; the record is closed when the leg is gone."""
        if self.is_up:
            if self.termination is Termination.CALLER:  # nobody else has ended it
                self.termination = Termination.SERVER
            self.hands.hang_up(self.leg, cause)

    def gone(self, cause: str) -> None:
        """The caller's leg has ended."""
        if self._ended_at is not None:
            return
        waited = self.queueing.waits
        self.phase, self._cause, self._ended_at = Phase.OVER, cause, self.now
        self.engine.over[self] = None
        self.diary.leg_ended(self.leg.id, self.now, cause)
        self.talks.keep_message()
        self.tape.stop(leg_is_there=False)
        self.tell_flow(inputs.HungUp())
        self.outside.drop()
        self.transfers.drop()
        self.agents.caller_gone()
        if waited:
            self.engine.decide(do.HungUp(self.id))
        self.say(f"the call is over: {cause}")

    @property
    def finished(self) -> bool:
        """Nothing more will happen to it: nobody wraps up, and every phone that was rung is silent."""
        return self._ended_at is not None and not self.agents.wrapping and not self.diary.has_legs

    def close(self) -> None:
        """Hands the record over. The call is forgotten after this."""
        self.diary.finish(self.now)
        if self.ours:
            self.hands.write(CallClosed(self._record()))

    def _record(self) -> CallRecord:
        diary, arrival, earlier = self.diary, self.arrival, self.earlier or Earlier()
        return CallRecord(
            id=self.id,
            started_at=arrival.at,
            ended_at=self._ended_at or self.now,
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
            hangup_cause=self._cause,
            waited=diary.seconds(SegmentKind.QUEUE),
            talked=diary.seconds(SegmentKind.TALK),
            held=diary.seconds(SegmentKind.HOLD),
            moved=self.moved,
            vip=self.vip,
            complaint=self.complaint,
            survey_score=self._score,
            node=self.leg.node,
            routing_hash=self.routing.content_hash,
            legs=tuple(diary.legs),
            segments=tuple(diary.segments),
            offers=tuple(diary.offers),
            story=tuple(diary.story),
        )


CAUSES: Final = {
    "normal": "NORMAL_CLEARING",
    "busy": "USER_BUSY",
    "rejected": "CALL_REJECTED",
    "congestion": "NORMAL_CIRCUIT_CONGESTION",
    "unavailable": "NORMAL_TEMPORARY_FAILURE",
}
"""The network's words for a flow's."""


def _nothing(call: LiveCall, action: ivr.Action) -> None:
    """Listening is done by waiting; the language is read from the interpreter."""


_ACTS: Final[dict[type, Callable[[LiveCall, Any], None]]] = {
    ivr.Note: LiveCall._note,
    ivr.Play: LiveCall._play,
    ivr.StopPlay: LiveCall.hush,
    ivr.ListenUntil: _nothing,
    ivr.SetLanguage: _nothing,
    ivr.RequestHttp: lambda call, action: call.hands.fetch(call.id, action),
    ivr.EnterQueue: lambda call, action: call.queueing.enter(action),
    ivr.LeaveQueue: lambda call, action: call.queueing.leave(action),
    ivr.RecordVoicemail: LiveCall._voicemail,
    ivr.AskCallback: LiveCall._callback,
    ivr.TransferTo: lambda call, action: call.outside.ring(action.number, action.wait),
    ivr.Abandon: lambda call, action: call.outside.drop(action.wait),
    ivr.RecordScore: LiveCall._keep_score,
    ivr.Hangup: LiveCall._hang_up,
}
