"""Telephone numbers made comparable, and lists of callers."""

import pytest

from cti.config.callers import CallerLists, Callers, caller_lists
from cti.config.numbers import comparable, comparable_prefix, e164


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("4008008008", "+864008008008"),
        ("400-800-8008", "+864008008008"),
        ("+86 400 800 8008", "+864008008008"),
        ("8008208208", "+868008208208"),
        ("02150001234", "+862150001234"),
        ("13800138000", "+8613800138000"),
        ("+85221234567", "+85221234567"),
        ("95588", "+8695588"),
        ("400800", None),
        ("1000", None),
        ("1380013800", None),
        ("1-800-FLOWERS", None),
        ("13800138000;ext=5", None),
        ("１３８００１３８０００", None),
        ("+", None),
        ("", None),
    ],
)
def test_a_number_is_read_as_it_is_dialled_in_china(written: str, number: str | None) -> None:
    assert e164(written) == number


def test_another_region_dials_otherwise() -> None:
    assert e164("2079460018", "GB") == "+442079460018"
    assert e164("020 7946 0018", "GB") == "+442079460018"


@pytest.mark.parametrize(
    ("given", "same"),
    [
        ("13800138000", "+8613800138000"),
        ("013800138000", "+8613800138000"),
        ("+8613800138000", "+8613800138000"),
        ("1001", "+861001"),
        ("anonymous", "anonymous"),
        ("", ""),
        ("138\n00138000", "138\n00138000"),
    ],
)
def test_what_the_network_gives_is_compared_and_never_refused(given: str, same: str) -> None:
    assert comparable(given) == same


@pytest.mark.parametrize(
    ("digits", "region", "beginning"),
    [("021", "CN", "+8621"), ("+8621", "CN", "+8621"), ("138", "CN", "+86138"), ("020", "GB", "+4420")],
)
def test_the_beginning_of_a_number(digits: str, region: str, beginning: str) -> None:
    assert comparable_prefix(digits, region) == beginning


LISTS = caller_lists(
    Callers.model_validate(
        {"lists": {"vip": ["138-0013-8000", "021*"], "blacklist": ["+852*", "+86 755 8*"], "do_not_record": []}}
    )
)


@pytest.mark.parametrize(
    ("caller", "lists"),
    [
        ("13800138000", {"vip"}),
        ("+8613800138000", {"vip"}),
        ("02150001234", {"vip"}),
        ("+862150001234", {"vip"}),
        ("+85221234567", {"blacklist"}),
        ("075586360200", {"blacklist"}),
        ("13800138001", set()),
        ("anonymous", set()),
        ("", set()),
    ],
)
def test_a_caller_is_on_the_lists_that_have_the_number(caller: str, lists: set[str]) -> None:
    assert LISTS.of(caller) == lists
    assert {name for name in ("vip", "blacklist", "do_not_record") if LISTS.contains(name, caller)} == lists


def test_nobody_is_on_a_list_that_is_not_there() -> None:
    assert not LISTS.contains("resellers", "13800138000")
    assert CallerLists().of("13800138000") == frozenset()
