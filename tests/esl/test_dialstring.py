"""Hostile names and numbers: none sets a variable, runs an application, rings another number or breaks the line."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.esl.dialstring import (
    Gateway,
    Originate,
    SipUri,
    User,
    decode_variable,
    display_text,
    encode_variable,
    phone_number,
    set_variables,
    variables,
)
from cti.esl.errors import UnsafeValue

LEG = "11111111-2222-3333-4444-555555555555"

HOSTILE = [
    "evil\nX-Injected: 1, execute_on_answer=x",
    "138\nAnswer-State: answered,execute_on_answer=system}",
    "a,execute_on_answer=system id",
    "a}user/9999 &system(id)",
    "a;cti_agent=1001",
    "^^:a=b:c=d",
    "a'b",
    "a\\,b",
    'a"b',
    "${system id}",
    "$${api}",
    "[leg_timeout=1]",
    "<leg=1>",
    "a|user/1000",
    "a:_:user/1000",
    "a&park()",
    " &park() ",
    "a\r\nb",
    "a\0b",
    "a\u2028b",
    "\x1b[2J",
    "\u202e drawkcab",
    "\ud800",
    "a=b",
    "a`id`b",
    "%0A",
    "a%2Cb=c",
]

SPECIAL = re.compile(r"[,;|='\\{}\[\]<>^`$&\"\x00-\x1f\x7f]")


@pytest.mark.parametrize("text", HOSTILE)
def test_no_hostile_text_is_a_number(text: str) -> None:
    with pytest.raises(UnsafeValue, match="withheld"):
        phone_number(text)


@pytest.mark.parametrize("number", ["13800138000", "+8613800138000", "*45", "#31#", "95588"])
def test_a_number_is_a_number(number: str) -> None:
    assert phone_number(number) == number


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_is_shown_and_means_nothing(text: str) -> None:
    shown = display_text(text)
    assert not SPECIAL.search(shown)
    api = Originate([User("1001", "cti.local")], leg=LEG, caller_number="138", caller_name=text or "x").api()
    line = api.render().decode()
    assert line.count("\n") == 2
    inside = line.split("{", 1)[1].split("}", 1)[0]
    assert [item.partition("=")[0] for item in inside.split(",")] == [
        "origination_uuid",
        "origination_caller_id_number",
        "origination_caller_id_name",
        "originate_timeout",
    ]
    assert line.split("}", 1)[1].strip("'\n") in ("user/1001@cti.local &park()", "user/1001@cti.local' &park()")


def test_a_name_reads_as_before() -> None:
    assert display_text("张三 (VIP), Ltd.") == "张三 （VIP）， Ltd."
    assert display_text("x" * 100) == "x" * 64


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_refused_as_a_raw_variable_and_carried_when_encoded(text: str) -> None:
    encoded = encode_variable(text)
    assert not SPECIAL.search(encoded)
    assert set_variables(LEG, {"cti_name": encoded}).render().decode() == (
        f"api uuid_setvar_multi {LEG} cti_name={encoded}\n\n"
    )
    if SPECIAL.search(text):
        with pytest.raises(UnsafeValue):
            set_variables(LEG, {"cti_name": text})


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_an_encoded_variable_comes_back(text: str) -> None:
    assert decode_variable(encode_variable(text)) == text


@given(st.text(max_size=100))
def test_fuzz_a_variable_is_refused_or_safe(text: str) -> None:
    try:
        items = variables({"name": text})
    except UnsafeValue:
        return
    assert not SPECIAL.search(items[0].removeprefix("name="))


@pytest.mark.parametrize("name", ["", "a b", "a=b", "1a", "a,b", "a\n", "名"])
def test_the_name_of_a_variable_is_a_name(name: str) -> None:
    with pytest.raises(UnsafeValue):
        variables({name: "x"})


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "make",
    [
        lambda x: User(x, "cti.local"),
        lambda x: User("1001", x),
        lambda x: SipUri(x, "1001", "127.0.0.1"),
        lambda x: SipUri("external", x, "127.0.0.1"),
        lambda x: SipUri("external", "1001", x),
        lambda x: Gateway(x, "138"),
        lambda x: Gateway("carrier", x),
    ],
)
def test_no_hostile_text_is_part_of_an_endpoint(make: object, text: str) -> None:
    with pytest.raises(UnsafeValue):
        Originate([make(text)]).api()


@pytest.mark.parametrize("text", [text for text in HOSTILE if text != "a:_:user/1000"] + ["a)b", "a b"])
def test_no_hostile_text_is_an_argument_in_a_dial_string(text: str) -> None:
    with pytest.raises(UnsafeValue):
        Originate([User("1001", "cti.local")], application="eavesdrop", argument=text).api()


def test_an_offer_as_it_goes_out() -> None:
    offer = Originate(
        [User("1001", "cti.local")],
        leg=LEG,
        caller_number="13800138000",
        caller_name="张 三",
        timeout=20,
        variables={"cti_agent": "1001", "ignore_early_media": True},
    )
    assert offer.job("7").render().decode() == (
        f"bgapi originate '{{origination_uuid={LEG},origination_caller_id_number=13800138000,"
        "origination_caller_id_name=张 三,originate_timeout=20,cti_agent=1001,ignore_early_media=true}"
        "user/1001@cti.local' &park()\nJob-UUID: 7\n\n"
    )


def test_of_several_endpoints_the_first_has_the_legs_id() -> None:
    offer = Originate([User("1001", "cti.local"), SipUri("external", "1001", "127.0.0.1:6060")], leg=LEG)
    assert offer.job("7").render().decode() == (
        f"bgapi originate {{originate_timeout=60}}[origination_uuid={LEG}]user/1001@cti.local,"
        "sofia/external/1001@127.0.0.1:6060 &park()\nJob-UUID: 7\n\n"
    )


def test_a_variable_with_an_argument_of_its_own_is_not_given_twice() -> None:
    with pytest.raises(UnsafeValue, match="argument of its own"):
        Originate([User("1001", "cti.local")], variables={"originate_timeout": 5}).api()
