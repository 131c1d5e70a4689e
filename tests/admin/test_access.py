"""Who sees a customer's invoices, as staff says it on the record: rights, reasons, history, new accounts."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from invoicing.accounts.models import Role, User
from invoicing.customers import access
from invoicing.customers.models import AccessRight, Customer
from invoicing.delivery.models import Delivery, DeliveryKind
from invoicing.journal import COMMAND
from tests.admin.desk import Desk
from tests.factories import NOW, make_customer, make_invoice, make_user


@pytest.fixture
def firm(desk: Desk) -> Customer:
    with desk.writing() as session:
        return make_customer(session, kind="organisation", organisation_name="Reliure & Cie", email="")


def record(customer: Customer) -> str:
    return f"/ventes/clients/{customer.id}"


def give(desk: Desk, customer: Customer, email: str, **values: object) -> TestResponse:
    return desk.send(f"{record(customer)}/acces", {"email": email, **values}, record(customer))


def rights(desk: Desk, customer: Customer) -> dict[str, AccessRight]:
    desk.session.rollback()
    return {row.user.email: row.granted for row in access.everybody(desk.session, customer.id)}


def text(answer: TestResponse) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)).replace("\xa0", " ")


def test_an_account_is_made_only_where_it_is_said(desk: Desk, firm: Customer) -> None:
    answer = give(desk, firm, "neuve@example.org", right="manages")
    assert answer.status_code == 422 and 'name="create"' in answer.text and desk.count(User) == 1
    assert re.search(r'value="manages"[^>]* checked', answer.text)
    answer = give(desk, firm, "neuve@example.org", right="manages", create="1", language="en")
    assert answer.location == record(firm)
    assert rights(desk, firm) == {"neuve@example.org": AccessRight.manages}
    user = desk.session.scalars(select(User).where(User.email == "neuve@example.org")).one()
    assert (user.role, user.language) == (Role.member, "en")
    assert [mail.kind for mail in desk.deliveries()] == [DeliveryKind.invitation]


def test_somebody_with_an_account_is_told_of_their_access(desk: Desk, firm: Customer) -> None:
    with desk.writing() as session:
        user = make_user(session, Role.member, last_sign_in_at=NOW)
    give(desk, firm, user.email)
    assert rights(desk, firm) == {user.email: AccessRight.sees}
    assert [(mail.kind, mail.customer_id) for mail in desk.deliveries()] == [(DeliveryKind.access, firm.id)]


def test_a_person_has_no_manager(desk: Desk) -> None:
    with desk.writing() as session:
        user = make_user(session, Role.member)
    assert 'value="manages"' not in desk.browser.get(record(desk.customer)).text
    answer = give(desk, desk.customer, user.email, right="manages")
    assert answer.status_code == 422 and "il n’y a pas d’accès à gérer" in text(answer)
    assert rights(desk, desk.customer) == {}


def test_a_right_is_confided_withdrawn_and_told_with_its_reason(desk: Desk, firm: Customer) -> None:
    with desk.writing() as session:
        user = make_user(session, Role.member, name="Bruno Keller")
    give(desk, firm, user.email)
    row = access.everybody(desk.session, firm.id)[0].id
    desk.send(f"{record(firm)}/acces/{row}/droit", {"right": "manages"}, record(firm))
    assert rights(desk, firm)[user.email] is AccessRight.manages
    page = f"{record(firm)}/acces/{row}/retirer"
    asked = desk.browser.get(page)
    assert "C’est la seule personne qui gère les accès" in text(asked) and rights(desk, firm)
    desk.send(page, {"why": "left"})
    assert rights(desk, firm) == {}
    told = text(desk.browser.get(record(firm)))
    for said in ("Accès donné : Bruno Keller, voit les factures", "Droit changé : Bruno Keller, gère les accès",
                 "Accès retiré : Bruno Keller", "par Nadia Benali : A quitté l’organisation"):  # fmt: skip
        assert said in told


def test_readers_see_the_history_and_no_button(desk: Desk, firm: Customer) -> None:
    with desk.writing() as session:
        user = make_user(session, Role.member, name="Bruno Keller")
        access.link_user(session, COMMAND, NOW, firm.id, user.id)
    page = desk.browser_of(Role.reader).get(record(firm))
    assert "Accès donné : Bruno Keller" in text(page) and "depuis la ligne de commande" in text(page)
    assert "/acces" not in page.text


def test_nobody_makes_themselves_a_manager(desk: Desk, firm: Customer) -> None:
    with desk.writing() as session:
        row = access.link_user(session, COMMAND, NOW, firm.id, desk.user.id).id
    answer = desk.send(f"{record(firm)}/acces/{row}/droit", {"right": "manages"}, record(firm))
    assert answer.status_code == 422 and "On ne se donne pas accès à soi-même" in text(answer)
    assert rights(desk, firm)[desk.user.email] is AccessRight.sees


def test_whoever_has_never_come_is_invited_again_a_disabled_one_is_not(desk: Desk, firm: Customer) -> None:
    with desk.writing() as session:
        user, shut = make_user(session, Role.member), make_user(session, Role.member, active=False)
        rows = [access.link_user(session, COMMAND, NOW, firm.id, each.id).id for each in (user, shut)]
    answers = [desk.send(f"{record(firm)}/acces/{row}/inviter", {}, record(firm)) for row in (*rows, rows[0])]
    assert [answer.status_code for answer in answers] == [302, 409, 302]
    assert [mail.recipient for mail in desk.deliveries()] == [user.email]  # the second within a minute mails nothing


def test_a_record_s_new_address_is_not_invited_without_a_decision(desk: Desk) -> None:
    with desk.writing() as session:
        user = make_user(session, Role.member, email="avant@example.org")
        member = make_customer(session, users=(user,), email="apres@example.org")
    answer = desk.send(f"{record(member)}/inviter", {}, record(member))
    assert answer.status_code == 409 and "une autre adresse que apres@example.org" in text(answer)
    assert 'value="apres@example.org"' in answer.text and 'name="create"' in answer.text
    assert desk.count(Delivery) == 0 and list(rights(desk, member)) == ["avant@example.org"]


def test_merging_carries_who_manages_as_ticked(desk: Desk, firm: Customer) -> None:
    with desk.writing() as session:
        ours, theirs, reads = (make_user(session, Role.member) for _ in range(3))
        other = make_customer(session, kind="organisation", organisation_name="Reliure & Compagnie", users=(reads,))
        access.link_user(session, COMMAND, NOW, firm.id, ours.id, AccessRight.manages)
        access.link_user(session, COMMAND, NOW, other.id, theirs.id, AccessRight.manages)
        make_invoice(session, other, desk.seller)
    page = f"{record(firm)}/fusionner/{other.id}"
    drawn = desk.browser.get(page).text
    boxes = {(name, int(value)): bool(ticked) for name, value, ticked in
             re.findall(r'name="(user|manager)" value="(\d+)"( checked)?', drawn)}  # fmt: skip
    assert boxes == {("user", ours.id): True, ("manager", ours.id): True, ("user", theirs.id): False,
                     ("manager", theirs.id): False, ("user", reads.id): False}  # fmt: skip
    shown = re.search(r'name="shown" value="([^"]+)"', drawn)
    form = {"shown": shown[1] if shown else "", "member_number": firm.member_number or "", "user": [ours.id, theirs.id],
            "manager": [theirs.id, reads.id]}  # fmt: skip
    assert desk.send(page, form).status_code == 303
    assert rights(desk, firm) == {ours.email: AccessRight.sees, theirs.email: AccessRight.manages}
