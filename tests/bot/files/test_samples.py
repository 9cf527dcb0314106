"""The samples of one track are found by its tables, and written over."""

from __future__ import annotations

import io
import struct

import pytest

from bot.files.reading import PlaceRemains
from bot.files.samples import blank_samples

Tables = dict[bytes, tuple[int, int]]


def tables(**bodies: bytes) -> tuple[io.BytesIO, Tables]:
    """A file of a hundred letters, and these tables behind them."""
    file = io.BytesIO(b"x" * 100)
    file.seek(0, 2)
    places: Tables = {}
    for name, body in bodies.items():
        places[name.encode()] = (file.tell(), file.tell() + len(body))
        file.write(body)
    return file, places


def rows(*numbers: int, columns: int = 1, wide: str = "I") -> bytes:
    """The body of a table."""
    return struct.pack(f">II{len(numbers)}{wide}", 0, len(numbers) // columns, *numbers)


def left(file: io.BytesIO) -> str:
    """The letters, with a point for each that is gone."""
    return file.getvalue()[:100].decode().replace("\0", ".").rstrip("x")


def test_chunks_of_several_samples_are_found() -> None:
    """Runs of chunks with two samples and with one, each of its own size."""
    runs = rows(1, 2, 1, 3, 1, 1, columns=3)
    sizes = struct.pack(">III5I", 0, 0, 5, 1, 2, 3, 4, 5)
    file, places = tables(stsc=runs, stsz=sizes, stco=rows(2, 10, 20))
    blank_samples(file, places)
    assert left(file) == "xx...xxxxx.......xxx....."


def test_far_chunks_and_equal_samples_are_found() -> None:
    """Offsets may have 64 bits, and all samples one size."""
    file, places = tables(stsc=rows(1, 3, 1, columns=3), stsz=struct.pack(">III", 0, 2, 6), co64=rows(1, 8, wide="Q"))
    blank_samples(file, places)
    assert left(file) == "x......x......"


@pytest.mark.parametrize("runs", [(2, 1, 1), (1, 1, 1, 1, 1, 1), (1, 1, 1, 9, 1, 1), ()])
def test_runs_that_make_no_sense_are_refused(runs: tuple[int, ...]) -> None:
    """A table of runs begins with the first chunk, rises, and names no chunk that is not there."""
    file, places = tables(stsc=rows(*runs, columns=3), stsz=struct.pack(">III", 0, 2, 2), stco=rows(1, 8))
    with pytest.raises(PlaceRemains):
        blank_samples(file, places)


def test_a_track_needs_its_tables() -> None:
    """A track without a table, or with two for the same, is refused."""
    whole = {"stsc": rows(columns=3), "stsz": bytes(12), "stco": rows(), "co64": rows()}
    for missing in ({"stsc"}, {"stsz"}, {"stco", "co64"}, set()):
        file, places = tables(**{name: body for name, body in whole.items() if name not in missing})
        with pytest.raises(PlaceRemains):
            blank_samples(file, places)
