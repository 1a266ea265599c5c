"""How a queue orders its idle agents: the smallest key is offered the call. A key holds while its agent is idle."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from cti.acd.model import Strategy

if TYPE_CHECKING:
    from cti.acd.state import Member

Key = tuple[float, ...]
"""Its last part is the agent's number in the file: no two are equal."""


def _longest_idle(member: "Member") -> Key:
    return (member.agent.idle_since, member.agent.order)


def _round_robin(member: "Member") -> Key:
    return (member.last_offer, member.agent.idle_since, member.agent.order)


def _fewest_calls(member: "Member") -> Key:
    return (member.agent.calls, member.agent.idle_since, member.agent.order)


def _least_occupied(member: "Member") -> Key:
    return (member.agent.occupancy(), member.agent.idle_since, member.agent.order)


def _most_skilled(member: "Member") -> Key:
    return (-member.score, member.agent.idle_since, member.agent.order)


def _sequential(member: "Member") -> Key:
    return (member.agent.order,)


KEYS: Final[dict[Strategy, Callable[["Member"], Key]]] = {
    Strategy.LONGEST_IDLE: _longest_idle,
    Strategy.ROUND_ROBIN: _round_robin,
    Strategy.FEWEST_CALLS: _fewest_calls,
    Strategy.LEAST_OCCUPIED: _least_occupied,
    Strategy.MOST_SKILLED: _most_skilled,
    Strategy.SEQUENTIAL: _sequential,
    Strategy.RING_ALL: _longest_idle,
}
