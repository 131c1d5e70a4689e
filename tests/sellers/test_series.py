"""Series of credit notes that make themselves, and series that are made, put in use and retired by hand."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.database import transaction
from invoicing.journal import COMMAND, JournalEntry
from invoicing.numbering import Mode, Series, Use
from invoicing.sellers.models import Region, Seller
from invoicing.sellers.series import credit_series
from tests.conftest import Database
from tests.factories import NOW, make_seller, make_shop

OFFICIAL, PORTAL = Mode.official, Mode.portal_reference
TIMES = 5


def credit(session: Session, seller: Seller, mode: Mode = OFFICIAL) -> Series:
    return credit_series(session, seller, mode, actor=COMMAND, now=NOW)


def at_once(database: Database, act: Callable[[Session, int], object]) -> list[object]:
    """What each of several transactions gave, all begun together."""
    barrier = Barrier(TIMES)

    def one(n: int) -> object:
        barrier.wait()
        with transaction(database.sessions) as session:
            return act(session, n)

    with ThreadPoolExecutor(TIMES) as pool:
        return list(pool.map(one, range(TIMES)))


def test_each_seller_has_one_credit_note_series_per_mode(session: Session) -> None:
    french, quebec = make_seller(session), make_seller(session, Region.QC)
    made = [credit(session, seller, mode) for seller in (french, quebec) for mode in (OFFICIAL, PORTAL)]
    again = [credit(session, seller, mode) for seller in (french, quebec) for mode in (OFFICIAL, PORTAL)]
    assert again == made and len({series.id for series in made}) == 4
    formats = [series.format.removesuffix("{year}-{n:05}") for series in made]
    assert formats == ["A", "AF", "AQ", "AA"]
    assert [(s.seller_id, s.use, s.mode) for s in made[1:3]] == [
        (french.id, Use.credit_note, PORTAL), (quebec.id, Use.credit_note, OFFICIAL)]  # fmt: skip


def test_its_prefix_meets_no_other_series(session: Session) -> None:
    seller = make_seller(session, prefix="A")
    make_shop(session, seller, format="AA")
    assert credit(session, seller).format == "AB{year}-{n:05}"


def test_making_it_is_journalled_once(session: Session) -> None:
    series = credit(session, make_seller(session))
    session.commit()
    credit(session, series.seller)
    session.commit()
    (entry,) = session.scalars(select(JournalEntry).where(JournalEntry.action == "series.added"))
    assert (entry.subject_kind, entry.subject_id) == ("series", series.id)
    assert entry.facts()["format"] == [None, "A{year}-{n:05}"]


def test_two_who_ask_at_once_get_one_series(database: Database) -> None:
    with transaction(database.sessions) as session:
        ids = [make_seller(session).id, make_seller(session, Region.QC).id]
    modes = [OFFICIAL, PORTAL]
    at_once(database, lambda s, n: credit(s, s.get_one(Seller, ids[n % 2]), modes[n // 2 % 2]).id)
    with database.sessions() as session:
        made = session.scalars(select(Series).where(Series.use == Use.credit_note)).all()
    assert len({(s.seller_id, s.mode) for s in made}) == len(made) == 4
    assert len({s.format for s in made}) == 4
