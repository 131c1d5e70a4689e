"""Series of credit notes that make themselves, and series that are made, put in use and retired by hand."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import date
from threading import Barrier

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.customers.models import Customer
from invoicing.database import transaction
from invoicing.documents.desk import Facts, Heading
from invoicing.errors import FieldFaults, NotFound
from invoicing.invoices.models import Invoice
from invoicing.invoices.reading import DraftContent
from invoicing.invoices.rules import ContentOutdated
from invoicing.invoices.service import change_draft, finalise, fingerprint
from invoicing.journal import COMMAND, JournalEntry
from invoicing.lettering.service import letter
from invoicing.numbering import Mode, NoSeries, NumberMeetsSeries, Series, Use, claim_number, take_number
from invoicing.payments.models import PaymentMethod
from invoicing.payments.service import PaymentContent, record_payment
from invoicing.sellers.models import Region, Seller
from invoicing.sellers.series import add_series, credit_series, put_in_use, retire
from invoicing.sellers.series_rules import OnlySeries, SeriesContent, SeriesOfShop
from tests.conftest import Database
from tests.factories import NOW, TODAY, make_customer, make_draft, make_invoice, make_line, make_seller, make_shop

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


def content(seller: Seller, **over: str) -> SeriesContent:
    return SeriesContent(**{"seller_id": str(seller.id), "prefix": "M", **over})  # type: ignore[arg-type]


def add(session: Session, seller: Seller, **over: str) -> Series:
    return add_series(session, COMMAND, NOW, content(seller, **over))


@pytest.mark.parametrize(
    ("over", "format"),
    [
        ({}, "M{year}-{n:05}"), ({"prefix": " m "}, "M{year}-{n:05}"), ({"calendar": "dated"}, "M{date}-{n:05}"),
        ({"calendar": "endless", "prefix": "M-", "digits": "1"}, "M-{n}"), ({"digits": "9"}, "M{year}-{n:09}"),
    ],
)  # fmt: skip
def test_the_form_builds_the_format(session: Session, over: dict[str, str], format: str) -> None:
    assert add(session, make_seller(session), **over).format == format


def faults(session: Session, content: SeriesContent) -> dict[str, str]:
    with pytest.raises(FieldFaults) as refused:
        add_series(session, COMMAND, NOW, content)
    return {fault.field: fault.code for fault in refused.value.faults}


def test_every_fault_of_the_form_is_named_at_once(session: Session) -> None:
    make_seller(session)
    assert faults(session, SeriesContent("999", "else", "none", "é", "never", "0")) == {
        "seller_id": "choose", "use": "choose", "mode": "choose", "prefix": "bad_prefix", "calendar": "choose",
        "digits": "bad_digits"}  # fmt: skip


@pytest.mark.parametrize(
    ("prefix", "calendar", "code"),
    [("F", "yearly", "format_meets"), ("F2026-", "endless", "format_meets"), ("B-", "yearly", "format_meets_outside")],
)
def test_a_series_that_could_meet_another_is_refused(session: Session, prefix: str, calendar: str, code: str) -> None:
    seller = make_seller(session)
    make_shop(session, seller)
    assert faults(session, content(seller, mode=PORTAL, prefix=prefix, calendar=calendar)) == {"prefix": code}
    assert len(session.scalars(select(Series)).all()) == 2


def test_the_same_form_twice_makes_one_series(database: Database) -> None:
    with transaction(database.sessions) as session:
        form = content(make_seller(session))
    ids = at_once(database, lambda s, _n: add_series(s, COMMAND, NOW, form).id)
    assert len(set(ids)) == 1


def test_one_series_per_use_is_in_use_and_drafts_follow_it(session: Session) -> None:
    seller, customer = make_seller(session), make_customer(session)
    draft = make_draft(session, customer, seller)
    first, revision = draft.series, draft.revision
    made = add(session, seller, mode=PORTAL)
    assert (first.active, made.active) == (True, False)
    for _ in range(2):
        put_in_use(session, COMMAND, NOW, made.id)
    assert (first.active, made.active) == (False, True)
    assert (draft.series_id, draft.mode, draft.revision) == (made.id, PORTAL, revision + 1)
    session.commit()
    actions = session.execute(select(JournalEntry.action, JournalEntry.subject_id).order_by(JournalEntry.position))
    assert [tuple(row) for row in actions][-3:] == [
        ("series.retired", first.id), ("series.put_in_use", made.id), ("invoice.draft_changed", draft.id)]  # fmt: skip
    assert make_invoice(session, customer, seller).number == "M2026-00001"


def test_a_retired_series_gives_no_number(session: Session) -> None:
    seller = make_seller(session)
    first = session.scalars(select(Series)).one()
    take_number(session, first, TODAY)
    put_in_use(session, COMMAND, NOW, add(session, seller).id)
    with pytest.raises(NoSeries):
        take_number(session, first, TODAY)
    put_in_use(session, COMMAND, NOW, first.id)
    assert take_number(session, first, TODAY) == "F2026-00002"


def test_credit_notes_have_one_series_in_use_per_mode(session: Session) -> None:
    seller = make_seller(session)
    official, portal = credit(session, seller), credit(session, seller, PORTAL)
    other = add(session, seller, use="credit_note", mode=PORTAL, prefix="D")
    assert not other.active
    put_in_use(session, COMMAND, NOW, other.id)
    assert (official.active, portal.active) == (True, False)
    assert credit(session, seller, PORTAL) == other and credit(session, seller) == official


def test_what_is_the_only_one_or_a_shops_is_not_retired(session: Session) -> None:
    shop = make_shop(session)
    manual = session.scalars(select(Series).where(Series.use == Use.manual)).one()
    with pytest.raises(OnlySeries):
        retire(session, COMMAND, NOW, manual.id)
    with pytest.raises(SeriesOfShop):
        retire(session, COMMAND, NOW, shop.series_id)
    spare = add(session, shop.seller, use="shop", mode=PORTAL)
    assert spare.active and shop.series.active
    assert not retire(session, COMMAND, NOW, spare.id).active
    assert put_in_use(session, COMMAND, NOW, spare.id).active and shop.series.active


@pytest.mark.parametrize(("name", "value"), [("format", "H{n}"), ("mode", PORTAL), ("use", Use.shop)])
def test_a_series_that_gave_a_number_never_changes(session: Session, name: str, value: str) -> None:
    make_seller(session)
    series = session.scalars(select(Series)).one()
    series.format = "G{n}"
    session.flush()
    take_number(session, series, TODAY)
    setattr(series, name, value)
    with pytest.raises(RuntimeError, match=name):
        session.flush()


def test_an_unknown_series_is_not_found(session: Session) -> None:
    for act in (put_in_use, retire):
        with pytest.raises(NotFound):
            act(session, COMMAND, NOW, 99)


def test_numbers_given_at_once_are_never_the_same(database: Database) -> None:
    with transaction(database.sessions) as session:
        series_id = add(session, make_seller(session), mode=PORTAL).id
        put_in_use(session, COMMAND, NOW, series_id)
    numbers = at_once(database, lambda s, _n: take_number(s, s.get_one(Series, series_id), TODAY))
    assert sorted(map(str, numbers)) == [f"M2026-{n:05}" for n in range(1, TIMES + 1)]


@pytest.mark.parametrize(
    ("calendar", "numbers"),
    [
        ("yearly", ["M2026-00001", "M2027-00001"]), ("dated", ["M20261122-00001", "M20270101-00002"]),
        ("endless", ["M00001", "M00002"]),
    ],
)  # fmt: skip
def test_numbers_restart_with_the_year_only_where_it_is_in_them(
    session: Session, calendar: str, numbers: list[str]
) -> None:
    series = add(session, make_seller(session), calendar=calendar)
    put_in_use(session, COMMAND, NOW, series.id)
    assert [take_number(session, series, day) for day in (TODAY, date(2027, 1, 1))] == numbers


def test_a_manual_series_in_portal_mode_heads_its_documents_as_they_are_paid_and_lettered(session: Session) -> None:
    seller, customer = make_seller(session), make_customer(session)
    put_in_use(session, COMMAND, NOW, add(session, seller, mode=PORTAL).id)
    made = make_invoice(session, customer, seller)
    invoice = session.get_one(Invoice, made.invoice_id)
    assert invoice.mode is PORTAL
    record_payment(session, COMMAND, NOW, made.invoice_id, PaymentContent(PaymentMethod.transfer, TODAY), "a token")
    letter(session, COMMAND, NOW, made.invoice_id, "VE-2026-17", 0)
    session.expire_all()
    facts = [Facts.from_json(version.facts) for version in invoice.versions]
    assert [fact.heading for fact in facts] == [Heading.order, Heading.pro_forma, Heading.invoice]
    assert (facts[-1].official_number, facts[-1].duplicate) == ("VE-2026-17", True)


def test_a_draft_left_in_a_retired_series_follows_to_the_one_in_use(session: Session) -> None:
    seller, customer = make_seller(session), make_customer(session)
    left, changed = (make_draft(session, customer, seller) for _ in range(2))
    first = left.series
    made = add(session, seller)
    first.active = False
    session.flush()
    made.active = True
    session.commit()
    shown = (left.revision, left.total_cents)
    done = finalise(
        session, COMMAND, NOW, left.id, *shown, email=False, domain="example.org",
        shown=fingerprint(session, left.id, NOW),
    )  # fmt: skip
    change_draft(session, COMMAND, NOW, changed.id, changed.revision, DraftContent(lines=(make_line(session),)))
    assert (done.number, changed.series_id) == ("M2026-00001", made.id)
    session.commit()
    entries = session.scalars(select(JournalEntry).where(JournalEntry.subject_id == left.id)).all()
    assert [first.id, made.id] in [entry.facts().get("series_id") for entry in entries]


def test_a_draft_whose_mode_follows_was_shown_otherwise(session: Session) -> None:
    seller = make_seller(session)
    draft = make_draft(session, make_customer(session), seller)
    made = add(session, seller, mode=PORTAL)
    draft.series.active = False
    session.flush()
    made.active = True
    session.commit()
    shown = fingerprint(session, draft.id, NOW)
    with pytest.raises(ContentOutdated):
        finalise(session, COMMAND, NOW, draft.id, 1, draft.total_cents, email=False, domain="example.org", shown=shown)


def test_a_draft_saved_while_another_series_is_put_in_use_is_of_that_one(database: Database) -> None:
    with transaction(database.sessions) as session:
        seller, customer = make_seller(session), make_customer(session)
        seller_id, customer_id, made_id = seller.id, customer.id, add(session, seller).id

    def saved() -> int:
        with transaction(database.sessions) as session:
            return make_draft(
                session, session.get_one(Customer, customer_id), session.get_one(Seller, seller_id)
            ).series_id

    with ThreadPoolExecutor(1) as pool:
        with transaction(database.sessions) as session:
            put_in_use(session, COMMAND, NOW, made_id)
            saving = pool.submit(saved)
            assert not wait([saving], timeout=1).done
        assert saving.result(timeout=20) == made_id


def test_a_number_from_outside_waits_for_the_series_that_is_being_made(database: Database) -> None:
    with transaction(database.sessions) as session:
        shop = make_shop(session)
        seller_id, outside_id = shop.seller_id, shop.series_id

    def claimed() -> str:
        with transaction(database.sessions) as session:
            return claim_number(session, session.get_one(Series, outside_id), "M2026-00001")

    with ThreadPoolExecutor(1) as pool:
        with transaction(database.sessions) as session:
            add(session, session.get_one(Seller, seller_id))
            claiming = pool.submit(claimed)
            assert not wait([claiming], timeout=1).done
        with pytest.raises(NumberMeetsSeries):
            claiming.result(timeout=20)
