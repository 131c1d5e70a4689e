"""From what size on more than one file and one process tree is worth it: `python bench/sizes.py`.

Orders of a shop through real web servers (place, number, journal, e-mail promised), from 8 connections: SQLite and
PostgreSQL, with one process, two, and two hosts of two. The floor, in the same run: what one process of the core alone
does. And how long one order holds what only one may hold at a time, which is what more processes can't share.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.orm import sessionmaker

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from config.settings import Settings  # noqa: E402
from invoicing.customers.models import Customer  # noqa: E402
from invoicing.database import make_engine, transaction  # noqa: E402
from invoicing.migrations import upgrade  # noqa: E402
from invoicing.shop.models import Shop  # noqa: E402
from tests.api.conftest import customer_body, key_of, open_shop, order_body  # noqa: E402
from tests.cluster.hosts import Host  # noqa: E402
from tests.cluster.postgres import cluster  # noqa: E402
from tests.conftest import JOURNAL_KEY, make_settings  # noqa: E402
from tests.delivery.test_worker import environ  # noqa: E402
from tests.factories import make_customer, make_order, make_organisation, make_shop  # noqa: E402

ORDERS, CONNECTIONS, ALONE = 120, 8, 80
_codes = itertools.count(1)


def prepared(settings: Settings) -> str:
    """Schema, seller and shop; the shop's key."""
    engine = make_engine(settings.database)
    upgrade(engine)
    with transaction(sessionmaker(engine, info={"journal_key": JOURNAL_KEY.encode()})) as session:
        make_organisation(session)
        key = key_of(session, open_shop(session))
    engine.dispose()
    return key


@contextmanager
def hosts(settings: Settings, count: int) -> Iterator[list[Host]]:
    """So many web servers."""
    with ExitStack() as stack:
        made = []
        for n in range(count):
            command = [sys.executable, "-m", "lettrine.running", "web", "--port", "0"]
            made.append(Host(f"web{n}", command, environ(settings)))
            made[-1].start()
            stack.callback(made[-1].stop)
        yield made


def played(ports: list[int], key: str, count: int) -> tuple[float, list[float], int]:
    """Orders per second, how long each took, and how many were refused because the database was too busy."""
    left, took, refused = iter(range(count)), [], []
    lock = threading.Lock()

    def run(n: int) -> None:
        line = http.client.HTTPConnection("localhost", ports[n % len(ports)], timeout=60)
        while True:
            with lock:
                if next(left, None) is None:
                    break
                code = f"S{next(_codes)}"
            body = order_body(code, customer=customer_body(code), ordered_at="2026-11-22T10:30:00Z", send_email=True)
            begun = time.perf_counter()
            line.request("POST", "/api/v1/orders", json.dumps(body),
                         {"Authorization": f"Bearer {key}", "Content-Type": "application/json"})  # fmt: skip
            answer = line.getresponse()
            answer.read()
            if answer.status != 201:  # a database that is too busy: a shop's program sends it again
                refused.append(answer.status)
                line.close()
            took.append(time.perf_counter() - begun)
        line.close()

    begun = time.perf_counter()
    threads = [threading.Thread(target=run, args=(n,)) for n in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (count - len(refused)) / (time.perf_counter() - begun), took, len(refused)


def alone(settings: Settings) -> tuple[float, float, float, float]:
    """The core in this process: orders per second, processor ms of one, and how long one holds what only one may hold:
    ms by the clock, and of this process's own processor time, which a busy machine doesn't stretch.
    """
    engine = make_engine(settings.database)
    factory = sessionmaker(engine, info={"journal_key": JOURNAL_KEY.encode()})
    held: list[tuple[float, float]] = []
    _watch(engine, held)
    with transaction(factory) as session:
        shop_id, customer_id = make_shop(session).id, make_customer(session).id
    held.clear()
    begun, worked = time.perf_counter(), time.process_time()
    for _ in range(ALONE):
        with transaction(factory) as session:
            make_order(session, session.get_one(Shop, shop_id), session.get_one(Customer, customer_id))
    took, worked = time.perf_counter() - begun, time.process_time() - worked
    engine.dispose()
    clock, own = (statistics.median(side) * 1000 for side in zip(*held, strict=True))
    return ALONE / took, worked / ALONE * 1000, clock, own


def _watch(engine: object, held: list[tuple[float, float]]) -> None:
    """SQLite: from BEGIN IMMEDIATE to the commit; PostgreSQL: from the journal's lock to the commit."""
    since: list[tuple[float, float]] = []

    @event.listens_for(engine, "before_cursor_execute")
    def _before(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "IMMEDIATE" in statement or "pg_advisory_xact_lock" in statement:
            since[:] = [(time.perf_counter(), time.thread_time())]

    @event.listens_for(engine, "commit")
    def _commit(_connection: object) -> None:
        for begun, worked in since:
            held.append((time.perf_counter() - begun, time.thread_time() - worked))
        since.clear()


def measure(name: str, make: Callable[[dict[str, object]], Settings]) -> None:
    """One engine: alone, then by ever more processes."""
    settings = make({})
    key = prepared(settings)
    rate, worked, clock, own = alone(settings)
    told = f"processor {worked:.1f} ms   held {clock:.1f} ms, of it processor {own:.1f}"
    print(f"{name:11} core alone      {rate:6.1f} orders/s   {told}", flush=True)
    for hosted, workers in ((1, 1), (1, 2), (2, 2)):
        with hosts(make({"web_workers": workers}), hosted) as running:
            ports = [host.port for host in running]
            played(ports, key, 40)
            rate, took, refused = played(ports, key, ORDERS)
            took.sort()
            middle, most = took[len(took) // 2] * 1000, took[len(took) * 95 // 100] * 1000
            print(f"{name:11} {hosted} host(s) of {workers}  {rate:6.1f} orders/s   median {middle:.0f} ms"
                  f"   95 of 100 below {most:.0f} ms   refused {refused}", flush=True)  # fmt: skip


def main() -> None:
    """Both engines; PostgreSQL is a cluster of the bench's own, with its usual settings."""
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory(dir=os.environ.get("LETTRINE_BENCH_DIR")) as place:
        folder = Path(place)
        url = f"sqlite:///{folder}/lettrine.db"
        measure("SQLite", lambda over: make_settings(url, folder, **over))
        with cluster() as server:
            measure("PostgreSQL", lambda over: make_settings(server.url, folder, queue_url="database", **over))


if __name__ == "__main__":
    main()
