"""/lost and /revoke: an account, or a person, speaks for nobody from that moment, and is sent nothing private any more."""

from __future__ import annotations

import pytest

from handlers import happened
from handlers.coordinators import coordinators, private_room
from handlers.events import Came, NetworkEvent, Stale
from playbooks.rooms import RoomRef
from storage import deployment
from storage.effects import Drop, Record, Urgency
from storage.facts import (
    DEPLOYMENT,
    CommandRefused,
    DraftDropped,
    IdentityJoined,
    IdentityLost,
    InvitationMade,
    MessageDropped,
)
from storage.store import OutboxRow
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
    opened,
    said,
    to,
)
from tests.handlers.stage import ADMIN, Stage

PHONE, LAPTOP = "telegram:77", "matrix:@ann:x.org"
PHONES, LAPTOPS = RoomRef("telegram", "77"), RoomRef("matrix", "!ann")
NEW_PHONE, NEW_PHONES = "telegram:78", RoomRef("telegram", "78")
CHIEF, CHIEFS = "telegram:60", RoomRef("telegram", "60")


def crew(role: str = "responder", partner: str = "fire") -> Stage:
    """Ann of the fire service has a phone and a laptop; her colleague, a liaison, has a private chat too."""
    stage = opened()
    code = said(stage, DESK, f"/invite {role} {partner}", ADMIN, private=True).split("/start ")[1].split()[0]
    stage.say(PHONES, f"/start {code}", PHONE, private=True)
    stage.say(LAPTOPS, f"/start {code}", LAPTOP, private=True)
    stage.enrol(CHIEF, "liaison", "fire")
    stage.sent.clear()
    return stage


def ann(stage: Stage) -> str:
    """Her id."""
    found = stage.world.who.person(LAPTOP) or stage.world.who.person(PHONE)
    assert found is not None
    return found.id


def lost(stage: Stage) -> list[str]:
    """The accounts that are lost, as a restart finds them in the log."""
    facts = [kept for kept in stage.facts if kept.stream == DEPLOYMENT]
    assert deployment.fold(deployment.Deployment(), facts) == stage.world.who
    return [fact.identity for fact in stage.of(IdentityLost) if isinstance(fact, IdentityLost)]


def test_one_loses_a_phone_and_lives_on_with_the_other_account() -> None:
    """The phone speaks for nobody at once, wherever it writes; the laptop does what it did."""
    stage = crew("liaison")
    answer = said(stage, LAPTOPS, "/lost", LAPTOP, private=True)
    assert "Telegram account of telegram:77 speaks for nobody" in answer and f"/invite {ann(stage)}" in answer
    assert lost(stage) == [PHONE]
    for room, private in ((FIRE, False), (PHONES, True)):
        assert "withdrawn" in said(stage, room, "/status", PHONE, private=private)
    assert "You are on duty" in said(stage, FIRE, "/duty take", LAPTOP)
    assert private_room(stage.world, PHONE) is None and private_room(stage.world, LAPTOP) == LAPTOPS


def test_a_second_tap_ends_nothing_more() -> None:
    """Saying it twice does not end the account it is said from."""
    stage = crew()
    stage.say(LAPTOPS, "/lost", LAPTOP, private=True)
    assert "no other account" in said(stage, LAPTOPS, "/lost", LAPTOP, private=True)
    assert lost(stage) == [PHONE]


def test_the_only_account_is_ended_by_others() -> None:
    """Whoever has but one is told who can do it."""
    stage = opened()
    assert "no other account" in said(stage, FIRE, "/lost", LIAISON)
    assert "don't know this account" in said(stage, NOWHERE, "/lost", SOMEBODY)
    assert lost(stage) == []


def test_a_liaison_of_the_partner_ends_a_colleagues_account() -> None:
    """By name, and asks which one where there are several; a tap that comes twice ends no other."""
    stage = crew()
    stage.say(FIRE, "/lost telegram:77", CHIEF)
    assert lost(stage) == [PHONE]
    stage = crew()
    [asked] = [send for send in stage.say(FIRE, f"/lost {ann(stage)}", CHIEF) if send.to == FIRE]
    assert "Which account" in asked.body.text
    commands = [row[0].command for row in asked.taps]
    stage.say(FIRE, commands[0], CHIEF)
    stage.say(FIRE, commands[0], CHIEF)
    assert lost(stage) == [PHONE]
    stage.say(FIRE, f"/lost {ann(stage)}", CHIEF)
    assert lost(stage) == [PHONE, LAPTOP], "one account is left, and is meant"


@pytest.mark.parametrize(("room", "identity"), [(CITY, MAYOR), (AID, SOMEBODY), (NOWHERE, SOMEBODY), (FIRE, SOMEBODY)])
def test_who_may_not_learns_nothing_of_who_there_is(room: RoomRef, identity: str) -> None:
    """The same refusal for a person and for none."""
    stage = crew()
    asked = {
        said(stage, room, f"/lost {whom}", identity) for whom in (ann(stage), "P-99", PHONE, "gossip", "matrix:@no:x")
    }
    assert len(asked) == 1 and lost(stage) == []
    assert stage.of(CommandRefused)


def test_a_liaison_ends_no_account_of_another_partner_or_of_an_administrator() -> None:
    """There they know nobody."""
    stage = crew()
    stage.enrol(ADMIN, "liaison", "fire")
    for whom in (MAYOR, ADMIN, stage.world.who.identities[MAYOR], stage.world.who.identities[ADMIN]):
        assert "I know no" in said(stage, FIRE, f"/lost {whom}", CHIEF)
    assert lost(stage) == []


def test_coordinators_end_any_account() -> None:
    """They see ids, and no names of a partner's people."""
    stage = crew()
    texts = to(stage.say(DESK, f"/lost {ann(stage)} telegram", ADMIN, private=True), DESK)
    assert lost(stage) == [PHONE]
    assert f"account of {ann(stage)} speaks for nobody" in texts[0]


def test_liaisons_and_coordinators_are_told_and_other_partners_are_not() -> None:
    """By name in the partner, by id for the deployment's coordinators; each chat once."""
    stage = crew()
    stage.enrol("telegram:61", "liaison", "city")
    stage.sent.clear()
    sent = stage.say(LAPTOPS, "/lost", LAPTOP, private=True)
    told = {send.to: send.body.text for send in sent}
    assert len(told) == len(sent)
    assert "account of telegram:77 (Fire) is lost" in told[CHIEFS]
    assert f"account of {ann(stage)} (Fire) is lost" in told[DESK]
    assert RoomRef("telegram", "61") not in told
    assert "reported as lost" in told[PHONES]


def test_the_new_phone_joins_the_same_person() -> None:
    """With a code that is given in private alone; duty, role and partner are as they were."""
    stage = crew("liaison")
    stage.say(FIRE, "/duty take", LAPTOP)
    who = ann(stage)
    stage.say(LAPTOPS, "/lost", LAPTOP, private=True)
    assert "/start" not in said(stage, FIRE, f"/invite {who}", LAPTOP)
    code = said(stage, LAPTOPS, f"/invite {who}", LAPTOP, private=True).split("/start ")[1].split()[0]
    assert "joined" in said(stage, NEW_PHONES, f"/start {code}", NEW_PHONE, private=True)
    person = stage.world.who.person(NEW_PHONE)
    assert person is not None and (person.id, person.role, person.partner) == (who, "liaison", "fire")
    assert person.identities == (LAPTOP, NEW_PHONE)
    assert stage.world.who.on_duty["fire"] == (who,)


def test_an_account_that_is_found_again_comes_back_only_with_its_own_code() -> None:
    """A number moves to a new phone; any other code does not open the door to whoever has the old one."""
    stage = crew()
    who = ann(stage)
    stage.say(LAPTOPS, "/lost", LAPTOP, private=True)
    other = said(stage, DESK, "/invite responder aid", ADMIN, private=True).split("/start ")[1].split()[0]
    assert "not known" in said(stage, PHONES, f"/start {other}", PHONE, private=True)
    code = said(stage, DESK, f"/invite {who}", ADMIN, private=True).split("/start ")[1].split()[0]
    assert "joined" in said(stage, PHONES, f"/start {code}", PHONE, private=True)
    assert private_room(stage.world, PHONE) == PHONES
    assert "withdrawn" not in said(stage, FIRE, "/status", PHONE)


def test_codes_on_the_lost_phone_open_nothing() -> None:
    """The code the person was enrolled with, and those they made and nobody used."""
    stage = opened()
    first = said(stage, DESK, "/invite liaison fire", ADMIN, private=True).split("/start ")[1].split()[0]
    stage.say(PHONES, f"/start {first}", PHONE, private=True)
    made = said(stage, PHONES, "/invite responder", PHONE, private=True).split("/start ")[1].split()[0]
    stage.say(DESK, f"/lost {PHONE}", ADMIN, private=True)
    assert lost(stage) == [PHONE]
    for code in (first, made):
        assert "is over" in said(stage, LAPTOPS, f"/start {code}", "matrix:@thief:x.org", private=True)
    assert stage.world.who.person("matrix:@thief:x.org") is None
    assert stage.of(IdentityJoined) == []


def test_nobody_makes_a_code_for_somebody_they_may_not_invite() -> None:
    """Neither another partner's person, nor a role above one's own, and it is not said who exists."""
    stage = crew("official")
    stage.enrol("telegram:62", "responder", "fire")
    before = len(stage.of(InvitationMade))
    texts = {
        said(stage, RoomRef("telegram", "62"), f"/invite {whom}", "telegram:62", private=True)
        for whom in (ann(stage), stage.world.who.identities[MAYOR], "P-99")
    }
    assert len(texts) == 1 and len(stage.of(InvitationMade)) == before


def test_an_administrators_other_account_stays_a_coordinator() -> None:
    """The settings name an account, and mean the person: the only coordinator is not locked out by losing a phone."""
    stage = opened()
    code = said(stage, DESK, "/invite coordinator", ADMIN, private=True).split("/start ")[1].split()[0]
    stage.say(DESK, f"/start {code}", ADMIN, private=True)
    stage.say(LAPTOPS, f"/start {code}", LAPTOP, private=True)
    stage.say(LAPTOPS, "/lost", LAPTOP, private=True)
    assert lost(stage) == [ADMIN]
    assert coordinators(stage.world) == (LAPTOP,)
    stage.sent.clear()
    stage.happen(NetworkEvent("telegram", "lost", "refused"))
    assert {send.to for send in stage.sent} == {LAPTOPS}
    assert "withdrawn" in said(stage, DESK, "/status", ADMIN, private=True)


@pytest.mark.parametrize("command", ["/lost telegram:77", "/revoke telegram:77"])
def test_what_waits_for_an_account_is_taken_back_and_not_decided_again(command: str) -> None:
    """Whatever it was: an answer, a copy, a card."""
    stage = crew()
    stage.say(DESK, command, ADMIN, private=True)
    row = OutboxRow("t", "t", "I-1", PHONES, int(Urgency.ANSWER), "{}", "I-1", "fire", shows=True)
    effects = happened(stage.world, Came(Stale(row, over=False), stage.now, b"seed"))
    assert [type(one) for one in effects] == [Drop, Record]
    assert isinstance(effects[1], Record) and isinstance(effects[1].fact, MessageDropped)


@pytest.mark.parametrize("command", ["/lost", "/revoke"])
def test_drafts_end_with_their_author(command: str) -> None:
    """Nobody confirms as the second person what a thief may have written; the room is told once."""
    stage = opened()
    stage.say(CITY, "/alert talk Gather at once", MAYOR)
    stage.say(CITY, "/draft D-1 send", MAYOR)
    sent = stage.say(DESK, f"{command} {MAYOR}", ADMIN, private=True)
    assert "D-1 is discarded" in to(sent, CITY)[0]
    assert len(stage.of(DraftDropped)) == 1
    stage.say(CITY, "/draft D-1 send", OFFICER)
    assert stage.world.incidents["I-1"].alerts == {}


def test_drafts_of_others_are_left_alone() -> None:
    """A colleague's draft goes on."""
    stage = opened()
    stage.say(CITY, "/alert talk Gather at once", OFFICER)
    stage.say(DESK, f"/revoke {MAYOR}", ADMIN, private=True)
    assert stage.of(DraftDropped) == [] and list(stage.world.incidents["I-1"].drafts) == ["D-1"]


def test_revoking_ends_private_chats_and_duty_and_codes() -> None:
    """On every network at once."""
    stage = crew("liaison")
    stage.say(FIRE, "/duty take", PHONE)
    made = said(stage, PHONES, "/invite responder", PHONE, private=True).split("/start ")[1].split()[0]
    stage.say(DESK, f"/revoke {ann(stage)}", ADMIN, private=True)
    assert private_room(stage.world, PHONE) is None and private_room(stage.world, LAPTOP) is None
    assert stage.world.who.on_duty["fire"] == ()
    assert "is over" in said(stage, NEW_PHONES, f"/start {made}", NEW_PHONE, private=True)
    assert stage.world.who.closed(PHONES) and stage.world.who.closed(LAPTOPS) and not stage.world.who.closed(CHIEFS)


def test_a_lost_account_is_told_no_news() -> None:
    """A coordinator's lost phone hears of no outage; the other one does."""
    stage = opened()
    code = said(stage, DESK, "/invite coordinator", ADMIN, private=True).split("/start ")[1].split()[0]
    stage.say(PHONES, f"/start {code}", PHONE, private=True)
    stage.say(LAPTOPS, f"/start {code}", LAPTOP, private=True)
    stage.say(LAPTOPS, "/lost", LAPTOP, private=True)
    stage.sent.clear()
    stage.happen(NetworkEvent("telegram", "lost", "refused"))
    assert PHONES not in {send.to for send in stage.sent} and LAPTOPS in {s.to for s in stage.sent}
