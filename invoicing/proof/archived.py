"""Archived versions: each row against its sealed entry, each file against its name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, Final, NamedTuple

from invoicing.documents.archive import Archive
from invoicing.documents.models import COLUMNS, Part
from invoicing.proof.chain import Sealed
from invoicing.proof.queries import VERSION
from invoicing.proof.rules import Tally
from invoicing.proof.sealing import what_is_sealed
from invoicing.proof.states import Row

THREADS: Final = 2
FILES: Final = 500  # between two words about progress
_ROW_ALTERED: Final = {
    Part.pdf: "version_altered", Part.xml: "version_xml_altered", Part.source: "version_source_altered"
}  # fmt: skip
_MISSING: Final = {Part.pdf: "file_missing", Part.xml: "xml_missing", Part.source: "source_missing"}
_ALTERED: Final = {Part.pdf: "file_altered", Part.xml: "xml_altered", Part.source: "source_altered"}


class _File(NamedTuple):
    """One file that a row names."""

    invoice_id: int
    position: int
    part: str
    sha256: str
    size: int


class Versions:
    """Takes the versions in by id; the files are read at the end, when no transaction is open any more."""

    def __init__(self, sealed: Mapping[int, Sealed], names: Mapping[int, str | None]) -> None:
        self.tally = Tally("archive")
        self._sealed, self._names = sealed, names
        self._seen: set[int] = set()
        self._lots: list[str] = []  # files as JSON: a third of what they are as objects, and there are millions

    def take(self, rows: Iterable[Row]) -> None:
        """The next rows, in the order of `queries.VERSION`."""
        files: list[_File] = []
        for values in rows:
            row = dict(zip(VERSION, values, strict=True))
            self._seen.add(row["id"])
            self._check_row(row)
            if row["state"] == "rendered":
                files += self._files(row)
            else:
                self.tally.notes["due"] += 1
        self._lots.append(json.dumps(files))

    def _files(self, row: Mapping[str, Any]) -> Iterator[_File]:
        self.tally.count += 1
        for part, (sha256, size) in COLUMNS.items():
            if part is Part.pdf or row[sha256] is not None:
                if part is not Part.pdf:
                    self.tally.notes["beside"] += 1
                yield _File(row["invoice_id"], row["position"], part, str(row[sha256]), row[size] or 0)

    def finish(self) -> None:
        """Sealed versions whose row is gone."""
        for version_id, sealed in sorted(self._sealed.items()):
            if version_id not in self._seen:
                invoice_id, position = sealed.changes.get("invoice_id"), sealed.changes.get("position")
                self.tally.fault("version_gone", **self._name(invoice_id, position))

    def _name(self, invoice_id: Any, position: Any) -> dict[str, str | int | None]:
        return {"number": self._names.get(invoice_id), "invoice_id": invoice_id, "version": position}

    def _check_row(self, row: Mapping[str, Any]) -> None:
        sealed, name = self._sealed.get(row["id"]), self._name(row["invoice_id"], row["position"])
        if sealed is None:
            if row["sealed_at"] is not None:
                self.tally.fault("version_entry_gone", **name)
            elif row["state"] == "rendered":
                self.tally.notes["unsealed"] += 1
        elif not sealed.is_genuine:
            self.tally.fault("version_unproven", **name)
        elif (part := _altered(row, sealed.changes)) is not None:
            column = COLUMNS[part][0]
            told, found = str(sealed.changes.get(column)), str(row[column])
            self.tally.fault(_ROW_ALTERED[part], expected=told, found=found, **name)

    def read_files(self, archive: Archive, progress: Callable[[int], None]) -> None:
        """Every file once, its bytes hashed; reading and hashing let the other thread work."""
        files = (_File(*file) for lot in self._lots for file in json.loads(lot))
        with ThreadPoolExecutor(THREADS) as pool:
            while some := list(islice(files, FILES)):
                for file, found in zip(some, pool.map(archive.found, [f.sha256 for f in some]), strict=True):
                    self._check_file(file, found)
                progress(len(some))

    def _check_file(self, file: _File, found: tuple[str, int] | None) -> None:
        name, part = self._name(file.invoice_id, file.position), Part(file.part)
        if found is None:
            self.tally.fault(_MISSING[part], expected=file.sha256, **name)
        elif found != (file.sha256, file.size):
            self.tally.fault(_ALTERED[part], expected=file.sha256, found=found[0], **name)


def _altered(row: Mapping[str, Any], told: Mapping[str, Any]) -> Part | None:
    """Of which part the row says something else than its entry; the PDF stands for the version itself."""
    found = what_is_sealed(row)
    if row["state"] != "rendered" or row["sealed_at"] is None:
        return Part.pdf
    if found == told:
        return None
    wrong = {name for name in {*found, *told} if found.get(name) != told.get(name)}
    beside = [part for part in (Part.xml, Part.source) if not wrong.isdisjoint(COLUMNS[part])]
    of_these = {name for part in beside for name in COLUMNS[part]}
    return beside[0] if wrong <= of_these else Part.pdf
