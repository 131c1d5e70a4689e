"""Only the moves of SPEC B7 pass; everything else is refused with nothing changed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from invoicing.documents.desk import Facts, Heading
from invoicing.errors import FieldFaults, NotFound, Refused
from invoicing.invoices.models import Invoice, Status
from invoicing.invoices.rules import MOVES, LetteredStands, MoveRefused, StandsForGood
from invoicing.invoices.service import delete_draft, finalise
from invoicing.journal import COMMAND, JournalEntry
from invoicing.lettering.service import letter
from invoicing.numbering import Mode, Source
from invoicing.payments.models import PaymentMethod
from invoicing.shop.orders import apply_event
from invoicing.shop.receipts import Receipt, take_payment
from invoicing.shop.rules import AmountDiffers, OrderEvent
from invoicing.taxes.models import Tax, TaxRate
from tests.factories import NOW, make_customer, make_draft, make_line, make_order, make_seller, make_shop, shop_actor

S = Status
LATER = NOW + timedelta(hours=2)
PAIRS = [(one, other) for one in Status for other in Status]


def send(session: Session, order: Invoice, status: Status, **over: object) -> bool:
    """Something happened to an order, two hours later."""
    event = OrderEvent(status, over.pop("at", LATER), **over)  # type: ignore[arg-type]
    assert order.shop is not None
    return apply_event(session, shop_actor(order.shop), LATER, order.id, event)


def state(order: Invoice) -> dict[str, object]:
    """Every column of an order, and how many payments and versions it has."""
    columns = {column.key: getattr(order, column.key) for column in inspect(Invoice).columns}
    return {**columns, "payments": len(order.payments), "versions": len(order.versions)}


def headings(order: Invoice) -> list[Heading]:
    return [Facts.from_json(version.facts).heading for version in order.versions]


@pytest.mark.parametrize("mode", Mode)
def test_only_the_allowed_moves_pass(session: Session, mode: Mode) -> None:
    shop, customer = make_shop(session, mode=mode, source=Source.generated), make_customer(session)
    for now, wanted in PAIRS:
        order = make_order(session, shop, customer, status=now)
        session.refresh(order)
        before = state(order)
        part = 50 if wanted is S.partial and now is not S.partial else None
        by_way_of_paid = wanted is S.complete and S.paid in MOVES[now]
        if now is wanted:
            assert not send(session, order, wanted)
        elif wanted in MOVES[now] or by_way_of_paid:
            assert send(session, order, wanted, paid_cents=part), (now, wanted)
            assert (order.status, order.revision > before["revision"]) == (wanted, True)  # type: ignore[operator]
            assert (order.remaining_cents == 0) is (wanted in (S.paid, S.complete))
            continue
        else:
            with pytest.raises(MoveRefused) as refused:
                send(session, order, wanted, paid_cents=part)
            assert (refused.value.now, refused.value.wanted) == (now, wanted)
        session.refresh(order)
        assert state(order) == before, (now, wanted)


def test_an_order_stands_from_the_move_that_first_accepts_it(session: Session) -> None:
    order = make_order(session, make_shop(session, source=Source.generated), status=S.draft)
    assert send(session, order, S.placed)
    assert (order.number, order.is_frozen, headings(order)) == ("B-20261122-1", True, [Heading.order])


def test_an_official_order_stands_only_when_it_is_paid(session: Session) -> None:
    order = make_order(session, make_shop(session, mode=Mode.official, source=Source.generated), status=S.pending)
    send(session, order, S.partial, paid_cents=1000)
    assert (order.number, order.is_frozen, order.versions) == (None, False, [])
    send(session, order, S.complete)
    assert (order.number, order.remaining_cents, headings(order)) == ("B-20261122-1", 0, [Heading.invoice])
    assert [payment.amount_cents for payment in order.payments] == [1000, 20600]


@pytest.mark.parametrize("status", [S.failed, S.cancelled])
def test_what_was_never_accepted_never_stands(session: Session, status: Status) -> None:
    order = make_order(session, make_shop(session, source=Source.generated), status=S.draft)
    send(session, order, status)
    assert (order.number, order.is_frozen) == (None, False)


def test_paying_adds_a_pro_forma_once(session: Session) -> None:
    order = make_order(session, make_shop(session), status=S.pending, payment_label="")
    send(session, order, S.paid, payment_label="Virement", reference="VIR 7")
    send(session, order, S.complete, at=LATER + timedelta(minutes=1))
    [payment] = order.payments
    assert (payment.method, payment.reference, payment.paid_on) == (PaymentMethod.transfer, "VIR 7", LATER.date())
    assert (order.payment_label, headings(order)) == ("Virement", [Heading.order, Heading.pro_forma])


def test_an_older_event_is_traced_and_changes_nothing(session: Session) -> None:
    order = make_order(session, make_shop(session), status=S.pending)
    send(session, order, S.paid)
    assert not send(session, order, S.failed, at=LATER - timedelta(hours=1))
    session.commit()
    assert order.status is S.paid
    action = select(JournalEntry.action).where(JournalEntry.subject_kind == "invoice")
    assert session.scalars(action.order_by(JournalEntry.position)).all() == [
        "invoice.ordered", "invoice.paid", "invoice.event_ignored",
    ]  # fmt: skip


def test_moves_are_journalled_with_what_they_changed(session: Session) -> None:
    order = make_order(session, make_shop(session, source=Source.generated), status=S.draft)
    send(session, order, S.placed)
    send(session, order, S.complete)
    session.commit()
    entries = session.scalars(select(JournalEntry).where(JournalEntry.subject_kind == "invoice")).all()
    assert [(entry.action, entry.facts().get("status")) for entry in entries[1:]] == [
        ("invoice.moved", ["draft", "placed"]),
        ("invoice.paid", ["placed", "paid"]),
        ("invoice.moved", ["paid", "complete"]),
    ]
    assert entries[1].facts()["number"] == [None, "B-20261122-1"]
    assert entries[2].facts()["paid_cents"] == [0, 21600]


@pytest.mark.parametrize(
    ("status", "paid"),
    [(S.partial, None), (S.partial, 0), (S.partial, -5), (S.partial, 21600), (S.paid, 1), (S.refused, 100)],
)
def test_an_amount_that_does_not_fit_the_move_is_refused(session: Session, status: Status, paid: int | None) -> None:
    order = make_order(session, make_shop(session), status=S.pending)
    with pytest.raises(AmountDiffers) as refused:
        send(session, order, status, paid_cents=paid)
    assert (refused.value.remaining_cents, refused.value.given_cents) == (21600, paid or 0)
    session.refresh(order)
    assert (order.status, order.paid_cents) == (S.pending, 0)


def test_the_rest_of_a_part_may_be_named_by_the_rest_or_by_the_total(session: Session) -> None:
    shop = make_shop(session)
    for paid_cents in (21500, 21600, None):
        order = make_order(session, shop, status=S.partial, paid_cents=100)
        send(session, order, S.paid, paid_cents=paid_cents)
        assert [payment.amount_cents for payment in order.payments] == [100, 21500]


def test_another_part_is_no_repetition(session: Session) -> None:
    order = make_order(session, make_shop(session), status=S.pending)
    assert send(session, order, S.partial, paid_cents=100)
    assert not send(session, order, S.partial, paid_cents=100)  # the same once more
    for over in ({"paid_cents": 200}, {"paid_cents": 100, "at": LATER + timedelta(minutes=5)}):
        with pytest.raises(MoveRefused):
            send(session, order, S.partial, **over)
    assert order.paid_cents == 100


def test_what_costs_nothing_is_paid_when_it_is_accepted(session: Session) -> None:
    order = make_order(session, make_shop(session), None, make_line(session, price=0), status=S.draft)
    send(session, order, S.placed)
    assert order.status is S.paid
    assert not send(session, order, S.placed)


def test_what_is_lettered_is_not_cancelled(session: Session) -> None:
    order = make_order(session, make_shop(session), status=S.complete, number="B-9")
    letter(session, COMMAND, NOW, order.id, "FA-1", 0)
    order.status = S.pending  # as a counter-entry leaves it
    with pytest.raises(LetteredStands) as refused:
        send(session, order, S.cancelled)
    assert (refused.value.number, refused.value.reference) == ("B-9", "FA-1")


def test_an_official_invoice_that_stands_is_not_cancelled(session: Session) -> None:
    order = make_order(session, make_shop(session, mode=Mode.official, source=Source.generated))
    order.status = S.pending  # as a counter-entry leaves it
    with pytest.raises(StandsForGood):
        send(session, order, S.cancelled)


def test_an_event_of_the_day_after_tomorrow_is_named(session: Session) -> None:
    order = make_order(session, make_shop(session), status=S.pending)
    with pytest.raises(FieldFaults) as refused:
        send(session, order, S.paid, at=LATER + timedelta(days=2), reference="x" * 121)
    assert {(fault.field, fault.code) for fault in refused.value.faults} == {
        ("at", "after_today"), ("reference", "too_long"),
    }  # fmt: skip


def test_a_manual_invoice_has_no_events_and_an_order_no_form(session: Session) -> None:
    customer, seller = make_customer(session), make_seller(session)
    draft = make_draft(session, customer, seller)
    with pytest.raises(NotFound):
        apply_event(session, COMMAND, NOW, draft.id, OrderEvent(S.placed, NOW))
    order = make_order(session, make_shop(session), customer, status=S.draft)
    refused: list[type[Refused]] = []
    for act in (
        lambda: delete_draft(session, COMMAND, NOW, order.id),
        lambda: finalise(session, COMMAND, NOW, order.id, 1, order.total_cents, email=False, domain="example.org"),
    ):
        with pytest.raises(NotFound) as found:
            act()
        refused.append(found.type)
    assert refused == [NotFound, NotFound]


@pytest.mark.parametrize("by", [S.paid, S.complete, None])
def test_what_a_new_rate_adds_before_the_order_stands_is_still_due(session: Session, by: Status | None) -> None:
    shop = make_shop(session, mode=Mode.official, source=Source.generated)
    order = make_order(session, shop, status=S.pending, now=NOW - timedelta(days=1))
    tax = session.scalars(select(Tax).where(Tax.code == "TVA20")).one()
    tax.rates[-1].valid_to = date(2026, 11, 21)
    tax.rates.append(TaxRate(rate_e5=21000, valid_from=date(2026, 11, 22)))
    session.flush()
    if by is None:
        take_payment(session, shop_actor(shop), LATER, order.id, Receipt(order.total_cents, LATER))
    else:
        assert send(session, order, by)
    assert (order.is_frozen, order.total_cents, order.paid_cents) == (True, 21780, 21600)
    assert (order.status, order.remaining_cents) == (S.partial, 180)
