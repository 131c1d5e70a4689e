"""While shops send orders, every process is killed once and PostgreSQL crashes: what was acknowledged stands, once."""

from __future__ import annotations

import http.client
import json
import signal
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from invoicing.database import make_engine, transaction
from invoicing.delivery.models import Delivery, DeliveryState
from invoicing.documents.archive import open_archive
from invoicing.documents.models import DocumentVersion, VersionState
from invoicing.invoices.models import Invoice
from invoicing.proof.service import verify
from tests.api.conftest import customer_body, key_of, open_shop, order_body
from tests.cluster.hosts import Installation, moment
from tests.conftest import JOURNAL_KEY
from tests.e2e.conftest import Desk

PROGRAMS, EACH = 4, 30
PATIENCE = 240


class Program:
    """A shop's program that sends each order until it is told that it stands."""

    def __init__(self, n: int, key: str, port: int):
        self.codes = [f"T{n}-{m}" for m in range(EACH)]
        self.key, self.port, self.at = key, port, moment()
        self.told: dict[str, dict[str, Any]] = {}
        self.refused: Counter[int] = Counter()
        self.gave_up = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        """All of them, one after the other."""
        for code in self.codes:
            while code not in self.told and not self.gave_up.is_set():
                status, answer = self.send(code)
                if status == 201:
                    self.told[code] = answer
                else:
                    self.refused[status] += 1
                    self.gave_up.wait(0.2)

    def send(self, code: str) -> tuple[int, dict[str, Any]]:
        """One request: the status, 0 where the line broke."""
        person = customer_body(code, email=f"{code}@example.org".lower())
        body = order_body(code, ordered_at=self.at, customer=person, send_email=True)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        line = http.client.HTTPConnection("localhost", self.port, timeout=60)
        try:
            line.request("POST", "/api/v1/orders", json.dumps(body), headers)
            answer = line.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            return 0, {}
        finally:
            line.close()


def until(what: Callable[[], bool]) -> None:
    """Waits for what no pipe announces."""
    step = threading.Event()
    for _ in range(PATIENCE * 4):
        if what():
            return
        step.wait(0.25)
    raise AssertionError("it never came")


@pytest.mark.slow
def test_killed_processes_and_a_crashed_database_lose_nothing(desk: Desk, hosts: Installation) -> None:
    with transaction(desk.sessions) as session:
        key = key_of(session, open_shop(session))
    programs = [Program(n, key, hosts.balancer.port) for n in range(PROGRAMS)]
    done = lambda: sum(len(program.told) for program in programs)  # noqa: E731
    for program in programs:
        program.thread.start()
    try:
        for n, host in enumerate((hosts.webs[0], hosts.workers[0], hosts.webs[1], hosts.workers[1]), start=1):
            until(lambda n=n: done() >= n * 15)  # type: ignore[misc]
            host.kill()
            host.start()
        until(lambda: done() >= 80)
        hosts.database.stop(signal.SIGQUIT)
        hosts.database.start()
        until(lambda: done() == PROGRAMS * EACH)
    finally:
        for program in programs:
            program.gave_up.set()
            program.thread.join(90)
    assert {status for program in programs for status in program.refused} <= {0, 503}
    finished(desk)
    check(desk, hosts, {code: told["number"] for program in programs for code, told in program.told.items()})


def finished(desk: Desk) -> None:
    """Waits until the workers have drawn and sent everything."""

    def nothing_waits() -> bool:
        try:
            with desk.sessions() as session:
                return not waiting(session)
        except DBAPIError:  # the pool's connections of before the crash
            return False

    until(nothing_waits)


def waiting(session: Session) -> int:
    """Documents and e-mails on their way."""
    is_due = DocumentVersion.state == VersionState.due
    unsealed = DocumentVersion.sealed_at.is_(None)
    unsent = Delivery.state != DeliveryState.sent
    return (session.scalar(select(func.count(DocumentVersion.id)).where(is_due | unsealed)) or 0) + (
        session.scalar(select(func.count(Delivery.id)).where(unsent)) or 0
    )


def check(desk: Desk, hosts: Installation, acknowledged: dict[str, str]) -> None:
    """Each order once, under the number that was told; no gap; each e-mail one promise; everything proven."""
    with desk.sessions() as session:
        rows = session.execute(select(Invoice.transaction_code, Invoice.number)
                               .where(Invoice.transaction_code.in_(acknowledged)))  # fmt: skip
        assert {code: number for code, number in rows} == acknowledged  # noqa: C416
        assert len(acknowledged) == PROGRAMS * EACH == len(set(acknowledged.values()))
        numbers = sorted(int(number.rpartition("-")[2]) for number in acknowledged.values())
        assert numbers == list(range(1, PROGRAMS * EACH + 1))
        ids = select(Invoice.id).where(Invoice.transaction_code.in_(acknowledged))
        promised = session.scalars(select(Delivery.invoice_id).where(Delivery.invoice_id.in_(ids))).all()
        assert len(promised) == len(set(promised)) == PROGRAMS * EACH
    got = {mail.message["Message-ID"] for mail in desk.mails.messages if mail.recipients[0].startswith("t")}
    assert len(got) >= PROGRAMS * EACH
    settings = hosts.settings
    engine = make_engine(settings.database)
    archive = open_archive(settings.archive, settings.archive_access)
    report = verify(engine, JOURNAL_KEY.encode(), archive, settings.anchor_dir)
    engine.dispose()
    assert report.is_intact, report.first
