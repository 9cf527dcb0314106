"""What people say in a channel's room is carried to its other rooms: what is talk, how closely it is held, and what is never carried."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handlers.channels import seat, threaded
from handlers.events import RoomEvent
from handlers.recap import told
from playbooks.rooms import RoomRef
from playbooks.spoken import File, Poll, Spoken
from storage.effects import Urgency
from storage.facts import RoomObserved, SaidAnew
from storage.store import Mentioned, Utterance
from tests.handlers.border_stage import (
    AID,
    BRANDWEER,
    CITY,
    CITY_TELEGRAM,
    DESK,
    FIRE,
    FIRE_TELEGRAM,
    HILFE,
    LIAISON,
    MAYOR,
    NOWHERE,
    WATCHERS,
)
from tests.handlers.talk_stage import OPS, TalkStage, rooms_of, talking

MEMBERS = {CITY_TELEGRAM, FIRE, FIRE_TELEGRAM, BRANDWEER, WATCHERS}
"""Who may read amber, the city's own room left out."""


def test_what_is_said_goes_to_every_other_room_that_may_read_it() -> None:
    """With who spoke and the words; on record is who was left out and why."""
    stage = talking()
    sent = stage.speak(CITY, "The <b>quay</b> is wet", MAYOR)
    assert rooms_of(sent) == MEMBERS
    [fire] = [send for send in sent if send.to == FIRE]
    assert fire.body.html.endswith("\nThe <b>quay</b> is wet") and fire.urgency is Urgency.CHATTER
    assert {room: one["why"] for room, one in stage.fact().left_out.items()} == {
        str(AID): "clearance", str(HILFE): "clearance",
    }  # fmt: skip


@pytest.mark.parametrize("words", ["/status", "!help", "/nonsense", "/s@other_bot"])
def test_commands_are_no_talk(words: str) -> None:
    """Ours, and those for other programs, are carried nowhere."""
    stage = talking()
    stage.speak(CITY, words, MAYOR)
    assert not stage.said


@pytest.mark.parametrize("room", [NOWHERE, DESK])
def test_rooms_that_are_in_no_channel_are_not_overheard(room: RoomRef) -> None:
    """Neither somebody's private chat nor a room that is nobody's."""
    stage = talking()
    assert not stage.speak(room, "Between us") and not stage.said


def test_without_an_incident_a_room_is_just_a_room() -> None:
    """And after it is closed."""
    stage = talking()
    stage.say(DESK, "/close I-1", private=True)
    stage.say(DESK, "/close I-1 yes", private=True)
    assert stage.world.incidents["I-1"].closed_at is not None
    assert not stage.speak(CITY, "All quiet", MAYOR) and not stage.said


def test_programs_and_other_bridges_are_carried_nowhere() -> None:
    """What a bot says, and our own words that another bridge brings into a third room."""
    stage = talking()
    assert not stage.speak(CITY, "I am a bot", automatic=True)
    stage.speak(CITY, "Boats at the quay", MAYOR, name="Ada")
    for head in (
        "▸ <b>mayor</b> · City &amp; Sons &lt;town hall&gt;",
        "▸ City &amp; Sons &lt;town hall&gt; · official",
        "▸ …",
    ):
        assert not stage.speak(FIRE, f"{head}\nBoats at the quay", "matrix:@ghost:x.org")
    assert rooms_of(stage.speak(FIRE, "Boats at the quay", LIAISON))


def test_a_raised_label_narrows_who_is_told_and_is_shown() -> None:
    """Of amber+strict, no Telegram room is told; whoever is reads how closely it is held."""
    stage = talking()
    sent = stage.speak(CITY, "[amber+strict] hush", MAYOR)
    assert rooms_of(sent) == {FIRE}
    assert "TLP:AMBER+STRICT" in sent[0].body.text and "[" not in sent[0].body.text


def test_a_label_alone_holds_for_nothing() -> None:
    """Whoever writes it is told to write both in one message; nobody gets a message that says nothing. With a picture it is no label alone."""
    stage = talking()
    [answer] = stage.speak(CITY, "[red]", MAYOR)
    assert answer.to == CITY and answer.body.text.startswith("Nothing was carried: a label holds for the words")
    assert not stage.said
    stage.speak(CITY, "", MAYOR, spoken=Spoken("[amber+strict]", File("matrix", "{}", "photo")))
    assert stage.last().raised == "amber+strict"


def test_a_mistyped_label_carries_nothing_and_says_so() -> None:
    """Nobody but whoever wrote it reads anything, then or later; they see at once that nobody does."""
    stage = talking()
    sent = stage.speak(CITY, "[redd] hush", MAYOR)
    assert rooms_of(sent) == {CITY} and "[redd]" in sent[0].body.text
    assert (stage.fact().never, stage.last().versions) == ("unknown-label", 0)
    assert {one["why"] for one in stage.fact().left_out.values()} == {"unknown-label"}
    assert [(one.room, one.emoji) for one in stage.reacts] == [(CITY, "🙊")]
    assert not stage.world.incidents["I-1"].talk


def test_a_mistyped_label_is_put_right_by_an_edit() -> None:
    """Then it is told for the first time, as it would have been; mistyped again it is not, and that is said again, but not for an edit of nothing."""
    stage = talking()
    stage.speak(CITY, "[ambr+strict] hush", MAYOR)
    said = stage.last()
    sent = stage.befalls("edited", said, spoken=Spoken("[ambr+stict] hush"))
    assert rooms_of(sent) == {CITY} and "[ambr+stict]" in sent[0].body.text
    assert not stage.befalls("edited", stage.last(), spoken=Spoken("[ambr+stict] hush"))
    sent = stage.befalls("edited", stage.last(), spoken=Spoken("[amber+strict] hush"))
    assert rooms_of(sent) == {FIRE} and not sent[0].amends and "TLP:AMBER+STRICT" in sent[0].body.text
    assert (stage.fact().said, stage.fact().never, stage.last().versions) == (said.id, None, 1)
    assert [one.words for one in stage.world.incidents["I-1"].talk["ops"]] == ["hush"]
    stage.all_become(said.id)
    sent = stage.befalls("edited", stage.last(), spoken=Spoken("[amber+strict] silence"))
    assert rooms_of(sent) == {FIRE} and sent[0].amends


def test_a_label_on_one_picture_of_an_album_holds_for_those_after_it() -> None:
    """Only the first has words."""
    stage = talking()
    pictures = [Spoken(words, File("matrix", "{}", "photo", album="a1")) for words in ("[red] the dam", "", "")]
    for picture in pictures:
        stage.speak(CITY, picture.html, MAYOR, spoken=picture)
    assert [one.raised for one in stage.said.values()] == ["red", "red", "red"]
    stage.speak(CITY, "", MAYOR, spoken=replace(pictures[1], file=File("matrix", "{}", "photo", album="a2")))
    assert stage.last().raised is None


def pictures(stage: TalkStage, *captions: str) -> list[Utterance]:
    """The mayor sends so many pictures together; what was said, in order."""
    for number, words in enumerate(captions):
        picture = Spoken(words, File("matrix", f"{{{number}}}", "photo", album="a1"))
        stage.speak(CITY, words, MAYOR, spoken=picture)
    return list(stage.said.values())


def test_a_label_on_a_later_picture_takes_back_those_before_it() -> None:
    """Whether they wait, have left or arrived; where the label allows them they say it, and the log has the join of each."""
    stage = talking()
    first, second = pictures(stage, "the dam", "")
    stage.all_become(first.id)
    pictures(stage, "[amber+strict] from the other side")
    assert [one.raised for one in stage.said.values()] == ["amber+strict"] * 3
    assert {one.said for one in stage.of(SaidAnew)} == {first.id, second.id}
    gone = {(one.about, one.room) for one in stage.removes}
    assert gone == {(one.id, room) for one in (first, second) for room in MEMBERS - {FIRE}}
    anew = [one for one in stage.sent if one.amends]
    assert {(one.about, one.to) for one in anew} == {(first.id, FIRE), (second.id, FIRE)}
    assert all("TLP:AMBER+STRICT" in one.body.text for one in anew)


def test_a_mistyped_label_on_any_picture_holds_the_whole_album() -> None:
    """Those before are taken away, those after it are not carried, and all are once the label is put right."""
    stage = talking()
    pictures(stage, "the dam", "[ambr+strict] hush", "")
    first, second, third = stage.said.values()
    assert [one.versions for one in (first, second, third)] == [0, 0, 0]
    assert {remove.room for remove in stage.removes if remove.about == first.id} == MEMBERS
    assert not [send for send in stage.sent if send.about == third.id]
    assert len([send for send in stage.sent if "[ambr+strict]" in send.body.text]) == 1
    fixed = Spoken("[amber+strict] hush", second.spoken.file if second.spoken is not None else None)
    sent = stage.befalls("edited", second, spoken=fixed)
    assert {(send.about, send.to, send.amends) for send in sent} == {(one, FIRE, False) for one in stage.said}
    assert [one.raised for one in stage.said.values()] == ["amber+strict"] * 3
    recent = stage.world.incidents["I-1"].talk["ops"]
    assert sorted((one.said, one.raised) for one in recent) == [(one, "amber+strict") for one in stage.said]


def test_a_picture_that_comes_back_once_the_label_is_put_right_has_its_reactions() -> None:
    """Those that were given while it stood; under the one that never stood there are none."""
    stage = talking()
    [first] = pictures(stage, "the dam")
    stage.all_become(first.id)
    stage.befalls("reacted", first, room=FIRE, identity=LIAISON, emoji="👍")
    pictures(stage, "[ambr] hush")
    second = stage.last()
    stage.reacts.clear()
    stage.befalls("edited", second, spoken=Spoken("hush", second.spoken.file if second.spoken is not None else None))
    again = {(one.said, one.room, one.emoji) for one in stage.reacts if not one.sign}
    assert again == {(first.id, room, "👍") for room in MEMBERS - {FIRE}}


def test_a_label_that_an_edit_puts_on_one_picture_holds_for_all() -> None:
    """Also for those on which nobody edited anything."""
    stage = talking()
    first, second = pictures(stage, "the dam", "")
    for one in (first, second):
        stage.all_become(one.id)
    stage.befalls(
        "edited", second, spoken=Spoken("[red] look", second.spoken.file if second.spoken is not None else None)
    )
    assert [one.raised for one in stage.said.values()] == ["red", "red"]
    assert {(one.about, one.room) for one in stage.removes} == {
        (one.id, room) for one in (first, second) for room in MEMBERS
    }


@pytest.mark.parametrize(
    "seen",
    [
        {"tampered": True},
        {"world_readable": True},
        {"open_join": True},
        {"public": True},
    ],
)
def test_a_room_that_cannot_be_trusted_is_out_of_the_channel(seen: dict[str, bool]) -> None:
    """In both directions, from the next message on."""
    stage = talking()
    traits = {"encrypted": True, "tampered": False, "world_readable": False, "open_join": False, "public": False} | seen
    observed = RoomObserved(FIRE, private=False, title="", **traits)
    stage.happen(RoomEvent("observed", FIRE, observed=observed))
    stage.sent.clear()
    assert rooms_of(stage.speak(CITY, "Hello", MAYOR)) == MEMBERS - {FIRE}
    assert not [send for send in stage.speak(FIRE, "Let me in", LIAISON) if send.carries]


def test_whoever_is_revoked_is_carried_nowhere() -> None:
    """Their words are on record, as told to nobody."""
    stage = talking()
    person = stage.world.who.person(LIAISON)
    assert person is not None
    stage.say(DESK, f"/revoke {person.id}", private=True)
    stage.say(DESK, f"/revoke {person.id} yes", private=True)
    assert stage.world.who.withdrawn(LIAISON)
    assert not stage.speak(FIRE, "Trust me", LIAISON)
    assert {one["why"] for one in stage.fact().left_out.values()} == {"revoked"}


def test_answering_adds_whose_words_are_answered() -> None:
    """A Dutch answer to Belgian words carries both countries' information, and stops at Germany: the agreement ends with its receiver."""
    stage = talking(
        ("label: {tlp: amber}\n    purpose: flood-control", "label: {tlp: green}\n    purpose: flood-control")
    )
    stage.speak(CITY, "The dam?", MAYOR)
    first = stage.last()
    sent = stage.speak(BRANDWEER, "It holds", answers=first)
    assert stage.last().origins == ("be", "nl") and stage.last().onward == ("be",)
    assert HILFE not in rooms_of(sent) and CITY in rooms_of(sent)
    assert HILFE in rooms_of(stage.speak(BRANDWEER, "Nothing of yours"))
    assert [send.answers for send in sent] == [first.id] * len(sent)


def test_what_is_forwarded_keeps_its_label_and_its_origins() -> None:
    """Of something said before; the bot's own words, whose label nobody can tell any more, are forwarded to nobody."""
    stage = talking()
    stage.speak(CITY, "[amber+strict] The dam leaks", MAYOR)
    sent = stage.speak(BRANDWEER, "The dam leaks", forwarded="matrix:@mayor:x.org")
    assert stage.last().raised == "amber+strict" and stage.last().onward == ("be",)
    assert rooms_of(sent) <= {CITY, FIRE}
    assert not stage.speak(FIRE, "A-1 Evacuate", LIAISON, forwarded="us", automatic=True)
    assert {one["why"] for one in stage.fact().left_out.values()} == {"unknown-origin"}


def test_over_two_borders_words_stop_where_the_agreement_ends_whichever_way_they_go() -> None:
    """Belgian words, answered by the Dutch: what answers, forwards or changes that stays away from Germany, whoever says it; what carries nothing goes there."""
    stage = talking(
        ("label: {tlp: amber}\n    purpose: flood-control", "label: {tlp: green}\n    purpose: flood-control")
    )
    stage.speak(CITY, "The dam?", MAYOR)
    stage.speak(BRANDWEER, "It holds, they say", "matrix:@nl:x.org", answers=stage.last())
    answer = stage.last()
    twice = [
        stage.speak(CITY, "Until when?", MAYOR, answers=answer),
        stage.speak(BRANDWEER, "Good question", answers=answer),
        stage.speak(BRANDWEER, "It holds, they say", "matrix:@nl2:x.org", forwarded="matrix:@nl:x.org"),
        stage.speak(CITY, "In the thread of it", MAYOR, thread=answer),
    ]
    for sends in twice:
        assert sends and HILFE not in rooms_of(sends)
    assert all({"be", "nl"} <= set(one.origins) for one in list(stage.said.values())[1:])
    stage.all_become(answer.id)
    anew = stage.befalls("edited", answer, identity="matrix:@nl:x.org", spoken=Spoken("It does not hold"))
    assert anew and HILFE not in rooms_of(anew)
    assert HILFE not in rooms_of(stage.speak(BRANDWEER, "Now what?", answers=stage.said[answer.id]))
    assert HILFE in rooms_of(stage.speak(BRANDWEER, "Something else"))


def test_what_was_changed_since_is_forwarded_as_what_it_was() -> None:
    """Whoever hands on the words as they stood first hands on their origins and the label that they were given later."""
    stage = talking(
        ("label: {tlp: amber}\n    purpose: flood-control", "label: {tlp: green}\n    purpose: flood-control")
    )
    stage.speak(CITY, "The dam?", MAYOR)
    stage.speak(BRANDWEER, "It hlods", "matrix:@nl:x.org", answers=stage.last())
    answer = stage.last()
    stage.all_become(answer.id)
    stage.befalls("edited", answer, identity="matrix:@nl:x.org", spoken=Spoken("[amber] It holds"))
    sends = stage.speak(BRANDWEER, "It hlods", "matrix:@nl2:x.org", forwarded="matrix:@nl:x.org")
    assert HILFE not in rooms_of(sends)
    assert (stage.last().origins, stage.last().raised) == (("be", "nl"), "amber")


def test_forwarded_with_its_label_it_is_still_the_same() -> None:
    """Networks forward what was written, label and all; ours keeps the words alone."""
    stage = talking()
    stage.speak(BRANDWEER, "[amber] Dutch words", "matrix:@nl:x.org")
    stage.speak(CITY, "[amber] Dutch words", MAYOR, forwarded="")
    assert (stage.last().origins, stage.last().onward, stage.last().raised) == (("be", "nl"), ("nl",), "amber")


def test_a_forwarded_file_without_words_is_nothing_that_was_said_before() -> None:
    """Its like is not to be told from no words at all."""
    stage = talking()
    picture = Spoken("", File("telegram", "{}", "photo"))
    stage.speak(CITY, "", MAYOR, spoken=picture)
    assert not stage.speak(CITY, "", spoken=replace(picture, file=File("telegram", "{}", "file")), forwarded="us")
    assert stage.fact().never == "unknown-origin"


def test_what_is_said_in_a_thread_carries_what_began_it() -> None:
    """Whoever reads the one can tell the other."""
    stage = talking()
    stage.speak(CITY, "The dam?", MAYOR)
    stage.speak(BRANDWEER, "It holds", thread=stage.last())
    assert (stage.last().origins, stage.last().onward) == (("be", "nl"), ("be",))


def test_another_bot_like_this_one_is_not_listened_to() -> None:
    """Its copies look like ours: nothing is made of them, not even a sign below them; whoever is enrolled can forward ours."""
    stage = talking()
    assert not stage.speak(FIRE, "▸ Ada · Elsewhere\nBoats", "matrix:@tocsin:y.org", forwarded="us", automatic=True)
    assert not stage.speak(FIRE, "▸ Ada · Elsewhere\nBoats", None, forwarded="us", automatic=True)
    assert not stage.said and not stage.reacts


@pytest.mark.parametrize("reason", ["revoked", "unknown-origin", "out"])
def test_what_was_never_to_be_told_is_not_told_later(reason: str) -> None:
    """Neither as the last that was said nor as a poll's count, and nothing that is forwarded is compared with it."""
    stage = talking()
    poll = Spoken(poll=Poll("Which dam?", ("one", "two")))
    if reason == "revoked":
        person = stage.world.who.person(MAYOR)
        assert person is not None
        stage.say(DESK, f"/revoke {person.id}", private=True)
        stage.say(DESK, f"/revoke {person.id} yes", private=True)
    elif reason == "out":
        stage.happen(
            RoomEvent("observed", CITY, observed=RoomObserved(CITY, True, False, False, True, False, False, ""))
        )
    more = {"forwarded": "us"} if reason == "unknown-origin" else {}
    for spoken in (Spoken("words"), poll):
        assert not [send for send in stage.speak(CITY, "", MAYOR, spoken=spoken, **more) if send.carries]
    assert stage.fact().never == (reason if reason != "out" else "open")
    assert not stage.world.incidents["I-1"].talk and not stage.world.incidents["I-1"].polls


@pytest.mark.parametrize(
    "back",
    [
        *("&lt;Ada&gt; Boats at the quay", "Ada: Boats at the quay", "**Ada**\nBoats at the quay"),
        *(
            "<b>Ada</b>: Boats at the quay",
            "[m] &lt;ADA&gt; Boats at the quay",
            "Ada (Telegram): Boats at the quay",
        ),
    ],
)
def test_other_bridges_say_who_spoke_in_other_ways(back: str) -> None:
    """From another account and room, with nothing else around the words, it is what we have carried already."""
    stage = talking()
    stage.speak(CITY, "Boats at the quay", name="Ada")
    assert not stage.speak(FIRE, back, "matrix:@ghost:x.org")
    assert stage.speak(CITY, back, "matrix:@ghost:x.org")


@pytest.mark.parametrize(
    "words", ["▸ crews: ok", "Ada ok", "Ada, ok", "I heard the Ada: ok", "crews: ok", "ok", "Ada: ok then"]
)
def test_words_of_ones_own_are_no_echo(words: str) -> None:
    """Whoever says the same, calls the other by name or lists something has said it."""
    stage = talking()
    stage.speak(CITY, "ok", name="Ada")
    assert stage.speak(FIRE, words, LIAISON)


READ_BACK = [
    *("Ada: Evacuate the quay", "@Ada Evacuate the quay", "Ada – Evacuate the quay", "Ada\nEvacuate the quay"),
    *("▸ Evacuate the quay", "▸ Ada · City &amp; Sons &lt;town hall&gt;\nEvacuate the quay"),
]


@pytest.mark.parametrize("words", READ_BACK)
def test_what_one_of_our_people_reads_back_is_carried(words: str) -> None:
    """However much it looks like what another bridge brings back: none speaks as one of ours."""
    stage = talking()
    stage.speak(CITY, "Evacuate the quay", name="Ada")
    sent = stage.speak(FIRE, words, LIAISON)
    assert rooms_of(sent) == MEMBERS - {FIRE} | {CITY} and stage.fact().never is None


@pytest.mark.parametrize("words", READ_BACK)
def test_what_seems_to_come_back_is_on_record_and_has_a_sign(words: str) -> None:
    """Whoever is not known may be a bridge or a person: it goes nowhere, is shown to nobody later, and whoever wrote it sees that; no answer is sent."""
    stage = talking()
    stage.speak(CITY, "Evacuate the quay", name="Ada")
    said, talk = stage.last(), stage.world.incidents["I-1"].talk
    sent, told = len(stage.sent), len(stage.said)
    assert not stage.speak(FIRE, words, "matrix:@new:x.org") and len(stage.sent) == sent
    assert len(stage.said) == told + 1 and stage.last().id != said.id
    assert (stage.fact().never, stage.fact().person) == ("comes-back", "matrix:@new:x.org")
    assert {one["why"] for one in stage.fact().left_out.values()} == {"comes-back"}
    assert [(one.said, one.room, one.emoji, one.sign) for one in stage.reacts] == [(stage.last().id, FIRE, "🙊", True)]
    assert stage.world.incidents["I-1"].talk == talk
    assert not stage.befalls("edited", stage.last(), spoken=Spoken("Ada: Evacuate it"), identity="matrix:@new:x.org")
    stage.befalls("reacted", stage.last(), room=FIRE, identity="matrix:@ghost:x.org", emoji="🙊")
    assert {one.room for one in stage.reacts} == {
        FIRE
    }  # the sign, should a bridge bring that back too, goes no further


def test_what_a_program_for_sure_brings_back_has_no_sign() -> None:
    """Neither what shows by its marks that a bridge sent it, nor what a bot forwards: no person waits for one, and nothing is on record. A notice may be a person's."""
    stage = talking()
    stage.speak(CITY, "Evacuate the quay", name="Ada")
    said = len(stage.said)
    for more in ({}, {"forwarded": "matrix:@ada:x.org"}):
        assert not stage.speak(FIRE, "Ada: Evacuate the quay", "matrix:@ghost:x.org", automatic=True, **more)
    assert not stage.reacts and len(stage.said) == said
    notice = {"automatic": True, "as_notice": True}
    assert not stage.speak(FIRE, "Ada: Evacuate the quay", "matrix:@ghost:x.org", **notice)
    assert (stage.fact().never, stage.reacts[-1].emoji) == ("notice", "🙊")


def test_what_is_read_back_is_held_as_what_it_says_again() -> None:
    """Its label and its origin come with it, where it is carried and where it is only on record: nobody reads there what was kept from them."""
    stage = talking()
    stage.speak(CITY, "[amber+strict] hush", name="Ada")
    sent = stage.speak(FIRE, "Ada: hush", LIAISON)
    assert rooms_of(sent) == {CITY} and "TLP:AMBER+STRICT" in sent[0].body.text
    stage.speak(FIRE, "Ada: hush", "matrix:@new:x.org")
    assert (stage.fact().never, stage.fact().raised) == ("comes-back", "amber+strict")
    stage.speak(CITY, "Boats", name="Ada")
    stage.speak(BRANDWEER, "Ada: Boats", "telegram:77")
    assert (stage.fact().never, stage.fact().origins, stage.fact().onward) == ("comes-back", ("be", "nl"), ("be",))


def test_an_answer_counts_where_its_question_does() -> None:
    """Where the room takes part in two incidents, an answer belongs to what it answers; all else to the first, exercises last."""
    stage = talking()
    stage.speak(CITY, "Boats?", MAYOR)
    asked = stage.last()
    drill = replace(stage.world.incidents["I-1"], id="I-2", opened=replace(stage.world.incidents["I-1"].opened))
    stage.world = replace(stage.world, incidents={**stage.world.incidents, "I-2": drill})
    for prefer, found in ((None, "I-1"), ("I-2", "I-2"), ("I-9", "I-1")):
        here = seat(stage.world, CITY, stage.now, prefer=prefer)
        assert here is not None and here[0].id == found
    stage.speak(FIRE, "Two", LIAISON, answers=replace(asked, stream="I-2"))
    answer = stage.last()
    assert answer.stream == "I-2"
    assert {send.amends for send in stage.befalls("edited", answer, spoken=Spoken("Three"), identity=LIAISON)} == {True}
    stage.speak(FIRE, "[ambr] Two", LIAISON, answers=replace(asked, stream="I-2"))
    sent = stage.befalls("edited", stage.last(), spoken=Spoken("[amber] Two"), identity=LIAISON)
    assert CITY in rooms_of(sent) and {send.stream for send in sent} == {"I-2"}


def test_a_label_put_right_in_a_room_that_is_out_by_then_is_told_to_nobody() -> None:
    """What holds for new words holds for these."""
    stage = talking()
    stage.speak(CITY, "[ambr] hush", MAYOR)
    stage.happen(RoomEvent("observed", CITY, observed=RoomObserved(CITY, True, False, False, True, False, False, "")))
    stage.sent.clear()
    assert not stage.befalls("edited", stage.last(), spoken=Spoken("[amber] hush"))
    assert stage.fact().never == "open" and not stage.world.incidents["I-1"].talk


def test_anonymous_words_are_the_partners() -> None:
    """Who writes as a group can speak, by no name."""
    stage = talking()
    sent = stage.speak(FIRE_TELEGRAM, "From the group", None, name="")
    assert {send.body.text for send in sent} == {"▸ Fire\nFrom the group"}


def test_the_same_words_are_no_echo_after_a_while() -> None:
    """Somebody may quote by hand what was carried ten minutes ago."""
    stage = talking()
    stage.speak(CITY, "Boats", MAYOR)
    stage.now += timedelta(minutes=10)
    assert stage.speak(FIRE, "▸ mayor · City\nBoats", LIAISON)


TWO = (
    ('{matrix: "#city:x.org", for: [alerts, checkins, ops]}', '{matrix: "#city:x.org", for: [ops, more]}'),
    ("rooms: [{telegram: -14, for: [alerts, checkins, ops]}]", "rooms: [{telegram: -14, for: [alerts, more]}]"),
    ("rooms: [{telegram: -19, for: [alerts, checkins, ops]}]", "rooms: [{telegram: -19, for: [alerts, more]}]"),
)
"""The city's room is in the operations channel and in one more; the volunteers' and the watchers' in that one alone."""


def of_two(level: str = "green", more: str = "") -> TalkStage:
    """That, with a channel of this label."""
    return talking(*TWO, channels=two_channels(level, more))


def two_channels(level: str, more: str = "") -> str:
    """The operations channel, and one more of another label."""
    second = f"  more:\n    title: {{en: More}}\n    members: everyone\n    label: {{tlp: {level}{more}}}\n    purpose: flood-control\n    under: three\n    speaker: person\n"
    return OPS + second


def test_what_answers_nothing_in_a_room_of_two_channels_is_held_as_closely_as_both() -> None:
    """Each room has it once, of those that may read both; and it says so where that is closer than their channel. Also in a recap."""
    stage = of_two()
    sent = stage.speak(CITY, "Both", MAYOR)
    assert len(sent) == len(rooms_of(sent)) and rooms_of(sent) == MEMBERS
    [watchers], [fire] = ([send.body.text for send in sent if send.to == room] for room in (WATCHERS, FIRE))
    assert "TLP:AMBER" in watchers and "TLP" not in fire
    assert stage.fact().left_out[str(AID)]["why"] == "clearance"
    incident = stage.world.incidents["I-1"]
    for room, reads in ((AID, False), (WATCHERS, True)):
        binding = stage.world.who.bindings[("border", room)]
        assert (told(stage.world, incident, "more", binding, stage.now) is not None) is reads


def test_what_answers_nothing_keeps_the_compartments_of_both_channels() -> None:
    """Who is not in the one's compartment is not told through the other."""
    stage = of_two("amber", ", compartments: [medical]")
    assert rooms_of(stage.speak(CITY, "Both", MAYOR)) == {CITY_TELEGRAM, FIRE, FIRE_TELEGRAM, BRANDWEER}


def _one(how: str, said: Utterance) -> dict[str, Any]:
    return {how: said}


@pytest.mark.parametrize("how", ["answers", "thread"])
def test_an_answer_goes_only_where_it_was_said_what_it_answers(how: str) -> None:
    """From a room of two channels: no room that is in the other alone reads it; answers to that stay there too. What was said in both is answered in both."""
    stage = of_two("green")
    stage.speak(FIRE, "The password is out", LIAISON)
    secret = stage.last()
    sent = stage.speak(CITY, "Which one, hydra42?", MAYOR, **_one(how, secret))
    assert rooms_of(sent) == MEMBERS - {WATCHERS}
    assert (stage.fact().channels, set(stage.fact().labels)) == (("ops",), {"ops"})
    stage.speak(AID, "Soup?")
    assert rooms_of(stage.speak(CITY, "Yes", MAYOR, **_one(how, stage.last()))) == {WATCHERS, AID}
    stage.speak(CITY, "Both", MAYOR)
    both = stage.last()
    assert rooms_of(stage.speak(CITY, "More of it", MAYOR, **_one(how, both))) == MEMBERS
    assert rooms_of(stage.speak(AID, "Thanks", **_one(how, both))) == {CITY, WATCHERS}


def test_an_answer_to_several_channels_at_once_is_carried_nowhere() -> None:
    """A thread of the one in which something of the other is answered, or one message of several parts: whoever spoke sees that nobody has it."""
    stage = of_two()
    stage.speak(FIRE, "One", LIAISON)
    one = stage.last()
    stage.speak(AID, "Two")
    two = stage.last()
    for answers, thread in ((one, two), (replace(one, channels=()), None)):
        assert not stage.speak(CITY, "To whom?", MAYOR, answers=answers, thread=thread)
        assert (stage.fact().never, stage.reacts[-1].emoji) == ("other-channel", "🙊")


def test_an_answer_to_a_recap_or_a_count_stays_in_its_channel() -> None:
    """What the bot told of one channel is answered in that one, with the origins of what it told."""
    stage = of_two()
    stage.speak(BRANDWEER, "The gate is open", "matrix:@nl:x.org")
    said = stage.last().id
    for about in (f"#ops {said}", "#ops"):
        ours = Mentioned("t", "I-1", about, "city", CITY, "{}")
        assert WATCHERS not in rooms_of(stage.speak(CITY, "Which gate?", MAYOR, about=ours))
        assert stage.fact().origins == (("be", "nl") if said in about else ("be",))
    stage.speak(FIRE, "", LIAISON, spoken=Spoken(poll=Poll("Go?", ("Yes", "No"))))
    ours = Mentioned("t", "I-1", f"poll {stage.last().id}", "city", CITY, "{}")
    assert WATCHERS not in rooms_of(stage.speak(CITY, "I would", MAYOR, about=ours))


def test_what_was_said_in_one_channel_is_passed_on_there_alone() -> None:
    """Forwarded in a room of two channels it goes where it was said; forwarded into another channel it is held as it was."""
    stage = of_two()
    stage.speak(FIRE, "The password is hydra42", LIAISON)
    sent = stage.speak(CITY, "The password is hydra42", MAYOR, forwarded=LIAISON)
    assert rooms_of(sent) == MEMBERS - {WATCHERS}
    sent = stage.speak(AID, "The password is hydra42", forwarded=LIAISON)
    assert rooms_of(sent) == {CITY, WATCHERS} and all("TLP:AMBER" in send.body.text for send in sent)


def test_an_answer_to_what_was_said_in_a_thread_belongs_there() -> None:
    """Also from a network without threads, where nobody says so; an answer to what began it does not."""
    stage = talking()
    stage.speak(CITY, "About the crane", MAYOR)
    root = stage.last()
    stage.speak(CITY, "It is red", MAYOR, thread=root)
    inside = stage.last()
    [copy, *_] = stage.speak(FIRE_TELEGRAM, "No, blue", LIAISON, answers=inside)
    assert (copy.answers, copy.thread) == (inside.id, root.id)
    [copy, *_] = stage.speak(FIRE_TELEGRAM, "Which crane?", LIAISON, answers=root)
    assert (copy.answers, copy.thread) == (root.id, None)


def test_a_topic_of_a_forum_that_is_bound_whole_is_a_thread() -> None:
    """What is said there belongs to what was said there first, whatever it answers; so do answers to it from anywhere; a topic bound by itself is none."""
    stage = talking()
    topic = replace(FIRE_TELEGRAM, topic="7")
    assert threaded(stage.world, topic, stage.now) is not None and threaded(stage.world, CITY, stage.now) is None
    stage.speak(topic, "The pump is broken", LIAISON)
    begun = stage.last()
    assert begun.thread is None
    sent = stage.speak(topic, "Who has spares?", LIAISON, thread=begun)
    later = stage.last()
    assert later.thread == begun.id and {send.thread for send in sent} == {begun.id}
    for room, earlier in ((CITY, later), (CITY_TELEGRAM, begun), (FIRE_TELEGRAM, begun)):
        stage.speak(room, "We have", MAYOR, answers=earlier)
        assert (stage.last().answers, stage.last().thread) == (earlier.id, begun.id)
    stage.speak(CITY, "Within it", MAYOR, thread=stage.last())
    assert stage.last().thread == begun.id
    stage.speak(replace(topic, topic="9"), "Another topic", LIAISON, answers=later)
    assert stage.last().thread is None


def test_a_plain_answer_begins_no_thread() -> None:
    """Only an answer to what belongs to one does; what began it in another incident is forgotten."""
    stage = talking()
    stage.speak(CITY, "Boats?", MAYOR)
    asked = stage.last()
    stage.speak(FIRE_TELEGRAM, "Two", LIAISON, answers=asked)
    assert (stage.last().answers, stage.last().thread) == (asked.id, None)
    stage.speak(FIRE, "Three", LIAISON, thread=asked)
    stage.speak(CITY_TELEGRAM, "Four", MAYOR, answers=stage.last())
    assert stage.last().thread == asked.id
    stage.speak(FIRE, "Elsewhere", LIAISON, thread=replace(asked, stream="I-9"), answers=replace(asked, stream="I-9"))
    assert (stage.last().answers, stage.last().thread) == (None, None)


def test_what_somebody_writes_before_a_copy_is_carried_with_it() -> None:
    """On a line of its own, and of whom we know anywhere; what another bridge puts before a copy is no more than a name."""
    stage = talking()
    stage.world = replace(stage.world, usernames={"matrix": "@tocsin:x.org"})
    stage.speak(CITY, "Boats", MAYOR)
    copy = "▸ mayor · City &amp; Sons &lt;town hall&gt;\nBoats"
    for lead in ("Tocsin: ", "&lt;tocsin&gt; ", "tocsin\n", ""):
        assert not stage.speak(FIRE, lead + copy, "matrix:@ghost:x.org")
    assert stage.speak(FIRE, f"Nota bene, they wrote:\n{copy}", "matrix:@ghost:x.org")
    assert stage.speak(FIRE, f"They wrote: {copy}", LIAISON) and stage.speak(FIRE, copy, LIAISON)


@pytest.mark.parametrize("words", ["   ", "\n \n", "<b> </b>", "\u200b"])
def test_spaces_alone_are_nothing_to_carry(words: str) -> None:
    """Nobody reads a head without words; with a label in front it is a label alone; with a picture it is the picture."""
    stage = talking()
    assert not stage.speak(CITY, words, MAYOR) and not stage.said
    [answer] = stage.speak(CITY, f"[red]{words}", MAYOR)
    assert answer.to == CITY
    assert stage.speak(CITY, words, MAYOR, spoken=Spoken(words, File("matrix", "{}", "photo")))


def test_a_notice_is_carried_of_whom_we_know_and_else_has_a_sign() -> None:
    """Bots say notices, and so do people: of somebody whom nobody knows it stays here, and they see that. What shows a bridge has no sign."""
    stage = talking()
    assert stage.speak(CITY, "The bridge gives way", MAYOR, automatic=True, as_notice=True)
    assert not stage.speak(CITY, "Water level 3 m", "matrix:@gauge:x.org", automatic=True, as_notice=True)
    assert (stage.fact().never, stage.reacts[-1].emoji) == ("notice", "🙊")
    said = len(stage.said)
    assert not stage.speak(CITY, "I am a bridge", MAYOR, automatic=True) and len(stage.said) == said


@pytest.mark.parametrize(
    "words", ["[medical] Patient 4", "Patient 4 [Medical] ward 2", "［medical］ x", "- [ medical ] x"]
)
def test_the_name_of_a_compartment_is_no_label_and_nothing_is_carried(words: str) -> None:
    """Whoever writes it is told why; an edit puts it right. Where the channel is in that compartment, or brackets belong to a sentence, they are words."""
    stage = talking()
    sent = stage.speak(CITY, words, MAYOR)
    assert rooms_of(sent) == {CITY} and "edical" in sent[0].body.text and "names a circle" in sent[0].body.text
    assert stage.fact().never == "unknown-label"
    said = stage.last()
    assert rooms_of(stage.befalls("edited", said, spoken=Spoken("Patient 4"))) == MEMBERS
    stage.befalls("edited", stage.last(), spoken=Spoken(words))
    assert stage.last().raised == "red"
    assert rooms_of(stage.speak(CITY, "See the [medical] ward", MAYOR)) == MEMBERS
    stage = talking(
        ("label: {tlp: amber}\n    purpose: flood", "label: {tlp: amber, compartments: [medical]}\n    purpose: flood")
    )
    assert FIRE in rooms_of(stage.speak(CITY, words, MAYOR))
