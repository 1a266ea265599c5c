"""How the tables came to be what they are: one file a change in versions/, run by alembic when the records open."""
