"""Categories and rates of a structured invoice: which group each line falls into, and what each group comes to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from invoicing.documents.facturx import codes
from invoicing.documents.facturx.codes import Untaxed
from invoicing.documents.snapshot import Line, Snapshot
from invoicing.legal.texts import all_texts

Key = tuple[str, int]  # category, rate × 10⁵


@dataclass(frozen=True)
class Group:
    """The lines of one category and rate, in cents: BG-23, and what BG-20 needs.

    `net_cents` are the lines before the document's discount, `allowance_cents` is its share.
    """

    category: str
    rate_e5: int
    net_cents: int
    allowance_cents: int
    tax_cents: int = 0
    reason: str = ""
    vatex: str = ""

    @property
    def base_cents(self) -> int:
        """What the tax is on."""
        return self.net_cents - self.allowance_cents


def keys_of(snapshot: Snapshot) -> tuple[Key, ...] | None:
    """Category and rate per line; None where a line bears two taxes or one that isn't VAT."""
    if any(len(line.taxes) > 1 or not all(_is_vat(tax.label) for tax in line.taxes) for line in snapshot.lines):
        return None
    found = tuple(_key(line, snapshot.tax_status) for line in snapshot.lines)
    if len({category for category, _ in found}) > 1:  # BR-O-11: what is outside stands alone, or as exempt
        return tuple((codes.EXEMPT, 0) if category == codes.OUTSIDE else (category, rate) for category, rate in found)
    return found


def groups_of(snapshot: Snapshot, keys: Iterable[Key]) -> tuple[Group, ...]:
    """The groups in the order of their first lines; tax amounts are the document's own."""
    lines: dict[Key, list[Line]] = {}
    for key, line in zip(keys, snapshot.lines, strict=True):
        lines.setdefault(key, []).append(line)
    taxes: dict[int, int] = {}
    for tax in snapshot.taxes:
        taxes[tax.rate_e5] = taxes.get(tax.rate_e5, 0) + tax.amount_cents
    return tuple(_group(key, found, taxes, snapshot.tax_status) for key, found in lines.items())


def untaxed_of(line: Line, status: str) -> Untaxed:
    """Why this line bears no tax; words of a tax set's own have no code, and are never guessed at."""
    if known := codes.EXEMPTIONS.get(line.exemption):
        return known
    general = line.why_untaxed in _general_texts()
    return codes.STATUSES.get(status, codes.OWN_WORDS) if general else codes.OWN_WORDS


def _is_vat(label: str) -> bool:
    return bool({"TVA", "VAT"} & set(label.upper().split()))


def _key(line: Line, status: str) -> Key:
    if not line.taxes:
        return untaxed_of(line, status).category, 0
    rate = line.taxes[0].rate_e5
    return (codes.STANDARD if rate else codes.ZERO), rate


def _group(key: Key, lines: list[Line], taxes: dict[int, int], status: str) -> Group:
    category, rate = key
    net, off = sum(line.net_cents for line in lines), sum(line.allowance_cents for line in lines)
    found = Group(category, rate, net, off)
    if category in (codes.STANDARD, codes.ZERO):
        return replace(found, tax_cents=taxes.get(rate, 0))
    reasons = dict.fromkeys(line.why_untaxed for line in lines)
    told = (untaxed_of(line, status) for line in lines)
    vatex = {why.vatex if why.category == category else "" for why in told}
    only = vatex.pop() if len(vatex) == 1 and len(reasons) == 1 else ""
    return replace(found, reason=" / ".join(reasons), vatex=only)


@cache
def _general_texts() -> frozenset[str]:
    """The sentences that a seller's status asks for, of any day and language."""
    rows = [row for row in all_texts() if row.key in ("exemption", "untaxed_lines")]
    return frozenset(text for row in rows for text in (row.fr, row.en))
