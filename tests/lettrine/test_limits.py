"""A paper drawn within limits can neither hang nor bloat nor end the worker, and the next is drawn all the same."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from typing import Any

import pytest

from invoicing.documents.pdf import RenderFailed
from lettrine import limits
from lettrine.drawing import TooLong
from lettrine.limits import Died, Limited
from tests.lettrine.limited import draw


@pytest.fixture
def limited() -> Iterator[Limited]:
    """A process that draws."""
    made = Limited(draw)
    yield made
    made.close()


def drawn_by(limited: Limited, what: Any = "well") -> int:
    """The number of the process that has drawn it."""
    return int(limited(what).data)


def test_papers_are_drawn_in_one_process_that_is_not_ours(limited: Limited) -> None:
    number = drawn_by(limited)
    assert number != os.getpid() and drawn_by(limited) == number


@pytest.mark.parametrize(("what", "error"), [("failed", RenderFailed), ("untold", RuntimeError)])
def test_what_cannot_be_drawn_says_so(limited: Limited, what: Any, error: type[Exception]) -> None:
    number = drawn_by(limited)
    with pytest.raises(error):
        limited(what)
    assert drawn_by(limited) == number


@pytest.mark.parametrize(("what", "error"), [("endless", TooLong), ("huge", MemoryError), ("dead", Died)])
def test_a_poisonous_paper_ends_its_process_and_the_next_is_drawn_in_another(
    limited: Limited, what: Any, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    number = drawn_by(limited)
    process = os.pidfd_open(number)
    with monkeypatch.context() as patch:
        patch.setattr(limits, "PAPER_SECONDS", 0.3 if what == "endless" else 60)
        with pytest.raises(error):
            limited(what)
    assert drawn_by(limited) != number
    assert select.select([process], [], [], 10)[0]  # it has ended
    os.close(process)


def test_it_ends_by_itself_and_begins_again() -> None:
    limited = Limited(draw, idle_seconds=0.01)
    number = drawn_by(limited)
    assert limited._child is not None and limited._child.talk.poll(10)  # it has said so
    assert drawn_by(limited) != number
    limited.close()
    limited.close()
