"""The page of traces: one transaction's events from every source, and the latest transactions."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest

from invoicing.accounts.models import Role
from invoicing.invoices.models import Invoice, Status
from invoicing.journal import Actor
from invoicing.lettering.service import letter
from invoicing.shop.models import Shop
from invoicing.shop.orders import apply_event
from invoicing.shop.rules import OrderEvent
from invoicing.traces.models import TraceKind
from invoicing.traces.service import note
from tests.admin.desk import Desk
from tests.factories import NOW, actor_of, make_credit, make_invoice, make_order, make_shop, shop_actor

CODE = "TU+9/LEE==:1"


@pytest.fixture
def shop(desk: Desk) -> Shop:
    with desk.writing():
        return make_shop(desk.session, name="Formation en ligne")


def ordered(desk: Desk, shop: Shop, **over: object) -> Invoice:
    """An order that was paid, then lettered by a person."""
    with desk.writing():
        order = make_order(
            desk.session, shop, desk.customer, status=Status.pending, **{"transaction_code": CODE, **over}
        )
        later = NOW + timedelta(minutes=5)
        apply_event(desk.session, shop_actor(shop), later, order.id, OrderEvent(Status.complete, later))
        letter(desk.session, actor_of(desk.user), NOW + timedelta(minutes=9), order.id, f"FA-{order.id}", 0)
        return order


def trace(desk: Desk, code: str, more: str = "") -> str:
    answer = desk.browser.get(f"/ventes/traces?code={code}{more}")
    assert answer.status_code == 200
    return answer.text


def test_the_events_of_a_transaction_stand_in_order_from_every_source(desk: Desk, shop: Shop) -> None:
    order = ordered(desk, shop)
    desk.browser.get(f"/ventes/factures/{order.number}")
    page = trace(desk, quote(CODE, safe=""))
    parts = ["Commande reçue", "Payé\xa0: 216,00\xa0€", f"Lettrée\xa0: FA-{order.id}", "Page consultée"]
    places = [page.index(part) for part in parts]
    assert places == sorted(places)
    assert page.count("Nadia Benali") >= 2 and "Formation en ligne" in page


@pytest.mark.parametrize(
    "typed", [quote(CODE, safe=""), quote(CODE, safe="+"), quote(f"  {CODE} "), "TU%20" + CODE[3:]]
)
def test_a_plus_that_became_a_blank_is_found(desk: Desk, shop: Shop, typed: str) -> None:
    ordered(desk, shop)
    assert "Commande reçue" in trace(desk, typed)


def test_an_unknown_code_has_no_trace(desk: Desk, shop: Shop) -> None:
    ordered(desk, shop)
    for code in ("TX%27%20OR%201=1", "%25", "x" * 300):
        assert "Aucune trace pour cette transaction" in trace(desk, code)


def test_shops_that_share_a_code_are_named_and_told_apart(desk: Desk, shop: Shop) -> None:
    ordered(desk, shop)
    with desk.writing():
        other = make_shop(desk.session, name="Boutique du musée")
    ordered(desk, other)
    page = trace(desk, quote(CODE))
    assert "Formation en ligne" in page and "Boutique du musée" in page and "2 documents" in page
    assert "1 document<" in trace(desk, quote(CODE), f"&boutique={other.id}")


def test_credit_notes_and_payments_by_hand_are_told_with_their_amounts(desk: Desk) -> None:
    with desk.writing():
        made = make_invoice(desk.session, desk.customer, desk.seller)
        make_credit(desk.session, made.invoice_id)
        code = desk.session.get_one(Invoice, made.invoice_id).transaction_code
    page = trace(desk, code)
    assert "Corrigée par un avoir" in page and "2 documents" in page


def test_a_refused_call_of_a_code_that_became_nothing_is_told(desk: Desk, shop: Shop) -> None:
    with desk.writing():
        by: Actor = shop_actor(shop)
        facts = {"fault": "sent_otherwise, new_code"}
        note(desk.session, NOW, TraceKind.refused, by, shop_id=shop.id, code="LOST==", facts=facts)
    page = trace(desk, "LOST==")
    assert "Appel de la boutique refusé" in page and "déjà reçu avec un autre contenu" in page
    assert "sent_otherwise" not in page and "le contenu envoyé ne convient pas (new_code)" in page


def test_what_people_typed_is_escaped(desk: Desk, shop: Shop) -> None:
    with desk.writing():
        make_order(desk.session, shop, desk.customer, transaction_code="<script>1</script>")
    page = trace(desk, quote("<script>1</script>"))
    assert "<script>1" not in page and "&lt;script&gt;1" in page


def test_without_a_code_the_latest_transactions_are_listed_and_searched(desk: Desk, shop: Shop) -> None:
    with desk.writing():
        for n in range(30):
            make_order(desk.session, shop, desk.customer, transaction_code=f"TX-{n:02}-a==")
    first = desk.browser.get("/ventes/traces").text
    assert "25 sur 30" in first and "TX-29-a==" in first and "TX-04-a==" not in first
    assert "1 sur 1" in desk.browser.get("/ventes/traces?q=tx-04-a").text
    assert "Aucune transaction" in desk.browser.get("/ventes/traces?boutique=999").text


def test_the_events_are_exported(desk: Desk, shop: Shop) -> None:
    ordered(desk, shop)
    table = desk.browser.get(f"/ventes/traces/export.csv?code={quote(CODE)}").data.decode("utf-8-sig")
    assert table.startswith('"Moment";"Document"') and "Lettr" in table
    assert desk.browser.get(f"/ventes/traces/export.pdf?code={quote(CODE)}").status_code == 404


def test_readers_see_traces_and_members_do_not(desk: Desk) -> None:
    assert desk.browser_of(Role.reader).get("/ventes/traces").status_code == 200
    assert desk.browser_of(Role.member).get("/ventes/traces").status_code == 403
