"""Several documents as one ZIP: the archived bytes and a table of them; only what is theirs; on both engines."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from invoicing.accounts.models import User
from invoicing.customers.models import Customer, CustomerAccess
from invoicing.documents import pdf
from invoicing.documents.archive import place
from invoicing.documents.models import DocumentVersion
from invoicing.documents.paper import Paper
from invoicing.documents.pdf import Rendered, RenderFailed
from invoicing.invoices.models import Invoice
from invoicing.traces.models import Trace, TraceKind
from invoicing.zone import packing, zips
from invoicing.zone.models import RunningDownload
from tests.conftest import Browser
from tests.documents.presses import pressing
from tests.factories import make_customer, make_line
from tests.portal.conftest import Issue, pay
from web.database import now

ADDRESS = "/mes-factures/documents/zip"
Table = list[dict[str, str]]


def opened(data: bytes) -> tuple[zipfile.ZipFile, Table]:
    """The ZIP, whole to its last byte, and its table."""
    file = zipfile.ZipFile(io.BytesIO(data))
    assert file.testzip() is None
    text = file.read("index.csv").decode("utf-8-sig")
    return file, list(csv.DictReader(io.StringIO(text), delimiter=";"))


def get(client: Browser, query: str = "") -> tuple[zipfile.ZipFile, Table]:
    answer = client.get(ADDRESS + query)
    assert answer.status_code == 200 and answer.mimetype == "application/zip"
    return opened(answer.data)


def test_it_holds_the_archived_bytes_and_says_so_in_its_table(
    session: Session, browser: Browser, issue: Issue, credit: Callable[[], Invoice]
) -> None:
    invoice, note = issue(subject="Cœur d’été"), credit()
    file, table = get(browser)
    assert file.namelist() == [f"{note.number}.pdf", f"{invoice.number}.pdf", "index.csv"]
    row = table[1]
    data = file.read(f"{invoice.number}.pdf")
    assert data == browser.get(f"/mes-factures/{invoice.number}/pdf").data
    assert row["SHA-256"] == hashlib.sha256(data).hexdigest()
    assert (row["Numéro"], row["Date"], row["Objet"], row["Statut"]) == (
        invoice.number, "2026-11-22", "Cœur d’été", "À régler")  # fmt: skip
    assert (row["Net"], row["Taxes"], row["Total"], row["Devise"]) == ("180,00", "36,00", "216,00", "EUR")
    assert row["Fichier"] == f"{invoice.number}.pdf" and row["Remarque"] == ""
    assert table[0]["Total"] == "-216,00" and table[0]["Statut"] == "Avoir"


def test_pdfs_are_stored_with_sizes_in_front_and_no_connection_stays_open(browser: Browser, issue: Issue) -> None:
    number = issue().number
    file, _table = get(browser)
    info = file.getinfo(f"{number}.pdf")
    assert info.compress_type == zipfile.ZIP_STORED and not info.flag_bits & 8
    assert info.date_time[:3] == (2026, 11, 22)


def test_a_year_and_a_status_are_what_the_list_shows(session: Session, browser: Browser, issue: Issue) -> None:
    old = issue(issued_on=date(2025, 5, 3), due_on=date(2025, 6, 3))
    new, paid = issue(), issue()
    pay(session, paid, date(2026, 11, 22))
    assert {row["Numéro"] for row in get(browser, "?annee=2025")[1]} == {old.number}
    assert {row["Numéro"] for row in get(browser, "?annee=2026&statut=a-regler")[1]} == {new.number}
    with browser.get(f"{ADDRESS}?annee=2025") as answer:
        name = answer.headers["Content-Disposition"]
    assert name == "attachment; filename=factures-2025-2026-11-22.zip"


def test_a_selection_is_what_was_ticked(browser: Browser, issue: Issue) -> None:
    one, _two, three = issue(), issue(), issue()
    _file, table = get(browser, f"?choix=1&n={one.number}&n={three.number}&n={one.number}")
    assert [row["Numéro"] for row in table] == [three.number, one.number]


def test_one_ticked_that_is_not_theirs_is_like_one_that_does_not_exist(
    session: Session, browser: Browser, issue: Issue
) -> None:
    mine, foreign = issue(), issue(to=make_customer(session))
    answers = [browser.get(f"{ADDRESS}?choix=1&n={mine.number}&n={number}") for number in (foreign.number, "F2026-9")]
    assert [answer.status_code for answer in answers] == [404, 404]
    bodies = {answer.text.replace(str(foreign.number), "F2026-9") for answer in answers}
    assert len(bodies) == 1


@pytest.mark.parametrize(
    ("query", "words"),
    [("?choix=1", "Cochez au moins un document"), ("?q=zygomatique", "Aucun document ne correspond")],
)
def test_nothing_to_pack_leads_back_to_the_list(browser: Browser, issue: Issue, query: str, words: str) -> None:
    issue()
    answer = browser.get(ADDRESS + query, follow_redirects=True)
    assert answer.status_code == 200 and words in answer.text


def test_what_is_due_is_drawn_first_and_archived(session: Session, browser: Browser, issue: Issue) -> None:
    invoice = issue()
    assert session.scalars(select(DocumentVersion.sha256)).one() is None
    _file, table = get(browser)
    session.rollback()
    assert session.scalars(select(DocumentVersion.sha256)).one() == table[0]["SHA-256"]
    assert invoice.number


def test_what_cannot_be_drawn_now_is_named_with_its_reason(
    session: Session, browser: Browser, issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = issue(), issue()
    monkeypatch.setattr(zips, "DRAWN_MOST", 1)
    file, table = get(browser)
    assert file.namelist() == [f"{second.number}.pdf", "index.csv"]
    assert table[1]["Numéro"] == first.number and table[1]["Fichier"] == table[1]["SHA-256"] == ""
    assert table[1]["Remarque"] == "Pas encore mis en page\u00a0: téléchargez-le de nouveau dans quelques minutes."


def test_a_damaged_file_does_not_break_the_others(
    app: Flask, session: Session, browser: Browser, issue: Issue, tmp_path: object
) -> None:
    first, second = issue(), issue()
    get(browser)
    session.rollback()
    sha256 = session.scalars(select(DocumentVersion.sha256).where(DocumentVersion.invoice_id == first.id)).one()
    damaged = tmp_path / "archive" / place(sha256 or "")  # type: ignore[operator]
    assert damaged.exists()
    damaged.write_bytes(b"something else")
    file, table = get(browser)
    assert file.namelist() == [f"{second.number}.pdf", "index.csv"]
    assert "n’est plus celui qui a été établi" in table[1]["Remarque"]


def test_a_drawing_that_fails_does_not_break_the_others(
    browser: Browser, issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = issue(), issue()
    from portal import zips as door

    def render(paper: Paper, logo: Path | None, xml: bytes | None) -> Rendered:
        if paper.number == first.number:
            raise RenderFailed("no")
        return pdf.render(paper, logo, xml)

    monkeypatch.setattr(door, "press", lambda: pressing(render))
    file, table = get(browser)
    assert file.namelist() == [f"{second.number}.pdf", "index.csv"]
    assert "ne peut pas être mis en page" in table[1]["Remarque"]


def test_a_right_that_is_withdrawn_meanwhile_ends_it_there(
    session: Session, browser: Browser, issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [issue().number for _ in range(3)]
    monkeypatch.setattr(zips, "LOT", 1)
    read = packing.lot

    def lot(own: Session, user_id: int, ids: list[int]) -> list[packing.Packed]:
        found = read(own, user_id, ids)
        with Session(own.get_bind()) as other:
            other.execute(delete(CustomerAccess))
            other.commit()
        return found

    monkeypatch.setattr(zips, "lot", lot)
    file, table = get(browser)
    assert file.namelist() == [f"{made[-1]}.pdf", "index.csv"]
    assert [row["Numéro"] for row in table] == made[-1:]
    assert browser.get(ADDRESS).status_code == 302


def test_a_disabled_account_gets_no_more(session: Session, issue: Issue, elodie: User) -> None:
    ids = [issue().id]
    assert len(packing.lot(session, elodie.id, ids)) == 1
    session.execute(update(User).values(active=False))
    assert packing.lot(session, elodie.id, ids) == []


def test_texts_of_the_table_are_no_formulas(session: Session, browser: Browser, issue: Issue) -> None:
    issue(make_line(session, "=1+1"), subject='=HYPERLINK("x")')
    raw = zipfile.ZipFile(io.BytesIO(browser.get(ADDRESS).data)).read("index.csv").decode()
    assert '"\'=HYPERLINK(""x"")"' in raw


def test_a_database_that_stops_answering_is_said_at_the_end(
    browser: Browser, issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    issue()
    last = issue()
    monkeypatch.setattr(zips, "LOT", 1)
    read, asked = packing.lot, []

    def lot(own: Session, user_id: int, ids: list[int]) -> list[packing.Packed]:
        asked.append(ids)
        if len(asked) > 1:
            raise OperationalError("SELECT", {}, Exception("gone"))
        return read(own, user_id, ids)

    monkeypatch.setattr(zips, "lot", lot)
    file, table = get(browser)
    assert file.namelist() == [f"{last.number}.pdf", "index.csv"]
    assert "La base de données n’a plus répondu" in table[-1]["Remarque"]


def test_head_draws_nothing_and_takes_no_place(session: Session, browser: Browser, issue: Issue) -> None:
    issue()
    answer = browser.head(ADDRESS)
    assert answer.status_code == 200 and answer.data == b"" and answer.mimetype == "application/zip"
    session.rollback()
    assert session.scalars(select(DocumentVersion.sha256)).one() is None
    assert session.scalar(select(func.count()).select_from(RunningDownload)) == 0


def test_a_third_at_once_is_asked_to_wait(session: Session, browser: Browser, issue: Issue, elodie: User) -> None:
    issue()
    for place_ in (1, 2):
        until = now() + timedelta(minutes=3)
        session.add(RunningDownload(user_id=elodie.id, place=place_, token=f"t{place_}", until=until))
    session.commit()
    answer = browser.get(ADDRESS)
    assert answer.status_code == 429
    assert "2 téléchargements sont déjà en cours pour vous" in answer.text
    session.execute(
        update(RunningDownload).where(RunningDownload.place == 1).values(until=now() - timedelta(minutes=9))
    )
    session.commit()
    assert get(browser)


def test_the_place_is_given_back_at_the_end_and_when_nobody_reads_on(
    session: Session, browser: Browser, issue: Issue
) -> None:
    issue()
    get(browser)
    session.rollback()
    assert session.scalar(select(func.count()).select_from(RunningDownload)) == 0
    answer = browser.get(ADDRESS, buffered=False)
    answer.close()
    session.rollback()
    assert session.scalar(select(func.count()).select_from(RunningDownload)) == 0


def test_each_document_that_went_out_is_traced(session: Session, browser: Browser, issue: Issue) -> None:
    made = {issue().id, issue().id}
    get(browser)
    session.rollback()
    traced = session.scalars(select(Trace.invoice_id).where(Trace.kind == TraceKind.downloaded)).all()
    assert set(traced) == made


def test_a_large_one_is_written_in_the_larger_format(
    browser: Browser, issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = issue().number
    monkeypatch.setattr(zips, "PLAIN_FILES", 0)
    file, table = get(browser)
    assert table[0]["Fichier"] == f"{number}.pdf"
    assert file.getinfo(f"{number}.pdf").extract_version == 45


def test_members_of_several_customers_find_each_named(
    session: Session, browser: Browser, issue: Issue, elodie: User, customer: Customer
) -> None:
    other = make_customer(session, users=(elodie,), last_name="Atelier")
    issue()
    issue(to=other)
    assert [row["Client"] for row in get(browser)[1]] == ["Élodie Atelier", "Élodie Lefèvre"]
    assert [row["Client"] for row in get(browser, f"?client={other.id}")[1]] == ["Élodie Atelier"]
