"""A copy of the log, asked for in chat, comes as a file into a private chat on real networks, and verifies."""

from __future__ import annotations

from pathlib import Path

from storage.facts import DEPLOYMENT
from tests.emulators.matrix_person import MatrixPerson
from tests.emulators.synapse import SynapseServer
from tests.stories.crisis import ADMIN, ANNE, CARL, RED_CROSS, TOWN_HALL, Crisis, crisis


async def _copy_on_telegram(town: Crisis, chat: int, words: str) -> tuple[str, bytes]:
    """The file that came with these words, and its name."""
    tg = town.telegram
    await tg.wait_for(lambda: [one for one in tg.messages(chat) if one.file is not None and words in one.text])
    message = next(one for one in tg.messages(chat) if one.file is not None and words in one.text)
    kept = tg.files[str(message.file)]
    return kept.name, kept.data


async def _copy_on_matrix(ada: MatrixPerson, chat: str, words: str) -> tuple[str, bytes]:
    shown = await ada.wait_shown(chat, lambda one: one.file_name is not None and words in one.text)
    return str(shown.file_name), await ada.open_file(shown)


async def test_each_auditor_has_the_copy_that_is_theirs_in_private(synapse: SynapseServer, tmp_path: Path) -> None:
    """A partner's auditor asks in the partner's Telegram group, the deployment's in an encrypted chat on Matrix; no room gets a file. It is asked again after it
    is over and the program was started anew."""
    async with crisis(synapse, tmp_path) as town:
        tg, ada = town.telegram, town.ada
        await town.start()
        await tg.say(TOWN_HALL, CARL, "/activate meuse-flood Crue de l'Ourthe")
        await tg.wait_message(TOWN_HALL, "I-1")
        await town.enrol(ANNE, "auditor", "liege-city")
        chat = await ada.wait_any_invite(besides=town.rooms.values())
        await ada.join(chat)
        await ada.wait_member(chat, town.bot)
        after = max((m.id for m in tg.messages(ADMIN)), default=0)
        await tg.say(ADMIN, ADMIN, "/invite auditor")
        code = (await tg.wait_message(ADMIN, "/start ", after=after)).text.split("/start ")[1].split()[0]
        await ada.say(chat, f"/start {code}")
        await ada.wait_message(chat, "/help")

        await ada.say(chat, "/export because the court asks")
        name, whole = await _copy_on_matrix(ada, chat, "the court asks")
        assert name == "I-1-auditor.zip"
        await tg.say(TOWN_HALL, ANNE, "/export parce que le bourgmestre demande")
        await tg.wait_message(TOWN_HALL, "conversation privée")
        own_name, own = await _copy_on_telegram(town, ANNE, "I-1")
        assert own_name == "I-1-liege-city.zip"
        await ada.say(chat, "/audit readings because the court asks")
        told = await ada.wait_message(chat, "a copy for Ville de Liège")
        assert "a copy for auditor" in told.body
        assert not [one for room in (TOWN_HALL, RED_CROSS) for one in tg.messages(room) if one.file is not None]
        await tg.say(ADMIN, ADMIN, "/close I-1 yes")
        await tg.wait_message(TOWN_HALL, "I-1, ")
        assert await town.program.stop() == 0
        await town.program.start()
        await ada.say(chat, "/audit I-1 leads because the court asks")
        await ada.wait_message(chat, "IILE-SRI Liège")
        assert await town.program.stop() == 0

        for path, data in ((tmp_path / "all.zip", whole), (tmp_path / "own.zip", own)):
            path.write_bytes(data)
            code_, out, err = await town.program.run("verify", str(path))
            assert code_ in (0, 2) and "TAMPERED" not in out, out + err
        assert len(own) < len(whole)
        code_, out, _ = await town.program.run("ask", "I-1", "readings", "--reason", "to see")
        assert "made a copy (bundle) for auditor" in out and "because: the court asks" in out
        assert "made a copy (bundle) for liege-city" in " ".join(out.split())
        code_, out, _ = await town.program.run("log", DEPLOYMENT, "--reason", "to see")
        assert code_ == 0


async def test_a_copy_that_is_too_large_is_named_with_the_command_that_makes_it(
    synapse: SynapseServer, tmp_path: Path
) -> None:
    """The network takes no file of that size: words say so, and where it can be had."""
    async with crisis(synapse, tmp_path) as town:
        tg = town.telegram
        tg.allow_sizes(upload=1_000, download=1_000)
        await town.start()
        await tg.say(TOWN_HALL, CARL, "/activate meuse-flood Crue de l'Ourthe")
        await tg.wait_message(TOWN_HALL, "I-1")
        await town.enrol(ANNE, "auditor", "liege-city")
        await tg.say(ANNE, ANNE, "/export jsonl parce que le bourgmestre demande")
        told = await tg.wait_message(ANNE, "tocsin export I-1 --for liege-city")
        assert told.file is None and "trop grande" in told.text
        assert await town.program.stop() == 0
