"""wapiti, as somebody, for so long."""

from __future__ import annotations

import json
import re
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from tools.scan.injection import Outcome
from tools.scan.place import Place

MODULES = (
    "cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,methods,permanentxss,redirect,sql,timesql,upload,xss"
)
LOOKING, HEAVY = 4, 9  # a quarter of the time to look around; nine modules may use their whole share
CUT = re.compile(r"Max attack time was reached for module (\w+)")
STARTS = {"member": ("/mes-factures", "/mon-compte"), "sales": ("/ventes", "/ventes/factures", "/ventes/clients")}
LEFT_OUT = ("/deconnexion*", "/mon-compte/appareils/*", "/langue/*", "/connexion*")


def run(place: Place, role: str, program: str, folder: Path, seconds: int) -> list[Outcome]:
    """Runs it; one line for each kind of finding, or one that says that there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    report, begun = folder / "report.json", time.monotonic()
    with (folder / "log.txt").open("wb") as out, suppress(subprocess.TimeoutExpired):
        subprocess.run(command(place, role, program, folder, report, seconds), stdout=out, stderr=out,
                       stdin=subprocess.DEVNULL, timeout=seconds * 2 + 60)  # fmt: skip
    took = round(time.monotonic() - begun)
    if not report.exists():
        return [_line(place, role, "report", "unclear", f"no report: {folder / 'log.txt'}", 0, took)]
    cut = sorted(set(CUT.findall((folder / "log.txt").read_text("utf-8", "replace"))))
    return read(json.loads(report.read_text()), place, role, took, cut)


def command(place: Place, role: str, program: str, folder: Path, report: Path, seconds: int) -> list[str]:
    """As it could be typed by hand; a part of the time is for finding pages, then each module has its share."""
    starts = [word for path in STARTS[role][1:] for word in ("-s", place.address + path)]
    left_out = [word for path in LEFT_OUT for word in ("-x", place.address + path)]
    bounds = ["--max-links-per-page", "40", "--max-files-per-dir", "15", "-d", "4", "-t", "20", "--max-scan-time",
              str(seconds // LOOKING), "--max-attack-time", str(max(5, seconds // HEAVY))]  # fmt: skip
    one = ["--tasks", "1"]  # with more it locks itself out of its own notes
    return [program, "-u", place.address + STARTS[role][0], "--scope", "domain", *starts, *left_out, *bounds, *one,
            "-C", place.cookies[role], "-m", MODULES, "-v", "1", "-f", "json", "-o", str(report), "--flush-session",
            "--no-bugreport", "--store-session", str(folder / "session"),
            "--store-config", str(folder / "config")]  # fmt: skip


def read(report: dict[str, Any], place: Place, role: str, took: int, cut: list[str]) -> list[Outcome]:
    """A line for what was looked at and what had no time to end, and one for each kind of finding."""
    pages = report.get("infos", {}).get("crawled_pages_nbr", 0)
    lines = []
    for part in ("vulnerabilities", "anomalies"):
        for kind, found in report.get(part, {}).items():
            if found:
                places = dict.fromkeys(_where(one) for one in found)
                told = f"{found[0].get('info', '')[:120]} ({', '.join(list(places)[:4])})"
                lines.append(_line(place, role, kind, "found", told, len(found), took))
    told = f"{pages} pages seen" + (f"; cut short by time: {', '.join(cut)}" if cut else "; nothing cut short")
    return [_line(place, role, "all else", "clean", told, 0, took), *lines]


def _where(one: dict[str, Any]) -> str:
    return f"{one.get('method', '')} {one.get('path', '')} {one.get('parameter') or ''}".strip()


def _line(place: Place, role: str, kind: str, verdict: str, told: str, count: int, took: int) -> Outcome:
    return Outcome(f"wapiti {place.engine} {role} {kind}", kind, place.engine, role, count, verdict, told, took)
