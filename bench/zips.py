"""A ZIP of 10,000 archived PDFs through the whole application, beside a floor. `python bench/zips.py [documents]`

On SQLite: files a second, and how much the process has grown at its peak. The floor reads the same files from the
archive, checks each against its SHA-256 and lets it go: what is above it is the ZIP, its index, the traces. The
documents are one real invoice's rows, copied (tests/zone/many.py); what each takes is what any other would.
"""

from __future__ import annotations

import gc
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import sessionmaker

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from invoicing.accounts.models import Role  # noqa: E402
from invoicing.database import make_engine, transaction  # noqa: E402
from invoicing.documents import service  # noqa: E402
from invoicing.documents.archive import Archive, open_archive  # noqa: E402
from invoicing.documents.models import DocumentVersion  # noqa: E402
from invoicing.documents.press import press  # noqa: E402
from invoicing.migrations import upgrade  # noqa: E402
from lettrine.app import create_app  # noqa: E402
from tests.conftest import JOURNAL_KEY, Browser, make_settings  # noqa: E402
from tests.factories import NOW, make_customer, make_invoice, make_seller, make_user  # noqa: E402
from tests.zone.many import copies  # noqa: E402

ADDRESS = "/mes-factures/documents/zip"


def grown() -> int:
    """The most that this process ever took, in kB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure(name: str, count: int, make: Callable[[], int]) -> None:
    """One way, once."""
    gc.collect()
    before, begun, worked = grown(), time.perf_counter(), time.process_time()
    size = make()
    spent, worked, more = time.perf_counter() - begun, time.process_time() - worked, grown() - before
    told = f"{name:8}{count / spent:9.0f} files/s{spent:8.1f} s{worked:8.1f} s of processor{size / 1e6:9.1f} MB"
    print(f"{told}{more / 1024:+8.1f} MB grown", flush=True)


def floor(archive: Archive, sha256: str, count: int) -> int:
    """Reads and checks the same bytes."""
    return sum(len(archive.get(sha256)) for _ in range(count))


def taken(client: Browser, address: str, to: Path | None = None) -> int:
    """The whole answer, piece by piece."""
    answer, size = client.get(address, buffered=False), 0
    with open(to or "/dev/null", "wb") as file:
        for part in answer.response:
            size += file.write(part)
    answer.close()
    return size


def fill(url: str, folder: Path, count: int) -> None:
    """A member with so many archived documents; says the member's number and the SHA-256 of all of them."""
    upgrade(make_engine(url))
    sessions = sessionmaker(make_engine(url), info={"journal_key": JOURNAL_KEY.encode()})
    with transaction(sessions) as session:
        member = make_user(session, Role.member)
        made = make_invoice(session, make_customer(session, users=(member,)), make_seller(session))
        member_id = member.id
    with sessions() as session:
        version_id = session.scalars(select(DocumentVersion.id)).one()
    archive = open_archive((folder / "archive").as_uri())
    sha256 = service.ensure_rendered(sessions, archive, press(schematron=False), version_id, NOW).sha256
    with transaction(sessions) as session:
        copies(session, made.invoice_id, count - 1)
    print(member_id, sha256)


def main() -> None:
    """Fills (in a process of its own: its peak is none of ours), warms up, then measures floor and ZIP."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as name:
        folder, url = Path(name), f"sqlite:///{name}/bench.db"
        told = subprocess.run([sys.executable, __file__, str(count), name], check=True, capture_output=True, text=True)
        member_id, sha256 = told.stdout.split()[-2:]
        app = create_app(make_settings(url, folder))
        app.test_client_class = Browser
        client = app.test_client().become(int(member_id))  # type: ignore[attr-defined]
        taken(client, f"{ADDRESS}?choix=1&n=C2026-000000")
        archive = open_archive((folder / "archive").as_uri())
        measure("floor", count, lambda: floor(archive, sha256, count))
        measure("ZIP", count, lambda: taken(client, ADDRESS))
        taken(client, ADDRESS, folder / "all.zip")
        with zipfile.ZipFile(folder / "all.zip") as made:
            print(f"read back: {len(made.namelist()) - 1} documents, first fault: {made.testzip()}")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        fill(f"sqlite:///{sys.argv[2]}/bench.db", Path(sys.argv[2]), int(sys.argv[1]))
    else:
        main()
