"""The demo's two shops and what they have sold since 2017: through the core, in all statuses, lettered and not."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Final

from sqlalchemy.orm import Session

from invoicing.database import transaction
from invoicing.invoices.models import Status
from invoicing.invoices.reading import LineContent
from invoicing.journal import Actor, ActorKind
from invoicing.lettering.service import letter
from invoicing.numbering import Mode, Series, Source, Use
from invoicing.payments.models import PaymentMethod
from invoicing.sellers.models import Region, Seller
from invoicing.shop.models import Shop, ShopPaymentMethod
from invoicing.shop.orders import apply_event, take_order
from invoicing.shop.rules import OrderContent, OrderEvent, UnitsWanted
from lettrine.demo_desk import Buyer, Desk
from lettrine.demo_goods import Stock

ONLINE: Final = 600
BEFORE, SEED, QUEBEC = 43, 44, 180  # of the French shop before its 44th; that one; of the shop in Rimouski
SEED_AT: Final = datetime(2017, 9, 20, 9, 49)  # noqa: DTZ001 - naive UTC: 11:49 in Paris
BATCH: Final = 25  # orders per transaction
RECENT: Final = timedelta(days=60)
CARD: Final = "SystemPay Plus (Caisse d'Epargne/Banque Populaire)"
CARD_QC: Final = "Carte de crédit (Paiement Monétaire)"
TRANSFER: Final = "Virement"
_S = Status
# how many of a hundred orders have come to what, long ago and in these weeks
OLD: Final = {_S.complete: 88, _S.failed: 4, _S.cancelled: 4, _S.refused: 2, _S.paid: 1, _S.pending: 1}
NEW: Final = {_S.complete: 42, _S.paid: 16, _S.pending: 14, _S.placed: 6, _S.partial: 6, _S.draft: 6, _S.failed: 5,
              _S.cancelled: 3, _S.refused: 2}  # fmt: skip


@dataclass(frozen=True)
class Counter:
    """A shop of the demo: how it is paid, what it sells, and what the accountant's references look like.

    `pace` is how many invoices the accounting software makes, at most, from one of ours to the next.
    """

    shop_id: int
    region: Region
    card: str
    prefix: str  # of the numbers that it brings along; "" where they are generated
    reference: str
    pace: int
    stock: Stock


@dataclass(frozen=True)
class Sale:
    """One order to be made: when, whose, and what has become of it."""

    counter: Counter
    buyer: Buyer
    at: datetime
    status: Status
    lines: tuple[LineContent, ...]
    code: str
    number: str | None
    letters: bool


def open_shops(desk: Desk, sellers: dict[Region, int], courses: Stock, rimouski: Stock) -> tuple[Counter, Counter]:
    """The two shops, each with its catalogue, its series and its ways to pay."""
    with transaction(desk.sessions) as session:
        french = _shop(
            session, sellers[Region.FR], "Boutique des cours", courses, (Source.external, "B-"),
            {CARD: PaymentMethod.card, TRANSFER: PaymentMethod.transfer, "Chèque": PaymentMethod.cheque},
        )  # fmt: skip
        quebec = _shop(
            session, sellers[Region.QC], "Boutique de Rimouski", rimouski, (Source.generated, "R-{date}-{n}"),
            {CARD_QC: PaymentMethod.card, TRANSFER: PaymentMethod.transfer, "Virement Interac": PaymentMethod.interac},
        )  # fmt: skip
        return (
            Counter(french, Region.FR, CARD, "B-", "FA-{year}-{n:04}", 30, courses),
            Counter(quebec, Region.QC, CARD_QC, "", "QC-{year}-{n:03}", 9, rimouski),
        )


def _shop(
    session: Session,
    seller_id: int,
    name: str,
    stock: Stock,
    numbers: tuple[Source, str],
    ways: dict[str, PaymentMethod],
) -> int:
    seller, (source, format) = session.get_one(Seller, seller_id), numbers
    series = Series(seller_id=seller_id, use=Use.shop, source=source, mode=Mode.portal_reference, format=format)
    shop = Shop(
        name=name, catalogue_id=stock.catalogue_id, seller_id=seller_id, series=series, currency=seller.currency,
        created_at=datetime(2017, 1, 9, 8),  # noqa: DTZ001 - naive UTC
    )  # fmt: skip
    shop.payment_methods = [ShopPaymentMethod(label=label, method=method) for label, method in ways.items()]
    session.add(shop)
    session.flush()
    return shop.id


def sell(desk: Desk, counters: tuple[Counter, Counter], buyers: Sequence[Buyer], staff: Actor) -> Iterator[int]:
    """Makes every order, in the order of their moments; yields after each how many there are."""
    french, quebec = counters
    sales = [*_sales(desk, french, _moments_fr(desk), buyers)]
    sales[SEED - 1] = _seed(sales[SEED - 1], buyers)
    start = datetime(2019, 3, 4)  # noqa: DTZ001 - naive UTC
    sales += _sales(desk, quebec, _moments(desk, start, desk.now, QUEBEC), buyers)
    sales.sort(key=lambda sale: sale.at)
    taken: dict[tuple[str, int], int] = {}
    for done in range(0, len(sales), BATCH):
        batch = sales[done : done + BATCH]
        with transaction(desk.sessions) as session:
            for sale in batch:
                _make(session, desk, sale, staff, taken)
        yield from range(done + 1, done + len(batch) + 1)


def _moments_fr(desk: Desk) -> list[datetime]:
    """The 44th order is the one of 20 September 2017."""
    opened, after = datetime(2017, 1, 16), SEED_AT + timedelta(hours=4)  # noqa: DTZ001 - naive UTC
    early = _moments(desk, opened, SEED_AT - timedelta(days=1), BEFORE)
    return [*early, SEED_AT, *_moments(desk, after, desk.now, ONLINE - QUEBEC - SEED)]


def _moments(desk: Desk, start: datetime, end: datetime, many: int) -> list[datetime]:
    """At any hour at which people buy, in order, more often as time goes by."""
    found = []
    for _ in range(many):
        day = (start + (end - start) * desk.dice.random() ** 0.5).date()
        found.append(datetime.combine(day, time(desk.dice.randint(6, 20), desk.dice.randint(0, 59))))
    return sorted(min(max(moment, start), end) for moment in found)


def _sales(desk: Desk, counter: Counter, moments: list[datetime], buyers: Sequence[Buyer]) -> Iterator[Sale]:
    ours = [buyer for buyer in buyers if buyer.region is counter.region]
    weights = [3 if buyer.signs_in else 1 for buyer in ours]
    for n, at in enumerate(moments, start=1):
        odds = NEW if desk.now - at < RECENT else OLD
        [status] = desk.dice.choices(list(odds), weights=list(odds.values()))
        if (left := len(moments) - n) < len(NEW):  # the last of each shop show every status
            status = list(NEW)[left]
        [buyer] = desk.dice.choices(ours, weights=weights)
        lines = tuple(desk.dice.sample(counter.stock.lines, desk.dice.choice((1, 1, 1, 1, 2, 2, 3))))
        code = base64.b64encode(desk.dice.randbytes(13)).decode()
        number = f"{counter.prefix}{at:%Y%m%d}-{n}" if counter.prefix else None
        letters = status is _S.complete and desk.now - at > RECENT and desk.dice.random() < 0.85
        yield Sale(counter, buyer, at, status, lines, code, number, letters)


def _seed(sale: Sale, buyers: Sequence[Buyer]) -> Sale:
    """The invoice of the screenshot: complete, not lettered."""
    course, _, plugin, *_ = sale.counter.stock.lines
    places = replace(course, quantity_e3=2000, detail="deux places, du 2 octobre au 15 décembre 2017")
    [school] = [buyer for buyer in buyers if buyer.name == "Lycée Sophie-Germain"]
    return replace(
        sale, buyer=school, at=SEED_AT, status=_S.complete, lines=(places, plugin), letters=False,
        code="TU9LEE9DQ1JKEG4RQ==", number="B-20170920-44",
    )  # fmt: skip


def _make(session: Session, desk: Desk, sale: Sale, staff: Actor, taken: dict[tuple[str, int], int]) -> None:
    """The order as it came in, what happened to it, and its reference if the accountant has been here."""
    first, *events = _course(desk, sale)
    actor = Actor(ActorKind.shop, sale.counter.shop_id)
    label = TRANSFER if first is _S.pending else sale.counter.card
    content = OrderContent(
        sale.buyer.customer_id, sale.code, sale.at, first, sale.lines, payment_label=label, number=sale.number,
        units=_units(sale),
    )  # fmt: skip
    order = take_order(session, actor, sale.at, sale.counter.shop_id, content)
    for status, later in events:
        at = min(sale.at + later, desk.now)
        half = order.total_cents // 2 if status is _S.partial else None
        apply_event(session, actor, at, order.id, OrderEvent(status, at, half))
    if sale.letters:
        at = sale.at + timedelta(days=desk.dice.randint(12, 50), hours=desk.dice.randint(0, 5))
        letter(session, staff, at, order.id, _reference(desk, sale.counter, at, taken), 0)


def _units(sale: Sale) -> tuple[UnitsWanted | None, ...]:
    """The French shop names its units itself; the other leaves that to the sales desk."""
    if not sale.number:
        return ()
    return tuple(
        UnitsWanted(tuple(f"{sale.number}-{place}-{n}" for n in range(1, line.quantity_e3 // 1000 + 1)))
        for place, line in enumerate(sale.lines, start=1)
    )


Course = tuple[Status, *tuple[tuple[Status, timedelta], ...]]


def _course(desk: Desk, sale: Sale) -> Course:
    """How an order came to its status: what it was when it came in, then each event and how much later."""
    days = timedelta(days=desk.dice.randint(2, 7))
    slow = desk.now - sale.at > timedelta(days=10) and sale.at != SEED_AT and desk.dice.random() < 0.4
    if sale.status is _S.complete and slow:
        return (_S.pending, (_S.paid, days), (_S.complete, days + timedelta(hours=1)))
    if sale.status is _S.partial:
        return (_S.pending, (_S.partial, days))
    if sale.status is _S.refused:
        return (_S.placed, (_S.refused, timedelta(minutes=2)))
    if sale.status is _S.failed:
        return (desk.dice.choice((_S.draft, _S.placed)), (_S.failed, timedelta(minutes=3)))
    if sale.status is _S.cancelled:
        return (desk.dice.choice((_S.draft, _S.pending)), (_S.cancelled, days * 4))
    return (sale.status,)


def _reference(desk: Desk, counter: Counter, at: datetime, taken: dict[tuple[str, int], int]) -> str:
    """The next number of the accounting software, where others are invoiced too."""
    place = (counter.reference, at.year)
    taken[place] = taken.get(place, 0) + desk.dice.randint(1, counter.pace)
    return counter.reference.format(year=at.year, n=taken[place])
