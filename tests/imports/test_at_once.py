"""Orders that are taken many at once are written as each would be on its own; and kill -9, and two at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from invoicing.database import transaction
from invoicing.documents.archive import open_archive
from invoicing.imports import hands, queries, service
from invoicing.imports.hands import LostRun
from invoicing.imports.models import ImportRow, RunState
from invoicing.invoices.models import Invoice, Status
from invoicing.invoices.reading import LineContent
from invoicing.journal import COMMAND, JournalEntry
from invoicing.numbering import Mode
from invoicing.payments.models import Payment
from invoicing.proof.service import verify
from invoicing.shop import importing
from invoicing.shop.orders import take_order
from invoicing.shop.orders_at_once import take_orders
from invoicing.shop.rules import OrderContent, Totals
from tests.conftest import JOURNAL_KEY, Database
from tests.factories import NOW, make_customer, make_line, make_shop
from tests.imports.bench import Bench, export, row

ROWS = [row(n, ST=status, Lettrage=f"FA-{n}" if n % 3 == 0 else "", Login=f"c{n % 4}", Email=f"c{n % 4}@exemple.test",
            LastN=f"Roy{n % 4}")
        for n, status in enumerate(["COMPLETE", "PENDING", "PARTIAL", "SOLDOUT", "WORKING", "FAILED", "CANCELLED",
                                    "PLACED", "COMPLETE", "REFUSED"], start=1)]  # fmt: skip


OWN = {"id", "invoice_id", "number", "number_folded", "transaction_code", "snapshot", "search_text"}


def columns(row: Any) -> dict[str, Any]:
    """A row's values, but for those that name it."""
    return {c.key: getattr(row, c.key) for c in inspect(row).mapper.column_attrs if c.key not in OWN}


def told(session: Session, order: Invoice) -> list[Any]:
    """Everything that was written of an order, its own number and code left out."""
    session.expire_all()
    entries = session.scalars(select(JournalEntry).where(JournalEntry.subject_id == order.id))
    named = (order.number or "", order.transaction_code)
    said = [
        (entry.action, entry.changes.replace(named[0], "N")) for entry in entries if entry.subject_kind == "invoice"
    ]
    texts = [text.lower().replace(named[0].lower(), "n").replace(named[1].lower(), "c")
             for text in (order.snapshot or "", order.search_text)]  # fmt: skip
    rows = [columns(each) for each in (order, *order.lines, *order.payments, *order.versions)]
    return [rows, said, texts, order.taxes]


@pytest.mark.parametrize("mode", Mode)
def test_many_at_once_are_written_as_each_would_be_alone(session: Session, mode: Mode) -> None:
    shop, actor = make_shop(session, mode=mode), COMMAND
    customer, chosen = make_customer(session), make_line(session).tax_set_id
    session.commit()
    lines = (LineContent("Cours", "A1", 0, 0, 0, chosen), LineContent("Repas", "", 0, 0, 0, chosen))

    def content(n: int, status: Status, cents: int) -> OrderContent:
        moved, totals = NOW + timedelta(minutes=5), Totals(cents - cents // 6, cents // 6, cents)
        return OrderContent(
            customer.id, f"TX{n}", NOW, status, lines, "Virement", f"B-{n}", totals=totals, moved_at=moved
        )

    kinds = [(status, cents) for status in Status for cents in (7200, 0) if cents or status is not Status.partial]
    alone = [take_order(session, actor, NOW, shop.id, content(1000 + n, *kind)).id for n, kind in enumerate(kinds)]
    session.commit()
    made = take_orders(session, actor, NOW, shop.id, [content(2000 + n, *kind) for n, kind in enumerate(kinds)])
    at_once = [order.id for order in made]
    session.commit()
    for one, other in zip(alone, at_once, strict=True):
        assert told(session, session.get_one(Invoice, one)) == told(session, session.get_one(Invoice, other))


def test_what_was_imported_is_proven(database: Database, bench: Bench, tmp_path: Path) -> None:
    bench.bring_in(*ROWS, row(99, ST="PAYBACK"))
    bench.bring_in(row(2, ST="COMPLETE", lastmove="2026/03/01 05:03"))
    archive = open_archive(f"file://{tmp_path / 'archive'}")
    report = verify(database.engine, JOURNAL_KEY.encode(), archive, tmp_path / "anchors", lambda done, total: None)
    assert report.is_intact, report.first


def test_where_one_of_many_cannot_come_in_the_others_do(
    bench: Bench, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = bench.start(export(*(row(n) for n in range(1, 6))))
    bench.importer().work(run_id)
    with transaction(bench.sessions) as writing:  # its customer's name can't be written any more
        broken = writing.scalars(select(ImportRow).where(ImportRow.line == 4)).one()
        broken.content = broken.content.replace("Client3", "\u4e2d")
    bench.apply(run_id)
    assert bench.verdicts(run_id) == ["new", "new", "bad_text", "new", "new"]
    assert session.scalar(select(func.count(Invoice.id))) == 4


KILLED = """
import os, signal, sys
from datetime import datetime
from threading import Event
from sqlalchemy.orm import sessionmaker
import lettrine.importer as importing
from invoicing.database import make_engine
url, key, after = sys.argv[1], sys.argv[2].encode(), int(sys.argv[3])
importing.APPLIED_AT_ONCE = 3
sessions = sessionmaker(make_engine(url), info={"journal_key": key})
planner = importing.PLANNERS["orders"]
count = [0]
def dies(session, actor, now, run, rows, many=planner.apply_many):
    count[0] += 1
    done = many(session, actor, now, run, rows)
    if count[0] > after:
        os.kill(os.getpid(), signal.SIGKILL)
    return done
object.__setattr__(planner, "apply_many", dies)
importing.Importer(sessions, lambda: datetime(2026, 11, 22, 9, 30), Event()).work()
"""


def test_kill_9_in_the_midst_of_applying_loses_nothing_and_doubles_nothing(
    database: Database, bench: Bench, session: Session
) -> None:
    run_id = bench.start(export(*(row(n) for n in range(1, 13))))
    bench.importer().work(run_id)
    with transaction(bench.sessions) as writing:
        service.ask(writing, bench.user, NOW, run_id)
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", KILLED, database.url, JOURNAL_KEY, "2"]
    dead = subprocess.run(
        command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, check=False
    )
    assert dead.returncode == -signal.SIGKILL, dead.stderr
    assert session.scalar(select(func.count(Invoice.id))) == 6  # two transactions of three stand, the third is gone
    session.rollback()
    assert not bench.importer().work()  # as long as the dead one may be alive
    assert bench.importer(lambda: NOW + timedelta(minutes=3)).work()
    assert bench.run(run_id).state is RunState.applied
    counts = [session.scalar(select(func.count(table.id))) for table in (Invoice, Payment)]
    assert counts == [12, 12] and set(bench.verdicts(run_id)) == {"new"}


def test_a_worker_that_died_while_judging_is_followed_from_the_beginning(bench: Bench) -> None:
    run_id = bench.start(export(row(1), row(2)))
    with transaction(bench.sessions) as session:
        claim = hands.claim(session, NOW)
        assert claim is not None
        hands.keep_verdicts(session, claim, NOW, list(importing.judge(
            session, queries.run(session, run_id), export(row(1)), NOW)), 1)  # fmt: skip
    assert bench.importer(lambda: NOW + timedelta(minutes=3)).work()
    assert bench.verdicts(run_id) == ["new", "new"]
    with pytest.raises(LostRun), transaction(bench.sessions) as session:
        hands.tell(session, claim, NOW)


def together(bench: Bench, acts: list[Any]) -> list[object]:
    barrier = Barrier(len(acts))

    def one(act: Any) -> object:
        barrier.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


def test_two_workers_do_a_run_once(bench: Bench, session: Session) -> None:
    run_id = bench.start(export(*(row(n) for n in range(1, 30))))
    importers = [bench.importer() for _ in range(3)]
    assert sorted(together(bench, [each.work for each in importers]), key=bool) == [False, False, True]
    with transaction(bench.sessions) as writing:
        service.ask(writing, bench.user, NOW, run_id)
    together(bench, [each.work for each in importers])
    assert bench.run(run_id).state is RunState.applied
    assert session.scalar(select(func.count(Invoice.id))) == 29


def test_two_people_who_apply_at_once_apply_once(bench: Bench, session: Session) -> None:
    run_id = bench.start(export(row(1), row(2)))
    bench.importer().work(run_id)

    def ask() -> bool:
        with transaction(bench.sessions) as writing:
            return service.ask(writing, bench.user, NOW, run_id)

    assert sorted(map(bool, together(bench, [ask] * 4))) == [False, False, False, True]
    assert bench.importer().work(run_id)
    assert not bench.importer().work(run_id)
    assert session.scalar(select(func.count(Invoice.id))) == 2


def test_two_runs_of_the_same_orders_at_once_make_each_order_once(bench: Bench, session: Session) -> None:
    runs = [bench.start(export(*(row(n) for n in range(1, 25)))) for _ in range(2)]
    for run_id in runs:
        bench.importer().work(run_id)
        with transaction(bench.sessions) as writing:
            service.ask(writing, bench.user, NOW, run_id)
    together(bench, [lambda run_id=run_id: bench.importer().work(run_id) for run_id in runs])
    assert {bench.run(run_id).state for run_id in runs} == {RunState.applied}
    assert session.scalar(select(func.count(Invoice.id))) == 24


def test_a_worker_says_that_it_is_alive_before_the_first_verdict(bench: Bench) -> None:
    run_id, told, later = bench.start(export(row(1))), Event(), NOW + timedelta(minutes=1)
    with transaction(bench.sessions) as session:
        claim = hands.claim(session, NOW)
    assert claim is not None
    with bench.importer(lambda: told.set() or later).beating(claim, every=0.01):  # type: ignore[func-returns-value]
        assert told.wait(10)
    assert bench.run(run_id).beat_at == later
