"""Taking back a rate that was typed by mistake: asked first, and why it can't be where it can't."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp
from invoicing.errors import NotFound
from invoicing.taxes import queries, rates
from web.database import db, now, transaction
from web.errors import register, sentence
from web.filters import short_date
from web.rights import needs
from web.sessions import actor
from web.words import _

register(rates.RateStays, 409, lambda r: _(
    "Ce taux reste : la facture %(number)s le porte. Ajoutez un nouveau taux à partir d’un autre jour.",
    number=r.number) if r.number else _(
    "Ce taux reste : seul le dernier d’une taxe peut être retiré, et il doit en rester un."))  # fmt: skip


@bp.route("/taxes/<int:tax_id>/taux/<int:rate_id>/retirer", methods=["GET", "POST"])
@needs("taxes")
def tax_rate_drop(tax_id: int, rate_id: int) -> ResponseReturnValue:
    """Takes back the last rate of a tax as long as no document bears it."""
    back = url_for("admin.tax", tax_id=tax_id)
    found = queries.tax(db.session, tax_id)
    try:
        rate = rates.rate_of(found, rate_id)
    except NotFound:  # a second click: the first has done it
        flash(_("Ce taux est déjà retiré."), "info")
        return redirect(back, 303)
    facts = {"tax": found, "rate": rate, "back": back}
    refused = rates.why_it_stays(db.session, found, rate)
    drawn = render_template("admin/tax_rate_drop.html", refused=sentence(refused) if refused else "", **facts)
    if refused:
        return drawn, 409 if request.method == "POST" else 200
    if request.method != "POST":
        return drawn
    day = short_date(rate.valid_from)
    with transaction() as session:
        rates.drop_rate(session, actor(), now(), tax_id, rate_id)
    flash(_("Taux retiré : celui du %(day)s n’existe plus.", day=day), "ok")
    return redirect(back, 303)
