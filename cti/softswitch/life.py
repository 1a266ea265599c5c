"""A leg's life: routed, executing, parked, bridged, gone; with the events that FreeSWITCH fires, in its order.

The recordings in tests/data/esl show the order per leg; it comes from switch_core_state_machine.c and switch_ivr.c.
"""

from typing import TYPE_CHECKING

from cti.softswitch import apps
from cti.softswitch.channel import Bridge, CallState, Channel, HangUp, Order, PartnerGone, Transfer, now_us
from cti.softswitch.dialplan import Actions, route

if TYPE_CHECKING:
    from cti.softswitch.switch import Switch


async def live(switch: "Switch", channel: Channel, actions: Actions) -> None:
    """Runs a leg from its first application to its end. The leg's own task."""
    order: Order | None = None
    try:
        while True:
            try:
                if order is None:
                    await _run(switch, channel, actions)
                    break
                current, order = order, None
                if isinstance(current, Transfer):
                    actions = _enter_extension(switch, channel)
                elif isinstance(current, Bridge):
                    await _bridged(switch, channel, current)
                else:
                    await _after_bridge(switch, channel)
                    break
            except (Transfer, Bridge, PartnerGone) as next_order:
                order = next_order.obeyed()
    except HangUp as last_order:
        last_order.obeyed()
    finally:
        switch.hang_up(channel, "NORMAL_CLEARING")
        finish(switch, channel)


async def execute(switch: "Switch", channel: Channel, application: str, argument: str, execution: str = "") -> None:
    """Runs one application between its two events."""
    run = apps.APPLICATIONS.get(application)
    if run is None:
        switch.log(f"{channel.name}: no application {application!r}")
        return
    execution = execution or switch.new_uuid()
    channel.application = (application, argument)
    channel.response = "_none_"
    channel.variables["current_application"] = application
    headers = [("Application", application), ("Application-Data", argument), ("Application-UUID", execution)]
    headers = [header for header in headers if header[1]]
    switch.fire("CHANNEL_EXECUTE", channel, headers)
    try:
        await run(switch, channel, argument)
    finally:
        switch.fire("CHANNEL_EXECUTE_COMPLETE", channel, [*headers, ("Application-Response", channel.response)])


async def obey(switch: "Switch", channel: Channel, message: dict[str, str]) -> None:
    """Does what a sendmsg says (switch_ivr_parse_event)."""
    match message.get("call-command"):
        case "execute":
            loops = message.get("loops", "1")
            for _ in range(int(loops) if loops.lstrip("-").isdecimal() and int(loops) > 0 else 1):
                application, argument = message.get("execute-app-name", ""), message.get("execute-app-arg", "")
                await execute(switch, channel, application, argument, message.get("event-uuid", ""))
        case "hangup":
            switch.hang_up(channel, message.get("hangup-cause", "NORMAL_CLEARING"))


async def park(switch: "Switch", channel: Channel) -> None:
    """Waits for messages until an order ends it."""
    switch.fire("CHANNEL_PARK", channel)
    try:
        while True:
            await obey(switch, channel, await channel.wait(channel.messages.get()))
    finally:
        switch.fire("CHANNEL_UNPARK", channel)


async def _run(switch: "Switch", channel: Channel, actions: Actions) -> None:
    switch.set_state(channel, "CS_EXECUTE")
    for application, argument in actions:
        await execute(switch, channel, application, argument)


def _enter_extension(switch: "Switch", channel: Channel) -> Actions:
    _leave_bridge(switch, channel)
    if channel.answered:
        switch.set_call_state(channel, CallState.RINGING, state="CS_ROUTING")
    switch.set_state(channel, "CS_ROUTING")
    if channel.answered:
        switch.set_call_state(channel, CallState.ACTIVE, state="CS_EXECUTE")
    return route(channel, switch.dialplan)


async def _bridged(switch: "Switch", channel: Channel, bridge: Bridge) -> None:
    """Connects the leg to the other side and stays until an order comes."""
    if not _leave_bridge(switch, channel):
        switch.set_state(channel, "CS_HIBERNATE")
    switch.set_state(channel, "CS_RESET")
    switch.set_state(channel, "CS_SOFT_EXECUTE")
    other = bridge.other_than(channel)
    bridge.here += 1
    if bridge.here == 2:
        bridge.ready.set()
    await channel.wait(bridge.ready.wait())
    channel.bridge, channel.other = bridge, other
    channel.variables |= {"signal_bond": other.uuid, "bridge_to": other.uuid}
    channel.call_uuid = bridge.lead.uuid
    switch.fire("CHANNEL_EXECUTE", channel, [("Application", "uuid_bridge"), ("Application-Data", other.uuid)])
    if channel is bridge.lead:
        now = now_us()
        channel.times.bridged = other.times.bridged = now
        switch.media.bridge(channel.stream, other.stream)
        switch.fire("CHANNEL_BRIDGE", channel, [], first=_pair(bridge))
    else:
        switch.set_state(channel, "CS_EXCHANGE_MEDIA")
    while True:
        message = await channel.wait(channel.messages.get())
        switch.media.unbridge(channel.stream)  # while one of them does something else neither hears the other
        bridge.busy += 1
        try:
            await obey(switch, channel, message)
        finally:
            bridge.busy -= 1
        if not bridge.busy and other.bridge is bridge:
            switch.media.bridge(channel.stream, other.stream)


def _pair(bridge: Bridge) -> list[tuple[str, str]]:
    return [("Bridge-A-Unique-ID", bridge.lead.uuid), ("Bridge-B-Unique-ID", bridge.follower.uuid)]


def _leave_bridge(switch: "Switch", channel: Channel) -> bool:
    """Ends the bridge that the leg is in; False when it is in none."""
    bridge, other = channel.bridge, channel.other
    if bridge is None or other is None:
        return False
    switch.media.unbridge(channel.stream)
    channel.bridge = None
    if other.bridge is bridge:
        other.tell(PartnerGone())
    if channel is bridge.lead:
        switch.fire("CHANNEL_UNBRIDGE", channel, [], first=_pair(bridge))
    channel.variables["last_bridge_to"] = other.uuid
    channel.variables.pop("bridge_to", None)
    channel.other = None
    return True


async def _after_bridge(switch: "Switch", channel: Channel) -> None:
    """The other side has left: park, where park_after_bridge says so; otherwise this leg ends, too."""
    lead = channel.bridge is not None and channel.bridge.lead is channel
    _leave_bridge(switch, channel)
    if channel.variables.get("park_after_bridge") == "true":
        switch.set_state(channel, "CS_PARK")
        await park(switch, channel)
    elif lead:
        switch.set_state(channel, "CS_EXECUTE")


def finish(switch: "Switch", channel: Channel) -> None:
    """The last events of a leg; afterwards it does not exist."""
    _leave_bridge(switch, channel)
    switch.set_state(channel, "CS_HANGUP")
    for path in list(channel.recordings):
        switch.stop_recording(channel, path)
    switch.set_call_state(channel, CallState.HANGUP)
    switch.set_state(channel, "CS_REPORTING")
    times, variables = channel.times, channel.variables
    variables |= {
        "hangup_cause": channel.cause,
        "start_uepoch": str(times.created),
        "answer_uepoch": str(times.answered),
        "end_uepoch": str(times.hangup),
        "duration": str((times.hangup - times.created) // 1_000_000),
        "billsec": str((times.hangup - times.answered) // 1_000_000 if times.answered else 0),
    }
    switch.fire("CHANNEL_HANGUP_COMPLETE", channel, [], first=[("Hangup-Cause", channel.cause)])
    switch.fire("CHANNEL_DESTROY", channel)
    switch.set_state(channel, "CS_DESTROY")
    switch.forget(channel)
