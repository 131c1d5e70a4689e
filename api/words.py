"""What is wrong with the shape of a body or query, in words: pydantic's kinds and our own, each with its code."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from web.words import _

Facts = dict[str, Any]


def _listed(facts: Facts) -> str:
    """The possible values, which pydantic tells as English: 'a', 'b' or 'c'."""
    return ", ".join(re.findall(r"'([^']*)'", facts.get("expected", "")))


_SENTENCES: Final[dict[str, Callable[[Facts], str]]] = {
    # reading
    "not_utf8": lambda f: _("Le texte n’est pas en UTF-8."),
    "not_json": lambda f: _("Ce n’est pas du JSON."),
    "repeated": lambda f: _("Un nom est écrit deux fois au même endroit."),
    "not_a_number": lambda f: _("NaN et Infinity ne sont pas du JSON."),
    "too_deep": lambda f: _("Trop d’objets et de listes les uns dans les autres."),
    "bad_character": lambda f: _("Il y a là un caractère de contrôle, ou un caractère incomplet."),
    # shapes
    "required": lambda f: _("Ce champ est nécessaire."),
    "unknown_field": lambda f: _("Ce champ n’existe pas ici."),
    "wrong_type": lambda f: _("Ce n’est pas le bon type : voyez la description de l’API."),
    "not_text": lambda f: _("Écrivez un texte entre guillemets, aussi pour un montant : \"12.50\"."),
    "too_short": lambda f: _("C’est trop court."),
    "too_long": lambda f: _("C’est trop long : %(most)s au plus.", most=f.get("max_length", "")),
    "too_many": lambda f: _("Il y en a trop : %(most)s au plus.", most=f.get("max_length", "")),
    "too_few": lambda f: _("Il en manque : il en faut au moins %(least)s.", least=f.get("min_length", "")),
    "bad_format": lambda f: _("Ce n’est pas écrit comme il faut : voyez la description de l’API."),
    "not_in_list": lambda f: _("Ce n’est pas une des valeurs possibles : %(values)s.", values=_listed(f)),
    "too_great": lambda f: _("C’est plus qu’il n’est possible."),
    "bad_money": lambda f: _("Écrivez un montant avec deux décimales et un point : \"12.50\"."),
    "bad_decimal": lambda f: _("Écrivez un nombre avec un point et peu de décimales : \"12.5\"."),
    "bad_moment": lambda f: _("Écrivez une date et une heure avec leur fuseau : \"2026-11-22T10:30:00+01:00\"."),
    "bad_day": lambda f: _("Écrivez une date : \"2026-11-22\"."),
    "one_customer": lambda f: _("Donnez « customer_id » ou « customer », l’un des deux."),
    "item_or_line": lambda f: _("Donnez « item », ou bien « label », « price » et « tax »."),
    "alone": lambda f: _("« transaction_code » se donne seul."),
    "unknown_cursor": lambda f: _("Cette page n’existe pas : reprenez « next » tel quel."),
}  # fmt: skip
_PYDANTIC: Final = {
    "missing": "required",
    "extra_forbidden": "unknown_field",
    "string_type": "not_text",
    "string_too_short": "too_short",
    "string_too_long": "too_long",
    "string_pattern_mismatch": "bad_format",
    "too_long": "too_many",
    "too_short": "too_few",
    "enum": "not_in_list",
    "literal_error": "not_in_list",
}
CODES: Final = tuple(_SENTENCES)


def shape_sentence(code: str, facts: Facts) -> tuple[str, str]:
    """The code that programs read, and the sentence in the language of the moment."""
    named = _PYDANTIC.get(code) or (code if code in _SENTENCES else "wrong_type")
    return named, _SENTENCES[named](facts)
