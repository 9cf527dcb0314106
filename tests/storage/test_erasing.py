"""Erasure: what goes, what stands, and what must not go."""

from __future__ import annotations

import json
import re
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.cli_asked import Words
from playbooks.rooms import RoomRef
from storage import deployment, erasing, inquiry
from storage.database import SqliteStore, open_store
from storage.deployment import Deployment
from storage.erasing import Refused
from storage.export.for_whom import AUDITOR, Recipient
from storage.export.forms import form, made
from storage.export.making import Asked, make
from storage.facts import (
    DEPLOYMENT,
    AlertIssued,
    CallReported,
    CopyReleased,
    DirectChatOpened,
    Disclosed,
    DutyShown,
    Fact,
    FieldErased,
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
    RoomObserved,
    Said,
)
from storage.persons import FILE
from storage.store import Changes, StorageError, Utterance
from storage.verify import verify
from tests.storage.moments import at
from tests.storage.outsider import opened_up, played, put, unpacked
from tests.storage.small import DIGEST, NOW, ROOM, STREAM, incident, opened
from tests.storage.test_copy_noninterference import LAST

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
    heard = (("S-1", "P-1", "Ada Lovelace"), ("S-2", "P-2", "Bo"))
    spoken = [Utterance(STREAM, said, ROOM, said, ("ops",), "fire", who, name, NOW) for said, who, name in heard]
    await store.commit(Changes(NOW, said=spoken))
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
    assert facts == [PersonErased("P-1", **BY, entries=5), FieldErased(10, "values/#ops", **BY)]
    with pytest.raises(Refused, match="nothing is held of"):
        await erasing.of_person(store, "P-1", **BY)


async def test_that_it_was_shown_how_and_by_which_right_outlives_the_words(store: SqliteStore, tmp_path: Path) -> None:
    """Before and after her erasure, and that of a single field, each question has the same answer, but that in the place of a value it says when and why it went; and a
    partner's copy still proves in which form its room was shown it."""
    how = {"rule": 3, "agreements": ["pact"], "basis": "law"}
    fields = {
        "victims": {"form": "exact", "value": "Cy Twombly", **how},
        "people": {"withheld": "clearance", "rule": 9, "detail": ""},
    }
    alert = Disclosed("sA-1", "A-1", "city", ROOM, "fr", "amber", 1, fields)
    issued = AlertIssued(
        "A-1", "D-1", "flood", "fire", "P-2", "P-2", False, "b", "r:1", (), None, None, {"victims": "Cy Twombly"}
    )
    given = CopyReleased("A-1", "city", "P-2", {"victims": "Cy Pres", "people": None})
    sent = [MessageSent(name, ROOM, "7") for name in ("sS-1", "s#ops S-1 S-2", "sA-1")]
    await crisis(store, issued, alert, given, *sent, IncidentClosed("P-2", None, None))

    async def answers() -> list[object]:
        kept = await store.facts(STREAM)
        seen = [inquiry.who_saw(kept, "S-1"), inquiry.who_saw(kept, "A-1", "victims"), inquiry.who_saw(kept, "A-1")]
        return [*seen, inquiry.saw(kept, "city"), inquiry.withheld(kept)]

    before = await answers()
    entries = {type(one.fact): one.seq for one in await store.facts(STREAM)}
    await store.destroy(await erasing.of_person(store, "P-1", **BY), NOW)
    for kind, path in ((AlertIssued, "victims"), (CopyReleased, "victims"), (Disclosed, "fields/victims")):
        await store.destroy(await erasing.of_field(store, STREAM, entries[kind], path, **BY), NOW)
    after = await answers()
    assert "Cy " not in await values(store) and "Ada's words" not in await values(store)
    assert _without_values(after) == _without_values(before)
    kept = await store.facts(STREAM)
    for sight in (*inquiry.who_saw(kept, "S-1").seen, *inquiry.who_saw(kept, "A-1", "victims").seen):
        assert sight.gone and sight.erased is not None
        assert sight.erased.because == "she asked for it"
    told = " ".join(" ".join(Words(STREAM, kept, None).saw(inquiry.saw(kept, "city"))).split())
    assert told.count("what it said was erased on 2026-03-01 08:00:00, because: she asked") == 3
    asked = Asked(STREAM, Recipient("city", "City", frozenset({"city"})), "operator", "r", "jsonl")
    await make(store, asked, form("jsonl"), tmp_path / "copy", now=at(NOW))
    lines = [json.loads(line) for line in (tmp_path / "copy").read_text().splitlines()[1:]]
    [proven] = [line["fields"] for line in lines if "fields/victims" in line["fields"]]
    assert proven["fields/victims"] == {"form": "exact", **how}
    assert "values/victims" not in proven


def _without_values(answers: object) -> object:
    """Answers without what may go, and what says that it went; and without which of their own bytes they are told from."""
    if is_dataclass(answers) and not isinstance(answers, type):
        gone = {"value", "gone", "erased"}
        return {
            one.name: _without_values(getattr(answers, one.name))
            for one in dataclass_fields(answers)
            if one.name not in gone
        }
    return [_without_values(one) for one in answers] if isinstance(answers, list | tuple) else answers


async def test_what_is_decided_about_a_shown_field_cannot_be_erased(store: SqliteStore) -> None:
    """However its path is typed, it is the value that goes; what was withheld has none."""
    kept_from = replace(shown("A-1", "x", None), fields={"people": {"withheld": "clearance", "rule": 3}})
    await crisis(store, kept_from, IncidentClosed("P-2", None, None))
    for typed in ("fields/#ops", "values/#ops", "#ops"):
        assert (await erasing.of_field(store, STREAM, 9, typed, **BY)).fields == [(STREAM, 9, "values/#ops")]
    [entry] = [one.seq for one in await store.facts(STREAM) if one.fact == kept_from]
    with pytest.raises(Refused, match="shows no field values/people"):
        await erasing.of_field(store, STREAM, entry, "fields/people", **BY)


async def test_where_others_name_whoever_is_erased_the_field_goes_too(store: SqliteStore) -> None:
    """In a list of names, in what somebody else wrote, as an account in a text, and in the address of a private chat; each with a fact that says so, unless it stood in an
    id's place. What names somebody else, or the like, stays."""
    chat = RoomRef("matrix", "!private:x.org")
    await store.append(DEPLOYMENT, DirectChatOpened("matrix:@ada:x.org", chat), now=NOW)
    await store.append(DEPLOYMENT, RoomObserved(chat, False, False, False, False, False, True, "Ada Lovelace"), now=NOW)
    missing = {
        "_presence:fire:missing": {
            "form": "exact",
            "value": "Ada Lovelace, Bo",
            "rule": 1,
            "agreements": [],
            "basis": None,
        }
    }
    going = (
        NoteAdded("P-2", "fire", ROOM, "Saw ada  lovelace at the quay"),
        NoteAdded("P-2", "fire", ROOM, "Ask @ada:x.org."),
        CallReported("A-1", "fire", "P-2", True, "Ada Lovelace"),
        replace(shown("R-1", "", None), fields=missing),
    )
    staying = (
        NoteAdded("P-2", "fire", ROOM, "Ask @ada:x.org.uk or telegram:5012, or Ada Lovelacey"),
        MessageSent("q", RoomRef("matrix", "!private:x.org2"), "9"),
    )
    there = MessageSent("p2", chat, "10")
    await crisis(
        store, *going, *staying, there, DutyShown("b:1", "fire", "P-1", chat), IncidentClosed("P-2", None, None)
    )
    erasure = await erasing.of_person(store, "P-1", **BY)
    entries = {
        one.fact: one.seq
        for one in await store.facts(STREAM)
        if not isinstance(one.fact, Disclosed | Said | AlertIssued)
    }
    told = [(fact.entry, fact.path) for _, fact in erasure.facts if isinstance(fact, FieldErased)]
    assert [path for _, path in told] == [
        "values/#ops",
        "text",
        "text",
        "spoke_with",
        "values/_presence:fire:missing",
        "title",
    ]
    assert (STREAM, entries[there], "room") in erasure.fields
    await store.destroy(erasure, NOW)
    kept = everything(store)
    for secret in (*SECRETS, "!private:x.org", "ada  lovelace", "@ada:x.org"):
        assert re.search(re.escape(secret.encode()) + rb"(?![\w.])", kept) is None, secret
    after = [one.fact for one in await store.facts(STREAM)]
    assert all(fact in after for fact in staying)


async def test_a_name_of_one_word_is_left_to_whoever_erases(store: SqliteStore) -> None:
    """``Will`` may be a word: where it stands alone, or in a list, it is him; elsewhere they are told where to look. The reason must not name him, for it stays."""
    notes = [NoteAdded("P-2", "fire", ROOM, text) for text in ("Will it hold?", "Jo; Will")]
    await store.append(DEPLOYMENT, PersonEnrolled("P-7", "Will", "fire", "responder", "telegram:507", "V-7"), now=NOW)
    await crisis(store, *notes, CallReported("A-1", "fire", "P-2", True, "will"), IncidentClosed("P-2", None, None))
    await store.append(DEPLOYMENT, PersonRevoked("P-7", "P-2", None), now=NOW)
    erasure = await erasing.of_person(store, "P-7", **BY)
    first = len(await store.facts(STREAM)) - 4
    assert erasure.doubtful == [(STREAM, first, "text")]
    assert erasure.fields == [(STREAM, first + 1, "text"), (STREAM, first + 2, "spoke_with")]
    for words in ({"reason": "Will asked for it"}, {"basis": "his letter, telegram:507"}):
        with pytest.raises(Refused, match="say it without their name"):
            await erasing.of_person(store, "P-7", **BY | words)


async def test_an_open_incident_that_names_somebody_is_closed_first(store: SqliteStore) -> None:
    """Though nothing in it is theirs."""
    await crisis(store, IncidentClosed("P-2", None, None))
    another = incident()[0]
    await store.append("I-2", another, NoteAdded("P-2", "fire", ROOM, "Ada Lovelace knows"), now=NOW, playbook=DIGEST)
    with pytest.raises(Refused, match="I-2 is open"):
        await erasing.of_person(store, "P-1", **BY)


async def test_after_a_whole_crisis_nothing_names_whoever_is_erased(tmp_path: Path) -> None:
    """Each of its people in turn: name, account and private chat are in no file of the store and in no copy of any form, for an auditor or for their partner; and all of it
    verifies."""
    (tmp_path / "data").mkdir(mode=0o700)
    store = await put(tmp_path / "data", played(LAST).facts)
    later = NOW + timedelta(days=9000)
    try:
        enrolled = [one.fact for one in await store.facts(DEPLOYMENT) if isinstance(one.fact, PersonEnrolled)]
        assert len(enrolled) == 6
        for person in enrolled:
            await store.append(DEPLOYMENT, PersonRevoked(person.person, "operator", None), now=later)
            await store.destroy(await erasing.of_person(store, person.person, **BY), later)
            secrets = {person.name, person.identity, person.identity.partition(":")[2]}
            assert {secret for secret in secrets if secret.encode() in everything(store)} == set(), person
        for stream in ("I-1", DEPLOYMENT):
            for name in made():
                for who in (AUDITOR, Recipient("city", "City", frozenset({"city"}))):
                    path = tmp_path / f"{stream}-{who.id}-{name}"
                    await make(store, Asked(stream, who, "operator", "inquiry", name), form(name), path, now=at(later))
                    said = b"".join([*opened_up(path.read_bytes()), *unpacked(path.read_bytes())])
                    for one in enrolled:
                        assert one.identity.partition(":")[2].encode() not in said, (name, one)
            findings = verify(tmp_path / f"{stream}-auditor-bundle").findings
            assert {one.rule for one in findings} <= {"time"}  # the stage's clock
    finally:
        await store.close()


async def test_a_backup_of_the_database_forgets_too(store: SqliteStore, tmp_path: Path) -> None:
    """The database as it was before, put beside the keys as they are now, shows nothing of her."""
    how = {"form": "exact", "value": "Ada Lovelace, Bo", "rule": 1, "agreements": [], "basis": None}
    missing = replace(shown("R-1", "", None), fields={"_presence:fire:missing": how})
    await crisis(store, missing, IncidentClosed("P-2", None, None))
    assert "Ada Lovelace, Bo" in await values(store)
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
    assert "Ada's words" not in said_there  # nor in a recap, though Bo's are there with them
    assert "Ada Lovelace, Bo" not in said_there
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
    await store.append(DEPLOYMENT, HoldPlaced("I-9", "operator", "the case of Ada Lovelace"), now=NOW)
    with pytest.raises(Refused, match="the legal hold on I-9 names them"):
        await erasing.of_person(store, "P-1", **BY)
    await store.append(DEPLOYMENT, HoldLifted("I-9", "operator", "over"), now=NOW)
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
    [(wrong, todo)] = await store.health()
    assert "lacks the keys of" in wrong and "put the file back" in todo


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
    with pytest.raises(Refused, match=r"shows no field what; it shows: .*values/A-1/what, values/A-2/what"):
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
