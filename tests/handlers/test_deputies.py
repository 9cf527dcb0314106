"""A silent lead: its deputies are offered the lead one after the other, and it keeps it until one of them accepts."""

from __future__ import annotations

from datetime import timedelta

from handlers.lead import offered_to_deputies
from playbooks.rooms import RoomRef
from storage.effects import Send
from storage.facts import LeadOffered
from tests.handlers.border_stage import AID, CITY, DESK, FIRE, to
from tests.handlers.command_stage import (
    CHANGES,
    CHIEF,
    HELPER,
    MAYOR,
    leaders,
    open_offers,
    opened,
    refolded,
    state,
    words,
)
from tests.handlers.stage import Stage
from tests.playbooks.border import border


def fallen_silent(stage: Stage) -> list[Send]:
    """The lead does not answer an alert: what escalation asks for."""
    before = len(stage.sent)
    stage.apply(offered_to_deputies(stage.world, state(stage), "operational", "be", stage.now, "silence"))
    return stage.sent[before:]


def offered(stage: Stage) -> list[str]:
    """To whom the lead was offered, in order."""
    return [fact.decides for fact in stage.of(LeadOffered)]  # type: ignore[attr-defined]


def test_the_first_deputy_is_offered_the_lead_and_the_silent_lead_keeps_it() -> None:
    """It is told so, with what it can do, and the coordinators too."""
    stage = opened()
    sent = fallen_silent(stage)
    assert offered(stage) == ["city"] and leaders(stage) == ("fire",)
    assert "Fire does not answer." in words(sent, CITY)
    assert "the lead (operational, Belgium) is offered to City & Sons <town hall>" in words(sent, FIRE)
    assert "/handover off keeps it" in words(sent, FIRE)
    assert "Fire does not answer. ☎ +3211 The lead (operational, Belgium) is offered to City" in words(sent, DESK)


def test_one_such_offer_is_open_at_a_time() -> None:
    """However many alerts it does not answer; also while it has offered the lead itself."""
    stage = opened()
    fallen_silent(stage)
    assert fallen_silent(stage) == [] and offered(stage) == ["city"]
    stage = opened()
    stage.say(FIRE, "/handover aid", CHIEF)
    assert fallen_silent(stage) == []


def test_the_next_deputy_is_asked_when_one_declines() -> None:
    """At once, without anybody's tap."""
    stage = opened()
    fallen_silent(stage)
    stage.say(CITY, "/decline", MAYOR)
    assert offered(stage) == ["city", "aid"] and open_offers(stage) == ["H-2"]
    stage.say(AID, "/accept", HELPER)
    assert leaders(stage) == ("aid",)
    assert state(stage) == refolded(stage)


def test_the_next_deputy_is_asked_when_one_does_not_answer() -> None:
    """After the playbook's time; the earlier offer is over then."""
    stage = opened()
    fallen_silent(stage)
    stage.fall_due(stage.now + timedelta(minutes=11))
    assert offered(stage) == ["city", "aid"] and open_offers(stage) == ["H-2"]
    assert "no longer open" in words(stage.sent, CITY)
    assert "City & Sons <town hall> has not answered the offer of the lead" in words(stage.sent, DESK)


def test_where_no_deputy_is_left_the_last_may_still_accept() -> None:
    """The coordinators have its number; nobody is asked twice, and the lead stays where it is."""
    stage = opened()
    fallen_silent(stage)
    stage.fall_due(stage.now + timedelta(minutes=50))
    assert offered(stage) == ["city", "aid"] and open_offers(stage) == ["H-2"]
    assert sum("Aid has not answered" in text for text in to(stage.sent, DESK)) == 1
    assert leaders(stage) == ("fire",)
    assert fallen_silent(stage) == []


def test_where_all_decline_the_coordinators_are_told_and_nobody_is_asked_again_soon() -> None:
    """Later they are: an hour is long in a crisis."""
    stage = opened()
    fallen_silent(stage)
    stage.say(CITY, "/decline", MAYOR)
    sent = stage.say(AID, "/decline", HELPER)
    assert "No deputy has taken the lead (operational, Belgium). Fire has it still." in words(sent, DESK)
    assert fallen_silent(stage) == [] and not open_offers(stage)
    stage.now += timedelta(minutes=61)
    fallen_silent(stage)
    assert offered(stage) == ["city", "aid", "city"]


def test_a_deputy_without_a_room_is_passed_over() -> None:
    """Nobody waits for who cannot be asked."""
    stage = opened(
        border(
            *CHANGES,
            ("deputies: [city, aid]", "deputies: [hilfe, aid]"),
            ("rooms: [{telegram: -15}]", "rooms: [{telegram: -15, for: [checkins]}]"),
        )
    )
    fallen_silent(stage)
    assert offered(stage) == ["aid"]


def test_a_lead_without_deputies_is_offered_to_nobody() -> None:
    """As the language says."""
    stage = opened(border(*CHANGES, (", deputies: [city, aid]", "")))
    assert fallen_silent(stage) == [] and offered(stage) == []


def test_a_silent_lead_that_comes_back_keeps_the_lead() -> None:
    """It takes the offer back itself."""
    stage = opened()
    fallen_silent(stage)
    assert "Withdrawn: H-1. You lead on." in words(stage.say(FIRE, "/handover off", CHIEF), FIRE)
    assert not open_offers(stage)
    fallen_silent(stage)
    assert offered(stage) == ["city", "city"]


def test_a_lead_whose_rooms_are_unknown_is_offered_to_its_deputies_too() -> None:
    """Nothing can be said to it, and the coordinators read its number."""
    stage = opened(
        border(
            *CHANGES,
            ('rooms: [{matrix: "#fire:x.org"}, {telegram: -12}]', 'rooms: [{matrix: "#fire:x.org", for: [checkins]}]'),
        )
    )
    sent = fallen_silent(stage)
    assert offered(stage) == ["city"]
    assert not to(sent, FIRE) and "☎ +3211" in words(sent, DESK)


def test_a_phase_names_who_has_no_room() -> None:
    """The coordinators are told whom to ring; nobody else hears of an offer that reached nobody."""
    stage = opened(
        border(
            *CHANGES,
            (", lead: city, deputies: [fire]", ", lead: hilfe, deputies: [fire]"),
            ("rooms: [{telegram: -15}]", "rooms: [{telegram: -15, for: [checkins]}]"),
        )
    )
    sent = stage.say(FIRE, "/phase I-1 recovery yes watch", CHIEF)
    assert "Hilfe is offered the lead (operational, Belgium), and no chat of theirs is known." in words(sent, DESK)
    assert "☎ +4914" in words(sent, RoomRef("telegram", "77"))
    assert leaders(stage) == ("fire",)


def test_an_unlisted_deputy_is_named_to_nobody() -> None:
    """The silent lead reads of its deputy, and not of which."""
    stage = opened(border(*CHANGES, ("deputies: [city, aid]", "deputies: [watchers]")))
    sent = fallen_silent(stage)
    assert offered(stage) == ["watchers"]
    assert "is offered to your deputy" in words(sent, FIRE)
    assert all("Silent" not in send.body.text for send in sent if send.partner != "watchers")
