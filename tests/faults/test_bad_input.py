"""Input that is broken, forged, odd or too long: a clear word or none, never a crash, and the rest goes on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.emulators.forked import Forked
from tests.emulators.program import Program
from tests.emulators.synapse import SynapseServer
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.telegram_town import Message
from tests.stories.crisis import ADMIN, ANNE, BRAM, CARL, DRK, LIBRARY, RED_CROSS, TOWN_HALL, Crisis, crisis

NOBODYS = -1001000000999
BROKEN = """playbook: broken
version: one
title: {en: Broken}
langauges: [en]
"""


def _program(telegram: TelegramEmulator, folder: Path, playbooks: Path) -> Program:
    settings = {
        "PLAYBOOKS": str(playbooks),
        "ADMINS": f"telegram:{ADMIN}",
        "TELEGRAM_TOKEN": telegram.token,
        "TELEGRAM_BASE_URL": telegram.url,
        "TELEGRAM_LIMITS": "off",
    }
    return Forked(folder, settings)


async def test_a_broken_playbook_is_left_out_with_every_error_and_its_place(tmp_path: Path) -> None:
    """Beside a good playbook a broken one is told, error by error; alone it ends the program with exit code 2."""
    shelf = tmp_path / "books"
    shelf.mkdir()
    broken = shelf / "broken.yaml"
    broken.write_text(BROKEN)
    (shelf / "torn.yaml").write_text("playbook: [torn\nversion: 1\n")
    async with TelegramEmulator() as tg:
        program = _program(tg, tmp_path, shelf)
        try:
            with pytest.raises(RuntimeError, match="ended with 2"):
                await program.start()
            said = program.words()
            assert f"{broken}:2:10: " in said
            assert f"{broken}:4:1: " in said
            assert "languages" in said
            assert f"{shelf / 'torn.yaml'}:2:8: " in said
            assert "Traceback" not in said

            (shelf / "meuse-flood.yaml").write_text(LIBRARY.read_text())
            tg.user(ADMIN, "Ada", "en")
            tg.group(TOWN_HALL, "Town hall")
            program.log.unlink()
            await program.start()
            assert f"{broken}:2:10: " in program.words()
            await tg.say(TOWN_HALL, ADMIN, "/activate meuse-flood")
            await tg.wait_message(TOWN_HALL, "I-1")
            await tg.say(TOWN_HALL, ADMIN, "/activate broken")
            await tg.wait_message(TOWN_HALL, "broken")
            assert await program.stop() == 0
        finally:
            await program.kill()


async def _answer(town: Crisis, chat: int, user: int, text: str, **more: Any) -> str:
    """The bot's next words after somebody's, and not those that it says of itself."""
    tg = town.telegram
    said = await tg.say(chat, user, text, **more)
    answers = lambda: [m.text for m in tg.messages(chat) if m.id > said.id and not _is_post(m.text)]  # noqa: E731
    return (await tg.wait_for(answers))[0]


def _is_post(text: str) -> bool:
    """Whether it is the log's signed state, which comes a minute after the incident began: on a slow machine, in the middle of the test."""
    return "\u2014 story " in text


async def _forge(tg: TelegramEmulator, message: Message, user: int, data: str) -> None:
    """A tap with data of the sender's making: a client may send any."""
    query = str(9_000_000 + len(tg.queries))
    tg.queries[query] = True
    shown = {"id": query, "from": tg.users[user], "message": tg.shown(message), "data": data}
    tg.tell("callback_query", {**shown, "chat_instance": "1"}, message.chat)


TOO_LONG, TOO_MUCH, UNKNOWN, NO_DRAFT, STATUS = "3000", "8000", "/help", "brouillon", "Phase"

ODD: tuple[tuple[str, str], ...] = (
    ("/note " + "x" * 70_000, TOO_MUCH),
    ("/note " + "👩‍🚒" * 1_000, "Noté"),
    ("/note \x00\x01\x1b[31m\u202eabc\u202c", "Noté"),
    ("/note \ud83d half", "Noté"),
    ("/note\u00a0nbsp", "Noté"),
    ("/" + "z" * 4_000, UNKNOWN),
    ("/stat\ud83d", "/sta"),
    ("/alérte", "/alert"),
    ("/ack-A-1", "/ack"),
    ("/ack_A_1", "/ack"),
    ("/ status", STATUS),
    ("//status", STATUS),
    ("!status", STATUS),
    ("/STATUS@Tocsin_Bot", STATUS),
    ("\u200b/status", STATUS),
    ("\ufeff /status", STATUS),
    ("/status\n\n\n", STATUS),
    ("/alert evacuation action=leave " + "y" * 70_000, TOO_MUCH),
    ("/alert evacuation action=leave " + "🌊" * 4_096, TOO_LONG),
    ("/draft D-1 drop", "D-1"),
    ("/alert evacuation action={action.__class__} {0} {} <b>&amp;", "Partez"),
    ("/draft D-2 set 1 ²", "choix"),
    ("/draft D-2 set 1 " + "9" * 5_000, "choix"),
    ("/draft D-2 area 1", "choix"),
    ("/stauts", "/status"),
    ("/draft D-2 drop", "D-2"),
    ("/draft", NO_DRAFT),
    ("/draft D-1 send", NO_DRAFT),
    ("/draft D-99999999999 send", NO_DRAFT),
    ("/ack", "réponse"),
    ("/ack A-99999999999999999999 seen", "réponse"),
    ("/ack A-1 " + "q" * 300, "A-1"),
    ("/invite " + "r" * 400, "/invite"),
    ("/bind " + "<b>" * 100, "coordination"),
    ("/lang " + "<i>" * 30, "/lang"),
    ("/revoke P-1; drop table", "retiré"),
    ("/close yes", "coordination"),
    ("/log " + "l" * 3_000, "auditeurs"),
    ("/activate " + "<u>&" * 100, "<u>&"),
    ("/alert evacuation people=99999999999999999999999", "12"),
    ("/alert evacuation action=leave people=-1", "12"),
    ('/alert evacuation action=leave where="' + "w" * 2_999 + '"', "territoire"),
    ("/alert evacuation tlp=purple action=leave", "purple"),
    ("/alert evacuation nonsense=1", "nonsense"),
    ("/alert " + "<b>" * 50, "<b>"),
    ("/danger off", "danger"),
    ("/ask nothing", "/alert"),
    ("/start nonsense", "code"),
)
"""What an official writes in her room, and a piece of the answer."""


async def test_odd_words_get_a_clear_answer_or_none_and_the_bot_goes_on(synapse: SynapseServer, tmp_path: Path) -> None:
    """Dozens of odd messages, taps and events: commands of a partner's people are always answered, and nothing breaks."""
    async with crisis(synapse, tmp_path) as town:
        tg = town.telegram
        tg.group(NOBODYS, "Nobody's")
        tg.users[999] = {"id": 999, "is_bot": True, "first_name": "Other bot", "username": "other_bot"}
        await town.start()
        await tg.say(TOWN_HALL, CARL, "/activate meuse-flood")
        await tg.wait_message(TOWN_HALL, "I-1")
        await town.enrol(ANNE, "official", "liege-city")
        await town.program.at_rest()
        for text, expected in ODD:
            answer = await _answer(town, TOWN_HALL, ANNE, text)
            assert expected in answer, f"{text[:60]!r} was answered {answer[:300]!r}"
        await tg.say(TOWN_HALL, ANNE, "²")  # no answer to anything: it is talk
        await _strangers(town)
        await _taps(town)
        await _matrix(town)
        assert STATUS in await _answer(town, TOWN_HALL, ANNE, "/status")
        await town.program.at_rest()
        said = town.program.log.read_text()
        assert "Traceback" not in said
        assert "could not be handled" not in said
        assert "stumbled" not in said
        assert await town.program.stop() == 0


async def _strangers(town: Crisis) -> None:
    """Who is not a partner's person, or not a person, or no longer says what they said."""
    tg = town.telegram
    before = len(tg.messages(NOBODYS))
    await tg.say(NOBODYS, CARL, "chatter among neighbours")
    await tg.say(NOBODYS, CARL, "/roll 2d6")
    await tg.say(NOBODYS, CARL, "/status@other_bot")
    assert "/bind" in await _answer(town, NOBODYS, CARL, "/status")
    assert len(tg.messages(NOBODYS)) == before + 1

    anonymous = await tg.anonymous(TOWN_HALL, "/close I-1 yes")
    refused = await tg.wait_message(TOWN_HALL, "anonyme", after=anonymous.id)
    await tg.say(TOWN_HALL, 999, "/status")
    await tg.anonymous(TOWN_HALL, "chatter of the group")
    typed = await tg.say(TOWN_HALL, ANNE, "wait")
    await tg.edit(TOWN_HALL, typed.id, "/status")
    await tg.say(TOWN_HALL, ANNE, "", sticker={"file_id": "x"})
    await tg.say(TOWN_HALL, ANNE, "chatter, with 1/2 and /etc/passwd inside")
    tg.tell("poll", {"id": "1"}, TOWN_HALL)
    after = await tg.say(TOWN_HALL, ANNE, "/status")
    await tg.wait_message(TOWN_HALL, STATUS, after=after.id)
    between = [m.text[:80] for m in tg.messages(TOWN_HALL) if refused.id < m.id < after.id and not _is_post(m.text)]
    assert between == []


async def _taps(town: Crisis) -> None:
    """Forged taps, and taps on what is somebody else's."""
    tg = town.telegram
    said = await tg.say(TOWN_HALL, ANNE, "/alert evacuation action=leave wave")
    preview = await tg.wait_message(TOWN_HALL, "wave", after=said.id)
    draft = next(data for row in preview.buttons for _, data in row if data.endswith(" send")).split()[1]
    foreign = await tg.say(DRK, BRAM, "/status")
    theirs = await tg.wait_message(DRK, "I-1", after=foreign.id)
    for data in ("\x00\x01" * 32, "🌊" * 16, "/" + "q" * 63, "{}" * 32, "/draft D-1 send; x", f"/draft {draft} sendd"):
        await _forge(tg, theirs, BRAM, data)
    await _forge(tg, theirs, BRAM, f"/draft {draft} send")
    await _forge(tg, theirs, BRAM, f"/draft {draft} drop")
    await _forge(tg, theirs, BRAM, "/close I-1 yes")
    await tg.press(TOWN_HALL, preview.id, BRAM, f"/draft {draft} send")
    last = await tg.say(DRK, BRAM, "/status")
    await tg.wait_message(DRK, "I-1", after=last.id)
    await tg.say(TOWN_HALL, ANNE, "/status")
    await town.program.at_rest()
    assert not any("🚨" in m.text for chat in (DRK, RED_CROSS) for m in tg.messages(chat)), "a forged tap sent an alert"
    await tg.press(TOWN_HALL, preview.id, ANNE, f"/draft {draft} drop")
    await tg.wait_for(lambda: any("wave" not in m.text and draft in m.text for m in tg.messages(TOWN_HALL)))


async def _matrix(town: Crisis) -> None:
    """Events that a Matrix client may send, well formed or not; the largest that the server takes."""
    ada, fire = town.ada, town.rooms["liege-fire"]
    odd: tuple[dict[str, Any], ...] = (
        {},
        {"msgtype": "m.text"},
        {"msgtype": "m.text", "body": None},
        {"msgtype": "m.text", "body": {"a": 1}},
        {"msgtype": 7, "body": "/status"},
        {"msgtype": "m.text", "body": ""},
        {"msgtype": "m.image", "body": "/status", "url": 5},
        {"msgtype": "m.text", "body": "chatter", "m.relates_to": "nonsense"},
        {"msgtype": "m.text", "body": "chatter", "m.relates_to": {"m.in_reply_to": {"event_id": 5}}},
    )
    for content in odd:
        said = await ada.send(fire, "m.room.message", content)
    await ada.send(fire, "m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": said, "key": "✅"}})
    await ada.send(fire, "m.reaction", {"m.relates_to": {"rel_type": 7, "key": 5}})
    before = len(ada.messages(fire))
    await ada.say(fire, "/note " + "x" * 40_000)
    await ada.say(fire, "/stauts \u202e\u0000 <b>&{}", **{"m.relates_to": "nonsense"})
    await ada.wait_seen(lambda seen: seen.room == fire and seen.sender == town.bot and "/status" in seen.body)
    said_since = [b for b in ada.messages(fire)[before:] if "/note" not in b and "stauts" not in b and not _is_post(b)]
    assert len(said_since) == 1


async def test_an_alert_too_long_for_one_message_arrives_in_parts_in_order(
    synapse: SynapseServer, tmp_path: Path
) -> None:
    """Words of 3,000 characters in two fields: parts in order on Telegram, the buttons on the last, verbatim; one on Matrix."""
    async with crisis(synapse, tmp_path) as town:
        tg = town.telegram
        await town.start()
        await tg.say(TOWN_HALL, CARL, "/activate meuse-flood")
        await tg.wait_message(TOWN_HALL, "I-1")
        await town.enrol(ANNE, "official", "liege-city")
        await town.program.at_rest()
        what = " ".join(f"<w{n}&{{}}>" for n in range(330))[:3_000].rstrip()
        access = " ".join(f"r{n}<b>" for n in range(380))
        said = await tg.say(TOWN_HALL, ANNE, f'/alert evacuation action=leave where="Chênée" access="{access}" {what}')
        asked = await tg.wait_for(
            lambda: next((m for m in tg.messages(TOWN_HALL) if m.id > said.id and m.buttons), None)
        )
        assert asked is not None
        await tg.press(TOWN_HALL, asked.id, ANNE, "/draft D-1 send")
        await town.program.at_rest()
        await tg.press(TOWN_HALL, asked.id, ADMIN, "/draft D-1 send")
        seen = await town.ada.wait_message(town.rooms["liege-fire"], "A-1")
        assert what in seen.body
        assert access in seen.body
        await town.program.at_rest()
        parts = [m for m in tg.messages(TOWN_HALL) if m.id > asked.id and ("<w1&" in m.text or "r1<b>" in m.text)]
        assert [bool(part.buttons) for part in parts] == [False, True]
        assert "🚨" in parts[0].text
        assert what in parts[0].text + parts[1].text
        assert access.split() == [
            word
            for part in parts
            for word in part.text.replace("<b>.", "<b>").split()
            if re.fullmatch(r"r\d+<b>", word)
        ]
        assert (parts[0].silent, parts[1].silent) == (False, True)
        await tg.press(TOWN_HALL, parts[1].id, CARL, "/ack A-1 seen")
        await tg.wait_message(TOWN_HALL, "A-1", after=parts[1].id)
        assert await town.program.stop() == 0
