"""« Derniers changements » of the settings: who, when, and what from what to what, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from admin.lettering_box import names_of
from admin.seller_forms import ORGANISATION_LABELS, SELLER_LABELS, shown
from admin.texts import by_whom
from invoicing.journal import JournalEntry
from invoicing.numbering import Series
from invoicing.sellers.models import Seller
from invoicing.sellers.queries import latest_changes
from invoicing.shop.models import Shop
from web.filters import series as written
from web.words import N_, _, ngettext

MOST: Final = 30
_OTHER_LABELS: Final = {
    "format": N_("Format de la série"), "active": N_("En service"), "logo": N_("Logo"),
    "TPS": N_("Inscription à la TPS"), "TVQ": N_("Inscription à la TVQ"),
}  # fmt: skip
_SILENT: Final = frozenset({"seller_id", "use", "mode", "source", "key_id", "hint", "drafts"})
_ACTIONS: Final[dict[str, str]] = {
    "organisation.changed": N_("Organisation changée"), "seller.added": N_("Vendeur ajouté : %(name)s"),
    "seller.changed": N_("Vendeur changé : %(name)s"), "seller.logo_changed": N_("Logo changé : %(name)s"),
    "series.added": N_("Série ajoutée : %(name)s"), "series.put_in_use": N_("Série mise en service : %(name)s"),
    "series.retired": N_("Série retirée : %(name)s"), "shop.added": N_("Boutique ajoutée : %(name)s"),
    "shop.changed": N_("Boutique changée : %(name)s"), "shop.key_added": N_("Clé d’API ajoutée : %(name)s"),
    "shop.key_withdrawn": N_("Clé d’API retirée : %(name)s"), "demo.rebuilt": N_("Démonstration reconstruite"),
    "installation.restored": N_("Installation restaurée d’une sauvegarde"),
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One change: what, field by field, by whom, when (naive UTC)."""

    at: datetime
    what: str
    details: tuple[str, ...]
    by: str


def history(session: Session) -> list[Change]:
    """The latest changes, newest first."""
    entries = latest_changes(session, MOST)
    people = names_of([(entry.actor_kind, entry.actor_id) for entry in entries])
    names = _names(session, entries)
    return [
        Change(entry.at, _what(entry, names), tuple(_details(entry)), by_whom(entry.actor_kind, entry.actor_id, people))
        for entry in entries
    ]


def _names(session: Session, entries: Any) -> dict[tuple[str, int | None], str]:
    """What each subject is called today."""
    found: dict[tuple[str, int | None], str] = {}
    for kind, column, key in (("seller", Seller.name, Seller.id), ("shop", Shop.name, Shop.id),
                              ("series", Series.format, Series.id)):  # fmt: skip
        ids = {entry.subject_id for entry in entries if entry.subject_kind == kind}
        for number, name in session.execute(select(key, column).where(key.in_(ids))) if ids else ():
            found[kind, number] = written(name) if kind == "series" else name
    return found


def _what(entry: JournalEntry, names: Mapping[tuple[str, int | None], str]) -> str:
    if entry.action == "reset.drafts_deleted":
        count = entry.facts()["drafts"][0]
        return ngettext("%(num)s brouillon supprimé par la réinitialisation",
                        "%(num)s brouillons supprimés par la réinitialisation", count)  # fmt: skip
    if entry.action not in _ACTIONS:
        return entry.action
    return _(_ACTIONS[entry.action], name=names.get((entry.subject_kind, entry.subject_id), ""))


def _details(entry: JournalEntry) -> Iterator[str]:
    """« Délai de paiement, en jours : 30 → 45 »; of what may name a person, only that it changed."""
    labels = ORGANISATION_LABELS if entry.subject_kind == "organisation" else {**SELLER_LABELS, **_OTHER_LABELS}
    for field, (before, after) in entry.facts().items():
        if field in _SILENT or field not in labels:
            continue
        label = _(labels[field])
        if field == "logo":
            yield _("Logo retiré") if after is None else _("Nouveau logo")
        elif before is None and after is None:
            yield _("%(field)s : changé", field=label)
        elif before is None:
            yield _("%(field)s : %(after)s", field=label, after=_said(field, after))
        else:
            yield _("%(field)s : %(before)s → %(after)s", field=label, before=_said(field, before),
                    after=_said(field, after))  # fmt: skip


def _said(field: str, value: Any) -> str:
    """A value of the journal in words."""
    if value is None or value == "":
        return _("rien")
    if field == "format":
        return written(value)
    known: Callable[[str, Any], str] = shown
    if field == "vat_on_debits":
        return known(field, "1" if value else "")
    return known(field, value)
