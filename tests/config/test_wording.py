"""pydantic's errors in words for people who edit files."""

from datetime import date, time, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, NewType

import pytest
from pydantic import AfterValidator, BaseModel, Discriminator, Field, RootModel, SecretStr, Tag, model_validator

from cti.config.findings import ConfigError, Place
from cti.config.model import Noun, Refused, Strict
from cti.config.wording import MOST
from cti.config.yamlfile import document


def said(annotation: Any, text: str, *, whole: bool = False) -> str:
    """What is said of a file of one key, `key`, whose value must be of the type; without place and excerpt."""

    class Model(Strict):
        key: annotation = None

    return refused(Model, text if whole else f"key: {text}\n")


def refused(model: type[BaseModel], text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        document("a.yaml", text.encode()).read_as(model)
    lines = []
    for finding in caught.value.findings:
        where = f"{finding.place.line}:{finding.place.column} {finding.what}"
        lines.append(" | ".join(filter(None, (where, finding.hint, ", ".join(finding.allowed)))))
    return "\n".join(lines)


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


def _even(value: int) -> int:
    if value % 2:
        raise ValueError("odd numbers bring bad luck")
    return value


def _colour(value: str) -> str:
    raise Refused("is not a colour", hint="did you mean red?", allowed=("red", "green"))


SkillLevel = NewType("SkillLevel", int)
Level = Annotated[int, Field(ge=1, le=5)]


@pytest.mark.parametrize(
    ("annotation", "text", "expected"),
    [
        (str, "5", '1:6 key: 5 is not text | put it in quotes: "5"'),
        (str, "0800", '1:6 key: 0800 is not text | put it in quotes: "0800"'),
        (str, "true", '1:6 key: true is not text | put it in quotes: "true"'),
        (str, "[a]", "1:1 key is a list, not text"),
        (str, "{a: b}", "1:1 key is a mapping, not text"),
        (str, "", "1:1 key has no value | write it after the colon"),
        (int, "high", '1:6 key: "high" is not a whole number'),
        (int, "5.5", "1:6 key: 5.5 is not a whole number"),
        (int, "五", '1:6 key: "五" is not a whole number'),
        (int, "[5]", "1:1 key is a list, not a whole number"),
        (Annotated[int, Field(strict=True)], '"5"', '1:6 key: "5" is not a whole number | write it without quotes: 5'),
        (float, "high", '1:6 key: "high" is not a number'),
        (float, "nan", '1:6 key: "nan" is not a number to work with'),
        (bool, "maybe", '1:6 key: "maybe" is neither true nor false'),
        (
            Annotated[bool, Field(strict=True)],
            "yes",
            '1:6 key: "yes" is neither true nor false | write true, without quotes',
        ),
        (
            Annotated[bool, Field(strict=True)],
            "'false'",
            '1:6 key: "false" is neither true nor false | write false, without quotes',
        ),
        (bool, "5", "1:6 key: 5 is neither true nor false"),
        (list[str], "a", '1:6 key: "a" is not a list | write [a]'),
        (list[str], '"a"', '1:6 key: "a" is not a list | write ["a"]'),
        (list[str], "5", "1:6 key: 5 is not a list"),
        (list[str], "{a: b}", "1:1 key is a mapping, not a list"),
        (list[str], "", "1:1 key has no value | write [] for none"),
        (list[int], "[1, x]", '1:10 key: "x" is not a whole number'),
        (list[int], "[1, [2]]", "1:10 key is a list, not a whole number"),
        (tuple[int, str], "[1, 2]", '1:10 key: 2 is not text | put it in quotes: "2"'),
        (dict[str, int], "a", '1:6 key: "a" is not a mapping | write key: value'),
        (dict[str, int], "[a]", "1:1 key is a list, not a mapping | write key: value"),
        (dict[str, int], "", "1:1 key has no value | write {} for none"),
        (dict[str, Level], "{red: 6}", "1:12 red: 6 is too large | 1 to 5"),
        (dict[str, Level], "{red: }", "1:7 red has no value | write it after the colon"),
        (dict[Colour, int], "{rde: 6}", '1:7 "rde" is not allowed | did you mean red? | red, green'),
        (Literal["red", "green"], "rde", '1:6 key: "rde" is not a key | did you mean red? | red, green'),
        (Literal["red", 5], "6", "1:6 key: 6 is not a key | red, 5"),
        (Annotated[Literal["red", "green"], Noun("colour")], "blue", '1:6 key: "blue" is not a colour | red, green'),
        (Annotated[Colour, Noun("agreeable colour")], "x", '1:6 key: "x" is not an agreeable colour | red, green'),
        (Annotated[Colour, Field(title="colour")], "x", '1:6 key: "x" is not a colour | red, green'),
        (list[Colour], "[x]", '1:7 key: "x" is not allowed | red, green'),
        (Colour, "[red]", "1:1 key is a list, not a key | red, green"),
        (Colour, "“red”", '1:6 key: "“red”" is not a key | “ is a full-width quote; write " | red, green'),
        (Level, "6", "1:6 key: 6 is too large | 1 to 5"),
        (Level, "0", "1:6 key: 0 is too small | 1 to 5"),
        (Annotated[int, Field(gt=0)], "0", "1:6 key: 0 is too small | more than 0"),
        (Annotated[int, Field(lt=9)], "9", "1:6 key: 9 is too large | less than 9"),
        (Annotated[int, Field(ge=10)], "9", "1:6 key: 9 is too small | at least 10"),
        (Annotated[int, Field(multiple_of=5)], "9", "1:6 key: 9 is not a multiple of 5"),
        (Annotated[str, Field(min_length=1)], '""', "1:6 key is empty | at least 1 characters"),
        (Annotated[str, Field(min_length=3)], "ab", "1:6 key is too short | at least 3 characters, these are 2"),
        (Annotated[str, Field(max_length=3)], "abcd", "1:6 key is too long | at most 3 characters, these are 4"),
        (Annotated[list[int], Field(min_length=1)], "[]", "1:1 key is empty | at least 1 entries"),
        (Annotated[list[int], Field(min_length=2)], "[1]", "1:1 key: too few | at least 2 entries, these are 1"),
        (Annotated[list[int], Field(max_length=1)], "[1, 2]", "1:1 key: too many | at most 1 entries, these are 2"),
        (Annotated[str, Field(pattern="^a$")], "b", '1:6 key: "b" is not a key | written as ^a$'),
        (
            Annotated[str, Field(pattern="^[a-z]+$"), Noun("name", "small letters")],
            "B",
            '1:6 key: "B" is not a name | small letters',
        ),
        (
            dict[Annotated[str, Field(pattern="^a$")], int],
            "{b: 1}",
            '1:7 "b" is not written as it must be here | written as ^a$',
        ),
        (Annotated[int, AfterValidator(_even)], "7", "1:6 key: odd numbers bring bad luck"),
        (
            Annotated[str, AfterValidator(_colour)],
            "rde",
            '1:6 key: "rde" is not a colour | did you mean red? | red, green',
        ),
        (
            dict[Annotated[str, AfterValidator(_colour)], int],
            "{rde: 1}",
            '1:7 "rde" is not a colour | did you mean red? | red, green',
        ),
        (date, "soon", '1:6 key: "soon" is not a date | written as 2026-12-31'),
        (time, "noon", '1:6 key: "noon" is not a time of day | written as 09:00'),
        (timedelta, "soon", '1:6 key: "soon" is not a duration'),
        (SecretStr, "5", "1:6 key: the value is not text | put it in quotes"),
        (SkillLevel, "x", '1:6 key: "x" is not a whole number'),
        (RootModel[dict[str, Level]], "{a: 6}", "1:10 a: 6 is too large | 1 to 5"),
        (int | None, "x", '1:6 key: "x" is not a whole number'),
        (str | int, "[a]", "1:1 key is a list, not text or a whole number"),
        (
            list[str] | Literal["closed"],
            "close",
            '1:6 key: "close" is neither a list nor closed | did you mean closed? | closed',
        ),
        (list[str] | Literal["closed"], "[5]", '1:7 key: 5 is not text | put it in quotes: "5"'),
        (
            Level | Literal["all", "none"],
            "al",
            '1:6 key: "al" is neither a whole number nor a key | did you mean all? | all, none',
        ),
        (Level | Literal["all", "none"], "6", "1:6 key: 6 is too large | 1 to 5"),
        (str | int | list[str], "{a: b}", "1:1 key is a mapping, not text or a whole number or a list"),
        (str | list[str] | None, "5", '1:6 key: 5 is neither text nor a list | put it in quotes: "5"'),
    ],
)
def test_every_kind_of_error_has_plain_words(annotation: Any, text: str, expected: str) -> None:
    assert said(annotation, text) == expected


class Inner(Strict):
    name: str
    register_: Annotated[bool, Field(alias="register")] = False


class Outer(Strict):
    inner: Inner | None = None
    by_name: Annotated[dict[str, Inner | None], Field(alias="by name")] = {}  # noqa: RUF012 (pydantic copies it)
    listed: tuple[Inner, ...] = ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("iner: {name: x}\n", '1:1 "iner" is not a key here | did you mean inner? | inner, by name, listed'),
        ("inner: {name: x, nam: y}\n", '1:18 "nam" is not a key here | did you mean name? | name, register'),
        (
            "by name: {a: {name: x, regster: y}}\n",
            '1:24 "regster" is not a key here | did you mean register? | name, register',
        ),
        ("listed: [{name: x, 5: y}]\n", '1:20 "5" is not a key here | name, register'),
        ("inner: {}\n", "1:1 name is missing"),
        ("by name:\n  a: {}\n", "2:3 name is missing"),
        ("listed:\n  - {}\n", "2:5 name is missing"),
        ("by name:\n  a: {name: x, register: perhaps}\n", '2:26 register: "perhaps" is neither true nor false'),
        ("inner: x\n", '1:8 inner: "x" is not a mapping | write key: value'),
        ("inner: name：x\n", '1:8 inner: "name：x" is not a mapping | ：is a full-width colon; write : and a space'),
        (
            "inner: {name：x}\n",
            "1:1 name is missing\n"
            '1:9 "name：x" is not a key here | ：is a full-width colon; write : and a space | name, register',
        ),
        ("inner:\n  name:x\n", '2:3 inner: "name:x" is not a mapping | write a space after the colon'),
        ("listed:\n  -\n", "2:4 listed: an item is empty | write it after the dash"),
        ("- inner\n", "1:1 the file is a list, not a mapping | write key: value"),
        ("inner\n", "1:1 the file is not a mapping | write key: value"),
    ],
)
def test_models_in_models_know_their_keys(text: str, expected: str) -> None:
    assert refused(Outer, text) == expected


class Play(Strict):
    play: str
    then: str = ""


class Menu(Strict):
    menu: str
    keys: dict[str, str] = {}  # noqa: RUF012 (pydantic copies it)


def _verb(step: Any) -> str | None:
    found = next((verb for verb in ("play", "menu") if verb in step), None) if isinstance(step, dict) else None
    return f"<{found}>" if found else None


Step = Annotated[Annotated[Play, Tag("<play>")] | Annotated[Menu, Tag("<menu>")], Discriminator(_verb)]


class Flow(Strict):
    steps: dict[str, Step]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("steps:\n  a: {play: x, than: b}\n", '2:16 "than" is not a key here | did you mean then? | play, then'),
        ("steps:\n  a: {menu: 5}\n", '2:13 menu: 5 is not text | put it in quotes: "5"'),
        ("steps:\n  a: {menu: x, keys: {1: [b]}}\n", "2:23 1 is a list, not text"),
        ("steps:\n  a: {ply: x}\n", "2:3 a: what is meant is not clear"),
        ("steps:\n  a: x\n", '2:6 a: "x" is not a mapping | write key: value'),
        ("steps:\n  a:\n", "2:3 a has no value | write it after the colon"),
    ],
)
def test_the_tags_of_a_union_are_never_seen(text: str, expected: str) -> None:
    assert refused(Flow, text) == expected


class Cat(Strict):
    kind: Literal["cat"]
    lives: int = 9


class Dog(Strict):
    kind: Literal["dog"]
    name: str


class Pets(Strict):
    pets: list[Annotated[Cat | Dog, Field(discriminator="kind")]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pets: [{kind: dog}]\n", "1:8 name is missing"),
        ("pets: [{kind: cat, live: 1}]\n", '1:20 "live" is not a key here | did you mean lives? | kind, lives'),
        ("pets: [{kind: cow}]\n", '1:8 kind: "cow" is not allowed | cat, dog'),
        ("pets: [{lives: 1}]\n", "1:8 kind is missing"),
    ],
)
def test_a_union_by_a_key_reads_as_if_there_were_none(text: str, expected: str) -> None:
    assert refused(Pets, text) == expected


class Whole(Strict):
    first: int = 0
    last: int = 0

    @model_validator(mode="after")
    def _in_order(self) -> "Whole":
        if self.first > self.last:
            raise ValueError("first comes after last")
        return self


def test_what_is_wrong_with_a_mapping_as_a_whole_stands_at_its_key() -> None:
    class Model(Strict):
        ports: Whole | Literal["any"]

    assert refused(Model, "ports:\n  first: 2\n  last: 1\n") == "1:1 ports: first comes after last"


def _never(value: str) -> str:
    raise Refused("is not what is meant", hint="something else")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("09：00－12：00", "these are full-width characters; write 09:00-12:00"),
        ("service，orders", "，is a full-width comma; write , and a space"),
        ("service、orders", "、is a full-width comma; write , and a space"),
        ("“service”", '“ is a full-width quote; write "'),
        ("ser\u200bvice", "an invisible character (U+200B) stands here; delete it"),
        ("waiting ＞ 30", "these are full-width characters; write waiting > 30"),
        ("报修请按１，查询请按２。", "something else"),
        ("service: x", "something else"),
        ("http://a.b", "something else"),
    ],
)
def test_a_slip_explains_more_than_the_usual_hint(text: str, hint: str) -> None:
    class Model(Strict):
        key: Annotated[str, AfterValidator(_never)]

    with pytest.raises(ConfigError) as caught:
        document("a.yaml", f"key: '{text}'".encode()).read_as(Model)
    assert caught.value.findings[0].hint == hint


def _weekday(value: str) -> str:
    unknown = next(day for day in value.split(",") if day not in ("mon", "tue"))
    raise Refused(f'"{unknown}" is not a day', hint="did you mean tue?")


def test_only_the_part_that_is_wrong_is_underlined() -> None:
    class Model(Strict):
        days: Annotated[str, AfterValidator(_weekday)]

    with pytest.raises(ConfigError) as caught:
        document("a.yaml", b'days: "mon,tuu"\n').read_as(Model)
    assert str(caught.value) == (
        'a.yaml:1:12  days: "tuu" is not a day\n     1 | days: "mon,tuu"\n       |            ^^^ did you mean tue?'
    )


def test_a_secret_is_never_shown() -> None:
    class Model(Strict):
        password: SecretStr

    with pytest.raises(ConfigError) as caught:
        document("a.yaml", b"password: 80081234\n").read_as(Model)
    assert str(caught.value) == "a.yaml:1:11  password: the value is not text\n    put it in quotes"


def test_findings_come_in_the_order_of_the_file() -> None:
    class Model(Strict):
        one: int = 0
        two: int = 0

    assert refused(Model, "two: x\nthree: 3\none: y\n").splitlines() == [
        '1:6 two: "x" is not a whole number',
        '2:1 "three" is not a key here | one, two',
        '3:6 one: "y" is not a whole number',
    ]


def test_of_very_many_errors_the_first_thousand_are_told() -> None:
    class Model(Strict):
        numbers: list[int]

    with pytest.raises(ConfigError) as caught:
        document("a.yaml", b"numbers:\n" + b"  - x\n" * 3000).read_as(Model)
    assert len(caught.value.findings) == MOST + 1
    assert caught.value.findings[0].place == Place("a.yaml", 2, 5)
    assert caught.value.findings[-1].what == "2,000 more errors are not shown"
