"""Several people at once: never more than what remains, nothing undone twice (SPEC B8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from invoicing.database import transaction
from invoicing.invoices.crediting import CreditContent, compose_credit, corrected_of, credit
from invoicing.invoices.models import Invoice, Status
from invoicing.journal import COMMAND
from invoicing.payments.models import Payment, PaymentMethod
from invoicing.payments.service import PaymentContent, record_payment, set_against, undo_payment
from tests.conftest import Database
from tests.factories import NOW, TODAY, make_customer, make_invoice, make_seller
from tests.lettering.test_together import together


def due(database: Database, how_many: int = 1) -> list[int]:
    """Invoices of 216 euros of one customer."""
    with transaction(database.sessions) as session:
        seller, customer = make_seller(session), make_customer(session)
        return [make_invoice(session, customer, seller).invoice_id for _ in range(how_many)]


def credited_and_paid(database: Database, invoice_id: int) -> None:
    """Paid, then credited: 216 euros are owed back."""
    paying(database, invoice_id, None, f"first {invoice_id}")()
    with transaction(database.sessions) as session:
        invoice = session.get_one(Invoice, invoice_id)
        content = CreditContent(corrected_of(session, invoice).everything(), "retour")
        total = compose_credit(session, invoice, content, TODAY)[0].amounts.total_cents
        form_token = f"credit {invoice_id}"
        credit(session, COMMAND, NOW, invoice_id, content, total, email=False, domain="x.org", form_token=form_token)


def paying(database: Database, invoice_id: int, cents: int | None, token: str) -> Callable[[], None]:
    def pay() -> None:
        with transaction(database.sessions) as session:
            content = PaymentContent(PaymentMethod.cash, TODAY, amount_cents=cents)
            record_payment(session, COMMAND, NOW, invoice_id, content, token)

    return pay


def test_payments_at_once_never_exceed_what_is_due(database: Database) -> None:
    (invoice_id,) = due(database)
    answers = together([paying(database, invoice_id, 10000, f"token {n}") for n in range(6)])
    assert Counter(type(answer).__name__ for answer in answers) == {"NoneType": 2, "FieldFaults": 4}
    with database.sessions() as session:
        invoice = session.get_one(Invoice, invoice_id)
        assert (invoice.paid_cents, invoice.status, len(invoice.payments)) == (20000, Status.partial, 2)


def test_the_same_form_at_once_pays_once(database: Database) -> None:
    (invoice_id,) = due(database)
    assert together([paying(database, invoice_id, 10000, "token")] * 4) == [None] * 4
    with database.sessions() as session:
        assert session.get_one(Invoice, invoice_id).paid_cents == 10000


def test_of_many_who_undo_a_payment_one_does(database: Database) -> None:
    (invoice_id,) = due(database)
    paying(database, invoice_id, None, "first")()
    with database.sessions() as session:
        payment_id = session.query(Payment.id).scalar()

    def undoing(token: str) -> Callable[[], None]:
        def undo() -> None:
            with transaction(database.sessions) as session:
                undo_payment(session, COMMAND, NOW, payment_id, "erreur", token)

        return undo

    answers = together([undoing(f"undo {n}") for n in range(5)])
    assert Counter(type(answer).__name__ for answer in answers) == {"NoneType": 1, "AlreadyUndone": 4}
    with database.sessions() as session:
        invoice = session.get_one(Invoice, invoice_id)
        assert (invoice.paid_cents, invoice.status, len(invoice.payments)) == (0, Status.pending, 2)


def setting(database: Database, invoice_id: int, other_id: int, token: str) -> Callable[[], None]:
    def use() -> None:
        with transaction(database.sessions) as session:
            set_against(session, COMMAND, NOW, invoice_id, other_id, 21600, token)

    return use


def test_what_is_owed_back_is_used_once(database: Database) -> None:
    owing, *others = due(database, 4)
    credited_and_paid(database, owing)
    answers = together([setting(database, owing, other, f"use {other}") for other in others])
    assert Counter(type(answer).__name__ for answer in answers) == {"NoneType": 1, "NothingOwedBack": 2}
    with database.sessions() as session:
        assert session.get_one(Invoice, owing).remaining_cents == 0
        assert sum(session.get_one(Invoice, other).paid_cents for other in others) == 21600


def test_an_invoice_takes_no_more_credit_than_it_needs_whatever_the_order_of_the_two(database: Database) -> None:
    first, other, last = due(database, 3)
    for owing in (first, last):  # one id before and one after the other's: the locks are taken in one order
        credited_and_paid(database, owing)
    answers = together([setting(database, owing, other, f"use {owing}") for owing in (first, last)])
    assert Counter(type(answer).__name__ for answer in answers) == {"NoneType": 1, "NothingDue": 1}
    with database.sessions() as session:
        assert session.get_one(Invoice, other).remaining_cents == 0
