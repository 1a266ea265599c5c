"""Callers who need more than the usual: the third call of the day, a complaint, ten minutes of talk."""

from typing import Any

from cti.acd import commands as do
from cti.acd import effects as out
from cti.acd.model import Audience, Caller, EscalationRule, Overflow, ToQueue, Trigger
from cti.ids import CallId, QueueId
from tests.acd.world import Hotline, agent, needs, plan, queue, step

COMPLAINTS = QueueId("complaints")
SUPERVISORS = frozenset({Audience.SUPERVISORS})
BOTH = frozenset(Audience)

THIRD_CALL = EscalationRule(Trigger.CALLS_TODAY, 3, to=COMPLAINTS, where="escalation.yaml:4")
COMPLAINT = EscalationRule(Trigger.COMPLAINT, to=COMPLAINTS, tell=SUPERVISORS, where="escalation.yaml:8")
LONG_TALK = EscalationRule(Trigger.TALK, 600.0, offer=COMPLAINTS, tell=BOTH, where="escalation.yaml:11")


def hotline(*rules: EscalationRule, **options: Any) -> Hotline:
    """wang serves customers, li is a specialist."""
    queues = [queue("service", step(repair=1)), queue("complaints", step(complaint=1)), queue("orders", step())]
    people = [agent("wang", skills=needs(repair=3), wrap_up=0.0), agent("li", skills=needs(complaint=5))]
    line = Hotline(plan(queues, people, escalation=rules, **options))
    line.ready("wang", "li")
    return line


# Calls of one customer


def test_third_call_of_the_day_goes_to_specialists() -> None:
    line = hotline(THIRD_CALL)
    line.calls("c1", calls_today=3)
    assert line.happened() == [
        "c1 enters complaints at 1 [escalation.yaml:4]",
        "offer 1: c1 of complaints rings li until 20",
        "li is available offered, 0 s later",
    ]


def test_the_specialist_who_answers_it_is_not_offered_to_move_it_again() -> None:
    line = hotline(THIRD_CALL)
    line.calls("c1", calls_today=3)
    line.answers("li")
    assert line.of(out.EscalationOffered) == []


def test_the_fourth_call_of_the_day_does_so_too() -> None:
    line = hotline(THIRD_CALL)
    line.calls("c1", calls_today=4)
    assert line.offered() == [("c1", "li")]


def test_the_second_call_of_the_day_does_not() -> None:
    line = hotline(THIRD_CALL)
    line.calls("c1", calls_today=2, calls_in_7_days=9)
    assert line.offered() == [("c1", "wang")]


def test_calls_in_seven_days_are_counted_apart() -> None:
    line = hotline(EscalationRule(Trigger.CALLS_IN_7_DAYS, 5, to=COMPLAINTS, where="escalation.yaml:4"))
    line.calls("c1", calls_today=5, calls_in_7_days=4)
    assert line.offered() == [("c1", "wang")]
    line.calls("c2", calls_today=1, calls_in_7_days=5)
    assert line.offered() == [("c2", "li")]


def test_a_call_that_a_person_sends_is_not_escalated_by_number() -> None:
    line = hotline(THIRD_CALL)
    line.talks("c1", "wang")
    line.calls("c1", "orders", calls_today=3)
    assert [e.queue for e in line.of(out.EntryOpened)] == ["orders"]


def test_a_call_that_is_not_to_be_escalated_is_not() -> None:
    line = hotline(THIRD_CALL)
    line.does(do.Enqueue(CallId("c1"), QueueId("service"), Caller(calls_today=3), escalate=False))
    assert line.offered() == [("c1", "wang")]


def test_a_rule_for_certain_queues_leaves_the_others() -> None:
    line = hotline(
        EscalationRule(Trigger.CALLS_TODAY, 3, frozenset({QueueId("orders")}), COMPLAINTS, where="escalation.yaml:4")
    )
    line.calls("c1", "service", calls_today=3)
    assert [e.queue for e in line.of(out.EntryOpened)] == ["service"]
    line.calls("c2", "orders", calls_today=3)
    assert [e.queue for e in line.of(out.EntryOpened)] == ["complaints"]


def test_a_call_that_asks_for_the_specialists_anyway_stays_there() -> None:
    line = hotline(THIRD_CALL)
    line.calls("c1", "complaints", calls_today=3)
    assert line.happened()[0] == "c1 enters complaints at 1"


def test_every_rule_that_holds_tells_and_the_first_that_moves_decides() -> None:
    line = hotline(
        EscalationRule(Trigger.CALLS_IN_7_DAYS, 6, tell=SUPERVISORS, where="escalation.yaml:2"),
        EscalationRule(Trigger.CALLS_TODAY, 3, to=QueueId("orders"), where="escalation.yaml:3"),
        EscalationRule(Trigger.CALLS_TODAY, 3, to=COMPLAINTS, tell=SUPERVISORS, where="escalation.yaml:4"),
    )
    line.calls("c1", calls_today=3, calls_in_7_days=6)
    assert line.happened()[:3] == [
        "supervisors told of c1: calls in 7 days [escalation.yaml:2]",
        "supervisors told of c1: calls today [escalation.yaml:4]",
        "c1 enters orders at 1 [escalation.yaml:3]",
    ]


def test_the_agent_is_told_of_the_third_call_when_they_answer() -> None:
    line = hotline(EscalationRule(Trigger.CALLS_TODAY, 3, tell=BOTH, where="escalation.yaml:4"))
    line.calls("c1", calls_today=3)
    assert [words for words in line.happened() if "told" in words] == [
        "supervisors told of c1: calls today [escalation.yaml:4]"
    ]
    line.answers("wang")
    assert line.happened()[-1] == "agent told of c1 with wang: calls today [escalation.yaml:4]"


def test_the_agent_is_not_told_of_what_is_for_supervisors() -> None:
    line = hotline(EscalationRule(Trigger.CALLS_TODAY, 3, tell=SUPERVISORS, where="escalation.yaml:4"))
    line.talks("c1", "wang", calls_today=3)
    assert line.of(out.Told) == []


def test_the_agent_may_move_a_third_call_from_the_beginning() -> None:
    line = hotline(EscalationRule(Trigger.CALLS_TODAY, 3, offer=COMPLAINTS, where="escalation.yaml:4"))
    line.talks("c1", "wang", calls_today=3)
    assert line.happened()[-1] == "wang may move c1 to complaints [escalation.yaml:4]"
    line.escalates("c1")
    assert line.offered() == [("c1", "li")]


def test_the_agent_is_not_offered_to_move_a_call_where_it_is() -> None:
    line = hotline(EscalationRule(Trigger.CALLS_TODAY, 3, offer=COMPLAINTS, where="escalation.yaml:4"))
    line.talks("c1", "li", "complaints", calls_today=3)
    assert line.of(out.EscalationOffered) == []


# A complaint


def test_a_complaint_of_a_waiting_caller_moves_the_call_at_once_with_its_place() -> None:
    line = hotline(COMPLAINT)
    line.takes_own_call("wang")
    line.goes_on_break("li")
    line.calls("c1")
    line.wait(10)
    line.calls("c2", "complaints")
    line.complains("c1")
    assert line.happened() == [
        "supervisors told of c1: complaint flagged [escalation.yaml:8]",
        "c1 leaves service after 10 s: escalated [escalation.yaml:8]",
        "c1 enters complaints at 1 [escalation.yaml:8]",
    ]


def test_a_complaint_while_a_phone_rings_cancels_the_offer_in_the_same_turn() -> None:
    line = hotline(COMPLAINT)
    line.calls("c1")
    line.complains("c1")
    assert line.happened() == [
        "supervisors told of c1: complaint flagged [escalation.yaml:8]",
        "offer 1: c1 no longer rings wang: cancelled, the call was escalated",
        "wang is available idle, 0 s later",
        "c1 leaves service after 0 s: escalated [escalation.yaml:8]",
        "c1 enters complaints at 1 [escalation.yaml:8]",
        "offer 2: c1 of complaints rings li until 20",
        "li is available offered, 0 s later",
    ]


def test_a_complaint_in_conversation_is_for_the_agent_to_move() -> None:
    line = hotline(COMPLAINT)
    line.talks("c1", "wang")
    line.complains("c1")
    assert line.happened() == [
        "supervisors told of c1 with wang: complaint flagged [escalation.yaml:8]",
        "wang may move c1 to complaints [escalation.yaml:8]",
    ]


def test_a_complaint_to_the_specialists_themselves_only_tells() -> None:
    line = hotline(COMPLAINT)
    line.goes_on_break("li")
    line.calls("c1", "complaints")
    line.complains("c1")
    assert line.happened() == ["supervisors told of c1: complaint flagged [escalation.yaml:8]"]


def test_a_rule_on_complaints_for_other_queues_is_silent() -> None:
    rule = EscalationRule(Trigger.COMPLAINT, queues=frozenset({QueueId("orders")}), to=COMPLAINTS, tell=SUPERVISORS)
    line = hotline(rule)
    line.talks("c1", "wang")
    assert line.complains("c1") == []


def test_a_complaint_in_conversation_may_be_for_the_agent_only() -> None:
    line = hotline(EscalationRule(Trigger.COMPLAINT, offer=COMPLAINTS, where="escalation.yaml:8"))
    line.talks("c1", "wang")
    line.complains("c1")
    assert line.happened() == ["wang may move c1 to complaints [escalation.yaml:8]"]


def test_a_complaint_counts_once() -> None:
    line = hotline(COMPLAINT)
    line.talks("c1", "wang")
    line.complains("c1")
    line.complains("c1")
    assert line.happened() == ["FlagComplaint ignored: it is flagged already"]


def test_without_a_rule_a_complaint_changes_nothing() -> None:
    line = hotline()
    line.calls("c1")
    assert line.complains("c1") == []


def test_overflow_does_not_bring_a_complaint_back() -> None:
    rule = Overflow(ToQueue(QueueId("service")), "q:1", waited_over=5.0)
    queues = [queue("service", step(repair=1)), queue("complaints", step(complaint=1), overflow=(rule,))]
    line = Hotline(plan(queues, [], escalation=[COMPLAINT]))
    line.calls("c1")
    line.complains("c1")
    line.wait(60)
    assert line.happened() == []


# A long conversation


def test_ten_minutes_of_talk_tell_agent_and_supervisor_and_offer_the_specialists() -> None:
    line = hotline(LONG_TALK)
    line.talks("c1", "wang")
    line.wait(599.9)
    assert line.happened() == []
    line.wait(0.1)
    assert line.happened() == [
        "agent told of c1 with wang: talk [escalation.yaml:11]",
        "supervisors told of c1 with wang: talk [escalation.yaml:11]",
        "wang may move c1 to complaints [escalation.yaml:11]",
    ]


def test_a_rule_that_only_tells_offers_nothing() -> None:
    line = hotline(EscalationRule(Trigger.TALK, 600.0, tell=SUPERVISORS, where="escalation.yaml:11"))
    line.talks("c1", "wang")
    line.wait(600)
    assert line.happened() == ["supervisors told of c1 with wang: talk [escalation.yaml:11]"]
    line.complains("c1")
    assert line.happened() == []


def test_a_shorter_conversation_is_not_told_of_afterwards() -> None:
    line = hotline(LONG_TALK)
    line.talks("c1", "wang")
    line.wait(590)
    line.releases("c1")
    line.wait(60)
    assert line.happened() == []


def test_talk_counts_from_the_answer_not_from_the_call() -> None:
    line = hotline(LONG_TALK)
    line.goes_on_break("wang")
    line.calls("c1")
    line.wait(300)
    line.signs_in("wang")
    line.answers("wang")
    line.wait(599)
    assert line.happened() == []


def test_a_rule_on_talk_for_other_queues_is_silent() -> None:
    line = hotline(EscalationRule(Trigger.TALK, 600.0, frozenset({QueueId("orders")}), tell=BOTH))
    line.talks("c1", "wang")
    line.wait(700)
    assert line.happened() == []


def test_one_action_of_the_agent_moves_the_call_to_the_specialists() -> None:
    line = hotline(LONG_TALK)
    line.talks("c1", "wang")
    line.wait(600)
    line.escalates("c1")
    assert line.happened() == [
        "wang is available idle, 600 s later",
        "c1 enters complaints at 1 [escalation.yaml:11]",
        "offer 2: c1 of complaints rings li until 620",
        "li is available offered, 600 s later",
    ]


def test_the_escalated_call_is_not_escalated_again_by_number() -> None:
    rule = EscalationRule(Trigger.CALLS_TODAY, 1, to=QueueId("orders"), where="escalation.yaml:2")
    line = hotline(LONG_TALK)
    line.talks("c1", "wang")
    line.wait(600)
    line.replans(plan(line.plan.queues.values(), line.plan.agents.values(), escalation=[rule]))
    line.escalates("c1")
    assert [e.queue for e in line.of(out.EntryOpened)] == ["complaints"]


def test_without_an_offer_of_escalation_the_action_does_nothing() -> None:
    line = hotline(LONG_TALK)
    line.talks("c1", "wang")
    line.wait(500)
    line.escalates("c1")
    assert line.happened() == ["Escalate ignored: no escalation is offered for it"]


def test_the_action_after_the_conversation_does_nothing() -> None:
    line = hotline(LONG_TALK)
    line.talks("c1", "wang")
    line.wait(600)
    line.releases("c1")
    line.escalates("c1")
    assert line.happened() == ["Escalate ignored: no escalation is offered for it"]


def test_the_action_done_twice_moves_the_call_once() -> None:
    line = hotline(LONG_TALK)
    line.talks("c1", "wang")
    line.wait(600)
    line.escalates("c1")
    line.escalates("c1")
    assert line.happened() == ["Escalate ignored: no escalation is offered for it"]


def test_a_conversation_keeps_the_rules_that_it_began_with() -> None:
    line = hotline(LONG_TALK)
    line.talks("c1", "wang")
    line.replans(plan(line.plan.queues.values(), line.plan.agents.values()))
    line.wait(600)
    assert len(line.of(out.Told)) == 2
    line.releases("c1")
    line.talks("c2", "wang")
    line.wait(700)
    assert line.of(out.Told) == []
