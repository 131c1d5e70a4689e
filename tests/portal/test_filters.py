"""« Mes factures »: filters, chips, the switch between customers, what is new; on both engines."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.accounts.models import User
from invoicing.customers.models import Customer
from invoicing.invoices.models import Invoice, Status
from invoicing.numbering import Mode
from invoicing.zone.models import MemberVisit
from tests.conftest import Browser
from tests.factories import NOW, make_customer, make_line, make_order, make_shop
from tests.portal.conftest import Issue, pay, signed_in
from tests.portal.test_invoices import numbers, shown

LATE = {"issued_on": date(2026, 11, 1), "due_on": date(2026, 11, 15)}


def chips(client: Browser, address: str) -> list[tuple[str, str]]:
    """What is active, with the address that takes it away."""
    found = re.findall(r'<a class="chip" href="([^"]+)">([^<]+)<', client.get(address).text)
    return [(text.replace("\u00a0", " "), unescape(href)) for href, text in found]


def test_the_late_ones_are_a_status_of_their_own(session: Session, browser: Browser, issue: Issue) -> None:
    late, paid = issue(**LATE), issue(**LATE)
    issue()
    pay(session, paid, date(2026, 11, 20))
    assert numbers(browser, "/mes-factures?statut=en-retard") == [late.number]


def test_orders_that_came_to_nothing_are_chosen_where_there_are_any(
    session: Session, browser: Browser, issue: Issue, customer: Customer
) -> None:
    issue()
    assert "Autres commandes" not in shown(browser)
    session.commit()
    shop = make_shop(session, mode=Mode.portal_reference)
    order = make_order(session, shop, customer, status=Status.placed)
    session.commit()
    assert "Autres commandes" in shown(browser)
    assert numbers(browser, "/mes-factures?statut=autres") == [order.number]


def test_lines_amounts_and_the_official_reference_are_searched(
    session: Session, browser: Browser, issue: Issue, customer: Customer
) -> None:
    issue()
    found = issue(make_line(session, "Reliure d’œuvres", 1_095), subject="Stage")
    shop = make_shop(session, mode=Mode.portal_reference)
    session.commit()
    for query in ("RELIURE+oeuvre", "1%C2%A0314%2C00%C2%A0€", "1314", "stage"):
        assert numbers(browser, f"/mes-factures?q={query}") == [found.number], query
    order = make_order(session, shop, customer)
    from invoicing.journal import COMMAND
    from invoicing.lettering.service import letter

    letter(session, COMMAND, NOW, order.id, "VT-2026-É77", 0)
    session.commit()
    assert numbers(browser, "/mes-factures?q=vt-2026-e77") == [order.number]


def test_a_search_stays_within_what_is_theirs(session: Session, browser: Browser, issue: Issue) -> None:
    issue(to=make_customer(session, last_name="Voisin"), subject="Commun")
    mine = issue(subject="Commun")
    assert numbers(browser, "/mes-factures?q=commun") == [mine.number]


def test_each_filter_is_a_chip_that_takes_it_away(browser: Browser, issue: Issue) -> None:
    issue(**LATE)
    address = "/mes-factures?annee=2026&statut=en-retard&q=cotisation"
    assert dict(chips(browser, address)) == {
        "2026": "/mes-factures?statut=en-retard&q=cotisation",
        "En retard": "/mes-factures?annee=2026&q=cotisation",
        "« cotisation »": "/mes-factures?annee=2026&statut=en-retard",
    }
    assert chips(browser, "/mes-factures") == []


def two(session: Session, elodie: User, issue: Issue, **over: object) -> tuple[Invoice, Invoice, Customer]:
    """An invoice of her own, one of another customer that she is linked to."""
    other = make_customer(session, users=(elodie,), **{"last_name": "Atelier", **over})
    return issue(), issue(to=other), other


def test_the_switch_shows_one_customer_and_is_remembered(
    session: Session, browser: Browser, issue: Issue, elodie: User
) -> None:
    own, others, other = two(session, elodie, issue)
    assert numbers(browser) == [others.number, own.number]
    assert numbers(browser, f"/mes-factures?client={other.id}") == [others.number]
    answer = browser.get("/mes-factures?annee=2026")
    assert answer.status_code == 302 and answer.location == f"/mes-factures?annee=2026&client={other.id}"
    assert numbers(browser, "/mes-factures?client=tous") == [others.number, own.number]
    assert numbers(browser) == [others.number, own.number]


@pytest.mark.parametrize(
    "typed", ["_anchor=x", "_scheme=javascript", "_external=1&_scheme=ftp", "_method=PUT", "endpoint=x", "self=x"]
)
def test_a_word_of_the_address_is_never_taken_for_one_of_ours(
    session: Session, browser: Browser, issue: Issue, elodie: User, typed: str
) -> None:
    _own, _others, other = two(session, elodie, issue)
    browser.get(f"/mes-factures?client={other.id}")
    answer = browser.get(f"/mes-factures?{typed}")
    assert (answer.status_code, answer.location) == (302, f"/mes-factures?{typed}&client={other.id}")


def test_the_switch_changes_what_is_due_and_who_is_named(
    session: Session, browser: Browser, issue: Issue, elodie: User
) -> None:
    _own, _others, other = two(session, elodie, issue)
    assert "432,00 €" in shown(browser).split("Année")[0]
    top = shown(browser, f"/mes-factures?client={other.id}").split("Année")[0]
    assert "432,00 €" not in top and "216,00 €" in top
    assert f"membre n° {other.member_number}" in top


def test_a_customer_that_is_not_theirs_changes_nothing(
    session: Session, browser: Browser, issue: Issue, elodie: User
) -> None:
    own, others, _other = two(session, elodie, issue)
    foreign = make_customer(session)
    session.commit()
    for asked in (foreign.id, 99_999, "x", 2**40):
        assert numbers(browser, f"/mes-factures?client={asked}") == [others.number, own.number]
    assert browser.get("/mes-factures").status_code == 200


def test_a_withdrawn_customer_is_forgotten(session: Session, browser: Browser, issue: Issue, elodie: User) -> None:
    own, _others, other = two(session, elodie, issue)
    third = make_customer(session, users=(elodie,))
    session.commit()
    assert numbers(browser, f"/mes-factures?client={other.id}")
    session.rollback()  # the look was noted meanwhile
    session.delete(other.access[0])
    session.commit()
    assert third and numbers(browser) == [own.number]


def test_homonyms_are_told_apart(session: Session, browser: Browser, issue: Issue, elodie: User) -> None:
    _own, _others, other = two(session, elodie, issue, last_name="Lefèvre")
    text = shown(browser)
    assert f"Élodie Lefèvre (membre n° {other.member_number})" in text
    assert "Factures : Élodie Lefèvre (membre n°" in text


def test_many_customers_are_chosen_from_a_list(session: Session, browser: Browser, issue: Issue, elodie: User) -> None:
    for n in range(6):
        make_customer(session, users=(elodie,), last_name=f"Autre {n}")
    issue()
    page = browser.get("/mes-factures").text
    assert '<select class="form-select" id="client"' in page and page.count('<option value="tous"') == 1


def visited(app: Flask, session: Session, elodie: User, days: int) -> Browser:
    """She looked at her invoices some days ago; her browser of today."""
    session.add(MemberVisit(user_id=elodie.id, looked_at=NOW - timedelta(days=days), since=None))
    return signed_in(app, session, elodie)


def test_what_stands_since_the_last_visit_is_marked_and_stays_so_while_the_visit_lasts(
    app: Flask, session: Session, elodie: User, customer: Customer, issue: Issue
) -> None:
    old = issue(now=NOW - timedelta(days=9), issued_on=date(2026, 11, 13), due_on=date(2026, 12, 13))
    new = issue(subject="Toute neuve")
    client = visited(app, session, elodie, days=4)
    for _ in range(2):
        text = shown(client)
        assert "1 document nouveau depuis votre dernière visite" in text
        assert text.count("Nouveau ") == 1 and "Toute neuve Nouveau" in text
    assert numbers(client, "/mes-factures?nouveau=1") == [new.number]
    assert numbers(client) == [new.number, old.number]
    with time_machine.travel(NOW.replace(hour=13, minute=15).isoformat() + "+00:00", tick=False):
        assert "Nouveau" not in shown(client)
        assert numbers(client, "/mes-factures?nouveau=1") == []


def test_nothing_is_new_at_the_first_visit(browser: Browser, issue: Issue) -> None:
    issue()
    assert "Nouveau" not in shown(browser)
    assert "nouveau depuis" not in shown(browser, "/mes-factures?nouveau=1")


def test_head_notes_no_visit(session: Session, browser: Browser, issue: Issue) -> None:
    issue()
    browser.head("/mes-factures")
    session.rollback()
    assert session.scalars(select(MemberVisit)).all() == []
    browser.get("/mes-factures")
    session.rollback()
    assert len(session.scalars(select(MemberVisit)).all()) == 1


def test_the_filter_leads_to_a_zip_of_what_it_shows(browser: Browser, issue: Issue) -> None:
    issue()
    page = browser.get("/mes-factures?annee=2026&q=cotisation").text
    assert 'href="/mes-factures/documents/zip?annee=2026&amp;q=cotisation"' in page


def test_a_whole_page_can_be_ticked_in_one_address(
    session: Session, browser: Browser, issue: Issue, credit: Callable[[], Invoice]
) -> None:
    made = [issue().number, credit().number]
    page = browser.get("/mes-factures").text
    assert sorted(re.findall(r'name="n" value="([^"]+)"', page)) == sorted(filter(None, made))
