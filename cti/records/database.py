"""The database: reached by one URL, SQLite or PostgreSQL, with its tables brought up to date by alembic."""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, RowMapping, Select, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from cti.records.entries import Entry
from cti.records.errors import DatabaseAway, RecordsError, WrongDatabase
from cti.records.insertion import Insertion
from cti.records.rows import Rows

DRIVERS: Final = ("sqlite+aiosqlite", "postgresql+asyncpg")

_T = TypeVar("_T")
_LONGEST: Final = 10.0
"""Seconds that SQLite gets to end what it is at when we close."""
_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 0x637469  # any number: two servers that start together migrate one after the other
_OF_THE_ENTRY: Final = ("22", "23", "54")
"""Classes of SQLSTATE that are about the values given: data, integrity, a limit of the program."""


class EntryRefused(RecordsError):
    """The database does not take an entry for what is in it; another attempt would end the same."""


class Database:
    """An engine and the statements for it."""

    def __init__(self, url: str, password: str = "") -> None:
        self.url = parse(url, password)
        self.engine = _engine(self.url)
        self._reading = self.engine.execution_options(isolation_level="AUTOCOMMIT")  # no BEGIN and ROLLBACK around it
        self._under_way: set[asyncio.Task[Any]] = set()
        self._writing: set[asyncio.Task[Any]] = set()
        self._insertion = Insertion(self.engine.dialect.name)

    @property
    def name(self) -> str:
        """The URL without its password."""
        return self.url.render_as_string(hide_password=True)

    async def migrate(self) -> None:
        """Brings the tables up to date. Raises DatabaseAway, WrongDatabase."""
        with_folder(self.url)
        await self._to_the_end(self._migrate())

    async def revision(self) -> tuple[str | None, str | None]:
        """What the tables are at, and what they would be brought to. Raises DatabaseAway."""
        latest = _scripts().get_current_head()
        if not self._has_file():  # looking must not make it
            return None, latest
        return await self._to_the_end(self._revision()), latest

    def _has_file(self) -> bool:
        file = self.url.database if self.url.get_backend_name() == "sqlite" else None
        return not file or Path(file).exists()

    async def write(self, entries: Iterable[Entry]) -> None:
        """All of them, or none: then raises DatabaseAway or EntryRefused."""
        if self._writing:
            raise DatabaseAway("the database is still busy with a transaction that was given up")
        try:
            rows = Rows.of(entries)
        except (AttributeError, TypeError) as error:
            raise EntryRefused(f"not an entry: {error}") from error
        await self._to_the_end(self._write(rows), self._writing)

    async def fetch(self, query: Select[Any], values: Mapping[str, Any] | None = None) -> Sequence[RowMapping]:
        """What a query finds. Raises DatabaseAway."""
        return await self._to_the_end(self._fetch(query, values))

    async def close(self) -> None:
        """Ends every connection."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=_LONGEST)
        await self.engine.dispose()

    async def _to_the_end(self, doing: Coroutine[Any, Any, _T], those: set[asyncio.Task[Any]] | None = None) -> _T:
        """Carries it out, on SQLite to its end even when whoever asked is cancelled.

        SQLAlchemy and aiosqlite clean up after a cancelled query in a task that never ends, and the event loop waits
        for that task when it stops. SQLite answers by itself: what is locked fails after the URL's `timeout`.
        """
        if self.engine.dialect.name != "sqlite":
            return await doing
        task = asyncio.create_task(doing, name="sqlite")
        for tasks in (self._under_way, self._under_way if those is None else those):
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        task.add_done_callback(_seen)
        return await asyncio.shield(task)

    async def _migrate(self) -> None:
        async with self._connection() as connection, connection.begin():
            try:
                await connection.run_sync(_upgrade)
            except CommandError as error:
                raise WrongDatabase(
                    f"{self.name} is not a database of ours, or of a newer version: {error}",
                    remedy="Install the newer version, or name another database in records.url",
                ) from error

    async def _revision(self) -> str | None:
        async with self._connection() as connection:
            return await connection.run_sync(_revision)

    async def _write(self, rows: Rows) -> None:
        async with self._connection() as connection, connection.begin():
            await self._insertion.write(connection, rows)

    async def _fetch(self, query: Select[Any], values: Mapping[str, Any] | None) -> Sequence[RowMapping]:
        async with self._connection(self._reading) as connection:
            found: Sequence[RowMapping] = (await connection.execute(query, values)).mappings().all()
            return found

    @asynccontextmanager
    async def _connection(self, engine: AsyncEngine | None = None) -> AsyncIterator[AsyncConnection]:
        try:
            async with (engine or self.engine).connect() as connection:
                yield connection
        except (SQLAlchemyError, OSError, ValueError, OverflowError) as error:
            raise judged(error) from error


def _seen(task: asyncio.Task[Any]) -> None:
    """What went wrong is told to whoever asked; when nobody is left to hear it, it is of no interest."""
    if not task.cancelled():
        task.exception()


def parse(url: str, password: str = "") -> URL:
    """Raises WrongDatabase."""
    remedy = "Such as sqlite+aiosqlite:///var/cti.db or postgresql+asyncpg://cti@127.0.0.1/cti"
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise WrongDatabase("records.url is not the URL of a database", remedy=remedy) from error
    if parsed.drivername not in DRIVERS:
        what = f"records.url is for {parsed.drivername}; we work with {' and '.join(DRIVERS)}"
        raise WrongDatabase(what, remedy=remedy)
    return parsed.set(password=password) if password else parsed


def with_folder(url: URL) -> None:
    """Makes the folder that a file of SQLite's lies in."""
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        try:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseAway(f"cannot make the folder of {url.database}: {error.strerror}") from error


def judged(error: Exception) -> DatabaseAway | EntryRefused:
    """Whether the database is to blame, or what it was given."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    what = " ".join(str(cause).split())[:500] or type(cause).__name__
    state = getattr(cause, "sqlstate", None) or ""
    if state[:2] in _OF_THE_ENTRY or isinstance(error, IntegrityError | DataError):
        return EntryRefused(what)
    if isinstance(error, PoolTimeout):
        return DatabaseAway("every connection to the database is busy")
    causes = (cause, getattr(cause, "__cause__", None))
    unsendable = any(isinstance(one, ValueError | OverflowError | TypeError) for one in causes)
    if unsendable and not any(isinstance(one, OSError) for one in causes):  # some of ssl's errors are both
        return EntryRefused(what)
    return DatabaseAway(f"the database fails: {what}")


def _engine(url: URL) -> AsyncEngine:
    more: dict[str, Any] = {"json_serializer": _json}
    if url.get_backend_name() == "sqlite":
        engine = create_async_engine(url, **more)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        return engine
    server = {"application_name": "cti", "jit": "off"}
    more |= {"pool_size": 5, "max_overflow": 5, "pool_timeout": 5.0}
    return create_async_engine(
        url, connect_args={"timeout": 5.0, "command_timeout": 60.0, "server_settings": server}, **more
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _prepare_sqlite(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")  # who reads does not wait for who writes
    cursor.execute("PRAGMA synchronous = FULL")  # what was committed survives a power cut
    cursor.close()


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    command.upgrade(_config(connection), "head")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
