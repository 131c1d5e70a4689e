"""What is wrong in the forms of catalogues, items and shops, and in what a shop says of units, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from web.words import _, ngettext

SENTENCES: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "totals_differ": lambda f: _("Net, taxes et total ne s’accordent pas."),
    "too_many_references": lambda f: ngettext(
        "Il y a %(given)s références pour %(num)s unité : une au plus par unité d’un article.",
        "Il y a %(given)s références pour %(num)s unités : une au plus par unité d’un article.",
        f["most"], given=f["given"]),
    "bad_reference": lambda f: _(
        "« %(value)s » n’est pas une référence d’unité : 1 à 64 caractères visibles, sans accent ni espace, et pas de "
        "la forme U12-1-1, réservée à celles qui sont faites ici.", value=f["value"]),
    "reference_taken": lambda f: _(
        "Une autre unité de cette boutique a déjà la référence %(value)s.", value=f["value"]),
    "key_there": lambda f: _(
        "Une clé en service de cette boutique s’appelle déjà ainsi. Si vous n’avez pas noté son texte, retirez-la, "
        "puis faites-en une autre."),
    "name_taken": lambda f: _("Ce nom est déjà pris : « %(value)s ». Donnez-en un autre.", value=f["value"]),
    "item_code_taken": lambda f: _(
        "L’article « %(label)s » a déjà ce code dans ce catalogue.", label=f["label"]),
    "bad_item_code": lambda f: _(
        "« %(value)s » n’est pas un code d’article : lettres sans accent, chiffres, point, tiret, 64 au plus.",
        value=f["value"]),
    "negative_item_price": lambda f: _("Un prix n’est jamais négatif."),
    "bad_validity": lambda f: _("Écrivez un nombre de jours entier, de 1 à 36 500, ou rien."),
    "bad_position": lambda f: _("Écrivez un nombre entier de 1 à 9 999."),
    "catalogue_in_use": lambda f: _(
        "La boutique « %(shop)s » vend ce catalogue : sa monnaie ne change plus.", shop=f["shop"]),
    "items_in_currency": lambda f: _("Ce catalogue a des articles, taxés dans sa monnaie : elle ne change plus."),
    "other_currency": lambda f: _("Ce catalogue est en %(catalogue)s, ce vendeur facture en %(seller)s.",
        catalogue=f["catalogue"], seller=f["seller"]),
    "series_of_other": lambda f: _("Choisissez une série de ce vendeur pour les boutiques."),
    "way_twice": lambda f: _("Ce mode de paiement est là deux fois."),
    "too_many_ways": lambda f: _("C’est trop : %(most)s modes de paiement au plus.", most=f["most"]),
    "bad_external_prefix": lambda f: _(
        "« %(value)s » n’est pas un préfixe : 1 à 12 lettres sans accent, chiffres, points ou tirets, une lettre ou un "
        "chiffre d’abord.", value=f["value"]),
}  # fmt: skip
