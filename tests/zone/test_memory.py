"""What a ZIP takes doesn't grow with what goes through it, and no connection is held meanwhile."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role
from invoicing.documents import service
from invoicing.documents.archive import open_archive
from invoicing.documents.models import DocumentVersion
from tests.conftest import Browser, Database
from tests.documents.presses import REAL
from tests.factories import NOW, make_customer, make_invoice, make_seller, make_user
from tests.portal.conftest import signed_in
from tests.zone.many import copies
from web.database import db

COUNT, MEGABYTE = 600, 2**20


@pytest.fixture
def browser(app: Flask, database: Database, session: Session, tmp_path: Path) -> Browser:
    """A member with 600 archived documents."""
    member = make_user(session, Role.member)
    made = make_invoice(session, make_customer(session, users=(member,)), make_seller(session))
    session.commit()
    version_id = session.scalars(select(DocumentVersion.id)).one()
    session.rollback()
    archive = open_archive((tmp_path / "archive").as_uri())
    service.ensure_rendered(database.sessions, archive, REAL, version_id, NOW)
    copies(session, made.invoice_id, COUNT - 1)
    return signed_in(app, session, member)


def test_hundreds_of_documents_take_what_one_takes(browser: Browser) -> None:
    whole = browser.get("/mes-factures/documents/zip", buffered=False)
    tracemalloc.start()
    try:
        size = sum(map(len, whole.response))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        whole.close()
    assert size > 10 * MEGABYTE
    assert peak < 5 * MEGABYTE, f"{peak / MEGABYTE:.1f} MB for {size / MEGABYTE:.0f} MB"


def test_a_slow_reader_holds_no_connection(app: Flask, browser: Browser) -> None:
    answer = browser.get("/mes-factures/documents/zip", buffered=False)
    parts = iter(answer.response)
    with app.app_context():
        pool = db.engine.pool
    for _ in range(40):
        next(parts)
        assert pool.checkedout() == 0  # type: ignore[attr-defined]
    answer.close()
