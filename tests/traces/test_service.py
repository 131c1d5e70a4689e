"""What is noted around a transaction, and what is not."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.traces.models import Trace, TraceKind
from invoicing.traces.service import REPEATED, note
from tests.factories import NOW, actor_of, make_order, make_shop, make_user, shop_actor


def traces(session: Session) -> list[Trace]:
    session.flush()
    return list(session.scalars(select(Trace).order_by(Trace.id)))


def test_a_look_is_noted_with_the_invoices_code_and_shop(session: Session) -> None:
    order, user = make_order(session, make_shop(session)), make_user(session)
    assert note(session, NOW, TraceKind.viewed, actor_of(user), invoice_id=order.id)
    [found] = traces(session)
    assert (found.transaction_code, found.shop_id, found.actor_id) == (order.transaction_code, order.shop_id, user.id)


def test_the_same_person_within_minutes_counts_once(session: Session) -> None:
    order, user = make_order(session, make_shop(session)), make_user(session)
    for later in (timedelta(), timedelta(minutes=2), REPEATED + timedelta(minutes=3)):
        note(session, NOW + later, TraceKind.viewed, actor_of(user), invoice_id=order.id)
    assert len(traces(session)) == 2


def test_another_person_and_another_deed_count(session: Session) -> None:
    order = make_order(session, make_shop(session))
    one, other = actor_of(make_user(session)), actor_of(make_user(session))
    note(session, NOW, TraceKind.viewed, one, invoice_id=order.id)
    note(session, NOW, TraceKind.viewed, other, invoice_id=order.id)
    note(session, NOW, TraceKind.downloaded, one, invoice_id=order.id)
    assert [trace.kind for trace in traces(session)] == ["viewed", "viewed", "downloaded"]


def test_every_refusal_of_a_shop_is_noted(session: Session) -> None:
    shop = make_shop(session)
    for _ in range(2):
        note(session, NOW, TraceKind.refused, shop_actor(shop), shop_id=shop.id, code="TX+/=", facts={"fault": "late"})
    assert [(trace.invoice_id, trace.facts) for trace in traces(session)] == [(None, '{"fault":"late"}')] * 2


def test_what_is_no_code_and_no_invoice_is_not_noted(session: Session) -> None:
    shop = make_shop(session)
    for code in ("", "x" * 65, "a\0b"):
        assert not note(session, NOW, TraceKind.refused, shop_actor(shop), shop_id=shop.id, code=code)
    assert not note(session, NOW, TraceKind.viewed, shop_actor(shop), invoice_id=99_999)
    assert not traces(session)
