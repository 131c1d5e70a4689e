"""What a verification found, in words: each fault names its record, what not to do, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from invoicing.money import write_scaled
from invoicing.proof.rules import Check, Fault
from web.statuses import STATUSES
from web.words import N_, _, language, ngettext

TITLES: Final = {
    "chain": N_("Journal"),
    "anchors": N_("Ancrages"),
    "documents": N_("Documents"),
    "numbers": N_("Numéros"),
    "payments": N_("Paiements et avoirs"),
    "lettering": N_("Lettrage"),
    "archive": N_("Archive"),
    "exports": N_("Exports comptables"),
    "tallies": N_("Compteurs des listes"),
    "guards": N_("Protections de la base"),
}
_DATABASE: Final = N_("Ne corrigez rien à la main : conservez la base telle quelle, restaurez une sauvegarde à côté, "
                      "comparez, puis vérifiez de nouveau.")  # fmt: skip
_FILE: Final = N_("Ne supprimez rien : restaurez ce fichier depuis une sauvegarde de l’archive, puis vérifiez de "
                  "nouveau.")  # fmt: skip
_JOURNAL: Final = N_("Ne supprimez rien et n’ajoutez rien au journal : comparez-le avec une sauvegarde, puis vérifiez "
                     "de nouveau.")  # fmt: skip
_ANCHORS: Final = N_("Ne supprimez rien : remettez le dossier des ancrages depuis sa sauvegarde, puis vérifiez de "
                     "nouveau.")  # fmt: skip
_SEAL: Final = N_("Ne modifiez rien à la main : lancez « lettrine db upgrade », puis vérifiez de nouveau.")
_GUARD: Final = N_("N’écrivez pas directement dans la base : lancez « lettrine db check » et faites rétablir les "
                   "protections.")  # fmt: skip
_COUNT: Final = N_("Ne corrigez rien à la main : lancez « lettrine db upgrade », qui recompte les documents, puis "
                   "vérifiez de nouveau.")  # fmt: skip
_KEY: Final = N_("Ne remplacez pas la clé : vérifiez que LETTRINE_JOURNAL_KEY est bien celle de cette installation.")

_SENTENCES: Final[dict[str, tuple[str, str]]] = {  # code → what is so, what to do
    "unfinished": (N_("La vérification n’a pas pu aller jusqu’au bout : quelque chose ne se laisse pas lire."),
                   _DATABASE),
    "journal_gap": (N_("Des écritures manquent dans le journal : de %(first)s à %(last)s."), _JOURNAL),
    "journal_link": (N_("L’écriture %(position)s du journal ne suit pas celle qui la précède."), _JOURNAL),
    "journal_hash": (N_("L’écriture %(position)s du journal (%(action)s) a été modifiée ou fabriquée."), _JOURNAL),
    "journal_format": (N_("L’écriture %(position)s du journal a un format inconnu : %(format)s."), _JOURNAL),
    "journal_key": (N_("Aucune écriture du journal ne porte le sceau de cette clé."), _KEY),
    "journal_cut": (N_("La fin du journal manque : il s’arrête à %(last)s, alors qu’il allait au moins jusqu’à "
                       "%(position)s (ancrage %(file)s)."), _JOURNAL),
    "anchor_differs": (N_("L’écriture %(position)s du journal n’est pas celle qui a été ancrée (%(file)s) : le journal "
                          "a été refait."), _JOURNAL),
    "anchor_unmet": (N_("L’écriture %(position)s, ancrée (%(file)s), manque dans le journal."), _JOURNAL),
    "anchors_gone": (N_("Les ancrages ont disparu : le journal en avait depuis l’écriture %(position)s."), _ANCHORS),
    "anchor_forged": (N_("L’ancrage %(file)s, ligne %(line)s, a été modifié ou fabriqué."), _JOURNAL),
    "document_altered": (N_("%(name)s ne correspond plus à ce qui a été scellé."), _DATABASE),
    "document_overwritten": (N_("%(name)s a été modifié hors de Lettrine avant l’écriture %(position)s du journal."),
                             _DATABASE),
    "document_unknown": (N_("%(name)s n’a aucune écriture dans le journal : ce document n’a pas été établi ici."),
                         _DATABASE),
    "document_unproven": (N_("%(name)s n’est plus prouvé : la dernière écriture à son sujet est fausse."), _JOURNAL),
    "document_unsealed": (N_("%(name)s n’a pas encore été scellé."), _SEAL),
    "document_gone": (N_("%(name)s a disparu : le journal connaît ce document, la base ne l’a plus."), _DATABASE),
    "document_sums": (N_("%(name)s : lignes, taxes et total ne tombent pas juste."), _DATABASE),
    "number_twice": (N_("Le numéro %(number)s est porté deux fois."), _DATABASE),
    "number_seller": (N_("%(number)s n’est pas dans une série de son vendeur."), _DATABASE),
    "number_format": (N_("%(number)s n’a pas la forme de sa série : %(format)s."), _DATABASE),
    "number_gap": (N_("Il manque des numéros dans la série %(series)s : de %(first)s à %(last)s, avant %(before)s."),
                   _DATABASE),
    "number_day": (N_("%(number)s est daté d’avant %(earlier)s, qui le précède."), _DATABASE),
    "counter": (N_("Le compteur de la série %(series)s dit %(counter)s ; le dernier numéro donné est %(given)s."),
                _DATABASE),
    "series_day": (N_("La série %(series)s dit avoir servi pour la dernière fois le %(told)s ; son dernier document "
                      "est du %(day)s."), _DATABASE),
    "paid": (N_("%(name)s : les paiements ne font pas la somme payée."), _DATABASE),
    "credited": (N_("%(name)s : les avoirs ne font pas la somme créditée."), _DATABASE),
    "lettering_forged": (N_("%(name)s : une ligne de l’historique du lettrage a été modifiée ou fabriquée."),
                         _DATABASE),
    "lettering_gone": (N_("Une ligne de l’historique du lettrage manque (écriture %(position)s du journal)."),
                       _DATABASE),
    "lettering_row_gone": (N_("%(name)s : sa ligne de l’historique du lettrage manque (écriture %(position)s du "
                              "journal)."), _DATABASE),
    "lettering_differs": (N_("%(name)s : le lettrage n’est pas le dernier qui a été enregistré."), _DATABASE),
    "import_altered": (N_("L’import n° %(run)s ne correspond plus à ce que le journal dit de lui (%(what)s)."),
                       _DATABASE),
    "import_gone": (N_("L’import n° %(run)s a disparu : le journal le connaît, la base ne l’a plus."), _DATABASE),
    "version_altered": (N_("%(name)s, version %(version)s, ne correspond plus à son empreinte."), _DATABASE),
    "version_gone": (N_("%(name)s, version %(version)s, a disparu de la base."), _DATABASE),
    "version_entry_gone": (N_("%(name)s, version %(version)s, se dit scellée sans l’être."), _DATABASE),
    "version_unproven": (N_("%(name)s, version %(version)s, n’est plus prouvée : son écriture au journal est fausse."),
                         _JOURNAL),
    "version_xml_altered": (N_("%(name)s, version %(version)s : l’empreinte notée de son XML (Factur-X) n’est plus "
                               "celle qui a été scellée."), _DATABASE),
    "version_source_altered": (N_("%(name)s, version %(version)s : l’empreinte notée de ses données d’origine n’est "
                                  "plus celle qui a été scellée."), _DATABASE),
    "file_missing": (N_("%(name)s, version %(version)s : le PDF archivé manque."), _FILE),
    "file_altered": (N_("%(name)s, version %(version)s : le PDF archivé ne correspond plus à son empreinte."), _FILE),
    "xml_missing": (N_("%(name)s, version %(version)s : le XML archivé (Factur-X) manque."), _FILE),
    "xml_altered": (N_("%(name)s, version %(version)s : le XML archivé (Factur-X) ne correspond plus à son "
                       "empreinte."), _FILE),
    "source_missing": (N_("%(name)s, version %(version)s : le fichier archivé de ses données d’origine manque."),
                       _FILE),
    "source_altered": (N_("%(name)s, version %(version)s : le fichier archivé de ses données d’origine ne correspond "
                          "plus à son empreinte."), _FILE),
    "export_unknown": (N_("L’export comptable n° %(export)s n’a pas d’écriture dans le journal : il n’a pas été établi "
                          "ici."), _DATABASE),
    "export_unproven": (N_("L’export comptable n° %(export)s n’est plus prouvé : son écriture au journal est fausse."),
                        _JOURNAL),
    "export_altered": (N_("L’export comptable n° %(export)s ne correspond plus à ce qui a été établi (%(what)s)."),
                       _DATABASE),
    "export_bytes": (N_("Le fichier de l’export comptable n° %(export)s ne correspond plus à son empreinte."),
                     _DATABASE),
    "export_items": (N_("La liste des documents de l’export comptable n° %(export)s a été modifiée."), _DATABASE),
    "export_gone": (N_("L’export comptable n° %(export)s a disparu : le journal le connaît, la base ne l’a plus."),
                    _DATABASE),
    "export_gap": (N_("Il manque des exports comptables : du n° %(first)s au n° %(last)s."), _DATABASE),
    "tally": (N_("Un compteur des listes est faux (%(group)s) : il dit %(kept)s pour un total de %(kept_sum)s ; les "
                 "documents sont %(found)s, pour %(found_sum)s."), _COUNT),
    "guard": (N_("La protection %(guard)s de la base manque ou a été modifiée."), _GUARD),
}  # fmt: skip


def what_is_so(fault: Fault) -> str:
    """The fact, with the record's name."""
    facts = _counter(fault) if fault.code == "tally" else {**fault.facts, "name": named(fault)}
    return _(_SENTENCES[fault.code][0], **facts)


def _counter(fault: Fault) -> dict[str, Any]:
    """Which counter, and the figures as a person reads them."""
    facts = fault.facts
    shown = STATUSES.get(str(facts["status"]))
    kind = _("Avoir") if facts["kind"] == "credit_note" else _("Facture")
    currency = str(facts["currency"])
    sums = {f"{name}_sum": f"{write_scaled(int(facts[f'{name}_cents'] or 0), 2, language())} {currency}"
            for name in ("kept", "found")}  # fmt: skip
    counts = {name: figure(int(facts[name] or 0)) for name in ("kept", "found")}
    return {"group": ", ".join((kind, shown.label if shown else str(facts["status"]), currency)), **sums, **counts}


def what_to_do(fault: Fault) -> str:
    """What not to do, then what to do."""
    return _(_SENTENCES[fault.code][1])


def named(fault: Fault) -> str:
    """The document's number, or what it is without one."""
    if fault.facts.get("number"):
        return str(fault.facts["number"])
    return _("Le document sans numéro %(id)s", id=fault.facts.get("invoice_id"))


def in_full(fault: Fault) -> str:
    """Both, as one text."""
    return f"{what_is_so(fault)} {what_to_do(fault)}"


def figure(count: int) -> str:
    """A count, with its thousands apart."""
    return write_scaled(count, 0, language())


def what_was_checked(check: Check) -> str:
    """What a check without a fault has shown."""
    return _SHOWN[check.name](check)


def _documents(check: Check) -> str:
    drafts = check.notes.get("drafts", 0)
    shown = _("Chaque document est tel que le journal l’a laissé : lignes, taxes et totaux compris.")
    if not drafts:
        return shown
    return shown + " " + ngettext("%(num)s n’est pas figé.", "%(num)s ne sont pas figés.", drafts, num=figure(drafts))


def _archive(check: Check) -> str:
    shown = _("Chaque PDF archivé a encore l’empreinte de sa création.")
    if beside := check.notes.get("beside", 0):
        shown += " " + ngettext("%(num)s fichier rangé à côté aussi (XML, données d’origine).",
                                "%(num)s fichiers rangés à côté aussi (XML, données d’origine).", beside,
                                num=figure(beside))  # fmt: skip
    if unsealed := check.notes.get("unsealed", 0):
        shown += " " + ngettext("%(num)s attend son sceau.", "%(num)s attendent leur sceau.", unsealed,
                                num=figure(unsealed))  # fmt: skip
    if due := check.notes.get("due", 0):
        shown += " " + ngettext("%(num)s reste à établir.", "%(num)s restent à établir.", due, num=figure(due))
    return shown


def _anchors(check: Check) -> str:
    if not check.count:
        return _("Aucun ancrage encore : la fin du journal n’est attestée nulle part ailleurs.")
    shown = _("Le journal contient chaque écriture notée hors de la base.")
    if torn := check.notes.get("torn", 0):
        shown += " " + ngettext("%(num)s ligne d’ancrage est illisible.", "%(num)s lignes d’ancrage sont illisibles.",
                                torn)  # fmt: skip
    return shown


_SHOWN: Final[dict[str, Callable[[Any], str]]] = {
    "chain": lambda c: _("Chaque événement suit le précédent ; aucun n’a été changé ni retiré."),
    "anchors": _anchors,
    "documents": _documents,
    "numbers": lambda c: ngettext("%(num)s série numérotée ici : aucun trou, aucun doublon, dates croissantes.",
                                  "%(num)s séries numérotées ici : aucun trou, aucun doublon, dates croissantes.",
                                  c.notes.get("series", 0)),
    "payments": lambda c: _("Paiements, remboursements et avoirs font les sommes affichées."),
    "lettering": lambda c: _("Chaque référence est la dernière de son historique, et l’historique est entier."),
    "archive": _archive,
    "exports": lambda c: _("Chaque fichier remis au comptable est entier, et leur suite n’a pas de trou."),
    "tallies": lambda c: _("Les compteurs des onglets disent ce que les documents disent, recomptés un par un."),
    "guards": lambda c: _("La base refuse toute modification de ce qui est figé."),
}  # fmt: skip
