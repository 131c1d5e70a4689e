"""The digest of a whole document as a change left it: what the journal's column `state` holds.

State format 1: SHA-256 over the canonical JSON of [1, invoice, lines, payments, versions, taxes], each row a list of
its columns in the order written below, rows by id or position. `taxes` are the rows [line taxes, invoice taxes] of a
document that isn't frozen; of a frozen one they stand in the snapshot, and null stands here. Values as both engines
keep them: integers, texts, days and moments as text, true and false as 1 and 0.

A draft and an order without number are proven by the same digest; what nobody has frozen may still be changed by those
who may, and then a new entry says so.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import Connection

from invoicing.database import is_sqlite

STATE_FORMAT: Final = 1
INVOICE: Final = (
    "id", "kind", "origin", "mode", "seller_id", "series_id", "currency", "language", "transaction_code", "number",
    "number_folded", "issued_on", "due_on", "supplied_on", "made_out_to", "subject", "summary", "buyer_name", "note",
    "paid_method", "paid_on", "net_cents", "tax_cents", "total_cents", "corrects_id", "snapshot", "frozen_at",
    "emailed", "created_at", "created_by_id", "form_token", "shop_id", "ordered_at", "reason", "discount_e4",
    "discount_cents", "allowance_cents", "rounding_cents",
    "status", "customer_id", "lettering", "lettering_folded", "paid_cents", "credited_cents",
)  # fmt: skip
LINE: Final = (
    "id", "position", "label", "detail", "quantity_e3", "price_e4", "discount_e4", "gross", "net_cents",
    "allowance_cents", "corrects_line_id", "tax_set_id",
)  # fmt: skip
PAYMENT: Final = (
    "id", "kind", "method", "amount_cents", "paid_on", "reference", "reason", "twin_id", "undoes_id", "recorded_at",
    "recorded_by_id", "form_token",
)  # fmt: skip
VERSION: Final = ("position", "facts", "withdrawn_at", "due_at")
LINE_TAX: Final = ("line_id", "position", "tax_id", "rate_e5")
TAX: Final = ("position", "tax_id", "rate_e5", "base_cents", "amount_cents")
_SWITCHES: Final = ("emailed", "gross")  # true and false on PostgreSQL, 1 and 0 on SQLite
_FROZEN_AT: Final = INVOICE.index("frozen_at")
SOME: Final = 400  # documents read at once

Row = Sequence[Any]
Rows = dict[int, list[Row]]  # by document
Query = tuple[str, str]  # what stands before and after the condition on the document


class Document(NamedTuple):
    """One document's rows, each in the order of its columns above; taxes are (of lines, of the document)."""

    invoice: Row
    lines: Sequence[Row]
    payments: Sequence[Row]
    versions: Sequence[Row]
    taxes: tuple[Sequence[Row], Sequence[Row]]

    @property
    def is_frozen(self) -> bool:
        """Whether it stands for ever."""
        return self.invoice[_FROZEN_AT] is not None

    def digest(self) -> str:
        """The state."""
        taxes = None if self.is_frozen else self.taxes
        whole = [STATE_FORMAT, self.invoice, self.lines, self.payments, self.versions, taxes]
        return hashlib.sha256(_ENCODE(whole).encode()).hexdigest()


def plain(value: object) -> object:
    """A value as both engines would give it as text: what PostgreSQL's driver makes objects of."""
    if isinstance(value, datetime):
        return value.isoformat(" ", "microseconds")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=plain).encode


def digests(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    """Document → its state now, of those that are there."""
    wanted = sorted(set(ids))
    found: dict[int, str] = {}
    for start in range(0, len(wanted), SOME):
        for document in some(connection, wanted[start : start + SOME]):
            found[document.invoice[0]] = document.digest()
    return found


def some(connection: Connection, ids: Sequence[int]) -> Iterator[Document]:
    """The documents with these ids, by id; taxes only of those that aren't frozen."""
    mark = "?" if is_sqlite(connection) else "%s"
    within = f"IN ({','.join([mark] * len(ids))})"
    return _read(connection, within, tuple(ids), whole=False)


def between(connection: Connection, after: int, last: int) -> Iterator[Document]:
    """The documents with ids above `after` up to `last`, whole, by id."""
    mark = "?" if is_sqlite(connection) else "%s"
    return _read(connection, f"BETWEEN {mark} AND {mark}", (after + 1, last), whole=True)


def _read(connection: Connection, within: str, facts: tuple[int, ...], whole: bool) -> Iterator[Document]:
    sqlite = is_sqlite(connection)
    invoices, *others = _answers(connection, _usual(sqlite), within, facts)
    lines, payments, versions = map(_grouped, others)
    of_lines, of_invoice = _NONE, _NONE
    if whole or not all(row[1 + _FROZEN_AT] for row in invoices):
        of_lines, of_invoice = map(_grouped, _answers(connection, _of_taxes(sqlite), within, facts))
    for row in invoices:
        key = row[0]
        yield Document(row[1:], lines.get(key, ()), payments.get(key, ()), versions.get(key, ()),
                       (of_lines.get(key, ()), of_invoice.get(key, ())))  # fmt: skip


_NONE: Final[Rows] = {}


def _answers(connection: Connection, queries: Sequence[Query], within: str, facts: tuple[int, ...]) -> list[list[Row]]:
    """The rows of each query; PostgreSQL is asked all of them at once.

    Beside SQLAlchemy, whose types and cursors cost more than the digest: each commit pays for this.
    """
    raw = cast("Any", connection.connection.driver_connection)
    if is_sqlite(connection):
        return [raw.execute(f"{before} {within} {after}", facts).fetchall() for before, after in queries]
    with raw.pipeline():
        cursors = [raw.execute(f"{before} {within} {after}", facts) for before, after in queries]
        return [cursor.fetchall() for cursor in cursors]


def _grouped(rows: Iterable[Row]) -> Rows:
    """By document, which comes first in each row."""
    found: Rows = defaultdict(list)
    for row in rows:
        found[row[0]].append(row[1:])
    return found


@lru_cache
def _usual(sqlite: bool) -> tuple[Query, ...]:
    return (_select(sqlite, "invoice", INVOICE, "id", "id"), _select(sqlite, "invoice_line", LINE),
            _select(sqlite, "payment", PAYMENT, order="id"), _select(sqlite, "document_version", VERSION))  # fmt: skip


@lru_cache
def _of_taxes(sqlite: bool) -> tuple[Query, ...]:
    names = ", ".join(f"t.{name}" for name in LINE_TAX)
    of_lines = f"SELECT l.invoice_id, {names} FROM invoice_line_tax t JOIN invoice_line l ON l.id = t.line_id"  # noqa: S608
    return ((f"{of_lines} WHERE l.invoice_id", "ORDER BY l.invoice_id, l.position, t.position"),
            _select(sqlite, "invoice_tax", TAX))  # fmt: skip


def _select(
    sqlite: bool, table: str, columns: tuple[str, ...], key: str = "invoice_id", order: str = "position"
) -> Query:
    """What stands before and after the condition on the key; the key comes first in each row."""
    names = ", ".join(name if sqlite or name not in _SWITCHES else f"{name}::int" for name in columns)
    return f"SELECT {key}, {names} FROM {table} WHERE {key}", f"ORDER BY {key}, {order}"  # noqa: S608 - our own names
