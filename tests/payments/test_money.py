"""Parts, counter-entries, refunds and credit set against another invoice (SPEC B7, B8)."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from invoicing.documents.desk import Facts, Heading
from invoicing.errors import FieldFaults, NotFound
from invoicing.invoices.crediting import CreditContent, corrected_of, credit
from invoicing.invoices.models import Invoice, Status
from invoicing.invoices.queries import history
from invoicing.journal import COMMAND
from invoicing.lettering.service import letter
from invoicing.payments.models import Payment, PaymentKind, PaymentMethod
from invoicing.payments.rules import AlreadyUndone, GivenBackSince, NothingDue, NothingOwedBack, NotTogether, live
from invoicing.payments.service import PaymentContent, record_payment, refund, set_against, undo_payment
from tests.factories import NOW, TODAY, make_customer, make_invoice, make_order, make_seller, make_shop

_tokens = (f"token {n}" for n in itertools.count())


def paid(cents: int | None = None, method: PaymentMethod = PaymentMethod.transfer) -> PaymentContent:
    return PaymentContent(method, TODAY, "VIR 42", cents)


def pay(session: Session, invoice: Invoice, cents: int | None = None) -> Payment:
    return record_payment(session, COMMAND, NOW, invoice.id, paid(cents), next(_tokens))


def undo(session: Session, payment: Payment, reason: str = "saisi deux fois") -> Payment:
    return undo_payment(session, COMMAND, NOW, payment.id, reason, next(_tokens))


def credit_cents(session: Session, invoice: Invoice, net_cents: int | None = None) -> Invoice:
    """A credit note of the invoice's first line, for this much before tax or for all."""
    from invoicing.invoices.crediting import compose_credit

    corrected = corrected_of(session, invoice)
    lines = corrected.everything() if net_cents is None else ((invoice.lines[0].id, net_cents),)
    content = CreditContent(lines, "retour")
    composed, _ = compose_credit(session, invoice, content, TODAY)
    made = credit(
        session, COMMAND, NOW, invoice.id, content, composed.amounts.total_cents, email=False, domain="example.org",
        form_token=next(_tokens), shown=composed.fingerprint,
    )  # fmt: skip
    return session.get_one(Invoice, made.invoice_id)


@pytest.fixture
def invoice(session: Session) -> Invoice:
    """216 euros, due."""
    done = make_invoice(session, make_customer(session), make_seller(session))
    return session.get_one(Invoice, done.invoice_id)


def test_more_than_what_remains_is_refused_with_what_remains(session: Session, invoice: Invoice) -> None:
    pay(session, invoice, 15600)
    with pytest.raises(FieldFaults) as refused:
        pay(session, invoice, 6001)
    (fault,) = refused.value.faults
    assert (fault.field, fault.code, fault.facts["most_cents"]) == ("amount", "more_than_remains", 6000)
    assert (invoice.paid_cents, invoice.status) == (15600, Status.partial)


@pytest.mark.parametrize("cents", [0, -1])
def test_an_amount_is_above_nothing(session: Session, invoice: Invoice, cents: int) -> None:
    with pytest.raises(FieldFaults):
        pay(session, invoice, cents)


def test_a_credit_is_no_method_by_hand(session: Session, invoice: Invoice) -> None:
    with pytest.raises(FieldFaults) as refused:
        record_payment(session, COMMAND, NOW, invoice.id, paid(100, PaymentMethod.credit), "t")
    assert [fault.field for fault in refused.value.faults] == ["method"]


@pytest.mark.parametrize(("first", "after"), [(None, Status.pending), (100, Status.partial)])
def test_undoing_moves_back_and_nothing_is_deleted(
    session: Session, invoice: Invoice, first: int | None, after: Status
) -> None:
    if first:
        pay(session, invoice, first)
    last = pay(session, invoice)
    assert invoice.status is Status.complete
    counter = undo(session, last)
    assert (counter.amount_cents, counter.undoes_id, counter.reason) == (-last.amount_cents, last.id, "saisi deux fois")
    assert (invoice.status, invoice.paid_cents) == (after, first or 0)
    assert len(invoice.payments) == (3 if first else 2) and len(live(invoice.payments)) == (1 if first else 0)
    actions = [entry.action for entry in history(session, invoice.id)]
    assert actions == [] or "invoice.payment_undone" in actions


def test_a_payment_is_undone_once_and_a_counter_entry_never(session: Session, invoice: Invoice) -> None:
    payment = pay(session, invoice)
    counter = undo(session, payment)
    for row in (payment, counter):
        with pytest.raises(AlreadyUndone):
            undo(session, row)
    assert invoice.paid_cents == 0 and len(invoice.payments) == 2


def test_undoing_needs_a_reason_and_the_same_form_undoes_once(session: Session, invoice: Invoice) -> None:
    payment = pay(session, invoice)
    with pytest.raises(FieldFaults):
        undo(session, payment, " \u200b ")
    one = undo_payment(session, COMMAND, NOW, payment.id, "erreur", "same")
    assert undo_payment(session, COMMAND, NOW, payment.id, "erreur", "same") is one and len(invoice.payments) == 2
    with pytest.raises(NotFound):
        undo_payment(session, COMMAND, NOW, 99_999, "erreur", "other")


def test_a_lettered_invoice_keeps_its_reference_when_its_payment_is_undone(session: Session) -> None:
    order = make_order(session, make_shop(session), status=Status.placed)
    payment = pay(session, order)
    letter(session, COMMAND, NOW, order.id, "FA-2026-1", 0)
    undo(session, payment)
    assert (order.status, order.lettering) == (Status.pending, "FA-2026-1")


def test_the_heading_goes_back_with_the_money(session: Session) -> None:
    order = make_order(session, make_shop(session), status=Status.pending)
    undo(session, pay(session, order))
    facts = [Facts.from_json(version.facts) for version in order.versions]
    assert [f.heading for f in facts] == [Heading.order, Heading.pro_forma, Heading.order]
    assert [f.paid_on for f in facts] == [None, TODAY, None]


def test_nothing_is_given_back_unless_it_is_owed_back(session: Session, invoice: Invoice) -> None:
    pay(session, invoice)
    with pytest.raises(NothingOwedBack):
        refund(session, COMMAND, NOW, invoice.id, paid(1), "t")
    credit_cents(session, invoice, 10000)  # 120 euros with its tax
    assert (invoice.remaining_cents, invoice.status) == (-12000, Status.complete)
    with pytest.raises(FieldFaults) as refused:
        refund(session, COMMAND, NOW, invoice.id, paid(12001), "t")
    assert refused.value.faults[0].facts["most_cents"] == 12000
    given = refund(session, COMMAND, NOW, invoice.id, paid(5000), "one")
    assert refund(session, COMMAND, NOW, invoice.id, paid(5000), "one") is given
    assert (given.kind, given.amount_cents, invoice.remaining_cents) == (PaymentKind.refund, 5000, -7000)
    refund(session, COMMAND, NOW, invoice.id, paid(), "two")
    assert (invoice.remaining_cents, invoice.paid_cents, invoice.status) == (0, 9600, Status.complete)
    undo(session, given)
    assert (invoice.remaining_cents, invoice.status) == (-5000, Status.complete)


def test_what_was_given_back_is_undone_before_what_came_in(session: Session, invoice: Invoice) -> None:
    payment = pay(session, invoice)
    credit_cents(session, invoice)
    given = refund(session, COMMAND, NOW, invoice.id, paid(), next(_tokens))
    with pytest.raises(GivenBackSince):
        undo(session, payment)
    undo(session, given)
    undo(session, payment)
    assert (invoice.remaining_cents, invoice.paid_cents, invoice.status) == (0, 0, Status.complete)


def test_credit_is_set_against_another_invoice_as_a_pair(session: Session, invoice: Invoice) -> None:
    other = session.get_one(Invoice, make_invoice(session, invoice.customer, invoice.seller).invoice_id)
    pay(session, invoice)
    credit_cents(session, invoice)
    payment = set_against(session, COMMAND, NOW, invoice.id, other.id, 20000, "pair")
    assert set_against(session, COMMAND, NOW, invoice.id, other.id, 20000, "pair") is payment
    assert (invoice.remaining_cents, other.remaining_cents, other.status) == (-1600, 1600, Status.partial)
    given = session.get_one(Payment, payment.twin_id)
    assert (given.kind, given.method, given.invoice_id) == (PaymentKind.refund, PaymentMethod.credit, invoice.id)
    for cents in (1601, 0):
        with pytest.raises(FieldFaults):
            set_against(session, COMMAND, NOW, invoice.id, other.id, cents, "more")
    set_against(session, COMMAND, NOW, invoice.id, other.id, 1600, "rest")
    assert (invoice.remaining_cents, other.remaining_cents, other.status) == (0, 0, Status.complete)
    undo(session, given)  # either half undoes both
    assert (invoice.remaining_cents, other.remaining_cents, other.status) == (-20000, 20000, Status.partial)
    with pytest.raises(AlreadyUndone):
        undo(session, payment)
    session.commit()
    for id_, action in ((invoice.id, "invoice.credit_used"), (other.id, "invoice.credit_undone")):
        assert action in [entry.action for entry in history(session, id_)]


def test_only_invoices_of_one_customer_go_together(session: Session, invoice: Invoice) -> None:
    pay(session, invoice)
    credit_cents(session, invoice)
    stranger = make_invoice(session, make_customer(session), invoice.seller)
    elsewhere = make_invoice(session, invoice.customer, make_seller(session, prefix="G"))
    for other_id in (stranger.invoice_id, elsewhere.invoice_id, invoice.id):
        with pytest.raises(NotTogether):
            set_against(session, COMMAND, NOW, invoice.id, other_id, 100, "t")
    settled = session.get_one(Invoice, make_invoice(session, invoice.customer, invoice.seller).invoice_id)
    pay(session, settled)
    with pytest.raises(NothingDue):
        set_against(session, COMMAND, NOW, invoice.id, settled.id, 100, "t")
    with pytest.raises(NothingOwedBack):
        set_against(session, COMMAND, NOW, settled.id, invoice.id, 100, "t")


def test_a_refund_is_not_in_the_future(session: Session, invoice: Invoice) -> None:
    pay(session, invoice)
    credit_cents(session, invoice)
    late = PaymentContent(PaymentMethod.cash, TODAY + timedelta(days=1))
    with pytest.raises(FieldFaults):
        refund(session, COMMAND, NOW, invoice.id, late, "t")


def test_a_credit_note_settles_what_was_not_paid(session: Session, invoice: Invoice) -> None:
    pay(session, invoice, 9600)
    note = credit_cents(session, invoice, 10000)
    assert (invoice.remaining_cents, invoice.status, invoice.credited_cents) == (0, Status.complete, 12000)
    assert (note.status, note.remaining_cents) == (Status.complete, 0)
    for act in (lambda: pay(session, note), lambda: pay(session, invoice)):
        with pytest.raises(NothingDue):
            act()
