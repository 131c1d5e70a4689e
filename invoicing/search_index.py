"""The index behind the search: trigrams of `invoice.search_text`; `finding` asks it.

SQLite has an FTS5 table that triggers keep, PostgreSQL a pg_trgm index; docs/decisions/search.md says why so.
"""

from __future__ import annotations

# ruff: noqa: S608 - only names of this file are filled in
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError, OperationalError

from invoicing.database import is_sqlite

TABLE: Final = "invoice_search"
INDEX: Final = "ix_search_invoice"
_CREATE: Final = (
    f"CREATE VIRTUAL TABLE IF NOT EXISTS {TABLE} USING "
    "fts5(search_text, tokenize = 'trigram case_sensitive 1', columnsize = 0)"
)
IDS: Final = 2**32 - 1  # the part of an index's row number that is the invoice's own


def _place(row: str) -> str:
    """An invoice's row number in SQLite's index: its day, then its id, so that hits come in the order of the list."""
    return f"((CAST(julianday({row}.listed_on) AS INTEGER) << 32) | {row}.id)"


def _text(row: str) -> str:
    """An invoice's text there: a blank ends it, so that its last two letters begin a trigram too."""
    return f"({row}.search_text || ' ')"


DAY_ZERO: Final = 1_721_424  # of julianday, before the first that Python knows
_REMOVED: Final = f"DELETE FROM {TABLE} WHERE rowid = {_place('OLD')};"
_ADDED: Final = f"INSERT INTO {TABLE} (rowid, search_text) VALUES ({_place('NEW')}, {_text('NEW')});"
_TRIGGERS: Final = {
    "search_insert": f"CREATE TRIGGER search_insert AFTER INSERT ON invoice BEGIN {_ADDED} END",
    "search_update": "CREATE TRIGGER search_update AFTER UPDATE OF id, listed_on, search_text ON invoice "
    "WHEN OLD.id <> NEW.id OR OLD.listed_on <> NEW.listed_on OR OLD.search_text <> NEW.search_text "
    f"BEGIN {_REMOVED} {_ADDED} END",
    "search_delete": f"CREATE TRIGGER search_delete AFTER DELETE ON invoice BEGIN {_REMOVED} END",
}
_DIFFERING: Final = (
    f"SELECT {_place('i')} FROM invoice i LEFT JOIN {TABLE}_content s ON s.id = {_place('i')} "
    f"WHERE s.c0 IS NOT {_text('i')} UNION ALL SELECT s.id FROM {TABLE}_content s "
    f"LEFT JOIN invoice i ON i.id = (s.id & {IDS}) WHERE i.id IS NULL OR s.id <> {_place('i')}"
)
_FILL: Final = f"INSERT INTO {TABLE} (rowid, search_text) SELECT {_place('i')}, {_text('i')} FROM invoice i"
ANEW: Final = 1000  # where more than this many are wrong, the whole index is filled again
_POSTGRESQL: Final = f"SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname = '{INDEX}'"


# keeping it ------------------------------------------------------------------------------------------------------


def install(connection: Connection) -> None:
    """Makes the index, its triggers anew, and what is missing or outdated in it; after each upgrade of the schema."""
    if not is_sqlite(connection):
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
        connection.execute(text(f"CREATE INDEX IF NOT EXISTS {INDEX} ON invoice USING gin (search_text gin_trgm_ops)"))
        return
    remove(connection)
    connection.exec_driver_sql(_CREATE)
    if not _is_whole(connection):
        connection.exec_driver_sql(f"INSERT INTO {TABLE} ({TABLE}) VALUES ('rebuild')")
    stale = [(place,) for (place,) in connection.exec_driver_sql(f"{_DIFFERING} LIMIT {ANEW + 1}")]
    if len(stale) > ANEW:
        connection.exec_driver_sql(f"DROP TABLE {TABLE}")
        connection.exec_driver_sql(_CREATE)
        connection.exec_driver_sql(f"{_FILL} ORDER BY i.listed_on, i.id")
    elif stale:
        connection.exec_driver_sql(f"DELETE FROM {TABLE} WHERE rowid = ?", stale)
        connection.exec_driver_sql(f"{_FILL} WHERE i.id = (? & {IDS}) AND {_place('i')} = ?",
                                   [(place, place) for (place,) in stale])  # fmt: skip
    for statement in _TRIGGERS.values():
        connection.exec_driver_sql(statement)


def _is_whole(connection: Connection) -> bool:
    """Whether SQLite's index says what its own copy of the texts says; changes nothing."""
    try:
        connection.exec_driver_sql(f"INSERT INTO {TABLE} ({TABLE}) VALUES ('integrity-check')")
    except OperationalError:  # others are writing: nothing is known of it
        raise
    except DatabaseError:
        return False
    return True


def remove(connection: Connection) -> None:
    """Takes the triggers away, for a migration that may rebuild the invoices; `install` puts all right again."""
    if is_sqlite(connection):
        for name in _TRIGGERS:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")


def is_ours(name: str | None) -> bool:
    """Whether a table or an index of the database belongs to the search, which the models don't know."""
    return bool(name) and (name == INDEX or str(name).startswith(TABLE))


def problems(connection: Connection) -> list[str]:
    """What is missing or altered, and how many documents the index doesn't hold as they are."""
    if not is_sqlite(connection):
        made = str(connection.scalar(text(_POSTGRESQL)) or "")
        return [] if "USING gin" in made and "gin_trgm_ops" in made else [f"{INDEX} is missing or altered"]
    query = "SELECT name, sql FROM sqlite_master WHERE name = ? OR (type = 'trigger' AND name LIKE 'search%')"
    there = {name: _plain(made) for name, made in connection.exec_driver_sql(query, (TABLE,))}
    if TABLE not in there:
        return [f"{TABLE} is missing"]
    found = [f"{name} is missing or altered" for name, made in _TRIGGERS.items() if there.get(name) != _plain(made)]
    stale = connection.exec_driver_sql(f"SELECT count(*) FROM ({_DIFFERING})").scalar()
    if stale:
        found.append(f"{stale} documents are not indexed as they are")
    return found if _is_whole(connection) else [*found, f"{TABLE} is damaged (lettrine db upgrade builds it anew)"]


def _plain(statement: str) -> str:
    return " ".join(statement.split())
