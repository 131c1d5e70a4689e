"""The member zone on a record: contact to member, invitations, who may see what."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from invoicing.accounts.models import Role, User
from invoicing.customers.models import Customer, CustomerAccess
from invoicing.delivery.models import Delivery, DeliveryKind
from invoicing.invoices.models import Invoice
from invoicing.journal import JournalEntry
from tests.admin.desk import Desk
from tests.factories import make_customer, make_invoice, make_user


def record(customer: Customer) -> str:
    return f"/ventes/clients/{customer.id}"


@pytest.fixture
def contact(desk: Desk) -> Customer:
    """A contact with one invoice."""
    with desk.writing() as s:
        contact = make_customer(s, member=False, last_name="Roy", email="roy@example.org")
        make_invoice(s, contact, desk.seller)
    return contact


def somebody(desk: Desk, **values: object) -> User:
    """A member's user, committed."""
    with desk.writing() as s:
        return make_user(s, Role.member, **values)


def become(desk: Desk, contact: Customer, **data: object) -> TestResponse:
    return desk.send(f"{record(contact)}/membre", data)


def invite(desk: Desk, customer: Customer) -> TestResponse:
    return desk.send(f"{record(customer)}/inviter", {}, record(desk.customer))


def link(desk: Desk, customer: Customer, email: str) -> TestResponse:
    return desk.send(f"{record(customer)}/acces", {"email": email}, record(desk.customer))


def test_the_question_says_the_consequence_and_ticks_nothing(desk: Desk, contact: Customer) -> None:
    page = desk.browser.get(f"{record(contact)}/membre").text
    assert "la facture déjà établie y sera" in page and "Vide : le suivant, 00002." in page.replace("\xa0", " ")
    assert " checked" not in page and f'href="{record(contact)}">Garder comme contact' in page
    assert not contact.is_member


def test_a_contact_becomes_a_member_and_nothing_is_mailed(desk: Desk, contact: Customer) -> None:
    assert become(desk, contact).location == record(contact)
    assert contact.is_member and contact.member_number == "00002" and desk.count(Delivery) == 0
    assert "00002" in desk.session.scalars(select(Customer.search_text).where(Customer.id == contact.id)).one()


def test_ticked_the_invitation_goes_to_the_members_own_address(desk: Desk, contact: Customer) -> None:
    become(desk, contact, invite="1", member_number="R-7")
    (delivery,) = desk.deliveries()
    assert (contact.member_number, delivery.kind, delivery.recipient) == ("R-7", DeliveryKind.invitation, contact.email)


def test_a_new_member_finds_the_older_invoices(desk: Desk, contact: Customer) -> None:
    become(desk, contact, invite="1")
    user = desk.session.scalars(select(User).where(User.email == contact.email)).one()
    number = desk.session.scalars(select(Invoice.number)).one()
    zone = desk.app.test_client().become(user)  # type: ignore[attr-defined]
    assert number in zone.get("/mes-factures").text


def test_a_taken_number_is_refused_and_kept_in_the_form(desk: Desk, contact: Customer) -> None:
    answer = become(desk, contact, member_number=desk.customer.member_number, invite="1")
    assert answer.status_code == 409 and "est déjà celui d’un autre membre" in answer.text
    assert f'value="{desk.customer.member_number}"' in answer.text and 'value="1" checked' in answer.text
    assert not contact.is_member and desk.count(Delivery) == 0


def test_an_invitation_that_cannot_leave_makes_no_member(desk: Desk, contact: Customer) -> None:
    somebody(desk, email=contact.email)
    answer = become(desk, contact, invite="1")
    assert answer.status_code == 409 and "existe déjà, sans accès à ces factures" in answer.text
    assert not contact.is_member


def test_said_twice_it_is_done_once(desk: Desk, contact: Customer) -> None:
    become(desk, contact)
    answer = desk.browser.send(f"{record(contact)}/membre", form=record(desk.customer), follow_redirects=True)
    assert "déjà un membre" in answer.text
    assert desk.browser.get(f"{record(contact)}/membre").location == record(contact)


def test_inviting_makes_the_user_the_right_and_one_mail(desk: Desk) -> None:
    answer = invite(desk, desk.customer)
    assert answer.location == record(desk.customer)
    user = desk.session.scalars(select(User).where(User.email == desk.customer.email)).one()
    assert (user.role, user.password_hash, user.name) == (Role.member, None, desk.customer.name)
    assert [access.user_id for access in desk.customer.access] == [user.id] and desk.count(Delivery) == 1
    page = desk.browser.get(record(desk.customer)).text
    assert f"L’invitation part pour {desk.customer.email}" in page and "pas encore de connexion" in page


def test_a_second_click_mails_nothing_more(desk: Desk) -> None:
    invite(desk, desk.customer)
    assert invite(desk, desk.customer).status_code == 302
    assert desk.count(Delivery) == desk.count(CustomerAccess) == 1


def test_the_worker_is_told_after_the_commit(desk: Desk) -> None:
    told: list[int] = []
    services = desk.app.extensions["lettrine"]
    desk.app.extensions["lettrine"] = replace(services, nudge=lambda: told.append(desk.count(Delivery)))
    invite(desk, desk.customer)
    assert told == [1]


def test_a_contact_is_not_invited(desk: Desk, contact: Customer) -> None:
    answer = invite(desk, contact)
    assert answer.status_code == 409 and "faites-en d’abord un membre" in answer.text and desk.count(Delivery) == 0


def test_without_an_address_nobody_is_invited(desk: Desk) -> None:
    with desk.writing() as s:
        member = make_customer(s, email="")
    page = desk.browser.get(record(member)).text
    assert "pas d’invitation" in page and "/inviter" not in page
    answer = invite(desk, member)
    assert answer.status_code == 422 and "ajoutez d’abord l’adresse" in answer.text


def test_a_disabled_user_is_not_invited(desk: Desk) -> None:
    with desk.writing() as s:
        user = make_user(s, Role.member, active=False, email="fermee@example.org")
        member = make_customer(s, users=(user,), email=user.email)
    answer = invite(desk, member)
    assert answer.status_code == 409 and "désactivé" in answer.text and desk.count(Delivery) == 0
    assert "compte désactivé" in desk.browser.get(record(member)).text


def test_an_address_of_somebody_else_is_not_invited_but_offered_to_be_linked(desk: Desk) -> None:
    somebody(desk, email=desk.customer.email)
    answer = invite(desk, desk.customer)
    assert answer.status_code == 409 and "existe déjà, sans accès" in answer.text
    assert f'value="{desk.customer.email}"' in answer.text and desk.count(CustomerAccess) == 0


def test_an_existing_user_is_given_access_and_loses_it(desk: Desk) -> None:
    user = somebody(desk, email="compta@example.org", name="Comptabilité")
    assert link(desk, desk.customer, " COMPTA@Example.org ").location == record(desk.customer)
    access = desk.session.scalars(select(CustomerAccess)).one()
    assert (access.user_id, access.granted_by_id) == (user.id, desk.user.id)
    assert link(desk, desk.customer, user.email).status_code == 302 and desk.count(CustomerAccess) == 1
    path = f"{record(desk.customer)}/acces/{access.id}/retirer"
    assert desk.send(path, {}, record(desk.customer)).location == record(desk.customer)
    assert desk.count(CustomerAccess) == 0
    actions = [entry.action for entry in desk.session.scalars(select(JournalEntry).order_by(JournalEntry.position))]
    told = [action for action in actions if action.startswith("customer.access")]
    assert told == ["customer.access_given", "customer.access_withdrawn"]


@pytest.mark.parametrize("email", ["nobody@example.org", "", "<b>", "é" * 300])
def test_an_address_without_an_account_stays_in_the_form(desk: Desk, email: str) -> None:
    answer = link(desk, desk.customer, email)
    assert answer.status_code == 422 and 'id="email-e"' in answer.text and "<details" in answer.text
    assert "<b></b>" not in answer.text and desk.count(CustomerAccess) == 0


def test_nobody_gives_access_to_themselves(desk: Desk) -> None:
    answer = link(desk, desk.customer, desk.user.email)
    assert answer.status_code == 422 and "On ne se donne pas accès à soi-même" in answer.text
    assert desk.count(CustomerAccess) == 0


def test_nobody_is_linked_to_a_contact(desk: Desk, contact: Customer) -> None:
    user = somebody(desk)
    assert link(desk, contact, user.email).status_code == 409 and desk.count(CustomerAccess) == 0


def test_an_access_of_another_customer_is_not_found(desk: Desk) -> None:
    with desk.writing() as s:
        other = make_customer(s, users=(make_user(s, Role.member),))
    access_id = desk.session.scalars(select(CustomerAccess.id)).one()
    for number in (access_id, 999):
        path = f"{record(desk.customer)}/acces/{number}/retirer"
        assert desk.send(path, {}, record(desk.customer)).status_code == 404
    assert [access.id for access in other.access] == [access_id]


@pytest.mark.parametrize("path", ["inviter", "acces", "acces/1/retirer"])
def test_a_reader_may_do_none_of_it_and_a_get_does_nothing(desk: Desk, path: str) -> None:
    address = f"{record(desk.customer)}/{path}"
    assert desk.browser_of(Role.reader).send(address, form="/preferences").status_code == 403
    looked = 404 if path.endswith("retirer") else 405  # the question, of a right that isn't there
    assert desk.browser.get(address).status_code == desk.browser.head(address).status_code == looked
    assert desk.browser.post(address).status_code == 400  # without the form's token
    assert desk.count(Delivery) == 0


def test_a_second_invitation_within_a_minute_is_said_not_to_have_gone(desk: Desk) -> None:
    said = []
    for _ in range(2):
        invite(desk, desk.customer)
        said.append("précédentes ne servent plus" in desk.browser.get(record(desk.customer)).text)
    assert said == [True, False] and desk.count(Delivery) == 1
