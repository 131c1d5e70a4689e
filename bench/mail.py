"""E-mails with a 30 kB PDF: our mailer and the whole delivery, beside a bare smtplib loop in the same run.

The mail server is a process of its own that takes everything. Each way sends over one connection per batch of a
hundred. Processor time of this process is measured, and wall time beside it:
`PYTHONPATH=. .venv/bin/python bench/mail.py [messages] [rounds]`
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import secrets
import smtplib
import socketserver
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.orm import sessionmaker

from invoicing.database import make_engine
from invoicing.delivery.models import DeliveryKind
from invoicing.delivery.service import Claim
from invoicing.migrations import upgrade
from lettrine.mailer import BATCH, Attachment, Mail, Mailer
from lettrine.worker import Worker, make_worker
from tests.conftest import Database, make_settings, running
from tests.delivery.office import Clock, Office
from tests.factories import NOW

PDF = b"%PDF-1.7\n" + os.urandom(30_000)
TEXT = "Vous trouverez ci-joint, en PDF, votre facture du 22 novembre 2026.\n" * 8
HTML = f"<html><body>{'<p>' + TEXT + '</p>'}</body></html>"
TO = "elodie@example.fr"


class _Taker(socketserver.StreamRequestHandler):
    """Takes whatever comes, as fast as lines can be read."""

    def handle(self) -> None:
        self.wfile.write(b"220 taker\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() != b".\r\n":
                    pass
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                return


def serve(port: Any) -> None:
    """The mail server, until it is ended."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Taker) as server:
        port.value = server.server_address[1]
        server.serve_forever()


def bare(port: int, count: int) -> None:
    """What Python's library does alone: a message built and sent, no time limit, no answer kept."""
    for start in range(0, count, BATCH):
        with smtplib.SMTP("127.0.0.1", port) as line:
            for n in range(start, min(start + BATCH, count)):
                line.send_message(_plain(n))


def ready(port: int, count: int) -> None:
    """The same with bytes that were ready before: the floor, in which nothing is built at all."""
    raw = bytes(_plain(0))
    for start in range(0, count, BATCH):
        with smtplib.SMTP("127.0.0.1", port) as line:
            for _ in range(start, min(start + BATCH, count)):
                line.sendmail("factures@example.org", [TO], raw)


def _plain(n: int) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "factures@example.org", TO, f"Facture F2026-{n:05}"
    mail["Message-ID"] = f"<{secrets.token_hex(16)}@example.org>"
    mail.set_content(TEXT)
    mail.add_alternative(HTML, subtype="html")
    mail.add_attachment(PDF, maintype="application", subtype="pdf", filename=f"F2026-{n:05}.pdf")
    return mail


def ours(office: Office, count: int) -> None:
    """The mailer: built, checked, watched, over one connection per batch, the answer kept."""
    with Mailer(office.app, office.settings).batch() as mailer:
        for n in range(count):
            mailer.send(_mail(n))


def _mail(n: int, message_id: str = "") -> Mail:
    number = f"F2026-{n:05}"
    return Mail("Les Ateliers", "factures@example.org", "", TO, f"Facture {number}", TEXT, HTML,
                message_id or f"<{secrets.token_hex(16)}@example.org>",
                (Attachment(f"{number}.pdf", "application/pdf", PDF),))  # fmt: skip


def promise(office: Office, count: int) -> None:
    """Rows for the whole delivery, written before it is measured."""
    office.plain(count, kind=DeliveryKind.reset)
    office.clock.forward(seconds=1)


def whole(office: Office, count: int) -> None:
    """From row to row: claimed, sent, settled, with its history (the words and the paper are ready)."""
    assert office.worker.deliver() == count


def measure(act: Callable[[], None], count: int) -> tuple[float, float]:
    """Milliseconds per message: of this process's processor, of the clock."""
    cpu, wall = time.process_time(), time.perf_counter()
    act()
    return (time.process_time() - cpu) * 1000 / count, (time.perf_counter() - wall) * 1000 / count


def open_office(folder: Path, port: int) -> tuple[Office, Any]:
    """An installation on SQLite, whose messages all bear the PDF."""

    url = f"sqlite:///{folder / 'bench.db'}"
    engine = make_engine(url)
    upgrade(engine)
    settings = make_settings(url, folder, smtp_host="127.0.0.1", smtp_port=port)
    apps = running(settings)
    app = next(apps)
    worker: Worker = make_worker(app, settings)
    clock = Clock(NOW - timedelta(days=1))
    worker.clock = clock

    def compose(claim: Claim, _now: object) -> Mail:
        return _mail(claim.delivery_id, claim.message_id)

    worker.composer.compose = compose  # type: ignore[method-assign, assignment]
    return Office(Database(url, engine, sessionmaker(engine)), settings, app, worker, clock), apps


def main() -> None:
    """The ways in turn, so that whatever else the machine does falls on all of them."""
    count, rounds = (int(sys.argv[n]) if len(sys.argv) > n else usual for n, usual in ((1, 300), (2, 5)))
    port = multiprocessing.get_context("fork").Value("i", 0)
    server = multiprocessing.get_context("fork").Process(target=serve, args=(port,), daemon=True)
    server.start()
    while not port.value:
        server.join(0.01)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as folder:
        office, apps = open_office(Path(folder), port.value)
        ways = {"bare smtplib": lambda: bare(port.value, count), "bytes ready": lambda: ready(port.value, count),
                "our mailer": lambda: ours(office, count), "whole delivery": lambda: whole(office, count)}  # fmt: skip
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for _ in range(rounds):
            promise(office, count)
            for name, act in ways.items():
                found[name].append(measure(act, count))
        base = statistics.median(cpu for cpu, _wall in found["bare smtplib"])
        print(f"{count} messages of {len(PDF) // 1000} kB, {rounds} rounds, medians")
        for name, times in found.items():
            cpu, wall = (statistics.median(each) for each in zip(*times, strict=True))
            rate = f"{1000 / cpu:5.0f} per second of processor, {base / cpu:4.0%} of the bare loop's rate"
            print(f"{name:15} {cpu:6.2f} ms processor, {wall:6.2f} ms clock, {rate}")
        next(apps, None)
    server.terminate()
    server.join()


if __name__ == "__main__":
    main()
