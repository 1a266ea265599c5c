"""Bytes to frames: exact cuts, caps, and never more memory than the caps allow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.esl.commands import Auth
from cti.esl.errors import BodyTooLarge, EslError, HeaderTooLarge, WireError
from cti.esl.events import Event
from cti.esl.protocol import EslProtocol
from cti.esl.wire import READ_SIZE, FrameReader, Limits, render_frame
from tests.esl import transcripts
from tests.esl.fake import GREETING, event, reply

SMALL = Limits(max_header=4096, max_body=65536)


def frames(data: bytes, limits: Limits | None = None) -> list[tuple[bytes, str]]:
    reader = FrameReader(limits)
    reader.feed(data)
    found = []
    while (frame := reader.next_frame()) is not None:
        found.append((frame.content_type, frame.text()))
    return found


def test_a_body_is_as_long_as_it_says_whatever_it_holds() -> None:
    first = render_frame([("Content-Type", "api/response")], b"Content-Type: auth/request\n\nx\n\n")
    assert frames(first + GREETING) == [
        (b"api/response", "Content-Type: auth/request\n\nx\n\n"),
        (b"auth/request", ""),
    ]


def test_newlines_between_frames_are_skipped() -> None:
    assert frames(b"\n\n" + GREETING + b"\n" + GREETING) == [(b"auth/request", "")] * 2


def test_a_header_of_100_kb_is_read() -> None:
    frame = FrameReader()
    frame.feed(reply("x" * 100_000))
    found = frame.next_frame()
    assert found is not None
    assert found.header("Reply-Text") == "x" * 100_000


def test_a_header_of_10_mb_is_refused_early() -> None:
    reader = FrameReader()
    with pytest.raises(HeaderTooLarge):
        for _ in range(10 * 1024):
            reader.feed(b"x" * 1024)
            reader.next_frame()
    assert reader.buffered <= Limits().max_header + 1024


def test_a_body_past_the_cap_is_refused_before_it_comes() -> None:
    with pytest.raises(BodyTooLarge, match="16777217"):
        frames(b"Content-Length: 16777217\nContent-Type: text/event-plain\n\n")


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: -1\nContent-Type: api/response\n\n",
        b"Content-Length: 0x10\nContent-Type: api/response\n\n",
        b"Content-Length: \nContent-Type: api/response\n\n",
        b"Content-Length: 99999999999999999999\nContent-Type: api/response\n\n",
        b"hello\n\n",
        b"SSH-2.0-OpenSSH_9.2\n\n",
    ],
)
def test_what_is_not_the_protocol_is_a_clear_error(head: bytes) -> None:
    with pytest.raises(WireError, match="mod_event_socket"):
        frames(head)


def test_the_buffer_grows_for_one_large_frame_and_shrinks_again() -> None:
    reader = FrameReader()
    large = event(("Event-Name", "LARGE"), ("x", "y" * 3_000_000))
    for at in range(0, len(large), 100_000):
        reader.feed(large[at : at + 100_000])
        reader.next_frame()
    assert len(reader.get_buffer()) == READ_SIZE


def test_plain_events_stops_at_what_is_not_one() -> None:
    reader = FrameReader()
    reader.feed(event(("Event-Name", "A")) + event(("Event-Name", "B")) + reply("+OK") + event(("Event-Name", "C")))
    assert [Event(raw).name for raw in reader.plain_events()] == ["A", "B"]
    assert reader.next_frame().content_type == b"command/reply"
    assert [Event(raw).name for raw in reader.plain_events()] == ["C"]


# --- fuzz: never a crash, never a hang, never memory without bound ---------------------------------

FRAMES = [part.data for part in transcripts.read("race") if not part.sent][2:]


def survives(data: bytes, piece: int) -> None:
    """Every byte sequence is either understood or ends in one EslError; the buffer stays under the caps."""
    protocol = EslProtocol(Auth("ClueCon"), SMALL)
    reader = protocol._reader
    for at in range(0, len(data), piece):
        if protocol.error is not None:
            break
        protocol.feed(data[at : at + piece])
        for output in protocol.outputs():
            if isinstance(output, Event):
                assert isinstance(output.name, str)
                assert isinstance(output.body, str)
                assert isinstance(output.timestamp, int)
                dict(output.headers())
        assert reader.buffered <= SMALL.max_header + SMALL.max_body + piece + 2
    protocol.end()
    assert isinstance(protocol.error, EslError)
    assert str(protocol.error)


@given(st.binary(max_size=4096), st.integers(1, 512), st.booleans())
def test_fuzz_random_bytes(data: bytes, piece: int, greeted: bool) -> None:
    opening = GREETING + reply("+OK accepted") if greeted else b""
    survives(opening + data, piece)


mutation = st.tuples(
    st.floats(0, 1, exclude_max=True),
    st.sampled_from(["replace", "insert", "delete", "repeat"]),
    st.binary(max_size=40),
)


@given(st.integers(0, len(FRAMES) - 1), st.lists(mutation, max_size=8), st.integers(64, 8192))
def test_fuzz_mutated_recordings(start: int, mutations: list[tuple[float, str, bytes]], piece: int) -> None:
    data = bytearray(b"".join(FRAMES[start : start + 4]))
    for where, what, extra in mutations:
        at = int(where * len(data))
        if what == "replace":
            data[at : at + len(extra)] = extra
        elif what == "insert":
            data[at:at] = extra
        elif what == "delete":
            del data[at : at + len(extra)]
        else:
            data[at:at] = data[at : at + 500]
    survives(GREETING + reply("+OK accepted") + bytes(data), piece)
