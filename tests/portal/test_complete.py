"""The page of a document says whatever its PDF says: each word of the paper stands on the page."""

from __future__ import annotations

import re
from html import unescape
from typing import Final

import pytest
from sqlalchemy.orm import Session

from invoicing.customers.models import Customer
from invoicing.documents.desk import Facts
from invoicing.documents.models import DocumentVersion
from invoicing.documents.paper import paper_of
from invoicing.documents.pdf import render
from invoicing.documents.snapshot import Snapshot
from invoicing.invoices.models import Invoice, InvoiceKind, Origin, Status
from invoicing.money import Currency
from invoicing.numbering import Mode
from tests.conftest import Browser
from tests.documents.gallery import variants
from tests.documents.reading import pages
from tests.factories import NOW

DOCUMENTS: Final = {name: made for name, made in variants().items() if not made[1].draft}
UNPAID: Final = ("fr12", "rates", "exempt1", "discount", "allowance", "gross-mixed", "qc", "qc-en", "order", "en")


def standing(snapshot: Snapshot, facts: Facts, status: Status, paid_cents: int = 0) -> Invoice:
    """A row that bears this snapshot, nowhere kept."""
    return Invoice(
        id=1, kind=InvoiceKind(snapshot.kind), origin=Origin.manual, mode=Mode.official, number=snapshot.number,
        currency=Currency(snapshot.currency), customer_id=1, issued_on=snapshot.issued_on, due_on=snapshot.due_on,
        total_cents=snapshot.total_cents, credited_cents=0, paid_cents=paid_cents, status=status,
        snapshot=snapshot.to_json(), summary=snapshot.subject, frozen_at=NOW, payments=[], credit_notes=[],
        versions=[DocumentVersion(position=1, facts=facts.to_json(), due_at=NOW)],
    )  # fmt: skip


def page(client: Browser, invoice: Invoice, monkeypatch: pytest.MonkeyPatch) -> str:
    """Its page, as text without a blank."""
    monkeypatch.setattr("portal.invoices.queries.for_user", lambda *_asked: invoice)
    monkeypatch.setattr("portal.page.latest", lambda *_asked: invoice.versions[0])
    answer = client.get("/mes-factures/X")
    assert answer.status_code == 200
    body = answer.text.split("<main", 1)[1].split("</main>", 1)[0]
    return unescape(re.sub(r"<[^>]+>", " ", body))


def missing(snapshot: Snapshot, facts: Facts, shown: str) -> list[str]:
    """The words of the PDF that the page lacks; « Page 1 / 2 » is the paper's alone."""
    paper = paper_of(snapshot, facts)
    said = " ".join(pages(render(paper).data))
    told = re.sub(rf"{paper.words.page}\s+\d+\s+/\s+\d+", " ", said)
    known = "".join(shown.split())
    return [word for word in dict.fromkeys(told.split()) if word not in known]


def settled(snapshot: Snapshot, facts: Facts) -> bool:
    return bool(snapshot.kind == "credit_note" or facts.paid_on or snapshot.paid_on)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_page_has_each_word_of_the_paper(
    session: Session, browser: Browser, customer: Customer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    snapshot, facts = DOCUMENTS[name]
    done = settled(snapshot, facts)
    invoice = standing(snapshot, facts, *((Status.complete, snapshot.total_cents) if done else (Status.pending,)))
    assert missing(snapshot, facts, page(browser, invoice, monkeypatch)) == []


@pytest.mark.parametrize("name", UNPAID)
@pytest.mark.parametrize("paid", ["part", "all", "cancelled"])
def test_it_does_so_once_the_paper_is_overtaken(
    session: Session, browser: Browser, customer: Customer, monkeypatch: pytest.MonkeyPatch, name: str, paid: str
) -> None:
    snapshot, facts = DOCUMENTS[name]
    whole = snapshot.total_cents
    status, cents = {
        "part": (Status.partial, 100), "all": (Status.complete, whole), "cancelled": (Status.cancelled, 0),
    }[paid]  # fmt: skip
    shown = page(browser, standing(snapshot, facts, status, cents), monkeypatch)
    assert missing(snapshot, facts, shown) == []
    assert "Ce que le document demandait" in shown


def test_a_word_that_is_left_out_is_noticed(
    session: Session, browser: Browser, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot, facts = DOCUMENTS["rates"]
    shown = page(browser, standing(snapshot, facts, Status.pending), monkeypatch)
    iban = "".join(snapshot.bank.iban.split())
    assert iban[:4] in shown and missing(snapshot, facts, shown.replace(iban[:4], "")) == [iban[:4]]


def test_its_table_has_headings_for_columns_and_rows(
    session: Session, browser: Browser, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot, facts = DOCUMENTS["rates"]
    page(browser, standing(snapshot, facts, Status.pending), monkeypatch)
    table = re.search(
        r'<table class="table cards" lang="fr-FR">(.*?)</table>', browser.get("/mes-factures/X").text, re.S
    )
    assert table and "<caption" in table[1]
    assert table[1].count('<th scope="col"') == 5 and table[1].count('<th scope="row"') == len(snapshot.lines)
