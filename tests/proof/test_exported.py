"""The accountant's exports are proven: their rows, their bytes, their documents, and the sequence of their numbers."""

from __future__ import annotations

import zlib

import pytest
from sqlalchemy import text

from invoicing import guards
from tests.proof.conftest import Desk

FIRST = "WHERE number = 1"
DRAFT = "(SELECT id FROM invoice WHERE frozen_at IS NULL ORDER BY id LIMIT 1)"


def faults(desk: Desk) -> list[tuple[str, dict[str, object]]]:
    """What is wrong with exports."""
    return [(fault.code, dict(fault.facts)) for fault in desk.faults() if fault.check == "exports"]


def altered(*what: str) -> list[tuple[str, dict[str, object]]]:
    return [("export_altered", {"export": 1, "what": ", ".join(what)})]


def test_exports_that_nobody_has_touched_are_intact(desk: Desk) -> None:
    assert desk.export(b"three") == 2 and desk.export(b"") == 3
    report = desk.verify()
    assert report.first is None
    assert {check.name: check.count for check in report.checks}["exports"] == 3


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("number = 7", "number"),
        ("sha256 = 'f'", "sha256"),
        ("size = size + 1", "size"),
        ("rows = rows + 1", "rows"),
        ("documents = documents - 1", "documents"),
        ("totals = '{}'", "totals"),
        ("file_name = 'autre.csv'", "file_name"),
        ("until_position = 1", "until_position"),
        ("since_id = id", "since_id"),
        ("kind = 'fec'", "kind"),
        ("seller_id = 2", "seller_id"),
        ("first_day = NULL", "first_day"),
        ("last_day = '2026-12-31'", "last_day"),
        ("only_new = NOT only_new", "only_new"),
        ("made_at = '2026-11-22 09:31:00.000000'", "made_at"),
        ("asked_at = '2026-11-22 09:31:00.000000'", "asked"),
        ("asked_by_id = NULL, state = 'waiting'", "state"),
    ],
)
def test_a_changed_column_of_an_export_is_named(desk: Desk, change: str, what: str) -> None:
    desk.tamper(f"UPDATE ledger_export SET {change} {FIRST}")
    assert faults(desk) == altered(what)


def test_changed_bytes_are_named_though_the_row_agrees(desk: Desk) -> None:
    with desk.database.engine.begin() as connection:
        guards.remove(connection)
        changed = text("UPDATE ledger_part SET content = :content WHERE position = 1")
        connection.execute(changed, {"content": zlib.compress(b"TWO\r\n")})
        guards.install(connection)
    ((code, facts),) = faults(desk)
    assert (code, facts["export"]) == ("export_bytes", 1) and facts["found"] not in ("", facts["expected"])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_part SET position = 7 WHERE position = 0",
        "DELETE FROM ledger_part WHERE position = 1",
        "INSERT INTO ledger_part SELECT export_id, 2, content FROM ledger_part WHERE position = 1",
    ],
)
def test_parts_that_are_gone_added_or_elsewhere_are_named(desk: Desk, statement: str) -> None:
    desk.tamper(statement)
    assert [(code, facts["export"]) for code, facts in faults(desk)] == [("export_bytes", 1)]


def test_bytes_that_cannot_be_read_are_named(desk: Desk) -> None:
    desk.tamper("UPDATE ledger_part SET content = substr(content, 3) WHERE position = 0")
    ((code, facts),) = faults(desk)
    assert (code, facts["found"]) == ("export_bytes", "")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ledger_item WHERE invoice_id = 1",
        f"INSERT INTO ledger_item SELECT export_id, {DRAFT} FROM ledger_item WHERE invoice_id = 1",
        f"UPDATE ledger_item SET invoice_id = {DRAFT} WHERE invoice_id = 1",
    ],
)
def test_documents_that_an_export_is_said_to_hold_are_proven(desk: Desk, statement: str) -> None:
    """Else what an accountant never had would be left out of what is new, or sent twice."""
    desk.tamper(statement)
    assert faults(desk) == [("export_items", {"export": 1})]


def test_an_export_that_is_gone_is_named_and_the_others_are_not(desk: Desk) -> None:
    desk.export(b"second")
    desk.tamper(
        "DELETE FROM ledger_part WHERE export_id = 1", "DELETE FROM ledger_item WHERE export_id = 1",
        f"DELETE FROM ledger_export {FIRST}",
    )  # fmt: skip
    assert faults(desk) == [("export_gone", {"export": 1})]


def test_a_number_of_which_nothing_is_left_is_a_gap(desk: Desk) -> None:
    desk.export(b"second")
    desk.tamper(
        "DELETE FROM ledger_part WHERE export_id = 1", "DELETE FROM ledger_item WHERE export_id = 1",
        f"DELETE FROM ledger_export {FIRST}",
        "DELETE FROM journal WHERE subject_kind = 'ledger' AND subject_id = 1",
    )  # fmt: skip
    assert faults(desk) == [("export_gap", {"first": 1, "last": 1})]


def test_an_export_that_somebody_adds_is_named(desk: Desk) -> None:
    columns = ("kind, state, seller_id, first_day, last_day, only_new, since_id, until_position, asked_at, made_at, "
               "documents, rows, totals, size, sha256, file_name, fault")  # fmt: skip
    desk.tamper(f"INSERT INTO ledger_export (id, number, {columns}) SELECT 90, 2, {columns} FROM ledger_export {FIRST}")
    assert faults(desk) == [("export_unknown", {"export": 2})]


def test_an_entry_without_the_key_proves_no_export(desk: Desk) -> None:
    desk.tamper("UPDATE journal SET actor_id = 7 WHERE action = 'ledger.made'")
    assert faults(desk) == [("export_unproven", {"export": 1})]


def test_an_export_of_an_older_version_is_proven_as_far_as_its_entry_tells(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its entry told no documents, totals and predecessor; their number it told."""
    from invoicing.ledger import hands

    def record(session: object, actor: object, now: object, action: str, subject: object, changes: object) -> None:
        assert isinstance(changes, dict)
        told = {name: value for name, value in changes.items() if name not in ("items", "totals", "since_id")}
        kept(session, actor, now, action, subject, told)  # type: ignore[arg-type]

    kept = hands.journal.record
    monkeypatch.setattr(hands.journal, "record", record)
    desk.export(b"second")
    monkeypatch.undo()
    assert faults(desk) == []
    desk.tamper("DELETE FROM ledger_item WHERE export_id = 2 AND invoice_id = 1")
    assert faults(desk) == [("export_items", {"export": 2})]
