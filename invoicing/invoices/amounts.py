"""What lines come to: nets, discounts, taxes, rounding, total. Pure, integers only.

Each tax is computed on the sum of the net lines that bear it and rounded on its own (LAW.md). A price that includes
tax is taken back to its net per group of lines with the same taxes; what the cents then lack of the price that was
asked is the rounding (EN 16931, BT-114): 10,05 € at 20 % is 8,38 + 1,68 − 0,01.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle, islice

from invoicing.errors import Fault
from invoicing.invoices.reading import PART, LineContent
from invoicing.money import half_up, line_net
from invoicing.taxes.rules import Borne, TaxSum, sum_taxes

RATE = 10**5  # of rate_e5
Priced = tuple[LineContent, Sequence[Borne]]  # a line, and the taxes that it bears


@dataclass(frozen=True)
class Amounts:
    """What lines and taxes come to, in cents.

    `nets` are the lines before the document's discount, `allowances` their shares of it (both per line);
    `net_cents` is their difference, and total = net + tax + rounding.
    """

    nets: tuple[int, ...]
    allowances: tuple[int, ...]
    taxes: tuple[TaxSum, ...]
    rounding_cents: int = 0

    @cached_property
    def allowance_cents(self) -> int:
        """The document's discount."""
        return sum(self.allowances)

    @cached_property
    def net_cents(self) -> int:
        """Before tax, discounts taken off."""
        return sum(self.nets) - self.allowance_cents

    @cached_property
    def tax_cents(self) -> int:
        """All taxes."""
        return sum(row.amount_cents for row in self.taxes)

    @property
    def total_cents(self) -> int:
        """What is to be paid."""
        return self.net_cents + self.tax_cents + self.rounding_cents


@dataclass(frozen=True)
class Kept(Amounts):
    """Totals that came with a document as they are; its lines have no amounts, its taxes aren't told apart."""

    given_net_cents: int = 0
    given_tax_cents: int = 0

    @cached_property
    def net_cents(self) -> int:
        """As given."""
        return self.given_net_cents

    @cached_property
    def tax_cents(self) -> int:
        """As given."""
        return self.given_tax_cents


def kept(lines: int, net_cents: int, tax_cents: int) -> Kept:
    """Amounts of a document with so many lines of which only the totals are known."""
    nothing = (0,) * lines
    return Kept(nothing, nothing, (), given_net_cents=net_cents, given_tax_cents=tax_cents)


@dataclass(frozen=True)
class _Group:
    """The lines with the same taxes: their places, and whether all their prices include those taxes."""

    taxes: tuple[Borne, ...]
    places: tuple[int, ...]
    gross: bool

    @property
    def whole(self) -> int:
        """What stands above RATE for a price with its taxes; every tax is on the price before tax."""
        return RATE + sum(tax.rate_e5 for tax in self.taxes)


def amounts(lines: Sequence[Priced], discount_e4: int = 0, discount_cents: int = 0) -> Amounts:
    """Net per line, each tax on the sum of the lines that bear it, and the total.

    The document's discount is a fraction (`discount_e4`) or an amount before tax (`discount_cents`), spread over the
    lines by their nets; to the cent, the largest remainders first.
    """
    asked = [line_net(line.quantity_e3, line.price_e4, line.discount_e4) for line, _ in lines]
    groups, nets = _groups(lines), list(asked)
    for group in groups:
        inside = [place for place in group.places if lines[place][0].gross]
        for place, net in zip(inside, _nets([asked[n] for n in inside], group.whole), strict=True):
            nets[place] = net
    agreed = _agreed(groups)  # the prices with tax are what was agreed: nothing else decides
    off = _fraction(asked if agreed else nets, discount_e4)
    allowances = _taken_back(groups, nets, asked, off) if agreed else off
    if discount_cents:
        left = [net - less for net, less in zip(nets, allowances, strict=True)]
        allowances = [sum(pair) for pair in zip(allowances, share_out(discount_cents, left), strict=True)]
    bases = [net - less for net, less in zip(nets, allowances, strict=True)]
    taxes = sum_taxes(zip(bases, (tuple(borne) for _, borne in lines), strict=True))
    found = Amounts(tuple(nets), tuple(allowances), taxes)
    if not agreed or discount_cents:
        return found
    return Amounts(found.nets, found.allowances, taxes, sum(asked) - sum(off) - found.total_cents)


def discount_faults(lines_cents: int, discount_cents: int) -> list[Fault]:
    """A discount is at most what the lines come to before tax."""
    if 0 <= discount_cents <= max(lines_cents, 0):
        return []
    return [Fault("discount_all", "discount_over", {"cents": discount_cents, "lines_cents": lines_cents})]


def share_out(amount: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Whole cents by weight, their sum exactly `amount`; the cents left over go to the largest remainders, first first.

    Weights may be negative (a deduction bears its part of a discount) but not come to zero together: nothing is shared.
    """
    whole = sum(weights)
    if not amount or not whole:
        return (0,) * len(weights)
    signed = amount if whole > 0 else -amount  # so that remainders are positive
    return _rounded([signed * weight for weight in weights], abs(whole), amount)


def _rounded(parts: Sequence[int], denominator: int, total: int) -> tuple[int, ...]:
    """Each part / denominator as whole cents whose sum is `total`, near to the parts' own; a part of 0 stays 0."""
    halves = [divmod(part, denominator) for part in parts]
    shares = [quotient for quotient, _rest in halves]
    order = sorted((n for n, part in enumerate(parts) if part), key=lambda n: (-halves[n][1], n))
    left = total - sum(shares)
    step = 1 if left > 0 else -1
    for place in islice(cycle(order if left > 0 else order[::-1]), abs(left)):
        shares[place] += step
    return tuple(shares)


def _nets(gross: Sequence[int], whole: int) -> tuple[int, ...]:
    """What is before tax in prices that include it: of them together, then of each, nearest to its own."""
    return _rounded([value * RATE for value in gross], whole, half_up(sum(gross) * RATE, whole))


def _groups(lines: Sequence[Priced]) -> list[_Group]:
    """The lines by the taxes that they bear, in the order of first appearance."""
    places: dict[tuple[Borne, ...], list[int]] = {}
    for place, (_line, borne) in enumerate(lines):
        places.setdefault(tuple(borne), []).append(place)
    return [_Group(taxes, tuple(found), all(lines[n][0].gross for n in found)) for taxes, found in places.items()]


def _agreed(groups: Iterable[_Group]) -> bool:
    """Whether every taxed price includes its tax, and there is one: only then is there something to round to."""
    taxed = [group for group in groups if group.taxes]
    return bool(taxed) and all(group.gross for group in taxed)


def _fraction(values: Sequence[int], discount_e4: int) -> list[int]:
    """The discount on values together, rounded once, and each one's share of it."""
    return list(_rounded([v * discount_e4 for v in values], PART, half_up(sum(values) * discount_e4, PART)))


def _taken_back(groups: Iterable[_Group], nets: Sequence[int], asked: Sequence[int], off: Sequence[int]) -> list[int]:
    """The discount before tax, per line: what each group's net falls by when its prices with tax fall by `off`."""
    allowances = [0] * len(nets)
    for group in groups:
        left = half_up(sum(asked[n] - off[n] for n in group.places) * RATE, group.whole)
        falls = sum(nets[n] for n in group.places) - left
        shares = _rounded([off[n] * RATE for n in group.places], group.whole, falls)
        for place, share in zip(group.places, shares, strict=True):
            allowances[place] = share
    return allowances
