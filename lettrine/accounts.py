"""`lettrine user`: accounts from the command line, for the first administrator and for emergencies."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

import click
from sqlalchemy.orm import Session, sessionmaker

from config.settings import Settings
from invoicing.accounts import factors, listing, queries, service, users
from invoicing.accounts.listing import UserRow, UsersWanted, Which
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
    """Users: list, add, invite again, role, disable, enable, reset the second factor. No default password, ever."""


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


@user.command()
@click.argument("email", metavar="E-MAIL")
@click.argument("wanted", metavar="ROLE", type=click.Choice([role.value for role in Role]))
@json_option
def role(email: str, wanted: str, as_json: bool) -> None:
    """Give a user another role: member, reader, sales or admin. They sign in anew; the last admin stays one."""
    with desk(read_settings()) as factory, transaction(factory) as session:
        user_id = users.change_role(session, COMMAND, now(), _find(session, email).id, Role(wanted)).id
    say(as_json, {"user_id": user_id, "role": wanted}, f"User {user_id}: {wanted}.")


@user.command("list")
@click.option("--part", type=click.Choice([part.value for part in Which]), help="Only these; without it everybody.")
@click.option("--search", default="", help="Words of the name or the address.")
@json_option
def list_(part: str | None, search: str, as_json: bool) -> None:
    """List users: address, role, whether active, last sign-in, open sessions. With --json a list."""
    parts = [Which(part)] if part else list(Which)
    with desk(read_settings()) as factory, factory() as session:
        rows = [_told(row) for each in parts for row in listing.every(session, UsersWanted(each, search), now())]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for facts in rows:
        state = "" if facts["active"] else "  disabled"
        click.echo(f"{facts['role']:7} {facts['email']}  {facts['last_sign_in'] or 'never'}{state}")


def _told(row: UserRow) -> dict[str, object]:
    """One user for a program; moments in UTC."""
    user, last = row.user, row.user.last_sign_in_at
    return {
        "user_id": user.id, "email": user.email, "name": user.name, "role": user.role.value, "active": user.active,
        "language": user.language, "last_sign_in": f"{last.isoformat(timespec='seconds')}Z" if last else None,
        "second_factor": row.has_second, "sessions": row.sessions, "digest": user.wants_digest,
    }  # fmt: skip


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
