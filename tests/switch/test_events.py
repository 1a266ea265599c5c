"""FreeSWITCH's events in our words, on what a real one said."""

from cti.esl.events import Event
from cti.esl.link import NARROW
from cti.switch.events import _TRANSLATORS, translate
from cti.switch.port import (
    ExecutionDone,
    Heartbeat,
    KeyPressed,
    LegAnswered,
    LegCreated,
    LegEnded,
    LegParked,
    LegsBridged,
    PhoneChanged,
    RecordingChanged,
    RingFailed,
    SwitchEvent,
)
from tests.esl import transcripts


def heard(name: str) -> list[SwitchEvent]:
    """What the server makes of a recording."""
    found = []
    for part in transcripts.read(name):
        if not part.sent and b"Content-Type: text/event-plain" in part.data[:80]:
            happened = translate(Event(b"\n" + part.data.partition(b"\n\n")[2]))
            if happened is not None:
                found.append(happened)
    return found


def test_a_call_from_first_ring_to_hangup() -> None:
    events = heard("call_plain")
    caller = next(event for event in events if isinstance(event, LegCreated))
    assert (caller.ani, caller.caller_name, caller.dnis, caller.inbound) == (
        "13800138000",
        "Zhang San",
        "4001234567",
        True,
    )
    mine = [event for event in events if getattr(event, "leg", None) == caller.leg]
    kinds = [type(event) for event in mine if not isinstance(event, ExecutionDone)]
    assert kinds[:3] == [LegCreated, LegParked, LegAnswered]
    assert kinds.index(KeyPressed) < kinds.index(LegsBridged) < kinds.index(LegEnded)
    assert next(event.key for event in mine if isinstance(event, KeyPressed)) == "1"
    agent = next(event for event in events if isinstance(event, LegCreated) and not event.inbound)
    assert agent.leg == "11111111-2222-3333-4444-555555555555"
    bridge = next(event for event in mine if isinstance(event, LegsBridged))
    assert bridge.other == agent.leg
    recordings = [event.started for event in events if isinstance(event, RecordingChanged)]
    assert recordings == [True, False]
    assert all(earlier.at <= later.at for earlier, later in zip(mine, mine[1:], strict=False))


def test_the_call_id_is_what_we_wrote_into_the_leg() -> None:
    calls = {event.call for event in heard("call_plain") if isinstance(event, ExecutionDone)}
    assert "demo" in calls


def test_rings_that_failed_say_why() -> None:
    failed = [event for event in heard("offers") if isinstance(event, RingFailed)]
    assert [event.cause for event in failed] == [
        "NO_ANSWER",
        "USER_BUSY",
        "CALL_REJECTED",
        "SUBSCRIBER_ABSENT",
        "LOSE_RACE",
    ]
    assert [event.unreachable for event in failed] == [False, False, False, True, False]


def test_a_phone_comes_and_goes() -> None:
    assert [(event.user, event.registered) for event in heard("registration") if isinstance(event, PhoneChanged)] == [
        ("1000", True),
        ("1000", False),
    ]


def test_a_hostile_caller_is_only_a_strange_name() -> None:
    (parked,) = heard("hostile")
    assert isinstance(parked, LegParked)
    assert parked.call == "06030a4c-78d5-44f2-bf82-d6d68bf7117f"


def test_a_heartbeat_has_the_load() -> None:
    beats = [event for event in heard("call_plain") if isinstance(event, Heartbeat)]
    assert beats
    assert beats[0].max_sessions == 5000


def test_we_listen_to_exactly_what_we_understand() -> None:
    assert set(_TRANSLATORS) == {*NARROW.names, *NARROW.custom}
