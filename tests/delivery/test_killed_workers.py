"""Many e-mails through a mail server on its worst day, with two workers killed -9 again and again.

None is lost, every state is true, each has one Message-ID, and a copy is only where the history says so.
`LETTRINE_TEST_DELIVERIES=1000` is the full measure (a kill per ten e-mails); the usual run has fewer.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from threading import Event
from time import monotonic

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from config.settings import Settings
from invoicing.delivery.models import Delivery, DeliveryState
from lettrine.jobs import Nudge
from tests.conftest import Database
from tests.delivery.chaos import Chaos, chaos
from tests.delivery.office import Office, open_office
from tests.delivery.test_worker import environ
from tests.redis_server import redis_server
from web.database import now

COUNT = int(os.environ.get("LETTRINE_TEST_DELIVERIES", "100"))
KILLS = COUNT // 10
AT_ONCE = 10  # e-mails promised together, between two kills
PATIENCE = 900  # seconds
FINAL = (DeliveryState.sent, DeliveryState.failed)
DOUBT = ("no_answer", "lease_expired")  # the steps that say that a copy may have left


@pytest.fixture(params=["file", "redis"])
def queue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, object]]:
    """Settings of the queue that nudges: the usual file, or a Redis."""
    if request.param == "file":
        yield {}
        return
    with redis_server(tmp_path) as url:
        yield {"queue_url": url}


@contextmanager
def workers(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    """Both, running; see tests.delivery.sending."""
    command = [sys.executable, "-m", "tests.delivery.sending"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=environ(settings), text=True, **pipes) as process:  # type: ignore[call-overload]
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        yield process
        process.communicate("", timeout=60)


def kill(process: subprocess.Popen[str]) -> None:
    """One worker dies, and another takes its place."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("kill\n")
    process.stdin.flush()
    assert process.stdout.readline() == "killed\n"


def count_open(office: Office) -> int:
    with office.database.sessions() as session:
        return session.scalar(select(func.count(Delivery.id)).where(Delivery.state.not_in(FINAL))) or 0


def run(office: Office) -> list[Delivery]:
    """Promises them bit by bit while workers die, waits for the end, and returns the rows with their history."""
    dice, pause, until, nudge = Random(11), Event(), monotonic() + PATIENCE, Nudge(office.settings)
    with workers(office.settings) as process:
        for n in range(KILLS):
            for delivery_id in office.plain(AT_ONCE, n * AT_ONCE, expires_at=now() + timedelta(days=1)):
                nudge(delivery_id=delivery_id)
            pause.wait(dice.uniform(0.05, 0.6))
            kill(process)
        while count_open(office):
            assert monotonic() < until, f"{count_open(office)} are still open"
            pause.wait(0.2)
    nudge.close()
    with office.database.sessions() as session:
        query = select(Delivery).options(selectinload(Delivery.events)).order_by(Delivery.id)
        return list(session.scalars(query))


def check(rows: list[Delivery], server: Chaos) -> Counter[str]:
    """Compares what the database says with what the server did; how often what was found."""
    found: Counter[str] = Counter()
    for row in rows:
        steps = [(event.state.value, event.reason) for event in row.events]
        assert steps[0] == ("queued", "") and steps[-1] == (row.state.value, row.reason), steps
        accepted, doubts = server.accepted[row.message_id], sum(reason in DOUBT for _state, reason in steps)
        sent = row.state is DeliveryState.sent
        assert accepted >= 1 or not sent, "sent, but the server never took it"
        assert accepted - sent <= doubts, f"{accepted} accepted, and the history tells of {doubts} doubts: {steps}"
        assert sent or row.reason in ("refused", "gave_up")
        assert row.reason != "refused" or row.recipient in server.refused
        found[f"{row.state.value} {row.reason}".strip()] += 1
        found["copies"] += max(0, accepted - 1)
        found["taken over"] += sum(reason == "lease_expired" for _state, reason in steps)
    return found


@pytest.mark.slow
def test_workers_die_and_the_server_misbehaves_and_nothing_is_lost(
    database: Database, tmp_path: Path, queue: dict[str, object]
) -> None:
    with chaos(seed=7) as server, open_office(
        database, tmp_path, server.port, smtp_timeout=0.5, lease_seconds=2, sweep_seconds=1, **queue
    ) as office:  # fmt: skip
        office.clock.moment = now() - timedelta(minutes=1)
        rows = run(office)
        assert len(rows) == COUNT
        found = check(rows, server)
        names = {row.recipient: {row.message_id} for row in rows}
        assert all(seen == names[to] for to, seen in server.recipients.items()), "one Message-ID each"
        assert len({row.message_id for row in rows}) == COUNT
        print(database.engine.dialect.name, sorted(queue), dict(found), dict(server.deeds))
