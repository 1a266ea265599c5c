"""Caller and agent together: how it begins, what may be escalated, how it ends."""

from cti.acd import commands as do
from cti.acd import effects as out
from cti.acd import escalation, offers, stays, work
from cti.acd.effects import OfferEnd, Outcome
from cti.acd.floor import Floor
from cti.acd.transitions import Activity, CallState


def accept(floor: Floor, command: do.Accept) -> None:
    """The agent has answered: all other offers of the call end, and the two are bridged."""
    offer = floor.offers.get(command.offer)
    if offer is None:
        # The caller hung up, the deadline passed or another agent was quicker while the answer was on its way.
        floor.ignore(command, "the offer is over")
        return
    call, agent, queue = offer.call, offer.agent, offer.call.queue
    offers.end(floor, offer, OfferEnd.ACCEPTED)
    agent.become(Activity.ON_CALL)
    agent.call, agent.no_answers, agent.working_since, agent.worked_for = call.id, 0, floor.now, queue
    agent.calls += 1
    stays.close(floor, call, Outcome.ANSWERED, agent=agent, why=f"answered by {agent.id}")
    call.become(CallState.TALKING)
    call.agent = agent
    floor.effects.append(out.Connected(call.id, agent.id, offer.id, queue.id))
    floor.stand(agent)
    escalation.answered(floor, call)
    escalation.watch_talk(floor, call)


def release(floor: Floor, command: do.Release) -> None:
    """The conversation is over."""
    if not work.end_any_talk(floor, command.call):
        floor.ignore(command, "no agent talks with it")  # it ended already, from the other side


def flag_complaint(floor: Floor, command: do.FlagComplaint) -> None:
    """A waiting call moves at once; of a conversation the agent decides."""
    call = floor.calls.get(command.call)
    if call is None or call.complained:
        floor.ignore(command, "no such call" if call is None else "it is flagged already")
        return
    call.complained = True
    rules = escalation.on_complaint(floor, call)
    for rule in rules:
        escalation.tell(floor, rule, call)
    if call.state is CallState.TALKING:
        offered = next((rule for rule in rules if rule.offer or rule.to), None)
        if offered is not None:
            escalation.offer(floor, offered, call)
        return
    move = escalation.first_move(rules)
    if move is not None and move.to is not None and move.to != call.queue.id:
        stays.change_queue(floor, call, floor.queues[move.to], Outcome.ESCALATED, move.where)


def escalate(floor: Floor, command: do.Escalate) -> None:
    """The agent moves the call as a rule has offered."""
    call = floor.calls.get(command.call)
    if call is None or call.agent is None or call.escalation is None:
        floor.ignore(command, "no escalation is offered for it")
        return
    queue, rule = call.escalation
    target = floor.queue(queue)
    work.end_any_talk(floor, call.id)
    stays.ask(floor, call.id, call.caller, target, escalate=False, rule=rule)
