"""Rows of an accounting export that a person letters one by one (SPEC C9, C10)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from admin import bp
from admin.draft_fields import number as read_number
from admin.imports_seen import changeable
from admin.letterings import facts
from invoicing.errors import FieldFaults, NotFound, Refused
from invoicing.imports.models import ImportRow, ImportRun, RunKind
from invoicing.invoices.models import Invoice
from invoicing.lettering.accepting import Outcome, Taking, accept_many, letter_anyway
from invoicing.lettering.queries import last_change
from web import letterings as said
from web.database import db, now, transaction
from web.errors import sentence, status_of
from web.faults import sentence as told
from web.rights import needs
from web.sessions import actor
from web.words import _, ngettext

MOST: Final = 200  # suggestions taken at once
_TAKEN: Final = re.compile(r"(\d{1,9}):(\d{1,9}):(\d{1,9})")


@bp.post("/imports/<int:run_id>/propositions")
@needs("letter")
def import_take(run_id: int) -> ResponseReturnValue:
    """Letters the suggestions that were ticked, each for itself."""
    if changeable(run_id).kind is not RunKind.letterings:
        raise NotFound
    takings = _takings(request.form.getlist("take")[:MOST])
    twice = [line for line, times in Counter(taking.line for taking in takings).items() if times > 1]
    if not takings or twice:
        flash(_("Cochez une proposition au moins. Rien n’a été lettré.") if not takings else
              _("Deux propositions cochées pour la ligne %(line)s : gardez-en une. Rien n’a été lettré.",
                line=twice[0]), "warn")  # fmt: skip
    else:
        _say(accept_many(transaction, actor(), now(), run_id, takings))
    return redirect(url_for("admin.import_run", run_id=run_id, verdict=request.form.get("verdict") or None), 303)


def _takings(ticked: Iterable[str]) -> list[Taking]:
    """What was ticked: line, document, and the last change of its reference that the page knew of."""
    return [Taking(*map(int, found.groups())) for each in ticked if (found := _TAKEN.fullmatch(each))]


def _seen(invoice_id: int) -> int:
    last = last_change(db.session, invoice_id)
    return last.id if last else 0


def _say(outcomes: Sequence[Outcome]) -> None:
    done = [outcome for outcome in outcomes if outcome.refused is None]
    if done:
        flash(ngettext("%(num)s facture lettrée.", "%(num)s factures lettrées.", len(done)), "ok")
    for outcome in outcomes:
        if outcome.refused is not None:
            what = sentence(outcome.refused)
            flash(_("Ligne %(line)s : %(what)s", line=outcome.taking.line, what=what), "warn")


@bp.route("/imports/<int:run_id>/lignes/<int:line>", methods=["GET", "POST"])
@needs("letter")
def import_letter_one(run_id: int, line: int) -> ResponseReturnValue:
    """Letters one document although its amount isn't the file's, with the reason why."""
    run = changeable(run_id)
    row, invoice = _row(run, line)
    if request.method != "POST":
        return _question(run, row, invoice)
    reason, number, reference = request.form.get("reason", ""), invoice.number, row.subject
    seen = read_number(request.form.get("seen", ""))
    try:
        with transaction() as session:
            letter_anyway(session, actor(), now(), run_id, line, -1 if seen is None else seen, reason)
    except NotFound:
        raise
    except Refused as refused:
        row, invoice = _row(run, line)
        return _question(run, row, invoice, reason, refused), status_of(refused)
    flash(_("Lettrage enregistré. %(number)s porte la référence %(reference)s.", number=number, reference=reference),
          "ok")  # fmt: skip
    return redirect(url_for("admin.import_run", run_id=run_id), 303)


def _row(run: ImportRun, line: int) -> tuple[ImportRow, Invoice]:
    query = select(ImportRow).where(ImportRow.run_id == run.id, ImportRow.line == line)
    row = db.session.scalars(query).one_or_none()
    if run.kind is not RunKind.letterings or row is None or row.invoice_id is None:
        raise NotFound
    return row, db.session.get_one(Invoice, row.invoice_id)


def _question(
    run: ImportRun, row: ImportRow, invoice: Invoice, reason: str = "", refused: Refused | None = None
) -> str:
    of_reason = told(refused.faults[0]) if isinstance(refused, FieldFaults) else None
    return render_template(
        "letterings/one.html", run=run, row=row, facts=facts(row), invoice=invoice, seen=_seen(invoice.id),
        reason=reason, refused=sentence(refused) if refused and not of_reason else "", of_reason=of_reason, said=said,
    )  # fmt: skip
