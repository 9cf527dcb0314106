"""/ask: an alert that is somebody else's becomes a request to those whose it is, with one tap to approve and send it.

They are shown who asks and what, each room as far as it may see it. What is sent in their name is what they were shown exactly as it
is: who saw a field only roughly, or not at all, cannot answer for it. It stays the words of who asked, too: it has the origins of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from handlers import alert as alerts
from handlers import prerogative
from handlers.addressing import event_of
from handlers.afterwards import after
from handlers.asked import key, tell_asker
from handlers.case import Case, room_reader
from handlers.drafting import next_question, values_of
from handlers.issuing import issue
from handlers.moments import moment
from handlers.texts import say
from handlers.world import World, circumstances, rooms_for, sight_room
from playbooks import mandate, sight
from playbooks.audience import place_field
from playbooks.cleared import (
    Cleared,
    Reader,
    echo,
    field_name,
    glue,
    listed,
    name,
    phone,
    quote,
    short_id,
    strong,
    unsaid,
    value,
)
from playbooks.load import Book
from playbooks.rooms import RoomRef
from playbooks.values import Place
from storage.deployment import Binding
from storage.effects import Effect, Send, Tap, Unwake, Urgency, Wake
from storage.facts import AlertDrafted, AlertRequested, DraftConfirmed, DraftDropped, RequestAnswered
from storage.incident import Asked, Draft, Incident
from storage.store import Deadline

ANSWERED_WITHIN = timedelta(minutes=5)
"""After that those who asked are told that nobody has answered, and whom to ring."""
_YES = ("yes", "send", "ok", "oui", "ja", "sì", "sí")
_NO = ("no", "non", "nein", "nee")


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/ask TEMPLATE``, ``/ask D-4`` (what was written), ``/ask Q-5 yes|no``."""
    assert case.incident is not None
    first, _, rest = arguments.strip().partition(" ")
    about = case.request.about.about if case.request.about else None
    if not first and about in case.incident.requests:
        first = str(about)
    identifier, answer = first.upper(), rest.strip().lower()
    if about in case.incident.requests and first.lower() in (*_YES, *_NO):
        identifier, answer = str(about), first.lower()
    draft = case.incident.drafts.get(identifier)
    if draft is not None and draft.fact.partner == case.actor.partner:
        return _ask(case, draft)
    asked = case.incident.requests.get(identifier)
    if asked is not None and case.actor.partner in asked.fact.asked:
        return _answer(case, asked, answer)
    if identifier.startswith(("D-", "Q-")):
        gone = echo(first[:20], case.request.room)
        return [case.answer(case.say("There is no request {typed} for you here.", typed=gone))]
    return prerogative.ask(case, arguments)


# --- asking ------------------------------------------------------------------------------------------------------------


def _ask(case: Case, draft: Draft) -> list[Effect]:
    """What was written goes to those whose it is."""
    assert case.book is not None and case.incident is not None and case.actor.partner is not None
    fact = draft.fact
    place = place_of(case.book, fact.template, fact.fields)
    verdict = mandate.may_issue(case.book, case.so, fact.template, case.actor.partner, place)
    if isinstance(verdict, mandate.Mandated):
        return alerts.draft(case, f"{fact.draft} show")
    request = AlertRequested(
        request=case.world.next_id("Q"),
        template=fact.template,
        person=case.actor.person,
        partner=case.actor.partner,
        room=case.request.room,
        asked=verdict.whose,
        raised=fact.raised,
        fields=fact.fields,
    )
    sent: list[Effect] = []
    reached: list[str] = []
    for partner in verdict.whose:
        for binding in rooms_for(case.world, case.incident, partner, "alerts"):
            sent.append(_shown(case.world, case.incident, request, case.now, binding, case.now))
            reached.append(partner)
    known = [p for p in dict.fromkeys(reached) if listed(case.book, case.reader, p)]
    effects: list[Effect] = [
        case.record(request),
        case.record(DraftDropped(fact.draft, case.actor.person)),
        Unwake(f"draft:{fact.draft}"),
        Unwake(f"alone:{fact.draft}"),
        *sent,
    ]
    if not known:
        return [*effects, case.answer(case.say("Nobody could be asked here. Please ring the lead."))]
    words = case.say(
        "<b>{request}</b>: asked {partners}. I tell you here what they answer.",
        request=short_id(request.request),
        partners=_with_phones(case.book, case.reader, known),
    )
    wake = Wake(key(request.request), case.stream, case.now + ANSWERED_WITHIN, "request-waits", request.request)
    replaces = case.request.message if case.request.via == "button" else None
    return [*effects, wake, case.answer(words, about=request.request, replaces=replaces)]


def place_of(book: Book, template: str, fields: Mapping[str, object]) -> Place | None:
    """Where an alert concerns, as its fields say it."""
    where = place_field(book, book.playbook.alerts[template])
    found = values_of(fields).get(where) if where is not None else None
    return found if isinstance(found, Place) else None


def _with_phones(book: Book, reader: Reader, partners: list[str]) -> Cleared:
    return glue(
        [say((), "{partner} {phone}", partner=name(book, reader, p), phone=phone(book, reader, p)) for p in partners],
        " · ",
    )


def _shown(
    world: World, incident: Incident, request: AlertRequested, at: datetime, binding: Binding, now: datetime
) -> Send:
    """The request, for one room of those who are asked: who asks, what for, and each field as the room may see it."""
    book = world.book_of(incident)
    reader = room_reader(world, book, binding.room, binding.partner)
    said = reader.languages
    alert = book.playbook.alerts[request.template]
    lines = [
        say(
            said,
            "<b>{partner} asks you to send {title}</b> · {request}, {time}",
            partner=name(book, reader, request.partner),
            title=quote(book, reader, alert.title),
            request=short_id(request.request),
            time=moment(book, at, now, said),
        )
    ]
    fields, roughly, decided = _fields(world, incident, request, binding, reader, now)
    lines[0] = glue([lines[0], decided], "")
    if fields:
        lines.append(say((), "{tlp}\n{content}", content=glue(fields)))
    if roughly:
        lines.append(say(said, "What you see only roughly is not sent in your name."))
    taps = (
        (
            Tap(say(said, "Approve and send"), f"/ask {request.request} yes", "✅"),
            Tap(say(said, "Decline"), f"/ask {request.request} no", "❌"),
        ),
    )
    return Send(
        incident.id,
        binding.room,
        glue(lines),
        Urgency.PROMPT,
        about=request.request,
        partner=binding.partner,
        language=said[0],
        taps=taps,
        loud=True,
    )


def _fields(
    world: World, incident: Incident, request: AlertRequested, binding: Binding, reader: Reader, now: datetime
) -> tuple[list[Cleared], bool, Cleared]:
    """A line for each field that the room may see; whether it sees any of them only roughly; and what was decided of each, given or not."""
    book = world.book_of(incident)
    event = event_of(book, request.template, request.partner, values_of(request.fields), request.raised, None)
    names = tuple(book.playbook.alerts[request.template].fields)
    view = sight.view(book, circumstances(world, incident, now), event, sight_room(world, binding), names)
    lines: list[Cleared] = []
    roughly = False
    for field in names:
        shown = value(book, view, field, reader.languages)
        if shown is None:
            continue
        found = view.shape(book, field)
        coarser = found is not None and found[0].form != "exact"
        roughly = roughly or coarser
        label = field_name(book, reader, field)
        lines.append(
            say(reader.languages, "• {field} (roughly): {value}", field=label, value=shown)
            if coarser
            else say(reader.languages, "• {field}: {value}", field=label, value=shown)
        )
    return lines, roughly, unsaid(book, view, names)


def shown_again(world: World, incident: Incident, request: str, room: RoomRef, now: datetime) -> list[Effect]:
    """A request that waited while what may be seen changed, as things are now; nothing where the room is not asked any more."""
    asked = incident.requests[request]
    binding = world.who.binding(incident.playbook, room)
    if binding is None or binding.partner not in asked.fact.asked or _settled(incident, asked):
        return []
    own = rooms_for(world, incident, binding.partner, "alerts")
    return [_shown(world, incident, asked.fact, asked.at, binding, now)] if binding in own else []


# --- answering ---------------------------------------------------------------------------------------------------------


def _settled(incident: Incident, asked: Asked) -> bool:
    """Whether it was sent, or is being prepared by somebody who approved it."""
    drafted = any(draft.fact.request == asked.fact.request for draft in incident.drafts.values())
    return asked.alert is not None or drafted


def _answer(case: Case, asked: Asked, answer: str) -> list[Effect]:
    assert case.book is not None and case.incident is not None
    request = case.id(asked.fact.request)
    if asked.alert is not None:
        words = case.say("{request} was already sent, as {alert}.", request=request, alert=short_id(asked.alert))
        return [case.answer(words, about=asked.fact.request)]
    if _settled(case.incident, asked):
        by = next((p for p, given in asked.answers.items() if given == "approved"), "")
        if not listed(case.book, case.reader, by):
            return [case.answer(case.say("{request} was already approved.", request=request))]
        who = name(case.book, case.reader, by)
        return [case.answer(case.say("{request} was already approved by {partner}.", request=request, partner=who))]
    if not case.actor.may_issue:
        words = case.say(
            "Only liaisons, officials and coordinators of {partner} may answer this.",
            partner=name(case.book, case.reader, str(case.actor.partner)),
        )
        return case.refuse(words, "/ask", "role")
    if answer in _NO:
        return _decline(case, asked)
    if case.request.room not in asked.exact or answer not in _YES:
        again = shown_again(case.world, case.incident, asked.fact.request, case.request.room, case.now)
        return again or [case.answer(case.say("Please answer {request} in your partner's room.", request=request))]
    return _approve(case, asked)


def _decline(case: Case, asked: Asked) -> list[Effect]:
    assert case.book is not None and case.incident is not None and case.actor.partner is not None
    book, partner, request = case.book, case.actor.partner, asked.fact.request
    if asked.answers.get(partner) == "declined":
        return [case.answer(case.say("You have declined {request} already.", request=short_id(request)))]

    def words(reader: Reader) -> Cleared | None:
        if not listed(book, reader, partner):
            return None
        return say(
            reader.languages,
            "{partner} declined {request}: it is not sent. {phone}",
            partner=name(book, reader, partner),
            request=short_id(request),
            phone=phone(book, reader, partner),
        )

    declined = {*(p for p, given in asked.answers.items() if given == "declined"), partner}
    over: list[Effect] = [Unwake(key(request))] if declined >= set(asked.fact.asked) else []
    replaces = case.request.message if case.request.via == "button" else None
    return [
        case.record(RequestAnswered(request, partner, case.actor.person, "declined")),
        *over,
        *tell_asker(case.world, case.incident, request, words),
        case.answer(case.say("Declined: {request}. Nothing was sent.", request=short_id(request)), replaces=replaces),
    ]


def _approve(case: Case, asked: Asked) -> list[Effect]:
    """Send it in this partner's name, as far as it was shown here exactly; or open the draft that still lacks something."""
    assert case.book is not None and case.incident is not None and case.actor.partner is not None
    fact, partner = asked.fact, case.actor.partner
    alert = case.book.playbook.alerts[fact.template]
    exact = asked.exact[case.request.room]
    fields = {f: fact.fields.get(f) if f in exact else None for f in alert.fields}
    values = values_of(fields)
    refused = prerogative.refusal(case, fact.template, values, "/ask")
    if refused is not None:
        return refused
    draft = AlertDrafted(
        draft=case.world.next_id("D"),
        template=fact.template,
        person=case.actor.person,
        identity=case.actor.identity,
        partner=partner,
        room=case.request.room,
        fields=fields,
        raised=fact.raised,
        asking=next_question(alert, values, None, everything=False),
        request=fact.request,
    )
    approved = case.record(RequestAnswered(fact.request, partner, case.actor.person, "approved"))
    if draft.asking is None and alert.confirm.kind != "two-person":
        return [approved, case.record(draft), *issue(case, draft, confirmed_by=case.actor.person, alone=False)]
    confirmed = [DraftConfirmed(draft.draft, case.actor.person)] if draft.asking is None else []
    world = after(case.world, case.incident.id, [draft, *confirmed], case.now)
    then = replace(case, incident=world.incidents[case.incident.id])  # whoever approved has confirmed it
    return [
        approved,
        Unwake(key(fact.request)),
        *alerts.go_on(then, draft, None, new=True),
        *(case.record(one) for one in confirmed),
        *tell_asker(
            case.world, case.incident, fact.request, lambda reader: _preparing(case, reader, partner, fact.request)
        ),
    ]


def _preparing(case: Case, reader: Reader, partner: str, request: str) -> Cleared | None:
    assert case.book is not None
    if not listed(case.book, reader, partner):
        return None
    who = name(case.book, reader, partner)
    return say(
        reader.languages,
        "{partner} has approved {request} and is preparing it.",
        partner=who,
        request=short_id(request),
    )


def unanswered(world: World, incident: Incident, deadline: Deadline, now: datetime) -> list[Effect]:
    """Nobody has answered: whoever asked learns whom to ring."""
    asked = incident.requests.get(deadline.about)
    if asked is None or _settled(incident, asked):
        return []
    book = world.book_of(incident)
    waiting = [p for p in asked.fact.asked if p not in asked.answers]

    def words(reader: Reader) -> Cleared | None:
        known = [p for p in waiting if listed(book, reader, p)]
        if not known:
            return None
        return say(
            reader.languages,
            "<b>Nobody has answered {request}.</b> Please ring: {partners}",
            request=strong(short_id(deadline.about)),
            partners=_with_phones(book, reader, known),
        )

    return tell_asker(world, incident, deadline.about, words)
