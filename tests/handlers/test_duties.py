"""What the law asks of officials: shown when it begins, confirmed once, recalled between crises; and who stands in for whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from handlers import started
from handlers.duties import CALM_EVERY, Theirs
from handlers.world import Found
from playbooks.load import Book
from playbooks.rooms import RoomRef
from storage.effects import Wake
from storage.facts import DutyConfirmed, DutyReminded, DutyShown, StandInNamed
from tests.handlers import border_stage
from tests.handlers.border_stage import (
    AID,
    BRANDWEER,
    CITY,
    CITY_TELEGRAM,
    DESK,
    FIRE,
    FIRE_TELEGRAM,
    OFFICER,
    SOMEBODY,
    said,
    to,
)
from tests.handlers.command_stage import (
    BOOK,
    CHIEF,
    CLERK,
    HELPER,
    MAYOR,
    opened,
    recovery,
    refolded,
    state,
    taps,
    words,
)
from tests.handlers.stage import ADMIN, Stage
from tests.playbooks.border import border

OFFICIAL = "telegram:90"
OFFICIALS_CHAT = RoomRef("telegram", "90")
LINE = BOOK.line("duties", 0)
DUTY, OTHER = (Theirs(0, duty).id for duty in BOOK.playbook.duties[:2])


def unofficial() -> Stage:
    """The city's officials have left, and nobody can be written to in private."""
    stage = opened()
    for identity in (MAYOR, OFFICER):
        stage.say(DESK, f"/revoke {identity}", ADMIN, private=True)
    stage.sent.clear()
    return stage


def test_an_official_reads_what_the_law_asks_now_with_its_source() -> None:
    """And confirms it with one tap, once for the partner; it says so from then on."""
    stage = opened()
    recovery(stage)
    shown = stage.say(CITY, "/duties", MAYOR)
    assert "• You answer for the town — Law of towns" in words(shown, CITY)
    assert taps(shown) == [f"/duties I-1 know {DUTY}"]
    assert "On record: City & Sons <town hall> knows its duty." in said(
        stage, CITY, taps(shown)[0], MAYOR, via="button"
    )
    [fact] = stage.of(DutyConfirmed)
    assert (fact.rule, fact.partner, fact.person) == (f"border:{LINE}", "city", stage.world.who.person(MAYOR).id)  # type: ignore[attr-defined,union-attr]
    assert "confirmed already" in said(stage, CITY, taps(shown)[0], MAYOR, via="button")
    again = stage.say(CITY, "/duties", MAYOR)
    assert "✓ confirmed" in words(again, CITY) and taps(again) == []
    assert len(stage.of(DutyConfirmed)) == 1 and state(stage) == refolded(stage)


def test_duties_are_for_officials() -> None:
    """A liaison is told so, in words, and cannot confirm for them."""
    stage = opened()
    recovery(stage)
    assert "Duties are for officials." in said(stage, CITY, "/duties", CLERK)
    assert "Only officials" in said(stage, CITY, f"/duties I-1 know {DUTY}", CLERK)
    assert not stage.of(DutyConfirmed)


def test_another_partners_duty_is_not_confirmed() -> None:
    """Nor one of another phase, nor one that asks for no confirmation."""
    stage = opened()
    stage.enrol(OFFICIAL, "official", "fire")
    for duty in (DUTY, OTHER, LINE, 1):
        assert "That has changed by now" in said(stage, FIRE, f"/duties I-1 know {duty}", OFFICIAL)
    assert not stage.of(DutyConfirmed)


def test_where_no_official_can_be_written_to_the_partners_rooms_are() -> None:
    """They are told for whom it is."""
    stage = unofficial()
    sent = recovery(stage)
    for room in (CITY, CITY_TELEGRAM):
        assert "For the officials of City & Sons <town hall>:" in words(sent, room)
    assert {fact.room for fact in stage.of(DutyShown) if fact.partner == "city"} == {CITY, CITY_TELEGRAM}  # type: ignore[attr-defined]
    assert not any("You answer" in text for text in to(sent, FIRE))


def test_in_private_where_that_is_possible() -> None:
    """And then not in the rooms; on record is who was shown what."""
    stage = unofficial()
    person = stage.enrol(OFFICIAL, "official", "city")
    sent = recovery(stage)
    assert "You answer for the town" in words(sent, OFFICIALS_CHAT)
    assert "You answer for the town" not in words(sent, CITY)
    [fact] = [fact for fact in stage.of(DutyShown) if fact.partner == "city"]  # type: ignore[attr-defined]
    assert (fact.person, fact.room) == (person, OFFICIALS_CHAT)  # type: ignore[attr-defined]


def test_duties_of_the_activation_are_shown_when_it_begins() -> None:
    """And not again when the phase changes."""
    stage = opened()
    told = [fact for fact in stage.of(DutyShown) if fact.rule == f"border:{BOOK.line('duties', 1)}"]  # type: ignore[attr-defined]
    assert {fact.room for fact in told} == {FIRE, FIRE_TELEGRAM}  # type: ignore[attr-defined]
    sent = recovery(stage)
    assert "Tell the governor" not in words(sent, FIRE)


def test_what_is_confirmed_is_not_shown_again_when_a_phase_comes_back() -> None:
    """What is not, is."""
    stage = opened()
    recovery(stage)
    stage.say(FIRE, "/phase I-1 watch yes recovery", CHIEF)
    mine = RoomRef("matrix", "!dm@mayor:x.org")
    sent = recovery(stage)
    assert "You answer for the town" in words(sent, mine)
    stage.say(CITY, f"/duties I-1 know {DUTY}", MAYOR)
    stage.say(FIRE, "/phase I-1 watch yes recovery", CHIEF)
    assert "You answer for the town" not in words(recovery(stage), mine)


LAW_A = "{for: {kind: municipality}, at: activation, text: {en: You alone order it}, source: Law A, confirm: true}"
LAW_B = "{for: {kind: municipality}, at: activation, text: {en: You open the shelters}, source: Law B, confirm: true}"


def ordered(*duties: str, version: int) -> Book:
    """The border playbook with these duties, one line each."""
    lines = "".join(f"  - {one}\n" for one in duties)
    return border(("version: 1\n", f"version: {version}\n"), ("alerts:\n", f"duties:\n{lines}alerts:\n"))


@pytest.mark.parametrize(
    ("duties", "known", "left"),
    [
        ((LAW_B, LAW_A), "You open the shelters — Law B", 1),  # each stands where the other stood
        ((LAW_A, LAW_A.replace("Law A", "Law C"), LAW_B), "You open the shelters — Law B", 2),
        ((LAW_A, LAW_B.replace("shelters", "gates")), None, 2),
    ],
)
def test_a_confirmation_goes_by_what_a_duty_says(duties: tuple[str, ...], known: str | None, left: int) -> None:
    """Where a new version moves its line it stays confirmed; what says something else is asked again, and no old button confirms it."""
    stage = border_stage.opened(ordered(LAW_A, LAW_B, version=1))
    for identity in ("telegram:71", "telegram:72"):
        stage.enrol(identity, "coordinator", None)
    old = taps(stage.say(CITY, "/duties", MAYOR))
    stage.say(CITY, old[1], MAYOR, via="button")
    stage.world = replace(stage.world, found={"border": Found(ordered(*duties, version=2))})
    stage.say(RoomRef("telegram", "71"), "/playbook I-1 reload", "telegram:71", private=True)
    proposal = state(stage).proposal
    assert proposal is not None
    use = f"/playbook I-1 use {proposal.fact.digest[:12]}"
    stage.say(RoomRef("telegram", "72"), use, "telegram:72", private=True)
    assert state(stage).proposal is None
    shown = stage.say(CITY, "/duties", MAYOR)
    assert len(taps(shown)) == left
    confirmed = words(shown, CITY).split("\n✓ confirmed")[:-1]
    assert [part.splitlines()[-1].removeprefix("• ") for part in confirmed] == ([known] if known else [])
    count = len(stage.of(DutyConfirmed))
    answer = said(stage, CITY, old[1], MAYOR, via="button")
    assert ("confirmed already" if known else "That has changed by now") in answer
    assert len(stage.of(DutyConfirmed)) == count and state(stage) == refolded(stage)


def test_without_an_incident_officials_read_their_calm_duties() -> None:
    """Whoever has none is told so."""
    stage = Stage.set(BOOK)
    stage.enrol(OFFICIAL, "official", "fire")
    stage.enrol(MAYOR, "official", "city")
    text = said(stage, FIRE, "/duties", OFFICIAL)
    assert "What the law asks of you in calm times" in text and "• Look at your boats — Law of boats" in text
    assert "asks nothing of you in calm times" in said(stage, CITY, "/duties", MAYOR)
    assert "Duties are for officials." in said(stage, CITY, "/duties", SOMEBODY)


def calm(stage: Stage) -> list[Wake]:
    """The next reminder."""
    return [wake for key, wake in stage.pending.items() if key == "calm:border"]


def reminders(stage: Stage, room: RoomRef) -> list[str]:
    """What a room was reminded of, among the tests of the alarm chain."""
    return [text for text in to(stage.sent, room) if "calm times" in text]


def test_calm_duties_are_recalled_every_ninety_days() -> None:
    """To whom they concern, with their source; the time counts from when the playbook first stood on the shelf."""
    stage = Stage.set(BOOK)
    [wake] = calm(stage)
    assert wake.at == stage.now + CALM_EVERY
    stage.fall_due(stage.now + timedelta(days=91))
    assert reminders(stage, FIRE) == [
        "A reminder for calm times · Flood at the border\n• Look at your boats — Law of boats"
    ]
    assert not reminders(stage, CITY)
    [fact] = stage.of(DutyReminded)
    assert (fact.playbook, fact.partner) == ("border", "fire")  # type: ignore[attr-defined]
    stage.fall_due(stage.now + timedelta(days=90))
    assert len(reminders(stage, FIRE)) == 2


def test_a_restart_does_not_put_a_reminder_off() -> None:
    """It falls due when it would have, and once."""
    stage = Stage.set(BOOK)
    stage.fall_due(stage.now + timedelta(days=91))
    reminded = stage.world.who.reminded["border"]
    stage.now += timedelta(days=40)
    stage.apply(started(stage.world, stage.now))
    [wake] = calm(stage)
    assert wake.at == reminded + CALM_EVERY


def test_while_an_incident_runs_nobody_is_reminded() -> None:
    """It waits until it is over."""
    stage = opened()
    [wake] = calm(stage)
    stage.fall_due(wake.at + timedelta(days=1))
    assert not reminders(stage, FIRE)
    stage.say(CITY, "/close I-1 yes", ADMIN)
    stage.fall_due(stage.now + timedelta(days=8))
    assert len(reminders(stage, FIRE)) == 1


# --- standing in ---------------------------------------------------------------------------------------------------------


def test_who_stands_in_for_whom_is_on_record_and_shown_to_who_may_know() -> None:
    """In /who, /duties and the briefing; not to those who may not know who is on duty."""
    stage = opened()
    recovery(stage)
    text = said(stage, CITY, "/acting Ada Lovelace for the mayor by decree 12 of 2026", MAYOR)
    assert "Ada Lovelace stands in for the mayor, by decree 12 of 2026." in text
    [fact] = stage.of(StandInNamed)
    assert (fact.stand_in, fact.office, fact.instrument) == ("Ada Lovelace", "the mayor", "decree 12 of 2026")  # type: ignore[attr-defined]
    line = "Acting, City & Sons <town hall>: Ada Lovelace → the mayor (decree 12 of 2026)"
    assert line in said(stage, FIRE, "/who", CHIEF)
    assert line in said(stage, FIRE, "/briefing", CHIEF)
    assert line in said(stage, CITY, "/duties", MAYOR)
    assert "Ada" not in said(stage, AID, "/who", HELPER)
    assert state(stage) == refolded(stage)


def test_the_latest_to_stand_in_for_an_office_counts() -> None:
    """The others stay on record."""
    stage = opened()
    stage.say(CITY, "/acting Ada Lovelace; mayor; decree 12", MAYOR)
    stage.say(CITY, "/acting Jean-Luc Picard; Mayor; decree 13", MAYOR)
    text = said(stage, BRANDWEER, "/who", SOMEBODY)
    assert "Jean-Luc Picard" in text and "Ada" not in text
    assert len(stage.of(StandInNamed)) == 2


def test_officials_and_coordinators_of_the_partner_name_who_stands_in() -> None:
    """Nobody else, and in so many words."""
    stage = opened()
    assert "Not recorded." in said(stage, CITY, "/acting A for B by C", CLERK)
    assert "Who, for whom, and by what?" in said(stage, CITY, "/acting Ada", MAYOR)
    assert not stage.of(StandInNamed)


def test_who_is_told_who_leads_with_deputies_and_basis() -> None:
    """By tier and country, their own first."""
    stage = opened()
    text = said(stage, CITY, "/who", MAYOR)
    assert "Lead (operational, Belgium): Fire · Deputies: City & Sons <town hall> · Aid · Basis: Law of fires" in text
    assert text.index("strategic") < text.index("operational, Belgium")
    assert "Lead (operational, everywhere): Brandweer" in text
