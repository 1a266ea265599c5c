"""How flows are written: every verb, every mistake, and what a step tells about itself."""

from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from cti.ivr.conditions import CallsToday, Sign
from cti.ivr.prompts import parse
from cti.ivr.steps import (
    VERBS,
    Cause,
    Check,
    Collect,
    Edge,
    EdgeKind,
    Flow,
    Hangup,
    Http,
    Mention,
    Menu,
    Play,
    Queue,
    Read,
    Say,
    Set,
    Step,
    Survey,
    Thing,
    Transfer,
)
from tests.ivr.flows import EVERY_VERB, SERVICE, read_flow


def step(text: str) -> Step:
    return Flow.model_validate({"flow": "f", "start": "s", "steps": {"s": yaml.safe_load(text)}}).steps["s"]


def of(kind: type[Any], text: str) -> Any:
    found = step(text)
    assert isinstance(found, kind)
    return found


Complaint = tuple[tuple[int | str, ...], str]


def complaints(text: str) -> list[Complaint]:
    with pytest.raises(ValidationError) as raised:
        step(text)
    return [(detail["loc"][2:], detail["msg"].removeprefix("Value error, ")) for detail in raised.value.errors()]


def hint(text: str) -> tuple[str, tuple[str, ...]]:
    with pytest.raises(ValidationError) as raised:
        step(text)
    refused = raised.value.errors()[0]["ctx"]["error"]
    return refused.hint, refused.allowed


# Good flows


def test_a_flow_with_every_verb_is_read() -> None:
    flow = read_flow(EVERY_VERB)
    assert {step.verb for step in flow.steps.values()} == set(VERBS)


def test_every_verb_is_its_class_first_key() -> None:
    assert {verb: kind.known_keys()[0] for verb, kind in VERBS.items()} == {verb: verb for verb in VERBS}


def test_a_menu_has_sensible_defaults() -> None:
    menu = of(Menu, "{menu: 请按1。, keys: {1: a}, otherwise: b}")
    assert (menu.keys, menu.wait, menu.retries, menu.invalid, menu.barge_in) == ({"1": "a"}, 5.0, 2, None, True)


@pytest.mark.parametrize(
    ("written", "count"), [("11", (11, 11)), ('"11"', (11, 11)), ("4-8", (4, 8)), ("1 - 32", (1, 32))]
)
def test_digits_are_counted_exactly_or_from_to(written: str, count: tuple[int, int]) -> None:
    assert of(Collect, f"{{collect: 号码, into: order, digits: {written}, then: a, otherwise: b}}").digits == count


def test_a_survey_takes_a_row_of_keys_into_score() -> None:
    survey = of(Survey, "{survey: 请打分, keys: 1-5}")
    assert (survey.keys, survey.into, survey.then) == ("12345", "score", None)


def test_a_check_is_a_condition() -> None:
    check = of(Check, "{check: calls today >= 3, then: a, else: b}")
    assert (check.check, check.then, check.else_) == (CallsToday(Sign.AT_LEAST, 3), "a", "b")


def test_a_number_may_stand_where_a_value_is_written() -> None:
    assert of(Say, "{say: {money: 12.50}, then: a}").say.template == parse("12.5")
    assert of(Set, "{set: {n: 3, yes_: true}, then: a}").set == {"n": parse("3"), "yes_": parse("true")}


def test_a_telephone_number_loses_its_spaces() -> None:
    assert of(Transfer, '{transfer: "021-5000 1234"}').transfer == "02150001234"


@pytest.mark.parametrize(("written", "cause"), [("true", Cause.NORMAL), ("normal", Cause.NORMAL), ("busy", Cause.BUSY)])
def test_hangup_is_true_or_a_cause(written: str, cause: Cause) -> None:
    assert of(Hangup, f"{{hangup: {written}}}").hangup is cause


def test_a_request_has_sensible_defaults() -> None:
    request = of(Http, "{http: {url: 'https://crm.example/{caller.number}'}, then: a, otherwise: b}").http
    assert (request.method, request.send, request.take, request.within) == ("GET", {}, {}, 2.0)


@pytest.mark.parametrize(
    "url",
    ["http://localhost:8080/x?y={n}", "https://crm.example", "https://crm.example?n={n}", "https://10.0.0.1/{n}/{n}"],
)
def test_urls(url: str) -> None:
    assert of(Http, f"{{http: {{url: '{url}'}}, then: a, otherwise: b}}").http.url.source == url


def test_a_target_may_be_a_number_as_steps_may() -> None:
    flow = Flow.model_validate({"flow": "f", "start": 1, "steps": {1: {"play": "您好", "then": 1}}})
    assert flow.start == "1"
    assert [edge.target for _, edge in flow.edges()] == ["1"]


# What a step tells about itself

WAYS_OUT = {
    "{play: 您好, then: a}": [Edge(EdgeKind.ALWAYS, "a", ("then",))],
    "{say: {number: '3'}, then: a}": [Edge(EdgeKind.ALWAYS, "a", ("then",))],
    "{menu: 请按键, keys: {1: a, 0: b}, otherwise: c}": [
        Edge(EdgeKind.KEY, "a", ("keys", "1"), needs_caller=True),
        Edge(EdgeKind.KEY, "b", ("keys", "0"), needs_caller=True),
        Edge(EdgeKind.OTHERWISE, "c", ("otherwise",)),
    ],
    "{collect: 号码, into: order, then: a, otherwise: b}": [
        Edge(EdgeKind.ENTERED, "a", ("then",), needs_caller=True),
        Edge(EdgeKind.OTHERWISE, "b", ("otherwise",)),
    ],
    "{hours: desk, open: a, closed: b}": [
        Edge(EdgeKind.OPEN, "a", ("open",)),
        Edge(EdgeKind.CLOSED, "b", ("closed",)),
    ],
    "{say_hours: desk, then: a}": [Edge(EdgeKind.ALWAYS, "a", ("then",))],
    "{notice: recall, then: a}": [Edge(EdgeKind.ALWAYS, "a", ("then",))],
    "{queue: service}": [],
    "{queue: service, keys: {1: a}, then: b}": [
        Edge(EdgeKind.KEY, "a", ("keys", "1"), needs_caller=True),
        Edge(EdgeKind.GIVEN_BACK, "b", ("then",)),
    ],
    "{voicemail: service}": [],
    "{voicemail: service, then: a}": [Edge(EdgeKind.THEN, "a", ("then",))],
    "{callback: service}": [],
    "{callback: service, then: a}": [Edge(EdgeKind.THEN, "a", ("then",))],
    "{transfer: '110'}": [],
    "{transfer: '110', then: a}": [Edge(EdgeKind.FAILED, "a", ("then",))],
    "{survey: 请打分, keys: 1-5}": [],
    "{survey: 请打分, keys: 1-5, then: a}": [Edge(EdgeKind.THEN, "a", ("then",))],
    "{set: {x: '1'}, then: a}": [Edge(EdgeKind.ALWAYS, "a", ("then",))],
    "{check: caller in vip, then: a, else: b}": [
        Edge(EdgeKind.THEN, "a", ("then",)),
        Edge(EdgeKind.ELSE, "b", ("else",)),
    ],
    "{http: {url: 'https://a.example'}, then: a, otherwise: b}": [
        Edge(EdgeKind.THEN, "a", ("then",)),
        Edge(EdgeKind.OTHERWISE, "b", ("otherwise",)),
    ],
    "{goto: a}": [Edge(EdgeKind.ALWAYS, "a", ("goto",))],
    "{hangup: true}": [],
}


@pytest.mark.parametrize(("text", "edges"), WAYS_OUT.items())
def test_the_ways_out_of_a_step(text: str, edges: list[Edge]) -> None:
    assert list(step(text).edges()) == edges


def test_the_ways_out_of_every_verb_are_in_the_table() -> None:
    assert {step(text).verb for text in WAYS_OUT} == set(VERBS)


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("{hours: desk, open: a, closed: b}", [Mention(Thing.HOURS, "desk", ("hours",))]),
        ("{say_hours: desk, then: a}", [Mention(Thing.HOURS, "desk", ("say_hours",))]),
        ("{notice: recall, then: a}", [Mention(Thing.NOTICE, "recall", ("notice",))]),
        (
            "{queue: service, survey: satisfaction}",
            [Mention(Thing.QUEUE, "service", ("queue",)), Mention(Thing.FLOW, "satisfaction", ("survey",))],
        ),
        ("{voicemail: service}", [Mention(Thing.QUEUE, "service", ("voicemail",))]),
        ("{callback: service}", [Mention(Thing.QUEUE, "service", ("callback",))]),
        ("{transfer: '110'}", [Mention(Thing.NUMBER, "110", ("transfer",))]),
        ("{check: caller in vip, then: a, else: b}", [Mention(Thing.LIST, "vip", ("check",))]),
        ("{check: calls today > 3, then: a, else: b}", []),
        (
            "{http: {url: 'https://a.example/{n}'}, then: a, otherwise: b}",
            [Mention(Thing.URL, "https://a.example/{n}", ("http", "url"))],
        ),
        ("{play: 您好, then: a}", []),
    ],
)
def test_what_a_step_names_of_other_files(text: str, mentions: list[Mention]) -> None:
    assert list(step(text).mentions()) == mentions


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("{play: '您好{date}{order}', then: a}", [Read("date", ("play",)), Read("order", ("play",))]),
        (
            "{play: {zh-CN: '{date}', en: '{time}'}, then: a}",
            [Read("date", ("play", "zh-CN")), Read("time", ("play", "en"))],
        ),
        (
            "{menu: '{date}', invalid: '{time}', keys: {1: a}, otherwise: b}",
            [Read("date", ("menu",)), Read("time", ("invalid",))],
        ),
        ("{collect: 号码, confirm: '{order}', into: order, then: a, otherwise: b}", [Read("order", ("confirm",))]),
        ("{say: {digits: '{order}'}, then: a}", [Read("order", ("say", "digits"))]),
        ("{set: {x: '{order}'}, then: a}", [Read("order", ("set", "x"))]),
        ("{check: order = 3, then: a, else: b}", [Read("order", ("check",))]),
        ("{check: calls today = 3, then: a, else: b}", []),
        (
            "{http: {url: 'https://a.example/{n}', send: {who: '{caller.number}'}}, then: a, otherwise: b}",
            [Read("n", ("http", "url")), Read("caller.number", ("http", "send", "who"))],
        ),
    ],
)
def test_which_values_a_step_uses(text: str, reads: list[Read]) -> None:
    assert list(step(text).reads()) == reads


@pytest.mark.parametrize(
    ("text", "writes"),
    [
        ("{collect: 号码, into: order, then: a, otherwise: b}", ("order",)),
        ("{survey: 请打分, keys: 1-5, into: mark}", ("mark",)),
        ("{set: {x: '1', language: en, y: '2'}, then: a}", ("x", "y")),
        ("{http: {url: 'https://a.example', take: {state: order.state}}, then: a, otherwise: b}", ("state",)),
        ("{play: 您好, then: a}", ()),
    ],
)
def test_which_variables_a_step_fills(text: str, writes: tuple[str, ...]) -> None:
    assert step(text).writes() == writes


def test_a_step_shows_its_prompts_with_their_places() -> None:
    uses = step("{collect: 号码, invalid: 不对, confirm: '{order}', into: order, then: a, otherwise: b}").prompts()
    assert [(use.path, use.prompt.variants[0].body) for use in uses] == [
        (("collect",), parse("号码")),
        (("invalid",), parse("不对")),
        (("confirm",), parse("{order}")),
    ]


def test_a_survey_shows_its_prompt() -> None:
    assert [use.path for use in step("{survey: 请打分, keys: 1-5}").prompts()] == [("survey",)]


def test_a_flow_can_be_made_of_steps() -> None:
    play = step("{play: 您好, then: hangup}")
    assert Flow.model_validate({"flow": "f", "start": "s", "steps": {"s": play}}).steps == {"s": play}


def test_queue_and_transfer_lead_to_a_person() -> None:
    assert [verb for verb, kind in VERBS.items() if kind.person] == ["queue", "transfer"]


def test_a_flow_knows_its_edges_variables_and_targets() -> None:
    flow = read_flow(SERVICE)
    assert [(name, edge.target) for name, edge in flow.edges()][:3] == [
        ("open", "notice"),
        ("open", "closed"),
        ("notice", "repeat"),
    ]
    assert flow.targets()[-2:] == ("bye", "hangup")
    assert read_flow(EVERY_VERB).variables() == ("order", "state", "level", "score")


# Bad flows: each with all that is said about it

BAD: dict[str, list[Complaint]] = {
    "menu": [((), "a step is a mapping with one verb")],
    "[play]": [((), "a step is a mapping with one verb")],
    "{}": [((), "no verb here")],
    "{mneu: 请按1, keys: {1: a}, otherwise: b}": [((), "no verb here")],
    "{menu: 请按1, play: 您好}": [((), "two verbs: menu, play")],
    "{hours: desk, survey: 请打分}": [((), "two verbs: hours, survey")],
    "{menu: 请按1, kyes: {1: a}, otherwise: b}": [
        (("<menu>", "keys"), "Field required"),
        (("<menu>", "kyes"), "Extra inputs are not permitted"),
    ],
    "{menu: 请按1, keys: {}, otherwise: b}": [
        (("<menu>", "keys"), "Dictionary should have at least 1 item after validation, not 0")
    ],
    "{menu: 请按1, keys: {12: a}, otherwise: b}": [
        (("<menu>", "keys", 12, "[key]"), '"12" is not a key of a telephone')
    ],
    "{menu: 请按1, keys: {A: a}, otherwise: b}": [
        (("<menu>", "keys", "A", "[key]"), '"A" is not a key of a telephone')
    ],
    "{menu: 请按1, keys: {1: ''}, otherwise: b}": [(("<menu>", "keys", 1), "where to go on is missing")],
    "{menu: 请按1, keys: {1: a}}": [(("<menu>", "otherwise"), "Field required")],
    "{menu: 请按1, keys: {1: a}, otherwise: b, wait: 5}": [(("<menu>", "wait"), "a duration needs its unit: 5s?")],
    "{menu: 请按1, keys: {1: a}, otherwise: b, wait: soon}": [
        (("<menu>", "wait"), "a duration is written as 300ms, 15s, 2m or 1h")
    ],
    "{menu: 请按1, keys: {1: a}, otherwise: b, wait: 5m}": [
        (("<menu>", "wait"), "a caller is waited for between 500ms and 60s")
    ],
    "{menu: 请按1, keys: {1: a}, otherwise: b, retries: 10}": [
        (("<menu>", "retries"), "Input should be less than or equal to 9")
    ],
    "{menu: 请按1, keys: {1: a}, otherwise: b, barge_in: 'no'}": [
        (("<menu>", "barge_in"), "Input should be a valid boolean")
    ],
    "{play: '您好{hotline.nmae}', then: a}": [(("<play>", "play", "<text>"), "{hotline.nmae} is not a placeholder")],
    "{play: 您好}": [(("<play>", "then"), "Field required")],
    "{play: {file: ../../etc/x.wav}, then: a}": [
        (("<play>", "play", "<file>", "file"), '"../../etc/x.wav" is not a path inside the folder of prompts')
    ],
    "{say: {}, then: a}": [(("<say>", "say"), "nothing to say")],
    "{say: {number: '1', digits: '2'}, then: a}": [(("<say>", "say"), "two ways to say it: number, digits")],
    "{say: {numbr: '1'}, then: a}": [(("<say>", "say", "numbr"), "Extra inputs are not permitted")],
    "{say: {digits: 7}, then: a}": [(("<say>", "say", "digits"), "7 is not a text")],
    "{collect: 号码, into: date, then: a, otherwise: b}": [
        (("<collect>", "into"), '"date" cannot be a variable: the word has its own meaning')
    ],
    "{collect: 号码, into: my order, then: a, otherwise: b}": [
        (("<collect>", "into"), '"my order" is not a variable\'s name')
    ],
    "{collect: 号码, into: x, digits: 8-4, then: a, otherwise: b}": [
        (("<collect>", "digits"), '"8-4" is not a number of digits')
    ],
    "{collect: 号码, into: x, digits: 0, then: a, otherwise: b}": [
        (("<collect>", "digits"), "0 is not a number of digits")
    ],
    "{collect: 号码, into: x, digits: many, then: a, otherwise: b}": [
        (("<collect>", "digits"), '"many" is not a number of digits')
    ],
    "{collect: 号码, into: x, digits: 40, then: a, otherwise: b}": [
        (("<collect>", "digits"), "40 is not a number of digits")
    ],
    "{collect: 号码, into: x, end: '0', then: a, otherwise: b}": [(("<collect>", "end"), "Input should be '#' or '*'")],
    "{survey: 请打分, keys: 5-1}": [(("<survey>", "keys"), '"5-1" is not a range of keys')],
    "{survey: 请打分, keys: 5}": [(("<survey>", "keys"), "5 is not a range of keys")],
    "{check: calls todya >= 3, then: a, else: b}": [(("<check>", "check"), '"calls todya >= 3" is not a condition')],
    "{check: calls today >= 3, then: a}": [(("<check>", "else"), "Field required")],
    "{set: {language: fr}, then: a}": [(("<set>", "set"), '"fr" is not a language')],
    "{set: {calls: '3'}, then: a}": [
        (("<set>", "set", "calls", "[key]"), '"calls" cannot be a variable: the word has its own meaning')
    ],
    "{set: {}, then: a}": [(("<set>", "set"), "Dictionary should have at least 1 item after validation, not 0")],
    "{transfer: 02150001234}": [
        (("<transfer>", "transfer"), "a telephone number stands in quotes, or it loses its + or 0")
    ],
    "{transfer: 'sip:a@b'}": [(("<transfer>", "transfer"), '"sip:a@b" is not a telephone number')],
    "{hangup: bussy}": [(("<hangup>", "hangup"), '"bussy" is not a cause')],
    "{hangup: false}": [(("<hangup>", "hangup"), "false is not a cause")],
    "{http: {url: 'ftp://a.example'}, then: a, otherwise: b}": [
        (("<http>", "http", "url"), '"ftp://a.example" is not a URL')
    ],
    "{http: {url: 'https://{host}/x'}, then: a, otherwise: b}": [
        (("<http>", "http", "url"), '"https://{host}/x" is not a URL')
    ],
    "{http: {url: 'https://a.example{host}/x'}, then: a, otherwise: b}": [
        (("<http>", "http", "url"), '"https://a.example{host}/x" is not a URL')
    ],
    "{http: {url: 'https://a.example@{host}/x'}, then: a, otherwise: b}": [
        (("<http>", "http", "url"), '"https://a.example@{host}/x" is not a URL')
    ],
    "{http: {url: 'https://a.example/a b'}, then: a, otherwise: b}": [
        (("<http>", "http", "url"), '"https://a.example/a b" is not a URL')
    ],
    "{http: {url: 'https://a.example', method: PUT}, then: a, otherwise: b}": [
        (("<http>", "http", "method"), "Input should be 'GET' or 'POST'")
    ],
    "{http: {url: 'https://a.example', within: 60s}, then: a, otherwise: b}": [
        (("<http>", "http", "within"), "a caller waits for a web server between 100ms and 10s")
    ],
    "{http: {url: 'https://a.example', take: {x: a..b}}, then: a, otherwise: b}": [
        (("<http>", "http", "take", "x"), '"a..b" is not a path into JSON')
    ],
    "{queue: service, keys: [1]}": [(("<queue>", "keys"), "Input should be a valid dictionary")],
    "{queue: ''}": [(("<queue>", "queue"), "String should have at least 1 character")],
}


@pytest.mark.parametrize(("text", "said"), BAD.items())
def test_a_mistake_is_said_where_it_stands(text: str, said: list[Complaint]) -> None:
    assert complaints(text) == said


@pytest.mark.parametrize(
    ("text", "meant", "allowed"),
    [
        ("{mneu: 请按1, otherwise: b}", "did you mean menu?", tuple(VERBS)),
        ("{text: 请按1}", "", tuple(VERBS)),
        ("{menu: 请按1, play: 您好}", "one verb a step; lead from one step to the next by then", ()),
        ("{hangup: bussy}", "did you mean busy?", ("true", "normal", "busy", "rejected", "congestion", "unavailable")),
        ("{set: {language: zh}, then: a}", "did you mean zh-CN?", ("zh-CN", "en")),
        ("{http: {url: a.example}, then: a, otherwise: b}", "it starts with http:// or https://", ()),
        (
            "{http: {url: 'https://{x}/'}, then: a, otherwise: b}",
            "placeholders may stand after host and port, behind a / or ?",
            (),
        ),
        ("{transfer: 110}", "put it in quotes, with every digit", ()),
    ],
)
def test_a_mistake_comes_with_what_was_meant_and_what_is_allowed(
    text: str, meant: str, allowed: tuple[str, ...]
) -> None:
    assert hint(text) == (meant, allowed)


@pytest.mark.parametrize(
    ("flow", "said"),
    [
        ({"flow": "F x", "start": "a", "steps": {"a": {"goto": "a"}}}, (("flow",), '"F x" is not a name')),
        (
            {"flow": "f", "start": "a", "steps": {}},
            (("steps",), "Dictionary should have at least 1 item after validation, not 0"),
        ),
        (
            {"flow": "f", "start": "a", "steps": {"hangup": {"goto": "a"}}},
            (("steps", "hangup", "[key]"), '"hangup" cannot be the name of a step: it is the word that ends a call'),
        ),
        (
            {"flow": "f", "start": "a", "steps": {"a b": {"goto": "a"}}},
            (("steps", "a b", "[key]"), '"a b" is not a step\'s name'),
        ),
        ({"flow": "f", "steps": {"a": {"goto": "a"}}}, (("start",), "Field required")),
    ],
)
def test_a_flow_that_is_none(flow: dict[str, Any], said: Complaint) -> None:
    with pytest.raises(ValidationError) as raised:
        Flow.model_validate(flow)
    assert [(e["loc"], e["msg"].removeprefix("Value error, ")) for e in raised.value.errors()] == [said]


def test_a_step_does_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        of(Play, "{play: 您好, then: a}").then = "b"


def test_a_queue_without_keys_has_none() -> None:
    assert of(Queue, "{queue: service}").keys == {}
