"""What the engine can have done. Nothing here waits: what comes of it is an input of its own, later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from cti.ids import CallId, LegId, NodeName
from cti.ivr.actions import RequestHttp
from cti.ivr.prompts import Piece
from cti.records.entries import Entry
from cti.records.recordings.tags import Tags
from cti.switch.port import Endpoint, ShownCaller


@dataclass(frozen=True, slots=True)
class Leg:
    """A leg, and the switch that has it."""

    node: NodeName
    id: LegId


class Hands(Protocol):
    """The verbs of `cti.switch.port.Switch`, and those of the records, the voice and the web, without waiting.

    What fails comes back as VerbFailed. Verbs for one leg are done in the order in which they were called.
    """

    def new_id(self) -> str:
        """A fresh UUID, for a leg or an execution."""

    def claim(self, leg: Leg, call: CallId) -> None:
        """Claimed tells."""

    def guard(self, leg: Leg, seconds: int) -> None: ...
    def unguard(self, leg: Leg) -> None: ...
    def answer(self, leg: Leg) -> None: ...

    def speak(self, leg: Leg, pieces: Sequence[Piece], execution: str) -> None:
        """Renders what is not rendered yet, then plays; ExecutionDone tells, whatever could not be rendered."""

    def music(self, leg: Leg, stream: str, execution: str) -> None: ...
    def stop(self, leg: Leg) -> None:
        """Also whatever was to be spoken and is being rendered."""

    def ring(self, leg: Leg, endpoint: Endpoint, call: CallId, shown: ShownCaller, seconds: int) -> None: ...
    def bridge(self, leg: Leg, other: Leg) -> None: ...
    def hang_up(self, leg: Leg, cause: str = "NORMAL_CLEARING") -> None: ...
    def set_variables(self, leg: Leg, variables: Mapping[str, str]) -> None: ...
    def hold(self, leg: Leg, on: bool) -> None: ...

    def record(self, leg: Leg, tags: Tags, zone: ZoneInfo) -> None:
        """Begins a recording of a leg; `tags.id` names it from now on."""

    def stop_record(self, leg: Leg, tags: Tags) -> None: ...
    def mask(self, leg: Leg, tags: Tags, masked: bool) -> None: ...
    def keep_recording(self, tags: Tags, mailbox: str = "") -> None:
        """It is over, or the leg is: checks it, tags it, tells the records. `mailbox`: it is a message."""

    def look_up(self, call: CallId, customer: str | None, at: datetime, zone: ZoneInfo) -> None:
        """LookedUp tells."""

    def fetch(self, call: CallId, request: RequestHttp) -> None:
        """Fetched tells."""

    def write(self, *entries: Entry) -> None:
        """Into the records."""
