"""What each document says, before it is drawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from invoicing.documents.paper import Facts, Heading, Paper, paper_of
from invoicing.documents.snapshot import LineTax, Snapshot
from tests.documents import samples as s

PAID = date(2026, 11, 12)


def said(paper: Paper) -> dict[str, str]:
    return {fact.label: fact.value.replace("\u00a0", " ") for fact in paper.facts}


def sums(paper: Paper) -> list[tuple[str, str]]:
    return [(one.label.replace("\u00a0", " "), one.amount.replace("\u00a0", " ")) for one in (*paper.sums, paper.grand)]


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_an_invoice_leads_with_its_amount_and_the_last_day_to_pay() -> None:
    paper = paper_of(s.french(1), Facts())
    assert (paper.title, paper.number, paper.mark) == ("Facture", "F2026-00042", "")
    assert [plain(line) for line in paper.headlines] == ["15,00 € à régler au plus tard le 1er décembre 2026"]
    assert said(paper)["Échéance"] == "1er décembre 2026"


def test_each_rate_has_its_own_row_with_its_base() -> None:
    paper = paper_of(s.french(2, ((s.VAT_20,), (s.VAT_55,))), Facts())
    assert sums(paper) == [
        ("Total HT", "929,16 €"),
        ("TVA 20 % sur 12,50 €", "2,50 €"),
        ("TVA 5,5 % sur 916,66 €", "50,42 €"),
        ("Total TVA", "52,92 €"),
        ("Total TTC", "982,08 €"),
        ("Net à payer", "982,08 €"),
    ]


def test_an_untaxed_line_is_counted_apart() -> None:
    paper = paper_of(s.french(2, ((s.VAT_20,), ())), Facts())
    assert ("Sans taxe sur 916,66 €", "0,00 €") in sums(paper)
    assert [row.taxes for row in paper.rows] == ["20\u00a0%", "—"]


def test_without_tax_there_is_no_tax_column_and_no_tax_row() -> None:
    paper = paper_of(s.exempt(), Facts())
    assert paper.columns == ("Désignation", "Quantité", "Prix unitaire", "Montant")
    assert sums(paper) == [("Total", "12,50 €"), ("Net à payer", "12,50 €")]
    assert [plain(text) for text in paper.mentions] == [s.EXEMPT]


def test_a_discount_is_said_on_its_row() -> None:
    line = s.line(1, (s.VAT_20,), discount_e4=1_250)
    paper = paper_of(s.summed(s.french(), (line,)), Facts())
    assert [plain(text) for text in paper.rows[0].details] == ["Remise 12,5 % : −114,58 €"]
    assert plain(paper.rows[0].amount) == "802,08 €"


def test_quebec_has_both_taxes_with_their_numbers_and_never_their_sum() -> None:
    paper = paper_of(s.quebec(1), Facts())
    assert [(plain(one.label), plain(one.detail)) for one in paper.sums[1:3]] == [
        ("TPS 5 % sur 12,50 $", "n° 123456789 RT0001"),
        ("TVQ 9,975 % sur 12,50 $", "n° 1234567890 TQ0001"),
    ]
    assert paper.rows[0].taxes == "TPS, TVQ"
    assert "14,9" not in repr(paper)
    assert sums(paper)[-1] == ("Montant dû", "14,38 $")


def test_quebec_registration_numbers_are_there_even_without_tax() -> None:
    paper = paper_of(s.summed(s.quebec(), (s.line(0, ()),)), Facts())
    assert "123456789\u00a0RT0001" in paper.identity
    assert "1234567890\u00a0TQ0001" in paper.identity


def test_an_english_document_of_a_quebec_seller_is_bilingual_french_first() -> None:
    paper = paper_of(s.quebec(1, "en"), Facts())
    assert (paper.title, paper.words.language) == ("Facture / Invoice", "fr-CA")
    assert [plain(line) for line in paper.headlines] == [
        "14,38 $ à payer au plus tard le 1er décembre 2026",
        "$14.38 due by 1 December 2026",
    ]
    assert sums(paper)[1][0] == "TPS / GST 5 % sur / on 12,50 $"


def test_an_english_document_of_a_french_seller_is_english() -> None:
    paper = paper_of(s.french(2, language="en"), Facts())
    assert (paper.title, paper.rows[1].taxes, paper.rows[1].price) == ("Invoice", "20%", "€458.33")
    assert "/" not in "".join((paper.title, *paper.columns, *said(paper)))


@pytest.mark.parametrize(("language", "price"), [("fr_FR", "1\u00a0234,5678\u00a0€"), ("en", "€1,234.5678")])
def test_amounts_are_written_as_the_language_writes_them(language: str, price: str) -> None:
    line = replace(s.line(0, (s.VAT_20,)), price_e4=12_345_678, quantity_e3=2_500)
    row = paper_of(s.summed(s.french(language=language), (line,)), Facts()).rows[0]
    assert row.price == price
    assert row.quantity == ("2.5" if language == "en" else "2,5")


def test_a_credit_note_is_positive_and_in_the_buyers_favour() -> None:
    paper = paper_of(s.credit(), Facts(Heading.credit_note))
    assert (paper.title, plain(paper.headlines[0])) == ("Avoir", "1 114,99 € en votre faveur")
    assert said(paper)["Corrige la facture"] == "F2026-00042 (1er novembre 2026)"
    assert paper.grand.label == "Total de l’avoir"
    assert not paper.pay
    assert plain(paper.notes[0]).startswith("Motif : atelier annulé")


def test_a_credit_request_says_that_it_is_no_credit_note() -> None:
    paper = paper_of(s.credit(), Facts(Heading.credit_request))
    assert paper.title == "Demande d’avoir"
    assert said(paper)["Demande n°"] == "A2026-00007"
    assert "n’est pas un avoir" in paper.notes[0]


def test_a_lettered_order_is_a_duplicate_with_the_official_number() -> None:
    facts = Facts(Heading.invoice, official_number="VT-2026-1187", duplicate=True, paid_on=PAID)
    paper = paper_of(s.french(1, number="B-20261101-44"), facts)
    assert (paper.title, paper.mark, paper.number) == ("Facture", "Duplicata", "VT-2026-1187")
    assert said(paper)["Commande n°"] == "B-20261101-44"
    assert plain(paper.headlines[0]) == "15,00 € · payée le 12 novembre 2026"


def test_a_lettered_order_that_is_not_paid_is_to_be_paid_under_its_official_number() -> None:
    facts = Facts(Heading.invoice, official_number="VT-2026-1187", duplicate=True)
    paper = paper_of(s.french(1, number="B-20261101-44"), facts)
    assert paper.pay[-1].value == "VT-2026-1187"


@pytest.mark.parametrize("heading", [Heading.order, Heading.pro_forma])
def test_what_is_no_invoice_says_so(heading: Heading) -> None:
    paper = paper_of(s.french(1, number="B-20261101-44"), Facts(heading))
    assert paper.notes[0].startswith("Ce document n’est pas une facture")
    assert said(paper)["Commande n°"] == "B-20261101-44"


def test_a_pro_forma_asks_for_nothing() -> None:
    paper = paper_of(s.french(1), Facts(Heading.pro_forma))
    assert not paper.pay
    assert "régler" not in paper.headlines[0]


def test_a_paid_invoice_says_when_and_how() -> None:
    paper = paper_of(s.french(1, paid_on=PAID, paid_by="cheque"), Facts())
    assert said(paper)["Mode de paiement"] == "chèque"
    assert "Échéance" not in said(paper)
    assert sums(paper)[-1] == ("Total TTC", "15,00 €")
    assert not paper.pay


def test_a_draft_has_no_number_and_cannot_be_paid() -> None:
    paper = paper_of(s.french(1), Facts(draft=True))
    assert (paper.number, paper.pay, paper.epc) == ("", (), "")
    assert said(paper)["N°"] == "attribué à la finalisation"
    assert "F2026-00042" not in repr(paper)


def test_nothing_to_pay_is_said_plainly() -> None:
    paper = paper_of(replace(s.exempt(), total_cents=0), Facts())
    assert paper.headlines == ("Rien à régler",)
    assert not paper.pay


def test_how_to_pay_ends_with_the_reference() -> None:
    paper = paper_of(s.french(1), Facts())
    assert [fact.label for fact in paper.pay] == ["Virement à", "IBAN", "BIC", "Référence à indiquer"]
    assert plain(paper.pay[1].value) == "FR76 3000 6000 0112 3456 7890 189"


def test_the_qr_code_is_only_for_euros_by_iban() -> None:
    assert paper_of(s.french(1), Facts()).epc
    assert not paper_of(s.quebec(1), Facts()).epc
    assert not paper_of(s.french(1, bank=replace(s.BANK, iban="")), Facts()).epc


def test_typed_text_is_cleaned_and_set_in_french() -> None:
    line = replace(s.line(0, ()), label="  Café\u202e\u200b  «  x » : 12 € ")
    assert paper_of(s.summed(s.french(), (line,)), Facts()).rows[0].label == ("Café «\u00a0x\u00a0»\u00a0: 12\u00a0€")


def test_a_supply_on_another_day_is_said() -> None:
    assert said(paper_of(s.french(1, supplied_on=date(2026, 10, 1)), Facts()))["Date de la prestation"] == (
        "1er octobre 2026"
    )


def test_facts_survive_being_written_and_read() -> None:
    facts = Facts(Heading.credit_note, "VT-1", True, PAID, False)
    assert Facts.from_json(facts.to_json()) == facts
    assert Facts.from_json(Facts().to_json()) == Facts()


def test_a_discount_on_the_document_stands_between_subtotal_and_net() -> None:
    lines = tuple(s.line(place, (s.VAT_20,)) for place in range(2))
    paper = paper_of(s.composed(s.french(), lines, discount_e4=1_250), Facts())
    assert sums(paper)[:3] == [
        ("Sous-total HT", "929,16 €"),
        ("Remise 12,5 %", "−116,15 €"),
        ("Total HT", "813,01 €"),
    ]
    paper = paper_of(s.composed(s.french(), lines, discount_cents=2_916), Facts())
    assert sums(paper)[1:3] == [("Remise", "−29,16 €"), ("Total HT", "900,00 €")]


def test_a_discount_is_said_where_there_is_no_tax() -> None:
    paper = paper_of(s.composed(s.exempt(), (s.line(0, ()),), discount_e4=1_000), Facts())
    assert sums(paper) == [
        ("Sous-total", "12,50 €"),
        ("Remise 10 %", "−1,25 €"),
        ("Total", "11,25 €"),
        ("Net à payer", "11,25 €"),
    ]


def test_prices_that_include_tax_say_so_and_the_rounding_is_a_row() -> None:
    paper = paper_of(s.composed(s.french(), (s.gross(1005, (s.VAT_20,)),)), Facts())
    assert paper.columns[2:] == ("Prix unitaire TTC", "TVA", "Montant HT")
    assert sums(paper) == [
        ("Total HT", "8,38 €"),
        ("TVA 20 % sur 8,38 €", "1,68 €"),
        ("Arrondi", "−0,01 €"),
        ("Total TTC", "10,05 €"),
        ("Net à payer", "10,05 €"),
    ]


def test_where_prices_differ_each_says_what_it_is() -> None:
    lines = (s.gross(1200, (s.VAT_20,)), s.line(0, (s.VAT_20,)), s.line(0, ()))
    paper = paper_of(s.composed(s.french(), lines), Facts())
    assert paper.columns[2] == "Prix unitaire"
    assert [plain(row.price) for row in paper.rows] == ["12,00 € TTC", "12,50 € HT", "12,50 €"]


def test_quebec_prices_that_include_the_taxes_say_so() -> None:
    paper = paper_of(s.composed(s.quebec(), (s.gross(11_498, (s.GST, s.QST)),)), Facts())
    assert paper.columns[2:] == ("Prix unitaire, taxes comprises", "Taxes", "Montant avant taxes")
    assert [plain(one.amount) for one in paper.sums] == ["100,00 $", "5,00 $", "9,98 $", "114,98 $"]
    assert not [text for text in ("9,97 ", "14,97", "14,975") if text in plain(repr(paper))]


@pytest.mark.parametrize(
    ("base", "price", "taxes", "details"),
    [
        (s.french(), 1005, (s.VAT_20,), ["Prix unitaire HT : 8,375 €"]),
        (s.french(), 1200, (s.VAT_20,), ["Prix unitaire HT : 10,00 €"]),
        (s.french(language="en"), 1005, (s.VAT_20,), ["Unit price excl. tax: €8.375"]),
        (s.quebec(), 11_498, (s.GST, s.QST), ["Prix unitaire avant taxes : 100,0043 $"]),
        (s.quebec(1, "en"), 1000, (s.GST, s.QST), ["Prix unitaire avant taxes / Unit price excl. tax : 8,6975 $"]),
        (s.french(), 1005, (), []),  # there is no tax in it
    ],
)
def test_a_price_with_tax_has_the_price_before_tax_below_it(
    base: Snapshot, price: int, taxes: tuple[LineTax, ...], details: list[str]
) -> None:
    paper = paper_of(s.composed(base, (s.gross(price, taxes),)), Facts())
    assert [plain(text) for text in paper.rows[0].details] == details


def test_the_price_before_tax_is_before_the_lines_discount_too() -> None:
    line = replace(s.gross(1200, (s.VAT_20,)), detail="Octobre", discount_e4=1_000)
    row = paper_of(s.composed(s.french(), (line,)), Facts()).rows[0]
    assert [plain(text) for text in row.details] == [
        "Octobre", "Prix unitaire HT : 10,00 €", "Remise 10 % : −1,20 € TTC",
    ]  # fmt: skip
    assert plain(row.amount) == "9,00 €"


def test_a_credit_note_with_discount_and_rounding_is_positive() -> None:
    note = s.composed(s.credit(), (s.gross(1005, (s.VAT_20,)),), discount_e4=1_000)
    paper = paper_of(note, Facts(Heading.credit_note))
    assert [label for label, _ in sums(paper)][:3] == ["Sous-total HT", "Remise 10 %", "Total HT"]
    assert sums(paper)[-1] == ("Total de l’avoir", "9,04 €")
