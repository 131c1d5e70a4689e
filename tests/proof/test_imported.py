"""Lettering in bulk is proven: by one entry of the journal, and row by row, whoever has written to the database."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from invoicing.database import transaction
from invoicing.invoices.models import Invoice
from invoicing.journal import COMMAND
from invoicing.lettering.bulk_applying import apply_run
from invoicing.lettering.bulk_undoing import undo_run
from invoicing.lettering.queries import last_change
from invoicing.lettering.service import letter
from invoicing.payments.models import PaymentMethod
from invoicing.sellers.models import Seller
from tests.factories import NOW, TODAY, make_customer, make_invoice
from tests.lettering.planning import make_run
from tests.proof.conftest import Desk

NUMBERS = ("F2026-00003", "F2026-00004", "F2026-00005")


@pytest.fixture
def run_id(desk: Desk) -> int:
    """A run that has lettered three invoices of the installation as "VE-3" to "VE-5", and an order of a shop."""
    with transaction(desk.database.sessions) as session:
        seller, customer = session.scalars(select(Seller)).first(), make_customer(session)
        assert seller
        paid: dict[str, Any] = {"paid_on": TODAY, "paid_method": PaymentMethod.cash}
        made = [make_invoice(session, customer, seller, **paid).invoice_id for _ in NUMBERS]
        order = session.scalars(select(Invoice).where(Invoice.number.like("B-%"))).one()
        pairs = [(id_, f"VE-{number[-1]}") for id_, number in zip(made, NUMBERS, strict=True)]
        found = make_run(session, (order.id, "VE-6"), *pairs)
    with transaction(desk.database.sessions) as session:
        assert apply_run(session, COMMAND, NOW, found) == 4
    return found


def undo(desk: Desk, run_id: int) -> None:
    with transaction(desk.database.sessions) as session:
        assert undo_run(session, COMMAND, NOW, run_id) == 4


def faults(desk: Desk) -> set[tuple[str, Any]]:
    """Codes with the documents that they name, but for the guards that a tamperer has dropped."""
    return {(fault.code, fault.facts.get("number")) for fault in desk.faults() if fault.check != "guards"}


def test_a_run_is_proven_and_what_follows_it(desk: Desk, run_id: int) -> None:
    assert desk.faults() == []
    desk.render()
    desk.seal()
    assert desk.faults() == []
    with transaction(desk.database.sessions) as session:
        invoice = session.scalars(select(Invoice).where(Invoice.number == NUMBERS[0])).one()
        last = last_change(session, invoice.id)
        assert last and last.run_id == run_id
        letter(session, COMMAND, NOW, invoice.id, "VE-9", last.id)
    assert desk.faults() == []


def test_a_run_that_was_taken_back_is_proven(desk: Desk, run_id: int) -> None:
    desk.render()
    undo(desk, run_id)
    desk.render()
    desk.seal()
    assert desk.faults() == []


ROW = "run_id IS NOT NULL AND after = 'VE-4'"
NAMED = {("lettering_forged", NUMBERS[1])}
OF_ROWS = [
    ("UPDATE lettering_change SET reason = 'autre' WHERE {0}", NAMED),
    ("UPDATE lettering_change SET at = '2026-11-22 09:31:00.000000' WHERE {0}", NAMED),
    ("UPDATE lettering_change SET actor_id = 7 WHERE {0}", NAMED),
    ("UPDATE lettering_change SET before = 'VE-0' WHERE {0}", NAMED),
    ("UPDATE lettering_change SET seal = NULL WHERE {0}", NAMED),
    ("UPDATE lettering_change SET seal = (SELECT seal FROM lettering_change WHERE after = 'VE-3') WHERE {0}", NAMED),
    ("UPDATE lettering_change SET state = NULL WHERE {0}", NAMED),
    ("UPDATE lettering_change SET state = (SELECT state FROM lettering_change WHERE after = 'VE-3') WHERE {0}", NAMED),
    ("UPDATE lettering_change SET state = 'x' WHERE {0}", NAMED),
    ("UPDATE lettering_change SET after = 'VE-44' WHERE {0}", {*NAMED, ("lettering_differs", NUMBERS[1])}),
    ("UPDATE lettering_change SET run_id = NULL WHERE {0}", {*NAMED, ("lettering_row_gone", NUMBERS[1])}),
    ("UPDATE lettering_change SET after = NULL WHERE {0}",
     {*NAMED, ("lettering_row_gone", NUMBERS[1]), ("lettering_differs", NUMBERS[1])}),
    ("DELETE FROM lettering_change WHERE {0}",
     {("lettering_row_gone", NUMBERS[1]), ("lettering_differs", NUMBERS[1])}),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "expected"), OF_ROWS)
def test_a_changed_row_of_a_run_is_named_with_its_document(
    desk: Desk, run_id: int, statement: str, expected: set[tuple[str, Any]]
) -> None:
    desk.tamper(statement.format(ROW))
    found = faults(desk)
    assert expected <= found
    assert {number for _code, number in found} == {NUMBERS[1]}


def test_a_row_that_somebody_adds_to_a_run_is_named(desk: Desk, run_id: int) -> None:
    desk.tamper(
        "INSERT INTO lettering_change (id, invoice_id, at, actor_kind, before, after, reason, run_id, state, seal) "
        "SELECT 900, 1, at, actor_kind, before, 'VE-8', reason, run_id, state, seal FROM lettering_change "
        f"WHERE {ROW}"
    )  # fmt: skip
    assert ("lettering_forged", "F2026-00001") in faults(desk)
    assert {number for _code, number in faults(desk)} == {"F2026-00001"}


def test_a_row_for_a_run_that_never_was_is_named(desk: Desk, run_id: int) -> None:
    desk.tamper(
        "INSERT INTO import_run (kind, state, file_name, sha256, size, options, asked_at, done, total, counts, fault) "
        "SELECT kind, state, file_name, sha256, size, options, asked_at, done, total, counts, fault FROM import_run",
        f"UPDATE lettering_change SET run_id = {run_id + 1} WHERE {ROW}",
    )
    assert faults(desk) >= {("lettering_forged", NUMBERS[1]), ("lettering_row_gone", NUMBERS[1])}


def test_a_row_that_is_gone_from_history_and_plan_is_told_by_its_entry(desk: Desk, run_id: int) -> None:
    with transaction(desk.database.sessions) as session:
        invoice = session.scalars(select(Invoice).where(Invoice.number == NUMBERS[1])).one()
        last = last_change(session, invoice.id)
        assert last
        letter(session, COMMAND, NOW, invoice.id, "VE-9", last.id)  # so that nothing else tells of it
    desk.tamper(f"DELETE FROM lettering_change WHERE {ROW}", "DELETE FROM planned_lettering WHERE typed = 'VE-4'")
    (fault,) = [fault for fault in desk.faults() if fault.check != "guards"]
    position = desk.one("SELECT position FROM journal WHERE action = 'lettering.imported'")
    assert (fault.code, fault.facts) == ("lettering_gone", {"position": int(position)})


@pytest.mark.parametrize(
    "change",
    [
        "lettering = 'VE-44', lettering_folded = 've-44'",
        "lettering_folded = 've-44'",
        "customer_id = 1",
        "status = 'paid'",
        "subject = 'Autre'",
    ],
)
def test_a_document_that_was_changed_after_it_is_named(desk: Desk, run_id: int, change: str) -> None:
    desk.tamper(f"UPDATE invoice SET {change} WHERE number = '{NUMBERS[1]}'")
    assert ("document_altered", NUMBERS[1]) in faults(desk)


def test_what_was_altered_between_an_import_and_a_later_entry_is_named_as_overwritten(desk: Desk, run_id: int) -> None:
    desk.tamper(f"UPDATE invoice SET created_by_id = NULL, form_token = 'x' WHERE number = '{NUMBERS[1]}'")
    with transaction(desk.database.sessions) as session:
        invoice = session.scalars(select(Invoice).where(Invoice.number == NUMBERS[1])).one()
        last = last_change(session, invoice.id)
        assert last
        letter(session, COMMAND, NOW, invoice.id, "VE-9", last.id)
    assert faults(desk) == {("document_overwritten", NUMBERS[1])}


def test_what_was_altered_before_an_import_is_named(desk: Desk) -> None:
    with transaction(desk.database.sessions) as session:
        seller, customer = session.scalars(select(Seller)).first(), make_customer(session)
        assert seller
        made = make_invoice(session, customer, seller, paid_on=TODAY, paid_method=PaymentMethod.cash)
        run_id = make_run(session, (made.invoice_id, "VE-3"))
    desk.tamper(f"UPDATE invoice SET created_by_id = NULL, form_token = 'x' WHERE id = {made.invoice_id}")
    with transaction(desk.database.sessions) as session:
        apply_run(session, COMMAND, NOW, run_id)
    (fault,) = [fault for fault in desk.faults() if fault.check == "documents"]
    assert (fault.code, fault.facts["invoice_id"]) == ("document_altered", made.invoice_id)


def test_rows_that_took_a_run_back_are_proven_likewise(desk: Desk, run_id: int) -> None:
    undo(desk, run_id)
    desk.tamper("UPDATE lettering_change SET at = '2026-11-22 09:31:00.000000' WHERE before = 'VE-4'")
    assert faults(desk) >= {("lettering_forged", NUMBERS[1]), ("document_unproven", NUMBERS[1])}
    desk.tamper("DELETE FROM lettering_change WHERE before = 'VE-5'")
    assert ("lettering_row_gone", NUMBERS[2]) in faults(desk)


def test_an_entry_without_the_key_proves_no_row_of_its_run(desk: Desk, run_id: int) -> None:
    desk.tamper("UPDATE journal SET actor_id = 7 WHERE action = 'lettering.imported'")
    found = faults(desk)
    assert {("lettering_forged", number) for number in NUMBERS} <= found
    assert {("document_unproven", number) for number in NUMBERS} <= found


def test_a_journal_without_the_entry_proves_no_row_of_its_run(desk: Desk, run_id: int) -> None:
    desk.tamper("DELETE FROM journal WHERE action = 'lettering.imported'")
    assert {("lettering_forged", number) for number in NUMBERS} <= faults(desk)


def test_an_order_that_a_run_lettered_has_the_version_that_bears_the_reference(desk: Desk, run_id: int) -> None:
    desk.render()
    with desk.database.sessions() as session:
        order = session.scalars(select(Invoice).where(Invoice.lettering == "VE-6")).one()
        assert [version.withdrawn_at is None for version in order.versions] == [False, True]
        number = order.number
    desk.tamper(
        f"DELETE FROM document_version WHERE position = 2 AND invoice_id = (SELECT id FROM invoice "
        f"WHERE number = '{number}')"
    )  # fmt: skip
    assert ("document_altered", number) in faults(desk)
