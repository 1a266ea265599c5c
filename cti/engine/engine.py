"""The life of all calls: one input, then everything that follows from it, then the next input.

It does no input or output itself: what is to be done goes to `hands`, what comes of it comes back as an input. So the
same engine runs on a switch and in a test with virtual time.
"""

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from phonenumbers import NumberParseException, carrier
from phonenumbers import parse as parse_number

import cti.switch.port as port
from cti.acd import commands as do
from cti.acd import effects as out
from cti.acd.commands import Presence
from cti.acd.machine import Distributor
from cti.acd.transitions import Activity
from cti.config.agents import RegisteredPhone, SipAddress
from cti.config.numbers import e164
from cti.config.routing import Routing
from cti.engine import inputs as in_
from cti.engine.call import Arrival, LiveCall, Phase
from cti.engine.hands import Hands, Leg
from cti.engine.moment import Agenda, Moment
from cti.engine.partners import Partners
from cti.engine.place import place_of
from cti.engine.plan import plan_of
from cti.engine.queueing import Queueing
from cti.engine.surroundings import NoticeOf, no_notices
from cti.ids import AgentId, CallId, LegId, NodeName
from cti.ivr import inputs as ivr
from cti.ivr.prompts import Piece, Recording
from cti.records.entries import AgentState

MOST_ARRIVING: Final = 10_000
"""New legs of which we remember who they are until they are parked."""

FORGOTTEN_AFTER: Final = 5.0
"""Seconds that a leg may be unknown to the switch, or to us, before that is healed: events are on their way."""


class Engine:
    """Every live call, the distributor, and what is due. `handle` is the only way in."""

    def __init__(self, routing: Routing, hands: Hands, now: Moment, *, sign_in_by_phone: bool = True) -> None:
        self.routing = routing
        self.hands = hands
        self.acd = Distributor(plan_of(routing), now.steady)
        self.calls: dict[CallId, LiveCall] = {}
        self.legs: dict[LegId, LiveCall] = {}
        self.over: dict[LiveCall, None] = {}
        """Calls whose caller has gone, in that order."""
        self.wrapping: dict[AgentId, LiveCall] = {}
        """Which call an agent wraps up."""
        self.steady, self.wall, self.at = now.steady, now.wall, now.wall
        self.notices: NoticeOf = no_notices
        self.beep: Piece = Recording(":beep")
        self.log: Any = structlog.get_logger()
        self._sign_in_by_phone = sign_in_by_phone
        self._agenda = Agenda()
        self._effects: deque[out.Effect] = deque()
        self._arriving: dict[LegId, port.LegCreated] = {}
        self._declared: dict[AgentId, tuple[str, str]] = {}
        self._missing: dict[LegId, float] = {}
        self._agents_there(now)

    # In

    def handle(self, event: in_.Input, now: Moment) -> None:
        """One input, and everything that follows from it."""
        self.steady, self.wall, self.at = now.steady, now.wall, now.wall
        while (do_it := self._agenda.take(now.steady)) is not None:
            do_it()
        self._effects.extend(self.acd.advance(now.steady))
        self._drain()
        _INPUTS[type(event)](self, event)
        self._drain()

    def stop(self) -> None:
        """The server stops: calls go on without us, but those whose caller has gone are over."""
        for call in self.calls.values():
            if not call.is_up:
                call.close()
        self.calls.clear()

    def due(self) -> float | None:
        """When a Tick has to come at the latest, on the steady clock."""
        return min((due for due in (self._agenda.next, self.acd.next_deadline()) if due is not None), default=None)

    # What calls use

    def decide(self, command: do.Command) -> None:
        """Tells the distributor; what it decides is carried out when what goes on now is over."""
        self._effects.extend(self.acd.handle(command, self.steady))

    def after(self, seconds: float, do_it: Callable[[], None]) -> None:
        """Later."""
        self._agenda.at(self.steady + seconds, do_it)

    def at_wall(self, when: datetime, do_it: Callable[[], None]) -> None:
        """At a time of the wall clock, measured from now by the steady one."""
        self.after(max(0.0, (when - self.wall).total_seconds()), do_it)

    def customer(self, number: str) -> str | None:
        """Whose number it is, in E.164; None: nobody's."""
        return e164(number, self.routing.callers.region)

    def endpoint(self, agent: AgentId) -> port.Endpoint:
        """What rings for an agent."""
        endpoint = self.routing.agents.endpoint(agent)
        if isinstance(endpoint, RegisteredPhone):
            return port.Phone(endpoint.user)
        return port.SipUri(endpoint.uri) if isinstance(endpoint, SipAddress) else port.Number(endpoint.number)

    # Effects of the distributor

    def _drain(self) -> None:
        while self._effects:
            effect = self._effects.popleft()
            _EFFECTS[type(effect)](self, effect)
        for call in [call for call in self.over if call.finished]:
            call.close()
            del self.over[call], self.calls[call.id]
            for leg in call.legs:
                self.legs.pop(leg, None)

    def _of_call(self, effect: Any, do_it: Callable[[LiveCall, Any], None]) -> None:
        call = self.calls.get(effect.call)
        if call is not None:
            do_it(call, effect)

    def _agent_changed(self, effect: out.AgentChanged) -> None:
        self.hands.write(
            AgentState(
                effect.agent,
                self.at,
                effect.presence,
                effect.reason,
                effect.activity,
                effect.registered,
                effect.call,
                effect.lasted,
            )
        )
        declared = (effect.presence, effect.reason)
        if self._declared.get(effect.agent, (Presence.LOGGED_OUT, "")) != declared:  # calls tell of the rest
            self._declared[effect.agent] = declared
            self.log.info("agent", agent=effect.agent, presence=effect.presence, reason=effect.reason)
        if effect.activity not in (Activity.WRAP_UP, Activity.ON_CALL):
            call = self.wrapping.pop(effect.agent, None)
            if call is not None:
                call.agents.wrapped_up(effect.agent)

    def _told(self, effect: out.Told) -> None:
        self.log.info(f"{effect.audience} told", what=effect.what, call_id=effect.call, where=effect.rule)

    def _escalation_offered(self, effect: out.EscalationOffered) -> None:
        self.log.info("escalation offered", call_id=effect.call, agent=effect.agent, queue=effect.queue)

    def _ignored(self, effect: out.Ignored) -> None:
        command = effect.command
        if isinstance(command, do.Accept):
            for call in self.calls.values():
                call.agents.no_longer(command.offer)
        self.log.debug("nothing to do", command=type(command).__name__, why=effect.why)

    # Inputs

    def _from_switch(self, told: in_.FromSwitch) -> None:
        event = told.event
        if event.at:
            self.at = datetime.fromtimestamp(event.at / 1e6, UTC)
        handler = _EVENTS.get(type(event))
        if handler is not None:
            handler(self, told.node, event)

    def _leg_created(self, node: NodeName, event: port.LegCreated) -> None:
        if event.inbound:
            self._arriving[event.leg] = event
            while len(self._arriving) > MOST_ARRIVING:
                del self._arriving[next(iter(self._arriving))]

    def _leg_parked(self, node: NodeName, event: port.LegParked) -> None:
        call = self.legs.get(event.leg)
        if call is not None:
            if call.leg.id == event.leg:
                call.parked()
            else:
                call.other_parked(event.leg)
            return
        created = self._arriving.pop(event.leg, None)
        if created is None:
            return
        leg = Leg(node, event.leg)
        if created.by_agent:
            self._agent_calls_us(leg, created)
        else:
            self._new_call(leg, created.ani, created.dnis)

    def _new_call(self, leg: Leg, ani: str, dnis: str) -> None:
        hotline = self.routing.hotline_of(dnis)
        if hotline is None:
            self.log.warning("a call to a number that no hotline has", dnis=dnis, call_id=leg.id)
            self.hands.claim(leg, CallId(leg.id))
            self.hands.hang_up(leg, "UNALLOCATED_NUMBER")
            return
        customer = self.customer(ani)
        region = self.routing.callers.region
        place, by = (place_of(ani, region), _carrier(ani, region)) if customer else ("", "")
        arrival = Arrival(leg, self.at, hotline, ani, customer, dnis, place, by)
        call = LiveCall(self, CallId(leg.id), arrival)
        self.calls[call.id] = self.legs[leg.id] = call
        call.arrive()

    def _agent_calls_us(self, leg: Leg, created: port.LegCreated) -> None:
        """An agent's phone dials: a feature code. Anything else is not there yet."""
        agent = AgentId(created.ani)
        self.hands.claim(leg, CallId(leg.id))
        code = CODES.get(created.dnis)
        if agent not in self.routing.agents.agents or code is None:
            self.log.info("an agent's phone dials what is not there", agent=agent, dnis=created.dnis)
            self.hands.hang_up(leg, "UNALLOCATED_NUMBER")
            return
        self.decide(do.SetPresence(agent, *code))
        self.hands.hang_up(leg, "NORMAL_CLEARING")

    def _leg_answered(self, node: NodeName, event: port.LegAnswered) -> None:
        call = self.legs.get(event.leg)
        if call is None:
            return
        if call.leg.id == event.leg:
            call.answered()
        else:
            call.other_answered(event.leg)

    def _legs_bridged(self, node: NodeName, event: port.LegsBridged) -> None:
        call = self.legs.get(event.leg)
        if call is not None and call.leg.id == event.leg:
            call.agents.bridged(event.other)
        elif call is not None:
            call.agents.bridged(event.leg)

    def _leg_held(self, node: NodeName, event: port.LegHeld) -> None:
        call = self.legs.get(event.leg)
        if call is not None:
            call.agents.held(event.held)

    def _key_pressed(self, node: NodeName, event: port.KeyPressed) -> None:
        call = self.legs.get(event.leg)
        if call is not None and call.leg.id == event.leg and call.phase is Phase.FLOW:
            call.key(event.key)

    def _execution_done(self, node: NodeName, event: port.ExecutionDone) -> None:
        call = self.legs.get(event.leg)
        if call is None:
            return
        if event.failure:
            self.log.warning("not played", call_id=call.id, why=event.failure)
        call.executed(event.execution)

    def _leg_ending(self, node: NodeName, event: port.LegEnding) -> None:
        """Nobody is there any more, though the switch takes up to 20 ms to tidy up.

        So an agent is free as soon as the phone is; and whose end comes first is who has hung up.
        """
        self._over(self.legs.get(event.leg), event)

    def _leg_ended(self, node: NodeName, event: port.LegEnded) -> None:
        self._arriving.pop(event.leg, None)
        self._over(self.legs.pop(event.leg, None), event)

    def _over(self, call: LiveCall | None, event: port.LegEnding | port.LegEnded) -> None:
        if call is not None and call.leg.id == event.leg:
            call.gone(event.cause)
        elif call is not None:
            call.other_ended(event.leg, event.cause)

    def _ring_failed(self, node: NodeName, event: port.RingFailed) -> None:
        call = self.legs.get(event.leg)
        if call is not None:
            call.ring_failed(event.leg, event.cause)

    def _phone_changed(self, node: NodeName, event: port.PhoneChanged) -> None:
        for agent in self._agents_at(event.user):
            self._registered(agent, event.registered)

    def _registered(self, agent: AgentId, registered: bool) -> None:
        known = self.acd.floor.agents[agent]
        if known.registered != registered:
            self.decide(do.SetRegistered(agent, registered))
            self.log.info("phone", agent=agent, registered=registered)
        if registered and self._sign_in_by_phone and known.presence is Presence.LOGGED_OUT:
            self.decide(do.SetPresence(agent, Presence.AVAILABLE))

    def _agents_at(self, user: str) -> list[AgentId]:
        agents = self.routing.agents
        return [agent for agent in agents.ids() if agents.endpoint(agent) == RegisteredPhone(user)]

    def _agents_there(self, now: Moment) -> None:
        """Agents whose phones do not register with us are taken to be there."""
        agents = self.routing.agents
        for agent in agents.ids():
            if not isinstance(agents.endpoint(agent), RegisteredPhone):
                self._effects.extend(self.acd.handle(do.SetRegistered(agent, True), now.steady))

    # A switch comes and goes

    def _switch_up(self, up: in_.SwitchUp) -> None:
        self.log.info("switch attached", node=up.node, legs=len(up.legs), phones=len(up.registered))
        self._reconcile(up.node, {leg.leg: leg for leg in up.legs}, began=self.steady, at_once=True)
        self._phones(up.registered)

    def _switch_down(self, down: in_.SwitchDown) -> None:
        self.log.error("switch lost", node=down.node, error=down.why)

    def _looked(self, looked: in_.Looked) -> None:
        self._reconcile(looked.node, {leg.leg: leg for leg in looked.legs}, looked.began, at_once=False)

    def _phones(self, registered: frozenset[str]) -> None:
        for agent in self.routing.agents.ids():
            endpoint = self.routing.agents.endpoint(agent)
            if isinstance(endpoint, RegisteredPhone):
                self._registered(agent, endpoint.user in registered)

    def _reconcile(self, node: NodeName, there: dict[LegId, port.LegState], began: float, *, at_once: bool) -> None:
        """Compares what we know with what the switch has; each difference is healed, and told."""
        missing = {leg for leg, call in self.legs.items() if call.leg.node == node and leg not in there}
        nobodys = {
            leg
            for leg, state in there.items()
            if leg not in self.legs and state.inbound and not state.by_agent and state.stage is port.Stage.PARKED
        }
        for leg in [leg for leg in self._missing if leg not in missing | nobodys]:
            del self._missing[leg]
        for leg in missing:
            since = self._missing.setdefault(leg, began)
            if at_once or began - since >= FORGOTTEN_AFTER:
                call = self.legs[leg]
                self.log.warning("healed: a leg that the switch does not have", call_id=call.id, leg_id=leg)
                self._leg_ended(node, port.LegEnded(0, leg, call.id, cause="LOST"))
                call.ring_failed(leg, "LOST")
        for leg in nobodys:
            state = there[leg]
            since = self._missing.setdefault(leg, began)
            if at_once or began - since >= FORGOTTEN_AFTER:
                del self._missing[leg]
                self.log.warning("healed: a parked call that nobody had", leg_id=leg, dnis=state.dnis)
                self._new_call(Leg(node, leg), state.ani, state.dnis)

    # Answers

    def _claimed(self, claimed: in_.Claimed) -> None:
        call = self.calls.get(claimed.call)
        if call is not None:
            call.claimed(claimed.ours)

    def _looked_up(self, answer: in_.LookedUp) -> None:
        call = self.calls.get(answer.call)
        if call is not None:
            call.looked_up(answer.earlier)

    def _fetched(self, fetched: in_.Fetched) -> None:
        call = self.calls.get(fetched.call)
        if call is None:
            return
        if fetched.failure:
            call.tell_flow(ivr.HttpFailed(fetched.wait, fetched.failure))
        else:
            call.tell_flow(ivr.HttpDone(fetched.wait, fetched.answer))

    def _verb_failed(self, failed: in_.VerbFailed) -> None:
        call = self.legs.get(failed.leg)
        quiet = isinstance(failed.error, port.LegGone)  # its end is on its way
        line = self.log.debug if quiet else self.log.warning
        line("the switch did not", verb=failed.verb, error=failed.error.what, call_id=call.id if call else "")
        if failed.verb == "ring" and call is not None:
            call.ring_failed(failed.leg, "DESTINATION_OUT_OF_ORDER")

    # Desk

    def _from_desk(self, desk: in_.FromDesk) -> None:
        command = desk.command
        if isinstance(command, do.FlagComplaint) and (call := self.calls.get(command.call)) is not None:
            call.complaint = True
        self.decide(command)

    def _transfer(self, transfer: in_.Transfer) -> None:
        call = self.calls.get(transfer.call)
        if call is not None:
            call.transfers.begin(transfer)

    def _finish_transfer(self, finish: in_.FinishTransfer) -> None:
        call = self.calls.get(finish.call)
        if call is not None:
            call.transfers.finish(finish.complete)

    def _hold(self, hold: in_.Hold) -> None:
        call = self.calls.get(hold.call)
        if call is not None and call.agents.talk is not None:
            call.agents.hold(hold.on)

    def _mask(self, mask: in_.MaskRecording) -> None:
        call = self.calls.get(mask.call)
        if call is not None:
            call.tape.mask(mask.masked)

    def _new_routing(self, new: in_.NewRouting) -> None:
        self.routing = new.routing
        self.decide(do.Replan(plan_of(new.routing)))
        self._agents_there(Moment(self.steady, self.wall))

    def _tick(self, tick: in_.Tick) -> None:
        """What is due is done before every input."""


def _carrier(number: str, region: str) -> str:
    try:
        return str(carrier.name_for_number(parse_number(number, region), "zh"))
    except NumberParseException:
        return ""


CODES: Final[dict[str, tuple[Presence, str]]] = {
    "*45": (Presence.AVAILABLE, ""),
    "*46": (Presence.LOGGED_OUT, ""),
    "*47": (Presence.ON_BREAK, "break"),
}
"""What agents dial on their phones."""

_EVENTS: Final[dict[type, Callable[[Engine, NodeName, Any], None]]] = {
    port.LegCreated: Engine._leg_created,
    port.LegParked: Engine._leg_parked,
    port.LegAnswered: Engine._leg_answered,
    port.LegsBridged: Engine._legs_bridged,
    port.LegHeld: Engine._leg_held,
    port.KeyPressed: Engine._key_pressed,
    port.ExecutionDone: Engine._execution_done,
    port.LegEnding: Engine._leg_ending,
    port.LegEnded: Engine._leg_ended,
    port.RingFailed: Engine._ring_failed,
    port.PhoneChanged: Engine._phone_changed,
}

_INPUTS: Final[dict[type, Callable[[Engine, Any], None]]] = {
    in_.FromSwitch: Engine._from_switch,
    in_.SwitchUp: Engine._switch_up,
    in_.SwitchDown: Engine._switch_down,
    in_.Looked: Engine._looked,
    in_.Claimed: Engine._claimed,
    in_.LookedUp: Engine._looked_up,
    in_.Fetched: Engine._fetched,
    in_.VerbFailed: Engine._verb_failed,
    in_.FromDesk: Engine._from_desk,
    in_.Transfer: Engine._transfer,
    in_.FinishTransfer: Engine._finish_transfer,
    in_.Hold: Engine._hold,
    in_.MaskRecording: Engine._mask,
    in_.NewRouting: Engine._new_routing,
    in_.Tick: Engine._tick,
}


def _queueing(method: Callable[[Queueing, Any], None]) -> Callable[[Engine, Any], None]:
    return lambda engine, effect: engine._of_call(effect, lambda call, what: method(call.queueing, what))


def _partners(method: Callable[[Partners, Any], None]) -> Callable[[Engine, Any], None]:
    return lambda engine, effect: engine._of_call(effect, lambda call, what: method(call.agents, what))


_EFFECTS: Final[dict[type, Callable[[Engine, Any], None]]] = {
    out.EntryOpened: _queueing(Queueing.entered),
    out.EntryClosed: _queueing(Queueing.left),
    out.Widened: _queueing(Queueing.widened),
    out.Sent: _queueing(Queueing.sent),
    out.Offered: _partners(Partners.offered),
    out.OfferEnded: _partners(Partners.offer_ended),
    out.Connected: _partners(Partners.connect),
    out.Announced: _queueing(Queueing.announce),
    out.AgentChanged: Engine._agent_changed,
    out.Told: Engine._told,
    out.EscalationOffered: Engine._escalation_offered,
    out.Ignored: Engine._ignored,
}
