"""What an import of letterings says, in words: a verdict per official document, columns, programs (SPEC C9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from invoicing.accounting.plan import Column, Days, Plan
from invoicing.lettering.bulk_rules import Verdict
from invoicing.money import SYMBOL, write_money, write_scaled
from web.filters import short_date
from web.statuses import STATUSES, Shown
from web.words import N_, _, language, ngettext

Facts = Mapping[str, Any]
VERDICTS: Final[dict[Verdict, Shown]] = {  # in the order of the page: what will be done, then what needs a person
    Verdict.will_letter: Shown(N_("À lettrer"), "circle-check", "ok"),
    Verdict.lettered: Shown(N_("Lettrée"), "link", "ok"),
    Verdict.already: Shown(N_("Déjà ainsi"), "link", "mute"),
    Verdict.suggest: Shown(N_("Propositions"), "list-search", "info"),
    Verdict.unknown_invoice: Shown(N_("Facture inconnue"), "help-circle", "warn"),
    Verdict.amount_differs: Shown(N_("Montant différent"), "equal-not", "warn"),
    Verdict.wrong_status: Shown(N_("Mauvais statut"), "ban", "warn"),
    Verdict.already_lettered_otherwise: Shown(N_("Autre référence"), "alert-circle", "err"),
    Verdict.taken: Shown(N_("Référence prise"), "alert-circle", "err"),
    Verdict.duplicate_in_file: Shown(N_("Doublon du fichier"), "copy", "err"),
    Verdict.several_candidates: Shown(N_("Plusieurs possibles"), "arrows-split", "warn"),
    Verdict.bad_reference: Shown(N_("Référence impossible"), "alert-triangle", "err"),
    Verdict.bad_row: Shown(N_("Ligne illisible"), "alert-triangle", "err"),
    Verdict.taken_back: Shown(N_("Reprise"), "unlink", "mute"),
}
COLUMNS: Final[dict[Column, str]] = {
    Column.reference: N_("Référence comptable (lettrage)"),
    Column.number: N_("Numéro de facture de Lettrine"),
    Column.transaction: N_("Code de transaction"),
    Column.day: N_("Date"),
    Column.amount: N_("Montant TTC"),
    Column.debit: N_("Débit"),
    Column.credit: N_("Crédit"),
    Column.sense: N_("Sens (D ou C)"),
    Column.currency: N_("Devise"),
    Column.customer: N_("Nom du client"),
    Column.label: N_("Libellé"),
    Column.journal: N_("Journal"),
    Column.account: N_("Compte"),
    Column.kind: N_("Type de pièce"),
    Column.line_amount: N_("Montant d’une ligne"),
    Column.quantity: N_("Quantité d’une ligne"),
    Column.entry: N_("Numéro d’écriture"),
    Column.ignored: N_("Ignorer"),
}
DAYS: Final[dict[Days, str]] = {
    Days.day_first: N_("Le jour d’abord : 31/01/2026"),
    Days.month_first: N_("Le mois d’abord : 01/31/2026"),
}
SEPARATORS: Final = {
    ";": N_("point-virgule"), ",": N_("virgule"), "\t": N_("tabulation"), "|": N_("barre verticale"),
}  # fmt: skip
ENCODINGS: Final = {
    "cp1252": "Windows-1252", "iso8859-15": "ISO-8859-15", "cp850": "CP850 (DOS)", "utf-8": "UTF-8",
    "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "utf-32-le": "UTF-32",
}  # fmt: skip
ASKS: Final = {
    "reference": N_("Dites quelle colonne porte la référence comptable."),
    "days": N_("Les dates se lisent de deux façons : dites si le jour ou le mois vient d’abord."),
    "twice": N_("Deux colonnes sont dites pareilles, et une seule peut l’être : corrigez l’une des deux."),
    "columns": N_("Dites ce que contient chaque colonne : aucune n’a été reconnue avec certitude."),
}
_BAD: Final = {
    "empty": N_("La référence est vide."),
    "placeholder": N_("« %(reference)s » n’est pas une référence : c’est un mot de remplissage."),
    "too_long": N_("« %(reference)s » est trop longue pour une référence."),
    "invisible": N_("« %(reference)s » a des caractères invisibles."),
    "no_glyph": N_("« %(reference)s » a des caractères qui ne s’impriment pas."),
}
_UNKNOWN: Final = {
    "no_number": N_("Aucun de nos numéros sur la ligne, et rien qui y ressemble."),
    "weak": N_("Aucun de nos numéros sur la ligne, et rien qui y ressemble assez."),
    "no_such_number": N_("Aucune facture ne porte le numéro %(number)s."),
    "credit_note": N_("Un avoir qui cite %(number)s : il ne lettre pas la facture."),
}

_UNREAD: Final = {
    "amount": N_("Le montant « %(text)s » ne se lit pas, ou se lit de deux façons."),
    "day": N_("La date « %(text)s » ne se lit pas."),
}


def described(plan: Plan) -> str:
    """How a file was read: « FEC · 1 204 lignes · tabulation, cp1252 »."""
    parts = [plan.program, ngettext("%(num)s ligne", "%(num)s lignes", plan.rows, num=_count(plan.rows))]
    parts.append(", ".join(filter(None, (_(SEPARATORS.get(plan.separator, "")) if plan.separator else "",
                                         ENCODINGS.get(plan.encoding, plan.encoding)))))  # fmt: skip
    return " · ".join(filter(None, parts))


def day_choices() -> list[tuple[str, str]]:
    """The ways in which days are written, for a form."""
    return [(str(days), _(label)) for days, label in DAYS.items()]


def decimal_choices() -> list[tuple[str, str]]:
    """The signs of decimals, for a form; the first leaves it to the amounts."""
    return [("", _("Chaque montant le dit")), (",", _("La virgule : 1 234,56")), (".", _("Le point : 1,234.56"))]


def _count(number: int) -> str:
    return write_scaled(number, 0, language())


def amount(facts: Facts, cents: str = "amount_cents", currency: str = "currency") -> str:
    """An amount of a row as the language writes it; "" where the file says none."""
    if facts.get(cents) is None:
        return ""
    if facts.get(currency) in SYMBOL:
        return write_money(facts[cents], facts[currency], language())
    return write_scaled(facts[cents], 2, language(), least=2)


def day(facts: Facts) -> str:
    """The day that a row says; "" where it says none."""
    return short_date(date.fromisoformat(facts["day"])) if facts.get("day") else ""


def told(verdict: str, facts: Facts) -> str:
    """What is said of an official document, in a sentence; "" where the verdict says all."""
    said = _SAID[Verdict(verdict)](facts)
    cut = _("Le logiciel a pu couper cette référence.") if facts.get("cut") else ""
    return " ".join(filter(None, (said, cut)))


def _why(reasons: Mapping[str, str], facts: Facts) -> str:
    text = reasons[facts["why"]]
    return _(text, number=facts.get("number", ""), reference=facts.get("reference", ""))


def _unread(facts: Facts) -> str:
    text = _UNREAD[facts["unread"]]
    return _(text, text=facts["text"])


def _lines(facts: Facts) -> str:
    return ", ".join(map(str, facts["lines"]))


def _status(value: str) -> str:
    known = STATUSES.get(value)
    return known.label.lower() if known else value


_SAID: Final[dict[Verdict, Callable[[Facts], str]]] = {
    Verdict.will_letter: lambda f: "",
    Verdict.lettered: lambda f: "",
    Verdict.already: lambda f: "",
    Verdict.suggest: lambda f: ngettext(
        "%(num)s facture qui y ressemble : à vous de dire.", "%(num)s factures qui y ressemblent : à vous de dire.",
        len(f.get("suggestions", ()))),
    Verdict.unknown_invoice: lambda f: _why(_UNKNOWN, f),
    Verdict.amount_differs: lambda f: _(
        "Facture : %(total)s.", total=amount(f, "total_cents", "invoice_currency")),
    Verdict.wrong_status: lambda f: _(
        "Au statut « %(status)s », elle ne se lettre pas.", status=_status(f["status"])),
    Verdict.already_lettered_otherwise: lambda f: _(
        "Elle porte déjà %(reference)s, qui reste.", reference=f["has"]),
    Verdict.taken: lambda f: _("Portée par %(number)s.", number=f["by"]),
    Verdict.duplicate_in_file: lambda f: ngettext(
        "Aussi à la ligne %(lines)s : aucune n’est lettrée.", "Aussi aux lignes %(lines)s : aucune n’est lettrée.",
        len(f["lines"]), lines=_lines(f)),
    Verdict.several_candidates: lambda f: _(
        "Une seule ligne pour plusieurs factures : %(numbers)s.", numbers=", ".join(f["numbers"])),
    Verdict.bad_reference: lambda f: _why(_BAD, f),
    Verdict.bad_row: _unread,
    Verdict.taken_back: lambda f: _("Lettrée par cet import, puis reprise avec lui."),
}  # fmt: skip


FAULTS: Final[dict[str, Callable[[Facts], str]]] = {  # of a whole run, when it was to be written or taken back
    "changed_meanwhile": lambda f: ngettext(
        "Rien n’a été lettré : %(num)s ligne a changé entre-temps. Voici son nouveau verdict.",
        "Rien n’a été lettré : %(num)s lignes ont changé entre-temps. Voici leurs nouveaux verdicts.", f["rows"]),
    "came_after": lambda f: ngettext(
        "Rien n’a été repris : la référence de %(num)s facture a changé depuis : %(numbers)s.",
        "Rien n’a été repris : les références de %(num)s factures ont changé depuis : %(numbers)s.",
        f["count"], numbers=", ".join(f["numbers"])),
    "not_written": lambda f: _(
        "Rien n’a été écrit : une erreur imprévue a tout arrêté. Elle est dans le journal technique."),
}  # fmt: skip
