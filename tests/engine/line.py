"""A hotline in virtual time: the engine on hands that only note down what they are told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cti.engine import inputs as in_
from cti.engine.engine import Engine
from cti.engine.hands import Leg
from cti.engine.moment import Moment
from cti.ids import CallId, LegId, NodeName
from cti.ivr.actions import RequestHttp
from cti.ivr.prompts import Piece, Speech
from cti.records.entries import CallClosed, CallRecord, Entry
from cti.records.recordings.tags import Tags
from cti.records.store import Earlier
from cti.switch import port
from tests.engine.examples import example

MAIN = NodeName("main")
BEGIN = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # ten o'clock in Shanghai, a Tuesday


@dataclass
class Hands:
    """Notes down every verb as (verb, what)."""

    done: list[tuple[Any, ...]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    finished: list[tuple[Tags, str]] = field(default_factory=list)
    ids: int = 0

    def new_id(self) -> str:
        self.ids += 1
        return f"id-{self.ids}"

    def _note(self, *what: Any) -> None:
        self.done.append(what)

    def claim(self, leg: Leg, call: CallId) -> None:
        self._note("claim", leg.id)

    def guard(self, leg: Leg, seconds: int) -> None:
        self._note("guard", leg.id)

    def unguard(self, leg: Leg) -> None:
        self._note("unguard", leg.id)

    def answer(self, leg: Leg) -> None:
        self._note("answer", leg.id)

    def speak(self, leg: Leg, pieces: Sequence[Piece], execution: str) -> None:
        text = "".join(piece.text if isinstance(piece, Speech) else f"[{piece.path}]" for piece in pieces)
        self._note("speak", leg.id, text, execution)

    def music(self, leg: Leg, stream: str, execution: str) -> None:
        self._note("music", leg.id, stream)

    def stop(self, leg: Leg) -> None:
        self._note("stop", leg.id)

    def ring(self, leg: Leg, endpoint: port.Endpoint, call: CallId, shown: port.ShownCaller, seconds: int) -> None:
        self._note("ring", leg.id, endpoint)

    def bridge(self, leg: Leg, other: Leg) -> None:
        self._note("bridge", leg.id, other.id)

    def hang_up(self, leg: Leg, cause: str = "NORMAL_CLEARING") -> None:
        self._note("hang up", leg.id, cause)

    def set_variables(self, leg: Leg, variables: Mapping[str, str]) -> None:
        self._note("set", leg.id, dict(variables))

    def hold(self, leg: Leg, on: bool) -> None:
        self._note("hold", leg.id, on)

    def record(self, leg: Leg, tags: Tags, zone: ZoneInfo) -> None:
        self._note("record", leg.id, tags.id)

    def stop_record(self, leg: Leg, tags: Tags) -> None:
        self._note("stop record", leg.id, tags.id)

    def mask(self, leg: Leg, tags: Tags, masked: bool) -> None:
        self._note("mask", leg.id, tags.id, masked)

    def keep_recording(self, tags: Tags, mailbox: str = "") -> None:
        self.finished.append((tags, mailbox))

    def look_up(self, call: CallId, customer: str | None, at: datetime, zone: ZoneInfo) -> None:
        self._note("look up", customer)

    def fetch(self, call: CallId, request: RequestHttp) -> None:
        self._note("fetch", request.url)

    def write(self, *entries: Entry) -> None:
        self.entries += entries


class Line:
    """What a switch, phones and people do, in the words of a test."""

    def __init__(self, at: datetime = BEGIN) -> None:
        self.hands = Hands()
        self.steady, self.wall = 0.0, at
        self.engine = Engine(example(), self.hands, self._moment())
        self.hangs_up = True
        """The switch ends the legs of agents as soon as it is told to. Callers' end when the test says so."""
        self._looked_at = 0

    def _moment(self) -> Moment:
        return Moment(self.steady, self.wall)

    def put(self, event: in_.Input) -> None:
        """An input, now."""
        self.engine.handle(event, self._moment())
        while self._looked_at < len(self.hands.done):
            verb, *what = self.hands.done[self._looked_at]
            self._looked_at += 1
            if verb == "hang up" and self.hangs_up and what[0].startswith("id-"):
                self.ends(*what)

    def tells(self, kind: type[port.SwitchEvent], leg: str, **more: Any) -> None:
        """The switch tells something of a leg."""
        at = int(self.wall.timestamp() * 1e6)
        self.put(in_.FromSwitch(MAIN, kind(at, LegId(leg), CallId(leg), **more)))  # type: ignore[call-arg]

    def wait(self, seconds: float) -> None:
        """Time passes, with all that is due in it."""
        until = self.steady + seconds
        while (due := self.engine.due()) is not None and due <= until:
            self._to(max(due, self.steady))
            self.put(in_.Tick())
        self._to(until)
        self.put(in_.Tick())

    def _to(self, steady: float) -> None:
        self.wall += timedelta(seconds=steady - self.steady)
        self.steady = steady

    def registers(self, *users: str) -> None:
        """Agents' phones."""
        for user in users:
            self.put(in_.FromSwitch(MAIN, port.PhoneChanged(0, user, True)))

    def calls(self, leg: str, number: str = "4008008008", ani: str = "13922112211", **earlier: Any) -> None:
        """A call comes in, is claimed and answered."""
        self.arrives(leg, number, ani)
        self.put(in_.Claimed(CallId(leg), True))
        self.put(in_.LookedUp(CallId(leg), Earlier(**earlier)))
        self.tells(port.LegAnswered, leg)

    def arrives(self, leg: str, number: str = "4008008008", ani: str = "13922112211") -> None:
        """A call is parked by the dialplan."""
        self.tells(port.LegCreated, leg, inbound=True, ani=ani, caller_name="", dnis=number)
        self.tells(port.LegParked, leg)

    def hears_out(self, leg: str) -> str:
        """What plays to the caller is played to its end; what it was."""
        spoken = [what for what in self.hands.done if what[0] == "speak" and what[1] == leg]
        _, _, text, execution = spoken[-1]
        self.tells(port.ExecutionDone, leg, application="playback", execution=execution)
        return str(text)

    def keys(self, leg: str, keys: str) -> None:
        """The caller presses keys."""
        for key in keys:
            self.tells(port.KeyPressed, leg, key=key)

    def to_queue(self, leg: str = "c1", **how: Any) -> None:
        """A caller who has pressed 1 and waits for the repair agents."""
        self.calls(leg, **how)
        self.hears_out(leg)
        self.keys(leg, "1")

    def rings(self) -> list[tuple[str, str]]:
        """(leg, user) of everything that was rung and has not been hung up on."""
        over = {what[1] for what in self.hands.done if what[0] == "hang up"}
        rung = [what for what in self.hands.done if what[0] == "ring" and what[1] not in over]
        return [
            (leg, endpoint.user if isinstance(endpoint, port.Phone) else str(endpoint)) for _, leg, endpoint in rung
        ]

    def connected(self, leg: str = "c1") -> str:
        """The phone that rings is answered and bridged; the agent's leg."""
        agent_leg, _ = self.rings()[-1]
        self.picks_up(agent_leg)
        self.tells(port.LegsBridged, leg, other=LegId(agent_leg))
        return agent_leg

    def picks_up(self, leg: str) -> None:
        """Somebody who was rung answers, and is parked."""
        self.tells(port.LegAnswered, leg)
        self.tells(port.LegParked, leg)

    def ends(self, leg: str, cause: str = "NORMAL_CLEARING") -> None:
        """A leg is gone."""
        self.tells(port.LegEnded, leg, cause=cause)

    def verbs(self) -> list[str]:
        """What was done, in order, in a word each."""
        return [what[0] for what in self.hands.done]

    def records(self) -> list[CallRecord]:
        """Of the calls that are over."""
        return [entry.call for entry in self.hands.entries if isinstance(entry, CallClosed)]

    def record(self) -> CallRecord:
        """The one that there is."""
        [record] = self.records()
        return record
