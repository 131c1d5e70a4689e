"""Decisions about who sees a customer's invoices: pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from invoicing.customers.models import AccessRight, Customer, CustomerAccess, CustomerKind
from invoicing.customers.rules import LANGUAGES, NotAMember
from invoicing.delivery.rules import BadAddress, checked_address
from invoicing.errors import Fault, FieldFaults, Refused


class Why(StrEnum):
    """Why a right was withdrawn: a word of ours, since the journal holds nothing about a person."""

    left = "left"
    mistake = "mistake"
    asked = "asked"
    other = "other"


@dataclass(eq=False)
class LastManager(Refused):
    """Nobody would be left to say who sees the organisation's invoices: another manager first."""

    customer_id: int


@dataclass(eq=False)
class OnlyOrganisations(Refused):
    """A person's invoices have nobody to manage who sees them."""

    customer_id: int


@dataclass(frozen=True)
class Invitation:
    """Who is to see the invoices, as a form says it: an address, the language of a new account, the right."""

    email: str
    language: str = "fr_FR"
    right: str = AccessRight.sees


@dataclass(frozen=True)
class Invited:
    """The same, read."""

    email: str
    language: str
    right: AccessRight


def is_greater(right: AccessRight, than: AccessRight) -> bool:
    """Whether one right holds more than the other."""
    return right is AccessRight.manages and than is AccessRight.sees


def check_right(customer: Customer, right: AccessRight) -> None:
    """Refuses NotAMember (a contact has no zone) and OnlyOrganisations."""
    if not customer.is_member:
        raise NotAMember(customer.id)
    if right is AccessRight.manages and customer.kind is not CustomerKind.organisation:
        raise OnlyOrganisations(customer.id)


def is_last_manager(access: CustomerAccess, everybody: Iterable[CustomerAccess]) -> bool:
    """Whether nobody else manages who can sign in; a disabled account manages nothing."""
    others = (each for each in everybody if each.id != access.id)
    return access.manages and not any(each.manages and each.user.active for each in others)


def read_invitation(typed: Invitation) -> Invited:
    """The address in its normal form; refuses with every fault at once."""
    faults, email = [], ""
    try:
        email = checked_address(typed.email)
    except BadAddress:
        faults.append(Fault("email", "bad_email", {"value": typed.email}) if typed.email.strip()
                      else Fault("email", "required"))  # fmt: skip
    if typed.language not in LANGUAGES:
        faults.append(Fault("language", "choose"))
    if typed.right not in tuple(AccessRight):
        faults.append(Fault("right", "choose"))
    if faults:
        raise FieldFaults(faults)
    return Invited(email, typed.language, AccessRight(typed.right))
