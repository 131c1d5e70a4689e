"""What an import says, in words: why a file can't be read, and a sentence per verdict of a row."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from invoicing.customers import importing_rules as customers
from invoicing.errors import Fault
from invoicing.imports import rules
from invoicing.imports.models import ImportRow, ImportRun, RunKind, RunState
from invoicing.imports.rules import FormServed, NothingToApply, NotReady, Unreadable
from invoicing.lettering import bulk_rules as bulk
from invoicing.shop import importing_rules as orders
from web import (
    errors,
    imports_customers,
    imports_orders,
    letterings,
    letterings_refused,  # noqa: F401  registers its sentences
    letterings_unreadable,
    traces,
)
from web.faults import CODES, sentence
from web.statuses import Shown
from web.words import N_, _, ngettext

Facts = Mapping[str, Any]
KINDS: Final = {
    RunKind.orders: N_("Commandes d’une boutique"),
    RunKind.customers: N_("Liste de clients"),
    RunKind.provider_log: N_("Journal de paiement"),
    RunKind.letterings: N_("Lettrages"),
}
STATES: Final = {
    RunState.waiting: Shown(N_("Attend d’être lu"), "hourglass", "info"),
    RunState.judging: Shown(N_("En lecture"), "hourglass", "info"),
    RunState.judged: Shown(N_("Lu, à décider"), "alert-circle", "warn"),
    RunState.asked: Shown(N_("Attend d’être appliqué"), "hourglass", "info"),
    RunState.applying: Shown(N_("Import en cours"), "hourglass", "info"),
    RunState.applied: Shown(N_("Appliqué"), "circle-check", "ok"),
    RunState.unreadable: Shown(N_("Illisible"), "alert-triangle", "err"),
    RunState.dropped: Shown(N_("Écarté"), "ban", "mute"),
    RunState.mapping: Shown(N_("Colonnes à confirmer"), "alert-circle", "warn"),
    RunState.undo_asked: Shown(N_("Attend d’être repris"), "hourglass", "info"),
    RunState.undoing: Shown(N_("Reprise en cours"), "hourglass", "info"),
    RunState.undone: Shown(N_("Repris"), "unlink", "mute"),
}
READ: Final = Shown(N_("Lu"), "circle-check", "ok")  # of a file that is never applied
VERDICTS: Final[dict[RunKind, Mapping[Any, Shown]]] = {
    RunKind.orders: imports_orders.VERDICTS,
    RunKind.customers: imports_customers.VERDICTS,
    RunKind.provider_log: traces.VERDICTS,
    RunKind.letterings: letterings.VERDICTS,
}
_SAID: Final[dict[RunKind, Callable[[str, Facts], str]]] = {
    RunKind.orders: imports_orders.told,
    RunKind.customers: imports_customers.told,
    RunKind.provider_log: traces.told,
    RunKind.letterings: letterings.told,
}
COMES_IN: Final[dict[RunKind, frozenset[Any]]] = {  # verdicts after which nobody has anything to do
    RunKind.orders: orders.COMES_IN,
    RunKind.customers: customers.COMES_IN,
    RunKind.letterings: bulk.DONE | bulk.APPLIES,
}
_SPELT: Final = {  # essential columns, as their headings are usually written
    "id": "ID", "txid": "TxID", "st": "ST", "neat": "Neat", "tx": "TX", "ti": "TI",
    "nom": "Nom", "prenom": "Prénom", "organisation": "Organisation",
}  # fmt: skip


def _spelt(columns: Iterable[str]) -> str:
    return ", ".join(_SPELT.get(name, name) for name in columns)


_UNREADABLE: Final[dict[str, Callable[[Facts], str]]] = {
    "empty": lambda f: _("Ce fichier est vide."),
    "too_big": lambda f: _("Ce fichier est trop gros : %(num)s Mo au plus. Coupez-le en plusieurs.",
                           num=f["most"] // 2**20),
    "html": lambda f: _("Ce fichier est une page web, quel que soit son nom. Ouvrez-le dans un tableur, puis "
                        "enregistrez-le en XLSX ou en CSV."),
    "xml": lambda f: _("Ce fichier est en XML. Ouvrez-le dans un tableur, puis enregistrez-le en XLSX ou en CSV."),
    "other_kind": lambda f: _("Ce fichier n’est pas un tableau. Il faut un fichier CSV, XLSX, XLS ou ODS."),
    "password": lambda f: _("Ce classeur est protégé par un mot de passe. Enregistrez-en une copie sans mot de passe."),
    "damaged": lambda f: _("Ce classeur est abîmé, ou refuse de se laisser lire. Ouvrez-le dans un tableur, puis "
                           "enregistrez-le de nouveau."),
    "too_much": lambda f: _("Ce classeur est trop lourd une fois déplié. Enregistrez-en la seule feuille utile, en "
                            "CSV."),
    "too_many_rows": lambda f: ngettext("Ce fichier a trop de lignes : %(num)s au plus.",
                                        "Ce fichier a trop de lignes : %(num)s au plus.", f["most"]),
    "too_many_columns": lambda f: _("La ligne %(line)s a trop de colonnes : ce n’est sans doute pas un tableau.",
                                    line=f["line"]),
    "unclosed_quote": lambda f: _("À partir de la ligne %(line)s, un guillemet n’est jamais refermé : corrigez-le, "
                                  "puis recommencez.", line=f["line"]),
    "long_line": lambda f: _("La ligne %(line)s est trop longue : ce n’est sans doute pas un tableau.", line=f["line"]),
    "no_columns": lambda f: ngettext("Il manque cette colonne : %(names)s. Vérifiez la ligne des titres.",
                                     "Il manque ces colonnes : %(names)s. Vérifiez la ligne des titres.",
                                     len(f["missing"]), names=_spelt(f["missing"])),
    "not_a_log": lambda f: _("Ce n’est pas un journal de paiement : aucune transaction n’y a été trouvée."),
    "no_shop": lambda f: _("Cette boutique n’existe pas."),
    "series_not_external": lambda f: _("La série de la boutique « %(shop)s » donne ses propres numéros : un export "
                                       "de commandes n’entre que dans une série externe.", shop=f["shop"]),
    "shop_closed": lambda f: _("La boutique « %(shop)s » est fermée : rouvrez-la, puis recommencez.", shop=f["shop"]),
    "not_judged": lambda f: _("Ce fichier n’a pas pu être lu jusqu’au bout. L’erreur est dans le journal technique."),
    **letterings_unreadable.UNREADABLE,
    **letterings.FAULTS,
}  # fmt: skip
_REFUSED: Final = {
    "MentionsMissing": N_("Refusée : il manque au vendeur une mention obligatoire. Complétez-la, puis recommencez."),
    "NumberMeetsSeries": N_("Refusée : une autre série pourrait donner ce numéro."),
    "NoRate": N_("Refusée : une taxe n’a pas de taux ce jour-là."),
    "BadNumber": N_("Refusée : le numéro a des caractères, ou une longueur, qu’un numéro n’a pas."),
    "MemberNumberTaken": N_("Refusée : un autre client a ce numéro de membre."),
    "AlreadyMember": N_("Refusée : ce contact est devenu membre entre-temps."),
    "Unreadable": N_("Refusée : la boutique a été fermée entre-temps. Rouvrez-la, puis importez de nouveau."),
    "Stale": N_("Refusée : quelqu’un d’autre a changé cela entre-temps. Importez de nouveau cette ligne."),
}


def why_unreadable(fault: Unreadable) -> str:
    """Why a file can't be read, and what to do."""
    return _UNREADABLE[fault.code](fault.facts)


def run_fault(run: ImportRun) -> str:
    """The same of a run; empty where it could be read."""
    return why_unreadable(Unreadable.from_json(run.fault)) if run.fault else ""


def state_of(run: ImportRun) -> Shown:
    """How far a run is."""
    is_only_read = run.kind is RunKind.provider_log and run.state is RunState.judged
    return READ if is_only_read else STATES[run.state]


def verdict_of(kind: RunKind, verdict: str) -> Shown:
    """What a verdict is called, with its picture and tone."""
    return next((shown for known, shown in VERDICTS[kind].items() if known == verdict), _UNKNOWN)


_UNKNOWN: Final = Shown(N_("Refusée"), "ban", "err")


def ordered(kind: RunKind, counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """The verdicts that occur, in the order in which a person reads them."""
    places = {str(verdict): n for n, verdict in enumerate(VERDICTS[kind])}
    return sorted(counts.items(), key=lambda pair: places.get(pair[0], len(places)))


def told(kind: RunKind, row: ImportRow) -> str:
    """What is said of a row, in a sentence."""
    return said_of(kind, row.verdict, json.loads(row.facts))


def said_of(kind: RunKind, verdict: str, facts: Facts) -> str:
    """The same of a verdict and what fills in its sentence, as JSON gives it back."""
    return _refused(facts) if verdict == rules.REFUSED and "kind" in facts else _SAID[kind](verdict, facts)


def _refused(facts: Facts) -> str:
    if facts.get("faults"):
        return " ".join(map(fault_told, facts["faults"]))
    return _(_REFUSED.get(facts["kind"], N_("Refusée : ce n’est pas possible ainsi. Rien n’a été changé.")))


def fault_told(raw: Facts) -> str:
    """One fault of a row, its field first: « E-mail : … »."""
    fault = Fault(raw["field"], raw["code"], dict(raw["facts"]))
    try:
        said = sentence(fault) if fault.code in CODES else _("Ce n’est pas possible ainsi.")
    except (KeyError, TypeError, AttributeError, ValueError):  # a fact that JSON could not keep as it was
        said = _("Ce n’est pas possible ainsi.")
    name = imports_customers.FIELDS.get(fault.field)
    return _("%(field)s : %(what)s", field=_(name), what=said) if name else said


errors.register(Unreadable, 422, why_unreadable)
errors.register(FormServed, 409, lambda r: _("Ce formulaire a déjà servi à un autre fichier. Recommencez."))
errors.register(NotReady, 409, lambda r: _("Ce n’est plus possible : cet import en est à une autre étape."))
errors.register(NothingToApply, 409, lambda r: _("Rien de ce fichier ne changerait quoi que ce soit."))
