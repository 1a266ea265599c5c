"""What sends waiting calls elsewhere: looked at all the time, the first rule that holds decides."""

from typing import Any

import pytest

from cti.acd import effects as out
from cti.acd.model import Elsewhere, Leave, Overflow, Target, ToQueue, Widen
from cti.ids import QueueId
from tests.acd.world import Hotline, agent, needs, plan, queue, step

VOICEMAIL = Leave(Elsewhere.VOICEMAIL, "service")
ORDERS = ToQueue(QueueId("orders"))
AT = "queues.yaml:9"


def hotline(*rules: Overflow, agents: Any = ("wang",), **options: Any) -> Hotline:
    """A queue with rules, another without; everybody has signed in."""
    queues = [queue("service", step(repair=1), overflow=rules, **options), queue("orders", step(orders=1))]
    people = [agent(id_, skills=needs(repair=1)) for id_ in agents]
    line = Hotline(plan(queues, [*people, agent("li", skills=needs(orders=1))]))
    line.ready(*line.plan.agents)
    return line


# Where to


@pytest.mark.parametrize(
    ("to", "words"),
    [
        (Leave(Elsewhere.VOICEMAIL, "service"), "c1 goes to voicemail service [queues.yaml:9]"),
        (Leave(Elsewhere.FLOW, "after_hours"), "c1 goes to flow after_hours [queues.yaml:9]"),
        (Leave(Elsewhere.NUMBER, "02150001234"), "c1 goes to number 02150001234 [queues.yaml:9]"),
        (Leave(Elsewhere.HANGUP), "c1 goes to hangup [queues.yaml:9]"),
    ],
)
def test_a_call_leaves_the_queues(to: Leave, words: str) -> None:
    line = hotline(Overflow(to, AT, nobody_signed_in=True), agents=())
    line.calls("c1")
    assert line.happened() == [
        "c1 enters service at 1",
        "c1 leaves service after 0 s: no_agents [queues.yaml:9]",
        words,
    ]
    assert line.acd.floor.calls == {}


def test_a_call_goes_to_another_queue_with_its_place() -> None:
    line = hotline(Overflow(ORDERS, AT, waited_over=30.0))
    line.takes_own_call("wang")
    line.goes_on_break("li")
    line.calls("c1")
    line.wait(10)
    line.calls("c2", "orders")
    line.wait(20)
    assert line.happened() == [
        "c1 leaves service after 30 s: timed_out [queues.yaml:9]",
        "c1 enters orders at 1 [queues.yaml:9]",
    ]
    line.signs_in("li")
    assert line.offered() == [("c1", "li")]


def test_in_the_other_queue_the_call_is_offered_in_the_same_turn() -> None:
    line = hotline(Overflow(ORDERS, AT, nobody_available=True), agents=())
    line.calls("c1")
    assert line.offered() == [("c1", "li")]


# When


def test_nobody_signed_in_is_seen_when_the_call_comes() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, nobody_signed_in=True))
    line.signs_out("wang")
    line.calls("c1")
    assert [e.outcome for e in line.of(out.EntryClosed)] == ["no_agents"]


def test_those_who_are_on_break_have_signed_in() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, nobody_signed_in=True))
    line.goes_on_break("wang")
    line.calls("c1")
    assert line.happened() == ["c1 enters service at 1"]


def test_agents_of_other_queues_do_not_count() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, nobody_signed_in=True), agents=())
    line.calls("c1")
    assert [e.outcome for e in line.of(out.EntryClosed)] == ["no_agents"]


def test_the_last_agent_who_signs_out_sends_every_waiting_call_away_in_the_same_turn() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, nobody_signed_in=True))
    line.takes_own_call("wang")
    line.calls("c1")
    line.calls("c2")
    line.wait(5)
    line.signs_out("wang")
    assert line.happened() == [
        "wang is logged_out on_call own, 5 s later",
        "c2 leaves service after 5 s: no_agents [queues.yaml:9]",
        "c2 goes to voicemail service [queues.yaml:9]",
        "c1 leaves service after 5 s: no_agents [queues.yaml:9]",
        "c1 goes to voicemail service [queues.yaml:9]",
    ]


def test_an_agent_who_signs_out_while_others_stay_sends_nobody_away() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, nobody_signed_in=True), agents=("wang", "zhang"))
    line.takes_own_call("wang")
    line.takes_own_call("zhang", "own2")
    line.calls("c1")
    line.signs_out("wang")
    assert len(line.effects) == 1


def test_a_call_that_rings_is_sent_away_when_its_only_agent_signs_out() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, nobody_signed_in=True))
    line.calls("c1")
    line.signs_out("wang")
    assert line.happened() == [
        "offer 1: c1 no longer rings wang: cancelled, the agent is logged_out",
        "wang is logged_out idle, 0 s later",
        "c1 leaves service after 0 s: no_agents [queues.yaml:9]",
        "c1 goes to voicemail service [queues.yaml:9]",
    ]


@pytest.mark.parametrize("away", ["break", "phone", "home"])
def test_nobody_is_available_when_all_are_on_break_or_without_a_phone(away: str) -> None:
    line = hotline(Overflow(VOICEMAIL, AT, nobody_available=True))
    line.takes_own_call("wang")
    line.calls("c1")
    {"break": line.goes_on_break, "phone": line.phone_goes, "home": line.signs_out}[away]("wang")
    assert [(e.call, e.outcome) for e in line.of(out.EntryClosed)] == [("c1", "no_agents")]


@pytest.mark.parametrize("busy", ["rings", "talks", "wraps up", "rests"])
def test_an_agent_who_is_busy_is_available(busy: str) -> None:
    line = hotline(Overflow(VOICEMAIL, AT, nobody_available=True))
    line.calls("c0")
    if busy == "rests":
        line.refuses("wang")
        line.hangs_up("c0")
    elif busy != "rings":
        line.answers("wang")
    if busy == "wraps up":
        line.releases("c0")
    line.calls("c1")
    assert line.happened()[0].startswith("c1 enters service at")
    assert len(line.effects) == 1


def test_an_agent_sent_on_break_for_not_answering_leaves_nobody() -> None:
    the_queue = queue("service", overflow=(Overflow(VOICEMAIL, AT, nobody_available=True),))
    line = Hotline(plan([the_queue], [agent("wang")], no_answers=1))
    line.ready("wang")
    line.calls("c1")
    line.wait(20)
    assert line.happened() == [
        "offer 1: c1 no longer rings wang: no_answer",
        "wang is on_break idle (no_answer), 20 s later",
        "c1 leaves service after 20 s: no_agents [queues.yaml:9]",
        "c1 goes to voicemail service [queues.yaml:9]",
    ]


def test_an_agent_who_loses_the_skill_leaves_nobody() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, nobody_available=True))
    line.takes_own_call("wang")
    line.calls("c1")
    line.learns("wang", orders=1)
    assert [(e.call, e.outcome) for e in line.of(out.EntryClosed)] == [("c1", "no_agents")]


def test_too_many_calls_send_the_newest_away() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, waiting_over=2))
    line.takes_own_call("wang")
    line.calls("c1")
    line.calls("c2")
    line.calls("c3")
    assert line.happened() == [
        "c3 enters service at 3",
        "c3 leaves service after 0 s: queue_full [queues.yaml:9]",
        "c3 goes to voicemail service [queues.yaml:9]",
    ]


def test_the_newest_goes_even_when_its_place_is_the_first() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, waiting_over=1))
    line.takes_own_call("wang")
    line.calls("c1")
    line.calls("c2", vip=True)
    assert [e.call for e in line.of(out.Sent)] == ["c2"]


def test_a_call_that_rings_counts_for_the_length() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, waiting_over=1))
    line.calls("c1")
    line.calls("c2")
    assert [e.call for e in line.of(out.Sent)] == ["c2"]


def test_a_call_moved_into_a_full_queue_is_the_newest_there() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, waiting_over=1))
    line.takes_own_call("wang")
    line.goes_on_break("li")
    line.calls("c1", "orders")
    line.wait(10)
    line.calls("c2", "service")
    line.moves("c1", "service")
    assert [e.call for e in line.of(out.Sent)] == ["c1"]


def test_when_the_newest_goes_the_one_before_it_may_have_to_go_as_well() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, waiting_over=1, waited_over=30.0))
    line.takes_own_call("wang")
    for id_ in ("c1", "c2", "c3"):
        line.calls(id_)
    line.wait(30)
    assert [e.call for e in line.of(out.Sent)] == ["c3", "c2"]


def test_a_call_that_waited_too_long_goes() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, waited_over=300.0))
    line.takes_own_call("wang")
    line.calls("c1")
    line.wait(299.9)
    assert line.happened() == []
    line.wait(0.1)
    assert line.happened() == [
        "c1 leaves service after 300 s: timed_out [queues.yaml:9]",
        "c1 goes to voicemail service [queues.yaml:9]",
    ]


def test_the_wait_counts_in_this_queue() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, waited_over=30.0))
    line.takes_own_call("wang")
    line.goes_on_break("li")
    line.calls("c1", "orders")
    line.wait(100)
    line.moves("c1", "service")
    line.wait(29)
    assert line.happened() == []
    line.wait(1)
    assert [e.call for e in line.of(out.Sent)] == ["c1"]


def test_a_call_whose_time_comes_while_a_phone_rings_is_not_torn_away() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, waited_over=10.0))
    line.calls("c1")
    line.wait(15)
    assert line.happened() == []
    line.answers("wang")
    assert [e.agent for e in line.of(out.Connected)] == ["wang"]


def test_it_goes_when_that_offer_fails() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, waited_over=10.0))
    line.calls("c1")
    line.wait(15)
    line.refuses("wang")
    assert [e.call for e in line.of(out.Sent)] == ["c1"]


def test_but_another_idle_agent_comes_before_a_rule() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, waited_over=10.0), agents=("wang", "zhang"))
    line.calls("c1")
    line.wait(15)
    line.refuses("wang")
    assert line.offered() == [("c1", "zhang")]


def test_an_agent_who_comes_free_at_that_moment_has_the_call() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, waited_over=5.0))
    line.calls("c0")
    line.refuses("wang")
    line.hangs_up("c0")
    line.calls("c1")
    line.wait(5)
    assert line.happened() == [
        "offer 2: c1 of service rings wang until 25",
        "wang is available offered, 5 s later",
    ]


def test_an_agent_who_comes_free_at_that_moment_has_the_call_also_after_a_late_wake_up() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, waited_over=4.0))
    line.calls("c0")
    line.refuses("wang")
    line.hangs_up("c0")
    line.calls("c1")
    line.now += 6
    line.wait(0)
    assert line.offered() == [("c1", "wang")]


def test_a_wait_that_is_expected_to_be_too_long_sends_the_call_away_at_once() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, estimate_over=300.0), handling=100.0)
    line.takes_own_call("wang")
    for id_ in ("c1", "c2", "c3"):
        line.calls(id_)
    assert line.acd.floor.calls.keys() == {"c1", "c2", "c3"}
    line.calls("c4")
    assert line.happened() == [
        "c4 enters service at 4",
        "c4 leaves service after 0 s: estimate_too_long [queues.yaml:9]",
        "c4 goes to voicemail service [queues.yaml:9]",
    ]


def test_an_expected_wait_that_grows_is_looked_at_from_time_to_time() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, estimate_over=150.0), agents=("wang", "zhang"), handling=100.0)
    line.takes_own_call("wang")
    line.takes_own_call("zhang", "own2")
    line.calls("c1")
    line.wait(1)
    line.calls("c2")
    line.wait(10)
    line.goes_on_break("zhang")
    assert len(line.effects) == 1
    line.wait(5)
    assert [(e.call, e.waited) for e in line.of(out.EntryClosed)] == [("c2", 15.0)]


def test_when_nobody_is_there_no_wait_is_expected_to_be_too_long() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, estimate_over=1.0), agents=())
    line.calls("c1")
    line.wait(60)
    assert line.happened() == []


# Several conditions, several rules


def test_all_conditions_of_a_rule_have_to_hold() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, nobody_available=True, waited_over=30.0))
    line.takes_own_call("wang")
    line.calls("c1")
    line.wait(60)
    assert line.happened() == []
    line.goes_on_break("wang")
    assert [e.outcome for e in line.of(out.EntryClosed)] == ["no_agents"]


def test_the_other_condition_may_be_the_last_to_hold() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, nobody_available=True, waited_over=30.0), agents=())
    line.calls("c1")
    assert line.happened() == ["c1 enters service at 1"]
    line.wait(30)
    assert [e.outcome for e in line.of(out.EntryClosed)] == ["no_agents"]


def test_the_first_rule_that_holds_decides() -> None:
    rules = (
        Overflow(Leave(Elsewhere.HANGUP), "queues.yaml:7", waiting_over=5),
        Overflow(Leave(Elsewhere.FLOW, "night"), "queues.yaml:8", nobody_signed_in=True),
        Overflow(VOICEMAIL, "queues.yaml:9", nobody_available=True),
    )
    line = hotline(*rules)
    line.goes_on_break("wang")
    line.calls("c1")
    assert line.happened()[-1] == "c1 goes to voicemail service [queues.yaml:9]"
    line.signs_out("wang")
    line.calls("c2")
    assert line.happened()[-1] == "c2 goes to flow night [queues.yaml:8]"


def test_a_later_rule_still_holds_for_a_call_that_was_opened_to_more_agents() -> None:
    rules = (Overflow(Widen(1), "q:8", waited_over=10.0), Overflow(VOICEMAIL, "q:9", waited_over=20.0))
    queues = [queue("service", step(repair=1), step(float("inf"), orders=1), overflow=rules)]
    line = Hotline(plan(queues, [agent("wang", skills=needs(repair=1))]))
    line.calls("c1")
    line.wait(20)
    assert line.happened() == [
        "c1 reaches step 1 of service [q:8]",
        "c1 leaves service after 20 s: timed_out [q:9]",
        "c1 goes to voicemail service [q:9]",
    ]


# No going round in circles


def circle() -> Hotline:
    """Two queues without agents that send calls to each other."""
    there = Overflow(ToQueue(QueueId("b")), "q:1", waited_over=10.0)
    back = Overflow(ToQueue(QueueId("a")), "q:2", waited_over=10.0)
    return Hotline(plan([queue("a", overflow=(there,)), queue("b", overflow=(back,))], [agent("wang")]))


def test_a_call_is_not_sent_back_into_a_queue_where_it_was() -> None:
    line = circle()
    line.calls("c1", "a")
    line.wait(600)
    assert line.happened() == ["c1 leaves a after 10 s: timed_out [q:1]", "c1 enters b at 1 [q:1]"]
    line.ready("wang")
    assert line.offered() == [("c1", "wang")]


def test_a_queue_does_not_send_calls_to_itself() -> None:
    rule = Overflow(ToQueue(QueueId("a")), "q:1", nobody_available=True)
    line = Hotline(plan([queue("a", overflow=(rule,))], []))
    line.calls("c1", "a")
    assert line.happened() == ["c1 enters a at 1"]


def test_after_a_person_has_moved_the_call_rules_may_send_it_back() -> None:
    line = circle()
    line.calls("c1", "a")
    line.wait(10)
    line.moves("c1", "a")
    line.wait(10)
    assert line.happened() == ["c1 leaves a after 10 s: timed_out [q:1]", "c1 enters b at 1 [q:1]"]


def test_a_chain_of_queues_is_gone_through_in_one_turn() -> None:
    def on(to: Target, where: str) -> tuple[Overflow, ...]:
        return (Overflow(to, where, nobody_signed_in=True),)

    queues = [
        queue("a", overflow=on(ToQueue(QueueId("b")), "q:1")),
        queue("b", overflow=on(ToQueue(QueueId("c")), "q:2")),
        queue("c", overflow=on(VOICEMAIL, "q:3")),
    ]
    line = Hotline(plan(queues, []))
    line.calls("c1", "a")
    assert line.happened() == [
        "c1 enters a at 1",
        "c1 leaves a after 0 s: no_agents [q:1]",
        "c1 enters b at 1 [q:1]",
        "c1 leaves b after 0 s: no_agents [q:2]",
        "c1 enters c at 1 [q:2]",
        "c1 leaves c after 0 s: no_agents [q:3]",
        "c1 goes to voicemail service [q:3]",
    ]


def test_a_call_that_has_left_is_not_sent_anywhere() -> None:
    line = hotline(Overflow(VOICEMAIL, AT, waited_over=30.0))
    line.takes_own_call("wang")
    line.calls("c1")
    line.hangs_up("c1")
    line.wait(60)
    assert line.happened() == []
