"""/playbook: by which version an incident goes, and how it comes to go by another, with open eyes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from handlers.events import Stale
from handlers.world import Found
from playbooks.load import Book
from playbooks.rooms import RoomRef
from storage.facts import (
    CommandRefused,
    LeadOffered,
    LeadTaken,
    PlaybookKept,
    PlaybookProposed,
    PlaybookReloaded,
    RoomBound,
)
from storage.store import OutboxRow
from tests.handlers.border_stage import (
    AID,
    BOOK,
    CITY,
    DESK,
    FIRE,
    HILFE,
    LIAISON,
    MAYOR,
    WATCHERS,
    issued,
    opened,
    said,
    to,
)
from tests.handlers.stage import ADMIN, Stage
from tests.playbooks.border import border

NGO = "{permit: [where], as: area, to: {kind: ngo}, purpose: life-safety}"
AT_HOME = "{permit: [what], to: {jurisdiction: be}, purpose: life-safety}"
VERSION = ("version: 1\n", "version: 2\n")
DANGER = "{permit: [what], to: hilfe, purpose: life-safety, when: {danger: true}, basis: vital interests}"
OPENS = border(VERSION, (DANGER, "{permit: [what], to: hilfe, purpose: flood-control, under: three}"))
SHUTS = border(VERSION, (NGO, "{permit: [where], as: area, to: aid, purpose: life-safety, when: {phase: response}}"))
ANNE, BEN = "telegram:71", "telegram:72"
"""Two coordinators of the deployment, enrolled."""


def stage_with(found: Book | Found) -> Stage:
    """An open incident whose playbook's file is another by now, and two coordinators."""
    stage = opened()
    for identity in (ANNE, BEN):
        stage.enrol(identity, "coordinator", None)
    return offering(stage, found)


def offering(stage: Stage, found: Book | Found) -> Stage:
    """The stage once the file has been read again."""
    stage.world = replace(stage.world, found={"border": found if isinstance(found, Found) else Found(found)})
    return stage


def desk(identity: str) -> RoomRef:
    """Somebody's private chat."""
    return RoomRef.parse(identity)


def ask(stage: Stage, identity: str, text: str) -> str:
    """What a coordinator is answered in a private chat."""
    return said(stage, desk(identity), text, identity, private=True)


def use(stage: Stage, identity: str) -> str:
    """What is answered to the tap that uses what was proposed."""
    proposal = stage.world.incidents["I-1"].proposal
    assert proposal is not None
    return ask(stage, identity, f"/playbook I-1 use {proposal.fact.digest[:12]}")


def test_everyone_may_know_by_which_version_it_goes() -> None:
    """Its title, version and digest; a coordinator also whether the file is another by now, with the way to look."""
    stage = stage_with(OPENS)
    words = said(stage, CITY, "/playbook", MAYOR)
    assert "I-1 goes by Flood at the border, version 1." in words and BOOK.digest[:12] in words
    assert "server" not in words
    [answer] = stage.say(desk(ANNE), "/playbook", ANNE, private=True)
    assert "The file on the server is another by now." in answer.body.text
    assert [[tap.command for tap in row] for row in answer.taps] == [["/playbook I-1 reload"]]
    assert "The file on the server is the same." in ask(offering(stage, BOOK), ANNE, "/playbook")


def test_what_a_change_opens_is_shown_before_anything_changes() -> None:
    """What opens, by partner and field; the incident goes on as it was, and the proposal is a fact."""
    stage = stage_with(OPENS)
    words = ask(stage, ANNE, "/playbook reload")
    assert "version 2 instead of 1" in words
    assert words.index("Opens:") < words.index("➕")
    assert "Hilfe: what" in words and "a second person must agree" in words
    incident = stage.world.incidents["I-1"]
    assert (incident.digest, incident.epoch) == (BOOK.digest, opened().world.incidents["I-1"].epoch)
    [fact] = [kept.fact for kept in stage.facts if isinstance(kept.fact, PlaybookProposed)]
    assert (fact.before, fact.digest, fact.version) == (BOOK.digest, OPENS.digest, 2) and fact.opens > 0


def test_what_opens_anything_needs_a_second_enrolled_person() -> None:
    """Neither who proposed it, nor an administrator whom nobody enrolled; then it is used, told to every room, and a fact."""
    stage = stage_with(OPENS)
    ask(stage, ANNE, "/playbook reload")
    assert "Two persons must agree" in use(stage, ANNE)
    assert "Two persons must agree" in use(stage, ADMIN)
    assert stage.world.incidents["I-1"].digest == BOOK.digest
    epoch = stage.world.incidents["I-1"].epoch
    stage.sent.clear()
    assert "I-1 goes by version 2 now." in use(stage, BEN)
    incident = stage.world.incidents["I-1"]
    assert (incident.digest, incident.proposal) == (OPENS.digest, None) and incident.epoch > epoch
    assert stage.world.book_of(incident) is OPENS
    for room in (CITY, AID, HILFE, WATCHERS):
        [told] = to(stage.sent, room)
        assert "version 2" in told
    [fact] = [kept.fact for kept in stage.facts if isinstance(kept.fact, PlaybookReloaded)]
    people = stage.world.who
    assert fact.proposed_by == people.person(ANNE).id and fact.person == people.person(BEN).id  # type: ignore[union-attr]


def test_what_opens_nothing_may_be_used_by_who_asked() -> None:
    """One person is enough to close."""
    stage = stage_with(SHUTS)
    words = ask(stage, ANNE, "/playbook reload")
    assert "Closes:" in words and "➕" not in words and "second person" not in words
    use(stage, ANNE)
    assert stage.world.incidents["I-1"].digest == SHUTS.digest


def test_what_is_used_is_what_was_shown_whatever_became_of_the_file() -> None:
    """The bytes that were proposed are kept; a file changed once more is not what was agreed to."""
    stage = stage_with(OPENS)
    ask(stage, ANNE, "/playbook reload")
    offering(stage, border(("version: 1\n", "version: 9\n")))
    use(stage, BEN)
    assert stage.world.book_of(stage.world.incidents["I-1"]).playbook.version == 2


def test_alerts_after_the_change_follow_the_new_rules() -> None:
    """An NGO that learned the area learns what the new version lets it, and what went before stays as it was."""
    stage = stage_with(border(VERSION, (NGO, "{permit: [action], to: {kind: media}, purpose: life-safety}")))
    first = issued(stage, "/alert evacuation action=leave where=Town Water")
    ask(stage, ANNE, "/playbook reload")
    use(stage, ANNE)
    second = issued(stage, "/alert evacuation action=leave where=Town Water")
    shown = {alert: dict(next(c for c in stage.world.incidents["I-1"].alerts[alert].copies.values() if c.partner == "aid").fields)
             for alert in (first, second)}  # fmt: skip
    assert shown[first]["where"]["form"] == "area"
    assert "form" not in shown[second]["where"]


def test_it_can_be_declined_and_lapses_after_an_hour() -> None:
    """Declined it is gone, and so is one that nobody answered in time."""
    stage = stage_with(OPENS)
    ask(stage, ANNE, "/playbook reload")
    digest = OPENS.digest[:12]
    assert "goes on under version 1" in ask(stage, BEN, f"/playbook I-1 keep {digest}")
    assert any(isinstance(kept.fact, PlaybookKept) for kept in stage.facts)
    assert "no longer open" in ask(stage, BEN, f"/playbook I-1 use {digest}")
    ask(stage, ANNE, "/playbook reload")
    stage.now += timedelta(hours=2)
    assert "no longer open" in use(stage, BEN)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Found(errors=3, line=12), "the file has 3 errors, the first on line 12"),
        (Found(unreadable="No such file or directory"), "cannot be read on the server"),
        (BOOK, "The file is the one that I-1 goes by"),
        (border(("playbook: border\n", "playbook: other\n")), "another playbook by now"),
        (border(("phases: [watch, response]", "phases: [calm-days, response]"),
                ("in: [watch, response], tier", "in: [response], tier")), "does not have the phase"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_said_with_its_reason(found: Book | Found, words: str) -> None:
    """And nothing is changed or proposed."""
    stage = stage_with(found)
    assert words in ask(stage, ANNE, "/playbook reload")
    assert stage.world.incidents["I-1"].proposal is None


def test_what_has_taken_place_keeps_its_names() -> None:
    """A version without an alert that stands, or without a partner that was told something, is not for this incident."""
    stage = stage_with(BOOK)
    alert = issued(stage)
    without = border(VERSION, ("alerts:\n  evacuation:", "alerts:\n  leave-now:"))
    assert f"does not have the alert of {alert}" in ask(offering(stage, without), ANNE, "/playbook reload")
    gone = BOOK.source.decode().replace("  hilfe:\n", "  helfer:\n").replace("to: hilfe,", "to: helfer,")
    from playbooks.load import parse

    missing = parse(gone.encode(), "border.yaml")
    assert "lacks partners that take part in I-1: Hilfe" in ask(offering(stage, missing), ANNE, "/playbook reload")


def test_only_coordinators_read_the_file_again() -> None:
    """Anybody else is told so, on the record."""
    stage = stage_with(OPENS)
    assert "Only coordinators" in said(stage, CITY, "/playbook reload", MAYOR)
    assert any(isinstance(kept.fact, CommandRefused) for kept in stage.facts)
    assert stage.world.incidents["I-1"].proposal is None


def test_who_leads_by_the_new_rules_is_offered_the_lead() -> None:
    """Where the rule is another; until they accept, and elsewhere, the lead stays as it is."""
    lead = "{in: [watch, response], tier: operational, jurisdiction: be, lead: fire, deputies: [city]}"
    stage = stage_with(
        border(VERSION, (lead, lead.replace("lead: fire, deputies: [city]", "lead: city, deputies: [fire]")))
    )
    words = ask(stage, ANNE, "/playbook reload")
    assert "Leads:" in words and "➡️ In the lead: City & Sons <town hall>" in words
    before = len(stage.facts)
    use(stage, BEN)
    made = [kept.fact for kept in stage.facts[before:] if isinstance(kept.fact, LeadTaken | LeadOffered)]
    assert [(type(one), one.tier, one.jurisdiction, one.partners) for one in made] == [
        (LeadOffered, "operational", "be", ("city",))
    ]
    stage.say(CITY, "/accept", MAYOR)
    leads = {(one.tier, one.jurisdiction): one.partners for one in stage.world.incidents["I-1"].leads}
    assert leads[("operational", "be")] == ("city",)


def test_another_room_needs_a_second_person_too() -> None:
    """Nobody sees a field that they did not, and other people read: it is shown, and one person is not enough."""
    stage = stage_with(border(VERSION, ("rooms: [{telegram: -14}]", "rooms: [{telegram: -666}]")))
    assert "➕ Aid: other rooms" in ask(stage, ANNE, "/playbook reload")
    assert "Two persons must agree" in use(stage, ANNE)
    use(stage, BEN)
    assert stage.world.incidents["I-1"].digest != BOOK.digest


def test_while_danger_is_declared_the_rules_that_end_it_stay() -> None:
    """A version under which nobody could end it is not used before it has ended."""
    stage = stage_with(border(VERSION, ("danger: {by: lead, lasts: 2h, tell: [city]}\n", "")))
    stage.say(FIRE, "/danger The dyke gives way", LIAISON)
    assert "danger is declared" in ask(stage, ANNE, "/playbook reload")
    assert stage.world.incidents["I-1"].proposal is None


def test_half_a_digest_agrees_to_nothing() -> None:
    """What is agreed to is named by what the button carries, not by a digit of it."""
    stage = stage_with(SHUTS)
    ask(stage, ANNE, "/playbook reload")
    assert "no longer open" in ask(stage, ANNE, f"/playbook I-1 use {SHUTS.digest[:1]}")


def test_a_lead_that_goes_and_other_deputies_are_said() -> None:
    """Neither reads as if somebody took the lead."""
    lead = "{in: [watch, response], tier: operational, jurisdiction: be, lead: fire, deputies: [city]}"
    stage = stage_with(border(VERSION, (lead, lead.replace("deputies: [city]", "deputies: [aid]"))))
    words = ask(stage, ANNE, "/playbook reload")
    assert "➡️ Deputies: Aid" in words and "In the lead" not in words.partition("Leads:")[2]
    offering(stage, border(VERSION, ("  - {tier: strategic, lead: city}\n", "")))
    assert "➡️ No longer in the lead: City & Sons <town hall>" in ask(stage, ANNE, "/playbook reload")


def test_rooms_that_the_new_version_names_are_bound() -> None:
    """At once where they are named by their own id, and they take part from then on."""
    stage = stage_with(border(VERSION, ("rooms: [{telegram: -14}]", "rooms: [{telegram: -14}, {telegram: -140}]")))
    ask(stage, ANNE, "/playbook reload")
    before = len(stage.facts)
    use(stage, BEN)
    bound = [kept.fact for kept in stage.facts[before:] if isinstance(kept.fact, RoomBound)]
    assert [(one.partner, str(one.room)) for one in bound] == [("aid", "telegram:-140")]


def test_an_unlisted_partner_is_in_nobody_elses_list() -> None:
    """What changes for it is told to its own room alone, and not to a coordinator in a group."""
    book = border(VERSION, ("{permit: [secret], to: city,", "{permit: [secret], to: [city, watchers],"),
                  ("clearance: {tlp: amber}\n    phone_24h: \"+3299\"", "clearance: {tlp: red}\n    phone_24h: \"+3299\""),
                  ("  telegram: {ceiling: amber}", "  telegram: {ceiling: red}"))  # fmt: skip
    stage = stage_with(book)
    assert "watchers" not in ask(stage, ANNE, "/playbook reload")
    stage.sent.clear()
    use(stage, BEN)
    assert all("watchers" not in text for send in stage.sent for text in [send.body.text] if send.to != WATCHERS)
    assert any("Silent watchers" in text for text in to(stage.sent, WATCHERS))


def test_rooms_learn_nothing_from_a_change_for_a_partner_they_may_not_know() -> None:
    """What they are sent is the same with it and without; whoever decides is told that something opens."""
    hidden = border(VERSION, ('phone_24h: "+3299"', 'phone_24h: "+3298"'),
                    ("rooms: [{telegram: -19}]", "rooms: [{telegram: -19}, {telegram: -190}]"))  # fmt: skip
    told: list[list[str]] = []
    for book in (hidden, border(VERSION)):
        stage = stage_with(book)
        words = ask(stage, ANNE, "/playbook reload")
        assert ("something that is not told here" in words) == (book is hidden)
        stage.sent.clear()
        use(stage, BEN)
        told.append([text for room in (CITY, AID, HILFE) for text in to(stage.sent, room)])
    assert told[0] == told[1] and len(told[0]) == 3


def test_an_announcement_that_grew_stale_is_made_again() -> None:
    """A room that asked nothing is not told to ask again: it learns by which rules it goes."""
    stage = stage_with(OPENS)
    ask(stage, ANNE, "/playbook reload")
    use(stage, BEN)
    sent = next(send for send in stage.sent if send.to == AID and "version 2" in send.body.text)
    stage.sent.clear()
    stage.happen(Stale(OutboxRow("s", "s", "I-1", AID, sent.urgency, "{}", sent.about, "aid"), over=False))
    assert to(stage.sent, AID) == ["I-1 goes by Flood at the border, version 2."]


def test_a_file_that_cannot_be_read_is_not_called_another() -> None:
    """Of what is not known nothing is said."""
    stage = stage_with(Found(unreadable="Permission denied"))
    assert "on the server" not in ask(stage, ANNE, "/playbook")


def test_an_administrator_hears_the_same(request: pytest.FixtureRequest) -> None:
    """In the desk's private chat."""
    assert "Opens:" in said(stage_with(OPENS), DESK, "/playbook reload", ADMIN, private=True)
