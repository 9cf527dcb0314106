"""A playbook's file is changed while an incident runs: the whole program, with its log, on the rehearsal networks."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bot import loading, wiring
from bot.lines import Line
from bot.outgoing import Tokens
from bot.rehearsal import Stage
from bot.script import Player
from bot.settings import Settings
from bot.step import carry_out
from handlers.world import World
from playbooks.load import load, parse
from playbooks.rooms import RoomRef
from storage.effects import Record
from storage.facts import IncidentOpened, PlaybookReloaded
from tests.bot.running import FLOOD, tocsin

ANNE = Player(name="Anne", partner="liege-city", role="official", network="telegram")
GRETA = Player(name="Greta", partner="liege-governor", role="coordinator", network="matrix")
GERT = Player(name="Gert", partner="liege-governor", role="coordinator", network="matrix")
ROOM = RoomRef("telegram", "-1")
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ABROAD = "{permit: [what], to: {jurisdiction: de}, purpose: life-safety}"
NGO = "{permit: [where], as: area, to: {kind: ngo}, purpose: life-safety}"


async def said(stage: Stage, player: tuple[str, Player], words: str) -> str:
    """What all rooms are shown after somebody has said something, or tapped what is in brackets."""
    key, who = player
    room = stage.room(f"{who.partner}/{who.network}")
    assert room is not None
    identity = stage.identity(key, who.network)
    if words.startswith("["):
        news = stage.tap(room, identity, who.name, words.strip("[]"))
    else:
        news = stage.say(room, identity, who.name, words)
    return "\n".join([told.text async for told in news if isinstance(told, Line) and told.direction == "out"])


async def test_an_incident_goes_by_the_new_version_once_two_have_agreed(tmp_path: Path) -> None:
    """Read again, shown, agreed to by a second person, told to every room, kept through a restart, and verified."""
    file = tmp_path / "meuse-flood.yaml"
    file.write_bytes(FLOOD.read_bytes())
    book = load(file)
    settings = Settings(data=tmp_path / "data")
    async with wiring.rehearsal(settings, {"meuse-flood": book}, book) as (stage, bot):
        await stage.enrol({"anne": ANNE, "greta": GRETA, "gert": GERT})
        await said(stage, ("anne", ANNE), "/activate meuse-flood")
        assert "suit Crue de la Meuse, version 1" in await said(stage, ("anne", ANNE), "/playbook")
        text = FLOOD.read_text()
        assert text.count(ABROAD) == 1
        file.write_text(text.replace("version: 1\n", "version: 2\n").replace(ABROAD, ABROAD[:-1] + ", under: emric}"))
        shown = await said(stage, ("greta", GRETA), "/playbook reload")
        assert "version 2" in shown and "Ouvre" in shown
        assert "Deux personnes" in await said(stage, ("greta", GRETA), "[✅]")
        file.unlink()  # what was shown is what is used, whatever becomes of the file
        told = await said(stage, ("gert", GERT), "[✅]")
        for words in ("Nouvelles règles", "Nieuwe regels", "Neue Regeln"):
            assert words in told
        facts = await bot.engine._store.facts("X-1")
        [reloaded] = [kept for kept in facts if isinstance(kept.fact, PlaybookReloaded)]
        assert reloaded.playbook_sha256 == book.digest
        assert facts[-1].playbook_sha256 == reloaded.fact.digest
        again, _ = await loading.load(bot.engine._store, World("x", {"meuse-flood": book}, {}))
        assert again.book_of(again.incidents["X-1"]).playbook.version == 2
    log = tocsin(tmp_path, "log", "X-1").out
    assert "Under meuse-flood version 2 from here on" in log
    assert tocsin(tmp_path, "export", "X-1", "-o", "x.zip", "--reason", "review").code == 0
    verified = tocsin(tmp_path, "verify", "x.zip")
    assert (verified.code, verified.out.split()[0]) == (0, "Intact.")


async def test_a_file_with_errors_changes_nothing(tmp_path: Path) -> None:
    """Neither one that cannot be read as a playbook, nor one that the checks refuse."""
    file = tmp_path / "meuse-flood.yaml"
    file.write_bytes(FLOOD.read_bytes())
    book = load(file)
    settings = Settings(data=tmp_path / "data")
    async with wiring.rehearsal(settings, {"meuse-flood": book}, book) as (stage, _):
        await stage.enrol({"anne": ANNE, "greta": GRETA})
        await said(stage, ("anne", ANNE), "/activate meuse-flood")
        file.write_text("playbook: meuse-flood\n")
        assert "erreurs" in await said(stage, ("greta", GRETA), "/playbook reload")
        text = FLOOD.read_text()
        file.write_text(text.replace(NGO, "{permit: [victims], to: {kind: ngo}, purpose: life-safety}"))
        assert "erreur" in await said(stage, ("greta", GRETA), "/playbook reload")
        file.unlink()
        assert "ne peut pas être lu" in await said(stage, ("greta", GRETA), "/playbook reload")


def test_the_version_in_use_keeps_the_name_of_its_file_through_a_restart() -> None:
    """What was proposed before a restart comes from the database, and its file must be found again at the next /playbook."""
    old = load(FLOOD)
    kept = parse(old.source.replace(b"version: 1\n", b"version: 2\n"), "meuse-flood of I-1")
    world = World("x", {"meuse-flood": old}, {old.digest: old, kept.digest: kept})
    opened = IncidentOpened("I-1", "meuse-flood", 1, None, "P-1", None, ROOM, "watch", False, False, "coordinator")
    reloaded = PlaybookReloaded("meuse-flood", 2, kept.digest, old.digest, "P-1", "P-2", None, 0, 0)
    effects = [Record("I-1", opened), Record("I-1", reloaded)]
    after = carry_out(world, effects, NOW, Tokens(b"seed"), {}, {}).world
    assert after.shelf["meuse-flood"].digest == kept.digest
    assert after.shelf["meuse-flood"].file == str(FLOOD)
