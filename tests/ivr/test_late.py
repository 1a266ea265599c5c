"""Late, doubled and stray inputs in every state: known as such, noted, and without any other effect."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cti.ivr.actions import Abandon, Action, LeaveQueue, Note, StopPlay
from cti.ivr.inputs import (
    CallbackDone,
    HttpDone,
    HttpFailed,
    HungUp,
    Input,
    Key,
    Left,
    PlayDone,
    QueueLeft,
    Started,
    TimedOut,
    TransferFailed,
    Transferred,
    VoicemailDone,
    WaitId,
)
from cti.ivr.interpreter import Interpreter
from cti.ivr.transitions import INPUTS, LATE, TABLE, Reaction, State
from tests.ivr.calls import FACTS, MORNING, Call, Office, flow_of

BYE: dict[str, Any] = {"play": "再见。", "then": "hangup"}
MENU: dict[str, Any] = {"menu": "请按1。", "keys": {"1": "bye"}, "otherwise": "bye"}


def one_step(step: dict[str, Any]) -> Call:
    return Call(flow_of(step=step, bye=BYE, menu=MENU))


IN_STATE: dict[State, Callable[[], Call]] = {
    State.TELLING: lambda: one_step({"play": "您好。", "then": "menu"}),
    State.ASKING: lambda: one_step(MENU),
    State.LISTENING: lambda: one_step(MENU).hears_out(),
    State.FETCHING: lambda: one_step({"http": {"url": "https://a.example"}, "then": "bye", "otherwise": "menu"}),
    State.QUEUED: lambda: one_step({"queue": "service", "keys": {"1": "bye"}, "then": "menu"}),
    State.RECORDING: lambda: one_step({"voicemail": "service", "then": "menu"}),
    State.PROMISING: lambda: one_step({"callback": "service", "then": "menu"}),
    State.TRANSFERRING: lambda: one_step({"transfer": "110", "then": "menu"}),
    State.ENDED: lambda: one_step({"hangup": True}),
}
"""A call in each state, but for that of one that has not started."""

ANSWERS: dict[type[Input], Callable[[WaitId], Input]] = {
    PlayDone: PlayDone,
    TimedOut: TimedOut,
    HttpDone: lambda wait: HttpDone(wait, {}),
    HttpFailed: lambda wait: HttpFailed(wait, "down"),
    QueueLeft: lambda wait: QueueLeft(wait, Left.GIVEN_BACK),
    Transferred: Transferred,
    TransferFailed: lambda wait: TransferFailed(wait, "busy"),
    VoicemailDone: VoicemailDone,
    CallbackDone: CallbackDone,
}
"""Every input that bears a number."""


def what_counts(call: Call) -> tuple[object, ...]:
    ivr = call.ivr
    return ivr.state, ivr.wait, ivr.deadline, ivr.step, ivr.variables, ivr.language


def test_each_state_is_reached_as_the_table_here_says() -> None:
    assert {state: build().ivr.state for state, build in IN_STATE.items()} == {state: state for state in IN_STATE}
    assert set(IN_STATE) | {State.READY} == set(State)


def test_the_table_has_a_line_for_every_state_and_input() -> None:
    assert set(TABLE) == {(state, kind) for state in State for kind in INPUTS}
    assert set(LATE) == set(ANSWERS) == set(INPUTS) - {Started, Key, HungUp}


@pytest.mark.parametrize("state", IN_STATE)
@pytest.mark.parametrize("kind", ANSWERS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("age", [-2, -1, 1, 1000])
def test_an_answer_to_another_wait_changes_nothing(state: State, kind: type[Input], age: int) -> None:
    call = IN_STATE[state]()
    before = what_counts(call)
    call.now += timedelta(hours=1)
    call.happens(ANSWERS[kind](WaitId(call.ivr.wait + age)))
    assert what_counts(call) == before
    assert call.doings == []
    assert call.why == ([] if state is State.ENDED else [f"ignored: {LATE[kind]}"])


STRAY = [key for key, reaction in TABLE.items() if reaction is Reaction.STRAY and key[0] is not State.READY]


@pytest.mark.parametrize(("state", "kind"), STRAY, ids=lambda one: one.__name__ if isinstance(one, type) else str(one))
def test_an_answer_of_another_kind_changes_nothing(state: State, kind: type[Input]) -> None:
    call = IN_STATE[state]()
    before = what_counts(call)
    call.happens(ANSWERS[kind](call.ivr.wait))
    assert what_counts(call) == before
    assert call.actions == (
        Note("f", "step", f"ignored: {kind.__name__} cannot answer what is waited for", "", ("steps", "step")),
    )


# What answers in which state; everything else that bears a number is stray there.
ANSWERED_BY = {
    State.TELLING: {PlayDone, TimedOut},
    State.ASKING: {PlayDone, TimedOut},
    State.LISTENING: {TimedOut},
    State.FETCHING: {HttpDone, HttpFailed, TimedOut},
    State.QUEUED: {QueueLeft},
    State.RECORDING: {VoicemailDone},
    State.PROMISING: {CallbackDone},
    State.TRANSFERRING: {Transferred, TransferFailed},
}


@pytest.mark.parametrize("state", ANSWERED_BY)
def test_each_state_is_left_by_its_own_answers_only(state: State) -> None:
    assert {kind for kind in ANSWERS if (state, kind) not in STRAY} == ANSWERED_BY[state]
    for kind in ANSWERED_BY[state]:
        call = IN_STATE[state]()
        wait = call.ivr.wait
        if call.ivr.deadline is not None:
            call.now = call.ivr.deadline
        call.happens(ANSWERS[kind](wait))
        assert call.ivr.ended or call.ivr.wait > wait


@pytest.mark.parametrize("state", ANSWERED_BY)
def test_an_answer_that_comes_twice_is_late_the_second_time(state: State) -> None:
    for kind in ANSWERED_BY[state]:
        call = IN_STATE[state]()
        answer = ANSWERS[kind](call.ivr.wait)
        call.now += timedelta(hours=1)
        call.happens(answer)
        before = what_counts(call)
        call.happens(answer)
        assert what_counts(call) == before
        assert call.doings == []


@pytest.mark.parametrize("state", IN_STATE)
def test_a_flow_is_started_once(state: State) -> None:
    call = IN_STATE[state]()
    before = what_counts(call)
    call.happens(Started("f"))
    assert what_counts(call) == before
    assert call.why == ([] if state is State.ENDED else ["ignored: f was to be started, and a flow runs already"])


STOPPED: dict[State, list[Action]] = {
    State.TELLING: [StopPlay(WaitId(1))],
    State.ASKING: [StopPlay(WaitId(1))],
    State.LISTENING: [],
    State.FETCHING: [Abandon(WaitId(1))],
    State.QUEUED: [LeaveQueue(WaitId(1))],
    State.RECORDING: [Abandon(WaitId(1))],
    State.PROMISING: [Abandon(WaitId(1))],
    State.TRANSFERRING: [Abandon(WaitId(1))],
}


@pytest.mark.parametrize("state", STOPPED)
def test_a_caller_who_hangs_up_stops_everything(state: State) -> None:
    call = IN_STATE[state]().hangs_up()
    assert call.doings == STOPPED[state]
    assert call.why == ["the caller hung up"]
    assert (call.ivr.ended, call.ivr.deadline) == (True, None)


@pytest.mark.parametrize("state", IN_STATE)
@pytest.mark.parametrize("kind", INPUTS, ids=lambda kind: kind.__name__)
def test_after_the_end_nothing_happens(state: State, kind: type[Input]) -> None:
    call = IN_STATE[state]().hangs_up()
    others: dict[type[Input], Input] = {Started: Started("f"), Key: Key("1"), HungUp: HungUp()}
    event = others[kind] if kind in others else ANSWERS[kind](call.ivr.wait)
    assert call.happens(event).actions == ()


@pytest.mark.parametrize(
    ("state", "back"),
    [(State.RECORDING, VoicemailDone), (State.PROMISING, CallbackDone), (State.TRANSFERRING, TransferFailed)],
)
def test_keys_are_for_whoever_has_the_caller(state: State, back: type[Input]) -> None:
    call = IN_STATE[state]().presses("1#")
    assert call.actions == ()
    assert call.happens(ANSWERS[back](call.ivr.wait)).heard == "请按1。"


# How they come about


def test_the_prompt_ends_just_as_a_key_stops_it() -> None:
    call = one_step(MENU | {"keys": {"1": "menu"}})
    playing = call.ivr.wait
    call.presses("1")
    assert call.happens(PlayDone(playing)).why == ["ignored: a prompt that was stopped, or was over already, has ended"]
    assert call.ivr.state is State.ASKING


def test_the_timer_goes_off_just_as_a_key_is_pressed() -> None:
    call = one_step({"collect": "号码。", "into": "x", "digits": 4, "then": "bye", "otherwise": "bye"}).hears_out()
    listening = call.ivr.wait
    call.now += timedelta(seconds=5)
    call.presses("1").happens(TimedOut(listening))
    assert call.why == ["ignored: the time of something that has happened meanwhile is over"]
    assert call.presses("234").heard == "再见。"


def test_the_web_server_answers_after_its_time() -> None:
    call = IN_STATE[State.FETCHING]()
    asked = call.ivr.wait
    call.waits()
    assert call.happens(HttpDone(asked, {})).why == ["ignored: the web server answered after its time"]
    assert call.ivr.step == "menu"


def test_an_agent_answers_just_as_the_caller_leaves_by_a_key() -> None:
    call = IN_STATE[State.QUEUED]()
    queued = call.ivr.wait
    call.presses("1").happens(QueueLeft(queued, Left.ANSWERED))
    assert call.why == ["ignored: the queue let go of a caller who had left it by a key"]
    assert call.ivr.step == "bye"


def test_an_answer_meant_for_the_flow_before_is_not_taken_for_one_of_the_next() -> None:
    survey = Call(flow_of(survey={"survey": "请打分。", "keys": "1-5"}), first_wait=8)
    survey.happens(PlayDone(WaitId(7)))
    assert (survey.ivr.state, survey.ivr.wait) == (State.ASKING, 8)


# Before the start


def ready() -> Interpreter:
    flow = flow_of(step=BYE)
    return Interpreter({"f": flow}, FACTS, Office(), first_wait=5)


@pytest.mark.parametrize("kind", ANSWERS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("wait", [3, 4, 5])
def test_nothing_answers_a_flow_that_has_not_started(kind: type[Input], wait: int) -> None:
    ivr = ready()
    (note,) = ivr.handle(ANSWERS[kind](WaitId(wait)), MORNING)
    assert isinstance(note, Note)
    assert note.why.startswith("ignored: ")
    assert ivr.state is State.READY


def test_a_key_before_the_start_is_for_nobody() -> None:
    assert ready().handle(Key("1"), MORNING) == ()


def test_a_caller_who_hangs_up_before_the_start_has_gone() -> None:
    ivr = ready()
    assert ivr.handle(HungUp(), MORNING) == (Note("", "", "the caller hung up"),)
    assert ivr.start("f", MORNING) == ()
