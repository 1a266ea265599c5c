"""A channel: one leg's state as FreeSWITCH knows it, and the headers that its events carry."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, TypeVar

from cti.softswitch.events import Header

T = TypeVar("T")

STATE_NUMBERS: Final = {
    "CS_NEW": 0,
    "CS_INIT": 1,
    "CS_ROUTING": 2,
    "CS_SOFT_EXECUTE": 3,
    "CS_EXECUTE": 4,
    "CS_EXCHANGE_MEDIA": 5,
    "CS_PARK": 6,
    "CS_CONSUME_MEDIA": 7,
    "CS_HIBERNATE": 8,
    "CS_RESET": 9,
    "CS_HANGUP": 10,
    "CS_REPORTING": 11,
    "CS_DESTROY": 12,
    "CS_NONE": 13,
}
"""switch_types.h, switch_channel_state_t."""


class CallState(Enum):
    """switch_types.h, switch_channel_callstate_t; the value is Channel-Call-State-Number."""

    DOWN = 0
    DIALING = 1
    RINGING = 2
    EARLY = 3
    ACTIVE = 4
    HELD = 5
    RING_WAIT = 6
    HANGUP = 7
    UNHELD = 8


def now_us() -> int:
    """Microseconds since 1970, UTC."""
    return time.time_ns() // 1000


@dataclass(slots=True)
class Times:
    """When things happened to a leg; microseconds since 1970, 0 for not yet."""

    created: int = field(default_factory=now_us)
    progress: int = 0
    progress_media: int = 0
    answered: int = 0
    bridged: int = 0
    hangup: int = 0
    last_hold: int = 0
    hold_accum: int = 0


@dataclass(slots=True)
class Profile:
    """Who calls whom, as FreeSWITCH's caller profile has it. Strings as they came: anything may be in them."""

    caller_number: str = ""
    caller_name: str = ""
    destination: str = ""
    network_addr: str = ""
    username: str = ""
    context: str = "default"
    callee_name: str = ""
    callee_number: str = ""


class Order(Exception):
    """Ends whatever a leg is doing."""

    def begin(self, channel: "Channel") -> None:
        """Called when the leg obeys, before what it does comes to its end."""

    def obeyed(self) -> "Order":
        """Itself, without the frames that it has ended: they hold the leg, and the leg holds the order."""
        self.__context__ = None
        return self.with_traceback(None)


class HangUp(Order):
    """The leg is over."""


class Transfer(Order):
    """The leg starts anew at the extension that its profile names by now."""


@dataclass
class Bridge(Order):
    """The leg is to be connected to another. Both wait for `ready`, which counts the two."""

    lead: "Channel"
    follower: "Channel"
    here: int = 0
    busy: int = 0
    """Legs that run an application meanwhile."""
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    def begin(self, channel: "Channel") -> None:
        """The leg knows its partner; one that we rang shows the other's number from now on."""
        other = channel.partner = self.other_than(channel)
        channel.variables["bridge_uuid"] = other.uuid
        if channel is self.follower and not channel.inbound:
            channel.profile.caller_number = other.profile.caller_number
            channel.profile.caller_name = other.profile.caller_name

    def other_than(self, channel: "Channel") -> "Channel":
        """The other side."""
        return self.follower if channel is self.lead else self.lead


class PartnerGone(Order):
    """The other side of the bridge has left."""


class Channel:
    """One leg."""

    def __init__(self, uuid: str, name: str, inbound: bool, profile: Profile) -> None:
        self.uuid = uuid
        self.name = name
        self.inbound = inbound
        self.profile = profile
        self.call_uuid = uuid
        self.state = "CS_NEW" if inbound else "CS_NONE"
        self.call_state = CallState.DOWN
        self.answered = False
        self.cause = ""
        self.times = Times()
        self.variables: dict[str, str] = {
            "direction": "inbound" if inbound else "outbound",
            "uuid": uuid,
            "channel_name": name,
        }
        self.codec = ""
        self.sdp_version = 0
        self.other: Channel | None = None
        """Who it is bridged to."""
        self.partner: Channel | None = None
        """Who it was told to be bridged to last; events go on to name it when the bridge is over."""
        self.response = "_none_"
        """What the last application said about itself (Application-Response)."""
        self.application: tuple[str, str] = ("", "")
        self.bridge: Bridge | None = None
        self.messages: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self.keys: asyncio.Queue[str] = asyncio.Queue()
        self.stop_playback: Callable[[str], bool] | None = None
        """Offers a key (or ``break``) to what is being played; True when that ends it. None while nothing is."""
        self.call: Any = None  # cti.softswitch.sip.agent.Call
        self.stream: Any = None  # cti.softswitch.rtp.engine.Stream
        self.task: asyncio.Task[None] | None = None
        self.recordings: dict[str, Any] = {}
        self._order: Order | None = None
        self._bell = asyncio.Event()

    def tell(self, order: Order) -> None:
        """Ends what the leg is doing. A hang-up is final: no other order replaces it."""
        if not isinstance(self._order, HangUp):
            self._order = order
            self._bell.set()

    async def wait(self, awaitable: Awaitable[T], timeout: float | None = None) -> T:
        """The result of `awaitable`; raises the Order that came first, or TimeoutError."""
        work = asyncio.ensure_future(awaitable)
        bell = asyncio.ensure_future(self._bell.wait())
        try:
            await asyncio.wait({work, bell}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            if self._order is not None:
                order = self._order
                if not isinstance(order, HangUp):
                    self._order = None
                    self._bell.clear()
                order.begin(channel=self)
                raise order
            if not work.done():
                raise TimeoutError
            return work.result()
        finally:
            bell.cancel()
            if not work.done():
                work.cancel()

    @property
    def gone(self) -> bool:
        """Hung up, or about to."""
        return bool(self.cause)

    @property
    def answer_state(self) -> str:
        if self.cause:
            return "hangup"
        if self.answered:
            return "answered"
        return "early" if self.times.progress_media else "ringing"

    def state_headers(self) -> list[Header]:
        """What every event of a channel begins with (switch_channel_event_set_basic_data)."""
        direction = "inbound" if self.inbound else "outbound"
        headers = [
            ("Channel-State", self.state),
            ("Channel-Call-State", self.call_state.name),
            ("Channel-State-Number", str(STATE_NUMBERS[self.state])),
            ("Channel-Name", self.name),
            ("Unique-ID", self.uuid),
            ("Call-Direction", direction),
            ("Presence-Call-Direction", direction),
            ("Channel-HIT-Dialplan", "true" if self.inbound else "false"),
            ("Channel-Call-UUID", self.call_uuid),
            ("Answer-State", self.answer_state),
        ]
        if self.cause:
            headers.append(("Hangup-Cause", self.cause))
        if self.codec:
            for way in ("Read", "Write"):
                headers += [
                    (f"Channel-{way}-Codec-Name", self.codec),
                    (f"Channel-{way}-Codec-Rate", "8000"),
                    (f"Channel-{way}-Codec-Bit-Rate", "64000"),
                ]
        return headers

    def caller_headers(self, prefix: str = "Caller") -> list[Header]:
        """The caller profile; with prefix Other-Leg what a bridged leg says of its peer."""
        profile, times = self.profile, self.times
        direction = "inbound" if self.inbound else "outbound"
        headers = [
            (f"{prefix}-Direction", direction),
            (f"{prefix}-Logical-Direction", direction),
            (f"{prefix}-Username", profile.username),
            (f"{prefix}-Dialplan", "XML" if self.inbound else ""),
            (f"{prefix}-Caller-ID-Name", profile.caller_name),
            (f"{prefix}-Caller-ID-Number", profile.caller_number),
            (f"{prefix}-Orig-Caller-ID-Name", profile.caller_name),
            (f"{prefix}-Orig-Caller-ID-Number", profile.caller_number),
            (f"{prefix}-Callee-ID-Name", profile.callee_name),
            (f"{prefix}-Callee-ID-Number", profile.callee_number),
            (f"{prefix}-Network-Addr", profile.network_addr),
            (f"{prefix}-ANI", profile.caller_number),
            (f"{prefix}-Destination-Number", profile.destination),
            (f"{prefix}-Unique-ID", self.uuid),
            (f"{prefix}-Source", "mod_sofia"),
            (f"{prefix}-Context", profile.context),
            (f"{prefix}-Channel-Name", self.name),
        ]
        headers = [(name, value) for name, value in headers if value]
        if prefix == "Caller":
            headers.append(("Caller-Profile-Index", "1"))
        stamps = {
            "Profile-Created-Time": times.created,
            "Channel-Created-Time": times.created,
            "Channel-Answered-Time": times.answered,
            "Channel-Progress-Time": times.progress,
            "Channel-Progress-Media-Time": times.progress_media,
            "Channel-Hangup-Time": times.hangup,
            "Channel-Transfer-Time": 0,
            "Channel-Resurrect-Time": 0,
            "Channel-Bridged-Time": times.bridged,
            "Channel-Last-Hold": times.last_hold,
            "Channel-Hold-Accum": times.hold_accum,
        }
        headers += [(f"{prefix}-{name}", str(value)) for name, value in stamps.items()]
        headers += [
            (f"{prefix}-Screen-Bit", "true"),
            (f"{prefix}-Privacy-Hide-Name", "false"),
            (f"{prefix}-Privacy-Hide-Number", "false"),
        ]
        return headers

    def headers(self, *, whole: bool = True) -> list[Header]:
        """State, caller and other leg; `whole` with every variable, as most events have it."""
        headers = self.state_headers() + self.caller_headers()
        if self.partner is not None:
            kind = "originatee" if self.inbound else "originator"
            headers += [("Other-Type", kind), *self.partner.caller_headers("Other-Leg")]
        if whole:
            headers += [(f"variable_{name}", value) for name, value in self.variables.items()]
        return headers

    def row(self) -> dict[str, str]:
        """The channel's line in ``show channels as json``."""
        created = self.times.created // 1_000_000
        application, argument = self.application
        return {
            "uuid": self.uuid,
            "direction": "inbound" if self.inbound else "outbound",
            "created": time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(created)),
            "created_epoch": str(created),
            "name": self.name,
            "state": self.state,
            "cid_name": self.profile.caller_name,
            "cid_num": self.profile.caller_number,
            "ip_addr": self.profile.network_addr,
            "dest": self.profile.destination,
            "application": application,
            "application_data": argument,
            "dialplan": "XML" if self.inbound else "",
            "context": self.profile.context,
            "read_codec": self.codec,
            "read_rate": "8000" if self.codec else "",
            "read_bit_rate": "64000" if self.codec else "",
            "write_codec": self.codec,
            "write_rate": "8000" if self.codec else "",
            "write_bit_rate": "64000" if self.codec else "",
            "callstate": self.call_state.name,
            "callee_name": self.profile.callee_name,
            "callee_num": self.profile.callee_number,
            "call_uuid": self.call_uuid,
        }
