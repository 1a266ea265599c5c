"""An agent sends the caller on: to a queue, another agent or a number outside; at once, or after a word with them.

While the agent speaks with whom they have rung, the caller hears music. When that comes to nothing, the caller is with
the agent again; when the agent has gone meanwhile, in the queue again. Nobody is left alone.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cti.acd import commands as do
from cti.acd.transitions import Standing
from cti.engine.hands import Leg
from cti.engine.inputs import ToAgent, ToNumber, ToQueue, Transfer
from cti.engine.partners import Partner
from cti.ids import AgentId, CallId, LegId
from cti.records.entries import LegKind
from cti.switch.port import Number, ShownCaller

if TYPE_CHECKING:
    from cti.engine.call import LiveCall

RINGS = 30
"""Seconds."""


@dataclass(slots=True)
class _Consultation:
    leg: Leg
    to: ToAgent | ToNumber
    by: Partner
    """The agent who sends the caller on."""
    attended: bool
    job: CallId
    """What the other agent is busy with, as the distributor knows it."""
    answered: bool = False


class Transfers:
    """One call's. At most one goes on at a time."""

    def __init__(self, call: "LiveCall") -> None:
        self._call = call
        self._running: _Consultation | None = None
        self._count = 0

    @property
    def is_up(self) -> bool:
        """Somebody is rung, or spoken with."""
        return self._running is not None

    def has(self, leg: LegId) -> bool:
        """Whether it is the leg of the one who was rung."""
        return self._running is not None and self._running.leg.id == leg

    def begin(self, transfer: Transfer) -> None:
        """Sends the caller on. What cannot be done is told, and changes nothing."""
        call, talk = self._call, self._call.agents.talk
        if talk is None or self._running is not None:
            call.say("cannot be transferred: no agent talks, or a transfer goes on")
            return
        match transfer.to:
            case ToQueue(queue) if queue in call.engine.routing.queues:
                self._to_queue(talk, transfer.to)
            case ToAgent(agent) if not self._is_free(agent):
                call.say(f"cannot be transferred: {agent} is not free")
            case ToAgent() | ToNumber():
                self._ring(talk, transfer.to, attended=transfer.attended)
            case _:
                call.say(f"cannot be transferred: {transfer.to} is not there")

    def _is_free(self, agent: AgentId) -> bool:
        known = self._call.engine.acd.floor.agents.get(agent)
        return known is not None and known.standing is Standing.IDLE

    def _to_queue(self, talk: Partner, to: ToQueue) -> None:
        call = self._call
        call.say(f"{talk.agent} sends the caller to queue {to.queue}")
        call.agents.over(talk, f"to queue {to.queue}")
        call.tape.stop()
        call.hands.hang_up(talk.leg)
        call.queueing.enter_again(to.queue)

    def _ring(self, talk: Partner, to: ToAgent | ToNumber, *, attended: bool) -> None:
        call = self._call
        self._count += 1
        leg, job = call.new_leg(), CallId(f"{call.id}-{self._count}")
        self._running = _Consultation(leg, to, talk, attended, job)
        shown = ShownCaller(call.arrival.ani, call.arrival.hotline)
        if isinstance(to, ToAgent):
            call.diary.leg_made(leg.id, LegKind.AGENT, call.now, agent=to.agent)
            call.engine.decide(do.TakeOwnCall(to.agent, job))
            call.hands.ring(leg, call.engine.endpoint(to.agent), call.id, shown, RINGS)
        else:
            call.diary.leg_made(leg.id, LegKind.OUTSIDE, call.now, number=to.number)
            call.hands.ring(leg, Number(to.number), call.id, ShownCaller(call.arrival.dnis), RINGS)
        call.say(f"{talk.agent} {'asks' if attended else 'sends the caller to'} {_name(to)}")

    def answered(self) -> None:
        """Whoever was rung picks up."""
        call, running = self._call, self._running
        if running is None:
            return
        running.answered = True
        if running.attended and call.agents.talk is running.by:
            call.hands.bridge(running.by.leg, running.leg)
        else:
            self._connect(running)

    def caller_waits(self) -> None:
        """The caller is alone while the agent speaks with the other."""
        call, running = self._call, self._running
        if running is None or not running.attended:
            return
        call.agents.held(True)
        music = call.routing.queues[call.queue].music if call.queue else "moh"
        call.hands.music(call.leg, music, call.hands.new_id())

    def finish(self, complete: bool) -> None:
        """The agent leaves the two together, or comes back."""
        running = self._running
        if running is None:
            self._call.say("no transfer goes on")
        elif complete and running.answered:
            self._connect(running)
        elif not complete:
            self._back(running, "taken back")

    def _connect(self, running: _Consultation) -> None:
        """The caller and the new one; the agent has done their part."""
        call, talk = self._call, self._call.agents.talk
        self._running = None
        call.moved += 1
        call.hands.bridge(call.leg, running.leg)
        if talk is not None:
            call.agents.over(talk, f"to {_name(running.to)}")
            call.tape.stop()
            call.hands.hang_up(talk.leg)
        if isinstance(running.to, ToAgent):
            call.agents.take_over(Partner(running.leg, running.to.agent, running.job))
        else:
            call.outside.take_over(running.leg)
        call.say(f"is with {_name(running.to)}")

    def gone(self, cause: str) -> None:
        """Whoever was rung is not there, or not any longer."""
        if self._running is not None:
            self._back(self._running, cause)

    def _back(self, running: _Consultation, why: str) -> None:
        call, talk = self._call, self._call.agents.talk
        call.say(f"{_name(running.to)}: {why}")
        if talk is not None and running.answered:
            call.hands.bridge(call.leg, talk.leg)  # before the other is hung up on: that would end the agent's leg, too
            call.agents.held(False)
        self._end(running)
        if talk is None:
            call.wait_again()

    def agent_left(self) -> bool:
        """The agent has hung up while somebody was rung: the transfer goes on without them. False: none goes on."""
        running = self._running
        if running is None:
            return False
        if running.answered:
            self._connect(running)
        else:
            running.attended = False
        return True

    def drop(self) -> None:
        """The caller has gone: nobody else is needed."""
        if self._running is not None:
            self._end(self._running)

    def _end(self, running: _Consultation) -> None:
        self._running = None
        self._call.hands.hang_up(running.leg, "ORIGINATOR_CANCEL")
        if isinstance(running.to, ToAgent):
            self._call.engine.decide(do.Release(running.job))


def _name(to: ToAgent | ToNumber) -> str:
    return to.agent if isinstance(to, ToAgent) else to.number
