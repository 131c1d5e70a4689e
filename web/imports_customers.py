"""What the import of customers says of each row, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from invoicing.customers.importing_rules import Verdict
from web.statuses import Shown
from web.words import N_, _

Facts = Mapping[str, Any]
VERDICTS: Final[dict[Verdict, Shown]] = {  # in the order in which a person reads them: what needs one comes first
    Verdict.faults: Shown(N_("À corriger"), "alert-triangle", "err"),
    Verdict.duplicate: Shown(N_("En double dans le fichier"), "alert-triangle", "err"),
    Verdict.refused: Shown(N_("Refusée"), "ban", "err"),
    Verdict.alike: Shown(N_("Ressemble à quelqu’un"), "users", "warn"),
    Verdict.member: Shown(N_("Nouveau membre"), "plus", "ok"),
    Verdict.contact: Shown(N_("Nouveau contact"), "plus", "ok"),
    Verdict.update: Shown(N_("Mise à jour"), "refresh", "ok"),
    Verdict.unchanged: Shown(N_("Inchangé"), "circle-check", "mute"),
}
FIELDS: Final = {
    "last_name": N_("Nom"), "first_name": N_("Prénom"), "organisation_name": N_("Organisation"), "kind": N_("Type"),
    "email": N_("E-mail"), "phone": N_("Téléphone"), "street": N_("Adresse"), "postcode": N_("Code postal"),
    "city": N_("Ville"), "province": N_("Province"), "country": N_("Pays"), "member_number": N_("Numéro de membre"),
    "standing": N_("Statut"), "language": N_("Langue"), "professional": N_("Professionnel"), "siren": N_("SIREN"),
    "vat_number": N_("Numéro de TVA"),
}  # fmt: skip


def told(verdict: str, facts: Facts) -> str:
    """What is said of a row, in a sentence."""
    return _SAID[Verdict(verdict)](facts)


def _alike(facts: Facts) -> str:
    why = _("même adresse e-mail") if facts["by"] == "email" else _("même nom")
    return _("Ressemble à %(name)s (%(why)s) : pas créé. Complétez sa fiche, ou donnez son numéro de membre.",
             name=facts["name"], why=why)  # fmt: skip


def _update(facts: Facts) -> str:
    names = ", ".join(_(FIELDS[name]).lower() for name in facts["fields"] if name in FIELDS)
    return _("Change : %(fields)s.", fields=names)


def _faults(facts: Facts) -> str:
    from web.imports import fault_told  # the words of faults are shared by all kinds

    return " ".join(map(fault_told, facts["faults"]))


def _duplicate(facts: Facts) -> str:
    if facts.get("number"):
        return _("Le numéro de membre %(number)s est sur plusieurs lignes ; aucune n’entre.", number=facts["number"])
    return _("La même personne qu’à la ligne %(line)s.", line=facts["line"])


_SAID: Final[dict[Verdict, Callable[[Facts], str]]] = {
    Verdict.contact: lambda f: _("Entre comme contact."),
    Verdict.member: lambda f: _("Entre comme membre, au numéro %(number)s.", number=f["number"])
    if f["number"] else _("Entre comme membre, au prochain numéro."),
    Verdict.update: _update,
    Verdict.unchanged: lambda f: _("Déjà là, tel quel."),
    Verdict.alike: _alike,
    Verdict.duplicate: _duplicate,
    Verdict.faults: _faults,
    Verdict.refused: lambda f: _("Refusée : ce n’est pas possible ainsi. Rien n’a été changé."),
}  # fmt: skip
