"""Presses for tests: the installation's own, and others around a renderer or an XML of the test's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from invoicing.documents.desk import Facts
from invoicing.documents.making import Press
from invoicing.documents.pdf import Rendered, render
from invoicing.documents.press import press
from invoicing.documents.sheet import Paper
from invoicing.documents.snapshot import Snapshot

REAL = press(schematron=False)


def without_xml(_snapshot: Snapshot, _facts: Facts) -> None:
    """Nothing has a structured invoice."""


def an_xml(snapshot: Snapshot, facts: Facts) -> bytes:
    """One that tells what it was made from."""
    return f"<xml>{snapshot.number} {facts.heading} {facts.official_number}</xml>".encode()


def plain(paper: Paper, logo: Path | None, _xml: bytes | None) -> Rendered:
    """A real PDF, whatever the XML."""
    return render(paper, logo)


def pressing(draw: Any = plain, xml: Any = without_xml) -> Press:
    """A press of these two."""
    return Press(draw, xml)
