"""Commands of a few lines, in every language: what the buttons offer, and what people write instead of them."""

from __future__ import annotations

import pytest

from handlers.texts import COMPLETE, translated
from storage.facts import DangerEnded, IncidentClosed, LanguageChosen
from tests.handlers.border_stage import CITY, DESK, FIRE, LIAISON, MAYOR, issued, opened, said
from tests.handlers.stage import ADMIN


def test_lang_alone_offers_every_complete_language() -> None:
    """A button for each, under its own name, and none for what the bot cannot speak."""
    [sent] = opened().say(CITY, "/lang", MAYOR)
    taps = [tap for row in sent.taps for tap in row]
    assert [tap.command for tap in taps] == [f"/lang {language}" for language in COMPLETE]
    assert len({tap.label.text for tap in taps}) == len(COMPLETE)


@pytest.mark.parametrize("language", COMPLETE)
def test_a_chosen_language_answers_in_itself(language: str) -> None:
    """Whoever chooses a language is told so in it, for themselves and for their room."""
    stage = opened()
    assert said(stage, CITY, f"/lang {language}", MAYOR) == translated((language,), "I speak English to you now.")
    assert said(stage, CITY, f"/lang room {language}", MAYOR) == translated(
        (language,), "I speak English to this room now."
    )


@pytest.mark.parametrize("word", ["room", "salon", "groep", "Raum", "stanza", "sala"])
def test_a_room_may_be_called_as_one_calls_it(word: str) -> None:
    """The word for a room is understood in every language, and is no language itself."""
    stage = opened()
    stage.say(CITY, f"/lang {word} it", MAYOR)
    assert [chosen.who for chosen in stage.of(LanguageChosen) if isinstance(chosen, LanguageChosen)] == [str(CITY)]
    [asked] = stage.say(CITY, f"/lang {word}", MAYOR)
    assert asked.taps


@pytest.mark.parametrize("yes", ["yes", "oui", "ja", "sì", "Sí"])
def test_yes_is_no_reason_for_closing(yes: str) -> None:
    """What agrees to closing while an alert waits is left out of the reason, in any language."""
    stage = opened()
    issued(stage)
    stage.say(DESK, f"/close {yes} all safe", ADMIN, private=True)
    assert [closed.reason for closed in stage.of(IncidentClosed) if isinstance(closed, IncidentClosed)] == ["all safe"]


@pytest.mark.parametrize("end", ["off", "end", "fin", "Ende", "einde"])
def test_danger_ends_in_every_language(end: str) -> None:
    """Nobody declares a danger whose reason is that it is over."""
    stage = opened()
    stage.say(FIRE, "/danger a dyke broke", LIAISON)
    stage.say(FIRE, f"/danger {end}", LIAISON)
    assert stage.of(DangerEnded)


def test_the_log_advises_a_command_that_can_be_typed_where_it_is_read() -> None:
    """A copy is asked for in chat, with a reason; nothing on the server is needed for it."""
    stage = opened()
    answer = said(stage, DESK, "/log", ADMIN, private=True)
    assert "/export because …" in answer and "tocsin export" not in answer
