"""The machine: time, deadlines, and commands that cannot be done."""

import math

import pytest

from cti.acd import commands as do
from cti.acd.commands import Presence
from cti.acd.effects import Offered
from cti.acd.floor import UnknownQueue
from cti.acd.machine import Distributor
from cti.acd.model import (
    Announcements,
    Elsewhere,
    EscalationRule,
    Leave,
    Overflow,
    Plan,
    QueuePlan,
    RelaxStep,
    ToQueue,
    Trigger,
    Widen,
)
from cti.acd.plans import BadPlan
from cti.acd.timers import Due, Timers
from cti.ids import AgentId, CallId, QueueId
from tests.acd.world import Hotline, agent, plan, queue, step, words


def hotline(*agents: str) -> Hotline:
    line = Hotline(plan([queue("service"), queue("orders")], [agent(id_) for id_ in agents or ("wang",)]))
    line.ready(*line.plan.agents)
    return line


# Time


def test_time_that_goes_back_counts_as_the_time_before() -> None:
    line = hotline()
    line.wait(100)
    effects = line.acd.handle(do.Enqueue(CallId("c1"), QueueId("service")), 40.0)
    assert words(effects)[1] == "offer 1: c1 of service rings wang until 120"


def test_time_that_goes_back_makes_nothing_due_twice() -> None:
    line = hotline()
    line.calls("c1")
    line.wait(20)
    assert line.acd.advance(5.0) == []
    assert line.acd.advance(24.9) == []
    assert words(line.acd.advance(25.0))[0] == "offer 2: c1 of service rings wang until 45"


def test_any_clock_will_do() -> None:
    acd = Distributor(plan([queue("service")], [agent("wang")]), now=-5_000.0)
    acd.handle(do.SetRegistered(AgentId("wang"), True), -5_000.0)
    acd.handle(do.SetPresence(AgentId("wang"), Presence.AVAILABLE), -5_000.0)
    effects = acd.handle(do.Enqueue(CallId("c1"), QueueId("service")), -4_000.0)
    assert words(effects)[1] == "offer 1: c1 of service rings wang until -3980"


def test_a_late_wake_up_does_everything_that_was_due_at_the_time_that_it_is() -> None:
    line = hotline("wang", "li")
    line.calls("c1")
    line.calls("c2")
    line.now += 1_000
    line.wait(0)
    assert line.happened() == [
        "offer 1: c1 no longer rings wang: no_answer",
        "wang is available idle, 1000 s later",
        "offer 2: c2 no longer rings li: no_answer",
        "li is available idle, 1000 s later",
    ]
    line.wait(5)
    assert [(e.offer, e.until) for e in line.of(Offered)] == [(3, 1025.0), (4, 1025.0)]


def test_a_command_comes_after_all_that_was_due_before_it() -> None:
    line = hotline()
    line.talks("c1", "wang")
    line.releases("c1")
    line.now += 15
    line.calls("c2")
    assert line.happened()[:2] == ["wang is available idle, 15 s later", "c2 enters service at 1"]


def test_of_agents_and_calls_who_come_free_at_one_moment_the_first_call_goes_first() -> None:
    """Two rests end with one late wake-up, in the order in which they were due."""
    line = hotline("wang", "li")
    line.calls("c1")
    line.wait(1)
    line.calls("c2")
    line.refuses("li")
    line.refuses("wang")
    line.now += 60
    line.wait(0)
    assert line.offered() == [("c1", "li"), ("c2", "wang")]


# Deadlines


def test_without_anything_to_wait_for_there_is_no_deadline() -> None:
    line = hotline()
    assert line.acd.next_deadline() is None
    line.talks("c1", "wang")
    assert line.acd.next_deadline() is None


def test_the_deadline_of_an_offer() -> None:
    line = hotline()
    line.wait(3)
    line.calls("c1")
    assert line.acd.next_deadline() == 23.0
    line.answers("wang")
    assert line.acd.next_deadline() is None


def test_the_deadline_of_wrap_up() -> None:
    line = hotline()
    line.talks("c1", "wang")
    line.releases("c1")
    assert line.acd.next_deadline() == 15.0
    line.finishes("wang")
    assert line.acd.next_deadline() is None


def test_the_deadline_of_a_rest() -> None:
    line = hotline()
    line.calls("c1")
    line.refuses("wang")
    assert line.acd.next_deadline() == 5.0


def test_the_deadlines_of_a_waiting_call() -> None:
    overflow = (Overflow(Leave(Elsewhere.HANGUP), "q:1", waited_over=40.0),)
    announce = Announcements(every=30.0, callback_after=35.0)
    the_queue = queue("service", step(), step(10), sticky=5.0, overflow=overflow, announce=announce)
    line = Hotline(plan([the_queue], [agent("wang")]))
    line.ready("wang")
    line.takes_own_call("wang")
    line.calls("c1", last_agent="wang")
    seen = []
    while (due := line.acd.next_deadline()) is not None:
        seen.append(due)
        line.wait(due - line.now)
    assert seen == [5.0, 10.0, 30.0, 35.0, 40.0]


def test_a_step_that_waiting_never_reaches_is_no_deadline() -> None:
    steps = (step(groups=["service"]), RelaxStep(math.inf))
    line = Hotline(plan([queue("service", *steps)], []))
    line.calls("c1")
    assert line.acd.next_deadline() is None


def test_the_deadline_of_a_long_conversation() -> None:
    rule = EscalationRule(Trigger.TALK, 600.0)
    line = Hotline(plan([queue("service")], [agent("wang")], escalation=[rule]))
    line.ready("wang")
    line.wait(5)
    line.talks("c1", "wang")
    assert line.acd.next_deadline() == 605.0


def test_an_advance_before_the_deadline_does_nothing() -> None:
    line = hotline()
    line.calls("c1")
    assert line.acd.advance(19.999) == []


def test_timers_come_up_in_the_order_of_their_times_then_of_their_setting() -> None:
    class Subject:
        stamp = 0

    timers, subject, stale = Timers(), Subject(), Subject()
    timers.set(2.0, Due.REST, subject, "c")
    timers.set(1.0, Due.REST, subject, "a")
    timers.set(1.0, Due.REST, subject, "b")
    timers.set(0.5, Due.REST, stale, "never")
    stale.stamp += 1
    assert timers.next() == 1.0
    assert timers.take(0.99) is None
    assert [taken[5] for taken in iter(lambda: timers.take(5.0), None)] == ["a", "b", "c"]
    assert timers.next() is None


def test_stale_timers_do_not_pile_up_past_their_time() -> None:
    line = hotline()
    for number in range(100):
        line.calls(f"c{number}")
        line.hangs_up(f"c{number}")
    line.wait(20)
    assert len(line.acd.floor.timers) == 0


# Commands that cannot be done


def floor_of(line: Hotline) -> tuple[object, ...]:
    """What a command could have changed."""
    floor = line.acd.floor
    return (
        {id_: (call.state, call.queue.id, call.place, call.entered) for id_, call in floor.calls.items()},
        {id_: (*agent_.shown(), agent_.calls) for id_, agent_ in floor.agents.items()},
        {id_: (list(queue_.order), queue_.counts) for id_, queue_ in floor.queues.items()},
        dict(floor.offers),
        floor.arrivals,
        floor.timers.next(),
        floor.plan,
    )


@pytest.mark.parametrize("call", ["waiting", "talking", "new", "own"])
def test_a_queue_that_nobody_knows_leaves_everything_as_it_was(call: str) -> None:
    line = hotline("wang", "li")
    line.talks("talking", "wang")
    line.takes_own_call("li")
    line.calls("waiting")
    before = floor_of(line)
    with pytest.raises(UnknownQueue, match="there is no queue repairs"):
        line.calls(call, "repairs")
    assert floor_of(line) == before
    line.wait(0)
    assert line.happened() == []


def test_a_call_cannot_be_moved_into_a_queue_that_nobody_knows() -> None:
    line = hotline()
    line.takes_own_call("wang")
    line.calls("c1")
    before = floor_of(line)
    with pytest.raises(UnknownQueue):
        line.moves("c1", "repairs")
    assert floor_of(line) == before


def test_a_call_cannot_be_escalated_into_a_queue_that_is_no_more() -> None:
    rule = EscalationRule(Trigger.COMPLAINT, to=QueueId("orders"))
    people = [agent("wang")]
    line = Hotline(plan([queue("service"), queue("orders")], people, escalation=[rule]))
    line.ready("wang")
    line.talks("c1", "wang")
    line.complains("c1")
    line.replans(plan([queue("service")], people))
    before = floor_of(line)
    with pytest.raises(UnknownQueue):
        line.escalates("c1")
    assert floor_of(line) == before


def test_what_was_due_before_a_command_that_failed_is_not_lost() -> None:
    line = hotline("wang", "li")
    line.calls("c1")
    line.wait(5)
    line.now += 15
    with pytest.raises(UnknownQueue):
        line.acd.handle(do.Enqueue(CallId("c2"), QueueId("repairs")), line.now)
    line.wait(0)
    assert line.happened() == [
        "offer 1: c1 no longer rings wang: no_answer",
        "wang is available idle, 20 s later",
        "offer 2: c1 of service rings li until 40",
        "li is available offered, 20 s later",
    ]


def test_the_error_says_what_to_do() -> None:
    line = hotline()
    with pytest.raises(UnknownQueue) as caught:
        line.calls("c1", "repairs")
    assert str(caught.value) == (
        "there is no queue repairs. Compare the flow with routing/queues.yaml: cti check finds it"
    )


# Plans that cannot work

BAD: dict[str, tuple[Plan, str]] = {
    "ageing of nothing": (plan([], [], ageing=0.0), "ageing is not more than 0"),
    "ageing backwards": (plan([], [], ageing=-1.0), "ageing is not more than 0"),
    "no steps": (
        plan([QueuePlan(QueueId("a"), steps=())], []),
        "a: relax steps do not begin at 0 and follow each other",
    ),
    "first step late": (
        plan([queue("a", step(5.0))], []),
        "a: relax steps do not begin at 0 and follow each other",
    ),
    "steps in disorder": (
        plan([queue("a", step(), step(20.0), step(10.0))], []),
        "a: relax steps do not begin at 0 and follow each other",
    ),
    "two steps at once": (
        plan([queue("a", step(), step(20.0), step(20.0))], []),
        "a: relax steps do not begin at 0 and follow each other",
    ),
    "a step after one that waiting does not reach": (
        plan([queue("a", step(), RelaxStep(math.inf), step(20.0))], []),
        "a: relax steps do not begin at 0 and follow each other",
    ),
    "overflow to nowhere": (
        plan([queue("a", overflow=(Overflow(ToQueue(QueueId("b")), "q:1"),))], []),
        "a: overflow to b, which is no queue",
    ),
    "a step too many": (
        plan([queue("a", overflow=(Overflow(Widen(1), "q:1"),))], []),
        "a: overflow to step 1, which it does not have",
    ),
    "a step that everybody has reached": (
        plan([queue("a", overflow=(Overflow(Widen(0), "q:1"),))], []),
        "a: overflow to step 0, which it does not have",
    ),
    "escalation to nowhere": (
        plan([], [], escalation=[EscalationRule(Trigger.COMPLAINT, to=QueueId("b"))]),
        "escalation to b, which is no queue",
    ),
    "an offer of nowhere": (
        plan([], [], escalation=[EscalationRule(Trigger.TALK, offer=QueueId("b"))]),
        "escalation to b, which is no queue",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_plan_that_cannot_work_is_refused(case: str) -> None:
    bad, what = BAD[case]
    with pytest.raises(BadPlan) as caught:
        Distributor(bad, 0.0)
    assert caught.value.what == what


def test_any_ageing_above_nothing_will_do() -> None:
    assert Distributor(plan([], [], ageing=0.001), 0.0).next_deadline() is None


def test_several_steps_may_be_for_rules_only() -> None:
    the_plan = plan([queue("a", step(), RelaxStep(math.inf), RelaxStep(math.inf))], [])
    assert Distributor(the_plan, 0.0).next_deadline() is None


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(BadPlan, match="ageing is not more than 0; a: relax steps"):
        Distributor(plan([queue("a", step(5.0))], [], ageing=0.0), 0.0)


@pytest.mark.parametrize("case", BAD)
def test_the_plan_in_force_stays_in_force_when_the_next_is_refused(case: str) -> None:
    line = hotline()
    line.takes_own_call("wang")
    line.calls("c1")
    before = floor_of(line)
    with pytest.raises(BadPlan):
        line.acd.handle(do.Replan(BAD[case][0]), line.now)
    assert floor_of(line) == before
    line.releases("own")
    line.finishes("wang")
    assert line.offered() == [("c1", "wang")]
