"""What is wrong in discounts, taxes and their rates, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from invoicing.money import write_scaled
from web.filters import short_date
from web.words import _, language

SENTENCES: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    # a document's discount
    "bad_discount_amount": lambda f: _(
        "« %(value)s » n’est pas un montant de remise. Écrivez 12,50 ou 12.50.", value=f["value"]),
    "discount_is_amount": lambda f: _(
        "« %(value)s » est un montant : choisissez « montant » à côté, ou ôtez le signe.", value=f["value"]),
    "discount_is_percent": lambda f: _(
        "« %(value)s » est un pourcentage : choisissez « pourcentage » à côté, ou ôtez le signe.", value=f["value"]),
    "discount_over": lambda f: _(
        "Cette remise dépasse le total des lignes avant taxes, %(value)s. Diminuez-la.",
        value=write_scaled(f["lines_cents"], 2, language(), least=2)),
    # a tax, its rates, a set
    "bad_tax_code": lambda f: _("Un code a de 2 à %(most)s capitales sans accent, chiffres ou _.", most=f["most"]),
    "code_taken": lambda f: _("Ce code est déjà pris : %(value)s.", value=f["value"]),
    "bad_rate": lambda f: _(
        "« %(value)s » n’est pas un taux. Écrivez un pourcentage de 0 à 100, avec trois décimales au plus : 9,975.",
        value=f["value"]),
    "bad_rate_empty": lambda f: _("Il manque le taux, en pour cent."),
    "rate_overlaps": lambda f: _(
        "Un taux part déjà du %(day)s : le nouveau doit commencer après ce jour.", day=short_date(f["day"])),
    "rate_borne": lambda f: _(
        "La facture %(number)s du %(day)s porte déjà l’ancien taux : le nouveau doit commencer après ce jour.",
        number=f["number"], day=short_date(f["day"])),
    "from_required": lambda f: _("Écrivez le jour à partir duquel ce taux s’applique."),
    "mention_or_exemption": lambda f: _("Choisissez un texte de loi, ou écrivez le vôtre : pas les deux."),
    "reason_with_taxes": lambda f: _("Ce choix porte une taxe : ne dites pas pourquoi il n’en porte pas."),
    "mention_french": lambda f: _("Écrivez la mention en français : elle est toujours imprimée en premier."),
    "member_twice": lambda f: _("La même taxe est choisie deux fois."),
    "same_tax": lambda f: _(
        "Une même taxe n’est portée qu’une fois : ce choix a déjà « %(label)s ».", label=f["label"]),
    "set_in_use": lambda f: _(
        "Des lignes ont déjà ce choix : ses taxes ne changent plus. Faites un nouveau choix et retirez celui-ci."),
}  # fmt: skip
