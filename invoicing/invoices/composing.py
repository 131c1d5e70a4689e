"""What a draft would say if it were finalised on a day: one function for the preview and for finalising."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from functools import cached_property

from sqlalchemy.orm import Session

from invoicing.customers.rules import buyer_party, country_language
from invoicing.documents.paper import Facts, paper_of
from invoicing.documents.snapshot import Line, LineTax, Snapshot, TaxTotal
from invoicing.documents.words import Words
from invoicing.errors import Fault
from invoicing.invoices import rules
from invoicing.invoices.amounts import Amounts, amounts, discount_faults, kept
from invoicing.invoices.models import Invoice, InvoiceLine, MadeOutTo, Origin
from invoicing.invoices.reading import LineContent
from invoicing.legal.mentions import Situation, mentions_of, reasons_of, supplies_of, terms_of, why_untaxed
from invoicing.numbering import Source
from invoicing.sellers.queries import bank_of, registrations, seller_party, today_of
from invoicing.sellers.rules import MentionsMissing, country_name, missing_of_customer, missing_of_seller
from invoicing.taxes.models import Tax
from invoicing.taxes.rules import COLLECTING, Borne, borne_by
from invoicing.text import lacking


@dataclass(frozen=True)
class Composed:
    """A draft made exact: its snapshot (without a number yet), its amounts, and what stands in the way."""

    snapshot: Snapshot
    amounts: Amounts
    borne: tuple[tuple[Borne, ...], ...]  # per line
    faults: tuple[Fault, ...]
    missing: MentionsMissing | None
    recipient: str  # where an e-mail would go

    @cached_property
    def fingerprint(self) -> str:
        """What the person is shown, in brief: every word of the document but its number, and the e-mail address."""
        return hashlib.sha256(f"{self.snapshot.to_json()}\n{self.recipient}".encode()).hexdigest()

    def numbered(self, number: str) -> Snapshot:
        """The snapshot with its number: the last thing that it is given."""
        return replace(self.snapshot, number=number)


Registered = Mapping[int, tuple[str, str]]  # of a seller: tax → its code and the seller's number for it


def compose(session: Session, draft: Invoice, today: date, known: Registered | None = None) -> Composed:
    """What the draft, or the order that doesn't stand yet, says on `today`, the seller's calendar day.

    `known` are the seller's registrations, for whoever composes many of one seller.
    """
    seller, customer = draft.seller, draft.customer
    issued_on = _issue_day(draft, today)
    borne, found = _amounts(draft, issued_on)
    manual = draft.origin is Origin.manual
    due_on = rules.due_day(issued_on, draft.due_on, seller.due_days) if manual else None
    faults = _date_faults(draft, issued_on, due_on, today)
    faults += discount_faults(sum(found.nets), draft.discount_cents) or rules.amount_faults(found)
    faults += _line_faults(draft, borne)
    known = registrations(session, seller.id) if known is None else known
    missing = missing_of_seller(seller, frozenset(code for code, _ in known.values()), issued_on)
    if rules.needs_buyer_mentions(draft.origin, draft.mode):
        reasons = set() if draft.totals_only else {line.tax_set.exemption for line in draft.lines}
        missing += missing_of_customer(customer, seller, issued_on, reasons)
    snapshot = _snapshot(session, draft, found, borne, (issued_on, due_on), known)
    faults += _glyph_faults(snapshot)
    refusal = MentionsMissing(tuple(missing)) if missing else None
    return Composed(snapshot, found, borne, tuple(faults), refusal, customer.email)


def _amounts(draft: Invoice, issued_on: date) -> tuple[tuple[tuple[Borne, ...], ...], Amounts]:
    """The taxes that each line bears, and what the lines come to; totals that came alone are kept as they came."""
    if draft.totals_only:
        return ((),) * len(draft.lines), kept(len(draft.lines), draft.net_cents, draft.tax_cents)
    borne = tuple(borne_by(line.tax_set, issued_on) for line in draft.lines)
    priced = [(content_of(line), taxes) for line, taxes in zip(draft.lines, borne, strict=True)]
    return borne, amounts(priced, draft.discount_e4, draft.discount_cents)


def _issue_day(draft: Invoice, today: date) -> date:
    """An order of an external series bears the day on which it was placed; others that of freezing, or as wished."""
    if draft.ordered_at and draft.series.source is Source.external:
        return today_of(draft.seller, draft.ordered_at)
    return draft.issued_on or today


def _date_faults(draft: Invoice, issued_on: date, due_on: date | None, today: date) -> list[Fault]:
    """External numbers come in any order: their days too."""
    if draft.series.source is Source.external:
        return []
    due_on = due_on or issued_on
    return rules.date_faults(issued_on, due_on, draft.supplied_on, draft.paid_on, today, draft.series.last_date)


def content_of(line: InvoiceLine) -> LineContent:
    """A stored line's content."""
    return LineContent(
        line.label,
        line.detail,
        line.quantity_e3,
        line.price_e4,
        line.discount_e4,
        line.tax_set_id,
        line.gross,
        line.item_id,
    )


def _line_faults(draft: Invoice, borne: Sequence[Sequence[Borne]]) -> list[Fault]:
    if not draft.lines:
        return [Fault("lines-0-label", "no_line")]
    if draft.seller.tax_status in COLLECTING:
        return []
    return [Fault(f"lines-{n}-tax_set", "choose_tax") for n, taxes in enumerate(borne) if taxes]


def _glyph_faults(snapshot: Snapshot) -> list[Fault]:
    """What would stand for ever, and could never be drawn."""
    odd = lacking("".join(dict.fromkeys(_texts(paper_of(snapshot, Facts())))))
    return [Fault("lines-0-label", "no_glyph", {"characters": " ".join(odd[:5])})] if odd else []


def _texts(value: object) -> Iterator[str]:
    """Every text in a paper."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
    elif is_dataclass(value) and not isinstance(value, (type, Words)):
        for field in fields(value):
            yield from _texts(getattr(value, field.name))


def _snapshot(
    session: Session,
    draft: Invoice,
    found: Amounts,
    borne: Sequence[Sequence[Borne]],
    days: tuple[date, date | None],
    known: Mapping[int, tuple[str, str]],
) -> Snapshot:
    seller, customer = draft.seller, draft.customer
    taxes = {tax.tax_id: _tax(session, tax.tax_id) for row in borne for tax in row}
    issued_on, due_on = days
    to_pay = not draft.paid_on and found.total_cents > 0
    situation = _situation(draft, borne, issued_on, (due_on - issued_on).days if to_pay and due_on else None)
    abroad = customer.country != seller.country
    terms = terms_of(seller, situation)
    home = country_name(seller.country, country_language(seller.region, customer.language)) if abroad else ""
    return Snapshot(
        kind=draft.kind, number="", language=customer.language, currency=draft.currency, region=seller.region,
        issued_on=issued_on, due_on=due_on if to_pay else None, supplied_on=draft.supplied_on,
        seller=seller_party(seller, known, home),
        buyer=buyer_party(customer, draft.made_out_to is MadeOutTo.organisation, seller),
        lines=tuple(
            Line(
                label=line.label, detail=line.detail, quantity_e3=line.quantity_e3, price_e4=line.price_e4,
                discount_e4=line.discount_e4, net_cents=net, gross=line.gross, allowance_cents=off,
                taxes=tuple(LineTax(*_names(taxes[t.tax_id], customer.language), t.rate_e5) for t in row),
                why_untaxed="" if row or draft.totals_only
                else why_untaxed(line.tax_set, seller, issued_on, customer.language),
                exemption=exemption,
            )
            for line, net, off, row, exemption in zip(
                draft.lines, found.nets, found.allowances, borne, situation.exemptions, strict=True
            )
        ),
        taxes=tuple(
            TaxTotal(
                *_names(taxes[t.tax_id], customer.language), t.rate_e5, t.base_cents, t.amount_cents,
                known.get(t.tax_id, ("", ""))[1],
            )
            for t in found.taxes
        ),
        net_cents=found.net_cents, tax_cents=found.tax_cents, total_cents=found.total_cents,
        discount_e4=draft.discount_e4, allowance_cents=found.allowance_cents, rounding_cents=found.rounding_cents,
        paid_on=draft.paid_on, paid_by=draft.paid_method or "", subject=draft.subject, note=draft.note,
        bank=bank_of(seller), mentions=mentions_of(seller, situation), terms=tuple(text for _, text in terms),
        coded_terms=tuple((code, text) for code, text in terms if code), tax_status=seller.tax_status,
        vat_on_debits=seller.vat_on_debits, closing=seller.closing_text,
        supplies=supplies_of(seller, issued_on, situation.exemptions), accent=seller.accent, paper=seller.paper,
        window=seller.window, logo=seller.logo, mode=draft.mode,
        transaction_code=draft.transaction_code, totals_only=draft.totals_only, sells=seller.supplies,
    )  # fmt: skip


def _situation(draft: Invoice, borne: Sequence[Sequence[Borne]], day: date, days: int | None) -> Situation:
    """What decides the legal sentences of this document."""
    language, seller = draft.customer.language, draft.seller
    chosen = [None if row or draft.totals_only else line.tax_set for line, row in zip(draft.lines, borne, strict=True)]
    untaxed = [each for each in chosen if each]
    unsaid = any(not (each.exemption or each.mention_fr) for each in untaxed)
    exempt = reasons_of(untaxed, seller, day, language)
    keys = tuple(each.exemption if each else "" for each in chosen)
    return Situation(day, language, draft.customer.professional, unsaid, days, exempt, keys)


def _tax(session: Session, tax_id: int) -> Tax:
    tax = session.get(Tax, tax_id)
    if tax is None:
        raise LookupError(tax_id)
    return tax


def _names(tax: Tax, language: str) -> tuple[str, str]:
    return tax.code, tax.label(language)
