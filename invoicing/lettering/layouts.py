"""What the columns of an accounting export are: as recognised, or as a person has last said of files like it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from invoicing.accounting.plan import Days, Plan
from invoicing.accounting.reading import choose, fingerprint, recognise
from invoicing.database import is_sqlite
from invoicing.journal import Actor
from invoicing.lettering.models import ColumnLayout


def plan_for(session: Session, content: bytes, file_name: str) -> Plan:
    """How a file is to be read, as far as that is known without a person. Raises Unreadable."""
    return recall(session, recognise(content, file_name))


def recall(session: Session, plan: Plan) -> Plan:
    """The plan with the columns that a person said of a file with the same headings.

    What was said of days and decimals is only taken where the file itself doesn't tell.
    """
    found = session.get(ColumnLayout, fingerprint(plan)) if plan.is_table else None
    if found is None:
        return plan
    said = Plan.from_json(found.plan)
    if len(said.columns) != len(plan.columns):
        return plan
    currency = plan.currency or said.currency
    chosen = choose(plan, said.columns, Days.unknown, "", currency)
    decimal = "" if any(chosen.marks) else said.decimal
    if decimal or "days" in chosen.asks:
        days = said.days if "days" in chosen.asks else Days.unknown
        chosen = choose(plan, said.columns, days, decimal, currency)
    return replace(chosen, remembered=True)


def remember(session: Session, actor: Actor, now: datetime, plan: Plan) -> None:
    """Keeps what a person has said of a table's columns, in place of what was said before."""
    if not plan.is_table:
        return
    values = {"plan": plan.to_json(sample=False), "used_at": now, "used_by_id": actor.account_id}
    insert = sqlite.insert if is_sqlite(session.connection()) else postgresql.insert
    row = insert(ColumnLayout).values(fingerprint=fingerprint(plan), **values)
    session.execute(row.on_conflict_do_update(index_elements=["fingerprint"], set_=values))
