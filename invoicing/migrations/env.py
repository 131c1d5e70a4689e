"""Alembic's entry: one engine, one transaction per step."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from invoicing.database import is_sqlite
from invoicing.tables import metadata

engine = context.config.attributes["engine"]

with engine.connect().execution_options(write=True) as connection:
    if is_sqlite(connection):
        # A rebuilt table is dropped and renamed: foreign keys would follow the old one.
        raw = connection.connection.dbapi_connection
        raw.execute("PRAGMA foreign_keys=OFF")
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, compare_type=True)
    with context.begin_transaction():
        if not is_sqlite(connection):
            connection.execute(text("SELECT pg_advisory_xact_lock(7204581944113002)"))
        context.run_migrations()
    if is_sqlite(connection):
        raw.execute("PRAGMA foreign_keys=ON")
