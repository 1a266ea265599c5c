"""Queues and agents with real phones, on both kinds of switch: who rings, and what happens when nobody answers."""

from pathlib import Path

from cti.acd.commands import Presence, SetPresence
from cti.ids import AgentId
from cti.records.entries import CallOutcome, CallRecord, FollowUp, SegmentKind
from tests.acceptance.conftest import Open
from tests.acceptance.hotline import TELLS, changed
from tests.acceptance.phones import sipp
from tests.acceptance.phones.sound import AGENT_HERTZ, CALLER_HERTZ, MUSIC, SUPERVISOR_HERTZ

QUEUES = "routing/queues.yaml"
SERVICE = "strategy: sequential"
"""A line of the queue `service`, to add others to."""


def offers(record: CallRecord) -> list[tuple[str, str]]:
    """Who was rung, and how that ended."""
    return [(offer.agent, offer.how) for offer in record.offers]


# --- waiting -------------------------------------------------------------------------------------


async def test_callers_who_wait_hear_music_and_their_position(open_hotline: Open) -> None:
    async with open_hotline(changed(QUEUES, SERVICE, f"{SERVICE}\n    announce: {{position: every 10s}}")) as hotline:
        first = await hotline.waits("1", user="13800138001", name="first")
        second = await hotline.waits("1", user="13800138002", name="second")
        await first.hears(MUSIC, seconds=1)
        await hotline.told("hears position 1")
        await hotline.told("hears position 2")
        await hotline.until("both hear their place", lambda: hotline.heard().count("您当前排在第") == 2)
        assert sorted(set(hotline.said)) == sorted({"您当前排在第", "一", "二", "位。"})
        agent = await hotline.agent()
        await first.hears(AGENT_HERTZ)
        await agent.hears(CALLER_HERTZ)
        await second.hears(MUSIC, seconds=1)


async def test_a_caller_who_does_not_want_to_wait_is_promised_a_call_back(open_hotline: Open) -> None:
    offer = f"{SERVICE}\n    announce: {{offer_callback_after: 1s}}"
    async with open_hotline(changed(QUEUES, SERVICE, offer)) as hotline:
        caller = await hotline.waits("1")
        await hotline.told("hears the offer of a call back")
        await caller.command("sndcode", "*")
        await hotline.until("the question", lambda: "回电到您现在的号码请按1" in hotline.heard())
        await caller.command("sndcode", "1")
        await caller.event("CALL_CLOSED")
        kept = await hotline.kept()
    assert kept.call.outcome is CallOutcome.CALLBACK
    [promise] = hotline.entries(FollowUp)
    assert (promise.customer, promise.queue, promise.kind) == ("+8613800138000", "service", "callback")
    assert [one.promised for one in kept.follow_ups] == [promise]


async def test_a_key_leads_out_of_the_queue(open_hotline: Open) -> None:
    way_out = changed("ivr_flows/service.yaml", "{queue: service, survey: score}", "{queue: service, keys: {9: bye}}")
    async with open_hotline(way_out) as hotline:
        caller = await hotline.waits("1")
        await caller.hears(MUSIC)
        await caller.command("sndcode", "9")
        await caller.hears(TELLS)
        await caller.event("CALL_CLOSED")
        record = await hotline.record()
    assert [segment.outcome for segment in record.segments if segment.kind is SegmentKind.QUEUE] == ["exit_key"]


# --- whom it is offered to -----------------------------------------------------------------------


async def test_a_customer_reaches_the_agent_of_last_time_first(open_hotline: Open) -> None:
    async with open_hotline(changed(QUEUES, SERVICE, f"{SERVICE}\n    sticky: 10s")) as hotline:
        await hotline.agent("1002")
        caller = await hotline.waits("1")
        await caller.hears(AGENT_HERTZ)
        await caller.command("hangup")
        assert offers(await hotline.record()) == [("1002", "accepted")]
        await hotline.agent("1001")
        await hotline.waits("1", name="again")
        await hotline.talking()
        await hotline.waits("1", user="13900139000", name="other")
        await hotline.until("both talk", lambda: len(hotline.talks()) == 2)
        assert hotline.talks() == {"13800138000": "1002", "13900139000": "1001"}


async def test_two_phones_ring_at_once_and_the_first_to_answer_has_the_call(open_hotline: Open) -> None:
    async with open_hotline(changed(QUEUES, SERVICE, "strategy: ring_all")) as hotline:
        first = await hotline.agent("1001", answers=False)
        second = await hotline.agent("1002", SUPERVISOR_HERTZ, answers=False)
        caller = await hotline.waits("1")
        await first.event("CALL_INCOMING")
        await second.event("CALL_INCOMING")
        await second.command("accept")
        await caller.hears(SUPERVISOR_HERTZ)
        await first.event("CALL_CLOSED")
        await caller.command("hangup")
        record = await hotline.record()
    assert sorted(offers(record)) == [("1001", "cancelled"), ("1002", "accepted")]
    assert record.agents == ("1002",)


async def test_a_caller_on_the_vip_list_goes_first(open_hotline: Open) -> None:
    lists = {"routing/callers.yaml": 'lists: {vip: ["13900139000"]}\n'}
    async with open_hotline(lists) as hotline:
        usual = await hotline.waits("1", name="usual")
        vip = await hotline.waits("1", user="13900139000", name="vip")
        await hotline.until("both wait", lambda: len(hotline.waiting()) == 2)
        agent = await hotline.agent()
        await vip.hears(AGENT_HERTZ)
        await usual.hears(MUSIC)
        await vip.command("hangup")
        await usual.hears(AGENT_HERTZ)
        await agent.hears(CALLER_HERTZ)
        await usual.command("hangup")
        first, second = [await hotline.record(number) for number in (1, 2)]
    assert (first.customer, first.vip) == ("+8613900139000", True)
    assert (second.customer, second.vip) == ("+8613800138000", False)


# --- agents who do not answer --------------------------------------------------------------------


async def test_a_declined_call_goes_to_the_next_agent(open_hotline: Open, tmp_path: Path) -> None:
    async with sipp.declines(tmp_path) as phone:
        endpoint = f'skills: {{repair: 4}}, endpoint: "sip:1001@127.0.0.1:{phone.port}"}}'
        async with open_hotline(changed("routing/agents.yaml", "skills: {repair: 4}}", endpoint)) as hotline:
            hotline.put(SetPresence(AgentId("1001"), Presence.AVAILABLE))
            second = await hotline.agent("1002")
            caller = await hotline.waits("1")
            await caller.hears(AGENT_HERTZ)
            await second.hears(CALLER_HERTZ)
            await phone.done()
            await caller.command("hangup")
            record = await hotline.record()
    assert offers(record) == [("1001", "declined"), ("1002", "accepted")]
    assert [(leg.agent, leg.cause) for leg in record.legs if leg.agent == "1001"] == [("1001", "CALL_REJECTED")]


async def test_a_busy_phone_is_passed_over(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        first = await hotline.agent("1001", answers=False)
        await hotline.agent("1002")
        caller = await hotline.waits("1")
        await first.event("CALL_INCOMING")
        await first.command("hangup")  # baresip answers 486
        await caller.hears(AGENT_HERTZ)
        await caller.command("hangup")
        record = await hotline.record()
    assert offers(record) == [("1001", "busy"), ("1002", "accepted")]


async def test_an_agent_who_does_not_answer_loses_the_call_and_goes_on_a_break(open_hotline: Open) -> None:
    rules = changed(QUEUES, "rest: 1s", "rest: 1s, no_answers: 2", SERVICE, f"{SERVICE}\n    ring: 1s")
    async with open_hotline(rules) as hotline:
        absent = await hotline.agent("1001", answers=False)
        caller = await hotline.waits("1")
        for _ in range(2):
            await absent.event("CALL_INCOMING")
            await absent.event("CALL_CLOSED")
        await hotline.presence("1001", Presence.ON_BREAK, "no_answer")
        await caller.hears(MUSIC)
        await hotline.agent("1002")
        await caller.hears(AGENT_HERTZ)
        await caller.command("hangup")
        record = await hotline.record()
    assert offers(record) == [("1001", "no_answer"), ("1001", "no_answer"), ("1002", "accepted")]


async def test_a_phone_that_has_signed_off_is_not_rung(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        gone = await hotline.agent("1001")
        await gone.quit()
        await hotline.until("1001 is not there", lambda: not hotline.registered("1001"))
        await hotline.agent("1002")
        caller = await hotline.waits("1")
        await caller.hears(AGENT_HERTZ)
        await caller.command("hangup")
        record = await hotline.record()
    assert offers(record) == [("1002", "accepted")]


async def test_a_phone_that_does_not_answer_the_switch_does_not_keep_the_caller(open_hotline: Open) -> None:
    async with open_hotline(changed(QUEUES, SERVICE, f"{SERVICE}\n    ring: 2s")) as hotline:
        cut_off = await hotline.agent("1001")
        await hotline.agent("1002")
        cut_off.freeze()
        caller = await hotline.waits("1")
        await caller.hears(AGENT_HERTZ)
        await caller.command("hangup")
        record = await hotline.record()
    assert offers(record) == [("1001", "no_answer"), ("1002", "accepted")]


async def test_an_agent_on_a_break_is_not_rung(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        first = await hotline.agent("1001")
        await first.command("dial", "sip:*47@cti.local")
        await hotline.presence("1001", Presence.ON_BREAK, "break")
        caller = await hotline.waits("1")
        await caller.hears(MUSIC)
        await first.command("dial", "sip:*45@cti.local")
        await caller.hears(AGENT_HERTZ)
        await caller.command("hangup")
        record = await hotline.record()
    assert offers(record) == [("1001", "accepted")]


# --- overflow ------------------------------------------------------------------------------------


async def test_with_nobody_signed_in_the_caller_leaves_a_message(open_hotline: Open) -> None:
    rule = "- {when: no agents signed in, to: voicemail service}\n      - {when: waited > 1m, to: hangup}\n  complaints"
    queues = changed(QUEUES, "- {when: waited > 1m, to: hangup}\n  complaints", rule)
    async with open_hotline(queues) as hotline:
        caller = await hotline.waits("1")
        await hotline.told("leaves a message for service")
        await hotline.until("a word", lambda: hotline.recorded_seconds(CALLER_HERTZ) > 0.5)
        await caller.command("sndcode", "#")
        await caller.event("CALL_CLOSED")
        kept = await hotline.kept()
    assert kept.call.outcome is CallOutcome.VOICEMAIL
    assert [message.left.mailbox for message in kept.voicemails] == ["service"]


async def test_a_caller_who_has_waited_long_goes_to_another_queue(open_hotline: Open) -> None:
    rule = "- {when: waited > 2s, to: queue complaints}\n  complaints"
    queues = changed(QUEUES, "- {when: waited > 1m, to: hangup}\n  complaints", rule)
    async with open_hotline(queues) as hotline:
        await hotline.agent("1003")
        caller = await hotline.waits("1")
        await caller.hears(AGENT_HERTZ)
        await caller.command("hangup")
        record = await hotline.record()
    assert offers(record) == [("1003", "accepted")]
    queues_seen = [(s.what, s.outcome) for s in record.segments if s.kind is SegmentKind.QUEUE]
    assert queues_seen == [("service", "timed_out"), ("complaints", "answered")]
    assert (record.queue, record.moved, record.outcome) == ("complaints", 1, CallOutcome.ANSWERED)
    assert 2.0 <= record.waited < 4.0


async def test_a_caller_who_finds_everybody_on_a_break_goes_to_a_flow(open_hotline: Open) -> None:
    rule = "- {when: no agents available, to: flow sorry}\n  complaints"
    queues = changed(QUEUES, "- {when: waited > 1m, to: hangup}\n  complaints", rule)
    sorry = {"ivr_flows/sorry.yaml": "flow: sorry\nstart: bye\nsteps: {bye: {play: {file: tells.wav}, then: hangup}}\n"}
    async with open_hotline(queues | sorry) as hotline:
        await hotline.agent("1001")
        hotline.put(SetPresence(AgentId("1001"), Presence.ON_BREAK, "lunch"))
        await hotline.presence("1001", Presence.ON_BREAK, "lunch")
        caller = await hotline.waits("1")
        await caller.hears(TELLS)
        await caller.event("CALL_CLOSED")
        record = await hotline.record()
    assert (record.outcome, record.offers) == (CallOutcome.NO_AGENTS, ())


async def test_a_full_queue_takes_no_more(open_hotline: Open) -> None:
    queues = changed(QUEUES, SERVICE, f"{SERVICE}\n    limits: {{waiting: 1, then: queue complaints}}")
    async with open_hotline(queues) as hotline:
        await hotline.agent("1003")
        first = await hotline.waits("1", name="first")
        await first.hears(MUSIC)
        second = await hotline.waits("1", user="13900139000", name="second")
        await second.hears(AGENT_HERTZ)
        await first.hears(MUSIC)
        await second.command("hangup")
        record = await hotline.record()
    assert (record.customer, record.queue, record.agents) == ("+8613900139000", "complaints", ("1003",))
