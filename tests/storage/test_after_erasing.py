"""What is left after an erasure can be read, asked and copied as before: no field may be erased on which the rest of the log hangs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from playbooks.rooms import RoomRef
from storage import deployment, erasing, incident, inquiry
from storage.cosigning import WitnessKey
from storage.database import SqliteStore
from storage.erasing import Erasure, Refused
from storage.export.for_whom import AUDITOR, Recipient
from storage.export.forms import form, made
from storage.export.making import Asked, make
from storage.export.recipients import NoSuchRecipient, partners, recipient
from storage.export.view import View
from storage.facts import (
    DEPLOYMENT,
    FACTS,
    AlertDrafted,
    AlertIssued,
    AliasResolved,
    CheckpointCosigned,
    CheckpointPosted,
    CheckpointStamped,
    DirectChatOpened,
    Disclosed,
    Fact,
    HoldLifted,
    HoldPlaced,
    IncidentClosed,
    KeyReplaced,
    LanguageChosen,
    LogErased,
    PartnerAdmitted,
    PersonEnrolled,
    PersonRevoked,
    ReachTestSent,
    RollbackFound,
    RollCallStarted,
    RoomBound,
    RoomMoved,
    Said,
)
from storage.facts.codec import from_parts, parts
from storage.sentences import Sentences
from storage.store import Changes, Kept
from storage.unseen import held
from storage.verify import verify
from tests.storage.moments import at
from tests.storage.outsider import played, put
from tests.storage.small import DIGEST, NOW, PLAYBOOK, STREAM
from tests.storage.small import incident as incident_of_small
from tests.storage.test_copy_noninterference import LAST

ACCOUNT, CHAT = "telegram:501", RoomRef("telegram", "501")
CITY = Recipient("city", "City", frozenset({"city"}), frozenset({ACCOUNT, "P-1"}))
BY = {"by": "operator", "reason": "asked for", "basis": "GDPR art. 17(1)"}
LATER = NOW + timedelta(days=9000)

ELSEWHERE = {
    KeyReplaced,
    RollbackFound,
    HoldPlaced,
    HoldLifted,
    LogErased,
    IncidentClosed,
    CheckpointPosted,
    CheckpointCosigned,
    CheckpointStamped,
}
"""What never stands in an incident's log, or ends it; and what must speak of this very log."""

WORDS = {"form": "exact", "value": "Water", "rule": 1, "agreements": [], "basis": None}
SAID = {
    "alert": "A-1", "draft": "D-1", "request": "Q-1", "round": "C-1", "rollcall": "R-1", "offer": "H-1", "decision": "K-1",
    "report": "M-1", "said": "S-1", "about": "A-1", "send": "s-1", "incident": STREAM, "partner": "city", "decides": "city",
    "reader": "city", "person": ACCOUNT, "identity": ACCOUNT, "by": ACCOUNT, "of": ACCOUNT, "confirmed_by": ACCOUNT,
    "proposed_by": ACCOUNT, "rule": "small:3", "template": "evacuation", "language": "en",
}  # fmt: skip
EACH = {
    Disclosed: {"what": WORDS},
    AlertIssued: {"what": {"text": "Water"}, "where": {"place": "Town", "areas": ["town"], "point": None}},
    Said: {"name": "Ada", "words": "Water", "file": {"kind": "photo", "name": "a", "type": "b", "size": 1}},
    RollCallStarted: {"P-1": {"partner": "city", "name": "Ada"}},
}


def some(kind: type[Fact]) -> Fact:
    """A fact of this kind that says something everywhere, done by an account and in its private chat, and of the others of its incident."""
    said: dict[str, object] = {}
    for one in fields(kind):
        hint = str(one.type)
        if one.metadata.get("each"):
            said[one.name] = EACH.get(kind, {"what": {"text": "Water"}})
        elif "RoomRef" in hint:
            said[one.name] = CHAT
        elif "datetime" in hint:
            said[one.name] = NOW + timedelta(hours=1)
        elif hint.startswith("tuple[str"):
            said[one.name] = () if one.name == "updates" else ("city",)
        elif hint.startswith("tuple[int"):
            said[one.name] = (0,)
        elif hint.startswith("Mapping"):
            said[one.name] = {"city": {"status": "shown", "rooms": []}} if one.name == "partners" else {}
        elif hint == "bool":
            said[one.name] = False
        elif hint.startswith("int"):
            said[one.name] = 1
        else:
            said[one.name] = SAID.get(one.name, one.name)
    return kind(**said)


def every_kind() -> list[Fact]:
    """An incident with a fact of every kind that an incident can have, in an order in which they could come."""
    kinds = [one for one in FACTS.values() if one.__module__ != PersonEnrolled.__module__ and one not in ELSEWHERE]
    return [*map(some, kinds), some(IncidentClosed)]


async def filled(store: SqliteStore, facts: Iterable[Fact]) -> list[Kept]:
    """A store with these in the log of an incident."""
    records: list[tuple[str, str | None, Fact]] = [(STREAM, DIGEST, fact) for fact in facts]
    await store.commit(Changes(NOW, records=records, playbooks=[(DIGEST, PLAYBOOK)]))
    return list(await store.facts(STREAM))


async def erasable(store: SqliteStore, kept: Iterable[Kept]) -> list[tuple[int, str]]:
    """The fields, by entry and path, that an operator may erase one by one."""
    found = []
    for one in kept:
        for path, value in parts(one.fact).items():
            if value is not None and not (isinstance(one.fact, Disclosed) and path.startswith("fields/")):
                with suppress(Refused):
                    erasure = await erasing.of_field(store, STREAM, one.seq, path, **BY)
                    found += [(entry, name) for _, entry, name in erasure.fields]
    return found


def without(kept: Sequence[Kept], entry: int, path: str) -> list[Kept]:
    """The log as it is read once a field is erased."""
    fact = kept[entry].fact
    left = {name: value for name, value in parts(fact).items() if name != path}
    return [*kept[:entry], replace(kept[entry], fact=from_parts(type(fact).__name__, fact.V, left)), *kept[entry + 1 :]]


def read(kept: Sequence[Kept]) -> None:
    """Fold it, ask everything of it, put it into words, and look through it for a copy."""
    assert incident.fold(None, kept) is not None
    for question in (inquiry.silent, inquiry.withheld, inquiry.leads, inquiry.readings, inquiry.doubts):
        question(kept)
    inquiry.who_saw(kept, "A-1", "what")
    inquiry.who_saw(kept, "S-1")
    inquiry.saw(kept, "city")
    for who in (AUDITOR, CITY):
        view, sentences = View(who), Sentences(lambda one: one)
        for one in kept:
            view.learn(one)
        for one in kept:
            view.shows(one)
            fact = held(one.fact)
            sentences.heard(fact)
            assert sentences.sentence(fact)
            list(sentences.below(fact))


async def copied(store: SqliteStore, folder: Path, whom: Iterable[Recipient], forms: Iterable[str] = made()) -> None:
    """Copies of these forms; those that prove what they show are intact."""
    for who in whom:
        for name in forms:
            path = folder / f"{who.id}-{name}"
            asked = Asked(STREAM, who, "operator", "inquiry", name)
            await make(store, asked, form(name), path, now=at(LATER), replace=True)
        assert not [one for one in verify(folder / f"{who.id}-bundle").findings if one.rule != "time"]


async def test_whichever_field_may_be_erased_all_the_rest_works(store: SqliteStore, tmp_path: Path) -> None:
    """Of every kind of fact, each in turn: the log is folded, asked and told; then all of them together, with every form of copy for an auditor and for a partner."""
    kept = await filled(store, every_kind())
    read(kept)
    free = await erasable(store, kept)
    kinds = {type(kept[entry].fact) for entry, _ in free}
    assert len(kinds) > 50
    for entry, path in free:
        try:
            read(without(kept, entry, path))
        except Exception as error:
            raise AssertionError(f"{path} of {kept[entry].fact}") from error
    await store.destroy(Erasure((), fields=[(STREAM, entry, path) for entry, path in free]), NOW)
    after = list(await store.facts(STREAM))
    assert after != kept
    read(after)
    await copied(store, tmp_path, (AUDITOR, CITY))


async def test_an_id_by_which_others_find_an_entry_is_not_erased(store: SqliteStore) -> None:
    """Nor who answered for whom, nor what was decided: the refusal says what of the entry can be. Of the incident's people and words each can."""
    kept = await filled(store, every_kind())
    free = {f"{type(kept[entry].fact).__name__}.{path}" for entry, path in await erasable(store, kept)}
    for stays in (
        "Acknowledged.alert", "AlertAddressed.alert", "AlertCancelled.alert", "AlertIssued.alert", "AlertRequested.asked", "AlertRequested.request",
        "CheckinOverdue.round", "CheckinStarted.round", "Disclosed.about", "DraftConfirmed.draft", "AlertDrafted.updates",
    ):  # fmt: skip
        assert stays not in free
    for goes in ("NoteAdded.text", "Said.content/words", "AlertIssued.fields/what", "AlertDrafted.identity", "RollCallStarted.persons/P-1"):  # fmt: skip
        assert goes in free
    [drafted] = [one.seq for one in kept if isinstance(one.fact, AlertDrafted)]
    with pytest.raises(Refused, match=r"updates of entry .* of this entry can: person, identity, room, fields/what"):
        await erasing.of_field(store, STREAM, drafted, "updates", **BY)


async def test_no_field_of_who_is_who_is_erased(store: SqliteStore) -> None:
    """Neither an account, nor a name, nor a reason: roles hang on them, and a person is erased as a whole."""
    enrolled = PersonEnrolled("P-1", "Ada Lovelace", "fire", "liaison", ACCOUNT, "V-1")
    await store.append(DEPLOYMENT, enrolled, PersonRevoked("P-1", "P-2", "left us"), now=NOW)
    for entry, path in ((0, "identity"), (0, "name"), (0, "person"), (1, "reason")):
        with pytest.raises(Refused, match="a person can, once they have none: `tocsin erase P-3`"):
            await erasing.of_field(store, DEPLOYMENT, entry, path, **BY)


async def test_a_cosignature_of_which_a_field_is_gone_is_left_out(store: SqliteStore, tmp_path: Path) -> None:
    """It cannot be erased by itself; where it was, copies are made without it, and the same can be put on file again."""
    await filled(store, [*incident_of_small(), IncidentClosed("P-2", None, None)])
    key = WitnessKey.new("fire")
    note = key.cosign((await store.request(STREAM, 0, NOW)).note, NOW)
    keep = partial(store.keep_cosigned, STREAM, note, "fire", key.witness.vkey, NOW, playbook=None, confirmed=True)
    await keep()
    assert len(await store.cosigned(STREAM)) == 1
    for path in ("partner", "vkey", "note", "size", "confirmed"):
        last = (await store.facts(STREAM))[-1].seq
        with pytest.raises(Refused, match="hangs on it; of this entry can: nothing"):
            await erasing.of_field(store, STREAM, last, path, **BY)
        await store.destroy(Erasure((), fields=[(STREAM, last, path)]), NOW)
        assert len(await store.cosigned(STREAM)) == (path in ("size", "confirmed"))
        await copied(store, tmp_path, (AUDITOR, CITY), ("bundle",))
        await store.destroy(Erasure((), streams={STREAM: last + 1}), NOW)
        await keep()
        assert len(await store.cosigned(STREAM)) == 1


async def test_a_log_that_was_emptied_is_still_copied_for_everybody(tmp_path: Path) -> None:
    """After its time is over, of a whole crisis: every form, for an auditor and for each partner, intact, and with nothing that a partner was told or did."""
    (tmp_path / "data").mkdir(mode=0o700)
    store = await put(tmp_path / "data", played(LAST).facts)
    try:
        over = await erasing.retention(store, {STREAM: timedelta(days=30)}, LATER)
        await store.destroy(erasing.of_logs(over, by="operator", reason="ten years"), LATER)
        whom = [(await recipient(store, STREAM, one))[0] for one in ("auditor", "city", "aid", "zqsilent")]
        await copied(store, tmp_path, whom)
        for one in whom:
            lines = [json.loads(line) for line in (tmp_path / f"{one.id}-jsonl").read_text().splitlines()[1:]]
            assert {row["seq"] for row in lines if row["fields"]}.isdisjoint(range(over[0].size))
        with pytest.raises(NoSuchRecipient, match="knows no partner None; there are: auditor, aid"):
            await recipient(store, STREAM, "None")
    finally:
        await store.close()


async def test_a_guest_whose_name_was_erased_is_called_by_its_id(store: SqliteStore) -> None:
    """And once all that was held of it is gone, it is nobody."""
    guest = some(PartnerAdmitted)
    assert isinstance(guest, PartnerAdmitted)
    scouts = replace(guest, partner="scouts", name="Scouts")
    kept = await filled(store, [*incident_of_small(), scouts, IncidentClosed("P-2", None, None)])
    entry = kept[-2].seq
    assert (await partners(store, STREAM)).names == {"scouts": "Scouts"}
    await store.destroy(await erasing.of_field(store, STREAM, entry, "name", **BY), NOW)
    assert (await partners(store, STREAM)).names == {"scouts": "scouts"}
    await store.destroy(Erasure((), streams={STREAM: entry + 1}), NOW)
    assert (await partners(store, STREAM)).names == {}


def test_what_was_erased_makes_nothing_anybodys_own() -> None:
    """Two entries that have nothing left but that something of them is gone are not taken for entries about one thing."""
    gone: dict[str, None] = {"identity": None}
    mine = PersonEnrolled("P-1", "Ada", "city", "liaison", ACCOUNT, "V-1")
    other = LanguageChosen("telegram:777", "fr", "telegram:777")
    facts = [replace(mine, **gone), replace(other, who=None)]  # type: ignore[arg-type]
    view, kept = View(CITY), [Kept(DEPLOYMENT, seq, NOW, None, fact) for seq, fact in enumerate(facts)]
    for one in kept:
        view.learn(one)
    assert view.shows(kept[1]) == frozenset()


async def test_who_is_who_is_read_again_after_a_private_chat_that_moved_is_erased(store: SqliteStore) -> None:
    """Its old and its new address go with its person, and where it was a partner's room, that too: the next start reads what is left."""
    before, after = RoomRef("matrix", "!old:x.org"), RoomRef("matrix", "!new:x.org")
    await store.append(
        DEPLOYMENT,
        DirectChatOpened("matrix:@ada:x.org", before),
        RoomBound("flood", "city", before, "#ada:x.org", "playbook"),
        AliasResolved("#ada:x.org", before),
        ReachTestSent("T-1", "flood", "operator", (f"city {before}",)),
        RoomMoved(before, after),
        now=NOW,
    )
    await store.destroy(await erasing.of_person(store, "matrix:@ada:x.org", **BY), NOW)
    known = deployment.fold(deployment.Deployment(), await store.facts(DEPLOYMENT))
    assert (known.bindings, known.direct, known.moved) == ({}, {}, {})
