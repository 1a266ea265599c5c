"""``originate``: rings one or more endpoints, takes the first to answer, gives it something to do."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cti.softswitch.channel import CallState, Channel, Profile, now_us
from cti.softswitch.dialplan import Actions, route
from cti.softswitch.words import brackets, split

if TYPE_CHECKING:
    from cti.softswitch.switch import Switch


@dataclass(frozen=True, slots=True)
class Target:
    """Where an INVITE goes."""

    profile: str
    user: str
    uri: str
    destination: tuple[str, int] | None
    """Where to send it, when that is not what the URI says: the source of a registration."""


@dataclass(frozen=True, slots=True)
class Failed(Exception):
    """Nobody answered, for this cause."""

    cause: str


async def originate(switch: "Switch", argument: str) -> str:
    """The whole command; its answer is ``+OK UUID`` or ``-ERR CAUSE``."""
    words = split(argument, " ")
    if len(words) < 2:
        return "-USAGE: <call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>]\n"
    try:
        channel = await _ring(switch, words[0])
    except Failed as failed:
        return f"-ERR {failed.cause}\n"
    channel.profile.caller_number = channel.profile.callee_number  # who answered, until it is bridged
    actions = _then(switch, channel, words[1:])
    answer = f"+OK {channel.uuid}\n"
    switch.begin(channel, actions)
    return answer


def _then(switch: "Switch", channel: Channel, words: list[str]) -> Actions:
    what = words[0]
    if what.startswith("&"):
        application, _, argument = what[1:].partition("(")
        return [(application, argument.rstrip(")"))]
    channel.profile.destination = what
    channel.profile.context = words[2] if len(words) > 2 else "default"
    return route(channel, switch.dialplan)


async def _ring(switch: "Switch", dial_string: str) -> Channel:
    """The leg that answered. Raises Failed."""
    variables, rest = brackets(dial_string)
    targets: list[tuple[Target, dict[str, str]]] = []
    cause = "SUBSCRIBER_ABSENT"
    for part in rest.replace("|", ",").split(","):
        own, endpoint = brackets(part.strip(), "[]")
        try:
            targets += [(target, own) for target in switch.targets(endpoint)]
        except Failed as failed:
            cause = failed.cause
    if not targets:
        raise Failed(cause)
    timeout = variables.get("originate_timeout", "60")
    limit = float(timeout) if timeout.isdecimal() else 60.0
    attempts = []
    for target, own in targets:
        wanted = {**variables, **own}.get("origination_uuid")
        uuid = wanted if wanted and wanted not in switch.channels else switch.new_uuid()
        attempts.append(_invite(switch, target, uuid, {**variables, **own}))
    answered = [asyncio.create_task(attempt.wait_answered()) for attempt in attempts]
    try:
        async with asyncio.timeout(limit):
            return await _first(attempts, answered)
    except TimeoutError:
        _give_up(switch, attempts, "NO_ANSWER")
        raise Failed("NO_ANSWER") from None
    except asyncio.CancelledError:
        _give_up(switch, attempts, "ORIGINATOR_CANCEL")
        raise
    finally:
        for waiting in answered:
            waiting.cancel()


async def _first(attempts: "list[Attempt]", answered: "list[asyncio.Task[str]]") -> Channel:
    waiting = dict(zip(answered, attempts, strict=True))
    cause = "NORMAL_CLEARING"
    while waiting:
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            attempt = waiting.pop(one)
            cause = one.result()
            if not cause:
                _give_up(attempt.switch, list(waiting.values()), "LOSE_RACE")
                return attempt.channel
    raise Failed(cause)


def _give_up(switch: "Switch", attempts: "list[Attempt]", cause: str) -> None:
    for attempt in attempts:
        switch.hang_up(attempt.channel, cause)


class Attempt:
    """One leg that rings."""

    def __init__(self, switch: "Switch", channel: Channel) -> None:
        self.switch = switch
        self.channel = channel
        self._outcome: asyncio.Future[str] = switch.future()

    async def wait_answered(self) -> str:
        """Nothing when it was answered, otherwise the hangup cause."""
        return await asyncio.shield(self._outcome)

    def answered(self) -> None:
        """The far end took the call."""
        if not self._outcome.done():
            self._outcome.set_result("")

    def ended(self, cause: str) -> None:
        """It is over before anybody answered."""
        if not self._outcome.done():
            self._outcome.set_result(cause)


def _invite(switch: "Switch", target: Target, uuid: str, variables: dict[str, str]) -> Attempt:
    number = variables.get("origination_caller_id_number", "0000000000")
    name = variables.get("origination_caller_id_name", "")
    profile = Profile(number, name, target.user, callee_name="Outbound Call", callee_number=target.user)
    channel = Channel(uuid, f"sofia/{target.profile}/{target.uri.removeprefix('sip:')}", inbound=False, profile=profile)
    channel.variables |= variables
    channel.variables["sip_req_uri"] = target.uri
    attempt = Attempt(switch, channel)
    switch.add_outbound(channel, attempt)
    switch.fire("CHANNEL_OUTGOING", channel, whole=False)
    switch.set_state(channel, "CS_INIT")
    switch.fire("CHANNEL_CREATE", channel)
    switch.fire("CHANNEL_ORIGINATE", channel)
    switch.set_state(channel, "CS_ROUTING")
    headers = [(key.removeprefix("sip_h_"), value) for key, value in variables.items() if key.startswith("sip_h_")]
    switch.send_invite(channel, target, number, name, headers)
    switch.set_state(channel, "CS_CONSUME_MEDIA")
    return attempt


def rang(switch: "Switch", channel: Channel, *, media: bool) -> None:
    """180 or 183 came."""
    first = not channel.times.progress and not channel.times.progress_media
    if media:
        channel.times.progress_media = now_us()
    else:
        channel.times.progress = now_us()
    switch.fire("CHANNEL_PROGRESS_MEDIA" if media else "CHANNEL_PROGRESS", channel)
    if first:
        switch.set_call_state(channel, CallState.EARLY if media else CallState.RINGING)
