"""Imports of letterings, and people who letter one by one, all in the same instant."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier

import pytest
from sqlalchemy import func, select, text

from invoicing.database import is_sqlite, transaction
from invoicing.journal import COMMAND, JournalEntry
from invoicing.lettering.bulk_applying import Worse
from invoicing.lettering.bulk_undoing import CameAfter
from invoicing.lettering.queries import last_change
from invoicing.lettering.rules import LetteringBusy, LetteringStale, LetteringTaken
from invoicing.lettering.service import letter
from tests.conftest import Database
from tests.factories import NOW
from tests.lettering.planning import apply, history, invoices, planned, references, undo, verdicts
from tests.lettering.test_together import giving, together

MANY = 40


def test_of_two_workers_who_apply_one_run_one_does_it_and_the_other_finds_it_done(database: Database) -> None:
    run_id = planned(database, {number: f"FA-{number}" for number in invoices(database, MANY)})
    counts: list[int] = []
    answers = together([lambda: counts.append(apply(database, run_id))] * 2)
    assert answers == [None, None] and sorted(counts) == [0, MANY]
    assert len(history(database)) == MANY
    with database.sessions() as session:
        said = select(func.count()).where(JournalEntry.action == "lettering.imported")
        assert session.scalar(said) == 1


def test_of_two_workers_who_undo_one_run_one_does_it(database: Database) -> None:
    run_id = planned(database, {number: f"FA-{number}" for number in invoices(database, MANY)})
    apply(database, run_id)
    counts: list[int] = []
    assert together([lambda: counts.append(undo(database, run_id))] * 2) == [None, None]
    assert sorted(counts) == [0, MANY] and len(history(database)) == 2 * MANY


def test_two_runs_that_want_the_same_references_never_share_one(database: Database) -> None:
    ids = invoices(database, 2 * MANY)
    runs = [
        planned(database, {number: f"FA-{place}" for place, number in enumerate(half)})
        for half in (ids[:MANY], ids[MANY:])
    ]
    answers = together([lambda run_id=run_id: _applied(database, run_id) for run_id in runs])  # type: ignore[misc]
    (refused,) = [answer for answer in answers if answer is not None]
    given = references(database)
    assert len(given) == MANY and set(given) in (set(ids[:MANY]), set(ids[MANY:]))
    if isinstance(refused, LetteringBusy):  # they met halfway: tried again, it hears who has them
        with pytest.raises(Worse) as caught:
            apply(database, next(run_id for run_id in runs if "will_letter" in verdicts(database, run_id).values()))
        refused = caught.value
    assert isinstance(refused, Worse) and len(refused.rows) == MANY
    assert {row.verdict for row in refused.rows.values()} == {"taken"}


def _applied(database: Database, run_id: int) -> None:
    apply(database, run_id)


def test_two_runs_of_the_same_documents_end_as_one_after_the_other(database: Database) -> None:
    ids = invoices(database, MANY)
    runs = [planned(database, {number: f"{letters}-{number}" for number in ids}) for letters in ("FA", "VE")]
    answers = together([lambda run_id=run_id: _applied(database, run_id) for run_id in runs])  # type: ignore[misc]
    (refused,) = [answer for answer in answers if answer is not None]
    assert isinstance(refused, Worse)
    assert {row.verdict for row in refused.rows.values()} == {"already_lettered_otherwise"}
    assert len({reference[:2] for reference in references(database).values()}) == 1


@pytest.mark.parametrize("round_", range(4))
def test_a_person_who_letters_meanwhile_is_first_or_second_and_never_half(database: Database, round_: int) -> None:
    ids = invoices(database, MANY + 1)
    run_id = planned(database, {number: f"FA-{number}" for number in ids[:-1]})
    wanted = ids[(round_ * 13) % MANY]
    single: Callable[[], None] = (
        giving(database, (ids[-1], f"fa-{wanted}")) if round_ % 2 else giving(database, (wanted, "VE-1"))
    )
    bulk, person = together([lambda: _applied(database, run_id), single])
    given = references(database)
    if bulk is None:
        assert isinstance(person, LetteringTaken if round_ % 2 else LetteringStale)
        assert given == {number: f"FA-{number}" for number in ids[:-1]}
    else:
        assert person is None and isinstance(bulk, Worse) and len(bulk.rows) == 1
        assert len(given) == 1 and len(history(database)) == 1


def test_a_reference_given_and_not_yet_committed_makes_its_row_worse(database: Database) -> None:
    """The run has judged its rows by then: the unique constraint has the last word."""
    if is_sqlite(database.engine):
        pytest.skip("SQLite writes one after the other")
    one, two, other = invoices(database, 3)
    run_id = planned(database, {one: "FA-1", two: "FA-2"})
    given = Barrier(2)

    def person() -> None:
        with transaction(database.sessions) as session:
            letter(session, COMMAND, NOW, other, "fa-2", 0)
            given.wait(30)
            _until_somebody_waits(database)

    def worker() -> None:
        given.wait(30)
        apply(database, run_id)

    answers = together([person, worker])
    assert answers[0] is None and isinstance(answers[1], Worse)
    (row,) = answers[1].rows.values()
    assert (row.line, row.verdict, row.facts["by_id"]) == (3, "taken", other)
    assert references(database) == {other: "fa-2"}


def _until_somebody_waits(database: Database) -> None:
    """Until another transaction of this database waits for what this one holds."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with database.engine.connect() as connection:
        for _ in range(100_000):
            if connection.execute(text(waiting)).scalar_one():
                return
            connection.rollback()
    raise AssertionError("nobody waits")


def test_a_person_who_holds_a_document_and_wants_another_of_the_run_is_no_deadlock_for_ever(database: Database) -> None:
    if is_sqlite(database.engine):
        pytest.skip("SQLite writes one after the other")
    ids = invoices(database, MANY)
    run_id = planned(database, {number: f"FA-{number}" for number in ids})
    both = giving(database, (ids[-1], "VE-1"), (ids[0], "VE-2"))
    bulk, person = together([lambda: _applied(database, run_id), both])
    found = references(database)
    if bulk is None:
        assert isinstance(person, LetteringStale | LetteringBusy) and len(found) == MANY
    else:
        assert isinstance(bulk, Worse | LetteringBusy) and found in ({}, {ids[-1]: "VE-1", ids[0]: "VE-2"})


def test_an_undo_and_a_person_who_changes_one_of_its_references_do_not_mix(database: Database) -> None:
    ids = invoices(database, MANY)
    run_id = planned(database, {number: f"FA-{number}" for number in ids})
    apply(database, run_id)
    with database.sessions() as session:
        change = last_change(session, ids[3])
        assert change
        last = change.id
    undone, person = together([lambda: _undone(database, run_id), giving(database, (ids[3], "VE-1"), seen=last)])
    if undone is None:
        assert isinstance(person, LetteringStale) and references(database) == {}
    else:
        assert isinstance(undone, CameAfter) and person is None and len(references(database)) == MANY


def _undone(database: Database, run_id: int) -> None:
    undo(database, run_id)
