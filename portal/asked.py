"""The filter of the list as the address says it, the chips that take it away, the pages before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from flask import request, url_for

from invoicing.customers.models import Customer
from invoicing.database import ID_MAX
from invoicing.invoices.models import Invoice
from invoicing.invoices.queries import MemberFilter
from portal import switch
from web.security import text_arg
from web.words import N_, _

STATES: Final = {  # in the address → in the core
    "a-regler": "due", "en-retard": "late", "reglees": "settled", "avoirs": "credit", "autres": "other",
}  # fmt: skip
NAMES: Final = {
    "a-regler": N_("À régler"), "en-retard": N_("En retard"), "reglees": N_("Réglées"), "avoirs": N_("Avoirs"),
    "autres": N_("Autres commandes"),
}  # fmt: skip
TRAIL_MAX: Final = 60  # pages back that the address remembers


@dataclass(frozen=True)
class Chip:
    """One part of the filter that is active, and the address without it."""

    text: str
    without: str


@dataclass(frozen=True)
class Asked:
    """The filter. `trail` holds the last key of each newer page: keyset paging both ways."""

    wanted: MemberFilter
    state: str
    is_new: bool
    trail: tuple[str, ...]

    @property
    def is_filtered(self) -> bool:
        """Whether anything is left out."""
        return bool(self._parts)

    @property
    def newer(self) -> str | None:
        """The address of the page before this one."""
        return self.address(avant=list(self.trail[:-1])) if self.trail else None

    @property
    def everything(self) -> str:
        """The address of all documents of all customers."""
        return url_for("portal.invoices", **self._unchosen)

    @property
    def zip(self) -> str:
        """The address of all that the filter shows, as a ZIP."""
        return url_for("portal.documents_zip", **self._parts)

    def older(self, last: Invoice) -> str:
        """The address of the page after this one, whose last row is `last`."""
        return self.address(avant=[*self.trail, f"{last.issued_on}.{last.id}"][-TRAIL_MAX:])

    def address(self, **over: Any) -> str:
        """The address of this filter with something else in it; None takes a part away."""
        return url_for("portal.invoices", **{**self._parts, **over})

    def chips(self, names: Mapping[int, str]) -> Iterator[Chip]:
        """What is active, each to be taken away by itself."""
        wanted = self.wanted
        if wanted.customer_id is not None:
            yield Chip(names[wanted.customer_id], self.address(client=switch.ALL))
        if self.is_new:
            yield Chip(_("Nouveau depuis votre dernière visite"), self.address(nouveau=None))
        if wanted.year:
            yield Chip(str(wanted.year), self.address(annee=None))
        if self.state:
            yield Chip(_(NAMES[self.state]), self.address(statut=None))
        if wanted.query:
            yield Chip(_("« %(query)s »", query=wanted.query), self.address(q=None))

    @property
    def _parts(self) -> dict[str, Any]:
        wanted = self.wanted
        parts = {"annee": wanted.year, "statut": self.state, "client": wanted.customer_id, "q": wanted.query,
                 "nouveau": int(self.is_new)}  # fmt: skip
        return {name: value for name, value in parts.items() if value}

    @property
    def _unchosen(self) -> dict[str, Any]:
        return {switch.ARGUMENT: switch.ALL} if self.wanted.customer_id is not None else {}


def asked(customer: Customer | None, since: datetime | None, today: date) -> Asked:
    """Reads the address; what it can't mean is left out rather than refused. `since`: what is newer is new."""
    year, state = text_arg("annee"), text_arg("statut")
    trail = tuple(key for key in request.args.getlist("avant")[-TRAIL_MAX:] if _key(key))
    is_new = text_arg("nouveau") == "1" and since is not None
    wanted = MemberFilter(
        year=int(year) if len(year) == 4 and year.isascii() and year.isdigit() else None,
        state=STATES.get(state, ""),
        query=text_arg("q"),
        customer_id=customer.id if customer else None,
        since=since if is_new else None,
        today=today,
        before=_key(trail[-1]) if trail else None,
    )
    return Asked(wanted, state if state in STATES else "", is_new, trail)


def state_choices(has_others: bool) -> Sequence[tuple[str, str]]:
    """The choices of a status; orders that are neither due nor settled only where there are any."""
    shown = (key for key in STATES if key != "autres" or has_others)
    return [("", _("Tous")), *((key, _(NAMES[key])) for key in shown)]


def _key(text: str) -> tuple[date, int] | None:
    day, _dot, number = text.partition(".")
    try:
        return (date.fromisoformat(day), int(number)) if 0 < int(number) <= ID_MAX else None
    except ValueError:
        return None
