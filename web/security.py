"""Headers, request numbers, CSRF, and bounds on what addresses and forms may hold."""

from __future__ import annotations

import hashlib
import re
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import structlog
from flask import Flask, Response, abort, g, request
from flask_login import current_user
from flask_wtf import CSRFProtect
from werkzeug.routing import IntegerConverter, UnicodeConverter, ValidationError

from invoicing.database import ID_MAX

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": CSP,
    "Referrer-Policy": "no-referrer",  # addresses of mailed links hold a secret
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",  # for browsers that know no frame-ancestors
}
YEAR: Final = 365 * 24 * 3600
TEXT_MAX: Final = 200  # characters of a text in an address
QUERY_MAX: Final = 4000  # bytes of an address's query
PATH_MAX: Final = 1000  # characters of a page that is remembered

GIVEN: Final = re.compile(r"[0-9A-Za-z-]{8,64}\Z")  # a number that our own proxy has given

LARGE: Final[dict[str, int]] = {}  # endpoint → bytes that staff may send there, where that is more than usual
LARGE_TEXT: Final[set[str]] = set()  # those of them that take it typed or pasted: it is held in memory, a file is not

csrf = CSRFProtect()


class BoundedInteger(IntegerConverter):
    """`<int:…>`: plain figures up to the largest key; anything else is a page that doesn't exist."""

    regex = r"[0-9]{1,10}"

    def __init__(self, map: Any, *args: Any, **kwargs: Any):
        kwargs.setdefault("max", ID_MAX)
        super().__init__(map, *args, **kwargs)


class BoundedText(UnicodeConverter):
    """`<…>`: a short text that can be printed."""

    def __init__(self, map: Any, *args: Any, **kwargs: Any):
        kwargs.setdefault("maxlength", TEXT_MAX)
        super().__init__(map, *args, **kwargs)

    def to_python(self, value: str) -> str:
        """The text; ValidationError (404) when it holds a character that no text has."""
        if not value.isprintable():
            raise ValidationError
        return value


def text_arg(name: str, most: int = TEXT_MAX) -> str:
    """A text from the address's query: trimmed, cut to `most` characters, empty where there is none."""
    return request.args.get(name, "").strip()[:most]


def own_path(target: str | None) -> str | None:
    """The target if it is a path of this very site, else None: no other host, no scheme, no odd character."""
    if not target or len(target) > PATH_MAX or not target.isprintable() or "\\" in target:
        return None
    return target if target.startswith("/") and not target.startswith("//") else None


@lru_cache(maxsize=512)
def _digest(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def static_hash(folder: str | None, name: str) -> str | None:
    """The short hash of a static file; None where there is no such file."""
    path = Path(folder or "") / name
    try:
        return _digest(path, path.stat().st_mtime_ns)
    except OSError:
        return None


def headers(https: bool, subdomains: bool = True) -> dict[str, str]:
    """What every answer bears; over HTTPS also that nothing else will do here, for names below this one, too."""
    return {**HEADERS, "Strict-Transport-Security": _transport(subdomains)} if https else HEADERS


def _transport(subdomains: bool) -> str:
    return f"max-age={YEAR}; includeSubDomains" if subdomains else f"max-age={YEAR}"


def init_app(app: Flask, https: bool, proxied: bool = False, subdomains: bool = True) -> None:
    """Sets the converters first: rules are compiled when blueprints are registered."""
    app.url_map.converters.update({"int": BoundedInteger, "default": BoundedText, "string": BoundedText})
    app.before_request(_number_by_proxy if proxied else _number)
    app.before_request(_allow_large)  # before the token is looked for in the body
    csrf.init_app(app)
    app.before_request(_refuse_oddities)

    @app.url_defaults
    def _version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and "filename" in values:
            values.setdefault("v", static_hash(app.static_folder, values["filename"]))

    @app.after_request
    def _headers(response: Response) -> Response:
        for name, value in headers(https, subdomains).items():
            response.headers.setdefault(name, value)
        response.headers["X-Request-Id"] = g.get("request_id", "")
        response.headers["Cache-Control"] = _cache(app, response)
        return response


def _allow_large() -> None:
    """A file or a list of staff's may be larger than anything else that is sent; nobody else's."""
    most = LARGE.get(request.endpoint or "")
    if most and request.method == "POST" and current_user.is_authenticated and current_user.user.is_staff:
        request.max_content_length = most
        if request.endpoint in LARGE_TEXT:
            request.max_form_memory_size = most


def _number() -> None:
    _name(secrets.token_hex(8))


def _number_by_proxy() -> None:
    """The proxy's number, so that its log and ours can be laid side by side; our own where it gives none."""
    given = request.headers.get("X-Request-Id", "")
    _name(given if GIVEN.match(given) else secrets.token_hex(8))


def _name(number: str) -> None:
    """Each line of the log that this request causes bears the number; the thread's last request is forgotten."""
    g.request_id = number
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=number)


def _refuse_oddities() -> None:
    """NUL is a character that no database keeps; an endless query is nobody's."""
    if len(request.query_string) > QUERY_MAX:
        abort(414)
    for values in (request.args, request.form):
        if any("\0" in text for pair in values.items(multi=True) for text in pair):
            abort(400)


def _cache(app: Flask, response: Response) -> str:
    """For ever where the address names the very content, an hour for other static files, else never."""
    if request.endpoint != "static" or response.status_code not in (200, 206, 304):
        return "no-store"
    asked = request.args.get("v")
    name = (request.view_args or {}).get("filename", "")
    if asked and asked == static_hash(app.static_folder, name):
        return f"public, max-age={YEAR}, immutable"
    return "public, max-age=3600"
