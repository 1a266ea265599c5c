"""What a web server is asked, and what is taken from its answer."""

from dataclasses import replace
from typing import Any

import pytest

from cti.ivr.compose import Seen, seen
from cti.ivr.http import body_of, taken, url_of
from cti.ivr.steps import Request
from tests.ivr.calls import FACTS, MORNING, Office


def request(**written: Any) -> Request:
    return Request.model_validate({"url": "https://crm.example/orders/{order}"} | written)


def with_variables(**variables: str) -> Seen:
    return seen(replace(FACTS, variables=variables), MORNING, Office())


@pytest.mark.parametrize(
    ("order", "url"),
    [
        ("42", "https://crm.example/orders/42"),
        ("a/b?c=d&e#f", "https://crm.example/orders/a%2Fb%3Fc%3Dd%26e%23f"),
        ("订单 1", "https://crm.example/orders/%E8%AE%A2%E5%8D%95%201"),
        ("a\r\nHost: evil", "https://crm.example/orders/a%20Host%3A%20evil"),
        ("..", "https://crm.example/orders/"),
        ("100%", "https://crm.example/orders/100%25"),
        ("", "https://crm.example/orders/"),
    ],
)
def test_values_in_a_url_are_percent_encoded(order: str, url: str) -> None:
    assert url_of(request(), with_variables(order=order)) == url


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://crm.example/x", "https://crm.example/x?who=%2B8613800138000&n=a%20b"),
        ("https://crm.example/x?y=1", "https://crm.example/x?y=1&who=%2B8613800138000&n=a%20b"),
    ],
)
def test_a_get_sends_in_its_query(url: str, asked: str) -> None:
    get = request(url=url, send={"who": "{caller.number}", "n": "a b"})
    assert url_of(get, seen(replace(FACTS, ani="+8613800138000"), MORNING)) == asked
    assert body_of(get, with_variables()) is None


def test_a_post_sends_in_its_body() -> None:
    post = request(url="https://crm.example/x", method="POST", send={"who": "{caller.number}", "n": 3})
    assert url_of(post, with_variables()) == "https://crm.example/x"
    assert body_of(post, with_variables()) == {"who": "13800138000", "n": "3"}


def test_a_url_that_grew_too_long_is_not_asked() -> None:
    assert url_of(request(url="https://crm.example/" + "{order}" * 20), with_variables(order="订" * 200)) is None


ANSWER = {"orders": [{"state": "已发货", "price": 128.5, "n": 3, "paid": True, "note": None}], "0": "zero"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("orders.0.state", "已发货"),
        ("orders.0.price", "128.5"),
        ("orders.0.n", "3"),
        ("orders.0.paid", "true"),
        ("orders.0.note", ""),
        ("0", "zero"),
    ],
)
def test_variables_are_taken_by_their_paths(path: str, value: str) -> None:
    assert taken(request(take={"x": path}), ANSWER) == {"x": value}


@pytest.mark.parametrize(
    "path",
    ["orders", "orders.0", "orders.1.state", "orders.-1.state", "orders.x", "orders.0.state.x", "orders.٠.state"],
)
def test_what_is_not_there_is_named(path: str) -> None:
    assert taken(request(take={"x": path}), ANSWER) == path


@pytest.mark.parametrize("answer", [None, [], "text", 3, True, {"x": {"y": {}}}, {"x": {"y": 10**5000}}])
def test_an_answer_that_is_something_else_is_missing(answer: Any) -> None:
    assert taken(request(take={"v": "x.y"}), answer) == "x.y"


def test_a_text_that_is_taken_is_cleaned_and_capped() -> None:
    assert taken(request(take={"x": "x"}), {"x": "a\n" + "b" * 500}) == {"x": "a " + "b" * 198}
