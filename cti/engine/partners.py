"""The agents of a call: who is rung, who talks, and what is left for them to do when it is over."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cti.acd import commands as do
from cti.acd import effects as out
from cti.engine.hands import Leg
from cti.ids import AgentId, CallId, LegId, OfferId
from cti.records.entries import CallOutcome, LegKind, SegmentKind, Termination
from cti.switch.port import ShownCaller

if TYPE_CHECKING:
    from cti.engine.call import LiveCall

LONGER: Final = 2
"""Seconds that a phone may ring longer than the offer stands: it is we who end it."""
PARKED_WITHIN: Final = 2.0
"""Seconds after the agent's leg has ended in which the switch parks the caller."""


@dataclass(frozen=True, slots=True)
class Partner:
    """An agent's phone."""

    leg: Leg
    agent: AgentId
    job: CallId
    """By which the distributor knows what they are busy with: the call, or one of their own."""


class Partners:
    """One call's."""

    def __init__(self, call: "LiveCall") -> None:
        self._call = call
        self.ring: dict[OfferId, Partner] = {}
        """Phones that ring."""
        self.talk: Partner | None = None
        self._bridged = False
        self._music = False
        """The caller hears music that we put on."""
        self.wrapping: set[AgentId] = set()

    # Ringing

    def offered(self, effect: out.Offered) -> None:
        """An agent's phone is rung."""
        call = self._call
        leg = call.new_leg()
        self.ring[effect.offer] = Partner(leg, effect.agent, call.id)
        call.diary.offer_made(effect, call.now)
        call.diary.leg_made(leg.id, LegKind.AGENT, call.now, agent=effect.agent)
        shown = ShownCaller(call.arrival.ani, f"{call.arrival.hotline} {call.routing.queues[effect.queue].name}")
        seconds = max(1, round(effect.until - call.engine.steady)) + LONGER
        call.hands.ring(leg, call.engine.endpoint(effect.agent), call.id, shown, seconds)
        call.say(f"offered to {effect.agent}: {effect.why.rule}", effect.why.where)

    def offer_ended(self, effect: out.OfferEnded) -> None:
        """The phone must not ring any longer, unless it was answered in time."""
        call = self._call
        call.diary.offer_ended(effect.offer, call.now, effect.end)
        if effect.end is out.OfferEnd.ACCEPTED:
            return
        self.no_longer(effect.offer)
        call.say(f"{effect.agent}: {effect.end}{f', {effect.why}' if effect.why else ''}")

    def no_longer(self, offer: OfferId) -> None:
        """Stops the ringing, or whatever has become of it."""
        partner = self.ring.pop(offer, None)
        if partner is not None:
            self._call.hands.hang_up(partner.leg, "ORIGINATOR_CANCEL")

    def answered(self, leg: LegId) -> None:
        """A phone was picked up."""
        offer = self._offer_of(leg)
        if offer is not None:
            self._call.engine.decide(do.Accept(offer))
        elif not self.talks_on(leg):
            # The offer was over before this reached us: nobody is there for them.
            self._call.hands.hang_up(Leg(self._call.leg.node, leg))

    def failed(self, leg: LegId, cause: str) -> None:
        """A phone that was rung is not answered."""
        offer = self._offer_of(leg)
        if offer is not None:
            del self.ring[offer]
            self._call.engine.decide(do.Refuse(offer, _REFUSALS.get(cause, do.Refusal.DECLINED)))

    def _offer_of(self, leg: LegId) -> OfferId | None:
        return next((offer for offer, partner in self.ring.items() if partner.leg.id == leg), None)

    # Talking

    def talks_on(self, leg: LegId) -> bool:
        """Whether it is the leg of the agent who talks."""
        return self.talk is not None and self.talk.leg.id == leg

    def connect(self, effect: out.Connected) -> None:
        """The agent has answered: the two are bridged."""
        call = self._call
        talk = self.talk = self.ring.pop(effect.offer)
        self._bridged = False
        call.talking()
        call.outcome = CallOutcome.ANSWERED
        call.hands.unguard(call.leg)
        call.hands.bridge(call.leg, talk.leg)
        call.queueing.served()
        call.hands.set_variables(call.leg, {"agent": effect.agent, "queue": ""})
        call.say(f"connected to {effect.agent}")

    def bridged(self, other: LegId) -> None:
        """They hear each other."""
        call, talk = self._call, self.talk
        if talk is None or talk.leg.id != other or self._bridged:
            return
        self._bridged = True
        call.diary.begin(SegmentKind.TALK, call.now, call.queue or "", talk.agent)
        if call.is_recorded:
            call.tape.begin()

    def hold(self, on: bool) -> None:
        """The agent wants the caller to hear music, or is back."""
        self._music = on
        self._call.hands.hold(self._call.leg, on)
        self.held(on)

    def held(self, held: bool) -> None:
        """The agent's phone, or we, put the caller on hold, or took them back."""
        diary = self._call.diary
        if held and self.talk is not None and not diary.is_open(SegmentKind.HOLD):
            diary.begin(SegmentKind.HOLD, self._call.now)
        elif not held:
            diary.end(SegmentKind.HOLD, self._call.now)

    def ended(self, leg: LegId, cause: str) -> None:
        """The leg of the agent who talks is gone."""
        call, talk = self._call, self.talk
        if talk is None or talk.leg.id != leg:
            return
        if self._music:  # the switch would play on, and never park the caller
            self._music = False
            call.hands.hold(call.leg, False)
        self.over(talk, cause)
        call.tape.stop()
        if not self._bridged:
            # The phone was lost before the two heard each other: the caller waits again, for the next agent.
            call.say(f"{talk.agent} was lost before the bridge")
            call.wait_again()
            return
        if call.transfers.agent_left():
            return
        call.termination = Termination.AGENT
        call.say(f"{talk.agent} has hung up")
        call.engine.after(PARKED_WITHIN, call.talk_is_over)

    def over(self, talk: Partner, why: str) -> None:
        """The agent's part is over: wrap-up begins."""
        call = self._call
        self.held(False)
        call.diary.end(SegmentKind.TALK, call.now, why)
        self.talk = None
        self.wrapping.add(talk.agent)
        call.engine.wrapping[talk.agent] = call
        call.diary.begin(SegmentKind.WRAP_UP, call.now, agent=talk.agent)
        call.engine.decide(do.Release(talk.job))

    def take_over(self, partner: Partner) -> None:
        """Another agent has the caller now, and hears them already or in a moment."""
        self.talk, self._bridged = partner, False

    def caller_gone(self) -> None:
        """The caller has hung up: so do we on the agent."""
        talk = self.talk
        if talk is not None:
            self.over(talk, "the caller hung up")
            self._call.hands.hang_up(talk.leg)

    def wrapped_up(self, agent: AgentId) -> None:
        """The agent has finished with it."""
        if agent in self.wrapping:
            self.wrapping.discard(agent)
            self._call.diary.end(SegmentKind.WRAP_UP, self._call.now)


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
