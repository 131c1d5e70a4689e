"""A mail server that accepts, and an installation that sends to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Database
from tests.delivery.office import Office, open_office
from tests.delivery.smtp import Letterbox, letterbox


@pytest.fixture
def box() -> Iterator[Letterbox]:
    """A mail server; set its answers before the first message."""
    with letterbox() as box:
        yield box


@pytest.fixture
def office(database: Database, tmp_path: Path, box: Letterbox) -> Iterator[Office]:
    """An installation that sends to `box`."""
    with open_office(database, tmp_path, box.port) as office:
        yield office
