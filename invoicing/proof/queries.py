"""What a verification reads: plain rows, in chunks, all on one connection whose transaction sees one moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import Connection, Engine, text

from invoicing.database import is_sqlite
from invoicing.documents.models import COLUMNS
from invoicing.proof import chain, exported, runs_told, states
from invoicing.proof.numbers import SeriesFacts
from invoicing.proof.states import Document, Row

ROWS: Final = 2000  # read at once
VERSION: Final = (
    "id", "invoice_id", "position", "state", "sha256", "size", "pages", "facts", "withdrawn_at", "sealed_at",
    "xml_sha256", "xml_size", "source_sha256", "source_size",
)  # fmt: skip
CHANGE: Final = ("id", "invoice_id", "at", "actor_kind", "actor_id", "before", "after", "reason", "run_id")
BULK: Final = (*CHANGE, "state", "seal")


class Sizes(NamedTuple):
    """How much there is to read."""

    entries: int
    documents: int
    versions: int
    changes: int
    parts: int
    files: int

    @property
    def total(self) -> int:
        """Rows, and the files of the archive."""
        return sum(self)


@contextmanager
def steady(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one moment however long it reads, and writes nothing."""
    with engine.connect() as connection:
        if not is_sqlite(engine):
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            connection.execute(text("SELECT 1 FROM journal LIMIT 1")).first()  # the moment
            yield connection


def sizes(connection: Connection) -> Sizes:
    """Counts of rows."""
    tables = ("journal", "invoice", "document_version", "lettering_change", "ledger_part")
    files = " + ".join(f"count({sha256})" for sha256, _size in COLUMNS.values())
    counted = [*(f"SELECT count(*) FROM {table}" for table in tables), f"SELECT {files} FROM document_version"]  # noqa: S608
    return Sizes(*(connection.execute(text(query)).scalar_one() for query in counted))


def entries(connection: Connection) -> Iterator[Sequence[Row]]:
    """The journal by position, in the order of `chain.COLUMNS`."""
    return _chunks(connection, "journal", chain.COLUMNS)


def versions(connection: Connection) -> Iterator[Sequence[Row]]:
    """Every version by id, in the order of VERSION."""
    return _chunks(connection, "document_version", VERSION)


def lettering_changes(connection: Connection) -> Iterator[Sequence[Row]]:
    """The history of references by id, in the order of CHANGE."""
    return _chunks(connection, "lettering_change", CHANGE)


def of_import(connection: Connection, run_id: int, gave: bool) -> Iterator[Sequence[Row]]:
    """The rows of the history by which an import gave references, or took them away, by id, in the order of BULK."""
    raw = cast("Any", connection.connection.driver_connection)
    mark, which = "?" if is_sqlite(connection) else "%s", "IS NOT NULL" if gave else "IS NULL"
    these = f"run_id = {mark} AND id > {mark} AND after {which}"
    query = f"SELECT {', '.join(BULK)} FROM lettering_change WHERE {these} ORDER BY id LIMIT {ROWS}"  # noqa: S608
    last = 0
    while rows := raw.execute(query, (run_id, last)).fetchall():
        yield rows
        last = rows[-1][0]


def planned(connection: Connection, run_id: int) -> list[int]:
    """The documents that an import lettered, as its plan has them."""
    query = text("SELECT invoice_id FROM planned_lettering WHERE run_id = :run_id")
    return list(connection.scalars(query, {"run_id": run_id}))


def exports(connection: Connection) -> Iterator[Row]:
    """The accountant's exports by id, in the order of `exported.EXPORT`."""
    for rows in _chunks(connection, "ledger_export", exported.EXPORT):
        yield from rows


def runs(connection: Connection) -> Iterator[Row]:
    """Files that came in, by id, in the order of `runs_told.RUN`."""
    for rows in _chunks(connection, "import_run", runs_told.RUN):
        yield from rows


def export_parts(connection: Connection, export_id: int) -> Iterator[bytes]:
    """The bytes of an export as they are kept, part by part."""
    raw, mark = cast("Any", connection.connection.driver_connection), "?" if is_sqlite(connection) else "%s"
    query = f"SELECT position, content FROM ledger_part WHERE export_id = {mark} AND position > {mark}"  # noqa: S608
    last = -1
    while row := raw.execute(f"{query} ORDER BY position LIMIT 1", (export_id, last)).fetchone():
        last = row[0]
        yield bytes(row[1])


def export_items(connection: Connection, export_id: int) -> Iterator[int]:
    """The documents of an export, by id."""
    raw, mark = cast("Any", connection.connection.driver_connection), "?" if is_sqlite(connection) else "%s"
    query = f"SELECT invoice_id FROM ledger_item WHERE export_id = {mark} AND invoice_id > {mark}"  # noqa: S608
    last = 0
    while rows := raw.execute(f"{query} ORDER BY invoice_id LIMIT {ROWS}", (export_id, last)).fetchall():
        yield from (row[0] for row in rows)
        last = rows[-1][0]


def documents(connection: Connection) -> Iterator[list[Document]]:
    """Every document, whole, by id."""
    newest = connection.execute(text("SELECT max(id) FROM invoice")).scalar() or 0
    oldest = connection.execute(text("SELECT min(id) FROM invoice")).scalar() or 0
    for after in range(oldest - 1, newest, ROWS // 4):
        yield list(states.between(connection, after, min(after + ROWS // 4, newest)))


def series(connection: Connection) -> list[SeriesFacts]:
    """Every series."""
    rows = connection.execute(text("SELECT id, seller_id, source, format, last_date FROM series ORDER BY id"))
    return [SeriesFacts(row[0], row[1], row[2], row[3], str(row[4]) if row[4] else None) for row in rows]


def counters(connection: Connection) -> list[tuple[int, str, int]]:
    """Series, period and last number."""
    rows = connection.execute(text("SELECT series_id, period, last FROM series_counter ORDER BY series_id, period"))
    return [(row[0], row[1], row[2]) for row in rows]


def changes_of(connection: Connection, invoice_ids: Sequence[int]) -> Iterator[tuple[int, str]]:
    """What the journal says of some documents, oldest first: (document, changes)."""
    query = text("SELECT changes FROM journal WHERE subject_kind = 'invoice' AND subject_id = :id ORDER BY position")
    for invoice_id in invoice_ids:
        for row in connection.execute(query, {"id": invoice_id}):
            yield invoice_id, row[0]


def _chunks(connection: Connection, table: str, columns: tuple[str, ...]) -> Iterator[Sequence[Row]]:
    """A whole table by its key, some rows at a time, as the driver gives them."""
    raw = cast("Any", connection.connection.driver_connection)
    mark, key = "?" if is_sqlite(connection) else "%s", columns[0]
    names = ", ".join(columns)
    first = f"SELECT {names} FROM {table} ORDER BY {key} LIMIT {ROWS}"  # noqa: S608 - our own names
    further = f"SELECT {names} FROM {table} WHERE {key} > {mark} ORDER BY {key} LIMIT {ROWS}"  # noqa: S608
    rows = raw.execute(first).fetchall()
    while rows:
        yield rows
        rows = raw.execute(further, (rows[-1][0],)).fetchall()
