"""/alert from the first word to the last copy: whose it is, what is shown before, what leaves, what is held."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from playbooks import sight
from storage.effects import Urgency
from storage.facts import (
    AlertAddressed,
    AlertDrafted,
    AlertIssued,
    AskedToIssue,
    CommandRefused,
    CopyHeld,
    DraftConfirmed,
    DraftDropped,
)
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
    NOWHERE,
    OFFICER,
    SOMEBODY,
    WATCHERS,
    issued,
    opened,
    said,
    to,
)  # fmt: skip
from tests.handlers.stage import Stage
from tests.playbooks.border import BOOK, NOON, border

LINE = str(BOOK.line("alerts", "evacuation", "by"))


def test_each_room_is_shown_its_own_view() -> None:
    """The quay for authorities, the area for the NGO, across the border without an agreement the action alone."""
    stage = opened()
    stage.say(CITY, f'{EVACUATE} where="Quai 1, Town" people=12 Water on the quay', MAYOR)
    stage.say(CITY, "/draft D-1 send", MAYOR)
    alerts = {send.to: send.body.text for send in stage.sent if send.urgency == Urgency.ALERT}
    assert set(alerts) == {CITY, CITY_TELEGRAM, FIRE, FIRE_TELEGRAM, BRANDWEER, AID, HILFE, WATCHERS}
    assert "Quai 1" in alerts[FIRE] and "People: 12." in alerts[FIRE]
    assert "Quai 1" in alerts[FIRE_TELEGRAM] and "People" not in alerts[FIRE_TELEGRAM]
    assert "Area: Town." in alerts[AID] and "Quai" not in alerts[AID]
    assert "Leave now." in alerts[HILFE] and "Water" not in alerts[HILFE] and "Town" not in alerts[HILFE]
    assert "TLP:CLEAR" in alerts[HILFE] and "TLP:GREEN" in alerts[AID] and "TLP:AMBER" in alerts[FIRE]
    assert all(send.loud for send in stage.sent if send.urgency == Urgency.ALERT)


def test_nothing_leaves_before_it_is_confirmed() -> None:
    """A draft is shown to its author, and to nobody else."""
    stage = opened()
    sent = stage.say(CITY, EVACUATE, MAYOR)
    assert [send.to for send in sent] == [CITY] and sent[0].about == "D-1"
    assert [tap.command for row in sent[0].taps for tap in row] == ["/draft D-1 send", "/draft D-1 drop"]
    assert stage.of(AlertIssued) == []


def test_a_draft_can_be_discarded_once() -> None:
    """Afterwards it is no longer open."""
    stage = opened()
    stage.say(CITY, EVACUATE, MAYOR)
    stage.say(CITY, "/draft D-1 drop", MAYOR)
    assert len(stage.of(DraftDropped)) == 1
    assert "no longer open" in said(stage, CITY, "/draft D-1 send", MAYOR)
    assert stage.of(AlertIssued) == []


@pytest.mark.parametrize("room", [FIRE, AID, HILFE])
def test_another_partner_is_told_whose_alert_it_is_with_the_line_and_one_tap_to_ask(room: object) -> None:
    """And the refusal is recorded."""
    stage = opened()
    sent = stage.say(room, EVACUATE, LIAISON if room == FIRE else SOMEBODY)  # type: ignore[arg-type]
    assert "belongs to City & Sons <town hall>" in sent[0].body.text and f"playbook line {LINE}" in sent[0].body.text
    assert [tap.command for row in sent[0].taps for tap in row] == ["/ask D-1"]
    refused = stage.of(CommandRefused)[-1]
    assert isinstance(refused, CommandRefused) and refused.rule == f"border:{LINE}"
    asked = stage.say(room, "/ask evacuation", SOMEBODY)  # type: ignore[arg-type]
    assert any(send.to == CITY for send in asked) and len(stage.of(AskedToIssue)) == 1


def test_off_ones_ground_it_is_refused_with_the_line() -> None:
    """The hill is not the city's, town and hill together are not, and words that name no area are nobody's."""
    stage = opened()
    for where in ("Hill", "Town and Hill"):
        assert f"playbook line {LINE}" in said(stage, CITY, f'/alert evacuation action=leave where="{where}"', MAYOR)
    assert "on whose ground" in said(stage, CITY, "/alert evacuation action=leave where=somewhere", MAYOR)
    assert stage.world.incidents["I-1"].drafts == {}


def test_only_the_partners_issuers_may_issue() -> None:
    """Somebody else in the city's room is told who may."""
    stage = opened()
    assert "Only liaisons, officials and coordinators" in said(stage, CITY, EVACUATE, SOMEBODY)
    assert "Only liaisons, officials and coordinators" in said(stage, CITY, EVACUATE, LIAISON)


def test_in_declared_danger_fire_may_act_and_the_owners_are_told_on_which_basis() -> None:
    """Not before, not after; the basis stands in the record."""
    stage = opened()
    assert "Once you declare imminent danger" in said(stage, FIRE, EVACUATE, LIAISON)
    stage.say(FIRE, "/danger a dyke broke", LIAISON)
    assert issued(stage, EVACUATE, LIAISON, FIRE) == "A-1"
    fact = stage.of(AlertIssued)[0]
    assert isinstance(fact, AlertIssued) and fact.basis == "Law of rescue"
    assert any("Law of rescue" in text for text in to(stage.sent, CITY))
    stage.say(FIRE, "/danger off", LIAISON)
    assert stage.say(FIRE, EVACUATE, LIAISON)[0].about is None


def test_danger_that_ends_before_the_confirmation_takes_the_power_back() -> None:
    """What is decided is decided when it is sent."""
    stage = opened()
    stage.say(FIRE, "/danger a dyke broke", LIAISON)
    stage.say(FIRE, EVACUATE, LIAISON)
    stage.say(FIRE, "/danger off", LIAISON)
    stage.say(FIRE, "/draft D-1 send", LIAISON)
    assert stage.of(AlertIssued) == []


@pytest.mark.parametrize(
    ("room", "identity"),
    [(NOWHERE, SOMEBODY), (NOWHERE, MAYOR), (FIRE, LIAISON), (FIRE, MAYOR), (CITY, SOMEBODY), (CITY, LIAISON)],
)
@pytest.mark.parametrize("action", ["send", "drop", "skip", "set 1", "area 1", ""])
def test_a_forged_button_does_nothing(room: object, identity: str, action: str) -> None:
    """Typed by a stranger, in another partner's room, or in the right room by somebody who may not issue."""
    stage = opened()
    stage.say(CITY, EVACUATE, MAYOR)
    sent = stage.say(room, f"/draft D-1 {action}", identity)  # type: ignore[arg-type]
    assert stage.of(AlertIssued) == [] and stage.of(DraftDropped) == []
    assert "D-1" in stage.world.incidents["I-1"].drafts
    assert all("Leave" not in send.body.text and "Town" not in send.body.text for send in sent)


def test_another_partners_draft_is_no_different_from_none() -> None:
    """The very same words for a draft of others and one that does not exist."""
    stage = opened()
    stage.say(CITY, EVACUATE, MAYOR)
    assert said(stage, FIRE, "/draft D-1 send", LIAISON) == said(stage, FIRE, "/draft D-9 send", LIAISON)


def test_a_second_person_confirms_where_two_are_needed() -> None:
    """The author's own tap is recorded and sends nothing; a colleague's does; tapping twice is not two persons."""
    stage = opened()
    stage.say(CITY, "/alert talk Gather at once", MAYOR)
    for _ in range(2):
        stage.say(CITY, "/draft D-1 send", MAYOR)
    assert stage.of(AlertIssued) == [] and len(stage.of(DraftConfirmed)) == 1
    stage.say(CITY, "/draft D-1 send", OFFICER)
    fact = stage.of(AlertIssued)[0]
    assert isinstance(fact, AlertIssued) and not fact.alone and fact.confirmed_by != fact.person


def test_the_author_may_go_alone_after_the_time_that_the_playbook_gives() -> None:
    """Two minutes, on the record."""
    stage = opened()
    stage.say(CITY, "/alert talk Gather at once", MAYOR)
    stage.now += timedelta(seconds=117)
    stage.say(CITY, "/draft D-1 send", MAYOR)
    assert stage.of(AlertIssued) == []
    stage.now += timedelta(seconds=3)
    stage.say(CITY, "/draft D-1 send", MAYOR)
    fact = stage.of(AlertIssued)[0]
    assert isinstance(fact, AlertIssued) and fact.alone


def test_a_draft_outlives_the_time_after_which_its_author_may_go_alone() -> None:
    """Where that is longer than a draft lasts otherwise, its author still has half an hour for it."""
    stage = opened(border(("alone_after: 2m", "alone_after: 45m")))
    stage.say(CITY, "/alert talk Gather at once", MAYOR)
    stage.fall_due(stage.now + timedelta(minutes=46))
    assert stage.of(DraftDropped) == []
    stage.say(CITY, "/draft D-1 send", MAYOR)
    fact = stage.of(AlertIssued)[0]
    assert isinstance(fact, AlertIssued) and fact.alone


def test_a_copy_whose_required_field_is_withheld_is_held_and_named_to_the_lead() -> None:
    """Aid may not see how many: it is sent nothing; fire, in the lead, learns whom to ring and for which field."""
    stage = opened()
    alert = issued(stage, "/alert count people=12 Mind the numbers")
    held = {fact.partner: fact for fact in stage.of(CopyHeld) if isinstance(fact, CopyHeld)}
    assert set(held) == {"aid", "hilfe", "watchers"} and {fact.field for fact in held.values()} == {"people"}
    assert not [send for send in stage.sent if send.to in (AID, HILFE, WATCHERS)]
    news = next(text for text in to(stage.sent, FIRE) if "did not go to everyone" in text)
    assert alert in news and "Aid (people: " in news and "+3213" in news and "Hilfe" in news
    assert "watchers" not in news and "…" not in news and "+3299" not in news
    assert any("did not go to everyone" in text for text in to(stage.sent, DESK))


def test_an_alert_with_nothing_left_to_say_is_held() -> None:
    """Hilfe may see no word of it: it is never sent hollow."""
    stage = opened()
    stage.say(CITY, "/alert talk Gather at once", MAYOR)
    stage.say(CITY, "/draft D-1 send", OFFICER)
    held = [fact for fact in stage.of(CopyHeld) if isinstance(fact, CopyHeld)]
    assert [(fact.partner, fact.reason) for fact in held] == [("hilfe", "hollow")]
    assert to(stage.sent, HILFE) == []


def test_the_affected_are_those_who_see_the_area_and_others_are_named_to_the_origin() -> None:
    """Hilfe and the watchers may not look; the neighbours across the river are near."""
    stage = opened()
    issued(stage, "/alert affected where=Town people=3 Come", LIAISON, FIRE)
    fact = stage.of(AlertAddressed)[0]
    assert isinstance(fact, AlertAddressed)
    assert {partner: entry["status"] for partner, entry in fact.partners.items()} == {
        "city": "shown", "fire": "shown", "brandweer": "shown", "aid": "shown", "hilfe": "unselected",
        "watchers": "blind",
    }  # fmt: skip


def test_an_unlisted_partner_is_counted_nowhere_in_the_preview() -> None:
    """With it and without it, the preview reads the same, but for the rule's lines."""
    sections = "  watchers:\n    name: Silent watchers\n"
    assert sections in BOOK.source.decode()
    stage = opened()
    preview = stage.say(CITY, EVACUATE, MAYOR)[0].body.text
    assert "watchers" not in preview and "…" not in preview
    assert "7 rooms" in preview
    sent = stage.say(CITY, "/draft D-1 send", MAYOR)
    assert any("to 7 rooms" in text for text in to(sent, CITY))


def test_a_rule_that_fails_withholds_and_the_lead_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """An optional field is withheld from everyone, and its rule's line is named."""
    book = border(("{forbid: [people], to: {network: telegram}}", "{forbid: [people], to: {not: lead}}"))
    asked = sight.might_match

    def fail(*arguments: object) -> bool:
        raise LookupError("broken")

    stage = opened(book)
    monkeypatch.setattr(sight, "might_match", fail)
    issued(stage, f"{EVACUATE} people=12 Water")
    monkeypatch.setattr(sight, "might_match", asked)
    alerts = [send for send in stage.sent if send.urgency == Urgency.ALERT]
    assert alerts and all("People" not in send.body.text for send in alerts)
    line = str(book.line("sharing", 7))
    assert any("could not be evaluated" in text and line in text for text in to(stage.sent, FIRE))


def test_a_raised_colour_is_kept_and_a_wrong_one_is_refused() -> None:
    """`tlp=red` leaves only rooms that may carry it."""
    stage = opened()
    issued(stage, f"{EVACUATE} tlp=red Water")
    assert {send.to for send in stage.sent if send.urgency == Urgency.ALERT} == {CITY}
    assert "is not a TLP colour" in said(stage, CITY, f"{EVACUATE} tlp=mauve", MAYOR)


@pytest.mark.parametrize(
    "words",
    ["</b>{action}{tlp}", "<a>&amp;", "{where} {", "\u202egnp.exe\u202c", "a\x00\x1b[31mb", "\ud83d half"],
)
def test_nasty_words_are_words(words: str) -> None:
    """Typed as an alert's text, as an unknown command, as a choice: escaped, encodable, and without effect on what is around."""
    stage = opened()
    for text in (
        f"{EVACUATE} {words}",
        f"/alert {words}",
        f"/alert evacuation action={words}",
        f"/{words}",
        f"/ack {words}",
        f"/start {words}",
    ):
        for send in stage.say(CITY, text, MAYOR):
            send.body.html.encode()
            assert "\u202e" not in send.body.html and "\x00" not in send.body.html and "<a" not in send.body.html
    stage.say(CITY, "/draft D-1 send", MAYOR)
    alert = next(send for send in stage.sent if send.to == FIRE and send.urgency == Urgency.ALERT)
    assert alert.body.text.count("Leave now") == 1 and alert.body.text.count("TLP:") == 1


def test_an_alert_is_issued_for_the_place_that_was_checked() -> None:
    """Where another field is a place too, `where` alone decides on whose ground it is."""
    book = border(
        ("  secret: {type: text, tlp: red}", "  secret: {type: text, tlp: red}\n  meet: {type: place, tlp: red}"),
        ("fields: {action: required, what: optional,", "fields: {meet: optional, action: required, what: optional,"),
    )
    stage = opened(book)
    assert issued(stage, f"{EVACUATE} meet=Hill") == "A-1"


def test_a_tap_answers_only_the_question_it_was_offered_for_and_only_its_authors() -> None:
    """A second tap on Skip, an old choice and another person's tap change nothing: nobody's words are put in another's mouth."""
    stage = opened()
    sent = stage.say(CITY, "/alert evacuation", MAYOR)
    tap = sent[-1].taps[0][0].command
    stage.say(CITY, tap, OFFICER)
    assert stage.world.incidents["I-1"].drafts["D-1"].fact.asking == "action"
    stage.say(CITY, tap, MAYOR)
    asked = stage.world.incidents["I-1"].drafts["D-1"].fact.asking
    assert asked is not None and asked != "action"
    stage.say(CITY, tap, MAYOR)
    assert stage.world.incidents["I-1"].drafts["D-1"].fact.asking == asked
    assert {fact.person for fact in stage.of(AlertDrafted) if isinstance(fact, AlertDrafted)} == {
        stage.world.incidents["I-1"].drafts["D-1"].fact.person
    }


FORGED = "Hello all\nFrom Fire, 12:00\n\n🚨 Evacuate · A-7\nTLP:CLEAR\u2028Stay inside."


def test_no_line_of_what_somebody_wrote_looks_like_one_of_the_bots() -> None:
    """Each line after the first has a bar in front, in every room and in the preview; the words themselves stay whole."""
    stage = opened()
    preview = stage.say(CITY, f'{EVACUATE} what="{FORGED}"', MAYOR)
    stage.say(CITY, "/draft D-1 send", MAYOR)
    alerts = [send for send in stage.sent if send.urgency == Urgency.ALERT and send.to != HILFE]
    assert alerts
    for send in (*preview, *alerts):
        lines = send.body.text.split("\n")
        assert "Hello all" in lines and "│ 🚨 Evacuate · A-7" in lines and "│ Stay inside." in lines
        assert not {"From Fire, 12:00", "🚨 Evacuate · A-7", "TLP:CLEAR", "Stay inside."} & set(lines)


def test_titles_places_and_what_is_said_back_are_one_line() -> None:
    """A line of its own in any of them would look like words of the bot."""
    book = border(("{permit: [action], to: everyone", "{permit: [action, _title], to: everyone"))
    stage = opened(book)
    sent = stage.say(CITY, "/activate +border High water\n🚨 Evacuate · A-7\nTLP:CLEAR", MAYOR)
    sent += stage.say(CITY, "/status I-2", MAYOR)
    sent += stage.say(CITY, '/alert evacuation I-2 action=leave where="Town\n🚨 Evacuate · A-7"', MAYOR)
    sent += stage.say(CITY, '/alert evacuation I-2 action="x\n🚨 Evacuate · A-7"', MAYOR)
    assert sum("🚨 Evacuate · A-7" in send.body.text for send in sent) > 3
    assert all("🚨 Evacuate · A-7" not in send.body.text.split("\n") for send in sent)


BLIND = (
    ("    competences: [order-evacuation]\n    covers: [town]", "    competences: [order-evacuation]\n    covers: [town, hill]"),
    ("permit: [what, where, people], to: {kind: [fire, municipality]}", "permit: [what, people], to: {kind: [fire, municipality]}"),
    ("  - {permit: [where], as: area, to: {kind: ngo}, purpose: life-safety}\n", "  - {permit: [where], to: city, purpose: life-safety}\n"),
)  # fmt: skip
"""Only the city sees where it is."""


def test_who_may_not_see_the_place_is_named_only_to_rooms_that_do() -> None:
    """The lead and the coordinators are told the same whatever the place is; the origin, who may ring."""
    told = {}
    for place in ("Town", "Hill"):
        stage = opened(border(*BLIND))
        answer = to(stage.say(CITY, f'/alert affected where="{place}" Come', MAYOR), CITY)[-1]
        told[place] = [(send.to, send.body.text) for send in stage.sent if send.to in (FIRE, FIRE_TELEGRAM, DESK)]
        assert ("Aid (may not see where it is) ☎ +3213" in answer) == (place == "Town")
        assert "Fire (may not see where it is)" in answer and "Silent watchers" not in answer
    assert told["Town"] == told["Hill"]


PLACE_IS_RED = (
    ("  where: {type: place, tlp: amber, forms: {area: green}}", "  where: {type: place, tlp: red, forms: {area: red}}"),
    ("clearance: {tlp: amber+strict, compartments: [medical]}", "clearance: {tlp: red, compartments: [medical]}"),
    ("    level: regional\n    jurisdiction: be\n", "    level: regional\n    jurisdiction: be\n    covers: [town]\n"),
)  # fmt: skip
"""The place is for encrypted rooms."""


def test_the_affected_are_selected_room_by_room() -> None:
    """A room that may not see the area gets nothing by it, whatever its partner's other room may see."""
    stage = opened(border(*PLACE_IS_RED))
    issued(stage, "/alert affected where=Town Come", MAYOR)
    alerts = {send.to for send in stage.sent if send.urgency == Urgency.ALERT}
    assert alerts == {CITY, FIRE}
    fact = stage.of(AlertAddressed)[0]
    assert isinstance(fact, AlertAddressed)
    assert fact.partners["fire"] == {
        "status": "shown",
        "rooms": [str(FIRE)],
        "by_place": True,
        "left_out": {str(FIRE_TELEGRAM): {"field": "where", "why": "blind", "rule": 8, "detail": "red"}},
    }


def test_a_preview_counts_by_the_place_only_where_its_room_sees_it() -> None:
    """Asked for in a room that may not see the place, it reads the same wherever that is, and so does what follows."""
    confirmed = (
        "to: {area: affected, near: true}\n    confirm: no",
        "to: {area: affected, near: true}\n    confirm: yes",
    )
    shown = {}
    for place in ("Town", "Hill"):
        stage = opened(border(*PLACE_IS_RED[:2], confirmed))
        stage.say(FIRE, f'/alert affected where="{place}" Come', LIAISON)
        preview = said(stage, FIRE_TELEGRAM, "/draft D-1", LIAISON)
        assert "depends on where it is" in preview and "No room" not in preview
        assert "depends on where it is" not in said(stage, FIRE, "/draft D-1", LIAISON)
        answer = to(stage.say(FIRE_TELEGRAM, "/draft D-1 send", LIAISON), FIRE_TELEGRAM)
        shown[place] = (preview, answer)
    assert shown["Town"] == shown["Hill"]


def test_a_partner_without_any_room_is_named_with_its_number() -> None:
    """Nobody leaves the alerts in silence: whose room was never bound, or was lost, must be rung, and the preview says so."""
    stage = Stage.set(border(("rooms: [{telegram: -14}]", 'rooms: [{matrix: "#never:x.org"}]')))
    stage.now = NOON
    aliases = [alias for alias in stage.world.who.aliases if "never" in alias]
    who = stage.world.who
    bindings = {key: binding for key, binding in who.bindings.items() if binding.alias not in aliases}
    stage.world = replace(stage.world, who=replace(who, bindings=bindings))
    stage.enrol(MAYOR, "official", "city")
    stage.say(CITY, "/activate border", MAYOR)
    preview = stage.say(CITY, "/alert evacuation action=leave where=Town", MAYOR)[-1].body.text
    assert "Aid" in preview.partition("not reach")[2] and "+3213" in preview
    sent = stage.say(CITY, "/draft D-1 send", MAYOR)
    assert any(send.to == FIRE and "Aid" in send.body.text and "+3213" in send.body.text for send in sent)


@pytest.mark.parametrize(
    "typed", ["0001-01-01 00:00", "0001-01-01T00:00+14:00", "9999-12-31 23:59", "9999-12-31T23:59-23:59", "2500-01-01"]
)
def test_a_time_that_no_clock_shows_is_asked_for_again(typed: str) -> None:
    """The first and the last day there are have no hour in every zone; what is centuries off is a slip."""
    book = border(
        ("  secret: {type: text, tlp: red}", "  secret: {type: text, tlp: red}\n  until: {type: time, tlp: green}"),
        ("fields: {what: optional}", "fields: {what: optional, until: optional}"),
        ('text: {en: ["{what}"]}', 'text: {en: ["{what} {until}"]}'),
        ("{permit: [secret], to: city", "{permit: [secret, until], to: city"),
    )
    assert "Write a time such as 14:30" in said(opened(book), CITY, f'/alert talk until="{typed}" hello', MAYOR)
