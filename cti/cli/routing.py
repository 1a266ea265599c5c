"""Commands about what admins edit: check, try."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from cti.cli.options import CONFIG
from cti.cli.prompts import unspoken
from cti.config.check import check, load_routing
from cti.config.settings import load_settings
from cti.engine import trial
from cti.errors import CtiError
from cti.ids import AgentId


@click.command("check")
@CONFIG
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option(
    "--at", type=click.DateTime(["%Y-%m-%d"]), help="The first of the 400 days looked at; today when not given."
)
def check_command(config: Path, as_json: bool, at: datetime | None) -> None:
    """Check what admins edit: routing/ and ivr_flows/. Exit code 1 when there is an error."""
    settings = load_settings(config).settings
    checked = check(settings.routing, settings.flows, (at or datetime.now()).date())
    if checked.routing is not None:
        checked = checked.with_more(unspoken(settings, checked.routing))
    if as_json:
        click.echo(json.dumps(checked.as_json(), indent=2, ensure_ascii=False))
    else:
        for finding in checked.findings:
            place, _, rest = finding.render().partition("  ")
            click.echo(
                f"{click.style(place, fg='red' if finding.severity == 'error' else 'yellow', bold=True)}  {rest}"
            )
        summary = f"{settings.routing}: {checked.summary()}"
        click.echo(click.style(summary, fg="red" if checked.errors else "green"))
    sys.exit(1 if checked.errors else 0)


@click.command("try")
@CONFIG
@click.argument("number")
@click.option("--from", "caller", default="", help="The caller's number; withheld when not given.")
@click.option("--at", type=click.DateTime(["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]), help="When; now when not given.")
@click.option("--keys", default="", help="Keys that the caller presses when asked, in turn; - presses none.")
@click.option("--calls-today", type=click.IntRange(1), default=1, show_default=True, help="This one included.")
@click.option("--calls-in-7-days", type=click.IntRange(1), help="This one included.")
@click.option("--last-agent", help="Whom the customer spoke to last.")
@click.option(
    "--agents", "staff", default="idle", show_default=True, help="idle, busy, absent, or who is there: 1001,1002."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def try_command(config: Path, number: str, staff: str, at: datetime | None, as_json: bool, **who: Any) -> None:
    """Try a call to NUMBER without a switch: its way through flow and queues, who would be offered it, and why."""
    settings = load_settings(config).settings
    today = datetime.now()
    routing = load_routing(settings.routing, settings.flows, today.date())
    named = trial.Trial(number, at or today.replace(microsecond=0), **who, staff=_staff(staff, routing.agents.ids()))
    story = trial.walk(routing, named)
    if as_json:
        click.echo(json.dumps([line.as_json() for line in story], indent=2, ensure_ascii=False))
        return
    click.echo(f"{story[0].at:%Y-%m-%d %A}, {story[0].at.tzinfo}")
    for line in story:
        where = click.style(f"  ({line.where})", dim=True) if line.where else ""
        click.echo(f"{line.at:%H:%M:%S}  {line.text}{where}")
        for detail in line.details:
            click.echo(f"            {detail}")


def _staff(text: str, known: list[AgentId]) -> trial.Staff | frozenset[AgentId]:
    if text in set(trial.Staff):
        return trial.Staff(text)
    agents = frozenset(AgentId(agent.strip()) for agent in text.split(","))
    if unknown := sorted(agents - set(known)):
        raise CtiError(f"no agent {', '.join(unknown)}", remedy=f"There are: {', '.join(known)}; or idle, busy, absent")
    return agents


COMMANDS = (check_command, try_command)
