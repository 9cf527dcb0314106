"""The incident enters another phase: who may change it, who is offered the lead, and who stays accountable until they accept."""

from __future__ import annotations

from handlers.events import Stale
from playbooks.rooms import RoomRef
from storage.facts import CommandRefused, LeadEnded, LeadOffered, LeadTaken, PhaseChanged
from tests.handlers.border_stage import (
    AID,
    BRANDWEER,
    CITY,
    DESK,
    FIRE,
    HILFE,
    SOMEBODY,
    WATCHERS,
    copies,
    issued,
    said,
    to,
)
from tests.handlers.command_stage import (
    CHANGES,
    CHIEF,
    CLERK,
    MAYOR,
    leaders,
    open_offers,
    opened,
    recovery,
    refolded,
    state,
    taps,
    words,
)
from tests.handlers.stage import ADMIN
from tests.playbooks.border import border

FIRST = "  - {in: [watch, response], tier: operational, jurisdiction: be, lead: fire, deputies: [city]}\n"
EVERYWHERE = "  - {tier: operational, lead: brandweer}"
WIDER = """\
  - {in: [watch, response], tier: operational, jurisdiction: be, lead: fire}
  - {in: [watch, response], tier: operational, lead: brandweer}
  - {in: recovery, tier: operational, lead: city}"""


def test_the_lead_is_shown_the_phases_with_a_button_for_each_other_one() -> None:
    """The one that is now has none; who may not change it sees them all the same, without buttons."""
    stage = opened()
    shown = stage.say(FIRE, "/phase", CHIEF)
    assert "▶ watch, since 12:00" in words(shown, FIRE)
    assert taps(shown) == ["/phase I-1 response", "/phase I-1 recovery"]
    assert taps(stage.say(AID, "/phase", SOMEBODY)) == []


def test_a_phase_is_changed_only_once_that_is_confirmed() -> None:
    """Before, it says who would be offered the lead, and nothing is recorded."""
    stage = opened()
    asked = stage.say(FIRE, "/phase recovery", CHIEF)
    assert "Change I-1 from watch to recovery?" in words(asked, FIRE)
    assert "The lead (operational, Belgium) is then offered to City & Sons <town hall>." in words(asked, FIRE)
    assert not stage.of(PhaseChanged)
    assert taps(asked) == ["/phase I-1 recovery yes watch"]


def test_a_mistyped_phase_is_understood() -> None:
    """It offers the nearest, to be confirmed like any other."""
    stage = opened()
    assert taps(stage.say(FIRE, "/phase recovrey", CHIEF)) == ["/phase I-1 recovery"]
    assert "There is no phase zzzzzz." in said(stage, FIRE, "/phase zzzzzz", CHIEF)


def test_the_old_lead_stays_accountable_until_the_new_one_accepts() -> None:
    """Everything for the lead goes to it, though the playbook names another in the new phase."""
    stage = opened()
    recovery(stage)
    assert state(stage).phase == "recovery" and leaders(stage) == ("fire",)
    [offer] = stage.of(LeadOffered)
    assert (offer.partners, offer.before, offer.why) == (("city",), ("fire",), "phase")  # type: ignore[attr-defined]
    stage.say(CITY, "/accept", MAYOR)
    assert leaders(stage) == ("city",)
    assert state(stage) == refolded(stage)


def test_everyone_is_told_of_the_phase_as_far_as_they_may_know_who_leads() -> None:
    """Each in its rooms, in silence."""
    stage = opened()
    sent = recovery(stage)
    for room in (CITY, FIRE, BRANDWEER, AID, HILFE, WATCHERS):
        assert "New phase: recovery · I-1, since 12:00 (before: watch)" in words(sent, room)
    news = [send for send in sent if "New phase" in send.body.text]
    assert len({send.to for send in news}) == len(news) == 8
    assert not any(send.loud for send in news)
    assert "Lead (operational, Belgium): Fire" in words(sent, AID)
    assert "The lead (operational, Belgium) is offered to City & Sons <town hall>." in words(sent, HILFE)


def test_whoever_leads_on_does_so_by_the_new_rule() -> None:
    """The same partner by another law: nothing is offered, and the basis is the new one."""
    stage = opened(
        border(*CHANGES, (', lead: city, deputies: [fire], basis: "Law of towns"', ', lead: fire, basis: "Law of mud"'))
    )
    recovery(stage)
    assert not stage.of(LeadOffered)
    [now] = [one for one in state(stage).leads if (one.tier, one.jurisdiction) == ("operational", "be")]
    assert (now.partners, now.basis, now.deputies) == (("fire",), "Law of mud", ())


def test_a_lead_without_a_rule_ends_when_the_one_that_covers_it_is_taken() -> None:
    """Until then it goes on: somebody always answers for the country."""
    stage = opened(border(*CHANGES[:1], *CHANGES[2:], (FIRST + EVERYWHERE, WIDER)))
    recovery(stage)
    assert leaders(stage) == ("fire",) and leaders(stage, None) == ("brandweer",)
    [offer] = stage.of(LeadOffered)
    assert (offer.jurisdiction, offer.before) == (None, ("brandweer",))  # type: ignore[attr-defined]
    stage.say(CITY, "/accept", MAYOR)
    assert [(one.tier, one.jurisdiction) for one in stage.of(LeadEnded)] == [("operational", "be")]  # type: ignore[attr-defined]
    assert {(one.tier, one.jurisdiction): one.partners for one in state(stage).leads} == {
        ("operational", None): ("city",),
        ("strategic", None): ("city",),
    }


def test_a_lead_that_nobody_has_is_taken_at_once_by_whom_the_phase_names() -> None:
    """There is nobody who could stay accountable meanwhile."""
    stage = opened(
        border(*CHANGES, ("  - {tier: strategic, lead: city}\n", "  - {tier: strategic, in: recovery, lead: city}\n"))
    )
    before = len(stage.facts)
    recovery(stage)
    taken = [kept.fact for kept in stage.facts[before:] if isinstance(kept.fact, LeadTaken)]
    assert [(one.tier, one.partners) for one in taken] == [("strategic", ("city",))]


def test_who_leads_and_coordinators_change_the_phase_and_nobody_else() -> None:
    """The strategic lead may too; whoever merely reads in the lead's room may not."""
    for room, person, may in (
        (FIRE, CHIEF, True),
        (CITY, MAYOR, True),
        (DESK, ADMIN, True),
        (FIRE, SOMEBODY, False),
        (AID, SOMEBODY, False),
        (BRANDWEER, SOMEBODY, False),
    ):
        stage = opened()
        sent = stage.say(room, "/phase recovery yes watch", person, private=room == DESK)
        assert bool(stage.of(PhaseChanged)) == may, room
        if not may:
            assert "Not changed." in words(sent, room)
            [refused] = stage.of(CommandRefused)
            assert refused.rule is not None  # type: ignore[attr-defined]


def test_a_second_tap_changes_nothing_and_neither_does_a_stale_one() -> None:
    """The button says from which phase it was meant to change."""
    stage = opened()
    asked = taps(stage.say(FIRE, "/phase response", CHIEF))[0]
    recovery(stage)
    assert "I-1 is in phase recovery, since 12:00." in words(stage.say(FIRE, asked, CHIEF, via="button"), FIRE)
    assert "I-1 is in phase recovery" in words(recovery(stage), FIRE)
    assert len(stage.of(PhaseChanged)) == 1


def test_what_was_offered_in_the_old_phase_is_over_with_it() -> None:
    """And who had the offer is told so."""
    stage = opened()
    stage.say(FIRE, "/handover aid", CHIEF)
    assert open_offers(stage) == ["H-1"]
    sent = recovery(stage)
    assert "The offer of the lead H-1 (operational, Belgium) is no longer open." in words(sent, AID)
    assert open_offers(stage) == ["H-2"]
    assert "offer:H-1" not in stage.pending


def test_a_lead_passed_on_by_hand_holds_until_the_next_phase() -> None:
    """Then the playbook's rule has its turn again, as an offer."""
    stage = opened()
    stage.say(FIRE, "/handover aid", CHIEF)
    stage.say(AID, "/accept", "telegram:88")
    assert leaders(stage) == ("aid",)
    stage.say(AID, "/phase response yes watch", "telegram:88")
    assert leaders(stage) == ("aid",)
    offer = state(stage).offers["H-2"].fact
    assert (offer.partners, offer.before) == (("fire",), ("aid",))


def test_a_copy_that_waits_is_decided_again_in_the_new_phase() -> None:
    """What a rule shows in one phase only is not shown by a message that leaves in another."""
    phased = (
        "{permit: [what], to: {jurisdiction: be}, purpose: life-safety}",
        "{permit: [what], to: {jurisdiction: be}, purpose: life-safety, when: {phase: watch}}",
    )
    stage = opened(border(*CHANGES, phased))
    alert = issued(stage, '/alert evacuation action=leave what="The quay is under water"')
    row = copies(stage, alert)[AID]
    assert "quay" in words(stage.sent, AID)
    before = stage.world.epoch(state(stage))
    recovery(stage)
    assert stage.world.epoch(state(stage)) > before
    stage.sent.clear()
    stage.happen(Stale(row, over=False))
    [again] = to(stage.sent, AID)
    assert "Leave now" in again and "quay" not in again


def test_an_unlisted_partner_that_is_to_lead_is_named_to_nobody() -> None:
    """Not in the question, not in the news: only it is offered the lead."""
    stage = opened(border(*CHANGES, (", lead: city, deputies: [fire]", ", lead: watchers, deputies: [fire]")))
    asked = stage.say(FIRE, "/phase recovery", CHIEF)
    sent = recovery(stage)
    assert "offered" not in words(asked, FIRE)
    for room in (CITY, FIRE, BRANDWEER, AID, HILFE, DESK, RoomRef("telegram", "77")):
        assert "offered" not in words(sent, room) and "Silent" not in words(sent, room)
    assert "You are offered the lead" in words(sent, WATCHERS)


def test_duties_of_a_phase_are_shown_when_it_begins() -> None:
    """To the officials in private, where they can be written to."""
    stage = opened()
    stage.enrol("telegram:90", "official", "city")
    sent = recovery(stage)
    assert "You answer for the town — Law of towns" in words(sent, RoomRef("telegram", "90"))
    assert "You answer for the town" not in words(sent, CITY)


def test_the_help_offers_it_to_who_may() -> None:
    """And to nobody who would only be refused."""
    stage = opened()
    assert "/phase" in said(stage, FIRE, "/help", CHIEF)
    assert "/phase" in said(stage, CITY, "/help", CLERK)
    assert "/phase" not in said(stage, AID, "/help", SOMEBODY)
