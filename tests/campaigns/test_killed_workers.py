"""A worker is killed -9 in the middle of a campaign: the next goes on soon, and everybody has exactly one invoice."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import func, select

from config.settings import Settings
from invoicing.campaigns.models import CampaignMember, CampaignState, Verdict
from invoicing.invoices.models import Invoice
from invoicing.silence import SILENT
from tests.campaigns.desk import Desk, opened
from tests.conftest import Database, make_settings
from tests.delivery.test_worker import environ

MEMBERS, PATIENCE = 60, 120  # seconds
SLOWLY = (  # one invoice at a time, and a silence that a test can wait for; the rest is the worker as it is
    "from datetime import timedelta; import invoicing.silence as s; s.SILENT = timedelta(seconds=3)\n"
    "import lettrine.campaigner as c; c.MADE_AT_ONCE = 1; c.BREATH_SECONDS = 0.05\n"
    "import lettrine.drawing as d; d.Drawing.work = lambda self: 0\n"
    "from lettrine.running import worker; worker()"
)


@contextmanager
def slow_worker(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """`lettrine worker`, which looks by itself once an hour only."""
    with subprocess.Popen([sys.executable, "-c", SLOWLY], env=environ(settings), stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(happened: Callable[[], bool]) -> None:
    until, pause = monotonic() + PATIENCE, threading.Event()
    while not happened():
        assert monotonic() < until
        pause.wait(0.05)


@pytest.mark.parametrize("waits", ["beside", "after"])
def test_a_killed_worker_is_followed_and_nobody_has_two(database: Database, tmp_path: Path, waits: str) -> None:
    settings = make_settings(database.url, tmp_path, sweep_seconds=3600, drawing_processes=0)
    desk = opened(database.sessions, MEMBERS)
    campaign_id = desk.judged()
    desk.ask(campaign_id, email=True)
    with slow_worker(settings) as first:
        wait_for(lambda: len(desk.invoices()) >= 3)
        if waits == "beside":
            with slow_worker(settings) as second:
                wait_for(lambda: second.poll() is None and len(desk.invoices()) >= 10)
                kill(first)
                wait_for(lambda: desk.state(campaign_id).state is CampaignState.made)
        else:
            kill(first)
            with slow_worker(settings):
                wait_for(lambda: desk.state(campaign_id).state is CampaignState.made)
    check(desk, campaign_id)


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def check(desk: Desk, campaign_id: int) -> None:
    """One invoice each, numbered without a gap, one e-mail each, and every member's row names theirs."""
    assert sorted(who for who, _number in desk.invoices()) == desk.people
    assert [number[-5:] for _who, number in desk.invoices() if number] == [f"{n:05}" for n in range(1, MEMBERS + 1)]
    assert len(desk.mails()) == len(set(desk.mails())) == MEMBERS
    assert desk.verdicts(campaign_id) == [Verdict.made] * MEMBERS
    with desk.sessions() as session:
        own = select(func.count()).select_from(CampaignMember).join(Invoice, CampaignMember.invoice_id == Invoice.id)
        assert session.scalar(own.where(Invoice.customer_id == CampaignMember.customer_id)) == MEMBERS


def test_silence_is_short_and_longer_than_a_writer_waits() -> None:
    assert 15 < SILENT.total_seconds() <= 30
