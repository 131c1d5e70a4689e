"""The bytes of an export, read in one state of the books: a journal, or a table whose words the edge brings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from invoicing.invoices import exporting
from invoicing.invoices.exporting import Document
from invoicing.ledger import fec, reading
from invoicing.ledger.models import LedgerKind
from invoicing.ledger.rules import Asked, NotMade, Tally
from invoicing.sellers.queries import seller as seller_of
from invoicing.sheets import Column, Row, csv_bytes
from invoicing.taxes.models import Tax

PART: Final = 1024 * 1024  # bytes that are kept together, before they are deflated


class Table(Protocol):
    """The words of a table with one row per document."""

    def columns(self, taxes: Sequence[Tax]) -> Sequence[Column]: ...
    def row(self, document: Document, taxes: Sequence[Tax]) -> Row: ...


@dataclass
class Part:
    """Some bytes, and the documents that are new among them."""

    content: bytes
    ids: list[int]


@dataclass
class Making:
    """An export on its way: `parts` reads it from the session once, and counts as it goes."""

    session: Session
    asked: Asked
    table: Table
    tally: Tally = field(default_factory=Tally)
    _ids: list[int] = field(default_factory=list)

    def parts(self) -> Iterator[Part]:
        """Its bytes, about a megabyte at a time. Raises NotMade."""
        waiting, size = list[bytes](), 0
        for some in self._bytes():
            waiting.append(some)
            size += len(some)
            if size >= PART:
                yield self._part(waiting)
                waiting, size = [], 0
        if waiting:
            yield self._part(waiting)

    def _part(self, waiting: list[bytes]) -> Part:
        ids, self._ids = self._ids, []
        return Part(b"".join(waiting), ids)

    def _bytes(self) -> Iterable[bytes]:
        return self._journal() if self.asked.kind is LedgerKind.fec else self._table()

    def _journal(self) -> Iterator[bytes]:
        reading.check_currency(self.session, self.asked)
        seller = seller_of(self.session, self.asked.seller_id)
        yield fec.encoded([fec.COLUMNS])
        number = 0
        for ids in reading.lots(self.session, self.asked):
            found: list[tuple[str, ...]] = []
            for sale in reading.sales(self.session, seller, ids):
                rows = _entry(sale, number + 1)
                number += bool(rows)
                found += rows
                signed = -sale.total_cents if sale.is_credit else sale.total_cents
                self.tally.count(sale.day, "EUR", signed, len(rows))
            self._ids += ids
            yield fec.encoded(found)

    def _table(self) -> Iterator[bytes]:
        seller = seller_of(self.session, self.asked.seller_id)
        taxes = reading.taxes(self.session, self.asked)
        yield from csv_bytes(self.table.columns(taxes), self._rows(taxes), ZoneInfo(seller.timezone))

    def _rows(self, taxes: Sequence[Tax]) -> Iterator[Row]:
        for ids in reading.lots(self.session, self.asked):
            for document in exporting.read(self.session, [ids]):
                self.tally.count(document.day, document.currency.value, document.total_cents, 1)
                yield self.table.row(document, taxes)
            self._ids += ids


def _entry(sale: fec.Sale, number: int) -> list[tuple[str, ...]]:
    try:
        return fec.rows(sale, number)
    except fec.Unbalanced:
        raise NotMade("unbalanced", {"number": sale.number}) from None
