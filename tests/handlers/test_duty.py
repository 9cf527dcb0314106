"""/duty: who is on duty, how it is handed over, what the next one is told, and who may know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handlers import presence
from playbooks.rooms import RoomRef
from storage import deployment
from storage.facts import DEPLOYMENT, CommandRefused, DutyLeft, DutyOffered, DutyTaken
from tests.handlers.border_stage import (
    AID,
    CITY,
    CITY_TELEGRAM,
    DESK,
    EVACUATE,
    FIRE,
    HILFE,
    LIAISON,
    MAYOR,
    OFFICER,
    SOMEBODY,
    WATCHERS,
    issued,
    opened,
    said,
    to,
)
from tests.handlers.stage import ADMIN, Stage
from tests.playbooks.border import BOOK, NOON, border

MAYORS, OFFICERS = RoomRef("matrix", "!dm@mayor:x.org"), RoomRef("matrix", "!dm@officer:x.org")
SEEN = border(
    (
        "  - {forbid: [people], to",
        "  - {permit: [_presence], to: city, purpose: life-safety}\n  - {forbid: [people], to",
    )
)


def person(stage: Stage, identity: str) -> str:
    """The id of whoever has this account."""
    return stage.world.who.identities[identity]


def duty(stage: Stage, partner: str = "city") -> tuple[str, ...]:
    """Who is on duty, as the facts alone say it: a restart knows no more."""
    facts = [kept for kept in stage.facts if kept.stream == DEPLOYMENT]
    again = deployment.fold(deployment.Deployment(), facts)
    assert again.on_duty == stage.world.who.on_duty
    return again.on_duty.get(partner, ())


def test_one_takes_duty_once_and_leaves_it() -> None:
    """A second tap changes nothing; whoever leaves learns that nobody is there now."""
    stage = opened()
    assert "You are on duty for City" in said(stage, CITY, "/duty take", MAYOR)
    assert "already" in said(stage, CITY, "/duty take", MAYOR)
    assert duty(stage) == (person(stage, MAYOR),)
    assert "Nobody is on duty for City" in said(stage, CITY, "/duty off", MAYOR)
    assert duty(stage) == ()
    assert "not on duty" in said(stage, CITY, "/duty off", MAYOR)
    assert len(stage.of(DutyTaken)) == len(stage.of(DutyLeft)) == 1


def test_duty_needs_no_incident() -> None:
    """It is taken in calm times, in the partner's room and in private."""
    stage = Stage.set(BOOK)
    stage.enrol(MAYOR, "official", "city")
    stage.enrol(OFFICER, "official", "city")
    assert "You are on duty" in said(stage, CITY, "/duty take", MAYOR)
    assert "With you: matrix:@mayor" in said(stage, OFFICERS, "/duty take", OFFICER, private=True)


def test_only_enrolled_people_of_the_partner_can_be_on_duty() -> None:
    """Somebody who only writes in the room, a guest from another partner, an observer: refused, and told how."""
    stage = opened()
    stage.enrol("telegram:70", "observer", "city")
    for identity in (SOMEBODY, LIAISON, "telegram:70"):
        assert "/invite" in said(stage, CITY, "/duty take", identity)
    assert duty(stage) == () and len(stage.of(CommandRefused)) == 3


def test_whoever_hands_over_stays_until_the_other_has_taken_over() -> None:
    """The colleague is asked in private, takes over with one tap, and only then the first is relieved, and told."""
    stage = opened()
    stage.say(CITY, "/duty take", MAYOR)
    sent = stage.say(CITY, "/duty give officer", MAYOR)
    [asked] = [send for send in sent if send.to == OFFICERS]
    assert "asks matrix:@officer:x.org to take over duty for City" in asked.body.text
    assert [tap.command for tap in asked.taps[0]] == [
        f"/duty over {person(stage, MAYOR)}",
        f"/duty no {person(stage, MAYOR)}",
    ]
    assert duty(stage) == (person(stage, MAYOR),)
    sent = stage.say(OFFICERS, asked.taps[0][0].command, OFFICER, private=True, via="button", message="m1")
    assert duty(stage) == (person(stage, OFFICER),)
    assert "has taken over" in to(sent, MAYORS)[0]
    assert stage.of(DutyLeft)[-1] == DutyLeft(person(stage, MAYOR), "city", person(stage, OFFICER))
    stage.say(OFFICERS, asked.taps[0][0].command, OFFICER, private=True, via="button", message="m1")
    assert len(stage.of(DutyTaken)) == 2 and len(stage.of(DutyLeft)) == 1


def test_who_cannot_take_over_says_so_and_the_other_is_told() -> None:
    """Nothing changes but that it is known."""
    stage = opened()
    stage.say(CITY, "/duty take", MAYOR)
    stage.say(CITY, "/duty give officer", MAYOR)
    sent = stage.say(OFFICERS, f"/duty no {person(stage, MAYOR)}", OFFICER, private=True)
    assert "still on duty" in to(sent, MAYORS)[0]
    assert duty(stage) == (person(stage, MAYOR),)


def test_an_offer_is_over_when_its_giver_has_gone() -> None:
    """A late tap relieves nobody and does not put anybody on duty behind their back."""
    stage = opened()
    stage.say(CITY, "/duty take", MAYOR)
    stage.say(CITY, "/duty give officer", MAYOR)
    stage.say(CITY, "/duty off", MAYOR)
    late = said(stage, OFFICERS, f"/duty over {person(stage, MAYOR)}", OFFICER, private=True)
    assert "Nobody hands over to you" in late
    assert duty(stage) == ()


def test_nobody_takes_over_what_was_not_offered_to_them() -> None:
    """A forwarded button relieves nobody."""
    stage = opened()
    third = stage.enrol("telegram:71", "responder", "city")
    stage.say(CITY, "/duty take", MAYOR)
    stage.say(CITY, "/duty give officer", MAYOR)
    stage.say(CITY, f"/duty over {person(stage, MAYOR)}", "telegram:71")
    assert third not in duty(stage) and duty(stage) == (person(stage, MAYOR),)


def test_the_next_one_is_told_what_is_open_for_each_incident() -> None:
    """What is not answered and what was only seen, what waits for a second person; and nothing of what is not theirs."""
    stage = opened()
    first, second = issued(stage), issued(stage)
    stage.say(FIRE, f"/ack {first} seen", LIAISON)
    stage.say(CITY, "/alert talk Gather at once", MAYOR)
    stage.say(CITY, "/activate +border", MAYOR)
    stage.enrol("telegram:72", "responder", "fire")
    stage.say(FIRE, "/duty take", LIAISON)
    sent = stage.say(FIRE, "/duty give P-4", LIAISON)
    told = [send for send in sent if send.to == RoomRef("telegram", "72")]
    assert [send.stream for send in told] == ["I-1", DEPLOYMENT]
    assert told[0].body.text.splitlines()[1:] == [
        f"• {first} Evacuate, 12:00: seen, nobody acts on it yet",
        f"• {second} Evacuate, 12:00: not answered",
    ]
    assert "D-" not in told[0].body.text


def test_what_was_seen_by_another_after_somebody_acts_is_acted_on() -> None:
    """That somebody has seen it too takes nothing back: whoever comes on duty is not told that nobody acts."""
    stage = opened()
    alert = issued(stage)
    stage.say(FIRE, f"/ack {alert} acting", LIAISON)
    stage.say(FIRE, f"/ack {alert} seen", SOMEBODY)
    stage.enrol("telegram:72", "responder", "fire")
    stage.say(FIRE, "/duty take", LIAISON)
    sent = stage.say(FIRE, "/duty give P-4", LIAISON)
    told = [send.body.text for send in sent if send.to == RoomRef("telegram", "72")]
    assert told and "nobody acts" not in "".join(told)


def test_a_draft_that_waits_is_told_to_the_authors_partner() -> None:
    """And nothing is said to be open where nothing is."""
    stage = opened()
    stage.say(CITY, "/duty take", MAYOR)
    sent = stage.say(CITY, "/duty give officer", MAYOR)
    assert "Nothing is open." in to(sent, OFFICERS)[0]
    stage.say(CITY, "/alert talk Gather at once", MAYOR)
    sent = stage.say(CITY, "/duty give officer", MAYOR)
    assert "D-1" in to(sent, OFFICERS)[0] and "stands above" in to(sent, OFFICERS)[1]


def test_who_has_no_private_chat_is_asked_in_the_partners_room() -> None:
    """By name, in words for that room."""
    stage = opened()
    stage.enrol("matrix:@bob:x.org", "responder", "city")
    stage.world = replace(stage.world, who=replace(stage.world.who, direct={}))
    stage.say(MAYORS, "/duty take", MAYOR, private=True)
    sent = stage.say(MAYORS, "/duty give bob", MAYOR, private=True)
    assert any("matrix:@bob:x.org to take over" in text for text in to(sent, CITY_TELEGRAM))


def test_a_name_is_found_by_its_beginning_or_suggested_and_several_are_asked_about() -> None:
    """A slip of the hand costs one tap."""
    stage = opened()
    stage.enrol("telegram:71", "responder", "city")
    stage.enrol("telegram:72", "responder", "city")
    stage.say(CITY, "/duty take", MAYOR)
    [answer] = stage.say(CITY, "/duty give telegram", MAYOR)
    assert "Several" in answer.body.text and len(answer.taps) == 2
    [answer] = stage.say(CITY, "/duty give oficer", MAYOR)
    assert "Did you mean matrix:@officer:x.org" in answer.body.text
    assert answer.taps[0][0].command == f"/duty give {person(stage, OFFICER)}"
    [answer] = stage.say(CITY, "/duty give", MAYOR)
    assert "to whom" in answer.body.text and len(answer.taps) == 3
    assert stage.of(DutyOffered) == []


def test_another_partners_people_cannot_be_named() -> None:
    """The same words as for somebody who does not exist."""
    stage = opened()
    stage.say(CITY, "/duty take", MAYOR)
    fire, nobody = person(stage, LIAISON), "P-99"
    texts = {said(stage, CITY, f"/duty give {one}", MAYOR).replace(one, "…") for one in (fire, nobody)}
    assert len(texts) == 1


def test_who_is_revoked_is_not_on_duty_and_hands_over_nothing() -> None:
    """Their offers end with them."""
    stage = opened()
    stage.say(CITY, "/duty take", MAYOR)
    stage.say(CITY, "/duty give officer", MAYOR)
    stage.say(DESK, f"/revoke {person(stage, MAYOR)}", ADMIN, private=True)
    assert duty(stage) == ()
    assert "Nobody hands over" in said(stage, OFFICERS, f"/duty over {person(stage, MAYOR)}", OFFICER, private=True)


def test_others_see_who_is_on_duty_only_where_the_playbook_permits_it() -> None:
    """By name for whom ``_presence`` is permitted, and without a trace for the others, the unlisted never."""
    for book, names in ((BOOK, False), (SEEN, True)):
        stage = opened(book)
        before = [said(stage, room, "/duty who") for room in (CITY, AID, HILFE)]
        stage.enrol("telegram:80", "responder", "watchers")
        stage.say(WATCHERS, "/duty take", "telegram:80")
        stage.say(FIRE, "/duty take", LIAISON)
        after = [said(stage, room, "/duty who") for room in (CITY, AID, HILFE)]
        assert (f"Fire: {LIAISON}" in after[0]) is names
        assert after[1:] == before[1:]
        assert "watchers" not in after[0].lower() and "telegram:80" not in after[0]


def test_coordinators_learn_how_many_in_private_alone() -> None:
    """No names, nobody unlisted, and in a room nothing."""
    stage = opened()
    stage.enrol("telegram:80", "responder", "watchers")
    stage.say(WATCHERS, "/duty take", "telegram:80")
    stage.say(FIRE, "/duty take", LIAISON)
    private = said(stage, DESK, "/duty all", ADMIN, private=True)
    assert "• Fire: 1 on duty" in private and "• Aid: 0 on duty" in private
    assert "watchers" not in private.lower() and LIAISON not in private
    assert "1 on duty" not in said(stage, CITY, "/duty", ADMIN)


@pytest.mark.parametrize("words", ["take", "off", "who", "give", "give x", "over P-1", "no P-1", "", "nonsense"])
def test_a_strangers_duty_is_refused(words: str) -> None:
    """Outside every partner's room there is no duty, and no name."""
    stage = opened()
    stage.say(CITY, "/duty take", MAYOR)
    answer = said(stage, RoomRef("telegram", "-99"), f"/duty {words}", SOMEBODY)
    assert "no partner" in answer and duty(stage) == (person(stage, MAYOR),)


def test_an_exercise_is_handed_over_in_its_own_rooms_alone() -> None:
    """What is open in it stays out of the private chat in which somebody reads of real alerts."""
    stage = Stage.set(
        border(
            ("rooms: [{telegram: -14}]", "rooms: [{telegram: -14}, {telegram: -24, exercises: true}]"),
            ('{matrix: "#city:x.org"}, {telegram: -11}', "{telegram: -11}, {telegram: -21, exercises: true}"),
        )
    )
    stage.now = NOON
    for number in (70, 71):
        stage.enrol(f"telegram:{number}", "responder", "aid")
    stage.enrol(OFFICER, "official", "city")
    stage.say(DESK, "/exercise border", ADMIN, private=True)
    stage.say(RoomRef("telegram", "-21"), EVACUATE, OFFICER)
    stage.say(RoomRef("telegram", "-21"), "/draft D-1 send", OFFICER)
    [exercise] = [each for each in stage.world.open if each.opened.exercise]
    assert exercise.alerts["A-1"].shown_to("aid")
    stage.say(AID, "/duty take", "telegram:70")
    sent = stage.say(AID, "/duty give P-2", "telegram:70")
    assert {send.stream for send in sent if send.to == RoomRef("telegram", "71")} == {DEPLOYMENT}
    stage.world = replace(stage.world, who=replace(stage.world.who, direct={}))
    sent = stage.say(RoomRef("telegram", "-24"), "/duty give P-2", "telegram:70")
    assert exercise.id in {send.stream for send in sent if "A-1" in send.body.text}


def test_for_coordinators_many_partners_are_a_count_and_those_whom_nobody_serves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Names of more partners than a phone shows are a count; each has its line on request."""
    monkeypatch.setattr(presence, "MOST_PARTNERS", 2)
    stage = Stage.set(BOOK)
    stage.enrol(MAYOR, "official", "city")
    stage.enrol(LIAISON, "liaison", "fire")
    stage.say(DESK, "/start", ADMIN, private=True)
    stage.say(FIRE, "/duty take", LIAISON)
    assert said(stage, DESK, "/duty who", ADMIN, private=True).splitlines() == [
        "Somebody is on duty for 1 other partner: /duty all",
        "Nobody is on duty for City & Sons <town hall>, Brandweer and 2 more.",
    ]
    assert len(said(stage, DESK, "/duty who all", ADMIN, private=True).splitlines()) == 5
