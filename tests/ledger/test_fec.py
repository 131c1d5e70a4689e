"""One entry per document: balanced whatever its rates, discounts and rounding; what can't stand in a field; letters."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

import pytest

from invoicing.ledger.fec import COLUMNS, Sale, Unbalanced, encoded, rows
from invoicing.ledger.rules import letters
from tests.ledger.books import cents

DAY = date(2026, 11, 22)
SALE = Sale(
    "F2026-00001", "", False, DAY, DAY, 7, "Élodie Lefèvre", 10_000, 2_000, 0, 12_000, (((20_000,), 10_000),),
    (("TVA", 20_000, 2_000),),
)  # fmt: skip


def lines(sale: Sale) -> list[dict[str, str]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows(sale, 3)]


def test_an_invoice_debits_its_customer_and_credits_sale_and_tax() -> None:
    found = lines(SALE)
    assert [(line["CompteNum"], line["Debit"], line["Credit"]) for line in found] == [
        ("411000", "120,00", "0,00"), ("706000", "0,00", "100,00"), ("445710", "0,00", "20,00"),
    ]  # fmt: skip
    first, sale, tax = found
    assert first == {
        "JournalCode": "VE", "JournalLib": "Journal des ventes", "EcritureNum": "3", "EcritureDate": "20261122",
        "CompteNum": "411000", "CompteLib": "Clients", "CompAuxNum": "C000007", "CompAuxLib": "Élodie Lefèvre",
        "PieceRef": "F2026-00001", "PieceDate": "20261122", "EcritureLib": "Facture F2026-00001 Élodie Lefèvre",
        "Debit": "120,00", "Credit": "0,00", "EcritureLet": "", "DateLet": "", "ValidDate": "20261122",
        "Montantdevise": "", "Idevise": "",
    }  # fmt: skip
    assert (sale["CompAuxNum"], sale["CompAuxLib"]) == ("", "")
    assert [line["EcritureLib"].partition(" - ")[2] for line in (sale, tax)] == ["ventes à 20 %", "TVA 20 %"]


def test_a_credit_note_goes_the_other_way() -> None:
    found = lines(replace(SALE, is_credit=True))
    assert [(line["Debit"], line["Credit"]) for line in found] == [
        ("0,00", "120,00"), ("100,00", "0,00"), ("20,00", "0,00"),
    ]  # fmt: skip
    assert found[0]["EcritureLib"].startswith("Avoir ")


@pytest.mark.parametrize(("rounding", "account", "debit"), [(1, "758000", "0,00"), (-1, "658000", "0,01")])
def test_rounding_is_a_gain_or_a_loss(rounding: int, account: str, debit: str) -> None:
    last = lines(replace(SALE, rounding_cents=rounding, total_cents=12_000 + rounding))[-1]
    assert (last["CompteNum"], last["Debit"]) == (account, debit)


def test_totals_alone_make_one_line_of_sales_and_one_of_taxes() -> None:
    found = lines(replace(SALE, nets=(((), 0),), taxes=()))
    assert [(line["CompteNum"], line["Credit"]) for line in found] == [
        ("411000", "0,00"), ("706000", "100,00"), ("445710", "20,00"),
    ]  # fmt: skip


def test_what_comes_to_nothing_makes_no_entry() -> None:
    assert not rows(replace(SALE, net_cents=0, tax_cents=0, total_cents=0, nets=(), taxes=()), 1)


def test_an_uneven_document_is_refused_and_not_evened_out() -> None:
    with pytest.raises(Unbalanced, match="F2026-00001"):
        rows(replace(SALE, total_cents=12_001), 1)


def test_any_split_is_balanced_to_the_cent() -> None:
    chance = random.Random(20)
    for _ in range(500):
        nets = [(tuple(chance.sample((0, 5_500, 10_000, 20_000), chance.randint(0, 2))), chance.randint(-500, 90_000))
                for _ in range(chance.randint(1, 4))]  # fmt: skip
        taxes = [("TVA", 20_000, chance.randint(-100, 900)) for _ in range(chance.randint(0, 3))]
        net, tax = sum(n for _, n in nets), sum(n for *_, n in taxes)
        rounding = chance.randint(-3, 3)
        found = lines(replace(SALE, nets=tuple(nets), taxes=tuple(taxes), net_cents=net, tax_cents=tax,
                              rounding_cents=rounding, total_cents=net + tax + rounding,
                              is_credit=chance.random() < 0.5))  # fmt: skip
        assert sum(cents(line["Debit"]) for line in found) == sum(cents(line["Credit"]) for line in found)
        assert all((line["Debit"] == "0,00") != (line["Credit"] == "0,00") for line in found)


def test_nothing_in_a_field_can_end_it() -> None:
    written = encoded(rows(replace(SALE, buyer="A\tB|C\r\nD\u00a0E\x00F", reference="VE|\t12"), 1))
    first = written.decode("iso8859-15").split("\r\n")[0].split("\t")
    assert len(first) == len(COLUMNS)
    assert (first[7], first[8]) == ("A B C D E F", "VE 12")


def test_letters_that_the_encoding_lacks_become_those_that_it_has() -> None:
    written = encoded(rows(replace(SALE, buyer="Łódź e\u0301té 中 œuvre €│"), 1)).decode("iso8859-15")
    assert "\tLódz été Zhong œuvre €\t" in written


def test_letters_count_as_columns_of_a_spreadsheet_do() -> None:
    assert [letters(n) for n in (1, 26, 27, 52, 703)] == ["A", "Z", "AA", "AZ", "AAA"]
    assert len({letters(n) for n in range(1, 20_000)}) == 19_999
