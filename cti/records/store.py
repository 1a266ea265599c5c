"""The records: what is kept of calls, and how often a customer has called."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from cti.ids import AgentId, CallId, QueueId
from cti.records.entries import CallOpened, Entry


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is known of a customer's calls before this one."""

    calls_today: int = 0
    """On the same calendar day in the hotline's zone, without this one."""
    calls_in_7_days: int = 0
    """Today and the six days before, without this one."""
    last_agent: AgentId | None = None
    """Who had the customer's last answered call."""
    last_queue: QueueId | None = None
    complete: bool = True
    """False: the database did not answer in time; only calls that are not written yet were counted."""


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


@dataclass(frozen=True, slots=True)
class Options:
    """How records are written; seconds."""

    url: str = "sqlite+aiosqlite:///var/cti.db"
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


class Records:
    """The database behind a queue in memory and a spool on disk. Use `async with`, or open() and close()."""

    def __init__(self, options: Options = Options()) -> None: ...

    async def open(self) -> None:
        """Brings the tables up to date and starts writing. A database that is away is no error: it is waited for."""

    async def close(self, limit: float = 5.0) -> None:
        """Writes what waits; what is not written within `limit` seconds goes to the spool."""

    def write(self, *entries: Entry) -> None:
        """Takes entries and returns at once. Never raises for the sake of the database or the disk."""

    async def arrived(self, call: CallId, customer: str | None, at: datetime, zone: ZoneInfo) -> Earlier:
        """Counts the customer's earlier inbound calls; those count too that are open or not written yet.

        From here on the call counts for others; write its CallOpened next. A withheld number (None) is nobody's.
        """
        raise NotImplementedError

    async def open_calls(self, node: str | None = None) -> list[CallOpened]:
        """Calls that were never closed, oldest first: after a crash, the ones to be taken over or closed."""
        raise NotImplementedError

    def health(self) -> Health:
        """How writing is going."""
        raise NotImplementedError
