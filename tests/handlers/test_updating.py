"""/update and replacement: a new alert in the place of another, for everyone whom that one reached and whom it is for now."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers import nudges
from playbooks.rooms import RoomRef
from storage import incident
from storage.effects import Drop, Send, Urgency
from storage.facts import AlertDrafted, AlertExpired, AlertIssued, AlertSuperseded
from tests.handlers.border_stage import (
    AID,
    BRANDWEER,
    CITY,
    CITY_TELEGRAM,
    EVACUATE,
    FIRE,
    FIRE_TELEGRAM,
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
from tests.handlers.stage import Stage
from tests.handlers.test_correcting import EVERYWHERE, copies_of, of, sent, words
from tests.handlers.test_correcting import _heard as heard
from tests.playbooks.border import border

AFFECTED = "/alert affected where=Town people=12 Come"
TWO = border(("    confirm: yes\n", "    confirm: {two-person: {alone_after: 2m}}\n"))


def updated(stage: Stage, command: str, person: str = MAYOR, room: RoomRef = CITY) -> str:
    """An update, drafted and sent; its id."""
    return issued(stage, command, person, room)


def fact(stage: Stage, alert: str) -> AlertIssued:
    return stage.world.incidents["I-1"].alerts[alert].fact


def test_an_update_takes_the_place_of_the_first() -> None:
    """It has the first one's values but for what is new, and everybody who was shown that gets it as a reply, headed as such."""
    stage = opened()
    first = sent(stage, command=EVACUATE + " people=12 The quay floods")
    second = updated(stage, f"/update {first} people=40 The bridge is closed")
    assert fact(stage, second).updates == (first,)
    assert fact(stage, second).fields["people"] != fact(stage, first).fields["people"]
    assert fact(stage, second).fields["where"] == fact(stage, first).fields["where"]
    copies = {copy.to: copy for copy in copies_of(stage, second)}
    assert set(copies) == EVERYWHERE
    for room, copy in copies.items():
        assert copy.body.text.startswith("Update of A-1\n") and "The bridge is closed" not in copies[HILFE].body.text
        assert stage.world.incidents["I-1"].alerts[first].copies[str(copy.follows)].room == room
    assert "People: 40." in copies[FIRE].body.text and "The quay floods" not in copies[FIRE].body.text
    old = stage.world.incidents["I-1"].alerts[first]
    assert (old.state, old.superseded_by) == ("superseded", second)
    assert not words(stage, "superseded"), "who gets the new one needs no other word"


def test_answers_to_the_first_stay_on_record_and_nobody_waits_for_more() -> None:
    """The escalation of the first stops; what was answered to it was answered."""
    stage = opened()
    first = sent(stage)
    stage.say(AID, f"/ack {first} seen", SOMEBODY)
    updated(stage, f"/update {first} More water")
    old = stage.world.incidents["I-1"].alerts[first]
    assert old.answers["aid"] and all(not watch.open for watch in old.watches.values())
    assert not any(key.startswith((f"expires:{first}", f"escalation:{first}")) for key in stage.pending)


def test_who_is_not_selected_any_more_learns_only_that_it_no_longer_stands() -> None:
    """The place has moved: the town's are told to ring, and not where it is now."""
    stage = opened()
    first = issued(stage, AFFECTED, LIAISON, FIRE)
    for copy in copies_of(stage, first):
        stage.accepted(copy)
    had = {copy.to for copy in copies_of(stage, first)}
    second = updated(stage, f"/update {first} where=Hill", LIAISON, FIRE)
    has = {copy.to for copy in copies_of(stage, second)}
    told = words(stage, "superseded")
    assert had - has and set(told) == had - has
    for send in told.values():
        assert send.body.text == "A-1 no longer stands (12:00). Please ring Fire ☎ +3211"
        assert not send.body.shows


def test_what_still_waits_of_the_first_does_not_leave() -> None:
    """A room that has not got the first one gets the second alone, and not as an update of what it never saw."""
    stage = opened()
    first = sent(stage, AID)
    stage.say(CITY, f"/update {first} More water", MAYOR)
    effects = heard(stage, f"/draft {list(stage.world.incidents['I-1'].drafts)[-1]} send")
    [waiting] = [
        name for name, one in stage.world.incidents["I-1"].alerts[first].copies.items() if one.state == "waiting"
    ]
    assert [drop.send for drop in of(effects, Drop)] == [waiting]  # type: ignore[attr-defined]


def test_it_reveals_only_what_passes_now() -> None:
    """A label that was raised stays raised; nobody sees by an update what the alert would not show."""
    stage = opened()
    first = sent(stage, command=EVACUATE + " tlp=amber The quay floods")
    second = updated(stage, f"/update {first} tlp=green The quay still floods")
    assert fact(stage, second).raised == "amber"
    [aid] = [copy for copy in copies_of(stage, second) if copy.to == AID] or [None]
    assert aid is None or "still floods" not in aid.body.text


def test_an_optional_value_can_be_emptied() -> None:
    """``people=`` alone: what was known is known no more, and leaves no trace."""
    stage = opened()
    first = sent(stage, command=EVACUATE + " people=12")
    second = updated(stage, f"/update {first} people= The quay floods")
    assert fact(stage, second).fields["people"] is None
    assert not any("People" in copy.body.text for copy in copies_of(stage, second))


def test_alone_it_asks_which_and_then_what() -> None:
    """Without an id: buttons; with nothing else: the main words are asked for, and can be left as they are."""
    stage = opened()
    first = sent(stage, command=EVACUATE + " The quay floods")
    [asked] = stage.say(CITY, "/update", MAYOR)
    assert [tap.command for line in asked.taps for tap in line] == [f"/update {first}"]
    [question] = stage.say(CITY, f"/update {first}", MAYOR)
    skip = next(tap for line in question.taps for tap in line if " skip " in tap.command)
    [preview] = stage.say(CITY, skip.command, MAYOR, via="button")
    assert "The quay floods" in preview.body.text and "Update of A-1" in preview.body.text


def test_what_is_over_cannot_be_updated_and_says_what_took_its_place() -> None:
    """A chain is followed to what still stands."""
    stage = opened()
    first = sent(stage)
    second = updated(stage, f"/update {first} More water")
    [answer] = stage.say(CITY, f"/update {first} Less water", MAYOR)
    assert answer.body.text.startswith("A-1 is over already: replaced at 12:00")
    assert [tap.command for line in answer.taps for tap in line] == [f"/update {second}"]
    stage.say(CITY, f"/cancel {second}", MAYOR)
    assert not [tap for line in stage.say(CITY, f"/update {first}", MAYOR)[0].taps for tap in line]


def test_of_two_drafts_of_an_update_the_second_starts_again() -> None:
    """What was previewed as an update of the one does not leave as an update of the other, and undoes nothing of it."""
    stage = opened()
    first = sent(stage)
    stage.say(CITY, f"/update {first} One", MAYOR)
    stage.say(CITY, f"/update {first} Two", MAYOR)
    one, two = list(stage.world.incidents["I-1"].drafts)
    stage.say(CITY, f"/draft {one} send", MAYOR)
    for command in (f"/draft {two} send", f"/draft {two}"):
        [answer] = stage.say(CITY, command, MAYOR)
        assert answer.body.text.startswith(f"Draft {two} was not sent.\n{first} is over already")
        assert answer.body.text.endswith("A-2 took its place.\nPlease start again from A-2.")
        assert [tap.command for row in answer.taps for tap in row] == ["/update A-2", f"/draft {two} drop"]
    assert [(f.alert, f.by) for f in stage.of(AlertSuperseded)] == [("A-1", "A-2")]  # type: ignore[attr-defined]


@pytest.mark.parametrize("ending", ["/cancel A-1", "/cancel A-1 mistake", "/retract A-1", "expires"])
@pytest.mark.parametrize("asked", [False, True])
def test_an_update_of_what_is_over_is_not_sent(ending: str, asked: bool) -> None:
    """Neither from its old preview, nor when the last question is answered: what was taken back does not come back unasked."""
    stage = opened()
    first = sent(stage)
    stage.say(CITY, f"/update {first}" if asked else f"/update {first} More", MAYOR)
    draft = list(stage.world.incidents["I-1"].drafts)[-1]
    if ending == "expires":
        issued = stage.world.incidents["I-1"].alerts[first]
        stage._keep("I-1", AlertExpired(issued.fact.alert))
    else:
        stage.say(CITY, ending, OFFICER)
    [answer] = stage.say(CITY, "More" if asked else f"/draft {draft} send", MAYOR)
    assert answer.body.text.startswith(f"Draft {draft} was not sent.\n{first} is over already")
    assert len(stage.world.incidents["I-1"].alerts) == 1
    [answer] = stage.say(CITY, f"/draft {draft} beside", MAYOR)
    assert answer.body.text.startswith(f"Draft {draft}, not sent yet:") and "Update of" not in answer.body.text


def test_a_room_that_missed_an_update_is_told_of_what_it_saw() -> None:
    """The update still waited there when it was cancelled: that room knows the alert by its first id."""
    stage = opened()
    first = sent(stage)
    second = updated(stage, f"/update {first} More water")
    for copy in copies_of(stage, second):
        if copy.to != AID:
            stage.accepted(copy)
    stage.say(CITY, f"/cancel {second}", MAYOR)
    told = words(stage)
    assert set(told) == EVERYWHERE
    assert told[AID].body.text.startswith("A-1 is cancelled") and told[HILFE].body.text.startswith("A-2 is cancelled")


def test_another_partner_takes_over_only_what_it_was_shown() -> None:
    """In danger the fire service may issue evacuations: the city's secret does not pass into its own alert."""
    stage = opened()
    first = sent(stage, command=EVACUATE + ' people=12 secret="The mayor is at home" The quay floods')
    stage.say(FIRE, "/danger a dyke broke", LIAISON)
    second = updated(stage, f"/update {first} More water", LIAISON, FIRE)
    assert fact(stage, second).partner == "fire"
    assert fact(stage, second).fields["secret"] is None and fact(stage, second).fields["people"] is not None
    assert not any("mayor is at home" in send.body.text for send in stage.sent if send.about == second)


def test_a_stranger_is_told_whose_it_is() -> None:
    """An update is an alert: whose it is to issue decides."""
    stage = opened()
    first = sent(stage)
    assert "Not sent." in said(stage, BRANDWEER, f"/update {first} x", SOMEBODY)
    assert not stage.of(AlertSuperseded)


def test_a_restart_changes_nothing() -> None:
    """The same facts folded anew give the same incident."""
    stage = opened()
    first = sent(stage)
    updated(stage, f"/update {first} More water")
    kept = [each for each in stage.facts if each.stream == "I-1"]
    assert incident.fold(None, kept) == stage.world.incidents["I-1"]


# --- what is open in the same place ------------------------------------------------------------------------------------------


def test_a_preview_asks_whether_what_is_open_here_is_to_be_replaced() -> None:
    """One tap replaces, one sends it beside; the rooms of the first see the second in its place."""
    stage = opened()
    first = sent(stage)
    [preview] = stage.say(CITY, "/alert evacuation action=stay where=Town", MAYOR)
    assert "A-1 Evacuate is open here: replace it with Evacuate?" in preview.body.text
    labels = [tap.label.text for line in preview.taps for tap in line]
    assert labels == ["Replace A-1", "Send beside it", "Discard"]
    [replace] = [tap for line in preview.taps for tap in line if " replace " in tap.command]
    stage.say(CITY, replace.command, MAYOR, via="button")
    assert stage.world.incidents["I-1"].alerts[first].superseded_by == "A-2"
    assert all(copy.follows for copy in copies_of(stage, "A-2"))


def test_beside_it_both_stand() -> None:
    """Two alerts at once are as well possible."""
    stage = opened()
    first = sent(stage)
    [preview] = stage.say(CITY, "/alert evacuation action=stay where=Town", MAYOR)
    [beside] = [tap for line in preview.taps for tap in line if tap.command.endswith("beside")]
    stage.say(CITY, beside.command, MAYOR, via="button")
    assert [one.state for one in stage.world.incidents["I-1"].alerts.values()] == ["open", "open"]
    assert first == "A-1" and not stage.of(AlertSuperseded)


def test_another_template_stands_in_its_place_by_name() -> None:
    """What replaces another kind of alert is no update of it."""
    stage = opened()
    first = issued(stage, "/alert count people=3 Count them")
    for copy in copies_of(stage, first):
        stage.accepted(copy)
    [preview] = stage.say(CITY, "/alert evacuation action=stay", MAYOR)
    [replace] = [tap for line in preview.taps for tap in line if " replace " in tap.command]
    stage.say(CITY, replace.command, MAYOR)
    assert any(copy.body.text.startswith("In place of A-1\n") for copy in copies_of(stage, "A-2"))


def test_elsewhere_or_not_theirs_nothing_is_asked() -> None:
    """Another place, or an alert that is not theirs to end, is none of this one's business."""
    stage = opened()
    sent(stage)
    [preview] = stage.say(CITY, "/alert talk Come", MAYOR)
    assert "is open here" not in preview.body.text
    stage.say(FIRE, "/danger a dyke broke", LIAISON)
    [preview] = stage.say(FIRE, "/alert evacuation action=stay where=Hill", LIAISON)
    assert "is open here" not in preview.body.text
    stage.say(CITY, "/cancel A-1", MAYOR)
    [preview] = stage.say(CITY, "/alert evacuation action=stay where=Town", MAYOR)
    assert "is open here" not in preview.body.text


def test_a_replacement_waits_for_its_second_person_too() -> None:
    """The author chose to replace: the second person sends just that."""
    stage = opened(TWO)
    first = sent_by_two(stage)
    [preview] = stage.say(CITY, "/alert evacuation action=stay where=Town", MAYOR)
    [replace] = [tap for line in preview.taps for tap in line if " replace " in tap.command]
    [waits] = stage.say(CITY, replace.command, MAYOR, via="button")
    assert "a second person" in waits.body.text
    draft = list(stage.world.incidents["I-1"].drafts)[-1]
    drafted = stage.world.incidents["I-1"].drafts[draft].fact
    assert isinstance(drafted, AlertDrafted) and drafted.updates == (first,)
    stage.say(CITY, f"/draft {draft} send", OFFICER)
    assert stage.world.incidents["I-1"].alerts[first].state == "superseded"


def sent_by_two(stage: Stage) -> str:
    """An alert that two persons sent, arrived everywhere."""
    stage.say(CITY, EVACUATE, MAYOR)
    stage.say(CITY, f"/draft {list(stage.world.incidents['I-1'].drafts)[-1]} send", OFFICER)
    for copy in copies_of(stage, "A-1"):
        stage.accepted(copy)
    return "A-1"


# --- expiry ----------------------------------------------------------------------------------------------------------------

SHORT = border(("    expires: 12h\n", "    expires: 1h\n"))
BY_LEAD = border(
    ("    expires: 12h\n", "    expires: 1h\n"),
    ("lead: fire, deputies: [city]", "lead: city, deputies: [fire]"),
)


def test_no_room_hears_of_an_expiry() -> None:
    """An alert that has run out is simply over; its issuer may not know who was silent, unless it leads."""
    stage = opened(SHORT)
    first = sent(stage)
    before = len(stage.sent)
    stage.fall_due(stage.now + timedelta(hours=2))
    assert stage.world.incidents["I-1"].alerts[first].state == "expired"
    told = [send for send in stage.sent[before:] if send.urgency == Urgency.ALERT or "run out" in send.body.text]
    assert not told
    assert "over already: ended at 13:00" in said(stage, CITY, f"/cancel {first}", MAYOR)


def test_an_issuer_who_leads_is_told_quietly_who_never_answered() -> None:
    """By name, but for those that are not listed and those who answered."""
    stage = opened(BY_LEAD)
    first = sent(stage)
    stage.say(AID, f"/ack {first} seen", SOMEBODY)
    before = len(stage.sent)
    stage.fall_due(stage.now + timedelta(hours=2))
    [text] = [text for text in to(stage.sent[before:], CITY) if "run out" in text]
    assert text.startswith("A-1 Evacuate has run out (13:00). Never answered: ") and "Hilfe" in text
    assert "Aid" not in text and "watchers" not in text
    assert not any(send.loud for send in stage.sent[before:] if "run out" in send.body.text)


def test_rooms_named_here_are_the_borders() -> None:
    """Every room of the playbook is one that this page speaks of."""
    assert {FIRE_TELEGRAM, CITY_TELEGRAM, WATCHERS} < EVERYWHERE
    assert isinstance(opened().sent, list) and Send


# --- private chats -----------------------------------------------------------------------------------------------------------


def test_who_was_shown_it_in_private_is_told_there_too() -> None:
    """A liaison to whom escalation showed the first is shown the second there, and told there of its end."""
    stage = opened()
    stage.enrol("telegram:88", "liaison", "brandweer")
    private = RoomRef("telegram", "88")
    first = sent(stage)
    incident_now = stage.world.incidents["I-1"]
    nudged = nudges.liaisons(stage.world, incident_now, first, "brandweer", 0, stage.now)
    stage.apply(list(nudged))
    assert [send.to for send in nudged] == [private]
    stage.accepted(nudged[0])
    second = updated(stage, f"/update {first} More water")
    [copy] = [one for one in copies_of(stage, second) if one.to == private]
    assert copy.body.text.startswith("Update of A-1\n") and copy.partner == "brandweer"
    stage.accepted(copy)
    stage.say(CITY, f"/cancel {second}", MAYOR)
    assert words(stage)[private].body.text.startswith("A-2 is cancelled")
