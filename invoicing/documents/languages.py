"""Tables of fixed words in three languages, and both of Québec's side by side. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from invoicing.money import NBSP

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    W = TypeVar("W", bound=DataclassInstance)
else:
    W = TypeVar("W")


def spoken(
    kind: type[W], table: Mapping[str, tuple[str, str, str]], french_only: Collection[str]
) -> tuple[W, W, W, W]:  # fmt: skip
    """French of France, French of Québec, English, and the last two joined: « Facture / Invoice » where they differ.

    `table` is field → its words; an empty cell takes the first column's word, « ~ » is a no-break space. Of the fields
    in `french_only` the joined one has the French word alone.
    """
    france, quebec, english = (_column(kind, table, place) for place in range(3))
    both: dict[str, Any] = {}
    for field in fields(kind):
        one, two = getattr(quebec, field.name), getattr(english, field.name)
        both[field.name] = one if one == two or field.name in french_only else f"{one} / {two}"
    return france, quebec, english, kind(**both)


def _column(kind: type[W], table: Mapping[str, tuple[str, str, str]], place: int) -> W:
    return kind(**{key: (row[place] or row[0]).replace("~", NBSP) for key, row in table.items()})
