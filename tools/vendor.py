"""Makes every file we ship but did not write: the Tabler sheet, the fonts, the icon sprite, our sign.

    npm install @tabler/core@1.6.1 @tabler/icons@3.51.0 axe-core@4.14.1 \
        @fontsource-variable/source-sans-3@5.3.0 @fontsource-variable/newsreader@5.3.0
    python tools/vendor.py --npm node_modules           # writes
    python tools/vendor.py --npm node_modules --check   # only compares

Needs fonttools and brotli (both in the dev requirements). Run it in a folder outside the repository for
npm's part; the result is committed, so nothing is fetched when Lettrine is installed or started.
"""

import argparse
import hashlib
import json
import re
import sys
from pathlib import Path

from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

ROOT = Path(__file__).resolve().parent.parent
STATIC = "web/static"
VENDOR = "web/static/vendor"
AXE = "tests/vendor"

VERSIONS = {
    "@tabler/core": "1.6.1",
    "@tabler/icons": "3.51.0",
    "@fontsource-variable/source-sans-3": "5.3.0",
    "@fontsource-variable/newsreader": "5.3.0",
    "axe-core": "4.14.1",
}

# Copied byte for byte: package, file in it, our place, licence, SHA-256 it must have.
COPIES = [
    (
        "@tabler/core",
        "dist/css/tabler.min.css",
        f"{VENDOR}/tabler.min.css",
        "MIT",
        "370a2d4e608ae518351d10528fc7dbe19b354ae5062c51b2a9cb294850d65403",
    ),
    (
        "@fontsource-variable/source-sans-3",
        "files/source-sans-3-latin-wght-normal.woff2",
        f"{VENDOR}/source-sans-3-latin-wght-normal.woff2",
        "OFL-1.1",
        "7a19a7027e125257d310c6dbd78ae3a30b5ea1e3794d60b12bb28227a003bfda",
    ),
    (
        "@fontsource-variable/source-sans-3",
        "files/source-sans-3-latin-ext-wght-normal.woff2",
        f"{VENDOR}/source-sans-3-latin-ext-wght-normal.woff2",
        "OFL-1.1",
        "a85a7459bdb3cdc1136751e151a506bae653fc29ada3ca86237477df6f1b59e6",
    ),
    ("axe-core", "axe.min.js", f"{AXE}/axe.min.js", "MPL-2.0", None),
]

# Licence texts: package, file in it (None: the text below), our place.
LICENCES = [
    ("@tabler/core", None, f"{VENDOR}/LICENSES/tabler-core.txt"),
    ("@tabler/icons", "LICENSE", f"{VENDOR}/LICENSES/tabler-icons.txt"),
    ("@fontsource-variable/source-sans-3", "LICENSE", f"{VENDOR}/LICENSES/source-sans-3.txt"),
    ("@fontsource-variable/newsreader", "LICENSE", f"{VENDOR}/LICENSES/newsreader.txt"),
    ("axe-core", "LICENSE", f"{AXE}/LICENSE-axe-core.txt"),
    ("axe-core", "LICENSE-3RD-PARTY.txt", f"{AXE}/LICENSE-axe-core-3RD-PARTY.txt"),
]

# The npm package of @tabler/core carries no licence file; its sheet names the owners and the licence.
TABLER_MIT = """\
MIT License

Copyright (c) 2018-2026 The Tabler Authors
Copyright (c) 2018-2026 codecalm.net Paweł Kuna

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""

# fmt: off
ICONS = [
    "adjustments", "alert-circle", "alert-triangle", "arrow-left", "arrows-split", "at", "ban", "building",
    "building-bank", "building-store", "calendar", "cash", "chevron-down", "chevron-left", "chevron-right",
    "circle-check", "circle-x", "clock", "coin-euro", "copy", "device-desktop", "download", "equal-not",
    "external-link", "eye", "file-download", "file-import", "file-invoice", "file-off", "file-plus",
    "file-text", "file-zip", "files", "fingerprint", "hash", "help-circle", "history", "home", "hourglass",
    "inbox", "info-circle", "key", "language", "link", "list", "list-search", "lock", "lock-open", "login",
    "logout", "mail", "mail-check", "mail-forward", "mail-off", "mail-x", "map-pin", "menu-2", "moon",
    "packages", "paperclip", "pencil", "phone", "plug", "plus", "printer", "progress", "qrcode",
    "receipt-refund", "receipt-tax", "refresh", "rotate-2", "scale", "search", "send", "settings",
    "shield-check", "shopping-cart", "sun", "trash", "unlink", "user", "user-check", "user-circle", "user-plus",
    "users", "x",
]
# fmt: on


def icons(npm: Path) -> str:
    symbols = []
    for name in sorted(ICONS):
        source = (npm / "@tabler/icons/icons/outline" / f"{name}.svg").read_text(encoding="utf-8")
        bare = re.sub(r"<!--.*?-->", "", source, flags=re.S)
        found = re.search(r"<svg[^>]*>(.*)</svg>", bare, re.S)
        if not found:
            raise SystemExit(f"icon {name}: not an SVG as expected")
        body = re.sub(r"\n *", "", found.group(1))
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{body}</symbol>')
    credit = f"<!-- Tabler Icons {VERSIONS['@tabler/icons']}, MIT, Paweł Kuna: vendor/LICENSES/tabler-icons.txt -->"
    return f'<svg xmlns="http://www.w3.org/2000/svg">{credit}\n' + "\n".join(symbols) + "\n</svg>\n"


class Serif:
    """Newsreader 600 at optical size 72. Only outlines are shipped, never the font."""

    def __init__(self, npm: Path) -> None:
        font = TTFont(npm / "@fontsource-variable/newsreader/files/newsreader-latin-opsz-normal.woff2")
        have = {axis.axisTag for axis in font["fvar"].axes}
        wanted = {"wght": 600, "opsz": 72}
        self.font = instantiateVariableFont(font, {k: v for k, v in wanted.items() if k in have})
        self.glyphs = self.font.getGlyphSet()
        self.names = self.font.getBestCmap()

    def path(self, char: str, scale: float, dx: float, dy: float) -> tuple[str, float]:
        glyph = self.glyphs[self.names[ord(char)]]
        pen = SVGPathPen(self.glyphs, ntos=lambda v: f"{v:.1f}".rstrip("0").rstrip("."))
        glyph.draw(TransformPen(pen, (scale, 0, 0, -scale, dx, dy)))
        return pen.getCommands(), glyph.width

    def bounds(self, char: str) -> tuple[float, float, float, float]:
        pen = BoundsPen(self.glyphs)
        self.glyphs[self.names[ord(char)]].draw(pen)
        return pen.bounds

    def initial(self, char: str) -> str:
        """One capital centred in a square of 100, capitals 56 high, 70 wide at most."""
        top = self.bounds("H")[3]
        left, _, right, _ = self.bounds(char)
        scale = min(56 / top, 70 / (right - left))
        return self.path(char, scale, 50 - scale * (left + right) / 2, 50 + scale * top / 2)[0]

    def word(self, text: str, em: int = 40) -> tuple[str, float]:
        scale, x, parts = em / self.font["head"].unitsPerEm, 0.0, []
        for char in text:
            outline, width = self.path(char, scale, x, em * 0.8)
            parts.append(outline)
            x += width * scale
        return "".join(parts), x


def brand(npm: Path) -> dict[str, str]:
    serif = Serif(npm)
    capitals = {char: serif.initial(char) for char in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    word, width = serif.word("Lettrine")
    sign = capitals["L"]
    credit = (
        f"<!-- Outlines of Newsreader {VERSIONS['@fontsource-variable/newsreader']}, "
        "OFL 1.1: vendor/LICENSES/newsreader.txt -->"
    )
    svg = '<svg xmlns="http://www.w3.org/2000/svg"'
    symbols = [
        f'<symbol id="{char}" viewBox="0 0 100 100"><path fill="currentColor" d="{outline}"/></symbol>'
        for char, outline in capitals.items()
    ]
    symbols.append(f'<symbol id="word" viewBox="0 4 {width:.0f} 34"><path fill="currentColor" d="{word}"/></symbol>')
    return {
        f"{STATIC}/initials.svg": f"{svg}>{credit}\n" + "\n".join(symbols) + "\n</svg>\n",
        f"{STATIC}/favicon.svg": (
            f'{svg} viewBox="0 0 100 100">{credit}\n'
            '<rect width="100" height="100" rx="16" fill="#0b5563"/>\n'
            f'<path fill="#fff" d="{sign}"/>\n</svg>\n'
        ),
        f"{STATIC}/lettrine.svg": (
            f'{svg} viewBox="0 0 {width + 50:.0f} 44" fill="#0b5563">{credit}\n<title>Lettrine</title>\n'
            '<rect y="3" width="38" height="38" rx="6"/>\n'
            f'<path fill="#fff" transform="translate(0 3) scale(.38)" d="{sign}"/>\n'
            f'<path transform="translate(48 3)" d="{word}"/>\n</svg>\n'
        ),
    }


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def wanted(npm: Path) -> dict[str, bytes]:
    """Every file this script answers for, with its bytes."""
    for package, version in VERSIONS.items():
        found = json.loads((npm / package / "package.json").read_text(encoding="utf-8"))["version"]
        if found != version:
            raise SystemExit(f"{package}: {version} is wanted, {found} is there")
    files: dict[str, bytes] = {}
    manifest = []

    def note(place: str, package: str, licence: str, made: bool = False) -> None:
        entry = {
            "file": place,
            "package": package,
            "version": VERSIONS[package],
            "licence": licence,
            "sha256": sha256(files[place]),
        }
        manifest.append(entry | ({"made": "from this package by tools/vendor.py"} if made else {}))

    for package, source, place, licence, digest in COPIES:
        files[place] = (npm / package / source).read_bytes()
        if digest and sha256(files[place]) != digest:
            raise SystemExit(f"{package}/{source}: the SHA-256 is not the expected one")
        note(place, package, licence)
    files[f"{STATIC}/icons.svg"] = icons(npm).encode()
    note(f"{STATIC}/icons.svg", "@tabler/icons", "MIT", made=True)
    for place, text in brand(npm).items():
        files[place] = text.encode()
        note(place, "@fontsource-variable/newsreader", "OFL-1.1", made=True)
    for package, licence_file, place in LICENCES:
        files[place] = (npm / package / licence_file).read_bytes() if licence_file else TABLER_MIT.encode()
    manifest.sort(key=lambda entry: entry["file"])
    files[f"{VENDOR}/MANIFEST.json"] = (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()
    return files


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--npm", type=Path, required=True, metavar="NODE_MODULES")
    ask.add_argument("--check", action="store_true", help="write nothing; say which files differ")
    args = ask.parse_args()
    files = wanted(args.npm)
    differ = [p for p, content in files.items() if not (ROOT / p).is_file() or (ROOT / p).read_bytes() != content]
    if args.check:
        for place in differ:
            print(f"differs: {place}")
        return 1 if differ else 0
    for place in differ:
        target = ROOT / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(files[place])
    print(f"{len(files)} files, {len(differ)} written, {len(ICONS)} icons")
    return 0


if __name__ == "__main__":
    sys.exit(main())
