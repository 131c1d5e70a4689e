"""Many papers are drawn in processes of their own, within limits."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from invoicing.database import transaction
from invoicing.documents.models import DocumentVersion, VersionState
from invoicing.documents.pdf import RenderFailed
from invoicing.sellers.models import Seller
from lettrine import drawing
from lettrine.drawing import FEW, TooLong
from tests.conftest import Database
from tests.delivery.office import Office
from tests.documents.presses import pressing
from tests.factories import make_customer, make_invoice, make_seller

MANY = FEW + 5


@pytest.fixture
def ids(office: Office) -> list[int]:
    """Versions that are due, more than a few."""
    with transaction(office.database.sessions) as session:
        seller, customer = make_seller(session), make_customer(session)
        found = [make_invoice(session, customer, seller).version_id for _ in range(MANY)]
    office.clock.forward(minutes=1)
    return found


def _count(database: Database, state: VersionState) -> int:
    with database.sessions() as session:
        return session.scalar(select(func.count(DocumentVersion.id)).where(DocumentVersion.state == state)) or 0


def test_many_are_drawn_apart_and_archived(office: Office, ids: list[int]) -> None:
    assert office.worker.render_due() == MANY
    assert _count(office.database, VersionState.rendered) == MANY
    with office.database.sessions() as session:
        sha256 = session.get_one(DocumentVersion, ids[-1]).sha256
    assert sha256 and office.worker.archive.get(sha256).startswith(b"%PDF")


def test_a_process_that_has_drawn_its_share_makes_room_for_a_fresh_one(
    office: Office, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    pools, begun = [], drawing.Drawing._pool
    monkeypatch.setattr(drawing.Drawing, "_pool", lambda one: pools.append(begun(one)) or pools[-1])
    for name, value in {"FEW": 0, "AT_ONCE": 10, "PAPERS_MAX": 10}.items():
        monkeypatch.setattr(drawing, name, value)
    assert office.worker.render_due() == MANY
    assert len(pools) == 3  # 10, 10 and 5


def test_the_rules_of_structured_invoices_are_checked_apart_as_well(office: Office, ids: list[int]) -> None:
    drawing = office.worker.drawing
    drawing.settings = office.settings.model_copy(update={"checks_schematron": True})
    assert office.worker.render_due() == MANY
    with office.database.sessions() as session:
        assert session.scalar(select(func.count(DocumentVersion.xml_sha256))) == MANY


def test_one_that_cannot_be_drawn_apart_stops_nobody_else(office: Office, ids: list[int]) -> None:
    drawing, missing = office.worker.drawing, ids[-1] + 1
    pool = drawing._pool()
    try:
        assert drawing._together(pool, [missing, *ids]) == MANY
    finally:
        pool.shutdown()
    assert set(drawing._failed) == {missing}


def test_one_that_cannot_be_drawn_is_left_alone_for_a_while(office: Office) -> None:
    made, drawing = office.invoice(), office.worker.drawing
    office.clock.forward(minutes=1)
    drawing.press = pressing(broken)
    assert office.worker.render_due() == 0
    drawing.press = office.worker.press
    assert office.worker.render_due() == 0
    office.clock.forward(hours=2)
    assert office.worker.render_due() == 1
    with office.database.sessions() as session:
        assert session.get_one(DocumentVersion, made.version_id).state is VersionState.rendered


def broken(_paper: object, _logo: object, _xml: object) -> object:
    raise RenderFailed("no paper")


def test_an_invalid_xml_leaves_its_version_due_and_a_line_in_the_log(office: Office) -> None:
    made, drawing = office.invoice(), office.worker.drawing
    office.clock.forward(minutes=1)
    drawing.press = pressing(xml=invalid)
    with capture_logs() as lines:
        assert office.worker.render_due() == 0
    assert [(line["event"], line["version_id"]) for line in lines] == [("version.not_rendered", made.version_id)]
    with office.database.sessions() as session:
        assert session.get_one(DocumentVersion, made.version_id).state is VersionState.due
    drawing.press = office.worker.press
    office.clock.forward(hours=2)
    assert office.worker.render_due() == 1


def invalid(_snapshot: object, _facts: object) -> bytes:
    raise ValueError("BR-CO-10")


def test_a_worker_that_begins_elsewhere_comes_round_to_the_first(office: Office, ids: list[int]) -> None:
    office.worker.drawing._from = ids[-2]
    assert office.worker.render_due() == MANY


def test_what_failed_at_the_end_hides_nothing_that_is_due_before_it(office: Office, ids: list[int]) -> None:
    drawing = office.worker.drawing
    drawing._failed[ids[-1]] = office.clock()
    drawing._from = ids[-2]
    assert office.worker.render_due() == MANY - 1


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), OperationalError("", {}, Exception("locked"))])
def test_an_archive_or_a_database_that_is_away_is_no_fault_of_the_papers(office: Office, error: Exception) -> None:
    def away(_paper: object, _logo: object, _xml: object) -> object:
        tried.append(1)
        raise error

    tried: list[int] = []
    office.invoice()
    with transaction(office.database.sessions) as session:
        make_invoice(session, make_customer(session), session.scalars(select(Seller)).one())
    office.clock.forward(minutes=1)
    drawing = office.worker.drawing
    drawing.press = pressing(away)
    assert office.worker.render_due() == 0 and len(tried) == 1
    drawing.press = office.worker.press
    assert office.worker.render_due() == 2


def test_an_archive_that_is_away_ends_what_is_drawn_apart(
    office: Office, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    def away(_paper: object, _logo: object, _xml: object) -> object:
        raise OSError(errno.EROFS, "read-only")

    own = (office.database.sessions, office.worker.archive, pressing(away))
    monkeypatch.setattr(drawing, "_own", own)
    assert drawing._draw(ids, office.clock()) == (0, [], True)
    lot: Future[drawing.Drawn] = Future()
    other: Future[drawing.Drawn] = Future()
    lot.set_result(drawing.Drawn(0, [], True))
    assert office.worker.drawing._result(lot, [lot, other], office.clock()) == 0
    assert other.cancelled() and office.worker.drawing._is_over()


def test_a_paper_that_takes_too_long_is_broken_off(monkeypatch: pytest.MonkeyPatch, alarm: None) -> None:
    monkeypatch.setattr(drawing, "PAPER_SECONDS", 0.05)
    with pytest.raises(TooLong):
        _endless()


def _endless() -> None:
    until = time.monotonic() + 30
    with drawing._limited():
        while time.monotonic() < until:
            pass


@pytest.fixture
def alarm(tmp_path: Path) -> Iterator[None]:
    """What a process of its own does with its alarm."""
    import signal

    before = signal.signal(signal.SIGALRM, drawing._too_long)
    yield
    signal.signal(signal.SIGALRM, before)
