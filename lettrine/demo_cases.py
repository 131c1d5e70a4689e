"""The demo's cases: payments in part and undone, credit notes and their money, discounts, prices with tax, two laws."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoicing.database import transaction
from invoicing.invoices.crediting import CreditContent, compose_credit, corrected_of, credit
from invoicing.invoices.models import Invoice, InvoiceKind, Status
from invoicing.invoices.reading import DraftContent, LineContent
from invoicing.invoices.service import finalise, fingerprint, save_draft
from invoicing.journal import Actor
from invoicing.lettering.service import letter
from invoicing.money import Currency
from invoicing.numbering import Mode, Series, Use
from invoicing.payments.models import PaymentMethod
from invoicing.payments.service import PaymentContent, record_payment, refund, set_against, undo_payment
from invoicing.sellers.models import Region, Seller, TaxStatus
from invoicing.sellers.queries import today_of
from invoicing.taxes.models import TaxSet
from lettrine.demo_desk import Buyer, Desk

DOMAIN: Final = "ateliers-lettre.example"
LAW_CHANGES: Final = date(2026, 9, 1)  # France: the sentence of the franchise en base names another article


class Cases:
    """Makes each case through the core, on the last day of the demo."""

    def __init__(self, desk: Desk, session: Session, buyers: Sequence[Buyer], staff: Actor) -> None:
        self.desk, self.session, self.buyers, self.staff = desk, session, buyers, staff
        self.sets = {row.code: row.id for row in session.scalars(select(TaxSet))}

    def line(self, label: str, cents: int, code: str = "FR_20", **over: object) -> LineContent:
        """One line of one piece."""
        return replace(LineContent(label, "", 1000, cents * 100, 0, self.sets[code]), **over)  # type: ignore[arg-type]

    def sold(self, buyer: Buyer, seller_id: int, *lines: LineContent, email: bool = False, **over: object) -> Invoice:
        """An invoice that stands."""
        content, now = DraftContent(lines=lines, **over), self.desk.now  # type: ignore[arg-type]
        draft = save_draft(self.session, self.staff, now, buyer.customer_id, seller_id, content, _token())
        made = finalise(
            self.session, self.staff, now, draft.id, draft.revision, draft.total_cents, email=email, domain=DOMAIN,
            shown=fingerprint(self.session, draft.id, now),
        )  # fmt: skip
        return self.session.get_one(Invoice, made.invoice_id)

    def pay(self, invoice: Invoice, cents: int | None = None, method: PaymentMethod = PaymentMethod.transfer) -> int:
        """A payment of today, of all that remains or of a part."""
        content = PaymentContent(method, today_of(invoice.seller, self.desk.now), amount_cents=cents)
        return record_payment(self.session, self.staff, self.desk.now, invoice.id, content, _token()).id

    def credited(self, invoice: Invoice, reason: str, *nets: tuple[int, int], email: bool = False) -> Invoice:
        """A credit note on an invoice: (line from 0, net in cents) each, or all that remains."""
        chosen = tuple((invoice.lines[place].id, cents) for place, cents in nets)
        content = CreditContent(chosen or corrected_of(self.session, invoice).everything(), reason)
        composed, _found = compose_credit(self.session, invoice, content, today_of(invoice.seller, self.desk.now))
        made = credit(
            self.session, self.staff, self.desk.now, invoice.id, content, composed.amounts.total_cents, email=email,
            domain=DOMAIN, form_token=_token(),
        )  # fmt: skip
        return self.session.get_one(Invoice, made.invoice_id)

    def refunded(self, invoice: Invoice) -> None:
        """Gives back by transfer what is owed."""
        content = PaymentContent(PaymentMethod.transfer, today_of(invoice.seller, self.desk.now), "remboursement")
        refund(self.session, self.staff, self.desk.now, invoice.id, content, _token())


def tell(desk: Desk, buyers: Sequence[Buyer], sellers: dict[Region, int], staff: Actor) -> None:
    """Every case, in one transaction each."""
    member = next(buyer for buyer in buyers if buyer.signs_in and buyer.region is Region.FR)
    quebec = next(buyer for buyer in buyers if buyer.region is Region.QC)
    french = sellers[Region.FR]
    for case in (_parts, _credits, _prices):
        with transaction(desk.sessions) as session:
            case(Cases(desk, session, buyers, staff), member, french)
    with transaction(desk.sessions) as session:
        _in_quebec(Cases(desk, session, buyers, staff), quebec, sellers[Region.QC])
    with transaction(desk.sessions) as session:
        _of_orders(Cases(desk, session, buyers, staff))
    with transaction(desk.sessions) as session:
        seller_id = _small_business(session).id
        _two_laws(Cases(desk, session, buyers, staff), member, seller_id)


def _parts(cases: Cases, member: Buyer, seller_id: int) -> None:
    """Paid in part; paid in part, and one part undone; paid, and undone: due again."""
    dues = cases.line("Stage de typographie au plomb", 19000)
    cases.pay(cases.sold(member, seller_id, dues, subject="Stage, payé en deux fois"), 10000)
    twice = cases.sold(member, seller_id, dues, cases.line("Matériel", 4500), subject="Stage et matériel")
    cases.pay(twice, 10000, PaymentMethod.cheque)
    undone = cases.pay(twice, 5000)
    undo_payment(cases.session, cases.staff, cases.desk.now, undone, "virement d’un autre client", _token())
    whole = cases.sold(member, seller_id, cases.line("Location de l’atelier, demi-journée", 12000))
    undo_payment(cases.session, cases.staff, cases.desk.now, cases.pay(whole, None, PaymentMethod.cheque),
                 "chèque rejeté par la banque", _token())  # fmt: skip


def _credits(cases: Cases, member: Buyer, seller_id: int) -> None:
    """Credit notes: in part and e-mailed; whole; refunded; set against another invoice; owed back and lettered."""
    stage, book = cases.line("Stage de gravure, une journée", 9500), cases.line("Ouvrage", 3800, "FR_55")
    part = cases.sold(member, seller_id, stage, book, subject="Stage et ouvrage")
    cases.credited(part, "Ouvrage épuisé", (1, 3800), email=True)
    cases.credited(cases.sold(member, seller_id, stage, subject="Stage annulé"), "Stage annulé faute d’inscrits")
    back = cases.sold(member, seller_id, stage, subject="Stage remboursé")
    cases.pay(back)
    cases.credited(back, "Désistement pour raison médicale")
    cases.refunded(back)
    kept = cases.sold(member, seller_id, stage, subject="Stage reporté")
    cases.pay(kept)
    cases.credited(kept, "Stage reporté au printemps")
    later = cases.sold(
        member, seller_id, cases.line("Stage de typographie au plomb", 19000), subject="Stage de printemps"
    )
    set_against(cases.session, cases.staff, cases.desk.now, kept.id, later.id, 11400, _token())
    owed = cases.sold(member, seller_id, stage, book, subject="Stage, une séance en moins")
    cases.pay(owed)
    note = cases.credited(owed, "Une séance n’a pas eu lieu", (0, 4750), email=True)
    letter(cases.session, cases.staff, cases.desk.now, note.id, f"AV-{cases.desk.now:%Y}-0001", 0)


def _prices(cases: Cases, member: Buyer, seller_id: int) -> None:
    """A discount on the whole, a discount of an amount, prices with tax that need rounding, a line without tax."""
    stage = cases.line("Stage de gravure, une journée", 9500)
    dues = cases.line("Cotisation annuelle, membre actif", 18000, "FR_NONE")
    cases.sold(member, seller_id, replace(stage, discount_e4=500), cases.line("Revue", 6000, "FR_21"),
               subject="Dix pour cent sur le tout", discount_e4=1000)  # fmt: skip
    training = cases.line("Formation professionnelle, une journée", 32000, "FR_TRAINING")
    cases.sold(member, seller_id, stage, dues, subject="Geste commercial de 25 €", discount_cents=2500)
    cases.sold(member, seller_id, training, stage, subject="Formation exonérée et stage")
    small = [cases.line(f"Carte postale n° {n}", 199, gross=True) for n in (1, 2, 3)]
    cases.sold(member, seller_id, *small, subject="Prix taxes comprises", email=True)


def _in_quebec(cases: Cases, buyer: Buyer, seller_id: int) -> None:
    """Both taxes, a discount, and a credit note of one line."""
    lines = (cases.line("Formation « Reliure japonaise »", 17000, "QC_TAXED"),
             cases.line("Adhésion annuelle", 10000, "QC_NONE"))  # fmt: skip
    invoice = cases.sold(buyer, seller_id, *lines, subject="Formation et adhésion", discount_e4=500)
    cases.credited(invoice, "Formation déplacée", (0, 8000))


def _of_orders(cases: Cases) -> None:
    """Requests for a credit note on orders of the shops: one on a lettered order and lettered, one on a pending one."""
    orders = select(Invoice).where(Invoice.mode == Mode.portal_reference, Invoice.kind == InvoiceKind.invoice)
    orders = orders.where(Invoice.currency == Currency.EUR, Invoice.total_cents > 5000).order_by(Invoice.id.desc())
    lettered = cases.session.scalars(
        orders.where(Invoice.lettering.is_not(None), Invoice.status == Status.complete).limit(1)
    ).first()
    waiting = cases.session.scalars(orders.where(Invoice.status == Status.pending).limit(1)).first()
    if lettered is not None:
        note = cases.credited(lettered, "Annulation dans les quatorze jours")
        letter(cases.session, cases.staff, cases.desk.now, note.id, f"AV-B-{cases.desk.now:%Y}-0007", 0)
    if waiting is not None:
        cases.credited(waiting, "Commande passée deux fois")


def _small_business(session: Session) -> Seller:
    """A third seller, in franchise en base."""
    seller = Seller(
        name="Imprimerie du Vieux Pont", legal_form="Entreprise individuelle", street="3 place du Pont-Vieux",
        postcode="73000", city="Chambéry", email=f"imprimerie@{DOMAIN}", phone="06 39 98 41 87", region=Region.FR,
        currency=Currency.EUR, tax_status=TaxStatus.small_business, timezone="Europe/Paris", siret="99900002900002",
        iban="FR7630006000011234567890189", bic="AGRIFRPP", mail_from=f"factures@{DOMAIN}",
    )  # fmt: skip
    session.add(seller)
    session.flush()
    session.add(Series(seller_id=seller.id, use=Use.manual, mode=Mode.official, format="V{year}-{n:05}"))
    session.flush()
    return seller


def _two_laws(cases: Cases, buyer: Buyer, seller_id: int) -> None:
    """The last day of one law and the first of the next; of a clock that isn't there yet, yesterday and today."""
    today = today_of(cases.session.get_one(Seller, seller_id), cases.desk.now)
    first = LAW_CHANGES if today >= LAW_CHANGES else today
    for day in (first - timedelta(days=1), first):
        cases.sold(buyer, seller_id, cases.line("Tirage de faire-part, cent exemplaires", 14000, "FR_NONE"),
                   subject="Faire-part", issued_on=day)  # fmt: skip


def _token() -> str:
    return secrets.token_urlsafe(16)
