"""Offers: made, refused, cancelled. A call whose offers have all ended keeps its place and is open again."""

from cti.acd import commands as do
from cti.acd import effects as out
from cti.acd.commands import Presence, Refusal
from cti.acd.effects import OfferEnd
from cti.acd.explanation import Explanation
from cti.acd.floor import Floor
from cti.acd.state import Agent, Call, Member, Offer
from cti.acd.timers import Due
from cti.acd.transitions import Activity, CallState
from cti.ids import OfferId


def make(floor: Floor, call: Call, members: list[Member], why: Explanation) -> None:
    """Offers a waiting call to idle agents, all at once."""
    queue = call.queue
    take_back(call)
    call.become(CallState.OFFERED)
    for member in members:
        agent = member.agent
        seconds = queue.plan.ring if queue.plan.ring is not None else agent.plan.ring
        offer = Offer(OfferId(floor.next_offer), call, agent, floor.now + seconds)
        member.last_offer = floor.next_offer
        floor.next_offer += 1
        floor.offers[offer.id] = agent.offer = offer
        call.offers.append(offer)
        floor.effects.append(out.Offered(offer.id, call.id, agent.id, queue.id, offer.until, why))
        agent.become(Activity.OFFERED)
        floor.stand(agent)
        floor.timers.set(offer.until, Due.OFFER, offer)


def end(floor: Floor, offer: Offer, how: OfferEnd, why: str = "") -> None:
    """Ends an offer; what becomes of agent and call is for the one who ends it."""
    del floor.offers[offer.id]
    offer.stamp += 1
    offer.call.offers.remove(offer)
    offer.agent.offer = None
    floor.effects.append(out.OfferEnded(offer.id, offer.call.id, offer.agent.id, how, why))


def withdraw(floor: Floor, offer: Offer, why: str) -> None:
    """The call is not there any longer. The agent has been idle all the time: it was not their doing."""
    end(floor, offer, OfferEnd.CANCELLED, why)
    offer.agent.become(Activity.IDLE)
    floor.stand(offer.agent)


def cancel(floor: Floor, offer: Offer, why: str) -> None:
    """The agent is not there any longer; the call is open again. The caller sees to the agent's standing."""
    end(floor, offer, OfferEnd.CANCELLED, why)
    offer.agent.become(Activity.IDLE)
    back_to_waiting(floor, offer.call)


def refuse(floor: Floor, command: do.Refuse) -> None:
    """The agent or the phone does not take the call."""
    offer = floor.offers.get(command.offer)
    if offer is None:
        floor.ignore(command, "the offer is over")  # its deadline was quicker, or the caller hung up
    else:
        end_refused(floor, offer, command.why)


def is_due(floor: Floor, offer: Offer, _: object) -> None:
    """Nobody answered in time."""
    end_refused(floor, offer, Refusal.NO_ANSWER)


def end_refused(floor: Floor, offer: Offer, why: Refusal) -> None:
    """The agent rests a little, or goes on break after too many calls without an answer."""
    agent = offer.agent
    end(floor, offer, OfferEnd(why.value))
    agent.become(Activity.IDLE)
    agent.idle_since = floor.now
    if why is Refusal.UNREACHABLE:
        agent.registered = False
    agent.no_answers = agent.no_answers + 1 if why is Refusal.NO_ANSWER else 0  # in a row
    if agent.no_answers >= floor.plan.no_answers:
        agent.presence, agent.reason, agent.no_answers = Presence.ON_BREAK, "no_answer", 0
    elif floor.plan.rest > 0:
        agent.rest_until = floor.now + floor.plan.rest
        floor.timers.set(agent.rest_until, Due.REST, agent)
    back_to_waiting(floor, offer.call)
    expect_nothing(floor, agent)


def expect_nothing(floor: Floor, agent: Agent) -> None:
    """Brings the agent's standing up to date; if they are not there, nobody waits for them alone."""
    floor.stand(agent)
    if agent.presence is not Presence.AVAILABLE or not agent.registered:
        for call in list(agent.held.values()):
            unhold(floor, call)


def back_to_waiting(floor: Floor, call: Call) -> None:
    """An offer of the call has ended; with the last one it is open again."""
    if not call.offers:
        call.become(CallState.WAITING)
        call.queue.make_ready(call)
        floor.open[call.number] = call


def unhold(floor: Floor, call: Call) -> None:
    """The customer's last agent cannot have it, or had the time: it is everybody's now."""
    take_back(call)
    call.queue.make_ready(call)
    floor.open[call.number] = call


def take_back(call: Call) -> None:
    """The call is not there to be offered any longer, to anybody or to the one agent it was held for."""
    if call.held_for is not None:
        del call.held_for.held[call.number]
        call.held_for = None
    else:
        call.queue.unready(call)
