"""Logs hold events and ids, one JSON object a line, and never the text of an error."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog


def told(lines: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_an_event_is_one_json_object(lines: io.StringIO) -> None:
    structlog.get_logger("lettrine.worker").info("delivery.sent", delivery_id=7)
    (line,) = told(lines)
    assert (line["event"], line["delivery_id"], line["level"]) == ("delivery.sent", 7, "info")


@pytest.mark.parametrize("logger", ["structlog", "stdlib"])
def test_an_error_is_named_and_placed_without_its_words(lines: io.StringIO, logger: str) -> None:
    log = (
        structlog.get_logger("lettrine.somewhere") if logger == "structlog" else logging.getLogger("lettrine.somewhere")
    )
    try:
        raise ValueError("elodie@example.org does not exist")
    except ValueError:
        log.exception("delivery.not_written")
    (line,) = told(lines)
    assert line["error"] == "ValueError"
    assert "test_logs.py" in str(line["where"])
    assert "elodie" not in lines.getvalue()
