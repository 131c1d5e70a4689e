"""`lettrine backup` and `lettrine restore`."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, cast

import click
from sqlalchemy import Engine

from config.settings import Settings
from lettrine.backups.manifest import Manifest, Unusable
from lettrine.backups.restoring import Restored
from lettrine.backups.restoring import restore as restore_from
from lettrine.backups.taking import Backup, finished, take, torn
from lettrine.cli import desk, json_option, read_settings, say
from web.database import now

KEYS: Final = ("secret_key", "code_key", "journal_key", "seal_keys")
_folder = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))


@click.command()
@_folder
@click.option("--keep", default=7, show_default=True, type=click.IntRange(1), help="How many backups DIR keeps.")
@click.option("--again", is_flag=True, help="Read what DIR's archive has already, and mend it.")
@click.option(
    "--keys", "keys", type=click.Path(path_type=Path, dir_okay=False), help="Also write the keys to this file."
)
@click.option("--keys-inside", is_flag=True, help="Let that file lie in DIR: whoever has DIR can then forge proofs.")
@json_option
def backup(folder: Path, keep: int, again: bool, keys: Path | None, keys_inside: bool, as_json: bool) -> None:
    """Back up database, archive and anchors into DIR, while web and worker go on.

    One moment of the whole; files that DIR has already are not copied again. The keys are apart: without the journal
    key what is sealed can't be checked, without the seal keys what is sealed for nobody else can't be read.
    Exit 1: nothing was backed up, or an archived file was missing or damaged (the rest is there).
    """
    settings = read_settings()
    if keys and keys.resolve().is_relative_to(folder.resolve()) and not keys_inside:
        raise Unusable(f"{keys} lies in {folder}: keep the keys elsewhere, or say --keys-inside.")
    with desk(settings) as factory:
        engine = cast("Engine", factory.kw["bind"])
        taken = take(engine, settings, folder, now(), keep=keep, again=again, quiet=as_json)
    if keys:
        _write_keys(settings, keys)
    say(as_json, _facts(taken), _told(taken, keys))
    if taken.manifest.missing:
        click.echo(f"{len(taken.manifest.missing)} archived files were missing or damaged already, among them "
                   f"{taken.manifest.missing[0]}. Run `lettrine verify`.", err=True)  # fmt: skip
        sys.exit(1)


@click.command()
@_folder
@click.option("--of", "stamp", default="", help="Which backup of DIR; the newest unless told.")
@click.option("--other-key", is_flag=True, help="Restore although the journal key isn't the backup's.")
@json_option
def restore(folder: Path, stamp: str, other_key: bool, as_json: bool) -> None:
    """Make the installation of the settings from the backup in DIR, then verify it.

    The database must be empty; files that the archive has are kept. The keys must be those of the backup. A backup of
    SQLite also restores into PostgreSQL. E-mails that were waiting are held for a person, and everybody signs in anew.
    Exit 1: nothing was restored, or the verification found something.
    """
    from lettrine.proving import proven

    settings = read_settings()
    chosen = _chosen(folder, stamp)
    with desk(settings) as factory:
        engine = cast("Engine", factory.kw["bind"])
        try:
            done = restore_from(engine, settings, chosen, now(), any_key=other_key, quiet=as_json)
        except OSError as error:
            raise Unusable(f"It can't be restored: {error.strerror}. There is no database.") from None
        report, said, faults = proven(settings, factory, quiet=as_json)
    facts = {"ok": report.is_intact, "backup": chosen.name, "held": done.held, "lost_entries": done.lost,
             "verified": report.is_intact, "says": said, "faults": faults}  # fmt: skip
    say(as_json, facts, "\n".join([*_restored(done), said]))
    sys.exit(0 if report.is_intact else 1)


def _chosen(folder: Path, stamp: str) -> Path:
    """The folder of the backup to restore."""
    known = [path for path in finished(folder) if not stamp or path.name == stamp]
    if not known:
        begun = torn(folder)
        why = f"{begun[-1]} was interrupted before its end" if begun and not stamp else "there is none"
        raise Unusable(f"{folder} holds no finished backup{f' {stamp}' if stamp else ''}: {why}.")
    later = [path for path in torn(folder) if path.name > known[-1].name]
    if later and not stamp:
        click.echo(f"{later[-1].name} was interrupted before its end; {known[-1].name} is restored.", err=True)
    return known[-1]


def _write_keys(settings: Settings, path: Path) -> None:
    """The keys as lines of an environment file, for their owner alone; another file of that name is left alone."""
    lines = [f"LETTRINE_{name.upper()}={getattr(settings, name).get_secret_value()}\n" for name in KEYS]
    content = "".join(lines).encode()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if path.read_bytes() == content:
            return
        raise Unusable(f"{path} is there already and holds other words. The backup was made, without keys.") from None
    except OSError as error:
        raise Unusable(f"{path} can't be written: {error.strerror}. The backup was made, without keys.") from None
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _facts(taken: Backup) -> dict[str, Any]:
    manifest: Manifest = taken.manifest
    return {"ok": not manifest.missing, "folder": str(taken.folder), "copied": taken.copied, **asdict(manifest)}


def _told(taken: Backup, keys: Path | None) -> str:
    manifest = taken.manifest
    lines = [
        f"{taken.folder}: {manifest.counts.get('invoice', 0)} documents, {manifest.position} entries in the journal,"
        f" {manifest.file_count} archived files ({taken.copied} copied now)."
    ]
    if keys:
        lines.append(f"The keys are in {keys}: keep it apart from {taken.folder.parent}.")
    else:
        lines.append("The keys are not in it: keep them elsewhere. Without the journal key no seal can be checked.")
    return "\n".join(lines)


def _restored(done: Restored) -> list[str]:
    lines = [
        f"Restored: the backup of {done.manifest.made_at} UTC, {done.manifest.counts.get('invoice', 0)} documents."
    ]
    if done.lost:
        lines.append(f"{done.lost} later entries of the journal were anchored and are lost with what they tell of.")
    if done.held:
        lines.append(f"{done.held} e-mails were waiting; they may have left since and wait for you under « Envois ».")
    if done.manifest.missing:
        lines.append(f"{len(done.manifest.missing)} archived files were missing when the backup was made.")
    return lines
