"""The worker as a process and as a pair of hands: killed, stopped, nudged, swept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from config.settings import Settings
from invoicing.accounts.models import EmailProof, Purpose
from invoicing.database import begin_write, transaction
from invoicing.delivery.models import Delivery, DeliveryState
from invoicing.documents.making import Drawn
from invoicing.documents.models import DocumentVersion, VersionState
from invoicing.documents.pdf import RenderFailed
from invoicing.documents.sheet import Paper
from lettrine.jobs import Nudge, open_queue
from tests.conftest import Database
from tests.delivery.office import Office, open_office
from tests.delivery.smtp import Letterbox, Rude, rude_server
from tests.documents.presses import pressing
from tests.factories import make_customer, make_invoice, make_seller
from web.database import now

PATIENCE = 180  # seconds; a busy machine starts a process slowly


def environ(settings: Settings) -> dict[str, str]:
    """The settings as a process of its own reads them."""
    values = {}
    for name in Settings.model_fields:
        value = getattr(settings, name)
        values[f"LETTRINE_{name.upper()}"] = str(getattr(value, "get_secret_value", lambda v=value: v)())
    return {**os.environ, **values, "PYTHONPATH": os.getcwd()}


@contextmanager
def worker_process(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """`lettrine worker`, killed at the end if it still runs."""
    command = [sys.executable, "-m", "lettrine.running", "worker"]
    with subprocess.Popen(command, env=environ(settings), stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def test_a_worker_killed_in_the_middle_of_a_message(database: Database, tmp_path: Path) -> None:
    with rude_server(Rude("body", "hang", times=1)) as rude, open_office(database, tmp_path, rude.port) as office:
        made = office.invoice()
        with worker_process(office.settings) as process:
            assert rude.seen.wait(PATIENCE)  # the server has the whole message and owes its answer
            process.send_signal(signal.SIGKILL)
            process.wait(30)
        assert office.delivery(made.delivery_id).state is DeliveryState.sending
        rude.release.set()

        office.clock.moment = now() + timedelta(seconds=60)
        assert office.worker.deliver() == 0  # the lease still holds
        office.clock.forward(seconds=office.settings.lease_seconds)
        assert office.worker.deliver() == 1

        history = [("queued", ""), ("sending", ""), ("sending", "lease_expired"), ("sent", "")]
        assert office.history(made.delivery_id) == history
    ids = [line for raw in rude.raw for line in raw.split(b"\r\n") if line.startswith(b"Message-ID")]
    assert len(ids) == 2 and len(set(ids)) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_stopped_finishes_the_message_in_hand(
    database: Database, tmp_path: Path, number: signal.Signals
) -> None:
    with rude_server(Rude("body", "pause", times=1)) as rude, open_office(database, tmp_path, rude.port) as office:
        first, second = office.plain(2)
        with worker_process(office.settings) as process:
            assert rude.seen.wait(PATIENCE)
            process.send_signal(number)
            assert process.stderr is not None
            assert any(b"worker.stopping" in line for line in process.stderr)  # it has heard the signal
            rude.release.set()
            assert process.wait(PATIENCE) == 0
        assert office.history(first) == [("queued", ""), ("sending", ""), ("sent", "")]
        assert office.history(second) == [("queued", "")]
        assert len(rude.raw) == 1


def test_a_nudge_makes_a_running_worker_send_at_once(database: Database, tmp_path: Path) -> None:
    with (
        rude_server(Rude("QUIT", "drop")) as rude,
        open_office(database, tmp_path, rude.port, sweep_seconds=3600) as office,
    ):
        (first,) = office.plain()
        with worker_process(office.settings):
            assert rude.seen.wait(PATIENCE)  # the sweep at the start
            rude.seen.clear()
            made = office.invoice()
            nudge = Nudge(office.settings)
            nudge(delivery_id=made.delivery_id, version_id=made.version_id)
            nudge.close()
            assert rude.seen.wait(PATIENCE)
        assert len(rude.raw) == 2 and office.history(first)[-1] == ("sent", "")


def test_no_more_mails_leave_in_a_minute_than_is_allowed(database: Database, tmp_path: Path, box: Letterbox) -> None:
    with open_office(database, tmp_path, box.port, mails_per_minute=600) as office:
        office.plain(3)
        begun = time.monotonic()
        assert office.worker.deliver() == 3
        assert time.monotonic() - begun >= 0.3


def test_many_e_mails_stop_neither_the_queue_nor_the_seals(office: Office, box: Letterbox) -> None:
    first, second = office.plain(2)
    office.worker.mail()
    office.worker.tend()
    assert office.worker.postman.asked.is_set() and not box.raw
    office.worker.mail(second)
    assert office.history(second)[-1] == ("sent", "") and office.history(first) == [("queued", "")]


def test_a_digest_that_cannot_be_promised_stops_no_e_mail(office: Office, box: Letterbox) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    office.worker.postman.promise_digests = broken  # type: ignore[method-assign]
    (delivery_id,) = office.plain()
    office.worker.sweep()
    assert office.history(delivery_id)[-1] == ("sent", "")


def test_a_nudge_never_fails_and_never_waits_long(office: Office) -> None:
    (office.settings.data_dir / "jobs.db").write_bytes(b"this is no database" * 99)
    Nudge(office.settings)(delivery_id=1)


def test_a_forged_job_is_not_unpacked(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    queue = open_queue(office.settings, office.worker)
    queue.huey.storage.enqueue(b"cbuiltins\nprint\n(S'unpacked'\ntR.")
    with pytest.raises(ValueError, match="Separator"):
        queue.huey.dequeue()
    queue.huey.storage.close()
    assert "unpacked" not in capsys.readouterr().out


def test_the_worker_draws_what_was_left_due(office: Office) -> None:
    made = office.invoice()
    with transaction(office.database.sessions) as session:
        session.get_one(Delivery, made.delivery_id).state = DeliveryState.failed
    office.worker.render_due()
    assert version(office, made.version_id) is VersionState.due  # the request itself may still be drawing
    office.clock.forward(seconds=5)
    office.worker.render_due()
    assert version(office, made.version_id) is VersionState.rendered


def version(office: Office, version_id: int) -> VersionState:
    with office.database.sessions() as session:
        return session.get_one(DocumentVersion, version_id).state


def test_a_document_that_cannot_be_drawn_stops_nobody_else(office: Office, box: Letterbox) -> None:
    made = office.invoice()
    render = office.worker.press.render

    def broken(paper: Paper, logo: Path | None, xml: bytes | None) -> Drawn:
        if paper.number == made.number:
            raise RenderFailed("no paper")
        return render(paper, logo, xml)

    office.worker.press = office.worker.composer.press = pressing(broken)
    (other,) = office.plain()
    office.clock.forward(minutes=1)
    office.worker.sweep()
    assert office.history(made.delivery_id)[-1] == ("deferred", "not_written")
    assert office.history(other)[-1] == ("sent", "")


def test_a_sender_that_cannot_be_written_stops_nobody_else(office: Office, box: Letterbox) -> None:
    with transaction(office.database.sessions) as session:
        bad, good = make_seller(session, mail_from="é@ateliers-lettre.example"), make_seller(session, prefix="G")
        first = make_invoice(session, make_customer(session), bad, email=True)
        second = make_invoice(session, make_customer(session), good, email=True)
    office.worker.sweep()
    assert office.history(first.delivery_id)[-1] == ("deferred", "not_written")
    assert office.history(second.delivery_id)[-1] == ("sent", "")


def test_the_sweep_removes_dead_links(office: Office) -> None:
    with transaction(office.database.sessions) as session:
        session.add(EmailProof(purpose=Purpose.reset, link_hash="x", expires_at=office.clock() - timedelta(days=99)))
    (delivery_id,) = office.plain()
    with transaction(office.database.sessions) as session:
        session.get_one(Delivery, delivery_id).state = DeliveryState.failed
    office.clock.forward(days=10)
    office.worker.sweep()
    assert office.delivery(delivery_id).sealed is None
    with office.database.sessions() as session:
        assert session.scalar(select(func.count(EmailProof.id))) == 0


def test_a_slow_document_does_not_outlast_its_lease(office: Office, box: Letterbox) -> None:
    made = office.invoice()
    render = office.worker.composer.press.render

    def slow(paper: Paper, logo: Path | None, xml: bytes | None) -> Drawn:
        office.clock.forward(seconds=office.settings.lease_seconds * 0.6)
        return render(paper, logo, xml)

    office.worker.composer.press = pressing(slow)
    office.worker.deliver()
    assert office.history(made.delivery_id)[-1] == ("deferred", "slow")
    assert not box.raw


def test_acceptance_is_noted_even_if_the_database_is_busy(office: Office, box: Letterbox) -> None:
    (delivery_id,) = office.plain()
    busy = office.database.sessions()
    composed = office.worker.composer.compose

    def compose(claim, moment):  # type: ignore[no-untyped-def]
        mail = composed(claim, moment)
        begin_write(busy)
        busy.get(Delivery, delivery_id, with_for_update=True)
        threading.Timer(1.0, busy.rollback).start()
        return mail

    office.worker.composer.compose = compose  # type: ignore[method-assign]
    office.worker.deliver(only=delivery_id)
    busy.close()
    assert office.history(delivery_id)[-1] == ("sent", "") and len(box.raw) == 1
