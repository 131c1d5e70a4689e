"""Door 2, staff: the sales hub, customers, drafts, invoices, deliveries, settings. Thin."""

from __future__ import annotations

from flask import Blueprint

from web.rights import require

bp = Blueprint("admin", __name__, url_prefix="/ventes")
bp.before_request(require("see"))  # staff only; views that change something ask for more

from admin import access, customers, customers_list, exports, members, merge, statements  # noqa: E402, F401, I001
from admin import deliveries, deliveries_again, drafts, hub, invoices, lettering, listing  # noqa: E402, F401
from admin import catalogues, categories, items, shop_keys, shops, units  # noqa: E402, F401
from admin import credits, moves, payments, proof, refusals, series, settings, taxes, taxes_rates, taxes_sets  # noqa: E402, F401
from admin import ledger, reset, traces, work_list  # noqa: E402, F401
from admin import imports, imports_sheet, letterings, letterings_one  # noqa: E402, F401
from admin import campaign_sheet, campaign_steps, campaigns  # noqa: E402, F401
from admin import users, users_one  # noqa: E402, F401
