"""The log's state is posted silently to each partner, on a cadence that nothing anybody does can change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from handlers.events import Signed
from handlers.posting import scheduled
from playbooks.cleared import checkpoint
from storage.effects import Record, Send, Urgency, Wake
from storage.facts import DEPLOYMENT, DeadlineHeld, NetworkLost, RoomLost
from storage.notes import Checkpoint, Signer
from storage.store import Deadline
from tests.handlers.border_stage import (
    AID,
    BRANDWEER,
    CITY,
    CITY_TELEGRAM,
    DESK,
    FIRE,
    FIRE_TELEGRAM,
    HILFE,
    MAYOR,
    WATCHERS,
    issued,
    opened,
)
from tests.handlers.exercise_stage import CITY_PLAYS, CITY_REAL, PLAY, PLAY_CITY, SHARED, peopled
from tests.handlers.stage import ADMIN, Stage
from tests.playbooks.border import border

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
KEEPER = Signer("test", Ed25519PrivateKey.from_private_bytes(bytes(32)))


def note(stream: str = "I-1", size: int = 412) -> str:
    """A signed checkpoint of so many entries."""
    return KEEPER.sign(Checkpoint(f"test/{stream}", size, bytes(range(32))).text)


def pending(stage: Stage, stream: str = "I-1") -> Wake | None:
    """The next post, if one is set."""
    return stage.pending.get(f"post:{stream}")


def post(stage: Stage, stream: str = "I-1", signed: str | None = "", late: timedelta = timedelta(0)) -> list[Send]:
    """The post that is set falls due, so late; what is sent. ``signed`` None: the log could not be signed."""
    wake = stage.pending.pop(f"post:{stream}")
    stage.now = max(stage.now, wake.at + late)
    before = len(stage.sent)
    stage.happen(
        Signed(
            Deadline(wake.key, wake.stream, wake.at, wake.kind, wake.about), note(stream) if signed == "" else signed
        )
    )
    return stage.sent[before:]


def test_each_partner_has_it_once_in_silence_and_in_its_language() -> None:
    """One room each, Matrix before Telegram; no ring, no disclosure; one line for people, then the note as it was signed."""
    stage = opened()
    stage.say(CITY, "/lang room fr", MAYOR)
    sent = post(stage)
    assert {send.partner: send.to for send in sent} == {
        "city": CITY, "fire": FIRE, "brandweer": BRANDWEER, "aid": AID, "hilfe": HILFE, "watchers": WATCHERS,
    }  # fmt: skip
    assert not any(send.loud or send.taps or send.body.shows or send.about for send in sent)
    assert {send.urgency for send in sent} == {Urgency.CHATTER}
    [city] = [send for send in sent if send.to == CITY]
    assert (
        city.body.text
        == f"Journal de I-1 : 412 entrées. Gardez ceci : cela prouvera le journal plus tard.\n{note()[:-1]}"
    )
    assert all(send.checkpoint == Checkpoint("test/I-1", 412, bytes(range(32))) for send in sent)


def test_the_playbook_says_to_whom_and_how_often() -> None:
    """Only who `in` names gets it, at the hours of `post` since the incident began; the first comes after `sign`, a minute at most."""
    stage = opened(border(("phases:", "log: {sign: 20s, post: 2h, in: {kind: fire}}\nphases:")))
    began = stage.world.incidents["I-1"].opened_at
    wake = pending(stage)
    assert wake is not None and wake.at == began + timedelta(seconds=20)
    assert {send.partner for send in post(stage)} == {"fire", "brandweer"}
    for number in (1, 2, 3):
        wake = pending(stage)
        assert wake is not None and wake.at == began + number * 2 * HOUR
        assert post(stage)


def test_what_fell_due_while_nothing_ran_is_posted_once() -> None:
    """Five hours and a half away: one post, late; the next comes when it would have come anyway."""
    stage = opened()
    began = stage.world.incidents["I-1"].opened_at
    post(stage)
    assert len(post(stage, late=5.5 * HOUR)) == 6
    wake = pending(stage)
    assert wake is not None and wake.at == began + 7 * HOUR


def test_nothing_that_happens_changes_when_it_is_posted() -> None:
    """An alert, its answers and notes leave the cadence as it was."""
    stage = opened()
    post(stage)
    before = pending(stage)
    issued(stage)
    stage.say(FIRE, "/ack A-1 acting")
    stage.say(FIRE, "/note the dyke holds")
    assert pending(stage) == before


def test_a_post_that_is_too_late_gives_way_to_the_next() -> None:
    """It may leave until the next is due, and no longer."""
    stage = opened()
    post(stage)
    sent = post(stage)
    wake = pending(stage)
    assert wake is not None and {send.not_after for send in sent} == {wake.at}


def test_closing_ends_it_with_one_more() -> None:
    """Soon after the end the last state is posted, and no next one is set."""
    stage = opened()
    post(stage)
    stage.say(DESK, "/close all over", ADMIN, private=True)
    wake = pending(stage)
    assert wake is not None and wake.at == stage.now + MINUTE
    assert len(post(stage)) == 6
    assert pending(stage) is None


def test_what_cannot_be_signed_is_tried_again() -> None:
    """Nothing is posted that is not signed; a few minutes later it is tried again, for a day after the end at most."""
    stage = opened()
    assert post(stage, signed=None) == []
    wake = pending(stage)
    assert wake is not None and wake.at == stage.now + 5 * MINUTE
    stage.say(DESK, "/close all over", ADMIN, private=True)
    assert post(stage, signed=None) == []
    assert pending(stage) is not None
    assert post(stage, signed=None, late=25 * HOUR) == []
    assert pending(stage) is None


def test_a_room_that_is_gone_or_a_network_that_is_down_is_passed_over() -> None:
    """A partner with another room gets it there; one without waits for its own."""
    stage = opened()
    stage.apply([Record(DEPLOYMENT, RoomLost(CITY, "kicked"))])
    sent = {send.partner: send.to for send in post(stage)}
    assert (sent["city"], sent["fire"]) == (CITY_TELEGRAM, FIRE)
    stage.apply([Record(DEPLOYMENT, NetworkLost("matrix", "timeout", False))])
    sent = {send.partner: send.to for send in post(stage)}
    assert (sent["city"], sent["fire"], sent["brandweer"]) == (CITY_TELEGRAM, FIRE_TELEGRAM, BRANDWEER)


def test_an_exercise_posts_too_and_says_so() -> None:
    """Only into rooms for exercises, marked on top; paused, it posts nothing until it goes on."""
    stage = peopled(SHARED)
    stage.say(DESK, "/exercise border", ADMIN, private=True)
    sent = post(stage, "E-1")
    assert {send.to for send in sent} == PLAY - {PLAY_CITY} | {CITY_PLAYS}
    assert all(send.body.text.startswith("EXERCISE EXERCISE EXERCISE\n") for send in sent)
    stage.say(CITY_REAL, "/activate border", MAYOR)
    assert post(stage, "E-1") == []
    assert [fact.kind for fact in stage.of(DeadlineHeld) if isinstance(fact, DeadlineHeld)] == ["post"]
    stage.say(DESK, "/close I-1 over", ADMIN, private=True)
    stage.say(DESK, "/exercise resume", ADMIN, private=True)
    assert pending(stage, "E-1") is not None
    assert post(stage, "E-1")


@pytest.mark.parametrize(
    "text",
    ["", "hello", note() + "more\n", note().replace("\n412\n", "\n0412\n"), note().replace("I-1", "I-1 <b>"), note().rpartition("—")[0],
     note() + note(), note().replace("test/", "a +b/"), note().replace("—", "-"), note().replace("test/I-1", "test/\u202eI-1")],
)  # fmt: skip
def test_only_a_checkpoint_passes_the_gate(text: str) -> None:
    """Nothing else that is signed, nor anything beside it, can be posted as one."""
    with pytest.raises(ValueError, match="not a signed checkpoint"):
        checkpoint(text)


@given(st.integers(0, 10**15), st.binary(min_size=32, max_size=32), st.from_regex(r"[a-z.-]{1,20}", fullmatch=True))
def test_every_checkpoint_passes_the_gate_unchanged(size: int, root: bytes, name: str) -> None:
    """Whatever its size, root and deployment, what stands in the room is the note, byte for byte but for the last line end."""
    signed = Signer(name, KEEPER.key).sign(Checkpoint(f"{name}/E-9", size, root).text)
    assert checkpoint(signed).text + "\n" == signed


def test_another_playbook_sets_the_next_post_anew() -> None:
    """Once it says another interval, the next is counted by that; in the first minute, and after the end, nothing is moved."""
    stage = opened()
    incident = stage.world.incidents["I-1"]
    assert scheduled(stage.world, incident, stage.now) == []
    post(stage)
    stage.world = replace(stage.world, kept={incident.digest: border(("phases:", "log: {post: 10m}\nphases:"))})
    stage.apply(scheduled(stage.world, incident, incident.opened_at + 25 * MINUTE))
    wake = pending(stage)
    assert wake is not None and wake.at == incident.opened_at + 30 * MINUTE
    stage.say(DESK, "/close all over", ADMIN, private=True)
    assert scheduled(stage.world, stage.world.incidents["I-1"], stage.now + HOUR) == []
