"""The page of a scanned payment log: what each line says, the true counts, the export, the way back."""

from __future__ import annotations

import io
import secrets
from threading import Event

import pytest
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from invoicing.imports import queries
from lettrine.importer import Importer
from tests.admin.desk import Desk
from tests.conftest import Database
from tests.factories import NOW, make_shop
from tests.traces.logs import order_of

HEAD = "commande;montant;devise;statut;id;date\n"
LOG = (
    HEAD + "TX1==;12,50;EUR;payé;op1;2026-01-14\nLOST1==;20,00;EUR;refusé;op2;2026-01-15\n"
    "LOST2==;187,48;EUR;remboursé;op3;2026-01-16\n" + ";;;;;note\n" * 60
)


def scanned(desk: Desk, database: Database, content: str | bytes) -> str:
    """The address of the run, once the worker has read it."""
    sent = (io.BytesIO(content.encode() if isinstance(content, str) else content), "log.csv")
    form = {"form_token": secrets.token_urlsafe(24), "shop_id": "", "log": sent}
    address = desk.browser.send("/ventes/traces/releve", form, form="/ventes/traces").location
    Importer(database.sessions, lambda: NOW, Event()).work()
    return str(address)


@pytest.fixture
def address(desk: Desk, database: Database) -> str:
    with desk.writing():
        order_of(desk.session, make_shop(desk.session, desk.seller), "TX1==", 1250, customer=desk.customer)
    return scanned(desk, database, LOG)


def shown(desk: Desk, address: str) -> str:
    return desk.browser.get(address).text.replace("\u00a0", " ").replace("\u202f", " ")


def test_a_code_without_invoice_says_what_became_of_the_money(desk: Desk, address: str) -> None:
    page = shown(desk, address)
    assert "Paiement de 20,00 € refusé : rien n’a été encaissé. Aucune facture ne porte ce code." in page
    assert "187,48 € remboursés, mais aucune facture ne porte ce code." in page
    assert all(f">{word}<" in page for word in ("Accepté", "Refusé", "Remboursé", "op3", "16/01/2026", "187,48"))


def test_lines_that_are_only_counted_count_in_full(desk: Desk, address: str, session: Session) -> None:
    counts = queries.counts(session, int(address.rpartition("/")[2]))
    assert counts["no_code"] == 60 and sum(counts.values()) == 63
    assert ">63</b> Toutes les lignes" in shown(desk, address)


def test_the_way_back_is_to_the_traces(desk: Desk, address: str) -> None:
    page = shown(desk, address)
    assert 'href="/ventes/traces">Traces marchandes' in page and 'href="/ventes/imports">Imports' not in page


def test_the_export_has_real_amounts_and_the_invoice(desk: Desk, address: str) -> None:
    book = load_workbook(io.BytesIO(desk.browser.get(f"{address}/export.xlsx").data))
    rows = [[cell.value for cell in row] for row in book.active.iter_rows()]
    number = rows[1][3]
    assert rows[1][2:9] == ["TX1==", number, "2026-01-14", 12.5, "EUR", "Accepté", "op1"] and number
    assert f'href="/ventes/factures/{number}"' in shown(desk, address)
    assert rows[-1][5] is None and "60 lignes" in rows[-1][9].replace("\u00a0", " ")


def test_a_picture_is_no_log(desk: Desk, database: Database) -> None:
    page = shown(desk, scanned(desk, database, b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 90))
    assert "Ce n’est pas un journal de paiement : aucune transaction n’y a été trouvée." in page
    assert "Illisible" in page and "Toutes les lignes" not in page
