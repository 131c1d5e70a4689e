"""The money of an invoice's page: payments, refunds, counter-entries, credit notes, and what may be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import url_for
from flask_login import current_user
from markupsafe import Markup

from admin.moves import VERBS, is_credited_whole, what_it_does
from invoicing.errors import Refused
from invoicing.invoices.crediting import corrected_of
from invoicing.invoices.crediting_rules import NotCreditable, NothingToCredit, check_creditable
from invoicing.invoices.models import Invoice, InvoiceKind, Origin, Status
from invoicing.invoices.moving_rules import possible, refusal, standing_of
from invoicing.invoices.rules import MoveRefused, is_owed, may_be_paid
from invoicing.payments.models import Payment, PaymentKind, PaymentMethod
from invoicing.payments.queries import payable_beside
from invoicing.payments.rules import live, owed_back, signed, status_after_undoing
from web.database import db
from web.errors import sentence
from web.filters import money
from web.statuses import METHODS, STATUSES
from web.words import _


@dataclass(frozen=True)
class MoneyRow:
    """One row of the payments' table; `amount_cents` is what it adds to what was paid."""

    day: date
    what: str  # empty for a payment
    means: str
    reference: str
    number: str  # of the invoice at the other end, to be linked
    amount_cents: int
    is_undone: bool
    reason: str
    undo_url: str  # empty where it can't be undone


@dataclass(frozen=True)
class MoveChoice:
    """A move that staff may make, and what it does."""

    verb: str
    does: str
    url: str


@dataclass(frozen=True)
class MoneyBox:
    """What the page says about money and status; `why_no_cancel` also says what to do instead."""

    rows: tuple[MoneyRow, ...]
    paid_cents: int
    credited_cents: int
    remaining_cents: int
    owed_cents: int
    credit_notes: Sequence[Invoice]
    is_credited_whole: bool
    may_pay: bool
    may_credit: bool
    may_set_against: bool
    moves: tuple[MoveChoice, ...]
    why_no_cancel: str


def money_box(found: Invoice) -> MoneyBox:
    """As it is today, for whoever asks."""
    owed, kept = owed_back(found), {row.id for row in live(found.payments)}
    why_no_credit = _why_no_credit(found)
    exhausted = bool(found.credited_cents and why_no_credit)
    return MoneyBox(
        rows=tuple(_row(found, row, row.id in kept) for row in found.payments),
        paid_cents=found.paid_cents, credited_cents=found.credited_cents, remaining_cents=found.remaining_cents,
        owed_cents=owed, credit_notes=found.credit_notes, is_credited_whole=is_credited_whole(found),
        may_pay=found.is_frozen and may_be_paid(found.kind, found.status, found.remaining_cents)
        and current_user.may("payments"),
        may_credit=not why_no_credit and current_user.may("invoices"),
        may_set_against=bool(owed and payable_beside(db.session, found)),
        moves=_moves(found), why_no_cancel=why_no_credit if exhausted else _why_no_cancel(found),
    )  # fmt: skip


def _row(found: Invoice, row: Payment, is_live: bool) -> MoneyRow:
    counter, refund = row.undoes_id is not None, row.kind is PaymentKind.refund
    pair = row.method is PaymentMethod.credit
    if counter:
        undone = _("Annulation du remboursement") if refund else _("Annulation du paiement")
        what = _("Annulation de l’imputation :") if pair else undone
    else:
        what = _("Imputé sur") if refund and pair else _("Remboursement") if refund else ""
    may = is_live and found.is_frozen and current_user.may("payments")
    url = url_for("admin.payment_undo", number=found.number, payment_id=row.id) if may else ""
    by_shop = found.payment_label and row.recorded_by_id is None and not refund and not row.form_token
    return MoneyRow(
        row.paid_on, what, found.payment_label if by_shop else _(METHODS[row.method]),
        "" if pair else row.reference, row.reference if pair else "", -row.amount_cents if refund else row.amount_cents,
        not counter and not is_live, row.reason, url,
    )  # fmt: skip


def _why_no_credit(found: Invoice) -> str:
    """Why no credit note can be made; empty where one can."""
    try:
        check_creditable(found.number or "", found.kind, found.status, found.is_frozen, corrected_of(db.session, found))
    except (NotCreditable, NothingToCredit) as refused:
        return sentence(refused)
    return ""


def _moves(found: Invoice) -> tuple[MoveChoice, ...]:
    if not current_user.may("invoices"):
        return ()
    return tuple(
        MoveChoice(
            VERBS[status](),
            what_it_does(found, status),
            url_for("admin.move", invoice_id=found.id, wanted=status.value),
        )
        for status in possible(standing_of(found))
    )


def _why_no_cancel(found: Invoice) -> str | Markup:
    """Why it can't be cancelled, and what to do instead; empty where it can, and where it is cancelled already."""
    if found.status is Status.cancelled or (found.origin is Origin.manual and not found.is_frozen):
        return ""
    if found.kind is InvoiceKind.credit_note:
        return _("Un avoir est réalisé dès qu’il est établi : il ne s’annule pas et ne se corrige pas par un autre.")
    refused: Refused | None = refusal(standing_of(found), Status.cancelled)
    if isinstance(refused, MoveRefused):
        now = STATUSES[found.status].label
        return _("« %(now)s » ne s’annule plus ; une erreur se corrige par un avoir.", now=now)
    return sentence(refused) if refused is not None else ""


def effect_of_undoing(found: Invoice, payment: Payment) -> str:
    """What will be due, or owed back, once it is undone."""
    left, paid = found.remaining_cents + signed(payment), found.paid_cents - signed(payment)
    if left < 0:
        return _("Il restera alors %(amount)s à rendre.", amount=money(-left, found.currency))
    if left and is_owed(found.kind, status_after_undoing(found.status, left, paid)):
        return _("La facture attendra alors %(amount)s.", amount=money(left, found.currency))
    return _("Plus rien ne sera alors à payer ni à rendre.")
