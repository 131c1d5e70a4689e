"""State formats: what was written in format 1 stays proven; neither hides what was altered under the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from invoicing.database import transaction
from invoicing.invoices.models import Invoice
from invoicing.journal import COMMAND, JournalEntry
from invoicing.payments.models import PaymentMethod
from invoicing.payments.service import PaymentContent, record_payment
from invoicing.proof import states
from invoicing.shop.models import Catalogue
from tests.conftest import Database
from tests.factories import NOW, TODAY, make_item
from tests.proof.conftest import Desk, furnished
from tests.proof.test_tampering import FIRST, OF_ROWS

ITEM = "UPDATE invoice_line SET item_id = (SELECT max(id) FROM item) WHERE invoice_id = 1 AND position = 2"
TOTALS = "UPDATE invoice SET totals_only = NOT totals_only WHERE id = 1"


@contextmanager
def written_in(format: int) -> Iterator[None]:
    """Entries are written in this format, as another version of the program does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(states, "STATE_FORMAT", format)
        yield


@pytest.fixture
def older(database: Database, tmp_path: Path) -> Desk:
    """A desk whose journal was written in format 1."""
    with written_in(1):
        return furnished(database, tmp_path)


def change(desk: Desk, format: int) -> None:
    """An ordinary payment of the first document, which seals it again."""
    with written_in(format), transaction(desk.database.sessions) as session:
        token = f"t{session.query(JournalEntry).count()}"
        record_payment(session, COMMAND, NOW, 1, PaymentContent(PaymentMethod.cash, TODAY, "", 100), token)


def sell_items(desk: Desk) -> None:
    """Something that a line may name."""
    with transaction(desk.database.sessions) as session:
        make_item(session, session.scalars(select(Catalogue).limit(1)).one())


def formats(desk: Desk, invoice_id: int = 1) -> list[int]:
    """Of a document's entries, in their order."""
    query = select(JournalEntry.state).where(JournalEntry.subject_kind == "invoice",
                                             JournalEntry.subject_id == invoice_id)  # fmt: skip
    with desk.database.sessions() as session:
        return [states.words_of(state or "").format for state in session.scalars(query.order_by(JournalEntry.position))]


def told(desk: Desk) -> list[tuple[str, object]]:
    """What is wrong with documents: code and number."""
    return [(fault.code, fault.facts["number"]) for fault in desk.faults() if fault.check == "documents"]


# what stands on paper ----------------------------------------------------------------------------------------------


def document(*, is_frozen: bool) -> states.Document:
    """Made up, the same for ever."""
    invoice: list[object] = [f"i{n}" for n in range(len(states.INVOICE) - 1)]
    invoice[states.INVOICE.index("frozen_at")] = "2026-11-22 00:00:00.000000" if is_frozen else None
    lines = [[*(f"l{n}.{column}" for column in range(12)), item] for n, item in ((1, None), (2, 7))]
    versions = [(1, '{"é":1}', None, "2026-11-22 00:00:00.000000")]
    taxes = ([(1, 1, 1, 20000)], [(1, 1, 20000, 100, 20)])
    return states.Document([*invoice, 0], lines, [[f"p{n}" for n in range(12)]], versions, taxes)


FROZEN = "ad8f1bd9dfcb0a58883ca5e97a4c50e5baeeb2d01b0a3515b47acfb0b4d5e5a5"
ADDED = "8c3845e9c5f06215a9cb198f28c5bba5eb62df86b734c3e25c58a0457f4b012f"
KEPT = "5b5698ed052b1eef ad202a443ae60eca"


@pytest.mark.parametrize(
    ("format", "is_frozen", "words"),
    [
        (1, True, f"0f821a46053007cae9c2827a85a3ef3201cbf0baaed3600b24085c6313950b35 {FROZEN} {KEPT}"),
        (1, False, f"1329287e9cbd23324f9bdc7cc4c6d4ce932720a1de7b5b3aff48f54e17e2c48e - {KEPT}"),
        (2, True, f"2 2fc159c9a3161e8a73933557a0edf8d1127a85dee1577730e3424481d5d20b00 {FROZEN} {ADDED} {KEPT}"),
        (2, False, f"2 c4dfa7d9a449b88424e4ffe646fd7c880c741a929bd772c776face6518fee3bc - - {KEPT}"),
    ],
)
def test_a_format_never_changes(format: int, is_frozen: bool, words: str) -> None:
    assert document(is_frozen=is_frozen).state(format) == words


# what came with format 2 -------------------------------------------------------------------------------------------


def test_totals_alone_are_named_by_the_snapshot_whatever_the_format(desk: Desk) -> None:
    desk.tamper(TOTALS)
    (fault,) = desk.faults()
    assert (fault.code, fault.facts["number"], fault.facts["what"]) == ("document_altered", FIRST, "totals_only")


def test_another_item_is_a_changed_document(desk: Desk) -> None:
    sell_items(desk)
    assert desk.faults() == []
    desk.tamper(ITEM)
    assert told(desk) == [("document_altered", FIRST)]


@pytest.mark.parametrize("what", ["totals_only = NOT totals_only", "item_id"])
def test_of_a_draft_too(desk: Desk, what: str) -> None:
    sell_items(desk)
    draft = int(desk.one("SELECT id FROM invoice WHERE status = 'draft'"))
    on = ITEM.replace("= 1 AND position = 2", f"= {draft}")
    desk.tamper(on if what == "item_id" else f"UPDATE invoice SET {what} WHERE id = {draft}")
    (fault,) = desk.faults()
    assert (fault.code, fault.facts["invoice_id"]) == ("document_altered", draft)


def test_the_next_change_does_not_forget_another_item(desk: Desk) -> None:
    sell_items(desk)
    desk.tamper(ITEM)
    change(desk, 2)
    assert told(desk) == [("document_overwritten", FIRST)]


# what was written in format 1 --------------------------------------------------------------------------------------


def test_a_journal_of_format_1_is_intact(older: Desk) -> None:
    with older.database.sessions() as session:
        ids = list(session.scalars(select(Invoice.id)))
    assert {format for each in ids for format in formats(older, each)} == {1}
    assert older.faults() == []


@pytest.mark.parametrize(("statement", "expected"), OF_ROWS[::3])
def test_under_an_entry_of_format_1_a_changed_row_is_named(
    older: Desk, statement: str, expected: tuple[str, str, str]
) -> None:
    older.tamper(statement.format(FIRST))
    fault = next(fault for fault in older.faults() if fault.check == "documents")
    assert (fault.code, fault.facts["number"], fault.facts["what"]) == expected


def test_under_an_entry_of_format_1_totals_alone_are_named(older: Desk) -> None:
    older.tamper(TOTALS)
    (fault,) = older.faults()
    assert (fault.code, fault.facts["number"], fault.facts["what"]) == ("document_altered", FIRST, "totals_only")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE invoice SET subject = 'Autre', snapshot = replace(snapshot, 'Adhésion', 'Autre') WHERE id = 1",
        "UPDATE invoice_line SET tax_set_id = tax_set_id + 1 WHERE invoice_id = 1",
        "UPDATE payment SET reference = '13' WHERE reference = '12'",
        "UPDATE document_version SET due_at = '2020-01-01 00:00:00' WHERE invoice_id = 1",
    ],
)
@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 1)])
def test_what_was_altered_between_two_formats_is_not_forgotten(
    desk: Desk, statement: str, before: int, after: int
) -> None:
    change(desk, before)
    desk.tamper(statement)
    change(desk, after)
    assert told(desk) == [("document_overwritten", FIRST)]


def test_formats_may_follow_each_other_in_any_order(older: Desk) -> None:
    for format in (2, 1, 1, 2, 2, 1):
        change(older, format)
        assert older.faults() == []
    assert formats(older)[-6:] == [2, 1, 1, 2, 2, 1]


# an older format is no way around ----------------------------------------------------------------------------------


def test_an_entry_of_format_1_does_not_cover_what_format_2_has_told(desk: Desk) -> None:
    sell_items(desk)
    desk.tamper(ITEM)
    for _ in range(2):
        change(desk, 1)
        assert told(desk) == [("document_altered", FIRST)]
    change(desk, 2)
    assert told(desk) == [("document_overwritten", FIRST)]


def test_a_state_written_over_in_format_1_is_a_forged_entry(desk: Desk) -> None:
    sell_items(desk)
    desk.tamper(ITEM)
    with desk.database.sessions() as session:
        (found,) = states.some(session.connection(), [1])
    last = desk.one("SELECT max(position) FROM journal WHERE subject_kind = 'invoice' AND subject_id = 1")
    desk.tamper(f"UPDATE journal SET state = '{found.state(1)}' WHERE position = {last}")
    assert {("journal_hash", int(last)), ("document_unproven", None)} == {
        (fault.code, fault.facts.get("position")) for fault in desk.faults()
    }


def test_a_format_of_a_later_version_is_told_as_one(desk: Desk) -> None:
    change(desk, 3)
    last = int(desk.one("SELECT max(position) FROM journal"))
    first, second = desk.faults()
    assert (first.code, first.facts["position"], first.facts["format"]) == ("journal_format", last, "3")
    assert (second.code, second.facts["number"]) == ("document_unproven", FIRST)
