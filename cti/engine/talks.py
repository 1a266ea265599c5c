"""What the server itself asks a caller: a message, a number to call back. Flows of our own, within a step of a flow."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from cti.engine import dialogues
from cti.ids import QueueId
from cti.ivr import actions as ivr
from cti.ivr import inputs
from cti.ivr.interpreter import Interpreter
from cti.records.entries import CallOutcome, FollowUp, SegmentKind

if TYPE_CHECKING:
    from cti.engine.call import LiveCall

MESSAGE_MOST: Final = 180.0
"""Seconds of a message."""


class Talks:
    """One call's. At most one goes on at a time."""

    def __init__(self, call: "LiveCall") -> None:
        self._call = call
        self._running: Interpreter | None = None
        self._then: Callable[[Interpreter], None] = lambda _: None
        self._message_then: Callable[[bool], None] = lambda _: None

    # A dialogue

    def begin(self, name: str, then: Callable[[Interpreter], None]) -> None:
        """Begins a dialogue; `then` gets it when it is over and the caller is still there."""
        call = self._call
        running = self._running = call.interpret(dialogues.flows(), self._running or call.interpreter)
        self._then = then
        self._act(running, running.start(name, call.engine.wall))

    def key(self, key: str) -> bool:
        """A key; False: nobody here waits for one."""
        if self._call.tape.mailbox:
            if key == "#":
                self.message_over()
            return True
        if self._running is None:
            return False
        self._tell(self._running, inputs.Key(key))
        return True

    def _tell(self, running: Interpreter, event: inputs.Input) -> None:
        if running is self._running:
            self._act(running, running.handle(event, self._call.engine.wall))

    def _act(self, running: Interpreter, actions: Sequence[ivr.Action]) -> None:
        call = self._call
        for action in actions:
            match action:
                case ivr.Play(wait=wait, pieces=pieces):
                    played = inputs.PlayDone(wait)
                    call.speak(pieces, lambda played=played: self._tell(running, played))  # type: ignore[misc]
                case ivr.StopPlay():
                    call.hush()
        if running.ended:
            self._running = None
            self._then(running)
        else:
            call.expect(running, lambda late: self._tell(running, late))

    # A message

    def take_message(self, queue: QueueId, then: Callable[[bool], None]) -> None:
        """Asks for a message and records it; `then` when it is over and the caller is still there."""

        def record() -> None:
            runs = self._call.tape.begin(queue)
            self._call.diary.begin(SegmentKind.VOICEMAIL, self._call.now, queue)
            self._call.say(f"leaves a message for {queue}")
            self._call.engine.after(MESSAGE_MOST, lambda: self.message_over() if runs() else None)

        self._message_then = then
        self.begin(dialogues.MESSAGE, lambda _: self._call.speak([self._call.engine.beep], record))

    def message_over(self) -> None:
        """The caller has finished, or it is long enough."""
        self.keep_message()
        self._message_then(True)

    def keep_message(self) -> None:
        """Ends a message that is being recorded, if one is."""
        call = self._call
        if call.tape.mailbox:
            call.tape.stop(leg_is_there=call.is_up)
            call.diary.end(SegmentKind.VOICEMAIL, call.now)
            call.outcome = CallOutcome.VOICEMAIL

    # A call back

    def ask_callback(self, queue: QueueId, then: Callable[[bool], None]) -> None:
        """Asks where to call back, and promises it; `then` is told whether the caller wanted it."""
        call = self._call

        def asked(dialogue: Interpreter) -> None:
            number = dialogue.variables.get(dialogues.NUMBER, "")
            if number:
                call.outcome = CallOutcome.CALLBACK
                call.hands.write(
                    FollowUp(
                        created_at=call.now,
                        due_at=call.now,
                        customer=call.engine.customer(number) or number,
                        call=call.id,
                        kind="callback",
                        queue=queue,
                        reason="asked for in the call",
                    )
                )
                call.say(f"is promised a call back by {queue}")
            then(bool(number))

        known = call.arrival.customer is not None
        self.begin(dialogues.CALLBACK if known else dialogues.CALLBACK_WITHHELD, asked)
