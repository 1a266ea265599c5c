"""Commands render to exact bytes, and nothing in them can become a second command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.esl.commands import (
    Api,
    Auth,
    BgApi,
    Command,
    Events,
    Execute,
    Filter,
    FilterDelete,
    Hangup,
    Linger,
    Log,
    NoLinger,
    SendEvent,
    UserAuth,
)
from cti.esl.errors import UnsafeValue

LEG = "957764c2-0663-4be2-b20d-f80672949596"


@pytest.mark.parametrize(
    ("command", "data"),
    [
        (Auth("ClueCon"), b"auth ClueCon\n\n"),
        (UserAuth("cti", "cti.local", "s3 cret:"), b"userauth cti@cti.local:s3 cret:\n\n"),
        (
            Events(["CHANNEL_PARK"], ["sofia::register"], "json"),
            b"event json CHANNEL_PARK CUSTOM sofia::register\n\n",
        ),
        (Filter("Unique-ID", LEG), f"filter Unique-ID {LEG}\n\n".encode()),
        (FilterDelete("all"), b"filter delete all\n\n"),
        (FilterDelete("Unique-ID", "x"), b"filter delete Unique-ID x\n\n"),
        (Log(7), b"log 7\n\n"),
        (Linger(), b"linger\n\n"),
        (Linger(30), b"linger 30\n\n"),
        (NoLinger(), b"nolinger\n\n"),
        (Api("uuid_kill", [LEG, "LOSE_RACE"]), f"api uuid_kill {LEG} LOSE_RACE\n\n".encode()),
        (BgApi(Api("status"), "1"), b"bgapi status\nJob-UUID: 1\n\n"),
        (
            Execute(LEG, "playback", "a b.wav", id="2", loops=-1, lock=True),
            f"sendmsg {LEG}\ncall-command: execute\nexecute-app-name: playback\nEvent-UUID: 2\n"
            "execute-app-arg: a b.wav\nloops: -1\nevent-lock: true\n\n".encode(),
        ),
        (
            Hangup(LEG, "USER_BUSY"),
            f"sendmsg {LEG}\ncall-command: hangup\nhangup-cause: USER_BUSY\n\n".encode(),
        ),
        (
            SendEvent("NOTIFY", [("event-string", "talk")], "张"),
            "sendevent NOTIFY\nevent-string: talk\ncontent-length: 3\n\n张".encode(),
        ),
    ],
)
def test_a_command_renders_itself(command: Command, data: bytes) -> None:
    assert command.render() == data


def test_logs_show_no_password_and_no_argument() -> None:
    assert "secret" not in f"{Auth('secret')} {Auth('secret')!r} {UserAuth('a', 'b', 'secret')!r}"
    assert str(Api("originate", rest="user/13800138000 &park()")) == "api originate"
    assert str(Execute(LEG, "playback", "13800138000")) == "execute playback"


BREAKS = ["\n", "\r", "\r\n", "\0", "\x0b", "\x85", "\u2028", "\n\napi system id"]


@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.parametrize(
    "make",
    [
        lambda x: Auth(f"a{x}b"),
        lambda x: UserAuth("u", "d", f"a{x}b"),
        lambda x: UserAuth(f"u{x}", "d", "p"),
        lambda x: Events([f"CHANNEL_PARK{x}"]),
        lambda x: Events([], [f"sofia::register{x}"]),
        lambda x: Filter("Unique-ID", f"a{x}b"),
        lambda x: Filter(f"Unique-ID{x}", "a"),
        lambda x: Api(f"status{x}"),
        lambda x: Api("uuid_kill", [f"a{x}b"]),
        lambda x: Api("uuid_broadcast", rest=f"a{x}b"),
        lambda x: BgApi(Api("status"), f"1{x}2"),
        lambda x: Execute(f"a{x}b", "park"),
        lambda x: Execute(LEG, f"park{x}"),
        lambda x: Execute(LEG, "playback", f"a{x}b"),
        lambda x: Execute(LEG, "playback", id=f"1{x}2"),
        lambda x: Hangup(LEG, f"USER_BUSY{x}"),
        lambda x: SendEvent(f"NOTIFY{x}"),
        lambda x: SendEvent("NOTIFY", [(f"a{x}b", "v")]),
        lambda x: SendEvent("NOTIFY", [("a", f"v{x}w")]),
    ],
)
def test_a_line_break_in_any_part_is_refused(make: object, broken: str) -> None:
    with pytest.raises(UnsafeValue):
        make(broken).render()


@pytest.mark.parametrize("argument", ["${system id}", "$${x}", "a$\\{x}", "x ${caller_id_name} y"])
def test_an_argument_that_the_switch_would_expand_is_refused(argument: str) -> None:
    with pytest.raises(UnsafeValue, match="expanded"):
        Execute(LEG, "playback", argument).render()


def test_a_regex_that_ends_in_a_dollar_is_no_expansion() -> None:
    assert rb"^\d{3}$" in Execute(LEG, "play_and_get_digits", r"^\d{3}$").render()


@pytest.mark.parametrize("word", ["", "a b", "a'b", "a\tb", "a\\b"])
def test_a_word_is_one_word(word: str) -> None:
    with pytest.raises(UnsafeValue):
        Api("uuid_kill", [word]).render()


def test_a_header_of_its_own_length_is_refused() -> None:
    with pytest.raises(UnsafeValue, match="Content-Length"):
        SendEvent("NOTIFY", [("Content-Length", "0")]).render()


@given(st.text(max_size=200))
def test_fuzz_any_text_is_refused_or_stays_one_command(text: str) -> None:
    for command in (Api("echo", rest=text), Execute(LEG, "playback", text, id="1"), Filter("a", text)):
        try:
            data = command.render()
        except UnsafeValue:
            continue
        assert data.endswith(b"\n\n")
        assert data.count(b"\n\n") == 1
        assert b"\r" not in data
        assert b"\0" not in data
        assert len(data.split(b"\n")) <= 7
