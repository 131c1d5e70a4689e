"""Orders come in once, with the number that they bring or the one that they are given."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlalchemy.orm import Session

from invoicing.documents.desk import Facts, Heading
from invoicing.invoices.models import Invoice, Status
from invoicing.numbering import Mode, Source
from tests.factories import NOW, make_customer, make_order, make_shop

ORDERED = datetime(2017, 9, 20, 9, 49)  # noqa: DTZ001 - naive UTC, as the core holds it


def headings(invoice: Invoice) -> list[Heading]:
    return [Facts.from_json(version.facts).heading for version in invoice.versions]


def test_a_complete_order_stands_paid_under_its_own_number(session: Session) -> None:
    order = make_order(session, make_shop(session), number="B-20170920-44", ordered_at=ORDERED)
    assert (order.number, order.issued_on, order.listed_on) == ("B-20170920-44", date(2017, 9, 20), date(2017, 9, 20))
    assert (order.status, order.remaining_cents, len(order.payments)) == (Status.complete, 0, 1)
    assert headings(order) == [Heading.pro_forma]


def test_a_generated_number_is_given_on_the_day_of_freezing(session: Session) -> None:
    order = make_order(session, make_shop(session, source=Source.generated), ordered_at=ORDERED)
    assert (order.number, order.issued_on, order.ordered_at) == ("B-20261122-1", NOW.date(), ORDERED)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("status", Status)
def test_each_mode_says_which_statuses_make_an_order_stand(session: Session, mode: Mode, status: Status) -> None:
    order = make_order(session, make_shop(session, mode=mode, source=Source.generated), status=status)
    paid = status in (Status.paid, Status.complete)
    early = mode is Mode.portal_reference and status not in (Status.draft, Status.failed, Status.cancelled)
    assert (order.status, order.is_frozen, order.number is not None) == (status, paid or early, paid or early)


def test_the_same_order_comes_in_once(session: Session) -> None:
    shop, customer = make_shop(session), make_customer(session)
    one, two = (make_order(session, shop, customer, number="B-1", transaction_code="TU9L+/==") for _ in range(2))
    assert one.id == two.id
