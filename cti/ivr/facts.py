"""What is known of a call when a flow starts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

from cti.ivr.values import Language


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a call; nothing of it changes while a flow runs, but for `variables` and `language`."""

    hotline: str
    """The name that callers know."""
    zone: tzinfo
    """The hotline's time zone: what "today" and "nine o'clock" mean."""
    language: Language = "zh-CN"
    ani: str = ""
    """The caller's number as the network gives it; empty when it is withheld."""
    dnis: str = ""
    """The number that was dialled."""
    place: str = ""
    """Where the caller's number belongs: 广东省深圳市."""
    hours: str = ""
    """The calendar that the hotline keeps; what {next_opening} and {hours_today} ask."""
    calls_today: int = 0
    """Earlier calls are counted, and this one: the third call of the day has 3."""
    calls_in_7_days: int = 0
    queue: str = ""
    """The queue's name, for announcements in it and for flows after the talk."""
    position: int | None = None
    """The place in the queue, from 1."""
    wait_minutes: int | None = None
    """The estimated wait."""
    agent_id: str = ""
    """Who talked with the caller, for flows after the talk."""
    agent_name: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    """What the flow has collected, set or taken from a web server."""
