"""FreeSWITCH's way of splitting, as its source has it."""

import pytest

from cti.softswitch.words import brackets, split


@pytest.mark.parametrize(
    ("text", "delimiter", "parts"),
    [
        ("a b  c", " ", ["a", "b", "c"]),
        ("'a b' c", " ", ["a b", "c"]),
        (r"a\,b,c", ",", ["a,b", "c"]),
        ("a,,b", ",", ["a", "", "b"]),
        ("^^:a:b", ",", ["a", "b"]),
        (" a , b ", ",", ["a", "b"]),
        ("it's,b", ",", ["it's", "b"]),
        ("", " ", []),
    ],
)
def test_splitting(text: str, delimiter: str, parts: list[str]) -> None:
    assert split(text, delimiter) == parts


def test_the_last_part_is_the_rest() -> None:
    assert split("uuid name a b c", " ", 3) == ["uuid", "name", "a b c"]


def test_variables_in_brackets() -> None:
    assert brackets("{a=1,b='x,y'}user/1001") == ({"a": "1", "b": "x,y"}, "user/1001")
    assert brackets("{a=1}{b=2}user/1001") == ({"a": "1", "b": "2"}, "user/1001")
    assert brackets("user/1001") == ({}, "user/1001")
    assert brackets("{a=1") == ({}, "{a=1")
    assert brackets("[a=1]user/1001", "[]") == ({"a": "1"}, "user/1001")
