"""Paging by keys: what lies beyond a row in an order, said so that both engines walk the order's index from there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, literal, tuple_


def beyond(columns: Sequence[Any], values: Sequence[Any], descending: bool) -> ColumnElement[bool]:
    """What comes after these values of these columns, all sorted in one direction, none of them NULL.

    A row of values, not OR: an engine walks OR row by row through all equals of the first column. More values than
    columns do no harm.
    """
    if len(columns) == 1:
        column: ColumnElement[bool] = columns[0] < values[0] if descending else columns[0] > values[0]
        return column
    key = tuple_(*(literal(value, column.type) for column, value in zip(columns, values, strict=False)))
    return tuple_(*columns) < key if descending else tuple_(*columns) > key
