"""A shop's export comes in row by row: what is new, what moves, what conflicts, and that twice is once (SPEC Q2)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from invoicing.customers.models import Customer
from invoicing.database import transaction
from invoicing.delivery.models import Delivery
from invoicing.documents.snapshot import Snapshot
from invoicing.imports.models import ImportFile, RunState
from invoicing.invoices.models import Invoice, InvoiceKind, Status
from invoicing.journal import COMMAND, JournalEntry
from invoicing.lettering.service import letter
from invoicing.numbering import Source
from invoicing.payments.models import Payment
from invoicing.shop import importing_writing
from invoicing.shop.models import Shop
from invoicing.taxes.models import TaxSet
from tests.factories import NOW, make_order, make_shop
from tests.imports.bench import SAMPLE, Bench, export, invoice, row, truth


def count(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_sample_comes_in_as_its_truth_says(bench: Bench, session: Session) -> None:
    run_id = bench.start(SAMPLE.read_bytes(), name=SAMPLE.name)
    bench.apply(run_id)
    assert set(bench.verdicts(run_id)) == {"new"}
    found = {each.transaction_code: each for each in session.scalars(select(Invoice))}
    for said in truth():
        made, day = found[said["transaction"]], date.fromisoformat(said["date"])
        amounts = [f"{cents // 100}.{cents % 100:02}" for cents in (made.net_cents, made.tax_cents, made.total_cents)]
        assert made.number == f"B-{day:%Y%m%d}-{said['id']}" and made.listed_on == day
        assert amounts == [said["net"], said["tax"], said["total"]]
        assert (made.status, made.lettering or "") == (said["status"], said["lettering"])
        assert (made.customer.first_name, made.customer.last_name) == (said["first_name"], said["last_name"])
        assert (made.customer.email, made.customer.organisation_name) == (said["email"], said["organisation"])
    assert len(found) == len(truth()) == 40


def test_the_sample_a_second_time_changes_nothing(bench: Bench, session: Session) -> None:
    bench.apply(bench.start(SAMPLE.read_bytes(), name=SAMPLE.name))
    before = [count(session, table) for table in (Invoice, Customer, Payment, JournalEntry)]
    session.rollback()
    again = bench.start(SAMPLE.read_bytes(), name=SAMPLE.name)
    bench.importer().work(again)
    assert set(bench.verdicts(again)) == {"unchanged"}
    entries = before[-1] + 1  # that the file came in
    assert [count(session, table) for table in (Invoice, Customer, Payment, JournalEntry)] == [*before[:3], entries]


def test_judging_writes_nothing_but_verdicts(bench: Bench, session: Session) -> None:
    assert bench.judged(row(1), row(2, ST="PENDING")) == ["new", "new"]
    assert [count(session, table) for table in (Invoice, Customer, ImportFile)] == [0, 0, 0]


def test_lines_have_labels_and_no_amounts(bench: Bench, session: Session) -> None:
    bench.bring_in(row(1, Items="A1,B2", **{"Product Names": "Cours,Repas"}),
                   row(2, Items="A1", **{"Product Names": "Formation, niveau 1"}),
                   row(3, Items="A1,B2", **{"Product Names": "Formation, niveau 1,Repas"}))  # fmt: skip
    lines = [[(line.label, line.detail) for line in invoice(session, n).lines] for n in (1, 2, 3)]
    assert lines == [[("Cours", "A1"), ("Repas", "B2")], [("Formation, niveau 1", "A1")],
                     [("Formation, niveau 1,Repas", "A1, B2")]]  # fmt: skip
    assert {line.net_cents for line in invoice(session, 1).lines} == {0}
    assert Snapshot.from_json(invoice(session, 1).snapshot or "").totals_only


def test_paid_and_complete_get_one_payment_of_their_total_on_their_day(bench: Bench, session: Session) -> None:
    bench.bring_in(row(1), row(2, ST="SOLDOUT"), row(3, ST="PARTIAL"), row(4, ST="PENDING"))
    rows = session.execute(select(Payment.amount_cents, Payment.paid_on)).all()
    assert [tuple(each) for each in rows] == [(7200, date(2026, 1, 13))] * 2
    assert invoice(session, 3).remaining_cents == 7200


@pytest.mark.parametrize(
    ("code", "status"),
    [("WORKING", "draft"), ("PLACED", "placed"), ("PENDING", "pending"), ("PREPROD", "pending"), ("PARTIAL", "partial"),
     ("SOLDOUT", "paid"), ("COMPLETE", "complete"), ("FAILED", "failed"), ("REFUSED", "refused"),
     ("CANCELLED", "cancelled"), ("complete", "complete")],
)  # fmt: skip
def test_each_of_the_shops_codes_has_its_status(bench: Bench, session: Session, code: str, status: str) -> None:
    assert bench.bring_in(row(1, ST=code)) == ["new"]
    assert invoice(session, 1).status == status


def test_what_was_paid_back_is_complete_with_a_whole_credit_note_to_be_checked(bench: Bench, session: Session) -> None:
    bench.bring_in(row(1, ST="PAYBACK"))
    made = invoice(session, 1)
    note = session.scalars(select(Invoice).where(Invoice.kind == InvoiceKind.credit_note)).one()
    assert (made.status, made.to_check, made.credited_cents) == (Status.complete, "payback", 7200)
    assert (note.corrects_id, note.net_cents, note.tax_cents, note.total_cents) == (made.id, 6000, 1200, 7200)
    session.rollback()
    assert bench.judged(row(1, ST="PAYBACK")) == ["unchanged"]


def test_a_later_export_applies_the_moves_that_are_allowed(bench: Bench, session: Session) -> None:
    bench.bring_in(row(1, ST="PENDING"), row(2, ST="COMPLETE"), row(3, ST="PLACED"), row(4, ST="PENDING"))
    later = {"lastmove": "2026/02/01 05:02"}
    verdicts = bench.bring_in(row(1, ST="COMPLETE", **later), row(2, ST="CANCELLED", **later),
                              row(3, ST="CANCELLED", **later), row(4, ST="PAYBACK", **later))  # fmt: skip
    assert verdicts == ["update", "move_refused", "update", "update"]
    assert [invoice(session, n).status for n in (1, 2, 3, 4)] == ["complete", "complete", "cancelled", "complete"]
    assert session.scalars(select(Payment.paid_on)).all() == [date(2026, 1, 13), date(2026, 2, 1), date(2026, 2, 1)]


def test_what_is_older_than_the_last_event_changes_nothing_and_is_traced_once(bench: Bench, session: Session) -> None:
    bench.bring_in(row(1, ST="PENDING", lastmove="2026/02/01 05:02"))
    for _again in range(2):
        assert bench.bring_in(row(1, ST="COMPLETE", lastmove="2026/01/20 05:02")) == ["older"]
    assert invoice(session, 1).status == "pending"
    ignored = select(func.count()).where(JournalEntry.action == "invoice.event_ignored")
    assert session.scalar(ignored) == 1


def test_of_two_states_of_one_day_the_later_export_wins(bench: Bench, session: Session) -> None:
    bench.bring_in(row(1, ST="PENDING"))
    assert bench.bring_in(row(1, ST="SOLDOUT")) == ["update"]
    assert invoice(session, 1).status == "paid"


def test_a_basket_that_grew_before_it_was_placed_comes_in_as_it_is_now(bench: Bench, session: Session) -> None:
    bench.bring_in(row(1, ST="WORKING"))
    grown = {"Neat": "100", "TX": "20", "TI": "120", "Product Names": "Deux cours"}
    assert bench.bring_in(row(1, ST="PLACED", **grown)) == ["update"]
    made = invoice(session, 1)
    assert (made.total_cents, made.summary, made.status, made.is_frozen) == (12000, "Deux cours", "placed", True)


def test_a_basket_without_a_code_is_no_order_yet(bench: Bench) -> None:
    assert bench.judged(row(1, ST="WORKING", TxID=""), row(2, TxID="")) == ["basket", "missing"]


def test_what_stands_keeps_its_amounts(bench: Bench, session: Session) -> None:
    bench.bring_in(row(1))
    assert bench.judged(row(1, Neat="70", TI="82")) == ["amounts_differ"]
    assert invoice(session, 1).total_cents == 7200


@pytest.mark.parametrize(
    ("over", "verdict"),
    [
        ({"TI": "73,00"}, "totals"),
        ({"TI": "soixante"}, "bad_amount"),
        ({"TI": "1.234"}, "bad_amount"),
        ({"Neat": "-60", "TX": "-12", "TI": "-72"}, "bad_amount"),
        ({"created": "hier"}, "bad_date"),
        ({"created": "2026/13/01 06:01"}, "bad_date"),
        ({"created": "2027/01/13 06:01"}, "bad_date"),
        ({"ST": "BIZARRE"}, "bad_status"),
        ({"ST": ""}, "missing"),
        ({"ID": ""}, "missing"),
        ({"ID": "1/2"}, "bad_text"),
        ({"TxID": "é"}, "bad_text"),
        ({"created": ""}, "missing"),
        ({"Country": "XX"}, "bad_text"),
        ({"FirstN": "\u4e2d", "LastN": "\u4e2d"}, "bad_text"),
    ],
)
def test_a_row_that_cannot_come_in_says_why(bench: Bench, over: dict[str, str], verdict: str) -> None:
    rows = (row(1, **over), row(2))
    run_id = bench.start("\n".join([";".join(rows[0]), *(";".join(each.values()) for each in rows)]).encode())
    bench.importer().work(run_id)
    assert bench.verdicts(run_id) == [verdict, "new"]


@pytest.mark.parametrize("day", ["2026/01/13 06:01", "13/01/2026 18:30", "2026-01-13 00:00:00", "13.01.2026"])
def test_only_the_day_of_a_date_counts(bench: Bench, session: Session, day: str) -> None:
    bench.bring_in(row(1, created=day, lastmove=day))
    assert (invoice(session, 1).issued_on, invoice(session, 1).number) == (date(2026, 1, 13), "B-20260113-1")


def test_amounts_are_added_up_before_they_are_rounded(bench: Bench, session: Session) -> None:
    bench.bring_in(row(1, Neat="10,0044", TX="1,0044", TI="11,0088"))
    made = invoice(session, 1)
    assert (made.net_cents, made.tax_cents, made.total_cents) == (1000, 101, 1101)


def test_an_id_or_a_code_twice_in_the_file_comes_in_neither_time(bench: Bench) -> None:
    rows = row(1), row(1, TxID="other"), row(2), row(3, TxID="TX2=="), row(4)
    assert bench.judged(*rows) == ["duplicate"] * 4 + ["new"]


def test_a_number_of_another_document_is_not_taken_twice(bench: Bench, session: Session) -> None:
    with transaction(bench.sessions) as writing:
        make_order(writing, writing.get_one(Shop, bench.shop_id), transaction_code="elsewhere", number="b-20260113-1")
    assert bench.judged(row(1), row(2)) == ["number_taken", "new"]


def test_a_code_that_has_another_number_is_told(bench: Bench) -> None:
    bench.bring_in(row(1))
    assert bench.judged(row(7, TxID="TX1==")) == ["other_number"]


def test_each_conflict_of_a_reference_lets_the_order_in_without_it(bench: Bench, session: Session) -> None:
    bench.bring_in(row(1, Lettrage="FA-1"))
    rows = (row(2, Lettrage="fa-1"), row(3, Lettrage="FA-2"), row(4, Lettrage=" FA-2 "), row(5, Lettrage="F" * 70),
            row(6, ST="PENDING", Lettrage="FA-6"), row(7, Lettrage="FA-7"), row(1, Lettrage="FA-9"))  # fmt: skip
    run_id = bench.start(export(*rows))
    bench.importer().work(run_id)
    whys = [facts.get("why", "") for facts in bench.facts(run_id)]
    assert whys == ["taken", "twice", "twice", "bad", "status", "", "other"]
    bench.apply(run_id)
    assert bench.verdicts(run_id) == ["lettering"] * 5 + ["new", "lettering"]
    assert [invoice(session, n).lettering for n in range(1, 8)] == ["FA-1", *[None] * 5, "FA-7"]


def test_a_reference_taken_since_the_judging_lets_the_order_in_without_it(bench: Bench, session: Session) -> None:
    bench.bring_in(row(1))
    run_id = bench.start(export(row(2, Lettrage="FA-2")))
    bench.importer().work(run_id)
    with transaction(bench.sessions) as writing:
        letter(writing, COMMAND, NOW, invoice(writing, 1).id, "FA-2", 0)
    bench.apply(run_id)
    assert bench.verdicts(run_id) == ["lettering"]
    assert bench.facts(run_id)[0]["by"] == "B-20260113-1"
    assert invoice(session, 2).lettering is None


def test_an_order_that_came_meanwhile_is_judged_again(bench: Bench) -> None:
    first, second = (bench.start(export(row(1), row(2))) for _ in range(2))
    bench.importer().work(first)
    bench.importer().work(second)
    bench.apply(first)
    bench.apply(second)
    assert (bench.verdicts(first), bench.verdicts(second)) == (["new", "new"], ["unchanged", "unchanged"])


def test_a_customer_is_known_again_by_login_else_by_address_and_name(bench: Bench, session: Session) -> None:
    same = {"FirstN": "Zoé", "LastN": "Roy", "Email": "zoe@exemple.test"}
    bench.bring_in(row(1, Login="zoe", **same), row(2, Login="", **same), row(3, Login="zoe", Email="new@exemple.test"),
                   row(4, Login="other", Email="zoe@exemple.test", FirstN="Léo"),
                   row(5, Login="", Email="", FirstN="Zoé", LastN="Roy"))  # fmt: skip
    found = [invoice(session, n).customer_id for n in range(1, 6)]
    assert found[0] == found[1] == found[2] and len(set(found)) == 3


def test_no_customer_is_found_among_those_of_others(bench: Bench, session: Session) -> None:
    with transaction(bench.sessions) as writing:
        other = make_shop(writing, writing.get_one(Shop, bench.shop_id).seller).id
    bench.bring_in(row(1))
    bench.shop_id = other
    bench.bring_in(row(1))
    codes = select(Invoice.customer_id).where(Invoice.transaction_code == "TX1==")
    assert len(set(session.scalars(codes))) == 2


def test_an_address_that_is_none_keeps_no_order_out(bench: Bench, session: Session) -> None:
    bench.bring_in(row(1, Email="pas une adresse", Country="Belgique"))
    assert (invoice(session, 1).customer.email, invoice(session, 1).customer.country) == ("", "BE")


def test_no_import_ever_mails_anything(bench: Bench, session: Session) -> None:
    bench.bring_in(row(1, Lettrage="FA-1"), row(2, ST="PAYBACK"), row(3, ST="PENDING"))
    bench.bring_in(row(3, ST="COMPLETE", lastmove="2026/02/01 05:02"))
    assert count(session, Delivery) == 0


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "iso8859-15", "utf-16"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_csv_comes_in_whatever_its_encoding_and_separator(
    bench: Bench, session: Session, encoding: str, separator: str
) -> None:
    rows = [row(1, FirstN="Élodie", LastN="Crèvecœur" if encoding != "cp1252" else "Lefèvre", Neat="60.00", TX="12.00",
                TI="72.00")]  # fmt: skip
    text = "\n".join(separator.join(each) for each in (rows[0], rows[0].values()))
    run_id = bench.start(text.encode(encoding))
    bench.apply(run_id)
    assert bench.verdicts(run_id) == ["new"]
    assert invoice(session, 1).customer.first_name == "Élodie"


def test_columns_may_stand_in_any_order_under_english_names(bench: Bench, session: Session) -> None:
    text = "Total,Taxes,Net,Status,Transaction ID,ID,Created,First name,Last name,E-mail\n"
    text += "72.00,12.00,60.00,COMPLETE,TX1==,1,2026/01/13,Zoé,Roy,zoe@exemple.test\n"
    bench.apply(bench.start(text.encode()))
    assert invoice(session, 1).customer.name == "Zoé Roy"


def test_missing_columns_are_named(bench: Bench) -> None:
    run_id = bench.start(b"ID;created;Neat;TI\n1;2026/01/13;60;72\n")
    bench.importer().work(run_id)
    run = bench.run(run_id)
    assert run.state is RunState.unreadable
    assert '"txid", "st", "tx"' in run.fault


def test_a_shop_with_a_series_of_its_own_numbers_takes_no_export(bench: Bench) -> None:
    with transaction(bench.sessions) as session:
        seller = session.get_one(Shop, bench.shop_id).seller
        bench.shop_id = make_shop(session, seller, source=Source.generated).id
    run_id = bench.start(export(row(1)))
    bench.importer().work(run_id)
    assert "series_not_external" in bench.run(run_id).fault


@pytest.mark.parametrize("closed", [True, False])
def test_a_shop_that_was_closed_since_the_judging_stops_nothing_for_ever(bench: Bench, closed: bool) -> None:
    run_id = bench.start(export(row(1), row(2)))
    bench.importer().work(run_id)
    with transaction(bench.sessions) as session:
        session.get_one(Shop, bench.shop_id).active = not closed
        session.execute(update(TaxSet).values(active=False))  # of these an order takes a retired one
    bench.apply(run_id)
    assert bench.run(run_id).state is RunState.applied
    assert bench.verdicts(run_id) == ["refused" if closed else "new"] * 2


def test_a_row_that_breaks_is_refused_and_the_others_come_in(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = importing_writing.write

    def breaks(*given: Any) -> Any:
        if len(given) < 6 or given[4].id == "2":
            raise ZeroDivisionError
        return whole(*given)

    monkeypatch.setattr(importing_writing, "write_new", breaks)
    monkeypatch.setattr(importing_writing, "write", breaks)
    assert bench.bring_in(row(1), row(2), row(3)) == ["new", "refused", "new"]


def test_a_reference_that_is_free_by_then_is_given_and_said(bench: Bench, session: Session) -> None:
    bench.bring_in(row(1, Lettrage="FA-1"))
    run_id = bench.start(export(row(2, Lettrage="FA-1")))
    bench.importer().work(run_id)
    with transaction(bench.sessions) as writing:
        letter(writing, COMMAND, NOW, invoice(writing, 1).id, "FA-9", 1)
    bench.apply(run_id)
    assert (bench.verdicts(run_id), invoice(session, 2).lettering) == (["new"], "FA-1")
