"""What was said in channels, found again."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

from playbooks.rooms import RoomRef
from playbooks.spoken import File, Spoken
from storage.database import SqliteStore
from storage.migrations import MIGRATIONS
from storage.queries import SQL
from storage.store import Changes, OutboxChange, OutboxRow, OutboxState, Reacted, ReactionKept, ThreadKept, Utterance
from tests.storage.small import NOW, ROOM, STREAM

THERE = RoomRef("matrix", "!there")
SAID = Utterance(
    STREAM, "S-1", ROOM, "m1", ("ops",), "fire", "P-1", "Zo\u00eb\ud83d", NOW, ("be", "nl"), "red", "S-0", None,
    Spoken("<b>x</b>", File("telegram", '{"file_id": "f"}', "photo", size=7)), 2, False, ("nl",), True, ("aid",),
    (Reacted("👍", "P-2", "matrix:!there"),), NOW,
)  # fmt: skip


def row(token: str, kind: str = "message", about: str = "S-1", amends: str | None = None, **more: object) -> OutboxRow:
    """A row about something that was said."""
    payload = json.dumps({"kind": kind, **({"amends": amends} if amends else {})}, separators=(",", ":"))
    return OutboxRow(token, token, STREAM, THERE, 3, payload, about, "aid", **more)  # type: ignore[arg-type]


async def test_what_was_said_is_found_by_its_id_and_where_it_stands(store: SqliteStore) -> None:
    """As it was said, and as it is after a change; half characters are marked as lost."""
    await store.commit(Changes(NOW, said=[SAID]))
    kept = replace(SAID, name="Zo\u00eb\ufffd")
    assert await store.utterance(STREAM, "S-1") == kept
    assert await store.utterance_at(ROOM.chat, "m1") == kept
    assert await store.utterance_at(THERE, "m1") is None and await store.utterance(STREAM, "S-2") is None
    await store.commit(Changes(NOW, said=[replace(SAID, gone=True, spoken=None)]))
    found = await store.utterance(STREAM, "S-1")
    assert found is not None and found.gone and found.spoken is None


async def test_a_copy_leads_back_to_what_it_carries(store: SqliteStore) -> None:
    """Of several that became one message, to the last; rows about other things lead nowhere."""
    second = replace(SAID, id="S-2", message="m2", name="Bo")
    rows = [row("a"), row("b", about="S-2"), row("c", about="A-1"), row("d", kind="edit", amends="a")]
    await store.commit(Changes(NOW, said=[SAID, second], sends=rows))
    await store.commit(Changes(NOW, outcomes=[OutboxChange(one, "sent", "x1") for one in ("a", "b")]))
    await store.commit(Changes(NOW, outcomes=[OutboxChange("c", "sent", "x2"), OutboxChange("d", "sent", "x1")]))
    found = await store.utterance_at(THERE, "x1")
    assert found is not None and found.id in ("S-1", "S-2")
    assert await store.utterance_at(THERE, "x2") is None
    assert [one.token for one in await store.rows_of_message(THERE, "x1")] == ["a", "b"]
    assert [(one.token, one.kind) for one in await store.copies(STREAM, "S-1")] == [("a", "message"), ("d", "edit")]


async def test_of_many_edits_the_last_of_each_message_is_read(store: SqliteStore) -> None:
    """In each state; those that wait all the same; of removals each, and no reaction. It is found without looking at what else was said."""
    edits = [row(f"e{number}", "edit", amends="ab"[number % 2]) for number in range(20)]
    rest = [row("r1", "delete", amends="a"), row("r2", "delete", amends="a"), row("y", "react"), row("z", about="S-10")]
    await store.commit(Changes(NOW, sends=[row("a"), row("b"), *edits, *rest]))
    states: tuple[OutboxState, ...] = ("sent", "refused", "unknown", "dropped")
    done = [OutboxChange(one.token, states[number % 4]) for number, one in enumerate(edits[:16])]
    await store.commit(Changes(NOW, outcomes=[*done, OutboxChange("r1", "refused"), OutboxChange("r2", "refused")]))
    found = [one.token for one in await store.copies(STREAM, "S-1")]
    assert found == ["a", "b", *(f"e{number}" for number in range(12, 20)), "r1", "r2"]
    with closing(sqlite3.connect(":memory:")) as inner:
        inner.executescript(MIGRATIONS[0])
        plan = [step[3] for step in inner.execute(f"EXPLAIN QUERY PLAN {SQL['copies']}", (STREAM, "S-1"))]
    used = [step for step in plan if step.startswith("SEARCH") and "rowid" not in step]
    assert {step.split("INDEX ")[1] for step in used} == {
        "outbox_said (stream=? AND about=?)",
        "outbox_edit (amends=? AND state=?)",
    }


async def test_the_last_that_was_said_in_a_chat(store: SqliteStore) -> None:
    """By the network's time, in whatever topic."""
    later = replace(SAID, id="S-2", message="m2", name="Bo", at=NOW + timedelta(seconds=1))
    await store.commit(Changes(NOW, said=[later, SAID]))
    assert await store.last_said(ROOM) == later
    assert await store.last_said(THERE) is None


async def test_the_first_that_was_said_in_a_topic(store: SqliteStore) -> None:
    """As it was heard, whatever the network's time; of this incident, in this topic; found without looking through the others."""
    topic = RoomRef("telegram", ROOM.id, "7")
    said = [
        replace(SAID, id=f"S-{number}", message=f"m{number}", room=room, stream=stream, name="Bo", at=at)
        for number, room, stream, at in (
            (8, topic, "I-9", NOW),
            (9, topic, STREAM, NOW),
            (10, topic, STREAM, NOW - timedelta(hours=1)),
            (7, replace(topic, topic="8"), STREAM, NOW),
            (6, ROOM.chat, STREAM, NOW),
        )
    ]
    await store.commit(Changes(NOW, said=said))
    assert await store.first_in_topic(STREAM, topic) == said[1]
    assert await store.first_in_topic("I-9", topic) == said[0]
    assert await store.first_in_topic(STREAM, replace(topic, topic="9")) is None
    with closing(sqlite3.connect(":memory:")) as empty:
        for step in MIGRATIONS:
            empty.executescript(step)
        plan = str(empty.execute(f"EXPLAIN QUERY PLAN {SQL['first_in_topic']}", ("", "", "", "")).fetchall())
    assert "USING INDEX said_topic" in plan and "TEMP" not in plan


async def test_a_reaction_is_found_by_its_own_name(store: SqliteStore) -> None:
    """Told twice it is one."""
    kept = ReactionKept(THERE, "$r", STREAM, "S-1", "👍", "P-2")
    await store.commit(Changes(NOW, reactions=[kept]))
    await store.commit(Changes(NOW, reactions=[kept]))
    assert await store.reaction(THERE, "$r") == kept
    assert await store.reaction(THERE, "$other") is None


async def test_a_second_name_of_a_message_leads_to_its_row(store: SqliteStore) -> None:
    """As of a poll."""
    await store.commit(Changes(NOW, sends=[row("a")]))
    await store.commit(Changes(NOW, outcomes=[OutboxChange("a", "sent", "x1", handle="poll7")]))
    found = await store.by_handle("matrix", "poll7")
    assert found is not None and found.token == "a"
    assert await store.by_handle("matrix", "poll8") is None


async def test_a_recap_is_found_by_each_thing_that_it_shows(store: SqliteStore) -> None:
    """With its removal, and without looking through other messages; which of them it is stays known when the words are forgotten."""
    sends = [
        replace(row("a", about="#ops S-1 S-12"), payload='{"kind":"message","html":"Words"}'),
        replace(row("b", about="#ops S-1 S-12"), payload='{"kind":"delete","html":"","amends":"a"}'),
        replace(row("c", about="#ops S-12"), payload='{"kind":"message","html":"Words"}'),
        replace(row("d", about="S-1"), payload='{"kind":"message","html":"Words"}'),
    ]
    await store.commit(Changes(NOW, sends=sends))
    assert [one.token for one in await store.recaps(STREAM, "S-1")] == ["a", "b"]
    assert [one.token for one in await store.recaps(STREAM, "S-12")] == ["a", "b", "c"]
    assert not await store.recaps(STREAM, "S-2") and not await store.recaps("I-9", "S-1")
    await store.commit(Changes(NOW, outcomes=[OutboxChange(one.token, "sent", "x") for one in sends]))
    await store.tidy(NOW + timedelta(days=1))
    left = await store.recaps(STREAM, "S-1")
    assert [one.payload for one in left] == ['{"kind":"message"}', '{"kind":"delete","amends":"a"}']
    assert [one.kind for one in left] == ["message", "delete"]
    with closing(sqlite3.connect(":memory:")) as empty:
        for step in MIGRATIONS:
            empty.executescript(step)
        plan = str(empty.execute(f"EXPLAIN QUERY PLAN {SQL['recaps']}", ("", "")).fetchall())
    assert "USING INDEX outbox_recap" in plan and "TEMP" not in plan


async def test_words_are_forgotten_and_who_said_them_stays(store: SqliteStore) -> None:
    """With other bodies, some days after."""
    await store.commit(Changes(NOW, said=[SAID]))
    await store.tidy(NOW + timedelta(days=1))
    found = await store.utterance(STREAM, "S-1")
    assert found is not None and found.spoken is None and found.partner == "fire"


async def test_what_stands_where_is_known_after_its_words_are_forgotten(store: SqliteStore) -> None:
    """So that it can be taken away for as long as it stands."""
    rows = [
        OutboxRow("a", "a", STREAM, THERE, 3, '{"kind":"message","html":"secret","words":"secret"}', "S-1", "aid"),
        OutboxRow("b", "b", STREAM, THERE, 3, '{"kind":"edit","html":"secret","amends":"a"}', "S-1", "aid"),
        OutboxRow("c", "c", STREAM, THERE, 1, '{"kind":"message","html":"secret"}', "A-1", "aid"),
    ]
    await store.commit(Changes(NOW, said=[SAID], sends=rows))
    await store.commit(Changes(NOW, outcomes=[OutboxChange(one, "sent", f"x{one}") for one in "abc"]))
    assert await store.tidy(NOW + timedelta(days=1)) == 3
    kept = await store.copies(STREAM, "S-1")
    assert [(one.kind, one.message, one.readable, "secret" in one.payload) for one in kept] == [
        ("message", "xa", False, False), ("edit", "xb", False, False),
    ]  # fmt: skip
    assert await store.tidy(NOW + timedelta(days=1)) == 0
    alert = await store.row("c")
    assert alert is not None and alert.payload == ""


async def test_reactions_are_read_apart_and_only_the_newest_of_each(store: SqliteStore) -> None:
    """However often somebody reacts, no more rows are read; signs are apart, and what was dropped is no more. Both are found by an index."""

    def react(token: str, emoji: str, *, gone: bool = False, sign: bool = False) -> OutboxRow:
        said = {"kind": "react", "emoji": emoji, "gone": gone, "sign": sign}
        return replace(row(token), payload=json.dumps(said, separators=(",", ":")))

    rows = [react(f"r{number}", "👍" if number % 4 < 2 else "👌", gone=bool(number % 2)) for number in range(400)]
    await store.commit(Changes(NOW, sends=[row("a"), *rows, react("s", "👌", sign=True), react("x", "👎")]))
    outcomes = [OutboxChange(one.token, "sent") for one in rows]
    await store.commit(Changes(NOW, outcomes=[*outcomes, OutboxChange("x", "dropped")]))
    assert [one.token for one in await store.copies(STREAM, "S-1")] == ["a"]
    assert [one.token for one in await store.reactions(STREAM, "S-1", THERE)] == ["r397", "r399", "s"]
    assert [one.token for one in await store.reactions(STREAM, "S-1", THERE, "r397")] == ["r395", "r396"]
    assert await store.reactions(STREAM, "S-1", ROOM) == []
    with closing(sqlite3.connect(":memory:")) as empty:
        for step in MIGRATIONS:
            empty.executescript(step)
        plans = [str(empty.execute(f"EXPLAIN QUERY PLAN {SQL['reactions']}", ("",) * 5).fetchall())]
        plans += [str(empty.execute(f"EXPLAIN QUERY PLAN {SQL['copies']}", ("",) * 2).fetchall())]
    assert "INDEX outbox_reaction" in plans[0] and "INDEX outbox_said" in plans[1]


async def test_what_was_sent_together_is_found_by_that(store: SqliteStore) -> None:
    """In its chat, in the order in which it was heard, without looking through the rest; forgotten words, and words that look like it, spoil nothing."""
    files = [File("telegram", "{}", "photo", album=album) for album in ("a", "a", "b", None)]
    said = [
        replace(SAID, id=f"S-{9 + number}", message=f"m{number}", name="Bo", spoken=Spoken('"album":"', file))
        for number, file in enumerate(files)
    ]
    await store.commit(Changes(NOW, said=[*said, replace(SAID, id="S-1", name="Bo", spoken=None)]))
    assert await store.said_together(ROOM, "a") == said[:2]
    assert await store.said_together(THERE, "a") == []
    with closing(sqlite3.connect(":memory:")) as empty:
        for migration in MIGRATIONS:
            empty.executescript(migration)
        assert "said_album" in str(empty.execute(f"EXPLAIN QUERY PLAN {SQL['said_together']}", ("",) * 3).fetchall())


async def test_a_topic_that_was_made_for_a_thread_is_found_both_ways(store: SqliteStore) -> None:
    """The first that was made counts."""
    topic = RoomRef("telegram", ROOM.id, "7")
    await store.commit(Changes(NOW, threads=[ThreadKept(STREAM, "S-1", topic)]))
    await store.commit(Changes(NOW, threads=[ThreadKept(STREAM, "S-1", replace(topic, topic="8"))]))
    assert await store.thread_of(topic) == ThreadKept(STREAM, "S-1", topic)
    assert await store.thread_of(replace(topic, topic="8")) is None
    assert await store.place_of(STREAM, "S-1", ROOM) == topic
    assert await store.place_of(STREAM, "S-2", ROOM) is None
