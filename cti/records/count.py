"""How often a customer has called: one indexed query, and beside it the calls that are not written yet."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Select, and_, bindparam, func, select, true

from cti.ids import AgentId, CallId, QueueId
from cti.records.database import Database
from cti.records.entries import CallClosed, CallOpened, Entry
from cti.records.errors import DatabaseAway
from cti.records.tables import Utc, calls

WINDOW: Final = timedelta(days=7)
MOST_COUNTED: Final = 1_000
"""Calls of one customer that are counted in the database, so that a robot's number costs no more than others."""
_MOST_UNWRITTEN: Final = 200_000
"""Calls remembered while they are not written; the oldest are forgotten first."""
_MOST_APART: Final = 500
"""Calls of one customer that a query can leave out."""
_MOST_WAITING: Final = 8
"""Queries that may be under way; a database that answers none is not asked more."""
_REST: Final = 1.0
"""Seconds without asking after a count that failed, so that not every caller waits for it."""


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
class Window:
    """The beginnings of the day, and of the day six days before, by the clocks of a zone; in UTC."""

    today: datetime
    week: datetime

    @classmethod
    def at(cls, at: datetime, zone: ZoneInfo) -> "Window":
        """Calendar days: one with a change of the clocks in it is an hour longer or shorter."""
        day = at.astimezone(zone).date()
        days = (day, day - WINDOW + timedelta(days=1))
        return cls(*(datetime.combine(first, time.min, zone).astimezone(UTC) for first in days))


@dataclass(slots=True)
class _Call:
    """A call that the database does not know, or not to its end."""

    customer: str
    started_at: datetime
    inbound: bool = True
    closed: bool = False
    agent: AgentId | None = None
    queue: QueueId | None = None


class Unwritten:
    """Calls on their way to the database, by customer. They are counted here, and the query leaves them out.

    So it does not matter whether such a call has a row already, or gets one while the query is under way.
    """

    def __init__(self, most: int = _MOST_UNWRITTEN) -> None:
        self._most = most
        self._calls: dict[CallId, _Call] = {}
        self._by_customer: dict[str, dict[CallId, _Call]] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def arrived(self, call: CallId, customer: str, at: datetime) -> None:
        """It counts from now on."""
        if call not in self._calls:
            self._remember(call, _Call(customer, at))

    def taken(self, entry: Entry) -> None:
        """An entry is on its way."""
        if isinstance(entry, CallOpened):
            if entry.customer is not None and entry.id not in self._calls:
                self._remember(entry.id, _Call(entry.customer, entry.started_at, entry.direction == "inbound"))
        elif isinstance(entry, CallClosed) and entry.call.customer is not None:
            record = entry.call
            call = self._calls.get(record.id)
            if call is None:
                call = _Call(entry.call.customer, record.started_at, record.direction == "inbound")
                self._remember(record.id, call)
            call.closed, call.agent, call.queue = True, record.last_agent, record.queue

    def written(self, entries: Iterable[Entry]) -> None:
        """They are in the database."""
        for entry in entries:
            if isinstance(entry, CallClosed):
                self._forget(entry.call.id)
            elif isinstance(entry, CallOpened):
                call = self._calls.get(entry.id)
                if call is not None and not call.closed:
                    self._forget(entry.id)

    def given_up(self, entries: Iterable[Entry]) -> None:
        """They will never be in the database, and are counted no more."""
        for entry in entries:
            if isinstance(entry, CallClosed | CallOpened):
                self._forget(entry.call.id if isinstance(entry, CallClosed) else entry.id)

    def of(self, customer: str) -> dict[CallId, _Call]:
        """The customer's calls as they are now: a copy."""
        return dict(self._by_customer.get(customer, {}))

    def _remember(self, call_id: CallId, call: _Call) -> None:
        if len(self._calls) >= self._most:
            self._forget(next(iter(self._calls)))
        self._calls[call_id] = call
        self._by_customer.setdefault(call.customer, {})[call_id] = call

    def _forget(self, call_id: CallId) -> None:
        call = self._calls.pop(call_id, None)
        if call is None:
            return
        of_customer = self._by_customer[call.customer]
        del of_customer[call_id]
        if not of_customer:
            del self._by_customer[call.customer]


class Counter:
    """Counts earlier calls."""

    def __init__(self, database: Database, limit: float) -> None:
        self.unwritten = Unwritten()
        self._database = database
        self._limit = limit
        self._asking: set[asyncio.Task[_Counted]] = set()
        self._ask_again_at = 0.0
        self._log = structlog.get_logger()

    async def arrived(self, call: CallId, customer: str | None, at: datetime, zone: ZoneInfo) -> Earlier:
        """See `Records.arrived`."""
        if customer is None:
            return Earlier()
        apart = self.unwritten.of(customer)
        apart.pop(call, None)
        self.unwritten.arrived(call, customer, at)
        window = Window.at(at, zone)
        counted = await self._counted(call, customer, at, window, list(apart))
        return _together(counted, apart.values(), window)

    async def warm(self) -> None:
        """Asks once, so that the first caller does not wait for a connection and the making of the query."""
        now = datetime.now(UTC)
        await self._counted(CallId(""), "", now, Window(now, now), [])

    async def close(self) -> None:
        """Gives up on queries that are still under way."""
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)

    async def _counted(
        self, call: CallId, customer: str, at: datetime, window: Window, apart: list[CallId]
    ) -> "_Counted | None":
        now = asyncio.get_running_loop().time()
        if len(self._asking) >= _MOST_WAITING or len(apart) > _MOST_APART or now < self._ask_again_at:
            return None
        values = {"customer": customer, "at": at, "today": window.today, "week": window.week, "apart": [call, *apart]}
        # a task of its own: the driver is not interrupted in the middle of an answer when the time is up
        task = asyncio.create_task(self._ask(values), name=f"count for {call}")
        self._asking.add(task)
        task.add_done_callback(self._asked)
        await asyncio.wait({task}, timeout=self._limit)
        if not task.done():
            why = f"no answer within {self._limit:g} s"
        elif task.cancelled():
            why = "the records are being closed"
        elif (error := task.exception()) is not None:
            why = str(error)
        else:
            return task.result()
        self._ask_again_at = asyncio.get_running_loop().time() + _REST
        self._log.warning("earlier calls cannot be counted in full", call_id=call, error=why)
        return None

    async def _ask(self, values: dict[str, Any]) -> "_Counted":
        try:
            return await self._query(values)
        except DatabaseAway:  # a connection may be from before the database's last restart; the pool is cleared now
            return await self._query(values)

    async def _query(self, values: dict[str, Any]) -> "_Counted":
        (row,) = await self._database.fetch(QUERY, values)
        return _Counted(
            row["today"] - row["apart_today"],
            row["week"] - row["apart_week"],
            row["last_at"],
            row["last_agent"],
            row["queue"],
        )

    def _asked(self, task: "asyncio.Task[_Counted]") -> None:
        self._asking.discard(task)
        if not task.cancelled():
            task.exception()  # has been told, or nobody waits any more


@dataclass(frozen=True, slots=True)
class _Counted:
    """What the database knows."""

    today: int
    week: int
    last_at: datetime | None
    last_agent: AgentId | None
    last_queue: QueueId | None


def _together(counted: _Counted | None, apart: Iterable[_Call], window: Window) -> Earlier:
    known = counted or _Counted(0, 0, None, None, None)
    today, week = known.today, known.week
    last: tuple[datetime | None, AgentId | None, QueueId | None] = known.last_at, known.last_agent, known.last_queue
    for call in apart:
        if call.inbound:
            week += call.started_at >= window.week
            today += call.started_at >= window.today
        if call.agent is not None and (last[0] is None or call.started_at > last[0]):
            last = call.started_at, call.agent, call.queue
    return Earlier(today, week, last[1], last[2], complete=counted is not None)


def _query() -> Select[Any]:
    at: Any = bindparam("at", type_=Utc)
    today: Any = bindparam("today", type_=Utc)
    week: Any = bindparam("week", type_=Utc)
    customer: Any = bindparam("customer")
    inbound = calls.c.direction == "inbound"
    since_midnight = calls.c.started_at >= today
    in_window = and_(inbound, calls.c.customer == customer, calls.c.started_at.between(week, at))
    latest = select(calls.c.started_at).where(in_window).order_by(calls.c.started_at.desc()).limit(MOST_COUNTED)
    inner = latest.subquery("latest")
    counted = select(
        func.count().label("week"), func.count().filter(inner.c.started_at >= today).label("today")
    ).subquery("counted")
    # by their ids alone, so that the count itself needs nothing but its index
    apart = (
        select(
            func.count().filter(in_window).label("apart_week"),
            func.count().filter(in_window, since_midnight).label("apart_today"),
        )
        .where(calls.c.id.in_(bindparam("apart", expanding=True)))
        .subquery("apart")
    )
    last = (
        select(calls.c.started_at.label("last_at"), calls.c.last_agent, calls.c.queue)
        .where(calls.c.customer == customer, calls.c.last_agent.is_not(None), calls.c.started_at <= at)
        .order_by(calls.c.started_at.desc())
        .limit(1)
        .subquery("last")
    )
    return select(counted, apart, last).select_from(counted.join(apart, true()).outerjoin(last, true()))


QUERY: Final = _query()
