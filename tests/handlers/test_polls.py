"""Polls in channels: votes are counted over all rooms, and told to each as far as it may read those who voted."""

from __future__ import annotations

from datetime import timedelta

from playbooks.spoken import Poll, Spoken
from storage.effects import Send
from storage.facts import Voted
from tests.handlers.border_stage import AID, BRANDWEER, CITY, FIRE, FIRE_TELEGRAM, LIAISON, MAYOR
from tests.handlers.talk_stage import TalkStage, talking


def polled(*changes: tuple[str, str]) -> tuple[TalkStage, str]:
    """A poll by the mayor."""
    stage = talking(*changes)
    stage.speak(CITY, "", MAYOR, spoken=Spoken(poll=Poll("Evacuate?", ("yes", "no"))))
    name = stage.last().id
    stage.all_become(name)
    return stage, name


def counts(stage: TalkStage) -> dict[object, str]:
    """What the rooms are told of the votes within the next seconds."""
    before = len(stage.sent)
    stage.fall_due(stage.now + timedelta(seconds=6))
    return {send.to: send.body.text for send in stage.sent[before:] if isinstance(send, Send) and send.role == "poll"}


def test_votes_of_all_rooms_are_one_count() -> None:
    """By name where they are known, as counted by the network where they are not; the last vote of a person counts."""
    stage, name = polled()
    stage.befalls("voted", stage.said[name], room=CITY, identity=MAYOR, options=(0,))
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(0,))
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(1,))
    stage.befalls("tallied", stage.said[name], room=FIRE_TELEGRAM, tally=(3, 1))
    told = counts(stage)
    assert told[CITY] == told[BRANDWEER] == "📊 Votes in all rooms so far:\nyes: 4\nno: 2"
    assert AID not in told
    assert not counts(stage)


def test_the_same_vote_again_changes_nothing() -> None:
    """Nor one for an option that does not exist, nor a count of another shape."""
    stage, name = polled()
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(1,))
    counts(stage)
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(1, 7))
    stage.befalls("tallied", stage.said[name], room=FIRE_TELEGRAM, tally=(1, 2, 3))
    assert len(stage.of(Voted)) == 1 and not counts(stage)


def test_only_votes_are_counted_whose_words_could_be_read() -> None:
    """The Dutch may not read what the Germans say here; a room reads its own partner's votes in any case."""
    stage, name = polled(
        ("between: [be, nl, de]", "between: [be, nl]"),
        ('clearance: {tlp: green}\n    phone_24h: "+4914"', 'clearance: {tlp: amber}\n    phone_24h: "+4914"'),
    )
    stage.befalls("voted", stage.said[name], room=BRANDWEER, identity="matrix:@nl:x.org", options=(0,))
    from tests.handlers.border_stage import HILFE

    stage.befalls("tallied", stage.said[name], room=HILFE, tally=(5, 5))
    assert counts(stage)[BRANDWEER].endswith("yes: 1\nno: 0")


def test_after_its_end_no_vote_counts() -> None:
    """And the rooms are told that it is over."""
    stage, name = polled()
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(0,))
    stage.befalls("ended", stage.said[name], room=CITY)
    stage.befalls("voted", stage.said[name], room=FIRE, identity=LIAISON, options=(1,))
    assert counts(stage)[CITY] == "📊 Votes in all rooms, at the end:\nyes: 1\nno: 0"
