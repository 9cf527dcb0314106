"""/cancel and /retract: who may, who is told what, and what becomes of copies that are on their way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from handlers import corrections
from handlers.events import Delivery, Stale
from playbooks.rooms import RoomRef
from storage import incident
from storage.effects import Drop, Effect, RemoveMessage, Repeat, Send, Unwake, Urgency
from storage.facts import (
    AlertCancelled,
    AlertRetracted,
    CallAsked,
    CommandRefused,
    Disclosed,
    MessageDropped,
    MessageRemains,
    MessageRemoved,
    RemovalAsked,
)
from storage.store import OutboxRow
from tests.handlers.border_stage import (
    AID,
    BRANDWEER,
    CITY,
    CITY_TELEGRAM,
    DESK,
    EVACUATE,
    FIRE,
    FIRE_TELEGRAM,
    HILFE,
    LIAISON,
    MAYOR,
    SOMEBODY,
    WATCHERS,
    issued,
    opened,
    said,
    to,
)
from tests.handlers.checkin_stage import card
from tests.handlers.stage import Stage
from tests.playbooks.border import border

EVERYWHERE = {CITY, CITY_TELEGRAM, FIRE, FIRE_TELEGRAM, BRANDWEER, AID, HILFE, WATCHERS}
NOTED = border(
    ("  secret: {type: text, tlp: red}", "  secret: {type: text, tlp: red}\n  _note: {tlp: green}"),
    (
        "  - {permit: [secret]",
        "  - {permit: [_note], to: {kind: [fire, municipality]}, purpose: life-safety}\n  - {permit: [secret]",
    ),
)


def copies_of(stage: Stage, alert: str) -> list[Send]:
    """The copies of an alert, as they were sent."""
    return [send for send in stage.sent if send.about == alert and send.urgency == Urgency.ALERT and send.role is None]


def sent(stage: Stage, *besides: RoomRef, command: str = EVACUATE) -> str:
    """An alert that has arrived everywhere but in these rooms."""
    alert = issued(stage, command)
    for copy in copies_of(stage, alert):
        if copy.to not in besides:
            stage.accepted(copy)
    return alert


def words(stage: Stage, state: str = "cancelled") -> dict[RoomRef, Send]:
    """What rooms were told of the end of an alert."""
    return {send.to: send for send in stage.sent if send.role == state}


def row_of(stage: Stage, send: Send, **more: object) -> OutboxRow:
    """A message as it stands in the outbox."""
    token = next(name for name, one in stage.tokens.items() if one is send)
    row = OutboxRow(token, token, send.stream, send.to, int(send.urgency), "{}", send.about, send.partner)
    return replace(row, **more)  # type: ignore[arg-type]


def of(effects: list[Effect], kind: type) -> list[Effect]:
    return [effect for effect in effects if isinstance(effect, kind)]


# --- /cancel ---------------------------------------------------------------------------------------------------------------


def test_everyone_who_was_shown_it_is_told_under_what_they_saw() -> None:
    """Each room by the id alone, as a reply to its copy, as loud as that was."""
    stage = opened()
    alert = sent(stage)
    stage.say(CITY, f"/cancel {alert}", MAYOR)
    told = words(stage)
    assert set(told) == EVERYWHERE
    assert told[HILFE].body.text == "A-1 is cancelled (12:00). It no longer stands."
    for room, send in told.items():
        copy = stage.world.incidents["I-1"].alerts[alert].copies[str(send.follows)]
        assert (copy.room, send.loud, send.urgency, send.body.shows) == (room, True, Urgency.ALERT, {})


def test_by_mistake_says_that_there_is_nothing_to_do() -> None:
    """One tap under the answer, in words that are translated beforehand."""
    stage = opened()
    alert = issued(stage)
    [tap] = [tap for send in stage.sent for line in send.taps for tap in line if tap.command.startswith("/cancel")]
    assert tap.command == f"/cancel {alert} mistake"
    for copy in copies_of(stage, alert):
        stage.accepted(copy)
    stage.say(CITY, tap.command, MAYOR, via="button")
    assert {send.body.text for send in words(stage).values()} == {"A-1 was sent by mistake. Nothing to do."}
    assert stage.world.incidents["I-1"].alerts[alert].mistake


@pytest.mark.parametrize("word", ["mistake", "Erreur", "Vergissing!", "Irrtum", "errore", "error"])
def test_a_mistake_is_one_in_every_language(word: str) -> None:
    """Who types the word in their own language means the same."""
    stage = opened()
    alert = sent(stage)
    stage.say(CITY, f"/cancel {alert} {word}", MAYOR)
    [fact] = stage.of(AlertCancelled)
    assert isinstance(fact, AlertCancelled) and fact.mistake and fact.text is None


def test_words_go_only_where_a_note_may_be_seen() -> None:
    """Free words pass sight as a note; who may not see notes gets the same text as if there were none."""
    stage = opened(NOTED)
    alert = sent(stage)
    stage.say(CITY, f"/cancel {alert} The <dyke> holds, all clear", MAYOR)
    told = words(stage)
    seen = {room for room, send in told.items() if "The <dyke> holds, all clear" in send.body.text}
    assert {CITY, CITY_TELEGRAM, FIRE, FIRE_TELEGRAM} <= seen and not seen & {AID, HILFE, WATCHERS}
    assert told[AID].body.text == "A-1 is cancelled (12:00). It no longer stands."
    assert told[FIRE].body.shows.keys() == {"_note"}


def test_a_note_is_no_copy_of_the_alert() -> None:
    """What was said about it is disclosed, and nobody is counted as having the alert by it."""
    stage = opened(NOTED)
    alert = sent(stage)
    before = set(stage.world.incidents["I-1"].alerts[alert].copies)
    stage.say(CITY, f"/cancel {alert} all clear", MAYOR)
    assert set(stage.world.incidents["I-1"].alerts[alert].copies) == before
    assert any(isinstance(f, Disclosed) and "_note" in f.fields for f in stage.of(Disclosed))


def test_a_room_that_never_got_it_is_told_nothing() -> None:
    """What waits is taken back, what was refused never stood there."""
    stage = opened()
    alert = sent(stage, AID, HILFE)
    [refused] = [copy for copy in copies_of(stage, alert) if copy.to == HILFE]
    stage.happen(Delivery(row_of(stage, refused), "refused", reason="kicked"))
    stage.now += timedelta(seconds=1)
    before = len(stage.sent)
    stage.say(CITY, f"/cancel {alert}", MAYOR)
    assert set(words(stage)) == EVERYWHERE - {AID, HILFE}
    assert not to(stage.sent[before:], AID)


def test_what_waits_is_taken_back() -> None:
    """Every copy that its network has not answered for is dropped, and only those."""
    stage = opened()
    alert = sent(stage, AID, HILFE)
    effects = _heard(stage, f"/cancel {alert}")
    waiting = {
        name for name, copy in stage.world.incidents["I-1"].alerts[alert].copies.items() if copy.state == "waiting"
    }
    assert {drop.send for drop in of(effects, Drop)} == waiting and len(waiting) == 2  # type: ignore[attr-defined]


def _heard(stage: Stage, text: str, room: RoomRef = CITY, person: str = MAYOR) -> list[Effect]:
    """Everything that something said leads to."""
    found: list[Effect] = []
    apply = stage.apply
    stage.apply = lambda effects: found.extend(effects) or apply(effects)  # type: ignore[method-assign,func-returns-value]
    stage.say(room, text, person)
    stage.apply = apply  # type: ignore[method-assign]
    return found


def test_a_copy_that_arrives_after_all_is_followed_by_the_word() -> None:
    """It was in flight when the alert ended: once it is there, that room is told, once."""
    stage = opened()
    alert = sent(stage, AID)
    stage.say(CITY, f"/cancel {alert}", MAYOR)
    [late] = [copy for copy in copies_of(stage, alert) if copy.to == AID]
    assert AID not in words(stage)
    effects = stage.accepted(late)
    assert to([e for e in effects if isinstance(e, Send)], AID) == ["A-1 is cancelled (12:00). It no longer stands."]
    part = row_of(stage, late, part=1)
    assert not of(stage.happen(Delivery(part, "sent", "m2")), Send)


def test_a_copy_of_unknown_fate_is_not_repeated_once_it_is_over() -> None:
    """It may have arrived: the room is told, and never shown it again."""
    stage = opened()
    alert = sent(stage, AID)
    stage.say(CITY, f"/cancel {alert}", MAYOR)
    [late] = [copy for copy in copies_of(stage, alert) if copy.to == AID]
    effects = stage.happen(Delivery(row_of(stage, late), "unknown", reason="timeout", repeat="again"))
    assert not of(effects, Repeat)
    assert [send.to for send in of(effects, Send)] == [AID]  # type: ignore[attr-defined]


def test_a_copy_that_still_waits_when_it_is_over_never_leaves() -> None:
    """A delay gave it back to the queue after the alert was cancelled: its clearance is stale, and nothing is sent instead."""
    stage = opened()
    alert = sent(stage, AID)
    epoch = stage.world.epoch(stage.world.incidents["I-1"])
    stage.say(CITY, f"/cancel {alert}", MAYOR)
    assert stage.world.epoch(stage.world.incidents["I-1"]) > epoch
    [late] = [copy for copy in copies_of(stage, alert) if copy.to == AID]
    effects = stage.happen(Stale(row_of(stage, late), over=False))
    assert of(effects, Drop) and not of(effects, Send)
    assert stage.of(MessageDropped)


def test_its_word_is_decided_again_when_what_may_be_seen_has_changed() -> None:
    """A stale word to a room becomes the word as it may be said now, and never the alert again."""
    stage = opened(NOTED)
    alert = sent(stage)
    stage.say(CITY, f"/cancel {alert} all clear", MAYOR)
    word = words(stage)[FIRE]
    effects = stage.happen(Stale(row_of(stage, word, shows=True), over=False))
    [again] = of(effects, Send)
    assert isinstance(again, Send) and (again.role, again.to) == ("cancelled", FIRE) and "all clear" in again.body.text


def test_a_word_that_does_not_get_through_is_rung_about() -> None:
    """Who may still act on an alert that is over must be told some other way."""
    stage = opened()
    alert = sent(stage)
    stage.say(CITY, f"/cancel {alert}", MAYOR)
    effects = stage.happen(Delivery(row_of(stage, words(stage)[AID]), "refused", reason="kicked"))
    told = to([e for e in effects if isinstance(e, Send)], FIRE)
    assert told and "A room of Aid was not told that A-1 is over" in told[0] and "+3213" in told[0]


def test_nobody_waits_for_an_answer_any_more() -> None:
    """Every deadline of its escalation is taken back, and that of its expiry."""
    stage = opened()
    alert = sent(stage)
    effects = _heard(stage, f"/cancel {alert}")
    gone = {effect.key for effect in effects if isinstance(effect, Unwake)}
    assert {f"expires:{alert}", f"escalation:{alert}:aid", f"unreachable:{alert}:aid"} <= gone
    assert all(not watch.open for watch in stage.world.incidents["I-1"].alerts[alert].watches.values())


def test_the_lead_may_and_others_are_told_who_may() -> None:
    """The issuer, those whose alert it is, and the lead; to others it is refused, and recorded."""
    stage = opened()
    alert = sent(stage)
    refused = said(stage, BRANDWEER, f"/cancel {alert}", SOMEBODY)
    assert "can be ended by City & Sons <town hall> · Fire" in refused and "playbook line" in refused
    assert isinstance(stage.of(CommandRefused)[-1], CommandRefused)
    said(stage, FIRE, f"/cancel {alert}", SOMEBODY)
    assert stage.world.incidents["I-1"].alerts[alert].state == "open", "anybody's room is not enough"
    stage.say(FIRE, f"/cancel {alert}", LIAISON)
    assert stage.world.incidents["I-1"].alerts[alert].state == "cancelled"


def test_twice_expired_or_unknown_is_answered_plainly() -> None:
    """What is over says how and since when; what one was not shown is not there."""
    stage = opened()
    alert = sent(stage)
    stage.say(CITY, f"/cancel {alert}", MAYOR)
    assert said(stage, CITY, f"/cancel {alert}", MAYOR).startswith("A-1 is over already: cancelled at 12:00")
    assert said(stage, CITY, "/cancel A-99", MAYOR) == "There is no alert A-99 for you here."
    assert len(stage.of(AlertCancelled)) == 1


def test_alone_it_asks_and_a_reply_says_which() -> None:
    """Without an id: buttons for what is theirs to end; in reply to a copy: that alert."""
    stage = opened()
    alert = sent(stage)
    [asked] = stage.say(CITY, "/cancel", MAYOR)
    assert [tap.command for line in asked.taps for tap in line] == [f"/cancel {alert}"]
    [copy] = [one for one in copies_of(stage, alert) if one.to == CITY]
    stage.say(CITY, "/cancel mistake", MAYOR, about=stage.about(copy))
    assert stage.world.incidents["I-1"].alerts[alert].mistake


def test_a_restart_changes_nothing() -> None:
    """The same facts folded anew give the same end, with the same words for a room that is still to be told."""
    stage = opened(NOTED)
    alert = sent(stage)
    stage.say(CITY, f"/cancel {alert} all clear", MAYOR)
    kept = [each for each in stage.facts if each.stream == "I-1"]
    assert incident.fold(None, kept) == stage.world.incidents["I-1"]


def test_whether_words_were_given_is_not_seen_where_notes_are_not() -> None:
    """A room without sight of notes is sent the same, to the last attribute."""

    def shown(words: str) -> list[tuple[object, ...]]:
        stage = opened(NOTED)
        alert = sent(stage)
        stage.say(CITY, f"/cancel {alert} {words}", MAYOR)
        return [(s.body, s.taps, s.role, s.loud, s.about) for s in stage.sent if s.to in (AID, HILFE, WATCHERS)]

    assert shown("") == shown("Ada Lovelace is safe")


# --- /retract --------------------------------------------------------------------------------------------------------------


def retracted(stage: Stage, *besides: RoomRef) -> tuple[str, list[Effect]]:
    """An alert that arrived everywhere but in these rooms, and was withdrawn."""
    alert = sent(stage, *besides)
    return alert, _heard(stage, f"/retract {alert} the wrong name")


def asked_to_remove(stage: Stage, effects: list[Effect]) -> list[OutboxRow]:
    """The requests that the engine makes of what is to be removed, recorded as it does."""
    rows = []
    for number, effect in enumerate(of(effects, RemoveMessage)):
        assert isinstance(effect, RemoveMessage)
        name = f"removal{number}"
        stage._keep("I-1", RemovalAsked(effect.send, name, effect.about, effect.partner, effect.room))
        rows.append(OutboxRow(name, name, "I-1", effect.room, int(Urgency.ALERT), "{}", effect.about, effect.partner))
    return rows


def test_every_copy_is_removed_and_every_room_told() -> None:
    """The words are withdrawn, and whoever read them asked not to pass them on; the log keeps who was shown what."""
    stage = opened()
    before = len(stage.of(Disclosed))
    alert, effects = retracted(stage, AID)
    shown = len(stage.of(Disclosed)) - before
    assert {one.room for one in of(effects, RemoveMessage)} == EVERYWHERE - {AID}  # type: ignore[attr-defined]
    told = words(stage, "retracted")
    assert set(told) == EVERYWHERE - {AID}
    assert {s.body.text for s in told.values()} == {"A-1 was withdrawn (12:00). Please do not use it or pass it on."}
    assert shown == len(stage.of(Disclosed)) - before and shown >= len(EVERYWHERE)
    [fact] = stage.of(AlertRetracted)
    assert isinstance(fact, AlertRetracted) and (fact.alert, fact.text) == (alert, "the wrong name")
    assert not any("wrong name" in send.body.text for send in stage.sent)


def test_the_card_says_it_in_the_same_word() -> None:
    """Withdrawn, as in everything else that is said of it."""
    stage = opened()
    alert, _ = retracted(stage)
    assert "withdrawn at 12:00" in card(stage, alert, DESK)


def test_removals_come_before_the_words() -> None:
    """A room is first freed of it, then told."""
    _, effects = retracted(opened())
    kinds = [
        effect for effect in effects if isinstance(effect, RemoveMessage) or (isinstance(effect, Send) and effect.role)
    ]
    assert all(isinstance(effect, RemoveMessage) for effect in kinds[: len(EVERYWHERE)])


def test_a_copy_in_flight_is_removed_once_it_is_there() -> None:
    """Each of its parts, as its network names it."""
    stage = opened()
    alert, _ = retracted(stage, AID)
    [late] = [copy for copy in copies_of(stage, alert) if copy.to == AID]
    effects = stage.accepted(late)
    assert [one.room for one in of(effects, RemoveMessage)] == [AID]  # type: ignore[attr-defined]
    assert [send.to for send in of(effects, Send)] == [AID]  # type: ignore[attr-defined]
    second = stage.happen(Delivery(row_of(stage, late, token="send-2", part=1), "sent", "m2"))
    assert [one.send for one in of(second, RemoveMessage)] == ["send-2"] and not of(second, Send)  # type: ignore[attr-defined]


def test_what_was_removed_is_recorded_and_what_remains_is_told() -> None:
    """The lead and the coordinators get one list of where it can still be read, with the numbers."""
    stage = opened()
    _, effects = retracted(stage)
    rows = asked_to_remove(stage, effects)
    for row in rows:
        if row.to in (AID, HILFE, WATCHERS):
            stage.happen(Delivery(row, "refused", reason="message can't be deleted"))
        else:
            stage.happen(Delivery(row, "sent", "m"))
    assert len(stage.of(MessageRemoved)) == len(EVERYWHERE) - 3 and len(stage.of(MessageRemains)) == 3
    before = len(stage.sent)
    stage.fall_due(stage.now + timedelta(seconds=10))
    for room in (FIRE, DESK):
        [text] = [text for text in to(stage.sent[before:], room) if "could not be removed" in text]
        assert "Aid (Telegram) ☎ +3213" in text and "Hilfe (Telegram) ☎ +4914" in text
        assert "watchers" not in text, "nobody learns of a partner that is not listed"
    assert not any("could not be removed" in text for text in to(stage.sent[before:], BRANDWEER))


def test_a_removal_that_is_too_late_remains() -> None:
    """A network that did not come back in time has not removed it."""
    stage = opened()
    _, effects = retracted(stage)
    [row, *_] = asked_to_remove(stage, effects)
    stage.happen(Stale(row, over=True))
    assert len(stage.of(MessageRemains)) == 1


def test_what_is_over_can_still_be_withdrawn_and_only_once() -> None:
    """A cancelled alert stands there to be read; a withdrawn one is withdrawn."""
    stage = opened()
    alert = sent(stage)
    stage.say(CITY, f"/cancel {alert}", MAYOR)
    stage.say(CITY, f"/retract {alert}", MAYOR)
    assert stage.world.incidents["I-1"].alerts[alert].state == "retracted"
    assert set(words(stage, "retracted")) == EVERYWHERE
    assert "over already" in said(stage, CITY, f"/retract {alert}", MAYOR)
    assert len(stage.of(AlertRetracted)) == 1


def test_the_roles_are_states_of_an_alert() -> None:
    """A word's role is the state that it tells of, so that there is one of each in a room."""
    assert {"cancelled", "retracted", "superseded"} == corrections.ROLES


def test_who_was_told_only_to_ring_learns_that_it_is_over() -> None:
    """They were told of it by its id, and would go on ringing."""
    stage = opened()
    alert = issued(stage, "/alert count people=3 Count them")
    assert "aid" in stage.world.incidents["I-1"].alerts[alert].held
    stage._keep("I-1", CallAsked(alert, "aid", "fire"))
    stage.say(CITY, f"/cancel {alert}", MAYOR)
    assert words(stage)[AID].body.text == "A-1 is cancelled (12:00). It no longer stands."


def test_a_room_without_a_partner_and_a_desk_without_one_end_nothing() -> None:
    """No role overrides whose alert it is: a coordinator of no partner is not the one who issued it."""
    stage = opened()
    alert = sent(stage)
    assert "belongs to no partner" in said(stage, DESK, f"/cancel {alert}", "telegram:501", private=True)
    assert stage.world.incidents["I-1"].alerts[alert].state == "open"


def test_whose_ground_it_is_is_no_secret_that_a_refusal_tells() -> None:
    """Who may not see where an alert is gets the same answer wherever that is."""

    def answer(where: str) -> str:
        stage = opened(
            border(
                (
                    "    by: [city, fire]\n    fields: {what: optional, where",
                    "    by: [city, fire, watchers]\n    fields: {what: optional, where",
                )
            )
        )
        alert = issued(stage, f"/alert affected where={where} people=3 Come", LIAISON, FIRE)
        stage.enrol("telegram:88", "liaison", "watchers")
        return said(stage, WATCHERS, f"/cancel {alert}", "telegram:88")

    assert answer("Town") == answer("Hill")
