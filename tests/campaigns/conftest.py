"""Each test of campaigns has a desk of its own."""

from __future__ import annotations

import pytest

from tests.campaigns.desk import Desk, opened
from tests.conftest import Database


@pytest.fixture
def desk(database: Database) -> Desk:
    """Three members."""
    return opened(database.sessions)
