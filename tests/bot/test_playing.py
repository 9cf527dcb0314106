"""What people of a rehearsal do with what was said, played by the real program on the networks inside this process."""

from __future__ import annotations

import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot import wiring
from bot.cli_seat import Seat
from bot.lines import Line, as_json
from bot.playing import picture
from bot.rehearsal import Misplayed, Stage
from bot.script import Player, Script, Step
from bot.settings import Settings
from playbooks.load import load
from tests.bot.running import FLOOD

ANNE = Player(name="Anne", partner="liege-city", role="official")
DAAN = Player(name="Daan", partner="zuid-limburg", role="liaison", network="matrix")
PEOPLE = {"anne": ANNE, "daan": DAAN}
OPENED = {"as": "anne", "say": "/activate meuse-flood"}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """The stage of the flood, with Anne on Telegram and Daan on Matrix."""
    book = load(FLOOD)
    async with wiring.rehearsal(Settings(data=tmp_path / "data"), {"meuse-flood": book}, book) as (made, _):
        await made.enrol(PEOPLE)
        yield made


async def played(stage: Stage, *steps: dict[str, Any]) -> list[Line]:
    """What playing these steps told."""
    script = Script.model_validate({"script": "meuse-flood", "title": "T", "people": {}, "steps": steps})
    return [told async for told in stage.play(script) if isinstance(told, Line)]


def out(lines: list[Line], room: str, befell: str = "said") -> list[Line]:
    """What became of the bot's messages in a room."""
    return [one for one in lines if (one.direction, one.room, one.befell) == ("out", room, befell)]


async def test_words_that_are_no_command_are_carried(stage: Stage) -> None:
    """What Anne says in her channel's room is seen in Daan's, on the other network, and his answer under her words."""
    told = await played(stage, OPENED, {"as": "anne", "say": "La digue <tient>"}, {"as": "daan", "reply": "Bien reçu"})
    there = out(told, "zuid-limburg")[-1]
    assert "Anne" in there.text and "La digue <tient>" in there.text
    back = out(told, "liege-city")[-1]
    assert "Daan" in back.text and "Bien reçu" in back.text
    assert back.answers == "La digue <tient>"


async def test_an_edit_a_removal_and_a_reaction_are_carried(stage: Stage) -> None:
    """What is changed is edited, what is taken back is removed, and a reaction is put and taken in the other room."""
    told = await played(
        stage,
        OPENED,
        {"as": "anne", "say": "Niveau 3"},
        {"as": "anne", "say": "Erreur"},
        {"as": "anne", "edit": "Niveau 4", "to": "Niveau"},
        {"as": "daan", "react": "👍", "to": "Niveau 4"},
        {"as": "daan", "unreact": "👍", "to": "Niveau 4"},
        {"as": "daan", "say": "Te vroeg"},
        {"as": "daan", "delete": True},
    )
    [edited] = out(told, "zuid-limburg", "edited")
    assert "Niveau 4" in edited.text and "Niveau 3" in (edited.before or "")
    signs = [one.text for one in out(told, "liege-city", "reacted")]
    assert "👍 to: Niveau 4" in signs
    assert "👍" not in signs[-1] and signs[-1].endswith("to: Niveau 4")
    [removed] = out(told, "liege-city", "removed")
    assert "Te vroeg" in removed.text
    assert [as_json(one)["befell"] for one in (edited, removed)] == ["edited", "removed"]
    assert [one.text for one in told if one.direction == "in"][3:] == [
        "edits: Niveau 4",
        "reacts 👍 to: ▸ Anne · Ville de Liège Niveau 4",
        "takes 👍 back from: ▸ Anne · Ville de Liège Niveau 4",
        "Te vroeg",
        "takes back: Te vroeg",
    ]


async def test_a_picture_is_carried_with_its_words(stage: Stage) -> None:
    """The other room sees the very picture, with the words under it, and the words alone change."""
    told = await played(
        stage, OPENED, {"as": "anne", "picture": "le pont"}, {"as": "anne", "edit": "le pont de Chênée"}
    )
    there = out(told, "zuid-limburg")[-1]
    assert "le pont" in there.text
    assert there.attached.startswith("[photo picture.png, ")
    changed = out(told, "zuid-limburg", "edited")[-1]
    assert "le pont de Chênée" in changed.text
    assert changed.attached == there.attached


def test_a_picture_is_a_picture() -> None:
    """It is a PNG that a program can draw: sides, checksums and as many bytes as it has dots."""
    drawn, other = picture("le pont"), picture("l'école")
    assert drawn == picture("le pont") != other
    assert drawn.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", drawn[16:24])
    at, chunks = 8, {}
    while at < len(drawn):
        [length] = struct.unpack(">I", drawn[at : at + 4])
        kind, data = drawn[at + 4 : at + 8], drawn[at + 8 : at + 8 + length]
        assert struct.unpack(">I", drawn[at + 8 + length : at + 12 + length]) == (zlib.crc32(kind + data),)
        chunks[kind] = data
        at += 12 + length
    assert len(zlib.decompress(chunks[b"IDAT"])) == height * (1 + 3 * width)


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ({"edit": "x"}, "was to edit 'x' in zuid-limburg (Matrix), but Daan said nothing there"),
        ({"delete": True, "to": "dijk"}, "was to delete in zuid-limburg (Matrix), but nothing that Daan said there says 'dijk'"),
        ({"react": "👍", "to": "digue"}, "but nothing that was said there says 'digue'"),
        ({"unreact": "👍"}, "but Daan did not react 👍 to what says"),
    ],
)  # fmt: skip
async def test_what_is_not_there_cannot_be_dealt_with(stage: Stage, step: dict[str, Any], why: str) -> None:
    """A step about a message that nobody said ends the exercise with who, where and why."""
    with pytest.raises(Misplayed) as stuck:
        await played(stage, OPENED, {"as": "daan", **step})
    assert why in str(stuck.value)


@pytest.mark.parametrize(
    "step", [{"say": "x", "to": "y"}, {"edit": "x", "delete": True}, {"delete": False}, {"picture": "x", "to": "y"}]
)
def test_a_step_is_one_thing(step: dict[str, Any]) -> None:
    """Two things at once, and a message named where none is meant, are refused when the script is read."""
    with pytest.raises(ValidationError):
        Step.model_validate({"as": "anne", **step})


async def test_a_seat_does_the_same(stage: Stage) -> None:
    """At the prompt one reacts, changes, takes back and sends a picture with the same words."""
    await played(stage, OPENED)
    seat = Seat(stage, PEOPLE)

    async def said(line: str) -> list[Line]:
        return [told async for told in seat.take(line) if isinstance(told, Line)]

    assert out(await said("liege-city> la digue tient"), "zuid-limburg")
    assert out(await said("zuid-limburg> react 👍"), "liege-city", "reacted")
    assert out(await said("liege-city> edit la digue cède"), "zuid-limburg", "edited")
    assert out(await said("zuid-limburg> picture de dijk"), "liege-city")[-1].attached
    assert out(await said("zuid-limburg> delete"), "liege-city", "removed")
