"""What Prometheus may read: requests as this host answered them, and what waits in the database.

Several processes of a host share one folder of counters, which `lettrine web` makes before it starts them.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import click
from flask import Flask, Response, g, request
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from config.settings import Settings
from invoicing.delivery.models import Delivery, DeliveryState
from invoicing.documents.models import DocumentVersion, VersionState
from invoicing.journal import JournalEntry
from invoicing.proof import runs
from invoicing.proof.rules import Report
from lettrine.jobs import Nudge
from web.database import db, now

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client's own word
BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)  # seconds
WAITING: Final = (DeliveryState.queued, DeliveryState.sending, DeliveryState.deferred, DeliveryState.failed)


def check_installed(settings: Settings) -> None:
    """Refuses a token without the library, which decides at its import where it counts: it is only looked for here."""
    if settings.metrics_token.get_secret_value() and find_spec("prometheus_client") is None:
        raise click.ClickException("LETTRINE_METRICS_TOKEN needs `pip install 'lettrine[metrics]'`.")


@contextmanager
def shared(settings: Settings) -> Iterator[None]:
    """A folder for the counters of this host's processes, gone at the end; nothing without a token."""
    if not settings.metrics_token.get_secret_value():
        yield
        return
    folder, me = tempfile.mkdtemp(prefix="lettrine-metrics-"), os.getpid()
    os.environ[FOLDER] = folder
    try:
        yield
    finally:
        if os.getpid() == me:  # a child that ends comes by here too
            shutil.rmtree(folder, ignore_errors=True)


def install(app: Flask, nudge: Nudge) -> Callable[[], bytes]:
    """Counts the application's requests; gives what writes all there is to tell."""
    from prometheus_client import CollectorRegistry, Histogram, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    own = CollectorRegistry()
    seconds = Histogram("lettrine_request_seconds", "How long answers took.", ["endpoint", "method", "status"],
                        buckets=BUCKETS, registry=own)  # fmt: skip

    @app.before_request
    def _begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def _end(response: Response) -> Response:
        if "began" in g:
            taken = time.perf_counter() - g.began
            seconds.labels(request.endpoint or "none", request.method, f"{response.status_code // 100}xx").observe(
                taken
            )
        return response

    def write() -> bytes:
        told = CollectorRegistry() if FOLDER in os.environ else own
        if told is not own:
            MultiProcessCollector(told)  # type: ignore[no-untyped-call]
        state: Any = CollectorRegistry()
        state.register(_State(app, nudge))
        return generate_latest(told) + generate_latest(state)

    return write


class _State:
    """The gauges, read when they are asked for."""

    def __init__(self, app: Flask, nudge: Nudge):
        self.app, self.nudge = app, nudge

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Whether the database answers; if it does, what waits there."""
        try:
            with self.app.app_context():
                found = list(gauges(db.session))
        except SQLAlchemyError:
            yield _gauge("lettrine_database_up", "1: the database answers.", 0)
            return
        yield _gauge("lettrine_database_up", "1: the database answers.", 1)
        yield from found
        beat = self.nudge.last_beat()
        if beat is not None:
            yield _gauge("lettrine_worker_silent_seconds", "Since a worker said that it is alive.",
                         (now() - beat).total_seconds())  # fmt: skip


def gauges(session: Session) -> Iterator[GaugeMetricFamily]:
    """E-mails and documents that wait, the journal, the last verification."""
    waiting = _gauge("lettrine_deliveries", "E-mails by state; failed ones that nothing has replaced.", None, "state")
    is_open = Delivery.state.in_(WAITING) & Delivery.replaced_by_id.is_(None)
    rows = session.execute(select(Delivery.state, func.count()).where(is_open).group_by(Delivery.state)).all()
    known = {state: count for state, count in rows}  # noqa: C416 - rows are no pairs for mypy
    for state in WAITING:
        waiting.add_metric([state.value], known.get(state, 0))
    yield waiting
    is_due = DocumentVersion.state == VersionState.due
    due = session.scalar(select(func.count(DocumentVersion.id)).where(is_due)) or 0
    yield _gauge("lettrine_documents_due", "Documents that are still to be drawn.", due)
    position = session.scalar(select(func.max(JournalEntry.position))) or 0
    yield _gauge("lettrine_journal_position", "Entries in the journal.", position)
    last = runs.last_finished(session)
    if last is not None and last.report is not None and last.finished_at is not None:
        intact = Report.from_json(last.report).is_intact
        yield _gauge("lettrine_verified_intact", "1: the last verification found all intact.", int(intact))
        age = (now() - last.finished_at).total_seconds()
        yield _gauge("lettrine_verified_seconds", "Since the last verification ended.", age)


def _gauge(name: str, what: str, value: float | None, *labels: str) -> GaugeMetricFamily:
    from prometheus_client.core import GaugeMetricFamily

    return GaugeMetricFamily(name, what, value=value, labels=labels or None)
