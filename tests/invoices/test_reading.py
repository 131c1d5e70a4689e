"""What was typed for a draft is read exactly, or named at its field, all at once."""

from __future__ import annotations

from datetime import date

import pytest

from invoicing.days import NotADate, read_date
from invoicing.errors import FieldFaults
from invoicing.invoices.reading import DraftContent, RawDraft, RawLine, read_draft
from invoicing.payments.models import PaymentMethod

SETS = frozenset({1, 2})


def read(*lines: RawLine, **over: str) -> DraftContent:
    return read_draft(RawDraft(lines=lines, **over), SETS)


def faults(*lines: RawLine, **over: str) -> dict[str, str]:
    with pytest.raises(FieldFaults) as refused:
        read(*lines, **over)
    return {fault.field: fault.code for fault in refused.value.faults}


def test_commas_and_points_read_alike() -> None:
    line = RawLine(label="Cotisation", quantity="1,5", price="12.50", discount="10", tax_set="1")
    (found,) = read(line).lines
    assert (found.quantity_e3, found.price_e4, found.discount_e4) == (1500, 125_000, 1000)


def test_every_mistake_is_named_at_once() -> None:
    found = faults(
        RawLine(label="", price="60", tax_set="1"),
        RawLine(label="Revue", price="soixante", quantity="beaucoup", discount="200", tax_set="9"),
        issued_on="32/13/2026", due_on="demain", paid="yes", paid_method="or",
    )  # fmt: skip
    assert found == {
        "lines-0-label": "label_required", "lines-1-price": "bad_price", "lines-1-quantity": "bad_quantity",
        "lines-1-discount": "bad_discount", "lines-1-tax_set": "choose_tax", "issued_on": "bad_date",
        "due_on": "bad_date", "paid_on": "date_required", "paid_method": "choose",
    }  # fmt: skip


def test_blank_lines_are_passed_over_but_one_line_there_must_be() -> None:
    line = RawLine(label="Revue", price="60", tax_set="2")
    assert len(read(RawLine(), line, RawLine()).lines) == 1
    assert faults(RawLine(), RawLine()) == {"lines-0-label": "no_line"}


def test_faults_keep_the_place_of_their_line() -> None:
    assert faults(RawLine(), RawLine(label="Revue", price="", tax_set="1")) == {"lines-1-price": "bad_price_empty"}


def test_500_lines_are_read_and_one_more_is_refused() -> None:
    line = RawLine(label="Revue", price="60", tax_set="2")
    assert len(read(*[line] * 500).lines) == 500
    assert faults(*[line] * 501) == {"lines-0-label": "too_many_lines"}


def test_a_deduction_has_a_negative_quantity_not_a_negative_price() -> None:
    assert faults(RawLine(label="Remise", price="-5", tax_set="1")) == {"lines-0-price": "negative_price"}
    assert read(RawLine(label="Remise", quantity="-1", price="5", tax_set="1")).lines[0].quantity_e3 == -1000


def test_what_the_paper_cannot_print_is_refused_and_tricks_are_cleaned() -> None:
    assert faults(RawLine(label="Fête 🎉", price="5", tax_set="1")) == {"lines-0-label": "no_glyph"}
    assert read(RawLine(label="Fac\u202eture\x00", price="5", tax_set="1")).lines[0].label == "Facture"


def test_numbers_beyond_reason_are_refused() -> None:
    line = RawLine(label="x", quantity="99999999", price="99999999999", tax_set="1" * 40)
    assert faults(line) == {
        "lines-0-quantity": "too_great",
        "lines-0-price": "too_great",
        "lines-0-tax_set": "choose_tax",
    }


def test_money_already_received_needs_a_method_and_a_day() -> None:
    content = read(RawLine(label="x", price="5", tax_set="1"), paid="yes", paid_method="cheque", paid_on="20/11/2026")
    assert (content.paid_method, content.paid_on) == (PaymentMethod.cheque, date(2026, 11, 20))


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2026-11-22", date(2026, 11, 22)),
        ("22/11/2026", date(2026, 11, 22)),
        ("1.2.2026", date(2026, 2, 1)),
        (" ", None),
    ],
)
def test_reads_days_as_people_write_them(typed: str, day: date | None) -> None:
    assert read_date(typed) == day


@pytest.mark.parametrize("typed", ["31/02/2026", "22/11/26", "2026", "hier", "2026-13-01", "٢٢/11/2026x"])
def test_refuses_days_that_are_none(typed: str) -> None:
    with pytest.raises(NotADate):
        read_date(typed)


def discounted(text: str, kind: str = "percent") -> tuple[int, int]:
    content = read(RawLine(label="x", price="50", tax_set="1"), discount_all=text, discount_kind=kind)
    return content.discount_e4, content.discount_cents


@pytest.mark.parametrize(("text", "read"), [("10", 1000), ("10 %", 1000), ("12,50", 1250), ("100", 10_000), (" ", 0)])
def test_a_discount_on_the_document_in_percent(text: str, read: int) -> None:
    assert discounted(text) == (read, 0)


@pytest.mark.parametrize(("text", "cents"), [("10", 1000), ("12,50 €", 1250), ("1 234,56", 123_456), ("", 0)])
def test_a_discount_on_the_document_as_an_amount(text: str, cents: int) -> None:
    assert discounted(text, "amount") == (0, cents)


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("50 €", "percent", "discount_is_amount"),
        ("10 %", "amount", "discount_is_percent"),
        ("100,01", "percent", "bad_discount"),
        ("-1", "percent", "bad_discount"),
        ("-1", "amount", "bad_discount_amount"),
        ("beaucoup", "amount", "bad_discount_amount"),
        ("1,234", "amount", "ambiguous_number"),
    ],
)
def test_a_discount_that_says_two_things_or_nothing_is_asked(text: str, kind: str, code: str) -> None:
    line = RawLine(label="x", price="50", tax_set="1")
    assert faults(line, discount_all=text, discount_kind=kind) == {"discount_all": code}


def test_a_price_may_include_the_taxes() -> None:
    assert read(RawLine(label="x", price="50", tax_set="1", gross="1")).lines[0].gross
    assert not read(RawLine(label="x", price="50", tax_set="1")).lines[0].gross
