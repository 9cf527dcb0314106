"""Commands that are too long for a button: never cut, and said in words instead."""

from __future__ import annotations

import pytest

from handlers.taps import button, fits, parted
from playbooks.cleared import word
from playbooks.load import Book
from playbooks.rooms import RoomRef
from storage.effects import Send, Tap
from tests.handlers.border_stage import AID, CITY, DESK, FIRE, LIAISON, MAYOR, SOMEBODY, opened
from tests.handlers.checkin_stage import CHECKINS, with_checkins
from tests.handlers.silent_stage import asked, pass_time, silent
from tests.handlers.stage import ADMIN, Stage
from tests.playbooks.border import border

LONG = ("red-cross-of-the-province-" * 3)[:63] + "x"
"""A name as long as names may be; cut by one, it would be another."""
AID_LONG = ("  aid:\n", f"  {LONG}:\n")
TALK = ("by: [city, fire, aid]", "by: [city, fire]")


def words(sent: list[Send]) -> str:
    """What was said."""
    return "\n".join(send.body.text for send in sent)


def commands(sent: list[Send]) -> list[str]:
    """What can be tapped."""
    return [tap.command for send in sent for row in send.taps for tap in row]


def begun(book: Book) -> Stage:
    """As ``opened``, from a playbook of any name."""
    stage = opened(book)
    if not stage.world.incidents:
        stage.say(CITY, f"/activate {book.playbook.playbook}", MAYOR)
        stage.sent.clear()
    return stage


def test_a_command_is_measured_in_bytes_and_never_cut() -> None:
    """One that fits is a button; one byte more, and it is a line that says what to write."""
    fitting, longer = "/go " + "é" * 30, "/go " + "é" * 30 + "a"
    assert fits(fitting) and not fits(longer)
    label = word("liaison")
    assert button(("en",), CITY, label, fitting, "✅") == Tap(label, fitting, "✅")
    rows, lines = parted([[button(("en",), CITY, label, longer, "✅")], [button(("en",), CITY, label, fitting, "✅")]])
    assert [[tap.command for tap in row] for row in rows] == [[fitting]]
    assert [line.text for line in lines] == [f"liaison: write {longer}"]


@pytest.mark.parametrize(
    ("old", "new", "room", "who", "typed", "whole"),
    [
        (*AID_LONG, DESK, ADMIN, f"/rollcall {LONG[:-1]}y", f"/rollcall {LONG}"),
        (*AID_LONG, DESK, ADMIN, f"/rollcall {LONG}", f"/rollcall {LONG} again"),
        ("  talk:\n", f"  {LONG}:\n", CITY, MAYOR, f"/alert {LONG[:-1]}y", f"/alert {LONG}"),
        ("  talk:\n", f"  {LONG}:\n", CITY, MAYOR, "/alert", f"/alert {LONG}"),
        ("playbook: border\n", f"playbook: {LONG}\n", CITY, MAYOR, f"/activate {LONG}", f"/activate +{LONG}"),
        ("playbook: border\n", f"playbook: {LONG}\n", DESK, ADMIN, f"/ready {LONG[:-1]}y", f"/ready {LONG}"),
        ("[watch, response]\nleads", f"[watch, {LONG}]\nleads", CITY, ADMIN, "/phase", f"/phase I-1 {LONG}"),
        (*AID_LONG, CITY, ADMIN, f"/bind {LONG[:-1]}y", f"/bind {LONG}"),
        (*AID_LONG, FIRE, LIAISON, f"/handover {LONG[:-1]}y", f"/handover I-1 {LONG}"),
    ],
)  # fmt: skip
def test_long_names_are_written_whole(old: str, new: str, room: RoomRef, who: str, typed: str, whole: str) -> None:
    """Whatever a choice would do to something with a long name is said in words; no button does something else."""
    changes = [(old, new), *((TALK,) if (old, new) == AID_LONG else ())]
    if new.startswith("[watch"):
        changes.append(("in: [watch, response]", f"in: [watch, {LONG}]"))
    stage = begun(border(*changes))
    if typed == f"/rollcall {LONG}":
        stage.enrol(SOMEBODY, "responder", LONG)
        stage.say(room, typed, who, private=room == DESK)
    sent = stage.say(room, typed, who, private=room == DESK)
    assert f"write {whole}" in words(sent)
    assert not [one for one in commands(sent) if LONG[:40] in one]


def test_a_long_check_in_is_started_and_answered() -> None:
    """Starting it again is said in words, answers go by their numbers, and the second round ends the first."""
    text = CHECKINS.replace("  hourly:\n", f"  {LONG}:\n").replace("[ready, tired, help]", f"[ready, tired, {LONG}]")
    stage = opened(with_checkins(text=text))
    assert f"write /checkin start {LONG}" in words(stage.say(DESK, "/checkin", ADMIN, private=True))
    stage.say(DESK, f"/checkin start {LONG}", ADMIN, private=True)
    again = stage.say(DESK, f"/checkin start {LONG}", ADMIN, private=True)
    assert f"write /checkin start {LONG} again" in words(again) and not commands(again)
    stage.say(DESK, "/checkin start morning", ADMIN, private=True)
    asked_again = stage.say(FIRE, "/checkin C-2 whatever", LIAISON)
    assert commands(asked_again) == ["/checkin C-2 ready", "/checkin C-2 tired", "/checkin C-2 3"]


def test_who_rings_a_partner_with_a_long_name_reads_what_to_write() -> None:
    """The list of calls has no button for it, and says the command."""
    stage = asked(silent("{after: 7m, do: call}, {after: 30m, do: lead}", AID_LONG, TALK), AID)
    assert f"Calling Aid: write /call A-1 {LONG} taken" in words(pass_time(stage, minutes=9))


def test_asking_for_an_alert_with_a_long_name_says_what_to_write() -> None:
    """Whoever may not issue it, and whoever is asked to, read the whole command."""
    stage = opened(border(("  affected:\n", f"  {LONG}:\n"), ("by: [city, fire]\n    fields: {what: optional, where",
                          "by: [city]\n    fields: {what: optional, where")))  # fmt: skip
    assert f"Ask now: write /ask {LONG}" in words(stage.say(FIRE, f"/alert {LONG}", LIAISON))
    assert f"Prepare it: write /alert {LONG}" in words(stage.say(FIRE, f"/ask {LONG}", LIAISON))
