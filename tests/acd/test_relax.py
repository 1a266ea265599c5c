"""Who may take a call: skills and groups, more people the longer it waits."""

import math
from typing import Any

import pytest

from cti.acd import effects as out
from cti.acd.model import Elsewhere, Leave, Overflow, RelaxStep, Skills, Strategy, Widen
from cti.ids import CallId, GroupId
from tests.acd.world import Hotline, agent, needs, plan, queue, step

EXPERT = agent("wang", skills=needs(repair=5))
BEGINNER = agent("li", skills=needs(repair=1))

STEPS = (step(repair=3), step(20, repair=1))


def hotline(*agents: Any, steps: Any = STEPS, **options: Any) -> Hotline:
    line = Hotline(plan([queue("service", *steps, **options)], agents))
    line.ready(*line.plan.agents)
    return line


# Who is admitted from which step on


@pytest.mark.parametrize(
    ("groups", "skills", "admitted_from"),
    [
        (["service"], needs(repair=3), 0),
        (["service"], needs(repair=4, orders=1), 0),
        (["service"], needs(repair=2), 1),
        (["orders"], needs(repair=3), 2),
        (["orders"], needs(repair=2), None),
        ([], needs(repair=5), None),
        (["service"], needs(orders=5), None),
        (["orders", "service"], needs(repair=3), 0),
    ],
)
def test_the_first_step_that_admits_an_agent_counts(groups: list[str], skills: Any, admitted_from: int | None) -> None:
    steps = (
        step(groups=["service"], repair=3),
        step(10, groups=["service"], repair=2),
        step(20, groups=["service", "orders"], repair=3),
    )
    assert Skills(frozenset(map(GroupId, groups)), skills).admitted_from(steps) == admitted_from


def test_every_needed_skill_has_to_be_there() -> None:
    people = [agent("wang", skills=needs(repair=5)), agent("li", skills=needs(repair=3, english=2))]
    line = hotline(*people, steps=[step(repair=3, english=2)])
    line.calls("c1")
    assert line.offered() == [("c1", "li")]


def test_an_agent_of_any_of_the_groups_is_admitted() -> None:
    people = [agent("wang", groups=["orders"]), agent("li", groups=["english", "service"])]
    line = hotline(*people, steps=[step(groups=["service", "specialists"])])
    line.calls("c1")
    assert line.offered() == [("c1", "li")]


def test_a_queue_without_groups_and_needs_admits_everybody() -> None:
    line = hotline(agent("wang"), steps=[step()])
    line.calls("c1")
    assert line.offered() == [("c1", "wang")]


# Waiting


def test_a_call_that_has_waited_so_long_is_offered_to_more_agents() -> None:
    line = hotline(BEGINNER)
    line.calls("c1")
    line.wait(19.9)
    assert line.happened() == []
    line.wait(0.1)
    assert line.happened() == [
        "offer 1: c1 of service rings li until 40",
        "li is available offered, 20 s later",
    ]


def test_an_agent_who_comes_free_may_have_the_call_once_a_step_admits_them() -> None:
    line = hotline(BEGINNER)
    line.goes_on_break("li")
    line.calls("c1")
    line.wait(20)
    line.signs_in("li")
    assert line.offered() == [("c1", "li")]


def test_an_agent_who_comes_free_before_that_does_not_get_it() -> None:
    line = hotline(BEGINNER)
    line.goes_on_break("li")
    line.calls("c1")
    line.wait(19)
    line.signs_in("li")
    assert line.offered() == []


def test_a_freed_agent_takes_the_first_call_of_those_that_have_waited_so_long() -> None:
    line = hotline(BEGINNER, steps=(step(repair=3), step(20, repair=1)))
    line.goes_on_break("li")
    line.calls("c1")
    line.wait(10)
    line.calls("c2", vip=True)
    line.wait(15)
    line.signs_in("li")
    assert line.offered() == [("c1", "li")]


def test_steps_follow_each_other() -> None:
    people = [BEGINNER, agent("zhang", skills=needs(orders=1))]
    line = hotline(*people, steps=[step(repair=3), step(20, repair=1), step(50)])
    line.goes_on_break("li")
    line.calls("c1")
    line.wait(49)
    assert line.offered() == []
    line.wait(1)
    assert line.offered() == [("c1", "zhang")]


def test_those_whom_earlier_steps_admit_stay_admitted() -> None:
    line = hotline(agent("wang", groups=["service"]), steps=[step(groups=["service"]), step(20, groups=["orders"])])
    line.goes_on_break("wang")
    line.calls("c1")
    line.wait(30)
    line.signs_in("wang")
    assert line.offered() == [("c1", "wang")]


def ringing_while_others_come(strategy: Strategy) -> Hotline:
    """An expert's phone rings from the beginning; a beginner, another expert and another beginner come meanwhile."""
    people = [agent("zhang", skills=needs(repair=4)), EXPERT, BEGINNER, agent("chen", skills=needs(repair=2))]
    line = Hotline(plan([queue("service", *STEPS, strategy=strategy, ring=60.0, ring_most=2)], people))
    line.ready("zhang")
    line.calls("c1")
    for who in ("li", "wang", "chen"):
        line.wait(1)
        line.ready(who)
    return line


def test_a_step_that_comes_while_a_phone_rings_counts_when_the_offer_fails() -> None:
    """And the strategy has the agents of all steps to choose from: the beginner has been idle longest."""
    line = ringing_while_others_come(Strategy.LONGEST_IDLE)
    line.wait(20)
    line.refuses("zhang")
    assert line.offered() == [("c1", "li")]


def test_a_skill_that_is_not_there_does_not_count_for_most_skilled() -> None:
    people = [agent("zhang", skills=needs(repair=3)), agent("wang"), agent("li", skills=needs(repair=1))]
    the_queue = queue("service", step(repair=3), step(20), strategy=Strategy.MOST_SKILLED, ring=60.0)
    line = Hotline(plan([the_queue], people))
    line.ready("zhang")
    line.calls("c1")
    line.ready("wang")
    line.wait(1)
    line.ready("li")
    line.wait(20)
    line.refuses("zhang")
    assert line.offered() == [("c1", "li")]


def test_an_offer_that_fails_before_the_step_is_for_those_of_the_step_before() -> None:
    line = ringing_while_others_come(Strategy.LONGEST_IDLE)
    line.wait(10)
    line.refuses("zhang")
    assert line.offered() == [("c1", "wang")]


def test_ring_all_rings_the_best_of_all_steps_together() -> None:
    line = ringing_while_others_come(Strategy.RING_ALL)
    line.wait(20)
    line.refuses("zhang")
    assert line.offered() == [("c1", "li"), ("c1", "wang")]


def test_a_step_that_comes_while_the_call_is_held_counts_when_it_is_everybodys() -> None:
    line = hotline(EXPERT, BEGINNER, sticky=30.0)
    line.takes_own_call("wang")
    line.calls("c1", last_agent="wang")
    line.wait(29)
    assert line.offered() == []
    line.wait(1)
    assert line.offered() == [("c1", "li")]


def test_in_another_queue_the_steps_begin_anew() -> None:
    queues = [queue("service", *STEPS), queue("orders", step(repair=3), step(30, repair=1))]
    line = Hotline(plan(queues, [EXPERT, BEGINNER]))
    line.ready("li")
    line.goes_on_break("li")
    line.calls("c1")
    line.wait(25)
    line.moves("c1", "orders")
    line.signs_in("li")
    line.wait(29)
    assert line.offered() == []
    line.wait(1)
    assert line.offered() == [("c1", "li")]


def test_the_explanation_says_which_step_admitted_the_agent() -> None:
    steps = (RelaxStep(0.0, needs(repair=3), where="q:4"), RelaxStep(20.0, needs(repair=1), where="q:7"))
    line = hotline(BEGINNER, steps=steps)
    line.calls("c1")
    line.wait(20)
    [offered] = line.of(out.Offered)
    assert (offered.why.step, offered.why.step_where) == (1, "q:7")
    assert "admitted by relax step 1 (q:7)" in list(offered.why.lines())


def test_an_agent_with_new_skills_serves_a_waiting_call_at_once() -> None:
    line = hotline(agent("zhang"))
    line.calls("c1")
    line.learns("zhang", repair=3)
    assert line.offered() == [("c1", "zhang")]


def test_an_agent_who_loses_a_skill_is_not_rung_any_more() -> None:
    line = hotline(EXPERT)
    line.learns("wang", repair=2)
    line.calls("c1")
    assert line.offered() == []
    line.wait(20)
    assert line.offered() == [("c1", "wang")]


def test_an_offer_that_rings_stands_when_the_skill_is_lost() -> None:
    line = hotline(EXPERT)
    line.calls("c1")
    line.learns("wang", orders=1)
    assert line.happened() == []
    line.answers("wang")
    assert [e.agent for e in line.of(out.Connected)] == ["wang"]


# Rules that open a call to more agents

WIDEN = (step(groups=["service"]), step(30, groups=["orders"]), step(math.inf, groups=["specialists"]))


def widening(rule: Overflow) -> Hotline:
    people = [
        agent("wang", groups=["service"]),
        agent("li", groups=["orders"]),
        agent("zhang", groups=["specialists"]),
    ]
    return hotline(*people, steps=WIDEN, overflow=(rule,))


def test_a_rule_opens_the_call_to_a_group_and_it_keeps_queue_and_place() -> None:
    line = widening(Overflow(Widen(2), "queues.yaml:9", waited_over=10.0))
    line.takes_own_call("wang", "own1")
    line.takes_own_call("li", "own2")
    line.calls("c1")
    line.wait(10)
    assert line.happened() == [
        "c1 reaches step 2 of service [queues.yaml:9]",
        "offer 1: c1 of service rings zhang until 30",
        "zhang is available offered, 10 s later",
    ]
    call = line.acd.floor.calls[CallId("c1")]
    assert call.queue.order == [(0.0, 1)]


def test_a_group_that_only_a_rule_brings_in_never_comes_in_by_waiting() -> None:
    line = widening(Overflow(Widen(2), "queues.yaml:9", waiting_over=99))
    line.takes_own_call("wang", "own1")
    line.takes_own_call("li", "own2")
    line.calls("c1")
    line.wait(100_000)
    assert line.offered() == []


def test_a_rule_that_opened_the_call_does_so_once() -> None:
    line = widening(Overflow(Widen(2), "queues.yaml:9", nobody_available=True))
    for who in ("wang", "li", "zhang"):
        line.signs_out(who)
    line.calls("c1")
    line.wait(100)
    line.signs_in("wang")
    line.signs_out("wang")
    assert [e.step for e in line.story if isinstance(e, out.Widened)] == [2]


def test_agents_of_the_added_group_count_for_a_call_that_was_opened_to_them_only() -> None:
    away = Overflow(Widen(2), "queues.yaml:9", nobody_available=True)
    line = widening(away)
    line.signs_out("wang")
    line.signs_out("li")
    line.takes_own_call("zhang")
    line.calls("c1")
    assert line.happened() == ["c1 enters service at 1", "c1 reaches step 2 of service [queues.yaml:9]"]
    line.wait(45)
    call = line.acd.floor.calls[CallId("c1")]
    assert (call.queue.available(0), call.queue.available(2)) == (0, 1)
    assert call.queue.estimate(call) == 180.0


def test_a_step_that_waiting_reaches_later_does_not_narrow_the_call_again() -> None:
    line = widening(Overflow(Widen(2), "queues.yaml:9", waited_over=10.0))
    for number, who in enumerate(("wang", "li", "zhang")):
        line.takes_own_call(who, f"own{number}")
    line.calls("c1")
    line.wait(31)
    line.releases("own2")
    line.finishes("zhang")
    assert line.offered() == [("c1", "zhang")]


def test_agents_whom_only_a_rule_brings_in_are_not_the_queues_own() -> None:
    line = widening(Overflow(Leave(Elsewhere.HANGUP), "queues.yaml:9", nobody_signed_in=True))
    line.signs_out("wang")
    line.signs_out("li")
    line.calls("c1")
    assert [e.to for e in line.of(out.Sent)] == [Leave(Elsewhere.HANGUP)]


def test_agents_whom_only_a_rule_brings_in_do_not_hide_that_the_queues_own_have_gone() -> None:
    people = [agent("wang", groups=["service"]), agent("zhang", groups=["specialists"])]
    steps = (step(groups=["service"]), step(math.inf, groups=["specialists"]))
    line = hotline(*people, steps=steps, overflow=(Overflow(Widen(1), "queues.yaml:9", nobody_available=True),))
    line.takes_own_call("wang")
    line.calls("c1")
    line.signs_out("wang")
    assert line.offered() == [("c1", "zhang")]


def test_once_a_rule_has_brought_them_in_they_count() -> None:
    line = hotline(
        agent("zhang", groups=["specialists"]),
        steps=WIDEN,
        overflow=(
            Overflow(Widen(2), "queues.yaml:8", waited_over=10.0),
            Overflow(Leave(Elsewhere.HANGUP), "queues.yaml:9", nobody_signed_in=True, waited_over=20.0),
        ),
    )
    line.takes_own_call("zhang")
    line.calls("c1")
    line.wait(60)
    assert line.happened() == ["c1 reaches step 2 of service [queues.yaml:8]"]
    line.signs_out("zhang")
    assert [e.to for e in line.of(out.Sent)] == [Leave(Elsewhere.HANGUP)]
