"""What the import of a shop's orders says of each row, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from invoicing.errors import Fault
from invoicing.shop.importing_rules import Verdict
from web.faults import sentence
from web.filters import money, short_date
from web.statuses import STATUSES, Shown
from web.words import N_, _

Facts = Mapping[str, Any]
VERDICTS: Final[dict[Verdict, Shown]] = {  # in the order in which a person reads them: what needs one comes first
    Verdict.totals: Shown(N_("Totaux incohérents"), "alert-triangle", "err"),
    Verdict.amounts_differ: Shown(N_("Montant différent"), "alert-triangle", "err"),
    Verdict.move_refused: Shown(N_("Passage impossible"), "alert-triangle", "err"),
    Verdict.number_taken: Shown(N_("Numéro déjà pris"), "alert-triangle", "err"),
    Verdict.other_number: Shown(N_("Autre numéro"), "alert-triangle", "err"),
    Verdict.duplicate: Shown(N_("En double dans le fichier"), "alert-triangle", "err"),
    Verdict.missing: Shown(N_("Information manquante"), "alert-circle", "err"),
    Verdict.bad_status: Shown(N_("État inconnu"), "alert-circle", "err"),
    Verdict.bad_date: Shown(N_("Date illisible"), "alert-circle", "err"),
    Verdict.bad_amount: Shown(N_("Montant illisible"), "alert-circle", "err"),
    Verdict.bad_text: Shown(N_("Texte impossible"), "alert-circle", "err"),
    Verdict.refused: Shown(N_("Refusée"), "ban", "err"),
    Verdict.lettering: Shown(N_("Référence en conflit"), "alert-triangle", "warn"),
    Verdict.new: Shown(N_("Nouvelle commande"), "plus", "ok"),
    Verdict.update: Shown(N_("Mise à jour"), "refresh", "ok"),
    Verdict.older: Shown(N_("Plus ancien"), "history", "mute"),
    Verdict.basket: Shown(N_("Panier"), "shopping-cart", "mute"),
    Verdict.unchanged: Shown(N_("Inchangée"), "circle-check", "mute"),
}
_WHY_NOT: Final = {
    "StandsForGood": N_("une facture officielle figée ne s’abandonne pas : elle se corrige par un avoir."),
    "LetteredStands": N_("elle est lettrée : la comptabilité la connaît."),
    "CreditedStands": N_("un avoir la corrige déjà."),
    "MoveRefused": N_("ce passage n’existe pas."),
}
_AMOUNT: Final = {
    "ambiguous": N_("se lit de deux façons : écrivez deux décimales"),
    "not_a_number": N_("n’est pas un montant"),
    "negative": N_("est négatif : une commande ne l’est jamais"),
    "too_great": N_("dépasse ce qu’une facture peut porter"),
}


def _reason(known: Mapping[str, str], facts: Facts) -> str:
    text = known.get(facts["why"]) or list(known.values())[-1]
    return _(text)


def told(verdict: str, facts: Facts) -> str:
    """What is said of a row, in a sentence."""
    return _SAID[Verdict(verdict)](facts)


def _status(value: str) -> str:
    known = STATUSES.get(value)
    return known.label.lower() if known else value


def _cents(facts: Facts, name: str) -> str:
    return money(facts[name], facts["currency"])


def _new(facts: Facts) -> str:
    said = _("Entre au statut « %(status)s », pour %(total)s.", status=_status(facts["status"]),
             total=_cents(facts, "total_cents"))  # fmt: skip
    return said + _besides(facts)


def _besides(facts: Facts) -> str:
    said = ""
    if facts.get("payback"):
        said += " " + _("La boutique l’a remboursée : un avoir entier la corrige, à vérifier.")
    if facts.get("lettering"):
        said += " " + _("Lettrage : %(reference)s.", reference=facts["lettering"])
    return said


def _update(facts: Facts) -> str:
    if facts["before"] == facts["status"]:
        return _("Reste au statut « %(status)s ».", status=_status(facts["status"])) + _besides(facts)
    said = _("Passe de « %(before)s » à « %(status)s ».", before=_status(facts["before"]),
             status=_status(facts["status"]))  # fmt: skip
    return said + _besides(facts)


_CONFLICT: Final[dict[str, Callable[[Facts], str]]] = {
    "taken": lambda f: _("La référence %(reference)s est déjà portée par %(by)s.",
                         reference=f["reference"], by=f["by"]),
    "other": lambda f: _("Elle porte déjà une autre référence, %(has)s ; le fichier dit %(reference)s.",
                         has=f["has"], reference=f["reference"]),
    "twice": lambda f: _("La référence %(reference)s est donnée à deux commandes du fichier : aucune ne la reçoit.",
                         reference=f["reference"]),
    "bad": lambda f: _("« %(reference)s » ne peut pas être une référence : trop longue, ou avec des caractères "
                       "impossibles.", reference=f["reference"]),
    "status": lambda f: _("Au statut « %(status)s », elle ne se lettre pas encore (%(reference)s).",
                          status=_status(f["status"]), reference=f["reference"]),
    "busy": lambda f: _("La référence %(reference)s était en cours d’écriture ailleurs : importez de nouveau cette "
                        "ligne.", reference=f["reference"]),
}  # fmt: skip
_ALSO: Final = {
    "new": N_("La commande entre, sans cette référence."),
    "update": N_("La commande est mise à jour, sans cette référence."),
    "unchanged": N_("Rien d’autre ne change."),
}


def _lettering(facts: Facts) -> str:
    also = _ALSO.get(facts["also"])
    return " ".join(filter(None, (_CONFLICT[facts["why"]](facts), _(also) if also else "")))


def _text(facts: Facts) -> str:
    if facts.get("characters"):
        return _("%(column)s : des caractères ne peuvent pas être imprimés : %(characters)s.",
                 column=facts["column"], characters=facts["characters"])  # fmt: skip
    if facts.get("code") == "unknown_country":
        said = sentence(Fault("country", "unknown_country", dict(facts)))
        return _("%(field)s : %(what)s", field=facts["column"], what=said)
    return _("%(column)s : ce texte est trop long, ou impossible.", column=facts["column"])


def _date(facts: Facts) -> str:
    if facts.get("why") == "future":
        return _("%(column)s : le %(value)s est dans l’avenir.", column=facts["column"],
                 value=short_date(date.fromisoformat(facts["value"])))  # fmt: skip
    return _("%(column)s : « %(value)s » n’est pas une date (attendu : 2026/01/31 ou 31/01/2026).",
             column=facts["column"], value=facts["value"])  # fmt: skip


_SAID: Final[dict[Verdict, Callable[[Facts], str]]] = {
    Verdict.new: _new,
    Verdict.update: _update,
    Verdict.unchanged: lambda f: _("Déjà là, telle quelle."),
    Verdict.lettering: _lettering,
    Verdict.older: lambda f: _(
        "Ce fichier dit « %(wanted)s » au %(day)s, mais la commande a changé depuis : seule une trace est gardée.",
        wanted=_status(f["wanted"]), day=short_date(date.fromisoformat(f["day"]))),
    Verdict.move_refused: lambda f: _(
        "De « %(before)s » à « %(wanted)s » : %(why)s", before=_status(f["status"]), wanted=_status(f["wanted"]),
        why=_reason(_WHY_NOT, f)),
    Verdict.amounts_differ: lambda f: _(
        "Elle est ici de %(total)s, et de %(wanted)s dans le fichier : ce qui est figé ne change pas.",
        total=_cents(f, "total_cents"), wanted=_cents(f, "wanted_cents")),
    Verdict.basket: lambda f: _(
        "Un panier sans code de transaction n’est pas encore une commande : il viendra avec un prochain export."),
    Verdict.duplicate: lambda f: _(
        "%(column)s : « %(value)s » est sur plusieurs lignes du fichier ; aucune n’entre.",
        column=f["column"], value=f["value"]),
    Verdict.totals: lambda f: _(
        "%(net)s + %(tax)s ne font pas %(total)s.", net=_cents(f, "net_cents"), tax=_cents(f, "tax_cents"),
        total=_cents(f, "total_cents")),
    Verdict.bad_date: _date,
    Verdict.bad_amount: lambda f: _("%(column)s : « %(value)s » %(why)s.", column=f["column"], value=f["value"],
                                    why=_reason(_AMOUNT, f)),
    Verdict.bad_status: lambda f: _("ST : « %(value)s » n’est pas un état connu.", value=f["value"]),
    Verdict.bad_text: _text,
    Verdict.missing: lambda f: _("La colonne %(column)s est vide.", column=f["column"]),
    Verdict.number_taken: lambda f: _(
        "Le numéro %(number)s est déjà celui d’un autre document.", number=f["number"]),
    Verdict.other_number: lambda f: _(
        "Ce code de transaction est déjà celui de %(number)s ; le fichier lui donnerait %(wanted)s.",
        number=f["number"] or "—", wanted=f["wanted"]),
    Verdict.refused: lambda f: _("Refusée : ce n’est pas possible ainsi. Rien n’a été changé."),
}  # fmt: skip
