"""Countries by name, in the language of the moment, as addresses choose them."""

from __future__ import annotations

from typing import Any, Final

from babel import Locale

from invoicing.search import fold
from web.words import _, language

NEAR: Final = ("FR", "CA", "BE", "CH", "LU")
OTHERS: Final = ("DE", "AD", "DZ", "CM", "CI", "DK", "ES", "US", "FI", "GB", "GR", "HU", "IE", "IT", "LB", "MG", "MA",
                 "MC", "NL", "PL", "PT", "CZ", "RO", "SN", "SE", "TN")  # fmt: skip


def country(code: str) -> str:
    """A country's name."""
    return str(Locale.parse(language()).territories.get(code, code))


def _in_order(code: str) -> str:
    """The name without its accents: « États-Unis » stands among the E."""
    return fold(country(code))


def countries(chosen: str) -> list[tuple[str, Any]]:
    """The near ones first, then others; one that is in the record already stays a choice."""
    more = sorted((*OTHERS, *([chosen] if chosen and chosen not in (*NEAR, *OTHERS) else [])), key=_in_order)
    return [*((code, country(code)) for code in NEAR), (_("Autres pays"), [(code, country(code)) for code in more])]
