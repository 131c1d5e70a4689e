"""200 varied documents: valid by schema and schematrons, to the cent, in the page's words, the same for ever."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from dataclasses import fields, is_dataclass

import pytest

from invoicing.documents.facturx.checking import check
from invoicing.documents.facturx.lines import price_of
from invoicing.documents.facturx.matter import matter_of
from invoicing.documents.facturx.notes import _WITHOUT
from invoicing.documents.facturx.reform import unmet
from invoicing.documents.facturx.schematron import Failure, failures
from invoicing.documents.facturx.writing import xml_of
from invoicing.documents.paper import Paper, paper_of
from tests.documents.facturx import reading
from tests.documents.facturx.generator import Document, documents
from tests.house.source import ROOT

ALL = tuple(documents(200))
MADE = tuple(xml_of(*each) for each in ALL)
TOLD = tuple(zip(ALL, MADE, strict=True))


@pytest.fixture(scope="module")
def reported() -> list[tuple[Failure, ...]]:
    """What both schematrons say of each."""
    return [failures(xml or b"") for xml in MADE]


def test_each_is_valid_by_the_schema() -> None:
    for xml in MADE:
        assert xml is not None
        check(xml)


def test_no_rule_fails_but_those_that_cant_be_met_without_a_lie(reported: list[tuple[Failure, ...]]) -> None:
    for place, (each, told) in enumerate(zip(ALL, reported, strict=True)):
        at = matter_of(*each)
        assert at is not None
        assert {failure.id for failure in told if failure.is_fatal} == unmet(at), place


def test_only_five_rules_are_ever_unmet_and_each_by_its_documents(reported: list[tuple[Failure, ...]]) -> None:
    for (snapshot, facts), told in zip(ALL, reported, strict=True):
        ids = {failure.id for failure in told if failure.is_fatal}
        sellers = {kind for kind, _ in snapshot.seller.ids}
        assert ("BR-FR-10_BT-30" in ids) == (not sellers & {"siret", "vat"})
        assert ("BR-FR-13_BT-34" in ids) == (snapshot.tax_status == "nonprofit" and not snapshot.seller.email)
        assert ("BR-FR-02_BT-1" in ids) == (facts.official_number == "AV 2026.7")
        assert ids <= {"BR-FR-10_BT-30", "BR-FR-13_BT-34", "BR-FR-12_BT-49", "BR-FR-02_BT-1"}


def test_the_only_warning_is_that_of_an_empty_delivery(reported: list[tuple[Failure, ...]]) -> None:
    warned = [failure for told in reported for failure in told if not failure.is_fatal]
    assert {failure.id for failure in warned} == {"PEPPOL-EN16931-R008"}
    assert all("ApplicableHeaderTradeDelivery" in failure.location.rpartition("/")[2] for failure in warned)


def test_each_amount_is_the_snapshots() -> None:
    for (snapshot, _), xml in TOLD:
        assert reading.cents(xml, "BT-131") == [line.net_cents for line in snapshot.lines]
        assert reading.cents(xml, "BT-109") == [snapshot.net_cents]
        assert reading.cents(xml, "BT-110") == [snapshot.tax_cents]
        assert sum(reading.cents(xml, "BT-92")) == snapshot.allowance_cents
        assert sum(reading.cents(xml, "BT-114")) == snapshot.rounding_cents
        payable = sum(reading.cents(xml, "BT-115")) + sum(reading.cents(xml, "BT-113"))
        assert payable == snapshot.total_cents
        rates = {tax.rate_e5 for tax in snapshot.taxes}
        assert sum(reading.cents(xml, "BT-117")) == sum(tax.amount_cents for tax in snapshot.taxes)
        assert len([code for code in reading.found(xml, "BT-118") if code == "S"]) == len(rates)


def test_each_line_comes_to_its_net_by_quantity_price_and_discount() -> None:
    for (snapshot, _), xml in TOLD:
        assert reading.comes_to(xml) == [line.net_cents for line in snapshot.lines]


def _texts(value: object) -> list[str]:
    """Every string in a page, its fixed words included."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [text for item in value for text in _texts(item)]
    if is_dataclass(value):
        return [text for field in fields(value) for text in _texts(getattr(value, field.name))]
    return []


def _labelled(page: Paper) -> set[str]:
    facts = [*((fact.label, fact.value) for fact in (*page.facts, *page.pay)), (page.words.subject, page.subject)]
    return {f"{label}{page.words.colon}{value}" for label, value in facts}


def test_each_note_is_a_sentence_of_the_page_or_says_that_there_is_none() -> None:
    without = {text for pair in _WITHOUT.values() for text in pair}
    for each, xml in TOLD:
        page = paper_of(*each)
        said = set(_texts(page)) | _labelled(page) | without
        assert {text for code, text in reading.notes(xml) if code != "BAR"} <= said


def test_each_sentence_of_the_page_is_a_note() -> None:
    for each, xml in TOLD:
        page, told = paper_of(*each), {text for _, text in reading.notes(xml)}
        assert {*page.notes, *page.mentions, *page.terms} <= told
        assert [row.label for row in page.rows] == reading.found(xml, "BT-153")


NAMED = ("//ram:Name", "//ram:CityName", "//ram:LineOne", "//ram:LineTwo", "//ram:PersonName", "//ram:Reason",
         "BT-82", "BT-154", "//ram:SellerTradeParty/ram:Description", "//ram:AccountName", "BT-20")  # fmt: skip


def test_each_name_and_word_stands_on_the_page() -> None:
    for each, xml in TOLD:
        page = "\n".join(_texts(paper_of(*each)))
        missing = [text for path in NAMED for text in reading.found(xml, path) if text not in page]
        assert not [text for text in missing if not text.startswith(paper_of(*each).words.cheque_to)]
        assert {part for text in reading.found(xml, "BT-120") for part in text.split(" / ")} <= set(page.split("\n"))


def test_they_are_as_varied_as_they_should_be() -> None:
    codes = Counter(code for xml in MADE for code in reading.found(xml, "BT-118"))
    assert set(codes) == {"S", "E", "O", "AE", "K", "G"} and min(codes.values()) > 2
    assert {reading.one(xml, "BT-3") for xml in MADE} == {"380", "381"}
    assert {reading.one(xml, "BT-81") for xml in MADE} >= {"", "58", "20", "42", "48", "10", "59", "97", "ZZZ"}
    treated = {text for xml in MADE for code, text in reading.notes(xml) if code == "BAR"}
    assert treated == {"B2B", "B2BINT", "B2C", "B2CINT", "OUTOFSCOPE", "ARCHIVEONLY"}
    assert {reading.one(xml, "BT-23") for xml in MADE} >= {"S1", "S2", "B1", "B2", "M1", "M2"}
    assert max(len(snapshot.lines) for snapshot, _ in ALL) == 150


def test_prices_are_told_in_each_of_the_three_ways() -> None:
    told = [price_of(line) for snapshot, _ in ALL for line in snapshot.lines]
    finer = [price for price in told if price.price_e6 % 100 and not price.quantity_e3]
    assert finer and [price for price in told if price.quantity_e3] and len(told) > 10 * len(finer)


def _digest(told: tuple[Document, ...]) -> str:
    return hashlib.sha256(b"".join(xml_of(*each) or b"" for each in told)).hexdigest()


def test_another_process_writes_the_same_bytes() -> None:
    command = "from tests.documents.facturx import test_every_document as t; print(t._digest(t.ALL))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == _digest(ALL), done.stderr
