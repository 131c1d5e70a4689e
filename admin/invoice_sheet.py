"""« Toutes les factures » as a table for a file: its headings and cells in the language of the moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from invoicing.documents.desk import Heading
from invoicing.invoices.exporting import Document, documents, taxes_of
from invoicing.invoices.wanted import Order, Wanted
from invoicing.sheets import Column, Row
from invoicing.taxes.models import Tax
from web.statuses import HEADINGS, STATUSES
from web.words import _, language

BETWEEN = " | "  # labels of lines


class InvoiceSheet:
    """The table of one filter: `columns` and `rows` of one session, in this order."""

    def __init__(self, wanted: Wanted, order: Order):
        self.wanted, self.order = wanted, order
        self._taxes: Sequence[Tax] | None = None

    def columns(self, session: Session) -> Sequence[Column]:
        """The headings; each tax that occurs has its own."""
        taxes = [Column(name, "cents") for name in _names(self._occurring(session))]
        return [
            Column(_("Numéro")), Column(_("Code transaction")), Column(_("Lettrage")), Column(_("Statut")),
            Column(_("Document")), Column(_("Comptée dans les sommes")), Column(_("Date"), "day"),
            Column(_("Échéance"), "day"), Column(_("Commandée le"), "moment"), Column(_("Acheteur sur le document")),
            Column(_("Client")), Column(_("Numéro de membre")), Column(_("Adresse e-mail")), Column(_("Boutique")),
            Column(_("Série")), Column(_("Devise")), Column(_("Net"), "cents"), *taxes,
            Column(_("Taxes non détaillées"), "cents"), Column(_("Taxes"), "cents"), Column(_("Arrondi"), "cents"),
            Column(_("Total"), "cents"), Column(_("Payé"), "cents"), Column(_("Reste dû"), "cents"),
            Column(_("Articles")),
        ]  # fmt: skip

    def rows(self, session: Session) -> Iterator[Row]:
        """A row per document."""
        taxes = [tax.id for tax in self._occurring(session)]
        statuses = {status: shown.label for status, shown in STATUSES.items()}
        headings: dict[Heading | None, str] = {None: _("Brouillon")} | {each: _(HEADINGS[each]) for each in Heading}
        yes, no = _("oui"), _("non")
        for one in documents(session, self.wanted, self.order):
            counted = yes if one.is_counted else no
            yield _row(one, statuses[one.status], headings[one.heading], counted, [one.taxes.get(n) for n in taxes])

    def _occurring(self, session: Session) -> Sequence[Tax]:
        if self._taxes is None:
            self._taxes = taxes_of(session, self.wanted)
        return self._taxes


def _names(taxes: Sequence[Tax]) -> list[str]:
    """What the taxes are called, with their codes where two are called the same."""
    labels = [tax.label(language()) for tax in taxes]
    return [f"{name} ({tax.code})" if labels.count(name) > 1 else name for tax, name in zip(taxes, labels, strict=True)]


def _row(one: Document, status: str, heading: str, counted: str, taxes: Sequence[int | None]) -> Row:
    return (
        one.number, one.code, one.lettering, status, heading, counted, one.day, one.due_on, one.ordered_at, one.buyer,
        one.customer, one.member_number, one.email, one.shop, one.series, one.currency.value, one.net_cents, *taxes,
        one.untold_cents, one.tax_cents, one.rounding_cents, one.total_cents, one.paid_cents, one.remaining_cents,
        BETWEEN.join(one.items),
    )  # fmt: skip
