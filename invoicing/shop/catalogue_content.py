"""What the forms of catalogues, categories and items say, as typed, and what is wrong in it: pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from invoicing.customers.rules import text_faults
from invoicing.errors import Fault, FieldFaults
from invoicing.invoices.reading import PRICE_MAX_E4
from invoicing.money import Ambiguous, Currency, NotANumber, read_scaled
from invoicing.text import clean

VALIDITY_MAX: Final = 36_500
POSITION_MAX: Final = 9_999
_CODE: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")


@dataclass(frozen=True)
class CatalogueContent:
    """A catalogue's form."""

    name: str = ""
    description: str = ""
    currency: str = Currency.EUR


@dataclass(frozen=True)
class CategoryContent:
    """A category's form; an empty position puts a new one at the end."""

    name: str = ""
    position: str = ""


@dataclass(frozen=True)
class ItemContent:
    """An item's form, as typed; `validity_days` empty: without end."""

    label: str = ""
    code: str = ""
    description: str = ""
    price: str = ""
    gross: str = ""  # "1": the price includes the taxes
    tax_set: str = ""
    budget_post: str = ""
    category: str = ""
    validity_days: str = ""
    active: bool = True


def read_catalogue(content: CatalogueContent) -> dict[str, Any]:
    """Values by column; refuses with every fault at once."""
    name, description = clean(content.name), clean(content.description, lines=True)
    faults = _name_faults("name", name, 120) + text_faults("description", description, 500)
    if content.currency not in tuple(Currency):
        faults.append(Fault("currency", "choose"))
    if faults:
        raise FieldFaults(faults)
    return {"name": name, "description": description, "currency": Currency(content.currency)}


def read_category(content: CategoryContent, last: int) -> dict[str, Any]:
    """Values by column; `last` is where a category without a position goes. Refuses with every fault at once."""
    name, faults = clean(content.name), []
    position = _whole(content.position, POSITION_MAX) if content.position.strip() else last
    if position is None:
        faults.append(Fault("position", "bad_position"))
    faults += _name_faults("name", name, 120)
    if faults:
        raise FieldFaults(faults)
    return {"name": name, "position": position}


def read_item(content: ItemContent, tax_sets: Collection[int], categories: Collection[int]) -> dict[str, Any]:
    """Values by column; refuses with every fault at once. The sets and categories are those that it may have."""
    texts = {name: clean(getattr(content, name)) for name in ("label", "description", "budget_post")}
    faults = _name_faults("label", texts["label"], 250) + text_faults("description", texts["description"], 500)
    faults += text_faults("budget_post", texts["budget_post"], 64)
    code = clean(content.code).lower()
    if code and not _CODE.match(code):
        faults.append(Fault("code", "bad_item_code", {"value": code[:40]}))
    price = _price(content.price, faults)
    tax_set, category = _one_of(content.tax_set, tax_sets), _one_of(content.category, categories)
    if tax_set is None:
        faults.append(Fault("tax_set", "choose"))
    if content.category and category is None:
        faults.append(Fault("category", "choose"))
    days = _whole(content.validity_days, VALIDITY_MAX)
    if content.validity_days.strip() and days is None:
        faults.append(Fault("validity_days", "bad_validity"))
    if faults:
        raise FieldFaults(faults)
    return {
        **texts, "code": code or None, "price_e4": price, "gross": content.gross == "1", "tax_set_id": tax_set,
        "category_id": category, "validity_days": days, "active": content.active,
    }  # fmt: skip


def _name_faults(field: str, name: str, most: int) -> list[Fault]:
    return text_faults(field, name, most) or ([] if name else [Fault(field, "required")])


def _price(text: str, faults: list[Fault]) -> int:
    value = {"value": clean(text)[:40]}
    try:
        price = read_scaled(text, 4)
    except Ambiguous:
        faults.append(Fault("price", "ambiguous_number", value))
        return 0
    except NotANumber:
        faults.append(Fault("price", "bad_price" if text.strip() else "bad_price_empty", value))
        return 0
    if not 0 <= price <= PRICE_MAX_E4:
        faults.append(Fault("price", "too_great" if price > 0 else "negative_item_price", value))
    return price


def _whole(text: str, most: int) -> int | None:
    digits = "".join(clean(text).split())
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0
    return number if 0 < number <= most else None


def _one_of(text: str, known: Collection[int]) -> int | None:
    return next((number for number in known if str(number) == text), None)
