"""The languages in which a log is told: every sentence in each of them, with the same things filled in; and how times are written."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import playbooks
import storage
from playbooks.rooms import RoomRef
from storage import facts as f
from storage import upkeep
from storage.export import pdf
from storage.export.books import Books
from storage.export.for_whom import AUDITOR
from storage.export.naming import Sought
from storage.export.wording import LANGUAGES
from storage.facts import FACTS
from storage.sentences import Sentences, course, messages, sentence
from storage.tongue import ELSEWHERE, ENGLISH, RECORDED, Tongue, tongue
from storage.unseen import WITHHELD, visible
from tests.storage import crisis
from tests.storage.test_sentences import marked

OTHERS = [language for language in LANGUAGES if language != "en"]

TOLD = Path(storage.__file__).parent

BY_CODE = (upkeep.DUE, upkeep.LISTS, course.REFUSED, messages.OBSERVED, sentence.ADDRESSED, pdf.OUTCOMES)
"""Sentences that are found by a word of the log's."""

ROOM = RoomRef("matrix", "!a:x.org")

NAMES = re.compile(r"\{\w*\}")


def said() -> set[str]:
    """Every sentence of which the program says that it is one."""
    found = {pdf.READING, *ELSEWHERE, *RECORDED, *(words for table in BY_CODE for words in table.values())}
    for path in (*TOLD.glob("*.py"), *TOLD.glob("sentences/*.py"), *TOLD.glob("export/*.py")):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and call.args and ast.unparse(call.func).rpartition(".")[2] == "say":
                constants = (one.value for one in ast.walk(call.args[0]) if isinstance(one, ast.Constant))
                found |= {one for one in constants if isinstance(one, str)}
    return found


def sentences_in(one: Tongue) -> Sentences:
    """Sentences of a language, with times in UTC."""
    return Sentences(lambda at: at.astimezone(UTC), one)


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_in_every_language(language: str) -> None:
    """None is missing, none is left over, and each has the same {names} as its English."""
    table: dict[str, str] = json.loads((TOLD / "tongues" / f"{language}.json").read_text("utf-8"))
    assert sorted(said() ^ set(table)) == []
    for english, words in table.items():
        assert words.strip(), english
        assert sorted(NAMES.findall(words)) == sorted(NAMES.findall(english)), english


@pytest.mark.parametrize("language", OTHERS)
def test_every_fact_is_told_in_every_language(language: str) -> None:
    """Whole, each kind reads otherwise than in English; with nothing shown it says so in its own language, and never in English."""
    there, english = sentences_in(tongue(language)), sentences_in(ENGLISH)
    for kind in FACTS.values():
        whole = marked(kind)
        assert there.sentence(whole) != english.sentence(whole), kind
        hidden = visible(whole, (), there.tongue.unseen)
        for line in (there.sentence(hidden), *there.below(hidden)):
            assert WITHHELD not in line, kind
            assert "{" not in line, kind


@pytest.mark.parametrize(
    ("language", "moment", "day"),
    [
        ("en", "2026-07-01 14:00:05", "Wednesday, 1 July 2026"),
        ("fr", "01/07/2026 14:00:05", "mercredi 1 juillet 2026"),
        ("nl", "01-07-2026 14:00:05", "woensdag 1 juli 2026"),
        ("de", "01.07.2026 14:00:05", "Mittwoch, 1. Juli 2026"),
        ("it", "01/07/2026 14:00:05", "mercoledì 1 luglio 2026"),
        ("es", "01/07/2026 14:00:05", "miércoles, 1 de julio de 2026"),
    ],
)
def test_times_are_written_as_the_language_does(language: str, moment: str, day: str) -> None:
    """A moment in figures, all of the same length; a day in words."""
    at = datetime(2026, 7, 1, 14, 0, 5, tzinfo=UTC)
    assert tongue(language).moment(at) == moment
    assert tongue(language).minute(at) == moment[:-3]
    assert tongue(language).day(at) == day


def test_an_unknown_language_is_told_in_english() -> None:
    """Who reads one of which there is no table reads English, and a region's reads its language's."""
    assert tongue("pl-PL").language == "en"
    assert tongue("de-AT").language == "de"


def test_what_networks_and_people_said_stands_as_it_was() -> None:
    """A reason that is not the program's own is not put into other words; one that is, is."""
    there = sentences_in(tongue("de"))
    theirs = f.MessageDropped("s", ROOM, "Flood control exceeded. Retry in 30 seconds")
    assert there.sentence(theirs).endswith(": Flood control exceeded. Retry in 30 seconds")
    assert there.sentence(f.MessageDropped("s", ROOM, "too late")).endswith(": zu spät")


def test_fields_have_their_titles_and_choices_their_words() -> None:
    """As the playbook has them in the reader's language: of fields of which something is shown, and of no other."""
    source = (Path(playbooks.__file__).parent / "library" / "meuse-flood.yaml").read_bytes()
    sought = Sought()
    sought.see("digest", {"fields/action": {"choice": "leave"}, "fields/what": {"text": "leave"}})
    naming = sought.found(Books({"digest": source}), replace(AUDITOR, language="de"))
    shown = {"action": {"choice": "leave"}, "what": {"text": "leave"}, "people": {"number": 3}}
    told = naming.told("digest", replace(crisis.issued("A-1", "Water"), fields=shown))
    assert isinstance(told, f.AlertIssued)
    assert dict(told.fields) == {
        "Anweisung": {"choice": "Verlassen Sie das Gebiet, auf höheres Gelände"},
        "Lage": {"text": "leave"},
        "people": {"number": 3},
    }


def test_what_every_playbook_has_is_called_by_our_words() -> None:
    """The fields of decisions and reports, and those of the language itself, read in the reader's language; another's id stands as it is."""
    there = sentences_in(tongue("de"))
    fields = {"_decision": "Open the hall", "rationale": "Water"}
    decision = f.DecisionTaken("K-1", "P-1", "city", ROOM, "small:3", fields)
    assert [*there.below(decision)] == ["Entscheidung: Open the hall", "Gründe: Water"]
    shown = f.Disclosed(
        "s", "I-1", "city", ROOM, "de", "TLP:GREEN", 1, {"_title": {"form": "exact"}, "type": {"form": "exact"}}
    )
    assert [*there.below(shown)] == ["zeigt: Titel (seither gelöscht), type (seither gelöscht)"]
