"""What each member of a campaign would get, and what stands in the way; nothing is written (SPEC D10)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from invoicing.campaigns import choosing
from invoicing.campaigns.models import Campaign, Verdict
from invoicing.campaigns.rules import Judged, content_of, kept_faults, missing_verdict
from invoicing.customers.models import Customer
from invoicing.delivery.models import Delivery
from invoicing.delivery.queries import SETTLED
from invoicing.delivery.rules import TROUBLED
from invoicing.errors import Fault
from invoicing.invoices.composing import Composed, Registered, compose
from invoicing.invoices.models import Invoice, InvoiceKind, InvoiceLine, MadeOutTo, Origin, Status
from invoicing.invoices.reading import DraftContent
from invoicing.numbering import Series, Use
from invoicing.sellers.queries import registrations, series_of, today_of
from invoicing.taxes.queries import whole_sets


class Template:
    """The invoice of a campaign, ready to be made out to one customer after the other. Raises NoSeries."""

    def __init__(self, session: Session, campaign: Campaign, now: datetime) -> None:
        self.session, self.campaign, self.now = session, campaign, now
        self.content: DraftContent = content_of(campaign.content)
        self.today: date = today_of(campaign.seller, now)
        self._series: Series = series_of(session, campaign.seller_id, Use.manual)
        self._known: Registered = registrations(session, campaign.seller_id)
        self._sets = whole_sets(session, {line.tax_set_id for line in self.content.lines})

    def composed(self, customer: Customer) -> Composed:
        """What it would say for them if it were made now; kept nowhere. Raises NoRate."""
        with self.session.no_autoflush:
            return compose(self.session, self._draft(customer), self.today, self._known)

    def _draft(self, customer: Customer) -> Invoice:
        """A draft that is no row."""
        content, seller = self.content, self.campaign.seller
        draft = Invoice(
            seller=seller, series=self._series, mode=self._series.mode, currency=seller.currency, customer=customer,
            origin=Origin.manual, kind=InvoiceKind.invoice, status=Status.draft, language=customer.language,
            transaction_code="", created_at=self.now, totals_only=False, made_out_to=made_out_to(content, customer),
            issued_on=content.issued_on, due_on=content.due_on, supplied_on=content.supplied_on,
            subject=content.subject, note=content.note, discount_e4=content.discount_e4,
            discount_cents=content.discount_cents,
        )  # fmt: skip
        draft.lines = [
            InvoiceLine(
                position=n, label=line.label, detail=line.detail, quantity_e3=line.quantity_e3, price_e4=line.price_e4,
                discount_e4=line.discount_e4, gross=line.gross, item_id=line.item_id, tax_set_id=line.tax_set_id,
                tax_set=self._sets[line.tax_set_id],
            )
            for n, line in enumerate(content.lines, start=1)
        ]  # fmt: skip
        return draft


def common_faults(session: Session, campaign_id: int, now: datetime) -> list[Fault]:
    """What is wrong with the invoice itself, as its form names it, whoever it is made out to. Raises NoSeries, NoRate.

    Letters that can't be printed may be the customer's own: they are that member's verdict.
    """
    campaign = session.get_one(Campaign, campaign_id)
    customer = choosing.first(session, campaign)
    if customer is None:
        return []
    return [each for each in Template(session, campaign, now).composed(customer).faults if each.code != "no_glyph"]


def made_out_to(content: DraftContent, customer: Customer) -> MadeOutTo:
    """To the organisation where that is wished and there is one."""
    return content.made_out_to if customer.organisation_name else MadeOutTo.person


def judge(session: Session, campaign_id: int, now: datetime) -> Iterator[list[Judged]]:
    """The verdicts of all members, some at a time; what was read for them is let go.

    Raises NoSeries, NoRate, and MentionsMissing of the seller: what is wrong for everybody.
    """
    campaign = session.get_one(Campaign, campaign_id)
    for some in choosing.in_lots(session, campaign):
        yield judge_some(Template(session, session.get_one(Campaign, campaign_id), now), some)
        session.rollback()
        session.expunge_all()


def judge_some(template: Template, some: Sequence[Judged]) -> list[Judged]:
    """The verdicts of some of them; those that are judged already stay so."""
    ids = [each.customer_id for each in some if each.customer_id]
    session = template.session
    customers = {row.id: row for row in session.scalars(select(Customer).where(Customer.id.in_(ids)))}
    invoiced = already_invoiced(session, template, ids)
    troubled = _troubled(session, [row.email for row in customers.values() if row.email])
    found = []
    for each in some:
        customer = customers.get(each.customer_id or 0)
        found.append(each if customer is None else _verdict(template, customer, invoiced, troubled))
    return found


def _verdict(template: Template, customer: Customer, invoiced: dict[int, str], troubled: dict[str, str]) -> Judged:
    if customer.merged_into_id is not None:
        return Judged(customer.id, Verdict.unfit, {"faults": kept_faults([Fault("", "merged")])})
    if customer.id in invoiced:
        return Judged(customer.id, Verdict.already_invoiced, {"number": invoiced[customer.id]})
    composed = template.composed(customer)
    if composed.missing:
        if any(each.whose == "seller" for each in composed.missing.missing):  # it would be wrong for everybody
            raise composed.missing
        fields = [(each.whose, each.field) for each in composed.missing.missing]
        return Judged(customer.id, missing_verdict(name for _whose, name in fields), {"missing": fields})
    if composed.faults:
        return Judged(customer.id, Verdict.unfit, {"faults": kept_faults(composed.faults)})
    total = composed.amounts.total_cents
    if not customer.email:
        return Judged(customer.id, Verdict.no_email, {}, total)
    if customer.email in troubled:
        return Judged(customer.id, Verdict.bounced, {"reason": troubled[customer.email]}, total)
    return Judged(customer.id, Verdict.ready, {}, total)


def already_invoiced(session: Session, template: Template, ids: Sequence[int]) -> dict[int, str]:
    """Customer → the number of an invoice with one of the template's items or labels, since the campaign's day.

    Neither cancelled nor wholly credited.
    """
    items = {line.item_id for line in template.content.lines if line.item_id}
    labels = {line.label for line in template.content.lines}
    same = or_(InvoiceLine.item_id.in_(items), InvoiceLine.label.in_(labels))
    query = (
        select(Invoice.customer_id, func.min(Invoice.number))
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .where(Invoice.customer_id.in_(ids), same, Invoice.kind == InvoiceKind.invoice)
        .where(Invoice.frozen_at.is_not(None), Invoice.status != Status.cancelled)
        .where(Invoice.issued_on >= template.campaign.since)
        .where(or_(Invoice.total_cents == 0, Invoice.credited_cents < Invoice.total_cents))
        .group_by(Invoice.customer_id)
    )
    return {number: named or "" for number, named in session.execute(query)}


def _troubled(session: Session, addresses: Sequence[str]) -> dict[str, str]:
    """Address → why the last e-mail to it that has come to an end didn't arrive."""
    last = (
        select(func.max(Delivery.id))
        .where(Delivery.recipient.in_(addresses), Delivery.state.in_(SETTLED))
        .group_by(Delivery.recipient)
    )
    query = select(Delivery.recipient, Delivery.reason).where(Delivery.id.in_(last), Delivery.state.in_(TROUBLED))
    return dict(session.execute(query).all())
