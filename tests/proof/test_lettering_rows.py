"""Every column of a lettering's history, and of the imports that wrote some of it, that a promise hangs on."""

from __future__ import annotations

from threading import Event

import pytest

from invoicing.accounting.plan import Plan
from invoicing.database import transaction
from invoicing.imports import queries, service
from invoicing.imports.models import RunKind, RunState
from invoicing.journal import Actor, ActorKind
from lettrine.importer import Importer
from tests.factories import NOW, make_user
from tests.proof.conftest import Desk

OF_ROW = [
    "id = id + 700", "invoice_id = 1", "at = '2026-11-22 09:31:00.000000'", "actor_kind = 'system'", "actor_id = 7",
    "before = 'VE-0'", "after = 'VE-2026-2'", "after = NULL", "reason = 'autre'", "reason = ' '",
]  # fmt: skip


@pytest.mark.parametrize("change", OF_ROW)
def test_a_changed_column_of_the_history_is_the_first_fault(desk: Desk, change: str) -> None:
    desk.tamper(f"UPDATE lettering_change SET {change}")
    first = desk.verify().first
    assert first and (first.check, first.code) == ("lettering", "lettering_forged")
    assert first.facts["number"] == ("F2026-00001" if change.startswith("invoice_id") else "F2026-00002")
    assert "lettering_gone" in desk.codes()


def test_a_row_of_the_history_that_somebody_adds_is_the_first_fault(desk: Desk) -> None:
    columns = "at, actor_kind, actor_id, before, reason"
    desk.tamper(f"INSERT INTO lettering_change (id, invoice_id, after, {columns}) "
                f"SELECT 900, 1, 'VE-9', {columns} FROM lettering_change")  # fmt: skip
    first = desk.verify().first
    assert first and (first.code, first.facts["number"]) == ("lettering_forged", "F2026-00001")


def work(desk: Desk) -> None:
    assert Importer(desk.database.sessions, lambda: NOW, Event()).work()


@pytest.fixture
def run_id(desk: Desk) -> int:
    """An import of letterings, as people make them: it has lettered a shop's order."""
    number = desk.one("SELECT number FROM invoice WHERE number LIKE 'B-%'")
    total = int(desk.one("SELECT total_cents FROM invoice WHERE number LIKE 'B-%'"))
    row = f"FA-1;14/03/2026;Zoé Roy;Cmd {number};{total // 100},{total % 100:02}"
    content = f"N° facture;Date;Client;Libellé;Montant TTC\r\n{row}\r\n".encode("cp1252")
    with transaction(desk.database.sessions) as session:
        user = Actor(ActorKind.user, make_user(session).id)
        made = service.start(session, user, NOW, RunKind.letterings, "v.csv", content, None, "token").id
    work(desk)
    with transaction(desk.database.sessions) as session:
        service.map_columns(session, user, NOW, made, Plan.from_json(queries.run(session, made).options))
    work(desk)
    with transaction(desk.database.sessions) as session:
        service.ask(session, user, NOW, made)
    work(desk)
    with desk.database.sessions() as session:
        assert queries.run(session, made).state is RunState.applied
    return made


def undo(desk: Desk, run_id: int) -> None:
    with transaction(desk.database.sessions) as session:
        user_id = queries.run(session, run_id).asked_by_id
        service.ask_undo(session, Actor(ActorKind.user, user_id), NOW, run_id)
    work(desk)


def test_an_import_is_intact_and_so_is_one_that_was_taken_back(desk: Desk, run_id: int) -> None:
    assert desk.faults() == []
    undo(desk, run_id)
    assert desk.faults() == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("kind = 'orders'", "kind"),
        ("sha256 = 'f'", "sha256"),
        ("shop_id = 1", "shop_id"),
        ("asked_at = '2026-11-22 09:31:00.000000'", "asked_at"),
        ("asked_by_id = NULL", "asked_by_id"),
        ("state = 'judged'", "state"),
        ("state = 'undone'", "state"),
        ("applied_by_id = NULL", "applied_by_id"),
    ],
)
def test_a_changed_column_of_an_import_is_named(desk: Desk, run_id: int, change: str, what: str) -> None:
    desk.tamper(f"UPDATE import_run SET {change} WHERE id = {run_id}")
    first = desk.verify().first
    assert first and (first.check, first.code, dict(first.facts)) == (
        "lettering", "import_altered", {"run": run_id, "what": what},
    )  # fmt: skip


def test_an_import_that_was_taken_back_cannot_be_made_to_stand(desk: Desk, run_id: int) -> None:
    undo(desk, run_id)
    desk.tamper(f"UPDATE import_run SET state = 'applied', undone_by_id = NULL WHERE id = {run_id}")
    first = desk.verify().first
    assert first and first.facts["what"] == "state, undone_by_id"


def test_an_import_that_is_gone_is_named(desk: Desk, run_id: int) -> None:
    undo(desk, run_id)
    rows = [f"DELETE FROM {table} WHERE run_id = {run_id}" for table in ("planned_lettering", "import_row")]
    desk.tamper(*rows, f"UPDATE lettering_change SET run_id = NULL WHERE run_id = {run_id}",
                f"DELETE FROM import_run WHERE id = {run_id}")  # fmt: skip
    assert "import_gone" in desk.codes()
