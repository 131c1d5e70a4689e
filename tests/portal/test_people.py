"""« Personnes »: what an organisation's manager does in the member zone, and what others find there."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from invoicing.accounts.models import Role, SignInSession, User
from invoicing.accounts.service import set_active
from invoicing.customers.access import everybody, link_user
from invoicing.customers.models import AccessRight, Customer, CustomerAccess
from invoicing.database import committing
from invoicing.delivery.models import Delivery
from invoicing.journal import COMMAND, JournalEntry
from invoicing.sellers.models import Seller
from tests.conftest import Browser
from tests.factories import NOW, make_customer, make_invoice, make_user
from tests.portal.conftest import signed_in


@dataclass
class Firm:
    """An organisation with a manager at a browser, somebody who reads, and an invoice."""

    session: Session
    app: Flask
    browser: Browser
    customer: Customer
    boss: User
    reader: User
    number: str

    @property
    def home(self) -> str:
        return f"/mes-factures/personnes/{self.customer.id}"

    def row(self, user: User) -> int:
        self.session.rollback()
        return next(row.id for row in everybody(self.session, self.customer.id) if row.user_id == user.id)

    def rights(self) -> dict[int, str]:
        self.session.rollback()
        return {row.user_id: row.granted.value for row in everybody(self.session, self.customer.id)}

    def send(self, path: str, values: dict[str, object] | None = None, form: str = "") -> TestResponse:
        return self.browser.send(f"{self.home}{path}", values, form or self.home)

    def invite(self, email: str, language: str = "fr_FR", right: str = "sees") -> TestResponse:
        return self.send("/inviter", {"email": email, "language": language, "right": right})

    def count(self, table: type) -> int:
        self.session.rollback()
        return self.session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def firm(app: Flask, session: Session, seller: Seller) -> Firm:
    boss = make_user(session, Role.member, name="Solène Marchetti", last_sign_in_at=NOW)
    reader = make_user(session, Role.member, name="Bruno Keller", last_sign_in_at=NOW)
    made = make_customer(session, kind="organisation", organisation_name="Reliure & Cie", users=(reader,))
    link_user(session, COMMAND, NOW, made.id, boss.id, AccessRight.manages)
    number = make_invoice(session, made, seller).number
    return Firm(session, app, signed_in(app, session, boss), made, boss, reader, number)


def text(answer: TestResponse) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)).replace("\xa0", " ").replace("&#39;", "'")


def test_the_only_organisation_opens_at_once_and_stands_in_the_menu(firm: Firm) -> None:
    assert "/mes-factures/personnes" in firm.browser.get("/mes-factures").text
    answer = firm.browser.get("/mes-factures/personnes")
    assert answer.location == firm.home
    page = text(firm.browser.get(firm.home))
    assert "Reliure &amp; Cie · 2 personnes voient les factures" in page
    assert "Solène Marchetti (vous)" in page and "Bruno Keller" in page and firm.reader.email in page


def test_of_several_organisations_one_is_chosen(firm: Firm) -> None:
    with committing(firm.session) as session:
        other = make_customer(session, kind="organisation", organisation_name="Papeterie")
        link_user(session, COMMAND, NOW, other.id, firm.boss.id, AccessRight.manages)
    page = firm.browser.get("/mes-factures/personnes")
    assert page.status_code == 200 and f"personnes/{other.id}" in page.text and firm.home in page.text


def test_whoever_only_reads_has_no_such_page(firm: Firm) -> None:
    browser = signed_in(firm.app, firm.session, firm.reader)
    assert "personnes" not in browser.get("/mes-factures").text
    for path in ("/mes-factures/personnes", firm.home, f"{firm.home}/{firm.row(firm.boss)}/retirer"):
        assert browser.get(path).status_code == 404


def test_known_and_unknown_addresses_get_the_same_answer_and_the_same_row(firm: Firm) -> None:
    with committing(firm.session) as session:
        known = make_user(session, Role.sales, name="Nom Secret", email="known@example.org", last_sign_in_at=NOW)
        shut = make_user(session, Role.member, name="Nom Secret", email="shuts@example.org", active=False)
    seen = []
    for email in (known.email, "fresh@example.org", shut.email):
        answer = firm.invite(email)
        assert (answer.status_code, answer.location) == (303, firm.home)
        page = firm.browser.get(firm.home)
        assert "Nom Secret" not in page.text
        row = next(row for row in page.text.split("<tr>") if email in row)
        flash = re.search(r'<div class="flash ok".*?</div>\s*</div>', page.text, re.S)
        assert flash
        seen.append(re.sub(r"\d+", "0", (row + flash[0]).replace(email, "X")))
    tokens = [re.sub(r'value="[^"]+"', "", each) for each in seen]
    assert tokens[0] == tokens[1] == tokens[2]
    assert firm.count(Delivery) == 2  # nothing goes to a disabled account, and nobody can tell


def test_the_name_of_somebody_is_shown_once_they_have_come(firm: Firm) -> None:
    with committing(firm.session) as session:
        known = make_user(session, Role.member, name="Nom Connu", email="known@example.org", last_sign_in_at=NOW)
    firm.invite(known.email)
    assert "Nom Connu" not in firm.browser.get(firm.home).text
    with committing(firm.session):
        known.last_sign_in_at = NOW.replace(year=2100)
    assert "Nom Connu" in firm.browser.get(firm.home).text


@pytest.mark.parametrize(("email", "said"), [
    ("", "Écrivez une adresse e-mail"), ("pas une adresse", "n’est pas une adresse"),
    ("<b>@x", "n’est pas une adresse"), ("é" * 300, "n’est pas une adresse"),
])  # fmt: skip
def test_what_is_wrong_stays_in_the_form_and_makes_nobody(firm: Firm, email: str, said: str) -> None:
    people = firm.count(User)
    answer = firm.invite(email, right="manages")
    assert answer.status_code == 422 and said in text(answer) and "<b>@x" not in answer.text
    assert re.search(r'value="manages"[^>]* checked', answer.text)
    assert firm.count(User) == people and firm.count(Delivery) == 0


def test_a_tampered_form_is_refused_field_by_field(firm: Firm) -> None:
    answer = firm.invite("x@example.org", language="tlh", right="owns")
    assert answer.status_code == 422 and answer.text.count('class="invalid') + answer.text.count('-e"') >= 2
    assert firm.count(Delivery) == 0


def test_an_organisation_s_manager_is_counted(firm: Firm) -> None:
    statuses = [firm.invite(f"x{n}@example.org").status_code for n in range(22)]
    assert statuses == [303] * 20 + [429] * 2
    assert firm.count(CustomerAccess) == 22


def test_a_right_is_confided_after_a_question_and_taken_back(firm: Firm) -> None:
    path = f"/{firm.row(firm.reader)}/droit"
    assert "Confier la gestion des accès à Bruno Keller" in text(firm.browser.get(firm.home + path))
    assert firm.rights()[firm.reader.id] == "sees"  # asking changes nothing
    assert firm.send(path, {"right": "manages"}, firm.home + path).location == firm.home
    assert firm.rights()[firm.reader.id] == "manages"
    firm.send(path, {"right": "sees"}, firm.home + path)
    assert firm.rights()[firm.reader.id] == "sees"


def test_withdrawn_everything_is_gone_at_the_next_request(firm: Firm) -> None:
    browser = signed_in(firm.app, firm.session, firm.reader)
    invoice = f"/mes-factures/{firm.number}"
    assert browser.get(invoice).status_code == browser.get(f"{invoice}/pdf").status_code == 200
    path = f"/{firm.row(firm.reader)}/retirer"
    assert "Retirer l’accès de Bruno Keller" in text(firm.browser.get(firm.home + path))
    firm.send(path, {"why": "left"}, firm.home + path)
    assert [browser.get(address).status_code for address in (invoice, f"{invoice}/pdf")] == [404, 404]
    assert "Aucune facture n’est rattachée" in text(browser.get("/mes-factures"))
    firm.session.rollback()
    entry = firm.session.scalars(select(JournalEntry).order_by(JournalEntry.position.desc())).first()
    assert entry and (entry.action, entry.actor_id) == ("customer.access_withdrawn", firm.boss.id)
    assert entry.facts()["why"] == [None, "left"]


def test_the_last_manager_is_told_why_they_stay(firm: Firm) -> None:
    for path, form in ((f"/{firm.row(firm.boss)}/retirer", {}), (f"/{firm.row(firm.boss)}/droit", {"right": "sees"})):
        page = firm.browser.get(firm.home + path)
        assert "Personne d’autre ne gère les accès" in text(page) and '<form method="post">' not in page.text
        answer = firm.send(path, form, firm.home)  # sent all the same
        assert answer.status_code == 409 and "Rien n’a été changé" in text(answer)
    assert firm.rights()[firm.boss.id] == "manages"


def test_a_manager_leaves_once_there_is_another(firm: Firm) -> None:
    firm.send(f"/{firm.row(firm.reader)}/droit", {"right": "manages"}, firm.home)
    assert firm.send(f"/{firm.row(firm.boss)}/retirer", {}, firm.home).location == "/mes-factures"
    assert firm.browser.get(firm.home).status_code == 404 and list(firm.rights()) == [firm.reader.id]


def test_whoever_has_not_come_is_written_to_again(firm: Firm) -> None:
    firm.invite("x@example.org")
    firm.session.rollback()
    new = firm.session.scalars(select(User).where(User.email == "x@example.org")).one()
    path = f"/{firm.row(new)}/relancer"
    assert f"{firm.home}{path}" in firm.browser.get(firm.home).text
    assert firm.send(path, {}, firm.home).status_code == 303  # within a minute: the same answer, no second mail
    assert firm.count(Delivery) == 1
    assert f"{firm.row(firm.reader)}/relancer" not in firm.browser.get(firm.home).text


def test_a_disabled_manager_is_out_at_the_next_request(firm: Firm) -> None:
    with committing(firm.session) as session:
        set_active(session, COMMAND, NOW, firm.boss.id, False)
    assert firm.browser.get(firm.home).location == "/connexion"
    assert firm.browser.post(f"{firm.home}/inviter").status_code in (302, 400)


def test_a_right_that_is_none_is_refused(firm: Firm) -> None:
    path = f"/{firm.row(firm.reader)}/droit"
    assert firm.send(path, {"right": "owns"}, firm.home).status_code == 422
    assert firm.rights()[firm.reader.id] == "sees"


def test_the_page_is_in_english_for_whoever_reads_english(firm: Firm) -> None:
    with committing(firm.session):
        firm.boss.language = "en"
    page = text(firm.browser.get(firm.home))
    assert "Reliure &amp; Cie · 2 people see the invoices" in page and "Invite a person" in page


def test_giving_access_asks_once_more_who_is_there(firm: Firm) -> None:
    with committing(firm.session) as session:
        session.execute(update(SignInSession).values(proved_at=NOW.replace(year=2020)))
    path = f"/{firm.row(firm.reader)}/droit"
    for answer in (firm.invite("x@example.org"), firm.send(path, {"right": "manages"}, firm.home)):
        assert answer.location == "/connexion/confirmation"
    assert firm.rights()[firm.reader.id] == "sees" and firm.count(Delivery) == 0
    assert firm.send(f"/{firm.row(firm.reader)}/retirer", {}, firm.home).location == firm.home  # away is free
