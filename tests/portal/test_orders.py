"""Orders of a shop as its member sees them: what they are, where they stand, and nothing before they are accepted."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from invoicing.customers.models import Customer
from invoicing.invoices.models import Invoice, Status
from invoicing.numbering import Mode, Source
from invoicing.sellers.models import Seller
from invoicing.shop.orders import apply_event
from invoicing.shop.rules import OrderEvent
from tests.conftest import Browser
from tests.factories import NOW, make_order, make_shop, shop_actor
from tests.portal.test_invoices import shown

S = Status


def order_of(session: Session, seller: Seller, customer: Customer, *statuses: Status, **over: object) -> Invoice:
    """An order of hers that has come to the last of these statuses, committed."""
    session.commit()
    shop = make_shop(session, seller)
    order = make_order(session, shop, customer, status=statuses[0], number="B-1", **over)
    for status in statuses[1:]:
        apply_event(session, shop_actor(shop), NOW, order.id, OrderEvent(status, NOW))
    session.commit()
    return order


@pytest.mark.parametrize(
    ("statuses", "word", "title", "said"),
    [
        ((S.placed,), "Passée", "Commande B-1", "Son paiement n’est pas encore confirmé."),
        ((S.pending,), "À régler", "Commande B-1", "Reste à régler"),
        ((S.partial,), "À régler", "Commande B-1", "Reste à régler"),
        ((S.placed, S.failed), "Paiement échoué", "Commande B-1", "Rien n’a été encaissé."),
        ((S.placed, S.refused), "Refusée", "Commande B-1", "Rien n’a été encaissé."),
        ((S.placed, S.cancelled), "Annulée", "Commande B-1", "il n’y a rien à régler."),
        ((S.paid,), "Réglée", "Facture pro forma B-1", "Réglée le 22 novembre 2026, par carte"),
        ((S.complete,), "Réglée", "Facture pro forma B-1", "Réglée le 22 novembre 2026, par carte"),
    ],
)
def test_each_status_is_said_in_the_list_and_on_the_page(
    session: Session, browser: Browser, seller: Seller, customer: Customer,
    statuses: tuple[Status, ...], word: str, title: str, said: str,
) -> None:  # fmt: skip
    order_of(session, seller, customer, *statuses)
    listed = shown(browser).split("Chercher")[1]  # below the filter, which names every standing
    assert f"B-1 {word}" in listed.replace(" · payé en partie : reste 215,00 €", "")
    page = shown(browser, "/mes-factures/B-1")
    assert title in page and said in page


@pytest.mark.parametrize("later", [(), (S.failed,), (S.refused,), (S.cancelled,)])
def test_what_is_not_owed_is_never_asked_for(
    session: Session, browser: Browser, seller: Seller, customer: Customer, later: tuple[Status, ...]
) -> None:
    order_of(session, seller, customer, S.placed, *later)
    for address in ("/mes-factures", "/mes-factures/B-1"):
        body = shown(browser, address)
        assert "Comment payer" not in body and "d’avant le paiement" not in body
    assert "B-1" not in shown(browser, "/mes-factures?statut=a-regler")


@pytest.mark.parametrize("status", [S.draft, S.failed, S.cancelled])
def test_what_was_never_accepted_is_not_there(
    session: Session, browser: Browser, seller: Seller, customer: Customer, status: Status
) -> None:
    order_of(session, seller, customer, status)
    assert "Vous n’avez pas encore de facture" in shown(browser)
    for address in ("/mes-factures/B-1", "/mes-factures/B-1/pdf"):
        assert browser.get(address).status_code == 404


def test_an_official_order_shows_when_it_is_paid(
    session: Session, browser: Browser, seller: Seller, customer: Customer
) -> None:
    session.commit()
    shop = make_shop(session, seller, mode=Mode.official, source=Source.generated)
    order = make_order(session, shop, customer, status=S.pending)
    session.commit()
    assert "Vous n’avez pas encore de facture" in shown(browser)
    apply_event(session, shop_actor(shop), NOW, order.id, OrderEvent(S.complete, NOW))
    session.commit()
    assert "Facture B-20261122-1" in shown(browser, "/mes-factures/B-20261122-1")
