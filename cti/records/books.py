"""What retention and verifying of recordings ask of the database, and tell it: `recordings.retention.Books`."""

from collections.abc import Sequence

from sqlalchemy import select

from cti.ids import CallId
from cti.records.database import Database
from cti.records.entries import RecordingDeleted
from cti.records.tables import calls, recordings


class DatabaseBooks:
    """Over the database itself, for a program that is not the server. Its methods raise DatabaseAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def complaints(self, ids: Sequence[CallId]) -> set[CallId]:
        """Those of the calls that had a complaint."""
        query = select(calls.c.id).where(calls.c.id.in_(ids), calls.c.complaint)
        async with self._database.reading() as connection:
            return {CallId(call) for call in (await connection.execute(query)).scalars()}

    async def hashes(self, ids: Sequence[str]) -> dict[str, str]:
        """The SHA-256 of each of the recordings that it knows."""
        query = select(recordings.c.id, recordings.c.sha256).where(recordings.c.id.in_(ids))
        async with self._database.reading() as connection:
            return {row.id: row.sha256 for row in await connection.execute(query)}

    async def deleted(self, entries: Sequence[RecordingDeleted]) -> None:
        """Their files are gone. Returns when that is kept."""
        await self._database.write(entries)
