"""« Envois » as a table for a file: its headings and cells in the language of the moment."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from admin import texts
from invoicing.customers.models import Customer
from invoicing.delivery.models import Delivery
from invoicing.invoices.models import Invoice
from invoicing.sheets import Column, Row
from web.words import _

AT_ONCE = 500  # e-mails that are read together


def columns() -> list[Column]:
    """The headings."""
    names = (_("Courriel"), _("Facture"), _("Client"), _("Destinataire"), _("État"), _("Raison"),
             _("Réponse du serveur"))  # fmt: skip
    moments = (_("Demandé le"), _("Envoyé le"), _("Prochain essai"))
    return [*map(Column, names), *(Column(name, "moment") for name in moments), Column(_("Essais"), "whole")]


def rows(session: Session, where: ColumnElement[bool]) -> Iterator[Row]:
    """The e-mails, newest first."""
    query = select(Delivery, Invoice.number, Customer).outerjoin(Invoice, Invoice.id == Delivery.invoice_id)
    query = query.outerjoin(Customer, Customer.id == Invoice.customer_id).where(where).order_by(Delivery.id.desc())
    for some in session.execute(query.execution_options(yield_per=AT_ONCE)).partitions(AT_ONCE):
        for mail, number, customer in some:
            waits = mail.next_try_at if mail.state == "deferred" else None
            yield (
                _(texts.KINDS[mail.kind]), number, customer.name if customer else "", mail.recipient,
                texts.state_of(mail).label, texts.reason_of(mail), mail.answer, mail.created_at, mail.sent_at, waits,
                mail.tries,
            )  # fmt: skip
        session.expunge_all()
