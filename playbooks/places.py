"""Where things are: which of a playbook's areas a point lies in, or words name.

Points are integers, in microdegrees (WGS 84). Whether a point lies in a polygon is decided with integers alone, so that
a replay decides alike on every machine; a border belongs to its area. Distances are great-circle distances on a sphere
of 6371.0088 km (the mean radius of IUGG), rounded to whole metres before they are compared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from math import asin, cos, radians, sin, sqrt

from playbooks.schema import Area, Playbook

E6 = 1_000_000
_EARTH_METRES = 6_371_008.8
_POINT = re.compile(
    r"(?<![\w.,])(?P<lat>[-+]?[0-9]{1,2}\.[0-9]{2,10})(?:°?\s*[,;/]\s*|°?\s+)(?P<lon>[-+]?[0-9]{1,3}\.[0-9]{2,10})(?![\w.])"
)

Point = tuple[int, int]
"""Latitude and longitude in microdegrees."""


def areas_at(playbook: Playbook, lat_e6: int, lon_e6: int) -> frozenset[str]:
    """The areas that this point lies in."""
    return frozenset(name for name, area in playbook.areas.items() if _holds(area, (lat_e6, lon_e6)))


def areas_named(playbook: Playbook, words: str) -> frozenset[str]:
    """The areas whose id, or name in any language, stands in the words: whole words, in any case and accents."""
    said = f" {_plain(words)} "
    return frozenset(
        name
        for name, area in playbook.areas.items()
        if any(f" {plain} " in said for plain in map(_plain, (name, *area.name.values())) if plain)
    )


def read_point(words: str) -> Point | None:
    """The first pair of decimal degrees in the words, latitude first: `50.611, 5.615`. None where there is none."""
    for found in _POINT.finditer(words):
        lat, lon = _e6(found["lat"]), _e6(found["lon"])
        if abs(lat) <= 90 * E6 and abs(lon) <= 180 * E6:
            return lat, lon
    return None


def distance_m(one: Point, other: Point) -> int:
    """The great-circle distance between two points, in metres (haversine formula)."""
    lat_1, lon_1, lat_2, lon_2 = (radians(value / E6) for value in (*one, *other))
    half = sin((lat_2 - lat_1) / 2) ** 2 + cos(lat_1) * cos(lat_2) * sin((lon_2 - lon_1) / 2) ** 2
    return round(2 * _EARTH_METRES * asin(sqrt(min(1.0, half))))


def in_polygon(corners: Sequence[Point], point: Point) -> bool:
    """Whether the point lies in the polygon by the even-odd rule, or on its border.

    Edges are straight in latitude and longitude, and go the short way round across the antimeridian.
    """
    shifted = [(lat, _beside(lon, point[1])) for lat, lon in corners]
    if max(lon for _, lon in shifted) - min(lon for _, lon in shifted) > 180 * E6:
        shifted = [(lat, _beside(lon, corners[0][1])) for lat, lon in corners]
        point = (point[0], _beside(point[1], corners[0][1]))
    inside = False
    for (lat_1, lon_1), (lat_2, lon_2) in _edges(shifted):
        turn = (lat_2 - lat_1) * (point[1] - lon_1) - (lon_2 - lon_1) * (point[0] - lat_1)
        if turn == 0 and _between(lat_1, point[0], lat_2) and _between(lon_1, point[1], lon_2):
            return True
        if (lat_1 > point[0]) != (lat_2 > point[0]) and (turn < 0) == (lat_2 > lat_1):
            inside = not inside
    return inside


def _holds(area: Area, point: Point) -> bool:
    if area.circle is not None:
        lat, lon, km = area.circle
        return distance_m((_micro(lat), _micro(lon)), point) <= round(km * 1000)
    return in_polygon([(_micro(lat), _micro(lon)) for lat, lon in area.polygon or ()], point)


def _micro(degrees: float) -> int:
    return round(degrees * E6)


def _beside(lon: int, reference: int) -> int:
    """The same meridian, at most 180 degrees from the reference."""
    return (lon - reference + 180 * E6) % (360 * E6) - 180 * E6 + reference


def _between(one: int, middle: int, other: int) -> bool:
    return min(one, other) <= middle <= max(one, other)


def _edges(corners: Sequence[Point]) -> Iterable[tuple[Point, Point]]:
    return zip(corners, [*corners[1:], *corners[:1]], strict=True)


def _e6(decimal: str) -> int:
    """Microdegrees from decimal digits, rounded half away from zero, without the detour through a float."""
    sign = -1 if decimal.startswith("-") else 1
    whole, _, fraction = decimal.lstrip("+-").partition(".")
    digits = fraction.ljust(7, "0")
    return sign * (int(whole) * E6 + int(digits[:6]) + (digits[6] >= "5"))


def _plain(words: str) -> str:
    """Lower case without accents; everything that is no letter or digit becomes one space."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", words.casefold()) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w]|_", " ", bare).split())
