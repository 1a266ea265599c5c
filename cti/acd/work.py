"""Agents: what they declare, what their phones do, what they are busy with, and wrap-up."""

from dataclasses import replace

from cti.acd import commands as do
from cti.acd import offers
from cti.acd.commands import Presence
from cti.acd.floor import Floor
from cti.acd.state import Agent, Call
from cti.acd.timers import Due
from cti.acd.transitions import Activity
from cti.ids import CallId


def set_presence(floor: Floor, command: do.SetPresence) -> None:
    """The agent declares a presence; an offer is cancelled when they are not there for it."""
    agent = floor.agent(command, command.agent)
    if agent is None:
        return
    if (agent.presence, agent.reason) == (command.presence, command.reason):
        floor.ignore(command, f"the agent is {command.presence} already")
        return
    if agent.presence is Presence.LOGGED_OUT:
        agent.sign_in(floor.now)
    if command.presence is Presence.AVAILABLE:
        agent.idle_since = agent.rest_until = floor.now
        agent.no_answers = 0
    agent.presence, agent.reason = command.presence, command.reason
    there_or_not(floor, agent, f"the agent is {command.presence}")


def set_registered(floor: Floor, command: do.SetRegistered) -> None:
    """The agent's phone has come or gone."""
    agent = floor.agent(command, command.agent)
    if agent is None:
        return
    if agent.registered == command.registered:
        floor.ignore(command, "it is known already")  # phones register again and again while they are there
        return
    agent.registered = command.registered
    if agent.registered and agent.activity is Activity.IDLE:
        agent.idle_since = floor.now
    there_or_not(floor, agent, "the agent's phone is gone")


def there_or_not(floor: Floor, agent: Agent, why: str) -> None:
    """The presence or the phone has changed: an agent who is not there has no offer, and nobody waits for them."""
    if agent.offer is not None and (agent.presence is not Presence.AVAILABLE or not agent.registered):
        offers.cancel(floor, agent.offer, why)
    offers.expect_nothing(floor, agent)


def set_skills(floor: Floor, command: do.SetSkills) -> None:
    """The agent serves other queues from now on; an offer that rings already stands."""
    agent = floor.agent(command, command.agent)
    if agent is None:
        return
    agent.skills = replace(agent.skills, skills=command.skills)
    last_offers = agent.last_offers()
    for member in agent.members:
        member.queue.part(member)
        floor.look_if_deserted(member.queue)
    agent.join(floor.directory, last_offers)
    for call in list(agent.held.values()):
        if agent.id not in call.queue.members:
            offers.unhold(floor, call)
    floor.freed.append(agent)


def take_own_call(floor: Floor, command: do.TakeOwnCall) -> None:
    """The agent is on a call that we did not give: no offers until it is over."""
    agent = floor.agent(command, command.agent)
    if agent is None:
        return
    if agent.activity is Activity.ON_CALL:
        floor.ignore(command, "it is known already" if agent.call == command.call else "the agent is on a call")
        return
    if command.call in floor.calls or command.call in floor.own_calls:
        floor.ignore(command, "it waits, or another agent has it")
        return
    if agent.offer is not None:
        offers.cancel(floor, agent.offer, "the agent took another call")
    if agent.activity is Activity.WRAP_UP:
        _book(floor, agent)
    agent.become(Activity.ON_CALL)
    agent.call, agent.working_since, agent.worked_for = command.call, floor.now, None
    floor.own_calls[command.call] = agent
    floor.stand(agent)


def end_any_talk(floor: Floor, id_: CallId) -> bool:
    """Ends the conversation that an agent has on the call, be it a queue's or the agent's own; False: there is none."""
    call = floor.calls.get(id_)
    if call is not None and call.agent is not None:
        agent, seconds = call.agent, call.queue.plan.wrap_up
        gone(floor, call)
        _wrap_up(floor, agent, agent.plan.wrap_up if seconds is None else seconds)
        return True
    own = floor.own_calls.pop(id_, None)
    if own is not None:
        _wrap_up(floor, own, own.plan.wrap_up)
    return own is not None


def gone(floor: Floor, call: Call) -> None:
    """The call has left; nothing of it is due any more."""
    call.leave()
    del floor.calls[call.id]


def _wrap_up(floor: Floor, agent: Agent, seconds: float) -> None:
    agent.call = None
    if seconds <= 0:
        end_wrap_up(floor, agent)
        return
    agent.become(Activity.WRAP_UP)
    _wrap_up_for(floor, agent, seconds)
    floor.stand(agent)


def _wrap_up_for(floor: Floor, agent: Agent, seconds: float) -> None:
    agent.wrap_up_until = floor.now + seconds
    floor.timers.set(agent.wrap_up_until, Due.WRAP_UP, agent)


def end_wrap_up(floor: Floor, agent: Agent, _: object = None) -> None:
    """The agent is idle."""
    _book(floor, agent)
    agent.idle_since = agent.rest_until = floor.now  # a rest that a call of their own cut short is over, too
    agent.become(Activity.IDLE)
    floor.stand(agent)


def _book(floor: Floor, agent: Agent) -> None:
    """What the agent has worked on is done."""
    handling = floor.now - agent.working_since
    agent.handled += handling
    if agent.worked_for is not None:
        agent.worked_for.learn(handling)
        agent.worked_for = None


def rest_is_over(floor: Floor, agent: Agent, _: object) -> None:
    """The agent may be offered calls again."""
    floor.stand(agent)


def finish_wrap_up(floor: Floor, command: do.FinishWrapUp) -> None:
    """The agent is ready early."""
    agent = floor.agent(command, command.agent)
    if agent is not None and agent.activity is not Activity.WRAP_UP:
        floor.ignore(command, "the agent is not in wrap-up")
    elif agent is not None:
        end_wrap_up(floor, agent)


def extend_wrap_up(floor: Floor, command: do.ExtendWrapUp) -> None:
    """The agent needs longer."""
    agent = floor.agent(command, command.agent)
    if agent is not None and agent.activity is not Activity.WRAP_UP:
        # It ended by itself while the request was on its way, and a call may ring by now.
        floor.ignore(command, "the agent is not in wrap-up")
    elif agent is not None:
        agent.stamp += 1
        _wrap_up_for(floor, agent, max(0.0, command.seconds))
