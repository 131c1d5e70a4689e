"""Why a file of an accounting program can't be read, or must not be, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from web.words import _, ngettext

Facts = Mapping[str, Any]
UNREADABLE: Final[dict[str, Callable[[Facts], str]]] = {
    "bank_statement": lambda f: _("C’est un relevé de banque : il dit ce qui a été payé, non sous quelle référence "
                                  "une facture est comptabilisée. Il faut un export du logiciel comptable."),
    "payment_log": lambda f: _("C’est un journal de paiement : il se relève sous « Traces ». Il faut ici un export du "
                               "logiciel comptable."),
    "shop_orders": lambda f: _("C’est l’export des commandes d’une boutique : il s’importe sous « Commandes d’une "
                               "boutique ». Il faut ici un export du logiciel comptable."),
    "rimport": lambda f: _("Un fichier RImport ne nomme pas ses colonnes : exportez plutôt les écritures au format "
                           "FEC, XIMPORT, CSV ou XLSX."),
    "no_table": lambda f: _("Aucun tableau n’a été trouvé dans ce fichier. Il faut l’export des factures ou des "
                            "écritures de vente, en CSV, en XLSX ou au format FEC."),
    "other_tab": lambda f: _("Seule la feuille « %(read)s » de ce classeur est lue, et elle n’a pas de tableau de "
                             "factures. Mettez la bonne feuille en premier, puis recommencez. Il y a aussi : "
                             "%(others)s.", read=f["read"], others=", ".join(f["others"][:10])),
    "only_headings": lambda f: _("Ce fichier n’a que des titres, à la ligne %(line)s : rien ne les suit.",
                                 line=f["line"]),
    "no_customer_lines": lambda f: _("Aucune ligne de ce fichier n’est au compte d’un client (411…, ou « Accounts "
                                     "Receivable ») : il n’y a pas de facture à lettrer. Exportez le journal des "
                                     "ventes avec ses numéros de compte."),
    "ragged_row": lambda f: ngettext(
        "À la ligne %(line)s, il y a %(num)s case pour %(expected)s titres : un séparateur, une virgule ou un retour "
        "à la ligne la coupe. Corrigez-la, puis recommencez.",
        "À la ligne %(line)s, il y a %(num)s cases pour %(expected)s titres : un séparateur, une virgule ou un retour "
        "à la ligne les coupe. Corrigez-la, puis recommencez.",
        f["found"], line=f["line"], expected=f["expected"]),
    "broken_line": lambda f: _("La ligne %(line)s n’est pas faite comme les autres : ce fichier a été changé ou coupé. "
                               "Exportez-le de nouveau.", line=f["line"]),
    "cut_file": lambda f: _("La fin de ce fichier manque. Exportez-le de nouveau."),
}  # fmt: skip
