"""Whom an imported order is made out to: known by login, else by e-mail and name together, within this shop's imports.

Nobody is found by e-mail alone, nor among the customers of others: staff merge what belongs together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing import journal
from invoicing.customers.importing_rules import country_of
from invoicing.customers.models import Customer, CustomerKind
from invoicing.customers.rules import CustomerContent, check
from invoicing.customers.service import add_customer
from invoicing.errors import FieldFaults
from invoicing.journal import Actor
from invoicing.search import fold
from invoicing.sellers.models import Region
from invoicing.shop.importing_known import Target
from invoicing.shop.importing_rules import Unfit, Verdict
from invoicing.shop.models import KnownBy, ShopCustomer

VALUE_MAX: Final = 512
Key = tuple[KnownBy, str]


def content_of(said: Mapping[str, str], target: Target) -> CustomerContent:
    """The contact that the row describes; an address that is none is left out. Raises Unfit."""
    is_person = bool(said["first_name"] or said["last_name"])
    given = CustomerContent(
        kind=CustomerKind.person if is_person else CustomerKind.organisation, first_name=said["first_name"],
        last_name=said["last_name"], organisation_name=said["organisation"], email=_address(said["email"]),
        street=said["street"], postcode=said["postcode"], city=said["city"],
        country=country_of(said["country"], target.country) or target.country,
        language="fr_CA" if target.region is Region.QC else "fr_FR",
    )  # fmt: skip
    try:
        return check(given)
    except FieldFaults as refused:
        fault = refused.faults[0]
        raise Unfit(Verdict.bad_text, column=fault.field, code=fault.code, **fault.facts) from None


def _address(text: str) -> str:
    try:
        return (
            validate_email(text, check_deliverability=False, allow_smtputf8=False, test_environment=True).normalized
            if text
            else ""
        )
    except EmailNotValidError:
        return ""


def customer_id(session: Session, actor: Actor, now: datetime, target: Target, said: Mapping[str, str]) -> int:
    """The customer of a row; a new contact where the shop's imports know none. Raises Unfit."""
    return customer_ids(session, actor, now, target, [said])[0]


def customer_ids(
    session: Session, actor: Actor, now: datetime, target: Target, rows: Sequence[Mapping[str, str]]
) -> list[int]:
    """The same for many rows. Where another import makes one of them in the same instant, an IntegrityError."""
    wanted = [keys_of(said) for said in rows]
    known = _known(session, target.shop_id, wanted)
    found = []
    for said, keys in zip(rows, wanted, strict=True):
        number = next((known[key] for key in keys if key in known), None)
        if number is None:
            number = add_customer(session, actor, now, content_of(said, target)).id
            changes: dict[str, tuple[object, object]] = {"shop_id": (None, target.shop_id)}
            journal.record(session, actor, now, "customer.known_to_shop", ("customer", number), changes)
        for by, value in [key for key in keys if key not in known]:
            known[by, value] = number
            session.add(ShopCustomer(shop_id=target.shop_id, known_by=by, value=value, customer_id=number))
        found.append(number)
    session.flush()
    return found


def keys_of(said: Mapping[str, str]) -> list[Key]:
    """By what this customer is known again, the surest first; nothing where only a name is told."""
    name = fold(said["first_name"], said["last_name"] or said["organisation"])
    keys = [(KnownBy.login, fold(said["login"]))]
    if said["email"] and name:
        keys.append((KnownBy.person, f"{said['email'].lower()}\n{name}"))
    return [(by, value[:VALUE_MAX]) for by, value in keys if value]


def _known(session: Session, shop_id: int, wanted: Sequence[Sequence[Key]]) -> dict[Key, int]:
    """Which of these the shop's imports know, and who that is today."""
    values = {value for keys in wanted for _by, value in keys}
    query = select(ShopCustomer.known_by, ShopCustomer.value, Customer.id, Customer.merged_into_id)
    query = query.join(Customer, Customer.id == ShopCustomer.customer_id)
    query = query.where(ShopCustomer.shop_id == shop_id, ShopCustomer.value.in_(values))
    query = query.where(ShopCustomer.known_by.in_((KnownBy.login, KnownBy.person)))
    return {(by, value): merged or number for by, value, number, merged in session.execute(query)}
