"""Names of files that Windows takes too, none twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.zone.file_names import LONGEST, FileNames, safe_name


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("F2026-00001", "F2026-00001"),
        ("B/2017:09*20?", "B-2017-09-20-"),
        ("É2026-1 œuvre", "É2026-1 œuvre"),
        ("con", "_con"),
        ("LPT1.x", "_LPT1.x"),
        ("console", "console"),
        ("F1. ", "F1"),
        ("..", "_"),
        ("a\x00b\u202egpj", "a-b-gpj"),
        ("x" * 300, "x" * LONGEST),
    ],
)
def test_a_number_as_a_name(number: str, name: str) -> None:
    assert safe_name(number) == name


def test_none_comes_twice_whatever_its_capitals() -> None:
    names = FileNames("index.csv")
    made = [names.new(number, "pdf") for number in ("B/1", "b:1", "B-1")]
    assert made == ["B-1.pdf", "b-1 (2).pdf", "B-1 (3).pdf"]
    assert FileNames("index.pdf").new("INDEX", "pdf") == "INDEX (2).pdf"


@given(st.lists(st.text(max_size=40), max_size=12))
def test_any_numbers_give_names_that_differ_and_hold_nothing_odd(numbers: list[str]) -> None:
    names = FileNames()
    made = [names.new(number, "pdf") for number in numbers]
    assert len({name.casefold() for name in made}) == len(made)
    assert not any(set(name) & set('<>:"/\\|?*\r\n\0') or name.startswith(".") for name in made)
