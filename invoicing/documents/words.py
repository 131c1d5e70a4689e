"""The paper's fixed words. A Québec seller's English document is bilingual, French first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from invoicing.documents.languages import spoken


@dataclass(frozen=True)
class Words:
    """Every fixed word of the paper in one language; {amount}, {day} and {rate} are filled in."""

    language: str  # BCP 47, of the PDF
    locale: str  # of amounts and dates
    colon: str
    invoice: str
    pro_forma: str
    order: str
    credit_note: str
    credit_request: str
    duplicate: str
    watermark: str
    number: str
    number_later: str
    unnumbered: str
    order_number: str
    request_number: str
    issued: str
    supplied: str
    due: str
    corrects: str
    corrects_order: str
    method: str
    buyer: str
    client: str
    subject: str
    reason: str
    page: str
    label: str
    quantity: str
    price: str
    price_net: str
    price_gross: str
    gross: str
    untaxed: str
    taxes: str
    vat_column: str
    amount: str
    amount_net: str
    discount: str
    subtotal: str
    net_before: str
    net: str
    rounding: str
    vat_total: str
    registration: str
    on: str
    untaxed_on: str
    total: str
    total_gross: str
    to_pay: str
    order_total: str
    credit_total: str
    headline_due: str
    headline_due_now: str
    headline_paid: str
    headline_credit: str
    headline_nothing: str
    headline_total: str
    not_invoice: str
    not_invoice_vat: str
    not_credit_note: str
    transfer_to: str
    iban: str
    bic: str
    interac_to: str
    cheque_to: str
    reference: str
    qr: str
    vat: str
    gst: str
    qst: str
    id_siren: str
    id_siret: str
    id_rna: str
    id_neq: str
    id_vat: str
    id_gst: str
    id_qst: str
    by_transfer: str
    by_cheque: str
    by_card: str
    by_cash: str
    by_direct_debit: str
    by_interac: str
    by_other: str


# Key: French of France, French of Québec where it differs, English. « ~ » is a no-break space.
_TABLE: Final[dict[str, tuple[str, str, str]]] = {
    "language": ("fr-FR", "fr-CA", "en"),
    "locale": ("fr_FR", "fr_CA", "en"),
    "colon": ("~: ", "", ": "),
    "invoice": ("Facture", "", "Invoice"),
    "pro_forma": ("Facture pro forma", "", "Pro forma invoice"),
    "order": ("Commande", "", "Order"),
    "credit_note": ("Avoir", "Note de crédit", "Credit note"),
    "credit_request": ("Demande d’avoir", "Demande de crédit", "Credit request"),
    "duplicate": ("Duplicata", "", "Duplicate"),
    "watermark": ("BROUILLON", "", "DRAFT"),
    "number": ("N°", "", "No."),
    "number_later": ("attribué à la finalisation", "", "given when finalised"),
    "unnumbered": ("(brouillon)", "", "(draft)"),
    "order_number": ("Commande n°", "", "Order no."),
    "request_number": ("Demande n°", "", "Request no."),
    "issued": ("Date d’émission", "", "Date of issue"),
    "supplied": ("Date de la prestation", "Date de la fourniture", "Date of supply"),
    "due": ("Échéance", "Date d’échéance", "Due date"),
    "corrects": ("Corrige la facture", "", "Corrects invoice"),
    "corrects_order": ("Corrige la commande", "", "Corrects order"),
    "method": ("Mode de paiement", "", "Paid by"),
    "buyer": ("Facturé à", "", "Billed to"),
    "client": ("client", "", "customer"),
    "subject": ("Objet", "", "Subject"),
    "reason": ("Motif", "", "Reason"),
    "page": ("Page", "", "Page"),
    "label": ("Désignation", "", "Description"),
    "quantity": ("Quantité", "", "Quantity"),
    "price": ("Prix unitaire", "", "Unit price"),
    "price_net": ("Prix unitaire HT", "Prix unitaire avant taxes", "Unit price excl. tax"),
    "price_gross": ("Prix unitaire TTC", "Prix unitaire, taxes comprises", "Unit price incl. tax"),
    "gross": ("TTC", "taxes comprises", "incl. tax"),
    "untaxed": ("HT", "avant taxes", "excl. tax"),
    "taxes": ("Taxes", "", "Taxes"),
    "vat_column": ("TVA", "", "VAT"),
    "amount": ("Montant", "", "Amount"),
    "amount_net": ("Montant HT", "Montant avant taxes", "Amount excl. tax"),
    "discount": ("Remise", "Rabais", "Discount"),
    "net": ("Total HT", "Total avant taxes", "Total before tax"),
    "subtotal": ("Sous-total", "", "Subtotal"),
    "net_before": ("Sous-total HT", "Sous-total avant taxes", "Subtotal before tax"),
    "rounding": ("Arrondi", "", "Rounding"),
    "vat_total": ("Total TVA", "", "Total VAT"),
    "registration": ("n°", "", "no."),
    "on": ("sur", "", "on"),
    "untaxed_on": ("Sans taxe sur", "", "Untaxed"),
    "total": ("Total", "", "Total"),
    "total_gross": ("Total TTC", "Total", "Total incl. tax"),
    "to_pay": ("Net à payer", "Montant dû", "Amount due"),
    "order_total": ("Total de la commande", "", "Order total"),
    "credit_total": ("Total de l’avoir", "Total du crédit", "Credit total"),
    "headline_due": (
        "{amount} à régler au plus tard le {day}",
        "{amount} à payer au plus tard le {day}",
        "{amount} due by {day}",
    ),
    "headline_due_now": ("{amount} à régler", "{amount} à payer", "{amount} due"),
    "headline_paid": ("{amount} · payée le {day}", "", "{amount} · paid on {day}"),
    "headline_credit": ("{amount} en votre faveur", "", "{amount} in your favour"),
    "headline_nothing": ("Rien à régler", "Rien à payer", "Nothing to pay"),
    "headline_total": ("Total : {amount}", "", "Total: {amount}"),
    "not_invoice": ("Ce document n’est pas une facture.", "", "This document is not an invoice."),
    "not_invoice_vat": (
        "Ce document n’est pas une facture et n’ouvre pas droit à déduction de la TVA.",
        "Ce document n’est pas une facture.",
        "This document is not an invoice and gives no right to deduct VAT.",
    ),
    "not_credit_note": (
        "Ce document n’est pas un avoir : il en demande l’établissement.",
        "Ce document n’est pas une note de crédit : il en demande l’établissement.",
        "This document is not a credit note: it asks for one.",
    ),
    "transfer_to": ("Virement à", "", "Bank transfer to"),
    "iban": ("IBAN", "", "IBAN"),
    "bic": ("BIC", "", "BIC"),
    "interac_to": ("Virement Interac à", "", "Interac e-Transfer to"),
    "cheque_to": ("Chèque à l’ordre de", "", "Cheque payable to"),
    "reference": ("Référence à indiquer", "", "Quote this reference"),
    "qr": ("Code QR de virement", "", "Bank transfer QR code"),
    "vat": ("TVA", "", "VAT"),
    "gst": ("TPS", "", "GST"),
    "qst": ("TVQ", "", "QST"),
    "id_siren": ("SIREN", "", "SIREN"),
    "id_siret": ("SIRET", "", "SIRET"),
    "id_rna": ("RNA", "", "RNA"),
    "id_neq": ("NEQ", "", "NEQ"),
    "id_vat": ("N°~TVA", "", "VAT no."),
    "id_gst": ("N°~TPS", "", "GST no."),
    "id_qst": ("N°~TVQ", "", "QST no."),
    "by_transfer": ("virement", "", "bank transfer"),
    "by_cheque": ("chèque", "", "cheque"),
    "by_card": ("carte", "", "card"),
    "by_cash": ("espèces", "comptant", "cash"),
    "by_direct_debit": ("prélèvement", "débit préautorisé", "direct debit"),
    "by_interac": ("virement Interac", "", "Interac e-Transfer"),
    "by_other": ("autre", "", "other"),
}


_FRENCH_ONLY: Final = frozenset({"language", "locale", "colon", "watermark", "page"})
FR_FR, FR_CA, EN, BILINGUAL = spoken(Words, _TABLE, _FRENCH_ONLY)
LANGUAGES: Final = {"fr_FR": FR_FR, "fr_CA": FR_CA, "en": EN}


def words_for(language: str, region: str) -> Words:
    """The words of a document: the seller's region decides the French and whether English stands alone."""
    if region == "QC":
        return FR_CA if language.startswith("fr") else BILINGUAL
    return FR_FR if language.startswith("fr") else EN
