"""Held copies: why they are held, what may be supplied instead, and that sight is never overridden."""

from __future__ import annotations

import pytest

from handlers.coarser import coarser
from playbooks.load import Book
from playbooks.values import Moment, Number, Person, Place, Value, take
from storage import incident
from storage.effects import Send, Urgency
from storage.facts import CallAsked, CommandRefused, CopyReleased, Disclosed
from tests.handlers.border_stage import (
    AID,
    BRANDWEER,
    CITY,
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
from tests.handlers.stage import Stage
from tests.playbooks.border import BOOK, NOON, border

MEET = (
    (
        '    fields: {people: required, what: optional}\n    main: what\n    text: {en: ["{people}", "{what}"]}',
        (
            '    fields: {where: optional, meet: required, what: optional}\n    main: what\n    text: {en: ["At: {meet}", "{what}"]}'
            "\n    ack: {within: 5m, then: [{after: 3m, do: remind}]}"
        ),
    ),
    (
        "  secret: {type: text, tlp: red}",
        "  secret: {type: text, tlp: red}\n  meet: {type: place, tlp: amber, forms: {area: green}}",
    ),
    ("{permit: [what, where, people], to", "{permit: [what, where, people, meet], to"),
    ("{permit: [where], as: area, to", "{permit: [where, meet], as: area, to"),
)
PLACED = border(*MEET)
"""The alert ``count`` with a meeting point, which everybody who is to get it must see."""


def held(book: Book = PLACED, typed: str = '/alert count meet="the church tower" Water') -> Stage:
    """The city has issued what some may not be shown."""
    stage = opened(book)
    issued(stage, typed)
    stage.sent.clear()
    return stage


def test_whether_a_field_was_given_that_this_room_may_not_see_is_not_told() -> None:
    """Asking for a form of it is answered as if it had not been given."""
    book = border(
        ("fields: {people: required, what: optional}", "fields: {secret: required, people: optional, what: optional}"),
        ('text: {en: ["{people}", "{what}"]}', 'text: {en: ["{secret}", "{people}", "{what}"]}'),
    )
    answers = []
    for given in ("people=12", ""):
        stage = held(book, f"/alert count secret=mined what=hello {given}")
        commands = ("aid people=range", "brandweer people=range", "brandweer people=7", "aid")
        answers.append([said(stage, FIRE_TELEGRAM, f"/release A-1 {command}", LIAISON) for command in commands])
    assert answers[0] == answers[1]
    assert answers[0][0].startswith("There is no such form of people here.")


def taps(send: Send) -> list[tuple[str, str]]:
    """The choices under a message, and what they mean."""
    return [(tap.label.text, tap.command) for row in send.taps for tap in row]


def test_what_is_held_is_listed_with_why_and_whom_to_ring() -> None:
    """For who issued it; a partner that is not listed is in no list."""
    stage = held()
    [answer] = stage.say(CITY, "/release", MAYOR)
    lines = answer.body.text.split("\n")
    assert lines[0] == "Held back"
    assert lines[1] == "• A-1, Aid: meet: the place lies in no area of the playbook ☎ +3213"
    assert "Hilfe" in lines[2] and "watchers" not in answer.body.text
    assert taps(answer)[0] == ("A-1: Aid", "/release A-1 aid")


def test_a_place_in_no_area_can_be_said_as_an_area() -> None:
    """One tap: the copy goes to that partner alone, with the area and nothing finer, and its time begins when it arrives."""
    stage = held()
    [one] = stage.say(CITY, "/release A-1 aid", MAYOR)
    assert taps(one) == [
        ("Say only: Town", "/release A-1 aid meet=town"),
        ("Ask them to ring us", "/release A-1 aid ring"),
    ]
    sent = stage.say(CITY, "/release A-1 aid meet=town", MAYOR, via="button")
    alerts = [send for send in sent if send.urgency == Urgency.ALERT]
    assert [send.to for send in alerts] == [AID] and "At: Town" in alerts[0].body.text
    assert "church" not in alerts[0].body.text and alerts[0].about == "A-1"
    assert to(sent, CITY) == ["Released: A-1 goes to 1 room of Aid."]
    [fact] = stage.of(CopyReleased)
    assert (
        isinstance(fact, CopyReleased) and set(fact.fields) == {"where", "meet", "what"} and fact.fields["what"] is None
    )
    alert = stage.world.incidents["I-1"].alerts["A-1"]
    assert "aid" not in alert.held and alert.watches["aid"].since is None
    assert "unreachable:A-1:aid" in stage.pending
    stage.accepted(alerts[0])
    assert stage.world.incidents["I-1"].alerts["A-1"].watches["aid"].since == stage.now
    assert "escalation:A-1:aid" in stage.pending
    stage.say(AID, "/ack A-1", SOMEBODY)
    assert stage.world.incidents["I-1"].alerts["A-1"].answers["aid"]


def test_the_others_keep_what_they_were_shown() -> None:
    """The value was supplied for one partner."""
    stage = held()
    stage.say(CITY, "/release A-1 aid meet=town", MAYOR)
    shown = [fact for fact in stage.of(Disclosed) if isinstance(fact, Disclosed) and fact.partner == "fire"]
    assert shown and all(fact.fields["meet"]["value"] == "the church tower" for fact in shown)


def test_what_may_still_not_be_shown_is_still_held() -> None:
    """No place crosses this border, in whichever words."""
    stage = held()
    sent = stage.say(CITY, "/release A-1 hilfe meet=Town", MAYOR)
    assert "Still held back" in sent[0].body.text and "not cleared for TLP:AMBER" in sent[0].body.text
    assert stage.of(CopyReleased) == [] and to(sent, HILFE) == []


def test_they_can_be_asked_to_ring_and_learn_nothing_else() -> None:
    """Once; and the list no longer offers it."""
    stage = held()
    sent = stage.say(CITY, "/release A-1 hilfe ring", MAYOR, via="button")
    assert to(sent, HILFE) == ["Please ring City & Sons <town hall> ☎ +3210 about A-1."]
    assert len(stage.of(CallAsked)) == 1
    assert "already asked" in said(stage, CITY, "/release A-1 hilfe ring", MAYOR)
    assert all(
        command != "/release A-1 hilfe ring" for _, command in taps(stage.say(CITY, "/release A-1 hilfe", MAYOR)[0])
    )


def test_the_lead_may_release_too_and_others_may_not() -> None:
    """With the reason; of the lead's people those who may issue."""
    stage = held()
    assert "Not released" in said(stage, BRANDWEER, "/release A-1 aid meet=Town", SOMEBODY)
    assert "Only liaisons" in said(stage, CITY, "/release A-1 aid meet=Town", SOMEBODY)
    assert all(isinstance(fact, CommandRefused) for fact in stage.of(CommandRefused))
    sent = stage.say(FIRE, "/release A-1 aid meet=Town", LIAISON)
    assert any(send.urgency == Urgency.ALERT and send.to == AID for send in sent)


def test_a_lead_from_another_country_supplies_no_words() -> None:
    """They would be said in the name of who issued it; it may release what may be shown as it is."""
    book = border(
        *MEET,
        ("jurisdiction: be, lead: fire, deputies: [city]}", "jurisdiction: be, lead: brandweer, deputies: [city]}"),
    )
    stage = held(book)
    stage.enrol("matrix:@hoofd:x.org", "liaison", "brandweer")
    words = said(stage, BRANDWEER, "/release A-1 aid meet=Town", "matrix:@hoofd:x.org")
    assert words == "Not released: another value must come from City & Sons <town hall>."
    assert stage.of(CopyReleased) == []


def test_what_stands_against_nothing_any_more_goes_as_it_is() -> None:
    """Danger was declared since, and with it the rule that shares it."""
    book = border(
        ("{permit: [what], to: hilfe, purpose", "{permit: [people], as: range, to: hilfe, purpose"),
        ("  - {forbid: [people], to: {network: telegram}}\n", ""),
    )  # fmt: skip
    stage = held(book, "/alert count people=12 Mind")
    assert "Send it now" not in said(stage, CITY, "/release A-1 hilfe", MAYOR)
    stage.say(FIRE, "/danger a dyke broke", LIAISON)
    [one] = stage.say(CITY, "/release A-1 hilfe", MAYOR)
    assert taps(one)[0] == ("Send it now", "/release A-1 hilfe now")
    sent = stage.say(CITY, "/release A-1 hilfe now", MAYOR)
    assert [send.body.text.split("\n")[2] for send in sent if send.urgency == Urgency.ALERT] == ["10–49"]


def test_who_may_not_see_where_it_is_is_not_told_by_what_is_offered() -> None:
    """The lead's plain room does not see the place, nor that it lies in no area."""
    blind = border(
        *MEET,
        ("  - {forbid: [people], to: {network: telegram}}\n", "  - {forbid: [meet], to: fire}\n"),
    )
    shown = []
    for where in ("the church tower", "another tower"):
        stage = held(blind, f'/alert count meet="{where}" Water')
        [one] = stage.say(FIRE, "/release A-1 aid", LIAISON)
        shown.append((one.body.text, taps(one)))
        assert all("Say only" not in label for label, _ in taps(one)) and "area" not in one.body.text
    assert shown[0] == shown[1]


def test_a_copy_that_was_released_is_decided_with_what_was_supplied_ever_after() -> None:
    """Also after a restart, when it is decided again because something changed."""
    from handlers.issuing import again

    stage = held()
    stage.say(CITY, "/release A-1 aid meet=Town", MAYOR)
    folded = incident.fold(None, [kept for kept in stage.facts if kept.stream == "I-1"])
    assert folded == stage.world.incidents["I-1"] and folded is not None
    effects, one = again(stage.world, folded, "A-1", "aid", AID, stage.now)
    assert one is not None and one.status == "shown"
    assert [send.body.text for send in effects if isinstance(send, Send)] == [
        "🔔 How many · A-1\nTLP:GREEN\nAt: Town\nWater\nFrom City & Sons <town hall>, 12:00"
    ]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("/release A-9", "Nothing of A-9 is held back."),
        ("/release A-1 nobody-at-all-here", "Nothing is held back for"),
        ("/release A-1 ai", "Did you mean Aid?"),
        ("/release A-1 watchers", "Nothing is held back for watchers"),
        ("/release A-1 aid colour=red", "There is no field colour here."),
        ("/release A-1 aid tlp=clear meet=Town", "A level cannot be changed here."),
        ("/release A-1 aid meet=area", "There is no such form of meet here."),
    ],
)
def test_slips_are_answered(typed: str, expected: str) -> None:
    """And nothing is released by them."""
    stage = held()
    assert expected in said(stage, CITY, typed, MAYOR)
    assert stage.of(CopyReleased) == []
    assert to(stage.sent, WATCHERS) == []


def test_the_alert_replied_to_is_meant() -> None:
    """In the news that it did not go to everyone."""
    stage = opened(PLACED)
    issued(stage, '/alert count meet="the church tower" Water')
    news = next(send for send in stage.sent if send.to == FIRE and "did not go to everyone" in send.body.text)
    [answer] = stage.say(FIRE, "/release", LIAISON, about=stage.about(news))
    assert "A-1" in answer.body.text


@pytest.mark.parametrize(
    ("field", "value", "form", "made"),
    [
        ("where", Place("Quai 1", (50_600_000, 5_600_000), ("town",)), "area", Place("Town", None, ("town",))),
        ("where", Place("nowhere"), "area", None),
        ("people", Number(12), "range", Number(10)),
        ("victims", Person(("Ada Lovelace",)), "initials", Person(("A. L.",))),
        ("victims", Person(("Ada", "Jean")), "count", Person(("…", "…"))),
    ],
)
def test_a_coarser_value_has_nothing_finer_in_it(field: str, value: Value, form: str, made: Value | None) -> None:
    """Its own exact form is what the coarser form of the first one was."""
    spec = BOOK.playbook.field(field)
    assert spec is not None and coarser(BOOK, spec, value, form) == made
    if made is not None and form == "area":
        assert take(made, "exact", ()) == "Town"


def test_of_a_time_only_its_day_is_left() -> None:
    """Where the playbook lives, not in Greenwich."""
    spec = BOOK.playbook.field("what")
    assert spec is not None
    made = coarser(BOOK, spec, Moment(NOON), "day")
    assert isinstance(made, Moment) and (made.at.hour, made.at.date()) == (0, NOON.date())
