"""What a shop was refused, in a few words for whoever reads the trace of the transaction."""

from __future__ import annotations

from typing import Final

from web.words import N_, _

_SAID: Final = {
    "sent_otherwise": N_("déjà reçu avec un autre contenu"),
    "total_differs": N_("le total annoncé n’est pas celui des lignes"),
    "totals_differ": N_("net, taxes et total ne s’accordent pas"),
    "more_than_remains": N_("le montant dépasse ce qui reste à payer"),
    "nothing_due": N_("il ne restait rien à payer"),
    "not_positive": N_("le montant n’est pas plus grand que zéro"),
    "amount_differs": N_("le montant ne va pas avec l’état"),
    "bad_paid": N_("le montant payé ne va pas avec l’état"),
    "move_refused": N_("l’état demandé ne peut pas suivre l’état présent"),
    "stands_for_good": N_("une facture officielle ne s’annule pas"),
    "lettered": N_("le document est lettré"),
    "credited": N_("un avoir corrige le document"),
    "changed_meanwhile": N_("changé par quelqu’un d’autre au même moment"),
    "not_found": N_("la boutique n’a rien sous ce nom"),
    "refused": N_("ce n’est pas possible ainsi"),
    "shop_closed": N_("la boutique est fermée"),
    "number_wanted": N_("il manque le numéro du document"),
    "no_number": N_("la boutique n’a pas à donner de numéro"),
    "number_taken": N_("un autre document a déjà ce numéro"),
    "number_meets_series": N_("une autre série pourrait donner ce numéro"),
    "bad_number": N_("ce n’est pas un numéro de document"),
    "other_prefix": N_("le numéro n’a pas le préfixe de la boutique"),
    "no_series": N_("la série de la boutique est retirée"),
    "no_rate": N_("une taxe n’a pas de taux à cette date"),
    "date_before_last": N_("la série a déjà un numéro d’une date plus tardive"),
    "bad_date": N_("la date n’est pas possible"),
    "after_today": N_("la date est dans l’avenir"),
    "bad_code": N_("le code transaction n’est pas possible"),
    "other_currency": N_("une autre devise que celle de la boutique"),
    "unknown_item": N_("l’article n’est pas dans le catalogue"),
    "unknown_tax": N_("la taxe n’est pas connue"),
    "choose_tax": N_("la taxe n’est pas connue"),
    "unknown_customer": N_("le client n’est pas connu"),
    "no_line": N_("il n’y a aucune ligne"),
    "too_many_lines": N_("il y a trop de lignes"),
    "label_required": N_("il manque une désignation"),
    "negative_price": N_("un prix est négatif"),
    "negative_total": N_("le total est négatif"),
    "bad_discount": N_("une remise n’est pas possible"),
    "too_great": N_("un nombre est trop grand"),
    "too_long": N_("un texte est trop long"),
    "no_glyph": N_("un caractère ne peut pas être imprimé"),
    "required": N_("il manque un champ nécessaire"),
    "too_many_references": N_("il y a plus de références que d’unités"),
    "bad_reference": N_("une référence d’unité n’est pas possible"),
    "reference_taken": N_("une autre unité a déjà cette référence"),
    "ends_before": N_("une unité finit avant de commencer"),
    "mention_missing": N_("il manque une mention obligatoire"),
    "bad_email": N_("l’adresse électronique du client n’est pas complète"),
    "bad_siren": N_("le numéro SIREN du client est faux"),
    "bad_vat_number": N_("le numéro de TVA du client est faux"),
    "unknown_country": N_("le pays du client n’existe pas"),
}  # fmt: skip
_LACKS: Final = {  # `seller_siren_missing` and its like
    "seller": N_("il manque une mention obligatoire du vendeur"),
    "customer": N_("il manque une mention obligatoire du client"),
}


def refused_told(codes: str) -> str:
    """Why, from the codes that the trace keeps: « a, b »."""
    return ", ".join(dict.fromkeys(map(_one, codes.split(", "))))


def _one(code: str) -> str:
    lacks = _LACKS.get(code.partition("_")[0]) if code.endswith("_missing") else None
    known = lacks or _SAID.get(code)
    return _(known) if known else _("le contenu envoyé ne convient pas (%(code)s)", code=code)
