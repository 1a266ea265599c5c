"""Offers: made, answered, declined, not answered, cancelled; what becomes of the caller and of the agent."""

from typing import Any

from cti.acd import commands as do
from cti.acd import effects as out
from cti.acd.commands import Presence, Refusal
from cti.acd.machine import Distributor
from cti.acd.model import Strategy
from cti.ids import AgentId, CallId, OfferId, QueueId
from tests.acd.world import Hotline, agent, plan, queue, words


def hotline(*agents: str, queue_options: dict[str, Any] | None = None, **options: Any) -> Hotline:
    """One queue, and agents who are idle since one second after the other."""
    line = Hotline(plan([queue("service", **(queue_options or {}))], [agent(id_) for id_ in agents], **options))
    for id_ in agents:
        line.ready(id_)
        line.wait(1)
    return line


def test_an_idle_agent_is_offered_a_call_in_the_turn_in_which_it_comes() -> None:
    line = hotline("wang")
    line.calls("c1")
    assert line.happened() == [
        "c1 enters service at 1",
        "offer 1: c1 of service rings wang until 21",
        "wang is available offered, 1 s later",
    ]


def test_a_waiting_call_is_offered_in_the_turn_in_which_an_agent_becomes_idle() -> None:
    line = hotline("wang")
    line.goes_on_break("wang")
    line.calls("c1")
    line.wait(30)
    line.signs_in("wang")
    assert line.happened() == [
        "wang is available idle, 30 s later",
        "offer 1: c1 of service rings wang until 51",
        "wang is available offered, 0 s later",
    ]


def test_an_accepted_offer_connects_caller_and_agent() -> None:
    line = hotline("wang")
    line.calls("c1")
    line.wait(4)
    line.answers("wang")
    assert line.happened() == [
        "offer 1: c1 no longer rings wang: accepted",
        "c1 leaves service after 4 s: answered wang",
        "offer 1: c1 of service talks with wang",
        "wang is available on_call c1, 4 s later",
    ]


def test_the_queue_says_how_long_a_phone_rings() -> None:
    line = hotline("wang", queue_options={"ring": 8.0})
    line.calls("c1")
    assert line.offer_to("wang").until == 9.0


def test_else_the_agent_says_how_long_their_phone_rings() -> None:
    line = Hotline(plan([queue("service")], [agent("wang", ring=12.0)]))
    line.ready("wang")
    line.calls("c1")
    assert line.offer_to("wang").until == 12.0


def test_an_offer_ends_at_its_deadline_and_the_agent_rests() -> None:
    line = hotline("wang")
    line.calls("c1")
    line.wait(19.9)
    assert line.happened() == []
    line.wait(0.1)
    assert line.happened() == [
        "offer 1: c1 no longer rings wang: no_answer",
        "wang is available idle, 20 s later",
    ]


def test_after_the_rest_the_agent_is_offered_the_same_call_again() -> None:
    line = hotline("wang", rest=5.0)
    line.calls("c1")
    line.refuses("wang")
    line.wait(4.9)
    assert line.happened() == []
    line.wait(0.1)
    assert line.happened() == [
        "offer 2: c1 of service rings wang until 26",
        "wang is available offered, 5 s later",
    ]


def test_the_shortest_rest_is_one() -> None:
    line = hotline("wang", rest=0.5)
    line.calls("c1")
    line.refuses("wang")
    assert line.offered() == []
    line.wait(0.5)
    assert line.offered() == [("c1", "wang")]


def test_without_a_rest_the_call_goes_to_another_idle_agent_first() -> None:
    line = hotline("wang", "li", rest=0.0)
    line.calls("c1")
    line.refuses("wang")
    assert line.offered() == [("c1", "li")]


def test_without_a_rest_and_without_others_the_agent_is_rung_again() -> None:
    line = hotline("wang", rest=0.0)
    line.calls("c1")
    line.refuses("wang")
    assert line.offered() == [("c1", "wang")]


def test_a_declined_call_goes_to_the_next_agent_in_the_same_turn() -> None:
    line = hotline("wang", "li")
    line.calls("c1")
    line.refuses("wang")
    assert line.happened() == [
        "offer 1: c1 no longer rings wang: declined",
        "wang is available idle, 0 s later",
        "offer 2: c1 of service rings li until 22",
        "li is available offered, 1 s later",
    ]


def test_a_declined_offer_keeps_the_callers_place() -> None:
    line = hotline("wang")
    line.calls("c1")
    line.calls("c2")
    line.refuses("wang")
    line.wait(5)
    assert line.offered() == [("c1", "wang")]


def test_an_unanswered_offer_keeps_the_callers_place() -> None:
    line = hotline("wang")
    line.calls("c1")
    line.wait(1)
    line.calls("c2")
    line.wait(19 + 5)
    assert line.offered() == [("c1", "wang")]


def test_a_caller_whose_offer_failed_goes_before_a_later_one_to_another_agent() -> None:
    line = hotline("wang", "li")
    line.goes_on_break("li")
    line.calls("c1")
    line.calls("c2")
    line.refuses("wang")
    line.signs_in("li")
    assert line.offered() == [("c1", "li")]


def test_a_busy_phone_passes_the_call_on_and_the_agent_rests() -> None:
    line = hotline("wang", "li")
    line.calls("c1")
    line.refuses("wang", Refusal.BUSY)
    assert line.happened()[0] == "offer 1: c1 no longer rings wang: busy"
    assert line.offered() == [("c1", "li")]
    line.calls("c2")
    assert line.offered() == []


def test_a_phone_that_cannot_be_reached_counts_as_not_registered() -> None:
    line = hotline("wang")
    line.calls("c1")
    line.refuses("wang", Refusal.UNREACHABLE)
    assert line.happened() == [
        "offer 1: c1 no longer rings wang: unreachable",
        "wang is available idle without a phone, 0 s later",
    ]
    line.wait(60)
    assert line.happened() == []
    line.phone_comes("wang")
    assert line.offered() == [("c1", "wang")]


def test_three_calls_in_a_row_without_an_answer_and_the_agent_goes_on_break() -> None:
    line = hotline("wang", no_answers=3, rest=5.0)
    line.calls("c1")
    line.wait(20 + 5 + 20 + 5)
    assert line.offered()[-1] == ("c1", "wang")
    line.wait(20)
    assert line.happened() == [
        "offer 3: c1 no longer rings wang: no_answer",
        "wang is on_break idle (no_answer), 20 s later",
    ]
    line.wait(60)
    assert line.happened() == []


def test_an_answer_begins_the_row_anew() -> None:
    line = hotline("wang", no_answers=2, rest=5.0)
    line.calls("c1")
    line.wait(25)
    line.answers("wang")
    line.releases("c1")
    line.finishes("wang")
    line.calls("c2")
    line.wait(20)
    assert line.happened()[-1] == "wang is available idle, 20 s later"


def test_a_call_that_is_declined_begins_the_row_anew() -> None:
    line = hotline("wang", no_answers=2, rest=5.0)
    line.calls("c1")
    line.wait(25)
    line.refuses("wang", Refusal.DECLINED)
    line.wait(5)
    line.wait(20)
    assert line.happened()[-1] == "wang is available idle, 20 s later"


def test_declining_however_often_is_no_reason_for_a_break() -> None:
    line = hotline("wang", no_answers=2, rest=5.0)
    line.calls("c1")
    for _ in range(4):
        line.refuses("wang")
        line.wait(5)
    assert line.offered() == [("c1", "wang")]


def test_coming_back_from_the_break_begins_the_row_anew() -> None:
    line = hotline("wang", no_answers=2, rest=5.0)
    line.calls("c1")
    line.wait(25)
    line.goes_on_break("wang")
    line.signs_in("wang")
    line.wait(20)
    assert line.happened()[-1] == "wang is available idle, 20 s later"


def test_a_cancelled_offer_is_not_held_against_the_agent() -> None:
    line = hotline("wang", no_answers=1)
    line.calls("c1")
    line.hangs_up("c1")
    line.calls("c2")
    assert line.offered() == [("c2", "wang")]


def test_a_caller_who_hangs_up_cancels_every_offer_in_the_same_turn() -> None:
    line = hotline("wang", "li", queue_options={"strategy": Strategy.RING_ALL})
    line.calls("c1")
    line.wait(3)
    line.hangs_up("c1")
    assert line.happened() == [
        "offer 1: c1 no longer rings wang: cancelled, the caller hung up",
        "wang is available idle, 3 s later",
        "offer 2: c1 no longer rings li: cancelled, the caller hung up",
        "li is available idle, 3 s later",
        "c1 leaves service after 3 s: abandoned",
    ]


def test_a_caller_who_keys_out_cancels_the_offer_in_the_same_turn() -> None:
    line = hotline("wang")
    line.calls("c1")
    line.wait(3)
    line.keys_out("c1")
    assert line.happened() == [
        "offer 1: c1 no longer rings wang: cancelled, the caller chose something else",
        "wang is available idle, 3 s later",
        "c1 leaves service after 3 s: exit_key",
    ]


def test_a_caller_who_wants_to_be_called_back_cancels_the_offer_and_does_so_once() -> None:
    line = hotline("wang")
    line.calls("c1")
    line.keys_out("c1", do.Exit.CALLBACK)
    assert line.happened()[0] == "offer 1: c1 no longer rings wang: cancelled, the caller wants to be called back"
    assert line.happened()[-1] == "c1 leaves service after 0 s: callback"
    line.keys_out("c1", do.Exit.CALLBACK)
    assert line.happened() == ["Left ignored: no such call"]


def test_a_supervisor_who_moves_a_ringing_call_cancels_the_offer() -> None:
    line = Hotline(plan([queue("service"), queue("orders")], [agent("wang"), agent("li")]))
    line.ready("wang")
    line.calls("c1")
    line.moves("c1", "orders")
    assert line.happened() == [
        "offer 1: c1 no longer rings wang: cancelled, the call was moved",
        "wang is available idle, 0 s later",
        "c1 leaves service after 0 s: moved",
        "c1 enters orders at 1",
        "offer 2: c1 of orders rings wang until 20",
        "wang is available offered, 0 s later",
    ]


def test_an_answer_after_the_caller_hung_up_is_too_late() -> None:
    line = hotline("wang")
    line.calls("c1")
    offer = line.offer_to("wang").offer
    line.hangs_up("c1")
    line.does(do.Accept(offer))
    assert line.happened() == ["Accept ignored: the offer is over"]


def test_an_answer_at_the_deadline_is_too_late() -> None:
    line = hotline("wang", rest=5.0)
    line.calls("c1")
    offer = line.offer_to("wang").offer
    line.now += 20
    line.does(do.Accept(offer))
    assert line.happened() == [
        "offer 1: c1 no longer rings wang: no_answer",
        "wang is available idle, 20 s later",
        "Accept ignored: the offer is over",
    ]


def test_an_answer_just_before_the_deadline_is_in_time() -> None:
    line = hotline("wang")
    line.calls("c1")
    offer = line.offer_to("wang").offer
    line.now += 19.99
    line.does(do.Accept(offer))
    assert [e.call for e in line.of(out.Connected)] == ["c1"]
    line.wait(60)
    assert line.happened() == []


def test_an_answer_that_is_told_twice_counts_once() -> None:
    line = hotline("wang")
    line.calls("c1")
    offer = line.offer_to("wang").offer
    line.does(do.Accept(offer))
    line.does(do.Accept(offer))
    assert line.happened() == ["Accept ignored: the offer is over"]


def test_a_refusal_after_the_answer_is_ignored() -> None:
    line = hotline("wang")
    line.calls("c1")
    offer = line.offer_to("wang").offer
    line.does(do.Accept(offer))
    line.does(do.Refuse(offer, Refusal.NO_ANSWER))
    assert line.happened() == ["Refuse ignored: the offer is over"]


def test_a_late_refusal_of_an_old_offer_leaves_the_new_one() -> None:
    line = hotline("wang", rest=0.0)
    line.calls("c1")
    old = line.offer_to("wang").offer
    line.refuses("wang")
    line.does(do.Refuse(old, Refusal.DECLINED))
    assert line.happened() == ["Refuse ignored: the offer is over"]
    assert line.offer_to("wang").offer == OfferId(2)


def test_an_offer_that_never_was_cannot_be_answered() -> None:
    line = hotline("wang")
    line.does(do.Accept(OfferId(77)))
    assert line.happened() == ["Accept ignored: the offer is over"]


def test_an_agent_who_logs_out_while_the_phone_rings_has_no_offer_and_the_caller_goes_on() -> None:
    line = hotline("wang", "li")
    line.calls("c1")
    line.wait(3)
    line.signs_out("wang")
    assert line.happened() == [
        "offer 1: c1 no longer rings wang: cancelled, the agent is logged_out",
        "wang is logged_out idle, 3 s later",
        "offer 2: c1 of service rings li until 25",
        "li is available offered, 4 s later",
    ]


def test_a_change_of_presence_while_the_phone_rings_starts_no_storm_of_offers() -> None:
    line = hotline("wang")
    line.calls("c1")
    line.goes_on_break("wang", "lunch")
    line.goes_on_break("wang", "lunch")
    line.goes_on_break("wang", "tea")
    line.signs_out("wang")
    line.wait(600)
    assert [e.offer for e in line.story if isinstance(e, out.Offered)] == [1]
    assert [(e.offer, e.end) for e in line.story if isinstance(e, out.OfferEnded)] == [(1, "cancelled")]


def test_declaring_to_be_available_while_the_phone_rings_changes_nothing() -> None:
    line = hotline("wang")
    line.calls("c1")
    line.signs_in("wang")
    assert line.happened() == ["SetPresence ignored: the agent is available already"]
    line.answers("wang")
    assert [e.call for e in line.of(out.Connected)] == ["c1"]


def test_the_agents_phone_that_vanishes_while_it_rings_passes_the_call_on() -> None:
    line = hotline("wang", "li")
    line.calls("c1")
    line.phone_goes("wang")
    assert line.happened() == [
        "offer 1: c1 no longer rings wang: cancelled, the agent's phone is gone",
        "wang is available idle without a phone, 0 s later",
        "offer 2: c1 of service rings li until 22",
        "li is available offered, 1 s later",
    ]


def test_the_agents_phone_that_comes_back_is_rung_again() -> None:
    line = hotline("wang")
    line.calls("c1")
    line.phone_goes("wang")
    line.phone_comes("wang")
    assert line.offered() == [("c1", "wang")]


def test_an_agent_who_takes_another_call_while_the_phone_rings_passes_the_call_on() -> None:
    line = hotline("wang", "li")
    line.calls("c1")
    line.takes_own_call("wang")
    assert line.happened() == [
        "offer 1: c1 no longer rings wang: cancelled, the agent took another call",
        "wang is available on_call own, 0 s later",
        "offer 2: c1 of service rings li until 22",
        "li is available offered, 1 s later",
    ]


def test_an_agent_has_one_call_at_a_time() -> None:
    line = hotline("wang")
    line.talks("c1", "wang")
    line.calls("c2")
    line.wait(600)
    assert [e.call for e in line.story if isinstance(e, out.Offered)] == ["c1"]


def test_an_agent_is_offered_one_call_at_a_time() -> None:
    line = hotline("wang")
    line.calls("c1")
    line.calls("c2")
    assert line.offered() == []
    line.hangs_up("c1")
    assert line.offered() == [("c2", "wang")]


def test_two_callers_and_two_agents_meet_each_other() -> None:
    line = hotline("wang", "li")
    line.calls("c1")
    line.calls("c2")
    line.answers("li")
    line.answers("wang")
    assert [(e.call, e.agent) for e in line.story if isinstance(e, out.Connected)] == [("c2", "li"), ("c1", "wang")]


def test_an_offer_ends_at_the_deadline_of_its_own_agent_when_several_ring() -> None:
    people = [agent("wang", ring=5.0), agent("li", ring=9.0)]
    line = Hotline(plan([queue("service", strategy=Strategy.RING_ALL)], people, no_answers=1))
    line.ready("wang", "li")
    line.calls("c1")
    line.wait(9)
    assert line.happened() == [
        "offer 1: c1 no longer rings wang: no_answer",
        "wang is on_break idle (no_answer), 5 s later",
        "offer 2: c1 no longer rings li: no_answer",
        "li is on_break idle (no_answer), 9 s later",
    ]


def test_numbers_of_offers_go_on_where_the_process_before_stopped() -> None:
    acd = Distributor(plan([queue("service")], [agent("wang")]), now=0.0, first_offer=100)
    acd.handle(do.SetRegistered(AgentId("wang"), True), 0.0)
    acd.handle(do.SetPresence(AgentId("wang"), Presence.AVAILABLE), 0.0)
    effects = acd.handle(do.Enqueue(CallId("c1"), QueueId("service")), 0.0)
    assert words(effects)[1] == "offer 100: c1 of service rings wang until 20"


def test_no_number_of_an_offer_is_given_twice() -> None:
    line = hotline("wang", "li", rest=1.0)
    line.calls("c1")
    for who in ("wang", "li", "wang"):
        line.refuses(who)
        line.wait(1)
    assert [e.offer for e in line.story if isinstance(e, out.Offered)] == [1, 2, 3, 4]


def test_a_caller_who_hangs_up_in_conversation_leaves_nothing_behind() -> None:
    line = hotline("wang")
    line.talks("c1", "wang")
    line.wait(30)
    line.hangs_up("c1")
    assert line.happened() == ["wang is available wrap_up, 30 s later"]
    line.wait(15)
    assert line.happened() == ["wang is available idle, 15 s later"]
    assert line.acd.next_deadline() is None
    assert line.acd.floor.calls == {}
