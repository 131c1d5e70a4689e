"""Cuts the paper's two faces from Source Sans 3: `python tools/fonts.py FOLDER`.

FOLDER is the unpacked npm package `source-sans`. Writes under invoicing/documents: the faces, renamed because
« Source » is a reserved name of their licence; that licence; the table of what both can draw; the watermarks.
"""

from __future__ import annotations

import json
import math
import shutil
import sys
from pathlib import Path

from fontTools import subset
from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen
from fontTools.ttLib import TTFont

DOCUMENTS = Path(__file__).parents[1] / "invoicing" / "documents"
FONTS, ASSETS = DOCUMENTS / "fonts", DOCUMENTS / "assets"
FAMILY = "Lettrine Sans"
# Latin with Vietnamese, Greek, Cyrillic, punctuation, currencies, arrows, a few signs. Combining marks stay out:
# nothing places them over their letters, and NFC has composed all that can be.
BLOCKS = (
    *((0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0x24F), (0x2BB, 0x2BD), (0x2C6, 0x2C7), (0x2D8, 0x2DD)),
    *((0x370, 0x3FF), (0x400, 0x52F), (0x1E00, 0x1EFF), (0x2010, 0x2027), (0x2030, 0x205E)),
    *((0x2070, 0x209F), (0x20A0, 0x20BF), (0x2105, 0x2126), (0x2150, 0x215E), (0x2190, 0x2199)),
    *((0x2202, 0x2202), (0x2206, 0x2206), (0x220F, 0x221E), (0x222B, 0x222B), (0x2248, 0x2248)),
    *((0x2260, 0x2265), (0x25A0, 0x25CF), (0x2713, 0x2713)),
)
WANTED = [code for first, last in BLOCKS for code in range(first, last + 1)]
NAMES = {1: FAMILY, 2: "{style}", 3: FAMILY + " {style}", 4: FAMILY + " {style}", 6: "LettrineSans-{style}"}
KEPT_NAMES = {0, 5, 13, 14}  # copyright, version, licence


def cut(source: Path, target: Path, style: str) -> set[int]:
    """One face, without hinting, layout or colour tables; returns what it can draw."""
    options = subset.Options(hinting=False, layout_features=[], name_IDs=["*"], notdef_outline=True, glyph_names=False)
    options.drop_tables += ["GPOS", "GSUB", "GDEF", "DSIG", "BASE", "STAT", "SVG ", "meta"]
    font = subset.load_font(str(source), options)
    font.flavor = None
    font.recalcTimestamp = False
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=WANTED)
    cutter.subset(font)
    rename(font, style)
    subset.save_font(font, str(target), options)
    return set(TTFont(target).getBestCmap())


def rename(font: TTFont, style: str) -> None:
    """Our own family name, English only."""
    table = font["name"]
    kept = [n for n in table.names if n.nameID in KEPT_NAMES and n.platformID == 3 and n.langID == 0x409]
    table.names = kept
    for place, name in NAMES.items():
        table.setName(name.format(style=style), place, 3, 1, 0x409)


def ranges(codes: set[int]) -> list[list[int]]:
    """Sorted code points as [first, last] pairs."""
    pairs: list[list[int]] = []
    for code in sorted(codes):
        if pairs and pairs[-1][1] == code - 1:
            pairs[-1][1] = code
        else:
            pairs.append([code, code])
    return pairs


def watermark(face: Path, word: str, target: Path) -> None:
    """The word as rising outlines, so that drawing it needs no font."""
    font = TTFont(face)
    cmap, glyphs, angle = font.getBestCmap(), font.getGlyphSet(), math.radians(32)
    length = sum(glyphs[cmap[ord(char)]].width for char in word)
    scale, along = 6200 / length, 0.0
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    pen = SVGPathPen(glyphs, ntos=lambda value: f"{value:.0f}")
    for char in word:
        glyph = glyphs[cmap[ord(char)]]
        glyph.draw(TransformPen(pen, (cos, -sin, -sin, -cos, along * cos, -along * sin)))
        along += glyph.width
    wide, high = length * cos + 400, length * sin + 700
    box = f"-300 {-high:.0f} {wide:.0f} {high + 100:.0f}"
    size = f'width="{wide / 10:.0f}" height="{(high + 100) / 10:.0f}"'
    path = f'<path fill="#ececec" d="{pen.getCommands()}"/>'
    target.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" {size}>{path}</svg>\n')


def main(folder: Path) -> None:
    """Everything, from one unpacked package."""
    drawn = []
    for style in ("Regular", "Bold"):
        source = folder / "WOFF2" / "TTF" / f"SourceSans3-{style}.ttf.woff2"
        drawn.append(cut(source, FONTS / f"LettrineSans-{style}.ttf", style))
    (FONTS / "glyphs.json").write_text(json.dumps(ranges(drawn[0] & drawn[1]), separators=(",", ":")) + "\n", "ascii")
    shutil.copyfile(folder / "LICENSE.md", FONTS / "OFL.txt")
    for language, word in (("fr", "BROUILLON"), ("en", "DRAFT")):
        watermark(FONTS / "LettrineSans-Bold.ttf", word, ASSETS / f"draft-{language}.svg")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
