"""How often rooms are edited: cards, lists of the silent and lists of roll calls share the edits of a room."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from handlers.events import Delivery
from handlers.pace import EVERY, REFUSED
from playbooks.rooms import RoomRef
from storage.effects import Record, Send
from storage.facts import DEPLOYMENT, DirectChatOpened, PersonEnrolled
from storage.store import OutboxRow
from tests.handlers.border_stage import AID, BRANDWEER, CITY, DESK, FIRE, HILFE, issued, opened
from tests.handlers.silent_stage import asked, silent
from tests.handlers.stage import ADMIN, Stage

LISTED = "rollcall"


def crew(stage: Stage, partner: str, count: int) -> list[str]:
    """So many of a partner's people, with telephones."""
    accounts = [f"telegram:9{number:02}" for number in range(count)]
    for account in accounts:
        person = stage.world.next_id("P")
        fact = PersonEnrolled(person, f"Person {account[-2:]}", partner, "responder", account, "V-99")
        stage.apply([Record(DEPLOYMENT, fact)])
        stage.apply([Record(DEPLOYMENT, DirectChatOpened(account, RoomRef.parse(account)))])
    return accounts


def called(count: int = 30) -> tuple[Stage, list[str], Send]:
    """A roll call of Fire; its people, and its list, which is not accepted yet."""
    stage = opened()
    accounts = crew(stage, "fire", count)
    sent = stage.say(DESK, "/rollcall fire", ADMIN, private=True)
    return stage, accounts, next(one for one in sent if one.role == LISTED and one.to == FIRE)


def safe(stage: Stage, account: str, by: timedelta = timedelta(0)) -> list[Send]:
    """Somebody taps; what the room is edited to, a while later."""
    before = len(stage.sent)
    stage.say(FIRE, "/safe R-1", account, via="button")
    stage.fall_due(stage.now + by)
    return [one for one in stage.sent[before:] if one.role == LISTED and one.to == FIRE]


def test_of_a_roll_calls_list_one_version_is_on_its_way_and_the_next_says_all() -> None:
    """A network that is slow gathers no edits; once it has taken one, what has happened since is written."""
    stage, accounts, first = called()
    for account in accounts[:10]:
        assert safe(stage, account, timedelta(seconds=5)) == []
    before = len(stage.sent)
    stage.accepted(first)
    stage.fall_due(stage.now + 2 * EVERY)
    [said] = [one for one in stage.sent[before:] if one.role == LISTED and one.to == FIRE]
    assert "10 safe" in said.body.text
    stage.accepted(said)
    before = len(stage.sent)
    stage.fall_due(stage.now + timedelta(minutes=1))
    assert not [one for one in stage.sent[before:] if one.role == LISTED and one.to == FIRE]


def test_a_room_that_refuses_the_list_is_left_alone_for_a_while() -> None:
    """Ten minutes later it is tried anew."""
    stage, accounts, first = called()
    [token] = [token for token, send in stage.tokens.items() if send is first]
    row = OutboxRow(token, token, "I-1", FIRE, int(first.urgency), "{}", "R-1", "fire")
    stage.happen(Delivery(row, "refused", reason="not allowed"))
    assert safe(stage, accounts[0], timedelta(minutes=1)) == []
    stage.fall_due(stage.now + REFUSED)
    assert len(safe(stage, accounts[1], EVERY)) == 1


def test_cards_and_lists_of_all_kinds_share_the_edits_of_a_room() -> None:
    """Taps and answers every half second for a minute: never two edits within three seconds, and all come to say how it stands."""
    stage = asked(silent("{after: 1m, do: lead}"))
    accounts = crew(stage, "fire", 60)
    issued(stage)
    stage.say(DESK, "/rollcall fire", ADMIN, private=True)
    flying: list[Send] = list(stage.sent)
    times: dict[str, list[datetime]] = {}

    def step(by: timedelta) -> None:
        before = len(stage.sent)
        stage.fall_due(stage.now + by)
        for send in flying:
            stage.accepted(send)
        flying[:] = [one for one in stage.sent[before:] if one.role is not None]
        for one in flying:
            if one.to == FIRE and not one.loud:
                times.setdefault(one.role or "", []).append(stage.now)

    for _ in range(70):
        step(timedelta(seconds=1))  # the lists of the silent are begun
    for number, account in enumerate(accounts):
        stage.say(FIRE, "/safe R-1", account, via="button")
        room = (AID, HILFE, BRANDWEER, CITY)[number % 4]
        alert, choice = ("A-1", "A-2")[number // 4 % 2], ("acting", "seen", "cannot")[number // 8 % 3]
        stage.say(room, f"/ack {alert} {choice}", f"telegram:8{number:02}")
        step(timedelta(milliseconds=500))
    for _ in range(40):
        step(timedelta(seconds=1))
    assert set(times) >= {"card", LISTED, "lead"}
    every = sorted(one for several in times.values() for one in several)
    assert all(later - earlier >= EVERY for earlier, later in pairwise(every))
    newest = {(one.role, one.about): one.body.text for one in stage.sent if one.to == FIRE and one.role is not None}
    assert "60 safe · " in newest[LISTED, "R-1"]
    assert "Nobody on this list" in newest["lead", "A-1"]
