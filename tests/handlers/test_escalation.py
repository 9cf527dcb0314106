"""What silence leads to: each step in its time, for each partner until it answers, and nothing after what was asked is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from handlers.escalation import KINDS, audited, expected
from playbooks.rooms import RoomRef
from storage.effects import Record, Send, Urgency, Wake
from storage.facts import AlertExpired, Escalated, EscalationStalled, IncidentClosed, PartnerUnreachable
from storage.incident import fold
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
    OFFICER,
    WATCHERS,
    opened,
    to,
)
from tests.handlers.silent_stage import answer, asked, outage, pass_time, refuse, silent, steps, watch
from tests.handlers.stage import Stage

REMIND_LEAD = "{after: 3m, do: remind}, {after: 10m, do: lead}"


def keys(stage: Stage) -> set[str]:
    """The deadlines by which silence is counted that are set."""
    return {key for key, wake in stage.pending.items() if wake.kind in KINDS}


def test_a_reminder_goes_to_the_rooms_that_have_it_as_a_reply_to_the_first_copy() -> None:
    """Marked as a reminder, with its buttons, and through sight anew; the city sent it, and is not reminded."""
    stage = asked()
    first = {c.room: send for send, c in stage.world.incidents["I-1"].alerts["A-1"].copies.items()}
    sent = [one for one in pass_time(stage, minutes=4) if one.urgency == Urgency.ALERT]
    assert {one.to for one in sent} == {FIRE, FIRE_TELEGRAM, BRANDWEER, AID, HILFE, WATCHERS}
    for one in sent:
        assert one.body.text.startswith("⏰ Reminder: please answer A-1.\n") and "Leave now." in one.body.text
        assert one.follows == first[one.to] and one.taps and "late" not in one.body.text


def test_time_counts_from_the_first_acceptance_and_stays_so() -> None:
    """A second copy that arrives later changes nothing; nor does a restart, which folds the same facts."""
    stage = asked(silent(REMIND_LEAD), FIRE)
    since = watch(stage, "fire").since
    stage.now += timedelta(minutes=2)
    stage.accepted(next(s for s in stage.tokens.values() if s.to == FIRE_TELEGRAM and s.urgency == Urgency.ALERT))
    assert watch(stage, "fire").since == since
    again = fold(None, [kept for kept in stage.facts if kept.stream == "I-1"])
    assert again == stage.world.incidents["I-1"]
    assert since is not None and stage.pending["escalation:A-1:fire"].at == since + timedelta(minutes=3)


def test_it_ends_for_the_partner_that_answers_and_for_no_other() -> None:
    """One answer of one room is enough; its deadlines are taken back."""
    stage = asked(silent(REMIND_LEAD))
    answer(stage, AID)
    assert "escalation:A-1:aid" not in keys(stage) and "escalation:A-1:hilfe" in keys(stage)
    sent = pass_time(stage, minutes=11)
    assert to(sent, AID) == [] and steps(stage, "aid") == [] and steps(stage, "hilfe") != []


def test_seen_ends_the_reminders_too() -> None:
    """It is on the lead's watch, and nobody is reminded."""
    stage = asked(silent(REMIND_LEAD))
    answer(stage, AID, "/ack A-1 seen")
    assert to(pass_time(stage, minutes=11), AID) == [] and steps(stage, "aid") == []


def test_an_answer_that_is_taken_back_is_awaited_again() -> None:
    """The steps go on where they were."""
    stage = asked(silent(REMIND_LEAD))
    answer(stage, AID)
    answer(stage, AID, "/ack A-1 undo")
    assert "escalation:A-1:aid" in keys(stage)
    assert [do for do, _, _ in _done(stage, "aid", minutes=11)] == ["remind", "lead"]


def _done(stage: Stage, partner: str, **delta: float) -> list[tuple[str, tuple[str, ...], int]]:
    pass_time(stage, **delta)
    return steps(stage, partner)


def test_where_every_person_must_answer_it_goes_on_until_the_last_has() -> None:
    """The city has two; of a partner without enrolled people one answer is enough."""
    book = silent(REMIND_LEAD, more=", from: person")
    stage = asked(book)
    answer(stage, CITY, identity=MAYOR)
    assert "escalation:A-1:city" in keys(stage)
    answer(stage, CITY, identity=OFFICER)
    answer(stage, AID)
    assert keys(stage) & {"escalation:A-1:city", "escalation:A-1:aid"} == set()


def test_each_step_has_its_time_and_one_that_reaches_nobody_is_passed_over() -> None:
    """Aid has one network and no liaison: those steps are on record without a room, and the next comes at its own time."""
    stage = asked()
    start = stage.now
    assert [(do, bool(rooms)) for do, rooms, _ in _done(stage, "aid", minutes=13)] == [
        ("remind", True),
        ("other_network", False),
        ("liaisons", False),
        ("call", True),
        ("deputies", True),
        ("lead", True),
        ("coordinators", True),
    ]
    at = [kept.at - start for kept in stage.facts if isinstance(kept.fact, Escalated) and kept.fact.partner == "aid"]
    assert [round(one.total_seconds() / 60) for one in at] == [3, 5, 6, 7, 9, 10, 12]


@pytest.mark.parametrize("over", ["/cancel A-1 mistake", "/close I-1 yes"])
def test_nothing_comes_after_it_is_over(over: str) -> None:
    """Cancelled, or its incident closed."""
    stage = asked(silent(REMIND_LEAD))
    stage.say(DESK, over, private=True) if "close" in over else stage.say(CITY, over, MAYOR)
    assert stage.of(IncidentClosed) or stage.world.incidents["I-1"].alerts["A-1"].state == "cancelled"
    pass_time(stage, minutes=30)
    assert stage.of(Escalated) == []


def test_nothing_comes_once_its_time_is_up_even_if_nobody_has_said_so() -> None:
    """After an outage that it did not outlive, the steps that were due first do not speak any more."""
    stage = asked(silent(REMIND_LEAD))
    sent = outage(stage, hours=13)
    assert stage.of(AlertExpired) and stage.of(Escalated) == []
    assert not any(one.urgency == Urgency.ALERT for one in sent)


def test_what_fell_due_during_an_outage_is_done_once_and_says_how_late() -> None:
    """Two reminders are one, the other steps come once each; the next is at its own time."""
    then = "{after: 3m, do: remind}, {after: 5m, do: remind}, {after: 7m, do: call}, {after: 10m, do: lead}, {after: 60m, do: coordinators}"
    stage = asked(silent(then), AID)
    since = watch(stage, "aid").since
    assert since is not None
    sent = outage(stage, minutes=30)
    [reminder] = to([one for one in sent if one.urgency == Urgency.ALERT], AID)
    assert "27 minutes late: I was not running." in reminder
    assert any("20 minutes late: I was not running." in text for text in to(sent, FIRE))
    assert [(do, bool(rooms)) for do, rooms, _ in steps(stage, "aid")] == [
        ("remind", True), ("remind", False), ("call", True), ("lead", True),
    ]  # fmt: skip
    assert {late // 60 for _, _, late in steps(stage, "aid")} == {27, 25, 23, 20}
    assert stage.pending["escalation:A-1:aid"].at == since + timedelta(minutes=60)


def test_a_partner_for_whom_nothing_was_accepted_in_time_is_unreachable() -> None:
    """On record; the lead and the coordinators get its number, in one message; its steps go on from then."""
    stage = asked(silent(REMIND_LEAD), CITY, FIRE, BRANDWEER, HILFE, WATCHERS)
    sent = pass_time(stage, minutes=6)
    assert [fact.partner for fact in stage.of(PartnerUnreachable) if isinstance(fact, PartnerUnreachable)] == ["aid"]
    for room in (FIRE, DESK):
        [text] = [text for text in to(sent, room) if "has not reached" in text]
        assert text == "A-1 has not reached these partners at all. Please ring them:\n• Aid ☎ +3213"
    pass_time(stage, minutes=11)
    assert [(do, bool(rooms)) for do, rooms, _ in steps(stage, "aid")] == [("remind", False), ("lead", True)]


def test_an_unreachable_partner_is_tried_on_its_other_network_at_once() -> None:
    """Where its copy is refused on both, nothing is repeated where it was just refused."""
    stage = asked(silent(REMIND_LEAD), AID)
    refuse(stage, FIRE)
    assert stage.of(PartnerUnreachable) == []
    sent = refuse(stage, FIRE_TELEGRAM)
    assert [fact.partner for fact in stage.of(PartnerUnreachable) if isinstance(fact, PartnerUnreachable)] == ["fire"]
    assert not any(one.to in (FIRE, FIRE_TELEGRAM) and one.urgency == Urgency.ALERT for one in sent)


def test_whoever_is_refused_everywhere_is_unreachable_at_once() -> None:
    """Nobody waits five minutes to find that out, and the number is told once."""
    stage = asked(silent(REMIND_LEAD), CITY)
    sent = refuse(stage, AID)
    assert watch(stage, "aid").unreachable and [text for text in to(sent, FIRE) if "+3213" in text] != []
    assert len(to(sent, FIRE)) == 1 and "unreachable:A-1:aid" not in keys(stage)
    assert not any(one.role == "unreachable" for one in refuse(stage, AID))


def test_a_playbook_without_steps_or_time_counts_nobody_as_unreachable() -> None:
    """As before, each refusal is told with the number to ring."""
    stage = opened()
    asked(stage=stage)
    refuse(stage, AID)
    assert stage.of(PartnerUnreachable) == [] and keys(stage) == set() and expected(stage.world, stage.now) == {}


def test_once_a_network_accepts_it_after_all_the_time_counts_from_there() -> None:
    """And the partner is off the list of those to ring for that."""
    stage = asked(silent(REMIND_LEAD), CITY)
    pass_time(stage, minutes=6)
    for send in [one for one in stage.sent if one.role == "unreachable"]:
        stage.accepted(send)
    stage.now += timedelta(seconds=10)
    late = next(s for s in stage.tokens.values() if s.to == AID and s.urgency == Urgency.ALERT)
    before = len(stage.sent)
    stage.accepted(late)
    assert stage.pending["escalation:A-1:aid"].at == stage.now + timedelta(minutes=3)
    [edited] = [text for text in to(stage.sent[before:], FIRE) if "has not reached" in text]
    assert "Aid" not in edited and "Hilfe" in edited


def test_an_unlisted_partner_is_reminded_and_nobody_else_hears_of_it() -> None:
    """The steps that would tell of it reach nobody."""
    stage = asked(silent(), WATCHERS)
    answered = [CITY, FIRE, BRANDWEER, AID, HILFE]
    for room in answered:
        answer(stage, room)
    stage.sent.clear()
    sent = [one for one in pass_time(stage, minutes=13) if one.role != "card"]
    assert {one.to for one in sent} == {WATCHERS}
    assert [do for do, rooms, _ in steps(stage, "watchers") if rooms] == ["remind"]


def test_what_may_not_be_shown_any_more_is_not_in_a_reminder() -> None:
    """The city's room is no longer encrypted: a reminder to the rest of its people shows what it may see now."""
    from handlers.events import RoomEvent
    from storage.facts import RoomObserved
    from tests.handlers.border_stage import issued

    stage = opened(silent(REMIND_LEAD, more=", from: person"))
    issued(stage, "/alert evacuation action=leave where=Town secret=dam")
    for send in [one for one in stage.sent if one.urgency == Urgency.ALERT]:
        stage.accepted(send)
    assert any("dam" in text for text in to(stage.sent, CITY))
    stage.happen(RoomEvent("observed", CITY, observed=RoomObserved(CITY, False, True, False, False, False, False, "")))
    sent = [one for one in pass_time(stage, minutes=4) if one.urgency == Urgency.ALERT]
    assert to(sent, CITY) and not any("dam" in text for text in to(sent, CITY))


def test_liaisons_are_written_to_in_private_what_their_partner_may_see_there() -> None:
    """On Telegram the number of people is withheld from them as from their rooms there."""
    stage = opened(silent("{after: 6m, do: liaisons}"))
    stage.enrol("telegram:77", "liaison", "aid")
    asked(stage=stage)
    [text] = to(pass_time(stage, minutes=7), RoomRef("telegram", "77"))
    assert "Leave now." in text and steps(stage, "aid")[0][1] == ("telegram:77",)


def test_a_silent_lead_has_its_deputies_offered_the_lead() -> None:
    """It is told of nobody's silence but others', and keeps the lead until one accepts."""
    stage = asked(silent("{after: 9m, do: deputies}"), FIRE)
    sent = pass_time(stage, minutes=10)
    offers = stage.world.incidents["I-1"].offers
    assert [offer.fact.partners for offer in offers.values()] == [("city",)]
    assert any("/accept" in tap.command for one in sent for row in one.taps for tap in row if one.to == CITY)


def test_the_lead_is_not_told_of_its_own_silence_and_somebody_else_is() -> None:
    """The coordinators learn it in its place."""
    stage = asked(silent("{after: 10m, do: lead}"), FIRE)
    sent = pass_time(stage, minutes=11)
    assert not any(one.role == "lead" and one.to in (FIRE, FIRE_TELEGRAM) for one in sent)
    assert any("• Fire ☎ +3211" in text for text in to(sent, DESK))


def test_every_open_escalation_has_a_next_deadline_at_every_moment() -> None:
    """Through acceptances, refusals, answers, undone answers and every step, until all is over."""
    stage = asked(silent(), CITY, FIRE, AID)

    def sound() -> None:
        assert set(expected(stage.world, stage.now)) <= keys(stage)
        assert audited(stage.world, keys(stage), stage.now) == []

    sound()
    refuse(stage, HILFE)
    sound()
    answer(stage, FIRE)
    answer(stage, FIRE, "/ack A-1 undo")
    sound()
    for _ in range(36):
        pass_time(stage, seconds=30)
        sound()
    assert expected(stage.world, stage.now) == {}


def test_an_escalation_without_a_deadline_is_a_fault_that_is_set_right_and_told() -> None:
    """Recorded for each partner, the deadline set again, the coordinators told once."""
    stage = asked(silent(REMIND_LEAD), AID, CITY)
    lost = {key: stage.pending.pop(key) for key in ("escalation:A-1:aid", "unreachable:A-1:hilfe")}
    effects = audited(stage.world, keys(stage), stage.now)
    stalled = [one.fact for one in effects if isinstance(one, Record)]
    assert sorted(fact.partner for fact in stalled if isinstance(fact, EscalationStalled)) == ["aid", "hilfe"]
    assert {one.key: one.at for one in effects if isinstance(one, Wake)} == {k: w.at for k, w in lost.items()}
    [told] = [one for one in effects if isinstance(one, Send)]
    assert told.to == DESK and "A fault of mine" in told.body.text and "A-1" in told.body.text
    stage.apply(effects)
    assert audited(stage.world, keys(stage), stage.now) == []


def test_a_paused_exercise_is_not_a_stall() -> None:
    """What stands still on purpose has no deadline that could be missing."""
    stage = asked(silent(REMIND_LEAD), AID)
    paused = replace(stage.world.incidents["I-1"], paused="I-2")
    world = replace(stage.world, incidents={"I-1": paused})
    assert audited(world, set(), stage.now) == []


def test_two_alerts_are_counted_apart() -> None:
    """An answer to one is no answer to the other."""
    stage = asked(silent(REMIND_LEAD), AID)
    from tests.handlers.border_stage import issued

    issued(stage)
    for send in [one for one in stage.sent if one.urgency == Urgency.ALERT and one.about == "A-2"]:
        stage.accepted(send)
    answer(stage, AID, "/ack A-2 acting")
    alive = {key for key in keys(stage) if key.endswith(":aid")}
    replaced = stage.world.incidents["I-1"].alerts["A-1"].state != "open"
    assert alive == (set() if replaced else {"escalation:A-1:aid"})


ROUND = """checkins:
  hourly:
    to: everyone
    ask: {en: "Status of your services?"}
    within: 15m
    then: [{after: 15m, do: remind}, {after: 18m, do: call}, {after: 20m, do: lead}]
    label: {tlp: green}
alerts:
"""


def test_a_round_of_a_check_in_is_followed_up_in_the_same_way() -> None:
    """A reminder in the rooms that were asked, then the lead; who answered is left alone; nobody after the next round began."""
    stage = opened(silent(REMIND_LEAD, ("alerts:\n", ROUND)))
    for send in stage.say(FIRE, "/checkin start hourly", LIAISON):
        if send.role == "prompt":
            stage.accepted(send)
    answer(stage, AID, "/checkin ok")
    stage.sent.clear()
    sent = pass_time(stage, minutes=16)
    assert to(sent, AID) == [] and any("Reminder: C-1" in text for text in to(sent, HILFE))
    sent = pass_time(stage, minutes=6)
    assert any("Still no answer to C-1" in text for text in to(sent, FIRE))
    # Brandweer leads for itself: its silence is told the coordinators.
    assert [rooms for _, rooms, _ in steps(stage, "brandweer")] == [(str(BRANDWEER),), (str(DESK),), (str(DESK),)]
    assert [do for do, _, _ in steps(stage, "city")] == ["remind", "call", "lead"]
    assert steps(stage, "aid") == []
    count = len(stage.of(Escalated))
    stage.say(FIRE, "/checkin start hourly", LIAISON)
    pass_time(stage, minutes=10)
    assert len(stage.of(Escalated)) == count and expected(stage.world, stage.now).keys() <= keys(stage)
