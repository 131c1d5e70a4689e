"""Exports are numbered without a gap, closed for ever, made once; what is new is in exactly one of them."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from threading import Event, Thread

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from invoicing.database import transaction
from invoicing.errors import FieldFaults, NotFound
from invoicing.invoices.models import Status
from invoicing.journal import COMMAND, JournalEntry
from invoicing.ledger import hands, making, service
from invoicing.ledger.hands import LostExport
from invoicing.ledger.models import LedgerExport, LedgerItem, LedgerKind, LedgerPart, LedgerState
from invoicing.ledger.rules import NotMade, OtherExport, Tally
from invoicing.lettering.service import letter
from invoicing.payments.models import PaymentMethod
from invoicing.payments.service import PaymentContent, record_payment
from invoicing.sellers.models import Organisation, Region
from invoicing.silence import SILENT
from lettrine.ledgers import Ledgers
from tests.factories import NOW, make_customer, make_order, make_seller, make_shop
from tests.ledger.books import Books

LONG = SILENT + timedelta(seconds=1)
KINDS = pytest.mark.parametrize("kind", list(LedgerKind))


def held(books: Books, export_id: int) -> set[int]:
    """The documents of an export."""
    with books.database.sessions() as session:
        return set(session.scalars(select(LedgerItem.invoice_id).where(LedgerItem.export_id == export_id)))


@KINDS
def test_the_bytes_are_those_of_the_digest_and_stay_so(
    books: Books, kind: LedgerKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "PART", 300)
    monkeypatch.setattr("invoicing.sheets.CHUNK", 200)
    monkeypatch.setattr("invoicing.ledger.reading.AT_ONCE", 3)
    ids = books.sell(*range(1, 13))
    export = books.export(kind)
    content = books.content(export)
    assert export.sha256 == hashlib.sha256(content).hexdigest() and export.size == len(content)
    books.sell(99)
    assert books.content(export) == content and held(books, export.id) == set(ids)
    with books.database.sessions() as session:
        assert (session.scalar(select(func.count()).select_from(LedgerPart)) or 0) > 1
        told = session.scalars(select(JournalEntry).where(JournalEntry.action == "ledger.made")).one().facts()
        assert told["sha256"] == [None, export.sha256] and told["number"] == [None, 1]
        assert export.until_position == told["until_position"][1]


def test_many_parts_are_one_file(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = books.content(books_of(books, 7))
    monkeypatch.setattr(making, "PART", 1)
    monkeypatch.setattr("invoicing.ledger.reading.AT_ONCE", 2)
    export = books.export()
    assert books.content(export) == whole and len(held(books, export.id)) == 7
    with books.database.sessions() as session:
        parts = session.scalar(select(func.count()).where(LedgerPart.export_id == export.id))
    assert parts == 5  # the headings, and two documents each


def books_of(books: Books, count: int) -> LedgerExport:
    books.sell(*range(1, count + 1))
    return books.export()


@KINDS
def test_what_is_new_is_in_exactly_one_export(books: Books, kind: LedgerKind) -> None:
    first = books.sell(1, 2, 3)
    one = books.export(kind, only_new=True)
    second = books.sell(4, 5)
    two = books.export(kind, only_new=True)
    three = books.export(kind, only_new=True)
    assert (held(books, one.id), held(books, two.id)) == (set(first), set(second))
    assert (two.since_id, three.state, three.number) == (one.id, LedgerState.refused, None)
    assert NotMade.from_json(three.fault).code == "nothing_new"
    assert held(books, books.export(kind).id) == {*first, *second}


def test_the_two_kinds_and_the_sellers_do_not_take_from_each_other(books: Books) -> None:
    ids = books.sell(1, 2)
    books.export(LedgerKind.csv, only_new=True)
    assert held(books, books.export(LedgerKind.fec, only_new=True).id) == set(ids)

    def deed(session: Session) -> None:
        make_seller(session, prefix="G", siret="99900002900010")

    books.write(deed)
    other = Books(books.app, books.database, seller_id=2, customer_id=books.customer_id)
    theirs = other.sell(3)
    assert held(books, other.export(only_new=True).id) == set(theirs)
    assert books.export(only_new=True).state is LedgerState.refused


def test_what_a_period_left_out_is_new_still(books: Books) -> None:
    """The last export may have been about other days: what it didn't hold hasn't gone to the accountant."""
    old = books.sell(1, now=NOW - timedelta(days=40))
    new = books.sell(2)
    first_day = (NOW - timedelta(days=10)).date()
    assert held(books, books.export(first_day=first_day, only_new=True).id) == set(new)
    assert held(books, books.export(only_new=True).id) == set(old)


def test_an_order_is_new_when_it_becomes_an_invoice(books: Books) -> None:
    found: list[int] = []

    def order(session: Session) -> None:
        shop = make_shop(session)
        found.extend(make_order(session, shop, make_customer(session), status=each).id
                     for each in (Status.pending, Status.complete, Status.pending))  # fmt: skip

    books.write(order)
    waiting, complete, lettered = found
    assert held(books, books.export(only_new=True).id) == {complete}

    def deeds(session: Session) -> None:
        session.get_one(Organisation, 1).letters_unpaid = True
        letter(session, COMMAND, NOW, lettered, "FA-1", 0)
        content = PaymentContent(PaymentMethod.transfer, NOW.date())
        record_payment(session, COMMAND, NOW, waiting, content, "paid")

    books.write(deeds)
    assert held(books, books.export(only_new=True).id) == {waiting, lettered}


class Pausing(Ledgers):
    """Stops where everything is read and kept, and nothing is numbered yet, until somebody lets it go on."""

    def __init__(self, books: Books):
        super().__init__(books.app, books.database.sessions, lambda: NOW, Event())
        self.reached, self.goes_on = Event(), Event()
        self.thread = Thread(target=self.work)
        self.thread.start()
        assert self.reached.wait(60)

    def read(self, claim: hands.Claim) -> hands.Made:
        """And then a pause."""
        made = super().read(claim)
        self.reached.set()
        assert self.goes_on.wait(60)
        return made

    def go_on(self) -> None:
        """To the end."""
        self.goes_on.set()
        self.thread.join()


def test_what_is_committed_while_an_export_is_read_is_new_in_the_next(books: Books) -> None:
    """A document that is finalised between the reading and the number is in one export, and in one alone."""
    before = books.sell(1, 2)
    export_id = books.ask(only_new=True)
    worker = Pausing(books)
    between = books.sell(3, 4)
    worker.go_on()
    assert held(books, export_id) == set(before)
    assert held(books, books.export(only_new=True).id) == set(between)


def test_of_two_made_at_once_only_one_has_what_is_new(books: Books) -> None:
    ids = books.sell(1, 2)
    first, second = books.ask(only_new=True), books.ask(only_new=True)
    slow = Pausing(books)
    books.worker().work()
    slow.go_on()
    assert held(books, second) == set(ids) and books.row(second).number == 1
    assert books.row(first).state is LedgerState.waiting  # it is begun again, and finds nothing
    books.worker().work()
    assert books.row(first).state is LedgerState.refused and not held(books, first)


def test_two_workers_number_without_a_gap(books: Books) -> None:
    books.sell(*range(1, 6))
    ids = [books.ask(kind) for kind in [*LedgerKind] * 5]
    empty = books.ask(first_day=(NOW + timedelta(days=9)).date())

    def work() -> None:
        worker = books.worker()
        while worker.work():
            pass

    threads = [Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work()  # what a busy database put off
    assert sorted(books.row(each).number or 0 for each in ids) == list(range(1, 11))
    assert books.row(empty).number is None


def test_a_worker_that_fell_silent_is_followed_and_its_parts_are_gone(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "PART", 1)
    ids = books.sell(1, 2, 3)
    export_id = books.ask()
    with transaction(books.database.sessions) as session:
        dead = hands.claim(session, NOW)
        assert dead is not None and hands.claim(session, NOW) is None
        hands.keep_part(session, dead, NOW, 0, b"half", ids[:1], Tally())
    assert not books.worker().work()  # it was heard of a moment ago
    assert books.worker(LONG).work()
    export = books.row(export_id)
    assert export.state is LedgerState.made and held(books, export_id) == set(ids)
    assert hashlib.sha256(books.content(export)).hexdigest() == export.sha256
    with pytest.raises(LostExport), transaction(books.database.sessions) as session:
        hands.keep_part(session, dead, NOW, 9, b"late", [], Tally())


def test_a_worker_that_is_asked_to_stop_gives_it_back(books: Books) -> None:
    books.sell(1)
    export_id = books.ask()
    worker = books.worker()
    worker.stopping.set()
    assert worker.work() and books.row(export_id).state is LedgerState.waiting
    assert books.worker().work() and books.row(export_id).state is LedgerState.made


def test_what_breaks_is_told_and_not_begun_for_ever(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    books.sell(1)
    monkeypatch.setattr("invoicing.ledger.reading.sales", lambda *_: 1 / 0)
    export = books.export()
    assert NotMade.from_json(export.fault).code == "not_made" and not books.worker().work()


def test_the_same_form_asks_once_and_for_one_thing(books: Books) -> None:
    assert books.ask(token="t") == books.ask(token="t")
    with pytest.raises(OtherExport):
        books.ask(LedgerKind.csv, token="t")


@pytest.mark.parametrize(("over", "code"), [({"siret": ""}, "fec_without_siren"), ({}, "fec_in_euros")])
def test_a_seller_that_no_fec_is_for_is_told_so_at_once(books: Books, over: dict[str, object], code: str) -> None:
    def deed(session: Session) -> None:
        make_seller(session, Region.FR if over else Region.QC, **{"prefix": "Z", **over})

    books.write(deed)
    with pytest.raises(FieldFaults) as refused:
        books.ask(seller_id=2)
    assert [fault.code for fault in refused.value.faults] == [code]
    with pytest.raises(NotFound):
        books.ask(seller_id=99)


CHANGES = [
    *(f"UPDATE ledger_export SET {change}"
      for change in ("number = 9", "sha256 = 'x'", "made_at = NULL", "state = 'making'")),
    "DELETE FROM ledger_export", "DELETE FROM ledger_part", "DELETE FROM ledger_item",
    "UPDATE ledger_part SET position = 9", "UPDATE ledger_item SET invoice_id = 2",
    "INSERT INTO ledger_part SELECT export_id, 99, content FROM ledger_part",
    "INSERT INTO ledger_item SELECT 1, 2",
]  # fmt: skip


@pytest.mark.parametrize("statement", CHANGES)
def test_what_is_made_cannot_be_changed_by_sql(books: Books, statement: str) -> None:
    books.sell(1, 2)
    assert books.export(first_day=NOW.date()).number == 1
    with books.database.engine.connect() as connection, pytest.raises(DatabaseError, match="frozen"):
        connection.execute(text(statement))


def test_the_file_is_named_as_the_law_has_it(books: Books) -> None:
    books.sell(1, now=NOW - timedelta(days=5))
    books.sell(1)
    assert books.export().file_name == "999000011FEC20261122.txt"
    assert books.export(last_day=NOW.date().replace(day=20)).file_name == "999000011FEC20261120.txt"
    assert books.export(LedgerKind.csv).file_name == "ventes-00003.csv"


def test_what_was_not_made_has_no_file(books: Books) -> None:
    books.export()
    with books.database.sessions() as session, pytest.raises(NotFound):
        service.made(session, 1)


def test_the_table_has_a_row_per_document_in_any_currency(books: Books) -> None:
    def deed(session: Session) -> None:
        seller = make_seller(session, Region.QC)
        make_order(session, make_shop(session, seller), make_customer(session, last_name="Tremblay"))

    books.write(deed)
    export = Books(books.app, books.database, seller_id=2).export(LedgerKind.csv)
    heads, row = [line.split(";") for line in books.content(export).decode("utf-8-sig").splitlines()]
    told = {head.strip('"'): cell.strip('"') for head, cell in zip(heads, row, strict=True)}
    assert (told["Devise"], told["Net"], told["Total"], told["Payé"], told["Reste dû"]) == (
        "CAD", "180,00", "206,96", "206,96", "0,00",
    )  # fmt: skip
    assert (told["Document"], told["Statut"], told["TPS"], told["TVQ"]) == (
        "Facture pro forma", "Réalisée", "9,00", "17,96",
    )  # fmt: skip
    assert export.totals == '{"CAD": 20696}'


@pytest.mark.parametrize("amounts", [(0, 0), (1, 0, 2), (1, 2, 0, 0, 0), (1, 2)])
@pytest.mark.parametrize("size", [1, making.PART])
def test_a_journal_tells_how_many_documents_have_no_entry(
    books: Books, amounts: tuple[int, ...], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "PART", size)
    monkeypatch.setattr("invoicing.ledger.reading.AT_ONCE", 1)
    books.sell(*amounts)
    journal, table = books.export(), books.export(LedgerKind.csv)
    with books.database.sessions() as session:
        assert service.without_entry(session, journal) == amounts.count(0)
        assert service.without_entry(session, table) == 0
