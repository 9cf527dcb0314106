"""The catalogue: every word of the bot is there in every language that it claims to speak."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry
from babel.messages.pofile import read_po

from handlers.choices import WORDS, choice_in
from handlers.texts import COMPLETE, available, say, says, translated
from tests.handlers.messages import HANDLERS, Message, messages

LANGUAGES = tuple(language for language in available() if language != "en")

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_TAG = re.compile(r"</?[^<>]+>")
_COMMAND = re.compile(r"(?<![\w<])/[a-z]+")


def catalogue(language: str) -> Catalog:
    """A language's translations, as they stand in its file."""
    with (HANDLERS / "locales" / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def entries(language: str) -> dict[str, Entry]:
    """The entries of a language by their English words, the header left out."""
    found: dict[str, Entry] = {}
    for entry in catalogue(language):
        if entry.id:
            found[sources(entry)[0]] = entry
    return found


def translations(entry: Entry) -> tuple[str, ...]:
    """The words of an entry, each plural form for itself."""
    return (entry.string or "",) if isinstance(entry.string, str | None) else tuple(entry.string)


def sources(entry: Entry) -> tuple[str, ...]:
    """The English of an entry, singular and plural."""
    return (entry.id,) if isinstance(entry.id, str) else tuple(entry.id)


def to_add(language: str, lacking: list[Message]) -> str:
    """What a person has to add to a language's file, ready to be pasted and filled in."""
    lines = [f"handlers/locales/{language}.po lacks {len(lacking)} translations. Add and fill in:", ""]
    for message in lacking:
        lines += [f"# said at {message.place}", f"msgid {_quoted(message.one)}"]
        if message.many is None:
            lines += ['msgstr ""', ""]
        else:
            lines += [f"msgid_plural {_quoted(message.many)}", 'msgstr[0] ""', 'msgstr[1] ""', ""]
    return "\n".join(lines)


def _quoted(words: str) -> str:
    return '"' + words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def lacking(language: str) -> list[Message]:
    """The messages without words in a language, or with another plural than the source's."""
    known = entries(language)
    found = []
    for message in messages().values():
        entry = known.get(message.one)
        english = (message.one,) if message.many is None else (message.one, message.many)
        if entry is None or entry.fuzzy or not all(translations(entry)) or sources(entry) != english:
            found.append(message)
    return found


# --- the catalogue's files ---


def test_the_messages_are_found() -> None:
    """What the handlers say is read from their source: words, plurals, tables, taps, and the commands' summaries."""
    found = messages()
    assert found["Noted in the log, {time}."].many is None
    assert found["{count} alert issued"].many == "{count} alerts issued"
    assert {"Acting", "Discard", "answer an alert", "coordinators"} <= set(found)
    assert "{command} {summary}" not in found, "there is nothing to translate in it"
    assert found["From {partner}, {time}"].unasked
    assert not found["Nothing waits for your answer."].unasked


def test_what_cannot_be_translated_is_noticed(tmp_path: Path) -> None:
    """Words put together while the bot runs never reach a translator, so they are an error with their place."""
    (tmp_path / "new.py").write_text('case.say("Ring " + number)\n')
    with pytest.raises(ValueError, match=r"new\.py:1: 'Ring ' \+ number"):
        messages(tmp_path)
    (tmp_path / "new.py").write_text('case.say(f"Ring {number}")\n')
    with pytest.raises(ValueError, match=r"new\.py:1"):
        messages(tmp_path)
    (tmp_path / "new.py").write_text('NEWS = {"a": "Ring them"}\ncase.say(NEWS[what])\ncase.say(f"/{near}")\n')
    assert set(messages(tmp_path)) == {"Ring them"}


@pytest.mark.parametrize("language", [language for language in COMPLETE if language != "en"])
def test_complete_languages_have_every_message(language: str) -> None:
    """A language that is called complete has words for everything that the bot says."""
    assert language in available()
    missing = lacking(language)
    assert not missing, to_add(language, missing)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_nobody_asked_for_is_in_every_language(language: str) -> None:
    """What is sent to a room unasked, above all alerts, is there in every language that has a catalogue at all."""
    missing = [message for message in lacking(language) if message.unasked]
    assert not missing, to_add(language, missing)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_left_over(language: str) -> None:
    """No file translates what the bot no longer says, or keeps it as a comment."""
    left_over = sorted(set(entries(language)) - set(messages()))
    assert not left_over, f"remove from handlers/locales/{language}.po:\n" + "\n".join(left_over)
    assert not catalogue(language).obsolete


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_what_is_put_in(language: str) -> None:
    """Each translation has the placeholders, the markup and the commands of its source: none lost, none invented."""
    for one, entry in entries(language).items():
        for index, words in enumerate(translations(entry)):
            english = sources(entry)[min(index, len(sources(entry)) - 1)]
            for pattern in (_PLACEHOLDER, _TAG, _COMMAND):
                expected, there = Counter(pattern.findall(english)), Counter(pattern.findall(words))
                assert expected == there, f"{language}: {one}"
            assert "{" not in _PLACEHOLDER.sub("", words), f"{language}: {one}"
            assert balanced(words), f"{language}: {one}"
            assert words == words.strip(), f"{language}: {one}"


def balanced(words: str) -> bool:
    """Whether every tag is closed, in order."""
    open_tags: list[str] = []
    for tag in _TAG.findall(words):
        name = tag.strip("</>")
        if not tag.startswith("</"):
            open_tags.append(name)
        elif not open_tags or open_tags.pop() != name:
            return False
    return not open_tags


def test_messages_keep_to_the_markup() -> None:
    """The English itself has balanced tags, and only such as every network can show."""
    for message in messages().values():
        for words in (message.one, message.many or ""):
            assert balanced(words), message.place
            assert {tag.strip("</>") for tag in _TAG.findall(words)} <= {"b", "i", "u", "s", "code"}, message.place


@pytest.mark.parametrize("language", LANGUAGES)
def test_files_say_what_they_are(language: str) -> None:
    """A file names its language, its letters and its plural, and nobody's name."""
    text = (HANDLERS / "locales" / f"{language}.po").read_text("utf-8")
    assert f'"Language: {language}\\n"' in text
    assert "charset=UTF-8" in text
    assert '"Plural-Forms: nplurals=' in text
    assert "Translator" not in text


# --- what a reader reads ---

ISSUED = ("{count} alert issued", "{count} alerts issued")


@pytest.mark.parametrize(
    ("count", "english", "french", "dutch", "german"),
    [
        (0, "0 alerts issued", "0 alerte émise", "0 alarmen uitgestuurd", "0 Alarme ausgelöst"),
        (1, "1 alert issued", "1 alerte émise", "1 alarm uitgestuurd", "1 Alarm ausgelöst"),
        (2, "2 alerts issued", "2 alertes émises", "2 alarmen uitgestuurd", "2 Alarme ausgelöst"),
    ],
)
def test_numbers_decide_the_plural(count: int, english: str, french: str, dutch: str, german: str) -> None:
    """Each language counts in its own way: in French nothing is one thing, elsewhere it is many."""
    for language, expected in (("en", english), ("fr", french), ("nl", dutch), ("de", german)):
        assert says((language,), *ISSUED, count).text == expected


def test_unknown_languages_are_answered_in_english() -> None:
    """A language without a catalogue is no error: the next one is tried, and English is always there."""
    assert translated(("xx",), "Seen") == "Seen"
    assert translated(("xx", "fr"), "Seen") == "Vu"
    assert translated((), "Seen") == "Seen"
    assert says(("xx",), *ISSUED, 2).text == "2 alerts issued"
    assert translated(("../fr", "", "f/r", "*"), "Seen") == "Seen"


def test_regions_use_their_language() -> None:
    """Dutch is Dutch on both sides of the border, however the region is written."""
    for language in ("nl-BE", "nl-NL", "NL-be"):
        assert translated((language,), "Seen") == "Gezien"
    assert say(("fr-BE",), "Send?").text == "Envoyer\u00a0?"


def test_english_ends_the_search() -> None:
    """Whoever reads English first is not answered in the language that they named second."""
    assert translated(("en", "fr"), "Seen") == "Seen"
    assert translated(("en-GB", "fr"), "Seen") == "Seen"


def test_the_same_word_counts_as_translated() -> None:
    """A translation may be the same as the English; the next language is not asked instead."""
    assert translated(("de", "fr"), "Phase: {phase}") == "Phase: {phase}"


@pytest.mark.parametrize("language", available())
def test_answers_are_understood_in_every_language(language: str) -> None:
    """What a button says can also be written, in whatever language, with any case and without accents."""
    for choice, english in WORDS.items():
        words = translated((language,), english)
        assert choice_in(words, tuple(WORDS)) == choice
        assert choice_in(words.upper() + "!", tuple(WORDS)) == choice


@pytest.mark.parametrize("language", LANGUAGES)
def test_answers_can_be_told_apart(language: str) -> None:
    """No two answers have the same word, within a language or across languages."""
    meanings: dict[str, str] = {}
    for each in available():
        for choice, english in WORDS.items():
            word = translated((each,), english).casefold()
            assert meanings.setdefault(word, choice) == choice


@pytest.mark.parametrize("language", LANGUAGES)
def test_exercises_are_announced_in_every_language(language: str) -> None:
    """An exercise says so first, in the reader's own language, three times and in bold."""
    words = translated((language,), "<b>EXERCISE EXERCISE EXERCISE</b>")
    first, second, third = words.removeprefix("<b>").removesuffix("</b>").split()
    assert first == second == third != "EXERCISE"
    assert first.isupper()
