"""What accounting programs call columns, journals, kinds of documents and totals, in French and English. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from invoicing.accounting.plan import Column
from invoicing.search import fold

C = Column
# By role, the likeliest headings first, as `imports.headings.plain` writes them.
NAMES: Final[dict[Column, tuple[str, ...]]] = {
    C.reference: (
        "pieceref", "numero piece comptable", "invoice number", "numero de facture", "numero facture", "n facture",
        "n de facture", "no facture", "no de facture", "num facture", "ref facture", "reference facture",
        "reference de facture", "facture n", "facture no", "invoice no", "invoice num", "invoice n", 
        "n facture avoir", "numfacture", "n piece", "n de piece", "no piece", "no de piece", "num piece",
        "numero piece", "numero de piece", "piece n", "piece no", "piece numero", "piece comptable", "ref piece",
        "reference piece", "reference de piece", "document number", "document no", "doc number", "doc num", "docnum",
        "doc no", "n document", "no document", "numero document", "numero de document", "n doc", "n du document",
        "transaction number", "voucher number", "num", "number", "numero", "n", "no", "piece", "facture", "invoice",
        "document", "reference officielle", "reference comptable", "official reference", "ref officielle",
        "reference", "ref",
    ),
    C.number: (
        "ref client", "reference client", "reference du client", "customer reference", "customer ref", "ref commande",
        "reference commande", "n commande web", "commande web", "n commande", "n de commande", "no commande",
        "no de commande", "numero commande", "numero de commande", "commande", "order number", "order no", "order id",
        "purchase order", "po number", "po", "payment reference", "communication", "objet n commande web", "web order",
        "votre reference", "votre ref", "your reference", "external reference", "reference externe", "ref externe",
    ),
    C.transaction: ("transaction", "code transaction", "transaction code", "txid", "transaction id", "id transaction"),
    C.day: (
        "date facturation", "date de facturation", "date facture", "date de facture", "invoice date",
        "invoice bill date", "bill date", "date piece", "date de piece", "piece date", "piecedate", "ecrituredate",
        "date ecriture", "date d ecriture", "transaction date", "document date", "date document", "date du document",
        "date comptable", "accounting date", "issue date", "date d emission", "date emission", "date", "jour", "day",
    ),
    C.amount: (
        "total ttc", "montant ttc", "ttc", "montants ttc", "total montant ttc", "montant total ttc", "total facture",
        "total in currency signed", "amount total in currency signed", "total signed", "amount total signed",
        "total incl tax", "total including tax", "total tax included", "gross amount", "gross", "amount total",
        "invoice total", "invoice amount", "total amount", "montant total", "total general", "total", "montant",
        "montant facture", "amount", "net a payer", "montant eur", "montant cad", "total eur", "total cad",
    ),
    C.debit: ("debit", "montant debit", "mouvement debit", "mouvements debit", "debit eur", "debit amount", "debits"),
    C.credit: ("credit", "montant credit", "mouvement credit", "mouvements credit", "credit eur", "credit amount",
               "credits"),
    C.sense: ("sens", "d c", "dc", "debit credit", "sens ecriture", "sens de l ecriture", "c d", "dr cr"),
    C.currency: ("devise", "currency", "currency code", "code devise", "monnaie", "devise facture", "invoice currency"),
    C.customer: (
        "nom de la societe", "nom du client", "nom client", "client nom", "invoice partner display name",
        "customer name", "contactname", "contact name", "client name", "raison sociale", "partner", "partenaire",
        "client", "customer", "compauxlib", "membres associes", "nom", "name", "intitule du tiers", "nom du tiers",
        "tiers nom", "intitule tiers", "tiers intitule", "libelle tiers", "libelle du tiers", "nom tiers", "intitule",
        "bill to", "societe", "company", "company name", "adherent", "membre", "tiers",
    ),
    C.label: (
        "libelle", "ecriturelib", "libelle ecriture", "libelle de l ecriture", "memo description", "memo",
        "description", "designation", "objet", "subject", "label", "libelle piece", "description ligne", "commentaire",
        "remarques", "notes", "note", "item name", "detail", "details",
    ),
    C.journal: ("journal", "jal", "journalcode", "code journal", "jnl", "journal code", "code jnl", "jrnl"),
    C.account: (
        "compte", "numero compte", "numero de compte", "n compte", "n de compte", "no compte", "no de compte",
        "comptenum", "compte general", "compte comptable", "account", "account number", "account no", "account code",
        "gl account", "general account", "code compte", "cpte", "split account",
    ),
    C.kind: (
        "type de transaction", "transaction type", "type", "type de piece", "type piece", "type de document",
        "document type", "type document", "nature", "invoice type", "move type", "invoice status", "status", "statut",
        "etat", "etat facture", "state",
    ),
    C.line_amount: (
        "lineamount", "line amount", "unitamount", "montant ttc ligne", "montant ligne ttc", "total ligne ttc",
        "line total", "total ligne",
    ),
    C.quantity: ("quantity", "quantite", "qte", "qty"),
    C.entry: ("ecriturenum", "numero d ecriture", "n d ecriture", "n ecriture", "no ecriture", "numero ecriture",
              "n mouvement", "mouvement", "num mvt", "n mvt", "entry number", "entry no", "journal entry", "trans"),
}  # fmt: skip
RANKS: Final = {name: (role, rank) for role, names in NAMES.items() for rank, name in enumerate(names)}

_TOTAL: Final = re.compile(
    r"(?:grand |sous[ -]?|sub[ -]?|net )?totaux?\b|(?:grand |sub[ -]?)?total\b|(?:a )?report(?:er)?\b|cumul|solde\b"
    r"|balance\b|carried forward|brought forward|ensemble\b"
)
_MAYBE_TOTAL: Final = re.compile(r"(?:grand|sous|sub|net|to|[aàÀ] |re|cu|so|ba|ca|br|en)", re.I)  # spares the folding
_MAYBE_CREDIT: Final = re.compile(r"\W*(?:.v|no|cr|re|r.m)", re.I)  # spares the folding
_CREDIT: Final = re.compile(r"\W*(?:avoirs?|notes? de credit|credit (?:notes?|memos?)|remboursements?|refunds?)\b")
_CREDIT_KIND: Final = re.compile(
    r"avoir|note de credit|credit ?note|credit ?memo|refund|remboursement|out_refund|accreccredit"
)
_PAYMENT_KIND: Final = re.compile(
    r"paiement|payment|reglement|encaissement|virement|depot|deposit|cheque\b|check\b|transfer"
)
_PAID: Final = re.compile(  # the state of an invoice, and how: « Payée par virement »
    r"(?:\w+ )?(?:non )?(?:im|un)?(?:payee?s?|paid|reglee?s?|soldee?s?|acquittee?s?|encaissee?s?|settled)\b"
)
_OTHER_KIND: Final = re.compile(
    r"depense|expense|achat|\bbill\b|purchase|devis|estimate|quote|proforma|pro forma|journal entry"
    r"|ecriture de journal|dette"
    r"|draft|brouillon|void|annul|cancel|abandon|in_invoice|in_refund|commande|sales order|delivery|livraison|accpay"
)
_INVOICE_KIND: Final = re.compile(r"facture|invoice|vente|sale|creance|out_invoice|accrec")
_SALES_NAME: Final = re.compile(r"ventes?\b|sales?\b|factur|clients?\b|creances?\b|invoic|recettes?\b")
_OTHER_NAME: Final = re.compile(
    r"nouveau|ouverture|report|banque|caisse|tresorerie|achat|fournisseur|operations? diverses?|divers|paie|salaire"
    r"|bank|cash|purchase|opening|general|reglement|encaissement|paiement|payment|inventaire|cloture|credit agricole"
)
_SALES_CODE: Final = re.compile(r"(?:ve|vt|vte|ven|vts|vtes|vente?s?|fact?|facv?|sales|sj|inv)\d*\Z")
_OTHER_CODE: Final = re.compile(r"(?:an|ran|and|bq|bqe|bk|bnq|ca|cai|caisse|cs|od|ha|ac|ach|ff|hc|clo)\d*\Z")
_RECEIVABLE: Final = re.compile(r"accounts? receivable|comptes? clients?\b|comptes? debiteurs?|debiteurs|receivables")
_FRENCH_ACCOUNT: Final = re.compile(r"\d{3,10}\Z", re.ASCII)
_REVENUE: Final = re.compile(r"7(?:0|1|4|5[0-7])")  # sales, dues, gifts; no rounding differences
_REVENUE_NAME: Final = re.compile(r"\b(?:ventes?|sales?|revenues?|revenus?|income|produits?|cotisations?|services?)\b")
_TREASURY: Final = re.compile(
    r"undeposited|fonds non deposes|checking|savings|bank\b|banque|encaisse|petty cash|cheques"
)


def is_total(cell: str) -> bool:
    """Whether a cell says that its row sums others up."""
    return _MAYBE_TOTAL.match(cell) is not None and len(cell) <= 80 and bool(_TOTAL.match(fold(cell)))


@lru_cache(maxsize=20_000)
def says_credit(label: str) -> bool:
    """Whether a label begins with the words for a credit note."""
    return _MAYBE_CREDIT.match(label) is not None and bool(_CREDIT.match(fold(label[:60])))


@lru_cache(maxsize=5_000)
def kind_of(text: str, codes: bool = False) -> str:
    """ "credit", "invoice", "other" (no document of ours), "" for none known. `codes`: as Dolibarr numbers them."""
    if codes and text.isdigit():
        return {"2": "credit", "4": "other"}.get(text, "invoice")
    plain = fold(text[:60])
    if _CREDIT_KIND.search(plain):
        return "credit"
    pays = _PAYMENT_KIND.search(plain.partition("(")[0]) and not _PAID.match(plain)  # « Facture (paiement reçu) »
    if pays or _OTHER_KIND.search(plain):
        return "other"
    return "invoice" if _INVOICE_KIND.search(plain) else ""


@lru_cache(maxsize=2_000)
def is_sales_journal(code: str, name: str = "") -> bool | None:
    """By its name, else by its code; None where neither tells."""
    for text, sales, other in ((fold(name), _SALES_NAME, _OTHER_NAME), (fold(code), _SALES_NAME, _OTHER_NAME)):
        if sales.search(text) and not other.search(text):
            return True
        if other.search(text):
            return False
    plain = fold(code)
    return True if _SALES_CODE.match(plain) else False if _OTHER_CODE.match(plain) else None


@lru_cache(maxsize=20_000)
def account_class(account: str, name: str = "") -> str:
    """ "customer" (411, Accounts Receivable), "revenue" (70, 75 …), "treasury" (5), "" for any other."""
    if account.startswith("411"):
        return "customer"
    if _RECEIVABLE.search(named := fold(f"{account} {name}")):
        return "customer"
    if _FRENCH_ACCOUNT.match(account):
        return "treasury" if account[0] == "5" else "revenue" if _REVENUE.match(account) else ""
    return "treasury" if _TREASURY.search(named) else "revenue" if _REVENUE_NAME.search(named) else ""
