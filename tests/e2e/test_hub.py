"""« Service commercial » as its people walk through it: eight links, a catalogue to sell from, files, reset."""

from __future__ import annotations

import itertools
import json
import secrets
import time
import urllib.request
from pathlib import Path

import pytest
from sqlalchemy import func, select

from invoicing.accounts.models import Role
from invoicing.database import transaction
from invoicing.invoices.models import Invoice, Status
from invoicing.sellers.models import Region, Seller
from invoicing.shop.models import Shop, SoldUnit
from tests.e2e.conftest import Desk, Walker
from tests.factories import make_customer, make_draft, make_invoice, make_order, make_shop
from web.database import now

pytestmark = pytest.mark.browser
_serials = itertools.count(1)
LINKS = (
    "Toutes les boutiques", "Toutes les factures", "Toutes les unités de ventes", "Tous les clients",
    "Gérer les taxes", "Scanner les traces marchandes",
)  # fmt: skip
ADMINS = ("Réglages généraux", "Réinitialiser la boutique")


def name_of(word: str) -> str:
    """A name that no other journey on this desk has."""
    return f"{word} {secrets.token_hex(3)}"


@pytest.mark.parametrize("role", [Role.reader, Role.sales, Role.admin])
def test_each_of_the_eight_links_leads_to_its_page(desk: Desk, walker: Walker, role: Role) -> None:
    walker.sign_in(desk.staff[role])
    for name in LINKS + (ADMINS if role is Role.admin else ()):
        walker.open("/ventes")
        walker.page.locator(".doors").get_by_role("link", name=name, exact=True).click()
        walker.page.wait_for_load_state("load")
        walker.look()
        assert name in walker.page.locator("h1").inner_text()
    if role is not Role.admin:
        walker.open("/ventes")
        for name in ADMINS:
            walker.sees(name)
            assert walker.page.locator(".doors").get_by_role("link", name=name, exact=True).count() == 0
        assert walker.page.goto(f"{desk.url}/ventes/reinitialiser").status == 403  # type: ignore[union-attr]


def new_item(walker: Walker, catalogue: str, item: str, code: str) -> None:
    """A catalogue with one category and one item, through the forms."""
    walker.open("/ventes")
    walker.follow("Nouveau catalogue")
    walker.page.locator("#name").fill(catalogue)
    walker.press("Enregistrer le catalogue")
    walker.follow("Nouvelle catégorie")
    walker.page.locator("#name").fill("Stages")
    walker.press("Enregistrer la catégorie")
    walker.follow("Nouvel article")
    walker.press("Enregistrer l’article")
    assert walker.page.locator("[aria-invalid=true]").count() >= 2  # what is missing is said at its fields
    walker.page.locator("#label").fill(item)
    walker.page.locator("#price").fill("150,00")
    walker.page.locator("#tax_set").select_option(label="TVA 20 %")
    walker.page.locator("#code").fill(code)
    walker.page.locator("#category").select_option(label="Stages")
    walker.page.locator("#validity_days").fill("365")
    walker.press("Enregistrer l’article")
    walker.sees(item, "150,00 €")


def new_shop(walker: Walker, shop: str, catalogue: str, prefix: str) -> str:
    """A shop with a new series, and a key of it: the key's text."""
    walker.open("/ventes/boutiques")
    walker.follow("Nouvelle boutique")
    walker.page.locator("#name").fill(shop)
    walker.page.locator("#catalogue_id").select_option(label=f"{catalogue} (EUR)")
    walker.page.locator("#seller_id").select_option(index=1)
    walker.page.locator("input[name=source][value=generated]").check()
    walker.page.locator("#prefix").fill(prefix)
    walker.press("Enregistrer la boutique")
    walker.sees(shop, catalogue)
    walker.page.locator("#label").fill("site de production")
    for box in walker.page.locator("input[name=scopes]").all():
        box.check()
    walker.press("Faire la clé")
    secret = walker.page.locator("#secret").inner_text()
    walker.follow("Je l’ai copiée")
    walker.sees("site de production", secret[:10])
    assert secret not in walker.page.content()
    return secret


def post(desk: Desk, key: str, path: str, body: dict[str, object]) -> dict[str, object]:
    """What the shop's program sends, and the answer."""
    request = urllib.request.Request(
        f"{desk.url}/api/v1{path}", json.dumps(body).encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}, method="POST",
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: dict[str, object] = json.load(answer)
        return found


def test_from_a_new_catalogue_to_a_shop_s_order_and_its_units(desk: Desk, walker: Walker) -> None:
    catalogue, item, shop = name_of("Catalogue"), name_of("Stage de gravure"), name_of("Boutique")
    code = f"stage-{next(_serials)}"
    walker.sign_in(desk.staff[Role.sales])
    new_item(walker, catalogue, item, code)
    walker.open("/ventes")
    row = walker.page.locator("section", has=walker.page.locator("#catalogues")).get_by_role("row", name=catalogue)
    assert [cell.strip() for cell in row.locator("td.n").all_inner_texts()] == ["1", "1"]
    walker.sign_in(desk.staff[Role.admin])
    key = new_shop(walker, shop, catalogue, f"{secrets.token_hex(2).upper()}-")
    transaction_code = f"{secrets.token_hex(4)}+/="
    post(desk, key, "/customers", {"id": "1042", "first_name": "Élodie", "last_name": name_of("Lefèvre")})
    post(desk, key, "/orders", {
        "transaction_code": transaction_code, "customer_id": "1042", "ordered_at": f"{now():%Y-%m-%dT%H:%M:%S}Z",
        "status": "complete", "lines": [{"item": code, "quantity": "3"}], "total": "540.00",
    })  # fmt: skip
    walker.sign_in(desk.staff[Role.sales])
    walker.open(f"/ventes/factures?q={item.rpartition(' ')[2]}")  # the one hit is opened
    walker.sees("Facture :", transaction_code, "540,00 €")
    walker.page.get_by_role("link", name=transaction_code).first.click()
    walker.page.wait_for_load_state("load")
    walker.look()
    walker.sees("Trace", transaction_code, shop)
    walker.open("/ventes/unites")
    walker.page.locator("#q").fill(item)
    walker.press("Rechercher", exact=True)
    walker.sees(item, shop, "En cours")
    with desk.sessions() as session:
        sold = select(func.count()).select_from(SoldUnit).join(Invoice, Invoice.id == SoldUnit.invoice_id)
        assert session.scalar(sold.where(Invoice.transaction_code == transaction_code)) == 3


def test_a_catalogue_that_a_shop_sells_from_stays(desk: Desk, walker: Walker) -> None:
    with transaction(desk.sessions) as session:
        shop = make_shop(session, session.get_one(Seller, desk.sellers[Region.FR]))
        catalogue_id, shop_name = shop.catalogue_id, shop.name
    walker.sign_in(desk.staff[Role.sales])
    walker.open(f"/ventes/catalogues/{catalogue_id}/supprimer")
    walker.sees(shop_name)
    assert walker.page.get_by_role("button", name="Supprimer le catalogue").count() == 0


def test_two_records_of_one_person_become_one(desk: Desk, walker: Walker) -> None:
    last = name_of("Thériault")
    with transaction(desk.sessions) as session:
        seller = session.get_one(Seller, desk.sellers[Region.FR])
        kept = make_customer(session, seller_id=seller.id, first_name="Florence", last_name=last)
        other = make_customer(session, member=False, first_name="Florence", last_name=last, phone="04 79 00 00 00")
        number, kept_id, other_id = make_invoice(session, other, seller, now=now()).number, kept.id, other.id
    walker.sign_in(desk.staff[Role.sales])
    walker.open(f"/ventes/clients/{kept_id}")
    walker.follow("Comparer pour fusionner")
    walker.sees("Fusionner ces deux fiches ?", "1 document établi", "04 79 00 00 00")
    walker.press("Fusionner les deux fiches")
    walker.sees(number)
    walker.open(f"/ventes/clients/{other_id}")
    assert walker.page.url.endswith(f"/ventes/clients/{kept_id}")
    walker.open(f"/ventes/clients?q={last.rpartition(' ')[2]}")
    assert walker.page.locator("tbody tr").count() == 1


def test_drafts_go_when_the_phrase_is_typed_and_nothing_else_does(desk: Desk, walker: Walker) -> None:
    with transaction(desk.sessions) as session:
        seller = session.get_one(Seller, desk.sellers[Region.FR])
        customer = make_customer(session, seller_id=seller.id)
        draft_id = make_draft(session, customer, seller, now=now()).id
        number = make_invoice(session, customer, seller, now=now()).number
    walker.sign_in(desk.staff[Role.admin])
    walker.open("/ventes/reinitialiser")
    phrase = walker.page.locator("form", has=walker.page.get_by_role("button", name="Supprimer les brouillons"))
    phrase.locator("input[name=phrase]").fill("supprimer")
    walker.press("Supprimer les brouillons")
    walker.sees("Rien n’a été supprimé.")
    phrase.locator("input[name=phrase]").fill("supprimer les brouillons")
    walker.press("Supprimer les brouillons")
    with desk.sessions() as session:
        assert session.get(Invoice, draft_id) is None
        assert session.scalar(select(Invoice.id).where(Invoice.number == number))


def wait_for(walker: Walker, text: str) -> None:
    """Reloads the page of a run, as its reader would, until it says so."""
    deadline = time.monotonic() + 60
    while text not in " ".join(walker.page.locator("body").inner_text().split()) and time.monotonic() < deadline:
        walker.page.reload()
    walker.sees(text)


EXPORT = (
    "ID;TxID;Lettrage;title;ST;created;lastmove;Neat;TX;TI;Items;Product Names;FirstN;LastN;Email;Login\r\n"
    "{n}1;{code}A==;;Commande;COMPLETE;2026/03/02 10:03;2026/03/02 10:03;100,00;20,00;120,00;COURS;Cours en ligne;"
    "Loïc;Paradisot;loic{n}@exemple.test;loic{n}\r\n"
    "{n}2;{code}B==;;Commande;COMPLETE;2026/03/03 10:03;2026/03/03 10:03;100,00;20,00;130,00;COURS;Cours en ligne;"
    "Loïc;Paradisot;loic{n}@exemple.test;loic{n}\r\n"
)


def test_a_shop_s_export_is_judged_then_applied(desk: Desk, walker: Walker, tmp_path: Path) -> None:
    with transaction(desk.sessions) as session:
        shop = make_shop(session, session.get_one(Seller, desk.sellers[Region.FR]))
        shop_id, prefix = shop.id, shop.series.format
    n, code = 1000 + next(_serials), secrets.token_hex(5).upper()
    file = tmp_path / "Factures.csv"
    file.write_bytes(EXPORT.format(n=n, code=code).encode("cp1252"))
    walker.sign_in(desk.staff[Role.admin])
    walker.open(f"/ventes/boutiques/{shop_id}")
    walker.follow("Importer des commandes")
    walker.page.locator("input[type=file]").set_input_files(file)
    walker.press("Lire le fichier")
    wait_for(walker, "Importer 1 ligne")
    walker.look()
    with desk.sessions() as session:
        assert session.scalar(select(func.count(Invoice.id)).where(Invoice.shop_id == shop_id)) == 0
    walker.press("Importer 1 ligne")
    wait_for(walker, "Import terminé")
    walker.look()
    walker.open(f"/ventes/factures/{prefix}20260302-{n}1")
    walker.sees("Facture :", "120,00 €", "Cours en ligne")


def test_a_provider_s_log_is_compared_and_changes_nothing(desk: Desk, walker: Walker, tmp_path: Path) -> None:
    with transaction(desk.sessions) as session:
        shop = make_shop(session, session.get_one(Seller, desk.sellers[Region.FR]))
        order = make_order(session, shop, status=Status.complete, transaction_code=f"{secrets.token_hex(5)}+/==")
        code, paid, shop_id = order.transaction_code, order.total_cents, shop.id
    log = tmp_path / "journal.csv"
    log.write_text(
        "Date;Référence commande;Montant;Devise\n"
        f"02/03/2026;{code};{paid // 100},{paid % 100:02};EUR\n"
        f"02/03/2026;{secrets.token_hex(6).upper()}==;12,00;EUR\n",
        encoding="utf-8",
    )
    walker.sign_in(desk.staff[Role.sales])
    walker.open("/ventes/traces")
    walker.page.locator("input[type=file]").set_input_files(log)
    walker.press("Scanner le fichier")
    wait_for(walker, code)
    walker.look()
    with desk.sessions() as session:
        assert session.scalar(select(Shop.revision).where(Shop.id == shop_id)) == 1
        assert session.scalars(select(Invoice).where(Invoice.transaction_code == code)).one().paid_cents == paid
