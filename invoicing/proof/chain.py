"""The journal read from its first entry to its last: every link, every keyed hash, and what the entries prove."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from invoicing.journal import DOCUMENT, GENESIS, UnknownFormat, hash_of
from invoicing.lettering.bulk_rules import IMPORTED, TAKEN_BACK
from invoicing.proof.anchors import Found
from invoicing.proof.imported import Imported
from invoicing.proof.rules import UNREADABLE, Entry, Tally
from invoicing.proof.sealing import ANCHORED, JOURNAL, VERSION
from invoicing.proof.states import NONE, UnknownState, is_overwritten, words_of

COLUMNS: Final = (
    "position", "format", "at", "actor_kind", "actor_id", "action", "subject_kind", "subject_id", "changes", "state",
    "previous_hash", "hash",
)  # fmt: skip
LETTERING: Final = ("invoice.lettered", "invoice.lettering_changed", "invoice.unlettered")
DELETED: Final = "invoice.draft_deleted"
IMPORT, EXPORT = "import", "ledger"  # the kinds of subject
Told = dict[int, dict[str, Entry]]  # by subject and action, the last of each


class Last(NamedTuple):
    """What the last entry about a document says: its state, if it went as a draft, and whether the entry is genuine.

    `added` is what an earlier entry told of the columns that the format of this one leaves out.
    """

    state: str | None
    is_deleted: bool
    is_genuine: bool
    added: str = NONE


class Sealed(NamedTuple):
    """What a version's entry says, and whether the entry is genuine."""

    changes: dict[str, Any]
    position: int
    is_genuine: bool


class Chain:
    """Reads the entries in order; keeps what the other checks ask."""

    def __init__(self, key: bytes, anchors: Iterable[Found], imported: Imported) -> None:
        self.imported = imported
        self.key, self.tally, self.anchor_tally = key, Tally("chain"), Tally("anchors")
        self.documents: dict[int, Last] = {}
        self.versions: dict[int, Sealed] = {}
        self.exports: Told = defaultdict(dict)  # the accountant's
        self.imports: Told = defaultdict(dict)
        self.letterings: dict[str, int] = {}  # digest of a row of the history → the entry's position
        self.position, self.head = 0, GENESIS
        self.overwritten: dict[int, int] = {}  # document → the first entry that found it altered
        self.forged = 0
        self._anchored = 0  # the entry that says that anchors are kept
        self._anchors: defaultdict[int, list[Found]] = defaultdict(list)
        for found in anchors:
            self._take(found)

    def _take(self, found: Found) -> None:
        """An anchor that was written with the key is compared once its entry comes."""
        anchor = found.anchor
        if anchor is None:
            self.anchor_tally.notes["torn"] += 1
            return
        self.anchor_tally.count += 1
        if anchor.is_ours(self.key):
            self._anchors[anchor.position].append(found)
        else:
            self.anchor_tally.fault("anchor_forged", file=found.file, line=found.line)

    def read(self, rows: Iterable[Sequence[Any]]) -> None:
        """The next entries, by position, in the order of COLUMNS; values as the driver gives them."""
        for row in rows:
            self._link(row)
            genuine = self._is_genuine(row)
            self.tally.count += 1
            self._keep(row, genuine)
            if row[0] in self._anchors:
                self._compare(row[0], row[11])
            self.position, self.head = row[0], row[11]

    def finish(self) -> None:
        """Anchors of entries that aren't there; a journal none of whose entries bears our key."""
        for position in sorted(self._anchors):
            for found in self._anchors[position]:
                self._cut(position, found)
        if self._anchored and not self.anchor_tally.count:
            self.anchor_tally.fault("anchors_gone", position=self._anchored)
        if self.forged and self.forged == self.tally.count:
            self.tally.fault("journal_key", entries=self.forged)

    def _link(self, row: Sequence[Any]) -> None:
        """A gap is told once, not again as a broken link."""
        position, previous = row[0], row[10]
        if position != self.position + 1:
            self.tally.fault("journal_gap", first=self.position + 1, last=position - 1)
        elif previous != self.head:
            self.tally.fault("journal_link", position=position)

    def _is_genuine(self, row: Sequence[Any]) -> bool:
        position, format, at, kind, actor, action, subject, subject_id, changes, state, previous, hash = row
        try:
            at = f"{at[:10]}T{at[11:]}" if isinstance(at, str) else at.isoformat(timespec="microseconds")
            wanted = hash_of(self.key, format, position, at, (kind, actor), action, (subject, subject_id), changes,
                             state, previous)  # fmt: skip
        except UnknownFormat:
            self.tally.fault("journal_format", position=position, format=format)
            return False
        except UNREADABLE:
            wanted = ""
        if wanted != hash:
            self.forged += 1
            self.tally.fault("journal_hash", position=position, action=action)
        return bool(wanted == hash)

    def _keep(self, row: Sequence[Any], genuine: bool) -> None:
        position, action, kind, subject_id = row[0], row[5], row[6], row[7]
        if kind == JOURNAL and action == ANCHORED and genuine:
            self._anchored = position
        if subject_id is None:
            return
        if kind == DOCUMENT:
            self._end(position, subject_id, row[9], genuine, is_deleted=action == DELETED)
            if action in LETTERING and genuine:
                self.letterings[str(_facts(row[8]).get("digest"))] = position
        elif kind == VERSION and action == "version.archived":
            self.versions[subject_id] = Sealed(_facts(row[8]), position, genuine)
        elif kind == EXPORT:
            self.exports[subject_id][action] = _entry(row, genuine)
        elif kind == IMPORT:
            self.imports[subject_id][action] = _entry(row, genuine)
            if action in (IMPORTED, TAKEN_BACK):
                self._import(row, genuine)

    def _import(self, row: Sequence[Any], genuine: bool) -> None:
        """What an import has written, at the place of its one entry."""
        position, action, run_id = row[0], row[5], row[7]
        rows = self.imported.take(run_id, action == IMPORTED, _facts(row[8]), position, genuine)
        for invoice_id, state, is_ours in rows:
            self._end(position, invoice_id, state, is_ours)

    def _end(
        self, position: int, invoice_id: int, state: str | None, genuine: bool, *, is_deleted: bool = False
    ) -> None:
        """Keeps the entry's word about a document, and sees whether it was found as the change before had left it."""
        last, added = self.documents.get(invoice_id), NONE
        try:
            now = words_of(state) if state else None
            if now and last and last.state:
                before = words_of(last.state, last.added)
                added = before.added if now.format == 1 else NONE
                if is_overwritten(before, now):
                    self.overwritten.setdefault(invoice_id, position)
        except UnknownState as error:
            if genuine:
                self.tally.fault("journal_format", position=position, format=str(error))
            genuine = False
        self.documents[invoice_id] = Last(state, is_deleted, genuine, added)

    def _compare(self, position: int, hash: str) -> None:
        """The anchors of this entry."""
        for found in self._anchors.pop(position):
            if found.anchor and found.anchor.hash != hash:
                self.anchor_tally.fault("anchor_differs", position=position, at=found.anchor.at, file=found.file)

    def _cut(self, position: int, found: Found) -> None:
        at = found.anchor.at if found.anchor else ""
        code = "journal_cut" if position > self.position else "anchor_unmet"
        self.anchor_tally.fault(code, position=position, last=self.position, at=at, file=found.file)


def _entry(row: Sequence[Any], genuine: bool) -> Entry:
    return Entry(_facts(row[8]), row[2], row[3], row[4], genuine)


def _facts(changes: str) -> dict[str, Any]:
    """Field → what it became; nothing of what can't be read."""
    try:
        return {field: pair[1] for field, pair in json.loads(changes).items()}
    except (ValueError, AttributeError, TypeError, LookupError):
        return {}
