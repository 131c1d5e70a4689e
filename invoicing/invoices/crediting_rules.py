"""What a credit note takes of the invoice that it corrects: pure, integers only (SPEC B9).

Amounts are before tax and carry the sign of their line: a deduction is negative in the invoice and in its credit note.
The credit notes of an invoice, once it is credited whole, mirror it to the cent: per line, per tax and in total.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from invoicing.errors import Fault, FieldFaults, Refused
from invoicing.invoices.amounts import Amounts, kept
from invoicing.invoices.models import InvoiceKind, Status
from invoicing.invoices.reading import LineContent
from invoicing.invoices.rules import SALES
from invoicing.money import tax_on
from invoicing.taxes.rules import Borne, TaxSum

ONE_E3 = 1000
REASON_MAX = 500


@dataclass(eq=False)
class NotCreditable(Refused):
    """Only an invoice that stands and counts as a sale takes a credit note."""

    number: str
    kind: InvoiceKind
    status: Status


@dataclass(eq=False)
class NothingToCredit(Refused):
    """Earlier credit notes have taken all of it."""

    number: str


@dataclass(frozen=True)
class CreditContent:
    """What is credited: (line of the invoice, amount before tax in cents), and why."""

    lines: tuple[tuple[int, int], ...]
    reason: str


@dataclass(frozen=True)
class CorrectedLine:
    """One line of the corrected invoice, and what earlier credit notes took of it (None: it has been in none)."""

    id: int
    content: LineContent
    taxes: tuple[Borne, ...]
    net_cents: int
    allowance_cents: int
    taken_cents: int | None = None

    @property
    def rest_cents(self) -> int:
        """What remains of it, the document's discount taken off."""
        return self.net_cents - self.allowance_cents - (self.taken_cents or 0)


@dataclass(frozen=True)
class Corrected:
    """The corrected invoice as far as amounts go; `taken` and `taken_total_cents` are of earlier credit notes."""

    lines: tuple[CorrectedLine, ...]
    taxes: tuple[TaxSum, ...]
    taken: Mapping[Borne, tuple[int, int]]  # base, amount
    total_cents: int
    taken_total_cents: int
    currency: str = "EUR"
    totals_only: tuple[int, int] | None = None  # net and tax of an invoice whose lines have no amounts

    @property
    def rest_cents(self) -> int:
        """What may still be credited, tax included."""
        return self.total_cents - self.taken_total_cents

    @property
    def rest_net_cents(self) -> int:
        """The same before tax."""
        return sum(line.rest_cents for line in self.lines)

    def rest_of(self, tax: TaxSum) -> tuple[int, int]:
        """What remains of a tax: base and amount."""
        base, amount = self.taken.get(Borne(tax.tax_id, tax.rate_e5), (0, 0))
        return tax.base_cents - base, tax.amount_cents - amount

    def everything(self) -> tuple[tuple[int, int], ...]:
        """All that remains, line by line; a line without a price goes along the first time."""
        return tuple((line.id, line.rest_cents) for line in self.lines if line.rest_cents or line.taken_cents is None)


@dataclass(frozen=True)
class Credited:
    """The lines of a credit note, each with the line that it corrects, and what they come to."""

    lines: tuple[tuple[CorrectedLine, LineContent], ...]
    amounts: Amounts
    is_whole: bool  # every line of the invoice as it was: the document's discount may be named by its percentage


def check_creditable(number: str, kind: InvoiceKind, status: Status, is_frozen: bool, corrected: Corrected) -> None:
    """Refuses NotCreditable and NothingToCredit."""
    if not is_frozen or kind is not InvoiceKind.invoice or status not in SALES:
        raise NotCreditable(number, kind, status)
    if corrected.rest_cents <= 0:
        raise NothingToCredit(number)


def credited(corrected: Corrected, wanted: Sequence[tuple[int, int]]) -> Credited:
    """What crediting these amounts comes to; refuses with every fault, each at its line."""
    if corrected.totals_only is not None:
        return _mirrored(corrected, wanted, *corrected.totals_only)
    known = {line.id: line for line in corrected.lines}
    asked = {line_id: cents for line_id, cents in wanted if line_id in known}
    if not asked or len(asked) != len(wanted):
        raise FieldFaults([Fault("lines", "no_credit_line")])
    faults = [
        fault for line_id, cents in asked.items() for fault in _line_faults(known[line_id], cents, corrected.currency)
    ]
    if faults:
        raise FieldFaults(faults)
    chosen = [(line, asked[line.id]) for line in corrected.lines if line.id in asked]
    lines = [_line(line, cents) for line, cents in chosen]
    taxes = _taxes(corrected, chosen)
    nets, allowances = tuple(net for _, net, _ in lines), tuple(off for _, _, off in lines)
    before = Amounts(nets, allowances, taxes)
    if faults := _whole_faults(corrected, before):
        raise FieldFaults(faults)
    found = Amounts(nets, allowances, taxes, _rounding(corrected, asked, before))
    if found.total_cents <= 0:
        raise FieldFaults([Fault("lines", "nothing_credited" if not found.total_cents else "deduction_alone")])
    pairs = tuple((line, content) for (line, _), (content, _, _) in zip(chosen, lines, strict=True))
    return Credited(pairs, found, len(pairs) == len(corrected.lines) and all(_is_whole(*pair) for pair in chosen))


def _mirrored(corrected: Corrected, wanted: Sequence[tuple[int, int]], net_cents: int, tax_cents: int) -> Credited:
    """Where only the totals are known, a credit note takes them whole: every line as it is."""
    if sorted(wanted) != sorted((line.id, 0) for line in corrected.lines):
        raise FieldFaults([Fault("lines", "credit_whole_only")])
    lines = tuple((line, line.content) for line in corrected.lines)
    return Credited(lines, kept(len(lines), net_cents, tax_cents), True)


def _line_faults(line: CorrectedLine, cents: int, currency: str) -> list[Fault]:
    """Not nothing, of the line's sign, and never more than remains of it."""
    field, rest = f"line-{line.id}", line.rest_cents
    facts = {"rest_cents": rest, "currency": currency}
    if rest == 0 and cents == 0 and line.taken_cents is None:
        return []
    if rest == 0:
        return [Fault(field, "line_exhausted")]
    if cents == 0:
        return [Fault(field, "credit_amount")]
    if (cents > 0) != (rest > 0):
        return [Fault(field, "credit_sign", facts)]
    return [Fault(field, "more_than_line", facts)] if abs(cents) > abs(rest) else []


def _is_whole(line: CorrectedLine, cents: int) -> bool:
    return not line.taken_cents and cents == line.net_cents - line.allowance_cents


def _line(line: CorrectedLine, cents: int) -> tuple[LineContent, int, int]:
    """The line as the credit note prints it, its net and its share of the document's discount."""
    was = line.content
    if _is_whole(line, cents):
        return was, line.net_cents, line.allowance_cents
    quantity = ONE_E3 if cents > 0 else -ONE_E3  # a price is never negative
    part = LineContent(was.label, was.detail, quantity, abs(cents) * 100, 0, was.tax_set_id)
    return part, cents, 0


def _taxes(corrected: Corrected, chosen: Sequence[tuple[CorrectedLine, int]]) -> tuple[TaxSum, ...]:
    """Each tax of the invoice on what is credited of its lines; all that remains of it once its base is exhausted."""
    found = []
    for tax in corrected.taxes:
        borne = Borne(tax.tax_id, tax.rate_e5)
        bearing = [cents for line, cents in chosen if borne in line.taxes]
        if not bearing:
            continue
        base, (rest_base, rest) = sum(bearing), corrected.rest_of(tax)
        amount = rest if base == rest_base else min(tax_on(base, tax.rate_e5), rest)
        found.append(TaxSum(tax.tax_id, tax.rate_e5, base, amount))
    return tuple(found)


def _whole_faults(corrected: Corrected, found: Amounts) -> list[Fault]:
    """A deduction has lowered the invoice's total, or the base of a tax: nobody is credited more than they paid."""
    if found.net_cents > corrected.rest_net_cents:
        return [
            Fault(
                "lines", "more_than_document", {"rest_cents": corrected.rest_net_cents, "currency": corrected.currency}
            )
        ]
    if any(tax.base_cents < 0 for tax in found.taxes):
        return [Fault("lines", "deduction_alone")]
    rests = {(tax.tax_id, tax.rate_e5): corrected.rest_of(tax)[0] for tax in corrected.taxes}
    if any(tax.base_cents > rests[tax.tax_id, tax.rate_e5] for tax in found.taxes):
        return [Fault("lines", "more_than_tax")]
    return []


def _rounding(corrected: Corrected, asked: Mapping[int, int], found: Amounts) -> int:
    """The invoice's own rounding goes with the last cent; before it, only what keeps the total within what remains."""
    over = corrected.rest_cents - found.total_cents
    exhausted = all(line.rest_cents == asked.get(line.id, 0) for line in corrected.lines)
    return over if exhausted else min(0, over)
