"""The tables, as the migrations make them."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from cti.records.database import Database
from cti.records.errors import DatabaseAway, WrongDatabase
from cti.records.store import Options, Records
from cti.records.tables import metadata


@pytest.fixture
async def database(url: str):
    database = Database(url)
    yield database
    await database.close()


async def test_the_migrations_make_the_tables_that_the_code_knows(database: Database) -> None:
    await database.migrate()

    def difference(connection: Connection) -> object:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return compare_metadata(context, metadata)

    async with database.engine.connect() as connection:
        assert await connection.run_sync(difference) == []


async def test_the_indexes_of_some_rows_are_of_those_rows(database: Database) -> None:
    await database.migrate()

    def partial(connection: Connection) -> dict[str, str]:
        found = {}
        for index in inspect(connection).get_indexes("calls"):
            options = index.get("dialect_options", {})
            where = options.get("sqlite_where", options.get("postgresql_where"))
            if where is not None:
                found[str(index["name"])] = str(where).strip("()")
        return found

    async with database.engine.connect() as connection:
        assert await connection.run_sync(partial) == {
            "calls_by_last_answer": "last_agent IS NOT NULL",
            "calls_open": "ended_at IS NULL",
        }


async def test_a_second_start_finds_nothing_to_do(database: Database) -> None:
    await database.migrate()
    await database.migrate()
    now, latest = await database.revision()
    assert now == latest is not None


async def test_tables_of_a_newer_version_are_left_alone_and_told(database: Database, tmp_path: Path) -> None:
    await database.migrate()
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(WrongDatabase, match="newer version"):
        await Records(Options(url=str(database.engine.url), spool=tmp_path / "spool")).open()


@pytest.mark.parametrize("url", ["mysql://localhost/cti", "postgresql://localhost/cti", "sqlite:///x.db", "no url"])
def test_a_url_of_another_kind_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(WrongDatabase, match=r"sqlite\+aiosqlite:///var/cti.db"):
        Records(Options(url=url))


def test_the_password_is_not_shown() -> None:
    name = Database("postgresql+asyncpg://cti@db.example.com/cti", "swordfish").name
    assert name == "postgresql+asyncpg://cti:***@db.example.com/cti"


async def test_a_folder_that_cannot_be_made_is_told_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseAway, match=f"cannot make the folder of {tmp_path}/file/cti.db: File exists"):
        await Database(f"sqlite+aiosqlite:///{tmp_path}/file/cti.db").migrate()
