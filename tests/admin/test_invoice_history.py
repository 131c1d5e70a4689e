"""What an import of letterings did stands in the history of each of its documents, with its author and its import."""

from __future__ import annotations

import re

import pytest

from invoicing.invoices.models import Invoice
from invoicing.lettering.bulk_applying import apply_run
from invoicing.lettering.bulk_undoing import undo_run
from invoicing.lettering.queries import last_change
from invoicing.lettering.service import letter
from tests.admin.desk import Desk
from tests.factories import NOW, actor_of, make_order, make_shop, make_user
from tests.lettering.planning import make_run


@pytest.fixture
def run_id(desk: Desk) -> int:
    """An order, lettered by a person first, given back, then lettered by an import and by the person again."""
    with desk.writing() as session:
        order = make_order(session, make_shop(session), number="B-1", transaction_code="TX-1")
        by = actor_of(make_user(session, name="Nadia Benali"))
        letter(session, by, NOW, order.id, "FA-1", 0)
        last = last_change(session, order.id)
        assert last
        letter(session, by, NOW, order.id, "", last.id, "essai")
        number = make_run(session, (order.id, "FA-2"))
    for act in (apply_run, undo_run):
        with desk.writing() as session:
            act(session, by, NOW, number)
    with desk.writing() as session:
        found = session.query(Invoice).where(Invoice.number == "B-1").one()
        last = last_change(session, found.id)
        assert last
        letter(session, by, NOW, found.id, "FA-3", last.id)
    return number


def test_the_history_names_the_import_at_its_place_and_leads_to_it(desk: Desk, run_id: int) -> None:
    text = desk.browser.get("/ventes/factures/B-1").text
    history = text[text.index('id="history-h"') :]
    link = f'<a href="/ventes/imports/{run_id}">n°\u00a0{run_id}</a>'
    assert f"par Nadia Benali, par l’import {link}" in history
    assert f"par Nadia Benali, en annulant l’import {link}" in history
    told = re.findall(r"(?:Lettrée\s:|Délettrée\s:) FA-\d", history)
    assert [each.replace("\u00a0", " ") for each in told] == [
        "Lettrée : FA-1", "Délettrée : FA-1", "Lettrée : FA-2", "Délettrée : FA-2", "Lettrée : FA-3"
    ]  # fmt: skip


def test_the_trace_of_its_transaction_tells_it_too(desk: Desk, run_id: int) -> None:
    text = desk.browser.get("/ventes/traces?code=TX-1").text
    assert text.count(f"Import n°\u00a0{run_id}") == 2 and "Nadia Benali" in text
