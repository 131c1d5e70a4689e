"""E-mails as rows: promised in the cause's own transaction, claimed by a worker with a lease, settled truthfully."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, CursorResult, insert, select, update
from sqlalchemy.orm import Session

from invoicing.database import changed_one
from invoicing.delivery import rules
from invoicing.delivery.models import Delivery, DeliveryEvent, DeliveryKind, DeliveryState
from invoicing.delivery.rules import BadAddress as BadAddress
from invoicing.delivery.rules import checked_address as checked_address
from invoicing.errors import NotFound, Refused
from invoicing.journal import Actor, record

ANSWER_MAX = 500
_COPIED = (
    "kind", "recipient", "language", "message_id", "invoice_id", "customer_id", "user_id", "sealed", "expires_at",
)  # fmt: skip


class NotRetryable(Refused):
    """Only an invoice's delivery that failed or bounced may be retried."""

    def __init__(self, delivery_id: int, state: DeliveryState):
        self.delivery_id, self.state = delivery_id, state
        super().__init__(f"delivery {delivery_id} is {state.value}")


class AlreadyRetried(Refused):
    """Another delivery stands in this one's place already."""

    def __init__(self, delivery_id: int, by: int | None):
        self.delivery_id, self.by = delivery_id, by
        super().__init__(f"delivery {delivery_id} was replaced by {by}")


@dataclass(frozen=True)
class Outgoing:
    """A promise to send one message to one recipient; `sealed` is the encrypted secret that it brings."""

    kind: DeliveryKind
    recipient: str
    language: str
    user_id: int | None = None
    customer_id: int | None = None
    invoice_id: int | None = None
    sealed: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Claim:
    """A delivery in the hands of one worker until `lease_until`; whoever holds the token may settle it."""

    delivery_id: int
    token: str
    lease_until: datetime
    kind: DeliveryKind
    recipient: str
    language: str
    message_id: str
    invoice_id: int | None
    customer_id: int | None
    user_id: int | None
    sealed: str | None
    expires_at: datetime | None
    tries: int  # this one included


def queue(session: Session, outgoing: Outgoing, now: datetime, domain: str) -> Delivery:
    """Writes the promise and the first step of its history; raises BadAddress. Talks to nobody."""
    delivery = Delivery(
        kind=outgoing.kind,
        state=DeliveryState.queued,
        recipient=checked_address(outgoing.recipient),
        language=outgoing.language,
        message_id=f"<{secrets.token_hex(16)}@{domain}>",
        invoice_id=outgoing.invoice_id,
        customer_id=outgoing.customer_id,
        user_id=outgoing.user_id,
        sealed=outgoing.sealed,
        expires_at=outgoing.expires_at,
        next_try_at=now - rules.AHEAD if outgoing.sealed else now,
        created_at=now,
        tries=0,
        events=[DeliveryEvent(at=now, state=DeliveryState.queued)],
    )
    session.add(delivery)
    session.flush()
    return delivery


def claim(session: Session, now: datetime, lease_seconds: int, only: int | None = None) -> Claim | None:
    """Takes the longest due delivery (or `only` that one) for this worker; None when there is nothing to do.

    What has become pointless or hopeless is failed on the way. The caller commits before it acts.
    """
    while delivery := _first_due(session, now, only):
        lost = delivery.state is DeliveryState.sending
        if rules.is_pointless(delivery.expires_at, now):
            _give_up(session, delivery, "expired", lost, now)
        elif lost and rules.is_hopeless(delivery.tries):
            _give_up(session, delivery, "gave_up", lost, now)
        elif taken := _take(session, delivery, now, now + timedelta(seconds=lease_seconds)):
            _note(session, delivery.id, DeliveryState.sending, now, reason="lease_expired" if lost else "")
            return taken
    return None


def settle_sent(session: Session, claim: Claim, answer: str, now: datetime) -> bool:
    """Notes that the mail server accepted the message; False if the lease was lost, and nothing is changed."""
    values = {"sent_at": now, "sealed": None}
    return _settle(session, claim, DeliveryState.sent, now, answer, "", values)


def settle_deferred(session: Session, claim: Claim, answer: str, reason: str, now: datetime) -> bool:
    """Notes a temporary refusal and when to try again, or that it gives up; False if the lease was lost."""
    at = rules.next_try(claim.tries, now)
    if at is None:
        return settle_failed(session, claim, answer, "gave_up", now)
    if rules.is_pointless(claim.expires_at, at):
        return settle_failed(session, claim, answer, "expired", now)
    return _settle(session, claim, DeliveryState.deferred, now, answer, reason, {"next_try_at": at})


def settle_failed(session: Session, claim: Claim, answer: str, reason: str, now: datetime) -> bool:
    """Notes a refusal for good; False if the lease was lost, and nothing is changed."""
    return _settle(session, claim, DeliveryState.failed, now, answer, reason, {"sealed": None})


def retry(session: Session, delivery_id: int, recipient: str, actor: Actor, now: datetime, domain: str) -> Delivery:
    """Puts a new delivery in place of one that failed or bounced: the same promise (D8), kept once.

    Raises NotFound, NotRetryable, AlreadyRetried, BadAddress.
    """
    old = session.get(Delivery, delivery_id, populate_existing=True)
    if old is None:
        raise NotFound
    if old.replaced_by_id is not None:
        raise AlreadyRetried(old.id, old.replaced_by_id)
    if not rules.may_retry(old.kind, old.state, replaced=False):
        raise NotRetryable(old.id, old.state)
    again = Outgoing(
        old.kind, recipient, old.language, user_id=old.user_id, customer_id=old.customer_id, invoice_id=old.invoice_id
    )
    new = queue(session, again, now, domain)
    free = Delivery.replaced_by_id.is_(None) & Delivery.state.in_(rules.TROUBLED)
    if not changed_one(session, update(Delivery).where(Delivery.id == old.id, free).values(replaced_by_id=new.id)):
        raise AlreadyRetried(old.id, None)
    moved = (False, new.recipient != old.recipient)  # addresses stay out of the journal
    changes = {"delivery_id": (old.id, new.id), "address_changed": moved}
    record(session, actor, now, "delivery.retried", ("invoice", old.invoice_id), changes)
    return new


def wipe_expired(session: Session, now: datetime) -> int:
    """Removes secrets that no longer open anything, whatever became of their message; returns how many."""
    over = Delivery.sealed.is_not(None) & (Delivery.expires_at <= now)
    found = cast("CursorResult[Any]", session.execute(update(Delivery).where(over).values(sealed=None)))
    return found.rowcount


_OPEN: Final = (DeliveryState.queued, DeliveryState.deferred, DeliveryState.sending)


def _due(now: datetime) -> ColumnElement[bool]:
    """Waiting and due, or held under a lease that has run out (`next_try_at` is then the end of the lease)."""
    return Delivery.state.in_(_OPEN) & (Delivery.next_try_at <= now)


def _first_due(session: Session, now: datetime, only: int | None) -> Delivery | None:
    """The longest due row, locked where the engine locks rows; rows that others hold are passed over.

    Each state by itself, as the index has them: together, all that is due would be sorted for each claim.
    """
    query = select(Delivery).order_by(Delivery.next_try_at, Delivery.id).limit(1)
    query = query.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    if only is not None:
        return session.scalars(query.where(_due(now), Delivery.id == only)).first()
    looks = (query.where(Delivery.state == state, Delivery.next_try_at <= now) for state in _OPEN)
    found = [row for look in looks if (row := session.scalars(look).first()) is not None]
    return min(found, key=lambda row: (row.next_try_at, row.id), default=None)


def _take(session: Session, delivery: Delivery, now: datetime, lease_until: datetime) -> Claim | None:
    token, tries = secrets.token_hex(16), delivery.tries + 1
    statement = (
        update(Delivery)
        .where(Delivery.id == delivery.id, Delivery.tries == delivery.tries, _due(now))
        .values(
            state=DeliveryState.sending,
            lease_token=token,
            lease_until=lease_until,
            next_try_at=rules.after_a_loss(tries, lease_until),
            tries=tries,
        )
    )
    if not changed_one(session, statement.execution_options(synchronize_session=False)):
        return None
    copied: dict[str, Any] = {name: getattr(delivery, name) for name in _COPIED}
    return Claim(delivery_id=delivery.id, token=token, lease_until=lease_until, tries=tries, **copied)


def _give_up(session: Session, delivery: Delivery, reason: str, lost: bool, now: datetime) -> None:
    """Fails a due row that nobody will send; where a worker was lost, its message may have left all the same."""
    statement = update(Delivery).where(Delivery.id == delivery.id, _due(now))
    values = {"state": DeliveryState.failed, "reason": reason, "lease_token": None, "lease_until": None, "sealed": None}
    if changed_one(session, statement.values(values)):
        if lost:
            _note(session, delivery.id, DeliveryState.sending, now, reason="lease_expired")
        _note(session, delivery.id, DeliveryState.failed, now, reason=reason)


def _settle(
    session: Session,
    claim: Claim,
    state: DeliveryState,
    now: datetime,
    answer: str,
    reason: str,
    values: Mapping[str, object],
) -> bool:
    held = (Delivery.lease_token == claim.token) & (Delivery.state == DeliveryState.sending)
    common = {"state": state, "answer": answer[:ANSWER_MAX], "reason": reason, "lease_token": None, "lease_until": None}
    statement = update(Delivery).where(Delivery.id == claim.delivery_id, held).values({**common, **values})
    if not changed_one(session, statement.execution_options(synchronize_session=False)):
        return False
    _note(session, claim.delivery_id, state, now, answer, reason)
    return True


def _note(
    session: Session, delivery_id: int, state: DeliveryState, now: datetime, answer: str = "", reason: str = ""
) -> None:
    values = {"delivery_id": delivery_id, "at": now, "state": state, "answer": answer[:ANSWER_MAX], "reason": reason}
    session.execute(insert(DeliveryEvent).values(values))
