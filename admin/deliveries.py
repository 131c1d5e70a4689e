"""What became of each e-mail: what needs a person first, and sending again what did not arrive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload

from admin import bp, texts
from admin import deliveries_sheet as sheet
from admin.draft_fields import number as read_number
from admin.invoice_page import invoice_page
from invoicing.accounts.models import User
from invoicing.customers.models import Customer, CustomerAccess
from invoicing.delivery import service
from invoicing.delivery.again import sends_again
from invoicing.delivery.models import Delivery, DeliveryEvent, DeliveryKind, DeliveryState
from invoicing.delivery.queries import count_trouble, open_trouble, returns_box
from invoicing.delivery.rules import TROUBLED, may_retry
from invoicing.errors import NotFound
from invoicing.invoices.models import Invoice
from web.database import db, now, transaction
from web.errors import sentence
from web.exports import send_sheet
from web.rights import needs
from web.services import services
from web.sessions import actor
from web.words import N_, _

PAGE = 50
TABS: dict[str, tuple[str, frozenset[DeliveryState]]] = {  # in the address → name, states
    "": (N_("À traiter"), TROUBLED),
    "differes": (N_("Différés"), frozenset({DeliveryState.deferred})),
    "en-file": (N_("En file"), frozenset({DeliveryState.queued, DeliveryState.sending})),
    "envoyes": (N_("Envoyés"), frozenset({DeliveryState.sent})),
}


@dataclass(frozen=True)
class Row:
    """One e-mail in the list: whose, when last tried, and what a person can do about it."""

    delivery: Delivery
    name: str
    customer: Customer | None
    last_at: datetime
    actions: tuple[str, ...]  # the first fits the cause: retry, retry_new (to the customer's address of today), fix, …
    may_pick: bool  # to be sent with others


@bp.get("/envois")
def deliveries() -> ResponseReturnValue:
    """A tab per state with its true count; opens on what needs a person."""
    tab = request.args.get("etat", "")
    if tab not in TABS:
        raise NotFound
    counts = _counts()
    rows, newer, older = _page(_in_tab(tab))
    tabs = [(_(name), counts[key], url_for("admin.deliveries", etat=key or None), key == tab)
            for key, (name, _states) in TABS.items()]  # fmt: skip
    return render_template(
        "admin/deliveries.html", tab=tab, tabs=tabs, rows=_rows(rows), total=counts[tab], newer=newer, older=older,
        texts=texts, box=returns_box(db.session) if services().settings.returns_url else None,
    )  # fmt: skip


@bp.get("/envois/export.<kind>")
def deliveries_export(kind: str) -> ResponseReturnValue:
    """The e-mails of a tab, as a file."""
    tab = request.args.get("etat", "")
    if tab not in TABS:
        raise NotFound
    return send_sheet(_("Envois"), sheet.columns(), lambda session: sheet.rows(session, _in_tab(tab)), kind)


@bp.post("/envois/<int:delivery_id>/reessayer")
@needs("deliveries")
def delivery_retry(delivery_id: int) -> ResponseReturnValue:
    """The same promise once more (D8), to the same address or a corrected one."""
    old = db.session.get(Delivery, delivery_id)
    if old is None:
        raise NotFound
    recipient = request.form.get("recipient", old.recipient).strip()[:254]
    number, invoice_id = old.invoice.number if old.invoice else None, old.invoice_id
    try:
        with transaction() as session:
            service.retry(session, delivery_id, recipient, actor(), now(), services().post.domain)
    except service.BadAddress as refusal:
        found = db.session.get(Invoice, invoice_id) if invoice_id else None
        if found is None:
            raise
        return invoice_page(found, retry=(delivery_id, recipient, sentence(refusal))), 422
    except (service.AlreadyRetried, service.NotRetryable) as refusal:
        flash(sentence(refusal), "warn")
    else:
        services().nudge()
        flash(_("Le courriel est de nouveau en file, pour %(address)s.", address=recipient), "ok")
    back = request.form.get("retour") == "envois" or not number
    return redirect(url_for("admin.deliveries") if back else url_for("admin.invoice", number=number), 303)


def _in_tab(tab: str) -> ColumnElement[bool]:
    if not tab:
        return open_trouble()
    return Delivery.state.in_(TABS[tab][1]) & Delivery.replaced_by_id.is_(None)


def _counts() -> dict[str, int]:
    """Tab → how many e-mails stand there."""
    query = select(Delivery.state, func.count(Delivery.id)).where(Delivery.replaced_by_id.is_(None))
    found: dict[DeliveryState, int] = dict(db.session.execute(query.group_by(Delivery.state)).all())
    counts = {key: sum(found.get(state, 0) for state in states) for key, (_name, states) in TABS.items()}
    return {**counts, "": count_trouble(db.session)}


def _page(where: ColumnElement[bool]) -> tuple[Sequence[Delivery], str | None, str | None]:
    """The rows asked for, newest first, and the addresses of the pages beside them."""
    before, after = read_number(request.args.get("avant", "")), read_number(request.args.get("apres", ""))
    query = select(Delivery).where(where).options(joinedload(Delivery.invoice).joinedload(Invoice.customer))
    if after is not None:
        found = list(db.session.scalars(query.where(Delivery.id > after).order_by(Delivery.id).limit(PAGE + 1)))
        rows, is_newest, is_oldest = found[:PAGE][::-1], len(found) <= PAGE, False
    else:
        if before is not None:
            query = query.where(Delivery.id < before)
        found = list(db.session.scalars(query.order_by(Delivery.id.desc()).limit(PAGE + 1)))
        rows, is_newest, is_oldest = found[:PAGE], before is None, len(found) <= PAGE
    tab = request.args.get("etat") or None
    newer = None if is_newest or not rows else url_for("admin.deliveries", etat=tab, apres=rows[0].id)
    older = None if is_oldest or not rows else url_for("admin.deliveries", etat=tab, avant=rows[-1].id)
    return rows, newer, older


def _rows(found: Sequence[Delivery]) -> list[Row]:
    """The list's rows; names and last steps are read for the whole page at once."""
    ids = [delivery.id for delivery in found]
    steps = select(DeliveryEvent.delivery_id, func.max(DeliveryEvent.at)).where(DeliveryEvent.delivery_id.in_(ids))
    last: dict[int, datetime] = dict(db.session.execute(steps.group_by(DeliveryEvent.delivery_id)).all())
    users = {delivery.user_id for delivery in found if delivery.user_id}
    names = {user.id: user.name or "" for user in db.session.scalars(select(User).where(User.id.in_(users)))}
    access = select(CustomerAccess.user_id, Customer).join(Customer, Customer.id == CustomerAccess.customer_id)
    query = access.where(CustomerAccess.user_id.in_(users)).order_by(CustomerAccess.id.desc())
    linked: dict[int, Customer] = dict(db.session.execute(query).all())
    rows, again = [], sends_again(db.session)
    for delivery in found:
        customer = delivery.invoice.customer if delivery.invoice else linked.get(delivery.user_id or 0)
        name = (customer.name if customer else "") or names.get(delivery.user_id or 0, "")
        at = last.get(delivery.id, delivery.created_at)
        actions = _actions(delivery, customer)
        may_pick = bool({"retry", "retry_new"} & set(actions)) or (again and delivery.state is DeliveryState.sent)
        pick = may_pick and delivery.kind is DeliveryKind.invoice
        rows.append(Row(delivery, name, customer, at, actions, pick))
    return rows


def _actions(delivery: Delivery, customer: Customer | None) -> tuple[str, ...]:
    """What fits the cause: retry, correct the address, write to another one, look at the customer, set it aside."""
    if delivery.state not in TROUBLED:
        return ()
    if not may_retry(delivery.kind, delivery.state, False):
        return ("customer", "close") if customer else ("close",)
    if customer and customer.email and customer.email != delivery.recipient:
        return ("retry_new", "close")
    return ("fix", "elsewhere", "close") if texts.is_address_wrong(delivery) else ("retry", "elsewhere", "close")
