"""A form that was sent when nobody was signed in any longer, or before a proof: it waits in this browser's own cookie.

Nothing but its owner's hand sends it: after the proof a page shows a button. Passwords, codes and files never wait.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any, Final

from flask import current_app, request, session
from flask.sessions import SecureCookieSessionInterface

from web.database import now
from web.security import own_path
from web.services import services

KEPT: Final = "kept"  # in the cookie's session
OWNER: Final = "owner"  # whose browser it was last, as a keyed digest: nobody else is shown what they typed
LASTS: Final = 3600  # seconds
MOST: Final = 3600  # bytes of the whole cookie; browsers take 4096 with its name
SECRET: Final = frozenset({"password", "current", "code", "answer", "sealed"})


@dataclass(frozen=True)
class Waiting:
    """Where the form goes, and what is in it, in its order."""

    to: str
    fields: tuple[tuple[str, str], ...]


def keep(user_id: int | None = None) -> bool:
    """Keeps the form of this request in the place of an earlier one, where that may be; says whether it did.

    It is the user's, or that of whoever was signed in here last.
    """
    session.pop(KEPT, None)
    to, owner = own_path(request.full_path.rstrip("?")), _kept_for(user_id)
    fields = [[name, value] for name, value in request.form.items(multi=True) if name != "csrf_token"]
    if request.method != "POST" or not to or not owner or not fields or SECRET & set(request.form) or request.files:
        return False
    session[KEPT] = {"to": to, "fields": fields, "owner": owner, "at": int(now().timestamp())}
    if _length() > MOST:
        session.pop(KEPT)
    return KEPT in session


def owner_of(user_id: int) -> str:
    """What stands for a user in the cookie, which names nobody."""
    key = services().settings.secret_key.get_secret_value().encode()
    return hmac.new(key, b"waiting:%d" % user_id, "sha256").hexdigest()[:32]


def _kept_for(user_id: int | None) -> str | None:
    found: str | None = owner_of(user_id) if user_id else session.get(OWNER)
    return found


def is_kept() -> bool:
    """Whether a form waits in this browser."""
    return KEPT in session


def take(user_id: int) -> Waiting | None:
    """The form, once, for the one who typed it and not too late; else it is forgotten."""
    found: dict[str, Any] = session.pop(KEPT, None) or {}
    if found.get("owner") != owner_of(user_id) or now().timestamp() - found["at"] > LASTS:
        return None
    return Waiting(found["to"], tuple((name, value) for name, value in found["fields"]))


def _length() -> int:
    interface = current_app.session_interface
    if not isinstance(interface, SecureCookieSessionInterface):
        raise TypeError("the session lies in a signed cookie")
    serializer = interface.get_signing_serializer(current_app._get_current_object())  # type: ignore[attr-defined]
    return len(serializer.dumps(dict(session))) if serializer else MOST + 1
