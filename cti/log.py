"""The log: one line a step, greppable by call id; JSON for machines, plain lines on a terminal.

What a caller chose (a name, a number) goes through here on its way to a terminal or a file: control characters are
written out, and phone numbers lose their middle unless the settings say otherwise.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final, Literal, TextIO

import structlog

_NUMBER: Final = re.compile(r"(?<![\w.:-])\+?\d{7,15}(?![\w:-]|\.\d)")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_IDS: Final = frozenset({"call_id", "leg_id", "other_leg_id"})
_NOT_NUMBERS: Final = frozenset({"timestamp", "level", "call_id", "leg_id", "other_leg_id", "node", "dnis"})


def configure(
    form: Literal["auto", "json", "text"] = "auto",
    level: str = "info",
    mask: bool = True,
    stream: TextIO | None = None,
) -> None:
    """Sets structlog up for the whole process. `auto` is text when `stream` (stderr) is a terminal."""
    stream = stream or sys.stderr
    as_text = form == "text" or (form == "auto" and stream.isatty())
    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
    ]
    if mask:
        processors.append(_mask)
    if as_text:
        processors += [
            _escape,
            _shorten_ids,
            structlog.processors.TimeStamper(fmt="%H:%M:%S.%f", utc=False),
            structlog.dev.ConsoleRenderer(colors=stream.isatty(), pad_event_to=18, sort_keys=False),
        ]
    else:
        processors += [
            structlog.processors.format_exc_info,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _story_first,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )


def mask_numbers(text: str) -> str:
    """`text` with the middle of every phone number in it starred: 138****8000."""
    return _NUMBER.sub(_mask_one, text)


def escape_controls(text: str, keep: str = "") -> str:
    """`text` with control and invisible formatting characters written as escapes, except those in `keep`."""
    return _CONTROL.sub(lambda match: match[0] if match[0] in keep else _escaped(match[0]), text)


def _mask_one(match: re.Match[str]) -> str:
    number = match[0]
    shown = 4 if len(number) >= 9 else 2
    return f"{number[: -shown - 4]}****{number[-shown:]}"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _story_first(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """When, how bad and what come before the particulars."""
    first = {key: line.pop(key) for key in ("timestamp", "level", "event") if key in line}
    return {**first, **line}


def _mask(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in line.items():
        if isinstance(value, str) and key not in _NOT_NUMBERS:
            line[key] = mask_numbers(value)
    return line


def _shorten_ids(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The beginning of a UUID is enough for people, and found by grep in either form of the log."""
    for key in _IDS & line.keys():
        if isinstance(line[key], str) and _UUID.fullmatch(line[key]):
            line[key] = line[key][:8]
    return line


def _escape(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in line.items():
        if isinstance(value, str):
            line[key] = escape_controls(value)
    return line
