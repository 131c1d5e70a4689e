"""Exports for the accountant in words: kinds, states, why one can't be made, and the table's headings."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from invoicing.invoices.exporting import Document
from invoicing.ledger.models import LedgerExport, LedgerKind, LedgerState
from invoicing.ledger.rules import NotMade, OtherExport
from invoicing.sheets import Column, Row
from invoicing.taxes.models import Tax
from web import errors
from web.filters import short_date
from web.statuses import HEADINGS, STATUSES, Shown
from web.words import N_, _, language, ngettext

KINDS: Final = {
    LedgerKind.csv: N_("Tableau CSV"),
    LedgerKind.fec: N_("Journal des ventes (FEC)"),
}
STATES: Final = {
    LedgerState.waiting: Shown(N_("Attend d’être fait"), "hourglass", "info"),
    LedgerState.making: Shown(N_("En préparation"), "hourglass", "info"),
    LedgerState.made: Shown(N_("Fait"), "circle-check", "ok"),
    LedgerState.refused: Shown(N_("Impossible"), "alert-triangle", "err"),
}
_NOT_MADE: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {
    "nothing": lambda f: _("Aucun document dans cette période : il n’y a rien à exporter."),
    "nothing_new": lambda f: _("Rien de nouveau : chaque document de cette période est déjà dans un export de ce "
                               "type."),
    "not_in_euros": lambda f: ngettext(
        "Un FEC se tient en euros : %(num)s document est dans une autre monnaie, %(number)s en %(currency)s. "
        "Faites un tableau CSV.",
        "Un FEC se tient en euros : %(num)s documents sont dans une autre monnaie, à commencer par %(number)s en "
        "%(currency)s. Faites un tableau CSV.",
        f["count"], number=f["number"], currency=f["currency"]),
    "unbalanced": lambda f: _("Net, taxes et total de %(number)s ne s’accordent pas : lancez une vérification.",
                              number=f["number"]),
    "not_made": lambda f: _("Cet export n’a pas pu être fait jusqu’au bout. L’erreur est dans le journal technique."),
}  # fmt: skip


def fault_of(export: LedgerExport) -> str:
    """Why it couldn't be made, and what to do; empty where nothing was wrong."""
    if not export.fault:
        return ""
    fault = NotMade.from_json(export.fault)
    return _NOT_MADE[fault.code](fault.facts)


def totals_of(export: LedgerExport) -> list[tuple[str, int]]:
    """(currency, cents) of all its documents."""
    return sorted(json.loads(export.totals).items())


def period_of(export: LedgerExport) -> str:
    """Which days it was asked to hold."""
    first, last = export.first_day, export.last_day
    if first and last:
        return _("du %(first)s au %(last)s", first=short_date(first), last=short_date(last))
    if first:
        return _("depuis le %(first)s", first=short_date(first))
    return _("jusqu’au %(last)s", last=short_date(last)) if last else _("tout")


class LedgerTable:
    """The accountant's table: one row per document, in the language of the moment."""

    def __init__(self) -> None:
        self.statuses = {status: shown.label for status, shown in STATUSES.items()}
        self.headings = {each: _(word) for each, word in HEADINGS.items()}

    def columns(self, taxes: Sequence[Tax]) -> Sequence[Column]:
        """The headings; each tax that occurs has its own."""
        labels = [tax.label(language()) for tax in taxes]
        own = [Column(f"{name} ({tax.code})" if labels.count(name) > 1 else name, "cents")
               for tax, name in zip(taxes, labels, strict=True)]  # fmt: skip
        return [
            Column(_("Numéro")), Column(_("Référence officielle")), Column(_("Document")), Column(_("Date"), "day"),
            Column(_("Échéance"), "day"), Column(_("Client")), Column(_("Acheteur sur le document")),
            Column(_("Numéro de membre")), Column(_("Devise")), Column(_("Net"), "cents"), *own,
            Column(_("Taxes non détaillées"), "cents"), Column(_("Taxes"), "cents"), Column(_("Arrondi"), "cents"),
            Column(_("Total"), "cents"), Column(_("Payé"), "cents"), Column(_("Reste dû"), "cents"),
            Column(_("Statut")), Column(_("Code transaction")), Column(_("Boutique")), Column(_("Série")),
        ]  # fmt: skip

    def row(self, document: Document, taxes: Sequence[Tax]) -> Row:
        """One document; a credit note's amounts are below 0."""
        one, heading = document, self.headings[document.heading] if document.heading else ""
        return (
            one.number, one.lettering, heading, one.day, one.due_on, one.customer, one.buyer, one.member_number,
            one.currency.value, one.net_cents, *(one.taxes.get(tax.id) for tax in taxes), one.untold_cents,
            one.tax_cents, one.rounding_cents, one.total_cents, one.paid_cents, one.remaining_cents,
            self.statuses[one.status], one.code, one.shop, one.series,
        )  # fmt: skip


errors.register(OtherExport, 409, lambda r: _("Ce formulaire a déjà demandé un autre export. Recommencez."))
