"""What happens to the organisation and its seller identities. Documents that stand keep what they say."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.database import is_sqlite
from invoicing.errors import Fault, FieldFaults, NotFound, Stale
from invoicing.invoices.models import Invoice
from invoicing.journal import Actor
from invoicing.numbering import Mode, Series, Use, is_format
from invoicing.sellers.content import (
    TAX_FIELDS,
    TOLD,
    OrganisationContent,
    SellerContent,
    read_organisation,
    read_seller,
)
from invoicing.sellers.models import Organisation, Seller, TaxRegistration
from invoicing.sellers.series import is_free, one_at_a_time
from invoicing.taxes.models import Tax

Change = tuple[Any, Any]


def change_organisation(
    session: Session, actor: Actor, now: datetime, revision: int, content: OrganisationContent
) -> Organisation:
    """Names the organisation (from revision 0), or changes what is known of it; refuses with every fault.

    Refuses a form drawn before another change, unless that change says the same.
    """
    values = read_organisation(content)
    insert = sqlite.insert if is_sqlite(session.connection()) else postgresql.insert
    session.execute(insert(Organisation).values(id=1, name="", revision=0).on_conflict_do_nothing())
    row = session.get_one(Organisation, 1, with_for_update=True, populate_existing=True)
    if changes := _set(row, values):
        _revise(row, revision)
        session.flush()
        journal.record(session, actor, now, "organisation.changed", ("organisation", 1), _told(changes))
    return row


def add_seller(session: Session, actor: Actor, now: datetime, content: SellerContent, format: str) -> Seller:
    """A new seller identity with its series of manual invoices; refuses with every fault, a taken format included."""
    format = format.strip()
    one_at_a_time(session)
    values = read_seller(content, _format_faults(session, format))
    numbers = _registered(values)
    seller = Seller(**values)
    session.add(seller)
    session.flush()
    changes = {name: (None, value) for name, value in values.items() if value != ""}
    changes |= _register(session, seller, numbers) | {"format": (None, format)}
    session.add(Series(seller_id=seller.id, use=Use.manual, mode=Mode.official, format=format))
    try:
        session.flush()
    except IntegrityError:
        raise FieldFaults([_taken(format)]) from None
    journal.record(session, actor, now, "seller.added", ("seller", seller.id), _told(changes))
    return seller


def change_seller(
    session: Session, actor: Actor, now: datetime, seller_id: int, revision: int, content: SellerContent
) -> Seller:
    """Changes an identity; refuses with every fault, another region or currency once it has an invoice included.

    Refuses a form drawn before another change, unless that change says the same.
    """
    seller = session.get(Seller, seller_id, with_for_update=True, populate_existing=True)
    if seller is None:
        raise NotFound
    session.refresh(seller, ["registrations"])
    fixed = [n for n in ("region", "currency") if getattr(content, n) != getattr(seller, n)]
    faults = [Fault(name, "fixed") for name in fixed if is_used(session, seller_id)]
    values = read_seller(content, tuple(faults))
    numbers = _registered(values)
    if changes := _set(seller, values) | _register(session, seller, numbers):
        _revise(seller, revision)
        session.flush()
        journal.record(session, actor, now, "seller.changed", ("seller", seller_id), _told(changes))
    return seller


def set_logo(session: Session, actor: Actor, now: datetime, seller_id: int, sha256: str) -> bool:
    """The archived picture that new documents bear, "" for none; False where it is that already. Refuses NotFound."""
    seller = session.get(Seller, seller_id, with_for_update=True, populate_existing=True)
    if seller is None:
        raise NotFound
    if seller.logo == sha256:
        return False
    changes = {"logo": (seller.logo or None, sha256 or None)}
    seller.logo = sha256
    session.flush()
    journal.record(session, actor, now, "seller.logo_changed", ("seller", seller_id), changes)
    return True


def is_used(session: Session, seller_id: int) -> bool:
    """Whether the identity has an invoice, be it a draft: its region and its currency then stay."""
    return bool(session.scalar(select(exists().where(Invoice.seller_id == seller_id))))


def _set(row: Organisation | Seller, values: dict[str, Any]) -> dict[str, Change]:
    """Sets the columns that differ; what they were and what they are."""
    changes = {name: (getattr(row, name), value) for name, value in values.items() if getattr(row, name) != value}
    for name, (_before, value) in changes.items():
        setattr(row, name, value)
    return changes


def _revise(row: Organisation | Seller, revision: int) -> None:
    """The next revision, if the form was drawn from this one."""
    if row.revision != revision:
        raise Stale
    row.revision = revision + 1


def _told(changes: dict[str, Change]) -> dict[str, Change]:
    """Names, addresses and accounts stay out of the journal: it says that they changed, not what they are."""
    return {name: pair if name in TOLD else (None, None) for name, pair in changes.items()}


def _registered(values: dict[str, Any]) -> dict[str, str]:
    """Takes the registration numbers out of the values: tax code → number."""
    return {code: values.pop(name) for name, code in TAX_FIELDS.items()}


def _register(session: Session, seller: Seller, numbers: dict[str, str]) -> dict[str, Change]:
    """Adds, changes or removes registrations so that they are these; empty means none."""
    taxes = {tax.code: tax.id for tax in session.scalars(select(Tax).where(Tax.code.in_(list(numbers))))}
    known = {row.tax_id: row for row in seller.registrations}
    changes: dict[str, Change] = {}
    for code, number in numbers.items():
        row = known.get(taxes.get(code, 0))
        before = row.number if row else ""
        if number == before or code not in taxes:
            continue
        changes[code] = (before or None, number or None)
        if row is None:
            seller.registrations.append(TaxRegistration(tax_id=taxes[code], number=number))
        elif number:
            row.number = number
        else:
            seller.registrations.remove(row)
    return changes


def _format_faults(session: Session, format: str) -> tuple[Fault, ...]:
    if not is_format(format):
        return (Fault("format", "bad_format"),)
    return () if is_free(session, format) else (_taken(format),)


def _taken(format: str) -> Fault:
    return Fault("format", "format_taken", {"value": format})
