"""`lettrine demo`: builds the demo in its own folder, serves it with worker and mail catcher, prints the sign-ins."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any, Final

import click
import pyotp
from cryptography.fernet import Fernet
from sqlalchemy.orm import sessionmaker

from config.settings import Environment, Settings
from invoicing.accounts.factors import put_totp
from invoicing.accounts.queries import user_by_email
from invoicing.accounts.secrets import hash_password
from invoicing.database import make_engine, transaction
from invoicing.journal import COMMAND
from invoicing.migrations import upgrade
from lettrine import logs
from lettrine.catcher import Catcher, start
from lettrine.demo_data import SIGN_INS, build
from lettrine.demo_people import PEOPLE
from lettrine.demo_shops import ONLINE
from lettrine.running import address_of, listen, run_all, stop_on_signals
from web.database import now
from web.services import post_of

FOLDER: Final = Path(".demo")
CHECK_SECONDS: Final = 120.0
OURS: Final = ".lettrine-demo"  # written first: without it a folder is somebody else's, and is left alone
BUILT: Final = "built.json"  # written last: without it the folder is half a demo and is made anew


@click.command()
@click.option("--check", is_flag=True, help="Fetch the first page and stop.")
@click.option("--invoices", default=300, show_default=True, type=click.IntRange(1, 1_000_000), help="Made by hand.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0: a free one.")
@click.option("--folder", default=FOLDER, show_default=True, type=click.Path(path_type=Path, file_okay=False))
@click.option("--new", "anew", is_flag=True, help="Throw the folder's demo away and build it anew.")
def demo(check: bool, invoices: int, port: int, folder: Path, anew: bool) -> None:
    """Build the demo and serve it, with a mail catcher that can be read in the browser."""
    _claim(folder)
    if anew:
        shutil.rmtree(folder)
        _claim(folder)
    facts = _built(folder, invoices)
    logs.configure()
    failed: list[str] = []
    stop = stop_on_signals()
    if check:

        def too_late() -> None:
            failed.append("the first page did not come in time")
            stop.set()

        late = Timer(CHECK_SECONDS, too_late)
        late.daemon = True
        late.start()
    with listen("127.0.0.1", 0 if check else port) as listening, _catching() as catcher:
        address = address_of(listening).replace("127.0.0.1", "localhost")  # no passkey is made for a number
        catcher.codes = lambda: [(email, _code_of(secret)) for email, secret in facts["totp"].items()]
        settings = _settings(folder, address, catcher.smtp_port)

        def ready(at: str) -> None:
            if check:
                failed.extend(_faults(at))
                stop.set()
            else:
                click.echo(_welcome(address, catcher, facts["password"], facts["totp"]))

        run_all(settings, listening, ready, stop, _environment(settings, folder))
    if failed:
        raise click.ClickException("; ".join(failed))
    if check:
        click.echo(f"The demo answers: {facts['invoices']} invoices, the sign-in page was fetched.")


def _claim(folder: Path) -> None:
    """Takes an empty folder for the demo; refuses one that holds anything else than a demo."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()) and not (folder / OURS).exists():
        raise click.ClickException(f"{folder} is not empty and holds no demo: nothing was touched. Choose another.")
    (folder / OURS).touch()


@contextmanager
def _catching() -> Iterator[Catcher]:
    catcher = start()
    try:
        yield catcher
    finally:
        catcher.stop()


def _built(folder: Path, invoices: int) -> dict[str, Any]:
    """What the folder's demo is, after building it if it isn't whole."""
    marker = folder / BUILT
    if marker.exists():
        found: dict[str, Any] = json.loads(marker.read_text())
        _upgrade(folder)
        if "totp" not in found:  # of a time when nobody had a second factor
            found["totp"] = _protect(folder)
            marker.write_text(json.dumps(found))
        return found
    for old in folder.glob("lettrine.db*"):
        old.unlink()
    for name in ("archive", "anchors"):
        shutil.rmtree(folder / name, ignore_errors=True)
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    facts: dict[str, Any] = {"password": password, "invoices": str(invoices + ONLINE)}
    engine = make_engine(f"sqlite:///{(folder / 'lettrine.db').resolve()}")
    upgrade(engine)
    key = _settings(folder, "http://localhost", 25).journal_key.get_secret_value().encode()
    factory = sessionmaker(engine, info={"journal_key": key})
    with click.progressbar(length=invoices + ONLINE, label="Building the demo", width=40) as bar:
        for _made in build(factory, now().replace(microsecond=0), invoices, hash_password(password)):
            bar.update(1)
    engine.dispose()
    facts["totp"] = _protect(folder)
    marker.write_text(json.dumps(facts))
    return facts


def _protect(folder: Path) -> dict[str, str]:
    """Gives the demo's staff a second factor each; address → secret, as an authenticator application takes it."""
    settings = _settings(folder, "http://localhost", 25)
    info = {"journal_key": settings.journal_key.get_secret_value().encode()}
    engine = make_engine(f"sqlite:///{(folder / 'lettrine.db').resolve()}")
    made = {email: pyotp.random_base32() for email, _role, _name, _language in SIGN_INS}
    with transaction(sessionmaker(engine, info=info)) as session:
        for email, secret in made.items():
            if user := user_by_email(session, email):
                put_totp(session, COMMAND, now(), user.id, secret, post_of(settings).keys)
    engine.dispose()
    return made


def _upgrade(folder: Path) -> None:
    engine = make_engine(f"sqlite:///{(folder / 'lettrine.db').resolve()}")
    upgrade(engine)
    engine.dispose()


def _settings(folder: Path, address: str, smtp_port: int) -> Settings:
    """The demo's settings; its keys are made once and kept in its folder."""
    kept = folder / "keys.json"
    if not kept.exists():
        keys = {name: secrets.token_urlsafe(48) for name in ("secret_key", "code_key", "journal_key")}
        kept.write_text(json.dumps({**keys, "seal_keys": Fernet.generate_key().decode()}))
    return Settings(
        _env_file=None, environment=Environment.demo, data_dir=folder, public_url=address, smtp_host="127.0.0.1",
        smtp_port=smtp_port, sweep_seconds=10, web_workers=1, database_url="", archive_url="", queue_url="",
        **json.loads(kept.read_text()),
    )  # type: ignore[call-arg]  # fmt: skip


def _environment(settings: Settings, folder: Path) -> dict[str, str]:
    """The same settings as variables, for the child processes."""
    kept = json.loads((folder / "keys.json").read_text())
    values = {
        "environment": settings.environment, "data_dir": folder.resolve(), "public_url": settings.public_url,
        "smtp_host": settings.smtp_host, "smtp_port": settings.smtp_port, "sweep_seconds": settings.sweep_seconds,
        "web_workers": settings.web_workers, "database_url": "", "archive_url": "", "queue_url": "", **kept,
    }  # fmt: skip
    ours = {name: "" for name in os.environ if name.startswith("LETTRINE_SMTP_")}
    return {**ours, **{f"LETTRINE_{name.upper()}": str(value) for name, value in values.items()}}


def _faults(address: str) -> list[str]:
    """What is wrong with the first page; nothing, as a rule."""
    with urllib.request.urlopen(f"{address}/connexion", timeout=30) as answer:  # noqa: S310 - our own server
        page = answer.read().decode()
    faults = []
    if answer.status != 200:
        faults.append(f"the sign-in page answered {answer.status}")
    if "Les Ateliers de la Lettre" not in page:
        faults.append("the sign-in page doesn't name the organisation")
    return faults


def _welcome(address: str, catcher: Catcher, password: str, totp: dict[str, str]) -> str:
    """The address, the mail catcher's, and one sign-in per role; staff with the secret and the code of this moment."""
    members = [(person.email, "member", f"{person.first} {person.last}") for person in PEOPLE if person.signs_in]
    rows = [(email, str(role), name) for email, role, name, _ in SIGN_INS] + members
    lines = [f"  {role:8} {email:38} {name}{_second(totp.get(email))}" for email, role, name in rows]
    top = ["", f"Lettrine      {address}", f"Mail catcher  {catcher.address}", ""]
    end = [
        "",
        "Staff are asked for a code too. The one of the moment stands on the mail catcher's first page; an",
        "authenticator application that is given the secret shows it as well.",
        "",
        "Stop with Ctrl-C. `make demo ARGS=--new` builds it anew.",
        "",
    ]
    return "\n".join([*top, f"Sign in with the password {password}", *lines, *end])


def _second(secret: str | None) -> str:
    return f"\n{'':11}secret {secret}   code now {_code_of(secret)}" if secret else ""


def _code_of(secret: str) -> str:
    """The code that an application would show at this moment."""
    return pyotp.TOTP(secret).now()
