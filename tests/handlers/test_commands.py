"""What is heard: which command, by whom, in which incident; and that nobody is heard who may not be."""

from __future__ import annotations

import pytest

from handlers import COMMANDS, failed, hear
from handlers.world import Request, circumstances
from playbooks.rooms import RoomRef
from storage.effects import Send
from storage.facts import CommandRefused, DangerDeclared, DangerEnded, Fact, NoteAdded
from tests.handlers.border_stage import (
    AID,
    BRANDWEER,
    CITY,
    DESK,
    FIRE,
    HILFE,
    LIAISON,
    MAYOR,
    NOWHERE,
    SOMEBODY,
    WATCHERS,
    issued,
    opened,
    said,
)  # fmt: skip
from tests.handlers.stage import ADMIN, Stage
from tests.handlers.talk_stage import talking
from tests.playbooks.border import border

ALL_IN = [f"/{command.name} {command.usage.split(' ')[0]}" for command in COMMANDS]


def listed(stage: Stage, room: RoomRef, identity: str = SOMEBODY, **more: object) -> set[str]:
    """The commands that /help lists there."""
    return {
        line.split()[0] for line in said(stage, room, "/help", identity, **more).splitlines() if line.startswith("/")
    }


def test_an_unknown_command_gets_the_nearest_one_with_a_tap() -> None:
    """What was typed is said back; nothing is done."""
    stage = opened()
    sent = stage.say(CITY, "/stauts A-1", MAYOR)
    assert "/stauts" in sent[0].body.text and "/status" in sent[0].body.text
    assert [tap.command for row in sent[0].taps for tap in row] == ["/status A-1"]
    assert "/help" in said(stage, CITY, "/xyzzy", MAYOR)
    assert "other rooms" not in said(stage, CITY, "/xyzzy", MAYOR)


@pytest.mark.parametrize("words", ["!Achtung Lawine kommt", "/ Pause", "!" + "x" * 20])
def test_what_looks_like_a_command_in_a_channel_is_said_to_have_gone_nowhere(words: str) -> None:
    """Whoever meant it for the others is told how to say it; in private, and where there is no channel, there are no others."""
    stage = talking()
    [answer] = stage.speak(CITY, words, MAYOR)
    assert answer.body.text.endswith(
        "The other rooms did not get it. For them, write it again and begin with a word, not with / or !."
    )
    assert "other rooms" not in said(stage, DESK, words, MAYOR, private=True)


def test_the_help_offers_an_update_to_those_alone_who_may_make_one() -> None:
    """The lead may end an alert that is not its own to issue, and is offered that; what it would only be refused, it is not."""
    stage = opened()
    issued(stage)
    assert {"/update", "/cancel"} <= listed(stage, CITY, MAYOR)
    offered = listed(stage, FIRE, LIAISON)
    assert "/cancel" in offered and "/update" not in offered
    assert "belongs to" in said(stage, FIRE, "/update A-1 action=stay", LIAISON)
    assert said(stage, FIRE, "/update", LIAISON) == "No open alert here is yours to change."


@pytest.mark.parametrize("command", ["/briefing", "/decide Close the bridge", "/admit", "/checkin", "/board"])
def test_the_help_offers_what_is_carried_out_and_nothing_else(command: str) -> None:
    """To everybody of whoever leads, and of whoever is to lead: one gate decides both."""
    stage = opened()
    stage.say(FIRE, "/handover aid", LIAISON)
    for room, identity in ((FIRE, LIAISON), (FIRE, SOMEBODY), (CITY, MAYOR), (AID, SOMEBODY), (HILFE, SOMEBODY)):
        before = len(stage.of(CommandRefused))
        offered = command.split(" ", maxsplit=1)[0] in listed(stage, room, identity)
        stage.say(room, command, identity)
        assert offered == (len(stage.of(CommandRefused)) == before), (room, identity)


def test_commands_of_other_bots_and_talk_between_people_are_not_ours() -> None:
    """In a partner's room, and unknown ones where we are nobody's."""
    stage = opened()
    for text in ("good morning", "and/or", "http://x.org/help", ""):
        assert stage.say(CITY, text, MAYOR) == []
    assert stage.say(NOWHERE, "/stauts", SOMEBODY) == []


def test_an_anonymous_post_commands_nothing() -> None:
    """It is answered with what to do, and no fact comes of it."""
    stage = opened()
    issued(stage)
    count = len(stage.facts)

    def posted(text: str) -> list[str]:
        request = Request(stage.now, b"seed", CITY, False, None, "", text)
        return [effect.body.text for effect in stage.apply(hear(stage.world, request)) if isinstance(effect, Send)]

    for command in ("/ack A-1 seen", "/alert evacuation", "/close I-1 yes", "/danger x", "/draft D-1 send"):
        assert len(posted(command)) == 1 and "nonymous" in posted(command)[0]
    assert posted("seen") == []
    assert len(stage.facts) == count


def test_who_was_revoked_is_heard_no_more() -> None:
    """In their partner's room, in private, by any command; each try is recorded."""
    stage = opened()
    stage.say(DESK, f"/revoke {stage.world.who.identities[MAYOR]} left", "telegram:501", private=True)
    before = stage.facts[:]
    for room, private in ((CITY, False), (RoomRef("matrix", "!dm"), True)):
        for command in ALL_IN:
            stage.say(room, command, MAYOR, private=private)
    after = [kept.fact for kept in stage.facts[len(before) :]]
    assert after and {type(fact) for fact in after} == {CommandRefused}
    assert stage.world.incidents["I-1"].drafts == {}


def test_help_lists_what_one_may_do_here_and_now_and_nothing_else() -> None:
    """Every command that is listed passes the same gate that executes it; those of others are not listed."""
    stage = opened()
    assert {"/status", "/ack", "/alert", "/note", "/who"} <= listed(stage, CITY, MAYOR)
    assert not {"/close", "/bind", "/log"} & listed(stage, CITY, MAYOR)
    assert {"/close", "/bind", "/log"} <= listed(stage, DESK, "telegram:501", private=True)
    assert not {"/status", "/ack", "/alert", "/who", "/close", "/activate"} & listed(stage, NOWHERE)
    assert not {"/alert", "/danger", "/activate"} & listed(stage, AID)
    assert not {"/alert", "/danger"} & listed(stage, CITY)
    assert "/danger" in listed(stage, FIRE, LIAISON) and "/danger" not in listed(stage, CITY, MAYOR)
    for room, identity in ((CITY, MAYOR), (AID, SOMEBODY), (NOWHERE, SOMEBODY)):
        for name in {f"/{command.name}" for command in COMMANDS if not command.hidden} - listed(stage, room, identity):
            count = len(stage.facts)
            stage.say(room, f"{name} I-1", identity)
            assert all(isinstance(kept.fact, CommandRefused) for kept in stage.facts[count:]), (room, name)


def test_no_incident_means_no_command_that_needs_one() -> None:
    """Neither listed nor done; what starts one is."""
    stage = Stage.set(opened().world.shelf["border"])
    assert "/status" not in listed(stage, CITY)
    assert "No incident is open" in said(stage, CITY, "/status")


def test_with_several_incidents_one_is_asked_for() -> None:
    """With a tap for each; the tap does what was meant, in that incident."""
    stage = opened()
    stage.say(CITY, "/activate +border Another", MAYOR)
    sent = stage.say(CITY, "/note the bridge is shut", MAYOR)
    commands = [tap.command for row in sent[0].taps for tap in row]
    assert commands == ["/note I-1 the bridge is shut", "/note I-2 the bridge is shut"]
    stage.say(CITY, commands[1], MAYOR, via="button")
    note = stage.facts[-1]
    assert note.stream == "I-2" and isinstance(note.fact, NoteAdded) and note.fact.text == "the bridge is shut"


def test_the_id_of_the_incident_is_no_part_of_what_is_said() -> None:
    """`/danger I-1 off` ends the danger, and does not declare it anew; `/alert I-1 evacuation` finds its template."""
    stage = opened()
    stage.say(CITY, "/activate +border Another", MAYOR)
    stage.say(FIRE, "/danger I-1 a dyke broke", LIAISON)
    stage.say(FIRE, "/danger I-1 off", LIAISON)
    assert [fact.reason for fact in stage.of(DangerDeclared) if isinstance(fact, DangerDeclared)] == ["a dyke broke"]
    assert len(stage.of(DangerEnded)) == 1
    assert "Draft D-1" in said(stage, CITY, "/alert I-1 evacuation action=leave where=Town", MAYOR)


@pytest.mark.parametrize(
    ("words", "hazard", "title"),
    [
        ("", "flood", None),
        ("Dyke", "flood", "Dyke"),
        ("dam", "dam", None),
        ("Dam the wall", "dam", "Dam the wall"),
        ("Flood in Town", "flood", "Flood in Town"),
    ],
)
def test_an_incident_has_the_hazard_that_is_said_or_the_first(words: str, hazard: str, title: str | None) -> None:
    """And rules that ask for a hazard, of leads and of sharing, go by it from the first word on."""
    lead = "  - {tier: operational, lead: brandweer}\n"
    book = border((lead, "  - {tier: operational, jurisdiction: nl, hazard: dam, lead: city}\n" + lead))
    stage = Stage.set(book)
    stage.say(CITY, f"/activate border {words}", ADMIN)
    incident = stage.world.incidents["I-1"]
    assert (incident.hazard, incident.opened.title) == (hazard, title)
    leading = circumstances(stage.world, incident, stage.now).lead_for("nl")
    assert leading is not None and leading.decides == ("city" if hazard == "dam" else "brandweer")


def test_an_incident_that_is_closed_is_asked_for_no_more() -> None:
    """A reply to one of its alerts changes nothing."""
    stage = opened()
    issued(stage)
    alert = next(send for send in stage.sent if send.to == AID)
    stage.say(DESK, "/close I-1 yes", "telegram:501", private=True)
    count = len(stage.facts)
    stage.say(AID, "/ack A-1 seen", SOMEBODY, about=stage.about(alert))
    assert len(stage.facts) == count


def test_closing_waits_for_no_partner_that_whoever_closes_may_not_know() -> None:
    """When all who are listed have answered, an unlisted partner's silence is not counted."""
    stage = opened()
    issued(stage)
    asked = stage.say(DESK, "/close", ADMIN, private=True)
    assert "1 alert still waits" in asked[0].body.text
    for room in (CITY, FIRE, BRANDWEER, AID, HILFE):
        stage.say(room, "/ack A-1 acting", SOMEBODY)
    assert not any("still wait" in send.body.text for send in stage.say(DESK, "/close", ADMIN, private=True))


def test_a_partner_of_one_playbook_is_a_stranger_in_another() -> None:
    """A room acts for the partner that the incident's own playbook says."""
    stage = opened()
    assert said(stage, NOWHERE, "/ack A-1 seen", MAYOR) == said(stage, NOWHERE, "/ack A-1 seen", SOMEBODY)


@pytest.mark.parametrize(
    "text", ["/ack \ud800", "/stauts \udfff", "/start \ud83d", "/note \ud800x", "/alert talk \ud800"]
)
def test_half_characters_break_nothing(text: str) -> None:
    """Neither an answer nor a fact has one: everything can be written down."""
    stage = opened()
    for room, identity in ((CITY, MAYOR), (AID, SOMEBODY)):
        for send in stage.say(room, text, identity):
            send.body.html.encode()
    for kept in stage.facts:
        repr(kept.fact).encode()
        assert "\\ud8" not in repr(kept.fact)


def test_a_fault_of_ours_is_said_to_whoever_commanded_something() -> None:
    """And to nobody who only talked."""
    stage = opened()

    def asked(text: str) -> Request:
        return Request(stage.now, b"seed", CITY, False, MAYOR, "Mayor", text)

    effects = failed(stage.world, asked("/status"))
    assert len(effects) == 1 and isinstance(effects[0], Send) and "wrong on my side" in effects[0].body.text
    assert failed(stage.world, asked("good morning")) == []


@pytest.mark.parametrize("room", [CITY, FIRE, AID, WATCHERS, NOWHERE])
def test_no_command_fails_whoever_gives_it_and_whatever_its_argument(room: RoomRef) -> None:
    """Every command with nothing, with an id, with gossip, with braces: an answer or none, and never a fault."""
    stage = opened()
    issued(stage)
    for command in COMMANDS:
        for argument in (
            "",
            "A-1",
            "I-1",
            "D-1",
            "gossip",
            "{x} <b>",
            "A-999999999",
            "evacuation",
            "border",
            "city",
            "P-1",
            "x" * 500,
        ):
            request = Request(stage.now, b"seed", room, False, LIAISON, "L", f"/{command.name} {argument}")
            for effect in hear(stage.world, request):
                if isinstance(effect, Send):
                    assert effect.body.only in (None, effect.to)
                    assert all(tap.label.only in (None, effect.to) for row in effect.taps for tap in row)
    assert isinstance(stage.facts[-1].fact, Fact)


def test_a_room_for_exercises_speaks_for_nobody_in_a_real_incident() -> None:
    """Nor can a real one be started from it."""
    stage = Stage.set()
    drill, real = RoomRef("telegram", "-1001000000102"), RoomRef("telegram", "-1001000000002")
    stage.say(drill, "/activate meuse-flood A drill", SOMEBODY)
    assert stage.world.incidents == {}
    stage.say(real, "/activate meuse-flood The real thing", SOMEBODY)
    assert "real thing" not in said(stage, drill, "/status", SOMEBODY)
    stage.say(drill, '/alert evacuation action=leave where="Chênée"', ADMIN)
    assert stage.world.incidents["I-1"].drafts == {}
