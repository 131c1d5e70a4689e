"""Suggestions that people take while files are applied and taken back, customers merged, documents moved.

Whatever comes first, no document is lettered twice or silently, no reference is lost, and the verification is clean.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import select, text

from invoicing.customers.merging import merge
from invoicing.customers.merging_rules import MergeWish, fingerprint
from invoicing.customers.models import Customer
from invoicing.database import is_sqlite, transaction
from invoicing.documents.archive import open_archive
from invoicing.imports.models import ImportRow, ImportRun, RunState
from invoicing.imports.rules import NotReady
from invoicing.invoices.models import Invoice, Status
from invoicing.invoices.moving import move
from invoicing.journal import COMMAND
from invoicing.lettering.accepting import RowDone, accept
from invoicing.lettering.bulk_applying import Worse
from invoicing.lettering.bulk_rules import Verdict
from invoicing.lettering.models import LetteringChange, SuggestedLettering
from invoicing.lettering.queries import last_change
from invoicing.lettering.rules import LetteringStale
from invoicing.lettering.service import letter
from invoicing.proof.service import verify
from tests.conftest import JOURNAL_KEY, Database
from tests.factories import NOW, make_customer, make_order, make_shop
from tests.lettering.planning import apply, history, make_run, references, undo
from tests.lettering.test_together import giving, together

LINE = 90


@dataclass
class Desk:
    """Orders of one customer, a run that plans all but the last, and a row of it that suggests the last as "FA-S"."""

    database: Database
    folder: Path
    ids: list[int]
    run_id: int

    @property
    def last(self) -> int:
        return self.ids[-1]

    def accept(self, invoice_id: int = 0, line: int = LINE, run_id: int = 0) -> None:
        with transaction(self.database.sessions) as session:
            accept(session, COMMAND, NOW, run_id or self.run_id, line, invoice_id or self.last, 0)

    def unletter(self, invoice_id: int) -> None:
        with transaction(self.database.sessions) as session:
            last = last_change(session, invoice_id)
            letter(session, COMMAND, NOW, invoice_id, "", last.id if last else 0, "Erreur")

    def apply(self) -> None:
        apply(self.database, self.run_id)

    def state(self, state: RunState) -> None:
        with transaction(self.database.sessions) as session:
            session.get_one(ImportRun, self.run_id).state = state

    def row(self, line: int = LINE) -> tuple[str, bool]:
        with self.database.sessions() as session:
            query = select(ImportRow).where(ImportRow.run_id == self.run_id, ImportRow.line == line)
            row = session.scalars(query).one()
            return row.verdict, row.done

    def check(self) -> None:
        """The verification, but for what is archived by workers; each document's search finds its reference."""
        report = verify(
            self.database.engine, JOURNAL_KEY.encode(), open_archive(self.folder.as_uri()), self.folder / "anchors"
        )
        assert [fault for check in report.checks for fault in check.faults] == []
        with self.database.sessions() as session:
            for invoice in session.scalars(select(Invoice)):
                assert invoice.lettering is None or invoice.lettering.lower() in invoice.search_text


def suggest(database: Database, run_id: int, line: int, reference: str, *ids: int) -> None:
    """A row that suggests these documents."""
    with transaction(database.sessions) as session:
        session.add(ImportRow(run_id=run_id, line=line, verdict=Verdict.suggest, subject=reference))
        session.add_all(
            SuggestedLettering(run_id=run_id, line=line, invoice_id=id_, score=90, reasons="amount") for id_ in ids
        )
        run = session.get_one(ImportRun, run_id)
        counts = json.loads(run.counts)
        run.counts = json.dumps({**counts, "suggest": counts.get("suggest", 0) + 1})


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    with transaction(database.sessions) as session:
        shop, customer = make_shop(session), make_customer(session)
        ids = [make_order(session, shop, customer, status=Status.paid).id for _ in range(6)]
        run_id = make_run(session, *((id_, f"FA-{id_}") for id_ in ids[:-1]))
    suggest(database, run_id, LINE, "FA-S", ids[-1])
    return Desk(database, tmp_path, ids, run_id)


def planned(desk: Desk) -> dict[int, str]:
    return {id_: f"FA-{id_}" for id_ in desk.ids[:-1]}


def test_what_was_taken_of_a_run_stays_when_the_run_is_applied_and_taken_back(desk: Desk) -> None:
    desk.accept()
    desk.apply()
    assert references(desk.database) == {**planned(desk), desk.last: "FA-S"}
    desk.check()
    assert undo(desk.database, desk.run_id) == 5
    assert references(desk.database) == {desk.last: "FA-S"} and desk.row() == (Verdict.lettered, True)
    desk.check()


def test_what_was_taken_and_unlettered_by_hand_is_not_lettered_again_by_the_run(desk: Desk) -> None:
    desk.accept()
    desk.unletter(desk.last)
    desk.apply()
    assert references(desk.database) == planned(desk)
    with pytest.raises(LetteringStale):
        desk.accept()
    undo(desk.database, desk.run_id)
    assert references(desk.database) == {}
    desk.check()


def test_taking_what_a_run_plans_elsewhere_makes_its_row_worse(desk: Desk) -> None:
    with transaction(desk.database.sessions) as session:
        other = make_run(session)
    suggest(desk.database, other, LINE, "FA-9", desk.ids[0])
    desk.accept(desk.ids[0], run_id=other)
    with pytest.raises(Worse) as worse:
        desk.apply()
    assert [row.verdict for row in worse.value.rows.values()] == [Verdict.already_lettered_otherwise]
    assert references(desk.database) == {desk.ids[0]: "FA-9"}
    desk.check()


def test_of_two_who_take_one_row_for_two_documents_one_hears_whose_it_is(desk: Desk) -> None:
    with transaction(desk.database.sessions) as session:
        session.add(
            SuggestedLettering(run_id=desk.run_id, line=LINE, invoice_id=desk.ids[0], score=90, reasons="amount")
        )
    answers = together([desk.accept, lambda: desk.accept(desk.ids[0])])
    (refused,) = [answer for answer in answers if answer is not None]
    assert isinstance(refused, RowDone) and list(references(desk.database).values()) == ["FA-S"]
    assert {refused.invoice_id} == set(references(desk.database))
    desk.check()


def test_of_two_files_whose_rows_are_taken_for_one_document_one_is_stale(desk: Desk) -> None:
    with transaction(desk.database.sessions) as session:
        other = make_run(session)
    suggest(desk.database, other, LINE, "FA-T", desk.last)
    answers = together([desk.accept, lambda: desk.accept(run_id=other)])
    assert sorted(type(answer).__name__ for answer in answers) == ["LetteringStale", "NoneType"]
    assert len(history(desk.database)) == 1
    desk.check()


def test_nobody_who_takes_a_row_waits_for_the_worker_who_applies_its_file(desk: Desk) -> None:
    """The worker's history refers to the run and so holds its row: softly."""
    if is_sqlite(desk.database.engine):
        pytest.skip("SQLite writes one after the other")
    desk.state(RunState.applying)
    with transaction(desk.database.sessions) as session:
        session.add(LetteringChange(invoice_id=desk.ids[0], at=NOW, actor_kind="system", after="X", run_id=desk.run_id))
        session.flush()
        with pytest.raises(NotReady):
            soon(desk)
        session.rollback()


def soon(desk: Desk) -> None:
    """Takes the row, or gives up where a lock stands in the way."""
    with transaction(desk.database.sessions) as session:
        session.execute(text("SET LOCAL lock_timeout = '5s'"))
        accept(session, COMMAND, NOW, desk.run_id, LINE, desk.last, 0)


def merging(desk: Desk) -> Callable[[], None]:
    """Their customer goes into another record."""
    with transaction(desk.database.sessions) as session:
        kept = make_customer(session, first_name="Zoé", last_name="Malaterre").id
        gone = session.get_one(Invoice, desk.last).customer_id

    def act() -> None:
        with transaction(desk.database.sessions) as session:
            both = session.get_one(Customer, kept), session.get_one(Customer, gone)
            merge(session, COMMAND, NOW, kept, gone, MergeWish(fingerprint(*both)))

    return act


def moving(desk: Desk, invoice_id: int) -> None:
    with transaction(desk.database.sessions) as session:
        move(session, COMMAND, NOW, invoice_id, Status.complete, session.get_one(Invoice, invoice_id).revision)


@pytest.mark.parametrize("round_", range(3))
def test_everybody_in_one_instant(desk: Desk, round_: int) -> None:
    one, two = desk.ids[round_], desk.last
    jobs = [
        desk.accept, desk.apply, giving(desk.database, (one, "VE-1")), giving(desk.database, (two, "FA-S")),
        lambda: moving(desk, one), lambda: moving(desk, two), merging(desk),
    ]  # fmt: skip
    answers = together(jobs[round_:] + jobs[:round_])
    assert answers.count(None) >= 3  # whoever gives "FA-S", whoever gives the other reference, and the merge
    found = references(desk.database)
    assert found[two] == "FA-S" and found[one] in ("VE-1", f"FA-{one}")
    assert set(found) in ({one, two}, set(desk.ids))
    given = [(invoice_id, after) for invoice_id, _before, after, _run in history(desk.database)]
    assert sorted(given) == sorted(found.items())
    desk.check()
    with desk.database.sessions() as session:
        owners = set(session.scalars(select(Invoice.customer_id)))
        statuses = set(session.scalars(select(Invoice.status)))
    assert len(owners) == 1 and statuses <= {Status.paid, Status.complete}


def test_a_row_taken_before_or_after_its_file_is_asked_for_is_given_once(desk: Desk) -> None:
    start = Barrier(2)

    def asked() -> None:
        start.wait(30)
        desk.state(RunState.asked)

    def taken() -> None:
        start.wait(30)
        desk.accept()

    _, refused = together([asked, taken])
    assert refused is None or isinstance(refused, NotReady)
    assert references(desk.database) == ({} if refused else {desk.last: "FA-S"})
    desk.apply()
    assert references(desk.database) == {**planned(desk), **({} if refused else {desk.last: "FA-S"})}
    desk.check()
