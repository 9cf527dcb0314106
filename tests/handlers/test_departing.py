"""Who takes part no longer: its lead is offered on, nobody waits for it, and nothing that it was breaks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from handlers import audited, due
from handlers.events import Stale
from handlers.world import Found
from playbooks.load import Book, parse
from playbooks.rooms import RoomRef
from storage import incident
from storage.effects import Effect, Send, Urgency
from storage.facts import EscalationStalled, LeadOffered
from storage.store import Deadline, OutboxRow
from tests.handlers.border_stage import CITY, DESK, FIRE, HILFE, LIAISON, MAYOR, OFFICER, issued, opened, said, to
from tests.handlers.stage import ADMIN, Stage
from tests.playbooks.border import BORDER, NOON, border

GUEST, BOSS = RoomRef("telegram", "-77"), "telegram:800"
CROSS = "cross.i1"
HELPER = "telegram:702"
THEN = (
    "ack: {choices: [acting, seen, cannot]}",
    "ack: {choices: [acting, seen, cannot], within: 5m, then: [{after: 3m, do: remind}, {after: 7m, do: call}, {after: 9m, do: deputies}, {after: 10m, do: lead}]}",
)
ROUNDS = (
    "alerts:\n",
    """checkins:
  hourly: {every: 1h, in: [watch], to: everyone, ask: {en: All well?}, within: 15m, then: [{after: 20m, do: remind}, {after: 22m, do: call}, {after: 25m, do: lead}], label: {tlp: green}}
alerts:
""",
)
WITH = border(THEN, ROUNDS)
ANNE, BEN = "telegram:71", "telegram:72"


def without_hilfe() -> Book:
    """The playbook without the partner beyond the border."""
    text = BORDER
    for old, new in (THEN, ROUNDS, ("version: 1\n", "version: 2\n")):
        text = text.replace(old, new)
    text = text[: text.index("  hilfe:\n")] + text[text.index("  watchers:\n") :]
    grant = "  - {permit: [what], to: hilfe, purpose: life-safety, when: {danger: true}, basis: vital interests}\n"
    return parse(text.replace(grant, "").encode(), "border.yaml")


WITHOUT = without_hilfe()


def reloaded(stage: Stage) -> Stage:
    """Two coordinators have agreed that the incident goes on without it."""
    for one in (ANNE, BEN):
        stage.enrol(one, "coordinator", None)
    stage.world = replace(stage.world, found={"border": Found(WITHOUT)})
    stage.say(RoomRef.parse(ANNE), "/playbook I-1 reload", ANNE, private=True)
    stage.say(RoomRef.parse(BEN), f"/playbook I-1 use {WITHOUT.digest[:12]}", BEN, private=True)
    assert stage.world.incidents["I-1"].digest == WITHOUT.digest
    return stage


def led_by_a_guest() -> Stage:
    """A guest has taken the lead at home from the fire brigade."""
    stage = opened(WITH)
    stage.say(DESK, "/admit yes Cross as fire for 2h in be", private=True)
    stage.say(GUEST, "/bind Cross")
    stage.enrol(BOSS, "official", CROSS)
    stage.say(FIRE, f"/handover {CROSS}", LIAISON)
    stage.say(GUEST, "/accept H-1", BOSS)
    assert any(one.decides == CROSS for one in stage.world.incidents["I-1"].leads)
    stage.sent.clear()
    return stage


@pytest.mark.parametrize("how", ["time", "person"])
def test_a_guest_that_leads_leaves_and_its_deputies_are_offered_the_lead(how: str) -> None:
    """At once, with why; the coordinators learn it with a number; and who accepts leads."""
    stage = led_by_a_guest()
    if how == "time":
        stage.fall_due(stage.now + timedelta(hours=2))
    else:
        stage.say(DESK, "/admit off cross", private=True)
    offer = stage.of(LeadOffered)[-1]
    assert isinstance(offer, LeadOffered) and (offer.why, offer.decides, offer.before) == (
        "departure",
        "city",
        (CROSS,),
    )
    asked = next(text for text in to(stage.sent, CITY) if "You are offered the lead" in text)
    assert "Cross takes part no longer." in asked and "Until you accept" not in asked
    told = [text for text in to(stage.sent, DESK) if "was in the lead" in text]
    assert told == [
        "Cross was in the lead (operational, Belgium) and takes part no longer. The lead is offered to City & Sons <town hall>. ☎ +3210"
    ]
    stage.say(CITY, f"/accept {offer.offer}", MAYOR)
    assert not any(one.decides == CROSS for one in stage.world.incidents["I-1"].leads)


def test_without_deputies_whoever_leads_by_the_playbook_is_offered_the_lead() -> None:
    """A lead that nobody who takes part has goes back to where the playbook has it."""
    stage = led_by_a_guest()
    now = stage.world.incidents["I-1"]
    bare = tuple(replace(one, deputies=()) if one.decides == CROSS else one for one in now.leads)
    stage.world = replace(stage.world, incidents={"I-1": replace(now, leads=bare)})
    stage.say(DESK, "/admit off cross", private=True)
    offer = stage.of(LeadOffered)[-1]
    assert isinstance(offer, LeadOffered) and (offer.why, offer.decides) == ("departure", "fire")


def begun_by_hilfe() -> Stage:
    stage = Stage.set(WITH)
    stage.now = NOON
    for identity, role, partner in (
        (MAYOR, "official", "city"),
        (OFFICER, "official", "city"),
        (LIAISON, "liaison", "fire"),
    ):
        stage.enrol(identity, role, partner)
    stage.say(HILFE, "/activate border Water", ADMIN)
    return stage


def test_the_partner_that_began_it_may_be_dropped() -> None:
    """What it called the incident is shown to whom it may be shown, and everything goes on."""
    stage = reloaded(begun_by_hilfe())
    for typed in ("/status", "/briefing", "/board", "/who", "/log"):
        said(stage, CITY, typed, MAYOR)
    issued(stage)
    for send in [one for one in stage.sent if one.urgency == Urgency.ALERT and one.about == "A-1"]:
        stage.accepted(send)
    row = OutboxRow("t", "t", "I-1", FIRE, Urgency.PROMPT, "{}", "I-1", "fire")
    stage.happen(Stale(row, over=False))
    stage.fall_due(stage.now + timedelta(hours=2))
    assert "Closed" in said(stage, DESK, "/close I-1 yes", ADMIN, private=True)


def test_nobody_waits_for_a_partner_that_was_dropped_and_it_is_asked_nothing() -> None:
    """Its watches end, its rooms and people hear a farewell and then nothing, and a restart finds the same."""
    stage = opened(WITH)
    stage.enrol(HELPER, "coordinator", "hilfe")
    stage.say(FIRE, "/checkin start hourly", LIAISON)
    stage.say(FIRE, "/rollcall all", LIAISON)
    for send in [one for one in stage.sent if one.role == "prompt"]:
        stage.accepted(send)
    stage.sent.clear()
    reloaded(stage)
    assert to(stage.sent, HILFE)[-1].startswith("Your part in Flood at the border is over.")
    assert not stage.world.incidents["I-1"].rounds["C-1"].watches["hilfe"].open
    stage.sent.clear()
    issued(stage)
    stage.say(FIRE, "/phase response yes", LIAISON)
    stage.fall_due(stage.now + timedelta(hours=2))
    assert [s for s in stage.sent if s.to in (HILFE, RoomRef.parse(HELPER)) and s.urgency != Urgency.ANSWER] == []
    assert not any("hilfe" in key for key in stage.pending)
    assert said(stage, RoomRef.parse(HELPER), "/close yes", HELPER, private=True).startswith("No incident")
    for typed in ("/call", "/call C-1", "/checkin C-1", "/rollcall R-1", "/status", "/briefing"):
        stage.say(FIRE, typed, LIAISON)
    folded = incident.fold(None, [kept for kept in stage.facts if kept.stream == "I-1"])
    assert folded == stage.world.incidents["I-1"]


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_what_a_dropped_partner_asked_for_can_be_answered(answer: str) -> None:
    """It stays their words; who asked is told nothing any more."""
    stage = opened(WITH)
    stage.enrol(HELPER, "official", "hilfe")
    stage.say(HILFE, "/alert evacuation action=leave where=Town what=now", HELPER)
    stage.say(HILFE, "/ask D-1", HELPER)
    reloaded(stage)
    stage.sent.clear()
    stage.say(CITY, f"/ask Q-1 {answer}", MAYOR)
    stage.fall_due(stage.now + timedelta(hours=1))
    assert to(stage.sent, HILFE) == []
    assert bool(stage.world.incidents["I-1"].alerts) == (answer == "yes")


def test_a_stall_is_told_once_however_often_it_comes_again() -> None:
    """A step that fails each time is set again each minute; nobody is told each minute."""
    stage = opened(WITH)
    issued(stage)
    told: list[Effect] = []
    for _ in range(30):
        stage.now += timedelta(minutes=1)
        effects = audited(stage.world, set(), stage.now)
        told += [one for one in effects if isinstance(one, Send)]
        assert any(not isinstance(one, Send) for one in effects)
        stage.apply(effects)
    facts = stage.of(EscalationStalled)
    assert len(told) == 1 and len(facts) == len({fact.partner for fact in facts if isinstance(fact, EscalationStalled)})


def test_what_is_expected_is_what_falls_due() -> None:
    """After a partner is dropped, the audit finds nothing missing, minute after minute."""
    stage = opened(WITH)
    stage.say(FIRE, "/checkin start hourly", LIAISON)
    for send in [one for one in stage.sent if one.role == "prompt"]:
        stage.accepted(send)
    reloaded(stage)
    for _ in range(40):
        stage.now += timedelta(minutes=1)
        for wake in [one for one in stage.pending.values() if one.at <= stage.now]:
            del stage.pending[wake.key]
            stage.apply(due(stage.world, Deadline(wake.key, wake.stream, wake.at, wake.kind, wake.about), stage.now))
        assert audited(stage.world, set(stage.pending), stage.now) == []
