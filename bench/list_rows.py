"""The rows of the list alone, without the page around them. `python bench/list_rows.py [invoices or address …]`

At 10 000 and 1 000 000 invoices (bench/filling.py), on SQLite and PostgreSQL, one connection: filter, page and lines as
the core gives them, and the totals of a filter. Milliseconds of processor, the process's own and that of PostgreSQL's
backend (Linux, same machine; what its parallel workers take is not in it), p50 and p95; and the p50 that a clock says.
An address is that of a database which bench/filling.py has filled.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.filling import COMMON, MIDDLING, RARE, SELDOM  # noqa: E402
from bench.lists import SIZES, on_each  # noqa: E402
from invoicing.database import is_sqlite, make_engine  # noqa: E402
from invoicing.invoices.listing import filter_of, overview  # noqa: E402
from invoicing.invoices.models import Invoice  # noqa: E402
from invoicing.invoices.paging import page  # noqa: E402
from invoicing.invoices.rows import rows  # noqa: E402
from invoicing.invoices.wanted import By, Cursor, Lettered, Mailed, Order, Tab, Wanted, Watched  # noqa: E402

ROUNDS: Final = 20
COUNTINGS: Final = 5
ALL: Final = Wanted(tab=Tab.everything)
BY_DAY, BY_TOTAL, BY_NAME = Order(), Order(By.total), Order(By.customer, descending=False)
TERMS: Final = {
    "rare (0.01 %)": RARE, "seldom, old (0.1 %)": SELDOM, "middling, old (0.5 %)": MIDDLING, "common (10 %)": COMMON,
    "two letters, all": "ba", "two letters, none": "qq", "one letter": "a", "nothing": "zygomatique",
    "amount": "95,00 €", "number begun": "n-2024010", "year, old (17 %)": "2024",
}  # fmt: skip
LISTS: Final[dict[str, tuple[Wanted, Order]]] = {
    "list": (Wanted(), BY_DAY),
    **{f"tab {tab}": (Wanted(tab=tab), BY_DAY) for tab in Tab},
    **{f"all by {by}": (ALL, Order(by)) for by in By},
    **{f"paid by {by}, up": (Wanted(tab=Tab.paid), Order(by, descending=False)) for by in By},
    "drafts by total": (Wanted(tab=Tab.draft), BY_TOTAL),
    "year and shop": (Wanted(year=2024, shop_id=2), BY_DAY),
    "month of any year": (Wanted(month=12), BY_DAY),
    "catalogue": (replace(ALL, catalogue_id=1), BY_DAY),
    "customer": (replace(ALL, customer_id=77), BY_DAY),
    "least total": (replace(ALL, least_cents=1_900_000), BY_DAY),
    "to be lettered": (replace(ALL, lettered=Lettered.wanting), BY_DAY),
    "to be lettered, paid": (Wanted(tab=Tab.paid, lettered=Lettered.wanting), BY_DAY),
    "to be lettered, pending": (Wanted(tab=Tab.pending, lettered=Lettered.wanting), BY_DAY),
    "lettered drafts": (Wanted(tab=Tab.draft, lettered=Lettered.yes), BY_DAY),
    "never e-mailed": (Wanted(mailed=Mailed.never), BY_DAY),
    "late": (replace(ALL, watched=Watched.late, today=date(2026, 11, 1)), BY_DAY),
    **{f"{name}": (Wanted(query=term), BY_DAY) for name, term in TERMS.items()},
    **{f"{name}: drafts": (Wanted(tab=Tab.draft, query=term), BY_DAY) for name, term in TERMS.items()},
    **{f"{name}: credit": (Wanted(tab=Tab.credit_note, query=term), BY_DAY) for name, term in TERMS.items()},
    **{f"{name}: by total": (replace(ALL, query=term), BY_TOTAL) for name, term in TERMS.items()},
    **{f"{name}: paid by name": (Wanted(tab=Tab.paid, query=term), BY_NAME) for name, term in TERMS.items()},
}  # fmt: skip
SUMS: Final = {
    "totals, shop": replace(ALL, shop_id=2), "totals, catalogue": replace(ALL, catalogue_id=1),
    "totals, month": replace(ALL, month=12), "totals, to be lettered": replace(ALL, lettered=Lettered.wanting),
    "totals, least total": replace(ALL, least_cents=100_000),
    "totals, never e-mailed": replace(ALL, mailed=Mailed.never),
    **{f"totals, {name}": replace(ALL, query=term) for name, term in TERMS.items()},
}  # fmt: skip


def one_page(session: Session, wanted: Wanted, order: Order, cursor: Cursor | None = None) -> object:
    """The lines of a page."""
    found = page(session, filter_of(session, wanted), wanted.tab, order, cursor)
    return rows(session, found.ids)


def backend_ns(session: Session) -> int:
    """What PostgreSQL's backend has taken of a processor so far; 0 on SQLite, whose work is this process's."""
    if is_sqlite(session.connection()):
        return 0
    number = session.scalar(select(func.pg_backend_pid()))
    return int(Path(f"/proc/{number}/schedstat").read_text().split()[0])


def measure(session: Session, ask: Callable[[], object], rounds: int) -> tuple[float, float, float]:
    """Processor p50 and p95, and p50 by the clock, in milliseconds; once more before, unmeasured."""
    spent, clock = [], []
    for turn in range(rounds + 1):
        server, begun, since = backend_ns(session), time.process_time_ns(), time.perf_counter_ns()
        ask()
        own, passed = time.process_time_ns() - begun, time.perf_counter_ns() - since
        if turn:
            spent.append((own + backend_ns(session) - server) / 1e6)
            clock.append(passed / 1e6)
        session.rollback()
    return statistics.median(spent), statistics.quantiles(spent, n=20)[-1], statistics.median(clock)


def report(name: str, url: str) -> None:
    """The table of one database."""
    engine = make_engine(url)
    with sessionmaker(engine)() as session:
        middle = Cursor((session.scalar(select(func.max(Invoice.id))) or 0) // 2)
        print(f"\n{name}\n{'':36}{'p50':>9}{'p95':>9}{'clock p50':>11}", flush=True)
        asked: dict[str, Callable[[], object]] = {
            label: lambda wanted=wanted, order=order: one_page(session, wanted, order)  # type: ignore[misc]
            for label, (wanted, order) in LISTS.items()
        }
        asked["deep page"] = lambda: one_page(session, ALL, BY_DAY, middle)
        asked["deep page by total"] = lambda: one_page(session, ALL, BY_TOTAL, middle)
        for label, ask in asked.items():
            print(f"{label:36}" + "{:9.1f}{:9.1f}{:11.1f}".format(*measure(session, ask, ROUNDS)), flush=True)
        for label, wanted in SUMS.items():
            told = measure(session, lambda wanted=wanted: overview(session, filter_of(session, wanted)), COUNTINGS)  # type: ignore[misc]
            print(f"{label:36}" + "{:9.1f}{:9.1f}{:11.1f}".format(*told), flush=True)
    engine.dispose()


if __name__ == "__main__":
    addresses = [word for word in sys.argv[1:] if "://" in word]
    for address in addresses:
        report(address.rpartition("/")[2], address)
    if not addresses:
        on_each(tuple(map(int, sys.argv[1:])) or SIZES, lambda name, url, _folder, _user: report(name, url))
