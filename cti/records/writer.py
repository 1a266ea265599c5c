"""Writes entries in batches, off the call path: to the database, or to the spool while it is away.

    write() ─► queue in memory ─► database
                     │               ▲
                     └──► spool ─────┘   in order, when the database is back

An entry may reach the database twice (a crash between a commit and the spool's position, a commit whose answer never
came); its key makes the second time nothing.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import structlog

from cti.records.count import Unwritten
from cti.records.database import Database, EntryRefused
from cti.records.entries import CallClosed, CallOpened, Entry
from cti.records.errors import DatabaseAway, RecordsError
from cti.records.lines import BadLine, from_line, mended, to_line
from cti.records.spool import Spool, SpoolFailed

CROWDED: Final = 5_000
"""Entries in memory beyond which a transaction that is under way is not waited for any longer."""
MOST: Final = 100_000
"""Entries in memory, when neither database nor disk takes any."""
_GRACE: Final = 2.0
"""Seconds in which a transaction that was given up may undo itself."""
_LIVELY: Final = 10
"""Entries made ready at a time before calls get a turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How records are written; seconds."""

    url: str = "sqlite+aiosqlite:///var/cti.db"
    password: str = ""
    """Of the database, where the URL does not have it."""
    spool: Path = Path("var/spool")
    batch: int = 100
    """Entries written in one transaction at most."""
    pause: float = 0.2
    """How long an entry may wait for others to be written with."""
    limit: float = 10.0
    """For one transaction; after that the database counts as away."""
    count_limit: float = 0.5
    """For the count of earlier calls, while the caller waits."""
    retry_first: float = 0.5
    retry_most: float = 15.0
    crowded: int = CROWDED
    most: int = MOST


@dataclass(frozen=True, slots=True)
class Health:
    """How writing is going."""

    waiting: int
    """Entries in memory."""
    spooled: int
    """Entries on disk that are not in the database yet."""
    refused: int
    """Entries that the database would not take for themselves, since the start: see dead-letters.jsonl."""
    lost: int
    """Entries that neither the database nor the disk took while memory was full, since the start."""
    away_since: datetime | None
    """Since when the database does not take entries; None: it does."""
    last_error: str


class Writer:
    """The queue, and the one task that empties it."""

    def __init__(self, database: Database, spool: Spool, options: Options, unwritten: Unwritten) -> None:
        self._database = database
        self._spool = spool
        self._options = options
        self._unwritten = unwritten
        self._queue: deque[Entry] = deque()
        self._in_hand: Sequence[Entry] = ()
        self._waiting = asyncio.Event()
        self._full = asyncio.Event()
        """A batch is full, or nothing must be waited for."""
        self._crowded = asyncio.Event()
        self._closing = False
        self._migrated = False
        self._task: asyncio.Task[None] | None = None
        self._refused = self._lost = 0
        self._away_since: datetime | None = None
        self._last_error = ""
        self._spool_fails = False
        self._retry = options.retry_first
        self._retry_at = 0.0
        self._log = structlog.get_logger()

    # --- the call path ---------------------------------------------------------------------------

    def put(self, entries: Sequence[Entry]) -> None:
        """Takes entries, at once."""
        for entry in entries:
            if len(self._queue) >= self._options.most:
                self._lose(entry)
                continue
            self._unwritten.taken(entry)
            self._queue.append(entry)
        self._waiting.set()
        if len(self._queue) >= self._options.batch:
            self._full.set()
        if len(self._queue) >= self._options.crowded:
            self._crowded.set()

    def health(self) -> Health:
        """How it is going."""
        return Health(
            len(self._queue) + len(self._in_hand),
            self._spool.count,
            self._refused,
            self._lost,
            self._away_since,
            self._last_error,
        )

    def _lose(self, entry: Entry) -> None:
        self._lost += 1
        if self._lost == 1 or self._lost % 1_000 == 0:
            self._log.critical(
                "records are lost: database and disk take none, and memory is full",
                lost=self._lost,
                error=self._last_error,
                **_about(entry),
            )

    # --- life ------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Reads what a run before has left in the spool, brings the tables up to date, and starts. Raises RecordsError.

        A database that is away is no error.
        """
        await asyncio.to_thread(self._spool.open)
        try:
            if self._spool.count:
                self._log.warning("records of an earlier run lie in the spool", entries=self._spool.count)
                await asyncio.to_thread(self._remember_spooled)
            await self._prepare()
        except DatabaseAway as error:
            self._gone(error)
        except RecordsError:
            await asyncio.to_thread(self._spool.close)
            raise
        self._task = asyncio.create_task(self._run(), name="records writer")

    async def close(self, limit: float) -> None:
        """Writes what waits; the rest goes to the spool."""
        self._closing = True
        self._waiting.set()
        self._full.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=limit)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        rest = [*self._in_hand, *self._queue]
        self._in_hand = ()
        self._queue.clear()
        if rest and not await self._to_spool(rest):
            self._lost += len(rest)
            for entry in rest:
                self._log.critical("a record is lost: neither database nor disk takes it", **_about(entry))
        if self._spool.count:
            self._log.warning("records wait in the spool for the next start", entries=self._spool.count)
        await asyncio.to_thread(self._spool.close)

    async def _run(self) -> None:
        while not (self._closing and not self._queue and not self._in_hand):
            try:
                await self._turn()
            except Exception as error:  # noqa: BLE001 (this task must not end; what is in hand stays there)
                self._log.exception("the writer of records stumbled")
                self._gone(error)
                await asyncio.sleep(self._options.retry_first)

    async def _turn(self) -> None:
        await self._next_batch()
        if self._in_hand:
            if self._away_since is None and not self._spool.count:
                await self._to_database()
            if self._in_hand and await self._to_spool(self._in_hand):
                self._in_hand = ()
        if self._due():
            await self._recover()

    def _due(self) -> bool:
        behind = self._away_since is not None or self._spool.count > 0
        return behind and asyncio.get_running_loop().time() >= self._retry_at

    async def _next_batch(self) -> None:
        """Waits for entries, for others to come along, or for the time to look for the database again."""
        if not self._in_hand:
            if not self._queue:
                self._waiting.clear()
                await _within(self._until_retry(), self._waiting.wait())
            if self._queue and len(self._queue) < self._options.batch and not self._closing:
                self._full.clear()
                await _within(self._options.pause, self._full.wait())
        elif self._spool_fails:  # neither takes it: no haste
            await asyncio.sleep(self._options.retry_first)
        batch = list(self._in_hand)
        direct = self._away_since is None and not self._spool.count
        most = self._options.batch if direct else self._options.crowded
        while self._queue and len(batch) < most:
            batch.append(mended(self._queue.popleft()))
            if len(batch) % _LIVELY == 0:
                self._in_hand = batch
                await asyncio.sleep(0)
        self._in_hand = batch
        if len(self._queue) < self._options.crowded:
            self._crowded.clear()

    def _until_retry(self) -> float | None:
        if self._away_since is None and not self._spool.count:
            return None
        return max(0.0, self._retry_at - asyncio.get_running_loop().time())

    # --- to the database -------------------------------------------------------------------------

    async def _to_database(self) -> None:
        try:
            while self._in_hand:
                batch = self._in_hand[: self._options.batch]
                await self._write(batch)
                self._in_hand = self._in_hand[len(batch) :]
        except DatabaseAway as error:
            self._gone(error)

    async def _write(self, entries: Sequence[Entry]) -> None:
        """Writes all that the database takes; entries that it refuses are buried. Raises DatabaseAway, SpoolFailed."""
        try:
            await self._attempt(entries)
        except EntryRefused as error:
            if len(entries) == 1:
                await self._bury(entries[0], error)
                return
            middle = len(entries) // 2
            await self._write(entries[:middle])
            await self._write(entries[middle:])
        else:
            self._unwritten.written(entries)

    async def _attempt(self, entries: Sequence[Entry]) -> None:
        """One transaction. It is given up when it takes too long, or when too many entries wait behind it."""
        writing = asyncio.create_task(self._database.write(entries), name="records transaction")
        crowded = asyncio.create_task(self._crowded.wait())
        try:
            await asyncio.wait({writing, crowded}, timeout=self._options.limit, return_when=asyncio.FIRST_COMPLETED)
            if not writing.done():
                why = "entries come faster" if crowded.done() else f"not within {self._options.limit:g} s"
                raise DatabaseAway(f"the database is too slow: {why}")
            await writing
        finally:
            crowded.cancel()
            if not writing.done():
                writing.cancel()
                await asyncio.wait({writing}, timeout=_GRACE)
            if writing.done() and not writing.cancelled():
                writing.exception()

    async def _bury(self, entry: Entry, error: EntryRefused) -> None:
        try:
            line = to_line(entry)
        except BadLine:
            line = repr(entry).encode(errors="replace")
        await asyncio.to_thread(self._spool.bury, line, error.what)
        self._refused += 1
        self._unwritten.given_up([entry])
        self._log.error(
            "the database refuses a record; it is kept in dead-letters.jsonl",
            folder=str(self._spool.folder),
            error=error.what,
            **_about(entry),
        )

    # --- to the spool and back -------------------------------------------------------------------

    async def _to_spool(self, entries: Sequence[Entry]) -> bool:
        """Whether the disk has them."""
        lines = []
        for number, entry in enumerate(entries):
            try:
                lines.append(to_line(mended(entry)))
            except BadLine as error:
                await self._bury_or_tell(entry, error)
            if number % _LIVELY == 0:
                await asyncio.sleep(0)
        try:
            if lines:
                await asyncio.to_thread(self._spool.append, lines)
        except SpoolFailed as error:
            if not self._spool_fails:
                self._log.critical("records stay in memory: the disk does not take them", error=str(error))
            self._spool_fails, self._last_error = True, error.what
            return False
        if self._spool_fails:
            self._log.warning("the disk takes records again")
        self._spool_fails = False
        return True

    async def _bury_or_tell(self, entry: Entry, error: BadLine) -> None:
        try:
            await self._bury(entry, EntryRefused(error.what))
        except SpoolFailed:
            self._refused += 1
            self._log.critical("a record that cannot be written is lost", error=error.what, **_about(entry))

    async def _recover(self) -> None:
        """Looks for the database, and writes to it what the spool holds."""
        try:
            if not self._migrated:
                await self._prepare()
            written = await self._replay()
        except (DatabaseAway, SpoolFailed) as error:
            self._gone(error)
        except RecordsError as error:  # it answers, and is not ours: a person has to look
            self._gone(error)
            self._log.error("the database cannot be used", error=str(error))
        else:
            if self._away_since is not None:
                self._log.warning("the database takes records again", written=written, spooled=self._spool.count)
            self._away_since = None
            self._retry, self._retry_at = self._options.retry_first, 0.0

    async def _replay(self) -> int:
        """How many entries it wrote. New ones go behind them, until none is left."""
        total = 0
        while self._spool.count and not self._closing:
            lines, position = await asyncio.to_thread(self._spool.read, self._options.batch)
            entries = []
            for line in lines:
                try:
                    entries.append(from_line(line))
                except BadLine as error:
                    await asyncio.to_thread(self._spool.bury, line, error.what)
                    self._refused += 1
                    self._log.error("a line of the spool is no record: see dead-letters.jsonl", error=error.what)
            if entries:
                await self._write(entries)
            elif not lines:
                self._log.error("the spool lost its files", entries=self._spool.count)
                self._spool.count = 0
                break
            total += len(entries)
            try:
                await asyncio.to_thread(self._spool.advance, position, len(lines))
            except SpoolFailed as error:  # they are read again after a restart, which their keys make harmless
                self._last_error = error.what
            if len(self._queue) >= self._options.batch and self._spool.count:
                return total
        if not self._spool.count and self._migrated and not total:
            await self._attempt(())  # nothing to write: does it answer?
        return total

    async def _prepare(self) -> None:
        await self._database.migrate()
        self._migrated = True

    def _gone(self, error: Exception) -> None:
        what = error.what if isinstance(error, RecordsError) else repr(error)
        if self._away_since is None:
            self._away_since = datetime.now(UTC)
            self._log.error(
                "the database is away: records go to the spool", error=str(error), spool=str(self._spool.folder)
            )
        self._last_error = what
        self._retry_at = asyncio.get_running_loop().time() + self._retry
        self._retry = min(self._retry * 2, self._options.retry_most)

    def _remember_spooled(self) -> None:
        """So that the calls in it are counted."""
        for line in self._spool.read_all():
            if line.startswith((b'{"kind":"CallOpened"', b'{"kind":"CallClosed"')):
                try:
                    self._unwritten.taken(from_line(line))
                except BadLine:
                    continue  # is told when it is written


def _about(entry: Entry) -> dict[str, str]:
    """For the log: which entry it was, without what is in it."""
    call = entry.call.id if isinstance(entry, CallClosed) else getattr(entry, "call", None)
    if isinstance(entry, CallOpened):
        call = entry.id
    about = {"record": type(entry).__name__}
    return about | {"call_id": call} if call else about


async def _within(seconds: float | None, waiting: Coroutine[Any, Any, Any]) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(waiting, seconds)
