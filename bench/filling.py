"""A great many invoices for the benchmarks of lists: a few real ones, made through the core, copied by bulk SQL.

Each copy has its own number, code, day (over six years), customer (one of a thousand), amount, status, shop and
reference, and its own folded text of some 160 letters: words of 200 French ones, so that some stand in one row of
ten, most in few. Lines, taxes and versions are not copied: no list reads them.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection, insert, select, text
from sqlalchemy.orm import Session, sessionmaker

from invoicing.customers.models import Customer
from invoicing.database import is_sqlite, transaction
from invoicing.invoices.models import Invoice, InvoiceKind, Origin, Status
from invoicing.money import Currency
from invoicing.numbering import Mode, Series, Use
from invoicing.search import amount_tokens, fold
from invoicing.shop.models import Catalogue, Shop
from tests.factories import NOW, make_customer, make_draft, make_invoice, make_seller, make_user

AT_ONCE: Final = 2000
CUSTOMERS: Final = 1000
RARE: Final = "chrysantheme"  # in one invoice of ten thousand
COMMON: Final = "cotisation"  # in one of ten
_STATUSES: Final = (
    [Status.complete] * 78 + [Status.paid] * 6 + [Status.pending] * 5 + [Status.partial] + [Status.placed] * 2
    + [Status.failed] * 2 + [Status.refused] * 2 + [Status.cancelled] * 3 + [Status.draft]
)  # fmt: skip
_SYLLABLES: Final = ("ba", "cor", "du", "fen", "gri", "hol", "jus", "lem", "mar", "nol", "pir", "quo", "ser", "tul")
_WORDS: Final = [a + b + c for a in _SYLLABLES for b in _SYLLABLES[::3] for c in _SYLLABLES[::5]][:200]


def fill(sessions: sessionmaker[Session], count: int) -> int:
    """Fills an empty, migrated database with `count` invoices; the number of a user of sales."""
    with transaction(sessions) as session:
        seller, user = make_seller(session), make_user(session)
        customer = make_customer(session)
        shops = _shops(session, seller.id)
        stands = make_invoice(session, customer, seller).invoice_id
        drafted = make_draft(session, customer, seller).id
        patterns = {True: _values(session, stands), False: _values(session, drafted)}
        user_id = user.id
        people = _customers(session, customer)
    chance = random.Random(1)
    with sessions() as session:
        for first in range(0, count, AT_ONCE):
            rows = [_copy(patterns, n, chance, people, shops) for n in range(first, min(count, first + AT_ONCE))]
            with transaction(sessions) as writing:
                writing.execute(insert(Invoice), rows)
    _tidy(sessions)
    return user_id


def _shops(session: Session, seller_id: int) -> list[tuple[int, int]]:
    """Four shops on two catalogues, as (id, series)."""
    made = []
    for n in range(4):
        catalogue = session.scalar(select(Catalogue).where(Catalogue.name == f"Catalogue {n % 2}"))
        catalogue = catalogue or Catalogue(name=f"Catalogue {n % 2}", currency=Currency.EUR)
        series = Series(seller_id=seller_id, use=Use.shop, mode=Mode.portal_reference, format=f"B{n}-{{n:05}}")
        session.add_all([catalogue, series])
        session.flush()
        shop = Shop(name=f"Boutique {n}", catalogue_id=catalogue.id, seller_id=seller_id, series_id=series.id,
                    currency=Currency.EUR, created_at=NOW)  # fmt: skip
        session.add(shop)
        session.flush()
        made.append((shop.id, series.id))
    return made


def _values(session: Session, invoice_id: int) -> dict[str, Any]:
    row = session.get_one(Invoice, invoice_id)
    return {c.name: getattr(row, c.name) for c in Invoice.__table__.columns if c.name != "id"}


def _customers(session: Session, pattern: Customer) -> list[tuple[int, str]]:
    names = [c.name for c in Customer.__table__.columns if c.name not in ("id", "form_token")]
    values = {name: getattr(pattern, name) for name in names}
    rows = []
    for n in range(CUSTOMERS):
        first, last = _WORDS[n % 200].capitalize(), _WORDS[(n * 7) % 199].capitalize()
        rows.append({**values, "first_name": first, "last_name": last, "member_number": f"M{n:05}",
                     "email": f"{first}.{last}{n}@example.fr".lower(), "sort_name": fold(last, first)})  # fmt: skip
    session.execute(insert(Customer), rows)
    found = session.execute(select(Customer.id, Customer.sort_name).where(Customer.id != pattern.id))
    return [(number, name) for number, name in found]


def _copy(
    patterns: dict[bool, dict[str, Any]], n: int, chance: random.Random, people: list[tuple[int, str]],
    shops: list[tuple[int, int]],
) -> dict[str, Any]:  # fmt: skip
    status = chance.choice(_STATUSES)
    stands = status is not Status.draft
    person, name = chance.choice(people)
    day = date(2021, 1, 1) + timedelta(days=chance.randrange(2150))
    net = chance.choice([0, 9500, chance.randrange(100, 2_000_000)])
    total, code = net + net // 5, f"{chance.getrandbits(120):030x}"
    number, lettering = (f"N-{day:%Y%m%d}-{n}" if stands else None), None
    if status in (Status.complete, Status.paid) and chance.random() < 0.9:
        lettering = f"FA-{day.year}-{n:06}"
    words = chance.choices(_WORDS, k=12) + [COMMON] * (n % 10 == 3) + [RARE] * (n % 10_000 == 5)
    online = stands and chance.random() < 0.6
    shop, series = chance.choice(shops) if online else (None, patterns[stands]["series_id"])
    return {
        **patterns[stands], "number": number, "number_folded": number and number.lower(),
        "transaction_code": code, "form_token": None, "status": status,
        "kind": InvoiceKind.credit_note if stands and n % 50 == 7 else InvoiceKind.invoice, "customer_id": person,
        "origin": Origin.online if online else Origin.manual, "shop_id": shop, "series_id": series,
        "issued_on": day, "listed_on": day, "customer_sort": name, "buyer_name": name.title(),
        "net_cents": net, "tax_cents": total - net, "total_cents": total, "paid_cents": 0,
        "lettering": lettering, "lettering_folded": lettering and lettering.lower(), "corrects_id": None,
        "search_text": f"{fold(number, code, lettering, name, name, *words)} {amount_tokens(total, net)}",
    }  # fmt: skip


def _tidy(sessions: sessionmaker[Session]) -> None:
    """What the databases do by themselves sooner or later."""
    with sessions() as session:
        connection = session.connection().engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        with connection:
            _analyse(connection)


def _analyse(connection: Connection) -> None:
    if is_sqlite(connection):
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    else:
        connection.execute(text("VACUUM ANALYZE"))
