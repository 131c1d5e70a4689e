"""How a structured invoice is settled: means of payment, taxes, discounts, terms, totals, what it corrects."""

from __future__ import annotations

from invoicing.documents.facturx import codes
from invoicing.documents.facturx.lines import allowance, category
from invoicing.documents.facturx.markup import cents, day, group, identifier, leaf, number
from invoicing.documents.facturx.matter import Matter
from invoicing.documents.facturx.reform import is_settled_at_once
from invoicing.documents.facturx.tax import Group
from invoicing.text import clean


def settlement(at: Matter) -> str:
    """BT-5, BG-16 to BG-23, BT-20, BG-22 and BG-3."""
    allowances = [_discount(at, each) for each in at.groups if each.allowance_cents]
    return group(
        "ApplicableHeaderTradeSettlement",
        leaf("PaymentReference", clean(at.desk.number) if at.page.pay else ""),
        number("InvoiceCurrencyCode", at.snapshot.currency),
        _means(at),
        *(_tax(at, each) for each in at.groups),
        *allowances,
        _terms(at),
        _totals(at, bool(allowances)),
        _corrected(at),
    )


def _means(at: Matter) -> str:
    """What the page says: by what it was paid, or where to pay."""
    snapshot, words, bank = at.snapshot, at.page.words, at.snapshot.bank
    if at.desk.paid_on and snapshot.paid_by:
        said = str(getattr(words, f"by_{snapshot.paid_by}", words.by_other))
        return _instruction(codes.MEANS.get(snapshot.paid_by, codes.OTHER_MEANS), said)
    if not at.page.pay:
        return ""
    if iban := "".join(bank.iban.split()):
        holder = at.desk.typed(bank.holder or snapshot.seller.name)
        account = group(
            "PayeePartyCreditorFinancialAccount", identifier("IBANID", iban), leaf("AccountName", holder)
        )  # fmt: skip
        at_bank = group("PayeeSpecifiedCreditorFinancialInstitution", identifier("BICID", bank.bic))
        return _instruction(codes.SEPA_TRANSFER, words.by_transfer, account + at_bank)
    return _instruction(codes.CHEQUE, f"{words.cheque_to} {at.desk.typed(bank.cheque)}") if bank.cheque else ""


def _instruction(code: str, said: str, account: str = "") -> str:
    return group("SpecifiedTradeSettlementPaymentMeans", number("TypeCode", code), leaf("Information", said), account)


def _tax(at: Matter, each: Group) -> str:
    """BG-23; BT-8 where the seller pays its tax on the basis of debits."""
    code, rate = category((each.category, each.rate_e5))
    debits = at.snapshot.vat_on_debits and each.category == codes.STANDARD
    return group(
        "ApplicableTradeTax",
        number("CalculatedAmount", cents(each.tax_cents)),
        number("TypeCode", "VAT"),
        leaf("ExemptionReason", at.desk.typed(each.reason)),
        number("BasisAmount", cents(each.base_cents)),
        code,
        leaf("ExemptionReasonCode", each.vatex),
        number("DueDateTypeCode", codes.DEBITS) if debits else "",
        rate,
    )


def _discount(at: Matter, each: Group) -> str:
    """BG-20, once per category and rate: its share of the document's discount."""
    share, word = at.snapshot.discount_e4, at.page.words.discount
    words = f"{word} {at.desk.percent(share, 2)}" if share else word
    tax = group("CategoryTradeTax", number("TypeCode", "VAT"), *category((each.category, each.rate_e5)))
    return allowance(words, share, each.net_cents, each.allowance_cents, tax)


def _terms(at: Matter) -> str:
    """BT-9: the day of payment of what came paid (BR-FR-CO-09), the last day of what is owed; else BT-20 in words."""
    due = at.desk.paid_on if is_settled_at_once(at) else at.snapshot.due_on if at.desk.owed else None
    said = "" if due or not (at.desk.owed or at.desk.paid_on) else at.page.headlines[0]
    return group("SpecifiedTradePaymentTerms", leaf("Description", said), day("DueDateDateTime", due))


def _totals(at: Matter, has_allowances: bool) -> str:
    """BG-22. What rounding adds stands beside the total with tax (BT-112), as EN 16931 has it (BR-CO-16)."""
    snapshot, paid = at.snapshot, bool(at.desk.paid_on)
    return group(
        "SpecifiedTradeSettlementHeaderMonetarySummation",
        number("LineTotalAmount", cents(sum(line.net_cents for line in snapshot.lines))),
        number("AllowanceTotalAmount", cents(snapshot.allowance_cents)) if has_allowances else "",
        number("TaxBasisTotalAmount", cents(snapshot.net_cents)),
        number("TaxTotalAmount", cents(snapshot.tax_cents), currencyID=snapshot.currency),
        number("RoundingAmount", cents(snapshot.rounding_cents)) if snapshot.rounding_cents else "",
        number("GrandTotalAmount", cents(snapshot.net_cents + snapshot.tax_cents)),
        number("TotalPrepaidAmount", cents(snapshot.total_cents)) if paid else "",
        number("DuePayableAmount", cents(0 if paid else snapshot.total_cents)),
    )


def _corrected(at: Matter) -> str:
    """BG-3: the official number where it is known, else ours (a note says then whose it is, as the page does)."""
    preceding = at.desk.facts.corrects_official or at.snapshot.corrects
    if not preceding:
        return ""
    return group(
        "InvoiceReferencedDocument",
        identifier("IssuerAssignedID", preceding),
        day("FormattedIssueDateTime", at.snapshot.corrects_on, "qdt"),
    )
