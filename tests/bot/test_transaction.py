"""What a turn takes back and puts off, before it is committed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.outgoing import Tokens
from bot.step import carry_out
from bot.transaction import Transaction
from handlers.texts import say
from handlers.world import World
from playbooks.rooms import RoomRef
from storage.database import open_store
from storage.effects import Effect, Hush, Postpone, Send, Urgency, Wake
from storage.store import OutboxRow

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
ROOM = RoomRef("telegram", "-1")
WORLD = World("test", {}, {})


def row(token: str, stream: str, kind: str = "message") -> OutboxRow:
    """A message that waits with the courier."""
    return OutboxRow(token, token, stream, ROOM, int(Urgency.ALERT), f'{{"kind":"{kind}","html":""}}')


def turn(waiting: list[OutboxRow]) -> Transaction:
    """A turn while these wait with the courier."""
    return Transaction(
        WORLD,
        NOW,
        lambda send: [one for one in waiting if send in (one.send, one.token)],
        lambda stream: [one for one in waiting if one.stream == stream],
    )


def kept(tx: Transaction, *effects: Effect) -> list[str]:
    """What a step with these effects takes back."""
    step = carry_out(WORLD, effects, NOW, Tokens(b"seed"), {"telegram": lambda html: [html]}, {})
    return [one.token for one in tx.keep(step)]


def test_a_hushed_stream_says_nothing_of_what_waited() -> None:
    """What waits with the courier is taken back, but for removals and other streams; what the same step says is said."""
    tx = turn([row("a", "E-1"), row("b", "I-1"), row("c", "E-1", "delete")])
    told = Send("E-1", ROOM, say((), "paused"), Urgency.PROMPT)
    assert kept(tx, Hush("E-1", "paused"), told) == ["a"]
    assert [(one.token, one.state) for one in tx.changes.outcomes] == [("a", "dropped")]
    assert [one.state for one in tx.changes.sends] == ["pending"]


def test_what_was_decided_earlier_in_the_turn_is_hushed_too() -> None:
    """It never reaches the courier."""
    tx = turn([])
    assert kept(tx, Send("E-1", ROOM, say((), "an alert"), Urgency.ALERT)) == []
    assert len(kept(tx, Hush("E-1", "paused"))) == 1
    assert [one.state for one in tx.changes.sends] == ["dropped"]


async def test_what_an_exercise_waits_for_is_put_off(tmp_path: Path) -> None:
    """In the store: only its own deadlines, and only those that are still to pass; what is set anew stands as it is set."""
    store = await open_store(tmp_path / "data", "test")
    at = NOW + timedelta(minutes=5)
    tx = turn([])
    kept(tx, *(Wake(key, stream, at, "x", "") for key, stream in (("k", "E-1"), ("l", "E-1"), ("m", "I-1"))))
    await store.commit(tx.changes)
    tx = turn([])
    kept(tx, Postpone("E-1", timedelta(hours=2)), Wake("l", "E-1", at + timedelta(hours=1), "x", ""))
    assert tx.postponed("E-1") and not tx.postponed("I-1")
    await store.commit(tx.changes)
    due = await store.due(NOW + timedelta(days=1), 10)
    assert [(one.key, one.at - at) for one in due] == [
        ("m", timedelta()),
        ("l", timedelta(hours=1)),
        ("k", timedelta(hours=2)),
    ]
    await store.close()
