"""The structured invoice (UN/CEFACT CII, profile EN 16931) of a document: pure, the same bytes for ever."""

from __future__ import annotations

from invoicing.documents.desk import Facts
from invoicing.documents.facturx import codes, parties
from invoicing.documents.facturx.lines import lines
from invoicing.documents.facturx.markup import day, document, group, identifier, number, section
from invoicing.documents.facturx.matter import Matter, matter_of
from invoicing.documents.facturx.notes import notes
from invoicing.documents.facturx.reform import billing_of
from invoicing.documents.facturx.settlement import settlement
from invoicing.documents.snapshot import Snapshot


def xml_of(snapshot: Snapshot, facts: Facts) -> bytes | None:
    """The document for machines; None where there is no structured invoice.

    There is none of what isn't an invoice or credit note in France (Québec, drafts, orders, pro forma invoices,
    requests of credit), of what the snapshot doesn't tell (totals alone; countries and tax status, in snapshots from
    before them; a name), nor of what EN 16931 can't say truthfully: another currency than the euro (the tax must be
    told in euros, and nobody knows the rate), two taxes on one line, a tax that isn't VAT, a supply to the EU without
    the VAT numbers that it rests on, a seller without any number. Amounts are the snapshot's own, in cents.
    """
    at = matter_of(snapshot, facts)
    return written(at) if at else None


def written(at: Matter) -> bytes:
    """The same for a document that is known to have one."""
    desk, shows_vat = at.desk, not at.is_outside
    return document(
        section(
            "ExchangedDocumentContext",
            group("BusinessProcessSpecifiedDocumentContextParameter", number("ID", billing_of(at))),
            group("GuidelineSpecifiedDocumentContextParameter", number("ID", codes.PROFILE)),
        ),
        section(
            "ExchangedDocument",
            identifier("ID", desk.number),
            number("TypeCode", codes.CREDIT_NOTE if desk.credit else codes.INVOICE),
            day("IssueDateTime", at.snapshot.issued_on),
            notes(at),
        ),
        section(
            "SupplyChainTradeTransaction",
            lines(at),
            group(
                "ApplicableHeaderTradeAgreement",
                parties.seller(desk, shows_vat),
                parties.buyer(desk, shows_vat),
                group("SellerOrderReferencedDocument", identifier("IssuerAssignedID", _order(at))),
            ),
            _delivery(at) or "<ram:ApplicableHeaderTradeDelivery/>",
            settlement(at),
        ),
    )


def _order(at: Matter) -> str:
    """BT-14: our order's number, where the invoice bears the official one."""
    desk = at.desk
    return "" if desk.credit or desk.number == desk.snapshot.number else desk.snapshot.number


def _delivery(at: Matter) -> str:
    """BT-72, where the page names a day; goods within the EU need one, and the country (BR-IC-11, BR-IC-12).

    A document that names no other day of supply means its own (CGI, ann. II, art. 242 nonies A, I, 10°).
    """
    supplied, goods = at.snapshot.supplied_on, any(each.category == codes.INTRA_EU for each in at.groups)
    if goods and supplied is None:
        supplied = at.snapshot.issued_on
    return group(
        "ApplicableHeaderTradeDelivery",
        parties.delivered(at.desk) if goods else "",
        group("ActualDeliverySupplyChainEvent", day("OccurrenceDateTime", supplied)),
    )
