"""Which of several idle agents is offered a call. By example, and against a plain reading of each strategy."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.acd import commands as do
from cti.acd import effects as out
from cti.acd.commands import Presence, Refusal
from cti.acd.effects import Effect
from cti.acd.model import Plan, QueuePlan, Strategy
from cti.acd.strategies import KEYS
from cti.acd.transitions import Activity
from cti.ids import AgentId, CallId, OfferId, QueueId, SkillId
from tests.acd.world import Hotline, agent, cases, needs, plan, queue, step


def hotline(strategy: Strategy, *agents: str, wrap_up: float = 0.0, **options: object) -> Hotline:
    """Agents who sign in one second after the other, and one queue."""
    people = [agent(id_, wrap_up=wrap_up) for id_ in agents]
    line = Hotline(plan([queue("service", strategy=strategy, **options)], people))
    for id_ in agents:
        line.ready(id_)
        line.wait(1)
    return line


def test_who_has_been_idle_longest_is_offered_the_call() -> None:
    line = hotline(Strategy.LONGEST_IDLE, "wang", "li", "zhang")
    line.talks("c1", "wang")
    line.releases("c1")
    line.calls("c2")
    assert line.offered() == [("c2", "li")]


def test_longest_idle_counts_from_the_end_of_wrap_up() -> None:
    line = hotline(Strategy.LONGEST_IDLE, "wang", "li", wrap_up=30.0)
    line.talks("c1", "wang")
    line.talks("c2", "li")
    line.releases("c1")
    line.wait(10)
    line.releases("c2")
    line.finishes("li")
    line.wait(20)
    line.calls("c3")
    assert line.offered() == [("c3", "li")]


def test_longest_idle_begins_anew_after_a_refused_offer() -> None:
    line = hotline(Strategy.LONGEST_IDLE, "wang", "li", "zhang")
    line.calls("c1")
    line.refuses("wang")
    line.wait(10)
    line.calls("c2")
    assert line.offered() == [("c2", "zhang")]
    line.calls("c3")
    assert line.offered() == [("c3", "wang")]


def test_an_offer_that_was_cancelled_leaves_the_time_of_being_idle() -> None:
    line = hotline(Strategy.LONGEST_IDLE, "wang", "li")
    line.calls("c1")
    line.wait(5)
    line.hangs_up("c1")
    line.calls("c2")
    assert line.offered() == [("c2", "wang")]


def test_longest_idle_counts_from_the_end_of_a_break() -> None:
    line = hotline(Strategy.LONGEST_IDLE, "wang", "li")
    line.goes_on_break("wang")
    line.wait(1)
    line.signs_in("wang")
    line.calls("c1")
    assert line.offered() == [("c1", "li")]


def test_longest_idle_counts_from_the_registration_of_the_phone() -> None:
    line = hotline(Strategy.LONGEST_IDLE, "wang", "li")
    line.phone_goes("wang")
    line.phone_comes("wang")
    line.calls("c1")
    assert line.offered() == [("c1", "li")]


def test_the_order_of_the_file_decides_between_two_who_are_idle_equally_long() -> None:
    line = Hotline(plan([queue("service")], [agent("wang"), agent("li")]))
    line.ready("li", "wang")
    line.calls("c1")
    assert line.offered() == [("c1", "wang")]


def test_round_robin_takes_everybody_in_turn() -> None:
    line = hotline(Strategy.ROUND_ROBIN, "wang", "li", "zhang")
    turns = []
    for number in range(6):
        line.calls(f"c{number}")
        turns += [who for _, who in line.offered()]
        line.answers(turns[-1])
        line.releases(f"c{number}")
        line.wait(10)
    assert turns == ["wang", "li", "zhang"] * 2


def test_round_robin_counts_an_offer_that_came_to_nothing() -> None:
    line = hotline(Strategy.ROUND_ROBIN, "wang", "li")
    line.calls("c1")
    line.hangs_up("c1")
    line.calls("c2")
    assert line.offered() == [("c2", "li")]


def test_round_robin_of_one_queue_does_not_count_offers_of_another() -> None:
    queues = [queue("service", strategy=Strategy.ROUND_ROBIN), queue("orders", strategy=Strategy.ROUND_ROBIN)]
    line = Hotline(plan(queues, [agent("wang"), agent("li")]))
    line.ready("wang", "li")
    line.calls("c1", "orders")
    line.hangs_up("c1")
    line.calls("c2", "service")
    assert line.offered() == [("c2", "wang")]


def test_round_robin_remembers_its_turn_when_skills_change() -> None:
    line = hotline(Strategy.ROUND_ROBIN, "wang", "li")
    line.calls("c1")
    line.hangs_up("c1")
    line.learns("wang", english=3)
    line.calls("c2")
    assert line.offered() == [("c2", "li")]


def test_fewest_calls_prefers_who_answered_least() -> None:
    line = hotline(Strategy.FEWEST_CALLS, "wang", "li")
    for number in range(2):
        line.talks(f"c{number}", "wang" if number == 0 else "li")
        line.releases(f"c{number}")
        line.wait(5)
    line.talks("c2", "wang")
    line.releases("c2")
    line.wait(1)
    line.goes_on_break("li")
    line.signs_in("li")
    line.calls("c3")
    assert line.offered() == [("c3", "li")]


def test_fewest_calls_counts_from_signing_in() -> None:
    line = hotline(Strategy.FEWEST_CALLS, "wang", "li")
    line.talks("c1", "wang")
    line.releases("c1")
    line.talks("c2", "li")
    line.releases("c2")
    line.wait(5)
    line.signs_out("li")
    line.signs_in("li")
    line.calls("c3")
    assert line.offered() == [("c3", "li")]


def test_fewest_calls_goes_on_counting_after_a_break() -> None:
    line = hotline(Strategy.FEWEST_CALLS, "wang", "li")
    for number, who in enumerate(("wang", "li", "wang")):
        line.talks(f"c{number}", who)
        line.releases(f"c{number}")
    line.goes_on_break("wang")
    line.signs_in("wang")
    line.calls("c4")
    assert line.offered() == [("c4", "li")]


def test_fewest_calls_does_not_count_calls_that_rang_only() -> None:
    line = hotline(Strategy.FEWEST_CALLS, "wang", "li")
    line.calls("c1")
    line.hangs_up("c1")
    line.calls("c2")
    assert line.offered() == [("c2", "wang")]


def test_least_occupied_prefers_the_smaller_share_of_work() -> None:
    line = hotline(Strategy.LEAST_OCCUPIED, "wang", "li")
    line.talks("c1", "wang")
    line.talks("c2", "li")
    line.wait(10)
    line.releases("c1")
    line.wait(20)
    line.releases("c2")
    line.wait(100)
    line.goes_on_break("wang")
    line.signs_in("wang")
    line.calls("c3")
    assert line.offered() == [("c3", "wang")]


def test_least_occupied_counts_wrap_up_as_work() -> None:
    line = hotline(Strategy.LEAST_OCCUPIED, "wang", "li", wrap_up=60.0)
    line.talks("c1", "wang")
    line.talks("c2", "li")
    line.wait(10)
    line.releases("c1")
    line.releases("c2")
    line.finishes("li")
    line.wait(60)
    line.goes_on_break("li")
    line.signs_in("li")
    line.calls("c3")
    assert line.offered() == [("c3", "li")]


def test_least_occupied_counts_a_conversation_though_the_agent_dials_out_in_wrap_up() -> None:
    line = hotline(Strategy.LEAST_OCCUPIED, "wang", "li", wrap_up=10.0)
    line.talks("c1", "wang")
    line.talks("c2", "li")
    line.wait(50)
    line.releases("c2")
    line.finishes("li")
    line.wait(50)
    line.releases("c1")
    line.takes_own_call("wang")
    line.wait(1)
    line.releases("own")
    line.finishes("wang")
    line.goes_on_break("li")
    line.signs_in("li")
    line.calls("c3")
    assert line.offered() == [("c3", "li")]  # 50 of 102 seconds; wang 101 of 103


def test_who_has_just_signed_in_has_not_worked_yet() -> None:
    line = hotline(Strategy.LEAST_OCCUPIED, "wang")
    line.plan = plan(line.plan.queues.values(), [*line.plan.agents.values(), agent("li")])
    line.replans(line.plan)
    line.talks("c1", "wang")
    line.wait(10)
    line.releases("c1")
    line.ready("li")
    line.calls("c2")
    assert line.offered() == [("c2", "li")]


def test_the_share_of_work_is_that_of_work_and_idleness_since_signing_in() -> None:
    line = hotline(Strategy.LEAST_OCCUPIED, "wang", wrap_up=5.0)
    line.wait(19)  # idle for 20
    line.talks("c1", "wang")
    line.wait(25)
    line.releases("c1")
    line.wait(5 + 30)  # worked for 30, idle for 50
    line.goes_on_break("wang")
    line.wait(100)
    line.signs_in("wang")
    line.calls("c2")
    assert line.offer_to("wang").why.candidates[0].key[0] == 30 / 80


def test_being_idle_before_a_call_of_their_own_is_no_work() -> None:
    line = hotline(Strategy.LEAST_OCCUPIED, "wang")
    line.wait(19)  # idle for 20
    line.takes_own_call("wang")
    line.wait(30)
    line.releases("own")
    line.calls("c1")
    assert line.offer_to("wang").why.candidates[0].key[0] == 30 / 50


def test_most_skilled_prefers_the_greatest_sum_in_what_the_queue_needs() -> None:
    people = [
        agent("wang", skills=needs(repair=3, english=5, orders=5)),
        agent("li", skills=needs(repair=5, english=2)),
        agent("zhang", skills=needs(repair=4, english=4)),
    ]
    line = Hotline(plan([queue("service", step(repair=3, english=2), strategy=Strategy.MOST_SKILLED)], people))
    line.ready("wang", "li", "zhang")
    order = []
    for number in range(3):
        line.calls(f"c{number}")
        order += [who for _, who in line.offered()]
    assert order == ["wang", "zhang", "li"]


def test_most_skilled_of_equals_takes_the_one_idle_longest() -> None:
    people = [agent(id_, skills=needs(repair=3)) for id_ in ("wang", "li")]
    line = Hotline(plan([queue("service", step(repair=1), strategy=Strategy.MOST_SKILLED)], people))
    line.ready("li")
    line.wait(1)
    line.ready("wang")
    line.calls("c1")
    assert line.offered() == [("c1", "li")]


def test_sequential_follows_the_file_however_long_others_are_idle() -> None:
    line = hotline(Strategy.SEQUENTIAL, "wang", "li", "zhang")
    for number in range(3):
        line.talks(f"c{number}", "wang")
        line.releases(f"c{number}")
        line.wait(5)
    line.goes_on_break("wang")
    line.calls("c4")
    assert line.offered() == [("c4", "li")]


def test_ring_all_rings_everybody_who_is_idle() -> None:
    line = hotline(Strategy.RING_ALL, "wang", "li", "zhang", "chen")
    line.goes_on_break("li")
    line.calls("c1")
    assert line.offered() == [("c1", "wang"), ("c1", "zhang"), ("c1", "chen")]


def test_ring_all_rings_no_more_phones_than_allowed_those_idle_longest() -> None:
    line = hotline(Strategy.RING_ALL, "wang", "li", "zhang", ring_most=2)
    line.goes_on_break("wang")
    line.wait(1)
    line.signs_in("wang")
    line.calls("c1")
    assert line.offered() == [("c1", "li"), ("c1", "zhang")]


def test_ring_all_rings_the_agent_who_passed_the_call_on_with_the_others() -> None:
    line = hotline(Strategy.RING_ALL, "wang", "li")
    line.calls("c1")
    line.answers("wang")
    line.wait(1)
    line.calls("c1")
    assert line.offered() == [("c1", "li"), ("c1", "wang")]


def test_ring_all_gives_the_call_to_the_first_who_answers_and_frees_the_others_at_once() -> None:
    line = hotline(Strategy.RING_ALL, "wang", "li", "zhang")
    line.calls("c1")
    line.wait(4)
    line.answers("li")
    assert line.happened() == [
        "offer 2: c1 no longer rings li: accepted",
        "offer 1: c1 no longer rings wang: cancelled, answered by li",
        "wang is available idle, 4 s later",
        "offer 3: c1 no longer rings zhang: cancelled, answered by li",
        "zhang is available idle, 4 s later",
        "c1 leaves service after 4 s: answered li",
        "offer 2: c1 of service talks with li",
        "li is available on_call c1, 4 s later",
    ]


def test_ring_all_frees_the_others_for_the_next_call_in_the_same_turn() -> None:
    line = hotline(Strategy.RING_ALL, "wang", "li", "zhang")
    line.calls("c1")
    line.calls("c2")
    line.answers("li")
    assert line.offered() == [("c2", "wang")]


def test_ring_all_rings_on_when_one_declines() -> None:
    line = hotline(Strategy.RING_ALL, "wang", "li")
    line.calls("c1")
    line.refuses("wang")
    assert line.offered() == []
    assert line.answers("li")[-2:] == [
        out.Connected(CallId("c1"), AgentId("li"), OfferId(2), QueueId("service")),
        out.AgentChanged(
            AgentId("li"), Presence.AVAILABLE, "", Activity.ON_CALL, registered=True, call=CallId("c1"), lasted=0.0
        ),
    ]


def test_the_first_answer_to_ring_all_makes_the_second_one_late() -> None:
    line = hotline(Strategy.RING_ALL, "wang", "li")
    line.calls("c1")
    late = line.offer_to("li").offer
    line.answers("wang")
    assert line.does(do.Accept(late)) == [out.Ignored(do.Accept(late), "the offer is over")]


@pytest.mark.parametrize("strategy", list(Strategy))
def test_nobody_is_rung_who_lacks_the_skill(strategy: Strategy) -> None:
    people = [agent("wang", skills=needs(repair=2)), agent("li", skills=needs(repair=3))]
    line = Hotline(plan([queue("service", step(repair=3), strategy=strategy)], people))
    line.ready("wang", "li")
    line.calls("c1")
    assert line.offered() == [("c1", "li")]


@pytest.mark.parametrize("strategy", list(Strategy))
def test_an_agent_who_passes_a_call_on_is_chosen_among_all_others(strategy: Strategy) -> None:
    """The agent is idle at once (no wrap-up), but is not preferred to those who have been idle."""
    people = [agent("wang", wrap_up=0.0), agent("li", skills=needs(repair=5))]
    line = Hotline(plan([queue("service", step(), strategy=strategy), queue("repair", step())], people))
    line.ready("wang")
    line.wait(1)
    line.talks("c1", "wang")
    line.ready("li")
    line.wait(5)
    line.calls("c1", "repair")
    assert line.offered() == [("c1", "li")]


def test_every_strategy_has_an_order_of_its_own() -> None:
    assert list(KEYS) == list(Strategy)
    with pytest.raises(ValueError, match="'longest_idel' is not a valid Strategy"):
        Strategy("longest_idel")


# Against a plain reading of every strategy


@dataclass
class Seen:
    """What one agent's changes tell."""

    since: float = 0.0
    presence: Presence = Presence.LOGGED_OUT
    activity: Activity = Activity.IDLE
    registered: bool = False
    idle_since: float = 0.0
    idle: float = 0.0
    handled: float = 0.0
    calls: int = 0
    last_offer: int = 0

    @property
    def free(self) -> bool:
        return (self.presence, self.activity, self.registered) == (Presence.AVAILABLE, Activity.IDLE, True)


@dataclass
class Diary:
    """Keeps what the effects of all turns tell of each agent, and nothing else."""

    agents: dict[AgentId, Seen]
    withdrawn: set[AgentId] = field(default_factory=set)

    def read(self, effects: list[Effect], now: float) -> None:
        for effect in effects:
            if isinstance(effect, out.AgentChanged):
                self._changed(self.agents[effect.agent], effect, now)
            elif isinstance(effect, out.Offered):
                self.agents[effect.agent].last_offer = effect.offer
            elif isinstance(effect, out.OfferEnded) and effect.end is out.OfferEnd.CANCELLED:
                self.withdrawn.add(effect.agent)
            elif isinstance(effect, out.Connected):
                self.agents[effect.agent].calls += 1
        self.withdrawn.clear()

    def _changed(self, seen: Seen, effect: out.AgentChanged, now: float) -> None:
        before, free, kept = seen.activity, seen.free, effect.agent in self.withdrawn
        if free:
            seen.idle += now - seen.since
        elif before in (Activity.ON_CALL, Activity.WRAP_UP):
            seen.handled += now - seen.since
        if seen.presence is Presence.LOGGED_OUT and effect.presence is not Presence.LOGGED_OUT:
            seen.idle, seen.handled, seen.calls = 0.0, 0.0, 0
        rang = (seen.presence, before) == (Presence.AVAILABLE, Activity.OFFERED)
        seen.presence, seen.activity, seen.registered = effect.presence, effect.activity, effect.registered
        seen.since = now
        if seen.free and not free and not (rang and kept):
            seen.idle_since = now


def best(plan: Plan, queue: QueuePlan, diary: Diary) -> list[AgentId]:
    """One look at everybody, for each strategy what its docstring says."""
    order = list(plan.agents)
    least = queue.steps[0].needs
    fit = [
        id_
        for id_ in order
        if diary.agents[id_].free and all(plan.agents[id_].skills.get(skill, 0) >= n for skill, n in least.items())
    ]
    fit.sort(key=lambda id_: diary.agents[id_].idle_since)

    def occupied(seen: Seen) -> float:
        return seen.handled / (seen.handled + seen.idle) if seen.handled + seen.idle else 0.0

    match queue.strategy:
        case Strategy.LONGEST_IDLE:
            return fit[:1]
        case Strategy.ROUND_ROBIN:
            return sorted(fit, key=lambda id_: diary.agents[id_].last_offer)[:1]
        case Strategy.FEWEST_CALLS:
            return sorted(fit, key=lambda id_: diary.agents[id_].calls)[:1]
        case Strategy.LEAST_OCCUPIED:
            return sorted(fit, key=lambda id_: occupied(diary.agents[id_]))[:1]
        case Strategy.MOST_SKILLED:
            return sorted(fit, key=lambda id_: -sum(plan.agents[id_].skills[skill] for skill in least))[:1]
        case Strategy.SEQUENTIAL:
            return sorted(fit, key=order.index)[:1]
        case Strategy.RING_ALL:
            return fit[: queue.ring_most]


SKILLED = [agent(f"a{n}", skills={SkillId("repair"): 1 + n % 5}, wrap_up=float(n % 3), ring=6.0) for n in range(8)]


@given(st.sampled_from(Strategy), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 7)), max_size=80))
@settings(max_examples=cases(500, nightly=20_000))
def test_the_chosen_one_is_who_a_plain_reading_of_the_strategy_names(
    strategy: Strategy, story: list[tuple[int, int]]
) -> None:
    the_queue = queue("service", step(repair=2), strategy=strategy, ring_most=3)
    the_plan = plan([the_queue], SKILLED, rest=0.0, no_answers=99)
    line = Hotline(the_plan)
    diary = Diary({id_: Seen() for id_ in the_plan.agents})

    def turn(effects: list[Effect]) -> None:
        diary.read(effects, line.now)

    for id_ in the_plan.agents:
        turn(line.phone_comes(id_))
        turn(line.signs_in(id_))
    for number, (what, who) in enumerate(story):
        floor, person = line.acd.floor, f"a{who}"
        offers, talking = list(floor.offers), [a.call for a in floor.agents.values() if a.call is not None]
        match what:
            case 0 | 1 | 2:
                expected = [(f"c{number}", id_) for id_ in best(the_plan, the_queue, diary)]
                nobody_waits = not any(call.state == "waiting" for call in floor.calls.values())
                turn(line.calls(f"c{number}"))
                if nobody_waits:
                    assert line.offered() == expected
            case 3 | 4 if offers:
                turn(line.does(do.Accept(offers[who % len(offers)])))
            case 5 if offers:
                turn(line.does(do.Refuse(offers[who % len(offers)], Refusal.DECLINED)))
            case 6 if talking:
                turn(line.releases(talking[who % len(talking)]))
            case 7 if floor.calls:
                turn(line.hangs_up(list(floor.calls)[who % len(floor.calls)]))
            case 8 if floor.agents[AgentId(person)].activity is Activity.IDLE:
                turn(line.signs_out(person))
                turn(line.signs_in(person))
            case 9:
                wait(line, diary, float(1 + who))


def wait(line: Hotline, diary: Diary, seconds: float) -> None:
    """Lets time pass, deadline by deadline, with the diary beside it."""
    until = line.now + seconds
    while line.now < until:
        due = line.acd.next_deadline()
        diary.read(line.wait(min(until, due if due is not None else until) - line.now), line.now)
