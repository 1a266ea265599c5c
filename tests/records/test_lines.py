"""Entries as lines of JSON, as they lie in the spool."""

from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.ids import AgentId, CallId
from cti.records.entries import (
    CallClosed,
    Entry,
    FollowUp,
    FollowUpDone,
    RecordingConverted,
    RecordingDeleted,
    VoicemailHeard,
    VoicemailLeft,
)
from cti.records.lines import BadLine, from_line, mended, to_line
from tests.records.calls import LI, NOON, closed, on_break, opened, record, recorded

ONE_OF_EACH: list[Entry] = [
    opened("c1", place="广东省广州市", vip=True),
    closed("c1"),
    on_break(),
    recorded("c1"),
    RecordingConverted("c1-1", "2026/03/04/c1.opus", "opus", 20_000, "ab" * 32),
    RecordingDeleted("c1-1", NOON, "kept 90 days"),
    VoicemailLeft(id="v1", call=CallId("c1"), mailbox="service", at=NOON, seconds=12.5, path="v1.wav", customer=LI),
    VoicemailHeard("v1", NOON, AgentId("1001")),
    FollowUp(created_at=NOON, due_at=NOON + timedelta(days=1), customer=LI, reason="配件", promised="明天回电"),
    FollowUpDone("f1", NOON, None, "done", CallId("c2")),
]


@pytest.mark.parametrize("entry", ONE_OF_EACH, ids=lambda entry: type(entry).__name__)
def test_an_entry_comes_back_from_its_line_as_it_was(entry: Entry) -> None:
    line = to_line(entry)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert from_line(line) == entry


def test_every_kind_of_entry_is_tried() -> None:
    assert {type(entry) for entry in ONE_OF_EACH} == set(get_args(Entry))


@given(name=st.text(max_size=100), place=st.text(alphabet=st.characters(exclude_categories=[]), max_size=20))
def test_whatever_a_caller_is_called_its_line_comes_back(name: str, place: str) -> None:
    entry = mended(replace(opened("c1"), ani=name, place=place))
    assert from_line(to_line(entry)) == entry


def test_text_that_no_database_takes_is_mended_at_every_depth() -> None:
    entry = closed("c1", notes="a\0b", legs=(replace(record("c1").legs[0], number="\ud800"),))
    whole = mended(entry)
    assert isinstance(whole, CallClosed)
    assert (whole.call.notes, whole.call.legs[0].number) == ("a�b", "�")


def test_an_entry_with_nothing_to_mend_is_not_copied() -> None:
    entry = closed("c1", notes="投诉：😀")
    assert mended(entry) is entry


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"[]",
        b"null",
        b'{"kind":"CallOpened"}',
        b'{"kind":"Nothing","entry":{}}',
        b'{"kind":"CallOpened","entry":{}}',
    ],
)
def test_a_line_that_is_no_entry_is_refused(line: bytes) -> None:
    with pytest.raises(BadLine, match="not an entry"):
        from_line(line)


def test_an_entry_with_a_value_of_the_wrong_kind_is_told_with_the_field() -> None:
    with pytest.raises(BadLine, match="CallOpened cannot be written as JSON"):
        to_line(replace(opened("c1"), started_at="yesterday"))  # type: ignore[arg-type]
