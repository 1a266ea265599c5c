"""Where a call can be sent by a word."""

import pytest

from cti.config.model import Refused
from cti.config.targets import HangUp, Target, ToFlow, ToGroup, ToNumber, ToQueue, ToVoicemail, read_queue, read_target
from cti.ids import GroupId, QueueId


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("queue complaints", ToQueue(QueueId("complaints"))),
        ("group specialists", ToGroup(GroupId("specialists"))),
        ("flow after_hours", ToFlow("after_hours")),
        ("voicemail service", ToVoicemail(QueueId("service"))),
        ("number 02150001234", ToNumber("02150001234")),
        ("hangup", HangUp()),
    ],
)
def test_a_target_is_read_and_shown_alike(text: str, target: Target) -> None:
    assert read_target(text) == target
    assert read_target(f"  {text.replace(' ', '   ')} ") == target
    assert str(target) == text


def test_a_number_may_have_spaces() -> None:
    assert read_target("number 021 5000 1234") == ToNumber("02150001234")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("quue complaints", "did you mean queue?"),
        ("hang up", "did you mean hangup?"),
        ("queue", ""),
        ("queue a b", ""),
        ("complaints", ""),
        ("", ""),
        (7, ""),
        (None, ""),
        (["queue a"], ""),
    ],
)
def test_what_is_no_target_is_refused_with_the_forms(text: object, hint: str) -> None:
    with pytest.raises(Refused, match="is not a target") as caught:
        read_target(text)
    assert caught.value.hint == hint
    assert caught.value.allowed[0] == "queue NAME"


def test_where_only_a_queue_will_do_another_target_is_refused() -> None:
    assert read_queue("queue complaints") == ToQueue(QueueId("complaints"))
    with pytest.raises(Refused, match='"flow a" is not a queue'):
        read_queue("flow a")
