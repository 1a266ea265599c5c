"""The tables of legal moves, and what becomes of every command in every state, also of late and repeated ones."""

from collections.abc import Callable

import pytest

from cti.acd import commands as do
from cti.acd.commands import Presence, Refusal
from cti.acd.model import AgentPlan, Audience, Caller, EscalationRule, Plan, RelaxStep, Trigger
from cti.acd.state import Agent, Call, Queue
from cti.acd.transitions import AGENT_MOVES, CALL_MOVES, Activity, CallState, IllegalMove
from cti.ids import AgentId, CallId, OfferId, QueueId
from tests.acd import late
from tests.acd.world import Hotline, agent, needs, plan, queue, step

# Legal moves

LEGAL_FOR_CALLS = {
    "new": {"waiting"},
    "waiting": {"offered", "gone"},
    "offered": {"waiting", "talking", "gone"},
    "talking": {"gone"},
    "gone": set(),
}

LEGAL_FOR_AGENTS = {
    "idle": {"offered", "on_call"},
    "offered": {"idle", "on_call"},
    "on_call": {"wrap_up", "idle"},
    "wrap_up": {"idle", "on_call"},
}


@pytest.mark.parametrize("after", CallState)
@pytest.mark.parametrize("before", CallState)
def test_a_call_moves_as_the_table_says(before: CallState, after: CallState) -> None:
    call = Call(CallId("c1"), Caller(), 0.0, 1, Queue(queue("service"), 180.0), before)
    if after in LEGAL_FOR_CALLS[before]:
        call.become(after)
        assert call.state is after
    else:
        with pytest.raises(IllegalMove, match=f"call c1 cannot go from {before} to {after}"):
            call.become(after)
        assert call.state is before


@pytest.mark.parametrize("after", Activity)
@pytest.mark.parametrize("before", Activity)
def test_an_agent_moves_as_the_table_says(before: Activity, after: Activity) -> None:
    person = Agent(AgentPlan(AgentId("wang")), 0, 0.0)
    person.activity = before
    if after in LEGAL_FOR_AGENTS[before]:
        person.become(after)
        assert person.activity is after
    else:
        with pytest.raises(IllegalMove, match=f"agent wang cannot go from {before} to {after}"):
            person.become(after)
        assert person.activity is before


def test_a_call_that_has_gone_goes_nowhere() -> None:
    line = Hotline(plan([queue("service")], []))
    line.calls("c1")
    call = line.acd.floor.calls[C1]
    line.hangs_up("c1")
    assert call.state is CallState.GONE
    with pytest.raises(IllegalMove):
        call.leave()


def test_the_tables_know_no_other_states() -> None:
    assert {state for move in CALL_MOVES for state in move} == set(CallState)
    assert {activity for move in AGENT_MOVES for activity in move} == set(Activity)


# Every command in every state of a call

COMPLAINT = EscalationRule(
    Trigger.COMPLAINT, to=QueueId("complaints"), tell=frozenset({Audience.SUPERVISORS}), where="e:1"
)


def small_plan(sticky: float) -> Plan:
    """li serves `service`; nobody serves the other two."""
    nobody = RelaxStep(0.0, needs(nobody=1))
    queues = [queue("service", step(repair=1), sticky=sticky), queue("orders", nobody), queue("complaints", nobody)]
    return plan(queues, [agent("li", skills=needs(repair=1))], escalation=[COMPLAINT])


def call_world(state: str) -> Hotline:
    """A minute after li has signed in; c1 is in `state` for two seconds."""
    line = Hotline(small_plan(sticky=20.0))
    line.ready("li")
    line.wait(60)
    match state:
        case "unknown":
            pass
        case "waiting":
            line.goes_on_break("li")
            line.calls("c1")
        case "held":
            line.takes_own_call("li")
            line.calls("c1", last_agent="li")
        case "offered":
            line.calls("c1")
        case "talking":
            line.talks("c1", "li")
        case "complaining":
            line.talks("c1", "li")
            line.complains("c1")
        case "own call":
            line.takes_own_call("li", "c1")
        case "gone":
            line.talks("c1", "li")
            line.hangs_up("c1")
    line.wait(2)
    return line


C1, LI, OFFER = CallId("c1"), AgentId("li"), OfferId(1)
"""Offer 1 is the one that rings, has been accepted, has ended, or never was."""

CALL_COMMANDS: dict[str, do.Command] = {
    "asks again": do.Enqueue(C1, QueueId("service")),
    "asks elsewhere": do.Enqueue(C1, QueueId("orders")),
    "hangs up": do.HungUp(C1),
    "keys out": do.Left(C1),
    "wants a call back": do.Left(C1, do.Exit.CALLBACK),
    "is moved": do.Move(C1, QueueId("orders")),
    "is moved there": do.Move(C1, QueueId("service")),
    "complains": do.FlagComplaint(C1),
    "is escalated": do.Escalate(C1),
    "is released": do.Release(C1),
    "is accepted": do.Accept(OFFER),
    "is declined": do.Refuse(OFFER, Refusal.DECLINED),
    "is not answered": do.Refuse(OFFER, Refusal.NO_ANSWER),
    "finds the phone busy": do.Refuse(OFFER, Refusal.BUSY),
    "finds no phone": do.Refuse(OFFER, Refusal.UNREACHABLE),
    "is the agent's own": do.TakeOwnCall(LI, C1),
}

# Every command in every situation of an agent


def agent_world(situation: str) -> Hotline:
    """A minute after li has signed in, and two seconds in the situation."""
    line = Hotline(small_plan(sticky=0.0))
    if situation == "removed":
        line.ready("li")
        line.wait(60)
        line.talks("c1", "li")
        line.replans(plan(line.plan.queues.values(), []))
    else:
        line.ready("li")
        line.wait(60)
        _bring_into(situation, line)
    line.wait(2)
    return line


def _bring_into(situation: str, line: Hotline) -> None:
    match situation:
        case "signed out":
            line.signs_out("li")
        case "on break":
            line.goes_on_break("li", "lunch")
        case "without a phone":
            line.phone_goes("li")
        case "idle":
            pass
        case "resting":
            line.calls("c1")
            line.refuses("li")
            line.hangs_up("c1")
        case "offered":
            line.calls("c1")
        case "on a call":
            line.talks("c1", "li")
        case "on their own call":
            line.takes_own_call("li", "c1")
        case "in wrap-up":
            line.talks("c1", "li")
            line.releases("c1")


AGENT_COMMANDS: dict[str, do.Command] = {
    "signs in": do.SetPresence(LI, Presence.AVAILABLE),
    "goes on break": do.SetPresence(LI, Presence.ON_BREAK, "lunch"),
    "goes on another break": do.SetPresence(LI, Presence.ON_BREAK, "tea"),
    "signs out": do.SetPresence(LI, Presence.LOGGED_OUT),
    "phone comes": do.SetRegistered(LI, True),
    "phone goes": do.SetRegistered(LI, False),
    "takes their own call": do.TakeOwnCall(LI, CallId("own")),
    "finishes wrap-up": do.FinishWrapUp(LI),
    "extends wrap-up": do.ExtendWrapUp(LI, 30.0),
    "learns": do.SetSkills(LI, needs(repair=5)),
    "forgets": do.SetSkills(LI, {}),
    "answers": do.Accept(OFFER),
    "declines": do.Refuse(OFFER, Refusal.DECLINED),
    "lets the call go": do.Release(C1),
    "loses the caller": do.HungUp(C1),
    "is called for": do.Enqueue(CallId("c2"), QueueId("service")),
}

TIME = "a minute passes"
WORLDS: dict[str, tuple[Callable[[str], Hotline], dict[str, do.Command], dict[str, dict[str, list[str]]]]] = {
    "call": (call_world, CALL_COMMANDS, late.read(late.CALLS)),
    "agent": (agent_world, AGENT_COMMANDS, late.read(late.AGENTS)),
}


def cells() -> list[tuple[str, str, str]]:
    """Whose, in which state, what."""
    return [
        (whose, state, command)
        for whose, (_, commands, table) in WORLDS.items()
        for state in table
        for command in (*commands, TIME)
    ]


@pytest.mark.parametrize(("whose", "state", "command"), cells())
def test_what_happens_in_every_state(whose: str, state: str, command: str) -> None:
    world, commands, table = WORLDS[whose]
    line = world(state)
    if command == TIME:
        line.wait(60)
    else:
        line.does(commands[command])
    assert line.happened() == table[state][command]


def test_the_tables_have_every_state_and_nothing_else() -> None:
    calls, agents = WORLDS["call"][2], WORLDS["agent"][2]
    assert list(calls) == ["unknown", "waiting", "held", "offered", "talking", "complaining", "own call", "gone"]
    assert list(agents) == [
        "signed out",
        "on break",
        "without a phone",
        "idle",
        "resting",
        "offered",
        "on a call",
        "on their own call",
        "in wrap-up",
        "removed",
    ]
    for _, commands, table in WORLDS.values():
        assert all(set(row) == {*commands, TIME} for row in table.values())


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("unknown", None),
        ("waiting", "waiting"),
        ("held", "waiting"),
        ("offered", "offered"),
        ("talking", "talking"),
        ("complaining", "talking"),
        ("own call", None),
        ("gone", None),
    ],
)
def test_the_world_of_each_state_is_in_that_state(state: str, expected: str | None) -> None:
    call = call_world(state).acd.floor.calls.get(C1)
    assert (call and call.state) == expected
    assert (call is not None and call.held_for is not None) == (state == "held")


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        ("signed out", "SIGNED_OUT"),
        ("on break", "ON_BREAK"),
        ("without a phone", "UNREGISTERED"),
        ("idle", "IDLE"),
        ("resting", "RESTING"),
        ("offered", "OFFERED"),
        ("on a call", "ON_CALL"),
        ("on their own call", "ON_CALL"),
        ("in wrap-up", "WRAP_UP"),
        ("removed", "SIGNED_OUT"),
    ],
)
def test_the_world_of_each_situation_is_in_that_situation(situation: str, expected: str) -> None:
    assert agent_world(situation).acd.floor.agents[LI].standing.name == expected
