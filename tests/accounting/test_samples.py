"""Each sample of an accounting program is read as its manifest says."""

from __future__ import annotations

import re
from typing import Any

import pytest

from invoicing.accounting.plan import Official, Plan
from invoicing.accounting.reading import recognise
from invoicing.search import fold
from tests.accounting.files import MANIFEST, read, refusal, sample

LETTERING = [file for file in MANIFEST if file["kind"] == "lettering"]
CUT_CUSTOMERS = {"ebp-ascii", "quadra-ascii"}  # which keep a part of a name, and Quadra no accents


def by_name(file: dict[str, Any]) -> str:
    return str(file["format"])


def cents(amount: str) -> int:
    return int(amount.replace(".", ""))


def is_alike(file: dict[str, Any], found: str, wanted: str) -> bool:
    """Whether a customer's name is as it should be, or no more than blemished where the file can't tell."""
    if file["format"] in CUT_CUSTOMERS:
        return fold(wanted).startswith(fold(found)) and len(found) > 3
    if not file["encoding_hard"]:
        return found == wanted
    pattern = "".join(re.escape(char) if char.isascii() else ".{1,2}" for char in wanted)
    return re.fullmatch(pattern, found) is not None


@pytest.mark.parametrize("file", LETTERING, ids=by_name)
def test_every_document_has_its_line_reference_amount_day_and_customer(file: dict[str, Any]) -> None:
    _plan, found = read(sample(file["file"]))
    assert len(found) == file["documents"]
    for one, row in zip(found, file["rows"], strict=True):
        assert (one.line, one.reference, one.amount_cents, str(one.day)) == (
            row["line"], row["reference"], cents(row["amount"]), row["date"])  # fmt: skip
        assert one.is_credit_note == (row["kind"] == "credit_note")
        assert is_alike(file, one.customer, row["customer"]), (one.customer, row["customer"])
        assert one.currency in (("",) if not file["currency_told"] else ()) + (row["currency"],)
        assert not one.unread


@pytest.mark.parametrize("file", LETTERING, ids=by_name)
def test_our_number_or_the_transaction_code_stands_in_what_is_searched(file: dict[str, Any]) -> None:
    _plan, found = read(sample(file["file"]))
    for one, row in zip(found, file["rows"], strict=True):
        for wanted in filter(None, (row["our_number"], row["transaction"])):
            if file["format"] == "sage100-mecg" and len(wanted) > 17:
                continue  # Sage keeps 17 characters of it
            assert any(wanted in text for text in one.texts), (row["line"], wanted)


@pytest.mark.parametrize("file", LETTERING, ids=by_name)
def test_no_document_tells_of_a_number_that_is_not_its_own(file: dict[str, Any]) -> None:
    _plan, found = read(sample(file["file"]))
    for one, row in zip(found, file["rows"], strict=True):
        numbers = {number for text in one.texts for number in re.findall(r"\bB-\d{8}-\d+\b", text)}
        assert numbers <= {row["our_number"]}


@pytest.mark.parametrize("file", LETTERING, ids=by_name)
def test_nobody_is_asked_anything_about_a_sample(file: dict[str, Any]) -> None:
    plan = recognise(sample(file["file"]))
    assert plan.asks == ()
    assert Plan.from_json(plan.to_json()) == plan
    assert plan.rows >= file["documents"]


def test_a_real_fec_gives_the_customer_lines_of_its_sales_journal() -> None:
    file = next(file for file in MANIFEST if file["file"].startswith("real_111"))
    plan, found = read(sample(file["file"]))
    assert (plan.layout, plan.encoding, plan.separator, plan.rows) == ("fec", "cp850", "|", 934)
    assert len(found) == file["customer_sales_lines"]
    assert len({one.reference for one in found}) == file["documents"]
    assert {one.reference[:3] for one in found} == {"VE "}
    assert sum(1 for one in found if one.is_credit_note) == sum(1 for one in found if (one.amount_cents or 0) < 0) > 0


def test_a_real_bank_statement_is_refused_for_what_it_is() -> None:
    assert refusal(sample("real_cfonb120.txt")).code == "bank_statement"


def documents_of(name: str) -> list[Official]:
    return read(sample(name))[1]


def test_a_reference_as_long_as_the_program_keeps_any_is_marked() -> None:
    assert all(one.cut for one in documents_of("quadra_ascii.txt"))  # ten characters, of a reference of ten or more
    assert not any(one.cut for one in documents_of("XIMPORT.TXT"))
    assert not any(one.cut for one in documents_of("812345678FEC20261231.txt"))


@pytest.mark.parametrize(
    ("name", "program", "layout"),
    [("paheko_export_complet.csv", "Paheko", "table"), ("odoo_account_move.xlsx", "Odoo", "table"),
     ("dolibarr_factures_et_lignes.csv", "Dolibarr", "table"), ("ebp_ecritures_cr.txt", "EBP", "table"),
     ("quickbooks_transaction_list.csv", "QuickBooks", "table"), ("sage100_export.txt", "Sage 100", "sage100"),
     ("quadra_ascii.txt", "Quadra", "quadra"), ("XIMPORT.TXT", "Ciel", "ximport")],
)  # fmt: skip
def test_programs_are_known_by_what_they_write(name: str, program: str, layout: str) -> None:
    plan = recognise(sample(name), "whatever.bin")
    assert (plan.program, plan.layout) == (program, layout)
