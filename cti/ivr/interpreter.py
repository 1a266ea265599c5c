"""Walks one call through a flow: takes what happens, says what to do. It reads no clock and touches nothing.

The shell carries out the actions in their order and reports back. After every `handle` it looks at `deadline`: if
nothing else has happened by then, it says TimedOut(wait).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from cti.ivr import phrases
from cti.ivr.actions import Abandon, Action, LeaveQueue, StopPlay
from cti.ivr.asking import press, silence
from cti.ivr.facts import Facts
from cti.ivr.inputs import HungUp, Input, Key, Started, TimedOut, WaitId
from cti.ivr.run import Run, Way
from cti.ivr.steps import Flow
from cti.ivr.surroundings import Surroundings
from cti.ivr.transitions import LATE, TABLE, Reaction, State
from cti.ivr.values import HANGUP, KEYS, Language
from cti.ivr.verbs import excuse, perform

STEPS: Final = 500
"""A call that has gone through so many steps is led to an end: no caller needs more."""


class Interpreter:
    """One call in one flow of `flows`.

    A flow that runs later in the same call (a survey after the talk, a flow after overflow) gets an interpreter of its
    own: its facts have the `language` and `variables` of the one before, and `first_wait` is the `next_wait` of that
    one, so that no number is given twice in a call.
    """

    def __init__(
        self,
        flows: Mapping[str, Flow],
        facts: Facts,
        surroundings: Surroundings,
        *,
        steps: int = STEPS,
        first_wait: int = 1,
    ) -> None:
        self._flows = flows
        self._run = Run(facts, surroundings, first_wait)
        self._left = steps

    @property
    def state(self) -> State:
        """What the flow waits for."""
        return self._run.state

    @property
    def ended(self) -> bool:
        """Whether it is over; every further input is ignored."""
        return self._run.state is State.ENDED

    @property
    def wait(self) -> WaitId:
        """The number of what it waits for."""
        return self._run.wait

    @property
    def next_wait(self) -> int:
        """The first number that has not been given."""
        return self._run.wait + 1

    @property
    def deadline(self) -> datetime | None:
        """When TimedOut(wait) is due; None: never."""
        return self._run.deadline

    @property
    def step(self) -> str:
        """The step where the call is; empty before the start."""
        return self._run.name

    @property
    def language(self) -> Language:
        """What the caller hears."""
        return self._run.language

    @property
    def variables(self) -> Mapping[str, str]:
        """What has been collected, set or taken so far."""
        return dict(self._run.variables)

    def start(self, flow: str, now: datetime) -> tuple[Action, ...]:
        """Begins a flow; the same as handling Started."""
        return self.handle(Started(flow), now)

    def handle(self, event: Input, now: datetime) -> tuple[Action, ...]:
        """What is to be done now that `event` has happened. `now` has a time zone. Raises nothing of its own."""
        run = self._run
        run.now = now
        wait = getattr(event, "wait", run.wait)
        if wait != run.wait and not self.ended:
            run.note(f"ignored: {LATE[type(event)]}")
        else:
            reaction = TABLE[run.state, type(event)]
            self._walk(_REACTIONS[reaction](self, event))
        return run.done()

    def _walk(self, way: Way | None) -> None:
        """Goes from step to step until something is waited for."""
        run = self._run
        while way is not None:
            if way.handed_over:
                run.note(way.why, *way.path)
                run.end(None)
                return
            run.note(way.why, *way.path, target=way.target)
            if way.target == HANGUP:
                run.end(way.cause)
                return
            way = self._enter(way.target)

    def _enter(self, name: str) -> Way | None:
        run = self._run
        step = self._flows[run.flow].steps.get(name)
        if step is None:  # `cti check` finds it; a call that meets it all the same is not left in silence
            run.note(f"there is no step {name}")
            return excuse(run, phrases.NOT_CONNECTED)
        if not self._left:
            run.note("the call has gone through too many steps")
            return excuse(run, phrases.ENOUGH)
        self._left -= 1
        run.name = name
        return perform(run, step)

    # One reaction each. They answer where the flow goes on; None: it waits, for the same thing or another.

    def _begin(self, event: Started) -> Way | None:
        run = self._run
        run.flow = event.flow
        flow = self._flows.get(event.flow)
        if flow is None:
            run.note(f"there is no flow {event.flow}")
            return excuse(run, phrases.NOT_CONNECTED)
        return Way(flow.start, "the flow begins", ("start",))

    def _answer(self, event: Input) -> Way | None:
        return self._run.answer(event)

    def _listen(self, event: Input) -> None:
        self._run.listen(self._run.asked.question)

    def _keep(self, event: Key) -> None:
        if self._counts(event.key):
            self._run.ahead.keep(event.key)

    def _barge(self, event: Key) -> Way | None:
        run = self._run
        asked = run.asked
        if not asked.question.barge_in or not self._counts(event.key):
            return None
        run.do(StopPlay(run.wait))
        return press(run, asked, event.key)

    def _read(self, event: Key) -> Way | None:
        return press(self._run, self._run.asked, event.key) if self._counts(event.key) else None

    def _exit(self, event: Key) -> Way | None:
        way = self._run.exits.get(event.key)
        if way is not None:
            self._run.do(LeaveQueue(self._run.wait, event.key))
        return way

    def _overdue(self, event: TimedOut) -> Way | None:
        run = self._run
        if self._early():
            return None
        run.note("the switch did not say that the prompt is over")
        run.do(StopPlay(run.wait))
        if run.state is State.TELLING:
            return run.answer(event)
        run.listen(run.asked.question)
        return None

    def _silence(self, event: TimedOut) -> Way | None:
        return None if self._early() else silence(self._run, self._run.asked)

    def _no_answer(self, event: TimedOut) -> Way | None:
        if self._early():
            return None
        self._run.do(Abandon(self._run.wait))
        return self._run.answer(event)

    def _end(self, event: HungUp) -> None:
        run = self._run
        stop = _STOP.get(run.state)
        if stop is not None:
            run.do(stop(run.wait))
        run.note("the caller hung up")
        run.end(None)

    def _again(self, event: Started) -> None:
        self._run.note(f"ignored: {event.flow} was to be started, and a flow runs already")

    def _stray(self, event: Input) -> None:
        self._run.note(f"ignored: {type(event).__name__} cannot answer what is waited for")

    def _nothing(self, event: Input) -> None:
        return

    # What they ask

    def _counts(self, key: str) -> bool:
        """Whether the key is one of a telephone's, and no habit."""
        return len(key) == 1 and key in KEYS and not self._run.is_habit(key)

    def _early(self) -> bool:
        """Whether a timer came before its time, as a coarse clock does; the deadline stands."""
        return self._run.deadline is not None and self._run.now < self._run.deadline


_STOP: Final[dict[State, Callable[[WaitId], Action]]] = {
    State.TELLING: StopPlay,
    State.ASKING: StopPlay,
    State.QUEUED: LeaveQueue,
    State.FETCHING: Abandon,
    State.RECORDING: Abandon,
    State.PROMISING: Abandon,
    State.TRANSFERRING: Abandon,
}
"""What the end of the call stops."""

_REACTIONS: Final[dict[Reaction, Callable[[Interpreter, Any], Way | None]]] = {
    Reaction.BEGIN: Interpreter._begin,
    Reaction.ANSWER: Interpreter._answer,
    Reaction.LISTEN: Interpreter._listen,
    Reaction.KEEP: Interpreter._keep,
    Reaction.BARGE: Interpreter._barge,
    Reaction.READ: Interpreter._read,
    Reaction.EXIT: Interpreter._exit,
    Reaction.DEAF: Interpreter._nothing,
    Reaction.OVERDUE: Interpreter._overdue,
    Reaction.SILENCE: Interpreter._silence,
    Reaction.NO_ANSWER: Interpreter._no_answer,
    Reaction.END: Interpreter._end,
    Reaction.AGAIN: Interpreter._again,
    Reaction.STRAY: Interpreter._stray,
    Reaction.OVER: Interpreter._nothing,
}
