"""`lettrine reset`, as somebody at a terminal sees it, and the demo that takes the place of the running one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pyotp
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.settings import Settings
from invoicing import guards
from invoicing.accounts import factors, passkeys
from invoicing.accounts.models import Role, User
from invoicing.database import transaction
from invoicing.delivery.models import Delivery
from invoicing.documents.archive import open_archive
from invoicing.invoices.models import Invoice
from invoicing.journal import COMMAND
from invoicing.proof.service import verify
from invoicing.resetting import AlreadyRebuilding, NotADemo
from invoicing.sellers.models import Organisation
from lettrine.cli import main
from lettrine.resetting import Plan, Rebuilder, _hold, rebuild
from tests.accounts.soft_key import SoftKey
from tests.conftest import Database
from tests.factories import make_customer, make_draft, make_invoice, make_organisation, make_seller, make_user
from tests.web.door import totp
from web.database import now
from web.services import post_of

NAMES = ("secret_key", "code_key", "journal_key", "seal_keys")


def run(settings: Settings, *args: str) -> Result:
    env = {f"LETTRINE_{name.upper()}": getattr(settings, name).get_secret_value() for name in NAMES}
    env |= {"LETTRINE_DATABASE_URL": settings.database_url, "LETTRINE_ENVIRONMENT": "test",
            "LETTRINE_PUBLIC_URL": settings.public_url, "LETTRINE_DATA_DIR": str(settings.data_dir)}  # fmt: skip
    return CliRunner().invoke(main, ["reset", *args], env=env)


def drafts(database: Database) -> int:
    with database.sessions() as session:
        return session.scalar(select(func.count(Invoice.id))) or 0


@pytest.fixture
def two(database: Database) -> None:
    with database.sessions() as session:
        seller, customer = make_seller(session), make_customer(session)
        for _ in range(2):
            make_draft(session, customer, seller)
        session.commit()


@pytest.mark.usefixtures("two")
def test_without_the_phrase_it_only_says_what_would_go(settings: Settings, database: Database) -> None:
    done = run(settings)
    assert done.exit_code == 0 and "2 drafts would go (€432.00). Nothing was removed." in done.output
    assert drafts(database) == 2


@pytest.mark.usefixtures("two")
def test_with_the_phrase_the_drafts_go(settings: Settings, database: Database) -> None:
    assert run(settings, "--phrase", "delete the draft").exit_code == 1
    assert drafts(database) == 2
    done = run(settings, "--phrase", "delete the drafts", "--json")
    assert json.loads(done.stdout) == {"drafts": 2, "sums": {"EUR": 43200}, "deleted": 2}
    assert drafts(database) == 0


@pytest.mark.usefixtures("two")
def test_what_is_no_demo_is_refused(settings: Settings, database: Database) -> None:
    for phrase in ("", "rebuild the demo"):
        assert run(settings, "--demo", "--phrase", phrase).exit_code == 1
    assert drafts(database) == 2


def demo(sessions: object, _now: object, hashed: str) -> object:
    """A demo with one invoice that is to be e-mailed."""
    with sessions() as session:  # type: ignore[operator]
        make_organisation(session, is_demo=True)
        make_user(session, Role.admin, email="admin@ateliers-lettre.example", password_hash=hashed)
        make_invoice(session, make_customer(session), make_seller(session), email=True)
        session.commit()
    yield 1


def test_the_rebuilt_demo_is_whole_and_intact(settings: Settings, database: Database, session: Session) -> None:
    for _made in demo(database.sessions, None, "kept"):  # type: ignore[attr-defined]
        pass
    with database.sessions() as other:
        make_invoice(other, other.get_one(Invoice, 1).customer, other.get_one(Invoice, 1).seller)
        other.commit()
    settings.anchor_dir.mkdir(parents=True)
    (settings.anchor_dir / "2026-11.jsonl").write_text("of a journal that is no more\n")
    rebuild(settings, Plan(demo, 1), "", lambda _done, _total: None)  # type: ignore[arg-type]
    assert session.scalars(select(Invoice.number)).all() == ["F2026-00001"]
    assert session.scalars(select(User.password_hash)).one() == "kept"
    assert session.scalars(select(Delivery.state)).one() == "queued"
    assert not guards.problems(session.connection())
    key = settings.journal_key.get_secret_value().encode()
    session.rollback()
    report = verify(database.engine, key, open_archive(settings.archive), settings.anchor_dir)
    assert report.is_intact, report
    assert [path.name for path in Path(settings.data_dir).glob("rebuilding-*")] == []


def test_second_factors_outlast_a_rebuild(settings: Settings, database: Database, session: Session) -> None:
    for _made in demo(database.sessions, None, "kept"):  # type: ignore[attr-defined]
        pass
    keys, moment, key = post_of(settings).keys, now(), SoftKey()
    site, secret = passkeys.Site(settings.host, settings.origin), pyotp.random_base32()
    with transaction(database.sessions) as other:
        user = other.scalars(select(User)).one()
        factors.put_totp(other, COMMAND, moment, user.id, secret, keys)
        codes = factors.make_codes(other, COMMAND, moment, user.id, keys)
        options = passkeys.creation_options(other, moment, user.id, "browser", site)
        passkeys.add(other, COMMAND, moment, user.id, key.make(options), "", "browser", site)
    rebuild(settings, Plan(demo, 1), "", lambda _done, _total: None)  # type: ignore[arg-type]
    user_id = session.scalars(select(User.id)).one()
    factors.use_totp(session, moment, user_id, totp(moment, secret), keys)
    factors.use_recovery_code(session, moment, user_id, codes[0], keys)
    options = passkeys.request_options(session, moment, "browser", site)
    assert passkeys.use(session, moment, key.show(options), "browser", site) == user_id


def test_new_rows_get_new_numbers_after_a_rebuild(settings: Settings, database: Database, session: Session) -> None:
    for _made in demo(database.sessions, None, "kept"):  # type: ignore[attr-defined]
        pass
    rebuild(settings, Plan(demo, 1), "", lambda _done, _total: None)  # type: ignore[arg-type]
    first = session.get_one(Invoice, 1)
    assert make_invoice(session, first.customer, first.seller).number == "F2026-00002"


def test_a_rebuilding_that_breaks_off_leaves_the_demo_as_it_was(settings: Settings, database: Database) -> None:
    for _made in demo(database.sessions, None, "kept"):  # type: ignore[attr-defined]
        pass

    def broken(sessions: object, now: object, hashed: str) -> object:
        yield from demo(sessions, now, hashed)  # type: ignore[misc]
        raise RuntimeError("the disk is full")

    rebuilder = Rebuilder(settings, lambda: Plan(broken, 2))  # type: ignore[arg-type]
    rebuilder.begin(1)
    assert rebuilder.thread is not None
    rebuilder.thread.join(60)
    found = rebuilder.progress()
    assert found is not None and found.state == "failed"
    with database.sessions() as session:
        assert session.get_one(Organisation, 1).is_demo and drafts(database) == 1


def test_what_is_no_demo_any_more_once_the_new_one_is_built_stays(settings: Settings, database: Database) -> None:
    for _made in demo(database.sessions, None, "kept"):  # type: ignore[attr-defined]
        pass

    def meanwhile(sessions: object, now: object, hashed: str) -> object:
        yield from demo(sessions, now, hashed)  # type: ignore[misc]
        with database.sessions() as session:
            session.get_one(Organisation, 1).is_demo = False  # a backup was restored, say
            session.commit()

    before = drafts(database)
    with pytest.raises(NotADemo):
        rebuild(settings, Plan(meanwhile, 2), "", lambda done, total: None)  # type: ignore[arg-type]
    assert drafts(database) == before


def test_two_never_rebuild_at_once(settings: Settings, database: Database) -> None:
    for _made in demo(database.sessions, None, "kept"):  # type: ignore[attr-defined]
        pass
    holding = _hold(settings)
    with pytest.raises(AlreadyRebuilding):
        Rebuilder(settings).begin(1)
    os.close(holding)
