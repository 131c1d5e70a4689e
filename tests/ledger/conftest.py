"""What the tests of exports for the accountant share."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.conftest import Database
from tests.ledger.books import Books, open_books


@pytest.fixture
def books(app: Flask, database: Database) -> Books:
    """A French seller, a customer, and somebody who makes exports."""
    return open_books(app, database)
