"""Taxes to the cent: the vectors of the law, and exact fractions."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.taxes.models import Tax, TaxRate, TaxSet
from invoicing.taxes.rules import Borne, NoRate, borne_by, rate_on, sum_taxes
from invoicing.taxes.service import load_reference
from tests.factories import tax_set

TPS, TVQ = Borne(1, 5_000), Borne(2, 9_975)
VECTORS = [
    (6000, 300, 599, 6899), (10000, 500, 998, 11498), (14000, 700, 1397, 16097), (22000, 1100, 2195, 25295),
    (30000, 1500, 2993, 34493), (34000, 1700, 3392, 39092), (38000, 1900, 3791, 43691), (114000, 5700, 11372, 131072),
]  # fmt: skip


@pytest.mark.parametrize(("net", "tps", "tvq", "total"), VECTORS)
def test_quebec_vectors_to_the_cent(net: int, tps: int, tvq: int, total: int) -> None:
    taxes = sum_taxes([(net, (TPS, TVQ))])
    assert [tax.amount_cents for tax in taxes] == [tps, tvq]
    assert net + sum(tax.amount_cents for tax in taxes) == total


@pytest.mark.parametrize(("net", "tps", "tvq", "total"), VECTORS)
def test_the_vectors_hold_however_the_net_is_cut_into_lines(net: int, tps: int, tvq: int, total: int) -> None:
    cut = [(net // 7, (TPS, TVQ))] * 6 + [(net - 6 * (net // 7), (TPS, TVQ))]
    assert [tax.amount_cents for tax in sum_taxes(cut)] == [tps, tvq]


@given(
    st.lists(
        st.tuples(st.integers(-(10**9), 10**9), st.lists(st.sampled_from([TPS, TVQ, Borne(3, 20_000)]), unique=True))
    )
)
def test_each_tax_is_rounded_once_on_the_sum_of_its_lines(lines: list[tuple[int, list[Borne]]]) -> None:
    for tax in sum_taxes(lines):
        base = sum(net for net, borne in lines if Borne(tax.tax_id, tax.rate_e5) in borne)
        assert tax.base_cents == base
        assert abs(Fraction(base * tax.rate_e5, 10**5) - tax.amount_cents) <= Fraction(1, 2)


def test_reference_taxes_are_loaded_once(session: Session) -> None:
    assert load_reference(session) > 10
    assert load_reference(session) == 0


def test_a_rate_that_the_law_brings_is_added_and_ends_the_one_before(session: Session) -> None:
    load_reference(session)
    tax = session.scalars(select(Tax).where(Tax.code == "TVA20")).one()
    session.delete(tax.rates[1])  # as it was known before 2014
    tax.rates[0].valid_to = None
    session.flush()
    session.expire(tax)
    assert rate_on(tax, date(2026, 11, 22)) == 19_600
    assert load_reference(session) == 1
    session.expire(tax)
    assert (rate_on(tax, date(2013, 12, 31)), rate_on(tax, date(2014, 1, 1))) == (19_600, 20_000)
    assert load_reference(session) == 0


def test_a_rate_that_the_data_do_not_know_stays(session: Session) -> None:
    load_reference(session)
    tax = session.scalars(select(Tax).where(Tax.code == "TVA55")).one()
    tax.rates[0].valid_to = date(2029, 12, 31)
    tax.rates.append(TaxRate(rate_e5=6_000, valid_from=date(2030, 1, 1), valid_to=None))
    session.flush()
    assert load_reference(session) == 0
    assert (rate_on(tax, date(2029, 12, 31)), rate_on(tax, date(2030, 1, 1))) == (5_500, 6_000)


@pytest.mark.parametrize(
    ("day", "rate"), [(date(2013, 12, 31), 19_600), (date(2014, 1, 1), 20_000), (date(2026, 11, 22), 20_000)]
)
def test_a_rate_is_the_one_of_its_day(session: Session, day: date, rate: int) -> None:
    load_reference(session)
    (borne,) = borne_by(tax_set(session, "FR_20"), day)
    assert borne.rate_e5 == rate


def test_a_day_without_a_rate_is_refused(session: Session) -> None:
    load_reference(session)
    tax: Tax = tax_set(session, "FR_20").members[0].tax
    with pytest.raises(NoRate):
        rate_on(tax, date(1999, 1, 1))


def test_quebec_sets_bear_both_taxes_in_the_order_of_printing(session: Session) -> None:
    load_reference(session)
    chosen: TaxSet = tax_set(session, "QC_TAXED")
    assert [member.tax.code for member in chosen.members] == ["TPS", "TVQ"]
    assert [borne.rate_e5 for borne in borne_by(chosen, date(2026, 11, 22))] == [5_000, 9_975]
