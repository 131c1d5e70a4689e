"""What lines come to: nets, discounts, taxes, rounding, total. Pure, integers only.

Each tax is computed on the sum of the net lines that bear it and rounded on its own (LAW.md). A price that includes
tax is taken back to its net per group of lines with the same taxes; what the cents then lack of the price that was
asked is the rounding (EN 16931, BT-114): 10,05 € at 20 % is 8,38 + 1,68 − 0,01.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from invoicing.invoices.reading import LineContent
from invoicing.money import half_up, line_net
from invoicing.taxes.rules import Borne, TaxSum, sum_taxes

PART = 10**4  # of discount_e4
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
class _Group:
    """The lines with the same taxes: their places, nets, and what was asked for those whose price includes tax."""

    taxes: tuple[Borne, ...]
    places: tuple[int, ...]
    nets: tuple[int, ...]
    gross_cents: int
    all_gross: bool

    @property
    def net_cents(self) -> int:
        return sum(self.nets)

    def asked(self, discount_e4: int) -> int:
        """What was asked for its gross lines, the discount taken off."""
        return self.gross_cents - half_up(self.gross_cents * discount_e4, PART)

    def allowance(self, discount_e4: int) -> int:
        """The discount on it, before tax."""
        if self.all_gross and self.taxes:
            return self.net_cents - _net_of(self.asked(discount_e4), self.taxes)
        return half_up(self.net_cents * discount_e4, PART)


def amounts(lines: Sequence[Priced], discount_e4: int = 0, discount_cents: int = 0) -> Amounts:
    """Net per line, each tax on the sum of the lines that bear it, and the total.

    The document's discount is a fraction (`discount_e4`) or an amount before tax (`discount_cents`), spread over the
    lines by their nets; to the cent, the largest remainders first.
    """
    groups = _groups(lines)
    nets, allowances = [0] * len(lines), [0] * len(lines)
    for group in groups:
        shares = share_out(group.allowance(discount_e4), group.nets) if discount_e4 else (0,) * len(group.nets)
        for place, net, share in zip(group.places, group.nets, shares, strict=True):
            nets[place], allowances[place] = net, share
    if discount_cents:
        extra = share_out(discount_cents, [net - off for net, off in zip(nets, allowances, strict=True)])
        allowances = [off + more for off, more in zip(allowances, extra, strict=True)]
    bases = [net - off for net, off in zip(nets, allowances, strict=True)]
    taxes = sum_taxes(zip(bases, (tuple(borne) for _, borne in lines), strict=True))
    found = Amounts(tuple(nets), tuple(allowances), taxes)
    asked = _asked(groups, discount_e4) if not discount_cents else None
    if asked is None:
        return found
    return Amounts(found.nets, found.allowances, taxes, asked - found.total_cents)


def share_out(amount: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Whole cents by weight, their sum exactly `amount`; the cents left over go to the largest remainders, first first.

    Weights may be negative (a deduction bears its part of a discount) but not come to zero together.
    """
    whole = sum(weights)
    if not amount or not whole:
        return (0,) * len(weights)
    signed = amount if whole > 0 else -amount  # so that remainders are positive
    parts = [divmod(signed * weight, abs(whole)) for weight in weights]
    shares = [quotient for quotient, _rest in parts]
    left = amount - sum(shares)
    order = sorted(range(len(weights)), key=lambda n: (-parts[n][1], n))
    for place in order[:left]:
        shares[place] += 1
    return tuple(shares)


def _groups(lines: Sequence[Priced]) -> list[_Group]:
    """The lines by the taxes that they bear, in the order of first appearance."""
    places: dict[tuple[Borne, ...], list[int]] = {}
    for place, (_line, borne) in enumerate(lines):
        places.setdefault(tuple(borne), []).append(place)
    return [_group(taxes, [(n, lines[n][0]) for n in found]) for taxes, found in places.items()]


def _group(taxes: tuple[Borne, ...], lines: Sequence[tuple[int, LineContent]]) -> _Group:
    """Nets of a group: as priced, or taken out of the prices that include tax, together and then spread."""
    asked = {n: line_net(line.quantity_e3, line.price_e4, line.discount_e4) for n, line in lines}
    gross = [n for n, line in lines if line.gross]
    sum_gross = sum(asked[n] for n in gross)
    weights = [asked[n] for n in gross]
    if sum_gross:
        spread = share_out(_net_of(sum_gross, taxes), weights)
    else:  # prices that cancel out: each on its own
        spread = tuple(_net_of(value, taxes) for value in weights)
    nets = asked | dict(zip(gross, spread, strict=True))
    return _Group(taxes, tuple(n for n, _ in lines), tuple(nets[n] for n, _ in lines), sum_gross,
                  len(gross) == len(lines))  # fmt: skip


def _net_of(gross_cents: int, taxes: Iterable[Borne]) -> int:
    """What is before tax in an amount that includes it; every tax is on the price before tax."""
    return half_up(gross_cents * RATE, RATE + sum(tax.rate_e5 for tax in taxes))


def _asked(groups: Sequence[_Group], discount_e4: int) -> int | None:
    """The total that was asked for, where every taxed price includes its tax; None elsewhere: nothing to round."""
    taxed = [group for group in groups if group.taxes]
    if not taxed or not all(group.all_gross for group in taxed):
        return None
    untaxed = sum(group.net_cents - group.allowance(discount_e4) for group in groups if not group.taxes)
    return untaxed + sum(group.asked(discount_e4) for group in taxed)
