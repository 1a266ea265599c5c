"""Anything may happen in any order: a flow never raises, waits for one thing at a time, and comes to an end."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cti.ivr.actions import Action, Hangup, Note, Play
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
from cti.ivr.prompts import Prompt
from cti.ivr.steps import VERBS
from cti.ivr.transitions import State
from tests.ivr.calls import EVENING, FACTS, MORNING, Office
from tests.ivr.flows import EVERY_VERB, read_flow

FLOW = read_flow(EVERY_VERB)
CAP = 60

AGES = st.sampled_from([0, 0, 0, 0, 0, -1, -2, 1])
"""Mostly the present wait; now and then one that is over, or none of ours."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["order", "state"]), inner, max_size=2),
    max_leaves=4,
)
FOUND = st.text(max_size=300).map(lambda state: {"order": {"state": state}})

HAPPENINGS: st.SearchStrategy[tuple[Any, int, float]] = st.tuples(
    st.one_of(
        st.sampled_from("0123456789*#").map(lambda key: lambda wait: Key(key)),
        st.sampled_from("0123456789*#").map(lambda key: lambda wait: Key(key)),
        st.just(PlayDone),
        st.just(TimedOut),
        st.one_of(FOUND, JSON).map(lambda answer: lambda wait: HttpDone(wait, answer)),
        st.just(lambda wait: HttpFailed(wait, "status 500")),
        st.sampled_from(Left).map(lambda how: lambda wait: QueueLeft(wait, how)),
        st.just(Transferred),
        st.just(lambda wait: TransferFailed(wait, "busy")),
        st.just(VoicemailDone),
        st.just(CallbackDone),
        st.just(lambda wait: Started("everything")),
        st.text(max_size=2).map(lambda key: lambda wait: Key(key)),
    ),
    AGES,
    st.sampled_from([0.0, 0.1, 1.0, 5.0, 700.0]),
)


def walk(happenings: list[tuple[Any, int, float]], office: Office, at: datetime) -> tuple[Interpreter, list[Action]]:
    """A call to which all of that happens; everything that it wanted done."""
    ivr = Interpreter({"everything": FLOW}, FACTS, office, steps=CAP)
    now = at
    done = list(ivr.start("everything", now))
    for make, age, later in happenings:
        now += timedelta(seconds=later)
        event: Input = make(WaitId(ivr.wait + age))
        state, wait = ivr.state, ivr.wait
        actions = ivr.handle(event, now)
        if state is State.ENDED:
            assert actions == ()
        waits = [action.wait for action in actions if hasattr(action, "deadline") or isinstance(action, Play)]
        assert len(waits) <= 1  # one thing at a time is waited for
        assert ivr.wait in (wait, wait + 1)
        assert ivr.deadline is None or not ivr.ended
        done += actions
    return ivr, done


@settings(max_examples=300)
@given(
    happenings=st.lists(HAPPENINGS, max_size=60),
    at=st.sampled_from([MORNING, EVENING]),
    vip=st.booleans(),
    notice=st.booleans(),
)
def test_whatever_happens_the_call_goes_on_or_ends(
    happenings: list[tuple[Any, int, float]], at: datetime, vip: bool, notice: bool
) -> None:
    notices = {"recall": Prompt.of("召回通知。")} if notice else {}
    ivr, done = walk(happenings, Office(lists=("vip",) if vip else (), notices=notices), at)
    steps = [action for action in done if isinstance(action, Note) and action.target not in ("", "hangup")]
    assert len(steps) <= CAP + 1
    assert sum(isinstance(action, Hangup) for action in done) <= 1
    ivr.handle(HungUp(), at + timedelta(days=1))
    assert ivr.ended
    assert ivr.deadline is None
    assert ivr.handle(Key("1"), at + timedelta(days=1)) == ()


@settings(max_examples=100)
@given(keys=st.lists(st.sampled_from("0123456789*#"), min_size=CAP * 12, max_size=CAP * 12))
def test_a_caller_who_presses_anything_for_ever_comes_to_an_end_or_to_a_person(keys: list[str]) -> None:
    ivr = Interpreter({"everything": FLOW}, FACTS, Office(), steps=CAP)
    now = MORNING
    ivr.start("everything", now)
    for key in keys:
        ivr.handle(Key(key), now)
        if ivr.state in (State.TELLING, State.ASKING):
            ivr.handle(PlayDone(ivr.wait), now)
        if ivr.state is State.FETCHING:
            ivr.handle(HttpDone(ivr.wait, {"order": {"state": "shipped"}}), now)
    assert ivr.state in (State.ENDED, State.QUEUED, State.RECORDING, State.PROMISING, State.TRANSFERRING)


@given(office=st.builds(Office, lists=st.sampled_from([(), ("vip",)])), at=st.sampled_from([MORNING, EVENING]))
def test_a_caller_who_stays_silent_comes_to_a_person_or_to_an_end(office: Office, at: datetime) -> None:
    ivr = Interpreter({"everything": FLOW}, FACTS, office)
    now = at
    ivr.start("everything", now)
    for _ in range(50):
        if ivr.deadline is None:
            break
        now = ivr.deadline
        ivr.handle(TimedOut(ivr.wait), now)
    assert ivr.state in (State.ENDED, State.QUEUED, State.RECORDING)


def test_the_flow_that_is_walked_has_every_verb() -> None:
    assert {step.verb for step in FLOW.steps.values()} == set(VERBS)
