"""Commands about the server and its switch: run, softswitch, config, console, freeswitch, bench."""

import asyncio
import importlib
import json
import os
import secrets
import sys
from pathlib import Path

import click
from pydantic import SecretStr

from cti import app, console
from cti.cli.demo import serve as serve_demo
from cti.cli.options import CONFIG
from cti.config.agents import load_agents
from cti.config.settings import SECRETS, AgentSecrets, Loaded, Settings, load_settings
from cti.errors import CtiError
from cti.esl.driver import Address
from cti.esl.wire import Limits
from cti.ids import AgentId
from cti.switch.configuration import Carrier, Phone, render


@click.command()
@CONFIG
@click.option("--demo", "with_demo", is_flag=True, help="With simulated customers and agents: docs/demo.md.")
@click.option("--seed", type=int, help="With --demo: a number that makes the same customers come again.")
def run(config: Path, with_demo: bool, seed: int | None) -> None:
    """Run the server until it is stopped (Ctrl-C, SIGTERM)."""
    settings = load_settings(config).settings
    if settings.softswitch.enabled:
        settings = _with_passwords(settings)
    if with_demo:
        serve_demo(settings, secrets.randbelow(10_000) if seed is None else seed)
    else:
        app.serve(settings)


def _with_passwords(settings: Settings) -> Settings:
    """The settings with a SIP password for every agent; new ones are kept where they are looked for the next time."""
    missing = _without_password(settings)
    if not missing:
        return settings
    file = Path(os.environ.get("CTI_SECRETS_DIR") or SECRETS[0]) / "CTI_AGENTS__PASSWORDS"
    passwords = dict(settings.agents.passwords) | {agent: SecretStr(secrets.token_urlsafe(12)) for agent in missing}
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
        json.dump({agent: secret.get_secret_value() for agent, secret in passwords.items()}, opened, indent=1)
    click.echo(f"made SIP passwords for {', '.join(missing)}: see {file}", err=True)
    return settings.model_copy(update={"agents": AgentSecrets(passwords=passwords)})


def _without_password(settings: Settings) -> list[AgentId]:
    return [agent for agent in load_agents(settings.routing).ids() if agent not in settings.agents.passwords]


@click.command()
@CONFIG
def softswitch(config: Path) -> None:
    """Run the embedded softswitch alone, until it is stopped. For trials and tests."""
    app.serve_softswitch(_with_passwords(load_settings(config).settings))


@click.group("config")
def config_group() -> None:
    """The settings."""


@config_group.command("show")
@CONFIG
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def config_show(config: Path, as_json: bool) -> None:
    """Print what is in force and where each value came from; secrets are masked."""
    rows = load_settings(config).listing()
    if as_json:
        click.echo(
            json.dumps(
                {row.name: {"value": row.value, "origin": row.origin} for row in rows}, indent=2, ensure_ascii=False
            )
        )
        return
    widths = [max(len(getattr(row, column)) for row in rows) for column in ("name", "value")]
    for row in rows:
        click.echo(f"{row.name:<{widths[0]}}  {row.value:<{widths[1]}}  {click.style(row.origin, dim=True)}")


@click.command("console")
@CONFIG
@click.option("--node", help="Which node of esl.nodes; the first when not given.")
@click.option("-x", "--execute", "lines", multiple=True, help="Run this line and leave; may be given again.")
@click.option("--json", "as_json", is_flag=True, help="Replies and events as one line of JSON each.")
def console_command(config: Path, node: str | None, lines: tuple[str, ...], as_json: bool) -> None:
    """Talk to a FreeSWITCH: send commands, follow events."""
    loaded = load_settings(config)
    sys.exit(asyncio.run(_console(loaded, node, lines, as_json)))


async def _console(loaded: Loaded, node: str | None, lines: tuple[str, ...], as_json: bool) -> int:
    nodes = loaded.settings.esl.nodes
    name = node or next(iter(nodes), "")
    if name not in nodes:
        raise CtiError(f"no node {name!r} in esl.nodes", remedy=f"There are: {', '.join(nodes) or 'none'}")
    chosen = nodes[name]
    connect = app.DRIVERS[loaded.settings.esl.driver]
    address = Address(chosen.host, chosen.port)
    connection = await connect(address, app.credentials(chosen), Limits(), loaded.settings.esl.connect_timeout)
    person = console.Console(connection, name, as_json)
    if as_json or not sys.stdout.isatty():
        person.write = lambda text: click.echo(text if isinstance(text, str) else "".join(part[1] for part in text))
    return await console.run(person, lines)


@click.group("freeswitch")
def freeswitch_group() -> None:
    """FreeSWITCH's configuration."""


@freeswitch_group.command("render")
@CONFIG
@click.option("--new-passwords", is_flag=True, help="Make SIP passwords for agents without one, kept in secrets/.")
def freeswitch_render(config: Path, new_passwords: bool) -> None:
    """Write config/freeswitch/rendered: variables, agents' phones, gateways."""
    settings = load_settings(config).settings
    if new_passwords:
        settings = _with_passwords(settings)
    elif missing := _without_password(settings):
        raise CtiError(
            f"no SIP password for {', '.join(missing)}",
            remedy="Set CTI_AGENTS__PASSWORDS__<ID>, or let --new-passwords make them",
        )
    agents = load_agents(settings.routing)
    options = settings.freeswitch
    node = settings.esl.nodes.get(options.node)
    if node is None:
        raise CtiError(f"freeswitch.node: no node {options.node!r} in esl.nodes")
    values = {"esl_port": node.port, "esl_password": node.password.get_secret_value(), **options.vars}
    passwords = settings.agents.passwords
    phones = [Phone(agent, agents.agents[agent].name, passwords[agent].get_secret_value()) for agent in agents.ids()]
    carriers = [
        Carrier(
            name,
            gateway.proxy,
            gateway.username,
            gateway.password.get_secret_value(),
            gateway.register_,
            gateway.number,
        )
        for name, gateway in options.gateways.items()
    ]
    for path in render(options.folder, values, phones, carriers):
        click.echo(f"wrote {path}")
    click.echo(f"{len(phones)} phones, {len(carriers)} gateways. Apply with: cti console -x reloadxml")


BENCHMARKS = ("acd", "check", "esl", "hotline", "recordings", "records", "softswitch", "voice")


@click.command("bench", context_settings={"ignore_unknown_options": True})
@click.argument("what", type=click.Choice(BENCHMARKS))
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def bench(what: str, options: tuple[str, ...]) -> None:
    """Measure, beside peers where there are any (from a source tree): cti bench acd [--json]."""
    source = Path(__file__).parents[2]
    if not (source / "benchmarks").is_dir():
        raise CtiError("benchmarks/ is not here", remedy="Run `cti bench` in a source tree")
    sys.path.insert(0, str(source))
    # An installed server does not have them.
    sys.exit(importlib.import_module(f"benchmarks.{what}").main(list(options)))


COMMANDS = (run, softswitch, config_group, console_command, freeswitch_group, bench)
