"""Whose a room is: /bind, and what networks report."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handlers import started
from handlers.events import Resolved, RoomEvent
from handlers.world import Request, actor
from playbooks.load import parse
from playbooks.rooms import RoomRef
from storage.effects import Enter, Redirect
from storage.facts import CommandRefused, RoomBound, RoomLost, RoomObserved
from tests.handlers.border_stage import (
    AID,
    BRANDWEER,
    CITY,
    CITY_TELEGRAM,
    DESK,
    FIRE,
    MAYOR,
    NOWHERE,
    SOMEBODY,
    WATCHERS,
    issued,
    opened,
    said,
)
from tests.handlers.stage import ADMIN, Stage
from tests.playbooks.border import BOOK, NOON, border

SEEN = RoomObserved(CITY, True, False, False, False, False, False, "")


def test_rooms_that_the_playbook_names_are_bound_by_themselves() -> None:
    """By id at the start, by alias when the network says which room it is."""
    stage = opened()
    bound = {(fact.partner, fact.room) for fact in stage.of(RoomBound) if isinstance(fact, RoomBound)}
    assert {("city", CITY), ("city", CITY_TELEGRAM), ("aid", AID), ("fire", FIRE)} <= bound
    assert stage.world.who.binding("border", NOWHERE) is None


def test_an_alias_that_leads_elsewhere_rebinds_nothing_and_the_coordinators_are_told() -> None:
    """A room is pinned to its id; whoever takes the name does not get the room."""
    stage = opened()
    stage.happen(Resolved("matrix", (("matrix:#city:x.org", RoomRef("matrix", "!evil:x.org")),)))
    assert stage.world.who.binding("border", RoomRef("matrix", "!evil:x.org")) is None
    assert stage.world.who.binding("border", CITY) is not None
    assert stage.sent[-1].to == DESK


@pytest.mark.parametrize("room", [CITY, AID, NOWHERE])
def test_binding_names_no_unlisted_partner_in_a_room_that_is_not_its_own(room: RoomRef) -> None:
    """Also where a coordinator of the deployment asks: it is as if it did not exist."""
    stage = opened()
    there = said(stage, room, "/bind watchers", ADMIN)
    assert there.replace("watchers", "nobodies") == said(stage, room, "/bind nobodies", ADMIN)
    assert "already Silent watchers's" in said(stage, WATCHERS, "/bind watchers", ADMIN)


def test_a_room_of_another_partner_does_not_learn_of_an_unlisted_one_whose_rooms_are_open() -> None:
    """In a room that is nobody's yet it is bound."""
    stage = opened(border(("    rooms: [{telegram: -19}]\n", "")))
    there = said(stage, CITY, "/bind watchers", ADMIN)
    assert there.replace("watchers", "nobodies") == said(stage, CITY, "/bind nobodies", ADMIN)
    assert "now Silent watchers's" in said(stage, NOWHERE, "/bind watchers", ADMIN)


@pytest.mark.parametrize("wanted", ["aid", "fire", "watchers", "nobody", "", "AID "])
def test_only_coordinators_bind_and_only_rooms_that_the_playbook_names(wanted: str) -> None:
    """Nobody else, nowhere else: an unnamed room never becomes a partner's."""
    stage = opened()
    before = dict(stage.world.who.bindings)
    for room, identity in ((NOWHERE, MAYOR), (CITY, MAYOR), (NOWHERE, ADMIN), (CITY, ADMIN), (DESK, ADMIN)):
        stage.say(room, f"/bind {wanted}", identity, private=room == DESK)
    assert stage.world.who.bindings == before


def test_binding_lists_no_unlisted_partner() -> None:
    """Nor any other in a group that is nobody's yet; and not as what was probably meant."""
    stage = opened()
    assert "aid" not in said(stage, NOWHERE, "/bind", ADMIN)
    assert "watchers" not in said(stage, NOWHERE, "/bind watcher", ADMIN)


@pytest.mark.parametrize(
    "change",
    [{"encrypted": False}, {"tampered": True}, {"world_readable": True}, {"open_join": True}],
)
def test_a_room_that_is_no_longer_safe_gets_no_red(change: dict[str, bool]) -> None:
    """As soon as the network says so; before, it did."""
    for observed, reached in ((SEEN, True), (replace(SEEN, **change), False)):
        stage = opened()
        stage.happen(RoomEvent("observed", CITY, observed=observed))
        issued(stage, "/alert evacuation action=leave where=Town secret=dam")
        shown = [send.body.text for send in stage.sent if send.to == CITY and send.about == "A-1" and send.body.shows]
        assert any("dam" in text for text in shown) is reached


def test_a_room_that_nothing_is_known_of_counts_as_plain() -> None:
    """Until the network has said that it is encrypted."""
    stage = Stage.set(opened().world.shelf["border"], encrypted=False)
    stage.enrol(MAYOR, "official", "city")
    stage.say(CITY, "/activate border", MAYOR)
    issued(stage, "/alert evacuation action=leave where=Town secret=dam")
    assert all("dam" not in send.body.text for send in stage.sent if send.body.shows)


def test_losing_a_room_is_told_to_coordinators_without_naming_the_unlisted() -> None:
    """Once; with the number to ring where the partner is listed."""
    stage = opened()
    stage.happen(RoomEvent("removed", AID, reason="kicked"))
    stage.happen(RoomEvent("removed", AID, reason="kicked"))
    assert len(stage.of(RoomLost)) == 1 and "Aid" in stage.sent[-1].body.text and "+3213" in stage.sent[-1].body.text
    stage.happen(RoomEvent("removed", WATCHERS, reason="kicked"))
    assert "watchers" not in stage.sent[-1].body.text and "+3299" not in stage.sent[-1].body.text


def test_invitations_are_accepted_from_coordinators_and_into_rooms_that_are_bound() -> None:
    """From strangers only into private chats."""
    stage = opened()
    unknown = RoomRef("matrix", "!unknown")

    def entered(room: RoomRef, by: str, *, private: bool = False) -> bool:
        effects = stage.happen(RoomEvent("invited", room, by=by, private=private))
        return any(isinstance(effect, Enter) for effect in effects)

    assert not entered(unknown, MAYOR)
    assert entered(unknown, ADMIN) and entered(CITY, MAYOR) and entered(unknown, MAYOR, private=True)


def test_a_room_that_moves_keeps_its_partner_and_must_be_observed_anew() -> None:
    """What waits goes along; that the old room was encrypted says nothing of the new one."""
    stage = opened()
    new = RoomRef("matrix", "!new:x.org")
    effects = stage.happen(RoomEvent("moved", CITY, moved_to=new))
    assert Redirect(CITY, new) in effects
    binding = stage.world.who.binding("border", new)
    assert binding is not None and binding.partner == "city" and new not in stage.world.who.traits
    assert stage.world.who.binding("border", CITY) is None
    assert stage.happen(RoomEvent("moved", RoomRef("matrix", "!x"), moved_to=new)) == []


def test_refusing_to_bind_is_recorded() -> None:
    """With the reason."""
    stage = opened()
    stage.say(NOWHERE, "/bind aid", ADMIN)
    refused = stage.of(CommandRefused)[-1]
    assert isinstance(refused, CommandRefused) and refused.reason == "not-in-playbook"


def test_a_room_that_a_new_version_gives_to_another_partner_is_no_longer_the_first_ones() -> None:
    """Bindings follow the playbook: the next start binds the room anew, and an incident of the old version does not use it."""
    stage = opened()
    assert stage.world.shelf["border"].playbook.partners["aid"].rooms
    text = BOOK.source.decode().replace("telegram: -14", "telegram: -77")
    changed = parse(text.encode(), "border.yaml")
    stage.world = replace(stage.world, shelf={"border": changed})
    stage.apply(started(stage.world, stage.now))
    assert actor(stage.world, request(AID), changed).partner is None
    assert actor(stage.world, request(RoomRef("telegram", "-77")), changed).partner == "aid"


def test_a_room_that_two_partners_name_is_the_first_ones() -> None:
    """A mistake in the playbook does not hand a room, and what it may see, to whoever is written last; a restart changes nothing."""
    text = BOOK.source.decode().replace("telegram: -15", "telegram: -14")
    stage = Stage.set(parse(text.encode(), "border.yaml"))
    before = len(stage.of(RoomBound))
    stage.apply(started(stage.world, stage.now))
    assert actor(stage.world, request(AID), stage.world.shelf["border"]).partner == "aid"
    assert len(stage.of(RoomBound)) == before


def test_an_alias_known_from_one_playbook_is_bound_for_another_that_comes_later() -> None:
    """A second playbook with the same room names gets its rooms too."""
    stage = opened()
    text = BOOK.source.decode().replace("playbook: border", "playbook: border-two", 1)
    stage.world = replace(stage.world, shelf={**stage.world.shelf, "border-two": parse(text.encode(), "two.yaml")})
    stage.happen(Resolved("matrix", tuple((alias, room) for alias, room in stage.world.who.aliases.items())))
    assert actor(stage.world, request(BRANDWEER), stage.world.shelf["border-two"]).partner == "brandweer"


def request(room: RoomRef) -> Request:
    """Somebody says something in a room."""
    return Request(NOON, b"s", room, False, SOMEBODY, "somebody", "/help")


def test_nobody_moves_their_room_onto_another_partners() -> None:
    """A successor that is somebody else's room is not followed: the owner keeps it, and the coordinators are told."""
    stage = opened()
    before = stage.world.who.binding("border", CITY)
    stage.happen(RoomEvent("moved", BRANDWEER, moved_to=CITY))
    assert stage.world.who.binding("border", CITY) == before
    assert any(send.to == DESK and "Brandweer" in send.body.text for send in stage.sent)


def test_a_name_that_leads_into_another_partners_room_is_not_bound() -> None:
    """Whoever owns an alias cannot point it at a room that is already somebody's."""
    stage = Stage.set(BOOK)
    text = BOOK.source.decode().replace("#fire:x.org", "#newfire:x.org")
    stage.world = replace(stage.world, shelf={"border": parse(text.encode(), "border.yaml")})
    stage.happen(Resolved("matrix", (("matrix:#newfire:x.org", CITY),)))
    binding = stage.world.who.binding("border", CITY)
    assert binding is not None and binding.partner == "city"


def test_a_new_title_or_a_strangers_room_makes_nothing_stale() -> None:
    """Only what decides how far a partner's room can be trusted raises the epoch."""
    stage = opened()
    epoch = stage.world.who.epoch
    seen = stage.world.who.traits[CITY]
    stage.happen(RoomEvent("observed", CITY, observed=replace(seen, title="New")))
    stage.happen(
        RoomEvent("observed", NOWHERE, observed=RoomObserved(NOWHERE, True, False, True, True, True, False, ""))
    )
    assert stage.world.who.epoch == epoch
    stage.happen(RoomEvent("observed", CITY, observed=replace(seen, world_readable=True)))
    assert stage.world.who.epoch > epoch
