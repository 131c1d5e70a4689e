"""`python -m tools.scan`: builds, serves, signs in, scans, tells. Run again with the same folder, it goes on."""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import click

from tools.scan import crawling, injection
from tools.scan.injection import Job, Outcome, as_dict
from tools.scan.place import Place, database, fill, is_in, served, sign_in
from tools.scan.targets import Target, walk

POSTGRESQL = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
SIGNED_OUT = "signed out meanwhile: what followed was not tried as anybody"
TOOLS = ("sqlmap", "wapiti")
SQLITE_SHARE, WAPITI_SHARE = 0.45, 0.3  # of the time; sqlmap on PostgreSQL, the last, has what is left
JOB_SECONDS = 300
ENOUGH = 45  # seconds: with less no run of sqlmap is begun


@dataclass
class Results:
    """What is known so far, kept after each step."""

    path: Path
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def load(self) -> None:
        """What an earlier run has found; what had no time then is tried again."""
        if self.path.exists():
            rows = [Outcome(**row) for row in json.loads(self.path.read_text())]
            self.outcomes = {row.job: row for row in rows if row.verdict in ("clean", "found")}

    def take(self, outcome: Outcome) -> None:
        """One more; written at once."""
        self.outcomes[outcome.job] = outcome
        self.path.write_text(json.dumps([as_dict(each) for each in self.outcomes.values()], indent=1))
        click.echo(f"{outcome.seconds:5} s  {outcome.verdict:9} {outcome.job}  {outcome.told}")


@click.command()
@click.option("--bin", "programs", required=True, type=click.Path(path_type=Path), help="Where sqlmap and wapiti are.")
@click.option("--folder", default=Path("/tmp/lettrine-scan"), show_default=True, type=click.Path(path_type=Path))
@click.option("--port", default=8215, show_default=True)
@click.option("--minutes", default=22.0, show_default=True, help="In all, building the demos left out.")
@click.option("--routes", default=20, show_default=True, help="How many, those with most parameters first.")
@click.option("--only", multiple=True, help="Only routes whose name begins so.")
@click.option("--engine", "engines", multiple=True, type=click.Choice(["sqlite", "postgresql"]), help="Default: both.")
@click.option("--tool", "tools", multiple=True, type=click.Choice(TOOLS), help="Default: both.")
@click.option("--at-once", default=2, show_default=True, help="How many sqlmaps run beside each other.")
@click.option("--postgresql", "admin", default=POSTGRESQL, show_default=True, help="Where a database may be made.")
@click.option("--new", "anew", is_flag=True, help="Forget what an earlier run has found.")
def main(
    programs: Path, folder: Path, port: int, minutes: float, routes: int, only: tuple[str, ...],
    engines: tuple[str, ...], tools: tuple[str, ...], at_once: int, admin: str, anew: bool,
) -> None:  # fmt: skip
    """Set sqlmap and wapiti on a demo of one's own, as a member, as sales and as a shop's program."""
    if anew:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    results = Results(folder / "results.json")
    results.load()
    spent = 0.0
    for engine in engines or ("sqlite", "postgresql"):
        with ExitStack() as stack:
            place = _opened(stack, engine, folder, port, admin)
            begun = time.monotonic()
            if "sqlmap" in (tools or TOOLS):
                chosen = _chosen(place, routes, only, folder)
                share = SQLITE_SHARE * minutes * 60 if engine == "sqlite" else minutes * 60 - spent
                _inject(place, chosen, programs / "sqlmap", results, share, at_once, folder)
            if "wapiti" in (tools or TOOLS) and engine == "sqlite":
                _crawl(place, programs / "wapiti", results, int(WAPITI_SHARE * minutes * 60 / 2), folder)
            spent += time.monotonic() - begun
    click.echo(table(results, folder))
    sys.exit(any(each.verdict not in ("clean",) for each in results.outcomes.values()))


def _opened(stack: ExitStack, engine: str, folder: Path, port: int, admin: str) -> Place:
    """A new demo, served, with everybody signed in."""
    with socket.socket() as free:
        if free.connect_ex(("127.0.0.1", port)) == 0:
            raise click.ClickException(f"Somebody listens at {port} already.")
    place_folder = folder / engine
    shutil.rmtree(place_folder, ignore_errors=True)
    place_folder.mkdir(parents=True)
    url = stack.enter_context(database(engine, place_folder, admin))
    place = Place(place_folder, url, port, password="-".join(secrets.token_hex(2) for _ in range(4)))
    click.echo(f"Building a demo on {place.engine} …")
    fill(place)
    stack.enter_context(served(place))
    for role in ("member", "sales", "admin"):
        sign_in(place, role)
    return place


def _chosen(place: Place, routes: int, only: tuple[str, ...], folder: Path) -> list[Target]:
    every = walk(place, place.settings())
    chosen = [target for target in every if not only or target.name.startswith(only)][:routes]
    lines = [f"{len(t.parameters):3} {t.role:8} {t.name} {t.address}: {', '.join(t.parameters)}" for t in every]
    (folder / "routes.txt").write_text("\n".join(lines) + "\n")
    click.echo(f"{len(every)} routes take something; {len(chosen)} are tried: {folder / 'routes.txt'}")
    return chosen


def _inject(
    place: Place, chosen: list[Target], program: Path, results: Results, seconds: float, at_once: int, folder: Path
) -> None:
    """sqlmap on all of them, until the time is over; what isn't reached is said."""
    until = time.monotonic() + seconds
    waiting = [job for job in injection.jobs(chosen, place.engine) if job.name not in results.outcomes]
    with ThreadPoolExecutor(at_once) as pool:
        for outcome in pool.map(_one(place, program, until, folder), waiting):
            results.take(outcome)


def _one(place: Place, program: Path, until: float, folder: Path) -> Callable[[Job], Outcome]:
    def run(job: Job) -> Outcome:
        left = min(JOB_SECONDS, until - time.monotonic())
        facts = (job.name, job.target.name, job.engine, job.target.role, len(job.parameters))
        if left < ENOUGH:
            return Outcome(*facts, "too late", "no time was left: run again", 0)
        if job.target.role in place.cookies and not is_in(place, place.cookies[job.target.role]):
            return Outcome(*facts, "unclear", "signed out before", 0)
        outcome = injection.run(job, place, str(program), folder / "sqlmap" / _short(job.name), left)
        if job.target.role in place.cookies and not is_in(place, place.cookies[job.target.role]):
            return Outcome(*facts, "unclear", SIGNED_OUT, outcome.seconds)
        return outcome

    return run


def _short(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:12]


def _crawl(place: Place, program: Path, results: Results, seconds: int, folder: Path) -> None:
    for role in ("member", "sales"):
        before = f"wapiti {place.engine} {role} "
        if not any(name.startswith(before) for name in results.outcomes):
            shutil.rmtree(folder / f"wapiti-{role}", ignore_errors=True)
            for outcome in crawling.run(place, role, str(program), folder / f"wapiti-{role}", seconds):
                results.take(outcome)
            if not is_in(place, place.cookies[role]):
                facts = (f"{before}at the end", "at the end", place.engine, role, 0)
                results.take(Outcome(*facts, "unclear", SIGNED_OUT, 0))


def table(results: Results, folder: Path) -> str:
    """All of it in Markdown: sqlmap by route and engine, wapiti by finding, and what the servers answered."""
    rows: dict[tuple[str, str, str], list[Outcome]] = {}
    for each in results.outcomes.values():
        if not each.job.startswith("wapiti"):
            rows.setdefault((each.engine, each.route, each.role), []).append(each)
    lines = ["| engine | route | as | parameters | sqlmap says | s |", "|---|---|---|---|---|---|"]
    for (engine, route, role), parts in rows.items():
        said = "; ".join(dict.fromkeys(f"{p.verdict} {p.told}".strip() for p in parts))
        count, took = sum(p.parameters for p in parts), sum(p.seconds for p in parts)
        lines.append(f"| {engine} | {route} | {role} | {count} | {said} | {took} |")
    lines += ["", "| as | wapiti: kind | how many | what | s |", "|---|---|---|---|---|"]
    for each in results.outcomes.values():
        if each.job.startswith("wapiti"):
            told = each.told.replace("|", "/").replace("\n", " ")
            lines.append(f"| {each.role} | {each.route} | {each.parameters} | {each.verdict} {told} | {each.seconds} |")
    return "\n".join([*lines, *_answered(folder)])


def _answered(folder: Path) -> list[str]:
    """What the servers said to all of it, and how often they were at fault."""
    lines = []
    for engine in ("sqlite", "postgresql"):
        counts, faults = folder / engine / "answers.json", folder / engine / "faults.txt"
        if counts.exists():
            said = ", ".join(f"{status}: {n}" for status, n in sorted(json.loads(counts.read_text()).items()))
            wrong = len(faults.read_text().splitlines()) if faults.exists() else 0
            lines += ["", f"The server on {engine} answered {said}; {wrong} faults of ours."]
    return lines


if __name__ == "__main__":
    main()
