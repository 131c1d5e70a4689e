"""The visit that a look at the zone belongs to; noted best effort, never for HEAD."""

from __future__ import annotations

from datetime import datetime

from flask import current_app, request
from sqlalchemy.exc import SQLAlchemyError

from invoicing.zone import visits
from web.database import db, now
from web.sessions import hurried, me


def look() -> datetime | None:
    """Since when documents are new to this person (None: all of them, at the first visit); notes the look.

    First thing in a view: rows loaded before are expired.
    """
    user_id, signed_in_at = me().user.id, me().row.created_at
    visit = visits.visit_of(db.session, user_id, signed_in_at, now())
    if visit.is_to_note and request.method != "HEAD":
        try:
            with hurried() as session:
                visits.note_look(session, user_id, signed_in_at, now())
        except SQLAlchemyError as error:
            current_app.logger.info("a look was not noted: %s", type(error).__name__)
    return visit.since
