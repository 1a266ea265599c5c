"""One call on its way through a flow: where it stands, what it waits for, and what is to be done in this turn."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cti.ivr.actions import Action, Hangup, ListenUntil, Note, Play
from cti.ivr.compose import Seen, compose, seen
from cti.ivr.digits import Ahead, Reader
from cti.ivr.facts import Facts
from cti.ivr.inputs import WaitId
from cti.ivr.prompts import Piece, Prompt
from cti.ivr.steps import Cause
from cti.ivr.surroundings import Surroundings
from cti.ivr.transitions import State
from cti.ivr.values import HANGUP, KEYS, Language

PLAY_LIMIT: Final = timedelta(minutes=10)
"""No prompt is longer; a switch that has not said by then that it played is not waited for."""

HABIT: Final = timedelta(seconds=3)
"""Within this time after a full row of digits the end key is taken for a habit, not for an answer."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where a flow goes on, why, and the keys of the step that say so."""

    target: str
    why: str
    path: tuple[str, ...] = ()
    cause: Cause = Cause.NORMAL
    """What the network is told, where the target is `hangup`."""
    handed_over: bool = False
    """The flow is over, but not the call: somebody else has it."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, how its keys are read, and what they lead to."""

    prompt: Prompt
    reader: Reader
    wait: float
    """Seconds for each key."""
    retries: int
    wrong: Prompt
    """Said after keys that cannot be used."""
    accept: Callable[[str], Way | None]
    """What the value leads to; None: it waits for something else now."""
    give_up: Callable[[str], Way]
    """Where it goes on after too many failures; it is told what the last one was."""
    barge_in: bool = True
    ahead: bool = True
    """Whether keys count that were pressed before it was asked."""


@dataclass(slots=True)
class Asked:
    """A question under way."""

    question: Question
    misses: int = 0
    typed: str = ""


Answer = Callable[[Any], Way | None]
"""Where the flow goes on when the answer comes, given that input; None: it waits for something else now."""


def _nothing(event: object) -> None:
    """What keys answer, or nobody."""


class Run:
    """The state of one call in a flow. `Way | None` is where it goes on; None: it waits."""

    def __init__(self, facts: Facts, surroundings: Surroundings, first_wait: int) -> None:
        self.facts = facts
        self.surroundings = surroundings
        self.now = datetime.min.replace(tzinfo=UTC)
        self.state = State.READY
        self.wait = WaitId(first_wait - 1)
        self.deadline: datetime | None = None
        self.flow = ""
        self.name = ""
        """The step."""
        self.language: Language = facts.language
        self.variables = dict(facts.variables)
        self.ahead = Ahead()
        self.answer: Answer = _nothing
        """What the answer to the present wait leads to."""
        self.exits: dict[str, Way] = {}
        """What a key leads to while the caller is in a queue."""
        self._asked: Asked | None = None
        self._habit = ""
        self._habit_until = self.now
        self._actions: list[Action] = []

    # What is to be done

    def do(self, action: Action) -> None:
        """Adds an action to this turn."""
        self._actions.append(action)

    def done(self) -> tuple[Action, ...]:
        """The actions of this turn."""
        actions, self._actions = tuple(self._actions), []
        return actions

    def note(self, why: str, *path: str, target: str = "") -> None:
        """Adds a line to the call's story."""
        where = ("steps", self.name, *path) if self.name else path
        self.do(Note(self.flow, self.name, why, target, where))

    # What is waited for

    def waits(self, state: State, answer: Answer, until: datetime | None = None) -> WaitId:
        """A new thing to wait for; its number."""
        self.state, self.answer, self.deadline = state, answer, until
        self.wait = WaitId(self.wait + 1)
        return self.wait

    def tell(self, pieces: tuple[Piece, ...], after: Way) -> Way | None:
        """Plays to the end, then goes on; at once where there is nothing to play."""
        if not pieces:
            return after
        self.do(Play(self.waits(State.TELLING, lambda event: after, self.now + PLAY_LIMIT), pieces))
        return None

    def ask(self, asked: Asked) -> Asked:
        """The question that keys answer from now on."""
        self._asked = asked
        return asked

    @property
    def asked(self) -> Asked:
        """The question under way. Raises LookupError when none is."""
        if self._asked is None:
            raise LookupError("no question has been asked")
        return self._asked

    def put(self, pieces: tuple[Piece, ...], question: Question) -> None:
        """Plays a question; listens at once where there is nothing to play."""
        if not pieces:
            self.listen(question)
            return
        keys = KEYS if question.barge_in else ""
        wait = self.waits(State.ASKING, _nothing, self.now + PLAY_LIMIT)
        self.do(Play(wait, pieces, barge_in=question.barge_in, terminators=keys))

    def listen(self, question: Question) -> None:
        """Waits for a key."""
        deadline = self.now + timedelta(seconds=question.wait)
        self.do(ListenUntil(self.waits(State.LISTENING, _nothing, deadline), deadline))

    def end(self, cause: Cause | None) -> None:
        """Nothing happens after this; `cause` is None when there is nobody to hang up on."""
        self.state, self.answer, self.deadline = State.ENDED, _nothing, None
        self.ahead.forget()
        if cause is not None:
            self.do(Hangup(cause))

    # What is known

    def seen(self) -> Seen:
        """What placeholders are filled from."""
        return seen(self._facts(), self.now, self.surroundings)

    def compose(self, prompt: Prompt) -> tuple[Piece, ...]:
        """The pieces of a prompt, in the caller's language."""
        return compose(prompt, self._facts(), self.language, self.now, self.surroundings)

    def _facts(self) -> Facts:
        return replace(self.facts, variables=self.variables, language=self.language)

    # Habits

    def expect_habit(self, key: str) -> None:
        """A key that may follow out of habit and then means nothing."""
        if not self.ahead.skip(key):
            self._habit, self._habit_until = key, self.now + HABIT

    def is_habit(self, key: str) -> bool:
        """Whether a key is the one that was expected; only the next one can be."""
        habit, self._habit = self._habit, ""
        return bool(habit) and key == habit and self.now <= self._habit_until


def ends(why: str, *path: str, cause: Cause = Cause.NORMAL) -> Way:
    """The way that ends the call."""
    return Way(HANGUP, why, path, cause)
