"""What all models of files share."""

import pytest
from pydantic import TypeAdapter, ValidationError

from cti.config.model import Duration, Refused, Text, Whole, seconds


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("0s", 0),
        ("300ms", 0.3),
        ("15s", 15),
        ("1.5s", 1.5),
        ("2m", 120),
        ("1m30s", 90),
        ("1h 30m", 5400),
        ("1d", 86400),
        ("7d", 604800),
        ("168h", 604800),
        (" 15s ", 15),
    ],
)
def test_a_duration_is_a_number_with_its_unit(text: str, length: float) -> None:
    assert TypeAdapter(Duration).validate_python(text) == length


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (15, "has no unit"),
        (1.5, "has no unit"),
        (True, "is not a duration"),
        (None, "is not a duration"),
        (["15s"], "is not a duration"),
        ("", "is not a duration"),
        ("15", "is not a duration"),
        ("15 s", "is not a duration"),
        ("15S", "is not a duration"),
        ("s", "is not a duration"),
        ("1e3s", "is not a duration"),
        ("１５s", "is not a duration"),
        ("30s1m", "is not a duration"),
        ("1m1m", "is not a duration"),
        ("15s!", "is not a duration"),
        ("-15s", "is below zero"),
        ("169h", "is too long"),
        ("7d1ms", "is too long"),
        ("9" * 400 + "h", "is not a duration"),
    ],
)
def test_anything_else_is_no_duration(value: object, what: str) -> None:
    with pytest.raises(Refused, match=f"^{what}$"):
        seconds(value)


@pytest.mark.parametrize("text", ["x", "售后服务", "a " * 99 + "ab", "\U0001f600"])
def test_a_text_is_what_people_read(text: str) -> None:
    assert TypeAdapter(Text).validate_python(text) == text


@pytest.mark.parametrize("text", ["", " ", "\u3000", "x" * 201, "a\nb", "a\tb", "\0", "\x1b[0m", "a\u2028b", "\x85"])
def test_a_text_is_one_line_and_not_too_long(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Text).validate_python(text)


def test_true_is_not_a_whole_number() -> None:
    assert TypeAdapter(Whole).validate_python(1) == 1
    with pytest.raises(ValidationError):
        TypeAdapter(Whole).validate_python(True)
