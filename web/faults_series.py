"""What is wrong in the form of a new series, and with a logo that was sent, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from web.filters import series
from web.words import _

SENTENCES: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "bad_prefix": lambda f: _(
        "« %(value)s » n’est pas un préfixe. Il a 12 caractères au plus : lettres sans accent, chiffres, point, "
        "tiret.", value=f["value"]) if f["value"].strip() else _(
        "Il faut un préfixe : il distingue cette série de toutes les autres."),
    "bad_digits": lambda f: _("Écrivez un nombre de chiffres de 1 à 9."),
    "format_meets": lambda f: _(
        "Ces numéros pourraient être ceux d’une autre série (%(other)s). Donnez un autre préfixe à celle-ci.",
        other=series(f["other"])),
    "format_meets_outside": lambda f: _(
        "Une boutique donne déjà des numéros qui commencent ainsi. Donnez un autre préfixe à cette série."),
    "logo_wanted": lambda f: _("Choisissez une image."),
    "logo_too_big": lambda f: _("Ce fichier est trop lourd : 1,5 Mo au plus. Le logo n’a pas changé."),
    "logo_too_large": lambda f: _("Cette image a trop de pixels : réduisez-la. Le logo n’a pas changé."),
    "logo_too_small": lambda f: _("Cette image est trop petite : 8 pixels de côté au moins. Le logo n’a pas changé."),
    "not_a_picture": lambda f: _(
        "Ce fichier n’est pas une image lisible : PNG, JPEG, WebP ou GIF. Le logo n’a pas changé."),
}  # fmt: skip
