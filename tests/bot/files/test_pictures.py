"""JPEG, PNG, WebP and GIF lose their place and nothing of the picture."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from bot.files.places import PlaceRemains
from tests.bot.files.photos import SECRET, XMP, cleaned, exif, opened, saved, tells


def segment(marker: int, body: bytes) -> bytes:
    """One segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def scans(jpeg: bytes) -> bytes:
    """All of a JPEG from its first table of quantisation on: what makes the picture."""
    return jpeg[jpeg.index(b"\xff\xdb") :]


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}, {"quality": 100}])
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_a_photo_loses_its_place_and_stays_turned(tmp_path: Path, options: dict[str, object]) -> None:
    """Exif, XMP, IPTC and comments are gone, the orientation is not, and the compressed picture is the same to the byte."""
    jpeg = saved("JPEG", exif=exif(), xmp=XMP, comment=SECRET, icc_profile=b"colours" * 9, **options)
    notes = segment(0xED, b"Photoshop 3.0\0" + SECRET) + segment(0xE7, SECRET) + segment(0xE2, b"MPF\0" + SECRET)
    notes += segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + SECRET)
    jpeg = jpeg[:2] + notes + jpeg[2:]
    assert len(tells(jpeg)) == 3
    bare = cleaned(tmp_path, jpeg, "image/jpeg")
    assert tells(bare) == []
    found = opened(bare)
    assert dict(found.getexif()) == {0x0112: 6}
    assert found.info["icc_profile"] == b"colours" * 9
    assert scans(bare) == scans(saved("JPEG", icc_profile=b"colours" * 9, **options))
    assert found.tobytes() == opened(jpeg).tobytes()


def test_a_photo_without_notes_stays_as_it_is(tmp_path: Path) -> None:
    """Where there is nothing to take out, not a byte changes: the network can use its own copy."""
    jpeg = saved("JPEG")
    assert cleaned(tmp_path, jpeg, "image/jpeg") == jpeg


def test_what_follows_a_photo_is_left_out(tmp_path: Path) -> None:
    """A moving photo hides a film behind its end, with a place of its own."""
    jpeg = saved("JPEG")
    assert cleaned(tmp_path, jpeg + b"\0\0\0\x18ftypmp42" + SECRET, "image/jpeg") == jpeg


def test_a_large_photo_is_cut_where_it_ends(tmp_path: Path) -> None:
    """Markers that lie across the pieces in which a file is read are found, wherever the pieces part."""
    head, compressed = saved("JPEG")[:-2], b"\x12" * 65530
    for more in range(12):
        jpeg = head + compressed + b"\0" * more + b"\xff\0\xff\xd3\xff\xff\xd9"
        assert cleaned(tmp_path, jpeg + SECRET, "image/jpeg") == jpeg, more


def test_a_photo_that_breaks_off_is_not_vouched_for(tmp_path: Path) -> None:
    """Wherever a photo is cut off, it is said that its place may remain."""
    jpeg = saved("JPEG", exif=exif(), quality=5)
    for end in range(0, len(jpeg), 5):
        with pytest.raises(PlaceRemains):
            cleaned(tmp_path, jpeg[:end], "image/jpeg")


def test_odd_photos_are_not_vouched_for(tmp_path: Path) -> None:
    """Endless filling, endless segments, unknown parts and pictures without a picture end with a word, and soon."""
    for odd in (
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8" + b"\xff" * 3_000_000,
        b"\xff\xd8" + segment(0xFE, b"") * 200_000,
        b"\xff\xd8" + segment(0xF0, b"\0" * 9) + saved("JPEG")[2:],
        b"\xff\xd8\xff\xe1\0\1" + saved("JPEG")[2:],
    ):
        with pytest.raises(PlaceRemains):
            cleaned(tmp_path, odd, "image/jpeg")


def test_a_png_loses_its_place(tmp_path: Path) -> None:
    """Exif but for the orientation, texts of all three kinds and unknown chunks are gone, and the pixels are the same."""
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Location", SECRET.decode())
    texts.add_text("Place", SECRET.decode(), zip=True)
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    texts.add(b"plCe", SECRET)
    png = saved("PNG", pnginfo=texts, exif=exif(8), dpi=(72, 72), icc_profile=b"colours")
    assert len(tells(png)) == 3
    bare = cleaned(tmp_path, png + SECRET, "image/png")
    assert tells(bare) == []
    found = opened(bare)
    assert (dict(found.getexif()), found.info["icc_profile"]) == ({0x0112: 8}, b"colours")
    assert found.tobytes() == opened(png).tobytes()
    assert not hasattr(found, "text") or not found.text


def test_a_webp_loses_its_place(tmp_path: Path) -> None:
    """Exif but for the orientation and XMP are gone, the header says so, and the pixels are the same; also in moving ones."""
    webp = saved("WEBP", exif=exif(3), xmp=XMP, lossless=True)
    assert len(tells(webp)) == 3
    bare = cleaned(tmp_path, webp + SECRET, "image/webp")
    assert tells(bare) == []
    assert struct.unpack("<I", bare[4:8])[0] == len(bare) - 8
    assert dict(opened(bare).getexif()) == {0x0112: 3}
    assert bare[20] & 0x0C == 0x08
    assert opened(bare).tobytes() == opened(webp).tobytes()
    upright = cleaned(tmp_path, saved("WEBP", exif=exif(1), xmp=XMP), "image/webp")
    assert upright[20] & 0x0C == 0
    moving = saved("WEBP", save_all=True, append_images=[Image.new("RGB", (96, 64), "red")], xmp=XMP)
    assert opened(cleaned(tmp_path, moving, "image/webp")).n_frames == 2


def test_a_gif_loses_its_place(tmp_path: Path) -> None:
    """Comments and XMP are gone; the frames, their times and how often they play are not."""
    gif = saved(
        "GIF", save_all=True, append_images=[Image.new("RGB", (96, 64), "red")], comment=SECRET, loop=3, duration=70
    )
    xmp = b"\x21\xff\x0bXMP DataXMP" + XMP + b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    odd = b"\x21\xf9\x0b" + SECRET + b"\0"
    whole = gif[:-1] + xmp + odd + b";"
    bare = cleaned(tmp_path, whole + SECRET, "image/gif")
    assert tells(bare) == []
    found = opened(bare)
    assert (found.n_frames, found.info["loop"], found.info["duration"]) == (2, 3, 70)
    assert found.tobytes() == opened(gif).tobytes()


@pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF"])
def test_pictures_that_break_off_are_not_vouched_for(tmp_path: Path, form: str) -> None:
    """Wherever such a picture is cut off, it is said that its place may remain."""
    whole = saved(form, **({} if form == "GIF" else {"exif": exif()}))
    for end in range(0, len(whole), 97):
        with pytest.raises(PlaceRemains):
            cleaned(tmp_path, whole[:end], f"image/{form.lower()}")
