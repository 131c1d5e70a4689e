"""Pages by keys beside a plain sort: every order of the list, forwards and backwards, on both engines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.orm import Session

from invoicing.invoices import listing, paging, walking
from invoicing.invoices.models import Invoice, InvoiceKind, Status
from invoicing.invoices.wanted import By, Cursor, Order, Tab, Wanted
from tests.factories import make_customer, make_draft, make_seller

MOST = 12  # documents
WORDS = ("abcd", "ab", "xbcd e", "")


@dataclass(frozen=True)
class Document:
    """What the orders, the tabs and the search look at."""

    kind: InvoiceKind
    status: Status
    day: date
    cents: int
    name: str
    code: str
    number: str | None
    lettering: str | None
    words: str


DOCUMENTS = st.builds(
    Document, st.sampled_from(InvoiceKind), st.sampled_from([Status.complete, Status.draft, Status.paid]),
    st.sampled_from([date(2026, 1, 31), date(2026, 2, 1)]), st.sampled_from([0, 100, 240]), st.sampled_from("ab"),
    st.sampled_from("cd"), st.sampled_from(["n1", "n2", None]), st.sampled_from(["f1", "f2", None]),
    st.sampled_from(WORDS),
)  # fmt: skip
TABS = st.sampled_from([Tab.everything, Tab.complete, Tab.credit_note, Tab.draft])
LOOKS = st.sampled_from([(400, 4, 10_000, 2500, 3000, 12_000), (1, 1, 2, 1, 3000, 12_000), (1, 9, 1, 1, 0, 0)])


@pytest.fixture
def shelf(session: Session) -> Session:
    """Drafts to be made into what an example says; never committed."""
    session.connection(execution_options={"write": True})
    customer, seller = make_customer(session), make_seller(session)
    session.info["drafts"] = [make_draft(session, customer, seller).id for _ in range(MOST)]
    session.flush()
    return session


def put(session: Session, drawn: Sequence[Document]) -> dict[int, Document]:
    """Id → document; numbers and references are made unique by an ending."""
    session.execute(update(Invoice).values(number=None, number_folded=None, lettering_folded=None, search_text=""))
    made = {}
    for n, (number, one) in enumerate(zip(session.info["drafts"], drawn, strict=False)):
        document = replace(
            one, number=one.number and f"{one.number}{n}", lettering=one.lettering and f"{one.lettering}{n}"
        )
        session.execute(update(Invoice).where(Invoice.id == number).values(
            kind=document.kind, status=document.status, listed_on=document.day, net_cents=document.cents,
            total_cents=document.cents, customer_sort=document.name, transaction_code=document.code,
            number=document.number, number_folded=document.number, lettering_folded=document.lettering,
            search_text=f"here {document.words}",
        ))  # fmt: skip
        made[number] = document
    return made


def plainly(documents: dict[int, Document], order: Order) -> list[int]:
    """The ids, sorted as the list's head says."""
    by, down = order.by, order.descending

    def falling(ids: list[int], reverse: bool) -> list[int]:
        return sorted(ids, key=lambda each: (_value(documents[each], by), each), reverse=reverse)

    if by in (By.net, By.total):
        parts = [[n for n, one in documents.items() if one.kind is kind] for kind in InvoiceKind]
        invoices, credit = falling(parts[0], down), falling(parts[1], not down)  # credit notes count negative
        return invoices + credit if down else credit + invoices
    if by in (By.number, By.lettering):
        there = [n for n, one in documents.items() if _value(one, by) is not None]
        return falling(there, down) + sorted(documents.keys() - set(there), reverse=True)
    if by is By.status:
        tabs = [tab for tab in Tab if tab is not Tab.everything]
        found = [[n for n, one in documents.items() if tab.holds(one.kind, one.status)] for tab in tabs]
        return [n for part in (found[::-1] if down else found) for n in falling(part, True)]
    return falling(list(documents), down)


def _value(document: Document, by: By) -> Any:
    return {
        By.customer: document.name, By.code: document.code, By.day: document.day, By.status: document.day,
        By.net: document.cents, By.total: document.cents, By.number: document.number, By.lettering: document.lettering,
    }[by]  # fmt: skip


def both_ways(session: Session, wanted: Wanted, order: Order) -> tuple[list[int], list[int]]:
    """The ids of all pages from the first on, and of all pages back from the last."""
    asked = listing.filter_of(session, wanted)
    forwards = [paging.page(session, asked, wanted.tab, order, None)]
    while forwards[-1].after:
        forwards.append(paging.page(session, asked, wanted.tab, order, Cursor(forwards[-1].ids[-1])))
    backwards = [forwards[-1]]
    while backwards[-1].before:
        backwards.append(paging.page(session, asked, wanted.tab, order, Cursor(backwards[-1].ids[0], backwards=True)))
    return tuple([n for page in pages for n in page.ids] for pages in (forwards, backwards[::-1]))  # type: ignore[return-value]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(DOCUMENTS, max_size=MOST), st.builds(Order, st.sampled_from(By), st.booleans()), TABS,
    st.sampled_from(["here", "ab", "bcd", "x"]), LOOKS, st.sampled_from([1, 3]),
)  # fmt: skip
def test_pages_are_a_plain_sort_cut_up(
    shelf: Session, drawn: list[Document], order: Order, tab: Tab, query: str, looks: tuple[int, ...], size: int
) -> None:
    documents = put(shelf, drawn)
    held = {n: one for n, one in documents.items() if tab.holds(one.kind, one.status) and query in f"here {one.words}"}
    bounds = dict(zip(("FIRST", "PROMISING", "FAR", "WALKED", "GATHERED", "SOUGHT"), looks, strict=True))
    with mock.patch.multiple(walking, **bounds), mock.patch.object(paging, "PAGE", size):
        forwards, backwards = both_ways(shelf, Wanted(tab=tab, query=query), order)
    assert forwards == backwards == plainly(held, order)
