"""Commands about recordings: retention, verify, space."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from cti.cli.options import CONFIG
from cti.config.settings import Settings, load_settings
from cti.log import escape_controls
from cti.records.database import Database
from cti.records.recordings.books import DatabaseBooks
from cti.records.recordings.disk import MEGABYTE, space
from cti.records.recordings.finisher import unfinished
from cti.records.recordings.retention import Rule, retain
from cti.records.recordings.verify import State, verify


def rules_of(settings: Settings) -> list[Rule]:
    """How long recordings are kept."""
    chosen = settings.recordings
    longer = [Rule(rule.keep, rule.hotline, rule.queue, complaint=bool(rule.complaint)) for rule in chosen.longer]
    return [Rule(chosen.keep), *longer]


@click.group("recordings")
def recordings() -> None:
    """The files of recorded calls."""


@recordings.command("retention")
@CONFIG
@click.option("--dry-run", is_flag=True, help="Only list what would be deleted.")
def retention_command(config: Path, dry_run: bool) -> None:
    """Delete recordings whose time is over, and say so in the database. Exit code 1 when one could not be deleted."""
    settings = load_settings(config).settings
    sys.exit(asyncio.run(_retain(settings, dry_run)))


async def _retain(settings: Settings, dry_run: bool) -> int:
    count = size = kept = unknown = failed = 0
    async with _books(settings) as books:
        days = retain(settings.recordings.folder, rules_of(settings), books, datetime.now(UTC), dry_run=dry_run)
        async for day in days:
            kept += day.kept
            for one in day.expired:
                count, size = count + 1, size + one.size
                click.echo(f"{one.path}  {_safe(one.why)}")
            for other in day.unknown:
                unknown, failed = unknown + 1, failed + other.expired
                click.echo(f"{_safe(other.path)}  {_safe(other.what)}", err=True)
    done = "would be deleted" if dry_run else "deleted"
    rest = f", {unknown} files left alone" if unknown else ""
    click.echo(f"{count} recordings {done} ({size / 1e6:.1f} MB), {kept} kept{rest}")
    return 1 if failed else 0


@recordings.command("verify")
@CONFIG
@click.option("--no-database", is_flag=True, help="Compare files and sidecars only.")
def verify_command(config: Path, no_database: bool) -> None:
    """Compare every recording with the SHA-256 in its sidecar and in the database. Exit code 1 when one differs."""
    settings = load_settings(config).settings
    sys.exit(asyncio.run(_verify(settings, no_database)))


async def _verify(settings: Settings, no_database: bool) -> int:
    counts = dict.fromkeys(State, 0)
    async with _books(settings) as books:
        async for verdict in verify(settings.recordings.folder, None if no_database else books):
            counts[verdict.state] += 1
            if verdict.state.is_bad:
                click.echo(f"{verdict.path}  {verdict.state.value}{': ' if verdict.what else ''}{_safe(verdict.what)}")
    click.echo(", ".join(f"{number} {state.value}" for state, number in counts.items() if number) or "no recordings")
    return 1 if any(number for state, number in counts.items() if state.is_bad) else 0


@recordings.command("space")
@CONFIG
def space_command(config: Path) -> None:
    """Say how much room is left for recordings. Exit code 1 when it is too little."""
    chosen = load_settings(config).settings.recordings
    room = space(chosen.folder.absolute())
    hours = room.free / (8000 * 4) / 3600
    click.echo(f"{room.free / 1e9:.1f} of {room.total / 1e9:.1f} GB free: {hours:,.0f} hours as WAV")
    waiting = len(unfinished(chosen.folder))
    if waiting:
        click.echo(f"{waiting} recordings run, or wait to be finished")
    if room.free < chosen.warn_megabytes * MEGABYTE:
        click.echo(f"less than recordings.warn_megabytes ({chosen.warn_megabytes})", err=True)
        sys.exit(1)


@asynccontextmanager
async def _books(settings: Settings) -> AsyncIterator[DatabaseBooks]:
    database = Database(settings.records.url, settings.records.password.get_secret_value())
    try:
        yield DatabaseBooks(database)
    finally:
        await database.close()


def _safe(text: str) -> str:
    """File names and sidecars may hold anything."""
    return escape_controls(text)
