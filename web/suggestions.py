"""What speaks for a suggestion, in words, and why one can't be taken (SPEC C10)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from invoicing.lettering.accepting import RowDone
from invoicing.lettering.suggesting_rules import SHOWN, Reason
from web.errors import register
from web.words import N_, _, ngettext

REASONS: Final[dict[Reason, str]] = {
    Reason.code: N_("même code de transaction"),
    Reason.code_near: N_("même code de transaction, à un O ou un I près"),
    Reason.code_cut: N_("même début du code de transaction"),
    Reason.number: N_("notre numéro, écrit autrement"),
    Reason.number_cut: N_("la fin de notre numéro"),
    Reason.amount: N_("même montant"),
    Reason.amount_less_fee: N_("montant moins les frais de carte"),
    Reason.amount_differs: N_("autre montant"),
    Reason.name: N_("même client"),
    Reason.name_near: N_("nom de client proche"),
    Reason.name_in_text: N_("client nommé dans le libellé"),
    Reason.name_differs: N_("autre client"),
    Reason.day: N_("même jour"),
    Reason.days: N_("date proche"),
    Reason.text: N_("même article"),
    Reason.several: N_("une autre facture convient aussi"),
    Reason.rival: N_("une autre ligne lui convient aussi"),
}


def reasons(found: Iterable[str], days: int | None = None) -> str:
    """« même montant, même client, date à 1 jour »; `days` is how long after ours the official one is dated."""
    return ", ".join(_said(Reason(each), days) for each in found)


def spoken(score: int, found: Iterable[str], days: int | None = None, *, is_rivalled: bool = False) -> str:
    """The same; a weak one is named so, that nobody takes it for the one.

    `is_rivalled`: another file suggests the document as well.
    """
    why = reasons((*found, Reason.rival) if is_rivalled else found, days)
    return why if score >= SHOWN and not is_rivalled else _("Piste faible : %(reasons)s", reasons=why)


def _said(reason: Reason, days: int | None) -> str:
    if reason is Reason.days and days is not None:
        return ngettext("date à %(num)s jour", "date à %(num)s jours", abs(days))
    return _(REASONS[reason])


def _done(refusal: RowDone) -> str:
    facts = {"reference": refusal.reference, "number": refusal.number}
    if refusal.number:
        return _("La référence %(reference)s vient d’être donnée à %(number)s. Rien d’autre n’a été changé.", **facts)
    return _("La ligne de la référence %(reference)s n’est plus à prendre. Rien n’a été changé.", **facts)


register(RowDone, 409, _done)
