"""What lines come to, against an oracle of exact fractions that is written here and shares no code with the house."""

from __future__ import annotations

import decimal
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoicing.invoices.amounts import Amounts, amounts, discount_faults, share_out
from invoicing.invoices.reading import LineContent
from invoicing.taxes.rules import Borne

TPS, TVQ = Borne(1, 5_000), Borne(2, 9_975)
VAT_20, VAT_55, ZERO = Borne(3, 20_000), Borne(4, 5_500), Borne(5, 0)
VECTORS = [
    (6000, 300, 599, 6899), (10000, 500, 998, 11498), (14000, 700, 1397, 16097), (22000, 1100, 2195, 25295),
    (30000, 1500, 2993, 34493), (34000, 1700, 3392, 39092), (38000, 1900, 3791, 43691), (114000, 5700, 11372, 131072),
]  # fmt: skip


def line(price: int, gross: bool = False, quantity: int = 1000, off: int = 0) -> LineContent:
    """One line; `price` in cents."""
    return LineContent("x", "", quantity, price * 100, off, 1, gross)


def rounded(value: Fraction) -> int:
    """Half-up to a whole number, halves away from zero: the oracle's own."""
    return floor(value + Fraction(1, 2)) if value >= 0 else ceil(value - Fraction(1, 2))


def taxes(found: Amounts) -> list[tuple[int, int, int]]:
    return [(row.rate_e5, row.base_cents, row.amount_cents) for row in found.taxes]


@pytest.mark.parametrize(("net", "tps", "tvq", "total"), VECTORS)
def test_the_vectors_of_the_law(net: int, tps: int, tvq: int, total: int) -> None:
    found = amounts([(line(net), (TPS, TVQ))])
    assert taxes(found) == [(5_000, net, tps), (9_975, net, tvq)]
    assert (found.net_cents, found.total_cents, found.rounding_cents) == (net, total, 0)


@pytest.mark.parametrize(("net", "tps", "tvq", "total"), VECTORS)
def test_the_vectors_cut_into_lines_discounted_or_with_tax_inside(net: int, tps: int, tvq: int, total: int) -> None:
    sevenths = [(line(net // 7), (TPS, TVQ))] * 6 + [(line(net - 6 * (net // 7)), (TPS, TVQ))]
    assert amounts(sevenths).total_cents == total
    assert amounts([(line(2 * net), (TPS, TVQ))], discount_e4=5_000).total_cents == total
    assert amounts([(line(net + 1234), (TPS, TVQ))], discount_cents=1234).total_cents == total
    back = amounts([(line(total, gross=True), (TPS, TVQ))])
    assert (back.net_cents, taxes(back)) == (net, [(5_000, net, tps), (9_975, net, tvq)])


def test_a_price_with_tax_that_no_cents_can_hold_has_a_rounding() -> None:
    found = amounts([(line(1005, gross=True), (VAT_20,))])
    assert (found.net_cents, found.tax_cents, found.rounding_cents, found.total_cents) == (838, 168, -1, 1005)


def test_ten_places_with_tax_inside_do_not_drift() -> None:
    found = amounts([(line(999, gross=True), (VAT_20,))] * 10)
    assert (found.total_cents, sum(found.nets)) == (9990, 8325)
    assert set(found.nets) == {832, 833}


def test_prices_that_nearly_cancel_keep_each_their_own_net() -> None:
    found = amounts([(line(120_000, gross=True), (VAT_20,)), (line(119_999, gross=True, quantity=-1000), (VAT_20,))])
    assert (found.nets, found.total_cents) == ((100_000, -99_999), 1)


def test_a_discount_in_percent_is_rounded_once_on_all_lines() -> None:
    found = amounts([(line(5), (VAT_20,)), (line(5), (VAT_55,)), (line(5), ())], discount_e4=1000)
    assert (found.allowance_cents, found.net_cents) == (2, 13)  # 1,5 cents; line by line it would be 3


def test_a_discount_on_prices_with_tax_gives_the_price_that_was_said() -> None:
    found = amounts([(line(12_000, gross=True), (VAT_20,)), (line(5_005, gross=True), (VAT_55,))], discount_e4=1000)
    assert found.total_cents == 17_005 - 1_701
    assert found.net_cents + found.tax_cents + found.rounding_cents == found.total_cents


def test_an_amount_before_tax_is_spread_over_the_rates_by_their_nets() -> None:
    found = amounts([(line(10_000), (VAT_20,)), (line(5_000), (VAT_55,))], discount_cents=3_000)
    assert found.allowances == (2_000, 1_000)
    assert taxes(found) == [(20_000, 8_000, 1_600), (5_500, 4_000, 220)]


def test_tps_with_tvq_and_tps_alone_are_one_tps() -> None:
    found = amounts([(line(1010), (TPS, TVQ)), (line(1010), (TPS,))])
    assert taxes(found) == [(5_000, 2020, 101), (9_975, 1010, 101)]


def test_a_discount_is_at_most_what_the_lines_come_to() -> None:
    assert not discount_faults(1000, 1000) and not discount_faults(-5, 0)
    assert [fault.code for fault in discount_faults(1000, 1001)] == ["discount_over"]
    assert [fault.field for fault in discount_faults(-5, 1)] == ["discount_all"]


SETS = [(), (VAT_20,), (VAT_55,), (ZERO,), (TPS, TVQ), (TPS,)]
QUANTITIES = st.one_of(st.just(1000), st.integers(-5_000, 50_000))


def many(gross: st.SearchStrategy[bool]) -> st.SearchStrategy[list[tuple[LineContent, tuple[Borne, ...]]]]:
    one = st.builds(
        lambda quantity, price, off, inside, borne: (LineContent("x", "", quantity, price, off, 1, inside), borne),
        QUANTITIES, st.integers(0, 10**8), st.sampled_from([0, 0, 500, 3333, 10_000]), gross, st.sampled_from(SETS),
    )  # fmt: skip
    return st.lists(one, min_size=1, max_size=12)


LINES, NET_LINES, GROSS_LINES = many(st.booleans()), many(st.just(False)), many(st.just(True))
PERCENTS = st.one_of(st.just(0), st.integers(0, 10_000))


def price_of(content: LineContent) -> int:
    """The line as priced: exact, then rounded once."""
    exact = Fraction(content.quantity_e3, 1000) * Fraction(content.price_e4, 100)
    return rounded(exact * (1 - Fraction(content.discount_e4, 10_000)))


def check_sums(lines: list[tuple[LineContent, tuple[Borne, ...]]], found: Amounts) -> None:
    """What holds of every document, whatever its prices and discounts."""
    bases: dict[Borne, int] = {}
    for (_, borne), net, off in zip(lines, found.nets, found.allowances, strict=True):
        for tax in borne:
            bases[tax] = bases.get(tax, 0) + net - off
    told = {Borne(row.tax_id, row.rate_e5): (row.base_cents, row.amount_cents) for row in found.taxes}
    assert told == {tax: (base, rounded(Fraction(base * tax.rate_e5, 100_000))) for tax, base in bases.items()}
    assert len(found.taxes) == len(told)
    assert found.allowance_cents == sum(found.allowances)
    assert found.net_cents == sum(found.nets) - sum(found.allowances)
    assert found.tax_cents == sum(amount for _base, amount in told.values())
    assert found.total_cents == found.net_cents + found.tax_cents + found.rounding_cents


def limit(lines: list[tuple[LineContent, tuple[Borne, ...]]]) -> Fraction:
    """How far cents can be from a price with tax: half a cent of net for each set of taxes, and half for each tax."""
    sets = {borne for _, borne in lines if borne}
    known = {tax for borne in sets for tax in borne}
    nets = sum((Fraction(1, 2) * (1 + Fraction(sum(t.rate_e5 for t in borne), 100_000)) for borne in sets), Fraction(0))
    return nets + Fraction(len(known), 2)


@given(LINES, PERCENTS)
def test_every_sum_holds(lines: list[tuple[LineContent, tuple[Borne, ...]]], percent: int) -> None:
    check_sums(lines, amounts(lines, discount_e4=percent))


@given(LINES, st.integers(1, 10**6))
def test_every_sum_holds_with_an_amount_off(lines: list[tuple[LineContent, tuple[Borne, ...]]], off: int) -> None:
    found = amounts(lines, discount_cents=off)
    check_sums(lines, found)
    assert found.rounding_cents == 0
    assert found.allowance_cents == (off if sum(found.nets) else 0)


@given(NET_LINES, PERCENTS)
def test_prices_before_tax_are_what_they_are(lines: list[tuple[LineContent, tuple[Borne, ...]]], percent: int) -> None:
    found = amounts(lines, discount_e4=percent)
    assert found.nets == tuple(price_of(content) for content, _ in lines)
    assert found.allowance_cents == rounded(Fraction(sum(found.nets) * percent, 10_000))
    assert found.rounding_cents == 0
    for net, off in zip(found.nets, found.allowances, strict=True):
        assert abs(off - Fraction(net * percent, 10_000)) < 2


@given(GROSS_LINES, PERCENTS)
def test_prices_with_tax_are_what_is_paid(lines: list[tuple[LineContent, tuple[Borne, ...]]], percent: int) -> None:
    found = amounts(lines, discount_e4=percent)
    asked = sum(price_of(content) for content, _ in lines)
    if any(borne for _, borne in lines):
        assert found.total_cents == asked - rounded(Fraction(asked * percent, 10_000))
    assert abs(found.rounding_cents) <= limit(lines)
    for (content, borne), net in zip(lines, found.nets, strict=True):
        exact = price_of(content) / (1 + Fraction(sum(tax.rate_e5 for tax in borne), 100_000))
        assert abs(net - exact) < 2


@given(LINES)
def test_nets_of_prices_with_tax_come_to_their_sum_by_set(lines: list[tuple[LineContent, tuple[Borne, ...]]]) -> None:
    found = amounts(lines)
    for borne in {borne for _, borne in lines}:
        places = [n for n, (content, own) in enumerate(lines) if own == borne and content.gross]
        whole = 1 + Fraction(sum(tax.rate_e5 for tax in borne), 100_000)
        exact = Fraction(sum(price_of(lines[n][0]) for n in places)) / whole
        assert sum(found.nets[n] for n in places) == rounded(exact)


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(-(10**6), 10**6), max_size=20))
def test_shares_come_to_the_cent(amount: int, weights: list[int]) -> None:
    shares = share_out(amount, weights)
    whole = sum(weights)
    assert sum(shares) == (amount if whole else 0)
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - (Fraction(amount * weight, whole) if whole else 0)) < 1
        assert weight or not share


@given(LINES, PERCENTS)
def test_no_decimal_context_changes_a_cent(lines: list[tuple[LineContent, tuple[Borne, ...]]], percent: int) -> None:
    before = amounts(lines, discount_e4=percent)
    hostile = decimal.Context(prec=1, rounding=decimal.ROUND_UP, Emax=1, Emin=-1, traps=[decimal.Inexact])
    with decimal.localcontext(hostile):
        found = amounts(lines, discount_e4=percent)
    assert found == before
    values = [*found.nets, *found.allowances, found.rounding_cents, found.total_cents, found.tax_cents]
    assert all(type(value) is int for value in values)
