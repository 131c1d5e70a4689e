"""« Preuve »: what the last verification found, a new one, its minutes, and the comparison of a received PDF."""

from __future__ import annotations

from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp
from invoicing.accounts.models import User
from invoicing.errors import NotFound
from invoicing.proof import minutes, received, runs
from invoicing.proof.models import ProofRun
from invoicing.proof.received import Verdict
from invoicing.proof.rules import Report
from invoicing.sellers.queries import organisation
from web import proofs
from web.database import db, now, transaction
from web.documents import archive, pdf
from web.filters import long_datetime
from web.services import services
from web.sessions import actor
from web.words import _, language, ngettext


@bp.get("/preuve")
def proof() -> ResponseReturnValue:
    """One sentence, what was checked with counts, what isn't as it must be."""
    return _page()


@bp.post("/preuve/verifier")
def proof_run() -> ResponseReturnValue:
    """Asks for a verification; the worker does it."""
    with transaction() as session:
        runs.ask(session, actor().account_id, now())
    services().nudge(proof=True)
    flash(_("La vérification est demandée : elle commence dans un instant."), "info")
    return redirect(url_for("admin.proof"), 303)


@bp.get("/preuve/proces-verbal")
def proof_pdf() -> ResponseReturnValue:
    """The minutes of the last verification, on paper; nothing is kept."""
    run = runs.last_finished(db.session)
    if run is None:
        raise NotFound
    found = Report.from_json(run.report)
    faults = [proofs.in_full(fault) for check in found.checks for fault in check.faults]
    told = minutes.Minutes(
        language(), _("Procès-verbal de vérification"), _organisation(), _summary(run, found),
        (_("Vérifié"), _("Résultat"), _("Nombre")), tuple(_row(check) for check in found.checks),
        _("Ce qui ne correspond pas"), tuple(faults), _foot(run, found),
    )  # fmt: skip
    db.session.rollback()  # no connection is held while it draws
    return pdf(minutes.render(told), f"proces-verbal-{run.finished_at:%Y-%m-%d-%H%M}")


@bp.post("/preuve/pdf")
def proof_pdf_check() -> ResponseReturnValue:
    """Whether a PDF is exactly what was established; it isn't kept."""
    upload = request.files.get("pdf")
    data = upload.read() if upload else b""
    if not data:
        return _page(error=_("Choisissez un fichier PDF, puis « Comparer ».")), 422
    verdict: Verdict | None = received.exactly(db.session, archive(), data)
    if verdict is None:
        db.session.rollback()  # no connection is held while another process reads the file
        is_pdf = received.is_pdf(data)
        text = received.text_of(data) if is_pdf else None
        verdict = received.alike(db.session, text, is_pdf)
    return _page(verdict=verdict)


def _page(verdict: Verdict | None = None, error: str = "") -> str:
    run, waiting = runs.last_finished(db.session), runs.under_way(db.session)
    asked_by = db.session.get(User, waiting.asked_by_id) if waiting and waiting.asked_by_id else None
    found = Report.from_json(run.report) if run else None
    kind = type(verdict).__name__.lower() if verdict else ""
    return render_template(
        "admin/proof.html", run=run, report=found, waiting=waiting, asked_by=asked_by, proofs=proofs, took=_took(run),
        verdict=verdict, verdict_kind=kind, error=error, percent=_percent(waiting),
    )  # fmt: skip


def _organisation() -> str:
    row = organisation(db.session)
    return row.name if row else ""


def _percent(run: ProofRun | None) -> int:
    return min(100, run.done * 100 // run.total) if run and run.total else 0


def _took(run: ProofRun | None) -> str:
    """How long a run took, in words."""
    if run is None or run.finished_at is None or run.started_at is None:
        return ""
    seconds = int((run.finished_at - run.started_at).total_seconds())
    if seconds < 1:
        return _("en moins d’une seconde")
    if seconds < 120:
        return ngettext("en %(num)s seconde", "en %(num)s secondes", seconds)
    return ngettext("en %(num)s minute", "en %(num)s minutes", round(seconds / 60))


def _summary(run: ProofRun, found: Report) -> str:
    when = long_datetime(run.finished_at or datetime.min)  # noqa: DTZ901 - finished runs have a moment
    if found.is_intact:
        return _("Tout est intact. Vérifié le %(when)s, %(took)s.", when=when, took=_took(run))
    return ngettext("%(num)s écart. Vérifié le %(when)s, %(took)s.", "%(num)s écarts. Vérifié le %(when)s, %(took)s.",
                    found.wrong, when=when, took=_took(run))  # fmt: skip


def _row(check: minutes.Check) -> tuple[str, str, str]:
    title = _(proofs.TITLES[check.name])
    if check.wrong:
        return title, ngettext("%(num)s écart", "%(num)s écarts", check.wrong), proofs.figure(check.count)
    return title, proofs.what_was_checked(check), proofs.figure(check.count)


def _foot(run: ProofRun, found: Report) -> str:
    return _("Vérification n° %(id)s. Le journal finit à l’écriture %(position)s, dont l’empreinte est %(head)s.",
             id=run.id, position=found.position, head=found.head)  # fmt: skip
