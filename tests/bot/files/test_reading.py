"""No length in a file is believed before it is held against what is there."""

from __future__ import annotations

import io

import pytest

from bot.files.reading import PIECE, PlaceRemains, blank, exactly, length, passed


def test_what_is_there_is_read() -> None:
    """Bytes are read and passed on exactly, in pieces where they are many."""
    content = bytes(range(256)) * 1000
    source, target = io.BytesIO(content), io.BytesIO()
    assert exactly(source, 3) == content[:3]
    assert length(source) == len(content)
    passed(source, target, 3 * PIECE)
    assert (target.getvalue(), source.tell()) == (content[3 : 3 + 3 * PIECE], 3 + 3 * PIECE)


@pytest.mark.parametrize("size", [-1, 5, 1 << 20, 1 << 62])
def test_what_is_not_there_is_not_read(size: int) -> None:
    """More than there is, more than is read at once, and less than nothing raise PlaceRemains."""
    with pytest.raises(PlaceRemains):
        exactly(io.BytesIO(b"four"), size)
    if size > 0:
        with pytest.raises(PlaceRemains):
            passed(io.BytesIO(b"four"), io.BytesIO(), size)


def test_zeros_are_written_where_they_should_be() -> None:
    """Exactly the bytes named become zeros, over more than one piece too."""
    size = 2 * PIECE + 5
    file = io.BytesIO(b"x" * (size + 7))
    blank(file, 3, size)
    assert file.getvalue() == b"xxx" + bytes(size) + b"xxxx"
