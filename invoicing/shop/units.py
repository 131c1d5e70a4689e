"""Sold units: made with the sale of an item, once, and taken back by credit notes. The edge commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from itertools import zip_longest

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from invoicing.errors import Fault, FieldFaults
from invoicing.invoices.models import Invoice, InvoiceLine
from invoicing.sellers.queries import today_of
from invoicing.shop import units_rules as rules
from invoicing.shop.models import Item, SoldUnit
from invoicing.shop.rules import UnitsWanted

_NOTHING = UnitsWanted()


def sell(session: Session, invoice: Invoice, wanted: Sequence[UnitsWanted | None], now: datetime) -> None:
    """The units of an invoice's lines that sell an item; `wanted` is by line, or empty. Called once per invoice.

    Refuses with FieldFaults, at `lines-N-references` and `lines-N-ends_on`, what a shop can't say of units.
    """
    pairs = [(line, each or _NOTHING) for line, each in zip_longest(invoice.lines, wanted[: len(invoice.lines)])]
    _check(session, invoice.shop_id, pairs)
    items = _items(session, {line.item_id for line in invoice.lines if line.item_id is not None})
    sold_on = _sold_on(invoice, now)
    units = [
        unit for line, each in pairs if line.item_id in items
        for unit in _units(invoice, line, each, items[line.item_id], sold_on, now)
    ]  # fmt: skip
    if not units:
        return
    try:
        with session.begin_nested():
            session.add_all(units)
    except IntegrityError:  # another order has just brought one of these references
        _check(session, invoice.shop_id, pairs)
        raise


def _sold_on(invoice: Invoice, now: datetime) -> date:
    """The day of the order at the seller's, or of the document."""
    if invoice.ordered_at is None and invoice.issued_on is not None:
        return invoice.issued_on
    return today_of(invoice.seller, invoice.ordered_at or now)


def _items(session: Session, ids: Collection[int]) -> dict[int | None, int | None]:
    """How many days the units of each item are valid."""
    if not ids:
        return {}
    return {item.id: item.validity_days for item in session.scalars(select(Item).where(Item.id.in_(ids)))}


def _units(
    invoice: Invoice, line: InvoiceLine, wanted: UnitsWanted, days: int | None, sold_on: date, now: datetime
) -> list[SoldUnit]:
    """One per piece, the shop's own references first."""
    rows, each = rules.pieces(line.quantity_e3)
    valid = rules.validity(wanted, sold_on, days)
    made = (rules.reference_of(invoice.id, line.position, n) for n in range(len(wanted.references) + 1, rows + 1))
    return [
        SoldUnit(
            reference=reference, shop_id=invoice.shop_id, invoice_id=invoice.id, line_id=line.id, item_id=line.item_id,
            quantity=each, sold_on=sold_on, starts_on=valid.starts_on, ends_on=valid.ends_on, created_at=now,
        )
        for reference in (*wanted.references, *made)
    ]  # fmt: skip


def _check(session: Session, shop_id: int | None, pairs: Sequence[tuple[InvoiceLine, UnitsWanted]]) -> None:
    """Refuses what is wrong within a line, what an order says twice, and what another order of the shop has."""
    faults: list[Fault] = []
    places: dict[str, str] = {}
    for place, (line, wanted) in enumerate(pairs):
        at = f"lines-{place}-"
        rows, _each = rules.pieces(line.quantity_e3) if line.item_id is not None else (0, 0)
        faults += rules.wanted_faults(at, wanted, rows)
        for reference in wanted.references:
            if places.setdefault(reference, at) != at:
                faults.append(Fault(at + "references", "reference_taken", {"value": reference}))
    if places and not faults:
        known = select(SoldUnit.reference).where(SoldUnit.shop_id == shop_id, SoldUnit.reference.in_(places))
        faults += [
            Fault(places[taken] + "references", "reference_taken", {"value": taken})
            for taken in session.scalars(known.order_by(SoldUnit.reference))
        ]
    if faults:
        raise FieldFaults(faults)


def take_back(session: Session, credit_note: Invoice) -> None:
    """Takes back the units of the lines that a credit note corrects: as many of the last as it leaves no piece of.

    Called once per credit note, its lines written. What several notes took of a line counts together.
    """
    lines = [line.corrects_line_id for line in credit_note.lines if line.corrects_line_id is not None]
    query = select(SoldUnit).where(SoldUnit.line_id.in_(lines)).order_by(SoldUnit.line_id, SoldUnit.id)
    by_line: dict[int, list[SoldUnit]] = {}
    for unit in session.scalars(query):
        by_line.setdefault(unit.line_id, []).append(unit)
    if not by_line:
        return
    taken = _taken(session, by_line)
    for line in session.scalars(select(InvoiceLine).where(InvoiceLine.id.in_(by_line))):
        units = by_line[line.id]
        count = sum(unit.quantity for unit in units)
        gone = rules.credited_pieces(count, line.net_cents - line.allowance_cents, taken.get(line.id, 0))
        gone -= sum(unit.quantity for unit in units if unit.credit_note_id is not None)
        _give_up(session, credit_note, [unit for unit in units if unit.credit_note_id is None], gone)
    session.flush()


def _taken(session: Session, line_ids: Collection[int]) -> rules.Taken:
    """What all credit notes have taken of each line, in cents before tax."""
    base = func.sum(InvoiceLine.net_cents - InvoiceLine.allowance_cents)
    query = select(InvoiceLine.corrects_line_id, base).where(InvoiceLine.corrects_line_id.in_(line_ids))
    rows = session.execute(query.group_by(InvoiceLine.corrects_line_id))
    return {line_id: int(cents) for line_id, cents in rows if line_id is not None}


def _give_up(session: Session, credit_note: Invoice, live: list[SoldUnit], pieces: int) -> None:
    """The last pieces go; of a row that stands for many, those that go get a row of their own."""
    for unit in reversed(live):
        if pieces <= 0:
            return
        if unit.quantity > pieces:
            unit.quantity -= pieces
            session.add(_part(unit, credit_note, pieces))
            return
        unit.credit_note_id = credit_note.id
        pieces -= unit.quantity


def _part(unit: SoldUnit, credit_note: Invoice, pieces: int) -> SoldUnit:
    return SoldUnit(
        reference=f"U{unit.invoice_id}-{unit.line_id}-A{credit_note.id}", shop_id=unit.shop_id,
        invoice_id=unit.invoice_id, line_id=unit.line_id, item_id=unit.item_id, quantity=pieces,
        sold_on=unit.sold_on, starts_on=unit.starts_on, ends_on=unit.ends_on, created_at=unit.created_at,
        credit_note_id=credit_note.id,
    )  # fmt: skip
