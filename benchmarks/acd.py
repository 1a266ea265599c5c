"""``cti bench acd``: the distributor alone, without a switch.

Decisions: 200 queues, each with a skill of its own and a second relax step; agents with five skills each; 1,000 calls
wait in half of the queues, where every agent is busy; the agents of the other half are idle. Timed is one whole turn,
from the command to its effects with the explanation in them, in CPU time: on the wall clock other programs that have
the core meanwhile are counted, too. "scan" is the usual way beside it: one look at every agent
(skill, state, who is idle longest), without queues, order, offers or explanation.

Day: calls from midnight to midnight with two peaks, 50 queues, agents who decline, do not answer and take breaks,
callers who give up. "distributor s" is the time inside it, "whole s" that of the model of people as well.
"""

import argparse
import gc
import heapq
import json
import math
import os
import platform
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from statistics import median, quantiles

from benchmarks.esl import Span
from cti.acd import commands as do
from cti.acd.commands import Presence, Refusal
from cti.acd.effects import AgentChanged, Connected, Effect, EntryClosed, EntryOpened, Offered, Outcome
from cti.acd.invariants import Ledger, violations
from cti.acd.machine import Distributor
from cti.acd.model import AgentPlan, Announcements, Caller, Plan, QueuePlan, RelaxStep
from cti.acd.transitions import Activity
from cti.ids import AgentId, CallId, OfferId, QueueId, SkillId

SIZES = (100, 300, 1_000, 3_000, 10_000)
SKILLS = 200
WAITING = 1_000
MOST_MICROSECONDS = 200
"""Promised for the p99 of a decision."""
MOST_SECONDS = 60
"""Promised for a day of 100,000 calls."""

TALK = PATIENCE = 180.0
"""Means, seconds."""

DECISIONS = ("call finds agent", "agent finds call")
OTHERS = ("call waits", "call gives up", "agent answers", "agent is idle")
Times = dict[str, list[float]]
"""Kind of turn -> microseconds."""


def plan(agents: int, queues: int, wrap_up: float = 0.0) -> Plan:
    """Half of the agents have skills that the first half of the queues need, half those of the second."""
    chance, half = random.Random(agents), queues // 2
    people = {}
    for number in range(agents):
        known = range(half) if number % 2 else range(half, queues)
        skills = {SkillId(f"s{skill}"): chance.randint(1, 5) for skill in chance.sample(known, 5)}
        people[AgentId(f"a{number}")] = AgentPlan(AgentId(f"a{number}"), skills=skills, wrap_up=wrap_up)
    return Plan({QueueId(f"q{number}"): _queue(number) for number in range(queues)}, people)


def _queue(number: int) -> QueuePlan:
    skill = SkillId(f"s{number}")
    steps = (RelaxStep(0.0, {skill: 2}), RelaxStep(60.0, {skill: 1}))
    return QueuePlan(QueueId(f"q{number}"), steps, priority=number % 10, announce=Announcements(45.0, True))


# --- decisions -----------------------------------------------------------------------------------


class Floor:
    """A distributor under load, whose turns are timed."""

    def __init__(self, agents: int) -> None:
        self.chance = random.Random(1)
        self.acd = Distributor(plan(agents, SKILLS), 0.0)
        self.now = 0.0
        self.times: Times = {kind: [] for kind in (*DECISIONS, *OTHERS)}
        self.walls: list[float] = []
        self.waiting: list[CallId] = []
        self.talking: list[CallId] = []
        self._calls = 0
        self.sign_in()
        while len(self.waiting) < WAITING:
            self.wait_in_line()
        for kind in (*self.times.values(), self.walls):
            kind.clear()

    def sign_in(self) -> None:
        """Everybody is there."""
        for agent in self.acd.floor.agents:
            self.turn("", do.SetRegistered(agent, True))
            self.turn("", do.SetPresence(agent, Presence.AVAILABLE))

    def turn(self, kind: str, command: do.Command) -> list[Effect]:
        """One turn, timed."""
        self.now += 0.001
        on_wall, begin = time.perf_counter_ns(), time.thread_time_ns()
        effects = self.acd.handle(command, self.now)
        self.times.setdefault(kind, []).append((time.thread_time_ns() - begin) / 1_000)
        if kind in DECISIONS:
            self.walls.append((time.perf_counter_ns() - on_wall) / 1_000)
        return effects

    def call(self, kind: str, queues: range) -> tuple[CallId, OfferId | None]:
        """Somebody calls one of the queues."""
        self._calls += 1
        id_, queue = CallId(f"c{self._calls}"), QueueId(f"q{self.chance.choice(queues)}")
        effects = self.turn(kind, do.Enqueue(id_, queue, Caller(vip=self._calls % 50 == 0)))
        return id_, next((effect.offer for effect in effects if isinstance(effect, Offered)), None)

    def wait_in_line(self) -> None:
        """A call where everybody is, or will be, busy."""
        id_, offer = self.call("call waits", range(SKILLS // 2))
        if offer is None:
            self.waiting.append(id_)
        else:
            self.turn("agent answers", do.Accept(offer))
            self.talking.append(id_)

    def round(self) -> None:
        """One of each."""
        id_, offer = self.call("call finds agent", range(SKILLS // 2, SKILLS))
        if offer is not None:
            self.turn("agent answers", do.Accept(offer))
            self.turn("agent is idle", do.Release(id_))
        elif id_ in self.acd.floor.calls:  # with few agents, nobody may have this skill
            self.times["call finds agent"].pop()
            self.turn("", do.HungUp(id_))
        self.turn("call gives up", do.HungUp(self._one_of(self.waiting)))
        self.wait_in_line()
        effects = self.turn("agent finds call", do.Release(self._one_of(self.talking)))
        offered = next((effect for effect in effects if isinstance(effect, Offered)), None)
        if offered is None:
            self.times["agent finds call"].pop()  # with few agents, nobody may wait for this one
            return
        self.turn("agent answers", do.Accept(offered.offer))
        self.waiting.remove(offered.call)
        self.talking.append(offered.call)
        self.wait_in_line()

    def _one_of(self, calls: list[CallId]) -> CallId:
        at = self.chance.randrange(len(calls))
        calls[at], calls[-1] = calls[-1], calls[at]
        return calls.pop()


def decisions(agents: int, rounds: int) -> tuple[Floor, list[float]]:
    """A floor with the times of every kind of turn, and the times of looks at every agent."""
    floor = Floor(agents)
    gc.collect()
    gc.freeze()  # as the server does after its start; collections during the turns are timed with them
    for _ in range(rounds):
        floor.round()
    gc.unfreeze()
    assert not violations(floor.acd.floor)
    scans = []
    everybody = floor.acd.floor.agents.values()
    for number in range(min(rounds, 200)):
        skill = SkillId(f"s{number % SKILLS}")
        begin = time.thread_time_ns()
        fit = [a for a in everybody if a.activity is Activity.IDLE and a.skills.skills.get(skill, 0) >= 2]
        min(fit, key=lambda agent: agent.idle_since, default=None)
        scans.append((time.thread_time_ns() - begin) / 1_000)
    return floor, scans


def p99(times: list[float]) -> float:
    """The 99th percentile."""
    return quantiles(times, n=100)[98] if len(times) > 1 else math.nan


# --- a day ---------------------------------------------------------------------------------------


class Day:
    """People around a distributor, in virtual time."""

    def __init__(self, calls: int, agents: int) -> None:
        self.chance = random.Random(7)
        self.acd = Distributor(plan(agents, 50, wrap_up=15.0), 0.0)
        self.inside = 0.0
        self.turns = 0
        self.outcomes = Counter[Outcome]()
        self.within_20_s = 0
        self.ledger = Ledger()
        self.problems: list[str] = []
        self._agenda: list[tuple[float, int, do.Command]] = []
        self._number = 0
        for number, agent in enumerate(self.acd.floor.agents):
            self.plan(number * 0.01, do.SetRegistered(agent, True))
            self.plan(number * 0.01, do.SetPresence(agent, Presence.AVAILABLE))
        for number in range(calls):
            queue = QueueId(f"q{int(50 * self.chance.random() ** 1.5)}")
            caller = Caller(vip=self.chance.random() < 0.02, calls_today=1 + int(self.chance.expovariate(1.5)))
            self.plan(self._when(), do.Enqueue(CallId(f"c{number}"), queue, caller))

    def _when(self) -> float:
        """Most people call around half past ten and half past three."""
        kind = self.chance.random()
        hour = self.chance.gauss(10.5, 2.0) if kind < 0.5 else self.chance.gauss(15.5, 2.5)
        return 60.0 + (hour if kind < 0.9 else self.chance.uniform(0, 24)) % 24 * 3_600

    def plan(self, when: float, command: do.Command) -> None:
        """Something will happen."""
        self._number += 1
        heapq.heappush(self._agenda, (when, self._number, command))

    def run(self) -> None:
        """From the first thing that happens to the last."""
        while self._agenda or self.acd.next_deadline() is not None:
            due = self.acd.next_deadline()
            if due is not None and (not self._agenda or due <= self._agenda[0][0]):
                now, command = due, None
            else:
                now, _, command = heapq.heappop(self._agenda)
                if isinstance(command, do.HungUp) and not self._waits(command.call):
                    continue  # was served before they lost patience
            begin = time.perf_counter()
            effects = self.acd.advance(now) if command is None else self.acd.handle(command, now)
            self.inside += time.perf_counter() - begin
            self.turns += 1
            self.problems += self.ledger.book(effects)
            for effect in effects:
                self._react(now, effect)

    def _waits(self, id_: CallId) -> bool:
        call = self.acd.floor.calls.get(id_)
        return call is not None and call.agent is None

    def _react(self, now: float, effect: Effect) -> None:
        chance = self.chance
        match effect:
            case EntryOpened(call=call):
                self.plan(now + chance.expovariate(1 / PATIENCE), do.HungUp(call))
            case EntryClosed(outcome=outcome, waited=waited):
                self.outcomes[outcome] += 1
                self.within_20_s += outcome is Outcome.ANSWERED and waited <= 20
            case Offered(offer=offer):
                mood = chance.random()
                if mood < 0.95:
                    self.plan(now + chance.uniform(2, 8), do.Accept(offer))
                elif mood < 0.98:
                    self.plan(now + 2, do.Refuse(offer, Refusal.DECLINED))  # the others let it ring
            case Connected(call=call):
                self.plan(now + chance.expovariate(1 / TALK), do.Release(call))
            case AgentChanged(presence=Presence.ON_BREAK, agent=agent):
                self.plan(now + 300, do.SetPresence(agent, Presence.AVAILABLE))
            case AgentChanged(activity=Activity.WRAP_UP, agent=agent) if chance.random() < 0.02:
                self.plan(now, do.SetPresence(agent, Presence.ON_BREAK, "rest"))

    def numbers(self, whole: float) -> dict[str, float]:
        """What came of it."""
        answered, offered = self.outcomes[Outcome.ANSWERED], sum(self.outcomes.values())
        return {
            "calls offered": offered,
            "answered": answered,
            "given up": self.outcomes[Outcome.ABANDONED],
            "answered within 20 s / offered, %": 100 * self.within_20_s / max(1, offered),
            "turns": self.turns,
            "microseconds a turn": 1e6 * self.inside / max(1, self.turns),
            "distributor s": self.inside,
            "whole s": whole,
            "sums that do not add up": len(self.problems) + len(self.ledger.open_stays) + len(self.ledger.open_offers),
        }


def a_day(calls: int, agents: int) -> dict[str, float]:
    """Simulates it."""
    begin = time.perf_counter()
    day = Day(calls, agents)
    day.run()
    return day.numbers(time.perf_counter() - begin)


# --- the whole -----------------------------------------------------------------------------------


def measure_decisions(sizes: Iterable[int], rounds: int, repeat: int) -> dict[str, dict[str, Span]]:
    """Agents -> column -> microseconds."""
    results = {}
    for agents in sizes:
        runs = []
        for turn in range(repeat):
            print(f"{agents:,} agents: {turn + 1} of {repeat}", file=sys.stderr)
            floor, scans = decisions(agents, rounds)
            times = floor.times
            both = [taken for kind in DECISIONS for taken in times[kind]]
            row = {
                "decision p50": median(both),
                "decision p99": p99(both),
                "decision p99, wall clock": p99(floor.walls),
            }
            row |= {f"{kind} p99": p99(times[kind]) for kind in (*DECISIONS, *OTHERS)}
            runs.append(row | {"scan p50": median(scans)})
        results[f"{agents:,}"] = {column: Span.of([run[column] for run in runs]) for column in runs[0]}
    return results


def table(title: str, results: dict[str, dict[str, Span]], first: str) -> str:
    """A table that is plain text and Markdown at once; a line for each column of the results."""
    columns = list(next(iter(results.values())))
    rows = [
        [first, *results],
        *([column, *(f"{row[column].median:,.0f}" for row in results.values())] for column in columns),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["| " + " | ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) + " |" for row in rows]
    rule = "|" + "|".join("-" * (width + 1) + (":" if at else "-") for at, width in enumerate(widths)) + "|"
    return "\n".join([f"**{title}**", "", lines[0], rule, *lines[1:], ""])


def _verdicts(found: dict[str, dict[str, Span]], day: dict[str, dict[str, Span]]) -> list[dict[str, object]]:
    verdicts: list[dict[str, object]] = []
    if found:
        sizes = list(found)
        most = max(found[size]["decision p99"].median for size in sizes)
        target = f"p99 of a decision under {MOST_MICROSECONDS} microseconds at every size"
        verdicts.append({"target": target, "value": most, "met": most < MOST_MICROSECONDS})
        counts = [int(size.replace(",", "")) for size in sizes]
        allowed = math.log(counts[-1]) / math.log(counts[0])
        for quantile in ("decision p50", "decision p99"):
            growth = found[sizes[-1]][quantile].median / found[sizes[0]][quantile].median
            target = (
                f"{quantile} grows from {sizes[0]} to {sizes[-1]} agents at most as log n does, {allowed:.2f} times"
            )
            verdicts.append({"target": target, "value": growth, "met": growth <= allowed})
    for calls, row in day.items():
        whole = row["whole s"].median
        verdicts.append({"target": f"{calls} under {MOST_SECONDS} s", "value": whole, "met": whole < MOST_SECONDS})
    return verdicts


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="cti bench acd", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--agents", type=int, nargs="*", default=list(SIZES), help="sizes to measure (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3_000, help="of each kind of turn, at each size (%(default)s)")
    parser.add_argument("--calls", type=int, default=100_000, help="of the day; 0: no day (%(default)s)")
    parser.add_argument("--staff", type=int, default=640, help="agents of the day (%(default)s)")
    parser.add_argument("--repeat", type=int, default=5, help="runs of each size; the median counts (%(default)s)")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Measures and prints. A missed target is a result, not a failure; 1 when the day's sums do not add up."""
    options = _arguments(argv)
    found = measure_decisions(options.agents, options.rounds, options.repeat)
    day = {}
    if options.calls:
        numbers = a_day(options.calls, options.staff)
        day[f"a day of {options.calls:,} calls"] = {label: Span.of([value]) for label, value in numbers.items()}
    verdicts = _verdicts(found, day)
    machine = {"cores": os.cpu_count(), "python": platform.python_version()}
    if options.json:
        report = {"machine": machine, "targets": verdicts, "results": {"decisions": found, "day": day}}
        print(json.dumps(report, default=asdict, indent=2))
    else:
        print(f"{machine['cores']} cores, Python {machine['python']}; median of {options.repeat}.\n")
        if found:
            print(table(f"One turn, microseconds of CPU; {WAITING:,} calls wait, {SKILLS} skills", found, "agents"))
        if day:
            print(table(f"{options.staff} agents, 50 queues", day, ""))
        for verdict in verdicts:
            print(f"- {verdict['target']}: {verdict['value']:.1f}, {'met' if verdict['met'] else 'NOT met'}")
    return int(any(row["sums that do not add up"].median for row in day.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
