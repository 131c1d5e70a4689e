"""The seller's logo: whatever picture was sent becomes a small PNG that holds the picture and nothing else. Pure."""

from __future__ import annotations

import io
import warnings
from typing import Final

from PIL import Image, ImageOps

from invoicing.errors import Fault, FieldFaults

BYTES_MAX: Final = 1_500_000
PIXELS_MAX: Final = 24_000_000  # before it is unpacked: a small file may hold a huge picture
SIDE_MAX: Final = 12_000
SIDE_MIN: Final = 8
SIZE: Final = (1240, 280)  # on paper at most 62 × 14 mm: 500 dots per inch
FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF")
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # _check is stricter, before any unpacking


def read_logo(content: bytes) -> bytes:
    """The picture as PNG, turned as its camera meant it, transparent where it was; refuses what is no picture."""
    if not content:
        raise _fault("logo_wanted")
    if len(content) > BYTES_MAX:
        raise _fault("logo_too_big")
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            wide, high = picture.size
            _check(wide, high)
            return _clean(picture)
    except FieldFaults:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _fault("logo_too_large") from None
    except Exception:  # the library's many ways to say that bytes are no picture
        raise _fault("not_a_picture") from None


def _check(wide: int, high: int) -> None:
    if max(wide, high) > SIDE_MAX or wide * high > PIXELS_MAX:
        raise _fault("logo_too_large")
    if min(wide, high) < SIDE_MIN:
        raise _fault("logo_too_small")


def _clean(picture: Image.Image) -> bytes:
    """The pixels alone: no place, camera, comment or colour profile."""
    turned = ImageOps.exif_transpose(picture)
    if turned.mode.startswith("I"):  # 16 bits of grey: what is converted would be cut off, not made darker
        turned = turned.convert("I").point(lambda grey: grey / 256).convert("L")
    shown = turned.convert("RGBA" if turned.has_transparency_data else "RGB")
    shown.thumbnail(SIZE, Image.Resampling.LANCZOS)
    bare = Image.new(shown.mode, shown.size)
    bare.paste(shown)
    out = io.BytesIO()
    bare.save(out, "PNG", optimize=True)
    return out.getvalue()


def _fault(code: str) -> FieldFaults:
    facts = {"bytes": BYTES_MAX, "side": SIDE_MAX}
    return FieldFaults([Fault("logo", code, facts)])
