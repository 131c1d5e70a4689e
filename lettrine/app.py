"""The composition root: one application from one set of settings. It never touches the schema."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

from flask import Flask, g, request
from sqlalchemy.engine import URL, make_url
from werkzeug.middleware.proxy_fix import ProxyFix

import web
from admin import bp as admin
from api import bp as api
from config.settings import Environment, Settings
from invoicing.accounts import rules
from invoicing.accounts.happenings import HAPPENED
from invoicing.accounts.notices import Notices
from invoicing.database import tune
from lettrine import metrics
from lettrine.jobs import Nudge
from lettrine.readiness import readiness
from lettrine.resetting import Rebuilder
from portal import bp as portal
from web import account, entrance, errors, filters, refusals, returns, security, site, statuses, words
from web.bounded import BoundedRequest
from web.database import db
from web.devices import recognised
from web.health import Health
from web.services import Services, post_of
from web.sessions import SignedCookies, login_manager

HERE = Path(__file__).resolve().parent
WEB = Path(web.__file__).resolve().parent
MEGABYTE = 1024 * 1024


class Application(Flask):
    """Flask, but its log names the request by number and route: a path may hold a secret."""

    request_class = BoundedRequest
    session_interface = SignedCookies()

    def log_exception(
        self, exc_info: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> None:
        """One error, with its trace."""
        facts = (g.get("request_id"), request.method, request.url_rule)
        self.logger.error("request %s failed: %s %s", *facts, exc_info=exc_info)


def create_app(settings: Settings) -> Flask:
    """An application that answers for the installation that the settings describe."""
    app = Application(
        "lettrine",
        root_path=str(HERE),
        template_folder=str(HERE.parent / "templates"),
        static_folder=str(WEB / "static"),
        static_url_path="/static",
    )
    app.config.update(configuration(settings))
    nudge = Nudge(settings)
    app.extensions["lettrine"] = Services(
        settings=settings, post=post_of(settings), nudge=nudge, rebuilder=Rebuilder(settings)
    )
    _connect(app, settings)
    security.init_app(app, settings.is_https, settings.proxies > 0, settings.hsts_subdomains)
    refusals.init_app(app)
    login_manager.init_app(app)
    _speak(app)
    site.init_app(app)
    errors.init_app(app)
    for bp in (entrance.bp, site.bp, account.bp, account.proving, returns.bp, portal, admin, api):
        app.register_blueprint(bp)
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=0, x_prefix=0
        )
    _watch(app, settings, nudge)
    return app


def _watch(app: Flask, settings: Settings, nudge: Nudge) -> None:
    """The addresses for those who watch over it, in front of everything."""
    token = settings.metrics_token.get_secret_value()
    write = metrics.install(app, nudge) if token else None
    ready, borne = readiness(app, nudge), security.headers(settings.is_https, settings.hsts_subdomains)
    app.wsgi_app = Health(app.wsgi_app, ready, token, write, borne)  # type: ignore[method-assign]


def configuration(settings: Settings) -> dict[str, Any]:
    """Flask's own settings."""
    hosts = [settings.host]
    if settings.environment is Environment.demo:
        hosts += ["localhost", "127.0.0.1"]
    return {
        "DEBUG": False,  # whatever FLASK_DEBUG says
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "TESTING": settings.environment is Environment.test,
        "TRUSTED_HOSTS": hosts,
        "SESSION_COOKIE_NAME": "__Host-lettrine" if settings.is_https else "lettrine",
        "SESSION_COOKIE_SECURE": settings.is_https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",  # not Strict: a link in a mail must find the session
        "SESSION_COOKIE_PATH": "/",
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": rules.ABSOLUTE[False] + timedelta(days=1),
        "MAX_CONTENT_LENGTH": 2 * MEGABYTE,
        "MAX_FORM_MEMORY_SIZE": 2 * MEGABYTE,
        "MAX_FORM_PARTS": 4000,  # 500 lines of six fields and what stands around them
        "WTF_CSRF_TIME_LIMIT": None,  # the token dies with the session
        "WTF_CSRF_SSL_STRICT": False,  # it wants a Referer, which our own Referrer-Policy withholds
        "SQLALCHEMY_ENGINES": {"default": engine_options(settings)},
    }


def engine_options(settings: Settings) -> dict[str, Any]:
    """One connection per thread and one more for a document that is drawn meanwhile; errors show no values."""
    url = database_url(settings)
    sized = {} if url.get_backend_name() == "sqlite" else {"pool_size": settings.web_threads}
    return {"url": url, "pool_pre_ping": True, "hide_parameters": True, "max_overflow": settings.web_threads, **sized}


def database_url(settings: Settings) -> URL:
    """The database's URL; a relative file is relative to the working directory, as for the command line."""
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite" and url.database:
        url = url.set(database=str(Path(url.database).resolve()))
    return url


def _connect(app: Flask, settings: Settings) -> None:
    db.init_app(app)
    with app.app_context():
        tune(db.engine)
        key, told = settings.journal_key.get_secret_value().encode(), Notices(post_of(settings), recognised)
        db.sessionmaker.configure(info={"journal_key": key, HAPPENED: told})


def _speak(app: Flask) -> None:
    """Languages; our own `_` takes the place of Flask-Babel's, which knows no typography."""
    words.babel.init_app(
        app,
        default_locale=words.DEFAULT_LANGUAGE,
        default_translation_directories=str(WEB / "translations"),
        locale_selector=words.pick_language,
    )
    app.jinja_env.globals.update({"_": words._, "gettext": words._, "ngettext": words.ngettext})
    filters.init_app(app)
    statuses.init_app(app)
