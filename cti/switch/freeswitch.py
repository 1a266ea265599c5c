"""FreeSWITCH is told what to do: each verb of the port is a few commands, written at once and answered in order.

API commands take effect when they are answered; what a leg is told to play (``sendmsg execute``) when it reads its next
frame of 20 ms. What was seen of FreeSWITCH 1.10.12 stands with the verb that it matters to.
"""

import asyncio
import json
import math
import re
import time
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import Final, Literal, Protocol

from cti.esl import dialstring
from cti.esl.commands import Api, Command, Execute, name, new_uuid
from cti.esl.dialstring import Originate, display_text, encode_variable
from cti.esl.driver import ignore_outcome
from cti.esl.errors import CommandTimeout, Disconnected, EslError, UnsafeValue
from cti.esl.protocol import Reply
from cti.ids import CallId, LegId
from cti.switch import legs
from cti.switch.port import (
    ClockOffset,
    Endpoint,
    LegGone,
    LegState,
    Number,
    Phone,
    ShownCaller,
    SipUri,
    SwitchAway,
    SwitchFailed,
)

_GONE: Final = re.compile(r"-ERR.*(?:No such channel|invalid session id|Cannot locate session|Invalid uuid)|-ERROR$")
_SIP: Final = re.compile(r"sip:([^@;?]+)@([^;?]+)")
_NOT_IN_A_LIST: Final = re.compile(r"[!'\\\[\]{}]|@@|\$")
_CLOCK_QUESTIONS: Final = 5
_NUMBER: Final = re.compile(r"\+?[0-9*#]{1,32}")


class Sender(Protocol):
    """A link, or a connection."""

    def send(self, command: Command, *, timeout: float | None = None) -> Awaitable[Reply]:
        """Sends at once; see cti.esl.driver.Connection."""


class FreeSwitch:
    """The verbs of `cti.switch.port.Switch` over one link. It keeps no state: one may be made anew at any time."""

    def __init__(
        self,
        link: Sender,
        *,
        domain: str = "cti.local",
        gateway: str | None = None,
        profile: str = "external",
        music: str = "moh",
    ) -> None:
        """`domain` has the phones, `gateway` is the usual carrier, `profile` calls SIP addresses; `music` on hold."""
        self._link = link
        self._domain = domain
        self._gateway = gateway
        self._profile = profile
        self._music = music

    # --- who has the call -----------------------------------------------------------------------------

    async def claim(self, leg: LegId) -> bool:
        """See the port. `sched_del` ends the timer that the dialplan has set; without one it is too late."""
        deleted, kept = await self._ask(Api("sched_del", [leg]), self._set(leg, {"playback_terminators": "none"}))
        _expect(leg, kept)
        return not deleted.text.startswith("+OK Deleted: 0")

    async def guard(self, leg: LegId, seconds: int) -> None:
        """See the port. `sched_transfer` adds a timer and replaces none, so the old one is deleted first."""
        arm = Api("sched_transfer", [f"+{seconds:d}", leg, *legs.FALLBACK])
        _, armed = await self._ask(Api("sched_del", [leg]), arm)
        _expect(leg, armed)

    async def unguard(self, leg: LegId) -> None:
        """See the port."""
        await self._ask(Api("sched_del", [leg]))

    async def answer(self, leg: LegId) -> None:
        """See the port. Not by the application of that name, which would wait for what plays before the answer."""
        await self._tell(leg, Api("uuid_answer", [leg]))

    # --- what it hears --------------------------------------------------------------------------------

    async def play(self, leg: LegId, files: Sequence[str], execution: str) -> None:
        """See the port. Without the lock a second sound would break into the first, which would go on after it.

        Several files begin with a quarter of a second of silence (mod_dptools.c, file_string), one does not.
        """
        if not files:
            raise SwitchFailed("nothing to play")
        for file in files:
            if _NOT_IN_A_LIST.search(file):
                raise SwitchFailed(f"a file that cannot be named in a list of files: {file[:80]!r}")
        path = files[0] if len(files) == 1 else f"file_string://{'!'.join(files)}"
        await self._tell(leg, Execute(leg, "playback", path, execution, lock=True))

    async def music(self, leg: LegId, stream: str, execution: str) -> None:
        """See the port. `playback`, because keys are not heard during `endless_playback`."""
        await self._tell(leg, self._play_stream(leg, stream, execution))

    async def stop(self, leg: LegId) -> None:
        """See the port. `all` also forgets what waits to be played."""
        await self._tell(leg, Api("uuid_break", [leg, "all"]))

    async def hold(self, leg: LegId, on: bool) -> None:
        """See the port. While a bridged leg runs an application its bridge is silent to both sides.

        Not by `uuid_hold`: that is a re-INVITE to the phone, and the music is for the other side.
        """
        music = self._play_stream(leg, self._music, new_uuid())
        await self._tell(leg, music if on else Api("uuid_break", [leg, "all"]))

    def _play_stream(self, leg: LegId, stream: str, execution: str) -> Execute:
        return Execute(leg, "playback", f"local_stream://{_name(stream, 'a stream')}", execution, lock=True)

    # --- whom it talks to -----------------------------------------------------------------------------

    async def ring(
        self,
        endpoint: Endpoint,
        leg: LegId,
        call: CallId,
        shown: ShownCaller,
        seconds: int,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """See the port. The job has the id of the leg: so its outcome is known whose it is (`cti.switch.events`)."""
        target, dialled = self._target(endpoint)
        number = shown.number if _NUMBER.fullmatch(shown.number) else "anonymous"
        values: dict[str, str | int | bool] = {
            "origination_caller_id_number": number,
            "origination_caller_id_name": display_text(shown.name) or number,
            "playback_terminators": "none",
            **_ours({**(variables or {}), "call_id": call, "dnis": dialled}),
        }
        ring = Originate([target], leg, timeout=seconds, variables=values)
        try:
            reply = asyncio.ensure_future(self._send(ring.job(leg)))
        except UnsafeValue as error:
            raise _refused(error) from error
        reply.add_done_callback(ignore_outcome)

    def _target(self, endpoint: Endpoint) -> tuple[dialstring.Endpoint, str]:
        """What FreeSWITCH rings, and what the fallback takes for the number dialled."""
        match endpoint:
            case Phone(user):
                return dialstring.User(user, self._domain), user
            case SipUri(uri):
                address = _SIP.fullmatch(uri)
                if address is None:
                    raise SwitchFailed(
                        f"not a SIP address that can be rung: {uri[:80]!r}", remedy="Write sip:user@host"
                    )
                return dialstring.SipUri(self._profile, address[1], address[2]), address[1]
            case Number(number, gateway):
                gateway = gateway or self._gateway
                if gateway is None:
                    raise SwitchFailed(
                        f"there is no carrier to call {number[:40]!r} through",
                        remedy="Describe one under freeswitch.gateways in config/cti.yaml",
                    )
                return dialstring.Gateway(gateway, number), number

    async def bridge(self, leg: LegId, other: LegId) -> None:
        """See the port. What is still to be played would otherwise be played in the bridge."""
        commands = (
            Api("uuid_break", [leg, "all"]),
            Api("uuid_break", [other, "all"]),
            self._set(leg, {"park_after_bridge": True}),
            self._set(other, {"park_after_bridge": False}),
            Api("uuid_bridge", [leg, other]),
        )
        mine, others, *_, bridged = await self._ask(*commands)
        _expect(leg, mine)
        _expect(other, others)
        _expect(leg, bridged)

    async def hang_up(self, leg: LegId, cause: str = "NORMAL_CLEARING") -> None:
        """See the port. Not by `sendmsg`, which would wait for what plays."""
        try:
            await self._tell(leg, Api("uuid_kill", [leg, _name(cause, "a hangup cause")]))
        except LegGone:
            return

    async def notify(self, leg: LegId, event: Literal["talk", "hold"]) -> None:
        """See the port."""
        await self._tell(leg, Api("uuid_phone_event", [leg, event]))

    # --- what is kept of it ---------------------------------------------------------------------------

    async def record(self, leg: LegId, path: str) -> None:
        """See the port."""
        stereo, begun = await self._ask(self._set(leg, {"RECORD_STEREO": True}), self._record(leg, "start", path))
        _expect(leg, stereo)
        _expect(leg, begun)

    async def stop_record(self, leg: LegId, path: str) -> None:
        """See the port."""
        (stopped,) = await self._ask(self._record(leg, "stop", path))
        if _is_gone(stopped):
            raise LegGone(leg)

    async def mask(self, leg: LegId, path: str, masked: bool) -> None:
        """See the port."""
        await self._tell(leg, self._record(leg, "mask" if masked else "unmask", path))

    def _record(self, leg: LegId, action: str, path: str) -> Api:
        return Api("uuid_record", [leg, action, path])

    async def set_variables(self, leg: LegId, variables: Mapping[str, str]) -> None:
        """See the port."""
        await self._tell(leg, self._set(leg, _ours(variables)))

    def _set(self, leg: LegId, values: Mapping[str, str | int | bool]) -> Api:
        try:
            return dialstring.set_variables(leg, values)
        except UnsafeValue as error:
            raise _refused(error) from error

    # --- how things are -------------------------------------------------------------------------------

    async def legs(self, known: Iterable[LegId] = ()) -> list[LegState]:
        """See the port. The list of channels is a database that FreeSWITCH writes a little later."""
        listed = [row["uuid"] for row in await self._rows("channels") if row.get("uuid")]
        found = dict.fromkeys([*listed, *known])
        dumps = await self._ask(*[Api("uuid_dump", [leg, "json"]) for leg in found])
        states = [legs.leg_state(dump.text) for dump in dumps if dump.ok]
        return [state for state in states if state is not None]

    async def registrations(self) -> set[str]:
        """See the port."""
        return {row["reg_user"] for row in await self._rows("registrations") if row.get("reg_user")}

    async def clock(self) -> ClockOffset:
        """See the port. The best of a few questions: the one that was answered soonest."""
        best = ClockOffset(0.0, math.inf)
        for _ in range(_CLOCK_QUESTIONS):
            command = Api("strmicroepoch")
            asked = time.time()
            (reply,) = await self._ask(command)
            answered = time.time()
            digits = reply.text.strip()
            if not (digits.isascii() and digits.isdigit()):
                raise SwitchFailed(f"{command}: the switch answered {digits[:80]!r}")
            half = (answered - asked) / 2
            if half < best.error:
                best = ClockOffset(int(digits) / 1e6 - asked - half, half)
        return best

    async def _rows(self, what: str) -> list[dict[str, str]]:
        command = Api("show", [what, "as", "json"])
        (reply,) = await self._ask(command)
        try:
            return list(json.loads(reply.text).get("rows", []))
        except (ValueError, AttributeError) as error:
            raise SwitchFailed(f"{command} {what}: the answer is no table: {reply.text[:80]!r}") from error

    # --- telling --------------------------------------------------------------------------------------

    async def _tell(self, leg: LegId, command: Command) -> None:
        """One command to a leg, which is done."""
        (reply,) = await self._ask(command)
        _expect(leg, reply, command)

    async def _ask(self, *commands: Command) -> list[Reply]:
        """Writes all commands at once and waits for their answers, which may be refusals."""
        try:
            for command in commands[1:]:
                command.render()  # all of them can be said, or none is
            return await asyncio.gather(*[self._send(command) for command in commands])
        except (Disconnected, CommandTimeout) as error:
            raise SwitchAway(error.what) from error
        except EslError as error:
            raise _refused(error) from error

    def _send(self, command: Command) -> Awaitable[Reply]:
        try:
            return self._link.send(command)
        except Disconnected as error:
            raise SwitchAway(error.what) from error


def _ours(variables: Mapping[str, str]) -> dict[str, str | int | bool]:
    """Our variables as a leg has them."""
    return {f"{legs.OURS}{key}": encode_variable(value) for key, value in variables.items()}


def _is_gone(reply: Reply) -> bool:
    return _GONE.match(reply.text.strip()) is not None


def _expect(leg: LegId, reply: Reply, command: Command | None = None) -> None:
    """Raises LegGone or SwitchFailed when the switch refused."""
    if _is_gone(reply):
        raise LegGone(leg)
    if not reply.ok:
        raise SwitchFailed(f"{command or leg}: the switch answered {reply.text.strip()[:200]!r}")


def _name(value: str, what: str) -> str:
    try:
        return name(value, what)
    except UnsafeValue as error:
        raise _refused(error) from error


def _refused(error: EslError) -> SwitchFailed:
    return SwitchFailed(error.what, remedy=error.remedy)
