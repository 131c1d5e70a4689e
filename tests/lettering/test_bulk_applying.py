"""Lettering in bulk: every row judged once more, all of them written or none, and as one by one they would be."""

from __future__ import annotations

import json
import string
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.database import transaction
from invoicing.documents.desk import Facts
from invoicing.documents.models import DocumentVersion
from invoicing.finding import narrow
from invoicing.imports.models import ImportRow
from invoicing.invoices.freezing import search_text
from invoicing.invoices.models import Invoice, Status
from invoicing.journal import COMMAND, JournalEntry
from invoicing.lettering.bulk_applying import Worse, apply_run
from invoicing.lettering.bulk_rules import Verdict
from invoicing.lettering.models import LetteringChange
from invoicing.lettering.queries import last_change
from invoicing.lettering.service import letter
from invoicing.numbering import Mode, Source
from invoicing.payments.models import PaymentMethod
from invoicing.payments.service import PaymentContent, record_payment, undo_payment
from invoicing.search_index import problems
from invoicing.sellers.models import Organisation, Seller
from invoicing.shop.models import Shop
from tests.conftest import Database
from tests.factories import (
    NOW,
    TODAY,
    make_credit,
    make_customer,
    make_invoice,
    make_line,
    make_order,
    make_seller,
    make_shop,
)
from tests.lettering.planning import apply, history, invoices, make_run, planned, references, verdicts

LATER = NOW + timedelta(hours=1)


def test_a_run_letters_all_its_documents_and_says_who_from_where(database: Database) -> None:
    one, two = invoices(database, 2)
    run_id = planned(database, {one: "FA\u00a02026 1", two: "fa-2"})
    assert apply(database, run_id) == 2
    assert references(database) == {one: "FA\u00a02026 1", two: "fa-2"}
    assert history(database) == [(one, None, "FA\u00a02026 1", run_id), (two, None, "fa-2", run_id)]
    assert verdicts(database, run_id) == {2: "lettered", 3: "lettered"}
    with database.sessions() as session:
        rows = session.scalars(select(ImportRow)).all()
        assert [(row.done, row.content) for row in rows] == [(True, ""), (True, "")]


def test_the_journal_has_one_entry_of_it_all(database: Database) -> None:
    run_id = planned(database, dict(zip(invoices(database, 3), ("F1", "F2", "F3"), strict=True)))
    apply(database, run_id)
    with database.sessions() as session:
        (entry,) = session.scalars(select(JournalEntry).where(JournalEntry.action.contains("letter")))
        assert (entry.action, entry.subject_kind, entry.subject_id) == ("lettering.imported", "import", run_id)
        facts = entry.facts()
        assert (facts["lettered"], facts["already"]) == ([None, 3], [None, 0])
        assert len(facts["digest"][1]) == 64


def test_the_same_run_again_and_another_with_the_same_rows_change_nothing(database: Database) -> None:
    (one,) = invoices(database, 1)
    run_id = planned(database, {one: "FA-1"})
    apply(database, run_id)
    again = planned(database, {one: "fa-1"})
    assert [apply(database, run_id), apply(database, again), apply(database, again)] == [0, 0, 0]
    assert len(history(database)) == 1
    assert [verdicts(database, run_id), verdicts(database, again)] == [{2: "lettered"}, {2: "already"}]


def test_what_was_lettered_so_meanwhile_counts_as_done(database: Database) -> None:
    one, two = invoices(database, 2)
    run_id = planned(database, {one: "FA-1", two: "FA-2"})
    with transaction(database.sessions) as session:
        letter(session, COMMAND, NOW, one, "FA-1", 0)
    assert apply(database, run_id) == 1
    assert verdicts(database, run_id) == {2: "already", 3: "lettered"}
    assert [row[3] for row in history(database)] == [None, run_id]


# worse meanwhile -------------------------------------------------------------------------------------------------


def _lettered_otherwise(session: Session, one: int, _other: int) -> dict[str, Any]:
    letter(session, COMMAND, NOW, one, "VE-9", 0)
    return {"verdict": Verdict.already_lettered_otherwise, "has": "VE-9"}


def _taken(session: Session, _one: int, other: int) -> dict[str, Any]:
    letter(session, COMMAND, NOW, other, "fa-1", 0)
    number = session.get_one(Invoice, other).number
    return {"verdict": Verdict.taken, "by": number, "by_id": other}


def _unpaid(session: Session, one: int, _other: int) -> dict[str, Any]:
    session.get_one(Invoice, one).status = Status.pending
    return {"verdict": Verdict.wrong_status, "status": "pending"}


def _other_amount(session: Session, one: int, _other: int) -> dict[str, Any]:
    row = session.scalars(select(ImportRow).where(ImportRow.invoice_id == one)).one()
    row.content = json.dumps({**json.loads(row.content), "total_cents": 1})
    return {"verdict": Verdict.amount_differs, "total_cents": 21600, "invoice_currency": "EUR"}


@pytest.mark.parametrize("happens", [_lettered_otherwise, _taken, _unpaid, _other_amount])
def test_one_row_that_has_become_worse_leaves_everything_unwritten(
    database: Database, happens: Callable[[Session, int, int], dict[str, Any]]
) -> None:
    one, two, other = invoices(database, 3)
    run_id = planned(database, {one: "FA-1", two: "FA-2"})
    with transaction(database.sessions) as session:
        expected = happens(session, one, other)
    before = references(database), history(database)
    with pytest.raises(Worse) as caught:
        apply(database, run_id)
    (judged,) = caught.value.rows.values()
    assert (judged.line, judged.subject, judged.invoice_id, judged.content) == (2, "FA-1", one, None)
    told = {"verdict": judged.verdict, **judged.facts}
    assert {key: told[key] for key in expected} == expected
    assert told["customer"] == "Lefèvre"
    assert (references(database), history(database)) == before
    assert verdicts(database, run_id) == {2: "will_letter", 3: "will_letter"}


def test_a_plan_that_gives_one_reference_twice_gives_it_to_nobody(database: Database) -> None:
    one, two, three = invoices(database, 3)
    run_id = planned(database, {one: "FA-1", two: "fa-1", three: "FA-3"})
    with pytest.raises(Worse) as caught:
        apply(database, run_id)
    found = {line: (row.verdict, row.facts["lines"]) for line, row in caught.value.rows.items()}
    assert found == {2: ("duplicate_in_file", [3]), 3: ("duplicate_in_file", [2])}
    assert references(database) == {}


# as one by one ---------------------------------------------------------------------------------------------------


def _documents(session: Session, seller: Seller, shops: tuple[Shop, Shop]) -> list[int]:
    """One of each kind that may be lettered where what is unpaid may be, too."""
    customer = make_customer(session, first_name="Élodie", last_name="Lefèvre")
    statuses = (Status.complete, Status.paid, Status.pending, Status.partial)
    found = [make_order(session, shops[0], customer, status=status) for status in statuses]
    found += [make_order(session, shops[1], customer, status=status) for status in statuses[:2]]
    found.append(make_order(session, shops[0], customer, make_line(session, "Gratuit", 0)))
    manual = [make_invoice(session, customer, seller).invoice_id for _ in range(2)]
    for number, (days, cents) in enumerate(((5, 7_200), (0, 100), (3, 14_400))):
        content = PaymentContent(PaymentMethod.cheque, TODAY - timedelta(days=days), "", cents)
        paid = record_payment(session, COMMAND, NOW, manual[0], content, f"t{manual[0]}-{number}")
        if cents == 100:  # what was undone pays nothing
            undo_payment(session, COMMAND, NOW, paid.id, "erreur", f"u{manual[0]}")
    found += [make_credit(session, invoice.id) for invoice in (found[0], found[4])]
    return [*(invoice.id for invoice in found), *manual]


def _versions(session: Session, invoice_id: int) -> list[tuple[int, Facts, Any, Any]]:
    """Position, facts, due and withdrawn of each version, with the reference's letters alone for its number."""
    query = select(DocumentVersion).where(DocumentVersion.invoice_id == invoice_id).order_by(DocumentVersion.position)
    rows = []
    for row in session.scalars(query):
        facts = Facts.from_json(row.facts)
        bare = replace(
            facts, official_number=facts.official_number.rstrip(string.digits),
            corrects_official=facts.corrects_official.rstrip(string.digits),
        )  # fmt: skip
        rows.append((row.position, bare, row.due_at, row.withdrawn_at))
        assert row.facts == facts.to_json()
    return rows


@pytest.mark.parametrize("reference", ["FA-№ ", "Ⅸ-"])
def test_each_document_is_left_as_lettering_it_alone_would_have_left_it(database: Database, reference: str) -> None:
    with transaction(database.sessions) as session:
        seller = make_seller(session)
        shops = (make_shop(session, seller), make_shop(session, seller, mode=Mode.official, source=Source.generated))
        alone, many = (_documents(session, seller, shops) for _ in range(2))
        session.get_one(Organisation, 1).letters_unpaid = True
        for pair in (alone, many):
            letter(session, COMMAND, NOW, pair[1], f"{pair[1]}", 0)  # and had a reference once
            change = last_change(session, pair[1])
            assert change
            letter(session, COMMAND, NOW, pair[1], "", change.id, "erreur")
    with transaction(database.sessions) as session:
        for number in alone:
            change = last_change(session, number)
            letter(session, COMMAND, LATER, number, f"{reference}{number}", change.id if change else 0)
        run_id = make_run(session, *((number, f"{reference}{number}") for number in many))
    with transaction(database.sessions) as session:
        assert apply_run(session, COMMAND, LATER, run_id) == len(many)
    with database.sessions() as session:
        for one, other in zip(alone, many, strict=True):
            assert _versions(session, one) == _versions(session, other)
            first, second = session.get_one(Invoice, one), session.get_one(Invoice, other)
            assert second.search_text == search_text(second, second.customer)
            for name in ("status", "revision", "paid_cents", "listed_on"):
                assert getattr(first, name) == getattr(second, name), name
        versions = [len(_versions(session, number)) for number in many]
        assert max(versions) > 2 and min(versions) == 1


def test_what_is_lettered_in_bulk_is_found_by_its_reference(database: Database) -> None:
    one, two, three = invoices(database, 3)
    run_id = planned(database, {one: "VE-Été-77", two: "VE-78", three: "№ 7990417"})
    apply(database, run_id)
    with database.sessions() as session:
        for query, found in {"ve-ete-77": [one], "ETE": [one], "ve-78": [two], "7990417": [three]}.items():
            assert list(session.scalars(select(Invoice.id).where(narrow(session, query).whole))) == found, query
        assert problems(session.connection()) == []


def test_progress_is_told_and_ends_with_all(database: Database) -> None:
    run_id = planned(database, dict(zip(invoices(database, 4), "abcd", strict=True)))
    said: list[tuple[int, int]] = []
    with transaction(database.sessions) as session:
        apply_run(session, COMMAND, NOW, run_id, lambda done, total: said.append((done, total)))
    assert said == sorted(said) and said[-1] == (4, 4)


def test_a_single_change_after_it_goes_on_from_it(database: Database) -> None:
    (one,) = invoices(database, 1)
    apply(database, planned(database, {one: "FA-1"}))
    with transaction(database.sessions) as session:
        last = last_change(session, one)
        assert last
        letter(session, COMMAND, NOW, one, "FA-2", last.id)
    with database.sessions() as session:
        changes = session.scalars(select(LetteringChange).order_by(LetteringChange.id)).all()
        assert [(row.before, row.after) for row in changes] == [(None, "FA-1"), ("FA-1", "FA-2")]
