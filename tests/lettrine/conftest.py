"""What tests of the composition root share."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from lettrine import logs


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Where the logs go; logging is put back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure(stream)
    yield stream
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
