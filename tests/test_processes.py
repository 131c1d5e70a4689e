"""Eight processes finalise 320 invoices while some are killed: numbers 1 to N, nothing acknowledged is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from invoicing.database import transaction
from invoicing.delivery.models import Delivery
from invoicing.documents.archive import open_archive
from invoicing.documents.models import DocumentVersion, VersionState
from invoicing.documents.service import ensure_rendered, unrendered
from invoicing.invoices.models import Invoice, Status
from invoicing.journal import GENESIS, JournalEntry
from tests.conftest import Database
from tests.documents.presses import REAL
from tests.factories import NOW, make_customer, make_draft, make_seller

ROOT = Path(__file__).parents[1]
PROCESSES, INVOICES, KILLED = 8, 320, 5


def start(url: str, drafts: list[int]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.finalising", url, *map(str, drafts)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )


def finish(process: subprocess.Popen[str], lines: list[str]) -> None:
    rest, _ = process.communicate(timeout=300)
    lines += [line for line in rest.splitlines() if len(line.split()) == 2]


@pytest.mark.slow
def test_killed_processes_leave_no_gap_no_duplicate_and_lose_nothing(database: Database, tmp_path: Path) -> None:
    with transaction(database.sessions) as session:
        seller, customer = make_seller(session), make_customer(session)
        drafts = [make_draft(session, customer, seller).id for _ in range(INVOICES)]
    shares = [drafts[n::PROCESSES] for n in range(PROCESSES)]
    running = [start(database.url, share) for share in shares]
    lines: list[str] = []
    for n, process in enumerate(running[:KILLED]):
        assert process.stdout is not None
        for _ in range(3 + 5 * n):  # each at another moment, in the middle of its work
            lines.append(process.stdout.readline().strip())
        os.kill(process.pid, signal.SIGKILL)
        finish(process, lines)
        running.append(start(database.url, shares[n]))  # its successor begins the share again
    for process in running[KILLED:]:
        finish(process, lines)
        assert process.returncode == 0
    acknowledged = {line.split()[1] for line in lines if line}
    check(database, acknowledged)
    sweep(database, tmp_path)


def check(database: Database, acknowledged: set[str]) -> None:
    """Numbers 1 to N, one delivery and one version each, an unbroken journal."""
    with database.sessions() as session:
        invoices = session.scalars(select(Invoice)).all()
        assert {invoice.status for invoice in invoices} == {Status.pending}
        assert sorted(invoice.number or "" for invoice in invoices) == [f"F2026-{n:05}" for n in range(1, INVOICES + 1)]
        assert acknowledged <= {invoice.number for invoice in invoices}
        assert len(acknowledged) == INVOICES
        assert sorted(session.scalars(select(Delivery.invoice_id))) == sorted(i.id for i in invoices)
        assert sorted(session.scalars(select(DocumentVersion.invoice_id))) == sorted(i.id for i in invoices)
        entries = session.scalars(select(JournalEntry).order_by(JournalEntry.position)).all()
        assert [e.previous_hash for e in entries] == [GENESIS, *(e.hash for e in entries[:-1])]


def sweep(database: Database, folder: Path) -> None:
    """What no process came to render is rendered afterwards, and reads back."""
    archive = open_archive(f"file://{folder / 'archive'}")
    with database.sessions() as session:
        late = unrendered(session, NOW, INVOICES + 1)
    assert len(late) == INVOICES
    for version_id in late:
        assert ensure_rendered(database.sessions, archive, REAL, version_id, NOW).data.startswith(b"%PDF-")
    with database.sessions() as session:
        versions = session.scalars(select(DocumentVersion)).all()
        assert {version.state for version in versions} == {VersionState.rendered}
        assert all(archive.get(version.sha256 or "") for version in versions)
