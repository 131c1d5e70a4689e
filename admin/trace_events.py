"""The events of a transaction in words: journal, payments, e-mails and looks, in the order in which they happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from admin import texts
from admin.invoice_history import imported_line
from admin.lettering_box import names_of
from invoicing.delivery.models import Delivery
from invoicing.invoices.models import Invoice, InvoiceKind
from invoicing.journal import ActorKind, JournalEntry
from invoicing.lettering.models import LetteringChange
from invoicing.lettering.service import digest_of
from invoicing.payments.models import Payment, PaymentKind
from invoicing.traces.models import Trace, TraceKind
from invoicing.traces.queries import Sources
from web.filters import money, short_date
from web.statuses import METHODS
from web.traces_refused import refused_told
from web.words import N_, _

_TOLD_BY_PAYMENTS: Final = frozenset({  # whose rows say how much, too
    "invoice.paid", "invoice.payment_undone", "invoice.refunded", "invoice.refund_undone", "invoice.credit_used",
    "invoice.credit_undone",
})  # fmt: skip
_LOOKS: Final = {  # kind → icon, tone, sentence
    TraceKind.viewed: ("eye", "", N_("Page consultée")),
    TraceKind.downloaded: ("download", "", N_("PDF téléchargé")),
    TraceKind.refused: ("alert-triangle", "warn", N_("Appel de la boutique refusé")),
    TraceKind.ignored: ("history", "", N_("Ligne d’import sans effet")),
}


@dataclass(frozen=True)
class Event:
    """One event: when (naive UTC), what, what explains it, who did it, and the document by its number."""

    at: datetime
    icon: str
    tone: str
    what: str
    detail: str
    by: str
    document: str


@dataclass(frozen=True)
class _Teller:
    """What the sentences need: the documents, who is who, and why references changed."""

    documents: Mapping[int, Invoice]
    names: Mapping[int, str]
    shops: Mapping[int, str]
    reasons: Mapping[str, str]

    def document(self, invoice_id: int | None) -> str:
        """What the document is called."""
        found = self.documents.get(invoice_id or 0)
        return called(found) if found else ""

    def by(self, kind: ActorKind, actor_id: int | None) -> str:
        """Who: a person's name of today, the shop's, or the program."""
        if kind is ActorKind.shop and actor_id in self.shops:
            return self.shops[actor_id]
        return texts.by_whom(kind, actor_id, self.names)


def called(invoice: Invoice) -> str:
    """The document's number, or what it is as long as it has none."""
    if invoice.number:
        return invoice.number
    return (
        _("Avoir") if invoice.kind is InvoiceKind.credit_note else _("Commande") if invoice.shop_id else _("Brouillon")
    )


def events(found: Sources, documents: Sequence[Invoice], shops: Mapping[int, str]) -> list[Event]:
    """Everything that happened, oldest first; what happened at one moment in the order of cause and effect."""
    teller = _Teller(
        {invoice.id: invoice for invoice in documents}, names_of(_actors(found)), shops,
        {digest_of(change): change.reason for change in found.letterings if change.reason},
    )  # fmt: skip
    told = [event for entry in found.entries if entry.action not in _TOLD_BY_PAYMENTS
            for event in _of_entry(entry, teller)]  # fmt: skip
    told += [_of_import(change, teller) for change in found.letterings if change.run_id is not None]
    told += [_of_payment(payment, teller) for payment in found.payments]
    told += [event for delivery in found.deliveries for event in _of_delivery(delivery, teller)]
    told += [_of_trace(trace, teller) for trace in found.traces]
    return sorted(told, key=lambda event: event.at)


def _actors(found: Sources) -> Iterator[tuple[ActorKind, int | None]]:
    for row in (*found.entries, *found.traces):
        yield row.actor_kind, row.actor_id
    for change in found.letterings:
        yield change.actor_kind, change.actor_id
    for payment in found.payments:
        yield ActorKind.user, payment.recorded_by_id


def _of_entry(entry: JournalEntry, teller: _Teller) -> Iterator[Event]:
    icon, tone, _when, what, _more = texts.history_line(entry, teller.names, teller.reasons)
    by = teller.by(entry.actor_kind, entry.actor_id)
    reason = teller.reasons.get(entry.facts().get("digest", [None, ""])[1], "")
    yield Event(entry.at, icon, tone, what, reason, by, teller.document(entry.subject_id))


def _of_import(change: LetteringChange, teller: _Teller) -> Event:
    """What an import of letterings did: the journal has one entry for all its documents."""
    icon, tone, what = imported_line(change)
    by = teller.by(change.actor_kind, change.actor_id)
    return Event(change.at, icon, tone, what, _("Import n° %(number)s", number=change.run_id), by,
                 teller.document(change.invoice_id))  # fmt: skip


def _of_payment(payment: Payment, teller: _Teller) -> Event:
    invoice = teller.documents.get(payment.invoice_id)
    amount = money(abs(payment.amount_cents), invoice.currency) if invoice else ""
    facts = {"amount": amount, "method": _(METHODS[payment.method]).lower()}
    if payment.undoes_id is not None:
        icon, tone = "history", "warn"
        what = _("Écriture contraire : %(amount)s, %(method)s", **facts)
    elif payment.kind is PaymentKind.refund:
        icon, tone, what = "cash", "", _("Remboursé : %(amount)s, %(method)s", **facts)
    else:
        icon, tone, what = "coin-euro", "ok", _("Payé : %(amount)s, %(method)s", **facts)
    told = [_("le %(day)s", day=short_date(payment.paid_on)), payment.reference, payment.reason]
    by = teller.by(ActorKind.user, payment.recorded_by_id) if payment.recorded_by_id else _shop_of(invoice)
    detail = " · ".join(filter(None, told))
    return Event(payment.recorded_at, icon, tone, what, detail, by, teller.document(payment.invoice_id))


def _shop_of(invoice: Invoice | None) -> str:
    return invoice.shop.name if invoice and invoice.shop else ""


def _of_delivery(delivery: Delivery, teller: _Teller) -> Iterator[Event]:
    for event in delivery.events:
        shown = texts.state_of(event)
        tone = shown.tone if shown.tone in ("ok", "warn", "err") else ""
        what = _("Courriel à %(address)s : %(state)s", address=delivery.recipient, state=shown.label.lower())
        detail = " ".join(filter(None, (texts.reason_of(event), event.answer)))
        yield Event(event.at, shown.icon, tone, what, detail, "", teller.document(delivery.invoice_id))


_DETAILS: Final[dict[str, Callable[[Any], str]]] = {
    "version": lambda value: _("version %(n)s", n=value),
    "fault": refused_told,
    "verdict": str,
}


def _of_trace(trace: Trace, teller: _Teller) -> Event:
    icon, tone, what = _LOOKS[trace.kind]
    facts = trace.told()
    if facts.get("file") == "xml":
        what = N_("XML téléchargé")
    details = [say(facts[name]) for name, say in _DETAILS.items() if name in facts]
    by = teller.by(trace.actor_kind, trace.actor_id)
    return Event(trace.at, icon, tone, _(what), " · ".join(details), by, teller.document(trace.invoice_id))
