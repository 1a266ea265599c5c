"""API commands (mod_commands, mod_sofia, mod_event_socket's console), with FreeSWITCH's own answers."""

import json
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from cti.softswitch.channel import CallState, Channel, now_us
from cti.softswitch.originate import originate as run_originate
from cti.softswitch.rtp.errors import BadKeys
from cti.softswitch.words import split

if TYPE_CHECKING:
    from cti.softswitch.switch import Switch

NO_CHANNEL: Final = "-ERR No such channel!\n"
OK: Final = "+OK\n"


async def run(switch: "Switch", name: str, argument: str) -> str:
    """The answer to one command."""
    command = COMMANDS.get(name)
    if command is None:
        return f"-ERR {name} Command not found!\n"
    answer = command(switch, argument)
    return answer if isinstance(answer, str) else await answer


def rows(items: list[dict[str, str]]) -> str:
    """``show ... as json``; without rows only their count."""
    if not items:
        return '{"row_count": 0}\n'
    return json.dumps({"row_count": len(items), "rows": items}, ensure_ascii=False, separators=(",", ":")) + "\n"


def _channel(switch: "Switch", uuid: str) -> Channel | None:
    return switch.channels.get(uuid)


def show(switch: "Switch", argument: str) -> str:
    """``show channels|calls|registrations as json``"""
    what = (argument.split() or [""])[0]
    if what == "channels":
        return rows([channel.row() for channel in switch.channels.values()])
    if what in ("calls", "bridged_calls"):
        return rows(_calls(switch, only_bridged=what == "bridged_calls"))
    if what == "registrations":
        return rows(switch.registrations())
    if what == "api":
        return rows(
            [{"name": name, "description": "", "syntax": "", "ikey": "softswitch"} for name in sorted(COMMANDS)]
        )
    return f"-USAGE: show channels|calls|bridged_calls|registrations|api as json\n-ERR nothing is known about {what}\n"


def _calls(switch: "Switch", *, only_bridged: bool) -> list[dict[str, str]]:
    found = []
    for channel in switch.channels.values():
        if channel.other is None:
            if not only_bridged:
                found.append(channel.row())
        elif channel.bridge is not None and channel.bridge.lead is channel:
            found.append(channel.row() | {f"b_{key}": value for key, value in channel.other.row().items()})
    return found


def status(switch: "Switch", argument: str) -> str:
    """``status``"""
    up = int(time.monotonic() - switch.started)
    units = [("years", 31_536_000), ("days", 86_400), ("hours", 3600), ("minutes", 60), ("seconds", 1)]
    parts = []
    for unit, seconds in units:
        parts.append(f"{up // seconds} {unit}")
        up %= seconds
    return (
        f"UP {', '.join(parts)}, 0 milliseconds, 0 microseconds\n"
        f"FreeSWITCH (the embedded softswitch, for trials and tests) is ready\n"
        f"{switch.sessions} session(s) since startup\n"
        f"{len(switch.channels)} session(s) - peak {switch.peak}, last 5min {switch.peak} \n"
        f"0 session(s) per Sec out of max {switch.max_sessions}, peak 0, last 5min 0 \n"
        f"{switch.max_sessions} session(s) max\n"
    )


def uuid_exists(switch: "Switch", argument: str) -> str:
    """``uuid_exists UUID``; the answer has no newline."""
    return "true" if _channel(switch, argument.strip()) else "false"


def uuid_kill(switch: "Switch", argument: str) -> str:
    """``uuid_kill UUID [CAUSE]``"""
    uuid, _, cause = argument.partition(" ")
    channel = _channel(switch, uuid)
    if channel is None:
        return NO_CHANNEL
    switch.hang_up(channel, cause.strip() or "NORMAL_CLEARING")
    return OK


def uuid_bridge(switch: "Switch", argument: str) -> str:
    """``uuid_bridge UUID OTHER``"""
    words = argument.split()
    if len(words) != 2:
        return "-USAGE: <uuid> <other_uuid>\n"
    lead, follower = _channel(switch, words[0]), _channel(switch, words[1])
    if lead is None or follower is None or lead is follower or lead.gone or follower.gone:
        return "-ERR Invalid uuid\n"
    switch.bridge(lead, follower)
    return f"+OK {follower.uuid}\n"


def uuid_transfer(switch: "Switch", argument: str) -> str:
    """``uuid_transfer UUID [-bleg|-both] EXTENSION [DIALPLAN [CONTEXT]]``"""
    words = argument.split()
    channel = _channel(switch, words[0]) if words else None
    if channel is None:
        return NO_CHANNEL
    legs = [channel]
    if len(words) > 1 and words[1] in ("-bleg", "-both"):
        if channel.other is None:
            return "-ERR No such channel!\n"
        legs = [channel.other] if words.pop(1) == "-bleg" else [channel, channel.other]
    if len(words) < 2:
        return "-USAGE: <uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]\n"
    for leg in legs:
        switch.transfer(leg, words[1], words[3] if len(words) > 3 else leg.profile.context)
    return OK


def uuid_setvar(switch: "Switch", argument: str) -> str:
    """``uuid_setvar UUID NAME [VALUE]``"""
    words = split(argument, " ", 3)
    channel = _channel(switch, words[0]) if words else None
    if len(words) < 2:
        return "-USAGE: <uuid> <var> [value]\n"
    if channel is None:
        return NO_CHANNEL
    switch.set_variable(channel, words[1], words[2] if len(words) > 2 else "")
    return OK


def uuid_setvar_multi(switch: "Switch", argument: str) -> str:
    """``uuid_setvar_multi UUID NAME=VALUE;NAME=VALUE``"""
    uuid, _, items = argument.partition(" ")
    channel = _channel(switch, uuid)
    if channel is None:
        return NO_CHANNEL
    for item in split(items, ";"):
        name, _, value = item.partition("=")
        switch.set_variable(channel, name.strip(), value.strip())
    return OK


def uuid_getvar(switch: "Switch", argument: str) -> str:
    """``uuid_getvar UUID NAME``; the answer has no newline."""
    uuid, _, name = argument.partition(" ")
    channel = _channel(switch, uuid)
    return NO_CHANNEL if channel is None else channel.variables.get(name.strip(), "_undef_")


def uuid_dump(switch: "Switch", argument: str) -> str:
    """``uuid_dump UUID [json]``"""
    words = argument.split()
    channel = _channel(switch, words[0]) if words else None
    if channel is None:
        return NO_CHANNEL
    event = switch.make_event("CHANNEL_DATA", channel.headers())
    if words[1:] == ["json"]:
        return json.dumps(dict(event.headers), ensure_ascii=False, separators=(",", ":"))
    return event.plain.partition(b"\n\n")[2].decode() + "\n"


def uuid_answer(switch: "Switch", argument: str) -> str:
    """``uuid_answer UUID``"""
    channel = _channel(switch, argument.strip())
    if channel is None:
        return "-ERROR\n"
    switch.answer(channel)
    return OK


def uuid_break(switch: "Switch", argument: str) -> str:
    """``uuid_break UUID [all]``: ends what is played."""
    uuid, _, everything = argument.partition(" ")
    channel = _channel(switch, uuid)
    if channel is None:
        return NO_CHANNEL
    if everything.strip() == "all":
        while not channel.messages.empty():
            channel.messages.get_nowait()
    if channel.stop_playback is not None:
        channel.stop_playback("break")
    return OK


def uuid_broadcast(switch: "Switch", argument: str) -> str:
    """``uuid_broadcast UUID PATH|APPLICATION::ARGUMENT [aleg|bleg|both]``"""
    words = split(argument, " ")
    channel = _channel(switch, words[0]) if words else None
    if channel is None or len(words) < 2:
        return NO_CHANNEL
    application, separator, rest = words[1].partition("::")
    if not separator:
        application, rest = "playback", words[1]
    which = words[2] if len(words) > 2 else "aleg"
    legs = [channel] if which != "bleg" else []
    if which in ("bleg", "both") and channel.other is not None:
        legs.append(channel.other)
    for leg in legs:
        leg.messages.put_nowait({"call-command": "execute", "execute-app-name": application, "execute-app-arg": rest})
    return "+OK Message sent\n"


def uuid_recv_dtmf(switch: "Switch", argument: str) -> str:
    """``uuid_recv_dtmf UUID KEYS``: as if the leg had sent them."""
    uuid, _, keys = argument.partition(" ")
    channel = _channel(switch, uuid)
    if channel is None:
        return NO_CHANNEL
    for key in keys.split("@")[0]:
        switch.press(channel, key, 2000, "APP")
    return f"+OK {uuid} received DTMF {keys}.\n"


def uuid_send_dtmf(switch: "Switch", argument: str) -> str:
    """``uuid_send_dtmf UUID KEYS``"""
    uuid, _, keys = argument.partition(" ")
    channel = _channel(switch, uuid)
    if channel is None:
        return NO_CHANNEL
    try:
        if channel.stream is not None:
            channel.stream.send_keys(keys.split("@")[0])
    except BadKeys as error:
        switch.log(f"{channel.name}: {error}")
    return OK


def uuid_record(switch: "Switch", argument: str) -> str:
    """``uuid_record UUID start|stop|mask|unmask PATH``"""
    words = split(argument, " ", 3)
    channel = _channel(switch, words[0]) if words else None
    if channel is None:
        return "-ERR Cannot locate session!\n"
    if len(words) < 3:
        return "-USAGE: <uuid> [start|stop|mask|unmask] <path> [<limit>]\n"
    action, path = words[1], words[2].split(" ")[0]
    match action:
        case "start":
            done = switch.start_recording(channel, path)
        case "stop":
            done = switch.stop_recording(channel, path)
        case "mask" | "unmask":
            done = switch.mask_recording(channel, path, masked=action == "mask")
        case _:
            done = False
    return "+OK Success\n" if done else "-ERR Operation failed\n"


def uuid_phone_event(switch: "Switch", argument: str) -> str:
    """``uuid_phone_event UUID talk|hold``: asks the phone to pick up or to hold (SIP NOTIFY)."""
    uuid, _, event = argument.partition(" ")
    channel = _channel(switch, uuid)
    if channel is None or channel.call is None:
        return "-ERR Operation failed\n"
    channel.call.notify(event.strip() or "talk")
    return "+OK Success\n"


def uuid_hold(switch: "Switch", argument: str) -> str:
    """``uuid_hold [off|toggle] UUID``"""
    words = argument.split()
    channel = _channel(switch, words[-1]) if words else None
    if channel is None:
        return "-ERR Operation failed\n"
    held = channel.call_state is CallState.HELD
    done = switch.hold(channel, not held if words[0] == "toggle" else words[0] != "off")
    return "+OK Success\n" if done else "-ERR Operation failed\n"


def sched_transfer(switch: "Switch", argument: str) -> str:
    """``sched_transfer [+]SECONDS UUID EXTENSION [DIALPLAN [CONTEXT]]``"""
    words = argument.split(" ", 2)
    channel = _channel(switch, words[1]) if len(words) > 2 else None
    if channel is None:
        return NO_CHANNEL
    switch.schedule_transfer(channel, words[0], words[2])
    return OK


def sched_hangup(switch: "Switch", argument: str) -> str:
    """``sched_hangup [+]SECONDS UUID [CAUSE]``"""
    words = argument.split()
    channel = _channel(switch, words[1]) if len(words) > 1 else None
    if channel is None:
        return NO_CHANNEL
    cause = words[2] if len(words) > 2 else "ALLOTTED_TIMEOUT"
    switch.schedule(channel, words[0], lambda: switch.hang_up(channel, cause))
    return OK


def sched_del(switch: "Switch", argument: str) -> str:
    """``sched_del GROUP``: here a group is a leg's UUID."""
    return f"+OK Deleted: {switch.unschedule(argument.strip())}\n"


def hupall(switch: "Switch", argument: str) -> str:
    """``hupall [CAUSE [VARIABLE VALUE]]``"""
    words = [*argument.split(), "", "", ""]
    for channel in list(switch.channels.values()):
        if not words[1] or channel.variables.get(words[1]) == words[2]:
            switch.hang_up(channel, words[0] or "MANAGER_REQUEST")
    return "+OK hangup all channels with cause " + (words[0] or "MANAGER_REQUEST") + "\n"


def sofia(switch: "Switch", argument: str) -> str:
    """``sofia status``"""
    line = "=" * 97
    lines = [f"{'Name':>25}\t{'Type':>7}\t{'Data':>42}\tState", line]
    lines += [f"{name:>25}\t{'profile':>7}\t{data:>42}\tRUNNING (0)" for name, data in switch.profiles()]
    return "\n".join([*lines, line, f"{len(switch.profiles())} profiles 0 aliases", ""])


def sofia_contact(switch: "Switch", argument: str) -> str:
    """``sofia_contact [PROFILE/]USER[@DOMAIN]``; the answer has no newline."""
    user = argument.rpartition("/")[2].partition("@")[0]
    contacts = switch.contacts(user)
    return ",".join(contacts) if contacts else "error/user_not_registered"


async def originate(switch: "Switch", argument: str) -> str:
    """``originate {VARIABLES}ENDPOINT,... &APPLICATION(ARGUMENT)|EXTENSION``"""
    return await run_originate(switch, argument)


COMMANDS: Final[dict[str, Callable[["Switch", str], str | Awaitable[str]]]] = {
    "create_uuid": lambda switch, _: switch.new_uuid(),
    "echo": lambda _, argument: argument,
    "hupall": hupall,
    "originate": originate,
    "sched_del": sched_del,
    "sched_hangup": sched_hangup,
    "sched_transfer": sched_transfer,
    "show": show,
    "sofia": sofia,
    "sofia_contact": sofia_contact,
    "status": status,
    "strepoch": lambda *_: str(int(time.time())),
    "strftime": lambda _, argument: time.strftime(argument or "%Y-%m-%d %H:%M:%S"),
    "strmicroepoch": lambda *_: str(now_us()),
    "uuid_answer": uuid_answer,
    "uuid_break": uuid_break,
    "uuid_bridge": uuid_bridge,
    "uuid_broadcast": uuid_broadcast,
    "uuid_dump": uuid_dump,
    "uuid_exists": uuid_exists,
    "uuid_getvar": uuid_getvar,
    "uuid_hold": uuid_hold,
    "uuid_kill": uuid_kill,
    "uuid_record": uuid_record,
    "uuid_phone_event": uuid_phone_event,
    "uuid_recv_dtmf": uuid_recv_dtmf,
    "uuid_send_dtmf": uuid_send_dtmf,
    "uuid_setvar": uuid_setvar,
    "uuid_setvar_multi": uuid_setvar_multi,
    "uuid_transfer": uuid_transfer,
    "version": lambda *_: "FreeSWITCH Version 1.10 (the embedded softswitch of the CTI server, for trials and tests)\n",
}
"""By name. What is not here gets FreeSWITCH's own error."""
