"""The list of invoices and its search through the real application, beside a bare page.

`python bench/lists.py [invoices or address …]`
At 10 000 and 1 000 000 invoices (bench/filling.py says how they are made), on SQLite and PostgreSQL, one connection,
each page asked for again and again in turn with the floor: a bare Flask page that does the same session look-up, one
indexed query of 25 rows and a template. p50 and p95 in milliseconds, p50 as a multiple of the floor's, and what the
process itself took of a processor. An address is that of a database which bench/filling.py has filled.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from flask import Flask, render_template_string
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.orm import sessionmaker

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.filling import COMMON, MIDDLING, RARE, SELDOM, fill  # noqa: E402
from invoicing.database import make_engine  # noqa: E402
from invoicing.invoices.models import Invoice, InvoiceKind, Status  # noqa: E402
from invoicing.migrations import upgrade  # noqa: E402
from lettrine.app import create_app  # noqa: E402
from tests.conftest import JOURNAL_KEY, POSTGRES, Browser, make_settings  # noqa: E402

SIZES: Final = (10_000, 1_000_000)
ROUNDS: Final = 25
LIST: Final = "/ventes/factures"
FLOOR: Final = "/ventes/plancher"
PAGES: Final = {
    "floor": FLOOR,
    "list": LIST,
    "all": f"{LIST}?statut=toutes",
    **{f"by {by}": f"{LIST}?statut=toutes&tri={by}"
       for by in ("numero", "client", "code", "date", "lettrage", "statut", "net", "total")},
    "deep page": f"{LIST}?statut=toutes&apres={{middle}}",
    "year and shop": f"{LIST}?annee=2024&boutique=2",
    "drafts by total": f"{LIST}?statut=brouillons&tri=-total",
    "search, rare": f"{LIST}?q={RARE}",
    "search, common": f"{LIST}?q={COMMON}",
    "search, middling, old": f"{LIST}?q={MIDDLING}",
    "the same, drafts": f"{LIST}?q={MIDDLING}&statut=brouillons",
    "the same, by total": f"{LIST}?q={MIDDLING}&tri=-total",
    "search, seldom, old": f"{LIST}?q={SELDOM}",
    "search, two letters": f"{LIST}?q=ba",
    "search, an amount": f"{LIST}?q=95,00+€",
    "search, a number": f"{LIST}?q=n-2024010",
    "search, nothing": f"{LIST}?q=zygomatique",
    "a month of any year": f"{LIST}?mois=12",
    "to be lettered": f"{LIST}?lettrage=a-lettrer",
    "never e-mailed": f"{LIST}?envoi=jamais",
    "totals, year and shop": f"{LIST}/totaux?annee=2024&boutique=2",
    "totals, common": f"{LIST}/totaux?q={COMMON}",
}  # fmt: skip
_BARE: Final = (
    "<table>{% for r in rows %}<tr><td>{{ r.number }}<td>{{ r.listed_on }}<td>{{ r.total_cents }}{% endfor %}"
)


def application(url: str, folder: Path) -> Flask:
    """The real one, with the floor beside its pages: behind the same guard, so with the same look-up."""
    from web.database import db
    from web.rights import require

    def bare() -> object:
        if refused := require("see")():
            return refused
        wanted = select(Invoice.number, Invoice.listed_on, Invoice.total_cents)
        wanted = wanted.where(Invoice.kind == InvoiceKind.invoice, Invoice.status == Status.complete)
        rows = db.session.execute(wanted.order_by(Invoice.listed_on.desc(), Invoice.id.desc()).limit(25)).all()
        return render_template_string(_BARE, rows=rows)

    app = create_app(make_settings(url, folder))
    app.add_url_rule(FLOOR, "plancher", bare)
    app.test_client_class = Browser
    return app


def measure(name: str, url: str, folder: Path, user: int) -> None:
    """Warms up, asks for every page in turn, prints a table."""
    browser = application(url, folder).test_client().become(user)  # type: ignore[attr-defined]
    middle = _middle(url)
    taken: dict[str, list[tuple[int, int]]] = {page: [] for page in PAGES}
    for turn in range(ROUNDS + 2):
        for page, address in PAGES.items():
            begun, processor = time.perf_counter_ns(), time.process_time_ns()
            answer = browser.get(address.format(middle=middle))
            spent = time.perf_counter_ns() - begun, time.process_time_ns() - processor
            if answer.status_code not in (200, 302):
                raise SystemExit(f"{address}: {answer.status}")
            if turn > 1:
                taken[page].append(spent)
    floor = statistics.median(clock for clock, _own in taken["floor"])
    print(f"\n{name}\n{'':24}{'p50 ms':>9}{'p95 ms':>9}{'x floor':>9}{'own p50':>9}{'own p95':>9}")
    for page, each in taken.items():
        clock, own = zip(*each, strict=True)
        told = statistics.median(clock), statistics.quantiles(clock, n=20)[-1], statistics.median(own)
        print(f"{page:24}{told[0] / 1e6:9.1f}{told[1] / 1e6:9.1f}{told[0] / floor:9.1f}{told[2] / 1e6:9.1f}"
              f"{statistics.quantiles(own, n=20)[-1] / 1e6:9.1f}", flush=True)  # fmt: skip


def _middle(url: str) -> int:
    engine = make_engine(url)
    with engine.connect() as connection:
        found = int(connection.scalar(select(func.max(Invoice.id))) or 0) // 2
    engine.dispose()
    return found


def filled(url: str, size: int) -> int:
    """Makes the tables and so many invoices; the number of a user of sales."""
    engine = make_engine(url)
    upgrade(engine)
    user = fill(sessionmaker(engine, info={"journal_key": JOURNAL_KEY.encode()}), size)
    engine.dispose()
    return user


def on_each(sizes: tuple[int, ...], run: Callable[[str, str, Path, int], None]) -> None:
    """Each size on both engines, in databases that are gone afterwards; PostgreSQL only where one answers."""
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/bench.db"
            run(f"SQLite, {size} invoices", url, Path(folder), filled(url, size))
            _on_postgresql(size, Path(folder), run)


def _on_postgresql(size: int, folder: Path, run: Callable[[str, str, Path, int], None]) -> None:
    admin = create_engine(POSTGRES, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    name = f"lettrine_lists_{datetime.now():%H%M%S}"  # noqa: DTZ005 - a name
    try:
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except Exception as error:
        print(f"PostgreSQL: none answers ({type(error).__name__})")
        return
    try:
        url = admin.url.set(database=name).render_as_string(hide_password=False)
        run(f"PostgreSQL, {size} invoices", url, folder, filled(url, size))
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def main() -> None:
    """Databases that are there already, by their addresses, or each size on both engines."""
    for address in (word for word in sys.argv[1:] if "://" in word):
        with tempfile.TemporaryDirectory() as folder:
            measure(address.rpartition("/")[2], address, Path(folder), user=1)
    if not any("://" in word for word in sys.argv[1:]):
        on_each(tuple(map(int, sys.argv[1:])) or SIZES, measure)


if __name__ == "__main__":
    main()
