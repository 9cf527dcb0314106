"""Asking others to send what is theirs: nothing typed is lost, nobody answers for what they did not see, and it is sent once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from handlers.events import Stale
from playbooks.load import Book
from playbooks.rooms import RoomRef
from storage import incident
from storage.effects import Urgency
from storage.facts import AlertDrafted, AlertIssued, AlertRequested, AskedToIssue, DraftConfirmed, RequestAnswered
from storage.store import OutboxRow
from tests.handlers.border_stage import (
    AID,
    BRANDWEER,
    CITY,
    CITY_TELEGRAM,
    EVACUATE,
    FIRE,
    LIAISON,
    MAYOR,
    OFFICER,
    SOMEBODY,
    WATCHERS,
    opened,
    said,
    to,
)
from tests.handlers.stage import ADMIN, Stage
from tests.playbooks.border import BOOK, border

WRITTEN = f'{EVACUATE} where="Quai 1, Town" people=12 Water on the quay'


def asked(book: Book = BOOK, typed: str = WRITTEN) -> Stage:
    """The fire service has written what is the city's, and asked it."""
    stage = opened(book)
    stage.say(FIRE, typed, LIAISON)
    stage.say(FIRE, "/ask D-1", LIAISON, via="button")
    return stage


def test_the_refusal_of_what_was_written_keeps_it() -> None:
    """One tap asks those whose it is; nothing need be typed again."""
    stage = opened()
    [refused] = stage.say(FIRE, WRITTEN, LIAISON)
    assert [(tap.label.text, tap.command) for row in refused.taps for tap in row] == [
        ("Ask City & Sons <town hall> to send it", "/ask D-1")
    ]
    sent = stage.say(FIRE, "/ask D-1", LIAISON)
    [fact] = stage.of(AlertRequested)
    assert isinstance(fact, AlertRequested) and fact.request == "Q-1" and fact.asked == ("city",)
    assert fact.fields["people"] == {"number": 12} and fact.fields["victims"] is None
    assert stage.world.incidents["I-1"].drafts == {}
    assert to(sent, FIRE) == ["Q-1: asked City & Sons <town hall> ☎ +3210. I tell you here what they answer."]


def test_who_is_asked_is_shown_it_as_far_as_each_room_may_see_it() -> None:
    """Over Telegram no numbers: it is the asker's words, and passes as such."""
    stage = asked()
    encrypted, plain = to(stage.sent, CITY)[-1], to(stage.sent, CITY_TELEGRAM)[-1]
    assert encrypted.split("\n") == [
        "Fire asks you to send Evacuate · Q-1, 12:00",
        "TLP:AMBER",
        "• action: Leave now",
        "• what: Water on the quay",
        "• where: Quai 1, Town",
        "• people: 12",
    ]
    assert "people" not in plain and "where: Quai 1" in plain
    assert to(stage.sent, BRANDWEER) == []


def test_approved_it_is_sent_in_the_owners_name_with_what_it_was_shown() -> None:
    """What the approver's room did not see is not sent; the origins are those of both, and the asker learns its number."""
    stage = asked()
    sent = stage.say(CITY_TELEGRAM, "/ask Q-1 yes", MAYOR, via="button")
    [fact] = stage.of(AlertIssued)
    assert isinstance(fact, AlertIssued)
    assert (fact.partner, fact.request, fact.origins, fact.confirmed_by) == ("city", "Q-1", ("be",), "P-1")
    assert fact.fields["people"] is None and fact.fields["what"] == {"text": "Water on the quay"}
    assert "City & Sons <town hall> has sent Q-1 as A-1." in to(sent, FIRE)
    assert [f.answer for f in stage.of(RequestAnswered)] == ["approved"]  # type: ignore[attr-defined]
    assert any(send.urgency == Urgency.ALERT and send.to == BRANDWEER for send in sent)


def test_it_is_sent_once() -> None:
    """Later taps say so, in whichever room, and after a restart."""
    stage = asked()
    stage.say(CITY, "/ask Q-1 yes", MAYOR, via="button")
    stage.sent.clear()
    assert said(stage, CITY_TELEGRAM, "/ask Q-1 yes", OFFICER) == "Q-1 was already sent, as A-1."
    assert said(stage, CITY, "/ask Q-1 no", MAYOR) == "Q-1 was already sent, as A-1."
    assert len(stage.of(AlertIssued)) == 1
    folded = incident.fold(None, [kept for kept in stage.facts if kept.stream == "I-1"])
    assert folded == stage.world.incidents["I-1"] and folded is not None and folded.requests["Q-1"].alert == "A-1"


def test_across_the_border_it_has_both_origins() -> None:
    """What the Dutch asked for goes nowhere that Dutch words may not go."""
    stage = opened()
    stage.enrol("matrix:@hoofd:x.org", "liaison", "brandweer")
    stage.say(BRANDWEER, WRITTEN, "matrix:@hoofd:x.org")
    stage.say(BRANDWEER, "/ask D-1", "matrix:@hoofd:x.org")
    stage.sent.clear()
    stage.say(CITY, "/ask Q-1 yes", MAYOR)
    [fact] = stage.of(AlertIssued)
    assert isinstance(fact, AlertIssued) and fact.origins == ("be", "nl")
    alerts = {send.to: send.body.text for send in stage.sent if send.urgency == Urgency.ALERT}
    # To an NGO at home what a Belgian says needs no agreement; what a Dutchman says does.
    assert "Water on the quay" in alerts[FIRE] and "Town" not in "".join(alerts[room] for room in alerts if room == AID)


def test_what_was_seen_only_roughly_is_not_sent_in_ones_name() -> None:
    """Who saw the area alone does not answer for the address; a required field that is missing then is asked for."""
    book = border(
        ("    by: {competence: order-evacuation}\n", "    by: aid\n"),
        ("fields: {action: required, what: optional, where: optional,", "fields: {action: required, what: optional, where: required,"),
    )  # fmt: skip
    stage = opened(book)
    stage.enrol("telegram:700", "liaison", "aid")
    stage.say(FIRE, WRITTEN, LIAISON)
    sent = stage.say(FIRE, "/ask D-1", LIAISON)
    assert "• where (roughly): Town" in to(sent, AID)[0]
    assert "What you see only roughly is not sent in your name." in to(sent, AID)[0]
    sent = stage.say(AID, "/ask Q-1 yes", "telegram:700")
    assert stage.of(AlertIssued) == [] and "where: where?" in to(sent, AID)[0]
    draft = stage.world.incidents["I-1"].drafts["D-2"].fact
    assert draft.fields["where"] is None and draft.request == "Q-1"
    assert to(sent, FIRE) == ["Aid has approved Q-1 and is preparing it."]
    assert "was already approved by Aid" in said(stage, AID, "/ask Q-1 yes", "telegram:700")
    stage.say(AID, "Town", "telegram:700")
    sent = stage.say(AID, "/draft D-2 send", "telegram:700")
    assert "Aid has sent Q-1 as A-1." in to(sent, FIRE)


def test_where_two_must_agree_the_approver_is_one_of_them() -> None:
    """The draft waits for the second person of the owner, and everybody there can look at it."""
    book = border(
        ("    confirm: yes\n", "    confirm: {two-person: {alone_after: 2m}}\n"),
    )
    stage = asked(book)
    sent = stage.say(CITY, "/ask Q-1 yes", MAYOR, via="button")
    assert stage.of(AlertIssued) == [] and len(stage.of(DraftConfirmed)) == 1
    assert f"Confirmed by: {MAYOR}\nA second person of City & Sons <town hall> must confirm." in to(sent, CITY)[0]
    assert "Draft D-2" in said(stage, CITY_TELEGRAM, "/draft D-2", SOMEBODY)
    sent = stage.say(CITY, "/draft D-2 send", OFFICER)
    [fact] = stage.of(AlertIssued)
    assert isinstance(fact, AlertIssued) and (fact.confirmed_by, fact.alone, fact.request) == ("P-2", False, "Q-1")
    assert "City & Sons <town hall> has sent Q-1 as A-1." in to(sent, FIRE)


def being_prepared() -> Stage:
    """The city has approved what it was asked for, and a second person must agree: D-2."""
    stage = asked(border(("    confirm: yes\n", "    confirm: {two-person: {alone_after: 2m}}\n")))
    stage.say(CITY, "/ask Q-1 yes", MAYOR, via="button")
    stage.sent.clear()
    return stage


def test_what_is_prepared_for_others_and_discarded_is_told_to_them_whoever_discards_it() -> None:
    """Its author, time, an access that is withdrawn, or time for a partner that may not send it any more."""
    told = ["Q-1 was not sent: its draft was discarded."]
    by_hand, late, withdrawn, not_theirs = (being_prepared() for _ in range(4))
    by_hand.say(CITY, "/draft D-2 drop", MAYOR)
    late.fall_due(late.now + timedelta(minutes=33))
    withdrawn.say("telegram:501", f"/revoke {MAYOR}", ADMIN, private=True)
    found = not_theirs.world.incidents["I-1"].drafts["D-2"]
    unmandated = replace(found, fact=replace(found.fact, partner="aid"))
    there = replace(not_theirs.world.incidents["I-1"], drafts={"D-2": unmandated})
    not_theirs.world = replace(not_theirs.world, incidents={"I-1": there})
    not_theirs.fall_due(not_theirs.now + timedelta(minutes=33))
    for stage in (by_hand, late, withdrawn, not_theirs):
        assert stage.world.incidents["I-1"].drafts == {} and to(stage.sent, FIRE) == told
        assert not {"draft:D-2", "alone:D-2"} & stage.pending.keys()


def test_declined_the_asker_is_told_whom_to_ring() -> None:
    """And a second no changes nothing."""
    stage = asked()
    sent = stage.say(CITY, "/ask Q-1 no", MAYOR, via="button")
    assert to(sent, FIRE) == ["City & Sons <town hall> declined Q-1: it is not sent. ☎ +3210"]
    assert said(stage, CITY, "/ask Q-1 no", MAYOR) == "You have declined Q-1 already."
    assert len(stage.of(RequestAnswered)) == 1
    stage.sent.clear()
    stage.fall_due(stage.now + timedelta(minutes=10))
    assert to(stage.sent, FIRE) == []


def test_unanswered_the_asker_is_told_whom_to_ring() -> None:
    """Silence is an answer, too."""
    stage = asked()
    stage.sent.clear()
    stage.fall_due(stage.now + timedelta(minutes=6))
    assert to(stage.sent, FIRE) == ["Nobody has answered Q-1. Please ring: City & Sons <town hall> ☎ +3210"]


def test_only_those_asked_may_answer_and_of_them_those_who_may_issue() -> None:
    """For the others it is not there."""
    stage = asked()
    assert "no request Q-1 for you" in said(stage, BRANDWEER, "/ask Q-1 yes", SOMEBODY)
    assert "Only liaisons, officials and coordinators" in said(stage, CITY, "/ask Q-1 yes", SOMEBODY)
    assert stage.of(AlertIssued) == []


def test_in_another_room_it_is_shown_before_it_is_approved() -> None:
    """Who has not seen it there cannot answer for it there."""
    stage = asked()
    private = said(stage, RoomRef("matrix", "!dm@mayor:x.org"), "/ask Q-1 yes", MAYOR, private=True)
    assert "in your partner's room" in private and stage.of(AlertIssued) == []


def test_a_request_that_grew_stale_is_shown_again() -> None:
    """Danger was declared while it waited: what it shows is decided anew, and it is not lost."""
    stage = asked()
    before = next(send for send in stage.sent if send.to == CITY and send.about == "Q-1")
    row = OutboxRow("t", "t", "I-1", CITY, int(before.urgency), "{}", "Q-1", "city", shows=True)
    again = [send for send in stage.happen(Stale(row, over=False)) if getattr(send, "to", None) == CITY]
    assert [send.body.text for send in again] == [before.body.text]  # type: ignore[union-attr]


def test_an_unlisted_owner_is_not_betrayed() -> None:
    """Neither by who is asked, nor by what it answers."""
    stage = opened(border(("    by: {competence: order-evacuation}\n", "    by: [city, watchers]\n")))
    stage.enrol("telegram:990", "liaison", "watchers")
    stage.say(FIRE, EVACUATE, LIAISON)
    sent = stage.say(FIRE, "/ask D-1", LIAISON)
    assert to(sent, WATCHERS) and "atchers" not in to(sent, FIRE)[0]
    assert to(stage.say(WATCHERS, "/ask Q-1 no", "telegram:990"), FIRE) == []
    stage.say(WATCHERS, "/ask Q-1 yes", "telegram:990")
    assert "Q-1 was sent as A-1." in to(stage.sent, FIRE)


def test_without_words_they_are_asked_to_prepare_it() -> None:
    """A bare template has nothing to keep."""
    stage = opened()
    [refused] = stage.say(FIRE, "/alert evacuation", LIAISON)
    assert [tap.command for row in refused.taps for tap in row] == ["/ask evacuation"]
    stage.say(FIRE, "/ask evacuation", LIAISON)
    assert stage.of(AskedToIssue) and not stage.of(AlertDrafted)


def test_off_ones_ground_the_place_is_kept_too() -> None:
    """Step by step, the last answer is part of what is asked."""
    two = border(
        (
            "    by: [city, fire]\n    fields: {what: optional, where: optional, people: optional}",
            "    by: {kind: [fire, municipality]}\n    fields: {what: optional, where: required, people: optional}",
        )
    )
    stage = opened(two)
    stage.enrol("matrix:@hoofd:x.org", "liaison", "brandweer")
    stage.say(BRANDWEER, "/alert affected", "matrix:@hoofd:x.org")
    sent = stage.say(BRANDWEER, "Town", "matrix:@hoofd:x.org")
    assert [tap.command for row in sent[0].taps for tap in row] == ["/ask D-1"]
    stage.say(BRANDWEER, "/ask D-1", "matrix:@hoofd:x.org")
    [fact] = stage.of(AlertRequested)
    assert isinstance(fact, AlertRequested) and fact.fields["where"]["place"] == "Town"
    assert set(fact.asked) == {"city", "fire"}


@pytest.mark.parametrize("hidden", [None, "Ada Lovelace"])
def test_what_the_owner_may_not_see_leaves_no_trace_in_what_it_is_shown(hidden: str | None) -> None:
    """The names of victims are the fire service's to know, and not the aid workers'."""
    book = border(("    by: {competence: order-evacuation}\n", "    by: aid\n"))
    typed = WRITTEN + (f' victims="{hidden}"' if hidden else "")
    stage = asked(book, typed)
    shown = to(stage.sent, AID)
    assert len(shown) == 1 and "victims" not in shown[0] and "Ada" not in shown[0]
    stage.enrol("telegram:700", "liaison", "aid")
    stage.say(AID, "/ask Q-1 yes", "telegram:700")
    kinds = [type(kept.fact).__name__ for kept in stage.facts if kept.stream == "I-1"]
    [fact] = stage.of(AlertIssued)
    assert isinstance(fact, AlertIssued) and fact.fields["victims"] is None and fact.fields["people"] is None
    assert kinds[-1] and "Ada" not in "".join(to(stage.sent, AID))


def test_what_was_kept_and_not_asked_ends_without_a_word() -> None:
    """It was never theirs to send."""
    stage = opened()
    stage.say(FIRE, WRITTEN, LIAISON)
    stage.sent.clear()
    stage.fall_due(stage.now + timedelta(minutes=31))
    assert stage.world.incidents["I-1"].drafts == {} and to(stage.sent, FIRE) == []


def test_so_it_ends_where_danger_was_declared_later() -> None:
    """What danger lets them send they write anew, and saw a preview of; this they never did."""
    stage = opened()
    stage.say(FIRE, WRITTEN, LIAISON)
    stage.say(FIRE, "/danger a dyke broke", LIAISON)
    stage.sent.clear()
    stage.fall_due(stage.now + timedelta(minutes=31))
    assert stage.world.incidents["I-1"].drafts == {} and to(stage.sent, FIRE) == []
