"""What becomes of a message: pure decisions on pauses, giving up, and what may be sent once more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from invoicing.delivery.models import DeliveryKind, DeliveryState

PAUSES: Final = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 180, 360, 720, 1440))
GIVE_UP_AFTER: Final = timedelta(days=3)  # since the row was written
TROUBLED: Final = frozenset({DeliveryState.failed, DeliveryState.bounced})
WAITING: Final = frozenset({DeliveryState.queued, DeliveryState.deferred})


def pause(tries: int) -> timedelta:
    """How long to wait after this many tries (1 or more)."""
    return PAUSES[min(max(tries, 1), len(PAUSES)) - 1]


def next_try(tries: int, created_at: datetime, now: datetime) -> datetime | None:
    """When to try again after a temporary refusal; None: give up, three days are over."""
    return now + pause(tries) if now < created_at + GIVE_UP_AFTER else None


def after_a_loss(tries: int, lease_until: datetime) -> datetime:
    """When another worker may take over what a lost one held: at once the first time, then with growing pauses.

    A message whose worker dies again and again may have been accepted each time: it must not be sent every lease.
    """
    return lease_until if tries <= 1 else lease_until + pause(tries)


def is_pointless(expires_at: datetime | None, now: datetime) -> bool:
    """Whether the message would only bring a link that no longer works."""
    return expires_at is not None and expires_at <= now


def may_retry(kind: DeliveryKind, state: DeliveryState, replaced: bool) -> bool:
    """Whether D8 allows a new delivery in place of this one: an invoice's, in trouble, not yet replaced."""
    return kind is DeliveryKind.invoice and state in TROUBLED and not replaced
