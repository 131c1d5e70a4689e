"""A customer whom two requests describe in the same instant: both are answered, and the record is there once."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from invoicing.customers.models import Customer, CustomerKind
from invoicing.customers.rules import CustomerContent
from invoicing.database import transaction
from invoicing.shop import own_customers
from invoicing.shop.models import ShopRequest
from invoicing.shop.own_customers import Put, put_customer
from tests.conftest import Database
from tests.factories import NOW, make_shop, shop_actor

SAID = CustomerContent(CustomerKind.person, first_name="Zoé", last_name="Neuve", email="zoe@exemple.test")


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer
@pytest.mark.parametrize("step", ["known", "_says_more", "get_customer"])
@pytest.mark.parametrize("is_known", [False, True])
def test_another_request_may_describe_them_at_any_step(
    database: Database, monkeypatch: pytest.MonkeyPatch, step: str, is_known: bool
) -> None:
    with transaction(database.sessions) as session:
        shop = make_shop(session)
        shop_id, actor = shop.id, shop_actor(shop)
        if is_known:  # by a link alone, without what was said
            put_customer(session, actor, NOW, shop_id, "7", SAID)
            session.query(ShopRequest).delete()
    real, others = getattr(own_customers, step), list[Put]()

    def meanwhile(*args: Any, **options: Any) -> object:
        if not others:
            monkeypatch.setattr(own_customers, step, real)
            with transaction(database.sessions) as other:
                others.append(put_customer(other, actor, NOW, shop_id, "7", SAID))
        return real(*args, **options)

    monkeypatch.setattr(own_customers, step, meanwhile)
    with transaction(database.sessions) as session:
        ours = put_customer(session, actor, NOW, shop_id, "7", SAID)
        assert (ours.is_new, ours.is_changed) == ((False, False) if others else (True, True))
        assert session.scalar(select(func.count(Customer.id))) == 1
        assert session.scalar(select(func.count(ShopRequest.id))) == 1
    assert bool(others) == (step == "known" or is_known)
