"""Why an agent was offered a call: who else was there, why each was passed over, and the rule that decided."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from cti.acd.model import Strategy
from cti.acd.transitions import Standing
from cti.ids import AgentId, CallId, QueueId

NAMED: Final = 20
"""Agents whom an explanation names one by one; of larger queues it counts the rest, so that it costs the same."""

RUNNERS_UP: Final = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    """An idle agent who could have had the call; `key` is what the strategy compares, the smaller the better."""

    agent: AgentId
    key: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Passed:
    """An agent of the queue who could not have it."""

    agent: AgentId
    standing: Standing
    too_early: bool = False
    """Idle, but only a later relax step admits them."""


@dataclass(frozen=True, slots=True)
class Other:
    """A call that the freed agent could have had instead: it comes later in the order."""

    call: CallId
    queue: QueueId
    place: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One decision. The order of calls: preferred queue of the agent, then `place` (seconds), smallest first."""

    at: float
    """When it was made."""
    rule: str
    """A strategy, or what else decided: `last agent`, `next call for a freed agent`."""
    where: str
    strategy: Strategy
    """The queue's, by which the candidates are ordered."""
    step: int
    """The relax step that admitted the agent, from 0."""
    step_where: str
    place: tuple[float, ...]
    """When the call asked for a person, less `ageing` for each point of priority; then a number in order of coming."""
    candidates: tuple[Candidate, ...]
    """Best first, those included who are rung; at most RUNNERS_UP more."""
    chosen: int
    """So many of the candidates are rung, from the first; 0 while the call waits."""
    passed: tuple[Passed, ...]
    """Empty when the queue has more than NAMED agents."""
    counts: tuple[int, ...]
    """Agents of the queue by Standing, as they stood before the offer."""
    others: tuple[Other, ...] = ()

    def lines(self, name: Callable[[AgentId], str] = str) -> Iterator[str]:
        """For people, one fact a line; `name` says how an agent is called."""
        yield f"rule: {self.rule}{_at(self.where)}"
        if self.step:
            yield f"admitted by relax step {self.step}{_at(self.step_where)}"
        for number, candidate in enumerate(self.candidates):
            merit = _MERITS[self.strategy](candidate.key, self.at)
            yield f"{'chosen' if number < self.chosen else 'behind'}: {name(candidate.agent)}, {merit}"
        for passed in self.passed:
            later = "is admitted later only, by a relax step or an overflow rule"
            yield f"passed over: {name(passed.agent)} {later if passed.too_early else passed.standing.words}"
        if not self.passed:
            for standing, count in enumerate(self.counts):
                if count and standing != Standing.IDLE:
                    yield f"passed over: {count} x {Standing(standing).words}"
        for other in self.others:
            yield f"later in the order: call {other.call} of {other.queue}"


def _at(where: str) -> str:
    return f" ({where})" if where else ""


def _idle_for(key: tuple[float, ...], now: float) -> str:
    return f"idle for {now - key[0]:.0f} s"


def _last_offer(key: tuple[float, ...], now: float) -> str:
    return f"offer {key[0]:.0f} was the last from this queue" if key[0] else "had no offer from this queue yet"


_MERITS: Final[dict[Strategy, Callable[[tuple[float, ...], float], str]]] = {
    Strategy.LONGEST_IDLE: _idle_for,
    Strategy.RING_ALL: _idle_for,
    Strategy.ROUND_ROBIN: _last_offer,
    Strategy.FEWEST_CALLS: lambda key, now: f"{key[0]:.0f} calls answered",
    Strategy.LEAST_OCCUPIED: lambda key, now: f"{key[0]:.0%} occupied",
    Strategy.MOST_SKILLED: lambda key, now: f"proficiency {-key[0]:.0f}",
    Strategy.SEQUENTIAL: lambda key, now: f"number {key[0] + 1:.0f} in the file",
}
"""What the first part of a key means (see `strategies`)."""
