"""A partner that nobody foresaw: what it is granted, what it sees, and that nothing of it is left when its time is over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.admit import read
from handlers.world import circumstances
from playbooks.rooms import RoomRef
from storage import incident
from storage.effects import Urgency
from storage.facts import AdmissionEnded, CommandRefused, PartnerAdmitted, RoomBound
from tests.handlers.border_stage import (
    AID,
    CITY,
    DESK,
    EVACUATE,
    FIRE,
    HILFE,
    LIAISON,
    MAYOR,
    SOMEBODY,
    issued,
    opened,
    said,
    to,
)
from tests.handlers.stage import ADMIN, Stage
from tests.playbooks.border import BOOK, border

GUEST = RoomRef("telegram", "-77")
MSF = "msf.i1"


def admitted(typed: str = "MSF as ngo for 12h in be", stage: Stage | None = None) -> Stage:
    """Somebody is let in by the administrator, and their room bound."""
    stage = stage or opened()
    stage.say(DESK, f"/admit yes {typed}", private=True)
    stage.say(GUEST, "/bind MSF")
    stage.sent.clear()
    return stage


def test_first_it_is_shown_what_they_would_see() -> None:
    """Nobody is let in before that, and the button does what was typed."""
    stage = opened()
    [asked] = stage.say(DESK, "/admit MSF as ngo for 12h in be", private=True)
    assert stage.of(PartnerAdmitted) == []
    assert asked.body.text.split("\n")[:3] == [
        "Let MSF take part until 00:00 on June 2?",
        "As ngo, Belgium. It gets what these have in common: Aid · Hilfe.",
        "Up to TLP:GREEN.",
    ]
    assert "It could see: action · what · where (only roughly)" in asked.body.text
    stage.say(DESK, asked.taps[0][0].command, private=True, via="button")
    [fact] = stage.of(PartnerAdmitted)
    assert isinstance(fact, PartnerAdmitted)
    assert (fact.partner, fact.name, fact.kind, fact.tlp, fact.compartments, fact.jurisdiction) == (
        MSF, "MSF", "ngo", "green", (), "be",
    )  # fmt: skip
    assert fact.rule == f"border:{BOOK.line('partners', 'aid')}"


def test_everyone_is_told_and_the_room_gets_what_its_kind_gets() -> None:
    """The guest is shown what Aid is shown, word for word but for the sign of who reads."""
    stage = opened()
    sent = stage.say(DESK, "/admit yes MSF as ngo for 12h in be +32 2 555 01 02", private=True)
    assert to(sent, FIRE) == ["MSF takes part until 00:00 on June 2, as ngo. ☎ +32 2 555 01 02"]
    stage.say(GUEST, "/bind msf")
    issued(stage, f'{EVACUATE} where="Quai 1, Town" people=12 Water on the quay')
    alerts = {send.to: send.body.text for send in stage.sent if send.urgency == Urgency.ALERT}
    assert alerts[GUEST] == alerts[AID] and "Quai" not in alerts[GUEST]
    stage.say(GUEST, "/ack A-1 acting", SOMEBODY)
    assert stage.world.incidents["I-1"].alerts["A-1"].answers[MSF]


def test_it_is_granted_what_the_least_of_its_kind_has() -> None:
    """The lowest level and the circles that all have: never more than any of them."""
    brandweer = "jurisdiction: nl\n    competences: [rescue]\n    covers: [dorp]\n    clearance: {tlp: "
    two = border((f"{brandweer}amber, compartments: [medical]}}", f"{brandweer}green, compartments: [other]}}"))
    stage = opened(two)
    stage.say(DESK, "/admit yes MSF as fire for 12h in be", private=True)
    [fact] = stage.of(PartnerAdmitted)
    assert isinstance(fact, PartnerAdmitted) and (fact.tlp, fact.compartments) == ("green", ())


def test_nothing_is_its_prerogative() -> None:
    """Not even where a kind may issue, or declare danger."""
    stage = opened(border(("by: {competence: order-evacuation}", "by: {kind: [municipality, fire]}")))
    admitted("MSF as fire for 12h in be", stage)
    stage.enrol("telegram:900", "liaison", MSF)
    assert "belongs to" in said(stage, GUEST, EVACUATE, "telegram:900")
    assert "Not declared" in said(stage, GUEST, "/danger a dyke", "telegram:900")


def test_an_unlisted_partner_is_no_profile() -> None:
    """That there is one of that kind must not be learned by asking."""
    stage = opened()
    words = said(stage, DESK, "/admit MSF as other for 12h in be", ADMIN, private=True)
    assert "foresees no other" in words and "ngo" in words
    stage.say(DESK, "/admit yes Silent watchers as ngo for 1h in be", private=True)
    assert len(stage.of(PartnerAdmitted)) == 1  # the name is as free as any other


def test_who_may_is_the_lead_and_coordinators() -> None:
    """Others are told who, with the line; the lead's country is the guest's unless another is said."""
    stage = opened()
    words = said(stage, CITY, "/admit MSF as ngo for 2h", SOMEBODY)
    assert "Coordinators may do this, and who leads" in words and "Fire" in words
    assert stage.of(CommandRefused)
    stage.say(FIRE, "/admit yes MSF as ngo for 2h", LIAISON)
    [fact] = stage.of(PartnerAdmitted)
    assert isinstance(fact, PartnerAdmitted) and (fact.jurisdiction, fact.by) == ("be", "fire")


def test_over_a_border_it_needs_an_agreement_like_any_other() -> None:
    """From Germany it is shown what Hilfe is shown."""
    stage = admitted("MSF as ngo for 12h in de")
    issued(stage, f'{EVACUATE} where="Quai 1, Town" Water on the quay')
    alerts = {send.to: send.body.text for send in stage.sent if send.urgency == Urgency.ALERT}
    assert alerts[GUEST] == alerts[HILFE]


def test_when_its_time_is_over_nothing_more_comes() -> None:
    """The room is told, once, and everyone else too; what waits for its answer waits no more, also after a restart."""
    stage = admitted("MSF as ngo for 2h in be")
    issued(stage)
    for send in [one for one in stage.sent if one.urgency == Urgency.ALERT and one.to == GUEST]:
        stage.accepted(send)
    stage.sent.clear()
    stage.fall_due(stage.now + timedelta(hours=2))
    assert [fact.by for fact in stage.of(AdmissionEnded)] == ["time"]  # type: ignore[attr-defined]
    assert to(stage.sent, GUEST)[-1].startswith("Your part in Flood at the border is over.")
    assert "MSF takes part no longer." in to(stage.sent, AID)
    watch = stage.world.incidents["I-1"].alerts["A-1"].watches[MSF]
    assert not watch.open and not any(MSF in key for key in stage.pending)
    stage.sent.clear()
    issued(stage, "/alert evacuation action=stay")
    assert to(stage.sent, GUEST) == []
    assert said(stage, GUEST, "/status", SOMEBODY).startswith("This room")
    folded = incident.fold(None, [kept for kept in stage.facts if kept.stream == "I-1"])
    assert folded == stage.world.incidents["I-1"]
    assert MSF not in circumstances(stage.world, folded, stage.now).active


def test_before_its_end_is_noted_it_is_shown_nothing() -> None:
    """The deadline may be late after a long sleep; the clock is not."""
    stage = admitted("MSF as ngo for 2h in be")
    stage.now += timedelta(hours=3)
    issued(stage)
    assert to(stage.sent, GUEST) == []


def test_it_can_be_longer_or_end_at_once() -> None:
    """The same name again sets another time; ``off`` ends it, and who comes back later is bound anew."""
    stage = admitted("MSF as ngo for 2h in be")
    stage.say(DESK, "/admit yes MSF as ngo for 5h in be", private=True)
    assert {fact.partner for fact in stage.of(PartnerAdmitted)} == {MSF}  # type: ignore[attr-defined]
    stage.fall_due(stage.now + timedelta(hours=3))
    assert stage.of(AdmissionEnded) == []
    assert "msf.i1" in said(stage, DESK, "/admit", ADMIN, private=True)
    stage.say(DESK, "/admit off msf", private=True)
    assert len(stage.of(AdmissionEnded)) == 1
    stage.say(DESK, "/admit yes MSF as ngo for 2h in be", private=True)
    stage.sent.clear()
    issued(stage)
    assert to(stage.sent, GUEST) == []


def test_its_room_is_its_own_in_this_incident_alone() -> None:
    """In another incident of the same playbook it is nobody's, and no partner's room can become a guest's."""
    stage = admitted()
    stage.say(CITY, "/activate +border", MAYOR)
    stage.sent.clear()
    stage.say(CITY, f"/alert I-2 {EVACUATE.partition(' ')[2]}", MAYOR)
    stage.say(CITY, "/draft D-1 send", MAYOR)
    assert to(stage.sent, GUEST) == [] and "A-1" in stage.world.incidents["I-2"].alerts
    before = len(stage.of(RoomBound))
    assert "another partner's" in said(stage, AID, "/bind MSF", ADMIN)
    assert len(stage.of(RoomBound)) == before


def test_the_log_keeps_the_playbook_of_the_file() -> None:
    """A guest changes no digest: what was agreed is what was signed."""
    stage = admitted()
    issued(stage)
    assert {kept.playbook_sha256 for kept in stage.facts if kept.stream == "I-1"} == {BOOK.digest}
    world = stage.world
    assert world.book_of(world.incidents["I-1"]) is world.book_of(world.incidents["I-1"])
    assert world.agreed_of(world.incidents["I-1"]).playbook.partners.keys() == BOOK.playbook.partners.keys()
    assert world.book_of(world.incidents["I-1"]).line("partners", MSF, "clearance") == BOOK.line("partners")


@pytest.mark.parametrize(
    ("typed", "name", "kind", "hours", "land"),
    [
        ("MSF as ngo for 12h", "MSF", "ngo", 12, None),
        ("Médecins Sans Frontières comme ngo pour 2 h en be", "Médecins Sans Frontières", "ngo", 2, "be"),
        ('"Technisches Hilfswerk" als fire für 3d in de', "Technisches Hilfswerk", "fire", 72, "de"),
        ("MSF", "MSF", None, 12, None),
        ("for 90m MSF as ngo", "MSF", "ngo", 1.5, None),
    ],
)
def test_it_is_understood_in_the_words_of_several_languages(
    typed: str, name: str, kind: str | None, hours: float, land: str | None
) -> None:
    """In whichever order, with what was left out filled in."""
    asked = read(typed)
    assert (asked.name, asked.kind, asked.jurisdiction) == (name, kind, land)
    assert asked.lasts == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("/admit", "Who, as what, for how long?"),
        ("/admit MSF", "As what? This playbook foresees: municipality, fire, ngo. Write /admit NAME as KIND for 12h."),
        ("/admit MSF as ngos for 12h in be", "Did you mean ngo?"),
        ("/admit MSF as ngo for 12h", "Under whose law?"),
        ("/admit MSF as ngo for 99d in be", "At most 30 days"),
        ("/admit Aid as ngo for 1h in be", "That is a partner of the playbook already."),
        ("/admit off Nobody", "Nobody called Nobody was admitted."),
    ],
)
def test_what_is_missing_is_asked_for(typed: str, expected: str) -> None:
    """And a slip of the hand is put right."""
    assert expected in said(opened(), DESK, typed, ADMIN, private=True)


def test_the_coordinator_of_a_guest_that_has_left_coordinates_nothing_any_more() -> None:
    """No list, no card and no call comes to them, and what they ask is answered as to a stranger."""
    stage = admitted("MSF as ngo for 2h in be")
    theirs, own = "telegram:800", RoomRef("telegram", "800")
    stage.enrol(theirs, "coordinator", MSF)
    assert "Phase" in said(stage, own, "/status", theirs, private=True)
    stage.say(DESK, "/admit off msf", private=True)
    stage.sent.clear()
    issued(stage)
    stage.fall_due(stage.now + timedelta(hours=1))
    assert to(stage.sent, own) == []
    for typed in (
        "/status",
        "/who",
        "/board",
        "/log",
        "/phase response yes",
        "/close yes",
        "/ack A-1 for fire by phone Bob",
    ):
        assert said(stage, own, typed, theirs, private=True).startswith("This room")
    assert stage.world.incidents["I-1"].closed_at is None


@pytest.mark.parametrize(
    "called", ["Dam breaks: evacuate! quietly", "Red\nCross", "x" * 61, "<b>Red Cross</b>", "🆘 Help", "_a_"]
)
def test_a_name_is_a_name_and_no_message(called: str) -> None:
    """What every room is to read as a guest's name has the length and the signs of a name; else it is asked for again."""
    stage = opened()
    sent = stage.say(FIRE, f"/admit yes {called} as ngo for 2h in be", LIAISON)
    assert [send.to for send in sent] == [FIRE]
    assert sent[0].body.text.startswith("What are they called?")
    assert not stage.world.incidents["I-1"].admitted


@pytest.mark.parametrize("called", ["Médecins (Liège) & Co.", "L’Aide 112 – Eupen-Nord", "Ärzte/Docteurs"])
def test_names_with_the_signs_of_names_are_taken(called: str) -> None:
    """Accents, brackets, dashes, apostrophes and digits stand in names."""
    stage = opened()
    stage.say(FIRE, f"/admit yes {called} as ngo for 2h in be", LIAISON)
    assert [fact.name for fact in stage.world.incidents["I-1"].admitted.values()] == [called]
