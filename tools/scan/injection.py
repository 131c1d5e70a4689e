"""sqlmap on the parameters of one route, a handful at a time."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import urllib.parse
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.scan.place import Place
from tools.scan.targets import Target, renewed

TOLD_APART = ("name", "code", "format", "prefix")  # of what is made, where there may not be two of one
MAY_EVALUATE = {"SQLMAP_UNSAFE_EVAL": "1"}  # what it evaluates is `each_time` alone
HANDFUL = 5  # parameters of one run of sqlmap
GOES_ON = "really sure=Y"  # it takes a number that begins with 999 for somebody's try, and would leave it out
CLEAN = "all tested parameters do not appear to be injectable"
FOUND = re.compile(r"^Parameter: (.+)$", re.M)
SUSPECTED = re.compile(r"parameter '(.+?)' (?:appears to be|is) .*?injectable")
CRITICAL = re.compile(r"\[CRITICAL\] (.+)")


@dataclass(frozen=True)
class Job:
    """One run of sqlmap."""

    target: Target
    engine: str
    parameters: tuple[str, ...]

    @property
    def name(self) -> str:
        """Stays the same from run to run."""
        return f"{self.engine} {self.target.name} {','.join(self.parameters)}"


@dataclass(frozen=True)
class Outcome:
    """What came of it: clean, found (which parameters), too long, or unclear (why)."""

    job: str
    route: str
    engine: str
    role: str
    parameters: int
    verdict: str
    told: str
    seconds: int


def jobs(targets: list[Target], engine: str) -> list[Job]:
    """The parameters of each, in handfuls; a program's body is one."""
    made = []
    for target in targets:
        names = target.parameters
        size = len(names) if target.body is not None else HANDFUL
        made += [Job(target, engine, tuple(names[at : at + size])) for at in range(0, len(names), size)]
    return made


def run(job: Job, place: Place, program: str, folder: Path, seconds: float) -> Outcome:
    """Runs it and says what came of it; after so many seconds it is stopped."""
    log, begun = folder / "log.txt", time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        try:
            subprocess.run(command(job, place, program, folder), stdout=out, stderr=out, timeout=seconds,
                           stdin=subprocess.DEVNULL, env=os.environ | MAY_EVALUATE)  # fmt: skip
            late = False
        except subprocess.TimeoutExpired:
            late = True
    verdict, told = judged(log.read_text("utf-8", "replace"), late)
    took = round(time.monotonic() - begun)
    return Outcome(job.name, job.target.name, job.engine, job.target.role, len(job.parameters), verdict, told, took)


def command(job: Job, place: Place, program: str, folder: Path) -> list[str]:
    """As it could be typed by hand."""
    target, address = job.target, place.address + job.target.address
    words = [program, "--batch", "--level", "2", "--risk", "1", "--dbms", place.engine, "--ignore-code", "*",
             "--ignore-redirects", "--drop-set-cookie", "--disable-coloring", "--timeout", "20", "--retries", "1",
             "--output-dir", str(folder), "--answers", GOES_ON]  # fmt: skip
    if target.body is not None:
        return [*words, "-u", address, "--method", target.method, "--data", json.dumps(marked(target.body)),
                "--headers", f"Authorization: Bearer {place.key}\nContent-Type: application/json"]  # fmt: skip
    fields = urllib.parse.urlencode(renewed(place, target))
    words += ["--cookie", place.cookies[target.role], "-p", ",".join(job.parameters), "--skip", "csrf_token"]
    words += ["--eval", python] if (python := each_time(job)) else []
    if "revision" in target.fields and target.page:
        words += ["--csrf-token", "revision", "--csrf-url", place.address + target.page]
    if target.method == "POST":
        return [*words, "-u", address, "--data", fields]
    return [*words, "-u", f"{address}?{fields}"]


def each_time(job: Job) -> str:
    """What sqlmap does before each request, so that it goes all the way: a form serves once."""
    fields, made = job.target.fields, job.target.endpoint.endswith("_new")
    told = [name for name in TOLD_APART if made and fields.get(name) and name not in job.parameters]
    steps = ["form_token=secrets.token_urlsafe(24)"] if "form_token" in fields else []
    steps += [f"{name}=secrets.token_hex(3).upper()+{name}" for name in told]
    return ";".join(["import secrets", *steps]) if steps else ""


def marked(value: object) -> object:
    """The body with sqlmap's mark behind each plain value."""
    if isinstance(value, dict):
        return {name: marked(one) for name, one in value.items()}
    if isinstance(value, list):
        return [marked(one) for one in value]
    return f"{value}*"


def judged(log: str, late: bool) -> tuple[str, str]:
    """What a log of sqlmap says."""
    if found := FOUND.findall(log):
        return "found", ", ".join(dict.fromkeys(found))
    if CLEAN in log:
        suspected = dict.fromkeys(SUSPECTED.findall(log))
        return "clean", f"suspected, then withdrawn by sqlmap: {', '.join(suspected)}" if suspected else ""
    if late:
        return "too long", ""
    told = CRITICAL.findall(log)
    return "unclear", told[-1][:160] if told else log.strip()[-160:]


def as_dict(outcome: Outcome) -> dict[str, object]:
    """To be kept."""
    return asdict(outcome)
