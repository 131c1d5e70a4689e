"""What a process of its own draws in the tests: by the name of the paper, well, badly, endlessly, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from invoicing.documents.paper import Paper
from invoicing.documents.pdf import Rendered, RenderFailed


class Untold(Exception):
    """An error that can't travel between processes."""

    def __init__(self, one: str, two: str):
        super().__init__(one + two)


def draw(paper: Paper, _logo: Path | None = None, _xml: bytes | None = None) -> Rendered:
    """Does what the paper says; the bytes name the process."""
    what = str(paper)
    if what == "endless":
        while True:
            pass
    if what == "huge":
        return Rendered(bytes(2 << 30), 1)
    if what == "dead":
        os._exit(3)
    if what == "failed":
        raise RenderFailed("no paper")
    if what == "untold":
        raise Untold("a", "b")
    return Rendered(str(os.getpid()).encode(), 1)
