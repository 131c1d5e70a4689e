"""All pages of signing in, on one blueprint."""

from __future__ import annotations

from web import codes, fresh, passkeys, second_factor  # noqa: F401 - their pages
from web.signin import bp as bp
