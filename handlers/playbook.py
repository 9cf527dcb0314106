"""/playbook: by which version an incident goes; and how it comes to go by another, with open eyes.

An incident goes by the version it began with. ``/playbook reload`` reads the file again and shows what it would open, close and hand to
another; only then, by a tap, the incident goes by it. Where it opens anything, the tap must be a second person's. Waiting messages
are decided again under the new rules, and everyone is told. What has already taken place must still have its names in the new
version: a partner that was told something, an alert that stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from handlers import admission, checkins, departing, escalation, posting
from handlers.afterwards import after_all
from handlers.case import Case, room_reader
from handlers.changes import told, untold
from handlers.phase import by_rules
from handlers.rooms import by_playbook
from handlers.texts import say
from handlers.world import World, bound_for, rooms_for
from playbooks import mandate
from playbooks.cleared import (
    Cleared,
    clock,
    code,
    figure,
    glue,
    name,
    quote,
    secret,
    short_id,
    strong,
)
from playbooks.diff import Difference, diff
from playbooks.load import Book
from playbooks.rooms import RoomRef
from playbooks.selection import Leading
from storage.effects import Effect, Send, Tap, Urgency
from storage.facts import PlaybookKept, PlaybookProposed, PlaybookReloaded
from storage.incident import Incident, Proposal

LASTS = timedelta(hours=1)
"""A proposal that nobody answered within this time is none any more."""
MOST_NAMED = 6
"""Partners that are named in a refusal."""
DIGITS = 12
ABOUT = "playbook"
"""What an announcement of new rules is about, so that it is known again where it grows stale."""


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/playbook``, ``/playbook reload``, and what its buttons say: ``use DIGEST``, ``keep DIGEST``."""
    assert case.incident is not None and case.book is not None
    action, _, rest = arguments.strip().lower().partition(" ")
    if action not in ("reload", "use", "keep"):
        return [_shown(case, case.incident, case.book)]
    if not case.actor.coordinator:
        return case.refuse(case.say("Only coordinators may do this."), "/playbook", "role")
    if action == "reload":
        return _propose(case, case.incident, case.book)
    proposal = case.incident.proposal
    meant = rest.strip()
    if proposal is None or len(meant) < DIGITS or not proposal.fact.digest.startswith(meant):
        return [case.answer(case.say("That proposal is no longer open. /playbook reload reads the file again."))]
    if action == "keep":
        words = case.say(
            "Nothing was changed: {incident} goes on under version {version}.", **_version(case, case.book)
        )
        return [
            case.record(PlaybookKept(proposal.fact.digest, case.actor.person, case.actor.partner)),
            case.answer(words),
        ]
    return _use(case, case.incident, case.book, proposal)


def _version(case: Case, book: Book) -> dict[str, Cleared | int]:
    assert case.incident is not None
    return {"incident": short_id(case.incident.id), "version": book.playbook.version}


def _shown(case: Case, incident: Incident, book: Book) -> Send:
    lines = [
        case.say(
            "{incident} goes by {title}, version {version}.",
            **_version(case, book),
            title=quote(book, case.reader, book.playbook.title),
        ),
        case.say(
            "Fingerprint of its file: {digest}…", digest=code(secret(incident.digest[:DIGITS], case.request.room))
        ),
    ]
    taps: list[list[Tap]] = []
    if case.actor.coordinator:
        found = case.world.found.get(incident.playbook)
        if found is not None and found.book is not None and found.book.digest == incident.digest:
            lines.append(case.say("The file on the server is the same."))
        elif found is not None and (found.book is not None or found.errors):
            lines.append(case.say("The file on the server is another by now."))
            taps.append([case.tap("What would change?", f"/playbook {incident.id} reload", "🔎")])
    return case.answer(glue(lines), taps)


# --- asked -------------------------------------------------------------------------------------------------------------


def _propose(case: Case, incident: Incident, old: Book) -> list[Effect]:
    found = case.world.found.get(incident.playbook)
    if found is None or (found.book is None and not found.errors):
        words = case.say("The file of this playbook cannot be read on the server. Nothing was changed.")
        return [case.answer(words)]
    if found.book is None:
        words = case.says(
            "Nothing was changed: the file has {count} error, on line {line}. On the server, tocsin check says which.",
            "Nothing was changed: the file has {count} errors, the first on line {line}. On the server, tocsin check says which.",
            found.errors,
            line=figure(found.line),
        )
        return [case.answer(words)]
    new = found.book
    if new.digest == old.digest:
        return [
            case.answer(case.say("The file is the one that {incident} goes by. Nothing to change.", **_id(incident)))
        ]
    obstacle = _obstacle(case, incident, old, new)
    if obstacle is not None:
        return [case.answer(obstacle)]
    change = _difference(case, old, new)
    fact = PlaybookProposed(
        incident.playbook,
        new.playbook.version,
        new.digest,
        old.digest,
        case.actor.person,
        case.actor.identity,
        case.actor.partner,
        len(change.opens) + len(change.loosened),
        len(change.closes),
    )
    lines = [
        case.say(
            "<b>{title}</b>, version {new} instead of {old}, for {incident}:",
            title=quote(old, case.reader, old.playbook.title),
            new=new.playbook.version,
            old=old.playbook.version,
            **_id(incident),
        ),
        *told(case.reader, old, new, change),
        *untold(case.reader, old, new, change),
    ]
    if change.opens_anything:
        lines.append(
            case.say("It opens something, so a second person must agree: a coordinator enrolled with /invite.")
        )
    lines.append(case.say("The whole of it, on the server: tocsin diff OLD NEW"))
    taps = [
        [
            case.tap(
                "Use version {new}",
                f"/playbook {incident.id} use {new.digest[:DIGITS]}",
                "✅",
                new=new.playbook.version,
            ),
            case.tap(
                "Keep version {old}",
                f"/playbook {incident.id} keep {new.digest[:DIGITS]}",
                "❌",
                old=old.playbook.version,
            ),
        ]
    ]
    return [case.record(fact), case.answer(glue(lines), taps, urgency=Urgency.PROMPT)]


def _id(incident: Incident) -> dict[str, Cleared | int]:
    return {"incident": short_id(incident.id)}


def _difference(case: Case, old: Book, new: Book) -> Difference:
    known = case.world.differences.get((old.digest, new.digest))
    if known is not None:
        return known
    assert case.incident is not None
    return diff(case.world.agreed_of(case.incident), new, case.now)


# --- agreed --------------------------------------------------------------------------------------------------------------


def _use(case: Case, incident: Incident, old: Book, proposal: Proposal) -> list[Effect]:
    fact = proposal.fact
    if fact.before != incident.digest or case.now - proposal.at > LASTS:
        return [case.answer(case.say("That proposal is no longer open. /playbook reload reads the file again."))]
    new = case.world.kept[fact.digest]
    obstacle = _obstacle(case, incident, old, new)
    if obstacle is not None:
        return [case.answer(obstacle)]
    if fact.opens and not _are_two(case, fact):
        words = case.say(
            "Not used yet: it opens something. Two persons must agree to that, and only those enrolled with /invite count."
        )
        return [case.answer(words)]
    dropped = _dropped(incident, old, new)
    homeless = [p for p, one in incident.admitted.items() if one.jurisdiction not in new.playbook.jurisdictions]
    effects: list[Effect] = []
    for guest in homeless:
        world = after_all(case.world, incident.id, effects, case.now)
        effects += admission.over(world, world.incidents[incident.id], guest, case.now, by="playbook")
    effects += [
        *departing.unwatched(incident, dropped, case.now),
        case.record(
            PlaybookReloaded(
                fact.playbook,
                fact.version,
                fact.digest,
                fact.before,
                fact.person,
                case.actor.person,
                case.actor.partner,
                fact.opens,
                fact.closes,
                dropped,
            )
        ),
    ]
    world = after_all(case.world, incident.id, effects, case.now)
    rules = _leads(incident, old, new)
    effects += by_rules(world, incident.id, rules, case.now, person=case.actor.person, by=case.actor.partner)
    world = after_all(case.world, incident.id, effects, case.now)
    effects += departing.led(world, incident.id, case.now)
    world = after_all(case.world, incident.id, effects, case.now)
    effects += checkins.scheduled(world, world.incidents[incident.id], case.now)
    effects += posting.scheduled(world, world.incidents[incident.id], case.now)
    effects += escalation.restored(world, world.incidents[incident.id], case.now)
    effects += by_playbook(case.world, {incident.playbook: new})
    return [*effects, *_farewell(case, incident, old, dropped), *_announced(case, incident, old, new)]


def _dropped(incident: Incident, old: Book, new: Book) -> dict[str, dict[str, Any]]:
    """The partners that the new version lacks, with what they were: the log goes on to speak of them."""
    gone = [
        p for p in old.playbook.partners if p not in new.playbook.partners and p not in (*old.guests, *old.departed)
    ]
    every = ((p, old.playbook.partners[p]) for p in gone)
    return {
        p: {"name": w.name, "kind": w.kind, "level": w.level, "jurisdiction": w.jurisdiction, "listed": w.listed}
        for p, w in every
    }


def _farewell(case: Case, incident: Incident, old: Book, dropped: Iterable[str]) -> list[Effect]:
    """Who takes part no longer is told so, once, in its own rooms."""
    effects: list[Effect] = []
    for partner in dropped:
        for binding in rooms_for(case.world, incident, partner, "alerts"):
            reader = room_reader(case.world, old, binding.room, partner)
            words = say(
                reader.languages,
                "Your part in {title} is over. Nothing more comes here. Thank you.",
                title=strong(quote(old, reader, old.playbook.title)),
            )
            effects.append(Send(incident.id, binding.room, words, Urgency.PROMPT, partner=partner))
    return effects


def _are_two(case: Case, fact: PlaybookProposed) -> bool:
    """Whether who proposed and who agrees are two enrolled persons: accounts that nobody has joined may be one human's."""
    author, other = case.world.who.person(fact.identity), case.world.who.person(case.actor.identity)
    return author is not None and other is not None and author.id != other.id


def _leads(incident: Incident, old: Book, new: Book) -> list[Leading]:
    """Who is to lead by the new rules and was not by the old. A lead that no rule names any more stays until the next phase."""

    def same(one: Leading) -> tuple[object, ...]:
        return (one.tier, one.jurisdiction, one.partners, one.decides, one.deputies, one.basis)

    before = {same(one) for one in mandate.leads(old, incident.phase, incident.hazard)}
    return [one for one in mandate.leads(new, incident.phase, incident.hazard) if same(one) not in before]


def _announced(case: Case, incident: Incident, old: Book, new: Book) -> list[Effect]:
    """Every partner learns in its own rooms by which rules it goes from here on."""
    change = _difference(case, old, new)
    effects: list[Effect] = []
    bound = bound_for(case.world, new, "alerts", exercise=incident.opened.exercise)
    for binding in bound:
        reader = room_reader(case.world, new, binding.room, binding.partner)
        lines = [
            say(
                reader.languages,
                "<b>New rules for {incident}</b>: {title}, version {new} instead of {old}, since {time}.",
                title=quote(new, reader, new.playbook.title),
                new=new.playbook.version,
                old=old.playbook.version,
                time=clock(new, case.now),
                **_id(incident),
            ),
            *told(reader, old, new, change),
        ]
        effects.append(
            Send(incident.id, binding.room, glue(lines), Urgency.PROMPT, about=ABOUT, partner=binding.partner)
        )
    if not any(binding.room == case.request.room for binding in bound):
        words = case.say("{incident} goes by version {version} now.", **_version(case, new))
        effects.append(case.answer(words))
    return effects


def announced_again(world: World, incident: Incident, room: RoomRef) -> list[Effect]:
    """What a room is told where the announcement grew stale before it left; nothing where the room takes no part any more."""
    book = world.book_of(incident)
    effects: list[Effect] = []
    for binding in bound_for(world, book, "alerts", exercise=incident.opened.exercise):
        if binding.room == room:
            reader = room_reader(world, book, room, binding.partner)
            words = say(
                reader.languages,
                "{incident} goes by {title}, version {version}.",
                title=quote(book, reader, book.playbook.title),
                version=book.playbook.version,
                **_id(incident),
            )
            effects.append(Send(incident.id, room, words, Urgency.PROMPT, about=ABOUT, partner=binding.partner))
    return effects


# --- what stands in the way ------------------------------------------------------------------------------------------------


def _obstacle(case: Case, incident: Incident, old: Book, new: Book) -> Cleared | None:
    """Why this incident cannot go by the new version: something that has taken place would lose its name."""
    if new.playbook.playbook != incident.playbook:
        return case.say("Nothing was changed: the file is another playbook by now.")
    if incident.phase not in new.playbook.phases:
        return case.say(
            "Nothing was changed: the new version does not have the phase that {incident} is in.", **_id(incident)
        )
    if incident.in_danger(case.now) and new.playbook.danger is None:
        return case.say(
            "Nothing was changed: danger is declared, and the new version could not end it. /danger off first."
        )
    missing = [
        partner
        for partner in _concerned(incident)
        if partner in old.playbook.partners
        and partner not in new.playbook.partners
        and partner not in (*old.guests, *old.departed)
    ]
    if missing:
        names = glue([name(old, case.reader, partner) for partner in missing[:MOST_NAMED]], " · ")
        return case.say(
            "Nothing was changed: the new version lacks partners that take part in {incident}: {partners}.",
            partners=names,
            **_id(incident),
        )
    for identifier, template, fields in _standing(incident):
        if not _stands(old, new, template, fields):
            return case.say(
                "Nothing was changed: the new version does not have the alert of {alert}, or not with its fields and answers.",
                alert=short_id(identifier),
            )
    return None


def _concerned(incident: Incident) -> Iterable[str]:
    """The partners of which something has been recorded."""
    found: dict[str, None] = {}
    for leading in incident.leads:
        found |= dict.fromkeys((*leading.partners, *leading.deputies))
    if incident.danger is not None:
        found[incident.danger.partner] = None
    for issued in incident.alerts.values():
        found |= dict.fromkeys((issued.fact.partner, *issued.addressed, *issued.shown, *issued.held, *issued.answers))
    found |= dict.fromkeys(draft.fact.partner for draft in incident.drafts.values())
    found |= dict.fromkeys(decision.fact.partner for decision in incident.decisions.values())
    for offer in incident.offers.values():
        found |= dict.fromkeys(offer.fact.partners if offer.ended is None else ())
    return found


def _standing(incident: Incident) -> Iterable[tuple[str, str, Iterable[str]]]:
    """Alerts and drafts: their id, template, and the fields they carry."""
    for identifier, issued in incident.alerts.items():
        yield identifier, issued.fact.template, issued.fact.fields
    for identifier, draft in incident.drafts.items():
        yield identifier, draft.fact.template, draft.fact.fields


def _stands(old: Book, new: Book, template: str, fields: Iterable[str]) -> bool:
    if template not in new.playbook.alerts:
        return False
    if not set(old.playbook.alerts[template].ack.choices) <= set(new.playbook.alerts[template].ack.choices):
        return False  # an answer that was offered must stay one
    return all(
        field in new.playbook.alerts[template].fields
        and (before := old.playbook.field(field)) is not None
        and (after := new.playbook.field(field)) is not None
        and before.type == after.type
        and set(before.options) <= set(after.options)
        for field in fields
    )
