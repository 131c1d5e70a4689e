"""What returned notices change: a delivery that came back is marked so, anything else is a step of its history."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from invoicing.database import changed_one, is_sqlite
from invoicing.delivery.models import Delivery, DeliveryEvent, DeliveryState, ReturnsBox
from invoicing.delivery.notices import Action, Notice, fate_of
from invoicing.delivery.service import ANSWER_MAX

_MAY_COME_BACK: Final = frozenset({DeliveryState.sent, DeliveryState.deferred, DeliveryState.failed})
STEPS: Final = {Action.delayed: "delayed", Action.delivered: "arrived", Action.relayed: "relayed",
                Action.expanded: "relayed"}  # fmt: skip


class Outcome(StrEnum):
    """What a notice has led to."""

    bounced = "bounced"
    noted = "noted"  # a step: delayed, arrived
    known = "known"  # it was told before
    early = "early"  # a worker holds the message at this moment: read it again later
    unknown = "unknown"  # no message of ours, or nothing about its recipient

    @property
    def is_understood(self) -> bool:
        """Whether nothing is left to do about it."""
        return self in (Outcome.bounced, Outcome.noted, Outcome.known)


def take(session: Session, notice: Notice, now: datetime) -> Outcome:
    """Applies a notice, once however often it comes; the caller commits before it puts the notice away."""
    query = select(Delivery).where(Delivery.message_id.in_(notice.ids), Delivery.tries > 0).order_by(Delivery.id)
    delivery = session.scalars(query.limit(1).with_for_update().execution_options(populate_existing=True)).first()
    fate = fate_of(notice, delivery.recipient) if delivery else None
    if delivery is None or fate is None:
        return Outcome.unknown
    told = select(DeliveryEvent.id).where(DeliveryEvent.delivery_id == delivery.id)
    if session.scalar(told.where(DeliveryEvent.notice == notice.digest).limit(1)):
        return Outcome.known
    if delivery.state is DeliveryState.sending:
        return Outcome.early
    answer = fate.answer[:ANSWER_MAX]
    step = DeliveryEvent(delivery_id=delivery.id, at=now, answer=answer, notice=notice.digest)
    if fate.action is not Action.failed:
        delayed = fate.action is Action.delayed
        step.state = DeliveryState.deferred if delayed else DeliveryState.sent
        step.reason = STEPS[fate.action]
        session.add(step)
        session.flush()
        return Outcome.noted
    values = {"state": DeliveryState.bounced, "answer": answer, "reason": "returned", "sealed": None, "closed_at": None}
    free = Delivery.state.in_(_MAY_COME_BACK)
    if not changed_one(session, update(Delivery).where(Delivery.id == delivery.id, free).values(values)):
        return Outcome.known
    step.state, step.reason = DeliveryState.bounced, "returned"
    session.add(step)
    session.flush()
    return Outcome.bounced


def note_reading(session: Session, now: datetime, understood: int, left_alone: int, fault: str) -> None:
    """Adds up what was read, and says whether the mailbox could be."""
    insert = sqlite.insert if is_sqlite(session.connection()) else postgresql.insert
    row = insert(ReturnsBox).values(id=1, read_at=now, understood=understood, left_alone=left_alone, fault=fault)
    more = {
        "read_at": now,
        "understood": ReturnsBox.understood + understood,
        "left_alone": ReturnsBox.left_alone + left_alone,
        "fault": fault,
    }
    session.execute(row.on_conflict_do_update(index_elements=["id"], set_=more))
