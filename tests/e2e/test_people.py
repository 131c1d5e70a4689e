"""An organisation's manager with a telephone: looks, asks somebody in, confides, withdraws; with and without script."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from invoicing.accounts.models import Role, User
from invoicing.customers import managing
from invoicing.customers.access import everybody, link_user
from invoicing.customers.models import AccessRight
from invoicing.database import transaction
from invoicing.journal import COMMAND
from invoicing.sellers.models import Region, Seller
from lettrine.catcher import Caught
from tests.e2e.conftest import Desk, Walker, walking
from tests.factories import NOW, actor_of, make_customer, make_invoice, make_user
from web.database import now

pytestmark = pytest.mark.browser


@pytest.fixture
def phone(desk: Desk, chrome: Browser, scripted: bool) -> Iterator[Walker]:
    """Somebody with a telephone."""
    screen = {"width": 390, "height": 844}
    yield from walking(desk, chrome, scripted, "fr-FR", viewport=screen, has_touch=True)


def a_firm(desk: Desk, password_hash: str) -> tuple[int, str, str, str]:
    """An organisation with an invoice: its number, the addresses of its manager and of a reader, the invoice's."""
    with transaction(desk.sessions) as session:
        boss, reads = (
            make_user(session, Role.member, password_hash=password_hash, last_sign_in_at=NOW, name=name)
            for name in (f"Solène {secrets.token_hex(2)}", f"Bruno {secrets.token_hex(2)}")
        )
        firm = make_customer(session, kind="organisation", organisation_name=f"Reliure {secrets.token_hex(3)}",
                             users=(reads,))  # fmt: skip
        link_user(session, COMMAND, NOW, firm.id, boss.id, AccessRight.manages)
        seller = session.get_one(Seller, desk.sellers[Region.FR])
        return firm.id, boss.email, reads.email, make_invoice(session, firm, seller, now=now()).number


def rights(desk: Desk, firm_id: int) -> dict[str, str]:
    """What the database says."""
    with desk.sessions() as session:
        return {row.user.email: row.granted.value for row in everybody(session, firm_id)}


def mail_to(desk: Desk, address: str) -> str:
    """The text of the one mail to an address; the worker is waited for."""

    def found() -> list[Caught]:
        return [mail for mail in desk.mails.messages if address in mail.recipients]

    with desk.mails.arrived:
        assert desk.mails.arrived.wait_for(lambda: found() != [], timeout=30)
    part = found()[0].message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_a_manager_asks_in_confides_and_withdraws(desk: Desk, phone: Walker, password_hash: str) -> None:
    firm_id, boss, reads, _number = a_firm(desk, password_hash)
    new = f"neuve.{secrets.token_hex(3)}@example.org"
    phone.sign_in(boss)
    phone.page.locator("details.narrow > summary").click()
    phone.page.locator("details.narrow").get_by_role("link", name="Personnes").click()
    phone.page.wait_for_load_state("load")
    phone.look()
    phone.sees("2 personnes voient les factures", "(vous)", "Bruno")
    phone.page.locator("#email").fill("pas une adresse")
    phone.press("Inviter", exact=True)
    phone.sees("n’est pas une adresse")
    assert phone.page.locator("#email").input_value() == "pas une adresse"
    phone.page.locator("#email").fill(new)
    phone.page.locator("#language").select_option("en")
    phone.press("Inviter", exact=True)
    phone.sees(f"C’est fait : {new} verra ces factures", "pas encore de connexion")
    assert "http://" in mail_to(desk, new) and rights(desk, firm_id)[new] == "sees"
    phone.follow("Changer le droit de Bruno")
    phone.sees("Confier la gestion des accès à Bruno")
    phone.press("Confier la gestion")
    assert rights(desk, firm_id)[reads] == "manages"
    phone.follow(f"Retirer l’accès de {new}")
    phone.page.get_by_label("Accès donné par erreur").check()
    phone.press("Retirer l’accès")
    phone.sees("Accès retiré")
    assert new not in rights(desk, firm_id)


def test_whoever_is_withdrawn_finds_nothing_any_more(desk: Desk, phone: Walker, password_hash: str) -> None:
    firm_id, boss, reads, number = a_firm(desk, password_hash)
    phone.sign_in(reads)
    phone.open(f"/mes-factures/{number}")
    phone.sees(number)
    assert phone.page.goto(f"{desk.url}/mes-factures/personnes/{firm_id}").status == 404  # type: ignore[union-attr]
    with transaction(desk.sessions) as session:
        user = session.scalars(select(User).where(User.email == boss)).one()
        row = next(row.id for row in everybody(session, firm_id) if row.user.email == reads)
        managing.withdraw(session, actor_of(user), now(), firm_id, row)
    assert phone.page.goto(f"{desk.url}/mes-factures/{number}").status == 404  # type: ignore[union-attr]
    phone.open("/mes-factures")
    phone.sees("Aucune facture n’est rattachée à votre compte")


def test_the_last_manager_is_told_and_the_keyboard_is_enough(desk: Desk, phone: Walker, password_hash: str) -> None:
    firm_id, boss, _reads, _number = a_firm(desk, password_hash)
    phone.sign_in(boss)
    phone.open(f"/mes-factures/personnes/{firm_id}")
    link = phone.page.get_by_role("link", name=re.compile("Retirer l’accès de Solène"))
    link.focus()
    with phone.page.expect_navigation():
        phone.page.keyboard.press("Enter")
    phone.look()
    phone.sees("Personne d’autre ne gère les accès")
    assert phone.page.locator("main form").count() == 0
    phone.follow("Revenir")
    phone.page.locator("#email").focus()
    phone.page.keyboard.type(boss)
    with phone.page.expect_navigation():
        phone.page.keyboard.press("Enter")
    phone.sees("était déjà dans la liste")
    assert rights(desk, firm_id)[boss] == "manages"


def test_staff_give_access_on_the_record(desk: Desk, walker: Walker, password_hash: str) -> None:
    firm_id, _boss, _reads, _number = a_firm(desk, password_hash)
    new = f"neuve.{secrets.token_hex(3)}@example.org"
    walker.sign_in(desk.staff[Role.sales])
    walker.open(f"/ventes/clients/{firm_id}")
    walker.page.get_by_text("Donner accès à quelqu’un").click()
    walker.page.locator("#email").fill(new)
    walker.press("Donner accès")
    walker.sees("Aucun compte n’a l’adresse")
    walker.page.locator("#create").check()
    walker.press("Donner accès")
    walker.sees(f"{new} a accès à ces factures", "Historique des accès")
    walker.follow(f"Retirer l’accès de {new}")
    walker.press("Retirer l’accès")
    walker.sees("Accès retiré")
    assert new not in rights(desk, firm_id)


def test_an_administrator_invites_gives_a_role_and_disables(desk: Desk, walker: Walker) -> None:
    new = f"neuf.{secrets.token_hex(3)}@example.org"
    walker.sign_in(desk.staff[Role.admin])
    walker.open("/ventes/reglages")
    walker.follow("Utilisateurs")
    walker.follow("Inviter quelqu’un")
    walker.page.locator("#email").fill(new)
    walker.page.locator("#name").fill("Neuf Venu")
    walker.press("Créer le compte et inviter")
    walker.sees("Compte créé", "Lecture", "valable jusqu’au")
    walker.page.get_by_role("radio", name="Ventes").check()
    walker.press("Enregistrer le rôle")
    walker.sees("Rôle changé : Lecture → Ventes")
    walker.follow("Désactiver…")
    walker.press("Désactiver le compte")
    walker.sees("Compte désactivé", "Réactiver")
    walker.open("/ventes/utilisateurs?partie=desactives")
    walker.sees(new)
