"""What stands in a room of something that was said in a channel, and the request to take it away again. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable

from playbooks.rooms import RoomRef
from storage.effects import EndPoll, RemoveBeside, RemoveCopy, Urgency
from storage.store import OutboxRow

NEVER_STOOD = ("refused", "dropped")


def standing(rows: Iterable[OutboxRow], room: RoomRef) -> list[OutboxRow]:
    """Of all rows about it, the messages that its copy in a room consists of, in order: sent, on their way, or of unknown fate."""
    here = [row for row in rows if row.to == room]
    taken = {row.amends for row in here if row.kind == "delete" and row.state not in NEVER_STOOD}
    return [row for row in here if row.kind == "message" and row.state not in NEVER_STOOD and row.token not in taken]


def answerable(rows: Iterable[OutboxRow]) -> list[OutboxRow]:
    """Of all rows about it, in whatever room, those that stand and have arrived: the newest copy first, by its first part. What was erased comes last:
    nobody knows any more what it was.
    """
    rows = list(rows)
    taken = {row.amends for row in rows if row.kind == "delete" and row.state not in NEVER_STOOD}
    found = [row for row in rows if row.kind in ("message", "") and row.state == "sent" and row.token not in taken]
    return sorted(found, key=lambda row: (row.kind == "", row.part > 0, -row.id))


def polls(rows: Iterable[OutboxRow], room: RoomRef) -> list[OutboxRow]:
    """Of the messages of a copy those in which people can vote: where a network has no polls, words stand for one."""
    return [row for row in standing(rows, room) if json.loads(row.payload).get("poll") is not None]


def last_changes(rows: Iterable[OutboxRow]) -> dict[str, OutboxRow]:
    """By the token of each message that was changed, the last change of it that stands, or may."""
    edits = [row for row in rows if row.kind == "edit" and row.state not in NEVER_STOOD]
    return {str(row.amends): row for row in edits}


def tells_again(about: str | None, said: str) -> bool:
    """Whether a row is of a recap that shows something that was said: ``#ops S-3 S-4``."""
    return about is not None and about.startswith("#") and said in about.split()[1:]


def withdrawal(effect: RemoveCopy | RemoveBeside, part: OutboxRow, token: str) -> OutboxRow:
    """The request to remove one message of a copy. Which one that is, and what else stands in it, is looked up when it leaves."""
    payload = {"kind": "delete", "html": "", "text": "", "buttons": [], "amends": part.token}
    return OutboxRow(
        token,
        token,
        effect.stream,
        part.to,
        int(Urgency.CHATTER),
        json.dumps(payload, separators=(",", ":")),
        effect.about,
        effect.partner,
    )


def ending(effect: EndPoll, part: OutboxRow, token: str) -> OutboxRow:
    """The request to take no more votes in a copy of a poll."""
    payload = {"kind": "end", "html": "", "text": "", "buttons": [], "amends": part.token}
    body = json.dumps(payload, separators=(",", ":"))
    return OutboxRow(
        token, token, effect.stream, part.to, int(Urgency.CHATTER), body, effect.said, effect.partner
    )  # fmt: skip
