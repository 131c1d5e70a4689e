"""The filter of the list of invoices as the address says it: read, and written back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final, TypeVar

from flask import url_for
from werkzeug.datastructures import MultiDict

from invoicing.database import ID_MAX
from invoicing.days import NotADate, read_date
from invoicing.errors import Fault
from invoicing.invoices.models import Origin
from invoicing.invoices.wanted import By, Cursor, Lettered, Mailed, Order, Tab, Wanted, Watched
from invoicing.money import CENTS_MAX, Ambiguous, Currency, NotANumber, read_scaled
from invoicing.numbering import Mode
from invoicing.search import QUERY_MAX
from web.site import today

TABS: Final = {  # in the order of the tabs: word in the address → tab
    "realisees": Tab.complete, "payees": Tab.paid, "en-attente": Tab.pending, "en-partie": Tab.partial,
    "passees": Tab.placed, "brouillons": Tab.draft, "refusees": Tab.refused, "echouees": Tab.failed,
    "annulees": Tab.cancelled, "avoirs": Tab.credit_note, "toutes": Tab.everything,
}  # fmt: skip
ORDERS: Final = {
    "numero": By.number, "client": By.customer, "code": By.code, "date": By.day, "lettrage": By.lettering,
    "statut": By.status, "net": By.net, "total": By.total,
}  # fmt: skip
ORIGINS: Final = {"en-ligne": Origin.online, "manuelle": Origin.manual}
MODES: Final = {"ici": Mode.official, "comptabilite": Mode.portal_reference}  # where the official invoice is
LETTERED: Final = {"lettrees": Lettered.yes, "a-lettrer": Lettered.wanting, "sans-objet": Lettered.neither}
MAILED: Final = {"envoyees": Mailed.sent, "jamais": Mailed.never, "en-echec": Mailed.failed}
WATCHED: Final = {"en-retard": Watched.late, "a-verifier": Watched.to_check}
FIELDS: Final = (  # every filter but the tab, as the address names it
    "q", "annee", "mois", "du", "au", "boutique", "catalogue", "serie", "origine", "client", "devise", "min", "max",
    "lettrage", "envoi", "officielle", "suivi",
)  # fmt: skip
YEARS: Final = range(1900, 2101)
Kind = TypeVar("Kind", bound=StrEnum)


@dataclass(frozen=True)
class Asked:
    """What the address asks for; `typed` is what stands in the fields, `faults` what can't be read and is left out."""

    wanted: Wanted
    order: Order
    cursor: Cursor | None
    typed: Mapping[str, str]
    faults: tuple[Fault, ...]
    tab_is_given: bool

    @property
    def is_default_order(self) -> bool:
        """Whether the latest come first."""
        return self.order == Order()

    def address(self, **changes: str | None) -> str:
        """The same list with other words in its address; None takes one out. It begins at the first page."""
        return url_for("admin.invoices", **{**self.words, **{name: value or None for name, value in changes.items()}})

    @property
    def words(self) -> dict[str, str | None]:
        """What the address says of tab, filter and order; None: nothing."""
        words = {name: text or None for name, text in self.typed.items()}
        words["statut"] = word_of(TABS, self.wanted.tab) if self.tab_is_given else None
        words["tri"] = None if self.is_default_order else self.sort_word(self.order)
        return words

    def sorted_by(self, by: By) -> str:
        """The address of another order: the same column turns round."""
        first = Order(by, descending=by in (By.day, By.net, By.total))
        order = Order(by, not self.order.descending) if by is self.order.by else first
        return self.address(tri=None if order == Order() else self.sort_word(order))

    @staticmethod
    def sort_word(order: Order) -> str:
        """« date » upwards, « -date » downwards."""
        return ("-" if order.descending else "") + word_of(ORDERS, order.by)


def word_of(words: Mapping[str, Any], value: object) -> str:
    """The word of the address that stands for a value."""
    return next(word for word, meant in words.items() if meant is value)


def read(args: MultiDict[str, str]) -> Asked:
    """Reads the address; what can't be read becomes a fault at its field, the rest counts."""
    typed = {name: args.get(name, "").strip()[:QUERY_MAX] for name in FIELDS}
    reader = _Reader(typed, [])
    wanted = _wanted(reader)
    tab = TABS.get(args.get("statut", ""))
    wanted = replace(wanted, tab=tab or (Tab.everything if wanted.query else Tab.complete))
    return Asked(wanted, _order(args.get("tri", "")), _cursor(args), typed, tuple(reader.faults), tab is not None)


def _wanted(reader: _Reader) -> Wanted:
    since, until = reader.day("du"), reader.day("au")
    if since and until and since > until:
        reader.faults.append(Fault("au", "ends_before", {"day": since}))
        until = None
    least, most = reader.cents("min"), reader.cents("max")
    if least is not None and most is not None and least > most:
        reader.faults.append(Fault("max", "less_than_least", {"value": reader.typed["min"]}))
        most = None
    return Wanted(
        query=reader.typed["q"], since=since, until=until, least_cents=least, most_cents=most,
        year=reader.number("annee", YEARS), month=reader.number("mois", range(1, 13)),
        shop_id=reader.key("boutique"), catalogue_id=reader.key("catalogue"), series_id=reader.key("serie"),
        customer_id=reader.key("client"), origin=reader.one_of("origine", ORIGINS),
        mode=reader.one_of("officielle", MODES),
        currency=reader.one_of("devise", {each.value: each for each in Currency}),
        lettered=reader.one_of("lettrage", LETTERED), mailed=reader.one_of("envoi", MAILED),
        watched=reader.one_of("suivi", WATCHED), today=today() if reader.typed["suivi"] else None,
    )  # fmt: skip


@dataclass(frozen=True)
class _Reader:
    """Reads one field after the other; None for an empty one, and for one with a fault."""

    typed: dict[str, str]
    faults: list[Fault]

    def day(self, name: str) -> date | None:
        """A day, from 1900 to 2100."""
        try:
            day = read_date(self.typed[name])
        except NotADate:
            day = date.min
        return self._checked(name, day, lambda found: found.year in YEARS, "bad_date")

    def cents(self, name: str) -> int | None:
        """An amount; its sign doesn't count."""
        text = self.typed[name]
        try:
            return self._checked(name, abs(read_scaled(text, 2)) if text else None, CENTS_MAX.__ge__, "bad_price")
        except Ambiguous:
            self.faults.append(Fault(name, "ambiguous_number", {"value": text[:40]}))
        except NotANumber:
            self.faults.append(Fault(name, "bad_price", {"value": text[:40]}))
        return None

    def number(self, name: str, among: range) -> int | None:
        """A whole number."""
        text = self.typed[name]
        whole = int(text) if text.isascii() and text.isdigit() and len(text) < 11 else -1
        return self._checked(name, whole if text else None, among.__contains__, "choose")

    def key(self, name: str) -> int | None:
        """What identifies a row, whether there is one or not."""
        return self.number(name, range(1, ID_MAX + 1))

    def one_of(self, name: str, words: Mapping[str, Kind]) -> Kind | None:
        """One of the words."""
        text = self.typed[name]
        if text and text not in words:
            self.faults.append(Fault(name, "choose"))
        return words.get(text)

    def _checked(self, name: str, value: Any, fits: Callable[[Any], bool], code: str) -> Any:
        if value is not None and not fits(value):
            self.faults.append(Fault(name, code, {"value": self.typed[name][:40]}))
            return None
        return value


def _order(text: str) -> Order:
    by = ORDERS.get(text.removeprefix("-"))
    return Order(by, descending=text.startswith("-")) if by else Order()


def _cursor(args: MultiDict[str, str]) -> Cursor | None:
    for name in ("apres", "avant"):
        text = args.get(name, "")
        if text.isascii() and text.isdigit() and len(text) < 11 and 0 < int(text) <= ID_MAX:
            return Cursor(int(text), backwards=name == "avant")
    return None
