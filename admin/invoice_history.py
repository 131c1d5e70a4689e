"""What happened to a document: the journal's entries about it, and what imports of letterings did to it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import url_for
from markupsafe import Markup

from admin import texts
from admin.lettering_box import names_of
from invoicing.invoices import queries
from invoicing.lettering.models import LetteringChange
from invoicing.lettering.queries import changes, run_positions
from invoicing.lettering.service import digest_of
from web.database import db
from web.filters import short_datetime
from web.words import _

Step = tuple[str, str, str, str, str]  # for `timeline`: icon, tone, when, what, by whom and why


def history_of(invoice_id: int) -> tuple[Step, ...]:
    """Every step in its order, with the reason of a change of lettering, which the journal knows by its fingerprint.

    What an import did has one entry in the journal for all its documents, and stands at that entry's place.
    """
    entries, letterings = queries.history(db.session, invoice_id), changes(db.session, invoice_id)
    actors = [(entry.actor_kind, entry.actor_id) for entry in entries]
    names = names_of(actors + [(change.actor_kind, change.actor_id) for change in letterings])
    reasons = {digest_of(change): change.reason for change in letterings if change.reason}
    imported = [change for change in letterings if change.run_id is not None]
    positions = run_positions(db.session, imported)
    steps = [(entry.position, texts.history_line(entry, names, reasons)) for entry in entries]
    steps += [(positions.get(change.id, 0), _step(change, names)) for change in imported]
    return tuple(step for _position, step in sorted(steps, key=lambda pair: pair[0]))


def _step(change: LetteringChange, names: Mapping[int, str]) -> Step:
    """With a link to its import."""
    icon, tone, what = imported_line(change)
    by, number = texts.by_whom(change.actor_kind, change.actor_id, names), _("n° %(number)s", number=change.run_id)
    link = Markup('<a href="{}">{}</a>').format(url_for("admin.import_run", run_id=change.run_id), number)
    if change.after is None:
        more = _("%(by)s, en annulant l’import %(number)s", by=by, number=link)
    else:
        more = _("%(by)s, par l’import %(number)s", by=by, number=link)
    return icon, tone, short_datetime(change.at), what, more


def imported_line(change: LetteringChange) -> tuple[str, str, str]:
    """Icon, tone and what an import did, in the words of a single change."""
    if change.after is None:
        return "unlink", "warn", _("Délettrée : %(reference)s est libre", reference=change.before)
    return "link", "ok", _("Lettrée : %(reference)s", reference=change.after)
