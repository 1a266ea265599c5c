"""The switch of the benchmark: recorded events as fast as the client takes them, and an answer to every command.

It runs in a thread of the process that starts the clients, so its CPU time is in nobody's account.
"""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import accumulate
from pathlib import Path
from typing import Final

RECORDINGS: Final = Path(__file__).parent.parent / "tests" / "data" / "esl"
LEFT_OUT: Final = frozenset({"hostile", "call_json"})
"""Recordings that are not everyday traffic in the plain format."""

MARK: Final = "BENCHMARK"
"""Event-Name of the event that stands after every `step` events."""

_PLAIN_EVENT: Final = re.compile(rb"Content-Length: (\d+)\nContent-Type: text/event-plain\n\n")
_ACCEPTED: Final = b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n"
_UUID: Final = b"Content-Type: api/response\nContent-Length: 36\n\n1b4e28ba-2fa1-11d2-883f-0016d3cca427"


def recorded_events() -> list[bytes]:
    """The frames of all plain events of the recordings, in order, as they stood on the wire."""
    frames = []
    for path in sorted(RECORDINGS.glob("*.esl")):
        if path.stem in LEFT_OUT:
            continue
        stream, at = _received(path.read_bytes()), 0
        while head := _PLAIN_EVENT.search(stream, at):
            at = head.end() + int(head[1])
            frames.append(stream[head.start() : at])
    return frames


def _received(recording: bytes) -> bytes:
    """What the switch said in a recording (its format: tests/esl/transcripts.py)."""
    parts, at = [], 0
    while at < len(recording):
        end = recording.index(b"\n", at)
        direction, _, length = recording[at:end].split()
        at = end + 2 + int(length)
        if direction == b"<--":
            parts.append(recording[end + 1 : at - 1])
    return b"".join(parts)


class Switch:
    """Lets one client in; the first ``event`` command sets off `marks` times `step` events and a mark."""

    def __init__(self, frames: list[bytes], step: int, marks: int) -> None:
        self._traffic = memoryview(b"".join(frames))
        self._starts = list(accumulate(map(len, frames), initial=0))
        self._step = step
        self._marks = marks

    def serve(self, listener: socket.socket) -> None:
        """Serves one client until it leaves."""
        with suppress(OSError):  # nobody came, or the client was stopped
            client, _ = listener.accept()
            with client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._converse(client)

    def _converse(self, client: socket.socket) -> None:
        client.sendall(b"Content-Type: auth/request\n\n")
        rest = b""
        while data := client.recv(1 << 16):
            *commands, rest = (rest + data).split(b"\n\n")
            client.sendall(b"".join([_UUID if command.startswith(b"api") else _ACCEPTED for command in commands]))
            if any(command.startswith(b"event") for command in commands):
                self._send_events(client)
            elif b"exit" in commands:
                return

    def _send_events(self, client: socket.socket) -> None:
        payload = f"Event-Name: {MARK}\nUnique-ID: none\n\n".encode()
        mark = b"Content-Length: %d\nContent-Type: text/event-plain\n\n%b" % (len(payload), payload)
        frames, at = len(self._starts) - 1, 0
        for _ in range(self._marks):
            left = self._step
            while left:
                count = min(left, frames - at)
                client.sendall(self._traffic[self._starts[at] : self._starts[at + count]])
                at = (at + count) % frames
                left -= count
            client.sendall(mark)


@contextmanager
def serving(switch: Switch) -> Iterator[int]:
    """The port of 127.0.0.1 where `switch` waits for its one client."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=switch.serve, args=[listener], daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # a client that never came leaves accept waiting
    thread.join(timeout=5)
