"""« Relevé de compte »: of one customer, over any period, as a page and as files."""

from __future__ import annotations

from collections.abc import Sequence

from flask import render_template
from flask.typing import ResponseReturnValue

from invoicing.customers.models import Customer
from invoicing.customers.queries import customers_of_user
from invoicing.errors import NotFound
from portal import bp, switch
from web import statements
from web.database import db
from web.security import text_arg
from web.sessions import me


@bp.get("/compte/releve")
def statement() -> ResponseReturnValue:
    """What moved, the balance after each movement, what is due now with its age."""
    customers = customers_of_user(db.session, me().user.id)
    if not customers:
        return render_template("portal/unlinked.html")
    customer, asked = _chosen(customers), statements.asked()
    sheet = None if asked.faults else statements.sheet(db.session, customer, asked.period)
    return render_template(
        "portal/statement.html", customer=customer, names=switch.names(customers), asked=asked, sheet=sheet,
        usual=statements.usual(), title=statements.title(), most=statements.SHOWN_MOST,
    )  # fmt: skip


@bp.get("/compte/releve.<kind>")
def statement_file(kind: str) -> ResponseReturnValue:
    """The same as PDF, CSV or XLSX."""
    return statements.file(_chosen(customers_of_user(db.session, me().user.id)), kind)


def _chosen(customers: Sequence[Customer]) -> Customer:
    """The one of the address, else the one chosen last, else the first; NotFound for one that isn't theirs."""
    asked = text_arg(switch.ARGUMENT)
    if not asked and customers:
        return switch.remembered(customers) or customers[0]
    found = next((customer for customer in customers if str(customer.id) == asked), None)
    if found is None:
        raise NotFound
    switch.chosen(customers)
    return found
