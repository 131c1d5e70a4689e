"""Cookies beside the session's: named so that no neighbour of the same domain can set them, read by nobody but us."""

from __future__ import annotations

from typing import Final

from flask import request
from werkzeug.wrappers import Response

from web.services import services

PREFIX: Final = "__Host-"  # a browser takes it over HTTPS only, for this very host and all of its paths


def read(name: str) -> str:
    """What this browser brings under the name; empty where it brings nothing."""
    return request.cookies.get(_spelt(name), "")


def write(response: Response, name: str, value: str, seconds: int) -> None:
    """Gives the browser a value to bring along for so many seconds."""
    response.set_cookie(
        _spelt(name), value, max_age=seconds, path="/", httponly=True, secure=_is_https(), samesite="Lax"
    )


def forget(response: Response, name: str) -> None:
    """Takes it away; with all that it was set with, or a browser refuses to touch the name."""
    response.delete_cookie(_spelt(name), path="/", httponly=True, secure=_is_https(), samesite="Lax")


def _spelt(name: str) -> str:
    """The plain name where there is no HTTPS: in the demo and in tests."""
    return f"{PREFIX}{name}" if _is_https() else name


def _is_https() -> bool:
    return services().settings.is_https
