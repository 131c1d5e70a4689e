"""What is wrong in a form, in words: one sentence per code of `Fault`, and per mention that a document lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from flask import url_for
from flask_login import current_user

from invoicing.errors import Fault
from invoicing.money import write_scaled
from invoicing.sellers.rules import Missing
from web.faults_money import SENTENCES as _MONEY
from web.faults_series import SENTENCES as _SERIES
from web.faults_shop import SENTENCES as _SHOP
from web.faults_taxes import SENTENCES as _TAXES
from web.filters import series, short_date
from web.words import _, language, ngettext

Facts = dict[str, Any]

_REQUIRED: Final[dict[str, Callable[[], str]]] = {
    "last_name": lambda: _("Écrivez un nom ou un prénom."),
    "organisation_name": lambda: _("Écrivez le nom de l’organisation."),
    "name": lambda: _("Écrivez un nom."),
    "email": lambda: _("Écrivez une adresse e-mail."),
    "reference": lambda: _("Écrivez la référence de la facture officielle."),
    "reason": lambda: _("Dites pourquoi en quelques mots."),
}
_CHOOSE: Final[dict[str, Callable[[], str]]] = {
    "kind": lambda: _("Choisissez : une personne ou une organisation."),
    "language": lambda: _("Choisissez une langue de la liste."),
    "country": lambda: _("Choisissez un pays de la liste."),
    "paid_method": lambda: _("Choisissez comment l’argent a été reçu."),
    "method": lambda: _("Choisissez comment l’argent a été reçu."),
    "given_by": lambda: _("Choisissez comment l’argent a été rendu."),
    "other": lambda: _("Choisissez une facture de la liste."),
    "tax_set": lambda: _("Choisissez une taxe."),
    "catalogue_id": lambda: _("Choisissez un catalogue de la liste."),
    "tax_status": lambda: _("Choisissez un régime de taxes de cette région."),
    "region": lambda: _("Choisissez une région de la liste."),
    "seller_id": lambda: _("Choisissez un vendeur de la liste."),
    "period": lambda: _("Choisissez une période de la liste."),
    "timezone": lambda: _("Choisissez un fuseau horaire de la liste."),
    "paper": lambda: _("Choisissez un format de papier de la liste."),
    "window": lambda: _("Choisissez la place de l’adresse."),
}
_SENTENCES: Final[dict[str, Callable[[Facts], str]]] = {
    # any text
    "too_long": lambda f: ngettext(
        "C’est trop long : %(num)s caractère au plus.", "C’est trop long : %(num)s caractères au plus.", f["most"]),
    "no_glyph": lambda f: _(
        "Ces caractères ne peuvent pas être imprimés sur une facture : %(characters)s. Écrivez-les autrement.",
        characters=f["characters"]),
    "invisible": lambda f: _(
        "Il y a là un caractère invisible, sans doute collé avec le texte. Effacez tout, puis retapez la référence."),
    "too_many_address_lines": lambda f: ngettext(
        "L’adresse a trop de lignes : %(num)s au plus. Réunissez-en deux sur une même ligne.",
        "L’adresse a trop de lignes : %(num)s au plus. Réunissez-en deux sur une même ligne.", f["most"]),
    # a customer
    "bad_email": lambda f: _(
        "« %(value)s » n’est pas une adresse e-mail complète. Exemple : prenom.nom@exemple.fr.", value=f["value"]),
    "own_address": lambda f: _("C’est déjà votre adresse : écrivez la nouvelle."),
    "not_yes_or_no": lambda f: _("« %(value)s » n’est ni oui ni non.", value=f["value"]),
    "unknown_country": lambda f: _(
        "« %(value)s » n’est le code d’aucun pays. Donnez-en un qui existe, par exemple FR ou CA.", value=f["value"]),
    "bad_siren": lambda f: _(
        "« %(value)s » n’est pas un numéro SIREN. Il a 9 chiffres ; vérifiez qu’aucun ne manque.", value=f["value"]),
    # a seller
    "bad_siret": lambda f: _(
        "« %(value)s » n’est pas un numéro SIRET. Il a 14 chiffres ; vérifiez qu’aucun ne manque.", value=f["value"]),
    "bad_rna": lambda f: _("« %(value)s » n’est pas un numéro RNA : la lettre W, puis 9 chiffres.", value=f["value"]),
    "bad_vat_number": lambda f: _(
        "« %(value)s » n’est pas un numéro de TVA : FR, deux caractères, puis les 9 chiffres du SIREN.",
        value=f["value"]),
    "bad_neq": lambda f: _("« %(value)s » n’est pas un NEQ : il a 10 chiffres.", value=f["value"]),
    "bad_iban": lambda f: _(
        "« %(value)s » n’est pas un IBAN : un chiffre manque ou est faux. Recopiez-le depuis votre relevé.",
        value=f["value"]),
    "bad_bic": lambda f: _("« %(value)s » n’est pas un BIC : il a 8 ou 11 lettres et chiffres.", value=f["value"]),
    "bad_accent": lambda f: _("« %(value)s » n’est pas une couleur. Écrivez par exemple #0b5563.", value=f["value"]),
    "fixed": lambda f: _("Ce vendeur a déjà une facture : ceci ne change plus."),
    "bad_gst": lambda f: _(
        "« %(value)s » n’est pas un numéro de TPS : 9 chiffres, RT, puis 4 chiffres.", value=f["value"]),
    "bad_qst": lambda f: _(
        "« %(value)s » n’est pas un numéro de TVQ : 10 chiffres, TQ, puis 4 chiffres.", value=f["value"]),
    "bad_due_days": lambda f: _("Écrivez un nombre de jours entier, de 0 à 365."),
    "bad_format": lambda f: _(
        "Un préfixe a des capitales ou des chiffres, et aucun accent. Exemple : F donne F2026-00001."),
    "format_taken": lambda f: _(
        "Une autre série numérote déjà ainsi (%(value)s). Donnez un autre préfixe à celle-ci.",
        value=series(f["value"])),
    # a draft's lines
    "no_line": lambda f: _("Il faut au moins une ligne avec une désignation."),
    "too_many_lines": lambda f: _(
        "C’est trop : %(given)s lignes, pour %(most)s au plus. Répartissez-les sur plusieurs factures.",
        given=f["given"], most=f["most"]),
    "label_required": lambda f: _("Il manque la désignation : ce qui est vendu."),
    "bad_quantity": lambda f: _(
        "« %(value)s » n’est pas une quantité. Écrivez 2 ou %(example)s, avec trois décimales au plus.",
        value=f["value"], example=_decimal(15, 1)),
    "bad_quantity_empty": lambda f: _("Il manque la quantité. Écrivez par exemple 1."),
    "bad_price": lambda f: _("« %(value)s » n’est pas un montant. Écrivez 60,00 ou 60.00.", value=f["value"]),
    "bad_price_empty": lambda f: _("Il manque le prix. Écrivez 0 si c’est offert."),
    "negative_price": lambda f: _("Un prix n’est jamais négatif. Pour déduire, écrivez une quantité négative."),
    "bad_discount": lambda f: _(
        "« %(value)s » n’est pas une remise. Écrivez un pourcentage de 0 à 100, par exemple %(example)s.",
        value=f["value"], example=_decimal(125, 1)),
    "bad_discount_empty": lambda f: _("Écrivez un pourcentage de 0 à 100, ou rien."),
    "ambiguous_number": lambda f: _(
        "« %(value)s » se lit de deux façons. Ôtez le séparateur pour dire mille et plus, "
        "ou ajoutez un zéro à la fin pour des décimales.", value=f["value"]),
    "choose_tax": lambda f: _("Choisissez une taxe que ce vendeur peut appliquer."),
    "too_great": lambda f: _(
        "« %(value)s » dépasse ce qu’une facture peut porter. Vérifiez le nombre de zéros.", value=f["value"]),
    "negative_total": lambda f: _("Le total serait négatif. Une déduction plus grande que la vente est un avoir."),
    # a shop's order
    "bad_code": lambda f: _("Un code transaction a de 1 à 64 caractères visibles, sans accent ni espace."),
    "bad_paid": lambda f: _("Le montant payé ne va pas avec l’état de la commande."),
    # a campaign
    "nobody_chosen": lambda f: _("Ces filtres ne laissent personne : changez-les."),
    "nobody_listed": lambda f: _(
        "Aucune ligne ne désigne un client : écrivez un numéro de membre ou une adresse e-mail par ligne."),
    "too_many_members": lambda f: ngettext(
        "C’est trop : %(num)s client au plus par campagne.", "C’est trop : %(num)s clients au plus par campagne.",
        f["most"]),
    "campaign_paid": lambda f: _("Une facture de campagne n’est pas encore payée : notez les paiements après."),
    # dates and payments
    "bad_date": lambda f: _(
        "« %(value)s » n’est pas une date possible. Écrivez par exemple 22/11/2026.", value=f["value"]),
    "ends_before": lambda f: _(
        "La période finit avant son début, le %(day)s : choisissez ce jour ou plus tard.", day=short_date(f["day"])),
    "less_than_least": lambda f: _(
        "C’est moins que le premier montant, %(value)s : écrivez autant ou davantage.", value=f["value"]),
    "date_required": lambda f: _("Écrivez la date à laquelle l’argent a été reçu."),
    "after_today": lambda f: _(
        "Cette date est dans l’avenir : choisissez le %(today)s ou plus tôt.", today=short_date(f["today"])),
    "before_last": lambda f: _(
        "La dernière facture de la série est du %(last)s : choisissez cette date ou plus tard.",
        last=short_date(f["last"])),
    "before_issue": lambda f: _(
        "L’échéance vient avant la date de la facture, le %(day)s : choisissez ce jour ou plus tard.",
        day=short_date(f["issued_on"])),
    # exports for the accountant
    "fec_in_euros": lambda f: _(
        "Un FEC se tient en euros, et ce vendeur vend en %(currency)s : choisissez le tableau CSV.",
        currency=f["currency"]),
    "period_or_dates": lambda f: _(
        "Des dates sont écrites plus bas : choisissez « Les dates ci-dessous », ou effacez-les."),
    "choose_export": lambda f: _("Choisissez un journal ou un tableau."),
    "fec_without_siren": lambda f: _(
        "Il manque le numéro SIRET de ce vendeur : le nom d’un FEC commence par son SIREN."),
    **_MONEY,
    **_SERIES,
    **_SHOP,
    **_TAXES,
}  # fmt: skip
CODES: Final = frozenset(_SENTENCES) | {"required", "choose"}

_MISSING: Final[dict[tuple[str, str], Callable[[], str]]] = {
    ("seller", "name"): lambda: _("Il manque le nom du vendeur."),
    ("seller", "street"): lambda: _("Il manque l’adresse du vendeur."),
    ("seller", "postcode"): lambda: _("Il manque le code postal du vendeur."),
    ("seller", "city"): lambda: _("Il manque la ville du vendeur."),
    ("seller", "siret"): lambda: _("Il manque le numéro SIRET du vendeur (ou son numéro RNA)."),
    ("seller", "vat_number"): lambda: _("Il manque le numéro de TVA du vendeur."),
    ("seller", "registrations"): lambda: _("Il manque les numéros d’inscription du vendeur à la TPS et à la TVQ."),
    ("seller", "street_lines"): lambda: _("L’adresse du vendeur a trop de lignes pour le papier."),
    ("customer", "name"): lambda: _("Il manque le nom du client."),
    ("customer", "street"): lambda: _("Il manque l’adresse du client."),
    ("customer", "postcode"): lambda: _("Il manque le code postal du client."),
    ("customer", "city"): lambda: _("Il manque la ville du client."),
    ("customer", "siren"): lambda: _("Il manque le numéro SIREN du client, professionnel en France."),
    ("customer", "vat_number"): lambda: _("Il manque le numéro de TVA du client : une ligne est sans taxe pour lui."),
    ("customer", "street_lines"): lambda: _("L’adresse du client a trop de lignes pour le papier."),
}


def sentence(fault: Fault) -> str:
    """What is wrong and how to put it right, in the language of the moment; an unknown code is a KeyError."""
    if fault.code == "required":
        return _REQUIRED.get(fault.field, lambda: _("Ce champ est nécessaire."))()
    if fault.code == "choose":
        return _CHOOSE.get(fault.field, lambda: _("Choisissez une valeur de la liste."))()
    return _SENTENCES[fault.code](fault.facts)


def by_field(faults: Iterable[Fault]) -> dict[str, str]:
    """Field → sentence: the first fault of each field, in the order of the form's reading."""
    found: dict[str, str] = {}
    for fault in faults:
        found.setdefault(fault.field, sentence(fault))
    return found


def missing_sentence(missing: Missing) -> str:
    """What a document lacks before it may be finalised."""
    return _MISSING[missing.whose, missing.field]()


def missing_url(missing: Missing, customer_id: int, seller_id: int) -> str | None:
    """Where to fill it in, at its field; None for whoever may not (the seller's record is for administrators)."""
    field = missing.field.removesuffix("_lines")
    if missing.whose == "customer":
        if not current_user.may("customers"):
            return None
        field = {"name": "last_name"}.get(missing.field, field)
        return url_for("admin.customer_edit", customer_id=customer_id, _anchor=field)
    if not current_user.may("settings"):
        return None
    return url_for("admin.seller", seller_id=seller_id, _anchor=field)


def missing_elsewhere(missing: Missing) -> str:
    """Who fills it in, and where, for whoever may not; empty for whoever may."""
    if missing.whose == "customer" or current_user.may("settings"):
        return ""
    return _("Un administrateur le corrige dans « Réglages », « Vendeurs et logo ».")


def _decimal(value: int, decimals: int) -> str:
    return write_scaled(value, decimals, language())
