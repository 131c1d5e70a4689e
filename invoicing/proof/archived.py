"""Archived versions: each row against its sealed entry, each file against its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, Final, NamedTuple

from invoicing.documents.archive import Archive
from invoicing.proof.chain import Sealed
from invoicing.proof.rules import Tally
from invoicing.proof.sealing import facts_digest
from invoicing.proof.states import Row

THREADS: Final = 2
FILES: Final = 500  # between two words about progress


class _File(NamedTuple):
    invoice_id: int
    position: int
    sha256: str
    size: int


class Versions:
    """Takes the versions in by id; the files are read at the end, when no transaction is open any more."""

    def __init__(self, sealed: Mapping[int, Sealed], names: Mapping[int, str | None]) -> None:
        self.tally = Tally("archive")
        self._sealed, self._names = sealed, names
        self._seen: set[int] = set()
        self._files: list[_File] = []

    def take(self, rows: Iterable[Row]) -> None:
        """The next rows, in the order of `queries.VERSION`."""
        for row in rows:
            version_id, invoice_id, position, state, sha256, size = row[:6]
            self._seen.add(version_id)
            self._check_row(row)
            if state == "rendered":
                self._files.append(_File(invoice_id, position, str(sha256), size or 0))
            else:
                self.tally.notes["due"] += 1

    def finish(self) -> None:
        """Sealed versions whose row is gone."""
        for version_id, sealed in sorted(self._sealed.items()):
            if version_id not in self._seen:
                invoice_id, position = sealed.changes.get("invoice_id"), sealed.changes.get("position")
                self.tally.fault("version_gone", **self._name(invoice_id, position))

    def _name(self, invoice_id: Any, position: Any) -> dict[str, str | int | None]:
        return {"number": self._names.get(invoice_id), "invoice_id": invoice_id, "version": position}

    def _check_row(self, row: Row) -> None:
        version_id, invoice_id, position, state, sha256, size, pages, facts, _withdrawn, sealed_at = row
        sealed, name = self._sealed.get(version_id), self._name(invoice_id, position)
        if sealed is None:
            if sealed_at is not None:
                self.tally.fault("version_entry_gone", **name)
            elif state == "rendered":
                self.tally.notes["unsealed"] += 1
            return
        found = {"invoice_id": invoice_id, "position": position, "sha256": sha256, "size": size, "pages": pages,
                 "facts": facts_digest(str(facts))}  # fmt: skip
        if not sealed.is_genuine:
            self.tally.fault("version_unproven", **name)
        elif state != "rendered" or sealed_at is None or found != sealed.changes:
            told = str(sealed.changes.get("sha256"))
            self.tally.fault("version_altered", expected=told, found=str(sha256), **name)

    def read_files(self, archive: Archive, progress: Callable[[int], None]) -> None:
        """Every file once, its bytes hashed; reading and hashing let the other thread work."""
        self.tally.count = len(self._files)
        files = iter(self._files)
        with ThreadPoolExecutor(THREADS) as pool:
            while some := list(islice(files, FILES)):
                for file, found in zip(some, pool.map(archive.found, [f.sha256 for f in some]), strict=True):
                    self._check_file(file, found)
                progress(len(some))

    def _check_file(self, file: _File, found: tuple[str, int] | None) -> None:
        name = self._name(file.invoice_id, file.position)
        if found is None:
            self.tally.fault("file_missing", expected=file.sha256, **name)
        elif found != (file.sha256, file.size):
            self.tally.fault("file_altered", expected=file.sha256, found=found[0], **name)
