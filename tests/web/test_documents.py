"""PDFs through the doors: drawing holds no connection of the request's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from invoicing.documents.paper import Paper
from invoicing.documents.pdf import Rendered, render
from tests.admin import desk as staff
from tests.admin.desk import Desk
from tests.conftest import Browser
from tests.documents.presses import pressing
from tests.factories import make_invoice
from web import documents
from web.database import db

held: list[int] = []
clock, desk = staff.clock, staff.desk


@pytest.fixture(autouse=True)
def _watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Notes how many connections are out while a paper is drawn."""

    def watching(paper: Paper, logo: Path | None, xml: bytes | None) -> Rendered:
        held.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]
        return render(paper, logo, xml)

    held.clear()
    monkeypatch.setattr(documents, "press", lambda: pressing(watching))


def test_no_connection_is_held_while_a_pdf_is_drawn(desk: Desk) -> None:
    with desk.writing() as session:
        number = make_invoice(session, desk.customer, desk.seller).number
    draft = desk.draft()
    assert desk.browser.get(f"/ventes/factures/{number}/pdf").status_code == 200
    assert desk.browser.get(f"/ventes/brouillons/{draft.id}/pdf").status_code == 200
    desk.finalise(draft)
    assert held == [0, 0, 0]


def test_more_downloads_than_connections_are_all_answered(desk: Desk) -> None:
    with desk.writing() as session:
        number = make_invoice(session, desk.customer, desk.seller).number
    browsers: list[Browser] = [desk.app.test_client().become(desk.user) for _ in range(20)]  # type: ignore[attr-defined]
    with ThreadPoolExecutor(20) as pool:
        answers = pool.map(lambda browser: browser.get(f"/ventes/factures/{number}/pdf"), browsers)
        assert {answer.status_code for answer in answers} == {200}
