"""The log: numbers are masked, and nothing that a caller says reaches a terminal as more than text."""

import io
import json

import pytest
import structlog

from cti import log


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def written(stream: io.StringIO, **options: object) -> str:
    log.configure(stream=stream, **options)
    structlog.get_logger().info(
        "leg created", call_id="13800138000", leg_id="l-1", ani="13800138000", name="\x1b[2J\n张"
    )
    return stream.getvalue()


def test_json_off_a_terminal() -> None:
    line = json.loads(written(io.StringIO()))
    assert list(line)[:3] == ["timestamp", "level", "event"]
    assert line["ani"] == "138****8000"
    assert (line["call_id"], line["leg_id"]) == ("13800138000", "l-1")
    assert line["name"] == "\x1b[2J\n张"


def test_readable_lines_on_a_terminal_and_no_control_character_of_a_callers() -> None:
    text = written(Terminal())
    assert "leg created" in text
    assert "\x1b[2J" not in text
    assert r"\x1b[2J\n张" in text
    assert text.count("\n") == 1


def test_numbers_are_whole_when_the_settings_say_so() -> None:
    assert json.loads(written(io.StringIO(), mask=False))["ani"] == "13800138000"


def test_a_line_below_the_level_is_not_written() -> None:
    assert written(io.StringIO(), level="warning") == ""


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("13800138000", "138****8000"),
        ("+8613800138000", "+86138****8000"),
        ("02012345678", "020****5678"),
        ("12345678", "12****78"),
        ("95588", "95588"),
        ("1001", "1001"),
        ("no reply to 13800138000 in time", "no reply to 138****8000 in time"),
        ("12345678-1234-1234-1234-123456789012", "12345678-1234-1234-1234-123456789012"),
        ("127.0.0.1:8021", "127.0.0.1:8021"),
        ("", ""),
    ],
)
def test_what_is_masked(text: str, masked: str) -> None:
    assert log.mask_numbers(text) == masked


@pytest.fixture(autouse=True)
def _reset() -> object:
    yield
    structlog.reset_defaults()


def test_on_a_terminal_the_beginning_of_an_id_is_enough() -> None:
    id_ = "58274c96-b845-4c86-9df6-0f4ce778c16c"
    terminal, file = Terminal(), io.StringIO()
    log.configure(stream=terminal)
    structlog.get_logger().info("connected", call_id=id_)
    log.configure(stream=file)
    structlog.get_logger().info("connected", call_id=id_)
    assert "58274c96" in terminal.getvalue()
    assert id_ not in terminal.getvalue()
    assert json.loads(file.getvalue())["call_id"] == id_
