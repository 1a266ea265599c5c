"""What an event says, and what a caller cannot make it say."""

import pytest

from cti.esl.errors import WireError
from cti.esl.events import Event, JsonEvent
from tests.esl import transcripts
from tests.esl.fake import event


def make(*headers: tuple[str, str], body: bytes = b"", end: bytes = b"") -> Event:
    return Event(b"\n" + event(*headers, body=body, end=end).partition(b"\n\n")[2])


def test_values_are_decoded_after_they_are_cut_out() -> None:
    frame = next(p.data for p in transcripts.read("hostile") if b"Event-Name: CHANNEL_PARK" in p.data)
    parked = Event(b"\n" + frame.partition(b"\n\n")[2])
    assert parked.get("Answer-State") == "ringing"
    assert parked.get("X-Injected") is None
    assert parked["Caller-Caller-ID-Number"] == "138\nAnswer-State: answered,execute_on_answer=system}"
    assert parked["Caller-Caller-ID-Name"] == "evil\nX-Injected: 1, execute_on_answer=x"
    assert "X-Injected" not in dict(parked.headers())
    assert parked.timestamp == 1795302853983941


def test_a_job_body_forges_nothing() -> None:
    job = make(
        ("Event-Name", "BACKGROUND_JOB"),
        ("Job-UUID", "1"),
        body=b"+OK\nEvent-Name: CHANNEL_HANGUP\nUnique-ID: forged\nX: y\n\n",
    )
    assert job.name == "BACKGROUND_JOB"
    assert job.leg is None
    assert job.get("X") is None
    assert job.get("Job-UUID") == "1"
    assert job.body == "+OK\nEvent-Name: CHANNEL_HANGUP\nUnique-ID: forged\nX: y\n\n"
    assert [name for name, _ in job.headers()] == ["Event-Name", "Job-UUID", "Content-Length"]


def test_reading_a_late_header_first_does_not_open_the_body() -> None:
    job = make(("Event-Name", "MESSAGE"), ("to", "1000"), body=b"\nto: forged\nfrom: forged")
    assert job.get("from") is None
    assert job.get("to") == "1000"
    assert job.get("from") is None


def test_an_event_with_two_content_lengths_has_the_body_of_the_last() -> None:
    """Whoever fires an event may put a Content-Length of their own among its headers."""
    message = make(("Content-Length", "3"), ("Event-Name", "MESSAGE"), ("Unique-ID", "7"), body=b"hello")
    assert message.body == "hello"
    assert message.leg == "7"


def test_the_body_is_cut_at_its_inner_length() -> None:
    assert make(("Event-Name", "MESSAGE"), body=b"hello", end=b" and more").body == "hello"


@pytest.mark.parametrize("length", [b"99", b"x", b"-1", b"9" * 30])
def test_a_wrong_inner_length_does_no_harm(length: bytes) -> None:
    message = Event(b"\nEvent-Name: MESSAGE\nContent-Length: " + length + b"\n\nhello")
    assert message.name == "MESSAGE"
    assert message.body in ("hello", "")


def test_bytes_that_are_not_utf8_become_replacement_characters() -> None:
    assert make(("Event-Name", "X"), ("name", "%E5%BC%A0%FF")).get("name") == "张\ufffd"
    assert Event(b"\nEvent-Name: X\nname: \xff\xfe\n\n").get("name") == "\ufffd\ufffd"


def test_an_empty_value_is_empty_and_a_missing_one_is_none() -> None:
    assert make(("Event-Name", "X"), ("name", "_undef_")).get("name") == ""
    assert make(("Event-Name", "X")).get("name") is None
    with pytest.raises(KeyError, match="name"):
        make(("Event-Name", "X"))["name"]


def test_a_header_name_is_matched_whole() -> None:
    other = make(("Event-Name", "X"), ("Other-Leg-Unique-ID", "2"), ("variable_x_y", "3"))
    assert other.leg is None
    assert other.variable("x") is None


def test_json_arrays_read_as_the_plain_format_writes_them() -> None:
    assert JsonEvent(b'\n{"Event-Name":"X","v":["a","b"]}').get("v") == "ARRAY::a|:b"


@pytest.mark.parametrize("raw", [b"\n[1]", b"\n{", b"\n", b"\n" + b"[" * 100_000])
def test_json_that_is_none_is_an_error_of_the_wire(raw: bytes) -> None:
    with pytest.raises(WireError):
        JsonEvent(raw)
