"""Rows, totals and payment of a paper: everything that an accountant adds up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from invoicing.documents import qr
from invoicing.documents.desk import Desk, Heading
from invoicing.documents.sheet import Fact, Row, Sum
from invoicing.documents.snapshot import Line, LineTax, TaxTotal
from invoicing.documents.words import FR_CA, Words
from invoicing.money import NBSP, half_up, line_net, write_scaled
from invoicing.text import clean


def columns(desk: Desk) -> tuple[str, ...]:
    """The heads of the table; no tax column where no line bears a tax, « Prix TTC » where every price includes it.

    Labels alone where the lines have no amounts.
    """
    words, kinds = desk.words, _kinds(desk)
    if desk.snapshot.totals_only:
        return (words.label,)
    if not desk.taxed:
        return (words.label, words.quantity, words.price, words.amount)
    taxes = words.vat_column if desk.french else words.taxes
    if True in kinds:  # prices with tax beside amounts without it: both are said
        return (
            words.label,
            words.quantity,
            words.price if False in kinds else words.price_gross,
            taxes,
            words.amount_net,
        )
    price, amount = (words.price_net, words.amount_net) if desk.french else (words.price, words.amount)
    return (words.label, words.quantity, price, taxes, amount)


def _kinds(desk: Desk) -> set[bool]:
    """Whether the prices of taxed lines include the taxes: {True}, {False}, or both."""
    return {line.gross for line in desk.snapshot.lines if line.taxes}


def row(desk: Desk, line: Line) -> Row:
    """One line, its discount said below its label; where prices differ, each says whether it includes the taxes."""
    quantity = write_scaled(line.quantity_e3, 3, desk.words.locale)
    details = [desk.typed(line.detail)] if line.detail else []
    if desk.snapshot.totals_only:
        return Row(desk.typed(line.label), "", "", "", "", tuple(details))
    if line.gross and line.taxes:
        details.append(f"{desk.words.price_net}{desk.words.colon}{desk.amount(net_price(line), 4)}")
    if line.discount_e4:
        details.append(_discount(desk, line))
    taxes, price = _borne(desk, line.taxes), desk.amount(line.price_e4, 4)
    if line.taxes and len(_kinds(desk)) > 1:
        price = f"{price} {desk.words.gross if line.gross else desk.words.untaxed}"
    return Row(desk.typed(line.label), quantity, price, taxes, desk.amount(line.net_cents), tuple(details))


def net_price(line: Line) -> int:
    """The unit price before tax and before any discount, × 10⁴; the law asks for it (Code de commerce, L441-9)."""
    return half_up(line.price_e4 * 10**5, 10**5 + sum(tax.rate_e5 for tax in line.taxes))


def _discount(desk: Desk, line: Line) -> str:
    """« Remise 12,5 % : −114,58 € », before tax or with it as the price is."""
    off = line_net(line.quantity_e3, line.price_e4, line.discount_e4) - line_net(line.quantity_e3, line.price_e4)
    said = f"{desk.words.discount} {desk.percent(line.discount_e4, 2)}{desk.words.colon}{desk.amount(off)}"
    return f"{said} {desk.words.gross}" if line.gross and line.taxes else said


def _borne(desk: Desk, taxes: tuple[LineTax, ...]) -> str:
    """What the tax column says: rates in France, names in Québec, where the added rate must never be read."""
    if desk.french:
        said = (desk.percent(tax.rate_e5, 3) for tax in taxes)
    else:
        said = (_tax_name(FR_CA, tax.label) for tax in taxes)
    return ", ".join(said) or "—"


_TAX_NAMES: Final = {"TVA": "vat", "VAT": "vat", "TPS": "gst", "GST": "gst", "TVQ": "qst", "QST": "qst"}


def _tax_name(words: Words, label: str) -> str:
    return str(getattr(words, _TAX_NAMES.get(label, ""), label))


def sums(desk: Desk) -> Iterator[Sum]:
    """Discount, net, each tax apart, rounding, and the total where another amount stands under the double rule."""
    words, snapshot = desk.words, desk.snapshot
    total = total_label(desk)
    if snapshot.allowance_cents:
        before = snapshot.net_cents + snapshot.allowance_cents
        yield Sum(words.net_before if desk.taxed else words.subtotal, desk.amount(before))
        rate = f" {desk.percent(snapshot.discount_e4, 2)}" if snapshot.discount_e4 else ""
        yield Sum(words.discount + rate, desk.amount(-snapshot.allowance_cents))
    if snapshot.totals_only:
        yield Sum(words.net, desk.amount(snapshot.net_cents))
        yield Sum(words.taxes, desk.amount(snapshot.tax_cents))
    elif desk.taxed:
        yield Sum(words.net, desk.amount(snapshot.net_cents))
        yield from (_tax_sum(desk, tax) for tax in snapshot.taxes)
        untaxed = sum(line.net_cents - line.allowance_cents for line in snapshot.lines if not line.taxes)
        if untaxed:
            yield Sum(f"{words.untaxed_on} {desk.amount(untaxed)}", desk.amount(0))
        if desk.french and len(snapshot.taxes) > 1:
            yield Sum(words.vat_total, desk.amount(snapshot.tax_cents))
    if snapshot.rounding_cents:
        yield Sum(words.rounding, desk.amount(snapshot.rounding_cents))
    if grand_label(desk) != total:
        yield Sum(total, desk.amount(snapshot.total_cents))


def _tax_sum(desk: Desk, tax: TaxTotal) -> Sum:
    name, rate = _tax_name(desk.words, tax.label), desk.percent(tax.rate_e5, 3)
    detail = f"{desk.words.registration}{NBSP}{desk.typed(tax.registration)}" if tax.registration else ""
    label = f"{name} {rate} {desk.words.on} {desk.amount(tax.base_cents)}"
    return Sum(label, desk.amount(tax.amount_cents), detail.replace(" ", NBSP))


def grand_label(desk: Desk) -> str:
    """What stands before the amount under the double rule."""
    words, heading = desk.words, desk.facts.heading
    if desk.credit:
        return words.credit_total
    if heading in (Heading.order, Heading.pro_forma):
        return words.order_total
    if desk.owed:
        return words.to_pay
    return total_label(desk)


def total_label(desk: Desk) -> str:
    """« Total TTC » where French VAT is in it, « Total » elsewhere."""
    return desk.words.total_gross if desk.taxed and desk.french else desk.words.total


def pay(desk: Desk) -> tuple[Fact, ...]:
    """How to pay, the reference last; nothing on a draft, a credit, or what is paid."""
    bank, words = desk.snapshot.bank, desk.words
    if desk.facts.draft or not desk.owed:
        return ()
    iban = bank.iban.replace(" ", "")
    grouped = NBSP.join(iban[place : place + 4] for place in range(0, len(iban), 4))
    ways = (
        (words.transfer_to, desk.typed(bank.holder or desk.snapshot.seller.name) if iban else ""),
        (words.iban, grouped),
        (words.bic, bank.bic if iban else ""),
        (words.interac_to, desk.typed(bank.interac)),
        (words.cheque_to, desk.typed(bank.cheque)),
    )
    facts = tuple(Fact(label, value) for label, value in ways if value)
    return (*facts, Fact(words.reference, desk.number)) if facts else ()


def epc(desk: Desk) -> str:
    """What the SEPA QR code holds, or nothing: euros by IBAN only."""
    snapshot, bank = desk.snapshot, desk.snapshot.bank
    if snapshot.currency != "EUR" or not bank.iban:
        return ""
    holder = clean(bank.holder or snapshot.seller.name)
    return qr.payload(holder, bank.iban, bank.bic, snapshot.total_cents, desk.number)
