"""How a prompt is written in a file, and what of it can be rendered before anybody calls."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from cti.ivr.placeholders import PLACEHOLDERS, Scope, is_variable, known
from cti.ivr.prompts import Blank, Prompt, Recording, Speech, Template, Variant, parse, static_pieces
from cti.ivr.values import Refused


class File(BaseModel):
    """A file with one prompt."""

    prompt: Prompt


def read(written: Any) -> Prompt:
    return File.model_validate({"prompt": written}).prompt


def complaints(written: Any) -> list[tuple[tuple[int | str, ...], str, str]]:
    with pytest.raises(ValidationError) as raised:
        read(written)
    return [
        (
            detail["loc"][1:],
            detail["msg"].removeprefix("Value error, "),
            getattr(detail.get("ctx", {}).get("error"), "hint", ""),
        )
        for detail in raised.value.errors()
    ]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("您好。", ("您好。",)),
        ("您好，这里是{hotline.name}。", ("您好，这里是", Blank("hotline.name"), "。")),
        ("{position}", (Blank("position"),)),
        ("{ time }{date}", (Blank("time"), Blank("date"))),
        ("{订单号}", (Blank("订单号"),)),
        ("a {{b}} {c}", ("a {b} ", Blank("c"))),
        ("", ()),
    ],
)
def test_a_text_is_cut_at_its_placeholders(text: str, parts: tuple[str | Blank, ...]) -> None:
    assert parse(text) == Template(text, parts)


def test_a_template_names_each_placeholder_once() -> None:
    assert parse("{date} {time} {date}").placeholders == ("date", "time")


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        (
            "您好{hotline.name",
            'a brace is not closed: "{hotline.name"',
            "close it with }, or write {{ for a brace itself",
        ),
        ("a {b {c}", 'a brace is not closed: "{b {c}"', "close it with }, or write {{ for a brace itself"),
        ("ab}", "a brace is closed that was not opened, at character 3", "write }} for a brace itself"),
        ("{hotline.nmae}", "{hotline.nmae} is not a placeholder", "did you mean hotline.name?"),
        ("{next opening}", "{next opening} is not a placeholder", "did you mean next_opening?"),
        ("{}", "{} is not a placeholder", ""),
        ("{0}", "{0} is not a placeholder", ""),
        ("{date!r}", "{date!r} is not a placeholder", "did you mean date?"),
        ("{calls}", "{calls} is not a placeholder", "did you mean calls_today?"),
        ("您好｛date｝", "full-width brace ｛ in the text", "placeholders stand in { and }"),
        ("a\x07b", "the text contains a control character (U+0007)", ""),
        ("字" * 2001, "the text has 2001 characters; 2000 are the most", ""),
        (5, "5 is not a text", "put it in quotes"),
    ],
)
def test_a_text_that_is_no_template_is_refused(text: object, what: str, hint: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(text)
    assert (str(refused.value), refused.value.hint) == (what, hint)


@pytest.mark.parametrize(
    ("written", "variants"),
    [
        ("您好。", (Variant(None, Template("您好。", ("您好。",))),)),
        ({"file": "prompts/欢迎.wav"}, (Variant(None, Recording("prompts/欢迎.wav")),)),
        (
            {"zh-CN": "您好。", "en": "Hello."},
            (Variant("zh-CN", Template("您好。", ("您好。",))), Variant("en", Template("Hello.", ("Hello.",)))),
        ),
        (
            {"en": {"file": "hello.mp3"}, "zh-CN": "您好。"},
            (Variant("en", Recording("hello.mp3")), Variant("zh-CN", Template("您好。", ("您好。",)))),
        ),
    ],
)
def test_a_prompt_is_a_text_a_file_or_one_for_each_language(written: Any, variants: tuple[Variant, ...]) -> None:
    assert read(written) == Prompt(variants)


FORMS = ("text with {placeholders}", "{file: path.wav}", "{zh-CN: text, en: text}")


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("", ((), "the prompt is empty", "")),
        ({}, ((), "the prompt is empty", "")),
        (None, ((), "null is not a prompt", "")),
        (7, ((), "7 is not a prompt", "")),
        ("……", (("<text>",), "there is nothing to say in the text", "")),
        ({"fr": "Bonjour"}, (("<languages>", "fr", "[key]"), '"fr" is not a language', "")),
        ({"zh": "您好"}, (("<languages>", "zh", "[key]"), '"zh" is not a language', "did you mean zh-CN?")),
        ({"en": ""}, (("<languages>", "en", "<text>"), "there is nothing to say in the text", "")),
        (
            {"en": "{"},
            (
                ("<languages>", "en", "<text>"),
                'a brace is not closed: "{"',
                "close it with }, or write {{ for a brace itself",
            ),
        ),
        (
            {"file": "/etc/passwd.wav"},
            (
                ("<file>", "file"),
                '"/etc/passwd.wav" is not a path inside the folder of prompts',
                "such as prompts/welcome.wav",
            ),
        ),
        (
            {"file": "../a.wav"},
            (
                ("<file>", "file"),
                '"../a.wav" is not a path inside the folder of prompts',
                "such as prompts/welcome.wav",
            ),
        ),
        (
            {"file": "{name}.wav"},
            (
                ("<file>", "file"),
                '"{name}.wav" is not a path inside the folder of prompts',
                "such as prompts/welcome.wav",
            ),
        ),
        ({"file": "a.txt"}, (("<file>", "file"), '"a.txt" is not a recording', "")),
        ({"file": 3}, (("<file>", "file"), "3 is not a path", "")),
    ],
)
def test_a_prompt_that_is_none_is_refused_where_it_stands(written: Any, complaint: tuple[Any, ...]) -> None:
    assert complaints(written) == [complaint]


def test_a_misspelt_file_is_a_misspelt_key() -> None:
    assert complaints({"fiel": "a.wav"}) == [
        (("<file>", "file"), "Field required", ""),
        (("<file>", "fiel"), "Extra inputs are not permitted", ""),
    ]


@pytest.mark.parametrize(
    ("text", "wanted", "spoken"),
    [
        ("您好", "en", "zh-CN"),
        ("For English press 9.", "zh-CN", "en"),
        ("您好 VIP", "en", "zh-CN"),
        ("123", "en", "en"),
        ("123", "zh-CN", "zh-CN"),
        ("{hotline.name}", "en", "en"),
    ],
)
def test_a_text_is_spoken_in_the_language_that_it_is_written_in(text: str, wanted: Any, spoken: str) -> None:
    assert Prompt.of(text).variant(wanted) == (spoken, parse(text))


def test_the_language_that_is_wanted_is_taken_where_the_prompt_has_it() -> None:
    prompt = read({"zh-CN": "您好", "en": {"file": "hello.wav"}})
    assert prompt.variant("zh-CN") == ("zh-CN", parse("您好"))
    assert prompt.variant("en") == ("en", Recording("hello.wav"))


def test_the_first_language_is_taken_where_the_prompt_has_no_other() -> None:
    assert read({"en": "Hello."}).variant("zh-CN") == ("en", parse("Hello."))


def test_a_plain_text_is_said_as_it_stands() -> None:
    assert static_pieces(Prompt.plain("{促销} 100% off")) == (Speech("{促销} 100% off", "zh-CN"),)


@pytest.mark.parametrize(
    ("written", "pieces"),
    [
        ("您好，这里是{hotline.name}。请按1。", (Speech("您好，这里是", "zh-CN"), Speech("。请按1。", "zh-CN"))),
        ("{position}，{wait_minutes}。", ()),
        ("Press 1.", (Speech("Press 1.", "en"),)),
        ("12345", (Speech("12345", "zh-CN"), Speech("12345", "en"))),
        ({"file": "a.wav"}, (Recording("a.wav"),)),
        ({"zh-CN": "请按1。", "en": {"file": "a.wav"}}, (Speech("请按1。", "zh-CN"), Recording("a.wav"))),
    ],
)
def test_what_stands_between_placeholders_can_be_rendered_ahead(written: Any, pieces: tuple[Any, ...]) -> None:
    assert static_pieces(read(written)) == pieces


def test_a_prompt_says_where_its_placeholders_stand() -> None:
    prompt = read({"zh-CN": "{date}{time}", "en": "{date}"})
    assert list(prompt.placeholders()) == [("date", ("zh-CN",)), ("time", ("zh-CN",)), ("date", ("en",))]
    assert list(read("{date}").placeholders()) == [("date", ())]


def test_the_place_in_the_queue_is_known_in_the_queue_only() -> None:
    assert "position" in known(scope=Scope.QUEUE)
    assert "position" not in known()
    assert "agent.id" in known(scope=Scope.TALK)
    assert "agent.id" not in known(scope=Scope.QUEUE)


def test_variables_of_the_flow_are_known() -> None:
    assert known(["order"])[-1] == "order"


@pytest.mark.parametrize("name", [*PLACEHOLDERS, "calls", "language", "a b", "a.b", "1a", "", "a" * 41])
def test_words_that_mean_something_else_are_no_variables(name: str) -> None:
    assert not is_variable(name)
