"""`cti run --demo`: the server, with simulated customers and agents around it (cti.demo), on any routing.

What they do comes from the files: every hotline is called, every menu has its keys pressed. Only the hours are the
demo's own, so that there is life at any time of the day; hours.yaml is left alone.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
import uvloop

from cti import app, log
from cti.config.agents import RegisteredPhone
from cti.config.calendar import Calendars
from cti.config.check import Checked, check, load_routing
from cti.config.hours import MIDNIGHT, Dates, Days, Hours, Interval
from cti.config.routing import Routing
from cti.config.settings import Settings
from cti.demo.customers import End, Way
from cti.demo.demo import Demo, Options, Switch
from cti.demo.lines import Lines, spoken
from cti.errors import Blame, CtiError
from cti.ids import AgentId
from cti.ivr import steps
from cti.ivr.prompts import Speech
from cti.ivr.values import HANGUP
from cti.softswitch.rtp.errors import SoundError
from cti.voice.voice import Voice

LEFT_OVER: Final = 3
"""With so many agents one is not simulated: their phone is for whoever watches."""
SHARES: Final = (1.0, 0.75, 0.2)
"""How often the first, the second, and every other hotline is called, compared with each other."""
LIKED_KEYS: Final = 3.0
"""How much more often the first key of a menu, and 0, are pressed than others."""
DIGITS: Final = "20261124501734889062"
"""What is keyed where so many digits are asked for."""

PASSWORDS: Final = "secrets/CTI_AGENTS__PASSWORDS"
DEEPER: Final = 1.18
"""Customers' voices, so that they are told from the agents'."""
AGENTS_SAY: Final = (
    ("您好，很高兴为您服务，请问有什么可以帮您？", "您好，让您久等了，请讲。"),
    (
        "好的，请您稍等，我帮您查一下。",
        "请问您的订单号是多少？",
        "明白了，已经给您登记好了。",
        "这个型号现在有货，三天之内可以送到。",
        "请问还有别的问题吗？",
    ),
    ("感谢您的来电，再见。",),
)
CUSTOMERS_SAY: Final = (
    ("喂，你好，我想问一下我的订单。", "你好，我买的电饭煲坏了。", "你好，我想订购电视上的那款炒锅。"),
    ("好的。", "对，是上个星期买的。", "那什么时候能送到？", "我的电话就是现在这个。", "那好吧，麻烦你们快一点。"),
    ("好的，谢谢，再见。",),
)
"""Opening, in between, parting."""


class NoDemo(CtiError):
    """There is nothing that customers or agents could do."""

    blame = Blame.ADMIN
    remedy = "Look at routing/ and config/cti.yaml: `cti check`"


def serve(settings: Settings, seed: int) -> None:
    """Runs the server with the demo until it is told to stop (SIGTERM, SIGINT). Raises NoDemo."""
    if not settings.softswitch.enabled:
        raise NoDemo("the demo calls the embedded softswitch only", remedy="Set softswitch.enabled to true")
    log.configure(settings.log.format, settings.log.level, settings.log.mask_numbers)
    uvloop.run(run(settings, Options(seed=seed)))


async def run(settings: Settings, options: Options) -> None:
    """The server and the demo, as one task. Cancelling it stops everything in order. Raises NoDemo."""
    now = datetime.now(UTC)
    routing = open_now(load_routing(settings.routing, settings.flows, date.today()), now)
    agents, free = simulated_agents(settings, routing)
    ways = [way for way in ways_of(routing, now) if way.weight]
    if not agents or not ways:
        raise NoDemo("no agent has a phone that registers" if ways else "no hotline leads anywhere")
    tell_hours(routing, options.seed)
    async with app.embedded_switch(settings) as switch:
        host = settings.softswitch.host
        there = Switch((host, switch.external_port), (host, switch.internal_port))
        demo = Demo(there, agents, ways, replace(options, regulars=regulars(routing)))
        tell_how_to_join(routing, there, free)

        async def beside(hotline: app.Hotline) -> None:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(demo.run(), name="demo")
                tasks.create_task(give_voices(demo, hotline.voice), name="demo: voices")

        await app.attach(settings, look_with_own_hours, beside)


def tell_hours(routing: Routing, seed: int) -> None:
    """The first line: what here is not as the files say."""
    closed = closed_desk(routing)
    shut_ones = [name for name, hotline in routing.hotlines.items() if hotline.hours == closed]
    open_ones = [name for name in routing.hotlines if name not in shut_ones]
    closed_today = f", {' '.join(shut_ones)} closed today" if shut_ones else ""
    hours = f"{' '.join(open_ones)} open now{closed_today}"
    structlog.get_logger().info("demo: simulated customers and agents, hours of its own", hours=hours, seed=seed)


def tell_how_to_join(routing: Routing, switch: Switch, free: AgentId | None) -> None:
    """Where a softphone gets in."""
    logger = structlog.get_logger()
    (host, port), number = switch.callers, next(iter(routing.hotlines.values())).numbers[0]
    logger.info("demo: call as a customer", dial=f"sip:{number}@{host}:{port}")
    if free is not None:
        host, port = switch.phones
        logger.info("demo: answer as an agent", register=f"sip:{free}@{host}:{port}", passwords=PASSWORDS)


# Whom


def simulated_agents(settings: Settings, routing: Routing) -> tuple[dict[AgentId, str], AgentId | None]:
    """The agents that phones are simulated for, with their passwords; and the one who is left to whoever watches."""
    passwords = settings.agents.passwords
    here = [a for a in routing.agents.ids() if routing.agents.endpoint(a) == RegisteredPhone(a) and a in passwords]
    free = here.pop(0) if len(here) >= LEFT_OVER else None
    return {agent: passwords[agent].get_secret_value() for agent in here}, free


def regulars(routing: Routing) -> tuple[str, ...]:
    """Members, where the files name some."""
    vip = routing.callers.lists.get("vip")
    return tuple(sorted(vip.numbers)) if vip is not None else ()


# When


def look_with_own_hours(routing: Path, flows: Path, today: date) -> Checked:
    """`check`, and then the demo's hours: also when the files are read again (SIGHUP)."""
    checked = check(routing, flows, today)
    return replace(checked, routing=checked.routing and open_now(checked.routing, datetime.now(UTC)))


def closed_desk(routing: Routing) -> str:
    """The desk that is closed in the demo: the last hotline's, when no other has it; or ""."""
    used = [hotline.hours for hotline in routing.hotlines.values()]
    return used[-1] if len(set(used)) > 1 and used.count(used[-1]) == 1 else ""


def open_now(routing: Routing, now: datetime) -> Routing:
    """The routing with every desk open at any hour, but the one whose hotline is to be heard closed."""
    closed = closed_desk(routing)
    hours = {name: one.hours for name, one in routing.calendars.items()}
    changed = {name: shut(one, now) if name == closed else always(one) for name, one in hours.items()}
    return replace(routing, calendars=Calendars(changed))


def always(hours: Hours) -> Hours:
    """The desk, open day and night."""
    week = {Days("mon-sun", tuple(range(7))): (Interval(0, MIDNIGHT),)}
    return hours.model_copy(update={"weekly": week, "holidays": None, "exceptions": {}})


def shut(hours: Hours, now: datetime) -> Hours:
    """The desk, closed yesterday, today and tomorrow, as on a holiday."""
    today = now.astimezone(hours.zone).date()
    dates = Dates("demo", today - timedelta(days=1), today + timedelta(days=1))
    return hours.model_copy(update={"exceptions": {**hours.exceptions, dates: ()}})


# What


def ways_of(routing: Routing, now: datetime) -> Iterator[Way]:
    """Every way through the hotlines' menus that leads to a person, a message or a call back."""
    for place, hotline in enumerate(routing.hotlines.values()):
        walk = _Walk(routing, hotline.flow, now)
        found = list(walk.from_step(routing.flows[hotline.flow].start, (), 1.0, frozenset()))
        total = sum(weight for _, _, weight in found)
        for keys, end, weight in found:
            yield Way(hotline.numbers[0], keys, end, weight / total * SHARES[min(place, len(SHARES) - 1)])


Found = tuple[tuple[str, ...], End, float]


class _Walk:
    """Through one flow, as an ordinary caller would go: conditions do not hold, web servers do not answer."""

    def __init__(self, routing: Routing, flow: str, now: datetime) -> None:
        self._routing = routing
        self._steps: Mapping[str, steps.Step] = routing.flows[flow].steps
        self._now = now

    def from_step(self, name: str, keys: tuple[str, ...], weight: float, been: frozenset[str]) -> Iterator[Found]:
        """The ends that are reached from a step."""
        if name == HANGUP or name in been:
            return
        step, been = self._steps[name], been | {name}
        match step:
            case steps.Queue():
                yield keys, End.PERSON, weight
            case steps.Voicemail():
                yield keys, End.MESSAGE, weight
            case steps.Callback():
                yield keys, End.CALLBACK, weight
            case steps.Menu():
                likes = {key: LIKED_KEYS if key in (next(iter(step.keys)), "0") else 1.0 for key in step.keys}
                for key, target in step.keys.items():
                    share = weight * likes[key] / sum(likes.values())
                    yield from self.from_step(target, (*keys, key), share, been)
            case steps.Collect():
                yield from self.from_step(step.then, (*keys, DIGITS[: step.digits.least] + step.end), weight, been)
            case _:
                onward = self._onward(step)
                if onward is not None:
                    yield from self.from_step(onward, keys, weight, been)

    def _onward(self, step: steps.Step) -> str | None:
        """Where a step leads that asks nothing; None: to the end, or to a number outside."""
        match step:
            case steps.Hours():
                return step.open if self._routing.calendars.is_open(step.hours, self._now) else step.closed
            case steps.Check():
                return step.else_
            case steps.Http():
                return step.otherwise
            case steps.Transfer() | steps.Hangup():
                return None
        onward = [edge.target for edge in step.edges()]
        return onward[0] if onward else None


# What they say


async def give_voices(demo: Demo, voice: Voice) -> None:
    """Has what people say spoken; they hum until then, and where it cannot be."""
    sides = []
    for texts, factor in ((CUSTOMERS_SAY, DEEPER), (AGENTS_SAY, 1.0)):
        parts = []
        for part in texts:
            files = (await voice.playlist([Speech(text, "zh-CN") for text in part])).files
            try:
                parts.append(await asyncio.to_thread(spoken, files, factor))
            except SoundError as error:
                structlog.get_logger().warning("demo: people hum", why=str(error))
                return
        if not all(parts):
            return
        sides.append(Lines(*parts))
    demo.voices.customers, demo.voices.agents = sides
