"""The customer's last agent is preferred for some seconds, then everybody: no being passed around."""

from typing import Any

from cti.acd import effects as out
from cti.acd.model import Elsewhere, Leave, Overflow
from tests.acd.world import Hotline, agent, needs, plan, queue, step

LAST = {"last_agent": "li"}


def hotline(*queues: Any, **options: Any) -> Hotline:
    """wang has been idle longer than li."""
    queues = queues or (queue("service", sticky=15.0, sticky_where="queues.yaml:20", **options),)
    line = Hotline(plan(queues, [agent("wang", wrap_up=0.0), agent("li", wrap_up=0.0)]))
    line.ready("wang")
    line.wait(1)
    line.ready("li")
    return line


def busy() -> Hotline:
    """li talks, wang is idle."""
    line = hotline()
    line.talks("other", "li", **LAST)
    return line


def test_the_last_agent_is_offered_the_call_though_others_are_idle_longer() -> None:
    line = hotline()
    line.calls("c1", **LAST)
    assert line.offered() == [("c1", "li")]


def test_without_sticky_the_last_agent_counts_like_everybody() -> None:
    line = hotline(queue("service"))
    line.calls("c1", **LAST)
    assert line.offered() == [("c1", "wang")]


def test_a_caller_without_a_last_agent_goes_to_everybody() -> None:
    line = hotline()
    line.calls("c1")
    assert line.offered() == [("c1", "wang")]


def test_a_call_waits_for_the_last_agent_though_another_is_idle() -> None:
    line = busy()
    line.calls("c1", **LAST)
    assert line.happened() == ["c1 enters service at 1"]


def test_the_last_agent_who_comes_free_in_time_has_the_call() -> None:
    line = busy()
    line.calls("c1", **LAST)
    line.wait(14.9)
    line.releases("other")
    assert line.offered() == [("c1", "li")]


def test_after_so_many_seconds_the_call_is_everybodys() -> None:
    line = busy()
    line.calls("c1", **LAST)
    line.wait(14.9)
    assert line.happened() == []
    line.wait(0.1)
    assert line.happened() == [
        "offer 2: c1 of service rings wang until 36",
        "wang is available offered, 16 s later",
    ]


def test_of_two_calls_that_are_everybodys_at_one_moment_the_first_goes_first() -> None:
    line = busy()
    line.calls("c1", **LAST)
    line.calls("c2", **LAST)
    line.calls("c0", vip=True, **LAST)
    line.wait(15)
    assert line.offered() == [("c0", "wang")]
    line.answers("wang")
    line.releases("c0")
    assert line.offered() == [("c1", "wang")]


def test_a_call_that_nobody_took_in_that_time_waits_on_in_its_place() -> None:
    line = busy()
    line.goes_on_break("wang")
    line.calls("c1", **LAST)
    line.wait(1)
    line.calls("c2")
    line.wait(20)
    line.signs_in("wang")
    assert line.offered() == [("c1", "wang")]


def test_a_call_that_is_held_keeps_nobody_else_waiting() -> None:
    line = busy()
    line.calls("c1", **LAST)
    line.calls("c2")
    assert line.offered() == [("c2", "wang")]


def test_the_last_agent_takes_an_earlier_call_first() -> None:
    line = busy()
    line.goes_on_break("wang")
    line.calls("c1")
    line.wait(1)
    line.calls("c2", **LAST)
    line.releases("other")
    assert line.offered() == [("c1", "li")]


def test_two_calls_held_for_one_agent_keep_their_order() -> None:
    line = busy()
    line.calls("c1", **LAST)
    line.wait(1)
    line.calls("c2", **LAST)
    line.releases("other")
    assert line.offered() == [("c1", "li")]
    line.answers("li")
    line.releases("c1")
    assert line.offered() == [("c2", "li")]


def test_nobody_waits_for_an_agent_who_is_on_break() -> None:
    line = hotline()
    line.goes_on_break("li")
    line.calls("c1", **LAST)
    assert line.offered() == [("c1", "wang")]


def test_nobody_waits_for_an_agent_who_has_gone_home() -> None:
    line = hotline()
    line.signs_out("li")
    line.calls("c1", **LAST)
    assert line.offered() == [("c1", "wang")]


def test_nobody_waits_for_an_agent_without_a_phone() -> None:
    line = hotline()
    line.phone_goes("li")
    line.calls("c1", **LAST)
    assert line.offered() == [("c1", "wang")]


def test_nobody_waits_for_an_agent_whom_the_queue_does_not_have() -> None:
    line = Hotline(
        plan([queue("service", step(repair=1), sticky=15.0)], [agent("wang", skills=needs(repair=1)), agent("li")])
    )
    line.ready("wang", "li")
    line.calls("c1", **LAST)
    assert line.offered() == [("c1", "wang")]


def test_nobody_waits_for_an_agent_whom_nobody_knows() -> None:
    line = hotline()
    line.calls("c1", last_agent="chen")
    assert line.offered() == [("c1", "wang")]


def test_the_last_agent_who_goes_on_break_frees_the_call_in_the_same_turn() -> None:
    """The conversation goes on; the break counts from its end."""
    line = busy()
    line.calls("c1", **LAST)
    line.goes_on_break("li")
    assert line.offered() == [("c1", "wang")]


def test_the_last_agent_whose_phone_goes_frees_the_call_in_the_same_turn() -> None:
    line = busy()
    line.calls("c1", **LAST)
    line.phone_goes("li")
    assert line.offered() == [("c1", "wang")]


def test_the_last_agent_who_loses_the_skill_frees_the_call_in_the_same_turn() -> None:
    people = [agent(id_, skills=needs(repair=1)) for id_ in ("wang", "li")]
    line = Hotline(plan([queue("service", step(repair=1), sticky=15.0)], people))
    line.ready("wang", "li")
    line.talks("other", "li", **LAST)
    line.calls("c1", **LAST)
    line.learns("li", orders=5)
    assert line.offered() == [("c1", "wang")]


def test_the_last_agent_who_learns_more_keeps_the_call() -> None:
    line = busy()
    line.calls("c1", **LAST)
    line.learns("li", orders=5)
    line.releases("other")
    assert line.offered() == [("c1", "li")]


def test_the_last_agent_who_declines_leaves_it_to_everybody() -> None:
    line = hotline()
    line.calls("c1", **LAST)
    line.refuses("li")
    assert line.offered() == [("c1", "wang")]


def test_the_last_agent_who_went_on_break_does_not_get_it_back_alone() -> None:
    line = hotline()
    line.calls("c1", **LAST)
    line.goes_on_break("wang")
    line.refuses("li")
    line.signs_in("wang")
    assert line.offered() == [("c1", "wang")]


def test_one_who_rests_after_a_refused_offer_is_still_waited_for() -> None:
    line = hotline()
    line.calls("c1", **LAST)
    line.refuses("li")
    line.answers("wang")
    line.releases("c1")
    line.calls("c2", **LAST)
    assert line.offered() == []
    line.wait(5)
    assert line.offered() == [("c2", "li")]


def test_a_call_that_waits_for_one_who_declines_another_waits_on() -> None:
    line = hotline()
    line.calls("c1", **LAST)
    line.goes_on_break("wang")
    line.calls("c2", **LAST)
    line.signs_in("wang")
    line.refuses("li")
    assert line.offered() == [("c1", "wang")]
    line.answers("wang")
    line.releases("c1")
    assert line.offered() == []
    line.wait(5)
    assert line.offered() == [("c2", "li")]


def test_a_held_call_that_hangs_up_is_not_offered_later() -> None:
    line = busy()
    line.calls("c1", **LAST)
    line.hangs_up("c1")
    assert line.happened() == ["c1 leaves service after 0 s: abandoned"]
    line.releases("other")
    assert line.offered() == []
    line.wait(20)
    assert line.happened() == []


def test_a_held_call_that_is_moved_goes_to_everybody_there() -> None:
    line = hotline(queue("service", sticky=15.0), queue("orders"))
    line.talks("other", "li", **LAST)
    line.calls("c1", **LAST)
    line.moves("c1", "orders")
    assert line.offered() == [("c1", "wang")]


def test_a_call_that_is_moved_is_held_in_the_new_queue_for_the_time_of_that_queue() -> None:
    line = hotline(queue("service"), queue("orders", sticky=10.0), queue("long", sticky=60.0))
    line.talks("other", "wang")
    line.takes_own_call("li")
    line.calls("c1", "long", **LAST)
    line.wait(7)
    line.moves("c1", "orders")
    line.releases("other")
    assert line.offered() == []
    line.wait(10)
    assert line.offered() == [("c1", "wang")]


def test_a_held_call_that_waited_too_long_overflows() -> None:
    rule = Overflow(Leave(Elsewhere.VOICEMAIL, "service"), "queues.yaml:9", waited_over=10.0)
    line = hotline(queue("service", sticky=60.0, overflow=(rule,)))
    line.talks("other", "li", **LAST)
    line.calls("c1", **LAST)
    line.wait(10)
    assert line.happened() == [
        "c1 leaves service after 10 s: timed_out [queues.yaml:9]",
        "c1 goes to voicemail service [queues.yaml:9]",
    ]
    line.releases("other")
    assert line.offered() == []


def test_the_explanation_names_the_last_agent_and_who_was_behind() -> None:
    line = hotline()
    line.calls("c1", **LAST)
    [offered] = line.of(out.Offered)
    assert list(offered.why.lines()) == [
        "rule: last agent (queues.yaml:20)",
        "chosen: li, idle for 0 s",
        "behind: wang, idle for 1 s",
    ]
