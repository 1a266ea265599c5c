"""Position and expected wait: two ways of reckoning, recorded beside what happened; what waiting callers are told."""

import pytest

from cti.acd import effects as out
from cti.acd.effects import Estimates
from cti.acd.model import Announcements
from cti.ids import QueueId
from tests.acd.world import Hotline, agent, needs, plan, queue, step


def hotline(*agents: str, announce: Announcements | None = None, wrap_up: float = 0.0) -> Hotline:
    """A call takes 100 s as long as none was measured. All agents are on calls of their own, ended by `own-NAME`."""
    queues = [queue("service", handling=100.0, announce=announce or Announcements()), queue("orders", handling=50.0)]
    line = Hotline(plan(queues, [agent(id_, wrap_up=wrap_up) for id_ in agents]))
    line.ready(*agents)
    for id_ in agents:
        line.takes_own_call(id_, f"own-{id_}")
    return line


def estimates(line: Hotline) -> Estimates:
    """Of the call that entered in the last turn."""
    return line.of(out.EntryOpened)[-1].estimates


def handling(line: Hotline) -> float:
    """What the queue takes a call to need, talk and wrap-up."""
    return line.acd.floor.queues[QueueId("service")].handling


# By the length of the queue


def test_no_wait_is_expected_while_somebody_is_idle() -> None:
    line = hotline("wang")
    line.releases("own-wang")
    line.calls("c1")
    assert estimates(line).by_length == 0.0
    line.calls("c2")
    assert estimates(line).by_length == 200.0


def test_the_expected_wait_is_position_times_handling_by_agents() -> None:
    line = hotline("wang", "li")
    line.calls("c1")
    assert estimates(line).by_length == 50.0
    line.calls("c2")
    assert estimates(line).by_length == 100.0
    line.calls("c3")
    assert estimates(line).by_length == 150.0


def test_one_who_is_idle_but_not_admitted_yet_does_not_end_the_wait() -> None:
    the_queue = queue("service", step(repair=1), step(20), handling=100.0)
    line = Hotline(plan([the_queue], [agent("wang", skills=needs(repair=1)), agent("li")]))
    line.ready("wang", "li")
    line.takes_own_call("wang")
    line.calls("c1")
    assert estimates(line).by_length == 50.0


def test_a_vip_who_goes_first_waits_as_the_first() -> None:
    line = hotline("wang", "li")
    line.calls("c1")
    line.calls("c2", vip=True)
    assert estimates(line).by_length == 50.0


def test_without_agents_there_is_no_expected_wait_by_length() -> None:
    line = hotline()
    line.calls("c1")
    assert estimates(line) == Estimates(None, 0.0)


def test_agents_on_break_or_without_a_phone_do_not_count() -> None:
    line = hotline("wang", "li", "zhang")
    line.goes_on_break("wang")
    line.phone_goes("li")
    line.calls("c1")
    assert estimates(line).by_length == 100.0


def test_a_measured_call_weighs_a_tenth() -> None:
    line = hotline("wang")
    line.releases("own-wang")
    line.talks("c1", "wang")
    line.wait(200)
    line.releases("c1")
    assert handling(line) == pytest.approx(110.0)


def test_a_call_is_measured_with_its_wrap_up() -> None:
    line = hotline("wang", wrap_up=30.0)
    line.releases("own-wang")
    line.finishes("wang")
    line.talks("c1", "wang")
    line.wait(170)
    line.releases("c1")
    line.wait(30)
    assert handling(line) == pytest.approx(110.0)


def test_a_call_is_measured_though_the_agent_dials_out_in_wrap_up() -> None:
    line = hotline("wang", wrap_up=30.0)
    line.releases("own-wang")
    line.finishes("wang")
    line.talks("c1", "wang")
    line.wait(190)
    line.releases("c1")
    line.wait(10)
    line.takes_own_call("wang")
    line.wait(500)
    line.releases("own")
    line.wait(30)
    assert handling(line) == pytest.approx(110.0)


def test_ringing_is_waiting_not_handling() -> None:
    line = hotline("wang")
    line.releases("own-wang")
    line.calls("c1")
    line.wait(15)
    line.answers("wang")
    line.wait(200)
    line.releases("c1")
    assert handling(line) == pytest.approx(110.0)


def test_a_queue_learns_from_its_own_calls_only() -> None:
    line = hotline("wang")
    line.releases("own-wang")
    line.talks("c1", "wang", "orders")
    line.wait(1000)
    line.releases("c1")
    assert handling(line) == 100.0


def test_calls_of_the_agents_own_are_not_measured() -> None:
    line = hotline("wang")
    line.wait(1000)
    line.releases("own-wang")
    assert handling(line) == 100.0


def test_the_running_mean_goes_on_from_call_to_call() -> None:
    line = hotline("wang")
    line.releases("own-wang")
    for id_ in ("c1", "c2"):
        line.talks(id_, "wang")
        line.wait(200)
        line.releases(id_)
    assert handling(line) == pytest.approx(119.0)


# By the head of the line


def test_the_head_of_the_line_tells_how_long_it_has_waited() -> None:
    line = hotline("wang")
    line.calls("c1")
    assert estimates(line).by_head == 0.0
    line.wait(40)
    line.calls("c2")
    assert estimates(line).by_head == 40.0
    line.wait(10)
    line.calls("c3")
    assert estimates(line).by_head == 50.0


def test_when_the_head_has_left_the_next_one_counts() -> None:
    line = hotline("wang")
    line.calls("c1")
    line.wait(40)
    line.calls("c2")
    line.wait(5)
    line.hangs_up("c1")
    line.calls("c3")
    assert estimates(line).by_head == 5.0


def test_the_head_counts_its_wait_in_this_queue() -> None:
    line = hotline("wang")
    line.calls("c1", "orders")
    line.wait(40)
    line.moves("c1", "service")
    line.wait(7)
    line.calls("c2", "service")
    assert estimates(line).by_head == 7.0


# Beside what happened


def test_what_was_expected_is_recorded_next_to_what_happened() -> None:
    line = hotline("wang")
    line.calls("c1")
    line.wait(40)
    line.calls("c2")
    line.wait(25)
    line.hangs_up("c2")
    [closed] = line.of(out.EntryClosed)
    assert (closed.estimates, closed.waited) == (Estimates(200.0, 40.0), 25.0)


def test_each_stay_has_its_own_estimates() -> None:
    line = hotline("wang")
    line.calls("c1", "orders")
    line.wait(40)
    line.moves("c1", "service")
    assert estimates(line) == Estimates(100.0, 0.0)
    assert line.of(out.EntryClosed)[0].estimates == Estimates(50.0, 0.0)


# What callers are told


def test_the_position_is_told_from_time_to_time() -> None:
    line = hotline("wang", announce=Announcements(every=45.0))
    line.calls("c0")
    line.calls("c1")
    line.hangs_up("c0")
    line.wait(44.9)
    assert line.happened() == []
    line.wait(0.1)
    assert line.happened() == ["c1 hears: place 1"]
    line.wait(89)
    assert line.happened() == ["c1 hears: place 1"]
    line.wait(1)
    assert line.happened() == ["c1 hears: place 1"]


def test_to_tell_the_position_all_the_time_does_not_stop_the_clock() -> None:
    line = hotline("wang", announce=Announcements(every=0.0))
    line.calls("c1")
    line.wait(12)
    assert line.happened() == ["c1 hears: place 1"] * 3


def test_the_expected_wait_is_told_as_it_is_now() -> None:
    line = hotline("wang", "li", announce=Announcements(every=45.0, estimated_wait=True))
    line.calls("c1")
    line.wait(10)
    line.calls("c2")
    line.goes_on_break("li")
    line.wait(35)
    assert line.happened() == ["c1 hears: place 1, 100 s"]
    line.wait(10)
    assert line.happened() == ["c2 hears: place 2, 200 s"]


def test_no_wait_is_told_when_nobody_is_there() -> None:
    line = hotline(announce=Announcements(every=45.0, estimated_wait=True))
    line.calls("c1")
    line.wait(45)
    assert line.happened() == ["c1 hears: place 1"]


def test_a_call_back_is_offered_once_with_the_expected_wait() -> None:
    line = hotline("wang", announce=Announcements(callback_after=90.0))
    line.calls("c1")
    line.wait(89)
    assert line.happened() == []
    line.wait(600)
    assert line.happened() == ["c1 hears: place 1, 100 s, call back"]


def test_a_call_back_can_be_offered_at_once() -> None:
    line = hotline("wang", announce=Announcements(callback_after=0.0))
    line.calls("c1")
    line.wait(60)
    assert line.happened() == ["c1 hears: place 1, 100 s, call back"]


def test_each_queue_offers_a_call_back_once() -> None:
    line = hotline("wang", announce=Announcements(callback_after=90.0))
    line.calls("c1")
    line.wait(100)
    line.moves("c1", "orders")
    line.moves("c1", "service")
    line.wait(100)
    assert line.happened() == ["c1 hears: place 1, 100 s, call back"]


def test_a_caller_who_does_not_wait_hears_nothing() -> None:
    line = hotline("wang", announce=Announcements(every=45.0, callback_after=90.0))
    line.releases("own-wang")
    line.talks("c1", "wang")
    line.calls("c2")
    line.hangs_up("c2")
    line.wait(200)
    assert line.happened() == []


def test_the_other_queue_tells_as_it_is_set_there() -> None:
    line = hotline("wang", announce=Announcements(every=45.0, callback_after=50.0))
    line.calls("c1")
    line.wait(40)
    line.moves("c1", "orders")
    line.wait(600)
    assert line.happened() == []
    line.moves("c1", "service")
    line.wait(45)
    assert line.happened() == ["c1 hears: place 1"]
