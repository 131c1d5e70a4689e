"""`lettrine reset`, and the demo that is built anew beside the running one and then takes its place at once."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import Final

import click
import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from config.settings import Settings
from invoicing import journal, resetting
from invoicing.accounts.models import User
from invoicing.accounts.secrets import hash_password
from invoicing.database import begin_write, make_engine, transaction
from invoicing.journal import COMMAND, Actor, ActorKind
from invoicing.migrations import upgrade
from invoicing.money import write_money
from invoicing.replacing import replace_all
from invoicing.resetting import AlreadyRebuilding
from lettrine.cli import desk, json_option, read_settings, say
from web.database import now
from web.services import Progress

log = structlog.get_logger("lettrine.resetting")
INVOICES: Final = 300  # made by hand, as `lettrine demo` does unless told otherwise
TOLD_EVERY: Final = 10  # invoices between two words of progress
DRAFTS: Final = "delete the drafts"
DEMO: Final = "rebuild the demo"


@dataclass(frozen=True)
class Plan:
    """What a demo is built by, from the sessions of an empty database, the moment and the password's hash; how much."""

    build: Callable[[sessionmaker[Session], datetime, str], Iterator[int]]
    total: int


def demo_plan(invoices: int) -> Plan:
    """The demo as `lettrine demo` builds it, with so many invoices made by hand."""
    from lettrine.demo_data import build
    from lettrine.demo_shops import ONLINE

    return Plan(lambda sessions, moment, hashed: build(sessions, moment, invoices, hashed), invoices + ONLINE)


class Rebuilder:
    """Rebuilds the demo in a thread of this process; how far it is can be read in every process."""

    def __init__(self, settings: Settings, plan: Callable[[], Plan] = lambda: demo_plan(INVOICES)):
        self.settings, self.plan = settings, plan
        self.told = settings.data_dir / "rebuilding.json"
        self.thread: Thread | None = None

    def begin(self, user_id: int) -> None:
        """Starts; refuses NotADemo and AlreadyRebuilding."""
        with _factory(self.settings) as factory, factory() as session:
            resetting.check_demo(session)
            email = session.scalar(select(User.email).where(User.id == user_id)) or ""
        holding = _hold(self.settings)
        self._tell(Progress("building", 0, 1))
        self.thread = Thread(target=self._run, args=(email, holding), name="rebuilder", daemon=True)
        self.thread.start()

    def progress(self) -> Progress | None:
        """How far the rebuilding is, or how the last one ended; None where there never was one."""
        try:
            found = Progress(**json.loads(self.told.read_text()))
        except (OSError, ValueError, TypeError):
            return None
        return Progress("failed", found.done, found.total) if found.state == "building" and self._is_free() else found

    def _run(self, email: str, holding: int) -> None:
        try:
            made = rebuild(self.settings, self.plan(), email, self._tell_some)
            self._tell(Progress("done", made, made))
        except Exception:
            log.exception("demo.not_rebuilt")
            self._tell(Progress("failed", 0, 0))
        finally:
            os.close(holding)

    def _tell_some(self, done: int, total: int) -> None:
        if done % TOLD_EVERY == 0:
            self._tell(Progress("building", done, total))

    def _tell(self, progress: Progress) -> None:
        fresh = self.told.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(progress)))
        fresh.replace(self.told)

    def _is_free(self) -> bool:
        """Whether nobody rebuilds any more: whoever did has died."""
        try:
            os.close(_hold(self.settings))
        except AlreadyRebuilding:
            return False
        return True


def rebuild(settings: Settings, plan: Plan, email: str, tell: Callable[[int, int], object]) -> int:
    """Builds a demo beside this one, then puts it in its place, in one transaction; how many invoices it has.

    `email` is the address of whoever asked, "" for the command line. The caller holds the lock and has checked; what is
    no demo by the end of the building is refused, too.
    """
    path = settings.data_dir / f"rebuilding-{secrets.token_hex(4)}.db"
    fresh = make_engine(f"sqlite:///{path.resolve()}")
    key = settings.journal_key.get_secret_value().encode()
    made = 0
    try:
        upgrade(fresh)
        moment, hashed = now().replace(microsecond=0), _password(settings)
        for made in plan.build(sessionmaker(fresh, info={"journal_key": key}), moment, hashed):
            tell(made, plan.total)
        with _factory(settings) as factory, factory() as session, fresh.connect() as source:
            begin_write(session)
            resetting.check_demo(session)  # building took a while: another database may have been restored meanwhile
            replace_all(session.connection(), source)
            journal.record(session, _actor(session, email), now(), "demo.rebuilt", ("organisation", 1))
            session.commit()
    finally:
        fresh.dispose()
        for left in path.parent.glob(path.name + "*"):
            left.unlink()
    _forget_anchors(settings.anchor_dir)
    return made


def _password(settings: Settings) -> str:
    """The hash of the demo's password; those of people who have changed theirs are kept later."""
    from lettrine.demo_data import SIGN_INS

    with _factory(settings) as factory, factory() as session:
        known = session.scalar(select(User.password_hash).where(User.email == SIGN_INS[0][0]))
    return known or hash_password(secrets.token_urlsafe(24))


def _actor(session: Session, email: str) -> Actor:
    """Whoever asked, as the new rows know them."""
    user_id = session.scalar(select(User.id).where(User.email == email)) if email else None
    return Actor(ActorKind.user, user_id) if user_id else COMMAND


def _forget_anchors(folder: Path) -> None:
    """They are of a journal that is no more; the worker anchors the new one."""
    for path in folder.glob("*.jsonl"):
        path.unlink()


@contextmanager
def _factory(settings: Settings) -> Iterator[sessionmaker[Session]]:
    engine = make_engine(settings.database)
    try:
        yield sessionmaker(engine, info={"journal_key": settings.journal_key.get_secret_value().encode()})
    finally:
        engine.dispose()


def _hold(settings: Settings) -> int:
    """The lock of whoever rebuilds, until it is closed or its process ends; refuses AlreadyRebuilding."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    handle = os.open(settings.data_dir / "rebuilding.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise AlreadyRebuilding from None
    return handle


@click.command()
@click.option("--demo", is_flag=True, help="Rebuild the demo whole, instead of deleting drafts.")
@click.option("--phrase", default="", help=f"Do it: “{DRAFTS}”, or “{DEMO}” with --demo.")
@click.option("--invoices", default=INVOICES, show_default=True, type=click.IntRange(1, 1_000_000), help="Of the demo.")
@json_option
def reset(demo: bool, phrase: str, invoices: int, as_json: bool) -> None:
    """Delete the drafts, or rebuild a demo; nothing else is ever removed.

    Without --phrase it only shows what would go.
    """
    settings = read_settings()
    with desk(settings) as factory:
        if demo:
            _reset_demo(settings, factory, phrase, invoices, as_json)
        else:
            _reset_drafts(factory, phrase, as_json)


def _reset_drafts(factory: sessionmaker[Session], phrase: str, as_json: bool) -> None:
    with factory() as session:
        found = resetting.leaving(session)
    sums = ", ".join(write_money(cents, currency, "en") for currency, cents in found.sums)
    facts = {"drafts": found.count, "sums": dict(found.sums), "deleted": 0}
    if not phrase:
        what = f"{found.count} drafts would go" + (f" ({sums})" if sums else "") + ". Nothing was removed."
        say(as_json, facts, what + f' Repeat with --phrase "{DRAFTS}".')
        return
    with transaction(factory) as session:
        gone = resetting.delete_drafts(session, COMMAND, now(), phrase, DRAFTS, found.seen)
    say(as_json, {**facts, "deleted": gone}, f"{gone} drafts were deleted. Nothing else was removed.")


def _reset_demo(
    settings: Settings, factory: sessionmaker[Session], phrase: str, invoices: int, as_json: bool
) -> None:  # fmt: skip
    with factory() as session:
        resetting.check_demo(session)
    if not phrase:
        what = f'The demo would be rebuilt whole. Nothing was removed. Repeat with --phrase "{DEMO}".'
        say(as_json, {"rebuilt": False}, what)
        return
    resetting.check_phrase(phrase, DEMO)
    holding = _hold(settings)
    try:
        hidden = as_json or not sys.stderr.isatty()
        with click.progressbar(length=1, label="Building the demo", hidden=hidden, file=sys.stderr) as bar:

            def tell(done: int, total: int) -> None:
                bar.length = total
                bar.update(done - bar.pos)

            made = rebuild(settings, demo_plan(invoices), "", tell)
    finally:
        os.close(holding)
    say(as_json, {"rebuilt": True, "invoices": made}, f"The demo was rebuilt: {made} invoices. Its sign-ins stay.")
