"""Lists of the sales administration as files: what the filter in the address shows."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from admin import bp
from admin.invoice_sheet import InvoiceSheet
from admin.list_filter import read
from web.exports import send_sheet
from web.words import _


@bp.get("/factures/export.<kind>")
def invoices_export(kind: str) -> ResponseReturnValue:
    """« Toutes les factures »: the tab and the filter of the address, in its order."""
    asked = read(request.args)
    sheet = InvoiceSheet(asked.wanted, asked.order)
    return send_sheet(_("Factures"), sheet.columns, sheet.rows, kind)
