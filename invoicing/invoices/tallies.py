"""Kept counters: how many documents of each kind, status and currency there are, and what they come to.

The database keeps them itself. SQLite, whose writers follow one another anyway, counts in place; PostgreSQL appends
what each change adds and takes away, so that no writer waits for another: `compact` puts those rows together.
`install` makes table and triggers after each upgrade of the schema, and counts anew where they are wrong; `verify` and
`lettrine db check` compare them with the documents (docs/decisions/search.md).
"""

from __future__ import annotations

# ruff: noqa: S608 - only names of this file are filled in
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, column, func, select, table, text
from sqlalchemy.orm import Session

from invoicing.database import enum, is_sqlite
from invoicing.guards import SEARCHED
from invoicing.invoices.models import InvoiceKind, Status
from invoicing.money import Currency

TABLE: Final = "invoice_tally"
LOOSE: Final = 200  # rows that PostgreSQL lets pile up before they are put together
Key = tuple[str, str, str]  # kind, status, currency
Sums = tuple[int, int, int, int]  # documents, net, tax and total in cents, without sign

_KEY: Final = ("kind", "status", "currency")
_SUMMED: Final = ("net_cents", "tax_cents", "total_cents")
_ALL: Final = ", ".join((*_KEY, "count", *_SUMMED))
_TALLY: Final = table(
    TABLE, column("kind", enum(InvoiceKind)), column("status", enum(Status)), column("currency", enum(Currency)),
    column("count", BigInteger), *(column(name, BigInteger) for name in _SUMMED),
)  # fmt: skip
_NUMBERS: Final = ", ".join(f"{name} BIGINT NOT NULL" for name in ("count", *_SUMMED))
_WORDS: Final = ", ".join(f"{name} VARCHAR(24) NOT NULL" for name in _KEY)


# keeping them, on SQLite -----------------------------------------------------------------------------------------


def _values(row: str, sign: str = "") -> str:
    amounts = ", ".join(f"{sign}{row}.{name}" for name in _SUMMED)
    return f"{row}.kind, {row}.status, {row}.currency, {sign}1, {amounts}"


def _counted(row: str, sign: str = "") -> str:
    """One row more, or less, in place."""
    more = ", ".join(f"{name} = {name} + excluded.{name}" for name in ("count", *_SUMMED))
    return (
        f"INSERT INTO {TABLE} ({_ALL}) VALUES ({_values(row, sign)}) "
        f"ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET {more};"
    )


_WATCHED: Final = ", ".join((*_KEY, *_SUMMED))
_CHANGED: Final = " OR ".join(f"OLD.{name} <> NEW.{name}" for name in (*_KEY, *_SUMMED))
_SQLITE_TABLE: Final = f"CREATE TABLE {TABLE} ({_WORDS}, {_NUMBERS}, PRIMARY KEY ({', '.join(_KEY)})) WITHOUT ROWID"
_SQLITE: Final = {
    "tally_insert": f"CREATE TRIGGER tally_insert AFTER INSERT ON invoice BEGIN {_counted('NEW')} END",
    "tally_update": f"CREATE TRIGGER tally_update AFTER UPDATE OF {_WATCHED} ON invoice WHEN {_CHANGED} "
    f"BEGIN {_counted('OLD', '-')} {_counted('NEW')} END",
    "tally_delete": f"CREATE TRIGGER tally_delete AFTER DELETE ON invoice BEGIN {_counted('OLD', '-')} END",
}

# keeping them, on PostgreSQL -------------------------------------------------------------------------------------


def _appended(rows: str, sign: str = "") -> str:
    sums = ", ".join(f"{sign}sum({name})" for name in _SUMMED)
    return f"INSERT INTO public.{TABLE} SELECT {', '.join(_KEY)}, {sign}count(*), {sums} FROM {rows} GROUP BY 1, 2, 3;"


_BODIES: Final = {  # trigger: what it does, and when
    "tally_insert": (_appended("rows_new"), "AFTER INSERT ON public.invoice REFERENCING NEW TABLE AS rows_new "
                     "FOR EACH STATEMENT"),
    "tally_update": (f"INSERT INTO public.{TABLE} VALUES ({_values('OLD', '-')}), ({_values('NEW')});",
                     f"AFTER UPDATE OF {_WATCHED} ON public.invoice FOR EACH ROW WHEN ({_CHANGED})"),
    "tally_delete": (_appended("rows_old", "-"), "AFTER DELETE ON public.invoice REFERENCING OLD TABLE AS rows_old "
                     "FOR EACH STATEMENT"),
}  # fmt: skip
_PRESENT: Final = """
    SELECT t.tgname, p.prosrc, t.tgtype, coalesce(array_to_string(p.proconfig, ';'), ''), t.tgqual IS NOT NULL
    FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE t.tgrelid = 'public.invoice'::regclass AND t.tgname LIKE 'tally%' AND t.tgenabled IN ('O', 'A')
"""
_TYPES: Final = {"tally_insert": 4, "tally_update": 17, "tally_delete": 8}  # tgtype: per row 1, insert 4, delete 8 …


def _bodies() -> dict[str, tuple[Any, ...]]:
    return {
        name: (f" BEGIN {body} RETURN NULL; END ", _TYPES[name], f"search_path={SEARCHED}", name == "tally_update")
        for name, (body, _when) in _BODIES.items()
    }


# making them -----------------------------------------------------------------------------------------------------


def install(connection: Connection) -> None:
    """Makes what is missing or altered, and counts anew where the counters are wrong."""
    if broken := _broken(connection):
        remove(connection)
        if TABLE in broken:
            connection.exec_driver_sql(
                _SQLITE_TABLE if is_sqlite(connection) else f"CREATE TABLE public.{TABLE} ({_WORDS}, {_NUMBERS})"
            )
        for statement in _triggers(is_sqlite(connection)):
            connection.exec_driver_sql(statement)
    if kept(connection) != counted(connection):
        names = ", ".join(_KEY)
        sums = ", ".join(f"sum({name})" for name in _SUMMED)
        connection.exec_driver_sql(f"DELETE FROM {TABLE}")
        connection.exec_driver_sql(
            f"INSERT INTO {TABLE} ({_ALL}) SELECT {names}, count(*), {sums} FROM invoice GROUP BY {names}"
        )


def _triggers(sqlite: bool) -> list[str]:
    if sqlite:
        return list(_SQLITE.values())
    made = []
    for name, (body, when) in _BODIES.items():
        made.append(
            f"CREATE OR REPLACE FUNCTION public.{name}() RETURNS trigger LANGUAGE plpgsql "
            f"SET search_path = {SEARCHED} AS $t$ BEGIN {body} RETURN NULL; END $t$"
        )
        made.append(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION public.{name}()")
    return made


def remove(connection: Connection) -> None:
    """Takes the triggers away, for a migration that may rebuild the invoices; `install` puts all right again."""
    for name in _SQLITE:
        on = "" if is_sqlite(connection) else " ON public.invoice"
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}{on}")


def is_ours(name: str | None) -> bool:
    """Whether a table or an index of the database belongs to the counters, which the models don't know."""
    return bool(name) and TABLE in str(name)


def problems(connection: Connection) -> list[str]:
    """What is missing or altered, and whether the counters are wrong."""
    broken = _broken(connection)
    if TABLE in broken:
        return [f"{TABLE} is missing"]
    found = [f"{name} is missing or altered" for name in broken]
    if kept(connection) != counted(connection):
        found.append("the kept counters are wrong (lettrine db upgrade counts anew)")
    return found


def _broken(connection: Connection) -> list[str]:
    """The names of what isn't as it must be."""
    if is_sqlite(connection):
        query = "SELECT name, sql FROM sqlite_master WHERE name = ? OR (type = 'trigger' AND name LIKE 'tally%')"
        there = dict(connection.exec_driver_sql(query, (TABLE,)).all())
        wanted: Mapping[str, Any] = _SQLITE
    else:
        there = {name: tuple(parts) for name, *parts in connection.execute(text(_PRESENT))}
        if connection.scalar(text(f"SELECT to_regclass('public.{TABLE}')")):
            there[TABLE] = ()
        wanted = _bodies()
    found = [] if TABLE in there else [TABLE]
    return found + [name for name, made in wanted.items() if there.get(name) != made]


# reading them ----------------------------------------------------------------------------------------------------


def kept(connection: Connection) -> dict[Key, Sums]:
    """What the counters say, groups of no documents left out."""
    sums = ", ".join(f"sum({name})" for name in ("count", *_SUMMED))
    found = _grouped(connection, f"SELECT {', '.join(_KEY)}, {sums} FROM {TABLE} GROUP BY 1, 2, 3")
    return {key: told for key, told in found.items() if any(told)}


def counted(connection: Connection) -> dict[Key, Sums]:
    """What the documents say."""
    sums = ", ".join(f"sum({name})" for name in _SUMMED)
    return _grouped(connection, f"SELECT {', '.join(_KEY)}, count(*), {sums} FROM invoice GROUP BY 1, 2, 3")


def _grouped(connection: Connection, query: str) -> dict[Key, Sums]:
    rows = connection.exec_driver_sql(query)
    return {(row[0], row[1], row[2]): (int(row[3]), int(row[4]), int(row[5]), int(row[6])) for row in rows}


def read(session: Session) -> list[tuple[InvoiceKind, Status, Currency, int, int, int, int]]:
    """Kind, status, currency, how many, net, tax, total."""
    kept_columns = [_TALLY.c[name] for name in _KEY]
    sums = [func.sum(_TALLY.c[name]) for name in ("count", *_SUMMED)]
    query = select(*kept_columns, *sums).group_by(*kept_columns).having(sums[0] != 0)
    return [(row[0], row[1], row[2], *map(int, row[3:])) for row in session.execute(query)]


def compact(session: Session) -> int:
    """Puts PostgreSQL's rows together where many have piled up; how many there were. In a transaction of its own.

    Who writes meanwhile appends and waits for nothing; two that compact at once do no harm.
    """
    if is_sqlite(session.connection()):
        return 0
    piled = session.scalar(select(func.count()).select_from(select(_TALLY.c.kind).limit(LOOSE + 1).subquery())) or 0
    if piled <= LOOSE:
        return 0
    names = ", ".join(_KEY)
    sums = ", ".join(f"sum({name})" for name in ("count", *_SUMMED))
    gone = session.execute(
        text(
            f"WITH gone AS (DELETE FROM {TABLE} RETURNING *), "
            f"made AS (INSERT INTO {TABLE} SELECT {names}, {sums} FROM gone GROUP BY {names}) "
            "SELECT count(*) FROM gone"
        )
    )
    return int(gone.scalar_one())
