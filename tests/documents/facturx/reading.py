"""Reads a structured invoice back, as a program that receives one would."""

from __future__ import annotations

from fractions import Fraction

from lxml import etree

_URN = "urn:un:unece:uncefact:data:standard:"
NAMES = {
    "rsm": _URN + "CrossIndustryInvoice:100",
    "ram": _URN + "ReusableAggregateBusinessInformationEntity:100",
    "udt": _URN + "UnqualifiedDataType:100",
    "qdt": _URN + "QualifiedDataType:100",
}
# Business terms of EN 16931 by where they stand.
_HEAD, _DEAL = "/rsm:CrossIndustryInvoice/rsm:ExchangedDocument", "//ram:ApplicableHeaderTradeAgreement"
_PAID = "//ram:ApplicableHeaderTradeSettlement"
_SUMS = _PAID + "/ram:SpecifiedTradeSettlementHeaderMonetarySummation"
LINE, TAX = "//ram:IncludedSupplyChainTradeLineItem", _PAID + "/ram:ApplicableTradeTax"
DISCOUNT = _PAID + "/ram:SpecifiedTradeAllowanceCharge"
TERMS = {
    "BT-1": _HEAD + "/ram:ID",
    "BT-2": _HEAD + "/ram:IssueDateTime/udt:DateTimeString",
    "BT-3": _HEAD + "/ram:TypeCode",
    "BT-8": TAX + "/ram:DueDateTypeCode",
    "BT-9": _PAID + "//ram:DueDateDateTime/udt:DateTimeString",
    "BT-14": _DEAL + "/ram:SellerOrderReferencedDocument/ram:IssuerAssignedID",
    "BT-20": _PAID + "/ram:SpecifiedTradePaymentTerms/ram:Description",
    "BT-23": "//ram:BusinessProcessSpecifiedDocumentContextParameter/ram:ID",
    "BT-24": "//ram:GuidelineSpecifiedDocumentContextParameter/ram:ID",
    "BT-25": _PAID + "/ram:InvoiceReferencedDocument/ram:IssuerAssignedID",
    "BT-26": _PAID + "/ram:InvoiceReferencedDocument//qdt:DateTimeString",
    "BT-29": "//ram:SellerTradeParty/ram:ID | //ram:SellerTradeParty/ram:GlobalID",
    "BT-30": "//ram:SellerTradeParty/ram:SpecifiedLegalOrganization/ram:ID",
    "BT-31": "//ram:SellerTradeParty//ram:ID[@schemeID='VA']",
    "BT-32": "//ram:SellerTradeParty//ram:ID[@schemeID='FC']",
    "BT-34": "//ram:SellerTradeParty/ram:URIUniversalCommunication/ram:URIID",
    "BT-40": "//ram:SellerTradeParty//ram:CountryID",
    "BT-44": "//ram:BuyerTradeParty/ram:Name",
    "BT-47": "//ram:BuyerTradeParty/ram:SpecifiedLegalOrganization/ram:ID",
    "BT-48": "//ram:BuyerTradeParty//ram:ID[@schemeID='VA']",
    "BT-49": "//ram:BuyerTradeParty/ram:URIUniversalCommunication/ram:URIID",
    "BT-55": "//ram:BuyerTradeParty//ram:CountryID",
    "BT-56": "//ram:BuyerTradeParty//ram:PersonName",
    "BT-72": "//ram:ActualDeliverySupplyChainEvent//udt:DateTimeString",
    "BT-80": "//ram:ShipToTradeParty//ram:CountryID",
    "BT-81": _PAID + "//ram:SpecifiedTradeSettlementPaymentMeans/ram:TypeCode",
    "BT-82": _PAID + "//ram:SpecifiedTradeSettlementPaymentMeans/ram:Information",
    "BT-83": _PAID + "/ram:PaymentReference",
    "BT-84": _PAID + "//ram:IBANID",
    "BT-86": _PAID + "//ram:BICID",
    "BT-92": DISCOUNT + "/ram:ActualAmount",
    "BT-94": DISCOUNT + "/ram:CalculationPercent",
    "BT-97": DISCOUNT + "/ram:Reason",
    "BT-106": _SUMS + "/ram:LineTotalAmount",
    "BT-107": _SUMS + "/ram:AllowanceTotalAmount",
    "BT-109": _SUMS + "/ram:TaxBasisTotalAmount",
    "BT-110": _SUMS + "/ram:TaxTotalAmount",
    "BT-112": _SUMS + "/ram:GrandTotalAmount",
    "BT-113": _SUMS + "/ram:TotalPrepaidAmount",
    "BT-114": _SUMS + "/ram:RoundingAmount",
    "BT-115": _SUMS + "/ram:DuePayableAmount",
    "BT-116": TAX + "/ram:BasisAmount",
    "BT-117": TAX + "/ram:CalculatedAmount",
    "BT-118": TAX + "/ram:CategoryCode",
    "BT-119": TAX + "/ram:RateApplicablePercent",
    "BT-120": TAX + "/ram:ExemptionReason",
    "BT-121": TAX + "/ram:ExemptionReasonCode",
    "BT-127": LINE + "//ram:IncludedNote/ram:Content",
    "BT-129": LINE + "//ram:BilledQuantity",
    "BT-131": LINE + "//ram:LineTotalAmount",
    "BT-136": LINE + "//ram:SpecifiedTradeAllowanceCharge/ram:ActualAmount",
    "BT-146": LINE + "//ram:NetPriceProductTradePrice/ram:ChargeAmount",
    "BT-149": LINE + "//ram:BasisQuantity",
    "BT-153": LINE + "//ram:SpecifiedTradeProduct/ram:Name",
    "BT-154": LINE + "//ram:SpecifiedTradeProduct/ram:Description",
}


def found(xml: bytes | None, path: str) -> list[str]:
    """The texts at a path or business term."""
    assert xml is not None
    nodes = etree.fromstring(xml).xpath(TERMS.get(path, path), namespaces=NAMES)
    return [node.text for node in nodes]


def one(xml: bytes | None, path: str) -> str:
    """The only text there, or "" where there is none."""
    texts = found(xml, path)
    assert len(texts) < 2
    return texts[0] if texts else ""


def scheme(xml: bytes | None, term: str) -> tuple[str, str]:
    """Scheme and text of an identifier, or two empty ones."""
    assert xml is not None
    nodes = etree.fromstring(xml).xpath(TERMS[term], namespaces=NAMES)
    return (nodes[0].get("schemeID", ""), nodes[0].text) if nodes else ("", "")


def notes(xml: bytes | None) -> list[tuple[str, str]]:
    """(subject, text) of the document's notes."""
    assert xml is not None
    nodes = etree.fromstring(xml).xpath(_HEAD + "/ram:IncludedNote", namespaces=NAMES)
    ram = "{" + NAMES["ram"] + "}"
    return [(node.findtext(ram + "SubjectCode", ""), node.findtext(ram + "Content", "")) for node in nodes]


def cents(xml: bytes | None, path: str) -> list[int]:
    """The amounts at a path, in cents."""
    return [int(Fraction(text) * 100) for text in found(xml, path)]


def comes_to(xml: bytes | None) -> list[int]:
    """What quantity, price, base quantity and discount of each line come to, in cents, halves away from zero."""
    assert xml is not None
    nets = []
    for line in etree.fromstring(xml).xpath(LINE, namespaces=NAMES):
        quantity, price = Fraction(_in(line, "BilledQuantity")), Fraction(_in(line, "ChargeAmount"))
        exact = abs(quantity) * price / Fraction(_in(line, "BasisQuantity") or 1) * 100
        whole = (exact.numerator * 2 + exact.denominator) // (2 * exact.denominator)
        off = Fraction(_in(line, "ActualAmount") or 0) * 100
        nets.append((whole if quantity > 0 else -whole) - int(off))
    return nets


def _in(line: etree._Element, name: str) -> str:
    return str(line.findtext(f".//{{{NAMES['ram']}}}{name}", ""))
