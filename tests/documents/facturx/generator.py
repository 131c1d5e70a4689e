"""Varied documents of French sellers, from a seed: snapshots through the house's own amounts, mentions and credits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

from invoicing.customers.models import Customer, CustomerKind
from invoicing.customers.rules import buyer_party
from invoicing.documents.desk import Facts, Heading
from invoicing.documents.snapshot import Line, LineTax, Snapshot
from invoicing.invoices.crediting_rules import Corrected, CorrectedLine, credited
from invoicing.invoices.reading import LineContent
from invoicing.legal.mentions import Situation, mentions_of, reasons_of, supplies_of, terms_of, why_untaxed
from invoicing.money import Currency
from invoicing.sellers.models import Region, Seller, Supplies, TaxStatus
from invoicing.sellers.queries import bank_of, seller_party
from invoicing.taxes.models import TaxSet
from invoicing.taxes.rules import Borne, TaxSum
from tests.documents import samples

Document = tuple[Snapshot, Facts]
EMPTY = {
    "name": "Association « Les Métiers & l’Été »", "legal_form": "association loi 1901", "province": "", "rna": "",
    "street": "14, rue de l’Église\nBâtiment B\nPorte 3\nInterphone 12", "postcode": "75011", "city": "Paris",
    "country": "FR",
    "email": "compta@metiers-ete.example", "phone": "01 23 45 67 89", "siret": "", "vat_number": "", "neq": "",
    "iban": "FR7630006000011234567890189", "bic": "AGRIFRPP", "bank_holder": "", "interac": "", "cheque": "",
    "discount_terms": "", "late_penalty": "", "closing_text": "", "supplies": Supplies.services, "vat_on_debits": False,
    "region": Region.FR, "currency": Currency.EUR,
}  # fmt: skip
SIRET, VAT = "73282932000074", "FR44732829320"
VATED, SMALL, PROFITLESS = TaxStatus.vat_registered, TaxStatus.small_business, TaxStatus.nonprofit
SELLERS: tuple[dict[str, Any], ...] = (
    {"tax_status": VATED, "siret": SIRET, "vat_number": VAT},
    {"tax_status": PROFITLESS, "siret": SIRET, "rna": "W751234567"},
    {"tax_status": VATED, "siret": SIRET, "vat_number": VAT, "supplies": Supplies.mixed, "vat_on_debits": True},
    {
        "tax_status": SMALL,
        "siret": SIRET,
        "supplies": Supplies.goods,
        "iban": "",
        "cheque": "l’association, 75011 Paris",
    },
    {"tax_status": VATED, "rna": "W751234567", "vat_number": VAT, "closing_text": "Médiateur : <mediation@example>"},
    {"tax_status": PROFITLESS, "rna": "W751234567", "email": ""},  # no SIREN, reached by nothing
    {"tax_status": SMALL, "siret": SIRET, "vat_number": VAT, "late_penalty": "Pénalités : 3 × le taux légal & plus"},
    {"tax_status": PROFITLESS, "rna": "W751234567", "bic": "", "cheque": "l’association"},  # no SIREN
)
NOBODY = {
    "kind": CustomerKind.organisation, "organisation_name": "Hélène & Œuvres SARL", "first_name": "", "last_name": "",
    "email": "achats@oeuvres.example", "street": "7 bis, allée des Chênes", "postcode": "69003", "city": "Lyon",
    "province": "", "country": "FR", "professional": True, "siren": "", "vat_number": "",
}  # fmt: skip
PERSON = {"kind": CustomerKind.person, "organisation_name": "", "first_name": "Élodie", "last_name": "Lefèvre-Núñez"}
BUYERS: tuple[dict[str, Any], ...] = (
    {"siren": "404833048", "vat_number": "FR83404833048", "first_name": "Zoé", "last_name": "Gagné"},
    {**PERSON, "professional": False},
    {
        "country": "DE",
        "postcode": "10115",
        "city": "Berlin",
        "vat_number": "DE123456789",
        "organisation_name": "Bücher GmbH",
    },
    {**PERSON, "professional": False, "email": ""},
    {"country": "CH", "postcode": "1200", "city": "Genève", "vat_number": "CHE-123.456.789", "siren": ""},
    {"organisation_name": samples.LONG_NAME, "street": "a\nb\nc\nd\ne"},  # at home, without a SIREN
    {**PERSON, "professional": False, "country": "CA", "province": "QC", "city": "Montréal", "postcode": "H2Y 1H2"},
    {
        "country": "GR",
        "postcode": "10431",
        "city": "Αθήνα",
        "vat_number": "EL 123456789",
        "organisation_name": "Βιβλία",
    },
    {"siren": "404833048", "professional": False, "organisation_name": "Œuvre <&> Cie ]]> «\u00a0Łódź\u00a0»"},
    {"country": "GF", "city": "Cayenne", "postcode": "97300", "siren": "404833048"},
    {**PERSON, "country": "XK", "city": "Prishtinë", "postcode": "10000", "professional": False},
    {"vat_number": "FR83404833048", "email": ""},  # its VAT number tells its SIREN
)
OWN_WORDS = TaxSet(code="OWN", exemption="", mention_fr="Exonération de TVA, art. 261 D, 2° du CGI", mention_en="")
UNTAXED = {
    key: TaxSet(code=key or "FR_NONE", exemption=key, mention_fr="", mention_en="")
    for key in ("", "training", "reverse_charge", "eu_goods", "export")
} | {"own": OWN_WORDS}  # fmt: skip
RATES = (20_000, 5_500, 10_000, 2_100)
METHODS = ("transfer", "cheque", "card", "cash", "direct_debit", "interac", "credit", "other")
LABELS = (*samples.LABELS, samples.LONG, "Œuvre <&> ]]> \u2009fine\u200bespace\u0007 « guillemets » ½ 50 % : oui ?")
DAYS = (date(2026, 8, 31), date(2026, 11, 1), date(2028, 2, 29))
SIZES = (1, 2, 1, 3, 5, 1, 8, 2, 12, 1, 4, 2, 1, 30)


def documents(count: int = 200, seed: int = 2026) -> Iterator[Document]:
    """So many documents, the same ones for the same seed; each alone depends on its place only."""
    for place in range(count):
        yield document(place, Random(seed * 1000 + place))


def document(place: int, chance: Random) -> Document:
    """One of them: seller, buyer, kind and payment go round, lines and discounts are drawn."""
    seller = Seller(**{**EMPTY, **SELLERS[place % len(SELLERS)]})
    buyer = {**NOBODY, **BUYERS[place // 2 % len(BUYERS)]}
    customer = Customer(**buyer, language=chance.choice(("fr_FR", "fr_FR", "fr_CA", "en")))
    day = chance.choice(DAYS)
    made = _invoice(place, chance, seller, customer, day)
    return _as(place % 7, made, chance)


def _invoice(place: int, chance: Random, seller: Seller, customer: Customer, day: date) -> Snapshot:
    size = 150 if place % 67 == 66 else chance.choice(SIZES)
    sets, lines = [], []
    for n in range(size):
        line, chosen = _line(chance, seller, customer, day, n)
        lines.append(line)
        sets += [chosen] if chosen else []
    if chance.random() < 0.3:
        lines = [replace(line, gross=True) for line in lines]
    language, untaxed = customer.language, [each for each in sets if each]
    unsaid = any(not (each.exemption or each.mention_fr) for each in untaxed)
    reasons = reasons_of(untaxed, seller, day, language)
    keys = tuple(line.exemption for line in lines)
    at = Situation(day, language, customer.professional, unsaid, 30, reasons, keys)
    terms = terms_of(seller, at)
    base = Snapshot(
        kind="invoice", number=f"F2026-{place:05}", language=language, currency="EUR", region="FR", issued_on=day,
        seller=seller_party(seller, {}, "France"), buyer=buyer_party(customer, True, seller), lines=(), taxes=(),
        net_cents=0, tax_cents=0, total_cents=0, due_on=day + timedelta(30), bank=bank_of(seller),
        supplied_on=chance.choice((None, day - timedelta(9))), mentions=mentions_of(seller, at),
        subject=chance.choice(("", "Séjour d’été : 3 & 4 août")), note=chance.choice(("", "Ligne 1 <b>\nLigne 2")),
        terms=tuple(text for _, text in terms), coded_terms=tuple(pair for pair in terms if pair[0]),
        closing=seller.closing_text, supplies=supplies_of(seller, day, keys), sells=seller.supplies,
        tax_status=seller.tax_status, vat_on_debits=seller.vat_on_debits,
    )  # fmt: skip
    made = _discounted(chance, base, tuple(lines))
    if made.total_cents < 0 or any(tax.base_cents < 0 for tax in made.taxes):
        made = samples.composed(base, tuple(replace(x, quantity_e3=abs(x.quantity_e3)) for x in lines))
    return replace(made, due_on=made.due_on if made.total_cents else None)


def _discounted(chance: Random, base: Snapshot, lines: tuple[Line, ...]) -> Snapshot:
    kind = chance.randrange(5)
    if kind == 0:
        return samples.composed(base, lines, discount_e4=chance.choice((500, 1000, 3333)))
    plain = samples.composed(base, lines)
    return samples.composed(base, lines, discount_cents=plain.net_cents // 7) if kind == 1 else plain


def _line(chance: Random, seller: Seller, customer: Customer, day: date, n: int) -> tuple[Line, TaxSet | None]:
    quantity = chance.choice((1000, 1000, 2000, 3000, 1500, 333, 7250, 25_000, -1000 if n else 1000))
    price = chance.choice((100_500, 1_250_000, 99_900, 41_667, 3_333, 0 if n else 70_000, 8_765_432))
    if chance.random() < 0.02:
        quantity = 18_172_835  # a quantity at which six decimals of a price don't reach
    line = Line(
        label=chance.choice(LABELS), quantity_e3=quantity, price_e4=price, net_cents=0,
        detail=chance.choice(("", "", "Du 1er au 31 octobre")), discount_e4=chance.choice((0, 0, 0, 1250, 10_000)),
        gross=chance.random() < 0.25,
    )  # fmt: skip
    if seller.tax_status is VATED and chance.random() < 0.7:
        rate = chance.choice(RATES)
        label = "VAT" if customer.language == "en" else "TVA"
        return replace(line, taxes=(LineTax(f"TVA{rate}", label, rate),)), None
    chosen = UNTAXED[chance.choice(_possible(seller, customer))]
    why = why_untaxed(chosen, seller, day, customer.language)
    return replace(line, why_untaxed=why, exemption=chosen.exemption), chosen


def _possible(seller: Seller, customer: Customer) -> tuple[str, ...]:
    """The reasons without tax that such a sale may have."""
    found = ["", "", "training", "own"]
    if seller.vat_number and customer.country in ("DE", "GR"):
        found += ["reverse_charge", "eu_goods"]
    if seller.vat_number and customer.country in ("CH", "CA", "XK"):
        found += ["export"]
    return tuple(found)


def _as(kind: int, made: Snapshot, chance: Random) -> Document:
    """Owed, paid at once, paid later, lettered; credit notes official, lettered, of an order without a reference."""
    day, official = made.issued_on, "FA-2026/0815"
    if kind < 4:
        paid = kind > 0 and made.total_cents > 0
        made = replace(made, paid_on=day - timedelta(3), paid_by=chance.choice(METHODS)) if kind == 1 and paid else made
        later = day + timedelta(40) if kind > 1 and paid else None
        lettered = {"official_number": official, "duplicate": True} if kind == 3 else {}
        orders = {"mode": "portal_reference", "due_on": None} if kind == 3 else {}
        return replace(made, **orders), Facts(Heading.invoice, paid_on=later, **lettered)  # type: ignore[arg-type]
    note = credit_of(made, chance)
    if kind == 4 or note.total_cents <= 0:
        return note, Facts(Heading.credit_note)
    facts = Facts(Heading.credit_note, "AV 2026.7" if chance.random() < 0.5 else "AV-7", True)
    return replace(note, mode="portal_reference"), replace(facts, corrects_official=official if kind == 5 else "")


def credit_of(was: Snapshot, chance: Random) -> Snapshot:
    """A credit note on the whole, or on part of the first line, as the house makes it; the invoice where it can't."""
    named = {(tax.code, tax.rate_e5): n for n, tax in enumerate(was.taxes)}
    lines = tuple(
        CorrectedLine(
            n, LineContent(x.label, x.detail, x.quantity_e3, x.price_e4, x.discount_e4, 1, x.gross),
            tuple(Borne(named[t.code, t.rate_e5], t.rate_e5) for t in x.taxes), x.net_cents, x.allowance_cents,
        )
        for n, x in enumerate(was.lines)
    )  # fmt: skip
    taxes = tuple(TaxSum(n, t.rate_e5, t.base_cents, t.amount_cents) for n, t in enumerate(was.taxes))
    corrected = Corrected(lines, taxes, {}, was.total_cents, 0)
    if was.total_cents <= 0:
        return replace(was, kind="credit_note", corrects=was.number, corrects_on=was.issued_on, due_on=None)
    first = max(lines, key=lambda line: line.rest_cents)
    part = first.rest_cents > 300 and chance.random() < 0.4
    found = credited(corrected, ((first.id, first.rest_cents // 3),) if part else corrected.everything())
    amounts = found.amounts
    return replace(
        was, kind="credit_note", number=was.number.replace("F", "A"), issued_on=was.issued_on + timedelta(9),
        due_on=None, supplied_on=None, paid_on=None, paid_by="", note="", terms=(), coded_terms=(), corrects=was.number,
        corrects_on=was.issued_on, reason="atelier annulé", discount_e4=was.discount_e4 if found.is_whole else 0,
        net_cents=amounts.net_cents, tax_cents=amounts.tax_cents, total_cents=amounts.total_cents,
        allowance_cents=amounts.allowance_cents, rounding_cents=amounts.rounding_cents,
        lines=tuple(
            replace(was.lines[line.id], quantity_e3=now.quantity_e3, price_e4=now.price_e4, gross=now.gross,
                    discount_e4=now.discount_e4, net_cents=net, allowance_cents=off)
            for (line, now), net, off in zip(found.lines, amounts.nets, amounts.allowances, strict=True)
        ),
        taxes=tuple(replace(was.taxes[t.tax_id], base_cents=t.base_cents, amount_cents=t.amount_cents)
                    for t in amounts.taxes),
    )  # fmt: skip
