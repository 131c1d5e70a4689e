"""`lettrine user`: accounts from the command line, for the first administrator and for emergencies."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import click
from sqlalchemy.orm import Session, sessionmaker

from config.settings import Settings
from invoicing.accounts import factors, queries, service
from invoicing.accounts.models import Role, User
from invoicing.accounts.rules import PASSWORD_MAX, fold_email
from invoicing.database import transaction
from invoicing.journal import COMMAND
from lettrine.cli import desk, json_option, read_settings, say
from web.database import now
from web.services import post_of
from web.words import LANGUAGES

link_option = click.option("--print-link", is_flag=True, help="Also print the link. Whoever has it sets the password.")


@dataclass(frozen=True)
class Invited:
    """A user, and the link where one was asked for."""

    user_id: int
    link: str | None


@click.group()
def user() -> None:
    """Users: add, invite again, disable, enable, reset the second factor. Nobody ever gets a default password."""


@user.command()
@click.argument("email", metavar="E-MAIL")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="What they may do.")
@click.option("--name", default="", help="As pages greet them.")
@click.option("--language", type=click.Choice(list(LANGUAGES)), default="fr_FR", show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read a password from standard input and send no invitation.")
@link_option
@json_option
def add(email: str, role: str, name: str, language: str, password_stdin: bool, print_link: bool, as_json: bool) -> None:
    """Add a user, and invite them by e-mail to choose a password."""
    if password_stdin and print_link:
        raise click.UsageError("With --password-stdin there is no link to print.")
    settings = read_settings()
    with desk(settings) as factory:
        hashed = service.fit_hash(_read_password(), fold_email(email)) if password_stdin else None
        with transaction(factory) as session:
            made = service.add_user(session, COMMAND, now(), email, Role(role), name, language)
            if hashed:
                service.set_password(session, COMMAND, now(), made.id, hashed)
            link = None if hashed else service.invite(session, COMMAND, now(), made.id, post_of(settings))
            user_id = made.id
    _tell(as_json, Invited(user_id, link if print_link else None), f"User {user_id} added.", invited=hashed is None)


@user.command()
@click.argument("email", metavar="E-MAIL")
@link_option
@json_option
def invite(email: str, print_link: bool, as_json: bool) -> None:
    """Invite a user again; links sent before no longer work, the password stays until the new one is used."""
    settings = read_settings()
    with desk(settings) as factory:
        link = _invite(factory, email, settings)
    kept = Invited(link.user_id, link.link if print_link else None)
    _tell(as_json, kept, f"User {link.user_id}.", invited=True)


@user.command()
@click.argument("email", metavar="E-MAIL")
@json_option
def disable(email: str, as_json: bool) -> None:
    """Shut a user out at once: every session ends, every link dies. Nothing of theirs is removed."""
    _set_active(email, False, as_json)


@user.command("reset-factor")
@click.argument("email", metavar="E-MAIL")
@json_option
def reset_factor(email: str, as_json: bool) -> None:
    """Take a user's second factor and recovery codes away, for whoever has lost the device; every session ends.

    Staff choose a new one at their next sign-in. Make sure that it is really them who ask.
    """
    with desk(read_settings()) as factory, transaction(factory) as session:
        user_id = _find(session, email).id
        factors.reset(session, COMMAND, now(), user_id)
    say(as_json, {"user_id": user_id}, f"User {user_id} has no second factor any more, and is signed out everywhere.")


@user.command()
@click.argument("email", metavar="E-MAIL")
@json_option
def enable(email: str, as_json: bool) -> None:
    """Let a disabled user sign in again."""
    _set_active(email, True, as_json)


def _invite(factory: sessionmaker[Session], email: str, settings: Settings) -> Invited:
    with transaction(factory) as session:
        found = _find(session, email)
        return Invited(found.id, service.invite(session, COMMAND, now(), found.id, post_of(settings)))


def _set_active(email: str, active: bool, as_json: bool) -> None:
    with desk(read_settings()) as factory, transaction(factory) as session:
        user_id = service.set_active(session, COMMAND, now(), _find(session, email).id, active).id
    say(as_json, {"user_id": user_id, "active": active}, f"User {user_id} {'enabled' if active else 'disabled'}.")


def _find(session: Session, email: str) -> User:
    found = queries.user_by_email(session, email)
    if found is None:
        raise click.ClickException("Nobody has this address.")
    return found


def _read_password() -> str:
    """The first line; what ends it does not belong to the password."""
    return sys.stdin.readline(PASSWORD_MAX + 3).rstrip("\r\n")


def _tell(as_json: bool, made: Invited, text: str, invited: bool) -> None:
    lines = [text + (" The invitation is queued." if invited else ""), *([made.link] if made.link else [])]
    say(as_json, {"user_id": made.user_id, "invited": invited, "link": made.link}, "\n".join(lines))
