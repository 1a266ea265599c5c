"""Columns in a terminal, with Chinese in them."""

import click
import pytest

from cti.cli.text import clock, cut, pad, safe, table, width


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("1001", 4),
        ("王芳", 4),
        ("王芳 1001", 9),
        ("，", 2),
        ("ｶﾅ", 2),
        ("e\u0301", 1),
        (click.style("王芳", fg="red", bold=True), 4),
    ],
)
def test_a_chinese_character_is_two_columns_wide(text: str, columns: int) -> None:
    assert width(text) == columns


def test_columns_stand_under_one_another_whatever_script_is_in_them() -> None:
    rows = [["agent", "waited", "place"], ["王芳", "1:00", "广东"], [click.style("Li", fg="red"), "12:05", ""]]
    lines = table(rows, right={1})
    assert lines[:2] == ["agent  waited  place", "王芳     1:00  广东"]
    assert click.unstyle(lines[2]) == "Li      12:05"
    assert [width(line[: line.index(mark)]) for line, mark in zip(lines, ("place", "广"), strict=False)] == [15, 15]


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("广东省广州市", 12, "广东省广州市"),
        ("广东省广州市", 11, "广东省广州…"),
        ("广东省广州市", 10, "广东省广…"),
        ("abc", 2, "a…"),
    ],
)
def test_what_is_too_wide_ends_in_an_ellipsis(text: str, most: int, expected: str) -> None:
    assert cut(text, most) == expected
    assert width(cut(text, most)) <= most


def test_a_text_that_is_wide_enough_is_not_padded() -> None:
    assert pad("王芳", 3) == "王芳"


def test_what_a_caller_is_called_does_nothing_to_the_terminal() -> None:
    assert safe("\x1b[2J\r\nevil\u202e") == r"\x1b[2J\r\nevil\u202e"


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "0:00"), (5.4, "0:05"), (59.7, "1:00"), (750, "12:30"), (3723, "1:02:03")]
)
def test_lengths_of_time(seconds: float, expected: str) -> None:
    assert clock(seconds) == expected
