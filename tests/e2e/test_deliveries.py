"""E-mails that failed, and those asked for again: what each person sees and does about them."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role, User
from invoicing.database import transaction
from invoicing.delivery.models import Delivery, DeliveryState
from invoicing.delivery.service import claim, settle_failed
from invoicing.sellers.models import Organisation, Region, Seller
from tests.e2e.conftest import Desk, Walker
from tests.factories import make_customer, make_invoice, make_user
from web.database import now

pytestmark = pytest.mark.browser
LIST = "/ventes/envois"


def failed(session: Session, desk: Desk, answer: str, **over: object) -> tuple[str, int]:
    """Number and customer of an invoice whose e-mail the server refused."""
    seller, customer = session.get_one(Seller, desk.sellers[Region.FR]), make_customer(session, **over)  # type: ignore[arg-type]
    made = make_invoice(session, customer, seller, email=True, now=now())
    taken = claim(session, now(), 60, only=made.delivery_id)
    assert taken and settle_failed(session, taken, answer, "refused", now())
    return made.number, customer.id


def allow(desk: Desk, allowed: bool = True) -> None:
    with transaction(desk.sessions) as session:
        session.get_one(Organisation, 1).sends_again = allowed


def mails_of(desk: Desk, number: str) -> list[Delivery]:
    with desk.sessions() as session:
        query = select(Delivery).join(Delivery.invoice).where(Delivery.invoice.has(number=number))
        return list(session.scalars(query.order_by(Delivery.id)))


def test_from_a_failure_to_a_corrected_address(desk: Desk, walker: Walker) -> None:
    with transaction(desk.sessions) as session:
        number, customer_id = failed(session, desk, "550 5.1.1 No such user", last_name="Retour")
    walker.sign_in(desk.staff[Role.sales])
    walker.open(LIST)
    walker.sees(number, "L’adresse n’existe pas.", "550 5.1.1 No such user", "Classer")
    walker.open(f"/ventes/clients/{customer_id}")
    walker.sees("Le dernier courriel à cette adresse")
    walker.follow("Corriger l’adresse")
    walker.page.locator("#email").fill("juste@example.fr")
    walker.press("Enregistrer")
    walker.open(LIST)
    before = len(desk.mails.messages)
    walker.press(f"Réessayer à juste@example.fr {number}")
    walker.sees("Le courriel est de nouveau en file, pour juste@example.fr.")
    assert any(mail.recipients == ("juste@example.fr",) for mail in desk.mails.wait_for(before + 1))


def test_several_are_retried_and_one_is_set_aside(desk: Desk, walker: Walker) -> None:
    with transaction(desk.sessions) as session:
        made = [failed(session, desk, "552 5.2.2 Mailbox full") for _ in range(3)]
    (first, _one), (second, _two), (third, _three) = made
    walker.sign_in(desk.staff[Role.sales])
    walker.open(LIST)
    for number in (first, second):
        walker.page.get_by_label(f"Choisir {number}").check()
    walker.press("Réessayer les cochés")
    walker.sees("Mettre 2 courriels en file ?", first, second, "Réessayé : le même envoi, repris")
    walker.press("Envoyer 2 courriels")
    walker.sees("2 courriels sont en file.")
    walker.press(f"Classer {third}")
    walker.sees("Envoi classé : il reste dans l’historique.")
    states = [[mail.replaced_by_id is not None for mail in mails_of(desk, number)] for number in (first, second, third)]
    assert states == [[True, False], [True, False], [False]]
    assert mails_of(desk, third)[0].state is DeliveryState.failed


def test_a_document_is_sent_again_by_staff_and_by_its_member(desk: Desk, walker: Walker, password_hash: str) -> None:
    with transaction(desk.sessions) as session:
        seller = session.get_one(Seller, desk.sellers[Region.FR])
        member = make_user(session, Role.member, password_hash=password_hash, name="Zoé Retour")
        customer = make_customer(session, users=(member,), email=member.email)
        number = make_invoice(session, customer, seller, now=now()).number
        address = member.email
    allow(desk)
    walker.sign_in(address)
    walker.open(f"/mes-factures/{number}")
    before = len(desk.mails.messages)
    walker.press("Recevoir par courriel")
    walker.sees(f"Le courriel est en route pour {address}.")
    assert desk.mails.wait_for(before + 1)[-1].recipients == (address,)
    walker.sign_in(desk.staff[Role.sales])
    walker.open(f"/ventes/factures/{number}")
    walker.sees("Envoyer de nouveau", "Envoyée par courriel, à la demande du membre")
    allow(desk, False)
    walker.open(f"/ventes/factures/{number}")
    assert walker.page.get_by_role("button", name="Envoyer de nouveau").count() == 0


def test_staff_choose_the_morning_digest(desk: Desk, walker: Walker) -> None:
    walker.sign_in(desk.staff[Role.sales])
    for wanted in (True, False):
        walker.open("/mon-compte/courriels")
        walker.page.get_by_label("Recevoir le résumé du matin").set_checked(wanted)
        walker.press("Enregistrer mes préférences")
        with desk.sessions() as session:
            found = session.scalars(select(User).where(User.email == desk.staff[Role.sales])).one()
            assert found.wants_digest is wanted
