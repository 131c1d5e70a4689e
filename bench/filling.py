"""A great many invoices for the benchmarks of lists: two real ones, made through the core, copied by bulk SQL.

Each copy has its own number, code, day (over six years), customer (one of a thousand), amount, status, shop and
reference, and its own folded text of some 160 letters: words of 200 French ones, so that some stand in one row of
ten, most in few; two more stand in old documents only. Lines, taxes and versions are not copied: no list reads them.
The search, its triggers and the kept counters are taken away meanwhile and made anew as an upgrade makes them.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, insert, select, text
from sqlalchemy.orm import Session, sessionmaker

from invoicing import search_index
from invoicing.customers.models import Customer
from invoicing.database import is_sqlite, transaction
from invoicing.invoices import tallies
from invoicing.invoices.models import Invoice, InvoiceKind, Origin, Status
from invoicing.money import Currency
from invoicing.numbering import Mode, Series, Use
from invoicing.search import amount_tokens, fold
from invoicing.shop.models import Catalogue, Shop
from tests.factories import NOW, make_customer, make_draft, make_invoice, make_seller, make_user

AT_ONCE: Final = 5000
CUSTOMERS: Final = 1000
RARE: Final = "chrysantheme"  # in one invoice of ten thousand
COMMON: Final = "cotisation"  # in one of ten
MIDDLING: Final = "palimpseste"  # in one of two hundred, all of the first year
SELDOM: Final = "incunable"  # in one of a thousand, all of the first year
FIRST_YEAR: Final = 365  # of DAYS
DAYS: Final = 2150
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
    engine: Engine = sessions.kw["bind"]
    write = _on_sqlite if is_sqlite(engine) else _on_postgresql
    with engine.connect().execution_options(write=True) as connection, connection.begin():
        write(connection, _rows(patterns, count, people, shops))
        search_index.install(connection)
        tallies.install(connection)
    _tidy(sessions)
    return user_id


def _rows(
    patterns: dict[bool, dict[str, Any]], count: int, people: list[tuple[int, str]], shops: list[tuple[int, int]]
) -> Iterator[list[dict[str, Any]]]:  # fmt: skip
    chance = random.Random(1)
    for first in range(0, count, AT_ONCE):
        yield [_copy(patterns, n, chance, people, shops) for n in range(first, min(count, first + AT_ONCE))]


def _on_sqlite(connection: Connection, lots: Iterable[list[dict[str, Any]]]) -> None:
    search_index.remove(connection)
    tallies.remove(connection)
    connection.exec_driver_sql("PRAGMA cache_size = -2000000")  # 2 GB: a dozen indexes grow at random places
    for rows in lots:
        for row in rows:
            row.update(issued_on=row["issued_on"].isoformat(), listed_on=row["listed_on"].isoformat())
        marks = ", ".join(f":{name}" for name in rows[0] if name != "like")
        connection.connection.driver_connection.executemany(_copying(rows[0], marks, "i.id = :like"), rows)  # type: ignore[union-attr]


def _on_postgresql(connection: Connection, lots: Iterable[list[dict[str, Any]]]) -> None:
    connection.execute(text("SET LOCAL maintenance_work_mem = '1GB'"))
    connection.execute(text(f"DROP INDEX IF EXISTS {search_index.INDEX}"))
    tallies.remove(connection)
    raw: Any = connection.connection.driver_connection
    for rows in lots:
        names = list(rows[0])
        typed = ", ".join(f"i.{name}" for name in names if name != "like")
        connection.execute(text("DROP TABLE IF EXISTS brought"))
        connection.execute(text(f'CREATE TEMP TABLE brought AS SELECT {typed}, i.id AS "like" FROM invoice i LIMIT 0'))
        with raw.cursor().copy(f"COPY brought ({', '.join(map(_quoted, names))}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([row[name] for name in names])
        told = ", ".join(f"b.{name}" for name in names if name != "like")
        connection.exec_driver_sql(_copying(rows[0], told, 'i.id = b."like"', ", brought b"))


def _quoted(name: str) -> str:
    return f'"{name}"'


def _copying(row: dict[str, Any], given: str, where: str, beside: str = "") -> str:
    """The statement that takes what a row gives, and all else of the invoice that it is like."""
    own = [name for name in row if name != "like"]
    rest = [c.name for c in Invoice.__table__.columns if c.name not in row and c.name not in ("id", "form_token")]
    return (
        f"INSERT INTO invoice ({', '.join([*own, *rest])}) "
        f"SELECT {given}, {', '.join(f'i.{name}' for name in rest)} FROM invoice i{beside} WHERE {where}"
    )


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
    return {"id": row.id, "series_id": row.series_id}


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
    since = chance.randrange(DAYS)
    day = date(2021, 1, 1) + timedelta(days=since)
    net = chance.choice([0, 9500, chance.randrange(100, 2_000_000)])
    total, code = net + net // 5, f"{chance.getrandbits(120):030x}"
    number, lettering = (f"N-{day:%Y%m%d}-{n}" if stands else None), None
    if status in (Status.complete, Status.paid) and chance.random() < 0.9:
        lettering = f"FA-{day.year}-{n:06}"
    words = chance.choices(_WORDS, k=12) + [COMMON] * (n % 10 == 3) + [RARE] * (n % 10_000 == 5)
    if since < FIRST_YEAR:
        words += [MIDDLING] * (chance.random() < DAYS / FIRST_YEAR / 200)
        words += [SELDOM] * (chance.random() < DAYS / FIRST_YEAR / 1000)
    online = stands and chance.random() < 0.6
    shop, series = chance.choice(shops) if online else (None, patterns[stands]["series_id"])
    return {
        "like": patterns[stands]["id"], "number": number, "number_folded": number and number.lower(),
        "transaction_code": code, "status": status.value, "customer_id": person,
        "kind": (InvoiceKind.credit_note if stands and n % 50 == 7 else InvoiceKind.invoice).value,
        "origin": (Origin.online if online else Origin.manual).value, "shop_id": shop, "series_id": series,
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
