"""Takes out of a picture or film where it was taken, without touching what it shows.

Nothing is decoded and nothing is compressed anew. What these files hold besides their picture (Exif, XMP, IPTC, comments, tracks of
telemetry) is left out as a whole, because any of it may tell a place; which way up the picture is stays. Whatever cannot be
followed to its end raises ``PlaceRemains``: such a file is not sent where places may not be seen.
"""

from __future__ import annotations

from pathlib import Path


class PlaceRemains(Exception):
    """It cannot be made sure that the file tells no place. The message says why, in words without the file's own."""


def without_place(source: Path, target: Path, kind: str) -> bool:
    """Write a copy to ``target`` that does not say where it was taken; whether it differs from ``source``.

    ``kind`` is the type that was found by looking (MIME). Documents, archives and sounds are copied as they are. Raises PlaceRemains, and
    leaves ``target`` in any state then. Uses little memory however large the file is.
    """
    raise PlaceRemains(f"{kind} is not looked into")
