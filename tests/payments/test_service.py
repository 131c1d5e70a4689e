"""The single full payment: it completes a manual invoice, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from invoicing.documents.desk import Facts, Heading
from invoicing.errors import FieldFaults, NotFound
from invoicing.invoices.models import Invoice, Status
from invoicing.journal import COMMAND
from invoicing.payments.models import PaymentMethod
from invoicing.payments.service import NothingDue, PaymentContent, record_payment
from tests.factories import NOW, TODAY, make_customer, make_draft, make_invoice, make_order, make_seller, make_shop

PAID = PaymentContent(PaymentMethod.transfer, TODAY, "VIR 42")


def test_a_full_payment_completes_the_invoice(session: Session) -> None:
    done = make_invoice(session, make_customer(session), make_seller(session))
    payment = record_payment(session, COMMAND, NOW, done.invoice_id, PAID, "token")
    invoice = session.get_one(Invoice, done.invoice_id)
    assert (payment.amount_cents, invoice.status, invoice.remaining_cents) == (21600, Status.complete, 0)


def test_money_for_a_part_makes_it_partial_until_all_is_there(session: Session) -> None:
    done = make_invoice(session, make_customer(session), make_seller(session))
    invoice = session.get_one(Invoice, done.invoice_id)
    for amount, remaining, status in ((600, 21000, Status.partial), (1000, 20000, Status.partial)):
        content = PaymentContent(PaymentMethod.cash, TODAY, amount_cents=amount)
        record_payment(session, COMMAND, NOW, invoice.id, content, f"token {amount}")
        assert (invoice.remaining_cents, invoice.status) == (remaining, status)
    record_payment(session, COMMAND, NOW, invoice.id, PAID, "token")
    assert (invoice.remaining_cents, invoice.status) == (0, Status.complete)


def test_the_same_form_twice_pays_once(session: Session) -> None:
    done = make_invoice(session, make_customer(session), make_seller(session))
    one = record_payment(session, COMMAND, NOW, done.invoice_id, PAID, "token")
    assert record_payment(session, COMMAND, NOW, done.invoice_id, PAID, "token").id == one.id


def test_more_than_is_due_is_refused(session: Session) -> None:
    done = make_invoice(session, make_customer(session), make_seller(session))
    record_payment(session, COMMAND, NOW, done.invoice_id, PAID, "token")
    with pytest.raises(NothingDue):
        record_payment(session, COMMAND, NOW, done.invoice_id, PAID, "another")


def test_a_draft_cannot_be_paid(session: Session) -> None:
    draft = make_draft(session, make_customer(session), make_seller(session))
    with pytest.raises(NotFound):
        record_payment(session, COMMAND, NOW, draft.id, PAID, "token")


@pytest.mark.parametrize("status", [Status.placed, Status.pending, Status.partial, Status.refused])
def test_money_settles_an_order_that_waits_and_its_heading_follows(session: Session, status: Status) -> None:
    order = make_order(session, make_shop(session), status=status)
    record_payment(session, COMMAND, NOW, order.id, PAID, "token")
    assert (order.status, order.remaining_cents) == (Status.paid, 0)
    headings = [Facts.from_json(version.facts).heading for version in order.versions]
    assert headings == [Heading.order, Heading.pro_forma]


def test_money_settles_an_order_whose_payment_had_failed(session: Session) -> None:
    order = make_order(session, make_shop(session), status=Status.placed)
    order.status = Status.failed
    record_payment(session, COMMAND, NOW, order.id, PAID, "token")
    assert (order.status, order.remaining_cents) == (Status.paid, 0)


def test_a_paid_manual_invoice_keeps_its_one_version(session: Session) -> None:
    done = make_invoice(session, make_customer(session), make_seller(session))
    record_payment(session, COMMAND, NOW, done.invoice_id, PAID, "token")
    assert len(session.get_one(Invoice, done.invoice_id).versions) == 1


def test_a_cancelled_order_says_that_it_is(session: Session) -> None:
    order = make_order(session, make_shop(session), status=Status.placed)
    order.status = Status.cancelled
    with pytest.raises(NothingDue) as refused:
        record_payment(session, COMMAND, NOW, order.id, PAID, "token")
    assert (refused.value.number, refused.value.status) == (order.number, Status.cancelled)


def test_tomorrows_payment_is_named(session: Session) -> None:
    done = make_invoice(session, make_customer(session), make_seller(session))
    late = PaymentContent(PaymentMethod.cash, TODAY + timedelta(days=1))
    with pytest.raises(FieldFaults) as refused:
        record_payment(session, COMMAND, NOW, done.invoice_id, late, "token")
    assert [fault.code for fault in refused.value.faults] == ["after_today"]
