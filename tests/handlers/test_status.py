"""/status and /who: as much as whoever asks may know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handlers.events import RoomEvent
from playbooks.rooms import RoomRef
from storage.effects import Record
from storage.facts import (
    AlertCancelled,
    AlertRequested,
    CheckinAnswered,
    CheckinStarted,
    LeadOffered,
    LeadOfferEnded,
    RollCallStarted,
    RoomObserved,
)
from tests.handlers.border_stage import (
    AID,
    CITY,
    CITY_TELEGRAM,
    DESK,
    FIRE,
    FIRE_TELEGRAM,
    HILFE,
    LIAISON,
    MAYOR,
    NOWHERE,
    SOMEBODY,
    WATCHERS,
    issued,
    opened,
    said,
    to,
)  # fmt: skip
from tests.handlers.stage import Stage
from tests.playbooks.border import border


def test_everyone_learns_phase_leads_and_what_is_open_for_them() -> None:
    """Nothing of alerts that others were shown; of the leads those whose word counts for them, and that there are others."""
    stage = opened()
    issued(stage, "/alert count people=12 Mind the numbers")
    assert "How many" in said(stage, CITY, "/status")
    for room in (AID, HILFE):
        answer = said(stage, room, "/status")
        assert "response" in answer or "watch" in answer
        ours = "Lead (operational, Belgium): Fire" if room == AID else "Lead (operational, everywhere): Brandweer"
        theirs = "Brandweer" if room == AID else "Fire"
        assert ours in answer and theirs not in answer and "Elsewhere others lead: /who" in answer
        assert answer.splitlines()[1].startswith("Lead (")
        assert "No alert is open for you." in answer and "A-1" not in answer and "How many" not in answer


def test_who_has_it_is_for_the_lead_and_for_coordinators_in_private() -> None:
    """The others see their own answer only."""
    stage = opened()
    issued(stage)
    stage.say(AID, "/ack A-1 acting", SOMEBODY)
    for room, more in ((FIRE, {}), (FIRE_TELEGRAM, {}), (DESK, {"private": True})):
        answer = said(stage, room, "/status A-1", "telegram:501" if more else SOMEBODY, **more)
        assert " delivered" in answer and "Aid: Acting" in answer and "Hilfe" in answer
    for room in (AID, HILFE, CITY):
        answer = said(stage, room, "/status A-1")
        assert " delivered" not in answer and "Hilfe" not in answer
    assert "Acting" in said(stage, AID, "/status A-1")
    assert "You have not answered yet." in said(stage, HILFE, "/status A-1")


def test_a_room_that_may_not_carry_it_does_not_show_who_has_it() -> None:
    """Amber does not go where green is the ceiling, though the lead asks."""
    stage = opened(border(("telegram: {ceiling: amber}", "telegram: {ceiling: green}")))
    issued(stage)
    assert " delivered" not in said(stage, FIRE_TELEGRAM, "/status A-1")
    assert " delivered" not in said(stage, DESK, "/status A-1", "telegram:501", private=True)
    assert " delivered" in said(stage, FIRE, "/status A-1")


def test_an_unlisted_partner_is_named_and_counted_nowhere() -> None:
    """To the lead, to a coordinator, to anyone; its own people see it."""
    stage = opened()
    issued(stage)
    for room, identity in ((FIRE, LIAISON), (CITY, MAYOR), (AID, SOMEBODY), (DESK, "telegram:501")):
        for command in ("/status", "/status A-1", "/who"):
            answer = said(stage, room, command, identity, private=room == DESK)
            assert "watchers" not in answer.lower() and "+3299" not in answer
    assert "4 on their way" in said(stage, FIRE, "/status A-1")
    assert "Silent watchers" in said(stage, WATCHERS, "/who")


@pytest.mark.parametrize(
    "traits", [(True, False, False, True), (False, True, False, True), (False, False, True, True), (False,) * 4]
)
def test_a_coordinators_chat_that_is_no_longer_private_learns_nothing(traits: tuple[bool, bool, bool, bool]) -> None:
    """Neither by itself nor asked: readable from outside, open to join, public, or with others in it."""
    chat, ada = RoomRef("matrix", "!dm-ada"), "matrix:@ada:x.org"
    stage = opened()
    stage.world = replace(stage.world, admins=frozenset({ada}))
    stage.say(chat, "/start", ada, private=True)
    issued(stage, "/alert count people=12 Mind the numbers")
    assert any("did not go to everyone" in text for text in to(stage.sent, chat))
    assert " delivered" in said(stage, chat, "/status A-1", ada, private=True)
    stage.happen(RoomEvent("observed", chat, observed=RoomObserved(chat, True, False, *traits, "")))
    stage.sent.clear()
    issued(stage, "/alert count people=12 Mind the numbers")
    assert to(stage.sent, chat) == []
    assert " delivered" not in said(stage, chat, "/status A-1", ada, private=True)


def test_a_held_copy_is_shown_to_the_lead() -> None:
    """As held back, with the number."""
    stage = opened()
    issued(stage, "/alert count people=12 Mind the numbers")
    answer = said(stage, FIRE, "/status A-1")
    assert "Aid: held back" in answer and "+3213" in answer and "Hilfe: held back" in answer


def test_the_incidents_own_title_passes_sight() -> None:
    """Nobody permits `_title` here; where somebody does, it is seen by those whom it is permitted to."""
    book = border(("{permit: [action], to: everyone", "{permit: [action, _title], to: {jurisdiction: be}"))
    stage = opened(book)
    stage.say(CITY, "/activate +border The <secret> quay", MAYOR)
    assert "The <secret> quay" in said(stage, CITY, "/status I-2")
    assert "The <secret> quay" not in said(stage, HILFE, "/status I-2")
    plain = opened()
    plain.say(CITY, "/activate +border The secret quay", MAYOR)
    assert "secret quay" not in said(plain, CITY, "/status I-2")


def test_a_stranger_learns_nothing() -> None:
    """Not even that an incident is open."""
    stage = opened()
    issued(stage)
    for command in ("/status", "/status A-1", "/who", "/status I-1"):
        answer = said(stage, NOWHERE, command)
        assert answer == said(stage, NOWHERE, command.replace("1", "9"))
        assert "I-1" not in answer and "Fire" not in answer


def lead(before: str, after: str, why: str = "hand") -> LeadOffered:
    """The lead of the operation in Belgium, offered by one partner to another."""
    return LeadOffered(
        "H-1", "operational", "be", (before,), (after,), after, (), None, "border:1", why, None, before, None
    )


def test_an_offer_of_the_lead_is_shown_to_both_sides_while_it_is_open() -> None:
    """Others learn it when it is accepted."""
    stage = opened()
    stage.apply([Record("I-1", lead("fire", "city"))])
    for room in (FIRE, CITY):
        assert "H-1: the lead is offered to City & Sons <town hall>" in said(stage, room, "/status")
    assert "H-1" not in said(stage, AID, "/status")
    stage.apply([Record("I-1", LeadOfferEnded("H-1", "declined", None, "city", None))])
    assert "H-1" not in said(stage, FIRE, "/status")


def test_a_draft_that_waits_for_a_second_person_is_visible_to_its_partner_alone() -> None:
    """Its author has confirmed; anybody of the city sees that somebody else must."""
    stage = opened()
    stage.say(CITY, "/alert talk Gather", MAYOR)
    stage.say(CITY, "/draft D-1 send", MAYOR)
    assert "D-1" in said(stage, CITY_TELEGRAM, "/status") and "D-1" not in said(stage, FIRE, "/status")


def test_rounds_and_requests_that_await_us_are_in_our_status() -> None:
    """Of a round only while our answer is missing; of a request only where we are asked."""
    stage = opened(border(("alerts:\n  evacuation:", f"{HOURLY}alerts:\n  evacuation:")))
    begin(stage, "aid", "fire")
    stage.apply(
        [Record("I-1", AlertRequested("Q-1", "evacuation", "P-1", "fire", FIRE, ("city",), None, {"action": None}))]
    )
    assert "C-1" in said(stage, AID, "/status") and "C-1" not in said(stage, CITY, "/status")
    assert "Q-1" in said(stage, CITY, "/status") and "Q-1" not in said(stage, AID, "/status")


def test_what_waits_for_our_answer_comes_first_and_the_rest_newest_first() -> None:
    """Of many that is what a phone shows; how many more there are is said."""
    stage = opened()
    for _ in range(10):
        issued(stage)
    for number in (9, 10):
        stage.say(AID, f"/ack A-{number} acting", SOMEBODY)
    lines = said(stage, AID, "/status").splitlines()
    shown = [line.split()[1] for line in lines if line.startswith("• A-")]
    assert shown == [f"A-{number}" for number in range(8, 0, -1)] and "… and 2 more" in lines


def test_an_alert_that_is_over_says_how_it_ended() -> None:
    """And asks for no answer; only the last few are shown."""
    stage = opened()
    for _ in range(5):
        issued(stage)
    for number in range(1, 6):
        stage.apply([Record("I-1", AlertCancelled(f"A-{number}", "P-1", "city", False, None, "border:1"))])
    text = said(stage, AID, "/status")
    assert "No alert is open for you." in text and "A-5 Evacuate, 12:00: cancelled at 12:00" in text
    assert "A-2" not in text and "/ack" not in text
    assert "cancelled at 12:0" in said(stage, AID, "/status A-1")


def test_ones_own_status_of_an_alert_has_the_buttons_to_answer_it() -> None:
    """Until it is answered, or over."""
    stage = opened()
    issued(stage)
    [asked] = stage.say(HILFE, "/status A-1", SOMEBODY)
    assert [tap.command for tap in asked.taps[0]] == ["/ack A-1 acting", "/ack A-1 seen", "/ack A-1 cannot"]
    stage.say(HILFE, "/ack A-1 acting", SOMEBODY)
    [after] = stage.say(HILFE, "/status A-1", SOMEBODY)
    assert after.taps == () and "Acting" in after.body.text


def test_in_reply_to_a_card_status_means_what_it_is_about() -> None:
    """Without an id."""
    stage = opened()
    issued(stage)
    stage.fall_due(stage.now)
    card = next(send for send in stage.sent if send.role == "card" and send.to == FIRE)
    assert " delivered" in said(stage, FIRE, "/status", LIAISON, about=stage.about(card))


def test_whom_an_alert_was_chosen_for_by_where_it_is_is_unsaid_where_that_is_not_seen() -> None:
    """The lead that may not see the place is shown no partner that the place selected, at length and in a line."""
    blind = border(
        (
            "{permit: [what, where, people], to: {kind: [fire, municipality]}",
            "{permit: [what, where, people], to: [city]",
        ),
    )
    stage = opened(blind)
    issued(stage, "/alert affected where=Town Come")
    for command in ("/status A-1", "/board"):
        text = said(stage, FIRE, command, LIAISON)
        assert "Aid" not in text and "City" not in text and "1 " not in text.replace("A-1 ", "")


# --- /board ----------------------------------------------------------------------------------------------------------

HOURLY = """checkins:
  hourly: {to: everyone, ask: {en: All well?}, answers: [ok, help], label: {tlp: green}}
"""


def begin(stage: Stage, *partners: str) -> None:
    """A round that asks these partners."""
    asked = {partner: {"rooms": []} for partner in partners}
    stage.apply([Record("I-1", CheckinStarted("C-1", "hourly", "hand", None, stage.now, None, asked))])


def test_the_board_has_a_line_for_everything_open() -> None:
    """Alerts with their counts, rounds and roll calls with how many have answered; what is over is not on it."""
    stage = opened(border(("alerts:\n  evacuation:", f"{HOURLY}alerts:\n  evacuation:")))
    issued(stage)
    issued(stage)
    stage.apply([Record("I-1", AlertCancelled("A-1", "P-1", "city", False, None, "border:1"))])
    begin(stage, "aid", "fire", "watchers")
    stage.apply([Record("I-1", CheckinAnswered("C-1", "aid", "P-1", AID, "ok", None, False, "button"))])
    persons = {"P-1": {"partner": "city", "name": "Mayor"}, "P-9": {"partner": "watchers", "name": "X"}}
    stage.apply([Record("I-1", RollCallStarted("R-1", None, "P-1", None, persons))])
    for room, who, private in ((FIRE, LIAISON, False), (DESK, "telegram:501", True)):
        lines = said(stage, room, "/board", who, private=private).splitlines()
        assert lines[1:] == [
            "• A-2 Evacuate, 12:00: 0 delivered · 4 on their way",
            "• C-1 All well?, 12:00: 1 of 2 answered",
            "• R-1 roll call, 12:00: 0 of 1 accounted for",
        ]


def test_the_board_is_for_the_lead_and_the_coordinators() -> None:
    """Others are told so; a coordinator in a group that may not see it is told where to ask; the help offers it to whom it is for."""
    stage = opened()
    issued(stage)
    assert "Only the lead" in said(stage, AID, "/board")
    assert "in a private chat" in said(stage, AID, "/board", "telegram:501")
    assert "A-1" not in said(stage, AID, "/board", "telegram:501")
    assert "/board" in said(stage, FIRE, "/help", LIAISON) and "/board" not in said(stage, AID, "/help")
