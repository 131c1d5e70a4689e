"""The pages about security: every test that they name exists, and no requirement is missing."""

from __future__ import annotations

import ast
import re
from collections import Counter
from itertools import pairwise

import pytest

from tests.house.source import ROOT

PAGES = ("SECURITY.md", "ASVS.md")
VERDICTS = {"met", "n/a", "deviation"}
SECTIONS = {  # OWASP ASVS 5.0.0, levels 1 and 2: last numbers by section, from the standard's own table
    "1.1": "1-2", "1.2": "1-9", "1.3": "1-11", "1.4": "1-3", "1.5": "1-2",
    "2.1": "1-3", "2.2": "1-3", "2.3": "1-4", "2.4": "1",
    "3.2": "1-2", "3.3": "1-4", "3.4": "1-6", "3.5": "1-5", "3.7": "1-2",
    "4.1": "1-3", "4.2": "1", "4.3": "1-2", "4.4": "1-4",
    "5.1": "1", "5.2": "1-3", "5.3": "1-2", "5.4": "1-3",
    "6.1": "1-3", "6.2": "1-12", "6.3": "1-4", "6.4": "1-4", "6.5": "1-5", "6.6": "1-3", "6.8": "1-4",
    "7.1": "1-3", "7.2": "1-4", "7.3": "1-2", "7.4": "1-5", "7.5": "1-2", "7.6": "1-2",
    "8.1": "1-2", "8.2": "1-3", "8.3": "1", "8.4": "1",
    "9.1": "1-3", "9.2": "1-4",
    "10.1": "1-2", "10.2": "1-2", "10.3": "1-4", "10.4": "1-11", "10.5": "1-5", "10.6": "1-2", "10.7": "1-3",
    "11.1": "1-2", "11.2": "1-3", "11.3": "1-3", "11.4": "1-4", "11.5": "1", "11.6": "1",
    "12.1": "1-3", "12.2": "1-2", "12.3": "1-4",
    "13.1": "1", "13.2": "1-5", "13.3": "1-2", "13.4": "1-5",
    "14.1": "1-2", "14.2": "1-4", "14.3": "1-3",
    "15.1": "1-3", "15.2": "1-3", "15.3": "1-7",
    "16.1": "1", "16.2": "1-5", "16.3": "1-4", "16.4": "1-3", "16.5": "1-3",
    "17.1": "1", "17.2": "1-4", "17.3": "1-2",
}  # fmt: skip
LEVEL_1 = 70
BOTH = 253


def text(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def numbers(cell: str) -> list[str]:
    """« 1.2.6–1.2.8, 1.3.1 » → each of them."""
    found = []
    for part in cell.split(", "):
        first, _dash, last = part.partition("–")
        section, _dot, begin = first.rpartition(".")
        end = last.rpartition(".")[2] if last else begin
        found += [f"{section}.{n}" for n in range(int(begin), int(end) + 1)]
    return found


def rows() -> list[list[str]]:
    lines = [line for line in text("ASVS.md").splitlines() if re.match(r"\| \d", line)]
    return [[cell.strip() for cell in re.split(r"(?<!`)\|(?!`)", line.strip("|"))] for line in lines]


@pytest.mark.parametrize("name", PAGES)
def test_every_test_that_is_named_exists(name: str) -> None:
    named = set(re.findall(r"tests/[\w/]+\.py", text(name)))
    assert len(named) > 20
    assert not [path for path in sorted(named) if not (ROOT / path).is_file()]
    trees = {path: ast.parse((ROOT / path).read_text("utf-8")) for path in named}
    assert not [path for path, tree in trees.items() if "def test_" not in ast.unparse(tree)]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_that_is_named_exists(name: str) -> None:
    paths = re.findall(r"\]\(([\w./-]+)\)", text(name)) + [
        f"../{path}" for path in re.findall(r"(?<![\w/])(?:docs|web|invoicing)/[\w/.-]+\.(?:md|py|json)", text(name))
    ]
    assert paths and not [path for path in paths if not (ROOT / "docs" / path).exists()]


def test_every_requirement_of_both_levels_is_judged_once() -> None:
    wanted = {
        f"{section}.{n}" for section, span in SECTIONS.items() for n in range(1, int(span.rpartition("-")[2]) + 1)
    }
    judged = Counter(number for row in rows() for number in numbers(row[0]))
    assert len(wanted) == BOTH
    assert not [number for number, times in judged.items() if times > 1]
    assert (wanted - set(judged), set(judged) - wanted) == (set(), set())


def test_each_has_its_level_and_the_first_level_is_whole() -> None:
    levels = Counter({"1": 0, "2": 0})
    for row in rows():
        levels[row[1]] += len(numbers(row[0]))
    assert levels == {"1": LEVEL_1, "2": BOTH - LEVEL_1}


def test_each_has_a_verdict_with_its_ground() -> None:
    bare = [row for row in rows() if len(row) != 5 or row[3] not in VERDICTS or not row[2] or not row[4]]
    assert not bare


def test_rows_stand_in_their_order() -> None:
    keys = [tuple(int(n) for n in number.split(".")) for row in rows() for number in numbers(row[0])]
    assert all(first < second for first, second in pairwise(keys))
