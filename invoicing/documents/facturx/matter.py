"""One document on its way to a structured invoice, and whether it can be one at all."""

from __future__ import annotations

from dataclasses import dataclass

from invoicing.documents.desk import Desk, Facts, Heading
from invoicing.documents.facturx import codes
from invoicing.documents.facturx.parties import country_of, tax_number_of, vat_of
from invoicing.documents.facturx.tax import Group, Key, groups_of, keys_of
from invoicing.documents.paper import Paper, paper_of
from invoicing.documents.snapshot import Snapshot

HEADINGS = frozenset({Heading.invoice, Heading.credit_note})


@dataclass(frozen=True)
class Matter:
    """The document at work: its snapshot and facts, its page, whose words are used, and its lines' categories."""

    desk: Desk
    page: Paper
    keys: tuple[Key, ...]
    groups: tuple[Group, ...]

    @property
    def snapshot(self) -> Snapshot:
        """What was frozen."""
        return self.desk.snapshot

    @property
    def is_outside(self) -> bool:
        """Whether all of it is outside VAT; it bears no VAT number then (BR-O-02)."""
        return all(group.category == codes.OUTSIDE for group in self.groups)


def matter_of(snapshot: Snapshot, facts: Facts) -> Matter | None:
    """The document at work; None where there is no structured invoice (`writing.xml_of` says when)."""
    if not _is_invoice(snapshot, facts) or not _is_told(snapshot):
        return None
    keys = keys_of(snapshot)
    if keys is None or not _has_numbers(snapshot, {category for category, _ in keys}):
        return None
    desk, page = Desk(snapshot, facts), paper_of(snapshot, facts)
    if not (page.seller.name and page.buyer.name and all(row.label for row in page.rows)):
        return None
    return Matter(desk, page, keys, groups_of(snapshot, keys))


def _is_invoice(snapshot: Snapshot, facts: Facts) -> bool:
    stands = facts.heading in HEADINGS and not facts.draft
    return stands and snapshot.region == "FR" and snapshot.currency == "EUR"


def _is_told(snapshot: Snapshot) -> bool:
    """Whether the snapshot has lines with amounts, both countries and the seller's tax status."""
    lines = bool(snapshot.lines) and not snapshot.totals_only
    return lines and all((snapshot.tax_status, country_of(snapshot.seller), country_of(snapshot.buyer)))


def _has_numbers(snapshot: Snapshot, categories: set[str]) -> bool:
    """Whether the parties have the tax numbers that the categories ask for (BR-S-02, BR-E-02, BR-AE-02, BR-IC-02…)."""
    own, other = vat_of(snapshot.seller), vat_of(snapshot.buyer)
    if categories == {codes.OUTSIDE}:
        return bool(tax_number_of(snapshot.seller))
    if categories & {codes.INTRA_EU, codes.EXPORT} and not own:
        return False
    if categories & {codes.INTRA_EU, codes.REVERSE} and not other:
        return False
    return bool(own or tax_number_of(snapshot.seller))
