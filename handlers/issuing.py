"""An alert leaves: what is recorded, which copy goes to which room, what is held, and who is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from handlers import cards, superseding, waiting
from handlers.addressing import Letter, address, event_of, issued_event, origins_of_request, sees_place
from handlers.asked import fulfilled
from handlers.case import Case
from handlers.choices import taps_for
from handlers.drafting import values_of
from handlers.notify import tell_lead
from handlers.powers import tell_of_power
from handlers.texts import say
from handlers.why import why
from handlers.world import World, languages, sight_room
from playbooks import mandate, sight
from playbooks.audience import Addressee, Audience, RoomView
from playbooks.cleared import Cleared, Reader, field_name, glue, listed, name, phone, short_id, strong
from playbooks.rooms import RoomRef
from playbooks.selection import Event
from playbooks.sight import Withheld
from playbooks.values import Place
from storage.effects import Effect, Send, Tap, Urgency, Wake
from storage.facts import AlertAddressed, AlertDrafted, AlertIssued, CopyHeld
from storage.incident import Incident


def issue(case: Case, draft: AlertDrafted, *, confirmed_by: str, alone: bool) -> list[Effect]:
    """Issue a draft. The caller has made sure that its partner may."""
    assert case.book is not None and case.incident is not None
    world, incident, book, now = case.world, case.incident, case.book, case.now
    alert = book.playbook.alerts[draft.template]
    values = values_of(draft.fields)
    expires = now + alert.expires if alert.expires is not None else None
    updates = superseding.standing(incident, draft.updates)
    beside = (*origins_of_request(book, incident, draft.request), *superseding.origins(incident, draft.updates))
    event = event_of(book, draft.template, draft.partner, values, draft.raised, expires, beside)
    place = values.get(event.place) if event.place else None
    verdict = mandate.may_issue(
        book, case.so, draft.template, draft.partner, place if isinstance(place, Place) else None
    )
    if isinstance(verdict, mandate.NotMandated):
        raise ValueError("an alert is issued only by those whose it is")
    identifier = world.next_id("A")
    issued = AlertIssued(
        alert=identifier,
        draft=draft.draft,
        template=draft.template,
        partner=draft.partner,
        person=draft.person,
        confirmed_by=confirmed_by,
        alone=alone,
        basis=verdict.basis or verdict.ground,
        rule=case.rule(verdict.line),
        origins=tuple(sorted(event.origins)),
        raised=draft.raised,
        expires=expires,
        fields=draft.fields,
        updates=updates,
        request=draft.request,
    )
    addressing = address(world, incident, draft.template, event, now)
    addressed = _addressed(identifier, addressing)
    effects: list[Effect] = [case.record(issued), case.record(addressed)]
    effects += _held(case, identifier, addressing)
    sent = copies(world, incident, draft.template, identifier, now, now, addressing, issued)
    aside = superseding.aside(world, incident, draft.template, event, updates, now)
    sent += copies(world, incident, draft.template, identifier, now, now, aside, issued)
    effects += sent
    effects += superseding.replaced(case, (issued, addressed), issued, sent)
    effects += cards.touched(incident, identifier, now)
    shown = [one.partner for one in addressing.of("shown")]
    effects += waiting.asked(incident, identifier, alert.ack.within, shown, now)
    if expires is not None:
        effects.append(Wake(f"expires:{identifier}", case.stream, expires, "alert-expires", identifier))
    if verdict.ground == "in_danger" and alert.in_danger is not None:
        effects += tell_of_power(case, identifier, draft, event, alert.in_danger.basis)
    effects += fulfilled(world, incident, draft.request, draft.partner, identifier)
    effects.append(_answer(case, identifier, draft, addressing))
    return effects


def _addressed(identifier: str, addressing: Audience) -> AlertAddressed:
    return AlertAddressed(
        identifier,
        {
            one.partner: {
                "status": "blind" if one.blind else one.status,
                "rooms": [str(room.room) for room in one.rooms],
                **({"by_place": True} if one.by_place else {}),
                **_left_out(one),
            }
            for one in addressing.addressees.values()
        },
    )


def _left_out(one: Addressee) -> dict[str, object]:
    """The rooms of a partner that are sent nothing, each with why, as the log writes it; nothing where there are none."""
    found = {
        str(left.room): {
            "field": left.field,
            "why": "blind" if left.blind else left.obstacle.why if left.obstacle is not None else "hollow",
            **({"rule": left.obstacle.line, "detail": left.obstacle.detail} if left.obstacle is not None else {}),
        }
        for left in one.left_out
    }
    return {"left_out": found} if found else {}


def copies(
    world: World,
    incident: Incident,
    template: str,
    identifier: str,
    at: datetime,
    now: datetime,
    addressing: Audience,
    issued: AlertIssued,
    only: RoomRef | None = None,
) -> list[Effect]:
    """The alert, issued ``at``, to each room of each partner that may be shown it now. ``only``: to this room alone, when decided again."""
    book = world.book_of(incident)
    alert = book.playbook.alerts[template]
    letter = Letter(world, incident, template, identifier, at, now, addressing.words)
    earlier = superseding.before(incident, issued.updates)
    taps: dict[tuple[str, ...], tuple[tuple[Tap, ...], ...]] = {}
    effects: list[Effect] = []
    for one in addressing.of("shown"):
        for room in one.rooms:
            if only is not None and room.room != only:
                continue
            before = earlier.get(room.room)
            shown = letter.to(room.view, before.alert if before is not None else None)
            if shown is None:
                continue
            spoken = languages(world, book, room.room, one.partner)
            if spoken not in taps:
                taps[spoken] = taps_for(spoken, identifier, alert.ack.choices)
            effects.append(
                Send(
                    stream=incident.id,
                    to=room.room,
                    body=shown,
                    urgency=Urgency.ALERT,
                    about=identifier,
                    partner=one.partner,
                    language=spoken[0],
                    taps=taps[spoken],
                    loud=alert.cap.rings,
                    not_after=_not_after(issued, room),
                    follows=before.send if before is not None else None,
                )
            )
    return effects


def _not_after(issued: AlertIssued, room: RoomView) -> datetime | None:
    """The last instant at which a copy may leave as it is: that of the alert, or of what it was cleared by."""
    cleared = room.until - timedelta(microseconds=1) if room.until is not None else None
    return min((end for end in (issued.expires, cleared) if end is not None), default=None)


def _held(case: Case, identifier: str, addressing: Audience) -> list[Effect]:
    """A fact for every copy that is held, and the news for the lead and the coordinators, as far as they may see it."""
    assert case.book is not None
    effects: list[Effect] = []
    for one in addressing.of("held"):
        obstacle = one.obstacle
        reason = obstacle.why if obstacle is not None else "hollow"
        rule = case.rule(obstacle.line) if obstacle is not None and obstacle.line else None
        effects.append(case.record(CopyHeld(identifier, one.partner, one.field, reason, rule)))
    missed = [*addressing.of("held"), *addressing.of("roomless"), *(a for a in addressing.of("unselected") if a.blind)]
    if missed:
        event = addressing.event
        effects += tell_lead(case, lambda reader: _missed(case, reader, identifier, missed, event), about=identifier)
    for failed in _failed(addressing):
        effects += tell_lead(case, partial(_withheld, case, identifier, failed), about=identifier)
    return effects


def _failed(addressing: Audience) -> list[Withheld]:
    """Each rule that could not be evaluated, once."""
    answers = (a for one in addressing.addressees.values() for room in one.rooms for a in room.view.answers.values())
    found = {a.line: a for a in answers if isinstance(a, Withheld) and a.why == "rule-failed"}
    return [found[line] for line in sorted(found)]


def _withheld(case: Case, identifier: str, failed: Withheld, reader: Reader) -> Cleared:
    assert case.book is not None
    return say(
        reader.languages,
        "<b>{alert}</b>: {reason}. What it concerns was withheld.",
        alert=short_id(identifier),
        reason=why(case.book, reader, failed),
    )


def reason_held(case: Case, reader: Reader, one: Addressee, event: Event) -> Cleared:
    """Why a copy is held, with the field where this reader sees it; whether a value has a form says something of the value."""
    assert case.book is not None and case.incident is not None
    nothing = say(reader.languages, "may see nothing of it")
    if one.obstacle is None or one.field is None:
        return nothing
    binding = case.world.who.binding(case.incident.playbook, reader.room)
    room = sight_room(case.world, binding) if binding is not None else None
    if room is not None and sight.view(case.book, case.so, event, room, (one.field,)).shape(case.book, one.field):
        return say(
            reader.languages,
            "{field}: {reason}",
            field=field_name(case.book, reader, one.field),
            reason=why(case.book, reader, one.obstacle),
        )
    return nothing if one.obstacle.why == "no-form" else why(case.book, reader, one.obstacle)


def _missed(case: Case, reader: Reader, identifier: str, missed: Sequence[Addressee], event: Event) -> Cleared | None:
    """Whom an alert did not reach, as far as a room may know. Who may not see where it is does not tell where that is."""
    assert case.book is not None and case.incident is not None
    binding = case.world.who.binding(case.incident.playbook, reader.room)
    room = sight_room(case.world, binding) if binding is not None else None
    # The room where it was issued is told in the answer there.
    blind = reader.room != case.request.room and sees_place(case.book, case.so, event, room)
    known = [one for one in missed if listed(case.book, reader, one.partner) and (blind or not one.blind)]
    if not known:
        return None
    lines = [
        say(reader.languages, "<b>{alert} did not go to everyone.</b> Please ring them:", alert=short_id(identifier))
    ]
    return glue([*lines, *(_missed_line(case, reader, one, event) for one in known)])


def _missed_line(case: Case, reader: Reader, one: Addressee, event: Event) -> Cleared:
    assert case.book is not None
    if one.status == "roomless":
        reason = say(reader.languages, "no room of theirs is bound")
    elif one.blind:
        reason = say(reader.languages, "may not see where it is")
    else:
        reason = reason_held(case, reader, one, event)
    return say(
        reader.languages,
        "• {partner} ({reason}) {phone}",
        partner=name(case.book, reader, one.partner),
        reason=reason,
        phone=phone(case.book, reader, one.partner),
    )


def _answer(case: Case, identifier: str, draft: AlertDrafted, addressing: Audience) -> Send:
    """To how many rooms it went, and who was left out because they may not see where it is: both as far as this room sees that."""
    assert case.book is not None and case.incident is not None
    binding = case.world.who.binding(case.incident.playbook, case.request.room)
    room = sight_room(case.world, binding) if binding is not None else None
    sees = sees_place(case.book, case.so, addressing.event, room)
    known = [one for one in addressing.addressees.values() if listed(case.book, case.reader, one.partner)]
    rooms = sum(len(one.rooms) for one in known if one.status == "shown" and (sees or not one.by_place))
    alert, title = strong(short_id(identifier)), case.title(draft.template)
    if sees or not case.book.playbook.alerts[draft.template].to.uses_event:
        words = case.says(
            "Sent as {alert}: {title}, to {count} room.",
            "Sent as {alert}: {title}, to {count} rooms.",
            rooms,
            alert=alert,
            title=title,
        )
    else:
        words = case.say("Sent as {alert}: {title}.", alert=alert, title=title)
    lines = [words]
    blind = [one for one in known if one.blind and sees]
    if blind:
        lines.append(case.say("<b>It will not reach:</b>"))
        lines += [_missed_line(case, case.reader, one, addressing.event) for one in blind]
    hint = case.say("/status {alert} shows who has answered.", alert=short_id(identifier))
    replaces = case.request.message if case.request.via == "button" else None
    mistake = case.tap("Sent by mistake: cancel", f"/cancel {identifier} mistake", "↩️")
    return case.answer(glue([*lines, hint]), [[mistake]], about=identifier, replaces=replaces)


def again(
    world: World, incident: Incident, identifier: str, partner: str, room: RoomRef, now: datetime
) -> tuple[list[Effect], Addressee | None]:
    """Decide the copy for one room of a partner anew, as things are now: the copy if it may still be shown, and how the partner stands."""
    issued = incident.alerts[identifier]
    book = world.book_of(incident)
    event = issued_event(book, issued, partner)
    addressing = address(world, incident, issued.fact.template, event, now, partners=(partner,))
    return (
        copies(world, incident, issued.fact.template, identifier, issued.at, now, addressing, issued.fact, only=room),
        addressing.addressees.get(partner),
    )
