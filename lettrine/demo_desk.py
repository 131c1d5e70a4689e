"""What the parts of the demo share while it is being built."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from invoicing.sellers.models import Region


@dataclass(frozen=True)
class Desk:
    """The demo under construction: sessions, the clock's end, and a dice that always falls the same."""

    sessions: sessionmaker[Session]
    now: datetime
    dice: random.Random


@dataclass(frozen=True)
class Buyer:
    """A customer of the demo, as far as making invoices needs them."""

    customer_id: int
    name: str
    region: Region
    has_email: bool
    bounces: bool
    organisation: bool
    signs_in: bool
