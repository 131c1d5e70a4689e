"""One fault planted in a good document: the schema or the very rule that knows it tells."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from invoicing.documents.desk import Facts, Heading
from invoicing.documents.facturx.checking import FacturXInvalid, check
from invoicing.documents.facturx.schematron import failures
from invoicing.documents.facturx.writing import xml_of
from tests.documents.facturx.papers import abroad, at_home, untaxed

HOME = xml_of(at_home(), Facts()) or b""
DISCOUNTED = xml_of(at_home(discount_e4=1000), Facts()) or b""
PAID = xml_of(replace(at_home(), paid_on=date(2026, 11, 1), paid_by="card"), Facts()) or b""
CREDIT = xml_of(replace(at_home(), corrects="F1", corrects_on=date(2026, 10, 1)), Facts(Heading.credit_note)) or b""
TRAINING = xml_of(untaxed("training"), Facts()) or b""
OUTSIDE = xml_of(untaxed(""), Facts()) or b""
SERVICES = xml_of(abroad("reverse_charge"), Facts()) or b""
GOODS = xml_of(abroad("eu_goods"), Facts()) or b""

Planted = tuple[bytes, str, str, str]
RULES: tuple[Planted, ...] = (  # a document, what is looked for, what stands there instead, the rule
    (HOME, "<ram:GrandTotalAmount>.*?<", "<ram:GrandTotalAmount>1.00<", "BR-CO-15"),
    (HOME, r"(Summation><ram:)LineTotalAmount>[0-9.]+", r"\1LineTotalAmount>7.00", "BR-CO-10"),
    (HOME, "<ram:DuePayableAmount>.*?<", "<ram:DuePayableAmount>0.00<", "BR-CO-16"),
    (HOME, '(<ram:TaxTotalAmount currencyID="EUR">).*?<', r"\g<1>1.00<", "BR-CO-14"),
    (HOME, "(<ram:CalculatedAmount>).*?<", r"\g<1>9999.00<", "BR-S-09"),
    (HOME, "(<ram:ChargeAmount>)", r"\1-", "BR-27"),
    (HOME, "<ram:ChargeAmount>([0-9]+)[.0-9]+<", r"<ram:ChargeAmount>\1.1234567<", "BR-FR-DEC-03_BT-146"),
    (HOME, "<ram:CategoryCode>S<", "<ram:CategoryCode>Q<", "FX-SCH-A-000619"),
    (HOME, "<ram:CategoryCode>S<", "<ram:CategoryCode>L<", "BR-FR-15_BT-95_BT-151"),
    (HOME, "Percent>20<", "Percent>21<", "BR-FR-16_BT-119"),
    (HOME, '<ram:ID schemeID="VA">FR44732829320</ram:ID>', '<ram:ID schemeID="VA">44732829320</ram:ID>', "BR-CO-09"),
    (HOME, '<ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">FR4.*?tion>', "", "BR-S-02"),
    (HOME, '<ram:ID schemeID="0002">732829320<', '<ram:ID schemeID="0002">73282932<', "BR-FR-10_BT-30"),
    (HOME, "<ram:CountryID>FR<", "<ram:CountryID>ZZ<", "FX-SCH-A-000"),
    (HOME, ">20261101<", ">20261301<", "BR-FR-03_BT-2"),
    (HOME, ">20261201<", ">20261001<", "BR-FR-CO-07_BT-9"),
    (HOME, ">380<", ">999<", "BR-FR-04_BT-3"),
    (HOME, ">S1<", ">X9<", "BR-FR-08_BT-23"),
    (HOME, ">S1<", ">S2<", "BR-FR-CO-09_BT-23-1"),
    (HOME, ">F2026-00042<", ">F 2026 42<", "BR-FR-02_BT-1"),
    (HOME, "<ram:IncludedNote>(?:(?!Note>).)*PMT</ram:SubjectCode></ram:IncludedNote>", "", "BR-FR-05_BT-22_PMT"),
    (HOME, ">PMD<", ">AAB<", "BR-FR-06_BT-21_AAB"),
    (HOME, ">B2B<", ">B2G<", "BR-FR-20_BT-21"),
    (HOME, '<ram:URIID schemeID="0225">404833048', '<ram:URIID schemeID="0225">999999999', "BR-FR-21_BT-49"),
    (HOME, "<ram:Name>Association.*?</ram:Name>", "", "BR-06"),
    (HOME, "<ram:IBANID>.*?</ram:IBANID>", "", "BR-50"),
    (DISCOUNTED, "(<ram:AllowanceTotalAmount>).*?<", r"\g<1>1.00<", "BR-CO-11"),
    (PAID, "<ram:TypeCode>48<", "<ram:TypeCode>4848<", "FX-SCH-A-000"),
    (CREDIT, "<ram:InvoiceReferencedDocument>.*?</ram:InvoiceReferencedDocument>", "", "BR-FR-CO-05_BT-3"),
    (TRAINING, "Percent>0<", "Percent>20<", "BR-E-05"),
    (TRAINING, "<ram:ExemptionReason(?:Code)?>.*?</ram:ExemptionReason(?:Code)?>", "", "BR-E-10"),
    (TRAINING, ">VATEX-FR-CGI261-4<", ">VATEX-FR-CGI261-44<", "FX-SCH-A-000"),
    (OUTSIDE, "(</ram:SellerTradeParty>)", r'<ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">FR44732829320'
              r"</ram:ID></ram:SpecifiedTaxRegistration>\1", "BR-O-02"),
    (SERVICES, '<ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">DE.*?tion>', "", "BR-AE-02"),
    (GOODS, "<ram:ShipToTradeParty>.*?</ram:ShipToTradeParty>", "", "BR-IC-12"),
)  # fmt: skip
SCHEMA: tuple[Planted, ...] = (
    (HOME, "<ram:CountryID>FR</ram:CountryID>", "", "CountryID"),
    (HOME, "<ram:DuePayableAmount>[0-9]", "<ram:DuePayableAmount>x", "decimal"),
    (HOME, "<ram:BuyerTradeParty>.*</ram:BuyerTradeParty>", "", "BuyerTradeParty"),
    (HOME, "<ram:TypeCode>380</ram:TypeCode>", "<ram:TypeCode>380</ram:TypeCode><ram:Odd/>", "Odd"),
    (HOME, "</ram:SellerTradeParty>", "", "mismatch"),
)


def planted(xml: bytes, pattern: str, instead: str) -> bytes:
    """The document with its fault."""
    made = re.sub(pattern, instead, xml.decode(), flags=re.S).encode()
    assert made != xml
    return made


@pytest.mark.parametrize(("xml", "pattern", "instead", "rule"), RULES, ids=[row[3] for row in RULES])
def test_a_rule_tells_of_its_fault(xml: bytes, pattern: str, instead: str, rule: str) -> None:
    assert not [failure for failure in failures(xml) if failure.is_fatal]
    told = failures(planted(xml, pattern, instead))
    assert [failure for failure in told if failure.is_fatal and failure.id.startswith(rule)]


@pytest.mark.parametrize(("xml", "pattern", "instead", "reason"), SCHEMA, ids=[row[3] for row in SCHEMA])
def test_the_schema_tells_line_and_reason(xml: bytes, pattern: str, instead: str, reason: str) -> None:
    with pytest.raises(FacturXInvalid) as refused:
        check(planted(xml, pattern, instead))
    assert re.match(r"\d+: ", refused.value.reasons[0])
    assert reason in str(refused.value)


def test_a_failure_says_where_and_why() -> None:
    told = failures(planted(HOME, "<ram:DuePayableAmount>.*?<", "<ram:DuePayableAmount>0.00<"))
    due = next(failure for failure in told if failure.id == "BR-CO-16")
    assert "Amount due for payment (BT-115)" in due.text
    assert "SpecifiedTradeSettlementHeaderMonetarySummation" in due.location
