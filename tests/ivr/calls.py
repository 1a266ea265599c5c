"""A caller, a clock and surroundings for walks through flows."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from cti.ivr import say
from cti.ivr.actions import Action, Hangup, Note, Play
from cti.ivr.facts import Facts
from cti.ivr.inputs import HungUp, Input, Key, PlayDone, TimedOut
from cti.ivr.interpreter import STEPS, Interpreter
from cti.ivr.prompts import Piece, Prompt, Recording
from cti.ivr.steps import Flow
from tests.ivr.flows import read_flow

SHANGHAI = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2026, 10, 14, 10, 0, tzinfo=SHANGHAI)
"""A Wednesday."""
EVENING = datetime(2026, 10, 14, 20, 0, tzinfo=SHANGHAI)

FACTS = Facts(
    hotline="售后服务热线",
    zone=SHANGHAI,
    ani="13800138000",
    dnis="4008008008",
    place="广东省深圳市",
    hours="service_desk",
    calls_today=1,
    calls_in_7_days=1,
)

Kind = TypeVar("Kind")


def intervals(*texts: str) -> tuple[say.Interval, ...]:
    """The intervals that "09:00-12:00" and others are."""
    clock = datetime.strptime
    pairs = (text.split("-") for text in texts)
    return tuple((clock(start, "%H:%M").time(), clock(end, "%H:%M").time()) for start, end in pairs)


@dataclass
class Office:
    """Surroundings of one desk: open from nine to six, every day."""

    day: tuple[say.Interval, ...] = field(default_factory=lambda: intervals("09:00-12:00", "13:00-18:00"))
    closed_for_good: bool = False
    notices: Mapping[str, Prompt] = field(default_factory=dict)
    lists: tuple[str, ...] = ()

    def is_open(self, hours: str, at: datetime) -> bool:
        """Between the beginning and the end of an interval."""
        return any(start <= at.time() < end for start, end in self.hours_of_day(hours, at))

    def hours_of_day(self, hours: str, at: datetime) -> tuple[say.Interval, ...]:
        """The same every day."""
        return () if self.closed_for_good else self.day

    def next_opening(self, hours: str, at: datetime) -> datetime | None:
        """The next beginning."""
        days = (at + timedelta(days=ahead) for ahead in range(2))
        openings = (
            datetime.combine(day, start, SHANGHAI) for day in days for start, _ in self.hours_of_day(hours, day)
        )
        return next((opening for opening in openings if opening > at), None)

    def notice(self, name: str, at: datetime) -> Prompt | None:
        """What is up."""
        return self.notices.get(name)

    def in_list(self, name: str) -> bool:
        """Whether the caller is on it."""
        return name in self.lists


class Call:
    """One call. Every method is something that happens; `actions` is what came of the last."""

    def __init__(
        self,
        flow: str | Flow | Mapping[str, Flow],
        at: datetime = MORNING,
        office: Office | None = None,
        steps: int = STEPS,
        first_wait: int = 1,
        **facts: Any,
    ) -> None:
        one = read_flow(flow) if isinstance(flow, str) else flow
        self.flows = {one.flow: one} if isinstance(one, Flow) else dict(one)
        self.now = at
        self.ivr = Interpreter(
            self.flows, replace(FACTS, **facts), office or Office(), steps=steps, first_wait=first_wait
        )
        self.story: list[Note] = []
        self.actions: tuple[Action, ...] = ()
        self.happens_start()

    def happens_start(self) -> None:
        """The call is answered."""
        self._keep(self.ivr.start(next((flow.flow for flow in self.flows.values()), "none"), self.now))

    def happens(self, event: Input) -> "Call":
        """Any input."""
        self._keep(self.ivr.handle(event, self.now))
        return self

    def _keep(self, actions: tuple[Action, ...]) -> None:
        self.actions = actions
        self.story += [action for action in actions if isinstance(action, Note)]

    def presses(self, keys: str) -> "Call":
        """Keys, one after the other."""
        for key in keys:
            self.happens(Key(key))
        return self

    def happens_key(self, key: str) -> "Call":
        """A key event, whatever it bears."""
        return self.happens(Key(key))

    def hears_out(self) -> "Call":
        """What plays ends."""
        return self.happens(PlayDone(self.ivr.wait))

    def waits(self, seconds: float | None = None) -> "Call":
        """Time passes: to the deadline, or so many seconds; the timer goes off."""
        assert self.ivr.deadline is not None
        self.now = self.now + timedelta(seconds=seconds) if seconds is not None else self.ivr.deadline
        return self.happens(TimedOut(self.ivr.wait))

    def hangs_up(self) -> "Call":
        """The caller goes."""
        return self.happens(HungUp())

    @property
    def doings(self) -> list[Action]:
        """What is to be done after the last input, notes aside."""
        return [action for action in self.actions if not isinstance(action, Note)]

    def only(self, kind: type[Kind]) -> Kind:
        """The one thing to be done."""
        (action,) = self.doings
        assert isinstance(action, kind)
        return action

    @property
    def heard(self) -> str:
        """What is being played after the last input, as text."""
        return "".join(spoken(piece) for action in self.actions if isinstance(action, Play) for piece in action.pieces)

    @property
    def why(self) -> list[str]:
        """Why it went on as it did, after the last input."""
        return [action.why for action in self.actions if isinstance(action, Note)]

    @property
    def steps(self) -> list[str]:
        """The steps that it has been led to."""
        return [note.target for note in self.story if note.target]

    @property
    def hung_up(self) -> str | None:
        """The cause with which the call was ended after the last input."""
        return next((action.cause.value for action in self.actions if isinstance(action, Hangup)), None)


def spoken(piece: Piece) -> str:
    """A piece as text; a recording in brackets."""
    return f"[{piece.path}]" if isinstance(piece, Recording) else piece.text


def flow_of(**steps: dict[str, Any]) -> Flow:
    """A flow of these steps that begins with the first."""
    return Flow.model_validate({"flow": "f", "start": next(iter(steps)), "steps": steps})
