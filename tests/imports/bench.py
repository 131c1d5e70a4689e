"""An import bench for tests: a shop, somebody who imports, and files as a shop's export writes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from invoicing.database import transaction
from invoicing.imports import queries, service
from invoicing.imports.models import ImportRow, ImportRun, RunKind
from invoicing.invoices.models import Invoice
from invoicing.journal import Actor, ActorKind
from lettrine.importer import Importer
from tests.conftest import Database
from tests.factories import NOW, make_seller, make_shop, make_user

DATA = Path(__file__).parents[1] / "data" / "orders"
SAMPLE = DATA / "Factures_Catalogue de vente de cours-2026112203.xlsx"
HEADING = (
    "ID;TxID;OnlineTxID;Lettrage;title;WT;ST;created;lastmove;Neat;TX;TI;Items;Product Names;FirstN;LastN;Address;City;"
    "ZIP;Country;Email;Login;Institution;Departement"
)
NAMES = HEADING.split(";")


def row(number: int, **over: object) -> dict[str, str]:
    """One row of an export: complete, 60 + 12 = 72, of 13 January 2026."""
    usual = {
        "ID": number, "TxID": f"TX{number}==", "title": f"Client {number}", "WT": "PACK", "ST": "COMPLETE",
        "created": "2026/01/13 06:01", "lastmove": "2026/01/13 06:01", "Neat": "60,00", "TX": "12,00", "TI": "72,00",
        "Items": "COURS", "Product Names": "Cours en ligne", "FirstN": "Zoé", "LastN": f"Client{number}",
        "Address": "1 rue de l'Exemple", "City": "Villexemple", "ZIP": "99000", "Country": "FR",
        "Email": f"client{number}@exemple.test", "Login": f"client{number}",
    }  # fmt: skip
    return {name: str({**usual, **over}.get(name, "")) for name in NAMES}


def export(*rows: dict[str, str]) -> bytes:
    """The file, as a French spreadsheet saves it."""
    return "\r\n".join([HEADING, *(";".join(each.values()) for each in rows)]).encode("cp1252")


def truth() -> list[dict[str, str]]:
    """What each row of the sample holds."""
    found: list[dict[str, str]] = json.loads((DATA / "truth.json").read_text("utf-8"))
    return found


@dataclass
class Bench:
    """What a test of imports works with."""

    sessions: sessionmaker[Session]
    shop_id: int
    user: Actor

    def start(self, content: bytes, kind: RunKind = RunKind.orders, token: str = "", name: str = "export.csv") -> int:
        """A run that waits."""
        with transaction(self.sessions) as session:
            shop_id = self.shop_id if kind is RunKind.orders else None
            token = token or f"token-{session.query(ImportRun).count()}"
            return service.start(session, self.user, NOW, kind, name, content, shop_id, token).id

    def importer(self, clock: Callable[[], datetime] = lambda: NOW) -> Importer:
        """A worker's hands."""
        return Importer(self.sessions, clock, Event())

    def judged(self, *rows: dict[str, str]) -> list[str]:
        """The verdicts of a file's rows, in their order; nothing is written."""
        run_id = self.start(export(*rows))
        self.importer().work(run_id)
        return self.verdicts(run_id)

    def apply(self, run_id: int) -> None:
        """Judges it if need be, asks and applies."""
        self.importer().work(run_id)
        with transaction(self.sessions) as session:
            service.ask(session, self.user, NOW, run_id)
        self.importer().work(run_id)

    def bring_in(self, *rows: dict[str, str]) -> list[str]:
        """Judged and applied; the verdicts afterwards."""
        run_id = self.start(export(*rows))
        self.apply(run_id)
        return self.verdicts(run_id)

    def verdicts(self, run_id: int) -> list[str]:
        """The run's verdicts by line."""
        with self.sessions() as session:
            query = select(ImportRow.verdict).where(ImportRow.run_id == run_id)
            return list(session.scalars(query.order_by(ImportRow.line)))

    def facts(self, run_id: int) -> list[dict[str, object]]:
        """What its sentences are filled in with."""
        with self.sessions() as session:
            return [json.loads(each.facts) for each in queries.every_row(session, run_id)]

    def run(self, run_id: int) -> ImportRun:
        """The run as it is now."""
        with self.sessions() as session:
            return queries.run(session, run_id)


def invoice(session: Session, number: int) -> Invoice:
    """The invoice of the row with this id."""
    return session.scalars(select(Invoice).where(Invoice.transaction_code == f"TX{number}==")).one()


def make_bench(database: Database) -> Bench:
    """A shop with an external series "B-", and somebody who imports."""
    with transaction(database.sessions) as session:
        seller = make_seller(session)
        shop_id, user_id = make_shop(session, seller).id, make_user(session).id
    return Bench(database.sessions, shop_id, Actor(ActorKind.user, user_id))
