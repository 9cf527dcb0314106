"""What is open for a partner in an incident, for whoever comes on duty: a line for each thing that waits for somebody there.

Only what is the partner's own to know: alerts it was shown, rounds it was asked in, drafts of its people, requests and offers to it,
and the calls its people make.
"""

from __future__ import annotations

from datetime import datetime

from handlers.moments import moment
from handlers.standing import answer_of
from handlers.texts import say
from handlers.waiting import waits
from handlers.world import World
from playbooks.cleared import Cleared, Reader, glue, name, quote, short_id
from playbooks.guests import present
from storage.incident import Incident

MOST_LINES = 25


def concerns(world: World, incident: Incident, partner: str) -> bool:
    """Whether a partner takes part in an incident."""
    return incident.closed_at is None and present(world.book_of(incident), partner)


def summary(world: World, incident: Incident, partner: str, reader: Reader, now: datetime) -> Cleared | None:
    """All that is open for a partner in an incident, under its heading; None where nothing is."""
    lines = _lines(world, incident, partner, reader, now)
    if not lines:
        return None
    book, said = world.book_of(incident), reader.languages
    heading = say(
        said,
        "<b>Open for you in {incident}</b> · {title}",
        incident=short_id(incident.id),
        title=quote(book, reader, book.playbook.title),
    )
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], say(said, "and more: /status shows the rest.")]
    return glue([heading, *lines])


def besides_alerts(world: World, incident: Incident, partner: str, reader: Reader, now: datetime) -> list[Cleared]:
    """What is open for a partner besides its alerts, a line each."""
    each = (_rounds, _rollcalls, _drafts, _requests, _calls)
    return [line for lines in each for line in lines(world, incident, partner, reader, now)][:MOST_LINES]


def _lines(world: World, incident: Incident, partner: str, reader: Reader, now: datetime) -> list[Cleared]:
    each = (_alerts, _rounds, _rollcalls, _drafts, _requests, _offers, _calls)
    return [line for lines in each for line in lines(world, incident, partner, reader, now)]


def _titled(world: World, incident: Incident, reader: Reader, template: str) -> Cleared:
    book = world.book_of(incident)
    return quote(book, reader, book.playbook.alerts[template].title)


def _alerts(world: World, incident: Incident, partner: str, reader: Reader, now: datetime) -> list[Cleared]:
    """Alerts that the partner has not answered, or has only seen where acting is one of the answers."""
    book, lines = world.book_of(incident), []
    for identifier, issued in incident.alerts.items():
        if issued.expired or not issued.shown_to(partner):
            continue
        said, shown = reader.languages, short_id(identifier)
        title = _titled(world, incident, reader, issued.fact.template)
        time = moment(book, issued.at, now, said)
        choices = book.playbook.alerts[issued.fact.template].ack.choices
        answer = answer_of(issued.answers.get(partner, ()))
        match answer.choice if answer is not None else None:
            case None if partner in waits(book, incident, identifier, world.who):
                words = say(said, "• {alert} {title}, {time}: <b>not answered</b>", alert=shown, title=title, time=time)
                lines.append(words)
            case "seen" if "acting" in choices:
                words = say(
                    said, "• {alert} {title}, {time}: seen, nobody acts on it yet", alert=shown, title=title, time=time
                )
                lines.append(words)
            case _:
                pass
    return lines


def _rounds(world: World, incident: Incident, partner: str, reader: Reader, now: datetime) -> list[Cleared]:
    book = world.book_of(incident)
    return [
        say(
            reader.languages,
            "• {round} {ask}: check-in not answered, since {time}",
            round=short_id(identifier),
            ask=quote(book, reader, checkin.ask),
            time=moment(book, one.at, now, reader.languages),
        )
        for identifier, one in incident.rounds.items()
        if one.ended is None
        and partner in waits(book, incident, identifier, world.who)
        and (checkin := book.playbook.checkins.get(one.fact.name)) is not None
    ]


def _rollcalls(world: World, incident: Incident, partner: str, reader: Reader, now: datetime) -> list[Cleared]:
    lines = []
    for identifier, call in incident.rollcalls.items():
        ours = [person for person in call.missing if dict(call.fact.persons[person]).get("partner") == partner]
        if call.ended is None and ours:
            missing = glue([short_id(person) for person in ours if person.startswith("P-")], ", ")
            lines.append(
                say(
                    reader.languages,
                    "• {rollcall}: roll call, not accounted for: {missing}",
                    rollcall=short_id(identifier),
                    missing=missing,
                )
            )
    return lines


def _drafts(world: World, incident: Incident, partner: str, reader: Reader, now: datetime) -> list[Cleared]:
    lines = []
    for identifier, draft in incident.drafts.items():
        if draft.fact.partner != partner or draft.fact.asking is not None:
            continue
        title = _titled(world, incident, reader, draft.fact.template)
        said, shown = reader.languages, short_id(identifier)
        lines.append(
            say(said, "• {draft} {title}: a second person must confirm it", draft=shown, title=title)
            if draft.confirmed
            else say(said, "• {draft} {title}: a draft that nobody has sent", draft=shown, title=title)
        )
    return lines


def _requests(world: World, incident: Incident, partner: str, reader: Reader, now: datetime) -> list[Cleared]:
    book = world.book_of(incident)
    return [
        say(
            reader.languages,
            "• {request} {title}: {partner} asks us to send it",
            request=short_id(identifier),
            title=_titled(world, incident, reader, asked.fact.template),
            partner=name(book, reader, asked.fact.partner),
        )
        for identifier, asked in incident.requests.items()
        if partner in asked.fact.asked and not asked.answers
    ]


def _offers(world: World, incident: Incident, partner: str, reader: Reader, now: datetime) -> list[Cleared]:
    return [
        say(reader.languages, "• {offer}: the lead is offered to us, and not accepted yet", offer=short_id(identifier))
        for identifier, offer in incident.offers.items()
        if offer.ended is None and partner in offer.fact.partners
    ]


def _calls(world: World, incident: Incident, partner: str, reader: Reader, now: datetime) -> list[Cleared]:
    """Calls that the partner's people said they are making, and said no more of."""
    book, lines = world.book_of(incident), []
    watched = [(about, one.watches) for about, one in incident.alerts.items()]
    watched += [(about, one.watches) for about, one in incident.rounds.items()]
    for about, watches in watched:
        for watch in watches.values():
            latest = {call.person: call for call in watch.calls} if watch.open else {}
            for call in latest.values():
                caller = world.who.people.get(call.person)
                if call.reached is None and caller is not None and caller.partner == partner:
                    lines.append(
                        say(
                            reader.languages,
                            "• {alert}: {person} is ringing {partner}",
                            alert=short_id(about),
                            person=short_id(caller.id),
                            partner=name(book, reader, watch.partner),
                        )
                    )
    return lines
