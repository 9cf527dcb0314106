"""Which waiting rows leave together: talk as one message where a room is held back, files that were sent together as an album.

One message of a network is then several rows, which all have its id: each is found again by it, edited and taken back alone (see
``addressing``). Never on a network that takes the same token only once: after a crash each row is sent again there under its own
token, which that network would take for other messages. Elsewhere a crash leaves the fate of each row unknown, and none is sent again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.speech import Line, shown
from storage.effects import Urgency
from storage.store import OutboxRow

LATE = timedelta(seconds=60)
"""What leaves longer after it was said than this says when that was."""

MOST_TOGETHER = 100
"""Rows in one message at the very most."""

MOST_TALK = 60
"""Messages of talk that may wait for a room that is held back, counted as they would leave: several to a message where they fit together. As a
Telegram group is sent twenty a minute, they are three minutes. What is more than that nobody reads: it makes way for a digest."""

USUAL = 3500
"""Letters in a message that is full."""

LONGEST_TALK = timedelta(hours=1)
MOST_OLD_TALK = 10
"""Where more than so many rows were said longer ago than this, talk makes way for a digest: after an outage, whoever was away."""

ALBUM = range(2, 11)
"""How many files an album has."""

_ALBUMS = (frozenset({"photo", "video"}), frozenset({"file"}), frozenset({"audio"}))
"""What can be in one album, as networks have them."""

_ALONE = ("file", "point", "poll", "contact", "amends", "buttons", "loud", "replaces")
_APART = ('"file":{', '"point":[', '"poll":{', '"contact":{', '"answers":"')
_SAID_AT = re.compile(r'"said_at":(\d+)')
_THREAD = re.compile(r'"thread":"([^"]+)"')
_AROUND = 300
"""Letters of a payload that are not what is said."""

_REFERENCES = ("answers", "reply_to", "follows")


def line_of(said: Mapping[str, Any], now: datetime) -> Line:
    """What a row of carried speech says if it leaves now."""
    return Line(said["head"], said["words"], said["clock"] if late(said, now) else "", said.get("mark", ""))


def late(said: Mapping[str, Any], now: datetime) -> bool:
    """Whether it comes so late that it has to say when it was said."""
    return now - datetime.fromtimestamp(said["said_at"], UTC) > LATE


def age(row: OutboxRow, now: datetime) -> timedelta:
    """How long ago it was said that a row of talk carries; its payload is not read for this, see ``messages``."""
    found = _SAID_AT.search(row.payload)
    return now - datetime.fromtimestamp(int(found[1]), UTC) if found is not None else timedelta(0)


def is_talk(row: OutboxRow) -> bool:
    """Whether a row carries what somebody said, as a message of its own, and may make way."""
    return row.urgency >= Urgency.CHATTER and row.kind == "message" and '"words":' in row.payload


def merged(rows: Sequence[OutboxRow], now: datetime, split: Callable[[str], Sequence[str]]) -> list[OutboxRow]:
    """Of the rows that leave next the first, and those that go in one message with it."""
    found = _mergeable(rows)
    lines = [line_of(said, now) for _, said in found]
    most = _fitting(lines, split)
    return [row for row, _ in found[:most]] or list(rows[:1])


def too_much(talk: Sequence[OutboxRow], now: datetime, *, held_back: bool) -> bool:
    """Whether waiting talk makes way for a digest. ``held_back``: its room has limits, and gets several to a message."""
    ages = [age(row, now) for row in talk]
    if sum(1 for one in ages if one > LONGEST_TALK) > MOST_OLD_TALK:
        return True
    return (messages(talk) if held_back else sum(1 for one in ages if one > LATE)) > MOST_TALK


def messages(rows: Sequence[OutboxRow]) -> int:
    """About how many messages talk would be, counted to one more than ``MOST_TALK``: those that merge are counted together.

    A payload is not read for this, as there may be thousands: it says everything three times, and inside a text its quotes are escaped.
    """
    count, room = 0, 0
    within: str | None = None
    for row in rows:
        size = max(0, len(row.payload) - _AROUND) // 3
        apart = any(sign in row.payload for sign in _APART)
        found = _THREAD.search(row.payload)
        before, within = within, found[1] if found is not None else None
        if not apart and size <= room and within == before:
            room -= size
        else:
            count, room = count + 1, 0 if apart else USUAL - size
        if count > MOST_TALK:
            break
    return count


def of_album(row: OutboxRow) -> bool:
    """Whether its file was sent together with others."""
    return bool((_said(row).get("file") or {}).get("album"))


def album(rows: Sequence[OutboxRow]) -> list[OutboxRow]:
    """Of the rows that leave next the first, and those whose files were sent together with its file. Only the first has words."""
    first = rows[0]
    said = _said(first)
    file = said.get("file")
    if not file or not file.get("album") or first.kind != "message" or first.state != "pending":
        return [first]
    kinds = next((some for some in _ALBUMS if file["kind"] in some), frozenset())
    found = [first]
    for row in rows[1 : ALBUM[-1]]:
        one = _said(row)
        other = one.get("file") or {}
        if (
            other.get("album") != file["album"]
            or other.get("network") != file["network"]
            or not {file["kind"], other.get("kind")} <= kinds
            or one["words"]
            or one["head"] != said["head"]
            or row.kind != "message"
            or not _alike(first, row)
        ):
            break
        found.append(row)
    return found


def _mergeable(rows: Sequence[OutboxRow]) -> list[tuple[OutboxRow, Mapping[str, Any]]]:
    found: list[tuple[OutboxRow, Mapping[str, Any]]] = []
    for row in rows:
        said = _said(row)
        if not is_talk(row) or row.again or row.state != "pending" or _alone(said):
            break
        if found and (not _alike(found[0][0], row) or not _joins(found[0][1], said)):
            break
        found.append((row, said))
    return found


def _alone(said: Mapping[str, Any]) -> bool:
    return any(said.get(one) for one in _ALONE)


def _joins(first: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
    """Whether it can stand under another: it refers to nothing by itself, and belongs to the same thread, perhaps to another topic than the rest."""
    return (
        not any(said.get(one) for one in _REFERENCES)
        and said.get("thread") == first.get("thread")
        and said.get("mark") == first.get("mark")
        and said.get("must_encrypt") == first.get("must_encrypt")
    )


def _alike(first: OutboxRow, row: OutboxRow) -> bool:
    """In the same room and topic, of the same incident, both for the first time."""
    return (
        (row.to, row.stream, row.urgency) == (first.to, first.stream, first.urgency)
        and row.state == first.state == "pending"
        and not row.again
        and not first.again
    )


def _fitting(lines: Sequence[Line], split: Callable[[str], Sequence[str]]) -> int:
    """How many of them fit one message; more never fit where fewer do not. Looked for from few to many, so that no text is cut in vain that
    is far too long.
    """
    low, high = min(1, len(lines)), len(lines)
    step = 2
    while low < high:
        middle = min(step, high) if step else (low + high + 1) // 2
        if len(split(shown(lines[:middle]))) == 1:
            low, step = middle, step * 2
        else:
            high, step = middle - 1, 0
    return low


def _said(row: OutboxRow) -> Mapping[str, Any]:
    said: Mapping[str, Any] = json.loads(row.payload)
    return said
