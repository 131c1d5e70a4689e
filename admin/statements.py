"""A customer's statement of account, for staff: the one that the customer sees in the zone."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from admin import bp
from invoicing.customers import queries
from web import statements
from web.database import db


@bp.get("/clients/<int:customer_id>/releve")
def statement(customer_id: int) -> ResponseReturnValue:
    """What moved over a period, what is due now with its age."""
    customer, asked = queries.customer(db.session, customer_id), statements.asked()
    sheet = None if asked.faults else statements.sheet(db.session, customer, asked.period)
    return render_template(
        "admin/statement.html", customer=customer, asked=asked, sheet=sheet, usual=statements.usual(),
        title=statements.title(), most=statements.SHOWN_MOST,
    )  # fmt: skip


@bp.get("/clients/<int:customer_id>/releve.<kind>")
def statement_file(customer_id: int, kind: str) -> ResponseReturnValue:
    """The same as PDF, CSV or XLSX."""
    return statements.file(queries.customer(db.session, customer_id), kind)
