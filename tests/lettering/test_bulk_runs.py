"""A run of letterings from the file to its undoing: columns said and remembered, all in one transaction, or nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from bench.letterings_filling import EXPECTED, export, fill
from invoicing.accounting.plan import Column, Plan
from invoicing.accounting.reading import choose
from invoicing.database import is_sqlite, transaction
from invoicing.imports import hands, queries, service
from invoicing.imports.hands import LostRun
from invoicing.imports.models import ImportFile, ImportRow, ImportRun, RunKind, RunState
from invoicing.imports.rules import NothingToApply, NothingToUndo, NotReady, StillAsks
from invoicing.invoices.models import Invoice
from invoicing.journal import Actor, ActorKind
from invoicing.lettering.models import ColumnLayout, LetteringChange, PlannedLettering
from invoicing.lettering.service import letter
from invoicing.silence import SILENT
from lettrine.importer import Importer
from lettrine.whole import Whole
from tests.conftest import Database
from tests.factories import NOW, make_shop, make_user
from tests.lettering.desk import order

HEADINGS = "N° facture;Date;Client;Libellé;Montant TTC"


def rows(*pairs: tuple[str, str]) -> bytes:
    """A file: (reference, our number) each, of 72.00 €."""
    told = [f"{reference};14/03/2026;Zoé Roy;Cmd {number};72,00" for reference, number in pairs]
    return "\r\n".join([HEADINGS, *told, ""]).encode("cp1252")


@dataclass
class Desk:
    """Two orders, somebody who letters, and a worker's hands."""

    database: Database
    user: Actor

    def start(self, content: bytes, name: str = "ventes.csv") -> int:
        with transaction(self.database.sessions) as session:
            token = f"token-{session.scalar(select(func.count(ImportRun.id)))}"
            return service.start(session, self.user, NOW, RunKind.letterings, name, content, None, token).id

    def work(self, later: timedelta = timedelta()) -> bool:
        return Importer(self.database.sessions, lambda: NOW + later, Event()).work()

    def run(self, run_id: int) -> ImportRun:
        with self.database.sessions() as session:
            return queries.run(session, run_id)

    def plan(self, run_id: int) -> Plan:
        return Plan.from_json(self.run(run_id).options)

    def judged(self, content: bytes) -> int:
        """A run whose columns are as recognised, with its verdicts."""
        run_id = self.start(content)
        self.work()
        self.map(run_id, self.plan(run_id))
        self.work()
        return run_id

    def map(self, run_id: int, plan: Plan) -> bool:
        with transaction(self.database.sessions) as session:
            return service.map_columns(session, self.user, NOW, run_id, plan)

    def ask(self, run_id: int) -> None:
        with transaction(self.database.sessions) as session:
            assert service.ask(session, self.user, NOW, run_id)

    def undo(self, run_id: int) -> None:
        with transaction(self.database.sessions) as session:
            assert service.ask_undo(session, self.user, NOW, run_id)
        self.work()

    def letter(self, number: str, typed: str, reason: str = "") -> None:
        with transaction(self.database.sessions) as session:
            id_ = session.scalar(select(Invoice.id).where(Invoice.number == number)) or 0
            seen = session.scalar(select(func.max(LetteringChange.id)).where(LetteringChange.invoice_id == id_)) or 0
            letter(session, self.user, NOW, id_, typed, seen, reason)

    def references(self) -> list[str | None]:
        with self.database.sessions() as session:
            return list(session.scalars(select(Invoice.lettering).order_by(Invoice.id)))

    def count(self, table: type) -> int:
        with self.database.sessions() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def desk(database: Database) -> Desk:
    with transaction(database.sessions) as session:
        shop = make_shop(session)
        for n in (1, 2):
            order(session, shop, f"B-20260314-{n}")
        return Desk(database, Actor(ActorKind.user, make_user(session).id))


TWO = rows(("FA-1", "B-20260314-1"), ("FA-2", "B-20260314-2"))


def test_a_file_is_recognised_confirmed_judged_applied_and_taken_back(desk: Desk) -> None:
    run_id = desk.start(TWO)
    desk.work()
    run, plan = desk.run(run_id), desk.plan(run_id)
    assert (run.state, run.total, plan.columns[0]) == (RunState.mapping, 2, Column.reference)
    assert not desk.work()  # a person's word is waited for
    assert desk.map(run_id, plan) and not desk.map(run_id, plan)
    desk.work()
    assert (desk.run(run_id).state, json.loads(desk.run(run_id).counts)) == (RunState.judged, {"will_letter": 2})
    assert desk.count(PlannedLettering) == 2 and desk.references() == [None, None]
    desk.ask(run_id)
    desk.work()
    assert (desk.run(run_id).state, json.loads(desk.run(run_id).counts)) == (RunState.applied, {"lettered": 2})
    assert desk.references() == ["FA-1", "FA-2"] and desk.count(ImportFile) == 0
    desk.undo(run_id)
    run = desk.run(run_id)
    assert (run.state, run.undone_at, run.undone_by_id) == (RunState.undone, NOW, desk.user.user_id)
    assert json.loads(run.counts) == {"taken_back": 2} and desk.references() == [None, None]


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    desk.ask(run_id := desk.judged(TWO))
    desk.work()
    assert desk.run(run_id).state is RunState.applied
    again = desk.judged(TWO)
    assert json.loads(desk.run(again).counts) == {"already": 2}
    with pytest.raises(NothingToApply):
        desk.ask(again)
    assert desk.count(LetteringChange) == 2


def test_columns_that_a_person_said_are_remembered(desk: Desk) -> None:
    content = b"A;B\r\nFA-1;B-20260314-1\r\nFA-2;B-20260314-2\r\n"
    run_id = desk.start(content)
    desk.work()
    plan = desk.plan(run_id)
    with pytest.raises(StillAsks):
        desk.map(run_id, replace(plan, asks=("reference",)))
    desk.map(run_id, choose(plan, (Column.reference, Column.number), plan.days, "", ""))
    desk.work()
    assert json.loads(desk.run(run_id).counts) == {"will_letter": 2}
    second = desk.start(content + b"FA-3;B-20260314-3\r\n")
    desk.work()
    plan = desk.plan(second)
    assert plan.remembered and plan.columns == (Column.reference, Column.number) and not plan.asks
    assert desk.count(ColumnLayout) == 1


def test_one_may_go_back_to_the_columns_until_somebody_asks(desk: Desk) -> None:
    run_id = desk.judged(TWO)
    with transaction(desk.database.sessions) as session:
        assert service.map_again(session, desk.user, NOW, run_id)
        assert not service.map_again(session, desk.user, NOW, run_id)
    assert desk.count(ImportRow) == 0 and desk.count(PlannedLettering) == 0
    desk.map(run_id, desk.plan(run_id))
    desk.work()
    desk.ask(run_id)
    with transaction(desk.database.sessions) as session, pytest.raises(NotReady):
        service.map_again(session, desk.user, NOW, run_id)


def test_what_has_become_worse_is_shown_and_nothing_is_written(desk: Desk) -> None:
    run_id = desk.judged(TWO)
    desk.ask(run_id)
    desk.letter("B-20260314-2", "FA-9")
    desk.work()
    run = desk.run(run_id)
    assert (run.state, json.loads(run.fault)["code"]) == (RunState.judged, "changed_meanwhile")
    assert json.loads(run.counts) == {"already_lettered_otherwise": 1, "will_letter": 1}
    assert desk.references() == [None, "FA-9"] and desk.count(PlannedLettering) == 1
    desk.ask(run_id)
    desk.work()
    assert desk.run(run_id).fault == "" and desk.references() == ["FA-1", "FA-9"]


def test_what_was_changed_since_is_not_taken_back(desk: Desk) -> None:
    desk.ask(run_id := desk.judged(TWO))
    desk.work()
    desk.letter("B-20260314-1", "FA-7", "erreur de saisie")
    desk.undo(run_id)
    run = desk.run(run_id)
    assert (run.state, json.loads(run.fault)["code"]) == (RunState.applied, "came_after")
    assert json.loads(run.fault)["facts"]["numbers"] == ["B-20260314-1"]
    assert desk.references() == ["FA-7", "FA-2"]


def test_an_import_that_lettered_nothing_has_nothing_to_take_back(desk: Desk) -> None:
    run_id = desk.judged(TWO)
    with transaction(desk.database.sessions) as session:
        session.execute(update(ImportRun).values(state=RunState.applied))
    with transaction(desk.database.sessions) as session, pytest.raises(NothingToUndo):
        service.ask_undo(session, desk.user, NOW, run_id)


def test_a_file_that_cannot_be_read_as_its_columns_say_may_be_said_anew(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = desk.start(TWO)
    desk.work()
    desk.map(run_id, desk.plan(run_id))
    with monkeypatch.context() as patch:
        patch.setattr("invoicing.lettering.bulk_judging.Groups", None)
        desk.work()
    run = desk.run(run_id)
    assert (run.state, json.loads(run.fault)["code"]) == (RunState.mapping, "not_judged")
    desk.map(run_id, desk.plan(run_id))
    desk.work()
    assert desk.run(run_id).state is RunState.judged


def test_a_run_that_breaks_is_judged_as_before_and_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = desk.judged(TWO)
    desk.ask(run_id)
    with monkeypatch.context() as patch:
        patch.setattr(hands, "finish_applying", None)
        desk.work()
    run = desk.run(run_id)
    assert (run.state, json.loads(run.fault)["code"]) == (RunState.judged, "not_written")
    assert desk.references() == [None, None]


def test_while_one_writes_the_whole_nobody_else_begins(desk: Desk) -> None:
    """Its word is long silent, as that of a machine that was stopped: the second still finds no run."""
    desk.ask(run_id := desk.judged(TWO))
    sessions, late = desk.database.sessions, NOW + 10 * SILENT
    with transaction(sessions) as session:
        claim = hands.claim(session, NOW)
    assert claim is not None
    if is_sqlite(desk.database.engine):
        with transaction(sessions) as first, sessions() as second:
            hands.hold(first, claim)
            second.connection().exec_driver_sql("PRAGMA busy_timeout=1")
            with pytest.raises(Exception, match="locked"):
                second.execute(text("UPDATE import_run SET done = 1"))
        return
    with transaction(sessions) as first:
        hands.hold(first, claim)
        with transaction(sessions) as second:
            assert hands.claim(second, late) is None
            hands.tell(second, claim, NOW, done=1, total=2)  # how far it is, from another connection
    assert desk.run(run_id).done == 1
    with transaction(sessions) as second:
        taken = hands.claim(second, late)
        assert taken is not None and taken.run_id == run_id
    with transaction(sessions) as first, pytest.raises(LostRun):
        hands.hold(first, claim)


def test_a_worker_that_is_stopped_lets_go_and_nothing_is_written(desk: Desk) -> None:
    desk.ask(run_id := desk.judged(TWO))
    stopping = Event()
    importer = Importer(desk.database.sessions, lambda: NOW, stopping)
    with transaction(desk.database.sessions) as session:
        claim = hands.claim(session, NOW)
    assert claim is not None
    stopping.set()
    with pytest.raises(LostRun):
        Whole(importer, claim).write()
    assert desk.references() == [None, None]
    assert desk.work(later=2 * SILENT)
    assert desk.run(run_id).state is RunState.applied


def test_a_years_file_gives_exactly_what_is_wrong_with_it(database: Database) -> None:
    fill(database.sessions, 2000)
    with transaction(database.sessions) as session:
        desk = Desk(database, Actor(ActorKind.user, make_user(session).id))
    run_id = desk.judged(export(2000))
    wanted = {**EXPECTED, "will_letter": 2000 - sum(EXPECTED.values())}
    assert json.loads(desk.run(run_id).counts) == wanted
    desk.ask(run_id)
    desk.work()
    wanted["lettered"] = wanted.pop("will_letter")
    assert json.loads(desk.run(run_id).counts) == wanted
    with database.sessions() as session:
        _nothing_is_left(session, run_id)


def _nothing_is_left(session: Session, run_id: int) -> None:
    """Each row that was lettered is done, and its document bears what the row says."""
    query = select(func.count()).select_from(ImportRow).join(Invoice, Invoice.id == ImportRow.invoice_id)
    agree = query.where(ImportRow.run_id == run_id, ImportRow.done, Invoice.lettering == ImportRow.subject)
    assert session.scalar(agree) == 2000 - sum(EXPECTED.values())
