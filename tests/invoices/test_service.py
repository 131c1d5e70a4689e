"""A manual invoice: drafted, finalised once, frozen, promised; refusals change nothing."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from invoicing.database import transaction
from invoicing.delivery.models import Delivery
from invoicing.documents.models import DocumentVersion
from invoicing.documents.snapshot import Snapshot
from invoicing.errors import FieldFaults, NotFound, Stale
from invoicing.invoices import service
from invoicing.invoices.models import Invoice, Status
from invoicing.invoices.reading import DraftContent
from invoicing.invoices.rules import (
    MOVES,
    AlreadyFinalised,
    MoveRefused,
    NoAddress,
    NotADraft,
    PreviewOutdated,
    check_move,
)
from invoicing.journal import COMMAND, JournalEntry
from invoicing.numbering import Series
from invoicing.payments.models import Payment, PaymentMethod
from invoicing.sellers.models import Region, TaxStatus
from invoicing.sellers.rules import MentionsMissing, Missing
from tests.conftest import Database
from tests.factories import NOW, TODAY, make_customer, make_draft, make_invoice, make_line, make_seller


def finalise(session: Session, draft: Invoice, *, email: bool = False, shown: int | None = None) -> service.Finalised:
    shown = draft.total_cents if shown is None else shown
    return service.finalise(session, COMMAND, NOW, draft.id, draft.revision, shown, email=email, domain="example.org")


def count(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_draft_has_exact_amounts_and_no_number(session: Session) -> None:
    draft = make_draft(
        session,
        make_customer(session),
        make_seller(session),
        make_line(session, price=100),
        make_line(session, price=50, code="FR_55"),
    )
    assert (draft.net_cents, draft.tax_cents, draft.total_cents) == (15000, 2275, 17275)
    assert (draft.status, draft.number, draft.frozen_at) == (Status.draft, None, None)


def test_quebec_taxes_stand_apart(session: Session) -> None:
    draft = make_draft(
        session, make_customer(session), make_seller(session, Region.QC), make_line(session, price=340, code="QC_TAXED")
    )
    done = finalise(session, draft)
    invoice = session.get_one(Invoice, done.invoice_id)
    assert [(tax.base_cents, tax.amount_cents) for tax in invoice.taxes] == [(34000, 1700), (34000, 3392)]
    assert invoice.total_cents == 39092


def test_finalising_numbers_freezes_and_says_so_in_the_journal(session: Session) -> None:
    done = make_invoice(session, make_customer(session), make_seller(session))
    session.commit()
    invoice = session.get_one(Invoice, done.invoice_id)
    assert (invoice.number, invoice.status, invoice.issued_on) == ("F2026-00001", Status.pending, TODAY)
    assert invoice.due_on == TODAY + timedelta(days=30)
    assert count(session, DocumentVersion) == 1
    entry = session.scalars(select(JournalEntry).order_by(JournalEntry.position.desc())).first()
    assert entry is not None and entry.action == "invoice.finalised"
    assert entry.facts()["number"] == [None, "F2026-00001"]


def test_ticked_promises_one_mail_and_not_ticked_none(session: Session) -> None:
    seller, customer = make_seller(session), make_customer(session)
    assert make_invoice(session, customer, seller, email=True).delivery_id is not None
    assert make_invoice(session, customer, seller, email=False).delivery_id is None
    assert count(session, Delivery) == 1


def test_ticked_without_an_address_is_refused(session: Session) -> None:
    draft = make_draft(session, make_customer(session, email=""), make_seller(session))
    with pytest.raises(NoAddress):
        finalise(session, draft, email=True)


def test_the_snapshot_says_it_all_and_reads_back_the_same(session: Session) -> None:
    customer = make_customer(session, first_name="Zoë", last_name="Müller")
    done = make_invoice(
        session, customer, make_seller(session, tax_status=TaxStatus.small_business), make_line(session, code="FR_NONE")
    )
    stored = session.get_one(Invoice, done.invoice_id).snapshot or ""
    snapshot = Snapshot.from_json(stored)
    assert snapshot.to_json() == stored
    assert snapshot.buyer.name == "Zoë Müller"
    assert snapshot.mentions == ("TVA non applicable, article L. 223-3 du CIBS",)
    assert json.loads(stored)["number"] == done.number


def test_an_old_document_keeps_what_it_says(session: Session) -> None:
    seller, customer = make_seller(session), make_customer(session)
    done = make_invoice(session, customer, seller)
    before = session.get_one(Invoice, done.invoice_id).snapshot
    seller.name, customer.last_name = "Autre nom", "Autre"
    session.flush()
    assert session.get_one(Invoice, done.invoice_id).snapshot == before


def test_money_already_received_makes_it_complete(session: Session) -> None:
    done = make_invoice(
        session, make_customer(session), make_seller(session), paid_method=PaymentMethod.cheque, paid_on=TODAY
    )
    invoice = session.get_one(Invoice, done.invoice_id)
    assert (invoice.status, invoice.remaining_cents) == (Status.complete, 0)
    assert [(p.amount_cents, p.method) for p in invoice.payments] == [(21600, PaymentMethod.cheque)]
    assert invoice.due_on is None


def test_a_zero_total_is_complete_without_a_payment(session: Session) -> None:
    done = make_invoice(session, make_customer(session), make_seller(session), make_line(session, price=0))
    assert session.get_one(Invoice, done.invoice_id).status is Status.complete
    assert count(session, Payment) == 0


def test_finalised_twice_is_told(session: Session) -> None:
    draft = make_draft(session, make_customer(session), make_seller(session))
    done = finalise(session, draft)
    with pytest.raises(AlreadyFinalised) as refused:
        finalise(session, draft)
    assert refused.value.number == done.number


def test_the_same_form_sent_twice_makes_one_draft(session: Session) -> None:
    seller, customer = make_seller(session), make_customer(session)
    content = DraftContent(lines=(make_line(session),))
    one = service.save_draft(session, COMMAND, NOW, customer.id, seller.id, content, "token")
    assert service.save_draft(session, COMMAND, NOW, customer.id, seller.id, content, "token").id == one.id


def test_a_stale_form_changes_nothing(session: Session) -> None:
    draft = make_draft(session, make_customer(session), make_seller(session))
    content = DraftContent(lines=(make_line(session, price=7),))
    service.change_draft(session, COMMAND, NOW, draft.id, 1, content)
    with pytest.raises(Stale):
        service.change_draft(session, COMMAND, NOW, draft.id, 1, content)
    with pytest.raises(Stale):
        service.finalise(session, COMMAND, NOW, draft.id, 1, draft.total_cents, email=False, domain="example.org")


def test_another_total_than_the_one_shown_is_refused(session: Session) -> None:
    draft = make_draft(session, make_customer(session), make_seller(session))
    with pytest.raises(PreviewOutdated):
        finalise(session, draft, shown=1)


@pytest.mark.parametrize(
    ("over", "field", "code"),
    [
        ({"issued_on": TODAY + timedelta(days=1)}, "issued_on", "after_today"),
        ({"issued_on": TODAY, "due_on": TODAY - timedelta(days=1)}, "due_on", "before_issue"),
        ({"paid_method": PaymentMethod.cash, "paid_on": TODAY + timedelta(days=1)}, "paid_on", "after_today"),
    ],
)
def test_days_that_cannot_be_are_named(session: Session, over: dict[str, object], field: str, code: str) -> None:
    with pytest.raises(FieldFaults) as refused:
        make_draft(session, make_customer(session), make_seller(session), **over)
    assert [(f.field, f.code) for f in refused.value.faults] == [(field, code)]


def test_a_day_before_the_last_number_is_named(session: Session) -> None:
    seller, customer = make_seller(session), make_customer(session)
    draft = make_draft(session, customer, seller, issued_on=TODAY - timedelta(days=2))
    make_invoice(session, customer, seller)
    session.expire_all()
    with pytest.raises(FieldFaults) as refused:
        finalise(session, draft)
    assert [(f.code, f.facts["last"]) for f in refused.value.faults] == [("before_last", TODAY)]


def test_today_is_the_sellers_day(session: Session) -> None:
    draft = make_draft(session, make_customer(session), make_seller(session, Region.QC))
    done = service.finalise(
        session, COMMAND, NOW.replace(hour=3), draft.id, 1, draft.total_cents, email=False, domain="example.org"
    )
    assert session.get_one(Invoice, done.invoice_id).issued_on == date(2026, 11, 21)


def test_a_missing_mention_blocks_and_says_where(session: Session) -> None:
    seller = make_seller(session, siret="", rna="", vat_number="")
    draft = make_draft(session, make_customer(session, street="", city=""), seller)
    with pytest.raises(MentionsMissing) as refused:
        finalise(session, draft)
    assert set(refused.value.missing) == {
        Missing("seller", "siret"), Missing("seller", "vat_number"), Missing("customer", "street"),
        Missing("customer", "city"),
    }  # fmt: skip


def test_quebec_needs_both_registration_numbers(session: Session) -> None:
    seller = make_seller(session, Region.QC)
    session.execute(text("DELETE FROM tax_registration"))
    session.expire_all()
    draft = make_draft(session, make_customer(session), seller)
    with pytest.raises(MentionsMissing) as refused:
        finalise(session, draft)
    assert refused.value.missing == (Missing("seller", "registrations"),)


def test_a_seller_without_vat_bears_none(session: Session) -> None:
    seller = make_seller(session, tax_status=TaxStatus.nonprofit)
    with pytest.raises(FieldFaults) as refused:
        make_draft(session, make_customer(session), seller, make_line(session, code="FR_20"))
    assert refused.value.faults[0].code == "choose_tax"


def test_a_negative_total_takes_a_credit_note(session: Session) -> None:
    line = make_line(session) if make_seller(session) else None
    assert line is not None
    minus = service.DraftContent(lines=(type(line)(line.label, "", -1000, line.price_e4, 0, line.tax_set_id),))
    seller = session.scalars(select(Series)).one().seller
    with pytest.raises(FieldFaults) as refused:
        service.save_draft(session, COMMAND, NOW, make_customer(session).id, seller.id, minus, "t")
    assert refused.value.faults[0].code == "negative_total"


def test_a_draft_can_be_deleted_and_what_stands_cannot(session: Session) -> None:
    seller, customer = make_seller(session), make_customer(session)
    draft = make_draft(session, customer, seller)
    done = make_invoice(session, customer, seller)
    service.delete_draft(session, COMMAND, NOW, draft.id)
    with pytest.raises(NotADraft):
        service.delete_draft(session, COMMAND, NOW, done.invoice_id)
    with pytest.raises(NotFound):
        service.delete_draft(session, COMMAND, NOW, draft.id)


def test_only_the_listed_moves_are_allowed() -> None:
    for now in Status:
        for wanted in Status:
            if wanted in MOVES[now]:
                check_move(now, wanted)
            else:
                with pytest.raises(MoveRefused):
                    check_move(now, wanted)
    assert MOVES[Status.complete] == MOVES[Status.cancelled] == frozenset()


def test_twenty_at_once_finalise_one_draft_once(database: Database) -> None:
    with transaction(database.sessions) as session:
        draft = make_draft(session, make_customer(session), make_seller(session))
        wanted = (draft.id, draft.revision, draft.total_cents)

    def attempt(_n: int) -> str:
        try:
            with transaction(database.sessions) as session:
                return service.finalise(session, COMMAND, NOW, *wanted, email=True, domain="example.org").number
        except AlreadyFinalised as refused:
            return f"already {refused.number}"

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(attempt, range(20)))
    assert sorted(answers) == ["F2026-00001"] + ["already F2026-00001"] * 19
    with database.sessions() as session:
        assert (count(session, Delivery), count(session, DocumentVersion)) == (1, 1)


def test_a_renamed_customer_is_found_by_both_names(session: Session) -> None:
    customer = make_customer(session, last_name="Dupont")
    done = make_invoice(session, customer, make_seller(session))
    customer.last_name = "Bœuf"
    session.flush()
    service.refresh_search(session, customer.id)
    found = session.get_one(Invoice, done.invoice_id).search_text
    assert "dupont" in found and "boeuf" in found


def test_an_organisation_made_a_moment_ago_can_be_invoiced(session: Session) -> None:
    customer = make_customer(session, kind="organisation", first_name="", last_name="", organisation_name="Lycée d’Été")
    done = make_invoice(session, customer, make_seller(session))
    assert session.get_one(Invoice, done.invoice_id).buyer_name == "Lycée d’Été"
