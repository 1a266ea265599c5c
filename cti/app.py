"""Builds every part of the server from the settings and runs it."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

import structlog
import uvloop

from cti import log
from cti.config.check import Checked, check
from cti.config.in_force import InForce, Look
from cti.config.routing import Routing
from cti.config.settings import Node, Settings
from cti.engine.inputs import FromSwitch, NewRouting, SwitchDown, SwitchUp
from cti.engine.repertoire import repertoire
from cti.engine.runner import Parts, Runner
from cti.errors import Blame, CtiError
from cti.esl import connection, greenswitch
from cti.esl.commands import Auth, UserAuth
from cti.esl.driver import Address, Connect
from cti.esl.errors import EslError
from cti.esl.events import Event
from cti.esl.link import Link, Timing
from cti.ids import NodeName
from cti.records.recordings.finisher import Finisher
from cti.records.recordings.options import Options as RecordingOptions
from cti.records.store import Options as RecordOptions
from cti.records.store import Records
from cti.softswitch.dialplan import Dialplan
from cti.softswitch.switch import Options as SwitchOptions
from cti.softswitch.switch import Switch
from cti.switch.events import translate
from cti.switch.freeswitch import FreeSwitch
from cti.switch.port import SwitchError
from cti.voice.options import Options as VoiceOptions
from cti.voice.tone import beep
from cti.voice.voice import Voice

DRIVERS: dict[str, Connect] = {"asyncio": connection.connect, "greenswitch": greenswitch.connect}


def serve(settings: Settings) -> None:
    """Runs the server until it is told to stop (SIGTERM, SIGINT)."""
    log.configure(settings.log.format, settings.log.level, settings.log.mask_numbers)
    uvloop.run(run(settings))


def serve_softswitch(settings: Settings) -> None:
    """Runs the embedded softswitch alone until it is told to stop."""
    log.configure(settings.log.format, settings.log.level, settings.log.mask_numbers)

    async def alone() -> None:
        async with embedded_switch(settings):
            await told_to_stop()

    uvloop.run(alone())


async def told_to_stop() -> None:
    """Until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


async def run(settings: Settings) -> None:
    """The server, as one task. Cancelling it stops everything in order."""
    if settings.softswitch.enabled:
        async with embedded_switch(settings):
            await attach(settings)
    else:
        await attach(settings)


@asynccontextmanager
async def embedded_switch(settings: Settings) -> AsyncIterator[Switch]:
    """Runs the embedded softswitch where the node named main is looked for. Raises CannotListen."""
    logger = structlog.get_logger()
    options = settings.softswitch
    node = settings.esl.nodes[settings.freeswitch.node]
    switch = Switch(
        SwitchOptions(
            host=options.host,
            internal_port=options.internal_port,
            external_port=options.external_port,
            esl_host=node.host,
            esl_port=node.port,
            esl_password=node.password.get_secret_value(),
            rtp_ports=range(options.rtp_first, options.rtp_last + 1),
            phones={agent: secret.get_secret_value() for agent, secret in settings.agents.passwords.items()},
            music={"moh": options.music.absolute()},
            dialplan=Dialplan(int(options.claim), str(options.fallback.absolute())),
            heartbeat=options.heartbeat,
        ),
        log=lambda line: logger.warning("softswitch", what=line),
    )
    try:
        await switch.start()
    except OSError as error:
        raise CannotListen(f"the softswitch cannot listen: {error.strerror or error}") from error
    logger.warning(
        "embedded softswitch: for trials and tests, not for production",
        callers=f"sip:{options.host}:{switch.external_port}",
        phones=f"sip:{options.host}:{switch.internal_port}",
        agents=len(settings.agents.passwords),
    )
    try:
        yield switch
    finally:
        await switch.close()


async def attach(
    settings: Settings, look: Look = check, beside: Callable[["Hotline"], Coroutine[Any, Any, None]] | None = None
) -> None:
    """The hotline, until told to stop; `beside` is cancelled before it ends."""
    logger = structlog.get_logger()
    loop = asyncio.get_running_loop()
    async with hotline(settings, look) as running, asyncio.TaskGroup() as tasks:
        gc.collect()
        gc.freeze()  # what is there now stays: to look through it all again would stop every call for 0.1 s
        loop.add_signal_handler(signal.SIGHUP, lambda: tasks.create_task(running.reload()))
        task = None if beside is None else tasks.create_task(beside(running), name="beside")
        await told_to_stop()
        loop.remove_signal_handler(signal.SIGHUP)
        if task is not None:
            task.cancel()
    logger.info("server stopped")


@dataclass(frozen=True, slots=True)
class Hotline:
    """The parts of a running hotline that others may want to look at."""

    runner: Runner
    records: Records
    voice: Voice
    recorder: Finisher
    links: Mapping[NodeName, Link]
    in_force: InForce

    async def reload(self) -> Checked:
        """Puts the files in force as they are now, if there is no error; calls keep what they began with."""
        logger = structlog.get_logger()
        before = self.in_force.current
        checked = await asyncio.to_thread(self.in_force.reload, date.today())
        for finding in checked.findings:
            line = logger.error if finding.severity == "error" else logger.warning
            line("routing", where=str(finding.place), what=finding.what, hint=finding.hint)
        version = self.in_force.current
        if version is before:
            logger.warning("the routing in force stays", version=version.number, errors=len(checked.errors))
            return checked
        self.voice.reload()
        self.runner.put(NewRouting(version.routing))
        logger.info("another routing is in force", version=version.number, files=checked.summary())
        await render_ahead(self.voice, version.routing)
        return checked


@asynccontextmanager
async def hotline(settings: Settings, look: Look = check) -> AsyncIterator[Hotline]:
    """Builds the hotline and runs it: records, voice, recordings, the engine, and a link to every switch.

    `look` reads the routing. Raises ConfigError when it cannot be used.
    """
    logger = structlog.get_logger()
    in_force = InForce(settings.routing, settings.flows, date.today(), look)
    routing = in_force.current.routing
    links = {NodeName(name): make_link(name, node, settings) for name, node in settings.esl.nodes.items()}
    switches = {name: FreeSwitch(link) for name, link in links.items()}
    async with AsyncExitStack() as parts:
        records = await parts.enter_async_context(Records(record_options(settings)))
        voice = await parts.enter_async_context(Voice(VoiceOptions(**settings.voice.model_dump())))
        recorder = Finisher(recording_options(settings), lambda made: runner.recorded(made))
        runner = Runner(
            routing,
            Parts(switches, voice, recorder, records, str(beep(settings.voice.cache))),
            sign_in_by_phone=settings.desk.sign_in_by_phone,
        )
        await parts.enter_async_context(recorder)
        tasks = await parts.enter_async_context(asyncio.TaskGroup())
        running = [tasks.create_task(runner.run(), name="engine")]
        for name, link in links.items():
            owner = SwitchOwner(name, switches[name], runner)
            running.append(tasks.create_task(link.run(owner), name=f"link {name}"))
        running.append(tasks.create_task(render_ahead(voice, routing), name="prompts"))
        logger.info("server started", nodes=[f"{name} {link.address}" for name, link in links.items()])
        try:
            yield Hotline(runner, records, voice, recorder, links, in_force)
        finally:
            for task in running:
                task.cancel()


def record_options(settings: Settings) -> RecordOptions:
    """The section records."""
    chosen = settings.records
    return RecordOptions(
        url=chosen.url,
        password=chosen.password.get_secret_value(),
        spool=chosen.spool,
        count_limit=chosen.count_limit,
    )


def recording_options(settings: Settings) -> RecordingOptions:
    """What of the settings' section recordings is about making them."""
    chosen = settings.recordings
    return RecordingOptions(
        folder=chosen.folder,
        convert=chosen.convert,
        bitrate=chosen.bitrate,
        command=tuple(chosen.command),
        warn_megabytes=chosen.warn_megabytes,
        stop_megabytes=chosen.stop_megabytes,
        workers=chosen.workers,
    )


async def render_ahead(voice: Voice, routing: Routing) -> None:
    """Has everything spoken before somebody calls; a call that comes earlier waits for its own prompt only."""
    logger = structlog.get_logger()
    progress = await voice.ready(repertoire(routing))
    for failure in progress.failures:
        logger.error("a prompt cannot be spoken", prompt=str(failure.piece), why=str(failure))
    logger.info("prompts are ready", pieces=progress.total, new=progress.made)


def make_link(name: str, node: Node, settings: Settings) -> Link:
    """The link to one FreeSWITCH."""
    esl = settings.esl
    timing = Timing(esl.connect_timeout, esl.silence, esl.retry_first, esl.retry_most, esl.nudge)
    connect = DRIVERS[settings.esl.driver]
    return Link(name, Address(node.host, node.port), credentials(node), connect=connect, timing=timing)


def credentials(node: Node) -> Auth | UserAuth:
    """How we sign in to a node."""
    password = node.password.get_secret_value()
    user, _, domain = node.user.partition("@")
    return UserAuth(user, domain, password) if user else Auth(password)


class CannotListen(CtiError):
    """A port that we need is taken."""

    blame: ClassVar[Blame] = Blame.ADMIN
    remedy = (
        "Something else listens there, perhaps a FreeSWITCH: then set softswitch.enabled to false; "
        "or choose other ports under softswitch and esl.nodes"
    )


class SwitchOwner:
    """Between one link and the engine: events in the port's words, and how things are whenever the link comes up."""

    def __init__(self, node: NodeName, switch: FreeSwitch, runner: Runner) -> None:
        self._node = node
        self._switch = switch
        self._runner = runner
        self._last_error = ""

    async def link_up(self, link: Link) -> None:
        """The state of the switch, before its first event."""
        with suppress(SwitchError):  # it is down again: link_down says so
            legs, registered = (
                await self._switch.legs(self._runner.legs_on(self._node)),
                await self._switch.registrations(),
            )
            clock = await self._switch.clock()
            line = structlog.get_logger().warning if abs(clock.offset) > 1 else structlog.get_logger().info
            line("clock of the switch", node=self._node, ahead_s=round(clock.offset, 3), within_s=round(clock.error, 3))
            self._last_error = ""
            self._runner.put(SwitchUp(self._node, legs, frozenset(registered)))

    async def link_event(self, link: Link, event: Event) -> None:
        """One event."""
        happened = translate(event)
        if happened is not None:
            self._runner.put(FromSwitch(self._node, happened))

    async def link_down(self, link: Link, error: EslError) -> None:
        """Said once; the same again is of no interest at 3 a.m."""
        if self._last_error != error.what:
            self._last_error = error.what
            self._runner.put(SwitchDown(self._node, str(error)))
