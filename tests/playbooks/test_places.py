"""Places: areas by point and by name, points in words, and geometry that does not depend on the machine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.places import areas_at, areas_named, distance_m, in_polygon, read_point
from playbooks.schema import Playbook
from tests.playbooks.small import changed, read

LATITUDES = st.integers(-90_000_000, 90_000_000)
LONGITUDES = st.integers(-180_000_000, 180_000_000)
SQUARE = [(0, 0), (0, 10), (10, 10), (10, 0)]


def with_areas(*areas: str) -> Playbook:
    """A playbook with these areas besides the town."""
    town = "  town: {name: Town, jurisdiction: be, circle: [50.6, 5.6, 2]}\n"
    return read(changed(town, town + "".join(f"  {area}\n" for area in areas))).playbook


def test_a_point_lies_in_the_circles_and_polygons_around_it() -> None:
    """A point in two areas is in both; a point in none is in none."""
    playbook = with_areas(
        "field: {name: Field, jurisdiction: be, polygon: [[50.59, 5.59], [50.59, 5.61], [50.61, 5.61], [50.61, 5.59]]}"
    )
    assert areas_at(playbook, 50_600_000, 5_600_000) == {"town", "field"}
    assert areas_at(playbook, 50_612_000, 5_600_000) == {"town"}
    assert areas_at(playbook, 51_000_000, 5_600_000) == frozenset()


def test_a_circle_ends_at_its_radius() -> None:
    """Two kilometres are 0.017986 degrees of latitude: just inside belongs, just outside does not."""
    playbook = with_areas()
    assert areas_at(playbook, 50_617_985, 5_600_000) == {"town"}
    assert areas_at(playbook, 50_617_995, 5_600_000) == frozenset()


def test_distances_are_great_circle_distances() -> None:
    """A quarter of the meridian, and from Liège to Maastricht, as a sphere of the mean radius has them."""
    assert distance_m((0, 0), (90_000_000, 0)) == 10_007_557
    assert distance_m((50_640_000, 5_571_000), (50_851_000, 5_691_000)) == pytest.approx(24_940, abs=100)


@given(LATITUDES, LONGITUDES, LATITUDES, LONGITUDES)
def test_distance_is_the_same_both_ways_and_never_more_than_half_the_world(a: int, b: int, c: int, d: int) -> None:
    """It is symmetric, zero from a point to itself, and bounded, poles and antimeridian included."""
    assert distance_m((a, b), (c, d)) == distance_m((c, d), (a, b))
    assert distance_m((a, b), (a, b)) == 0
    assert 0 <= distance_m((a, b), (c, d)) <= 20_015_116


def test_the_border_and_the_corners_belong_to_a_polygon() -> None:
    """Every point of a square's border is in, and the points one step outside are out."""
    assert all(in_polygon(SQUARE, (0, i)) and in_polygon(SQUARE, (i, 0)) for i in range(11))
    assert all(in_polygon(SQUARE, (10, i)) and in_polygon(SQUARE, (i, 10)) for i in range(11))
    assert not any(in_polygon(SQUARE, (-1, i)) or in_polygon(SQUARE, (i, 11)) for i in range(-1, 12))


def test_a_hole_that_a_polygon_goes_around_twice_is_outside() -> None:
    """By the even-odd rule the middle of a five-pointed star is out and its points are in."""
    star = [(100, 0), (-81, 59), (31, -95), (31, 95), (-81, -59)]
    assert not in_polygon(star, (0, 0))
    assert in_polygon(star, (60, 0))


def test_a_polygon_may_cross_the_antimeridian() -> None:
    """Fiji lies on both sides of it, and Africa does not lie in Fiji."""
    fiji = [
        (-20_000_000, 177_000_000),
        (-20_000_000, -178_000_000),
        (-15_000_000, -178_000_000),
        (-15_000_000, 177_000_000),
    ]
    assert in_polygon(fiji, (-17_000_000, 179_900_000))
    assert in_polygon(fiji, (-17_000_000, -179_900_000))
    assert not in_polygon(fiji, (-17_000_000, 20_000_000))
    assert not in_polygon(fiji, (-17_000_000, 0))


NEARBY = st.tuples(st.integers(-9, 9), st.integers(-9, 9))


@given(st.lists(NEARBY, min_size=3, max_size=6), st.integers(0, 5), NEARBY)
def test_a_polygon_does_not_depend_on_where_its_list_of_corners_begins(
    corners: list[tuple[int, int]], turn: int, point: tuple[int, int]
) -> None:
    """Turning or reversing the list of corners changes nothing."""
    turn %= len(corners)
    assert in_polygon(corners, point) == in_polygon(corners[turn:] + corners[:turn], point)
    assert in_polygon(corners, point) == in_polygon(corners[::-1], point)


@pytest.mark.parametrize(
    ("words", "areas"),
    [
        ("Chênée", {"chenee"}),
        ("water in CHENEE, near the bridge", {"chenee"}),
        ("Lüttich und Aachen", {"liege"}),
        ("luttich", {"liege"}),
        ("Liège/Chênée", {"liege", "chenee"}),
        ("the old-town hall", {"town"}),
        ("Sint-Truiden", {"st"}),
        ("downtown", set()),
        ("Liegeois", set()),
        ("", set()),
    ],
)
def test_areas_are_found_by_id_or_by_any_of_their_names(words: str, areas: set[str]) -> None:
    """Whole words only, whatever the case, the accents and the language."""
    playbook = with_areas(
        "chenee: {name: Chênée, jurisdiction: be, circle: [50.611, 5.615, 2]}",
        "liege: {name: {fr: Liège, de: Lüttich}, jurisdiction: be, circle: [50.64, 5.57, 4]}",
        "st: {name: Sint-Truiden, jurisdiction: be, circle: [50.81, 5.18, 4]}",
    )
    assert areas_named(playbook, words) == areas


@pytest.mark.parametrize(
    ("words", "point"),
    [
        ("50.611, 5.615", (50_611_000, 5_615_000)),
        ("at 50.611,5.615!", (50_611_000, 5_615_000)),
        ("(50.6112345, 5.6150005)", (50_611_235, 5_615_001)),
        ("50.611 5.615", (50_611_000, 5_615_000)),
        ("50.611° ; 5.615°", (50_611_000, 5_615_000)),
        ("-33.85, -151.21 Sydney mirrored", (-33_850_000, -151_210_000)),
        ("91.000, 5.615 then 50.10, 4.20", (50_100_000, 4_200_000)),
        ("50.611", None),
        ("50, 5", None),
        ("version 1.2.3, 4.5", None),
        ("tel. 04.123.45.67", None),
        ("", None),
    ],
)
def test_a_point_is_read_from_words(words: str, point: tuple[int, int] | None) -> None:
    """A pair of decimal degrees is found in a sentence; other numbers are not taken for one."""
    assert read_point(words) == point


@given(LATITUDES, LONGITUDES)
def test_every_point_that_is_written_is_read_back(lat: int, lon: int) -> None:
    """Six decimals keep every microdegree."""

    def degrees(value: int) -> str:
        return f"{'-' if value < 0 else ''}{abs(value) // 1_000_000}.{abs(value) % 1_000_000:06d}"

    assert read_point(f"boat at {degrees(lat)}, {degrees(lon)} now") == (lat, lon)


@given(st.text(max_size=40))
def test_any_words_are_looked_through(words: str) -> None:
    """No text makes looking for places fail."""
    assert areas_named(with_areas(), words) <= {"town"}
    assert read_point(words) is None or len(words) >= 9
