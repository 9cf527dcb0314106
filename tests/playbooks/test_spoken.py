"""What somebody says, as JSON and back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks.spoken import Contact, File, Poll, Spoken, read, written

WORDS = st.text(max_size=20)
NUMBERS = st.none() | st.integers(0, 10**9)
FILES = st.builds(
    File, st.sampled_from(("telegram", "matrix")), WORDS, st.sampled_from(("photo", "voice", "file")), WORDS, WORDS,
    NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.none() | WORDS, NUMBERS, st.lists(st.integers(0, 1024), max_size=4).map(tuple),
)  # fmt: skip
SPOKEN = st.builds(
    Spoken,
    WORDS,
    st.none() | FILES,
    st.none() | st.tuples(st.integers(-90_000_000, 90_000_000), st.integers(-180_000_000, 180_000_000)),
    st.none() | st.just(datetime(2026, 6, 1, 12, tzinfo=UTC)),
    st.none() | st.builds(Poll, WORDS, st.lists(WORDS, max_size=4).map(tuple), st.booleans()),
    st.none() | st.builds(Contact, WORDS, WORDS),
)


@given(SPOKEN)
def test_what_is_written_is_read_again(spoken: Spoken) -> None:
    """All of it."""
    assert read(written(spoken)) == spoken


@pytest.mark.parametrize(
    "text", ["[]", "1", '{"file": 3}', '{"point": [1]}', '{"poll": {}}', '{"contact": {"x": 1}}', "{"]
)
def test_anything_else_is_refused(text: str) -> None:
    """In words for the log."""
    with pytest.raises(ValueError):
        read(text)


def test_nothing_said_is_empty() -> None:
    """And anything is something."""
    assert Spoken().empty and not Spoken("x").empty and not Spoken(point=(0, 0)).empty
