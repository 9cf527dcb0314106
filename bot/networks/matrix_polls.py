"""Polls, as the events of Matrix have them, under their final names and those that clients still use (MSC3381). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from playbooks.phrasing import legible
from playbooks.spoken import Poll

STARTS = ("m.poll.start", "org.matrix.msc3381.poll.start")
RESPONSES = ("m.poll.response", "org.matrix.msc3381.poll.response")
ENDS = ("m.poll.end", "org.matrix.msc3381.poll.end")
MOST_ANSWERS = 20  # the specification's; what is beyond is left out by every client
_STARTED = ("m.poll.start", "m.poll", "org.matrix.msc3381.poll.start")
_OURS = re.compile(r"\d{1,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Ballot:
    """The ids under which a poll's options are chosen, in their order, and how many may be."""

    ids: tuple[str, ...]
    most: int


def poll_in(content: dict[str, Any]) -> tuple[Poll, Ballot] | None:
    """The poll that an event starts; None where it asks nothing or offers nothing."""
    poll = next((found for name in _STARTED if isinstance(found := content.get(name), dict) and found), {})
    question = words_of(poll.get("question")).strip()
    answers = poll.get("answers")
    offered: dict[str, str] = {}
    for answer in answers[:MOST_ANSWERS] if isinstance(answers, list) else ():
        name = (answer.get("m.id") or answer.get("id")) if isinstance(answer, dict) else None
        if isinstance(name, str) and (words := words_of(answer).strip()):
            offered.setdefault(name, words)
    if not question or not offered:
        return None
    most = poll.get("max_selections")
    most = most if isinstance(most, int) and most > 1 else 1
    return Poll(question, tuple(offered.values()), most > 1), Ballot(tuple(offered), most)


def chosen(content: dict[str, Any], ballot: Ballot | None) -> tuple[int, ...] | None:
    """The places of the options that a response chooses, from 0; none where it takes its choice back.

    ``ballot`` is None for polls of ours, whose ids are the places. None where that cannot be known.
    """
    found = content.get("m.selections")
    if not isinstance(found, list):
        part = next((part for name in RESPONSES if isinstance(part := content.get(name), dict)), {})
        found = part.get("answers")
    ids = [name for name in found if isinstance(name, str)] if isinstance(found, list) else []
    if ballot is None:
        ours = [int(name) for name in dict.fromkeys(ids) if _OURS.fullmatch(name)]
        return tuple(ours) if len(ours) == len(dict.fromkeys(ids)) else None
    ids = list(dict.fromkeys(ids[: ballot.most]))
    # One id that is none spoils the whole vote, says the specification, and a spoiled vote is as if taken back.
    return tuple(map(ballot.ids.index, ids)) if all(name in ballot.ids for name in ids) else ()


def rendering(poll: Poll) -> str:
    """A poll as plain words."""
    return "\n".join([poll.question, *(f"– {option}" for option in poll.options)])


def words_of(part: Any) -> str:
    """Extensible text comes as a string under one of several names, or as a list of forms of it."""
    if not isinstance(part, dict):
        return ""
    text = part.get("m.text") or part.get("org.matrix.msc1767.text") or part.get("body") or ""
    if isinstance(text, list):
        text = text[0].get("body", "") if text and isinstance(text[0], dict) else ""
    return legible(text) if isinstance(text, str) else ""
