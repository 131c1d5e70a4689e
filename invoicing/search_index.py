"""The index behind the search: trigrams of `invoice.search_text`, and the two plans that use or leave it.

SQLite has an FTS5 table that triggers keep, PostgreSQL a pg_trgm index; docs/decisions/search.md says why so.
"""

from __future__ import annotations

# ruff: noqa: S608 - only names of this file are filled in
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Integer,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    column,
    func,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import Session

from invoicing.database import is_sqlite
from invoicing.invoices.models import Invoice
from invoicing.search import Every, holding, liked, matches, trigrams, wish

Days = tuple[date | None, date | None]
Conditions = Iterable[ColumnElement[bool]]
TABLE: Final = "invoice_search"
INDEX: Final = "ix_search_invoice"
RARE: Final = 1000  # this many documents at most are named by their ids; where there are more, lists are walked
_FTS: Final = table(TABLE, column("rowid", Integer), column("search_text", Text), column(TABLE, Text))
_TEXTS: Final = table(f"{TABLE}_content", column("id", Integer), column("c0", Text))  # what FTS5 keeps of its own
_CREATE: Final = (
    f"CREATE VIRTUAL TABLE IF NOT EXISTS {TABLE} USING "
    "fts5(search_text, tokenize = 'trigram case_sensitive 1', columnsize = 0)"
)
_IDS: Final = 2**32 - 1  # the part of an index's row number that is the invoice's own


def _place(row: str) -> str:
    """An invoice's row number in SQLite's index: its day, then its id, so that hits come in the order of the list."""
    return f"((CAST(julianday({row}.listed_on) AS INTEGER) << 32) | {row}.id)"


_DAY_ZERO: Final = 1_721_424  # of julianday, before the first that Python knows
_REMOVED: Final = f"DELETE FROM {TABLE} WHERE rowid = {_place('OLD')};"
_ADDED: Final = f"INSERT INTO {TABLE} (rowid, search_text) VALUES ({_place('NEW')}, NEW.search_text);"
_TRIGGERS: Final = {
    "search_insert": f"CREATE TRIGGER search_insert AFTER INSERT ON invoice BEGIN {_ADDED} END",
    "search_update": "CREATE TRIGGER search_update AFTER UPDATE OF id, listed_on, search_text ON invoice "
    "WHEN OLD.id <> NEW.id OR OLD.listed_on <> NEW.listed_on OR OLD.search_text <> NEW.search_text "
    f"BEGIN {_REMOVED} {_ADDED} END",
    "search_delete": f"CREATE TRIGGER search_delete AFTER DELETE ON invoice BEGIN {_REMOVED} END",
}
_DIFFERING: Final = (
    f"SELECT {_place('i')} FROM invoice i LEFT JOIN {TABLE}_content s ON s.id = {_place('i')} "
    f"WHERE s.c0 IS NOT i.search_text UNION ALL SELECT s.id FROM {TABLE}_content s "
    f"LEFT JOIN invoice i ON i.id = (s.id & {_IDS}) WHERE i.id IS NULL OR s.id <> {_place('i')}"
)
_FILL: Final = f"INSERT INTO {TABLE} (rowid, search_text) SELECT {_place('i')}, i.search_text FROM invoice i"
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
        connection.exec_driver_sql(f"{_FILL} WHERE i.id = (? & {_IDS}) AND {_place('i')} = ?",
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


_NUMBER: Final = _FTS.c.rowid.op("&")(literal_column(str(_IDS))).label("id")  # the invoice's

# asking it -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """Two conditions that hold for the same invoices: for a page in some order, and for counts and sums of all.

    `few` says that the first names them one by one: then sort what it finds, else walk the order and look.
    """

    page: ColumnElement[bool]
    whole: ColumnElement[bool]
    few: bool
    hits: int = 0


def narrow(session: Session, query: str, rare: int = RARE) -> Found:
    """What a query finds among all invoices; `rare` is how many hits are looked for before the lists are walked."""
    wished = wish(query)
    sqlite = is_sqlite(session.connection())
    indexed = trigrams(wished) if sqlite else liked(Invoice.search_text, wished)
    each = matches(Invoice.search_text, query)
    if indexed is None:
        return Found(each, _read_through(wished) if sqlite else each, few=False)
    hits = _first_hits(session, indexed, wished, rare)
    if hits is None:
        whole = _looked_up(indexed, wished) if isinstance(indexed, str) else and_(indexed, each)
        return Found(each, whole, few=False)
    named = _named(hits, sqlite)
    return Found(named, named, few=True, hits=len(hits))


def hits_up_to(session: Session, query: str, most: int) -> int:
    """How many rows of the index may hold what is asked for, `most` at most; that many too where no index serves.

    PostgreSQL says 0 for what it has indexed: counting would cost it what gathering costs.
    """
    wished = wish(query)
    indexed = trigrams(wished)
    if indexed is None:
        return most
    if not is_sqlite(session.connection()):
        return 0
    one: ColumnElement[int] = literal_column("1")
    some = select(one).select_from(_FTS).where(_FTS.c[TABLE].op("MATCH")(indexed)).limit(most)
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0


def by_day(session: Session, query: str, days: Days, where: Conditions, descending: bool) -> Select[int] | None:
    """The ids of what is found and meets the conditions, in the order of day and id; None where no index has that."""
    wished = wish(query)
    indexed = trigrams(wished) if is_sqlite(session.connection()) else None
    if indexed is None:
        return None
    place, (first, last) = _FTS.c.rowid, days
    found = select(Invoice.id).select_from(_FTS).join(Invoice, Invoice.id == _NUMBER.element)
    found = found.where(_FTS.c[TABLE].op("MATCH")(indexed), holding(_FTS.c.search_text, wished), *where)
    if first:
        found = found.where(place >= (first.toordinal() + _DAY_ZERO) << 32)
    if last:
        found = found.where(place < (last.toordinal() + _DAY_ZERO + 1) << 32)
    return found.order_by(place.desc() if descending else place.asc())


def _first_hits(session: Session, indexed: str | ColumnElement[bool], wished: Every, rare: int) -> list[int] | None:
    """The ids of all that is found; None where it takes more than `rare` hits of the index to know."""
    if isinstance(indexed, str):
        exact = holding(_FTS.c.search_text, wished).label("exact")
        query = select(_NUMBER, exact).where(_FTS.c[TABLE].op("MATCH")(indexed)).limit(rare + 1)
    else:
        exact = holding(Invoice.search_text, wished).label("exact")
        hits = select(Invoice.id, exact).where(indexed).cte("hits").prefix_with("MATERIALIZED")
        query = select(hits.c.id, hits.c.exact).limit(rare + 1)
    rows = session.execute(query).all()
    return None if len(rows) > rare else [number for number, exact in rows if exact]


def _named(ids: list[int], sqlite: bool) -> ColumnElement[bool]:
    if sqlite:
        listed = func.json_each(json.dumps(ids)).table_valued(column("value", Integer))
        return Invoice.id.in_(select(listed.c.value))
    return Invoice.id == any_(bindparam(None, ids, type_=ARRAY(Integer)))


def _looked_up(indexed: str, wished: Every) -> ColumnElement[bool]:
    hits = select(_NUMBER).where(_FTS.c[TABLE].op("MATCH")(indexed), holding(_FTS.c.search_text, wished))
    return Invoice.id.in_(hits)


def _read_through(wished: Every) -> ColumnElement[bool]:
    """The texts alone lie closer together than the invoices with all that is frozen in them."""
    return Invoice.id.in_(select(_TEXTS.c.id.op("&")(literal_column(str(_IDS)))).where(holding(_TEXTS.c.c0, wished)))
