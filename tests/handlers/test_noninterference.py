"""What a partner may not see leaves no trace in what it is shown: not a word, not a button, not a count, not a fact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from handlers import due
from handlers.events import Delivery, Stale
from playbooks.rooms import RoomRef
from playbooks.selection import Event
from playbooks.sight import Room, Seen, decide
from storage.effects import Urgency
from storage.store import Deadline, OutboxRow
from tests.examples import examples
from tests.handlers.stage import Stage
from tests.playbooks.border import BOOK, NOON, said, so

ROOMS = {
    "city": (RoomRef("matrix", "!city:x.org"), RoomRef("telegram", "-11")),
    "fire": (RoomRef("matrix", "!fire:x.org"), RoomRef("telegram", "-12")),
    "brandweer": (RoomRef("matrix", "!brandweer:x.org"),),
    "aid": (RoomRef("telegram", "-14"),),
    "hilfe": (RoomRef("telegram", "-15"),),
    "watchers": (RoomRef("telegram", "-19"),),
}
MAYOR, OFFICER, LIAISON = "matrix:@mayor:x.org", "matrix:@officer:x.org", "matrix:@liaison:x.org"
WORDS = ("The quay is under water.", "Water <b>in</b> {where} & {tlp}", "A")
OTHERWISE: Mapping[str, tuple[str | None, ...]] = {
    "what": (None, *WORDS),
    "where": (None, "Quai 1, Town", "the church tower of Town"),
    "people": (None, "0", "12", "500"),
    "victims": (None, "Ada Lovelace", "Ada Lovelace, Jean-Luc Picard"),
    "secret": (None, *WORDS),
    "spot": ("Town", "Hill", "Town and Hill", "50.600, 5.600"),
}
"""What may be typed for each field; ``spot`` is the place of the second alert, which selects by it."""

fields = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in OTHERWISE.items()})


def played(typed: Mapping[str, str | None]) -> Stage:
    """A crisis from beginning to end, the same but for what is typed into the fields."""
    stage = Stage.set(BOOK)
    stage.now = NOON  # while the agreement is in force
    for identity, role, partner in (
        (MAYOR, "official", "city"),
        (OFFICER, "official", "city"),
        (LIAISON, "liaison", "fire"),
    ):
        stage.enrol(identity, role, partner)
    stage.say(ROOMS["city"][0], "/activate border High water", MAYOR)
    given = " ".join(
        f'{name}="{typed[name]}"' for name in ("what", "where", "people", "victims", "secret") if typed[name]
    )
    stage.say(ROOMS["city"][0], f"/alert evacuation action=leave {given}", MAYOR)
    stage.say(ROOMS["city"][0], "/draft D-1 send", MAYOR, via="button")
    settled(stage, "A-1")
    for partner, choice in (("fire", "cannot"), ("brandweer", "seen"), ("aid", "acting"), ("watchers", "cannot")):
        stage.say(ROOMS[partner][-1], f"/ack A-1 {choice}", f"matrix:@{partner}:x.org")
    stage.say(ROOMS["fire"][0], f'/alert affected where="{typed["spot"]}" people={typed["people"] or 7} Come', LIAISON)
    stage.say(ROOMS["city"][0], f"/alert count people={typed['people'] or 7} Mind the numbers", MAYOR)
    asked(stage)
    stage.say(ROOMS["fire"][0], "/danger a dyke broke", LIAISON)
    for alert in ("A-1", "A-2", "A-3"):
        decided_again(stage, alert)
    corrected(stage, typed)
    stage.say(ROOMS["city"][0], "/alert talk Second person, please", MAYOR)
    for wake in sorted(stage.wakes, key=lambda wake: (wake.at, wake.key)):
        stage.now = max(stage.now, wake.at)
        deadline = Deadline(wake.key, wake.stream, wake.at, wake.kind, wake.about)
        stage.apply(due(stage.world, deadline, stage.now))
    asked(stage)
    stage.say(ROOMS["city"][0], "/close I-1 yes", "telegram:501")
    return stage


def corrected(stage: Stage, typed: Mapping[str, str | None]) -> None:
    """Alerts are updated, replaced, cancelled and withdrawn, by their issuer, by others, and in vain."""
    stage.say(ROOMS["fire"][0], f'/update A-2 where="{typed["spot"]}" people={typed["people"] or 7}', LIAISON)
    stage.say(ROOMS["city"][0], f"/update A-3 people={typed['people'] or 7} Mind them well", MAYOR)
    latest = list(stage.world.incidents["I-1"].alerts)[-1]
    settled(stage, latest)
    stage.say(ROOMS["city"][0], f'/update A-1 action=stay secret="{typed["secret"] or "no"}"', MAYOR)
    stage.say(ROOMS["city"][0], f"/draft {list(stage.world.incidents['I-1'].drafts)[-1]} send", MAYOR)
    for command in (
        "/cancel A-1",
        "/update A-1",
        f"/cancel {latest}",
        "/retract A-2",
        "/cancel",
        "/update",
        "/retract",
    ):
        for partner in ("brandweer", "aid", "hilfe", "watchers"):
            stage.say(ROOMS[partner][-1], command, f"matrix:@{partner}:x.org")
    stage.say(ROOMS["city"][0], f"/cancel {latest} The quay holds", MAYOR)
    stage.say(ROOMS["city"][0], "/retract A-1", MAYOR)
    for alert in ("A-1", latest):
        decided_again(stage, alert)


def asked(stage: Stage) -> None:
    """Somebody in every room asks whatever can be asked."""
    for partner, rooms in ROOMS.items():
        for room in rooms:
            for command in (
                "/status",
                "/status A-1",
                "/status A-2",
                "/status A-3",
                "/ack A-2",
                "/who",
                "/help",
                "/alert",
            ):
                stage.say(room, command, f"matrix:@{partner}:x.org")


def settled(stage: Stage, alert: str) -> None:
    """Every copy of an alert arrives, but one that is refused."""
    for index, row in enumerate(rows(stage, alert)):
        event = Delivery(row, "refused", reason="kicked") if index == 1 else Delivery(row, "sent", message=f"m{index}")
        stage.happen(event)


def decided_again(stage: Stage, alert: str) -> None:
    """Danger has changed what may be seen while every copy was still waiting."""
    for row in rows(stage, alert):
        stage.happen(Stale(row, over=False))


def rows(stage: Stage, alert: str) -> list[OutboxRow]:
    """The copies of an alert as they stand in the outbox."""
    issued = stage.world.incidents["I-1"].alerts[alert]
    return [
        OutboxRow(send, send, "I-1", copy.room, Urgency.ALERT, "{}", alert, copy.partner)
        for send, copy in issued.copies.items()
    ]


def hidden(partner: str) -> set[str]:
    """The fields that none of a partner's rooms sees in any form, in danger or not."""
    seen = {
        field
        for room in ROOMS[partner]
        for origin in ("city", "fire")
        for danger in (False, True)
        for field in said().fields
        if isinstance(decide(BOOK, so(danger=danger), event(origin), known(room, partner), field), Seen)
    }
    return set(said().fields) - seen


def event(origin: str) -> Event:
    """An event of that partner's."""
    return said(origin)


def known(room: RoomRef, partner: str) -> Room:
    """A room as the stage has it: encrypted on Matrix."""
    return Room(room, partner, encrypted=room.network == "matrix")


def otherwise(partner: str, one: Mapping[str, str | None], other: Mapping[str, str | None]) -> dict[str, str | None]:
    """The one, with what is hidden from the partner as in the other."""
    unseen = hidden(partner) | ({"spot"} if "where" in hidden(partner) else set())
    result = {name: other[name] if name in unseen else value for name, value in one.items()}
    if partner == "aid" and one["where"] is not None:
        result["where"] = other["where"] or "Town"  # it sees the area, and never the words
    return result


def shown(stage: Stage, partner: str) -> list[Any]:
    """Everything that the partner's rooms were sent, to the last attribute."""
    return [
        (
            send.to, send.body.html, send.body.label, dict(send.body.shows), send.urgency, send.about, send.language,
            [[(tap.label.html, tap.command, tap.emoji) for tap in row] for row in send.taps], send.loud, send.not_after,
        )
        for send in stage.sent
        if send.to in ROOMS[partner]
    ]  # fmt: skip


def test_the_crisis_shows_each_partner_something_and_hides_something() -> None:
    """Else the property below would hold for nothing's sake."""
    stage = played({name: values[-1] for name, values in OTHERWISE.items()})
    assert {partner: hidden(partner) for partner in ROOMS} == {
        "city": set(),
        "fire": {"secret"},
        "brandweer": {"victims", "secret"},
        "aid": {"people", "victims", "secret"},
        "hilfe": {"where", "people", "victims", "secret"},
        "watchers": {"where", "people", "victims", "secret"},
    }
    assert all(len(shown(stage, partner)) > 10 for partner in ROOMS)
    alerts = [send for send in stage.sent if send.urgency == Urgency.ALERT]
    assert {send.partner for send in alerts if send.about == "A-1"} == set(ROOMS)
    assert stage.world.incidents["I-1"].alerts["A-3"].held
    assert {one.state for one in stage.world.incidents["I-1"].alerts.values()} >= {
        "retracted",
        "cancelled",
        "superseded",
    }


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([partner for partner in ROOMS if partner != "city"]), fields, fields)
@example("fire", {name: values[-1] for name, values in OTHERWISE.items()}, dict.fromkeys(OTHERWISE) | {"spot": "Hill"})
@example("aid", {name: values[-1] for name, values in OTHERWISE.items()}, dict.fromkeys(OTHERWISE) | {"spot": "Hill"})
@example("hilfe", {name: values[-1] for name, values in OTHERWISE.items()}, dict.fromkeys(OTHERWISE) | {"spot": "Hill"})
def test_what_is_hidden_from_a_partner_changes_nothing_that_it_is_shown(
    partner: str, one: dict[str, str | None], other: dict[str, str | None]
) -> None:
    """Two crises that differ in the values, or the presence, of fields hidden from a partner are the same to it."""
    changed = otherwise(partner, one, other)
    first, second = played(one), played(changed)
    for before, after in zip(shown(first, partner), shown(second, partner), strict=True):
        assert before == after
    if changed["spot"] == one["spot"]:
        kinds = [[type(kept.fact).__name__ for kept in stage.facts] for stage in (first, second)]
        assert kinds[0] == kinds[1]
