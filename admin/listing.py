"""« Toutes les factures »: the list with its tabs, search, filters, totals and pages; and the search of the top bar."""

from __future__ import annotations

from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp, chips
from admin.addresses import address_of
from admin.list_filter import TABS, Asked, read
from invoicing.invoices.listing import Filter, Overview, Sum, filter_of, overview
from invoicing.invoices.paging import PAGE, page
from invoicing.invoices.queries import number_like
from invoicing.invoices.rows import ListRow, rows
from invoicing.invoices.wanted import By, Order, Tab, Wanted
from web.database import db
from web.faults import by_field
from web.security import text_arg


@dataclass(frozen=True)
class ListPage:
    """What the list shows; `newer` and `older` are addresses of the pages beside this one."""

    asked: Asked
    rows: list[ListRow]
    counts: dict[str, int]
    sums: list[Sum]
    left_out: int
    newer: str | None
    older: str | None

    @property
    def count(self) -> int:
        """How many documents there are on all pages of the tab."""
        return self.counts[self.tab]

    @property
    def everywhere(self) -> int:
        """How many the filter finds under all tabs."""
        return self.counts["toutes"]

    @property
    def tab(self) -> str:
        """The tab's word in the address."""
        return next(word for word, tab in TABS.items() if tab is self.asked.wanted.tab)


@bp.get("/factures")
def invoices() -> ResponseReturnValue:
    """Documents of one status, or those that a search finds; the only one that it finds is opened."""
    asked = read(request.args)
    narrowed = filter_of(db.session, asked.wanted)
    found = overview(db.session, narrowed)
    if asked.wanted.query and not asked.faults and found.count(Tab.everything) == 1 and (only := _only(narrowed)):
        return redirect(address_of(only))
    shown = _shown(asked, narrowed, found)
    faults, offered = by_field(asked.faults), chips.choices(asked)
    return render_template(
        "admin/invoices.html", page=shown, faults=faults, tabs=tuple(TABS), By=By, address_of=address_of,
        choices=offered, chips=chips.active(asked, offered, faults), per_page=PAGE,
    )  # fmt: skip


def _only(narrowed: Filter) -> ListRow | None:
    """The first that is found; None where it went just now."""
    ids = page(db.session, narrowed, Tab.everything, Order(), 1, None).ids
    return next(iter(rows(db.session, ids)), None)


def _shown(asked: Asked, narrowed: Filter, found: Overview) -> ListPage:
    tab = asked.wanted.tab
    one = page(db.session, narrowed, tab, asked.order, found.count(tab), asked.cursor)
    lines = rows(db.session, one.ids)
    return ListPage(
        asked, lines, {word: found.count(each) for word, each in TABS.items()}, found.sums(tab),
        found.left_out() if tab is Tab.everything else 0,
        newer=asked.address(avant=str(one.ids[0])) if one.before and one.ids else None,
        older=asked.address(apres=str(one.ids[-1])) if one.after else None,
    )  # fmt: skip


@bp.get("/recherche")
def find() -> ResponseReturnValue:
    """A number opens its invoice, as does anything that finds one alone; else invoices, and if none, customers."""
    query = text_arg("q")
    if number := number_like(db.session, query) if query else None:
        return redirect(url_for("admin.invoice", number=number))
    narrowed = filter_of(db.session, Wanted(query=query))
    ids = page(db.session, narrowed, Tab.everything, Order(), PAGE, None).ids if query else ()
    if len(ids) == 1 and (only := _only(narrowed)):
        return redirect(address_of(only))
    return redirect(url_for("admin.invoices" if ids or not query else "admin.customers", q=query or None))
