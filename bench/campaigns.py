"""A campaign from the choice to the last paper, killed in the middle.

`python bench/campaigns.py [members] [sqlite or postgresql] [papers]`

Members are real rows, copied by SQL; the campaign is begun, judged and made by `lettrine worker` processes, which are
killed -9 once half of the invoices stand, and started again. Meanwhile the list of invoices, a customer's record and
the campaign's page are opened one after the other. "papers" also waits until every PDF is in the archive; without it
the worker draws none. Then a second campaign with the same choice, which must make nothing.

Told: invoices a second (with and without the two minutes in which nobody knows that the worker is dead), PDFs a second
per process, the pages' p50 and p95 in milliseconds, the most memory that a worker and its drawing processes had.
10,000 members on SQLite unless told.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Final

from flask import Flask
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session, sessionmaker

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.stores import Lite, Postgres  # noqa: E402
from config.settings import Settings  # noqa: E402
from invoicing.campaigns import queries, service  # noqa: E402
from invoicing.campaigns.models import CampaignState, Verdict  # noqa: E402
from invoicing.campaigns.service import CampaignContent  # noqa: E402
from invoicing.customers.models import Customer  # noqa: E402
from invoicing.database import make_engine, transaction  # noqa: E402
from invoicing.documents.models import DocumentVersion, VersionState  # noqa: E402
from invoicing.invoices.models import Invoice  # noqa: E402
from invoicing.invoices.reading import DraftContent  # noqa: E402
from invoicing.migrations import upgrade  # noqa: E402
from lettrine.app import create_app  # noqa: E402
from tests.conftest import JOURNAL_KEY, Browser, make_settings  # noqa: E402
from tests.delivery.test_worker import environ  # noqa: E402
from tests.factories import actor_of, make_customer, make_line, make_seller, make_user  # noqa: E402
from web.database import now  # noqa: E402

Sessions = sessionmaker[Session]
_NO_PAPERS: Final = "import lettrine.drawing as d; d.Drawing.work = lambda self: 0; "
_RUN: Final = "from lettrine.running import worker; worker()"


@dataclass
class Told:
    """What was measured."""

    pages: list[float] = field(default_factory=list)  # milliseconds
    peak_kb: int = 0


def filled(sessions: Sessions, members: int) -> tuple[int, int]:
    """Members, a seller and somebody of sales; gives the seller and the user."""
    with transaction(sessions) as session:
        seller, user, first = make_seller(session), make_user(session), make_customer(session)
        names = [column.key for column in Customer.__table__.columns if column.key not in ("id", "member_number")]
        pattern = {name: getattr(first, name) for name in names}
        rows = (
            pattern | {"last_name": f"Aubert {n:06}", "sort_name": f"aubert {n:06}", "member_number": f"M{n:06}",
                       "email": f"ana{n}@example.fr", "form_token": None}
            for n in range(1, members)
        )  # fmt: skip
        while some := list(islice(rows, 5000)):
            session.execute(insert(Customer), some)
        return seller.id, user.id


def begun(sessions: Sessions, seller_id: int, user_id: int, token: str) -> int:
    """A campaign to all members, waiting for a worker."""
    with transaction(sessions) as session:
        from invoicing.accounts.models import User

        actor = actor_of(session.get_one(User, user_id))
        content = CampaignContent("Cotisations 2027", seller_id, date(2026, 1, 1))
        campaign = service.begin(session, actor, now(), content, token)
        template = DraftContent(lines=(make_line(session),))
        service.write(session, actor, now(), campaign.id, campaign.revision, template)
        return campaign.id


@contextmanager
def worker(settings: Settings, papers: bool, told: Told) -> Iterator[subprocess.Popen[bytes]]:
    """`lettrine worker`, whose memory is looked at until it ends."""
    command = [sys.executable, "-c", ("" if papers else _NO_PAPERS) + _RUN]
    environment = environ(settings) | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(0.5):
            told.peak_kb = max(told.peak_kb, sum(_peak(number) for number in _family(process.pid)))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield process
    finally:
        stop.set()
        thread.join()
        process.send_signal(signal.SIGTERM)
        process.wait()


def _family(pid: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return [pid, *map(int, children.read_text().split())] if children.exists() else []


def _peak(pid: int) -> int:
    """The most memory of a process, in kB."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


@contextmanager
def visited(app: Flask, user_id: int, campaign_id: int, told: Told) -> Iterator[None]:
    """Somebody opens pages meanwhile, one after the other."""
    app.test_client_class = Browser
    client: Any = app.test_client()
    client.become(user_id)
    stop = threading.Event()
    pages = ("/ventes/factures", "/ventes/clients/1", f"/ventes/campagnes/{campaign_id}")

    def visit() -> None:
        while not stop.is_set():
            for page in pages:
                begun = time.perf_counter()
                assert client.get(page).status_code == 200, page
                told.pages.append((time.perf_counter() - begun) * 1000)
            stop.wait(0.2)

    thread = threading.Thread(target=visit)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def waited(sessions: Sessions, until: Any) -> float:
    """Looks until it is so; gives the seconds."""
    begun = time.perf_counter()
    while True:
        with sessions() as session:
            if until(session):
                return time.perf_counter() - begun
        time.sleep(0.1)


def made(session: Session) -> int:
    """How many invoices stand."""
    return session.scalar(select(func.count(Invoice.id)).where(Invoice.frozen_at.is_not(None))) or 0


def drawn(session: Session) -> int:
    """How many papers are archived."""
    return session.scalar(select(func.count()).where(DocumentVersion.state == VersionState.rendered)) or 0


def measure(url: str, folder: Path, members: int, papers: bool) -> None:
    """Fills, makes, kills, goes on, and makes nothing more."""
    upgrade(make_engine(url))
    sessions = sessionmaker(make_engine(url), info={"journal_key": JOURNAL_KEY.encode()})
    settings = make_settings(url, folder, sweep_seconds=1, drawing_processes=1)
    seller_id, user_id = filled(sessions, members)
    campaign_id, told = begun(sessions, seller_id, user_id, "one"), Told()

    def state(session: Session) -> CampaignState:
        return queries.campaign(session, campaign_id).state

    app = create_app(settings)
    with visited(app, user_id, campaign_id, told):
        with worker(settings, papers, told) as process:
            judging = waited(sessions, lambda s: state(s) is CampaignState.judged)
            with transaction(sessions) as session:
                campaign = queries.campaign(session, campaign_id)
                from invoicing.accounts.models import User

                actor = actor_of(session.get_one(User, user_id))
                assert service.ask(session, actor, now(), campaign_id, campaign.revision, email=False)
            first = waited(sessions, lambda s: made(s) >= members // 2)
            process.kill()
        with sessions() as session:
            stood, had = made(session), drawn(session)
        with worker(settings, papers, told):
            silent = waited(sessions, lambda s: made(s) > stood)
            second = waited(sessions, lambda s: state(s) is CampaignState.made)
            rest = waited(sessions, lambda s: not papers or drawn(s) == members)
    with sessions() as session:
        assert made(session) == members == session.scalar(select(func.count(Invoice.customer_id.distinct())))
        assert queries.counts(session, campaign_id) == {Verdict.made: members}
    again = begun(sessions, seller_id, user_id, "two")
    with worker(settings, False, Told()):
        waited(sessions, lambda s: queries.campaign(s, again).state is CampaignState.judged)
    with sessions() as session:
        assert queries.counts(session, again) == {Verdict.already_invoiced: members}
    busy = first + second
    pages = statistics.quantiles(told.pages, n=20)
    print(f"  judged {members / judging:.0f} a second; made {members / busy:.0f} a second"
          f" ({members / (busy + silent):.0f} with the {silent:.0f} s of silence after the kill)")  # fmt: skip
    if papers:
        print(f"  papers: {had} beside the first half; {(members - had) / (silent + second + rest):.1f} a second after,"
              f" {(members - had)} in {silent + second + rest:.0f} s by one process")  # fmt: skip
    print(f"  {len(told.pages)} pages meanwhile: p50 {statistics.median(told.pages):.0f} ms, p95 {pages[-1]:.0f} ms;"
          f" most memory of a worker with its drawing process {told.peak_kb / 1024:.0f} MB", flush=True)  # fmt: skip


def main() -> None:
    """One engine."""
    members = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    engine, papers = (sys.argv[2] if len(sys.argv) > 2 else "sqlite"), "papers" in sys.argv
    with tempfile.TemporaryDirectory(dir=os.environ.get("LETTRINE_BENCH_DIR")) as folder:
        store = Lite(folder) if engine == "sqlite" else Postgres()
        print(f"{engine}, {members} members{', with papers' if papers else ''}", flush=True)
        try:
            measure(store.url, Path(folder), members, papers)
        finally:
            store.close()


if __name__ == "__main__":
    main()
