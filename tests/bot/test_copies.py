"""What stands in a room of something that was said, and taking it away."""

from __future__ import annotations

import json

from bot.copies import polls, standing, withdrawal
from playbooks.rooms import RoomRef
from storage.effects import RemoveCopy, Urgency
from storage.store import OutboxRow

HERE, THERE = RoomRef("matrix", "!here"), RoomRef("matrix", "!there")


def row(token: str, kind: str, state: str, room: RoomRef = HERE, **payload: object) -> OutboxRow:
    """A row about something that was said."""
    body = json.dumps({"kind": kind, **payload}, separators=(",", ":"))
    return OutboxRow(token, token, "I-1", room, 3, body, "S-1", state=state)  # type: ignore[arg-type]


def test_what_was_sent_or_may_have_been_stands_until_it_is_removed() -> None:
    """A removal that was refused removed nothing; edits and reactions are no messages."""
    rows = [
        row("a", "message", "sent"),
        row("b", "message", "refused"),
        row("c", "message", "unknown"),
        row("d", "message", "sent"),
        row("e", "message", "sent"),
        row("f", "message", "pending"),
        row("g", "message", "sent", THERE),
        row("h", "edit", "sent", amends="a"),
        row("i", "delete", "sent", amends="d"),
        row("j", "delete", "refused", amends="e"),
        row("k", "react", "sent"),
    ]
    assert [one.token for one in standing(rows, HERE)] == ["a", "c", "e", "f"]


def test_only_what_people_can_vote_in_can_be_ended() -> None:
    """A poll, and not the words that stand for one, nor words that look like one."""
    rows = [
        row("a", "message", "sent", poll={"question": "Where?", "options": ["left", "right"]}),
        row("b", "message", "sent", poll=None),
        row("c", "message", "sent", words='"poll":{'),
        row("d", "message", "refused", poll={"question": "Where?", "options": ["left", "right"]}),
    ]
    assert [one.token for one in polls(rows, HERE)] == ["a"]


def test_a_withdrawal_names_the_row_and_not_the_message() -> None:
    """Which message that is, is known when it leaves."""
    made = withdrawal(RemoveCopy("I-1", "a", HERE, "S-1", "aid"), row("a", "message", "sent"), "t")
    assert (made.kind, made.about, made.to, made.urgency) == ("delete", "S-1", HERE, int(Urgency.CHATTER))
    assert json.loads(made.payload)["amends"] == "a"
