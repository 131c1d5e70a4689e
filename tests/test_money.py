"""Exact money: reading, rounding and writing, against exact fractions."""

from __future__ import annotations

import contextlib
import decimal
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.money import (
    Ambiguous,
    NotANumber,
    half_up,
    line_net,
    plain_scaled,
    read_scaled,
    tax_on,
    write_money,
    write_scaled,
)

NB = "\u00a0"
NONSENSE = ["", " ", "soixante", "1,2,3", "12.345", "1.2.3", "€", "--1", "1e3", "9" * 20, "½", "NaN"]


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("12,50", 1250), ("12.50", 1250), ("1 234,56", 123456), (f"1{NB}234,56{NB}€", 123456), ("1,234.56", 123456),
        ("1.234,56", 123456), ("1,234,567.8", 123456780), (".5", 50), ("−3,2", -320), ("-3.20", -320), ("5", 500),
        ("12,5000", 1250), ("0,500", 50), ("1,234,567", 123456700), ("１２,５０", 1250),
        ("$68.99", None), ("68.99 $", 6899),
    ],
)  # fmt: skip
def test_reads_amounts_as_people_write_them(typed: str, cents: int | None) -> None:
    if cents is None:
        with pytest.raises(NotANumber):
            read_scaled(typed, 2)
    else:
        assert read_scaled(typed, 2) == cents


@pytest.mark.parametrize("typed", NONSENSE)
def test_refuses_what_cannot_be_read_without_guessing(typed: str) -> None:
    with pytest.raises(NotANumber):
        read_scaled(typed, 2)


@given(st.integers(-(10**12), 10**12), st.sampled_from(["fr_FR", "fr_CA", "en"]), st.integers(0, 4))
def test_what_is_written_is_read_back(value: int, locale: str, decimals: int) -> None:
    with contextlib.suppress(Ambiguous):
        assert read_scaled(write_scaled(value, decimals, locale), decimals) == value
    assert read_scaled(plain_scaled(value, decimals, locale), decimals) == value


@pytest.mark.parametrize("typed", ["1,234", "1.234", "12,000", "-999,999"])
def test_a_mark_before_three_digits_is_asked_not_guessed(typed: str) -> None:
    with pytest.raises(Ambiguous):
        read_scaled(typed, 3)


@given(st.integers(-(10**18), 10**18), st.integers(1, 10**9))
def test_halves_go_away_from_zero(numerator: int, denominator: int) -> None:
    exact = Fraction(numerator, denominator)
    rounded = half_up(numerator, denominator)
    assert abs(rounded - exact) <= Fraction(1, 2)
    assert half_up(-numerator, denominator) == -rounded
    if abs(rounded - exact) == Fraction(1, 2):
        assert abs(rounded) > abs(exact)


@given(st.integers(-(10**9), 10**9), st.integers(0, 10**11), st.integers(0, 10**4))
def test_a_line_is_rounded_once_as_exact_decimals_say(quantity_e3: int, price_e4: int, discount_e4: int) -> None:
    with decimal.localcontext(decimal.Context(prec=60)):
        exact = Decimal(quantity_e3).scaleb(-3) * Decimal(price_e4).scaleb(-4) * (1 - Decimal(discount_e4).scaleb(-4))
        expected = int(exact.quantize(Decimal("0.01"), ROUND_HALF_UP) * 100)
    assert line_net(quantity_e3, price_e4, discount_e4) == expected


def test_no_decimal_context_changes_a_cent() -> None:
    with decimal.localcontext(decimal.Context(prec=2, rounding=decimal.ROUND_DOWN)):
        assert tax_on(114_000, 9_975) == 11_372


@pytest.mark.parametrize(
    ("cents", "currency", "locale", "expected"),
    [
        (123456, "EUR", "fr_FR", f"1{NB}234,56{NB}€"), (123456, "CAD", "fr_CA", f"1{NB}234,56{NB}$"),
        (-9500, "EUR", "fr_FR", f"−95,00{NB}€"), (123456, "EUR", "en", "€1,234.56"), (-5, "CAD", "en", "−$0.05"),
    ],
)  # fmt: skip
def test_writes_amounts_by_language(cents: int, currency: str, locale: str, expected: str) -> None:
    assert write_money(cents, currency, locale) == expected
