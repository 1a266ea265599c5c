"""What becomes of every command in every state: of a call, and of an agent. Read by test_transitions.

A state stands at the margin, below it the commands and, after the colon or on the lines below it, every effect.
How each state comes about, and what the commands are, is in test_transitions: they are about call c1, agent li and
offer 1, two seconds after the state began. Many of them come too late, twice, or out of place; they change nothing.
"""


def read(text: str) -> dict[str, dict[str, list[str]]]:
    """State -> command -> effects in words."""
    table: dict[str, dict[str, list[str]]] = {}
    row: dict[str, list[str]] = {}
    effects: list[str] = []
    for line in text.strip().splitlines():
        command, _, words = line.strip().partition(": ")
        if not line.startswith(" "):
            row = table[line.rstrip(":")] = {}
        elif line.startswith(8 * " "):
            effects.append(line.strip())
        else:
            effects = row[command.rstrip(":")] = [] if words in ("", "nothing") else [words]
    return table


CALLS = """
unknown:
    asks again:
        c1 enters service at 1
        offer 1: c1 of service rings li until 82
        li is available offered, 62 s later
    asks elsewhere: c1 enters orders at 1
    hangs up: HungUp ignored: no such call
    keys out: Left ignored: no such call
    wants a call back: Left ignored: no such call
    is moved: Move ignored: no such call
    is moved there: Move ignored: no such call
    complains: FlagComplaint ignored: no such call
    is escalated: Escalate ignored: no escalation is offered for it
    is released: Release ignored: no agent talks with it
    is accepted: Accept ignored: the offer is over
    is declined: Refuse ignored: the offer is over
    is not answered: Refuse ignored: the offer is over
    finds the phone busy: Refuse ignored: the offer is over
    finds no phone: Refuse ignored: the offer is over
    is the agent's own: li is available on_call c1, 62 s later
    a minute passes: nothing
waiting:
    asks again: Enqueue ignored: it waits in service already
    asks elsewhere: Enqueue ignored: it waits in service already
    hangs up: c1 leaves service after 2 s: abandoned
    keys out: c1 leaves service after 2 s: exit_key
    wants a call back: c1 leaves service after 2 s: callback
    is moved:
        c1 leaves service after 2 s: moved
        c1 enters orders at 1
    is moved there: Move ignored: it waits in service already
    complains:
        supervisors told of c1: complaint flagged [e:1]
        c1 leaves service after 2 s: escalated [e:1]
        c1 enters complaints at 1 [e:1]
    is escalated: Escalate ignored: no escalation is offered for it
    is released: Release ignored: no agent talks with it
    is accepted: Accept ignored: the offer is over
    is declined: Refuse ignored: the offer is over
    is not answered: Refuse ignored: the offer is over
    finds the phone busy: Refuse ignored: the offer is over
    finds no phone: Refuse ignored: the offer is over
    is the agent's own: TakeOwnCall ignored: it waits, or another agent has it
    a minute passes: nothing
held:
    asks again: Enqueue ignored: it waits in service already
    asks elsewhere: Enqueue ignored: it waits in service already
    hangs up: c1 leaves service after 2 s: abandoned
    keys out: c1 leaves service after 2 s: exit_key
    wants a call back: c1 leaves service after 2 s: callback
    is moved:
        c1 leaves service after 2 s: moved
        c1 enters orders at 1
    is moved there: Move ignored: it waits in service already
    complains:
        supervisors told of c1: complaint flagged [e:1]
        c1 leaves service after 2 s: escalated [e:1]
        c1 enters complaints at 1 [e:1]
    is escalated: Escalate ignored: no escalation is offered for it
    is released: Release ignored: no agent talks with it
    is accepted: Accept ignored: the offer is over
    is declined: Refuse ignored: the offer is over
    is not answered: Refuse ignored: the offer is over
    finds the phone busy: Refuse ignored: the offer is over
    finds no phone: Refuse ignored: the offer is over
    is the agent's own: TakeOwnCall ignored: the agent is on a call
    a minute passes: nothing
offered:
    asks again: Enqueue ignored: it waits in service already
    asks elsewhere: Enqueue ignored: it waits in service already
    hangs up:
        offer 1: c1 no longer rings li: cancelled, the caller hung up
        li is available idle, 2 s later
        c1 leaves service after 2 s: abandoned
    keys out:
        offer 1: c1 no longer rings li: cancelled, the caller chose something else
        li is available idle, 2 s later
        c1 leaves service after 2 s: exit_key
    wants a call back:
        offer 1: c1 no longer rings li: cancelled, the caller wants to be called back
        li is available idle, 2 s later
        c1 leaves service after 2 s: callback
    is moved:
        offer 1: c1 no longer rings li: cancelled, the call was moved
        li is available idle, 2 s later
        c1 leaves service after 2 s: moved
        c1 enters orders at 1
    is moved there: Move ignored: it waits in service already
    complains:
        supervisors told of c1: complaint flagged [e:1]
        offer 1: c1 no longer rings li: cancelled, the call was escalated
        li is available idle, 2 s later
        c1 leaves service after 2 s: escalated [e:1]
        c1 enters complaints at 1 [e:1]
    is escalated: Escalate ignored: no escalation is offered for it
    is released: Release ignored: no agent talks with it
    is accepted:
        offer 1: c1 no longer rings li: accepted
        c1 leaves service after 2 s: answered li
        offer 1: c1 of service talks with li
        li is available on_call c1, 2 s later
    is declined:
        offer 1: c1 no longer rings li: declined
        li is available idle, 2 s later
    is not answered:
        offer 1: c1 no longer rings li: no_answer
        li is available idle, 2 s later
    finds the phone busy:
        offer 1: c1 no longer rings li: busy
        li is available idle, 2 s later
    finds no phone:
        offer 1: c1 no longer rings li: unreachable
        li is available idle without a phone, 2 s later
    is the agent's own: TakeOwnCall ignored: it waits, or another agent has it
    a minute passes:
        offer 1: c1 no longer rings li: no_answer
        li is available idle, 20 s later
        offer 2: c1 of service rings li until 105
        li is available offered, 5 s later
        offer 2: c1 no longer rings li: no_answer
        li is available idle, 20 s later
        offer 3: c1 of service rings li until 130
        li is available offered, 5 s later
talking:
    asks again:
        li is available wrap_up, 2 s later
        c1 enters service at 1
    asks elsewhere:
        li is available wrap_up, 2 s later
        c1 enters orders at 1
    hangs up: li is available wrap_up, 2 s later
    keys out: Left ignored: it does not wait any longer
    wants a call back: Left ignored: it does not wait any longer
    is moved: Move ignored: it does not wait any longer
    is moved there: Move ignored: it does not wait any longer
    complains:
        supervisors told of c1 with li: complaint flagged [e:1]
        li may move c1 to complaints [e:1]
    is escalated: Escalate ignored: no escalation is offered for it
    is released: li is available wrap_up, 2 s later
    is accepted: Accept ignored: the offer is over
    is declined: Refuse ignored: the offer is over
    is not answered: Refuse ignored: the offer is over
    finds the phone busy: Refuse ignored: the offer is over
    finds no phone: Refuse ignored: the offer is over
    is the agent's own: TakeOwnCall ignored: it is known already
    a minute passes: nothing
complaining:
    asks again:
        li is available wrap_up, 2 s later
        c1 enters service at 1
    asks elsewhere:
        li is available wrap_up, 2 s later
        c1 enters orders at 1
    hangs up: li is available wrap_up, 2 s later
    keys out: Left ignored: it does not wait any longer
    wants a call back: Left ignored: it does not wait any longer
    is moved: Move ignored: it does not wait any longer
    is moved there: Move ignored: it does not wait any longer
    complains: FlagComplaint ignored: it is flagged already
    is escalated:
        li is available wrap_up, 2 s later
        c1 enters complaints at 1 [e:1]
    is released: li is available wrap_up, 2 s later
    is accepted: Accept ignored: the offer is over
    is declined: Refuse ignored: the offer is over
    is not answered: Refuse ignored: the offer is over
    finds the phone busy: Refuse ignored: the offer is over
    finds no phone: Refuse ignored: the offer is over
    is the agent's own: TakeOwnCall ignored: it is known already
    a minute passes: nothing
own call:
    asks again:
        li is available wrap_up, 2 s later
        c1 enters service at 1
    asks elsewhere:
        li is available wrap_up, 2 s later
        c1 enters orders at 1
    hangs up: li is available wrap_up, 2 s later
    keys out: Left ignored: no such call
    wants a call back: Left ignored: no such call
    is moved: Move ignored: no such call
    is moved there: Move ignored: no such call
    complains: FlagComplaint ignored: no such call
    is escalated: Escalate ignored: no escalation is offered for it
    is released: li is available wrap_up, 2 s later
    is accepted: Accept ignored: the offer is over
    is declined: Refuse ignored: the offer is over
    is not answered: Refuse ignored: the offer is over
    finds the phone busy: Refuse ignored: the offer is over
    finds no phone: Refuse ignored: the offer is over
    is the agent's own: TakeOwnCall ignored: it is known already
    a minute passes: nothing
gone:
    asks again: c1 enters service at 1
    asks elsewhere: c1 enters orders at 1
    hangs up: HungUp ignored: no such call
    keys out: Left ignored: no such call
    wants a call back: Left ignored: no such call
    is moved: Move ignored: no such call
    is moved there: Move ignored: no such call
    complains: FlagComplaint ignored: no such call
    is escalated: Escalate ignored: no escalation is offered for it
    is released: Release ignored: no agent talks with it
    is accepted: Accept ignored: the offer is over
    is declined: Refuse ignored: the offer is over
    is not answered: Refuse ignored: the offer is over
    finds the phone busy: Refuse ignored: the offer is over
    finds no phone: Refuse ignored: the offer is over
    is the agent's own: li is available on_call c1, 2 s later
    a minute passes: li is available idle, 15 s later
"""

AGENTS = """
signed out:
    signs in: li is available idle, 2 s later
    goes on break: li is on_break idle (lunch), 2 s later
    goes on another break: li is on_break idle (tea), 2 s later
    signs out: SetPresence ignored: the agent is logged_out already
    phone comes: SetRegistered ignored: it is known already
    phone goes: li is logged_out idle without a phone, 2 s later
    takes their own call: li is logged_out on_call own, 2 s later
    finishes wrap-up: FinishWrapUp ignored: the agent is not in wrap-up
    extends wrap-up: ExtendWrapUp ignored: the agent is not in wrap-up
    learns: nothing
    forgets: nothing
    answers: Accept ignored: the offer is over
    declines: Refuse ignored: the offer is over
    lets the call go: Release ignored: no agent talks with it
    loses the caller: HungUp ignored: no such call
    is called for: c2 enters service at 1
    a minute passes: nothing
on break:
    signs in: li is available idle, 2 s later
    goes on break: SetPresence ignored: the agent is on_break already
    goes on another break: li is on_break idle (tea), 2 s later
    signs out: li is logged_out idle, 2 s later
    phone comes: SetRegistered ignored: it is known already
    phone goes: li is on_break idle (lunch) without a phone, 2 s later
    takes their own call: li is on_break on_call own (lunch), 2 s later
    finishes wrap-up: FinishWrapUp ignored: the agent is not in wrap-up
    extends wrap-up: ExtendWrapUp ignored: the agent is not in wrap-up
    learns: nothing
    forgets: nothing
    answers: Accept ignored: the offer is over
    declines: Refuse ignored: the offer is over
    lets the call go: Release ignored: no agent talks with it
    loses the caller: HungUp ignored: no such call
    is called for: c2 enters service at 1
    a minute passes: nothing
without a phone:
    signs in: SetPresence ignored: the agent is available already
    goes on break: li is on_break idle (lunch) without a phone, 2 s later
    goes on another break: li is on_break idle (tea) without a phone, 2 s later
    signs out: li is logged_out idle without a phone, 2 s later
    phone comes: li is available idle, 2 s later
    phone goes: SetRegistered ignored: it is known already
    takes their own call: li is available on_call own without a phone, 2 s later
    finishes wrap-up: FinishWrapUp ignored: the agent is not in wrap-up
    extends wrap-up: ExtendWrapUp ignored: the agent is not in wrap-up
    learns: nothing
    forgets: nothing
    answers: Accept ignored: the offer is over
    declines: Refuse ignored: the offer is over
    lets the call go: Release ignored: no agent talks with it
    loses the caller: HungUp ignored: no such call
    is called for: c2 enters service at 1
    a minute passes: nothing
idle:
    signs in: SetPresence ignored: the agent is available already
    goes on break: li is on_break idle (lunch), 62 s later
    goes on another break: li is on_break idle (tea), 62 s later
    signs out: li is logged_out idle, 62 s later
    phone comes: SetRegistered ignored: it is known already
    phone goes: li is available idle without a phone, 62 s later
    takes their own call: li is available on_call own, 62 s later
    finishes wrap-up: FinishWrapUp ignored: the agent is not in wrap-up
    extends wrap-up: ExtendWrapUp ignored: the agent is not in wrap-up
    learns: nothing
    forgets: nothing
    answers: Accept ignored: the offer is over
    declines: Refuse ignored: the offer is over
    lets the call go: Release ignored: no agent talks with it
    loses the caller: HungUp ignored: no such call
    is called for:
        c2 enters service at 1
        offer 1: c2 of service rings li until 82
        li is available offered, 62 s later
    a minute passes: nothing
resting:
    signs in: SetPresence ignored: the agent is available already
    goes on break: li is on_break idle (lunch), 2 s later
    goes on another break: li is on_break idle (tea), 2 s later
    signs out: li is logged_out idle, 2 s later
    phone comes: SetRegistered ignored: it is known already
    phone goes: li is available idle without a phone, 2 s later
    takes their own call: li is available on_call own, 2 s later
    finishes wrap-up: FinishWrapUp ignored: the agent is not in wrap-up
    extends wrap-up: ExtendWrapUp ignored: the agent is not in wrap-up
    learns: nothing
    forgets: nothing
    answers: Accept ignored: the offer is over
    declines: Refuse ignored: the offer is over
    lets the call go: Release ignored: no agent talks with it
    loses the caller: HungUp ignored: no such call
    is called for: c2 enters service at 1
    a minute passes: nothing
offered:
    signs in: SetPresence ignored: the agent is available already
    goes on break:
        offer 1: c1 no longer rings li: cancelled, the agent is on_break
        li is on_break idle (lunch), 2 s later
    goes on another break:
        offer 1: c1 no longer rings li: cancelled, the agent is on_break
        li is on_break idle (tea), 2 s later
    signs out:
        offer 1: c1 no longer rings li: cancelled, the agent is logged_out
        li is logged_out idle, 2 s later
    phone comes: SetRegistered ignored: it is known already
    phone goes:
        offer 1: c1 no longer rings li: cancelled, the agent's phone is gone
        li is available idle without a phone, 2 s later
    takes their own call:
        offer 1: c1 no longer rings li: cancelled, the agent took another call
        li is available on_call own, 2 s later
    finishes wrap-up: FinishWrapUp ignored: the agent is not in wrap-up
    extends wrap-up: ExtendWrapUp ignored: the agent is not in wrap-up
    learns: nothing
    forgets: nothing
    answers:
        offer 1: c1 no longer rings li: accepted
        c1 leaves service after 2 s: answered li
        offer 1: c1 of service talks with li
        li is available on_call c1, 2 s later
    declines:
        offer 1: c1 no longer rings li: declined
        li is available idle, 2 s later
    lets the call go: Release ignored: no agent talks with it
    loses the caller:
        offer 1: c1 no longer rings li: cancelled, the caller hung up
        li is available idle, 2 s later
        c1 leaves service after 2 s: abandoned
    is called for: c2 enters service at 2
    a minute passes:
        offer 1: c1 no longer rings li: no_answer
        li is available idle, 20 s later
        offer 2: c1 of service rings li until 105
        li is available offered, 5 s later
        offer 2: c1 no longer rings li: no_answer
        li is available idle, 20 s later
        offer 3: c1 of service rings li until 130
        li is available offered, 5 s later
on a call:
    signs in: SetPresence ignored: the agent is available already
    goes on break: li is on_break on_call c1 (lunch), 2 s later
    goes on another break: li is on_break on_call c1 (tea), 2 s later
    signs out: li is logged_out on_call c1, 2 s later
    phone comes: SetRegistered ignored: it is known already
    phone goes: li is available on_call c1 without a phone, 2 s later
    takes their own call: TakeOwnCall ignored: the agent is on a call
    finishes wrap-up: FinishWrapUp ignored: the agent is not in wrap-up
    extends wrap-up: ExtendWrapUp ignored: the agent is not in wrap-up
    learns: nothing
    forgets: nothing
    answers: Accept ignored: the offer is over
    declines: Refuse ignored: the offer is over
    lets the call go: li is available wrap_up, 2 s later
    loses the caller: li is available wrap_up, 2 s later
    is called for: c2 enters service at 1
    a minute passes: nothing
on their own call:
    signs in: SetPresence ignored: the agent is available already
    goes on break: li is on_break on_call c1 (lunch), 2 s later
    goes on another break: li is on_break on_call c1 (tea), 2 s later
    signs out: li is logged_out on_call c1, 2 s later
    phone comes: SetRegistered ignored: it is known already
    phone goes: li is available on_call c1 without a phone, 2 s later
    takes their own call: TakeOwnCall ignored: the agent is on a call
    finishes wrap-up: FinishWrapUp ignored: the agent is not in wrap-up
    extends wrap-up: ExtendWrapUp ignored: the agent is not in wrap-up
    learns: nothing
    forgets: nothing
    answers: Accept ignored: the offer is over
    declines: Refuse ignored: the offer is over
    lets the call go: li is available wrap_up, 2 s later
    loses the caller: li is available wrap_up, 2 s later
    is called for: c2 enters service at 1
    a minute passes: nothing
in wrap-up:
    signs in: SetPresence ignored: the agent is available already
    goes on break: li is on_break wrap_up (lunch), 2 s later
    goes on another break: li is on_break wrap_up (tea), 2 s later
    signs out: li is logged_out wrap_up, 2 s later
    phone comes: SetRegistered ignored: it is known already
    phone goes: li is available wrap_up without a phone, 2 s later
    takes their own call: li is available on_call own, 2 s later
    finishes wrap-up: li is available idle, 2 s later
    extends wrap-up: nothing
    learns: nothing
    forgets: nothing
    answers: Accept ignored: the offer is over
    declines: Refuse ignored: the offer is over
    lets the call go: Release ignored: no agent talks with it
    loses the caller: HungUp ignored: no such call
    is called for: c2 enters service at 1
    a minute passes: li is available idle, 15 s later
removed:
    signs in: SetPresence ignored: no such agent
    goes on break: SetPresence ignored: no such agent
    goes on another break: SetPresence ignored: no such agent
    signs out: SetPresence ignored: no such agent
    phone comes: SetRegistered ignored: no such agent
    phone goes: SetRegistered ignored: no such agent
    takes their own call: TakeOwnCall ignored: no such agent
    finishes wrap-up: FinishWrapUp ignored: no such agent
    extends wrap-up: ExtendWrapUp ignored: no such agent
    learns: SetSkills ignored: no such agent
    forgets: SetSkills ignored: no such agent
    answers: Accept ignored: the offer is over
    declines: Refuse ignored: the offer is over
    lets the call go: li is logged_out wrap_up (removed), 2 s later
    loses the caller: li is logged_out wrap_up (removed), 2 s later
    is called for: c2 enters service at 1
    a minute passes: nothing
"""
