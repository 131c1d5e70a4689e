"""Runs: asked for once, done once, begun again where a worker died; sealing and anchoring beside them."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from invoicing.database import transaction
from invoicing.proof import anchors, runs
from invoicing.proof.models import ProofRun
from invoicing.proof.rules import Report
from lettrine.prover import Prover
from tests.conftest import make_settings
from tests.proof.conftest import LATER, Desk


@dataclass
class Hands:
    """A worker's prover, and its clock."""

    prover: Prover
    now: list

    def forward(self, **time: int) -> None:
        self.now[0] += timedelta(**time)


@pytest.fixture
def hands(desk: Desk) -> Hands:
    """Of the desk."""
    now = [LATER]
    settings = make_settings(desk.database.url, desk.folder)
    return Hands(Prover(settings, desk.database.sessions, desk.archive, lambda: now[0], Event()), now)


def ask(desk: Desk, user_id: int | None = None) -> int:
    with transaction(desk.database.sessions) as session:
        return runs.ask(session, user_id, LATER)


def all_runs(desk: Desk) -> list[ProofRun]:
    with desk.database.sessions() as session:
        return list(session.scalars(select(ProofRun).order_by(ProofRun.id)))


def test_many_who_ask_at_once_make_one_run(desk: Desk) -> None:
    with ThreadPoolExecutor(6) as pool:
        ids = set(pool.map(lambda _n: ask(desk), range(12)))
    assert len(ids) == len(all_runs(desk)) == 1


def test_a_run_is_done_once_and_keeps_its_report(desk: Desk, hands: Hands) -> None:
    asked = ask(desk)
    assert hands.prover.prove()
    assert not hands.prover.prove()
    (run,) = all_runs(desk)
    report = Report.from_json(run.report)
    assert (run.id, run.started_at, run.finished_at) == (asked, LATER, LATER)
    assert report.is_intact and report.position == int(desk.one("SELECT max(position) FROM journal"))
    assert run.done == run.total > 0


def test_the_worker_asks_once_a_day_by_itself(desk: Desk, hands: Hands) -> None:
    assert hands.prover.prove()
    hands.forward(hours=23)
    assert not hands.prover.prove()
    hands.forward(hours=2)
    assert hands.prover.prove()
    assert [run.asked_by_id for run in all_runs(desk)] == [None, None]


def test_a_run_whose_worker_died_is_begun_again(desk: Desk, hands: Hands) -> None:
    asked = ask(desk)
    with transaction(desk.database.sessions) as session:
        assert runs.claim(session, LATER) == asked
    hands.forward(seconds=90)
    assert not hands.prover.prove()  # it may still be alive
    hands.forward(seconds=60)
    assert hands.prover.prove()
    (run,) = all_runs(desk)
    assert run.finished_at == hands.now[0]


def test_a_worker_that_was_only_slow_does_not_write_over_the_other(desk: Desk, hands: Hands) -> None:
    run_id = ask(desk)
    with transaction(desk.database.sessions) as session:
        runs.claim(session, LATER)
    hands.forward(minutes=5)
    with transaction(desk.database.sessions) as session:
        assert runs.claim(session, hands.now[0]) == run_id
        assert not runs.tell(session, run_id, LATER, hands.now[0], 5, 10)
        assert not runs.finish(session, run_id, LATER, hands.now[0], Report(()))
        assert runs.tell(session, run_id, hands.now[0], hands.now[0], 5, 10)


def test_old_runs_go(desk: Desk) -> None:
    for n in range(runs.KEPT + 5):
        moment = LATER + timedelta(hours=n)
        with transaction(desk.database.sessions) as session:
            run_id = runs.ask(session, None, moment)
            runs.claim(session, moment)
            assert runs.finish(session, run_id, moment, moment, Report(()))
    with desk.database.sessions() as session:
        assert session.scalar(select(func.count(ProofRun.id))) == runs.KEPT
        last = runs.last_finished(session)
    assert last and last.id == run_id


def test_the_worker_seals_and_anchors(desk: Desk, hands: Hands) -> None:
    desk.tamper("UPDATE document_version SET sealed_at = NULL", "DELETE FROM journal WHERE action = 'version.archived'")
    for path in desk.anchors.iterdir():
        path.unlink()
    count = int(desk.one("SELECT count(*) FROM document_version"))
    assert (hands.prover.seal(), hands.prover.seal()) == (count, 0)
    assert (hands.prover.anchor(), hands.prover.anchor()) == (True, False)
    assert [found.anchor.position for found in anchors.read(desk.anchors) if found.anchor] == [
        int(desk.one("SELECT max(position) FROM journal"))
    ]


def test_a_folder_that_cannot_be_written_is_logged_and_no_more(desk: Desk, hands: Hands) -> None:
    for path in desk.anchors.iterdir():
        path.unlink()
    os.rmdir(desk.anchors)
    desk.anchors.write_text("no folder")
    with capture_logs() as logs:
        assert not hands.prover.anchor()
    assert [line["event"] for line in logs] == ["anchor.not_written"]
