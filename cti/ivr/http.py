"""What `http` asks of a web server, and what is taken from the answer. Nothing is sent here."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from cti.ivr.compose import Seen, clean, fill
from cti.ivr.steps import Request

MAX_URL: Final = 2000
MAX_ANSWER: Final = 65_536
"""Bytes of an answer that are read; a longer one is a failure."""

_MAX_BITS: Final = 256
"""Of a whole number in an answer: what is longer is no amount, and costs time to write out."""


def url_of(request: Request, call: Seen) -> str | None:
    """The URL with its values, and with what a GET sends; None when it is longer than servers take."""
    url = fill(request.url, call, _encoded)
    if request.method == "GET" and request.send:
        query = "&".join(f"{_encoded(key)}={_encoded(value)}" for key, value in _sent(request, call).items())
        url += ("&" if "?" in url else "?") + query
    return url if len(url) <= MAX_URL else None


def body_of(request: Request, call: Seen) -> Mapping[str, str] | None:
    """The JSON object that a POST sends; None for a GET."""
    return _sent(request, call) if request.method == "POST" else None


def taken(request: Request, answer: Any) -> dict[str, str] | str:
    """The variables that an answer (JSON) fills, or what is missing in it."""
    found = {}
    for variable, path in request.take.items():
        value = _follow(answer, path)
        if value is None:
            return ".".join(path)
        found[variable] = clean(value)
    return found


def _sent(request: Request, call: Seen) -> dict[str, str]:
    return {key: fill(template, call) for key, template in request.send.items()}


def _encoded(value: str) -> str:
    # A segment of dots alone would lead out of its folder.
    return quote(value, safe="") if value.strip(".") else ""


def _follow(answer: Any, path: tuple[str, ...]) -> str | None:
    """The text of the value at a path: of a text, number or truth value; of null it is empty."""
    for key in path:
        if isinstance(answer, dict) and key in answer:
            answer = answer[key]
        elif isinstance(answer, list) and key.isascii() and key.isdecimal() and len(key) < 6 and int(key) < len(answer):
            answer = answer[int(key)]
        else:
            return None
    return _written(answer)


def _written(value: Any) -> str | None:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        return None
    return str(value) if isinstance(value, str | int | float) else None
