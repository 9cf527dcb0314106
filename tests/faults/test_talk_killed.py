"""kill -9 at random moments while people talk: nothing is lost or doubled on Matrix, and on Telegram whatever may be is marked."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from handlers import signs
from playbooks.rooms import RoomRef
from storage.database import open_store
from storage.facts import MessageUnknown, Said
from storage.store import OutboxRow
from tests.emulators.synapse import SynapseServer
from tests.faults.chatter import SIDES, THUMB, Chatter, Line, carried, carried_to_telegram
from tests.faults.lives import Lives
from tests.stories.bridge import FORUM, HALL, TOPIC, bridge

SEED = 20261123
KILLS = 50
EACH = 250
"""Messages said on Telegram, and as many on Matrix."""

LONGEST_LIFE = 2400
"""Turns of the event loop after which a life is over at the latest."""

SETTLES = 120.0
"""Seconds until all is told that was said, at the latest; a busy machine takes long."""

GROUP, SHIPS = RoomRef("telegram", str(HALL)), RoomRef("telegram", str(FORUM), str(TOPIC))


@dataclass
class OnFile:
    """What the program has on file in the end: the tags in the order in which they were heard, rows by tag, tokens of unknown fate."""

    order: list[str]
    rows: dict[str, list[OutboxRow]]
    unknown: set[str]

    def fates(self, tag: str, room: RoomRef) -> list[str]:
        """What became of a copy in a room: of each row that carried it."""
        return [row.state for row in self.rows[tag] if row.to.chat == room.chat and row.kind == "message"]


async def _on_file(folder: Path) -> OnFile:
    store = await open_store(folder / "data", "bridge")
    try:
        facts = [kept.fact for kept in await store.facts("I-1")]
        said = {fact.content["words"].split()[0]: fact.said for fact in facts if isinstance(fact, Said)}
        assert len(said) == sum(isinstance(fact, Said) for fact in facts), "something was heard twice"
        rows = {tag: list(await store.copies("I-1", one)) for tag, one in said.items()}
        return OnFile(list(said), rows, {fact.send for fact in facts if isinstance(fact, MessageUnknown)})
    finally:
        await store.close()


async def test_killed_fifty_times_while_people_talk_nothing_is_lost(synapse: SynapseServer, tmp_path: Path) -> None:
    """500 messages both ways with answers, edits, deletions and reactions: in order, once; what may be missing on Telegram is marked."""
    seed = int(os.environ.get("TALK_SEED", SEED))
    print(f"seed {seed}: TALK_SEED={seed} draws the same again")
    draw, begun = Random(seed), time.monotonic()
    async with bridge(synapse, tmp_path, begun=False) as town, Lives.of(town.program) as lives:
        _without_the_plain_room(tmp_path / "bridge.yaml")
        town.program = lives
        await town.start()
        await town.begin()
        await lives.kill()
        chatter = Chatter(town, town.sealed, draw, EACH)
        async with asyncio.TaskGroup() as people:
            people.create_task(chatter.speak("T"))
            people.create_task(chatter.speak("M"))
            await _killed(chatter, lives, draw)
            print(f"killed {KILLS} times after {time.monotonic() - begun:.1f} s")
            await lives.start()
        await lives.at_rest(SETTLES)
        end = await town.ada.say(town.sealed, "/status")
        await town.sees(town.sealed, lambda one: one.reply_to == end)
        await lives.at_rest()
        assert await lives.stop() == 0
        print(f"at rest after {time.monotonic() - begun:.1f} s")
        kept = await _on_file(tmp_path)
        _check_matrix(chatter, kept)
        _check_telegram(chatter, kept, GROUP)
        _check_telegram(chatter, kept, SHIPS)
        _check_unknown(chatter, kept)
        await _verify(lives, tmp_path)


def _without_the_plain_room(book: Path) -> None:
    """One Matrix room is enough, the encrypted one: on two cores a homeserver takes little."""
    text = book.read_text()
    start = text.index('matrix: "#plain-')
    book.write_text(text[:start] + text[start:].replace(", ops]", "]", 1))


async def _killed(chatter: Chatter, lives: Lives, draw: Random) -> None:
    """Live and die. Whoever has nothing left to do before their time is killed at rest."""
    for life in range(KILLS):
        await chatter.let((life + 1) * EACH // KILLS)
        await lives.live(draw.randrange(1, LONGEST_LIFE))
        end = asyncio.create_task(lives.ended())
        rest = asyncio.create_task(_at_rest(chatter, lives))
        await asyncio.wait({end, rest}, return_when=asyncio.FIRST_COMPLETED)
        rest.cancel()
        await lives.kill()
        assert await end == -9, lives.words()


async def _at_rest(chatter: Chatter, lives: Lives) -> None:
    while True:
        await lives.at_rest(SETTLES)
        if chatter.over:
            return


def _expected(chatter: Chatter, kept: OnFile, own: str) -> list[Line]:
    """What should stand in a room of the channel, in the order in which it was heard; ``own``: what is said there is not carried there."""
    lines = [chatter.said[tag] for tag in kept.order]
    return [line for line in lines if line.tag[0] != own and not line.gone]


def _check_matrix(chatter: Chatter, kept: OnFile) -> None:
    """Every message once, in order, as it was left, and an answer to what it answers."""
    for side in SIDES:
        heard = [tag for tag in kept.order if tag[0] == side]
        # What was taken back before anybody was there to read it, has no words any more.
        assert heard == [line.tag for line in chatter.of(side) if line.tag in heard or not line.gone]
    shown = carried(chatter.town, chatter.room)
    expected = _expected(chatter, kept, "M")
    assert [tag for tag, _ in shown] == [line.tag for line in expected]
    names = {tag: one.event_id for tag, one in shown}
    for line, (_, one) in zip(expected, shown, strict=True):
        assert one.text.partition("\n")[2] == line.words
        assert one.encrypted
        if line.answers is not None and _known(chatter, kept, line):
            there = chatter.said[line.answers]
            assert one.reply_to == (there.message if there.tag[0] == "M" else names[there.tag]), line
    own = {one.event_id: one for one in chatter.town.ada.view(chatter.room)}
    for line in chatter.of("M"):
        if line.reacted and not line.gone and _named(kept, line):
            stands = chatter.town.bot in own[line.message].reactions.get(THUMB, [])
            assert stands is (line.reaction == THUMB), line


def _known(chatter: Chatter, kept: OnFile, line: Line) -> bool:
    """Whether the program knows what somebody answered: what has no known name in their room can be answered, but not found again."""
    answered = chatter.said[line.answers or ""]
    here = line.tag[0] == "M" or answered.tag[0] == "T" or _named(kept, answered)
    return here and not answered.gone


def _check_telegram(chatter: Chatter, kept: OnFile, room: RoomRef) -> None:
    """In order, never twice; what is missing is of unknown fate; what is known is as it was left."""
    shown = carried_to_telegram(chatter.town, int(room.id))
    tags = [tag for tag, _ in shown]
    assert len(set(tags)) == len(tags), "something was sent twice"
    expected = _expected(chatter, kept, "T" if room == GROUP else "-")
    certain = [line for line in expected if kept.fates(line.tag, room) == ["sent"]]
    assert [tag for tag in tags if kept.fates(tag, room) == ["sent"]] == [line.tag for line in certain]
    places = [kept.order.index(tag) for tag in tags]
    assert places == sorted(places), "out of order"
    for line in (chatter.said[tag] for tag in kept.order):
        if line.tag[0] != "T" or room != GROUP:
            fates = kept.fates(line.tag, room)
            assert fates in (["sent"], ["unknown"]) or line.gone, (line, fates)
    names = {tag: one.id for tag, one in shown}
    messages = dict(shown)
    for line in certain:
        one = messages[line.tag]
        assert one.text.partition("\n")[2] == line.words
        if line.answers is not None and _known(chatter, kept, line):
            there = chatter.said[line.answers]
            said_here = there.tag[0] == "T" and room == GROUP
            if said_here or kept.fates(there.tag, room) == ["sent"]:
                assert one.reply_to == (int(there.message) if said_here else names[there.tag]), (line, one)
        if line.reacted and room == SHIPS and (line.tag[0] == "T" or _named(kept, line)):
            stands = one.reactions.get(chatter.town.telegram.bot_id, [])
            assert stands == ([line.reaction] if line.reaction is not None else []), (line, one)


def _named(kept: OnFile, line: Line) -> bool:
    """Whether the program knows under which name a copy stands in the Telegram group, where people react."""
    return kept.fates(line.tag, GROUP) == ["sent"]


def _check_unknown(chatter: Chatter, kept: OnFile) -> None:
    """At most what was on its way to each chat at each kill; in the log, and under what was said."""
    unknown = [row for rows in kept.rows.values() for row in rows if row.state == "unknown"]
    talk = {row.token for rows in kept.rows.values() for row in rows}
    assert {row.token for row in unknown} == kept.unknown & talk
    assert all(row.to.network == "telegram" and row.kind == "message" for row in unknown)
    print(f"{len(unknown)} of unknown fate: {_arrived(chatter, kept, unknown)} of them arrived")
    assert 0 < len(unknown) <= 2 * KILLS
    doubtful = {tag for tag, rows in kept.rows.items() if any(row.state == "unknown" for row in rows)}
    for tag, line in chatter.said.items():
        if not line.gone and line.reaction is None:
            assert (_sign(chatter, line) in (signs.SOME, signs.NONE)) is (tag in doubtful), (line, _sign(chatter, line))


def _arrived(chatter: Chatter, kept: OnFile, unknown: Sequence[OutboxRow]) -> int:
    said = {chat: {tag for tag, _ in carried_to_telegram(chatter.town, chat)} for chat in (HALL, FORUM)}
    return sum(tag in said[int(row.to.id)] for tag, rows in kept.rows.items() for row in rows if row in unknown)


def _sign(chatter: Chatter, line: Line) -> str | None:
    """The bot's sign under what somebody said."""
    town = chatter.town
    if line.tag[0] == "T":
        own = town.telegram.chats[HALL].messages[int(line.message)].reactions.get(town.telegram.bot_id, [])
    else:
        [shown] = [one for one in town.ada.view(chatter.room) if one.event_id == line.message]
        own = [emoji for emoji, who in shown.reactions.items() if town.bot in who]
    return next((one for one in own if one in (signs.ALL, signs.SOME, signs.NONE)), None)


async def _verify(lives: Lives, folder: Path) -> None:
    bundle = folder / "log.zip"
    code, out, err = await lives.run("export", "I-1", "-o", str(bundle), "--reason", "test")
    assert code == 0, out + err
    code, out, err = await lives.run("verify", str(bundle))
    assert code == 0, out + err
