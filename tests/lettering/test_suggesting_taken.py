"""The pool as the database has it, what is kept for a document, and a person who takes some of it. On both engines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from invoicing.accounting.plan import Official
from invoicing.errors import FieldFaults, NotFound
from invoicing.imports.models import ImportRow, ImportRun, RunKind, RunState
from invoicing.imports.rules import COLUMNS, Judged, NotReady
from invoicing.invoices.models import Invoice, Status
from invoicing.journal import COMMAND
from invoicing.lettering.accepting import RowDone, Taking, accept, accept_many, letter_anyway
from invoicing.lettering.bulk_rules import Verdict
from invoicing.lettering.proposals import facts_of, forget, keep, proposals, rivalled, suggestions_of
from invoicing.lettering.rules import LetteringStale, LetteringTaken, NotLetterable
from invoicing.lettering.run_queries import sums_of_run
from invoicing.lettering.service import letter
from invoicing.lettering.suggesting import Pool
from invoicing.lettering.suggesting_rules import SHOWN, WEAK, Reason
from invoicing.shop.models import Shop
from tests.factories import NOW, TODAY, make_credit, make_customer, make_order, make_shop
from tests.lettering.desk import judge

OFFICIAL = Official(
    2, "FA-7", ("FA-7", "VIR SEPA"), 21_600, "EUR", TODAY + timedelta(1), "COOPERATIVE DU MORVAN"
)  # fmt: skip


@pytest.fixture
def shop(session: Session) -> Shop:
    return make_shop(session)


def order(session: Session, shop: Shop, name: str = "Coopérative du Morvan", **over: object) -> Invoice:
    customer = make_customer(session, kind="organisation", organisation_name=name, first_name="", last_name="")
    return make_order(session, shop, customer, **over)  # type: ignore[arg-type]


def judged(session: Session, *officials: Official, state: RunState = RunState.judged) -> int:
    """A run whose rows are what the pool says of these."""
    pool = Pool.load(session)
    run = ImportRun(kind=RunKind.letterings, state=state, file_name="c.csv", sha256="0" * 64, size=1, asked_at=NOW,
                    counts=json.dumps({Verdict.suggest: len(officials)}))  # fmt: skip
    session.add(run)
    session.flush()
    rows = []
    for each in officials:
        facts = {"customer": each.customer, "amount_cents": each.amount_cents, "currency": each.currency, "day": "",
                 "suggestions": [facts_of(found) for found in pool.fitting(each)]}  # fmt: skip
        rows.append(Judged(each.line, Verdict.suggest, each.reference, None, facts))
    session.add_all(ImportRow(run_id=run.id, **dict(zip(COLUMNS, row.columns(), strict=True))) for row in rows)
    keep(session, run.id, rows)
    return run.id


def test_the_pool_holds_what_may_be_lettered_and_is_not(session: Session, shop: Shop) -> None:
    waits = order(session, shop)
    lettered = order(session, shop, "Club nautique")
    letter(session, COMMAND, NOW, lettered.id, "FA-1", 0)
    for status in set(Status) - {Status.complete, Status.paid}:
        order(session, shop, "Radio", status=status)
    noted = order(session, shop, "Verrerie", now=NOW - timedelta(9))
    note = make_credit(session, noted.id)
    found = {each.number: each for each in Pool.load(session).documents}
    assert set(found) == {waits.number, noted.number, note.number}
    assert found[note.number or ""].cents == -note.total_cents and found[note.number or ""].is_credit_note
    (best,) = Pool.load(session).suggest(OFFICIAL)
    assert (best.invoice_id, best.customer, best.days) == (waits.id, "Coopérative du Morvan", 1)


def test_a_transaction_code_of_the_database_is_found(session: Session, shop: Shop) -> None:
    waits = order(session, shop, transaction_code="TU9+WE9/RU1RTWDXNA==")
    (found,) = Pool.load(session).suggest(Official(2, "FA-7", ("CB tu9+we9/ru1rtwdxna", "FA-7")))
    assert found.invoice_id == waits.id and found.reasons == (Reason.code,)


def test_what_is_kept_is_shown_with_its_facts_until_it_is_forgotten(session: Session, shop: Shop) -> None:
    waits = order(session, shop)
    run_id = judged(session, OFFICIAL)
    (found,) = proposals(session, waits.id)
    assert (found.run_id, found.line, found.reference, found.customer) == (run_id, 2, "FA-7", "COOPERATIVE DU MORVAN")
    assert found.amount_cents == 21_600 and found.reasons == (Reason.amount, Reason.name, Reason.days)
    assert [each.invoice_id for each in suggestions_of(session, run_id, 2)] == [waits.id]
    forget(session, run_id)
    assert proposals(session, waits.id) == []


def test_a_reference_of_two_files_is_proposed_once_as_the_later_file_has_it(session: Session, shop: Shop) -> None:
    waits = order(session, shop)
    judged(session, OFFICIAL)
    later = judged(session, OFFICIAL)
    assert [each.run_id for each in proposals(session, waits.id)] == [later]


def test_accepting_letters_by_the_one_way_and_marks_the_row(session: Session, shop: Shop) -> None:
    waits = order(session, shop)
    run_id = judged(session, OFFICIAL)
    change = accept(session, COMMAND, NOW, run_id, 2, waits.id, 0)
    assert change and (change.after, change.run_id) == ("FA-7", None) and waits.lettering == "FA-7"
    row = session.query(ImportRow).filter_by(run_id=run_id).one()
    assert (row.verdict, row.done, row.invoice_id) == (Verdict.lettered, True, waits.id)
    assert json.loads(session.get_one(ImportRun, run_id).counts) == {Verdict.lettered: 1}
    assert accept(session, COMMAND, NOW, run_id, 2, waits.id, change.id) is None
    assert proposals(session, waits.id) == []


def test_what_was_not_suggested_cannot_be_accepted(session: Session, shop: Shop) -> None:
    waits, other = order(session, shop), order(session, shop, "Club nautique", now=NOW - timedelta(300))
    run_id = judged(session, OFFICIAL)
    for place in ((run_id + 1, 2, waits.id), (run_id, 3, waits.id), (run_id, 2, other.id)):
        with pytest.raises(NotFound):
            accept(session, COMMAND, NOW, *place, 0)
    session.get_one(ImportRun, run_id).state = RunState.applying
    with pytest.raises(NotReady):
        accept(session, COMMAND, NOW, run_id, 2, waits.id, 0)


def test_several_are_accepted_each_with_its_own_outcome(session: Session, shop: Shop) -> None:
    first, second, third = (
        order(session, shop),
        order(session, shop, "Club nautique"),
        order(session, shop, "Radio FM"),
    )
    holder = order(session, shop, "Verrerie")
    letter(session, COMMAND, NOW, holder.id, "FA-9", 0)
    others = (Official(3, "fa-9", (), 21_600, "EUR", TODAY, "Club nautique"),
              Official(4, "FA-10", (), 21_600, "EUR", TODAY, "Radio FM"))  # fmt: skip
    run_id = judged(session, OFFICIAL, *others)
    third.status = Status.cancelled
    session.flush()

    @contextmanager
    def writing() -> Iterator[Session]:
        with session.begin_nested():
            yield session

    takings = [Taking(2, first.id, 0), Taking(3, second.id, 0), Taking(4, third.id, 0)]
    done, taken, closed = accept_many(writing, COMMAND, NOW, run_id, takings)
    assert done.refused is None and done.change_id and first.lettering == "FA-7"
    assert isinstance(taken.refused, LetteringTaken) and isinstance(closed.refused, NotLetterable)
    assert second.lettering is None and third.lettering is None


def test_a_row_is_given_to_one_document_alone(session: Session, shop: Shop) -> None:
    first, second = order(session, shop), order(session, shop)
    run_id = judged(session, OFFICIAL)
    assert {each.invoice_id for each in suggestions_of(session, run_id, 2)} == {first.id, second.id}
    accept(session, COMMAND, NOW, run_id, 2, first.id, 0)
    with pytest.raises(RowDone) as refusal:
        accept(session, COMMAND, NOW, run_id, 2, second.id, 0)
    assert refusal.value.number == first.number and second.lettering is None


def test_a_day_that_the_file_says_is_given_back(session: Session, shop: Shop) -> None:
    waits = order(session, shop)
    run_id = judged(session, OFFICIAL)
    row = session.query(ImportRow).filter_by(run_id=run_id).one()
    row.facts = json.dumps({**json.loads(row.facts), "day": "2026-11-23"})
    session.flush()
    (found,) = proposals(session, waits.id)
    assert found.day == date(2026, 11, 23) and found.is_shown


def test_what_files_propose_for_one_document_is_weighed_together(session: Session, shop: Shop) -> None:
    waits = order(session, shop)
    judged(session, OFFICIAL)
    (alone,) = proposals(session, waits.id)
    assert alone.is_shown
    other = replace(OFFICIAL, reference="FA-8", texts=("FA-8",))
    run_id = judged(session, other)
    assert rivalled(session, run_id, []) == set()
    found = proposals(session, waits.id)
    assert {each.reference for each in found} == {"FA-7", "FA-8"}
    assert all(each.score == SHOWN - 1 and each.reasons[-1] is Reason.rival for each in found)
    judged(session, replace(OFFICIAL, reference="FA-9", texts=(f"CB {waits.transaction_code}",)))
    sure, *others = proposals(session, waits.id)
    rows = {row.subject: row for row in session.query(ImportRow)}
    rival = {subject: rivalled(session, row.run_id, [row]) for subject, row in rows.items()}
    assert rival == {"FA-7": {(2, waits.id)}, "FA-8": {(2, waits.id)}, "FA-9": set()}
    assert sure.reference == "FA-9" and sure.is_shown and not any(each.is_shown for each in others)


def test_a_weak_suggestion_reaches_the_work_list_as_weak(session: Session, shop: Shop) -> None:
    waits = order(session, shop)
    weak = replace(OFFICIAL, customer="")
    (row,) = judge(session, weak)
    assert (row.verdict, row.facts["why"]) == (Verdict.unknown_invoice, "weak")
    judged(session, weak)
    (found,) = proposals(session, waits.id)
    assert WEAK <= found.score < SHOWN and not found.is_shown


def test_a_row_whose_document_bears_its_reference_is_already_so(session: Session, shop: Shop) -> None:
    waits = order(session, shop)
    run_id, again = judged(session, OFFICIAL), judged(session, OFFICIAL)
    change = accept(session, COMMAND, NOW, run_id, 2, waits.id, 0)
    assert change and accept(session, COMMAND, NOW, again, 2, waits.id, change.id) is None
    counts = [json.loads(session.get_one(ImportRun, each).counts) for each in (run_id, again)]
    assert counts == [{Verdict.lettered: 1}, {Verdict.already: 1}]
    assert sums_of_run(session, again) == []
    assert accept(session, COMMAND, NOW, again, 2, waits.id, change.id) is None
    assert json.loads(session.get_one(ImportRun, again).counts) == {Verdict.already: 1}


def test_a_row_that_was_taken_and_unlettered_since_is_never_said_to_stand(session: Session, shop: Shop) -> None:
    waits = order(session, shop)
    run_id = judged(session, OFFICIAL)
    change = accept(session, COMMAND, NOW, run_id, 2, waits.id, 0)
    assert change
    cleared = letter(session, COMMAND, NOW, waits.id, "", change.id, "Erreur")
    assert cleared
    with pytest.raises(LetteringStale):
        accept(session, COMMAND, NOW, run_id, 2, waits.id, change.id)
    assert waits.lettering is None
    given = accept(session, COMMAND, NOW, run_id, 2, waits.id, cleared.id)
    assert given and waits.lettering == "FA-7"
    assert json.loads(session.get_one(ImportRun, run_id).counts) == {Verdict.lettered: 1}


def test_an_amount_that_differs_takes_a_reason_each_time(session: Session, shop: Shop) -> None:
    waits = order(session, shop)
    run_id = judged(session, OFFICIAL)
    row = session.query(ImportRow).filter_by(run_id=run_id).one()
    row.verdict, row.invoice_id = Verdict.amount_differs, waits.id
    session.flush()
    with pytest.raises(FieldFaults):
        letter_anyway(session, COMMAND, NOW, run_id, 2, 0, " ")
    change = letter_anyway(session, COMMAND, NOW, run_id, 2, 0, "Frais de port")
    assert change and change.reason == "Frais de port"
    assert letter_anyway(session, COMMAND, NOW, run_id, 2, 0, "") is None
    letter(session, COMMAND, NOW, waits.id, "", change.id, "Erreur")
    with pytest.raises(LetteringStale):
        letter_anyway(session, COMMAND, NOW, run_id, 2, change.id, "Frais de port")
    with pytest.raises(FieldFaults):
        letter_anyway(session, COMMAND, NOW, run_id, 2, change.id + 1, "")
