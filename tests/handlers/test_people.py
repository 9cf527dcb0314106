"""/invite, /start, /revoke: who becomes whom, and who is nobody any more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.events import NetworkEvent
from playbooks.rooms import RoomRef
from storage.facts import CommandRefused, IdentityJoined, InvitationMade, PersonEnrolled, PersonRevoked
from tests.handlers.border_stage import (
    AID,
    CITY,
    DESK,
    FIRE,
    LIAISON,
    MAYOR,
    NOWHERE,
    OFFICER,
    SOMEBODY,
    WATCHERS,
    opened,
    said,
    to,
)
from tests.handlers.stage import ADMIN, Stage
from tests.playbooks.border import border

PRIVATE, ELSEWHERE = RoomRef("matrix", "!new"), RoomRef("telegram", "77")
NEW, NEW_TELEGRAM, OTHER = "matrix:@new:x.org", "telegram:77", "matrix:@other:x.org"


def invited(stage: Stage, role: str = "liaison", partner: str = "city") -> str:
    """A code, as the administrator hands it out."""
    text = said(stage, DESK, f"/invite {role} {partner}", ADMIN, private=True)
    return text.split("/start ")[1].split()[0]


def test_a_code_makes_a_person_once_on_each_network() -> None:
    """On the second network it joins the same person; a third account is refused."""
    stage = opened()
    code = invited(stage)
    assert "Welcome" in said(stage, PRIVATE, f"/start {code}", NEW, private=True)
    assert "joined" in said(stage, ELSEWHERE, f"/start {code.lower()}", NEW_TELEGRAM, private=True)
    assert "already used" in said(stage, RoomRef("matrix", "!o"), f"/start {code}", OTHER, private=True)
    enrolled, joined = stage.of(PersonEnrolled)[-1], stage.of(IdentityJoined)[-1]
    assert isinstance(enrolled, PersonEnrolled) and isinstance(joined, IdentityJoined)
    assert enrolled.person == joined.person and enrolled.partner == "city" and enrolled.role == "liaison"
    assert stage.world.who.person(OTHER) is None


def test_one_person_on_two_networks_is_not_two_persons() -> None:
    """The author cannot be the second person from the other account."""
    stage = opened()
    code = invited(stage)
    stage.say(PRIVATE, f"/start {code}", NEW, private=True)
    stage.say(ELSEWHERE, f"/start {code}", NEW_TELEGRAM, private=True)
    stage.say(CITY, "/alert talk Gather at once", NEW)
    stage.say(CITY, "/draft D-1 send", NEW_TELEGRAM)
    assert stage.world.incidents["I-1"].alerts == {}
    stage.say(CITY, "/draft D-1 send", OFFICER)
    assert list(stage.world.incidents["I-1"].alerts) == ["A-1"]


def test_only_the_codes_digest_is_kept_and_the_code_stays_in_its_room() -> None:
    """The log does not have it, and the message may go nowhere else."""
    stage = opened()
    code = invited(stage)
    assert all(code not in repr(kept.fact) for kept in stage.facts)
    assert stage.sent[-1].body.only == DESK


def test_a_code_that_is_unknown_over_or_made_by_somebody_revoked_enrols_nobody() -> None:
    """With words that say what to do."""
    stage = opened()
    late, orphan = invited(stage), said(stage, CITY, "/invite responder", MAYOR).split("/start ")[1].split()[0]
    stage.say(DESK, f"/revoke {stage.world.who.identities[MAYOR]}", ADMIN, private=True)
    people = len(stage.world.who.people)
    assert "is over" in said(stage, PRIVATE, f"/start {orphan}", NEW, private=True)
    assert "not known" in said(stage, PRIVATE, "/start AAAABBBBCCCC", NEW, private=True)
    stage.now += timedelta(hours=72)
    assert "is over" in said(stage, PRIVATE, f"/start {late}", NEW, private=True)
    assert len(stage.world.who.people) == people


@pytest.mark.parametrize(
    ("room", "identity", "asked", "allowed"),
    [
        (CITY, MAYOR, "liaison", True), (CITY, MAYOR, "responder", True), (CITY, MAYOR, "coordinator", False),
        (CITY, MAYOR, "auditor", False), (CITY, MAYOR, "liaison fire", False), (CITY, SOMEBODY, "responder", True),
        (CITY, SOMEBODY, "liaison", False), (CITY, LIAISON, "liaison", False), (NOWHERE, SOMEBODY, "responder", False),
        (NOWHERE, MAYOR, "liaison city", False), (DESK, ADMIN, "coordinator", True), (DESK, ADMIN, "liaison fire", True),
    ],
)  # fmt: skip
def test_one_invites_people_of_ones_own_partner_up_to_ones_own_role(
    room: RoomRef, identity: str, asked: str, allowed: bool
) -> None:
    """Coordinators invite anyone; whoever only reads in a room invites responders."""
    stage = opened()
    before = len(stage.of(InvitationMade))
    stage.say(room, f"/invite {asked}", identity, private=room == DESK)
    assert (len(stage.of(InvitationMade)) > before) is allowed


def test_an_unlisted_partner_cannot_be_found_by_inviting() -> None:
    """The very same words as for a partner that does not exist; its own people may invite."""
    stage = opened()
    there = said(stage, CITY, "/invite liaison watchers", MAYOR)
    assert there.replace("watchers", "nobodies") == said(stage, CITY, "/invite liaison nobodies", MAYOR)
    assert "/start" in said(stage, WATCHERS, "/invite responder watchers")


@pytest.mark.parametrize("room", [CITY, FIRE])
def test_a_coordinator_names_no_unlisted_partner_and_gives_no_code_of_another_in_a_room(room: RoomRef) -> None:
    """The room reads along: the one does not exist there, the other is asked for in private."""
    stage = opened()
    before = len(stage.of(InvitationMade))
    for command in ("/invite liaison watchers", "/invite watchers", "/invite liaison watcherz"):
        there = said(stage, room, command, ADMIN)
        typed = command.split()[-1]
        assert there.replace(typed, "nobodies") == said(stage, room, command.replace(typed, "nobodies"), ADMIN)
    for command in ("/invite liaison aid", "/invite aid"):
        assert "in a private chat" in said(stage, room, command, ADMIN)
    assert len(stage.of(InvitationMade)) == before
    assert "/start" in said(stage, DESK, "/invite liaison watchers", ADMIN, private=True)
    assert "/start" in said(stage, CITY, "/invite liaison city", ADMIN)


def test_a_coordinator_of_a_partner_does_not_find_an_unlisted_one() -> None:
    """Nor in private: they coordinate their own partner's people."""
    stage = opened()
    stage.enrol(SOMEBODY, "coordinator", "city")
    for room in (CITY, PRIVATE):
        there = said(stage, room, "/invite liaison watchers", SOMEBODY, private=room == PRIVATE)
        nobody = said(stage, room, "/invite liaison nobodies", SOMEBODY, private=room == PRIVATE)
        assert there.replace("watchers", "nobodies") == nobody


def test_revoking_takes_every_role_on_every_network_at_once() -> None:
    """Also of somebody who was never enrolled; what they say is refused."""
    stage = opened()
    code = invited(stage)
    stage.say(PRIVATE, f"/start {code}", NEW, private=True)
    stage.say(ELSEWHERE, f"/start {code}", NEW_TELEGRAM, private=True)
    stage.say(DESK, f"/revoke {NEW}", ADMIN, private=True)
    stage.say(DESK, f"/revoke {SOMEBODY}", ADMIN, private=True)
    for identity in (NEW, NEW_TELEGRAM, SOMEBODY):
        stage.say(CITY, "/alert talk Gather", identity)
        refused = stage.facts[-1].fact
        assert isinstance(refused, CommandRefused) and refused.reason == "revoked"


@pytest.mark.parametrize(("room", "identity"), [(CITY, MAYOR), (AID, SOMEBODY), (NOWHERE, SOMEBODY), (CITY, LIAISON)])
def test_who_may_not_revoke_learns_nothing_of_who_there_is(room: RoomRef, identity: str) -> None:
    """An official, a responder, a stranger, another partner's liaison: the same refusal for a person and for none."""
    stage = opened()
    asked = [said(stage, room, f"/revoke {whom}", identity) for whom in ("P-2", "P-99", OFFICER, "gossip")]
    assert len(set(asked)) == 1
    assert stage.of(PersonRevoked) == []


def test_a_liaison_revokes_people_of_the_own_partner_only() -> None:
    """Fire's liaison may take back a colleague, and not the mayor."""
    stage = opened()
    colleague = stage.enrol(NEW, "responder", "fire")
    fire = RoomRef("matrix", "!fire:x.org")
    stage.say(fire, f"/revoke {stage.world.who.identities[MAYOR]}", LIAISON)
    stage.say(fire, f"/revoke {colleague}", LIAISON)
    assert [fact.person for fact in stage.of(PersonRevoked) if isinstance(fact, PersonRevoked)] == [colleague]


def test_a_partners_coordinator_coordinates_only_there() -> None:
    """They invite for their own partner and no other, take nothing from administrators, and bring no sight into a group."""
    stage = opened()
    stage.enrol("telegram:700", "coordinator", "aid")
    assert "not" in said(stage, AID, "/invite official city", "telegram:700").lower()
    assert "/start" in said(stage, AID, "/invite liaison", "telegram:700")
    assert "not" in said(stage, AID, f"/revoke {ADMIN}", "telegram:700").lower()
    nowhere = said(stage, NOWHERE, "/who", "telegram:700")
    assert "City" not in nowhere and "Fire" not in nowhere


def test_a_code_never_takes_a_role_away() -> None:
    """An official who redeems a responder's code stays an official, of their own partner."""
    stage = opened()
    asked = said(stage, DESK, "/invite responder aid", ADMIN, private=True)
    code = asked.split("/start ")[1].split()[0]
    stage.say(RoomRef("matrix", "!dm"), f"/start {code}", MAYOR, private=True)
    person = stage.world.who.person(MAYOR)
    assert person is not None and (person.role, person.partner) == ("official", "city")


def test_what_became_of_a_code_is_said_in_the_language_of_whoever_made_it() -> None:
    """In their private chat, whomever it was for: in the language they asked for, else that of their partner, else English; in a room, in the room's."""
    french = ('phone_24h: "+3210"\n    languages: [en]', 'phone_24h: "+3210"\n    languages: [fr]')
    stage = opened(border(french))
    number = 0

    def told(room: RoomRef, maker: str, command: str, language: str | None = None) -> str:
        nonlocal number
        number += 1
        private = room == DESK or room.id == "77"
        if language is not None:
            stage.say(room, f"/lang {language}", maker, private=private)
        code = said(stage, room, command, maker, private=private).split("/start ")[1].split()[0]
        return to(
            stage.say(RoomRef("matrix", f"!n{number}"), f"/start {code}", f"matrix:@n{number}:x.org", private=True),
            room,
        )[0]

    assert "was redeemed on" in told(DESK, ADMIN, "/invite responder city")
    assert "wurde auf" in told(DESK, ADMIN, "/invite responder city", "de")
    assert "was redeemed on" in told(DESK, ADMIN, "/invite responder city", "en")
    stage.enrol(NEW_TELEGRAM, "coordinator", "city")
    assert "a été utilisée" in told(ELSEWHERE, NEW_TELEGRAM, "/invite responder city")
    assert "a été utilisée" in told(CITY, MAYOR, "/invite responder city")


def test_the_first_account_learns_in_its_own_language() -> None:
    """That a second account was joined to it, whatever the language of the partner."""
    french = ('phone_24h: "+3210"\n    languages: [en]', 'phone_24h: "+3210"\n    languages: [fr]')
    for chosen, words in (("de", "Ihre Einladung"), (None, "Votre invitation")):
        stage = opened(border(french))
        person = stage.enrol(NEW_TELEGRAM, "responder", "city")
        if chosen is not None:
            stage.say(ELSEWHERE, f"/lang {chosen}", NEW_TELEGRAM, private=True)
        code = said(stage, DESK, f"/invite {person}", ADMIN, private=True).split("/start ")[1].split()[0]
        assert words in to(stage.say(PRIVATE, f"/start {code}", NEW, private=True), ELSEWHERE)[0]


def test_the_first_account_learns_of_the_second() -> None:
    """A stolen code is noticed by whom it was stolen from."""
    stage = opened()
    asked = said(stage, DESK, "/invite official city", ADMIN, private=True)
    code = asked.split("/start ")[1].split()[0]
    stage.say(RoomRef("telegram", "800"), f"/start {code}", "telegram:800", private=True)
    sent = stage.say(RoomRef("matrix", "!thief"), f"/start {code}", "matrix:@thief:x.org", private=True)
    assert any(send.to == RoomRef("telegram", "800") and "/revoke" in send.body.text for send in sent)


def test_two_unjoined_accounts_are_not_two_persons() -> None:
    """For an alert that two must agree to, only enrolled persons count, whoever writes it and whoever confirms."""
    stage = opened()
    stage.say(CITY, "/alert talk Gather at once", ADMIN)
    assert "/invite" in said(stage, CITY, "/draft D-1 send", MAYOR)
    assert stage.world.incidents["I-1"].alerts == {}


def test_a_revoked_administrator_hears_nothing_more() -> None:
    """Neither under their account nor as the person they had become."""
    stage = opened()
    stage.enrol(ADMIN, "coordinator", None)
    stage.enrol("telegram:900", "coordinator", None)
    person = stage.world.who.person(ADMIN)
    assert person is not None
    stage.say(RoomRef("telegram", "900"), f"/revoke {person.id}", "telegram:900", private=True)
    stage.sent.clear()
    stage.happen(NetworkEvent("matrix", "lost", "refused"))
    assert {send.to for send in stage.sent} == {RoomRef("telegram", "900")}
