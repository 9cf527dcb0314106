"""Films of MP4's family lose their place where it stands."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from bot.files.places import PlaceRemains
from tests.bot.files.photos import SECRET, XMP, box, cleaned, film, tells, track

SHOWN = b"picture!" * 4


def test_a_film_loses_its_place(tmp_path: Path) -> None:
    """User data, keys and XMP are empty space of the same size; the samples and the tables that find them are untouched."""
    uuid = box(b"uuid", bytes(16), XMP)
    shown = track(b"vide", [24], [len(SHOWN)], box(b"udta", SECRET), box(b"meta", SECRET))
    plain = track(b"vide", [24], [len(SHOWN)], box(b"free", bytes(11)), box(b"free", bytes(11)))
    whole = film(shown, data=SHOWN, more=uuid + box(b"free", SECRET) + box(b"mpvd", SECRET))
    for kind in ("video/mp4", "video/quicktime", "video/3gpp", "audio/mp4"):
        bare = cleaned(tmp_path, whole, kind)
        assert tells(bare) == []
        assert len(bare) == len(whole)
        assert plain in bare
        assert bare[:56] == whole[:56]


def test_a_track_of_telemetry_is_taken_out(tmp_path: Path) -> None:
    """A camera's track of notes tells a place for each picture: its samples are zeros, and the track is no track any more."""
    notes = [SECRET * 2, b"", SECRET]
    data = notes[0] + SHOWN + notes[2]
    second = 24 + len(notes[0]) + len(SHOWN)
    telling = track(b"meta", [24, 24, second], [len(note) for note in notes])
    whole = film(track(b"vide", [24 + len(notes[0])], [len(SHOWN)]), telling, data=data)
    bare = cleaned(tmp_path, whole, "video/mp4")
    assert tells(bare) == []
    assert bare.count(b"trak") == 1
    assert bare[24 : 24 + len(data)] == bytes(len(notes[0])) + SHOWN + bytes(len(notes[2]))


def test_a_film_of_fragments_loses_its_place(tmp_path: Path) -> None:
    """Fragments are gone through; with a track of notes they are not vouched for."""
    piece = box(
        b"moof",
        box(b"mfhd", bytes(8)),
        box(b"traf", box(b"tfhd", bytes(8)), box(b"udta", SECRET)),
        box(b"meta", SECRET),
    )
    assert tells(cleaned(tmp_path, film(track(b"vide", [], []), more=piece), "video/mp4")) == []
    with pytest.raises(PlaceRemains):
        cleaned(tmp_path, film(track(b"vide", [], []), track(b"text", [], []), more=piece), "video/mp4")


def test_long_sizes_and_an_open_end_are_understood(tmp_path: Path) -> None:
    """A box may have a size of 64 bits, and the last one may go on to the end of the file."""
    movie = film(track(b"vide", [], []))
    long = struct.pack(">I4sQ", 1, b"uuid", 16 + len(SECRET)) + SECRET
    bare = cleaned(tmp_path, movie + long + struct.pack(">I4s", 0, b"mdat") + SHOWN, "video/mp4")
    assert tells(bare) == []
    assert bare.endswith(SHOWN)


def test_odd_films_are_not_vouched_for(tmp_path: Path) -> None:
    """Wrong sizes, tables that lie, and compressed descriptions end with a word, and soon."""
    good = film(track(b"vide", [24], [32]), data=SHOWN)
    endless = box(b"free") * 100_001
    for odd in (
        b"",
        good[:-1],
        good + b"\0",
        good + struct.pack(">I4s", 7, b"free"),
        good + struct.pack(">I4sQ", 1, b"free", 1 << 63),
        good + endless,
        film(box(b"trak", box(b"mdia"))),
        film(box(b"trak")),
        film(box(b"cmov")),
        box(b"ftyp", b"isom", bytes(4)) + box(b"mdat", SHOWN),
        film(track(b"meta", [24], [1 << 31]), data=SHOWN),
        film(track(b"meta", [1 << 31], [4]), data=SHOWN),
        film(track(b"meta", [24] * 100, [32] * 100), data=SHOWN),
        film(track(b"meta", [24, 24], [1]), data=SHOWN),
        film(track(b"meta", [24], [1, 1]), data=SHOWN),
    ):
        with pytest.raises(PlaceRemains):
            cleaned(tmp_path, odd, "video/mp4")


def test_boxes_in_boxes_are_not_followed_down(tmp_path: Path) -> None:
    """Of ten thousand boxes in each other only the outermost is one that a film has; what is in it goes."""
    nested = b"".join(struct.pack(">I4s", 8 * left + len(SECRET), b"moov") for left in range(10_000, 0, -1)) + SECRET
    assert tells(cleaned(tmp_path, nested, "video/mp4")) == []


def test_tables_that_lie_are_not_followed(tmp_path: Path) -> None:
    """A table that counts four thousand million rows or samples takes neither time nor memory."""
    good = film(track(b"meta", [24], [32]), data=SHOWN)
    for name, old, new in (
        (b"stco", struct.pack(">II", 0, 1), struct.pack(">II", 0, 0xFFFFFFFF)),
        (b"stsz", struct.pack(">III", 0, 0, 1), struct.pack(">III", 0, 1, 0xFFFFFFFF)),
        (b"stsz", struct.pack(">III", 0, 0, 1), struct.pack(">III", 0, 0, 0xFFFFFFFF)),
        (b"stsc", struct.pack(">IIII", 0, 1, 1, 1), struct.pack(">IIII", 0, 1, 1, 0xFFFFFFFF)),
        (b"stsc", struct.pack(">III", 0, 1, 1), struct.pack(">III", 0, 1, 2)),
    ):
        assert name + old in good
        with pytest.raises(PlaceRemains):
            cleaned(tmp_path, good.replace(name + old, name + new), "video/mp4")
