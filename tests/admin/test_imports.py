"""The pages of imports: bring a file, read its verdicts, apply, put aside; who may, and what is told."""

from __future__ import annotations

import io
import secrets
from threading import Event

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from invoicing.accounts.models import Role
from invoicing.imports.models import ImportRun, RunKind, RunState
from invoicing.imports.service import start
from invoicing.invoices.models import Invoice
from invoicing.journal import COMMAND, JournalEntry
from lettrine.importer import Importer
from tests.admin.desk import Desk
from tests.conftest import Browser, Database
from tests.factories import NOW, make_shop
from tests.imports.bench import export, row

ORDERS, CUSTOMERS = "/ventes/imports/commandes", "/ventes/imports/clients"


@pytest.fixture
def admin(desk: Desk) -> Browser:
    with desk.writing():
        make_shop(desk.session, desk.seller)
    return desk.browser_of(Role.admin)


def bring(browser: Browser, content: bytes, path: str = ORDERS, token: str = "", **over: object) -> TestResponse:
    """Sends the form with a file."""
    form = {"form_token": token or secrets.token_urlsafe(24), "shop_id": "1", **over}
    return browser.send(path, {**form, "file": (io.BytesIO(content), "export.csv")})


def work(database: Database) -> None:
    Importer(database.sessions, lambda: NOW, Event()).work()


def test_a_file_is_read_then_applied_and_each_page_says_what_is_so(
    desk: Desk, admin: Browser, database: Database
) -> None:
    answer = bring(admin, export(row(1), row(2, TI="73"), row(3, Lettrage="FA-3")))
    address = answer.location
    assert "Vous pouvez fermer cette page" in admin.get(address).text
    work(database)
    page = admin.get(address).text
    assert "Rien n’est écrit à cette étape" in page and "Importer 2 lignes" in page
    assert "Totaux incohérents" in page and "Lettrage : FA-3." in page.replace("\u00a0", " ")
    assert desk.count(Invoice) == 0
    admin.send(f"{address}/appliquer", form=address)
    work(database)
    page = admin.get(address).text
    assert "Import terminé" in page and "/ventes/factures/B-20260113-1" in page
    assert desk.count(Invoice) == 2


def test_one_form_sent_twice_makes_one_run_and_another_form_another(desk: Desk, admin: Browser) -> None:
    content = export(row(1))
    first, second = (bring(admin, content, token="same-token") for _ in range(2))
    assert first.location == second.location and desk.count(ImportRun) == 1
    assert bring(admin, content).location != first.location
    assert bring(admin, export(row(2)), token="same-token").status_code == 409


def test_a_tile_shows_its_rows_alone(desk: Desk, admin: Browser, database: Database) -> None:
    address = bring(admin, export(row(1), row(2, TI="73"))).location
    work(database)
    page = admin.get(f"{address}?verdict=totals").text
    assert "2 · Client 2" in page and "B-20260113-1" not in page
    sheet = admin.get(f"{address}/export.csv?verdict=totals")
    assert "Totaux incohérents" in sheet.text and "B-20260113-1" not in sheet.text


def test_rows_are_paged_by_their_lines(desk: Desk, admin: Browser, database: Database) -> None:
    address = bring(admin, export(*(row(n) for n in range(1, 120)))).location
    work(database)
    first = admin.get(address).text
    second = admin.get(f"{address}?apres=51").text
    assert "B-20260113-50 " in first and "B-20260113-51 " not in first and "apres=51" in first
    assert "B-20260113-51 " in second and "avant=52" in second
    assert "B-20260113-50 " in admin.get(f"{address}?avant=52").text


def test_what_cannot_be_read_says_why_on_its_page(desk: Desk, admin: Browser, database: Database) -> None:
    address = bring(admin, b"<html><table></table></html>").location
    work(database)
    assert "page web" in admin.get(address).text


@pytest.mark.parametrize(("content", "over", "said"), [
    (b"", {}, "Ce fichier est vide."), (b"a;b", {"shop_id": "99"}, "Choisissez une boutique de la liste."),
])  # fmt: skip
def test_a_form_that_lacks_something_says_so(
    desk: Desk, admin: Browser, content: bytes, over: dict[str, object], said: str
) -> None:
    answer = bring(admin, content, **over)
    assert answer.status_code == 422 and said in answer.text
    assert desk.count(ImportRun) == 0


def send_much(browser: Browser, size: int, form: str) -> int:
    """The status of a form with so many bytes in its file."""
    fields = {"csrf_token": browser.token(form), "shop_id": "1", "form_token": secrets.token_urlsafe(24)}
    parts = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}' for name, text in fields.items()]
    parts.append('--x\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\n' + "a;b\n" * (size // 4))
    body = io.BytesIO("\r\n".join([*parts, "--x--\r\n"]).encode())
    answer = browser.post(ORDERS, input_stream=body, content_length=len(body.getvalue()),
                          content_type="multipart/form-data; boundary=x")  # fmt: skip
    return answer.status_code


def test_staff_may_send_a_large_file_but_not_a_larger_one(desk: Desk, admin: Browser) -> None:
    assert [send_much(admin, size, ORDERS) for size in (4_000_000, 42_000_000, 43_000_000)] == [303, 422, 413]
    assert desk.count(ImportRun) == 1


def test_nobody_else_may_send_much(desk: Desk, app: Flask) -> None:
    stranger: Browser = app.test_client()  # type: ignore[assignment]
    assert send_much(stranger, 3_000_000, "/connexion") == 413


def test_applied_twice_is_applied_once(desk: Desk, admin: Browser, database: Database) -> None:
    address = bring(admin, export(row(1))).location
    work(database)
    for _ in range(2):
        assert admin.send(f"{address}/appliquer", form=ORDERS).status_code == 303
    work(database)
    work(database)
    assert desk.count(Invoice) == 1
    asked = select(func.count()).where(JournalEntry.action == "import.asked")
    assert desk.session.scalar(asked) == 1


def test_what_is_put_aside_leaves_nothing(desk: Desk, admin: Browser, database: Database) -> None:
    address = bring(admin, export(row(1))).location
    work(database)
    assert "Écarter ce fichier" in admin.get(f"{address}/ecarter").text
    assert admin.send(f"{address}/ecarter").location == "/ventes/imports"
    desk.session.rollback()
    assert desk.session.scalars(select(ImportRun.state)).all() == [RunState.dropped]
    admin.send(f"{address}/appliquer", form=ORDERS)
    assert "à une autre étape" in admin.get(address).text
    assert desk.count(Invoice) == 0


def test_orders_are_admins_and_customers_are_sales(desk: Desk, admin: Browser) -> None:
    with desk.writing():
        runs = {kind: start(desk.session, COMMAND, NOW, kind, "x.csv", b"a;b", None, kind).id for kind in RunKind}
    reader = desk.browser_of(Role.reader)
    seen = {kind: [who.get(f"/ventes/imports/{number}").status_code for who in (reader, desk.browser, admin)]
            for kind, number in runs.items()}  # fmt: skip
    assert seen == {"orders": [403, 403, 200], "customers": [403, 200, 200], "provider_log": [200, 200, 200],
                    "letterings": [200, 200, 200]}  # fmt: skip
    assert desk.browser.send(f"/ventes/imports/{runs[RunKind.orders]}/appliquer", form=CUSTOMERS).status_code == 403
    listed = desk.browser.get("/ventes/imports").text
    assert "Liste de clients" in listed and "Commandes d’une boutique" not in listed


def test_customers_come_in_by_page(desk: Desk, database: Database) -> None:
    content = "Nom;Prénom;E-mail\nRoy;Zoé;zoe@exemple.fr\nRoy;Léo;nulle part\n".encode()
    address = bring(desk.browser, content, CUSTOMERS).location
    work(database)
    page = desk.browser.get(address).text.replace("\u00a0", " ")
    assert "Entre comme contact." in page and "E-mail : « nulle part » n’est pas une adresse" in page


def test_what_was_paid_back_is_flagged_until_somebody_has_checked(
    desk: Desk, admin: Browser, database: Database
) -> None:
    address = bring(admin, export(row(1, ST="PAYBACK"))).location
    work(database)
    admin.send(f"{address}/appliquer", form=address)
    work(database)
    invoice = "/ventes/factures/B-20260113-1"
    assert "À vérifier." in desk.browser.get(invoice).text
    assert desk.browser.send(f"{invoice}/verifiee", form=invoice).location == invoice
    page = desk.browser.get(invoice).text
    assert "À vérifier." not in page and "Vérifiée" in page


def test_an_imported_invoice_shows_its_totals_and_no_amounts_of_lines(
    desk: Desk, admin: Browser, database: Database
) -> None:
    address = bring(admin, export(row(1))).location
    work(database)
    admin.send(f"{address}/appliquer", form=address)
    work(database)
    page = admin.get("/ventes/factures/B-20260113-1").text.replace("\u00a0", " ")
    assert "Cours en ligne" in page and "60,00 €" in page and "12,00 €" in page and "72,00 €" in page
    assert "Prix unitaire" not in page and "mardi 13 janvier 2026<" in page.replace(" <", "<")
    credit = admin.get("/ventes/factures/B-20260113-1/avoir").text
    assert "elle se crédite en entier" in credit and "Voir le total" not in credit.replace("Tout créditer : voir", "")


def test_missing_columns_are_spelt_as_the_export_does(desk: Desk, admin: Browser, database: Database) -> None:
    address = bring(admin, b"ID;ST;TX;TI\n1;COMPLETE;1;2\n").location
    work(database)
    assert "TxID, created, Neat" in admin.get(address).text


def test_a_part_payment_of_an_unknown_amount_is_explained(desk: Desk, admin: Browser, database: Database) -> None:
    address = bring(admin, export(row(1, ST="PARTIAL"))).location
    work(database)
    admin.send(f"{address}/appliquer", form=address)
    work(database)
    assert "ne dit pas combien elle a reçu" in admin.get("/ventes/factures/B-20260113-1").text


def test_only_a_page_of_work_under_way_is_looked_at_again(desk: Desk, admin: Browser, database: Database) -> None:
    address = bring(admin, export(row(1))).location
    waiting = admin.get(address).text
    work(database)
    assert [" data-live=" in page for page in (waiting, admin.get(address).text)] == [True, False]
