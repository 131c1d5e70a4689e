"""Runs of letterings as judging leaves them: rows with their verdicts, and what would be written."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.database import transaction
from invoicing.imports.models import ImportRow, ImportRun, RunKind, RunState
from invoicing.invoices.models import Invoice, InvoiceKind
from invoicing.journal import COMMAND
from invoicing.lettering.bulk_applying import apply_run
from invoicing.lettering.bulk_rules import Verdict
from invoicing.lettering.bulk_undoing import undo_run
from invoicing.lettering.models import LetteringChange, PlannedLettering
from invoicing.lettering.rules import fold
from invoicing.payments.models import PaymentMethod
from tests.conftest import Database
from tests.factories import NOW, TODAY, make_customer, make_invoice, make_seller

Pairs = dict[int, str]  # document → reference


def make_run(session: Session, *pairs: tuple[int, str]) -> int:
    """A judged run that would give each document its reference; rows from line 2 on."""
    run = ImportRun(kind=RunKind.letterings, state=RunState.judged, file_name="ventes.csv", sha256="f" * 64, size=9,
                    asked_at=NOW)  # fmt: skip
    session.add(run)
    session.flush()
    for line, (invoice_id, typed) in enumerate(pairs, start=2):
        invoice = session.get_one(Invoice, invoice_id)
        total = -invoice.total_cents if invoice.kind is InvoiceKind.credit_note else invoice.total_cents
        content = {"invoice_id": invoice_id, "typed": typed, "folded": fold(typed), "total_cents": total}
        facts = {"number": invoice.number, "customer": "Lefèvre", "amount_cents": total, "currency": "EUR", "day": ""}
        session.add_all([
            ImportRow(run_id=run.id, line=line, verdict=Verdict.will_letter, subject=typed, invoice_id=invoice_id,
                      content=json.dumps(content), facts=json.dumps(facts)),
            PlannedLettering(run_id=run.id, line=line, invoice_id=invoice_id, typed=typed, folded=fold(typed)),
        ])  # fmt: skip
    session.flush()
    return run.id


def planned(database: Database, pairs: Pairs) -> int:
    """The same in a transaction of its own."""
    with transaction(database.sessions) as session:
        return make_run(session, *pairs.items())


def invoices(database: Database, how_many: int) -> list[int]:
    """Complete invoices of one customer."""
    with transaction(database.sessions) as session:
        seller, customer = make_seller(session), make_customer(session)
        paid: dict[str, Any] = {"paid_method": PaymentMethod.card, "paid_on": TODAY}
        return [make_invoice(session, customer, seller, **paid).invoice_id for _ in range(how_many)]


def apply(database: Database, run_id: int) -> int:
    """Applies it in a transaction of its own."""
    with transaction(database.sessions) as session:
        return apply_run(session, COMMAND, NOW, run_id)


def undo(database: Database, run_id: int) -> int:
    """Takes it back likewise."""
    with transaction(database.sessions) as session:
        return undo_run(session, COMMAND, NOW, run_id)


def references(database: Database) -> Pairs:
    """Every lettered document with its reference."""
    with database.sessions() as session:
        found = session.execute(select(Invoice.id, Invoice.lettering).where(Invoice.lettering.is_not(None)))
        return {number: str(reference) for number, reference in found}


def history(database: Database) -> list[tuple[int, str | None, str | None, int | None]]:
    """Document, from, to and run of every row of the history."""
    with database.sessions() as session:
        rows = session.scalars(select(LetteringChange).order_by(LetteringChange.id))
        return [(row.invoice_id, row.before, row.after, row.run_id) for row in rows]


def verdicts(database: Database, run_id: int) -> dict[int, str]:
    """Line → verdict."""
    with database.sessions() as session:
        query = select(ImportRow.line, ImportRow.verdict).where(ImportRow.run_id == run_id).order_by(ImportRow.line)
        return {line: verdict for line, verdict in session.execute(query)}  # noqa: C416
