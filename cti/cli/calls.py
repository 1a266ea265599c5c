"""Commands about the records of calls: calls list, calls show; db status, db upgrade."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import click
from pydantic import TypeAdapter

from cti.cli.options import CONFIG
from cti.cli.text import clock, cut, safe, table
from cti.cli.timeline import Names, caller, lines, local
from cti.config.check import load_routing
from cti.config.findings import ConfigError, nearest
from cti.config.numbers import DEFAULT_REGION, e164
from cti.config.settings import Settings, load_settings
from cti.errors import CtiError
from cti.ids import AgentId, CallId
from cti.log import mask_numbers
from cti.records.archive import Archive, Filter, KeptCall
from cti.records.database import Database
from cti.records.entries import CallOpened, CallOutcome, CallRecord

_SPAN: Final = re.compile(r"(\d+)([mhdw])")
_SPANS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_COLOURS: Final = {
    CallOutcome.ANSWERED: "green",
    CallOutcome.TRANSFERRED: "green",
    CallOutcome.ABANDONED: "yellow",
    CallOutcome.FAILED: "red",
}
FULL = click.option("--full", is_flag=True, help="Whole numbers of callers, not 138****8000.")
JSON = click.option("--json", "as_json", is_flag=True, help="As JSON.")


class Moment(click.ParamType[datetime]):
    """A time: 2026-03-04, "2026-03-04 09:00", 09:00, today, yesterday, or so long ago: 90m, 12h, 7d, 2w."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """By the clocks of this machine."""
        if isinstance(value, datetime):
            return value
        now = datetime.now(UTC).astimezone()
        today = datetime.combine(now.date(), time.min).astimezone()
        if value in ("today", "yesterday"):
            return today - timedelta(days=value == "yesterday")
        if span := _SPAN.fullmatch(value):
            return now - timedelta(**{_SPANS[span[2]]: int(span[1])})
        try:
            if re.fullmatch(r"\d\d?:\d\d(:\d\d)?", value):
                return datetime.combine(now.date(), time.fromisoformat(value.zfill(5))).astimezone()
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time; try 2026-03-04, '2026-03-04 09:00', 09:00, today, 12h, 7d", param, ctx)
        return moment if moment.tzinfo else moment.astimezone()


@click.group("calls")
def calls() -> None:
    """The records of calls."""


@calls.command("list")
@CONFIG
@click.option("--since", type=Moment(), help="Calls that began then or later: 2026-03-04, 09:00, today, 12h, 7d.")
@click.option("--until", type=Moment(), help="Calls that began before.")
@click.option("--customer", help="The customer's number, however it is written.")
@click.option("--agent", help="Calls in which this agent talked: id or name.")
@click.option("--queue", help="Calls that were in this queue last: id or name.")
@click.option("--outcome", type=click.Choice([str(outcome) for outcome in CallOutcome]), help="How they ended.")
@click.option("--repeat", type=click.IntRange(0), help="At least so many earlier calls of the customer that day.")
@click.option("--limit", type=click.IntRange(1, 1_000), default=50, show_default=True, help="So many at most.")
@FULL
@JSON
def list_command(config: Path, full: bool, as_json: bool, **which: Any) -> None:
    """List calls, the newest first."""
    settings = load_settings(config).settings
    names = names_of(settings)
    chosen = _filter(names, **which)
    found = asyncio.run(_find(settings, chosen))
    if as_json:
        click.echo(json.dumps([_summary(call, full) for call in found], indent=2, ensure_ascii=False))
        return
    if not found:
        click.echo("no calls", err=True)
        return
    enough = _enough([call.id for call in found])
    head = ("began", "caller", "place", "queue", "agent", "waited", "talked", "nth", "outcome", "id")
    rows = [[click.style(cell, bold=True) for cell in head], *(_row(call, names, full, enough) for call in found)]
    for line in table(rows, right={5, 6, 7}):
        click.echo(line)
    if len(found) == chosen.limit:
        click.echo(click.style(f"the newest {chosen.limit}; more with --limit", dim=True), err=True)


def _row(call: CallRecord | CallOpened, names: Names, full: bool, enough: int) -> list[str]:
    began = f"{local(call.started_at, call.zone):%m-%d %H:%M:%S}"
    who = [began, cut(caller(call, full), 20), cut(safe(call.place), 16)]
    nth, short = str(call.repeat_count + 1), safe(call.id[:enough])
    if isinstance(call, CallOpened):
        return [*who, "", "", "", "", nth, click.style("goes on", fg="cyan"), short]
    agents = "、".join(names.agent(agent) for agent in call.agents)
    queue = names.queue(call.queue) if call.queue else ""
    talked = clock(call.talked) if call.agents else ""
    outcome = click.style(str(call.outcome), fg=_COLOURS.get(call.outcome))
    if call.complaint:
        outcome += click.style(" complaint", fg="red")
    return [*who, cut(queue, 16), cut(agents, 20), clock(call.waited), talked, nth, outcome, short]


def _enough(ids: Sequence[str]) -> int:
    """So many characters tell these ids apart: the beginning is enough for `cti calls show`."""
    longest = max(map(len, ids))
    return next((most for most in range(8, longest) if len({one[:most] for one in ids}) == len(ids)), longest)


def _summary(call: CallRecord | CallOpened, full: bool) -> Any:
    parts = {"legs", "segments", "offers", "story"}
    return _dump(type(call), call, full, exclude=parts)


def _dump(kind: Any, value: Any, full: bool, exclude: set[str] | None = None) -> Any:
    found = TypeAdapter(kind).dump_python(value, mode="json", exclude=exclude)
    return found if full else _masked(found)


def _masked(found: Any) -> Any:
    """Numbers of callers, wherever they are; ids, times, hashes and our own numbers stay."""
    if isinstance(found, dict):
        whole = ("id", "call", "path", "sha256", "dnis", "routing_hash")
        return {
            key: value if isinstance(value, str) and (key in whole or key.endswith("_at")) else _masked(value)
            for key, value in found.items()
        }
    if isinstance(found, list):
        return [_masked(item) for item in found]
    return mask_numbers(found) if isinstance(found, str) else found


@calls.command("show")
@CONFIG
@click.argument("call_id", metavar="ID")
@FULL
@JSON
def show_command(config: Path, call_id: str, full: bool, as_json: bool) -> None:
    """Show one call: what the caller heard, how long they waited, who was offered the call and why, who talked.

    The beginning of the id is enough where it fits one call only.
    """
    settings = load_settings(config).settings
    kept = asyncio.run(_show(settings, call_id))
    if as_json:
        click.echo(json.dumps(_dump(KeptCall, kept, full), indent=2, ensure_ascii=False))
        return
    for line in lines(kept, names_of(settings), full):
        click.echo(line)


async def _show(settings: Settings, call_id: str) -> KeptCall:
    async with _archive(settings) as archive:
        if (kept := await archive.call(CallId(call_id))) is not None:
            return kept
        alike = await archive.ids_like(call_id) if call_id else []
        if not alike:
            raise CtiError(f"no call {call_id!r} is kept", remedy="`cti calls list` shows those that are")
        if len(alike) > 1:
            raise CtiError(f"several calls begin with {call_id!r}", remedy=f"There are: {', '.join(alike)}")
        kept = await archive.call(alike[0])
        assert kept is not None  # noqa: S101 (its row was there a moment ago, and rows stay)
        return kept


async def _find(settings: Settings, which: Filter) -> list[CallRecord | CallOpened]:
    async with _archive(settings) as archive:
        return await archive.find(which)


@asynccontextmanager
async def _archive(settings: Settings) -> AsyncIterator[Archive]:
    async with _database(settings) as database:
        now, latest = await database.revision()
        if now != latest:
            raise CtiError(
                f"the tables of {database.name} are " + (f"at {now}, not {latest}" if now else "not there yet"),
                remedy="`cti run` makes them and brings them up to date, or `cti db upgrade`",
            )
        yield Archive(database)


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings.records.url, settings.records.password.get_secret_value())
    try:
        yield database
    finally:
        await database.close()


def names_of(settings: Settings) -> Names:
    """What agents and queues are called now. Where the files are wrong, ids have to do."""
    try:
        routing = load_routing(settings.routing, settings.flows, datetime.now().date())
    except ConfigError:
        return Names({}, {}, DEFAULT_REGION)
    agents = {agent: routing.agents.agents[agent].name for agent in routing.agents.ids()}
    queues = {queue: one.name for queue, one in routing.queues.items()}
    return Names(agents, queues, routing.callers.region)


def _filter(names: Names, *, customer: str | None, agent: str | None, queue: str | None, **which: Any) -> Filter:
    if customer is not None and (customer := e164(customer, names.region)) is None:
        raise click.BadParameter("is no telephone number", param_hint="--customer")
    if agent is not None:
        agent = AgentId(_id_of(agent, names.agents, "agent"))
    if queue is not None:
        queue = _id_of(queue, names.queues, "queue")
    outcome = which.pop("outcome")
    return Filter(
        customer=customer, agent=agent, queue=queue, outcome=CallOutcome(outcome) if outcome else None, **which
    )


def _id_of(given: str, known: dict[Any, str], noun: str) -> str:
    """Id or name. What nobody is called now may be in old records, but only under its id."""
    by_name = [key for key, name in known.items() if name == given]
    if given in known or not known:
        return given
    if len(by_name) == 1:
        return str(by_name[0])
    if by_name:
        raise CtiError(f"several {noun}s are called {given}", remedy=f"Name one by its id: {', '.join(by_name)}")
    hint = nearest(given, [*known, *known.values()])
    click.echo(f"no {noun} is called {given} today{'; ' * bool(hint)}{hint}", err=True)
    return given


@click.group("db")
def db() -> None:
    """The database of the records."""


@db.command("status")
@CONFIG
def status_command(config: Path) -> None:
    """Say which database is used, and whether its tables are up to date. Exit code 1 when they are not."""
    settings = load_settings(config).settings
    name, now, latest = asyncio.run(_status(settings))
    click.echo(name)
    click.echo(
        f"tables: {now or 'none yet'}" + ("" if now == latest else f"; `cti db upgrade` brings them to {latest}")
    )
    spooled = sorted(path for path in settings.records.spool.glob("*.jsonl") if path.stem.isdecimal())
    size = sum(path.stat().st_size for path in spooled)
    click.echo(f"spool {settings.records.spool}: " + (f"{size:,} bytes wait" if spooled else "empty"))
    dead = settings.records.spool / "dead-letters.jsonl"
    if dead.exists():
        with dead.open("rb") as letters:
            click.echo(f"{dead}: {sum(1 for _ in letters)} records that the database refused")
    click.get_current_context().exit(0 if now == latest else 1)


async def _status(settings: Settings) -> tuple[str, str | None, str | None]:
    async with _database(settings) as database:
        return (database.name, *await database.revision())


@db.command("upgrade")
@CONFIG
def upgrade_command(config: Path) -> None:
    """Bring the tables up to date; `cti run` does so by itself when it starts."""
    settings = load_settings(config).settings
    name, now = asyncio.run(_upgrade(settings))
    click.echo(f"{name}: tables at {now}")


async def _upgrade(settings: Settings) -> tuple[str, str | None]:
    async with _database(settings) as database:
        await database.migrate()
        return database.name, (await database.revision())[0]
