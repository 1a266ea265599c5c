"""What happens to a call before the server takes it: the same few lines as config/freeswitch/dialplan.

The server claims a parked call with sched_del; where nobody claims it, the timer sends it to `fallback`.
"""

import re
from dataclasses import dataclass
from typing import Final

from cti.softswitch.channel import Channel

Actions = list[tuple[str, str]]
"""Applications with their arguments."""

_NUMBER: Final = re.compile(r"\+?[0-9]{3,20}")
_AGENT_DIALS: Final = re.compile(r"\+?[0-9]{3,20}|\*[0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class Dialplan:
    """What can be set about it."""

    claim_timeout: int = 5
    """Seconds before a call that nobody claimed hears the fallback."""
    fallback_prompt: str = "tone_stream://%(500,500,440);loops=2"


def route(channel: Channel, plan: Dialplan) -> Actions:
    """What a leg does first, by the number it dialled and the context it is in."""
    number, context = channel.profile.destination, channel.profile.context
    if number == "fallback" and "cti_dnis" in channel.variables:  # by the timer only, never by dialling the word
        return [("answer", ""), ("playback", plan.fallback_prompt), ("hangup", "NORMAL_TEMPORARY_FAILURE")]
    if (_AGENT_DIALS if context == "agents" else _NUMBER).fullmatch(number):
        return [
            ("set", f"cti_dnis={number}"),
            ("sched_transfer", f"+{plan.claim_timeout} fallback XML {context}"),
            ("park", ""),
        ]
    return [("respond", "404")]
