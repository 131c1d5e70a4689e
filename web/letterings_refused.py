"""Why an import of letterings wrote nothing after all, or can't be taken back, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from invoicing.imports.rules import NothingToUndo, StillAsks
from web import errors
from web.words import _, ngettext

Facts = Mapping[str, Any]
FAULTS: Final[dict[str, Callable[[Facts], str]]] = {
    "changed_meanwhile": lambda f: ngettext(
        "Rien n’a été lettré : %(num)s ligne a changé entre-temps. Son nouveau verdict est ci-dessous ; relisez, puis "
        "lettrez de nouveau.",
        "Rien n’a été lettré : %(num)s lignes ont changé entre-temps. Leurs nouveaux verdicts sont ci-dessous ; "
        "relisez, puis lettrez de nouveau.",
        f["rows"]),
    "came_after": lambda f: ngettext(
        "Rien n’a été repris : la référence de %(numbers)s a été changée depuis.",
        "Rien n’a été repris : la référence de %(num)s factures a été changée depuis (%(numbers)s).",
        f["count"], numbers=", ".join(f["numbers"]) + ("…" if f["count"] > len(f["numbers"]) else "")),
    "not_written": lambda f: _("Rien n’a été écrit : une erreur est survenue, elle est dans le journal technique."),
}  # fmt: skip

errors.register(NothingToUndo, 409, lambda r: _("Cet import n’a rien lettré : il n’y a rien à reprendre."))
errors.register(StillAsks, 422, lambda r: _("Dites d’abord ce que contiennent les colonnes."))
