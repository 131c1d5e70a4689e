"""What a restored installation begins with: a word in the journal, nobody signed in, nothing that leaves alone."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.accounts.models import SignInSession
from invoicing.campaigns import hands
from invoicing.delivery.models import Delivery, DeliveryEvent, DeliveryState
from invoicing.journal import Actor

RESTORED: Final = "installation.restored"
HELD: Final = "restored"  # the reason of e-mails and campaigns that wait for a person
_PROMISED: Final = (DeliveryState.queued, DeliveryState.sending, DeliveryState.deferred)


def settle(session: Session, actor: Actor, now: datetime, made_at: str, position: int, known: int) -> int:
    """Journals the restore of the backup of `made_at`, whose journal ended at `position` while `known` is the last
    position that any anchor knew. E-mails that were waiting then may have left since: each becomes a failed one, for
    a person to try again or not. A campaign that was being made may have been made since: it pauses. Whoever was
    signed in then signs in anew. Returns how many e-mails are held.
    """
    ids = list(session.scalars(select(Delivery.id).where(Delivery.state.in_(_PROMISED))))
    values = {"state": DeliveryState.failed, "reason": HELD, "sealed": None, "lease_token": None, "lease_until": None}
    session.execute(update(Delivery).where(Delivery.state.in_(_PROMISED)).values(values))
    if ids:
        told = [{"delivery_id": n, "at": now, "state": DeliveryState.failed, "reason": HELD, "answer": ""} for n in ids]
        session.execute(insert(DeliveryEvent), told)
    hands.hold(session, actor, now, HELD)
    session.execute(delete(SignInSession))
    changes = {"made_at": (None, made_at), "position": (known, position), "held": (None, len(ids))}
    journal.record(session, actor, now, RESTORED, ("organisation", 1), changes)
    return len(ids)
