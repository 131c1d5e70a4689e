"""Snapshots of believable documents, for tests, gallery and benchmark."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from invoicing.documents.snapshot import Bank, Line, LineTax, Party, Snapshot, TaxTotal
from invoicing.invoices.amounts import amounts
from invoicing.invoices.reading import LineContent
from invoicing.money import line_net, tax_on
from invoicing.taxes.rules import Borne

LABELS = (
    "Cotisation annuelle « Membre bienfaiteur »",
    "Atelier reliure et dorure, séance d’été",
    "Location de l’espace de cœur (½ journée)",
    "Abonnement à la revue « L’Écho des Métiers »",
    "Hébergement du site, forfait Œuvre",
    "Formation Python, niveau avancé, à distance",
    "Frais d’envoi et d’emballage protégé",
    "Participation à l’assemblée générale, déjeuner inclus",
    "Adhésion jeune (moins de 25 ans), tarif réduit",
    "Ouvrage collectif broché, 312 pages",
)
LONG = (
    "Accompagnement à la mise en conformité des statuts, du règlement intérieur et du registre spécial de "
    "l’association, comprenant deux visites sur place, la rédaction des projets de délibération et la relecture par "
    "un conseil juridique indépendant"
)
LONG_NAME = (
    "Fédération interdépartementale des associations de sauvegarde, d’étude et de transmission des savoir-faire "
    "artisanaux du Grand Sud-Ouest et des Pyrénées"
)
FRENCH_TERMS = (
    "Pas d’escompte pour paiement anticipé.",
    "En cas de retard de paiement d’un client professionnel : pénalités au taux de la BCE majoré de 10 points et "
    "indemnité forfaitaire de recouvrement de 40 € (articles L441-10 et D441-5 du Code de commerce).",
)
EXEMPT = "TVA non applicable, art. 261-7-1° du CGI"
VAT_20, VAT_55 = LineTax("vat_20", "TVA", 20_000), LineTax("vat_55", "TVA", 5_500)
GST, QST = LineTax("gst", "TPS", 5_000), LineTax("qst", "TVQ", 9_975)
NUMBERS = {"gst": "123456789 RT0001", "qst": "1234567890 TQ0001"}

FRENCH_SELLER = Party(
    "Association Les Métiers d’Été",
    ("14, rue de l’Église Saint-Éloi", "75011 Paris"),
    (("siret", "73282932000074"), ("vat", "FR44732829320"), ("rna", "W751234567")),
    "compta@metiers-ete.example",
    "01 23 45 67 89",
    "association loi 1901",
)
FRENCH_BUYER = Party(
    "Société Hélène Façonnière & Œuvres SARL",
    ("À l’attention de Mme Zoé Lefèvre", "7 bis, allée des Chênes", "69003 Lyon"),
    (("vat", "FR83404833048"),),
)
QUEBEC_SELLER = Party(
    "Association des métiers d’été",
    ("350, rue Saint-Paul Est, bureau 12", "Montréal (Québec)  H2Y 1H2"),
    (("neq", "1234567890"), *NUMBERS.items()),
    "comptabilite@metiers.example",
    "514 555-0142",
    "organisme sans but lucratif",
)
QUEBEC_BUYER = Party(
    "Les Éditions du Fleuve inc.",
    ("À l’attention de M. Étienne Gagné", "1055, boul. René-Lévesque Ouest", "Québec (Québec)  G1R 4P5"),
)
BANK = Bank("Association Les Métiers d’Été", "FR7630006000011234567890189", "AGRIFRPP")


def line(place: int, taxes: tuple[LineTax, ...], label: str = "", discount_e4: int = 0) -> Line:
    """One of many different lines."""
    quantity, price = (place % 7 + 1) * 1000, (place % 11 + 1) * 125_000 + place % 3 * 4_333_300
    detail = "Du 1er au 31 octobre 2026" if place % 5 == 2 else ""
    net = line_net(quantity, price, discount_e4)
    return Line(label or LABELS[place % 10], quantity, price, net, detail, discount_e4, taxes)


def summed(base: Snapshot, lines: tuple[Line, ...]) -> Snapshot:
    """The document with these lines and the totals that follow from them."""
    bases: dict[LineTax, int] = {}
    for one in lines:
        for tax in one.taxes:
            bases[tax] = bases.get(tax, 0) + one.net_cents
    taxes = tuple(
        TaxTotal(tax.code, tax.label, tax.rate_e5, cents, tax_on(cents, tax.rate_e5), NUMBERS.get(tax.code, ""))
        for tax, cents in bases.items()
    )
    net, tax = sum(one.net_cents for one in lines), sum(one.amount_cents for one in taxes)
    return replace(base, lines=lines, taxes=taxes, net_cents=net, tax_cents=tax, total_cents=net + tax)


def french(lines: int = 3, taxes: tuple[tuple[LineTax, ...], ...] = ((VAT_20,),), **changes: Any) -> Snapshot:
    """A French association's invoice; `taxes` are dealt out to the lines in turn."""
    base = Snapshot(
        kind="invoice", number="F2026-00042", language="fr_FR", currency="EUR", region="FR",
        issued_on=date(2026, 11, 1), due_on=date(2026, 12, 1), seller=FRENCH_SELLER, buyer=FRENCH_BUYER,
        lines=(), taxes=(), net_cents=0, tax_cents=0, total_cents=0, bank=BANK, terms=FRENCH_TERMS,
    )  # fmt: skip
    made = summed(base, tuple(line(place, taxes[place % len(taxes)]) for place in range(lines)))
    return replace(made, **changes)


def exempt(lines: int = 1, **changes: Any) -> Snapshot:
    """A non-profit's invoice without tax."""
    return french(lines, ((),), mentions=(EXEMPT,), **changes)


def quebec(lines: int = 3, language: str = "fr_CA", **changes: Any) -> Snapshot:
    """A Québec association's invoice with both taxes."""
    base = Snapshot(
        kind="invoice", number="F2026-00042", language=language, currency="CAD", region="QC",
        issued_on=date(2026, 11, 1), due_on=date(2026, 12, 1), seller=QUEBEC_SELLER, buyer=QUEBEC_BUYER,
        lines=(), taxes=(), net_cents=0, tax_cents=0, total_cents=0, paper="letter", window="left",
        bank=Bank(interac="comptabilite@metiers.example", cheque="Association des métiers d’été, adresse ci-dessus"),
        terms=("Net 30 jours. Intérêts de 1,5 % par mois (18 % par an) sur tout solde échu.",),
    )  # fmt: skip
    return replace(summed(base, tuple(line(place, (GST, QST)) for place in range(lines))), **changes)


def credit(**changes: Any) -> Snapshot:
    """A credit note on one line of the French invoice."""
    facts = {"kind": "credit_note", "number": "A2026-00007", "corrects": "F2026-00042", "due_on": None}
    reason = "atelier annulé par l’association. Ce montant sera déduit de votre prochaine facture."
    return french(2, **{**facts, "corrects_on": date(2026, 11, 1), "reason": reason, **changes})


def composed(base: Snapshot, lines: tuple[Line, ...], discount_e4: int = 0, discount_cents: int = 0) -> Snapshot:
    """The document with what the house itself makes of these lines, prices that include tax among them."""
    known = {tax: Borne(n, tax.rate_e5) for n, tax in enumerate(dict.fromkeys(t for one in lines for t in one.taxes))}
    priced = [
        (LineContent(one.label, "", one.quantity_e3, one.price_e4, one.discount_e4, 1, one.gross),
         tuple(known[tax] for tax in one.taxes)) for one in lines
    ]  # fmt: skip
    found, named = amounts(priced, discount_e4, discount_cents), {borne.tax_id: tax for tax, borne in known.items()}
    return replace(
        base, net_cents=found.net_cents, tax_cents=found.tax_cents, total_cents=found.total_cents,
        discount_e4=discount_e4, allowance_cents=found.allowance_cents, rounding_cents=found.rounding_cents,
        lines=tuple(replace(one, net_cents=net, allowance_cents=off)
                    for one, net, off in zip(lines, found.nets, found.allowances, strict=True)),
        taxes=tuple(TaxTotal(named[t.tax_id].code, named[t.tax_id].label, t.rate_e5, t.base_cents, t.amount_cents,
                             NUMBERS.get(named[t.tax_id].code, "")) for t in found.taxes),
    )  # fmt: skip


def gross(price_cents: int, taxes: tuple[LineTax, ...], label: str = "Stage, prix tout compris") -> Line:
    """A line whose price includes its taxes."""
    return Line(label, 1000, price_cents * 100, 0, taxes=taxes, gross=True)
