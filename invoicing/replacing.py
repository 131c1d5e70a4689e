"""All rows of a database replaced by another's, in one transaction: only a demo that is rebuilt asks for it.

Whoever has the database open goes on: they see the old rows until the commit, then the new ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, bindparam, delete, func, insert, select, text, update

from invoicing import guards
from invoicing.accounts.models import Passkey, RecoveryCode, SignInSession, User
from invoicing.database import is_sqlite
from invoicing.tables import metadata

SOME: Final = 1000  # rows written at once
Values = dict[str, Any]
_WAYS: Final = (User.password_hash, User.passkey_handle, User.totp_secret, User.totp_last_step)
_THEIRS: Final = (SignInSession, Passkey, RecoveryCode)
_People = tuple[dict[str, Values], dict[Any, list[tuple[str, Values]]]]


def replace_all(connection: Connection, source: Connection) -> None:
    """The rows of `source` in place of those that are there; who is signed in and is known there too stays so.

    Passwords and second factors are those from before: by the address, which both know. Guards step aside, and stand
    again at the end.
    """
    people = _people(connection)
    guards.remove(connection)
    for table in reversed(metadata.sorted_tables):
        connection.execute(delete(table))
    for table in metadata.sorted_tables:
        _copy(connection, source, table)
    _keep(connection, people)
    if not is_sqlite(connection):
        _count_on(connection)
    guards.install(connection)


def _copy(connection: Connection, source: Connection, table: Table) -> None:
    """Rows first without what refers to their own table, which may come later."""
    own = [column for column in table.columns if any(key.column.table is table for key in column.foreign_keys)]
    later: list[Values] = []
    rows = source.execution_options(yield_per=SOME).execute(select(table)).mappings()
    for some in rows.partitions(SOME):
        made = [dict(row) for row in some]
        later += [row.copy() for row in made if any(row[column.name] is not None for column in own)]
        connection.execute(insert(table), [{**row, **{column.name: None for column in own}} for row in made])
    for column in own:
        _refer(connection, table, column, later)


def _refer(connection: Connection, table: Table, column: Column[Any], rows: list[Values]) -> None:
    referring = [{"of": row["id"], "to": row[column.name]} for row in rows if row[column.name] is not None]
    if referring:
        connection.execute(
            update(table).where(table.c.id == bindparam("of")).values({column.name: bindparam("to")}), referring
        )


def _people(connection: Connection) -> _People:
    """Address → how they sign in; and the sessions, passkeys and recovery codes with the address of whose they are."""
    ways = {row["email"]: dict(row) for row in connection.execute(select(*_WAYS, User.email)).mappings()}
    theirs = {}
    for kind in _THEIRS:
        table = kind.__table__
        rows = connection.execute(select(table, User.email).join(User, User.id == table.c.user_id)).mappings()
        theirs[kind] = [(row["email"], {k: v for k, v in row.items() if k not in ("id", "email")}) for row in rows]
    return ways, theirs


def _keep(connection: Connection, people: _People) -> None:
    ways, theirs = people
    ids: dict[str, int] = {email: number for email, number in connection.execute(select(User.email, User.id))}  # noqa: C416
    for email in ids.keys() & ways.keys():
        connection.execute(update(User).where(User.email == email).values(ways[email]))
    for kind, rows in theirs.items():
        kept = [{**values, "user_id": ids[email]} for email, values in rows if email in ids]
        if kept:
            connection.execute(insert(kind), kept)


def _count_on(connection: Connection) -> None:
    """PostgreSQL: numbers of rows go on after the highest that was copied."""
    for table, name in _serials(connection):
        most = connection.scalar(select(func.max(table.c.id))) or 0
        connection.execute(text("SELECT setval(:name, :most, :called)"),
                           {"name": name, "most": max(most, 1), "called": most > 0})  # fmt: skip


def _serials(connection: Connection) -> Iterator[tuple[Table, str]]:
    for table in metadata.sorted_tables:
        if "id" in table.c:
            name = connection.scalar(text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": table.name})
            if name:
                yield table, str(name)
