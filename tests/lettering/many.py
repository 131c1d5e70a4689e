"""Thousands of documents in no time: one order taken through the core, copied by bulk SQL, and sealed like any."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import insert, select, text

from invoicing import guards
from invoicing.database import is_sqlite, transaction
from invoicing.documents.models import DocumentVersion
from invoicing.invoices.models import Invoice, InvoiceLine, InvoiceLineTax, InvoiceTax
from invoicing.payments.models import Payment
from invoicing.proof.sealing import seal_documents
from tests.conftest import Database
from tests.factories import NOW, make_customer, make_order, make_shop

FIRST: Final = 1_000  # id of the first copy


def copies(database: Database, count: int) -> list[int]:
    """Ids of so many paid orders of a shop, each with its line, taxes, payment, version and seal."""
    with transaction(database.sessions) as session:
        order = make_order(session, make_shop(session), make_customer(session))
        first, number = order.id, str(order.number)
    ids = range(FIRST, FIRST + count)
    with database.engine.begin() as connection:
        guards.remove(connection)
        for model in (Invoice, InvoiceLine, InvoiceTax, Payment, DocumentVersion):
            key = model.id if model is Invoice else model.invoice_id
            (row,) = connection.execute(select(model.__table__).where(key == first)).mappings()
            connection.execute(insert(model.__table__), [_copy(model, dict(row), n, number) for n in ids])
        (taxed,) = connection.execute(select(InvoiceLineTax.__table__)).mappings()
        connection.execute(insert(InvoiceLineTax.__table__), [{**taxed, "line_id": n} for n in ids])
        guards.install(connection)
        if not is_sqlite(connection):
            for table in ("invoice", "invoice_line", "payment", "document_version"):
                connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {FIRST + count})"))
    with transaction(database.sessions) as session:
        seal_documents(session, NOW)
    return list(ids)


def _copy(model: Any, row: dict[str, Any], n: int, number: str) -> dict[str, Any]:
    if model is not Invoice:
        return {**row, "invoice_id": n, **({"id": n} if "id" in row else {})}
    mine, token = f"B-20260101-{n}", f"t{n}"
    snapshot = row["snapshot"].replace(f'"{number}"', f'"{mine}"')
    return {
        **row, "id": n, "number": mine, "number_folded": mine.lower(), "transaction_code": token, "form_token": token,
        "snapshot": snapshot.replace(f'"{row["transaction_code"]}"', f'"{token}"'), "search_text": f"copie {n}",
    }  # fmt: skip
