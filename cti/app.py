"""Builds every part of the server from the settings and runs it."""

import asyncio
import dataclasses
import json
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import ClassVar

import structlog
import uvloop

from cti import log
from cti.config.settings import Node, Settings
from cti.errors import Blame, CtiError
from cti.esl import connection, greenswitch
from cti.esl.commands import Api, Auth, UserAuth
from cti.esl.driver import Address, Connect
from cti.esl.errors import EslError
from cti.esl.events import Event
from cti.esl.link import Link, Timing
from cti.softswitch.dialplan import Dialplan
from cti.softswitch.switch import Options as SwitchOptions
from cti.softswitch.switch import Switch
from cti.switch.events import translate
from cti.switch.port import ExecutionDone, JobDone, LegEvent

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


async def attach(settings: Settings) -> None:
    """Attaches to every node and stays until told to stop."""
    logger = structlog.get_logger()
    watcher = CallWatcher()
    links = [make_link(name, node, settings) for name, node in settings.esl.nodes.items()]
    logger.info("server started", nodes=[f"{link.name} {link.address}" for link in links], driver=settings.esl.driver)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(link.run(watcher), name=f"link {link.name}") for link in links]
        await told_to_stop()
        for task in running:
            task.cancel()
    logger.info("server stopped")


def make_link(name: str, node: Node, settings: Settings) -> Link:
    """The link to one FreeSWITCH."""
    timing = Timing(
        settings.esl.connect_timeout, settings.esl.silence, settings.esl.retry_first, settings.esl.retry_most
    )
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


class CallWatcher:
    """Shows calls as they come, until the engine decides about them."""

    def __init__(self) -> None:
        self._log = structlog.get_logger()
        self._last_error: dict[str, str] = {}

    async def link_up(self, link: Link) -> None:
        """Says how many calls are there already."""
        command = Api("show", ["channels", "as", "json"])
        reply = (await link.send(command)).expect_ok(command)
        try:
            legs = json.loads(reply.text).get("row_count", 0)
        except ValueError:
            legs = "unknown"
        self._last_error.pop(link.name, None)
        self._log.info("switch attached", node=link.name, address=str(link.address), legs=legs)

    async def link_event(self, link: Link, event: Event) -> None:
        """One line for each thing that happened to a call."""
        happened = translate(event)
        if happened is None or isinstance(happened, ExecutionDone | JobDone):
            return
        fields = dataclasses.asdict(happened)
        del fields["at"]
        line = partial(self._log.info if isinstance(happened, LegEvent) else self._log.debug, node=link.name)
        if isinstance(happened, LegEvent):
            line = partial(line, call_id=fields.pop("call"), leg_id=fields.pop("leg"))
            if "other" in fields:
                fields["other_leg_id"] = fields.pop("other")
        line(_words(type(happened).__name__), **fields)

    async def link_down(self, link: Link, error: EslError) -> None:
        """Says it once; the same again is of no interest at 3 a.m."""
        repeated = self._last_error.get(link.name) == error.what
        self._last_error[link.name] = error.what
        line = self._log.debug if repeated else self._log.error
        line("switch lost", node=link.name, address=str(link.address), error=error.what, remedy=error.remedy)


def _words(name: str) -> str:
    """LegCreated: leg created."""
    return re.sub(r"(?<!^)([A-Z])", r" \1", name).lower()
