"""The distributor: commands and the time go in, effects come out. One turn, then the next.

A turn ends when nothing is left to decide: no idle agent and no ready call that fit each other, no waiting call for
which an overflow rule holds. `invariants` has that as functions.
"""

from collections.abc import Callable
from typing import Any, Final

from cti.acd import commands as do
from cti.acd import conversations, escalation, matching, offers, overflow, plans, stays, work
from cti.acd.effects import Effect
from cti.acd.explanation import Explanation
from cti.acd.floor import Floor
from cti.acd.model import Plan
from cti.acd.timers import Due
from cti.acd.transitions import CallState
from cti.ids import CallId


class Distributor:
    """Decides who gets which call.

    `now` is seconds of any clock; what is earlier than a time handed in before counts as that time. Offers are
    numbered from `first_offer`. Raises BadPlan. `floor` is there to be read.
    """

    def __init__(self, plan: Plan, now: float, first_offer: int = 1) -> None:
        plans.check(plan)
        self.floor = Floor(plan, now, first_offer)
        plans.adopt(self.floor, plan, [])

    def handle(self, command: do.Command, now: float) -> list[Effect]:
        """One command, after all that was due before it.

        Raises UnknownQueue and BadPlan: the command did nothing then; what was due is in the effects of the next turn.
        """
        self._do_what_is_due(now)
        _DO[type(command)](self.floor, command)
        matching.settle(self.floor)
        return self._drain()

    def advance(self, now: float) -> list[Effect]:
        """Everything that is due by now."""
        self._do_what_is_due(now)
        return self._drain()

    def _do_what_is_due(self, now: float) -> None:
        floor = self.floor
        floor.now = max(floor.now, now)
        # All at the time that it is, not that it was due: an offer made in the past would be over before it rang.
        while timer := floor.timers.take(floor.now):
            _, _, due, subject, _, detail = timer
            _DUE[due](floor, subject, detail)
        matching.settle(floor)  # once, so that of calls and agents who come free at the same time the first go first

    def next_deadline(self) -> float | None:
        """When `advance` has to be called at the latest, if nothing else happens."""
        return self.floor.timers.next()

    def explain(self, id_: CallId) -> Explanation | None:
        """Who could have a waiting call now, and why the others could not; None when it does not wait."""
        floor = self.floor
        call = floor.calls.get(id_)
        if call is None or call.state is not CallState.WAITING:
            return None
        plan = call.queue.plan
        rule, where = ("waiting", plan.where) if call.held_for is None else ("last agent", plan.sticky_where)
        return matching.explain(floor, call, [], rule, where)

    def _drain(self) -> list[Effect]:
        effects, self.floor.effects = self.floor.effects, []
        return effects


_DO: Final[dict[type, Callable[[Floor, Any], None]]] = {
    do.Enqueue: stays.enqueue,
    do.HungUp: stays.hung_up,
    do.Left: stays.left,
    do.Move: stays.move,
    do.FlagComplaint: conversations.flag_complaint,
    do.Escalate: conversations.escalate,
    do.Accept: conversations.accept,
    do.Refuse: offers.refuse,
    do.Release: conversations.release,
    do.TakeOwnCall: work.take_own_call,
    do.SetPresence: work.set_presence,
    do.SetRegistered: work.set_registered,
    do.FinishWrapUp: work.finish_wrap_up,
    do.ExtendWrapUp: work.extend_wrap_up,
    do.SetSkills: work.set_skills,
    do.Replan: plans.replan,
}

_DUE: Final[dict[Due, Callable[[Floor, Any, Any], None]]] = {
    Due.OFFER: offers.is_due,
    Due.WRAP_UP: work.end_wrap_up,
    Due.REST: work.rest_is_over,
    Due.RELAX: stays.relax,
    Due.STICKY: stays.stick_no_longer,
    Due.LOOK: overflow.is_due,
    Due.LOOK_AGAIN: overflow.is_due_again,
    Due.ANNOUNCE: stays.announce,
    Due.CALLBACK: stays.offer_callback,
    Due.TALK: escalation.talk_is_long,
}
