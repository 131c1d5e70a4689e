"""Plays a shop against a real web server: `python bench/shop_player.py 5000`, on both engines.

Orders with retries, duplicates, words out of order and bodies that are none, over 8 connections. At the end every
order is there once, nothing was a 5xx, and totals, payments and sold units are those of the player's own ledger.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, func, select, text
from sqlalchemy.orm import sessionmaker

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from invoicing.database import make_engine, transaction  # noqa: E402
from invoicing.invoices.models import Invoice  # noqa: E402
from invoicing.migrations import upgrade  # noqa: E402
from invoicing.payments.models import Payment  # noqa: E402
from invoicing.shop.models import SoldUnit  # noqa: E402
from tests.api.conftest import key_of, open_shop  # noqa: E402
from tests.conftest import JOURNAL_KEY, POSTGRES, make_settings  # noqa: E402
from tests.delivery.test_worker import environ  # noqa: E402

CONNECTIONS = 8
PRICES = {"cours-1": 15000, "livre": 2000}  # cents before tax, as in the catalogue
NONSENSE = ["{", "[]", '{"transaction_code": 5}', '{"lines": NaN}', '{"transaction_code": "x", "lines": []}']


@dataclass
class Plan:
    """One order as the ledger knows it: what it must come to in the end."""

    code: str
    body: dict[str, Any]
    total: int
    units: int
    paid: int = 0
    status: str = "placed"
    steps: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


def cents(amount: int) -> str:
    """ "12.50"."""
    return f"{amount // 100}.{amount % 100:02d}"


def plan(n: int, luck: random.Random, start: datetime) -> Plan:
    """The nth order, drawn by lot: lines, who buys, and what will be said of it, in the wrong order at times."""
    lines, net, units = [], 0, 0
    for code in luck.sample(sorted(PRICES), luck.randint(1, 2)):
        quantity = luck.randint(1, 4)
        lines.append({"item": code, "quantity": str(quantity)})
        net, units = net + PRICES[code] * quantity, units + quantity
    if luck.random() < 0.3:
        odd = luck.randint(1, 9999)
        lines.append({"label": "Frais", "price": cents(odd), "tax": "FR_20"})
        net += odd
    total = net + (net * 2 + 5) // 10
    who = luck.randint(1, 400)
    at = start + timedelta(seconds=n)
    body = {
        "transaction_code": f"T{n}+/=", "ordered_at": stamp(at), "lines": lines, "total": cents(total),
        "customer": {"id": str(who), "first_name": "Client", "last_name": f"Numéro {who}", "city": "Chambéry",
                     "street": "1 rue du Port", "postcode": "73000"},
    }  # fmt: skip
    made = Plan(body["transaction_code"], body, total, units)
    _steps(made, luck, at)
    return made


def _steps(made: Plan, luck: random.Random, at: datetime) -> None:
    chance, code = luck.random(), made.code
    late = {"transaction_code": code, "event_id": "late", "status": "pending", "at": stamp(at + timedelta(seconds=1))}
    if chance < 0.5:  # in parts, then an older word that comes too late
        first = luck.randint(1, made.total - 1)
        for n, part in enumerate((first, made.total - first)):
            said = {"transaction_code": code, "payment_id": f"p{n}", "amount": cents(part),
                    "at": stamp(at + timedelta(seconds=2 + n))}  # fmt: skip
            made.steps.append(("/payments", said))
        made.steps.append(("/events", late))
        made.paid, made.status = made.total, "paid"
    elif chance < 0.8:  # paid and complete by events
        done = {**late, "event_id": "done", "status": "complete", "at": stamp(at + timedelta(seconds=5))}
        made.steps += [("/events", done), ("/events", late)]
        made.paid, made.status = made.total, "complete"
    elif chance < 0.9:
        made.steps.append(("/events", {**late, "event_id": "no", "status": "cancelled"}))
        made.status = "cancelled"


def stamp(at: datetime) -> str:
    """A moment as it is sent."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Player:
    """What 8 connections share."""

    address: str
    key: str
    statuses: Counter[int] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    faults: list[str] = field(default_factory=list)

    def work(self, plans: list[Plan], seed: int) -> None:
        """One connection's share."""
        luck, line = random.Random(seed), http.client.HTTPConnection(self.address, timeout=60)
        for each in plans:
            try:
                self._play(line, each, luck)
            except Exception as error:
                self.faults.append(f"{each.code}: {type(error).__name__} {error}")
                line = http.client.HTTPConnection(self.address, timeout=60)
        line.close()

    def _play(self, line: http.client.HTTPConnection, each: Plan, luck: random.Random) -> None:
        if luck.random() < 0.05:
            assert 400 <= self._send(line, "/orders", luck.choice(NONSENSE))[0] < 500
        for path, said in [("/orders", each.body), *each.steps]:
            status, told = self._send(line, path, json.dumps(said))
            assert status in (200, 201), f"{path} {status} {told}"
            if luck.random() < 0.1:  # the answer was lost: sent again
                assert self._send(line, path, json.dumps(said)) == (status, told)
        if luck.random() < 0.05:  # the code again, with something else
            assert self._send(line, "/orders", json.dumps({**each.body, "note": "autre"}))[0] == 409

    def _send(self, line: http.client.HTTPConnection, path: str, said: str) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", "Host": "localhost"}
        line.request("POST", f"/api/v1{path}", said.encode(), headers)
        answer = line.getresponse()
        told = answer.read().decode()
        with self.lock:
            self.statuses[answer.status] += 1
        return answer.status, told


def play(address: str, key: str, count: int, seed: int = 1) -> tuple[Player, list[Plan]]:
    """Sends everything; each tenth order is also sent by another connection at the same time."""
    luck, start = random.Random(seed), datetime.now(UTC) - timedelta(days=2)
    plans = [plan(n, luck, start) for n in range(count)]
    player = Player(address, key)
    shares = [plans[n::CONNECTIONS] for n in range(CONNECTIONS)]
    for n, share in enumerate(shares):
        share += [Plan(p.code, p.body, p.total, p.units) for p in shares[(n + 1) % CONNECTIONS][::10]]
    threads = [threading.Thread(target=player.work, args=(share, n)) for n, share in enumerate(shares)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return player, plans


def settle(url: str, player: Player, plans: list[Plan]) -> list[str]:
    """What isn't as the ledger has it; nothing, if all is well."""
    engine = make_engine(url)
    with sessionmaker(engine)() as session:
        rows = session.execute(
            select(Invoice.transaction_code, Invoice.total_cents, Invoice.paid_cents, Invoice.status)
        ).all()
        payments = session.scalar(select(func.sum(Payment.amount_cents))) or 0
        units = session.scalar(select(func.sum(SoldUnit.quantity))) or 0
        numbers = session.scalar(select(func.count(Invoice.number.distinct())))
    engine.dispose()
    there, wanted = sorted(map(tuple, rows)), sorted((p.code, p.total, p.paid, p.status) for p in plans)
    wrong = list(player.faults)
    wrong += [f"{a} is not {b}" for a, b in zip(there, wanted, strict=False) if a != b][:5]
    sums = {
        "orders": (len(there), len(plans)), "payments": (payments, sum(p.paid for p in plans)),
        "units": (units, sum(p.units for p in plans)), "numbers": (numbers, len(plans)),
        "5xx": (sum(n for status, n in player.statuses.items() if status >= 500), 0),
    }  # fmt: skip
    return wrong + [f"{name}: {a} is not {b}" for name, (a, b) in sums.items() if a != b]


@contextmanager
def serving(url: str, folder: Path) -> Iterator[tuple[str, str]]:
    """`lettrine web` on a free port, and the key of a shop."""
    engine = make_engine(url)
    upgrade(engine)
    with transaction(sessionmaker(engine, info={"journal_key": JOURNAL_KEY.encode()})) as session:
        key = key_of(session, open_shop(session))
    engine.dispose()
    words = [sys.executable, "-c", "from lettrine.cli import main; main()", "web", "--port", "0"]
    env = {**environ(make_settings(url, folder)), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://([\d.:]+)", process.stdout.readline())
            assert found
            yield found[1], key
        finally:
            process.terminate()


def run(name: str, url: str, count: int) -> bool:
    """Plays and settles on one engine; says how it went."""
    with tempfile.TemporaryDirectory() as folder, serving(url, Path(folder)) as (address, key):
        begun = time.perf_counter()
        player, plans = play(address, key, count)
        took = time.perf_counter() - begun
        wrong = settle(url, player, plans)
    sent = sum(player.statuses.values())
    print(f"{name:11} {count} orders, {sent} requests in {took:.0f} s ({sent / took:.0f}/s)  "
          f"{dict(sorted(player.statuses.items()))}  {'agrees to the cent' if not wrong else wrong[:5]}")  # fmt: skip
    return not wrong


def main() -> None:
    """Both engines; PostgreSQL only where one answers."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as folder:
        well = run("SQLite", f"sqlite:///{folder}/player.db", count)
    admin = create_engine(POSTGRES, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    name = f"lettrine_player_{os.getpid()}"
    try:
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except Exception as error:
        print(f"PostgreSQL  none answers ({type(error).__name__})")
        sys.exit(not well)
    try:
        well &= run("PostgreSQL", admin.url.set(database=name).render_as_string(hide_password=False), count)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    sys.exit(not well)


if __name__ == "__main__":
    main()
