"""The export of all invoices, beside bare CSV of the same ids. `python bench/exports.py [invoices] [--real]`

On SQLite: rows a second as CSV and XLSX, and how much the process grew meanwhile. The floor reads
five columns in the same order and writes them with the standard library's csv. bench/filling.py says how the
invoices are made: they have no lines and no taxes of their own, so `--real` makes fewer, whole ones through the core.
"""

from __future__ import annotations

import csv
import io
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from admin.invoice_sheet import InvoiceSheet  # noqa: E402
from bench.filling import fill  # noqa: E402
from invoicing.database import make_engine, snapshot, transaction  # noqa: E402
from invoicing.invoices.models import Invoice  # noqa: E402
from invoicing.invoices.wanted import Order, Tab, Wanted  # noqa: E402
from invoicing.migrations import upgrade  # noqa: E402
from invoicing.sheets import csv_bytes, xlsx_file  # noqa: E402
from lettrine.app import create_app  # noqa: E402
from tests.conftest import JOURNAL_KEY, make_settings  # noqa: E402
from tests.factories import make_customer, make_invoice, make_line, make_seller  # noqa: E402


def sheet() -> InvoiceSheet:
    """All documents, the latest first."""
    return InvoiceSheet(Wanted(tab=Tab.everything), Order())


def floor(session: Session) -> int:
    """Bytes of five bare columns."""
    out, size = io.StringIO(), 0
    rows = csv.writer(out, delimiter=";")
    columns = (Invoice.number, Invoice.transaction_code, Invoice.listed_on, Invoice.net_cents, Invoice.total_cents)
    query = select(*columns).order_by(Invoice.listed_on.desc(), Invoice.id.desc())
    for row in session.execute(query.execution_options(yield_per=2000)):
        rows.writerow(row)
        size += out.tell()
        out.seek(0)
        out.truncate()
    return size


def as_csv(session: Session) -> int:
    """Bytes of the CSV file."""
    made = sheet()
    return sum(map(len, csv_bytes(made.columns(session), made.rows(session))))


def as_xlsx(session: Session) -> int:
    """Bytes of the workbook."""
    made = sheet()
    with xlsx_file(made.columns(session), made.rows(session)) as file:
        return file.seek(0, 2)


def whole(factory: sessionmaker[Session], count: int) -> None:
    """Invoices through the core, of three lines each."""
    with transaction(factory) as session:
        customer, seller = make_customer(session), make_seller(session)
        for _ in range(count):
            make_invoice(session, customer, seller, *(make_line(session, f"Ligne {n}", n) for n in range(3)))


def measure(name: str, factory: sessionmaker[Session], count: int, make: Callable[[Session], int]) -> None:
    """One way, once."""
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    with snapshot(factory) as session:
        size = make(session)
    spent, grown = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    told = f"{name:10}{count / spent:12.0f} rows/s{spent:9.1f} s{size / 1e6:9.1f} MB{grown / 1024:+9.1f} MB grown"
    print(told, flush=True)


def main() -> None:
    """Fills, then writes three times."""
    given = [int(word) for word in sys.argv[1:] if word.isdigit()]
    count = given[0] if given else 100_000
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        engine = make_engine(url)
        upgrade(engine)
        factory = sessionmaker(engine, info={"journal_key": JOURNAL_KEY.encode()})
        if "--real" in sys.argv:
            whole(factory, count)
        else:
            fill(factory, count)
        with create_app(make_settings(url, Path(folder))).app_context():
            for name, make in (("floor", floor), ("CSV", as_csv), ("XLSX", as_xlsx)):
                measure(name, factory, count, make)


if __name__ == "__main__":
    main()
