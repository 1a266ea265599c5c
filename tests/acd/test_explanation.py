"""Every decision says who else was there, why each was passed over, the rule, and where the rule stands."""

import math
from collections.abc import Iterable
from typing import Any

from cti.acd import effects as out
from cti.acd.explanation import Candidate, Explanation, Other, Passed
from cti.acd.model import QueuePlan, RelaxStep, Strategy
from cti.acd.transitions import Standing
from cti.ids import AgentId, CallId, QueueId
from tests.acd.world import Hotline, agent, needs, plan, queue, step


def service(strategy: Strategy = Strategy.LONGEST_IDLE, **options: Any) -> QueuePlan:
    """A queue whose parts say where they stand."""
    steps = (RelaxStep(0.0, needs(repair=3), where="q:3"), RelaxStep(30.0, needs(repair=1), where="q:5"))
    return queue("service", *steps, strategy=strategy, strategy_where="q:7", where="q:2", **options)


def hotline(the_queue: QueuePlan, *people: Any) -> Hotline:
    """Everybody has signed in, one second after the other."""
    line = Hotline(plan([the_queue], people))
    for id_ in line.plan.agents:
        line.ready(id_)
        line.wait(1)
    return line


def experts(*ids: str) -> Iterable[Any]:
    return [agent(id_, skills=needs(repair=5)) for id_ in ids]


def why(line: Hotline) -> Explanation:
    """Of the first offer of the last turn."""
    return line.of(out.Offered)[0].why


def test_the_whole_explanation_of_a_call_that_finds_an_agent() -> None:
    line = hotline(service(), *experts("wang", "li", "zhang", "chen"), agent("zhao", skills=needs(repair=1)))
    line.goes_on_break("zhang")
    line.calls("c1")
    assert why(line) == Explanation(
        at=5.0,
        rule="longest_idle",
        where="q:7",
        strategy=Strategy.LONGEST_IDLE,
        step=0,
        step_where="q:3",
        place=(5.0, 1),
        candidates=(
            Candidate(AgentId("wang"), (0.0, 0)),
            Candidate(AgentId("li"), (1.0, 1)),
            Candidate(AgentId("chen"), (3.0, 3)),
        ),
        chosen=1,
        passed=(
            Passed(AgentId("zhang"), Standing.ON_BREAK),
            Passed(AgentId("zhao"), Standing.IDLE, too_early=True),
        ),
        counts=(0, 1, 0, 0, 0, 0, 0, 4),
        others=(),
    )
    assert list(why(line).lines()) == [
        "rule: longest_idle (q:7)",
        "chosen: wang, idle for 5 s",
        "behind: li, idle for 4 s",
        "behind: chen, idle for 2 s",
        "passed over: zhang is on break",
        "passed over: zhao is admitted later only, by a relax step or an overflow rule",
    ]


def test_the_whole_explanation_of_a_freed_agent_who_finds_a_call() -> None:
    line = hotline(service(priority=2), *experts("wang"))
    line.goes_on_break("wang")
    line.calls("c1")
    line.wait(9)
    line.calls("c2")
    line.signs_in("wang")
    assert why(line) == Explanation(
        at=10.0,
        rule="next call for a freed agent",
        where="q:2",
        strategy=Strategy.LONGEST_IDLE,
        step=0,
        step_where="q:3",
        place=(1.0 - 2 * 60, 1),
        candidates=(Candidate(AgentId("wang"), (10.0, 0)),),
        chosen=1,
        passed=(),
        counts=(0, 0, 0, 0, 0, 0, 0, 1),
        others=(),
    )


def test_a_freed_agent_is_told_which_calls_of_other_queues_come_later() -> None:
    line = Hotline(plan([queue("service"), queue("orders"), queue("repair")], [agent("wang")]))
    line.calls("c1", "orders")
    line.wait(1)
    line.calls("c2", "service")
    line.wait(1)
    line.calls("c3", "repair")
    line.ready("wang")
    assert why(line).others == (
        Other(CallId("c2"), QueueId("service"), (1.0, 2)),
        Other(CallId("c3"), QueueId("repair"), (2.0, 3)),
    )
    assert list(why(line).lines())[-2:] == [
        "later in the order: call c2 of service",
        "later in the order: call c3 of repair",
    ]


def test_no_more_than_five_of_them_are_named() -> None:
    ids = [f"q{n}" for n in range(8)]
    line = Hotline(plan([queue(id_) for id_ in ids], [agent("wang")]))
    for id_ in ids:
        line.calls(f"c-{id_}", id_)
    line.ready("wang")
    assert [other.queue for other in why(line).others] == ["q1", "q2", "q3", "q4", "q5"]


def test_agents_whom_only_a_rule_brings_in_are_not_counted_before() -> None:
    steps = (RelaxStep(0.0, needs(repair=3)), RelaxStep(math.inf))
    line = Hotline(plan([queue("service", *steps)], [*experts("wang"), agent("li")]))
    line.ready("wang", "li")
    line.calls("c1")
    assert why(line).counts == (0, 0, 0, 0, 0, 0, 0, 1)


def test_every_way_of_being_passed_over_has_its_words() -> None:
    ids = ("home", "lunch", "phone", "rings", "talks", "writes", "rests", "idle")
    line = hotline(service(), *experts(*ids))
    line.signs_out("home")
    line.goes_on_break("lunch")
    line.phone_goes("phone")
    for id_ in ids[3:7]:
        line.calls(f"c-{id_}")
    line.answers("talks")
    line.answers("writes")
    line.releases("c-writes")
    line.hangs_up("c-rests")
    line.calls("c-rests")
    line.refuses("rests")
    line.hangs_up("c-rests")
    line.calls("c")
    assert list(why(line).lines())[2:] == [
        "passed over: home has not signed in",
        "passed over: lunch is on break",
        "passed over: phone has no registered phone",
        "passed over: rings is being offered another call",
        "passed over: talks is on a call",
        "passed over: writes is in wrap-up",
        "passed over: rests rests after a refused offer",
    ]


def test_what_each_strategy_compared_is_said_in_words() -> None:
    merits = {}
    for strategy in Strategy:
        line = hotline(service(strategy), *experts("wang", "li"))
        line.takes_own_call("li")
        line.calls("c0")
        line.answers("wang")
        line.wait(30)
        line.releases("c0")
        line.finishes("wang")
        line.wait(30)
        line.calls("c1")
        merits[strategy] = list(why(line).lines())[1]
    assert merits == {
        Strategy.LONGEST_IDLE: "chosen: wang, idle for 30 s",
        Strategy.ROUND_ROBIN: "chosen: wang, offer 1 was the last from this queue",
        Strategy.FEWEST_CALLS: "chosen: wang, 1 calls answered",
        Strategy.LEAST_OCCUPIED: "chosen: wang, 94% occupied",
        Strategy.MOST_SKILLED: "chosen: wang, proficiency 5",
        Strategy.SEQUENTIAL: "chosen: wang, number 1 in the file",
        Strategy.RING_ALL: "chosen: wang, idle for 30 s",
    }


def test_who_had_no_offer_yet_is_said_so() -> None:
    line = hotline(service(Strategy.ROUND_ROBIN), *experts("wang"))
    line.goes_on_break("wang")
    line.signs_in("wang")
    line.calls("c1")
    assert list(why(line).lines())[1] == "chosen: wang, had no offer from this queue yet"


def test_all_whom_ring_all_rings_are_chosen() -> None:
    line = hotline(service(Strategy.RING_ALL, ring_most=2), *experts("wang", "li", "zhang"))
    line.calls("c1")
    assert list(why(line).lines()) == [
        "rule: ring_all (q:7)",
        "chosen: wang, idle for 3 s",
        "chosen: li, idle for 2 s",
        "behind: zhang, idle for 1 s",
    ]


def test_agents_are_named_as_people_know_them() -> None:
    line = hotline(service(), *experts("wang"))
    line.calls("c1")
    assert list(why(line).lines(lambda id_: f"{id_} 王芳"))[1] == "chosen: wang 王芳, idle for 1 s"


def test_no_more_than_five_are_named_behind_the_chosen_one() -> None:
    line = hotline(service(), *experts(*(f"a{n}" for n in range(9))))
    line.calls("c1")
    assert [c.agent for c in why(line).candidates] == [f"a{n}" for n in range(6)]


def test_of_a_large_queue_those_who_are_passed_over_are_counted() -> None:
    line = hotline(service(), *experts(*(f"a{n}" for n in range(21))))
    for number in range(3):
        line.goes_on_break(f"a{number}")
    line.takes_own_call("a3")
    line.calls("c1")
    assert why(line).passed == ()
    assert list(why(line).lines())[-2:] == ["passed over: 3 x is on break", "passed over: 1 x is on a call"]


def test_twenty_are_still_named() -> None:
    line = hotline(service(), *experts(*(f"a{n}" for n in range(20))))
    line.goes_on_break("a7")
    line.calls("c1")
    assert list(why(line).lines())[-1] == "passed over: a7 is on break"


# A call that waits


def test_a_call_that_waits_can_be_asked_why() -> None:
    line = hotline(service(), *experts("wang"), agent("li", skills=needs(repair=1)), agent("zhang"))
    line.takes_own_call("wang")
    line.calls("c1")
    explanation = line.acd.explain(CallId("c1"))
    assert explanation is not None
    assert list(explanation.lines()) == [
        "rule: waiting (q:2)",
        "passed over: wang is on a call",
        "passed over: li is admitted later only, by a relax step or an overflow rule",
    ]


def test_a_call_that_waits_at_a_later_step_says_so() -> None:
    line = hotline(service(), *experts("wang"))
    line.takes_own_call("wang")
    line.calls("c1")
    line.wait(30)
    explanation = line.acd.explain(CallId("c1"))
    assert explanation is not None
    assert list(explanation.lines())[:2] == ["rule: waiting (q:2)", "admitted by relax step 1 (q:5)"]


def test_a_call_that_is_held_says_who_is_idle_behind_the_last_agent() -> None:
    line = hotline(service(sticky=20.0, sticky_where="q:9"), *experts("wang", "li"))
    line.takes_own_call("wang")
    line.calls("c1", last_agent="wang")
    explanation = line.acd.explain(CallId("c1"))
    assert explanation is not None
    assert list(explanation.lines()) == [
        "rule: last agent (q:9)",
        "behind: li, idle for 1 s",
        "passed over: wang is on a call",
    ]


def test_asking_changes_nothing() -> None:
    line = hotline(service(), *experts("wang"))
    line.takes_own_call("wang")
    line.calls("c1")
    line.acd.explain(CallId("c1"))
    line.wait(0)
    assert line.happened() == []


def test_a_call_that_does_not_wait_has_nothing_to_explain() -> None:
    line = hotline(service(), *experts("wang"))
    assert line.acd.explain(CallId("c1")) is None
    line.calls("c1")
    assert line.acd.explain(CallId("c1")) is None
    line.answers("wang")
    assert line.acd.explain(CallId("c1")) is None


def test_a_rule_without_a_place_in_a_file_has_none_in_its_words() -> None:
    line = Hotline(plan([queue("service", step(groups=["service"]))], [agent("wang", groups=["service"])]))
    line.ready("wang")
    line.calls("c1")
    assert next(why(line).lines()) == "rule: longest_idle"
