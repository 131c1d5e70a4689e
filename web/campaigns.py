"""What a campaign says, in words: its state, a sentence per verdict, why it pauses and where to put that right."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from flask import url_for
from flask_login import current_user

from invoicing.campaigns.models import Campaign, CampaignMember, CampaignState, Verdict
from invoicing.campaigns.rules import BROKEN, CampaignNotReady, NobodyToInvoice
from invoicing.errors import Fault
from invoicing.sellers.rules import Missing
from web.errors import register
from web.faults import CODES, missing_sentence, missing_url, sentence
from web.filters import short_date
from web.statuses import Shown
from web.words import N_, _

Facts = Mapping[str, Any]
_S, _V = CampaignState, Verdict
STATES: Final = {
    _S.writing: Shown(N_("À compléter"), "pencil", "warn"),
    _S.waiting: Shown(N_("Attend d’être vérifiée"), "hourglass", "info"),
    _S.judging: Shown(N_("En vérification"), "hourglass", "info"),
    _S.judged: Shown(N_("Vérifiée, à décider"), "alert-circle", "warn"),
    _S.making: Shown(N_("Production en cours"), "hourglass", "info"),
    _S.paused: Shown(N_("En pause"), "alert-triangle", "warn"),
    _S.made: Shown(N_("Terminée"), "circle-check", "ok"),
    _S.dropped: Shown(N_("Abandonnée"), "ban", "mute"),
}
VERDICTS: Final = {
    _V.ready: Shown(N_("À facturer"), "circle-check", "ok"),
    _V.no_email: Shown(N_("Sans e-mail"), "mail-off", "warn"),
    _V.bounced: Shown(N_("E-mail non remis"), "mail-x", "warn"),
    _V.already_invoiced: Shown(N_("Déjà une facture"), "files", "mute"),
    _V.no_address: Shown(N_("Sans adresse"), "map-pin", "err"),
    _V.missing_mention: Shown(N_("Mention manquante"), "alert-triangle", "err"),
    _V.unfit: Shown(N_("Pas possible"), "ban", "err"),
    _V.unknown: Shown(N_("Client introuvable"), "help-circle", "err"),
    _V.several: Shown(N_("Plusieurs clients"), "users", "err"),
    _V.twice: Shown(N_("En double"), "copy", "mute"),
    _V.made: Shown(N_("Facture faite"), "circle-check", "ok"),
    _V.made_unsent: Shown(N_("Faite, sans courriel"), "mail-off", "warn"),
    _V.refused: Shown(N_("Refus"), "ban", "err"),
}
_REASONS: Final[dict[str, Callable[[Facts], str]]] = {  # what a person must know where it pauses, or one is refused
    BROKEN: lambda f: _("Une erreur imprévue l’a arrêtée ; elle est dans le journal technique."),
    "restored": lambda f: _("L’installation a été restaurée d’une sauvegarde : des factures de cette campagne sont "
                            "peut-être déjà parties. Vérifiez avant de reprendre."),
    "NoSeries": lambda f: _("Le vendeur n’a plus de série de numéros pour les factures manuelles."),
    "NoRate": lambda f: _("La taxe %(code)s n’a pas de taux connu le %(day)s.", code=f["code"],
                          day=short_date(f["day"])),
    "DateBeforeLast": lambda f: _("Une facture plus récente, du %(last)s, a pris un numéro dans la série : la date "
                                  "écrite dans la facture est trop ancienne.", last=short_date(f["last"])),
    "PreviewOutdated": lambda f: _("Le total n’est plus celui de la vérification : un taux ou une règle a changé."),
    "MergedAway": lambda f: _("Cette fiche a été fusionnée avec une autre depuis la vérification."),
    "merged": lambda f: _("Cette fiche a été fusionnée avec une autre : pas de facture à ce nom."),
}  # fmt: skip
_BOUNCED: Final = {
    "returned": N_("Le dernier courriel à cette adresse est revenu."),
    "bad_address": N_("L’adresse e-mail n’est pas valable."),
}


@dataclass(frozen=True)
class Told:
    """A sentence, and where to do something about it: the link's words and its address, both empty where nowhere."""

    text: str
    act: str = ""
    href: str = ""


def state_of(campaign: Campaign) -> Shown:
    """How far a campaign is."""
    return STATES[campaign.state]


def told(member: CampaignMember) -> Told:
    """What is said of a member, and what to do."""
    return _TOLD[member.verdict](member, _revived(json.loads(member.facts)))


def typed(member: CampaignMember) -> str:
    """The line of the list that names nobody alone."""
    return str(json.loads(member.facts).get("typed", ""))


def fault_of(campaign: Campaign) -> list[Told]:
    """Why it can't be judged, or pauses by itself; nothing where no fault stopped it."""
    if not campaign.fault:
        return []
    raw = json.loads(campaign.fault)
    return _faults({**_revived(raw["facts"]), "kind": raw["code"]}, campaign.seller_id, None, campaign.id)


def may_go_on(campaign: Campaign) -> bool:
    """Whether what stopped it can be put right; else the others need a campaign of their own."""
    return not campaign.fault or json.loads(campaign.fault)["code"] not in _FOR_GOOD


_FOR_GOOD: Final = frozenset({"DateBeforeLast", "PreviewOutdated", "FieldFaults"})  # its invoice no longer changes


def _faults(facts: Facts, seller_id: int, customer_id: int | None, campaign_id: int) -> list[Told]:
    """Each fault of a refusal, with its place."""
    found = []
    for whose, field in facts.get("missing", ()):
        missing = Missing(whose, field)
        href = missing_url(missing, customer_id or 0, seller_id) if customer_id or whose == "seller" else ""
        found.append(Told(missing_sentence(missing), _("Compléter"), href or ""))
    found += [Told(_fault(each)) for each in facts.get("faults", ())]
    if not found:
        say = _REASONS.get(facts.get("kind", ""))
        text = say(facts) if say else _("Ce n’est pas possible ainsi.")
        found.append(Told(text, *_place(facts.get("kind", ""), seller_id, campaign_id)))
    return found


def _place(kind: str, seller_id: int, campaign_id: int) -> tuple[str, str]:
    if kind == "NoSeries" and current_user.may("settings"):
        return _("Voir les séries"), url_for("admin.series")
    if kind == "NoRate" and current_user.may("see"):
        return _("Voir les taxes"), url_for("admin.taxes")
    return "", ""


def _fault(raw: Facts) -> str:
    """One fault of an invoice as it would be; what concerns its form has been said there."""
    code, facts = raw["code"], _revived(raw["facts"])
    if code in _REASONS:
        return _REASONS[code](facts)
    return sentence(Fault("", code, dict(facts))) if code in CODES else _("Ce n’est pas possible ainsi.")


def _revived(facts: Facts) -> dict[str, Any]:
    """Days as days again."""
    return {name: date.fromisoformat(value) if name in _DAYS and value else value for name, value in facts.items()}


_DAYS: Final = ("today", "last", "issued_on", "day")


def _customer(member: CampaignMember, anchor: str) -> str:
    """Where the record is put right; empty for whoever may not."""
    if member.customer_id is None or not current_user.may("customers"):
        return ""
    return url_for("admin.customer_edit", customer_id=member.customer_id, _anchor=anchor)


def _bounced(member: CampaignMember, facts: Facts) -> Told:
    said = _(_BOUNCED.get(facts.get("reason", ""), N_("Le dernier courriel à cette adresse n’est pas arrivé.")))
    text = _("%(why)s La facture est faite, aucun courriel ne part.", why=said)
    return Told(text, _("Corriger l’adresse"), _customer(member, "email"))


def _lacking(member: CampaignMember, facts: Facts) -> Told:
    """All that is missing, and the first place."""
    found = _faults(facts, 0, member.customer_id, member.campaign_id)
    return Told(" ".join(each.text for each in found), found[0].act, found[0].href)


def _invoiced(member: CampaignMember, facts: Facts) -> Told:
    text = _("A déjà reçu la même facture : %(number)s.", number=facts["number"])
    return Told(text, _("Voir la facture"), url_for("admin.invoice", number=facts["number"]))


_TOLD: Final[dict[Verdict, Callable[[CampaignMember, Facts], Told]]] = {
    _V.ready: lambda m, f: Told(_("Rien ne manque.")),
    _V.no_email: lambda m, f: Told(_("Pas d’adresse e-mail : la facture est faite, aucun courriel ne part."),
                                   _("Ajouter une adresse"), _customer(m, "email")),
    _V.bounced: _bounced,
    _V.already_invoiced: _invoiced,
    _V.no_address: _lacking,
    _V.missing_mention: _lacking,
    _V.unfit: _lacking,
    _V.unknown: lambda m, f: Told(_("Ni numéro de membre, ni adresse e-mail d’un client : vérifiez cette ligne.")),
    _V.several: lambda m, f: Told(_("Plusieurs clients ont cette adresse : écrivez le numéro de membre à la place.")),
    _V.twice: lambda m, f: Told(_("Une ligne plus haut désigne déjà ce client : une seule facture est faite.")),
    _V.made: lambda m, f: Told(_("La facture est faite.")),
    _V.made_unsent: lambda m, f: Told(_("La facture est faite ; aucun courriel n’est parti.")),
    _V.refused: _lacking,
}  # fmt: skip


def _not_ready(refusal: CampaignNotReady) -> str:
    if refusal.state is _S.dropped:
        return _("Cette campagne a été abandonnée. Rien n’a été changé.")
    if refusal.state in (_S.making, _S.paused, _S.made):
        return _("Des factures de cette campagne sont déjà faites, ou en train de l’être : elle ne se modifie plus.")
    return _("La campagne n’en est pas là : voici où elle en est. Rien n’a été changé.")


register(CampaignNotReady, 409, _not_ready)
register(NobodyToInvoice, 409, lambda r: _("Personne ne recevrait de facture : rien n’a été produit."))
