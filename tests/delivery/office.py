"""An installation with a worker, whose clock the test holds and whose mail server is one of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from config.settings import Settings
from invoicing.database import transaction
from invoicing.delivery.models import Delivery, DeliveryKind
from invoicing.delivery.service import Outgoing, queue
from invoicing.documents.archive import open_archive
from invoicing.documents.press import press
from invoicing.invoices.service import Finalised
from invoicing.sellers.models import Organisation, Region
from lettrine.worker import Worker
from tests.conftest import Database, make_settings, running
from tests.factories import NOW, make_customer, make_invoice, make_organisation, make_seller


@dataclass
class Clock:
    """Time as the test says it."""

    moment: datetime = NOW

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **span: float) -> None:
        """Lets time pass."""
        self.moment += timedelta(**span)


@dataclass
class Office:
    """The installation, and short ways to what the tests ask."""

    database: Database
    settings: Settings
    app: Flask
    worker: Worker
    clock: Clock

    def invoice(self, **over: object) -> Finalised:
        """A finalised invoice whose e-mail is promised; `over` changes the customer."""
        with transaction(self.database.sessions) as session:
            seller = make_seller(session, Region.FR)
            return make_invoice(session, make_customer(session, **over), seller, email=True)

    def plain(self, count: int = 1, first: int = 0, **over: object) -> list[int]:
        """Deliveries whose message is quickly written, links to a new password, to p0@, p1@, … or from `first` on."""
        values = {
            "kind": DeliveryKind.reset,
            "language": "fr_FR",
            "expires_at": self.clock() + timedelta(days=9),
            **over,
        }
        values["sealed"] = self.worker.composer.sealer.seal({"link": "http://localhost/connexion/mot-de-passe/xyz"})
        with transaction(self.database.sessions) as session:
            if session.get(Organisation, 1) is None:
                make_organisation(session)
            return [
                queue(session, Outgoing(recipient=f"p{n}@example.org", **values), self.clock(), "example.org").id  # type: ignore[arg-type]
                for n in range(first, first + count)
            ]

    def delivery(self, delivery_id: int | None) -> Delivery:
        """The row as it stands, with its history."""
        with self.database.sessions() as session:
            query = select(Delivery).options(selectinload(Delivery.events)).where(Delivery.id == delivery_id)
            return session.scalars(query).one()

    def history(self, delivery_id: int | None) -> list[tuple[str, str]]:
        """(state, reason) of each step."""
        return [(event.state.value, event.reason) for event in self.delivery(delivery_id).events]


@contextmanager
def open_office(database: Database, folder: Path, port: int, **over: object) -> Iterator[Office]:
    """Opens it, and closes every connection at the end."""
    settings = make_settings(database.url, folder, **{"smtp_host": "127.0.0.1", "smtp_port": port, **over})
    for app in running(settings):
        clock = Clock()
        worker = Worker(app, settings, open_archive(settings.archive), press(schematron=False))
        worker.clock = clock
        yield Office(database, settings, app, worker, clock)
