"""The answers to a check-in: their words, their buttons, and what people write when they mean them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from handlers.taps import fits
from handlers.texts import available, say, translated
from playbooks.cleared import Cleared, NotInPlaybook, Reader, quote
from playbooks.labels import Tlp
from playbooks.load import Book
from storage.effects import Tap

ANSWERS = {"ok": "OK", "degraded": "Degraded", "help": "Need help", "yes": "Yes", "no": "No"}
"""The words of answers that need none from the playbook; any other is shown as the playbook writes it."""

SIGNS = {"ok": "✅", "degraded": "⚠️", "help": "🆘", "yes": "✅", "no": "❌"}
_KEYCAPS = ("1️⃣", "2️⃣", "3️⃣", "4️⃣", "5️⃣", "6️⃣", "7️⃣", "8️⃣", "9️⃣")
_ALSO = {
    "ok": ("okay", "oké", "d'accord", "tout va bien", "alles ok", "va bene", "todo bien", "👍"),
    "degraded": ("dégradé", "dégradée", "verminderd", "beperkt", "eingeschränkt", "degradato", "degradado"),
    "help": ("aide", "à l'aide", "au secours", "hulp", "hilfe", "aiuto", "ayuda", "socorro", "sos"),
    "yes": ("oui", "ja", "sì", "sí"),
    "no": ("non", "nee", "nein"),
}
"""What people write besides, in the languages that the bot speaks."""

_MOST_WORDS = 4
_RAISED = re.compile(r"\s*\[\s*(clear|green|amber\+strict|amber|red)\s*\]\s*", re.IGNORECASE)


def said(book: Book, reader: Reader, answer: str) -> Cleared:
    """An answer in the reader's language."""
    if answer in ANSWERS:
        return say(reader.languages, ANSWERS[answer])
    try:
        return quote(book, reader, answer)
    except NotInPlaybook:  # the playbook that it was given under had it
        return say(reader.languages, "answered")


def taps_for(book: Book, reader: Reader, identifier: str, answers: Sequence[str]) -> tuple[tuple[Tap, ...], ...]:
    """The buttons: three in a row."""
    taps = [
        Tap(said(book, reader, answer), command(identifier, answer, number), sign(answers, number))
        for number, answer in enumerate(answers[: len(_KEYCAPS)])
    ]
    return tuple(tuple(taps[index : index + 3]) for index in range(0, len(taps), 3))


def command(identifier: str, answer: str, number: int) -> str:
    """What a button means: an answer that is too long for it goes by its number."""
    whole = f"/checkin {identifier} {answer}"
    return whole if fits(whole) else f"/checkin {identifier} {number + 1}"


def sign(answers: Sequence[str], number: int) -> str:
    """The reaction that means an answer: its own, unless another answer has it too."""
    own = SIGNS.get(answers[number])
    taken = [SIGNS.get(answer) for answer in answers]
    return own if own is not None and taken.count(own) == 1 else _KEYCAPS[number]


def answer_in(words: str, answers: Sequence[str]) -> tuple[str, str] | None:
    """The answer that somebody's words begin with, in any language the bot speaks, and what they say besides."""
    parts = words.split()
    for length in range(min(_MOST_WORDS, len(parts)), 0, -1):
        wanted = _folded(" ".join(parts[:length]))
        for number, answer in enumerate(answers):
            if wanted and wanted in {_folded(one) for one in (*_spellings(answer), *_numbered(number, parts))}:
                return answer, _after(words, length)
    return None


def apart(words: str, answer: str) -> tuple[str, str] | None:
    """What stands before an answer, and after it, where somebody wrote it among other words. Each word is looked at once."""
    parts, spellings = words.split(), {_folded(one) for one in _spellings(answer)} - {""}
    longest = 2 * max(map(len, spellings))
    for index in range(len(parts)):
        for length in range(min(_MOST_WORDS, len(parts) - index), 0, -1):
            tried = " ".join(parts[index : index + length])
            if len(tried) <= longest and _folded(tried) in spellings:
                rest = " ".join(parts[index:])
                return " ".join(parts[:index]), _after(rest, length)
    return None


def _spellings(answer: str) -> Iterator[str]:
    yield answer
    yield from _ALSO.get(answer, ())
    if answer in ANSWERS:
        yield SIGNS[answer]
        for language in available():
            yield translated((language,), ANSWERS[answer])


def _numbered(number: int, parts: Sequence[str]) -> tuple[str, ...]:
    """Its number stands for an answer where nothing else was said."""
    return (str(number + 1), _KEYCAPS[number]) if len(parts) == 1 and number < len(_KEYCAPS) else ()


def _after(words: str, length: int) -> str:
    """What follows the first words, with its line breaks."""
    found = re.match(rf"\s*(?:\S+\s*){{{length}}}", words)
    rest = words[found.end() :] if found is not None else ""
    return rest.strip().lstrip(",;:.–—-").strip()


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return "".join(c for c in plain if not unicodedata.combining(c) and c != "\ufe0f").strip(" .!,;:")


def raised_in(words: str) -> tuple[str | None, str]:
    """A TLP colour that somebody set before their words, and the words."""
    found = _RAISED.match(words)
    return (Tlp.parse(found[1].lower()).word, words[found.end() :].strip()) if found is not None else (None, words)
