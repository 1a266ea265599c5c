"""A call in a queue: music, what is said between it, and how it leaves without an agent."""

from typing import TYPE_CHECKING, Final

from cti.acd import commands as do
from cti.acd import effects as out
from cti.acd.commands import Exit
from cti.acd.model import Caller, Elsewhere, Leave
from cti.engine import dialogues
from cti.engine.surroundings import CallSurroundings
from cti.ids import QueueId
from cti.ivr import actions as ivr
from cti.ivr import inputs
from cti.ivr.compose import compose
from cti.records.entries import CallOutcome, SegmentKind, Termination
from cti.records.store import Earlier

if TYPE_CHECKING:
    from cti.engine.call import LiveCall


class Queueing:
    """One call's."""

    def __init__(self, call: "LiveCall") -> None:
        self._call = call
        self._step: ivr.EnterQueue | None = None
        """The flow's step that waits."""
        self._asked = False
        """A flow or a person has asked for the queue that it is about to enter; otherwise a rule has."""
        self._callback_offered = False

    @property
    def waits(self) -> bool:
        """The call is in a queue, and no agent has it."""
        return self._step is not None

    def enter(self, step: ivr.EnterQueue) -> None:
        """The flow leads into a queue."""
        call = self._call
        self._step, call.survey, self._asked = step, step.survey, True
        self._music(step.queue)
        earlier = call.earlier or Earlier()
        last = earlier.last_agent if earlier.last_agent in call.routing.agents.agents else None
        caller = Caller(call.vip, earlier.calls_today + 1, earlier.calls_in_7_days + 1, last)
        call.engine.decide(do.Enqueue(call.id, step.queue, caller))

    def enter_again(self, queue: QueueId) -> None:
        """Back into a queue, without a flow: a person, or a lost phone, has sent the call."""
        call = self._call
        self._step, self._asked = ivr.EnterQueue(inputs.WaitId(0), queue, call.survey), True
        call.moved += 1
        call.waiting()
        call.guard()
        self._music(queue)
        call.engine.decide(do.Enqueue(call.id, queue, Caller(call.vip), escalate=False))

    def _music(self, queue: QueueId) -> None:
        call = self._call
        call.hands.music(call.leg, call.routing.queues[queue].music, call.hands.new_id())

    def served(self) -> None:
        """An agent has the call."""
        step, self._step = self._step, None
        if step is not None:
            self._call.tell_flow(inputs.QueueLeft(step.wait, inputs.Left.ANSWERED))

    def leave(self, step: ivr.LeaveQueue) -> None:
        """The flow takes the caller out: an exit key, or they have gone."""
        self._step = None
        if step.key:
            self._call.engine.decide(do.Left(self._call.id, Exit.KEY))
            self._call.hush()

    def key(self, key: str) -> bool:
        """A key; False: it means nothing here."""
        step, call = self._step, self._call
        if step is None or not self._callback_offered or key != dialogues.CALLBACK_KEY:
            return False
        self._step, self._callback_offered = None, False
        call.engine.decide(do.Left(call.id, Exit.CALLBACK))
        call.hush()

        def asked(agreed: bool) -> None:
            call.tell_flow(inputs.QueueLeft(step.wait, inputs.Left.CALLBACK if agreed else inputs.Left.GIVEN_BACK))

        call.talks.ask_callback(step.queue, asked)
        return True

    # What the distributor says

    def entered(self, effect: out.EntryOpened) -> None:
        """The call waits in a queue."""
        call = self._call
        call.moved += not self._asked
        call.queue, self._asked = effect.queue, False
        call.diary.begin(SegmentKind.QUEUE, call.now, effect.queue)
        call.hands.set_variables(call.leg, {"queue": effect.queue, "since": call.now.isoformat()})
        call.say(f"waits in {effect.queue} at position {effect.position}", effect.rule)

    def left(self, effect: out.EntryClosed) -> None:
        """It does not any longer."""
        call, estimates = self._call, effect.estimates
        guess = f"{estimates.by_length:.0f}" if estimates.by_length is not None else "none"
        detail = f"estimated {guess} s by length, {estimates.by_head:.0f} s by head"
        call.diary.end(SegmentKind.QUEUE, call.now, effect.outcome, detail)
        call.say(f"left {effect.queue} after {effect.waited:.1f} s: {effect.outcome}", effect.rule)
        call.outcome = _OUTCOMES.get(effect.outcome, call.outcome)

    def announce(self, effect: out.Announced) -> None:
        """Between the music: the place, the wait, the offer of a call back."""
        call = self._call
        if self._step is None or call.agents.ring:
            return  # it rings already: an agent may answer any moment
        minutes = None if effect.estimated_wait is None else max(1, round(effect.estimated_wait / 60))
        self._callback_offered = self._callback_offered or effect.callback
        facts = call.facts(position=effect.position, wait_minutes=minutes)
        surroundings = CallSurroundings(call.routing, call.arrival.ani, call.engine.notices)
        pieces = [
            piece
            for prompt in dialogues.announcement(call.language, wait=minutes is not None, callback=effect.callback)
            for piece in compose(prompt, facts, call.language, call.engine.wall, surroundings)
        ]
        call.hush()
        call.speak(pieces, self._go_on)
        call.say(f"hears {'the offer of a call back' if effect.callback else f'position {effect.position}'}")

    def _go_on(self) -> None:
        if self._step is not None and self._call.queue is not None:
            self._music(self._call.queue)

    def widened(self, effect: out.Widened) -> None:
        """More agents may have it."""
        self._call.say(f"{effect.queue} is opened to more agents", effect.rule)

    def sent(self, effect: out.Sent) -> None:
        """A rule leads the call out of the queues."""
        call = self._call
        step, self._step = self._step, None
        call.hush()
        call.say(f"goes to {effect.to.kind} {effect.to.name}".rstrip(), effect.rule)
        if step is not None:
            call.tell_flow(inputs.QueueLeft(step.wait, inputs.Left.MOVED))
        self._go(effect.to)

    def _go(self, to: Leave) -> None:
        call = self._call
        match to.kind:
            case Elsewhere.FLOW:
                call.run(to.name)
            case Elsewhere.VOICEMAIL:
                call.talks.take_message(QueueId(to.name), lambda _: call.end())
            case Elsewhere.NUMBER:
                call.outside.ring(to.name, None)
            case Elsewhere.HANGUP:
                call.termination = Termination.SERVER
                call.end()


_OUTCOMES: Final = {
    out.Outcome.ABANDONED: CallOutcome.ABANDONED,
    out.Outcome.NO_AGENTS: CallOutcome.NO_AGENTS,
    out.Outcome.QUEUE_FULL: CallOutcome.QUEUE_FULL,
    out.Outcome.TIMED_OUT: CallOutcome.TIMED_OUT,
    out.Outcome.TOO_LONG: CallOutcome.TIMED_OUT,
}
