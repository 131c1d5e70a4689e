"""What happens to taxes, their dated rates and their sets (SPEC A8). Documents that stand keep what they say.

A rate is never changed: a new one begins on a day, and the one before it ends the day before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.errors import Fault, FieldFaults, NotFound, Refused, Stale
from invoicing.invoices.models import Invoice, InvoiceKind, InvoiceTax
from invoicing.journal import Actor
from invoicing.taxes import queries
from invoicing.taxes.content import (
    RateContent,
    SetContent,
    TaxContent,
    read_new_tax,
    read_rate,
    read_set,
    read_tax,
)
from invoicing.taxes.models import Tax, TaxRate, TaxSet, TaxSetMember
from invoicing.taxes.service import reference_codes

Row = TypeVar("Row", Tax, TaxSet)
Changes = dict[str, tuple[Any, Any]]


@dataclass(eq=False)
class StillUsed(Refused):
    """Something has it: `by` is what (sets, lines, items, registrations), `count` how many."""

    label_fr: str
    label_en: str
    by: str
    count: int


@dataclass(eq=False)
class OfReference(Refused):
    """It comes with the program and would come back: it can be retired."""

    label_fr: str
    label_en: str


def add_tax(session: Session, actor: Actor, now: datetime, content: TaxContent) -> Tax:
    """A new tax with its first rate; refuses with every fault. The same form sent twice makes one."""
    values, rate, day = read_new_tax(content)
    known = session.scalars(select(Tax).where(Tax.code == values["code"])).first()
    if known is not None:
        first = known.rates[0] if known.rates else None
        if first and (first.rate_e5, first.valid_from) == (rate, day) and _same(known, values):
            return known
        raise FieldFaults([_taken(values)])
    tax = Tax(**values, rates=[TaxRate(rate_e5=rate, valid_from=day, valid_to=None)], revision=2)
    _add(session, tax, values)
    changes = _new(values) | {"rate_e5": (None, rate), "valid_from": (None, day)}
    journal.record(session, actor, now, "tax.added", ("tax", tax.id), changes)
    return tax


def change_tax(
    session: Session, actor: Actor, now: datetime, tax_id: int, revision: int, content: TaxContent
) -> Tax:  # fmt: skip
    """Renames a tax for documents to come, retires it or takes it back; refuses an older form."""
    tax = _locked(session, Tax, tax_id)
    if changes := _changes(tax, read_tax(content)):
        _revise(tax, revision)
        _set(tax, changes)
        session.flush()
        journal.record(session, actor, now, "tax.changed", ("tax", tax.id), changes)
    return tax


def add_rate(
    session: Session, actor: Actor, now: datetime, tax_id: int, revision: int, content: RateContent
) -> Tax:  # fmt: skip
    """A rate from a day on; the one before it ends the day before. The same form sent twice adds one.

    Refuses with faults: a day on or before a known rate's first, and one on which a document that stands bears another.
    """
    rate, day = read_rate(content)
    tax = _locked(session, Tax, tax_id)
    last = tax.rates[-1] if tax.rates else None
    if last and (last.rate_e5, last.valid_from) == (rate, day):
        return tax
    _revise(tax, revision)
    if last and day <= last.valid_from:
        raise FieldFaults([Fault("valid_from", "rate_overlaps", {"day": last.valid_from})])
    _check_borne(session, tax, rate, day)
    changes: Changes = {"rate_e5": (last.rate_e5 if last else None, rate), "valid_from": (None, day)}
    if last and (last.valid_to is None or last.valid_to >= day):
        changes["valid_to"] = (last.valid_to, day - timedelta(days=1))
        last.valid_to = day - timedelta(days=1)
    tax.rates.append(TaxRate(rate_e5=rate, valid_from=day, valid_to=None))
    session.flush()
    journal.record(session, actor, now, "tax.rate_added", ("tax", tax.id), changes)
    return tax


def delete_tax(session: Session, actor: Actor, now: datetime, tax_id: int) -> None:
    """Removes a tax that nothing uses and that didn't come with the program."""
    tax = _locked(session, Tax, tax_id)
    if why := why_it_stays(session, tax):
        raise why
    for rate in tax.rates:
        session.delete(rate)
    session.flush()
    session.delete(tax)
    session.flush()
    journal.record(session, actor, now, "tax.deleted", ("tax", tax_id), {"code": (tax.code, None)})


def add_set(session: Session, actor: Actor, now: datetime, content: SetContent) -> TaxSet:
    """A new tax set; refuses with every fault. The same form sent twice makes one."""
    values = read_set(content, None, queries.tax_names(session, content.region))
    members = values.pop("members")
    known = session.scalars(select(TaxSet).where(TaxSet.code == values["code"])).first()
    if known is not None:
        if _same(known, values) and _member_ids(known) == members:
            return known
        raise FieldFaults([_taken(values)])
    position = (session.scalar(select(func.max(TaxSet.position))) or 0) + 1
    tax_set = TaxSet(**values, position=position, revision=2)
    _add(session, tax_set, values)
    _hold(session, tax_set, members)
    changes = _new(values) | {"members": (None, list(members))}
    journal.record(session, actor, now, "tax_set.added", ("tax_set", tax_set.id), changes)
    return tax_set


def change_set(
    session: Session, actor: Actor, now: datetime, set_id: int, revision: int, content: SetContent
) -> TaxSet:
    """Changes a set for documents to come; its taxes stay once a line bears it. Refuses an older form."""
    tax_set = _locked(session, TaxSet, set_id)
    was = _member_ids(tax_set)
    kept = {member.tax_id: member.tax.label_fr for member in tax_set.members}
    values = read_set(content, tax_set.region, queries.tax_names(session, tax_set.region) | kept)
    members = values.pop("members")
    if members != was and queries.uses_of_set(session, set_id).get("lines"):
        raise FieldFaults([Fault("member-0", "set_in_use")])
    changes = _changes(tax_set, values)
    told = changes | ({"members": (list(was), list(members))} if members != was else {})
    if told:
        _revise(tax_set, revision)
        _set(tax_set, changes)
        _hold(session, tax_set, members)
        journal.record(session, actor, now, "tax_set.changed", ("tax_set", set_id), told)
    return tax_set


def delete_set(session: Session, actor: Actor, now: datetime, set_id: int) -> None:
    """Removes a set that nothing uses and that didn't come with the program."""
    tax_set = _locked(session, TaxSet, set_id)
    if why := why_it_stays(session, tax_set):
        raise why
    session.delete(tax_set)
    session.flush()
    journal.record(session, actor, now, "tax_set.deleted", ("tax_set", set_id), {"code": (tax_set.code, None)})


def _check_borne(session: Session, tax: Tax, rate: int, day: date) -> None:
    """No document that stands may bear another rate on a day of the new one; a credit note has its invoice's."""
    query = select(Invoice.number, Invoice.issued_on).join(InvoiceTax, InvoiceTax.invoice_id == Invoice.id).where(
        InvoiceTax.tax_id == tax.id, InvoiceTax.rate_e5 != rate, Invoice.frozen_at.is_not(None),
        Invoice.issued_on >= day, Invoice.kind == InvoiceKind.invoice,
    )  # fmt: skip
    found = session.execute(query.order_by(Invoice.issued_on.desc(), Invoice.id.desc()).limit(1)).first()
    if found is not None:
        raise FieldFaults([Fault("valid_from", "rate_borne", {"number": found[0], "day": found[1]})])


def _locked(session: Session, table: type[Row], number: int) -> Row:
    row = session.get(table, number, with_for_update={"of": table}, populate_existing=True)
    if row is None:
        raise NotFound
    return row


def why_it_stays(session: Session, row: Tax | TaxSet) -> Refused | None:
    """Why this may not be deleted: something has it, or it comes with the program; None where it may."""
    kind, found = ("tax", queries.uses_of_tax) if isinstance(row, Tax) else ("set", queries.uses_of_set)
    for by, count in found(session, row.id).items():
        if count:
            return StillUsed(row.label_fr, row.label_en, by, count)
    return OfReference(row.label_fr, row.label_en) if row.code in reference_codes(kind) else None


def _member_ids(row: TaxSet) -> tuple[int, ...]:
    return tuple(member.tax_id for member in row.members)


def _same(row: Tax | TaxSet, values: dict[str, Any]) -> bool:
    return all(getattr(row, name) == value for name, value in values.items())


def _changes(row: Tax | TaxSet, values: dict[str, Any]) -> Changes:
    return {name: (getattr(row, name), value) for name, value in values.items() if getattr(row, name) != value}


def _set(row: Tax | TaxSet, changes: Changes) -> None:
    for name, (_before, value) in changes.items():
        setattr(row, name, value)


def _hold(session: Session, row: TaxSet, members: tuple[int, ...]) -> None:
    """Gives the set these taxes, in this order."""
    if _member_ids(row) != members:
        row.members.clear()
        session.flush()
        row.members = [TaxSetMember(tax_id=number, position=n) for n, number in enumerate(members)]
    session.flush()


def _new(values: dict[str, Any]) -> Changes:
    return {name: (None, value) for name, value in values.items() if value != ""}


def _revise(row: Tax | TaxSet, revision: int) -> None:
    """The next revision, if the form was drawn from this one."""
    if row.revision != revision:
        raise Stale
    row.revision = revision + 1


def _add(session: Session, row: Tax | TaxSet, values: dict[str, Any]) -> None:
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # somebody has just taken the code
        raise FieldFaults([_taken(values)]) from None


def _taken(values: dict[str, Any]) -> Fault:
    return Fault("code", "code_taken", {"value": values["code"]})
