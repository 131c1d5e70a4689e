"""Whatever happens to rights, accounts and records: nobody ever sees an invoice that a simple model says is foreign."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.accounts.models import User
from invoicing.accounts.service import set_active
from invoicing.customers import access, managing, queries
from invoicing.customers.access_rules import Invitation
from invoicing.customers.merging import both, merge
from invoicing.customers.merging_rules import MergeWish, fingerprint
from invoicing.customers.models import AccessRight
from invoicing.database import transaction
from invoicing.errors import NotFound, Refused
from invoicing.invoices import queries as invoices
from invoicing.invoices.queries import MemberFilter
from invoicing.journal import COMMAND
from invoicing.sellers.models import Seller
from tests.conftest import Database
from tests.customers.test_access import POST, firm, member
from tests.factories import NOW, actor_of, make_invoice, make_seller

USERS, FIRMS = 3, 3
who, firms, rights = st.integers(0, USERS - 1), st.integers(0, FIRMS - 1), st.sampled_from(AccessRight)
STEPS: Final = st.one_of(
    st.tuples(st.just("link"), firms, who, rights),
    st.tuples(st.just("unlink"), firms, who),
    st.tuples(st.just("invite"), who, firms, who, rights),
    st.tuples(st.just("confide"), who, firms, who, rights),
    st.tuples(st.just("withdraw"), who, firms, who),
    st.tuples(st.just("disable"), who),
    st.tuples(st.just("enable"), who),
    st.tuples(st.just("merge"), firms, firms, st.sets(who), st.sets(who)),
)
LINKS: Final = st.lists(st.tuples(st.just("link"), firms, who, rights), max_size=6)  # something to lose


@dataclass
class Model:
    """Who may do what, in plain dictionaries: firm → user → right; where each firm’s invoice is; who is shut out."""

    rights: list[dict[int, AccessRight]] = field(default_factory=lambda: [{} for _ in range(FIRMS)])
    home: list[int] = field(default_factory=lambda: list(range(FIRMS)))
    shut: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)

    def sees(self, user: int) -> set[int]:
        """The invoices, by the firm that each was made for."""
        if user in self.shut:
            return set()
        return {n for n in range(FIRMS) if user in self.rights[self.home[n]]}

    def manages(self, user: int, firm: int) -> bool:
        return firm not in self.gone and self.rights[firm].get(user) is AccessRight.manages

    def is_last(self, user: int, firm: int) -> bool:
        others = [u for u in self.rights[firm] if u != user and u not in self.shut and self.manages(u, firm)]
        return self.manages(user, firm) and not others

    def apply(self, step: tuple[object, ...]) -> None:
        """What the step does, if it may be done at all."""
        match step:
            case ("link", int(f), int(u), AccessRight() as right) if f not in self.gone:
                self.give(f, u, right)
            case ("unlink", int(f), int(u)) if f not in self.gone:
                self.rights[f].pop(u, None)
            case ("invite", int(a), int(f), int(u), AccessRight() as right) if self.acts(a, f):
                self.give(f, u, right)
            case ("confide", int(a), int(f), int(u), AccessRight() as right) if self.acts(a, f) and u in self.rights[f]:
                if right is AccessRight.manages or not self.is_last(u, f):
                    self.rights[f][u] = right
            case ("withdraw", int(a), int(f), int(u)) if self.acts(a, f) and not self.is_last(u, f):
                self.rights[f].pop(u, None)
            case ("disable", int(u)):
                self.shut.add(u)
            case ("enable", int(u)):
                self.shut.discard(u)
            case ("merge", int(k), int(g), set() as see, set() as lead) if self.merges(k, g, see, lead):
                self.rights[k] = {u: AccessRight.manages if u in lead else AccessRight.sees for u in see}
                self.rights[g] = {}
                self.home = [k if home == g else home for home in self.home]
                self.gone.add(g)
            case _:
                pass

    def acts(self, actor: int, firm: int) -> bool:
        """A manager, whose session would live: a disabled one has none."""
        return actor not in self.shut and self.manages(actor, firm)

    def give(self, firm: int, user: int, right: AccessRight) -> None:
        if self.rights[firm].get(user) is not AccessRight.manages:
            self.rights[firm][user] = right

    def ticked(self, step: tuple[object, ...]) -> tuple[object, ...]:
        """A merge as its form offers it: only boxes that are there can be ticked."""
        if step[0] != "merge":
            return step
        _merge, kept, gone, see, lead = step
        there, leading = self.people(int(kept), int(gone))  # type: ignore[call-overload]
        return ("merge", kept, gone, see & there, lead & see & leading)  # type: ignore[operator]

    def people(self, kept: int, gone: int) -> tuple[set[int], set[int]]:
        """Who sees one of the two, who manages one of them."""
        there = {**self.rights[kept], **self.rights[gone]}
        return set(there), {u for f in (kept, gone) for u in self.rights[f] if self.manages(u, f)}

    def merges(self, kept: int, gone: int, see: set[int], lead: set[int]) -> bool:
        there, leading = self.people(kept, gone)
        return kept != gone and not {kept, gone} & self.gone and see <= there and lead <= see & leading


@dataclass
class World:
    """The same, for real."""

    users: list[int]
    emails: list[str]
    firms: list[int]
    numbers: list[str]

    def do(self, session: Session, step: tuple[object, ...]) -> None:
        match step:
            case ("link", int(f), int(u), AccessRight() as right):
                access.link_user(session, COMMAND, NOW, self.firms[f], self.users[u], right)
            case ("unlink", int(f), int(u)):
                access.unlink_user(session, COMMAND, NOW, self.firms[f], self.row(session, f, u))
            case (("invite" | "confide" | "withdraw") as deed, int(a), int(f), int(u), *more):
                self.manage(session, str(deed), a, f, u, more)
            case ("disable", int(u)):
                set_active(session, COMMAND, NOW, self.users[u], False)
            case ("enable", int(u)):
                set_active(session, COMMAND, NOW, self.users[u], True)
            case ("merge", int(k), int(g), set() as see, set() as lead):
                self.merge(session, k, g, see, lead)

    def manage(self, session: Session, deed: str, a: int, f: int, u: int, more: list[object]) -> None:
        """As the door would: whoever is disabled has no session any more."""
        user = session.get_one(User, self.users[a])
        if not user.active:
            raise NotFound
        actor, firm_id = actor_of(user), self.firms[f]
        if deed == "invite":
            typed = Invitation(self.emails[u], "fr_FR", str(more[0]))
            managing.invite_person(session, actor, NOW, firm_id, typed, POST)
        elif deed == "confide":
            right = AccessRight(str(more[0]))
            managing.set_right(session, actor, NOW, firm_id, self.row(session, f, u), right)
        else:
            managing.withdraw(session, actor, NOW, firm_id, self.row(session, f, u))

    def merge(self, session: Session, k: int, g: int, see: set[int], lead: set[int]) -> None:
        kept, gone = both(session, self.firms[k], self.firms[g])
        wish = MergeWish(
            fingerprint(kept, gone), member_number=kept.member_number or gone.member_number or "",
            user_ids=frozenset(self.users[u] for u in see), manager_ids=frozenset(self.users[u] for u in lead),
        )  # fmt: skip
        merge(session, COMMAND, NOW, kept.id, gone.id, wish)

    def row(self, session: Session, f: int, u: int) -> int:
        there = access.everybody(session, self.firms[f])
        return next((row.id for row in there if row.user_id == self.users[u]), 99_999_999)

    def seen(self, session: Session, u: int) -> set[int]:
        """Which invoices every way of asking shows to a user; the ways agree."""
        user_id = self.users[u]
        listed = {row.number for row in invoices.of_user(session, user_id, MemberFilter())[0]}
        due = {row.number for row in invoices.due_of_user(session, user_id)}
        one = {number for number in self.numbers if self.opens(session, user_id, number)}
        by_customer = {
            row.number
            for seen in queries.customers_of_user(session, user_id)
            for row in invoices.of_user(session, user_id, MemberFilter(customer_id=seen.id))[0]
        }
        assert listed == due == one == by_customer
        assert bool(invoices.years_of_user(session, user_id)) == bool(listed)
        return {self.numbers.index(str(number)) for number in listed}

    def opens(self, session: Session, user_id: int, number: str) -> bool:
        try:
            return invoices.for_user(session, user_id, number).number == number
        except NotFound:
            return False


def a_world(database: Database) -> World:
    with transaction(database.sessions) as session:
        users, seller = [member(session) for _ in range(USERS)], session.scalars(select(Seller)).first()
        seller = seller or make_seller(session)
        made = [firm(session) for _ in range(FIRMS)]
        numbers = [make_invoice(session, one, seller).number for one in made]
        return World([u.id for u in users], [u.email for u in users], [one.id for one in made], numbers)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(links=LINKS, steps=st.lists(STEPS, min_size=1, max_size=10), as_offered=st.booleans())
def test_no_sequence_shows_a_foreign_invoice(
    database: Database, links: list[tuple[object, ...]], steps: list[tuple[object, ...]], as_offered: bool
) -> None:
    world, model = a_world(database), Model()
    for drawn in (*links, *steps):
        step = model.ticked(drawn) if as_offered else drawn
        with suppress(Refused), transaction(database.sessions) as session:
            world.do(session, step)
        model.apply(step)
        with database.sessions() as session:
            assert [world.seen(session, u) for u in range(USERS)] == [model.sees(u) for u in range(USERS)], step
            for f in range(FIRMS):
                there = {row.user_id: row.granted for row in access.everybody(session, world.firms[f])}
                assert there == {world.users[u]: right for u, right in model.rights[f].items()}, step
