"""The command line. Each command is loaded when it is called: add a line to COMMANDS for a new one.

Wherever a command can refuse, it says why on stderr and exits with 1; wrong use exits with 2.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

import click
from cryptography.fernet import Fernet
from pydantic import ValidationError
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session, sessionmaker

from config.settings import Settings
from invoicing import tables  # rows know each other by name: all of them must be there
from invoicing.accounts.happenings import HAPPENED
from invoicing.accounts.notices import Notices
from invoicing.database import make_engine
from invoicing.errors import Refused

COMMANDS: Final = {  # name → where it lives
    "backup": "lettrine.backups.commands:backup",
    "db": "lettrine.cli:db",
    "demo": "lettrine.demo:demo",
    "import": "lettrine.importing:import_",
    "export": "lettrine.exporting:export",
    "keys": "lettrine.cli:keys",
    "restore": "lettrine.backups.commands:restore",
    "reset": "lettrine.resetting:reset",
    "serve": "lettrine.running:serve",
    "user": "lettrine.accounts:user",
    "verify": "lettrine.proving:verify",
    "web": "lettrine.running:web",
    "worker": "lettrine.running:worker",
}


class LazyGroup(click.Group):
    """A group whose commands are imported only when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every name, without importing anything."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command; None: there is no such name, or its part is not installed."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        try:
            command: click.Command = getattr(import_module(module), name)
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
            return None
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Lettrine, the invoice desk of a membership organisation."""
    os.umask(0o077)  # what is written is for this account alone


# what commands share ---------------------------------------------------------------------------------------------


def read_settings() -> Settings:
    """The settings, or a refusal that names what is wrong and shows no value (it may be a key)."""
    try:
        return Settings()  # type: ignore[call-arg]
    except ValidationError as error:
        lines = [
            f"  {'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}" for e in error.errors(include_input=False)
        ]
        raise click.ClickException(
            "\n".join(["The settings can't be used (see config/example.env):", *lines])
        ) from None


def open_engine(settings: Settings) -> Engine:
    """The database's engine; SQLite's folder is made if it is missing."""
    engine = make_engine(settings.database)
    if engine.url.get_backend_name() == "sqlite" and not settings.database_url:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    return engine


@contextmanager
def desk(settings: Settings) -> Iterator[sessionmaker[Session]]:
    """Sessions for a command that asks or writes; refusals and a missing database become a sentence and exit 1."""
    from web.services import post_of

    engine = open_engine(settings)
    key = settings.journal_key.get_secret_value().encode()
    try:
        yield sessionmaker(engine, info={"journal_key": key, HAPPENED: Notices(post_of(settings))})
    except Refused as refusal:
        raise click.ClickException(in_words(settings, refusal)) from None
    except (OperationalError, ProgrammingError) as error:
        raise click.ClickException(f"The database does not answer as it should: {error.orig}") from None
    finally:
        engine.dispose()


def in_words(settings: Settings, refusal: Refused) -> str:
    """The sentence that a page would show, in the organisation's default language."""
    from lettrine.app import create_app
    from web.errors import sentence

    with create_app(settings).app_context():
        return sentence(refusal)


def say(as_json: bool, facts: dict[str, Any], text: str) -> None:
    """One result: for a program or for a person."""
    click.echo(json.dumps(facts, ensure_ascii=False) if as_json else text)


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program.")


# keys and schema -------------------------------------------------------------------------------------------------


@click.command()
def keys() -> None:
    """Print fresh random keys as lines of an environment file.

    Keep them outside the database and its backups. With another journal key the existing journal can't be verified;
    without the old seal key what was sealed can't be read: put a new seal key before the old one, with a comma.
    """
    for name in ("SECRET_KEY", "CODE_KEY", "JOURNAL_KEY"):
        click.echo(f"LETTRINE_{name}={secrets.token_urlsafe(48)}")
    click.echo(f"LETTRINE_SEAL_KEYS={Fernet.generate_key().decode()}")


@click.group()
def db() -> None:
    """The database: its schema, and the guards that refuse changes to frozen documents."""


@db.command()
def upgrade() -> None:
    """Bring the schema to this version, load the taxes, seal what an older version left unsealed.

    Stop web and worker first, and have a backup.
    """
    from lettrine.proving import bring_up

    settings = read_settings()
    with desk(settings) as factory:
        added = bring_up(settings, factory)
    click.echo(f"The schema is up to date; {added} taxes and tax sets were added.")


@db.command()
@json_option
def check(as_json: bool) -> None:
    """Say whether schema, models and guards agree; exits with 1 and names what differs."""
    settings = read_settings()
    with desk(settings) as factory:
        found = problems(factory.kw["bind"])
    if found:
        say(as_json, {"ok": False, "problems": found}, "\n".join(found))
        sys.exit(1)
    say(as_json, {"ok": True, "problems": []}, "Schema, models and guards agree.")


def problems(engine: Engine) -> list[str]:
    """What differs between this version and the database, one line each."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from invoicing import guards, migrations, search_index
    from invoicing.invoices import tallies

    if not migrations.is_current(engine):
        return ["migrations: not all have been applied (lettrine db upgrade)"]
    with engine.connect() as connection:
        options = {"compare_type": True, "include_name": _is_modelled}
        context = MigrationContext.configure(connection, opts=options)
        found = [f"schema: {_difference(item)}" for item in compare_metadata(context, tables.metadata)]
        found += [f"search: {problem}" for problem in search_index.problems(connection)]
        found += [f"counters: {problem}" for problem in tallies.problems(connection)]
        return found + [f"guard: {name} is missing, off or altered" for name in guards.problems(connection)]


def _is_modelled(name: str | None, *_about: object) -> bool:
    """Whether a table or an index is for the models to know."""
    from invoicing.invoices import tallies
    from invoicing.search_index import is_ours

    return not (is_ours(name) or tallies.is_ours(name) or (name or "").startswith("huey_"))


def _difference(item: Any) -> str:
    """One of Alembic's differences: a tuple, or a list of them for one column."""
    parts = item[0] if isinstance(item, list) else item
    return " ".join(str(part) for part in parts if part is not None)
