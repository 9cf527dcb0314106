"""Commands of a few lines, in every language: what the buttons offer, and what people write instead of them."""

from __future__ import annotations

import pytest

from handlers.texts import COMPLETE, translated
from storage.effects import Record
from storage.facts import DangerEnded, IncidentClosed, LanguageChosen, LogRead, RollCallStarted
from tests.handlers.border_stage import AID, CITY, DESK, FIRE, LIAISON, MAYOR, NOWHERE, issued, opened, said
from tests.handlers.stage import ADMIN
from tests.handlers.test_status import HOURLY, begin
from tests.playbooks.border import border


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


def test_closing_asks_first_and_names_what_is_open() -> None:
    """Without a reason alerts that wait and roll calls in which somebody is missing are asked about, with the check-ins beside them; the button closes."""
    stage = opened(border(("alerts:\n  evacuation:", f"{HOURLY}alerts:\n  evacuation:")))
    issued(stage)
    begin(stage, "aid", "watchers")
    missing = {"P-1": {"partner": "city", "name": "Mayor"}}
    stage.apply([Record("I-1", RollCallStarted("R-1", None, "P-1", None, missing))])
    [asked] = stage.say(DESK, "/close", ADMIN, private=True)
    assert asked.body.text.splitlines() == [
        "Close I-1? 1 alert still waits for answers.",
        "Check-ins that still wait for answers: C-1",
        "Roll calls in which somebody is still missing: R-1",
    ]
    assert not stage.of(IncidentClosed)
    [[tap]] = asked.taps
    stage.say(DESK, tap.command, ADMIN, private=True, about=stage.about(asked), via="button")
    assert len(stage.of(IncidentClosed)) == 1


def test_a_reason_closes_at_once() -> None:
    """Whoever says why it is over is not asked whether it is, and the reason is on record."""
    stage = opened()
    issued(stage)
    stage.say(DESK, "/close no more danger", ADMIN, private=True)
    [closed] = stage.of(IncidentClosed)
    assert isinstance(closed, IncidentClosed) and closed.reason == "no more danger"


def test_an_old_button_closes_nothing_again() -> None:
    """The incident was closed meanwhile: whoever taps is told so, and no room anything."""
    stage = opened()
    issued(stage)
    [asked] = stage.say(DESK, "/close", ADMIN, private=True)
    [[tap]] = asked.taps
    stage.say(DESK, "/close yes all safe", ADMIN, private=True)
    sent = stage.say(DESK, tap.command, ADMIN, private=True, about=stage.about(asked), via="button")
    assert [(send.to, send.body.text) for send in sent] == [(DESK, "I-1 is closed already. Nothing was done.")]
    assert len(stage.of(IncidentClosed)) == 1


def test_the_log_counts_the_alerts_that_its_reader_may_know_of() -> None:
    """All, to an auditor of the deployment; to a coordinator and to a partner those that they may see, and never a bare nought."""
    stage = opened()
    auditor = "telegram:70"
    stage.enrol(auditor, "auditor", None)
    stage.enrol("matrix:@aids:x.org", "auditor", "aid")
    issued(stage)
    issued(stage, "/alert count people=12 Mind the numbers")
    assert "2 alerts issued" in said(stage, DESK, "/log", auditor, private=True).splitlines()
    assert "2 alerts that you may see" in said(stage, DESK, "/log", ADMIN, private=True).splitlines()
    assert "1 alert that you may see" in said(stage, AID, "/log", "matrix:@aids:x.org").splitlines()
    none = opened()
    assert "0 alerts that you may see" in said(none, CITY, "/log", ADMIN)


@pytest.mark.parametrize("typed", ["because inquiry", "parce que inquiry", "weil inquiry", "inquiry"])
def test_a_reason_for_reading_is_recorded_without_its_because(typed: str) -> None:
    """What /readings shows says "because" itself."""
    stage = opened()
    stage.say(DESK, f"/log {typed}", ADMIN, private=True)
    assert [read.reason for read in stage.of(LogRead) if isinstance(read, LogRead)] == ["inquiry"]


def test_help_names_a_group_that_belongs_to_no_partner() -> None:
    """To a coordinator too, whose playbook is to have its id; in a partner's room and in private it does not."""
    stage = opened()
    assert (
        said(stage, NOWHERE, "/help", ADMIN)
        .splitlines()[-1]
        .startswith("This room (telegram:-99) belongs to no partner")
    )
    assert "telegram:-99" in said(stage, NOWHERE, "/help")
    assert "belongs to no partner" not in said(stage, CITY, "/help", ADMIN)
    assert "belongs to no partner" not in said(stage, DESK, "/help", ADMIN, private=True)
