"""What the tests of the doors share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine

from web.database import now


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    """A day on which nothing moves but the test."""
    with time_machine.travel(now().replace(minute=1), tick=False) as coordinates:
        yield coordinates
