"""What is typed into forms that would otherwise be refused at once, so that what is tried reaches the database."""

from __future__ import annotations

from typing import Final

_PLACE: Final = {"street": "12 rue des Lices", "postcode": "49100", "city": "Angers"}
FILLED: Final[dict[str, dict[str, str]]] = {  # route → its fields; the choices are those of the demo
    "admin.seller_new POST": {"name": "Atelier neuf", "format": "QZ", "email": "neuf@exemple.fr", **_PLACE},
    "admin.draft_new POST": {"lines-0-label": "Cours", "lines-0-quantity": "1", "lines-0-price": "10",
                             "lines-0-tax_set": "1"},
    "admin.shop_new POST": {"do": "", "name": "Boutique neuve", "catalogue_id": "1", "seller_id": "1", "prefix": "S"},
    "admin.shop_edit POST": {"do": ""},
    "admin.customer_new POST": {"last_name": "Keller", **_PLACE},
    "admin.campaign_new POST": {"name": "Appel de cotisations"},
    "admin.tax_set_new POST": {"code": "NEUF", "label_fr": "Taxe neuve", "label_en": "New tax", "member-0": "2"},
    "admin.item_new POST": {"code": "neuf", "label": "Cours", "price": "10", "tax_set": "6"},
    "account.postal POST": _PLACE,
}  # fmt: skip


def filled(route: str, fields: dict[str, str]) -> dict[str, str]:
    """The fields with what is typed; nothing is added that the form doesn't have."""
    return fields | {name: value for name, value in FILLED.get(route, {}).items() if name in fields}
