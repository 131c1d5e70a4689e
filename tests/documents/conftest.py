"""A version that is due, and where it will be archived."""

from __future__ import annotations

from pathlib import Path

import pytest

from invoicing.database import transaction
from invoicing.documents.archive import Archive, open_archive
from tests.conftest import Database
from tests.factories import make_customer, make_invoice, make_seller


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An archive in a folder."""
    return open_archive((tmp_path / "archive").as_uri())


@pytest.fixture
def version_id(database: Database) -> int:
    """A version that is due."""
    with transaction(database.sessions) as session:
        return make_invoice(session, make_customer(session), make_seller(session)).version_id
