"""Everything that the distributor knows at one moment, and the few things that every part of it does.

Below are the rooms that decide, each about one matter: `offers`, `work` (agents), `escalation`, `stays` (calls in
queues), `overflow`, `conversations`, `matching`, `plans`. Each imports only rooms named before it.
"""

from cti.acd import commands as do
from cti.acd import effects as out
from cti.acd.effects import Effect
from cti.acd.model import Plan
from cti.acd.state import Agent, Call, Directory, Offer, Queue
from cti.acd.timers import Timers
from cti.acd.transitions import CallState, Standing
from cti.errors import CtiError
from cti.ids import AgentId, CallId, OfferId, QueueId


class UnknownQueue(CtiError):
    """A queue that no plan has; nothing was changed. The caller has to be sent somewhere else."""

    remedy = "Compare the flow with routing/queues.yaml: cti check finds it"


class Floor:
    """The state, the effects of this turn, and what is still to be decided in it."""

    def __init__(self, plan: Plan, now: float, first_offer: int) -> None:
        self.plan = plan
        self.now = now
        self.calls: dict[CallId, Call] = {}
        self.agents: dict[AgentId, Agent] = {}
        self.queues: dict[QueueId, Queue] = {}
        self.directory = Directory(())
        self.offers: dict[OfferId, Offer] = {}
        self.own_calls: dict[CallId, Agent] = {}
        """Agents on calls that the distributor did not give."""
        self.timers = Timers()
        self.next_offer = first_offer
        self.arrivals = 0
        self.effects: list[Effect] = []
        self.freed: list[Agent] = []
        """Agents who became idle in this turn."""
        self.open: dict[int, Call] = {}
        """Waiting calls to be matched before the turn ends, by number."""
        self.look_at: dict[QueueId, Queue] = {}
        """Queues where an overflow rule may hold now for calls that wait already."""

    def ignore(self, command: do.Command, why: str) -> None:
        """Says that a command had nothing to act on."""
        self.effects.append(out.Ignored(command, why))

    def stand(self, agent: Agent) -> None:
        """Brings the queues' lists and counts up to date with the agent, and tells of the change."""
        before, now = agent.standing, agent.stands(self.now)
        if before is not now:
            agent.standing = now
            for member in agent.members:
                queue = member.queue
                queue.counts[member.level][before] -= 1
                queue.counts[member.level][now] += 1
                if member.key is not None:
                    queue.unlist_idle(member)
                elif now is Standing.IDLE:
                    queue.list_idle(member)
                if now < before:
                    self.look_if_deserted(queue)
            if before is Standing.IDLE:
                agent.idled += self.now - agent.stood_since
            agent.stood_since = self.now
            if now is Standing.IDLE:
                self.freed.append(agent)
        shown = agent.shown()
        if shown != agent.told:  # a rest is over without a change that anybody sees
            self.effects.append(out.AgentChanged(agent.id, *shown, self.now - agent.told_at))
            agent.told, agent.told_at = shown, self.now

    def look_if_deserted(self, queue: Queue) -> None:
        """Nobody may be there any longer for the calls of the queue."""
        if queue.arrivals and queue.plan.overflow and not queue.available():
            self.look_at[queue.id] = queue

    def queue(self, id_: QueueId) -> Queue:
        """A queue of the plan. Raises UnknownQueue."""
        if id_ not in self.plan.queues:
            raise UnknownQueue(f"there is no queue {id_}")
        return self.queues[id_]

    def agent(self, command: do.Command, id_: AgentId) -> Agent | None:
        """An agent of the plan; for any other the command is ignored."""
        if id_ not in self.plan.agents:
            self.ignore(command, "no such agent")  # removed while the command was on its way
            return None
        return self.agents[id_]

    def waiting(self, command: do.Command, id_: CallId) -> Call | None:
        """A call that waits or is being offered; for any other the command is ignored."""
        call = self.calls.get(id_)
        if call is None or call.state is CallState.TALKING:
            self.ignore(command, "no such call" if call is None else "it does not wait any longer")
            return None
        return call
