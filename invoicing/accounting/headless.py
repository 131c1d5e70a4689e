"""Tables without headings: which ones are known by their values, and whether a first row is headings. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from invoicing.accounting.plan import Column
from invoicing.imports.reading import Row

_C = Column
# EBP: line, day, journal, account, label of its own, label, piece, amount, D or C, due day, currency (FORMATS).
_EBP: Final = (
    _C.ignored, _C.day, _C.journal, _C.account, _C.ignored, _C.label, _C.reference, _C.amount, _C.sense, _C.ignored,
    _C.currency,
)  # fmt: skip
_EBP_CELLS: Final = (
    r"[0-9]*", r"\d{6}|\d{8}", r"[A-Za-z0-9]{1,4}", r"[A-Za-z0-9]{1,15}", r".*", r".*", r".{0,40}", r"-?\d+\.\d+",
    r"[DCdc]", r"(?:\d{6}|\d{8})?", r"[A-Za-z]{0,3}",
)  # fmt: skip
_EBP_PATTERNS: Final = tuple(re.compile(pattern, re.ASCII | re.DOTALL) for pattern in _EBP_CELLS)
LEAST: Final = 9  # cells of a line


def ebp(sample: Sequence[Row]) -> tuple[Column, ...]:
    """The columns of EBP's lines; none where any row is no such line."""
    if not sample or not all(_is_ebp(row.cells) for row in sample):
        return ()
    return _EBP[: max(len(row.cells) for row in sample)]


def _is_ebp(cells: Sequence[str]) -> bool:
    if not LEAST <= len(cells) <= len(_EBP_PATTERNS):
        return False
    return all(pattern.fullmatch(cell) for cell, pattern in zip(cells, _EBP_PATTERNS, strict=False))


def is_heading(row: Row, rows: Sequence[Row]) -> bool:
    """Whether a row has words where the rows below have figures."""
    figures = [any(char.isdigit() for char in cell) for cell in row.cells]
    if any(figures) or sum(map(bool, row.cells)) < 2:
        return False
    return any(any(char.isdigit() for char in cell) for one in rows[:20] for cell in one.cells)
