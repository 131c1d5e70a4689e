"""Refusals for programs: application/problem+json (RFC 9457), in the language that they ask for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import flask_babel
from flask import Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from web.services import services
from web.troubles import Trouble
from web.words import N_, _

PREFIX: Final = "/api/"
MEDIA: Final = "application/problem+json"
RETRY_SECONDS: Final = 5  # after which a busy database is asked again
TITLES: Final[dict[str, str]] = {  # of each kind of problem; its address is the page of the API, at this name
    "bad-request": N_("Demande illisible"),
    "unauthorized": N_("Clé absente ou inconnue"),
    "forbidden": N_("Droit manquant"),
    "shop-closed": N_("Boutique fermée"),
    "not-found": N_("Introuvable"),
    "method-not-allowed": N_("Méthode inconnue ici"),
    "conflict": N_("Déjà envoyé autrement"),
    "refused": N_("Impossible en l’état"),
    "too-large": N_("Demande trop longue"),
    "unsupported-media-type": N_("Ce n’est pas du JSON"),
    "invalid": N_("Contenu refusé"),
    "mentions-missing": N_("Mentions obligatoires manquantes"),
    "too-many-requests": N_("Trop de demandes"),
    "error": N_("Erreur de notre côté"),
    "busy": N_("Service occupé"),
}
_BY_STATUS: Final = {404: "not-found", 405: "method-not-allowed", 413: "too-large", 414: "too-large"}


@dataclass(eq=False)
class Problem(Exception):
    """Ends the request with a problem; `errors` name the fields, `detail` is for people."""

    status: int
    slug: str
    detail: str
    errors: Sequence[Mapping[str, str]] = ()
    headers: Mapping[str, str] | None = None


def is_wanted() -> bool:
    """Whether a program asks."""
    return request.path.startswith(PREFIX)


def speak() -> None:
    """The language of Accept-Language alone, French by default: a program has neither cookie nor session."""
    best = request.accept_languages.best_match(["fr-FR", "fr-CA", "fr", "en"], default="fr-FR")
    g.language = {"fr-CA": "fr_CA", "en": "en"}.get(best, "fr_FR")
    flask_babel.refresh()


def page_of(slug: str) -> str:
    """The address that names a kind of problem."""
    return f"{services().settings.public_url.rstrip('/')}/api/v1/#{slug}"


def answer(problem: Problem) -> Response:
    """The problem as it is sent."""
    content: dict[str, Any] = {
        "type": page_of(problem.slug),
        "title": _(TITLES[problem.slug]),
        "status": problem.status,
        "detail": problem.detail,
    }
    if problem.errors:
        content["errors"] = list(problem.errors)
    response = Response(json.dumps(content, ensure_ascii=False), problem.status, mimetype=MEDIA)
    response.headers["Content-Language"] = "en" if g.get("language") == "en" else "fr"
    response.headers.extend(dict(problem.headers or {}))
    return response


def of_http(error: HTTPException) -> Response:
    """What the server itself refuses: an unknown address, a method, a size."""
    speak()
    status = error.code or 500
    slug = _BY_STATUS.get(status, "bad-request" if status < 500 else "error")
    headers = {}
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return answer(Problem(status, slug, _said(slug), headers=headers))


def of_trouble(trouble: Trouble) -> Response:
    """The database or the archive can't do it now."""
    speak()
    return answer(Problem(503, "busy", _troubled(trouble), headers={"Retry-After": str(RETRY_SECONDS)}))


def _troubled(trouble: Trouble) -> str:
    match trouble:
        case Trouble.stuck:
            return _("Rien ne peut être enregistré pour l’instant : rien n’a été changé. Renvoyez la même demande.")
        case Trouble.unread:
            return _("Ce document ne peut pas être lu pour l’instant : rien n’a été changé. Réessayez plus tard.")
        case Trouble.lost:
            return _("La liaison s’est coupée. Renvoyez la même demande : elle ne sera faite qu’une fois.")
    return _("La base de données est occupée : rien n’a été changé. Renvoyez la même demande un peu plus tard.")


def _said(slug: str) -> str:
    match slug:
        case "not-found":
            return _("Cette adresse n’existe pas dans l’API.")
        case "method-not-allowed":
            return _("Cette adresse existe, mais pas avec cette méthode.")
        case "too-large":
            return _("La demande dépasse la taille permise. Rien n’a été changé.")
        case "error":
            return _("Une erreur de notre côté. Renvoyez la même demande : elle ne sera faite qu’une fois.")
    return _("Cette demande ne se lit pas. Rien n’a été changé.")
