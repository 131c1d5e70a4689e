"""Finalising, without rendering, beside a bare ORM transaction with the same rows. `python bench/finalise.py`

All run interleaved in one process on one database, several rounds; medians and ratios are printed. The floor reads
the rows that anybody must read to know what the document says (draft, lines, seller, customer, series, taxes,
registrations) and writes every row that finalising writes, with values at hand: no rule, no law, no number, no
snapshot is computed in it. The goal is 1.5 times that at most. The second floor reads nothing but draft and lines.
"""

from __future__ import annotations

import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import create_engine, select, text, update
from sqlalchemy.orm import Session, sessionmaker

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from invoicing.database import make_engine, transaction  # noqa: E402
from invoicing.delivery.models import Delivery, DeliveryEvent, DeliveryKind, DeliveryState  # noqa: E402
from invoicing.documents.models import DocumentVersion  # noqa: E402
from invoicing.invoices.models import Invoice, InvoiceLineTax, InvoiceTax  # noqa: E402
from invoicing.invoices.service import finalise, fingerprint, locked_draft  # noqa: E402
from invoicing.journal import COMMAND, JournalEntry  # noqa: E402
from invoicing.migrations import upgrade  # noqa: E402
from invoicing.numbering import SeriesCounter  # noqa: E402
from invoicing.sellers.queries import registrations  # noqa: E402
from tests.conftest import JOURNAL_KEY, POSTGRES  # noqa: E402
from tests.factories import NOW, make_customer, make_draft, make_line, make_seller  # noqa: E402

ROUNDS, EACH, LINES = 7, 40, 3
Drafted = tuple[int, int, int, str]


class Bench:
    """One database, one customer, drafts to finalise and a document to copy."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        upgrade(self.engine)
        self.sessions = sessionmaker(self.engine, info={"journal_key": JOURNAL_KEY.encode()})
        with transaction(self.sessions) as session:
            self.seller, self.customer = make_seller(session).id, make_customer(session).id
        self.pattern = self.finalised(self.drafts(1)[0])

    def drafts(self, count: int) -> list[Drafted]:
        """New drafts of three lines: (id, revision, total, fingerprint)."""
        from invoicing.customers.models import Customer
        from invoicing.sellers.models import Seller

        with transaction(self.sessions) as session:
            customer, seller = session.get_one(Customer, self.customer), session.get_one(Seller, self.seller)
            made = []
            for _ in range(count):
                lines = [make_line(session, price=60 + n) for n in range(LINES)]
                draft = make_draft(session, customer, seller, *lines)
                made.append((draft.id, draft.revision, draft.total_cents, fingerprint(session, draft.id, NOW)))
            return made

    def finalised(self, draft: Drafted) -> int:
        """What is measured."""
        with transaction(self.sessions) as session:
            finalise(session, COMMAND, NOW, *draft[:3], shown=draft[3], email=True, domain="example.org")
        return draft[0]

    def bare(self, draft: Drafted) -> None:
        """The floor: the same rows read and written, in one ORM transaction."""
        with transaction(self.sessions) as session:
            invoice = locked_draft(session, draft[0])
            registrations(session, invoice.seller_id)
            self.write(session, invoice)

    def barest(self, draft: Drafted) -> None:
        """Only what is written."""
        with transaction(self.sessions) as session:
            self.write(session, session.get_one(Invoice, draft[0], with_for_update=True))

    def write(self, session: Session, invoice: Invoice) -> None:
        """Every row that finalising writes, with values at hand."""
        pattern, invoice_id = self.values, invoice.id
        token = secrets.token_hex(16)
        for line in invoice.lines:
            session.add(InvoiceLineTax(line_id=line.id, position=0, tax_id=pattern["tax_id"], rate_e5=20_000))
        tax = InvoiceTax(position=0, tax_id=pattern["tax_id"], rate_e5=20_000, base_cents=1, amount_cents=1)
        tax.invoice_id = invoice_id
        session.add(tax)
        session.flush()
        session.execute(update(SeriesCounter).values(last=SeriesCounter.last + 1))
        for name, value in pattern["invoice"].items():
            setattr(invoice, name, value)
        invoice.number = token
        session.add(DocumentVersion(invoice_id=invoice_id, position=1, facts="{}", due_at=NOW))
        delivery = Delivery(
            kind=DeliveryKind.invoice, state=DeliveryState.queued, recipient="a@example.org", language="fr_FR",
            message_id=token, invoice_id=invoice_id, next_try_at=NOW, created_at=NOW,
        )  # fmt: skip
        delivery.events = [DeliveryEvent(at=NOW, state=DeliveryState.queued)]
        session.add(delivery)
        entry = pattern["entry"]
        last = session.scalars(select(JournalEntry.position).order_by(JournalEntry.position.desc()).limit(1)).one()
        session.add(
            JournalEntry(**{**entry, "position": last + 1, "hash": token * 2, "previous_hash": token[::-1] * 2})
        )

    def learn(self) -> None:
        """The values that the floor writes: those of a document that was finalised for real."""
        names = (
            "snapshot",
            "frozen_at",
            "status",
            "buyer_name",
            "search_text",
            "issued_on",
            "due_on",
            "emailed",
            "total_cents",
        )
        with self.sessions() as session:
            invoice = session.get_one(Invoice, self.pattern)
            entry = session.scalars(select(JournalEntry).order_by(JournalEntry.position.desc()).limit(1)).one()
            self.values = {
                "invoice": {name: getattr(invoice, name) for name in names},
                "tax_id": invoice.taxes[0].tax_id,
                "entry": {c.name: getattr(entry, c.name) for c in JournalEntry.__table__.columns},
            }


def seconds(act: Callable[[Drafted], object], drafts: list[Drafted]) -> float:
    """Wall time per document."""
    begun = time.perf_counter()
    for draft in drafts:
        act(draft)
    return (time.perf_counter() - begun) / len(drafts)


def compare(name: str, url: str) -> None:
    """Interleaved rounds; the ratio is that of each round, its median is what counts."""
    bench = Bench(url)
    bench.learn()
    acts = (bench.finalised, bench.bare, bench.barest)
    for act in acts:
        seconds(act, bench.drafts(10))
    rounds = [[seconds(act, bench.drafts(EACH)) for act in acts] for _ in range(ROUNDS)]
    ours, floor, least = (statistics.median(side) * 1000 for side in zip(*rounds, strict=True))
    ratio, hard = (statistics.median(one[0] / one[n] for one in rounds) for n in (1, 2))
    print(f"{name:11} finalise {ours:6.2f} ms   same rows {floor:6.2f} ms  x {ratio:.2f}"
          f"   writes alone {least:6.2f} ms  x {hard:.2f}")  # fmt: skip
    bench.engine.dispose()


def main() -> None:
    """Both engines; PostgreSQL only where one answers."""
    with tempfile.TemporaryDirectory() as folder:
        compare("SQLite", f"sqlite:///{folder}/bench.db")
    admin = create_engine(POSTGRES, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    name = f"lettrine_bench_{datetime.now():%H%M%S}"  # noqa: DTZ005 - a name
    try:
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except Exception as error:
        print(f"PostgreSQL  none answers ({type(error).__name__})")
        return
    try:
        compare("PostgreSQL", admin.url.set(database=name).render_as_string(hide_password=False))
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


if __name__ == "__main__":
    main()
