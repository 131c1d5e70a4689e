"""Merging two records of one customer: which other, side by side, then done. What is said of it is said before."""

from __future__ import annotations

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp
from admin import customer_forms as forms
from admin.draft_fields import number as read_number
from invoicing.customers import listing, merging, queries
from invoicing.customers.listing import CustomersWanted
from invoicing.customers.merging_rules import (
    MergeWish,
    SameRecord,
    fills,
    fingerprint,
    numbers,
    people,
    suggested,
    suggested_managers,
)
from invoicing.customers.models import Customer
from invoicing.customers.rules import MergedAway, OwnAccess
from invoicing.errors import FieldFaults, Refused, Stale
from web.database import db, now, transaction
from web.errors import register, sentence, status_of
from web.faults import by_field
from web.rights import needs
from web.security import text_arg
from web.sessions import actor
from web.words import _, ngettext

register(SameRecord, 422, lambda r: _("C’est la même fiche : il en faut deux pour fusionner."))
register(MergedAway, 409, lambda r: _("Cette fiche a été fusionnée avec une autre. Rien n’a été changé."))


@dataclass(frozen=True)
class Line:
    """One field of both records, in words; `filled` where the survivor's is empty and takes the other's."""

    label: str
    stays: str
    goes: str
    filled: bool


@bp.errorhandler(MergedAway)
def _to_the_survivor(refusal: MergedAway) -> ResponseReturnValue:
    """The old address of a duplicate leads to the record that was kept; a form of it is told."""
    kept = url_for("admin.customer", customer_id=refusal.into)
    if request.method == "POST":
        flash(_("Cette fiche a été fusionnée avec celle-ci. Rien d’autre n’a été changé."), "warn")
        return redirect(kept, 303)
    plain = set(request.view_args or ()) == {"customer_id"} and request.endpoint
    return redirect(url_for(plain, customer_id=refusal.into) if plain else kept)


@bp.get("/clients/<int:customer_id>/fusionner")
@needs("customers")
def customer_merge(customer_id: int) -> ResponseReturnValue:
    """Which other record is the same customer: namesakes and shared addresses first, or a search."""
    kept, query = queries.customer(db.session, customer_id), text_arg("q")
    if query:
        page = listing.page(db.session, CustomersWanted(query))
        rows, more = [row for row in page.rows if row.customer.id != customer_id], page.after
    else:
        rows, more = queries.with_sums(db.session, merging.suggestions(db.session, kept)), False
    return render_template("admin/customer_merge.html", customer=kept, query=query, rows=rows, more=more)


@bp.route("/clients/<int:customer_id>/fusionner/<int:other_id>", methods=["GET", "POST"])
@needs("customers")
def customer_merge_with(customer_id: int, other_id: int) -> ResponseReturnValue:
    """Shows both records, what stays and what moves; then merges the other into the first."""
    if request.method != "POST":
        return _confirm(customer_id, other_id)
    try:
        with transaction() as session:
            moved = merging.merge(session, actor(), now(), customer_id, other_id, _wish())
    except (FieldFaults, OwnAccess, Stale) as refusal:
        return _confirm(customer_id, other_id, refusal)
    flash(ngettext("Fiches fusionnées. %(num)s document est passé ici.",
                   "Fiches fusionnées. %(num)s documents sont passés ici.", moved), "ok")  # fmt: skip
    return redirect(url_for("admin.customer", customer_id=customer_id), 303)


def _wish() -> MergeWish:
    seeing = _ticked("user")
    return MergeWish(
        shown=request.form.get("shown", ""), fill=bool(request.form.get("fill")),
        member_number=request.form.get("member_number", ""), user_ids=seeing,
        manager_ids=_ticked("manager") & seeing,
    )  # fmt: skip


def _ticked(name: str) -> frozenset[int]:
    return frozenset(number for text in request.form.getlist(name) if (number := read_number(text)) is not None)


def _confirm(customer_id: int, other_id: int, refusal: Refused | None = None) -> ResponseReturnValue:
    """The question; after a refusal with what was ticked, drawn from what stands now."""
    kept, gone = merging.both(db.session, customer_id, other_id)
    seen, sent = people(kept, gone, actor().account_id), _wish()
    ticked = sent.user_ids if refusal else suggested(seen, actor().account_id)
    managing = sent.manager_ids if refusal else suggested_managers(seen, actor().account_id)
    errors = by_field(refusal.faults) if isinstance(refusal, FieldFaults) else {}
    said = sentence(refusal) if refusal and not errors else ""
    drawn = render_template(
        "admin/customer_merge_with.html", customer=kept, other=gone, lines=_lines(kept, gone), errors=errors,
        refusal=said, moves=merging.moves(db.session, other_id), people=seen, ticked=ticked, managing=managing,
        only=merging.seeing_only(db.session, customer_id, other_id),
        numbers=numbers(kept, gone), number=sent.member_number or kept.member_number or "",
        fill=sent.fill if refusal else True, fills=bool(fills(kept, gone)), shown=fingerprint(kept, gone),
    )  # fmt: skip
    return drawn, status_of(refusal) if refusal else 200


def _lines(kept: Customer, gone: Customer) -> list[Line]:
    """The fields that say something on one of the two, in the order of the form."""
    filled, ours, theirs = fills(kept, gone), forms.of(kept), forms.of(gone)
    return [
        Line(forms.LABELS[name](), _said(name, ours[name]), _said(name, theirs[name]), name in filled)
        for name in forms.LABELS
        if ours[name] or theirs[name]
    ]


def _said(name: str, value: object) -> str:
    return forms.shown(name, value) if value or name == "professional" else ""
