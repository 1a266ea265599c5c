"""Whether somebody can take the calls of each queue, and whether each step of relax lets more people take them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from cti.config.agents import Agent, OutsideNumber, RegisteredPhone, SipAddress
from cti.config.fields import shown_seconds
from cti.config.findings import Finding, Place, quoted
from cti.config.queues import Queue, Reach
from cti.config.reading import Kind, Material
from cti.ids import AgentId

_EVERYBODY: Final = "everybody who has the skills"


def unstaffed(material: Material) -> Iterator[Finding]:
    """Queues that nobody can serve, at the widest; warnings of those that nobody can serve at first."""
    if {"agents.yaml", "queues.yaml"} & material.broken:
        return  # whoever could serve it may be what is wrong there
    if not all(_is_known(material, agent.skills, agent.groups) for agent in material.agents.agents.values()):
        return
    crew = _Crew(material.agents.agents)
    for name, queue in material.queues.queues.items():
        reaches = list(queue.reaches())
        if not all(_is_known(material, reach.needs, reach.groups or ()) for reach in reaches):
            continue
        able = next((reach for reach in reaches if crew.can_serve(reach)), None)
        place = material.places.where("queues", name, of_key=True)
        if able is None:
            widest = ", even after the last step of relax" if queue.relax else ""
            what = f"the queue {quoted(name)} can be served by nobody{widest}"
            yield Finding(place, what, value=name, hint=crew.lacking(reaches[-1]))
        elif able is not reaches[0]:
            what = f"the queue {quoted(name)} can be served by nobody in the first {shown_seconds(able.after)}"
            yield Finding(place, what, value=name, hint=crew.lacking(reaches[0]), severity="warning")


def _is_known(material: Material, skills: Iterable[str], groups: Iterable[str]) -> bool:
    """Whether nothing is misspelt: that has an error of its own, and what follows from it would only confuse."""
    return material.knows(Kind.SKILL, skills) and material.knows(Kind.GROUP, groups)


class _Crew:
    """The agents by their skills and groups, so that a queue is answered for without asking everybody."""

    def __init__(self, agents: Mapping[str, Agent]) -> None:
        self._agents = list(agents.values())
        self._by_skill: dict[str, list[Agent]] = defaultdict(list)
        self._by_group: dict[str, list[Agent]] = defaultdict(list)
        for agent in self._agents:
            for skill in agent.skills:
                self._by_skill[skill].append(agent)
            for group in agent.groups:
                self._by_group[group].append(agent)
        self._known: dict[tuple[frozenset[tuple[str, int]], frozenset[str] | None], bool] = {}

    def can_serve(self, reach: Reach) -> bool:
        """Whether there is somebody."""
        groups = None if reach.groups is None else frozenset(reach.groups)
        key = (frozenset(reach.needs.items()), groups)
        if key not in self._known:
            self._known[key] = any(_serves(agent, reach) for agent in self._fewest(reach))
        return self._known[key]

    def _fewest(self, reach: Reach) -> list[Agent]:
        """The shortest list of agents among whom all are who can serve."""
        lists = [self._by_skill[skill] for skill in reach.needs]
        if reach.groups is not None:
            lists.append([agent for group in reach.groups for agent in self._by_group[group]])
        return min(lists, key=len, default=self._agents)

    def lacking(self, reach: Reach) -> str:
        """Why nobody can serve."""
        if not self._agents:
            return "there are no agents"
        if reach.groups == ():
            return "groups names no group; without groups everybody who has the skills serves it"
        of = "" if reach.groups is None else f" of {' or '.join(reach.groups)}"
        if reach.groups is not None and not any(self._by_group[group] for group in reach.groups):
            return f"nobody is in {' or '.join(reach.groups)}"
        for skill, least in reach.needs.items():
            if not self.can_serve(Reach(0.0, {skill: least}, reach.groups)):
                return f"nobody{of} has {skill} {least}"
        return f"nobody{of} has {' and '.join(f'{skill} {least}' for skill, least in reach.needs.items())} together"


def _serves(agent: Agent, reach: Reach) -> bool:
    if reach.groups is not None and not set(reach.groups) & set(agent.groups):
        return False
    return all(agent.skills.get(skill, 0) >= least for skill, least in reach.needs.items())


def narrowing(material: Material) -> Iterator[Finding]:
    """Steps of relax that do not widen the step before."""
    for name, queue in material.queues.queues.items():
        if all(_is_known(material, reach.needs, reach.groups or ()) for reach in queue.reaches()):
            yield from _narrowing(material, name, queue)


def _narrowing(material: Material, name: str, queue: Queue) -> Iterator[Finding]:
    before, *later = queue.reaches()
    for number, reach in enumerate(later):
        path = ("queues", name, "relax", number)
        where = material.places.where
        found = False
        if reach.after <= before.after:
            place = where(*path, "after")
            least = f"it must be later than {shown_seconds(before.after)}"
            what = f"after: the steps of {quoted(name)} are not in order"
            yield Finding(place, what, value=place.written, hint=least)
            found = True
        for skill, level in reach.needs.items():
            had = before.needs.get(skill)
            if had is None or level > had:
                place = where(*path, "needs", skill, of_key=had is None)
                what = f"needs: {skill} {level} asks for more than the step before"
                hint = f"{skill} {had} or less" if had else f"before, {skill} was not needed"
                yield Finding(place, what, value=place.written, hint=f"each step must widen: {hint}")
                found = True
        left_out = _left_out(before.groups, reach.groups)
        if left_out:
            place = where(*path, "groups", of_key=True)
            what = f"groups: the step leaves out {left_out}"
            yield Finding(place, what, value="groups", hint="each step must widen: name the groups before, and more")
            found = True
        if not found and (dict(reach.needs), _set(reach.groups)) == (dict(before.needs), _set(before.groups)):
            yield Finding(where(*path), "relax: the step changes nothing", hint="lower needs, or add groups")
        before = reach


def _set(groups: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if groups is None else frozenset(groups)


def _left_out(before: tuple[str, ...] | None, after: tuple[str, ...] | None) -> str:
    if after is None or before is None:
        return "" if after is before or after is None else _EVERYBODY
    return ", ".join(group for group in before if group not in after)


def shared_endpoints(material: Material) -> Iterator[Finding]:
    """Agents with one telephone: an offer to one would ring for the other."""
    agents = material.agents
    owners: dict[RegisteredPhone | SipAddress | OutsideNumber, str] = {}
    for id_, agent in agents.agents.items():
        if agent.endpoint is None:
            owners[RegisteredPhone(id_)] = id_
    for id_, agent in agents.agents.items():
        if agent.endpoint is None:
            continue
        owner = owners.setdefault(agent.endpoint, id_)
        if owner != id_:
            place = material.places.where("agents", id_, "endpoint")
            other = _place_of_endpoint(material, AgentId(owner))
            what = f"endpoint: {place.written or quoted(id_)} is also what rings for {owner}"
            yield Finding(place, what, value=place.written, hint=f"see {other}")


def _place_of_endpoint(material: Material, agent: AgentId) -> Place:
    where = material.places.where
    if material.agents.agents[agent].endpoint is None:
        return where("agents", agent, of_key=True)
    return where("agents", agent, "endpoint")
