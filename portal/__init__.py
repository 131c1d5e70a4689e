"""Door 1, members: their invoices, at any time. Thin."""

from __future__ import annotations

from flask import Blueprint

from web.rights import require

bp = Blueprint("portal", __name__, url_prefix="/mes-factures")
bp.before_request(require())  # signed in, whoever it is; what is theirs is asked of the core, row by row

from portal import invoices, people, statements, zips  # noqa: E402, F401
