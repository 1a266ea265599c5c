"""A number outside that a caller is put through to."""

from typing import TYPE_CHECKING, Final

from cti.engine.hands import Leg
from cti.ids import LegId
from cti.ivr import inputs
from cti.records.entries import CallOutcome, LegKind, SegmentKind, Termination
from cti.switch.port import Number, ShownCaller

if TYPE_CHECKING:
    from cti.engine.call import LiveCall

RINGS: Final = 30
"""Seconds."""


class Outside:
    """One call's. At most one number is rung at a time."""

    def __init__(self, call: "LiveCall") -> None:
        self._call = call
        self._leg: Leg | None = None
        self._wait: inputs.WaitId | None = None
        """Of the flow that waits for the outcome; None: no flow does."""

    @property
    def is_up(self) -> bool:
        """A number rings, or talks."""
        return self._leg is not None

    def has(self, leg: LegId) -> bool:
        """Whether it is that of the number."""
        return self._leg is not None and self._leg.id == leg

    def ring(self, number: str, wait: inputs.WaitId | None) -> None:
        """Rings a number."""
        call = self._call
        leg = self._leg = call.new_leg()
        self._wait = wait
        call.diary.leg_made(leg.id, LegKind.OUTSIDE, call.now, number=number)
        call.hands.unguard(call.leg)
        call.hands.ring(leg, Number(number), call.id, ShownCaller(call.arrival.dnis), RINGS)
        call.say(f"rings {number}")

    def take_over(self, leg: Leg) -> None:
        """An agent has left the caller with a number outside."""
        self._leg, self._wait = leg, None
        self._call.diary.begin(SegmentKind.TALK, self._call.now, "outside")

    def answered(self) -> None:
        """They have picked up."""
        call = self._call
        if self._leg is None:
            return
        call.hands.bridge(call.leg, self._leg)
        call.outcome = CallOutcome.TRANSFERRED
        call.diary.begin(SegmentKind.TALK, call.now, "outside")
        call.say("the number outside has answered")
        if self._wait is not None:
            call.tell_flow(inputs.Transferred(self._wait))

    def gone(self, cause: str) -> None:
        """They have hung up, or never answered."""
        call, wait = self._call, self._wait
        self._leg = self._wait = None
        if call.diary.is_open(SegmentKind.TALK):
            call.diary.end(SegmentKind.TALK, call.now, cause)
            call.termination = Termination.AGENT
            call.end()
            return
        call.say(f"the number outside did not answer: {cause}")
        if wait is None:
            call.end()
        else:
            call.guard()
            call.tell_flow(inputs.TransferFailed(wait, cause))

    def drop(self, wait: inputs.WaitId | None = None) -> None:
        """Nobody wants it any more; with `wait` only if it is that one."""
        if self._leg is not None and wait in (None, self._wait):
            self._call.hands.hang_up(self._leg, "ORIGINATOR_CANCEL")
            self._leg = self._wait = None
