"""/ready: what would keep an alarm from its partners, the most important first, as far as whoever asks may know of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from playbooks.load import Book
from playbooks.rooms import RoomRef
from storage.effects import Record
from storage.facts import DEPLOYMENT, CommandRefused, RoomLost
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
    said,
)
from tests.handlers.stage import ADMIN, Stage
from tests.playbooks.border import BOOK, border

BRUSSELS = ZoneInfo("Europe/Brussels")
PARTNERS = ("city", "fire", "brandweer", "aid", "hilfe", "watchers")
LASTING = border(("from: 2021-01-01, until: 2026-06-30", "from: 2021-01-01"))


def calm(book: Book = LASTING, *, whole: bool = True) -> Stage:
    """Every room is bound and sound, and (``whole``) each partner has a liaison with a private chat; so has the administrator."""
    stage = Stage.set(book)
    stage.now = datetime(2026, 5, 11, 9, 0, tzinfo=BRUSSELS)
    stage.say(DESK, "/start", ADMIN, private=True)
    for number, partner in enumerate(PARTNERS if whole else ()):
        stage.enrol(f"telegram:{700 + number}", "liaison", partner)
    looked_into(stage)
    return stage


def looked_into(stage: Stage, **troubles: int) -> None:
    """The networks said this of the rooms: how many things are wrong, by partner."""
    rooms = {b.room: troubles.get(b.partner, 0) for b in stage.world.who.bindings.values()}
    stage.world = replace(stage.world, examined=rooms)


def whole(stage: Stage) -> str:
    """What the administrator reads in private."""
    return said(stage, DESK, "/ready", ADMIN, private=True)


def found(text: str, words: str) -> str:
    """The one line with these words."""
    [line] = [line for line in text.splitlines() if words in line]
    return line


def test_all_is_well() -> None:
    """One line, but for what the playbook's own check says."""
    text = whole(calm())
    assert [line for line in text.splitlines() if "tocsin check" not in line] == ["Readiness · Flood at the border"]
    assert len(text.splitlines()) == 2


def test_each_trouble_has_its_line_in_order_and_says_what_to_do() -> None:
    """Rooms before people, people before papers."""
    stage = calm(BOOK, whole=False)
    stage.enrol("matrix:@l:x.org", "liaison", "brandweer")
    stage.apply([Record(DEPLOYMENT, RoomLost(AID, "kicked"))])
    bindings = {key: b for key, b in stage.world.who.bindings.items() if b.partner != "hilfe"}
    stage.world = replace(stage.world, who=replace(stage.world.who, bindings=bindings, direct={}))
    looked_into(stage, fire=2)
    lines = whole(stage).splitlines()
    starts = ["Readiness", "No room, no alert: Hilfe", "I was put out of a room of Aid", "I lack rights"]
    starts += ["No liaison is enrolled: City", "No private chat with the liaisons P-1 (Brandweer)", "A pact ends"]
    starts += ["No coordinator has a private chat", "The playbook has", "With all names: /ready border all"]
    assert [next((start for start in starts if line.startswith(start)), line) for line in lines] == starts
    assert "a room of Fire. On the server: tocsin doctor" in lines[3]


def test_a_room_of_which_nothing_was_said_is_not_called_sound() -> None:
    """A network that is away says nothing."""
    stage = calm()
    stage.world = replace(stage.world, examined={})
    assert "7 rooms could not be looked into" in whole(stage)


@pytest.mark.parametrize(
    ("change", "alone"),
    [
        (("+3213", ""), True),
        (("+3299", ""), False),  # the silent watchers are nobody's to know of
    ],
)
def test_a_partner_behind_one_network_alone_is_named(change: tuple[str, str], alone: bool) -> None:
    """Telegram room, Telegram liaison, no telephone."""
    book = border(("from: 2021-01-01, until: 2026-06-30", "from: 2021-01-01"), (f'    phone_24h: "{change[0]}"\n', ""))
    text = whole(calm(book))
    assert ("One network is the only way to Aid" in text) is alone
    assert "watchers" not in text.lower()


def test_a_liaison_on_the_other_network_is_a_second_way() -> None:
    """So is a room there."""
    book = border(("from: 2021-01-01, until: 2026-06-30", "from: 2021-01-01"), ('    phone_24h: "+3213"\n', ""))
    stage = calm(book)
    stage.enrol("matrix:@aid:x.org", "liaison", "aid")
    assert "only way" not in whole(stage)


def test_steps_that_reach_nobody_are_told_where_the_playbook_takes_them() -> None:
    """The call to whoever has no number, the other network of whoever has one only."""
    ack = "ack: {choices: [acting, seen, cannot]}"
    then = "ack: {choices: [acting, seen, cannot], within: 5m, then: [{after: 7m, do: other_network}, {after: 9m, do: call}]}"
    book = border(
        ("from: 2021-01-01, until: 2026-06-30", "from: 2021-01-01"), ('    phone_24h: "+3213"\n', ""), (ack, then)
    )
    stage = calm(book)
    stage.enrol("matrix:@aid:x.org", "liaison", "aid")
    text = whole(stage)
    assert "Nobody can ring Aid:" in text
    assert "Rooms on one network only: Brandweer, Aid, Hilfe." in text
    assert "ring" not in whole(calm())


@pytest.mark.parametrize(
    ("day", "says"),
    [((2026, 3, 1), None), ((2026, 4, 1), "A pact ends: 23:59 on"), ((2026, 7, 1), "A pact ended: 23:59 on")],
)
def test_agreements_that_end_soon_are_told(day: tuple[int, int, int], says: str | None) -> None:
    """Ninety days before, and when it is too late."""
    stage = calm(BOOK)
    stage.now = datetime(*day, 9, tzinfo=BRUSSELS)
    text = whole(stage)
    assert ("A pact" in text) is (says is not None)
    assert says is None or says in text


def test_a_liaison_reads_of_the_own_partner_alone() -> None:
    """In its room, its people by name, and nothing of any other partner."""
    stage = calm(whole=False)
    stage.enrol("telegram:701", "liaison", "fire")
    stage.world = replace(stage.world, who=replace(stage.world.who, direct={}))
    looked_into(stage, city=3)
    before = said(stage, FIRE, "/ready", "telegram:701")
    assert "No private chat with the liaisons telegram:701. Each" in before
    for other in ("City", "Aid", "Brandweer", "Hilfe", "tocsin doctor"):
        assert other not in before
    looked_into(stage)
    stage.enrol("telegram:702", "liaison", "city")
    stage.world = replace(stage.world, who=replace(stage.world.who, direct={}))
    assert said(stage, FIRE, "/ready", "telegram:701") == before


def test_an_unlisted_partners_own_liaison_reads_of_it_and_nobody_else_does() -> None:
    """Whatever is wrong there, the coordinators read the same."""
    stage = calm()
    before = whole(stage)
    looked_into(stage, watchers=1)
    stage.apply([Record(DEPLOYMENT, RoomLost(WATCHERS, "kicked"))])
    assert whole(stage) == before
    own = said(stage, RoomRef("telegram", "705"), "/ready", "telegram:705", private=True)
    assert "I was put out of a room of Silent watchers" in own


def test_a_coordinator_in_a_room_says_no_more_than_its_partner_may_know() -> None:
    """The others are for a private chat."""
    stage = calm(whole=False)
    text = said(stage, CITY, "/ready", ADMIN)
    assert "Of the other partners I tell coordinators in a private chat." in text
    assert "Fire" not in text and "No liaison is enrolled: City" in text


@pytest.mark.parametrize(("room", "identity"), [(CITY, MAYOR), (CITY, SOMEBODY), (NOWHERE, SOMEBODY), (CITY, LIAISON)])
def test_others_are_told_who_may_ask(room: RoomRef, identity: str) -> None:
    """An official, a responder, a stranger, another partner's liaison."""
    stage = calm(whole=False)
    for who, role, partner in (
        (MAYOR, "official", "city"),
        (OFFICER, "official", "city"),
        (LIAISON, "liaison", "fire"),
    ):
        stage.enrol(who, role, partner)
    assert "Coordinators may ask this" in said(stage, room, "/ready", identity)
    assert stage.of(CommandRefused)


def test_a_playbook_is_found_by_its_name_or_the_nearest() -> None:
    """And a slip costs one tap."""
    stage = calm()
    assert said(stage, DESK, "/ready border", ADMIN, private=True).startswith("Readiness")
    [answer] = stage.say(DESK, "/ready borde", ADMIN, private=True)
    assert "Did you mean border" in answer.body.text and answer.taps[0][0].command == "/ready border"
    assert "no playbook xxxx" in said(stage, DESK, "/ready xxxx", ADMIN, private=True)


def test_the_last_test_of_the_alarm_chain_stands_below() -> None:
    """For coordinators the whole, for a liaison what concerns their partner."""
    stage = calm()
    stage.say(DESK, "/ready test", ADMIN, private=True)
    stage.say(FIRE, "/received T-1", SOMEBODY)
    looked_into(stage)
    assert found(whole(stage), "Test of the alarm chain").endswith(": 1 of 12 answered.")
    own = said(stage, RoomRef("telegram", "701"), "/ready", "telegram:701", private=True)
    assert found(own, "Test of the alarm chain").endswith(": 1 of 3 answered.")
    assert "Aid" not in own


def test_it_stays_short_however_much_is_wrong() -> None:
    """Many partners are a count, many playbooks are cut and said so."""
    stage = calm(BOOK, whole=False)
    shelf = {f"border{i}": BOOK for i in range(12)}
    stage.world = replace(stage.world, shelf={**stage.world.shelf, **shelf})
    lines = whole(stage).splitlines()
    assert lines == ["Readiness · Flood at the border", "3 things to look at: /ready border"] * 13
    every = said(stage, DESK, "/ready all", ADMIN, private=True).splitlines()
    assert len(every) == 30 and "/ready PLAYBOOK" in every[-1]


def test_the_own_partner_stands_first_and_of_the_others_two_are_named() -> None:
    """A coordinator of the city: what is wrong at home on top, then what is alike as two names and how many more; the names on request."""
    stage = calm(whole=False)
    stage.enrol(MAYOR, "coordinator", "city")
    own = RoomRef("matrix", "!dm@mayor:x.org")
    stage.world = replace(stage.world, who=replace(stage.world.who, direct={MAYOR: own}))
    lines = said(stage, own, "/ready", MAYOR, private=True).splitlines()
    assert lines[1].startswith("No liaison is enrolled: City & Sons <town hall>.")
    assert lines[2].startswith("No liaison is enrolled: Fire, Brandweer and 2 more.")
    assert lines[-1] == "With all names: /ready border all"
    every = said(stage, own, "/ready border all", MAYOR, private=True)
    assert "No liaison is enrolled: Fire, Brandweer, Aid, Hilfe." in every and "With all names" not in every
