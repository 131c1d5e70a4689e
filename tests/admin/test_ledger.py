"""The page of exports for the accountant: asking, refusals at their fields, the history, the same bytes again."""

from __future__ import annotations

import hashlib
import secrets
from datetime import date, timedelta
from threading import Event

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from admin.ledger_form import periods, read
from invoicing.accounts.models import Role, User
from invoicing.ledger.models import LedgerExport
from invoicing.sellers.models import Region
from lettrine.ledgers import Ledgers
from tests.admin.desk import Desk
from tests.conftest import Browser, Database
from tests.factories import NOW, make_invoice, make_line, make_seller

PAGE = "/ventes/exports"


@pytest.fixture
def admin(desk: Desk) -> Browser:
    """With an invoice of last month and one of this."""
    with desk.writing() as session:
        for days in (40, 0):
            make_invoice(session, desk.customer, desk.seller, now=NOW - timedelta(days=days))
    return desk.browser_of(Role.admin)


def ask(browser: Browser, **over: object) -> TestResponse:
    """Sends the form, about everything unless it says otherwise."""
    form = {"form_token": secrets.token_urlsafe(24), "seller_id": "1", "kind": "fec", "period": "tout", **over}
    return browser.send(PAGE, form)


def work(desk: Desk, database: Database) -> None:
    worker = Ledgers(desk.app, database.sessions, lambda: NOW, Event())
    while worker.work():
        pass


def test_an_export_is_asked_for_made_and_downloaded_again(desk: Desk, admin: Browser, database: Database) -> None:
    assert ask(admin).location == PAGE
    waiting = admin.get(PAGE).text
    assert "Attend d’être fait" in waiting and "data-live=" in waiting
    work(desk, database)
    page = admin.get(PAGE).text
    assert "data-live=" not in page and f"{PAGE}/1/fichier" in page
    with desk.writing() as session:
        sha256 = session.scalars(select(LedgerExport.sha256)).one()
    assert sha256[:4] in page
    for browser in (admin, desk.browser, desk.browser_of(Role.reader)):
        answer = browser.get(f"{PAGE}/1/fichier")
        assert hashlib.sha256(answer.data).hexdigest() == sha256
        assert answer.headers["Content-Disposition"] == "attachment; filename=999000011FEC20261122.txt"
        assert answer.headers["Content-Type"] == "text/plain; charset=iso-8859-15"
        assert answer.headers["Content-Length"] == str(len(answer.data))
    head = admin.head(f"{PAGE}/1/fichier")
    assert head.headers["Content-Length"] == answer.headers["Content-Length"] and not head.data


def test_the_same_form_sent_twice_asks_once(desk: Desk, admin: Browser) -> None:
    assert [ask(admin, form_token="same").status_code for _ in range(2)] == [303, 303]
    assert ask(admin, form_token="same", kind="csv").status_code == 409
    assert desk.count(LedgerExport) == 1


@pytest.mark.parametrize(("over", "said"), [
    ({"seller_id": "x"}, "Choisissez un vendeur de la liste."),
    ({"kind": "pdf"}, "Choisissez un journal ou un tableau."),
    ({"period": "2026-13"}, "Choisissez une période de la liste."),
    ({"period": "dates", "first_day": "hier"}, "n’est pas une date possible"),
    ({"period": "dates", "first_day": "02/11/2026", "last_day": "01/11/2026"}, "La période finit avant son début"),
    ({"seller_id": "2"}, "Un FEC se tient en euros, et ce vendeur vend en CAD"),
    ({"seller_id": "3"}, "Il manque le numéro SIRET de ce vendeur"),
])  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(desk: Desk, admin: Browser, over: dict[str, object], said: str) -> None:
    with desk.writing() as session:
        make_seller(session, Region.QC)
        make_seller(session, prefix="R", siret="")
    answer = ask(admin, **over)
    assert answer.status_code == 422 and said in answer.text.replace("\u00a0", " ")
    assert 'aria-invalid="true"' in answer.text or "kind-e" in answer.text
    assert desk.count(LedgerExport) == 0


def test_what_cannot_be_made_says_why_in_the_history(desk: Desk, admin: Browser, database: Database) -> None:
    ask(admin, period="2025")
    ask(admin, only_new="1")
    work(desk, database)
    ask(admin, only_new="1")
    work(desk, database)
    page = admin.get(PAGE).text.replace("\u00a0", " ")
    assert "Aucun document dans cette période : il n’y a rien à exporter." in page
    assert "Rien de nouveau : chaque document de cette période" in page
    assert page.count("/fichier") == 1


def test_only_administrators_ask(desk: Desk, admin: Browser) -> None:
    assert ask(desk.browser).status_code == 403
    assert "Nouvel export" not in desk.browser.get(PAGE).text and "Nouvel export" in admin.get(PAGE).text
    assert desk.count(LedgerExport) == 0


def test_the_page_speaks_english_and_so_does_the_hub(desk: Desk, admin: Browser, database: Database) -> None:
    ask(admin)
    work(desk, database)
    with desk.writing() as session:
        session.execute(update(User).values(language="en"))
    page = admin.get(PAGE).text
    assert "Only what is new" in page and "Sales journal (FEC)" in page and "October 2026" in page
    assert "Accounting exports" in admin.get("/ventes").text


def test_the_history_is_paged(desk: Desk, admin: Browser, database: Database) -> None:
    for _ in range(51):
        with desk.writing() as session:
            session.add(LedgerExport(kind="csv", seller_id=1, asked_at=NOW, state="refused"))
    assert desk.count(LedgerExport) == 51
    page = admin.get(PAGE).text
    assert "apres=2" in page
    assert admin.get(f"{PAGE}?apres=2").text.count('<td class="c-full brk">') == 1
    assert admin.get(f"{PAGE}?apres=x").status_code == 200


@pytest.mark.parametrize(("period", "first", "last"), [
    ("2026-02", date(2026, 2, 1), date(2026, 2, 28)), ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
    ("2026-12", date(2026, 12, 1), date(2026, 12, 31)), ("2026-T4", date(2026, 10, 1), date(2026, 12, 31)),
    ("2026-T1", date(2026, 1, 1), date(2026, 3, 31)), ("2026", date(2026, 1, 1), date(2026, 12, 31)),
    ("tout", None, None),
])  # fmt: skip
def test_a_period_is_its_first_and_last_day(period: str, first: date | None, last: date | None) -> None:
    asked, faults = read({"seller_id": "1", "kind": "csv", "period": period})
    assert not faults and asked is not None
    assert (asked.first_day, asked.last_day, asked.only_new) == (first, last, False)


def test_every_period_that_is_offered_can_be_read(desk: Desk) -> None:
    with desk.app.test_request_context():
        offered = [key for _group, options in periods(date(2026, 1, 31)) for key, _label in options]
    assert offered[:2] == ["2026-01", "2025-12"] and "2025-T4" in offered
    for period in offered:
        asked, faults = read({"seller_id": "1", "kind": "csv", "period": period})
        assert asked is not None and not faults


def test_a_missing_export_is_not_found(admin: Browser) -> None:
    assert [admin.get(f"{PAGE}/{number}/fichier").status_code for number in (1, 2**40)] == [404, 404]


def test_days_that_are_written_beside_another_period_are_not_passed_over(desk: Desk, admin: Browser) -> None:
    answer = ask(admin, period="2026", first_day="01/03/2026")
    assert answer.status_code == 422 and "Des dates sont écrites plus bas" in answer.text
    assert 'value="01/03/2026"' in answer.text and desk.count(LedgerExport) == 0
    assert ask(admin, period="dates", first_day="01/03/2026").status_code == 303


def test_documents_without_an_entry_are_told_beside_their_number(
    desk: Desk, admin: Browser, database: Database
) -> None:
    for kind in ("fec", "csv"):
        ask(admin, kind=kind)
    work(desk, database)
    assert "sans écriture" not in admin.get(PAGE).text
    with desk.writing() as session:
        make_invoice(session, desk.customer, desk.seller, make_line(session, price=0))
    for kind in ("fec", "csv"):
        ask(admin, kind=kind)
    work(desk, database)
    shown = admin.get(PAGE).text
    assert shown.count("sans écriture") == 1 and "dont 1 sans écriture (total nul)" in shown
