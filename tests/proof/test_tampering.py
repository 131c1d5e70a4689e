"""Somebody with every right on database and archive, but without the key: each of their changes is found and named."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import text

from invoicing import guards
from invoicing.documents.archive import place
from invoicing.journal import GENESIS, JournalEntry, entry_hash
from invoicing.proof.rules import Fault
from tests.proof.conftest import Desk

FIRST = "F2026-00001"


def altered(*what: str) -> tuple[str, str, str]:
    """The fault of a changed document, and where it differs from what was printed."""
    return "document_altered", FIRST, ", ".join(what)


OF_ROWS = [
    ("UPDATE invoice SET total_cents = total_cents - 1 WHERE number = '{0}'", altered("total_cents")),
    ("UPDATE invoice SET subject = subject || ' ' WHERE number = '{0}'", altered("subject")),
    ("UPDATE invoice SET buyer_name = 'Autre' WHERE number = '{0}'", altered("buyer_name")),
    ("UPDATE invoice SET customer_id = 2 WHERE number = '{0}'", altered()),
    ("UPDATE invoice SET status = 'complete' WHERE number = '{0}'", altered()),
    ("UPDATE invoice SET created_by_id = NULL, form_token = 'x' WHERE number = '{0}'", altered()),
    ("UPDATE invoice SET snapshot = replace(snapshot, '2027', '2028') WHERE number = '{0}'",
     altered("line 1", "line 2")),
    ("UPDATE invoice SET due_on = '2031-01-01' WHERE number = '{0}'", altered("due_on")),
    ("UPDATE invoice_line SET label = label || ' ' WHERE position = 2", altered("line 2")),
    ("DELETE FROM invoice_line_tax WHERE line_id IN (SELECT id FROM invoice_line WHERE position = 2)",
     altered("line 2 tax")),
    ("UPDATE invoice_tax SET amount_cents = amount_cents + 1 WHERE invoice_id = 1", altered("tax 1")),
    ("DELETE FROM invoice_tax WHERE invoice_id = 1", altered("taxes")),
    ("UPDATE payment SET amount_cents = 999 WHERE reference = '12'", altered("payments")),
    ("UPDATE payment SET reference = '13' WHERE reference = '12'", altered()),
    ("DELETE FROM payment WHERE reference = '12'", altered("payments")),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "expected"), OF_ROWS)
def test_a_changed_row_is_named(desk: Desk, statement: str, expected: tuple[str, str, str]) -> None:
    desk.tamper(statement.format(FIRST))
    fault = next(fault for fault in desk.faults() if fault.check == "documents")
    assert (fault.code, fault.facts["number"], fault.facts["what"]) == expected


def test_money_that_no_longer_adds_up_is_told(desk: Desk) -> None:
    desk.tamper("DELETE FROM payment WHERE reference = '12'")
    fault = next(fault for fault in desk.faults() if fault.check == "payments")
    assert fault == Fault("payments", "paid", {"told": 1000, "found": 0, "number": FIRST, "invoice_id": 1})


def test_a_credit_note_is_counted_against_what_it_corrects(desk: Desk) -> None:
    desk.tamper("UPDATE invoice SET credited_cents = credited_cents - 1 WHERE credited_cents > 0")
    fault = next(fault for fault in desk.faults() if fault.check == "payments")
    assert (fault.code, fault.facts["number"], fault.facts["found"]) == ("credited", "Q2026-00001", 2300)


@pytest.mark.parametrize("origin", ["manual", "online"])
def test_a_changed_draft_or_order_without_number_is_named(desk: Desk, origin: str) -> None:
    which = f"SELECT id FROM invoice WHERE number IS NULL AND origin = '{origin}'"
    desk.tamper(f"UPDATE invoice_line SET price_e4 = 1 WHERE invoice_id = ({which})")
    (fault,) = desk.faults()
    assert (fault.code, fault.facts["invoice_id"]) == ("document_altered", int(desk.one(which)))


def test_another_number_is_a_changed_document_and_a_gap(desk: Desk) -> None:
    desk.tamper(f"UPDATE invoice SET number = 'F2026-00009', number_folded = 'f2026-00009' WHERE number = '{FIRST}'")
    assert {"document_altered", "number_gap", "counter"} <= desk.codes()


def test_a_document_that_is_gone_is_named(desk: Desk) -> None:
    desk.tamper(
        "DELETE FROM ledger_item WHERE invoice_id = 1",
        "DELETE FROM payment WHERE invoice_id = 1",
        "DELETE FROM document_version WHERE invoice_id = 1",
        "DELETE FROM invoice_line_tax WHERE line_id IN (SELECT id FROM invoice_line WHERE invoice_id = 1)",
        "DELETE FROM invoice_line WHERE invoice_id = 1",
        "DELETE FROM invoice_tax WHERE invoice_id = 1",
        "DELETE FROM invoice WHERE id = 1",
    )
    found = {fault.code: fault for fault in desk.faults()}
    assert found["document_gone"].facts["number"] == FIRST
    assert found["number_gap"].facts["first"] == 1
    assert found["version_gone"].facts["version"] == 1


COPIED = (
    "kind, origin, mode, seller_id, series_id, currency, language, transaction_code, issued_on, due_on, made_out_to, "
    "subject, summary, buyer_name, note, net_cents, tax_cents, total_cents, discount_e4, discount_cents, "
    "allowance_cents, rounding_cents, reason, totals_only, wants_mail, to_check, snapshot, frozen_at, emailed, "
    "created_at, status, customer_id, "
    "paid_cents, credited_cents, payment_label, listed_on, customer_sort, search_text, revision"
)


def test_a_forged_invoice_is_named(desk: Desk) -> None:
    desk.tamper(f"INSERT INTO invoice (number, number_folded, {COPIED}) "
                f"SELECT 'F2026-00003', 'f2026-00003', {COPIED} FROM invoice WHERE id = 1")  # fmt: skip
    found = {fault.code: fault for fault in desk.faults()}
    assert found["document_unknown"].facts["number"] == "F2026-00003"
    assert "counter" in found


# the journal -----------------------------------------------------------------------------------------------------


def test_a_changed_entry_is_named(desk: Desk) -> None:
    desk.tamper("UPDATE journal SET actor_id = 7 WHERE position = 5")
    (fault,) = [fault for fault in desk.faults() if fault.check == "chain"]
    assert (fault.code, fault.facts["position"]) == ("journal_hash", 5)


def test_a_removed_entry_is_named(desk: Desk) -> None:
    desk.tamper("DELETE FROM journal WHERE position = 5")
    (fault,) = [fault for fault in desk.faults() if fault.check == "chain"]
    assert (fault.code, fault.facts["first"], fault.facts["last"]) == ("journal_gap", 5, 5)


def test_a_removed_last_entry_is_found_by_its_anchor(desk: Desk) -> None:
    last = int(desk.one("SELECT max(position) FROM journal"))
    desk.tamper(f"DELETE FROM journal WHERE position = {last}")
    fault = desk.verify().first
    assert fault and (fault.code, fault.facts["position"], fault.facts["last"]) == ("journal_cut", last, last - 1)


def test_an_entry_without_the_key_is_named(desk: Desk) -> None:
    last = int(desk.one("SELECT max(position) FROM journal"))
    desk.tamper("INSERT INTO journal (position, format, at, actor_kind, action, subject_kind, changes, previous_hash, "
                f"hash) SELECT {last + 1}, format, at, actor_kind, action, subject_kind, changes, hash, 'f' || "
                f"substr(hash, 2, 60) || 'xyz' FROM journal WHERE position = {last}")  # fmt: skip
    (fault,) = desk.faults()
    assert (fault.code, fault.facts["position"]) == ("journal_hash", last + 1)


def rechained(desk: Desk, key: bytes) -> None:
    """The whole chain computed anew, as somebody would after changing an entry."""
    with desk.database.sessions() as session:
        guards.remove(session.connection())
        entries = session.query(JournalEntry).order_by(JournalEntry.position).all()
        session.execute(text("UPDATE journal SET hash = 'x' || position, previous_hash = 'y' || position"))
        for entry in entries:
            session.refresh(entry)
        head = GENESIS
        for entry in entries:
            entry.actor_id = 7 if entry.position == 3 else entry.actor_id
            entry.previous_hash = head
            entry.hash = head = entry_hash(key, entry)
            session.flush()
        guards.install(session.connection())
        session.commit()


def test_a_chain_made_anew_without_the_key_is_found(desk: Desk) -> None:
    rechained(desk, b"another key, that somebody has made up themselves")
    report = desk.verify()
    assert report.first and report.first.code == "journal_hash"
    assert {"journal_key", "anchor_differs", "document_unproven"} <= {f.code for c in report.checks for f in c.faults}


def test_a_chain_made_anew_even_with_the_key_meets_its_anchors(desk: Desk) -> None:
    rechained(desk, b"a key for the journal of the tests, long enough")
    assert {fault.code for fault in desk.faults()} == {"anchor_differs"}


def test_a_forged_anchor_is_named(desk: Desk) -> None:
    (path,) = desk.anchors.iterdir()
    path.write_text(path.read_text().replace('"position":', '"position":1'))
    (fault,) = desk.faults()
    assert (fault.code, fault.facts["line"]) == ("anchor_forged", 1)


# the archive -----------------------------------------------------------------------------------------------------


def test_a_flipped_bit_is_named(desk: Desk) -> None:
    path = desk.file(FIRST)
    data = bytearray(path.read_bytes())
    data[17] ^= 1
    path.write_bytes(data)
    (fault,) = desk.faults()
    assert (fault.code, fault.facts["number"], fault.facts["version"]) == ("file_altered", FIRST, 1)
    assert (fault.facts["expected"], fault.facts["found"]) == (path.name, hashlib.sha256(data).hexdigest())


def test_a_missing_file_is_named(desk: Desk) -> None:
    desk.file(FIRST).unlink()
    (fault,) = desk.faults()
    assert (fault.code, fault.facts["number"], fault.facts["version"]) == ("file_missing", FIRST, 1)


def swapped(desk: Desk) -> Path:
    """Another PDF under its own right name, and the row that points there."""
    data = b"%PDF another amount"
    sha256 = hashlib.sha256(data).hexdigest()
    path = desk.folder / "archive" / place(sha256)
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    desk.tamper(f"UPDATE document_version SET sha256 = '{sha256}', size = {len(data)} WHERE invoice_id = 1")
    return path


def test_a_swapped_pdf_is_named_though_file_and_row_agree(desk: Desk) -> None:
    path = swapped(desk)
    (fault,) = desk.faults()
    assert (fault.code, fault.facts["number"], fault.facts["found"]) == ("version_altered", FIRST, path.name)


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE document_version SET facts = replace(facts, 'invoice', 'order') WHERE invoice_id = 1",
         "version_altered"),
        ("UPDATE document_version SET pages = 9 WHERE invoice_id = 1", "version_altered"),
        ("UPDATE document_version SET state = 'due', sealed_at = NULL WHERE invoice_id = 1", "version_altered"),
        ("DELETE FROM document_version WHERE invoice_id = 1", "version_gone"),
        ("UPDATE document_version SET withdrawn_at = '2026-11-22 00:00:00' WHERE invoice_id = 1", "document_altered"),
    ],
)  # fmt: skip
def test_a_changed_version_row_is_named(desk: Desk, statement: str, code: str) -> None:
    desk.tamper(statement)
    fault = next(fault for fault in desk.faults() if fault.code == code)
    assert fault.facts["number"] == FIRST


def test_a_version_that_claims_a_seal_is_named(desk: Desk) -> None:
    desk.tamper("DELETE FROM journal WHERE action = 'version.archived' AND subject_id = 1")
    found = {fault.code: fault for fault in desk.faults()}
    assert found["version_entry_gone"].facts["number"] == FIRST


# references, counters, guards ------------------------------------------------------------------------------------


def test_a_changed_reference_is_named(desk: Desk) -> None:
    desk.tamper(
        "UPDATE invoice SET lettering = 'VE-2026-2', lettering_folded = 've-2026-2' WHERE lettering IS NOT NULL"
    )
    found = {fault.code: fault for fault in desk.faults()}
    assert found["lettering_differs"].facts == {
        "number": "F2026-00002", "invoice_id": 2, "told": "VE-2026-1", "found": "VE-2026-2"
    }  # fmt: skip
    assert "document_altered" in found


@pytest.mark.parametrize(
    ("statement", "codes"),
    [
        ("UPDATE lettering_change SET reason = 'autre'", {"lettering_forged", "lettering_gone"}),
        ("DELETE FROM lettering_change", {"lettering_gone", "lettering_differs"}),
        ("UPDATE series_counter SET last = last - 1 WHERE series_id = 1", {"counter"}),
        ("UPDATE series SET last_date = '2026-12-31' WHERE id = 1", {"series_day"}),
    ],
)
def test_history_and_counters_are_proven(desk: Desk, statement: str, codes: set[str]) -> None:
    desk.tamper(statement)
    assert desk.codes() == codes


def test_a_dropped_guard_is_named(desk: Desk) -> None:
    with desk.database.engine.begin() as connection:
        on = "" if connection.dialect.name == "sqlite" else " ON invoice"
        connection.execute(text(f"DROP TRIGGER guard_invoice_delete{on}"))
    found = desk.faults()
    desk.tamper("UPDATE organisation SET name = name")  # the database is shared: the guards stand again
    assert found == [Fault("guards", "guard", {"guard": "guard_invoice_delete"})]


def test_a_counter_of_the_lists_that_was_altered_is_named(desk: Desk) -> None:
    desk.tamper("INSERT INTO invoice_tally VALUES ('invoice', 'refused', 'CAD', 2, 10, 5, 15)")
    facts = {"kind": "invoice", "status": "refused", "currency": "CAD", "kept": 2, "kept_cents": 15, "found": 0,
             "found_cents": 0}  # fmt: skip
    assert desk.faults() == [Fault("tallies", "tally", facts)]
