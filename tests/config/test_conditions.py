"""The conditions of overflow and escalation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.config.conditions import (
    CallsInSevenDays,
    CallsToday,
    ComplaintFlagged,
    QueueCondition,
    TalkOver,
    Trigger,
    read_queue_condition,
    read_trigger,
)
from cti.config.model import Refused


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("no agents signed in", QueueCondition(no_agents_signed_in=True)),
        ("no agents available", QueueCondition(no_agents_available=True)),
        ("waiting > 30", QueueCondition(waiting_over=30)),
        ("waiting>30", QueueCondition(waiting_over=30)),
        ("waited > 5m", QueueCondition(waited_over=300.0)),
        ("estimated wait > 1m30s", QueueCondition(estimated_wait_over=90.0)),
        ("  no  agents available  and  waited > 30s ", QueueCondition(no_agents_available=True, waited_over=30.0)),
        (
            "waiting > 0 and waited > 500ms and estimated wait > 1h",
            QueueCondition(waiting_over=0, waited_over=0.5, estimated_wait_over=3600.0),
        ),
    ],
)
def test_a_condition_is_read(text: str, condition: QueueCondition) -> None:
    assert read_queue_condition(text) == condition


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        ("no agent signed in", '"no agent signed in" is not a condition', "did you mean no agents signed in?"),
        ("wating > 30", '"wating > 30" is not a condition', "did you mean waiting > 30?"),
        ("waitng >= 5m", '"waitng >= 5m" is not a condition', "did you mean waiting > 5m?"),
        ("waiting >= 30", '"waiting >= 30" is not a condition', "did you mean waiting > 30?"),
        ("waiting 30", '"waiting 30" is not a condition', "did you mean waiting > 30?"),
        ("waiting > 5m", '"waiting > 5m" is not a condition', "waiting counts calls: waiting > 30"),
        ("waited > 30", '"waited > 30" is not a condition', "a duration is written as 300ms, 15s, 2m or 1h"),
        ("waited > 30s and", '"waited > 30s and" is not a condition', "a duration is written as 300ms, 15s, 2m or 1h"),
        ("waited > 1s or waited > 2s", '"waited > 1s or waited > 2s" is not a condition', ""),
        ("waited > 1m and waited > 2m", '"waited > 1m and waited > 2m" says waited twice', ""),
        ("", '"" is not a condition', ""),
        (30, "30 is not a condition", ""),
        (None, "null is not a condition", ""),
    ],
)
def test_what_is_no_condition_is_refused_in_words_that_help(text: object, what: str, hint: str) -> None:
    with pytest.raises(Refused) as caught:
        read_queue_condition(text)
    assert str(caught.value) == what
    assert caught.value.hint == hint or (not hint and "duration" in caught.value.hint)


SECONDS = st.integers(1, 7200).map(float)
CONDITIONS = st.builds(
    QueueCondition,
    no_agents_signed_in=st.booleans(),
    no_agents_available=st.booleans(),
    waiting_over=st.none() | st.integers(0, 5),
    waited_over=st.none() | st.sampled_from([1.0, 60.0, 300.0]),
    estimated_wait_over=st.none() | st.sampled_from([1.0, 60.0, 300.0]),
).filter(str)


@given(CONDITIONS)
def test_a_condition_is_shown_as_it_is_read(condition: QueueCondition) -> None:
    assert read_queue_condition(str(condition)) == condition


def holds(condition: QueueCondition, signed_in: int, available: int, waiting: int, waited: float, wait: float) -> bool:
    """What the words mean, said once more."""
    return (
        (not condition.no_agents_signed_in or signed_in == 0)
        and (not condition.no_agents_available or available == 0)
        and (condition.waiting_over is None or waiting > condition.waiting_over)
        and (condition.waited_over is None or waited > condition.waited_over)
        and (condition.estimated_wait_over is None or wait > condition.estimated_wait_over)
    )


@given(CONDITIONS, CONDITIONS, st.integers(0, 2), st.integers(0, 2), st.integers(0, 7), SECONDS, SECONDS)
def test_a_condition_that_implies_another_never_holds_without_it(
    first: QueueCondition, other: QueueCondition, signed_in: int, busy: int, waiting: int, waited: float, wait: float
) -> None:
    available = max(0, signed_in - busy)
    situation = (signed_in, available, waiting, waited, wait)
    if first.implies(other) and holds(first, *situation):
        assert holds(other, *situation)


@pytest.mark.parametrize(
    ("first", "other", "implied"),
    [
        ("waiting > 40", "waiting > 30", True),
        ("waiting > 30", "waiting > 40", False),
        ("no agents signed in", "no agents available", True),
        ("no agents available", "no agents signed in", False),
        ("waiting > 40 and waited > 1m", "waiting > 40", True),
        ("waiting > 40", "waiting > 40 and waited > 1m", False),
        ("waited > 5m", "estimated wait > 1m", False),
    ],
)
def test_which_condition_implies_which(first: str, other: str, implied: bool) -> None:
    assert read_queue_condition(first).implies(read_queue_condition(other)) is implied


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("calls today >= 3", CallsToday(3)),
        ("calls in 7 days >= 5", CallsInSevenDays(5)),
        ("complaint flagged", ComplaintFlagged()),
        ("talk > 10m", TalkOver(600.0)),
    ],
)
def test_a_trigger_is_read_and_shown_alike(text: str, trigger: Trigger) -> None:
    assert read_trigger(text) == trigger
    assert str(trigger) == text


@pytest.mark.parametrize(
    "text", ["calls today > 3", "calls today >= 0", "calls today >= many", "talk > 10", "talk >= 10m", "", 3, None]
)
def test_what_is_no_trigger_is_refused(text: object) -> None:
    with pytest.raises(Refused, match="is not a condition"):
        read_trigger(text)
