"""The files of messages: fetched before a claim, waited for where that helps, and gone without where it does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.clock import VirtualClock
from bot.courier import Courier
from bot.fetching import HOLDS_UP, LONGEST_FETCH, WHOLE_ALBUM
from bot.networks.port import Delayed, FileGone, FileTooLarge, NetworkDown, Outcome, Outgoing, Refused, Sent, Spooled
from bot.spool import PlaceRemains
from handlers import signs
from handlers.events import Delivery
from playbooks.spoken import File
from storage.effects import Drop, React, Urgency
from storage.facts import DEPLOYMENT
from tests.bot.carrying import Says, photo, send, speech, texts
from tests.bot.floor import START, FakeNetwork, Floor, floor, message, room
from tests.patience import PATIENCE


class Shelf:
    """Files that a test gives or refuses, and what was asked for."""

    def __init__(self, *trouble: Exception) -> None:
        self.trouble = list(trouble)
        self.asked: list[tuple[str, bool]] = []
        self.out = 0
        self.gate: asyncio.Event | None = None
        self.slow: dict[str, asyncio.Event] = {}
        self.given_up: list[str] = []

    async def hold(self, file: File, *, place: bool) -> Spooled:
        self.asked.append((file.name, place))
        if self.gate is not None:
            await self.gate.wait()
        if file.name in self.slow:
            try:
                await self.slow[file.name].wait()
            except asyncio.CancelledError:
                self.given_up.append(file.name)
                raise
        if self.trouble:
            raise self.trouble.pop(0)
        self.out += 1
        return Spooled(Path(file.name), file.name, file.type, file.size or 0, file)

    def release(self, spooled: Spooled) -> None:
        self.out -= 1


def shelved(on: Floor, shelf: Shelf) -> Floor:
    """The same floor, with files."""
    on.courier = Courier(on.store, on.clock, on.engine._networks, on.engine, files=shelf)
    on.engine.hand_to(on.courier)
    return on


def files(on: Floor) -> list[list[str]]:
    return [[file.name for file in out.files] for out in on.network.sent]


async def lacking(on: Floor) -> dict[str, list[str | None]]:
    """Of each thing that was said, why its copies, and their changes, left without its file, as is on file and as a turn of the engine knows it."""
    names = dict.fromkeys(str(out.about) for one in on.decide.of(Delivery) if (out := one.row) is not None)  # type: ignore[attr-defined]
    return {name: [signs.lacks(row) for row in await on.store.copies(DEPLOYMENT, name)] for name in names}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0)


async def test_a_file_goes_with_its_words_and_is_let_go(tmp_path: Path) -> None:
    """It is fetched once, with its place only where that may be known, and nobody holds it afterwards."""
    says, shelf = Says(), Shelf()
    async with floor(tmp_path, says.decisions, clock=VirtualClock(START), running=False) as on:
        await shelved(on, shelf).start()
        await send(on, says, speech("look", file=photo()))
        assert (texts(on.network.sent), files(on)) == (["Ada\nlook"], [["1.jpg"]])
        assert shelf.asked == [("1.jpg", False)] and shelf.out == 0


async def test_a_file_that_its_network_does_not_take_goes_without(tmp_path: Path) -> None:
    """Where photos may not be sent the words arrive, and say that there was one; also after a wait. Where words may not either, that is final."""

    async def answer(out: Outgoing) -> Outcome:
        tries = len(network.sent)
        if out.files or "secret" in out.text:
            return Refused("not enough rights to send photos")
        return Delayed(5, "slow") if tries == 2 else Sent("m")

    says, shelf, clock = Says(), Shelf(), VirtualClock(START)
    network = FakeNetwork(answers=answer)
    async with floor(tmp_path, says.decisions, network, clock=clock, running=False) as on:
        await shelved(on, shelf).start()
        await send(on, says, speech("look", file=photo()))
        clock.advance(6)
        await on.settled()
        assert files(on) == [["1.jpg"], [], []]
        assert texts(network.sent)[1:] == ["Ada\nlook\n[no 1.jpg]"] * 2
        await send(on, says, speech("secret", "S-2", file=photo(2)))
        for _ in range(2):
            clock.advance(6)
            await on.settled()
        assert files(on)[3:] == [["2.jpg"], []] and await on.store.unsent() == []
        assert [one.became for one in on.decide.of(Delivery)] == ["sent", "refused"]  # type: ignore[attr-defined]
        assert (shelf.asked, shelf.out) == ([("1.jpg", False), ("2.jpg", False)], 0)


async def test_what_cannot_be_had_is_said_in_its_place(tmp_path: Path) -> None:
    """Gone, or not to be cleaned of its place: the words go, and say that there was a file; an edit keeps that."""
    says, shelf = Says(), Shelf(FileGone("too old"), PlaceRemains("odd"), RuntimeError("a fault of ours"))
    async with floor(tmp_path, says.decisions, clock=VirtualClock(START), running=False) as on:
        await shelved(on, shelf).start()
        await send(on, says, *(speech(f"look{n}", f"S-{n}", file=photo(n)) for n in (1, 2, 3)))
        await send(on, says, speech("look!", file=photo(), amends=True))
        looks = [f"Ada\nlook{n}\n[no {n}.jpg]" for n in (1, 2, 3)]
        assert texts(on.network.sent) == [*looks, "Ada\nlook!\n[no 1.jpg]"] and not any(files(on))
        assert not on.network.sent[-1].caption
        assert await lacking(on) == {"S-1": ["not-had", "not-had"], "S-2": ["not-had"], "S-3": ["not-had"]}
        told = [one.copies for one in on.decide.of(Delivery)]  # type: ignore[attr-defined]
        assert all(signs.lacks(row) is not None for rows in told for row in rows if row.state == "sent")


async def test_what_is_too_large_is_not_even_fetched(tmp_path: Path) -> None:
    """Where one network does not give it, or the other does not take it."""
    says, shelf, matrix = Says(), Shelf(), FakeNetwork("matrix", largest_download=500)
    telegram = FakeNetwork(largest_upload=2000)
    async with floor(tmp_path, says.decisions, telegram, matrix, clock=VirtualClock(START), running=False) as on:
        await shelved(on, shelf).start()
        await send(on, says, speech("look", file=photo(size=600)))
        matrix.largest_download = None
        await send(
            on, says, speech("look", "S-2", file=photo(2, size=3000)), speech("look", "S-3", file=photo(3, size=800))
        )
        assert shelf.asked == [("3.jpg", False)] and files(on) == [[], [], ["3.jpg"]]
        shelf.trouble.append(FileTooLarge("its network says so only when it is asked"))
        await send(on, says, speech("look", "S-4", file=photo(4)))
        assert await lacking(on) == {"S-1": ["too-large"], "S-2": ["too-large"], "S-3": [None], "S-4": ["too-large"]}


async def test_others_go_on_while_a_file_is_fetched(tmp_path: Path) -> None:
    """Other rooms at once, alerts into the same room too; its talk waits a little, and passes what takes long."""
    says, shelf, clock = Says(), Shelf(), VirtualClock(START)
    shelf.gate = asyncio.Event()
    async with floor(tmp_path, says.decisions, clock=clock, running=False) as on:
        await shelved(on, shelf).start()
        says.effects += [speech("look", file=photo()), speech("behind", "S-2"), speech("there", "S-3", to=room(3))]
        says.effects += [message(room(2), "alert", urgency=Urgency.ALERT)]
        await on.hear("go")
        await on.network.until_sent(2)
        assert sorted(on.network.texts) == ["Ada\nthere", "alert"]
        await until(lambda: bool(shelf.asked))
        clock.advance(HOLDS_UP)
        await on.network.until_sent(3)
        assert on.network.texts[2] == "Ada\nbehind"
        assert [row.state for row in await on.store.unsent()][:1] == ["pending"]
        shelf.gate.set()
        await on.network.until_sent(4)
        await on.settled()
        assert files(on)[3] == ["1.jpg"] and shelf.out == 0


async def test_a_network_that_is_down_is_asked_again_and_nobody_waits_for_it(tmp_path: Path) -> None:
    """The message steps aside until its file can be had; after an hour its words go alone. An edit and a reaction wait for what they are about."""
    says, clock = Says(), VirtualClock(START)
    shelf = Shelf(NetworkDown("no connection"), NetworkDown("no connection"))
    async with floor(tmp_path, says.decisions, clock=clock, running=False) as on:
        await shelved(on, shelf).start()
        await send(on, says, speech("look", file=photo()), speech("behind", "S-2"))
        await send(on, says, speech("look!", file=photo(), amends=True), React(DEPLOYMENT, "S-1", room(2), "👍"))
        assert texts(on.network.sent) == ["Ada\nbehind"]
        for _ in range(3):
            clock.advance(4)
            await until(lambda: not on.courier._files.active)
            await on.settled()
        assert [out.kind for out in on.network.sent[1:]] == ["message", "edit", "react"]
        assert texts(on.network.sent)[1:3] == ["Ada\nlook", "Ada\nlook!"] and files(on)[1] == ["1.jpg"]
        assert on.network.sent[2].caption and on.network.sent[3].replaces == "m2"
        shelf.trouble += [NetworkDown("no connection")] * 100
        await send(on, says, speech("gone", "S-9", file=photo(9)))
        for _ in range(int(LONGEST_FETCH // 60) + 2):
            clock.advance(61)
            await on.settled()
        assert texts(on.network.sent)[-1].endswith("gone\n[no 9.jpg]")


async def test_files_sent_together_are_an_album(tmp_path: Path) -> None:
    """What waits together goes as one, each row under the name of its own file; what has no file goes alone."""
    says, shelf = Says(), Shelf()
    async with floor(tmp_path, says.decisions, clock=VirtualClock(START), running=False) as on:
        await shelved(on, shelf).start()
        shelf.gate = asyncio.Event()
        at = START - timedelta(seconds=WHOLE_ALBUM)
        album = [speech("" if n > 1 else "look", f"S-{n}", file=photo(n, album="a"), at=at) for n in (1, 2, 3)]
        says.effects += [*album, speech("", "S-4", file=photo(4, album="b"), at=at)]
        await on.hear("go")
        await until(lambda: len(shelf.asked) == 3)
        shelf.gate.set()
        await on.settled()
        assert files(on) == [["1.jpg", "2.jpg", "3.jpg"], ["4.jpg"]] and on.network.texts == ["Ada\nlook", "Ada"]
        assert shelf.out == 0 and await on.store.unsent() == []


async def test_a_crash_while_a_file_is_fetched_leaves_nothing_unknown(tmp_path: Path) -> None:
    """Nothing was claimed yet: after the start it is fetched and sent, once."""
    says, shelf, clock = Says(), Shelf(), VirtualClock(START)
    shelf.gate = asyncio.Event()
    async with floor(tmp_path, says.decisions, clock=clock, running=False) as on:
        await shelved(on, shelf).start()
        says.effects.append(speech("look", file=photo()))
        await on.hear("go")
        await until(lambda: bool(shelf.asked))
        await on.kill()
    async with floor(tmp_path, None, clock=clock, running=False) as on:
        await shelved(on, Shelf()).start()
        await on.settled()
        assert files(on) == [["1.jpg"]]


async def test_an_album_of_which_one_file_is_slow_holds_up_nothing(tmp_path: Path) -> None:
    """The others of it leave without the slow one, and so does all that is said after it; the slow one follows when it is here."""
    says, shelf, clock = Says(), Shelf(), VirtualClock(START)
    shelf.slow = {"2.jpg": asyncio.Event()}
    async with floor(tmp_path, says.decisions, clock=clock, running=False) as on:
        await shelved(on, shelf).start()
        album = [speech("" if n > 1 else "look", f"S-{n}", file=photo(n, album="a")) for n in (1, 2, 3)]
        says.effects += [*album, speech("behind", "S-4")]
        await on.hear("go")
        await until(lambda: len(shelf.asked) == 3)
        assert on.network.sent == []
        clock.advance(HOLDS_UP)
        await on.network.until_sent(2)
        await send(on, says, speech("later", "S-5"))
        assert files(on) == [["1.jpg", "3.jpg"], [], []] and on.network.texts[1:] == ["Ada\nbehind", "Ada\nlater"]
        shelf.slow["2.jpg"].set()
        await on.network.until_sent(4)
        await on.settled()
        assert files(on)[3] == ["2.jpg"] and shelf.out == 0 and await on.store.unsent() == []


async def test_an_album_of_which_one_file_is_taken_back_leaves_without_it(tmp_path: Path) -> None:
    """Nobody waits any more for the file of what was deleted before it left."""
    says, shelf, clock = Says(), Shelf(), VirtualClock(START)
    shelf.slow = {"2.jpg": asyncio.Event()}
    async with floor(tmp_path, says.decisions, clock=clock, running=False) as on:
        await shelved(on, shelf).start()
        says.effects += [speech("" if n > 1 else "look", f"S-{n}", file=photo(n, album="a")) for n in (1, 2)]
        await on.hear("go")
        await until(lambda: len(shelf.asked) == 2)
        [second] = await on.store.copies(DEPLOYMENT, "S-2")
        says.effects.append(Drop(second.send, "taken back"))
        await on.hear("go")
        clock.advance(WHOLE_ALBUM)
        await on.network.until_sent(1)
        assert files(on) == [["1.jpg"]]


async def test_an_album_waits_until_it_can_be_expected_to_be_whole(tmp_path: Path) -> None:
    """What is taken back within a second, as by a label on its last picture, has not left; what is more urgent passes."""
    says, shelf, clock = Says(), Shelf(), VirtualClock(START)
    async with floor(tmp_path, says.decisions, clock=clock, running=False) as on:
        await shelved(on, shelf).start()
        says.effects += [speech("", f"S-{n}", file=photo(n, album="a")) for n in (1, 2)]
        await on.hear("go")
        await until(lambda: len(shelf.asked) == 2)
        says.effects.append(replace(speech("alert", "A-1"), carries=None, urgency=Urgency.ALERT))
        await on.hear("go")
        await on.network.until_sent(1)
        [first] = await on.store.copies(DEPLOYMENT, "S-1")
        says.effects.append(Drop(first.send, "taken back"))
        await on.hear("go")
        clock.advance(WHOLE_ALBUM)
        await on.network.until_sent(2)
        await on.settled()
        assert files(on) == [[], ["2.jpg"]] and shelf.out == 0


async def test_a_file_that_never_comes_to_an_end_is_gone_without(tmp_path: Path) -> None:
    """A connection that hangs for an hour gives way to the words, and is not kept open for them."""
    says, shelf, clock = Says(), Shelf(), VirtualClock(START)
    shelf.slow = {"1.jpg": asyncio.Event()}
    async with floor(tmp_path, says.decisions, clock=clock, running=False) as on:
        await shelved(on, shelf).start()
        says.effects.append(speech("look", file=photo()))
        await on.hear("go")
        await until(lambda: bool(shelf.asked))
        clock.advance(HOLDS_UP)
        await on.settled()
        assert on.network.sent == []
        clock.advance(LONGEST_FETCH - HOLDS_UP)
        await on.network.until_sent(1)
        assert texts(on.network.sent) == ["09:00 Ada\nlook\n[no 1.jpg]"] and shelf.given_up == ["1.jpg"]


async def test_another_file_in_an_edit_is_handed_over_or_said_to_be_missing(tmp_path: Path) -> None:
    """An edit with another file has it; where that cannot be had its words say so, and nothing is fetched for the same file."""
    says, shelf = Says(), Shelf()
    async with floor(tmp_path, says.decisions, clock=VirtualClock(START), running=False) as on:
        await shelved(on, shelf).start()
        await send(on, says, speech("look", file=photo(1)))
        await send(on, says, speech("look!", file=photo(1), amends=True))
        await send(on, says, speech("no, this", file=photo(2), amends=True))
        shelf.trouble.append(FileGone("too old"))
        await send(on, says, speech("or this", file=photo(3), amends=True))
        assert files(on) == [["1.jpg"], [], ["2.jpg"], []] and shelf.out == 0
        assert texts(on.network.sent)[1:] == ["Ada\nlook!", "Ada\nno, this", "Ada\nor this\n[no 3.jpg]"]
        assert all(out.kind == "edit" and out.caption for out in on.network.sent[1:])


async def test_an_edit_whose_file_is_refused_is_refused(tmp_path: Path) -> None:
    """Who wrote it learns that the earlier file still stands there: nothing is changed in part."""

    async def answer(out: Outgoing) -> Outcome:
        return Refused("no other file") if out.kind == "edit" else Sent("m1")

    says, shelf, network = Says(), Shelf(), FakeNetwork(answers=answer)
    async with floor(tmp_path, says.decisions, network, clock=VirtualClock(START), running=False) as on:
        await shelved(on, shelf).start()
        await send(on, says, speech("look", file=photo(1)))
        await send(on, says, speech("no, this", file=photo(2), amends=True))
        assert files(on) == [["1.jpg"], ["2.jpg"]] and shelf.out == 0
        assert [one.became for one in on.decide.of(Delivery)] == ["sent", "refused"]  # type: ignore[attr-defined]
