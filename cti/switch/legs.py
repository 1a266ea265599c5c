"""What ``uuid_dump UUID json`` says of a leg, in the words of the port."""

import json
from collections.abc import Mapping
from typing import Final

from cti.esl.dialstring import decode_variable
from cti.ids import CallId, LegId
from cti.switch.port import LegState, Stage

OURS: Final = "cti_"
"""What the names of our variables begin with on the switch."""
FALLBACK: Final = ("fallback", "XML", "trunk")
"""Where the dialplan says that nobody can take the call: extension, dialplan, context."""
_BRIDGED: Final = ("CS_SOFT_EXECUTE", "CS_EXCHANGE_MEDIA")
_WHILE_PARKED: Final = ("park", "playback")


def leg_state(dump: str) -> LegState | None:
    """The leg; None when it is on its way out, or what is said of it cannot be understood."""
    try:
        values = json.loads(dump)
    except ValueError:
        return None
    if not isinstance(values, dict) or not values.get("Unique-ID"):
        return None
    said = {str(key): str(value) for key, value in values.items()}
    if said.get("Answer-State") == "hangup":
        return None
    leg = LegId(said["Unique-ID"])
    stage = _stage(said)
    prefix = f"variable_{OURS}"
    variables = {key.removeprefix(prefix): decode_variable(said[key]) for key in said if key.startswith(prefix)}
    call = variables.get("call_id") or said.get("Channel-Call-UUID") or leg
    by_agent = said.get("Caller-Context") == "agents"
    return LegState(
        leg,
        CallId(call),
        inbound=said.get("Call-Direction") == "inbound",
        stage=stage,
        created_at=_number(said, "Caller-Channel-Created-Time") or 0,
        answered_at=_number(said, "Caller-Channel-Answered-Time"),
        other=LegId(said["variable_signal_bond"])
        if stage is Stage.BRIDGED and "variable_signal_bond" in said
        else None,
        ani=said.get("Caller-Username" if by_agent else "Caller-Caller-ID-Number", ""),
        caller_name=said.get("Caller-Caller-ID-Name", ""),
        dnis=variables.get("dnis") or said.get("Caller-Destination-Number", ""),
        by_agent=by_agent,
        variables=variables,
    )


def _stage(said: Mapping[str, str]) -> Stage:
    """From what FreeSWITCH 1.10 was seen to say; of a bridge that is over it goes on to name the other leg."""
    state = said.get("Channel-State")
    if said.get("Answer-State") != "answered" and said.get("Call-Direction") == "outbound":
        return Stage.RINGING
    if state in _BRIDGED and said.get("variable_bridge_to"):
        return Stage.BRIDGED
    executing = state == "CS_EXECUTE" and said.get("variable_current_application") in _WHILE_PARKED
    if state == "CS_PARK" or (executing and said.get("Caller-Destination-Number") != FALLBACK[0]):
        return Stage.PARKED
    return Stage.OTHER


def _number(said: Mapping[str, str], name: str) -> int | None:
    text = said.get(name, "")
    return int(text) or None if text.isascii() and text.isdigit() else None
