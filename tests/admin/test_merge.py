"""Merging two records as staff do it: found, compared, confirmed; the old address leads to the record that stays."""

from __future__ import annotations

import re

import pytest

from invoicing.accounts.models import Role
from invoicing.customers import queries, service
from invoicing.customers.models import Customer
from invoicing.invoices.models import Invoice
from invoicing.journal import COMMAND
from tests.admin.desk import Desk, hidden
from tests.factories import NOW, make_customer, make_draft, make_invoice, make_user

CLIENTS = "/ventes/clients"


@pytest.fixture
def double(desk: Desk) -> Customer:
    """A contact of the same name as the desk's member, with an invoice, a draft and a telephone."""
    with desk.writing() as session:
        double = make_customer(session, member=False, last_name=desk.customer.last_name, phone="0479 12 34 56")
        make_invoice(session, double, desk.seller)
        make_draft(session, double, desk.seller)
    return double


def page_of(desk: Desk, kept: Customer, gone: Customer) -> str:
    """The address of the question."""
    return f"{CLIENTS}/{kept.id}/fusionner/{gone.id}"


def send(desk: Desk, kept: Customer, gone: Customer, **values: object) -> object:
    """Answers the question as it was drawn."""
    page = page_of(desk, kept, gone)
    return desk.send(page, {"shown": hidden(desk.browser.get(page).text, "shown"), **values})


def test_a_namesake_is_suggested_on_the_record_and_in_the_choice(desk: Desk, double: Customer) -> None:
    record, choice = (desk.browser.get(f"{CLIENTS}/{desk.customer.id}{more}").text for more in ("", "/fusionner"))
    assert page_of(desk, desk.customer, double) in record and f"{CLIENTS}/{desk.customer.id}/fusionner" in record
    assert page_of(desk, desk.customer, double) in choice


def test_any_other_record_is_found_but_never_the_same_one(desk: Desk, double: Customer) -> None:
    page = desk.browser.get(f"{CLIENTS}/{desk.customer.id}/fusionner?q=lefevre").text
    assert page_of(desk, desk.customer, double) in page
    assert f"fusionner/{desk.customer.id}" not in page
    assert "Aucune autre fiche ne correspond" in desk.browser.get(f"{CLIENTS}/{double.id}/fusionner?q=zzz").text


def test_the_question_says_what_moves_and_what_can_be_filled(desk: Desk, double: Customer) -> None:
    page = desk.browser.get(page_of(desk, desk.customer, double)).text
    assert "1 document établi" in page and "1 brouillon" in page and "peut compléter" in page
    assert page_of(desk, double, desk.customer) in page  # the other way round is one click away
    assert desk.customer.email in page and double.email in page


def test_asking_changes_nothing(desk: Desk, double: Customer) -> None:
    for method in ("GET", "HEAD"):
        assert desk.browser.open(page_of(desk, desk.customer, double), method=method).status_code == 200
    desk.session.rollback()
    assert desk.session.get_one(Customer, double.id).merged_into_id is None


def test_answered_everything_is_on_the_record_that_stays(desk: Desk, double: Customer) -> None:
    answer = send(desk, desk.customer, double, fill="1")
    assert (answer.status_code, answer.location) == (303, f"{CLIENTS}/{desk.customer.id}")  # type: ignore[attr-defined]
    page = desk.browser.get(f"{CLIENTS}/{desk.customer.id}").text
    assert "2 documents sont passés ici" in page.replace("\xa0", " ") and "0479 12 34 56" in page.replace("\xa0", " ")
    assert "F2026-00001" in page and 'class="btn btn-wide"' in page
    assert "Passée à une autre fiche" in desk.browser.get("/ventes/factures/F2026-00001").text


@pytest.mark.parametrize("more", ["", "/modifier", "/fusionner", "/facture"])
def test_the_old_address_leads_to_the_record_that_stays(desk: Desk, double: Customer, more: str) -> None:
    send(desk, desk.customer, double)
    assert desk.browser.get(f"{CLIENTS}/{double.id}{more}").location == f"{CLIENTS}/{desk.customer.id}{more}"


def test_sent_twice_it_is_done_once_and_said(desk: Desk, double: Customer) -> None:
    page = page_of(desk, desk.customer, double)
    form = {"shown": hidden(desk.browser.get(page).text, "shown"), "csrf_token": desk.browser.token(page)}
    assert desk.browser.post(page, data=form).status_code == 303
    again = desk.browser.post(page, data=form)
    assert (again.status_code, again.location) == (303, f"{CLIENTS}/{desk.customer.id}")
    assert "a été fusionnée avec celle-ci" in desk.browser.get(again.location).text
    assert desk.browser.get(page).location == f"{CLIENTS}/{desk.customer.id}"


def test_a_form_that_is_stale_is_drawn_anew(desk: Desk, double: Customer) -> None:
    page = page_of(desk, desk.customer, double)
    seen = hidden(desk.browser.get(page).text, "shown")
    with desk.writing() as session:
        service.make_member(session, COMMAND, NOW, double.id, "")
    answer = desk.send(page, {"shown": seen})
    assert answer.status_code == 409 and "changé cela entre-temps" in answer.text
    assert hidden(answer.text, "shown") != seen and "Quel numéro de membre reste" in answer.text


def test_two_member_numbers_must_be_chosen_from(desk: Desk) -> None:
    with desk.writing() as session:
        other = make_customer(session)
    answer = send(desk, desk.customer, other, member_number="")
    assert answer.status_code == 422 and "Erreur" in answer.text  # type: ignore[attr-defined]
    theirs = other.member_number
    send(desk, desk.customer, other, member_number=theirs)
    assert desk.session.get_one(Customer, desk.customer.id).member_number == theirs


def test_only_those_of_the_record_that_stays_are_ticked(desk: Desk) -> None:
    with desk.writing() as session:
        ours, theirs = make_user(session, Role.member), make_user(session, Role.member)
        kept, gone = make_customer(session, users=(ours,)), make_customer(session, users=(theirs,))
    page = desk.browser.get(page_of(desk, kept, gone)).text
    ticked = re.findall(r'name="user" value="(\d+)" checked', page)
    assert ticked == [str(ours.id)] and f'name="user" value="{theirs.id}"' in page
    send(desk, kept, gone, member_number=kept.member_number, user=[theirs.id])
    assert [access.user_id for access in queries.customer(desk.session, kept.id).access] == [theirs.id]


def test_where_nobody_sees_the_record_that_stays_the_others_people_are_ticked_never_oneself(desk: Desk) -> None:
    with desk.writing() as session:
        theirs, elsewhere = make_user(session, Role.member), make_user(session, Role.member)
        kept, gone = make_customer(session), make_customer(session, users=(theirs, elsewhere, desk.user))
        make_customer(session, users=(elsewhere,))
    page = desk.browser.get(page_of(desk, kept, gone)).text
    ticked = re.findall(r'name="user" value="(\d+)" checked', page)
    assert sorted(ticked) == sorted([str(theirs.id), str(elsewhere.id)])
    assert page.count("sans coche, ne verra plus aucune facture") == 1


def test_nobody_ticks_themselves(desk: Desk) -> None:
    with desk.writing() as session:
        kept, gone = make_customer(session), make_customer(session, users=(desk.user,))
    page = desk.browser.get(page_of(desk, kept, gone)).text
    assert "On ne se donne pas accès à soi-même" in page and 'name="user"' not in page
    answer = send(desk, kept, gone, member_number=kept.member_number, user=[desk.user.id])
    assert answer.status_code == 422 and "Rien n’a été changé" in answer.text  # type: ignore[attr-defined]
    assert not queries.customer(desk.session, kept.id).access


def test_one_record_alone_cannot_be_merged(desk: Desk) -> None:
    assert desk.browser.get(page_of(desk, desk.customer, desk.customer)).status_code == 422


def test_a_person_and_an_organisation_are_doubted(desk: Desk) -> None:
    with desk.writing() as session:
        firm = make_customer(session, kind="organisation", organisation_name="Reliure & Cie")
    page = desk.browser.get(page_of(desk, desk.customer, firm)).text
    assert "l’autre une organisation" in page and "Reliure &amp; Cie" in page


def test_readers_see_no_way_to_merge(desk: Desk, double: Customer) -> None:
    page = desk.browser_of(Role.reader).get(f"{CLIENTS}/{desk.customer.id}").text
    assert "fusionner" not in page


def test_older_invoices_are_there_once_the_merged_contact_is_a_member(desk: Desk, double: Customer) -> None:
    with desk.writing() as session:
        contact, person = make_customer(session, member=False), make_user(session, Role.member)
    send(desk, contact, double)
    desk.send(f"{CLIENTS}/{contact.id}/membre", {"member_number": ""})
    desk.send(f"{CLIENTS}/{contact.id}/acces", {"email": person.email}, f"{CLIENTS}/{contact.id}")
    browser = desk.app.test_client().become(person)  # type: ignore[attr-defined]
    assert "F2026-00001" in browser.get("/mes-factures").text
    assert browser.get("/mes-factures/F2026-00001").status_code == 200
    assert desk.count(Invoice) == 2
