"""A year of a shop's orders for the benchmark of letterings, and the accounting program's export that quotes them.

One order is taken for real, with lines, taxes, payment and version, and copied by bulk SQL: each copy has its own
number, code, buyer, texts and snapshot. A few of them are as the file's faulty rows need them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, insert, select, text
from sqlalchemy.orm import Session, sessionmaker

from bench.filling import _WORDS
from invoicing import guards, search_index
from invoicing.database import is_sqlite, transaction
from invoicing.documents.models import DocumentVersion
from invoicing.invoices.models import Invoice, InvoiceLine, InvoiceLineTax, InvoiceTax, Status
from invoicing.payments.models import Payment
from invoicing.proof.sealing import seal_documents
from invoicing.search import amount_tokens, fold
from tests.factories import NOW, make_customer, make_line, make_order, make_seller, make_shop

TWICE: Final = 20  # pairs of rows with one reference
UNKNOWN: Final = 30
OTHER_AMOUNT: Final = 20
TAKEN: Final = 10
WRONG_STATUS: Final = 15
EXPECTED: Final = {
    "duplicate_in_file": 2 * TWICE, "unknown_invoice": UNKNOWN, "amount_differs": OTHER_AMOUNT, "taken": TAKEN,
    "wrong_status": WRONG_STATUS,
}  # fmt: skip
FAULTY: Final = sum(EXPECTED.values())
_AT_ONCE: Final = 2000
_FIRST: Final = 1_000  # the first copy's id
_PARTS: Final = (InvoiceLine, InvoiceTax, Payment, DocumentVersion)


def number_of(n: int) -> str:
    """Our number of the n-th order."""
    return f"B-{_day(n):%Y%m%d}-{n}"


def _day(n: int) -> date:
    return date(2026, 1, 1) + timedelta(days=n % 330)


def export(rows: int) -> bytes:
    """The file: a reference per order, our number in the label; the faulty rows stand last."""
    lines = ["Journal;Date;N° facture;Client;Libellé;Montant TTC"]
    for n in range(rows):
        back = rows - n  # from the end, 1 is the last
        reference, number, cents = f"VE-2026-{n:06}", number_of(n), _cents(n)
        kind = _kind(back)
        if kind == "duplicate_in_file":
            reference = f"VE-2026-D{back // 2:05}" if back % 2 == 0 else f"VE-2026-D{(back + 1) // 2:05}"
        elif kind == "unknown_invoice":
            number = f"B-20250101-{n}"
        elif kind == "amount_differs":
            cents += 100
        elif kind == "taken":
            reference = f"VE-2025-{back}"
        whole, part = divmod(cents, 100)
        lines.append(f"VE;{_day(n):%d/%m/%Y};{reference};{_buyer(n)};{number} vente en ligne;{whole},{part:02}")
    return ("\n".join(lines) + "\n").encode()


def _kind(back: int) -> str:
    """What is wrong with the row so far from the end; empty for most."""
    for kind, count in EXPECTED.items():
        if back <= count:
            return kind
        back -= count
    return ""


def _cents(n: int) -> int:
    return 21_600 + (n % 400) * 12


def _buyer(n: int) -> str:
    return f"{_WORDS[n % 200]} {_WORDS[(n * 7) % 199]}".title()


def fill(sessions: sessionmaker[Session], rows: int) -> None:
    """Fills an empty, migrated database with the orders of a file of so many rows, and ten that bear a reference."""
    with transaction(sessions) as session:
        shop = make_shop(session, make_seller(session))
        goods = (make_line(session, "Cours en ligne", 100), make_line(session, "Stage de gravure", 80))
        order = make_order(session, shop, make_customer(session), *goods)
        first = order.id
    with sessions() as session:
        connection = session.connection()
        guards.remove(connection)
        search_index.remove(connection)
        for start in range(0, rows + TAKEN, _AT_ONCE):
            _copy(connection, first, range(start, min(rows + TAKEN, start + _AT_ONCE)), rows)
        guards.install(connection)
        search_index.install(connection)
        if not is_sqlite(connection):
            for table in ("invoice", "invoice_line", "payment", "document_version"):
                connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 900000000)"))
        session.commit()
    with transaction(sessions) as session:  # the state of each stands in the journal, as that of any order
        seal_documents(session, NOW)
    with sessions() as session:
        _tidy(session.get_bind())  # type: ignore[arg-type]


def _tidy(engine: Engine) -> None:
    """What the databases do by themselves sooner or later."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        raw: Any = connection.connection.driver_connection
        for statement in ("ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)") if is_sqlite(engine) else ("VACUUM ANALYZE",):
            cursor = raw.execute(statement)
            if cursor.description:
                cursor.fetchall()


def _copy(connection: Connection, first: int, some: range, rows: int) -> None:
    chance = random.Random(some.start)
    invoice = _rows(connection, Invoice, Invoice.id == first)[0]
    snapshot = json.loads(invoice["snapshot"])
    connection.execute(insert(Invoice.__table__), [_invoice(invoice, snapshot, n, rows, chance) for n in some])
    lines = _rows(connection, InvoiceLine, InvoiceLine.invoice_id == first)
    for model in _PARTS:
        found = lines if model is InvoiceLine else _rows(connection, model, model.invoice_id == first)
        if found:
            connection.execute(insert(model.__table__), list(_parts(found, some)))
    taxed = _rows(connection, InvoiceLineTax, InvoiceLineTax.line_id.in_([line["id"] for line in lines]))
    places = {line["id"]: place for place, line in enumerate(lines)}
    copies = [{**row, "line_id": _id(n, places[row["line_id"]], len(lines))} for n in some for row in taxed]
    connection.execute(insert(InvoiceLineTax.__table__), copies)


def _rows(connection: Connection, model: Any, which: Any) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in connection.execute(select(model.__table__).where(which))]


def _id(n: int, place: int, each: int) -> int:
    return (n + _FIRST) * each + place


def _parts(found: list[dict[str, Any]], some: range) -> Iterator[dict[str, Any]]:
    for n in some:
        for place, row in enumerate(found):
            copy = {**row, "invoice_id": n + _FIRST}
            if "id" in row:
                copy["id"] = _id(n, place, len(found))
            yield copy


def _invoice(pattern: dict[str, Any], snapshot: dict[str, Any], n: int, rows: int, chance: random.Random) -> Any:
    number, day, name, code = number_of(n), _day(n), _buyer(n), f"{chance.getrandbits(120):030x}"
    cents, taken = _cents(n), _back_of_taken() + n - rows
    bears = f"VE-2025-{taken}" if n >= rows else None  # what the file's taken rows would give
    status = Status.pending if _kind(rows - n) == "wrong_status" and n < rows else Status.complete
    printed = {**snapshot, "number": number, "issued_on": day.isoformat(), "total_cents": cents}
    words = fold(number, code, name, *chance.choices(_WORDS, k=8))
    return {
        **pattern, "id": n + _FIRST, "number": number, "number_folded": number.lower(), "transaction_code": code,
        "buyer_name": name, "customer_sort": name.lower(), "issued_on": day, "listed_on": day, "status": status,
        "form_token": None, "total_cents": cents, "paid_cents": 0 if status is Status.pending else cents,
        "lettering": bears, "lettering_folded": bears and bears.lower(),
        "search_text": f"{words} {amount_tokens(cents)}" + (f" {bears.lower()}" if bears else ""),
        "snapshot": json.dumps(printed, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
    }  # fmt: skip


def _back_of_taken() -> int:
    """How far from the end the last of the file's taken rows stands."""
    return next(back for back in range(1, FAULTY + 1) if _kind(back) == "taken")
