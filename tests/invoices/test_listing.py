"""The list of invoices: tabs and sums exact, every order walks each document once, both ways, on both engines."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.delivery.models import Delivery, DeliveryState
from invoicing.invoices import listing, paging, walking
from invoicing.invoices.models import Invoice, InvoiceKind, Origin, Status
from invoicing.invoices.rows import rows
from invoicing.invoices.wanted import By, Cursor, Lettered, Mailed, Order, Tab, Wanted
from invoicing.money import Currency
from invoicing.sellers.models import Organisation, Region
from tests.factories import NOW, TODAY, make_customer, make_draft, make_invoice, make_line, make_seller

EVERY = Wanted(tab=Tab.everything)


@pytest.fixture
def shelf(session: Session, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Thirty drafts that look like documents of every status, with equal days and amounts; pages of four."""
    monkeypatch.setattr(paging, "PAGE", 4)
    french, quebec = make_seller(session), make_seller(session, Region.QC, prefix="Q")
    people = [make_customer(session), make_customer(session)]
    statuses = list(Status)
    for n in range(30):
        seller = quebec if n % 5 == 0 else french
        draft = make_draft(
            session,
            people[n % 2],
            seller,
            make_line(
                session,
                "Cotisation" if n % 3 else "Stage",
                price=n % 4,
                code="QC_TAXED" if seller is quebec else "FR_20",
            ),
        )
        draft.kind = InvoiceKind.credit_note if n % 7 == 6 else InvoiceKind.invoice
        draft.status = Status.complete if n % 7 == 6 else statuses[n % len(statuses)]
        draft.number = f"N-{n % 11}-{n}" if draft.status is not Status.draft else None
        draft.listed_on = date(2026, 1, 30) + timedelta(days=n // 3 % 5)
        draft.lettering = draft.lettering_folded = f"fa {n}" if n % 4 == 1 else None
    session.commit()
    return session


def everything(session: Session) -> list[Invoice]:
    """Every row, by id."""
    return list(session.scalars(select(Invoice).order_by(Invoice.id)))


def walked(session: Session, wanted: Wanted, order: Order) -> list[int]:
    """The ids of all pages, forwards; and the same pages again backwards."""
    asked = listing.filter_of(session, wanted)
    pages = [paging.page(session, asked, wanted.tab, order, None)]
    assert not pages[0].before
    while pages[-1].after:
        pages.append(paging.page(session, asked, wanted.tab, order, Cursor(pages[-1].ids[-1])))
    for one, following in itertools.pairwise(pages):
        assert following.before
        back = paging.page(session, asked, wanted.tab, order, Cursor(following.ids[0], backwards=True))
        assert back.ids == one.ids
    return [number for page in pages for number in page.ids]


def key(row: Invoice, by: By) -> object:
    """What a column shows, comparable."""
    sign = -1 if row.kind is InvoiceKind.credit_note else 1
    return {
        By.number: row.number, By.customer: row.customer_sort, By.code: row.transaction_code, By.day: row.listed_on,
        By.lettering: row.lettering_folded, By.net: sign * row.net_cents, By.total: sign * row.total_cents,
    }[by]  # fmt: skip


PLANS = {"first rows": (400, 2500, 3000), "gathered": (1, 1, 3000), "walked to the end": (1, 1, 0)}


@pytest.fixture(params=PLANS)
def plan(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way of looking for the documents of a page."""
    for name, many in zip(("FIRST", "WALKED", "GATHERED"), PLANS[request.param], strict=True):
        monkeypatch.setattr(walking, name, many)
    monkeypatch.setattr(walking, "SOUGHT", PLANS[request.param][2])
    return str(request.param)


@pytest.mark.parametrize("by", list(By))
@pytest.mark.usefixtures("plan")
def test_each_order_walks_every_document_once(shelf: Session, by: By) -> None:
    documents = {row.id: row for row in everything(shelf)}
    for tab, down in itertools.product((Tab.everything, Tab.complete, Tab.credit_note, Tab.draft), (True, False)):
        ids = walked(shelf, Wanted(tab=tab), Order(by, down))
        assert sorted(ids) == [n for n, row in documents.items() if tab.holds(row.kind, row.status)]
        if by is not By.status:
            known = [k for k in (key(documents[n], by) for n in ids) if k is not None]
            assert known == sorted(known, reverse=down)  # type: ignore[type-var]
            assert [key(documents[n], by) for n in ids[: len(known)]] == known  # what lacks the value comes last


def test_by_status_the_tabs_follow_one_another(shelf: Session) -> None:
    documents = {row.id: row for row in everything(shelf)}
    ids = walked(shelf, EVERY, Order(By.status, descending=False))
    places = [next(n for n, tab in enumerate(Tab) if tab.holds(documents[i].kind, documents[i].status)) for i in ids]
    assert places == sorted(places)


@pytest.mark.parametrize("query", ["", "cotisation", "ti", "stage"])
@pytest.mark.parametrize(
    "over",
    [{}, {"currency": Currency.CAD}, {"year": 2026, "month": 2}, {"month": 1}, {"since": date(2026, 1, 31)},
     {"until": date(2026, 2, 1), "since": date(2026, 1, 31)}, {"least_cents": 120},
     {"most_cents": 240, "least_cents": 100},
     {"origin": Origin.online}, {"lettered": Lettered.yes}, {"lettered": Lettered.wanting},
     {"lettered": Lettered.neither}],
)  # fmt: skip
def test_filters_leave_what_they_say_and_sums_are_exact(shelf: Session, query: str, over: dict[str, object]) -> None:
    wanted = replace(EVERY, query=query, **over)  # type: ignore[arg-type]
    left = [row for row in everything(shelf) if passes(row, wanted)]
    assert sorted(walked(shelf, wanted, Order(By.day, descending=False))) == [row.id for row in left]
    found = listing.overview(shelf, listing.filter_of(shelf, wanted))
    for tab in Tab:
        there = [row for row in left if tab.holds(row.kind, row.status)]
        assert found.count(tab) == len(there)
        summed = [row for row in there if tab is not Tab.everything or row.status in listing.SALES]
        for total in found.sums(tab):
            mine = [row for row in summed if row.currency is total.currency]
            assert (total.count, total.total_cents) == (len(mine), sum(map(signed, mine)))
            assert total.net_cents + total.tax_cents == total.total_cents
        assert sum(total.count for total in found.sums(tab)) == len(summed)
    assert found.left_out() == sum(row.status not in listing.SALES for row in left)


def signed(row: Invoice) -> int:
    """The total, negative for a credit note."""
    return -row.total_cents if row.kind is InvoiceKind.credit_note else row.total_cents


def passes(row: Invoice, wanted: Wanted) -> bool:
    """The filter's words, one row at a time."""
    first, last = wanted.days
    may = row.status in (Status.paid, Status.complete)
    lettered = Lettered.yes if row.lettering else Lettered.wanting if may else Lettered.neither
    return (
        wanted.query in row.search_text
        and wanted.currency in (None, row.currency)
        and wanted.origin in (None, row.origin)
        and wanted.lettered in (None, lettered)
        and (first or date.min) <= row.listed_on <= (last or date.max)
        and wanted.month in (None, row.listed_on.month)
        and (wanted.least_cents or 0) <= row.total_cents <= (wanted.most_cents or 10**9)
    )


def test_credit_notes_stand_under_their_tab_and_all_of_them_only() -> None:
    tabs = [tab for tab in Tab if tab.holds(InvoiceKind.credit_note, Status.complete)]
    assert tabs == [Tab.credit_note, Tab.everything]


def test_a_cursor_that_points_nowhere_gives_the_first_page(shelf: Session) -> None:
    asked = listing.filter_of(shelf, EVERY)
    first = paging.page(shelf, asked, Tab.everything, Order(), None)
    assert paging.page(shelf, asked, Tab.everything, Order(), Cursor(99_999)) == first
    assert paging.page(shelf, asked, Tab.everything, Order(), Cursor(first.ids[2], backwards=True)) == first


def test_what_was_sent_never_sent_and_failed(session: Session) -> None:
    seller, customer = make_seller(session), make_customer(session)
    sent, never, failed = (make_invoice(session, customer, seller, email=email).invoice_id for email in (1, 0, 1))
    session.scalars(select(Delivery).where(Delivery.invoice_id == failed)).one().state = DeliveryState.bounced
    session.commit()
    for mailed, wanted in ((Mailed.sent, sent), (Mailed.never, never), (Mailed.failed, failed)):
        assert walked(session, replace(EVERY, mailed=mailed), Order()) == [wanted]


def test_accrual_letters_unpaid_invoices_too(session: Session) -> None:
    make_invoice(session, make_customer(session), make_seller(session))
    session.commit()
    assert walked(session, replace(EVERY, lettered=Lettered.wanting), Order()) == []
    session.get_one(Organisation, 1).letters_unpaid = True
    session.commit()
    ids = walked(session, replace(EVERY, lettered=Lettered.wanting), Order())
    assert [row.may_be_lettered for row in rows(session, ids)] == [True]


def test_homonyms_are_told_apart(session: Session) -> None:
    seller = make_seller(session)
    twins = [make_customer(session, last_name="Lefèvre") for _ in range(2)]
    twins[0].member_number, twins[1].member_number = "00412", None
    other = make_customer(session)
    ids = [make_invoice(session, each, seller).invoice_id for each in (*twins, other)]
    session.commit()
    shown = rows(session, ids)
    assert [row.member_number for row in shown] == ["00412", "", ""]
    assert [bool(row.detail) for row in shown] == [True, True, False]


def test_a_year_and_a_period_meet() -> None:
    wanted = Wanted(year=2026, month=2, since=date(2026, 2, 10), until=TODAY)
    assert wanted.days == (date(2026, 2, 10), date(2026, 2, 28))
    assert Wanted(year=2026).days == (date(2026, 1, 1), date(2026, 12, 31))
    assert NOW.year == 2026
