"""The list of taxes: what the filter in the address leaves, in which order, what warns, and the same as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin import bp
from admin.list_words import Words, read
from admin.seller_forms import REGIONS
from admin.taxes_forms import rate_of, told
from invoicing.search import fold
from invoicing.sellers.models import Region
from invoicing.sheets import Column, Row
from invoicing.taxes import queries
from invoicing.taxes.models import Tax, TaxSet
from invoicing.taxes.rates import gaps
from web.database import db
from web.exports import send_sheet
from web.faults import by_field
from web.filters import rate as written
from web.filters import short_date
from web.site import today
from web.words import N_, _, language

FIELDS: Final = ("q", "region", "etat")
SORTS: Final = ("nom", "taux", "depuis")
STATES: Final = {"utilisees": N_("Utilisées"), "libres": N_("Pas encore utilisées"), "retirees": N_("Retirées")}
_REGION_WORDS: Final = {region.value.lower(): region for region in Region}


def asked() -> Words:
    """What the address asks for."""
    return read(request.args, "admin.taxes", FIELDS, SORTS, "nom")


def list_facts() -> dict[str, Any]:
    """Everything that the page shows, by region; regions in which nothing is found are left out."""
    words = asked()
    found = _found(db.session, words)
    shown = [(name, taxes, sets) for name, taxes, sets in found if taxes or sets or not words.is_narrowed]
    return {
        "regions": shown, "words": words, "faults": by_field(words.faults),
        "region_choices": [("", _("Toutes")), *((word, _(REGIONS[each])) for word, each in _REGION_WORDS.items())],
        "state_choices": [("", _("Tous")), *((word, _(name)) for word, name in STATES.items())],
    }  # fmt: skip


def _found(session: Session, words: Words) -> list[tuple[str, list[Any], list[Any]]]:
    region, state = words.one_of("region", _REGION_WORDS), words.one_of("etat", {word: word for word in STATES})
    borne, chosen = queries.used(session)
    fits = _fitting(words.typed["q"])
    taxes = [tax for tax in queries.all_taxes(session) if _stands(state, tax.active, tax.id in borne) and fits(tax)]
    sets = [row for row in queries.all_sets(session) if _stands(state, row.active, row.id in chosen) and fits(row)]
    return [
        (
            _(name),
            _sorted([(tax, rate_of(tax, today()), tax.id in borne, warning(tax)) for tax in taxes
                     if tax.region is each], words),
            [(row, told(row), row.id in chosen) for row in sets if row.region is each],
        )
        for each, name in REGIONS.items()
        if region in (None, each)
    ]  # fmt: skip


def _stands(state: str | None, active: bool, used: bool) -> bool:
    return state is None or state == ("retirees" if not active else "utilisees" if used else "libres")


def _fitting(query: str) -> Callable[[Tax | TaxSet], bool]:
    """Whether code, names or words of a tax or choice have every word that was typed."""
    parts = fold(query).split()

    def fits(row: Tax | TaxSet) -> bool:
        told_too = told(row) if isinstance(row, TaxSet) else " ".join(written(rate.rate_e5) for rate in row.rates)
        text = fold(row.code, row.label_fr, row.label_en, told_too)
        return all(part in text for part in parts)

    return fits


def _sorted(rows: list[Any], words: Words) -> list[Any]:
    keys: dict[str, Callable[[Any], Any]] = {
        "nom": lambda row: fold(row[0].label(language()), row[0].code),
        "taux": lambda row: row[1].rate_e5 if row[1] else -1,
        "depuis": lambda row: row[1].valid_from.toordinal() if row[1] else 0,
    }
    return sorted(rows, key=keys[words.sort], reverse=words.descending)


def warning(tax: Tax) -> str:
    """What is to be known of days without a rate; empty where there are none, or the tax is no longer offered."""
    if not tax.active:
        return ""
    said = [
        _("Aucun taux du %(first)s au %(last)s.", first=short_date(first), last=short_date(last)) if last else
        _("Aucun taux depuis le %(first)s.", first=short_date(first)) if first <= today() else
        _("Aucun taux à partir du %(first)s.", first=short_date(first))
        for first, last in gaps(tax)
    ]  # fmt: skip
    return " ".join(said)


@bp.get("/taxes/export.<kind>")
def taxes_export(kind: str) -> ResponseReturnValue:
    """The taxes that the filter shows, a row per dated rate."""
    words = asked()
    names = (_("Région"), _("Code"), _("Nom"), _("Taux (%)"), _("Depuis le"), _("Jusqu’au"), _("État"))
    columns = [Column(name, "e5" if at == 3 else "day" if at in (4, 5) else "text") for at, name in enumerate(names)]
    return send_sheet(_("Taxes"), columns, lambda session: _rows(session, words), kind)


def _rows(session: Session, words: Words) -> Iterator[Row]:
    for region, taxes, _sets in _found(session, words):
        for tax, _current, borne, _warning in taxes:
            state = _("Retirée") if not tax.active else _("Utilisée") if borne else _("Pas encore utilisée")
            for rate in tax.rates:
                yield (region, tax.code, tax.label(language()), rate.rate_e5, rate.valid_from, rate.valid_to,
                       state)  # fmt: skip
