"""Alembic's entry: one engine, one transaction for all steps, on SQLite too."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

from invoicing import guards, search_index
from invoicing.database import is_sqlite
from invoicing.invoices import tallies
from invoicing.tables import metadata


def migrate(connection: Connection) -> None:
    """Runs the steps that are wanting; all of them, or none."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        compare_type=True,
        transactional_ddl=True,  # SQLite's statements of the schema roll back as well: see invoicing.database.tune
    )
    with context.begin_transaction():
        if not is_sqlite(connection):
            connection.execute(text("SELECT pg_advisory_xact_lock(7204581944113002)"))
        wanting = set(context.get_context().get_current_heads()) != set(context.script.get_heads())
        if wanting:
            guards.remove(connection)  # a step may rebuild what they guard, and they are those of the newest schema
            search_index.remove(connection)
            tallies.remove(connection)
        context.run_migrations()
        if wanting:
            guards.install(connection)
        search_index.install(connection)  # each time: what has gone wrong in it is put right
        tallies.install(connection)
        if is_sqlite(connection):
            check_references(connection)


def check_references(connection: Connection) -> None:
    """Refuses what the steps did while foreign keys were off; raises RuntimeError, which rolls them back."""
    broken = sorted({f"{row[0]} → {row[2]}" for row in connection.exec_driver_sql("PRAGMA foreign_key_check")})
    if broken:
        raise RuntimeError(f"foreign keys broken by the migration: {', '.join(broken)}")


engine = context.config.attributes["engine"]

with engine.connect().execution_options(write=True) as connection:
    if is_sqlite(connection):
        # A rebuilt table is dropped and renamed: foreign keys would follow the old one.
        raw = connection.connection.dbapi_connection
        raw.execute("PRAGMA foreign_keys=OFF")
        try:
            migrate(connection)
        finally:
            connection.rollback()  # inside a transaction the PRAGMA would do nothing, silently
            raw.execute("PRAGMA foreign_keys=ON")
    else:
        migrate(connection)
