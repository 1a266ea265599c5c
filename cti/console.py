"""`cti console`: send the switch a command, follow its events. Made for people; JSON on request."""

import asyncio
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.shortcuts import print_formatted_text
from prompt_toolkit.styles import Style

from cti.errors import CtiError
from cti.esl.commands import Api, BgApi, Command, Events, Filter, FilterDelete, Log, NoEvents, NoLog
from cti.esl.driver import Connection
from cti.esl.events import Event
from cti.esl.link import NARROW
from cti.esl.protocol import LogLine, Reply
from cti.log import escape_controls

HELP: Final = """\
Anything else is a command of the switch: status, show channels, uuid_kill UUID, sofia status, ...  (Tab completes)

  /events            follow calls: the events that the server itself listens to
  /events NAME ...   follow these: CHANNEL_PARK, DTMF, sofia::register, ..., or ALL
  /call UUID         of what is followed, only this leg
  /call              every leg again
  /noevents          follow nothing
  /headers           show whole events, or one line each again
  /log LEVEL         the switch's log: 0 console, 3 errors, 4 warnings, 7 everything;  /nolog
  /bg COMMAND        run a command in the background; its result comes as a BACKGROUND_JOB event
  /quit              leave (or Ctrl-D)"""

STYLE: Final = Style.from_dict(
    {
        "time": "#888888",
        "new": "ansigreen",
        "end": "ansired",
        "talk": "ansicyan",
        "other": "ansiyellow",
        "leg": "#888888",
        "error": "ansired bold",
        "ok": "",
        "prompt": "bold",
    }
)

_COLOURS: Final = {
    "CHANNEL_CREATE": "new",
    "CHANNEL_PARK": "new",
    "CHANNEL_ANSWER": "talk",
    "CHANNEL_BRIDGE": "talk",
    "CHANNEL_HANGUP": "end",
    "CHANNEL_HANGUP_COMPLETE": "end",
    "CHANNEL_DESTROY": "end",
}

_SHOWN: Final = ("uuid", "direction", "created", "cid_num", "dest", "callstate", "application", "application_data")
"""Columns of `show channels` and `show calls` that people look for; other lists show all they have."""

_FACTS: Final = (
    ("Application", "{}"),
    ("Application-Data", "({})"),
    ("DTMF-Digit", "key {}"),
    ("Hangup-Cause", "{}"),
    ("Other-Leg-Unique-ID", "with {:.8}"),
    ("Playback-File-Path", "{}"),
    ("Record-File-Path", "{}"),
    ("Job-Command", "{}"),
    ("Session-Count", "{} legs"),
    ("from-user", "{}"),
    ("Gateway", "{}"),
    ("State", "{}"),
)


def summary(event: Event) -> FormattedText:
    """An event on one line: when, what, which leg, who with whom, and what matters about it."""
    when = datetime.fromtimestamp(event.timestamp / 1e6, UTC).astimezone()
    name = event.name
    parts = [
        ("class:time", f"{when:%H:%M:%S}.{when.microsecond // 1000:03d}  "),
        (f"class:{_COLOURS.get(name, 'other')}", f"{(event.subclass or name)[:26]:<26} "),
        ("class:leg", f"{(event.leg or '')[:8]:<8}  "),
    ]
    facts = []
    if event.leg:
        facts.append(f"{event.get('Caller-Caller-ID-Number') or '?'} → {event.get('Caller-Destination-Number') or '?'}")
    for header, form in _FACTS:
        value = event.get(header)
        if value:
            facts.append(form.format(value))
    if event.body:
        facts.append(event.body.strip())
    return FormattedText([*parts, ("", escape_controls("  ".join(facts)))])


def table(text: str) -> str:
    """A ``show ... as json`` answer as aligned columns. What is no such answer stays as it is."""
    try:
        rows = json.loads(text).get("rows", [])
        names = (
            [name for name in _SHOWN if any(row.get(name) for row in rows)] if "callstate" in (rows or [{}])[0] else []
        )
        names = names or [name for name in (rows or [{}])[0] if any(row.get(name) for row in rows)]
        cells = [names, *([str(row.get(name, "")) for name in names] for row in rows)]
    except (ValueError, AttributeError):
        return text
    widths = [min(40, max(len(row[n]) for row in cells)) for n in range(len(names))]
    lines = ["  ".join(f"{cell[:width]:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in cells]
    count = f"{len(rows)} in all"
    return "\n".join([*(line.rstrip() for line in lines if names), count])


def as_json(item: Event | LogLine) -> str:
    """An event or log line as one line of JSON."""
    if isinstance(item, LogLine):
        return json.dumps({"log": item.text.rstrip("\n"), "level": item.level, "leg": item.leg}, ensure_ascii=False)
    return json.dumps({**dict(item.headers()), **({"_body": item.body} if item.body else {})}, ensure_ascii=False)


def commands_for(line: str) -> list[Command]:
    """What a typed line asks of the switch. Raises CtiError for what is not understood."""
    verb, _, rest = line.strip().partition(" ")
    words = rest.split()
    match verb:
        case "/events" if not words:
            return [NARROW]
        case "/events":
            return [Events([w for w in words if "::" not in w], [w for w in words if "::" in w])]
        case "/call":
            return [FilterDelete("all"), *(Filter("Unique-ID", word) for word in words)]
        case "/noevents":
            return [NoEvents()]
        case "/log":
            return [Log(int(rest) if rest.isdecimal() else 7)]
        case "/nolog":
            return [NoLog()]
        case "/bg" if words:
            return [BgApi(Api(words[0], rest=rest.partition(" ")[2]))]
        case "show" if words and "as" not in words:
            return [Api("show", [*words, "as", "json"])]
    if verb.startswith("/"):
        raise CtiError(f"{verb} is not a command of the console", remedy="/help lists them")
    return [Api(verb, rest=rest)]


@dataclass
class Console:
    """One person at one switch."""

    connection: Connection
    node: str
    as_json: bool = False
    headers: bool = False
    write: Callable[[str | FormattedText], None] = field(default=lambda text: print_formatted_text(text, style=STYLE))

    async def execute(self, line: str) -> bool:
        """Runs one line; False when the switch refused it."""
        fine = True
        try:
            for command in commands_for(line):
                reply = await self.connection.send(command, timeout=60)
                self._show_reply(command, reply)
                fine = fine and reply.ok
        except CtiError as error:
            self.write(FormattedText([("class:error", str(error))]))
            fine = False
        return fine

    async def follow(self) -> None:
        """Shows events and log lines until the connection ends."""
        async for item in self.connection.events:
            self._show(item)

    async def converse(self) -> None:
        """Prompts for lines until the person leaves."""
        session: PromptSession[str] = PromptSession(history=InMemoryHistory(), style=STYLE)
        session.completer = WordCompleter(
            [*_console_words(), *await self._api_names()], sentence=True, match_middle=False
        )
        self.write(f"Connected to {self.node} at {self.connection.address}. /help lists what can be typed.")
        with patch_stdout(raw=True):
            while True:
                try:
                    line = (await session.prompt_async([("class:prompt", f"{self.node}> ")])).strip()
                except (EOFError, KeyboardInterrupt):
                    return
                if line in ("/quit", "/exit", "/bye", "..."):
                    return
                if line in ("/help", "help", "?"):
                    self.write(HELP)
                elif line == "/headers":
                    self.headers = not self.headers
                elif line:
                    await self.execute(line)

    def _show_reply(self, command: Command, reply: Reply) -> None:
        if self.as_json:
            self.write(json.dumps({"ok": reply.ok, "text": reply.text}, ensure_ascii=False))
            return
        listed = isinstance(command, Api) and command.name == "show" and "as" in command.words
        text = escape_controls(table(reply.text) if listed else reply.text, keep="\n\t").rstrip("\n")
        self.write(FormattedText([("class:ok" if reply.ok else "class:error", text)]))

    def _show(self, item: Event | LogLine) -> None:
        if self.as_json:
            self.write(as_json(item))
        elif isinstance(item, LogLine):
            self.write(FormattedText([("class:time", escape_controls(item.text).rstrip("\\n"))]))
        elif self.headers:
            lines = [f"{name}: {escape_controls(value)}" for name, value in item.headers()]
            self.write("\n".join([*lines, escape_controls(item.body, keep="\n"), "─" * _width()]))
        else:
            self.write(summary(item))

    async def _api_names(self) -> Sequence[str]:
        """The names of the switch's API commands, for Tab."""
        reply = await self.connection.send(Api("show", ["api", "as", "json"]))
        try:
            return sorted({str(row["name"]) for row in json.loads(reply.text).get("rows", [])})
        except (ValueError, KeyError, AttributeError):
            return []


async def run(console: Console, lines: Sequence[str]) -> int:
    """The console, or with `lines` just these; gives the exit code: 0, or 1 when the switch refused one.

    Following goes on after the lines when one of them asked for events or the log.
    """
    following = asyncio.create_task(console.follow())
    try:
        if not lines:
            conversation = asyncio.create_task(console.converse())
            await asyncio.wait([conversation, following], return_when=asyncio.FIRST_COMPLETED)
            conversation.cancel()
            return 0
        outcomes = [await console.execute(line) for line in lines]
        if any(line.startswith(("/events", "/log")) for line in lines):
            await following
        return 0 if all(outcomes) else 1
    finally:
        following.cancel()
        await console.connection.close()
        await asyncio.gather(following, return_exceptions=True)


def _console_words() -> list[str]:
    return ["/events", "/call", "/noevents", "/headers", "/log", "/nolog", "/bg", "/help", "/quit"]


def _width() -> int:
    return shutil.get_terminal_size().columns
