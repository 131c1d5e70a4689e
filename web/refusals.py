"""Who was refused what, in the log: a wrong proof, a right that is missing, a form without its token, too many tries.

A line names the view, the status and the user's number, never what was typed, an address or a path.
"""

from __future__ import annotations

from typing import Final

import structlog
from flask import Flask, Response, g, request

log = structlog.get_logger("lettrine.refusals")
ALWAYS: Final = (400, 401, 403, 413, 414, 429)
PROVING: Final = ("signin", "account", "proving")  # blueprints in which a refused form is a wrong proof, mostly
WRONG: Final = (410, 422)


def init_app(app: Flask) -> None:
    """Watches every answer."""

    @app.after_request
    def _note(response: Response) -> Response:
        if _is_refusal(response.status_code):
            log.warning("request.refused", view=request.endpoint, method=request.method, status=response.status_code,
                        user_id=_user_id())  # fmt: skip
        return response


def _is_refusal(status: int) -> bool:
    if status in ALWAYS:
        return True
    if status == 404:  # what is somebody else's answers like what is missing: only whoever signed in can mean it
        return request.endpoint not in (None, "static") and _user_id() is not None
    return status in WRONG and request.method == "POST" and request.blueprint in PROVING


def _user_id() -> int | None:
    """Whoever asks, where this request has asked the database already."""
    known = g.get("_login_user")
    return known.user.id if known is not None and known.is_authenticated else None
