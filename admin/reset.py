"""« Réinitialiser la boutique », for administrators: drafts go, a demo is rebuilt whole, nothing else (SPEC A11)."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp
from invoicing import resetting
from invoicing.errors import Refused, Stale
from invoicing.sellers.queries import organisation
from web.database import db, now, transaction
from web.errors import register, sentence
from web.fresh import fresh
from web.rights import needs
from web.services import services
from web.sessions import actor, me
from web.words import _, ngettext

register(resetting.WrongPhrase, 422, lambda r: _(
    "Ce n’est pas la phrase. Écrivez : %(phrase)s. Rien n’a été supprimé.", phrase=r.wanted))  # fmt: skip
register(resetting.NotADemo, 409, lambda r: _(
    "Cette base n’a pas été faite comme démonstration : elle ne se reconstruit pas. "
    "Rien n’a été supprimé."))  # fmt: skip
register(resetting.AlreadyRebuilding, 409, lambda r: _("La démonstration est déjà en cours de reconstruction."))


@bp.route("/reinitialiser", methods=["GET", "POST"])
@needs("reset")
@fresh
def reset() -> ResponseReturnValue:
    """Shows what would go; does it for whoever types the phrase."""
    if request.method != "POST":
        return _page()
    typed, what = request.form.get("phrase", "")[:200], request.form.get("what", "")
    try:
        if what == "demo":
            return _rebuilding(typed)
        return _without_drafts(typed)
    except (resetting.WrongPhrase, resetting.NotADemo, resetting.AlreadyRebuilding, Stale) as refusal:
        return _page(what, typed, refusal), 422 if isinstance(refusal, resetting.WrongPhrase) else 409


def _without_drafts(typed: str) -> ResponseReturnValue:
    with transaction() as session:
        seen = request.form.get("seen", "")
        gone = resetting.delete_drafts(session, actor(), now(), typed, _("supprimer les brouillons"), seen)
    said = ngettext(
        "%(num)s brouillon supprimé. Rien d’autre n’a changé.",
        "%(num)s brouillons supprimés. Rien d’autre n’a changé.", gone)  # fmt: skip
    flash(said if gone else _("Il ne reste aucun brouillon. Rien n’a changé."), "ok")
    return redirect(url_for("admin.reset"), 303)


def _rebuilding(typed: str) -> ResponseReturnValue:
    resetting.check_demo(db.session)
    resetting.check_phrase(typed, _("reconstruire la démonstration"))
    user_id, rebuilder = me().user.id, services().rebuilder
    db.session.rollback()  # no connection is held while another looks
    if rebuilder is None:
        raise resetting.NotADemo
    rebuilder.begin(user_id)
    return redirect(url_for("admin.reset"), 303)


def _page(what: str = "", typed: str = "", refusal: Refused | None = None) -> str:
    found, rebuilder = organisation(db.session), services().rebuilder
    is_demo = found is not None and found.is_demo
    said = "" if refusal is None else sentence(refusal)
    if isinstance(refusal, Stale):
        said = _("D’autres brouillons sont là depuis que cette page a été ouverte : les voici. Rien n’a été supprimé.")
    return render_template(
        "admin/reset.html", leaving=resetting.leaving(db.session), is_demo=is_demo, what=what, typed=typed,
        refused=said,
        progress=rebuilder.progress() if is_demo and rebuilder else None,
        phrases={"drafts": _("supprimer les brouillons"), "demo": _("reconstruire la démonstration")},
    )  # fmt: skip
