"""An installation with a bit of everything, archived, sealed and anchored, and a way to verify it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from invoicing import guards
from invoicing.database import transaction
from invoicing.documents import service as documents
from invoicing.documents.archive import Archive, open_archive, place
from invoicing.documents.making import Press
from invoicing.documents.models import COLUMNS, DocumentVersion, Part
from invoicing.documents.paper import Facts, Paper
from invoicing.documents.snapshot import Snapshot
from invoicing.invoices.crediting import credit
from invoicing.invoices.crediting_rules import CreditContent
from invoicing.invoices.models import Invoice, Status
from invoicing.journal import COMMAND
from invoicing.ledger import hands, service
from invoicing.ledger.hands import Made
from invoicing.ledger.models import LedgerExport, LedgerKind
from invoicing.ledger.rules import Asked, Tally
from invoicing.lettering.service import letter
from invoicing.numbering import Mode, Source
from invoicing.payments.models import PaymentMethod
from invoicing.payments.service import PaymentContent, record_payment
from invoicing.proof import anchors
from invoicing.proof.rules import Fault, Report
from invoicing.proof.sealing import seal_versions
from invoicing.proof.service import verify
from invoicing.sellers.models import Region, Seller
from tests.conftest import JOURNAL_KEY, Database
from tests.factories import (
    NOW,
    TODAY,
    make_customer,
    make_draft,
    make_invoice,
    make_line,
    make_order,
    make_seller,
    make_shop,
)

KEY = JOURNAL_KEY.encode()
LATER = NOW + timedelta(minutes=5)


@dataclass(frozen=True)
class Sheet:
    """What a renderer returns."""

    data: bytes
    pages: int = 1


def draw(paper: Paper, logo: Path | None, xml: bytes | None) -> Sheet:
    """A renderer whose bytes tell the paper's number."""
    return Sheet(f"%PDF {paper.number} {paper.title}".encode() * 9)


def structured(snapshot: Snapshot, facts: Facts) -> bytes | None:
    """What is made out in France has a structured invoice."""
    return f"<xml>{snapshot.number} {facts.heading}</xml>".encode() if snapshot.region == "FR" else None


PRESS = Press(draw, structured)


@dataclass
class Desk:
    """One installation."""

    database: Database
    folder: Path
    archive: Archive

    @property
    def anchors(self) -> Path:
        """Where the anchors lie."""
        return self.folder / "anchors"

    def render(self) -> None:
        """Draws what is due."""
        with self.database.sessions() as session:
            ids = documents.unrendered(session, LATER, 100)
        for version_id in ids:
            documents.ensure_rendered(self.database.sessions, self.archive, PRESS, version_id, LATER)

    def seal(self) -> int:
        """Puts what is archived into the chain."""
        with transaction(self.database.sessions) as session:
            return seal_versions(session, LATER)

    def anchor(self) -> bool:
        """Notes the head outside."""
        with self.database.sessions() as session:
            head = anchors.head_of(session)
        assert head
        return anchors.append(self.anchors, KEY, head, LATER)

    def verify(self) -> Report:
        """Everything."""
        return verify(self.database.engine, KEY, self.archive, self.anchors)

    def faults(self) -> list[Fault]:
        """What is wrong, told one by one."""
        return [fault for check in self.verify().checks for fault in check.faults]

    def codes(self) -> set[str]:
        """The faults' codes, but for the guards that a tamperer has dropped."""
        return {fault.code for fault in self.faults() if fault.check != "guards"}

    def tamper(self, *statements: str) -> None:
        """Somebody with every right on the database: drops the guards, then writes; the guards stand again."""
        with self.database.engine.begin() as connection:
            guards.remove(connection)
            for statement in statements:
                assert connection.execute(text(statement)).rowcount, statement
            guards.install(connection)

    def export(self, *contents: bytes) -> int:
        """An export for the accountant, of all documents, in as many parts; gives its number."""
        with transaction(self.database.sessions) as session:
            seller_id = session.scalars(select(Seller.id).order_by(Seller.id)).first() or 0
            asked = Asked(seller_id, LedgerKind.csv, first_day=TODAY)
            token = f"export {session.scalar(select(func.count(LedgerExport.id)))}"
            service.ask(session, COMMAND, NOW, asked, token)
        with transaction(self.database.sessions) as session:
            claim = hands.claim(session, LATER)
            assert claim
            ids = list(session.scalars(select(Invoice.id).where(Invoice.frozen_at.is_not(None)).order_by(Invoice.id)))
            tally = Tally(len(ids), len(ids), TODAY, {"EUR": 1})
            for position, content in enumerate(contents):
                hands.keep_part(session, claim, LATER, position, content, ids if position == 0 else [], tally)
            whole = b"".join(contents)
            made = Made(len(whole), hashlib.sha256(whole).hexdigest(), tally, None, 9)
            return hands.finish(session, claim, LATER, made)

    def one(self, query: str) -> str:
        """One value."""
        with self.database.engine.connect() as connection:
            return str(connection.execute(text(query)).scalar_one())

    def file(self, number: str, position: int = 1, part: Part = Part.pdf) -> Path:
        """Where a version's bytes lie, or those of what lies beside it."""
        with self.database.sessions() as session:
            query = select(getattr(DocumentVersion, COLUMNS[part][0])).join(
                Invoice, Invoice.id == DocumentVersion.invoice_id
            )
            sha256 = session.scalars(query.where(Invoice.number == number, DocumentVersion.position == position)).one()
        return self.folder / "archive" / place(sha256 or "")


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    """A desk with what `furnished` gives it."""
    return furnished(database, tmp_path)


def furnished(database: Database, tmp_path: Path) -> Desk:
    """F2026-00001 paid in part, F2026-00002 lettered, Q2026-00001 credited in part, a shop's documents, a draft."""
    made = Desk(database, tmp_path, open_archive((tmp_path / "archive").as_uri()))
    with transaction(database.sessions) as session:
        seller, quebec, customer = make_seller(session), make_seller(session, Region.QC), make_customer(session)
        make_customer(session)
        two = (make_line(session), make_line(session, "Édition : « 2027 »", 33))
        first = make_invoice(session, customer, seller, *two, subject="Adhésion")
        second = make_invoice(session, customer, seller, email=True, paid_on=TODAY, paid_method=PaymentMethod.cash)
        third = make_invoice(session, customer, quebec)
        make_draft(session, customer, seller)
        make_order(session, make_shop(session, seller), customer)
        official = make_shop(session, seller, mode=Mode.official, source=Source.generated)
        make_order(session, official, customer, status=Status.pending)
        make_order(session, official, customer)
    with transaction(database.sessions) as session:
        content = PaymentContent(PaymentMethod.cheque, TODAY, "12", 1_000)
        record_payment(session, COMMAND, NOW, first.invoice_id, content, "t1")
        letter(session, COMMAND, NOW, second.invoice_id, "VE-2026-1", 0)
        line = session.get_one(Invoice, third.invoice_id).lines[0]
        back = CreditContent(((line.id, 2_000),), "Départ")
        credit(session, COMMAND, NOW, third.invoice_id, back, 2_300, email=False, domain="example.org", form_token="t2")
    made.export(b"one;", b"two\r\n")
    made.render()
    made.seal()
    made.anchor()
    return made
