"""Admins have decided anew while calls wait: nobody loses a place, nobody is forgotten."""

from typing import Any

import pytest

from cti.acd import effects as out
from cti.acd.floor import UnknownQueue
from cti.acd.model import Announcements, Elsewhere, Leave, Overflow, Plan, Strategy, ToQueue
from cti.ids import AgentId, CallId, QueueId
from tests.acd.world import Hotline, agent, needs, plan, queue, step

WANG = agent("wang", skills=needs(repair=1), wrap_up=0.0)
VOICEMAIL = Leave(Elsewhere.VOICEMAIL, "service")


def one(**options: Any) -> Plan:
    """One queue, one agent."""
    return plan([queue("service", step(repair=1), **options)], [WANG])


def hotline(the_plan: Plan | None = None) -> Hotline:
    """wang is on a call."""
    line = Hotline(the_plan or one())
    line.ready("wang")
    line.takes_own_call("wang")
    return line


def test_calls_keep_their_places() -> None:
    line = hotline()
    line.calls("c1")
    line.wait(10)
    line.calls("c2")
    assert line.replans(one()) == []
    line.releases("own")
    assert line.offered() == [("c1", "wang")]


def test_the_wait_goes_on_counting() -> None:
    line = hotline()
    line.calls("c1")
    line.wait(10)
    line.replans(one())
    line.wait(5)
    line.hangs_up("c1")
    assert line.happened() == ["c1 leaves service after 15 s: abandoned"]


def test_a_new_priority_counts_for_calls_that_wait() -> None:
    both = [queue("service"), queue("orders")]
    line = hotline(plan(both, [WANG]))
    line.calls("c1", "service")
    line.calls("c2", "orders")
    line.replans(plan([queue("service"), queue("orders", priority=1)], [WANG]))
    line.releases("own")
    assert line.offered() == [("c2", "wang")]


def test_the_order_of_coming_into_a_queue_is_kept() -> None:
    full = Overflow(VOICEMAIL, "q:9", waiting_over=1)
    line = hotline(plan([queue("service"), queue("orders")], [WANG]))
    line.calls("c1", "service")
    line.calls("c2", "orders")
    line.moves("c1", "orders")
    line.replans(plan([queue("service"), queue("orders", overflow=(full,))], [WANG]))
    assert line.happened() == [
        "c1 leaves orders after 0 s: queue_full [q:9]",
        "c1 goes to voicemail service [q:9]",
    ]


def test_a_lower_limit_sends_the_newest_away_until_it_is_kept() -> None:
    line = hotline()
    for id_ in ("c1", "c2", "c3"):
        line.calls(id_)
    line.replans(one(overflow=(Overflow(VOICEMAIL, "q:9", waiting_over=1),)))
    assert [e.call for e in line.of(out.Sent)] == ["c3", "c2"]


def test_a_rule_on_waiting_counts_the_wait_so_far() -> None:
    line = hotline()
    line.calls("c1")
    line.wait(20)
    line.replans(one(overflow=(Overflow(VOICEMAIL, "q:9", waited_over=30.0),)))
    assert line.happened() == []
    line.wait(10)
    assert [e.call for e in line.of(out.Sent)] == ["c1"]


def test_a_rule_that_holds_already_sends_the_call_away_at_once() -> None:
    line = hotline()
    line.calls("c1")
    line.wait(20)
    line.replans(one(overflow=(Overflow(VOICEMAIL, "q:9", waited_over=20.0),)))
    assert [e.call for e in line.of(out.Sent)] == ["c1"]


def test_a_rule_that_is_no_more_sends_nobody_away() -> None:
    line = hotline(one(overflow=(Overflow(VOICEMAIL, "q:9", waited_over=30.0),)))
    line.calls("c1")
    line.replans(one())
    line.wait(60)
    assert line.happened() == []


def test_relax_steps_count_the_wait_so_far() -> None:
    line = hotline()
    line.releases("own")
    line.learns("wang", orders=1)
    line.wait(100)
    line.calls("c1")
    line.wait(20)
    people = [agent("wang", skills=needs(orders=1))]
    steps = (step(repair=1), step(10, english=1), step(20, orders=1))
    line.replans(plan([queue("service", *steps)], people))
    assert line.offered() == [("c1", "wang")]


def test_a_step_to_come_comes_at_its_time() -> None:
    line = hotline()
    line.releases("own")
    line.learns("wang", orders=1)
    line.wait(100)
    line.calls("c1")
    line.wait(20)
    steps = (step(repair=1), step(30, orders=1))
    line.replans(plan([queue("service", *steps)], [agent("wang", skills=needs(orders=1))]))
    line.wait(9)
    assert line.offered() == []
    line.wait(1)
    assert line.offered() == [("c1", "wang")]


def test_announcements_are_those_of_the_new_plan() -> None:
    line = hotline(one(announce=Announcements(every=10.0)))
    line.calls("c1")
    line.wait(5)
    line.replans(one(announce=Announcements(every=30.0)))
    line.wait(29)
    assert line.happened() == []
    line.wait(1)
    assert line.happened() == ["c1 hears: place 1"]


def test_a_queue_that_is_no_more_empties_as_it_was() -> None:
    rule = Overflow(VOICEMAIL, "q:9", waited_over=30.0)
    line = hotline(plan([queue("service"), queue("orders", overflow=(rule,))], [WANG]))
    line.calls("c1", "orders")
    line.calls("c2", "orders")
    line.replans(plan([queue("service")], [WANG]))
    line.releases("own")
    assert line.offered() == [("c1", "wang")]
    line.wait(30)
    assert ("c2", "timed_out") in [(e.call, e.outcome) for e in line.of(out.EntryClosed)]


def test_a_rule_into_a_queue_that_is_no_more_does_not_hold() -> None:
    """Both are gone from the plan; `orders` stays as long as a call waits there."""
    rule = Overflow(ToQueue(QueueId("other")), "q:9", waited_over=30.0)
    queues = [queue("service"), queue("other"), queue("orders", overflow=(rule,))]
    line = hotline(plan(queues, [WANG]))
    line.calls("c1", "orders")
    line.replans(plan([queue("service")], [WANG]))
    line.wait(60)
    assert line.happened() == []
    line.releases("own")
    assert line.offered() == [("c1", "wang")]


def test_a_queue_that_is_no_more_is_gone_once_it_is_empty() -> None:
    line = hotline(plan([queue("service"), queue("orders")], [WANG]))
    line.calls("c1", "orders")
    line.replans(plan([queue("service")], [WANG]))
    assert set(line.acd.floor.queues) == {"service", "orders"}
    line.hangs_up("c1")
    line.replans(plan([queue("service")], [WANG]))
    assert set(line.acd.floor.queues) == {"service"}


def test_a_queue_that_is_no_more_takes_no_new_calls() -> None:
    line = hotline(plan([queue("service"), queue("orders")], [WANG]))
    line.calls("c1", "orders")
    line.replans(plan([queue("service")], [WANG]))
    with pytest.raises(UnknownQueue, match="there is no queue orders"):
        line.calls("c2", "orders")


def test_a_new_queue_can_be_asked_for() -> None:
    line = hotline()
    line.replans(plan([queue("service"), queue("orders")], [WANG]))
    line.calls("c1", "orders")
    assert line.happened() == ["c1 enters orders at 1"]


def test_a_new_agent_can_sign_in_and_serves_who_waits() -> None:
    line = hotline()
    line.calls("c1")
    line.replans(plan([queue("service", step(repair=1))], [WANG, agent("li", skills=needs(repair=1))]))
    line.ready("li")
    assert line.offered() == [("c1", "li")]


def test_a_removed_agent_is_signed_out() -> None:
    line = hotline()
    line.releases("own")
    line.replans(plan([queue("service")], []))
    assert line.happened() == ["wang is logged_out idle (removed), 0 s later"]
    assert line.acd.floor.agents == {}


def test_the_call_that_rings_at_a_removed_agent_goes_to_another() -> None:
    people = [WANG, agent("li", skills=needs(repair=1))]
    line = Hotline(plan([queue("service", step(repair=1))], people))
    line.ready("wang", "li")
    line.calls("c1")
    line.replans(plan([queue("service", step(repair=1))], people[1:]))
    assert line.happened() == [
        "offer 1: c1 no longer rings wang: cancelled, the agent was removed",
        "wang is logged_out idle (removed), 0 s later",
        "offer 2: c1 of service rings li until 20",
        "li is available offered, 0 s later",
    ]


def test_a_removed_agent_ends_the_conversation_and_gets_nothing_more() -> None:
    line = hotline()
    line.releases("own")
    line.talks("c1", "wang")
    line.replans(plan([queue("service")], []))
    assert line.happened() == ["wang is logged_out on_call c1 (removed), 0 s later"]
    line.calls("c2")
    line.releases("c1")
    assert line.happened() == ["wang is logged_out idle (removed), 0 s later"]


def test_a_removed_agent_who_is_put_back_signs_in_anew() -> None:
    line = hotline()
    line.replans(plan([queue("service")], []))
    line.replans(one())
    line.calls("c1")
    line.releases("own")
    assert line.offered() == []
    line.signs_in("wang")
    assert line.offered() == [("c1", "wang")]


def test_nobody_waits_for_a_removed_agent() -> None:
    people = [WANG, agent("li", skills=needs(repair=1))]
    line = hotline(plan([queue("service", step(repair=1), sticky=60.0)], people))
    line.ready("li")
    line.calls("c1", last_agent="wang")
    assert line.offered() == []
    line.replans(plan([queue("service", step(repair=1), sticky=60.0)], people[1:]))
    assert line.offered() == [("c1", "li")]


def test_a_call_that_is_held_is_everybodys_after_a_new_plan() -> None:
    people = [WANG, agent("li", skills=needs(repair=1))]
    line = hotline(plan([queue("service", step(repair=1), sticky=60.0)], people))
    line.ready("li")
    line.calls("c1", last_agent="wang")
    line.replans(line.plan)
    assert line.offered() == [("c1", "li")]


def test_a_ringing_phone_rings_on() -> None:
    line = hotline()
    line.releases("own")
    line.calls("c1")
    assert line.replans(one(ring=3.0)) == []
    line.wait(19)
    assert line.happened() == []
    line.answers("wang")
    assert [e.call for e in line.of(out.Connected)] == ["c1"]


def test_nobody_is_torn_away_from_a_ringing_phone_by_a_new_limit() -> None:
    line = hotline()
    line.releases("own")
    line.calls("c1")
    assert line.replans(one(overflow=(Overflow(VOICEMAIL, "q:9", waiting_over=0),))) == []
    line.refuses("wang")
    assert [e.call for e in line.of(out.Sent)] == ["c1"]


def test_a_ringing_call_that_fails_keeps_its_place_in_the_new_plan() -> None:
    line = hotline()
    line.releases("own")
    line.calls("c1")
    line.calls("c2")
    line.replans(one())
    line.refuses("wang")
    line.wait(5)
    assert line.offered() == [("c1", "wang")]


def test_agents_stay_as_they_are() -> None:
    line = hotline()
    line.releases("own")
    line.talks("c1", "wang")
    line.wait(7)
    assert line.replans(one()) == []
    wang = line.acd.floor.agents[AgentId("wang")]
    assert (wang.call, wang.calls, wang.presence) == (CallId("c1"), 1, "available")


def test_new_skills_of_an_idle_agent_bring_them_a_waiting_call() -> None:
    line = Hotline(plan([queue("service", step(repair=3))], [WANG]))
    line.ready("wang")
    line.calls("c1")
    line.replans(plan([queue("service", step(repair=3))], [agent("wang", skills=needs(repair=3))]))
    assert line.offered() == [("c1", "wang")]


def test_another_strategy_holds_from_now_on() -> None:
    people = [agent("wang", wrap_up=0.0), agent("li", wrap_up=0.0)]
    line = Hotline(plan([queue("service")], people))
    line.ready("li")
    line.wait(1)
    line.ready("wang")
    line.replans(plan([queue("service", strategy=Strategy.SEQUENTIAL)], people))
    line.calls("c1")
    assert line.offered() == [("c1", "wang")]


def test_the_order_of_the_file_is_that_of_the_new_file() -> None:
    people = [agent("wang"), agent("li")]
    line = Hotline(plan([queue("service", strategy=Strategy.SEQUENTIAL)], people))
    line.ready("wang", "li")
    line.replans(plan([queue("service", strategy=Strategy.SEQUENTIAL)], reversed(people)))
    line.calls("c1")
    assert line.offered() == [("c1", "li")]


def test_round_robin_remembers_its_turn() -> None:
    people = [agent("wang"), agent("li")]
    the_plan = plan([queue("service", strategy=Strategy.ROUND_ROBIN)], people)
    line = Hotline(the_plan)
    line.ready("wang", "li")
    line.calls("c1")
    line.hangs_up("c1")
    line.replans(the_plan)
    line.calls("c2")
    assert line.offered() == [("c2", "li")]


def test_what_a_queue_has_learned_is_kept() -> None:
    line = hotline(one(handling=100.0))
    line.releases("own")
    line.talks("c1", "wang")
    line.wait(200)
    line.releases("c1")
    line.replans(one(handling=100.0))
    assert line.acd.floor.queues[QueueId("service")].handling == pytest.approx(110.0)


def test_a_conversation_over_the_change_is_learned_from() -> None:
    line = hotline(one(handling=100.0))
    line.releases("own")
    line.talks("c1", "wang")
    line.wait(200)
    line.replans(one(handling=100.0))
    line.releases("c1")
    assert line.acd.floor.queues[QueueId("service")].handling == pytest.approx(110.0)


def test_a_call_back_is_not_offered_again() -> None:
    line = hotline(one(announce=Announcements(callback_after=10.0)))
    line.calls("c1")
    line.wait(20)
    line.replans(one(announce=Announcements(callback_after=10.0)))
    line.wait(60)
    assert line.happened() == []


def test_who_has_waited_long_enough_for_a_new_call_back_is_offered_it_at_once() -> None:
    line = hotline()
    line.calls("c1")
    line.wait(20)
    line.replans(one(announce=Announcements(callback_after=10.0)))
    line.wait(0)
    assert line.happened() == ["c1 hears: place 1, 180 s, call back"]


def test_nobody_is_sent_away_because_the_plan_changes() -> None:
    rule = Overflow(VOICEMAIL, "q:9", nobody_available=True)
    line = hotline(one(overflow=(rule,)))
    line.calls("c1")
    assert line.replans(one(overflow=(rule,))) == []
