"""Callers, agents and supervisors with real phones on one switch, and what the server would tell the switch."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cti.esl.commands import Api, Events, Execute
from cti.esl.dialstring import Endpoint, Originate, User
from cti.esl.driver import Connection
from cti.esl.events import Event
from tests.acceptance.freeswitch import DOMAIN, FreeSwitch
from tests.acceptance.phones import baresip
from tests.acceptance.phones.baresip import Phone
from tests.acceptance.phones.sound import AGENT_HERTZ, CALLER_HERTZ
from tests.acceptance.story import Story, signed_in

AGENTS = {"1001": "pw-of-1001", "1002": "pw-of-1002", "1003": "pw-of-1003"}
"""The phones that may register: user and password."""
HOTLINE = "4008008008"
MORE = Events(["CHANNEL_OUTGOING", "PLAYBACK_START"])


@dataclass(frozen=True)
class Talk:
    """A caller and an agent who are bridged, and their legs."""

    caller: Phone
    agent: Phone
    a: str
    b: str


class Scene:
    """One test's phones, and the connection that controls their calls."""

    def __init__(self, freeswitch: FreeSwitch, switch: Connection, folder: Path, stack: AsyncExitStack) -> None:
        self.freeswitch = freeswitch
        self.switch = switch
        self.story = Story(switch.events)
        self._folder = folder
        self._stack = stack

    async def ask(self, name: str, rest: str = "") -> str:
        """The answer to an API command, which is no error."""
        command = Api(name, rest=rest)
        return (await self.switch.send(command)).expect_ok(command).text

    async def start(self, leg: str, application: str, argument: str = "") -> str:
        """Tells a leg to run an application; gives its Application-UUID."""
        command = Execute(leg, application, argument)
        (await self.switch.send(command)).expect_ok(command)
        return command.id

    async def done(self, execution: str) -> Event:
        """Reads on until the application is done."""
        return await self.story.until("CHANNEL_EXECUTE_COMPLETE", Application_UUID=execution)

    async def run(self, leg: str, application: str, argument: str = "") -> Event:
        """Runs an application to its end."""
        return await self.done(await self.start(leg, application, argument))

    async def phone(self, name: str, hertz: int = AGENT_HERTZ) -> Phone:
        """A phone that is switched on."""
        return await self._stack.enter_async_context(baresip.phone(self._folder, name, hertz))

    async def agent(
        self, user: str = "1001", hertz: int = AGENT_HERTZ, *, name: str = "", answers: bool = True, seconds: int = 300
    ) -> Phone:
        """A phone that is registered."""
        phone = await self.phone(name or user, hertz)
        port = self.freeswitch.internal_port
        await phone.register(user, AGENTS[user], DOMAIN, port, answers=answers, seconds=seconds)
        await self.story.until("CUSTOM", Event_Subclass="sofia::register", from_user=user)
        return phone

    async def caller(self, *, answered: bool = True) -> tuple[Phone, str]:
        """A phone outside that has dialled, and its leg, claimed and parked."""
        phone = await self.phone("caller", CALLER_HERTZ)
        await phone.dial(HOTLINE, self.freeswitch.external_port)
        leg = (await self.story.until("CHANNEL_PARK", variable_cti_dnis=HOTLINE))["Unique-ID"]
        await self.ask("sched_del", leg)
        if answered:
            await self.run(leg, "answer")
            await phone.event("CALL_ESTABLISHED")
        return phone, leg

    async def ring(self, *endpoints: Endpoint, timeout: int = 10, application: str = "park", argument: str = "") -> str:
        """Begins to ring phones (of 1001, when none is named); gives the leg. `outcome` tells how it went."""
        ring = Originate(
            endpoints or [user("1001")],
            caller_number="13800138000",
            timeout=timeout,
            application=application,
            argument=argument,
        )
        await self.switch.send(ring.job(ring.leg))
        return ring.leg

    async def outcome(self, leg: str) -> str:
        """How it went: ``+OK UUID`` or ``-ERR CAUSE``."""
        return (await self.story.until("BACKGROUND_JOB", Job_UUID=leg)).body.strip()

    async def no_call(self) -> None:
        """Returns when the switch knows of no leg any more; FreeSWITCH forgets one some time after its last event."""
        await self._nothing("channels")

    async def no_phone(self) -> None:
        """Returns when no phone is registered any more."""
        await self._nothing("registrations")

    async def _nothing(self, of: str) -> None:
        rows: object = None
        try:
            async with asyncio.timeout(5):
                while rows := json.loads(await self.ask("show", f"{of} as json")).get("rows"):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"the switch still has {of}: {rows}") from None

    async def answering(self, *endpoints: Endpoint, application: str = "park", argument: str = "") -> str:
        """Rings phones, one of which answers; gives the leg."""
        leg = await self.ring(*endpoints, application=application, argument=argument)
        assert await self.outcome(leg) == f"+OK {leg}"
        return leg

    async def talk(self) -> Talk:
        """A caller who is bridged to agent 1001, and they hear each other."""
        agent = await self.agent()
        caller, a = await self.caller()
        b = await self.answering()
        await self.ask("uuid_bridge", f"{a} {b}")
        await self.story.until("CHANNEL_BRIDGE", Unique_ID=a)
        await caller.hears(AGENT_HERTZ)
        await agent.hears(CALLER_HERTZ)
        return Talk(caller, agent, a, b)


async def becomes(condition: Callable[[], bool]) -> None:
    """Returns when something is so that no event tells of."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def user(number: str) -> User:
    """Every phone of a user."""
    return User(number, DOMAIN)


@asynccontextmanager
async def scene(freeswitch: FreeSwitch, folder: Path) -> AsyncIterator[Scene]:
    """A switch and no phone yet; at the end all calls are hung up and all phones are switched off."""
    async with signed_in(freeswitch.address, "asyncio", MORE) as switch, AsyncExitStack() as stack:
        made = Scene(freeswitch, switch, folder, stack)
        try:
            yield made
        finally:
            await switch.send(Api("hupall"))
