"""What becomes of a message: pure decisions on pauses, giving up, and what may be sent once more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from email_validator import EmailNotValidError, validate_email

from invoicing.delivery.models import DeliveryKind, DeliveryState
from invoicing.errors import Refused

PAUSES: Final = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 180, 360, 720, 1440, 1440))  # about three days
TRIES: Final = len(PAUSES) + 1
AHEAD: Final = timedelta(days=7)  # a link that somebody waits for goes before the invoices of a campaign
AGAIN_AFTER: Final = timedelta(minutes=10)  # between two e-mails of one document to one address
AGAIN_MOST: Final = 6  # e-mails of one document in a day, whoever asks, to whatever addresses
DAY: Final = timedelta(days=1)
TROUBLED: Final = frozenset({DeliveryState.failed, DeliveryState.bounced})
WAITING: Final = frozenset({DeliveryState.queued, DeliveryState.deferred})


class BadAddress(Refused):
    """No e-mail can be sent to this address."""

    def __init__(self, address: str):
        self.address = address
        super().__init__("bad address")


def checked_address(address: str) -> str:
    """The address in its normal form; raises BadAddress. Asks no DNS server."""
    try:
        found = validate_email(
            address.strip(), check_deliverability=False, allow_smtputf8=False, test_environment=True
        )  # what ends in .test is an address too, though nothing ever arrives there
    except EmailNotValidError:
        raise BadAddress(address) from None
    return found.normalized


def ascii_address(address: str) -> str | None:
    """The address with its domain in the ASCII form that mail servers use; None where it has none."""
    try:
        found = validate_email(address, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError:
        return None
    return found.ascii_email


def next_try(tries: int, now: datetime) -> datetime | None:
    """When to try again after this many tries (1 or more); None: give up."""
    return None if is_hopeless(tries) else now + PAUSES[tries - 1]


def after_a_loss(tries: int, lease_until: datetime) -> datetime:
    """When another worker may take over what a lost one held: at once the first time, then with growing pauses.

    A message whose worker dies again and again may have been accepted each time: it must not be sent every lease.
    """
    return lease_until if tries <= 1 or is_hopeless(tries) else lease_until + PAUSES[tries - 1]


def is_hopeless(tries: int) -> bool:
    """Whether so many tries were enough."""
    return tries >= TRIES


def is_pointless(expires_at: datetime | None, now: datetime) -> bool:
    """Whether the message would only bring a link that no longer works."""
    return expires_at is not None and expires_at <= now


def may_retry(kind: DeliveryKind, state: DeliveryState, replaced: bool) -> bool:
    """Whether D8 allows a new delivery in place of this one: an invoice's, in trouble, not yet replaced."""
    return kind is DeliveryKind.invoice and state in TROUBLED and not replaced


def again_after(asked: Sequence[tuple[str, datetime]], recipient: str, now: datetime) -> datetime | None:
    """When a document may be e-mailed to this address again (D8), from (recipient, when) of a day; None: at once."""
    times = sorted(at for _to, at in asked if at > now - DAY)
    last = max((at for to, at in asked if to == recipient and at > now - AGAIN_AFTER), default=None)
    waits = [last + AGAIN_AFTER] if last else []
    if len(times) >= AGAIN_MOST:
        waits.append(times[-AGAIN_MOST] + DAY)
    return max(waits, default=None)
