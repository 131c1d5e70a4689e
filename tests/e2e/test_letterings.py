"""The treasurer's evening: an accounting export comes in, is checked, lettered at once, by hand, and taken back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from invoicing.accounts.models import Role
from invoicing.database import transaction
from invoicing.invoices.models import Invoice
from invoicing.sellers.models import Region, Seller
from tests.e2e.conftest import Desk, Walker
from tests.e2e.test_lettering import lettering_of
from tests.factories import make_customer, make_order, make_shop

pytestmark = pytest.mark.browser
HEADINGS = "Pièce;Date pièce;Libellé;Tiers;Montant TTC"


def orders(desk: Desk, count: int) -> list[Invoice]:
    """Complete orders of a shop of their own, waiting for their reference."""
    with transaction(desk.sessions) as session:
        shop = make_shop(session, session.get_one(Seller, desk.sellers[Region.FR]))
        session.flush()
        made = [make_order(session, shop, make_customer(session), transaction_code=f"TU9LLK1EB{shop.id:06}N{mark}TQ==")
                for mark in "ABCDEFGH"[:count]]  # fmt: skip
        session.flush()
        for each in made:
            session.refresh(each)
        session.expunge_all()
    return made


def export(tag: str, *rows: tuple[str, Invoice, int]) -> bytes:
    """(label, order, cents more than its total) each, under references that begin with `tag`."""
    lines = [HEADINGS]
    for n, (label, order, more) in enumerate(rows, start=1):
        cents = order.total_cents + more
        lines.append(f"{tag}-{n};24/11/2026;{label};Client {n};{cents // 100},{cents % 100:02}")
    return "\r\n".join([*lines, ""]).encode("cp1252")


def bring(walker: Walker, name: str, content: bytes) -> None:
    """Brings a file, and waits until its columns are shown."""
    walker.open("/ventes/imports/lettrages")
    walker.sees("Importer des lettrages", "Rien n’est lettré à cette étape.")
    walker.page.locator("#file").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    walker.press("Lire le fichier")
    arrive(walker, "Que contient chaque colonne")


def arrive(walker: Walker, text: str) -> None:
    """Waits for the worker: with script the page changes by itself, without it somebody follows « Actualiser »."""
    shown = walker.page.get_by_text(text).first
    again = walker.page.get_by_role("link", name="Actualiser")
    if walker.scripted:
        expect(shown).to_be_visible(timeout=30_000)
    else:
        expect(shown.or_(again).first).to_be_visible()
        for _ in range(300):
            if shown.count():
                break
            again.click()
            walker.page.wait_for_load_state("load")
    expect(shown).to_be_visible()
    walker.look()


def test_a_file_is_brought_read_checked_lettered_and_taken_back(desk: Desk, walker: Walker) -> None:
    first, second, third, fourth = orders(desk, 4)
    tag = f"FA-{first.id}"
    walker.sign_in(desk.staff[Role.sales])
    rows = ((f"Vente {first.number}", first, 0), (f"Vente {second.number}", second, 0),
            (f"Vente {third.number}", third, 500), (f"Commande {fourth.transaction_code}", fourth, 0))  # fmt: skip
    bring(walker, "export-compta.csv", export(tag, *rows))
    walker.sees("Pièce", f"{tag}-1", "reconnue")
    walker.press("Vérifier les 4 lignes")
    arrive(walker, "Lettrer 2 factures")
    walker.sees("À lettrer", "Montant différent", "Propositions", "Tout en une fois, ou rien.")
    assert lettering_of(desk, first.number or "") == (None, 0)
    walker.press("Lettrer 2 factures")
    arrive(walker, "2 factures lettrées")
    assert lettering_of(desk, second.number or "") == (f"{tag}-2", 1)
    by_hand(walker, fourth)
    walker.sees("1 facture lettrée.")
    assert lettering_of(desk, fourth.number or "") == (f"{tag}-4", 1)
    despite(walker, third)
    assert lettering_of(desk, third.number or "") == (f"{tag}-3", 1)
    walker.follow("Tout reprendre…")
    walker.sees("Garder les lettrages")
    walker.press("Tout reprendre")
    arrive(walker, "repris en entier")
    assert [lettering_of(desk, each.number or "")[0] for each in (first, second, fourth)] == [None, None, f"{tag}-4"]


def by_hand(walker: Walker, order: Invoice) -> None:
    """Takes the only suggestion."""
    walker.page.get_by_role("link", name="Propositions").first.click()
    walker.page.wait_for_load_state("load")
    walker.sees(order.number or "")
    walker.page.locator("input[name=take]").first.check()
    walker.press("Lettrer les propositions cochées")


def despite(walker: Walker, order: Invoice) -> None:
    """Letters what differs, and says why."""
    walker.follow("Lettrer quand même…")
    walker.sees(f"Lettrer {order.number} malgré l’écart ?")
    walker.press("Lettrer quand même")
    assert walker.page.locator("#reason[aria-invalid]").count() == 1
    walker.page.locator("#reason").fill("Port facturé à part")
    walker.press("Lettrer quand même")
    walker.sees("Lettrage enregistré.")


def test_what_is_no_table_is_refused_and_another_file_is_a_step_away(desk: Desk, walker: Walker) -> None:
    walker.sign_in(desk.staff[Role.sales])
    walker.open("/ventes/imports/lettrages")
    walker.press("Lire le fichier")
    walker.sees("Choisissez un fichier.")
    walker.page.locator("#file").set_input_files(
        {"name": "scan-grand-livre.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 rien"}
    )
    walker.press("Lire le fichier")
    arrive(walker, "n’est pas un tableau")
    walker.follow("Choisir un autre fichier")
    walker.sees("Fichier de votre logiciel de comptabilité", "scan-grand-livre.pdf")
