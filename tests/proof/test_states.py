"""The digest of a document: the same however it is read, other for every column that counts."""

from __future__ import annotations

from sqlalchemy import select

from invoicing.database import Base, transaction
from invoicing.guard_rules import FROZEN
from invoicing.invoices.models import Invoice, InvoiceLine, InvoiceLineTax, InvoiceTax
from invoicing.invoices.service import delete_draft
from invoicing.journal import COMMAND, JournalEntry
from invoicing.payments.models import Payment
from invoicing.proof import states
from tests.factories import NOW
from tests.proof.conftest import Desk

NOT_PROVEN = {  # what docs/decisions/proof.md leaves out
    "payment_label", "wants_mail", "to_check", "last_event_at", "listed_on", "customer_sort", "search_text", "revision",
}  # fmt: skip


def test_the_columns_of_the_format_are_all_there_are() -> None:
    assert set(FROZEN) <= set(states.INVOICE), "a new state format"
    assert {*states.INVOICE, *NOT_PROVEN} == columns(Invoice), "a new state format, or something that isn't proven"
    for model, proven in ((Payment, states.PAYMENT), (InvoiceLine, states.LINE), (InvoiceTax, states.TAX)):
        assert {*proven, "invoice_id"} == columns(model), "a new state format"
    assert set(states.LINE_TAX) == columns(InvoiceLineTax)


def columns(model: type[Base]) -> set[str]:
    """Names of a table's columns."""
    return {column.name for column in model.__table__.columns}


def test_one_read_alone_and_all_read_together_give_the_same(desk: Desk) -> None:
    with desk.database.sessions() as session:
        connection = session.connection()
        ids = range(1, 9)
        alone = {n: digest for n in ids for n, digest in states.states_of(connection, [n]).items()}
        together = {
            document.invoice[0]: document.state(states.STATE_FORMAT) for document in states.between(connection, 0, 9)
        }
    assert len(set(alone.values())) == 8
    assert alone == together


def test_each_entry_about_a_document_bears_its_state(desk: Desk) -> None:
    with desk.database.sessions() as session:
        found = list(session.scalars(select(JournalEntry)))
    assert all((entry.state is not None) == (entry.subject_kind == "invoice") for entry in found)


def test_a_deleted_draft_leaves_an_entry_without_state_and_no_fault(desk: Desk) -> None:
    draft = int(desk.one("SELECT id FROM invoice WHERE status = 'draft'"))
    with transaction(desk.database.sessions) as session:
        delete_draft(session, COMMAND, NOW, draft)
    with desk.database.sessions() as session:
        last = session.scalars(select(JournalEntry).order_by(JournalEntry.position.desc()).limit(1)).one()
    assert (last.action, last.subject_id, last.state) == ("invoice.draft_deleted", draft, None)
    assert desk.faults() == []
