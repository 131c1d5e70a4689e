"""Pages of a list that is short enough to be read whole: sorted, narrowed and cut in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from invoicing.search import PARTS_MAX, QUERY_MAX, fold

T = TypeVar("T")
PAGE: Final = 50


@dataclass(frozen=True)
class Cut(Generic[T]):
    """One page: its rows, whether there are any before and after it, and how many there are in all."""

    rows: Sequence[T]
    before: bool
    after: bool
    count: int


def cut(rows: Sequence[T], key: Callable[[T], int], cursor: int | None, backwards: bool) -> Cut[T]:
    """The page after (or before) the row whose key is the cursor; the first page where that row is gone."""
    place = next((n for n, row in enumerate(rows) if key(row) == cursor), None) if cursor is not None else None
    begin = 0 if place is None else max(0, place - PAGE) if backwards else place + 1
    end = place if place is not None and backwards and place > PAGE else begin + PAGE
    return Cut(rows[begin:end], begin > 0, end < len(rows), len(rows))


def holds(query: str, *texts: str | None) -> bool:
    """Whether the texts hold every word of the query, any part of a word, whatever the accents and the case."""
    text = fold(*texts)
    return all(word in text for word in fold(query[:QUERY_MAX]).split()[:PARTS_MAX])


def sorted_by(rows: Sequence[T], key: Callable[[T], Any], descending: bool) -> list[T]:
    """The rows in an order; equal ones stay in the order that they are in."""
    return sorted(rows, key=key, reverse=descending)
