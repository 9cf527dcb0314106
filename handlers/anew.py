"""What was said is told as it is now: every copy says it anew, and where it may not be any more, the copy is taken away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from handlers import polls, reactions, signs
from handlers.carrying import content, tell
from handlers.raised import higher
from handlers.taking_back import away
from handlers.world import World
from playbooks.labels import Tlp
from storage.effects import Effect, Record, Remember
from storage.facts import SaidAnew
from storage.incident import Incident
from storage.store import Beside, OutboxRow, Utterance

NO_SUCH_LABEL = "unknown-label"
"""Why something is never told: what looks like a label in it is none that anybody knows."""

_LEFT = ("inflight", "sent", "unknown")
_STANDS = ("pending", *_LEFT)


def told_anew(
    world: World,
    incident: Incident,
    before: Utterance,
    said: Utterance,
    copies: Sequence[OutboxRow],
    at: datetime,
    now: datetime,
    never: str | None,
) -> list[Effect]:
    """``before`` is ``said`` since ``at``. ``never``: nobody may be told, and why; then only a label that was raised takes copies away.

    A poll, a place or a card, which no network lets us change, is taken away and sent anew. Where somebody removed a copy, nothing is said again, and
    what they left of it, of words that took several messages, goes: it is not what was said any more.
    """
    said = replace(said, versions=before.versions + 1, changed=at)
    removed = {room for room, _ in before.removed}
    stood = dict.fromkeys(row.to for row in copies if row.kind == "message")
    have = [room for room in stood if str(room) not in removed]
    afresh = _unchangeable(before) or _unchangeable(said)
    stand = {row.to for row in signs.newest(copies, before.removed) if row.state in _STANDS}
    # Where a room has moved since, its copy stays behind: what it says now is told where people are.
    rooms = {*have, *map(world.who.now_at, have)}
    told = tell(world, incident, said, now, only=rooms, amends=not afresh, never=never)
    said = replace(said, left_out=tuple(dict.fromkeys((*before.left_out, *told.partners_left_out))))
    fact = SaidAnew(said.id, at, said.raised, content(said), told.left_out, never, said.person)
    kept = said if never is None else replace(before, raised=said.raised)
    stays = {send.to for send in told.sends} if not afresh else set()
    goes = never is None or said.raised != before.raised
    effects: list[Effect] = [
        Record(incident.id, fact),
        Remember(kept),
        *(effect for room in stood if goes and room not in stays for effect in away(said, room, copies)),
        *told.sends,
        *reactions.again(world, incident, said, {send.to for send in told.sends} - (set() if afresh else stand), now),
    ]
    if not any(row.state in _LEFT for row in copies):
        effects += signs.at_once(world, said, told.sends)  # nothing arrives any more that would tell it
    return [*effects, *polls.said_anew(world, incident, said.id, effects, now)]


def _unchangeable(said: Utterance) -> bool:
    what = said.spoken
    if what is None:
        return False
    stands_still = what.point is not None and what.live_until is None
    return stands_still or what.poll is not None or what.contact is not None


def raised_together(
    world: World,
    incident: Incident,
    album: Iterable[Beside],
    raised: str | None,
    at: datetime,
    now: datetime,
    never: str | None,
) -> list[Effect]:
    """What was sent in one album is held as closely as any of it: those of ``album`` that are not yet are told anew."""
    effects: list[Effect] = []
    for one in album:
        joined = higher(one.said.raised, raised)
        # Of what was never told, since its label is none, nothing stands anywhere.
        if one.said.stream == incident.id and one.said.versions and joined != one.said.raised:
            said = replace(one.said, raised=joined)
            effects += told_anew(world, incident, one.said, said, one.copies, at, now, never)
    return effects


def held_together(
    world: World, incident: Incident, album: Iterable[Beside], at: datetime, now: datetime
) -> list[Effect]:
    """One of an album has a label that nobody knows: the others are taken away, and wait for it to be put right (see ``relay.mended``)."""
    effects: list[Effect] = []
    for one in album:
        said, rooms = one.said, dict.fromkeys(row.to for row in one.copies if row.kind == "message")
        if said.stream != incident.id or not said.versions:
            continue
        left_out = tell(world, incident, said, now, only=rooms, never=NO_SUCH_LABEL).left_out
        effects += [
            # They meant to raise it: nobody is shown what nobody can name.
            Record(incident.id, SaidAnew(said.id, at, Tlp.RED.word, content(said), left_out, NO_SUCH_LABEL)),
            Remember(replace(said, versions=0)),
            *(effect for room in rooms for effect in away(said, room, one.copies)),
            *signs.put(said, signs.NONE),
        ]
    return effects
