"""Exports for the accountant of a great many invoices, on SQLite: `python bench/ledger.py [invoices]`.

Documents a second of the journal and of the table, of an export that finds nothing new, and how much the process grew
meanwhile. bench/filling.py says how the invoices are made: without lines and taxes of their own, so that an entry has
three lines.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path
from threading import Event

from sqlalchemy.orm import sessionmaker

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.filling import fill  # noqa: E402
from invoicing.database import make_engine, transaction  # noqa: E402
from invoicing.journal import COMMAND  # noqa: E402
from invoicing.ledger import service  # noqa: E402
from invoicing.ledger.models import LedgerExport, LedgerKind  # noqa: E402
from invoicing.ledger.rules import Asked  # noqa: E402
from invoicing.migrations import upgrade  # noqa: E402
from lettrine.app import create_app  # noqa: E402
from lettrine.ledgers import Ledgers  # noqa: E402
from tests.conftest import JOURNAL_KEY, make_settings  # noqa: E402
from tests.factories import NOW  # noqa: E402


def measure(worker: Ledgers, kind: LedgerKind, only_new: bool) -> None:
    """One export, once."""
    with transaction(worker.sessions) as session:
        token = f"{kind} {only_new}"
        number = service.ask(session, COMMAND, NOW, Asked(1, kind, only_new=only_new), token).id
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    worker.work()
    took, grown = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    with worker.sessions() as session:
        made = session.get_one(LedgerExport, number)
        print(f"{kind:4} {'new ' if only_new else 'all '} {made.state}: {made.documents} documents, {made.rows} rows, "
              f"{made.size // 2**20} MB in {took:.1f} s, the process {grown // 1024} MB larger")  # fmt: skip


def main(count: int) -> None:
    """Fills a database of its own in another process, so that this one's size tells of exports alone; exports it."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/ledger.db"
        filler = multiprocessing.get_context("spawn").Process(target=filled, args=(url, count))
        filler.start()
        filler.join()
        exported(url, Path(folder))


def filled(url: str, count: int) -> None:
    """A database with so many invoices."""
    engine = make_engine(url)
    upgrade(engine)
    fill(sessionmaker(engine, info={"journal_key": JOURNAL_KEY.encode()}), count)
    engine.dispose()


def exported(url: str, folder: Path) -> None:
    """Each kind, all of it and then what is new."""
    engine = make_engine(url)
    sessions = sessionmaker(engine, info={"journal_key": JOURNAL_KEY.encode()})
    worker = Ledgers(create_app(make_settings(url, folder)), sessions, lambda: NOW, Event())
    for kind in (LedgerKind.fec, LedgerKind.csv):
        measure(worker, kind, only_new=False)
        measure(worker, kind, only_new=True)
    engine.dispose()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
