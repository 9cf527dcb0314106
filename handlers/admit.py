"""/admit: a partner that nobody foresaw takes part for a time, with the clearance of those of its kind that the playbook foresees.

It is granted what the partners of that kind have in common, never more than the least of them; nothing becomes its prerogative. Its
id has a sign that no playbook's partner can have, so that it collides with none, be it listed or not.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import timedelta

from handlers import gates
from handlers.admission import admitted, called, over
from handlers.case import Case
from handlers.command import nearest
from handlers.moments import moment
from handlers.taps import Choice
from playbooks import sight
from playbooks.cleared import Cleared, code, echo, field_name, glue, listed, name, quote, word
from playbooks.guests import Guest, Profile, profiles, with_guests
from playbooks.labels import Tlp
from playbooks.rooms import RoomRef
from playbooks.selection import Event
from storage.effects import Effect, Urgency
from storage.facts import PartnerAdmitted
from storage.incident import Incident

USUALLY = timedelta(hours=12)
LONGEST = timedelta(days=30)
LONGEST_NAME = 60

_NAME = re.compile(r"[^\W_](?:[^\W_]|[ .,&+/()'’·–-])*")
"""Letters, digits, and the signs that stand in the names of organisations."""
_KIND = re.compile(r"\s(?:as|comme|als|come|como)\s+([\w-]+)", re.IGNORECASE)
_FOR = re.compile(r"\s(?:for|pour|für|voor|per|por|para)\s+(\d{1,4})\s*(m|min|h|d|j|t|g)\w*", re.IGNORECASE)
_IN = re.compile(r"\s(?:in|en|dans)\s+([\w-]+)\s*$", re.IGNORECASE)
_PHONE = re.compile(r"\s(?:☎\s*|phone[= ]|tel[.= ]*)?(\+[0-9][0-9 ()./-]{4,28}[0-9])", re.IGNORECASE)
_YES = re.compile(r"\s*yes\s+", re.IGNORECASE)
_OFF = re.compile(r"\s*(?:off|end)\s+(\S.*)", re.IGNORECASE | re.DOTALL)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1)}


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed: whom, as which kind, for how long, under whose law, and the number to ring; None where it was not said."""

    name: str
    kind: str | None
    lasts: timedelta
    jurisdiction: str | None
    phone: str | None


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/admit NAME as KIND for 12h [in be] [+32…]``; alone: who is admitted; ``off NAME`` ends it."""
    assert case.book is not None and case.incident is not None
    refused = _refused(case)
    if refused is not None:
        return refused
    if case.incident.opened.exercise:
        words = case.say(
            "In an exercise nobody is admitted: it comes only into rooms that the playbook opens to exercises."
        )
        return [case.answer(words)]
    if not arguments.strip():
        return _shown(case)
    off = _OFF.fullmatch(arguments)
    if off is not None:
        return _off(case, off[1].strip())
    agreed = _YES.match(arguments)
    asked = read(arguments[agreed.end() :] if agreed else arguments)
    found = _understood(case, asked)
    if isinstance(found, list):
        return found
    fact, profile = found
    return admitted(case, fact) if agreed else _confirm(case, arguments.strip(), fact, profile)


def _refused(case: Case) -> list[Effect] | None:
    """Coordinators may, and those who may issue for a partner in the lead."""
    assert case.book is not None
    leads = {p for leading in case.so.leads for p in leading.partners}
    if gates.admits(case):
        return None
    names = [name(case.book, case.reader, p) for p in sorted(leads) if listed(case.book, case.reader, p)]
    line = case.book.line("leads")
    words = case.say(
        "Not admitted. Coordinators may do this, and who leads: {partners} (playbook line {line}).",
        partners=glue(names, " · "),
        line=line,
    )
    return case.refuse(words, "/admit", "role", line)


def read(arguments: str) -> Asked:
    """What somebody typed, in whichever order, with the words of their language between."""
    typed = f" {arguments.strip()}"
    kind, lasts, number = _KIND.search(typed), _FOR.search(typed), _PHONE.search(typed)
    for found in (lasts, number):
        typed = typed.replace(found[0], "", 1) if found is not None else typed
    where = _IN.search(typed)
    typed = typed[: where.start()] if where is not None else typed
    typed = _KIND.sub("", typed, count=1)
    called = " ".join(re.split(r"[^\S\n]+", typed.replace('"', " "))).strip()
    length = int(lasts[1]) * _UNITS.get(lasts[2][0].lower(), timedelta(days=1)) if lasts is not None else USUALLY
    return Asked(
        called,
        kind[1].lower() if kind else None,
        length,
        where[1].lower() if where else None,
        number[1] if number else None,
    )


def _understood(case: Case, asked: Asked) -> tuple[PartnerAdmitted, Profile] | list[Effect]:
    """The admission as it would be recorded, and what it is like; or what is still to be said."""
    assert case.book is not None and case.incident is not None
    known = profiles(case.book)
    if not asked.name:
        return [case.answer(_usage(case))]
    if len(asked.name) > LONGEST_NAME or not _NAME.fullmatch(asked.name):
        return [case.answer(_no_name(case))]
    if asked.kind is None or asked.kind not in known:
        return _which_kind(case, asked, known)
    if not timedelta(0) < asked.lasts <= LONGEST:
        return [case.answer(case.say("For how long? Write for example: for 12h. At most 30 days."))]
    jurisdiction = _jurisdiction(case, asked)
    if jurisdiction is None:
        return _which_jurisdiction(case, asked)
    same = [p for p, who in case.book.playbook.partners.items() if who.name.casefold() == asked.name.casefold()]
    if any(p not in case.book.guests and listed(case.book, case.reader, p) for p in same):
        return [
            case.answer(case.say("That is a partner of the playbook already. /bind in their room lets it take part."))
        ]
    profile = known[asked.kind]
    now_here = next((p for p, one in case.incident.admitted.items() if p in same and one.kind == profile.kind), None)
    fact = PartnerAdmitted(
        partner=now_here or _id(case.incident, asked.name),
        name=asked.name,
        kind=profile.kind,
        jurisdiction=jurisdiction,
        level=profile.level,
        tlp=profile.clearance.tlp.word,
        compartments=profile.clearance.compartments,
        languages=(),
        phone=asked.phone,
        until=case.now + asked.lasts,
        person=case.actor.person,
        by=case.actor.partner,
        rule=case.rule(case.book.line("partners", profile.like[0])),
    )
    return fact, profile


def _id(incident: Incident, called: str) -> str:
    """A short id that no partner of any playbook can have, and no guest of another incident, or of this one before."""
    plain = unicodedata.normalize("NFKD", called.casefold())
    slug = re.sub(r"[^a-z0-9]+", "-", "".join(c for c in plain if not unicodedata.combining(c))).strip("-")[:20]
    first = f"{slug or 'guest'}.{incident.id.replace('-', '').lower()}"
    taken = {*incident.admitted, *incident.departed}
    return next(one for one in (first, *(f"{first}.{n}" for n in range(2, 10_000))) if one not in taken)


def _no_name(case: Case) -> Cleared:
    """Every room reads it: a name, and no message."""
    return case.says(
        "What are they called? On one line, at most {count} character: letters, digits, and what stands in names.",
        "What are they called? On one line, at most {count} characters: letters, digits, and what stands in names.",
        LONGEST_NAME,
    )


def _usage(case: Case) -> Cleared:
    return case.say("Who, as what, for how long? Write {usage}.", usage=_as_written(case))


def _as_written(case: Case) -> Cleared:
    return code(case.say("/admit NAME as KIND for 12h"))


def _which_kind(case: Case, asked: Asked, known: dict[str, Profile]) -> list[Effect]:
    assert case.book is not None
    kinds = glue([quote(case.book, case.reader, kind) for kind in known], ", ")
    if asked.kind is None:
        words = case.say(
            "As what? This playbook foresees: {kinds}. Write {usage}.", kinds=kinds, usage=_as_written(case)
        )
        return [case.answer(words)]
    near = nearest(asked.kind, list(known))
    typed = echo(asked.kind[:40], case.request.room)
    if near is None:
        words = case.say("This playbook foresees no {typed}. It foresees: {kinds}.", typed=typed, kinds=kinds)
        return [case.answer(words)]
    again = f"/admit {case.incident.id if case.incident else ''} {_typed(asked, kind=near)}"
    meant = quote(case.book, case.reader, near)
    taps = [[case.choice("{kind}", again, "✅", kind=meant)]]
    words = case.say("This playbook foresees no {typed}. Did you mean {near}?", typed=typed, near=meant)
    return [case.answer(words, taps)]


def _jurisdiction(case: Case, asked: Asked) -> str | None:
    """Under whose law: as it was said, by id or name, else that of whoever admits."""
    assert case.book is not None
    lands = case.book.playbook.jurisdictions
    if asked.jurisdiction is not None:
        called = {text.casefold(): land for land, one in lands.items() for text in (land, *one.name.values())}
        return called.get(asked.jurisdiction.casefold())
    if case.actor.partner is not None:
        return case.book.playbook.partners[case.actor.partner].jurisdiction
    return next(iter(lands)) if len(lands) == 1 else None


def _which_jurisdiction(case: Case, asked: Asked) -> list[Effect]:
    assert case.book is not None and case.incident is not None
    taps: list[list[Choice]] = []
    for index, (land, one) in enumerate(list(case.book.playbook.jurisdictions.items())[:9], 1):
        again = f"/admit {case.incident.id} {_typed(asked, land=land)}"
        shown = quote(case.book, case.reader, one.name)
        taps.append([case.choice("{land}", again, f"{index}️⃣", land=shown)])
    lands = glue([quote(case.book, case.reader, land) for land in case.book.playbook.jurisdictions], ", ")
    return [case.answer(case.say("Under whose law? Add one of these at the end: in {lands}.", lands=lands), taps)]


def _typed(asked: Asked, *, kind: str | None = None, land: str | None = None) -> str:
    """The same as one would type it."""
    minutes = int(asked.lasts.total_seconds()) // 60
    length = f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"
    where = land or asked.jurisdiction
    parts = [asked.name, f"as {kind or asked.kind}", f"for {length}", asked.phone or "", f"in {where}" if where else ""]
    return " ".join(part for part in parts if part)


# --- asked for, and agreed ---------------------------------------------------------------------------------------------


def _confirm(case: Case, typed: str, fact: PartnerAdmitted, profile: Profile) -> list[Effect]:
    """What it would be able to see, before anybody is let in."""
    assert case.book is not None and case.incident is not None
    book, reader = case.book, case.reader
    lines = [
        case.say(
            "<b>Let {name} take part until {time}?</b>",
            name=echo(fact.name, case.request.room),
            time=moment(book, fact.until, case.now, reader.languages),
        ),
        case.say(
            "As {kind}, {land}. It gets what these have in common: {partners}.",
            kind=quote(book, reader, fact.kind),
            land=quote(book, reader, book.playbook.jurisdictions[fact.jurisdiction].name),
            partners=glue([name(book, reader, p) for p in profile.like if listed(book, reader, p)], " · "),
        ),
        case.say("Up to {level}.", level=word(str(Tlp.parse(fact.tlp)))),
        _would_see(case, fact),
        case.say("Every partner is told."),
    ]
    text = f"/admit {case.incident.id} yes {typed}"
    return [case.answer(glue(lines), [[case.choice("Let them in", text, "✅")]], urgency=Urgency.PROMPT)]


def _would_see(case: Case, fact: PartnerAdmitted) -> Cleared:
    """The fields it could be shown as things are now, of what is said where it is admitted."""
    assert case.book is not None and case.incident is not None
    origin = case.actor.partner or next(iter(case.book.playbook.partners))
    guest = Guest(
        fact.partner, fact.name, fact.kind, fact.level, fact.jurisdiction, fact.tlp, fact.compartments, fact.languages
    )
    book = with_guests(case.world.agreed_of(case.incident), (guest,))
    so = replace(case.so, active=case.so.active | {guest.id})
    event = Event(origin, frozenset({case.book.playbook.partners[origin].jurisdiction}))
    question = sight.Question(book, so, event)
    rooms = [sight.Room(RoomRef(network, "room"), guest.id, encrypted=True) for network in book.playbook.networks]
    shown: list[Cleared] = []
    for field in book.playbook.fields:
        answers = [question.decide(room, field) for room in rooms]
        forms = [answer.form for answer in answers if isinstance(answer, sight.Seen)]
        if forms:
            label = field_name(case.book, case.reader, field)
            shown.append(label if "exact" in forms else case.say("{field} (only roughly)", field=label))
    if not shown:
        return case.say("It would see nothing as things are now.")
    return case.say("It could see: {fields}", fields=glue(shown, " · "))


# --- who is here ---------------------------------------------------------------------------------------------------------


def _shown(case: Case) -> list[Effect]:
    assert case.book is not None and case.incident is not None
    if not case.incident.admitted:
        return [case.answer(_usage(case))]
    lines, taps = [case.say("<b>Admitted for a time</b>")], []
    for index, (partner, fact) in enumerate(case.incident.admitted.items(), 1):
        who = name(case.book, case.reader, partner)
        lines.append(
            case.say(
                "• {name}, as {kind}, until {time}: {id}",
                name=who,
                kind=quote(case.book, case.reader, fact.kind),
                time=moment(case.book, fact.until, case.now, case.reader.languages),
                id=code(quote(case.book, case.reader, partner)),
            )
        )
        command = f"/admit {case.incident.id} off {partner}"
        if index <= 9:
            taps.append([case.choice("{name} leaves", command, f"{index}️⃣", name=who)])
    return [case.answer(glue([*lines, _usage(case)]), taps)]


def _off(case: Case, typed: str) -> list[Effect]:
    assert case.book is not None and case.incident is not None
    partner = called(case.incident, typed)
    if partner is None:
        return [case.answer(case.say("Nobody called {typed} was admitted.", typed=echo(typed[:60], case.request.room)))]
    who = name(case.book, case.reader, partner)
    return [
        *over(case.world, case.incident, partner, case.now, by=case.actor.person),
        case.answer(case.say("{name} takes part no longer.", name=who)),
    ]
