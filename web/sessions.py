"""Who is asking: the session row behind the cookie, looked up at every request."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

from flask import Request, g, request, session
from flask.sessions import SecureCookieSessionInterface
from flask_login import LoginManager, current_user
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from invoicing.accounts import queries, service
from invoicing.accounts.models import Stage
from invoicing.accounts.opening import Opened
from invoicing.accounts.queries import Person, Seat
from invoicing.database import UNWRITTEN, is_sqlite
from invoicing.journal import Actor, ActorKind
from web import rights, waiting
from web.database import db, now, transaction

login_manager = LoginManager()
login_manager.session_protection = None  # it compares address and browser: phones would be thrown out


class SignedCookies(SecureCookieSessionInterface):
    """Flask's, signed with HMAC of SHA-256."""

    digest_method = staticmethod(hashlib.sha256)


class SignedIn:
    """Somebody: `.user` and `.row` are frozen facts, which no transaction expires."""

    is_authenticated = True

    def __init__(self, seat: Seat):
        self.row = seat
        self.user: Person = seat.person

    def may(self, right: str) -> bool:
        """Whether this person has the right (see `web.rights`)."""
        return rights.may(self.user.role, right)


class Stranger:
    """Nobody we know."""

    is_authenticated = False
    user = None
    row = None

    def may(self, right: str) -> bool:
        """Nothing; a right that doesn't exist is still a mistake."""
        return bool(rights.Right(right)) and False


login_manager.anonymous_user = Stranger


def me() -> SignedIn:
    """The signed-in person, typed; only behind a guard."""
    if not current_user.is_authenticated:
        raise RuntimeError("no guard stands before this view")
    return cast(SignedIn, current_user)


def actor() -> Actor:
    """Who acts, for the core; only behind a guard."""
    return Actor(ActorKind.user, me().user.id)


@login_manager.request_loader  # type: ignore[untyped-decorator]
def load(asked: Request) -> SignedIn | None:
    """The cookie holds the session's secret, never a user's number; a row that isn't open is nobody."""
    sid = session.get("sid")
    g.seat = seat = queries.live_seat(db.session, sid, now()) if sid else None
    if seat is None or seat.stage is not Stage.open:
        return None
    if asked.method != "HEAD" and seat.is_due(now()):
        _seen(seat.id)
    return SignedIn(seat)


def _seen(session_id: int) -> None:
    try:
        with hurried() as s:
            service.touch_session(s, session_id, now())
    except UNWRITTEN:
        pass  # the database is busy: seen a minute later, then


@contextmanager
def hurried() -> Iterator[Session]:
    """A write that a GET may make: it gives up at once (OperationalError) when the database is busy."""
    s = db.session
    s.rollback()
    connection = s.connection()
    raw = connection.connection.driver_connection if is_sqlite(connection) else None
    # beside the session, which gives the connection back when a flush fails: it must be patient again before that
    patience = raw.execute("PRAGMA busy_timeout").fetchone()[0] if raw else 0
    try:
        if raw:
            raw.execute("PRAGMA busy_timeout=0")
        else:
            connection.exec_driver_sql("SET LOCAL lock_timeout='50ms'")
        try:
            yield s
            s.flush()
        finally:
            if raw:
                raw.execute(f"PRAGMA busy_timeout={patience}")
        s.commit()
    except BaseException:
        s.rollback()
        raise


def current_language() -> str | None:
    """The language of whoever the page is for, once known: a mailed link's owner, or the signed-in person."""
    if chosen := g.get("language"):
        return str(chosen)
    try:
        seat = seat_here()
        return seat.person.language if seat else None
    except SQLAlchemyError:
        return None  # the page that says so still needs a language


def frame() -> str:
    """The frame that fits whoever is asking."""
    if not current_user.is_authenticated:
        return "gate.html"
    return "staff.html" if current_user.may("see") else "member.html"


def seat_here() -> Seat | None:
    """This browser's session, open or half open, while it lives."""
    bool(current_user.is_authenticated)  # asks `load`
    found: Seat | None = g.get("seat")
    return found


def half_open(stage: Stage) -> Seat | None:
    """This browser's session where it has come so far and no further."""
    seat = seat_here()
    return seat if seat is not None and seat.stage is stage else None


def sign_in(open_it: Callable[[Session, str, int | None], Opened]) -> Opened:
    """A new row, a new cookie, a new CSRF token; the page asked for stays, and one's own form. Raises WrongProof.

    `open_it` does it in the core, in one transaction: it gets the session, the browser's name and its former row.
    """
    former = seat_here()
    with transaction() as s:
        opened = open_it(s, request.user_agent.string or "", former.id if former else None)
    wanted, kept = session.get("next"), session.get(waiting.KEPT)
    session.clear()
    session["sid"], session[waiting.OWNER] = opened.sid, waiting.owner_of(opened.user_id)
    if kept and kept["owner"] == session[waiting.OWNER]:
        session[waiting.KEPT] = kept
    session.permanent = not opened.is_staff  # members stay for weeks; staff until the browser is closed, at most a day
    if wanted:
        session["next"] = wanted
    return opened


def sign_out() -> None:
    """The row goes, so a copy of the cookie is worth nothing."""
    if current_user.is_authenticated:
        with transaction() as s:
            service.end_session(s, now(), me().user.id, me().row.id)
    session.clear()
