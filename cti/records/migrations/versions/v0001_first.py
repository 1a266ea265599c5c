"""The first tables."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

UTC = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def _only(where: str) -> dict[str, Any]:
    """An index of some rows only."""
    return {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "calls",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("hotline", sa.Text, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("dnis", sa.Text, nullable=False),
        sa.Column("ani", sa.Text, nullable=False),
        sa.Column("customer", sa.Text),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("carrier", sa.Text, nullable=False),
        sa.Column("started_at", UTC, nullable=False),
        sa.Column("answered_at", UTC),
        sa.Column("ended_at", UTC),
        sa.Column("queue", sa.Text),
        sa.Column("agents", JSON, nullable=False),
        sa.Column("last_agent", sa.Text),
        sa.Column("repeat_count", sa.Integer, nullable=False),
        sa.Column("repeat_count_7d", sa.Integer, nullable=False),
        sa.Column("outcome", sa.Text),
        sa.Column("termination", sa.Text),
        sa.Column("hangup_cause", sa.Text, nullable=False),
        sa.Column("waited", sa.Double, nullable=False),
        sa.Column("talked", sa.Double, nullable=False),
        sa.Column("held", sa.Double, nullable=False),
        sa.Column("moved", sa.Integer, nullable=False),
        sa.Column("vip", sa.Boolean, nullable=False),
        sa.Column("complaint", sa.Boolean, nullable=False),
        sa.Column("survey_score", sa.Integer),
        sa.Column("disposition", sa.Text, nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("node", sa.Text, nullable=False),
        sa.Column("routing_hash", sa.Text, nullable=False),
        sa.Column("story", JSON, nullable=False),
    )
    op.create_index("calls_by_customer", "calls", ["customer", "started_at", "direction"])
    op.create_index("calls_by_last_answer", "calls", ["customer", "started_at"], **_only("last_agent IS NOT NULL"))
    op.create_index("calls_by_queue", "calls", ["queue", "started_at"])
    op.create_index("calls_by_start", "calls", ["started_at"])
    op.create_index("calls_open", "calls", ["started_at"], **_only("ended_at IS NULL"))
    op.create_table(
        "legs",
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("agent", sa.Text),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("answered_at", UTC),
        sa.Column("ended_at", UTC, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("call", "id"),
    )
    op.create_table(
        "segments",
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("began_at", UTC, nullable=False),
        sa.Column("ended_at", UTC, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("agent", sa.Text),
        sa.Column("detail", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("call", "number"),
    )
    op.create_index("segments_by_agent", "segments", ["agent", "began_at"])
    op.create_table(
        "offers",
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("id", sa.BigInteger, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("offered_at", UTC, nullable=False),
        sa.Column("ended_at", UTC, nullable=False),
        sa.Column("how", sa.Text, nullable=False),
        sa.Column("explanation", JSON, nullable=False),
        sa.PrimaryKeyConstraint("call", "number"),
    )
    op.create_index("offers_by_agent", "offers", ["agent", "offered_at"])
    op.create_table(
        "customers",
        sa.Column("number", sa.Text, primary_key=True),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("carrier", sa.Text, nullable=False),
        sa.Column("first_seen_at", UTC, nullable=False),
    )
    op.create_table(
        "agent_states",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("presence", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("activity", sa.Text, nullable=False),
        sa.Column("registered", sa.Boolean, nullable=False),
        sa.Column("call", sa.Text),
        sa.Column("lasted", sa.Double, nullable=False),
    )
    op.create_index("agent_states_by_agent", "agent_states", ["agent", "at"])
    op.create_table(
        "recordings",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("began_at", UTC, nullable=False),
        sa.Column("ended_at", UTC, nullable=False),
        sa.Column("format", sa.Text, nullable=False),
        sa.Column("channels", sa.Integer, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("agents", JSON, nullable=False),
        sa.Column("customer", sa.Text),
        sa.Column("hotline", sa.Text, nullable=False),
        sa.Column("queue", sa.Text),
        sa.Column("repeat_count", sa.Integer, nullable=False),
        sa.Column("repeat_count_7d", sa.Integer, nullable=False),
        sa.Column("masked", JSON, nullable=False),
        sa.Column("failure", sa.Text, nullable=False),
        sa.Column("deleted_at", UTC),
        sa.Column("deleted_why", sa.Text, nullable=False),
    )
    op.create_index("recordings_by_call", "recordings", ["call"])
    op.create_index("recordings_by_customer", "recordings", ["customer", "began_at"])
    op.create_index("recordings_by_time", "recordings", ["began_at"])
    op.create_table(
        "voicemails",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("mailbox", sa.Text, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("customer", sa.Text),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("heard_at", UTC),
        sa.Column("heard_by", sa.Text),
    )
    op.create_index("voicemails_by_mailbox", "voicemails", ["mailbox", "at"])
    op.create_table(
        "follow_ups",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("due_at", UTC, nullable=False),
        sa.Column("customer", sa.Text, nullable=False),
        sa.Column("call", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("queue", sa.Text),
        sa.Column("agent", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("promised", sa.Text, nullable=False),
        sa.Column("done_at", UTC),
        sa.Column("done_by", sa.Text),
        sa.Column("outcome", sa.Text),
        sa.Column("done_call", sa.Text),
    )
    op.create_index("follow_ups_by_customer", "follow_ups", ["customer", "created_at"])
    op.create_index("follow_ups_to_do", "follow_ups", ["due_at"], **_only("done_at IS NULL"))


def downgrade() -> None:
    """To no tables."""
    for table in (
        "calls",
        "legs",
        "segments",
        "offers",
        "customers",
        "agent_states",
        "recordings",
        "voicemails",
        "follow_ups",
    ):
        op.drop_table(table)
