"""Plans a sheet: where its blocks stand, in millimetres, and how many pages its lines will take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from invoicing.documents.measure import (
    BOLD,
    CODE,
    GUTTER,
    HEAD,
    LEADING,
    PAY_LEADING,
    TEXT,
    Measured,
    Rows,
    head_height,
    height_of,
    pay_of,
    rows_of,
    sums_height,
    sums_of,
    wrap,
)
from invoicing.documents.sheet import Paper

MM: Final = 72 / 25.4
SHEETS: Final = {"a4": (210.0, 297.0), "letter": (215.9, 279.4)}
MARGIN: Final = 18.0
TOP: Final = 12.0
NEXT_TOP: Final = 26.0  # below the running head
AT: Final = 52.0  # the buyer's name, inside the envelope's window
FIRST: Final = 98.0  # the sentence, where nothing pushes it down
META: Final = 82.0  # width of title and facts
FOOT_SIZE: Final = 7.0
FOOT_LEADING: Final = FOOT_SIZE * 1.28
FOOT_MOST: Final = 9  # lines of terms; longer ones are set once, under the totals
ROOMY, TIGHT = 3.0, 1.5  # points above and below a row
VALUES: Final = 30.0  # column of the totals' amounts
KEEP: Final = 2  # rows that go on with the totals


@dataclass(frozen=True)
class Plan:
    """Geometry of one paper in millimetres, `pad` and `reserve` in points, and the pages it should take."""

    width: float
    height: float
    flow: float
    window_left: float
    window_width: float
    meta_left: float
    first: float
    foot: float
    columns: tuple[float, ...]
    pad: float
    pay_width: float
    sums_width: float
    values: float
    reserve: float
    terms_below: bool
    pages: int


def plan(paper: Paper) -> Plan:
    """Measures the whole paper once."""
    width, height = SHEETS.get(paper.sheet, SHEETS["a4"])
    flow, right = width - 2 * MARGIN, paper.window == "right"
    pad = ROOMY if len(paper.rows) <= 40 else TIGHT
    below, foot = _foot(paper, height, flow)
    sums_width = 84.0 if paper.epc else 94.0
    pay_width = flow - sums_width - (29 if paper.epc else 0) - 4
    closing = 4 * MM + _closing(paper, sums_width, pay_width)
    columns = _columns(paper, flow)
    first = _first(paper)
    rows = rows_of(cell_rows(paper), tuple(column * MM for column in columns), pad)
    heads = [wrap(head, HEAD, wide * MM - GUTTER) for head, wide in zip(paper.columns, columns, strict=True)]
    spaces = (foot - 4 - first) * MM - _opening(paper, flow), (foot - 4 - NEXT_TOP) * MM
    return Plan(
        width=width,
        height=height,
        flow=flow,
        window_left=110.0 if right else 22.0,
        window_width=width - 110 - MARGIN if right else 84.0,
        meta_left=MARGIN if right else width - MARGIN - META + 2,
        first=first,
        foot=foot,
        columns=columns,
        pad=pad,
        pay_width=pay_width,
        sums_width=sums_width,
        values=VALUES,
        reserve=closing,
        terms_below=below,
        pages=_pages(rows, closing, head_height(max(map(len, heads))), spaces),
    )


def cell_rows(paper: Paper) -> Rows:
    """The rows as text cells, details after U+2028 under their label."""
    rows = []
    for row in paper.rows:
        label, *others = paper.cells(row)
        rows.append(("\u2028".join((label, *row.details)), *others))
    return tuple(rows)


def cell_sums(paper: Paper) -> list[list[str]]:
    """The totals as text cells, the grand total last."""
    sums = [["\u2028".join(filter(None, (one.label, one.detail))), one.amount] for one in paper.sums]
    return [*sums, [paper.grand.label, paper.grand.amount]]


def _columns(paper: Paper, flow: float) -> tuple[float, ...]:
    """Widths in millimetres; without a tax column the label takes its room."""
    if len(paper.columns) == 1:
        return (flow,)
    numbers = (17.0, 30.0, 17.0, 32.0) if paper.taxed else (17.0, 30.0, 32.0)
    return (flow - sum(numbers), *numbers)


def _foot(paper: Paper, height: float, flow: float) -> tuple[bool, float]:
    """Whether the terms go under the totals, and the top of the foot."""
    room = flow * MM
    identity, terms = (len(wrap(text, FOOT_SIZE, room)) for text in (paper.identity, " ".join(paper.terms)))
    below = terms > FOOT_MOST
    spare = terms // 5  # xhtml2pdf may break a long paragraph a little earlier
    lines = min(identity, 4) + (0 if below or not paper.terms else terms + spare) + 1
    return below, height - max(25.0, 8 + lines * FOOT_LEADING / MM + 2)


def _closing(paper: Paper, sums_width: float, pay_width: float) -> float:
    """Height of totals, mentions and payment."""
    rows, mentions = sums_of(cell_sums(paper), list(paper.mentions), sums_width * MM, VALUES * MM)
    pay = len(pay_of([(fact.label, fact.value) for fact in paper.pay], pay_width * MM)) * PAY_LEADING
    return max(sums_height(rows, mentions), pay, CODE if paper.epc else 0)


def _first(paper: Paper) -> float:
    """Where the sentence stands: lower only where title, facts or addresses need the room."""
    right = paper.window == "right"
    title = height_of((f"{paper.title} {paper.mark}".strip(),), 25, 28, META * MM)
    facts = tuple(f"{fact.label} {fact.value}" for fact in paper.facts)
    meta = AT - 8 + (title + height_of(facts, TEXT, LEADING, META * MM)) / MM + 2
    window = (82.0 if right else 84.0) * MM
    name = len(wrap(paper.buyer.name, TEXT, window, BOLD)) * LEADING
    buyer = AT - 5 + (LEADING + name + height_of(paper.buyer.lines, TEXT, LEADING, window)) / MM
    return max(FIRST, meta + 7, buyer + 7)


def _opening(paper: Paper, flow: float) -> float:
    """Points that sentence, subject and notes take above the table, with its margin."""
    room = flow * MM
    sentence = len(wrap(paper.headlines[0], 15, room, BOLD)) * 19.5
    subject = (f"{paper.words.subject}{paper.words.colon}{paper.subject}",) if paper.subject else ()
    quiet = (*paper.headlines[1:], *subject, *paper.notes)
    return sentence + height_of(quiet, TEXT, LEADING, room) + 5 * MM


def _pages(rows: tuple[Measured, ...], closing: float, head: float, spaces: tuple[float, float]) -> int:
    """Fills pages with rows as the flowables will; two rows at least stay with the totals."""
    pages, space = 1, spaces[0] - head
    for place, row in enumerate(rows):
        if row.height > space and (place or pages == 1):
            pages, space = pages + 1, spaces[1] - head
        space -= row.height
    return pages + (closing > space)
