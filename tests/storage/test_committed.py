"""How many fields an entry commits to says what kind it is, and nothing of what is in it."""

from __future__ import annotations

import asyncio
import json
import tempfile
import zipfile
from dataclasses import fields
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbooks.rooms import RoomRef
from storage import log
from storage.database import open_store
from storage.export.bundle import bundle
from storage.export.for_whom import Recipient
from storage.export.making import Asked, make
from storage.facts import FACTS, Fact
from storage.facts.codec import apart, committed, from_parts, parts
from tests.examples import examples
from tests.storage.moments import at

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
ROOM = RoomRef("matrix", "!zqroom:x.org")
SHOWN = {"form": "exact", "value": "Water", "rule": 3, "agreements": ["pact"], "basis": None}


def told(kind: type[Fact], keys: int, *, full: bool = True) -> Fact:
    """A fact of this kind in which a partner has its part that nobody else may know, with so many keys in each mapping."""
    hints = get_type_hints(kind)
    said: dict[str, Any] = {}
    for one in fields(kind):
        hint = str(hints[one.name])
        if one.metadata.get("each") or "Mapping" in hint:
            known = {"name": "Zq", "partner": "zqsilent", **SHOWN}
            value: Any = {f"zq{number}": dict(known) if full or number % 2 else None for number in range(keys)}
        elif "RoomRef" in hint:
            value = ROOM
        elif "datetime" in hint:
            value = NOW
        elif "tuple[int" in hint:
            value = (1,) * keys
        elif "tuple" in hint:
            value = ("zqsilent",) * keys
        elif "bool" in hint:
            value = full
        elif "int" in hint and "str" not in hint:
            value = keys
        else:
            value = "zqsilent"
        said[one.name] = value if full or "None" not in hint else None
    return kind(**said)


def most(kind: type[Fact]) -> int:
    """The keys that a fact of this kind can have in each mapping before it commits to more than the least."""
    maps = [one for one in fields(kind) if one.metadata.get("each")]
    if not maps:
        return 40
    each = sum(2 if one.metadata.get("values") else 1 for one in maps)
    return (kind.LEAST - len(fields(kind)) + len(maps)) // each


KINDS = st.sampled_from(sorted(FACTS))


def test_whatever_has_keys_of_its_own_has_decoys_for_them() -> None:
    """Else the number of keys would be the number of digests; and there is room for what the shipped playbooks have."""
    room = {
        "Disclosed": 4,
        "Said": 6,
        "SaidAnew": 6,
        "DecisionTaken": 3,
        "DecisionDrafted": 3,
        "ReportMade": 7,
        "RollCallStarted": 50,
    }
    for name, kind in FACTS.items():
        assert bool(kind.LEAST) == any(one.metadata.get("each") for one in fields(kind)), name
        if kind.LEAST:
            assert most(kind) >= room.get(name, 16), name


@settings(max_examples=examples(200))
@given(KINDS, st.integers(0, 60), st.integers(0, 60), st.booleans())
def test_as_many_fields_whatever_is_in_them(name: str, one: int, other: int, full: bool) -> None:
    """Two facts of a kind have as many digests, whoever takes part, and whether or not what may be absent is there."""
    kind = FACTS[name]
    one, other = min(one, most(kind)), min(other, most(kind))
    first, second = (log.seal("I-1", None, fact) for fact in (told(kind, one), told(kind, other, full=full)))
    assert len(first.digests) == len(second.digests) == len(set(first.digests)) >= kind.LEAST


@settings(max_examples=examples(100))
@given(KINDS.filter(lambda name: FACTS[name].LEAST > 0), st.integers(0, 300))
def test_of_more_than_that_only_the_power_of_two_can_be_told(name: str, keys: int) -> None:
    """A roll call of hundreds is known to be one of hundreds, and no more."""
    kind = FACTS[name]
    fact = told(kind, keys)
    count = len(committed(fact))
    assert count == kind.LEAST or (count & (count - 1) == 0 and count < 2 * len(parts(fact)))


@settings(max_examples=examples(200))
@given(KINDS, st.integers(0, 20), st.booleans())
def test_what_is_committed_to_is_read_again(name: str, keys: int, full: bool) -> None:
    """Decoys are nothing to a reader; a value and what was decided about it come together again."""
    kind = FACTS[name]
    fact = told(kind, keys, full=full)
    assert from_parts(name, kind.V, json.loads(json.dumps(committed(fact)))) == fact


def test_a_value_that_is_gone_is_told_from_one_that_never_was() -> None:
    """What was shown and erased has no value any more; what was shown empty has one of None; what was withheld has none."""
    held, empty, kept = dict(SHOWN), {**SHOWN, "value": None}, {"withheld": "clearance", "rule": 3, "detail": "red"}
    assert [apart(how)[1] for how in (held, empty, kept, None)] == ["Water", None, None, None]
    fact = told(FACTS["Disclosed"], 0)
    values = parts(
        type(fact)(
            **{one.name: getattr(fact, one.name) for one in fields(fact)}
            | {"fields": {"a": held, "b": empty, "c": kept}}
        )
    )
    del values["values/a"]
    read = from_parts("Disclosed", 1, values).fields  # type: ignore[attr-defined]
    assert read == {"a": {name: one for name, one in held.items() if name != "value"}, "b": empty, "c": kept}


async def _bundle(folder: Path, facts: list[Fact]) -> dict[str, bytes]:
    """The files of a bundle of these facts for a partner that they do not concern."""
    folder.mkdir(mode=0o700)
    store = await open_store(folder, "liege", outlives="process")
    try:
        await store.append("I-1", *facts, now=NOW)
        aid = Recipient("aid", "Aid", frozenset({"aid"}), frozenset({"P-1"}))
        await make(store, Asked("I-1", aid, "operator", "inquiry", "bundle"), bundle, folder / "copy.zip", now=at(NOW))
        with zipfile.ZipFile(BytesIO((folder / "copy.zip").read_bytes())) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    finally:
        await store.close()


@pytest.mark.parametrize("full", [True, False])
@settings(max_examples=examples(6), deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=len(FACTS), max_size=len(FACTS)))
def test_a_bundle_does_not_tell_how_much_it_withholds(full: bool, keys: list[tuple[int, int]]) -> None:
    """Two logs with a fact of every kind, which differ in how many partners, rooms, persons and fields are in each that the reader may not see: their bundles
    show the same entries with as many digests, and count as many fields as withheld."""
    kinds = list(FACTS.values())
    first = [told(kind, min(one, most(kind))) for kind, (one, _) in zip(kinds, keys, strict=True)]
    second = [told(kind, min(other, most(kind)), full=full) for kind, (_, other) in zip(kinds, keys, strict=True)]
    with tempfile.TemporaryDirectory() as folder:
        one, other = (
            asyncio.run(_bundle(Path(folder) / str(number), facts)) for number, facts in enumerate((first, second))
        )
    lines = [[json.loads(line) for line in files["entries.jsonl"].splitlines()] for files in (one, other)]
    assert len(lines[0]) == len(kinds) + 1
    assert [(said["type"], len(said["_sd"])) for said in lines[0]] == [(s["type"], len(s["_sd"])) for s in lines[1]]
    manifests = [json.loads(files["manifest.json"]) for files in (one, other)]
    assert manifests[0]["withheld"] == manifests[1]["withheld"]
    assert manifests[0]["disclosed"] == manifests[1]["disclosed"]
