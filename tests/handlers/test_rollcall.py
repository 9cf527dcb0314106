"""Roll calls: who is asked and where, one tap, colleagues by name and others in numbers, the missing, the end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.rollcalls import LIST
from playbooks.rooms import RoomRef
from storage import incident as incidents
from storage.effects import Record
from storage.facts import (
    DEPLOYMENT,
    DirectChatOpened,
    Disclosed,
    PersonAccounted,
    PersonEnrolled,
    PersonRevoked,
    RollCallEnded,
    RollCallStarted,
)
from tests.handlers.border_stage import (
    AID,
    BRANDWEER,
    CITY,
    DESK,
    FIRE,
    FIRE_TELEGRAM,
    HILFE,
    LIAISON,
    MAYOR,
    SOMEBODY,
    WATCHERS,
    opened,
    said,
    to,
)
from tests.handlers.checkin_stage import card
from tests.handlers.stage import ADMIN, Stage
from tests.playbooks.border import BOOK, border

ADA, JEAN, PIA, SILENT = "telegram:71", "telegram:72", "telegram:73", "telegram:79"
PRESENCE = (
    "  - {permit: [secret], to: city, purpose: life-safety}",
    "  - {permit: [secret, _presence], to: [city, fire], purpose: life-safety}",
)


def enrolled(*changes: tuple[str, str]) -> Stage:
    """Two of Aid's people with telephones, one of the watchers; the liaison and officials of the others."""
    stage = opened(border(*changes) if changes else BOOK)
    for identity, called, partner in ((ADA, "Ada", "aid"), (JEAN, "Jean-Luc", "aid"), (SILENT, "Sly", "watchers")):
        person, chat = stage.world.next_id("P"), RoomRef.parse(identity)
        stage.apply([Record(DEPLOYMENT, PersonEnrolled(person, called, partner, "responder", identity, "V-99"))])
        stage.apply([Record(DEPLOYMENT, DirectChatOpened(identity, chat))])
    stage.sent.clear()
    return stage


def listed(stage: Stage) -> None:
    """The network has the list that is on its way to Aid's room."""
    stage.accepted([send for send in stage.sent if send.role == LIST and send.to == AID][-1])


def state(stage: Stage) -> dict[str, str]:
    """Who is accounted for, by name, and how."""
    call = stage.world.incidents["I-1"].rollcalls["R-1"]
    return {
        stage.world.who.people[p].name if p in stage.world.who.people else p: a.state for p, a in call.accounted.items()
    }


def test_everybody_is_asked_alone_and_in_their_rooms() -> None:
    """In private chats and in the partner's rooms, with two buttons, aloud; whoever asks learns how many are called."""
    stage = enrolled()
    sent = stage.say(DESK, "/rollcall aid", ADMIN, private=True)
    assert [send.to for send in sent if send.loud] == [AID, RoomRef("telegram", "71"), RoomRef("telegram", "72")]
    for send in sent[:-1]:
        assert [tap.command for tap in send.taps[0]] == ["/safe R-1", "/safe R-1 help"]
    assert sent[0].body.text == (
        "Roll call R-1: are you safe? Everybody taps for themselves; /safe NAME for somebody else.\n"
        "0 safe · 2 missing\nMissing: Ada, Jean-Luc"
    )
    assert to(sent, RoomRef("telegram", "71")) == ["Are you safe? Roll call R-1: one tap is enough."]
    assert sent[-1].body.text == "R-1: 2 persons are called."


def test_one_tap_is_enough() -> None:
    """In private it is confirmed, in a room the list says it; a second tap says nothing."""
    stage = enrolled()
    stage.say(DESK, "/rollcall aid", ADMIN, private=True)
    listed(stage)
    assert (
        said(stage, RoomRef("telegram", "71"), "/safe R-1", ADA, private=True, via="button")
        == "Noted 12:00: you are safe. Thank you."
    )
    assert stage.say(AID, "/safe R-1", ADA, via="button") == []
    stage.fall_due(stage.now + timedelta(seconds=5))
    assert to(stage.sent, AID)[-1].endswith("1 safe · 1 missing\nMissing: Jean-Luc")
    assert [send.role for send in stage.sent if send.to == AID] == ["rollcall", "rollcall"]
    assert state(stage) == {"Ada": "safe"}


def test_thirty_taps_do_not_fill_a_room() -> None:
    """The list is written anew at most every three seconds."""
    stage = enrolled()
    for number in range(30):
        stage.enrol(f"telegram:9{number:02}", "responder", "aid")
    stage.say(DESK, "/rollcall aid", ADMIN, private=True)
    listed(stage)
    stage.sent.clear()
    for number in range(30):
        before = len(stage.sent)
        stage.say(AID, "/safe R-1", f"telegram:9{number:02}", via="button")
        stage.fall_due(stage.now)
        for send in [one for one in stage.sent[before:] if one.role == LIST]:
            stage.accepted(send)
    lists = [send for send in stage.sent if send.to == AID]
    assert 2 <= len(lists) <= 11
    assert {send.role for send in lists} == {"rollcall"}
    assert not any(send.loud for send in lists)


def test_help_is_heard_by_name_by_colleagues_and_without_a_name_by_others() -> None:
    """At once, loudly, with the number; with the words only for those who may know who it is."""
    stage = enrolled()
    stage.say(DESK, "/rollcall all", ADMIN, private=True)
    sent = stage.say("telegram:71", "/safe help under the bridge", ADA, private=True)
    assert to(sent, AID) == ["🆘 Needs help: Ada: under the bridge · Aid (R-1, 12:00). ☎ +3213"]
    for room in (FIRE, FIRE_TELEGRAM, DESK):
        assert to(sent, room) == ["🆘 Somebody of Aid needs help (R-1, 12:00). ☎ +3213"]
    assert all(send.loud for send in sent[:-1])
    assert not to(sent, CITY)
    own = sent[-1]
    more = stage.say("telegram:71", "two of us", ADA, private=True, via="reply", about=stage.about(own))
    assert "Ada: two of us" in to(more, AID)[0]
    named = enrolled(PRESENCE)
    named.say(DESK, "/rollcall all", ADMIN, private=True)
    heard = named.say("telegram:71", "/safe help under the bridge", ADA, private=True)
    assert to(heard, FIRE) == ["🆘 Needs help: Ada: under the bridge · Aid (R-1, 12:00). ☎ +3213"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("/safe Jean", {"Jean-Luc": "safe"}),
        ("/safe jean-luc is safe", None),
        ("/safe jean-luc safe", {"Jean-Luc": "safe"}),
        ("/safe Ada help broken leg", {"Ada": "help"}),
        ("/safe R-1 Ada", {"Ada": "safe"}),
        ("/safe Nobody", {}),
        ("/safe Mayor", {}),
    ],
)
def test_one_may_answer_for_a_colleague(typed: str, expected: dict[str, str] | None) -> None:
    """By name, with help or without; only for one's own partner's people, and never for who is not on the list."""
    stage = enrolled()
    stage.say(DESK, "/rollcall all", ADMIN, private=True)
    stage.say(AID, typed, "telegram:99")
    if expected is not None:
        assert state(stage) == expected
    for fact in stage.of(PersonAccounted):
        assert isinstance(fact, PersonAccounted)
        assert fact.by == "telegram:99"


def test_whom_one_means_is_asked() -> None:
    """Two of one name, or a slip: buttons with those who may be meant."""
    stage = enrolled()
    stage.enrol("telegram:74", "responder", "aid")
    stage.say(DESK, "/rollcall aid", ADMIN, private=True)
    sent = stage.say(AID, "/safe Adda", "telegram:99")
    assert sent[0].body.text == "Whom do you mean by Adda?"
    assert sent[0].taps[0][0].label.text == "Ada"
    stage.say(AID, sent[0].taps[0][0].command, "telegram:99", via="button")
    assert state(stage) == {"Ada": "safe"}


def test_somebody_who_is_on_no_list_is_told_so_and_still_heard() -> None:
    """Not counted; but help is help."""
    stage = enrolled()
    stage.say(DESK, "/rollcall aid", ADMIN, private=True)
    assert said(stage, AID, "/safe", "telegram:98").startswith("You are on no list")
    sent = stage.say(AID, "/safe help", "telegram:98")
    assert to(sent, FIRE) == ["🆘 Somebody of Aid needs help (R-1, 12:00). ☎ +3213"]
    assert "2 missing" in card(stage, "R-1", FIRE)


def test_names_are_for_those_who_may_read_them() -> None:
    """The lead sees numbers, or names where `_presence` is permitted; the log says whose names were shown."""
    stage = enrolled()
    stage.say(DESK, "/rollcall all", ADMIN, private=True)
    stage.say(AID, "/safe", ADA)
    for room in (FIRE, DESK):
        assert "• Aid: 1 of 2 missing ☎ +3213" in card(stage, "R-1", room)
        assert "Jean" not in card(stage, "R-1", room)
        assert "watchers" not in card(stage, "R-1", room)
    named = enrolled(PRESENCE)
    named.say(DESK, "/rollcall all", ADMIN, private=True)
    assert "• Aid: 2 of 2 missing ☎ +3213\n  Ada, Jean-Luc" in card(named, "R-1", FIRE)
    said(named, FIRE, "/rollcall R-1", LIAISON)
    shown = [f for f in named.of(Disclosed) if isinstance(f, Disclosed)][-1].fields
    assert shown["_presence:aid:missing"]["value"] == "Ada, Jean-Luc"
    assert said(stage, AID, "/rollcall R-1", "telegram:99").endswith("• Aid: 1 of 2 missing ☎ +3213\n  Jean-Luc")
    assert "Aid" not in said(stage, CITY, "/rollcall R-1", MAYOR)


def test_a_partner_that_is_not_listed_is_not_counted() -> None:
    """Whether its people answer or not, nobody else reads anything else, and for the others the call is complete without them."""
    texts = []
    for answers in (True, False):
        stage = enrolled()
        stage.say(DESK, "/rollcall all", ADMIN, private=True)
        assert to(stage.sent, DESK)[0].startswith("R-1: 5 persons are called.")
        if answers:
            stage.say(SILENT, "/safe R-1 help", SILENT, private=True, via="button")
        for identity, room in (
            (ADA, AID),
            (JEAN, AID),
            (LIAISON, FIRE),
            (MAYOR, CITY),
            ("matrix:@officer:x.org", CITY),
        ):
            stage.say(room, "/safe R-1", identity, via="button")
        stage.fall_due(stage.now + timedelta(minutes=11))
        texts.append(
            {room: [(s.body.html, s.taps) for s in stage.sent if s.to == room] for room in (DESK, FIRE, CITY, AID)}
        )
        assert any("R-1 is complete" in text for text in to(stage.sent, DESK))
        assert bool(stage.of(RollCallEnded)) is answers
    assert texts[0] == texts[1]


def test_a_roll_call_of_who_is_not_listed_shows_nobody_else_a_card() -> None:
    """Not even that there is one."""
    stage = enrolled()
    stage.enrol("telegram:80", "liaison", "watchers")
    stage.sent.clear()
    sent = stage.say(WATCHERS, "/rollcall watchers", "telegram:80")
    stage.fall_due(stage.now + timedelta(minutes=11))
    rooms = {send.to for send in stage.sent}
    assert rooms == {WATCHERS, RoomRef("telegram", "79"), RoomRef("telegram", "80")}
    assert "R-1: 2 persons" in sent[-1].body.text
    assert said(stage, FIRE, "/rollcall R-1", LIAISON).startswith("There is no such roll call here")


def test_it_is_complete_when_all_are_accounted_for() -> None:
    """Whoever asked is told, aloud, with how many need help; nothing is asked any more."""
    stage = enrolled()
    stage.say(DESK, "/rollcall aid", ADMIN, private=True)
    listed(stage)
    stage.say(AID, "/safe help", ADA)
    sent = stage.say(AID, "/safe", JEAN)
    assert to(sent, DESK) == ["R-1 is complete: everybody is accounted for.\n1 safe · 1 needs help"]
    assert stage.of(RollCallEnded) == [RollCallEnded("R-1", "complete", None)]
    assert "rollcall:R-1" not in stage.pending
    stage.fall_due(stage.now + timedelta(minutes=11))
    assert to(stage.sent, AID)[-1].startswith("Roll call R-1 is over.")


def test_the_missing_are_asked_once_more() -> None:
    """After ten minutes, alone and by name in their rooms; who is safe is left alone."""
    stage = enrolled()
    stage.say(DESK, "/rollcall aid", ADMIN, private=True)
    stage.say(AID, "/safe", ADA)
    stage.sent.clear()
    stage.fall_due(stage.now + timedelta(minutes=25))
    assert not to(stage.sent, RoomRef("telegram", "71"))
    assert len(to(stage.sent, RoomRef("telegram", "72"))) == 1
    assert "Nothing has been heard of you since 12:00." in to(stage.sent, RoomRef("telegram", "72"))[0]
    reminders = [text for text in to(stage.sent, AID) if "still missing" in text]
    assert reminders == ["Roll call R-1: still missing: Jean-Luc. Does anybody know of them? /safe NAME"]


def test_who_may_hold_one() -> None:
    """A liaison or official of their own partner, the lead and coordinators of all; others are told who may."""
    stage = enrolled()
    assert said(stage, AID, "/rollcall aid", "telegram:99").startswith("Not done. Roll calls are held by whoever leads")
    assert said(stage, CITY, "/rollcall aid", SOMEBODY).startswith("Not done.")
    assert said(stage, AID, "/rollcall", ADA).startswith("Not done.")
    sent = stage.say(CITY, "/rollcall", MAYOR)
    assert [tap.command for row in sent[0].taps for tap in row] == ["/rollcall city", "/rollcall all"]
    assert to(stage.say(FIRE, "/rollcall aidd", LIAISON), FIRE) == ["There is no partner aidd. Did you mean Aid?"]
    assert "R-1: 2 persons are called." in to(stage.say(FIRE, "/rollcall aid", LIAISON), FIRE)[-1]
    assert said(stage, FIRE, "/rollcall aid", LIAISON) == "R-1 is going on already."
    assert said(stage, AID, "/rollcall R-1 end", "telegram:99").startswith("Not done.")
    assert said(stage, FIRE, "/rollcall R-1 end", LIAISON) == "R-1 is over: nobody is called any more."
    assert said(stage, FIRE, "/rollcall R-1 end", LIAISON) == "R-1 is over."


def test_where_nobody_is_enrolled_it_says_how_to_enrol() -> None:
    """Of one partner, or of some of all."""
    stage = enrolled()
    assert said(stage, DESK, "/rollcall brandweer", ADMIN, private=True) == (
        "Nobody is enrolled, so nobody is called, of: Brandweer. /invite enrols people."
    )
    assert not stage.of(RollCallStarted)
    sent = stage.say(DESK, "/rollcall all", ADMIN, private=True)
    assert sent[-1].body.text.endswith(
        "Nobody is enrolled, so nobody is called, of: Brandweer · Hilfe. /invite enrols people."
    )
    assert not to(sent, BRANDWEER)


def test_the_revoked_are_not_called_and_newcomers_not_counted() -> None:
    """The list is as it was when the call began."""
    stage = enrolled()
    jean = stage.world.who.person(JEAN)
    assert jean is not None
    stage.apply([Record(DEPLOYMENT, PersonRevoked(jean.id, "P-1", None))])
    stage.say(DESK, "/rollcall aid", ADMIN, private=True)
    stage.enrol("telegram:75", "responder", "aid")
    [fact] = stage.of(RollCallStarted)
    assert isinstance(fact, RollCallStarted)
    assert [entry["name"] for entry in fact.persons.values() if entry] == ["Ada"]
    stage.say(AID, "/safe", ADA)
    assert stage.of(RollCallEnded)


def test_one_tap_answers_every_call_that_waits() -> None:
    """Of one's partner and of all at once; and a word in private will do."""
    stage = enrolled()
    stage.say(DESK, "/rollcall aid", ADMIN, private=True)
    stage.say(DESK, "/rollcall all", ADMIN, private=True)
    stage.say("telegram:71", "/safe", ADA, private=True)
    assert [f.rollcall for f in stage.of(PersonAccounted)] == ["R-1", "R-2"]  # type: ignore[attr-defined]
    assert said(stage, RoomRef("telegram", "72"), "ok", JEAN, private=True).startswith("Noted")
    stage.say("telegram:72", "hilfe", JEAN, private=True)
    assert said(stage, AID, "/safe", ADA).startswith("Noted")


def test_without_a_call_nothing_is_recorded() -> None:
    """Nor from a chat that is nobody's."""
    stage = enrolled()
    assert said(stage, AID, "/safe", ADA) == "No roll call is going on here."
    stage.say(DESK, "/rollcall aid", ADMIN, private=True)
    assert said(stage, DESK, "/safe", ADMIN, private=True).startswith("This chat belongs to no partner")
    assert not stage.of(PersonAccounted)


def test_a_restart_knows_who_is_safe() -> None:
    """Folded from the facts alone, the incident is the same."""
    stage = enrolled()
    stage.say(DESK, "/rollcall all", ADMIN, private=True)
    stage.say(AID, "/safe help leg", ADA)
    stage.fall_due(stage.now + timedelta(minutes=11))
    assert incidents.fold(None, [kept for kept in stage.facts if kept.stream == "I-1"]) == stage.world.incidents["I-1"]


def test_whoever_needs_help_reads_truly_who_was_told() -> None:
    """The lead that may know is named; one that may not be shown it is to be rung; the coordinators are named where they have a chat."""
    stage = enrolled()
    stage.enrol("telegram:702", "official", "hilfe")
    stage.say(FIRE, "/rollcall all", LIAISON)
    words = said(stage, RoomRef("telegram", "71"), "/safe help", ADA, private=True)
    assert words.split("\n")[1] == "Told at once: your partner · Fire · the coordinators."
    sent = stage.say(HILFE, "/safe help Kanzler is bleeding", "telegram:702")
    assert {send.to for send in sent if send.loud} == {HILFE, DESK}
    assert to(sent, HILFE)[-1].split("\n")[1:3] == [
        "Told at once: your partner · the coordinators.",
        "I may not show them this. Please ring: Brandweer ☎ +3112",
    ]
    assert not [send for send in sent if "Kanzler" in send.body.text and send.to != HILFE]


def test_nobody_takes_a_call_for_help_from_another() -> None:
    """A passer-by may not say that it is over; a liaison of the partner may, and the person; whoever was alarmed is told."""
    stage = enrolled()
    stage.enrol("telegram:75", "liaison", "aid")
    stage.say(DESK, "/rollcall aid", ADMIN, private=True)
    stage.say(AID, "/safe help my leg", ADA)
    assert said(stage, AID, "/safe Ada", JEAN) == (
        "Not noted: Ada asked for help. Only they themselves, or a liaison or official of Aid, may say that it is over."
    )
    assert said(stage, AID, "/safe Ada", SOMEBODY).startswith("Not noted")
    assert state(stage) == {"Ada": "help"}
    sent = stage.say(AID, "/safe Ada", "telegram:75")
    assert state(stage) == {"Ada": "safe"}
    assert to(sent, FIRE) == ["Who needed help of Aid is safe now (R-1, 12:00). ☎ +3213"]
    assert to(sent, AID)[0] == "Needed help, and is safe now: Ada · Aid (R-1, 12:00). ☎ +3213"
    assert not any(send.loud for send in sent if send.to == FIRE)
    stage.say(AID, "/safe help again", ADA)
    assert to(stage.say(AID, "/safe", ADA), FIRE)


def test_somebody_on_no_list_may_take_their_own_call_back() -> None:
    """Whoever needed help without being on the list is heard when that is over, and counted nowhere."""
    stage = enrolled()
    stage.say(FIRE, "/rollcall all", LIAISON)
    stage.say(AID, "/safe help", "telegram:99")
    assert to(stage.say(AID, "/safe", "telegram:99"), FIRE) == [
        "Who needed help of Aid is safe now (R-1, 12:00). ☎ +3213"
    ]
