"""/release: a copy that was held back goes out after all, where what is supplied for that partner may be shown to it.

Sight is never overridden. A person of the origin supplies another value, or a coarser one, for one partner alone; everything is decided
anew; what may still not be shown is still held. Else the partner can only be told to ring.
"""

from __future__ import annotations

from handlers import cards, waiting
from handlers.addressing import address
from handlers.case import Case, room_reader
from handlers.coarser import coarser
from handlers.command import nearest, short_ids
from handlers.drafting import fill, values_of
from handlers.held import Held, areas_instead, forms_instead, held_of, reason_now, sees, stands, supplies, theirs
from handlers.issuing import copies
from handlers.taps import Choice
from handlers.texts import say
from handlers.world import rooms_for
from playbooks.cleared import Cleared, echo, glue, name, phone, quote, short_id
from playbooks.schema import Alert
from playbooks.values import FORMS, Value, to_json
from storage.effects import Effect, Send, Urgency
from storage.facts import CallAsked, CopyReleased

RING = "ring"
"""What is typed for: ask them to ring us."""


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/release``, ``/release A-17``, ``/release A-17 PARTNER [key=value…|ring]``."""
    assert case.book is not None and case.incident is not None
    mine = theirs(case)
    if not mine:
        return _refused(case)
    named = [identifier for identifier in short_ids(arguments) if identifier.startswith("A-")]
    about = case.request.about.about if case.request.about else None
    wanted = named[0] if named else about if about in case.incident.alerts else None
    rest = arguments.strip()
    if named:
        rest = " ".join(word for word in rest.split(" ") if word.upper() != named[0])
    held = [one for one in held_of(case, mine) if wanted is None or one.id == wanted]
    partner, _, supplied = rest.strip().partition(" ")
    if not partner:
        return _list(case, held, wanted)
    found = _meant(case, held, partner)
    if isinstance(found, list):
        return found
    if supplied.strip().lower() == RING:
        return _ring(case, found)
    return _release(case, found, supplied.strip())


def releases(case: Case) -> bool:
    """Whether some copy is held that they might release."""
    return bool(held_of(case, theirs(case)))


# --- who, and what ---------------------------------------------------------------------------------------------------------


def _refused(case: Case) -> list[Effect]:
    assert case.incident is not None and case.book is not None
    if not case.actor.may_issue and case.actor.partner is not None:
        words = case.say(
            "Not released. Only liaisons, officials and coordinators of {partner} may do this.",
            partner=name(case.book, case.reader, case.actor.partner),
        )
    else:
        words = case.say("Not released. Who issued an alert may do this, and who leads.")
    return case.refuse(words, "/release", "role", case.book.line("leads"))


def _meant(case: Case, held: list[Held], typed: str) -> Held | list[Effect]:
    """The held copy that is meant: by the partner's id, or its name."""
    assert case.book is not None
    partners = case.book.playbook.partners
    wanted = typed.casefold()
    found = [one for one in held if wanted in (one.partner, partners[one.partner].name.casefold())]
    if len(found) == 1:
        return found[0]
    if found:
        return _list(case, found, None)
    near = nearest(wanted, [one.partner for one in held])
    said = echo(typed[:60], case.request.room)
    if near is None:
        return [case.answer(case.say("Nothing is held back for {typed}.", typed=said))]
    one = next(one for one in held if one.partner == near)
    who = name(case.book, case.reader, near)
    words = case.say("Nothing is held back for {typed}. Did you mean {near}?", typed=said, near=who)
    return [case.answer(words, [[case.tap("{partner}", _command(one), "✅", partner=who)]])]


def _command(one: Held, more: str = "") -> str:
    return f"/release {one.id} {one.partner} {more}".strip()


def _list(case: Case, held: list[Held], wanted: str | None) -> list[Effect]:
    """What is held, for whom and why, as far as this room may see it; with a choice for each."""
    assert case.book is not None
    if len(held) == 1:
        return [_one(case, held[0])]
    if not held:
        known = short_id(wanted) if wanted is not None else None
        words = (
            case.say("Nothing of {alert} is held back.", alert=known) if known else case.say("Nothing is held back.")
        )
        return [case.answer(words)]
    lines, taps = [case.say("<b>Held back</b>")], []
    for index, one in enumerate(held[:9], 1):
        lines.append(_line(case, one))
        who = name(case.book, case.reader, one.partner)
        taps.append([case.choice("{alert}: {partner}", _command(one), f"{index}️⃣", alert=short_id(one.id), partner=who)])
    if len(held) > 9:
        lines.append(case.say("… and {count} more", count=len(held) - 9))
    return [case.answer(glue(lines), taps)]


def _line(case: Case, one: Held) -> Cleared:
    assert case.book is not None
    event, found = stands(case, one, {})
    return case.say(
        "• {alert}, {partner}: {reason} {phone}",
        alert=short_id(one.id),
        partner=name(case.book, case.reader, one.partner),
        reason=reason_now(case, found, event),
        phone=phone(case.book, case.reader, one.partner),
    )


def _one(case: Case, one: Held, above: Cleared | None = None) -> Send:
    """One held copy, with what can be done about it."""
    assert case.book is not None and case.incident is not None
    event, found = stands(case, one, {})
    taps: list[list[Choice]] = []
    if found.status == "shown":
        taps.append([case.choice("Send it now", _command(one, "now"), "✅")])
    alert = case.book.playbook.alerts[one.issued.fact.template]
    if supplies(case, one):
        for index, (field, area) in enumerate(areas_instead(case, one, alert), 1):
            command = _command(one, f"{field}={area}")
            shown = quote(case.book, case.reader, case.book.playbook.areas[area].name)
            taps.append([case.choice("Say only: {area}", command, f"{index}️⃣", area=shown)])
        for field, form in forms_instead(case, one, alert, event):
            command = _command(one, f"{field}={form}")
            taps.append([case.choice("Say it more roughly", command, "🌫️")])
    if one.partner not in one.issued.to_ring:
        taps.append([case.choice("Ask them to ring us", _command(one, RING), "☎️")])
    lines = [above if above is not None else _line(case, one)]
    if supplies(case, one) and found.status == "held":
        lines.append(case.say("Another value, for them alone: /release {alert} {id} FIELD=words",
                              alert=short_id(one.id), id=quote(case.book, case.reader, one.partner)))  # fmt: skip
    return case.answer(glue(lines), taps, about=one.id)


# --- released ------------------------------------------------------------------------------------------------------------


def _release(case: Case, one: Held, typed: str) -> list[Effect]:
    """Decide the partner's copy anew with what was supplied: it goes if it may be shown, and stays held if not."""
    assert case.book is not None and case.incident is not None
    if not typed:
        return [_one(case, one)]
    fact = one.issued.fact
    alert = case.book.playbook.alerts[fact.template]
    supplied: dict[str, Value] = {}
    if typed.lower() != "now":
        if not supplies(case, one):
            words = case.say(
                "Not released: another value must come from {partner}.",
                partner=name(case.book, case.reader, fact.partner),
            )
            return case.refuse(words, "/release", "not-origin", case.book.line("alerts", fact.template))
        read = _read(case, one, alert, typed)
        if isinstance(read, Cleared):
            return [case.answer(glue([read, case.say("Nothing was sent. Please write it again.")]))]
        supplied = read
    event, found = stands(case, one, supplied)
    if found.status != "shown":
        reason = reason_now(case, found, event)
        return [_one(case, one, case.say("Still held back: {reason}.", reason=reason))]
    kept = {**one.issued.released.get(one.partner, {}), **{f: to_json(v) for f, v in supplied.items()}}
    released = CopyReleased(one.id, one.partner, case.actor.person, {f: kept.get(f) for f in alert.fields})
    addressing = address(case.world, case.incident, fact.template, event, case.now, partners=(one.partner,))
    sent = copies(case.world, case.incident, fact.template, one.id, one.issued.at, case.now, addressing, fact)
    words = case.says(
        "Released: {alert} goes to {count} room of {partner}.",
        "Released: {alert} goes to {count} rooms of {partner}.",
        len([effect for effect in sent if isinstance(effect, Send)]),
        alert=short_id(one.id),
        partner=name(case.book, case.reader, one.partner),
    )
    replaces = case.request.message if case.request.via == "button" else None
    return [
        case.record(released),
        *sent,
        *waiting.asked(case.incident, one.id, alert.ack.within, (one.partner,), case.now),
        *cards.touched(case.incident, one.id, case.now),
        case.answer(words, replaces=replaces),
    ]


def _read(case: Case, one: Held, alert: Alert, typed: str) -> dict[str, Value] | Cleared:
    """What was supplied, field by field; the name of a form (``where=area``) means that form of what was issued.

    What this room may not see of it is as if it had not been given.
    """
    assert case.book is not None
    filled = fill(case, alert, typed)
    values = values_of(one.issued.fact.fields)
    for key, form in ((pair.partition("=")[0], pair.partition("=")[2]) for pair in typed.split()):
        spec, value = case.book.playbook.field(key.lower()), values.get(key.lower())
        if spec is None or key.lower() not in alert.fields or form not in FORMS[spec.type][1:]:
            continue
        seen = value is not None and sees(case, one, key.lower())
        made = coarser(case.book, spec, value, form) if seen and value is not None else None
        filled.problems.pop(key.lower(), None)
        if made is None:
            return case.say("There is no such form of {field} here.", field=quote(case.book, case.reader, key.lower()))
        filled.values[key.lower()] = made
    if filled.raised is not None:
        return case.say("A level cannot be changed here. Correct the alert with /update instead.")
    return next(iter(filled.problems.values()), None) or filled.values


def _ring(case: Case, one: Held) -> list[Effect]:
    """The partner learns that it should ring, about which alert, and nothing of what it says."""
    assert case.book is not None and case.incident is not None
    who = name(case.book, case.reader, one.partner)
    if one.partner in one.issued.to_ring:
        return [case.answer(case.say("{partner} was already asked to ring.", partner=who))]
    alert = case.book.playbook.alerts[one.issued.fact.template]
    effects: list[Effect] = []
    for binding in rooms_for(case.world, case.incident, one.partner, "alerts"):
        reader = room_reader(case.world, case.book, binding.room, one.partner)
        words = say(
            reader.languages,
            "<b>Please ring {partner}</b> {phone} about {alert}.",
            partner=name(case.book, reader, one.issued.fact.partner),
            phone=phone(case.book, reader, one.issued.fact.partner),
            alert=short_id(one.id),
        )
        loud = alert.cap.rings
        effects.append(Send(case.stream, binding.room, words, Urgency.PROMPT, partner=one.partner, loud=loud))
    if not effects:
        words = case.say("No room of theirs is bound. Please ring {partner} {phone}", partner=who,
                         phone=phone(case.book, case.reader, one.partner))  # fmt: skip
        return [case.answer(words)]
    words = case.says(
        "Asked: {partner} reads in {count} room that they should ring about {alert}.",
        "Asked: {partner} reads in {count} rooms that they should ring about {alert}.",
        len(effects),
        partner=who,
        alert=short_id(one.id),
    )
    return [case.record(CallAsked(one.id, one.partner, case.actor.person)), *effects, case.answer(words)]
