"""What retention and verifying ask of our own database."""

from collections.abc import Collection, Sequence

from sqlalchemy import select

from cti.ids import CallId
from cti.records.database import Database
from cti.records.entries import RecordingDeleted
from cti.records.tables import calls, recordings


class DatabaseBooks:
    """Answers from the tables. Every method raises DatabaseAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def complaints(self, of: Sequence[CallId]) -> Collection[CallId]:
        """Those of the calls that had a complaint."""
        query = select(calls.c.id).where(calls.c.id.in_(of), calls.c.complaint)
        return frozenset(row["id"] for row in await self._database.fetch(query))

    async def hashes(self, of: Sequence[str]) -> dict[str, str]:
        """The SHA-256 of each of the recordings that it knows."""
        query = select(recordings.c.id, recordings.c.sha256).where(recordings.c.id.in_(of))
        return {row["id"]: row["sha256"] for row in await self._database.fetch(query)}

    async def deleted(self, entries: Sequence[RecordingDeleted]) -> None:
        """Their files are gone."""
        await self._database.write(entries)
