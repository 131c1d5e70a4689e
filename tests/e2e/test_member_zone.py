"""The member zone on a phone: by touch and by keyboard, with and without JavaScript, on both databases."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Download, Page

from invoicing.accounts.models import Role
from invoicing.database import transaction
from invoicing.journal import COMMAND
from invoicing.payments.models import PaymentMethod
from invoicing.payments.service import PaymentContent, record_payment
from invoicing.sellers.models import Region, Seller
from invoicing.zone.models import MemberVisit
from tests.documents.reading import words
from tests.e2e.conftest import Desk, Walker, walking
from tests.factories import make_customer, make_invoice, make_line, make_user
from web.database import now

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "accept_downloads": True}


@pytest.fixture
def phone(desk: Desk, chrome: Browser, scripted: bool) -> Iterator[Walker]:
    """Somebody with a phone."""
    yield from walking(desk, chrome, scripted, "fr-FR", **PHONE)


def furnished(desk: Desk, password_hash: str) -> tuple[str, list[str]]:
    """A member of two customers of one name, who was here between the first and the others: (e-mail, numbers)."""
    with transaction(desk.sessions) as session:
        user = make_user(session, Role.member, password_hash=password_hash)
        seller, quebec = (session.get_one(Seller, desk.sellers[region]) for region in (Region.FR, Region.QC))
        one, two = (make_customer(session, users=(user,), last_name="Lefèvre") for _ in range(2))
        today = now().date()
        old = make_invoice(session, one, seller, subject="Cotisation de l’an dernier", now=now())
        session.add(MemberVisit(user_id=user.id, looked_at=now(), since=None))
        new = make_invoice(session, one, seller, make_line(session, "Reliure d’œuvres", 90), subject="Stage", now=now())
        third = make_invoice(session, two, quebec, subject="Stage à Rimouski", now=now())
        content = PaymentContent(PaymentMethod.cheque, today, amount_cents=5_000)
        record_payment(session, COMMAND, now(), old.invoice_id, content, f"part {old.number}")
        return user.email, [old.number, new.number, third.number]


def touch(someone: Walker, role: str, name: str) -> None:
    """Taps a link or a button, and looks at what comes."""
    with someone.page.expect_navigation():
        someone.page.get_by_role(role, name=name).first.tap()  # type: ignore[arg-type]
    someone.look()


def enter(someone: Walker) -> None:
    """Presses the key, and looks at what comes."""
    with someone.page.expect_navigation():
        someone.page.keyboard.press("Enter")
    someone.look()


def tab_to(page: Page, role: str, name: str) -> None:
    """Goes on with the tab key until the focus is there."""
    wanted = page.get_by_role(role, name=name).first  # type: ignore[arg-type]
    for _ in range(80):
        if wanted.evaluate("it => it === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the tab key doesn't lead to {role} « {name} »")


def saved(download: Download) -> bytes:
    """What was downloaded."""
    return download.path().read_bytes()


def test_by_touch_from_what_is_new_to_a_zip_of_what_was_ticked(desk: Desk, phone: Walker, password_hash: str) -> None:
    email, (old, new, third) = furnished(desk, password_hash)
    phone.sign_in(email)
    phone.sees("Mes factures", "2 documents nouveaux depuis votre dernière visite", "3 factures à régler")
    touch(phone, "link", "2 documents nouveaux")
    phone.sees("Nouveau depuis votre dernière visite", new, third)
    assert old not in phone.page.locator("tbody").inner_text()
    touch(phone, "link", "Nouveau depuis votre dernière visite")
    phone.sees(old)
    for number in (old, third):
        phone.page.get_by_role("checkbox", name=f"Choisir {number}").tap()
    with phone.page.expect_download() as got:
        phone.page.get_by_role("button", name="Télécharger la sélection").tap()
    file = zipfile.ZipFile(io.BytesIO(saved(got.value)))
    assert sorted(file.namelist()) == sorted([f"{old}.pdf", f"{third}.pdf", "index.csv"])
    table = list(csv.DictReader(io.StringIO(file.read("index.csv").decode("utf-8-sig")), delimiter=";"))
    assert {row["Numéro"] for row in table} == {old, third}


def test_by_touch_one_customer_at_a_time(desk: Desk, phone: Walker, password_hash: str) -> None:
    email, (old, _new, third) = furnished(desk, password_hash)
    phone.sign_in(email)
    switch = phone.page.get_by_role("navigation", name="Factures de")
    assert switch.get_by_role("link").count() == 3
    with phone.page.expect_navigation():
        switch.get_by_role("link").nth(2).tap()
    phone.look()
    assert "client=" in phone.page.url
    first = phone.page.locator("tbody").inner_text()
    phone.open("/mes-factures")
    assert "client=" in phone.page.url and phone.page.locator("tbody").inner_text() == first
    assert (third in first) != (old in first)
    with phone.page.expect_navigation():
        phone.page.get_by_role("navigation", name="Factures de").get_by_role("link", name="Tous").tap()
    phone.sees(old, third)


def test_by_keyboard_a_search_then_the_statement(desk: Desk, phone: Walker, password_hash: str) -> None:
    email, (old, new, _third) = furnished(desk, password_hash)
    phone.sign_in(email)
    page = phone.page
    tab_to(page, "searchbox", "Chercher")
    page.keyboard.type("RELIURE oeuvres")
    enter(phone)
    phone.sees(new, "« RELIURE oeuvres »")
    assert old not in page.locator("tbody").inner_text()
    tab_to(page, "link", "Relevé de compte")
    enter(phone)
    phone.sees("Relevé de compte", "Solde de clôture", "À régler au")
    tab_to(page, "textbox", "Du")
    page.keyboard.press("Control+a")
    page.keyboard.type("hier")
    enter(phone)
    phone.sees("« hier » n’est pas une date.")
    tab_to(page, "link", "Depuis le début")
    enter(phone)
    tab_to(page, "link", "PDF")
    with page.expect_download() as got:
        page.keyboard.press("Enter")
    assert "Relevé de compte" in words(saved(got.value))


def test_a_document_says_how_to_pay_what_remains(desk: Desk, phone: Walker, password_hash: str) -> None:
    email, (old, _new, third) = furnished(desk, password_hash)
    phone.sign_in(email)
    phone.open(f"/mes-factures/{old}")
    phone.sees("sur 216,00 €, dont 50,00 € déjà réglés", "Comment payer", "IBAN")
    assert "166,00" in (phone.page.locator("svg.qr").get_attribute("aria-label") or "")
    phone.page.locator("summary", has_text="Ce que le document demandait").tap()
    phone.sees("Net à payer : 216,00 €")
    phone.open(f"/mes-factures/{third}")
    phone.sees("Virement Interac à")
    assert phone.page.locator("svg.qr").count() == 0


def test_older_documents_are_a_page_away(desk: Desk, phone: Walker, password_hash: str) -> None:
    with transaction(desk.sessions) as session:
        user = make_user(session, Role.member, password_hash=password_hash)
        seller = session.get_one(Seller, desk.sellers[Region.FR])
        customer = make_customer(session, users=(user,))
        made = [make_invoice(session, customer, seller, subject=f"Atelier {n}", now=now()).number for n in range(60)]
        email = user.email
    phone.sign_in(email)
    phone.sees("60 factures à régler", made[-1])
    touch(phone, "link", "Plus anciennes")
    phone.sees(made[0], "Plus récentes")
