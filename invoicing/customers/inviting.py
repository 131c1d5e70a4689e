"""People are asked in by e-mail: a member at their own address, somebody else at an address that is written.

A right is a user's, never an address's: whoever has an address today inherits nothing of whoever had it before.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from invoicing.accounts.models import Role, User
from invoicing.accounts.queries import user_by_email
from invoicing.accounts.rules import UserExists
from invoicing.accounts.secrets import Post
from invoicing.accounts.service import add_user, invite
from invoicing.customers import access
from invoicing.customers.access_rules import Invitation, Invited, check_right, read_invitation
from invoicing.customers.models import AccessRight, Customer, CustomerAccess
from invoicing.customers.rules import AddressTaken, NoEmail, NotAMember, OtherAddresses, OwnAccess
from invoicing.customers.service import get
from invoicing.delivery.models import Delivery, DeliveryKind
from invoicing.delivery.service import Outgoing, queue
from invoicing.journal import Actor

A_DAY: Final = 3  # such e-mails to one address, whoever asks for them
LASTS: Final = timedelta(days=14)
_ASKING_IN: Final = (DeliveryKind.invitation, DeliveryKind.access)


def member_to_invite(session: Session, customer_id: int) -> tuple[Customer, User | None]:
    """The member and the linked user with the member's own address; None where nobody at all has a right yet.

    Refuses a contact, a member without an address, an address that belongs to a user without this right, and one
    that is nobody's while others have a right: staff must say whether it is the same person.
    """
    customer = get(session, customer_id, lock=True)
    if not customer.is_member:
        raise NotAMember(customer_id)
    if not customer.email:
        raise NoEmail(customer_id)
    user, there = user_by_email(session, customer.email), access.everybody(session, customer_id)
    if user is not None and user.id not in {each.user_id for each in there}:
        raise AddressTaken(customer.email, user.id)
    if user is None and there:
        raise OtherAddresses(customer.email)
    return customer, user


def invite_member(session: Session, actor: Actor, now: datetime, customer_id: int, post: Post) -> tuple[User, bool]:
    """Mails an invitation to the member's own address; makes the user and the right where there is none yet.

    Twice within a minute mails one: says whether this is the one. Raises what `member_to_invite` refuses,
    BadAddress and UserDisabled.
    """
    customer, user = member_to_invite(session, customer_id)
    if user is None:
        person = f"{customer.first_name} {customer.last_name}".strip() or customer.name
        user = add_user(session, actor, now, customer.email, Role.member, person, customer.language)
        access.give(session, actor, now, customer, user.id, AccessRight.sees)
    if mails := not _mailed_since(session, user.email, now - timedelta(minutes=1)):
        invite(session, actor, now, user.id, post, customer_id)
    return user, mails


def invite_somebody(
    session: Session, actor: Actor, now: datetime, customer_id: int, typed: Invitation, post: Post
) -> User:
    """By staff: a right for whoever has the address; an account is made, and invited, where nobody has it.

    Refuses FieldFaults, OwnAccess, NotFound, MergedAway, NotAMember, OnlyOrganisations.
    """
    wanted, customer = read_invitation(typed), get(session, customer_id, lock=True)
    user = user_by_email(session, wanted.email)
    if user is not None and user.id == actor.account_id:
        raise OwnAccess
    return ask_in(session, actor, now, customer, wanted, post)[0].user


def ask_in(
    session: Session, actor: Actor, now: datetime, customer: Customer, wanted: Invited, post: Post
) -> tuple[CustomerAccess, bool]:
    """Links the user with this address, or makes one, and writes to them; says whether they are new here.

    Whether there was an account shows in neither the answer nor the rows that follow. The customer is locked.
    """
    check_right(customer, wanted.right)
    there = {each.user_id for each in access.everybody(session, customer.id)}
    user_id = _account(session, actor, now, wanted)
    given = access.give(session, actor, now, customer, user_id, wanted.right)
    if is_new := user_id not in there:
        write_to(session, actor, now, given, post)
    return given, is_new


def _account(session: Session, actor: Actor, now: datetime, wanted: Invited) -> int:
    """The user with this address, made where there is none, and locked before a right points at them."""
    known = user_by_email(session, wanted.email)
    if known is None:
        try:
            return add_user(session, actor, now, wanted.email, Role.member, "", wanted.language).id
        except UserExists as refusal:  # somebody else has asked them in at the same moment
            return _locked(session, refusal.user_id).id
    return _locked(session, known.id).id


def _locked(session: Session, user_id: int) -> User:
    return session.get_one(User, user_id, with_for_update=True, populate_existing=True)


def write_to(session: Session, actor: Actor, now: datetime, given: CustomerAccess, post: Post) -> bool:
    """An invitation to whoever has never signed in, to others a word that they have access; not too often.

    A disabled account gets nothing. Says whether a mail goes.
    """
    user = _locked(session, given.user_id)  # as they are now: shut out meanwhile, perhaps
    if not user.active or _mailed_since(session, user.email, now - timedelta(minutes=1)):
        return False
    if _mailed_since(session, user.email, now - timedelta(days=1)) >= A_DAY:
        return False
    if has_never_come(user):
        invite(session, actor, now, user.id, post, given.customer_id)
    else:
        outgoing = Outgoing(DeliveryKind.access, user.email, user.language, user_id=user.id,
                            customer_id=given.customer_id, expires_at=now + LASTS)  # fmt: skip
        queue(session, outgoing, now, post.domain)
    return True


def has_never_come(user: User) -> bool:
    """Whether the account still waits for its first sign-in."""
    return user.last_sign_in_at is None and user.password_hash is None


def _mailed_since(session: Session, email: str, since: datetime) -> int:
    """How many such e-mails were promised to this address."""
    mine = (Delivery.recipient == email, Delivery.kind.in_(_ASKING_IN), Delivery.created_at > since)
    return session.scalar(select(func.count(Delivery.id)).where(*mine)) or 0
