"""What agents declare, and what their phones do."""

from typing import Any

import pytest

from cti.acd import commands as do
from cti.acd import effects as out
from cti.acd.commands import Presence
from cti.ids import AgentId, CallId
from tests.acd.world import Hotline, agent, needs, plan, queue, step


def hotline(*agents: str, **options: Any) -> Hotline:
    """Nobody is there yet."""
    return Hotline(plan([queue("service")], [agent(id_, wrap_up=0.0) for id_ in agents or ("wang",)], **options))


def test_an_agent_needs_both_a_phone_and_to_sign_in() -> None:
    line = hotline()
    line.calls("c1")
    line.phone_comes("wang")
    assert line.happened() == ["wang is logged_out idle, 0 s later"]
    line.wait(3)
    line.signs_in("wang")
    assert line.happened()[0] == "wang is available idle, 3 s later"
    assert line.offered() == [("c1", "wang")]


def test_the_order_of_the_two_does_not_matter() -> None:
    line = hotline()
    line.calls("c1")
    line.signs_in("wang")
    assert line.happened() == ["wang is available idle without a phone, 0 s later"]
    line.phone_comes("wang")
    assert line.offered() == [("c1", "wang")]


def test_an_agent_on_break_is_not_offered_calls() -> None:
    line = hotline()
    line.ready("wang")
    line.goes_on_break("wang", "lunch")
    assert line.happened() == ["wang is on_break idle (lunch), 0 s later"]
    line.calls("c1")
    assert line.offered() == []


def test_an_agent_who_signed_out_is_not_offered_calls() -> None:
    line = hotline()
    line.ready("wang")
    line.signs_out("wang")
    line.calls("c1")
    assert line.offered() == []


def test_an_agent_whose_phone_is_not_registered_is_not_available() -> None:
    line = hotline()
    line.ready("wang")
    line.wait(5)
    line.phone_goes("wang")
    assert line.happened() == ["wang is available idle without a phone, 5 s later"]
    line.calls("c1")
    assert line.offered() == []
    assert line.of(out.EntryOpened)[0].estimates.by_length is None


def test_coming_back_from_a_break_the_agent_is_offered_the_next_call_at_once() -> None:
    line = hotline()
    line.ready("wang")
    line.goes_on_break("wang")
    line.calls("c1")
    line.wait(30)
    line.signs_in("wang")
    assert line.offered() == [("c1", "wang")]


def test_each_break_is_timed_from_its_own_beginning() -> None:
    line = hotline()
    line.ready("wang")
    line.goes_on_break("wang")
    line.wait(10)
    line.signs_in("wang")
    line.wait(100)
    line.goes_on_break("wang")
    line.wait(7)
    line.signs_in("wang")
    assert line.happened() == ["wang is available idle, 7 s later"]


def test_another_reason_for_the_break_is_a_change_of_its_own() -> None:
    line = hotline()
    line.ready("wang")
    line.goes_on_break("wang", "lunch")
    line.wait(10)
    line.goes_on_break("wang", "training")
    assert line.happened() == ["wang is on_break idle (training), 10 s later"]
    line.wait(4)
    line.signs_in("wang")
    assert line.happened() == ["wang is available idle, 4 s later"]


def test_what_is_known_already_is_ignored_and_does_not_begin_anew() -> None:
    line = hotline()
    line.ready("wang")
    line.goes_on_break("wang", "lunch")
    line.wait(10)
    line.goes_on_break("wang", "lunch")
    assert line.happened() == ["SetPresence ignored: the agent is on_break already"]
    line.signs_in("wang")
    assert line.happened() == ["wang is available idle, 10 s later"]


def test_a_phone_that_registers_again_changes_nothing() -> None:
    line = hotline("wang", "li")
    line.ready("wang")
    line.wait(1)
    line.ready("li")
    line.wait(1)
    line.phone_comes("wang")
    assert line.happened() == ["SetRegistered ignored: it is known already"]
    line.calls("c1")
    assert line.offered() == [("c1", "wang")]


def test_a_phone_that_was_never_there_cannot_go() -> None:
    line = hotline()
    line.phone_goes("wang")
    assert line.happened() == ["SetRegistered ignored: it is known already"]


@pytest.mark.parametrize(
    "command",
    [
        do.SetPresence(AgentId("chen"), Presence.AVAILABLE),
        do.SetRegistered(AgentId("chen"), True),
        do.TakeOwnCall(AgentId("chen"), CallId("own")),
        do.FinishWrapUp(AgentId("chen")),
        do.ExtendWrapUp(AgentId("chen"), 5.0),
        do.SetSkills(AgentId("chen"), {}),
    ],
)
def test_of_an_agent_whom_no_plan_has_everything_is_ignored(command: do.Command) -> None:
    line = hotline()
    line.does(command)
    assert line.happened() == [f"{type(command).__name__} ignored: no such agent"]


def test_a_break_ends_the_rest_after_a_refused_offer() -> None:
    line = hotline(rest=30.0)
    line.ready("wang")
    line.calls("c1")
    line.refuses("wang")
    line.goes_on_break("wang")
    line.wait(5)
    line.signs_in("wang")
    assert line.offered() == [("c1", "wang")]


def test_a_rest_that_is_over_is_no_change_that_anybody_sees() -> None:
    line = hotline(rest=5.0)
    line.ready("wang")
    line.calls("c1")
    line.refuses("wang")
    line.hangs_up("c1")
    line.wait(60)
    assert line.happened() == []
    line.goes_on_break("wang")
    assert line.happened() == ["wang is on_break idle (lunch), 60 s later"]


def test_the_phone_that_comes_back_does_not_end_the_rest() -> None:
    line = hotline(rest=30.0)
    line.ready("wang")
    line.calls("c1")
    line.refuses("wang")
    line.phone_goes("wang")
    line.phone_comes("wang")
    assert line.offered() == []
    line.wait(30)
    assert line.offered() == [("c1", "wang")]


def test_an_agent_who_signs_out_in_conversation_ends_it_in_peace() -> None:
    line = hotline()
    line.ready("wang")
    line.talks("c1", "wang")
    line.wait(60)
    line.signs_out("wang")
    assert line.happened() == ["wang is logged_out on_call c1, 60 s later"]
    line.releases("c1")
    assert line.happened() == ["wang is logged_out idle, 0 s later"]
    line.calls("c2")
    assert line.offered() == []


def test_a_phone_that_goes_in_conversation_leaves_it_to_the_switch() -> None:
    line = hotline()
    line.ready("wang")
    line.talks("c1", "wang")
    line.phone_goes("wang")
    assert line.happened() == ["wang is available on_call c1 without a phone, 0 s later"]
    line.hangs_up("c1")
    assert line.happened() == ["wang is available idle without a phone, 0 s later"]
    line.calls("c2")
    assert line.offered() == []


# Calls that the distributor did not give


def test_an_agent_on_a_call_of_their_own_is_not_offered_another() -> None:
    line = hotline()
    line.ready("wang")
    line.takes_own_call("wang")
    assert line.happened() == ["wang is available on_call own, 0 s later"]
    line.calls("c1")
    assert line.offered() == []
    line.hangs_up("own")
    assert line.offered() == [("c1", "wang")]


def test_a_call_of_their_own_ends_the_rest_after_a_refused_offer() -> None:
    line = hotline(rest=30.0)
    line.ready("wang")
    line.calls("c1")
    line.refuses("wang")
    line.takes_own_call("wang")
    line.wait(1)
    line.releases("own")
    assert line.happened() == [
        "wang is available idle, 1 s later",
        "offer 2: c1 of service rings wang until 21",
        "wang is available offered, 0 s later",
    ]


def test_an_agent_who_has_not_signed_in_may_telephone_too() -> None:
    line = hotline()
    line.takes_own_call("wang")
    line.wait(5)
    line.releases("own")
    assert line.happened() == ["wang is logged_out idle without a phone, 5 s later"]


def test_a_call_of_their_own_is_told_of_once() -> None:
    line = hotline()
    line.ready("wang")
    line.takes_own_call("wang")
    line.takes_own_call("wang")
    assert line.happened() == ["TakeOwnCall ignored: it is known already"]


def test_an_agent_on_a_call_takes_no_second_one() -> None:
    line = hotline()
    line.ready("wang")
    line.talks("c1", "wang")
    line.takes_own_call("wang", "own2")
    assert line.happened() == ["TakeOwnCall ignored: the agent is on a call"]


def test_a_call_that_waits_is_not_an_agents_own() -> None:
    line = hotline("wang", "li")
    line.calls("c1")
    line.takes_own_call("wang", "c1")
    assert line.happened() == ["TakeOwnCall ignored: it waits, or another agent has it"]


def test_a_call_of_one_agent_is_not_anothers_own() -> None:
    line = hotline("wang", "li")
    line.takes_own_call("wang", "own")
    line.takes_own_call("li", "own")
    assert line.happened() == ["TakeOwnCall ignored: it waits, or another agent has it"]


def test_a_call_of_their_own_can_be_passed_into_a_queue() -> None:
    line = hotline("wang", "li")
    line.ready("wang", "li")
    line.takes_own_call("wang")
    line.calls("own")
    assert line.happened() == [
        "wang is available idle, 0 s later",
        "own enters service at 1",
        "offer 1: own of service rings wang until 20",
        "wang is available offered, 0 s later",
    ]
    line.hangs_up("own")
    assert line.acd.floor.own_calls == {}


# Skills


def test_new_skills_hold_until_the_next_plan() -> None:
    the_plan = plan([queue("service", step(repair=1))], [agent("wang")])
    line = Hotline(the_plan)
    line.ready("wang")
    line.learns("wang", repair=3)
    line.calls("c1")
    assert line.offered() == [("c1", "wang")]
    line.hangs_up("c1")
    line.replans(the_plan)
    line.calls("c2")
    assert line.offered() == []


def test_new_skills_keep_the_groups() -> None:
    the_queue = queue("service", step(groups=["service"], repair=1))
    line = Hotline(plan([the_queue], [agent("wang", groups=["service"]), agent("li", skills=needs(repair=5))]))
    line.ready("wang", "li")
    line.learns("wang", repair=1)
    line.calls("c1")
    assert line.offered() == [("c1", "wang")]
