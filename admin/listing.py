"""« Toutes les factures »: the list with its tabs, search, filters, totals and pages; and the search of the top bar."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import bp, chips
from admin.addresses import address_of
from admin.list_filter import TABS, Asked, read
from invoicing.invoices.listing import Filter, Overview, Sum, filter_of, overview
from invoicing.invoices.paging import PAGE, Page, page
from invoicing.invoices.queries import number_like
from invoicing.invoices.rows import ListRow, rows
from invoicing.invoices.wanted import By, Order, Tab, Wanted
from web.database import db
from web.faults import by_field
from web.security import text_arg


@dataclass(frozen=True)
class ListPage:
    """What the list shows; `newer` and `older` are addresses of the pages beside this one.

    `counts` and `sums` are None where counting would make the page wait: they come in a request of their own.
    `elsewhere` says that an empty tab has documents beside it.
    """

    asked: Asked
    rows: list[ListRow]
    counts: dict[str, int] | None
    sums: list[Sum]
    left_out: int
    newer: str | None = None
    older: str | None = None
    elsewhere: bool = False

    @property
    def count(self) -> int | None:
        """How many documents there are on all pages of the tab."""
        return None if self.counts is None else self.counts[self.tab]

    @property
    def everywhere(self) -> int | None:
        """How many the filter finds under all tabs."""
        return None if self.counts is None else self.counts["toutes"]

    @property
    def tab(self) -> str:
        """The tab's word in the address."""
        return next(word for word, tab in TABS.items() if tab is self.asked.wanted.tab)


@bp.get("/factures")
def invoices() -> ResponseReturnValue:
    """Documents of one status, or those that a search finds; the only one that it finds is opened."""
    asked = read(request.args)
    narrowed = filter_of(db.session, asked.wanted)
    one = page(db.session, narrowed, asked.wanted.tab, asked.order, asked.cursor)
    others = _others(asked, narrowed, one)
    if asked.wanted.query and not asked.faults and len(others) == 1 and (only := _only(others)):
        return redirect(address_of(only))
    shown = _shown(asked, narrowed, one, elsewhere=bool(others) and not one.ids)
    faults, offered = by_field(asked.faults), chips.choices(asked)
    return render_template(
        "admin/invoices.html", page=shown, faults=faults, tabs=tuple(TABS), By=By, address_of=address_of,
        choices=offered, chips=chips.active(asked, offered, faults), per_page=PAGE,
    )  # fmt: skip


@bp.get("/factures/totaux")
def invoices_totals() -> ResponseReturnValue:
    """Counts of all tabs and sums of one, over the whole filter: parts of the list's page."""
    asked = read(request.args)
    found = overview(db.session, filter_of(db.session, asked.wanted))
    return render_template("admin/invoices_totals.html", page=_counted(asked, [], found), tabs=tuple(TABS))


def _others(asked: Asked, narrowed: Filter, one: Page) -> tuple[int, ...]:
    """The first documents of all tabs, where the page holds one at most; none where it holds more."""
    if len(one.ids) > 1 or one.before or one.after or narrowed.is_plain:
        return ()
    if asked.wanted.tab is Tab.everything:
        return one.ids
    return page(db.session, narrowed, Tab.everything, Order(), None).ids


def _only(ids: tuple[int, ...]) -> ListRow | None:
    """The first; None where it went just now."""
    return next(iter(rows(db.session, ids[:1])), None)


def _shown(asked: Asked, narrowed: Filter, one: Page, elsewhere: bool) -> ListPage:
    at_once = narrowed.is_counted_at_once(db.session) or request.args.get("totaux") == "1"
    lines = rows(db.session, one.ids)
    shown = _counted(asked, lines, overview(db.session, narrowed)) if at_once else ListPage(asked, lines, None, [], 0)
    return replace(
        shown, elsewhere=elsewhere, newer=asked.address(avant=str(one.ids[0])) if one.before and one.ids else None,
        older=asked.address(apres=str(one.ids[-1])) if one.after else None,
    )  # fmt: skip


def _counted(asked: Asked, lines: list[ListRow], found: Overview) -> ListPage:
    tab = asked.wanted.tab
    counts = {word: found.count(each) for word, each in TABS.items()}
    return ListPage(asked, lines, counts, found.sums(tab), found.left_out() if tab is Tab.everything else 0)


@bp.get("/recherche")
def find() -> ResponseReturnValue:
    """A number opens its invoice, as does anything that finds one alone; else invoices, and if none, customers."""
    query = text_arg("q")
    if number := number_like(db.session, query) if query else None:
        return redirect(url_for("admin.invoice", number=number))
    narrowed = filter_of(db.session, Wanted(query=query))
    ids = page(db.session, narrowed, Tab.everything, Order(), None).ids if query else ()
    if len(ids) == 1 and (only := _only(ids)):
        return redirect(address_of(only))
    return redirect(url_for("admin.invoices" if ids or not query else "admin.customers", q=query or None))
