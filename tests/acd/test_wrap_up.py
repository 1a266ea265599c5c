"""After the conversation, before the next offer."""

from typing import Any

from cti.acd import effects as out
from tests.acd.world import Hotline, agent, plan, queue


def hotline(*, wrap_up: float = 15.0, **options: Any) -> Hotline:
    """wang talks with c1 since time 0."""
    queues = [queue("service", **options), queue("orders", wrap_up=40.0)]
    line = Hotline(plan(queues, [agent("wang", wrap_up=wrap_up)]))
    line.ready("wang")
    line.talks("c1", "wang")
    line.wait(100)
    return line


def test_wrap_up_follows_the_conversation() -> None:
    line = hotline()
    line.releases("c1")
    assert line.happened() == ["wang is available wrap_up, 100 s later"]


def test_wrap_up_ends_by_itself_and_the_next_call_rings_in_the_same_turn() -> None:
    line = hotline()
    line.calls("c2")
    line.releases("c1")
    line.wait(14.9)
    assert line.happened() == []
    line.wait(0.1)
    assert line.happened() == [
        "wang is available idle, 15 s later",
        "offer 2: c2 of service rings wang until 135",
        "wang is available offered, 0 s later",
    ]


def test_the_queue_says_how_long_wrap_up_is() -> None:
    line = hotline(wrap_up=15.0)
    line.releases("c1")
    line.finishes("wang")
    line.talks("c2", "wang", "orders")
    line.releases("c2")
    line.wait(39)
    assert line.happened() == []
    line.wait(1)
    assert line.happened() == ["wang is available idle, 40 s later"]


def test_a_queue_without_wrap_up_overrides_the_agents() -> None:
    line = Hotline(plan([queue("service", wrap_up=0.0)], [agent("wang", wrap_up=15.0)]))
    line.ready("wang")
    line.talks("c1", "wang")
    line.releases("c1")
    assert line.happened() == ["wang is available idle, 0 s later"]


def test_the_shortest_wrap_up_is_one() -> None:
    line = hotline(wrap_up=0.5)
    line.releases("c1")
    assert line.happened() == ["wang is available wrap_up, 100 s later"]
    line.wait(0.5)
    assert line.happened() == ["wang is available idle, 0.5 s later"]


def test_without_wrap_up_the_next_call_rings_at_once() -> None:
    line = hotline(wrap_up=0.0)
    line.calls("c2")
    line.releases("c1")
    assert line.happened() == [
        "wang is available idle, 100 s later",
        "offer 2: c2 of service rings wang until 120",
        "wang is available offered, 0 s later",
    ]


def test_an_agent_who_is_ready_early_says_so() -> None:
    line = hotline()
    line.calls("c2")
    line.releases("c1")
    line.wait(3)
    line.finishes("wang")
    assert line.happened()[0] == "wang is available idle, 3 s later"
    assert line.offered() == [("c2", "wang")]


def test_the_end_of_an_earlier_wrap_up_does_not_end_a_later_one() -> None:
    line = hotline()
    line.releases("c1")
    line.wait(3)
    line.finishes("wang")
    line.talks("c2", "wang")
    line.releases("c2")
    line.wait(14.9)
    assert line.happened() == []
    line.wait(0.1)
    assert line.happened() == ["wang is available idle, 15 s later"]


def test_an_agent_who_needs_longer_has_the_time_from_now() -> None:
    line = hotline()
    line.releases("c1")
    line.wait(10)
    line.extends("wang", 30)
    assert line.happened() == []
    line.wait(29.9)
    assert line.happened() == []
    line.wait(0.1)
    assert line.happened() == ["wang is available idle, 40 s later"]


def test_an_extension_can_be_shorter_than_what_is_left() -> None:
    line = hotline()
    line.releases("c1")
    line.extends("wang", 2)
    line.wait(2)
    assert line.happened() == ["wang is available idle, 2 s later"]
    line.wait(60)
    assert line.happened() == []


def test_an_extension_by_less_than_nothing_ends_wrap_up_now() -> None:
    line = hotline()
    line.releases("c1")
    line.extends("wang", -5)
    line.wait(0)
    assert line.happened() == ["wang is available idle, 0 s later"]


def test_an_extension_that_comes_after_the_end_is_ignored() -> None:
    line = hotline()
    line.releases("c1")
    line.wait(15)
    line.extends("wang", 30)
    assert line.happened() == ["ExtendWrapUp ignored: the agent is not in wrap-up"]


def test_an_extension_that_comes_while_the_next_call_rings_leaves_it() -> None:
    line = hotline()
    line.calls("c2")
    line.releases("c1")
    line.wait(15)
    line.extends("wang", 30)
    assert line.happened() == ["ExtendWrapUp ignored: the agent is not in wrap-up"]
    line.answers("wang")
    assert [e.call for e in line.of(out.Connected)] == ["c2"]


def test_wrap_up_of_one_queue_is_not_ended_by_calls_of_another() -> None:
    line = hotline()
    line.releases("c1")
    line.calls("c2", "orders")
    assert line.happened() == ["c2 enters orders at 1"]
    line.hangs_up("c2")
    line.wait(14)
    assert line.happened() == []


def test_a_break_declared_in_conversation_begins_after_wrap_up() -> None:
    line = hotline()
    line.goes_on_break("wang")
    assert line.happened() == ["wang is on_break on_call c1 (lunch), 100 s later"]
    line.calls("c2")
    line.releases("c1")
    assert line.happened() == ["wang is on_break wrap_up (lunch), 0 s later"]
    line.wait(15)
    assert line.happened() == ["wang is on_break idle (lunch), 15 s later"]


def test_a_break_declared_in_wrap_up_does_not_cut_it_short() -> None:
    line = hotline()
    line.releases("c1")
    line.wait(5)
    line.goes_on_break("wang")
    line.wait(9.9)
    assert line.happened() == []
    line.wait(0.1)
    assert line.happened() == ["wang is on_break idle (lunch), 10 s later"]


def test_coming_back_in_wrap_up_does_not_cut_it_short() -> None:
    line = hotline()
    line.calls("c2")
    line.goes_on_break("wang")
    line.releases("c1")
    line.signs_in("wang")
    assert line.happened() == ["wang is available wrap_up, 0 s later"]
    line.wait(15)
    assert line.offered() == [("c2", "wang")]


def test_an_agent_may_dial_out_in_wrap_up() -> None:
    line = hotline()
    line.releases("c1")
    line.wait(5)
    line.takes_own_call("wang")
    assert line.happened() == ["wang is available on_call own, 5 s later"]
    line.wait(60)
    assert line.happened() == []
    line.releases("own")
    assert line.happened() == ["wang is available wrap_up, 60 s later"]
    line.wait(15)
    assert line.happened() == ["wang is available idle, 15 s later"]


def test_a_call_of_their_own_is_followed_by_the_agents_wrap_up() -> None:
    line = Hotline(plan([queue("service", wrap_up=0.0)], [agent("wang", wrap_up=15.0)]))
    line.ready("wang")
    line.takes_own_call("wang")
    line.hangs_up("own")
    assert line.happened() == ["wang is available wrap_up, 0 s later"]


def test_the_caller_may_stay_for_the_survey() -> None:
    """The distributor is done with the call when the agent is."""
    line = hotline()
    line.releases("c1")
    line.hangs_up("c1")
    assert line.happened() == ["HungUp ignored: no such call"]


def test_a_conversation_that_ended_from_both_sides_ends_once() -> None:
    line = hotline()
    line.hangs_up("c1")
    line.releases("c1")
    assert line.happened() == ["Release ignored: no agent talks with it"]


def test_a_late_wake_up_ends_wrap_up_then_and_not_in_the_past() -> None:
    line = hotline()
    line.releases("c1")
    line.now += 60
    line.wait(0)
    assert line.happened() == ["wang is available idle, 60 s later"]
