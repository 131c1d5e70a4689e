"""What the composition root hands to the doors: `services()` in a view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

from flask import current_app

from config.settings import Settings
from invoicing.accounts.secrets import Keys, Post, Sealer


@dataclass(frozen=True)
class Progress:
    """How far long work is: building, done or failed; so many of so many."""

    state: str
    done: int
    total: int


class Rebuilds(Protocol):
    """Who rebuilds a demo (SPEC A11)."""

    def begin(self, user_id: int) -> None: ...
    def progress(self) -> Progress | None: ...


@dataclass(frozen=True)
class Services:
    """Everything that is made once per process; `nudge` tells the worker that an e-mail waits, with `proof=True` a
    verification, with `imports=True` a file, in or out, or a campaign (after the commit)."""

    settings: Settings
    post: Post
    nudge: Callable[..., None] = lambda **what: None
    rebuilder: Rebuilds | None = None  # the demo's

    @property
    def keys(self) -> Keys:
        """What second factors and codes are sealed and hashed with."""
        return self.post.keys


def services() -> Services:
    """The services of the application that is answering."""
    return cast(Services, current_app.extensions["lettrine"])


def post_of(settings: Settings) -> Post:
    """What mailed links need: never from a request, always from the settings."""
    base, code_key = settings.public_url.rstrip("/") + "/connexion/", settings.code_key.get_secret_value().encode()
    return Post(Sealer(settings.fernet_keys), base + "mot-de-passe/", settings.host, base + "lien/", code_key)
