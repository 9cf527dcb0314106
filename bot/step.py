"""One decision, carried out: its effects as what is to be committed and sent, in the world that they make.

A ``Step`` touches nothing else, so that a decision that fails half-way leaves nothing behind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import assert_never

from bot import copies, outgoing
from bot.speech import CAPTIONS, Split
from handlers import marks
from handlers.world import World
from playbooks.load import Book
from playbooks.rooms import Network, RoomRef
from storage import canonical, deployment, incident
from storage.effects import (
    PROMPT,
    Drop,
    Effect,
    EndPoll,
    Enter,
    Hush,
    Leave,
    Postpone,
    React,
    Record,
    Redirect,
    Remember,
    RemoveBeside,
    RemoveCopy,
    RemoveMessage,
    Repeat,
    Send,
    Stamp,
    Unwake,
    Wake,
)
from storage.facts import (
    DEPLOYMENT,
    IDS,
    Fact,
    IncidentOpened,
    MessageTracked,
    PlaybookProposed,
    PlaybookReloaded,
    RemovalAsked,
)
from storage.facts.codec import as_read
from storage.store import (
    Kept,
    OutboxRow,
    ReactionKept,
    ThreadKept,
    Utterance,
)

Splits = Mapping[Network, Split]
"""How each network that is set up cuts a message into parts."""

NOT_SET_UP = "this network is not set up here"

_SHORT = re.compile(r"([A-Z])-(\d+)")


@dataclass
class Step:
    """What one decision leads to. ``refused``: what it would send over a network that is not there."""

    world: World
    records: list[tuple[str, str | None, Fact]] = field(default_factory=list)
    sends: list[OutboxRow] = field(default_factory=list)
    refused: list[OutboxRow] = field(default_factory=list)
    redirects: list[tuple[RoomRef, RoomRef]] = field(default_factory=list)
    wakes: dict[str, Wake | Unwake] = field(default_factory=dict)
    drops: dict[str, str] = field(default_factory=dict)
    hushes: list[Hush] = field(default_factory=list)
    postponed: list[tuple[str, timedelta]] = field(default_factory=list)
    counters: dict[str, int] = field(default_factory=dict)
    playbooks: dict[str, bytes] = field(default_factory=dict)
    said: list[Utterance] = field(default_factory=list)
    reactions: list[ReactionKept] = field(default_factory=list)
    threads: list[ThreadKept] = field(default_factory=list)
    stamps: list[Stamp] = field(default_factory=list)

    def why_dropped(self, row: OutboxRow) -> str:
        """Why a message was taken back, by its name or that of one of its parts."""
        return self.drops.get(row.token) or self.drops[row.send]


def carry_out(
    world: World,
    effects: Sequence[Effect],
    now: datetime,
    tokens: outgoing.Tokens,
    splits: Splits,
    subjects: Mapping[str, OutboxRow],
    parts: Mapping[str, Sequence[OutboxRow]] | None = None,
    captions: Mapping[Network, int] = MappingProxyType({}),
) -> Step:
    """The step that these effects make.

    Facts come first: a message is sent in the world that its own decision made, and carries that world's epoch. ``subjects`` has the messages that
    a ``Repeat`` names, by their Send. ``parts`` has rows as they stand: those that a ``RemoveBeside`` or a ``RemoveMessage`` names, by that name, and
    all about what is amended, ended or removed as a copy, by its id. ``captions``: what fits under a file on each network.

    Raises Misdirected, and whatever a fact that makes no sense leads to.
    """
    step = Step(world)
    _record(step, [(one.stream, one.fact) for one in effects if isinstance(one, Record)], now)
    shown: list[tuple[str, Fact]] = []
    cuts: dict[tuple[Network, str], Sequence[str]] = {}
    for effect in effects:
        match effect:
            case Record():
                pass
            case Send():
                if marks.silenced(world, step.world, effect):
                    continue
                effect = marks.marked(step.world, effect, now)
                epoch = step.world.epoch(step.world.incidents.get(effect.stream))
                secret = effect.to.chat in step.world.who.ever_encrypted
                split = _cutting(cuts, splits, effect.to.network)
                effect = _editing(step.world, effect)
                token, under = tokens.next(), captions.get(effect.to.network, CAPTIONS)
                if effect.amends:
                    beside = (parts or {}).get(effect.about or "", ())
                    stands, now_shown = copies.standing(beside, effect.to), copies.last_changes(beside)
                    made = outgoing.amended(
                        effect, stands, token, split, epoch, must_encrypt=secret, captions=under, shown=now_shown
                    )
                else:
                    made = outgoing.rows(effect, token, split, epoch, must_encrypt=secret, captions=under)
                if made[0].shows:
                    shown.append((effect.stream, outgoing.disclosed(effect, made[0].send, epoch)))
                if effect.role is not None:
                    about = effect.about or ""
                    tracked = MessageTracked(made[0].send, effect.role, about, effect.partner, effect.to, effect.digest)
                    shown.append((effect.stream, tracked))
                if effect.checkpoint is not None:
                    shown.append((effect.stream, outgoing.posted(effect, effect.checkpoint, made[0].send)))
                _send(step, made, splits)
            case Repeat(send=send, mark=mark):
                row = subjects[send]
                split = _cutting(cuts, splits, row.to.network)
                _send(step, outgoing.repeated(row, mark, tokens.repeat, split), splits)
            case Enter(room=room):
                _send(step, [outgoing.passage(room, tokens.next(), "join")], splits)
            case Leave(room=room):
                _send(step, [outgoing.passage(room, tokens.next(), "leave")], splits)
            case Wake(key=key) | Unwake(key=key):
                step.wakes[key] = effect
            case Redirect(old=old, new=new):
                step.redirects.append((old, new))
            case Drop(send=send, reason=reason):
                step.drops[send] = reason
            case Hush():
                step.hushes.append(effect)
            case Postpone(stream=stream, by=by):
                step.postponed.append((stream, by))
            case RemoveCopy(send=send, about=about, room=room):
                gone = [one for one in copies.standing((parts or {}).get(about, ()), room) if one.send == send]
                _send(step, [copies.withdrawal(effect, one, tokens.next()) for one in gone], splits)
            case RemoveBeside(send=send):
                there = [one for one in (parts or {}).get(send, ()) if one.state not in copies.NEVER_STOOD]
                _send(step, [copies.withdrawal(effect, one, tokens.next()) for one in there], splits)
            case RemoveMessage(send=send):
                for part in (parts or {}).get(send, ()):
                    if part.state in ("sent", "unknown"):
                        made_one = outgoing.removal(effect, part, tokens.next())
                        asked = RemovalAsked(part.token, made_one.token, effect.about, effect.partner, part.to)
                        shown.append((effect.stream, asked))
                        _send(step, [made_one], splits)
            case EndPoll(said=said, room=room):
                polls = copies.polls((parts or {}).get(said, ()), room)
                _send(step, [copies.ending(effect, one, tokens.next()) for one in polls], splits)
            case React():
                _send(step, [outgoing.reaction(effect, tokens.next())], splits)
            case Remember(what=what):
                if isinstance(what, Utterance):
                    step.said.append(what)
                elif isinstance(what, ThreadKept):
                    step.threads.append(what)
                else:
                    step.reactions.append(what)
            case Stamp():
                step.stamps.append(effect)
            case _:
                assert_never(effect)
    _record(step, shown, now)
    return step


def _editing(world: World, send: Send) -> Send:
    """A live message edits the one that stands there already, if its network has accepted that."""
    known = world.incidents.get(send.stream)
    if send.role is None or send.role == PROMPT or known is None:
        return send
    live = known.live.get((send.role, send.about or "", send.to))
    return replace(send, replaces=live.message) if live is not None and live.message is not None else send


def _cutting(cuts: dict[tuple[Network, str], Sequence[str]], splits: Splits, network: Network) -> Split:
    """Cut each text once, however many rooms it goes to."""

    def cut(html: str) -> Sequence[str]:
        if (network, html) not in cuts:
            cuts[network, html] = splits[network](html) if network in splits else [html]
        return cuts[network, html]

    return cut


def _send(step: Step, rows: list[OutboxRow], splits: Splits) -> None:
    for row in rows:
        if row.state == "refused":
            step.sends.append(row)
            step.refused.append(row)
        elif row.to.network in splits:
            step.sends.append(row)
        else:
            refused = replace(row, state="refused", reason=NOT_SET_UP)
            step.sends.append(refused)
            step.refused.append(refused)


def _record(step: Step, facts: Sequence[tuple[str, Fact]], now: datetime) -> None:
    """Append facts, and let the world be what they make it."""
    streams: dict[str, list[Kept]] = {}
    compose = canonical.Once(canonical.composed)
    for stream, fact in facts:
        fact = as_read(fact, compose)
        _count(step, fact)
        if isinstance(fact, IncidentOpened):
            digest: str | None = _keep(step, step.world.shelf[fact.playbook])
        else:
            if isinstance(fact, PlaybookProposed):
                _keep(step, _found(step.world, fact))
            elif isinstance(fact, PlaybookReloaded):
                # What begins from now on begins with it too; its file is read again at the next start.
                # What was kept through a restart has lost the name of that file; the playbook that it replaces has it.
                new = replace(step.world.kept[fact.digest], file=step.world.shelf[fact.playbook].file)
                step.world = replace(step.world, shelf={**step.world.shelf, fact.playbook: new})
            known = step.world.incidents.get(stream)
            digest = known.digest if known else _opened(streams.get(stream, ()))
        if stream != DEPLOYMENT and digest is None:
            raise ValueError(f"there is no incident {stream}")
        streams.setdefault(stream, []).append(Kept(stream, _next(step.world, stream, streams), now, digest, fact))
        step.records.append((stream, digest, fact))
    if streams:
        step.world = _folded(step.world, streams, step.counters)


def _keep(step: Step, book: Book) -> str:
    """Keep a playbook's bytes with the database; its digest."""
    step.world = replace(step.world, kept={**step.world.kept, book.digest: book})
    step.playbooks[book.digest] = book.source
    return book.digest


def _found(world: World, fact: PlaybookProposed) -> Book:
    book = world.found[fact.playbook].book
    if book is None or book.digest != fact.digest:
        raise ValueError(f"{fact.playbook} was proposed as {fact.digest}, and is not that")
    return book


def _opened(facts: Sequence[Kept]) -> str | None:
    return facts[0].playbook_sha256 if facts else None


def _next(world: World, stream: str, streams: Mapping[str, list[Kept]]) -> int:
    known = world.incidents.get(stream)
    return (known.size if known else 0) + len(streams.get(stream, ()))


def _folded(world: World, streams: Mapping[str, list[Kept]], counters: Mapping[str, int]) -> World:
    who, incidents = world.who, dict(world.incidents)
    for stream, facts in streams.items():
        if stream == DEPLOYMENT:
            who = deployment.fold(who, facts)
        else:
            became = incident.fold(incidents.get(stream), facts)
            if became is not None:
                incidents[stream] = became
    return replace(world, who=who, incidents=incidents, counters={**world.counters, **counters})


def _count(step: Step, fact: Fact) -> None:
    """Remember the highest number of each letter, so that none is ever used twice."""
    attribute = IDS.get(type(fact))
    found = _SHORT.fullmatch(getattr(fact, attribute)) if attribute is not None else None
    if found is not None:
        letter, number = found[1], int(found[2])
        step.counters[letter] = max(number, step.counters.get(letter, 0), step.world.counters.get(letter, 0))
