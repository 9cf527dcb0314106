"""A copy for a partner holds nothing outside that partner's view: in no form, in no field, in no name of a file."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from storage import keys
from storage.export.forms import made
from storage.facts import DEPLOYMENT
from tests.examples import examples
from tests.storage.outsider import BOOK, HIDDEN, ROOMS, copies, hidden_from, opened_up, otherwise, played, put, unpacked

Typed = Mapping[str, str | None]

LAST: dict[str, str | None] = {name: values[-1] for name, (_, values) in HIDDEN.items()}
FIRST: dict[str, str | None] = {name: values[0] for name, (_, values) in HIDDEN.items()}
typed = st.fixed_dictionaries({name: st.sampled_from(values) for name, (_, values) in HIDDEN.items()})
PARTNERS = [partner for partner in ROOMS if partner != "city"]

_RANDOM = re.compile(rb"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{22,}={0,2}(?![A-Za-z0-9+/_=-])")
"""Salts, digests, hashes, keys, and signatures."""


@cache
def _key() -> bytes:
    """One signing key for both worlds."""

    with tempfile.TemporaryDirectory() as folder:
        keys.signer(Path(folder), "liege")
        return (Path(folder) / "signing.key").read_bytes()


def exported(world: Typed, partner: str, stream: str = "I-1") -> dict[str, bytes]:
    """A world's copies for a partner, by form."""

    async def run(folder: Path) -> dict[str, bytes]:
        (folder / "data").mkdir(mode=0o700)
        (folder / "data" / "signing.key").write_bytes(_key())
        (folder / "data" / "signing.key").chmod(0o600)
        store = await put(folder / "data", played(world).facts)
        try:
            return await copies(store, stream, partner, folder)
        finally:
            await store.close()

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(run(Path(folder)))


def alike(data: bytes) -> list[bytes]:
    """A copy without what is drawn at random, and what is computed from all of the log."""
    return [_RANDOM.sub(b"#", part) for part in opened_up(data)]


def forbidden(partner: str, world: Typed) -> list[str]:
    """The words that must not be anywhere in a partner's copy: values that are hidden from it, unlisted partners, other partners' rooms."""
    values = [value for name in hidden_from(partner) if (value := world[name]) is not None and len(value) > 4]
    rooms = [room.id for other, theirs in ROOMS.items() if other != partner for room in theirs]
    silent = [] if partner == "zqsilent" else ["zqsilent", "Zqsilentname"]
    return [word for value in values for word in value.replace(",", " ").split() if len(word) > 6] + rooms + silent


def found(copy: bytes, words: list[str]) -> set[str]:
    """The words that occur in a copy, whatever their case, and as JSON writes them."""
    parts = [part.lower() for part in (copy, *unpacked(copy), *opened_up(copy))]
    return {word for word in words if any(word.lower().encode() in part for part in parts)}


def test_the_crisis_has_something_to_hide_and_something_to_show() -> None:
    """Else the properties below would hold for nothing's sake: an auditor's copies have every word that others' must not."""
    stage = played(LAST)
    kinds = {type(kept.fact).__name__ for kept in stage.facts}
    assert len(kinds) > 40
    assert {
        "CopyHeld",
        "CallAsked",
        "PartnerAdmitted",
        "RollCallStarted",
        "LeadOffered",
        "Said",
        "CheckinAnswered",
    } <= kinds
    whole = exported(LAST, "auditor")
    for partner in PARTNERS:
        words = set(forbidden(partner, LAST))
        assert found(whole["jsonl"], list(words)) == words
        assert found(whole["bundle"], list(words)) == words


@pytest.mark.parametrize("partner", PARTNERS)
@pytest.mark.parametrize("stream", ["I-1", DEPLOYMENT])
def test_nothing_hidden_is_in_the_bytes_of_a_copy(partner: str, stream: str) -> None:
    """Neither what was withheld, nor who is not listed, nor anybody else's room, in any form that there is."""
    for name, copy in exported(LAST, partner, stream).items():
        assert found(copy, forbidden(partner, LAST)) == set(), (name, partner)


def test_each_partner_sees_what_it_was_told_and_did() -> None:
    """A copy is no empty shell: the words that it was sent, its own, and its own rooms are in it."""
    for partner, words in {
        "fire": ["Water", "Close the bridge", "zqrationale"],
        "aid": ["We have three boats", "we are here", "the pump"],
        "zqsilent": ["zqsilent", "Zqsilentname"],
    }.items():
        one = exported({**LAST, "rationale": "zqrationale"}, partner)
        for form in ("jsonl", "csv", "bundle"):
            wanted = [*words, ROOMS[partner][-1].id]
            assert found(one[form], wanted) == set(wanted), (partner, form)


def test_a_partner_reads_in_its_copy_whose_alert_it_was() -> None:
    """What stood on every copy that its room was sent: the title, and from whom. Who typed and who agreed is only the issuer's to see."""
    for partner in ("fire", "aid", "zqsilent"):
        one = exported(LAST, partner)
        words = [
            "<senderName>City &amp; Sons &lt;town hall&gt;</senderName>",
            "<headline>Evacuate</headline>",
            "<severity>Extreme</severity>",
        ]
        assert found(one["cap"], words) == set(words), partner
        assert any(b", from City" in part for part in opened_up(one["pdf"])), partner
        [issued] = [line for line in one["jsonl"].splitlines()[1:] if b'"AlertIssued"' in line and b'"A-1"' in line]
        assert b'"city"' in issued and b'"P-' not in issued, partner


@pytest.mark.timeout(600)
@settings(max_examples=examples(6), suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(PARTNERS), typed, typed)
@example("fire", LAST, FIRST)
@example("brandweer", LAST, FIRST)
@example("aid", LAST, FIRST)
@example("hilfe", FIRST, LAST)
@example("zqsilent", LAST, FIRST)
def test_what_is_hidden_changes_nothing_in_a_copy(partner: str, one: Typed, other: Typed) -> None:
    """Two crises that differ only in what is hidden from a partner give it the same copies, but for what is random or hashed."""
    changed = otherwise(partner, one, other)
    first, second = exported(one, partner), exported(changed, partner)
    assert set(first) == set(made())
    for name in first:
        assert alike(first[name]) == alike(second[name]), (name, partner)
        assert found(second[name], forbidden(partner, changed)) == set(), (name, partner)


def test_the_playbook_is_in_no_partners_copy() -> None:
    """It names those who are not listed."""
    for partner in PARTNERS:
        assert all(BOOK.source not in part for part in opened_up(exported(LAST, partner)["bundle"]))
