"""Sealed files open with other people's code and theirs with ours; what was changed on the way does not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nio.crypto.attachments import decrypt_attachment, encrypt_attachment

from bot.networks.matrix_attachment import Opening, Sealing, Stored, stored
from bot.networks.port import FileGone

_NAMES = ["mxc", "file", "url", "key", "k", "iv", "hashes", "sha256"]
_odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=4),
    max_leaves=8,
)


@given(st.lists(st.binary(max_size=50), max_size=5))
def test_what_we_seal_others_open(pieces: list[bytes]) -> None:
    """A file sealed in whatever pieces is opened by the library that clients use, and no two are sealed alike."""
    sealing = Sealing()
    sealed = b"".join(map(sealing.update, pieces))
    seal = sealing.seal()
    plain = decrypt_attachment(sealed, seal["key"]["k"], seal["hashes"]["sha256"], seal["iv"])
    assert plain == b"".join(pieces)
    assert Sealing().seal()["key"]["k"] != seal["key"]["k"]


@given(st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=5), st.booleans())
def test_what_others_seal_we_open(pieces: list[bytes], padded: bool) -> None:
    """A file that the library sealed opens in pieces, with base64 written either way; one other bit, and it does not."""
    sealed, seal = encrypt_attachment(b"".join(pieces))
    if padded:
        seal["iv"] += "=" * (-len(seal["iv"]) % 4)
    whole = Opening(seal)
    assert b"".join(whole.update(sealed[at : at + 7]) for at in range(0, len(sealed), 7)) == b"".join(pieces)
    whole.check()
    spoilt = Opening(seal)
    spoilt.update(bytes([sealed[0] ^ 1]) + sealed[1:])
    with pytest.raises(FileGone):
        spoilt.check()


@pytest.mark.parametrize(
    "seal",
    [
        {},
        {"key": "k", "iv": "AA", "hashes": []},
        {"key": {"k": "AAAA"}, "iv": "A" * 22, "hashes": {"sha256": "A" * 43}},
        {"key": {"k": "A" * 43}, "iv": "é" * 22, "hashes": {"sha256": "A" * 43}},
        {"key": {"k": "A" * 43}, "iv": "A" * 22, "hashes": {"sha256": 7}},
    ],
)
def test_a_seal_that_is_none_opens_nothing(seal: dict[str, Any]) -> None:
    """Keys and digests that cannot be any are said to be so before a byte is opened."""
    with pytest.raises(FileGone):
        Opening(seal)


@pytest.mark.parametrize(
    "mxc",
    [
        "",
        "mxc://",
        "https://x/y",
        "mxc://x/../y",
        "mxc://x/..",
        "mxc://x/y?z",
        "mxc://x y/z",
        "mxc://x/y/z",
        "mxc://x/y\n",
    ],
)
def test_an_address_leads_nowhere_else(mxc: str) -> None:
    """Only a server and one name on it can be asked for: nothing that would change the request's path."""
    with pytest.raises(FileGone):
        _ = Stored(mxc).address
    assert Stored("mxc://example.org:8448/aB_-1").address == ("example.org:8448", "aB_-1")


@given(_odd)
def test_whatever_is_kept_of_a_place_is_a_place_or_none(odd: Any) -> None:
    """What says where a file is may be anything: it is read, or it is gone."""
    for text in (json.dumps(odd), str(odd)):
        try:
            lies = stored(text)
            if lies.seal is not None:
                Opening(lies.seal)
            _ = lies.address
        except FileGone:
            continue
