"""The lead passes on by hand: offered, with a briefing; accepted, declined, withdrawn; and it stays where it is until it is taken."""

from __future__ import annotations

from datetime import timedelta

from handlers import due
from playbooks.rooms import RoomRef
from storage.facts import BriefingGiven, CommandRefused, LeadOffered, LeadOfferEnded, LeadTaken
from storage.store import Deadline
from tests.handlers.border_stage import AID, BRANDWEER, CITY, DESK, FIRE, HILFE, SOMEBODY, WATCHERS, issued, said, to
from tests.handlers.command_stage import (
    CHANGES,
    CHARGE,
    CHIEF,
    CLERK,
    HELPER,
    MAYOR,
    VOLUNTEER,
    leaders,
    open_offers,
    opened,
    recovery,
    refolded,
    state,
    taps,
    words,
)
from tests.handlers.stage import ADMIN, Stage
from tests.playbooks.border import border

HELPERS_CHAT = RoomRef("telegram", "88")


def handed(stage: Stage, to_whom: str = "aid") -> list[object]:
    """The fire service offers its lead."""
    return list(stage.say(FIRE, f"/handover {to_whom}", CHIEF))


# --- offered -------------------------------------------------------------------------------------------------------------


def test_an_offer_goes_to_the_partners_rooms_and_to_its_liaisons_in_person() -> None:
    """With what is offered, by whom, by which law, until when; two buttons; and the briefing after it."""
    stage = opened()
    sent = stage.say(FIRE, "/handover aid", CHIEF)
    for room in (AID, HELPERS_CHAT):
        offer, briefing = (send for send in sent if send.to == room)
        assert offer.body.text == (
            "You are offered the lead (operational, Belgium) · H-1 · I-1\n"
            "Fire hands it over to you.\n"
            "Basis: Law of fires\n"
            "In the lead until you accept: Fire.\n"
            "Please answer by 12:10."
        )
        assert taps([offer]) == ["/accept H-1", "/decline H-1"] and offer.loud
        assert briefing.body.text.startswith("Briefing · Flood at the border · I-1") and not briefing.loud
    [given] = stage.of(BriefingGiven)
    assert (given.offer, given.partner) == ("H-1", "aid")  # type: ignore[attr-defined]
    assert "The lead (operational, Belgium) is offered to Aid: H-1. You lead until they accept." in words(sent, FIRE)
    assert leaders(stage) == ("fire",)


def test_nothing_is_said_to_others_before_the_lead_is_taken() -> None:
    """An offer is nobody else's business."""
    stage = opened()
    sent = stage.say(FIRE, "/handover aid", CHIEF)
    assert {send.to for send in sent} == {AID, HELPERS_CHAT, FIRE}


def test_a_partner_is_understood_by_its_name_and_when_mistyped() -> None:
    """One is asked before anything is offered to whom one might not mean."""
    stage = opened()
    stage.say(FIRE, "/handover Brandweer", CHIEF)
    assert open_offers(stage) == ["H-1"]
    asked = stage.say(FIRE, "/handover brandwer", CHIEF)
    assert "Did you mean Brandweer?" in words(asked, FIRE)
    assert taps(asked) == ["/handover I-1 brandweer"]
    assert len(stage.of(LeadOffered)) == 1


def test_alone_it_asks_to_whom_with_the_deputies_first() -> None:
    """Unlisted partners are not among the buttons, and naming one is like naming nobody."""
    stage = opened()
    asked = stage.say(FIRE, "/handover", CHIEF)
    assert taps(asked)[:2] == ["/handover I-1 city", "/handover I-1 aid"]
    assert not any("watchers" in tap for tap in taps(asked))
    unknown = said(stage, FIRE, "/handover nobody", CHIEF)
    assert said(stage, FIRE, "/handover watchers", CHIEF).replace("watchers", "nobody") == unknown


def test_who_leads_twice_says_which_lead_it_is() -> None:
    """By a button, or by the tier."""
    stage = opened()
    recovery(stage)
    stage.say(CITY, "/accept", MAYOR)
    assert taps(stage.say(CITY, "/handover aid", MAYOR)) == [
        "/handover I-1 aid strategic",
        "/handover I-1 aid operational be",
    ]
    stage.say(CITY, "/handover aid strategic", MAYOR)
    [name] = open_offers(stage)
    assert (state(stage).offers[name].fact.tier, state(stage).offers[name].fact.jurisdiction) == ("strategic", None)


def test_only_who_leads_hands_the_lead_over() -> None:
    """The others are told who does; a coordinator has no lead to give."""
    for room, person in ((CITY, SOMEBODY), (AID, HELPER), (FIRE, SOMEBODY), (DESK, ADMIN)):
        stage = opened()
        sent = stage.say(room, "/handover aid", person, private=room == DESK)
        assert "Not handed over" in words(sent, room), room
        assert stage.of(CommandRefused) and not stage.of(LeadOffered)


def test_the_later_of_two_offers_counts() -> None:
    """Who had the earlier one is told that it is over, and cannot accept it any more."""
    stage = opened()
    handed(stage)
    sent = stage.say(FIRE, "/handover city", CHIEF)
    assert "The offer of the lead H-1 (operational, Belgium) is no longer open." in words(sent, AID)
    assert open_offers(stage) == ["H-2"]
    assert said(stage, AID, "/accept H-1", HELPER) == "H-1 is no longer open. /who shows who leads."
    assert leaders(stage) == ("fire",)
    assert state(stage) == refolded(stage)


def test_an_offer_can_be_taken_back() -> None:
    """By the lead; what a change of phase has offered cannot."""
    stage = opened()
    handed(stage)
    assert "Withdrawn: H-1. You lead on." in words(stage.say(FIRE, "/handover off", CHIEF), FIRE)
    assert not open_offers(stage) and "offer:H-1" not in stage.pending
    recovery(stage)
    assert "H-2 cannot be withdrawn" in said(stage, FIRE, "/handover H-2 off", CHIEF)
    assert open_offers(stage) == ["H-2"]


def test_to_a_partner_without_a_room_nothing_is_offered_by_hand() -> None:
    """It says so, with the number to ring."""
    stage = opened(border(*CHANGES, ("rooms: [{telegram: -15}]", "rooms: [{telegram: -15, for: [checkins]}]")))
    text = said(stage, FIRE, "/handover hilfe", CHIEF)
    assert "Hilfe cannot be offered the lead" in text and "+4914" in text
    assert not stage.of(LeadOffered)


# --- accepted ------------------------------------------------------------------------------------------------------------


def test_acceptance_passes_the_lead_on_and_everyone_learns_it() -> None:
    """In their rooms, once each, with the basis; who may not know of the new lead learns nothing."""
    stage = opened()
    handed(stage)
    sent = stage.say(AID, "/accept H-1", HELPER, via="button")
    for room in (CITY, FIRE, BRANDWEER, AID, HILFE, WATCHERS):
        assert to(sent, room) == ["Since 12:00, Aid leads (operational, Belgium). Before: Fire. Basis: Law of fires"], (
            room
        )
    assert leaders(stage) == ("aid",)
    [ended] = stage.of(LeadOfferEnded)
    assert (ended.why, ended.partner, ended.person) == ("accepted", "aid", stage.world.who.person(HELPER).id)  # type: ignore[attr-defined,union-attr]
    assert "offer:H-1" not in stage.pending
    assert state(stage) == refolded(stage)


def test_a_second_tap_takes_nothing_anew() -> None:
    """It is said that the offer is over."""
    stage = opened()
    handed(stage)
    stage.say(AID, "/accept H-1", HELPER, via="button")
    before = len(stage.of(LeadTaken))
    assert said(stage, AID, "/accept H-1", HELPER, via="button") == "H-1 is no longer open. /who shows who leads."
    assert len(stage.of(LeadTaken)) == before


def test_only_people_enrolled_in_the_partner_accept_for_it() -> None:
    """A coordinator of the deployment in its room, a responder of it, another partner's liaison: none of them."""
    stage = opened()
    stage.enrol(VOLUNTEER, "responder", "aid")
    handed(stage)
    for room, person in ((AID, ADMIN), (AID, CHARGE), (AID, VOLUNTEER), (AID, SOMEBODY)):
        assert "Not done." in said(stage, room, "/accept H-1", person), person
    assert "There is no offer H-1 for you here." in said(stage, FIRE, "/accept H-1", CHIEF)
    assert leaders(stage) == ("fire",) and open_offers(stage) == ["H-1"]
    stage.enrol("telegram:91", "coordinator", "aid")
    stage.say(AID, "/accept H-1", "telegram:91")
    assert leaders(stage) == ("aid",)


def test_a_liaison_may_accept_in_private() -> None:
    """Where the offer reached them."""
    stage = opened()
    handed(stage)
    sent = stage.say(HELPERS_CHAT, "/accept", HELPER, private=True)
    assert leaders(stage) == ("aid",)
    assert "You lead now (operational, Belgium)." in words(sent, HELPERS_CHAT)


def test_a_reply_to_an_offer_says_which_is_meant() -> None:
    """Without its number."""
    stage = opened()
    offer = next(send for send in stage.say(FIRE, "/handover aid", CHIEF) if send.to == AID)
    stage.say(AID, "/accept", HELPER, about=stage.about(offer))
    assert leaders(stage) == ("aid",)


def test_of_a_unified_command_each_is_told_and_the_one_with_the_last_word_accepts() -> None:
    """The others have no button, and are refused."""
    unified = (", lead: city, deputies: [fire]", ", unified: [city, brandweer], decides: city, deputies: [fire]")
    stage = opened(border(*CHANGES, unified))
    stage.enrol("telegram:92", "liaison", "brandweer")
    sent = recovery(stage)
    assert "Together with Brandweer." in words(sent, CITY)
    assert "Together with City & Sons <town hall>." in words(sent, BRANDWEER)
    assert "City & Sons <town hall> has the last word." in words(sent, BRANDWEER)
    assert taps([send for send in sent if send.to == BRANDWEER]) == []
    assert "Not done." in said(stage, BRANDWEER, "/accept", "telegram:92")
    sent = stage.say(CITY, "/accept", CLERK)
    assert "in the lead (operational, Belgium) together: City & Sons <town hall> · Brandweer." in words(sent, AID)
    assert set(leaders(stage)) == {"city", "brandweer"}
    sent = stage.say(CITY, "/handover aid operational", CLERK)
    assert "In the lead until you accept: City & Sons <town hall> · Brandweer." in words(sent, AID)


# --- refused, or not answered ----------------------------------------------------------------------------------------------


def test_a_refusal_reaches_the_old_lead_and_the_coordinators_with_the_next_deputy_to_ask() -> None:
    """The reason only where a note of theirs may be seen; one tap offers it on."""
    stage = opened()
    stage.say(FIRE, "/handover city", CHIEF)
    sent = stage.say(CITY, "/decline H-1 the town hall is under water", MAYOR)
    assert "City & Sons <town hall> does not take the lead (operational, Belgium, H-1, 12:00). ☎ +3210" in words(
        sent, FIRE
    )
    assert "Still in the lead: Fire." in words(sent, FIRE)
    assert "under water" in words(sent, FIRE)
    assert "does not take the lead" in words(sent, DESK) and "under water" not in words(sent, DESK)
    assert taps([send for send in sent if send.to == FIRE]) == ["/handover H-1 next"]
    sent = stage.say(DESK, "/handover H-1 next", ADMIN, private=True)
    assert "Offered to Aid (H-2)." in words(sent, DESK)
    assert "You are offered the lead" in words(sent, AID) and open_offers(stage) == ["H-2"]


def test_no_reason_and_a_reason_leave_the_same_number_of_facts() -> None:
    """Nobody can tell from the log's length that one was given."""
    lengths = []
    for reason in ("", " the town hall is under water"):
        stage = opened()
        stage.say(FIRE, "/handover city", CHIEF)
        stage.say(CITY, f"/decline H-1{reason}", MAYOR)
        lengths.append(len(stage.facts))
    assert lengths[0] == lengths[1]


def test_silence_is_told_once_with_the_number_to_ring() -> None:
    """To the old lead and the coordinators, when the playbook's time is over; the offer stays open."""
    stage = opened()
    handed(stage)
    stage.sent.clear()
    stage.fall_due(stage.now + timedelta(minutes=11))
    for room in (FIRE, DESK):
        [text] = to(stage.sent, room)
        assert text.startswith("Aid has not answered the offer of the lead (operational, Belgium, H-1, since 12:00)")
        assert "☎ +3213" in text and "late" not in text
    stage.fall_due(stage.now + timedelta(hours=2))
    assert len(to(stage.sent, FIRE)) == 1 and open_offers(stage) == ["H-1"]
    stage.say(AID, "/accept", HELPER)
    assert leaders(stage) == ("aid",)


def test_what_fell_due_while_the_program_was_down_is_said_late() -> None:
    """Once, with the time at which it was due."""
    stage = opened()
    handed(stage)
    wake = stage.pending.pop("offer:H-1")
    stage.sent.clear()
    stage.now += timedelta(hours=3)
    stage.apply(due(stage.world, Deadline(wake.key, wake.stream, wake.at, wake.kind, wake.about), stage.now))
    [text] = to(stage.sent, DESK)
    assert text.endswith("I say this late: it was due at 12:10.")


def test_without_a_time_in_the_playbook_nobody_is_told_of_silence() -> None:
    """As the language says."""
    stage = opened(border(*CHANGES, (', basis: "Law of fires", accept_within: 10m', ', basis: "Law of fires"')))
    handed(stage)
    assert "offer:H-1" not in stage.pending
    assert state(stage).offers["H-1"].fact.until is None


def test_an_answer_to_nothing_says_so() -> None:
    """Also where there are several to choose from."""
    stage = opened()
    assert said(stage, AID, "/accept", HELPER) == "No offer of the lead is open for you."
    assert said(stage, AID, "/decline H-7", HELPER) == "There is no offer H-7 for you here."


def test_facts_of_an_offer_read_the_same_after_a_restart() -> None:
    """Offers, answers and who leads are folded from the log alone."""
    stage = opened()
    handed(stage)
    stage.say(AID, "/decline H-1", HELPER)
    stage.say(FIRE, "/handover H-1 next", CHIEF)
    stage.say(CITY, "/accept", MAYOR)
    assert state(stage) == refolded(stage)
    assert state(stage).offers["H-1"].ended == "declined" and leaders(stage) == ("city",)


def test_an_alert_for_the_lead_goes_to_the_old_one_while_an_offer_is_open() -> None:
    """And to the new one from its acceptance on: ``by: lead`` is danger's rule here."""
    stage = opened()
    handed(stage)
    assert "Not declared" in said(stage, AID, "/danger a dyke broke", HELPER)
    stage.say(AID, "/accept", HELPER)
    assert "declared" in words(stage.say(AID, "/danger a dyke broke", HELPER), AID)
    assert issued(stage) == "A-1"
