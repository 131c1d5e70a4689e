"""The words of the interface: French in the source, English from the catalogue, French typography on both.

`_` translates, then puts no-break spaces where French wants them, then fills in the facts: what people
typed is never touched.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import flask_babel
from flask import has_request_context, request
from flask_babel import Babel, get_locale
from markupsafe import Markup, escape

LANGUAGES = {"fr_FR": "français (France)", "fr_CA": "français (Québec)", "en": "English"}
DEFAULT_LANGUAGE = "fr_FR"
COOKIE = "langue"
NBSP = "\u00a0"

babel = Babel()

_RULES = (
    (re.compile(r"(?<=[\w»)’%}]) (?=[;!?:](?:\s|$|<))"), NBSP),
    (re.compile(r"« "), "«" + NBSP),
    (re.compile(r" »"), NBSP + "»"),
    (re.compile(r"(?<=\d) (?=(?:€|\$|%|\d{3}(?!\d)))"), NBSP),
    (re.compile(r"(?<=n°) "), NBSP),
)


@lru_cache(maxsize=4096)
def typography(text: str) -> str:
    """French spacing: no-break spaces before : ; ! ? %, inside « », and within numbers."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def language() -> str:
    """The language of the moment: fr_FR, fr_CA or en."""
    return str(get_locale() or DEFAULT_LANGUAGE)


def _finish(text: str, facts: dict[str, Any]) -> str:
    if language().startswith("fr"):
        text = typography(text)
    if not facts:
        return text
    if isinstance(text, Markup) or any(isinstance(value, Markup) for value in facts.values()):
        safe = {key: escape(value) for key, value in facts.items()}
        return Markup(text) % safe  # noqa: S704 - our own sentence, not what somebody typed
    return text % facts


def _(text: str, /, **facts: Any) -> str:
    """A sentence in the language of the moment; `%(name)s` is filled from `facts`.

    A fact that is Markup makes the whole sentence Markup, with every other fact escaped.
    """
    return _finish(flask_babel.gettext(text), facts)


def ngettext(singular: str, plural: str, num: int, /, **facts: Any) -> str:
    """The same for a count, given as `%(num)s`."""
    if language().startswith("fr"):  # the source itself: nought is singular in French
        translated = singular if abs(num) < 2 else plural
    else:
        translated = flask_babel.get_translations().ungettext(singular, plural, num)
    return _finish(translated, {"num": num, **facts})


def N_(text: str) -> str:
    """Marks a sentence for the catalogue; it is translated where it is shown."""
    return text


def pick_language() -> str | None:
    """Whose language: the signed-in person's, the cookie's, the browser's, else French."""
    if not has_request_context():
        return None
    from web import cookies
    from web.sessions import current_language  # the session knows the person; it imports the words

    chosen = current_language() or cookies.read(COOKIE)
    if chosen in LANGUAGES:
        return chosen
    best = request.accept_languages.best_match(["fr-FR", "fr-CA", "fr", "en"], default="fr-FR")
    return {"fr-CA": "fr_CA", "en": "en"}.get(best, DEFAULT_LANGUAGE)
