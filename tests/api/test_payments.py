"""Money and words on orders: in any order, each once."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.delivery.models import Delivery
from invoicing.payments.models import Payment
from invoicing.sellers.models import Seller
from invoicing.traces.models import Trace, TraceKind
from tests.api.conftest import Program, customer_body, errors, event_body, payment_body
from tests.factories import NOW


def test_parts_add_up_to_the_whole(program: Program, session: Session) -> None:
    program.order()
    first = program.post("/payments", payment_body(amount="80.00", method="Virement", reference="VIR 7"))
    assert (first.status_code, first.get_json()["order"]["status"]) == (201, "partial")
    program.post("/payments", payment_body(payment_id="p2", amount="60.00"))
    last = program.post("/payments", payment_body(payment_id="p3", amount="40.00")).get_json()
    assert (last["order"]["status"], last["order"]["remaining"]) == ("paid", "0.00")
    assert session.scalars(select(Payment.amount_cents).order_by(Payment.id)).all() == [8000, 6000, 4000]


def test_the_same_payment_again_is_booked_once(program: Program, session: Session) -> None:
    program.order()
    first, second = (program.post("/payments", payment_body(amount="80.00")) for _ in range(2))
    assert first.get_json() == second.get_json() and second.headers["Idempotency-Replayed"] == "true"
    other = program.post("/payments", payment_body(amount="80.01"))
    assert (other.status_code, errors(other)) == (409, {("/payment_id", "sent_otherwise")})
    assert session.scalars(select(Payment.amount_cents)).all() == [8000]


@pytest.mark.parametrize(
    ("over", "status", "wanted"),
    [
        ({"amount": "180.01"}, 422, ("/amount", "more_than_remains")),
        ({"amount": "0.00"}, 422, ("/amount", "not_positive")),
        ({"amount": "-1.00"}, 422, ("/amount", "bad_money")),
        ({"amount": "10000000000000.00"}, 422, ("/amount", "bad_money")),
        ({"at": "2026-12-31T00:00:00Z"}, 422, ("/at", "after_today")),
    ],
)
def test_what_can_not_be_booked_is_refused_and_traced(
    program: Program, session: Session, over: dict[str, str], status: int, wanted: tuple[str, str]
) -> None:
    program.order()
    refused = program.post("/payments", payment_body(**over))
    assert (refused.status_code, errors(refused)) == (status, {wanted})
    assert session.scalars(select(Payment)).all() == []
    traced = session.scalars(select(Trace).where(Trace.kind == TraceKind.refused)).all()
    assert [wanted[1] in trace.facts for trace in traced] == ([] if wanted[1] == "bad_money" else [True])


def test_money_for_what_is_paid_is_not_swallowed(program: Program) -> None:
    program.order(status="paid")
    refused = program.post("/payments", payment_body())
    assert (refused.status_code, errors(refused)) == (409, {("/amount", "nothing_due")})
    assert "n’est pas enregistré" in refused.get_json()["detail"]


def test_an_event_moves_and_an_older_one_does_not(program: Program) -> None:
    program.order()
    at = "2026-11-22T10:40:00+01:00"
    with time_machine.travel((NOW + timedelta(hours=1)).isoformat() + "+00:00", tick=False):
        moved = program.post("/events", event_body(at=at)).get_json()
        older = program.post("/events", event_body(event_id="e0", status="failed", at="2026-11-22T10:35:00+01:00"))
        known = program.post("/events", event_body(event_id="e2", at="2026-11-22T10:45:00+01:00")).get_json()
    assert (moved["applied"], moved["order"]["status"], moved["order"]["paid"]) == (True, "paid", "180.00")
    assert (older.status_code, older.get_json()["applied"], older.get_json()["why"]) == (200, False, "older")
    assert (known["applied"], known["why"]) == (False, "known")


def test_a_late_word_does_not_undo_a_payment(program: Program) -> None:
    program.order()
    with time_machine.travel((NOW + timedelta(hours=1)).isoformat() + "+00:00", tick=False):
        program.post("/payments", payment_body(at="2026-11-22T11:00:00+01:00"))
        late = program.post("/events", event_body(status="pending", at="2026-11-22T10:45:00+01:00")).get_json()
    assert (late["why"], late["order"]["status"]) == ("older", "paid")


def test_a_move_that_is_not_allowed_is_refused_and_traced(program: Program, session: Session) -> None:
    program.order(status="cancelled")
    refused = program.post("/events", event_body(status="complete"))
    assert (refused.status_code, errors(refused)) == (409, {("/status", "move_refused")})
    [trace] = session.scalars(select(Trace)).all()
    assert (trace.transaction_code, trace.kind, "move_refused" in trace.facts) == ("TX+/1=", TraceKind.refused, True)


def test_an_unknown_order_has_no_payments(program: Program, session: Session) -> None:
    for path, body in (("/payments", payment_body("NO")), ("/events", event_body("NO"))):
        assert program.post(path, body).status_code == 404
    assert session.scalars(select(Trace)).all() == []


def test_the_document_is_mailed_once_when_it_stands(lawful: Program, session: Session) -> None:
    lawful.order(send_email=True)
    assert session.scalars(select(Delivery)).all() == []
    session.rollback()
    for _ in range(2):
        lawful.post("/payments", payment_body())
    [delivery] = session.scalars(select(Delivery)).all()
    assert delivery.recipient == "elodie@example.fr"
    assert lawful.get("/orders", transaction_code="TX+/1=").get_json()["emailed"] is True


def test_no_mail_leaves_unless_it_is_asked_for(program: Program, session: Session) -> None:
    program.order(status="paid")
    assert session.scalars(select(Delivery)).all() == []


@pytest.fixture
def einvoicing(lawful: Program, session: Session) -> Program:
    """The official shop of a seller who sends electronic invoices already."""
    seller = session.scalars(select(Seller)).one()
    seller.einvoicing_on = NOW.date()
    session.commit()
    return lawful


def test_a_professional_without_siren_is_warned_of_and_then_refused(einvoicing: Program, session: Session) -> None:
    business = customer_body(kind="organisation", organisation_name="Atelier", professional=True)
    placed = einvoicing.order(customer=business)
    assert {(w["pointer"], w["code"]) for w in placed.get_json()["warnings"]} >= {
        ("/customer/siren", "customer_siren_missing")
    }
    refused = einvoicing.post("/payments", payment_body())
    assert (refused.status_code, errors(refused)) == (422, {("/customer/siren", "customer_siren_missing")})
    assert refused.get_json()["type"].endswith("#mentions-missing")
    assert "pas même le paiement" in refused.get_json()["detail"]
    assert session.scalars(select(Payment)).all() == []
    einvoicing.ask("PUT", "/customers", {**business, "siren": "732829320"})
    paid = einvoicing.post("/payments", payment_body())
    assert (paid.status_code, paid.get_json()["order"]["number"]) == (201, "B-20261122-1")
