"""What somebody's words take over from those that they answer, quote or forward: a label, origins, and in which channels they belong.

A room may be in several channels. Whatever answers something belongs where that was said, and nowhere else: it may speak of it, and show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from handlers.carrying import closed_now, content
from handlers.known_again import tells_of_itself
from handlers.raised import higher
from handlers.world import Request, World
from playbooks.labels import Tlp
from playbooks.restricted import plain
from playbooks.spoken import Spoken
from storage.incident import Incident, Recent
from storage.incident.talk import thing
from storage.store import Utterance

OTHER_CHANNEL = "other-channel"
"""Why something is carried nowhere: what it answers was said in channels that its room is not in, or in several that have nothing in common."""


@dataclass(frozen=True, slots=True)
class Passed:
    """What comes with words: the TLP colour they take over, the jurisdictions whose information they carry, and ``channels``, of each thing that
    they answer or pass on those in which it was said. ``unknown``: nobody can know what they carry.
    """

    raised: str | None = None
    origins: frozenset[str] = frozenset()
    channels: tuple[frozenset[str], ...] = ()
    unknown: bool = False


def within(here: Sequence[str], concerned: Iterable[frozenset[str]]) -> tuple[str, ...]:
    """Of a room's channels those in which all of it was said; of a room in one channel that one, unless something was said elsewhere."""
    found = list(here)
    for channels in concerned:
        found = [one for one in found if one in channels]
    return tuple(found)


def passed_on(world: World, incident: Incident, said: Utterance, spoken: Spoken, request: Request) -> Passed:
    """What quoting, answering and forwarding add.

    ``spoken``: the same as ``said`` has, without its label. What was said before is forwarded with the label it had, or without; what has no words is
    known again by itself.
    """
    answered = _answered(world, incident, request)
    if request.forwarded is None and not tells_of_itself(spoken):
        return answered
    words = {plain(one.html).strip() for one in (said.spoken, spoken) if one is not None} - {""}
    told = words if request.forwarded is not None else set()
    itself = thing(content(replace(said, spoken=spoken)))
    same = [
        (channel, one)
        for channel, recent in incident.talk.items()
        for one in recent
        if told & {t.strip() for t in (one.words or "", *one.former)} or itself in one.things
    ]
    if same:
        return _again(world, incident, said, answered, same)
    wordless = not words and spoken.poll is None
    if request.forwarded == "us" or (request.forwarded == "" and wordless):
        return replace(answered, unknown=True)
    author = world.who.person(request.forwarded) if request.forwarded else None
    partners = world.book_of(incident).playbook.partners
    partner = partners.get(author.partner or "") if author is not None else None
    own = frozenset({partner.jurisdiction}) if partner is not None else frozenset[str]()
    return replace(answered, origins=answered.origins | own)


def _answered(world: World, incident: Incident, request: Request) -> Passed:
    """What it takes over from what it answers, from what began its thread, and from a recap or a count of ours that it answers."""
    origins: frozenset[str] = frozenset()
    channels: list[frozenset[str]] = []
    for one in (request.answers, request.thread):
        if one is None:
            continue
        origins |= set(one.origins)
        theirs = world.incidents.get(one.stream)
        if one.stream == incident.id or (theirs is not None and theirs.playbook == incident.playbook):
            channels.append(frozenset(one.channels))
    about = request.about
    shown = about.about if about is not None and about.stream == incident.id else None
    if shown is not None and shown.startswith("#"):
        channel, *several = shown.removeprefix("#").split()
        told = [one for one in incident.talk.get(channel, ()) if one.said in several]
        origins = origins.union(*(one.origins for one in told))
        channels.append(frozenset({channel}))
    elif shown is not None and (poll := incident.polls.get(shown.removeprefix("poll "))) is not None:
        origins |= set(poll.origins)
        channels.append(frozenset(poll.channels))
    return Passed(None, origins, tuple(channels))


def _again(
    world: World, incident: Incident, said: Utterance, answered: Passed, same: Sequence[tuple[str, Recent]]
) -> Passed:
    """What was said before is said again: with the label it had, in the channels in which it was said; from another channel, as closely as it was held there."""
    raised = higher(*(one.raised for _, one in same))
    origins = answered.origins.union(*(one.origins for _, one in same))
    channels = list(answered.channels)
    unknown = False
    for name in dict.fromkeys(one.said for _, one in same):
        where = {channel: one for channel, one in same if one.said == name}
        if where.keys() & set(said.channels):
            channels.append(frozenset(where))
            continue
        there = [one.label for one in where.values() if one.label is not None]
        raised = higher(raised, *(Tlp(one.tlp).word for one in there))
        book = world.book_of(incident)
        unknown = unknown or any(closed_now(book, channel, one) for one in there for channel in said.channels)
    return Passed(raised, origins, tuple(channels), unknown)
