"""An agent sends the caller on, in virtual time."""

from typing import Any

from cti.engine import inputs as in_
from cti.ids import AgentId, CallId, QueueId
from cti.switch import port
from tests.engine.line import Line

CALL = CallId("c1")


def talking() -> tuple[Line, str]:
    """1001 talks with the caller; 1002 and 1009 are idle."""
    line = Line()
    line.registers("1001")
    line.to_queue()
    agent_leg = line.connected()
    line.registers("1002", "1009")
    return line, agent_leg


def verbs_since(line: Line, before: int) -> list[tuple[Any, ...]]:
    return line.hands.done[before:]


def test_to_a_queue_the_caller_waits_again_and_the_agent_wraps_up() -> None:
    line, agent_leg = talking()
    line.put(in_.Transfer(CALL, in_.ToQueue(QueueId("complaints"))))
    assert ("hang up", agent_leg, "NORMAL_CLEARING") in line.hands.done
    assert [user for _, user in line.rings()][-1] == "1009"
    line.ends(agent_leg)
    line.tells(port.LegParked, "c1")
    line.connected()
    line.ends("c1")
    line.wait(60)
    record = line.record()
    assert (record.agents, record.moved, record.queue) == (("1001", "1009"), 1, "complaints")


def test_to_an_agent_who_is_not_free_nothing_changes() -> None:
    line, _ = talking()
    before = len(line.hands.done)
    line.put(in_.Transfer(CALL, in_.ToAgent(AgentId("1003"))))
    assert verbs_since(line, before) == []


def test_blind_to_an_agent_the_two_are_bridged_when_they_answer() -> None:
    line, agent_leg = talking()
    line.put(in_.Transfer(CALL, in_.ToAgent(AgentId("1002"))))
    other, user = line.rings()[-1]
    assert user == "1002"
    line.picks_up(other)
    assert line.hands.done[-3:] == [
        ("bridge", "c1", other),
        ("stop record", "c1", "c1-1"),
        ("hang up", agent_leg, "NORMAL_CLEARING"),
    ]
    line.tells(port.LegsBridged, "c1", other=other)
    line.ends(agent_leg)
    line.wait(5)
    line.ends("c1")
    line.wait(60)
    record = line.record()
    assert (record.agents, record.talked) == (("1001", "1002"), 5.0)
    assert len(line.hands.finished) == 2


def test_attended_the_caller_hears_music_while_the_agents_speak() -> None:
    line, agent_leg = talking()
    line.put(in_.Transfer(CALL, in_.ToAgent(AgentId("1002")), attended=True))
    other, _ = line.rings()[-1]
    line.picks_up(other)
    assert line.hands.done[-1] == ("bridge", agent_leg, other)
    line.tells(port.LegParked, "c1")
    assert line.hands.done[-1] == ("music", "c1", "moh")
    line.put(in_.FinishTransfer(CALL, complete=True))
    assert ("bridge", "c1", other) in line.hands.done
    assert ("hang up", agent_leg, "NORMAL_CLEARING") in line.hands.done


def test_attended_and_taken_back_the_caller_is_with_the_agent_again() -> None:
    line, agent_leg = talking()
    line.put(in_.Transfer(CALL, in_.ToAgent(AgentId("1002")), attended=True))
    other, _ = line.rings()[-1]
    line.picks_up(other)
    line.tells(port.LegParked, "c1")
    line.wait(7)
    line.put(in_.FinishTransfer(CALL, complete=False))
    assert line.hands.done[-2:] == [("bridge", "c1", agent_leg), ("hang up", other, "ORIGINATOR_CANCEL")]
    line.ends(agent_leg)
    line.ends("c1")
    line.wait(60)
    assert (line.record().held, line.record().agents) == (7.0, ("1001",))


def test_when_nobody_answers_the_caller_stays_with_the_agent() -> None:
    line, _ = talking()
    line.put(in_.Transfer(CALL, in_.ToNumber("13800138000"), attended=True))
    other, _ = line.rings()[-1]
    line.ends(other, "NO_ANSWER")
    assert line.engine.calls[CALL].agents.talk is not None
    assert line.engine.calls[CALL].transfers.is_up is False


def test_an_agent_who_hangs_up_while_the_other_rings_leaves_the_caller_to_them() -> None:
    line, agent_leg = talking()
    line.put(in_.Transfer(CALL, in_.ToAgent(AgentId("1002")), attended=True))
    other, _ = line.rings()[-1]
    line.ends(agent_leg)
    line.tells(port.LegParked, "c1")
    line.picks_up(other)
    assert ("bridge", "c1", other) in line.hands.done


def test_an_agent_who_has_hung_up_and_nobody_answers_the_caller_waits_again() -> None:
    line, agent_leg = talking()
    line.put(in_.Transfer(CALL, in_.ToAgent(AgentId("1002"))))
    other, _ = line.rings()[-1]
    line.ends(agent_leg)
    line.tells(port.LegParked, "c1")
    line.ends(other, "NO_ANSWER")
    assert "waits in service" in line.engine.calls[CALL].diary.story[-2].text or line.rings()


def test_a_caller_who_hangs_up_meanwhile_takes_everybody_along() -> None:
    line, agent_leg = talking()
    line.put(in_.Transfer(CALL, in_.ToAgent(AgentId("1002")), attended=True))
    other, _ = line.rings()[-1]
    line.ends("c1")
    assert ("hang up", other, "ORIGINATOR_CANCEL") in line.hands.done
    assert ("hang up", agent_leg, "NORMAL_CLEARING") in line.hands.done
    line.wait(60)
    assert line.engine.calls == {}
    assert [a.activity for a in line.engine.acd.floor.agents.values() if a.activity != "idle"] == []


def test_a_number_outside_has_the_caller_when_the_agent_has_gone() -> None:
    line, _ = talking()
    line.put(in_.Transfer(CALL, in_.ToNumber("13800138000")))
    other, _ = line.rings()[-1]
    line.picks_up(other)
    line.wait(30)
    line.ends(other)
    assert line.hands.done[-1] == ("hang up", "c1", "NORMAL_CLEARING")
    line.ends("c1")
    line.wait(60)
    assert line.record().agents == ("1001",)
