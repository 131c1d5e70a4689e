"""Every variant of the paper, to be looked at: `python -m tests.documents.gallery FOLDER [LOGO]`."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

from invoicing.documents.paper import Facts, Heading, paper_of
from invoicing.documents.pdf import Renderer
from invoicing.documents.plan import plan
from invoicing.documents.snapshot import Snapshot
from tests.documents import samples as s

MIXED = ((s.VAT_20,), (s.VAT_55,), ())
PAID = Facts(paid_on=date(2026, 11, 12))
SHOP = "B-20261101-44"


def variants() -> dict[str, tuple[Snapshot, Facts]]:
    """Name → what to render."""
    plain, long = Facts(), s.french(12, MIXED)
    labels = tuple(replace(one, label=s.LONG) if place % 4 == 1 else one for place, one in enumerate(long.lines))
    buyer = replace(s.FRENCH_BUYER, name=s.LONG_NAME, lines=(*s.FRENCH_BUYER.lines, "Bâtiment C", "Cedex", "France"))
    discounts = s.summed(s.french(), tuple(s.line(place, (s.VAT_20,), "", 1_250 * place) for place in range(3)))
    order = s.french(3, number=SHOP, subject="Commande en ligne du 1er novembre")
    return {
        "exempt1": (s.exempt(1, subject="Cotisation 2026"), plain),
        "exempt1-paid": (s.exempt(1, paid_on=date(2026, 11, 1), paid_by="card"), plain),
        **{f"fr{count}": (s.french(count), plain) for count in (1, 12, 30, 150)},
        "rates": (s.french(6, MIXED, mentions=(s.EXEMPT,)), plain),
        "long": (replace(long, lines=labels, buyer=buyer, note="Première ligne.\n" + s.LONG), plain),
        "discount": (discounts, plain),
        "allowance": (s.composed(s.french(), s.french(9, MIXED).lines, discount_e4=1_250), plain),
        "gross": (s.composed(s.french(), (s.gross(1005, (s.VAT_20,)), s.gross(3333, (s.VAT_55,))), 1_000), plain),
        "gross-mixed": (s.composed(s.french(), (s.gross(1200, (s.VAT_20,)), *s.french(3).lines)), plain),
        "qc-gross": (s.composed(s.quebec(1, "en"), (s.gross(11_498, (s.GST, s.QST)),), 1_000), plain),
        "credit-gross": (s.composed(s.credit(), (s.gross(1005, (s.VAT_20,)),), 1_000), Facts(Heading.credit_note)),
        **{f"allowance{n}": (s.composed(s.french(), s.french(n, MIXED).lines, 333), plain) for n in (30, 31, 150)},
        "en": (s.french(6, MIXED, language="en", paper="letter", window="left"), plain),
        "qc": (s.quebec(6), plain),
        "qc-en": (s.quebec(6, "en", subject="Membership 2026"), plain),
        "qc-en-order": (s.quebec(2, "en", number=SHOP), Facts(Heading.order)),
        "credit": (s.credit(), Facts(Heading.credit_note)),
        "request": (s.credit(), Facts(Heading.credit_request)),
        "qc-en-credit": (replace(s.quebec(2, "en"), corrects="F2026-00042"), Facts(Heading.credit_note)),
        "proforma": (order, Facts(Heading.pro_forma, paid_on=date(2026, 11, 2))),
        "order": (order, Facts(Heading.order)),
        "lettered": (order, Facts(Heading.invoice, "VT-2026-1187", True, date(2026, 11, 2))),
        "draft": (s.french(5, MIXED), Facts(draft=True)),
        "draft-en": (s.french(60, language="en"), Facts(draft=True)),
        "paid": (s.french(4, paid_by="transfer"), PAID),
        "terms": (s.french(20, terms=s.FRENCH_TERMS * 6), plain),
    }


def main(folder: Path, logo: Path | None) -> None:
    """One PDF for each variant; says where the page estimate was wrong."""
    folder.mkdir(exist_ok=True)
    renderer = Renderer()
    for name, (snapshot, facts) in variants().items():
        paper = paper_of(snapshot, facts)
        done, told = renderer.render(paper, logo), plan(paper).pages
        (folder / f"{name}.pdf").write_bytes(done.data)
        print(name, len(done.data), done.pages, "" if done.pages == told else f"(estimate {told})")
    for count in (3, 60):
        paper = paper_of(s.french(count), Facts())
        (folder / f"plain{count}.pdf").write_bytes(renderer.render(paper, logo, fast=False).data)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
