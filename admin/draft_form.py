"""The form of a draft: what was typed is read, redrawn and kept; nothing here writes to the database."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload
from werkzeug.datastructures import MultiDict

from admin.draft_fields import number, raw_of, raw_sent, token_of, write_date
from invoicing.campaigns.models import Campaign
from invoicing.campaigns.rules import content_of
from invoicing.customers.models import Customer, CustomerKind
from invoicing.days import NotADate, read_date
from invoicing.errors import Fault, FieldFaults
from invoicing.invoices import rules
from invoicing.invoices.amounts import Amounts, amounts
from invoicing.invoices.models import Invoice
from invoicing.invoices.reading import DraftContent, LineContent, RawDraft, RawLine, read_draft
from invoicing.money import plain_scaled
from invoicing.sellers.models import Seller
from invoicing.sellers.queries import active_sellers, today_of
from invoicing.shop.models import Catalogue, Item
from invoicing.taxes.models import TaxSet
from invoicing.taxes.queries import sets_for
from invoicing.taxes.rules import NoRate, borne_by
from web.words import language


@dataclass(frozen=True)
class DraftForm:
    """One state of the form: what is typed in it, and what can be chosen. `invoice_id` is None until it is saved."""

    customer: Customer
    seller: Seller
    sellers: Sequence[Seller]
    tax_sets: Sequence[TaxSet]
    items: Sequence[Item]
    raw: RawDraft
    today: date
    token: str = ""
    revision: int = 1
    invoice_id: int | None = None
    faults: tuple[Fault, ...] = field(default=())
    focus: str = ""  # the field that the browser opens on

    def item_name(self, line: RawLine) -> str:
        """The item that a line sells, as the catalogue names it today; empty for a free line."""
        return next((item.label for item in self.items if str(item.id) == line.item), "")

    @property
    def has_two_names(self) -> bool:
        """Whether the invoice can be made out to a person or to their organisation."""
        return self.customer.kind is CustomerKind.person and bool(self.customer.organisation_name)

    @cached_property
    def known_sets(self) -> frozenset[int]:
        """The tax sets that this seller's lines may bear."""
        return frozenset(row.id for row in self.tax_sets)

    def content(self) -> DraftContent:
        """What was typed, exact; refuses with every fault."""
        return read_draft(self.raw, self.known_sets)

    @cached_property
    def nets(self) -> list[int | None]:
        """Each line's amount in cents as it is priced, with tax or before it; None where it can't be read yet."""
        return [amounts([(line, ())]).net_cents if line else None for line in self._lines]

    @property
    def has_taxes(self) -> bool:
        """Whether a price can include any."""
        return any(row.members for row in self.tax_sets)

    @cached_property
    def amounts(self) -> Amounts | None:
        """What all lines come to, once each can be read."""
        wanted = [line for raw, line in zip(self.raw.lines, self._lines, strict=True) if not raw.is_blank]
        lines = [line for line in wanted if line is not None]
        if not lines or len(lines) < len(wanted):
            return None
        sets = {row.id: row for row in self.tax_sets}
        try:
            priced = [(line, borne_by(sets[line.tax_set_id], self._day)) for line in lines]
            return amounts(priced, *self._discount)
        except NoRate:
            return None

    @cached_property
    def _lines(self) -> list[LineContent | None]:
        return [_readable(line, self.known_sets) for line in self.raw.lines]

    @property
    def _discount(self) -> tuple[int, int]:
        """The document's discount as far as it can be read."""
        try:
            raw = RawDraft((_ANY_LINE,), discount_all=self.raw.discount_all, discount_kind=self.raw.discount_kind)
            read = read_draft(raw, frozenset({0}))
        except FieldFaults:
            return 0, 0
        return read.discount_e4, read.discount_cents

    @property
    def _day(self) -> date:
        try:
            return read_date(self.raw.issued_on) or self.today
        except NotADate:
            return self.today


_ANY_LINE = RawLine("-", price="0", tax_set="0")


def _readable(line: RawLine, known: frozenset[int]) -> LineContent | None:
    """The line alone, whatever its label says."""
    if line.is_blank:
        return None
    try:
        return read_draft(RawDraft(lines=(replace(line, label="-", detail=""),)), known).lines[0]
    except FieldFaults:
        return None


def opened(session: Session, customer: Customer, now: datetime, wanted: int | None = None) -> DraftForm:
    """An empty form for a customer: their usual seller, today, one line. Raises NoSeller."""
    sellers = active_sellers(session)
    chosen = {seller.id: seller for seller in sellers}
    seller = chosen.get(wanted or 0) or chosen.get(customer.seller_id or 0) or (sellers[0] if sellers else None)
    if seller is None:
        raise NoSeller
    form = _for_seller(session, customer, seller, sellers, now)
    day, due = form.today, form.today + timedelta(days=seller.due_days)
    raw = RawDraft(lines=(_new_line(form),), issued_on=write_date(day), due_on=write_date(due), paid_on=write_date(day))
    return replace(form, raw=raw, token=secrets.token_urlsafe(24))


def of_campaign(session: Session, customer: Customer, campaign: Campaign, now: datetime) -> DraftForm:
    """The form of the invoice that each member of a campaign gets, `customer` for one; its day is that of the making.

    Another seller's taxes are to be chosen again.
    """
    content = content_of(campaign.content) if campaign.content else None
    kept = frozenset(line.tax_set_id for line in content.lines) if content else frozenset[int]()
    form = _for_seller(session, customer, campaign.seller, (campaign.seller,), now, kept)
    form = replace(form, raw=raw_of(content) if content else RawDraft((_new_line(form),)), revision=campaign.revision)
    return redrawn(form, "", "")


class NoSeller(LookupError):
    """Nobody sells yet: the settings come first."""


def of_draft(session: Session, draft: Invoice, now: datetime) -> DraftForm:
    """The form of a draft that is saved."""
    kept = frozenset(line.tax_set_id for line in draft.lines)
    form = _for_seller(session, draft.customer, draft.seller, (draft.seller,), now, kept)
    return replace(form, raw=raw_of(draft), revision=draft.revision, invoice_id=draft.id)


def typed(form: DraftForm, sent: MultiDict[str, str]) -> DraftForm:
    """The form with what was sent in it."""
    return replace(
        form,
        raw=raw_sent(sent),
        token=token_of(sent) or form.token,
        revision=number(sent.get("revision", "")) or 0,
    )


def date_faults(form: DraftForm, last: date | None) -> list[Fault]:
    """What is wrong with dates that can be read; none while one can't."""
    line = RawLine("-", price="0", tax_set=str(next(iter(form.known_sets), "")))
    try:
        wanted = read_draft(replace(form.raw, lines=(line,), subject="", note=""), form.known_sets)
    except FieldFaults:
        return []
    issued_on = wanted.issued_on or form.today
    due_on = rules.due_day(issued_on, wanted.due_on, form.seller.due_days)
    return rules.date_faults(issued_on, due_on, wanted.supplied_on, wanted.paid_on, form.today, last)


def redrawn(form: DraftForm, do: str, item_id: str) -> DraftForm:
    """The form after a button that saves nothing: a line more, a line less, an item, another seller."""
    lines = list(form.raw.lines)
    if do == "add-line":
        lines.append(_new_line(form))
    elif do == "add-item" and (line := _item_line(form, item_id)):
        lines = [kept for kept in lines if not kept.is_blank] + [line]
    elif do.startswith("remove-") and (place := number(do[7:])) is not None and place < len(lines):
        del lines[place]
    focus = f"lines-{len(lines) - 1}-label" if do == "add-line" else ""
    if not lines:
        lines.append(_new_line(form))
    return replace(form, raw=replace(form.raw, lines=tuple(_taxable(form, line) for line in lines)), focus=focus)


def _for_seller(
    session: Session,
    customer: Customer,
    seller: Seller,
    sellers: Sequence[Seller],
    now: datetime,
    kept: frozenset[int] = frozenset(),
) -> DraftForm:
    """`kept` are tax sets that the draft's lines have, be they retired since."""
    query = select(Item).join(Catalogue).where(Item.active, Catalogue.currency == seller.currency)
    items = session.scalars(query.options(joinedload(Item.catalogue)).order_by(Catalogue.name, Item.label)).all()
    sets = sets_for(session, seller, kept)
    return DraftForm(customer, seller, sellers, sets, items, RawDraft(), today_of(seller, now))


def _taxable(form: DraftForm, line: RawLine) -> RawLine:
    """After a change of seller the tax of a line is to be chosen again, unless there is only one."""
    if line.tax_set and line.tax_set in {str(known) for known in form.known_sets}:
        return line
    return replace(line, tax_set=_only_set(form))


def _only_set(form: DraftForm) -> str:
    return str(form.tax_sets[0].id) if len(form.tax_sets) == 1 else ""


def _new_line(form: DraftForm) -> RawLine:
    """A free line; it bears what the line before it bears, and nothing is guessed for the first."""
    before = form.raw.lines[-1] if form.raw.lines else RawLine()
    return RawLine(tax_set=before.tax_set or _only_set(form), gross=before.gross)


def _item_line(form: DraftForm, item_id: str) -> RawLine | None:
    item = next((item for item in form.items if str(item.id) == item_id), None)
    if item is None:
        return None
    tax_set = str(item.tax_set_id) if item.tax_set_id in form.known_sets else _only_set(form)
    price = plain_scaled(item.price_e4, 4, language(), least=2)
    detail, gross = " ".join(item.description.split()), "1" if item.gross else ""
    return RawLine(item.label, detail, "1", price, "", tax_set, gross, str(item.id))
