"""A process of its own that finalises drafts and says each number as soon as it is committed.

Run as `python -m tests.finalising URL ID…`; used by test_processes, which kills some of them.
"""

from __future__ import annotations

import sys

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from invoicing.database import make_engine, transaction
from invoicing.invoices.models import Invoice
from invoicing.invoices.rules import AlreadyFinalised
from invoicing.invoices.service import finalise, fingerprint
from invoicing.journal import COMMAND
from tests.conftest import JOURNAL_KEY
from tests.factories import NOW


def main(url: str, drafts: list[int]) -> None:
    """Finalises every draft of the list; those that stand already are passed over."""
    factory = sessionmaker(make_engine(url), info={"journal_key": JOURNAL_KEY.encode()})
    waiting = list(drafts)
    while waiting:
        try:
            print(_finalised(factory, waiting[0]), flush=True)
        except OperationalError as busy:  # a slow disk under many writers: nothing was written, one tries again
            if "database is locked" not in str(busy):
                raise
        else:
            waiting.pop(0)


def _finalised(factory: sessionmaker[Session], draft_id: int) -> str:
    try:
        with transaction(factory) as session:
            draft = session.get_one(Invoice, draft_id)
            done = finalise(
                session, COMMAND, NOW, draft_id, draft.revision, draft.total_cents, email=True,
                domain="example.org", shown=fingerprint(session, draft_id, NOW),
            )  # fmt: skip
            number = done.number
    except AlreadyFinalised as refused:
        return f"already {refused.number}"
    return f"done {number}"


if __name__ == "__main__":
    main(sys.argv[1], [int(number) for number in sys.argv[2:]])
