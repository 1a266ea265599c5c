"""The mistakes: in which file which text becomes which, and what is broken then. The old text is there once."""

from typing import Final, NamedTuple


class Mutant(NamedTuple):
    """One mistake."""

    file: str
    """In cti/acd."""
    old: str
    new: str
    breaks: str


MUTANTS: Final = (
    # Who gets which call
    Mutant("matching.py", "min(floor.open.values()", "max(floor.open.values()", "the last open call goes first"),
    Mutant("matching.py", "key=_first_two)):", "key=_first_two, reverse=True)):", "a freed agent takes the last call"),
    Mutant("matching.py", "ready[member.level :]", "ready", "calls go to agents whom no step admits yet"),
    Mutant(
        "matching.py",
        "heads.append((member.queue.id not in prefers",
        "heads.append((member.queue.id in prefers",
        "agents avoid the queues that they prefer",
    ),
    Mutant("matching.py", "elif agent is None and (best", "elif (best", "a call that is held goes to anybody"),
    Mutant("matching.py", "if member.agent in floor.freed and", "if False and", "a freed agent misses an earlier call"),
    Mutant("matching.py", "plan.ring_most if queue.rings_all else 1", "1", "ring_all rings one phone"),
    Mutant("matching.py", "chosen=len(chosen),", "chosen=1,", "an explanation says of one phone only that it rings"),
    Mutant("matching.py", "len(queue.members) <= NAMED", "len(queue.members) < NAMED", "twenty agents are counted"),
    Mutant(
        "matching.py",
        "if agent.standing is not Standing.IDLE or not (",
        "if not (",
        "an agent who is busy again is offered a call",
    ),
    Mutant("strategies.py", "(-member.score,", "(member.score,", "most_skilled takes the least skilled"),
    Mutant("strategies.py", "(member.last_offer, ", "(", "round_robin is longest_idle"),
    Mutant("strategies.py", "(member.agent.calls, ", "(-member.agent.calls, ", "fewest_calls takes who had the most"),
    Mutant("strategies.py", "(member.agent.occupancy(), ", "(0.0, ", "least_occupied does not look at the work"),
    Mutant("strategies.py", "(member.agent.order,)", "(-member.agent.order,)", "sequential begins at the end"),
    Mutant("model.py", ">= least for", "> least for", "an agent with exactly the proficiency is not admitted"),
    Mutant("model.py", "if step.groups and not step.groups & self.groups", "if False", "everybody is of every group"),
    Mutant("stays.py", "call.since - points", "call.since + points", "the sign of priority"),
    Mutant("stays.py", "(floor.plan.vip if call.caller.vip else 0)", "0", "a VIP waits like everybody"),
    Mutant(
        "stays.py",
        "    call.been.add(",
        "    call.since = floor.now\n    call.been.add(",
        "a moved call loses its place",
    ),
    # Offers
    Mutant(
        "offers.py",
        "take_back(call)\n    call.become(CallState.OFFERED)",
        "call.become(CallState.OFFERED)",
        "a call rings twice",
    ),
    Mutant(
        "offers.py",
        "queue.plan.ring if queue.plan.ring is not None else agent.plan.ring",
        "agent.plan.ring",
        "the queue's time of ringing is forgotten",
    ),
    Mutant("offers.py", "        floor.timers.set(offer.until, Due.OFFER, offer)\n", "", "an offer never ends"),
    Mutant("offers.py", "    offer.stamp += 1\n", "", "the deadline of an offer that is over ends it again"),
    Mutant("offers.py", "        floor.timers.set(agent.rest_until, Due.REST, agent)\n", "", "a rest never ends"),
    Mutant("offers.py", "agent.no_answers >= floor", "agent.no_answers > floor", "one call without an answer too many"),
    Mutant("offers.py", "is Refusal.NO_ANSWER else 0", "is Refusal.NO_ANSWER else agent.no_answers", "not in a row"),
    Mutant(
        "offers.py",
        "        agent.registered = False\n",
        "        pass\n",
        "a phone that cannot be reached stays available",
    ),
    Mutant("offers.py", "    agent.idle_since = floor.now\n", "", "who declines stays the one idle longest"),
    Mutant(
        "offers.py",
        "    offer.agent.become(Activity.IDLE)\n    floor.stand(offer.agent)",
        "    offer.agent.become(Activity.IDLE)\n    offer.agent.idle_since = floor.now\n    floor.stand(offer.agent)",
        "a cancelled offer costs the agent the time of being idle",
    ),
    Mutant("offers.py", "    if not call.offers:\n", "    if True:\n", "a call that rings elsewhere is open again"),
    Mutant(
        "offers.py",
        "agent.presence is not Presence.AVAILABLE or not agent.registered",
        "agent.presence is not Presence.AVAILABLE and not agent.registered",
        "calls wait for an agent who is away",
    ),
    Mutant(
        "offers.py", "        del call.held_for.held[call.number]\n", "", "a call that was held stays with the agent"
    ),
    Mutant("offers.py", "        call.held_for = None\n", "", "sticky is not released"),
    # Agents
    Mutant("work.py", "if agent.presence is Presence.LOGGED_OUT:", "if False:", "signing in does not count anew"),
    Mutant(
        "work.py",
        "        agent.idle_since = agent.rest_until = floor.now\n        agent.no_answers = 0\n",
        "        agent.idle_since = floor.now\n        agent.no_answers = 0\n",
        "a break does not end the rest",
    ),
    Mutant(
        "work.py",
        "agent.idle_since = agent.rest_until = floor.now  # a rest",
        "agent.idle_since = floor.now  # a rest",
        "a rest is not ended by a call of the agent's own",
    ),
    Mutant(
        "work.py",
        "    if agent.activity is Activity.WRAP_UP:\n        _book",
        "    if False:\n        _book",
        "a conversation is forgotten when the agent dials out after it",
    ),
    Mutant(
        "work.py",
        "        agent.stamp += 1\n        _wrap_up_for",
        "        _wrap_up_for",
        "the old end of wrap-up still counts",
    ),
    Mutant(
        "work.py",
        "agent.plan.wrap_up if seconds is None else seconds",
        "seconds or agent.plan.wrap_up",
        "a queue without wrap-up",
    ),
    Mutant("work.py", "    if seconds <= 0:", "    if seconds < 0:", "wrap-up of no length is a state of its own"),
    Mutant(
        "work.py",
        "if agent.offer is not None and (agent.presence is not Presence.AVAILABLE or not agent.registered):",
        "if agent.offer is not None and agent.presence is not Presence.AVAILABLE:",
        "a phone that is gone rings on",
    ),
    Mutant("work.py", "    del floor.calls[call.id]\n", "", "calls stay for hours after hanging up"),
    Mutant("work.py", "    floor.freed.append(agent)\n", "", "an agent with new skills does not see who waits"),
    Mutant(
        "work.py",
        "        floor.look_if_deserted(member.queue)\n",
        "",
        "nobody sees that the last one with the skill is gone",
    ),
    Mutant(
        "work.py",
        "        if agent.id not in call.queue.members:\n",
        "        if False:\n",
        "calls wait for an agent who lost the skill",
    ),
    Mutant(
        "work.py",
        '        offers.cancel(floor, agent.offer, "the agent took another call")\n',
        "        pass\n",
        "the phone rings on during a call of the agent's own",
    ),
    Mutant(
        "state.py", "if now < self.rest_until else", "if now <= self.rest_until else", "a rest does not end at its end"
    ),
    Mutant(
        "state.py",
        "self.calls, self.handled, self.idled, self.no_answers = 0, 0.0, 0.0, 0",
        "self.no_answers = 0",
        "counts go on after signing in",
    ),
    Mutant(
        "floor.py",
        "                agent.idled += self.now - agent.stood_since\n",
        "                pass\n",
        "being idle is not counted",
    ),
    Mutant(
        "floor.py",
        "agent.told, agent.told_at = shown, self.now",
        "agent.told = shown",
        "pause time counts from the first pause",
    ),
    Mutant(
        "floor.py",
        "                self.freed.append(agent)\n",
        "                pass\n",
        "a freed agent does not see who waits",
    ),
    Mutant(
        "transitions.py",
        "Final = Standing.OFFERED",
        "Final = Standing.UNREGISTERED",
        "an unregistered phone stays available",
    ),
    Mutant(
        "transitions.py",
        "        (CallState.WAITING, CallState.OFFERED),\n",
        "        (CallState.WAITING, CallState.OFFERED),\n        (CallState.OFFERED, CallState.OFFERED),\n",
        "a call may ring twice",
    ),
    Mutant(
        "transitions.py",
        "        (Activity.WRAP_UP, Activity.ON_CALL),  # dials out during wrap-up\n",
        "",
        "nobody may dial out in wrap-up",
    ),
    # Stays in queues
    Mutant(
        "stays.py",
        "agent.standing > Standing.UNREGISTERED",
        "agent.standing >= Standing.UNREGISTERED",
        "calls wait for an agent without a phone",
    ),
    Mutant(
        "stays.py",
        "        floor.timers.set(floor.now + queue.plan.sticky, Due.STICKY, call)\n",
        "",
        "calls wait for the last agent for ever",
    ),
    Mutant(
        "stays.py",
        "        offers.withdraw(floor, offer, why or _CLOSED[outcome])\n",
        "        pass\n",
        "phones ring for a caller who has gone",
    ),
    Mutant(
        "stays.py",
        "    offers.take_back(call)\n    floor.open.pop",
        "    floor.open.pop",
        "a call that has gone is offered",
    ),
    Mutant(
        "stays.py",
        "    queue.dismiss(call)\n    call.stamp += 1\n",
        "    queue.dismiss(call)\n",
        "what was due while the call waited is done in the conversation",
    ),
    Mutant("stays.py", "    queue.dismiss(call)\n", "", "a call that has gone keeps its place"),
    Mutant(
        "stays.py",
        "escalate=command.escalate and not by_agent",
        "escalate=command.escalate",
        "a call that an agent passes on is escalated by number",
    ),
    Mutant(
        "stays.py",
        "= call.state is CallState.WAITING and call.held_for is None",
        "= call.state is CallState.WAITING",
        "a call that is held becomes everybody's by a step",
    ),
    Mutant("stays.py", "    if call.step < step:  # a rule", "    if True:  # a rule", "a step narrows the call again"),
    Mutant(
        "stays.py",
        "        floor.timers.set(call.entered + steps[following].after",
        "        floor.timers.set(call.since + steps[following].after",
        "steps count the wait in other queues",
    ),
    Mutant(
        "stays.py",
        "    floor.timers.set(floor.now + (announcements.every or LOOK_AGAIN), Due.ANNOUNCE, call, announcements)\n",
        "",
        "the position is told once",
    ),
    Mutant("stays.py", "    call.callback_offered = True\n", "", "a new plan offers the call back again"),
    Mutant(
        "stays.py",
        "head = floor.now - queue.head().entered",
        "head = floor.now - queue.newest().entered",
        "newest and oldest mixed up in the estimate",
    ),
    Mutant(
        "stays.py",
        "        call.been.clear()  # a person decided: every rule may apply anew\n",
        "",
        "rules do not apply anew after a person moved the call",
    ),
    Mutant(
        "stays.py",
        "    if queue.most is not None and len(queue.order) > queue.most:\n",
        "    if False:\n",
        "a queue stays too long after its newest call left",
    ),
    Mutant(
        "state.py",
        "return next(reversed(self.arrivals.values()))",
        "return next(iter(self.arrivals.values()))",
        "newest and oldest mixed up in overflow",
    ),
    Mutant("state.py", "call.place) + 1", "call.place)", "positions begin at 0"),
    Mutant(
        "state.py",
        "return self.position(call) * self.handling / available",
        "return self.position(call) * self.handling",
        "the estimate forgets how many agents there are",
    ),
    Mutant("state.py", "_WEIGHT * (handling - self.handling)", "_WEIGHT * handling", "the running mean grows for ever"),
    Mutant(
        "state.py",
        "return [min(heads)[1]]",
        "return [heads[0][1]]",
        "agents of the first step go before those idle longer",
    ),
    Mutant(
        "state.py",
        "for step in queue.plan.steps:",
        "for step in queue.plan.steps[-1:]:",
        "agents of early steps are forgotten",
    ),
    # Overflow
    Mutant("stays.py", "    call.been.add(queue.id)\n", "", "overflow back into a visited queue"),
    Mutant(
        "overflow.py",
        "len(queue.order) <= rule.waiting_over",
        "len(queue.order) < rule.waiting_over",
        "a limit is reached one call early",
    ),
    Mutant("overflow.py", " or queue.newest() is not call", "", "those who waited long go when the queue is full"),
    Mutant(
        "overflow.py",
        "floor.now < call.entered + rule.waited_over",
        "floor.now <= call.entered + rule.waited_over",
        "nobody looks when the time has come",
    ),
    Mutant("overflow.py", "< call.entered + rule", "< call.since + rule", "the wait in other queues counts"),
    Mutant(
        "overflow.py",
        "estimate > rule.estimate_over",
        "estimate >= rule.estimate_over",
        "exactly the expected wait is too much",
    ),
    Mutant(
        "overflow.py",
        "if rule.nobody_signed_in and queue.signed_in(call.step)",
        "if rule.nobody_signed_in and queue.available(call.step)",
        "a break counts as signed out",
    ),
    Mutant(
        "overflow.py",
        "reversed(queue.arrivals.values())",
        "queue.arrivals.values()",
        "the first go first when nobody is there",
    ),
    Mutant(
        "overflow.py",
        "    floor.timers.set(floor.now + stays.LOOK_AGAIN, Due.LOOK_AGAIN, call)\n",
        "",
        "the expected wait is looked at once only",
    ),
    Mutant(
        "overflow.py",
        "for rule in call.queue.plan.overflow if",
        "for rule in reversed(call.queue.plan.overflow) if",
        "the last rule decides",
    ),
    Mutant(
        "overflow.py",
        'at this moment."""\n    floor.open[call.number] = call\n',
        'at this moment."""\n    look(floor, call)\n',
        "overflow is quicker than an agent who comes free",
    ),
    Mutant(
        "overflow.py",
        "    if isinstance(rule.to, Widen) and call.step >= rule.to.step:\n        return False  # done already\n",
        "    if isinstance(rule.to, Widen) and call.step > rule.to.step:\n        return False\n",
        "a call is opened to more agents for ever",
    ),
    Mutant(
        "floor.py",
        "                if now < before:\n",
        "                if now > before:\n",
        "nobody sees that the last agent left",
    ),
    # Escalation
    Mutant(
        "escalation.py",
        "counts[rule.trigger] >= rule.threshold",
        "counts[rule.trigger] > rule.threshold",
        "the fourth call of the day",
    ),
    Mutant(
        "escalation.py",
        "return not rule.queues or queue.id in rule.queues",
        "return True",
        "rules for certain queues hold for all",
    ),
    Mutant(
        "escalation.py",
        "queue = rule.offer or rule.to",
        "queue = rule.to",
        "the agent is not offered where to move the call",
    ),
    Mutant(
        "escalation.py",
        "            floor.timers.set(floor.now + rule.threshold, Due.TALK, call, rule)\n",
        "            pass\n",
        "long conversations are not seen",
    ),
    Mutant(
        "escalation.py",
        "        call.for_the_agent.append(rule)\n",
        "        pass\n",
        "the agent is not told of a third call",
    ),
    Mutant(
        "conversations.py",
        "if call is None or call.complained:",
        "if call is None:",
        "supervisors are told of one complaint twice",
    ),
    Mutant(
        "conversations.py",
        " and move.to != call.queue.id",
        "",
        "a complaint to the specialists leaves and enters their queue",
    ),
    Mutant(
        "conversations.py",
        "target, escalate=False",
        "target, escalate=True",
        "an escalated call is escalated by number",
    ),
    Mutant(
        "conversations.py",
        "call.id, 0, floor.now",
        "call.id, agent.no_answers, floor.now",
        "an answer does not begin the row anew",
    ),
    Mutant("conversations.py", "    agent.calls += 1\n", "", "answered calls are not counted"),
    # Time and plans
    Mutant("machine.py", "floor.now = max(floor.now, now)", "floor.now = now", "time goes back"),
    Mutant("timers.py", "when <= now", "when < now", "nothing is due at its time"),
    Mutant("timers.py", "heap[0][3].stamp != heap[0][4]", "False", "timers of what is over are done"),
    Mutant(
        "plans.py",
        "[call for queue in floor.queues.values() for call in queue.arrivals.values()]",
        "[call for call in floor.calls.values() if call.agent is None]",
        "a new plan mixes up who came last",
    ),
    Mutant(
        "plans.py", "old_queues[id_].handling if id_ in old_queues else ", "", "a new plan forgets how long calls take"
    ),
    Mutant("plans.py", "agent.last_offers())", "{})", "a new plan forgets whose turn it is"),
    Mutant("plans.py", "if step.after <= waited", "if step.after <= 0", "a new plan begins the steps anew"),
    Mutant(
        "plans.py",
        "    call.place = stays.place_in(floor, call, queue)\n",
        "",
        "a new priority does not count for who waits",
    ),
    Mutant(
        "plans.py",
        "        if call.held_for is not None:\n",
        "        if False:\n",
        "a call stays held in a queue of the old plan",
    ),
    Mutant(
        "plans.py",
        "        agent.worked_for = floor.queues.get(agent.worked_for.id)\n",
        "        pass\n",
        "what is learned goes to a queue of the old plan",
    ),
    Mutant(
        "plans.py",
        "    if agent.activity is Activity.IDLE:\n        del",
        "    if True:\n        del",
        "a removed agent is cut off",
    ),
    Mutant(
        "floor.py",
        "if id_ not in self.plan.queues:",
        "if id_ not in self.queues:",
        "calls enter a queue that is no more",
    ),
    Mutant(
        "floor.py", "if id_ not in self.plan.agents:", "if id_ not in self.agents:", "a removed agent still declares"
    ),
)
