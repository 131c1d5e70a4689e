"""The scan of payment providers' logs: every payment of every sample gets the verdict that it must."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.imports.models import ImportRow, ImportRun
from invoicing.invoices.models import Status
from invoicing.tables import metadata
from tests.factories import make_shop
from tests.traces.logs import TRUTH, fill, order_of, read, scan, verdicts

COUNTED = ("no_code", "no_payment")


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_every_payment_is_told_the_truth(session: Session, name: str) -> None:
    orders = fill(session)
    found = [row for row in scan(session, read(name), name) if row.verdict not in COUNTED]
    told = [
        (row.line, row.facts["code"], row.facts["amount_cents"], row.facts["result"], row.verdict, row.invoice_id)
        for row in found
    ]
    truth = [
        (row["line"], row["transaction"], int(row["amount"].replace(".", "")), row["result"], row["truth"],
         orders[row["transaction"]].id if row["order"] else None)
        for row in TRUTH[name]["rows"]
    ]  # fmt: skip
    assert told == truth


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_currencies_and_operations_are_read_where_the_log_has_them(session: Session, name: str) -> None:
    fill(session)
    found = [row.facts for row in scan(session, read(name), name) if row.verdict not in COUNTED]
    for facts, row in zip(found, TRUTH[name]["rows"], strict=True):
        assert facts["currency"] in ("", row["currency"])
        assert row["provider_id"] in facts["provider_id"] or not facts["provider_id"]


def test_lines_without_code_are_counted(session: Session) -> None:
    fill(session)
    counted = {row.verdict: row.facts.get("count") for row in scan(session, read("merchant_trace.log"))}
    assert counted["no_code"] == read("merchant_trace.log").count(b"No shipzones") * 2
    assert counted["no_payment"] + counted["no_code"] + len(TRUTH["merchant_trace.log"]["rows"]) == 90


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_nothing_changes_by_scanning(session: Session, name: str) -> None:
    fill(session)

    def everything() -> dict[str, list[str]]:
        session.flush()
        tables = [t for t in metadata.sorted_tables if t.name not in (ImportRun.__tablename__, ImportRow.__tablename__)]
        return {t.name: sorted(map(repr, session.execute(select(t)))) for t in tables}

    before = everything()
    scan(session, read(name), name)
    assert everything() == before


HEAD = "commande;montant;devise;statut\n"


def test_codes_are_text_and_not_patterns(session: Session) -> None:
    shop = make_shop(session)
    for code in ("a+b/c=1==", "aab/c=1==", "[1+1]*x.y"):
        order_of(session, shop, code, 1000)
    text = HEAD + "a+b/c=1==;10,00;EUR;payé\n[1+1]*x.y;10,00;EUR;payé\naXb/c=1==;10,00;EUR;payé\n"
    assert verdicts(session, text) == [(2, "match"), (3, "match"), (4, "no_invoice")]


def test_one_code_in_two_shops_is_several_candidates_unless_the_shop_is_said(session: Session) -> None:
    one, other = make_shop(session), make_shop(session)
    for shop in (one, other):
        order_of(session, shop, "TX7==", 1000)
    text = HEAD + "TX7==;10,00;EUR;payé\n"
    assert verdicts(session, text) == [(2, "several_candidates")]
    assert verdicts(session, text, other) == [(2, "match")]


def test_another_currency_is_told_before_the_amount(session: Session) -> None:
    order_of(session, make_shop(session), "TX8==", 1000)
    assert verdicts(session, HEAD + "TX8==;12,00;CAD;payé\n") == [(2, "currency_differs")]


def test_money_given_back_in_another_currency_is_told_too(session: Session) -> None:
    order_of(session, make_shop(session), "TX8==", 1000)
    text = HEAD + "TX8==;10,00;EUR;payé\nTX8==;10,00;CAD;remboursé\nTX8==;10,00;CAD;refusé\n"
    assert verdicts(session, text) == [(2, "match"), (3, "currency_differs"), (4, "refused")]


def test_what_was_given_back_may_be_paid_again(session: Session) -> None:
    order_of(session, make_shop(session), "TX9==", 1000)
    text = HEAD + "TX9==;10,00;EUR;payé\nTX9==;-10,00;EUR;remboursé\nTX9==;10,00;EUR;payé\n"
    assert verdicts(session, text) == [(2, "match"), (3, "refund"), (4, "match")]


def test_instalments_come_to_the_total(session: Session) -> None:
    order_of(session, make_shop(session), "TX10==", 1000, status=Status.partial, paid_cents=400)
    text = HEAD + "TX10==;4,00;EUR;payé\nTX10==;6,00;EUR;payé\nTX10==;6,00;EUR;payé\n"
    assert verdicts(session, text) == [(2, "match"), (3, "match"), (4, "paid_twice")]


def test_the_same_operation_told_twice_is_not_paid_twice(session: Session) -> None:
    order_of(session, make_shop(session), "TX11==", 1000)
    text = "order_id,transaction_id,amount,status\nTX11==,op1,10.00,paid\nTX11==,op1,10.00,paid\n"
    assert verdicts(session, text) == [(2, "match"), (3, "repeated")]
