"""What shops send several times in the same instant comes in once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from invoicing.customers.models import Customer
from invoicing.database import is_sqlite, transaction
from invoicing.delivery.models import Delivery
from invoicing.documents.models import DocumentVersion
from invoicing.errors import FieldFaults, Refused
from invoicing.invoices import service
from invoicing.invoices.models import Invoice, Status
from invoicing.invoices.moving import move
from invoicing.invoices.rules import AlreadyFinalised
from invoicing.invoices.service import finalise
from invoicing.journal import COMMAND
from invoicing.numbering import Mode, NumberTaken, Series, Source
from invoicing.payments.models import Payment
from invoicing.shop.catalogue_content import CatalogueContent, ItemContent
from invoicing.shop.catalogue_service import add_catalogue
from invoicing.shop.item_service import add_item
from invoicing.shop.keys import add_key
from invoicing.shop.models import Shop, SoldUnit
from invoicing.shop.orders import apply_event
from invoicing.shop.receipts import Receipt, take_payment
from invoicing.shop.rules import OrderEvent, UnitsWanted
from invoicing.shop.shop_content import ShopContent
from invoicing.shop.shop_service import add_shop
from tests.conftest import Database
from tests.factories import (
    NOW,
    item_line,
    make_customer,
    make_draft,
    make_item,
    make_order,
    make_seller,
    make_shop,
    shop_actor,
    tax_set,
)

TIMES = 6


def at_once(database: Database, act: Callable[[Session, int], object]) -> list[object]:
    """What each of several transactions gave or was refused with, all begun together."""
    barrier = Barrier(TIMES)

    def one(n: int) -> object:
        barrier.wait()
        try:
            with transaction(database.sessions) as session:
                return act(session, n)
        except Refused as refused:
            return refused

    with ThreadPoolExecutor(TIMES) as pool:
        return list(pool.map(one, range(TIMES)))


@pytest.mark.parametrize("source", Source)
def test_one_order_sent_many_times_at_once_makes_one_invoice(database: Database, source: Source) -> None:
    with transaction(database.sessions) as session:
        shop_id, customer = make_shop(session, source=source).id, make_customer(session)
    over = {"transaction_code": "TX", **({"number": "B-1"} if source is Source.external else {})}
    ids = at_once(database, lambda s, _n: make_order(s, s.get_one(Shop, shop_id), s.merge(customer), **over).id)
    assert len(set(ids)) == 1 and isinstance(ids[0], int)
    with database.sessions() as session:
        counts = [session.scalar(select(func.count()).select_from(row)) for row in (Invoice, Payment, DocumentVersion)]
    assert counts == [1, 1, 1]


def test_two_spellings_of_one_number_at_once_have_one_winner(database: Database) -> None:
    with transaction(database.sessions) as session:
        shop_id, customer = make_shop(session).id, make_customer(session)
    spelt = ["B-abc", "B-ABC", "b-abc", "b-ABC", "B-Abc", "B-aBc"]
    given = at_once(
        database, lambda s, n: make_order(s, s.get_one(Shop, shop_id), s.merge(customer), number=spelt[n]).number
    )
    assert len([one for one in given if isinstance(one, str)]) == 1
    assert len([one for one in given if isinstance(one, NumberTaken)]) == TIMES - 1


def test_one_event_sent_many_times_at_once_pays_once(database: Database) -> None:
    with transaction(database.sessions) as session:
        order = make_order(session, make_shop(session), status=Status.pending)
        order_id, actor = order.id, shop_actor(order.shop)  # type: ignore[arg-type]
    event, later = OrderEvent(Status.paid, NOW + timedelta(hours=1)), NOW + timedelta(hours=2)
    applied = at_once(database, lambda s, _n: apply_event(s, actor, later, order_id, event))
    assert sorted(map(str, applied)) == ["False"] * (TIMES - 1) + ["True"]
    with database.sessions() as session:
        assert session.scalars(select(Payment.amount_cents)).all() == [21600]


@pytest.mark.parametrize("by", ["payment", "event", "hand"])
def test_whoever_lets_an_order_stand_holds_its_customer_before_it(
    database: Database, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    with transaction(database.sessions) as session:
        mode = Mode.portal_reference if by == "hand" else Mode.official
        shop = make_shop(session, source=Source.generated, mode=mode)
        status = Status.draft if by == "hand" else Status.pending
        order = make_order(session, shop, status=status, wants_mail=True)
        number, customer_id, total, actor = order.id, order.customer_id, order.total_cents, shop_actor(shop)
    locked: list[str] = []

    def look_and_lock(session: Session, invoice_id: int) -> Invoice:
        with database.engine.connect() as other:
            try:
                other.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update(nowait=True))
            except OperationalError as error:
                locked.append(getattr(error.orig, "sqlstate", ""))
        return lock(session, invoice_id)

    lock = service.locked
    monkeypatch.setattr(service, "locked", look_and_lock)
    with transaction(database.sessions) as session:
        if by == "payment":
            take_payment(session, actor, NOW, number, Receipt(total, NOW))
        elif by == "event":
            apply_event(session, actor, NOW, number, OrderEvent(Status.paid, NOW))
        else:
            move(session, COMMAND, NOW, number, Status.placed, 1)
        assert session.scalars(select(Delivery.customer_id)).all() == [customer_id]
    assert locked == ([] if is_sqlite(database.engine) else ["55P03"])


def test_one_reference_in_many_orders_at_once_is_one_unit(database: Database) -> None:
    with transaction(database.sessions) as session:
        shop = make_shop(session)
        shop_id, customer = shop.id, make_customer(session)
        line, wanted = item_line(make_item(session, shop.catalogue)), (UnitsWanted(("A",)),)

    def sell(session: Session, _n: int) -> object:
        return make_order(session, session.get_one(Shop, shop_id), session.merge(customer), line, units=wanted).id

    given = at_once(database, sell)
    assert len([one for one in given if isinstance(one, int)]) == 1
    assert {one.faults[0].field for one in given if isinstance(one, FieldFaults)} == {"lines-0-references"}
    with database.sessions() as session:
        assert session.scalars(select(SoldUnit.reference)).all() == ["A"]


def test_one_draft_finalised_many_times_at_once_sells_once(database: Database) -> None:
    with transaction(database.sessions) as session:
        shop = make_shop(session)
        line = item_line(make_item(session, shop.catalogue), 3)
        draft = make_draft(session, make_customer(session), shop.seller, line)
        asked = (draft.id, draft.revision, draft.total_cents)
    given = at_once(database, lambda s, _n: finalise(s, COMMAND, NOW, *asked, email=False, domain="example.org"))
    assert len([one for one in given if isinstance(one, AlreadyFinalised)]) == TIMES - 1
    with database.sessions() as session:
        assert session.scalar(select(func.count(SoldUnit.id))) == 3


def test_one_shop_opened_many_times_at_once_is_one_with_one_series(database: Database) -> None:
    with transaction(database.sessions) as session:
        like = make_shop(session)
        content = ShopContent("Neuve", str(like.catalogue_id), str(like.seller_id), prefix="W-")
    ids = at_once(database, lambda s, _n: add_shop(s, COMMAND, NOW, content).id)
    assert len(set(ids)) == 1 and isinstance(ids[0], int)
    with database.sessions() as session:
        assert session.scalar(select(func.count(Series.id)).where(Series.format == "W-")) == 1


def test_one_form_of_a_catalogue_and_of_an_item_at_once_makes_one_of_each(database: Database) -> None:
    with transaction(database.sessions) as session:
        make_seller(session)
        taxed = str(tax_set(session, "FR_20").id)
    catalogue = CatalogueContent("Cours")
    ids = at_once(database, lambda s, _n: add_catalogue(s, COMMAND, NOW, catalogue).id)
    assert len(set(ids)) == 1 and isinstance(ids[0], int)
    item, number = ItemContent("Stage", "stage", price="95", tax_set=taxed), ids[0]
    assert len(set(at_once(database, lambda s, _n: add_item(s, COMMAND, NOW, number, item).id))) == 1


def test_one_key_asked_for_many_times_at_once_is_shown_once(database: Database) -> None:
    with transaction(database.sessions) as session:
        shop_id = make_shop(session).id
    made = at_once(database, lambda s, _n: add_key(s, COMMAND, NOW, shop_id, "site", ["read"])[1])
    assert len([secret for secret in made if isinstance(secret, str)]) == 1
    assert len([refusal for refusal in made if isinstance(refusal, FieldFaults)]) == TIMES - 1
