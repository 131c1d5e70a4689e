"""What the tests of the sign-in pages share: the last mail's secrets, an application's codes."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pyotp
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.settings import Settings
from invoicing.accounts.factors import put_totp
from invoicing.accounts.models import User
from invoicing.accounts.secrets import Sealer
from invoicing.delivery.models import Delivery
from invoicing.journal import COMMAND
from web.database import now
from web.services import post_of

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def last_mail(session: Session, settings: Settings) -> dict[str, str]:
    """What the newest mail brings, unsealed as the worker does: link (a path), and code where there is one."""
    session.rollback()
    sealed = session.scalars(select(Delivery.sealed).order_by(Delivery.id.desc())).first()
    assert sealed is not None
    found = Sealer(settings.fernet_keys).unseal(sealed)
    return {**found, "link": found["link"].removeprefix("http://localhost")}


def totp(moment: datetime | None = None, secret: str = SECRET) -> str:
    """The code that the application shows."""
    seconds = (moment or now()).replace(tzinfo=UTC).timestamp()
    return pyotp.TOTP(secret).generate_otp(int(seconds) // 30)


def protect(session: Session, settings: Settings, user: User, secret: str = SECRET) -> None:
    """Gives somebody an application with this secret."""
    put_totp(session, COMMAND, now(), user.id, secret, post_of(settings).keys)
    session.commit()


def count(session: Session, table: type) -> int:
    """How many rows there are now."""
    session.rollback()
    return session.scalar(select(func.count()).select_from(table)) or 0


def bare(text: str, *away: str) -> str:
    """A page without its tokens and the texts that may differ."""
    for word in away:
        text = text.replace(word, "…")
    return re.sub(r'name="csrf_token" value="[^"]+"', "", text)
