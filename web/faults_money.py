"""What is wrong in the form of a payment, a refund or a credit note, in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from web.filters import money, short_date
from web.words import _

SENTENCES: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "amount_required": lambda f: _("Écrivez un montant."),
    "not_positive": lambda f: _("Écrivez un montant plus grand que zéro."),
    "more_than_remains": lambda f: _(
        "Il reste %(most)s. Enregistrez ce montant ; ce qui dépasse se rend, ou paie une autre facture.",
        most=money(f["most_cents"], f["currency"])),
    "more_than_owed_back": lambda f: _(
        "Vous n’avez que %(most)s à rendre. Écrivez ce montant ou moins.", most=money(f["most_cents"], f["currency"])),
    "more_than_both": lambda f: _(
        "C’est %(most)s au plus : ni plus que ce qui est à rendre ici, ni plus que ce qui reste dû là-bas.",
        most=money(f["most_cents"], f["currency"])),
    "before_2000": lambda f: _(
        "Le %(day)s est trop ancien : écrivez une date à partir du %(first)s.",
        day=short_date(f["day"]), first=short_date(date(2000, 1, 1))),
    "given_date_required": lambda f: _("Écrivez la date à laquelle l’argent a été rendu."),
    "no_credit_line": lambda f: _("Cochez au moins une ligne de la facture, ou choisissez « Tout créditer »."),
    "credit_whole_only": lambda f: _(
        "Cette facture est venue avec ses totaux seuls : ses lignes n’ont pas de montant, elle se crédite en entier."),
    "nothing_credited": lambda f: _("L’avoir serait de zéro : il n’y a rien à rendre. Cochez d’autres lignes."),
    "line_exhausted": lambda f: _("Un avoir a déjà repris toute cette ligne : décochez-la."),
    "credit_amount": lambda f: _("Écrivez le montant à créditer, ou décochez la ligne."),
    "credit_sign": lambda f: _(
        "Le montant a le signe de sa ligne : il en reste %(rest)s.", rest=money(f["rest_cents"], f["currency"])),
    "more_than_line": lambda f: _(
        "Cette ligne est une déduction : écrivez un montant entre 0 et %(rest)s.",
        rest=money(f["rest_cents"], f["currency"])) if f["rest_cents"] < 0 else _(
        "Il ne reste que %(rest)s avant taxes sur cette ligne. Écrivez ce montant ou moins.",
        rest=money(f["rest_cents"], f["currency"])),
    "more_than_document": lambda f: _(
        "C’est plus que ce qui reste de la facture, %(rest)s avant taxes : cochez aussi la déduction.",
        rest=money(f["rest_cents"], f["currency"])),
    "more_than_tax": lambda f: _(
        "Une déduction a réduit la taxe de ces lignes : cochez-la aussi, elle se reprend avec elles."),
    "deduction_alone": lambda f: _(
        "Une déduction ne se reprend pas seule : cochez aussi des lignes aux mêmes taxes, pour au moins son montant, "
        "ou décochez-la."),
}  # fmt: skip
