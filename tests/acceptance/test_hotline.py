"""What callers hear and key, on both kinds of switch: the hours, the menu, messages, numbers outside."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cti import app
from cti.records.entries import CallOutcome, SegmentKind, Termination
from tests.acceptance.conftest import Open
from tests.acceptance.hotline import ASKS, CLOSED, TELLS, carrier_at, changed
from tests.acceptance.phones import sipp, sound
from tests.acceptance.phones.sound import AGENT_HERTZ, CALLER_HERTZ, MUSIC
from tests.acceptance.scene import becomes

FLOW = "ivr_flows/service.yaml"

# --- hours ---------------------------------------------------------------------------------------


async def test_a_caller_in_the_hours_reaches_an_agent_and_gives_a_score(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        agent = await hotline.agent()
        caller = await hotline.waits("1")
        await caller.hears(AGENT_HERTZ)
        await agent.hears(CALLER_HERTZ)
        await agent.command("hangup")
        await caller.hears(ASKS)
        await caller.command("sndcode", "4")
        await caller.event("CALL_CLOSED")
        record = await hotline.record()
    assert (record.outcome, record.termination) == (CallOutcome.ANSWERED, Termination.AGENT)
    assert (record.queue, record.agents, record.survey_score) == ("service", ("1001",), 4)
    assert [segment.kind for segment in record.segments] == [
        SegmentKind.IVR,
        SegmentKind.QUEUE,
        SegmentKind.OFFER,
        SegmentKind.TALK,
        SegmentKind.WRAP_UP,
        SegmentKind.SURVEY,
    ]
    assert hotline.said == []


async def test_a_caller_outside_the_hours_hears_them_and_leaves_a_message(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        caller = await hotline.dials(CLOSED)
        await caller.hears(MUSIC)
        await caller.hears(ASKS)
        assert "我们今天休息" in hotline.heard()
        await caller.command("sndcode", "1")
        await hotline.told("leaves a message for service")
        assert "请在提示音后留言" in hotline.heard()
        await becomes(lambda: hotline.recorded_seconds(CALLER_HERTZ) > 0.5)
        await caller.command("sndcode", "#")
        await caller.hears(TELLS)
        await caller.event("CALL_CLOSED")
        kept = await hotline.kept()
    assert (kept.call.outcome, kept.call.termination) == (CallOutcome.VOICEMAIL, Termination.SERVER)
    [message] = kept.voicemails
    assert (message.left.mailbox, message.left.customer) == ("service", "+8613800138000")
    [recording] = kept.recordings
    assert (recording.made.path, recording.made.failure) == (message.left.path, "")
    assert sound.seconds_of(hotline.channels(recording)[0], CALLER_HERTZ) > 0.5


async def test_a_message_that_ends_with_hanging_up_is_kept(open_hotline: Open) -> None:
    message = changed(FLOW, "{queue: service, survey: score}", "{voicemail: service, then: bye}")
    async with open_hotline(message) as hotline:
        caller = await hotline.waits("1")
        await hotline.told("leaves a message for service")
        await becomes(lambda: hotline.recorded_seconds(CALLER_HERTZ) > 0.5)
        await caller.command("hangup")
        kept = await hotline.kept()
    assert (kept.call.outcome, kept.call.termination) == (CallOutcome.VOICEMAIL, Termination.CALLER)
    assert [message.left.mailbox for message in kept.voicemails] == ["service"]


async def test_a_caller_outside_the_hours_who_keys_nothing_is_seen_off(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        caller = await hotline.dials(CLOSED)
        await caller.hears(ASKS)
        await caller.hears(TELLS)
        await caller.event("CALL_CLOSED")
        record = await hotline.record()
    assert (record.outcome, record.termination, record.queue) == (CallOutcome.IVR_ONLY, Termination.SERVER, None)


async def test_a_caller_on_a_holiday_hears_when_it_is_over(open_hotline: Open) -> None:
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    dates = f"{today}..{today + timedelta(days=1)}"
    hours = f"""
hours:
  always: {{weekly: {{mon-sun: ["09:30-24:00"]}}, exceptions: {{{dates}: closed}}}}
  never: {{weekly: {{mon-sun: ["09:30-24:00"]}}, exceptions: {{{dates}: closed}}}}
"""
    async with open_hotline({"routing/hours.yaml": hours}) as hotline:
        caller = await hotline.dials(CLOSED)
        await caller.hears(ASKS)
        await caller.command("hangup")
        record = await hotline.record()
    assert hotline.heard() == "我们今天休息，下次开放时间是后天上午九点半"
    assert any(line.text == "open: never is closed → closed" for line in record.story)


# --- menu and keys -------------------------------------------------------------------------------


async def test_the_menu_leads_to_the_queue_that_its_key_names(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        await hotline.agent("1001")
        specialist = await hotline.agent("1003")
        caller = await hotline.waits("2")
        await specialist.hears(CALLER_HERTZ)
        await caller.command("hangup")
        record = await hotline.record()
    assert (record.queue, record.agents) == ("complaints", ("1003",))


async def test_a_wrong_key_is_told_and_the_menu_is_asked_again(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        caller = await hotline.asked()
        await caller.command("sndcode", "9")
        await caller.hears(MUSIC)
        assert hotline.said == ["没有这个选项，请重新选择。"]
        await caller.hears(ASKS)
        await caller.command("sndcode", "7")
        await caller.hears(TELLS)
        await caller.event("CALL_CLOSED")
        record = await hotline.record()
    story = [line.text for line in record.story]
    assert "menu: 9 is not among the answers: asked again, 1 of 1" in story
    assert "menu: 7 is not among the answers → bye" in story
    assert (record.outcome, record.termination) == (CallOutcome.IVR_ONLY, Termination.SERVER)


async def test_a_caller_who_keys_nothing_is_asked_again_and_led_on(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        caller = await hotline.asked()
        await hotline.listening()
        await caller.hears(ASKS)
        await hotline.listening()
        await caller.hears(TELLS)
        await caller.event("CALL_CLOSED")
        record = await hotline.record()
    assert "menu: no key was pressed → bye" in [line.text for line in record.story]


async def test_a_key_during_the_prompt_ends_it(open_hotline: Open) -> None:
    async with open_hotline(changed(FLOW, "asks.wav", "long.wav")) as hotline:
        await hotline.agent()
        caller = await hotline.waits("1")
        await caller.hears(AGENT_HERTZ)
        await caller.command("hangup")
        record = await hotline.record()
    menu = record.segments[0]
    assert menu.kind is SegmentKind.IVR
    assert (menu.ended_at - menu.began_at).total_seconds() < 4  # the prompt lasts six


async def test_a_key_after_the_prompt_counts(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        agent = await hotline.agent()
        caller = await hotline.asked()
        await hotline.listening()
        await caller.command("sndcode", "1")
        await agent.hears(CALLER_HERTZ)


async def test_a_key_before_the_menu_answers_it_unheard(open_hotline: Open) -> None:
    told_first = changed(
        FLOW, "open: menu", "open: told", "steps:", "steps:\n  told: {play: {file: tells.wav}, then: menu}"
    )
    async with open_hotline(told_first) as hotline:
        specialist = await hotline.agent("1003")
        caller = await hotline.dials()
        await caller.hears(TELLS)
        await caller.command("sndcode", "2")
        await specialist.hears(CALLER_HERTZ)
        await caller.command("hangup")
        record = await hotline.record()
    pressed = next(line for line in record.story if line.text == "menu: the caller pressed 2 → complaint")
    played = next(line for line in record.story if line.text == "told: the prompt has been played → menu")
    assert (pressed.at - played.at).total_seconds() < 0.2


async def test_a_menu_that_is_heard_out_takes_no_key_before_its_end(open_hotline: Open) -> None:
    async with open_hotline(changed(FLOW, "retries: 1", "retries: 1\n    barge_in: false")) as hotline:
        specialist = await hotline.agent("1003")
        caller = await hotline.asked()
        await caller.command("sndcode", "1")
        await hotline.listening()
        await caller.command("sndcode", "2")
        await specialist.hears(CALLER_HERTZ)
        await caller.command("hangup")
        record = await hotline.record()
    assert [line.text for line in record.story if "pressed" in line.text] == ["menu: the caller pressed 2 → complaint"]


# --- numbers outside -----------------------------------------------------------------------------

OUTSIDE = changed(FLOW, "repair: {queue: service, survey: score}", 'repair: {transfer: "02150001234", then: bye}')


async def test_a_transfer_to_a_number_without_a_carrier_goes_on_in_the_flow(open_hotline: Open) -> None:
    async with open_hotline(OUTSIDE) as hotline:
        caller = await hotline.waits("1")
        await caller.hears(TELLS)
        await caller.event("CALL_CLOSED")
        record = await hotline.record()
    assert any(line.text.startswith("repair: 02150001234 did not take the call") for line in record.story)
    assert record.outcome is CallOutcome.IVR_ONLY


async def test_a_caller_is_transferred_to_a_number_outside(
    open_hotline: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sipp.answers(tmp_path) as outside:
        monkeypatch.setattr(app, "FreeSwitch", carrier_at(outside.port))
        async with open_hotline(OUTSIDE) as hotline:
            caller = await hotline.waits("1")
            await hotline.told("the number outside has answered")
            await becomes(lambda: "ACK" in outside.messages())
            await hotline.talking()
            await caller.command("hangup")
            record = await hotline.record()
    assert (record.outcome, record.termination) == (CallOutcome.TRANSFERRED, Termination.CALLER)
    assert [(leg.kind, leg.number) for leg in record.legs][1:] == [("outside", "02150001234")]
    assert SegmentKind.TALK in [segment.kind for segment in record.segments]
