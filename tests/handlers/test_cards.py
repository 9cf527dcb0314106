"""Live status cards: what they say to whom, how often they are edited, and what becomes of a version that does not arrive."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from handlers.cards import ROLE
from handlers.events import Delivery, Stale
from handlers.pace import EVERY, LASTS, REFUSED
from playbooks.load import Book
from playbooks.rooms import RoomRef
from storage.effects import Record, Repeat, Send, Urgency
from storage.facts import DEPLOYMENT, AlertCancelled, LeadTaken, MessageUnknown, RoomLost, RoomMoved
from storage.incident import Live, fold
from storage.store import OutboxRow
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
    copies,
    issued,
    opened,
    to,
)
from tests.handlers.stage import Stage
from tests.playbooks.border import BOOK, border

SECOND = timedelta(seconds=1)


def versions(sent: list[Send], room: RoomRef) -> list[Send]:
    """The versions of cards that a room was sent."""
    return [send for send in sent if send.role == ROLE and send.to == room]


def shown(stage: Stage, room: RoomRef) -> str:
    """What the newest version of a card in a room says."""
    return versions(stage.sent, room)[-1].body.text


def settle(stage: Stage, until: timedelta = SECOND) -> None:
    """Let time pass; whatever card is sent arrives."""
    end = stage.now + until
    while True:
        before = len(stage.sent)
        stage.fall_due(min([end, *(wake.at for wake in stage.pending.values() if wake.kind == "card")]))
        arriving = [send for send in stage.sent[before:] if send.role == ROLE]
        for send in arriving:
            stage.accepted(send)
        due = any(wake.kind == "card" and wake.at <= end for wake in stage.pending.values())
        if not arriving and not due and stage.now >= end:
            return


def delivered(stage: Stage, alert: str = "A-1", *without: RoomRef) -> None:
    """Every copy arrives, except in these rooms."""
    for room, row in copies(stage, alert).items():
        if room not in without:
            stage.happen(Delivery(row, "sent", message=f"m{row.token}"))


def live(stage: Stage, room: RoomRef, about: str = "A-1") -> Live:
    """The card in a room as the incident has it."""
    return stage.world.incidents["I-1"].live[(ROLE, about, room)]


def row_of(stage: Stage, send: Send) -> OutboxRow:
    """A message as it stands in the outbox."""
    token = next(name for name, one in stage.tokens.items() if one is send)
    return OutboxRow(token, token, send.stream, send.to, int(send.urgency), "{}", send.about, send.partner)


# --- what it says ----------------------------------------------------------------------------------------------------


def test_the_lead_and_the_coordinators_have_a_card_as_soon_as_there_is_an_alert() -> None:
    """In the lead's rooms and the coordinator's private chat, and nowhere else; silently, behind all else."""
    stage = opened()
    issued(stage)
    settle(stage)
    cards = [send for send in stage.sent if send.role == ROLE]
    assert {send.to for send in cards} == {FIRE, FIRE_TELEGRAM, DESK}
    assert all(not send.loud and send.urgency == Urgency.CHATTER and send.about == "A-1" for send in cards)


def test_it_counts_who_has_it_and_who_answered_and_names_whom_to_ring() -> None:
    """One of each: acting, seen, cannot, silent, not reached; those who act are not named."""
    stage = opened(many(1))
    issued(stage)
    delivered(stage, "A-1", HILFE)
    stage.happen(Delivery(copies(stage, "A-1")[HILFE], "refused", reason="kicked"))
    stage.say(FIRE, "/ack A-1 acting", LIAISON)
    stage.say(BRANDWEER, "/ack A-1 seen", SOMEBODY)
    stage.say(AID, "/ack A-1 cannot", SOMEBODY)
    settle(stage, timedelta(seconds=10))
    text = shown(stage, FIRE)
    assert "4 delivered · 1 acting · 1 seen · 1 cannot · 1 silent · 1 not reached" in text
    assert "• Aid 0: silent ☎ +32000000" in text
    assert "• Hilfe: not reached ☎ +4914" in text and "• Aid: Cannot, " in text and "☎ +3213" in text
    assert "Fire" not in text and "As of 12:0" in text


def test_who_has_only_seen_it_stays_under_the_leads_eyes_until_somebody_there_acts() -> None:
    """On the card by name, after whoever is silent; on the board, which only counts; where nobody is asked to act, nowhere."""
    stage = opened()
    issued(stage)
    delivered(stage)
    for room, answer in ((BRANDWEER, "seen"), (AID, "seen"), (FIRE, "acting")):
        stage.say(room, f"/ack A-1 {answer}", SOMEBODY)
    settle(stage, timedelta(seconds=10))
    lines = shown(stage, FIRE).splitlines()
    assert "• Brandweer: Seen, 12:00" in lines and "• Aid: Seen, 12:00" in lines and "• Fire" not in "".join(lines)
    assert lines.index("• Brandweer: Seen, 12:00") > lines.index("• Hilfe: silent ☎ +4914")
    assert "2 seen" in to(stage.say(FIRE, "/board", LIAISON), FIRE)[0]
    stage.say(AID, "/ack A-1 seen", "telegram:901")
    stage.say(AID, "/ack A-1 acting", SOMEBODY)
    stage.say(AID, "/ack A-1 seen", "telegram:902")
    settle(stage, timedelta(seconds=10))
    assert "Aid" not in shown(stage, FIRE) and "• Brandweer: Seen, 12:00" in shown(stage, FIRE)
    assert "1 seen" in to(stage.say(FIRE, "/board", LIAISON), FIRE)[0]
    plain = opened(border(("ack: {choices: [acting, seen, cannot]}", "ack: {choices: [seen]}")))
    issued(plain)
    plain.say(AID, "/ack A-1 seen", SOMEBODY)
    settle(plain, timedelta(seconds=10))
    assert "1 seen" in shown(plain, FIRE) and "Aid: Seen" not in shown(plain, FIRE)


def test_it_says_who_has_it_in_full_in_part_and_not_at_all() -> None:
    """Fire sees all but the secret, and Brandweer has as much; Aid and Hilfe have a part, or had theirs held; the city sent it."""
    stage = opened()
    issued(stage, "/alert count people=12 Mind the numbers")
    delivered(stage)
    settle(stage, timedelta(seconds=4))
    text = shown(stage, FIRE)
    assert "2 in full · 2 not at all" in text
    assert "• Aid: held back ☎ +3213" in text and "• Hilfe: held back ☎ +4914" in text
    other = opened()
    issued(other, '/alert evacuation action=leave where="Quai 1, Town" people=12')
    delivered(other)
    settle(other, timedelta(seconds=4))
    assert "2 as much as you see here · 2 in part" in shown(other, FIRE)
    assert "4 have it" in shown(other, DESK) and "in part" not in shown(other, DESK)


def test_it_says_what_happens_next_and_for_how_many() -> None:
    """The first step of the playbook for those who are silent; once they have answered, nothing happens any more."""
    stage = opened(border(("ack: {choices: [acting, seen, cannot]}", "ack: {then: [{after: 9m, do: call}]}")))
    issued(stage)
    delivered(stage)
    settle(stage, timedelta(seconds=4))
    assert "Next, 12:09: a telephone call for 4 partners" in shown(stage, FIRE)
    for room in (FIRE, BRANDWEER, AID, HILFE):
        stage.say(room, "/ack A-1 seen", SOMEBODY)
    settle(stage, timedelta(seconds=8))
    assert "Next" not in shown(stage, FIRE) and "4 seen" in shown(stage, FIRE)


def test_once_a_step_is_taken_the_card_says_what_comes_after_it() -> None:
    """By itself, though nobody answered."""
    steps = "ack: {then: [{after: 3m, do: remind}, {after: 9m, do: lead}]}"
    stage = opened(border(("ack: {choices: [acting, seen, cannot]}", steps)))
    issued(stage)
    delivered(stage)
    settle(stage, timedelta(seconds=4))
    assert "Next, 12:03: a reminder for 4 partners" in shown(stage, FIRE)
    settle(stage, timedelta(minutes=4))
    assert "Next, 12:09: word to the lead for 4 partners" in shown(stage, FIRE)


def test_it_fits_a_phone() -> None:
    """Of many who are silent some are named, and how many more there are."""
    stage = opened(many(60))
    issued(stage)
    delivered(stage)
    settle(stage, timedelta(seconds=4))
    lines = shown(stage, FIRE).splitlines()
    assert len(lines) <= 25 and "and 48 more: /status A-1" in lines


def test_whoever_sent_it_is_counted_once_it_answers() -> None:
    """It has it anyway: the card neither counts the city nor has it rung, until it says what it does."""
    stage = opened()
    issued(stage)
    delivered(stage)
    settle(stage, timedelta(seconds=4))
    assert "4 delivered · 4 silent" in shown(stage, FIRE) and "City" not in shown(stage, FIRE)
    stage.say(CITY, "/ack A-1 cannot", SOMEBODY)
    settle(stage, timedelta(seconds=8))
    assert "5 delivered · 1 cannot · 4 silent" in shown(stage, FIRE)
    assert "• City & Sons <town hall>: Cannot, " in shown(stage, FIRE) and "☎ +3210" in shown(stage, FIRE)


def test_an_unlisted_partner_is_neither_named_nor_counted() -> None:
    """Whether the watchers have it, answer or cannot: the card is the same, and is not even edited."""
    stage = opened()
    issued(stage)
    delivered(stage, "A-1", WATCHERS)
    settle(stage, timedelta(seconds=10))
    before = {room: shown(stage, room) for room in (FIRE, FIRE_TELEGRAM, DESK)}
    stage.sent.clear()
    stage.happen(Delivery(copies(stage, "A-1")[WATCHERS], "sent", message="w"))
    stage.say(WATCHERS, "/ack A-1 cannot", SOMEBODY)
    settle(stage, timedelta(seconds=10))
    assert [send for send in stage.sent if send.role == ROLE] == []
    assert all("watchers" not in text.lower() and "+3299" not in text for text in before.values())


# --- who may not know ------------------------------------------------------------------------------------------------


def cards_of(stage: Stage, *rooms: RoomRef) -> list[tuple[str, str, str]]:
    """Every version in these rooms, to the last letter."""
    return [
        (str(send.to), send.body.html, send.digest) for send in stage.sent if send.role == ROLE and send.to in rooms
    ]


def played(typed: str, book: Book = BOOK, room: RoomRef = CITY, person: str = MAYOR) -> Stage:
    """An alert that arrives everywhere, and two answers to it."""
    stage = opened(book)
    issued(stage, typed, person, room)
    delivered(stage)
    settle(stage, timedelta(seconds=4))
    stage.say(AID, "/ack A-1 seen", SOMEBODY)
    stage.say(CITY, "/ack A-1 seen", SOMEBODY)
    settle(stage, timedelta(seconds=7))
    return stage


@pytest.mark.parametrize("secret", ["", "secret=dam"])
def test_a_field_that_the_lead_may_not_see_changes_nothing_on_its_card(secret: str) -> None:
    """Only the city sees the secret: with and without it the cards of Fire and of the desk are the same, version by version."""
    rooms = (FIRE, FIRE_TELEGRAM, DESK)
    plain = played("/alert evacuation action=leave where=Town")
    assert cards_of(plain, *rooms) == cards_of(played(f"/alert evacuation action=leave where=Town {secret}"), *rooms)


def test_whom_an_alert_was_chosen_for_by_where_it_is_stays_unsaid_where_that_is_not_seen() -> None:
    """Aid is on the Hill, and is meant or not: the same card for Fire, which says that there may be others."""
    blind = border(
        (
            "{permit: [what, where, people], to: {kind: [fire, municipality]}",
            "{permit: [what, where, people], to: [city, aid]",
        ),
        (
            "level: national\n    jurisdiction: be\n    covers: [town]",
            "level: national\n    jurisdiction: be\n    covers: [hill]",
        ),
        ("by: [city, fire]\n    fields: {what: optional, where", "by: [hilfe]\n    fields: {what: optional, where"),
        ("jurisdiction: de\n    clearance: {tlp: green}", "jurisdiction: be\n    clearance: {tlp: red}"),
    )
    stages = []
    for where in ("Town", "Hill"):
        stage = opened(blind)
        stage.enrol("telegram:77", "liaison", "hilfe")
        issued(stage, f"/alert affected where={where} Come", "telegram:77", HILFE)
        delivered(stage)
        settle(stage, timedelta(seconds=4))
        stage.say(AID, "/ack A-1 cannot", SOMEBODY)
        settle(stage, timedelta(seconds=7))
        stages.append(stage)
    there, elsewhere = stages
    assert copies(elsewhere, "A-1").keys() - copies(there, "A-1").keys() == {AID}
    fire = cards_of(there, FIRE, FIRE_TELEGRAM)
    assert fire and fire == cards_of(elsewhere, FIRE, FIRE_TELEGRAM)
    assert "Who else was chosen by where it is, this room may not see." in shown(there, FIRE)
    assert "Aid" in shown(elsewhere, DESK)


def test_a_room_that_may_not_carry_it_has_no_card() -> None:
    """Amber does not go where green is the ceiling."""
    stage = played(
        "/alert evacuation action=leave where=Town",
        border(("telegram: {ceiling: amber}", "telegram: {ceiling: green}")),
    )
    assert versions(stage.sent, FIRE) and not versions(stage.sent, FIRE_TELEGRAM) and not versions(stage.sent, DESK)


def test_whoever_leads_no_more_is_told_once_that_the_card_goes_on_elsewhere() -> None:
    """And the new lead has a card of its own."""
    stage = played("/alert evacuation action=leave where=Town")
    stage.apply([Record("I-1", LeadTaken("operational", "be", ("city",), "city", (), None, "border:1"))])
    stage.say(AID, "/ack A-1 acting", "matrix:@other:x.org")
    settle(stage, timedelta(seconds=4))
    assert shown(stage, FIRE).startswith("The state of A-1 is no longer shown here.")
    assert [send.taps for send in stage.sent if send.role == ROLE and send.to == FIRE][-1] == ()
    assert "delivered" in shown(stage, CITY)
    count = len(versions(stage.sent, FIRE))
    stage.say(HILFE, "/ack A-1 acting", "matrix:@other:x.org")
    settle(stage, timedelta(seconds=8))
    assert len(versions(stage.sent, FIRE)) == count


# --- how often -------------------------------------------------------------------------------------------------------


def many(number: int) -> Book:
    """The border with so many more partners."""
    more = "".join(
        f"""  aid-{n}:
    name: Aid {n}
    kind: ngo
    level: local
    jurisdiction: be
    covers: [town]
    clearance: {{tlp: green}}
    phone_24h: "+32{n:06}"
    languages: [en]
    rooms: [{{telegram: -{1000 + n}}}]
"""
        for n in range(number)
    )
    return border(("phases: [watch, response]\nleads:", f"{more}phases: [watch, response]\nleads:"))


def test_with_five_hundred_partners_silent_at_once_no_room_is_flooded() -> None:
    """Five hundred arrivals and as many answers within a minute: an edit every three seconds at most, one on its way at most,
    and the last one says how it stands."""
    stage = opened(many(500))
    issued(stage)
    began, times = stage.now, dict[RoomRef, list[datetime]]()
    flying: list[Send] = []

    def step(by: timedelta) -> None:
        before = len(stage.sent)
        stage.fall_due(stage.now + by)
        for send in flying:
            stage.accepted(send)
        flying[:] = [send for send in stage.sent[before:] if send.role == ROLE]
        for send in flying:
            times.setdefault(send.to, []).append(stage.now)

    rows = list(copies(stage, "A-1").values())
    for number, row in enumerate(rows):
        stage.happen(Delivery(row, "sent", message=f"m{number}"))
        if number % 10 == 0:
            step(timedelta(milliseconds=500))
    assert "silent" in shown(stage, FIRE)
    for n in range(500):
        stage.say(RoomRef("telegram", f"-{1000 + n}"), "/ack A-1 acting", f"telegram:{n + 900}")
        stage.now -= SECOND - timedelta(milliseconds=60)
        if n % 10 == 0:
            step(timedelta(milliseconds=100))
    for _ in range(20):
        step(SECOND)
    took = stage.now - began
    for room in (FIRE, FIRE_TELEGRAM, DESK):
        assert all(later - earlier >= EVERY for earlier, later in pairwise(times[room]))
        assert 5 < len(times[room]) <= took / EVERY + 1
        assert "500 acting" in shown(stage, room) and "504 delivered" in shown(stage, room)
    assert not stage.pending or all(wake.kind != "card" for wake in stage.pending.values())


def test_several_alerts_share_the_edits_of_a_room() -> None:
    """Three alerts at once: still no edit within three seconds of another, and every card comes to say how it stands."""
    stage = opened()
    for _ in range(3):
        issued(stage)
    times: list[datetime] = []
    for alert in ("A-1", "A-2", "A-3"):
        delivered(stage, alert)
        stage.say(AID, f"/ack {alert} acting", SOMEBODY)
    for _ in range(60):
        before = len(stage.sent)
        stage.fall_due(stage.now + SECOND)
        times += [stage.now for _ in versions(stage.sent[before:], FIRE)]
        for send in [send for send in stage.sent[before:] if send.role == ROLE]:
            stage.accepted(send)
    assert all(later - earlier >= EVERY for earlier, later in pairwise(times))
    newest = {send.about: send.body.text for send in versions(stage.sent, FIRE)}
    assert set(newest) == {"A-1", "A-2", "A-3"} and all("1 acting" in text for text in newest.values())


def test_what_says_the_same_is_not_sent_again() -> None:
    """An answer that changes no count and no line."""
    stage = played("/alert evacuation action=leave where=Town")
    stage.sent.clear()
    stage.say(AID, "/ack A-1 seen", "matrix:@other:x.org")
    settle(stage, timedelta(minutes=5))
    assert [send for send in stage.sent if send.role == ROLE] == []


def test_while_one_version_is_on_its_way_no_other_is_written() -> None:
    """A network that is silent gathers no edits; when the one arrives, the next says all of it."""
    stage = opened()
    issued(stage)
    stage.fall_due(stage.now)
    [first] = versions(stage.sent, FIRE)
    delivered(stage)
    for minute in range(10):
        stage.say((AID, HILFE)[minute % 2], f"/ack A-1 {('seen', 'acting')[minute // 2 % 2]}", f"telegram:{minute}")
        stage.fall_due(stage.now + timedelta(minutes=1))
    assert versions(stage.sent, FIRE) == [first]
    stage.accepted(first)
    settle(stage, timedelta(seconds=4))
    assert len(versions(stage.sent, FIRE)) == 2 and "2 acting" in shown(stage, FIRE)


# --- what does not arrive --------------------------------------------------------------------------------------------


def on_its_way(stage: Stage) -> Send:
    """An edit of Fire's card that is on its way: Aid has just answered."""
    stage.say(AID, "/ack A-1 acting", "matrix:@other:x.org")
    stage.fall_due(stage.now + timedelta(seconds=4))
    return versions(stage.sent, FIRE)[-1]


def test_an_edit_of_unknown_fate_is_not_repeated_but_written_anew() -> None:
    """Without a mark: whichever version stands there, the next one says it all."""
    stage = played("/alert evacuation action=leave where=Town")
    edit = on_its_way(stage)
    effects = stage.happen(Delivery(row_of(stage, edit), "unknown", reason="cut off", repeat="again"))
    assert not any(isinstance(effect, Repeat) for effect in effects)
    unknown = stage.of(MessageUnknown)[-1]
    assert isinstance(unknown, MessageUnknown) and unknown.repeat is None
    settle(stage, timedelta(seconds=4))
    again = versions(stage.sent, FIRE)[-1]
    assert again is not edit and again.digest == edit.digest and "Possible repeat" not in again.body.text
    assert live(stage, FIRE).message is not None and not live(stage, FIRE).waiting


def test_a_first_version_of_unknown_fate_is_repeated_with_a_mark() -> None:
    """There may be two of it, and it says so; the repetition is the one that is edited from then on."""
    stage = opened()
    issued(stage)
    stage.fall_due(stage.now)
    [first] = versions(stage.sent, FIRE)
    effects = stage.happen(Delivery(row_of(stage, first), "unknown", reason="cut off", repeat="again"))
    [repeat] = [effect for effect in effects if isinstance(effect, Repeat)]
    assert "Possible repeat · A-1" in repeat.mark.text and live(stage, FIRE).send == "again"
    row = replace(row_of(stage, first), token="again", send="again", again=1)
    stage.happen(Delivery(row, "sent", message="m9"))
    assert live(stage, FIRE).message == "m9"


def test_a_card_that_somebody_deleted_is_followed_by_a_new_one() -> None:
    """The edit is refused; the next version is a message of its own."""
    stage = played("/alert evacuation action=leave where=Town")
    edit = on_its_way(stage)
    stage.happen(Delivery(row_of(stage, edit), "refused", reason="message to edit not found"))
    assert live(stage, FIRE).message is None
    settle(stage, timedelta(seconds=4))
    assert versions(stage.sent, FIRE)[-1] is not edit and live(stage, FIRE).message is not None


def test_a_room_that_refuses_cards_is_left_alone_for_a_while() -> None:
    """A coordinator who never opened a private chat is not tried every three seconds."""
    stage = opened()
    issued(stage)
    stage.fall_due(stage.now)
    [first] = versions(stage.sent, DESK)
    stage.happen(Delivery(row_of(stage, first), "refused", reason="bot can't initiate conversation"))
    delivered(stage)
    settle(stage, timedelta(minutes=5))
    assert versions(stage.sent, DESK) == [first]
    stage.now += REFUSED
    stage.say(AID, "/ack A-1 acting", SOMEBODY)
    settle(stage, timedelta(seconds=10))
    assert len(versions(stage.sent, DESK)) == 2


def test_a_lost_room_gets_no_card() -> None:
    """The bot was removed from it."""
    stage = opened()
    stage.apply([Record(DEPLOYMENT, RoomLost(FIRE_TELEGRAM, "kicked"))])
    issued(stage)
    settle(stage)
    assert versions(stage.sent, FIRE_TELEGRAM) == [] and versions(stage.sent, FIRE)


def test_a_version_that_waited_too_long_is_thrown_away_for_a_newer_one() -> None:
    """It would say what was so twenty seconds ago; nothing is said of it to anybody."""
    stage = played("/alert evacuation action=leave where=Town")
    edit = on_its_way(stage)
    assert edit.not_after == stage.now - SECOND + LASTS or edit.not_after is not None
    stage.say(HILFE, "/ack A-1 cannot", SOMEBODY)
    stage.now += timedelta(minutes=10)
    stage.sent.clear()
    stage.happen(Stale(row_of(stage, edit), over=True))
    assert stage.sent == []
    settle(stage)
    assert "1 cannot" in shown(stage, FIRE) and len(versions(stage.sent, FIRE)) == 1


# --- the end of it ---------------------------------------------------------------------------------------------------


def test_what_is_over_gets_its_last_state() -> None:
    """It says what became of it, asks nobody to ring, and begins no new card."""
    stage = played("/alert evacuation action=leave where=Town")
    stage.apply([Record("I-1", AlertCancelled("A-1", "P-1", "city", False, None, "border:1"))])
    stage.say(AID, "/ack A-1 acting", "matrix:@other:x.org")
    settle(stage, timedelta(seconds=4))
    text = shown(stage, FIRE)
    assert "cancelled at 12:0" in text and "☎" not in text and "Next" not in text


def test_expiry_and_closing_are_shown() -> None:
    """An expired alert ended; in a closed incident nothing runs any more."""
    stage = played("/alert evacuation action=leave where=Town")
    stage.fall_due(stage.now + timedelta(hours=12, minutes=1))
    settle(stage)
    assert "ended at " in shown(stage, FIRE)
    closed = played("/alert evacuation action=leave where=Town")
    closed.say(CITY, "/close I-1 yes", "telegram:501")
    settle(closed, timedelta(seconds=4))
    assert "closed at 12:0" in shown(closed, FIRE)


def test_a_restart_changes_nothing_of_the_cards() -> None:
    """Folded again from the facts, the same messages are edited, and what is unchanged is not sent again."""
    stage = played("/alert evacuation action=leave where=Town")
    again = fold(None, [kept for kept in stage.facts if kept.stream == "I-1"])
    assert again is not None and again.live == stage.world.incidents["I-1"].live
    assert again.live[(ROLE, "A-1", FIRE)].digest == versions(stage.sent, FIRE)[-1].digest


def test_a_room_that_was_not_shown_the_alert_has_no_card_of_it() -> None:
    """Amber+strict goes into fire's encrypted room alone: its Telegram room learns nothing of who is silent about it either."""
    stage = opened()
    issued(stage, "/alert evacuation action=leave where=Town tlp=amber+strict", MAYOR, CITY)
    delivered(stage)
    settle(stage, timedelta(seconds=4))
    shown_to = {copy.room for copy in stage.world.incidents["I-1"].alerts["A-1"].copies.values()}
    assert FIRE in shown_to and FIRE_TELEGRAM not in shown_to
    assert versions(stage.sent, FIRE) and not versions(stage.sent, FIRE_TELEGRAM)


def test_a_step_that_would_reach_nobody_is_not_announced() -> None:
    """Brandweer, Aid and Hilfe are on one network: of the step that tries another, only fire's is said to come."""
    then = "ack: {then: [{after: 5m, do: other_network}, {after: 9m, do: call}]}"
    stage = opened(border(("ack: {choices: [acting, seen, cannot]}", then)))
    issued(stage)
    delivered(stage)
    settle(stage, timedelta(seconds=4))
    assert "Next, 12:05: the other network for 1 partner" in shown(stage, FIRE)
    stage.say(FIRE, "/ack A-1 seen", SOMEBODY)
    settle(stage, timedelta(seconds=8))
    assert "Next, 12:09: a telephone call for 3 partners" in shown(stage, FIRE)


def test_a_version_on_its_way_as_its_room_moves_is_the_card_there_from_then_on() -> None:
    """It arrives where people are, as a message of its own: the next version edits that one, and nothing more is said in the old room."""
    stage = played("/alert evacuation action=leave where=Town")
    edit, new = on_its_way(stage), RoomRef(FIRE.network, "!moved:x.org")
    stage.apply([Record(DEPLOYMENT, RoomMoved(FIRE.chat, new))])
    stage.happen(Delivery(replace(row_of(stage, edit), to=new), "sent", message="m-new"))
    now = live(stage, new)
    assert (now.room, now.message, now.waiting) == (new, "m-new", False)
    assert (ROLE, "A-1", FIRE) not in stage.world.incidents["I-1"].live
    sent = len(stage.sent)
    stage.say(HILFE, "/ack A-1 acting", "matrix:@third:x.org")
    settle(stage, timedelta(seconds=10))
    assert not [one for one in stage.sent[sent:] if one.to == FIRE]
    assert len(versions(stage.sent[sent:], new)) == 1 and live(stage, new).message == "m-new"
    assert "2 acting" in shown(stage, new)


def test_a_card_that_stayed_behind_is_not_spoken_of_again() -> None:
    """Its room has moved: the new one gets a card of its own, and nobody writes to where nobody reads."""
    stage = played("/alert evacuation action=leave where=Town")
    new, sent = RoomRef(FIRE.network, "!moved:x.org"), len(stage.sent)
    stage.apply([Record(DEPLOYMENT, RoomMoved(FIRE.chat, new))])
    stage.say(AID, "/ack A-1 acting", "matrix:@other:x.org")
    settle(stage, timedelta(seconds=10))
    assert versions(stage.sent[sent:], new) and not versions(stage.sent[sent:], FIRE)
