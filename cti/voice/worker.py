"""The process that makes sound: ``python -m cti.voice.worker``. It may crash or be killed; the server goes on.

Over pipes, one request after the other. A message is a length of 4 bytes (big-endian) and JSON; a reply that has "wav"
is followed by that many bytes. A request says what to `do`:

- ``speak`` (text, language, voices, rate, pitch, pitch_range): {"wav": N, "left_out": "characters without a sound"}
- ``look`` (the same): {"left_out": ...}, without making the sound
- ``convert`` (file, after): {"wav": N}; `after` is the silence behind it in seconds

or the answer is {"error": the name of a class in cti.voice.errors, "what": ..., "remedy": ...}. It ends when its
standard input does.
"""

import json
import os
import signal
import sys
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from cti.voice import decode, sound
from cti.voice.errors import EngineError, RecordingError, Unspeakable, VoiceError
from cti.voice.espeak import Espeak, Manner
from cti.voice.spelling import Spelt, spelt

Reply = tuple[dict[str, Any], bytes]


class Worker:
    """Does what it is asked for."""

    def __init__(self) -> None:
        self._espeak: Espeak | None = None

    def answer(self, request: dict[str, Any]) -> Reply:
        """The reply to one request, errors included."""
        does: dict[str, Callable[[dict[str, Any]], Reply]] = {
            "speak": self._speak, "look": self._look, "convert": self._convert
        }  # fmt: skip
        try:
            return does[request["do"]](request)
        except VoiceError as error:
            return {"error": type(error).__name__, "what": error.what, "remedy": error.remedy}, b""

    def _engine(self) -> Espeak:
        if self._espeak is None:
            self._espeak = Espeak()
        return self._espeak

    def _spelt(self, request: dict[str, Any]) -> Spelt:
        given = spelt(request["text"], request["language"], request["voices"], self._engine().knows)
        if not given.runs:
            raise Unspeakable(f"nothing in it can be spoken: {request['text']!r}")
        return given

    def _look(self, request: dict[str, Any]) -> Reply:
        given, engine = self._spelt(request), self._engine()
        if not any(engine.phonemes(run.text, run.voice).strip("_:| ") for run in given.runs):
            raise Unspeakable(f"nothing in it can be spoken: {request['text']!r}")
        return {"left_out": given.left_out}, b""

    def _speak(self, request: dict[str, Any]) -> Reply:
        given, engine = self._spelt(request), self._engine()
        manner = Manner(request["rate"], request["pitch"], request["pitch_range"])
        samples = array("h")
        for run in given.runs:
            samples += engine.speak(run.text, run.voice, manner)
        try:
            made = sound.prepared(samples, engine.rate, sound.pause_after(request["text"]))
        except sound.Silent:
            raise Unspeakable(f"nothing in it can be spoken: {request['text']!r}") from None
        return {"wav": len(made), "left_out": given.left_out}, made

    def _convert(self, request: dict[str, Any]) -> Reply:
        samples, rate = decode.decoded(Path(request["file"]))
        try:
            made = sound.prepared(samples, rate, request["after"])
        except sound.Silent as error:
            raise RecordingError(f"{request['file']}: {error}", remedy="Record it again, louder") from None
        return {"wav": len(made)}, made


def serve(requests: BinaryIO, replies: BinaryIO, worker: Worker) -> None:
    """Answers until the requests end."""
    while len(head := requests.read(4)) == 4:
        request = json.loads(requests.read(int.from_bytes(head, "big")))
        try:
            reply, content = worker.answer(request)
        except Exception as error:  # noqa: BLE001 (the edge of the process: the server is told, whatever it was)
            reply, content = (
                {"error": EngineError.__name__, "what": f"{type(error).__name__}: {error}", "remedy": ""},
                b"",
            )
        message = json.dumps(reply).encode()
        replies.write(len(message).to_bytes(4, "big") + message + content)
        replies.flush()


def main() -> None:
    """The process."""
    os.nice(5)  # calls come first
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's matter; it closes our standard input
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get among the replies
    try:
        serve(requests, replies, Worker())
    except BrokenPipeError:
        os._exit(0)  # nobody is there to read it


if __name__ == "__main__":
    main()
