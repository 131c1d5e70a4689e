"""An item changed and retired, its catalogue and its shop renamed: documents that stand stay as they are."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from sqlalchemy import select

from config.settings import Settings
from invoicing.documents.archive import open_archive
from invoicing.invoices.models import Invoice
from invoicing.journal import COMMAND
from invoicing.proof.service import verify
from invoicing.shop.catalogue_content import CatalogueContent, ItemContent
from invoicing.shop.catalogue_service import change_catalogue
from invoicing.shop.item_service import change_item
from invoicing.shop.models import Item, Shop
from invoicing.shop.shop_content import ShopContent
from invoicing.shop.shop_service import change_shop
from tests.admin.desk import Desk
from tests.conftest import JOURNAL_KEY, Database
from tests.factories import NOW, item_line, make_invoice, make_item, make_order, make_shop, tax_set


def make(desk: Desk) -> tuple[int, int, list[str]]:
    """A shop, an item, and one invoice of each origin that sells it."""
    with desk.writing() as s:
        shop = make_shop(s, desk.seller)
        item = make_item(s, shop.catalogue, validity_days=30)
        numbers = [
            make_order(s, shop, desk.customer, item_line(item, 2)).number,
            make_invoice(s, desk.customer, desk.seller, item_line(item)).number,
        ]
        return shop.id, item.id, [number or "" for number in numbers]


def change_everything(desk: Desk, shop_id: int, item_id: int) -> None:
    with desk.writing() as s:
        shop, item = s.get_one(Shop, shop_id), s.get_one(Item, item_id)
        named = CatalogueContent("Autre catalogue", "Autre", "EUR")
        change_catalogue(s, COMMAND, NOW, shop.catalogue_id, shop.catalogue.revision, named)
        content = ItemContent(
            "Autre chose", "autre-code", "Autre", "1", "1", str(tax_set(s, "FR_55").id), "999", "", "1", active=False
        )
        change_item(s, COMMAND, NOW, item_id, item.revision, content)
        other = ShopContent(
            "Autre boutique", str(shop.catalogue_id), str(shop.seller_id), str(shop.series_id), active=False
        )  # fmt: skip
        change_shop(s, COMMAND, NOW, shop_id, shop.revision, replace(other, ways=()))


def state_of(desk: Desk, numbers: list[str]) -> list[tuple[str, str | None, int]]:
    """PDF, snapshot and total of each."""
    found = []
    for number in numbers:
        answer = desk.browser.get(f"/ventes/factures/{number}/pdf")
        desk.session.rollback()
        invoice = desk.session.scalars(select(Invoice).where(Invoice.number == number)).one()
        found.append((hashlib.sha256(answer.data).hexdigest(), invoice.snapshot, invoice.total_cents))
    return found


def test_no_document_changes_and_the_proof_stays_silent(desk: Desk, database: Database, settings: Settings) -> None:
    shop_id, item_id, numbers = make(desk)
    before = state_of(desk, numbers)
    change_everything(desk, shop_id, item_id)
    assert state_of(desk, numbers) == before
    archive = open_archive(settings.archive)
    report = verify(database.engine, JOURNAL_KEY.encode(), archive, settings.anchor_dir)
    assert report.is_intact and report.position > 4
