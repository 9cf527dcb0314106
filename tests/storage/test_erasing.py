"""Erasure: what goes, what stands, and what must not go."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from playbooks.rooms import RoomRef
from storage import deployment, erasing
from storage.database import SqliteStore, open_store
from storage.deployment import Deployment
from storage.erasing import Refused
from storage.facts import (
    DEPLOYMENT,
    DirectChatOpened,
    Disclosed,
    Fact,
    HoldLifted,
    HoldPlaced,
    IdentityJoined,
    IncidentClosed,
    LanguageChosen,
    LogErased,
    MessageSent,
    NoteAdded,
    PersonEnrolled,
    PersonErased,
    PersonRevoked,
    Said,
)
from storage.persons import FILE
from storage.store import StorageError
from tests.storage.small import DIGEST, NOW, ROOM, STREAM, opened

ADA, HERS = "telegram:501", RoomRef("telegram", "501")
BY = {"by": "operator", "reason": "she asked for it", "basis": "GDPR art. 17(1)"}
SECRETS = ("Ada Lovelace", "telegram:501", "Ada's words", "Ada's note", '"501"')


def said(name: str, person: str, words: str) -> Said:
    """Something that somebody said in the channel."""
    content = {"name": "Ada Lovelace" if person == "P-1" else "Bo", "words": words, "file": None}
    return Said(name, ("ops",), "fire", person, ROOM, "m1", NOW, None, (), (), None, None, False, content, {})


def shown(about: str, value: str, of: str | None) -> Disclosed:
    """What somebody said, in another room."""
    return Disclosed(
        "s" + about, about, "city", ROOM, "fr", "amber", 1, {"#ops": {"form": "exact", "value": value}}, of
    )


async def crisis(store: SqliteStore, *more: Fact) -> None:
    """Ada took part in an incident that is over, and was revoked."""
    await store.append(
        DEPLOYMENT,
        PersonEnrolled("P-1", "Ada Lovelace", "fire", "responder", ADA, "V-1"),
        PersonEnrolled("P-2", "Bo", "fire", "responder", "telegram:502", "V-2"),
        IdentityJoined("P-1", "matrix:@ada:x.org", "Ada Lovelace", "V-1"),
        DirectChatOpened(ADA, HERS),
        LanguageChosen(ADA, "fr", ADA),
        now=NOW,
    )
    facts = [
        NoteAdded("P-1", "fire", ROOM, "Ada's note"),
        NoteAdded("P-2", "fire", ROOM, "Bo's note"),
        said("S-1", "P-1", "Ada's words"),
        said("S-2", "P-2", "Bo's words"),
        shown("S-1", "Ada's words", "P-1"),
        shown("S-2", "Bo's words", "P-2"),
        shown("#ops S-1 S-2", "Ada's words, then Bo's", None),
        MessageSent("p", HERS, "9"),
    ]
    await opened(store, *facts, *more)
    await store.append(DEPLOYMENT, PersonRevoked("P-1", "P-2", None), now=NOW)


def everything(store: SqliteStore) -> bytes:
    """Every byte of the database and what lies beside it, but for the keys."""
    return b"".join(
        path.read_bytes() for path in sorted(store.folder.iterdir()) if path.name != FILE and path.is_file()
    )


async def values(store: SqliteStore, stream: str = STREAM) -> str:
    """Everything that the log shows, as text."""
    return repr([disclosed async for _, _, disclosed in store.entries(stream)])


async def test_whoever_is_erased_is_in_nothing_that_is_kept_and_the_log_stands(store: SqliteStore) -> None:
    """Her name, account, words and what recaps showed of them are gone from every file; the root is what it was, and Bo's words stand."""
    await crisis(store, IncidentClosed("P-2", None, None))
    before = {head.stream: head for head in await store.heads()}
    roots = [data async for _, data, _ in store.entries(STREAM)]
    shown_before = await values(store) + await values(store, DEPLOYMENT)
    assert [secret for secret in SECRETS[:4] if secret not in shown_before] == []
    erasure = await erasing.of_person(store, ADA, **BY)
    assert erasure.entries == {DEPLOYMENT: 4, STREAM: 5}
    await store.destroy(erasure, NOW)
    after = await values(store) + await values(store, DEPLOYMENT)
    kept = everything(store)
    for secret in SECRETS:
        assert secret not in after
        assert secret.encode() not in kept
    assert "Bo's words" in after
    assert "Bo's note" in after
    assert [data async for _, data, _ in store.entries(STREAM)][: len(roots)] == roots
    facts = [one.fact for one in await store.facts(STREAM, before[STREAM].size)]
    assert facts == [PersonErased("P-1", *BY.values(), 5)]
    with pytest.raises(Refused, match="nothing is held of"):
        await erasing.of_person(store, "P-1", **BY)


async def test_a_backup_of_the_database_forgets_too(store: SqliteStore, tmp_path: Path) -> None:
    """The database as it was before, put beside the keys as they are now, shows nothing of her."""
    await crisis(store, IncidentClosed("P-2", None, None))
    await store.tidy(NOW)  # everything is in the one file
    backup = (store.folder / "tocsin.sqlite").read_bytes()
    await store.destroy(await erasing.of_person(store, "P-1", **BY), NOW)
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "tocsin.sqlite").write_bytes(backup)
    for name in (FILE, "signing.key"):
        (tmp_path / "old" / name).write_bytes((store.folder / name).read_bytes())
    old = await open_store(tmp_path / "old", "liege")
    try:
        said_there = await values(old) + await values(old, DEPLOYMENT)
    finally:
        await old.close()
    assert "Ada's words" not in said_there.replace(
        "Ada's words, then Bo's", ""
    )  # a recap was sealed under nobody's key
    assert "Ada Lovelace" not in said_there
    assert "telegram:501" not in said_there


async def test_who_is_who_is_the_same_after_a_restart(store: SqliteStore) -> None:
    """The fold that heard of the erasure, and the one that reads what is left, know the same people."""
    await crisis(store, IncidentClosed("P-2", None, None))
    heard = deployment.fold(Deployment(), await store.facts(DEPLOYMENT))
    size = (await store.heads())[1].size
    await store.destroy(await erasing.of_person(store, "P-1", **BY), NOW)
    heard = deployment.fold(heard, await store.facts(DEPLOYMENT, size))
    read = deployment.fold(Deployment(), await store.facts(DEPLOYMENT))
    assert set(heard.people) == set(read.people) == {"P-2"}
    assert heard.identities == read.identities == {"telegram:502": "P-2"}
    assert heard.direct == read.direct == {}
    assert heard.languages == read.languages == {}


async def test_what_must_not_be_erased_is_refused_with_what_to_do(store: SqliteStore) -> None:
    """An open incident, a person with a role, a legal hold on either, and what there is not."""
    await crisis(store)
    with pytest.raises(Refused, match="I-1 is open"):
        await erasing.of_person(store, "P-1", **BY)
    with pytest.raises(Refused, match="/revoke P-2"):
        await erasing.of_person(store, "P-2", **BY)
    for who, words in (("P-9", "no person P-9 is on file"), ("Ada", "Ada names no person: give an id, like P-3")):
        with pytest.raises(Refused, match=words):
            await erasing.of_person(store, who, **BY)
    await store.append(STREAM, IncidentClosed("P-2", None, None), now=NOW, playbook=DIGEST)
    for on in (STREAM, "P-1"):
        await store.append(DEPLOYMENT, HoldPlaced(on, "operator", "court order 7"), now=NOW)
        with pytest.raises(Refused, match="court order 7"):
            await erasing.of_person(store, "P-1", **BY)
        await store.append(DEPLOYMENT, HoldLifted(on, "operator", "over"), now=NOW)
    assert await erasing.holds(store) == {}
    assert (await erasing.of_person(store, "P-1", **BY)).facts
    for entry, path, words in ((99, "text", "no entry 99"), (4, "nothing", "it shows: ")):
        with pytest.raises(Refused, match=words):
            await erasing.of_field(store, STREAM, entry, path, **BY)


async def test_what_a_crash_left_to_be_forgotten_is_forgotten_at_the_next_start(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the database and the keys lies an instant."""
    await crisis(store, IncidentClosed("P-2", None, None))
    erasure = await erasing.of_person(store, "P-1", **BY)

    def end(*_: object) -> None:
        raise OSError(5, "the machine died")

    with monkeypatch.context() as patched:
        patched.setattr("storage.persons.Keyring.forget", end)
        with pytest.raises(StorageError):
            await store.destroy(erasure, NOW)
    assert b'"P-1"' in (store.folder / FILE).read_bytes()
    again = await open_store(store.folder, "liege")
    await again.close()
    assert b'"P-1"' not in (store.folder / FILE).read_bytes()
    assert b'"P-2"' in (store.folder / FILE).read_bytes()


async def test_a_hold_on_an_account_is_one_on_its_person_whatever_is_asked(store: SqliteStore) -> None:
    """Neither the person, nor a field of theirs, nor a log with their words is erased."""
    await crisis(store, IncidentClosed("P-2", None, None))
    assert await erasing.person_of(store, "matrix:@ada:x.org") == "P-1"
    for on in ("P-1", ADA):
        await store.append(DEPLOYMENT, HoldPlaced(on, "operator", "court order 7"), now=NOW)
        for who in ("P-1", ADA, "matrix:@ada:x.org"):
            with pytest.raises(Refused, match="court order 7"):
                await erasing.of_person(store, who, **BY)
        for entry, path in ((4, "text"), (6, "content/words"), (8, "fields/#ops")):
            with pytest.raises(Refused, match="court order 7"):
                await erasing.of_field(store, STREAM, entry, path, **BY)
        [found] = await erasing.retention(store, {STREAM: timedelta(days=30)}, NOW + timedelta(days=31))
        assert (found.over, found.held) == (True, "court order 7")
        await store.append(DEPLOYMENT, HoldLifted(on, "operator", "over"), now=NOW)
    await erasing.of_field(store, STREAM, 5, "text", **BY)


async def test_lost_keys_are_not_taken_for_an_erasure(store: SqliteStore) -> None:
    """What nobody erased and nobody can read is a fault that the doctor names."""
    await crisis(store)
    assert await store.health() == []
    (store.folder / FILE).rename(store.folder / "away")
    [wrong] = await store.health()
    assert "lacks the keys of" in wrong and "put the file back" in wrong


async def test_one_field_goes_and_the_others_stay(store: SqliteStore) -> None:
    """Whether it is kept open or under somebody's key."""
    await crisis(store, IncidentClosed("P-2", None, None))
    for entry, path in ((0, "title"), (5, "text"), (7, "content/words")):
        await store.destroy(await erasing.of_field(store, STREAM, entry, path, **BY), NOW)
    after = await values(store)
    assert "Bo's note" not in after
    assert "['content/words', \"Bo's words\"]" not in after
    assert "'Crue'" not in after
    assert "meuse-flood" in after
    [summary] = await store.incidents()
    assert (summary.title, summary.playbook) == (None, "meuse-flood")


async def test_a_field_is_found_by_the_name_that_everything_else_gives_it(store: SqliteStore) -> None:
    """``words`` is ``content/words`` where no other field of the entry is called so; two of one name are told apart by the whole path."""
    twice = replace(shown("A-1", "x", None), fields={"A-1/what": {"value": "x"}, "A-2/what": {"value": "y"}})
    await crisis(store, twice, IncidentClosed("P-2", None, None))
    found = await erasing.of_field(store, STREAM, 7, "words", **BY)
    assert found.fields == [(STREAM, 7, "content/words")]
    [entry] = [one.seq for one in await store.facts(STREAM) if one.fact == twice]
    with pytest.raises(Refused, match=r"shows no field what; it shows: .*fields/A-1/what, fields/A-2/what"):
        await erasing.of_field(store, STREAM, entry, "what", **BY)


async def test_a_log_whose_time_is_over_is_emptied_unless_it_is_held(store: SqliteStore) -> None:
    """The entries stand, with the root they had; what they held is gone, and done once."""
    await crisis(store, IncidentClosed("P-2", None, None))
    keep = {STREAM: timedelta(days=30)}
    for days, over in ((29, False), (31, True)):
        [found] = await erasing.retention(store, keep, NOW + timedelta(days=days))
        assert found.over is over
        assert len(erasing.of_logs([found], by="operator", reason="r").facts) == over
    later = NOW + timedelta(days=31)
    [unreadable] = await erasing.retention(store, {STREAM: None}, later)
    assert not erasing.of_logs([unreadable], by="operator", reason="r").facts
    await store.append(DEPLOYMENT, HoldPlaced(STREAM, "operator", "court"), now=NOW)
    [held] = await erasing.retention(store, keep, later)
    assert (held.held, list(erasing.of_logs([held], by="o", reason="r").facts)) == ("court", [])
    await store.append(DEPLOYMENT, HoldLifted(STREAM, "operator", "over"), now=NOW)
    size = held.size
    await store.destroy(erasing.of_logs(await erasing.retention(store, keep, later), by="o", reason="r"), later)
    assert [disclosed async for _, _, disclosed in store.entries(STREAM)][:size] == [[]] * size
    assert [one.fact for one in await store.facts(STREAM, size)] == [LogErased(30, "o", "r", size)]
    assert not erasing.of_logs(await erasing.retention(store, keep, later), by="o", reason="r").facts
