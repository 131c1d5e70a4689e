"""Where a document's page is, whatever it is: an invoice that stands, a draft, an order without a number."""

from __future__ import annotations

from typing import Protocol

from flask import url_for

from invoicing.invoices.models import Origin


class Placed(Protocol):
    """What tells where a document's page is: a row of the database, or of a list."""

    @property
    def id(self) -> int: ...
    @property
    def number(self) -> str | None: ...
    @property
    def origin(self) -> Origin: ...


def address_of(invoice: Placed) -> str:
    """The staff's page of a document: by its number, or by its id while it has none."""
    if invoice.number:
        return url_for("admin.invoice", number=invoice.number)
    if invoice.origin is Origin.online:
        return url_for("admin.order", invoice_id=invoice.id)
    return url_for("admin.draft", invoice_id=invoice.id)
