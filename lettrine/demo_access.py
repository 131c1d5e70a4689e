"""The demo's organisation with people of its own: one who manages the accesses, one who reads, one yet to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from invoicing.accounts import service as accounts
from invoicing.accounts.models import Role
from invoicing.customers.access import link_user
from invoicing.customers.models import AccessRight
from invoicing.database import transaction
from invoicing.journal import COMMAND
from lettrine.demo_desk import Buyer, Desk

FIRM: Final = "Imprimerie Dauphinoise"
SECOND: Final = "École d’art du Léman"


@dataclass(frozen=True)
class Employee:
    """One of the organisation's people; `elsewhere` names a second customer whose invoices they see."""

    email: str
    name: str
    right: AccessRight
    signs_in: bool = True
    elsewhere: str = ""

    @property
    def word(self) -> str:
        """What they are, in one word, for the list of sign-ins."""
        return "manager" if self.right is AccessRight.manages else "member"


EMPLOYEES: Final = (
    Employee("solene.marchetti@example.fr", "Solène Marchetti", AccessRight.manages, elsewhere=SECOND),
    Employee("bruno.keller@example.fr", "Bruno Keller", AccessRight.sees),
    Employee("reliure.dauphinoise@example.fr", "", AccessRight.sees, signs_in=False),
)


def let_in(desk: Desk, buyers: Sequence[Buyer], password_hash: str) -> None:
    """Gives them their accounts and their rights; whoever signs in has come before."""
    found = {buyer.name: buyer.customer_id for buyer in buyers}
    since = desk.now - timedelta(days=40)
    for one in EMPLOYEES:
        with transaction(desk.sessions) as session:
            user = accounts.add_user(session, COMMAND, since, one.email, Role.member, one.name)
            link_user(session, COMMAND, since, found[FIRM], user.id, one.right)
            if one.elsewhere:
                link_user(session, COMMAND, since, found[one.elsewhere], user.id)
            if one.signs_in:
                user.password_hash, user.last_sign_in_at = password_hash, desk.now - timedelta(days=3)
