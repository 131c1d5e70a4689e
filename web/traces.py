"""Traces: what a GET may note without ever waiting for it; and what the scan of a provider's log says, in words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from flask import Response, current_app, request
from sqlalchemy.exc import SQLAlchemyError

from invoicing.imports.models import ImportRow
from invoicing.journal import Actor
from invoicing.money import SYMBOL, write_money, write_scaled
from invoicing.traces.models import TraceKind
from invoicing.traces.rules import Result, Verdict
from invoicing.traces.service import note
from web.database import now
from web.filters import short_date
from web.sessions import actor, hurried
from web.statuses import STATUSES, Shown
from web.words import N_, _, language, ngettext

VERDICTS: Final[dict[Verdict, Shown]] = {  # in the order in which a person reads them: what needs one comes first
    Verdict.amount_differs: Shown(N_("Montant différent"), "alert-triangle", "err"),
    Verdict.currency_differs: Shown(N_("Autre devise"), "alert-triangle", "err"),
    Verdict.status_differs: Shown(N_("Encaissé, pas noté ici"), "alert-triangle", "err"),
    Verdict.paid_twice: Shown(N_("Payé deux fois"), "alert-triangle", "err"),
    Verdict.no_invoice: Shown(N_("Sans facture"), "alert-circle", "err"),
    Verdict.several_candidates: Shown(N_("Plusieurs factures"), "arrows-split", "warn"),
    Verdict.refund: Shown(N_("Remboursement"), "receipt-refund", "info"),
    Verdict.refused: Shown(N_("Paiement refusé"), "ban", "mute"),
    Verdict.repeated: Shown(N_("Déjà dit plus haut"), "history", "mute"),
    Verdict.match: Shown(N_("Concorde"), "circle-check", "ok"),
    Verdict.no_payment: Shown(N_("Lignes sans paiement"), "file-invoice", "mute"),
    Verdict.no_code: Shown(N_("Lignes sans code"), "file-invoice", "mute"),
}
RESULTS: Final[Mapping[str, Shown]] = {
    Result.accepted: Shown(N_("Accepté"), "circle-check", "ok"),
    Result.refused: Shown(N_("Refusé"), "ban", "mute"),
    Result.refunded: Shown(N_("Remboursé"), "receipt-refund", "info"),
}
_ALONE: Final[Mapping[str, str]] = {  # of a code that no invoice has
    Result.accepted: N_("Paiement de %(paid)s accepté, mais aucune facture ne porte ce code."),
    Result.refused: N_("Paiement de %(paid)s refusé : rien n’a été encaissé. Aucune facture ne porte ce code."),
    Result.refunded: N_("%(paid)s remboursés, mais aucune facture ne porte ce code."),
}
_OTHER_CURRENCY: Final[Mapping[str, str]] = {
    Result.accepted: N_("%(paid)s encaissés, mais la facture est en %(currency)s (%(total)s)."),
    Result.refunded: N_("%(paid)s remboursés, mais la facture est en %(currency)s (%(total)s)."),
}
Sentence = Callable[[Mapping[str, Any]], str]
_SAID: Final[dict[Verdict, Sentence]] = {
    Verdict.match: lambda f: _("%(paid)s encaissés : c’est le total de la facture.", paid=_paid(f)),
    Verdict.amount_differs: lambda f: _(
        "%(paid)s encaissés, mais la facture est de %(total)s.", paid=_paid(f), total=_total(f)),
    Verdict.currency_differs: lambda f: _(
        _by_result(_OTHER_CURRENCY, f), paid=_paid(f), currency=f["invoiced_in"], total=_total(f)),
    Verdict.status_differs: lambda f: _(
        "%(paid)s encaissés, mais la facture est ici au statut « %(status)s ».", paid=_paid(f), status=_status(f)),
    Verdict.paid_twice: lambda f: _(
        "%(paid)s encaissés une fois de plus : la facture est de %(total)s.", paid=_paid(f), total=_total(f)),
    Verdict.no_invoice: lambda f: _(_by_result(_ALONE, f), paid=_paid(f)),
    Verdict.several_candidates: lambda f: _(
        "Plusieurs boutiques ont ce code : %(numbers)s. Choisissez la boutique, puis recommencez.",
        numbers=", ".join(number for number in f["numbers"] if number)),
    Verdict.refund: lambda f: _("%(paid)s rendus au client.", paid=_paid(f)),
    Verdict.refused: lambda f: _(
        "Le paiement de %(paid)s a été refusé ; la facture est au statut « %(status)s ».",
        paid=_paid(f), status=_status(f)),
    Verdict.repeated: lambda f: _("La même opération que plus haut : elle ne compte qu’une fois."),
    Verdict.no_payment: lambda f: ngettext(
        "%(num)s ligne a un code, mais ne dit aucun paiement (ligne %(lines)s).",
        "%(num)s lignes ont un code, mais ne disent aucun paiement (lignes %(lines)s).", f["count"], lines=_lines(f)),
    Verdict.no_code: lambda f: ngettext(
        "%(num)s ligne n’a pas de code transaction (ligne %(lines)s).",
        "%(num)s lignes n’ont pas de code transaction (lignes %(lines)s).", f["count"], lines=_lines(f)),
}  # fmt: skip


def told(verdict: str, facts: Mapping[str, Any]) -> str:
    """What the scan says of one payment, in a sentence."""
    return _SAID[Verdict(verdict)](facts)


@dataclass(frozen=True)
class Operation:
    """One payment of the log, for a table: "" and None are what the log doesn't say."""

    numbers: str = ""  # of our invoices with its code
    day: str = ""
    amount_cents: int | None = None
    currency: str = ""
    result: Shown | None = None
    reference: str = ""

    @property
    def shown_day(self) -> str:
        """The day as the language writes it; as the log has it where it could be read two ways."""
        found = re.match(r"(\d{4})-(\d\d?)-(\d\d?)(?!\d)", self.day) or re.match(r"(\d{4})(\d\d)(\d\d)(?!\d)", self.day)
        try:
            return short_date(date(*map(int, found.groups()))) if found else self.day
        except ValueError:
            return self.day

    @property
    def amount(self) -> str:
        """The amount alone, as the language writes it."""
        return "" if self.amount_cents is None else write_scaled(self.amount_cents, 2, language(), least=2)


def operation(row: ImportRow) -> Operation:
    """The payment that a row tells of; an empty one where the row counts lines."""
    facts = json.loads(row.facts)
    if "amount_cents" not in facts:
        return Operation()
    return Operation(
        ", ".join(filter(None, facts["numbers"])), facts["day"], facts["amount_cents"], facts["currency"],
        RESULTS[facts["result"]], facts["provider_id"],
    )  # fmt: skip


def _amount(cents: int, currency: str) -> str:
    if currency in SYMBOL:
        return write_money(cents, currency, language())
    return f"{write_scaled(cents, 2, language(), least=2)} {currency}".strip()


def _paid(facts: Mapping[str, Any]) -> str:
    return _amount(facts["amount_cents"], facts["currency"] or facts.get("invoiced_in", ""))


def _by_result(sentences: Mapping[str, str], facts: Mapping[str, Any]) -> str:
    return sentences[facts["result"]]


def _total(facts: Mapping[str, Any]) -> str:
    return _amount(facts["total_cents"], facts["invoiced_in"])


def _status(facts: Mapping[str, Any]) -> str:
    known = STATUSES.get(facts["status"])
    return known.label.lower() if known else str(facts["status"])


def _lines(facts: Mapping[str, Any]) -> str:
    more = ", …" if facts["count"] > len(facts["lines"]) else ""
    return ", ".join(map(str, facts["lines"])) + more


def looked(page: str, invoice_id: int) -> str:
    """The drawn page; that this person looked is noted, unless the database is busy. HEAD notes nothing."""
    _note(TraceKind.viewed, invoice_id=invoice_id, by=actor())
    return page


def taken(document: Response, invoice_id: int, version: int) -> Response:
    """The PDF or XML; that this person took it is noted, unless the browser had it already."""
    if document.status_code in (200, 206):
        of_xml: dict[str, Any] = {"file": "xml"} if document.mimetype == "application/xml" else {}
        _note(TraceKind.downloaded, invoice_id=invoice_id, by=actor(), version=version, **of_xml)
    return document


def refused(by: Actor, shop_id: int, code: str, fault: str) -> None:
    """That a shop was refused something about a transaction; after the refusal's own rollback, never an error."""
    _note(TraceKind.refused, by=by, shop_id=shop_id, code=code, fault=fault)


def _note(
    kind: TraceKind, by: Actor, *, invoice_id: int | None = None, shop_id: int | None = None, code: str = "",
    **facts: str | int,
) -> None:  # fmt: skip
    """In a transaction of its own, after everything else: rows loaded before are expired."""
    if request.method == "HEAD":
        return
    try:
        with hurried() as session:
            note(session, now(), kind, by, invoice_id=invoice_id, shop_id=shop_id, code=code, facts=facts)
    except SQLAlchemyError as error:
        current_app.logger.info("a trace was not noted: %s", type(error).__name__)
