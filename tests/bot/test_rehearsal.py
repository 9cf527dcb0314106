"""The exercise that ships, played by the real program in a process of its own."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from bot import wiring
from bot.cli_seat import Seat, first_words, in_english, usage
from bot.lines import Line
from bot.script import load_script
from bot.settings import Settings
from playbooks.load import PlaybookErrors, load
from storage.verify import verify
from tests.bot.running import FLOOD, LIBRARY, Ran, tocsin


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """A folder in which the exercise was played, and what the program printed."""
    folder = tmp_path_factory.mktemp("rehearsal")
    return folder, tocsin(folder, "run")


def test_run_without_settings_rehearses(played: tuple[Path, Ran]) -> None:
    """With no network and no terminal it says that it is a rehearsal, plays the exercise, and ends well."""
    _, ran = played
    assert ran.code == 0, ran.err
    assert ran.err == ""
    first = "\n".join(ran.out.splitlines()[:8])
    for words in ("rehearsal", "nothing leaves this machine", "/data/rehearsal", "TOCSIN_TELEGRAM_TOKEN"):
        assert words in first
    assert "who was shown what, and why no more" in ran.out
    assert "no agreement be→de" in ran.out
    assert max(map(len, ran.out.splitlines()[9:])) <= 120


def test_what_it_leaves_is_on_file_and_verifies(played: tuple[Path, Ran]) -> None:
    """The rehearsal's log can be listed, read, exported and verified, and a changed copy is found out."""
    folder, _ = played
    assert "X-1" in tocsin(folder, "incidents").out
    listed = json.loads(tocsin(folder, "incidents", "--json").out)["incidents"]
    assert [(one["incident"], one["rehearsal"]) for one in listed] == [("X-1", True)]
    read = tocsin(folder, "log", "x-1")
    assert read.code == 0
    assert "A-1 issued, evacuation" in read.out
    again = tocsin(folder, "log", "X-1", "--json")
    facts = [json.loads(line) for line in again.out.splitlines()]
    assert [one["fact"] for one in facts].count("LogRead") == 1
    exported = tocsin(folder, "export", "X-1", "-o", "crue.zip", "--reason", "Exercise review")
    assert exported.code == 0, exported.err
    verified = tocsin(folder, "verify", "crue.zip")
    assert (verified.code, verified.out.split()[0]) == (0, "Intact.")
    assert "clock" not in verified.out
    whole = (folder / "crue.zip").read_bytes()
    at = whole.index(b'"seq":5')
    (folder / "bad.zip").write_bytes(whole[:at] + b'"seq":6' + whole[at + 7 :])
    bad = tocsin(folder, "verify", "bad.zip")
    assert bad.code == 1
    assert "TAMPERED" in bad.out
    assert "entry 5" in bad.err


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The exercise as objects."""
    ran = tocsin(tmp_path_factory.mktemp("rehearse"), "rehearse", FLOOD, "--json")
    assert ran.code == 0, ran.err
    return [json.loads(line) for line in ran.out.splitlines()]


def test_each_room_sees_its_own_view(events: list[dict[str, Any]]) -> None:
    """The hospital sees how many, the town hall roughly, the Red Cross not; across the border only what to do."""
    copies: dict[str, dict[str, Any]] = {}
    for one in events:
        if one["direction"] == "out" and "· A-2" in one["text"] and one["label"]:
            copies.setdefault(one["room"], one)
    assert copies["chu-liege"]["shown"]["people"] == "exact"
    assert copies["liege-city"]["shown"]["people"] == "range"
    assert "people" in copies["red-cross"]["withheld"]
    assert copies["drk-aachen"]["shown"] == {"action": "exact"}
    assert "no agreement be→de" in copies["drk-aachen"]["withheld"]["what"]
    assert "140" not in copies["liege-city"]["text"]
    assert copies["zuid-limburg"]["text"].splitlines()[3].startswith("Vertrek")


def test_the_story_is_told(events: list[dict[str, Any]]) -> None:
    """Asked for and approved, updated, silence followed up and a call reported, a round, a decision, a roll call, the lead passed on."""
    pictures = [one for one in events if one["direction"] == "picture"]
    assert [one["alert"] for one in pictures] == ["A-1", "A-2"]
    told = [one for one in events if one["direction"] == "out"]

    def seen(room: str, *words: str) -> bool:
        return any(one["room"] == room and all(word in one["text"] for word in words) for one in told)

    assert seen("liege-fire", "Ville de Liège", "411")
    assert seen("liege-city", "Q-1") and seen("liege-fire", "Q-1", "A-1")
    assert seen("vise-city", "⏰", "A-2") and not seen("zuid-limburg", "⏰", "A-2")
    assert seen("private:cyril", "A-2", "+3240000003") and seen("liege-police", "A-2", "En action")
    assert seen("liege-fire", "🆘", "Plus de lits de camp")
    assert seen("zuid-limburg", "K-1", "✗ la salle du Laveu") and not seen("red-cross", "K-1")
    assert seen("private:cyril", "R-1")
    assert seen("liege-city", "H-1") and seen("liege-city", "A-2", "K-1", "400 × camp bed")
    assert seen("aachen-fire", "leitet Ville de Liège")
    assert seen("zuid-limburg", "X-1", "afgesloten")


def test_a_second_rehearsal_goes_on_counting(tmp_path: Path) -> None:
    """Another rehearsal on the same data gets ids of its own, even where the first was cut off."""
    cut = tmp_path / "cut.yaml"
    cut.write_text(
        "script: meuse-flood\ntitle: Cut off\n"
        "people:\n  anne: {name: Anne, partner: liege-city, role: official}\n"
        "steps:\n  - {as: anne, say: /activate meuse-flood}\n"
    )
    assert tocsin(tmp_path, "rehearse", FLOOD, "--script", cut).code == 0
    second = tocsin(tmp_path, "rehearse", FLOOD, "--script", cut)
    assert second.code == 0
    assert "X-2" in second.out
    assert json.loads(tocsin(tmp_path, "incidents", "--json").out)["incidents"][0]["closed_at"] is not None


def test_all_exercises_are_played_in_one_folder(tmp_path: Path) -> None:
    """Persons of one exercise are not those of another, though both be called Paul: each that ships ends well after the others.

    Under each alert every room of whoever it is for is named, the one with nothing too, and why it has nothing.
    """
    told: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(LIBRARY.glob("*.script.yaml")):
        ran = tocsin(tmp_path, "rehearse", path.with_name(path.name.replace(".script", "")), "--json")
        assert (ran.code, ran.err) == (0, ""), path.name
        told[path.name.partition(".")[0]] = [json.loads(line) for line in ran.out.splitlines()]
    for name, said in told.items():
        rooms = {
            partner: sum("alerts" in room.for_ for room in who.rooms if not room.exercises)
            for partner, who in load(LIBRARY / f"{name}.yaml").playbook.partners.items()
        }
        for picture in (one for one in said if one["direction"] == "picture"):
            rows = [row for row in picture["partners"] if row["room"]]
            assert rows
            for partner in {row["partner"] for row in rows}:
                assert sum(row["partner"] == partner for row in rows) == rooms[partner], (picture["alert"], partner)
    wanted = next(one for one in told["strasbourg-attack"] if "suspects" in one.get("fields", ()))
    [left_out] = [row for row in wanted["partners"] if row["room"] and row["sees"] == ["nothing"]]
    assert (left_out["partner"], left_out["room"]) == ("police-67", "Telegram")
    assert left_out["withheld"] == ["suspects, which is needed: its network may not carry TLP:RED"]


def test_a_step_that_cannot_be_played_says_who_where_and_what_to_do(tmp_path: Path) -> None:
    """The person, the room, what was wanted, what there was instead, and what to mend are in the one line."""
    script = tmp_path / "stuck.yaml"
    begun = (
        "script: meuse-flood\ntitle: Stuck\n"
        "people:\n  anne: {name: Anne, partner: liege-city, role: official}\n"
        "steps:\n  - {as: anne, say: /activate meuse-flood}\n"
    )
    script.write_text(begun + "  - {as: anne, tap: send}\n")
    stuck = tocsin(tmp_path, "rehearse", FLOOD, "--script", script)
    assert stuck.code == 1
    assert "step 2 cannot be played: Anne (anne) was to tap 'send' in liege-city (Telegram)" in stuck.err
    assert "what was said there last is “Crue de la Meuse" in stuck.err
    assert "Mend this step, or what leads to it" in stuck.err
    script.write_text(
        begun + "  - {as: anne, say: /alert evacuation action=leave where=Visé}\n  - {as: anne, tap: send}\n"
    )
    other = tocsin(tmp_path, "rehearse", FLOOD, "--script", script)
    assert "last message with buttons offers" in other.err and "Ville de Visé" in other.err


def test_a_person_moved_to_another_partner_is_another_person(tmp_path: Path) -> None:
    """A script that is changed between two rehearsals on the same data is played as it now stands."""
    for partner in ("liege-fire", "liege-city"):
        script = tmp_path / f"{partner}.yaml"
        script.write_text(
            "script: meuse-flood\ntitle: Moved\n"
            f"people:\n  anne: {{name: Anne, partner: {partner}, role: official}}\n"
            "steps:\n  - {as: anne, say: /activate meuse-flood}\n"
            f"  - {{as: anne, in: {partner}, say: /alert evacuation action=leave where=Chênée}}\n"
        )
        ran = tocsin(tmp_path, "rehearse", FLOOD, "--script", script)
        assert (ran.code, ran.err) == (0, "")
    assert "revient à : Ville de Liège" not in ran.out
    assert "Brouillon D-2" in ran.out, "D-1 is what the fire service could have asked the town hall for"


def test_a_playbook_in_which_something_is_wrong_is_told_of(tmp_path: Path) -> None:
    """What check calls an error keeps no exercise from being played, and is said in one line on standard error; a warning is not."""
    key = "liege-fire+919482e8+BC1G8gWAWcmcfkRdwQrzB7mTeXglub+nWlwQFBx0EZYO"
    (tmp_path / "x.script.yaml").write_text(
        "script: meuse-flood\ntitle: T\n"
        "people:\n  anne: {name: Anne, partner: liege-city, role: official}\n"
        "steps:\n  - {as: anne, say: /activate meuse-flood}\n"
    )
    book, source = tmp_path / "x.yaml", FLOOD.read_text()
    for line, wrong in ((f'witness: "{key}"', False), (f"witness: >-\n      {key}", True)):
        book.write_text(source.replace("  liege-fire:\n", f"  liege-fire:\n    {line}\n", 1))
        ran = tocsin(tmp_path, "rehearse", book)
        assert ran.code == 0
        assert ran.err == (f"{book}: used all the same, with an error; see tocsin check {book}\n" if wrong else "")


def test_a_wrong_script_is_told_with_its_places(tmp_path: Path) -> None:
    """What is wrong in a script is told like what is wrong in a playbook: file, line, column."""
    script = tmp_path / "x.yaml"
    script.write_text(
        "script: meuse-flood\ntitle: T\n"
        "people: {anne: {name: A, partner: nowhere}}\nsteps:\n  - {as: bob, say: hello}\n"
    )
    with pytest.raises(PlaybookErrors) as wrong:
        load_script(script, load(FLOOD))
    assert [(one.line, one.what) for one in wrong.value.errors] == [
        (3, "there is no partner nowhere"),
        (5, "there is no person bob"),
    ]


def test_the_shipped_scripts_load() -> None:
    """Each exercise that ships fits the playbook beside it."""
    scripts = sorted(LIBRARY.glob("*.script.yaml"))
    assert scripts
    for path in scripts:
        load_script(path, load(path.with_name(path.name.replace(".script", ""))))


async def test_a_seat_taps_and_replies(tmp_path: Path) -> None:
    """At the prompt a button is meant by its label, how that begins, its command's last word or its emoji; a reply is one."""
    book = load(FLOOD)
    script = load_script(FLOOD.with_name("meuse-flood.script.yaml"), book)
    settings = Settings(data=tmp_path / "data")
    async with wiring.rehearsal(settings, {"meuse-flood": book}, book) as (stage, _):
        await stage.enrol(script.people)
        opened = script.model_copy(update={"steps": script.steps[:7]})
        assert [told async for told in stage.play(opened)]
        assert stage.alert == "A-1"
        seat = Seat(stage, script.people)

        async def said(line: str) -> str:
            return "\n".join([told.text async for told in seat.take(line) if isinstance(told, Line)])

        assert "En action" in await said("liege-fire> tap EN ACT")
        assert "In actie" in await said("zuid-limburg> tap acting")
        assert "Gesehen" in await said("drk-aachen> tap [Gesehen]")
        assert "Vu" in await said("chu-liege> tap 👀")
        assert "Ville de Visé · Vu" in await said("vise-city> reply vu")
        with pytest.raises(LookupError, match="offers En action, Vu, Impossible"):
            await said("red-cross> tap nothing")
        assert "/ack A-1" in usage(stage, await first_words(stage))
        assert any("as anne" in line for line in in_english(stage, script.people))


async def test_in_a_private_chat_a_copy_is_asked_for_and_comes_as_a_file(tmp_path: Path) -> None:
    """``private:greta`` is what the rehearsal itself prints: the copy that comes there is told with name, size and place, and verifies."""
    book = load(FLOOD)
    script = load_script(FLOOD.with_name("meuse-flood.script.yaml"), book)
    async with wiring.rehearsal(Settings(data=tmp_path / "data"), {"meuse-flood": book}, book) as (stage, _):
        await stage.enrol(script.people)
        assert [told async for told in stage.play(script.model_copy(update={"steps": script.steps[:2]}))]
        seat = Seat(stage, script.people)
        stage.received = tmp_path / "received"

        async def took(line: str) -> list[Line]:
            return [told async for told in seat.take(line) if isinstance(told, Line)]

        asked, *_, came = await took("private:greta> /export because why")
        assert (asked.sender, asked.room) == ("Greta", "private:greta")
        path = tmp_path / "received" / "X-1-liege-governor.zip"
        assert came.attached == f"[file {path.name}, {path.stat().st_size:,} bytes] It lies in {path}"
        assert path.stat().st_mode & 0o777 == 0o600
        assert verify(path).code in (0, 2)
        assert [one.attached for one in await took("private:greta> /export because again")][-1].endswith("-2.zip")
        await took("as anne")
        assert (await took("private:cyril> /help"))[0].sender == "Cyril"
        assert (await took("private:coordinator/telegram> /help"))[0].network == "telegram"
        for nobody in ("private:nobody", "private:greta/telegram", "private:greta/post", "private:"):
            with pytest.raises(LookupError, match="`rooms` lists them"):
                await took(f"{nobody}> /help")
        assert "private:greta> /export because WHY" in usage(stage, await first_words(stage))


async def test_what_is_advised_makes_sense_at_that_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An alert that is open and unanswered, in a room of the reader's own language; once it is over, `/status`."""
    monkeypatch.setenv("LC_ALL", "nl_NL.UTF-8")
    book = load(FLOOD)
    script = load_script(FLOOD.with_name("meuse-flood.script.yaml"), book)
    async with wiring.rehearsal(Settings(data=tmp_path / "data"), {"meuse-flood": book}, book) as (stage, _):
        await stage.enrol(script.people)
        assert await first_words(stage) == ("zuid-limburg", "/status")
        assert [told async for told in stage.play(script.model_copy(update={"steps": script.steps[:7]}))]
        seat = Seat(stage, script.people)
        assert await first_words(stage) == ("zuid-limburg", "/ack A-1")
        assert [told async for told in seat.take("zuid-limburg> /ack A-1 acting")]
        room, words = await first_words(stage)
        assert (stage.language(room), words) == ("nl", "/ack A-1") and room != "zuid-limburg"
        monkeypatch.setenv("LC_ALL", "C.UTF-8")
        assert (await first_words(stage))[1] == "/ack A-1"
        assert [told async for told in seat.take("liege-city> /cancel A-1 mistake")]
        assert [told async for told in seat.take("liege-city> tap ✅")]
        assert (await first_words(stage))[1] == "/status"


def test_run_without_an_exercise_says_so(tmp_path: Path) -> None:
    """Where no script lies beside the playbook, that is said, and what can be done about it."""
    (tmp_path / "alone.yaml").write_bytes(FLOOD.read_bytes())
    ran = tocsin(tmp_path, "run", PLAYBOOKS="alone.yaml")
    assert ran.code == 0
    assert "There is no exercise to play" in ran.out
    assert "alone.script.yaml" in ran.out
    missing = tocsin(tmp_path, "log", "I-1")
    assert (missing.code, "rehearsals" in missing.err) == (2, False)


def test_what_is_on_file_is_named_by_its_kind(played: tuple[Path, Ran]) -> None:
    """Asked for an incident that is not there, it says that what is on file is a rehearsal's, and where."""
    missing = tocsin(played[0], "log", "I-1")
    assert missing.code == 2
    assert "only rehearsals are on file, in " in missing.err
    assert "data/rehearsal: X-1" in missing.err


def test_what_verify_says(played: tuple[Path, Ran]) -> None:
    """It says why before the verdict, counts in plain words, tells how to keep a checkpoint, and takes an older export."""
    folder, _ = played
    for name in ("first.zip", "second.zip"):
        assert tocsin(folder, "export", "X-1", "-o", name, "--reason", "Review").code == 0
    first = tocsin(folder, "verify", "first.zip")
    assert "It shows everything: all " in first.out
    assert "--checkpoint first.zip" in first.out
    assert "Evidence: self-asserted. No witness has seen this log" in first.out
    second = tocsin(folder, "verify", "second.zip", "--checkpoint", "first.zip")
    assert (second.code, "is a part of it" in second.out) == (0, True)
    with zipfile.ZipFile(folder / "first.zip") as archive:
        archive.extractall(folder / "unpacked")
        with zipfile.ZipFile(folder / "again.zip", "w", zipfile.ZIP_DEFLATED) as other:
            for one in archive.namelist():
                other.writestr(one, archive.read(one))
    again = tocsin(folder, "verify", "again.zip")
    assert (again.code, len(again.err.splitlines())) == (2, 1)
    assert again.out.startswith("Intact inside, but not the file that was exported.")
    assert tocsin(folder, "verify", "unpacked").code == 0
    assert (
        tocsin(folder, "verify", "first.zip", "--checkpoint", folder / "data" / "rehearsal" / "signing.key").code == 2
    )
