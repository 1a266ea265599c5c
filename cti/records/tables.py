"""The tables. They are made and changed by cti/records/migrations; a test holds both to the same."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Double,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB


class Utc(TypeDecorator[datetime]):
    """An aware datetime in UTC. SQLite keeps it as text, `2026-03-01 08:00:00.000000`. A naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON().with_variant(JSONB(), "postgresql")

metadata = MetaData()


def _text(name: str, **more: Any) -> Column[str]:
    return Column(name, Text, nullable=False, **more)


def _number(name: str, kind: Any = Integer) -> Column[Any]:
    return Column(name, kind, nullable=False)


def _maybe(name: str, kind: Any = Text) -> Column[Any]:
    return Column(name, kind)


calls = Table(
    "calls",
    metadata,
    _text("id", primary_key=True),
    _text("direction"),
    _text("hotline"),
    _text("zone"),
    _text("dnis"),
    _text("ani"),
    _maybe("customer"),
    _text("place"),
    _text("carrier"),
    Column("started_at", Utc, nullable=False),
    _maybe("answered_at", Utc),
    _maybe("ended_at", Utc),  # null: the call is open
    _maybe("queue"),
    Column("agents", Json, nullable=False),
    _maybe("last_agent"),
    _number("repeat_count"),
    _number("repeat_count_7d"),
    _maybe("outcome"),
    _maybe("termination"),
    _text("hangup_cause"),
    _number("waited", Double),
    _number("talked", Double),
    _number("held", Double),
    _number("moved"),
    _number("vip", Boolean),
    _number("complaint", Boolean),
    _maybe("survey_score", Integer),
    _text("disposition"),
    _text("notes"),
    _text("node"),
    _text("routing_hash"),
    Column("story", Json, nullable=False),
)
# the count of earlier calls reads this index alone
Index("calls_by_customer", calls.c.customer, calls.c.started_at, calls.c.direction)
_ANSWERED = text("last_agent IS NOT NULL")
Index(
    "calls_by_last_answer",
    calls.c.customer,
    calls.c.started_at,
    sqlite_where=_ANSWERED,
    postgresql_where=_ANSWERED,
)
Index("calls_by_start", calls.c.started_at)
Index("calls_by_queue", calls.c.queue, calls.c.started_at)
_OPEN = text("ended_at IS NULL")
Index("calls_open", calls.c.started_at, sqlite_where=_OPEN, postgresql_where=_OPEN)

legs = Table(
    "legs",
    metadata,
    _text("call"),
    _text("id"),
    _text("kind"),
    _maybe("agent"),
    _text("number"),
    Column("created_at", Utc, nullable=False),
    _maybe("answered_at", Utc),
    Column("ended_at", Utc, nullable=False),
    _text("cause"),
    PrimaryKeyConstraint("call", "id"),
)

segments = Table(
    "segments",
    metadata,
    _text("call"),
    _number("number"),
    _text("kind"),
    Column("began_at", Utc, nullable=False),
    Column("ended_at", Utc, nullable=False),
    _text("what"),
    _text("outcome"),
    _maybe("agent"),
    _text("detail"),
    PrimaryKeyConstraint("call", "number"),
)
Index("segments_by_agent", segments.c.agent, segments.c.began_at)

offers = Table(
    "offers",
    metadata,
    _text("call"),
    _number("number"),
    _number("id", BigInteger),
    _text("queue"),
    _text("agent"),
    Column("offered_at", Utc, nullable=False),
    Column("ended_at", Utc, nullable=False),
    _text("how"),
    Column("explanation", Json, nullable=False),
    PrimaryKeyConstraint("call", "number"),
)
Index("offers_by_agent", offers.c.agent, offers.c.offered_at)

customers = Table(
    "customers",
    metadata,
    _text("number", primary_key=True),
    _text("place"),
    _text("carrier"),
    Column("first_seen_at", Utc, nullable=False),
)

agent_states = Table(
    "agent_states",
    metadata,
    _text("id", primary_key=True),
    _text("agent"),
    Column("at", Utc, nullable=False),
    _text("presence"),
    _text("reason"),
    _text("activity"),
    _number("registered", Boolean),
    _maybe("call"),
    _number("lasted", Double),
)
Index("agent_states_by_agent", agent_states.c.agent, agent_states.c.at)

recordings = Table(
    "recordings",
    metadata,
    _text("id", primary_key=True),
    _text("call"),
    _text("path"),
    Column("began_at", Utc, nullable=False),
    Column("ended_at", Utc, nullable=False),
    _text("format"),
    _number("channels"),
    _number("size", BigInteger),
    _text("sha256"),
    Column("agents", Json, nullable=False),
    _maybe("customer"),
    _text("hotline"),
    _maybe("queue"),
    _number("repeat_count"),
    _number("repeat_count_7d"),
    Column("masked", Json, nullable=False),
    _text("failure"),
    _maybe("deleted_at", Utc),
    _text("deleted_why"),
)
Index("recordings_by_call", recordings.c.call)
Index("recordings_by_customer", recordings.c.customer, recordings.c.began_at)
Index("recordings_by_time", recordings.c.began_at)

voicemails = Table(
    "voicemails",
    metadata,
    _text("id", primary_key=True),
    _text("call"),
    _text("mailbox"),
    Column("at", Utc, nullable=False),
    _number("seconds", Double),
    _text("path"),
    _maybe("customer"),
    _text("sha256"),
    _maybe("heard_at", Utc),
    _maybe("heard_by"),
)
Index("voicemails_by_mailbox", voicemails.c.mailbox, voicemails.c.at)

follow_ups = Table(
    "follow_ups",
    metadata,
    _text("id", primary_key=True),
    Column("created_at", Utc, nullable=False),
    Column("due_at", Utc, nullable=False),
    _text("customer"),
    _maybe("call"),
    _text("kind"),
    _maybe("queue"),
    _maybe("agent"),
    _text("reason"),
    _text("promised"),
    _maybe("done_at", Utc),
    _maybe("done_by"),
    _maybe("outcome"),
    _maybe("done_call"),
)
Index("follow_ups_by_customer", follow_ups.c.customer, follow_ups.c.created_at)
_TO_DO = text("done_at IS NULL")
Index("follow_ups_to_do", follow_ups.c.due_at, sqlite_where=_TO_DO, postgresql_where=_TO_DO)
