"""Lines of a structured invoice: price, discount and net, which always come to the cents of the document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from invoicing.documents.facturx import codes
from invoicing.documents.facturx.markup import cents, group, leaf, number, scaled
from invoicing.documents.facturx.matter import Matter
from invoicing.documents.facturx.tax import Key
from invoicing.documents.sheet import Row
from invoicing.documents.snapshot import Line
from invoicing.documents.table import net_price
from invoicing.money import half_up, line_net

PART: Final = 10**4  # of discount_e4


@dataclass(frozen=True)
class Price:
    """BT-146 × 10⁶, for `quantity_e3` of the thing (BT-149; 0: for one), and what is then taken off, in cents."""

    price_e6: int
    quantity_e3: int = 0
    off_cents: int = 0


def price_of(line: Line) -> Price:
    """A price before tax and discount from which quantity and discount lead to the line's net, to the cent.

    The page's own price, of four decimals, wherever it does; what the document's rounding has moved (a price that
    included its tax) takes six decimals, or, where even these miss, the price of the whole quantity.
    """
    own, net = _net_price(line), line.net_cents
    before = line_net(line.quantity_e3, own)
    if before == net or line.discount_e4:
        return Price(own * 100, off_cents=before - net)
    count = abs(line.quantity_e3)
    finer = half_up(abs(net) * 10**7, count)
    if half_up(finer * count, 10**7) == abs(net):
        return Price(finer)
    return Price(abs(net) * 10**4, count)


def _net_price(line: Line) -> int:
    """The unit price before tax and discount, × 10⁴, as the page says it."""
    return net_price(line) if line.gross else line.price_e4


def lines(at: Matter) -> str:
    """BG-25 of every line."""
    numbered = enumerate(zip(at.snapshot.lines, at.page.rows, at.keys, strict=True), 1)
    return "\n".join(_line(at, place, line, row, key) for place, (line, row, key) in numbered)


def _line(at: Matter, place: int, line: Line, row: Row, key: Key) -> str:
    price = price_of(line)
    per = number("BasisQuantity", scaled(price.quantity_e3, 3), unitCode=codes.ONE) if price.quantity_e3 else ""
    note = leaf("Content", _gross(at, line, row))
    return group(
        "IncludedSupplyChainTradeLineItem",
        group("AssociatedDocumentLineDocument", number("LineID", str(place)), group("IncludedNote", note)),
        group("SpecifiedTradeProduct", leaf("Name", row.label), leaf("Description", at.desk.typed(line.detail))),
        group(
            "SpecifiedLineTradeAgreement",
            group("NetPriceProductTradePrice", number("ChargeAmount", scaled(price.price_e6, 6, 2)), per),
        ),
        group(
            "SpecifiedLineTradeDelivery",
            number("BilledQuantity", scaled(line.quantity_e3, 3), unitCode=codes.ONE),
        ),
        group(
            "SpecifiedLineTradeSettlement",
            group("ApplicableTradeTax", number("TypeCode", "VAT"), *category(key)),
            _discount(at, line, price.off_cents) if price.off_cents else "",
            group("SpecifiedTradeSettlementLineMonetarySummation", number("LineTotalAmount", cents(line.net_cents))),
        ),
    )


def category(key: Key) -> tuple[str, str]:
    """BT-151 and BT-152, or those of a discount or a total; what is outside VAT has no rate."""
    code, rate = key
    percent = "" if code == codes.OUTSIDE else number("RateApplicablePercent", scaled(rate, 3))
    return number("CategoryCode", code), percent


def _gross(at: Matter, line: Line, row: Row) -> str:
    """BT-127: what the page says of a price that includes its tax; EN 16931 has prices before tax only."""
    if not (line.gross and line.taxes):
        return ""
    words = at.page.words
    said = f"{words.price_gross}{words.colon}{at.desk.amount(line.price_e4, 4)}"
    return f"{said} / {row.details[-1]}" if line.discount_e4 else said


def _discount(at: Matter, line: Line, off_cents: int) -> str:
    """BG-27: the percentage where it comes to this amount, else in words only."""
    words = f"{at.page.words.discount} {at.desk.percent(line.discount_e4, 2)}"
    return allowance(words, line.discount_e4, line.net_cents + off_cents, off_cents)


def allowance(words: str, discount_e4: int, base_cents: int, off_cents: int, tax: str = "") -> str:
    """A discount on a line or on the document; `tax` is the category of the latter."""
    exact = discount_e4 > 0 and half_up(base_cents * discount_e4, PART) == off_cents
    return group(
        "SpecifiedTradeAllowanceCharge",
        "<ram:ChargeIndicator><udt:Indicator>false</udt:Indicator></ram:ChargeIndicator>",
        number("CalculationPercent", scaled(discount_e4, 2)) if exact else "",
        number("BasisAmount", cents(base_cents)) if exact else "",
        number("ActualAmount", cents(off_cents)),
        number("ReasonCode", codes.DISCOUNT),
        leaf("Reason", words),
        tax,
    )
