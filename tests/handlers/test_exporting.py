"""``/export``: a copy of the log comes to whoever asks, alone, as far as it is theirs and their chat may carry it."""

from __future__ import annotations

import json
from dataclasses import replace
from shlex import split

from playbooks.rooms import RoomRef
from storage.effects import Send, Urgency
from storage.facts import CommandRefused, Disclosed, LogRead
from tests.handlers.border_stage import BRANDWEER, DESK, FIRE, opened
from tests.handlers.stage import Stage
from tests.playbooks.border import border

ALL, OWN, CITIZEN = "matrix:@all:x.org", "matrix:@own:x.org", "telegram:72"
ALL_CHAT, OWN_CHAT = RoomRef("matrix", "!dm@all:x.org"), RoomRef("matrix", "!dm@own:x.org")


def _stage() -> Stage:
    """An incident, an auditor of the deployment and one of the fire service on Matrix, one of the city on Telegram; private chats are encrypted."""
    from storage.effects import Record
    from storage.facts import DEPLOYMENT, RoomObserved

    stage = opened()
    for identity, partner in ((ALL, None), (OWN, "fire"), (CITIZEN, "city")):
        stage.enrol(identity, "auditor", partner)
    stage.apply(
        [
            Record(DEPLOYMENT, RoomObserved(room, True, False, False, False, False, True, ""))
            for room in (ALL_CHAT, OWN_CHAT)
        ]
    )
    stage.sent.clear()
    return stage


def _copy(sent: list[Send]) -> dict[str, str]:
    """What is to be made for the one message that brings a copy."""
    [send] = [one for one in sent if one.carries is not None]
    assert send.carries is not None and send.carries.attached is not None and send.carries.attached.file is not None
    assert send.carries.attached.only == send.to and send.carries.instead is not None
    assert send.urgency < Urgency.CHATTER, "talk would be put together with other talk"
    what, found = send.carries.attached.file.where.split(":", 1)
    assert what == "made"
    return {**json.loads(found), "to": str(send.to), "name": send.carries.attached.file.name}


def test_it_comes_into_the_private_chat_of_whoever_asks_in_a_room() -> None:
    """In the room only that it comes; it is for the partner, and the log says at once who asked for it and why."""
    stage = _stage()
    sent = stage.say(FIRE, "/export csv because the inquiry asks", OWN)
    assert _copy(sent) == {
        "stream": "I-1", "for": "fire", "form": "csv", "by": "P-5", "reason": "the inquiry asks", "language": "en",
        "to": str(OWN_CHAT), "name": "I-1-fire.csv",
    }  # fmt: skip
    assert [one.body.text for one in sent if one.to == FIRE] == ["The copy comes to you in our private chat."]
    [read] = stage.of(LogRead)
    assert isinstance(read, LogRead)
    assert (read.person, read.partner, read.question) == ("P-5", "fire", "export csv for fire")
    assert read.reason == "the inquiry asks"


def test_it_speaks_the_language_of_whoever_reads_it() -> None:
    """That in which they are spoken to where the copy is theirs; another partner's is in that partner's, as the playbook has it."""
    stage = _stage()
    stage.say(ALL_CHAT, "/lang it", ALL, private=True)
    assert _copy(stage.say(ALL_CHAT, "/export because of the court", ALL, private=True))["language"] == "it"
    assert "language" not in _copy(stage.say(ALL_CHAT, "/export watchers because why not", ALL, private=True))


def test_an_auditor_of_the_deployment_has_everything_or_what_a_partner_may_see() -> None:
    """Asked in private, it says why beside whose it is, and how it can be checked."""
    stage = _stage()
    sent = stage.say(ALL_CHAT, "/export because of the court", ALL, private=True)
    assert (_copy(sent)["for"], _copy(sent)["form"], _copy(sent)["name"]) == ("auditor", "bundle", "I-1-auditor.zip")
    assert "of the court" in sent[0].body.text and "tocsin verify" in sent[0].body.text
    assert _copy(stage.say(ALL_CHAT, "/export watchers because why not", ALL, private=True))["for"] == "watchers"


def test_nobody_else_has_another_partners_copy() -> None:
    """Not by naming it, nor the auditor's; coordinators of no partner have none in chat, and learn where there is one."""
    stage = _stage()
    nobodys = "A coordinator of no partner gets no copy here. Ask an auditor (/invite auditor), or make it on the server: tocsin export I-1 --for auditor "
    for who, room, whom, words in (
        (OWN, OWN_CHAT, "city", "your own partner only"),
        (OWN, OWN_CHAT, "auditor", "your own partner only"),
        ("telegram:501", DESK, "auditor", nobodys),
        ("telegram:501", DESK, "", nobodys),
    ):
        sent = stage.say(room, f"/export {whom} because inquiry", who, private=True)
        assert all(one.carries is None for one in sent)
        assert words in sent[-1].body.text
    assert len(stage.of(CommandRefused)) == 4 and not stage.of(LogRead)
    assert "auditors and coordinators" in stage.say(BRANDWEER, "/export because", "matrix:@x:x.org")[-1].body.text


def test_a_chat_that_may_not_carry_it_gets_none() -> None:
    """A copy holds all that its reader may see: an unencrypted network is told what it may not carry, and where to ask."""
    stage = _stage()
    [answer] = stage.say(RoomRef("telegram", "72"), "/export because inquiry", CITIZEN, private=True)
    assert answer.carries is None and "TLP:RED" in answer.body.text
    assert "tocsin export I-1 --for city --reason inquiry -o I-1-city.zip" in answer.body.text
    assert not stage.of(LogRead)
    [answer] = stage.say(RoomRef("telegram", "72"), "/export html because it's asked", CITIZEN, private=True)
    command = next(part for part in answer.body.text.split(": ") if part.startswith("tocsin export"))
    assert split(command) == [
        *("tocsin", "export", "I-1", "--for", "city", "--format", "html"),
        *("--reason", "it's asked", "-o", "I-1-city.html"),
    ]


def test_where_no_more_was_ever_held_than_a_chat_may_carry_the_copy_comes_there() -> None:
    """The playbook knows nothing above TLP:AMBER and nobody raised anything: Telegram may carry an auditor's copy; above that, or where nobody can tell, none."""
    low = border(("secret: {type: text, tlp: red}", "secret: {type: text, tlp: amber}"))
    stage = opened(low)
    stage.enrol("telegram:70", "auditor", None)
    chat = RoomRef("telegram", "70")
    facts = tuple(one for one in stage.facts if one.stream == "I-1")
    sent = stage.say(chat, "/export because inquiry", "telegram:70", private=True, kept=facts)
    assert _copy(sent)["for"] == "auditor"
    [last] = facts[-1:]
    raised = replace(last, fact=Disclosed("x", "", None, chat, "en", "TLP:RED", 0, {}))
    for kept in (None, (*facts, raised)):
        [answer] = stage.say(chat, "/export because inquiry", "telegram:70", private=True, kept=kept)
        assert answer.carries is None
        assert "may hold TLP:RED; by this playbook our chat on Telegram may carry TLP:AMBER at most" in answer.body.text


def test_without_a_private_chat_it_says_how_to_have_one() -> None:
    """Somebody who never wrote to us alone: nothing is sent anywhere."""
    stage = _stage()
    stranger = "matrix:@chief:x.org"
    asked = stage.say("telegram:501", "/invite auditor fire", private=True)
    code = asked[-1].body.text.split("/start ")[1].split()[0]
    stage.say(FIRE, f"/start {code}", stranger)
    sent = stage.say(FIRE, "/export because inquiry", stranger)
    assert all(one.carries is None for one in sent) and "no private chat with you on Matrix" in sent[-1].body.text


def test_without_a_reason_it_asks_for_one() -> None:
    """With the forms there are; nothing is recorded and nothing sent."""
    stage = _stage()
    [answer] = stage.say(OWN_CHAT, "/export html", OWN, private=True)
    assert "/export html because …" in answer.body.text and "ics214" in answer.body.text
    assert not stage.of(LogRead)


def test_a_partner_that_nobody_may_know_of_is_the_beginning_of_a_reason() -> None:
    """``watchers`` is unlisted: for the fire service it is a word like any other."""
    stage = _stage()
    copy = _copy(stage.say(OWN_CHAT, "/export watchers ask for it", OWN, private=True))
    assert (copy["for"], copy["reason"]) == ("fire", "watchers ask for it")


def test_a_form_that_there_is_not_is_said_with_those_there_are() -> None:
    """A single word before "because" is meant as a form or a partner; one that nobody may know of is answered alike, and nothing is recorded."""
    stage = _stage()
    for typed in ("nope", "watchers", '"no such"'):
        [answer] = stage.say(OWN_CHAT, f"/export {typed} because inquiry", OWN, private=True)
        word = typed.strip('"')
        assert f"There is no form or partner {word}." in answer.body.text and "ics214" in answer.body.text
    assert not stage.of(LogRead)
    assert _copy(stage.say(OWN_CHAT, "/export csv we ask because of it", OWN, private=True))["form"] == "csv"
