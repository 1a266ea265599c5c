"""Dialplan applications (mod_dptools), as many as the server and the dialplan use. Each is killable by an Order."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from cti.softswitch.channel import Channel
from cti.softswitch.rtp.errors import SoundError
from cti.softswitch.words import split

if TYPE_CHECKING:
    from cti.softswitch.switch import Switch

Application = Callable[["Switch", Channel, str], Awaitable[None]]


async def answer(switch: "Switch", channel: Channel, argument: str) -> None:
    """``answer``"""
    switch.answer(channel)


async def pre_answer(switch: "Switch", channel: Channel, argument: str) -> None:
    """``pre_answer``: early media."""
    switch.early_media(channel)


async def set_variable(switch: "Switch", channel: Channel, argument: str) -> None:
    """``set NAME=VALUE``"""
    name, _, value = argument.partition("=")
    switch.set_variable(channel, name.strip(), value.strip())


async def unset(switch: "Switch", channel: Channel, argument: str) -> None:
    """``unset NAME``"""
    channel.variables.pop(argument.strip(), None)


async def sched_transfer(switch: "Switch", channel: Channel, argument: str) -> None:
    """``sched_transfer [+]SECONDS EXTENSION [DIALPLAN [CONTEXT]]``"""
    when, _, rest = argument.partition(" ")
    switch.schedule_transfer(channel, when, rest)


async def sched_hangup(switch: "Switch", channel: Channel, argument: str) -> None:
    """``sched_hangup [+]SECONDS [CAUSE]``"""
    when, _, cause = argument.partition(" ")
    switch.schedule(channel, when, lambda: switch.hang_up(channel, cause or "ALLOTTED_TIMEOUT"))


async def park(switch: "Switch", channel: Channel, argument: str) -> None:
    """``park``"""
    from cti.softswitch import life  # life runs applications, and this application is a part of life

    await life.park(switch, channel)


async def respond(switch: "Switch", channel: Channel, argument: str) -> None:
    """``respond STATUS [PHRASE]``: a final SIP answer."""
    switch.refuse(channel, int(argument[:3]) if argument[:3].isdecimal() else 480)
    await channel.wait(channel.keys.get())


async def hangup(switch: "Switch", channel: Channel, argument: str) -> None:
    """``hangup [CAUSE]``"""
    switch.hang_up(channel, argument or "NORMAL_CLEARING")


async def sleep(switch: "Switch", channel: Channel, argument: str) -> None:
    """``sleep MILLISECONDS``"""
    try:
        await channel.wait(asyncio.Event().wait(), timeout=float(argument or "0") / 1000)
    except TimeoutError:
        return


async def playback(switch: "Switch", channel: Channel, argument: str) -> None:
    """``playback FILE``; a key in playback_terminators (default ``*``) ends it."""
    terminators = channel.variables.get("playback_terminators", "*")
    keys = "0123456789*#ABCD" if terminators == "any" else "" if terminators == "none" else terminators
    channel.variables.pop("playback_terminator_used", None)
    key = await play(switch, channel, argument, keys)
    if key and key in keys:
        channel.variables["playback_terminator_used"] = key


async def endless_playback(switch: "Switch", channel: Channel, argument: str) -> None:
    """``endless_playback FILE``: again and again; keys are not heard meanwhile."""
    while not channel.gone and not await play(switch, channel, argument, ""):
        pass


async def play_and_get_digits(switch: "Switch", channel: Channel, argument: str) -> None:
    """``play_and_get_digits MIN MAX TRIES TIMEOUT TERMINATORS FILE INVALID_FILE [VARIABLE [REGEX [DIGIT_TIMEOUT]]]``"""
    words = [*split(argument, " "), *[""] * 10]
    least, most, tries, timeout = (int(word) if word.isdecimal() else 1 for word in words[:4])
    terminators, prompt, invalid, variable, pattern = words[4:9]
    digit_timeout = int(words[9]) if words[9].isdecimal() else timeout
    for _ in range(max(1, tries)):
        digits, _ = await _collect(switch, channel, prompt, most, timeout, digit_timeout, terminators)
        channel.response = "_none_"
        if len(digits) >= least and (not pattern or re.search(pattern, digits)):
            if variable:
                switch.set_variable(channel, variable, digits)
            channel.variables["read_result"] = "success"
            return
        if invalid:
            await play(switch, channel, invalid, "")
    if variable:
        channel.variables.pop(variable, None)
    channel.variables["read_result"] = "failure"


async def read(switch: "Switch", channel: Channel, argument: str) -> None:
    """``read MIN MAX FILE VARIABLE TIMEOUT TERMINATORS``"""
    words = [*split(argument, " "), *[""] * 6]
    least, most = (int(word) if word.isdecimal() else 1 for word in words[:2])
    timeout = int(words[4]) if words[4].isdecimal() else 1000
    digits, complete = await _collect(switch, channel, words[2], most, timeout, timeout, words[5])
    switch.set_variable(channel, words[3], digits)
    enough = "success" if complete else "timeout"
    channel.variables["read_result"] = enough if len(digits) >= least else "failure"


async def record(switch: "Switch", channel: Channel, argument: str) -> None:
    """``record PATH [LIMIT_SECONDS]``: until a key in playback_terminators (default ``*``), the limit, or hang-up."""
    words = split(argument, " ")
    limit = float(words[1]) if len(words) > 1 and words[1].isdecimal() else None
    keys = channel.variables.get("playback_terminators", "*")
    switch.start_recording(channel, words[0])
    try:
        while (key := await channel.wait(channel.keys.get(), timeout=limit)) not in keys:
            pass
        channel.variables["playback_terminator_used"] = key
    except TimeoutError:
        return
    finally:
        switch.stop_recording(channel, words[0])


async def eavesdrop(switch: "Switch", channel: Channel, argument: str) -> None:
    """``eavesdrop UUID``: hears both sides of a leg; keys 1 and 2 whisper to one, 3 to both, 0 to none."""
    await switch.eavesdrop(channel, argument.strip())


async def play(switch: "Switch", channel: Channel, name: str, terminators: str) -> str:
    """Plays a file, tone or stream to its end; gives the key that ended it, ``break``, or nothing."""
    switch.early_media(channel)
    try:
        source = switch.library.source(name)
    except SoundError as error:
        switch.log(f"{channel.name}: {error}")
        channel.response = "FILE NOT FOUND"
        return "missing"
    kind = name.partition("://")[0] if "://" in name else "file"
    fields = [("Playback-File-Type", kind), ("Playback-File-Path", name)]
    switch.fire("PLAYBACK_START", channel, fields)
    done = switch.future()
    _drain(channel)

    def stop(why: str) -> bool:
        accepted = why in terminators or why == "break"
        if accepted and not done.done():
            done.set_result(why)
        return accepted

    channel.stop_playback = stop
    channel.stream.play(source, lambda: stop(""))
    why = ""
    channel.response = "PLAYBACK ERROR"  # what it stays when an order ends it
    try:
        why = await channel.wait(done)
        channel.response = "FILE PLAYED"
        return why
    finally:
        channel.stop_playback = None
        if channel.stream is not None:
            channel.stream.stop_play()
        status = "done" if why == "" else "break"
        switch.fire("PLAYBACK_STOP", channel, [*fields, ("Playback-Status", status)])


async def _collect(
    switch: "Switch", channel: Channel, prompt: str, most: int, timeout: int, digit_timeout: int, terminators: str
) -> tuple[str, bool]:
    """Digits, the first of which may interrupt the prompt, and whether no more were to come; times in milliseconds."""
    digits = ""
    first = await play(switch, channel, prompt, "0123456789*#ABCD") if prompt else ""
    if len(first) == 1:
        if first in terminators:
            return digits, True
        digits = first
    while len(digits) < most:
        try:
            key = await channel.wait(channel.keys.get(), timeout=(digit_timeout if digits else timeout) / 1000)
        except TimeoutError:
            return digits, False
        if key in terminators:
            break
        digits += key
    return digits, True


def _drain(channel: Channel) -> None:
    while not channel.keys.empty():
        channel.keys.get_nowait()


APPLICATIONS: Final[dict[str, Application]] = {
    "answer": answer,
    "eavesdrop": eavesdrop,
    "endless_playback": endless_playback,
    "export": set_variable,
    "hangup": hangup,
    "park": park,
    "play_and_get_digits": play_and_get_digits,
    "playback": playback,
    "pre_answer": pre_answer,
    "read": read,
    "record": record,
    "respond": respond,
    "sched_hangup": sched_hangup,
    "sched_transfer": sched_transfer,
    "set": set_variable,
    "sleep": sleep,
    "unset": unset,
}
"""What a leg can be told to run. An unknown one is logged and nothing else, as in FreeSWITCH."""
