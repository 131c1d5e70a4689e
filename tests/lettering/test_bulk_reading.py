"""A large file is read by a process of its own: what it says is what this one would have read."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from invoicing.accounting.reading import documents, recognise
from invoicing.imports.rules import Unreadable
from invoicing.lettering import bulk_reading
from invoicing.lettering.bulk_judging import widths_of
from invoicing.lettering.bulk_reading import Short, read, shortened
from tests.lettering.test_manifest import FOLDER, LETTERING, plan_of

HEAD = "Référence;Libellé;Montant\n"


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_reading, "LARGE", 0)
    monkeypatch.setattr(bulk_reading, "AT_ONCE", 3)


def facts(lots: Iterator[list[Short]]) -> list[tuple[Any, ...]]:
    """All that is told of each document, numbers as they come."""
    return [
        (each.told, each.tokens, each.is_credit, tuple(each.official.texts), each.official.amount_cents)
        for some in lots
        for each in some
    ]


@pytest.mark.parametrize("file", LETTERING, ids=lambda file: str(file["file"]))
def test_every_sample_reads_the_same_there(file: dict[str, Any]) -> None:
    content = (FOLDER / file["file"]).read_bytes()
    plan = plan_of(file, content)
    widths = widths_of(plan)
    found = facts(read(content, plan, widths))
    assert found == facts(shortened(documents(content, plan), widths)) and found


def test_what_is_unreadable_far_below_is_said_with_its_line() -> None:
    rows = "".join(f"FA-{n};B-2026-{n};{n},00\n" for n in range(2_000))
    plan = recognise((HEAD + rows).encode())
    content = (HEAD + rows + 'FA-X;"B-2026-9;1,00\n').encode()
    with pytest.raises(Unreadable) as there:
        list(read(content, plan, frozenset()))
    with pytest.raises(Unreadable) as here:
        list(shortened(documents(content, plan), frozenset()))
    assert (there.value.code, there.value.facts) == (here.value.code, here.value.facts)
    assert there.value.code == "unclosed_quote" and there.value.facts["line"] == 2_002


def test_whoever_stops_listening_leaves_no_process_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []
    start = subprocess.Popen

    def noting(*args: Any, **more: Any) -> Any:
        begun.append(start(*args, **more))
        return begun[-1]

    monkeypatch.setattr(subprocess, "Popen", noting)
    content = (HEAD + "".join(f"FA-{n};B-2026-{n};{n},00\n" for n in range(50_000))).encode()
    lots = read(content, recognise(content), frozenset())
    assert next(lots)
    lots.close()  # type: ignore[attr-defined]
    assert [process.returncode for process in begun] == [-9]


def test_a_process_that_dies_is_no_end_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/true")
    content = (HEAD + "FA-1;B-2026-1;1,00\n").encode()
    plan = recognise(content)
    with pytest.raises(EOFError):
        list(read(content, plan, frozenset()))
