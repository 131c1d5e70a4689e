"""`verify` over many documents, beside a floor that reads the same rows and files and only hashes them.

`python bench/verify.py [documents]`; 100,000 unless told. Documents are copies of one that was finalised for real,
each with its own number, journal entries, payment, archived files (of real sizes) and seal, made by the same
digest code; the goal is less than a minute, warm, on two cores.
"""

from __future__ import annotations

import hashlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, insert, select, text, update
from sqlalchemy.orm import sessionmaker

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from invoicing import guards  # noqa: E402
from invoicing.database import make_engine, transaction  # noqa: E402
from invoicing.documents.archive import open_archive, place  # noqa: E402
from invoicing.documents.models import COLUMNS, DocumentVersion, Part, VersionState  # noqa: E402
from invoicing.invoices.models import Invoice, InvoiceLine, InvoiceLineTax, InvoiceTax  # noqa: E402
from invoicing.journal import DOCUMENT, JournalEntry, entry_hash  # noqa: E402
from invoicing.migrations import upgrade  # noqa: E402
from invoicing.numbering import Series, SeriesCounter  # noqa: E402
from invoicing.payments.models import Payment, PaymentMethod  # noqa: E402
from invoicing.proof import anchors, queries, states  # noqa: E402
from invoicing.proof.sealing import VERSION, facts_digest  # noqa: E402
from invoicing.proof.service import verify  # noqa: E402
from tests.conftest import JOURNAL_KEY, POSTGRES  # noqa: E402
from tests.factories import NOW, TODAY, make_customer, make_invoice, make_line, make_seller  # noqa: E402

KEY = JOURNAL_KEY.encode()
ROUNDS, CHUNK, LINES = 3, 2000, 3
SIZES = {Part.pdf: 36_000, Part.xml: 8_000, Part.source: 4_000}
Rows = list[dict[str, Any]]


class Bench:
    """One database and one archive with `count` documents."""

    def __init__(self, url: str, folder: Path, count: int) -> None:
        self.engine, self.count = make_engine(url), count
        self.files, self.anchors = folder / "archive", folder / "anchors"
        upgrade(self.engine)
        self.sessions = sessionmaker(self.engine, info={"journal_key": KEY})
        with transaction(self.sessions) as session:
            seller, customer = make_seller(session), make_customer(session)
            lines = [make_line(session, price=60 + n) for n in range(LINES)]
            made = make_invoice(session, customer, seller, *lines, subject="Adhésion", paid_on=TODAY,
                                paid_method=PaymentMethod.transfer)  # fmt: skip
        self.first = made.invoice_id
        with self.engine.begin() as connection:
            guards.remove(connection)
        self._fill()
        with self.engine.begin() as connection:
            guards.install(connection)
            connection.execute(text("ANALYZE"))

    def _fill(self) -> None:
        """Copies, some thousands at a time, then their entries."""
        with self.engine.connect() as connection:
            pattern = {model: self._rows(connection, model) for model in _OF_INVOICE}
            taxed = [dict(row._mapping) for row in connection.execute(select(InvoiceLineTax.__table__))]
        ids = range(2, self.count + 1)
        for start in range(0, len(ids), CHUNK):
            with self.engine.begin() as connection:
                for model, rows in self._copies(pattern, taxed, ids[start : start + CHUNK]):
                    connection.execute(insert(model.__table__), rows)
        with self.engine.begin() as connection:
            connection.execute(update(SeriesCounter.__table__).values(last=self.count))
        self._journal()

    def _rows(self, connection: Any, model: Any) -> Rows:
        key = model.__table__.c["id" if model is Invoice else "invoice_id"]
        return [dict(row._mapping) for row in connection.execute(select(model.__table__).where(key == self.first))]

    def _copies(self, pattern: dict[Any, Rows], taxed: Rows, ids: range) -> Iterator[tuple[Any, Rows]]:
        for model in _OF_INVOICE:
            copies = []
            for n in ids:
                for place_of, row in enumerate(pattern[model]):
                    copies.append(self._copy(model, row, n, place_of, len(pattern[model])))
            yield model, copies
            if model is InvoiceLine:
                yield InvoiceLineTax, [{**row, "line_id": row["line_id"] + LINES * (n - 1)} for n in ids
                                       for row in taxed]  # fmt: skip

    def _copy(self, model: Any, row: dict[str, Any], n: int, place_of: int, each: int) -> dict[str, Any]:
        if model is Invoice:
            number = f"F2026-{n:05}"
            snapshot = json.loads(row["snapshot"]) | {"number": number}
            written = json.dumps(snapshot, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            return {**row, "id": n, "number": number, "number_folded": number.lower(), "form_token": f"t{n}",
                    "snapshot": written}  # fmt: skip
        copy = {**row, "invoice_id": n}
        if "id" in row:
            copy["id"] = (n - 1) * each + place_of + 1
        return copy

    def _journal(self) -> None:
        """Files and seals of all versions, two entries a document, as finalising and the worker write them."""
        self._head: anchors.Head | None = None
        with self.engine.begin() as connection:
            last = connection.execute(text("SELECT position, hash FROM journal ORDER BY position DESC LIMIT 1")).one()
            self._head = anchors.Head(*last)
            for some in queries.documents(connection):
                entries: Rows = []
                for document in some:
                    entries += self._entries(connection, document)
                connection.execute(insert(JournalEntry.__table__), entries)
            connection.execute(update(Series.__table__).values(last_date=TODAY))
        anchors.append(self.anchors, KEY, self._head, NOW)

    def _entries(self, connection: Any, document: states.Document) -> Rows:
        n, files = document.invoice[0], self._archive(document.invoice[0])
        sealed = {"state": VersionState.rendered, "pages": 1, "rendered_at": NOW, "sealed_at": NOW, **files}
        connection.execute(update(DocumentVersion.__table__).where(DocumentVersion.id == n).values(sealed))
        told = {"invoice_id": n, "position": 1, "pages": 1, "facts": facts_digest(document.versions[0][1]), **files}
        finalised = {"number": [None, document.invoice[9]], "status": ["draft", "complete"]}
        return [
            self._entry("invoice.finalised", (DOCUMENT, n), finalised, document.state(states.STATE_FORMAT)),
            self._entry("version.archived", (VERSION, n), {name: [None, told[name]] for name in told}, None),
        ]

    def _archive(self, n: int) -> dict[str, object]:
        """PDF, XML and source of a document; column → SHA-256 or size."""
        noted: dict[str, object] = {}
        for part, (sha256, size) in COLUMNS.items():
            data = hashlib.sha256(f"{part} {n}".encode()).digest() * (SIZES[part] // 32)
            noted[sha256], noted[size] = hashlib.sha256(data).hexdigest(), len(data)
            path = self.files / place(str(noted[sha256]))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return noted

    def _entry(self, action: str, subject: tuple[str, int], changes: Any, state: str | None) -> dict[str, Any]:
        assert self._head
        entry = JournalEntry(
            position=self._head.position + 1, format=2, at=NOW, actor_kind="system", action=action,
            subject_kind=subject[0], subject_id=subject[1], state=state, previous_hash=self._head.hash,
            changes=json.dumps(changes, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
        )  # fmt: skip
        entry.actor_kind = _system()
        entry.hash = entry_hash(KEY, entry)
        self._head = anchors.Head(entry.position, entry.hash)
        return {column.name: getattr(entry, column.name) for column in JournalEntry.__table__.columns}

    def verify(self) -> None:
        """What is measured."""
        report = verify(self.engine, KEY, open_archive(self.files.as_uri()), self.anchors)
        assert report.is_intact, report.first
        assert report.position > 2 * self.count

    def floor(self) -> None:
        """The same rows and files, read in the same chunks, their bytes hashed; nothing is compared."""
        with queries.steady(self.engine) as connection:
            for rows in queries.entries(connection):
                for row in rows:
                    hashlib.sha256(repr(row).encode())
            for documents in queries.documents(connection):
                for document in documents:
                    hashlib.sha256(repr(document).encode())
            shas = []
            for rows in queries.versions(connection):
                for row in rows:
                    hashlib.sha256(repr(row).encode())
                    shas += [row[queries.VERSION.index(sha256)] for sha256, _size in COLUMNS.values()]
        for sha256 in shas:
            hashlib.sha256((self.files / place(sha256)).read_bytes())


def _system() -> Any:
    from invoicing.journal import ActorKind

    return ActorKind.system


_OF_INVOICE = (Invoice, InvoiceLine, InvoiceTax, Payment, DocumentVersion)


def seconds(act: Callable[[], object]) -> tuple[float, float]:
    """Wall time and processor time; a busy machine shows in the first only."""
    begun, worked = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - begun, time.process_time() - worked


def measure(name: str, url: str, count: int) -> None:
    """Builds, then interleaved rounds."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("LETTRINE_BENCH_DIR")) as folder:
        begun = time.perf_counter()
        bench = Bench(url or f"sqlite:///{folder}/bench.db", Path(folder), count)
        built = time.perf_counter() - begun
        rounds = [(*seconds(bench.verify), *seconds(bench.floor)) for _ in range(ROUNDS)]
        ours, our_work, floor, floor_work = (statistics.median(side) for side in zip(*rounds, strict=True))
        worst = max(one[0] for one in rounds)
        print(f"{name:11} {count} documents (built in {built:.0f} s)   verify {ours:6.1f} s (worst {worst:.1f},"
              f" processor {our_work:.1f})   floor {floor:6.1f} s (processor {floor_work:.1f})"
              f"   x {statistics.median(one[0] / one[2] for one in rounds):.2f}", flush=True)  # fmt: skip
        bench.engine.dispose()


def main() -> None:
    """Both engines; PostgreSQL only where one answers."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    measure("SQLite", "", count)
    admin = create_engine(POSTGRES, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    name = f"lettrine_bench_{datetime.now():%H%M%S}"  # noqa: DTZ005 - a name
    try:
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
    except Exception as error:
        print(f"PostgreSQL  none answers ({type(error).__name__})")
        return
    try:
        measure("PostgreSQL", admin.url.set(database=name).render_as_string(hide_password=False), count)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


if __name__ == "__main__":
    main()
