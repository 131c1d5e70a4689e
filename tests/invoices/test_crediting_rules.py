"""Credit notes mirror their invoice to the cent, whatever the parts in which it is credited (SPEC B9)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from invoicing.errors import FieldFaults
from invoicing.invoices.amounts import amounts
from invoicing.invoices.crediting_rules import Corrected, CorrectedLine, Credited, credited
from invoicing.invoices.reading import LineContent
from invoicing.invoices.rules import amount_faults
from invoicing.taxes.rules import Borne

TAXES = ((), (Borne(1, 20_000),), (Borne(1, 20_000),), (Borne(2, 5_500),), (Borne(3, 5_000), Borne(4, 9_975)))


def content(quantity_e3: int, price_e4: int, discount_e4: int = 0, gross: bool = False) -> LineContent:
    return LineContent("Cours", "", quantity_e3, price_e4, discount_e4, 1, gross)


lines = st.builds(
    content,
    st.sampled_from((1000, 1000, 2000, 1500, 333, -1000)),
    st.integers(0, 3_000_000).map(lambda cents: cents * 1),
    st.sampled_from((0, 0, 0, 1000, 3333)),
    st.booleans(),
)
invoices = st.lists(st.tuples(lines, st.sampled_from(TAXES)), min_size=1, max_size=6)
discounts = st.one_of(
    st.just((0, 0)), st.tuples(st.integers(0, 9999), st.just(0)), st.tuples(st.just(0), st.integers(0, 500))
)


def corrected(priced: list[tuple[LineContent, tuple[Borne, ...]]], discount: tuple[int, int] = (0, 0)) -> Corrected:
    """An invoice that nobody has credited yet."""
    found = amounts(priced, *discount)
    rows = zip(priced, found.nets, found.allowances, strict=True)
    made = tuple(CorrectedLine(n, line, taxes, net, off) for n, ((line, taxes), net, off) in enumerate(rows))
    return Corrected(made, found.taxes, {}, found.total_cents, 0)


def after(was: Corrected, done: Credited) -> Corrected:
    """The same, once this credit note stands."""
    took: dict[int, int] = {}
    for (line, _), net, off in zip(done.lines, done.amounts.nets, done.amounts.allowances, strict=True):
        took[line.id] = net - off
    taken = dict(was.taken)
    for tax in done.amounts.taxes:
        base, amount = taken.get(Borne(tax.tax_id, tax.rate_e5), (0, 0))
        taken[Borne(tax.tax_id, tax.rate_e5)] = (base + tax.base_cents, amount + tax.amount_cents)
    new = tuple(
        replace(line, taken_cents=(line.taken_cents or 0) + took[line.id]) if line.id in took else line
        for line in was.lines
    )
    return replace(was, lines=new, taken=taken, taken_total_cents=was.taken_total_cents + done.amounts.total_cents)


def half_up(value: Fraction) -> int:
    """To the nearest cent, halves up; an oracle of its own (values here are never negative)."""
    return int((value + Fraction(1, 2)) // 1)


def check(was: Corrected, done: Credited) -> None:
    """What every credit note keeps to, alone."""
    found = done.amounts
    assert 0 < found.total_cents <= was.rest_cents
    assert found.total_cents == sum(found.nets) - sum(found.allowances) + found.tax_cents + found.rounding_cents
    bases: dict[Borne, int] = defaultdict(int)
    for (line, _), net, off in zip(done.lines, found.nets, found.allowances, strict=True):
        assert abs(net - off) <= abs(line.rest_cents)
        for borne in line.taxes:
            bases[borne] += net - off
    whole = {Borne(tax.tax_id, tax.rate_e5): tax for tax in was.taxes}
    for tax in found.taxes:
        rest_base, rest = was.rest_of(whole[Borne(tax.tax_id, tax.rate_e5)])
        assert tax.base_cents == bases[Borne(tax.tax_id, tax.rate_e5)] and 0 <= tax.amount_cents <= rest
        exact = half_up(Fraction(tax.base_cents * tax.rate_e5, 10**5))
        assert tax.amount_cents == (rest if tax.base_cents == rest_base else min(exact, rest))


@settings(max_examples=400, deadline=None)
@given(invoices, discounts, st.data())
def test_the_credit_notes_of_an_invoice_mirror_it_to_the_cent(
    priced: list[tuple[LineContent, tuple[Borne, ...]]], discount: tuple[int, int], data: st.DataObject
) -> None:
    assume(not amount_faults(amounts(priced, *discount)))
    was = start = corrected(priced, discount)
    assume(start.total_cents > 0)
    notes: list[Credited] = []
    for _ in range(data.draw(st.integers(0, 4))):
        wanted = []
        for line in was.lines:
            rest = line.rest_cents
            if rest and data.draw(st.booleans()):
                part = data.draw(st.integers(1, abs(rest)))
                wanted.append((line.id, part if rest > 0 else -part))
        try:
            done = credited(was, wanted)
        except FieldFaults:
            continue  # nothing chosen, or a deduction left out: nothing has changed
        check(was, done)
        notes.append(done)
        was = after(was, done)
    if was.rest_cents:
        done = credited(was, was.everything())
        check(was, done)
        notes.append(done)
        was = after(was, done)
    assert was.rest_cents == 0 and sum(note.amounts.total_cents for note in notes) == start.total_cents
    if not was.rest_net_cents:  # else all of the total went with a rounding, and a cent before tax stays behind
        for tax in start.taxes:
            if tax.base_cents:
                assert was.rest_of(tax) == (0, 0)


@settings(max_examples=200, deadline=None)
@given(invoices, discounts)
def test_a_whole_credit_note_says_what_the_invoice_said(
    priced: list[tuple[LineContent, tuple[Borne, ...]]], discount: tuple[int, int]
) -> None:
    assume(not amount_faults(amounts(priced, *discount)))
    was = corrected(priced, discount)
    assume(was.total_cents > 0)
    done = credited(was, was.everything())
    assert done.is_whole and [content for _, content in done.lines] == [line for line, _ in priced]
    assert done.amounts == amounts(priced, *discount)


HUNDRED = content(1000, 1_000_000)
TWENTY = (Borne(1, 20_000),)


@pytest.mark.parametrize(
    ("wanted", "field", "code"),
    [
        ((), "lines", "no_credit_line"),
        (((7, 100),), "lines", "no_credit_line"),
        (((0, 0),), "line-0", "credit_amount"),
        (((0, -1),), "line-0", "credit_sign"),
        (((0, 10_001),), "line-0", "more_than_line"),
        (((1, 1),), "line-1", "credit_sign"),
        (((0, 7_001),), "lines", "more_than_document"),
        (((1, -3_000),), "lines", "deduction_alone"),
        (((0, 2_000), (1, -3_000)), "lines", "deduction_alone"),
        (((2, 1),), "line-2", "line_exhausted"),
    ],
)
def test_what_cannot_be_credited_is_named_at_its_line(
    wanted: tuple[tuple[int, int], ...], field: str, code: str
) -> None:
    was = corrected([(HUNDRED, TWENTY), (content(-1000, 300_000), TWENTY), (HUNDRED, ())])
    was = after(was, credited(was, [(2, 10_000)]))
    with pytest.raises(FieldFaults) as refused:
        credited(was, wanted)
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [(field, code)]


def test_a_deduction_bears_on_its_own_tax() -> None:
    was = corrected([(HUNDRED, TWENTY), (content(-1000, 300_000), TWENTY), (HUNDRED, ())])
    with pytest.raises(FieldFaults) as refused:
        credited(was, [(0, 10_000)])  # 20 euros of tax, where 14 were asked
    assert [fault.code for fault in refused.value.faults] == ["more_than_tax"]
    found = credited(was, [(0, 10_000), (1, -3_000)]).amounts
    assert (found.net_cents, found.tax_cents) == (7_000, 1_400)


def test_a_part_is_printed_as_one_piece_and_a_whole_line_as_it_was() -> None:
    was = corrected([(content(3000, 500_000, 1000, True), TWENTY), (content(2000, 100_000), TWENTY)], (1000, 0))
    first = credited(was, [(0, was.lines[0].rest_cents), (1, 500)])
    (_, whole), (_, part) = first.lines
    assert whole == was.lines[0].content and not first.is_whole
    assert (part.quantity_e3, part.price_e4, part.discount_e4, part.gross) == (1000, 50_000, 0, False)


def test_the_cents_that_a_tax_lacks_go_with_its_last_part() -> None:
    """Three lines of 0,33 at 20 %: 0,20 together, 0,07 each; the last bears 0,06."""
    was = corrected([(content(1000, 3300), TWENTY)] * 3)
    parts = []
    for n in range(3):
        done = credited(was, [(n, 33)])
        parts.append(done.amounts.tax_cents)
        was = after(was, done)
    assert parts == [7, 7, 6] and was.rest_cents == 0


@pytest.mark.parametrize(("wanted", "code"), [([(1, -3_000)], "deduction_alone"),
                                              ([(0, 3_000), (1, -3_000)], "nothing_credited")])  # fmt: skip
def test_a_deduction_without_tax_does_not_stand_alone_either(wanted: list[tuple[int, int]], code: str) -> None:
    was = corrected([(HUNDRED, ()), (content(-1000, 300_000), ())])
    with pytest.raises(FieldFaults) as refused:
        credited(was, wanted)
    assert [fault.code for fault in refused.value.faults] == [code]
