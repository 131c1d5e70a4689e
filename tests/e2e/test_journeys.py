"""The main journeys, as people walk them: in French, with and without JavaScript, on both databases."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader
from sqlalchemy import select

from invoicing.accounts.models import Role, User
from invoicing.customers.models import Customer
from invoicing.database import transaction
from invoicing.delivery.models import Delivery
from invoicing.documents.models import DocumentVersion
from invoicing.invoices.models import Invoice
from invoicing.sellers.models import Region, Seller
from lettrine.catcher import Caught
from tests.e2e.conftest import Desk, Walker, walking
from tests.factories import make_customer, make_invoice, make_user
from web.database import now

pytestmark = pytest.mark.browser


def new_member(desk: Desk, password_hash: str, **over: object) -> tuple[int, str]:
    """A member who can sign in: (customer, e-mail)."""
    with transaction(desk.sessions) as session:
        user = make_user(session, Role.member, password_hash=password_hash)
        customer = make_customer(session, users=(user,), email=user.email, seller_id=desk.sellers[Region.FR], **over)
        return customer.id, user.email


def write_lines(someone: Walker) -> None:
    """Two lines, with a comma and with a point."""
    page = someone.page
    page.locator("#lines-0-label").fill("Cotisation annuelle 2027, membre actif")
    page.locator("#lines-0-price").fill("180,00")
    page.locator("#lines-0-tax_set").select_option(label="Non soumis")
    someone.press("Ajouter une ligne libre")
    page.locator("#lines-1-label").fill("Stage de gravure")
    page.locator("#lines-1-quantity").fill("2")
    page.locator("#lines-1-price").fill("95.50")
    page.locator("#lines-1-tax_set").select_option(
        label="TVA 20 %" if page.get_by_text("TVA 20 %").count() else "TVA 20\u00a0%"
    )


def finalise(someone: Walker, customer_id: int, ticked: bool) -> str:
    """From the record to the finalised invoice; returns its number."""
    someone.open(f"/ventes/clients/{customer_id}")
    someone.follow("Produire une facture")
    write_lines(someone)
    someone.press("Voir le total")
    someone.sees("Vérifier, puis finaliser", "409,20 €", "Brouillon")
    box = someone.page.get_by_role("checkbox", name="Envoyer par courriel")
    assert not box.is_checked()
    if ticked:
        box.check()
        someone.sees("Un courriel partira à")
        someone.press("Finaliser et envoyer")
    else:
        someone.sees("Aucun courriel ne partira.")
        someone.press("Finaliser sans envoyer")
    found = re.search(r"F\d{4}-\d{5}", someone.page.locator("h1").inner_text())
    assert found, someone.page.locator("h1").inner_text()
    return found[0]


def mails_to(desk: Desk, address: str, wait: bool = False) -> list[Caught]:
    """The mails that the server got for an address; waits for one if asked."""

    def found() -> list[Caught]:
        return [mail for mail in desk.mails.messages if address in mail.recipients]

    if wait:
        with desk.mails.arrived:
            assert desk.mails.arrived.wait_for(lambda: bool(found()), 30), f"no mail to {address}"
    return found()


def archived(desk: Desk, number: str) -> str:
    """The SHA-256 of the invoice's archived PDF."""
    with desk.sessions() as session:
        query = select(DocumentVersion.sha256).join(Invoice, Invoice.id == DocumentVersion.invoice_id)
        return session.scalars(query.where(Invoice.number == number)).one() or ""


def download(someone: Walker, path: str) -> bytes:
    """What a path answers in this browser's session."""
    answer = someone.page.request.get(someone.desk.url + path)
    assert answer.status == 200
    return answer.body()


def test_ticked_sends_one_mail_with_the_pdf(desk: Desk, walker: Walker, password_hash: str) -> None:
    customer_id, email = new_member(desk, password_hash)
    walker.sign_in(desk.staff[Role.sales])
    number = finalise(walker, customer_id, ticked=True)
    walker.sees("finalisée", email)
    (mail,) = mails_to(desk, email, wait=True)
    assert number in mail.message["Subject"]
    (attached,) = mail.attachments
    assert attached.get_filename() == f"{number}.pdf"
    data = attached.get_payload(decode=True)
    assert isinstance(data, bytes)
    assert hashlib.sha256(data).hexdigest() == archived(desk, number)
    words = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    assert "409,20" in words and number in words and "Stage de gravure" in words
    with desk.sessions() as session:
        invoice = session.scalars(select(Invoice).where(Invoice.number == number)).one()
        assert len(session.scalars(select(Delivery).where(Delivery.invoice_id == invoice.id)).all()) == 1


def test_not_ticked_sends_none_and_the_member_sees_it_at_once(desk: Desk, walker: Walker, password_hash: str) -> None:
    customer_id, email = new_member(desk, password_hash)
    walker.sign_in(desk.staff[Role.sales])
    number = finalise(walker, customer_id, ticked=False)
    walker.follow("Voir la facture")
    walker.sees(f"Facture : {number}", "Pas d’envoi demandé à la création", "Inviter le membre à se connecter",
                "Écrire depuis ma messagerie")  # fmt: skip
    walker.sign_in(email)
    walker.sees("Mes factures", number, "409,20 €")
    walker.follow("Cotisation annuelle 2027, membre actif")
    walker.sees("Comment payer", "FR76 3000 6000 0112 3456 7890 189", "Stage de gravure", "TVA 20")
    assert hashlib.sha256(download(walker, f"/mes-factures/{number}/pdf")).hexdigest() == archived(desk, number)
    assert mails_to(desk, email) == []


def test_a_contact_becomes_a_member_and_finds_the_older_invoice(desk: Desk, walker: Walker, password_hash: str) -> None:
    with transaction(desk.sessions) as session:
        contact = make_customer(session, member=False, seller_id=desk.sellers[Region.FR])
        customer_id, email = contact.id, contact.email
    walker.sign_in(desk.staff[Role.sales])
    number = finalise(walker, customer_id, ticked=False)
    walker.follow("Voir la facture")
    walker.sees("Un contact n’a pas de zone membre")
    assert walker.page.get_by_role("button", name="Inviter le membre à se connecter").count() == 0
    walker.follow("Faire de ce contact un membre")
    walker.press("En faire un membre")
    walker.press("Inviter à se connecter")
    (mail,) = mails_to(desk, email, wait=True)
    assert mail.attachments == []
    link = re.search(r"http://localhost:\d+(/connexion/mot-de-passe/\S+)", mail.body("plain"))
    assert link
    walker.page.context.clear_cookies()
    walker.open(link[1])
    walker.page.locator("#password").fill("une longue phrase de passe")
    walker.press("Enregistrer")
    walker.page.locator("#email").fill(email)
    walker.press("Utiliser mon mot de passe")
    walker.page.locator("#password").fill("une longue phrase de passe")
    walker.press("connecter")
    walker.sees("Mes factures", number)


def test_a_member_downloads_and_another_member_finds_nothing(desk: Desk, walker: Walker, password_hash: str) -> None:
    customer_id, email = new_member(desk, password_hash)
    _, stranger = new_member(desk, password_hash)
    with transaction(desk.sessions) as session:
        seller = session.get_one(Seller, desk.sellers[Region.FR])
        number = make_invoice(session, session.get_one(Customer, customer_id), seller, now=now()).number
    walker.sign_in(email)
    walker.sees(number)
    assert download(walker, f"/mes-factures/{number}/pdf").startswith(b"%PDF-")
    walker.sign_in(stranger)
    walker.sees("Vous n’avez pas encore de facture")
    for path in (f"/mes-factures/{number}", f"/mes-factures/{number}/pdf", "/mes-factures/F1999-00001"):
        assert walker.page.request.get(desk.url + path).status == 404
        walker.page.goto(desk.url + path)
        walker.look()
        walker.sees("n’existe pas")


@pytest.mark.parametrize("role", [Role.member, Role.reader])
def test_who_may_not_gets_403(desk: Desk, walker: Walker, password_hash: str, role: Role) -> None:
    customer_id, email = new_member(desk, password_hash)
    walker.sign_in(email if role is Role.member else desk.staff[role])
    walker.page.goto(f"{desk.url}/ventes/clients/{customer_id}/facture")
    walker.look()
    walker.sees("droit")
    assert walker.page.request.get(f"{desk.url}/ventes/clients/{customer_id}/facture").status == 403
    if role is Role.member:
        assert walker.page.request.get(f"{desk.url}/ventes").status == 403


def test_a_form_full_of_mistakes_keeps_everything_and_names_each(
    desk: Desk, walker: Walker, password_hash: str
) -> None:
    customer_id, _ = new_member(desk, password_hash)
    walker.sign_in(desk.staff[Role.sales])
    walker.open(f"/ventes/clients/{customer_id}/facture")
    typed = {
        "lines-0-label": "Abonnement <b>« Caractères »</b>", "lines-0-quantity": "deux", "lines-0-price": "soixante",
        "lines-0-discount": "120", "issued_on": "31/02/2026", "due_on": "bientôt", "subject": "Revue",
        "note": "À bientôt",
    }  # fmt: skip
    for name, value in typed.items():
        walker.page.locator(f"#{name}").fill(value)
    walker.press("Voir le total")
    walker.sees("« soixante » n’est pas un montant")
    for name, value in typed.items():
        assert walker.page.locator(f"#{name}").input_value() == value
    for name in ("lines-0-quantity", "lines-0-price", "lines-0-discount", "issued_on", "due_on"):
        field = walker.page.locator(f"#{name}")
        assert field.get_attribute("aria-invalid") == "true", name
        described = (field.get_attribute("aria-describedby") or "").split()[0]
        assert walker.page.locator(f"#{described}").inner_text().strip(), name
        assert walker.page.locator(f'a[href="#{name}"]').count() == 1, name
    with desk.sessions() as session:
        assert session.scalars(select(Invoice).where(Invoice.customer_id == customer_id)).all() == []


@pytest.fixture
def english(desk: Desk, chrome: Browser) -> Iterator[Walker]:
    """Somebody at an English browser, on a phone."""
    yield from walking(desk, chrome, True, "en-GB", viewport={"width": 390, "height": 844})


def test_the_main_journey_in_english_on_a_phone(desk: Desk, english: Walker, password_hash: str) -> None:
    customer_id, email = new_member(desk, password_hash, language="en")
    english.sign_in(desk.staff[Role.sales])
    with transaction(desk.sessions) as session:
        for user in session.scalars(select(User)).all():
            user.language = "en"
    english.open(f"/ventes/clients/{customer_id}/facture")
    english.page.locator("#lines-0-label").fill("Annual membership 2027")
    english.page.locator("#lines-0-price").fill("1,234.50")
    english.page.locator("#lines-0-tax_set").select_option(label="No VAT")
    english.press("See the total")
    english.sees("€1,234.50")
    english.page.get_by_role("checkbox", name="Send by e-mail").check()
    english.press("Finalise and send")
    (mail,) = mails_to(desk, email, wait=True)
    assert mail.message["Subject"].startswith("Invoice F")
    english.sign_in(email)
    english.sees("My invoices", "Annual membership 2027", "€1,234.50")
