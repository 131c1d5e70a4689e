"""Whom an imported order is made out to: known by login, else by e-mail and name together, within this shop's imports.

Nobody is found by e-mail alone, nor among the customers of others: staff merge what belongs together.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
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
        return validate_email(text, check_deliverability=False, allow_smtputf8=False).normalized if text else ""
    except EmailNotValidError:
        return ""


def customer_id(session: Session, actor: Actor, now: datetime, target: Target, said: Mapping[str, str]) -> int:
    """The customer of a row; a new contact where the shop's imports know none. Raises Unfit."""
    keys = keys_of(said)
    found = _find(session, target.shop_id, keys)
    if found is None:
        content = content_of(said, target)
        try:
            with session.begin_nested():
                customer = add_customer(session, actor, now, content)
                _remember(session, target.shop_id, keys, customer.id)
        except IntegrityError:  # another import has just made them
            found = _find(session, target.shop_id, keys)
            if found is None:
                raise
            return found
        changes: dict[str, tuple[object, object]] = {"shop_id": (None, target.shop_id)}
        journal.record(session, actor, now, "customer.known_to_shop", ("customer", customer.id), changes)
        return customer.id
    missing = {by: value for by, value in keys.items() if _find(session, target.shop_id, {by: value}) is None}
    _remember(session, target.shop_id, missing, found)
    return found


def keys_of(said: Mapping[str, str]) -> dict[KnownBy, str]:
    """By what this customer is known again, the surest first; nothing where only a name is told."""
    name = fold(said["first_name"], said["last_name"] or said["organisation"])
    keys = {KnownBy.login: fold(said["login"])} if said["login"] else {}
    if said["email"] and name:
        keys[KnownBy.person] = f"{said['email'].lower()}\n{name}"
    return {by: value[:VALUE_MAX] for by, value in keys.items() if value}


def _find(session: Session, shop_id: int, keys: Mapping[KnownBy, str]) -> int | None:
    for by, value in keys.items():
        where = (ShopCustomer.shop_id == shop_id, ShopCustomer.known_by == by, ShopCustomer.value == value)
        query = select(Customer.id, Customer.merged_into_id).join(ShopCustomer).where(*where)
        row = session.execute(query).first()
        if row is not None:
            number: int = row.merged_into_id or row.id
            return number
    return None


def _remember(session: Session, shop_id: int, keys: Mapping[KnownBy, str], number: int) -> None:
    if keys:
        session.add_all(
            ShopCustomer(shop_id=shop_id, known_by=by, value=value, customer_id=number) for by, value in keys.items()
        )
        session.flush()
