"""The answers to an alert: their words, their buttons, and what people write when they mean them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from handlers.texts import available, say, translated
from storage.effects import Tap

WORDS = {"acting": "Acting", "seen": "Seen", "cannot": "Cannot"}
EMOJI = {"acting": "✅", "seen": "👀", "cannot": "❌"}


def taps_for(languages: Sequence[str], identifier: str, choices: Sequence[str]) -> tuple[tuple[Tap, ...], ...]:
    """One row of buttons: the playbook's choices, in the room's language."""
    return (
        tuple(Tap(say(languages, WORDS[choice]), f"/ack {identifier} {choice}", EMOJI[choice]) for choice in choices),
    )


def choice_in(words: str, choices: Sequence[str]) -> str | None:
    """The choice that somebody wrote, in any language the bot speaks, or by its emoji; None when it is none of them."""
    wanted = _folded(words)
    if not wanted:
        return None
    for choice in choices:
        spellings = {choice, EMOJI[choice], WORDS[choice]}
        spellings |= {translated((language,), WORDS[choice]) for language in available()}
        if wanted in {_folded(spelling) for spelling in spellings}:
            return choice
    return None


def means_undo(words: str) -> bool:
    """Whether somebody takes their answer back, in any language the bot speaks."""
    wanted = _folded(words)
    return wanted in {"undo", "↩", *(_folded(translated((language,), "Undo")) for language in available())}


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return "".join(c for c in plain if not unicodedata.combining(c) and c != "\ufe0f").strip(" .!")
