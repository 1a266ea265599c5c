"""`cti try`: one call through flow and queues without a switch, told line by line with the place of every reason.

The same interpreter and the same distributor walk it as walk real calls; only time and people are made up: prompts take
no time, web servers do not answer, and the agents are as `Staff` says.
"""

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from cti.acd import commands as do
from cti.acd import effects as out
from cti.acd.commands import Presence
from cti.acd.machine import Distributor
from cti.acd.model import Caller, Elsewhere
from cti.config.callers import BLACKLIST
from cti.config.findings import Place, nearest
from cti.config.places import FLOWS
from cti.config.routing import Routing
from cti.engine.place import place_of
from cti.engine.plan import is_vip, plan_of
from cti.engine.surroundings import CallSurroundings, no_notices
from cti.errors import Blame, CtiError
from cti.ids import AgentId, CallId, QueueId
from cti.ivr import actions as ivr
from cti.ivr import inputs
from cti.ivr.facts import Facts
from cti.ivr.interpreter import Interpreter
from cti.ivr.prompts import spoken

SILENCE: Final = "-"
"""In the keys of a trial: no key is pressed until the time is over."""

LONGEST: Final = 3_600.0
"""Seconds after which a trial stops waiting in a queue."""

_CALL: Final = CallId("this call")


class Staff(StrEnum):
    """How the agents are in a trial."""

    IDLE = "idle"
    BUSY = "busy"
    """All have signed in, and all are on calls that do not end."""
    ABSENT = "absent"
    """Nobody has signed in."""


class NotOurs(CtiError):
    """A number that no hotline has."""

    blame: ClassVar[Blame] = Blame.ADMIN


@dataclass(frozen=True, slots=True)
class Trial:
    """Who calls what when, and how things are."""

    number: str
    at: datetime
    """Without a time zone: as clocks show it where the hotline is."""
    caller: str = ""
    """Empty: withheld."""
    keys: str = ""
    """Pressed in turn, one whenever a key is waited for; `-` lets the time run out."""
    calls_today: int = 1
    """This one included."""
    calls_in_7_days: int | None = None
    last_agent: AgentId | None = None
    staff: Staff | frozenset[AgentId] = Staff.IDLE
    """Or the agents who are idle; the others have not signed in."""


@dataclass(frozen=True, slots=True)
class Line:
    """One step of the story."""

    at: datetime
    text: str
    where: str = ""
    """What in the files says so: file:line:column."""
    details: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {"at": self.at.isoformat(), "where": self.where, "text": self.text, "details": list(self.details)}


def walk(routing: Routing, trial: Trial) -> tuple[Line, ...]:
    """The story of the call, to where an agent's phone would ring or the call ends. Raises NotOurs."""
    name = routing.hotline_of(trial.number)
    if name is None:
        numbers = [number for hotline in routing.hotlines.values() for number in hotline.numbers]
        hint = nearest(trial.number, numbers)
        remedy = hint.capitalize() if hint else f"There are: {', '.join(numbers)}"
        raise NotOurs(f"no hotline has the number {trial.number}", remedy=remedy)
    call = _Walk(routing, trial, name)
    call.arrive()
    return tuple(call.story)


class _Walk:
    """One trial under way."""

    def __init__(self, routing: Routing, trial: Trial, name: str) -> None:
        self.routing, self.trial, self.name = routing, trial, name
        self.hotline = routing.hotlines[name]
        self.story: list[Line] = []
        self.position = 0
        self.keys = deque(trial.keys)
        self.interpreter: Interpreter | None = None
        zone = ZoneInfo(self.hotline.timezone)
        self.now = trial.at.astimezone(zone) if trial.at.tzinfo else trial.at.replace(tzinfo=zone)
        self.facts = Facts(
            hotline=name,
            zone=zone,
            language=self.hotline.language,
            ani=trial.caller,
            dnis=trial.number,
            place=place_of(trial.caller, routing.callers.region),
            hours=self.hotline.hours,
            calls_today=trial.calls_today,
            calls_in_7_days=max(trial.calls_today, trial.calls_in_7_days or 0),
        )

    def say(self, text: str, place: Place | str = "", *details: str) -> None:
        """Adds a line."""
        self.story.append(Line(self.now, text, str(place), details))

    def arrive(self) -> None:
        """The call comes in."""
        routing, trial, hours = self.routing, self.trial, self.hotline.hours
        lists = routing.callers.of(trial.caller)
        who = [trial.caller or "number withheld", self.facts.place, f"call {trial.calls_today} today", *sorted(lists)]
        self.say(
            f"{self.name} is called", routing.where("hotlines", self.name, of_key=True), ", ".join(filter(None, who))
        )
        why = routing.calendars[hours].why_at(self.now)
        state = "open" if routing.calendars.is_open(hours, self.now) else "closed"
        reason = ", ".join(filter(None, [why.rule.replace("_", " "), why.name.zh if why.name else ""]))
        self.say(f"{hours} is {state} ({reason})", routing.where("hours", hours, *why.path))
        if BLACKLIST in lists:
            self.say(f"the call is not taken: the caller is on the list {BLACKLIST}", routing.where("lists", BLACKLIST))
        else:
            self.flow(self.hotline.flow)

    # Flows

    def flow(self, name: str) -> None:
        """Walks through a flow to its end, or to an agent; it knows what the flow before it knew."""
        before = self.interpreter
        if before is not None:
            self.facts = replace(self.facts, language=before.language, variables=before.variables)
        surroundings = CallSurroundings(self.routing, self.trial.caller, no_notices)
        interpreter = self.interpreter = Interpreter(self.routing.flows, self.facts, surroundings)
        event: inputs.Input | None = inputs.Started(name)
        while event is not None:
            actions = interpreter.handle(event, self.now)
            event = None
            for action in actions:
                event = self.act(action) or event

    def act(self, action: ivr.Action) -> inputs.Input | None:
        """Tells what an action does; what the world answers to it, or None where nothing more is to come."""
        match action:
            case ivr.Note():
                step = f"{action.step}: {action.why}" if action.step else action.why
                text = f"{step} → {action.target}" if action.target else step
                self.say(text, self.routing.where(FLOWS, action.flow, *action.path))
            case ivr.Play(wait=wait, pieces=pieces):
                self.say(f"plays {spoken(pieces)}")
                return inputs.PlayDone(wait)
            case ivr.ListenUntil(wait=wait, deadline=deadline):
                return self.press(wait, deadline)
            case ivr.RequestHttp(wait=wait, method=method, url=url):
                self.say(f"would ask {method} {url}; a trial takes it as failed")
                return inputs.HttpFailed(wait, "not asked in a trial")
            case ivr.EnterQueue():
                return self.queue(action)
            case ivr.RecordVoicemail(wait=wait, queue=queue):
                self.say(f"records a message for {self.queue_name(queue)}")
                return inputs.VoicemailDone(wait)
            case ivr.AskCallback(wait=wait, queue=queue):
                self.say(f"asks for the number, and promises a call back by {self.queue_name(queue)}")
                return inputs.CallbackDone(wait)
            case ivr.TransferTo(wait=wait, number=number):
                self.say(f"puts the caller through to {number}")
                return inputs.Transferred(wait)
            case ivr.SetLanguage(language=language):
                self.say(f"speaks {language} from here on")
            case ivr.RecordScore(name=name, score=score):
                self.say(f"keeps the score {score} as {name}")
            case ivr.Hangup(cause=cause):
                self.say(f"hangs up ({cause})")
        return None

    def press(self, wait: inputs.WaitId, deadline: datetime) -> inputs.Input:
        """The next key, or none until the time is over."""
        key = self.keys.popleft() if self.keys else SILENCE
        if key == SILENCE:
            self.now = deadline
            self.say("the caller presses nothing")
            return inputs.TimedOut(wait)
        self.say(f"the caller presses {key}")
        return inputs.Key(key)

    # Queues

    def queue(self, entry: ivr.EnterQueue) -> inputs.Input | None:
        """Waits for an agent, as long as it takes."""
        acd, began = self.distributor(), self.now
        trial, facts = self.trial, self.facts
        vip = is_vip(self.routing.callers, trial.caller)
        caller = Caller(vip, facts.calls_today, facts.calls_in_7_days, trial.last_agent)
        effects = acd.handle(do.Enqueue(_CALL, entry.queue, caller), 0.0)
        while True:
            for effect in effects:
                self.decided(effect)
            sent = next((effect.to for effect in effects if isinstance(effect, out.Sent)), None)
            if sent is not None:
                if sent.kind is Elsewhere.FLOW:
                    self.flow(sent.name)
                return None
            if any(isinstance(effect, out.Offered) for effect in effects):
                self.say(
                    f"after the talk the caller hears the flow {entry.survey}" if entry.survey else "no survey follows"
                )
                return None
            if self.keys and self.keys[0] in entry.exit_keys:
                self.say(f"the caller presses {self.keys[0]}")
                return inputs.Key(self.keys.popleft())
            due = acd.next_deadline()
            if due is None or due > LONGEST:
                self.say(f"the caller waits on, {LONGEST / 60:.0f} minutes and longer")
                return None
            self.now = began + timedelta(seconds=due)
            effects = acd.advance(due)

    def distributor(self) -> Distributor:
        """The agents as the trial has them, at second 0."""
        acd, staff = Distributor(plan_of(self.routing), 0.0), self.trial.staff
        there = self.routing.agents.ids() if isinstance(staff, Staff) else sorted(staff)
        for agent in there if staff is not Staff.ABSENT else ():
            acd.handle(do.SetRegistered(agent, True), 0.0)
            acd.handle(do.SetPresence(agent, Presence.AVAILABLE), 0.0)
            if staff is Staff.BUSY:
                acd.handle(do.TakeOwnCall(agent, CallId(f"a call of {agent}")), 0.0)
        return acd

    def decided(self, effect: out.Effect) -> None:
        """Tells what the distributor decided."""
        match effect:
            case out.EntryOpened(queue=queue, position=position, estimates=estimates, rule=rule):
                wait = "nobody is available" if estimates.by_length is None else f"about {estimates.by_length:.0f} s"
                text = f"waits in {self.queue_name(queue)} at position {position}"
                self.position = position
                self.say(text, rule or self.routing.where("queues", queue, of_key=True), f"estimated wait: {wait}")
            case out.EntryClosed(queue=queue, outcome=outcome, waited=waited, rule=rule):
                self.say(f"leaves {self.queue_name(queue)} after {waited:.0f} s: {outcome.replace('_', ' ')}", rule)
            case out.Widened(queue=queue, step=step, rule=rule):
                self.say(f"{self.queue_name(queue)} is opened to more agents, step {step}", rule)
            case out.Sent(to=to, rule=rule):
                self.say(f"goes to {to.kind} {to.name}".rstrip(), rule)
            case out.Offered(agent=agent, until=until, why=why):
                rings = f"rings at {self.agent_name(agent)} for {until - why.at:.0f} s"
                self.say(rings, why.where, *why.lines(self.agent_name))
            case out.Announced(callback=True):
                self.say("is offered a call back that keeps the place")
            case out.Announced(position=position) if position != self.position:
                self.position = position
                self.say(f"hears the position: {position}")
            case out.Told(audience=audience, what=what, rule=rule):
                self.say(f"{audience} told: {what}", rule)

    def queue_name(self, id_: QueueId) -> str:
        """service 售后服务"""
        queue = self.routing.queues.get(id_)
        return f"{id_} {queue.name}" if queue else id_

    def agent_name(self, id_: AgentId) -> str:
        """1001 王芳"""
        return f"{id_} {self.routing.agents.agents[id_].name}"
