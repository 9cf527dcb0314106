"""One way of writing a value."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from storage import canonical

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-canonical.LARGEST, canonical.LARGEST) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_agrees_with_rfc8785(value: Any) -> None:
    """Every value of ours has the bytes that RFC 8785 gives it."""
    assert canonical.encode(value) == rfc8785.dumps(value)


@given(VALUES)
def test_reads_what_it_wrote(value: Any) -> None:
    """Reading gives back the value that was written."""
    assert canonical.read(canonical.encode(value)) == value


@given(VALUES)
def test_writes_composed_text_in_one_pass(value: Any) -> None:
    """The quick way of writing in NFC is the same as composing first and writing then."""
    try:
        composed = canonical.composed(value)
    except ValueError:
        return
    assert canonical.write_composed(value) == canonical.write(composed)


def test_sorts_keys_by_utf16() -> None:
    """Keys beyond the basic plane are sorted as RFC 8785 wants, not as Python does."""
    assert canonical.write({"\ufb33": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ufb33":1}'


@pytest.mark.parametrize("value", [1.0, float("nan"), b"x", {1: 2}, {"a": {1.5}}, object()])
def test_refuses_what_is_not_ours(value: object) -> None:
    """Floats, bytes, sets and keys that are not text have no canonical form."""
    with pytest.raises(TypeError):
        canonical.encode(value)


@pytest.mark.parametrize("value", [2**53, -(2**53), "\ud800"])
def test_refuses_what_not_every_reader_can_hold(value: object) -> None:
    """Numbers beyond 2^53-1 and halves of characters are refused."""
    with pytest.raises(ValueError, match=r"."):
        canonical.encode(value)


@pytest.mark.parametrize(
    "text",
    [
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1,"a":1}',
        b"1.0",
        b"NaN",
        b'"\\u0041"',
        b"",
        b"\xff",
        b"[" * 100_000,
        b"01",
    ],
)
def test_reads_one_form_only(text: bytes) -> None:
    """Anything but the canonical form is a ValueError, however deep or broken."""
    with pytest.raises(ValueError, match=r"."):
        canonical.read(text)


def test_composes_text_and_mends_halves() -> None:
    """Text becomes NFC, keys included, and half a character becomes U+FFFD."""
    assert canonical.composed({"e\u0301": ["e\u0301", "a\ud83d"]}) == {"é": ["é", "a\ufffd"]}
    assert canonical.write_composed("e\u0301\ud83d") == '"é\ufffd"'


def test_refuses_keys_that_become_one() -> None:
    """Two keys that are the same once composed are refused instead of losing one."""
    with pytest.raises(ValueError, match="two keys"):
        canonical.composed({"é": 1, unicodedata.normalize("NFD", "é"): 2})
