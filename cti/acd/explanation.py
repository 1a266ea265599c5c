"""Why an agent was offered a call: who else was there, why each was passed over, and the rule that decided."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

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

    rule: str
    """A strategy, or what else decided: `last agent`, `next call for a freed agent`."""
    where: str
    step: int
    """The relax step that admitted the agent, from 0."""
    step_where: str
    place: tuple[float, ...]
    """When the call asked for a person, less `ageing` for each point of priority; then a number in order of coming."""
    candidates: tuple[Candidate, ...]
    """Best first, the chosen one included; at most RUNNERS_UP more."""
    passed: tuple[Passed, ...]
    """Empty when the queue has more than NAMED agents."""
    counts: tuple[int, ...]
    """Agents of the queue by Standing, as they stood before the offer."""
    others: tuple[Other, ...] = ()

    def lines(self) -> Iterator[str]:
        """For people, one fact a line."""
        yield f"rule: {self.rule}{_at(self.where)}"
        if self.step:
            yield f"admitted by relax step {self.step}{_at(self.step_where)}"
        for number, candidate in enumerate(self.candidates):
            key = ", ".join(f"{part:g}" for part in candidate.key)
            yield f"{'chosen' if number == 0 else 'behind'}: {candidate.agent} ({key})"
        for passed in self.passed:
            why = "is admitted by a later relax step only" if passed.too_early else passed.standing.words
            yield f"passed over: {passed.agent} {why}"
        if not self.passed:
            for standing, count in enumerate(self.counts):
                if count and standing != Standing.IDLE:
                    yield f"passed over: {count} x {Standing(standing).words}"
        for other in self.others:
            yield f"later in the order: call {other.call} of {other.queue}"


def _at(where: str) -> str:
    return f" ({where})" if where else ""
