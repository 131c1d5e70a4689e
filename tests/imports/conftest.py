"""The bench that tests of imports work on."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.imports.bench import Bench, make_bench


@pytest.fixture
def bench(database: Database) -> Bench:
    return make_bench(database)
