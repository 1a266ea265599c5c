"""The records: what is kept of calls, and how often a customer has called. The door that the engine uses."""

from datetime import datetime
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from cti.ids import CallId
from cti.records.archive import Archive
from cti.records.count import Counter, Earlier
from cti.records.database import Database
from cti.records.entries import CallOpened, Entry
from cti.records.errors import RecordsError
from cti.records.spool import Spool
from cti.records.writer import Health, Options, Writer

__all__ = ["Earlier", "Health", "Options", "Records"]


class Records:
    """The database behind a queue in memory and a spool on disk. Use `async with`, or open() and close()."""

    def __init__(self, options: Options | None = None) -> None:
        """Raises WrongDatabase when the URL is none of ours."""
        options = options or Options()
        self._database = Database(options.url, options.password)
        self.archive = Archive(self._database)
        """For questions about what is kept."""
        self._counter = Counter(self._database, options.count_limit)
        self._writer = Writer(self._database, Spool(options.spool), options, self._counter.unwritten)

    async def open(self) -> None:
        """Brings the tables up to date and starts writing. A database that is away is no error: it is waited for.

        Raises WrongDatabase, SpoolInUse, SpoolFailed.
        """
        try:
            await self._writer.open()
        except RecordsError:
            await self._database.close()
            raise
        if self.health().away_since is None:
            await self._counter.warm()

    async def close(self, limit: float = 5.0) -> None:
        """Writes what waits; what is not written within `limit` seconds goes to the spool."""
        await self._counter.close()
        await self._writer.close(limit)
        await self._database.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def write(self, *entries: Entry) -> None:
        """Takes entries and returns at once. Never raises for the sake of the database or the disk."""
        self._writer.put(entries)

    async def arrived(self, call: CallId, customer: str | None, at: datetime, zone: ZoneInfo) -> Earlier:
        """Counts the customer's earlier inbound calls; those count too that are open or not written yet.

        From here on the call counts for others; write its CallOpened next. A withheld number (None) is nobody's.
        """
        return await self._counter.arrived(call, customer, at, zone)

    async def open_calls(self, node: str | None = None) -> list[CallOpened]:
        """Calls that were never closed, oldest first: after a crash, the ones to be taken over or closed.

        Raises DatabaseAway.
        """
        return await self.archive.open_calls(node)

    def health(self) -> Health:
        """How writing is going."""
        return self._writer.health()
