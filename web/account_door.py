"""The door to one's own account: signed in, whoever it is; and the one page that its mailed link opens for anybody."""

from __future__ import annotations

from flask import Blueprint

from invoicing.accounts.profile import Seat
from web.devices import known_as
from web.rights import require
from web.sessions import me

bp = Blueprint("account", __name__, url_prefix="/mon-compte")
bp.before_request(require())
proving = Blueprint("proving", __name__, url_prefix="/mon-compte")  # whoever holds the link need not be signed in here


def seat() -> Seat:
    """Who changes their account, and where from."""
    return Seat(me().user.id, me().row.id, known_as())
