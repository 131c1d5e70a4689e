"""Why an import of letterings wrote nothing after all, or can't be taken back, in words."""

from __future__ import annotations

from invoicing.imports.rules import NothingToUndo, StillAsks
from web import errors
from web.words import _

errors.register(NothingToUndo, 409, lambda r: _("Cet import n’a rien lettré : il n’y a rien à reprendre."))
errors.register(StillAsks, 422, lambda r: _("Dites d’abord ce que contiennent les colonnes."))
