"""Books to export from: a seller with documents, exports asked for and made."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Event
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from invoicing.customers.models import Customer
from invoicing.database import transaction
from invoicing.invoices.models import Invoice
from invoicing.journal import COMMAND
from invoicing.ledger import service
from invoicing.ledger.fec import COLUMNS, ENCODING
from invoicing.ledger.models import LedgerExport, LedgerKind
from invoicing.ledger.rules import Asked
from invoicing.sellers.models import Seller
from lettrine.ledgers import Ledgers
from tests.conftest import Database
from tests.factories import NOW, make_customer, make_invoice, make_line, make_seller

_tokens = itertools.count(1)


@dataclass
class Books:
    """One installation: what writes documents, and who makes exports."""

    app: Flask
    database: Database
    seller_id: int = 1
    customer_id: int = 1

    def write(self, deed: Callable[[Session], object]) -> None:
        """Something that happens, committed."""
        with transaction(self.database.sessions) as session:
            deed(session)

    def sell(self, *amounts: int, day: date | None = None, now: datetime = NOW) -> list[int]:
        """Invoices of so many euros before tax, committed together."""
        with transaction(self.database.sessions) as session:
            customer, seller = session.get_one(Customer, self.customer_id), session.get_one(Seller, self.seller_id)
            return [
                make_invoice(session, customer, seller, make_line(session, price=n), now=now, issued_on=day).invoice_id
                for n in amounts
            ]

    def ask(self, kind: LedgerKind = LedgerKind.fec, *, token: str = "", **over: Any) -> int:
        """Asks for an export; gives its id."""
        asked = Asked(**{"seller_id": self.seller_id, "kind": kind, **over})
        with transaction(self.database.sessions) as session:
            return service.ask(session, COMMAND, NOW, asked, token or f"form {next(_tokens)}").id

    def worker(self, late: timedelta = timedelta()) -> Ledgers:
        """Whoever makes exports, with a clock that is so late."""
        return Ledgers(self.app, self.database.sessions, lambda: NOW + late, Event())

    def export(self, kind: LedgerKind = LedgerKind.fec, **over: Any) -> LedgerExport:
        """An export asked for and worked at."""
        export_id = self.ask(kind, **over)
        self.worker().work()
        return self.row(export_id)

    def row(self, export_id: int) -> LedgerExport:
        """An export as it is now."""
        with self.database.sessions() as session:
            found = session.get_one(LedgerExport, export_id)
            session.expunge(found)
            return found

    def content(self, export: LedgerExport) -> bytes:
        """Its bytes, as they are kept."""
        with self.database.sessions() as session:
            return b"".join(service.content(session, export.id))

    def lines(self, export: LedgerExport) -> list[dict[str, str]]:
        """The lines of a FEC by the names of their columns."""
        rows = [line.split("\t") for line in self.content(export).decode(ENCODING).removesuffix("\r\n").split("\r\n")]
        assert tuple(rows[0]) == COLUMNS
        return [dict(zip(COLUMNS, row, strict=True)) for row in rows[1:]]

    def invoice(self, invoice_id: int) -> Invoice:
        """A document as it is now."""
        with self.database.sessions() as session:
            return session.get_one(Invoice, invoice_id)


def open_books(app: Flask, database: Database) -> Books:
    """A French seller and a customer."""
    with transaction(database.sessions) as session:
        seller, customer = make_seller(session), make_customer(session)
        return Books(app, database, seller.id, customer.id)


def cents(text: str) -> int:
    """« 1234,56 » → 123456."""
    return int(text.replace(",", ""))
