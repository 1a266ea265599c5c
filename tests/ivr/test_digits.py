"""How keys are read."""

import pytest

from cti.ivr.digits import Ahead, OneKey, Row, Verdict


@pytest.mark.parametrize(("key", "verdict"), [("1", Verdict.DONE), ("0", Verdict.DONE), ("2", Verdict.WRONG)])
def test_a_menu_reads_one_of_its_keys(key: str, verdict: Verdict) -> None:
    assert OneKey("10").read(key) is verdict


def test_a_menu_without_a_key_is_silence() -> None:
    assert OneKey("10").wait_over("") is Verdict.SILENT


ROW = Row(4, 6, "#")


@pytest.mark.parametrize(
    ("typed", "verdict", "value"),
    [
        ("1", Verdict.MORE, "1"),
        ("1234", Verdict.MORE, "1234"),
        ("123456", Verdict.DONE, "123456"),
        ("1234#", Verdict.DONE, "1234"),
        ("123#", Verdict.WRONG, "123"),
        ("#", Verdict.WRONG, ""),
        ("12*", Verdict.WRONG, "12*"),
    ],
)
def test_a_row_is_done_at_its_most_digits_or_at_the_end_key(typed: str, verdict: Verdict, value: str) -> None:
    assert (ROW.read(typed), ROW.value(typed)) == (verdict, value)


@pytest.mark.parametrize(
    ("typed", "verdict"),
    [("", Verdict.SILENT), ("123", Verdict.WRONG), ("1234", Verdict.DONE), ("12345", Verdict.DONE)],
)
def test_a_pause_ends_a_row_that_is_long_enough(typed: str, verdict: Verdict) -> None:
    assert ROW.wait_over(typed) is verdict


def test_the_end_key_may_follow_a_row_that_was_complete_without_it() -> None:
    assert ROW.tail("123456") == "#"
    assert ROW.tail("1234#") == ""
    assert OneKey("1").tail("1") == ""


def test_a_star_can_end_a_row() -> None:
    assert Row(1, 6, "*").read("12*") is Verdict.DONE
    assert Row(1, 6, "*").read("12#") is Verdict.WRONG


def test_keys_ahead_come_out_as_they_went_in() -> None:
    ahead = Ahead()
    assert [ahead.keep(key) for key in "12"] == [True, True]
    assert [ahead.take(), ahead.take(), ahead.take()] == ["1", "2", ""]


def test_so_many_keys_ahead_and_no_more() -> None:
    ahead = Ahead()
    kept = [ahead.keep("1") for _ in range(40)]
    assert kept == [True] * 32 + [False] * 8
    assert "".join(iter(ahead.take, "")) == "1" * 32


def test_keys_ahead_can_be_forgotten() -> None:
    ahead = Ahead()
    ahead.keep("1")
    ahead.forget()
    assert ahead.take() == ""


def test_one_key_ahead_can_be_skipped() -> None:
    ahead = Ahead()
    for key in "#1":
        ahead.keep(key)
    assert [ahead.skip("#"), ahead.skip("#"), ahead.skip(""), ahead.take()] == [True, False, False, "1"]
