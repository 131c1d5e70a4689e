"""The category of operation of one document (biens, services, mixte): one rule for its paper and for machines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from invoicing.legal.texts import all_texts
from invoicing.sellers.models import Supplies

_TEXT: Final = "supplies_"
_OF_EXEMPTION: Final = {
    "training": Supplies.services,
    "reverse_charge": Supplies.services,
    "eu_goods": Supplies.goods,
    "export": Supplies.goods,
}


def category_of(sells: str, exemptions: Iterable[str]) -> Supplies:
    """What these lines supply, by the exemption of each ("" where it has none).

    An exemption knows better than `sells`, what the seller supplies as a rule.
    """
    own = Supplies(sells or Supplies.services)
    found = {_OF_EXEMPTION.get(key, own) for key in exemptions} or {own}
    return found.pop() if len(found) == 1 else Supplies.mixed


def text_key(category: Supplies) -> str:
    """The key of the sentence that says it, among the legal texts."""
    return _TEXT + category


def told_again(mentions: tuple[str, ...], category: Supplies) -> tuple[str, ...]:
    """A document's mentions for some of its lines: a category that they say becomes this one."""
    rows = [row for row in all_texts() if row.key.startswith(_TEXT)]
    meant = {(row.region, row.status, row.since): row for row in rows if row.key == text_key(category)}
    others: dict[str, str] = {}
    for row in rows:
        instead = meant.get((row.region, row.status, row.since), row)
        others |= {row.fr: instead.fr, row.en: instead.en}
    return tuple(others.get(text, text) for text in mentions)
