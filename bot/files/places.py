"""Takes out of a picture or film where it was taken, without touching what it shows.

Nothing is decoded and nothing is compressed anew. What these files hold besides their picture (Exif, XMP, IPTC, comments, tracks of
telemetry) is left out as a whole, because any of it may tell a place; which way up the picture is stays. Whatever cannot be
followed to its end raises ``PlaceRemains``: such a file is not sent where places may not be seen.

Not looked into: what a picture shows, sounds other than MPEG-4's and Matroska's, documents and archives, and notes that an encoder weaves into
the picture's own compressed data.
"""

from __future__ import annotations

import filecmp
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from bot.files.boxes import blank_boxes
from bot.files.matroska import blank_elements
from bot.files.pictures import bare_gif, bare_jpeg, bare_png, bare_webp
from bot.files.reading import PIECE, PlaceRemains
from bot.files.tiff import blank_tiff

__all__ = ["PlaceRemains", "without_place"]

_REWRITTEN: dict[str, Callable[[BinaryIO, BinaryIO], None]] = {
    "image/jpeg": bare_jpeg,
    "image/png": bare_png,
    "image/webp": bare_webp,
    "image/gif": bare_gif,
}
"""Formats made of parts that can be left out."""

_BLANKED: dict[str, Callable[[BinaryIO], None]] = {
    "image/tiff": blank_tiff,
    **dict.fromkeys(("image/heic", "image/heif", "image/avif"), blank_boxes),
    **dict.fromkeys(("video/mp4", "video/quicktime", "video/3gpp", "audio/mp4"), blank_boxes),
    **dict.fromkeys(("video/webm", "video/x-matroska", "audio/webm", "audio/x-matroska"), blank_elements),
}
"""Formats whose parts are found by their distance from the start, and so are written over where they are."""

_PLACELESS = frozenset({"image/bmp", "image/x-icon", "image/svg+xml", "image/vnd.djvu"})
"""Pictures that no camera writes."""


def without_place(source: Path, target: Path, kind: str) -> bool:
    """Write a copy to ``target``, which exists, that does not say where it was taken; whether it differs from ``source``.

    ``kind`` is the type that was found by looking (MIME). Documents, archives and most sounds are copied as they are. Raises PlaceRemains, and
    leaves ``target`` in any state then; OSError. Uses little memory however large the file is.
    """
    with source.open("rb") as whole, target.open("r+b") as bare:
        try:
            if rewrite := _REWRITTEN.get(kind):
                rewrite(whole, bare)
            else:
                shutil.copyfileobj(whole, bare, PIECE)
                if overwrite := _BLANKED.get(kind):
                    bare.seek(0)
                    overwrite(bare)
                elif kind.partition("/")[0] in ("image", "video") and kind not in _PLACELESS:
                    raise PlaceRemains(f"pictures of the type {kind} are not looked into")
        except (struct.error, IndexError) as why:
            raise PlaceRemains("the file is not as its format demands") from why
    return not filecmp.cmp(source, target, shallow=False)
