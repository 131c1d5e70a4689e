"""A campaign as people walk through it: choose, write, check, pause, go on, and see what was made."""

from __future__ import annotations

import secrets

import pytest
from sqlalchemy import func, select

from invoicing.accounts.models import Role
from invoicing.customers.models import Customer
from invoicing.database import transaction
from invoicing.delivery.models import Delivery
from invoicing.invoices.models import Invoice, InvoiceLine
from invoicing.sellers.models import Region
from lettrine import campaigner
from tests.e2e.conftest import Desk, Walker
from tests.e2e.test_letterings import arrive
from tests.factories import make_customer, tax_set

pytestmark = pytest.mark.browser


def members(desk: Desk, town: str, count: int) -> None:
    """Members in a town of their own; the first has no e-mail address, the last no postal one."""
    with transaction(desk.sessions) as session:
        for n in range(count):
            over = {"email": ""} if n == 0 else {"street": "", "postcode": ""} if n == count - 1 else {}
            make_customer(session, last_name=f"{town} {n:02}", **({"city": town} | over))


def write(walker: Walker, label: str) -> None:
    """The invoice: one line of 60 €."""
    with walker.desk.sessions() as session:
        chosen = tax_set(session, "FR_20").id
    walker.page.locator("#lines-0-label").fill(label)
    walker.page.locator("#lines-0-price").fill("60")
    walker.page.locator("#lines-0-tax_set").select_option(str(chosen))


def made(desk: Desk, label: str) -> tuple[int, int]:
    """How many invoices with this line stand, for how many customers."""
    with desk.sessions() as session:
        query = select(func.count(), func.count(func.distinct(Invoice.customer_id))).join(InvoiceLine.invoice)
        row = session.execute(query.where(InvoiceLine.label == label, Invoice.frozen_at.is_not(None))).one()
        return row[0], row[1]


def test_dues_are_chosen_written_checked_paused_and_made_once(desk: Desk, walker: Walker) -> None:
    town, label = f"Ville{secrets.token_hex(3)}", f"Cotisation {secrets.token_hex(3)}"
    members(desk, town, 30)
    walker.sign_in(desk.staff[Role.sales])
    walker.open("/ventes")
    walker.follow("Campagnes de facturation")
    walker.follow("Nouvelle campagne")
    walker.press("Continuer : la facture")
    walker.sees("Écrivez un nom.")
    walker.page.locator("#name").fill(f"Cotisations {town}")
    walker.page.locator("#q").fill(town)
    walker.page.locator("#seller_id").select_option(str(desk.sellers[Region.FR]))
    walker.press("Compter")
    walker.sees("30 clients choisis")
    walker.press("Continuer : la facture")
    walker.sees("La facture de chacun", "Établie au nom de")
    walker.page.get_by_role("button", name="Vérifier pour chaque membre").last.click()
    walker.page.wait_for_load_state("load")
    walker.look()
    assert walker.page.locator("[aria-invalid]").count()
    write(walker, label)
    walker.press("Calculer le total")
    walker.sees("72,00 €")
    walker.page.get_by_role("button", name="Vérifier pour chaque membre").last.click()
    arrive(walker, "Rien n’est encore fait.")
    walker.sees("29 factures sont prêtes, pour 2 088,00 €.", f"Exemple : Élodie {town} 00", "Sans e-mail")
    walker.follow("Suivant")
    walker.sees(f"Exemple : Élodie {town} 01")
    assert not walker.page.locator("input[name=send]").is_checked()
    walker.page.locator("input[name=send]").check()
    original = campaigner.MADE_AT_ONCE, campaigner.BREATH_SECONDS
    campaigner.MADE_AT_ONCE, campaigner.BREATH_SECONDS = 1, 1  # type: ignore[misc]
    try:
        walker.press("Produire les 29 factures")
        walker.sees("Les factures se font")
        walker.press("Mettre en pause")
        walker.sees("En pause :", "Reprendre")
        count, _customers = made(desk, label)
        assert count < 29
    finally:
        campaigner.MADE_AT_ONCE, campaigner.BREATH_SECONDS = original  # type: ignore[misc]
    walker.press("Reprendre")
    arrive(walker, "29 factures sont faites, pour 2 088,00 €.")
    assert made(desk, label) == (29, 29)
    walker.sees("1 sans courriel, faute d’adresse qui marche")
    assert mailed(desk, label) == 28
    walker.page.get_by_role("link", name="Voir les factures").click()
    walker.page.wait_for_load_state("load")
    walker.sees(f"Élodie {town} 28")


def mailed(desk: Desk, label: str) -> int:
    """How many e-mails are promised for invoices with this line."""
    with desk.sessions() as session:
        invoices = select(InvoiceLine.invoice_id).where(InvoiceLine.label == label)
        return session.scalar(select(func.count(Delivery.id)).where(Delivery.invoice_id.in_(invoices))) or 0


def test_a_list_says_what_is_wrong_and_the_campaign_is_abandoned(desk: Desk, walker: Walker) -> None:
    town = f"Bourg{secrets.token_hex(3)}"
    members(desk, town, 3)
    with desk.sessions() as session:
        ids = session.scalars(select(Customer).where(Customer.last_name.like(f"{town}%")).order_by(Customer.id)).all()
        numbers = [each.member_number for each in ids]
    walker.sign_in(desk.staff[Role.sales])
    walker.open("/ventes/campagnes/nouvelle")
    walker.page.locator("#name").fill(f"Liste {town}")
    walker.page.get_by_label("par une liste que je colle").check()
    walker.page.locator("#listed").fill("\n".join([*map(str, numbers), "personne@example.org", str(numbers[1])]))
    walker.page.locator("#seller_id").select_option(str(desk.sellers[Region.FR]))
    walker.press("Continuer : la facture")
    write(walker, f"Abonnement {town}")
    walker.page.get_by_role("button", name="Vérifier pour chaque membre").last.click()
    arrive(walker, "Rien n’est encore fait.")
    walker.sees("Il manque l’adresse du client.", "Client introuvable", "En double", "3 membres sont laissés de côté.")
    walker.page.get_by_role("link", name="Sans adresse").first.click()
    walker.page.wait_for_load_state("load")
    walker.look()
    walker.follow("Compléter")
    assert "/modifier#street" in walker.page.url
    walker.page.go_back()
    walker.follow("Abandonner…")
    walker.sees("Abandonner cette campagne ?")
    walker.press("Abandonner la campagne")
    walker.sees("Cette campagne a été abandonnée")
    assert made(desk, f"Abonnement {town}") == (0, 0)
