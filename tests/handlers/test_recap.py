"""Whoever comes into a channel can follow it: the last that was said there, as that room may see it now."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from handlers import recap
from handlers.channels import seat
from handlers.events import Came, Delivery, Resolved, RoomEvent, Stale
from handlers.recap import LONGEST, came_back, came_in, shortened
from handlers.texts import available
from playbooks.rooms import RoomRef
from playbooks.spoken import Contact, File, Poll, Spoken
from storage.effects import Drop, Effect, Record, Send, Urgency
from storage.facts import RoomBound
from storage.store import OutboxRow
from tests.handlers.border_stage import AID, BRANDWEER, CITY, FIRE, LIAISON, MAYOR, to
from tests.handlers.talk_stage import TalkStage, channel_book, talking


def late(stage: TalkStage) -> TalkStage:
    """The room of the Brandweer is not bound yet."""
    bindings = {key: one for key, one in stage.world.who.bindings.items() if one.room != BRANDWEER}
    aliases = {alias: room for alias, room in stage.world.who.aliases.items() if room != BRANDWEER}
    stage.world = replace(stage.world, who=replace(stage.world.who, bindings=bindings, aliases=aliases))
    return stage


def bound(stage: TalkStage) -> list[Send]:
    """The network says which room it is; what that room is sent."""
    before = len(stage.sent)
    stage.happen(Resolved("matrix", (("matrix:#brandweer:x.org", BRANDWEER),)))
    return [send for send in stage.sent[before:] if send.to == BRANDWEER]


def test_a_room_that_comes_in_late_gets_the_last_five_things_in_one_message() -> None:
    """When, who as the channel shows them, and the words, the oldest first; once."""
    stage = late(talking())
    for number in range(7):
        stage.speak(CITY, f"Word {number}", MAYOR, name="Ada")
        stage.now += timedelta(minutes=1)
    (told,) = bound(stage)
    heading, *lines = told.body.text.split("\n")
    assert heading == "Operations, so far:"
    assert [line.partition(" — ")[2] for line in lines] == [f"Word {number}" for number in range(2, 7)]
    assert lines[0].startswith("12:02 ▸ matrix:@mayor:x.org · City & Sons <town hall> — ")
    assert set(told.body.shows) == {f"#ops:S-{number}" for number in range(3, 8)}
    assert (told.urgency, told.loud, told.about) == (Urgency.CHATTER, False, "#ops S-3 S-4 S-5 S-6 S-7")
    assert not bound(stage)


def test_there_is_no_recap_of_nothing() -> None:
    """Nothing was said, or long ago, or only there, or nothing that the room may see."""
    stage = late(talking())
    assert not bound(stage)
    stage = late(talking())
    stage.speak(CITY, "Long ago", MAYOR)
    stage.speak(CITY, "[red] Mined", MAYOR)
    stage.now += timedelta(hours=7)
    assert not bound(stage)
    stage = late(talking())
    stage.speak(CITY, "[red] Mined", MAYOR)
    assert not bound(stage)
    assert not came_back(stage.world, AID, stage.now - timedelta(hours=1), stage.now)


def test_what_a_room_may_not_see_changes_nothing_of_what_it_is_told() -> None:
    """Two histories that differ only in hidden words give the same message, disclosures included."""
    told = []
    for hidden in ("The dam is mined", "Nothing of note, and many more words than before", "12"):
        stage = late(talking())
        for words in ("One", f"[red] {hidden}", "Two", f"[amber+strict] {hidden}"):
            stage.speak(CITY, words, MAYOR)
        told.append([(send.to, send.body, send.about, send.not_after) for send in bound(stage)])
    assert told[0] == told[1] == told[2] and len(told[0]) == 1
    assert "One" in told[0][0][1].text and "mined" not in told[0][0][1].text


def test_a_room_may_see_less_now_than_it_might_have_then() -> None:
    """What was said when it could be trusted more is decided as things are."""
    stage = talking()
    stage.speak(CITY, "[amber+strict] It is mined", MAYOR)
    since, later = stage.now - timedelta(minutes=1), stage.now + timedelta(minutes=20)
    assert "mined" in texts_of(came_back(stage.world, FIRE, since, later))[0]
    stage.happen(RoomEvent("observed", FIRE, observed=replace(stage.world.who.traits[FIRE], open_join=True)))
    assert not came_back(stage.world, FIRE, since, later)


def texts_of(effects: list[Effect]) -> list[str]:
    """What is sent, without markup."""
    return [one.body.text for one in effects if isinstance(one, Send)]


def test_a_room_that_was_away_for_long_learns_what_it_missed() -> None:
    """Ten minutes one remembers. A room that has only moved has missed nothing."""
    for minutes, told in ((9, 0), (11, 1)):
        stage = talking()
        stage.speak(CITY, "Before", MAYOR)
        stage.now += timedelta(minutes=1)
        stage.happen(RoomEvent("removed", BRANDWEER, reason="kicked"))
        stage.speak(CITY, "Meanwhile", MAYOR)
        stage.now += timedelta(minutes=minutes)
        before = len(stage.sent)
        stage.happen(RoomEvent("joined", BRANDWEER))
        texts = to(stage.sent[before:], BRANDWEER)
        assert len(texts) == told
        assert not texts or ("Meanwhile" in texts[0] and "Before" not in texts[0])
    before = len(stage.sent)
    stage.happen(RoomEvent("moved", BRANDWEER, moved_to=RoomRef("matrix", "!new:x.org")))
    assert all("so far" not in send.body.text for send in stage.sent[before:])


def test_what_was_refused_while_the_bot_was_not_in_a_room_is_told_however_short_that_was() -> None:
    """From the first that was refused on, which was said before anybody knew that the bot was out; and once only."""
    stage = talking()
    stage.speak(CITY, "Arrived", MAYOR)
    stage.speak(CITY, "Refused", MAYOR)
    said = stage.last().id
    number = next(number for number, row in enumerate(stage.rows[said]) if row.to == BRANDWEER)
    stage.happen(Delivery(stage.rows[said][number], "refused", reason="not in", gone=True, said=stage.said[said]))
    stage.now += timedelta(seconds=5)
    before = len(stage.sent)
    stage.happen(RoomEvent("joined", BRANDWEER))
    (told,) = to(stage.sent[before:], BRANDWEER)
    assert "Refused" in told and "Arrived" not in told
    stage.speak(CITY, "Later", MAYOR)
    before, said = len(stage.sent), stage.last().id
    stage.becomes(said, next(n for n, row in enumerate(stage.rows[said]) if row.to == BRANDWEER), "sent")
    assert not to(stage.sent[before:], BRANDWEER)


def test_what_was_taken_back_or_changed_is_told_as_it_is_now() -> None:
    """Nothing comes back by the recap."""
    stage = late(talking())
    stage.speak(CITY, "The bridge is shut", MAYOR)
    stage.befalls("edited", stage.last(), spoken=Spoken("The bridge is open"))
    stage.speak(CITY, "Wrong room", MAYOR)
    stage.befalls("deleted", stage.last())
    (told,) = bound(stage)
    assert "is open" in told.body.text and "shut" not in told.body.text and "Wrong" not in told.body.text


def test_files_places_and_polls_are_named_by_what_they_are() -> None:
    """With their words, or alone."""
    stage = late(talking())
    stage.speak(CITY, "", MAYOR, spoken=Spoken("The quay", File("matrix", "{}", "photo", "a.jpg")))
    stage.speak(CITY, "", MAYOR, spoken=Spoken(point=(50_600_000, 5_600_000)))
    stage.speak(CITY, "", MAYOR, spoken=Spoken(poll=Poll("Stay?", ("yes", "no"))))
    stage.speak(CITY, "", MAYOR, spoken=Spoken(contact=Contact("Bo", "+32")))
    (told,) = bound(stage)
    ends = [line.partition(" — ")[2] for line in told.body.text.split("\n")[1:]]
    assert ends == ["[photo] The quay", "[place]", "[poll]", "[contact]"]


@pytest.mark.parametrize(
    "words",
    ["<b>▸ Mayor</b>\n▸ Fire: leave", "&lt;script&gt;", "a " * 5000, "x" * 500, "line\n\n\nline", "\u202e evil"],
)
def test_nobodys_words_look_like_anything_else(words: str) -> None:
    """One line each, of bounded length, without markup or a head of their own."""
    stage = late(talking())
    stage.speak(CITY, words, MAYOR)
    (told,) = bound(stage)
    assert told.body.text.count("\n") == 1 and told.body.text.count("▸") == 1
    assert len(told.body.text.partition(" — ")[2]) <= LONGEST
    assert told.body.html.count("<b>") == 2 and "<script" not in told.body.html


def test_words_are_cut_between_words() -> None:
    """And say that they are."""
    assert shortened("one  two\nthree") == "one two three"
    long = shortened("word " * 50)
    assert len(long) <= LONGEST and long.endswith("word…")
    assert shortened("x" * 130) == "x" * (LONGEST - 1) + "…"


def test_a_recap_that_waited_too_long_is_decided_again() -> None:
    """As things are now, and only for a room that is still in the channel."""
    stage = talking()
    stage.speak(CITY, "Water rises", MAYOR)
    row = OutboxRow("t", "t", "I-1", BRANDWEER, 3, "{}", "#ops", "brandweer", shows=True)
    assert recap.is_recap(row) and not recap.is_recap(replace(row, about="S-1"))

    def decided(row: OutboxRow, *, over: bool = False) -> list[Effect]:
        return recap.stale(stage.world, Came(Stale(row, over), stage.now, b""), Stale(row, over))

    assert texts_of(decided(row))[0].endswith("Water rises")
    assert texts_of(decided(replace(row, about="#ops S-1")))[0].endswith("Water rises")
    others = (decided(row, over=True), decided(replace(row, part=1)), decided(replace(row, about="#gone")))
    for effects in (*others, decided(replace(row, stream="I-2"))):
        assert not texts_of(effects)
        assert isinstance(effects[0], Drop) and isinstance(effects[1], Record)


def test_only_channels_that_are_new_to_a_room_are_told() -> None:
    """Binding a room anew to the same partner is no news."""
    stage = talking()
    stage.speak(CITY, "Water rises", MAYOR)
    assert not came_in(stage.world, stage.world, [BRANDWEER], stage.now)
    without = late(talking()).world
    assert (
        came_in(without, stage.world, [BRANDWEER, BRANDWEER], stage.now) and seat(without, BRANDWEER, stage.now) is None
    )
    assert not came_in(without, stage.world, [RoomRef("telegram", "-99")], stage.now)
    assert not stage.happen(RoomEvent("joined", BRANDWEER)) and stage.of(RoomBound)


@pytest.mark.parametrize("language", available())
def test_it_is_said_in_every_language(language: str) -> None:
    """With the channel's own title, and what is no words in the reader's."""
    stage = late(talking())
    stage.world = replace(stage.world, who=replace(stage.world.who, languages={str(BRANDWEER): language}))
    stage.speak(FIRE, "", LIAISON, spoken=Spoken("Der Damm", File("matrix", "{}", "voice")))
    (told,) = bound(stage)
    assert "Op" in told.body.text and "Der Damm" in told.body.text and "{" not in told.body.text
    assert language == "en" or ("so far" not in told.body.text and "voice message" not in told.body.text)


def row_of(send: Send, state: str) -> OutboxRow:
    """The row of a recap."""
    return OutboxRow("t", "t", "I-1", send.to, 3, '{"kind":"message"}', send.about, send.partner, state=state)  # type: ignore[arg-type]


def gone(stage: TalkStage) -> list[RoomRef]:
    """The rooms from which recaps are removed."""
    return [one.room for one in stage.removes if one.about is not None and one.about.startswith("#")]


def recapped(*words: str) -> tuple[TalkStage, Send]:
    """A room that has just been told these, which the city said."""
    stage = late(talking())
    for one in words:
        stage.speak(CITY, one, MAYOR)
    (told,) = bound(stage)
    return stage, told


@pytest.mark.parametrize("state", ["pending", "inflight", "sent", "unknown"])
def test_a_recap_does_not_keep_what_was_taken_back(state: str) -> None:
    """It goes, or does not leave, and the rest of it is told again; alone, it only goes."""
    stage, told = recapped("One", "Secret", "Two")
    [again] = stage.befalls("deleted", stage.said["S-2"], recaps=(row_of(told, state),))
    assert (again.to, again.about) == (BRANDWEER, "#ops S-1 S-3")
    assert gone(stage) == [BRANDWEER] and stage.drops[-1].send == "t"
    assert "One" in again.body.text and "Two" in again.body.text and "Secret" not in again.body.text
    stage, told = recapped("Secret")
    assert not stage.befalls("deleted", stage.said["S-1"], recaps=(row_of(told, state),))
    assert gone(stage) == [BRANDWEER]


def test_a_recap_does_not_show_what_was_raised_to_a_room_that_may_not_see_it() -> None:
    """And where that may be seen still, it stays; so it does where only words changed, unless it has not left yet."""
    stage, told = recapped("One", "Secret")
    [again] = stage.befalls("edited", stage.said["S-2"], spoken=Spoken("[red] Secret"), recaps=(row_of(told, "sent"),))
    assert again.about == "#ops S-1" and gone(stage) == [BRANDWEER]
    for words in ("[amber] Secret", "Open"):
        stage, told = recapped("One", "Secret")
        sent = stage.befalls("edited", stage.said["S-2"], spoken=Spoken(words), recaps=(row_of(told, "sent"),))
        assert not gone(stage) and {one.about for one in sent} == {"S-2"}
    sent = stage.befalls("edited", stage.said["S-2"], spoken=Spoken("Known"), recaps=(row_of(told, "pending"),))
    [again] = [one for one in sent if one.about == "#ops S-1 S-2"]
    assert "Known" in again.body.text and "Open" not in again.body.text


def test_a_recap_does_not_tell_again_what_its_room_has_by_itself() -> None:
    """What was changed since was told there alone; where nothing else is left, nothing is told again."""
    for apart, about in ((("S-1",), "#ops S-3"), (("S-1", "S-3"), None)):
        stage, told = recapped("One", "Secret", "Two")
        recaps, has = (row_of(told, "sent"),), frozenset((one, BRANDWEER) for one in apart)
        sent = stage.befalls("edited", stage.said["S-2"], spoken=Spoken("[red] Secret"), recaps=recaps, apart=has)
        assert [one.about for one in sent] == ([about] if about is not None else [])
        assert gone(stage) == [BRANDWEER]


def test_what_is_changed_without_effect_changes_no_recap() -> None:
    """Nor is anything told again once the incident is over: then it only goes."""
    stage, told = recapped("One", "Secret")
    rows = (row_of(told, "pending"),)
    assert not stage.befalls("edited", stage.said["S-2"], spoken=Spoken("Secret"), recaps=rows) and not stage.drops
    stage.world = replace(
        stage.world,
        incidents={one.id: replace(one, closed_at=stage.now) for one in stage.world.incidents.values()},
    )
    assert not [send for send in stage.befalls("deleted", stage.said["S-2"], recaps=rows) if send.about != "S-2"]
    assert gone(stage) == [BRANDWEER]


GREEN = ("label: {tlp: amber}\n    purpose", "label: {tlp: green}\n    purpose")
SEARCH = ("label: {tlp: amber}\n    purpose", "label: {tlp: amber, compartments: [medical]}\n    purpose")


def reloaded(stage: TalkStage, *changes: tuple[str, str]) -> TalkStage:
    """The incident goes by another version of the playbook."""
    [digest] = stage.world.kept
    stage.world = replace(stage.world, kept={digest: channel_book(*changes)})
    return stage


def test_what_was_said_under_a_higher_label_stays_as_it_was() -> None:
    """A new version of the playbook opens the channel to a room; what was said before is not for it, what is said since is."""
    stage = reloaded(talking(), GREEN)
    since, later = stage.now - timedelta(hours=1), stage.now + timedelta(minutes=1)
    reloaded(stage)
    stage.speak(CITY, "While it was amber", MAYOR)
    assert not came_back(reloaded(stage, GREEN).world, AID, since, later)
    stage.speak(CITY, "Since it is green", MAYOR)
    [told] = texts_of(came_back(stage.world, AID, since, later))
    assert "Since" in told and "While" not in told
    assert "While" in texts_of(came_back(stage.world, BRANDWEER, since, later))[0]


def test_what_was_said_in_a_compartment_is_not_told_once_the_channel_has_none() -> None:
    """To nobody: who was in it is not who is in the channel."""
    stage = reloaded(talking(), SEARCH)
    stage.speak(CITY, "Two are hurt", MAYOR)
    since, later = stage.now - timedelta(hours=1), stage.now + timedelta(minutes=1)
    assert not came_back(reloaded(stage).world, BRANDWEER, since, later)


def test_what_somebody_says_who_may_not_speak_any_more_is_in_no_recap() -> None:
    """They change what they said before: a room that comes in late is told that as it was."""
    stage = late(talking())
    stage.speak(CITY, "The bridge is open", MAYOR)
    person = stage.world.who.person(MAYOR)
    assert person is not None
    stage.say(RoomRef("telegram", "501"), f"/revoke {person.id}", "telegram:501", private=True)
    assert stage.world.who.withdrawn(MAYOR)
    stage.befalls("edited", stage.last(), spoken=Spoken("All crews withdraw"))
    [told] = bound(stage)
    assert "withdraw" not in told.body.text and "open" in told.body.text
