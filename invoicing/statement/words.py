"""A statement's fixed words. A Québec seller's English statement is bilingual, French first, as its invoices are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from invoicing.documents import words as paper
from invoicing.documents.languages import spoken


@dataclass(frozen=True)
class Words:
    """Every fixed word of a statement in one language; {number}, {day} and the like are filled in."""

    language: str  # BCP 47
    locale: str  # of amounts and dates
    title: str
    period: str
    period_all: str
    made: str
    member: str
    seller: str
    sellers: str
    date: str
    entry: str
    number: str
    about: str
    subject: str
    debit: str
    credit: str
    balance: str
    currency: str
    opening: str
    closing: str
    period_total: str
    payment: str
    payment_undone: str
    refund: str
    refund_undone: str
    used: str
    used_undone: str
    settled_by: str
    settled_by_undone: str
    by: str
    on: str
    due_now: str
    nothing_due: str
    document: str
    due_on: str
    no_day: str
    late: str
    days: str
    remaining: str
    due_total: str
    not_late: str
    late_30: str
    late_60: str
    late_90: str
    late_more: str
    owed: str
    nothing: str
    sign: str
    what_it_is: str
    page: str

    @property
    def halves(self) -> tuple[Words, ...]:
        """The languages that stand side by side, each alone: for sentences with a day in them."""
        return (FR_CA, EN) if self is BILINGUAL else (self,)

    @property
    def bands(self) -> tuple[str, ...]:
        """The names of the ages, in the order of `Account.bands`."""
        return (self.not_late, self.late_30, self.late_60, self.late_90, self.late_more)


# Key: French of France, French of Québec where it differs, English. « ~ » is a no-break space.
_TABLE: Final[dict[str, tuple[str, str, str]]] = {
    "language": ("fr-FR", "fr-CA", "en"),
    "locale": ("fr_FR", "fr_CA", "en"),
    "title": ("Relevé de compte", "État de compte", "Statement of account"),
    "period": ("Du {first} au {last}", "", "From {first} to {last}"),
    "period_all": ("Depuis le début, jusqu’au {last}", "", "From the beginning to {last}"),
    "made": ("Établi le {moment}", "Produit le {moment}", "Made on {moment}"),
    "member": ("membre n°~{number}", "", "member no. {number}"),
    "seller": ("Vendeur", "Fournisseur", "Seller"),
    "sellers": ("Vendeurs", "Fournisseurs", "Sellers"),
    "date": ("Date", "", "Date"),
    "entry": ("Opération", "", "Entry"),
    "number": ("Numéro", "", "Number"),
    "about": ("Facture concernée", "", "Invoice concerned"),
    "subject": ("Objet", "", "Subject"),
    "debit": ("Débit", "", "Debit"),
    "credit": ("Crédit", "", "Credit"),
    "balance": ("Solde", "", "Balance"),
    "currency": ("Devise", "", "Currency"),
    "opening": ("Solde d’ouverture", "", "Opening balance"),
    "closing": ("Solde de clôture", "Solde de fermeture", "Closing balance"),
    "period_total": ("Total de la période", "", "Total of the period"),
    "payment": ("Paiement", "", "Payment"),
    "payment_undone": ("Paiement annulé", "", "Payment reversed"),
    "refund": ("Remboursement", "", "Refund"),
    "refund_undone": ("Remboursement annulé", "", "Refund reversed"),
    "used": (
        "Avoir déduit d’une autre facture",
        "Crédit appliqué à une autre facture",
        "Credit set against another invoice",
    ),
    "used_undone": ("Déduction d’avoir annulée", "Application de crédit annulée", "Setting of credit reversed"),
    "settled_by": ("Avoir déduit", "Crédit appliqué", "Credit set against this invoice"),
    "settled_by_undone": ("Déduction d’avoir annulée", "Application de crédit annulée", "Setting of credit reversed"),
    "by": ("{what} ({method})", "", "{what} ({method})"),
    "on": ("sur {number}", "", "on {number}"),
    "due_now": ("À régler au {day}", "À payer au {day}", "Due on {day}"),
    "nothing_due": ("Rien à régler", "Rien à payer", "Nothing is due"),
    "document": ("Document", "", "Document"),
    "due_on": ("Échéance", "Date d’échéance", "Due date"),
    "no_day": ("sans échéance", "sans date d’échéance", "no due date"),
    "late": ("Retard", "", "Overdue"),
    "days": ("{days}~j", "{days}~jours", "{days} days"),
    "remaining": ("Reste dû", "Solde dû", "Remaining"),
    "due_total": ("Total à régler", "Total à payer", "Total due"),
    "not_late": ("Pas encore échu", "", "Not yet due"),
    "late_30": ("Échu depuis 1 à 30~jours", "En souffrance de 1 à 30~jours", "1 to 30 days overdue"),
    "late_60": ("Échu depuis 31 à 60~jours", "En souffrance de 31 à 60~jours", "31 to 60 days overdue"),
    "late_90": ("Échu depuis 61 à 90~jours", "En souffrance de 61 à 90~jours", "61 to 90 days overdue"),
    "late_more": ("Échu depuis plus de 90~jours", "En souffrance de plus de 90~jours", "More than 90 days overdue"),
    "owed": (
        "À rendre au client, ou à déduire d’autres factures~: {amount}",
        "À rembourser au client, ou à appliquer à d’autres factures~: {amount}",
        "To be refunded, or set against other invoices: {amount}",
    ),
    "nothing": ("Aucun mouvement sur cette période.", "", "Nothing moved in this period."),
    "sign": (
        "Un solde positif est dû par le client~; un solde négatif est en sa faveur.",
        "Un solde positif est dû par le client; un solde négatif est en sa faveur.",
        "A positive balance is owed by the customer; a negative one is in the customer’s favour.",
    ),
    "what_it_is": (
        "Ce relevé n’est pas une facture. Il dit où en est le compte au moment où il est établi.",
        "Cet état de compte n’est pas une facture. Il présente le compte au moment où il est produit.",
        "This statement is not an invoice. It says how the account stands at the moment it is made.",
    ),
    "page": ("Page", "", "Page"),
}  # fmt: skip


_FRENCH_ONLY: Final = frozenset({"language", "locale", "by", "days", "page"})
FR_FR, FR_CA, EN, BILINGUAL = spoken(Words, _TABLE, _FRENCH_ONLY)


def words_for(language: str, is_quebec: bool = False) -> Words:
    """The words of a statement; on paper of a Québec seller English never stands alone."""
    if not language.startswith("fr"):
        return BILINGUAL if is_quebec else EN
    return FR_CA if is_quebec or language == "fr_CA" else FR_FR


_PAPER: Final = {FR_FR: paper.FR_FR, FR_CA: paper.FR_CA, EN: paper.EN, BILINGUAL: paper.BILINGUAL}


def paper_words(words: Words) -> paper.Words:
    """The invoices' words that go with them: headings, ways to pay."""
    return _PAPER[words]
