"""A PostgreSQL of our own: a fresh cluster in a temporary folder, on a free port, run by a user who is not root."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import asyncpg

_PREFIX = "cti-postgres-"


class NoPostgres(Exception):
    """There is none here, or it cannot be run."""


def program(name: str) -> str:
    """The program's path. Debian keeps them out of PATH. Raises NoPostgres."""
    kept = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    found = str(kept[-1]) if kept else shutil.which(name)
    if found is None:
        raise NoPostgres(f"needs PostgreSQL's {name}: apt-get install postgresql")
    return found


class Cluster:
    """Can be stopped and started again at will."""

    def __init__(self, **settings: str) -> None:
        self._settings = {"fsync": "off", "max_connections": "50"} | settings
        self._user = _user()
        _remove_left_over(self._user)
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        (self.folder / "owner").write_text(str(os.getpid()))
        self._data = self.folder / "data"
        self.port = _free_port()
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        try:
            self._run(
                program("initdb"), "-D", str(self._data), "-U", "cti", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"
            )
            self.start()
        except BaseException:
            self.remove()
            raise

    def start(self) -> None:
        """Returns when it takes connections."""
        settings = "".join(f" -c {name}={value}" for name, value in self._settings.items())
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1{settings}"
        self._run(program("pg_ctl"), "-D", str(self._data), "-l", f"{self.folder}/log", "-w", "-o", options, "start")

    def stop(self) -> None:
        """At once, as when the power goes."""
        self._run(program("pg_ctl"), "-D", str(self._data), "-w", "-m", "immediate", "stop")

    def remove(self) -> None:
        """Leaves nothing behind."""
        if (self._data / "postmaster.pid").exists():
            with suppress(NoPostgres):  # it is down already
                self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str, port: int | None = None) -> str:
        """For SQLAlchemy; `port` is that of something in between."""
        return f"postgresql+asyncpg://cti@127.0.0.1:{port or self.port}/{database}?ssl=disable"

    async def connect(self, database: str) -> asyncpg.Connection:
        """A connection beside those of the records."""
        return await asyncpg.connect(host="127.0.0.1", port=self.port, user="cti", database=database, ssl=False)

    async def create(self, database: str) -> None:
        """A new, empty database."""
        await self._execute(f"CREATE DATABASE {database}")

    async def drop(self, database: str) -> None:
        """Also while somebody is connected to it."""
        await self._execute(f"DROP DATABASE {database} WITH (FORCE)")

    async def _execute(self, statement: str) -> None:
        connection = await self.connect("postgres")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _run(self, *command: str) -> None:
        _run(self.folder, self._user, *command)


def _run(folder: Path, user: pwd.struct_passwd | None, *command: str) -> None:
    who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    done = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False, **who
    )
    if done.returncode != 0:
        raise NoPostgres(f"{Path(command[0]).name} failed: {done.stderr.decode(errors='replace').strip()[-300:]}")


def _remove_left_over(user: pwd.struct_passwd | None) -> None:
    """Clusters of test runs that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = folder / "owner"
        if not owner.exists() or Path("/proc", owner.read_text()).exists():
            continue
        with suppress(NoPostgres):
            _run(folder, user, program("pg_ctl"), "-D", str(folder / "data"), "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> pwd.struct_passwd | None:
    """Whom it runs as when we are root, whom PostgreSQL refuses."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgres("needs a user who is not root, such as postgres")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
