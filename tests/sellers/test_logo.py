"""Whatever picture is sent becomes a small PNG with the picture and nothing else; what is no picture is refused."""

from __future__ import annotations

import contextlib
import io
import struct
import subprocess
import sys
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from invoicing.errors import FieldFaults
from invoicing.sellers.logo import BYTES_MAX, read_logo


def picture(kind: str, size: tuple[int, int] = (300, 100), mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    colour = {"RGBA": (200, 30, 30, 128), "L": 90, "CMYK": (10, 20, 30, 40)}.get(mode, (200, 30, 30))
    Image.new(mode, size, colour).save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def code(content: bytes) -> str:
    with pytest.raises(FieldFaults) as refused:
        read_logo(content)
    return refused.value.faults[0].code


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "RGB"), ("JPEG", "RGB"), ("JPEG", "CMYK"), ("WEBP", "RGB"),
                                            ("GIF", "RGB"), ("PNG", "L")])  # fmt: skip
def test_every_usual_kind_becomes_png(kind: str, mode: str) -> None:
    made = opened(read_logo(picture(kind, mode=mode)))
    assert (made.format, made.mode, made.size) == ("PNG", "RGB", (300, 100))


def test_sixteen_bits_of_grey_stay_grey() -> None:
    out = io.BytesIO()
    Image.new("I;16", (300, 100), 128 * 256).save(out, "PNG")
    assert opened(read_logo(out.getvalue())).getpixel((5, 5)) == (128, 128, 128)


def test_what_is_transparent_stays_so() -> None:
    made = opened(read_logo(picture("PNG", mode="RGBA")))
    assert made.mode == "RGBA" and made.getpixel((5, 5)) == (200, 30, 30, 128)


def test_nothing_but_the_picture_is_kept() -> None:
    told, exif = PngImagePlugin.PngInfo(), Image.Exif()
    told.add_text("Comment", "taken at home")
    exif[0x010E] = "taken at home"
    for content in (picture("PNG", pnginfo=told), picture("JPEG", exif=exif), picture("PNG", icc_profile=b"home" * 9)):
        made = read_logo(content)
        assert b"home" not in made and not opened(made).info


def test_a_large_picture_is_made_smaller_at_its_own_proportions() -> None:
    made = opened(read_logo(picture("PNG", (4000, 1000))))
    assert made.size == (1120, 280)


def test_a_camera_that_was_turned_is_minded() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert opened(read_logo(picture("JPEG", (120, 40), exif=exif))).size == (40, 120)


def bomb(wide: int, high: int) -> bytes:
    """A tiny PNG that says that it is huge."""
    head = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 99)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


@pytest.mark.parametrize("size", [(60_000, 60_000), (10_000, 10_000), (13_000, 20), (2**31 - 1, 1)])
def test_a_bomb_is_refused_before_it_is_unpacked(size: tuple[int, int]) -> None:
    assert code(bomb(*size)) == "logo_too_large"


def test_a_huge_picture_is_refused_without_a_word_on_the_console() -> None:
    told = "import sys; from invoicing.sellers.logo import read_logo; read_logo(sys.stdin.buffer.read())"
    ended = subprocess.run([sys.executable, "-c", told], input=bomb(10_000, 10_000), capture_output=True, check=False)
    assert b"logo_too_large" in ended.stderr and b"DecompressionBomb" not in ended.stderr


@pytest.mark.parametrize(
    ("content", "wanted"),
    [(b"", "logo_wanted"), (b"\0" * (BYTES_MAX + 1), "logo_too_big"), (b"<svg onload='alert(1)'/>", "not_a_picture"),
     (b"%PDF-1.7", "not_a_picture"), (picture("TIFF"), "not_a_picture"), (picture("PNG")[:60], "not_a_picture"),
     (picture("PNG", (4, 90)), "logo_too_small")],
)  # fmt: skip
def test_what_is_no_fit_picture_is_refused(content: bytes, wanted: str) -> None:
    assert code(content) == wanted


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF"]))
def test_any_bytes_are_survived(content: bytes, start: bytes) -> None:
    with contextlib.suppress(FieldFaults):
        assert opened(read_logo(start + content)).format == "PNG"
