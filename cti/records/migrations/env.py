"""What alembic runs; `cti.records.database` hands the connection in."""

from alembic import context

from cti.records.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot change a column otherwise
)
with context.begin_transaction():
    context.run_migrations()
