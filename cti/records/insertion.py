"""The statements that write a batch, each so that writing the batch again changes nothing."""

from typing import Any, Final

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import Update

from cti.records import tables
from cti.records.rows import Row, Rows, closed_row, leg_rows, offer_rows, segment_rows

_INSERT: Final[dict[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Insertion:
    """Writes batches to one kind of database."""

    def __init__(self, dialect: str) -> None:
        self._insert = _INSERT[dialect]
        self._new = {table: self._insert(table).on_conflict_do_nothing() for table in tables.metadata.tables.values()}
        closed = self._insert(tables.calls)
        self._closed = closed.on_conflict_do_update(
            index_elements=["id"],
            set_={column.name: closed.excluded[column.name] for column in tables.calls.c if column.name != "id"},
            where=tables.calls.c.ended_at.is_(None),
        )
        self._already_closed = select(tables.calls.c.id).where(
            tables.calls.c.id.in_(bindparam("ids", expanding=True)), tables.calls.c.ended_at.is_not(None)
        )
        self._converted = _update(tables.recordings, "path", "format", "size", "sha256")
        self._deleted = _update(tables.recordings, "deleted_at", "deleted_why", unless="deleted_at")
        self._heard = _update(tables.voicemails, "heard_at", "heard_by", unless="heard_at")
        self._done = _update(tables.follow_ups, "done_at", "done_by", "outcome", "done_call", unless="done_at")

    async def write(self, connection: AsyncConnection, rows: Rows) -> None:
        """Within the transaction that `connection` is in."""
        # in one order always, so that two servers on one database never wait for each other
        await self._add(connection, tables.customers, [rows.customers[number] for number in sorted(rows.customers)])
        await self._add(connection, tables.calls, rows.opened)
        await self._close(connection, rows)
        await self._add(connection, tables.agent_states, rows.agent_states)
        await self._add(connection, tables.recordings, rows.recordings)
        await self._add(connection, tables.voicemails, rows.voicemails)
        await self._add(connection, tables.follow_ups, rows.follow_ups)
        for statement, changes in (
            (self._converted, rows.converted),
            (self._deleted, rows.deleted),
            (self._heard, rows.heard),
            (self._done, rows.done),
        ):
            if changes:
                await connection.execute(statement, changes)

    async def _add(self, connection: AsyncConnection, table: Table, rows: list[Row]) -> None:
        if rows:
            await connection.execute(self._new[table], rows)

    async def _close(self, connection: AsyncConnection, rows: Rows) -> None:
        if not rows.closed:
            return
        known = await connection.execute(self._already_closed, {"ids": list(rows.closed)})
        done = set(known.scalars())
        calls = [call for call in rows.closed.values() if call.id not in done]
        if not calls:
            return
        await connection.execute(self._closed, [closed_row(call) for call in calls])
        await self._add(connection, tables.legs, [row for call in calls for row in leg_rows(call)])
        await self._add(connection, tables.segments, [row for call in calls for row in segment_rows(call)])
        await self._add(connection, tables.offers, [row for call in calls for row in offer_rows(call)])


def _update(table: Table, *columns: str, unless: str = "") -> Update:
    statement = update(table).where(table.c.id == bindparam("key"))
    if unless:
        statement = statement.where(table.c[unless].is_(None))
    return statement.values({column: bindparam(column) for column in columns})
