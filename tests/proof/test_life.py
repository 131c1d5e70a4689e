"""Months of ordinary work, drawn at random through the core: the proof stays silent, and the money stays true."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from random import Random

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.customers.rules import CustomerContent
from invoicing.customers.service import change_customer
from invoicing.database import transaction
from invoicing.errors import Refused
from invoicing.invoices.crediting import CreditContent, compose_credit, corrected_of, credit
from invoicing.invoices.models import Invoice, InvoiceKind, Status
from invoicing.invoices.moving import move
from invoicing.journal import COMMAND
from invoicing.lettering.queries import last_change
from invoicing.lettering.service import letter
from invoicing.payments import rules as payment_rules
from invoicing.payments.models import Payment, PaymentMethod
from invoicing.payments.service import PaymentContent, record_payment, refund, set_against, undo_payment
from invoicing.shop.orders import apply_event
from invoicing.shop.rules import OrderEvent
from tests.factories import NOW, TODAY, make_draft, make_invoice, make_line, make_order
from tests.proof.conftest import Desk

STEPS, AT_ONCE = 60, 4


def some(session: Session, dice: Random, *where: object) -> Invoice | None:
    """Any document."""
    found = session.scalars(select(Invoice).where(*where).order_by(Invoice.id)).all()  # type: ignore[arg-type]
    return dice.choice(found) if found else None


def sell(session: Session, dice: Random) -> None:
    """An invoice of one to three lines, now and then with a discount, a deduction or prices that include tax."""
    like = session.scalars(select(Invoice).where(Invoice.kind == InvoiceKind.invoice).limit(1)).one()
    lines = []
    for n in range(dice.randint(1, 3)):
        line = make_line(session, f"Ligne {n}", dice.randint(1, 90), dice.choice(("FR_20", "FR_55", "FR_NONE")))
        lines.append(type(line)(line.label, "", dice.choice((1000, 2500)), dice.randint(1, 9_999_99), 0,
                                line.tax_set_id, dice.random() < 0.4))  # fmt: skip
    over = {"discount_e4": dice.choice((0, 0, 1000))}
    if dice.random() < 0.2:
        make_draft(session, like.customer, like.seller, *lines, **over)
    else:
        make_invoice(session, like.customer, like.seller, *lines, **over)


def order(session: Session, dice: Random) -> None:
    like = session.scalars(select(Invoice).where(Invoice.shop_id.is_not(None)).limit(1)).one()
    assert like.shop
    make_order(session, like.shop, like.customer, status=dice.choice(tuple(Status)))


def happen(session: Session, dice: Random) -> None:
    if found := some(session, dice, Invoice.shop_id.is_not(None), Invoice.kind == InvoiceKind.invoice):
        event = OrderEvent(dice.choice(tuple(Status)), NOW, dice.choice((None, 100)))
        apply_event(session, COMMAND, NOW, found.id, event)


def pay(session: Session, dice: Random) -> None:
    if found := some(session, dice, Invoice.frozen_at.is_not(None)):
        amount = dice.choice((None, max(1, found.remaining_cents // 2), found.remaining_cents + 1))
        content = PaymentContent(dice.choice((PaymentMethod.cash, PaymentMethod.transfer)), TODAY, "", amount)
        record_payment(session, COMMAND, NOW, found.id, content, secrets.token_urlsafe(16))


def undo(session: Session, dice: Random) -> None:
    if rows := session.scalars(select(Payment.id)).all():
        undo_payment(session, COMMAND, NOW, dice.choice(rows), "erreur", secrets.token_urlsafe(16))


def credit_some(session: Session, dice: Random) -> None:
    if not (found := some(session, dice, Invoice.frozen_at.is_not(None))):
        return
    rest = corrected_of(session, found).everything()
    chosen = rest if dice.random() < 0.4 else tuple((line, cents // 2 or cents) for line, cents in rest[:1])
    content = CreditContent(chosen, "retour")
    total = compose_credit(session, found, content, TODAY)[0].amounts.total_cents
    credit(session, COMMAND, NOW, found.id, content, total, email=dice.random() < 0.5, domain="example.org",
           form_token=secrets.token_urlsafe(16))  # fmt: skip


def give_back(session: Session, dice: Random) -> None:
    if found := some(session, dice, Invoice.credited_cents > 0):
        content = PaymentContent(PaymentMethod.transfer, TODAY)
        refund(session, COMMAND, NOW, found.id, content, secrets.token_urlsafe(16))


def use_credit(session: Session, dice: Random) -> None:
    found, other = some(session, dice, Invoice.credited_cents > 0), some(session, dice, Invoice.status == "pending")
    if found and other:
        amount = max(1, min(payment_rules.owed_back(found), other.remaining_cents))
        set_against(session, COMMAND, NOW, found.id, other.id, amount, secrets.token_urlsafe(16))


def give_reference(session: Session, dice: Random) -> None:
    if found := some(session, dice):
        last = last_change(session, found.id)
        typed = dice.choice(("", f"REF-{dice.randint(1, 30)}"))
        letter(session, COMMAND, NOW, found.id, typed, last.id if last else 0, "au hasard")


def move_one(session: Session, dice: Random) -> None:
    if found := some(session, dice):
        move(session, COMMAND, NOW, found.id, dice.choice(tuple(Status)), found.revision)


def rename(session: Session, dice: Random) -> None:
    if found := some(session, dice):
        was = found.customer
        content = CustomerContent(kind="person", first_name="Autre", last_name=f"Nom {dice.random()}", email=was.email,
                                  street=was.street, postcode=was.postcode, city=was.city)  # fmt: skip
        change_customer(session, COMMAND, NOW, was.id, was.revision, content)


DEEDS: tuple[Callable[[Session, Random], None], ...] = (
    sell, sell, order, order, happen, happen, pay, pay, undo, credit_some, credit_some, give_back, use_credit,
    give_reference, give_reference, move_one, rename,
)  # fmt: skip


def did(session: Session, dice: Random) -> bool:
    """One deed; a refused one leaves nothing behind, whatever else its transaction does."""
    try:
        with session.begin_nested():
            dice.choice(DEEDS)(session, dice)
            session.flush()
    except Refused:
        return False
    return True


@pytest.mark.parametrize("seed", range(4))
def test_ordinary_work_is_never_called_tampering(desk: Desk, seed: int) -> None:
    dice, done = Random(seed), 0
    for _ in range(STEPS):
        with transaction(desk.database.sessions) as session:
            for _ in range(dice.randint(1, AT_ONCE)):
                done += did(session, dice)
    assert done > STEPS // 3
    desk.render()
    desk.seal()
    desk.anchor()
    report = desk.verify()
    assert report.is_intact, report.first
    with desk.database.sessions() as session:
        for invoice in session.scalars(select(Invoice).where(Invoice.kind == InvoiceKind.invoice)):
            check_money(session, invoice)


def check_money(session: Session, invoice: Invoice) -> None:
    """What was credited never exceeds the invoice, tax by tax; its status says what remains."""
    notes = session.scalars(select(Invoice).where(Invoice.corrects_id == invoice.id)).all()
    assert invoice.credited_cents == sum(note.total_cents for note in notes) <= invoice.total_cents
    for tax in invoice.taxes:
        same = [t for note in notes for t in note.taxes if (t.tax_id, t.rate_e5) == (tax.tax_id, tax.rate_e5)]
        assert sum(t.amount_cents for t in same) <= tax.amount_cents
        assert sum(t.base_cents for t in same) <= tax.base_cents
        if invoice.credited_cents == invoice.total_cents and invoice.total_cents:
            assert sum(t.amount_cents for t in same) == tax.amount_cents
    if invoice.status in (Status.pending, Status.partial):
        assert invoice.remaining_cents > 0
        assert (invoice.paid_cents > 0) == (invoice.status is Status.partial)
    if invoice.status in (Status.paid, Status.complete):
        assert invoice.remaining_cents <= 0
