"""What one is told of by mail: a sign-in from an unknown device, new documents, the morning's digest of staff."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from invoicing.accounts import profile
from invoicing.customers.queries import customers_of_user
from invoicing.delivery import digest, news
from web.account_door import bp
from web.database import db, now, transaction
from web.sessions import frame, me
from web.words import _


def is_linked(user_id: int) -> bool:
    """Whether this person sees somebody's invoices, and so may be told of new ones."""
    return bool(customers_of_user(db.session, user_id))


@bp.route("/courriels", methods=["GET", "POST"])
def mails() -> ResponseReturnValue:
    """One switch each; what changes an account is always told."""
    user_id, is_staff = me().user.id, me().user.is_staff
    linked = is_linked(user_id)
    if request.method != "POST":
        found = profile.of(db.session, user_id)
        return render_template("account/mails.html", frame=frame(), profile=found, is_linked=linked)
    with transaction() as s:
        profile.choose_notices(s, user_id, bool(request.form.get("notices")))
        if linked:
            news.choose(s, user_id, bool(request.form.get("news")), now())
        if is_staff:
            digest.choose(s, user_id, bool(request.form.get("digest")), now())
    flash(_("Vos préférences sont enregistrées."), "ok")
    return redirect(url_for("account.page"))
