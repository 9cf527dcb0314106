"""Decisions of the lead: taken in one line or step by step, shown to those who may see them, and objected to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.decisions import read
from handlers.events import Stale
from storage.effects import Urgency
from storage.facts import CommandRefused, DecisionTaken, Objected
from storage.store import OutboxRow
from tests.handlers.border_stage import AID, BRANDWEER, CITY, DESK, FIRE, SOMEBODY, WATCHERS, issued, said, to
from tests.handlers.command_stage import CHANGES, CHIEF, HELPER, MAYOR, opened, refolded, state, taps, words
from tests.handlers.stage import ADMIN, Stage
from tests.playbooks.border import border

LINE = "/decide Close the bridge because it gives way rejected: wait; repair it"
SAID = "Decision K-1 · Fire, 12:00\nClose the bridge\n│ ↳ it gives way\n│ ✗ wait\n│ ✗ repair it"


def test_a_decision_in_one_line_has_its_reasons_and_what_was_not_chosen() -> None:
    """Each a field of its own, absent ones too."""
    stage = opened()
    stage.say(FIRE, LINE, CHIEF)
    [fact] = stage.of(DecisionTaken)
    assert dict(fact.fields) == {  # type: ignore[attr-defined]
        "_decision": "Close the bridge",
        "rationale": "it gives way",
        "rejected": "wait; repair it",
    }
    stage.say(FIRE, "/decide Open it again", CHIEF)
    assert dict(stage.of(DecisionTaken)[1].fields) == {  # type: ignore[attr-defined]
        "_decision": "Open it again",
        "rationale": None,
        "rejected": None,
    }
    assert state(stage) == refolded(stage)


def test_it_is_told_in_every_room_that_may_see_it_and_in_no_other() -> None:
    """In silence."""
    stage = opened()
    sent = stage.say(FIRE, LINE, CHIEF)
    for room in (CITY, FIRE, BRANDWEER):
        assert to(sent, room) == [SAID]
    for room in (AID, WATCHERS):
        assert not to(sent, room)
    assert not any(send.loud for send in sent)


def test_where_nobody_may_see_it_the_author_is_told_that_it_is_on_record() -> None:
    """The count is of those whom the author may know."""
    stage = opened(border(*CHANGES[:2], *CHANGES[3:]))
    assert said(stage, FIRE, LINE, CHIEF) == "Recorded as K-1, 12:00. 0 partners are told."


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("Fermer le pont parce que il cède", ("Fermer le pont", "il cède", None)),
        ("Fermer le pont, parce qu'il cède. rejetés : attendre", ("Fermer le pont", "il cède.", "attendre")),
        ("De brug sluiten omdat ze zakt verworpen: wachten", ("De brug sluiten", "ze zakt", "wachten")),
        ("Brücke sperren, weil sie nachgibt", ("Brücke sperren", "sie nachgibt", None)),
        ("We stay, whatever the cause", ("We stay, whatever the cause", None, None)),
        ("rejected: wait", (None, None, "wait")),
    ],
)
def test_reasons_are_understood_in_the_languages_of_the_bot(typed: str, parts: tuple[str | None, ...]) -> None:
    """And words that only look like them are left alone."""
    assert tuple(read(typed).values()) == parts


def test_alone_it_asks_step_by_step() -> None:
    """What, why, and what else; each answer is words in the same room, or a button that skips it."""
    stage = opened()
    asked = stage.say(FIRE, "/decide", CHIEF)
    assert "What is decided?" in words(asked, FIRE) and taps(asked) == ["/decide I-1 stop"]
    asked = stage.say(FIRE, "Close the bridge", CHIEF)
    assert words(asked, FIRE) == "Why?" and taps(asked) == ["/decide I-1 skip", "/decide I-1 stop"]
    assert not stage.of(DecisionTaken)
    assert state(stage) == refolded(stage)
    stage.say(FIRE, "it gives way", CHIEF)
    [shown] = stage.say(FIRE, "wait; repair it", CHIEF)
    assert shown.to == FIRE and "Close the bridge\n↳ it gives way\n✗ wait\n✗ repair it" in shown.body.text
    assert taps([shown]) == ["/decide I-1 send", "/decide I-1 stop"] and not stage.of(DecisionTaken)
    assert stage.say(FIRE, "yes", CHIEF) == []
    assert to(stage.say(FIRE, "/decide I-1 send", CHIEF, via="button"), CITY) == [SAID]
    assert not state(stage).deciding


def test_steps_can_be_skipped_and_stopped() -> None:
    """Stopped, nothing is recorded as decided, and words are words again."""
    stage = opened()
    stage.say(FIRE, "/decide", CHIEF)
    stage.say(FIRE, "Close the bridge because it gives way", CHIEF)
    stage.say(FIRE, "/decide I-1 skip", CHIEF, via="button")
    assert "Decision K-1" in words(stage.say(FIRE, "/decide I-1 send", CHIEF, via="button"), CITY)
    stage.say(FIRE, "/decide", CHIEF)
    assert "nothing is recorded as decided" in said(stage, FIRE, "/decide I-1 stop", CHIEF, via="button")
    assert stage.say(FIRE, "Good morning", CHIEF) == []
    assert len(stage.of(DecisionTaken)) == 1


def test_the_words_of_others_are_no_answer_to_the_question() -> None:
    """Nor those of the same person elsewhere."""
    stage = opened()
    stage.say(FIRE, "/decide", CHIEF)
    assert stage.say(FIRE, "Close the bridge", SOMEBODY) == []
    assert stage.say(AID, "Close the bridge", CHIEF) == []


def test_only_who_leads_decides() -> None:
    """Others are told who does; people of the lead who may not issue, that they may not."""
    stage = opened()
    for room, person in ((AID, HELPER), (BRANDWEER, SOMEBODY), (FIRE, SOMEBODY)):
        assert "Not recorded" in said(stage, room, LINE, person)
    stage.say(DESK, LINE, ADMIN, private=True)
    assert not stage.of(DecisionTaken) and len(stage.of(CommandRefused)) >= 3


def test_a_decision_that_waits_is_told_as_it_may_be_told_now() -> None:
    """To a room that may see it no more, not at all."""
    stage = opened()
    stage.say(FIRE, LINE, CHIEF)
    stage.sent.clear()
    for room, partner in ((CITY, "city"), (AID, "aid")):
        stage.happen(
            Stale(OutboxRow("t", "t", "I-1", room, Urgency.PROMPT, "{}", "K-1", partner, shows=True), over=False)
        )
    assert to(stage.sent, CITY) == [SAID] and not to(stage.sent, AID)


# --- objections ----------------------------------------------------------------------------------------------------------


def objected(stage: Stage, room: object = CITY, person: str = MAYOR) -> str:
    """The city objects to a decision."""
    return said(stage, room, "/object K-1 the hospital needs the bridge", person)  # type: ignore[arg-type]


def test_an_objection_is_told_to_the_author_and_the_lead_and_stops_nothing() -> None:
    """With its words where they may see a note of the objector's."""
    stage = opened()
    stage.say(FIRE, LINE, CHIEF)
    stage.sent.clear()
    assert objected(stage) == "Your objection to K-1 is on record (12:00). Told: Fire. It stops nothing."
    assert to(stage.sent, FIRE) == [
        "City & Sons <town hall> objects to K-1 (12:00). It stops nothing.\nthe hospital needs the bridge"
    ]
    [fact] = stage.of(Objected)
    assert (fact.about, fact.partner, fact.text) == ("K-1", "city", "the hospital needs the bridge")  # type: ignore[attr-defined]
    assert "K-1" in state(stage).decisions


def test_one_objects_only_to_what_one_knows_of() -> None:
    """What is hidden is like what is not."""
    stage = opened()
    stage.say(FIRE, LINE, CHIEF)
    assert said(stage, AID, "/object K-1 no", HELPER) == "There is no K-1 for you here."
    assert said(stage, AID, "/object K-9 no", HELPER) == "There is no K-9 for you here."
    assert said(stage, AID, "/object H-9 no", HELPER) == "There is no H-9 for you here."
    assert not stage.of(Objected)


def test_an_objection_to_an_alert_shows_the_lead_nothing_of_the_alert() -> None:
    """To be told of it is not to have been shown what it is against."""
    stage = opened()
    issued(stage, "/alert affected where=Town The road is closed")
    before = state(stage).alerts["A-1"].shown
    stage.say(AID, "/object A-1 we cannot pass", HELPER)
    assert state(stage).alerts["A-1"].shown == before


def test_an_objection_asks_for_what_it_lacks() -> None:
    """To what, and why; a reply says to what."""
    stage = opened()
    stage.say(FIRE, LINE, CHIEF)
    decision = next(send for send in stage.sent if send.to == CITY and send.about == "K-1")
    assert "To what, and why?" in said(stage, CITY, "/object", MAYOR)
    assert said(stage, CITY, "/object K-1", MAYOR) == "Why? Write /object K-1 WORDS."
    stage.say(CITY, "/object the hospital needs it", MAYOR, about=stage.about(decision))
    [fact] = stage.of(Objected)
    assert fact.about == "K-1"  # type: ignore[attr-defined]


def test_an_offer_can_be_objected_to_by_those_it_concerns() -> None:
    """By the partner that is to lead, and the one that led; nobody else knows of it."""
    stage = opened()
    stage.say(FIRE, "/handover aid", CHIEF)
    assert "on record" in said(stage, AID, "/object H-1 we are too few", HELPER)
    assert "There is no H-1" in said(stage, CITY, "/object H-1 no", MAYOR)


def test_the_objection_of_an_unlisted_partner_is_told_to_nobody_who_may_not_know_it() -> None:
    """It is on record."""
    stage = opened()
    issued(stage, "/alert evacuation action=leave")
    stage.sent.clear()
    answer = said(stage, WATCHERS, "/object A-1 no", SOMEBODY)
    assert answer == "Your objection to A-1 is on record (12:00). It stops nothing."
    assert {send.to for send in stage.sent} == {WATCHERS}


def test_a_decision_that_nobody_goes_on_with_takes_no_more_words() -> None:
    """After ten minutes what is said is said to people again; the room is told quietly, and a restart knows it."""
    stage = opened()
    stage.say(FIRE, "/decide", CHIEF)
    stage.sent.clear()
    stage.fall_due(stage.now + timedelta(minutes=10))
    [told] = stage.sent
    assert (told.to, told.loud) == (FIRE, False) and told.body.text == "Stopped: nothing is recorded as decided."
    assert stage.say(FIRE, "Chief, between us", CHIEF) == []
    assert not state(stage).deciding and state(stage) == refolded(stage)
    assert "no longer open" in said(stage, FIRE, "/decide I-1 send", CHIEF, via="button")


def test_who_leads_no_longer_can_stop_and_is_asked_nothing() -> None:
    """Their words are words again at once, and the button to stop works."""
    stage = opened()
    stage.say(FIRE, "/decide", CHIEF)
    stage.enrol("matrix:@cap:x.org", "official", "city")
    stage.say(FIRE, "/handover city", CHIEF)
    stage.say(CITY, "/accept H-1", "matrix:@cap:x.org")
    assert not any("fire" in one.partners for one in state(stage).leads)
    assert stage.say(FIRE, "coffee?", CHIEF) == []
    assert "nothing is recorded as decided" in said(stage, FIRE, "/decide I-1 stop", CHIEF, via="button")
    assert not state(stage).deciding
