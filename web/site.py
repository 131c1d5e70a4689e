"""The site as a whole: home, language, appearance, and what every page's frame shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import flask_babel
from flask import Blueprint, Flask, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from invoicing.accounts import service
from invoicing.delivery.queries import count_trouble
from invoicing.lettering.work_list import count_waiting
from invoicing.sellers.models import Organisation
from web import cookies, filters
from web.database import db, now, transaction
from web.security import YEAR, own_path
from web.sessions import frame, me
from web.words import COOKIE, LANGUAGES, _, language

THEME_COOKIE = "apparence"
THEMES = ("light", "dark")
MANY = 1000  # documents to be lettered: from here on they aren't counted
CODES = {code.replace("_", "-"): code for code in LANGUAGES}  # as the web spells them → ours

bp = Blueprint("site", __name__)


@dataclass(frozen=True)
class Identity:
    """The organisation as pages name it; Lettrine's own name until there is one."""

    name: str = "Lettrine"
    contact_email: str = ""
    timezone: str = "Europe/Paris"
    shows_official: bool = True  # the reference in the accounting software, in the member zone


@dataclass(frozen=True)
class Site:
    """`site` in templates; `language` as HTML spells it (fr-FR)."""

    organisation: str
    contact_email: str
    language: str
    theme: str | None
    today: date


class Waiting:
    """`waiting` in templates of staff: what needs a person; asked of the database only where it is shown."""

    @cached_property
    def deliveries(self) -> int:
        """E-mails in trouble that nobody has sent anew or set aside."""
        return count_trouble(db.session)

    @cached_property
    def letterings(self) -> str:
        """Documents without the reference of their official invoice; « 999+ » where there are more."""
        count = count_waiting(db.session, MANY)
        return f"{MANY - 1}+" if count == MANY else str(count or "")


def organisation() -> Identity:
    """The organisation, read once per request; its name alone if the database doesn't answer."""
    if "organisation" not in g:
        try:
            row = db.session.execute(
                select(
                    Organisation.name, Organisation.contact_email, Organisation.timezone, Organisation.shows_official
                )
            ).first()
        except SQLAlchemyError:
            return Identity()
        g.organisation = Identity(*row) if row else Identity()
        g.timezone = g.organisation.timezone
    found: Identity = g.organisation
    return found


def today() -> date:
    """The day on the organisation's calendar."""
    organisation()
    return filters.local(now()).date()


def init_app(app: Flask) -> None:
    """Loads the organisation's clock before each view, and gives the frames what they show."""

    @app.before_request
    def _clock() -> None:
        if request.endpoint != "static":
            organisation()

    @app.context_processor
    def _frame() -> dict[str, Any]:
        known, code = organisation(), language().replace("_", "-")
        site = Site(known.name, known.contact_email, code, theme(), today())
        return {"site": site, "waiting": Waiting()}


def theme() -> str | None:
    """The appearance chosen in this browser; None: as the device."""
    chosen = cookies.read(THEME_COOKIE)
    return chosen if chosen in THEMES else None


@bp.get("/")
def home() -> ResponseReturnValue:
    """Everybody's own first page."""
    if not current_user.is_authenticated:
        return redirect(url_for("signin.enter"))
    return redirect(url_for("admin.hub" if current_user.may("see") else "portal.invoices"))


@bp.get("/langue/<code>", endpoint="language")
def language_cookie(code: str) -> ResponseReturnValue:
    """Another language in this browser, and back to the page it was asked on."""
    if code not in CODES:
        abort(404)
    response = redirect(own_path(request.args.get("retour")) or url_for("site.home"))
    cookies.write(response, COOKIE, CODES[code], YEAR)
    return response


@bp.url_defaults
def _back(endpoint: str, values: dict[str, Any]) -> None:
    """A link to another language leads back to the page that it stands on."""
    rule = request.url_rule if request else None
    if endpoint == "site.language" and rule is not None and "GET" in (rule.methods or ()):
        values.setdefault("retour", request.full_path.rstrip("?"))


@bp.route("/preferences", methods=["GET", "POST"])
def preferences() -> ResponseReturnValue:
    """Language and appearance: of the person where one is signed in, and of this browser."""
    if request.method != "POST":
        return render_template("site/preferences.html", frame=frame(), languages=LANGUAGES)
    code = CODES.get(request.form.get("language", ""))
    response = redirect(url_for("account.page" if current_user.is_authenticated else "site.preferences"))
    if code:
        if current_user.is_authenticated:
            with transaction() as s:
                service.set_language(s, me().user.id, code)
        cookies.write(response, COOKIE, code, YEAR)
        g.language = code
        flask_babel.refresh()
    chosen = request.form.get("theme", "")
    if chosen in THEMES:
        cookies.write(response, THEME_COOKIE, chosen, YEAR)
    else:
        cookies.forget(response, THEME_COOKIE)
    flash(_("Vos préférences sont enregistrées."), "ok")
    return response
