"""Stops and starts: what was begun goes on, what was decided is the same, and a stop is quick whatever is in flight."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

from bot import loading
from bot.cli_rehearse import script_beside
from bot.filed import REHEARSAL_FILE
from bot.settings import Settings
from bot.wiring import rehearsal
from handlers.world import World
from playbooks.load import load
from storage.database import open_store
from storage.deployment import Deployment
from storage.deployment import fold as fold_deployment
from storage.facts import DEPLOYMENT
from storage.incident import fold as fold_incident
from tests.emulators.program import Program
from tests.emulators.synapse import SynapseServer
from tests.stories.crisis import ANNE, CARL, DRK, LIBRARY, RED_CROSS, TOWN_HALL, Crisis, crisis

MANY = [-1001000000300 - number for number in range(30)]


async def test_a_draft_survives_a_kill_between_its_questions(synapse: SynapseServer, tmp_path: Path) -> None:
    """Asked step by step on Telegram and on Matrix, killed after each answer: the next question comes, nothing is asked twice."""
    async with crisis(synapse, tmp_path, plain=("staedteregion",), encrypted=("liege-fire",)) as town:
        tg, ada, region = town.telegram, town.ada, town.rooms["staedteregion"]
        await town.start()
        await tg.say(TOWN_HALL, CARL, "/activate meuse-flood")
        await ada.wait_message(region, "I-1")
        await town.enrol(ANNE, "official", "liege-city")
        await town.program.at_rest()

        asked = await _say(town, "/alert shelter")
        await ada.say(region, "/alert shelter")
        await _asked(town, region, 1)
        await town.program.kill()
        await tg.press(TOWN_HALL, asked, ANNE, "Restez à l'intérieur, aux étages")
        await ada.say(region, "2")
        await town.start()
        await tg.wait_message(TOWN_HALL, "D-1", after=asked)
        await _asked(town, region, 2)
        await town.program.at_rest()
        await town.program.kill()
        await town.start()
        asked = await _say(town, "la digue tient")
        await ada.say(region, "der Damm hält")
        await _asked(town, region, 3)
        await town.program.at_rest()
        await town.program.kill()
        said = await tg.say(TOWN_HALL, ANNE, "Chênée")
        await ada.say(region, "Aachen")
        await town.start()
        people = await tg.wait_message(TOWN_HALL, "D-1", after=said.id)
        await _asked(town, region, 4)
        await town.program.at_rest()
        await tg.press(TOWN_HALL, people.id, ANNE, "Passer")
        await ada.say(region, "12")
        preview = await tg.wait_message(TOWN_HALL, "la digue tient", after=people.id)
        shown = (
            await ada.wait_seen(lambda s: s.room == region and s.sender == town.bot and "der Damm hält" in s.body)
        ).body
        assert "Chênée" in preview.text
        assert "Restez" in preview.text
        assert "Aachen" in shown
        await town.program.kill()
        await town.start()
        await tg.press(TOWN_HALL, preview.id, ANNE, "/draft D-1 send")
        await ada.say(region, "/draft D-2 send")
        await tg.wait_message(RED_CROSS, "la digue tient")
        await tg.wait_for(lambda: len([m for m in tg.messages(RED_CROSS) if re.search(r"A-[12]\b", m.text)]) >= 1)
        await town.program.at_rest()
        assert len([m for m in tg.messages(RED_CROSS) if "la digue tient" in m.text]) == 1
        assert await town.program.stop() == 0


async def _say(town: Crisis, text: str) -> int:
    """What Anne writes in the town hall's group; the id of the question it leads to."""
    said = await town.telegram.say(TOWN_HALL, ANNE, text)
    return (await town.telegram.wait_message(TOWN_HALL, "D-1", after=said.id)).id


async def _asked(town: Crisis, region: str, times: int) -> None:
    """Wait until the bot has asked so many questions about the second draft on Matrix."""
    ada = town.ada

    def questions() -> int:
        return len({s.event_id for s in ada.timeline(region) if s.sender == town.bot and "D-2" in s.body})

    await ada.wait_seen(lambda _: questions() >= times)
    assert questions() == times


async def test_a_stop_during_a_slow_alert_is_quick_and_loses_nothing(synapse: SynapseServer, tmp_path: Path) -> None:
    """SIGTERM while thirty rooms are being written to on a network that answers late: exit code 0 within 5 s, all reached after."""
    async with crisis(synapse, tmp_path, plain=(), encrypted=()) as town:
        tg = town.telegram
        rooms = "".join(f"      - {{telegram: {chat}}}\n" for chat in MANY)
        text = town.playbook.read_text()
        own = f"      - {{telegram: {RED_CROSS}}}\n"
        assert own in text
        town.playbook.write_text(text.replace(own, own + rooms))
        for chat in MANY:
            tg.group(chat, f"Group {chat}")
        await town.start()
        await tg.say(TOWN_HALL, CARL, "/activate meuse-flood")
        await tg.wait_message(MANY[-1], "I-1")
        await town.enrol(ANNE, "official", "liege-city")
        await town.program.at_rest()
        said = await tg.say(TOWN_HALL, ANNE, '/alert shelter action=shelter where="Chênée" slow water')
        preview = await tg.wait_message(TOWN_HALL, "D-1", after=said.id)
        await town.program.at_rest()
        for number, chat in enumerate(MANY):
            tg.fault("delay-before" if number % 2 else "delay-after", chat=chat, seconds=60.0)
        await tg.press(TOWN_HALL, preview.id, ANNE, "/draft D-1 send")
        await tg.wait_for(lambda: _alerted(town, MANY[0]))
        began = time.monotonic()
        assert await town.program.stop() == 0
        took = time.monotonic() - began
        assert took < 10.0, f"it took {took:.1f} s to stop"
        tg.clear_faults()
        await town.start()
        await town.program.at_rest()
        assert [chat for chat in (*MANY, RED_CROSS) if not _alerted(town, chat)] == []
        for chat in (*MANY, RED_CROSS):
            copies = _alerted(town, chat)
            assert len([text for text in copies if "⚠" not in text]) <= 1, copies
        assert await town.program.stop() == 0
        assert "Traceback" not in town.program.log.read_text()


def _alerted(town: Crisis, chat: int) -> list[str]:
    return [m.text for m in town.telegram.messages(chat) if "slow water" in m.text]


async def test_the_world_after_a_restart_is_the_one_before(synapse: SynapseServer, tmp_path: Path) -> None:
    """After a whole crisis and kill -9, the world folded from the log equals the one folded step by step, and says the same."""
    async with crisis(synapse, tmp_path, how=Program) as town:
        tg, ada = town.telegram, town.ada
        fire, zuid = town.rooms["liege-fire"], town.rooms["vr-zl"]
        await town.start()
        await tg.say(TOWN_HALL, CARL, "/activate meuse-flood Crue de l'Ourthe")
        await ada.wait_message(fire, "I-1")
        await town.enrol(ANNE, "official", "liege-city")
        await tg.say(TOWN_HALL, ANNE, '/alert shelter action=shelter where="Chênée" people=12 on attend')
        preview = await tg.wait_message(TOWN_HALL, "D-1")
        await tg.press(TOWN_HALL, preview.id, ANNE, "/draft D-1 send")
        at_cross = await tg.wait_message(RED_CROSS, "A-1")
        await tg.press(RED_CROSS, at_cross.id, CARL, "/ack A-1 acting")
        await ada.say(fire, "/danger la digue cède")
        await ada.say(fire, "/alert water-level gauge=Chênée level=312")
        await ada.wait_message(fire, "D-2")
        await ada.say(fire, "/draft D-2 send")
        at_zuid = await ada.wait_message(zuid, "A-2")
        await ada.react(zuid, at_zuid.event_id, "✅")
        await tg.say(TOWN_HALL, ANNE, "/lang room nl")
        await tg.say(TOWN_HALL, ANNE, "/note nog een woord")
        await tg.say(TOWN_HALL, ANNE, "/alert shelter")
        await tg.wait_message(TOWN_HALL, "D-3")
        await tg.kick(DRK, CARL)
        await tg.migrate(RED_CROSS)
        await tg.say(TOWN_HALL, ANNE, "/status")
        await tg.wait_message(TOWN_HALL, "Fase")
        await town.program.at_rest()
        await town.program.kill()
        before = await _worlds(town, tmp_path)
        await town.start()
        said = await tg.say(TOWN_HALL, ANNE, "/status A-1")
        await tg.wait_message(TOWN_HALL, "A-1", after=said.id)
        await town.program.at_rest()
        assert await town.program.stop() == 0
        after = await _worlds(town, tmp_path)
        assert after.incidents["I-1"].alerts == before.incidents["I-1"].alerts
        assert after.incidents["I-1"].drafts == before.incidents["I-1"].drafts
        assert after.who.bindings == before.who.bindings
        assert after.who.people == before.who.people
        assert after.counters == before.counters


async def _worlds(town: Crisis, folder: Path) -> World:
    """The world as a start loads it, held equal to the one that grew fact by fact as they were committed."""
    book = load(town.playbook)
    store = await open_store(folder / "data", "story")
    try:
        empty = World("story", {book.playbook.playbook: book}, {})
        world, sizes = await loading.load(store, empty)
        assert sizes["I-1"] == len(await store.facts("I-1"))
        grown = empty.who
        for kept in await store.facts(DEPLOYMENT):
            grown = fold_deployment(grown, [kept])
        assert grown == world.who
        incident = None
        for kept in await store.facts("I-1"):
            incident = fold_incident(incident, [kept])
        assert incident == world.incidents["I-1"]
        return world
    finally:
        await store.close()


async def test_the_world_that_runs_is_the_one_the_log_gives(tmp_path: Path) -> None:
    """After the shipped exercise the running engine's world, never folded from the log, equals what a start would load."""
    settings = Settings(data=tmp_path)
    book = load(LIBRARY)
    script = script_beside(book)
    assert script is not None
    async with rehearsal(settings, {book.playbook.playbook: book}, book) as (stage, bot):
        await stage.enrol(script.people)
        async for _ in stage.play(script):
            pass
        await bot.settled()
        live = bot.engine.world
        store = await open_store(settings.rehearsal_folder, settings.rehearsal_name, REHEARSAL_FILE)
        try:
            loaded, _ = await loading.load(store, replace(live, who=Deployment(), incidents={}, kept={}, counters={}))
            closed = live.incidents.keys() - loaded.incidents.keys()
            for stream in sorted(closed):
                loaded, _ = await loading.with_incident(store, loaded, stream)
        finally:
            await store.close()
        assert live.incidents
        assert loaded.who == live.who
        assert loaded.incidents == live.incidents
        assert loaded.counters == live.counters
