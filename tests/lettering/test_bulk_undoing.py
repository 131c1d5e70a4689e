"""A whole import of letterings is taken back, as long as nothing came after."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from invoicing.database import transaction
from invoicing.documents.desk import Facts
from invoicing.finding import narrow
from invoicing.invoices.freezing import search_text
from invoicing.invoices.models import Invoice
from invoicing.journal import COMMAND, JournalEntry
from invoicing.lettering.bulk_undoing import NAMED, CameAfter
from invoicing.lettering.queries import last_change
from invoicing.lettering.service import letter
from invoicing.search_index import problems
from tests.conftest import Database
from tests.factories import NOW, make_customer, make_order, make_shop
from tests.lettering.planning import apply, history, invoices, make_run, planned, references, undo, verdicts


def relettered(database: Database, invoice_id: int, typed: str, reason: str = "") -> None:
    """A person's change afterwards."""
    with transaction(database.sessions) as session:
        last = last_change(session, invoice_id)
        assert last
        letter(session, COMMAND, NOW, invoice_id, typed, last.id, reason)


def test_all_of_a_run_is_taken_back_and_the_history_says_by_what(database: Database) -> None:
    one, two = invoices(database, 2)
    run_id = planned(database, {one: "Été 1", two: "FA-2"})
    apply(database, run_id)
    assert undo(database, run_id) == 2
    assert references(database) == {}
    assert history(database)[2:] == [(one, "Été 1", None, run_id), (two, "FA-2", None, run_id)]
    assert verdicts(database, run_id) == {2: "taken_back", 3: "taken_back"}
    with database.sessions() as session:
        said = select(JournalEntry).where(JournalEntry.action.contains("letter")).order_by(JournalEntry.position)
        entries = session.scalars(said).all()
        assert [entry.action for entry in entries] == ["lettering.imported", "lettering.import_undone"]
        assert entries[1].facts()["taken_back"] == [None, 2]
        for invoice in session.scalars(select(Invoice)):
            assert (invoice.lettering_folded, invoice.revision) == (None, 4)
            assert invoice.search_text == search_text(invoice, invoice.customer)
        assert list(session.scalars(select(Invoice.id).where(narrow(session, "ete 1").whole))) == []
        assert problems(session.connection()) == []


def test_what_was_so_already_stays(database: Database) -> None:
    one, two = invoices(database, 2)
    run_id = planned(database, {one: "FA-1", two: "FA-2"})
    with transaction(database.sessions) as session:
        letter(session, COMMAND, NOW, one, "FA-1", 0)
    apply(database, run_id)
    assert undo(database, run_id) == 1
    assert references(database) == {one: "FA-1"}
    assert verdicts(database, run_id) == {2: "already", 3: "taken_back"}


def test_undoing_twice_changes_nothing_the_second_time(database: Database) -> None:
    (one,) = invoices(database, 1)
    run_id = planned(database, {one: "FA-1"})
    apply(database, run_id)
    assert [undo(database, run_id), undo(database, run_id)] == [1, 0]
    assert len(history(database)) == 2


def test_a_run_that_was_never_applied_takes_nothing_back(database: Database) -> None:
    (one,) = invoices(database, 1)
    run_id = planned(database, {one: "FA-1"})
    assert undo(database, run_id) == 0
    assert history(database) == [] and verdicts(database, run_id) == {2: "will_letter"}


def test_a_single_later_change_keeps_all_of_it_and_is_named(database: Database) -> None:
    one, two = invoices(database, 2)
    run_id = planned(database, {one: "FA-1", two: "FA-2"})
    apply(database, run_id)
    relettered(database, two, "FA-3")
    before = references(database), history(database)
    with pytest.raises(CameAfter) as caught:
        undo(database, run_id)
    assert (list(caught.value.numbers), caught.value.count) == (["F2026-00002"], 1)
    assert (references(database), history(database)) == before


def test_a_reference_that_went_and_came_back_came_after(database: Database) -> None:
    (one,) = invoices(database, 1)
    run_id = planned(database, {one: "FA-1"})
    apply(database, run_id)
    relettered(database, one, "", "essai")
    relettered(database, one, "FA-1")
    with pytest.raises(CameAfter):
        undo(database, run_id)
    assert references(database) == {one: "FA-1"}


def test_of_very_many_later_changes_the_first_are_named_and_all_counted(database: Database) -> None:
    ids = invoices(database, NAMED + 3)
    run_id = planned(database, {number: f"FA-{number}" for number in ids})
    apply(database, run_id)
    for number in ids:
        relettered(database, number, f"VE-{number}")
    with pytest.raises(CameAfter) as caught:
        undo(database, run_id)
    assert (len(caught.value.numbers), caught.value.count) == (NAMED, NAMED + 3)


def test_an_order_gets_a_version_without_the_reference_again(database: Database) -> None:
    with transaction(database.sessions) as session:
        order = make_order(session, make_shop(session), make_customer(session)).id
        run_id = make_run(session, (order, "FA-1"))
    apply(database, run_id)
    undo(database, run_id)
    with database.sessions() as session:
        versions = session.get_one(Invoice, order).versions
        told = [(Facts.from_json(version.facts).official_number, version.withdrawn_at is None) for version in versions]
        assert told == [("", False), ("FA-1", False), ("", True)]


def test_a_reference_that_was_taken_back_is_free_again(database: Database) -> None:
    one, two = invoices(database, 2)
    run_id = planned(database, {one: "FA-1"})
    apply(database, run_id)
    undo(database, run_id)
    assert apply(database, planned(database, {two: "FA-1"})) == 1
    assert references(database) == {two: "FA-1"}
