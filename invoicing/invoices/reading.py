"""Reads what was typed for a draft into exact values; names every mistake at its field, all at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from invoicing.customers.rules import text_faults
from invoicing.database import ID_MAX
from invoicing.days import NotADate, read_date
from invoicing.documents.paper import MAX_LINES
from invoicing.errors import Fault, FieldFaults
from invoicing.invoices.models import MadeOutTo
from invoicing.money import Ambiguous, NotANumber, read_scaled
from invoicing.payments.models import PaymentMethod
from invoicing.text import clean

QUANTITY_MAX_E3 = 10**9  # one million
PRICE_MAX_E4 = 10**11  # ten million
PART = 10**4  # of discount_e4: all of it


@dataclass(frozen=True)
class RawLine:
    """One line of the form, as typed."""

    label: str = ""
    detail: str = ""
    quantity: str = "1"
    price: str = ""
    discount: str = ""
    tax_set: str = ""
    gross: str = ""  # "1": the price includes the taxes
    item: str = ""  # number of the item that it was filled from

    @property
    def is_blank(self) -> bool:
        """Nothing was typed in it: such a line is passed over."""
        return not (self.label.strip() or self.detail.strip() or self.price.strip() or self.discount.strip())


@dataclass(frozen=True)
class RawDraft:
    """The whole form, as typed."""

    lines: tuple[RawLine, ...] = ()
    issued_on: str = ""
    due_on: str = ""
    supplied_on: str = ""
    made_out_to: str = MadeOutTo.person
    subject: str = ""
    note: str = ""
    discount_all: str = ""  # on the whole document
    discount_kind: str = "percent"  # or "amount", before tax
    paid: str = ""  # "" later, "yes" already received
    paid_method: str = ""
    paid_on: str = ""


@dataclass(frozen=True)
class LineContent:
    """One line, exact."""

    label: str
    detail: str
    quantity_e3: int
    price_e4: int
    discount_e4: int
    tax_set_id: int
    gross: bool = False  # the price includes the taxes
    item_id: int | None = None  # the item of a catalogue that it was filled from


@dataclass(frozen=True)
class DraftContent:
    """A draft, exact; `issued_on` None means the day of finalising, `due_on` None the seller's usual delay."""

    lines: tuple[LineContent, ...]
    issued_on: date | None = None
    due_on: date | None = None
    supplied_on: date | None = None
    made_out_to: MadeOutTo = MadeOutTo.person
    subject: str = ""
    note: str = ""
    discount_e4: int = 0  # on the whole document: a fraction, or an amount before tax
    discount_cents: int = 0
    paid_method: PaymentMethod | None = None
    paid_on: date | None = None


def read_draft(raw: RawDraft, tax_sets: frozenset[int]) -> DraftContent:
    """The content of a form; refuses with every fault. Fields of line 2 are named `lines-1-label` and so on.

    `tax_sets` are the sets that the seller's lines may bear.
    """
    faults: list[Fault] = []
    lines = []
    for index, line in enumerate(raw.lines):
        if not line.is_blank:
            lines.append(_read_line(line, f"lines-{index}-", tax_sets, faults))
    if not lines and not faults:
        faults.append(Fault("lines-0-label", "no_line"))
    if len(lines) > MAX_LINES:
        faults.append(Fault("lines-0-label", "too_many_lines", {"most": MAX_LINES, "given": len(lines)}))
    subject, note = clean(raw.subject), clean(raw.note, lines=True)
    faults += text_faults("subject", subject, 250) + text_faults("note", note, 2000)
    issued_on, due_on, supplied_on = (
        _day(name, getattr(raw, name), faults) for name in ("issued_on", "due_on", "supplied_on")
    )
    discount_e4, discount_cents = _read_discount(raw, faults)
    paid_method, paid_on = _read_payment(raw, faults)
    made_out_to = raw.made_out_to if raw.made_out_to in tuple(MadeOutTo) else MadeOutTo.person
    if faults:
        raise FieldFaults(faults)
    kept = tuple(line for line in lines if line)
    to = MadeOutTo(made_out_to)
    return DraftContent(
        kept, issued_on, due_on, supplied_on, to, subject, note, discount_e4, discount_cents, paid_method, paid_on
    )


def _read_line(raw: RawLine, at: str, tax_sets: frozenset[int], faults: list[Fault]) -> LineContent | None:
    before = len(faults)
    label, detail = clean(raw.label), clean(raw.detail)
    if not label:
        faults.append(Fault(at + "label", "label_required"))
    faults += text_faults(at + "label", label, 250) + text_faults(at + "detail", detail, 500)
    quantity = _number(at + "quantity", raw.quantity or "1", 3, QUANTITY_MAX_E3, faults, "bad_quantity")
    price = _number(at + "price", raw.price, 4, PRICE_MAX_E4, faults, "bad_price")
    if price < 0:
        # EN 16931, BR-27: a price isn't negative; a deduction has a negative quantity.
        faults.append(Fault(at + "price", "negative_price"))
    discount = _number(at + "discount", raw.discount or "0", 2, PRICE_MAX_E4, faults, "bad_discount")
    if not 0 <= discount <= PART:
        faults.append(Fault(at + "discount", "bad_discount", {"value": clean(raw.discount)[:40]}))
    if raw.tax_set not in {str(number) for number in tax_sets}:
        faults.append(Fault(at + "tax_set", "choose_tax"))
    if len(faults) > before:
        return None
    return LineContent(label, detail, quantity, price, discount, int(raw.tax_set), raw.gross == "1", _item(raw.item))


def _item(text: str) -> int | None:
    """What nobody types: anything odd is a free line."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 11 else 0
    return number if 0 < number <= ID_MAX else None


def _read_discount(raw: RawDraft, faults: list[Fault]) -> tuple[int, int]:
    """The document's discount: a fraction, or an amount in cents; a sign that says otherwise than the choice is asked.

    Whether the amount is more than the lines come to is known once they are composed.
    """
    text, value = clean(raw.discount_all), {"value": clean(raw.discount_all)[:40]}
    if not text:
        return 0, 0
    percent = raw.discount_kind != "amount"
    if text.endswith(("€", "$") if percent else "%"):
        faults.append(Fault("discount_all", "discount_is_amount" if percent else "discount_is_percent", value))
        return 0, 0
    bad = "bad_discount" if percent else "bad_discount_amount"
    found = _number("discount_all", text, 2, PRICE_MAX_E4, faults, bad)
    if found < 0 or (percent and found > PART):
        faults.append(Fault("discount_all", bad, value))
        return 0, 0
    return (found, 0) if percent else (0, found)


def _number(name: str, text: str, decimals: int, most: int, faults: list[Fault], code: str) -> int:
    try:
        value = read_scaled(text, decimals)
    except Ambiguous:
        faults.append(Fault(name, "ambiguous_number", {"value": clean(text)[:40]}))
        return 0
    except NotANumber:
        faults.append(Fault(name, code if text.strip() else f"{code}_empty", {"value": clean(text)[:40]}))
        return 0
    if abs(value) > most:
        faults.append(Fault(name, "too_great", {"value": clean(text)[:40]}))
    return value


def _day(name: str, text: str, faults: list[Fault]) -> date | None:
    try:
        day = read_date(text)
    except NotADate:
        faults.append(Fault(name, "bad_date", {"value": clean(text)[:40]}))
        return None
    if day and not 2000 <= day.year <= 2100:
        faults.append(Fault(name, "bad_date", {"value": clean(text)[:40]}))
    return day


def _read_payment(raw: RawDraft, faults: list[Fault]) -> tuple[PaymentMethod | None, date | None]:
    if raw.paid != "yes":
        return None, None
    day = _day("paid_on", raw.paid_on, faults)
    if not clean(raw.paid_on):
        faults.append(Fault("paid_on", "date_required"))
    if raw.paid_method not in tuple(PaymentMethod):
        faults.append(Fault("paid_method", "choose"))
        return None, day
    return PaymentMethod(raw.paid_method), day
