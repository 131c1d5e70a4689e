"""Notes what happened around a transaction: best effort, outside the chained journal. The edge commits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from invoicing.invoices.models import Invoice
from invoicing.journal import Actor, canonical
from invoicing.traces.models import Trace, TraceKind

REPEATED: Final = timedelta(minutes=10)  # the same person looking again within it is one look
_LOOKS: Final = (TraceKind.viewed, TraceKind.downloaded)
CODE_MAX: Final = 64


def note(
    session: Session,
    now: datetime,
    kind: TraceKind,
    actor: Actor,
    *,
    invoice_id: int | None = None,
    shop_id: int | None = None,
    code: str = "",
    facts: Mapping[str, Any] | None = None,
) -> bool:
    """Adds one event of an invoice, or of a shop's code that may be no invoice; False: nothing was to be noted.

    `facts` hold numbers and codes of refusals, never names. A code that no column holds is nobody's.
    """
    if invoice_id is not None:
        query = select(Invoice.transaction_code, Invoice.shop_id).where(Invoice.id == invoice_id)
        found = session.execute(query).first()
        if found is None:
            return False
        code, shop_id = found
    if not 0 < len(code) <= CODE_MAX or "\0" in code:
        return False
    if kind in _LOOKS and _again(session, now, kind, actor, invoice_id):
        return False
    session.add(
        Trace(at=now, kind=kind, invoice_id=invoice_id, shop_id=shop_id, transaction_code=code, actor_kind=actor.kind,
              actor_id=actor.user_id, facts=canonical(dict(facts or {})))
    )  # fmt: skip
    return True


def _again(session: Session, now: datetime, kind: TraceKind, actor: Actor, invoice_id: int | None) -> bool:
    """Whether the same person has done the same a moment ago."""
    same = (Trace.invoice_id == invoice_id, Trace.kind == kind, Trace.actor_kind == actor.kind)
    return bool(
        session.scalar(select(exists().where(*same, Trace.actor_id == actor.user_id, Trace.at > now - REPEATED)))
    )
