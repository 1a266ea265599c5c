"""Commands about what callers hear: prompts list, render, prune."""

import asyncio
import json
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import click

from cti.cli.options import CONFIG
from cti.config.check import load_routing
from cti.config.findings import Finding, Place
from cti.config.model import seconds
from cti.config.places import at_part
from cti.config.routing import Routing
from cti.config.settings import Settings, load_settings
from cti.engine.repertoire import repertoire
from cti.ivr.prompts import Piece, Speech
from cti.voice.errors import VoiceError
from cti.voice.options import Options
from cti.voice.voice import Failure, Progress, Voice, unrenderable


def options_of(settings: Settings) -> Options:
    """The section voice of the settings."""
    return Options(**settings.voice.model_dump())


def unspoken(settings: Settings, routing: Routing) -> list[Finding]:
    """Prompts that callers would not hear, or not wholly, for `cti check`."""
    pieces = repertoire(routing)
    try:
        failures = unrenderable(options_of(settings), list(pieces))
    except VoiceError as error:
        return [Finding(Place("settings voice"), error.what, hint=error.remedy)]
    return [_finding(failure, pieces[failure.piece]) for failure in failures]


def _finding(failure: Failure, place: Place) -> Finding:
    text = _text(failure.piece)
    what = f"the prompt “{text}” {failure.why}" if isinstance(failure.piece, Speech) else failure.why
    return Finding(at_part(place, text), what, value=text, hint=failure.remedy)


def _text(piece: Piece) -> str:
    return piece.text if isinstance(piece, Speech) else piece.path


@click.group("prompts")
def prompts() -> None:
    """What callers hear, and the sound of it."""


@prompts.command("list")
@CONFIG
@click.option("--csv", "as_csv", is_flag=True, help="As the list of recordings that voice.replacements names.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_command(config: Path, as_csv: bool, as_json: bool) -> None:
    """List every text: whether it is recorded, rendered already, or to be rendered."""
    settings = load_settings(config).settings
    pieces = repertoire(_routing(settings))
    asyncio.run(_list(options_of(settings), pieces, as_csv, as_json))


async def _list(options: Options, pieces: dict[Piece, Place], as_csv: bool, as_json: bool) -> None:
    async with Voice(options) as voice:
        if as_csv:
            click.echo(voice.script(pieces), nl=False)
            return
        rows = [_row(voice, piece, place) for piece, place in pieces.items()]
        if as_json:
            click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
            return
        for row in rows:
            where = click.style(f"  ({row['where']})", dim=True)
            click.echo(f"{row['key'][:12]:<12}  {row['state']:<8}  {row['language']:<5}  {row['text']}{where}")
        for unused in voice.unused_replacements(pieces):
            click.echo(f"{unused.place}  no prompt has this text any more: {unused.text}", err=True)


def _row(voice: Voice, piece: Piece, place: Place) -> dict[str, str]:
    language = piece.language if isinstance(piece, Speech) else ""
    row = {"text": _text(piece), "language": language, "where": str(place)}
    try:
        ready = "ready" if voice.is_ready(piece) else "missing"
        return row | {"key": voice.key(piece), "state": "recorded" if voice.is_recorded(piece) else ready}
    except VoiceError as error:
        return row | {"key": "", "state": "unusable", "why": str(error)}


@prompts.command("render")
@CONFIG
def render_command(config: Path) -> None:
    """Render every text that is not rendered yet. Exit code 1 when one cannot be."""
    settings = load_settings(config).settings
    pieces = repertoire(_routing(settings))
    progress = asyncio.run(_ready(options_of(settings), pieces))
    for failure in progress.failures:
        click.echo(_finding(failure, pieces[failure.piece]).render(), err=True)
    click.echo(f"{progress.total} pieces, {progress.made} of them new, {len(progress.failures)} failed")
    sys.exit(1 if progress.failures else 0)


async def _ready(options: Options, pieces: Iterable[Piece]) -> Progress:
    def show(progress: Progress) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{progress.done} of {progress.total}", nl=progress.done == progress.total, err=True)

    async with Voice(options) as voice:
        return await voice.ready(pieces, show)


@prompts.command("prune")
@CONFIG
@click.option("--unused", default="30d", show_default=True, help="Delete what was not used for so long: 12h, 30d.")
def prune_command(config: Path, unused: str) -> None:
    """Delete sound that no flow needs any more and nobody has heard for long."""
    settings = load_settings(config).settings
    asyncio.run(_prune(options_of(settings), repertoire(_routing(settings)), _age(unused)))


async def _prune(options: Options, pieces: Iterable[Piece], age: float) -> None:
    async with Voice(options) as voice:
        await voice.ready(pieces)
        pruned = await asyncio.to_thread(voice.prune, age)
    click.echo(f"deleted {pruned.files} files, {pruned.size / 1e6:.1f} MB")


def _age(text: str) -> float:
    days = text.removesuffix("d")
    return float(days) * 86_400 if days != text and days.isdecimal() else seconds(text)


def _routing(settings: Settings) -> Routing:
    return load_routing(settings.routing, settings.flows, date.today())
