"""An import of many orders, judged and applied, beside plain rows. `python bench/imports.py [orders]` (default 5000)

On SQLite and, where it answers, PostgreSQL. The floors run in the same process on the same databases: judging beside
reading the file into rows of text and keeping them; applying beside inserting the rows that an order leaves (invoice,
line, payment, version, journal), values at hand, a hundred orders per transaction. A third of the orders is lettered,
one customer in three is new. Printed: rows per second, milliseconds of processor per row, the ratio, peak memory.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.orm import sessionmaker

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from invoicing.database import make_engine, transaction  # noqa: E402
from invoicing.documents.models import DocumentVersion  # noqa: E402
from invoicing.imports import queries, service  # noqa: E402
from invoicing.imports.models import ImportRow, RunKind  # noqa: E402
from invoicing.imports.reading import table  # noqa: E402
from invoicing.invoices.models import Invoice, InvoiceLine  # noqa: E402
from invoicing.journal import COMMAND, JournalEntry  # noqa: E402
from invoicing.migrations import upgrade  # noqa: E402
from invoicing.payments.models import Payment  # noqa: E402
from lettrine.importer import Importer  # noqa: E402
from tests.conftest import JOURNAL_KEY, POSTGRES  # noqa: E402
from tests.factories import NOW, make_seller, make_shop  # noqa: E402
from tests.imports.bench import export, row  # noqa: E402

AT_ONCE = 100


def content(count: int) -> bytes:
    """The file."""
    return export(*(
        row(n, Lettrage=f"FA-{n}" if n % 3 == 0 else "", Login=f"client{n // 3}", Email=f"client{n // 3}@exemple.fr",
            LastN=f"Client{n // 3}", ST="PENDING" if n % 10 == 1 else "COMPLETE")
        for n in range(1, count + 1)
    ))  # fmt: skip


def timed(what: str, count: int, act: Callable[[], object]) -> float:
    """Does it and prints how fast; gives the processor's seconds."""
    wall, used = time.perf_counter(), time.process_time()
    act()
    wall, used = time.perf_counter() - wall, time.process_time() - used
    print(f"  {what:<28} {count / wall:9.0f} rows/s {used * 1000 / count:8.2f} ms of processor per row")
    return used


def measure(url: str, count: int) -> None:
    """One database."""
    engine = make_engine(url)
    upgrade(engine)
    sessions = sessionmaker(engine, info={"journal_key": JOURNAL_KEY.encode()})
    with transaction(sessions) as session:
        shop_id = make_shop(session, make_seller(session)).id
        file = content(count)
        run_id = service.start(session, COMMAND, NOW, RunKind.orders, "export.csv", file, shop_id, "bench").id
        spare = service.start(session, COMMAND, NOW, RunKind.orders, "floor.csv", b"a;b", shop_id, "floor").id
    importer = Importer(sessions, lambda: NOW, Event())

    def keep() -> None:
        with transaction(sessions) as session:
            rows = [{"run_id": spare, "line": each.line, "verdict": "new", "subject": each.cells[1], "facts": "{}",
                     "content": "|".join(each.cells), "done": False} for each in table(file)]  # fmt: skip
            session.execute(insert(ImportRow), rows)

    floor = timed("floor of judging", count, keep)
    print(f"  judging is {timed('judging', count, lambda: importer.work(run_id)) / floor:.1f} times its floor")
    with transaction(sessions) as session:
        service.ask(session, COMMAND, NOW, run_id)
    used = timed("applying", count, lambda: importer.work(run_id))
    with sessions() as session:
        print("  verdicts:", queries.run(session, run_id).counts)
    bare = timed("floor of applying", count, lambda: plain(sessions, count))
    print(f"  applying is {used / bare:.1f} times its floor")
    engine.dispose()


def plain(sessions: sessionmaker, count: int) -> None:  # type: ignore[type-arg]
    """Copies of what one order has left, under other numbers."""
    tables = (InvoiceLine, Payment, DocumentVersion)
    with sessions() as session:
        pattern = session.scalars(select(Invoice).where(Invoice.transaction_code == "TX2==")).one()
        of_invoice = {c.name: getattr(pattern, c.name) for c in Invoice.__table__.columns}
        left = [(kind, each) for kind in tables
                for each in session.scalars(select(kind).where(kind.invoice_id == pattern.id))]  # fmt: skip
        rows = [(kind, {c.name: getattr(each, c.name) for c in kind.__table__.columns}) for kind, each in left]
        entry = session.scalars(select(JournalEntry).limit(1)).one()
        of_journal = {c.name: getattr(entry, c.name) for c in JournalEntry.__table__.columns}
        first = 10 * count + 1_000_000
    for start in range(0, count, AT_ONCE):
        ids = [first + n for n in range(start, min(count, start + AT_ONCE))]
        with transaction(sessions) as session:
            names = {"number": "X{}", "number_folded": "x{}", "transaction_code": "X{}"}
            made = [{**of_invoice, "id": n, "frozen_at": None, "lettering": None, "lettering_folded": None,
                     **{name: form.format(n) for name, form in names.items()}} for n in ids]  # fmt: skip
            session.execute(insert(Invoice.__table__), made)
            for kind, values in rows:
                session.execute(insert(kind.__table__), [{**values, "id": n, "invoice_id": n} for n in ids])
            entries = [{**of_journal, "position": n, "hash": f"{n:064}", "previous_hash": f"p{n:063}"} for n in ids]
            session.execute(insert(JournalEntry.__table__), entries)


def main() -> None:
    """Both engines."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    with tempfile.TemporaryDirectory() as folder:
        print(f"SQLite, {count} orders")
        measure(f"sqlite:///{folder}/bench.db", count)
    name = "lettrine_bench_imports"
    admin = create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    print(f"PostgreSQL, {count} orders")
    try:
        measure(admin.url.set(database=name).render_as_string(hide_password=False), count)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
