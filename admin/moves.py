"""Moves of status by hand: one page per move that says what it does, then one core call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp
from admin.draft_fields import number as read_number
from invoicing.errors import FieldFaults, NotFound, Refused, Stale
from invoicing.invoices import queries
from invoicing.invoices.models import Invoice, Origin, Status
from invoicing.invoices.moving import checked
from invoicing.invoices.moving import move as make_move
from invoicing.invoices.moving_rules import refusal, standing_of
from invoicing.invoices.rules import freezes
from web.database import db, now, transaction
from web.errors import sentence, status_of
from web.faults import sentence as fault_sentence
from web.rights import needs
from web.sessions import actor
from web.statuses import STATUSES
from web.words import _

VERBS: Final[dict[Status, Callable[[], str]]] = {  # the button that leads to the question, and the one that does it
    Status.placed: lambda: _("Marquer comme passée"),
    Status.pending: lambda: _("Mettre en attente de paiement"),
    Status.complete: lambda: _("Marquer comme réalisée"),
    Status.failed: lambda: _("Noter que le paiement a échoué"),
    Status.refused: lambda: _("Refuser la commande"),
    Status.cancelled: lambda: _("Annuler la commande"),
}
DOES: Final[dict[Status, Callable[[], str]]] = {
    Status.placed: lambda: _("La commande est acceptée ; son paiement n’est pas encore confirmé."),
    Status.pending: lambda: _("La commande est acceptée et attend son paiement ; elle compte dans ce qui est dû."),
    Status.complete: lambda: _("Tout est payé et livré. C’est définitif : ensuite, seul un avoir corrige."),
    Status.failed: lambda: _(
        "Elle ne compte plus dans les ventes. Si l’argent arrive, le paiement s’enregistre encore."),
    Status.refused: lambda: _("Elle ne compte plus dans les ventes ; elle peut encore être reprise ou annulée."),
    Status.cancelled: lambda: _("Elle ne compte plus dans les ventes et n’attend plus rien. C’est définitif."),
}  # fmt: skip


@bp.post("/factures/<number>/verifiee")
@needs("payments")
def invoice_checked(number: str) -> ResponseReturnValue:
    """Somebody has looked at what the import of a shop's orders had flagged."""
    invoice_id = queries.by_number(db.session, number).id
    with transaction() as session:
        checked(session, actor(), now(), invoice_id)
    flash(_("C’est noté : la facture est vérifiée."), "ok")
    return redirect(url_for("admin.invoice", number=number), 303)


@bp.route("/commandes/<int:invoice_id>/etat/<wanted>", methods=["GET", "POST"])
@needs("invoices")
def move(invoice_id: int, wanted: str) -> ResponseReturnValue:
    """Says what the move does, then makes it; one that isn't possible says why, and what to do instead."""
    found = _found(invoice_id)
    if wanted not in tuple(Status):
        raise NotFound
    status = Status(wanted)
    if request.method != "POST":
        why = refusal(standing_of(found), status)
        return _page(found, status, why), status_of(why) if why else 200
    revision = read_number(request.form.get("revision", "")) or 0
    try:
        with transaction() as session:
            make_move(session, actor(), now(), invoice_id, status, revision)
    except NotFound:
        raise
    except Stale as refused:
        found = _found(invoice_id)
        return _page(found, status, refusal(standing_of(found), status) or refused), 409
    except Refused as refused:
        return _page(_found(invoice_id), status, refused), status_of(refused)
    found = _found(invoice_id)
    flash(_("État enregistré : %(status)s.", status=STATUSES[found.status].label), "ok")
    return redirect(address_of(found), 303)


def address_of(found: Invoice) -> str:
    """The document's page, by its number or, of an order without one, by its id."""
    if found.number:
        return url_for("admin.invoice", number=found.number)
    return url_for("admin.order", invoice_id=found.id)


def is_credited_whole(found: Invoice) -> bool:
    """Whether credit notes alone have settled it: nobody paid anything."""
    return found.total_cents > 0 and found.credited_cents >= found.total_cents and not found.paid_cents


def what_it_does(found: Invoice, wanted: Status) -> str:
    """What a move does, in words."""
    if wanted is Status.complete and is_credited_whole(found):
        return _("Elle est soldée par avoir : rien n’est dû. C’est définitif.")
    return DOES[wanted]() if wanted in DOES else ""


def _found(invoice_id: int) -> Invoice:
    """A document that stands, or a shop's order; NotFound otherwise: drafts of staff have pages of their own."""
    found = db.session.get(Invoice, invoice_id, populate_existing=True)
    if found is None or (found.origin is Origin.manual and not found.is_frozen):
        raise NotFound
    return found


def _page(found: Invoice, wanted: Status, why: Refused | None) -> str:
    """The question; or why not."""
    reasons = [fault_sentence(fault) for fault in why.faults] if isinstance(why, FieldFaults) else []
    return render_template(
        "admin/move.html", invoice=found, wanted=wanted, verbs=VERBS, does=what_it_does(found, wanted),
        back=address_of(found), stands=not found.is_frozen and freezes(found.mode, wanted),
        refused=sentence(why) if why else "",
        reasons=reasons, may_try=why is None or isinstance(why, Stale),
    )  # fmt: skip
