"""The state of a whole document as a change left it: what the journal's column `state` holds.

State format 2: six words with a blank between them. A row is the list of its columns in the order written below, rows
by id or position, all as canonical JSON; "-" stands for none.
1. "2".
2. SHA-256 over [2, digest of what is frozen, digest of what was added, the columns that may change, payments,
   versions], whether the document is frozen or not.
3. What is frozen: SHA-256 over [frozen columns, lines, [line taxes, invoice taxes]], without what was added; "-" while
   the document isn't.
4. What was added to it with format 2: SHA-256 over [totals_only, [item_id of each line]]; "-" likewise.
5. and 6. One short digest per payment and per version (without its withdrawal), with commas.

State format 1: four words, without the first and the fourth; nothing in it tells what was added, and its first word is
SHA-256 over [1, invoice, lines, payments, versions, [line taxes, invoice taxes]]. The others are the same in both
formats, so that one format is compared with the other.

The digest of all says whether the document is as the last change left it; the others, from entry to entry, that nothing
frozen was altered and no payment or version taken away in between, whoever sealed it again. Values as both engines keep
them: integers, texts, days and moments as text, true and false as 1 and 0.

A draft and an order without number are proven by the same words; what nobody has frozen may still be changed by those
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

STATE_FORMAT: Final = 2  # of what is written
INVOICE: Final = (
    "id", "kind", "origin", "mode", "seller_id", "series_id", "currency", "language", "transaction_code", "number",
    "number_folded", "issued_on", "due_on", "supplied_on", "made_out_to", "subject", "summary", "buyer_name", "note",
    "paid_method", "paid_on", "net_cents", "tax_cents", "total_cents", "corrects_id", "snapshot", "frozen_at",
    "emailed", "created_at", "created_by_id", "form_token", "shop_id", "ordered_at", "reason", "discount_e4",
    "discount_cents", "allowance_cents", "rounding_cents",
    "status", "customer_id", "lettering", "lettering_folded", "paid_cents", "credited_cents",
    "totals_only",
)  # fmt: skip
LINE: Final = (
    "id", "position", "label", "detail", "quantity_e3", "price_e4", "discount_e4", "gross", "net_cents",
    "allowance_cents", "corrects_line_id", "tax_set_id",
    "item_id",
)  # fmt: skip
PAYMENT: Final = (
    "id", "kind", "method", "amount_cents", "paid_on", "reference", "reason", "twin_id", "undoes_id", "recorded_at",
    "recorded_by_id", "form_token",
)  # fmt: skip
VERSION: Final = ("position", "facts", "withdrawn_at", "due_at")
LINE_TAX: Final = ("line_id", "position", "tax_id", "rate_e5")
TAX: Final = ("position", "tax_id", "rate_e5", "base_cents", "amount_cents")
_SWITCHES: Final = ("emailed", "gross", "totals_only")  # true and false on PostgreSQL, 1 and 0 on SQLite
_FROZEN_AT: Final = INVOICE.index("frozen_at")
_LASTING: Final = INVOICE.index("status")  # from here on the columns may change, but for what was added:
_ADDED: Final = INVOICE.index("totals_only")
_ADDED_TO_LINE: Final = LINE.index("item_id")
NONE: Final = "-"
SHORT: Final = 16  # letters of a digest among many
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

    def state(self, format: int) -> str:
        """Its words in a format."""
        frozen = sha256([self.invoice[:_LASTING], self._lines(), self.taxes]) if format > 1 or self.is_frozen else NONE
        if format == 1:
            whole = [1, self.invoice[:_ADDED], self._lines(), self.payments, self.versions, self.taxes]
            return " ".join((sha256(whole), frozen, *self._kept()))
        added, may_change = self.added(), self.invoice[_LASTING:_ADDED]
        all_of_it = sha256([format, frozen, added, may_change, self.payments, self.versions])
        shown = (frozen, added) if self.is_frozen else (NONE, NONE)
        return " ".join((str(format), all_of_it, *shown, *self._kept()))

    def added(self) -> str:
        """The digest of what format 1 doesn't hold."""
        return sha256([self.invoice[_ADDED], [line[_ADDED_TO_LINE] for line in self.lines]])

    def _lines(self) -> list[Row]:
        return [line[:_ADDED_TO_LINE] for line in self.lines]

    def _kept(self) -> tuple[str, str]:
        versions = [(position, facts, due_at) for position, facts, _withdrawn, due_at in self.versions]
        return _each(self.payments), _each(versions)


class Words(NamedTuple):
    """A state taken apart; `added` is "-" where its format doesn't tell."""

    format: int
    whole: str
    frozen: str
    added: str
    payments: str
    versions: str


class UnknownState(ValueError):
    """A state in no format that this version knows; its text is what stands for the format."""


def words_of(state: str, added: str = NONE) -> Words:
    """A state's words; `added` is what an earlier one told, for a format that doesn't. Raises UnknownState."""
    match state.split(" "):
        case [whole, frozen, payments, versions]:
            return Words(1, whole, frozen, added, payments, versions)
        case ["2", whole, frozen, told, payments, versions]:
            return Words(2, whole, frozen, told, payments, versions)
        case others:
            raise UnknownState(others[0][:SHORT])


def plain(value: object) -> object:
    """A value as both engines would give it as text: what PostgreSQL's driver makes objects of."""
    if isinstance(value, datetime):
        return value.isoformat(" ", "microseconds")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def is_overwritten(before: Words, after: Words) -> bool:
    """Whether what is frozen has changed between two states, or a payment or version is gone or another.

    What was added is compared where both tell it: an entry of format 1 isn't asked.
    """
    kept = ((before.payments, after.payments), (before.versions, after.versions))
    lost = (old not in (NONE, new) and not new.startswith(f"{old},") for old, new in kept)
    other = after.format > 1 and before.added not in (NONE, after.added)
    return before.frozen not in (NONE, after.frozen) or other or any(lost)


def _each(rows: Sequence[Row]) -> str:
    return ",".join(shorts(rows)) or NONE


def shorts(rows: Iterable[Row]) -> Iterator[str]:
    """A short digest of each."""
    return (sha256(row)[:SHORT] for row in rows)


def sha256(value: object) -> str:
    """The digest of a value as canonical JSON."""
    return hashlib.sha256(_ENCODE(value).encode()).hexdigest()


_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=plain).encode


def states_of(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    """Document → its state now, of those that are there."""
    wanted = sorted(set(ids))
    found: dict[int, str] = {}
    for start in range(0, len(wanted), SOME):
        for document in some(connection, wanted[start : start + SOME]):
            found[document.invoice[0]] = document.state(STATE_FORMAT)
    return found


def some(connection: Connection, ids: Sequence[int]) -> Iterator[Document]:
    """The documents with these ids, by id."""
    mark = "?" if is_sqlite(connection) else "%s"
    within = f"IN ({','.join([mark] * len(ids))})"
    return _read(connection, within, tuple(ids))


def between(connection: Connection, after: int, last: int) -> Iterator[Document]:
    """The documents with ids above `after` up to `last`, by id."""
    mark = "?" if is_sqlite(connection) else "%s"
    return _read(connection, f"BETWEEN {mark} AND {mark}", (after + 1, last))


def _read(connection: Connection, within: str, facts: tuple[int, ...]) -> Iterator[Document]:
    invoices, *others = answers(connection, _queries(is_sqlite(connection)), within, facts)
    lines, payments, versions, of_lines, of_invoice = map(grouped, others)
    for row in invoices:
        key = row[0]
        yield Document(row[1:], lines.get(key, ()), payments.get(key, ()), versions.get(key, ()),
                       (of_lines.get(key, ()), of_invoice.get(key, ())))  # fmt: skip


def answers(connection: Connection, queries: Sequence[Query], within: str, facts: tuple[int, ...]) -> list[list[Row]]:
    """The rows of each query; PostgreSQL is asked all of them at once.

    Beside SQLAlchemy, whose types and cursors cost more than the digest: each commit pays for this.
    """
    raw = cast("Any", connection.connection.driver_connection)
    if is_sqlite(connection):
        return [raw.execute(f"{before} {within} {after}", facts).fetchall() for before, after in queries]
    with raw.pipeline():
        cursors = [raw.execute(f"{before} {within} {after}", facts) for before, after in queries]
        return [cursor.fetchall() for cursor in cursors]


def grouped(rows: Iterable[Row]) -> Rows:
    """By document, which comes first in each row."""
    found: Rows = defaultdict(list)
    for row in rows:
        found[row[0]].append(row[1:])
    return found


@lru_cache
def _queries(sqlite: bool) -> tuple[Query, ...]:
    names = ", ".join(f"t.{name}" for name in LINE_TAX)
    of_lines = f"SELECT l.invoice_id, {names} FROM invoice_line_tax t JOIN invoice_line l ON l.id = t.line_id"  # noqa: S608
    return (
        select(sqlite, "invoice", INVOICE, "id", "id"), select(sqlite, "invoice_line", LINE),
        select(sqlite, "payment", PAYMENT, order="id"), select(sqlite, "document_version", VERSION),
        (f"{of_lines} WHERE l.invoice_id", "ORDER BY l.invoice_id, l.position, t.position"),
        select(sqlite, "invoice_tax", TAX),
    )  # fmt: skip


def select(
    sqlite: bool, table: str, columns: tuple[str, ...], key: str = "invoice_id", order: str = "position"
) -> Query:
    """What stands before and after the condition on the key; the key comes first in each row."""
    names = ", ".join(name if sqlite or name not in _SWITCHES else f"{name}::int" for name in columns)
    return f"SELECT {key}, {names} FROM {table} WHERE {key}", f"ORDER BY {key}, {order}"  # noqa: S608 - our own names
