"""Notices by mail of what happened to an account: the listener of `happenings`, in the same transaction, no secret.

What a notice tells lies sealed in its delivery, so that it leaves before a campaign's invoices and is wiped once sent.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.accounts import devices
from invoicing.accounts.happenings import Happening
from invoicing.accounts.models import User
from invoicing.accounts.secrets import Post
from invoicing.delivery.models import Delivery, DeliveryKind
from invoicing.delivery.service import Outgoing, queue

WHAT, AT = "what", "at"  # the happening and its moment, among the facts of a notice


class Notices:
    """Writes the owner a notice of what happened; `device` gives the secret of the browser's cookie, if there is one.

    A sign-in is told of only from a device that isn't known, and only where the user wants it; all else always.
    """

    def __init__(self, post: Post, device: Callable[[], str] = lambda: ""):
        self.post, self.device = post, device

    def __call__(self, session: Session, now: datetime, user_id: int, what: Happening, facts: dict[str, str]) -> None:
        """Queues it, or doesn't; raises nothing that the deed itself wouldn't."""
        user = session.get(User, user_id)
        if user is None or not self._is_news(session, now, user, what):
            return
        told = {name: fact for name, fact in facts.items() if name != "to"}
        sealed = self.post.sealer.seal({WHAT: what.value, AT: now.isoformat(), **told})
        outgoing = Outgoing(
            DeliveryKind.notice, facts.get("to") or user.email, user.language, user_id=user_id, sealed=sealed
        )
        queue(session, outgoing, now, self.post.domain)

    def _is_news(self, session: Session, now: datetime, user: User, what: Happening) -> bool:
        if what is Happening.signed_in:
            return devices.is_new(session, now, user.id, self.device()) and user.wants_notices
        if what is Happening.password_set:
            return user.last_sign_in_at is not None  # an invitation's first one surprises nobody
        if what is Happening.codes_made:
            return not _told(session, user.id, now)  # with the factor that they come with
        return True


def _told(session: Session, user_id: int, now: datetime) -> bool:
    """Whether this very transaction has told something already."""
    same = (Delivery.user_id == user_id, Delivery.kind == DeliveryKind.notice, Delivery.created_at == now)
    return session.scalar(select(Delivery.id).where(*same).limit(1)) is not None
