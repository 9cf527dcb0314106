"""The border playbook with three phases, deputies, a unified command, duties and means; its people; and what to look at afterwards."""

from __future__ import annotations

from collections.abc import Sequence

from playbooks.load import Book
from playbooks.rooms import RoomRef
from storage import incident as folding
from storage.effects import Send
from storage.incident import Incident
from tests.handlers import border_stage
from tests.handlers.border_stage import BRANDWEER, CITY, FIRE
from tests.handlers.stage import Stage
from tests.playbooks.border import border

LEAD = "{in: [watch, response], tier: operational, jurisdiction: be, lead: fire, deputies: [city]}"
NEW_LEAD = (
    '{in: [watch, response], tier: operational, jurisdiction: be, lead: fire, deputies: [city, aid], basis: "Law of fires", accept_within: 10m}\n'
    '  - {in: recovery, tier: operational, jurisdiction: be, lead: city, deputies: [fire], basis: "Law of towns", accept_within: 30m}'
)
SHARING = "  - {permit: [secret], to: city, purpose: life-safety}\n"
MORE_SHARING = (
    SHARING
    + "  - {permit: [_decision, _note, _presence], to: {kind: [fire, municipality]}, purpose: life-safety, under: pact}\n"
)
DUTIES = """\
duties:
  - {for: {kind: municipality}, at: recovery, text: {en: You answer for the town, fr: Vous répondez de la ville}, source: Law of towns, confirm: true}
  - {for: fire, at: activation, text: {en: Tell the governor}, source: Law of fires}
  - {for: fire, at: calm, text: {en: Look at your boats}, source: Law of boats}
means:
  boats: {kind: rescue boat, count: 6, owner: fire, at: town, tlp: green}
  divers: {kind: diver, count: 2, owner: watchers, tlp: green}
  spare: {kind: hidden pump, count: 1, owner: fire, tlp: red}
alerts:
"""
CHANGES = (
    ("phases: [watch, response]\n", "phases: [watch, response, recovery]\n"),
    (LEAD, NEW_LEAD),
    (SHARING, MORE_SHARING),
    ("alerts:\n", DUTIES),
)
BOOK = border(*CHANGES)

CHIEF = border_stage.LIAISON
"""A liaison of the fire service, which leads at first."""
MAYOR, CLERK = border_stage.MAYOR, "matrix:@clerk:x.org"
HELPER, VOLUNTEER = "telegram:88", "telegram:89"
CHARGE = "telegram:77"


def opened(book: Book = BOOK) -> Stage:
    """An incident, with a liaison of each partner that may come to lead, and a coordinator of the deployment."""
    stage = border_stage.opened(book)
    stage.enrol(CLERK, "liaison", "city")
    stage.enrol(HELPER, "liaison", "aid")
    stage.enrol(CHARGE, "coordinator", None)
    stage.sent.clear()
    return stage


def state(stage: Stage) -> Incident:
    """The incident as it stands."""
    return stage.world.incidents["I-1"]


def leaders(stage: Stage, jurisdiction: str | None = "be", tier: str = "operational") -> tuple[str, ...]:
    """Who leads there."""
    return next(one.partners for one in state(stage).leads if (one.tier, one.jurisdiction) == (tier, jurisdiction))


def open_offers(stage: Stage) -> list[str]:
    """The offers that wait for an answer."""
    return [name for name, offer in state(stage).offers.items() if offer.ended is None]


def refolded(stage: Stage) -> Incident | None:
    """The incident as a program that starts now would read it from the log."""
    return folding.fold(None, [kept for kept in stage.facts if kept.stream == "I-1"])


def taps(sends: Sequence[Send]) -> list[str]:
    """What can be tapped under these messages."""
    return [tap.command for send in sends for row in send.taps for tap in row]


def words(sends: Sequence[Send], room: RoomRef) -> str:
    """All that a room was sent."""
    return "\n".join(send.body.text for send in sends if send.to == room)


def recovery(stage: Stage) -> list[Send]:
    """The fire service changes the phase to the last one, in which the city is to lead."""
    return stage.say(FIRE, "/phase I-1 recovery yes watch", CHIEF)


__all__ = ["BOOK", "BRANDWEER", "CHANGES", "CITY", "FIRE"]
