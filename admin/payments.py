"""Money of an invoice: a payment, its counter-entry, a refund, and credit set against another invoice."""

from __future__ import annotations

import secrets
from dataclasses import replace

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp, refusals
from admin.draft_fields import number as read_number
from admin.draft_fields import token_of, write_date
from admin.money_box import effect_of_undoing
from admin.money_fields import read_cents, read_day, write_cents
from invoicing.errors import Fault, FieldFaults, NotFound, Refused
from invoicing.invoices import queries
from invoicing.invoices.models import Invoice
from invoicing.invoices.rules import may_be_paid
from invoicing.payments import service
from invoicing.payments.models import Payment, PaymentMethod
from invoicing.payments.queries import payable_beside, payment_of
from invoicing.payments.rules import (
    AlreadyUndone,
    NothingDue,
    NothingOwedBack,
    PaymentContent,
    checked,
    live,
    owed_back,
)
from invoicing.payments.served import FormUsed
from invoicing.sellers.queries import today_of
from web.database import db, now, transaction
from web.errors import sentence, status_of
from web.faults import by_field
from web.filters import money
from web.rights import needs
from web.sessions import actor
from web.statuses import BY_HAND, METHODS
from web.words import _


@bp.route("/factures/<number>/paiement", methods=["GET", "POST"])
@needs("payments")
def payment_new(number: str) -> ResponseReturnValue:
    """Records what was paid, all that remains unless another amount is written; the same form sent twice pays once."""
    found = queries.by_number(db.session, number)
    invoice_id, token = found.id, _token()
    if request.method != "POST":
        if not found.is_frozen or not may_be_paid(found.kind, found.status, found.remaining_cents):
            return _back(number, NothingDue(number, found.status))
        typed = {"paid_on": _today(found), "amount": write_cents(found.remaining_cents)}
        return _page("payment", found, typed, token)
    try:
        content = _read(found, found.remaining_cents, "more_than_remains", "method", "date_required")
        with transaction() as session:
            payment = service.record_payment(session, actor(), now(), invoice_id, content, token)
            amount, currency = payment.amount_cents, found.currency
    except NothingDue as refusal:
        return _back(number, refusal)
    except (FieldFaults, FormUsed) as refusal:
        again = queries.by_number(db.session, number)
        if isinstance(refusal, FormUsed) and not may_be_paid(again.kind, again.status, again.remaining_cents):
            return _back(number, refusal)
        return _page("payment", again, request.form, token, refusal)
    return _done(number, _("Paiement de %(amount)s enregistré.", amount=money(amount, currency)))


@bp.route("/factures/<number>/remboursement", methods=["GET", "POST"])
@needs("payments")
def refund_new(number: str) -> ResponseReturnValue:
    """Records what was given back, never more than is owed back."""
    found = queries.by_number(db.session, number)
    invoice_id, token = found.id, _token()
    if request.method != "POST":
        if not owed_back(found):
            return _back(number, NothingOwedBack(number))
        return _page("refund", found, {"paid_on": _today(found), "amount": write_cents(owed_back(found))}, token)
    try:
        content = _read(found, owed_back(found), "more_than_owed_back", "given_by", "given_date_required")
        with transaction() as session:
            given = service.refund(session, actor(), now(), invoice_id, content, token)
            amount, currency = given.amount_cents, found.currency
    except NothingOwedBack as refusal:
        return _back(number, refusal)
    except (FieldFaults, FormUsed) as refusal:
        again = queries.by_number(db.session, number)
        if isinstance(refusal, FormUsed) and not owed_back(again):
            return _back(number, refusal)
        return _page("refund", again, request.form, token, refusal)
    return _done(number, _("Remboursement de %(amount)s enregistré.", amount=money(amount, currency)))


@bp.route("/factures/<number>/imputation", methods=["GET", "POST"])
@needs("payments")
def set_against(number: str) -> ResponseReturnValue:
    """Pays another invoice of the same customer with what this one owes back."""
    found = queries.by_number(db.session, number)
    invoice_id, token = found.id, _token()
    if request.method != "POST":
        return _back(number, NothingOwedBack(number)) if not owed_back(found) else _against(found, {}, token)
    try:
        other_id, amount = _read_against()
        with transaction() as session:
            amount = service.set_against(session, actor(), now(), invoice_id, other_id, amount, token).amount_cents
            currency, other = found.currency, session.get_one(Invoice, other_id).number
    except NothingOwedBack as refusal:
        return _back(number, refusal)
    except NotFound:  # no such invoice, or a draft
        return _against(queries.by_number(db.session, number), request.form, token, _choose())
    except Refused as refusal:
        again = queries.by_number(db.session, number)
        if isinstance(refusal, FormUsed) and not owed_back(again):
            return _back(number, refusal)
        return _against(again, request.form, token, refusal)
    said = {"amount": money(amount, currency), "number": number, "other": other}
    return _done(number, _("%(amount)s de %(number)s sont imputés sur %(other)s.", **said))


@bp.route("/factures/<number>/paiements/<int:payment_id>/annuler", methods=["GET", "POST"])
@needs("payments")
def payment_undo(number: str, payment_id: int) -> ResponseReturnValue:
    """Asks why, then writes the counter-entry; both halves of a pair are undone together."""
    found = queries.by_number(db.session, number)
    payment, token = payment_of(db.session, found.id, payment_id), _token()
    if request.method != "POST":
        if payment not in live(found.payments):
            return _back(number, AlreadyUndone(payment_id, number))
        return _undo_page(found, payment, token)
    try:
        with transaction() as session:
            reason = request.form.get("reason", "")
            service.undo_payment(session, actor(), now(), payment_id, reason, token)
    except Refused as refusal:
        found = queries.by_number(db.session, number)
        payment = payment_of(db.session, found.id, payment_id)
        if isinstance(refusal, AlreadyUndone | FormUsed) and payment not in live(found.payments):
            return _back(number, refusal)
        return _undo_page(found, payment, token, refusal)
    if _other_end(payment_of(db.session, queries.by_number(db.session, number).id, payment_id)):
        return _done(number, _("Imputation annulée par deux écritures contraires : les originaux restent visibles."))
    return _done(number, _("Paiement annulé par une écriture contraire : l’original reste visible."))


def _undo_page(found: Invoice, payment: Payment, token: str, refusal: Refused | None = None) -> ResponseReturnValue:
    errors, refused, token = _said(refusal, token)
    page = render_template(
        "admin/payment_undo.html", invoice=found, payment=payment, token=token, errors=errors, refused=refused,
        means=means_of(payment), reason=request.form.get("reason", ""), other=_other_end(payment),
        effect=effect_of_undoing(found, payment),
    )  # fmt: skip
    return page, status_of(refusal) if refusal else 200


def _other_end(payment: Payment) -> str:
    """The number of the invoice at the other end of a pair, else nothing."""
    return payment.reference if payment.method is PaymentMethod.credit else ""


def means_of(payment: Payment) -> str:
    """How the money came or went, in words."""
    return _(METHODS[payment.method])


def _against(found: Invoice, typed: object, token: str, refusal: Refused | None = None) -> ResponseReturnValue:
    """The page; `typed` is what was sent."""
    errors, refused, token = _said(refusal, token)
    others = payable_beside(db.session, found)
    page = render_template(
        "admin/payment_against.html", invoice=found, others=others, typed=typed, token=token, errors=errors,
        refused=refused, owed_cents=owed_back(found), write_cents=write_cents,
    )  # fmt: skip
    return page, status_of(refusal) if refusal else 200


def _choose() -> FieldFaults:
    return FieldFaults([Fault("other", "choose")])


def _read_against() -> tuple[int, int | None]:
    """The other invoice and the amount, None where none is written: as much as fits."""
    faults: list[Fault] = []
    other_id, written = read_number(request.form.get("other", "")), request.form.get("amount", "")
    if not other_id:
        faults += _choose().faults
    amount = read_cents("amount", written, faults) if written.strip() else None
    if faults or not other_id:
        raise FieldFaults(faults)
    return other_id, amount


def _read(found: Invoice, most_cents: int, beyond: str, field: str, missing: str) -> PaymentContent:
    """The form's content; refuses with every mistake, those that the core would find among them."""
    faults: list[Fault] = []
    method, reference = request.form.get(field, ""), request.form.get("reference", "")
    if method not in BY_HAND:
        faults.append(Fault(field, "choose"))
    amount = read_cents("amount", request.form.get("amount", ""), faults)
    day = read_day("paid_on", request.form.get("paid_on", ""), faults, missing)
    today, seen = today_of(found.seller, now()), {fault.field for fault in faults}
    usual = PaymentContent(PaymentMethod.other, day or today, reference, amount)
    if faults:
        try:
            checked(usual, today, most_cents, found.currency, beyond)
        except FieldFaults as more:
            faults += [fault for fault in more.faults if fault.field not in seen]
        raise FieldFaults(faults)
    return replace(usual, method=PaymentMethod(method))


def _page(name: str, found: Invoice, typed: object, token: str, refusal: Refused | None = None) -> ResponseReturnValue:
    """The form of a payment or refund, after a refusal with what was typed."""
    errors, refused, token = _said(refusal, token)
    page = render_template(
        f"admin/{name}.html", invoice=found, typed=typed, errors=errors, token=token, owed_cents=owed_back(found),
        refused=refused,
    )  # fmt: skip
    return page, status_of(refusal) if refusal else 200


def _said(refusal: Refused | None, token: str) -> tuple[dict[str, str], str, str]:
    """Mistakes by field, else the refusal's sentence; and the token, a fresh one where the form has served."""
    if refusal is None:
        return {}, "", token
    if isinstance(refusal, FieldFaults):
        return dict(by_field(refusal.faults)), "", token
    if isinstance(refusal, FormUsed):
        return {}, refusals.again(refusal), secrets.token_urlsafe(24)
    return {}, sentence(refusal), token


def _token() -> str:
    return token_of(request.form) or secrets.token_urlsafe(24)


def _today(found: Invoice) -> str:
    return write_date(today_of(found.seller, now()))


def _back(number: str, refusal: Refused) -> ResponseReturnValue:
    flash(sentence(refusal), "warn")
    return redirect(url_for("admin.invoice", number=number), 303 if request.method == "POST" else 302)


def _done(number: str, said: str) -> ResponseReturnValue:
    flash(said, "ok")
    return redirect(url_for("admin.invoice", number=number), 303)
