"""Series of numbers, for administrators: what each seller has, a new one, which one is in use (SPEC N1, N2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp
from invoicing.errors import FieldFaults, NotFound
from invoicing.numbering import Mode, Series, Use, write_number
from invoicing.sellers import queries
from invoicing.sellers import series as core
from invoicing.sellers.numbers import series_by_seller
from invoicing.sellers.series_rules import Calendar, OnlySeries, SeriesContent, SeriesOfShop, format_of
from web.database import db, now, transaction
from web.errors import register, sentence
from web.faults import by_field
from web.rights import needs
from web.sessions import actor
from web.words import N_, _

USES: Final = {
    Use.manual: N_("Factures manuelles"), Use.shop: N_("Boutique"), Use.credit_note: N_("Avoirs")}  # fmt: skip
MODE_NAMES: Final = {
    Mode.official: (
        N_("Officielle"),
        N_("Le document est la facture légale : « Facture » ou « Avoir ». Le lettrage n’y change rien."),
    ),
    Mode.portal_reference: (
        N_("Référence du portail"),
        N_("La facture officielle est dans le logiciel comptable. Le document est une « Commande », puis une "
           "« Facture pro forma » une fois payé, et devient un duplicata de la facture officielle quand il est "
           "lettré."),
    ),
}  # fmt: skip
CALENDARS: Final = {
    Calendar.yearly: (N_("L’année"), N_("La numérotation repart de 1 chaque année.")),
    Calendar.dated: (N_("Le jour entier"), N_("La numérotation continue sans jamais repartir de 1.")),
    Calendar.endless: (N_("Rien"), N_("Le préfixe, puis le numéro, qui ne repart jamais de 1.")),
}

register(SeriesOfShop, 409, lambda r: _(
    "La boutique %(shop)s prend ses numéros dans cette série : elle reste en service.", shop=r.shop))  # fmt: skip
register(OnlySeries, 409, lambda r: _(
    "C’est la seule série en service pour ces documents. Mettez-en une autre en service : elle prendra sa place.",
))  # fmt: skip


@bp.get("/reglages/series")
@needs("series")
def series() -> ResponseReturnValue:
    """Every seller's series: what the next number is, how many were given, which one is in use."""
    return render_template(
        "admin/series.html",
        sellers=series_by_seller(db.session, now()),
        uses=_named(USES),
        modes=_explained(MODE_NAMES),
    )


@bp.route("/reglages/series/nouvelle", methods=["GET", "POST"])
@needs("series")
def series_new() -> ResponseReturnValue:
    """A new series: its first number is shown before it is made."""
    if request.method != "POST":
        return _form(SeriesContent(seller_id=request.args.get("vendeur", "")))
    content = SeriesContent(**{f.name: request.form.get(f.name, "") for f in fields(SeriesContent)})
    try:
        if not _is_confirmed(content):
            format = core.check_series(db.session, content).format
            return _form(content, first=_first(content, format), format=format)
        with transaction() as session:
            made = core.add_series(session, actor(), now(), content)
            series_id, active = made.id, made.active
    except FieldFaults as refusal:
        return _form(content, refusal=refusal)
    flash(_("Série créée et en service.") if active else _("Série créée. Elle n’est pas encore en service."), "ok")
    return redirect(url_for("admin.series", _anchor=f"series-{series_id}"))


@bp.route("/reglages/series/<int:series_id>/service", methods=["GET", "POST"])
@needs("series")
def series_use(series_id: int) -> ResponseReturnValue:
    """Puts a series in use; says first which one retires."""
    if request.method == "POST":
        with transaction() as session:
            format = core.put_in_use(session, actor(), now(), series_id).format
        flash(_("Série en service : %(format)s.", format=format), "ok")
        return redirect(url_for("admin.series", _anchor=f"series-{series_id}"))
    found = _row(series_id)
    if found.active:
        return redirect(url_for("admin.series", _anchor=f"series-{series_id}"))
    return _confirm(found, "use")


@bp.route("/reglages/series/<int:series_id>/retrait", methods=["GET", "POST"])
@needs("series")
def series_retire(series_id: int) -> ResponseReturnValue:
    """Takes a series that nothing needs out of use."""
    if request.method == "POST":
        with transaction() as session:
            format = core.retire(session, actor(), now(), series_id).format
        flash(_("Série retirée : %(format)s.", format=format), "ok")
        return redirect(url_for("admin.series", _anchor=f"series-{series_id}"))
    found = _row(series_id)
    try:
        core.check_retiring(db.session, found)
    except (SeriesOfShop, OnlySeries) as refusal:
        flash(sentence(refusal), "warn")
        return redirect(url_for("admin.series", _anchor=f"series-{series_id}"))
    return _confirm(found, "retire")


def _is_confirmed(content: SeriesContent) -> bool:
    """Whether the series is asked for whose first number was shown."""
    try:
        return request.form.get("do") == "make" and request.form.get("shown") == format_of(content)
    except FieldFaults:
        return False


def _form(
    content: SeriesContent, refusal: FieldFaults | None = None, first: str = "", format: str = ""
) -> ResponseReturnValue:
    """The form as typed: with every fault at its field, or with the first number, which only needs a yes."""
    sellers = [(seller.id, seller.name) for seller in queries.all_sellers(db.session)]
    drawn = render_template(
        "admin/series_new.html", values=content, errors=by_field(refusal.faults) if refusal else {}, first=first,
        format=format, sellers=sellers, uses=_named(USES), modes=_explained(MODE_NAMES),
        calendars=_explained(CALENDARS),
    )  # fmt: skip
    return drawn, 422 if refusal else 200


def _confirm(found: Series, act: str) -> ResponseReturnValue:
    row = next(row for _seller, rows in series_by_seller(db.session, now()) for row in rows if row.series is found)
    return render_template(
        "admin/series_state.html", row=row, act=act, other=core.replaced_by(db.session, found), uses=_named(USES),
        modes=_explained(MODE_NAMES),
    )  # fmt: skip


def _first(content: SeriesContent, format: str) -> str:
    seller = queries.seller(db.session, int(content.seller_id))
    return write_number(format, queries.today_of(seller, now()), 1)


def _row(series_id: int) -> Series:
    found = db.session.get(Series, series_id)
    if found is None:
        raise NotFound
    return found


def _named(words: dict[Use, str]) -> dict[str, str]:
    return {key.value: _(word) for key, word in words.items()}


def _explained(words: Mapping[Any, tuple[str, str]]) -> list[tuple[str, str, str]]:
    return [(key.value, _(word), _(hint)) for key, (word, hint) in words.items()]
