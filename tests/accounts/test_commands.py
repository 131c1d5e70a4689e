"""`lettrine keys`, `db` and `user`, as somebody at a terminal sees them."""

from __future__ import annotations

import json
from pathlib import Path

import pyotp
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from config.settings import Settings
from invoicing.accounts import factors
from invoicing.accounts.models import EmailProof, Role, User
from invoicing.accounts.secrets import digest, password_matches
from invoicing.database import transaction
from invoicing.delivery.models import Delivery
from invoicing.journal import COMMAND
from lettrine.cli import COMMANDS, main
from tests.conftest import PASSWORD, Database
from tests.factories import NOW
from web.services import post_of

NAMES = ("secret_key", "code_key", "journal_key", "seal_keys")


class Terminal:
    """Runs commands in the environment of one installation."""

    def __init__(self, env: dict[str, str | None]):
        self.env = env

    def __call__(self, *args: str, given: str | None = None) -> Result:
        return CliRunner().invoke(main, args, input=given, env=self.env)


@pytest.fixture
def terminal(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    monkeypatch.chdir(tmp_path)
    env: dict[str, str | None] = {f"LETTRINE_{n.upper()}": getattr(settings, n).get_secret_value() for n in NAMES}
    return Terminal({**env, "LETTRINE_DATABASE_URL": settings.database_url, "LETTRINE_ENVIRONMENT": "test",
                     "LETTRINE_PUBLIC_URL": settings.public_url})  # fmt: skip


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    """A machine without any setting."""
    monkeypatch.chdir(tmp_path)
    return Terminal({f"LETTRINE_{name.upper()}": None for name in Settings.model_fields})


def only_user(database: Database) -> User:
    with database.sessions() as session:
        return session.scalars(select(User)).one()


def test_help_and_keys_need_no_settings(bare: Terminal) -> None:
    assert all(name in bare("--help").stdout for name in ("db", "keys", "user"))
    assert bare("user", "add", "--help").exit_code == 0


def test_fresh_keys_make_settings_that_production_accepts(bare: Terminal) -> None:
    lines = dict(line.split("=", 1) for line in bare("keys").stdout.splitlines())
    values = {name.removeprefix("LETTRINE_").lower(): value for name, value in lines.items()}
    made = Settings(_env_file=None, public_url="https://desk.example", **values)  # type: ignore[arg-type]
    assert len(made.fernet_keys) == 1


def test_missing_settings_are_named_and_no_key_is_shown(bare: Terminal) -> None:
    bare.env["LETTRINE_SECRET_KEY"] = "too short"
    result = bare("db", "check")
    assert result.exit_code == 1
    assert "journal_key: Field required" in result.stderr and "too short" not in result.stderr


def test_every_command_says_what_it_does() -> None:
    for name in ("db", "keys", "user"):
        command = main.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None and command.help
    assert {"web", "worker", "serve", "demo"} <= set(COMMANDS)


def test_an_unknown_command_is_wrong_use(bare: Terminal) -> None:
    assert bare("reset-everything").exit_code == 2


def test_a_user_is_added_without_a_password_and_invited(terminal: Terminal, database: Database) -> None:
    result = terminal("user", "add", "Zoe@Exemple.fr", "--role", "admin", "--name", "Zoé")
    assert (result.exit_code, result.stdout) == (0, "User 1 added. The invitation is queued.\n")
    user = only_user(database)
    assert (user.email, user.role, user.name, user.password_hash) == ("zoe@exemple.fr", Role.admin, "Zoé", None)
    with database.sessions() as session:
        assert session.scalars(select(Delivery.recipient)).all() == ["zoe@exemple.fr"]


def test_the_link_is_printed_only_when_asked_for(terminal: Terminal, database: Database) -> None:
    result = terminal("user", "add", "zoe@exemple.fr", "--role", "admin", "--print-link", "--json")
    link = json.loads(result.stdout)["link"]
    assert link.startswith("http://localhost/connexion/mot-de-passe/")
    with database.sessions() as session:
        assert session.scalars(select(EmailProof.link_hash)).one() == digest(link.rpartition("/")[2])
    assert "connexion" not in terminal("user", "invite", "zoe@exemple.fr").stdout


def test_a_password_from_standard_input_sends_no_mail(terminal: Terminal, database: Database) -> None:
    result = terminal("user", "add", "zoe@exemple.fr", "--role", "sales", "--password-stdin", given=PASSWORD + "\n")
    assert result.exit_code == 0
    assert password_matches(only_user(database).password_hash, PASSWORD)
    with database.sessions() as session:
        assert session.scalar(select(func.count(Delivery.id))) == 0


def test_an_unfit_password_adds_nobody(terminal: Terminal, database: Database) -> None:
    result = terminal("user", "add", "zoe@exemple.fr", "--role", "sales", "--password-stdin", given="court\n")
    assert result.exit_code == 1 and "mot de passe" in result.stderr
    with database.sessions() as session:
        assert session.scalar(select(func.count(User.id))) == 0


def test_the_same_address_twice_is_refused_in_a_sentence(terminal: Terminal) -> None:
    terminal("user", "add", "zoe@exemple.fr", "--role", "sales")
    result = terminal("user", "add", "ZOE@exemple.fr", "--role", "admin")
    assert result.exit_code == 1
    assert result.stderr == "Error: Un compte a déjà cette adresse.\n"


def test_a_disabled_user_is_enabled_again(terminal: Terminal, database: Database) -> None:
    terminal("user", "add", "zoe@exemple.fr", "--role", "sales")
    assert json.loads(terminal("user", "disable", "zoe@exemple.fr", "--json").stdout) == {"user_id": 1, "active": False}
    assert not only_user(database).active
    assert terminal("user", "invite", "zoe@exemple.fr").exit_code == 1
    assert terminal("user", "enable", "zoe@exemple.fr").exit_code == 0
    assert only_user(database).active


def test_a_lost_second_factor_is_taken_away(terminal: Terminal, database: Database, settings: Settings) -> None:
    terminal("user", "add", "zoe@exemple.fr", "--role", "sales")
    with transaction(database.sessions) as session:
        factors.put_totp(session, COMMAND, NOW, 1, pyotp.random_base32(), post_of(settings).keys)
    result = terminal("user", "reset-factor", "ZOE@exemple.fr", "--json")
    assert (json.loads(result.stdout), result.exit_code) == ({"user_id": 1}, 0)
    assert only_user(database).totp_secret is None
    assert terminal("user", "reset-factor", "personne@exemple.fr").exit_code == 1


def test_nobody_by_that_address_is_said(terminal: Terminal) -> None:
    result = terminal("user", "disable", "personne@exemple.fr")
    assert (result.exit_code, result.stderr) == (1, "Error: Nobody has this address.\n")


def test_check_is_content_with_a_migrated_database(terminal: Terminal) -> None:
    result = terminal("db", "check", "--json")
    assert (json.loads(result.stdout), result.exit_code) == ({"ok": True, "problems": []}, 0)


def test_check_names_a_guard_that_is_gone(terminal: Terminal, database: Database) -> None:
    drop = {
        "sqlite": "DROP TRIGGER guard_journal_delete",
        "postgresql": "ALTER TABLE journal DISABLE TRIGGER guard_journal_delete",
    }
    back = "ALTER TABLE journal ENABLE TRIGGER guard_journal_delete"
    with database.engine.begin() as connection:
        connection.exec_driver_sql(drop[connection.dialect.name])
    result = terminal("db", "check")
    if database.engine.dialect.name == "postgresql":
        with database.engine.begin() as connection:
            connection.exec_driver_sql(back)
    assert (result.exit_code, result.stdout) == (1, "guard: guard_journal_delete is missing, off or altered\n")


def test_check_names_a_column_that_no_model_knows(terminal: Terminal, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE user_account ADD COLUMN shoe_size INTEGER")
    result = terminal("db", "check")
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE user_account DROP COLUMN shoe_size")
    assert result.exit_code == 1 and "shoe_size" in result.stdout


def test_upgrade_makes_an_empty_folder_an_installation(terminal: Terminal, tmp_path: Path) -> None:
    terminal.env |= {"LETTRINE_DATABASE_URL": None, "LETTRINE_DATA_DIR": str(tmp_path / "new")}
    assert terminal("db", "check").exit_code == 1
    assert terminal("db", "upgrade").exit_code == 0
    assert terminal("db", "check").exit_code == 0
