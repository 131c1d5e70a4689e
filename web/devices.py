"""Browsers in words, from how they name themselves: « Firefox sur Windows »; and the cookie that one is known by."""

from __future__ import annotations

import re
from typing import Final

from flask import after_this_request, g, has_request_context
from werkzeug.wrappers import Response

from invoicing.accounts.devices import LASTS
from invoicing.accounts.secrets import new_token
from web import cookies
from web.words import _

COOKIE: Final = "appareil"
TOKEN: Final = re.compile(r"[0-9A-Za-z_-]{43}\Z")
_BROWSERS: Final = (  # the first that fits: most name the others too
    ("Edge", r"\bEdg(?:e|A|iOS)?/"),
    ("Opera", r"\bOPR/|\bOPT/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Vivaldi", r"\bVivaldi/"),
    ("Firefox", r"\bFirefox/|\bFxiOS/"),
    ("Chrome", r"\bChrome/|\bCriOS/|\bHeadlessChrome/"),
    ("Safari", r"\bVersion/.*\bSafari/|\bMobile/.*\bSafari/"),
)
_SYSTEMS: Final = (
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Android", r"\bAndroid\b"),
    ("Windows", r"\bWindows\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Mac", r"\bMacintosh\b|\bMac OS X\b"),
    ("Linux", r"\bLinux\b|\bX11\b"),
)


def described(agent: str) -> str:
    """A browser and its device, as a person would name them; what it says itself is only looked through."""
    browser, system = _first(_BROWSERS, agent), _first(_SYSTEMS, agent)
    if browser and system:
        return _("%(browser)s sur %(system)s", browser=browser, system=system)
    return browser or system or _("Navigateur inconnu")


def is_hand_held(agent: str) -> bool:
    """Whether it is a phone or a tablet."""
    return _first(_SYSTEMS, agent) in ("iPhone", "iPad", "Android")


def _first(known: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for name, pattern in known if re.search(pattern, agent)), "")


def known_as() -> str:
    """The secret of this browser's cookie; empty where it has none, or there is no browser."""
    if not has_request_context():
        return ""
    given: str = g.get("device") or cookies.read(COOKIE)
    return given if TOKEN.match(given) else ""


def recognised() -> str:
    """The same, but a browser that has none is given one: for whoever signs in."""
    if not has_request_context():
        return ""
    token = known_as() or new_token()
    if g.get("device") != token:
        g.device = token
        after_this_request(_keep)
    return token


def _keep(response: Response) -> Response:
    cookies.write(response, COOKIE, g.device, int(LASTS.total_seconds()))
    return response
