"""The list of invoices and its search through the real application, beside a bare page. `python bench/lists.py`

At 10 000 and 1 000 000 invoices (bench/filling.py says how they are made), on SQLite and PostgreSQL, one connection,
each page asked for again and again in turn with the floor: a bare Flask page that does the same session look-up, one
indexed query of 25 rows and a template. p50 and p95 in milliseconds, and p50 as a multiple of the floor's.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Final

from flask import Flask, render_template_string
from sqlalchemy import create_engine, select, text
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


def measure(name: str, size: int, url: str, folder: Path) -> None:
    """Fills, warms up, asks for every page in turn, prints a table."""
    engine = make_engine(url)
    upgrade(engine)
    user = fill(sessionmaker(engine, info={"journal_key": JOURNAL_KEY.encode()}), size)
    engine.dispose()
    browser = application(url, folder).test_client().become(user)  # type: ignore[attr-defined]
    taken: dict[str, list[int]] = {page: [] for page in PAGES}
    for turn in range(ROUNDS + 2):
        for page, address in PAGES.items():
            begun = time.perf_counter_ns()
            answer = browser.get(address.format(middle=size // 2))
            spent = time.perf_counter_ns() - begun
            if answer.status_code not in (200, 302):
                raise SystemExit(f"{address}: {answer.status}")
            if turn > 1:
                taken[page].append(spent)
    floor = statistics.median(taken["floor"])
    print(f"\n{name}, {size} invoices\n{'':24}{'p50 ms':>9}{'p95 ms':>9}{'x floor':>9}")
    for page, spent in taken.items():
        middle, high = statistics.median(spent), statistics.quantiles(spent, n=20)[-1]
        print(f"{page:24}{middle / 1e6:9.1f}{high / 1e6:9.1f}{middle / floor:9.1f}", flush=True)


def main() -> None:
    """Both engines; PostgreSQL only where one answers."""
    sizes = tuple(int(each) for each in sys.argv[1:]) or SIZES
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            measure("SQLite", size, f"sqlite:///{folder}/bench.db", Path(folder))
            _on_postgresql(size, Path(folder))


def _on_postgresql(size: int, folder: Path) -> None:
    admin = create_engine(POSTGRES, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    name = f"lettrine_lists_{datetime.now():%H%M%S}"  # noqa: DTZ005 - a name
    try:
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except Exception as error:
        print(f"PostgreSQL: none answers ({type(error).__name__})")
        return
    try:
        measure("PostgreSQL", size, admin.url.set(database=name).render_as_string(hide_password=False), folder)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


if __name__ == "__main__":
    main()
