"""Many people at once: one reference, one winner, everybody else is told whose it is (SPEC C8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select

from invoicing.database import is_sqlite, transaction
from invoicing.errors import Refused
from invoicing.invoices.models import Invoice
from invoicing.journal import COMMAND, JournalEntry
from invoicing.lettering.models import LetteringChange
from invoicing.lettering.rules import LetteringBusy, LetteringStale, LetteringTaken
from invoicing.lettering.service import letter
from invoicing.payments.models import PaymentMethod
from tests.conftest import Database
from tests.factories import NOW, TODAY, make_customer, make_invoice, make_seller

THREADS = 50
VARIANTS = ("FA 2017 0931", "fa 2017 0931", "Fa\u00a02017  0931", "ＦＡ　２０１７　０９３１", "\tFA 2017\u20030931 ")


def invoices(database: Database, how_many: int) -> list[int]:
    """Complete invoices."""
    with transaction(database.sessions) as session:
        seller, customer = make_seller(session), make_customer(session)
        made = [
            make_invoice(session, customer, seller, paid_method=PaymentMethod.card, paid_on=TODAY)
            for _ in range(how_many)
        ]
        return [done.invoice_id for done in made]


def together(jobs: Sequence[Callable[[], None]]) -> list[Refused | None]:
    """What each came to, all begun in the same instant."""
    start = Barrier(len(jobs))

    def run(job: Callable[[], None]) -> Refused | None:
        start.wait(30)
        try:
            job()
        except Refused as refused:
            return refused
        return None

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def giving(database: Database, *pairs: tuple[int, str], seen: int = 0) -> Callable[[], None]:
    """One transaction that gives each of these documents its reference."""

    def give() -> None:
        with transaction(database.sessions) as session:
            for invoice_id, typed in pairs:
                letter(session, COMMAND, NOW, invoice_id, typed, seen)

    return give


@pytest.mark.parametrize("variants", [VARIANTS[:1], VARIANTS], ids=["one spelling", "every spelling"])
def test_of_fifty_who_give_one_reference_one_wins_and_the_others_hear_who(
    database: Database, variants: Sequence[str]
) -> None:
    ids = invoices(database, THREADS)
    answers = together([giving(database, (id_, variants[n % len(variants)])) for n, id_ in enumerate(ids)])
    with database.sessions() as session:
        (winner,) = session.scalars(select(Invoice).where(Invoice.lettering.is_not(None))).all()
        assert session.scalar(select(func.count(LetteringChange.id))) == 1
        said = select(func.count(JournalEntry.position)).where(JournalEntry.action == "invoice.lettered")
        assert session.scalar(said) == 1
    assert answers[ids.index(winner.id)] is None
    taken = [answer for answer in answers if isinstance(answer, LetteringTaken)]
    assert len(taken) == THREADS - 1
    assert {(refused.holder_id, refused.holder_number) for refused in taken} == {(winner.id, winner.number)}


def test_of_many_who_letter_one_invoice_one_wins_and_the_others_are_stale(database: Database) -> None:
    (id_,) = invoices(database, 1)
    answers = together([giving(database, (id_, f"FA-{n}")) for n in range(10)])
    assert Counter(type(answer) for answer in answers) == {type(None): 1, LetteringStale: 9}


def test_two_invoices_that_swap_their_references_are_refused_not_broken(database: Database) -> None:
    one, other = invoices(database, 2)
    giving(database, (one, "FA-1"), (other, "FA-2"))()
    with database.sessions() as session:
        seen = {change.invoice_id: change.id for change in session.scalars(select(LetteringChange))}
    jobs = [giving(database, (one, "FA-2"), seen=seen[one]), giving(database, (other, "FA-1"), seen=seen[other])]
    answers = together(jobs)
    assert [type(answer) for answer in answers] == [LetteringTaken, LetteringTaken]


def test_transactions_that_wait_for_each_other_are_refused_by_name(database: Database) -> None:
    """Each has given the reference that the other wants next: PostgreSQL ends one of them."""
    if is_sqlite(database.engine):
        pytest.skip("SQLite writes one after the other")
    ids, halfway = invoices(database, 4), Barrier(2)

    def both(first: tuple[int, str], second: tuple[int, str]) -> Callable[[], None]:
        def give() -> None:
            with transaction(database.sessions) as session:
                letter(session, COMMAND, NOW, *first, 0)
                halfway.wait(30)
                letter(session, COMMAND, NOW, *second, 0)

        return give

    answers = together([both((ids[0], "FA-1"), (ids[1], "FA-2")), both((ids[2], "FA-2"), (ids[3], "FA-1"))])
    assert sorted(type(answer).__name__ for answer in answers if answer) == [LetteringBusy.__name__]
    assert answers.count(None) == 1
