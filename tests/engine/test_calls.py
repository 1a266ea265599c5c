"""The life of a call, in virtual time: what the switch is told, and what is kept."""

from cti.engine import inputs as in_
from cti.ids import AgentId, CallId, LegId
from cti.records.entries import CallOpened, CallOutcome, FollowUp, SegmentKind, Termination
from cti.records.store import Earlier
from cti.switch import port
from tests.engine.line import MAIN, Line


def test_a_call_is_claimed_and_looked_up_at_once_then_guarded_and_answered() -> None:
    line = Line()
    line.arrives("c1")
    assert line.verbs() == ["claim", "look up"]
    line.put(in_.LookedUp(CallId("c1"), Earlier(calls_today=2, calls_in_7_days=4)))
    assert line.verbs() == ["claim", "look up"]
    line.put(in_.Claimed(CallId("c1"), True))
    assert line.verbs()[2:] == ["set", "guard", "answer"]
    [opened] = [entry for entry in line.hands.entries if isinstance(entry, CallOpened)]
    assert (opened.customer, opened.repeat_count, opened.repeat_count_7d) == ("+8613922112211", 2, 4)
    assert (opened.place, opened.carrier) == ("广东省广州市", "中国移动")


def test_a_call_that_the_fallback_has_is_left_alone() -> None:
    line = Line()
    line.arrives("c1")
    line.put(in_.Claimed(CallId("c1"), False))
    line.put(in_.LookedUp(CallId("c1"), Earlier()))
    assert line.verbs() == ["claim", "look up"]
    line.ends("c1")
    assert line.engine.calls == {}


def test_a_call_to_a_number_that_nobody_has_is_refused() -> None:
    line = Line()
    line.arrives("c1", number="999")
    assert line.hands.done == [("claim", "c1"), ("hang up", "c1", "UNALLOCATED_NUMBER")]


def test_a_caller_reaches_an_agent_and_the_record_tells_the_whole_story() -> None:
    line = Line()
    line.registers("1001")
    line.calls("c1")
    assert line.hears_out("c1") == "For English, press nine."
    assert "维修和退换货请按1" in line.hears_out("c1")
    line.wait(2)
    line.keys("c1", "1")
    [(agent_leg, user)] = line.rings()
    assert user == "1001"
    line.wait(3)
    line.connected("c1")
    assert ("bridge", "c1", agent_leg) in line.hands.done
    assert line.hands.done[-1] == ("record", "c1", "c1-1")
    line.wait(60)
    line.ends(agent_leg)
    line.tells(port.LegParked, "c1")
    assert "打分" in line.hears_out("c1")
    line.keys("c1", "5")
    assert "感谢" in line.hears_out("c1")
    assert line.hands.done[-1] == ("hang up", "c1", "NORMAL_CLEARING")
    line.ends("c1")
    assert line.records() == []  # the agent still wraps up
    line.wait(15)
    record = line.record()
    assert (record.outcome, record.termination) == (CallOutcome.ANSWERED, Termination.AGENT)
    assert (record.agents, record.queue, record.survey_score) == (("1001",), "service", 5)
    assert (record.waited, record.talked) == (3.0, 60.0)
    kinds = [segment.kind for segment in record.segments]
    assert kinds == ["ivr", "queue", "offer", "talk", "wrap_up", "survey"]
    assert [leg.kind for leg in record.legs] == ["caller", "agent"]
    assert record.offers[0].explanation[0].startswith("rule: longest_idle")
    [(tags, _)] = line.hands.finished
    assert (tags.id, tags.agents, tags.customer, tags.repeat_count) == ("c1-1", ("1001",), "+8613922112211", 0)


def test_a_caller_who_hangs_up_while_a_phone_rings_takes_the_ringing_away() -> None:
    line = Line()
    line.registers("1001")
    line.to_queue()
    [(agent_leg, _)] = line.rings()
    line.ends("c1", "ORIGINATOR_CANCEL")
    assert ("hang up", agent_leg, "ORIGINATOR_CANCEL") in line.hands.done
    record = line.record()
    assert (record.outcome, record.termination, record.agents) == (CallOutcome.ABANDONED, Termination.CALLER, ())


def test_an_agent_who_answers_when_the_caller_has_gone_is_not_left_in_silence() -> None:
    line = Line()
    line.registers("1001")
    line.to_queue()
    line.hangs_up = False  # it is told to stop ringing, and has not done so yet
    [(agent_leg, _)] = line.rings()
    line.ends("c1")
    line.picks_up(agent_leg)
    assert line.verbs()[-1] == "hang up"
    assert "bridge" not in line.verbs()
    assert line.records() == []
    line.ends(agent_leg)
    assert line.record().outcome is CallOutcome.ABANDONED
    assert line.engine.legs == {}


def test_a_declined_call_goes_to_the_next_agent_and_keeps_its_place() -> None:
    line = Line()
    line.registers("1001", "1002")
    line.to_queue()
    [(first, user)] = line.rings()
    line.ends(first, "CALL_REJECTED")
    line.put(in_.FromSwitch(MAIN, port.RingFailed(0, LegId(first), "CALL_REJECTED")))
    assert [user for _, user in line.rings()][-1] == "1002" != user


def test_the_next_phone_rings_before_the_leg_of_the_first_is_tidied_up() -> None:
    line = Line()
    line.registers("1001", "1002")
    line.to_queue()
    [(leg, _)] = line.rings()
    line.tells(port.LegEnding, leg, cause="CALL_REJECTED")
    assert [user for _, user in line.rings()] == ["1001", "1002"]
    line.ends(leg, "CALL_REJECTED")
    assert [user for _, user in line.rings()] == ["1001", "1002"]


def test_a_phone_that_is_not_there_is_not_rung_again() -> None:
    line = Line()
    line.registers("1001")
    line.to_queue()
    [(leg, _)] = line.rings()
    line.put(in_.FromSwitch(MAIN, port.RingFailed(0, LegId(leg), "USER_NOT_REGISTERED")))
    line.wait(30)
    assert len([what for what in line.hands.done if what[0] == "ring"]) == 1


def test_callers_who_wait_are_guarded_again_and_again_and_not_while_they_talk() -> None:
    line = Line()
    line.registers("1001")
    line.to_queue()
    before = line.verbs().count("guard")
    line.wait(10.5)
    assert line.verbs().count("guard") == before + 1
    line.connected()
    assert "unguard" in line.verbs()
    before = line.verbs().count("guard")
    line.wait(35)
    assert line.verbs().count("guard") == before


def test_a_caller_who_waits_hears_the_position_and_then_music_again() -> None:
    line = Line()
    line.to_queue()  # nobody has signed in: flow after_hours
    line = Line()
    line.registers("1001")
    line.put(in_.FromDesk(_own_call("1001")))
    line.to_queue()
    line.wait(45)
    assert "您当前排在第" in line.hears_out("c1")
    assert line.hands.done[-1] == ("music", "c1", "moh")


def test_with_nobody_signed_in_the_rule_leads_the_caller_to_the_flow_after_hours() -> None:
    line = Line()
    line.to_queue()
    assert "现在没有人员可以接听" in line.hears_out("c1")
    line.ends("c1")
    assert line.record().outcome is CallOutcome.NO_AGENTS


def test_the_third_call_of_the_day_goes_to_the_specialists() -> None:
    line = Line()
    line.registers("1001", "1009")
    line.calls("c1", calls_today=2, calls_in_7_days=2)
    assert "您今天已经多次来电" in line.hears_out("c1")
    assert [user for _, user in line.rings()] == ["1009"]


def test_the_last_agent_is_rung_first() -> None:
    line = Line()
    line.registers("1001", "1002", "1003")
    line.to_queue(last_agent=AgentId("1003"))
    assert [user for _, user in line.rings()] == ["1003"]


def test_at_night_a_message_is_recorded_until_the_hash_key() -> None:
    line = Line()
    line.wall = line.wall.replace(hour=15)  # 23:00 in Shanghai
    line.calls("c1")
    assert "我们今天的服务时间是" in line.hears_out("c1")
    line.hears_out("c1")
    line.keys("c1", "1")
    assert "请在提示音后留言" in line.hears_out("c1")
    assert line.hears_out("c1") == "[:beep]"
    assert line.hands.done[-1][:2] == ("record", "c1")
    line.wait(12)
    line.keys("c1", "#")
    [(tags, mailbox)] = line.hands.finished
    assert (mailbox, tags.ended_at and (tags.ended_at - tags.began_at).total_seconds()) == ("service", 12.0)
    assert "再见" in line.hears_out("c1")
    line.ends("c1")
    assert line.record().outcome is CallOutcome.VOICEMAIL


def test_a_message_that_ends_with_hanging_up_is_kept() -> None:
    line = Line()
    line.wall = line.wall.replace(hour=15)
    line.calls("c1")
    line.hears_out("c1")
    line.hears_out("c1")
    line.keys("c1", "1")
    line.hears_out("c1")
    line.hears_out("c1")
    line.wait(5)
    line.ends("c1")
    assert [mailbox for _, mailbox in line.hands.finished] == ["service"]
    assert line.record().outcome is CallOutcome.VOICEMAIL


def test_a_call_back_is_promised_to_the_number_that_calls() -> None:
    line = Line()
    line.wall = line.wall.replace(hour=15)
    line.calls("c1")
    line.hears_out("c1")
    line.hears_out("c1")
    line.keys("c1", "2")
    line.hears_out("c1")
    line.keys("c1", "1")
    assert "尽快给您回电" in line.hears_out("c1")
    [promise] = [entry for entry in line.hands.entries if isinstance(entry, FollowUp)]
    assert (promise.customer, promise.queue, promise.kind) == ("+8613922112211", "service", "callback")
    assert "再见" in line.hears_out("c1")
    line.ends("c1")
    assert line.record().outcome is CallOutcome.CALLBACK


def test_a_leg_that_the_switch_does_not_have_is_healed_when_it_is_back() -> None:
    line = Line()
    line.registers("1001")
    line.to_queue()
    line.put(in_.SwitchUp(MAIN, [], frozenset({"1001"})))
    assert line.engine.calls == {}
    assert line.record().hangup_cause == "LOST"


def test_legs_that_have_ended_are_not_missed_while_the_agent_wraps_up() -> None:
    line = Line()
    line.registers("1001")
    line.to_queue()
    agent_leg = line.connected()
    line.ends(agent_leg)
    line.ends("c1")
    before = len(line.engine.calls[CallId("c1")].diary.story)
    line.put(in_.Looked(MAIN, [], frozenset({"1001"}), line.steady))
    line.wait(6)
    line.put(in_.Looked(MAIN, [], frozenset({"1001"}), line.steady))
    assert len(line.engine.calls[CallId("c1")].diary.story) == before


def test_when_the_server_stops_calls_whose_caller_has_gone_are_kept_and_live_ones_go_on() -> None:
    line = Line()
    line.registers("1001", "1002")
    line.to_queue("c1")
    agent_leg = line.connected("c1")
    line.to_queue("c2")
    line.ends(agent_leg)
    line.ends("c1")
    line.engine.stop()
    assert [record.id for record in line.records()] == ["c1"]


def test_an_agents_phone_that_is_lost_before_the_bridge_puts_the_caller_back_into_the_queue() -> None:
    line = Line()
    line.registers("1001", "1002")
    line.to_queue()
    [(agent_leg, _)] = line.rings()
    line.picks_up(agent_leg)
    line.ends(agent_leg, "RECOVERY_ON_TIMER_EXPIRE")
    assert [user for _, user in line.rings()][-1] == "1002"


def test_a_masked_stretch_is_told_with_the_recording() -> None:
    line = Line()
    line.registers("1001")
    line.to_queue()
    agent_leg = line.connected()
    line.wait(10)
    line.put(in_.MaskRecording(CallId("c1"), True))
    line.wait(5)
    line.put(in_.MaskRecording(CallId("c1"), False))
    line.ends(agent_leg)
    assert line.hands.finished[0][0].masked == ((10.0, 15.0),)


def test_a_call_of_a_caller_on_the_list_do_not_record_is_not_recorded() -> None:
    line = Line()
    line.registers("1001")
    line.to_queue(ani="02150001235")
    line.connected()
    assert "record" not in line.verbs()


def test_hold_is_told_and_counted() -> None:
    line = Line()
    line.registers("1001")
    line.to_queue()
    agent_leg = line.connected()
    line.put(in_.Hold(CallId("c1"), True))
    line.wait(20)
    line.put(in_.Hold(CallId("c1"), False))
    line.wait(5)
    line.ends(agent_leg)
    line.ends("c1")
    line.wait(15)
    assert (line.record().held, line.record().talked) == (20.0, 25.0)
    assert SegmentKind.HOLD in [segment.kind for segment in line.record().segments]


def test_hostile_callers_are_nobodys_customers() -> None:
    line = Line()
    line.calls("c1", ani="138\nAnswer-State: answered}" + "9" * 300)
    line.hears_out("c1")
    line.ends("c1")
    record = line.record()
    assert record.customer is None
    assert len(record.ani) == 64


def _own_call(agent: str) -> object:
    from cti.acd.commands import TakeOwnCall

    return TakeOwnCall(AgentId(agent), CallId("own"))
