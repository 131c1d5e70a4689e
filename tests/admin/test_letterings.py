"""Letterings from an accounting export through the pages: file, columns, verdicts, apply, one by one, and back."""

from __future__ import annotations

import io
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from invoicing.accounting.plan import Column, Plan
from invoicing.accounts.models import Role
from invoicing.imports.models import ImportRun, RunState
from invoicing.invoices.models import Invoice
from invoicing.journal import COMMAND
from invoicing.lettering.bulk_rules import Verdict
from invoicing.lettering.models import LetteringChange
from invoicing.lettering.service import letter
from lettrine.importer import Importer
from tests.admin.desk import Desk, hidden
from tests.conftest import Browser, Database
from tests.factories import NOW, make_order, make_shop
from web.letterings import COLUMNS, VERDICTS

PAGE = "/ventes/imports/lettrages"
SAMPLES = Path(__file__).parents[1] / "data/accounting"
HEADINGS = "Pièce;Date pièce;Libellé;Tiers;Montant TTC"
Work = Callable[[], bool]


@pytest.fixture
def work(database: Database) -> Work:
    """The worker takes one run."""
    return lambda: bool(Importer(database.sessions, lambda: NOW, Event()).work())


@pytest.fixture
def orders(desk: Desk) -> list[Invoice]:
    """Three complete orders of a shop, alike but for their codes, waiting for their reference."""
    with desk.writing():
        shop = make_shop(desk.session, desk.seller)
        codes = (f"TU9LLK1EBHDVV0N{mark}TQ==" for mark in "ABC")  # as long as those of real shops
        return [make_order(desk.session, shop, desk.customer, transaction_code=code) for code in codes]


def euros(invoice: Invoice, more: int = 0) -> str:
    cents = invoice.total_cents + more
    return f"{cents // 100},{cents % 100:02}"


def lines(*rows: tuple[str, str, str]) -> bytes:
    """An export: (reference, label, amount) each."""
    written = [f"{reference};24/11/2026;{label};Client;{amount}" for reference, label, amount in rows]
    return "\r\n".join([HEADINGS, *written, ""]).encode("cp1252")


def bring(browser: Browser, content: bytes, name: str = "compta.csv") -> TestResponse:
    form = {"form_token": secrets.token_urlsafe(24), "file": (io.BytesIO(content), name)}
    return browser.send(PAGE, form)


def judged(desk: Desk, work: Work, content: bytes) -> str:
    """The address of a run whose columns are confirmed and whose rows have their verdicts."""
    address = str(bring(desk.browser, content).location)
    work()
    answer = desk.browser.send(f"{address}/colonnes", {}, form=address)
    assert answer.status_code == 303, answer.text
    work()
    desk.session.rollback()
    return address


def reference_of(desk: Desk, invoice_id: int) -> str | None:
    desk.session.rollback()
    return desk.session.scalar(select(Invoice.lettering).where(Invoice.id == invoice_id))


def state_of(desk: Desk) -> RunState:
    desk.session.rollback()
    return desk.session.scalars(select(ImportRun.state).order_by(ImportRun.id.desc())).first() or RunState.waiting


def test_the_columns_that_were_recognised_are_shown_and_nothing_is_lettered(
    desk: Desk, work: Work, orders: list[Invoice]
) -> None:
    address = bring(desk.browser, lines(("FA-1", f"Vente {orders[0].number}", euros(orders[0])))).location
    assert "Vous pouvez fermer cette page" in desk.browser.get(address).text
    work()
    page = desk.browser.get(address).text
    assert "Que contient chaque colonne" in page and "reconnue" in page and "FA-1" in page
    assert page.count("<select") >= 5 and state_of(desk) is RunState.mapping
    assert reference_of(desk, orders[0].id) is None


def test_a_column_that_nobody_could_know_is_asked_and_what_was_chosen_stays(desk: Desk, work: Work) -> None:
    address = bring(desk.browser, b"Zig;Zag;Zug\r\nA-1;B-1;10,00\r\nA-2;B-2;11,00\r\n").location
    work()
    answer = desk.browser.send(f"{address}/colonnes", {"column-2": "amount"}, form=address)
    assert answer.status_code == 422 and "Dites quelle colonne porte la référence" in answer.text
    assert '<option value="amount" selected>' in answer.text
    assert state_of(desk) is RunState.mapping


def test_every_kind_of_column_and_verdict_has_its_word() -> None:
    assert set(COLUMNS) == set(Column) and set(VERDICTS) == set(Verdict)


@pytest.mark.parametrize("name", [
    "paheko_export_complet.csv", "quickbooks_transaction_list.csv", "dolibarr_factures_et_lignes.csv",
    "odoo_account_move.xlsx", "etat_factures.xlsx", "journal_ventes.xls", "texte_unicode.txt",
])  # fmt: skip
def test_what_a_browser_sends_back_is_what_was_recognised(desk: Desk, work: Work, name: str) -> None:
    address = bring(desk.browser, (SAMPLES / name).read_bytes(), name).location
    work()
    recognised = plan_of(desk)
    page = desk.browser.get(address).text
    selects = re.findall(r'<select[^>]* name="([^"]+)"(.*?)</select>', page, re.S)
    chosen = {field: re.findall(r'value="([^"]*)" selected', options) for field, options in selects}
    assert [chosen[f"column-{place}"] for place in range(len(recognised.columns))] == [[c] for c in recognised.columns]
    form = {field: value[0] if value else "" for field, value in chosen.items()}
    assert desk.browser.send(f"{address}/colonnes", form, form=address).status_code == 303
    confirmed = plan_of(desk)
    assert (confirmed.columns, confirmed.days, confirmed.marks) == (
        recognised.columns, recognised.days, recognised.marks)  # fmt: skip


def plan_of(desk: Desk) -> Plan:
    desk.session.rollback()
    return Plan.from_json(desk.session.scalars(select(ImportRun.options).order_by(ImportRun.id.desc())).first() or "")


def test_verdicts_are_shown_then_applied_in_one_go(desk: Desk, work: Work, orders: list[Invoice]) -> None:
    first, second, third = orders
    content = lines(
        ("FA-1", f"Vente {first.number}", euros(first)), ("FA-2", f"Vente {second.number}", euros(second, 100)),
        ("FA-3", "Vente B-20200101-999999", "12,00"), ("FA-4", str(third.number), euros(third)),
    )  # fmt: skip
    address = judged(desk, work, content)
    page = desk.browser.get(address).text
    assert "Lettrer 2 factures" in page and "Montant différent" in page and "Facture inconnue" in page
    assert "Tout en une fois, ou rien" in page and reference_of(desk, first.id) is None
    desk.browser.send(f"{address}/appliquer", {}, form=address)
    work()
    page = desk.browser.get(address).text
    assert "2 factures lettrées" in page and "Relancer ce fichier ne changerait rien" in page
    assert [reference_of(desk, each.id) for each in orders] == ["FA-1", None, "FA-4"]
    again = judged(desk, work, content)
    page = desk.browser.get(again).text
    assert "Aucune ligne de ce fichier n’est à lettrer" in page and "Déjà ainsi" in page


def test_a_tile_shows_its_rows_alone_and_a_table_holds_them(desk: Desk, work: Work, orders: list[Invoice]) -> None:
    first, second, _third = orders
    address = judged(desk, work, lines(("FA-1", str(first.number), euros(first)),
                                       ("FA-2", str(second.number), euros(second, 1))))  # fmt: skip
    page = desk.browser.get(f"{address}?verdict=amount_differs").text
    assert "FA-2" in page and "FA-1<" not in page
    sheet = desk.browser.get(f"{address}/export.csv?verdict=amount_differs").text
    assert "FA-2" in sheet and str(second.number) in sheet and "FA-1" not in sheet


def test_an_amount_that_differs_is_lettered_with_a_reason(desk: Desk, work: Work, orders: list[Invoice]) -> None:
    first = orders[0]
    address = judged(desk, work, lines(("FA-1", str(first.number), euros(first, 250))))
    one = f"{address}/lignes/2"
    page = desk.browser.get(one).text
    assert str(first.number) in page and "Pourquoi" in page
    form = {"seen": hidden(page, "seen"), "reason": ""}
    assert desk.browser.send(one, form).status_code == 422 and reference_of(desk, first.id) is None
    assert desk.browser.send(one, {**form, "reason": "Port facturé à part"}).status_code == 303
    assert reference_of(desk, first.id) == "FA-1"
    assert desk.session.scalars(select(LetteringChange)).one().reason == "Port facturé à part"


def test_everything_is_taken_back(desk: Desk, work: Work, orders: list[Invoice]) -> None:
    address = judged(desk, work, lines(*((f"FA-{n}", str(each.number), euros(each)) for n, each in enumerate(orders))))
    desk.browser.send(f"{address}/appliquer", {}, form=address)
    work()
    assert "Reprendre le lettrage de 3 factures" in desk.browser.get(f"{address}/reprendre").text
    desk.browser.send(f"{address}/reprendre", {})
    work()
    assert "repris en entier" in desk.browser.get(address).text
    assert [reference_of(desk, each.id) for each in orders] == [None] * 3


def test_nothing_is_taken_back_once_something_came_after(desk: Desk, work: Work, orders: list[Invoice]) -> None:
    address = judged(desk, work, lines(*((f"FA-{n}", str(each.number), euros(each)) for n, each in enumerate(orders))))
    desk.browser.send(f"{address}/appliquer", {}, form=address)
    work()
    with desk.writing():
        last = desk.session.scalars(select(LetteringChange.id).where(LetteringChange.invoice_id == orders[1].id)).one()
        letter(desk.session, COMMAND, NOW, orders[1].id, "FA-AUTRE", last)
    desk.browser.send(f"{address}/reprendre", {})
    work()
    page = desk.browser.get(address).text
    assert str(orders[1].number) in page and state_of(desk) is RunState.applied
    assert reference_of(desk, orders[0].id) == "FA-0"


def test_a_suggestion_is_taken_by_a_tick_and_never_by_itself(desk: Desk, work: Work, orders: list[Invoice]) -> None:
    first = orders[0]
    label = f"Commande {first.transaction_code}"
    address = judged(desk, work, lines(("FA-9", label, euros(first))))
    page = desk.browser.get(address).text
    assert "Propositions" in page and "Lettrer les propositions cochées" in page and str(first.number) in page
    assert desk.browser.send(f"{address}/propositions", {}, form=address).status_code == 303
    assert "Cochez une proposition" in desk.browser.get(address).text and reference_of(desk, first.id) is None
    desk.browser.send(f"{address}/propositions", {"take": f"2:{first.id}:0"}, form=address)
    assert reference_of(desk, first.id) == "FA-9"
    assert "1 facture lettrée" in desk.browser.get(address).text


def test_a_suggestion_never_replaces_a_reference_that_was_given_since(
    desk: Desk, work: Work, orders: list[Invoice]
) -> None:
    first = orders[0]
    address = judged(desk, work, lines(("FA-9", f"Commande {first.transaction_code}", euros(first))))
    with desk.writing():
        change = letter(desk.session, COMMAND, NOW, first.id, "FA-AILLEURS", 0)
        assert change
        last = change.id
    page = desk.browser.get(f"{address}?verdict=suggest").text
    assert "Lettrée depuis : FA-AILLEURS." in page.replace("\u00a0", " ") and 'name="take"' not in page
    for seen in (0, last):
        desk.browser.send(f"{address}/propositions", {"take": f"2:{first.id}:{seen}"}, form=address)
        assert "Ligne 2" in desk.browser.get(address).text and reference_of(desk, first.id) == "FA-AILLEURS"


def test_two_suggestions_of_one_row_are_not_both_taken(desk: Desk, work: Work, orders: list[Invoice]) -> None:
    first, second, _third = orders
    address = judged(desk, work, lines(("FA-9", f"Commande {first.transaction_code}", euros(first))))
    desk.browser.send(f"{address}/propositions", {"take": [f"2:{first.id}:0", f"2:{second.id}:0"]}, form=address)
    assert "gardez-en une" in desk.browser.get(address).text and reference_of(desk, first.id) is None


@pytest.mark.parametrize(("content", "name", "said"), [
    (b"%PDF-1.7 rien", "scan-grand-livre.csv", "n’est pas un tableau"), (b"<html></html>", "x.xls", "page web"),
])  # fmt: skip
def test_what_is_no_table_is_refused_in_a_sentence(
    desk: Desk, work: Work, content: bytes, name: str, said: str
) -> None:
    address = bring(desk.browser, content, name).location
    work()
    assert said in desk.browser.get(address).text


def test_no_file_says_so(desk: Desk) -> None:
    answer = desk.browser.send(PAGE, {"form_token": "x"})
    assert answer.status_code == 422 and "Choisissez un fichier." in answer.text


def test_a_reader_sees_and_does_nothing(desk: Desk, work: Work, orders: list[Invoice]) -> None:
    address = judged(desk, work, lines(("FA-1", str(orders[0].number), euros(orders[0]))))
    reader = desk.browser_of(Role.reader)
    page = reader.get(address)
    assert page.status_code == 200 and "Lettrer 1 facture" not in page.text
    assert reader.get(PAGE).status_code == 403
    for path in ("appliquer", "propositions", "reprendre", "colonnes", "revoir", "ecarter"):
        assert reader.send(f"{address}/{path}", {}, form="/preferences").status_code == 403, path
    assert reference_of(desk, orders[0].id) is None


def test_columns_may_be_changed_after_the_verdicts(desk: Desk, work: Work, orders: list[Invoice]) -> None:
    address = judged(desk, work, lines(("FA-1", str(orders[0].number), euros(orders[0]))))
    desk.browser.send(f"{address}/revoir", {}, form=address)
    assert state_of(desk) is RunState.mapping and "Que contient chaque colonne" in desk.browser.get(address).text
