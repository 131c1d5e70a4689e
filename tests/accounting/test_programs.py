"""Exports of programs of which there is no sample: right, or refused."""

from __future__ import annotations

from typing import Final

import pytest

from invoicing.accounting.plan import Days
from invoicing.accounting.reading import recognise
from tests.accounting.files import csv_of, read, refusal, sheet_of, told

FEC: Final = (
    "JournalCode|JournalLib|EcritureNum|EcritureDate|CompteNum|CompteLib|CompAuxNum|CompAuxLib|PieceRef|PieceDate|"
    "EcritureLib|Debit|Credit|EcritureLet|DateLet|ValidDate|Montantdevise|Idevise"
)
SALE: Final = "VE|Ventes|1|20260113|411000|Clients|C1|Dupont|FA-1|20260113|B-20260113-21 Dupont|60,00|0,00|||20260113||"
REVENUE: Final = "VE|Ventes|1|20260113|706000|Ventes|||FA-1|20260113|B-20260113-21 Dupont|0,00|60,00|||20260113||"
PAID: Final = "BQ|Banque|2|20260120|411000|Clients|C1|Dupont|FA-1|20260120|VIR Dupont|0,00|60,00|||20260120||"
BANK: Final = "BQ|Banque|2|20260120|512000|Banque|||FA-1|20260120|VIR Dupont|60,00|0,00|||20260120||"
ONE: Final = [(2, "FA-1", 6000, "2026-01-13")]


@pytest.mark.parametrize("separator", ["|", "\t", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_a_fec_is_read_with_any_separator_and_line_end(separator: str, end: str) -> None:
    rows = [row.replace("|", separator) for row in (FEC, SALE, REVENUE, PAID, BANK)]
    assert told(csv_of(*rows, end=end)) == ONE


def test_a_fec_with_commas_has_its_amounts_quoted_or_with_a_point() -> None:
    rows = [row.replace(",", ".").replace("|", ",") for row in (FEC, SALE, REVENUE, PAID, BANK)]
    assert told(csv_of(*rows)) == ONE
    quoted = ['"' + row.replace("|", '","') + '"' for row in (FEC, SALE, REVENUE, PAID, BANK)]
    assert told(csv_of(*quoted)) == ONE


def test_the_columns_of_a_fec_may_stand_in_any_order_and_end_in_a_separator() -> None:
    rows = ["|".join(reversed(row.split("|"))) + "|" for row in (FEC, SALE, REVENUE, PAID, BANK)]
    assert told(csv_of(*rows)) == ONE


@pytest.mark.parametrize(("debit", "credit"), [("D", "C"), ("d", "c"), ("+1", "-1")])
def test_a_fec_may_have_an_amount_and_its_sense(debit: str, credit: str) -> None:
    head = FEC.replace("Debit|Credit", "Montant|Sens")
    sale, revenue = SALE.replace("60,00|0,00", f"60,00|{debit}"), REVENUE.replace("0,00|60,00", f"60,00|{credit}")
    note = SALE.replace("|1|", "|3|").replace("FA-1", "AV-1").replace("60,00|0,00", f"12,00|{credit}")
    _plan, found = read(csv_of(head, sale, revenue, note))
    assert [(one.reference, one.amount_cents, one.is_credit_note) for one in found] == [
        ("FA-1", 6000, False), ("AV-1", -1200, True)]  # fmt: skip


@pytest.mark.parametrize("more", ["|DateRglt|ModeRglt|NatOp|IdClient", "|DateLimitReglmt|NumFacture|FichierFacture"])
def test_a_fec_may_have_more_columns(more: str) -> None:
    blank = "|" * more.count("|")
    assert told(csv_of(FEC + more, SALE + blank, REVENUE + blank)) == ONE


def test_a_fec_whose_entries_are_all_numbered_nought_keeps_its_documents_apart() -> None:
    second = SALE.replace("FA-1", "FA-2").replace("60,00", "10,00")
    rows = [row.replace("|1|", "|0|") for row in (FEC, SALE, REVENUE, second, REVENUE.replace("FA-1", "FA-2"))]
    assert [one[1:3] for one in told(csv_of(*rows))] == [("FA-1", 6000), ("FA-2", 1000)]


def test_a_separator_within_the_label_of_a_fec_costs_no_column() -> None:
    assert told(csv_of(FEC, SALE.replace("B-20260113-21 Dupont", "Web | B-20260113-21"), REVENUE)) == ONE


def test_a_quotation_mark_in_a_fec_is_a_letter() -> None:
    odd = SALE.replace("Dupont|FA-1", '"Les Jardins" du Port|FA-1').replace("-21 Dupont", '-21 6" vis')
    _plan, found = read(csv_of(FEC, odd, REVENUE, PAID))
    assert [(one.reference, one.amount_cents) for one in found] == [("FA-1", 6000)]
    assert found[0].customer == '"Les Jardins" du Port'


def test_a_broken_row_of_a_fec_is_named_by_its_line() -> None:
    fault = refusal(csv_of(FEC, SALE, "VE|Ventes|1|20260113|706000", REVENUE))
    assert (fault.code, fault.facts["line"]) == ("ragged_row", 3)


def test_an_invoice_in_instalments_is_one_document() -> None:
    half = SALE.replace("60,00", "30,00")
    _plan, found = read(csv_of(FEC, half, half, REVENUE))
    assert [(one.reference, one.amount_cents, one.lines) for one in found] == [("FA-1", 6000, 3)]


def test_an_amount_in_another_currency_is_taken_in_it() -> None:
    _plan, found = read(csv_of(FEC, SALE, REVENUE))
    assert found[0].currency == "EUR"
    foreign = "|".join([*SALE.split("|")[:16], "90,50", "CAD"])
    _plan, found = read(csv_of(FEC, foreign, REVENUE))
    assert (found[0].amount_cents, found[0].currency) == (9050, "CAD")


def test_the_journal_without_a_name_is_told_by_its_accounts() -> None:
    rows = [row.replace("VE|Ventes|", "J7||").replace("BQ|Banque|", "C1||") for row in (SALE, REVENUE, PAID, BANK)]
    assert told(csv_of(FEC, *rows)) == ONE


def test_a_padded_label_that_fills_its_width_tells_no_number_that_may_be_cut() -> None:
    label, full = "B-20260113-21 Dupont".ljust(28), "Formation web B-20260113-217"
    rows = [row.replace("B-20260113-21 Dupont", label) for row in (SALE, REVENUE)]
    second = [row.replace(label, full).replace("|1|", "|2|").replace("FA-1", "FA-2") for row in rows]
    _plan, found = read(csv_of(FEC, *rows, *second))
    assert any("B-20260113-21" in text for text in found[0].texts)
    assert not [text for text in found[1].texts if "B-2026" in text]
    assert not any(one.cut for one in found)


def test_placeholders_are_kept_as_they_are() -> None:
    assert told(csv_of(FEC, SALE.replace("FA-1", "sans"), REVENUE.replace("FA-1", "sans")))[0][1] == "sans"


PAHEKO: Final = (
    "Numéro d'écriture,Type,Statut,Libellé,Date,Remarques,Numéro pièce comptable,Numéro compte,Libellé compte,Débit,"
    "Crédit,Référence ligne,Libellé ligne,Rapprochement,Lettrage,Projet analytique,Membres associés"
)


def test_pahekos_grouped_export_is_filled_down_within_an_entry_alone() -> None:
    content = csv_of(
        PAHEKO, '301,Créance,,Repas B-20260115-23,17/01/2026,,FACT-1,411,Clients,"78,49","0,00",,,,,,Jean Dupont',
        ',,,,,,,706,Prestations,"0,00","78,49",,,,,,',
        '302,Créance,,Don B-20260116-1,18/01/2026,,,706,Dons,"0,00","5,00",,,,,,',
        ',,,,,,,411,Clients,"5,00","0,00",,,,,,', '303,Recette,,VIR,19/01/2026,,FACT-1,512,Banque,"78,49","0,00",,,,,,',
        ',,,,,,,411,Clients,"0,00","78,49",,,,,,',
    )  # fmt: skip
    assert told(content) == [(2, "FACT-1", 7849, "2026-01-17"), (5, "", 500, "2026-01-18")]
    assert "Don B-20260116-1" in read(content)[1][1].texts


def test_pahekos_simple_export_has_both_accounts_on_a_line() -> None:
    content = csv_of(
        "Numéro d'écriture,Type,Statut,Libellé,Date,Remarques,Numéro pièce comptable,Référence paiement,"
        "Compte de débit,Compte de crédit,Montant,Rapprochement,Projet analytique,Membres associés",
        '301,Créance,,Repas B-20260115-23,17/01/2026,,FACT-1,,411 — Clients,706 — Prestations,"78,49",,,Jean Dupont',
        '302,Recette,,VIR,19/01/2026,,FACT-1,,512 — Banque,411 — Clients,"78,49",,,Jean Dupont',
    )
    assert told(content) == [(2, "FACT-1", 7849, "2026-01-17")]


def test_the_journal_of_quickbooks_is_filled_down() -> None:
    content = csv_of(
        "Boréale,,,,,,,,", "Journal,,,,,,,,", '"January, 2026",,,,,,,,', "",
        ",Date,Transaction Type,Num,Name,Memo/Description,Account,Debit,Credit",
        ",01/05/2026,Invoice,1001,Jean Dupont,B-20260105-3,Accounts Receivable (A/R),$86.81,",
        ",,,,,B-20260105-3,Sales,,$75.50", ",,,,,,GST Payable,,$11.31", ',,,,,,,"$86.81","$86.81"',
        ",01/06/2026,Payment,1001,Jean Dupont,,Undeposited Funds,$86.81,",
        ",,,,,,Accounts Receivable (A/R),,$86.81", ',,,,,,,"$86.81","$86.81"',
        ",01/07/2026,Credit Memo,CM1,Jean Dupont,B-20260105-3,Accounts Receivable (A/R),,$10.00",
        ",,,,,,Sales,$10.00,", 'TOTAL,,,,,,,"$183.62","$183.62"', "", '"Sunday, Nov 22, 2026 01:48 PM",,,,,,,,',
    )  # fmt: skip
    plan, found = read(content)
    assert (plan.program, plan.days) == ("QuickBooks", Days.month_first)
    assert [(one.line, one.reference, one.amount_cents, str(one.day), one.is_credit_note) for one in found] == [
        (6, "1001", 8681, "2026-01-05", False), (13, "CM1", -1000, "2026-01-07", True)]  # fmt: skip
    assert found[0].customer == "Jean Dupont"


def test_the_newer_list_of_quickbooks_has_no_empty_column() -> None:
    content = csv_of(
        "Transaction List by Date", "Boréale", '"January 1 - March 5, 2026"', "",
        "Transaction date,Transaction type,Num,Name,Memo/Description,Account full name,Amount",
        "01/05/2026,Invoice,1001,Jean Dupont,B-20260105-3,Accounts Receivable (A/R),86.81",
        "01/06/2026,Payment,4003,Jean Dupont,,Undeposited Funds,86.81",
    )  # fmt: skip
    assert told(content) == [(6, "1001", 8681, "2026-01-05")]


XERO: Final = (
    "*ContactName,EmailAddress,*InvoiceNumber,Reference,*InvoiceDate,*DueDate,InventoryItemCode,*Description,*Quantity,"
    "*UnitAmount,Discount,*AccountCode,*TaxType,TaxAmount,Currency,BrandingTheme"
)


def test_xeros_lines_are_summed() -> None:
    content = csv_of(
        XERO, "Jean,,INV-1,B-20260105-3,05/01/2026,04/02/2026,,Cours,2,30.25,,200,20%,12.10,EUR,",
        "Jean,,INV-1,B-20260105-3,05/01/2026,04/02/2026,,Livre,1,10.00,,200,20%,2.00,EUR,",
        "Zoé,,INV-2,,13/01/2026,04/02/2026,,Cours,1,5.00,,200,0%,,EUR,",
    )  # fmt: skip
    assert told(content) == [(2, "INV-1", 8460, "2026-01-05"), (4, "INV-2", 500, "2026-01-13")]


def test_zohos_rows_repeat_the_invoice() -> None:
    content = csv_of(
        "Invoice Date,Invoice ID,Invoice Number,Invoice Status,Customer Name,Subject,Item Name,Item Total,"
        "SubTotal,Total",
        "2026-01-05,90001,INV-000001,Paid,Jean,B-20260105-3,Cours,30.00,50.00,60.00",
        "2026-01-05,90001,INV-000001,Paid,Jean,B-20260105-3,Livre,20.00,50.00,60.00",
        "2026-01-06,90002,INV-000002,Void,Jean,B-20260105-4,Cours,30.00,30.00,36.00",
    )  # fmt: skip
    plan, found = read(content)
    assert [(one.line, one.reference, one.amount_cents, one.lines) for one in found] == [(2, "INV-000001", 6000, 2)]
    assert plan.program == "Zoho"


def test_odoos_technical_names_are_known() -> None:
    amount = "amount_total_in_currency_signed"
    heads = ["name", "invoice_partner_display_name", "invoice_date", "ref", amount, "move_type"]
    assert refusal(sheet_of(heads)).code == "only_headings"
    content = sheet_of(
        heads, ["FAC/2026/00017", "Jean", "2026-01-05", "B-20260105-3", 60, "out_invoice"],
        ["RFAC/2026/1", "Jean", "2026-01-06", "B-20260105-3", -60, "out_refund"],
        ["BILL/2026/1", "Fournisseur", "2026-01-06", "", -10, "in_invoice"],
    )  # fmt: skip
    assert told(content) == [(2, "FAC/2026/00017", 6000, "2026-01-05"), (3, "RFAC/2026/1", -6000, "2026-01-06")]


IIF: Final = (
    "!TRNS\tTRNSID\tTRNSTYPE\tDATE\tACCNT\tNAME\tAMOUNT\tDOCNUM\tMEMO",
    "!SPL\tSPLID\tTRNSTYPE\tDATE\tACCNT\tNAME\tAMOUNT\tDOCNUM\tMEMO", "!ENDTRNS",
    "TRNS\t\tINVOICE\t1/5/26\tAccounts Receivable\tJean Dupont\t86.81\t1001\tB-20260105-3",
    "SPL\t\tINVOICE\t1/5/26\tSales\t\t-86.81\t\t", "ENDTRNS",
    "TRNS\t\tPAYMENT\t1/6/26\tUndeposited Funds\tJean Dupont\t86.81\t1001\t",
    "SPL\t\tPAYMENT\t1/6/26\tAccounts Receivable\t\t-86.81\t\t", "ENDTRNS",
)  # fmt: skip


def test_iif_gives_its_invoices() -> None:
    content = csv_of(*IIF)
    plan, found = read(content)
    assert (plan.layout, plan.days) == ("iif", Days.month_first)
    assert told(content) == [(4, "1001", 8681, "2026-01-05")]
    assert found[0].customer == "Jean Dupont" and "B-20260105-3" in found[0].texts


def test_an_iif_that_is_cut_is_refused_with_its_line() -> None:
    assert (refusal(csv_of(*IIF[:-1])).code, refusal(csv_of(*IIF[:-1])).facts) == ("broken_line", {"line": 7})


IMP: Final = (
    "<Version>", '"12001","1"', "</Version>", "<SalInvoice>", '"Jean Dupont","","","",""',
    '"0","B-20260105-3","1001","01-05-2026","0","","86.81","0.00"', '"X","1","75.50","75.50"', "</SalInvoice>",
)  # fmt: skip


def test_sage_50_canada_gives_its_invoices() -> None:
    content = csv_of(*IMP)
    assert told(content) == [(4, "1001", 8681, "2026-01-05")]
    assert read(content)[1][0].customer == "Jean Dupont"
    assert refusal(csv_of(*IMP[:-1])).code == "broken_line"


def test_a_sage_100_file_without_its_end_is_refused() -> None:
    assert refusal(b"#FLG 000\r\n#VER 31\r\n#DEV EUR\r\n#MECG\r\nVTE\r\n").code == "broken_line"
    assert refusal(b"#FLG 000\r\n#VER 31\r\n#DEV EUR\r\n").code == "cut_file"


def test_a_label_that_fills_its_width_tells_no_number_that_may_be_cut() -> None:
    line = "    1VE2026042120260521FV26-00218  411C99999  Facture web B-20260421-93       211,00D" + " " * 18
    _plan, found = read(csv_of(line + "Jean Dupont".ljust(34) + "O2003"))
    assert found[0].reference == "FV26-00218"
    assert not [text for text in found[0].texts if "B-20260421-93" in text]


def test_an_ebp_file_may_write_four_digits_of_the_year() -> None:
    rows = [
        f'1,11032026,VE,{end[0]},,"B-20260309-51 Jean","FA-1",60.00,{end[1]}' for end in (("411C1", "D"), ("706", "C"))
    ]
    assert told(csv_of(*rows)) == [(1, "FA-1", 6000, "2026-03-11")]


def test_a_table_without_headings_asks_for_its_columns() -> None:
    plan = recognise(csv_of("FA-1;13/01/2026;Jean;60,00", "FA-2;14/01/2026;Zoé;70,00", "FA-3;15/01/2026;Léo;80,00"))
    assert plan.headings == () and plan.header_line == 0
    assert plan.asks == ("columns", "reference")
    assert plan.rows == 3 and plan.sample[0][0] == "FA-1"


def test_rimport_is_refused() -> None:
    assert refusal(csv_of("##Fichier\tRImport", "##Section\tMvt", '"1"\t"VE"\t"01/01/2026"')).code == "rimport"


OTHERS: Final = [
    (b'<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">', "bank_statement"),
    (b"OFXHEADER:100\nDATA:OFXSGML\n\n<OFX><SIGNONMSGSRSV1>", "bank_statement"),
    (b'<?xml version="1.0"?><?OFX OFXHEADER="200"?><OFX>', "bank_statement"),
    (b"!Type:Bank\nD01/05/26\nT-5\n^\n", "bank_statement"),
    ("Date opération;Date valeur;Libellé;Débit;Crédit\n1/1/26;2/1/26;VIR;5,00;\n".encode(), "bank_statement"),
    (b"TITRE;shop;20260101;TABLE_X\nENTETE;TRANSACTION_ID;MERCHANT_ID;AMOUNT\nTRANSACTION;1;2;3\n", "payment_log"),
    (b"balance_transaction_id,created_utc,currency,gross,fee,net\na,b,eur,1.00,0.10,0.90\n", "payment_log"),
    (b"ID;TxID;OnlineTxID;Lettrage;ST;TI\n1;a;b;;COMPLETE;5\n", "shop_orders"),
    (b"-- 2026-1-19 10:00:00 123 -i-  [TU9] paid\n-- 2026-1-19 10:00:01 123 -i-  [TU9] paid\n", "payment_log"),
    (b"Bonjour,\n\nveuillez trouver ci-joint\n", "no_table"),
]


@pytest.mark.parametrize(("content", "code"), OTHERS)
def test_what_is_no_account_is_refused_for_what_it_is(content: bytes, code: str) -> None:
    assert refusal(content).code == code
