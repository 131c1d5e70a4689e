"""Credit notes in the database: what they say, what they change, and never too much, also at once (SPEC B9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from invoicing.database import transaction
from invoicing.delivery.models import Delivery
from invoicing.documents.desk import Facts, Heading
from invoicing.documents.paper import Paper, paper_of
from invoicing.documents.snapshot import Snapshot
from invoicing.errors import FieldFaults, NotFound
from invoicing.invoices.crediting import CreditContent, compose_credit, corrected_of, credit
from invoicing.invoices.crediting_rules import NotCreditable, NothingToCredit
from invoicing.invoices.models import Invoice, InvoiceKind, InvoiceLineTax, Status
from invoicing.invoices.queries import history
from invoicing.invoices.rules import ContentOutdated, NoAddress, PreviewOutdated
from invoicing.invoices.service import Finalised
from invoicing.journal import COMMAND
from invoicing.lettering.service import letter
from invoicing.numbering import DateBeforeLast, Mode, Source
from invoicing.payments.models import PaymentMethod
from invoicing.payments.service import PaymentContent, record_payment
from invoicing.sellers.models import Region
from invoicing.taxes.models import TaxRate
from tests.conftest import Database
from tests.factories import (
    NOW,
    TODAY,
    make_customer,
    make_draft,
    make_invoice,
    make_line,
    make_order,
    make_seller,
    make_shop,
)
from tests.lettering.test_together import together


def make_credit(
    session: Session, invoice: Invoice, *lines: tuple[int, int], email: bool = False, token: str = "", **over: object
) -> Finalised:
    """A credit note of these amounts (position, before tax), or of all that remains."""
    corrected = corrected_of(session, invoice)
    ids = {line.position: line.id for line in invoice.lines}
    chosen = tuple((ids[place], cents) for place, cents in lines) or corrected.everything()
    content = CreditContent(chosen, "retour")
    total = compose_credit(session, invoice, content, TODAY)[0].amounts.total_cents
    values = {"shown_cents": total, "email": email, "domain": "example.org", **over}
    form_token = token or f"{invoice.id} {invoice.credited_cents}"
    return credit(session, COMMAND, NOW, invoice.id, content, form_token=form_token, **values)  # type: ignore[arg-type]


@pytest.fixture
def invoice(session: Session) -> Invoice:
    """180 and 60 euros before tax, 288 with it."""
    seller = make_seller(session)
    lines = [make_line(session), make_line(session, "Abonnement", 60)]
    done = make_invoice(session, make_customer(session), seller, *lines)
    return session.get_one(Invoice, done.invoice_id)


def note_of(session: Session, made: Finalised) -> Invoice:
    return session.get_one(Invoice, made.invoice_id)


def test_a_whole_credit_note_settles_its_invoice(session: Session, invoice: Invoice) -> None:
    made = make_credit(session, invoice)
    note = note_of(session, made)
    assert (made.number, note.kind, note.status, note.is_frozen) == (
        "A2026-00001", InvoiceKind.credit_note, Status.complete, True)  # fmt: skip
    assert (note.net_cents, note.tax_cents, note.total_cents) == (24000, 4800, 28800)
    assert (note.corrects_id, note.mode, note.reason, note.issued_on, note.due_on) == (
        invoice.id, invoice.mode, "retour", TODAY, None)  # fmt: skip
    assert (invoice.credited_cents, invoice.remaining_cents, invoice.status) == (28800, 0, Status.complete)
    assert [line.corrects_line_id for line in note.lines] == [line.id for line in invoice.lines]


def test_it_says_what_the_invoice_said_whoever_has_moved_since(session: Session, invoice: Invoice) -> None:
    was = Snapshot.from_json(invoice.snapshot or "")
    invoice.customer.street, invoice.customer.last_name = "ailleurs", "Autrement"
    invoice.seller.name = "Un autre nom"
    session.flush()
    now = Snapshot.from_json(note_of(session, make_credit(session, invoice)).snapshot or "")
    assert (now.seller, now.buyer, now.taxes, now.lines) == (was.seller, was.buyer, was.taxes, was.lines)
    assert (now.corrects, now.corrects_on, now.reason) == (was.number, was.issued_on, "retour")
    assert (now.kind, now.due_on, now.paid_on, now.mentions) == ("credit_note", None, None, was.mentions)


def test_rates_are_those_of_the_invoice(session: Session, invoice: Invoice) -> None:
    session.execute(update(TaxRate).values(rate_e5=30_000))
    session.expire_all()
    note = note_of(session, make_credit(session, invoice, (1, 10000)))
    assert [(tax.rate_e5, tax.base_cents, tax.amount_cents) for tax in note.taxes] == [(20_000, 10000, 2000)]
    borne = session.scalars(select(InvoiceLineTax).where(InvoiceLineTax.line_id == note.lines[0].id)).all()
    assert [tax.rate_e5 for tax in borne] == [20_000]


def test_two_taxes_stand_apart(session: Session) -> None:
    done = make_invoice(session, make_customer(session), make_seller(session, Region.QC))
    note = note_of(session, make_credit(session, session.get_one(Invoice, done.invoice_id), (1, 9000)))
    assert [(tax.base_cents, tax.amount_cents) for tax in note.taxes] == [(9000, 450), (9000, 898)]


def test_parts_leave_the_rest_and_a_refused_one_changes_nothing(session: Session, invoice: Invoice) -> None:
    make_credit(session, invoice, (1, 5000))
    assert (invoice.remaining_cents, invoice.status) == (22800, Status.pending)
    with pytest.raises(FieldFaults) as refused:
        make_credit(session, invoice, (1, 13001))
    assert refused.value.faults[0].facts == {"rest_cents": 13000, "currency": "EUR"}
    make_credit(session, invoice, (1, 13000), (2, 6000))
    with pytest.raises(NothingToCredit):
        make_credit(session, invoice, (1, 1))
    assert [note.number for note in invoice.credit_notes] == ["A2026-00001", "A2026-00002"]
    assert (invoice.remaining_cents, invoice.status) == (0, Status.complete)


def test_a_reason_is_required_and_every_fault_is_told_at_once(session: Session, invoice: Invoice) -> None:
    content = CreditContent(((invoice.lines[0].id, 99999),), "  ")
    with pytest.raises(FieldFaults) as refused:
        credit(session, COMMAND, NOW, invoice.id, content, 1, email=False, domain="x.org", form_token="t")
    fields = [(fault.field, fault.code) for fault in refused.value.faults]
    assert fields == [(f"line-{invoice.lines[0].id}", "more_than_line"), ("reason", "required")]
    assert session.scalar(select(Invoice.id).where(Invoice.kind == InvoiceKind.credit_note)) is None


def test_what_is_made_is_what_was_shown(session: Session, invoice: Invoice) -> None:
    with pytest.raises(PreviewOutdated):
        make_credit(session, invoice, shown_cents=1)
    with pytest.raises(ContentOutdated):
        make_credit(session, invoice, shown="something else")
    assert invoice.credited_cents == 0


def test_the_same_form_makes_one(session: Session, invoice: Invoice) -> None:
    one = make_credit(session, invoice, (1, 100), token="form", email=True)
    assert make_credit(session, invoice, (1, 100), token="form", email=True) == one
    assert one.delivery_id and session.query(Delivery).count() == 1 and invoice.credited_cents == 120


def test_the_box_needs_an_address(session: Session, invoice: Invoice) -> None:
    invoice.customer.email = ""
    with pytest.raises(NoAddress):
        make_credit(session, invoice, email=True)
    assert make_credit(session, invoice).delivery_id is None


@pytest.mark.parametrize("status", [Status.placed, Status.refused, Status.failed, Status.cancelled])
def test_only_a_sale_is_credited(session: Session, status: Status) -> None:
    order = make_order(session, make_shop(session), status=Status.placed)
    order.status = status
    with pytest.raises(NotCreditable):
        make_credit(session, order)


def test_a_draft_and_a_credit_note_are_not_credited(session: Session, invoice: Invoice) -> None:
    draft = make_draft(session, invoice.customer, invoice.seller)
    with pytest.raises(NotCreditable):
        make_credit(session, draft)
    note = note_of(session, make_credit(session, invoice))
    with pytest.raises(NotCreditable):
        make_credit(session, note)
    with pytest.raises(NotFound):
        credit(session, COMMAND, NOW, 99_999, CreditContent((), "x"), 1, email=False, domain="x.org", form_token="t")


def test_a_portal_reference_gives_a_request_until_it_is_lettered(session: Session) -> None:
    order = make_order(session, make_shop(session, source=Source.generated), status=Status.pending)
    note = note_of(session, make_credit(session, order))
    assert (note.mode, order.status, order.remaining_cents) == (Mode.portal_reference, Status.paid, 0)
    assert [Facts.from_json(v.facts).heading for v in note.versions] == [Heading.credit_request]
    assert [Facts.from_json(v.facts).heading for v in order.versions] == [Heading.order, Heading.pro_forma]
    letter(session, COMMAND, NOW, note.id, "AV-2026-7", 0)
    session.expire(note, ["versions"])
    last = Facts.from_json(note.versions[-1].facts)
    assert (last.heading, last.official_number) == (Heading.credit_note, "AV-2026-7")
    assert note.shop_id == order.shop_id


def test_each_mode_has_a_series_of_its_own(session: Session, invoice: Invoice) -> None:
    order = make_order(session, make_shop(session, invoice.seller), status=Status.complete)
    one, two = make_credit(session, invoice).number, make_credit(session, order).number
    assert one == "A2026-00001" and two.endswith("2026-00001") and one != two
    assert order.remaining_cents == -21600 and order.status is Status.complete


def test_its_search_text_knows_the_invoice_and_the_journal_both(session: Session, invoice: Invoice) -> None:
    note = note_of(session, make_credit(session, invoice, (2, 6000)))
    assert (invoice.number or "").lower() in note.search_text
    session.commit()
    assert [entry.action for entry in history(session, note.id)] == ["invoice.finalised"]
    assert [entry.action for entry in history(session, invoice.id)][-1] == "invoice.credited"


def test_a_day_before_the_last_credit_note_is_refused(session: Session, invoice: Invoice) -> None:
    make_credit(session, invoice, (1, 100))
    content = CreditContent(((invoice.lines[0].id, 100),), "encore")
    day_before = NOW - timedelta(days=1)
    with pytest.raises(DateBeforeLast):
        credit(session, COMMAND, day_before, invoice.id, content, 120, email=False, domain="x.org", form_token="t")


def test_many_at_once_never_credit_more_than_there_is(database: Database) -> None:
    with transaction(database.sessions) as session:
        made = make_invoice(session, make_customer(session), make_seller(session))
        invoice_id = made.invoice_id

    def crediting(n: int) -> Callable[[], None]:
        def run() -> None:
            with transaction(database.sessions) as session:
                invoice = session.get_one(Invoice, invoice_id)
                content = CreditContent(((invoice.lines[0].id, 8000),), "retour")
                form_token = f"credit {n}"
                credit(
                    session, COMMAND, NOW, invoice_id, content, 9600, email=False, domain="x.org", form_token=form_token
                )

        return run

    answers = together([crediting(n) for n in range(5)])
    assert Counter(type(answer).__name__ for answer in answers) == {"NoneType": 2, "FieldFaults": 3}
    with database.sessions() as session:
        invoice = session.get_one(Invoice, invoice_id)
        assert (invoice.credited_cents, len(invoice.credit_notes)) == (19200, 2)
        assert [note.number for note in invoice.credit_notes] == ["A2026-00001", "A2026-00002"]


def test_a_credit_and_a_payment_at_once_leave_what_is_true(database: Database) -> None:
    with transaction(database.sessions) as session:
        invoice_id = make_invoice(session, make_customer(session), make_seller(session)).invoice_id

    def pay() -> None:
        with transaction(database.sessions) as session:
            record_payment(session, COMMAND, NOW, invoice_id, PaymentContent(PaymentMethod.cash, TODAY), "pay")

    def credit_all() -> None:
        with transaction(database.sessions) as session:
            make_credit(session, session.get_one(Invoice, invoice_id))

    together([pay, credit_all])
    with database.sessions() as session:
        invoice = session.get_one(Invoice, invoice_id)
        assert invoice.credited_cents == 21600 and invoice.remaining_cents == -invoice.paid_cents
        assert invoice.status is Status.complete


def test_mentions_are_those_that_its_own_lines_ask_for(session: Session) -> None:
    seller = make_seller(session)
    taxed, free = make_line(session, "Stage"), make_line(session, "Adhésion", code="FR_NONE")
    made = make_invoice(session, make_customer(session), seller, taxed, free)
    invoice = session.get_one(Invoice, made.invoice_id)
    said = Snapshot.from_json(invoice.snapshot or "").mentions
    notes = [session.get_one(Invoice, make_credit(session, invoice, (place, 1000)).invoice_id) for place in (1, 2)]
    mentions = [Snapshot.from_json(note.snapshot or "").mentions for note in notes]
    assert "Lignes sans taxe : opérations non soumises à la TVA" in said
    assert mentions == [tuple(text for text in said if not text.startswith("Lignes sans taxe")), said]


def test_its_category_of_operation_is_that_of_its_own_lines(session: Session) -> None:
    seller = make_seller(session)
    sent, taught = make_line(session, "Jeux", code="FR_EXPORT"), make_line(session, "Stage")
    made = make_invoice(session, make_customer(session, country="US"), seller, sent, taught)
    invoice = session.get_one(Invoice, made.invoice_id)
    notes = [session.get_one(Invoice, make_credit(session, invoice, (place, 1000)).invoice_id) for place in (1, 2)]
    papers = [Snapshot.from_json(each.snapshot or "") for each in (invoice, *notes)]
    assert [paper.supplies for paper in papers] == ["mixed", "goods", "services"]
    assert [paper.mentions[-1].partition(" : ")[2] for paper in papers] == [
        "livraison de biens et prestation de services", "livraison de biens", "prestation de services",
    ]  # fmt: skip


def test_what_it_corrects_is_called_what_it_is(session: Session) -> None:
    def said(note: Invoice) -> tuple[str, str]:
        [fact] = [f for f in printed(note).facts if f.label.startswith("Corrige")]
        return fact.label, fact.value.replace("\u00a0", " ")

    order = make_order(session, make_shop(session, make_seller(session)), make_customer(session))
    note = session.get_one(Invoice, make_credit(session, order, (1, 1000)).invoice_id)
    assert said(note) == ("Corrige la commande", f"{order.number} (22 novembre 2026)")
    letter(session, COMMAND, NOW, order.id, "OFF-7", 0)
    letter(session, COMMAND, NOW, note.id, "AV-7", 0)
    session.refresh(note)
    assert said(note) == ("Corrige la facture", f"OFF-7 ({order.number}, 22 novembre 2026)")


def printed(note: Invoice) -> Paper:
    """Its latest version."""
    return paper_of(Snapshot.from_json(note.snapshot or ""), Facts.from_json(note.versions[-1].facts))
