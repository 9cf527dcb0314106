"""The bell: a METHANE report from any partner's room, with and without an incident, in one line and step by step."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handlers.events import Stale
from handlers.methane import read
from playbooks.load import Book
from playbooks.rooms import RoomRef
from storage import deployment, incident
from storage.effects import Send
from storage.facts import DEPLOYMENT, CommandRefused, IncidentOpened, ReportAnswered, ReportMade
from storage.store import OutboxRow
from tests.handlers.border_stage import (
    AID,
    BRANDWEER,
    CITY,
    CITY_TELEGRAM,
    DESK,
    FIRE,
    HILFE,
    LIAISON,
    MAYOR,
    NOWHERE,
    SOMEBODY,
    WATCHERS,
    opened,
    said,
    to,
)
from tests.handlers.stage import ADMIN, Stage, book_from
from tests.playbooks.border import BORDER, NOON, border

BOOK = border(
    (
        "  - {permit: [secret], to: city,",
        "  - {permit: [_report], to: {kind: [fire, municipality]}, purpose: life-safety, under: pact}\n  - {permit: [secret], to: city,",
    ),
)
"""The border playbook, with reports for fire services and town halls."""
LINE = 'M=yes E="Quai 1" T=flood H="gas in the cellars" N="3 injured" E="2 pumps needed"'


def calm(book: Book = BOOK) -> Stage:
    """No incident yet; the people are enrolled."""
    stage = Stage.set(book)
    stage.now = NOON
    stage.enrol(MAYOR, "official", "city")
    stage.enrol(LIAISON, "liaison", "fire")
    stage.sent.clear()
    return stage


def taps(send: Send) -> list[tuple[str, str]]:
    """The choices under a message, and what they mean."""
    return [(tap.label.text, tap.command) for row in send.taps for tap in row]


def answer(sent: list[Send], room: RoomRef) -> Send:
    """The one message to a room."""
    [found] = [send for send in sent if send.to == room]
    return found


# --- without an incident ---------------------------------------------------------------------------------------------


def test_whom_activate_names_starts_an_incident_with_one_tap() -> None:
    """Nobody else is asked, and the incident has the report."""
    stage = calm()
    sent = stage.say(CITY, f"/report {LINE}", MAYOR)
    assert [send.to for send in sent] == [CITY]
    assert sent[0].body.text.startswith("M-1 is written. Does it start an incident?")
    assert taps(sent[0]) == [("Start Flood at the border", "/report M-1 start"), ("No incident", "/report M-1 aside")]
    sent = stage.say(CITY, "/report M-1 start", MAYOR, via="button")
    [begun] = stage.of(IncidentOpened)
    assert isinstance(begun, IncidentOpened) and (begun.hazard, begun.partner) == ("flood", "city")
    report = stage.world.incidents["I-1"].reports["M-1"]
    assert report.fact.parts["casualties"] == "3 injured" and report.incident == "I-1"
    shown = [text for text in to(sent, FIRE) if "METHANE" in text]
    heading = "METHANE report M-1 · City & Sons <town hall>, 12:00\nTLP:AMBER\n"
    words = "M: yes\n│ E: Quai 1\n│ T: flood\n│ H: gas in the cellars\n│ N: 3 injured\n│ E: 2 pumps needed"
    assert shown == [heading + words]
    assert [text for text in to(sent, AID) if "METHANE" in text] == []
    assert stage.world.who.reports["M-1"].incident == "I-1" and not any("report" in key for key in stage.pending)


@pytest.mark.parametrize("room", [CITY, BRANDWEER])
def test_its_words_are_no_title_for_those_who_may_not_see_reports(room: RoomRef) -> None:
    """Whoever starts the incident may give it a title of their own, with its hazard; the report stays a report."""
    titles = "  - {permit: [_title], to: everyone, purpose: life-safety, under: pact}\n  - {permit: [secret], to: city,"
    stage = calm(border(("  - {permit: [secret], to: city,", titles)))
    stage.say(room, '/report M=yes E="Town" T="The minister is at the quay" N=1', MAYOR if room == CITY else SOMEBODY)
    sent = stage.say(CITY, "/report M-1 start dam Trouble at the quay", MAYOR)
    [begun] = stage.of(IncidentOpened)
    assert isinstance(begun, IncidentOpened)
    assert (begun.hazard, begun.title) == ("dam", "dam Trouble at the quay")
    assert any("dam Trouble at the quay" in text for text in to(sent, AID))
    assert {send.to for send in stage.sent if "minister" in send.body.text} <= {room, CITY}
    stage = calm(border(("  - {permit: [secret], to: city,", titles)))
    stage.say(room, '/report M=yes E="Town" T="The minister is at the quay" N=1', MAYOR if room == CITY else SOMEBODY)
    stage.say(CITY, "/report M-1 start", MAYOR, via="button")
    assert [one.title for one in stage.of(IncidentOpened) if isinstance(one, IncidentOpened)] == [None]
    assert {send.to for send in stage.sent if "minister" in send.body.text} <= {room, CITY}


def test_the_hazard_that_a_report_begins_with_is_offered_where_its_words_are_seen() -> None:
    """Whoever starts it sees what they say; where the report may not be seen, the button tells nothing of it."""
    stage = calm()
    sent = stage.say(FIRE, '/report E="Quai 1" T="dam about to break"', SOMEBODY)
    assert taps(answer(sent, CITY))[0] == ("Start Flood at the border: dam", "/report M-1 start dam")
    unseen = stage.say(HILFE, '/report E="Quai 1" T="dam about to break"', SOMEBODY)
    assert taps(answer(unseen, CITY))[0] == ("Start Flood at the border", "/report M-2 start")
    stage.say(CITY, "/report M-1 start dam", MAYOR, via="button")
    [begun] = stage.of(IncidentOpened)
    assert isinstance(begun, IncidentOpened) and (begun.hazard, begun.title) == ("dam", None)


def test_anybody_elses_reaches_those_whom_activate_names() -> None:
    """Over Telegram, unencrypted, as far as it may; with one tap to start, and the reporter learns with whom it is."""
    stage = calm()
    sent = stage.say(FIRE, f"/report {LINE}", SOMEBODY)
    assert "M-1 is sent. It is now with: City & Sons <town hall> ☎ +3210" in answer(sent, FIRE).body.text
    assert "T: flood" in answer(sent, CITY).body.text and answer(sent, CITY).loud
    assert ("Start Flood at the border", "/report M-1 start") in taps(answer(sent, CITY_TELEGRAM))
    assert to(sent, AID) == to(sent, BRANDWEER) == []
    sent = stage.say(CITY, "/report M-1 start", MAYOR, via="button")
    assert len(stage.of(IncidentOpened)) == 1 and any("has begun" in text for text in to(sent, FIRE))
    again = stage.say(CITY_TELEGRAM, "/report M-1 start", MAYOR, via="button")
    assert to(again, CITY_TELEGRAM) == ["M-1 belongs to I-1 already."]
    assert len(stage.of(IncidentOpened)) == 1


def test_whose_words_may_not_be_seen_there_is_to_be_rung() -> None:
    """Across a border without an agreement: that there is a report, and the number."""
    stage = calm()
    sent = stage.say(HILFE, "/report E=Bridge T=flood", SOMEBODY)
    assert answer(sent, CITY).body.text.endswith("This room may not see its words. Please ring them. ☎ +4914")
    assert "Bridge" not in "".join(send.body.text for send in sent if send.to != HILFE)


def test_where_nobody_else_may_start_one_the_coordinators_are_told() -> None:
    """With the tap, and without the words, which are not theirs."""
    stage = calm(border(("activate: {by: {kind: municipality}}\n", "")))
    sent = stage.say(FIRE, f"/report {LINE}", SOMEBODY)
    desk = answer(sent, DESK)
    assert desk.body.text == "Fire made METHANE report M-1. Please ring them. ☎ +3211"
    stage.say(DESK, taps(desk)[0][1], ADMIN, private=True, via="button")
    assert len(stage.of(IncidentOpened)) == 1


def test_set_aside_the_reporter_is_told() -> None:
    """Once; and nobody is told again that it waits."""
    stage = calm()
    stage.say(FIRE, f"/report {LINE}", SOMEBODY)
    sent = stage.say(CITY, "/report M-1 aside", MAYOR, via="button")
    assert to(sent, FIRE) == ["City & Sons <town hall> has read M-1 and starts no incident. ☎ +3210"]
    assert said(stage, CITY, "/report M-1 aside", MAYOR) == "M-1 was answered already."
    stage.sent.clear()
    stage.fall_due(stage.now + timedelta(minutes=10))
    assert stage.sent == [] and len(stage.of(ReportAnswered)) == 1


def test_unanswered_for_five_minutes_the_coordinators_are_told() -> None:
    """Once."""
    stage = calm()
    stage.say(FIRE, f"/report {LINE}", SOMEBODY)
    stage.sent.clear()
    stage.fall_due(stage.now + timedelta(minutes=5))
    assert to(stage.sent, DESK) == ["Nobody has seen to METHANE report M-1 of Fire. ☎ +3211"]
    stage.fall_due(stage.now + timedelta(hours=1))
    assert len(to(stage.sent, DESK)) == 1


def test_who_may_not_start_one_does_not_by_a_forged_tap() -> None:
    """For whom it is no matter at all it is not there."""
    stage = calm()
    stage.say(FIRE, f"/report {LINE}", SOMEBODY)
    assert "Not started" in said(stage, FIRE, "/report M-1 start", SOMEBODY)
    assert "no report M-1 for you" in said(stage, AID, "/report M-1 start", SOMEBODY)
    assert stage.of(IncidentOpened) == []


def test_a_room_that_is_nobodys_rings_no_bell() -> None:
    """And is told where to write."""
    stage = calm()
    assert "belongs to no partner" in said(stage, NOWHERE, f"/report {LINE}", SOMEBODY)
    assert stage.of(ReportMade) == [] and stage.of(CommandRefused)


def test_the_playbook_for_what_has_happened_is_offered() -> None:
    """Where a room is known to several."""
    other = book_from(BORDER.replace("playbook: border", "playbook: storm").replace("[flood, dam]", "[storm]"))
    stage = Stage.set(border(), other)
    stage.now = NOON
    stage.say(CITY, "/report E=Town T=storm", SOMEBODY)
    [fact] = stage.of(ReportMade)
    assert isinstance(fact, ReportMade) and fact.playbook == "storm"


# --- step by step -------------------------------------------------------------------------------------------------------


def test_alone_it_asks_step_by_step() -> None:
    """Each part once, with a thumb; what it cannot do without cannot be skipped; the rest can."""
    stage = calm()
    [asked] = stage.say(FIRE, "/report", LIAISON)
    assert taps(asked)[:2] == [("Yes", "/report M-1 yes"), ("No", "/report M-1 no")]
    [asked] = stage.say(FIRE, "/report M-1 yes", LIAISON, via="button")
    assert "where exactly" in asked.body.text and [label for label, _ in taps(asked)] == ["Discard"]
    assert "no longer open" in said(stage, FIRE, "/report M-1 skip 2", LIAISON)
    stage.say(FIRE, "Quai 1", LIAISON)
    [asked] = stage.say(FIRE, "flood", LIAISON)
    assert [label for label, _ in taps(asked)] == ["Skip", "Send now", "Discard"]
    stage.say(FIRE, "/report M-1 skip 4", LIAISON, via="button")
    stage.say(FIRE, "from the north", LIAISON)
    stage.say(FIRE, "/report M-1 skip 6", LIAISON, via="button")
    sent = stage.say(FIRE, "2 boats", LIAISON)
    assert "E: Quai 1\n│ T: flood\n│ A: from the north\n│ E: 2 boats" in answer(sent, CITY).body.text
    assert "already sent" in said(stage, FIRE, "/report M-1 send", LIAISON)


def test_it_can_be_sent_as_soon_as_it_says_where_and_what() -> None:
    """Nobody in the water answers seven questions."""
    stage = calm()
    for words in ("/report", "no", "Quai 1", "flood"):
        stage.say(FIRE, words, LIAISON)
    sent = stage.say(FIRE, "/report M-1 send", LIAISON, via="button")
    assert "M: no\n│ E: Quai 1\n│ T: flood" in answer(sent, CITY).body.text


def test_a_shared_location_is_where_it_is() -> None:
    """In digits that can be typed into any map."""
    stage = calm()
    stage.say(FIRE, "/report", LIAISON)
    stage.say(FIRE, "/report M-1 no", LIAISON)
    stage.say(FIRE, "", LIAISON, point=(50_600_120, 5_600_000))
    assert stage.world.who.reports["M-1"].fact.parts["location"] == "50.60012, 5.60000"


def test_whoever_falls_silent_half_way_is_not_forgotten() -> None:
    """What was said by then goes as it is, after three minutes; where nothing was said, nothing does."""
    stage = calm()
    for words in ("/report", "yes", "Quai 1"):
        stage.say(FIRE, words, LIAISON)
    stage.say(BRANDWEER, "/report", SOMEBODY)
    stage.sent.clear()
    stage.fall_due(stage.now + timedelta(minutes=4))
    assert "E: Quai 1" in to(stage.sent, CITY)[0] and len(to(stage.sent, CITY)) == 1
    assert to(stage.sent, FIRE) == ["I heard no more of M-1: it goes as it is."]
    assert to(stage.sent, BRANDWEER) == []


def test_it_outlives_a_restart_half_way() -> None:
    """The next words are still the answer to the question."""
    stage = calm()
    stage.say(FIRE, "/report", LIAISON)
    stage.say(FIRE, "yes", LIAISON)
    folded = deployment.fold(deployment.Deployment(), [kept for kept in stage.facts if kept.stream == DEPLOYMENT])
    assert folded == stage.world.who and folded.reports["M-1"].fact.asking == "location"


def test_another_persons_words_are_no_answer() -> None:
    """Only whoever began it is asked."""
    stage = calm()
    stage.say(FIRE, "/report", LIAISON)
    assert stage.say(FIRE, "yes", SOMEBODY) == []
    assert "Only its author" in said(stage, FIRE, "/report M-1 yes", SOMEBODY)


# --- in an incident -------------------------------------------------------------------------------------------------------


def test_in_an_incident_it_goes_to_the_lead_and_whoever_may_see_it() -> None:
    """The lead can say that it was seen; an unlisted partner's name is not told."""
    stage = opened(BOOK)
    sent = stage.say(BRANDWEER, f"/report {LINE}", SOMEBODY)
    assert {send.to for send in sent if "METHANE" in send.body.text} >= {CITY, FIRE}
    assert to(sent, AID) == to(sent, HILFE) == to(sent, WATCHERS) == []
    sent = stage.say(BRANDWEER, "/report M-1 seen", SOMEBODY)
    assert stage.world.incidents["I-1"].reports["M-1"].answered == SOMEBODY
    stage.sent.clear()
    stage.say(WATCHERS, "/report E=Town T=smoke", SOMEBODY)
    assert "atchers" not in "".join(text for room in (FIRE, CITY, AID) for text in to(stage.sent, room))


def test_the_lead_says_that_it_was_seen() -> None:
    """And the reporter learns by whom."""
    stage = opened(BOOK)
    sent = stage.say(CITY, f"/report {LINE}", MAYOR)
    assert ("Seen", "/report M-1 seen") in taps(answer(sent, FIRE))
    sent = stage.say(FIRE, "/report M-1 seen", LIAISON, via="button")
    assert to(sent, CITY) == ["Fire has seen M-1. ☎ +3211"]
    stage.sent.clear()
    stage.fall_due(stage.now + timedelta(minutes=10))
    assert not any("Nobody has seen" in text for text in to(stage.sent, DESK))


def test_unseen_in_an_incident_the_coordinators_are_told() -> None:
    """As before there was one."""
    stage = opened(BOOK)
    stage.say(CITY, f"/report {LINE}", MAYOR)
    stage.sent.clear()
    stage.fall_due(stage.now + timedelta(minutes=5))
    assert any("Nobody has seen to METHANE report M-1" in text for text in to(stage.sent, DESK))


def test_changed_it_is_sent_again_under_its_number() -> None:
    """With its version; silently, for the bell has rung."""
    stage = opened(BOOK)
    stage.say(CITY, f"/report {LINE}", MAYOR)
    sent = stage.say(CITY, "/report M-1 N=5", MAYOR)
    assert "METHANE report M-1, changed (version 2)" in answer(sent, FIRE).body.text
    assert "N: 5" in answer(sent, FIRE).body.text and "E: Quai 1" in answer(sent, FIRE).body.text
    assert not answer(sent, FIRE).loud and stage.world.incidents["I-1"].reports["M-1"].version == 2
    folded = incident.fold(None, [kept for kept in stage.facts if kept.stream == "I-1"])
    assert folded == stage.world.incidents["I-1"]


def test_a_report_that_grew_stale_is_shown_again() -> None:
    """It waited while danger was declared: it is decided anew, and not lost."""
    stage = opened(BOOK)
    before = answer(stage.say(CITY, f"/report {LINE}", MAYOR), FIRE)
    row = OutboxRow("t", "t", "I-1", FIRE, int(before.urgency), "{}", "M-1", "fire", shows=True)
    again = [one for one in stage.happen(Stale(row, over=False)) if isinstance(one, Send)]
    assert [send.body.text for send in again if send.to == FIRE] == [before.body.text]


@pytest.mark.parametrize("room", [AID, HILFE, WATCHERS])
def test_what_a_report_says_leaves_no_trace_for_who_may_not_see_it(room: RoomRef) -> None:
    """Two reports that differ in every word are the same to them."""
    shown = []
    for typed in (f"/report {LINE}", "/report E=Hill T=smoke"):
        stage = opened(BOOK)
        stage.say(CITY, typed, MAYOR)
        stage.fall_due(stage.now + timedelta(minutes=10))
        shown.append([(send.body.html, send.taps) for send in stage.sent if send.to == room])
    assert shown[0] == shown[1]


# --- what is typed --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "parts", "unknown"),
    [
        (LINE, {"major": "yes", "location": "Quai 1", "type": "flood", "hazards": "gas in the cellars",
                "casualties": "3 injured", "services": "2 pumps needed"}, None),
        ("m=oui e1=Town e2=boats t=flood", {"major": "yes", "location": "Town", "services": "boats", "type": "flood"}, None),
        ("Water is coming over the quay", {"type": "Water is coming over the quay"}, None),
        ("T=flood at the quay E=Town", {"type": "flood. at the quay", "location": "Town"}, None),
        ("colour=red", {}, "colour"),
        ("", {}, None),
    ],
)  # fmt: skip
def test_one_line_is_read_forgivingly(typed: str, parts: dict[str, str], unknown: str | None) -> None:
    """The second E is the services; free words are what has happened."""
    assert read(typed) == (parts, unknown)


def test_free_words_are_kept_and_what_is_missing_is_asked() -> None:
    """Where, if nothing else."""
    stage = calm()
    assert "where exactly" in said(stage, FIRE, "/report Water is coming over the quay", LIAISON)
    sent = stage.say(FIRE, "Quai 1", LIAISON)
    assert "T: Water is coming over the quay" in answer(sent, CITY).body.text


def test_ones_own_words_are_shown_back_in_the_room_where_they_were_written() -> None:
    """And a key that is none is said so."""
    stage = calm()
    stage.say(FIRE, f"/report {LINE}", LIAISON)
    assert "H: gas in the cellars" in said(stage, FIRE, "/report M-1", LIAISON)
    assert "There is no part colour" in said(stage, FIRE, "/report colour=red", LIAISON)


def test_with_two_incidents_it_is_asked_which() -> None:
    """Unless it is said, or new."""
    stage = opened(BOOK)
    stage.say(CITY, "/activate +border", MAYOR)
    assert "Which" in said(stage, FIRE, f"/report {LINE}", LIAISON)
    stage.say(FIRE, f"/report I-2 {LINE}", LIAISON)
    assert stage.world.incidents["I-2"].reports and not stage.world.incidents["I-1"].reports
    stage.say(FIRE, f"/report new {LINE}", LIAISON)
    assert list(stage.world.who.reports) == ["M-2"]
